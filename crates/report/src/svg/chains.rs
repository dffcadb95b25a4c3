//! Nodes that share a lane, as spans do: each has a row of its own there, a bar from where it begins to where it ends, and its name.

use std::collections::BTreeMap;

use constellation_trace::{EventId, NodeId};

use super::drawn::LEFT;
use super::words::{cut, width, wrap};
use super::{MARGIN, Page, WIDTH};
use crate::diagram::{Diagram, Mark, Role};
use crate::picture::Picture;

/// How far rows of a lane are apart.
pub(super) const ROW: u32 = 34;

/// So much of a name is made room for, and no less of a row is a bar's.
const NAME_MAX: u32 = 180;

/// The events of a node that are drawn, and its place on its lane.
pub(super) struct Chain {
    pub(super) node: NodeId,
    pub(super) lane: usize,
    /// Which row of its lane, from above.
    pub(super) row: u32,
    /// The first and the last of its events that are drawn, and how far right they are.
    pub(super) ends: [(EventId, u32); 2],
    /// What it is called: what its first event is.
    pub(super) name: String,
    /// From where to where its row is taken, its name included.
    pub(super) taken: [u32; 2],
    /// The most that one of its events shows.
    pub(super) role: Role,
}

/// The nodes that are drawn, in the order of their first events; none where each node has a lane of its own. Of one lane each is
/// in the first row that is free. O(n²) for n marks.
pub(super) fn chains(picture: &Picture<'_>, diagram: &Diagram) -> Vec<Chain> {
    let mut chains: Vec<Chain> = Vec::new();
    if !picture.shares_lanes() {
        return chains;
    }
    let trace = picture.trace();
    for mark in &diagram.marks {
        let (node, end) = (trace.node_of(mark.event), (mark.event, LEFT + mark.x));
        if let Some(chain) = chains.iter_mut().find(|chain| chain.node == node) {
            (chain.ends[1], chain.role) = (end, chain.role.max(mark.role));
            continue;
        }
        let name = format!("{} {}", mark.event, trace.describe(mark.event));
        let (lane, role) = (mark.lane, mark.role);
        chains.push(Chain { node, lane, row: 0, ends: [end; 2], name, taken: [0; 2], role });
    }
    let mut rows: BTreeMap<usize, Vec<Vec<[u32; 2]>>> = BTreeMap::new();
    for chain in &mut chains {
        let [(_, from), (_, to)] = chain.ends;
        let named = width(&chain.name, 11).min(NAME_MAX);
        let start = from.min((WIDTH - MARGIN).saturating_sub(named));
        chain.taken = [start.saturating_sub(6), to.max(start + named) + 6];
        let rows = rows.entry(chain.lane).or_default();
        let is_free = |row: &Vec<[u32; 2]>| {
            row.iter().all(|[start, end]| chain.taken[1] <= *start || *end <= chain.taken[0])
        };
        let row = rows.iter().position(is_free).unwrap_or_else(|| {
            rows.push(Vec::new());
            rows.len() - 1
        });
        rows[row].push(chain.taken);
        chain.row = u32::try_from(row).expect("there are fewer rows than marks");
    }
    chains
}

/// How many rows each lane has, of so many lanes.
pub(super) fn rows(chains: &[Chain], lanes: usize) -> Vec<u32> {
    let mut rows = vec![1; lanes];
    for chain in chains {
        rows[chain.lane] = rows[chain.lane].max(chain.row + 1);
    }
    rows
}

/// More are not listed below the lanes.
const LISTED_MAX: usize = 14;

/// The nodes that are drawn, in words: the events, the lane, from when to when, what it is, and of those that show what was
/// found what their clocks said. O(n · events) for n that are listed.
pub(super) fn list(picture: &Picture<'_>, diagram: &Diagram, page: &mut Page) {
    const LANE: u32 = 88;
    const TIME: u32 = 238;
    const WHAT: u32 = 420;
    let room = WIDTH - MARGIN - WHAT;
    let (trace, lanes) = (picture.trace(), picture.lane_names());
    let mut listed = chains(picture, diagram);
    let all = listed.len();
    // Stable, so that of what shows equally much the first is listed.
    listed.sort_by_key(|chain| std::cmp::Reverse(chain.role));
    listed.truncate(LISTED_MAX);
    listed.sort_by_key(|chain| chain.ends[0].0);
    for chain in &listed {
        let own = trace.event_ids().filter(|event| trace.node_of(*event) == chain.node);
        let (first, last) = own.fold((None, None), |(first, _), event| (first.or(Some(event)), Some(event)));
        let (Some(first), Some(last)) = (first, last) else { continue };
        let class = if chain.role == Role::Beside { "c-faint" } else { "c-ink" };
        let (ids, times) = match picture.moment(trace.event(first).at) {
            from if first == last => (first.to_string(), format!("{from} on")),
            from => {
                (format!("{first}, {last}"), format!("{from} to {}", picture.moment(trace.event(last).at)))
            }
        };
        let ids = if MARGIN + width(&ids, 13) < LANE { ids } else { first.to_string() };
        page.text(MARGIN, 18, &format!("{class} c-strong"), &ids);
        let lane = lanes[picture.lane(chain.node) as usize];
        page.beside(LANE, class, &cut(lane, TIME - LANE - 8, 12));
        page.beside(TIME, class, &cut(&times, WHAT - TIME - 4, 12));
        for (nth, line) in wrap(&trace.describe(first), room, 12).iter().enumerate() {
            if nth > 0 {
                page.y += 15;
            }
            page.beside(WHAT, class, line);
        }
        let shows = |mark: &&Mark| mark.role != Role::Beside && trace.node_of(mark.event) == chain.node;
        for mark in diagram.marks.iter().filter(shows) {
            let stamps = trace.witness(mark.event).stamps;
            if !stamps.is_empty() {
                let said = format!("{}: {}", mark.event, stamps.join(" · "));
                wrap(&said, room, 11).iter().for_each(|line| page.text(WHAT, 15, "c-small c-faint", line));
            }
        }
    }
    if listed.len() < all {
        page.text(MARGIN, 18, "c-faint", &format!("and {} more of those above", all - listed.len()));
    }
}

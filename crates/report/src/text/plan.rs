//! Where marks and arrows stand on a sheet of letters: a column for each mark, and a track of its own for each arrow where
//! two would cover each other.

use constellation_trace::{EventId, Kind, Trace};

use super::grid::Weight;
use crate::diagram::{Diagram, Head, Mark, Role};

/// More lanes are not drawn: nobody would look at so many rows.
const LANES_MAX: usize = 16;
/// How far columns are apart where there is room enough.
const SPACING_MAX: usize = 6;

/// A mark with its column.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) event: EventId,
    /// Which row, from above, of those that are drawn.
    pub(super) lane: usize,
    /// Its first column.
    pub(super) x: usize,
    /// Where the diagram has it.
    pub(super) units: u32,
    pub(super) role: Role,
    /// Its id, with a sign where it shows what was found.
    pub(super) label: String,
    /// Whether it delivers a message.
    pub(super) arrives: bool,
    /// Whether it sends any.
    pub(super) departs: bool,
}

impl Placed {
    /// How many columns its signs take.
    fn signs(&self) -> usize {
        if self.arrives && self.departs { 2 } else { 1 }
    }

    /// The column in which what it sends leaves it.
    pub(super) fn departs_at(&self) -> usize {
        self.x + self.signs() - 1
    }

    /// The column behind its label.
    fn end(&self) -> usize {
        self.x + self.signs() + self.label.len()
    }
}

/// From where an arrow comes to the lane that it goes to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Side {
    Above,
    Below,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum End {
    /// It arrives at this mark.
    Mark(usize),
    Lost,
    /// It never arrives, though nobody lost it.
    Open,
}

/// A message with the way that it takes.
#[derive(Clone, Debug)]
pub(super) struct Route {
    pub(super) from: usize,
    pub(super) to: End,
    /// To which lane it goes.
    lane: usize,
    pub(super) side: Side,
    /// Its id.
    pub(super) label: String,
    pub(super) weight: Weight,
    pub(super) why: String,
    /// Which of the rows in the gap, from above.
    track: usize,
}

impl Route {
    /// The gap in which it goes along: below the lane of that number.
    fn gap(&self) -> usize {
        match self.side {
            Side::Above => self.lane - 1,
            Side::Below => self.lane,
        }
    }

    /// How many columns the words of one that does not arrive take.
    fn told(&self) -> usize {
        match self.to {
            End::Mark(_) => 0,
            End::Lost => self.label.len() + 9,
            End::Open => self.label.len() + 15,
        }
    }
}

/// The whole.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) marks: Vec<Placed>,
    pub(super) routes: Vec<Route>,
    /// Which lanes of the diagram there are.
    pub(super) lanes: Vec<usize>,
    /// In which row each of them is.
    pub(super) lane_rows: Vec<usize>,
    /// How many rows there are in the gap below each lane.
    tracks: Vec<usize>,
    pub(super) width: usize,
}

impl Plan {
    /// As much of a diagram as has room in so many columns.
    pub(super) fn of(trace: &Trace, diagram: &Diagram, room: usize) -> Plan {
        let mut kept: Vec<usize> = (0..diagram.marks.len()).collect();
        loop {
            for spacing in (1..=SPACING_MAX).rev() {
                let plan = Plan::of_kept(trace, diagram, &kept, spacing);
                if plan.width <= room && plan.lanes.len() <= LANES_MAX {
                    return plan;
                }
            }
            if kept.len() == 1 {
                return Plan::of_kept(trace, diagram, &kept, 1);
            }
            drop_one(trace, diagram, &mut kept);
        }
    }

    fn of_kept(trace: &Trace, diagram: &Diagram, kept: &[usize], spacing: usize) -> Plan {
        let mut lanes: Vec<usize> = kept.iter().map(|mark| diagram.marks[*mark].lane).collect();
        lanes.sort_unstable();
        lanes.dedup();
        let mut marks = marks(trace, diagram, kept, &lanes);
        let mut routes = routes(diagram, kept, &lanes);
        place(&mut marks, &routes, spacing);
        let tracks = lay(&marks, &mut routes, lanes.len());
        let mut lane_rows = Vec::with_capacity(lanes.len());
        let mut row = 0;
        for tracks in &tracks {
            lane_rows.push(row);
            // Lanes that no arrow parts are parted by an empty row.
            row += 1 + (*tracks).max(1);
        }
        let behind = routes.iter().map(|route| marks[route.from].departs_at() + route.told());
        let width = marks.iter().map(Placed::end).chain(behind).max().unwrap_or(0) + 1;
        Plan { marks, routes, lanes, lane_rows, tracks, width }
    }

    /// How many rows the whole has.
    pub(super) fn rows(&self) -> usize {
        self.lane_rows.last().map_or(0, |last| last + 1) + self.tracks.last().copied().unwrap_or(0)
    }

    /// The row in which a message goes along.
    pub(super) fn row_of(&self, route: &Route) -> usize {
        self.lane_rows[route.gap()] + 1 + route.track
    }
}

/// Leaves out the mark that is missed least, and those that only it joined.
fn drop_one(trace: &Trace, diagram: &Diagram, kept: &mut Vec<usize>) {
    let least = kept.iter().map(|mark| diagram.marks[*mark].role).min().expect("there are two at least");
    let of_least: Vec<usize> =
        (0..kept.len()).filter(|nth| diagram.marks[kept[*nth]].role == least).collect();
    // Of a chain its ends are missed most, of the rest what came first.
    let nth = match least {
        Role::Proof => of_least[of_least.len() / 2],
        _ => of_least[of_least.len() - 1],
    };
    kept.remove(nth);
    let is_joined = |mark: &usize| {
        let Mark { event, role, .. } = diagram.marks[*mark];
        let ends = |arrow: &crate::diagram::Arrow| match arrow.to {
            Head::Mark(to) => {
                (arrow.from == *mark && kept.contains(&to)) || (to == *mark && kept.contains(&arrow.from))
            }
            _ => arrow.from == *mark,
        };
        let is_turn = matches!(trace.event(event).kind, Kind::Crash | Kind::Restart { .. });
        role != Role::Beside || is_turn || diagram.arrows.iter().any(ends)
    };
    let joined: Vec<usize> = kept.iter().copied().filter(is_joined).collect();
    if !joined.is_empty() {
        *kept = joined;
    }
}

fn marks(trace: &Trace, diagram: &Diagram, kept: &[usize], lanes: &[usize]) -> Vec<Placed> {
    let placed = |mark: &Mark| {
        let event = trace.event(mark.event);
        let is_turn = matches!(event.kind, Kind::Crash | Kind::Restart { .. });
        Placed {
            event: mark.event,
            lane: lanes.partition_point(|lane| *lane < mark.lane),
            x: 0,
            units: mark.x,
            role: mark.role,
            label: format!("{}{}", mark.event, if mark.role == Role::Witness { "!" } else { "" }),
            arrives: matches!(event.kind, Kind::Receive(_)),
            departs: !event.sends.is_empty() && !is_turn,
        }
    };
    kept.iter().map(|mark| placed(&diagram.marks[*mark])).collect()
}

fn routes(diagram: &Diagram, kept: &[usize], lanes: &[usize]) -> Vec<Route> {
    let place = |mark: usize| kept.iter().position(|kept| *kept == mark);
    let route = |arrow: &crate::diagram::Arrow| {
        let from = place(arrow.from)?;
        let (to, lane) = match arrow.to {
            Head::Mark(to) => (End::Mark(place(to)?), diagram.marks[to].lane),
            Head::Lost(lane) => (End::Lost, lane),
            Head::Open(lane) => (End::Open, lane),
        };
        let lane = lanes.binary_search(&lane).ok()?;
        let own = lanes.binary_search(&diagram.marks[arrow.from].lane).ok()?;
        let side = if lane > own { Side::Above } else { Side::Below };
        let weight = match to {
            End::Mark(_) if arrow.is_proof => Weight::Heavy,
            End::Mark(_) if !arrow.is_copy => Weight::Light,
            _ => Weight::Dashed,
        };
        let (label, why) = (arrow.message.to_string(), arrow.why.clone());
        Some(Route { from, to, lane, side, label, weight, why, track: 0 })
    };
    diagram.arrows.iter().filter_map(route).collect()
}

/// Gives each mark its column, so far right as what stands before it wants.
fn place(marks: &mut [Placed], routes: &[Route], spacing: usize) {
    for nth in 0..marks.len() {
        let mark = &marks[nth];
        let mut x = nth.checked_sub(1).map_or(0, |before| marks[before].departs_at() + spacing);
        // Behind the label of whoever is before it on its lane, with a piece of the lane between.
        if let Some(before) = marks[..nth].iter().rfind(|before| before.lane == mark.lane) {
            x = x.max(before.end() + 1);
        }
        for route in routes.iter().filter(|route| route.to == End::Mark(nth) && route.from < nth) {
            x = x.max(marks[route.from].departs_at() + route.label.len() + 3);
        }
        // What it sends must not go through the label of another lane.
        for route in routes.iter().filter(|route| route.from == nth) {
            let (top, bottom) = match route.side {
                Side::Above => (mark.lane + 1, route.lane),
                Side::Below => (route.lane + 1, mark.lane),
            };
            let passed = marks[..nth].iter().filter(|other| (top..bottom).contains(&other.lane));
            let clear = passed.map(Placed::end).max().unwrap_or(0);
            x = x.max((clear + 1).saturating_sub(mark.signs()));
        }
        marks[nth].x = x;
    }
}

/// Gives each message a track in its gap where it covers no other; how many each gap has.
fn lay(marks: &[Placed], routes: &mut [Route], lanes: usize) -> Vec<usize> {
    // For each gap and track, what is taken.
    let mut taken: Vec<Vec<Vec<(usize, usize)>>> = vec![Vec::new(); lanes];
    for route in routes.iter_mut() {
        let start = marks[route.from].departs_at();
        let end = match route.to {
            End::Mark(to) => marks[to].x,
            _ => start + route.told(),
        };
        let (from, to) = (start.min(end), start.max(end));
        let gap = &mut taken[route.gap()];
        let is_free =
            |track: &Vec<(usize, usize)>| track.iter().all(|(start, end)| to < *start || from > *end);
        let track = gap.iter().position(is_free).unwrap_or(gap.len());
        if track == gap.len() {
            gap.push(Vec::new());
        }
        gap[track].push((from, to));
        route.track = track;
    }
    taken.iter().map(Vec::len).collect()
}

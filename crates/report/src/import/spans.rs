//! Spans of services as a run: a lane a service, a span two events, and of the orders only those that are sure.
//!
//! A span starts before it ends. Its parent started before it, and each span that it links to before it ended: a link may be
//! added until then. Nothing else follows: a parent may end before its child, and of two spans of one service that do not
//! name each other nothing is known, since a service does many things at once. So each span is a node of its own, and those
//! of a service share a lane.
//!
//! Times are those of the services' clocks, moved by offsets that somebody found; an event that would still stand before its
//! cause stands where the cause does. What each clock really showed is a claim.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use constellation_trace::spans::{SpanOrder, SpanReason, Spans};
use constellation_trace::{Action, Claim, Entry, EventId, NodeId, TraceError, TrueTime, WallTime};

use super::{Imported, trace_of};
use crate::edge::{Edge, Lane};
use crate::export::counted;

/// Makes a run of spans; `offsets_ns` says for each service by how much its clock is behind, `None` that nobody knows.
/// O(n log n).
///
/// # Errors
/// [`TraceError::Full`] for what 32 bits cannot number.
pub fn import(spans: &Spans, offsets_ns: Option<&[u64]>) -> Result<Imported, TraceError> {
    let order = Order::of(spans, offsets_ns);
    let service = |place: u32| spans.services.text(place).unwrap_or_default();
    let names =
        spans.spans.iter().map(|span| format!("{}: {} {}", service(span.service), span.name, span.id_text()));
    let mut trace = trace_of(names)?;
    let mut lanes: Vec<Lane> =
        spans.services.iter().map(|name| Lane { name: name.to_owned(), nodes: Vec::new() }).collect();
    // Causes first: of one time, as they wait for each other.
    let mut events: Vec<(u64, u32, bool, u32)> = Vec::with_capacity(2 * spans.spans.len());
    for (place, span) in (0..).zip(&spans.spans) {
        lanes[span.service as usize].nodes.push(NodeId::new(place));
        let (rank, start) = (order.rank[place as usize], order.start[place as usize]);
        events.push((start, rank, false, place));
        if let Some((end, rank)) = order.ends[place as usize] {
            events.push((end, rank, true, place));
        }
    }
    events.sort_unstable();
    let mut starts = vec![EventId::new(0); spans.spans.len()];
    let mut ends = vec![None; spans.spans.len()];
    for (at, _, is_end, place) in events {
        let span = &spans.spans[place as usize];
        let name = if span.name.is_empty() { "(no name)" } else { &span.name };
        let (label, shown) = match span.end_ns.filter(|_| is_end) {
            Some(end) => ("ends".to_owned(), end),
            None => (name.to_owned(), span.start_ns),
        };
        let claims = [Claim::Wall(WallTime::from_ns(shown))];
        let entry = Entry {
            label: &label,
            claims: &claims,
            ..Entry::new(NodeId::new(place), TrueTime::from_ns(at), Action::Local)
        };
        let event = trace.record(entry)?;
        match is_end {
            true => ends[place as usize] = Some(event),
            false => starts[place as usize] = event,
        }
    }
    if offsets_ns.is_some() {
        trace.set_epoch(WallTime::from_ns(order.base));
    }
    let parents = order.kept.iter().map(|kept| (kept, starts[kept.later as usize]));
    let links = links(spans).filter_map(|link| Some((link, ends[link.later as usize]?)));
    let edge = |(order, to): (&SpanOrder, EventId)| {
        let from = starts[order.earlier as usize];
        Edge { from, to, why: order.why.word().to_owned() }
    };
    let edges = parents.chain(links).map(edge).collect();
    lanes.retain(|lane| !lane.nodes.is_empty());
    Ok(Imported {
        trace,
        edges,
        lanes: Some(lanes),
        events: starts,
        remarks: remarks(spans),
        unknown: unknown(spans, &order, offsets_ns),
    })
}

/// The orders that say no more than that a span began before another ended.
fn links(spans: &Spans) -> impl Iterator<Item = &SpanOrder> {
    spans.orders.iter().filter(|order| order.why == SpanReason::Link)
}

fn remarks(spans: &Spans) -> Vec<String> {
    let mut remarks = Vec::new();
    let open = spans.spans.iter().filter(|span| span.end_ns.is_none()).count();
    if open > 0 {
        remarks.push(format!("{} without an end", counted(open, "span")));
    }
    if spans.repeated > 0 {
        let repeated = usize::try_from(spans.repeated).unwrap_or(usize::MAX);
        remarks.push(format!(
            "{} stood there once more and {} left out",
            counted(repeated, "span"),
            are(repeated)
        ));
    }
    remarks
}

fn are(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

fn unknown(spans: &Spans, order: &Order, offsets_ns: Option<&[u64]>) -> Vec<String> {
    let mut lines = vec![
        "how two spans of one service stand, unless one began the other: they may run side by side"
            .to_owned(),
        "which of a span and its parent ends first: a parent may end before what it began".to_owned(),
    ];
    if links(spans).next().is_some() {
        let line =
            "which of a span and one that it links to began first: a link may be added until its span ends";
        lines.push(line.to_owned());
    }
    let open = links(spans).filter(|link| spans.known_ns(link).is_none()).count();
    if open > 0 {
        let are = are(open);
        lines.push(format!(
            "when spans without an end got to know what they link to: {} {are} not drawn",
            counted(open, "link")
        ));
    }
    if order.closing > 0 {
        let closing = counted(order.closing, "order");
        lines.push(format!(
            "which spans came first of those that lead round: {closing} {} not drawn",
            are(order.closing)
        ));
    }
    let missing = [(spans.parents_missing, "a parent"), (spans.links_missing, "a link")];
    for (count, what) in missing.into_iter().filter(|(count, _)| *count > 0) {
        let what = if count == 1 { what.to_owned() } else { format!("{count} {}s", &what[2..]) };
        lines.push(format!(
            "what came before the spans of which {what} {} not in the file",
            are(usize::try_from(count).unwrap_or(2))
        ));
    }
    lines.push(match offsets_ns {
        Some(offsets) if offsets.iter().all(|offset| *offset == 0) => {
            "when anything truly happened: times are those of each service's own clock".to_owned()
        }
        Some(offsets) => {
            const SHOWN: usize = 8;
            let moved = spans.services.iter().zip(offsets).filter(|(_, offset)| **offset > 0);
            let mut moved: Vec<String> =
                moved.map(|(name, offset)| format!("`{name}` by {}", told(*offset))).collect();
            if moved.len() > SHOWN {
                let more = moved.len() - SHOWN;
                moved.truncate(SHOWN);
                moved.push(format!("{more} more"));
            }
            format!(
                "when anything truly happened: times are those of each service's own clock, moved on by the least offset that puts \
                 causes first where one does not: {}",
                moved.join(", ")
            )
        }
        None => "when anything truly happened: times are those of each service's own clock, and no offsets put all causes first, so \
                 that some spans are drawn where their cause is"
            .to_owned(),
    });
    lines
}

/// A time in the largest unit in which it is a whole number.
fn told(ns: u64) -> String {
    let units = [("s", 1_000_000_000), ("ms", 1_000_000), ("µs", 1_000)];
    let unit = units.into_iter().find(|(_, size)| ns.is_multiple_of(*size));
    unit.map_or_else(|| format!("{ns} ns"), |(unit, size)| format!("{} {unit}", ns / size))
}

/// In which order spans may have begun, and when.
struct Order<'o> {
    offsets_ns: Option<&'o [u64]>,
    /// The earliest time of all, as the services' clocks show it.
    base: u64,
    /// For each span how many begin before it.
    rank: Vec<u32>,
    /// When each starts, from the base on.
    start: Vec<u64>,
    /// When each ends, if that is told, with the rank after which it does: its own, or that of a span to which it links.
    ends: Vec<Option<(u64, u32)>>,
    /// The orders from parents that lead on.
    kept: Vec<SpanOrder>,
    /// How many orders are left out since they would lead round.
    closing: usize,
}

impl<'o> Order<'o> {
    fn of(spans: &Spans, offsets_ns: Option<&'o [u64]>) -> Order<'o> {
        let count = spans.spans.len();
        let base = spans.spans.iter().map(|span| span.start_ns).min().unwrap_or(0);
        let (rank, start) = (vec![0; count], vec![0; count]);
        let ends = vec![None; count];
        let mut order = Order { offsets_ns, base, rank, start, ends, kept: Vec::new(), closing: 0 };
        for (place, span) in (0..).zip(&spans.spans) {
            order.start[place as usize] = order.moved(spans, place, span.start_ns);
        }
        order.play(spans);
        for (place, span) in (0..).zip(&spans.spans) {
            let began = (order.start[place as usize], order.rank[place as usize]);
            let end = span.end_ns.map(|end| (order.moved(spans, place, end).max(began.0), began.1));
            order.ends[place as usize] = end;
        }
        for link in links(spans) {
            let cause = link.earlier as usize;
            let (start, rank) = (order.start[cause], order.rank[cause]);
            if let Some((end, after)) = &mut order.ends[link.later as usize] {
                // At one time as well the end stands behind the beginning to which its span links.
                (*end, *after) = ((*end).max(start), (*after).max(rank));
            }
        }
        order
    }

    /// A time of a span, moved by the offset of its service, from the base on.
    fn moved(&self, spans: &Spans, place: u32, ns: u64) -> u64 {
        let service = spans.spans[place as usize].service as usize;
        let offset = self.offsets_ns.and_then(|offsets| offsets.get(service)).copied().unwrap_or(0);
        // Saturating: an end may be before any start, and what is beyond 584 years is drawn at their end.
        ns.saturating_sub(self.base).saturating_add(offset)
    }

    /// Lets each span begin as soon as its causes have, the earliest first; where none can, the earliest of all does without.
    fn play(&mut self, spans: &Spans) {
        let count = spans.spans.len();
        let mut missing = vec![0_u32; count];
        let mut later = vec![Vec::new(); count];
        for order in spans.orders.iter().filter(|order| order.why == SpanReason::Parent) {
            missing[order.later as usize] += 1;
            later[order.earlier as usize].push(*order);
        }
        let all = |is_in: &dyn Fn(u32) -> bool, start: &[u64]| {
            let places = (0_u32..).zip(start).filter(|(place, _)| is_in(*place));
            places.map(|(place, at)| Reverse((*at, place))).collect::<BinaryHeap<_>>()
        };
        let mut ready = all(&|place| missing[place as usize] == 0, &self.start);
        // In the order in which they began by themselves; looked at only where all wait for each other.
        let mut waiting = all(&|place| missing[place as usize] > 0, &self.start);
        let mut has_begun = vec![false; count];
        let mut next = 0;
        loop {
            while let Some(Reverse((_, place))) = ready.pop() {
                has_begun[place as usize] = true;
                self.rank[place as usize] = next;
                next += 1;
                for order in std::mem::take(&mut later[place as usize]) {
                    let after = order.later as usize;
                    if has_begun[after] {
                        self.closing += 1;
                        continue;
                    }
                    self.kept.push(order);
                    self.start[after] = self.start[after].max(self.start[place as usize]);
                    // One that did without its causes waits for none any more.
                    if missing[after] > 0 {
                        missing[after] -= 1;
                        if missing[after] == 0 {
                            ready.push(Reverse((self.start[after], order.later)));
                        }
                    }
                }
            }
            let first =
                std::iter::from_fn(|| waiting.pop()).find(|Reverse((_, place))| !has_begun[*place as usize]);
            let Some(Reverse((_, place))) = first else { return };
            missing[place as usize] = 0;
            ready.push(Reverse((self.start[place as usize], place)));
        }
    }
}

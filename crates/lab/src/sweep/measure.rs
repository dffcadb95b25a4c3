//! What came of the pairs of one run, counted from its trace.

use std::collections::BTreeMap;

use constellation_trace::trace::Write;
use constellation_trace::{ClaimKind, ClaimRef, EventId, Nemesis, NodeId, Relation, Symbol, Trace};
use constellation_verify::Order;

use super::{Point, Soonest};
use crate::promises::compare;

/// Counts the pairs of a run; `guarded` is the same run with guarded hybrid clocks.
pub(super) fn point(error_ns: i64, order: &Order<'_>, guarded: &Trace) -> Point {
    let trace = order.trace();
    let ahead_ns = |trace| furthest_ahead(trace).map_or(0, |(_, ahead_ns)| ahead_ns);
    let mut point = Point {
        error_ns,
        messages: count(trace.messages().len()),
        hybrid_ahead_ns: ahead_ns(trace),
        refused: refused(guarded),
        guarded_ahead_ns: ahead_ns(guarded),
        ..Point::default()
    };
    let shown = shown(trace);
    for [earlier, later] in pairs(trace) {
        let shows = |update| shown.get(&earlier.key).is_some_and(|shown| shown.contains(&update));
        point.add(order, [earlier, later], shows);
    }
    point
}

impl Point {
    fn add(&mut self, order: &Order<'_>, [earlier, later]: [&Write; 2], shows: impl Fn(Symbol) -> bool) {
        let trace = order.trace();
        let claim = |write: &Write, kind| trace.claim(write.event, kind).map(rank);
        let both = |kind| Some((claim(earlier, kind)?, claim(later, kind)?));
        let truth = order.relation(earlier.event, later.event);
        let said = |write: &Write| trace.claim(write.event, ClaimKind::Vector);
        let told =
            said(earlier).zip(said(later)).and_then(|(one, other)| compare(trace, one, other).single());
        self.vectors_wrong += u32::from(told != Some(truth));
        match truth {
            Relation::Before => {
                self.ordered += 1;
                self.lost += u32::from(shows(earlier.update));
                self.reversed += u32::from(both(ClaimKind::Wall).is_some_and(|(one, other)| one > other));
                self.hybrid_reversed +=
                    u32::from(both(ClaimKind::Hybrid).is_some_and(|(one, other)| one >= other));
            }
            Relation::Concurrent => {
                self.concurrent += 1;
                self.dropped += u32::from(shows(earlier.update) != shows(later.update));
                self.dropped_later += u32::from(shows(earlier.update) && !shows(later.update));
                self.lamport_orders +=
                    u32::from(both(ClaimKind::Lamport).is_some_and(|(one, other)| one != other));
            }
            // A later write is in no past of an earlier one.
            Relation::After | Relation::Equal => {}
        }
    }
}

/// How soon one station of an ordered pair updated after the other, at the earliest.
pub(super) fn soonest(order: &Order<'_>, node: NodeId) -> Soonest {
    let trace = order.trace();
    let mut soonest = Soonest::default();
    for [earlier, later] in pairs(trace) {
        if order.relation(earlier.event, later.event) != Relation::Before {
            continue;
        }
        let at = |write: &Write| trace.event(write.event).at;
        let gap = at(later).since(at(earlier));
        let known =
            if trace.node_of(earlier.event) == node { &mut soonest.after } else { &mut soonest.before };
        *known = Some(known.map_or(gap, |known| known.min(gap)));
    }
    soonest
}

/// The two updates of each key, in the order of recording, which is that of true time.
fn pairs(trace: &Trace) -> Vec<[&Write; 2]> {
    let mut writes: BTreeMap<Symbol, Vec<&Write>> = BTreeMap::new();
    for write in trace.writes() {
        writes.entry(write.key).or_default().push(write);
    }
    writes.into_values().filter_map(|writes| writes.try_into().ok()).collect()
}

/// A claim as a number that can be compared with others of its kind; a vector has none.
fn rank(claim: ClaimRef<'_>) -> (u64, u32) {
    match claim {
        ClaimRef::Lamport(time) => (time, 0),
        ClaimRef::Hybrid { physical_ns, logical } => (physical_ns, logical),
        ClaimRef::Wall(time) => (time.ns(), 0),
        _ => (0, 0),
    }
}

/// The updates that somebody showed of each key.
fn shown(trace: &Trace) -> BTreeMap<Symbol, Vec<Symbol>> {
    let mut shown: BTreeMap<Symbol, Vec<Symbol>> = BTreeMap::new();
    for read in trace.reads() {
        shown.entry(read.key).or_default().extend(&read.shows);
    }
    shown
}

/// Where a hybrid time is furthest ahead of its node's wall clock, and by how many nanoseconds; `None` where none is.
pub(super) fn furthest_ahead(trace: &Trace) -> Option<(EventId, u64)> {
    let ahead = trace.claims(ClaimKind::Hybrid).filter_map(|(event, claim)| {
        let ClaimRef::Hybrid { physical_ns, .. } = claim else { return None };
        let Some(ClaimRef::Wall(wall)) = trace.claim(event, ClaimKind::Wall) else { return None };
        Some((event, physical_ns.checked_sub(wall.ns()).filter(|ahead_ns| *ahead_ns > 0)?))
    });
    ahead.max_by_key(|(event, ahead_ns)| (*ahead_ns, std::cmp::Reverse(*event)))
}

/// How many messages did not arrive: no link loses any, so they were refused.
fn refused(trace: &Trace) -> u32 {
    count(trace.nemesis().iter().filter(|entry| matches!(entry.nemesis, Nemesis::Lose(..))).count())
}

fn count(number: usize) -> u32 {
    u32::try_from(number).expect("a trace numbers what it holds with 32 bits")
}

//! What clocks said, as the difference from what a sound clock says: so that of sound clocks next to nothing is written.

use std::collections::BTreeMap;
use std::io;

use constellation_trace::{ClaimKind, ClaimRef, EventId, Kind, Symbol, Trace, VectorRef};

use super::Numbers;
use crate::edge::Edge;
use crate::picture::Picture;

/// Claims of every kind; `names` has the text of each name in a vector.
pub(super) fn write(picture: &Picture<'_>, names: &[u32], numbers: &mut Numbers<'_>) -> io::Result<()> {
    let trace = picture.trace();
    marked(trace, ClaimKind::Lamport, numbers)?;
    lamport(picture, numbers)?;
    let mut lies = Lies::new(trace);
    marked(trace, ClaimKind::Wall, numbers)?;
    for (event, claim) in trace.claims(ClaimKind::Wall) {
        let ClaimRef::Wall(wall) = claim else { continue };
        numbers.signed(lies.change_ns(event, wall.ns()))?;
    }
    let mut lies = Lies::new(trace);
    marked(trace, ClaimKind::Hybrid, numbers)?;
    for (event, claim) in trace.claims(ClaimKind::Hybrid) {
        let ClaimRef::Hybrid { physical_ns, .. } = claim else { continue };
        numbers.signed(lies.change_ns(event, physical_ns))?;
    }
    for (_, claim) in trace.claims(ClaimKind::Hybrid) {
        let ClaimRef::Hybrid { logical, .. } = claim else { continue };
        numbers.put(logical)?;
    }
    marked(trace, ClaimKind::Vector, numbers)?;
    vectors(picture, names, numbers)
}

/// The events of which one kind of clock said something.
fn marked(trace: &Trace, kind: ClaimKind, numbers: &mut Numbers<'_>) -> io::Result<()> {
    numbers.count(trace.claims(kind).count())?;
    let mut before = 0;
    for (event, _) in trace.claims(kind) {
        numbers.put(event.number() - before)?;
        before = event.number();
    }
    Ok(())
}

/// By how much each Lamport time is more than one above the latest that can be known: by the process, from whoever sent what
/// is received, from the state on the disk, or over an edge.
fn lamport(picture: &Picture<'_>, numbers: &mut Numbers<'_>) -> io::Result<()> {
    /// A page has 53 bits: the difference from a greater number, and its sign, might not fit in them.
    const EXACT_MAX: u64 = (1 << 52) - 2;
    let trace = picture.trace();
    let mut claims = trace.claims(ClaimKind::Lamport).peekable();
    if claims.peek().is_none() {
        return Ok(());
    }
    // Of each event, and of each process at its latest one.
    let mut known: Vec<u64> = Vec::with_capacity(trace.events().len());
    let mut latest = vec![0; trace.processes().len()];
    let mut causes = Causes::new(picture);
    for (id, event) in trace.event_ids().zip(trace.events()) {
        let mut time: u64 = latest[event.process.index()];
        causes.each(id, |cause| time = time.max(known[cause.index()]));
        if let Some((_, ClaimRef::Lamport(claimed))) = claims.next_if(|(of, _)| *of == id) {
            numbers.signed(i128::from(claimed) - i128::from(time + 1))?;
            time = if claimed > EXACT_MAX { 0 } else { claimed };
        }
        known.push(time);
        latest[event.process.index()] = time;
    }
    Ok(())
}

/// What an event knows of beside its own process, event by event in their order.
struct Causes<'p> {
    trace: &'p Trace,
    edges: &'p [Edge],
}

impl<'p> Causes<'p> {
    fn new(picture: &'p Picture<'_>) -> Causes<'p> {
        Causes { trace: picture.trace(), edges: picture.edges() }
    }

    /// Calls `take` with each; of each event once, in ascending order.
    fn each(&mut self, event: EventId, mut take: impl FnMut(EventId)) {
        match self.trace.event(event).kind {
            Kind::Receive(message) => take(self.trace.message(message).send),
            Kind::Restart { from: Some(state) } => take(state),
            _ => {}
        }
        while let Some((edge, rest)) = self.edges.split_first().filter(|(edge, _)| edge.to <= event) {
            take(edge.from);
            self.edges = rest;
        }
    }
}

/// Of each vector 0 where it counts the claiming events that are before it or it, by the names of their processes; else one
/// more than its entries, and those.
fn vectors(picture: &Picture<'_>, names: &[u32], numbers: &mut Numbers<'_>) -> io::Result<()> {
    let trace = picture.trace();
    let mut claims = trace.claims(ClaimKind::Vector).peekable();
    if claims.peek().is_none() {
        return Ok(());
    }
    let mut counts = Counts::new(picture);
    for id in trace.event_ids() {
        let vector = match claims.next_if(|(of, _)| *of == id) {
            Some((_, ClaimRef::Vector(vector))) => Some(vector),
            _ => None,
        };
        let is_counted = counts.step(id, vector);
        let Some(vector) = vector else { continue };
        if is_counted {
            numbers.put(0_u8)?;
            continue;
        }
        numbers.count(vector.len() + 1)?;
        for (name, counter) in vector.iter() {
            numbers.put(names[name.index()])?;
            numbers.put(counter)?;
        }
    }
    Ok(())
}

/// How many vectors were claimed before each event, process by process.
struct Counts<'p> {
    trace: &'p Trace,
    causes: Causes<'p>,
    /// Of each process, what its latest event knows; empty once there is too much to know.
    latest: Vec<Vec<u32>>,
    /// What events know that others will hear of, until the last of these.
    kept: BTreeMap<EventId, Vec<u32>>,
    /// The last event that hears of an event.
    last_heard: Vec<EventId>,
    processes: BTreeMap<Symbol, usize>,
}

impl<'p> Counts<'p> {
    /// More numbers at one time are not kept: 64 MB.
    const KEPT_MAX: usize = 1 << 24;

    fn new(picture: &'p Picture<'_>) -> Counts<'p> {
        let trace = picture.trace();
        let count = trace.processes().len();
        let is_small = count.saturating_mul(count) <= Counts::KEPT_MAX;
        let mut last_heard = vec![EventId::new(0); trace.events().len()];
        let mut causes = Causes::new(picture);
        for event in trace.event_ids() {
            causes.each(event, |cause| last_heard[cause.index()] = event);
        }
        let ids = (0..).map(constellation_trace::ProcessId::new).zip(0..count);
        let named = ids.filter_map(|(id, place)| Some((trace.symbol(&trace.process_name(id))?, place)));
        Counts {
            trace,
            causes: Causes::new(picture),
            latest: if is_small { vec![vec![0; count]; count] } else { Vec::new() },
            kept: BTreeMap::new(),
            last_heard,
            processes: named.collect(),
        }
    }

    /// Goes on to an event; whether it claims a vector that is its count.
    fn step(&mut self, event: EventId, vector: Option<VectorRef<'_>>) -> bool {
        let own = self.trace.event(event).process.index();
        let Some(known) = self.latest.get_mut(own) else { return false };
        let (kept, last_heard) = (&mut self.kept, &self.last_heard);
        self.causes.each(event, |cause| {
            let Some(theirs) = kept.get(&cause) else { return };
            for (count, other) in known.iter_mut().zip(theirs) {
                *count = (*count).max(*other);
            }
            if last_heard[cause.index()] == event {
                kept.remove(&cause);
            }
        });
        // Cannot wrap: there are fewer than 2^32 events.
        known[own] += u32::from(vector.is_some());
        let is_counted = vector.is_some_and(|vector| {
            let is_same = |(name, counter): (Symbol, u64)| {
                self.processes.get(&name).is_some_and(|process| u64::from(known[*process]) == counter)
            };
            vector.len() == known.iter().filter(|count| **count > 0).count() && vector.iter().all(is_same)
        });
        if self.last_heard[event.index()] > event {
            self.kept.insert(event, known.clone());
            if self.kept.len() * self.latest.len() > Counts::KEPT_MAX {
                self.latest.clear();
                self.kept.clear();
            }
        }
        is_counted
    }
}

/// By how much clocks were wrong, process by process: that changes seldom, so it packs to nothing.
struct Lies<'t> {
    trace: &'t Trace,
    epoch_ns: u64,
    latest: Vec<i128>,
}

impl<'t> Lies<'t> {
    fn new(trace: &'t Trace) -> Lies<'t> {
        let epoch_ns = trace.epoch().map_or(0, |epoch| epoch.ns());
        Lies { trace, epoch_ns, latest: vec![0; trace.processes().len()] }
    }

    fn change_ns(&mut self, event: EventId, shown_ns: u64) -> i128 {
        let event = self.trace.event(event);
        let lie = i128::from(shown_ns) - i128::from(self.epoch_ns) - i128::from(event.at.ns());
        lie - std::mem::replace(&mut self.latest[event.process.index()], lie)
    }
}

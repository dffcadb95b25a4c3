//! What truly happened: for each event the set of events in its past, by definition and without any clock.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::pair::Truth;
use super::{Law, Refusals, Step, Violation};
use crate::clock::Clock;
use crate::ordering::Ordering;

/// The events of one played schedule, in the order played.
pub(super) struct History<S> {
    pub(super) events: Vec<Happened<S>>,
}

/// One event: what it was, what lies in its past (itself included), and the label that its clock gave it.
pub(super) struct Happened<S> {
    step: Step,
    past: BTreeSet<usize>,
    // The event that sent what this one received.
    sent_by: Option<usize>,
    pub(super) stamp: S,
}

impl<S: fmt::Debug> fmt::Display for Happened<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}, stamped {:?}", self.step, self.stamp)
    }
}

impl<S> History<S> {
    /// How the events numbered `left` and `right` truly stand.
    pub(super) fn truth(&self, left: usize, right: usize) -> Truth {
        let covers = |of: usize, event: usize| self.events.get(of).is_some_and(|of| of.past.contains(&event));
        let (relation, first, second) = match (covers(right, left), covers(left, right)) {
            (true, true) => return Truth { relation: Ordering::Equal, law: Law::SameEvent },
            (false, false) => return Truth { relation: Ordering::Concurrent, law: Law::Concurrency },
            (true, false) => (Ordering::Before, left, right),
            (false, true) => (Ordering::After, right, left),
        };
        let node = |event: usize| self.events.get(event).map(|event| event.step.node());
        let law = if self.events.get(second).and_then(|event| event.sent_by) == Some(first) {
            Law::MessageOrder
        } else if node(first) == node(second) {
            Law::LocalOrder
        } else {
            Law::CausalChain
        };
        Truth { relation, law }
    }
}

/// Plays a schedule on fresh clocks and notes beside it what truly happened.
pub(super) fn play<C: Clock>(
    schedule: &[Step],
    refusals: Refusals,
    factory: &mut impl FnMut(u32) -> C,
) -> Result<History<C::Stamp>, Violation> {
    let mut clocks: BTreeMap<u32, C> = BTreeMap::new();
    let mut latest: BTreeMap<u32, usize> = BTreeMap::new();
    let mut messages: BTreeMap<u32, (usize, C::Message)> = BTreeMap::new();
    let mut history = History { events: Vec::new() };
    for (position, step) in schedule.iter().enumerate() {
        let number = history.events.len();
        let clock = clocks.entry(step.node()).or_insert_with(|| factory(step.node()));
        let mut sent_by = None;
        let outcome = match step {
            Step::Event { .. } => clock.event(),
            Step::Send { message, .. } => clock.send().map(|(stamp, content)| {
                messages.insert(*message, (number, content));
                stamp
            }),
            Step::Receive { message, .. } => match messages.get(message) {
                Some((send, content)) => {
                    sent_by = Some(*send);
                    clock.receive(content)
                }
                None => continue, // Its sending was refused.
            },
            Step::Restart { .. } => continue, // Only where there is a store to come back from.
        };
        let stamp = match (outcome, refusals) {
            (Ok(stamp), _) => stamp,
            (Err(_), Refusals::Skip) => continue,
            (Err(error), Refusals::Violate) => return Err(refused(schedule, position, format!("{error:?}"))),
        };
        let mut past = BTreeSet::from([number]);
        for event in sent_by.iter().chain(latest.get(&step.node())) {
            past.extend(history.events.get(*event).map(|event| &event.past).into_iter().flatten());
        }
        latest.insert(step.node(), number);
        history.events.push(Happened { step: *step, past, sent_by, stamp });
    }
    Ok(history)
}

pub(super) fn refused(schedule: &[Step], position: usize, found: String) -> Violation {
    Violation {
        law: Law::Acceptance,
        expected: String::from("a stamp"),
        found,
        events: schedule.get(position).map(|step| format!("{step}")).into_iter().collect(),
        schedule: schedule.iter().take(position + 1).copied().collect(),
    }
}

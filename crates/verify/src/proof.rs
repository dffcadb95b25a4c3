//! Why one event is before another: the shortest chain of messages between them.

use constellation_trace::{EventId, Proof, Relation};

use crate::order::{Cause, Order};

/// The chain with the fewest messages from `source` to `target`, or `None` when there is none.
///
/// It lists the source, each send and receive (or persisted state and restart, which costs no message) on the
/// way, and the target; no event twice. An event's chain to itself is that event. Of several chains with equally
/// few messages it is the one that, read back from the target, enters each process by its earliest receive that
/// serves.
///
/// O(events recorded between the two) in time, 4 bytes for each in memory.
///
/// ```
/// use constellation_trace::sketch;
/// use constellation_verify::{Budget, Order, proof};
///
/// let trace = sketch::parse("pacific  a m!\nindian   m? n!\natlantic n? d")?;
/// let order = Order::of(&trace, &Budget::default()).expect("six events are few");
/// let [a, d] = ["a", "d"].map(|word| sketch::find(&trace, word).expect("it stands in the sketch"));
/// let words: Vec<_> = proof::chain(&order, a, d).unwrap().iter().map(|event| trace.label(*event)).collect();
/// assert_eq!(words, ["a", "m!", "m?", "n!", "n?", "d"]);
/// assert_eq!(proof::chain(&order, d, a), None);
/// # Ok::<(), sketch::SketchError>(())
/// ```
pub fn chain(order: &Order<'_>, source: EventId, target: EventId) -> Option<Vec<EventId>> {
    if !order.is_in_past(source, target) {
        return None;
    }
    let messages = Messages::count(order, source, target);
    let mut chain = vec![target];
    let mut event = target;
    while event != source {
        let step = messages.step_back(order, event);
        if let Step::Edge(cause) = step {
            push_once(&mut chain, event);
            push_once(&mut chain, cause);
        }
        event = step.event();
    }
    push_once(&mut chain, source);
    chain.reverse();
    Some(chain)
}

/// The proof of how `one` stands to `other`: the shortest chain, in whichever direction it leads, or that there
/// is none.
pub fn prove(order: &Order<'_>, one: EventId, other: EventId) -> Proof {
    let (source, target) = match order.relation(one, other) {
        Relation::Before | Relation::Equal => (one, other),
        Relation::After => (other, one),
        Relation::Concurrent => return Proof::NoChain { one, other },
    };
    let chain = chain(order, source, target).expect("one is before the other, so a chain leads there");
    Proof::Chain(chain.into_iter().map(|event| order.trace().witness(event)).collect())
}

/// For each event from `source` on, in the order of recording, the fewest messages that lead to it from there.
struct Messages {
    source: EventId,
    fewest: Vec<u32>,
}

/// One step back on the way to the source.
enum Step {
    /// To the event before it in its process.
    Stay(EventId),
    /// Over a message or a persisted state.
    Edge(EventId),
}

impl Step {
    const fn event(&self) -> EventId {
        match self {
            Step::Stay(event) | Step::Edge(event) => *event,
        }
    }
}

impl Messages {
    /// No chain leads from the source to it.
    const UNREACHED: u32 = u32::MAX;

    /// One pass over the events recorded from `source` to `target`: causes come first, so each is final when met.
    fn count(order: &Order<'_>, source: EventId, target: EventId) -> Messages {
        let mut messages =
            Messages { source, fewest: Vec::with_capacity(target.index() - source.index() + 1) };
        messages.fewest.push(0);
        for number in source.number() + 1..=target.number() {
            let event = EventId::new(number);
            let stay = order.previous(event).map_or(Messages::UNREACHED, |previous| messages.to(previous));
            let fewest = stay.min(messages.by_edge(order, event).map_or(Messages::UNREACHED, |edge| edge.0));
            messages.fewest.push(fewest);
        }
        messages
    }

    fn to(&self, event: EventId) -> u32 {
        event
            .index()
            .checked_sub(self.source.index())
            .and_then(|place| self.fewest.get(place).copied())
            .unwrap_or(Messages::UNREACHED)
    }

    /// The fewest messages to `event` over the cause outside of its process, and that cause.
    fn by_edge(&self, order: &Order<'_>, event: EventId) -> Option<(u32, EventId)> {
        let cause = Cause::of(order.trace(), event)?;
        let weight = match cause {
            Cause::Message(_) => 1,
            Cause::State(_) => 0,
        };
        // Saturating: one more than unreached is still unreached.
        Some((self.to(cause.event()).saturating_add(weight), cause.event()))
    }

    fn step_back(&self, order: &Order<'_>, event: EventId) -> Step {
        match order.previous(event) {
            Some(previous) if self.to(previous) == self.to(event) => Step::Stay(previous),
            _ => {
                let edge = self.by_edge(order, event);
                Step::Edge(
                    edge.expect("what was reached, and not from its process, was reached by an edge").1,
                )
            }
        }
    }
}

fn push_once(chain: &mut Vec<EventId>, event: EventId) {
    if chain.last() != Some(&event) {
        chain.push(event);
    }
}

//! What became of messages: each arrives, and each link keeps the order in which it was given them.

use std::collections::{BTreeMap, BTreeSet};

use constellation_trace::{EventId, Judgement, Kind, MessageId, Nemesis, NodeId, Proof, Verdict};

use crate::breach::Breach;
use crate::evidence::{and_more, not_recorded, reached};
use crate::order::{self, Order};

/// Judges that every message is received at least once, unless the world lost it.
///
/// Three things excuse a message: the trace says that the world lost it ([`Nemesis::Lose`]), or that the recording ended
/// while it was on its way ([`Nemesis::InFlight`]), or its target left, or crashed and never came back. (What a node misses while
/// it is down and comes back from, the network must bring again or the trace must call lost.) A message that the trace
/// says is held ([`Nemesis::Hold`]) must arrive after the heal; while there was none, nothing can be said, and the
/// answer is [`NotRecorded`](constellation_trace::Limit::NotRecorded).
///
/// The first message that is missing is shown; the scope counts those that are excused. O(events + messages + nemesis) in
/// time, 16 bytes a message.
///
/// ```
/// use constellation_trace::{Loss, MessageId, Nemesis, Trace, TrueTime, sketch};
/// use constellation_verify::{Budget, Order, delivery};
///
/// let judge = |trace: &Trace| {
///     let order = Order::of(trace, &Budget::default()).expect("one event is few");
///     delivery::every_message_arrives(&order).verdict.word()
/// };
/// let mut trace = sketch::parse("pacific m!\nindian")?;
/// assert_eq!(judge(&trace), "violated");
/// trace.record_nemesis(TrueTime::from_ns(9), Nemesis::Lose(MessageId::new(0), Loss::Plain)).expect("m0 was sent");
/// assert_eq!(judge(&trace), "holds");
/// # Ok::<(), sketch::SketchError>(())
/// ```
pub fn every_message_arrives(order: &Order<'_>) -> Judgement {
    let trace = order.trace();
    let arrivals = Arrivals::of(order);
    let excuses = Excuses::of(order);
    let (mut missing, mut wrong, mut waiting) = (None, 0, None);
    let [mut lost, mut in_flight, mut to_dead] = [0; 3];
    for (number, message) in (0..).zip(trace.messages()) {
        let id = MessageId::new(number);
        if arrivals.first(id).is_some() {
            continue;
        }
        if excuses.lost.contains(&id) {
            lost += 1;
        } else if excuses.in_flight.contains(&id) {
            in_flight += 1;
        } else if excuses.down.contains(&message.to) {
            to_dead += 1;
        } else if excuses.waiting.contains(&id) {
            waiting.get_or_insert(id);
        } else {
            wrong += 1;
            missing.get_or_insert(id);
        }
    }
    let verdict = match (missing, waiting) {
        (Some(id), _) => missing_message(order, &excuses, id, wrong - 1).violated(order),
        (None, Some(id)) => not_recorded(&format!("a heal after {id} was held is")),
        (None, None) => Verdict::Holds,
    };
    let mut scope = reached(trace.messages().len() as u64, "message");
    for (count, what) in
        [(lost, "lost"), (in_flight, "in flight"), (to_dead, "to a node that did not come back")]
    {
        if count > 0 {
            scope.push_str(&format!(", {count} {what}"));
        }
    }
    Judgement { promise: "every message arrives unless the world lost it".to_owned(), verdict, scope }
}

/// Judges that for each pair of nodes the messages from one to the other arrive in the order of sending.
///
/// Only the first arrival of a message counts: a duplicate may come at any time. Messages that never arrive are
/// none of its business. Of a message that the world duplicated ([`Nemesis::Duplicate`]) and of which fewer copies
/// arrived than there were, nobody can say whether what came first was sent first: its first copy may have met a node
/// that was down, or refused it. Such a message may be late.
///
/// Of the messages that overtake, the one sent first is shown, with that of those it overtakes which arrives last.
/// O(events + nemesis + messages × log links) in time, 16 bytes a message.
///
/// ```
/// use constellation_trace::sketch;
/// use constellation_verify::{Budget, Order, delivery};
///
/// let trace = sketch::parse("pacific a! b!\nindian b? a?")?;
/// let order = Order::of(&trace, &Budget::default()).expect("four events are few");
/// assert_eq!(delivery::links_keep_order(&order).verdict.word(), "violated");
/// # Ok::<(), sketch::SketchError>(())
/// ```
pub fn links_keep_order(order: &Order<'_>) -> Judgement {
    let trace = order.trace();
    let arrivals = Arrivals::of(order);
    let mut latest: BTreeMap<(NodeId, NodeId), (EventId, MessageId)> = BTreeMap::new();
    let (mut shown, mut wrong) = (None, 0);
    for (number, message) in (0..).zip(trace.messages()) {
        let id = MessageId::new(number);
        let Some(arrival) = arrivals.first(id) else { continue };
        let link = (trace.node_of(message.send), message.to);
        match latest.get(&link) {
            Some(&(latest_arrival, slow)) if arrival < latest_arrival => {
                wrong += 1;
                shown.get_or_insert((slow, id));
            }
            // One that may be late makes no other early.
            _ if arrivals.lacks_copy(id) => {}
            _ => {
                latest.insert(link, (arrival, id));
            }
        }
    }
    let verdict = shown.map_or(Verdict::Holds, |(slow, fast)| {
        overtaken(order, &arrivals, slow, fast, wrong - 1).violated(order)
    });
    Judgement {
        promise: "each link delivers in the order of sending".to_owned(),
        verdict,
        scope: reached(trace.messages().len() as u64, "message"),
    }
}

/// Where each message arrived first, and of how many copies nothing was heard.
struct Arrivals {
    first: Vec<Option<EventId>>,
    /// How many more times each message should have arrived. Cannot wrap: it counts 32-bit things.
    missing: Vec<i64>,
}

impl Arrivals {
    fn of(order: &Order<'_>) -> Arrivals {
        let trace = order.trace();
        let mut first = vec![None; trace.messages().len()];
        let mut missing = vec![1; trace.messages().len()];
        for entry in trace.nemesis() {
            if let Nemesis::Duplicate(message) = entry.nemesis {
                missing[message.index()] += 1;
            }
        }
        for (event, recorded) in trace.event_ids().zip(trace.events()) {
            if let Kind::Receive(message) = recorded.kind {
                first[message.index()].get_or_insert(event);
                missing[message.index()] -= 1;
            }
        }
        Arrivals { first, missing }
    }

    fn first(&self, message: MessageId) -> Option<EventId> {
        self.first[message.index()]
    }

    /// Whether a copy did not arrive.
    fn lacks_copy(&self, message: MessageId) -> bool {
        self.missing[message.index()] > 0
    }
}

/// What the trace says in excuse of messages that did not arrive.
struct Excuses {
    lost: BTreeSet<MessageId>,
    in_flight: BTreeSet<MessageId>,
    held: BTreeSet<MessageId>,
    /// Those of the held that no heal released.
    waiting: BTreeSet<MessageId>,
    /// The nodes that are down at the end.
    down: BTreeSet<NodeId>,
}

impl Excuses {
    fn of(order: &Order<'_>) -> Excuses {
        let [mut lost, mut in_flight, mut held, mut waiting] = [const { BTreeSet::new() }; 4];
        for entry in order.trace().nemesis() {
            match &entry.nemesis {
                Nemesis::Lose(message, _) => {
                    lost.insert(*message);
                }
                Nemesis::InFlight(message) => {
                    in_flight.insert(*message);
                }
                Nemesis::Hold(message) => {
                    held.insert(*message);
                    waiting.insert(*message);
                }
                Nemesis::Heal => waiting.clear(),
                _ => {}
            }
        }
        Excuses { lost, in_flight, held, waiting, down: order::down_at_end(order.trace()) }
    }
}

fn missing_message(order: &Order<'_>, excuses: &Excuses, id: MessageId, others: u64) -> Breach {
    let trace = order.trace();
    let message = trace.message(id);
    let [source, target] = [trace.node_of(message.send), message.to].map(|node| trace.node_name(node));
    let held = if excuses.held.contains(&id) { ", though it was held only until the heal" } else { "" };
    Breach {
        expected: format!("{id} from {source} arrives at {target}"),
        found: format!("{target} never receives it{held}{}", and_more(others, "message")),
        events: vec![message.send],
        proof: Proof::Rule(format!(
            "{id} was neither lost nor in flight at the end, and {target} lives: nothing excuses it"
        )),
    }
}

fn overtaken(
    order: &Order<'_>,
    arrivals: &Arrivals,
    slow: MessageId,
    fast: MessageId,
    others: u64,
) -> Breach {
    let trace = order.trace();
    let message = trace.message(slow);
    let [source, target] = [trace.node_of(message.send), message.to].map(|node| trace.node_name(node));
    let sends = [message.send, trace.message(fast).send];
    let receives = [fast, slow].into_iter().filter_map(|id| arrivals.first(id));
    let events: BTreeSet<EventId> = sends.into_iter().chain(receives).collect();
    Breach {
        expected: format!("{slow} arrives at {target} before {fast}: {source} sent it first"),
        found: format!("{fast} overtakes {slow}{}", and_more(others, "message")),
        events: events.into_iter().collect(),
        proof: Proof::Rule(format!("the link from {source} to {target} keeps the order of sending")),
    }
}

//! What became of messages: each arrives, and each link keeps the order in which it was given them.

use std::collections::{BTreeMap, BTreeSet};

use constellation_trace::{EventId, Judgement, Kind, Limit, MessageId, Nemesis, NodeId, Proof, Verdict};

use crate::evidence::{Finding, and_more, counted};
use crate::order::{self, Order};

/// Judges that every message is received at least once.
///
/// Two things excuse a message: the trace says that the world lost it ([`Nemesis::Lose`]), or its target crashed
/// and never came back. (What a node misses while it is down and comes back from, the network must bring again or
/// the trace must call lost.) A message that the trace says is held ([`Nemesis::Hold`]) must arrive
/// after the heal; while there was none, nothing can be said, and the answer is [`Limit::NotRecorded`].
///
/// The first message that is missing is shown. O(events + messages + nemesis) in time, 8 bytes a message.
///
/// ```
/// use constellation_trace::{MessageId, Nemesis, Trace, TrueTime, sketch};
/// use constellation_verify::{Budget, Order, delivery};
///
/// let judge = |trace: &Trace| {
///     let order = Order::of(trace, &Budget::default()).expect("one event is few");
///     delivery::every_message_arrives(&order).verdict.word()
/// };
/// let mut trace = sketch::parse("pacific m!\nindian")?;
/// assert_eq!(judge(&trace), "violated");
/// trace.record_nemesis(TrueTime::from_ns(9), Nemesis::Lose(MessageId::new(0))).expect("m0 was sent");
/// assert_eq!(judge(&trace), "holds");
/// # Ok::<(), sketch::SketchError>(())
/// ```
pub fn every_message_arrives(order: &Order<'_>) -> Judgement {
    let trace = order.trace();
    let arrivals = Arrivals::of(order);
    let excuses = Excuses::of(order);
    let (mut missing, mut wrong, mut waiting) = (None, 0, None);
    for (number, message) in (0..).zip(trace.messages()) {
        let id = MessageId::new(number);
        if arrivals.first(id).is_some() || excuses.is_excused(id, message.to) {
            continue;
        }
        if excuses.waiting.contains(&id) {
            waiting.get_or_insert(id);
        } else {
            wrong += 1;
            missing.get_or_insert(id);
        }
    }
    let verdict = match (missing, waiting) {
        (Some(id), _) => missing_message(order, &excuses, id, wrong - 1).violated(order),
        (None, Some(id)) => Verdict::Unknown(Limit::NotRecorded(format!("a heal after {id} was held is"))),
        (None, None) => Verdict::Holds,
    };
    Judgement {
        promise: "every message arrives".to_owned(),
        verdict,
        scope: counted(trace.messages().len() as u64, "message"),
    }
}

/// Judges that for each pair of nodes the messages from one to the other arrive in the order of sending.
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
///
/// Only the first arrival of a message counts: a duplicate may come at any time. Messages that never arrive are
/// none of its business.
///
/// Of the messages that overtake, the one sent first is shown, with that of those it overtakes which arrives last. O(events + messages × log links) in time, 8 bytes a message.
pub fn links_keep_order(order: &Order<'_>) -> Judgement {
    let trace = order.trace();
    let arrivals = Arrivals::of(order);
    let mut latest: BTreeMap<(NodeId, NodeId), (EventId, MessageId)> = BTreeMap::new();
    let (mut shown, mut wrong) = (None, 0);
    for (number, message) in (0..).zip(trace.messages()) {
        let id = MessageId::new(number);
        let Some(arrival) = arrivals.first(id) else { continue };
        let latest = latest.entry((trace.node_of(message.send), message.to)).or_insert((arrival, id));
        if arrival < latest.0 {
            wrong += 1;
            shown.get_or_insert((latest.1, id));
        } else {
            *latest = (arrival, id);
        }
    }
    let verdict = shown.map_or(Verdict::Holds, |(slow, fast)| {
        overtaken(order, &arrivals, slow, fast, wrong - 1).violated(order)
    });
    Judgement {
        promise: "each link delivers in the order of sending".to_owned(),
        verdict,
        scope: counted(trace.messages().len() as u64, "message"),
    }
}

/// Where each message arrived first.
struct Arrivals(Vec<Option<EventId>>);

impl Arrivals {
    fn of(order: &Order<'_>) -> Arrivals {
        let trace = order.trace();
        let mut first = vec![None; trace.messages().len()];
        for (event, recorded) in trace.event_ids().zip(trace.events()) {
            if let Kind::Receive(message) = recorded.kind {
                first[message.index()].get_or_insert(event);
            }
        }
        Arrivals(first)
    }

    fn first(&self, message: MessageId) -> Option<EventId> {
        self.0[message.index()]
    }
}

/// What the trace says in excuse of messages that did not arrive.
struct Excuses {
    lost: BTreeSet<MessageId>,
    held: BTreeSet<MessageId>,
    /// Those of the held that no heal released.
    waiting: BTreeSet<MessageId>,
    /// The nodes that are down at the end.
    down: BTreeSet<NodeId>,
}

impl Excuses {
    fn of(order: &Order<'_>) -> Excuses {
        let [mut lost, mut held, mut waiting] = [const { BTreeSet::new() }; 3];
        for entry in order.trace().nemesis() {
            match &entry.nemesis {
                Nemesis::Lose(message) => {
                    lost.insert(*message);
                }
                Nemesis::Hold(message) => {
                    held.insert(*message);
                    waiting.insert(*message);
                }
                Nemesis::Heal => waiting.clear(),
                _ => {}
            }
        }
        Excuses { lost, held, waiting, down: order::down_at_end(order.trace()) }
    }

    fn is_excused(&self, message: MessageId, to: NodeId) -> bool {
        self.lost.contains(&message) || self.down.contains(&to)
    }
}

fn missing_message(order: &Order<'_>, excuses: &Excuses, id: MessageId, others: u64) -> Finding {
    let trace = order.trace();
    let message = trace.message(id);
    let [source, target] = [trace.node_of(message.send), message.to].map(|node| trace.node_name(node));
    let held = if excuses.held.contains(&id) { ", though it was held only until the heal" } else { "" };
    Finding {
        expected: format!("{id} from {source} arrives at {target}"),
        found: format!("{target} never receives it{held}{}", and_more(others, "message")),
        events: vec![message.send],
        proof: Proof::Rule(format!("{id} was not lost, and {target} lives in the end: nothing excuses it")),
    }
}

fn overtaken(
    order: &Order<'_>,
    arrivals: &Arrivals,
    slow: MessageId,
    fast: MessageId,
    others: u64,
) -> Finding {
    let trace = order.trace();
    let message = trace.message(slow);
    let [source, target] = [trace.node_of(message.send), message.to].map(|node| trace.node_name(node));
    let sends = [message.send, trace.message(fast).send];
    let receives = [fast, slow].into_iter().filter_map(|id| arrivals.first(id));
    let events: BTreeSet<EventId> = sends.into_iter().chain(receives).collect();
    Finding {
        expected: format!("{slow} arrives at {target} before {fast}: {source} sent it first"),
        found: format!("{fast} overtakes {slow}{}", and_more(others, "message")),
        events: events.into_iter().collect(),
        proof: Proof::Rule(format!("the link from {source} to {target} keeps the order of sending")),
    }
}

//! A broadcast that all deliver in one order: a Lamport stamp says who comes first only when nothing lower can still come.

use std::collections::BTreeMap;
use std::time::Duration;

use constellation_fabric::{Effects, Input, Link, Network, Node, Now};
use constellation_sim::{Act, Plan, Setup};
use constellation_trace::{Claim, ClaimKind, ClaimRef, EventId, NodeId, Trace, TrueTime};

use super::{Soundness, Specimen};
use crate::case::{Breach, Case};
use crate::subject::Subject;

const STATIONS: [NodeId; 3] = [NodeId::new(0), NodeId::new(1), NodeId::new(2)];
const SEQUENCER: NodeId = STATIONS[2];
const PROMISE: &str = "all stations carry out the orders in the same order";

pub(super) const SPECIMENS: &[Specimen] = &[
    Specimen {
        name: "total-order",
        variant: "sequencer",
        does: "one station puts all orders into a line and tells the others, over links that keep the order",
        promise: PROMISE,
        soundness: Soundness::Right,
        subject: || subject(Variant::Sequencer),
    },
    Specimen {
        name: "total-order",
        variant: "acknowledged",
        does: "the lowest stamp is carried out once every other station was heard with a higher one",
        promise: PROMISE,
        soundness: Soundness::Right,
        subject: || subject(Variant::Acknowledged),
    },
    Specimen {
        name: "total-order",
        variant: "unacknowledged",
        does: "the lowest stamp that is known is carried out, though a lower one may be on its way",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::Unacknowledged),
    },
];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Variant {
    Sequencer,
    Acknowledged,
    Unacknowledged,
}

/// A Lamport time and the station that breaks ties: no two are equal (Lamport 1978).
type Stamp = (u64, NodeId);

#[derive(Clone, Copy, Debug)]
enum Message {
    /// To the sequencer: put this into the line.
    Line(&'static str),
    /// From the sequencer: this is next.
    Next(&'static str),
    Order(Stamp, &'static str),
    Acknowledge(u64),
}

struct Station {
    variant: Variant,
    me: NodeId,
    time: u64,
    /// The highest time that came from each station; its links keep the order, so nothing lower comes any more.
    heard: [u64; 3],
    waiting: BTreeMap<Stamp, &'static str>,
}

impl Node for Station {
    type Message = Message;
    type Request = &'static str;

    fn on(&mut self, _now: Now, input: Input<Message, &'static str>, effects: &mut Effects<Message>) {
        match input {
            Input::Request(order) => {
                effects.event(format!("gives the order {order}"));
                if self.variant == Variant::Sequencer {
                    effects.send(SEQUENCER, Message::Line(order));
                    return;
                }
                self.time += 1;
                effects.claim(Claim::Lamport(self.time));
                self.waiting.insert((self.time, self.me), order);
                self.tell(Message::Order((self.time, self.me), order), effects);
            }
            Input::Message { message: Message::Line(order), .. } => {
                STATIONS.into_iter().for_each(|to| effects.send(to, Message::Next(order)));
            }
            Input::Message { message: Message::Next(order), .. } => carry_out(order, effects),
            Input::Message { from, message: Message::Order(stamp, order) } => {
                self.hear(from, stamp.0);
                self.waiting.insert(stamp, order);
                if self.variant == Variant::Acknowledged {
                    self.tell(Message::Acknowledge(self.time), effects);
                }
            }
            Input::Message { from, message: Message::Acknowledge(time) } => self.hear(from, time),
            _ => {}
        }
        while let Some((&stamp, &order)) = self.waiting.first_key_value()
            && self.is_settled(stamp)
        {
            self.waiting.remove(&stamp);
            carry_out(order, effects);
        }
    }
}

impl Station {
    fn tell(&self, message: Message, effects: &mut Effects<Message>) {
        STATIONS.into_iter().filter(|to| *to != self.me).for_each(|to| effects.send(to, message));
    }

    fn hear(&mut self, from: NodeId, time: u64) {
        self.heard[from.index()] = time;
        self.time = self.time.max(time) + 1;
    }

    /// Whether nothing with a lower stamp can come any more.
    fn is_settled(&self, stamp: Stamp) -> bool {
        let mut others = STATIONS.into_iter().filter(|other| *other != self.me);
        self.variant == Variant::Unacknowledged
            || others.all(|other| (self.heard[other.index()], other) >= stamp)
    }
}

fn carry_out(order: &str, effects: &mut Effects<Message>) {
    effects.event(format!("carries out {order}"));
}

fn in_one_order(trace: &Trace) -> Result<(), Breach> {
    let carried_out_at = |station: NodeId| -> Vec<(EventId, &str)> {
        let events = trace.event_ids().filter(|event| trace.node_of(*event) == station);
        events.filter_map(|event| Some((event, trace.label(event).strip_prefix("carries out ")?))).collect()
    };
    let lines = STATIONS.map(carried_out_at);
    for (one, other) in [(0, 1), (0, 2), (1, 2)] {
        let place = lines[one].iter().zip(&lines[other]).position(|((_, here), (_, there))| here != there);
        let Some(place) = place else { continue };
        let [(event, here), (other_event, there)] = [lines[one][place], lines[other][place]];
        let [name, other_name] = [one, other].map(|station| trace.node_name(STATIONS[station]));
        let breach = Breach::new(
            format!("{name} and {other_name} carry out {here} and {there} in the same order"),
            format!("{name} carries out {here} first, {other_name} {there}"),
        );
        let [given, other_given] = [here, there].map(|order| given(trace, order));
        let (late, to) = if given < other_given { (here, other_name) } else { (there, name) };
        let mut events = [given.1, other_given.1, event, other_event];
        events.sort();
        return Err(breach.shown_by(events).by_rule(format!(
            "{late} has the lower Lamport stamp (of equal ones pacific's is lower than atlantic's) and was on its way to \
             {to}, which did not wait until nothing lower could come"
        )));
    }
    Ok(())
}

/// When an order was given by its stamp, and the event.
fn given(trace: &Trace, order: &str) -> (Stamp, EventId) {
    let is_given = |event: &EventId| trace.label(*event).strip_prefix("gives the order ") == Some(order);
    let event = trace.event_ids().find(is_given).expect("what is carried out was given");
    let time = match trace.claim(event, ClaimKind::Lamport) {
        Some(ClaimRef::Lamport(time)) => time,
        _ => 0,
    };
    ((time, trace.node_of(event)), event)
}

fn subject(variant: Variant) -> Box<dyn Subject> {
    let ms = |ms: u64| TrueTime::from_ns(ms * 1_000_000);
    let link = Link {
        latency_min: Duration::from_millis(10),
        latency_max: Duration::from_millis(100),
        ..Link::INSTANT
    };
    let setup = Setup {
        network: Network::new(link),
        plan: Plan::new()
            .at(ms(10), Act::Request { node: STATIONS[0], request: "left" })
            .at(ms(60), Act::Request { node: STATIONS[1], request: "right" })
            .at(ms(90), Act::Request { node: STATIONS[2], request: "up" })
            .at(ms(200), Act::Request { node: STATIONS[0], request: "down" }),
        grace: Duration::from_millis(500),
        ..Setup::new(["pacific", "atlantic", "indian"], ms(500))
    };
    let node = move |me| Station { variant, me, time: 0, heard: [0; 3], waiting: BTreeMap::new() };
    Box::new(Case::new("total-order", setup, node).always(PROMISE, in_one_order))
}

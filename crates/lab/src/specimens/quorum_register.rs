//! A register on three replicas: a read must meet each write in one of them, and see no less than an earlier read.
//!
//! The right one is that of Attiya, Bar-Noy and Dolev (1995), for one writer.

use std::collections::BTreeSet;
use std::time::Duration;

use constellation_fabric::{Effects, Input, Link, Network, Node, Now, Odds, Sequence};
use constellation_sim::{Act, Plan, Setup};
use constellation_trace::history::Moment;
use constellation_trace::{Call, Completion, EventId, History, Kind, NodeId, Operation, Trace, TrueTime};

use super::{Soundness, Specimen};
use crate::case::{Breach, Case};
use crate::subject::Subject;

const GROUND: NodeId = NodeId::new(0);
const ARCTIC: NodeId = NodeId::new(1);
const ANTARCTIC: NodeId = NodeId::new(2);
const REPLICAS: [NodeId; 3] = [NodeId::new(3), NodeId::new(4), NodeId::new(5)];
const PROMISE: &str = "a read shows no older value than whatever was written or shown before it began";

pub(super) const SPECIMENS: &[Specimen] = &[
    Specimen {
        name: "quorum-register",
        variant: "write-back",
        does: "writes to two of three, reads two of three, and writes back what it read before it shows it",
        promise: PROMISE,
        soundness: Soundness::Right,
        subject: || subject(Variant::WriteBack),
    },
    Specimen {
        name: "quorum-register",
        variant: "read-one",
        does: "writes to two of three, but reads the first that answers, which may be the third",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::ReadOne),
    },
    Specimen {
        name: "quorum-register",
        variant: "no-write-back",
        does: "reads two of three and shows the newer, which the next reader's two need not have",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 3 },
        subject: || subject(Variant::NoWriteBack),
    },
];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Variant {
    WriteBack,
    ReadOne,
    NoWriteBack,
}

/// Ground writes the numbers from 1 on, so that each value is its own version; the arctic stations read.
struct Register {
    variant: Variant,
    /// What a replica holds.
    held: u32,
    /// What a client is doing, and how many operations it has begun.
    task: Option<Task>,
    begun: u32,
}

struct Task {
    phase: Phase,
    is_read: bool,
    /// The newest value that it knows of.
    value: u32,
    answered: BTreeSet<NodeId>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
    Ask,
    Store,
}

#[derive(Clone, Debug)]
enum Message {
    /// Asks a replica what it holds, or to hold this if it is newer.
    Ask {
        operation: u32,
    },
    Store {
        operation: u32,
        value: u32,
    },
    /// What a replica holds, in answer to that phase of an operation.
    Holds {
        operation: u32,
        phase: Phase,
        value: u32,
    },
}

#[derive(Clone, Debug)]
enum Request {
    Read,
    Write(u32),
}

impl Node for Register {
    type Message = Message;
    type Request = Request;

    fn on(&mut self, _now: Now, input: Input<Message, Request>, effects: &mut Effects<Message>) {
        match input {
            // Who has not come to an end with one operation begins no other.
            Input::Request(_) if self.task.is_some() => {}
            Input::Request(Request::Write(value)) => {
                effects.invoke(self.begun, Call::Write { key: "orbit".to_owned(), value: value.to_string() });
                self.task =
                    Some(Task { phase: Phase::Store, is_read: false, value, answered: BTreeSet::new() });
                self.tell_replicas(Message::Store { operation: self.begun, value }, effects);
            }
            Input::Request(Request::Read) => {
                effects.invoke(self.begun, Call::Read { key: "orbit".to_owned() });
                self.task =
                    Some(Task { phase: Phase::Ask, is_read: true, value: 0, answered: BTreeSet::new() });
                self.tell_replicas(Message::Ask { operation: self.begun }, effects);
            }
            Input::Message { from, message: Message::Ask { operation } } => {
                effects.send(from, Message::Holds { operation, phase: Phase::Ask, value: self.held });
            }
            Input::Message { from, message: Message::Store { operation, value } } => {
                self.held = self.held.max(value);
                effects.label(format!("holds {}", self.held));
                effects.send(from, Message::Holds { operation, phase: Phase::Store, value: self.held });
            }
            Input::Message { from, message: Message::Holds { operation, phase, value } } => {
                self.hear(from, (operation, phase, value), effects);
            }
            _ => {}
        }
    }
}

impl Register {
    fn tell_replicas(&self, message: Message, effects: &mut Effects<Message>) {
        for replica in REPLICAS {
            effects.send(replica, message.clone());
        }
    }

    /// Counts an answer; with enough of them the phase is over.
    fn hear(
        &mut self,
        from: NodeId,
        (operation, phase, value): (u32, Phase, u32),
        effects: &mut Effects<Message>,
    ) {
        let Some(task) = &mut self.task else { return };
        if operation != self.begun || phase != task.phase {
            return;
        }
        task.answered.insert(from);
        if phase == Phase::Ask {
            effects.label(format!("hears {value}"));
            task.value = task.value.max(value);
        }
        let needed = if phase == Phase::Ask && self.variant == Variant::ReadOne { 1 } else { 2 };
        if task.answered.len() < needed {
            return;
        }
        if phase == Phase::Ask && self.variant != Variant::NoWriteBack {
            // Whoever reads later must meet this value, even if its writer never comes to an end.
            (task.phase, task.answered) = (Phase::Store, BTreeSet::new());
            let value = task.value;
            return self.tell_replicas(Message::Store { operation, value }, effects);
        }
        let shown = task.is_read.then(|| task.value.to_string());
        effects.complete(operation, shown.map_or(Completion::Done, |value| Completion::Shows(vec![value])));
        (self.task, self.begun) = (None, self.begun + 1);
    }
}

/// With one writer, whose values grow, this is all that makes a register atomic (linearizable).
fn never_goes_back(trace: &Trace, variant: Variant) -> Result<(), Breach> {
    let history = History::of(trace);
    let ended: Vec<_> = history.operations().iter().filter_map(|operation| ended(operation)).collect();
    for (read, end, shown) in
        ended.iter().filter(|(operation, ..)| matches!(operation.call, Call::Read { .. }))
    {
        let before = ended.iter().filter(|(_, end, _)| end.event < read.invoked.event);
        let Some((newest, newest_end, value)) = before.max_by_key(|(_, _, value)| *value) else { continue };
        if value > shown {
            let who = trace.node_name(read.client);
            let earlier = match newest.call {
                Call::Read { .. } => format!("{} was shown {value}", trace.node_name(newest.client)),
                _ => format!("{} had written {value}", trace.node_name(newest.client)),
            };
            let expected = format!("{who}, which asks after {earlier}, is shown {value} or newer");
            let asked = answers(trace, read, *end);
            let holders: Vec<_> = holders(trace, *value, newest_end.event).collect();
            let names: Vec<_> = holders.iter().map(|event| trace.node_name(trace.node_of(*event))).collect();
            let why = match (variant, &newest.call) {
                (Variant::NoWriteBack, Call::Read { .. }) => format!(
                    "{} showed {value}, which only {} had, and did not write it back",
                    trace.node_name(newest.client),
                    names.join(" and ")
                ),
                (Variant::ReadOne, _) => "it waited for no other answer".to_owned(),
                _ => format!("only {} had {value}", names.join(" and ")),
            };
            let found = format!("{who} is shown {shown}, answered by {asked}: {why}");
            let wrote = value.to_string();
            let mut operations = history.operations().iter();
            let write = operations
                .find(|operation| matches!(&operation.call, Call::Write { value, .. } if *value == wrote));
            let write = write.map(|write| write.invoked.event);
            let ends = [newest_end.event, read.invoked.event, end.event];
            return Err(Breach::new(expected, found)
                .shown_by(write.into_iter().chain(holders).chain(ends).collect::<BTreeSet<_>>())
                .by_rule(format!(
                    "{earlier} before {who} asked, and a register does not go back to an older value"
                )));
        }
    }
    Ok(())
}

/// Where each replica came to hold a value, of those that did until then.
fn holders(trace: &Trace, value: u32, until: EventId) -> impl Iterator<Item = EventId> {
    let mut seen = BTreeSet::new();
    let holds = format!("holds {value}");
    let events = trace.event_ids().take_while(move |event| *event < until);
    events.filter(move |event| trace.label(*event) == holds && seen.insert(trace.node_of(*event)))
}

/// Who had answered a read before it ended: `pacific with 0 and indian with 0`.
fn answers(trace: &Trace, read: &Operation, end: Moment) -> String {
    let during = trace.event_ids().filter(|event| (read.invoked.event..end.event).contains(event));
    let answers = during.filter_map(|event| {
        let value = trace.label(event).strip_prefix("hears ")?;
        let Kind::Receive(message) = trace.event(event).kind else { return None };
        let is_its_own = trace.node_of(event) == read.client;
        let from = trace.node_name(trace.node_of(trace.message(message).send));
        is_its_own.then(|| format!("{from} with {value}"))
    });
    answers.collect::<Vec<_>>().join(" and ")
}

/// An operation that ended, with its end and the value that it wrote or was shown.
fn ended(operation: &Operation) -> Option<(&Operation, Moment, u32)> {
    let (moment, completion) = operation.completed.as_ref()?;
    let text = match (&operation.call, completion) {
        (Call::Write { value, .. }, Completion::Done) => value,
        (_, Completion::Shows(values)) => values.first()?,
        _ => return None,
    };
    Some((operation, *moment, text.parse().ok()?))
}

fn subject(variant: Variant) -> Box<dyn Subject> {
    let ms = |ms: u64| TrueTime::from_ns(ms * 1_000_000);
    let link = Link {
        latency_min: Duration::from_millis(10),
        latency_max: Duration::from_millis(100),
        loss: Odds::ppm(100_000).expect("a tenth"),
        sequence: Sequence::Unordered,
        ..Link::INSTANT
    };
    let plan = Plan::new()
        .at(ms(10), Act::Request { node: GROUND, request: Request::Write(1) })
        .at(ms(100), Act::Request { node: ARCTIC, request: Request::Read })
        .at(ms(200), Act::Request { node: ANTARCTIC, request: Request::Read })
        .at(ms(320), Act::Request { node: GROUND, request: Request::Write(2) })
        .at(ms(400), Act::Request { node: ANTARCTIC, request: Request::Read })
        .at(ms(520), Act::Request { node: ARCTIC, request: Request::Read });
    let setup = Setup {
        network: Network::new(link),
        plan,
        grace: Duration::from_secs(1),
        ..Setup::new(["ground", "arctic", "antarctic", "pacific", "atlantic", "indian"], ms(800))
    };
    let node = move |_| Register { variant, held: 0, task: None, begun: 0 };
    let check = move |trace: &Trace| never_goes_back(trace, variant);
    Box::new(Case::new("quorum-register", setup, node).initially("0").always(PROMISE, check))
}

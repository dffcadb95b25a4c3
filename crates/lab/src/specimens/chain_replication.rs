//! A chain of replicas: what is written goes from head to tail, and only the tail knows what all of them have.
//!
//! The protocol is that of van Renesse and Schneider (2004), here without the failures of replicas.

use std::collections::BTreeSet;
use std::time::Duration;

use constellation_fabric::{Effects, Input, Link, Network, Node, Now, Odds, Timer};
use constellation_sim::{Act, Plan, Setup};
use constellation_trace::{Call, Completion, EventId, History, Kind, NodeId, Operation, Trace, TrueTime};

use super::{Soundness, Specimen};
use crate::case::{Breach, Case};
use crate::subject::Subject;

const GROUND: NodeId = NodeId::new(0);
const ARCTIC: NodeId = NodeId::new(1);
const ANTARCTIC: NodeId = NodeId::new(2);
const HEAD: NodeId = NodeId::new(3);
const MIDDLE: NodeId = NodeId::new(4);
const TAIL: NodeId = NodeId::new(5);
const PROMISE: &str = "a read shows no older orbit than whatever was written or shown before it began";

pub(super) const SPECIMENS: &[Specimen] = &[
    Specimen {
        name: "chain-replication",
        variant: "tail",
        does: "the tail alone acknowledges what is written, and answers what is read",
        promise: PROMISE,
        soundness: Soundness::Right,
        subject: || subject(Variant::Tail),
    },
    Specimen {
        name: "chain-replication",
        variant: "acknowledged-at-head",
        does: "the head acknowledges what is written, while it is still on its way to the tail",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::AcknowledgedAtHead),
    },
    Specimen {
        name: "chain-replication",
        variant: "read-in-the-middle",
        does: "whichever replica is asked answers, also one that has what the tail has not got yet",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::ReadInTheMiddle),
    },
];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Variant {
    Tail,
    AcknowledgedAtHead,
    ReadInTheMiddle,
}

/// Ground writes the orbits from 1 on and the arctic stations read; pacific, atlantic and indian are the chain.
struct Party {
    variant: Variant,
    me: NodeId,
    /// The number of the orbit that a replica holds, and what its successor says that it has.
    held: u32,
    passed: u32,
    /// At a client: how many reads it has begun, and its operations that are not over. A write has the number of its orbit.
    begun: u32,
    open: BTreeSet<u32>,
}

#[derive(Clone, Copy, Debug)]
enum Message {
    Write(u32),
    /// From each replica to the next, and its answer.
    Pass(u32),
    Passed(u32),
    /// This orbit, and so all before it.
    Written(u32),
    /// For whom, and which of its reads.
    Read(NodeId, u32),
    Shows {
        read: u32,
        orbit: u32,
    },
}

#[derive(Clone, Copy, Debug)]
enum Request {
    Write(u32),
    /// At this replica.
    Read(NodeId),
}

impl Node for Party {
    type Message = Message;
    type Request = Request;

    fn on(&mut self, _now: Now, input: Input<Message, Request>, effects: &mut Effects<Message>) {
        match input {
            Input::Request(Request::Write(orbit)) => {
                self.begin(orbit, Call::Write { key: "orbit".to_owned(), value: orbit.to_string() }, effects);
                effects.send(HEAD, Message::Write(orbit));
            }
            Input::Request(Request::Read(replica)) => {
                self.begun += 1;
                self.begin(self.begun, Call::Read { key: "orbit".to_owned() }, effects);
                effects.send(replica, Message::Read(self.me, self.begun));
            }
            Input::Message { message: Message::Written(orbit), .. } => {
                while let Some(write) = self.open.first().copied().filter(|write| *write <= orbit) {
                    self.end(write, Completion::Done, effects);
                }
            }
            Input::Message { message: Message::Shows { read, orbit }, .. } => {
                self.end(read, Completion::Shows(vec![orbit.to_string()]), effects);
            }
            Input::Message { from, message: Message::Write(orbit) | Message::Pass(orbit) } => {
                self.hold(from, orbit, effects);
            }
            Input::Message { message: Message::Passed(orbit), .. } => self.passed = orbit,
            Input::Timer(_) => self.pass(effects),
            Input::Message { message: Message::Read(client, read), .. } => {
                if self.me == TAIL || self.variant == Variant::ReadInTheMiddle {
                    effects.label(format!("shows orbit {}", self.held));
                    effects.send(client, Message::Shows { read, orbit: self.held });
                } else {
                    effects.send(TAIL, Message::Read(client, read));
                }
            }
            _ => {}
        }
    }
}

impl Party {
    fn hold(&mut self, from: NodeId, orbit: u32, effects: &mut Effects<Message>) {
        self.held = self.held.max(orbit);
        effects.label(format!("holds orbit {}", self.held));
        if self.me != HEAD {
            effects.send(from, Message::Passed(self.held));
        }
        let who_acknowledges = if self.variant == Variant::AcknowledgedAtHead { HEAD } else { TAIL };
        if self.me == who_acknowledges {
            effects.send(GROUND, Message::Written(orbit));
        }
        self.pass(effects);
    }

    /// Sends what it holds to its successor, again and again until that has it.
    fn pass(&self, effects: &mut Effects<Message>) {
        let next = match self.me {
            HEAD => MIDDLE,
            MIDDLE => TAIL,
            _ => return,
        };
        if self.passed < self.held {
            effects.send(next, Message::Pass(self.held));
            effects.set_timer(Timer(0), Duration::from_millis(150));
        }
    }

    fn begin(&mut self, operation: u32, call: Call, effects: &mut Effects<Message>) {
        effects.invoke(operation, call);
        self.open.insert(operation);
    }

    fn end(&mut self, operation: u32, completion: Completion, effects: &mut Effects<Message>) {
        if self.open.remove(&operation) {
            effects.complete(operation, completion);
        }
    }
}

/// With one writer, whose orbits grow, this is all that makes a register atomic (linearizable).
fn never_goes_back(trace: &Trace, variant: Variant) -> Result<(), Breach> {
    let history = History::of(trace);
    let ended: Vec<_> = history.operations().iter().filter_map(ended).collect();
    for &(read, end, shown) in &ended {
        let is_newer = |(_, earlier_end, orbit): &&(&Operation, EventId, u32)| {
            *earlier_end < read.invoked.event && *orbit > shown
        };
        let Some(&(earlier, earlier_end, orbit)) = ended.iter().find(is_newer) else { continue };
        let [one, other] = [earlier, read].map(|operation| trace.node_name(operation.client));
        let has_seen = match earlier.call {
            Call::Read { .. } => {
                format!("{one} was shown orbit {orbit} by {}", answered_by(trace, earlier_end))
            }
            _ => format!("{one} was told that orbit {orbit} is written"),
        };
        let holds = format!("holds orbit {orbit}");
        let holds = trace.event_ids().filter(|event| trace.label(*event) == holds);
        let answer = answer(trace, end);
        return Err(Breach::new(
            format!("{has_seen}, so {other}, which asks after that, is shown {orbit} or newer"),
            format!(
                "{other} is shown orbit {shown} by {}, which has not got orbit {orbit} yet",
                answered_by(trace, end)
            ),
        )
        .shown_by(holds.chain([earlier_end, read.invoked.event, end]).chain(answer).collect::<BTreeSet<_>>())
        .by_rule(format!("the one was over before the other began; {}", variant.goes_wrong())));
    }
    Ok(())
}

impl Variant {
    /// What a replica does that is wrong then.
    const fn goes_wrong(self) -> &'static str {
        match self {
            Variant::Tail => "the tail must have what anybody was told of",
            Variant::AcknowledgedAtHead => "the head acknowledged what the tail, indian, had not got",
            Variant::ReadInTheMiddle => {
                "what a replica before the tail, indian, shows, the tail may not have yet"
            }
        }
    }
}

/// An operation that ended, with its end and the orbit that it wrote or was shown.
fn ended(operation: &Operation) -> Option<(&Operation, EventId, u32)> {
    let (end, completion) = operation.completed.as_ref()?;
    let orbit = match (&operation.call, completion) {
        (Call::Write { value, .. }, Completion::Done) => value,
        (_, Completion::Shows(values)) => values.first()?,
        _ => return None,
    };
    Some((operation, end.event, orbit.parse().ok()?))
}

/// The sending of the answer with which a read ended: the client received it as the step before.
fn answer(trace: &Trace, end: EventId) -> Option<EventId> {
    let at_client = |event: &EventId| trace.node_of(*event) == trace.node_of(end);
    match trace.event(trace.event_ids().take_while(|event| *event < end).filter(at_client).last()?).kind {
        Kind::Receive(message) => Some(trace.message(message).send),
        _ => None,
    }
}

fn answered_by(trace: &Trace, end: EventId) -> &str {
    answer(trace, end).map_or("nobody", |event| trace.node_name(trace.node_of(event)))
}

fn subject(variant: Variant) -> Box<dyn Subject> {
    let ms = |ms: u64| TrueTime::from_ns(ms * 1_000_000);
    let link = Link {
        latency_min: Duration::from_millis(10),
        latency_max: Duration::from_millis(40),
        loss: Odds::ppm(100_000).expect("a tenth"),
        ..Link::INSTANT
    };
    let read = |node, replica| Act::Request { node, request: Request::Read(replica) };
    let setup = Setup {
        network: Network::new(link),
        plan: Plan::new()
            .at(ms(10), Act::Request { node: GROUND, request: Request::Write(1) })
            .at(ms(60), read(ARCTIC, MIDDLE))
            .at(ms(110), read(ANTARCTIC, TAIL))
            .at(ms(180), Act::Request { node: GROUND, request: Request::Write(2) })
            .at(ms(230), read(ANTARCTIC, MIDDLE))
            .at(ms(260), read(ARCTIC, TAIL)),
        grace: Duration::from_secs(1),
        ..Setup::new(["ground", "arctic", "antarctic", "pacific", "atlantic", "indian"], ms(500))
    };
    let node = move |me| Party { variant, me, held: 0, passed: 0, begun: 0, open: BTreeSet::new() };
    let check = move |trace: &Trace| never_goes_back(trace, variant);
    Box::new(Case::new("chain-replication", setup, node).initially("0").always(PROMISE, check))
}

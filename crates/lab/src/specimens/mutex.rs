//! A lock that nobody keeps: a request is the first only when every other process has acknowledged it.

use std::collections::BTreeSet;
use std::time::Duration;

use constellation_fabric::{Effects, Input, Link, Network, Node, Now, Sequence, Timer};
use constellation_sim::{Act, Plan, Setup};
use constellation_trace::{Claim, ClaimKind, ClaimRef, EventId, NodeId, Trace, TrueTime};

use super::{Soundness, Specimen};
use crate::case::{Breach, Case};
use crate::subject::Subject;

const PROCESSES: [NodeId; 3] = [NodeId::new(0), NodeId::new(1), NodeId::new(2)];
const LEAVE: Timer = Timer(0);
const PROMISE: &str = "no two are inside at once";

pub(super) const SPECIMENS: &[Specimen] = &[
    Specimen {
        name: "mutex",
        variant: "lamport-1978",
        does: "who has the lowest request it knows of goes in once both others were heard with a higher time",
        promise: PROMISE,
        soundness: Soundness::Right,
        subject: || subject(Variant::WaitsForAll),
    },
    Specimen {
        name: "mutex",
        variant: "one-skipped",
        does: "one acknowledgement is enough: what the other one would have told is not known",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::WaitsForOne),
    },
    Specimen {
        name: "mutex",
        variant: "unordered-links",
        does: "both are waited for, but an acknowledgement may overtake the request that was sent before it",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::Unordered),
    },
];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Variant {
    WaitsForAll,
    WaitsForOne,
    Unordered,
}

/// A Lamport time and the process that breaks ties: no two are equal.
type Stamp = (u64, NodeId);

/// All with the time of their sending.
#[derive(Clone, Copy, Debug)]
enum Message {
    Request(u64),
    Acknowledge(u64),
    Release(u64),
}

/// One of three processes (Lamport 1978, the algorithm for mutual exclusion), over links that keep the order.
struct Process {
    variant: Variant,
    me: NodeId,
    time: u64,
    /// The highest time that came from each.
    heard: [u64; 3],
    /// All requests that are not released yet, as far as known.
    requests: BTreeSet<Stamp>,
    is_inside: bool,
}

impl Node for Process {
    type Message = Message;
    type Request = ();

    fn on(&mut self, _now: Now, input: Input<Message, ()>, effects: &mut Effects<Message>) {
        match input {
            // Who asked and has not gone out again asks for nothing more.
            Input::Request(()) if self.requests.iter().all(|(_, by)| *by != self.me) => {
                self.time += 1;
                effects.event("asks to go in");
                effects.claim(Claim::Lamport(self.time));
                self.requests.insert((self.time, self.me));
                self.tell(Message::Request(self.time), effects);
            }
            Input::Message { from, message } => {
                let (Message::Request(time) | Message::Acknowledge(time) | Message::Release(time)) = message;
                self.time = self.time.max(time) + 1;
                let heard = &mut self.heard[from.index()];
                *heard = time.max(*heard);
                match message {
                    Message::Request(time) => {
                        self.requests.insert((time, from));
                        effects.send(from, Message::Acknowledge(self.time));
                    }
                    Message::Release(_) => self.requests.retain(|(_, by)| *by != from),
                    Message::Acknowledge(_) => {}
                }
            }
            Input::Timer(LEAVE) => {
                self.time += 1;
                self.is_inside = false;
                self.requests.retain(|(_, by)| *by != self.me);
                effects.event("goes out");
                self.tell(Message::Release(self.time), effects);
            }
            _ => {}
        }
        if self.may_go_in() {
            self.is_inside = true;
            effects.event("goes in");
            effects.set_timer(LEAVE, Duration::from_millis(400));
        }
    }
}

impl Process {
    fn tell(&self, message: Message, effects: &mut Effects<Message>) {
        PROCESSES.into_iter().filter(|to| *to != self.me).for_each(|to| effects.send(to, message));
    }

    fn may_go_in(&self) -> bool {
        let Some(&first) = self.requests.first().filter(|first| first.1 == self.me) else { return false };
        let others = PROCESSES.into_iter().filter(|other| *other != self.me);
        // What one of them asked for before would have come before this, since links keep the order.
        let heard_later = others.filter(|other| (self.heard[other.index()], *other) > first).count();
        let needed = match self.variant {
            Variant::WaitsForAll | Variant::Unordered => 2,
            Variant::WaitsForOne => 1,
        };
        !self.is_inside && heard_later >= needed
    }
}

fn one_at_a_time(trace: &Trace, variant: Variant) -> Result<(), Breach> {
    let mut inside: Option<EventId> = None;
    for event in trace.event_ids() {
        match (trace.label(event), inside) {
            ("goes in", Some(first)) => {
                let asked = [first, event].map(|entry| request_of(trace, entry));
                let names = [first, event].map(|entry| trace.node_name(trace.node_of(entry)));
                let [one, other] = names;
                let [low, high] = if asked[0] < asked[1] { names } else { [other, one] };
                let why = match variant {
                    Variant::WaitsForAll => format!("{high} did not know of it"),
                    Variant::WaitsForOne => {
                        format!(
                            "{high} did not know of it: one acknowledgement was enough, and it was not that of {low}"
                        )
                    }
                    Variant::Unordered => {
                        format!(
                            "{high} did not know of it: what {low} sent later, its acknowledgement, overtook it"
                        )
                    }
                };
                let mut events = [asked[0].1, asked[1].1, first, event];
                events.sort();
                return Err(Breach::new(
                    format!("{other} waits until {one} goes out"),
                    format!("{other} goes in while {one} is inside"),
                )
                .shown_by(events)
                .by_rule(format!(
                    "the request of {low} comes first by its Lamport time (of equal ones pacific's, then atlantic's), and \
                     {why}"
                )));
            }
            ("goes in", None) => inside = Some(event),
            ("goes out", _) => inside = None,
            _ => {}
        }
    }
    Ok(())
}

/// The stamp of the request with which somebody went in, and the event.
fn request_of(trace: &Trace, entry: EventId) -> (Stamp, EventId) {
    let node = trace.node_of(entry);
    let is_request =
        |event: &EventId| trace.node_of(*event) == node && trace.label(*event) == "asks to go in";
    let before = trace.event_ids().take_while(|event| *event < entry);
    let event = before.filter(is_request).last().expect("nobody goes in without asking");
    match trace.claim(event, ClaimKind::Lamport) {
        Some(ClaimRef::Lamport(time)) => ((time, node), event),
        _ => ((0, node), event),
    }
}

fn subject(variant: Variant) -> Box<dyn Subject> {
    let ms = |ms: u64| TrueTime::from_ns(ms * 1_000_000);
    let link = Link {
        latency_min: Duration::from_millis(10),
        latency_max: Duration::from_millis(300),
        sequence: match variant {
            Variant::Unordered => Sequence::Unordered,
            Variant::WaitsForAll | Variant::WaitsForOne => Sequence::Ordered,
        },
        ..Link::INSTANT
    };
    let ask = |node| Act::Request { node, request: () };
    let setup = Setup {
        network: Network::new(link),
        plan: Plan::new()
            .at(ms(10), ask(PROCESSES[0]))
            .at(ms(30), ask(PROCESSES[2]))
            .at(ms(900), ask(PROCESSES[1]))
            .at(ms(1_000), ask(PROCESSES[0])),
        grace: Duration::from_secs(1),
        ..Setup::new(["pacific", "atlantic", "indian"], ms(2_500))
    };
    let node = move |me| Process {
        variant,
        me,
        time: 0,
        heard: [0; 3],
        requests: BTreeSet::new(),
        is_inside: false,
    };
    Box::new(
        Case::new("mutex", setup, node).always(PROMISE, move |trace: &Trace| one_at_a_time(trace, variant)),
    )
}

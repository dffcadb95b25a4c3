//! A register in which the last write wins: by wall clocks, a write can lose to the one that it was meant to replace.

use std::time::Duration;

use constellation_fabric::{Effects, Input, Link, Network, Node, Now, Odds};
use constellation_sim::{Act, Faults, Plan, Setup};
use constellation_trace::{Call, Claim, Completion, NodeId, Trace, TrueTime, WallTime};
use constellation_verify::{Budget, Order};

use super::{Soundness, Specimen};
use crate::case::{Breach, Case};
use crate::subject::Subject;

const PACIFIC: NodeId = NodeId::new(0);
const ATLANTIC: NodeId = NodeId::new(1);
const PROMISE: &str = "a write replaces what its client had seen";

pub(super) const SPECIMENS: &[Specimen] = &[
    Specimen {
        name: "lww-register",
        variant: "lamport",
        does: "a write is stamped above all that its station has heard of, and the highest stamp wins",
        promise: PROMISE,
        soundness: Soundness::Right,
        subject: || subject(Stamps::Lamport),
    },
    Specimen {
        name: "lww-register",
        variant: "wall-clock",
        does: "the latest wall time wins: what a fast clock has stamped cannot be replaced until the others get there",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Stamps::WallClock),
    },
];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stamps {
    Lamport,
    WallClock,
}

/// One of two stations that each hold the whole register, the altitude of a satellite, and tell each other of writes.
struct Register {
    stamps: Stamps,
    me: NodeId,
    held: Option<Held>,
    /// How many operations its client has asked for.
    asked: u32,
}

/// Of two writes the one with the greater stamp stays; stations break ties, so that no two stamps are equal.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Held {
    stamp: (u64, NodeId),
    altitude: &'static str,
}

#[derive(Clone, Copy, Debug)]
enum Request {
    /// The client has seen what this station holds, and wants another altitude.
    Set(&'static str),
    Show,
}

impl Node for Register {
    type Message = Held;
    type Request = Request;

    fn on(&mut self, now: Now, input: Input<Held, Request>, effects: &mut Effects<Held>) {
        match input {
            Input::Request(Request::Set(altitude)) => {
                self.ask(Call::Read { key: key() }, effects);
                self.answer(Completion::Shows(self.shown()), effects);
                self.ask(Call::Write { key: key(), value: altitude.to_owned() }, effects);
                effects.write("altitude", altitude, self.shown());
                let time = match self.stamps {
                    // (Lamport 1978, IR1 and IR2): above all that was heard of, and what is held is the highest of it.
                    Stamps::Lamport => self.held.map_or(0, |held| held.stamp.0) + 1,
                    Stamps::WallClock => now.wall.ns(),
                };
                effects.claim(match self.stamps {
                    Stamps::Lamport => Claim::Lamport(time),
                    Stamps::WallClock => Claim::Wall(now.wall),
                });
                let write = Held { stamp: (time, self.me), altitude };
                effects.send(if self.me == PACIFIC { ATLANTIC } else { PACIFIC }, write);
                self.keep(write);
                self.answer(Completion::Done, effects);
            }
            Input::Message { message, .. } => self.keep(message),
            Input::Request(Request::Show) => {
                self.ask(Call::Read { key: key() }, effects);
                effects.read("altitude", self.shown());
                self.answer(Completion::Shows(self.shown()), effects);
            }
            _ => {}
        }
    }
}

impl Register {
    fn keep(&mut self, write: Held) {
        self.held = self.held.max(Some(write));
    }

    /// Its client begins an operation, which is over before anything else happens here.
    fn ask(&self, call: Call, effects: &mut Effects<Held>) {
        effects.invoke(self.asked, call);
    }

    fn answer(&mut self, completion: Completion, effects: &mut Effects<Held>) {
        effects.complete(self.asked, completion);
        // Cannot wrap: two a request.
        self.asked += 1;
    }

    fn shown(&self) -> Vec<String> {
        self.held.iter().map(|held| held.altitude.to_owned()).collect()
    }
}

fn key() -> String {
    "altitude".to_owned()
}

/// Every station shows in the end a write that no other one was meant to replace.
fn replaces(trace: &Trace) -> Result<(), Breach> {
    for read in trace.reads() {
        for new in trace.writes() {
            let Some(old) = new.saw.iter().find(|old| read.shows.contains(old)) else { continue };
            let replaced = trace.write(new.key, *old).expect("what a client saw was written");
            let (old, update) = (trace.text(*old), trace.text(new.update));
            let [by, at] = [new.event, read.event].map(|event| trace.node_name(trace.node_of(event)));
            let order = Order::of(trace, &Budget::default()).expect("a run of a few events");
            return Err(Breach::new(
                format!("{update} in the end: who set it at {by} had seen {old} and replaced it"),
                format!("{at} still shows {old}, and {update} is lost without a word"),
            )
            .shown_by([replaced.event, new.event, read.event])
            .by_order(&order, replaced.event, new.event));
        }
    }
    Ok(())
}

fn subject(stamps: Stamps) -> Box<dyn Subject> {
    let ms = |ms: u64| TrueTime::from_ns(ms * 1_000_000);
    let link = Link {
        latency_min: Duration::from_millis(10),
        latency_max: Duration::from_millis(100),
        ..Link::INSTANT
    };
    let set = |node, altitude| Act::Request { node, request: Request::Set(altitude) };
    let show = |node| Act::Request { node, request: Request::Show };
    let mut setup = Setup {
        network: Network::new(link),
        plan: Plan::new()
            .at(ms(10), set(PACIFIC, "550 km"))
            .at(ms(80), set(ATLANTIC, "560 km"))
            .at(ms(150), set(PACIFIC, "570 km"))
            .at(ms(220), set(ATLANTIC, "580 km"))
            .at(ms(400), show(PACIFIC))
            .at(ms(400), show(ATLANTIC)),
        epoch: WallTime::from_ns(15_120_000_000_000),
        ..Setup::new(["pacific", "atlantic"], ms(500))
    };
    setup.machines[PACIFIC.index()].faults = Faults {
        wall_step: Odds::ppm(100_000).expect("a tenth"),
        wall_step_min_ns: 200_000_000,
        wall_step_max_ns: 2_000_000_000,
        ..Faults::NONE
    };
    let node = move |me| Register { stamps, me, held: None, asked: 0 };
    Box::new(Case::new("lww-register", setup, node).in_the_end(PROMISE, replaces))
}

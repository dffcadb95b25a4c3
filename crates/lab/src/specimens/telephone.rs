//! A telephone call that no computer hears of: what it brought about may get a lower stamp than what it told of.

use std::time::Duration;

use constellation_fabric::{Effects, Input, Link, Network, Node, Now, Odds};
use constellation_sim::{Act, Faults, Plan, Setup, Wall};
use constellation_trace::{NodeId, Trace, TrueTime, WallTime};
use constellation_verify::{Budget, Order};

use super::{Soundness, Specimen};
use crate::case::{Breach, Case};
use crate::subject::Subject;

const PACIFIC: NodeId = NodeId::new(0);
const ATLANTIC: NodeId = NodeId::new(1);
const CALLER: NodeId = NodeId::new(2);
const FRIEND: NodeId = NodeId::new(3);
const NAMES: [&str; 4] = ["pacific", "atlantic", "caller", "friend"];
const PROMISE: &str = "an order given after a telephone call comes after the order that the call told of";

pub(super) const SPECIMENS: &[Specimen] = &[
    Specimen {
        name: "telephone",
        variant: "physical",
        does: "stamps follow wall clocks that differ by less than a call takes: the strong clock condition",
        promise: PROMISE,
        soundness: Soundness::Right,
        subject: || subject(Clocks::Synchronised),
    },
    Specimen {
        name: "telephone",
        variant: "logical",
        does: "stamps follow messages between computers, and a telephone call is none",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Clocks::Logical),
    },
    Specimen {
        name: "telephone",
        variant: "unsynchronised",
        does: "as physical, but a clock may be wrong by more than a call takes",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 2 },
        subject: || subject(Clocks::Unsynchronised),
    },
];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Clocks {
    Logical,
    Synchronised,
    Unsynchronised,
}

/// A time and the computer that breaks ties.
type Stamp = (u64, NodeId);

#[derive(Clone, Copy, Debug)]
enum Message {
    /// From somebody to a computer.
    Enter(&'static str),
    /// From a computer to somebody: it is entered.
    Entered,
    /// From somebody to somebody; no computer is on the line.
    Call,
    /// From computer to computer.
    Copy(Stamp, &'static str),
}

/// A computer that keeps the log of orders, in the order of their stamps, or one of two people (Lamport 1978, Anomalous
/// Behavior).
struct Party {
    clocks: Clocks,
    me: NodeId,
    time: u64,
    log: Vec<(Stamp, &'static str)>,
}

#[derive(Clone, Copy, Debug)]
enum Request {
    Give,
    Show,
}

impl Node for Party {
    type Message = Message;
    type Request = Request;

    fn on(&mut self, now: Now, input: Input<Message, Request>, effects: &mut Effects<Message>) {
        match input {
            Input::Request(Request::Give) => {
                effects.event("gives order A");
                effects.send(ATLANTIC, Message::Enter("A"));
            }
            Input::Message { message: Message::Entered, .. } if self.me == CALLER => {
                effects.event("telephones: A is entered");
                effects.send(FRIEND, Message::Call);
            }
            Input::Message { message: Message::Call, .. } => {
                effects.event("hears of A, and gives order B");
                effects.send(PACIFIC, Message::Enter("B"));
            }
            Input::Message { from, message: Message::Enter(order) } => self.enter(order, from, now, effects),
            Input::Message { message: Message::Copy(stamp, order), .. } => {
                self.time = self.time.max(stamp.0);
                self.log.push((stamp, order));
            }
            Input::Request(Request::Show) => {
                self.log.sort_unstable();
                effects.read("log", self.log.iter().map(|(_, order)| (*order).to_owned()).collect());
            }
            _ => {}
        }
    }
}

impl Party {
    fn enter(&mut self, order: &'static str, by: NodeId, now: Now, effects: &mut Effects<Message>) {
        self.time += 1;
        let mut told = format!("{} of {}", self.time, NAMES[self.me.index()]);
        if self.clocks != Clocks::Logical {
            self.time = self.time.max(now.wall.ns());
            told = WallTime::from_ns(self.time).to_string();
        }
        let stamp = (self.time, self.me);
        self.log.push((stamp, order));
        effects.write("log", order, Vec::new());
        effects.label(format!("enters {order}, stamped {told}"));
        effects.send(by, Message::Entered);
        effects.send(if self.me == PACIFIC { ATLANTIC } else { PACIFIC }, Message::Copy(stamp, order));
    }
}

fn a_before_b(trace: &Trace) -> Result<(), Breach> {
    let entered = |order| trace.writes().iter().find(|write| trace.text(write.update) == order);
    let (Some(a), Some(b)) = (entered("A"), entered("B")) else { return Ok(()) };
    let Some(read) = trace.reads().iter().find(|read| read.shows == [b.update, a.update]) else {
        return Ok(());
    };
    let at = trace.node_name(trace.node_of(read.event));
    let order = Order::of(trace, &Budget::default()).expect("a run of a few events");
    Err(Breach::new(
        "A before B in every log: B was given by somebody who had been told by telephone that A is entered",
        format!("B before A in the log of {at}: it goes by stamps, and of equal ones pacific's is the lower"),
    )
    .shown_by([a.event, b.event, read.event])
    .by_order(&order, a.event, b.event))
}

fn subject(clocks: Clocks) -> Box<dyn Subject> {
    let ms = |ms: u64| TrueTime::from_ns(ms * 1_000_000);
    // A call, with what is entered before and after it, takes three times this at least.
    let link = Link {
        latency_min: Duration::from_millis(10),
        latency_max: Duration::from_millis(100),
        ..Link::INSTANT
    };
    let show = |node| Act::Request { node, request: Request::Show };
    let mut setup = Setup {
        network: Network::new(link),
        plan: Plan::new()
            .at(ms(10), Act::Request { node: CALLER, request: Request::Give })
            .at(ms(800), show(PACIFIC))
            .at(ms(800), show(ATLANTIC)),
        epoch: WallTime::from_ns(15_120_000_000_000),
        ..Setup::new(NAMES, ms(900))
    };
    // Copies take another way than calls, and may be late.
    let copies = Link { latency_max: Duration::from_millis(400), ..link };
    setup.network.set_link(ATLANTIC, PACIFIC, copies);
    setup.machines[PACIFIC.index()].wall = Wall { offset_ns: -10_000_000, ..Wall::TRUE };
    setup.machines[ATLANTIC.index()].wall = Wall { offset_ns: 10_000_000, ..Wall::TRUE };
    if clocks == Clocks::Unsynchronised {
        setup.machines[ATLANTIC.index()].faults = Faults {
            wall_step: Odds::ppm(100_000).expect("a tenth"),
            wall_step_min_ns: 200_000_000,
            wall_step_max_ns: 2_000_000_000,
            ..Faults::NONE
        };
    }
    let node = move |me| Party { clocks, me, time: 0, log: Vec::new() };
    Box::new(Case::new("telephone", setup, node).in_the_end(PROMISE, a_before_b))
}

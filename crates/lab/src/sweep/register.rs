//! A register for many keys in which the last write wins by wall clocks, and which carries every clock beside it.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use constellation_clock::{
    Clock, DriftPolicy, Error, HybridClock, HybridStamp, LamportClock, PhysicalTime, VectorClock,
    VectorStamp, WallUnreadable,
};
use constellation_fabric::{Effects, Input, Node, Now};
use constellation_trace::{Claim, NodeId, WallTime};

/// Where a node of a sweep stands.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Seat {
    /// Which node it is.
    pub me: NodeId,
    /// The names of all, in the order of their ids.
    pub names: Arc<[String]>,
    /// What its hybrid clock refuses.
    pub policy: DriftPolicy,
}

/// What a client asks of a node of a sweep.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Request {
    /// To update the key of a pair, having seen what is shown of it here, and to tell the other node of the pair.
    Update {
        /// Which pair.
        pair: u32,
        /// The other node.
        other: NodeId,
    },
    /// To show the key of a pair.
    Show {
        /// Which pair.
        pair: u32,
    },
}

/// What one node tells another: its update, under the stamps of the event that sent it.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pair: u32,
    held: Held,
    stamps: Stamps,
}

/// What the logical clocks of a node say of one event.
#[derive(Clone, Debug, PartialEq)]
struct Stamps {
    lamport: u64,
    vector: VectorStamp,
    hybrid: HybridStamp,
}

/// The update that stands; field order is the order of winning, the name so that no two are equal.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Held {
    wall: WallTime,
    by: String,
}

/// The last write wins, by wall clocks; the logical clocks look on.
///
/// A message that its hybrid clock refuses it refuses altogether, as a system does that orders by this clock: the update
/// has not arrived. (`constellation_clock`'s own node takes such an update in and lets the clock fall behind instead.)
pub struct Register {
    seat: Seat,
    lamport: LamportClock,
    vector: VectorClock,
    hybrid: HybridClock<Box<dyn FnMut() -> Result<PhysicalTime, WallUnreadable>>>,
    /// What the wall clock shows at this input, for the hybrid clock.
    wall: Rc<Cell<WallTime>>,
    held: BTreeMap<u32, Held>,
}

impl Register {
    /// The node of this seat, before its first input.
    ///
    /// # Panics
    /// If the seat has no name.
    pub fn new(seat: Seat) -> Register {
        let name = &seat.names[seat.me.index()];
        let wall = Rc::new(Cell::new(WallTime::from_ns(0)));
        let shown = Rc::clone(&wall);
        let read = Box::new(move || Ok(PhysicalTime::from_ns(shown.get().ns())));
        Register {
            lamport: LamportClock::new(),
            vector: VectorClock::new(name),
            hybrid: HybridClock::new(name.as_str(), seat.policy, read),
            wall,
            held: BTreeMap::new(),
            seat,
        }
    }

    fn name(&self) -> &str {
        &self.seat.names[self.seat.me.index()]
    }

    fn update(&mut self, pair: u32, other: NodeId, effects: &mut Effects<Message>) {
        let stamps = match self.stamp(None) {
            Ok(stamps) => stamps,
            Err(error) => return effects.event(format!("refuses to update pair-{pair}: {error}")),
        };
        let held = Held { wall: self.wall.get(), by: self.name().to_owned() };
        effects.write(key(pair), self.name(), self.shown(pair));
        effects.label(format!("update pair-{pair}, and tell {}", self.seat.names[other.index()]));
        claim(&stamps, effects);
        effects.send(other, Message { pair, held: held.clone(), stamps });
        self.keep(pair, held);
    }

    fn receive(&mut self, from: NodeId, message: Message, effects: &mut Effects<Message>) {
        let names = Arc::clone(&self.seat.names);
        let from = &names[from.index()];
        match self.stamp(Some(&message.stamps)) {
            Ok(stamps) => {
                effects.label(format!("receive the update of pair-{} by {from}", message.pair));
                claim(&stamps, effects);
                self.keep(message.pair, message.held);
            }
            Err(error) => {
                let refused = format!("refuses the update of pair-{} by {from}: {error}", message.pair);
                effects.refuse();
                effects.event(refused);
            }
        }
    }

    /// Counts an event, which may be a receipt; one that a clock refuses leaves all of them as they were.
    fn stamp(&mut self, received: Option<&Stamps>) -> Result<Stamps, Error> {
        let (mut vector, lamport) = (self.vector.clone(), LamportClock::starting_at(self.lamport.current()));
        let stamps = match received {
            None => {
                Stamps { lamport: lamport.try_tick()?, vector: vector.event()?, hybrid: self.hybrid.event()? }
            }
            Some(sent) => Stamps {
                lamport: lamport.try_observe(sent.lamport)?,
                vector: vector.receive(&sent.vector)?,
                hybrid: self.hybrid.receive(&sent.hybrid)?,
            },
        };
        (self.vector, self.lamport) = (vector, lamport);
        Ok(stamps)
    }

    fn keep(&mut self, pair: u32, update: Held) {
        let winner = match self.held.remove(&pair) {
            Some(held) => held.max(update),
            None => update,
        };
        self.held.insert(pair, winner);
    }

    fn shown(&self, pair: u32) -> Vec<String> {
        self.held.get(&pair).map(|held| held.by.clone()).into_iter().collect()
    }
}

impl Node for Register {
    type Message = Message;
    type Request = Request;

    fn on(&mut self, now: Now, input: Input<Message, Request>, effects: &mut Effects<Message>) {
        self.wall.set(now.wall);
        match input {
            Input::Request(Request::Update { pair, other }) => self.update(pair, other, effects),
            Input::Request(Request::Show { pair }) => effects.read(key(pair), self.shown(pair)),
            Input::Message { from, message } => self.receive(from, message, effects),
            _ => {}
        }
    }
}

/// The key of a pair.
fn key(pair: u32) -> String {
    format!("pair-{pair}")
}

fn claim(stamps: &Stamps, effects: &mut Effects<Message>) {
    let entries = stamps.vector.entries().map(|(identity, counter)| (identity.to_string(), counter));
    let time = stamps.hybrid.time();
    effects.claim(Claim::Lamport(stamps.lamport));
    effects.claim(Claim::Vector(entries.collect()));
    effects.claim(Claim::Hybrid { physical_ns: time.physical().as_ns(), logical: time.logical() });
}

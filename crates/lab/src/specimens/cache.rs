//! A cache beside a database: what was read before a write may be put into the cache after it, and stays there.
//!
//! The remedy is that of Nishtala et al. (2013): whoever misses is given a lease, which a write makes void.

use std::time::Duration;

use constellation_fabric::{Effects, Input, Link, Network, Node, Now};
use constellation_sim::{Act, Plan, Setup};
use constellation_trace::{EventId, NodeId, Trace, TrueTime};

use super::{Soundness, Specimen};
use crate::case::{Breach, Case};
use crate::subject::Subject;

const DATABASE: NodeId = NodeId::new(0);
const CACHE: NodeId = NodeId::new(1);
const WRITER: NodeId = NodeId::new(2);
const READER: NodeId = NodeId::new(3);
const PROMISE: &str = "in the end the cache holds what the database holds, or nothing";

pub(super) const SPECIMENS: &[Specimen] = &[
    Specimen {
        name: "cache",
        variant: "leased",
        does: "a miss gives a lease to fill the cache, and each write makes the leases void that were given",
        promise: PROMISE,
        soundness: Soundness::Right,
        subject: || subject(Variant::Leased),
    },
    Specimen {
        name: "cache",
        variant: "stale-fill",
        does: "whoever missed fills the cache with what it has read, however long ago that was",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::StaleFill),
    },
    Specimen {
        name: "cache",
        variant: "deletes-first",
        does: "a writer empties the cache and then writes, and a reader may fill it in between",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::DeletesFirst),
    },
];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Variant {
    Leased,
    StaleFill,
    DeletesFirst,
}

/// Ground writes orbits to the database and empties the cache; arctic reads the cache, and fills it after a miss.
struct Party {
    variant: Variant,
    role: NodeId,
    /// The number of the orbit at the database, and at the cache if it holds one.
    orbit: u32,
    cached: Option<u32>,
    /// At the cache: the number of the lease that is good. At arctic: that which it was given.
    lease: u32,
}

#[derive(Clone, Copy, Debug)]
enum Message {
    /// To the cache and back.
    Get,
    Hit,
    Miss {
        lease: u32,
    },
    Fill {
        orbit: u32,
        lease: u32,
    },
    Delete,
    Deleted,
    /// To the database and back.
    Read,
    Holds(u32),
    Write,
    Written,
}

/// Ground is to write the next orbit, arctic to read it.
#[derive(Clone, Debug)]
struct Go;

impl Node for Party {
    type Message = Message;
    type Request = Go;

    fn on(&mut self, _now: Now, input: Input<Message, Go>, effects: &mut Effects<Message>) {
        let (from, message) = match input {
            Input::Request(Go) => return self.begin(effects),
            Input::Message { from, message } => (from, message),
            _ => return,
        };
        match message {
            Message::Get => match self.cached {
                Some(orbit) => {
                    effects.label(format!("has orbit {orbit}"));
                    effects.send(from, Message::Hit);
                }
                None => {
                    effects.label("has nothing");
                    effects.send(from, Message::Miss { lease: self.lease });
                }
            },
            Message::Miss { lease } => {
                self.lease = lease;
                effects.send(DATABASE, Message::Read);
            }
            Message::Read => {
                effects.label(format!("{SHOWS}{}", self.orbit));
                effects.send(from, Message::Holds(self.orbit));
            }
            Message::Holds(orbit) => effects.send(CACHE, Message::Fill { orbit, lease: self.lease }),
            Message::Fill { orbit, lease } => {
                if self.variant == Variant::Leased && lease != self.lease {
                    return effects.label(format!("refuses orbit {orbit}, whose lease is void"));
                }
                self.cached = Some(orbit);
                effects.label(format!("{FILLED}{orbit}"));
            }
            Message::Write => {
                self.orbit += 1;
                effects.label(format!("{WRITES}{}", self.orbit));
                effects.send(from, Message::Written);
            }
            Message::Written if self.variant != Variant::DeletesFirst => effects.send(CACHE, Message::Delete),
            Message::Delete => {
                (self.cached, self.lease) = (None, self.lease + 1);
                effects.label(EMPTIED);
                effects.send(from, Message::Deleted);
            }
            Message::Deleted if self.variant == Variant::DeletesFirst => {
                effects.send(DATABASE, Message::Write)
            }
            Message::Hit | Message::Written | Message::Deleted => {}
        }
    }
}

impl Party {
    fn begin(&self, effects: &mut Effects<Message>) {
        match (self.role, self.variant) {
            (READER, _) => effects.send(CACHE, Message::Get),
            (_, Variant::DeletesFirst) => effects.send(CACHE, Message::Delete),
            _ => effects.send(DATABASE, Message::Write),
        }
    }
}

const SHOWS: &str = "shows orbit ";
const WRITES: &str = "now holds orbit ";
const FILLED: &str = "is filled with orbit ";
const EMPTIED: &str = "is emptied";

fn holds_the_newest(trace: &Trace, variant: Variant) -> Result<(), Breach> {
    let last = |words: &str| trace.event_ids().filter(|event| trace.label(*event).starts_with(words)).last();
    let orbit = |event: EventId| {
        trace.label(event).rsplit(' ').next().and_then(|orbit| orbit.parse::<u32>().ok()).unwrap_or_default()
    };
    let (Some(filled), Some(written)) = (last(FILLED), last(WRITES)) else { return Ok(()) };
    let emptied = last(EMPTIED);
    if emptied > Some(filled) || orbit(filled) == orbit(written) {
        return Ok(());
    }
    let (old, new) = (orbit(filled), orbit(written));
    let shows = last(&format!("{SHOWS}{old}"));
    let mut events: Vec<_> = [shows, Some(written), emptied, Some(filled)].into_iter().flatten().collect();
    events.sort();
    Err(Breach::new(
        format!("the database holds orbit {new}, so the cache holds that or nothing"),
        format!("the cache holds orbit {old}, and will show it until somebody writes again"),
    )
    .shown_by(events)
    .by_rule(format!(
        "arctic had read orbit {old} before {new} was written, and filled the cache when that was emptied; {}",
        variant.goes_wrong()
    )))
}

impl Variant {
    /// Why what is old stays there.
    const fn goes_wrong(self) -> &'static str {
        match self {
            Variant::Leased => "it must not fill it with that",
            Variant::StaleFill => "the cache took it, however long ago that was read",
            Variant::DeletesFirst => "the cache is emptied before the write and not after it",
        }
    }
}

fn subject(variant: Variant) -> Box<dyn Subject> {
    let ms = |ms: u64| TrueTime::from_ns(ms * 1_000_000);
    let link = Link {
        latency_min: Duration::from_millis(10),
        latency_max: Duration::from_millis(60),
        ..Link::INSTANT
    };
    let go = |node| Act::Request { node, request: Go };
    let setup = Setup {
        network: Network::new(link),
        plan: Plan::new()
            .at(ms(10), go(READER))
            .at(ms(100), go(WRITER))
            .at(ms(150), go(READER))
            .at(ms(220), go(WRITER)),
        grace: Duration::from_millis(500),
        ..Setup::new(["database", "cache", "ground", "arctic"], ms(500))
    };
    let node = move |role| Party { variant, role, orbit: 0, cached: None, lease: 0 };
    Box::new(
        Case::new("cache", setup, node)
            .in_the_end(PROMISE, move |trace: &Trace| holds_the_newest(trace, variant)),
    )
}

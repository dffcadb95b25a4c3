//! A lock with a lease keeps no late write out: whatever it protects must look itself at who writes.
//!
//! The number that a store can look at is called a fencing token (Kleppmann 2016).

use std::time::Duration;

use constellation_fabric::{Effects, Input, Link, Network, Node, Now, Odds, Timer};
use constellation_sim::{Act, Faults, Machine, Plan, Setup, Span};
use constellation_trace::{Elapsed, EventId, Kind, NodeId, Trace, TrueTime};

use super::{Soundness, Specimen};
use crate::case::{Breach, Case};
use crate::subject::Subject;

const KEEPER: NodeId = NodeId::new(0);
const STORE: NodeId = NodeId::new(1);
const PROMISE: &str = "what a later holder of the lock wrote is not overwritten by an earlier one";

pub(super) const SPECIMENS: &[Specimen] = &[
    Specimen {
        name: "lock",
        variant: "fencing-token",
        does: "each holder has a higher number than the last, and the archive refuses a lower than it has seen",
        promise: PROMISE,
        soundness: Soundness::Right,
        subject: || subject(Variant::FencingToken),
    },
    Specimen {
        name: "lock",
        variant: "no-token",
        does: "the holder works and then writes, while its lease may have run out",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::NoToken),
    },
    Specimen {
        name: "lock",
        variant: "looks-before-writing",
        does: "the holder looks at its lease before it writes, but what it writes may be long under way",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::LooksBeforeWriting),
    },
];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Variant {
    FencingToken,
    NoToken,
    LooksBeforeWriting,
}

/// Ground keeps a lock, the archive is what it protects, and the stations write there while they hold it.
struct Party {
    variant: Variant,
    /// At ground: how often the lock was given; at the archive: the highest such number that it has seen.
    highest: u32,
    /// At ground: until when the lock is held, by its own clock. At a station: as far as that can see.
    until: Elapsed,
    token: u32,
}

#[derive(Clone, Debug)]
enum Message {
    /// When it was asked, by the clock of the one who asks; the answer says it again.
    Ask {
        asked_at: Elapsed,
    },
    Lock {
        token: u32,
        asked_at: Elapsed,
    },
    Write {
        token: u32,
    },
}

const LEASE: Duration = Duration::from_millis(200);
const ASK: Timer = Timer(0);
const WORK: Timer = Timer(1);

impl Node for Party {
    type Message = Message;
    type Request = ();

    fn on(&mut self, now: Now, input: Input<Message, ()>, effects: &mut Effects<Message>) {
        match input {
            Input::Request(()) => Party::ask(now, effects),
            Input::Timer(ASK) if self.token == 0 => Party::ask(now, effects),
            Input::Message { from, message: Message::Ask { asked_at } } if now.elapsed >= self.until => {
                self.highest += 1;
                self.until = now.elapsed.saturating_add(LEASE);
                effects.label(format!("{GIVES}{}", self.highest));
                effects.send(from, Message::Lock { token: self.highest, asked_at });
            }
            Input::Message { message: Message::Lock { token, asked_at }, .. } => {
                // From when it asked, since it does not know how long the lock was under way.
                (self.token, self.until) = (token, asked_at.saturating_add(LEASE));
                effects.label(format!("has the lock, with token {token}"));
                effects.set_timer(WORK, Duration::from_millis(50));
            }
            Input::Timer(WORK) => {
                if self.variant == Variant::LooksBeforeWriting && now.elapsed >= self.until {
                    return effects.event("writes nothing, since its lease is over");
                }
                effects.event(format!("has worked, and writes with token {}", self.token));
                effects.send(STORE, Message::Write { token: self.token });
            }
            Input::Message { message: Message::Write { token }, .. } => {
                if self.variant == Variant::FencingToken && token < self.highest {
                    return effects.label(format!("refuses what was written with token {token}"));
                }
                self.highest = self.highest.max(token);
                effects.label(format!("{STORES}{token}"));
            }
            _ => {}
        }
    }
}

impl Party {
    fn ask(now: Now, effects: &mut Effects<Message>) {
        effects.event("asks for the lock");
        effects.send(KEEPER, Message::Ask { asked_at: now.elapsed });
        effects.set_timer(ASK, Duration::from_millis(100));
    }
}

fn stores_in_turn(trace: &Trace, variant: Variant) -> Result<(), Breach> {
    let token = |event, words| trace.label(event).strip_prefix(words)?.parse::<u32>().ok();
    let stored: Vec<_> = trace.event_ids().filter_map(|event| Some((event, token(event, STORES)?))).collect();
    for pair in stored.windows(2) {
        let [(first, newer), (second, older)] = *pair else { continue };
        if older < newer {
            let writes = |stored: EventId| match trace.event(stored).kind {
                Kind::Receive(message) => trace.message(message).send,
                _ => stored,
            };
            let name = |stored| trace.node_name(trace.node_of(writes(stored)));
            let (old, new) = (name(second), name(first));
            let gives = |number| trace.event_ids().find(|event| token(*event, GIVES) == Some(number));
            let gives = [older, newer].into_iter().filter_map(gives);
            let mut events: Vec<_> = gives.chain([writes(second), first, second]).collect();
            events.sort();
            return Err(Breach::new(
                format!("the lock passed from {old} to {new}, so the archive keeps what {new} wrote"),
                format!("what {old} wrote arrives later, and the archive stores it over that of {new}"),
            )
            .shown_by(events)
            .by_rule(format!(
                "{old} had lost the lock when {new} was given it, whatever {old} knew of that; {}",
                variant.goes_wrong()
            )));
        }
    }
    Ok(())
}

const GIVES: &str = "gives the lock, with token ";
const STORES: &str = "stores what was written with token ";

impl Variant {
    /// What lets an earlier holder write then.
    const fn goes_wrong(self) -> &'static str {
        match self {
            Variant::FencingToken => "the archive must look at the token",
            Variant::NoToken => "it wrote without a look at its lease, and the archive looks at no token",
            Variant::LooksBeforeWriting => {
                "that it looked at its lease before it wrote is no help to the archive, which looks at no token"
            }
        }
    }
}

fn subject(variant: Variant) -> Box<dyn Subject> {
    let ms = |ms: u64| TrueTime::from_ns(ms * 1_000_000);
    let link = Link {
        latency_min: Duration::from_millis(10),
        latency_max: Duration::from_millis(50),
        ..Link::INSTANT
    };
    let mut network = Network::new(link);
    let far = Link { latency_max: Duration::from_millis(400), ..link };
    for station in [2, 3] {
        network.set_link(NodeId::new(station), STORE, far);
    }
    let faults = Faults {
        pause: Odds::ppm(50_000).expect("below a million"),
        pause_time: Span { min: Duration::from_millis(300), max: Duration::from_millis(500) },
        ..Faults::NONE
    };
    let station = |name: &str| Machine { faults, ..Machine::new(name) };
    let setup = Setup {
        machines: vec![
            Machine::new("ground"),
            Machine::new("archive"),
            station("pacific"),
            station("atlantic"),
        ],
        network,
        plan: Plan::new()
            .at(ms(10), Act::Request { node: NodeId::new(2), request: () })
            .at(ms(100), Act::Request { node: NodeId::new(3), request: () })
            .at(ms(600), Act::Request { node: NodeId::new(2), request: () })
            .at(ms(700), Act::Request { node: NodeId::new(3), request: () }),
        grace: Duration::from_millis(500),
        ..Setup::new(Vec::<String>::new(), ms(1_200))
    };
    let nothing = Elapsed::from_ns(0);
    let node = move |_| Party { variant, highest: 0, until: nothing, token: 0 };
    Box::new(
        Case::new("lock", setup, node).always(PROMISE, move |trace: &Trace| stores_in_turn(trace, variant)),
    )
}

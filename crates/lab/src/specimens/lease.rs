//! A lease is held until a time, and the two who count that time have two clocks.
//!
//! Leases are those of Gray and Cheriton (1989). That the right holder never acts too late is so because it looks and acts
//! in one step, and what it does is its own and takes no time: what leaves the machine needs a token as well, see `lock`.

use std::collections::BTreeSet;
use std::time::Duration;

use constellation_fabric::{Effects, Input, Link, Network, Node, Now, Odds, Timer};
use constellation_sim::{Act, Drift, Faults, Machine, Plan, Setup, Span, Wall, WallClaims};
use constellation_trace::{Elapsed, EventId, NodeId, Trace, TrueTime, WallTime};

use super::{Soundness, Specimen};
use crate::case::{Breach, Case};
use crate::subject::Subject;

const KEEPER: NodeId = NodeId::new(0);
const PROMISE: &str = "nobody acts under a lease after another has begun to act under the next";

pub(super) const SPECIMENS: &[Specimen] = &[
    Specimen {
        name: "lease",
        variant: "from-asking",
        does: "the holder counts from when it asked, by a clock that never stops, and looks in the step in which it acts; its \
               acts are its own and take no time (else see lock)",
        promise: PROMISE,
        soundness: Soundness::Right,
        subject: || subject(Variant::FromAsking),
    },
    Specimen {
        name: "lease",
        variant: "wall-clock",
        does: "the lease names its end, and the holder looks at its wall clock, which may be set back",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::WallClock),
    },
    Specimen {
        name: "lease",
        variant: "from-arrival",
        does: "the holder counts from when the lease arrives, however long that was under way",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::FromArrival),
    },
    Specimen {
        name: "lease",
        variant: "from-last-asking",
        does: "the holder counts from when it last asked, while the lease answers what it asked before",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::FromLastAsking),
    },
    Specimen {
        name: "lease",
        variant: "looks-sometimes",
        does: "the holder looks before every third act, and may be stopped between two",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::LooksSometimes),
    },
    Specimen {
        name: "lease",
        variant: "monotonic-through-suspend",
        does: "the same on a machine that may be suspended, while which its monotonic clock stands still",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::MonotonicThroughSuspend),
    },
];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Variant {
    FromAsking,
    WallClock,
    FromArrival,
    FromLastAsking,
    LooksSometimes,
    MonotonicThroughSuspend,
}

/// Ground keeps the lease; the stations ask for it again and again and act while they hold it.
struct Leaseholder {
    variant: Variant,
    /// At ground: how many leases were given.
    given: u32,
    /// At ground: until when the last one is held, by its own clock.
    given_until: Elapsed,
    held: Option<Held>,
    last_asked_at: Elapsed,
}

#[derive(Clone, Copy)]
struct Held {
    lease: u32,
    until: Elapsed,
    until_wall: WallTime,
    acts_left: u32,
}

#[derive(Clone, Debug)]
enum Message {
    /// When it was asked, by the clock of the one who asks; the answer says it again.
    Ask {
        asked_at: Elapsed,
    },
    Lease {
        lease: u32,
        asked_at: Elapsed,
        until_wall: WallTime,
    },
}

const LEASE: Duration = Duration::from_millis(200);
/// What the holder leaves of it, since its clock may be the slower one: far more than a drift of 1 in 1,000.
const MARGIN: Duration = Duration::from_millis(10);
/// How often it acts under one lease at most.
const ACTS: u32 = 24;
const ASK: Timer = Timer(0);
const ACT: Timer = Timer(1);

impl Node for Leaseholder {
    type Message = Message;
    type Request = ();

    fn on(&mut self, now: Now, input: Input<Message, ()>, effects: &mut Effects<Message>) {
        match input {
            Input::Request(()) | Input::Timer(ASK) if self.held.is_none() => {
                self.last_asked_at = now.elapsed;
                effects.event("asks for the lease");
                effects.send(KEEPER, Message::Ask { asked_at: now.elapsed });
                effects.set_timer(ASK, Duration::from_millis(60));
            }
            Input::Message { from, message: Message::Ask { asked_at } }
                if now.elapsed >= self.given_until =>
            {
                self.given += 1;
                self.given_until = now.elapsed.saturating_add(LEASE);
                effects.label(format!("gives lease {} for 200 ms", self.given));
                let until_wall = now.wall.saturating_add(LEASE - MARGIN);
                effects.send(from, Message::Lease { lease: self.given, asked_at, until_wall });
            }
            Input::Message { message: Message::Lease { lease, asked_at, until_wall }, .. } => {
                let from = match self.variant {
                    Variant::FromArrival => now.elapsed,
                    Variant::FromLastAsking => self.last_asked_at,
                    _ => asked_at,
                };
                let until = from.saturating_add(LEASE - MARGIN);
                self.held = Some(Held { lease, until, until_wall, acts_left: ACTS });
                effects.label(format!("has lease {lease}"));
                self.act(now, effects);
            }
            Input::Timer(ACT) => self.act(now, effects),
            _ => {}
        }
    }
}

impl Leaseholder {
    /// Acts, unless the lease is over as far as it can see, and goes on in a while.
    fn act(&mut self, now: Now, effects: &mut Effects<Message>) {
        let Some(held) = &mut self.held else { return };
        let is_in_midst = !held.acts_left.is_multiple_of(3);
        let is_held = match self.variant {
            Variant::WallClock => now.wall < held.until_wall,
            Variant::LooksSometimes if is_in_midst => true,
            _ => now.elapsed < held.until,
        };
        if is_held && held.acts_left > 0 {
            held.acts_left -= 1;
            effects.event(format!("acts under lease {}", held.lease));
            effects.set_timer(ACT, Duration::from_millis(10));
        } else {
            effects.event(format!("ends lease {}", held.lease));
            self.held = None;
            effects.set_timer(ASK, Duration::from_millis(100));
        }
    }
}

fn acts_in_turn(trace: &Trace, variant: Variant) -> Result<(), Breach> {
    let mut latest: Option<(u32, EventId)> = None;
    for event in trace.event_ids() {
        let Some(lease) = trace.label(event).strip_prefix("acts under lease ") else { continue };
        let lease = lease.parse().unwrap_or(0);
        if let Some((newer, first)) = latest.filter(|(newer, _)| *newer > lease) {
            let name = |event| trace.node_name(trace.node_of(event));
            let (old, new) = (name(event), name(first));
            let before = [
                format!("gives lease {lease} "),
                format!("has lease {lease}"),
                format!("gives lease {newer} "),
            ];
            let before =
                before.map(|words| trace.event_ids().find(|event| trace.label(*event).starts_with(&words)));
            let asks = |asks: &EventId| {
                trace.label(*asks) == "asks for the lease" && trace.node_of(*asks) == trace.node_of(event)
            };
            let until_had = trace.event_ids().take_while(|event| Some(*event) < before[1]);
            let before = before.into_iter().flatten().chain(until_had.filter(asks));
            return Err(Breach::new(
                format!("lease {lease} of {old} is over when {new} acts under lease {newer}"),
                format!("{old} still acts under it, so that two hold the lease at once"),
            )
            .shown_by(before.chain([first, event]).collect::<BTreeSet<_>>())
            .by_rule(format!(
                "ground, whose clock is right, gave the second when the 200 ms of the first were over; {old} {}",
                variant.goes_wrong()
            )));
        }
        // The first act under a lease is the one that counts.
        latest = latest.filter(|(newest, _)| *newest == lease).or(Some((lease, event)));
    }
    Ok(())
}

impl Variant {
    /// What a holder does that is wrong then.
    const fn goes_wrong(self) -> &'static str {
        match self {
            Variant::FromAsking => "must have known that",
            Variant::WallClock => "goes by its wall clock, which was set back",
            Variant::FromArrival => {
                "counts them from when the lease arrived, which was long after ground gave it"
            }
            Variant::FromLastAsking => {
                "counts them from its last asking, but the lease answers an earlier one"
            }
            Variant::LooksSometimes => {
                "did not look at its clock before this act, and was stopped since it had"
            }
            Variant::MonotonicThroughSuspend => {
                "counts them by a clock that stood still while it was suspended"
            }
        }
    }
}

fn subject(variant: Variant) -> Box<dyn Subject> {
    let ms = |ms: u64| TrueTime::from_ns(ms * 1_000_000);
    let ppm = |ppm| Odds::ppm(ppm).expect("below a million");
    let link = Link {
        latency_min: Duration::from_millis(10),
        latency_max: Duration::from_millis(150),
        ..Link::INSTANT
    };
    let is_suspended = variant == Variant::MonotonicThroughSuspend;
    let faults = Faults {
        suspend: if is_suspended { ppm(20_000) } else { Odds::NEVER },
        suspend_time: Span { min: Duration::from_millis(100), max: Duration::from_millis(400) },
        pause: ppm(10_000),
        pause_time: Span { min: Duration::from_millis(250), max: Duration::from_millis(500) },
        wall_step: ppm(10_000),
        wall_step_min_ns: -2_000_000_000,
        wall_step_max_ns: -1_000_000_000,
        ..Faults::NONE
    };
    let machine = |name: &str, drift_ppb| Machine {
        wall: Wall { drift: Drift::ppb(drift_ppb).expect("1 in 1,000"), ..Wall::TRUE },
        faults,
        ..Machine::new(name)
    };
    let plan = Plan::new()
        .at(ms(10), Act::Request { node: NodeId::new(1), request: () })
        .at(ms(100), Act::Request { node: NodeId::new(2), request: () });
    let setup = Setup {
        machines: vec![
            Machine::new("ground"),
            machine("pacific", -1_000_000),
            machine("atlantic", 1_000_000),
        ],
        network: Network::new(link),
        plan,
        epoch: WallTime::from_ns(1_000_000_000_000),
        wall_claims: WallClaims::Recorded,
        grace: Duration::from_millis(500),
        ..Setup::new(Vec::<String>::new(), ms(600))
    };
    let nothing = Elapsed::from_ns(0);
    let node =
        move |_| Leaseholder { variant, given: 0, given_until: nothing, held: None, last_asked_at: nothing };
    Box::new(
        Case::new("lease", setup, node).always(PROMISE, move |trace: &Trace| acts_in_turn(trace, variant)),
    )
}

//! At most once: a server that knows each key it has served must know it as long as somebody may ask again.

use std::time::Duration;

use constellation_fabric::{Effects, Input, Link, Network, Node, Now, Odds, Timer};
use constellation_sim::{Act, Faults, Machine, Plan, Setup, Span};
use constellation_trace::{EventId, Kind, NodeId, Trace, TrueTime};

use super::{Soundness, Specimen};
use crate::case::{Breach, Case};
use crate::subject::Subject;

const GROUND: NodeId = NodeId::new(0);
const THRUSTER: NodeId = NodeId::new(1);
const PROMISE: &str = "no burn happens twice";

pub(super) const SPECIMENS: &[Specimen] = &[
    Specimen {
        name: "at-most-once",
        variant: "keys-on-disk",
        does: "the key of a burn is on disk before the thruster fires",
        promise: PROMISE,
        soundness: Soundness::Right,
        subject: || subject(Variant::OnDisk),
    },
    Specimen {
        name: "at-most-once",
        variant: "keys-in-memory",
        does: "the keys are in memory alone, and a restart has none",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::InMemory),
    },
    Specimen {
        name: "at-most-once",
        variant: "latest-key",
        does: "to save room, only the latest key is kept",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::LatestKey),
    },
];

/// Which keys the thruster knows again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Variant {
    OnDisk,
    InMemory,
    LatestKey,
}

/// Ground orders burns, each under a key, and asks again until it hears of each; the thruster fires once for a key.
struct Burns {
    variant: Variant,
    /// At the thruster: which it has fired for. At ground: of which it has heard.
    keys: Vec<u8>,
}

#[derive(Clone, Debug)]
enum Message {
    Fire { key: u8 },
    Fired { key: u8 },
}

impl Node for Burns {
    type Message = Message;
    type Request = u8;

    fn on(&mut self, _now: Now, input: Input<Message, u8>, effects: &mut Effects<Message>) {
        match input {
            Input::Request(key) => {
                effects.event(format!("orders burn {key}"));
                ask(key, effects);
            }
            Input::Timer(Timer(key)) => {
                let key = u8::try_from(key).expect("it was made from 8 bits");
                if !self.keys.contains(&key) {
                    effects.event(format!("asks again for burn {key}"));
                    ask(key, effects);
                }
            }
            Input::Message { message: Message::Fired { key }, .. } => self.keys.push(key),
            Input::Message { message: Message::Fire { key }, .. } => {
                if !self.keys.contains(&key) {
                    self.remember(key, effects);
                    effects.event(format!("fires for burn {key}"));
                }
                effects.send(GROUND, Message::Fired { key });
            }
            Input::Restart { state, .. } => self.keys = state.unwrap_or_default(),
            _ => {}
        }
    }
}

impl Burns {
    fn remember(&mut self, key: u8, effects: &mut Effects<Message>) {
        if self.variant == Variant::LatestKey {
            self.keys.clear();
        }
        self.keys.push(key);
        if self.variant != Variant::InMemory {
            effects.persist(self.keys.clone());
        }
    }
}

fn ask(key: u8, effects: &mut Effects<Message>) {
    effects.send(THRUSTER, Message::Fire { key });
    effects.set_timer(Timer(u32::from(key)), Duration::from_millis(100));
}

fn fires_once(trace: &Trace, variant: Variant) -> Result<(), Breach> {
    let fires = |event: &EventId| trace.label(*event).starts_with("fires for");
    let fired: Vec<_> = trace.event_ids().filter(fires).collect();
    for (nth, second) in fired.iter().enumerate() {
        let is_same = |first: &&_| trace.label(**first) == trace.label(*second);
        let Some(first) = fired[..nth].iter().find(is_same) else { continue };
        let burn = trace.label(*second).strip_prefix("fires for ").unwrap_or_default();
        let between = trace.event_ids().filter(|event| (first..second).contains(&event));
        let between: Vec<_> = between.collect();
        let is_restart = |event: &EventId| matches!(trace.event(*event).kind, Kind::Restart { .. });
        let tells = |event: &EventId| {
            let label = trace.label(*event);
            label == format!("asks again for {burn}") || fires(event) || is_restart(event)
        };
        let why = match variant {
            Variant::OnDisk => "it does not know any more that it has",
            Variant::InMemory => "it restarted in between and no longer knows what it had fired for",
            Variant::LatestKey => "it has fired for another since and remembers that one alone",
        };
        return Err(Breach::new(
            format!("{burn} was ordered once, so the thruster fires for it once"),
            format!("the thruster fires for {burn} again: {why}"),
        )
        .shown_by(between.into_iter().filter(tells).chain([*second]))
        .by_rule("a request that is sent again has the key of the first, by which the thruster can tell"));
    }
    Ok(())
}

fn subject(variant: Variant) -> Box<dyn Subject> {
    let ms = |ms: u64| TrueTime::from_ns(ms * 1_000_000);
    let ppm = |ppm| Odds::ppm(ppm).expect("below a million");
    let link = Link {
        latency_min: Duration::from_millis(10),
        latency_max: Duration::from_millis(40),
        loss: ppm(100_000),
        ..Link::INSTANT
    };
    let faults = Faults {
        crash_before: ppm(50_000),
        crash_after: ppm(50_000),
        down: Span { min: Duration::from_millis(20), max: Duration::from_millis(200) },
        ..Faults::NONE
    };
    let setup = Setup {
        machines: vec![Machine::new("ground"), Machine { faults, ..Machine::new("thruster") }],
        network: Network::new(link),
        plan: Plan::new()
            .at(ms(10), Act::Request { node: GROUND, request: 1 })
            .at(ms(60), Act::Request { node: GROUND, request: 2 }),
        grace: Duration::from_secs(1),
        ..Setup::new(Vec::<String>::new(), ms(500))
    };
    let node = move |_| Burns { variant, keys: Vec::new() };
    Box::new(
        Case::new("at-most-once", setup, node)
            .always(PROMISE, move |trace: &Trace| fires_once(trace, variant)),
    )
}

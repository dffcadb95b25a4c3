//! A request, its reply, and a retry: without a key the server cannot tell a retry from a second request.

use std::collections::BTreeSet;
use std::time::Duration;

use constellation_fabric::{Effects, Input, Link, Network, Node, Now, Odds, Timer};
use constellation_sim::{Act, Plan, Setup};
use constellation_trace::{EventId, NodeId, Trace, TrueTime};

use super::{Soundness, Specimen};
use crate::case::{Breach, Case};
use crate::subject::Subject;

const GROUND: NodeId = NodeId::new(0);
const THRUSTER: NodeId = NodeId::new(1);
const PROMISE: &str = "each burn that is ordered happens once";

pub(super) const SPECIMENS: &[Specimen] = &[
    Specimen {
        name: "request-reply",
        variant: "keyed",
        does: "a retry has the key of its request, and the thruster fires once for each key",
        promise: PROMISE,
        soundness: Soundness::Right,
        subject: || subject(Retry::Keyed),
    },
    Specimen {
        name: "request-reply",
        variant: "blind",
        does: "a retry is another request: if only the reply was late or lost, the thruster fires again",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Retry::Blind),
    },
];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Retry {
    Keyed,
    Blind,
}

/// Ground orders burns and asks again for each until it hears of it; the thruster fires and says so.
struct Burn {
    retry: Retry,
    me: NodeId,
    /// At ground: of which burns it has heard.
    confirmed: Vec<u32>,
    fired: Vec<u32>,
}

#[derive(Clone, Debug)]
enum Message {
    Fire { key: u32 },
    Fired { key: u32 },
}

impl Node for Burn {
    type Message = Message;
    type Request = u32;

    fn on(&mut self, _now: Now, input: Input<Message, u32>, effects: &mut Effects<Message>) {
        match input {
            Input::Request(key) => {
                effects.event(format!("orders burn {key}"));
                ask(key, effects);
            }
            Input::Timer(Timer(key)) if self.me == GROUND && !self.confirmed.contains(&key) => {
                effects.event(format!("asks again for burn {key}"));
                ask(key, effects);
            }
            Input::Message { message: Message::Fire { key }, .. } => {
                if self.retry == Retry::Blind || !self.fired.contains(&key) {
                    self.fired.push(key);
                    effects.label(format!("{FIRES}{key}"));
                }
                effects.send(GROUND, Message::Fired { key });
            }
            Input::Message { message: Message::Fired { key }, .. } => self.confirmed.push(key),
            _ => {}
        }
    }
}

fn ask(key: u32, effects: &mut Effects<Message>) {
    effects.send(THRUSTER, Message::Fire { key });
    effects.set_timer(Timer(key), Duration::from_millis(100));
}

const FIRES: &str = "fires for burn ";

fn fires_once(trace: &Trace) -> Result<(), Breach> {
    let mut fired = BTreeSet::new();
    for second in trace.event_ids() {
        let Some(key) = trace.label(second).strip_prefix(FIRES) else { continue };
        if fired.insert(key) {
            continue;
        }
        let burn = format!("burn {key}");
        let tells = |event: &EventId| trace.label(*event).ends_with(&burn) && *event <= second;
        return Err(Breach::new(
            format!("ground orders {burn} once, so the thruster fires for it once"),
            "the thruster fires for it twice: it takes the second request for another order",
        )
        .shown_by(trace.event_ids().filter(tells))
        .by_rule("ground ordered one burn, and asked again only since it had not heard of it"));
    }
    Ok(())
}

fn subject(retry: Retry) -> Box<dyn Subject> {
    let ms = |ms: u64| TrueTime::from_ns(ms * 1_000_000);
    let link = Link {
        latency_min: Duration::from_millis(10),
        latency_max: Duration::from_millis(40),
        loss: Odds::ppm(100_000).expect("a tenth"),
        ..Link::INSTANT
    };
    let setup = Setup {
        network: Network::new(link),
        plan: Plan::new()
            .at(ms(10), Act::Request { node: GROUND, request: 1 })
            .at(ms(260), Act::Request { node: GROUND, request: 2 }),
        grace: Duration::from_secs(1),
        ..Setup::new(["ground", "thruster"], ms(500))
    };
    let node = move |me| Burn { retry, me, confirmed: Vec::new(), fired: Vec::new() };
    Box::new(Case::new("request-reply", setup, node).always(PROMISE, fires_once))
}

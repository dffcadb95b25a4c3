//! Keys of what was done cannot be kept for ever: one is forgotten when its client asks no more, and not by the clock.
//!
//! That each request confirms the earlier ones is from Birrell and Nelson (1984).

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use constellation_fabric::{Effects, Input, Link, Network, Node, Now, Sequence, Spread, Timer};
use constellation_sim::{Act, Plan, Setup};
use constellation_trace::{Elapsed, EventId, Kind, NodeId, Trace, TrueTime};

use super::{Soundness, Specimen};
use crate::case::{Breach, Case};
use crate::subject::Subject;

const GROUND: NodeId = NodeId::new(0);
const SATELLITE: NodeId = NodeId::new(1);
const PROMISE: &str = "no command is carried out twice";

pub(super) const SPECIMENS: &[Specimen] = &[
    Specimen {
        name: "dedup-window",
        variant: "until-confirmed",
        does: "ground says below which number it asks no more; older keys are forgotten, older commands refused",
        promise: PROMISE,
        soundness: Soundness::Right,
        subject: || subject(Variant::UntilConfirmed),
    },
    Specimen {
        name: "dedup-window",
        variant: "for-a-while",
        does: "a key is forgotten after 250 ms, but a command may be longer under way",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::ForAWhile),
    },
    Specimen {
        name: "dedup-window",
        variant: "forgets-only",
        does: "keys are forgotten once they are confirmed, but an old command that comes then is taken for a new one",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::ForgetsOnly),
    },
];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Variant {
    UntilConfirmed,
    ForAWhile,
    ForgetsOnly,
}

/// Ground numbers its commands and asks again until it hears of each; the satellite carries each out once.
struct Party {
    variant: Variant,
    /// At ground: how many commands there are, and of which it has heard.
    begun: u32,
    confirmed: BTreeSet<u32>,
    /// At the satellite: which it has carried out and when, as far as it knows, and below which none comes any more.
    done: BTreeMap<u32, Elapsed>,
    settled: u32,
}

#[derive(Clone, Debug)]
enum Message {
    /// All below `settled` are confirmed.
    Command {
        number: u32,
        settled: u32,
    },
    Done {
        number: u32,
    },
}

/// The next command.
#[derive(Clone, Debug)]
struct Order;

const WINDOW: Duration = Duration::from_millis(250);

impl Node for Party {
    type Message = Message;
    type Request = Order;

    fn on(&mut self, now: Now, input: Input<Message, Order>, effects: &mut Effects<Message>) {
        match input {
            Input::Request(Order) => {
                self.begun += 1;
                effects.event(format!("orders command {}", self.begun));
                self.ask(self.begun, effects);
            }
            Input::Timer(Timer(number)) if !self.confirmed.contains(&number) => {
                effects.event(format!("asks again for command {number}"));
                self.ask(number, effects);
            }
            Input::Message { message: Message::Done { number }, .. } => {
                effects.label(format!("hears that command {number} is done"));
                self.confirmed.insert(number);
            }
            Input::Message { message: Message::Command { number, settled }, .. } => {
                self.settled = self.settled.max(settled);
                self.forget(now, effects);
                if self.variant == Variant::UntilConfirmed && number < self.settled {
                    return effects.event(format!("refuses command {number}, which is settled"));
                }
                if let Entry::Vacant(first_time) = self.done.entry(number) {
                    first_time.insert(now.elapsed);
                    effects.event(format!("{CARRIES_OUT}{number}"));
                }
                effects.send(GROUND, Message::Done { number });
            }
            _ => {}
        }
    }
}

impl Party {
    fn ask(&self, number: u32, effects: &mut Effects<Message>) {
        let is_open = |number: &u32| !self.confirmed.contains(number);
        let settled = (1..=self.begun).find(is_open).unwrap_or(self.begun + 1);
        effects.send(SATELLITE, Message::Command { number, settled });
        effects.set_timer(Timer(number), Duration::from_millis(100));
    }

    /// Makes room for other keys.
    fn forget(&mut self, now: Now, effects: &mut Effects<Message>) {
        let is_kept = |number: &u32, done_at: &Elapsed| match self.variant {
            Variant::ForAWhile => now.elapsed < done_at.saturating_add(WINDOW),
            Variant::UntilConfirmed | Variant::ForgetsOnly => *number >= self.settled,
        };
        for (number, _) in self.done.extract_if(.., |number, done_at| !is_kept(number, done_at)) {
            effects.event(format!("forgets that command {number} is done"));
        }
    }
}

const CARRIES_OUT: &str = "carries out command ";

fn at_most_once(trace: &Trace, variant: Variant) -> Result<(), Breach> {
    let mut first: BTreeMap<&str, EventId> = BTreeMap::new();
    for event in trace.event_ids() {
        let Some(number) = trace.label(event).strip_prefix(CARRIES_OUT) else { continue };
        let Some(first) = first.insert(number, event) else { continue };
        let forgets = format!("forgets that command {number} is done");
        let forgets = trace.event_ids().find(|event| trace.label(*event) == forgets);
        // The command was received as the step before, or a few before.
        let is_receipt = |event: &EventId| {
            trace.node_of(*event) == SATELLITE && matches!(trace.event(*event).kind, Kind::Receive(_))
        };
        let sent = |done: EventId| {
            let receipt = trace.event_ids().take_while(|event| *event < done).filter(is_receipt).last()?;
            match trace.event(receipt).kind {
                Kind::Receive(message) => Some(trace.message(message).send),
                _ => None,
            }
        };
        let sends = [first, event].into_iter().filter_map(sent);
        let events: BTreeSet<_> = sends.chain([first]).chain(forgets).chain([event]).collect();
        return Err(Breach::new(
            format!("the satellite has carried out command {number}, so it does not do it again"),
            format!(
                "the satellite carries out command {number} again, since it has forgotten the first time"
            ),
        )
        .shown_by(events)
        .by_rule(format!(
            "both requests have one number, so the one that came later is not another command; {}",
            variant.goes_wrong()
        )));
    }
    Ok(())
}

impl Variant {
    /// Why the satellite takes it for one.
    const fn goes_wrong(self) -> &'static str {
        match self {
            Variant::UntilConfirmed => "what is forgotten must be refused",
            Variant::ForAWhile => "it was longer under way than the satellite remembers",
            Variant::ForgetsOnly => {
                "ground had confirmed the number, so the satellite forgot it, but it did not refuse what is older"
            }
        }
    }
}

fn subject(variant: Variant) -> Box<dyn Subject> {
    let ms = |ms: u64| TrueTime::from_ns(ms * 1_000_000);
    // Nothing is lost, but few messages take long, and may be overtaken.
    let link = Link {
        latency_min: Duration::from_millis(10),
        latency_max: Duration::from_millis(1_500),
        spread: Spread::Tail,
        sequence: Sequence::Unordered,
        ..Link::INSTANT
    };
    let mut plan = Plan::new();
    for at in [10, 200, 400, 600] {
        plan.add(ms(at), Act::Request { node: GROUND, request: Order });
    }
    let setup = Setup {
        network: Network::new(link),
        plan,
        grace: Duration::from_secs(1),
        ..Setup::new(["ground", "satellite"], ms(800))
    };
    let node =
        move |_| Party { variant, begun: 0, confirmed: BTreeSet::new(), done: BTreeMap::new(), settled: 0 };
    Box::new(
        Case::new("dedup-window", setup, node)
            .always(PROMISE, move |trace: &Trace| at_most_once(trace, variant)),
    )
}

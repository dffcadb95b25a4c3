//! Silence is no failure: who takes over after a time-out may find the other at work, unless a majority decides.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use constellation_fabric::{Effects, Input, Link, Network, Node, Now, Odds, Timer};
use constellation_sim::{Act, Faults, Machine, Plan, Setup, Span};
use constellation_trace::{NodeId, Trace, TrueTime};

use super::{Soundness, Specimen};
use crate::case::{Breach, Case};
use crate::subject::Subject;

const PACIFIC: NodeId = NodeId::new(0);
const ATLANTIC: NodeId = NodeId::new(1);
const INDIAN: NodeId = NodeId::new(2);
const PROMISE: &str = "no number is given twice";

pub(super) const SPECIMENS: &[Specimen] = &[
    Specimen {
        name: "failure-detector",
        variant: "majority",
        does: "to take over, and to give a number, two of three must agree, who then follow no earlier primary",
        promise: PROMISE,
        soundness: Soundness::Right,
        subject: || subject(Variant::Majority),
    },
    Specimen {
        name: "failure-detector",
        variant: "time-out",
        does: "the standby takes over alone when the primary is silent for too long",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::TimeOut),
    },
];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Variant {
    Majority,
    TimeOut,
}

/// The primary gives numbers to customers, each the next; pacific is the first primary, indian only agrees.
struct Station {
    variant: Variant,
    me: NodeId,
    /// The latest primary that it follows is that of this epoch.
    epoch: u32,
    is_primary: bool,
    /// The highest number that it knows of.
    last: u32,
    /// Who agrees that it is primary, when it stands.
    yes: BTreeSet<NodeId>,
    /// Who knows of the numbers that are to be given.
    known: BTreeMap<u32, BTreeSet<NodeId>>,
}

#[derive(Clone, Debug)]
enum Message {
    /// The primary lives, and this is the latest number.
    Beat {
        epoch: u32,
        last: u32,
    },
    Known {
        epoch: u32,
        last: u32,
    },
    /// The standby wants to be primary of this epoch.
    Follow {
        epoch: u32,
    },
    Followed {
        epoch: u32,
        last: u32,
    },
}

const BEAT: Timer = Timer(0);
const SILENCE: Timer = Timer(1);

impl Node for Station {
    type Message = Message;
    type Request = ();

    fn on(&mut self, _now: Now, input: Input<Message, ()>, effects: &mut Effects<Message>) {
        match input {
            Input::Start if self.is_primary => self.beat(effects),
            Input::Start => self.listen(effects),
            Input::Request(()) if self.is_primary => {
                self.last += 1;
                self.known.insert(self.last, BTreeSet::new());
                effects.event(format!("is asked for number {}", self.last));
                self.beat(effects);
                self.know(self.me, self.last, effects);
            }
            Input::Timer(BEAT) if self.is_primary => self.beat(effects),
            Input::Timer(SILENCE) if !self.is_primary => {
                self.epoch += 1;
                effects.event("hears nothing of the primary");
                self.tell_others(Message::Follow { epoch: self.epoch }, effects);
                self.yes.clear();
                self.agree(self.me, effects);
            }
            Input::Message { from, message: Message::Beat { epoch, last } } if epoch >= self.epoch => {
                self.follow(epoch, effects);
                self.last = self.last.max(last);
                effects.send(from, Message::Known { epoch, last });
            }
            Input::Message { from, message: Message::Known { epoch, last } } if epoch == self.epoch => {
                self.know(from, last, effects);
            }
            Input::Message { from, message: Message::Follow { epoch } } if epoch > self.epoch => {
                self.follow(epoch, effects);
                effects.send(from, Message::Followed { epoch, last: self.last });
            }
            Input::Message { from, message: Message::Followed { epoch, last } } if epoch == self.epoch => {
                self.last = self.last.max(last);
                self.agree(from, effects);
            }
            _ => {}
        }
    }
}

impl Station {
    fn needed(&self) -> usize {
        match self.variant {
            Variant::Majority => 2,
            Variant::TimeOut => 1,
        }
    }

    fn follow(&mut self, epoch: u32, effects: &mut Effects<Message>) {
        if epoch > self.epoch {
            (self.epoch, self.is_primary) = (epoch, false);
            self.known.clear();
        }
        self.listen(effects);
    }

    /// Indian has no customers, and does not want to be primary.
    fn listen(&self, effects: &mut Effects<Message>) {
        if self.me != INDIAN {
            effects.set_timer(SILENCE, Duration::from_millis(150));
        }
    }

    fn agree(&mut self, who: NodeId, effects: &mut Effects<Message>) {
        self.yes.insert(who);
        if !self.is_primary && self.yes.len() >= self.needed() {
            self.is_primary = true;
            effects.event("takes over as primary");
            self.beat(effects);
        } else if !self.is_primary {
            self.listen(effects);
        }
    }

    fn beat(&self, effects: &mut Effects<Message>) {
        self.tell_others(Message::Beat { epoch: self.epoch, last: self.last }, effects);
        effects.set_timer(BEAT, Duration::from_millis(50));
    }

    /// Somebody knows of all numbers up to this one; what enough know of is given.
    fn know(&mut self, who: NodeId, last: u32, effects: &mut Effects<Message>) {
        let needed = self.needed();
        for (number, known) in self.known.range_mut(..=last) {
            known.insert(who);
            if known.len() >= needed {
                effects.event(format!("gives number {number}"));
            }
        }
        self.known.retain(|_, known| known.len() < needed);
    }

    fn tell_others(&self, message: Message, effects: &mut Effects<Message>) {
        for other in [PACIFIC, ATLANTIC, INDIAN].into_iter().filter(|other| *other != self.me) {
            effects.send(other, message.clone());
        }
    }
}

fn gives_each_once(trace: &Trace) -> Result<(), Breach> {
    let gives = trace.event_ids().filter(|event| trace.label(*event).starts_with("gives"));
    let gives: Vec<_> = gives.collect();
    for (nth, second) in gives.iter().enumerate() {
        let is_same = |first: &&_| trace.label(**first) == trace.label(*second);
        let Some(first) = gives[..nth].iter().find(is_same) else { continue };
        let name = |event| trace.node_name(trace.node_of(event));
        let number = trace.label(*second).strip_prefix("gives ").unwrap_or_default();
        let takes_over = |event: &_| trace.label(*event) == "takes over as primary";
        let takes_over: Vec<_> =
            trace.event_ids().filter(|event| event < second).filter(takes_over).collect();
        let (one, other) = (name(*first), name(*second));
        let who = takes_over.last().map_or("nobody", |event| name(*event));
        let mut events: Vec<_> = takes_over.into_iter().chain([*first, *second]).collect();
        events.sort();
        return Err(Breach::new(
            format!("{number}, which {one} gave to a customer, is given to nobody else"),
            format!("{other} gives {number} to another: {who} took over, but the primary was only silent"),
        )
        .shown_by(events)
        .by_rule("no station failed in this run; one was silent, and that was taken for a failure"));
    }
    Ok(())
}

fn subject(variant: Variant) -> Box<dyn Subject> {
    let ms = |ms: u64| TrueTime::from_ns(ms * 1_000_000);
    let link = Link {
        latency_min: Duration::from_millis(10),
        latency_max: Duration::from_millis(100),
        ..Link::INSTANT
    };
    let faults = Faults {
        pause: Odds::ppm(20_000).expect("below a million"),
        pause_time: Span { min: Duration::from_millis(100), max: Duration::from_millis(400) },
        ..Faults::NONE
    };
    let mut plan = Plan::new();
    for nth in 0..5 {
        for (node, after) in [(PACIFIC, 0), (ATLANTIC, 20)] {
            plan.add(ms(100 + 60 * nth + after), Act::Request { node, request: () });
        }
    }
    let setup = Setup {
        machines: ["pacific", "atlantic", "indian"]
            .map(|name| Machine { faults, ..Machine::new(name) })
            .into(),
        network: Network::new(link),
        plan,
        grace: Duration::from_millis(200),
        ..Setup::new(Vec::<String>::new(), ms(450))
    };
    let node = move |me| Station {
        variant,
        me,
        epoch: 1,
        is_primary: me == PACIFIC,
        last: 0,
        yes: BTreeSet::new(),
        known: BTreeMap::new(),
    };
    Box::new(Case::new("failure-detector", setup, node).always(PROMISE, gives_each_once))
}

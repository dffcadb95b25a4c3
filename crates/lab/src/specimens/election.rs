//! Electing a leader in numbered terms: each station has one vote in a term, also after a restart, and most must agree.
//!
//! The election is that of Raft (Ongaro and Ousterhout 2014) without its log.

use std::collections::BTreeSet;
use std::time::Duration;

use constellation_fabric::{Effects, Input, Link, Network, Node, Now, Odds, Timer};
use constellation_sim::{Faults, Machine, Setup, Span};
use constellation_trace::{EventId, Kind, NodeId, Trace, TrueTime};

use super::{Soundness, Specimen};
use crate::case::{Breach, Case};
use crate::subject::Subject;

const NAMES: [&str; 4] = ["pacific", "atlantic", "indian", "arctic"];
/// How long each waits for word of a leader.
const PATIENCE_MS: [u64; 4] = [60, 65, 100, 130];
const PROMISE: &str = "no term has two leaders";

pub(super) const SPECIMENS: &[Specimen] = &[
    Specimen {
        name: "election",
        variant: "majority",
        does: "a vote is on disk before it is told, and more than half of all stations elect",
        promise: PROMISE,
        soundness: Soundness::Right,
        subject: || subject(Variant::Majority, 3),
    },
    Specimen {
        name: "election",
        variant: "majority-of-four",
        does: "the same among an even number of stations: three of four elect",
        promise: PROMISE,
        soundness: Soundness::Right,
        subject: || subject(Variant::Majority, 4),
    },
    Specimen {
        name: "election",
        variant: "forgotten-vote",
        does: "a vote is in memory alone, so that a station which restarts may vote again in the same term",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 2 },
        subject: || subject(Variant::ForgottenVote, 3),
    },
    Specimen {
        name: "election",
        variant: "half",
        does: "half of the stations elect, which of an even number both halves can do",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::Half, 4),
    },
    Specimen {
        name: "election",
        variant: "majority-of-answers",
        does: "more than half of those who answer in time elect, so that who hears nobody elects itself",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 3 },
        subject: || subject(Variant::MajorityOfAnswers, 3),
    },
];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Variant {
    Majority,
    ForgottenVote,
    Half,
    MajorityOfAnswers,
}

struct Station {
    variant: Variant,
    me: NodeId,
    stations: u32,
    term: u32,
    /// For whom it voted in this term.
    vote: Option<NodeId>,
    role: Role,
}

enum Role {
    Follower,
    Candidate { yes: BTreeSet<NodeId>, no: BTreeSet<NodeId> },
    Leader,
}

#[derive(Clone, Debug)]
enum Message {
    Elect { term: u32 },
    Vote { term: u32, is_yes: bool },
    Leads { term: u32 },
}

/// No leader was heard of for so long.
const SILENCE: Timer = Timer(0);
/// A candidate has waited long enough for answers, a leader for its next word.
const ROUND: Timer = Timer(1);

impl Node for Station {
    type Message = Message;
    type Request = ();

    fn on(&mut self, _now: Now, input: Input<Message, ()>, effects: &mut Effects<Message>) {
        match input {
            Input::Start => self.wait(effects),
            Input::Restart { state, .. } => {
                if let Some(&[term, vote]) = state.as_deref() {
                    (self.term, self.vote) = (u32::from(term), Some(NodeId::new(u32::from(vote))));
                }
                self.wait(effects);
            }
            Input::Timer(SILENCE) => self.stand(effects),
            Input::Timer(_) => self.end_round(effects),
            Input::Message { from, message: Message::Elect { term } } => {
                self.learn(term);
                let is_yes = term == self.term && self.vote.is_none_or(|vote| vote == from);
                if is_yes {
                    self.vote_for(from, effects);
                    self.wait(effects);
                }
                effects.send(from, Message::Vote { term, is_yes });
            }
            Input::Message { from, message: Message::Vote { term, is_yes } } if term == self.term => {
                self.count(from, is_yes, effects);
            }
            Input::Message { message: Message::Leads { term }, .. } if term >= self.term => {
                self.learn(term);
                self.role = Role::Follower;
                self.wait(effects);
            }
            _ => {}
        }
    }
}

impl Station {
    /// Waits for a leader; each station for another time, so that they do not all stand at once.
    fn wait(&mut self, effects: &mut Effects<Message>) {
        effects.set_timer(SILENCE, Duration::from_millis(PATIENCE_MS[self.me.index()]));
    }

    /// A later term than its own has begun, so that what was in its own is over.
    fn learn(&mut self, term: u32) {
        if term > self.term {
            (self.term, self.vote, self.role) = (term, None, Role::Follower);
        }
    }

    fn vote_for(&mut self, candidate: NodeId, effects: &mut Effects<Message>) {
        self.vote = Some(candidate);
        if self.variant != Variant::ForgottenVote {
            let byte = |number: u32| u8::try_from(number).unwrap_or(u8::MAX);
            effects.persist(vec![byte(self.term), byte(candidate.number())]);
        }
        effects.event(format!("votes for {} in term {}", NAMES[candidate.index()], self.term));
    }

    fn stand(&mut self, effects: &mut Effects<Message>) {
        self.learn(self.term + 1);
        self.vote_for(self.me, effects);
        self.role = Role::Candidate { yes: BTreeSet::from([self.me]), no: BTreeSet::new() };
        self.tell_others(Message::Elect { term: self.term }, effects);
        effects.set_timer(ROUND, Duration::from_millis(45));
    }

    fn count(&mut self, from: NodeId, is_yes: bool, effects: &mut Effects<Message>) {
        let Role::Candidate { yes, no } = &mut self.role else { return };
        if is_yes {
            yes.insert(from)
        } else {
            no.insert(from)
        };
        let all = self.stations as usize;
        let needed = match self.variant {
            Variant::Half => all / 2,
            _ => all / 2 + 1,
        };
        if yes.len() >= needed {
            self.lead(effects);
        }
    }

    fn end_round(&mut self, effects: &mut Effects<Message>) {
        match &self.role {
            Role::Follower => {}
            Role::Leader => self.lead(effects),
            Role::Candidate { yes, no }
                if self.variant == Variant::MajorityOfAnswers && yes.len() > no.len() =>
            {
                self.lead(effects);
            }
            Role::Candidate { .. } => {
                self.role = Role::Follower;
                self.wait(effects);
            }
        }
    }

    fn lead(&mut self, effects: &mut Effects<Message>) {
        if !matches!(self.role, Role::Leader) {
            effects.event(format!("leads term {}", self.term));
        }
        self.role = Role::Leader;
        self.tell_others(Message::Leads { term: self.term }, effects);
        effects.set_timer(ROUND, Duration::from_millis(50));
    }

    fn tell_others(&self, message: Message, effects: &mut Effects<Message>) {
        for other in (0..self.stations).map(NodeId::new).filter(|other| *other != self.me) {
            effects.send(other, message.clone());
        }
    }
}

fn has_one_leader(trace: &Trace) -> Result<(), Breach> {
    let led = trace.event_ids().filter_map(|event| Some((event, trace.label(event).strip_prefix("leads ")?)));
    let led: Vec<_> = led.collect();
    for (nth, (event, term)) in led.iter().enumerate() {
        let name = |event| trace.node_name(trace.node_of(event));
        let other = led[..nth].iter().find(|(other, same)| same == term && name(*other) != name(*event));
        let Some((other, _)) = other else { continue };
        let (first, second) = (name(*other), name(*event));
        let votes = |leader: &str| {
            let vote = format!("votes for {leader} in {term}");
            let votes = trace.event_ids().filter(|vote| vote < event);
            votes.filter(|event| trace.label(*event) == vote).collect::<Vec<_>>()
        };
        let (for_first, for_second) = (votes(first), votes(second));
        let names = |votes: &[EventId]| votes.iter().map(|vote| name(*vote)).collect::<BTreeSet<_>>();
        let (by_first, by_second) = (names(&for_first), names(&for_second));
        let told = |names: &BTreeSet<&str>| names.iter().copied().collect::<Vec<_>>().join(" and ");
        let twice = match told(&(&by_first & &by_second)) {
            nobody if nobody.is_empty() => {
                format!("that is {} of {} stations", by_second.len(), trace.nodes().len())
            }
            both => format!("{both} voted for both"),
        };
        let is_forgetting = |restart: &EventId| {
            let is_restart = matches!(trace.event(*restart).kind, Kind::Restart { .. });
            is_restart && by_first.contains(name(*restart)) && by_second.contains(name(*restart))
        };
        let restarts = trace.event_ids().filter(|restart| restart < event).filter(is_forgetting);
        let mut events: Vec<_> = for_first.iter().chain(&for_second).copied().chain(restarts).collect();
        events.extend([*other, *event]);
        events.sort();
        return Err(Breach::new(
            format!("{term} has one leader at most: {first}, for which {} had voted", told(&by_first)),
            format!("{second} leads {term}, too: {} had voted for it, and {twice}", told(&by_second)),
        )
        .shown_by(events)
        .by_rule(
            "two majorities of all stations have a station in common, and each has one vote in a term",
        ));
    }
    Ok(())
}

fn subject(variant: Variant, stations: u32) -> Box<dyn Subject> {
    let ppm = |ppm| Odds::ppm(ppm).expect("below a million");
    let link = Link {
        latency_min: Duration::from_millis(10),
        latency_max: Duration::from_millis(20),
        loss: ppm(100_000),
        ..Link::INSTANT
    };
    let crashes = Faults {
        crash_before: ppm(50_000),
        crash_after: ppm(50_000),
        down: Span { min: Duration::from_millis(1), max: Duration::from_millis(50) },
        ..Faults::NONE
    };
    let faults = match variant {
        Variant::Majority | Variant::ForgottenVote => crashes,
        Variant::Half | Variant::MajorityOfAnswers => Faults::NONE,
    };
    let names = NAMES.into_iter().take(stations as usize);
    let setup = Setup {
        machines: names.clone().map(|name| Machine { faults, ..Machine::new(name) }).collect(),
        network: Network::new(link),
        grace: Duration::from_millis(200),
        ..Setup::new(names, TrueTime::from_ns(200_000_000))
    };
    let node = move |me| Station { variant, me, stations, term: 0, vote: None, role: Role::Follower };
    Box::new(Case::new("election", setup, node).always(PROMISE, has_one_leader))
}

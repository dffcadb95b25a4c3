//! Two-phase commit: whoever has voted yes has given the decision away, and must wait for it, through crashes too.
//!
//! The protocol is that of Gray (1978).

use std::collections::BTreeSet;
use std::time::Duration;

use constellation_fabric::{Effects, Input, Link, Network, Node, Now, Odds, Timer};
use constellation_sim::{Act, Faults, Machine, Plan, Setup, Span};
use constellation_trace::{Kind, NodeId, Trace, TrueTime};

use super::{Soundness, Specimen};
use crate::case::{Breach, Case};
use crate::subject::Subject;

const GROUND: NodeId = NodeId::new(0);
const STATIONS: [NodeId; 2] = [NodeId::new(1), NodeId::new(2)];
const PROMISE: &str = "nobody aborts what another commits";

pub(super) const SPECIMENS: &[Specimen] = &[
    Specimen {
        name: "two-phase-commit",
        variant: "waits-in-doubt",
        does: "votes and decisions are on disk before they are told, and who voted yes asks until it knows",
        promise: PROMISE,
        soundness: Soundness::Right,
        subject: || subject(Variant::WaitsInDoubt),
    },
    Specimen {
        name: "two-phase-commit",
        variant: "aborts-in-doubt",
        does: "a station that voted yes and hears nothing aborts after a time",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::AbortsInDoubt),
    },
    Specimen {
        name: "two-phase-commit",
        variant: "forgotten-vote",
        does: "a vote is in memory alone, so that a station which restarts aborts what it has voted for",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::ForgottenVote),
    },
    Specimen {
        name: "two-phase-commit",
        variant: "forgotten-decision",
        does: "decisions are in memory alone, so that a coordinator which restarts aborts what it committed",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 2 },
        subject: || subject(Variant::ForgottenDecision),
    },
];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Variant {
    WaitsInDoubt,
    AbortsInDoubt,
    ForgottenVote,
    ForgottenDecision,
}

/// Ground coordinates one transaction between two stations.
struct Party {
    variant: Variant,
    me: NodeId,
    state: State,
    /// At ground: who has voted yes.
    yes: BTreeSet<NodeId>,
}

/// How far somebody is with the transaction; what is on disk is its number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// Nothing was voted, or decided.
    Working = 0,
    /// It has voted yes, and does not know the decision.
    InDoubt = 1,
    Aborted = 2,
    Committed = 3,
}

#[derive(Clone, Debug)]
enum Message {
    Prepare,
    Vote {
        state: State,
    },
    Decision {
        state: State,
    },
    /// Somebody in doubt asks.
    Inquire,
}

impl Node for Party {
    type Message = Message;
    type Request = ();

    fn on(&mut self, _now: Now, input: Input<Message, ()>, effects: &mut Effects<Message>) {
        match input {
            Input::Request(()) if self.state == State::Working => {
                effects.event("asks for votes");
                for station in STATIONS {
                    effects.send(station, Message::Prepare);
                }
                effects.set_timer(Timer(0), Duration::from_millis(100));
            }
            Input::Message { message: Message::Prepare, .. } => {
                if self.state == State::Working {
                    self.enter(State::InDoubt, effects);
                }
                effects.send(GROUND, Message::Vote { state: self.state });
                effects.set_timer(Timer(0), Duration::from_millis(100));
            }
            Input::Message { from, message: Message::Vote { state } } if self.state == State::Working => {
                if state == State::InDoubt {
                    self.yes.insert(from)
                } else {
                    self.yes.remove(&from)
                };
                if state == State::Aborted || self.yes.len() == STATIONS.len() {
                    self.decide(if state == State::Aborted { state } else { State::Committed }, effects);
                }
            }
            Input::Message { from, message: Message::Inquire } => {
                effects.send(from, Message::Decision { state: self.state });
            }
            Input::Message { message: Message::Decision { state }, .. } => {
                let is_decision = matches!(state, State::Aborted | State::Committed);
                if is_decision && self.state == State::InDoubt {
                    self.enter(state, effects);
                }
            }
            Input::Timer(_) => self.run_out(effects),
            Input::Restart { state, .. } => self.restart(state, effects),
            _ => {}
        }
    }
}

impl Party {
    /// A new state, on disk before anybody hears of it, unless this variant forgets it.
    fn enter(&mut self, state: State, effects: &mut Effects<Message>) {
        self.state = state;
        let is_forgotten = match self.variant {
            Variant::ForgottenVote => state == State::InDoubt,
            Variant::ForgottenDecision => self.me == GROUND,
            _ => false,
        };
        if !is_forgotten {
            effects.persist(vec![state as u8]);
        }
        effects.event(match state {
            State::Working => "works",
            State::InDoubt => "votes yes",
            State::Aborted if self.me == GROUND => "decides to abort",
            State::Committed if self.me == GROUND => "decides to commit",
            State::Aborted => "aborts",
            State::Committed => "commits",
        });
    }

    fn decide(&mut self, state: State, effects: &mut Effects<Message>) {
        self.enter(state, effects);
        for station in STATIONS {
            effects.send(station, Message::Decision { state });
        }
    }

    fn run_out(&mut self, effects: &mut Effects<Message>) {
        match self.state {
            State::Working if self.me == GROUND => self.decide(State::Aborted, effects),
            State::InDoubt if self.variant == Variant::AbortsInDoubt => self.enter(State::Aborted, effects),
            State::InDoubt => {
                effects.event("asks what was decided");
                effects.send(GROUND, Message::Inquire);
                effects.set_timer(Timer(0), Duration::from_millis(100));
            }
            _ => {}
        }
    }

    /// Whoever finds no vote and no decision on its disk has told nobody of one, so it may abort.
    fn restart(&mut self, state: Option<Vec<u8>>, effects: &mut Effects<Message>) {
        self.state = match state.as_deref() {
            Some([1]) => State::InDoubt,
            Some([2]) => State::Aborted,
            Some([3]) => State::Committed,
            _ => State::Working,
        };
        match self.state {
            State::Working if self.me == GROUND => self.decide(State::Aborted, effects),
            State::Working => self.enter(State::Aborted, effects),
            _ => self.run_out(effects),
        }
    }
}

fn decides_alike(trace: &Trace, variant: Variant) -> Result<(), Breach> {
    let find = |label| trace.event_ids().find(|event| trace.label(*event) == label);
    let (Some(commits), Some(aborts)) = (find("commits"), find("aborts")) else { return Ok(()) };
    let name = |event| trace.node_name(trace.node_of(event));
    let (one, other) = (name(commits), name(aborts));
    let has_voted = |event: &_| trace.label(*event) == "votes yes" && name(*event) == other;
    let vote = trace.event_ids().find(has_voted);
    let decisions = [find("decides to commit"), find("decides to abort")];
    let why = match decisions {
        [Some(_), Some(_)] => "as ground says, which had told the opposite before",
        _ => "though ground never decided that",
    };
    let is_restart = |event: &_| matches!(trace.event(*event).kind, Kind::Restart { .. });
    let restarts = trace.event_ids().filter(|event| *event < aborts).filter(is_restart);
    let mut events: Vec<_> = decisions.into_iter().flatten().chain(vote).chain(restarts).collect();
    events.extend([commits, aborts]);
    events.sort();
    let expected = format!("{one} commits, so {other}, which voted yes, commits or waits to");
    Err(Breach::new(expected, format!("{other} aborts, {why}")).shown_by(events).by_rule(format!(
        "all had voted yes, so the transaction ends as the coordinator decided first, everywhere; {}",
        variant.goes_wrong()
    )))
}

impl Variant {
    /// What goes wrong then.
    const fn goes_wrong(self) -> &'static str {
        match self {
            Variant::WaitsInDoubt => "whoever is in doubt must wait",
            Variant::AbortsInDoubt => "who has voted yes may not decide alone, however long it hears nothing",
            Variant::ForgottenVote => {
                "its vote was not on its disk, so after the restart it thought itself free to abort"
            }
            Variant::ForgottenDecision => {
                "the decision was not on the disk of ground, which decided anew after its restart"
            }
        }
    }
}

fn subject(variant: Variant) -> Box<dyn Subject> {
    let ms = |ms: u64| TrueTime::from_ns(ms * 1_000_000);
    let ppm = |ppm| Odds::ppm(ppm).expect("below a million");
    let link = Link {
        latency_min: Duration::from_millis(10),
        latency_max: Duration::from_millis(30),
        loss: ppm(50_000),
        ..Link::INSTANT
    };
    let faults = Faults {
        crash_before: ppm(40_000),
        crash_after: ppm(40_000),
        down: Span { min: Duration::from_millis(20), max: Duration::from_millis(200) },
        ..Faults::NONE
    };
    let names = ["ground", "pacific", "atlantic"];
    let setup = Setup {
        machines: names.map(|name| Machine { faults, ..Machine::new(name) }).into(),
        network: Network::new(link),
        plan: Plan::new().at(ms(10), Act::Request { node: GROUND, request: () }),
        grace: Duration::from_millis(500),
        ..Setup::new(Vec::<String>::new(), ms(500))
    };
    let node = move |me| Party { variant, me, state: State::Working, yes: BTreeSet::new() };
    Box::new(
        Case::new("two-phase-commit", setup, node)
            .always(PROMISE, move |trace: &Trace| decides_alike(trace, variant)),
    )
}

//! One decision among three who may each be away: whoever proposes must take up what may be decided already.
//!
//! Single-decree Paxos (Lamport 2001).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use constellation_fabric::{Effects, Input, Link, Network, Node, Now, Odds, Sequence, Spread, Timer};
use constellation_sim::{Act, Disk, Plan, Setup};
use constellation_trace::{EventId, Kind, NodeId, Trace, TrueTime};

use super::{Soundness, Specimen};
use crate::case::{Breach, Case};
use crate::subject::Subject;

const PROPOSERS: [NodeId; 2] = [NodeId::new(0), NodeId::new(1)];
const ACCEPTORS: [NodeId; 3] = [NodeId::new(2), NodeId::new(3), NodeId::new(4)];
const NAMES: [&str; 5] = ["ground", "arctic", "pacific", "atlantic", "indian"];
const PROMISE: &str = "no two modes are decided";

pub(super) const SPECIMENS: &[Specimen] = &[
    Specimen {
        name: "paxos",
        variant: "single-decree",
        does: "a proposer takes up the newest proposal that a promise reports, and acceptors keep what they promise",
        promise: PROMISE,
        soundness: Soundness::Right,
        subject: || subject(Variant::SingleDecree),
    },
    Specimen {
        name: "paxos",
        variant: "own-value",
        does: "a proposer proposes its own mode, whatever the promises report",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 2 },
        subject: || subject(Variant::OwnValue),
    },
    Specimen {
        name: "paxos",
        variant: "promise-forgotten",
        does: "an acceptor has on disk what it accepted, but not what it promised",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 2 },
        subject: || subject(Variant::PromiseForgotten),
    },
    Specimen {
        name: "paxos",
        variant: "counts-messages",
        does: "a proposer counts the promises that arrive, and not who gave them",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 3 },
        subject: || subject(Variant::CountsMessages),
    },
];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Variant {
    SingleDecree,
    OwnValue,
    PromiseForgotten,
    CountsMessages,
}

/// Ground and arctic propose a mode each, and three acceptors, of which two are enough, decide.
struct Party {
    variant: Variant,
    me: NodeId,
    /// At an acceptor, on disk: the ballot below which it accepts nothing more, and what it accepted.
    promised: u8,
    accepted: Option<Proposal>,
    /// At a proposer.
    ballot: u8,
    promises: Vec<(NodeId, Option<Proposal>)>,
    proposed: Option<Proposal>,
    /// At a proposer, which is told of what any acceptor accepts: who accepted in which ballot.
    accepts: BTreeSet<(u8, NodeId)>,
    is_over: bool,
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Proposal {
    ballot: u8,
    mode: Mode,
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Mode {
    Safe,
    Nominal,
}

#[derive(Clone, Copy, Debug)]
enum Message {
    Prepare { ballot: u8 },
    Promise { ballot: u8, accepted: Option<Proposal> },
    Accept(Proposal),
    Accepted { ballot: u8 },
}

/// Propose your own mode, unless you have heard of a decision.
#[derive(Clone, Debug)]
struct Propose;

impl Node for Party {
    type Message = Message;
    type Request = Propose;

    fn on(&mut self, _now: Now, input: Input<Message, Propose>, effects: &mut Effects<Message>) {
        match input {
            Input::Request(Propose) | Input::Timer(_) if !self.is_over => self.prepare(effects),
            Input::Message { from, message } => match message {
                Message::Prepare { ballot } if ballot >= self.promised => {
                    self.promised = ballot;
                    if self.variant != Variant::PromiseForgotten {
                        effects.persist(self.state());
                    }
                    effects.event(format!("promises ballot {ballot}, {}", self.told()));
                    effects.send(from, Message::Promise { ballot, accepted: self.accepted });
                }
                Message::Promise { ballot, accepted } if ballot == self.ballot => {
                    self.promises.push((from, accepted));
                    self.propose(effects);
                }
                Message::Accept(proposal) if proposal.ballot >= self.promised => {
                    (self.promised, self.accepted) = (proposal.ballot, Some(proposal));
                    effects.persist(self.state());
                    effects.event(format!("{ACCEPTS}{proposal}"));
                    for proposer in PROPOSERS {
                        effects.send(proposer, Message::Accepted { ballot: proposal.ballot });
                    }
                }
                Message::Accepted { ballot } => {
                    self.accepts.insert((ballot, from));
                    let count = self.accepts.iter().filter(|(accepted, _)| *accepted == ballot).count();
                    if count == 2 && !self.is_over {
                        self.is_over = true;
                        effects.label(format!("learns that two accepted in ballot {ballot}"));
                    }
                }
                _ => {}
            },
            Input::Restart { state, .. } => {
                if let Some([promised, ballot, mode]) = state.as_deref() {
                    let mode = if *mode == 0 { Mode::Safe } else { Mode::Nominal };
                    self.promised = *promised;
                    self.accepted = (*ballot > 0).then_some(Proposal { ballot: *ballot, mode });
                }
            }
            _ => {}
        }
    }
}

impl Party {
    /// Begins a ballot of its own: ground has the odd ones and arctic the even ones.
    fn prepare(&mut self, effects: &mut Effects<Message>) {
        let first = if self.me == PROPOSERS[0] { 1 } else { 2 };
        self.ballot = if self.ballot == 0 { first } else { self.ballot + 2 };
        (self.promises, self.proposed) = (Vec::new(), None);
        effects.event(format!("asks for ballot {}", self.ballot));
        tell_acceptors(Message::Prepare { ballot: self.ballot }, effects);
        effects.set_timer(Timer(0), Duration::from_millis(if first == 1 { 300 } else { 350 }));
    }

    /// Proposes once two acceptors have promised to accept nothing older.
    fn propose(&mut self, effects: &mut Effects<Message>) {
        let from: BTreeSet<_> = self.promises.iter().map(|(from, _)| from).collect();
        let count = if self.variant == Variant::CountsMessages { self.promises.len() } else { from.len() };
        if count < 2 || self.proposed.is_some() {
            return;
        }
        let own = if self.me == PROPOSERS[0] { Mode::Safe } else { Mode::Nominal };
        let newest = self.promises.iter().filter_map(|(_, accepted)| *accepted).max();
        let mode = match newest {
            Some(newest) if self.variant != Variant::OwnValue => newest.mode,
            _ => own,
        };
        let proposal = Proposal { ballot: self.ballot, mode };
        self.proposed = Some(proposal);
        effects.event(format!("proposes {proposal}"));
        tell_acceptors(Message::Accept(proposal), effects);
    }

    fn state(&self) -> Vec<u8> {
        let accepted = self.accepted.map_or([0, 0], |proposal| [proposal.ballot, proposal.mode as u8]);
        vec![self.promised, accepted[0], accepted[1]]
    }

    fn told(&self) -> String {
        self.accepted.map_or("has accepted nothing".to_owned(), |proposal| format!("has accepted {proposal}"))
    }
}

fn tell_acceptors(message: Message, effects: &mut Effects<Message>) {
    for acceptor in ACCEPTORS {
        effects.send(acceptor, message);
    }
}

impl fmt::Display for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mode = match self.mode {
            Mode::Safe => "safe",
            Mode::Nominal => "nominal",
        };
        write!(f, "{mode} in ballot {}", self.ballot)
    }
}

const ACCEPTS: &str = "accepts ";

fn decides_once(trace: &Trace, variant: Variant) -> Result<(), Breach> {
    // Who accepted which proposal, by the words for it: "safe in ballot 1".
    let mut accepted: BTreeMap<&str, BTreeMap<NodeId, EventId>> = BTreeMap::new();
    for event in trace.event_ids() {
        if let Some(proposal) = trace.label(event).strip_prefix(ACCEPTS) {
            accepted.entry(proposal).or_default().insert(trace.node_of(event), event);
        }
    }
    let mut decided: Vec<_> = accepted.into_iter().filter(|(_, by)| by.len() >= 2).collect();
    let words = |proposal: &'_ str| -> Option<(String, u32)> {
        let (mode, ballot) = proposal.split_once(" in ballot ")?;
        Some((mode.to_owned(), ballot.parse().ok()?))
    };
    decided.sort_by_key(|(proposal, _)| words(proposal).map(|(_, ballot)| ballot));
    for pair in decided.windows(2) {
        let [(one, old), (other, new)] = pair else { continue };
        let (Some((mode, _)), Some((other_mode, ballot))) = (words(one), words(other)) else { continue };
        if mode == other_mode {
            continue;
        }
        let names = |by: &BTreeMap<NodeId, EventId>| {
            by.keys().map(|node| trace.node_name(*node)).collect::<Vec<_>>().join(" and ")
        };
        let (promises, proposes) = (format!("promises ballot {ballot}, "), format!("proposes {other}"));
        let tells = |event: &EventId| {
            let label = trace.label(*event);
            let is_restart = matches!(trace.event(*event).kind, Kind::Restart { .. });
            let is_late = old.values().max() < Some(event);
            label.starts_with(&promises) || label == proposes || (is_restart && !is_late)
        };
        let accepts = old.values().chain(new.values()).copied();
        return Err(Breach::new(
            format!("{} accepted {one}, so {mode} is decided for good", names(old)),
            format!("{} accepted {other}, so {other_mode} is decided too", names(new)),
        )
        .shown_by(trace.event_ids().filter(tells).chain(accepts).collect::<BTreeSet<_>>())
        .by_rule(format!(
            "of two that promised the later ballot, one is among any two that accept in the earlier one; {}",
            variant.goes_wrong()
        )));
    }
    Ok(())
}

impl Variant {
    /// What goes wrong in that one acceptor, or with what it says.
    const fn goes_wrong(self) -> &'static str {
        match self {
            Variant::SingleDecree => "it must say so, or accept no more",
            Variant::OwnValue => {
                "it told the proposer what it had accepted, which proposed its own all the same"
            }
            Variant::PromiseForgotten => {
                "but it forgot its promise when it restarted, and accepted in the earlier ballot after that"
            }
            Variant::CountsMessages => "but the proposer took one promise that came twice for two",
        }
    }
}

fn subject(variant: Variant) -> Box<dyn Subject> {
    let ms = |ms: u64| TrueTime::from_ns(ms * 1_000_000);
    let ppm = |ppm| Odds::ppm(ppm).expect("below a million");
    let link = Link {
        latency_min: Duration::from_millis(10),
        latency_max: Duration::from_millis(100),
        spread: Spread::Tail,
        loss: ppm(100_000),
        duplicate: ppm(100_000),
        sequence: Sequence::Unordered,
        ..Link::INSTANT
    };
    let ([ground, arctic], [pacific, ..]) = (PROPOSERS, ACCEPTORS);
    let mut network = Network::new(link);
    let far = Link { latency_max: Duration::from_millis(300), spread: Spread::Even, ..link };
    network.set_link(ground, pacific, far);
    let setup = Setup {
        network,
        plan: Plan::new()
            .at(ms(10), Act::Request { node: ground, request: Propose })
            .at(ms(130), Act::Request { node: arctic, request: Propose })
            .at(ms(145), Act::Crash { node: pacific })
            .at(ms(170), Act::Restart { node: pacific, disk: Disk::Kept }),
        grace: Duration::from_millis(600),
        ..Setup::new(NAMES, ms(400))
    };
    let node = move |me| Party {
        variant,
        me,
        promised: 0,
        accepted: None,
        ballot: 0,
        promises: Vec::new(),
        proposed: None,
        accepts: BTreeSet::new(),
        is_over: false,
    };
    Box::new(
        Case::new("paxos", setup, node).always(PROMISE, move |trace: &Trace| decides_once(trace, variant)),
    )
}

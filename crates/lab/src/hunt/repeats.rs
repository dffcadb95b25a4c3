//! Whether runs with the same luck are the same run, without which nothing can be made small or shown again.

use std::fmt;

use constellation_fabric::{Calm, Choices};
use constellation_sim::{Answers, Player, Seeded};
use constellation_trace::{EventId, Trace};

use crate::simulate::RunError;
use crate::subject::Subject;

/// Where two runs with the same luck part: a node takes something from elsewhere.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Parting {
    /// The first event that is not the same in both.
    pub event: EventId,
    /// What it is in one of them; empty if that one ends before it.
    pub one: String,
    /// What it is in the other one; empty if that one ends before it.
    pub other: String,
}

impl Parting {
    /// Where two traces part; `None` if they are equal.
    pub fn of(one: &Trace, other: &Trace) -> Option<Parting> {
        if one == other {
            return None;
        }
        let (one_events, other_events) = (one.events().len(), other.events().len());
        let ids = if one_events > other_events { one.event_ids() } else { other.event_ids() };
        let mut telling = ids.map(|event| (event, tell(one, event), tell(other, event)));
        let (event, one, other) = telling
            .find(|(event, one, other)| one != other || is_last(*event, one_events.max(other_events)))?;
        Some(Parting { event, one, other })
    }
}

/// Whether there is no later one. Where all events are alike, the world did something else, which shows at the end.
const fn is_last(event: EventId, events: usize) -> bool {
    event.index() + 1 == events
}

/// All that a trace says of an event; empty if it has none of that number.
fn tell(trace: &Trace, event: EventId) -> String {
    let Some(recorded) = trace.events().get(event.index()) else { return String::new() };
    let witness = trace.witness(event);
    let mut told = format!("{} at {} {}", witness.what, witness.process, witness.at);
    let sent = recorded.sends.iter().map(|message| trace.node_name(trace.message(message).to));
    let sent: Vec<_> = sent.collect();
    if !sent.is_empty() {
        told.push_str(&format!(", sending to {}", sent.join(", ")));
    }
    for stamp in &witness.stamps {
        told.push_str(&format!(", {stamp}"));
    }
    told
}

impl fmt::Display for Parting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parting { event, one, other } = self;
        f.write_str("the nodes are not deterministic: two runs with the same luck differ ")?;
        if one == other {
            write!(f, "in what the world did, with {event} as the last event in both")?;
        } else {
            let or_end = |told: &str| match told {
                "" => "missing".to_owned(),
                _ => format!("`{told}`"),
            };
            write!(
                f,
                "at event {event}, which is {} in one and {} in the other",
                or_end(one),
                or_end(other)
            )?;
        }
        f.write_str(
            "; a node may use its own state, `now` and the input, but no clock, no random number, nothing that nodes or \
             runs share, and no HashMap or HashSet whose order shows",
        )
    }
}

/// Where runs of these answers part, of so many.
pub(super) fn parting<S: Subject + ?Sized>(
    subject: &S,
    seed: u64,
    answers: &Answers,
    runs: u32,
) -> Option<Parting> {
    let first = played(subject.play(seed, &mut Player::new(answers)))?;
    (1..runs).find_map(|_| Parting::of(&first, &played(subject.play(seed, &mut Player::new(answers)))?))
}

/// Where runs without luck part, or runs of one of the first seeds, each made twice.
pub(crate) fn parting_early<S: Subject + ?Sized>(subject: &S, first: u64, seeds: u64) -> Option<Parting> {
    let twice = |choices: [&mut dyn Choices; 2]| {
        let [one, other] = choices.map(|choices| played(subject.play(first, choices)));
        Parting::of(&one?, &other?)
    };
    let seeds = (0..seeds.min(EARLY_SEEDS)).filter_map(|nth| first.checked_add(nth));
    twice([&mut Calm, &mut Calm]).or_else(|| {
        seeds
            .map(|seed| [Seeded::new(seed), Seeded::new(seed)])
            .find_map(|[mut one, mut other]| twice([&mut one, &mut other]))
    })
}

/// So many seeds are run twice: a set of two in a hashed order shows itself in half of the runs.
const EARLY_SEEDS: u64 = 7;

/// What happened, as far as it went.
fn played(run: Result<Trace, RunError>) -> Option<Trace> {
    match run {
        Ok(trace) => Some(trace),
        Err(RunError::TooLong { so_far, .. }) => Some(*so_far),
        Err(RunError::World(_) | RunError::Panicked { .. }) => None,
    }
}

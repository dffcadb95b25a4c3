//! Whether runs with the same luck are the same run, without which nothing can be made small or shown again.

use std::fmt;

use constellation_fabric::Calm;
use constellation_sim::{Answers, Player, Seeded};
use constellation_trace::{EventId, Trace, Verdict};

use super::HuntError;
use super::ground::check_panics;
use crate::promises::Phase;
use crate::simulate::RunError;
use crate::subject::{Ruling, Subject};

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

/// Where two runs without luck part.
pub(crate) fn calm_parting<S: Subject + ?Sized>(subject: &S, seed: u64) -> Option<Parting> {
    let [one, other] = [Calm, Calm].map(|mut calm| played(subject.play(seed, &mut calm)));
    Parting::of(&one?, &other?)
}

/// Makes the calm run and those of the first seeds twice each, and judges them: what is wrong with the nodes or with a
/// check at every turn is told at once, and once.
///
/// # Errors
/// [`HuntError::Calm`] if the calm run cannot be made, or has no end and breaks nothing until then; [`HuntError::Run`] for
/// another that cannot be made; [`HuntError::CheckPanicked`], [`HuntError::Parting`].
pub(crate) fn look_early<S: Subject + ?Sized>(subject: &S, first: u64, seeds: u64) -> Result<(), HuntError> {
    let calm = subject.play(first, &mut Calm);
    look_at(subject, None, calm, || subject.play(first, &mut Calm))?;
    for seed in (0..seeds.min(EARLY_SEEDS)).filter_map(|nth| first.checked_add(nth)) {
        let run = || subject.play(seed, &mut Seeded::new(seed));
        look_at(subject, Some(seed), run(), run)?;
    }
    Ok(())
}

/// Judges a run, of this seed or the calm one, and makes it again.
fn look_at<S: Subject + ?Sized>(
    subject: &S,
    seed: Option<u64>,
    run: Result<Trace, RunError>,
    again: impl FnOnce() -> Result<Trace, RunError>,
) -> Result<(), HuntError> {
    let trace = match (run, seed) {
        (Ok(trace), _) => {
            check_panics(&subject.judge(&trace), seed)?;
            trace
        }
        (Err(RunError::TooLong { so_far, .. }), Some(_)) => *so_far,
        (Err(error @ RunError::TooLong { .. }), None) => {
            let RunError::TooLong { so_far, .. } = &error else { return Ok(()) };
            let rulings = subject.judge(so_far);
            check_panics(&rulings, seed)?;
            // One that breaks safety before that is found by the hunt.
            if !rulings.iter().any(is_unsafe) {
                return Err(HuntError::Calm { error });
            }
            return Ok(());
        }
        (Err(error), Some(seed)) => return Err(HuntError::Run { seed, error }),
        (Err(error), None) => return Err(HuntError::Calm { error }),
    };
    let parting = played(again()).and_then(|other| Parting::of(&trace, &other));
    parting.map_or(Ok(()), |parting| Err(HuntError::Parting(Box::new(parting))))
}

fn is_unsafe(ruling: &Ruling) -> bool {
    ruling.phase == Phase::Safety && matches!(ruling.judgement.verdict, Verdict::Violated(_))
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

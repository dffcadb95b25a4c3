//! Looking for the run that breaks a promise: seed after seed on all cores, and each finding made as small as it can.

use std::fmt;
use std::ops::Range;

use constellation_fabric::Calm;
use constellation_sim::choices::shrink::{Effort, Observed, RUNS_MAX, ShrinkError, shrink};
use constellation_sim::choices::{Provenance, TapeError};
use constellation_sim::{Answers, Player, Recorder, Seeded, Tape};
use constellation_trace::format::jsonl;
use constellation_trace::{Judgement, Names, Trace, Verdict};
use constellation_verify::{Budget, Order};
use rayon::prelude::*;

use crate::promises::{self, Promise};
use crate::scenario::Scenario;
use crate::simulate::{RunError, play};

/// When a hunt ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Until {
    /// At the lowest seed that breaks a promise.
    FirstFinding,
    /// When every seed was tried.
    AllSeeds,
}

/// What a hunt found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Hunted {
    /// How many seeds were tried.
    pub seeds: u64,
    /// How many events those runs had.
    pub events: u64,
    /// How many of them left a promise undecided.
    pub unknown: u64,
    /// The distinct violations, in the order of the lowest seed that shows each.
    pub findings: Vec<Finding>,
}

/// One violation, as small as it could be made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Finding {
    /// The seeds that come down to it, ascending.
    pub seeds: Vec<u64>,
    /// All that deviates from the calm run.
    pub tape: Tape,
    /// What is violated, judged in the small run.
    pub judgement: Judgement,
    /// What happens in the small run.
    pub trace: Trace,
    /// What making it small took.
    pub effort: Effort,
}

/// Why a hunt could not be carried through.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum HuntError {
    /// A seed cannot be run to its end.
    Run {
        /// Which.
        seed: u64,
        /// Why.
        error: RunError,
    },
    /// A violation could not be made smaller: the run does not repeat, which is a fault of this program.
    Shrink {
        /// The seed that showed it.
        seed: u64,
        /// What went wrong.
        error: ShrinkError,
    },
    /// A tape cannot hold what was found.
    Tape(TapeError),
}

impl fmt::Display for HuntError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HuntError::Run { seed, error } => write!(f, "seed {seed}: {error}"),
            HuntError::Shrink { seed, error } => write!(f, "seed {seed} cannot be made smaller: {error}"),
            HuntError::Tape(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for HuntError {}

/// How many seeds are run before anybody looks at what they found: the same whatever the number of cores.
const BATCH: u64 = 256;

/// Runs `scenario` under each of `seeds`, on all cores, and returns what broke, each made as small as it can.
///
/// Violations of one promise that come down to the same deviations are one finding. What is found does not depend on
/// the number of cores. `provenance` says of which scenario the tapes are; `progress` is told how many seeds are done.
///
/// # Errors
/// [`HuntError`] for the lowest seed that cannot be run, or whose violation does not repeat.
pub fn hunt(
    scenario: &Scenario,
    seeds: Range<u64>,
    until: Until,
    provenance: &Provenance,
    progress: &mut dyn FnMut(u64),
) -> Result<Hunted, HuntError> {
    let mut hunted = Hunted { seeds: 0, events: 0, unknown: 0, findings: Vec::new() };
    let mut start = seeds.start;
    while start < seeds.end {
        let end = seeds.end.min(start.saturating_add(BATCH));
        let tried: Vec<_> = (start..end).into_par_iter().map(|seed| try_seed(scenario, seed)).collect();
        for tried in tried {
            let tried = tried?;
            hunted.seeds += 1;
            hunted.events += tried.events;
            hunted.unknown += u64::from(tried.is_unknown);
            for promise in tried.broken {
                found(scenario, &mut hunted, tried.seed, promise, &tried.answers, provenance)?;
            }
            if until == Until::FirstFinding && !hunted.findings.is_empty() {
                return Ok(hunted);
            }
        }
        progress(hunted.seeds);
        start = end;
    }
    Ok(hunted)
}

struct Tried {
    seed: u64,
    events: u64,
    is_unknown: bool,
    broken: Vec<Promise>,
    answers: Answers,
}

fn try_seed(scenario: &Scenario, seed: u64) -> Result<Tried, HuntError> {
    let mut recorder = Recorder::new(Seeded::new(seed));
    let trace = match play(scenario, seed, &mut recorder) {
        Ok(trace) => trace,
        // Without its end a run is unknown, as it is for whoever runs it alone.
        Err(RunError::TooLong { so_far, .. }) => {
            let (events, answers) = (so_far.events().len() as u64, recorder.into_answers());
            return Ok(Tried { seed, events, is_unknown: true, broken: Vec::new(), answers });
        }
        Err(error) => return Err(HuntError::Run { seed, error }),
    };
    let judged = promises::judge(scenario, &trace);
    let broken = judged.promises.iter().zip(&judged.judgements);
    let broken = broken.filter(|(_, judgement)| matches!(judgement.verdict, Verdict::Violated(_)));
    let is_unknown =
        judged.judgements.iter().any(|judgement| matches!(judgement.verdict, Verdict::Unknown(_)));
    Ok(Tried {
        seed,
        events: trace.events().len() as u64,
        is_unknown,
        broken: broken.map(|(promise, _)| *promise).collect(),
        answers: recorder.into_answers(),
    })
}

/// Makes a violation small, and enters it or the seed that shows it once more.
fn found(
    scenario: &Scenario,
    hunted: &mut Hunted,
    seed: u64,
    promise: Promise,
    answers: &Answers,
    provenance: &Provenance,
) -> Result<(), HuntError> {
    // A run that cannot be made breaks nothing that a reader could look at.
    let shrunk = shrink(answers, RUNS_MAX, |choices| {
        play(scenario, seed, choices).map_or(Observed::Holds, |trace| observe(promise, &trace))
    });
    let shrunk = shrunk.map_err(|error| HuntError::Shrink { seed, error })?;
    let trace =
        play(scenario, seed, Player::new(&shrunk.answers)).map_err(|error| HuntError::Run { seed, error })?;
    let Some(mut judgement) = judge(promise, &trace) else { return Ok(()) };
    let same = |finding: &&mut Finding| {
        finding.judgement.promise == judgement.promise && *finding.tape.answers() == shrunk.answers
    };
    if let Some(finding) = hunted.findings.iter_mut().find(same) {
        finding.seeds.push(seed);
        return Ok(());
    }
    let provenance = Provenance { seed, ..provenance.clone() };
    let tape =
        Tape::new(provenance, Names::from_iter(scenario.names()), shrunk.answers).map_err(HuntError::Tape)?;
    let effort = shrunk.effort;
    explain(&mut judgement, &tape);
    hunted.findings.push(Finding { seeds: vec![seed], tape, judgement, trace, effort });
    Ok(())
}

fn observe(promise: Promise, trace: &Trace) -> Observed {
    match judge(promise, trace).map(|judgement| judgement.verdict) {
        Some(Verdict::Violated(_)) => Observed::Violated { events: trace.events().len() as u64 },
        _ => Observed::Holds,
    }
}

fn judge(promise: Promise, trace: &Trace) -> Option<Judgement> {
    let budget = Budget::default();
    Order::of(trace, &budget).ok().map(|order| promise.judge(&order, &budget))
}

/// Where tapes of this scenario come from: its name, and as its digest that of its calm run, so that a tape notices
/// whatever would make it mean something else, in the scenario or in the program.
///
/// # Errors
/// [`RunError`] when the calm run cannot be made; of one that is longer than allowed the beginning counts.
pub fn provenance(scenario: &Scenario, seed: u64) -> Result<Provenance, RunError> {
    let calm = match play(scenario, 0, Calm) {
        Err(RunError::TooLong { so_far, .. }) => *so_far,
        played => played?,
    };
    let mut digest = jsonl::digest(&calm).to_string();
    // Enough to notice a change by, and short enough to paste.
    digest.truncate(16);
    Ok(Provenance::new(scenario.name.clone(), digest, seed))
}

/// Shows in the evidence of a violation what of a tape deviates from the calm run.
pub(crate) fn explain(judgement: &mut Judgement, tape: &Tape) {
    let Verdict::Violated(evidence) = &mut judgement.verdict else { return };
    evidence.steps = deviations(tape);
    let notes = if tape.answers().is_empty() {
        "the calm run breaks it: no luck is needed".to_owned()
    } else {
        "all else is as in the calm run: least latency, nothing lost, nothing twice".to_owned()
    };
    evidence.notes = vec![notes];
}

/// The deviations of a tape as the steps of a schedule, in the words of the tape.
pub fn deviations(tape: &Tape) -> Vec<String> {
    tape.answers().iter().map(|answer| answer.show(tape.names()).to_string()).collect()
}

//! One seed of a hunt: run, judged, and what it breaks made small.

use std::collections::{BTreeMap, BTreeSet};

use constellation_fabric::{Calm, Choices, Options, Question, Topic};
use constellation_sim::choices::shrink::{Effort, Observed, RUNS_MAX, ShrinkError, shrink};
use constellation_sim::{Answers, Player, Recorder, Seeded, Swarm};
use constellation_trace::{Evidence, Judgement, Limit, Trace, Verdict};

use super::HuntError;
use super::coverage::{Coverage, News};
use super::memory::{Broken, Memory, Verdicts};
use super::repeats::parting;
use super::shape::{Shape, digest_of};
use crate::promises::Phase;
use crate::simulate::RunError;
use crate::subject::{PromiseId, Ruling, Sight, Subject};

/// Where a hunt goes on.
pub(super) struct Ground<'r, S: ?Sized> {
    subject: &'r S,
    /// What the calm run breaks, and how: that needs no luck, so whatever else breaks the same promise is looked for
    /// beside it.
    calm: BTreeMap<PromiseId, u64>,
    is_over: &'r (dyn Fn() -> bool + Sync),
}

/// What came of a seed.
pub(super) struct Tried {
    pub(super) seed: u64,
    pub(super) events: u64,
    pub(super) verdicts: Verdicts,
    /// Runs that are alike in this have the same verdicts.
    pub(super) judged: Option<u64>,
    pub(super) answers: Answers,
    pub(super) news: News,
}

/// A violation, made small.
pub(super) struct Small {
    pub(super) seed: u64,
    pub(super) promise: PromiseId,
    pub(super) phase: Phase,
    pub(super) answers: Answers,
    /// What it took; `None` if the hunt was ended before it was done.
    pub(super) effort: Option<Effort>,
    pub(super) judgement: Judgement,
    pub(super) trace: Trace,
}

/// How many events the runs for one shrink may have together: a long run is not made small for hours.
const SHRINK_EVENTS_MAX: u64 = 20_000_000;
/// So many runs of one luck are looked at for a difference, when a violation does not come back.
const PARTING_RUNS: u32 = 32;
/// So many runs are played for it all the same.
const SHRINK_RUNS_MIN: u64 = 50;

impl<'r, S: Subject + ?Sized> Ground<'r, S> {
    pub(super) fn new(subject: &'r S, is_over: &'r (dyn Fn() -> bool + Sync)) -> Ground<'r, S> {
        let mut ground = Ground { subject, calm: BTreeMap::new(), is_over };
        if let Ok((trace, _)) = ground.run(0, &mut Calm) {
            let broken = broken(&subject.judge(&trace));
            ground.calm = broken.into_iter().map(|broken| (broken.promise, broken.evidence)).collect();
        }
        ground
    }

    pub(super) const fn subject(&self) -> &'r S {
        self.subject
    }

    /// As [`luck_of`].
    pub(super) fn kinds(&self) -> Vec<Topic> {
        luck_of(self.subject)
    }

    /// One run, of these kinds of luck or of all.
    pub(super) fn try_seed(
        &self,
        seed: u64,
        kinds: Option<&[Topic]>,
        (coverage, memory): (&Coverage, &Memory),
    ) -> Result<Tried, HuntError> {
        let seeded = Seeded::new(seed);
        let (played, answers) = match kinds {
            None => self.record(seed, seeded),
            Some(kinds) => self.record(seed, Swarm::among(kinds, seed, seeded)),
        };
        let (trace, end) = match played {
            Ok(played) => played,
            Err(error) => return Err(HuntError::Run { seed, error }),
        };
        let shape = Shape::of(&trace);
        let is_alike = self.subject.sight() == Sight::NoTimes && end == End::Reached;
        let judged = shape.judged.filter(|_| is_alike);
        let verdicts = match memory.verdicts(judged) {
            Some(verdicts) => verdicts.clone(),
            None => self.verdicts(Some(seed), &trace, end)?,
        };
        let (news, events) = (coverage.news(shape, &answers), trace.events().len() as u64);
        Ok(Tried { seed, events, verdicts, judged, answers, news })
    }

    fn record(&self, seed: u64, luck: impl Choices) -> (Result<(Trace, End), RunError>, Answers) {
        let mut recorder = Recorder::new(luck);
        let played = self.run(seed, &mut recorder);
        (played, recorder.into_answers())
    }

    /// One run, as far as it goes.
    fn run(&self, seed: u64, choices: &mut dyn Choices) -> Result<(Trace, End), RunError> {
        match self.subject.play(seed, choices) {
            Ok(trace) => Ok((trace, End::Reached)),
            Err(error @ RunError::TooLong { .. }) => {
                let told = error.to_string();
                let RunError::TooLong { so_far, .. } = error else { return Err(error) };
                Ok((*so_far, End::Missing { told }))
            }
            Err(error) => Err(error),
        }
    }

    /// What of the rulings a hunt remembers. Without its end a run keeps safety or breaks it, and the rest is unknown.
    pub(super) fn verdicts(&self, seed: Option<u64>, trace: &Trace, end: End) -> Result<Verdicts, HuntError> {
        let mut rulings = self.subject.glance(trace);
        check_panics(&rulings, seed)?;
        for ruling in &mut rulings {
            // Whether it is the violation of the calm run only what shows it says.
            if let (Verdict::Violated(_), true) =
                (&ruling.judgement.verdict, self.calm.contains_key(&ruling.promise))
                && let Some(judgement) = self.subject.judge_one(ruling.promise, trace)
            {
                ruling.judgement = judgement;
            }
        }
        rulings.retain(|ruling| end == End::Reached || ruling.phase == Phase::Safety);
        let unknown = match end {
            End::Missing { told } => Some(told),
            End::Reached => rulings.iter().find_map(|ruling| match &ruling.judgement.verdict {
                Verdict::Unknown(limit) => Some(format!("{}: {limit}", ruling.judgement.promise)),
                _ => None,
            }),
        };
        Ok(Verdicts { broken: broken(&rulings), unknown })
    }

    /// Makes a violation small; `None` if the small run cannot be judged.
    pub(super) fn shrink(&self, tried: &Tried, broken: Broken) -> Result<Option<Small>, HuntError> {
        let (subject, seed, Broken { promise, phase, evidence }) = (self.subject, tried.seed, broken);
        // What needs no luck is another violation than one that does, even if they break the same promise.
        let without_luck = self.calm.get(&promise).copied().filter(|calm| *calm != evidence);
        // Cannot divide by 0: what breaks a promise has events, or counts as one.
        let runs_max = (SHRINK_EVENTS_MAX / tried.events.max(1)).max(SHRINK_RUNS_MIN);
        let runs_max = u32::try_from(runs_max).unwrap_or(RUNS_MAX).min(RUNS_MAX);
        let shrunk = shrink(&tried.answers, runs_max, |choices| {
            if (self.is_over)() {
                return Observed::Holds;
            }
            // A run that cannot be made breaks nothing that a reader could look at.
            let Ok((trace, end)) = self.run(seed, choices) else { return Observed::Holds };
            if end != End::Reached && phase == Phase::Convergence {
                return Observed::Holds;
            }
            let judgement = subject.judge_one(promise, &trace);
            let evidence = judgement.as_ref().and_then(evidence_of);
            evidence.map_or(Observed::Holds, |evidence| observe(evidence, phase, &trace, without_luck))
        });
        let (answers, effort) = match shrunk {
            Ok(shrunk) => (shrunk.answers, Some(shrunk.effort)),
            // The runs that were left out hold by decree: better a large finding than none.
            Err(ShrinkError::Unrepeatable { .. } | ShrinkError::Holds) if (self.is_over)() => {
                (tried.answers.clone(), None)
            }
            Err(error) => {
                return Err(match parting(subject, seed, &tried.answers, PARTING_RUNS) {
                    Some(parting) => HuntError::Parting(Box::new(parting)),
                    None => HuntError::Shrink { seed, error },
                });
            }
        };
        let played = self.run(seed, &mut Player::new(&answers));
        let (trace, _) = played.map_err(|error| HuntError::Run { seed, error })?;
        let Some(judgement) = subject.judge_one(promise, &trace) else { return Ok(None) };
        Ok(Some(Small { seed, promise, phase, answers, effort, judgement, trace }))
    }
}

/// The kinds of luck that the calm run asks for. What is asked only after something went wrong is not among them.
///
/// ```
/// use constellation_lab::Specimen;
/// use constellation_lab::hunt::luck_of;
///
/// let blind = Specimen::find("request-reply/blind").expect("it ships");
/// let luck: Vec<_> = luck_of(&*blind.subject()).iter().map(|topic| topic.name()).collect();
/// assert_eq!(luck, ["latency", "loss"]);
/// ```
pub fn luck_of<S: Subject + ?Sized>(subject: &S) -> Vec<Topic> {
    let mut listener = Listener(BTreeSet::new());
    // A run that does not end has asked, too.
    let _ = subject.play(0, &mut listener);
    listener.0.into_iter().collect()
}

/// Whether a run came to its end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum End {
    Reached,
    /// It is longer than allowed, as these words say.
    Missing {
        told: String,
    },
}

/// Refuses to go on where a check panicked: it says nothing of any run.
pub(super) fn check_panics(rulings: &[Ruling], seed: Option<u64>) -> Result<(), HuntError> {
    let panicked = |ruling: &Ruling| match &ruling.judgement.verdict {
        Verdict::Unknown(Limit::Panicked(text)) => Some((ruling.judgement.promise.clone(), text.clone())),
        _ => None,
    };
    let Some((promise, text)) = rulings.iter().find_map(panicked) else { return Ok(()) };
    Err(HuntError::CheckPanicked { promise, seed, text })
}

/// The calm run, and which kinds of questions it asks.
struct Listener(BTreeSet<Topic>);

impl Choices for Listener {
    fn choose(&mut self, question: Question, _options: Options) -> u32 {
        self.0.insert(question.topic);
        0
    }
}

fn broken(rulings: &[Ruling]) -> Vec<Broken> {
    let broken = |ruling: &Ruling| {
        let evidence = shown(evidence_of(&ruling.judgement)?);
        Some(Broken { promise: ruling.promise, phase: ruling.phase, evidence })
    };
    rulings.iter().filter_map(broken).collect()
}

fn evidence_of(judgement: &Judgement) -> Option<&Evidence> {
    match &judgement.verdict {
        Verdict::Violated(evidence) => Some(evidence),
        _ => None,
    }
}

/// What evidence shows: at which processes which events, whenever they were.
fn shown(evidence: &Evidence) -> u64 {
    digest_of(evidence.events.iter().flat_map(|witness| [&*witness.process, &*witness.what]))
}

/// What is promised throughout is broken by the last event that shows it, what is promised of the end by the whole run.
fn observe(evidence: &Evidence, phase: Phase, trace: &Trace, without_luck: Option<u64>) -> Observed {
    if without_luck == Some(shown(evidence)) {
        return Observed::Holds;
    }
    let last = evidence.events.iter().map(|witness| witness.event).max();
    let last = last.filter(|_| phase == Phase::Safety);
    Observed::Violated { events: last.map_or(trace.events().len(), |last| last.index() + 1) as u64 }
}

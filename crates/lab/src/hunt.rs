//! Looking for the run that breaks a promise: seed after seed on all cores, and each finding made as small as it can.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use constellation_fabric::{Choices, Node, Options, Question, Topic};
use constellation_sim::choices::shrink::{Effort, Observed, RUNS_MAX, ShrinkError, shrink};
use constellation_sim::choices::{Provenance, TapeError};
use constellation_sim::{Answers, Player, Recorder, Seeded, Swarm, Tape};
use constellation_trace::{Judgement, Names, NodeId, Trace, Verdict};
use rayon::prelude::*;

use crate::promises::Phase;
use crate::scenario::Scenario;
use crate::simulate::{Cluster, RunError, Stage, nothing_shown};
use crate::station::{Request, Rules};
use crate::subject::{PromiseId, Ruling, Sight, Subject};

mod alike;
mod coverage;
mod memory;
mod provenance;
mod shape;

use alike::Likeness;
pub use coverage::Coverage;
use coverage::News;
use memory::{Memory, Verdicts};
pub use provenance::{changed, deviations, explain, provenance, provenance_of};
use shape::Shape;

/// What a hunt looks at. Begin with [`Hunt::new`] and change what should be otherwise.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Hunt {
    /// Which seeds are tried, ascending.
    pub seeds: Range<u64>,
    /// When it ends, if nobody ends it before.
    pub until: Until,
    /// What each seed decides.
    pub luck: Luck,
}

impl Hunt {
    /// These seeds until the first of them breaks a promise, with all kinds of luck.
    pub const fn new(seeds: Range<u64>) -> Hunt {
        Hunt { seeds, until: Until::FirstFinding, luck: Luck::AllKinds }
    }
}

/// When a hunt ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Until {
    /// At the lowest seed that breaks a promise.
    FirstFinding,
    /// When every seed was tried.
    AllSeeds,
}

/// What a seed decides.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Luck {
    /// Whatever can go otherwise: every kind of luck in every run. The runs are those of [`crate::Run::of`].
    AllKinds,
    /// First which kinds of luck there are in its run at all, then those ([`Swarm::among`]): one kind that is frequent
    /// hides what another does alone.
    ///
    /// Measured in seeds for each failing run, against all kinds. On the 21 planted bugs of the simulator's tests: 1.1 to 1.8
    /// times as many where a tenth of the messages is lost and doubled, since what needs two kinds has them in a third of
    /// the seeds. Where four in ten are, a quarter of the bugs needs fewer, and the one that most runs end before it can show
    /// (*stale fill*) 7 instead of 29. On the scenario `lossy-relay`, 10 instead of 8.
    Swarm,
}

/// Whether a hunt goes on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Go {
    /// It does.
    On,
    /// It ends, with what it has found.
    Stop,
}

/// Why a hunt ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ended {
    /// A seed broke a promise, and no more was wanted.
    FirstFinding,
    /// Every seed was tried.
    AllSeeds,
    /// Somebody said so.
    Stopped,
}

/// What a hunt found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Hunted {
    /// How many seeds were tried, from the first on.
    pub seeds: u64,
    /// How many events those runs had.
    pub events: u64,
    /// How many of them left a promise undecided.
    pub unknown: u64,
    /// The distinct violations, in the order of the lowest seed that shows each.
    pub findings: Vec<Finding>,
    /// What those runs reached.
    pub coverage: Coverage,
    /// Why it ended; while it goes on, [`Ended::Stopped`].
    pub ended: Ended,
    /// Why it could not go on, with [`Ended::Stopped`].
    pub error: Option<HuntError>,
}

/// One violation, as small as it could be made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Finding {
    /// The seeds that come down to it, ascending: the first [`Finding::SEEDS_MAX`] of them.
    pub seeds: Vec<u64>,
    /// How many seeds come down to it.
    pub seeds_total: u64,
    /// All that deviates from the calm run, for the first of the seeds.
    pub tape: Tape,
    /// What is violated, judged in the small run.
    pub judgement: Judgement,
    /// When that should have held.
    pub phase: Phase,
    /// What happens in the small run.
    pub trace: Trace,
    /// What making it small took.
    pub effort: Effort,
    /// What it has in common with the others of its kind.
    likeness: Likeness,
    /// The small runs that are taken for this one, this one included.
    ways: BTreeSet<Answers>,
}

impl Finding {
    /// How many of its seeds and ways are kept, so that a long hunt does not fill the memory.
    pub const SEEDS_MAX: usize = 1_000;

    /// How many different small runs are taken for this one, up to [`Finding::SEEDS_MAX`]: they break the same promise and
    /// differ in which node or message is concerned, or in how late something is, and the evidence shows the same kinds of
    /// events.
    pub fn ways(&self) -> usize {
        self.ways.len()
    }

    /// One more seed comes down to it.
    fn add(&mut self, seed: u64) {
        self.seeds_total += 1;
        if self.seeds.len() < Finding::SEEDS_MAX {
            self.seeds.push(seed);
        }
    }
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

/// Runs `scenario` under each seed of `hunt`, on all cores, and returns what broke, each made as small as it can.
///
/// Violations of one promise that come down to alike deviations, shown by alike events, are one finding. Safety is judged
/// throughout each run; at the scenario's `end` luck and planned faults are over and everything is mended, and when all had
/// the time that it needs, convergence is demanded. `provenance` says of which scenario the tapes are.
///
/// Seeds are run in batches of 16 to 256, the fewer the longer the runs. After each `progress` is shown what was found
/// until then, and says whether to go on. What is found in the seeds that were tried does not depend on the number of
/// cores, nor does what `progress` is shown.
///
/// # Errors
/// [`HuntError`] for the lowest seed that cannot be run, or whose violation does not repeat, if nothing was found before;
/// else it is in [`Hunted::error`].
pub fn hunt(
    scenario: &Scenario,
    hunt: &Hunt,
    provenance: &Provenance,
    progress: &mut dyn FnMut(&Hunted) -> Go,
) -> Result<Hunted, HuntError> {
    hunt_subject(&Cluster::of(scenario), hunt, provenance, progress)
}

/// As [`hunt()`], but run by whatever nodes `node` makes instead of stations: by broken ones, or by a protocol of your own.
///
/// # Errors
/// As [`hunt()`].
pub fn hunt_with<N, F>(
    scenario: &Scenario,
    hunt: &Hunt,
    provenance: &Provenance,
    progress: &mut dyn FnMut(&Hunted) -> Go,
    node: F,
) -> Result<Hunted, HuntError>
where
    N: Node<Request = Request>,
    F: Fn(&Arc<Rules>, NodeId) -> N + Sync,
{
    hunt_subject(
        &Cluster { stage: Stage::of(scenario), node, shows: nothing_shown },
        hunt,
        provenance,
        progress,
    )
}

/// As [`hunt()`], but of anything that can be run and judged.
///
/// # Errors
/// As [`hunt()`].
pub fn hunt_subject<S: Subject + ?Sized>(
    subject: &S,
    hunt: &Hunt,
    provenance: &Provenance,
    progress: &mut dyn FnMut(&Hunted) -> Go,
) -> Result<Hunted, HuntError> {
    let ground = Ground { subject };
    let kinds = match hunt.luck {
        Luck::AllKinds => None,
        Luck::Swarm => Some(ground.kinds()),
    };
    let (mut hunted, mut memory) = (Hunted::new(), Memory::default());
    let mut start = hunt.seeds.start;
    while start < hunt.seeds.end {
        let end = hunt.seeds.end.min(start.saturating_add(hunted.batch()));
        let known = (&hunted.coverage, &memory);
        let tried = (start..end).into_par_iter().map(|seed| ground.try_seed(seed, kinds.as_deref(), known));
        let mut tried: Vec<_> = tried.collect();
        let is_over = |tried: &Result<Tried, HuntError>| !matches!(tried, Ok(tried) if tried.verdicts.broken.is_empty());
        if let (Until::FirstFinding, Some(first)) = (hunt.until, tried.iter().position(is_over)) {
            tried.truncate(first + 1);
        }
        let mut failed = None;
        let tried: Vec<Tried> =
            tried.into_iter().map_while(|tried| tried.map_err(|error| failed = Some(error)).ok()).collect();
        let entered = hunted.enter(&ground, tried, provenance, &mut memory);
        if let Some(error) = entered.err().or(failed) {
            return hunted.fail(error);
        }
        if hunt.until == Until::FirstFinding && !hunted.findings.is_empty() {
            hunted.ended = Ended::FirstFinding;
            return Ok(hunted);
        }
        start = end;
        if progress(&hunted) == Go::Stop {
            return Ok(hunted);
        }
    }
    hunted.ended = Ended::AllSeeds;
    Ok(hunted)
}

impl Hunted {
    fn new() -> Hunted {
        let (findings, coverage) = (Vec::new(), Coverage::default());
        Hunted { seeds: 0, events: 0, unknown: 0, findings, coverage, ended: Ended::Stopped, error: None }
    }

    /// What was found until something could not be done; if that is nothing, the reason alone.
    fn fail(mut self, error: HuntError) -> Result<Hunted, HuntError> {
        if self.findings.is_empty() {
            return Err(error);
        }
        self.error = Some(error);
        Ok(self)
    }

    /// How many seeds are run before anybody looks at what they found: about a million events, as far as is known.
    fn batch(&self) -> u64 {
        const SEEDS_MIN: u64 = 16;
        const SEEDS_MAX: u64 = 256;
        match (1_u64 << 20).checked_mul(self.seeds).and_then(|events| events.checked_div(self.events)) {
            None => SEEDS_MIN,
            Some(seeds) => seeds.clamp(SEEDS_MIN, SEEDS_MAX),
        }
    }

    /// Makes small what is broken, on all cores, and enters it in the order of seeds. A run that is like an earlier one, up
    /// to its times, comes down to the same.
    fn enter<S: Subject + ?Sized>(
        &mut self,
        ground: &Ground<'_, S>,
        tried: Vec<Tried>,
        provenance: &Provenance,
        memory: &mut Memory,
    ) -> Result<(), HuntError> {
        let violations = memory.sort(&tried);
        let new: Vec<_> = violations.iter().filter(|violation| violation.is_new).collect();
        let small = new.into_par_iter().map(|new| ground.shrink(new.tried, (new.promise, new.phase)));
        let mut small = small.collect::<Vec<_>>().into_iter();
        for violation in &violations {
            if !violation.is_new {
                if let Some(finding) = memory.finding(violation) {
                    self.findings[finding].add(violation.tried.seed);
                }
                continue;
            }
            let small = small.next().expect("each new violation was made small")?;
            let finding =
                small.map(|small| self.found(small, ground.subject.nodes(), provenance)).transpose()?;
            memory.came_to(violation, finding);
        }
        for tried in tried {
            memory.add(&tried);
            self.seeds += 1;
            self.events += tried.events;
            self.unknown += u64::from(tried.verdicts.is_unknown);
            self.coverage.add(tried.news);
        }
        Ok(())
    }

    /// Enters a violation, or the seed that shows one once more; returns its place among the findings.
    fn found(&mut self, small: Small, names: Names, provenance: &Provenance) -> Result<usize, HuntError> {
        let Small { seed, promise, phase, answers, effort, mut judgement, trace } = small;
        let likeness = Likeness::of(promise, &answers, &judgement.verdict, &trace);
        if let Some(place) = self.findings.iter().position(|finding| finding.likeness == likeness) {
            let finding = &mut self.findings[place];
            finding.add(seed);
            if finding.ways.len() < Finding::SEEDS_MAX {
                finding.ways.insert(answers);
            }
            return Ok(place);
        }
        let provenance = Provenance { seed, ..provenance.clone() };
        let ways = BTreeSet::from([answers.clone()]);
        let tape = Tape::new(provenance, names, answers).map_err(HuntError::Tape)?;
        explain(&mut judgement, &tape);
        let (seeds, seeds_total) = (vec![seed], 1);
        self.findings.push(Finding {
            seeds,
            seeds_total,
            tape,
            judgement,
            phase,
            trace,
            effort,
            likeness,
            ways,
        });
        Ok(self.findings.len() - 1)
    }
}

/// Where the hunt goes on.
struct Ground<'r, S: ?Sized> {
    subject: &'r S,
}

/// What came of a seed.
struct Tried {
    seed: u64,
    events: u64,
    verdicts: Verdicts,
    /// Runs that are alike in this have the same verdicts.
    judged: Option<u64>,
    answers: Answers,
    news: News,
}

/// A violation, made small.
struct Small {
    seed: u64,
    promise: PromiseId,
    phase: Phase,
    answers: Answers,
    effort: Effort,
    judgement: Judgement,
    trace: Trace,
}

impl<S: Subject + ?Sized> Ground<'_, S> {
    /// The kinds of luck that the calm run asks for. What is asked only after something went wrong is not among them.
    fn kinds(&self) -> Vec<Topic> {
        let mut listener = Listener(BTreeSet::new());
        // A run that does not end has asked, too.
        let _ = self.subject.play(0, &mut listener);
        listener.0.into_iter().collect()
    }

    /// One run, of these kinds of luck or of all.
    fn try_seed(
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
        let (trace, is_cut) = match played {
            Ok(trace) => (trace, false),
            // Without its end a run is unknown, as it is for whoever runs it alone.
            Err(RunError::TooLong { so_far, .. }) => (*so_far, true),
            Err(error) => return Err(HuntError::Run { seed, error }),
        };
        let shape = Shape::of(&trace);
        let is_alike = self.subject.sight() == Sight::NoTimes && !is_cut;
        let judged = shape.judged.filter(|_| is_alike);
        let verdicts = match memory.verdicts(judged) {
            Some(verdicts) => verdicts.clone(),
            None if is_cut => Verdicts { broken: Vec::new(), is_unknown: true },
            None => verdicts(self.subject.judge(&trace)),
        };
        let (news, events) = (coverage.news(shape, &answers), trace.events().len() as u64);
        Ok(Tried { seed, events, verdicts, judged, answers, news })
    }

    fn record(&self, seed: u64, luck: impl Choices) -> (Result<Trace, RunError>, Answers) {
        let mut recorder = Recorder::new(luck);
        let played = self.subject.play(seed, &mut recorder);
        (played, recorder.into_answers())
    }

    /// Makes a violation small; `None` if the small run cannot be judged.
    fn shrink(
        &self,
        tried: &Tried,
        (promise, phase): (PromiseId, Phase),
    ) -> Result<Option<Small>, HuntError> {
        let (subject, seed) = (self.subject, tried.seed);
        // A run that cannot be made breaks nothing that a reader could look at.
        let shrunk = shrink(&tried.answers, RUNS_MAX, |choices| {
            let played = subject.play(seed, choices);
            played.map_or(Observed::Holds, |trace| observe(subject.judge_one(promise, &trace), phase, &trace))
        });
        let shrunk = shrunk.map_err(|error| HuntError::Shrink { seed, error })?;
        let played = subject.play(seed, &mut Player::new(&shrunk.answers));
        let trace = played.map_err(|error| HuntError::Run { seed, error })?;
        let Some(judgement) = subject.judge_one(promise, &trace) else { return Ok(None) };
        let (answers, effort) = (shrunk.answers, shrunk.effort);
        Ok(Some(Small { seed, promise, phase, answers, effort, judgement, trace }))
    }
}

/// The calm run, and which kinds of questions it asks.
struct Listener(BTreeSet<Topic>);

impl Choices for Listener {
    fn choose(&mut self, question: Question, _options: Options) -> u32 {
        self.0.insert(question.topic);
        0
    }
}

/// What of the rulings a hunt remembers.
fn verdicts(rulings: Vec<Ruling>) -> Verdicts {
    let is_unknown = rulings.iter().any(|ruling| matches!(ruling.judgement.verdict, Verdict::Unknown(_)));
    let broken = rulings.iter().filter(|ruling| matches!(ruling.judgement.verdict, Verdict::Violated(_)));
    Verdicts { broken: broken.map(|ruling| (ruling.promise, ruling.phase)).collect(), is_unknown }
}

/// What is promised throughout is broken by the last event that shows it, what is promised of the end by the whole run.
fn observe(judgement: Option<Judgement>, phase: Phase, trace: &Trace) -> Observed {
    let Some(Verdict::Violated(evidence)) = judgement.map(|judgement| judgement.verdict) else {
        return Observed::Holds;
    };
    let last = evidence.events.iter().map(|witness| witness.event).max();
    let last = last.filter(|_| phase == Phase::Safety);
    Observed::Violated { events: last.map_or(trace.events().len(), |last| last.index() + 1) as u64 }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::incidents::INCIDENTS;
    use crate::resolver::Resolver;

    #[test]
    fn runs_that_are_alike_have_the_same_verdicts() {
        let mut alike = 0;
        for scenario in scenarios() {
            let cluster = Cluster::of(&scenario);
            let mut known: BTreeMap<u64, Verdicts> = BTreeMap::new();
            for seed in 0..60 {
                let trace = cluster.play(seed, &mut Seeded::new(seed)).expect("it is short");
                let judged = Shape::of(&trace).judged.expect("all that stations do is known");
                let fresh = verdicts(cluster.judge(&trace));
                let earlier = known.entry(judged).or_insert_with(|| fresh.clone());
                assert_eq!(*earlier, fresh, "{} seed {seed}", scenario.name);
                alike += 1;
            }
            alike -= known.len();
        }
        assert!(alike > 500, "only {alike} runs are like another, so this test sees little");
    }

    /// The incidents with each resolver, as they are and with worse links.
    fn scenarios() -> Vec<Scenario> {
        let faults = [
            "loss=3%",
            "loss=5%,duplicate=5%,latency=1ms..2s,order=free",
            "corrupt=3%,corrupt_unseen=3%,flap={ period = \"1s\", down = \"300ms\", chance = \"50%\" },outside=hold",
            "crash=2%,crash_after=2%,amnesia=30%,pause=5%,suspend=5%,wall_step=5%,disk_full=5%,bit_rot=30%",
            "none",
        ];
        let mut scenarios = Vec::new();
        for incident in INCIDENTS {
            for (_, resolver) in Resolver::NAMES {
                let scenario = Scenario { resolver, ..incident.scenario() };
                let worse =
                    faults.map(|faults| scenario.with_faults(faults).expect("the keys are documented"));
                scenarios.extend(worse);
            }
        }
        scenarios
    }
}

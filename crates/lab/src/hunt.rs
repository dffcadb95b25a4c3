//! Looking for the run that breaks a promise: seed after seed on all cores, and each finding made as small as it can.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use constellation_fabric::Node;
use constellation_sim::choices::shrink::{Effort, ShrinkError};
use constellation_sim::choices::{Provenance, TapeError};
use constellation_sim::{Answers, Tape};
use constellation_trace::{Judgement, Names, NodeId, Trace, Verdict, one_line};
use rayon::prelude::*;

use crate::promises::Phase;
use crate::scenario::Scenario;
use crate::simulate::{Cluster, RunError, Stage, nothing_shown};
use crate::station::{Request, Rules};
use crate::subject::{Sight, Subject};

mod alike;
mod coverage;
mod doings;
mod ground;
mod memory;
mod provenance;
mod repeats;
mod shape;

use alike::Likeness;
pub use coverage::Coverage;
pub use doings::doings;
pub use ground::luck_of;
use ground::{Ground, Small, Tried};
use memory::Memory;
pub use provenance::{changed, deviations, explain, provenance, provenance_of};
pub use repeats::Parting;
pub(crate) use repeats::{calm_parting, look_early};

/// What a hunt looks at. Begin with [`Hunt::new`] and change what should be otherwise.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Hunt<'h> {
    /// The first seed that is tried.
    pub first: u64,
    /// How many are, in ascending order; as many as there are if that is fewer.
    pub count: u64,
    /// When it ends, if nobody ends it before.
    pub until: Until,
    /// What each seed decides.
    pub luck: Luck,
    /// Whether it is to end now: asked before each seed but the first, on any core. The seeds that were done by then count, as far as none
    /// is missing between them; what is not small yet stays as it is.
    pub is_over: &'h (dyn Fn() -> bool + Sync),
}

impl Hunt<'static> {
    /// So many seeds from this one on, until the first of them breaks a promise, with all kinds of luck.
    pub const fn new(first: u64, count: u64) -> Hunt<'static> {
        let (until, luck) = (Until::FirstFinding, Luck::AllKinds);
        Hunt { first, count, until, luck, is_over: &|| false }
    }
}

impl fmt::Debug for Hunt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Hunt { first, count, until, luck, .. } = self;
        write!(f, "Hunt({count} seeds from {first}, {until:?}, {luck:?})")
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
    /// First which kinds of luck there are in its run at all, then those ([`Swarm::among`](constellation_sim::Swarm::among)): one kind that is frequent
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
    /// The first of those.
    pub undecided: Option<Undecided>,
    /// The distinct violations, in the order of the lowest seed that shows each.
    pub findings: Vec<Finding>,
    /// What those runs reached.
    pub coverage: Coverage,
    /// Why it ended; while it goes on, [`Ended::Stopped`].
    pub ended: Ended,
    /// Why it could not go on, with [`Ended::Stopped`].
    pub error: Option<HuntError>,
}

/// A run of which not everything could be judged.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Undecided {
    /// Its seed.
    pub seed: u64,
    /// Why, in a few words.
    pub why: String,
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
    /// No seed is to be tried, so nothing can be found.
    NoSeeds,
    /// The world of a [`Case`](crate::Case) has no node, so nothing can happen in it.
    NoNodes,
    /// A [`Case`](crate::Case) promises nothing, so nothing can break it.
    NoPromise,
    /// A [`Case`](crate::Case) has two promises of one name, so that nobody could tell which is broken.
    SamePromise {
        /// The name.
        promise: String,
    },
    /// The run without any luck, in which nothing goes wrong, cannot be made or has no end; so a hunt would say nothing.
    Calm {
        /// Why.
        error: RunError,
    },
    /// The check of a promise panicked.
    CheckPanicked {
        /// Which promise.
        promise: String,
        /// The seed of the run that it looked at; `None` for the calm run.
        seed: Option<u64>,
        /// What it said.
        text: String,
    },
    /// Two runs with the same luck are not the same: a node is not deterministic.
    Parting(Box<Parting>),
    /// A violation did not come back, though the runs are the same: a promise that depends on more than the trace, or a
    /// fault of this program.
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
            HuntError::Run { seed, error: error @ RunError::Panicked { .. } } => {
                write!(f, "seed {seed}: {error}; `case.run({seed})` does it again")
            }
            HuntError::Run { seed, error } => write!(f, "seed {seed}: {error}"),
            HuntError::NoSeeds => {
                f.write_str("no seed is to be tried, so nothing can be found: `hunt(1_000)` tries a thousand")
            }
            HuntError::NoNodes => {
                f.write_str("the world has no node, so nothing can happen in it: name one at least")
            }
            HuntError::NoPromise => f.write_str(
                "nothing is promised, so no run breaks anything: add `.always(name, check)` or `.in_the_end(name, check)`",
            ),
            HuntError::SamePromise { promise } => write!(
                f,
                "two promises are called `{}`, so nobody could tell which is broken: give each a name of its own",
                one_line(promise)
            ),
            HuntError::Calm { error } => write_calm(f, error),
            HuntError::CheckPanicked { promise, seed, text } => {
                write!(f, "the check of `{}` panicked ", one_line(promise))?;
                match seed {
                    Some(seed) => {
                        write!(f, "on seed {seed}: {text}; `case.check(&case.run({seed})?)` does it again")
                    }
                    None => write!(f, "on the calm run, in which nothing goes wrong: {text}"),
                }
            }
            HuntError::Parting(parting) => parting.fmt(f),
            HuntError::Shrink { seed, .. } => write!(
                f,
                "seed {seed} breaks a promise, but the same run looked at again does not: a promise may depend on \
                 nothing but the trace"
            ),
            HuntError::Tape(error) => error.fmt(f),
        }
    }
}

fn write_calm(f: &mut fmt::Formatter<'_>, error: &RunError) -> fmt::Result {
    match error {
        RunError::World(error) => {
            write!(f, "the calm run, in which nothing goes wrong, cannot be made: {error}")
        }
        RunError::Panicked { .. } => write!(f, "in the calm run, in which nothing goes wrong: {error}"),
        RunError::TooLong { events_max, node, at, .. } => {
            write!(
                f,
                "the calm run, in which nothing goes wrong, has no end: more than {events_max} events, the most \
                 allowed, at {at}"
            )?;
            node.as_ref().map_or(Ok(()), |node| write!(f, ", lastly at {node}"))?;
            f.write_str(
                "; does a timer of no length set itself, or a message lead to more than one? If all is well, raise \
                 `events_max` of the setup",
            )
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
/// else it is in [`Hunted::error`]. [`HuntError::NoSeeds`] for a hunt of none.
pub fn hunt(
    scenario: &Scenario,
    hunt: &Hunt<'_>,
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
    hunt: &Hunt<'_>,
    provenance: &Provenance,
    progress: &mut dyn FnMut(&Hunted) -> Go,
    node: F,
) -> Result<Hunted, HuntError>
where
    N: Node<Request = Request>,
    F: Fn(&Arc<Rules>, NodeId) -> N + Sync,
{
    hunt_subject(
        &Cluster { stage: Stage::of(scenario), node, shows: nothing_shown, sight: Sight::Everything },
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
    hunt: &Hunt<'_>,
    provenance: &Provenance,
    progress: &mut dyn FnMut(&Hunted) -> Go,
) -> Result<Hunted, HuntError> {
    if hunt.count == 0 {
        return Err(HuntError::NoSeeds);
    }
    let ground = Ground::new(subject, hunt.is_over);
    let kinds = match hunt.luck {
        Luck::AllKinds => None,
        Luck::Swarm => Some(ground.kinds()),
    };
    let (mut hunted, mut memory) = (Hunted::new(), Memory::default());
    let (mut start, mut left) = (hunt.first, hunt.count);
    while left > 0 {
        // Not beyond the last seed that there is.
        let more = left.min(hunted.batch()).min((u64::MAX - start).saturating_add(1));
        let known = (&hunted.coverage, &memory);
        let tried = (0..more).into_par_iter();
        let tried = tried.map(|nth| match start + nth {
            seed if seed != hunt.first && (hunt.is_over)() => None,
            seed => Some(ground.try_seed(seed, kinds.as_deref(), known)),
        });
        let mut tried: Vec<_> = tried.collect::<Vec<_>>().into_iter().map_while(|tried| tried).collect();
        let is_cut_short = (tried.len() as u64) < more;
        let is_last = |tried: &Result<Tried, HuntError>| !matches!(tried, Ok(tried) if tried.verdicts.broken.is_empty());
        if let (Until::FirstFinding, Some(first)) = (hunt.until, tried.iter().position(is_last)) {
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
        if progress(&hunted) == Go::Stop || is_cut_short {
            return Ok(hunted);
        }
        left -= more;
        let Some(next) = start.checked_add(more) else { break };
        start = next;
    }
    hunted.ended = Ended::AllSeeds;
    Ok(hunted)
}

impl Hunted {
    fn new() -> Hunted {
        let (findings, coverage) = (Vec::new(), Coverage::default());
        Hunted {
            seeds: 0,
            events: 0,
            unknown: 0,
            undecided: None,
            findings,
            coverage,
            ended: Ended::Stopped,
            error: None,
        }
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
        let small = new.into_par_iter().map(|new| ground.shrink(new.tried, new.broken));
        let mut small = small.collect::<Vec<_>>().into_iter();
        for violation in &violations {
            if !violation.is_new {
                if let Some(finding) = memory.finding(violation) {
                    self.findings[finding].add(violation.tried.seed);
                }
                continue;
            }
            let small = small.next().expect("each new violation was made small")?;
            // What there was no time to make small is told only of a promise that nothing else breaks.
            let is_told = |small: &Small| {
                let mut findings = self.findings.iter();
                small.effort.is_some()
                    || !findings.any(|finding| finding.judgement.promise == small.judgement.promise)
            };
            let small = small.filter(is_told);
            let finding =
                small.map(|small| self.found(small, ground.subject().nodes(), provenance)).transpose()?;
            memory.came_to(violation, finding);
        }
        for tried in tried {
            memory.add(&tried);
            self.seeds += 1;
            self.events += tried.events;
            if let Some(why) = tried.verdicts.unknown {
                self.unknown += 1;
                self.undecided.get_or_insert(Undecided { seed: tried.seed, why });
            }
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
        explain(&mut judgement, &tape, &trace);
        let effort = effort.unwrap_or_else(|| {
            if let Verdict::Violated(evidence) = &mut judgement.verdict {
                evidence.notes.push("not made smaller: the hunt was ended".to_owned());
            }
            Effort::default()
        });
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use constellation_sim::Seeded;

    use super::ground::End;
    use super::memory::Verdicts;
    use super::shape::Shape;
    use super::*;
    use crate::incidents::INCIDENTS;
    use crate::resolver::Resolver;

    #[test]
    fn runs_that_are_alike_have_the_same_verdicts() {
        let mut alike = 0;
        for scenario in scenarios() {
            let cluster = Cluster::of(&scenario);
            let ground = Ground::new(&cluster, &|| false);
            let mut known: BTreeMap<u64, Verdicts> = BTreeMap::new();
            for seed in 0..60 {
                let trace = cluster.play(seed, &mut Seeded::new(seed)).expect("it is short");
                let judged = Shape::of(&trace).judged.expect("all that stations do is known");
                let mut fresh = ground.verdicts(Some(seed), &trace, End::Reached).expect("no judge panics");
                // Of several violations of one promise a judge shows the first to be recorded.
                fresh.broken.iter_mut().for_each(|broken| broken.evidence = 0);
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

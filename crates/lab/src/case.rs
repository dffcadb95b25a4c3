//! A protocol of your own, with its world and what it promises: ready to be run, judged, hunted and replayed.

use std::any::Any;
use std::collections::BTreeSet;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use constellation_fabric::{Choices, Node};
use constellation_sim::choices::{Leftover, Provenance, TapeError};
use constellation_sim::{Act, Plan, Player, Seeded, Setup, Tape, World};
use constellation_trace::trace::Origin;
use constellation_trace::{History, Judgement, Limit, Names, NodeId, Trace, TrueTime, Verdict, one_line};
pub use constellation_verify::Breach;
use constellation_verify::{Budget, Order};

use crate::hunt::{
    Finding, Go, Hunt, HuntError, Hunted, Parting, Undecided, calm_parting, explain, hunt_subject,
    look_early, provenance_of,
};
use crate::promises::Phase;
use crate::simulate::RunError;
use crate::subject::{PromiseId, Ruling, Subject};

/// A protocol with its world and what it promises.
///
/// ```
/// use constellation_lab::prelude::*;
///
/// /// Counts what it is told, and believes that nothing arrives twice.
/// struct Counter(u32);
///
/// impl Node for Counter {
///     type Message = u32;
///     type Request = u32;
///
///     fn on(&mut self, _now: Now, input: Input<u32, u32>, effects: &mut Effects<u32>) {
///         match input {
///             Input::Request(n) => effects.send(NodeId::new(1), n),
///             Input::Message { message, .. } => {
///                 self.0 += message;
///                 effects.event(format!("has {}", self.0));
///             }
///             _ => {}
///         }
///     }
/// }
///
/// fn never_has_more_than_three(trace: &Trace) -> Result<(), Breach> {
///     let too_many = labelled(trace).find(|event| event.label == "has 6");
///     too_many.map_or(Ok(()), |too_many| Err(Breach::new("3 was added once", "there are 6").shown_by([too_many.event])))
/// }
///
/// let link = Link { duplicate: Odds::ppm(100_000).unwrap(), ..Link::INSTANT };
/// let setup = Setup {
///     network: Network::new(link),
///     plan: Plan::new().at(TrueTime::from_ms(1_000), Act::Request { node: NodeId::new(0), request: 3 }),
///     ..Setup::new(["pacific", "atlantic"], TrueTime::from_ms(2_000))
/// };
/// let case = Case::new("counter", setup, |_| Counter(0)).always("nothing counts twice", never_has_more_than_three);
/// let finding = case.hunt(1_000).unwrap_err();
/// assert!(finding.to_string().contains("duplicate pacific -> atlantic #0 = 1 of 2"), "{finding}");
/// ```
pub struct Case<N: Node, F> {
    name: String,
    setup: Setup<N::Request>,
    node: F,
    promises: Vec<Promise>,
    initial: Option<String>,
}

/// What a [`Case`] promises.
struct Promise {
    name: String,
    phase: Phase,
    check: Box<Check>,
}

type Check = dyn Fn(&Trace) -> Result<(), Breach> + Send + Sync;

impl<N, F> Case<N, F>
where
    N: Node<Request: Clone + Send + Sync>,
    F: Fn(NodeId) -> N + Sync,
{
    /// This protocol in this world, with no promise yet. `node` makes a fresh node for each start and restart.
    pub fn new(name: impl Into<String>, setup: Setup<N::Request>, node: F) -> Case<N, F> {
        Case { name: name.into(), setup, node, promises: Vec::new(), initial: None }
    }

    /// Promises something of every run, whatever goes wrong: `check` looks at the whole of it.
    #[must_use]
    pub fn always(self, name: impl Into<String>, check: impl CheckFn) -> Case<N, F> {
        self.promise(name.into(), Phase::Safety, Box::new(check))
    }

    /// Promises something of the end of every run: when nothing goes wrong any more, and what was to be mended had the
    /// time of [`Setup::grace`].
    #[must_use]
    pub fn in_the_end(self, name: impl Into<String>, check: impl CheckFn) -> Case<N, F> {
        self.promise(name.into(), Phase::Convergence, Box::new(check))
    }

    /// What clients are shown under every key before anybody writes, which nobody writes: a consistency model, to which
    /// nothing is shown then, takes a read that shows it for one that shows nothing. See
    /// [`Modelled`](crate::Modelled).
    #[must_use]
    pub fn initially(self, shown: impl Into<String>) -> Case<N, F> {
        Case { initial: Some(shown.into()), ..self }
    }

    fn promise(mut self, name: String, phase: Phase, check: Box<Check>) -> Case<N, F> {
        self.promises.push(Promise { name, phase, check });
        self
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs it with the seeds from 1 on until one breaks a promise, and makes that small. So `Ok` means that each of these
    /// runs was made and judged, and that none breaks anything.
    ///
    /// # Errors
    /// [`Broken`], which prints what was found and how to see it again; its `Debug` is the same, so that `unwrap` in a test
    /// shows it. [`Broken::Unknown`] where nothing was found, but not every run could be judged in full.
    pub fn hunt(&self, seeds: u64) -> Result<Hunted, Broken> {
        let mut hunted = self.hunt_by(&Hunt::new(1, seeds)).map_err(Broken::Hunt)?;
        if let Some(finding) = hunted.findings.drain(..).next() {
            return Err(Broken::Promise(Box::new(finding)));
        }
        match hunted.undecided.clone() {
            Some(undecided) => {
                Err(Broken::Unknown { runs: hunted.unknown, seeds: hunted.seeds, first: undecided })
            }
            None => Ok(hunted),
        }
    }

    /// Runs it as `hunt` says, and returns all that was found.
    ///
    /// Before that the calm run and the first few seeds are run twice each, so that a node that is not deterministic is told
    /// as that. (One that seldom is not may be seen only when something that it broke does not come back.) A run in which
    /// nothing goes wrong must come to its end.
    ///
    /// Runs that could not be judged in full are counted: look at [`Hunted::unknown`].
    ///
    /// # Errors
    /// As [`hunt()`](crate::hunt::hunt()); [`HuntError::NoPromise`], [`HuntError::SamePromise`], [`HuntError::Calm`],
    /// [`HuntError::CheckPanicked`], [`HuntError::Parting`].
    pub fn hunt_by(&self, hunt: &Hunt<'_>) -> Result<Hunted, HuntError> {
        self.check_askable()?;
        if hunt.count == 0 {
            return Err(HuntError::NoSeeds);
        }
        look_early(self, hunt.first, hunt.count)?;
        let provenance = provenance_of(self, &self.name, hunt.first);
        let provenance = provenance.map_err(|error| HuntError::Run { seed: hunt.first, error })?;
        let mut hunted = hunt_subject(self, hunt, &provenance, &mut |_| Go::On)?;
        for finding in &mut hunted.findings {
            if let Verdict::Violated(evidence) = &mut finding.judgement.verdict {
                evidence.replay = call_of(&finding.tape);
            }
        }
        Ok(hunted)
    }

    /// Whether there are nodes, anything is promised of them, and each under a name of its own.
    fn check_askable(&self) -> Result<(), HuntError> {
        if self.setup.machines.is_empty() {
            return Err(HuntError::NoNodes);
        }
        if self.promises.is_empty() {
            return Err(HuntError::NoPromise);
        }
        let mut names = BTreeSet::new();
        match self.promises.iter().find(|promise| !names.insert(&promise.name)) {
            Some(same) => Err(HuntError::SamePromise { promise: same.name.clone() }),
            None => Ok(()),
        }
    }

    /// What happens with the luck of one seed.
    ///
    /// # Errors
    /// [`RunError`] when the run has no end, or is none at all.
    pub fn run(&self, seed: u64) -> Result<Trace, RunError> {
        self.play(seed, &mut Seeded::new(seed))
    }

    /// Whether a trace keeps every promise: one of [`Case::run`], or one that was recorded elsewhere, of these nodes under
    /// another driver.
    ///
    /// # Errors
    /// [`Broken::Ruling`], the first promise that it does not keep, or of which that cannot be told. [`Broken::Hunt`] if
    /// nothing is promised, or two things under one name.
    pub fn check(&self, trace: &Trace) -> Result<(), Broken> {
        self.check_askable().map_err(Broken::Hunt)?;
        let broken = self.judge(trace).into_iter().find(|ruling| ruling.judgement.verdict != Verdict::Holds);
        broken.map_or(Ok(()), |ruling| Err(Broken::Ruling(Box::new(ruling))))
    }

    /// Runs it as a tape says, which was found by an earlier version of this protocol, and is kept as a test: whether
    /// what broke it then breaks nothing now.
    ///
    /// Where [`Case::replay`] shows exactly the run that was found, this is for the protocol that has been mended since, and
    /// so runs otherwise: each deviation of the tape is made where it is still asked for.
    ///
    /// # Errors
    /// [`Broken::Ruling`] if a promise is broken. [`Broken::Replay`] if not, but the tape no longer says anything: a
    /// deviation of it is asked for by nothing here ([`ReplayError::Stale`]); and for what is no tape of this case at all.
    pub fn survives(&self, tape: &str) -> Result<(), Broken> {
        let tape =
            Tape::parse_line(tape, &self.nodes()).map_err(ReplayError::Tape).map_err(Broken::Replay)?;
        let seed = tape.provenance().seed;
        let here = provenance_of(self, &self.name, seed).map_err(ReplayError::Run).map_err(Broken::Replay)?;
        if tape.provenance().scenario != self.name {
            return Err(Broken::Replay(ReplayError::other(&tape, here)));
        }
        let mut player = Player::new(tape.answers());
        let trace = self.play(seed, &mut player).map_err(ReplayError::Run).map_err(Broken::Replay)?;
        let leftovers = player.leftovers();
        self.check(&trace).map_err(|broken| match broken {
            Broken::Ruling(mut ruling) => {
                explain(&mut ruling.judgement, &tape, &trace);
                let now = Tape::new(here, tape.names().clone(), tape.answers().clone());
                if let (Verdict::Violated(evidence), Ok(now)) = (&mut ruling.judgement.verdict, now) {
                    evidence.replay = call_of(&now);
                }
                Broken::Ruling(ruling)
            }
            other => other,
        })?;
        if leftovers.is_empty() {
            return Ok(());
        }
        let shown = leftovers.iter().map(|leftover: &Leftover| leftover.show(tape.names()).to_string());
        Err(Broken::Replay(ReplayError::Stale { leftovers: shown.collect() }))
    }

    /// Runs it as a tape says, which [`Broken`] prints, and judges it: exactly the run that was found.
    ///
    /// # Errors
    /// [`ReplayError`] for what is no tape, or one of another case, of other nodes or of another version of them; see
    /// [`Case::survives`].
    pub fn replay(&self, tape: &str) -> Result<Replayed, ReplayError> {
        let tape = Tape::parse_line(tape, &self.nodes()).map_err(ReplayError::Tape)?;
        let here = provenance_of(self, &self.name, tape.provenance().seed).map_err(ReplayError::Run)?;
        if *tape.provenance() != here {
            return Err(match calm_parting(self, here.seed) {
                Some(parting) => ReplayError::Parting(Box::new(parting)),
                None => ReplayError::other(&tape, here),
            });
        }
        let mut player = Player::new(tape.answers());
        let trace = self.play(here.seed, &mut player).map_err(ReplayError::Run)?;
        let rulings = self.judge(&trace);
        Ok(Replayed { trace, rulings })
    }
}

/// What a panic said, on one line.
fn said(panic: &(dyn Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    one_line(text.unwrap_or("it did not say why")).into_owned()
}

/// How a tape is played, as source code.
fn call_of(tape: &Tape) -> String {
    format!("case.replay(\"{}\")", tape.line())
}

/// What a promise looks at: a plain function, or a closure.
pub trait CheckFn: Fn(&Trace) -> Result<(), Breach> + Send + Sync + 'static {}

impl<C: Fn(&Trace) -> Result<(), Breach> + Send + Sync + 'static> CheckFn for C {}

impl<N, F> Subject for Case<N, F>
where
    N: Node<Request: Clone + Send + Sync>,
    F: Fn(NodeId) -> N + Sync,
{
    fn nodes(&self) -> Names {
        Names::from_iter(self.names())
    }

    fn play(&self, seed: u64, choices: &mut dyn Choices) -> Result<Trace, RunError> {
        self.play_without(&BTreeSet::new(), seed, choices)
    }

    fn requests(&self) -> u32 {
        let is_request = |(_, act): &&(TrueTime, Act<N::Request>)| matches!(act, Act::Request { .. });
        let count = self.setup.plan.acts().iter().filter(is_request).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    fn play_without(
        &self,
        left_out: &BTreeSet<u32>,
        seed: u64,
        choices: &mut dyn Choices,
    ) -> Result<Trace, RunError> {
        let origin = Origin { scenario: self.name.clone(), seed, resolver: None };
        let mut setup = self.setup.clone();
        if !left_out.is_empty() {
            setup.plan = without(&setup.plan, left_out);
        }
        let world = World::new(setup, choices, &self.node).map_err(RunError::World)?;
        let failed = |error| RunError::of(origin.clone(), self.names(), error);
        // Nothing of a world that a panic went through is looked at again.
        let ran = catch_unwind(AssertUnwindSafe(|| world.run()));
        let ran = ran.map_err(|panic| RunError::Panicked { message: said(&*panic) })?;
        let mut trace = ran.map_err(failed)?.trace;
        trace.set_origin(origin);
        Ok(trace)
    }

    fn judge(&self, trace: &Trace) -> Vec<Ruling> {
        (0..).map(PromiseId).zip(&self.promises).map(|(id, promise)| promise.rule(id, trace)).collect()
    }

    fn judge_one(&self, promise: PromiseId, trace: &Trace) -> Option<Judgement> {
        Some(self.promises.get(promise.0 as usize)?.rule(promise, trace).judgement)
    }

    fn history(&self, trace: &Trace) -> History {
        let history = History::of(trace);
        match &self.initial {
            Some(initial) => history.without_initial(initial),
            None => history,
        }
    }
}

/// The plan without the requests of these numbers.
fn without<R: Clone>(plan: &Plan<R>, left_out: &BTreeSet<u32>) -> Plan<R> {
    let (mut kept, mut number) = (Plan::new(), 0_u32);
    for (at, act) in plan.acts() {
        let is_request = matches!(act, Act::Request { .. });
        if !is_request || !left_out.contains(&number) {
            kept.add(*at, act.clone());
        }
        // Saturating: nobody plans so many.
        number = number.saturating_add(u32::from(is_request));
    }
    kept
}

impl<N: Node, F> Case<N, F> {
    fn names(&self) -> impl Iterator<Item = &str> {
        self.setup.machines.iter().map(|machine| &*machine.name)
    }
}

impl Promise {
    fn rule(&self, promise: PromiseId, trace: &Trace) -> Ruling {
        // A check looks at a trace and changes nothing, so one that panicked leaves nothing half done.
        let verdict = match catch_unwind(AssertUnwindSafe(|| self.look_at(trace))) {
            Ok(verdict) => verdict,
            Err(panic) => Verdict::Unknown(Limit::Panicked(said(&*panic))),
        };
        let judgement = Judgement { promise: self.name.clone(), verdict, scope: String::new() };
        Ruling { promise, phase: self.phase, judgement }
    }

    fn look_at(&self, trace: &Trace) -> Verdict {
        match (self.check)(trace) {
            Ok(()) => Verdict::Holds,
            Err(breach) => match Order::of(trace, &Budget::default()) {
                Ok(order) => breach.violated(&order),
                Err(limit) => Verdict::Unknown(limit),
            },
        }
    }
}

/// Why a [`Case`] does not keep what it promises, or could not be asked.
#[non_exhaustive]
pub enum Broken {
    /// A promise is broken, and how was made small.
    Promise(Box<Finding>),
    /// A promise is broken in one run, or it cannot be told whether it is.
    Ruling(Box<Ruling>),
    /// It cannot be hunted.
    Hunt(HuntError),
    /// Nothing was found, but not every run could be judged in full.
    Unknown {
        /// How many could not.
        runs: u64,
        /// Of how many.
        seeds: u64,
        /// The first of them.
        first: Undecided,
    },
    /// A tape cannot be played, or fits no longer.
    Replay(ReplayError),
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Broken::Promise(finding) => {
                let Judgement { promise, verdict, .. } = &finding.judgement;
                write!(f, "violated: {promise} (seed {})", finding.tape.provenance().seed)?;
                match verdict {
                    Verdict::Violated(evidence) => write!(f, "\n{evidence}"),
                    _ => Ok(()),
                }
            }
            Broken::Ruling(ruling) => {
                let Judgement { promise, verdict, .. } = &ruling.judgement;
                match verdict {
                    Verdict::Violated(evidence) => write!(f, "violated: {promise}\n{evidence}"),
                    Verdict::Unknown(limit) => write!(f, "unknown: {promise}: {limit}"),
                    _ => write!(f, "holds: {promise}"),
                }
            }
            Broken::Hunt(error) => error.fmt(f),
            Broken::Unknown { runs, seeds, first: Undecided { seed, why } } => {
                write!(f, "unknown: {runs} of {seeds} runs could not be judged in full; seed {seed}: {why}")
            }
            Broken::Replay(error) => error.fmt(f),
        }
    }
}

impl fmt::Debug for Broken {
    /// As it is displayed: that is what `unwrap` in a test shows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Broken {}

/// A run that was played from a tape.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Replayed {
    /// What happened.
    pub trace: Trace,
    /// What came of each promise.
    pub rulings: Vec<Ruling>,
}

/// Why a tape cannot be played.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ReplayError {
    /// It is none.
    Tape(TapeError),
    /// It is of something else.
    Other {
        /// Where it comes from.
        tape: Box<Provenance>,
        /// What is here.
        here: Box<Provenance>,
    },
    /// It can be played, but not all of it means anything here any more.
    Stale {
        /// What does not fit, a line each.
        leftovers: Vec<String>,
    },
    /// The nodes are not deterministic, so no tape fits them.
    Parting(Box<Parting>),
    /// The run cannot be made.
    Run(RunError),
}

impl ReplayError {
    fn other(tape: &Tape, here: Provenance) -> ReplayError {
        ReplayError::Other { tape: Box::new(tape.provenance().clone()), here: Box::new(here) }
    }
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReplayError::Tape(error) => error.fmt(f),
            ReplayError::Other { tape, here } => {
                write!(
                    f,
                    "the tape is of `{}` {} in version {}, but this is `{}` {} in version {}; hunt again",
                    tape.scenario,
                    tape.scenario_hash,
                    tape.version,
                    here.scenario,
                    here.scenario_hash,
                    here.version
                )?;
                if tape.scenario == here.scenario {
                    f.write_str(", or keep the tape as a test of what was mended: `case.survives(tape)`")?;
                }
                Ok(())
            }
            ReplayError::Stale { leftovers } => write!(
                f,
                "the tape breaks nothing, but no longer says what it said: the protocol or its world has changed. \
                 Hunt again, and drop the tape or paste the one that is found\n  {}",
                leftovers.join("\n  ")
            ),
            ReplayError::Parting(parting) => parting.fmt(f),
            ReplayError::Run(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ReplayError {}

//! A protocol of your own, with its world and what it promises: ready to be run, judged, hunted and replayed.

use std::fmt;

use constellation_fabric::{Choices, Node};
use constellation_sim::choices::{Provenance, TapeError};
use constellation_sim::{Player, Setup, Tape, World};
use constellation_trace::trace::Origin;
use constellation_trace::{Judgement, Names, NodeId, Trace, Verdict};
pub use constellation_verify::Breach;
use constellation_verify::{Budget, Order};

use crate::hunt::{Finding, Go, Hunt, HuntError, Hunted, hunt_subject, provenance_of};
use crate::promises::Phase;
use crate::simulate::RunError;
use crate::subject::{PromiseId, Ruling, Subject};

/// A protocol with its world and what it promises.
///
/// ```
/// use constellation_fabric::{Effects, Input, Link, Network, Node, Now, Odds};
/// use constellation_lab::case::{Breach, Case};
/// use constellation_sim::{Act, Plan, Setup};
/// use constellation_trace::{NodeId, Trace, TrueTime};
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
///     let too_many = trace.event_ids().find(|event| trace.label(*event) == "has 6");
///     too_many.map_or(Ok(()), |event| Err(Breach::new("3 was added once", "there are 6").shown_by([event])))
/// }
///
/// let link = Link { duplicate: Odds::ppm(100_000).unwrap(), ..Link::INSTANT };
/// let second = TrueTime::from_ns(1_000_000_000);
/// let setup = Setup {
///     network: Network::new(link),
///     plan: Plan::new().at(second, Act::Request { node: NodeId::new(0), request: 3 }),
///     ..Setup::new(["pacific", "atlantic"], TrueTime::from_ns(2_000_000_000))
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
        Case { name: name.into(), setup, node, promises: Vec::new() }
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

    fn promise(mut self, name: String, phase: Phase, check: Box<Check>) -> Case<N, F> {
        self.promises.push(Promise { name, phase, check });
        self
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs it with the seeds from 1 on until one breaks a promise, and makes that small.
    ///
    /// # Errors
    /// [`Broken`], which prints what was found and how to see it again; its `Debug` is the same, so that `unwrap` in a test
    /// shows it.
    pub fn hunt(&self, seeds: u64) -> Result<Hunted, Broken> {
        let hunted = self.hunt_by(&Hunt::new(1, seeds)).map_err(Broken::Hunt)?;
        match hunted.findings.into_iter().next() {
            Some(finding) => Err(Broken::Promise(Box::new(finding))),
            None => Ok(Hunted { findings: Vec::new(), ..hunted }),
        }
    }

    /// Runs it as `hunt` says, and returns all that was found.
    ///
    /// # Errors
    /// As [`hunt()`](crate::hunt::hunt()).
    pub fn hunt_by(&self, hunt: &Hunt<'_>) -> Result<Hunted, HuntError> {
        let provenance = provenance_of(self, &self.name, hunt.first);
        let provenance = provenance.map_err(|error| HuntError::Run { seed: hunt.first, error })?;
        let mut hunted = hunt_subject(self, hunt, &provenance, &mut |_| Go::On)?;
        for finding in &mut hunted.findings {
            if let Verdict::Violated(evidence) = &mut finding.judgement.verdict {
                evidence.replay = format!("case.replay(\"{}\")", finding.tape.line());
            }
        }
        Ok(hunted)
    }

    /// Runs it as a tape says, which [`Broken`] prints, and judges it.
    ///
    /// # Errors
    /// [`ReplayError`] for what is no tape, or one of another case, of other nodes or of another version of them.
    pub fn replay(&self, tape: &str) -> Result<Replayed, ReplayError> {
        let tape = Tape::parse_line(tape, &self.nodes()).map_err(ReplayError::Tape)?;
        let here = provenance_of(self, &self.name, tape.provenance().seed).map_err(ReplayError::Run)?;
        if *tape.provenance() != here {
            return Err(ReplayError::Other {
                tape: Box::new(tape.provenance().clone()),
                here: Box::new(here),
            });
        }
        let mut player = Player::new(tape.answers());
        let trace = self.play(here.seed, &mut player).map_err(ReplayError::Run)?;
        let rulings = self.judge(&trace);
        Ok(Replayed { trace, rulings })
    }
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
        let origin = Origin { scenario: self.name.clone(), seed, resolver: None };
        let world = World::new(self.setup.clone(), choices, &self.node).map_err(RunError::World)?;
        let failed = |error| RunError::of(origin.clone(), self.names(), error);
        let mut trace = world.run().map_err(failed)?.trace;
        trace.set_origin(origin);
        Ok(trace)
    }

    fn judge(&self, trace: &Trace) -> Vec<Ruling> {
        (0..).map(PromiseId).zip(&self.promises).map(|(id, promise)| promise.rule(id, trace)).collect()
    }

    fn judge_one(&self, promise: PromiseId, trace: &Trace) -> Option<Judgement> {
        Some(self.promises.get(promise.0 as usize)?.rule(promise, trace).judgement)
    }
}

impl<N: Node, F> Case<N, F> {
    fn names(&self) -> impl Iterator<Item = &str> {
        self.setup.machines.iter().map(|machine| &*machine.name)
    }
}

impl Promise {
    fn rule(&self, promise: PromiseId, trace: &Trace) -> Ruling {
        let verdict = match (self.check)(trace) {
            Ok(()) => Verdict::Holds,
            Err(breach) => match Order::of(trace, &Budget::default()) {
                Ok(order) => breach.violated(&order),
                Err(limit) => Verdict::Unknown(limit),
            },
        };
        let judgement = Judgement { promise: self.name.clone(), verdict, scope: String::new() };
        Ruling { promise, phase: self.phase, judgement }
    }
}

/// Why a [`Case`] does not keep what it promises, or could not be asked.
pub enum Broken {
    /// A promise is broken.
    Promise(Box<Finding>),
    /// It cannot be hunted.
    Hunt(HuntError),
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
            Broken::Hunt(error) => error.fmt(f),
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
    /// The run cannot be made.
    Run(RunError),
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReplayError::Tape(error) => error.fmt(f),
            ReplayError::Other { tape, here } => write!(
                f,
                "the tape is of `{}` {} in version {}, but this is `{}` {} in version {}; hunt again",
                tape.scenario,
                tape.scenario_hash,
                tape.version,
                here.scenario,
                here.scenario_hash,
                here.version
            ),
            ReplayError::Run(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ReplayError {}

//! Every order in which messages can arrive: what no seed may hit upon is found here, or shown not to exist.
//!
//! A scenario gives its nodes and what clients ask of them. Its times play no part: whatever is under way may arrive
//! next, requests of clients too, but those of one node keep their order. Each run is made into a trace and judged as
//! any other: cut short, for safety alone; finished, after all that a simulated run ends with. When nothing is under way
//! any more, nothing is lost any more, each station with `anti_entropy` offers all it holds to each other one twice,
//! and every node shows every key. So convergence is asked of a run with losses too, exactly as when it is simulated:
//! without `anti_entropy` nobody says again what was lost, and the replicas differ. This ending has one order; the orders
//! before it are those that are explored.
//!
//! [`explore`] runs one order of all that differ only in how arrivals at different nodes follow each other, so no run
//! is judged twice. What a judge asks of happens-before is the same for all of them.

mod fit;
mod smallest;
mod tally;

use std::fmt;
use std::sync::Arc;

use constellation_fabric::{Calm, Node};
use constellation_sim::WorldError;
use constellation_sim::explore as orders;
use constellation_sim::explore::{Ending, Extent, Schedule, Scope, Visit};
use constellation_trace::trace::Origin;
use constellation_trace::{Judgement, NodeId, Trace};

use fit::Links;
pub use fit::{Place, Unfit};
use tally::Tally;

use crate::hunt::Go;
use crate::promises::{self, Judged};
use crate::scenario::Scenario;
use crate::simulate::{Stage, nothing_shown};
use crate::station::{Request, Rules, Station};

/// How far an exploration goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Bounds {
    /// How many messages of a run may be lost.
    pub losses_max: u32,
    /// How many messages of a run may arrive twice.
    pub duplicates_max: u32,
    /// How many timers of a run may run out before its ending. Stations set them if the scenario has `anti_entropy`,
    /// without end, so then no bound is enough for everything.
    pub timers_max: u32,
    /// After how many arrivals a run is cut.
    pub depth_max: u32,
    /// How many arrivals may be executed in all.
    pub deliveries_max: u64,
}

impl Bounds {
    /// What [`Bounds::deliveries_max`] is unless said otherwise: some seconds of work for four stations.
    pub const DELIVERIES_MAX: u64 = 100_000;

    /// The usual bounds for this scenario: one loss if a link of it can lose for whatever reason, one copy if one can
    /// double, no timer.
    pub fn of(scenario: &Scenario) -> Bounds {
        let links = Links::of(scenario, scenario.contacts.as_ref());
        Bounds {
            losses_max: links.loses.into(),
            duplicates_max: links.doubles.into(),
            timers_max: 0,
            depth_max: Scope::<Request>::DEPTH_MAX,
            deliveries_max: Bounds::DELIVERIES_MAX,
        }
    }
}

/// What an exploration found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Explored {
    /// How many runs were judged.
    pub runs: u64,
    /// How many of them were cut at [`Bounds::depth_max`], and judged for safety alone.
    pub cut: u64,
    /// How many arrivals were executed.
    pub deliveries: u64,
    /// Whether everything within the bounds was looked at.
    pub extent: Extent,
    /// What the network might do, in a few words.
    pub network: String,
    /// What of the scenario plays no part here, a line each.
    pub left_out: Vec<String>,
    /// A verdict on every promise; of a violation it alone, in its smallest run, since the exploration ends there.
    pub judgements: Vec<Judgement>,
    /// What happens in the smallest run that violates it.
    pub trace: Option<Trace>,
}

impl Explored {
    /// The exit code for all promises together: 0 holds, 1 violated, 3 unknown.
    pub fn exit_code(&self) -> u8 {
        Judgement::exit_code(&self.judgements)
    }
}

/// How far an exploration is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// How many runs were judged.
    pub runs: u64,
    /// How many arrivals were executed.
    pub deliveries: u64,
}

/// Why a scenario could not be explored.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ExploreError {
    /// Something in it plays a part that no order of arrivals has, so that a verdict would mislead.
    Unfit(Unfit),
    /// A run could not be made.
    World(WorldError),
}

impl fmt::Display for ExploreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExploreError::Unfit(unfit) => unfit.fmt(f),
            ExploreError::World(error) => write!(f, "the scenario cannot be explored: {error}"),
        }
    }
}

impl std::error::Error for ExploreError {}

impl From<WorldError> for ExploreError {
    fn from(error: WorldError) -> ExploreError {
        ExploreError::World(error)
    }
}

/// Runs `scenario` in every order of arrivals within `bounds`, and judges each run.
///
/// Ends at the first violation, and makes it as small as it can. `progress` is told of each run, and may stop it
/// there; what was not looked at is unknown then. Else deterministic. Costs,
/// for each run, to make it once more with its trace, and to judge that; memory does not grow with the runs.
///
/// ```
/// use constellation_lab::explore::{Bounds, explore};
/// use constellation_lab::hunt::Go;
/// use constellation_lab::incidents;
///
/// let scenario = incidents::find("lossy-relay").expect("it ships").scenario();
/// let mut bounds = Bounds::of(&scenario);
/// let found = explore(&scenario, bounds, &mut |_| Go::On)?;
/// assert_eq!((bounds.losses_max, found.exit_code()), (1, 1));
///
/// // Without the loss there is no order in which anything goes wrong.
/// bounds.losses_max = 0;
/// assert_eq!(explore(&scenario, bounds, &mut |_| Go::On)?.exit_code(), 0);
/// # Ok::<(), constellation_lab::explore::ExploreError>(())
/// ```
///
/// # Errors
/// [`ExploreError`] for a scenario in which more plays a part than the order of arrivals, or of which a run cannot be
/// made.
pub fn explore(
    scenario: &Scenario,
    bounds: Bounds,
    progress: &mut dyn FnMut(Progress) -> Go,
) -> Result<Explored, ExploreError> {
    explore_with(scenario, bounds, |rules, me| Station::new(Arc::clone(rules), me), progress)
}

/// As [`explore`], but run by whatever nodes `node` makes instead of stations: broken ones, or a protocol of your own.
///
/// A clone of a node must share nothing with it that can change.
///
/// # Errors
/// As [`explore`].
pub fn explore_with<N>(
    scenario: &Scenario,
    bounds: Bounds,
    node: impl Fn(&Arc<Rules>, NodeId) -> N,
    progress: &mut dyn FnMut(Progress) -> Go,
) -> Result<Explored, ExploreError>
where
    N: Node<Request = Request> + Clone,
{
    let left_out = fit::left_out(scenario, bounds)?;
    if Links::of(scenario, scenario.contacts.as_ref()).loses {
        let calm = Stage::of(scenario).play(scenario.seed, Calm, &node, nothing_shown);
        fit::check_losses(calm.ok().as_ref(), bounds.losses_max)?;
    }
    let case = Case::new(scenario, bounds, node);
    let mut tally = case.calm().map_or_else(Tally::default, Tally::of);
    let (mut broken, mut failed) = (None, None);
    let found = orders::explore(&case.scope, case.factory(), |run| {
        let until = if run.is_finished() { Until::TheEnd } else { Until::LastArrival };
        match case.trace(&case.scope, &run.schedule(), until) {
            Ok(trace) => broken = tally.enter(promises::judge(scenario, &trace), until),
            Err(error) => {
                failed = Some(error);
                return Visit::Enough;
            }
        }
        let go = progress(Progress { runs: tally.runs(), deliveries: run.deliveries() });
        match (broken, go) {
            (Some(_), _) => Visit::Broken(String::new()),
            (None, Go::On) => Visit::Fine,
            (None, Go::Stop) => Visit::Enough,
        }
    })?;
    if let Some(error) = failed {
        return Err(error.into());
    }
    let (judgements, trace) = match (broken, &found.violation) {
        (Some(promise), Some(violation)) => {
            let small = case.smallest(promise, &violation.schedule)?;
            (vec![small.judgement], Some(small.trace))
        }
        _ => (tally.judgements(&found.extent), None),
    };
    Ok(Explored {
        runs: found.visited,
        cut: found.cut,
        deliveries: found.deliveries,
        extent: found.extent,
        network: case.scope.to_string(),
        left_out,
        judgements,
        trace,
    })
}

/// How far a schedule is run again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Until {
    /// To its last arrival; what is under way then stays so.
    LastArrival,
    /// To the end of a run, where every node shows every key.
    TheEnd,
}

/// What is explored.
struct Case<'a, F> {
    scenario: &'a Scenario,
    rules: Arc<Rules>,
    node: F,
    scope: Scope<Request>,
    ending: Ending<Request>,
}

impl<'a, N, F> Case<'a, F>
where
    N: Node<Request = Request> + Clone,
    F: Fn(&Arc<Rules>, NodeId) -> N,
{
    fn new(scenario: &'a Scenario, bounds: Bounds, node: F) -> Case<'a, F> {
        let rules = scenario.rules();
        let scope = Scope {
            requests: fit::requests(scenario),
            sequence: scenario.link.sequence,
            exceptions: fit::exceptions(scenario),
            losses_max: bounds.losses_max,
            duplicates_max: bounds.duplicates_max,
            timers_max: bounds.timers_max,
            depth_max: bounds.depth_max,
            deliveries_max: bounds.deliveries_max,
            ..Scope::new(scenario.nodes.iter().map(String::as_str))
        };
        Case { scenario, rules: Arc::new(rules), node, scope, ending: fit::ending(scenario) }
    }

    fn factory(&self) -> impl FnMut(NodeId) -> N {
        |me| (self.node)(&self.rules, me)
    }

    /// What a judge says of the run without any fault in which all arrives in the order of sending, whatever the bounds:
    /// it names what is promised. `None` where that run has no end.
    fn calm(&self) -> Option<Judged> {
        let scope = Scope { depth_max: Scope::<Request>::DEPTH_MAX, ..self.scope.clone() };
        let trace = self.trace(&scope, &Schedule::default(), Until::TheEnd).ok()?;
        Some(promises::judge(self.scenario, &trace))
    }

    /// What happens in a run of `scope`, which is that of the case or asks less.
    fn trace(&self, scope: &Scope<Request>, schedule: &Schedule, until: Until) -> Result<Trace, WorldError> {
        let mut trace = match until {
            Until::LastArrival => schedule.replay(scope, self.factory()),
            Until::TheEnd => schedule.replay_to_end(scope, &self.ending, self.factory()),
        }?;
        let resolver = Some(self.scenario.resolver.name().to_owned());
        // No seed decides anything here.
        trace.set_origin(Origin { scenario: self.scenario.name.clone(), seed: 0, resolver });
        Ok(trace)
    }
}

//! One wall clock made wrong step by step: at which error ordering by wall clocks begins to lose updates, and what
//! logical clocks make of the same runs.
//!
//! A run is a number of *pairs*: two stations, of which one has the wrong clock, update one key each, one after the other
//! in true time. The gaps between the two are spread evenly from nothing to twice what a message takes from the first to
//! the second, so that in some pairs the second station had seen the first update and meant to replace it (the two are
//! *ordered*), and in the others it had not (they are *concurrent*). Which is which the oracle says, from the messages
//! alone. The run is made anew for each error of the clock, with the same luck: but for what that clock shows,
//! nothing is otherwise.
//!
//! Stations and latencies are those of a scenario, and nothing else of it: no message is lost, no machine goes wrong, all
//! other clocks tell the truth. What is left to explain a difference is the one clock.
//!
//! ```
//! use constellation_lab::{Sweep, incidents};
//!
//! let scenario = incidents::find("mss-17").expect("it ships").scenario();
//! let sweep = Sweep { points: 5, pairs: 40, ..Sweep::of("pacific") };
//! let swept = sweep.run(&scenario, 1, &mut |_| {})?;
//! let lost: Vec<_> = swept.points.iter().map(|point| (point.error_ns / 1_000_000, point.lost)).collect();
//! // From Pacific a message takes 1.2 s, so nobody has seen an update of Pacific sooner than that.
//! assert_eq!(lost, [(0, 0), (500, 0), (1000, 0), (1500, 2), (2000, 7)]);
//! assert_eq!(swept.exit_code(), 0, "logical clocks keep what they promise at each error");
//! # Ok::<(), constellation_lab::sweep::SweepError>(())
//! ```

mod error;
mod ledger;
mod measure;
mod pairs;
mod register;

use std::cmp;
use std::sync::Arc;
use std::time::Duration;

use constellation_clock::{Ahead, DriftPolicy};
use constellation_fabric::Node;
use constellation_sim::{Seeded, Setup, World};
use constellation_trace::trace::Origin;
use constellation_trace::{Judgement, NodeId, Trace};
use constellation_verify::{Budget, Order};

pub use error::SweepError;
pub use register::{Message, Register, Request, Seat};

use crate::scenario::Scenario;
use crate::simulate::RunError;
use ledger::Ledger;
use pairs::Timetable;

/// What is swept, and how finely.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sweep {
    /// Whose wall clock is wrong, by name.
    pub node: String,
    /// The first error, in nanoseconds: by how much the clock is ahead; negative is behind.
    pub from_ns: i64,
    /// The last error, in nanoseconds; not below the first.
    pub to_ns: i64,
    /// How many errors are tried, evenly spread over the range, both ends among them: 2 to [`Sweep::POINTS_MAX`]. A range
    /// of a single error is one point, whatever this says.
    pub points: u32,
    /// How many pairs of updates there are in each run: 2 to [`Sweep::PAIRS_MAX`].
    pub pairs: u32,
}

/// What came of a sweep.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Swept {
    /// A point for each error, from the first to the last.
    pub points: Vec<Point>,
    /// How soon an update was replaced, which is what the error is to be compared with.
    pub soonest: Soonest,
    /// What logical clocks promise, judged at each error; of a violation the first one is shown.
    pub judgements: Vec<Judgement>,
}

/// In true time, how soon after one update of an ordered pair the other came, at the earliest; `None` where there is no
/// such pair. A clock that is wrong by less reverses no ordered pair.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Soonest {
    /// Another station's after one of the node with the wrong clock: counts for a clock that is ahead.
    pub after: Option<Duration>,
    /// One of that node after another station's: counts for a clock that is behind.
    pub before: Option<Duration>,
}

/// On which side of the truth a clock is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Side {
    /// It shows a later time.
    Ahead,
    /// It shows an earlier one.
    Behind,
}

impl Side {
    /// Whether an error is on this side.
    pub const fn has(self, error_ns: i64) -> bool {
        match self {
            Side::Ahead => error_ns > 0,
            Side::Behind => error_ns < 0,
        }
    }
}

/// What came of the pairs at one error of the clock.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Point {
    /// By how many nanoseconds the clock is ahead; negative is behind.
    pub error_ns: i64,
    /// Pairs in which the second update had seen the first.
    pub ordered: u32,
    /// Ordered pairs of which the later update has the lower wall time.
    pub reversed: u32,
    /// Ordered pairs of which a station shows the earlier update in the end, so that the later one is lost, which was
    /// meant to replace it.
    pub lost: u32,
    /// Ordered pairs of which the later update has no higher hybrid time.
    pub hybrid_reversed: u32,
    /// Pairs, ordered or concurrent, of whose updates the vector stamps do not say which they are.
    pub vectors_wrong: u32,
    /// Pairs in which neither update had seen the other.
    pub concurrent: u32,
    /// Concurrent pairs of which a station shows one update alone in the end: the other is lost without a word.
    pub dropped: u32,
    /// Those among them in which the one that is lost was written later.
    pub dropped_later: u32,
    /// Concurrent pairs to which Lamport times give an order nevertheless.
    pub lamport_orders: u32,
    /// How many messages there are.
    pub messages: u32,
    /// How far a hybrid time was ahead of its node's own wall clock at most, in nanoseconds.
    pub hybrid_ahead_ns: u64,
    /// How many messages are refused where hybrid clocks are guarded ([`Sweep::GUARD`]): those updates do not arrive.
    pub refused: u32,
    /// As `hybrid_ahead_ns`, where they are guarded.
    pub guarded_ahead_ns: u64,
}

impl Sweep {
    /// The most errors of one sweep.
    pub const POINTS_MAX: u32 = 201;
    /// The most pairs of a run: more than these could not be judged to the last pair of events.
    pub const PAIRS_MAX: u32 = 700;
    /// The most pairs of all runs together.
    pub const WORK_MAX: u32 = 20_000;
    /// The largest error, in nanoseconds: an hour.
    pub const ERROR_MAX_NS: i64 = 3_600_000_000_000;
    /// What a guarded hybrid clock refuses: stamps more than 500 ms ahead of its own wall clock.
    pub const GUARD: DriftPolicy = DriftPolicy::STANDARD;
    /// How far that is, in nanoseconds.
    pub const GUARD_NS: u64 = match Sweep::GUARD.remote {
        Ahead::Within { ns } => ns,
        Ahead::Unbounded => u64::MAX,
    };

    /// A clock that is up to two seconds ahead, in 21 steps of 100 ms, with 120 pairs each.
    pub fn of(node: &str) -> Sweep {
        Sweep { node: node.to_owned(), from_ns: 0, to_ns: 2_000_000_000, points: 21, pairs: 120 }
    }

    /// The errors that are tried, in nanoseconds.
    pub fn errors(&self) -> Vec<i64> {
        let span = i128::from(self.to_ns) - i128::from(self.from_ns);
        if span <= 0 {
            return vec![self.from_ns];
        }
        let steps = i128::from(self.points.max(2) - 1);
        let error = |nth: i128| {
            let part = i128::from(self.from_ns) + span * nth / steps;
            i64::try_from(part).expect("it lies between two numbers of 64 bits")
        };
        (0..=steps).map(error).collect()
    }

    /// Sweeps; `each` is told of each point as it is reached, in order.
    ///
    /// Two runs for each error: one whose hybrid clocks believe every message, and one whose are guarded. O(points ×
    /// pairs²) comparisons of stamps.
    ///
    /// # Errors
    /// [`SweepError`] for a sweep that makes no sense in this scenario, or would take too long.
    pub fn run(
        &self,
        scenario: &Scenario,
        seed: u64,
        each: &mut dyn FnMut(&Point),
    ) -> Result<Swept, SweepError> {
        self.run_with(scenario, seed, Register::new, each)
    }

    /// As [`Sweep::run`], but run by whatever nodes `node` makes: by broken ones, to see them found out.
    ///
    /// # Errors
    /// As [`Sweep::run`].
    pub fn run_with<N: Node<Request = Request>>(
        &self,
        scenario: &Scenario,
        seed: u64,
        mut node: impl FnMut(Seat) -> N,
        each: &mut dyn FnMut(&Point),
    ) -> Result<Swept, SweepError> {
        let timetable = Timetable::of(self, scenario)?;
        let names: Arc<[String]> = scenario.nodes.clone().into();
        let mut ledger = Ledger::new(&self.node);
        let (mut points, mut soonest) = (Vec::new(), Soonest::default());
        for error_ns in self.errors() {
            let mut trace = |policy| {
                let seat = |me| Seat { me, names: Arc::clone(&names), policy };
                let setup = timetable.setup(scenario, error_ns);
                play(scenario, seed, setup, |me| node(seat(me))).map_err(SweepError::Run)
            };
            let (open, guarded) = (trace(OPEN)?, trace(Sweep::GUARD)?);
            let order = |trace| Order::of(trace, &Budget::default()).map_err(SweepError::Limit);
            let (open, guarded) = (order(&open)?, order(&guarded)?);
            let point = measure::point(error_ns, &open, guarded.trace());
            if points.is_empty() {
                soonest = measure::soonest(&open, timetable.node());
            }
            ledger.enter(error_ns, &open, &guarded);
            each(&point);
            points.push(point);
        }
        Ok(Swept { points, soonest, judgements: ledger.close() })
    }
}

/// Believes every message, and its own wall clock.
const OPEN: DriftPolicy = DriftPolicy { remote: Ahead::Unbounded, local: Ahead::Unbounded };

/// One run.
fn play<N: Node<Request = Request>>(
    scenario: &Scenario,
    seed: u64,
    setup: Setup<Request>,
    node: impl FnMut(NodeId) -> N,
) -> Result<Trace, RunError> {
    let origin = Origin { scenario: scenario.name.clone(), seed, resolver: None };
    let names = || scenario.nodes.iter().map(|name| &**name);
    let world = World::new(setup, Seeded::new(seed), node).map_err(RunError::World)?;
    let outcome = world.run().map_err(|error| RunError::of(origin.clone(), names(), error))?;
    let mut trace = outcome.trace;
    trace.set_origin(origin);
    Ok(trace)
}

impl Soonest {
    /// What an error on this side is to be compared with.
    pub const fn of(&self, side: Side) -> Option<Duration> {
        match side {
            Side::Ahead => self.after,
            Side::Behind => self.before,
        }
    }
}

impl Swept {
    /// On this side, the smallest error at which an ordered pair loses its later update, and the largest smaller one at
    /// which none does. What concurrent pairs lose, which they do with every clock right, is not counted.
    pub fn begins(&self, side: Side) -> Option<(&Point, Option<&Point>)> {
        let size = |point: &&Point| point.error_ns.unsigned_abs();
        let losing = self.points.iter().filter(|point| side.has(point.error_ns) && point.lost > 0);
        let first = losing.min_by_key(size)?;
        let is_before =
            |point: &&Point| size(point) < size(&first) && (point.error_ns == 0 || side.has(point.error_ns));
        Some((first, self.points.iter().filter(is_before).max_by_key(size)))
    }

    /// The largest error that was tried on this side.
    pub fn furthest(&self, side: Side) -> Option<&Point> {
        let of_side = self.points.iter().filter(|point| side.has(point.error_ns));
        of_side.max_by_key(|point| point.error_ns.unsigned_abs())
    }

    /// The point with the most of something, of several the one with the smallest error.
    pub fn most(&self, of: impl Fn(&Point) -> u64) -> Option<&Point> {
        self.points.iter().max_by_key(|point| (of(point), cmp::Reverse(point.error_ns.unsigned_abs())))
    }

    /// The smallest error at which a guarded hybrid clock refuses a message.
    pub fn refuses(&self) -> Option<&Point> {
        let refusing = self.points.iter().filter(|point| point.refused > 0);
        refusing.min_by_key(|point| point.error_ns.unsigned_abs())
    }

    /// The exit code for all promises together: 0 holds, 1 violated, 3 unknown. What wall clocks lose breaks none: nobody
    /// who knows them promises that they order anything.
    pub fn exit_code(&self) -> u8 {
        Judgement::exit_code(&self.judgements)
    }
}

/// Nanoseconds in milliseconds, to the nanosecond and without needless zeros: `600 ms`, `33.333333 ms`.
pub fn milliseconds(ns: i64) -> String {
    let sign = if ns < 0 { "-" } else { "" };
    let (whole, part) = (ns.unsigned_abs() / 1_000_000, ns.unsigned_abs() % 1_000_000);
    if part == 0 {
        return format!("{sign}{whole} ms");
    }
    let part = format!("{part:06}");
    format!("{sign}{whole}.{} ms", part.trim_end_matches('0'))
}

//! Why a sweep makes no sense in a scenario, and what to do about it.

use std::fmt;

use constellation_clock::REMOTE_MAX;
use constellation_trace::{Limit, WallTime};

use super::{Sweep, milliseconds};
use crate::simulate::RunError;

/// Why a sweep cannot be made.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SweepError {
    /// The scenario has no such node.
    NoSuchNode {
        /// The one asked for.
        node: String,
        /// One of a similar name.
        near: Option<String>,
        /// Those that it has.
        nodes: Vec<String>,
    },
    /// The scenario has one node alone.
    Alone,
    /// The last error is smaller than the first.
    Reversed {
        /// The first, in nanoseconds.
        from_ns: i64,
        /// The last.
        to_ns: i64,
    },
    /// An error of more than an hour.
    TooWrong {
        /// Which, in nanoseconds.
        error_ns: i64,
    },
    /// More or fewer errors than may be tried.
    Points(u32),
    /// More or fewer pairs than a run may have.
    Pairs(u32),
    /// More pairs in all runs together than may be.
    TooMuch {
        /// How many errors.
        points: u32,
        /// How many pairs each.
        pairs: u32,
    },
    /// The wrong clock would show a time before 1970.
    TooEarly {
        /// When the scenario begins.
        epoch: WallTime,
        /// The error at which it would, in nanoseconds.
        error_ns: i64,
    },
    /// A wall clock would show a time that hybrid clocks do not read.
    TooLate {
        /// When the scenario begins.
        epoch: WallTime,
    },
    /// A run cannot be made or finished.
    Run(RunError),
    /// A run cannot be judged.
    Limit(Limit),
}

impl SweepError {
    /// What to do about it; empty for nothing.
    pub fn help(&self) -> String {
        match self {
            SweepError::NoSuchNode { near: Some(near), .. } => format!("did you mean `{near}`?"),
            SweepError::NoSuchNode { nodes, .. } => format!("one of {}", nodes.join(", ")),
            SweepError::Alone => "choose a scenario with two nodes or more".to_owned(),
            SweepError::Reversed { .. } => "write the smaller one first, such as `-2s..0s`".to_owned(),
            SweepError::TooWrong { .. } => "at most an hour, ahead or behind".to_owned(),
            SweepError::Points(_) => "a single error, such as `600ms`, is one point".to_owned(),
            SweepError::Pairs(_) => "more could not be judged to the last pair of events".to_owned(),
            SweepError::TooMuch { points, .. } => {
                format!("at most {} pairs with so many errors", Sweep::WORK_MAX / points)
            }
            SweepError::TooEarly { .. } | SweepError::TooLate { .. } => {
                "give the scenario an `epoch` of this century, such as 2026-03-14T04:11:55Z".to_owned()
            }
            SweepError::Run(_) | SweepError::Limit(_) => String::new(),
        }
    }
}

impl fmt::Display for SweepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SweepError::NoSuchNode { node, .. } => write!(f, "the scenario has no node `{node}`"),
            SweepError::Alone => {
                f.write_str("a pair of updates needs two stations, and the scenario has one")
            }
            SweepError::Reversed { from_ns, to_ns } => {
                let [from, to] = [from_ns, to_ns].map(|ns| milliseconds(*ns));
                write!(f, "the errors go from {from} down to {to}")
            }
            SweepError::TooWrong { error_ns } => {
                write!(f, "an error of {} is no error of a clock any more", milliseconds(*error_ns))
            }
            SweepError::Points(points) => {
                write!(f, "a range of errors is swept in 2 to {} points, not in {points}", Sweep::POINTS_MAX)
            }
            SweepError::Pairs(pairs) => {
                write!(f, "a run has 2 to {} pairs of updates, not {pairs}", Sweep::PAIRS_MAX)
            }
            SweepError::TooMuch { points, pairs } => {
                let all = u64::from(*points) * u64::from(*pairs);
                write!(
                    f,
                    "{points} errors with {pairs} pairs each are {all} pairs, more than {}",
                    Sweep::WORK_MAX
                )
            }
            SweepError::TooEarly { epoch, error_ns } => {
                let behind = milliseconds(error_ns.saturating_neg());
                write!(
                    f,
                    "the run begins at {epoch}, and a clock {behind} behind would show a time before 1970"
                )
            }
            SweepError::TooLate { epoch } => {
                let last = WallTime::from_ns(REMOTE_MAX);
                write!(
                    f,
                    "the run begins at {epoch} and lasts beyond {last}, the latest time that hybrid clocks read"
                )
            }
            SweepError::Run(error) => error.fmt(f),
            SweepError::Limit(limit) => write!(f, "a run cannot be judged: {limit}"),
        }
    }
}

impl std::error::Error for SweepError {}

//! What an exploration found, and how much of everything it looked at.

use std::fmt;

use constellation_trace::{Evidence, Judgement, Limit, Proof, Verdict};

use super::schedule::Schedule;
use super::scope::Scope;

/// What whoever looks at a [`Run`](super::Run) says of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Visit {
    /// All is well.
    Fine,
    /// It is not, for this reason; the exploration ends.
    Broken(String),
    /// Enough was seen; the exploration ends, and is not complete.
    Enough,
}

/// What was looked at, and what was found.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
pub struct Exploration {
    /// How many different runs, or moments of runs, were shown.
    pub visited: u64,
    /// How many arrivals were executed; in a [`survey`](super::survey), arrivals and losses.
    pub deliveries: u64,
    /// How many runs were given up because all that could come next had been seen elsewhere.
    pub blocked: u64,
    /// How many runs met fewer faults than were prepared: they had been seen without the others.
    pub repeated: u64,
    /// How many runs were cut at [`Scope::depth_max`](super::Scope::depth_max).
    pub cut: u64,
    /// Whether everything was looked at.
    pub extent: Extent,
    /// What is wrong, and how to come there.
    pub violation: Option<Violation>,
}

/// Whether everything was looked at.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Extent {
    /// Everything that the scope allows.
    Complete,
    /// Not more than this bound left.
    Bounded(Bound),
}

/// What kept an exploration from being complete.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Bound {
    /// So many arrivals were executed, and no more were allowed.
    Deliveries(u64),
    /// Some runs were cut after so many arrivals.
    Depth(u32),
    /// Nodes set more timers than may run out.
    Timers(u32),
    /// Whoever looked had seen enough.
    Stopped,
}

impl Bound {
    /// The more, the less it says of what was left out.
    const fn weight(self) -> u8 {
        match self {
            Bound::Timers(_) => 0,
            Bound::Depth(_) => 1,
            Bound::Deliveries(_) => 2,
            Bound::Stopped => 3,
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bound::Deliveries(most) => write!(f, "at most {most} arrivals in all"),
            Bound::Depth(most) => write!(f, "at most {most} arrivals a run"),
            Bound::Timers(1) => write!(f, "at most 1 timer of a run runs out"),
            Bound::Timers(most) => write!(f, "at most {most} timers of a run run out"),
            Bound::Stopped => write!(f, "stopped by whoever looked"),
        }
    }
}

/// A run in which something is wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Violation {
    /// How to come there.
    pub schedule: Schedule,
    /// What is wrong, as said in [`Visit::Broken`].
    pub found: String,
}

impl Exploration {
    pub(super) const fn new() -> Exploration {
        Exploration {
            visited: 0,
            deliveries: 0,
            blocked: 0,
            repeated: 0,
            cut: 0,
            extent: Extent::Complete,
            violation: None,
        }
    }

    /// Not everything was looked at; the reason that leaves out most stays.
    pub(super) fn bound(&mut self, bound: Bound) {
        match self.extent {
            Extent::Bounded(earlier) if earlier.weight() >= bound.weight() => {}
            _ => self.extent = Extent::Bounded(bound),
        }
    }

    /// The verdict on the promise that was looked for: it holds only if everything was looked at.
    ///
    /// `promise` is a sentence of a few words, `scope` is the one that was explored.
    pub fn judge<R>(&self, promise: &str, scope: &Scope<R>) -> Judgement {
        let verdict = match (&self.violation, &self.extent) {
            (Some(violation), _) => Verdict::Violated(Box::new(violation.evidence(promise, &scope.names))),
            (None, Extent::Complete) => Verdict::Holds,
            (None, Extent::Bounded(bound)) => {
                Verdict::Unknown(Limit::Explored { visited: self.visited, bound: bound.to_string() })
            }
        };
        let scope = format!("{} visited, {} arrivals; {scope}", self.visited, self.deliveries);
        Judgement { promise: promise.to_owned(), verdict, scope }
    }
}

impl Violation {
    fn evidence(&self, promise: &str, names: &[String]) -> Evidence {
        Evidence {
            expected: promise.to_owned(),
            found: self.found.clone(),
            events: Vec::new(),
            proof: Proof::Rule("whatever is under way may arrive next".to_owned()),
            steps: self.schedule.steps(names),
            meanings: Vec::new(),
            notes: Vec::new(),
            replay: String::new(),
        }
    }
}

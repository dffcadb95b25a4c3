//! Why a plan cannot be carried out: which act, what is wrong with it, and at whom.

use std::fmt;
use std::time::Duration;

use constellation_trace::{NodeId, TrueTime};

/// Why a plan cannot be carried out. Acts are counted from 0 in the order in which they were added.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum PlanError {
    /// An act names a node that the run does not have.
    UnknownNode {
        /// Which act.
        act: usize,
        /// The node.
        node: NodeId,
    },
    /// A partition or cut with nobody on one side separates nobody.
    EmptyGroup {
        /// Which act.
        act: usize,
    },
    /// A fault comes after the end, or another act after the grace.
    AfterEnd {
        /// Which act.
        act: usize,
        /// When it comes.
        at: TrueTime,
        /// When such acts end.
        end: TrueTime,
    },
    /// A node that is down already is to crash.
    CrashOfCrashed {
        /// Which act.
        act: usize,
        /// The node.
        node: NodeId,
    },
    /// A node that has not crashed is to restart.
    RestartOfLiving {
        /// Which act.
        act: usize,
        /// The node.
        node: NodeId,
    },
    /// Something is to last for no time at all, or to change nothing.
    NoTime {
        /// Which act.
        act: usize,
    },
    /// Something would last beyond the end.
    BeyondEnd {
        /// Which act.
        act: usize,
        /// Until when it would last.
        until: TrueTime,
        /// When all faults end.
        end: TrueTime,
    },
    /// Two acts of one kind at one node overlap.
    Overlap {
        /// The later act.
        act: usize,
        /// The node.
        node: NodeId,
        /// Until when the earlier one lasts.
        until: TrueTime,
    },
    /// A wall clock is to lose as much as passes, or more, and would run backwards.
    SlewTooFast {
        /// Which act.
        act: usize,
        /// How much it is to gain or lose, in nanoseconds.
        by_ns: i64,
        /// In which time.
        lasts: Duration,
    },
    /// A wall clock would run backwards by all the slews together that are under way, and the drift of its machine.
    SlewsTooFast {
        /// The act that is one too many.
        act: usize,
        /// The node.
        node: NodeId,
    },
    /// A node is to join twice.
    JoinsTwice {
        /// The later act.
        act: usize,
        /// The node.
        node: NodeId,
    },
    /// Something is to happen to a node that has not joined yet.
    NotThereYet {
        /// Which act.
        act: usize,
        /// The node.
        node: NodeId,
    },
    /// Something is to happen to a node that has left.
    Gone {
        /// Which act.
        act: usize,
        /// The node.
        node: NodeId,
    },
    /// A process is to stop, or to leave, while the node is down.
    StopOfCrashed {
        /// Which act.
        act: usize,
        /// The node.
        node: NodeId,
    },
}

impl PlanError {
    /// Which act it is, counted from 0 in the order of adding.
    pub const fn act(&self) -> usize {
        self.place().0
    }

    /// Which act it is, and the node if it is about one.
    const fn place(&self) -> (usize, Option<NodeId>) {
        match *self {
            PlanError::UnknownNode { act, node }
            | PlanError::CrashOfCrashed { act, node }
            | PlanError::RestartOfLiving { act, node }
            | PlanError::Overlap { act, node, .. }
            | PlanError::SlewsTooFast { act, node }
            | PlanError::JoinsTwice { act, node }
            | PlanError::NotThereYet { act, node }
            | PlanError::Gone { act, node }
            | PlanError::StopOfCrashed { act, node } => (act, Some(node)),
            PlanError::EmptyGroup { act }
            | PlanError::AfterEnd { act, .. }
            | PlanError::NoTime { act }
            | PlanError::BeyondEnd { act, .. }
            | PlanError::SlewTooFast { act, .. } => (act, None),
        }
    }
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (act, node) = self.place();
        let node = node.map_or(0, NodeId::number);
        write!(f, "act {act} of the plan ")?;
        match self {
            PlanError::UnknownNode { .. } => {
                write!(f, "names node number {node}, which the run does not have")
            }
            PlanError::EmptyGroup { .. } => f.write_str("cuts links, but names nobody on one side"),
            PlanError::AfterEnd { at, end, .. } => {
                write!(f, "comes at {at}, after the end of such acts at {end}")
            }
            PlanError::CrashOfCrashed { .. } => {
                write!(f, "crashes node number {node}, which is down already")
            }
            PlanError::RestartOfLiving { .. } => {
                write!(f, "restarts node number {node}, which has not crashed")
            }
            PlanError::NoTime { .. } => f.write_str("does nothing: a time or a size in it is 0"),
            PlanError::BeyondEnd { until, end, .. } => {
                write!(f, "lasts until {until}, beyond the end of all faults at {end}")
            }
            PlanError::Overlap { until, .. } => {
                write!(f, "does to node number {node} what an earlier one does until {until}")
            }
            PlanError::SlewTooFast { by_ns, lasts, .. } => {
                write!(f, "slews a wall clock by {by_ns} ns in {lasts:?}, which takes more time than that")
            }
            PlanError::SlewsTooFast { .. } => write!(
                f,
                "slews the wall clock of node number {node}, which then runs backwards by the slews under way and its drift"
            ),
            PlanError::JoinsTwice { .. } => write!(f, "lets node number {node} join a second time"),
            PlanError::NotThereYet { .. } => {
                write!(f, "concerns node number {node}, which has not joined yet")
            }
            PlanError::Gone { .. } => write!(f, "concerns node number {node}, which has left"),
            PlanError::StopOfCrashed { .. } => {
                write!(f, "stops the process of node number {node}, which is down")
            }
        }
    }
}

impl std::error::Error for PlanError {}

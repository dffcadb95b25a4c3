//! What clients ask and what breaks, and when: the part of a run that is decided beforehand.

use std::fmt;
use std::time::Duration;

use constellation_trace::{NodeId, TrueTime};

/// A timed list of acts, in any order.
///
/// At one time, acts on links come before everything else, and acts on a node before whatever else happens at
/// that node at that time but its start; acts on one node, or on links, keep the order in which they were added.
///
/// ```
/// use constellation_sim::{Act, Disk, Plan};
/// use constellation_trace::{NodeId, TrueTime};
///
/// let antarctic = NodeId::new(3);
/// let plan = Plan::<()>::new()
///     .at(TrueTime::from_ns(10), Act::Crash { node: antarctic })
///     .at(TrueTime::from_ns(20), Act::Restart { node: antarctic, disk: Disk::Kept });
/// assert_eq!(plan.acts().len(), 2);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Plan<R> {
    acts: Vec<(TrueTime, Act<R>)>,
}

/// One thing that is planned to happen.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Act<R> {
    /// A client asks this of a node; nobody answers where the node is down.
    Request {
        /// Of which node.
        node: NodeId,
        /// What.
        request: R,
    },
    /// Every link between the two groups is cut, in both directions.
    Partition {
        /// One group.
        group_a: Vec<NodeId>,
        /// The other.
        group_b: Vec<NodeId>,
    },
    /// Every link from a source to a target is cut, in that direction only.
    Cut {
        /// From which nodes.
        sources: Vec<NodeId>,
        /// To which.
        targets: Vec<NodeId>,
    },
    /// All partitions and cuts end, and what was held is on its way again.
    Heal,
    /// The process at a node ends without warning: its memory and its timers are gone, what it persisted stays.
    ///
    /// What it sent before goes on. What arrives while the node is down is lost; what is still on its way when
    /// the node restarts arrives at the new process.
    Crash {
        /// At which node.
        node: NodeId,
    },
    /// A new process begins at a crashed node, as a fresh value; its monotonic clock begins at 0.
    Restart {
        /// At which node.
        node: NodeId,
        /// What became of what it persisted.
        disk: Disk,
    },
    /// The wall clock of a node's machine jumps, whether or not a process runs there.
    StepWall {
        /// At which node.
        node: NodeId,
        /// How far, in nanoseconds; negative is back.
        by_ns: i64,
    },
}

/// What became of a disk between a crash and the restart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Disk {
    /// It holds what was last persisted.
    Kept,
    /// It was lost, for good: amnesia.
    Lost,
}

impl<R> Plan<R> {
    /// Nothing is planned.
    pub const fn new() -> Plan<R> {
        Plan { acts: Vec::new() }
    }

    /// This plan and one act more.
    #[must_use]
    pub fn at(mut self, at: TrueTime, act: Act<R>) -> Plan<R> {
        self.add(at, act);
        self
    }

    /// Adds one act, for plans that are built in a loop.
    pub fn add(&mut self, at: TrueTime, act: Act<R>) {
        self.acts.push((at, act));
    }

    /// The acts, in the order in which they were added.
    pub fn acts(&self) -> &[(TrueTime, Act<R>)] {
        &self.acts
    }

    /// The acts, in the order in which they were added.
    pub fn into_acts(self) -> Vec<(TrueTime, Act<R>)> {
        self.acts
    }

    /// Whether it can be carried out by nodes numbered from 0 below `nodes`, when nothing goes wrong after `end`
    /// and the run lasts for `grace` longer: clients may ask in that time, links and nodes only heal. O(n log n).
    ///
    /// # Errors
    /// The first act in the order of adding that names what is not there or comes too late, or else the first in
    /// the order of time that crashes or restarts a node that cannot be.
    pub fn check(&self, nodes: usize, end: TrueTime, grace: Duration) -> Result<(), PlanError> {
        for (act, (at, what)) in self.acts.iter().enumerate() {
            if let Some(node) = what.nodes().find(|node| node.index() >= nodes) {
                return Err(PlanError::UnknownNode { act, node });
            }
            if what.has_empty_group() {
                return Err(PlanError::EmptyGroup { act });
            }
            let latest = if what.is_fault() { end } else { end.saturating_add(grace) };
            if *at > latest {
                return Err(PlanError::AfterEnd { act, at: *at, end: latest });
            }
        }
        self.check_lives(nodes)
    }

    fn check_lives(&self, nodes: usize) -> Result<(), PlanError> {
        let mut order: Vec<_> = self.acts.iter().enumerate().collect();
        order.sort_by_key(|(_, (at, _))| *at);
        let mut is_down = vec![false; nodes];
        for (act, (_, what)) in order {
            match *what {
                Act::Crash { node } if is_down[node.index()] => {
                    return Err(PlanError::CrashOfCrashed { act, node });
                }
                Act::Restart { node, .. } if !is_down[node.index()] => {
                    return Err(PlanError::RestartOfLiving { act, node });
                }
                Act::Crash { node } => is_down[node.index()] = true,
                Act::Restart { node, .. } => is_down[node.index()] = false,
                _ => {}
            }
        }
        Ok(())
    }
}

impl<R> Default for Plan<R> {
    fn default() -> Plan<R> {
        Plan::new()
    }
}

impl<R> Act<R> {
    /// The node that it concerns, unless it concerns links.
    pub const fn node(&self) -> Option<NodeId> {
        match self {
            Act::Request { node, .. }
            | Act::Crash { node }
            | Act::Restart { node, .. }
            | Act::StepWall { node, .. } => Some(*node),
            Act::Partition { .. } | Act::Cut { .. } | Act::Heal => None,
        }
    }

    const fn is_fault(&self) -> bool {
        !matches!(self, Act::Request { .. } | Act::Heal | Act::Restart { .. })
    }

    fn groups(&self) -> [&[NodeId]; 2] {
        match self {
            Act::Partition { group_a, group_b } => [group_a, group_b],
            Act::Cut { sources, targets } => [sources, targets],
            _ => [&[], &[]],
        }
    }

    fn nodes(&self) -> impl Iterator<Item = NodeId> {
        self.node().into_iter().chain(self.groups().into_iter().flatten().copied())
    }

    fn has_empty_group(&self) -> bool {
        matches!(self, Act::Partition { .. } | Act::Cut { .. })
            && self.groups().iter().any(|group| group.is_empty())
    }
}

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
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlanError::UnknownNode { act, node } => {
                write!(
                    f,
                    "act {act} of the plan names node number {}, which the run does not have",
                    node.number()
                )
            }
            PlanError::EmptyGroup { act } => {
                write!(f, "act {act} of the plan cuts links, but names nobody on one side")
            }
            PlanError::AfterEnd { act, at, end } => {
                write!(f, "act {act} of the plan comes at {at}, after the end of such acts at {end}")
            }
            PlanError::CrashOfCrashed { act, node } => {
                write!(
                    f,
                    "act {act} of the plan crashes node number {}, which is down already",
                    node.number()
                )
            }
            PlanError::RestartOfLiving { act, node } => {
                write!(
                    f,
                    "act {act} of the plan restarts node number {}, which has not crashed",
                    node.number()
                )
            }
        }
    }
}

impl std::error::Error for PlanError {}

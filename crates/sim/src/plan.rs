//! What clients ask and what breaks, and when: the part of a run that is decided beforehand.

mod check;
mod error;
mod slews;

use std::time::Duration;

use constellation_trace::{NodeId, TrueTime, WallTime};

pub(crate) use check::SECOND_NS;
pub use error::PlanError;

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
    /// A client asks this of a node; nobody answers where the node is down or not there.
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
    /// The process at a node ends when it is given its next input, before it works on it: the input is lost. Any input
    /// counts, until the node restarts by plan or the end comes, at which it counts no more. Until then nothing is in the
    /// trace, and nothing ever if there is no such input.
    CrashBefore {
        /// At which node.
        node: NodeId,
    },
    /// The process at a node ends after its next input: the work is done and what it persisted stays, but nothing that
    /// it sends leaves and no timer is set. It waits for that input as [`Act::CrashBefore`] does.
    CrashAfter {
        /// At which node.
        node: NodeId,
    },
    /// The process at a node stops for a time, as under a long collection of garbage; its clocks go on. What comes
    /// meanwhile waits and is worked on in order. Where luck has the node down then, nothing happens, and nothing is in the
    /// trace.
    Pause {
        /// At which node.
        node: NodeId,
        /// For how long.
        lasts: Duration,
    },
    /// The machine of a node sleeps for a time, as a laptop does: its process stops and its monotonic clock stands
    /// still, so that its timers run out later by as much; its wall clock goes on. Where
    /// luck has the node down then, nothing happens, and nothing is in the trace.
    Suspend {
        /// Which node's.
        node: NodeId,
        /// For how long.
        lasts: Duration,
    },
    /// A node takes a time to work on each input that it is given; what comes meanwhile waits. Each such work is in the
    /// trace, and nothing where no input comes in that time.
    Slow {
        /// Which node.
        node: NodeId,
        /// How long each input takes, beside what [`Faults::slow`](crate::Faults::slow) says.
        each: Duration,
        /// For how long it is so slow.
        lasts: Duration,
    },
    /// A node is started now, not when the run begins; what was sent to it before is lost.
    Join {
        /// Which.
        node: NodeId,
    },
    /// A node leaves for good: it is given [`Input::Leave`](constellation_fabric::Input::Leave), and what is sent to it
    /// from then on is lost. Work that waits at the node comes first.
    Leave {
        /// Which.
        node: NodeId,
    },
    /// The wall clock of a node's machine gains little by little, as a time service corrects it; slews that overlap
    /// add up. It goes forward all the same: see [`Plan::check_slews`].
    SlewWall {
        /// At which node.
        node: NodeId,
        /// How much, in nanoseconds; negative loses, by less than the time that it takes.
        by_ns: i64,
        /// In which time.
        lasts: Duration,
    },
    /// A leap second is put into the wall clock of a node's machine.
    LeapSecond {
        /// At which node.
        node: NodeId,
        /// In which way.
        leap: Leap,
    },
    /// The wall clock of a node's machine stands still, and then goes on from there, late.
    FreezeWall {
        /// At which node.
        node: NodeId,
        /// For how long.
        lasts: Duration,
    },
    /// The wall clock of a node's machine is set, to a wrong year perhaps.
    SetWall {
        /// At which node.
        node: NodeId,
        /// To what it shows.
        wall: WallTime,
    },
    /// A bit of what the disk of a node holds flips; of an empty disk, none, and then nothing is in the trace.
    RotDisk {
        /// At which node.
        node: NodeId,
        /// Which bit, counted from the lowest of the first byte; beyond the last it begins again.
        bit: u64,
    },
}

/// How a leap second is put into a wall clock.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Leap {
    /// The clock shows the second that has just passed once more, as Unix does.
    Repeated,
    /// The clock loses the second little by little in this time, of more than a second.
    Smeared(Duration),
}

/// What became of a disk between a crash and the restart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Disk {
    /// It holds what was last persisted, or what the crash and the time have left of it.
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
            | Act::StepWall { node, .. }
            | Act::CrashBefore { node }
            | Act::CrashAfter { node }
            | Act::Pause { node, .. }
            | Act::Suspend { node, .. }
            | Act::Slow { node, .. }
            | Act::Join { node }
            | Act::Leave { node }
            | Act::SlewWall { node, .. }
            | Act::LeapSecond { node, .. }
            | Act::FreezeWall { node, .. }
            | Act::SetWall { node, .. }
            | Act::RotDisk { node, .. } => Some(*node),
            Act::Partition { .. } | Act::Cut { .. } | Act::Heal => None,
        }
    }
}

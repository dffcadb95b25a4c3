//! What the world did to links and clocks during a run, beside what happened at the nodes.

use crate::ids::{MessageId, NodeId};
use crate::time::TrueTime;

/// One thing that the world did, which no node could see.
///
/// Crashes and restarts are events of their node ([`crate::Kind`]), since they end and begin a program order.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Nemesis {
    /// From now on, what nodes of one side send to the other does not arrive, in both directions.
    Partition {
        /// The nodes of one side.
        group_a: Vec<NodeId>,
        /// The nodes of the other.
        group_b: Vec<NodeId>,
    },
    /// From now on, what a source sends to a target does not arrive; the way back is open.
    Cut {
        /// The senders that are cut off.
        sources: Vec<NodeId>,
        /// The receivers that they do not reach.
        targets: Vec<NodeId>,
    },
    /// All partitions and cuts end; what was held is on its way again, in order.
    Heal,
    /// A message waits at a cut link for the heal.
    Hold(MessageId),
    /// A message is gone for good.
    Lose(MessageId),
    /// A message will arrive once more than it was sent.
    Duplicate(MessageId),
    /// The recording ended while a message was on its way: it may still arrive, but nobody will see it here.
    InFlight(MessageId),
    /// A node's wall clock jumps by this many nanoseconds; negative is back.
    Step {
        /// Whose clock.
        node: NodeId,
        /// How far, in nanoseconds.
        by_ns: i64,
    },
}

/// A [`Nemesis`] with its place in the trace.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NemesisEntry {
    /// How many events had been recorded before it.
    pub after_events: u32,
    /// When it was.
    pub at: TrueTime,
    /// What it was.
    pub nemesis: Nemesis,
}

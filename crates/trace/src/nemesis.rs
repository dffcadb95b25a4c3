//! What the world did to links and clocks during a run, beside what happened at the nodes.

use std::fmt;

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
    Lose(MessageId, Loss),
    /// A message will arrive once more than it was sent.
    Duplicate(MessageId),
    /// What arrives is not what was sent: bits flipped on the way, and no checksum saw it.
    Corrupt(MessageId),
    /// A message goes out later than it was sent, and then arrives as any other: nobody need do anything for it.
    Wait {
        /// Which message.
        message: MessageId,
        /// When it begins to go out; not before it was sent.
        until: TrueTime,
        /// What it waits for.
        why: Wait,
    },
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

/// Why a message is gone.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Loss {
    /// It vanished on its way, or its node was down or refused it: a trace does not tell these apart.
    Plain,
    /// Bits flipped on the way, and a checksum saw it.
    Checksum,
    /// Bits flipped on the way, and what is left of it cannot be read as a message.
    Unreadable,
    /// It is longer than the link takes.
    TooLong,
    /// The queue in front of the link had no room for it.
    QueueFull,
    /// The link was down, and it does not wait there; or the link never comes up for as long as it needs.
    NoContact,
}

impl Loss {
    /// Every reason but [`Loss::Plain`], which needs no word.
    pub const NAMED: &'static [Loss] =
        &[Loss::Checksum, Loss::Unreadable, Loss::TooLong, Loss::QueueFull, Loss::NoContact];

    /// A word that will stay this reason's in every later version, for formats.
    pub const fn name(self) -> &'static str {
        match self {
            Loss::Plain => "plain",
            Loss::Checksum => "checksum",
            Loss::Unreadable => "unreadable",
            Loss::TooLong => "too_long",
            Loss::QueueFull => "queue_full",
            Loss::NoContact => "no_contact",
        }
    }
}

impl fmt::Display for Loss {
    /// What became of the message, as a sentence about it goes on.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Loss::Plain => "is lost",
            Loss::Checksum => "is lost: bits flipped, and its checksum is wrong",
            Loss::Unreadable => "is lost: bits flipped, and it cannot be read",
            Loss::TooLong => "is lost: it is longer than the link takes",
            Loss::QueueFull => "is lost: the queue of the link is full",
            Loss::NoContact => "is lost: the link is down",
        })
    }
}

/// What a message waits for before it goes out.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Wait {
    /// Those before it have not gone out yet.
    Queue,
    /// The link is down, or would be before all of it is out.
    Link,
}

impl Wait {
    /// Every one.
    pub const ALL: &'static [Wait] = &[Wait::Queue, Wait::Link];

    /// A word that will stay this one's in every later version, for formats.
    pub const fn name(self) -> &'static str {
        match self {
            Wait::Queue => "queue",
            Wait::Link => "link",
        }
    }
}

impl Nemesis {
    /// The nodes that it names, in order and with repetition.
    pub fn nodes(&self) -> Vec<NodeId> {
        match self {
            Nemesis::Partition { group_a, group_b } => [&group_a[..], group_b].concat(),
            Nemesis::Cut { sources, targets } => [&sources[..], targets].concat(),
            Nemesis::Step { node, .. } => vec![*node],
            Nemesis::Heal
            | Nemesis::Hold(_)
            | Nemesis::Lose(..)
            | Nemesis::Duplicate(_)
            | Nemesis::Corrupt(_)
            | Nemesis::Wait { .. }
            | Nemesis::InFlight(_) => Vec::new(),
        }
    }

    /// The message that it happens to, if it happens to one.
    pub const fn message(&self) -> Option<MessageId> {
        match self {
            Nemesis::Hold(message)
            | Nemesis::Lose(message, _)
            | Nemesis::Duplicate(message)
            | Nemesis::Corrupt(message)
            | Nemesis::Wait { message, .. }
            | Nemesis::InFlight(message) => Some(*message),
            Nemesis::Partition { .. } | Nemesis::Cut { .. } | Nemesis::Heal | Nemesis::Step { .. } => None,
        }
    }
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

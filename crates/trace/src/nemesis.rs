//! What the world did to links, processes, clocks and disks during a run, beside what happened at the nodes.

use std::fmt;

use crate::ids::{MessageId, NodeId};
use crate::time::{TrueTime, WallTime};
use crate::trace::TraceError;

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
    Corrupt {
        /// Which message.
        message: MessageId,
        /// Which bits flipped, as a number that the program of its node makes sense of.
        how: u32,
    },
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
    /// The process at a node stops for a time; its clocks go on.
    Pause {
        /// At which node.
        node: NodeId,
        /// For how long, in nanoseconds; less when it crashes meanwhile.
        for_ns: u64,
    },
    /// The machine of a node sleeps for a time: its process stops, and its monotonic clock with it.
    Suspend {
        /// Which node's.
        node: NodeId,
        /// For how long, in nanoseconds; less when it crashes meanwhile.
        for_ns: u64,
    },
    /// A node works for a time on what it is given next, before anything follows from it.
    Slow {
        /// Which node.
        node: NodeId,
        /// For how long, in nanoseconds.
        for_ns: u64,
    },
    /// A node is there from now on; what was sent to it before was lost.
    Join {
        /// Which.
        node: NodeId,
    },
    /// A node is gone for good; what is sent to it is lost.
    Leave {
        /// Which.
        node: NodeId,
    },
    /// A node's wall clock gains so much little by little.
    Slew {
        /// Whose clock.
        node: NodeId,
        /// How much, in nanoseconds; negative is lost.
        by_ns: i64,
        /// In which time, in nanoseconds.
        for_ns: u64,
    },
    /// A node's wall clock has a leap second put in.
    Leap {
        /// Whose clock.
        node: NodeId,
        /// Over which time it is smeared, in nanoseconds; 0 when it shows the second before twice.
        for_ns: u64,
    },
    /// A node's wall clock stands still, and goes on from there.
    Freeze {
        /// Whose clock.
        node: NodeId,
        /// For how long, in nanoseconds.
        for_ns: u64,
    },
    /// A node's wall clock is set.
    Set {
        /// Whose clock.
        node: NodeId,
        /// To what it shows now.
        wall: WallTime,
    },
    /// A node's disk has no room for what it wrote last, and nothing of what followed from its input happened.
    DiskFull {
        /// Whose disk.
        node: NodeId,
    },
    /// A crash lost what a node had written and not synced, all of it or its end.
    Tear {
        /// Whose disk.
        node: NodeId,
        /// How many of the latest writes are gone, beside the one before them, which is torn.
        lost: u32,
        /// How much of that one is left, over what was there before.
        left: Eighths,
    },
    /// A bit on a node's disk flips.
    Rot {
        /// Whose disk.
        node: NodeId,
        /// Which, counted from 0, from the lowest bit of the first byte.
        bit: u64,
    },
}

/// A part of something, 0 to 7 eighths.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Eighths(u8);

impl Eighths {
    /// Nothing of it.
    pub const NONE: Eighths = Eighths(0);

    /// So many; `None` for 8 or more, which is no part.
    pub const fn new(eighths: u8) -> Option<Eighths> {
        if eighths < 8 { Some(Eighths(eighths)) } else { None }
    }

    /// How many, 0 to 7.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// So much of `whole`, cut to a whole number.
    pub const fn of(self, whole: usize) -> usize {
        // In two parts, so that nothing overflows: each is at most what it is a part of.
        whole / 8 * self.0 as usize + whole % 8 * self.0 as usize / 8
    }
}

impl Nemesis {
    /// The node whose process, clock or disk it concerns; `None` for what concerns links and messages.
    pub const fn node(&self) -> Option<NodeId> {
        match self {
            Nemesis::Step { node, .. }
            | Nemesis::Pause { node, .. }
            | Nemesis::Suspend { node, .. }
            | Nemesis::Slow { node, .. }
            | Nemesis::Join { node }
            | Nemesis::Leave { node }
            | Nemesis::Slew { node, .. }
            | Nemesis::Leap { node, .. }
            | Nemesis::Freeze { node, .. }
            | Nemesis::Set { node, .. }
            | Nemesis::DiskFull { node }
            | Nemesis::Tear { node, .. }
            | Nemesis::Rot { node, .. } => Some(*node),
            _ => None,
        }
    }

    /// The nodes that it names, in order and with repetition.
    pub fn nodes(&self) -> Vec<NodeId> {
        match self {
            Nemesis::Partition { group_a, group_b } => [&group_a[..], group_b].concat(),
            Nemesis::Cut { sources, targets } => [&sources[..], targets].concat(),
            of_one_or_none => of_one_or_none.node().into_iter().collect(),
        }
    }

    /// The message that it happens to, if it happens to one.
    pub const fn message(&self) -> Option<MessageId> {
        match self {
            Nemesis::Hold(message)
            | Nemesis::Lose(message, _)
            | Nemesis::Duplicate(message)
            | Nemesis::Corrupt { message, .. }
            | Nemesis::Wait { message, .. }
            | Nemesis::InFlight(message) => Some(*message),
            _ => None,
        }
    }

    /// Whether it can happen at that time in a trace of so many nodes and messages.
    pub(crate) fn check(&self, at: TrueTime, nodes: usize, messages: usize) -> Result<(), TraceError> {
        if let Some(node) = self.nodes().into_iter().find(|node| node.index() >= nodes) {
            return Err(TraceError::UnknownNode(node));
        }
        if let Some(message) = self.message().filter(|message| message.index() >= messages) {
            return Err(TraceError::UnknownMessage(message));
        }
        match *self {
            Nemesis::Wait { message, until, .. } if until < at => {
                Err(TraceError::WaitOver { message, at, until })
            }
            _ => Ok(()),
        }
    }
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
    /// Its source or its target is cut off from all others for a while.
    Partition,
}

impl Wait {
    /// Every one.
    pub const ALL: &'static [Wait] = &[Wait::Queue, Wait::Link, Wait::Partition];

    /// A word that will stay this one's in every later version, for formats.
    pub const fn name(self) -> &'static str {
        match self {
            Wait::Queue => "queue",
            Wait::Link => "link",
            Wait::Partition => "partition",
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

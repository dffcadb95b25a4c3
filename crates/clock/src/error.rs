//! Everything that this crate refuses, with the numbers that explain the refusal.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::bytes::{Fault, Malformed};
use crate::dotted::Dot;
use crate::hybrid::{HybridTime, PhysicalTime, WallUnreadable};
use crate::identity::Identity;
use crate::lease::{CheckpointFault, StoreFault};

/// Why a clock, a decoder or a lease refused. What refused is left as it was before.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// A name whose text would be read as a later life of another node.
    AmbiguousName {
        /// The name given.
        name: String,
        /// The incarnation that its text reads as.
        reads_as: u32,
    },
    /// The clock stands at its ceiling: one more stamp would not be larger than the last.
    Exhausted {
        /// Whose clock, if it has an owner.
        node: Option<Identity>,
        /// The value that it cannot exceed.
        ceiling: u64,
    },
    /// A remote counter so large that absorbing it would leave this clock no room to go on.
    RemoteBeyondCeiling {
        /// Who sent it, if the message says so.
        sender: Option<Identity>,
        /// The counter in the message.
        remote: u64,
        /// The largest that is absorbed.
        admitted_max: u64,
    },
    /// A remote Lamport time further ahead of ours than the stated lead.
    LeadExceeded {
        /// Who sent it.
        sender: Identity,
        /// The time in the message.
        remote: u64,
        /// Our own time.
        local: u64,
        /// How far ahead of ours a message may be.
        lead_max: u64,
    },
    /// Somebody got further under our own identity than we did: we lost our memory, or the identity has two owners.
    Impersonated {
        /// The identity that is ours.
        identity: Identity,
        /// How far we are.
        own: Reached,
        /// How far the message says we are.
        seen: Reached,
    },
    /// A remote hybrid stamp further ahead of our wall clock than the drift bound.
    DriftExceeded {
        /// Who sent it.
        sender: Identity,
        /// Its physical time.
        remote: PhysicalTime,
        /// What our wall clock shows.
        local: PhysicalTime,
        /// How far ahead a message may be, in nanoseconds.
        bound_ns: u64,
    },
    /// Our own wall clock leapt forward between two readings by more than the policy allows.
    WallLeapt {
        /// The previous reading.
        last: PhysicalTime,
        /// This reading.
        read: PhysicalTime,
        /// How far one reading may be ahead of the previous one, in nanoseconds.
        bound_ns: u64,
    },
    /// The wall clock could not be read, so no hybrid stamp can be made and no remote one judged.
    WallUnreadable(WallUnreadable),
    /// A name that is not in the group.
    NotMember {
        /// The name asked for.
        name: String,
    },
    /// Two entries for one identity.
    DuplicateEntry {
        /// Whose.
        identity: Identity,
    },
    /// Input that is not the canonical form of anything.
    Malformed(Malformed),
    /// A checkpoint that must not be started from.
    Checkpoint(CheckpointFault),
    /// The store behind a lease failed.
    Store(StoreFault),
    /// A lease so long that a clock which resumes from it would be refused by its peers.
    BlockTooLong {
        /// The block asked for.
        block: u64,
        /// The longest that its peers put up with.
        block_max: u64,
    },
    /// Two different values for one write: its node's identity has two owners, or its owner lost its memory.
    DotReused {
        /// The name that both writes bear.
        dot: Dot,
    },
    /// A decision that would have left a conflict standing.
    Unresolved {
        /// Under which key.
        key: String,
        /// The writes held there that the decision had not seen.
        unseen: Vec<Dot>,
    },
    /// A write whose context was read under another key: it would replace what nobody has read.
    ForeignContext {
        /// Under which key it was to be written.
        key: String,
        /// Under which key the context was read.
        context_of: String,
    },
    /// What a catalog would hold under a key is more than a decoder with its limits would take.
    BeyondLimits {
        /// Under which key.
        key: String,
        /// What the decoder would say.
        fault: Fault,
    },
    /// A node that is not on the bus.
    UnknownNode {
        /// The name given.
        name: String,
        /// The name on the bus that was most likely meant, if one is near.
        nearest: Option<String>,
    },
    /// A name given twice for the nodes of a bus.
    DuplicateNode {
        /// The name.
        name: String,
    },
    /// A node that is on the bus already, alive: two owners of one name would undo each other's clocks.
    NameInUse {
        /// The name.
        name: String,
    },
    /// A number that is no node's.
    NoSuchNode {
        /// The number given.
        number: u32,
        /// How many nodes there are; their numbers are below that.
        nodes: usize,
    },
    /// As many messages wait for a heal as may. This one was not taken; it is still the sender's.
    HoldFull {
        /// How many may wait.
        held_max: usize,
    },
    /// A step that cannot be: nothing of it was recorded or sent.
    ImpossibleStep {
        /// Why not.
        reason: String,
    },
    /// The bus is closed: it takes no messages any more.
    BusClosed,
    /// The bus does not record, or what happened on it could not be recorded.
    NotRecorded {
        /// Why.
        reason: String,
    },
}

impl fmt::Display for Error {
    #[allow(clippy::too_many_lines, reason = "one match, so that none can be without words")]
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::AmbiguousName { name, reads_as } => {
                write!(formatter, "the name {name:?} would be read as incarnation {reads_as} of another node")
            }
            Error::Exhausted { node, ceiling } => {
                let owner = node.iter().map(|node| alloc::format!(" of {node}")).collect::<String>();
                write!(formatter, "the clock{owner} stands at its ceiling {ceiling}")
            }
            Error::RemoteBeyondCeiling { sender, remote, admitted_max } => {
                let sender = sender.as_ref().map_or("the sender", Identity::as_str);
                write!(formatter, "{sender} claims counter {remote}, above the admitted {admitted_max}")
            }
            Error::LeadExceeded { sender, remote, local, lead_max } => {
                let text = "more than the lead of";
                write!(formatter, "{sender} is at time {remote}, {text} {lead_max} ahead of our {local}")
            }
            Error::Impersonated { identity, own, seen } => {
                let got = if matches!(seen, Reached::Count(_)) { "counted to" } else { "reached" };
                write!(formatter, "somebody {got} {seen} as {identity}, which is us, at {own}")
            }
            Error::DriftExceeded { sender, remote, local, bound_ns } => {
                let ahead_ns = remote.as_ns().saturating_sub(local.as_ns()); // Ahead, or it would not be an error.
                write!(formatter, "{sender} is at {remote}, {ahead_ns} ns ahead of ")?;
                write!(formatter, "our wall clock at {local}; the bound is {bound_ns} ns")
            }
            Error::WallLeapt { last, read, bound_ns } => {
                write!(formatter, "our wall clock leapt from {last} to {read}; the bound is {bound_ns} ns")
            }
            Error::WallUnreadable(fault) => write!(formatter, "{fault}"),
            Error::NotMember { name } => write!(formatter, "{name:?} is not a member of the group"),
            Error::DuplicateEntry { identity } => write!(formatter, "two entries for {identity}"),
            Error::Malformed(fault) => write!(formatter, "{fault}"),
            Error::Checkpoint(fault) => write!(formatter, "{fault}"),
            Error::Store(fault) => write!(formatter, "{fault}"),
            Error::BlockTooLong { block, block_max } => {
                write!(formatter, "a lease of {block} a block puts a restarted clock further ahead than ")?;
                write!(formatter, "its peers admit; at most {block_max}")
            }
            Error::DotReused { dot } => {
                write!(formatter, "two values for the write {dot}: the identity {} has two owners", dot.node)
            }
            Error::Unresolved { key, unseen } => {
                write!(formatter, "the decision on {key:?} has not seen")?;
                unseen.iter().try_for_each(|dot| write!(formatter, " {dot}"))
            }
            Error::ForeignContext { key, context_of } => {
                write!(formatter, "the context was read under {context_of:?}, not under {key:?}")
            }
            Error::BeyondLimits { key, fault } => {
                write!(formatter, "no replica could be told of {key:?}: {fault}")
            }
            Error::UnknownNode { name, nearest: Some(nearest) } => {
                write!(formatter, "there is no node `{name}` on the bus; did you mean `{nearest}`?")
            }
            Error::UnknownNode { name, nearest: None } => {
                write!(formatter, "there is no node `{name}` on the bus")
            }
            Error::DuplicateNode { name } => write!(formatter, "node `{name}` is named twice"),
            Error::NameInUse { name } => write!(formatter, "node `{name}` is on the bus already, and alive"),
            Error::NoSuchNode { number, nodes } => {
                write!(formatter, "there is no node number {number}, only {nodes} from 0 up")
            }
            Error::HoldFull { held_max } => {
                let text = "messages already wait for the heal, the most allowed";
                write!(formatter, "the link is cut and {held_max} {text}")
            }
            Error::ImpossibleStep { reason } => write!(formatter, "the step cannot be: {reason}"),
            Error::BusClosed => formatter.write_str("the bus is closed"),
            Error::NotRecorded { reason } => write!(formatter, "nothing recorded: {reason}"),
        }
    }
}

impl core::error::Error for Error {}

/// How far a clock has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Reached {
    /// Events counted, or a Lamport time.
    Count(u64),
    /// A hybrid clock's time.
    Time(HybridTime),
}

impl From<u64> for Reached {
    fn from(count: u64) -> Reached {
        Reached::Count(count)
    }
}

impl From<HybridTime> for Reached {
    fn from(time: HybridTime) -> Reached {
        Reached::Time(time)
    }
}

impl fmt::Display for Reached {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reached::Count(count) => write!(formatter, "{count}"),
            Reached::Time(time) => write!(formatter, "{time}"),
        }
    }
}

impl From<Malformed> for Error {
    fn from(fault: Malformed) -> Error {
        Error::Malformed(fault)
    }
}

impl From<CheckpointFault> for Error {
    fn from(fault: CheckpointFault) -> Error {
        Error::Checkpoint(fault)
    }
}

impl From<StoreFault> for Error {
    fn from(fault: StoreFault) -> Error {
        Error::Store(fault)
    }
}

impl From<WallUnreadable> for Error {
    fn from(fault: WallUnreadable) -> Error {
        Error::WallUnreadable(fault)
    }
}

//! Everything that this crate refuses, with the numbers that explain the refusal.

use alloc::string::String;
use core::fmt;

use crate::bytes::Malformed;
use crate::hybrid::{PhysicalTime, WallUnreadable};
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
    /// Somebody counted further under our own identity than we did: we lost our memory, or the identity has two owners.
    Impersonated {
        /// The identity that is ours.
        identity: Identity,
        /// How far we have counted.
        own: u64,
        /// How far the message says we have.
        seen: u64,
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
    /// Input that is not the canonical form of anything.
    Malformed(Malformed),
    /// A checkpoint that must not be started from.
    Checkpoint(CheckpointFault),
    /// The store behind a lease failed.
    Store(StoreFault),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::AmbiguousName { name, reads_as } => {
                write!(formatter, "the name {name:?} would be read as incarnation {reads_as} of another node")
            }
            Error::Exhausted { node: Some(node), ceiling } => {
                write!(formatter, "the clock of {node} stands at its ceiling {ceiling}")
            }
            Error::Exhausted { node: None, ceiling } => {
                write!(formatter, "the clock stands at its ceiling {ceiling}")
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
                write!(formatter, "somebody counted to {seen} as {identity}, which is us, at {own}")
            }
            Error::DriftExceeded { sender, remote, local, bound_ns } => {
                let ahead_ns = remote.as_ns().saturating_sub(local.as_ns()); // Ahead, or it would not be an error.
                write!(formatter, "{sender} is at {remote}, {ahead_ns} ns ahead of our wall clock at {local}; ")?;
                write!(formatter, "the bound is {bound_ns} ns")
            }
            Error::WallLeapt { last, read, bound_ns } => {
                write!(formatter, "our wall clock leapt from {last} to {read}; the bound is {bound_ns} ns")
            }
            Error::WallUnreadable(fault) => write!(formatter, "{fault}"),
            Error::NotMember { name } => write!(formatter, "{name:?} is not a member of the group"),
            Error::Malformed(fault) => write!(formatter, "{fault}"),
            Error::Checkpoint(fault) => write!(formatter, "{fault}"),
            Error::Store(fault) => write!(formatter, "{fault}"),
        }
    }
}

impl core::error::Error for Error {}

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

//! One thing that happened at one process, and the form in which it is handed to a trace.

use std::ops::Range;

use crate::claim::Claim;
use crate::history::{Call, Completion};
use crate::ids::{EventId, MessageId, NodeId, ProcessId};
use crate::time::TrueTime;

/// One thing that happened at one process, atomically: it may receive a message and send others.
///
/// Always written `trace::Event`: the clock crate has an `Event` of its own, which is an update, not this.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Event {
    /// Where it happened; program order is the order of recording within one process.
    pub process: ProcessId,
    /// When it truly was, which the process could not know.
    pub at: TrueTime,
    /// What happened.
    pub kind: Kind,
    /// What it sent.
    pub sends: Sends,
}

/// What kind of event it is; whether it sends is a matter of its own ([`Event::sends`]).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Kind {
    /// Something at the process alone.
    Local,
    /// A message arrived; one that the network duplicated arrives more than once.
    Receive(MessageId),
    /// State reached the disk, to be read by a later restart.
    Persist,
    /// The process ended without warning; nothing of it happens afterwards.
    Crash,
    /// A new process of a crashed node began.
    Restart {
        /// The [`Kind::Persist`] whose state it read, or `None` when it remembers nothing.
        from: Option<EventId>,
    },
    /// A client's update was accepted; index into [`crate::Trace::writes`].
    Write(u32),
    /// The node showed what it holds under a key; index into [`crate::Trace::reads`].
    Read(u32),
    /// A client began an operation; index into [`crate::Trace::invocations`].
    Invoke(u32),
    /// That operation ended, as far as its client knows; index into [`crate::Trace::invocations`].
    Complete(u32),
}

/// The messages of one send: consecutive ids, one for each target, all carrying the same stamp.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Sends {
    pub(crate) first: u32,
    pub(crate) count: u32,
}

impl Sends {
    /// The messages.
    pub fn iter(self) -> impl ExactSizeIterator<Item = MessageId> {
        self.range().map(MessageId::new)
    }

    /// How many messages.
    pub const fn len(self) -> usize {
        self.count as usize
    }

    /// Whether nothing was sent.
    pub const fn is_empty(self) -> bool {
        self.count == 0
    }

    fn range(self) -> Range<u32> {
        // Cannot wrap: a trace refuses to hold more than 2^32 messages.
        self.first..self.first + self.count
    }
}

/// One message: from an event to an address. Whether it arrived is told by the events that receive it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Message {
    /// The event that sent it.
    pub send: EventId,
    /// To whom.
    pub to: NodeId,
}

/// An event as it is handed to [`crate::Trace::record`], with all that is known of it at that moment.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// At which node.
    pub node: NodeId,
    /// When it truly was.
    pub at: TrueTime,
    /// What happened.
    pub action: Action<'a>,
    /// To whom it sent, one message each.
    pub sends: &'a [NodeId],
    /// What to call it in a timeline; empty for nothing.
    pub label: &'a str,
    /// What the clocks of the node said of it.
    pub claims: &'a [Claim],
}

impl<'a> Entry<'a> {
    /// An event that is nothing but this action: sends nothing, has no label and no claims.
    pub const fn new(node: NodeId, at: TrueTime, action: Action<'a>) -> Entry<'a> {
        Entry { node, at, action, sends: &[], label: "", claims: &[] }
    }
}

/// What an [`Entry`] says happened; [`Kind`] is the same once recorded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Action<'a> {
    /// Something at the process alone.
    Local,
    /// This message arrived.
    Receive(MessageId),
    /// State reached the disk.
    Persist,
    /// The process ended.
    Crash,
    /// A new process began, from the state of a [`Kind::Persist`] of the same node, or from nothing.
    Restart(Option<EventId>),
    /// A client's update was accepted.
    Write {
        /// Under which key.
        key: &'a str,
        /// The name of this update, unique under its key.
        update: &'a str,
        /// The updates that the client had seen and means to supersede.
        saw: &'a [&'a str],
    },
    /// The node showed what it holds under a key.
    Read {
        /// Which key.
        key: &'a str,
        /// The updates shown: several are siblings, none is nothing.
        shows: &'a [&'a str],
    },
    /// A client began an operation.
    Invoke {
        /// What its process calls it, unique within the process.
        number: u32,
        /// What is asked.
        call: &'a Call,
    },
    /// An operation that this process began ended, as far as its client knows; each does once at most.
    Complete {
        /// Which, by the number with which it was begun.
        number: u32,
        /// How.
        completion: &'a Completion,
    },
}

//! Why a trace refuses what it is told: each error says what would be impossible, and where.

use std::fmt;

use crate::claim::ClaimKind;
use crate::history::OperationError;
use crate::ids::{EventId, MessageId, NodeId};
use crate::time::TrueTime;

/// Why something could not be recorded: it would make the trace say what cannot have happened.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum TraceError {
    /// A node name was given twice.
    DuplicateNode(String),
    /// A node name that is what a restarted process of another node is called: `pacific#2`.
    AmbiguousNode(String),
    /// No such node in this trace.
    UnknownNode(NodeId),
    /// No such message was sent before.
    UnknownMessage(MessageId),
    /// A message arrived where it was not sent.
    WrongReceiver {
        /// Which message.
        message: MessageId,
        /// Its address.
        sent_to: NodeId,
        /// Where it was said to arrive.
        at: NodeId,
    },
    /// Something was said to happen at a node between its crash and its restart.
    Crashed(NodeId),
    /// A node that lives was said to restart.
    RestartOfLiving(NodeId),
    /// An event was said to be earlier than one that it depends on.
    BeforeCause {
        /// Where it is.
        node: NodeId,
        /// When it was said to be.
        at: TrueTime,
        /// What it depends on.
        cause: EventId,
        /// When that was.
        cause_at: TrueTime,
    },
    /// A restart was said to read what is no persisted state of its node.
    NotPersisted(EventId),
    /// Two updates under one key have one name.
    DuplicateUpdate {
        /// The key.
        key: String,
        /// The name.
        update: String,
    },
    /// An operation was said to begin or end as none can.
    Operation {
        /// What its process calls it.
        number: u32,
        /// What is wrong.
        error: OperationError,
    },
    /// Two claims of one kind for one event.
    DuplicateClaim(ClaimKind),
    /// A vector names a process twice.
    DuplicateEntry(String),
    /// A message was said to wait until a time that was past.
    WaitOver {
        /// Which message.
        message: MessageId,
        /// When it was said to wait.
        at: TrueTime,
        /// Until when.
        until: TrueTime,
    },
    /// More events, messages, texts or vector entries than 32 bits can number.
    Full,
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TraceError::DuplicateNode(name) => write!(f, "node `{name}` is named twice"),
            TraceError::AmbiguousNode(name) => {
                write!(f, "node `{name}` is named as the restarted process of another node would be")
            }
            TraceError::BeforeCause { node, at, cause, cause_at } => write!(
                f,
                "an event at node number {} is {} ns before its cause {cause} at {cause_at}",
                node.number(),
                // Saturating: it is before its cause, or this is no such error.
                cause_at.ns().saturating_sub(at.ns())
            ),
            TraceError::UnknownNode(node) => write!(f, "there is no node number {}", node.number()),
            TraceError::UnknownMessage(message) => write!(f, "message {message} was never sent before"),
            TraceError::WrongReceiver { message, sent_to, at } => write!(
                f,
                "message {message} was sent to node number {} but arrives at node number {}",
                sent_to.number(),
                at.number()
            ),
            TraceError::Crashed(node) => {
                write!(f, "node number {} has crashed and not restarted", node.number())
            }
            TraceError::RestartOfLiving(node) => {
                write!(f, "node number {} restarts without having crashed", node.number())
            }
            TraceError::NotPersisted(event) => {
                write!(f, "{event} is no persisted state of the node that restarts from it")
            }
            TraceError::DuplicateUpdate { key, update } => {
                write!(f, "update `{update}` of `{key}` is written twice")
            }
            TraceError::Operation { number, error } => write!(f, "operation {number} {error}"),
            TraceError::DuplicateClaim(kind) => write!(f, "two {kind} claims for one event"),
            TraceError::DuplicateEntry(name) => write!(f, "a vector names `{name}` twice"),
            TraceError::WaitOver { message, at, until } => {
                write!(f, "message {message} waits at {at} until {until}, which is past")
            }
            TraceError::Full => f.write_str("more entries than 32 bits can number"),
        }
    }
}

impl std::error::Error for TraceError {}

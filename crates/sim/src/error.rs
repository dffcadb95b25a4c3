//! Why a run could not be made or finished.

use std::fmt;

use constellation_fabric::NetworkError;
use constellation_trace::{NodeId, Trace, TraceError, TrueTime, one_line};

use crate::explore::{Letter, Source};
use crate::faults::MachineError;
use crate::plan::PlanError;

/// Why a run could not be made or finished: the setup contradicts itself, a node does what no node can do, or a
/// bound was reached. It is never a judgement of what happened.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum WorldError {
    /// The names of the nodes cannot be those of a trace.
    Names(TraceError),
    /// What cannot name a node on one line, in a tape or in a file: 1 to 64 letters, digits, `_`, `-` and `.` can.
    Name(String),
    /// A link of the network makes no sense.
    Link(NetworkError),
    /// The plan cannot be carried out.
    Plan(PlanError),
    /// What luck may do to a machine makes no sense.
    Machine(MachineError),
    /// The network has messages of another run waiting, whose content this one cannot know.
    UsedNetwork {
        /// How many.
        held: usize,
    },
    /// A node did what a trace cannot hold: it sent to nobody, named an update twice, claimed one thing twice.
    Node {
        /// Which node.
        node: NodeId,
        /// When.
        at: TrueTime,
        /// What is wrong with it.
        error: TraceError,
    },
    /// The effects of an input say that a message arrived where none did, or that it arrived twice.
    Receive {
        /// At which node.
        node: NodeId,
        /// When.
        at: TrueTime,
    },
    /// The network did not take a message.
    Network {
        /// Whose message.
        node: NodeId,
        /// When.
        at: TrueTime,
        /// Why.
        error: NetworkError,
    },
    /// The trace cannot hold what the world did next.
    Trace {
        /// When.
        at: TrueTime,
        /// Why.
        error: TraceError,
    },
    /// What a schedule says arrives next is not under way, or waits for another: it is of other nodes.
    NotUnderWay {
        /// Which arrival of the schedule, from 0.
        step: usize,
        /// What should arrive.
        letter: Letter,
    },
    /// More happened than may; probably some nodes keep one another busy without time passing.
    EventsMax {
        /// How much may happen.
        events_max: u32,
        /// At which node the bound was reached; `None` for an act on links.
        node: Option<NodeId>,
        /// When.
        at: TrueTime,
        /// What happened until then; `None` of [`Worlds`](crate::Worlds), where nobody records it.
        so_far: Option<Box<Trace>>,
    },
    /// What is to be explored has a link from or to a node that it does not have.
    NoLink {
        /// The node.
        node: NodeId,
    },
}

impl fmt::Display for WorldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WorldError::Names(error) => write!(f, "the nodes cannot be named so: {error}"),
            WorldError::Name(name) => write!(
                f,
                "`{}` cannot name a node: take 1 to 64 letters, digits, `_`, `-` and `.`",
                one_line(name)
            ),
            WorldError::Link(error) => error.fmt(f),
            WorldError::Plan(error) => error.fmt(f),
            WorldError::Machine(error) => error.fmt(f),
            WorldError::UsedNetwork { held } => {
                write!(
                    f,
                    "the network already holds {held} messages of another run; begin with an unused one"
                )
            }
            WorldError::Trace { at, error } => write!(f, "the trace ends at {at}: {error}"),
            WorldError::Node { node, at, error } => {
                write!(f, "at {at} node number {} does what cannot be: {error}", node.number())
            }
            WorldError::Receive { node, at } => write!(
                f,
                "at {at} the effects of node number {} hold a receive that is not the first step after a message",
                node.number()
            ),
            WorldError::Network { node, at, error } => {
                write!(f, "at {at} node number {} cannot send: {error}", node.number())
            }
            WorldError::NotUnderWay { step, letter } => {
                let nth = letter.nth;
                write!(f, "arrival {step} of the schedule is ")?;
                match letter.source {
                    Source::Client => write!(f, "request {nth}")?,
                    Source::Node(node) => write!(f, "message {nth} of node number {}", node.number())?,
                    Source::Timer => write!(f, "the end of timer {nth}")?,
                }
                write!(f, " at node number {}, which is not under way then", letter.target.number())
            }
            WorldError::EventsMax { events_max, node, at, .. } => {
                write!(f, "more than {events_max} events, the most allowed, at {at}")?;
                node.map_or(Ok(()), |node| write!(f, ", lastly at node number {}", node.number()))
            }
            WorldError::NoLink { node } => {
                write!(
                    f,
                    "a link of the scope ends at node number {}, which the run does not have",
                    node.number()
                )
            }
        }
    }
}

impl std::error::Error for WorldError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            WorldError::Names(error) | WorldError::Node { error, .. } | WorldError::Trace { error, .. } => {
                Some(error)
            }
            WorldError::Plan(error) => Some(error),
            WorldError::Machine(error) => Some(error),
            WorldError::Link(error) | WorldError::Network { error, .. } => Some(error),
            WorldError::Name(_)
            | WorldError::UsedNetwork { .. }
            | WorldError::Receive { .. }
            | WorldError::NotUnderWay { .. }
            | WorldError::EventsMax { .. }
            | WorldError::NoLink { .. } => None,
        }
    }
}

impl From<PlanError> for WorldError {
    fn from(error: PlanError) -> WorldError {
        WorldError::Plan(error)
    }
}

impl From<MachineError> for WorldError {
    fn from(error: MachineError) -> WorldError {
        WorldError::Machine(error)
    }
}

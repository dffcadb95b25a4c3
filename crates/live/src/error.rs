//! Why a live run could not be done.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use constellation_fabric::NetworkError;
use constellation_trace::TraceError;

use crate::frame::FrameError;

/// Why there is no run to look at. A process that ends is no such reason: it is a crash in the run.
#[derive(Debug)]
#[non_exhaustive]
pub enum LiveError {
    /// There is no token, no socket on the loopback, or no runtime.
    Hub(io::Error),
    /// The names of the nodes are no good, or the plan names one that there is not.
    Setup(TraceError),
    /// A process cannot be begun.
    Launch {
        /// Of which node.
        node: String,
        /// Why.
        error: io::Error,
    },
    /// A process ended before the run began.
    NoHello {
        /// Of which node.
        node: String,
        /// What it said, if it said anything.
        said: String,
    },
    /// A process said nothing for longer than the hub waits.
    HelloLate {
        /// Of which node.
        node: String,
        /// How long the hub waited.
        waited: Duration,
    },
    /// The disk of a node cannot be read after a crash, or be lost as it should.
    Disk {
        /// Of which node.
        node: String,
        /// Why.
        error: io::Error,
    },
    /// The folder for the disks cannot be one.
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why not.
        why: &'static str,
    },
    /// A process cannot go on, through no fault of its node: its disk fails.
    DiskFails {
        /// Of which node.
        node: String,
        /// Why.
        reason: String,
    },
    /// A process cannot go on, through no fault of its node: what it has to say does not fit into a
    /// [frame](crate::frame::FRAME_BYTES_MAX).
    TooLong {
        /// Of which node.
        node: String,
        /// How long it is.
        reason: String,
    },
    /// What a process is to be told does not fit.
    Untold {
        /// Of which node.
        node: String,
        /// Why.
        error: FrameError,
    },
    /// A node is to join twice.
    JoinsTwice {
        /// Which.
        node: String,
    },
    /// A process can be neither killed nor stopped.
    Process {
        /// Of which node.
        node: String,
        /// Why.
        error: io::Error,
    },
    /// More messages wait for a heal than may.
    Network {
        /// Who sent the one too many.
        node: String,
        /// How many may.
        error: NetworkError,
    },
    /// A node did what cannot be.
    Node {
        /// Which.
        node: String,
        /// What.
        error: TraceError,
    },
}

impl fmt::Display for LiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LiveError::Hub(error) => write!(f, "no link layer on the loopback: {error}"),
            LiveError::Setup(error) => write!(f, "what is to be run cannot be: {error}"),
            LiveError::Launch { node, error } => write!(f, "cannot begin the process of {node}: {error}"),
            LiveError::NoHello { node, said } if said.is_empty() => {
                write!(f, "the process of {node} ended before it said hello")
            }
            LiveError::NoHello { node, said } => {
                write!(f, "the process of {node} ended before the run began: {said}")
            }
            LiveError::HelloLate { node, waited } => {
                write!(f, "the process of {node} said no hello for {} s", waited.as_secs())
            }
            LiveError::Disk { node, error } => write!(f, "cannot read or empty the disk of {node}: {error}"),
            LiveError::Folder { folder, why } => {
                write!(f, "the nodes cannot have their disks in the folder `{}`: {why}", folder.display())
            }
            LiveError::JoinsTwice { node } => write!(f, "{node} is to join twice, and a node joins once"),
            LiveError::DiskFails { node, reason } | LiveError::TooLong { node, reason } => {
                write!(f, "the process of {node} cannot go on, through no fault of the node: {reason}")
            }
            LiveError::Untold { node, error } => {
                write!(f, "the process of {node} cannot be told what happens to it: {error}")
            }
            LiveError::Process { node, error } => write!(f, "cannot stop the process of {node}: {error}"),
            LiveError::Network { node, error } => write!(f, "what {node} sends cannot be kept: {error}"),
            LiveError::Node { node, error } => write!(f, "{node} did what cannot be: {error}"),
        }
    }
}

impl std::error::Error for LiveError {}

//! Nodes under real time: after this crate a reader can run what was simulated on a bus, or as processes over TCP, and
//! have the recorded run judged as any other.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`wire`] | [`WireNode`], [`RemoteNode`]: what a node must say to leave its process |
//! | [`host`] | [`Host`]: one node, its clocks and its timers |
//! | [`clocks`] | [`Clocks`]: what the machine's clocks show to a node |
//! | [`bus`] | [`bus::attach`]: a node on the [`MessageBus`](constellation_clock::MessageBus) |
//! | [`process`] | a node in a process of its own, over TCP |
//! | [`hub`] | the link layer between such processes, which records the run |
//! | [`plan`] | [`Setup`], [`Act`]: what happens in such a run, and when |
//! | [`launch`] | [`Launch`], [`Program`]: how processes are begun |
//! | [`bytes`], [`frame`] | values and messages on a wire |
//!
//! Unlike the rest of the system it is not reproducible: real time is its business. What went wrong in a run stands in its
//! trace, and the same judges read it.
//!
//! This crate must never know a simulator, a judge, a scenario file or a terminal.

#![forbid(unsafe_code)]

pub mod bus;
pub mod bytes;
pub mod clocks;
pub mod error;

pub mod frame;
pub mod host;
pub mod hub;
pub mod launch;
pub mod plan;
pub mod process;
mod protocol;
mod race;
mod state_file;
mod ticket;
pub mod wire;

pub use clocks::Clocks;
pub use error::LiveError;
pub use host::Host;
pub use hub::{Ended, Live};
pub use launch::{Launch, Process, Program};
pub use plan::{Act, Setup};
pub use ticket::{Ticket, TicketError};
pub use wire::{RemoteNode, WireNode};

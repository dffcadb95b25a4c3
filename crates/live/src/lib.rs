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
//! A protocol of your own between processes: the program is the link layer if it is called without words, and one of the
//! processes if it is called with one.
//!
//! ```no_run
//! # use constellation_fabric::{Effects, Input, Node, Now};
//! use std::io;
//! use std::process::Command;
//! use std::sync::atomic::AtomicBool;
//!
//! use constellation_fabric::Calm;
//! use constellation_live::{Act, Program, RemoteNode, Setup, WireNode, hub, process};
//! use constellation_trace::{NodeId, TrueTime};
//!
//! # struct Mine;
//! # impl Node for Mine {
//! #     type Message = ();
//! #     type Request = ();
//! #     fn on(&mut self, _now: Now, _input: Input<(), ()>, _effects: &mut Effects<()>) {}
//! # }
//! # impl WireNode for Mine {
//! #     fn encode(_message: &()) -> Vec<u8> { Vec::new() }
//! #     fn decode(bytes: &[u8]) -> Option<()> { bytes.is_empty().then_some(()) }
//! # }
//! # impl RemoteNode for Mine {
//! #     fn encode_request(_request: &()) -> Vec<u8> { Vec::new() }
//! #     fn decode_request(bytes: &[u8]) -> Option<()> { bytes.is_empty().then_some(()) }
//! # }
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     if std::env::args().len() > 1 {
//!         // `Mine` is a `RemoteNode`: a `Node` that says how its messages and requests stand as bytes.
//!         return Ok(process::run(io::stdin().lock(), |welcome| Ok(Mine))?);
//!     }
//!     let (program, folder) = (std::env::current_exe()?, std::env::temp_dir().join("mine"));
//!     std::fs::create_dir(&folder)?;
//!     let launcher = Program::new(|| {
//!         let mut command = Command::new(&program);
//!         command.arg("node");
//!         command
//!     });
//!     let mut setup = Setup::new(["pacific", "atlantic"], TrueTime::from_ns(2_000_000_000), folder);
//!     let second = TrueTime::from_ns(1_000_000_000);
//!     setup.plan.push((second, Act::Crash { node: NodeId::new(1) }));
//!     let live = hub::run_blocking::<Mine, _>(setup, &mut Calm, launcher, &AtomicBool::new(false), &mut |_| {})?;
//!     println!("{} events", live.trace.events().len()); // judge them as those of a simulation
//!     Ok(())
//! }
//! ```
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

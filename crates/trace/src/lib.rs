//! What happened in a run, as plain data: after this crate a reader knows every word in which a run is told.
//!
//! ```
//! use constellation_trace::sketch;
//!
//! // Two lines, one per node: `m!` sends the message m, `m?` receives it, a bare word is a local event.
//! let trace = sketch::parse("pacific  a m! b\nindian   c m? d").unwrap();
//! assert_eq!(trace.events().len(), 6);
//! ```
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`ids`] | [`NodeId`], [`Process`], [`MessageId`], [`EventId`], and the tables of names behind them |
//! | [`time`] | [`TrueTime`], [`WallTime`], [`Elapsed`]: three faces of time that do not convert |
//! | [`event`] | [`Event`], [`Entry`]: one thing that happened at one process, and how it is handed in |
//! | [`trace`](mod@trace) | [`Trace`]: the append-only list of events, valid by construction |
//! | [`history`] | [`History`], [`Operation`]: what clients asked, and what they know of its end |
//! | [`sessions`] | [`Sessions`]: what clients read and wrote, by sessions of transactions, in columns |
//! | [`claim`] | [`Claim`]: what a clock said, as recorded data, to be judged |
//! | [`relation`] | [`Relation`], [`Relations`]: how two events stand to each other, and what is not excluded |
//! | [`nemesis`] | [`Nemesis`]: what the world did to links, processes, clocks and disks |
//! | [`verdict`] | [`Verdict`], [`Evidence`], [`Limit`]: holds, violated or unknown, and why |
//! | [`sketch`] | the fixture language of tests, docs and error messages |
//! | [`log`] | [`log::Log`]: somebody else's log with vector clocks, as plain data |
//! | [`spans`] | [`spans::Spans`]: work that began and ended at somebody else's services |
//! | `format` | with the feature `formats`: our JSON Lines, and the readers of others' logs |
//!
//! This crate must never know a clock, a network, a simulator, a judge or a screen.

#![forbid(unsafe_code)]
#![warn(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::iter_over_hash_type,
    clippy::float_arithmetic
)]

pub mod claim;
pub mod event;
#[cfg(feature = "formats")]
pub mod format;
pub mod history;
pub mod ids;
pub mod log;
pub mod nemesis;
pub mod relation;
pub mod sessions;
pub mod sketch;
pub mod spans;
pub mod time;
pub mod trace;
pub mod verdict;
mod witness;
mod words;

pub use claim::{Claim, ClaimKind, ClaimRef, VectorRef};
pub use event::{Action, Entry, Event, Kind, Message, Sends};
pub use history::{Call, Completion, History, HistoryCounts, Operation};
pub use ids::{EventId, Key, MessageId, Names, NodeId, Process, ProcessId, Symbol, TransactionId};
pub use nemesis::{Eighths, Loss, Nemesis, NemesisEntry, Wait};
pub use relation::{Relation, Relations};
pub use sessions::{Access, Act, Outcome, Sessions, SessionsError, Timing, Transaction, Unfit, Value};
pub use time::{Elapsed, TrueTime, WallTime};
pub use trace::{Origin, Read, Trace, TraceError, Write};
pub use verdict::{Evidence, Judgement, Limit, Link, Proof, Verdict, Witness};
pub use words::{is_obeyed, one_line};

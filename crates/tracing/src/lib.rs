//! Records how the events of real services caused each other: each process writes a log, and the logs make one picture.
//!
//! A service says where it sends and where it receives, by calls or by fields of its `tracing` spans; a small text travels with
//! each message. `constellation join *.part.jsonl --html run.html` puts the logs together, judges the clocks and draws it.
//!
//! ```
//! use constellation_tracing::{Header, Recorder, header_of, receive};
//! use tracing::info_span;
//! use tracing_subscriber::layer::SubscriberExt as _;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let (folder, join) = (folder.path(), constellation_trace::format::jsonl::parts::join);
//! // In one process: a span that sends. What travels is a header, as text.
//! let client = Recorder::create(&folder.join("client.part.jsonl"), "client")?;
//! let subscriber = tracing_subscriber::registry().with(client.layer());
//! let wire = tracing::subscriber::with_default(subscriber, || {
//!     let asking = info_span!("asks", constellation.send = "server");
//!     header_of(&asking).to_string()
//! });
//! assert_eq!(wire, "1;client;0;1;client=1");
//!
//! // In another: it receives, and the text says what that is the effect of.
//! let server = Recorder::create(&folder.join("server.part.jsonl"), "server")?;
//! let (header, subscriber) = (wire.parse::<Header>()?, tracing_subscriber::registry().with(server.layer()));
//! tracing::subscriber::with_default(subscriber, || receive(&header, "is asked"));
//!
//! [client, server].iter().for_each(Recorder::close);
//! let logs = ["client", "server"].map(|name| std::fs::read(folder.join(format!("{name}.part.jsonl"))));
//! let [client, server] = logs;
//! let joined = join(&[&client?, &server?])?;
//! assert_eq!(joined.trace.messages().len(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! | item | what it is for |
//! | --- | --- |
//! | [`Recorder`] | one process: its clocks, its log, and the lock before both |
//! | [`RecorderLayer`] | records the spans and events that say so by their fields |
//! | [`send`], [`receive`], [`local`], [`header_of`] | the same by calls, through the layer of the current subscriber |
//! | [`Header`] | what travels with a message: who sent it, at which event, with which stamp |
//! | [`Clocks`] | clocks of your own in place of Lamport's and a vector clock, to be judged |
//!
//! # What a process is
//!
//! **A process is a [`Recorder`]**: everything that records through it has one order, in which the lock was taken, and each
//! event ticks its clocks. That order is one that happened: what one task did before another, and told it by memory, comes
//! before it. But it says more than the program promises: of two tasks that owe each other nothing, one comes first in the
//! log, and the picture shows them as ordered. Between processes nothing is ordered but by messages.
//!
//! Where tasks of one service must be seen as concurrent, give each a recorder of its own (`orders/worker-1`), and let what
//! they hand to each other be a [`Recorder::send`] and a [`Recorder::receive`].
//!
//! # What it costs, and what it never does
//!
//! An event is one short write to a file, under a lock, before its header is handed out: so what others have heard of stands
//! in the log, even if the process is killed. Nothing is kept in memory but the clocks, with an entry for each process ever
//! heard of ([`Header::ENTRIES_MAX`] at most), and the headers of open spans.
//!
//! It never panics and never fails in the middle of a service: what cannot be written, or is too much, is dropped and counted
//! ([`Recorder::counts`]), and the log says so at its end. After the first failure nothing more is recorded, so that the log
//! has no hole in it. A power failure may take what the system had not written yet.
//!
//! This crate must never know tokio, a simulator or a judge.

#![forbid(unsafe_code)]

mod clocks;
mod header;
mod layer;
mod log;
mod recorder;

pub use clocks::{Clocks, Stamp};
pub use header::{Header, HeaderError};
pub use layer::{RecorderLayer, header_of, local, receive, send};
pub use recorder::{Counts, Recorder};

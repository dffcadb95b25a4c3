//! The seam between protocol code and whatever runs it: after this crate a reader can write a protocol that
//! runs unchanged in a simulator, behind an async bus and on a real network.
//!
//! ```
//! use constellation_fabric::{Effects, Input, Node, Now};
//! use constellation_trace::NodeId;
//!
//! /// Answers every number with the next one.
//! struct Successor;
//!
//! impl Node for Successor {
//!     type Message = u64;
//!     type Request = ();
//!
//!     fn on(&mut self, _now: Now, input: Input<u64, ()>, effects: &mut Effects<u64>) {
//!         if let Input::Message { from, message } = input {
//!             effects.send(from, message.saturating_add(1));
//!         }
//!     }
//! }
//!
//! let mut effects = Effects::receiving();
//! Successor.on(Now::ZERO, Input::Message { from: NodeId::new(1), message: 41 }, &mut effects);
//! assert_eq!(effects.steps()[0].sends, [(NodeId::new(1), 42)]);
//! ```
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`node`] | [`Node`], [`Input`], [`Effects`]: the only way in which protocol code meets the world |
//! | [`network`] | [`Network`], [`Link`]: what each directed link does to a message, now |
//! | [`contacts`] | [`Contacts`], [`Pass`], [`Flap`]: when a link is up |
//! | [`choices`] | [`Choices`], [`Question`]: who decides what could go otherwise |
//!
//! This crate must never know an async runtime, a socket, the real time, a clock or a simulator: it decides,
//! drivers carry out.

#![forbid(unsafe_code)]
#![warn(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::iter_over_hash_type,
    clippy::float_arithmetic
)]

pub mod choices;
pub mod contacts;
mod cuts;
pub mod isolation;
mod lane;
pub mod link;
pub mod network;
pub mod node;
mod periods;
mod traffic;

pub use choices::{Calm, Choices, Odds, Options, Question, Topic};
/// What inputs and effects speak of, so that a protocol need not depend on the crate that they come from.
pub use constellation_trace::{Elapsed, NodeId, WallTime};
pub use contacts::{Contacts, ContactsError, Flap, Outside, Pass};
pub use isolation::Isolation;
pub use link::{Link, Sequence, Spread};
pub use network::{Delivery, Fate, Impaired, Network, NetworkError, Parcel, Waits};
pub use node::{Effects, Input, Node, Now, Step, StepAct, Timer, TimerSet, Words};

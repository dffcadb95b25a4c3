//! Who happened before whom, and which promises a run broke: judged from a trace, trusting no clock.
//!
//! ```
//! use constellation_trace::{ClaimKind, ClaimRef, Relation, Relations, sketch};
//! use constellation_verify::{Budget, Order, claims};
//!
//! // Lamport times of two nodes; `b` and `c` are concurrent, whatever their numbers say.
//! let trace = sketch::parse("pacific  a=1 m!=2 b=3\nindian   c=1 m?=3 d=4").unwrap();
//! let budget = Budget::default();
//! let order = Order::of(&trace, &budget).unwrap();
//! let [b, c] = ["b", "c"].map(|word| sketch::find(&trace, word).unwrap());
//! assert_eq!(order.relation(b, c), Relation::Concurrent);
//!
//! // Read as an order, Lamport times claim more than they know, and are found out.
//! let naive = |one: ClaimRef<'_>, other: ClaimRef<'_>| match (one, other) {
//!     (ClaimRef::Lamport(one), ClaimRef::Lamport(other)) if one < other => Relation::Before.into(),
//!     (ClaimRef::Lamport(one), ClaimRef::Lamport(other)) if one > other => Relation::After.into(),
//!     _ => Relations::ANY,
//! };
//! let judgement = claims::judge(&order, ClaimKind::Lamport, &budget, naive);
//! assert_eq!(judgement.verdict.word(), "violated");
//! ```
//!
//! | module | what it judges |
//! | --- | --- |
//! | [`order`] | [`Order`]: happens-before, from program order and messages alone |
//! | [`proof`] | the shortest chain of messages that puts one event before another |
//! | [`claims`] | what clocks said, against the order: every pair of events, or as many as the budget allows |
//! | [`catalog`] | what nodes showed, against what they knew: lost updates, stale siblings, thin air, divergence, amnesia |
//! | [`delivery`] | what became of messages: do they arrive, do links keep their order |
//! | [`stamps`] | the vector clocks of a log from elsewhere: could any execution have them |
//! | [`spans`] | the spans of services from elsewhere: do their wall clocks agree with cause and effect |
//! | [`models`] | which consistency models a history satisfies |
//! | `breach` | [`Breach`]: how a judge of your own says what it found wrong |
//! | [`budget`] | [`Budget`]: how much work and memory a judge may spend before it answers "unknown" |
//!
//! This crate must never know a clock, a simulator, a file or a screen: a judge who could see the clocks
//! might believe them.

#![forbid(unsafe_code)]
#![warn(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::iter_over_hash_type,
    clippy::float_arithmetic
)]

mod breach;
pub mod budget;
pub mod catalog;
pub mod claims;
pub mod delivery;
mod evidence;
pub mod models;
pub mod order;
pub mod proof;
pub mod spans;
pub mod stamps;

pub use breach::Breach;
pub use budget::Budget;
pub use order::Order;

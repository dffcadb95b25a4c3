//! Makes it happen: after this crate a reader can run a protocol under a plan of faults, in virtual time, and
//! get the same trace, byte for byte, whenever the seed is the same.
//!
//! ```
//! use constellation_fabric::{Effects, Input, Link, Network, Node, Now};
//! use constellation_sim::{Act, Plan, Seeded, Setup, World};
//! use constellation_trace::{NodeId, TrueTime};
//!
//! /// Passes each number on, one less, until it is 0.
//! struct Countdown {
//!     next: NodeId,
//! }
//!
//! impl Node for Countdown {
//!     type Message = u32;
//!     type Request = u32;
//!
//!     fn on(&mut self, _now: Now, input: Input<u32, u32>, effects: &mut Effects<u32>) {
//!         if let Input::Message { message: n @ 1.., .. } | Input::Request(n @ 1..) = input {
//!             effects.send(self.next, n - 1);
//!         }
//!     }
//! }
//!
//! let [pacific, atlantic] = [NodeId::new(0), NodeId::new(1)];
//! let second = |n: u64| TrueTime::from_ns(n * 1_000_000_000);
//! let setup = || Setup {
//!     network: Network::new(Link::INSTANT),
//!     plan: Plan::new()
//!         .at(second(1), Act::Partition { group_a: vec![pacific], group_b: vec![atlantic] })
//!         .at(second(2), Act::Request { node: pacific, request: 3 })
//!         .at(second(9), Act::Heal),
//!     ..Setup::new(["pacific", "atlantic"], second(10))
//! };
//! let factory = |node: NodeId| Countdown { next: NodeId::new(1 - node.number()) };
//! let outcome = World::new(setup(), Seeded::new(7), factory)?.run()?;
//!
//! // The first message waited for the heal, the second could go at once.
//! let arrivals: Vec<_> = outcome.trace.events().iter().map(|event| event.at).collect();
//! assert_eq!(arrivals, [second(2), second(9), second(9), second(9)]);
//! assert_eq!((outcome.counts.sent, outcome.counts.held, outcome.counts.delivered), (3, 1, 3));
//!
//! let again = World::new(setup(), Seeded::new(7), factory)?.run()?;
//! assert_eq!(again.trace, outcome.trace);
//! # Ok::<(), constellation_sim::WorldError>(())
//! ```
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`setup`] | [`Setup`], [`Machine`]: everything that a run is made from, but the nodes and the luck |
//! | [`plan`] | [`Plan`], [`Act`]: what clients ask and what breaks, and when |
//! | [`faults`] | [`Faults`]: what luck may do to a machine |
//! | [`wall`] | [`Wall`], [`Drift`]: how wrong the clocks of a machine are |
//! | [`world`] | [`World`]: one run, from the setup to the trace |
//! | [`worlds`] | [`Worlds`], [`Run`]: many runs of one setup, as fast as they go, of which nothing is recorded |
//! | [`digest`] | [`Digest`]: a number that stands for all that happened |
//! | [`outcome`] | [`Outcome`], [`Counts`]: what came of it |
//! | [`choices`] | luck: [`Seeded`], [`Swarm`], [`Odometer`]; [`Recorder`], [`Tape`], [`Player`]: noted and played again; [`choices::shrink`] |
//! | [`clients`] | [`clients::Client`], [`clients::Service`]: who asks a service something, and what they see of it |
//! | [`explore`](mod@explore) | [`explore::explore`]: all orders in which messages can arrive, instead of one run |
//! | [`error`] | [`WorldError`]: why a run could not be made or finished |
//! | `agenda` | what is to happen, in order: the one place where ties are broken |
//!
//! This crate must never know the clocks that protocols use, nor the judge of its traces: what it knows of a
//! message is from whom to whom it goes, and what it records are facts and other people's claims.

#![forbid(unsafe_code)]
#![warn(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::iter_over_hash_type,
    clippy::float_arithmetic
)]

// The tests in here share their models with those outside.
#[cfg(test)]
extern crate self as constellation_sim;

mod agenda;
pub mod choices;
pub mod clients;
pub mod digest;
mod disk;
mod engine;
pub mod error;
pub mod explore;
pub mod faults;
pub mod outcome;
pub mod plan;
mod record;
pub mod setup;
pub mod wall;
mod wheel;
pub mod world;
pub mod worlds;

pub use choices::{Answers, Observed, Odometer, Player, Recorder, Seeded, Shrunk, Swarm, Tape};
pub use digest::Digest;
pub use error::WorldError;
pub use faults::{Faults, Span};
pub use outcome::{Counts, Ending, Outcome};
pub use plan::{Act, Disk, Leap, Plan, PlanError};
pub use setup::{Machine, Setup, WallClaims};
pub use wall::{Drift, Wall};
pub use world::World;
pub use worlds::{Run, Worlds};

//! Clocks that order events across machines without agreeing on the time.
//!
//! ```
//! use constellation_clock::{LamportClock, Ordering, VectorClock};
//!
//! // Two stations update the catalog during a partition. By time alone one of them would "win".
//! let (mut pacific, mut indian_ocean) = (VectorClock::new("pacific"), VectorClock::new("indian_ocean"));
//! pacific.tick();
//! indian_ocean.tick();
//! assert_eq!(pacific.compare(&indian_ocean), Ordering::Concurrent); // nobody wins: ask the application
//!
//! // A Lamport clock orders them as well, and cannot tell that it had no reason to.
//! let (lamport, other) = (LamportClock::new(), LamportClock::new());
//! assert!(lamport.tick() < other.observe(1));
//! ```
//!
//! | to find out | look at |
//! | --- | --- |
//! | what every clock does, and what only exact ones do | [`Clock`], [`Stamp`], [`ExactStamp`] |
//! | how two events stand to each other | [`Ordering`], [`Possible`] |
//! | a total order that respects causality, cheaply | [`LamportClock`], [`NamedLamport`] |
//! | the same, close to the wall clock | [`HybridClock`], [`DriftPolicy`] |
//! | which events are concurrent | [`VectorClock`], and [`DottedClock`] for events in constant time |
//! | a replicated catalog that never picks a winner | [`Catalog`] |
//! | nodes that exchange events over links that can be cut | `MessageBus`, `ClusterNode`, `Replica` |
//! | who is who, also after a restart | [`Identity`], [`lease`] |
//! | the forms on the wire | [`bytes`], and `json` with the feature of that name |
//! | whether a clock of your own keeps the laws | [`laws`] |
//!
//! Without default features this is `no_std` with `alloc` and depends on nothing. `std` adds
//! `VectorClock::snapshot`, `json` the JSON forms, `bus` (the default) the asynchronous message bus and the nodes on it. A
//! feature adds; it never changes what is there.
//!
//! What this crate must never know: what time it is (it is told), where the bytes go, what a simulator is, and who
//! judges it. It reads no clock, draws no lots and opens nothing.

#![no_std]
#![deny(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::iter_over_hash_type,
    clippy::float_arithmetic
)]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

#[cfg(feature = "bus")]
mod bus;
pub mod bytes;
mod catalog;
mod clock;
mod dotted;
mod error;
mod hybrid;
mod identity;
#[cfg(feature = "json")]
pub mod json;
mod lamport;
pub mod laws;
pub mod lease;
#[cfg(feature = "bus")]
mod node;
mod ordering;
mod vector;

#[cfg(feature = "bus")]
pub use bus::{Letter, Message, MessageBus, PartitionOutcome, Port};
pub use catalog::{Catalog, Changes, Context, Reading, Reconciled, Synced, Update};
pub use clock::{Clock, ExactStamp, Stamp};
pub use dotted::{Dot, DottedClock, DottedStamp};
pub use error::{Error, Reached};
pub use hybrid::{Ahead, DriftPolicy, HybridClock, HybridStamp, HybridTime, PhysicalTime, WallUnreadable};
pub use identity::Identity;
pub use lamport::{LamportClock, LamportStamp, NamedLamport};
#[cfg(feature = "bus")]
pub use node::{
    Behind, ClusterNode, Durability, Envelope, Event, InjectedClock, Learnt, Logged, Refusal, Refused,
    Replica, Sent, WallDial,
};
pub use ordering::{Ordering, Possible};
pub use vector::{Group, Impersonation, VectorClock, VectorStamp};

/// The largest value of every counter that is sent: 2^63 - 1.
///
/// One bit less than fits, for two reasons: the difference of two counters then carries its sign in its top bit, which
/// is what makes comparing fast; and formats that know only signed integers can hold it. At one event a nanosecond it is
/// reached after 292 years. A clock that stands there says so and issues nothing more; it never wraps.
pub const CEILING: u64 = (1 << 63) - 1;

/// The largest remote counter that is absorbed: 2^60 below [`CEILING`].
///
/// A forged or broken stamp near the ceiling would otherwise use up every clock that hears of it. Below this line each
/// clock keeps room for 2^60 events (or nanoseconds: 36 years) of its own. Room is all that it keeps: a clock that was
/// carried up to here is refused by all that were not. Against that there are [`LEAD_MAX`] and [`DriftPolicy`].
pub const REMOTE_MAX: u64 = CEILING - (1 << 60);

/// How far ahead of ours the Lamport time of a message may be, unless another bound is chosen: 2^40.
///
/// No partition lasts for 2^40 events, which is one a microsecond for 12 days; without a bound one forged message would carry
/// every clock to where its peers refuse it. It bounds the damage and prevents none: who forges within the lead still gets
/// one clock ahead of the others by that much. Only authentication keeps strangers out.
pub const LEAD_MAX: u64 = 1 << 40;

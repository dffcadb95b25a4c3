//! Where answers come from: each kind of luck is a [`Choices`](constellation_fabric::Choices) of its own.

mod answers;
mod odometer;
mod player;
mod recorder;
mod seeded;
pub mod shrink;
mod swarm;
pub mod tape;

pub use answers::{Answer, Answers};
pub use odometer::{Bounded, Bounds, Coverage, Odometer};
pub use player::{Leftover, Player, Why};
pub use recorder::Recorder;
pub use seeded::Seeded;
pub use shrink::{Observed, ShrinkError, Shrunk};
pub use swarm::Swarm;
pub use tape::{Mismatch, Provenance, Tape, TapeError, TapeProblem};

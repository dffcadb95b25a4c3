//! Where answers come from: each kind of luck is a [`Choices`](constellation_fabric::Choices) of its own.

mod answers;
mod player;
mod recorder;
mod seeded;
pub mod tape;

pub use answers::{Answer, Answers};
pub use player::{Leftover, Player, Why};
pub use recorder::Recorder;
pub use seeded::Seeded;
pub use tape::{Mismatch, Provenance, Tape, TapeError, TapeProblem};

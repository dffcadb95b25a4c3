//! Where answers come from: each kind of luck is a [`Choices`](constellation_fabric::Choices) of its own.

mod seeded;

pub use seeded::Seeded;

//! What the world promises: every fault alone, the calm without any, the same bytes from the same seed.

mod bounds;
mod determinism;
mod faults;
mod gossip;
mod lives;
mod plans;
mod probe;
mod seeded;
mod tapes;

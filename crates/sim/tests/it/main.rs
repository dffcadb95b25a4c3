//! What the world promises: every fault alone, the calm without any, the same bytes from the same seed.

mod bounds;
mod bugs;
mod clients;
mod counts;
mod crashes;
mod determinism;
mod disks;
mod explore;
mod faults;
mod gossip;
mod links;
mod lives;
mod machines;
mod models;
mod odometers;
mod paxos;
mod plans;
mod probe;
mod seeded;
mod shrinks;
mod stops;
mod swarms;
mod tapes;
mod transaction;
mod wall_faults;
mod worlds;

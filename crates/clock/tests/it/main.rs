//! What the clocks promise, as sentences about the world; and broken clocks, to show that the promises are checked.

#[cfg(feature = "bus")]
mod bus;
mod bytes;
mod catalog;
mod causality;
#[cfg(feature = "bus")]
mod cluster;
mod contexts;
#[cfg(feature = "std")]
mod course;
mod hybrid;
#[cfg(feature = "bus")]
mod injected;
#[cfg(feature = "json")]
mod json;
mod lamport;
mod lawful;
mod lease;
#[cfg(feature = "bus")]
mod node;
mod planted;
mod planted_times;
#[cfg(feature = "bus")]
mod ports;
#[cfg(feature = "bus")]
mod seats;
mod vector;
mod wording;

//! Prints the digest of a run in which everything goes wrong: the same from every build and on every machine.
//!
//! `cargo run -p constellation-sim --example digest` and the same with `--release` must print what
//! `tests/it/determinism.rs` expects.

// The scenario is shared with the tests, which use more of it.
#[allow(dead_code)]
#[path = "../tests/it/gossip.rs"]
mod gossip;

fn main() {
    println!("{}", gossip::digest(gossip::SEED));
}

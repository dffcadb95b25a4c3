//! What a lab of three sites costs on this machine: how long it takes to stand, a round trip, and packets a second.
//!
//! `cargo run --release -p constellation-testbed --example lab`

#[cfg(target_os = "linux")]
mod measure;

fn main() {
    #[cfg(target_os = "linux")]
    measure::main();
}

//! A hunt of as many operations as is said, on sites that are simulated, so that it takes minutes: how much memory it needs.
//!
//! `cargo run --release -p constellation-servers --example long-hunt -- 10000` prints operations, rounds, and the most memory
//! that the process ever had; with 1000000 that is to be about the same.

#[cfg(target_os = "linux")]
#[path = "../tests/it/field.rs"]
mod field;
#[cfg(target_os = "linux")]
#[allow(dead_code, reason = "tests look at more of it")]
#[path = "../tests/it/imagined.rs"]
mod imagined;

#[cfg(target_os = "linux")]
fn main() {
    use std::time::{Duration, Instant};

    use constellation_servers::hunt::judged::Claim;
    use constellation_verify::models::Linearizable;

    /// Of a hunt without end, as time passes there.
    const OPERATIONS_A_SECOND: u64 = 60;
    let wanted: u64 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(10_000);
    let begun = Instant::now();
    let time = Duration::from_secs(wanted.div_ceil(OPERATIONS_A_SECOND));
    let hunted = field::hunted("consensus", Claim::Model(&Linearizable), time, |_| {});
    println!(
        "{} operations in {} rounds, of which nobody can tell {}, and {} was found; {} s, {} at most",
        hunted.operations,
        hunted.rounds,
        hunted.unknown.0,
        if hunted.finding.is_some() { "something" } else { "nothing" },
        begun.elapsed().as_secs(),
        memory()
    );
}

/// The most memory that this process ever had, as the kernel says it.
#[cfg(target_os = "linux")]
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    most.map_or_else(|| "nobody knows how much".to_owned(), |most| most.trim().to_owned())
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("real servers are hunted on Linux alone");
}

//! How our simulated world compares with turmoil and madsim, as ratios within one process.
//!
//! ```text
//! RUSTFLAGS="--cfg madsim" cargo run --release --manifest-path bench-peers/Cargo.toml --bin worlds
//! cargo run --release --manifest-path bench-peers/Cargo.toml --bin worlds
//! ```
//!
//! madsim simulates only where everything is built with that flag, so the second command leaves its rows out. The flag
//! changes nothing of the others.
//!
//! The work is that of `crates/sim/benches/shared/gossip.rs`: four nodes, each delivery folds into its node and sends
//! one message of 8 bytes on, which takes 1 to 10 ms and is never lost. What each does differently:
//!
//! - ours draws latencies evenly, 5.5 ms on average, and takes the digest of each run;
//! - turmoil draws them from an exponential distribution, 2.4 ms on average, and delivers once a tick of 1 ms, its default.
//!   It pays for each tick, so few messages under way are its worst case and many its best: both are given;
//! - madsim draws them evenly, but who sends sleeps a moment first. Of a thousand messages most therefore wait at their
//!   nodes, about ten are on links, and its two rows are alike.
//!
//! All run in turns, and the fastest turn of each counts.

#![forbid(unsafe_code)]

use std::hint::black_box;
use std::time::Instant;

#[allow(dead_code, reason = "our own measurements use the rest")]
#[path = "../../../crates/sim/benches/shared/gossip.rs"]
mod gossip;
#[cfg(madsim)]
#[path = "worlds/madsim.rs"]
mod madsim_peer;
#[path = "worlds/turmoil.rs"]
mod turmoil_peer;

use gossip::{hundred_events, loop_of_worlds, plain, worlds, worlds_of};

/// One who does the work, and returns how many messages arrived.
type Runner<'a> = (&'a str, Box<dyn FnMut() -> u64 + 'a>);

fn main() {
    loops(10);
    loops(1_000);
    seeds();
}

fn loops(in_flight: u32) {
    // So many messages arrive within this time, since one takes 5.5 ms on average.
    let deliveries = 50_000;
    let end_ns = deliveries * 5_500_000 / u64::from(in_flight);
    let mut many = worlds(4, in_flight, end_ns);
    let mut runners: Vec<Runner<'_>> = vec![
        ("ours (Worlds)", Box::new(|| black_box(loop_of_worlds(&mut many, 7)).0)),
        ("the plainest loop", Box::new(|| black_box(plain(in_flight, end_ns)).0)),
        ("turmoil", Box::new(|| turmoil_peer::gossip(7, in_flight, deliveries))),
    ];
    #[cfg(madsim)]
    runners.push(("madsim", Box::new(|| madsim_peer::gossip(7, in_flight, deliveries))));
    let fastest_ns = race(10, &mut runners);
    println!("{in_flight} messages in flight");
    for (ns, (name, _)) in fastest_ns.iter().zip(&runners) {
        println!("  {name:<24} {ns:>9.1} ns an event {:>8.2}", ns / fastest_ns[0]);
    }
}

/// Short runs, each made anew from another seed.
fn seeds() {
    const EVENTS: u64 = 100;
    const SEEDS: u64 = 200;
    let mut many = worlds_of(hundred_events(), 4, 10);
    let mut runners: Vec<Runner<'_>> = vec![
        (
            "ours (Worlds)",
            Box::new(|| (0..SEEDS).map(|seed| u64::from(loop_of_worlds(&mut many, seed).0 > 0)).sum()),
        ),
        (
            "the plainest loop",
            Box::new(|| (0..SEEDS).map(|_| u64::from(black_box(plain(10, 52_000_000)).0 > 0)).sum()),
        ),
        (
            "turmoil",
            Box::new(|| (0..SEEDS).map(|seed| u64::from(turmoil_peer::gossip(seed, 10, EVENTS) > 0)).sum()),
        ),
    ];
    #[cfg(madsim)]
    runners.push((
        "madsim",
        Box::new(|| (0..SEEDS).map(|seed| u64::from(madsim_peer::gossip(seed, 10, EVENTS) > 0)).sum()),
    ));
    let fastest_ns = race(10, &mut runners);
    println!("seeds of {EVENTS} events");
    for (ns, (name, _)) in fastest_ns.iter().zip(&runners) {
        println!("  {name:<24} {:>9.0} seeds/s     {:>8.2}", 1e9 / ns, ns / fastest_ns[0]);
    }
}

/// Runs all in turns; the fastest turn of each, in nanoseconds for one of what it counts.
fn race(rounds: u32, runners: &mut [Runner<'_>]) -> Vec<f64> {
    let mut fastest_ns = vec![f64::MAX; runners.len()];
    for _ in 0..rounds {
        for (fastest_ns, (_, run)) in fastest_ns.iter_mut().zip(runners.iter_mut()) {
            let start = Instant::now();
            let count = run();
            *fastest_ns = fastest_ns.min(start.elapsed().as_nanos() as f64 / count as f64);
        }
    }
    fastest_ns
}

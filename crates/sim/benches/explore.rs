//! How many arrivals a second an exploration executes, and what each reduction saves.
//!
//! `cargo bench -p constellation-sim --bench explore` explores until it is complete; `cargo test --benches` explores
//! small protocols, so that this cannot rot. Each line gives what was found, the arrivals that it took, and the
//! time; the last figure is the time against that of running every order, the plainest search, where that ends.

use std::time::{Duration, Instant};

use constellation_sim::explore::{Exploration, Extent, Reduction, Scope, Visit, explore_by, survey};

#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../tests/it/models.rs"]
mod models;

use models::{Cast, broadcast, read_then_write, two_phase};

/// More arrivals than this are not waited for.
const DELIVERIES_MAX: u64 = 30_000_000;

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let large = [
        broadcast(3, 2).ordered(),
        broadcast(3, 2),
        broadcast(4, 1),
        read_then_write(4),
        read_then_write(5),
        two_phase(4),
        two_phase(5),
    ];
    let small = [broadcast(3, 1), read_then_write(2), two_phase(2)];
    for cast in if is_bench { large.iter() } else { small.iter() } {
        println!("{}", cast.name);
        measure(cast);
    }
}

fn measure(cast: &Cast) {
    let scope = Scope { deliveries_max: DELIVERIES_MAX, ..cast.scope() };
    let mut baseline = None;
    let reductions = [Reduction::None, Reduction::SleepSets, Reduction::SourceSets];
    for (name, reduction) in ["every order", "sleep sets", "source sets"].into_iter().zip(reductions) {
        let (found, spent) = timed(|| explore_by(&scope, reduction, |id| cast.node(id), |_| Visit::Fine));
        if reduction == Reduction::None && found.extent == Extent::Complete {
            baseline = Some(spent);
        }
        tell(name, &found, spent, baseline);
    }
    let (found, spent) = timed(|| survey(&scope, |id| cast.node(id), |run| run.state(), |_| Visit::Fine));
    tell("states", &found, spent, baseline);
}

fn timed<E: std::fmt::Debug>(work: impl FnOnce() -> Result<Exploration, E>) -> (Exploration, Duration) {
    let start = Instant::now();
    let found = work().expect("the models send to nodes that are there");
    (found, start.elapsed())
}

fn tell(name: &str, found: &Exploration, spent: Duration, baseline: Option<Duration>) {
    let rate = u128::from(found.deliveries) * 1_000_000_000 / spent.as_nanos().max(1);
    let extent = if found.extent == Extent::Complete { "" } else { ", not complete" };
    let ratio = match baseline {
        Some(baseline) => format!("  1 / {}", baseline.as_nanos() / spent.as_nanos().max(1)),
        None => String::new(),
    };
    println!(
        "  {name:<12}{:>9} visited {:>9} blocked {:>10} arrivals {:>8} ms {rate:>9} arrivals/s{ratio}{extent}",
        found.visited,
        found.blocked,
        found.deliveries,
        spent.as_millis(),
    );
}

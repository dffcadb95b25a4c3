//! Prints how well failures are made smaller: small protocols with one bug each, 100 random failing runs of each.
//!
//! `cargo run --release -p constellation-sim --example shrink_table > crates/sim/shrinking.md` writes the table of
//! the documentation, of which only the times differ from run to run; `crates/sim/tests/it/bugs/shrunk.txt` shows the shrunk forms.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::time::Instant;

use bugs::Bug;
use constellation_sim::choices::shrink::{RUNS_MAX, shrink};
use constellation_sim::choices::{Bounds, Coverage};
use constellation_sim::{Observed, Odometer, Shrunk};

// The bugs are shared with the tests, which use more of them.
#[allow(dead_code)]
#[path = "../tests/it/bugs.rs"]
mod bugs;

const STARTS: usize = 100;

const HEAD: &str = "\
For each bug the first 100 seeds that show it were made smaller. *Least* is the best that any of these reached, or
that an odometer found over all combinations of as many deviations, with twelve times for each latency; behind it,
how many of the 100 reached it. *Forms* is how many different results there were. The times are of one core of a shared
machine. In the last eleven, many kinds of faults of machines, disks, clocks and links are on at once.

| bug | seeds tried | deviations at first | least deviations | least events | odometer | forms | runs: median, most | ms: median, most |
|---|--:|--:|--:|--:|--:|--:|--:|--:|";

/// What came of all starts of one bug.
struct Row {
    seeds: u64,
    shrunk: Vec<Shrunk>,
    times_us: Vec<u128>,
    /// The fewest deviations, and then events, that exhaustive search found, and how far that went.
    searched: Option<(usize, u64)>,
    coverage: Coverage,
}

fn main() {
    println!("{HEAD}");
    let mut all_runs = Vec::new();
    for bug in bugs::all() {
        let row = measure(bug);
        print_row(bug, &row);
        all_runs.extend(row.shrunk.iter().map(|shrunk| shrunk.effort.runs));
    }
    all_runs.sort_unstable();
    println!("\nMedian of all {}: {} runs.", all_runs.len(), median(&all_runs));
}

fn measure(bug: &Bug) -> Row {
    let (starts, seeds) = bug.hunt(STARTS);
    let (mut shrunk, mut times_us) = (Vec::new(), Vec::new());
    for start in &starts {
        let begin = Instant::now();
        let one = shrink(start, RUNS_MAX, |choices| bug.play(choices).1);
        times_us.push(begin.elapsed().as_micros());
        shrunk.push(one.expect("it failed before, and nothing but its answers matters"));
    }
    let deviations = shrunk.iter().map(|one| one.answers.len()).min().expect("there are a hundred");
    let (searched, coverage) = search(bug, deviations);
    Row { seeds, shrunk, times_us, searched, coverage }
}

/// The least failure with at most so many deviations.
fn search(bug: &Bug, deviations: usize) -> (Option<(usize, u64)>, Coverage) {
    let mut odometer = Odometer::new(Bounds {
        deviations_max: u32::try_from(deviations).expect("a few"),
        levels_max: NonZeroU32::new(13).expect("13 is not 0"),
        ..Bounds::default()
    });
    let mut least = None;
    while odometer.advance() {
        if let Observed::Violated { events } = bug.play(&mut odometer).1 {
            let found = (odometer.answers().len(), events);
            least = Some(least.map_or(found, |least: (usize, u64)| least.min(found)));
        }
    }
    (least, odometer.coverage())
}

fn print_row(bug: &Bug, row: &Row) {
    let sizes: Vec<_> = row.shrunk.iter().map(|one| (one.answers.len(), one.events)).collect();
    let least = sizes.iter().copied().chain(row.searched).min().expect("there are a hundred");
    let fewest = sizes.iter().filter(|(deviations, _)| *deviations == least.0).count();
    let both = sizes.iter().filter(|size| **size == least).count();
    let forms: BTreeSet<_> = row.shrunk.iter().map(|one| &one.answers).collect();
    let mut before: Vec<_> = row.shrunk.iter().map(|one| one.effort.deviations_before).collect();
    let mut runs: Vec<_> = row.shrunk.iter().map(|one| one.effort.runs).collect();
    let mut times = row.times_us.clone();
    before.sort_unstable();
    runs.sort_unstable();
    times.sort_unstable();
    let ms = |us: u128| format!("{}.{:02}", us / 1_000, us % 1_000 / 10);
    let (Coverage::Complete { runs: searched } | Coverage::Bounded { runs: searched, .. }) = row.coverage
    else {
        panic!("{}: {}", bug.name, row.coverage)
    };
    println!(
        "| {} | {} | {} | {}: {fewest} | {}: {both} | {searched}{} | {} | {}, {} | {}, {} |",
        bug.name,
        row.seeds,
        median(&before),
        least.0,
        least.1,
        if searched == Bounds::default().runs_max { ", cut" } else { "" },
        forms.len(),
        median(&runs),
        runs.last().expect("there are a hundred"),
        ms(*median(&times)),
        ms(*times.last().expect("there are a hundred")),
    );
}

fn median<T>(sorted: &[T]) -> &T {
    &sorted[sorted.len() / 2]
}

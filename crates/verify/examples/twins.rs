//! Compares every judge with its slow obvious twin on as many random small histories as one likes.
//!
//! `cargo run --release -p constellation-verify --example twins -- 1000000 7` takes a million of them, from seed 7: single
//! operations and transactions, with times and without, unknown and aborted ones among them. The exit code is 1 at the first
//! disagreement, which is shown. `cargo test` does the same with twenty thousand.

#[path = "../tests/it/models/all_twins.rs"]
mod all_twins;
#[path = "../tests/it/models/axioms.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod axioms;
#[path = "../tests/it/models/orders.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod orders;
#[path = "../tests/it/models/random.rs"]
mod random;
#[path = "../tests/it/models/twin.rs"]
mod twin;

use std::process::ExitCode;

use all_twins::{TWINS, agreed, can_be_asked};
use random::{Kind, Luck, history};

fn main() -> ExitCode {
    let mut given = std::env::args().skip(1).map(|given| given.parse::<u64>());
    let (count, seed) = (given.next().unwrap_or(Ok(100_000)), given.next().unwrap_or(Ok(1)));
    let (Ok(count), Ok(seed)) = (count, seed) else {
        eprintln!("how many histories, and from which seed: two numbers");
        return ExitCode::from(2);
    };
    let mut luck = Luck::new(seed);
    let mut counts = [[0_u64; 2]; TWINS.len()];
    for (nth, kind) in (0..count).zip(Kind::ALL.into_iter().cycle()) {
        let sessions = history(&mut luck, kind);
        for (twin, counts) in TWINS.into_iter().zip(&mut counts) {
            if !can_be_asked(twin.0, &sessions) {
                continue;
            }
            match agreed(twin, &sessions) {
                Ok(holds) => counts[usize::from(holds)] += 1,
                Err(wrong) => {
                    println!("history {nth} from seed {seed}: {wrong}");
                    return ExitCode::FAILURE;
                }
            }
        }
    }
    println!("{count} histories from seed {seed}, no disagreement");
    for ((model, _), [violated, held]) in TWINS.iter().zip(counts) {
        println!("  {model:28} {held:>9} held  {violated:>9} violated");
    }
    ExitCode::SUCCESS
}

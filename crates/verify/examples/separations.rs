//! Looks for the smallest history that separates each pair of neighbouring models, and says what it found.
//!
//! `cargo run --release -p constellation-verify --example separations -- 6` tries every history of up to 6 accesses, each
//! once however its sessions, keys and values are called.

#[path = "../tests/it/models/all_twins.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod all_twins;
#[path = "../tests/it/models/axioms.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod axioms;
#[path = "../tests/it/models/enumerated.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod enumerated;
#[path = "../tests/it/models/orders.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod orders;
#[path = "../tests/it/models/separating.rs"]
mod separating;
#[path = "../tests/it/models/twin.rs"]
mod twin;

use std::process::ExitCode;

fn main() -> ExitCode {
    let most = std::env::args().nth(1).map_or(Ok(4), |given| given.parse::<u8>());
    let Some(most) = most.ok().filter(|most| (1..=9).contains(most)) else {
        eprintln!("how many accesses at most: a number from 1 to 9");
        return ExitCode::from(2);
    };
    let mut open = separating::sought();
    for accesses in 1..=most {
        let tried = separating::separate(accesses, &mut open);
        println!("{accesses} accesses: {} histories tried", tried.histories);
        for ((allows, forbids, among), sessions) in tried.found {
            println!("  {allows}, not {forbids}, among {among:?}:");
            println!("    {}", sessions.to_string().replace('\n', "\n    "));
        }
    }
    for (allows, forbids, among) in open {
        println!("{allows}, not {forbids}, among {among:?}: no history of up to {most} accesses");
    }
    ExitCode::SUCCESS
}

//! Whether every named setting of every store is placed alike with so many seeds: one line a setting, 1 where one is not.
//!
//! `cargo run --release -p constellation-lab --example stability -- 20`; a second argument takes the stores of that name only.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example prints")]

use std::process::ExitCode;

use constellation_lab::placement::stability::{Found, Stability, stability};
use constellation_lab::placement::{STORES, Store};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (count, name) = (arguments.next().unwrap_or_else(|| "20".to_owned()), arguments.next());
    let Ok(seeds @ 1..) = count.parse::<u64>() else {
        eprintln!("`{count}` is no number of seeds\nhelp: `--example stability -- 20 quorum`");
        return ExitCode::from(2);
    };
    let infos: Vec<_> =
        STORES.iter().filter(|info| name.as_deref().is_none_or(|name| name == info.name)).collect();
    if infos.is_empty() {
        let known: Vec<&str> = STORES.iter().map(|info| info.name).collect();
        eprintln!("no store is called `{}`\nhelp: there are {}", name.unwrap_or_default(), known.join(", "));
        return ExitCode::from(2);
    }
    let mut is_stable = true;
    for store in infos.iter().flat_map(|info| info.stores()) {
        match stability(&store, 0..seeds) {
            Ok(found) => {
                is_stable &= found.is_of_one_cell();
                print(&store, &found, seeds);
            }
            Err(error) => {
                eprintln!("{store}: {error}");
                return ExitCode::from(2);
            }
        }
    }
    ExitCode::from(u8::from(!is_stable))
}

/// One line, and one more for each sentence that some seeds give in other words.
fn print(store: &Store, stability: &Stability, seeds: u64) {
    let Some((most, others)) = stability.found.split_first() else { return };
    let words = if others.is_empty() { "in the same words" } else { "in other words" };
    match stability.is_of_one_cell() {
        true => println!("{}  {store}: {seeds} of {seeds} seeds, {words}", most.cell),
        false => println!("{}  {store}: NOT STABLE, {} of {seeds} seeds", most.cell, most.seeds.len()),
    }
    for Found { cell, words, seeds } in others {
        println!("    {cell} with seeds {seeds:?}");
        for (usual, here) in most.words.iter().zip(words).filter(|(usual, here)| usual != here) {
            println!("      - {usual}\n      + {here}");
        }
    }
}

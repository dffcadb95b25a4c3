//! No judge disagrees with its twin: on what has a name, on every small history, on random ones by the ten thousand.
//!
//! More of both, for as long as one likes:
//! `cargo run --release -p constellation-verify --example twins -- 1000000 7`, which takes how many random histories and
//! from which seed, and `cargo run --release -p constellation-verify --example separations -- 6`, which takes up to how many
//! accesses every history is tried.

use constellation_trace::{Sessions, Timing};
use constellation_verify::models::{SEPARATIONS, SMALLEST};

use super::all_twins::{TWINS, Twin, agreed, can_be_asked};
use super::convergence::eventual_twin;
use super::enumerated::{Grain, every, outcomes};
use super::litmus::LITMUS;
use super::random::{Kind, Luck, history};
use super::{judge, sessions};

/// What a judge and its twin both say, if the twin can be asked.
fn agree(twin: Twin, sessions: &Sessions) -> Option<bool> {
    can_be_asked(twin.0, sessions).then(|| agreed(twin, sessions).unwrap_or_else(|wrong| panic!("{wrong}")))
}

fn all_agree(sessions: &Sessions) {
    for twin in TWINS {
        agree(twin, sessions);
    }
    eventual_agrees(sessions);
}

fn eventual_agrees(sessions: &Sessions) {
    if sessions.timing() == Timing::Recorded {
        let word = match eventual_twin(sessions) {
            Some(true) => "holds",
            Some(false) => "violated",
            None => "unknown",
        };
        assert_eq!(
            judge("eventual-convergence", sessions).word(),
            word,
            "eventual-convergence of\n{sessions}"
        );
    }
}

#[test]
fn on_no_history_that_has_a_name() {
    let separating =
        SEPARATIONS.iter().chain(&SMALLEST).flat_map(|separation| [separation.sketch, separation.apart]);
    for sketch in LITMUS.iter().map(|(_, sketch)| *sketch).chain(separating) {
        let sessions = sessions(sketch);
        all_agree(&sessions);
    }
}

#[test]
fn on_no_small_history_however_transactions_end() {
    for accesses in 1..=3 {
        every(accesses, Grain::Transactions, &mut |plan| {
            for outcomes in outcomes(plan.transactions()) {
                let sessions = plan.ending(&outcomes);
                all_agree(&sessions);
            }
        });
    }
}

#[test]
fn on_no_small_history_in_any_order_of_time() {
    for accesses in 1..=3 {
        let grain = if accesses < 3 { Grain::Transactions } else { Grain::Operations };
        every(accesses, grain, &mut |plan| {
            for outcomes in outcomes(if accesses < 3 { plan.transactions() } else { 0 }) {
                plan.timed(&outcomes, &mut all_agree);
            }
        });
    }
}

#[test]
fn on_no_random_history() {
    let mut luck = Luck::new(1);
    let mut counts = [[0_u32; 2]; TWINS.len()];
    for nth in 0..20_000 {
        let sessions = history(&mut luck, Kind::ALL[nth % Kind::ALL.len()]);
        eventual_agrees(&sessions);
        for (twin, counts) in TWINS.into_iter().zip(&mut counts) {
            let Some(holds) = agree(twin, &sessions) else { continue };
            counts[usize::from(holds)] += 1;
        }
    }
    for ((model, _), counts) in TWINS.iter().zip(counts) {
        assert!(counts.iter().all(|count| *count >= 300), "{model}: {counts:?} violated and held");
    }
}

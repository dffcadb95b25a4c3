//! Every judge against its twin: on every history of a few operations, and on random ones of transactions.

use constellation_trace::Sessions;
use proptest::prelude::*;

use super::{judge, small, told, twin};

/// A model, and its definition in so many words.
type Twin = (&'static str, fn(&Sessions) -> bool);

const TWINS: [Twin; 4] = [
    ("causal", twin::causal),
    ("causal-convergence", twin::causal_convergence),
    ("causal-memory", twin::causal_memory),
    ("pram", twin::pram),
];

/// Whether the judge says what the twin says; answers with what both say.
fn agree((model, twin): Twin, sessions: &Sessions) -> bool {
    let (finding, holds) = (judge(model, sessions), twin(sessions));
    let told = told(sessions, &finding);
    assert_eq!(finding.word(), if holds { "holds" } else { "violated" }, "{model} of\n{sessions}\n{told}");
    holds
}

#[test]
fn the_twins_agree_on_every_small_history() {
    for (place, twin) in TWINS.into_iter().enumerate() {
        let mut counts = [0_u32; 2];
        for lengths in [&[4][..], &[2, 2], &[3, 1], &[2, 1, 1]] {
            small::every(lengths, |sessions| counts[usize::from(agree(twin, sessions))] += 1);
        }
        assert!(counts.iter().all(|count| *count > 500), "{place}: {counts:?} shows too little of one kind");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_twins_agree_on_random_histories_of_transactions(drawn in small::drawn(6, 3)) {
        let sessions = small::from_drawn(&drawn);
        for twin in TWINS {
            agree(twin, &sessions);
        }
    }

    #[test]
    fn the_twins_agree_on_random_histories_of_single_operations(drawn in small::drawn(7, 1)) {
        let sessions = small::from_drawn(&drawn);
        for twin in TWINS {
            agree(twin, &sessions);
        }
    }

    #[test]
    fn the_twins_agree_on_what_replicas_could_have_shown(steps in small::steps(16), accesses in 1..=3_usize) {
        let sessions = small::replicas(&steps, accesses);
        if sessions.len() <= 8 {
            for twin in TWINS {
                agree(twin, &sessions);
            }
        }
    }
}

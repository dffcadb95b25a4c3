//! Histories of tens of thousands of sessions end with a verdict, within the usual budget.

use constellation_trace::{Access, Outcome, Sessions, Timing, Transaction, Value};

use proptest::prelude::*;

use super::{judge, small};

/// So many sessions of two transactions that a store ran one after the other: each reads what two keys hold and writes one of
/// them, and in its second transaction reads that. `stale` has the last one read what was there before all.
fn short_sessions(count: u64, stale: bool) -> Sessions {
    let mut sessions = Sessions::new(Timing::None);
    let keys: Vec<_> = (0..count / 10).map(|nth| sessions.key(&format!("k{nth}")).expect("few")).collect();
    let mut held = vec![Value::NOTHING; keys.len()];
    for nth in 0..count {
        let session = sessions.session(&format!("s{nth}")).expect("few");
        // A multiplier prime to any number of keys spreads them.
        let [one, other] = [nth * 7919, nth * 104_729 + 1].map(|at| (at % keys.len() as u64) as usize);
        let new = Value::number(nth + 1).expect("small");
        let first = [
            Access::read(keys[one], held[one]),
            Access::read(keys[other], held[other]),
            Access::write(keys[one], new),
        ];
        held[one] = new;
        let is_stale = stale && nth + 1 == count;
        let second = Access::read(keys[one], if is_stale { Value::NOTHING } else { new });
        for accesses in [&first[..], &[second]] {
            let transaction = Transaction::untimed(session, Outcome::Committed);
            sessions.push(transaction, accesses).expect("all is held");
        }
    }
    sessions
}

const MODELS: [&str; 7] = [
    "read-committed",
    "read-atomic",
    "causal",
    "transactional-causal",
    "prefix",
    "session-snapshot-isolation",
    "session-serializable",
];

#[test]
fn ten_thousand_sessions_of_two_transactions_are_judged() {
    let [good, stale] = [false, true].map(|stale| short_sessions(10_000, stale));
    for model in MODELS {
        assert_eq!(judge(model, &good).word(), "holds", "{model}");
        let word = if model == "read-committed" { "holds" } else { "violated" };
        assert_eq!(judge(model, &stale).word(), word, "{model}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sessions_that_do_nothing_change_no_verdict(steps in small::steps(24), accesses in 1..=3_usize) {
        let few = small::replicas(&steps, accesses);
        let mut many = few.clone();
        for nth in 0..300 {
            many.session(&format!("idle{nth}")).expect("few");
        }
        for model in ["causal", "causal-convergence", "causal-memory", "pram", "strong-convergence"] {
            prop_assert_eq!(judge(model, &few).word(), judge(model, &many).word(), "{} of\n{}", model, few);
        }
    }
}

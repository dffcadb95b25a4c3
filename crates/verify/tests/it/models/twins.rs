//! Every judge against its twin: on every history of a few operations, and on random ones of transactions.

use std::collections::BTreeMap;

use constellation_trace::{Act, Outcome, Sessions};
use constellation_verify::models::{self, Guarantee, Guarantees, Model};
use proptest::prelude::*;

use super::{judge, small, told, twin};

/// A model, and its definition in so many words.
pub(super) type Twin = (&'static str, fn(&Sessions) -> bool);

pub(super) const TWINS: [Twin; 5] = [
    ("causal", twin::causal),
    ("causal-convergence", twin::causal_convergence),
    ("causal-memory", twin::causal_memory),
    ("pram", twin::pram),
    ("strong-convergence", twin::strong_convergence),
];

/// Every set of session guarantees.
pub(super) fn sets() -> impl Iterator<Item = Guarantees> {
    use Guarantee::{MonotonicReads, MonotonicWrites, ReadYourWrites, WritesFollowReads};
    (1..16_u8).map(|bits| {
        let all = [ReadYourWrites, MonotonicReads, MonotonicWrites, WritesFollowReads];
        let chosen: Vec<_> = (0..4).filter(|nth| bits >> nth & 1 == 1).map(|nth| all[nth]).collect();
        Guarantees::of(&chosen)
    })
}

/// Whether the judge of a set of session guarantees says what its twin says.
fn agree_on(set: Guarantees, sessions: &Sessions) -> bool {
    compare(set.about().name, twin::guarantees(set, sessions), sessions)
}

/// Whether the judge says what the twin says; answers with what both say.
fn agree((model, twin): Twin, sessions: &Sessions) -> bool {
    compare(model, twin(sessions), sessions)
}

fn compare(model: &str, holds: bool, sessions: &Sessions) -> bool {
    let finding = judge(model, sessions);
    let told = told(sessions, &finding);
    // Only an unknown transaction that also read may leave open what the twin finds by trying.
    let is_open = |id| {
        let is_read = sessions.accesses(id).iter().any(|access| access.act == Act::Read);
        sessions.transaction(id).outcome == Outcome::Unknown && is_read
    };
    if finding.word() == "unknown" && model == "strong-convergence" && sessions.ids().any(is_open) {
        return holds;
    }
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

#[test]
fn the_twins_of_session_guarantees_agree_on_every_small_history() {
    for set in sets() {
        let mut counts = [0_u32; 2];
        for lengths in [&[4][..], &[2, 2], &[3, 1], &[2, 1, 1]] {
            small::every(lengths, |sessions| counts[usize::from(agree_on(set, sessions))] += 1);
        }
        // Single operations cannot show that monotonic writes alone are broken: who read an older write says nothing.
        let is_seen = set != Guarantees::of(&[Guarantee::MonotonicWrites]);
        let few = if is_seen { counts.into_iter().min() } else { counts.into_iter().max() };
        assert!(few.is_some_and(|few| few > 50), "{set:?}: {counts:?} shows too little of one kind");
        assert_eq!(counts[0] > 0, is_seen, "{set:?}");
    }
}

#[test]
fn all_four_guarantees_together_are_causal_convergence() {
    for lengths in [&[4][..], &[3, 2], &[2, 1, 1], &[2, 2, 1]] {
        small::every(lengths, |sessions| {
            let [all, convergence] =
                [Guarantees::ALL.about().name, "causal-convergence"].map(|name| judge(name, sessions));
            assert_eq!(all.word(), convergence.word(), "{sessions}");
        });
    }
}

/// Whether every model that holds has those hold that it implies.
fn keeps_the_lattice(sessions: &Sessions) {
    let words: BTreeMap<&str, &str> = models::all()
        .iter()
        .map(|model| (model.about().name, judge(model.about().name, sessions).word()))
        .collect();
    for model in models::all().iter().filter(|model| words[model.about().name] == "holds") {
        for implied in model.about().implies {
            assert_ne!(
                words[implied],
                "violated",
                "{} holds of\n{sessions}\nbut not {implied}",
                model.about().name
            );
        }
    }
}

#[test]
fn where_a_model_holds_those_that_it_implies_hold() {
    for lengths in [&[4][..], &[2, 2], &[3, 2], &[2, 1, 1]] {
        small::every(lengths, keeps_the_lattice);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_twins_agree_on_random_histories_of_transactions(drawn in small::drawn(6, 3)) {
        let sessions = small::from_drawn(&drawn);
        keeps_the_lattice(&sessions);
        for twin in TWINS {
            agree(twin, &sessions);
        }
        for set in sets() {
            agree_on(set, &sessions);
        }
    }

    #[test]
    fn the_twins_agree_on_random_histories_of_single_operations(drawn in small::drawn(7, 1)) {
        let sessions = small::from_drawn(&drawn);
        for twin in TWINS {
            agree(twin, &sessions);
        }
        for set in sets() {
            agree_on(set, &sessions);
        }
    }

    #[test]
    fn the_twins_agree_on_what_replicas_could_have_shown(steps in small::steps(16), accesses in 1..=3_usize) {
        let sessions = small::replicas(&steps, accesses);
        keeps_the_lattice(&sessions);
        if sessions.len() <= 8 {
            for twin in TWINS {
                agree(twin, &sessions);
            }
            for set in sets() {
                agree_on(set, &sessions);
            }
        }
    }
}

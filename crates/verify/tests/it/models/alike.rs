//! Histories in which one value is written several times: judged by whichever write each read may show.

use std::collections::BTreeMap;

use constellation_trace::{Access, Sessions, Timing, Value};
use expect_test::expect;
use proptest::prelude::*;

use super::random::{self, Kind, Luck};
use super::transactions::{careless, work};
use super::{all_twins, axioms, check, judge, sessions, small, transactions, twin, twins};

/// The same with only so many values for each key, so that some are written again.
fn with_values(sessions: &Sessions, count: u64) -> Sessions {
    let mut alike = sessions.sub(&[]);
    let value = |value: Value| match value.as_number() {
        None => Value::NOTHING,
        Some(number) => Value::number(number % count).expect("small"),
    };
    for id in sessions.ids() {
        let accesses = sessions.accesses(id).iter();
        let accesses: Vec<Access> =
            accesses.map(|access| Access { value: value(access.value), ..*access }).collect();
        alike.push(sessions.transaction(id), &accesses).expect("all is held");
    }
    alike
}

/// Whether judge and twin say the same of it, or nobody can tell.
fn agree(model: &str, holds: bool, sessions: &Sessions, counts: &mut [u32; 3]) {
    let word = judge(model, sessions).word();
    counts[["holds", "violated", "unknown"].iter().position(|known| *known == word).expect("one of them")] +=
        1;
    let expected = if holds { "holds" } else { "violated" };
    assert!(word == expected || word == "unknown", "{model} says {word}, not {expected}, of\n{sessions}");
}

#[test]
fn every_small_history_with_two_values_is_judged() {
    for lengths in [&[4][..], &[2, 2], &[2, 1, 1]] {
        let mut counts = [0; 3];
        small::every(lengths, |sessions| {
            let sessions = with_values(sessions, 2);
            for (model, twin) in twins::TWINS {
                agree(model, twin(&sessions), &sessions, &mut counts);
            }
            for set in twins::sets() {
                let name = constellation_verify::models::Model::about(&set).name;
                agree(name, twin::guarantees(set, &sessions), &sessions, &mut counts);
            }
        });
        assert!(counts[0] > 1_000 && counts[1] > 1_000 && counts[2] == 0, "{counts:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn transactions_that_write_few_values_are_judged(work in work(5, 4)) {
        for timing in [Timing::Recorded, Timing::None] {
            let sessions = with_values(&careless(&work, timing), 2);
            let mut counts = [0; 3];
            for (model, twin) in transactions::TWINS {
                agree(model, twin(&sessions), &sessions, &mut counts);
            }
            // Strict forms need times.
            prop_assert!(counts[2] == 0 || timing == Timing::None && counts[2] <= 2, "{}", sessions);
            prop_assert_eq!(axioms::is_timed(&sessions), timing == Timing::Recorded);
        }
    }
}

#[test]
fn a_read_that_two_writes_explain_is_given_the_one_that_fits() {
    check(
        "session-serializable",
        "a w(x,1) w(x,2)\nb r(x,2) r(x,1) r(x,2)\nc w(x,1) w(x,2)",
        expect!["holds"],
    );
    check(
        "serializable",
        "a w(x,1)\nb {w(x,1) w(y,1)}\nc {r(x,1) r(y,1) w(x,2)}\nd {r(x,2) r(y,nil)}",
        expect![[r#"
            violated: in any order each of these is before the next, and the last before the first
              b {w(x,1) w(y,1)} before c {r(x,1) r(y,1) w(x,2)}: its y is read
              c {r(x,1) r(y,1) w(x,2)} before d {r(x,2) r(y,nil)}: its x is read
              d {r(x,2) r(y,nil)} before b {w(x,1) w(y,1)}: it reads an older y"#]],
    );
    check(
        "session-serializable",
        "a w(x,1)\nb w(x,1)\nc r(x,1) r(x,nil)",
        expect![[r#"
        violated: with none of the 2 ways to give reads their writes; with the first: in any order each of these is before the next, and the last before the first
          a w(x,1) before c r(x,1): its x is read
          c r(x,1) before c r(x,nil): the same session
          c r(x,nil) before a w(x,1): it reads an older x"#]],
    );
    // By time the second write of 1 comes too late, and the first was overwritten.
    check(
        "strict-serializable",
        "a w(x,1)@0..1 w(x,2)@2..3\nb r(x,1)@4..5\nc w(x,1)@6..7",
        expect![[r#"
        violated: in any order each of these is before the next, and the last before the first
          a w(x,1) before a w(x,2): the same session
          a w(x,2) before a w(x,1): b r(x,1) knows its x, yet reads the other's
          since a w(x,2) before b r(x,1): over before the other begins"#]],
    );
    // A session does not read what it writes later.
    check("causal", "a w(x,1)\nb r(x,1) w(x,1)\nc r(x,nil)", expect!["holds"]);
}

#[test]
fn too_many_reads_that_several_writes_explain_are_named() {
    let reads = "r(x,1) r(y,1) ".repeat(7);
    let sketch = format!("a w(x,1) w(y,1)\nb w(x,1) w(y,1)\nc {reads}");
    check(
        "session-serializable",
        &sketch,
        expect![
            "unknown: which value the r(x,1) of c r(x,1) shows, that of a w(x,1) or that of b w(x,1), is not recorded"
        ],
    );
}

#[test]
fn many_reads_of_one_key_in_one_transaction_are_one_choice() {
    let reads = "r(x,1) ".repeat(13);
    let sessions = sessions(&format!("a w(x,1) w(x,2) w(x,1)\nb {{{reads}}}"));
    let differs = super::sessions(&format!("a w(x,1) w(x,2) w(x,1) w(x,2)\nb {{{reads} r(x,2)}}"));
    for model in
        ["causal", "pram", "read-atomic", "serializable", "session-serializable", "snapshot-isolation"]
    {
        assert_eq!(judge(model, &sessions).word(), "holds", "{model}");
        assert_eq!(judge(model, &differs).word(), "violated", "{model}");
    }
    // Here each may show what it likes.
    for model in ["adya-pl2", "read-committed"] {
        let few = super::sessions("a w(x,1) w(x,2) w(x,1)\nb {r(x,1) r(x,2) r(x,1)}");
        assert_eq!(judge(model, &few).word(), "holds", "{model}");
    }
}

#[test]
fn who_reads_its_own_writes_does_not_read_what_it_overwrote_itself() {
    let reads = "r(x,1) ".repeat(13);
    let again = sessions(&format!("a w(x,1) w(x,2) w(x,1) {reads}"));
    let nothing = sessions(&format!("a w(x,2) w(x,nil) {}", "r(x,nil) ".repeat(13)));
    let known = [
        "causal",
        "causal-convergence",
        "causal-memory",
        "pram",
        "prefix",
        "read-atomic",
        "read-your-writes",
        "read-your-writes+monotonic-reads",
        "session-serializable",
        "session-snapshot-isolation",
        "transactional-causal",
    ];
    for model in known {
        for sessions in [&again, &nothing] {
            assert_eq!(judge(model, sessions).word(), "holds", "{model}");
        }
        let gone = super::sessions("a w(x,1) w(x,1) w(x,2) r(x,1)");
        assert_eq!(judge(model, &gone).word(), "violated", "{model}");
    }
    // Others may well have kept it, and nobody knows whether it failed.
    let others = sessions("a w(x,2) r(x,1)\nb w(x,1)\nc w(x,1)");
    let open = sessions("a w(x,1) w(x,2)? r(x,1)\nb w(x,1)");
    // Here nobody else can have written it before it was read.
    let own = sessions("a w(x,1) w(x,2)? r(x,1) w(y,1)\nb r(y,1) w(x,1)");
    for sessions in [&others, &open, &own] {
        assert_eq!(judge("session-serializable", sessions).word(), "holds", "{sessions}");
    }
    // Who need not read its own writes may read any of them.
    let old = sessions("a w(x,1) w(x,1) w(x,2) r(x,1)");
    for model in ["adya-pl2", "monotonic-reads", "read-committed", "serializable"] {
        assert_eq!(judge(model, &old).word(), "holds", "{model}");
    }
}

/// How many of the histories of [`no_judge_is_lazy`] each judge may leave unknown.
fn unknown_max(model: &str) -> u32 {
    match model {
        // An unknown transaction that read may be what one knows of and the other does not.
        "strong-convergence" => 2,
        _ => 0,
    }
}

#[test]
fn no_judge_is_lazy() {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    let mut luck = Luck::new(7);
    for kind in Kind::ALL {
        for _ in 0..400 {
            let once = random::history(&mut luck, kind);
            for sessions in [with_values(&once, 2), once] {
                for (model, twin) in all_twins::TWINS {
                    if !all_twins::can_be_asked(model, &sessions) {
                        continue;
                    }
                    let word = judge(model, &sessions).word();
                    let expected = if twin(&sessions) { "holds" } else { "violated" };
                    assert!(word == expected || word == "unknown", "{model} says {word} of\n{sessions}");
                    *counts.entry(model).or_default() += u32::from(word == "unknown");
                }
            }
        }
    }
    let lazy: Vec<_> = counts.iter().filter(|(model, count)| **count > unknown_max(model)).collect();
    assert!(lazy.is_empty(), "more is unknown than needs be: {lazy:?}");
}

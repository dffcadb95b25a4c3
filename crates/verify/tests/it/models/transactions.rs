//! Models of transactions, against their axioms: on every small history of a shape, and on what careless stores could show.

use constellation_trace::{Access, Outcome, Sessions, Timing, Transaction};
use expect_test::expect;
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use super::axioms::{self, Keeps};
use super::{check, judge, sessions, small, stores, told, value};

/// A model, and its definition in so many words.
pub(super) type Twin = (&'static str, fn(&Sessions) -> bool);

pub(super) const TWINS: [Twin; 12] = [
    ("strict-serializable", |sessions| axioms::serializable(sessions, Keeps::RealTime)),
    ("session-serializable", |sessions| axioms::serializable(sessions, Keeps::Sessions)),
    ("serializable", |sessions| axioms::serializable(sessions, Keeps::Nothing)),
    ("strong-snapshot-isolation", |sessions| axioms::snapshot_isolation(sessions, Keeps::RealTime)),
    ("session-snapshot-isolation", |sessions| axioms::snapshot_isolation(sessions, Keeps::Sessions)),
    ("snapshot-isolation", |sessions| axioms::snapshot_isolation(sessions, Keeps::Nothing)),
    ("prefix", axioms::prefix),
    ("parallel-snapshot", axioms::parallel_snapshot),
    ("adya-pl2", axioms::adya_pl2),
    ("read-committed", axioms::read_committed),
    ("read-atomic", axioms::read_atomic),
    ("transactional-causal", axioms::transactional_causal),
];

/// Whether each judge says what its axioms say; which of them hold.
fn agree(sessions: &Sessions) -> [bool; TWINS.len()] {
    TWINS.map(|(model, twin)| {
        let finding = judge(model, sessions);
        let told = told(sessions, &finding);
        let holds = twin(sessions);
        if finding.word() == "unknown" && model.starts_with("str") && !axioms::is_timed(sessions) {
            assert!(holds, "{model} of\n{sessions}");
            return holds;
        }
        assert_eq!(
            finding.word(),
            if holds { "holds" } else { "violated" },
            "{model} of\n{sessions}\n{told}"
        );
        holds
    })
}

/// The same by stores, which can run more than axioms can order.
const STORES: [Twin; 7] = [
    ("strict-serializable", |sessions| stores::serial(sessions, Keeps::RealTime)),
    ("session-serializable", |sessions| stores::serial(sessions, Keeps::Sessions)),
    ("serializable", |sessions| stores::serial(sessions, Keeps::Nothing)),
    ("strong-snapshot-isolation", |sessions| stores::snapshots(sessions, Keeps::RealTime)),
    ("session-snapshot-isolation", |sessions| stores::snapshots(sessions, Keeps::Sessions)),
    ("snapshot-isolation", |sessions| stores::snapshots(sessions, Keeps::Nothing)),
    ("prefix", stores::prefixes),
];

pub(super) fn stores_agree(sessions: &Sessions) {
    for (model, store) in STORES {
        let finding = judge(model, sessions);
        let (told, word) = (told(sessions, &finding), if store(sessions) { "holds" } else { "violated" });
        assert_eq!(finding.word(), word, "{model} of\n{sessions}\n{told}");
    }
}

/// What [`careless`] takes: a session, how long it takes and how it ends, and what it does.
pub(super) type Work = Vec<(u8, u8, Vec<(bool, u8, u8)>)>;

/// A history of a store that mostly shows the last that was written, sometimes the one before, and seldom anything.
pub(super) fn careless(work: &Work, timing: Timing) -> Sessions {
    let mut sessions = Sessions::new(timing);
    let names = ["a", "b", "c"].map(|name| sessions.session(name).expect("few"));
    let keys = ["x", "y"].map(|name| sessions.key(name).expect("few"));
    let all = work.iter().flat_map(|(.., accesses)| accesses).filter(|(is_write, ..)| *is_write);
    let mut totals = [0_u8; 2];
    all.for_each(|(_, key, _)| totals[usize::from(key % 2)] += 1);
    let mut counts = [0_u8; 2];
    let mut over = [0_u64; 3];
    for (nth, (who, how, accesses)) in (1_u64..).zip(work) {
        let who = usize::from(who % 3);
        let before = counts;
        let accesses = accesses.iter().map(|(is_write, key, which)| {
            let key = usize::from(key % 2);
            if *is_write {
                counts[key] += 1;
                return Access::write(keys[key], value(counts[key].into()));
            }
            let shown = match which % 8 {
                0..=3 => counts[key],
                4 => before[key],
                5 | 6 => counts[key].saturating_sub(1),
                _ => which / 8 % (totals[key] + 1),
            };
            Access::read(keys[key], value(shown.into()))
        });
        let accesses: Vec<Access> = accesses.collect();
        let outcome = match how % 16 {
            0 => Outcome::Unknown,
            1 => Outcome::Aborted,
            _ => Outcome::Committed,
        };
        let invoked = over[who].max(nth * 3);
        let returned = invoked + u64::from(how / 16);
        over[who] = returned;
        let transaction = Transaction { session: names[who], outcome, invoked, returned };
        sessions.push(transaction, &accesses).expect("all is held, and sessions go forward");
    }
    sessions
}

pub(super) fn work(transactions: usize, accesses: usize) -> impl Strategy<Value = Work> {
    let access = (any::<bool>(), any::<u8>(), any::<u8>());
    let accesses = proptest::collection::vec(access, 1..=accesses);
    proptest::collection::vec((any::<u8>(), any::<u8>(), accesses), 1..=transactions)
}

#[test]
fn the_axioms_agree_on_every_small_history_of_single_operations() {
    for lengths in [&[2, 2][..], &[3, 1], &[2, 1, 1]] {
        small::every(lengths, |sessions| {
            agree(sessions);
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 800, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_axioms_agree_on_what_careless_stores_show(work in work(5, 4)) {
        agree(&careless(&work, Timing::Recorded));
        agree(&careless(&work, Timing::None));
    }

    #[test]
    fn stores_agree_on_larger_histories(work in work(9, 2)) {
        stores_agree(&careless(&work, Timing::Recorded));
    }

    #[test]
    fn the_axioms_agree_on_random_histories(drawn in small::drawn(5, 3)) {
        agree(&small::from_drawn(&drawn));
    }
}

#[test]
fn the_judges_are_shown_enough_of_either_kind() {
    let mut counts = [[0_u32; 2]; TWINS.len()];
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..300 {
        let drawn = work(5, 4).new_tree(&mut runner).expect("it draws").current();
        let holds = agree(&careless(&drawn, Timing::Recorded));
        holds.iter().zip(&mut counts).for_each(|(holds, counts)| counts[usize::from(*holds)] += 1);
    }
    for ((model, _), counts) in TWINS.iter().zip(counts) {
        assert!(counts.iter().all(|count| *count >= 30), "{model}: {counts:?} violated and held");
    }
}

#[test]
fn snapshots_are_not_serializable_since_writes_may_be_skewed() {
    let skew = "a {r(x,nil) w(y,1)}\nb {r(y,nil) w(x,1)}";
    check("session-snapshot-isolation", skew, expect!["holds"]);
    check(
        "serializable",
        skew,
        expect![[r#"
        violated: write skew: each reads what the other overwrites, so that neither can be the first
          a {r(x,nil) w(y,1)} before b {r(y,nil) w(x,1)}: it reads an older x
          b {r(y,nil) w(x,1)} before a {r(x,nil) w(y,1)}: it reads an older y"#]],
    );
}

#[test]
fn a_lost_update_is_named() {
    let lost = "a {r(x,nil) w(x,1)}\nb {r(x,nil) w(x,2)}";
    check("prefix", lost, expect!["holds"]);
    check(
        "snapshot-isolation",
        lost,
        expect![[r#"
            violated: lost update: one overwrites what it has not seen
              a {r(x,nil) w(x,1)} before b {r(x,nil) w(x,2)}: it reads an older x
              b {r(x,nil) w(x,2)} before a {r(x,nil) w(x,1)}: both write x, so one must see the other, and only the second can
              since b {r(x,nil) w(x,2)} before a {r(x,nil) w(x,1)}: it reads an older x"#]],
    );
    check(
        "parallel-snapshot",
        lost,
        expect![[r#"
            violated: lost update: each overwrites what the other reads, so that neither can be the first
              a {r(x,nil) w(x,1)} before b {r(x,nil) w(x,2)}: both write x, so one must see the other, and only the second can
              b {r(x,nil) w(x,2)} before a {r(x,nil) w(x,1)}: both write x, so one must see the other, and only the second can"#]],
    );
}

#[test]
fn a_long_fork_has_no_prefix() {
    let fork = "a w(x,1)\nb w(y,1)\nc {r(x,1) r(y,nil)}\nd {r(x,nil) r(y,1)}";
    check("parallel-snapshot", fork, expect!["holds"]);
    check(
        "prefix",
        fork,
        expect![[r#"
        violated: in any order each of these is before the next, and the last before the first
          a w(x,1) before c {r(x,1) r(y,nil)}: its x is read
          c {r(x,1) r(y,nil)} before b w(y,1): it reads an older y
          b w(y,1) before d {r(x,nil) r(y,1)}: its y is read
          d {r(x,nil) r(y,1)} before a w(x,1): it reads an older x"#]],
    );
}

#[test]
fn a_store_that_answers_from_the_past_is_serializable_but_not_strictly() {
    let late = "a w(x,1)@1..2\nb r(x,nil)@3..4";
    check("session-serializable", late, expect!["holds"]);
    check(
        "strict-serializable",
        late,
        expect![[r#"
        violated: in any order each of these is before the next, and the last before the first
          a w(x,1) before b r(x,nil): over before the other begins
          b r(x,nil) before a w(x,1): it reads an older x"#]],
    );
    // What touches is concurrent, and what never ended may be later than anything.
    check("strict-serializable", "a w(x,1)@1..3\nb r(x,nil)@3..4", expect!["holds"]);
    check("strict-serializable", "a w(x,1)?@1..2\nb r(x,nil)@3..4 r(x,1)@5..6", expect!["holds"]);
    // Without times what is wrong is wrong, and the rest is not known.
    check(
        "strict-serializable",
        "a w(x,1)\nb r(x,nil)",
        expect!["unknown: when transactions began and ended is not recorded"],
    );
    check(
        "strict-serializable",
        "a w(x,1) r(x,nil)",
        expect![[r#"
        violated: in any order each of these is before the next, and the last before the first
          a w(x,1) before a r(x,nil): the same session
          a r(x,nil) before a w(x,1): it reads an older x"#]],
    );
}

#[test]
fn sessions_matter_to_their_forms_only() {
    let forgets = "a w(x,1) r(x,nil)";
    check("serializable", forgets, expect!["holds"]);
    check("snapshot-isolation", forgets, expect!["holds"]);
    check(
        "session-snapshot-isolation",
        forgets,
        expect![[r#"
        violated: in any order each of these is before the next, and the last before the first
          a w(x,1) before a r(x,nil): the same session
          a r(x,nil) before a w(x,1): it reads an older x"#]],
    );
}

#[test]
fn a_transaction_is_not_seen_in_part() {
    // First what it did not write yet, then what it did: nothing goes back.
    let fractured = "a {w(x,1) w(y,1)}\nb {r(y,nil) r(x,1)}";
    check("read-committed", fractured, expect!["holds"]);
    check(
        "read-atomic",
        fractured,
        expect![[r#"
        violated: b {r(y,nil) r(x,1)} reads as y the initial value, though it knows of a {w(x,1) w(y,1)}
          a {w(x,1) w(y,1)} before b {r(y,nil) r(x,1)}: its x is read
          b {r(y,nil) r(x,1)} before a {w(x,1) w(y,1)}: it reads an older y"#]],
    );
    check(
        "read-committed",
        "a {w(x,1) w(y,1)}\nb {r(x,1) r(y,nil)}",
        expect![[r#"
        violated: b {r(x,1) r(y,nil)} reads as y the initial value, though it knows of a {w(x,1) w(y,1)}
          a {w(x,1) w(y,1)} before b {r(x,1) r(y,nil)}: its x is read
          b {r(x,1) r(y,nil)} before a {w(x,1) w(y,1)}: it reads an older y"#]],
    );
    check(
        "read-atomic",
        "a {w(x,1) w(y,1)}\nb {w(x,2) w(y,2)}\nc {r(x,1) r(y,2)}",
        expect![[r#"
        violated: in any order of all transactions each of these is before the next, and the last before the first
          a {w(x,1) w(y,1)} before b {w(x,2) w(y,2)}: c {r(x,1) r(y,2)} knows its y, yet reads the other's
          b {w(x,2) w(y,2)} before a {w(x,1) w(y,1)}: c {r(x,1) r(y,2)} knows its x, yet reads the other's
          since a {w(x,1) w(y,1)} before c {r(x,1) r(y,2)}: its x is read
          since b {w(x,2) w(y,2)} before c {r(x,1) r(y,2)}: its y is read"#]],
    );
}

#[test]
fn a_second_read_may_differ_where_only_commits_are_asked_for() {
    let twice = "a w(x,1) w(x,2)\nb {r(x,1) r(x,2)}";
    check("read-committed", twice, expect!["holds"]);
    check("read-atomic", twice, expect!["violated: b {r(x,1) r(x,2)} reads x = 2, and another value before"]);
    check(
        "read-committed",
        "a w(x,1) w(x,2)\nb {r(x,2) r(x,1)}",
        expect![[r#"
        violated: in any order of all transactions each of these is before the next, and the last before the first
          a w(x,1) before a w(x,2): the same session
          a w(x,2) before a w(x,1): b {r(x,2) r(x,1)} knows its x, yet reads the other's
          since a w(x,2) before b {r(x,2) r(x,1)}: its x is read"#]],
    );
    check("adya-pl2", "a w(x,1) w(x,2)\nb {r(x,2) r(x,1)}", expect!["holds"]);
}

#[test]
fn reads_of_what_was_never_committed_break_every_model_of_transactions() {
    for (model, _) in TWINS {
        for sketch in ["a w(x,1)!\nb r(x,1)", "a {w(x,1) w(x,2)}\nb r(x,1)", "b r(x,7)"] {
            let sessions = sessions(sketch);
            let finding = judge(model, &sessions);
            assert_eq!(finding.word(), "violated", "{model} of\n{sketch}");
        }
    }
    check(
        "adya-pl2",
        "a w(x,1)!\nb r(x,1)",
        expect!["violated: b r(x,1) reads x = 1, which only an aborted transaction wrote"],
    );
    check(
        "adya-pl2",
        "a {w(x,1) w(x,2)}\nb r(x,1)",
        expect!["violated: b r(x,1) reads x = 1, which its writer overwrote itself before the end"],
    );
    check(
        "adya-pl2",
        "a {r(y,1) w(x,1)}\nb {r(x,1) w(y,1)}",
        expect![[r#"
        violated: in any order of all transactions each of these is before the next, and the last before the first
          a {r(y,1) w(x,1)} before b {r(x,1) w(y,1)}: its x is read
          b {r(x,1) w(y,1)} before a {r(y,1) w(x,1)}: its y is read"#]],
    );
}

/// A judge that forgets a rule is the judge of a weaker model: the rule, both, and a history that tells them apart.
const PLANTED: [(&str, &str, &str, &str); 9] = [
    ("the order of sessions", "session-serializable", "serializable", "a w(x,1) r(x,nil)"),
    ("real time", "strict-serializable", "session-serializable", "a w(x,1)@1..2\nb r(x,nil)@3..4"),
    (
        "that reads are as of the commit",
        "session-serializable",
        "session-snapshot-isolation",
        "a {r(x,nil) w(y,1)}\nb {r(y,nil) w(x,1)}",
    ),
    (
        "that nobody overwrites what it has not seen",
        "session-snapshot-isolation",
        "prefix",
        "a {r(x,nil) w(x,1)}\nb {r(x,nil) w(x,2)}",
    ),
    (
        "that all see one order of commits",
        "session-snapshot-isolation",
        "parallel-snapshot",
        "a w(x,1)\nb w(y,1)\nc {r(x,1) r(y,nil)}\nd {r(x,nil) r(y,1)}",
    ),
    (
        "that who writes a key has seen its writers",
        "parallel-snapshot",
        "transactional-causal",
        "a {r(x,nil) w(x,1)}\nb {r(x,nil) w(x,2)}",
    ),
    (
        "causes of causes",
        "transactional-causal",
        "read-atomic",
        "a w(x,1)\nb r(x,1) w(y,1)\nc r(y,1) r(x,nil)",
    ),
    ("what is read later", "read-atomic", "read-committed", "a {w(x,1) w(y,1)}\nb {r(y,nil) r(x,1)}"),
    ("all but circles", "read-committed", "adya-pl2", "a {w(x,1) w(y,1)}\nb {r(x,1) r(y,nil)}"),
];

#[test]
fn each_judge_that_forgets_a_rule_is_caught() {
    for (rule, model, weaker, sketch) in PLANTED {
        let sessions = sessions(sketch);
        let words = [model, weaker].map(|model| judge(model, &sessions).word());
        assert_eq!(words, ["violated", "holds"], "{model} that forgets {rule}, of\n{sketch}");
        let twin = |name| TWINS.iter().find(|(model, _)| *model == name).expect("it has a twin").1;
        assert_eq!(
            [model, weaker].map(|model| twin(model)(&sessions)),
            [false, true],
            "the axioms of\n{sketch}"
        );
    }
}

#[test]
fn lists_show_the_order_in_which_they_were_appended_to() {
    check("strict-serializable", "a a(x,1)@1..2 a(x,2)@3..4\nb r(x,[1,2])@5..6", expect!["holds"]);
    for model in ["adya-pl2", "transactional-causal", "serializable"] {
        let all = sessions("a a(x,1)\nb a(x,2)\nc r(x,[1,2])\nd r(x,[2,1])");
        let told = told(&all, &judge(model, &all));
        assert_eq!(
            told,
            "violated: c r(x,[1,2]) and d r(x,[2,1]) are shown lists of x that do not begin alike"
        );
    }
    // Without lists nobody could tell in which order the two wrote.
    let skew = "a {a(x,1) a(y,1)}\nb {a(x,2) a(y,2)}\nc r(x,[1,2])\nd r(y,[2,1])";
    check(
        "adya-pl2",
        skew,
        expect![[r#"
        violated: in any order of all transactions each of these is before the next, and the last before the first
          a {a(x,1) a(y,1)} before b {a(x,2) a(y,2)}: the list x shows them in this order
          b {a(x,2) a(y,2)} before a {a(x,1) a(y,1)}: the list y shows them in this order"#]],
    );
    check(
        "snapshot-isolation",
        skew,
        expect![[r#"
        violated: in any order each of these is before the next, and the last before the first
          a {a(x,1) a(y,1)} before b {a(x,2) a(y,2)}: the list x shows them in this order
          b {a(x,2) a(y,2)} before a {a(x,1) a(y,1)}: the list y shows them in this order"#]],
    );
    check(
        "transactional-causal",
        skew,
        expect![[r#"
        violated: in any order of all transactions each of these is before the next, and the last before the first
          a {a(x,1) a(y,1)} before b {a(x,2) a(y,2)}: the list x shows them in this order
          b {a(x,2) a(y,2)} before a {a(x,1) a(y,1)}: the list y shows them in this order"#]],
    );
    check(
        "read-atomic",
        skew,
        expect![[r#"
        violated: in any order of all transactions each of these is before the next, and the last before the first
          a {a(x,1) a(y,1)} before b {a(x,2) a(y,2)}: the list x shows them in this order
          b {a(x,2) a(y,2)} before a {a(x,1) a(y,1)}: the list y shows them in this order"#]],
    );
}

#[test]
fn anomalies_of_lists_are_those_of_registers() {
    check(
        "serializable",
        "a {r(x,[]) a(y,1)}\nb {r(y,[]) a(x,1)}\nc r(x,[1]) r(y,[1])",
        expect![[r#"
        violated: write skew: each reads what the other overwrites, so that neither can be the first
          a {r(x,[]) a(y,1)} before b {r(y,[]) a(x,1)}: it reads an older x
          b {r(y,[]) a(x,1)} before a {r(x,[]) a(y,1)}: it reads an older y"#]],
    );
    check(
        "snapshot-isolation",
        "a {r(x,[]) a(x,1)}\nb {r(x,[]) a(x,2)}\nc r(x,[1,2])",
        expect![[r#"
        violated: lost update: one overwrites what it has not seen
          a {r(x,[]) a(x,1)} before b {r(x,[]) a(x,2)}: both write x, so one must see the other, and only the second can
          b {r(x,[]) a(x,2)} before a {r(x,[]) a(x,1)}: it reads an older x
          since a {r(x,[]) a(x,1)} before b {r(x,[]) a(x,2)}: the list x shows them in this order"#]],
    );
    check("serializable", "a {a(x,1) r(x,[1]) a(x,2) r(x,[1,2])}\nb r(x,[1,2])", expect!["holds"]);
    check(
        "serializable",
        "a {a(x,1) a(x,2)}\nb r(x,[1])",
        expect!["violated: b r(x,[1]) reads x = 1, which its writer overwrote itself before the end"],
    );
    // What nobody was shown came last; what was shown had committed.
    check("session-serializable", "a a(x,1) a(x,2)\nb r(x,[1])", expect!["holds"]);
    check(
        "session-serializable",
        "a a(x,2) a(x,1)\nb r(x,[1])",
        expect![[r#"
        violated: in any order each of these is before the next, and the last before the first
          a a(x,2) before a a(x,1): the same session
          a a(x,1) before a a(x,2): the list x shows them in this order"#]],
    );
    check("session-serializable", "a a(x,1)? a(x,2)\nb r(x,[1,2])", expect!["holds"]);
    check("session-serializable", "a a(x,1)? a(x,2)\nb r(x,[2])", expect!["holds"]);
}

#[test]
fn lists_that_nobody_made_are_refused() {
    check(
        "adya-pl2",
        "a a(x,1)!\nb a(x,2)\nc r(x,[1,2])",
        expect![
            "violated: c r(x,[1,2]) is shown 1 in the list x, which only an aborted transaction appended"
        ],
    );
    check(
        "adya-pl2",
        "a a(x,1)\nb r(x,[1,7])",
        expect!["violated: b r(x,[1,7]) is shown 7 in the list x, which nobody appended"],
    );
    check(
        "adya-pl2",
        "a a(x,1)\nb r(x,[1,1])",
        expect!["violated: b r(x,[1,1]) is shown 1 in the list x, twice"],
    );
    check(
        "adya-pl2",
        "a {a(x,1) r(x,[])}",
        expect!["violated: a {a(x,1) r(x,[])} is shown a list of x that does not end with its own"],
    );
    check(
        "adya-pl2",
        "a a(x,1)\nb a(x,1)",
        expect!["unknown: which of two appends of 1 to x a list shows is not recorded"],
    );
    check(
        "adya-pl2",
        "a a(x,1)\nb w(x,2)",
        expect!["unknown: x is read and written both as a list and as a register"],
    );
}

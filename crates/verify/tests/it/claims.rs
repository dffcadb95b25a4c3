//! Clocks on trial: each bug is found and told, and no honest clock is accused.

use std::cell::Cell;

use constellation_trace::{
    Claim, ClaimKind, ClaimRef, Entry, Judgement, Relation, Relations, Trace, Verdict, sketch,
};
use constellation_verify::{Budget, Order, claims};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use crate::exhaustive::every_run;
use crate::run::{Bug, by_lamport, by_lamport_as_order, by_vector, config, play, steps};

/// The judgement in one text: verdict, scope, and what shows it.
pub(crate) fn told(judgement: &Judgement) -> String {
    let told = format!("{}: {}\n({})", judgement.promise, judgement.verdict.word(), judgement.scope);
    match &judgement.verdict {
        Verdict::Holds => told,
        Verdict::Violated(evidence) => format!("{told}\n{evidence}"),
        Verdict::Unknown(limit) => format!("{told}\n{limit}"),
    }
}

fn judge(
    trace: &Trace,
    kind: ClaimKind,
    pairs_max: u64,
    compare: impl Fn(ClaimRef<'_>, ClaimRef<'_>) -> Relations,
) -> Judgement {
    let budget = Budget { pairs_max, ..Budget::default() };
    claims::judge(&Order::of(trace, &budget).unwrap(), kind, &budget, compare)
}

fn check_vectors(text: &str, expected: Expect) {
    let trace = sketch::parse(text).unwrap();
    expected.assert_eq(&told(&judge(&trace, ClaimKind::Vector, 1000, by_vector)));
}

fn check_lamport(text: &str, compare: impl Fn(ClaimRef<'_>, ClaimRef<'_>) -> Relations, expected: Expect) {
    let trace = sketch::parse(text).unwrap();
    expected.assert_eq(&told(&judge(&trace, ClaimKind::Lamport, 1000, compare)));
}

#[test]
fn vectors_that_tick_and_merge_decide_every_pair() {
    check_vectors(
        "pacific  a=1,0 m!=2,0 b=3,0\nindian   c=0,1 m?=2,2 d=2,3",
        expect![[r#"
        vector claims exclude no true order: holds
        (15 pairs, 100.0 % decided)"#]],
    );
}

#[test]
fn lamport_times_are_sound_but_decide_less() {
    check_lamport(
        "pacific  a=1 m!=2 b=3\nindian   c=1 m?=3 d=4",
        by_lamport,
        expect![[r#"
        lamport claims exclude no true order: holds
        (15 pairs, 0.0 % decided)"#]],
    );
}

#[test]
fn informative_failure() {
    // The receive ticked and forgot to merge: so `a` seems concurrent with what its message caused.
    check_vectors(
        "pacific  a=1,0 m!=2,0 b=3,0\nindian   c=0,1 m?=0,2 d=0,3",
        expect![[r#"
            vector claims exclude no true order: violated
            (15 pairs, 100.0 % decided)
            expected  e1 before e4
            found     e1 concurrent with e4: the vector clock does not see that one event caused the other; 3 more pairs are wrong
            events    e1  pacific  +0.002000s  m!  vector {pacific:2}
                      e4  indian   +0.005000s  m?  vector {indian:2}
            proof     e1  pacific  +0.002000s  m!  vector {pacific:2}
                      e4  indian   +0.005000s  m?  vector {indian:2}"#]],
    );
}

#[test]
fn a_clock_that_reverses_cause_and_effect_is_found_out() {
    check_lamport(
        "pacific  a=8 m!=9\nindian   m?=1 d=2",
        by_lamport,
        expect![[r#"
            lamport claims exclude no true order: violated
            (6 pairs, 0.0 % decided)
            expected  e1 before e2
            found     e1 after or concurrent with e2: the lamport clock excludes that one event caused the other; 3 more pairs are wrong
            events    e1  pacific  +0.002000s  m!  lamport 9
                      e2  indian   +0.003000s  m?  lamport 1
            proof     e1  pacific  +0.002000s  m!  lamport 9
                      e2  indian   +0.003000s  m?  lamport 1"#]],
    );
}

#[test]
fn a_clock_that_takes_the_effect_for_the_cause_is_found_out() {
    check_lamport(
        "pacific  a=8 m!=9\nindian   m?=1 d=2",
        by_lamport_as_order,
        expect![[r#"
        lamport claims exclude no true order: violated
        (6 pairs, 100.0 % decided)
        expected  e1 before e2
        found     e1 after e2: the lamport clock takes the effect for the cause; 3 more pairs are wrong
        events    e1  pacific  +0.002000s  m!  lamport 9
                  e2  indian   +0.003000s  m?  lamport 1
        proof     e1  pacific  +0.002000s  m!  lamport 9
                  e2  indian   +0.003000s  m?  lamport 1"#]],
    );
}

#[test]
fn a_sample_finds_what_is_wrong_between_any_two_nodes() {
    let words: String = (1..200).map(|time| format!(" a={time}")).collect();
    let trace = sketch::parse(&format!("pacific {words}\nindian {words}")).unwrap();
    expect![[r#"
        lamport claims exclude no true order: violated
        (79003 pairs, 500 compared, 100.0 % decided)
        expected  e188 concurrent with e203
        found     e188 after e203: the lamport clock orders two concurrent events; 45 more pairs are wrong
        events    e188  pacific  +0.189000s  a  lamport 189
                  e203  indian   +0.204000s  a  lamport 5
        proof     no chain of messages leads from e188 to e203, nor back"#]]
    .assert_eq(&told(&judge(&trace, ClaimKind::Lamport, 500, by_lamport_as_order)));
    expect![[r#"
        lamport claims exclude no true order: unknown
        (79003 pairs, 500 compared, 0.0 % decided)
        none wrong among the 500 pairs judged, of 79003"#]]
    .assert_eq(&told(&judge(&trace, ClaimKind::Lamport, 500, by_lamport)));
}

#[test]
fn a_clock_that_orders_concurrent_events_is_found_out() {
    check_lamport(
        "pacific  a=1\nindian   b=2",
        by_lamport_as_order,
        expect![[r#"
            lamport claims exclude no true order: violated
            (1 pair, 100.0 % decided)
            expected  e0 concurrent with e1
            found     e0 before e1: the lamport clock orders two concurrent events
            events    e0  pacific  +0.001000s  a  lamport 1
                      e1  indian   +0.002000s  b  lamport 2
            proof     no chain of messages leads from e0 to e1, nor back"#]],
    );
    check_vectors(
        "pacific  a=1,0\nindian   b=1,1",
        expect![[r#"
            vector claims exclude no true order: violated
            (1 pair, 100.0 % decided)
            expected  e0 concurrent with e1
            found     e0 before e1: the vector clock orders two concurrent events
            events    e0  pacific  +0.001000s  a  vector {pacific:1}
                      e1  indian   +0.002000s  b  vector {indian:1 pacific:1}
            proof     no chain of messages leads from e0 to e1, nor back"#]],
    );
}

#[test]
fn a_clock_that_takes_two_events_for_one_is_found_out() {
    check_vectors(
        "pacific  m!=1,0\nindian   m?=1,0",
        expect![[r#"
            vector claims exclude no true order: violated
            (1 pair, 100.0 % decided)
            expected  e0 before e1
            found     e0 the same as e1: the vector clock takes cause and effect for one event
            events    e0  pacific  +0.001000s  m!  vector {pacific:1}
                      e1  indian   +0.002000s  m?  vector {pacific:1}
            proof     e0  pacific  +0.001000s  m!  vector {pacific:1}
                      e1  indian   +0.002000s  m?  vector {pacific:1}"#]],
    );
    check_vectors(
        "pacific  a=1,0\nindian   b=1,0",
        expect![[r#"
            vector claims exclude no true order: violated
            (1 pair, 100.0 % decided)
            expected  e0 concurrent with e1
            found     e0 the same as e1: the vector clock takes two concurrent events for one
            events    e0  pacific  +0.001000s  a  vector {pacific:1}
                      e1  indian   +0.002000s  b  vector {pacific:1}
            proof     no chain of messages leads from e0 to e1, nor back"#]],
    );
}

#[test]
fn a_comparison_that_errs_only_one_way_round_is_found_out() {
    let never_after = |one: ClaimRef<'_>, other: ClaimRef<'_>| {
        let said = by_vector(one, other);
        if said.contains(Relation::After) { Relation::Concurrent.into() } else { said }
    };
    let trace = sketch::parse("pacific  a=1,0 m!=2,0\nindian   c=0,1 m?=2,2").unwrap();
    expect![[r#"
        vector claims exclude no true order: violated
        (6 pairs, 100.0 % decided)
        expected  e1 after e0
        found     e1 concurrent with e0: the vector clock does not see that one event caused the other; 3 more pairs are wrong
        events    e0  pacific  +0.001000s  a   vector {pacific:1}
                  e1  pacific  +0.002000s  m!  vector {pacific:2}
        proof     e0  pacific  +0.001000s  a   vector {pacific:1}
                  e1  pacific  +0.002000s  m!  vector {pacific:2}"#]].assert_eq(&told(&judge(&trace, ClaimKind::Vector, 1000, never_after)));
}

#[test]
fn a_clock_that_leaves_nothing_possible_is_found_out() {
    check_lamport(
        "pacific  a=1 b=2",
        |_, _| Relations::NONE,
        expect![[r#"
            lamport claims exclude no true order: violated
            (1 pair, 0.0 % decided)
            expected  e0 before e1
            found     e0 in no relation to e1: the lamport clock contradicts itself
            events    e0  pacific  +0.001000s  a  lamport 1
                      e1  pacific  +0.002000s  b  lamport 2
            proof     e0  pacific  +0.001000s  a  lamport 1
                      e1  pacific  +0.002000s  b  lamport 2"#]],
    );
}

#[test]
fn comparing_vectors_by_length_is_found_out() {
    let by_length = |one: ClaimRef<'_>, other: ClaimRef<'_>| match (one, other) {
        (ClaimRef::Vector(shorter), ClaimRef::Vector(longer)) if shorter.len() < longer.len() => {
            Relation::Before.into()
        }
        _ => by_vector(one, other),
    };
    let trace = sketch::parse("pacific  a=1,0 m!=2,0 b=3,0\nindian   c=0,1 m?=2,2").unwrap();
    expect![[r#"
        vector claims exclude no true order: violated
        (10 pairs, 100.0 % decided)
        expected  e2 concurrent with e4
        found     e2 before e4: the vector clock orders two concurrent events
        events    e2  pacific  +0.003000s  b   vector {pacific:3}
                  e4  indian   +0.005000s  m?  vector {indian:2 pacific:2}
        proof     no chain of messages leads from e2 to e4, nor back"#]]
    .assert_eq(&told(&judge(&trace, ClaimKind::Vector, 1000, by_length)));
    expect![[r#"
        vector claims exclude no true order: unknown
        (10 pairs, 0 compared)
        none wrong among the 0 pairs judged, of 10"#]]
    .assert_eq(&told(&judge(&trace, ClaimKind::Vector, 0, by_length)));
}

#[test]
fn the_pair_shown_is_the_earliest_and_the_rest_are_counted() {
    let text = "pacific  a=1,0 m!=2,0 b=3,0\nindian   c=0,1 m?=0,2 d=0,3 e=0,4";
    check_vectors(
        text,
        expect![[r#"
            vector claims exclude no true order: violated
            (21 pairs, 100.0 % decided)
            expected  e1 before e4
            found     e1 concurrent with e4: the vector clock does not see that one event caused the other; 5 more pairs are wrong
            events    e1  pacific  +0.002000s  m!  vector {pacific:2}
                      e4  indian   +0.005000s  m?  vector {indian:2}
            proof     e1  pacific  +0.002000s  m!  vector {pacific:2}
                      e4  indian   +0.005000s  m?  vector {indian:2}"#]],
    );
}

#[test]
fn claims_that_were_not_recorded_are_not_judged() {
    check_vectors(
        "pacific a",
        expect![[r#"
        vector claims exclude no true order: unknown
        ()
        vector claims are not recorded"#]],
    );
    check_vectors(
        "",
        expect![[r#"
        vector claims exclude no true order: holds
        ()"#]],
    );
    check_vectors(
        "pacific a=1,0\nindian",
        expect![[r#"
            vector claims exclude no true order: holds
            (nothing to judge: no pair)"#]],
    );
}

#[test]
fn beyond_the_budget_a_part_is_compared() {
    let trace =
        play(3, &[(0, 2, 0), (1, 1, 0), (1, 4, 0), (2, 1, 0), (2, 1, 0), (1, 2, 0), (2, 4, 0)], Bug::None);
    expect![[r#"
        lamport claims exclude no true order: unknown
        (21 pairs, 9 compared, 0.0 % decided)
        none wrong among the 9 pairs judged, of 21"#]]
    .assert_eq(&told(&judge(&trace, ClaimKind::Lamport, 9, by_lamport)));
    expect![[r#"
        lamport claims exclude no true order: unknown
        (21 pairs, 0 compared)
        none wrong among the 0 pairs judged, of 21"#]]
    .assert_eq(&told(&judge(&trace, ClaimKind::Lamport, 0, by_lamport)));
    expect![[r#"
        vector claims exclude no true order: unknown
        (21 pairs, 0 compared)
        none wrong among the 0 pairs judged, of 21"#]]
    .assert_eq(&told(&judge(&trace, ClaimKind::Vector, 0, by_vector)));
}

#[test]
fn a_message_that_turns_a_clock_back_is_found_as_soon_as_neighbours_fit() {
    let words: String = (1..200).map(|time| format!(" a={time}")).collect();
    let text = format!("pacific {words} m!=200\nindian m?=7\natlantic {words}");
    let trace = sketch::parse(&text).unwrap();
    let judge = |pairs_max| judge(&trace, ClaimKind::Lamport, pairs_max, by_lamport);
    expect![[r#"
        lamport claims exclude no true order: violated
        (79800 pairs, 398 compared, 0.0 % decided)
        expected  e199 before e200
        found     e199 after or concurrent with e200: the lamport clock excludes that one event caused the other
        events    e199  pacific  +0.200000s  m!  lamport 200
                  e200  indian   +0.201000s  m?  lamport 7
        proof     e199  pacific  +0.200000s  m!  lamport 200
                  e200  indian   +0.201000s  m?  lamport 7"#]].assert_eq(&told(&judge(398)));
    // Fewer are spread evenly over the neighbours, and this pair is not among them.
    expect![[r#"
        lamport claims exclude no true order: unknown
        (79800 pairs, 7 compared, 0.0 % decided)
        none wrong among the 7 pairs judged, of 79800"#]]
    .assert_eq(&told(&judge(7)));
    expect![[r#"
        lamport claims exclude no true order: unknown
        (79800 pairs, 0 compared)
        none wrong among the 0 pairs judged, of 79800"#]]
    .assert_eq(&told(&judge(0)));
}

/// Vectors that are what the rules make them are right at any budget; others are not believed.
#[test]
fn beyond_the_budget_vectors_are_vouched_for_by_their_structure() {
    let by_two = "pacific  a=2,0 m!=4,0 b=6,0\nindian   c=0,2 m?=4,4 d=4,6";
    let forgets = "pacific  a=1,0 b=2,0 m!=3,0\nindian   c=0,1 m?=0,2 d=0,3";
    let told = |text: &str, pairs_max| {
        told(&judge(&sketch::parse(text).unwrap(), ClaimKind::Vector, pairs_max, by_vector))
    };
    expect![[r#"
        vector claims exclude no true order: holds
        (15 pairs, exact by structure, 3 compared, 100.0 % decided)"#]]
    .assert_eq(&told("pacific  a=1,0 m!=2,0 b=3,0\nindian   c=0,1 m?=2,2 d=2,3", 3));
    expect![[r#"
        vector claims exclude no true order: holds
        (15 pairs, 100.0 % decided)"#]]
    .assert_eq(&told(by_two, 15));
    expect![[r#"
        vector claims exclude no true order: unknown
        (15 pairs, 14 compared, 100.0 % decided)
        none wrong among the 14 pairs judged, of 15"#]]
    .assert_eq(&told(by_two, 14));
    // A forgotten merge between neighbours that are compared, and the same where they are not.
    expect![[r#"
        vector claims exclude no true order: violated
        (15 pairs, 5 compared, 100.0 % decided)
        expected  e2 before e4
        found     e2 concurrent with e4: the vector clock does not see that one event caused the other
        events    e2  pacific  +0.003000s  m!  vector {pacific:3}
                  e4  indian   +0.005000s  m?  vector {indian:2}
        proof     e2  pacific  +0.003000s  m!  vector {pacific:3}
                  e4  indian   +0.005000s  m?  vector {indian:2}"#]]
    .assert_eq(&told(forgets, 5));
    expect![[r#"
        vector claims exclude no true order: unknown
        (15 pairs, 1 compared, 100.0 % decided)
        none wrong among the 1 pairs judged, of 15"#]]
    .assert_eq(&told(forgets, 1));
}

#[test]
fn honest_clocks_hold_in_every_tiny_run() {
    every_run(4, |steps| {
        let trace = play(2, steps, Bug::None);
        for (kind, pairs_max) in [(ClaimKind::Vector, 0), (ClaimKind::Vector, 1000)] {
            let judgement = judge(&trace, kind, pairs_max, by_vector);
            assert!(!matches!(judgement.verdict, Verdict::Violated(_)), "{} in {trace:?}", told(&judgement));
        }
    });
}

fn bugs() -> impl Strategy<Value = Bug> {
    let tamper =
        (0_usize..40, 0_usize..4, -3_i64..=3).prop_map(|(nth, node, by)| Bug::Tamper { nth, node, by });
    prop_oneof![Just(Bug::None), Just(Bug::ForgetMerge), Just(Bug::ForgetTick), Just(Bug::TickTwice), tamper]
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn honest_clocks_hold(nodes in 1_usize..=4, steps in steps(60)) {
        let trace = play(nodes, &steps, Bug::None);
        prop_assume!(trace.claims(ClaimKind::Lamport).next().is_some());
        prop_assert_eq!(judge(&trace, ClaimKind::Lamport, 10_000, by_lamport).verdict, Verdict::Holds);
        let vectors = judge(&trace, ClaimKind::Vector, 10_000, by_vector);
        prop_assert_eq!(&vectors.verdict, &Verdict::Holds);
        prop_assert!(vectors.scope == "nothing to judge: no pair" || vectors.scope.ends_with("100.0 % decided"));
    }

    /// However small the budget, what it leaves of all pairs is never answered otherwise than all pairs are.
    #[test]
    fn no_budget_turns_a_verdict_round(
        nodes in 1_usize..=4, steps in steps(60), bug in bugs(), pairs_max in 0_u64..200,
    ) {
        let trace = play(nodes, &steps, bug);
        let [few, all] = [pairs_max, 10_000].map(|pairs_max| judge(&trace, ClaimKind::Vector, pairs_max, by_vector));
        let (few_word, all_word) = (few.verdict.word(), all.verdict.word());
        prop_assert!(few_word == "unknown" || few_word == all_word, "{} but {}", told(&few), told(&all));
        let is_honest = claims::structure(&Order::of(&trace, &Budget::default()).unwrap()).verdict == Verdict::Holds;
        prop_assert!(!is_honest || pairs_max == 0 || few_word != "unknown", "{}", told(&few));
    }

    #[test]
    fn no_more_pairs_are_compared_than_allowed(nodes in 1_usize..=4, steps in steps(60), pairs_max in 0_u64..200) {
        let trace = play(nodes, &steps, Bug::None);
        for (kind, count) in [ClaimKind::Lamport, ClaimKind::Vector].map(|kind| (kind, trace.claims(kind).count())) {
            let compared = Cell::new(0_u64);
            let counting = |one: ClaimRef<'_>, other: ClaimRef<'_>| {
                compared.set(compared.get() + 1);
                if kind == ClaimKind::Vector { by_vector(one, other) } else { by_lamport(one, other) }
            };
            let _judged = judge(&trace, kind, pairs_max, counting);
            let pairs = (count * count.saturating_sub(1) / 2) as u64;
            // Each in both directions; all that the budget allows.
            prop_assert_eq!(compared.get(), 2 * pairs.min(pairs_max));
        }
    }

    #[test]
    fn evidence_is_true(nodes in 1_usize..=4, steps in steps(60), bug in bugs(), pairs_max in 0_u64..2000) {
        let trace = play(nodes, &steps, bug);
        let Verdict::Violated(evidence) = judge(&trace, ClaimKind::Vector, pairs_max, by_vector).verdict else {
            return Ok(());
        };
        let order = Order::of(&trace, &Budget::default()).unwrap();
        let [one, other] = [0, 1].map(|nth| evidence.events[nth].event);
        let claim = |event| trace.claim(event, ClaimKind::Vector).unwrap();
        let is_wrong = !by_vector(claim(one), claim(other)).contains(order.relation(one, other));
        prop_assert!(is_wrong, "{}", evidence);
    }

    #[test]
    fn times_taken_for_an_order_are_found_out_or_nothing_was_concurrent(steps in steps(40)) {
        let trace = play(3, &steps, Bug::None);
        prop_assume!(trace.claims(ClaimKind::Lamport).next().is_some());
        let judgement = judge(&trace, ClaimKind::Lamport, 10_000, by_lamport_as_order);
        let order = Order::of(&trace, &Budget::default()).unwrap();
        let said: Vec<_> = trace.claims(ClaimKind::Lamport).collect();
        let is_wrong = said.iter().any(|one| said.iter().any(|other| {
            one.1 != other.1 && order.relation(one.0, other.0) == Relation::Concurrent
        }));
        prop_assert_eq!(judgement.verdict.word(), if is_wrong { "violated" } else { "holds" });
    }

    #[test]
    fn clocks_change_nothing_about_the_order(steps in steps(40)) {
        let [honest, lying] = [Bug::None, Bug::ForgetMerge].map(|bug| play(3, &steps, bug));
        let [honest, lying] = [&honest, &lying].map(|trace| Order::of(trace, &Budget::default()).unwrap());
        for one in honest.trace().event_ids() {
            prop_assert_eq!(honest.past(one), lying.past(one));
        }
    }
}

#[test]
fn a_hybrid_claim_is_judged_by_whatever_comparison_is_handed_in() {
    let mut trace = Trace::new(["pacific"]).unwrap();
    let node = trace.node("pacific").unwrap();
    for (physical_ns, logical) in [(5, 0), (5, 1), (4, 0)] {
        let claims = [Claim::Hybrid { physical_ns, logical }];
        let at = constellation_trace::TrueTime::from_ns(10);
        let entry = Entry::new(node, at, constellation_trace::Action::Local);
        trace.record(Entry { claims: &claims, ..entry }).unwrap();
    }
    let by_hybrid = |one: ClaimRef<'_>, other: ClaimRef<'_>| {
        let time = |claim| match claim {
            ClaimRef::Hybrid { physical_ns, logical } => (physical_ns, logical),
            _ => (0, 0),
        };
        if time(one) < time(other) { Relation::Before.into() } else { Relations::from(Relation::After) }
    };
    expect![[r#"
        hybrid claims exclude no true order: violated
        (3 pairs, 100.0 % decided)
        expected  e1 before e2
        found     e1 after e2: the hybrid clock takes the effect for the cause; 1 more pair is wrong
        events    e1  pacific  +0.000000s  does something of its own  hybrid 5.1
                  e2  pacific  +0.000000s  does something of its own  hybrid 4.0
        proof     e1  pacific  +0.000000s  does something of its own  hybrid 5.1
                  e2  pacific  +0.000000s  does something of its own  hybrid 4.0"#]]
    .assert_eq(&told(&judge(&trace, ClaimKind::Hybrid, 1000, by_hybrid)));
}

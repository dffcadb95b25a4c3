//! The smallest part of a history that a model cannot explain.

use std::collections::BTreeMap;

use constellation_trace::Sessions;
use constellation_verify::Budget;
use constellation_verify::models::{
    self, Anomaly, FailedSet, Finding, Minimal, Model, Parts, Patience, Recorded,
};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::litmus::LITMUS;
use super::{judge, sessions, small, told};

fn smallest(
    model: &dyn Model,
    recorded: &Recorded<'_>,
    anomaly: &Anomaly,
    patience: &mut Patience<'_>,
) -> Minimal {
    models::minimal(model, recorded, anomaly, patience).expect("there are sessions")
}

fn check(model: &str, sketch: &str, expected: Expect) {
    let sessions = sessions(sketch);
    let Finding::Violated(anomaly) = judge(model, &sessions) else { panic!("{model} explains {sketch}") };
    let model = models::find(model).expect("it is there");
    let mut patience = Patience::new(Budget::default());
    let minimal = smallest(model, &Recorded::from(&sessions), &anomaly, &mut patience);
    assert_eq!(minimal.limit, None);
    // The same, in the numbers of the whole.
    let whole = minimal.anomaly.clone().renumbered(&minimal.ids);
    assert!(whole.transactions.iter().all(|id| minimal.ids.contains(id)), "{whole:?}");
    let told = told(&minimal.sessions, &Finding::Violated(minimal.anomaly));
    expected.assert_eq(&format!("{}\n{told}", minimal.sessions));
}

#[test]
fn what_has_no_part_in_it_is_gone() {
    check(
        "causal",
        "pacific w(q,1) w(x,1) r(q,1) {w(x,2) w(z,9)} w(u,1) w(y,1)\natlantic r(u,1) w(v,1) r(z,9)\nindian r(y,1) {r(u,1) r(x,1)}",
        expect![[r#"
            pacific  w(x,1)  w(x,2)  w(y,1)
            indian   r(y,1)  r(x,1)
            violated: indian r(x,1) reads as x that of pacific w(x,1), which pacific w(x,2) in its past had overwritten
              pacific w(x,2) before pacific w(y,1): the same session
              pacific w(y,1) before indian r(y,1): its y is read
              indian r(y,1) before indian r(x,1): the same session
              indian r(x,1) before pacific w(x,2): it reads an older x
              since pacific w(x,1) before pacific w(x,2): the same session"#]],
    );
    check(
        "pram",
        "a w(x,1) w(y,5)\nb w(x,2) r(y,5)\nc r(x,1) r(y,5) r(x,2) r(x,1)",
        expect![[r#"
        a  w(x,1)
        b  w(x,2)
        c  r(x,1)  r(x,2)  r(x,1)
        violated: what c read puts each of these before the next, and the last before the first
          a w(x,1) before b w(x,2): c r(x,2) knows its x, yet reads the other's
          b w(x,2) before a w(x,1): c r(x,1) knows its x, yet reads the other's
          since a w(x,1) before c r(x,1): its x is read
          since c r(x,1) before c r(x,2): the same session
          since b w(x,2) before c r(x,2): its x is read
          since c r(x,2) before c r(x,1): the same session"#]],
    );
}

#[test]
fn a_read_goes_with_its_write() {
    // Without w(x,1) alone r(x,1) would be out of thin air, which is another reason.
    check(
        "causal",
        "a w(x,1)\nb r(x,1) r(x,nil)",
        expect![[r#"
        a  w(x,1)
        b  r(x,1)  r(x,nil)
        violated: b r(x,nil) reads as x the initial value, which a w(x,1) in its past had overwritten
          a w(x,1) before b r(x,1): its x is read
          b r(x,1) before b r(x,nil): the same session
          b r(x,nil) before a w(x,1): it reads an older x"#]],
    );
    check(
        "causal",
        "a w(x,1)\nb r(x,7) r(x,1)",
        expect![[r#"
        b  r(x,7)
        violated: b r(x,7) reads x = 7, which nobody wrote"#]],
    );
    check(
        "causal",
        "a {w(x,1) w(x,2) w(y,1)}\nb {r(y,1) r(x,1)}",
        expect![[r#"
        a  {w(x,1) w(x,2)}
        b  r(x,1)
        violated: b r(x,1) reads x = 1, which its writer overwrote itself before the end"#]],
    );
}

#[test]
fn a_read_of_nothing_goes_with_who_wrote_nothing() {
    // Without w(x,nil) nobody could read nothing of x, which is no reason here.
    check(
        "read-your-writes",
        "a {w(y,1) w(x,1)} w(x,nil) {r(x,nil) r(y,nil)}",
        expect![[r#"
            a  w(y,1)  r(y,nil)
            violated: a r(y,nil) reads as y the initial value, but must know of a w(y,1)
              a w(y,1) before a r(y,nil): the same session
              a r(y,nil) before a w(y,1): it reads an older y"#]],
    );
}

/// As [`check`], whatever the judge names: it may be all.
fn check_all(model: &str, sketch: &str, failed_set: FailedSet, expected: Expect) {
    let sessions = sessions(sketch);
    let recorded = Recorded::from(&sessions).with_failed_set(failed_set);
    let model = models::find(model).expect("it is there");
    let mut patience = Patience::new(Budget::default());
    let Finding::Violated(anomaly) = model.judge(&recorded, &mut patience) else { panic!("{sketch}") };
    let all = anomaly.naming(sessions.ids());
    expected.assert_eq(&smallest(model, &recorded, &all, &mut patience).sessions.to_string());
}

#[test]
fn a_read_goes_with_those_writes_that_it_may_show_and_no_others() {
    let nothing = FailedSet::DidNotHappen;
    // Though time says that it cannot show it, without it would be out of thin air.
    check_all(
        "linearizable",
        "a w(x,1)@1..2 w(x,2)@3..4 w(y,1)@5..6\nb r(x,1)@7..8",
        nothing,
        expect![[r#"
            a  w(x,1)@1..2  w(x,2)@3..4
            b  r(x,1)@7..8"#]],
    );
    // One of two such is enough.
    check_all(
        "linearizable",
        "a w(x,1)@1..2 w(x,2)@3..4 w(x,1)@5..6 w(x,3)@7..8\nb r(x,1)@9..10",
        nothing,
        expect![[r#"
            a  w(x,1)@5..6  w(x,3)@7..8
            b  r(x,1)@9..10"#]],
    );
    // Nobody reads what was aborted.
    check_all(
        "causal",
        "a w(x,1)!\nb w(x,1)\nc r(x,1) r(x,nil)",
        nothing,
        expect![[r#"
            b  w(x,1)
            c  r(x,1)  r(x,nil)"#]],
    );
    // Of time causes know nothing: b may well have read the 1 of c, so only y is wrong.
    check_all(
        "causal",
        "c w(x,1)@20..21\na {w(y,1) w(x,1)}@1..2 w(x,2)@3..4\nb r(x,2)@5..6 {r(x,1) r(y,nil)}@7..8",
        nothing,
        expect![[r#"
            a  w(y,1)@1..2  w(x,2)@3..4
            b  r(x,2)@5..6  r(y,nil)@7..8"#]],
    );
}

#[test]
fn a_failed_set_goes_with_what_may_have_hidden_its_value_and_nothing_else() {
    let mismatch = FailedSet::AssertsMismatch;
    // What was aborted hid nothing.
    check_all(
        "linearizable",
        "a w(x,1)@1..2 w(x,2)!@3..4\nb {r(x,1) w(x,5)}!@5..6",
        mismatch,
        expect![[r#"
            a  w(x,1)@1..2
            b  {r(x,1) w(x,5)}!@5..6"#]],
    );
    // Nor did another write of the same.
    check_all(
        "linearizable",
        "a w(x,1)@1..4\nc w(x,1)@1..4\nb {r(x,1) w(x,5)}!@5..6",
        mismatch,
        expect![[r#"
            c  w(x,1)@1..4
            b  {r(x,1) w(x,5)}!@5..6"#]],
    );
}

#[test]
fn where_a_part_proves_nothing_what_is_named_is_shown() {
    // What a part leaves out may be what one of two reads knows and the other does not.
    check(
        "strong-convergence",
        "a w(x,1) w(z,1) w(y,1)\nb r(y,1) r(x,nil)\nc r(x,1) w(u,1)",
        expect![[r#"
            a  w(x,1)  w(y,1)
            b  r(y,1)  r(x,nil)
            c  r(x,1)
            violated: b r(x,nil) and c r(x,1) know of the same writes of x, but show two
              a w(x,1) before a w(y,1): the same session
              a w(y,1) before b r(y,1): its y is read
              b r(y,1) before b r(x,nil): the same session
              b r(x,nil) before a w(x,1): it reads an older x"#]],
    );
}

#[test]
fn a_search_that_is_cut_short_says_so_and_shows_what_it_has() {
    let sessions = sessions("a w(x,1) w(z,1)\nb {r(x,1) r(z,1)} w(y,1)\nc {r(y,1) r(x,nil)}");
    let Finding::Violated(anomaly) = judge("causal", &sessions) else { panic!("a cause is missing") };
    let model = models::find("causal").expect("it is there");
    for steps_max in [0, 60, 90] {
        let mut patience = Patience::new(Budget { steps_max, ..Budget::default() });
        let minimal = smallest(model, &Recorded::from(&sessions), &anomaly, &mut patience);
        assert!(minimal.limit.is_some(), "{steps_max}");
        assert_eq!(judge("causal", &minimal.sessions).word(), "violated", "{steps_max}");
    }
}

/// Histories of replicas with faults, the same ones each time.
fn histories(count: u64, steps: usize) -> impl Iterator<Item = Sessions> {
    (0..count).map(move |seed| {
        // The constants of Knuth's MMIX generator; wrapping is what a linear congruence does.
        let mut luck = seed;
        let mut next = || {
            luck = luck.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (luck >> 40) as u8
        };
        let steps = (0..steps).map(|_| (next(), next(), next())).collect();
        small::replicas(&steps, 1 + seed as usize % 3)
    })
}

#[test]
fn nearly_all_that_is_wrong_is_shown_by_ten_accesses() {
    let mut counts: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    let with_times = histories(40, 100).map(|untimed| sessions(&timed(&untimed.to_string())));
    for sessions in histories(120, 300).chain(with_times) {
        for model in models::all() {
            let Finding::Violated(anomaly) = judge(model.about().name, &sessions) else { continue };
            let mut patience = Patience::new(Budget::default());
            let minimal = smallest(*model, &Recorded::from(&sessions), &anomaly, &mut patience);
            let (small_enough, all) = counts.entry(model.about().name).or_default();
            *all += 1;
            *small_enough += u32::from(minimal.sessions.accesses_total() <= 10);
        }
    }
    let all: u32 = counts.values().map(|(_, all)| all).sum();
    assert!(all > 500, "{all} violations are too few to tell");
    for (model, (small_enough, all)) in &counts {
        println!("{model}: {small_enough} of {all} have at most ten");
        assert!(small_enough * 100 >= all * 95, "{model}: {small_enough} of {all} have at most ten");
    }
}

/// A litmus with times: what stands at the same place of its session is concurrent.
fn timed(sketch: &str) -> String {
    if sketch.contains('@') {
        return sketch.to_owned();
    }
    let untimed = sessions(sketch);
    let lines = untimed.lines();
    let line = |(name, line): (&str, &Vec<_>)| {
        let words = (0_u64..)
            .zip(line)
            .map(|(nth, id)| format!(" {}@{}..{}", untimed.show(*id), nth * 10, nth * 10 + 8));
        format!("{name}{}\n", words.collect::<String>())
    };
    untimed.sessions().iter().zip(&lines).map(line).collect()
}

#[test]
fn what_shows_a_violation_shows_it_alone_and_nothing_of_it_can_be_left_out() {
    let mut count = 0;
    let litmus: Vec<String> = LITMUS.iter().map(|(_, sketch)| (*sketch).to_owned()).collect();
    let with_times = litmus.iter().map(|sketch| timed(sketch));
    let random = histories(30, 60).map(|sessions| sessions.to_string());
    for sketch in litmus.iter().cloned().chain(with_times).chain(random) {
        let whole = sessions(&sketch);
        for model in models::all() {
            let name = model.about().name;
            let Finding::Violated(anomaly) = judge(name, &whole) else { continue };
            let mut patience = Patience::new(Budget::default());
            let minimal = smallest(*model, &Recorded::from(&whole), &anomaly, &mut patience);
            // As somebody else would read what is printed.
            let printed = minimal.sessions.to_string();
            let part = sessions(&printed);
            let Finding::Violated(found) = judge(name, &part) else {
                panic!("{name} explains {printed}\nof {sketch}: {}", anomaly.found);
            };
            count += 1;
            for gone in part.ids() {
                let rest: Vec<_> = part.ids().filter(|id| *id != gone).collect();
                let rest = part.sub(&rest);
                let is_less = match judge(name, &rest) {
                    // Where a part proves nothing, another violation is none of the whole.
                    Finding::Violated(other) => {
                        model.parts() != Parts::ProveNothing || other.found == found.found
                    }
                    _ => false,
                };
                let is_less = is_less && small::has_all_sources(&rest);
                assert!(!is_less, "{name}: {printed}\nis not smallest: {rest}");
            }
        }
    }
    assert!(count > 500, "{count}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn without_any_transaction_of_it_all_would_be_well(steps in small::steps(60), accesses in 1..=3_usize) {
        let sessions = small::replicas(&steps, accesses);
        for model in models::all().iter().filter(|model| model.parts() != Parts::ProveNothing) {
            let name = model.about().name;
            let Finding::Violated(anomaly) = judge(name, &sessions) else { continue };
            let mut patience = Patience::new(Budget::default());
            let minimal = smallest(*model, &Recorded::from(&sessions), &anomaly, &mut patience);
            prop_assert_eq!(judge(name, &minimal.sessions).word(), "violated");
            for gone in minimal.sessions.ids() {
                let rest: Vec<_> = minimal.sessions.ids().filter(|id| *id != gone).collect();
                let rest = minimal.sessions.sub(&rest);
                let is_smaller = small::has_all_sources(&rest) && judge(name, &rest).word() == "violated";
                prop_assert!(!is_smaller, "{}: {}\nis not smallest: {}", name, minimal.sessions, rest);
            }
        }
    }
}

#[test]
fn parts_are_judged_as_the_whole_was() {
    // Only a failed compare-and-set that found another value contradicts the write before it.
    let sessions = sessions("pacific w(q,1)@1..2 w(x,1)@3..4\nindian {r(x,1) w(x,2)}!@5..6 r(q,1)@7..8");
    let recorded = Recorded::from(&sessions).with_failed_set(FailedSet::AssertsMismatch);
    let model = models::find("linearizable").expect("it is there");
    let mut patience = Patience::new(Budget::default());
    let Finding::Violated(anomaly) = model.judge(&recorded, &mut patience) else { panic!("it found 1") };
    let minimal = smallest(model, &recorded, &anomaly, &mut patience);
    let told = told(&minimal.sessions, &Finding::Violated(minimal.anomaly));
    expect![[r#"
        pacific  w(x,1)@3..4
        indian   {r(x,1) w(x,2)}!@5..6
        violated: no order of these 2 that respects their times explains them; none gets further than indian {r(x,1) w(x,2)}!"#]].assert_eq(&format!("{}\n{told}", minimal.sessions));
}

#[test]
fn what_hid_a_value_stays_as_long_as_a_failed_set_says_that_it_was_hidden() {
    let check = |sketch: &str, expected: Expect| {
        let sessions = sessions(sketch);
        let recorded = Recorded::from(&sessions).with_failed_set(FailedSet::AssertsMismatch);
        let model = models::find("linearizable").expect("it is there");
        let mut patience = Patience::new(Budget::default());
        let Finding::Violated(anomaly) = model.judge(&recorded, &mut patience) else { panic!("{sketch}") };
        // Whatever the judge names: it may be all.
        let all = anomaly.naming(sessions.ids());
        expected.assert_eq(&smallest(model, &recorded, &all, &mut patience).sessions.to_string());
    };
    // That one was not there is no wonder, since it had been overwritten; only the last is wrong.
    check("a w(x,1)@1..2 w(x,2)@3..4 {r(x,1) w(x,5)}!@5..6 r(x,9)@7..8", expect!["a  r(x,9)@7..8"]);
    // What was overwritten for good hid nothing, and of two writes of one value the last counts.
    check(
        "a w(x,1)@1..2 w(x,2)@3..4 w(x,1)@5..6\nb {r(x,1) w(x,5)}!@7..8",
        expect![[r#"
            a  w(x,1)@5..6
            b  {r(x,1) w(x,5)}!@7..8"#]],
    );
}

#[test]
fn of_a_list_only_those_values_are_shown_that_the_violation_needs() {
    // A value that is cut out is gone from all lists, and so is who appended it.
    for (model, sketch, expected) in [
        (
            "linearizable",
            "a a(x,1)@1..2 a(x,2)@3..4 a(x,3)@5..6 a(x,4)@7..8\nb r(x,[1,2,4])@9..10",
            expect![[r#"
                a  a(x,3)@5..6
                b  r(x,[])@9..10"#]],
        ),
        (
            "serializable",
            "a a(x,1) a(x,2) a(x,3)\nb r(x,[1,2,3])\nc r(x,[1,3,2])",
            expect![[r#"
                a  a(x,2)  a(x,3)
                b  r(x,[2,3])
                c  r(x,[3,2])"#]],
        ),
        // What is written takes the place of what was there, so that nothing can be cut out.
        (
            "sequential",
            "a a(x,5) w(x,1) a(x,2)\nb r(x,[2,1])",
            expect![[r#"
                a  w(x,1)  a(x,2)
                b  r(x,[2,1])"#]],
        ),
    ] {
        let whole = sessions(sketch);
        let Finding::Violated(anomaly) = judge(model, &whole) else { panic!("{model} explains {sketch}") };
        let found = models::find(model).expect("it is there");
        let mut patience = Patience::new(Budget::default());
        let smallest = smallest(found, &Recorded::from(&whole), &anomaly, &mut patience);
        expected.assert_eq(&smallest.sessions.to_string());
        assert_eq!(judge(model, &smallest.sessions).word(), "violated", "{sketch}");
    }
}

#[test]
fn where_no_order_exists_it_is_told_how_far_one_goes_and_why_nothing_can_be_next() {
    let order = |model: &str, sketch: &str, expected: Expect| {
        let sessions = sessions(sketch);
        let Finding::Violated(anomaly) = judge(model, &sessions) else { panic!("{model} explains {sketch}") };
        let end = anomaly.dead_end.expect("orders were searched");
        expected.assert_eq(&end.lines(|id| sessions.show(id)).join("\n"));
    };
    // Written twice, so that no zones tell it.
    order(
        "linearizable",
        "a w(x,1)@1..2 w(x,2)@3..4\nb r(x,1)@5..6\nc w(x,1)@7..8",
        expect![[r#"
            at best w(x,1), w(x,2)
            then not r(x,1), since its object is as w(x,2) left it"#]],
    );
    order(
        "linearizable",
        "a w(x,1)@1..9 w(x,1)@10..12\nb {r(x,3) w(x,2)}@5..6\nc w(x,3)@7..8",
        expect![[r#"
            nothing can be first
            not {r(x,3) w(x,2)}, since its object is still as it was at first"#]],
    );
    // What breaks causes is told by its cycle; this breaks none.
    order(
        "sequential",
        "a a(x,1) r(y,[])\nb a(y,1) r(x,[])",
        expect![[r#"
            at best a(x,1), r(y,[]), a(y,1)
            then not r(x,[]), since its object is as a(x,1) left it"#]],
    );
}

//! Linearizability and sequential consistency of registers: what they forbid, what they let be, and that the twin agrees.

use constellation_trace::{Access, Outcome, Sessions, Timing, Transaction, Value};
use constellation_verify::Budget;
use constellation_verify::models::{self, FailedSet, Finding, Patience, Recorded};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::orders::{self, Rule};
use super::shifted;
use super::{judge, sessions, told, value};

fn check(sketch: &str, expected: Expect) {
    let sessions = sessions(sketch);
    let finding = judge("linearizable", &sessions);
    let twin = orders::registers(&sessions, FailedSet::DidNotHappen, Rule::Linearizable);
    assert_eq!(finding.word() == "holds", twin, "the twin disagrees on\n{sessions}");
    expected.assert_eq(&told(&sessions, &finding));
}

#[test]
fn a_read_that_begins_after_a_write_is_over_shows_it() {
    check(
        "pacific w(x,1)@1..2\nindian r(x,nil)@3..4",
        expect![[r#"
            violated: indian r(x,nil) reads as x the initial value, which pacific w(x,1) had overwritten before it began
              pacific w(x,1) before indian r(x,nil): over before the other begins
              indian r(x,nil) before pacific w(x,1): it reads an older x"#]],
    );
    check(
        "pacific w(x,1)@1..2 w(x,2)@3..4\nindian r(x,1)@5..6",
        expect![[r#"
            violated: indian r(x,1) reads as x that of pacific w(x,1), which pacific w(x,2) had overwritten before it began
              pacific w(x,2) before indian r(x,1): over before the other begins
              indian r(x,1) before pacific w(x,2): it reads an older x
              since pacific w(x,1) before pacific w(x,2): over before the other begins"#]],
    );
    check("pacific w(x,1)@1..3\nindian r(x,nil)@3..4", expect!["holds"]);
}

#[test]
fn what_one_has_read_no_later_one_misses() {
    check(
        "pacific w(x,1)@1..9\natlantic r(x,1)@2..3\nindian r(x,nil)@4..5",
        expect![[r#"
            violated: indian r(x,nil) reads as x the initial value, which pacific w(x,1) had overwritten before it began
              pacific w(x,1) before atlantic r(x,1): its x is read
              atlantic r(x,1) before indian r(x,nil): over before the other begins
              indian r(x,nil) before pacific w(x,1): it reads an older x"#]],
    );
    check(
        "pacific w(x,1)@1..9\nantarctic w(x,2)@1..9\natlantic r(x,1)@2..3 r(x,2)@4..5\nindian r(x,1)@6..7",
        expect![[r#"
            violated: indian r(x,1) reads as x that of pacific w(x,1), which antarctic w(x,2) had overwritten before it began
              antarctic w(x,2) before atlantic r(x,2): its x is read
              atlantic r(x,2) before indian r(x,1): over before the other begins
              indian r(x,1) before antarctic w(x,2): it reads an older x
              since pacific w(x,1) before atlantic r(x,1): its x is read
              since atlantic r(x,1) before atlantic r(x,2): over before the other begins
              since pacific w(x,1) before antarctic w(x,2): atlantic r(x,2) knows its x, yet reads the other's"#]],
    );
}

#[test]
fn nothing_is_read_before_it_is_written() {
    check(
        "pacific w(x,1)@5..6\nindian r(x,1)@1..2",
        expect![[r#"
        violated: indian r(x,1) was over before pacific w(x,1) began, whose value it reads
          indian r(x,1) before pacific w(x,1): over before the other begins
          pacific w(x,1) before indian r(x,1): its x is read"#]],
    );
    check("pacific r(x,7)@1..2", expect!["violated: pacific r(x,7) reads x = 7, which nobody wrote"]);
    check(
        "pacific w(x,1)!@1..2\nindian r(x,1)@3..4",
        expect!["violated: indian r(x,1) reads x = 1, which only an aborted transaction wrote"],
    );
}

#[test]
fn an_open_write_may_come_late_or_never() {
    check("pacific w(x,1)?@1..\nindian r(x,nil)@3..4 r(x,1)@5..6", expect!["holds"]);
    check("pacific w(x,1)?@1..\nindian r(x,nil)@3..4", expect!["holds"]);
    check(
        "pacific w(x,1)?@1..\nindian r(x,1)@3..4 r(x,nil)@5..6",
        expect![[r#"
            violated: indian r(x,nil) reads as x the initial value, which pacific w(x,1)? had overwritten before it began
              pacific w(x,1)? before indian r(x,1): its x is read
              indian r(x,1) before indian r(x,nil): over before the other begins
              indian r(x,nil) before pacific w(x,1)?: it reads an older x"#]],
    );
}

#[test]
fn a_compare_and_set_reads_and_writes_at_one_moment() {
    check(
        "pacific w(x,1)@1..2\natlantic {r(x,1) w(x,2)}@3..6\nindian {r(x,1) w(x,3)}@3..6",
        expect![[r#"
                violated: no order of these 3 that respects their times explains them; none gets further than indian {r(x,1) w(x,3)}"#]],
    );
    check(
        "pacific w(x,1)@1..2\natlantic {r(x,1) w(x,2)}@3..6\nindian {r(x,2) w(x,1)}@3..6\nantarctic r(x,1)@7..8",
        expect!["holds"],
    );
}

#[test]
fn a_failed_compare_and_set_may_say_that_there_was_another_value() {
    let sessions = sessions("pacific w(x,1)@1..2\nindian {r(x,1) w(x,2)}!@3..4");
    let linearizable = models::find("linearizable").expect("it is there");
    let told_with = |failed_set| {
        let recorded = Recorded::from(&sessions).with_failed_set(failed_set);
        let twin = orders::registers(&sessions, failed_set, Rule::Linearizable);
        let finding = linearizable.judge(&recorded, &mut Patience::new(Budget::default()));
        assert_eq!(finding.word() == "holds", twin);
        told(&sessions, &finding)
    };
    expect!["holds"].assert_eq(&told_with(FailedSet::DidNotHappen));
    expect!["violated: no order of these 2 that respects their times explains them; none gets further than indian {r(x,1) w(x,2)}!"].assert_eq(&told_with(FailedSet::AssertsMismatch));
}

#[test]
fn a_value_that_is_written_twice_is_no_question_here() {
    check("pacific w(x,1)@1..2 w(x,2)@3..4 w(x,1)@5..6\nindian r(x,1)@7..8", expect!["holds"]);
    check(
        "pacific w(x,1)@1..2 w(x,2)@5..6\nindian w(x,1)@1..2 r(x,1)@7..8",
        expect![[r#"
                violated: no order of these 3 that respects their times explains them; none gets further than indian r(x,1)"#]],
    );
    check("pacific w(x,1)@1..2 w(x,nil)@3..4\nindian r(x,nil)@5..6", expect!["holds"]);
}

#[test]
fn lists_are_judged_by_all_that_a_read_shows() {
    let told = |sketch| {
        let sessions = sessions(sketch);
        told(&sessions, &judge("linearizable", &sessions))
    };
    expect!["holds"].assert_eq(&told("pacific a(x,1)@1..4\natlantic a(x,2)@1..4\nindian r(x,[2,1])@5..6"));
    expect!["violated: indian r(x,[2,1]) shows pacific a(x,2) before pacific a(x,1), which was over before that began"].assert_eq(&told("pacific a(x,1)@1..2 a(x,2)@3..4\natlantic r(x,[])@1..2\nindian r(x,[2,1])@5..6"));
    expect!["holds"].assert_eq(&told("pacific a(x,1)@1..2 w(x,2)@3..4"));
    expect!["unknown: pacific {w(x,1) w(y,1)} is a transaction of several operations, not one"]
        .assert_eq(&told("pacific {w(x,1) w(y,1)}@1..2"));
    expect!["unknown: when operations began and ended is not recorded"].assert_eq(&told("pacific w(x,1)"));
}

#[test]
fn only_what_really_has_no_part_in_it_is_left_out() {
    // Each of these would be enough to go on with, so that the smallest history is not the whole.
    check(
        "pacific {r(x,nil) w(x,1)}@1..2 r(x,1)@3..4 r(x,1)@5..6 w(x,2)@7..8 r(x,2)@9..10
         atlantic r(x,nil)@1..2 r(x,2)@11..12
         indian r(x,1)@13..14 w(x,3)@15..16 r(x,3)@17..18",
        expect![[r#"
                violated: no order of these 3 that respects their times explains them; none gets further than indian r(x,1)"#]],
    );
}

#[test]
fn of_a_long_chain_only_the_part_is_evidence_that_the_last_read_rests_on() {
    let mut sketch = "pacific w(x,0)@1..2".to_owned();
    for nth in 1..1_500 {
        sketch += &format!(" {{r(x,{}) w(x,{nth})}}@{}..{}", nth - 1, nth * 10, nth * 10 + 5);
    }
    let sessions = sessions(&(sketch + "\nindian r(x,3)@20000..20001"));
    let Finding::Violated(anomaly) = judge("linearizable", &sessions) else { panic!("3 was overwritten") };
    let shown: Vec<String> = anomaly.transactions.iter().map(|id| sessions.show(*id)).collect();
    expect!["w(x,0)  {r(x,0) w(x,1)}  {r(x,1) w(x,2)}  {r(x,2) w(x,3)}  {r(x,3) w(x,4)}  r(x,3)"]
        .assert_eq(&shown.join("  "));
}

#[test]
fn sessions_order_what_times_do_not() {
    // All four touch at 5, so that each key alone has an order; but no order has both sessions.
    check(
        "pacific w(x,1)@1..5 r(y,nil)@5..6\nindian w(y,1)@1..5 r(x,nil)@5..6",
        expect!["violated: no order of these 4 that respects their times and sessions explains them"],
    );
    check("pacific w(x,1)@1..5 r(y,nil)@5..6\nindian w(y,1)@1..5 r(x,1)@5..6", expect!["holds"]);
    check("pacific w(x,1)@5..5 r(y,nil)@5..5\nindian w(y,1)@5..5 r(x,1)@5..5", expect!["holds"]);
    // A read that can be at once is not, if what is open and before it in its session is needed later.
    check("pacific w(x,1)?@1.. r(x,nil)@2..3\nindian {r(x,1) w(x,nil)}@1..9", expect!["holds"]);
    // What is open is before what its session does next, or never.
    check(
        "pacific w(x,1)?@1.. w(y,1)@3..4\nindian r(y,1)@5..6 r(x,nil)@7..8 r(x,1)@9..10",
        expect!["violated: no order of these 4 that respects their times and sessions explains them"],
    );
}

#[test]
fn times_that_cannot_be_doubled_order_as_all_others_do() {
    let at = |time: u64| {
        let [begun, met, over] = [time, time + 1, time + 2];
        sessions(&format!(
            "pacific w(x,1)@{begun}..{met} r(y,nil)@{met}..{over}\nindian w(y,1)@{begun}..{met} r(x,nil)@{met}..{over}"
        ))
    };
    for time in
        [1, u64::MAX / 2 - 2, u64::MAX / 2 - 1, u64::MAX / 2, 10_000_000_000_000_000_005, u64::MAX - 3]
    {
        let sessions = at(time);
        expect!["violated: no order of these 4 that respects their times and sessions explains them"]
            .assert_eq(&told(&sessions, &judge("linearizable", &sessions)));
    }
}

#[test]
fn a_failed_compare_and_set_that_says_something_has_its_place_in_its_session() {
    let sessions =
        sessions("pacific w(x,1)@1..5 {r(y,1) w(y,2)}!@5..6\nindian w(y,1)@1..5 {r(x,1) w(x,2)}!@5..6");
    let linearizable = models::find("linearizable").expect("it is there");
    let check = |failed_set, expected: Expect| {
        let recorded = Recorded::from(&sessions).with_failed_set(failed_set);
        let finding = linearizable.judge(&recorded, &mut Patience::new(Budget::default()));
        expected.assert_eq(&told(&sessions, &finding));
    };
    check(
        FailedSet::AssertsMismatch,
        expect!["violated: no order of these 4 that respects their times and sessions explains them"],
    );
    check(FailedSet::DidNotHappen, expect!["holds"]);
}

#[test]
fn the_budget_ends_a_search_and_says_what_was_explored() {
    let words: Vec<String> = (0..12)
        .map(|nth| format!("s{nth} {{r(x,nil) w(x,{nth})}}?@1..\nt{nth} {{r(x,{nth}) w(x,nil)}}?@1..\n"))
        .collect();
    let sketch = format!("{}u {{r(x,99) w(x,98)}}?@1.. \nv w(x,99)?@1..\n w r(x,97)@2..3", words.concat());
    let sessions = sessions(&sketch);
    let finding = |budget: Budget| {
        let linearizable = models::find("linearizable").expect("it is there");
        told(&sessions, &linearizable.judge(&Recorded::from(&sessions), &mut Patience::new(budget)))
    };
    expect!["unknown: none wrong among the 10028 explored, within the bound: 10000 steps"]
        .assert_eq(&finding(Budget { steps_max: 10_000, ..Budget::default() }));
    expect!["unknown: none wrong among the 65150 explored, within the bound: 100000 bytes of memory"]
        .assert_eq(&finding(Budget { bytes_max: 100_000, ..Budget::default() }));
}

#[test]
fn wrong_judges_are_told_from_right_ones() {
    let check = |wrong: Rule, right: Rule, sketch: &str, expected: Expect| {
        let sessions = sessions(sketch);
        let model = if right == Rule::Sequential { "sequential" } else { "linearizable" };
        let finding = judge(model, &sessions);
        let says = |rule| orders::registers(&sessions, FailedSet::DidNotHappen, rule);
        assert_eq!(finding.word() == "holds", says(right), "{sketch}");
        assert_ne!(says(wrong), says(right), "{wrong:?} is not caught by {sketch}");
        expected.assert_eq(finding.word());
    };
    let linearizable = Rule::Linearizable;
    check(Rule::OpenIsDone, linearizable, "pacific {r(x,1) w(x,2)}?@1..", expect!["holds"]);
    check(Rule::OpenHasFailed, linearizable, "pacific w(x,1)?@1..\nindian r(x,1)@2..3", expect!["holds"]);
    check(Rule::Sequential, linearizable, "pacific w(x,1)@1..2\nindian r(x,nil)@3..4", expect!["violated"]);
    check(
        Rule::TouchingIsBefore,
        linearizable,
        "pacific w(x,1)@1..2\nindian r(x,nil)@2..3",
        expect!["holds"],
    );
    check(
        Rule::OpenEnds,
        linearizable,
        "pacific w(x,1)?@1.. w(y,1)@5..9\nindian r(x,nil)@6..7 r(x,1)@8..9",
        expect!["holds"],
    );
    check(Rule::NoInitialValue, linearizable, "indian r(x,7)@1..2", expect!["violated"]);
    let sequential = Rule::Sequential;
    check(Rule::Linearizable, sequential, "pacific w(x,1)@1..2\nindian r(x,nil)@3..4", expect!["holds"]);
    check(
        Rule::NoSessions,
        sequential,
        "pacific r(x,1)\nindian r(x,nil) w(x,1) r(x,nil)",
        expect!["violated"],
    );
    check(
        Rule::EachAlone,
        sequential,
        "pacific w(x,1) r(y,nil)\nindian w(y,1) r(x,nil)",
        expect!["violated"],
    );
}

/// Every history in which sessions do so many operations on one key, at all different times: a write of a value of its own,
/// a read of the initial value, or of that of one of the others.
fn every(lengths: &[usize], mut check: impl FnMut(&Sessions)) {
    let total: usize = lengths.iter().sum();
    let mut orders = Vec::new();
    interleavings(&lengths.iter().map(|length| length * 2).collect::<Vec<_>>(), &mut Vec::new(), &mut orders);
    let choices = total + 1;
    for order in &orders {
        for code in 0..choices.pow(total as u32) {
            if let Some(sessions) = build(lengths, order, code) {
                check(&sessions);
            }
        }
    }
}

/// All orders of so many events of each session.
fn interleavings(left: &[usize], order: &mut Vec<usize>, orders: &mut Vec<Vec<usize>>) {
    if left.iter().all(|count| *count == 0) {
        orders.push(order.clone());
    }
    for (session, _) in left.iter().enumerate().filter(|(_, count)| **count > 0) {
        let mut rest = left.to_vec();
        rest[session] -= 1;
        order.push(session);
        interleavings(&rest, order, orders);
        order.pop();
    }
}

/// What digit n of `code` makes operation n do: 0 writes n + 1, k reads what the kth other one wrote, the last reads nothing.
fn build(lengths: &[usize], order: &[usize], code: usize) -> Option<Sessions> {
    let total: usize = lengths.iter().sum();
    let digits: Vec<usize> = (0..total as u32).map(|nth| code / (total + 1).pow(nth) % (total + 1)).collect();
    let mut sessions = Sessions::new(Timing::Recorded);
    let x = sessions.key("x").expect("few");
    let mut nth = 0;
    for (line, length) in lengths.iter().enumerate() {
        let session = sessions.session(["a", "b", "c"][line]).expect("few");
        let times: Vec<u64> =
            (1..).zip(order).filter(|(_, whose)| **whose == line).map(|(time, _)| time).collect();
        for step in 0..*length {
            let access = match digits[nth] {
                0 => Access::write(x, Value::number(nth as u64 + 1)?),
                read if read == total => Access::read(x, Value::NOTHING),
                read => {
                    let other = (nth + read) % total;
                    if digits[other] != 0 {
                        return None;
                    }
                    Access::read(x, Value::number(other as u64 + 1)?)
                }
            };
            let (invoked, returned) = (times[step * 2], times[step * 2 + 1]);
            let transaction = Transaction { session, outcome: Outcome::Committed, invoked, returned };
            sessions.push(transaction, &[access]).expect("in order");
            nth += 1;
        }
    }
    Some(sessions)
}

#[test]
fn the_twin_agrees_on_every_small_history() {
    for lengths in [&[2, 2][..], &[2, 1, 1], &[1, 1, 1], &[4]] {
        every(lengths, |sessions| {
            for (model, rule) in [("linearizable", Rule::Linearizable), ("sequential", Rule::Sequential)] {
                let finding = judge(model, sessions);
                let twin = orders::registers(sessions, FailedSet::DidNotHappen, rule);
                assert_eq!(finding.word() == "holds", twin, "{sessions}\n{}", told(sessions, &finding));
            }
        });
    }
}

/// Session, outcome, how long after the last, how long it takes, key, kind, two values.
type Drawn = (u8, u8, u8, u8, u8, u8, u8, u8);

/// What is written.
#[derive(Clone, Copy, Debug)]
enum Values {
    /// Few, so that most are written twice.
    Few,
    /// Each once, and no compare-and-set, so that zones can judge.
    Once,
}

fn from_drawn(drawn: &[Drawn], values: Values) -> Sessions {
    let mut sessions = Sessions::new(Timing::Recorded);
    let mut now = [0; 3];
    for (nth, (whose, outcome, gap, length, key, kind, one, other)) in (1..).zip(drawn) {
        let whose = usize::from(whose % 3);
        let session = sessions.session(["a", "b", "c"][whose]).expect("few");
        let key = sessions.key(["x", "y"][usize::from(*key > 200)]).expect("few");
        let outcome = match outcome % 8 {
            0 => Outcome::Unknown,
            1 => Outcome::Aborted,
            _ => Outcome::Committed,
        };
        let few = |number: u8| value(u64::from(number % 4));
        let invoked = now[whose] + u64::from(gap % 4);
        let returned = invoked + u64::from(length % 5);
        now[whose] = if outcome == Outcome::Unknown { invoked } else { returned };
        let returned = if outcome == Outcome::Unknown { Transaction::NEVER } else { returned };
        let accesses = match (values, kind % 5) {
            (Values::Few, 0 | 1) => vec![Access::write(key, few(*one))],
            (Values::Few, 2 | 3) => vec![Access::read(key, few(*one))],
            (Values::Few, _) => vec![Access::read(key, few(*one)), Access::write(key, few(*other))],
            (_, 0 | 1) => vec![Access::write(key, value(nth))],
            // Mostly of what was written about then, so that not all is thin air.
            _ => vec![Access::read(key, value((nth + 2).saturating_sub(u64::from(one % 6))))],
        };
        sessions.push(Transaction { session, outcome, invoked, returned }, &accesses).expect("in order");
    }
    sessions
}

/// A register that is right but for one read, of an older or newer value: each operation takes effect at a moment within. With
/// open compare-and-sets beside of what nobody writes, only a search can judge.
fn played(drawn: &[Drawn], wrong: usize, beside: u64) -> Sessions {
    let mut now = [0; 3];
    let mut operations: Vec<(u64, usize, u64, u64, bool)> = Vec::new();
    for (whose, at, gap, length, _, kind, _, _) in drawn {
        let whose = usize::from(whose % 3);
        let (gap, length) = (u64::from(gap % 4) + 1, u64::from(length % 8));
        let (invoked, returned) = (now[whose] + gap, now[whose] + gap + length);
        now[whose] = returned;
        operations.push((invoked + u64::from(*at) % (length + 1), whose, invoked, returned, kind % 3 == 0));
    }
    operations.sort_unstable();
    let mut sessions = Sessions::new(Timing::Recorded);
    let x = sessions.key("x").expect("few");
    let mut held = 0;
    for (nth, (_, whose, invoked, returned, is_write)) in (0..).zip(operations) {
        let session = sessions.session(["a", "b", "c"][whose]).expect("few");
        held += u64::from(is_write);
        let shown = if nth == wrong { held.saturating_sub(1 + whose as u64) } else { held };
        let access = if is_write { Access::write(x, value(held)) } else { Access::read(x, value(shown)) };
        let outcome = Outcome::Committed;
        sessions.push(Transaction { session, outcome, invoked, returned }, &[access]).expect("in order");
    }
    for nth in 0..beside {
        let session = sessions.session("d").expect("few");
        let nobody = Value::number(1000 + nth).expect("small");
        let open =
            Transaction { session, outcome: Outcome::Unknown, invoked: nth, returned: Transaction::NEVER };
        let set = [Access::read(x, nobody), Access::write(x, nobody)];
        sessions.push(open, &set).expect("in order");
    }
    sessions
}

fn agrees(sessions: &Sessions, failed_set: FailedSet) -> Result<(), TestCaseError> {
    shifted::of_sessions(sessions).iter().try_for_each(|sessions| agrees_as_it_is(sessions, failed_set))
}

fn agrees_as_it_is(sessions: &Sessions, failed_set: FailedSet) -> Result<(), TestCaseError> {
    let words =
        [("linearizable", Rule::Linearizable), ("sequential", Rule::Sequential)].map(|(model, rule)| {
            let recorded = Recorded::from(sessions).with_failed_set(failed_set);
            let model = models::find(model).expect("it is there");
            let finding = model.judge(&recorded, &mut Patience::new(Budget::default()));
            (finding, orders::registers(sessions, failed_set, rule))
        });
    for (finding, twin) in &words {
        prop_assert_eq!(finding.word() == "holds", *twin, "{}\n{}", sessions, told(sessions, finding));
        // What causal consistency found rests on more than it names.
        let is_own = |found: &str| std::ptr::eq(finding, &words[0].0) || found.starts_with("no order ");
        if let Finding::Violated(anomaly) = finding
            && is_own(&anomaly.found)
        {
            let alone = sessions.sub(&anomaly.transactions);
            let rule = if std::ptr::eq(finding, &words[0].0) { Rule::Linearizable } else { Rule::Sequential };
            prop_assert!(
                !orders::registers(&alone, failed_set, rule),
                "{}\nis no evidence for\n{}",
                alone,
                sessions
            );
        }
    }
    prop_assert!(!words[0].1 || words[1].1, "linearizable implies sequential:\n{}", sessions);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_twin_agrees_on_random_histories(
        drawn in proptest::collection::vec(any::<Drawn>(), 1..7),
        asserts in any::<bool>(),
    ) {
        let failed_set = if asserts { FailedSet::AssertsMismatch } else { FailedSet::DidNotHappen };
        agrees(&from_drawn(&drawn, Values::Few), failed_set)?;
    }

    #[test]
    fn the_twin_agrees_on_random_histories_that_write_each_value_once(
        drawn in proptest::collection::vec(any::<Drawn>(), 1..8),
    ) {
        agrees(&from_drawn(&drawn, Values::Once), FailedSet::DidNotHappen)?;
    }

    #[test]
    fn zones_and_the_search_agree_on_longer_histories(
        drawn in proptest::collection::vec(any::<Drawn>(), 5..40),
        wrong in 0..60_usize,
    ) {
        let [zones, search] = [0, 2].map(|beside| played(&drawn, wrong, beside));
        let [one, other] = [&zones, &search].map(|sessions| judge("linearizable", sessions));
        prop_assert_eq!(one.word(), other.word(), "{}\n{}", zones, told(&zones, &one));
        prop_assert!(wrong < drawn.len() || one == Finding::Holds, "{}\n{}", zones, told(&zones, &one));
    }
}

//! Evidence of objects: where a history is right but for one operation, that one alone is shown.

use constellation_trace::History;
use constellation_verify::models::{
    self, FailedSet, Finding, Linearizable, Mutex, Queue, Recorded, Register, Sequential, Set, Specification,
};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::objects::{history, patience};

/// Kind, value, other value, and how far it reaches before and behind its moment.
type Drawn = (u8, u8, u8, u8, u8);

/// A history that `does` brings about, one operation after the other at moments within each of them, with one more at the end
/// that nothing explains.
fn with_one_wrong(drawn: &[Drawn], wrong: &str, mut does: impl FnMut(u8, u8, u8) -> String) -> History {
    let mut lines: Vec<(u64, String)> = (0..)
        .zip(drawn)
        .map(|(nth, (kind, value, other, before, behind))| {
            let moment = 100 + nth * 10;
            let (invoked, returned) = (moment - u64::from(before % 40), moment + u64::from(behind % 40));
            (invoked, format!("{nth} {invoked}..{returned} {}", does(*kind, value % 3, other % 3)))
        })
        .collect();
    lines.push((10_000, format!("{} 10000..10001 {wrong}", drawn.len())));
    lines.sort();
    history(&lines.into_iter().map(|(_, line)| line).collect::<Vec<_>>().join("\n"))
}

fn only_the_last<S: Specification>(specification: &S, history: &History) -> Result<(), TestCaseError> {
    let findings = [
        Linearizable::judge_as(specification, history, &mut patience()),
        Sequential::judge_as(specification, history, &mut patience()),
    ];
    for finding in findings {
        let Finding::Violated(anomaly) = finding else { panic!("nothing explains the last: {finding:?}") };
        let shown: Vec<usize> = anomaly.transactions.iter().map(|id| id.index()).collect();
        prop_assert_eq!(shown, vec![history.operations().len() - 1], "{}: {:?}", anomaly.found, history);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_right_of_a_queue_is_no_evidence(drawn in proptest::collection::vec(any::<Drawn>(), 1..14)) {
        let mut held = std::collections::VecDeque::new();
        let history = with_one_wrong(&drawn, "dequeue = 9", |kind, value, _| {
            if kind % 2 == 0 {
                held.push_back(value);
                format!("enqueue {value}")
            } else {
                held.pop_front().map_or("dequeue =".to_owned(), |first| format!("dequeue = {first}"))
            }
        });
        only_the_last(&Queue, &history)?;
    }

    #[test]
    fn what_is_right_of_a_register_is_no_evidence(drawn in proptest::collection::vec(any::<Drawn>(), 1..14)) {
        let mut held = None;
        let history = with_one_wrong(&drawn, "read x = 9", |kind, value, other| match kind % 4 {
            0 => {
                held = Some(value);
                format!("write x {value}")
            }
            1 | 2 if held != Some(value) => format!("set x {value} {other} = failed"),
            1 | 2 => {
                held = Some(other);
                format!("set x {value} {other}")
            }
            _ => held.map_or("read x =".to_owned(), |held| format!("read x = {held}")),
        });
        only_the_last(&Register { failed_set: FailedSet::AssertsMismatch }, &history)?;
    }

    #[test]
    fn what_is_right_of_a_set_is_no_evidence(drawn in proptest::collection::vec(any::<Drawn>(), 1..14)) {
        let mut held = std::collections::BTreeSet::new();
        let history = with_one_wrong(&drawn, "contains s 9 = true", |kind, value, other| match (kind % 4, other) {
            (0, 0) => {
                held.insert(value);
                format!("add s {value}")
            }
            (0, _) => format!("add s {value} = {}", held.insert(value)),
            (1, 0) => {
                held.remove(&value);
                format!("remove s {value}")
            }
            (1, _) => format!("remove s {value} = {}", held.remove(&value)),
            (2, _) => format!("contains s {value} = {}", held.contains(&value)),
            _ => format!("read s = {}", held.iter().map(u8::to_string).collect::<Vec<_>>().join(" ")),
        });
        only_the_last(&Set, &history)?;
    }
}

#[test]
fn of_values_that_come_twice_no_evidence_is_wrong_for_another_reason() {
    let named = |model: &str, text: &str, failed_set| {
        let history = history(text);
        let model = models::find(model).expect("it is there");
        let recorded = Recorded::from(&history).with_failed_set(failed_set);
        let Finding::Violated(anomaly) = model.judge(&recorded, &mut patience()) else { panic!("{text}") };
        let lines: Vec<&str> = text.lines().collect();
        anomaly.transactions.iter().map(|id| lines[id.index()].trim()).collect::<Vec<_>>().join("\n")
    };
    let check = |text: &str, expected: Expect| {
        expected.assert_eq(&named("linearizable", text, FailedSet::AssertsMismatch));
    };
    // Both ones are there and both are taken; only the nine is out of thin air.
    check(
        "0 1..9 enqueue 1\n1 1..9 enqueue 7\n2 1..9 enqueue 1\n3 1..9 dequeue = 7\n4 1..9 dequeue = 1\n5 1..9 dequeue = 1\n6 1..9 dequeue = 9",
        expect!["6 1..9 dequeue = 9"],
    );
    // What was taken is in nobody's way.
    check(
        "0 1..2 enqueue 1\n0 3..4 enqueue 2\n0 5..6 enqueue 3\n0 7..8 enqueue 3\n1 9..10 dequeue = 1\n1 11..12 dequeue = 2\n1 13..14 dequeue = 4",
        expect!["1 13..14 dequeue = 4"],
    );
    // Whoever sees all sees what was taken away not to be there.
    check(
        "0 1..2 add s 1\n0 3..4 add s 1\n0 5..6 remove s 1 = true\n0 7..8 remove s 2\n1 9..10 contains s 1 = false\n0 9..10 add s 3\n1 11..12 read s = 2",
        expect![[r#"
            0 3..4 add s 1
            0 5..6 remove s 1 = true
            0 7..8 remove s 2
            1 11..12 read s = 2"#]],
    );
    check(
        "0 1..2 write x 1\n0 3..4 write x 2\n0 5..6 write x 1\n0 7..8 read x = 1\n1 9..10 write x 3\n1 11..12 read x = 2",
        expect![[r#"
            0 3..4 write x 2
            1 9..10 write x 3
            1 11..12 read x = 2"#]],
    );
    // That one was not there is no wonder, since it had been overwritten.
    check(
        "0 1..2 write x 1\n0 3..4 write x 2\n0 5..6 set x 1 5 = failed\n0 7..8 set x 3 4",
        expect!["0 7..8 set x 3 4"],
    );
    check(
        "0 1..2 write x 1\n0 3..4 write x 2\n0 5..6 write x 1\n0 7..8 set x 1 5 = failed",
        expect!["0 5..6 write x 1\n0 7..8 set x 1 5 = failed"],
    );
}

#[test]
fn a_session_that_goes_back_in_time_is_evidence_though_its_operations_lead_back_to_where_a_mutex_was() {
    // By time it is acquired and released again; by its session it is released first.
    let text = "0 10..11 release\n0 5..6 acquire";
    let finding = Linearizable::judge_as(&Mutex, &history(text), &mut patience());
    let Finding::Violated(anomaly) = finding else { panic!("{finding:?}") };
    let mut shown: Vec<usize> = anomaly.transactions.iter().map(|id| id.index()).collect();
    shown.sort_unstable();
    assert_eq!(shown, [0, 1], "{}", anomaly.found);
}

#[test]
fn what_led_back_to_where_a_mutex_was_is_no_evidence() {
    let check = |last: &str, expected: &[usize]| {
        let pair = |nth: u64| {
            let at = nth * 10;
            let [one, two] = [at + 1, at + 5];
            format!("0 {one}..{} acquire\n0 {two}..{} release\n", one + 1, two + 1)
        };
        let text = (0..60).map(pair).collect::<String>() + last;
        let finding = Linearizable::judge_as(&Mutex, &history(&text), &mut patience());
        let Finding::Violated(anomaly) = finding else { panic!("{finding:?}: {text}") };
        let mut shown: Vec<usize> = anomaly.transactions.iter().map(|id| id.index()).collect();
        shown.sort_unstable();
        assert_eq!(shown, expected, "{}", anomaly.found);
    };
    check("1 1001..1002 acquire\n2 1003..1004 acquire", &[120, 121]);
    check("1 1001..1002 release", &[120]);
    check("1 1001..1009 acquire\n2 1003..1004 acquire", &[120, 121]);
    // What stays open may have been at any later time, so what comes after its beginning is shown.
    check(
        "3 900.. release\n1 1001..1002 acquire\n2 1003..1004 acquire\n4 1005..1006 acquire",
        &[120, 121, 122, 123],
    );
}

#[test]
fn one_who_took_nobody_knows_what_keeps_nothing_that_is_right_as_evidence() {
    let check = |last: &str, expected: &[usize]| {
        let pair = |nth: u64| {
            let at = nth * 10;
            let [one, two] = [at + 1, at + 5];
            format!("0 {one}..{} enqueue {nth}\n0 {two}..{} dequeue = {nth}\n", one + 1, two + 1)
        };
        let text = (0..30).map(pair).collect::<String>() + last;
        let history = history(&text);
        let model = models::find("linearizable").expect("it is there");
        let Finding::Violated(anomaly) = model.judge(&Recorded::from(&history), &mut patience()) else {
            panic!("{text}")
        };
        let shown: Vec<usize> = anomaly.transactions.iter().map(|id| id.index()).collect();
        assert_eq!(shown, expected, "{}", anomaly.found);
    };
    check("0 901..902 dequeue\n1 1001..1002 dequeue = 77", &[61]);
    check("0 901..902 dequeue\n1 1001..1002 dequeue = 7", &[14, 15, 61]);
    // The first was taken by the one who was not told, and the second nobody took.
    check(
        "1 890..892 enqueue 70\n1 893..894 enqueue 71\n1 895..896 enqueue 72\n0 901..902 dequeue\n1 1001..1002 dequeue = 72",
        &[60, 61, 62, 63, 64],
    );
}

//! Queues, sets and lists whose values come once are judged without a search, and as the search and the twin do.

use std::cell::RefCell;
use std::collections::VecDeque;

use constellation_trace::{Call, Completion, History};
use constellation_verify::Budget;
use constellation_verify::models::{
    self, Finding, Linearizable, List, Object, Patience, Queue, Recorded, Set, Specification,
};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::objects::{Drawn, from_drawn, history, patience};
use super::orders::{self, Rule};
use super::shifted;

fn quick(history: &History, object: Object) -> Finding {
    let linearizable = models::find("linearizable").expect("it is there");
    linearizable.judge(&Recorded::from(history).with_object(object), &mut patience())
}

fn check(object: Object, text: &str, expected: Expect) {
    let finding = quick(&history(text), object);
    let lines: Vec<&str> = text.lines().collect();
    expected.assert_eq(&match finding {
        Finding::Holds => "holds".to_owned(),
        Finding::Unknown(limit) => format!("unknown: {limit}"),
        Finding::Violated(anomaly) => {
            let shown = anomaly.transactions.iter().map(|id| format!("\n  {}", lines[id.index()].trim()));
            anomaly.found + &shown.collect::<String>()
        }
    });
}

#[test]
fn of_a_queue_the_smallest_part_that_cannot_be_is_shown() {
    let check = |text: &str, expected| check(Object::Queue, text, expected);
    check(
        "0 1..2 dequeue = 1",
        expect![[r#"
        no order explains s0 dequeue shows "1"
          0 1..2 dequeue = 1"#]],
    );
    check(
        "0 1..2 dequeue = 1\n1 3..4 enqueue 1",
        expect![[r#"
            no order of these 2 that respects their times explains them; none gets further than s0 dequeue shows "1"
              0 1..2 dequeue = 1
              1 3..4 enqueue 1"#]],
    );
    check(
        "0 1..2 enqueue 1\n1 3..4 dequeue = 1\n2 3..4 dequeue = 1",
        expect![[r#"
        no order of these 3 that respects their times explains them; none gets further than s2 dequeue shows "1"
          0 1..2 enqueue 1
          1 3..4 dequeue = 1
          2 3..4 dequeue = 1"#]],
    );
    check(
        "0 1..2 enqueue 1\n0 3..4 enqueue 2\n0 5..6 enqueue 3\n1 7..8 dequeue = 1\n1 9..10 dequeue = 3\n1 11..12 dequeue = 2",
        expect![[r#"
            no order of these 4 that respects their times explains them; none gets further than s1 dequeue shows "3"
              0 3..4 enqueue 2
              0 5..6 enqueue 3
              1 9..10 dequeue = 3
              1 11..12 dequeue = 2"#]],
    );
    check("0 1..4 enqueue 1\n1 3..5 enqueue 2\n2 6..7 dequeue = 2\n2 8..9 dequeue = 1", expect!["holds"]);
}

#[test]
fn a_dequeue_finds_nothing_only_where_nothing_was() {
    let check = |text: &str, expected| check(Object::Queue, text, expected);
    // One value or another was there all the time, though none of them was.
    check(
        "0 1..2 enqueue 1\n1 4..5 enqueue 2\n2 7..9 dequeue = 1\n3 3..12 dequeue =\n4 13..14 dequeue = 2",
        expect![[r#"
            no order of these 5 that respects their times explains them; none gets further than s3 dequeue shows nothing
              0 1..2 enqueue 1
              1 4..5 enqueue 2
              2 7..9 dequeue = 1
              3 3..12 dequeue =
              4 13..14 dequeue = 2"#]],
    );
    // At 7 the first may be gone and the second not yet there.
    check(
        "0 1..2 enqueue 1\n1 4..7 enqueue 2\n2 7..9 dequeue = 1\n3 3..12 dequeue =\n4 13..14 dequeue = 2",
        expect!["holds"],
    );
    check("0 1..2 enqueue 1\n1 3..4 dequeue =\n2 1.. dequeue", expect!["holds"]);
    check(
        "0 1..2 enqueue 1\n1 3..4 dequeue =\n2 5.. dequeue",
        expect![[r#"
        no order of these 3 that respects their times explains them; none gets further than s1 dequeue shows nothing
          0 1..2 enqueue 1
          1 3..4 dequeue =
          2 5.. dequeue"#]],
    );
}

#[test]
fn an_open_dequeue_may_have_taken_what_is_missing_but_only_one() {
    let check = |text: &str, expected| check(Object::Queue, text, expected);
    let put = "0 1..2 enqueue 1\n0 3..4 enqueue 2\n0 5..6 enqueue 3\n1 7..8 dequeue = 3\n";
    check(&format!("{put}2 1.. dequeue\n3 1.. dequeue"), expect!["holds"]);
    check(
        &format!("{put}2 1.. dequeue"),
        expect![[r#"
        no order of these 5 that respects their times explains them; none gets further than s1 dequeue shows "3"
          0 1..2 enqueue 1
          0 3..4 enqueue 2
          0 5..6 enqueue 3
          1 7..8 dequeue = 3
          2 1.. dequeue"#]],
    );
    check(
        &format!("{put}2 1.. dequeue\n3 9.. dequeue"),
        expect![[r#"
        no order of these 6 that respects their times explains them; none gets further than s1 dequeue shows "3"
          0 1..2 enqueue 1
          0 3..4 enqueue 2
          0 5..6 enqueue 3
          1 7..8 dequeue = 3
          2 1.. dequeue
          3 9.. dequeue"#]],
    );
    check("0 1.. enqueue 1\n0 3..4 enqueue 2\n1 7..8 dequeue = 2", expect!["holds"]);
    check("0 1.. enqueue 1\n2 3..4 enqueue 2\n1 7..8 dequeue = 2\n1 9..10 dequeue = 1", expect!["holds"]);
}

#[test]
fn a_set_is_judged_value_by_value() {
    let check = |text: &str, expected| check(Object::Set, text, expected);
    check(
        "0 1..2 add 1\n1 3..4 contains 1 = false",
        expect![[r#"
        no order of these 2 that respects their times explains them; none gets further than s1 contains 1 shows "false"
          0 1..2 add 1
          1 3..4 contains 1 = false"#]],
    );
    check(
        "0 1..9 add 1\n1 3..4 contains 1 = true\n2 5..6 contains 1 = false",
        expect![[r#"
        no order of these 3 that respects their times explains them; none gets further than s2 contains 1 shows "false"
          0 1..9 add 1
          1 3..4 contains 1 = true
          2 5..6 contains 1 = false"#]],
    );
    check(
        "0 1..9 add 1\n1 3..4 contains 1 = true\n3 5..20 remove 1\n2 5..6 contains 1 = false\n2 7..8 contains 1 = true",
        expect![[r#"
            no order of these 5 that respects their times explains them; none gets further than s2 contains 1 shows "true"
              0 1..9 add 1
              1 3..4 contains 1 = true
              3 5..20 remove 1
              2 5..6 contains 1 = false
              2 7..8 contains 1 = true"#]],
    );
    check(
        "0 1..2 add 1\n1 3..4 remove 1 = true\n2 3..4 remove 1 = true",
        expect![[r#"
        no order of these 3 that respects their times explains them; none gets further than s2 remove 1 shows "true"
          0 1..2 add 1
          1 3..4 remove 1 = true
          2 3..4 remove 1 = true"#]],
    );
}

#[test]
fn what_is_shown_of_a_whole_set_grows() {
    let check = |text: &str, expected| check(Object::Set, text, expected);
    let add = "0 1..9 add s 1\n1 1..9 add s 2\n2 1..9 add s 3\n";
    check(
        &format!("{add}3 1..9 read s = 1 2\n4 1..9 read s = 2 3"),
        expect![[r#"
        s4 read s shows "2" | "3" shows s2 add s 3 and misses s0 add s 1, s3 read s shows "1" | "2" the other way round
          0 1..9 add s 1
          2 1..9 add s 3
          3 1..9 read s = 1 2
          4 1..9 read s = 2 3"#]],
    );
    check(
        &format!("{add}3 1..9 read s = 1\n4 1..9 read s = 4 1"),
        expect![[r#"
        s4 read s shows "4" | "1" shows what nobody added
          4 1..9 read s = 4 1"#]],
    );
    check(
        &format!("{add}3 2..3 read s = 1 2\n4 4..5 read s = 1"),
        expect![[r#"
        s4 read s shows "1" misses s1 add s 2, which s3 read s shows "1" | "2" had shown before it began
          1 1..9 add s 2
          3 2..3 read s = 1 2
          4 4..5 read s = 1"#]],
    );
    check(
        &format!("{add}3 10..11 read s = 1 2"),
        expect![[r#"
        s3 read s shows "1" | "2" misses s2 add s 3, which was over before it began
          2 1..9 add s 3
          3 10..11 read s = 1 2"#]],
    );
    check(
        "0 1..2 add s 1\n0 3..4 add s 2\n1 1..9 read s = 2\n1 10..11 read s = 1 2",
        expect![[r#"
        s1 read s shows "2" shows s0 add s 2 before s0 add s 1, which was over before that began
          0 1..2 add s 1
          0 3..4 add s 2
          1 1..9 read s = 2"#]],
    );
    check(
        "0 3..4 add s 1\n1 1..2 read s = 1",
        expect![[r#"
        s1 read s shows "1" was over before s0 add s 1 began, which it shows
          1 1..2 read s = 1
          0 3..4 add s 1"#]],
    );
    check("0 1.. add s 1\n1 3..4 read s =\n1 5..6 read s = 1", expect!["holds"]);
}

#[test]
fn what_is_shown_of_a_list_begins_what_is_shown_later() {
    let check = |text: &str, expected| check(Object::List, text, expected);
    let append = "0 1..9 append x 1\n1 1..9 append x 2\n2 1..9 append x 3\n";
    check(
        &format!("{append}3 1..9 read x = 1 2\n4 1..9 read x = 2 1 3"),
        expect![[r#"
        s3 r(x,[1,2]) shows 1 where s4 r(x,[2,1,3]) shows 2, of what was appended as number 1
          4 1..9 read x = 2 1 3
          3 1..9 read x = 1 2"#]],
    );
    check(
        &format!("{append}3 1..9 read x = 1 4"),
        expect![[r#"
        s3 r(x,[1,4]) shows 4 in x, which nobody appended
          3 1..9 read x = 1 4"#]],
    );
    check(
        &format!("{append}3 1..9 read x = 1 1"),
        expect![[r#"
        s3 r(x,[1,1]) shows 1 twice in x, which s0 a(x,1) appended once
          3 1..9 read x = 1 1
          0 1..9 append x 1"#]],
    );
    check(
        &format!("{append}3 2..3 read x = 1 2\n4 4..5 read x = 1"),
        expect![[r#"
        s4 r(x,[1]) misses s1 a(x,2), which s3 r(x,[1,2]) had shown before it began
          3 2..3 read x = 1 2
          4 4..5 read x = 1
          1 1..9 append x 2"#]],
    );
    check(
        &format!("{append}3 10..11 read x = 1 2"),
        expect![[r#"
        s3 r(x,[1,2]) misses s2 a(x,3), which was over before it began
          2 1..9 append x 3
          3 10..11 read x = 1 2"#]],
    );
    check(
        "0 1..2 append x 1\n0 3..4 append x 2\n1 1..9 read x = 2 1",
        expect![[r#"
        s1 r(x,[2,1]) shows s0 a(x,2) before s0 a(x,1), which was over before that began
          0 1..2 append x 1
          0 3..4 append x 2
          1 1..9 read x = 2 1"#]],
    );
    check(
        "0 3..4 append x 1\n1 1..2 read x = 1",
        expect![[r#"
        s1 r(x,[1]) was over before s0 a(x,1) began, which it shows
          1 1..2 read x = 1
          0 3..4 append x 1"#]],
    );
    check("0 1.. append x 1\n1 3..4 read x =\n1 5..6 read x = 1", expect!["holds"]);
}

/// The history without those operations.
fn without(all: &History, is_forgotten: impl Fn(&Call, Option<&Completion>) -> bool) -> History {
    let kept = all.operations().iter().filter(|operation| {
        !is_forgotten(&operation.call, operation.completed.as_ref().map(|(_, completion)| completion))
    });
    History::new(kept.cloned().collect())
}

fn forgets_the_empty_dequeue(all: &History) -> History {
    without(all, |_, completion| matches!(completion, Some(Completion::Shows(shown)) if shown.is_empty()))
}

fn forgets_what_is_open(all: &History) -> History {
    without(all, |_, completion| completion.is_none())
}

fn forgets_what_was_not_taken(all: &History) -> History {
    let taken = |value: &str| {
        all.operations().iter().any(|operation| {
            matches!(&operation.completed, Some((_, Completion::Shows(shown))) if shown == &[value.to_owned()])
        })
    };
    without(
        all,
        |call, _| matches!(call, Call::Other { name, argument } if name == "enqueue" && !taken(argument)),
    )
}

/// A judge that forgets something, by name, and a history that shows it: what the two judges say.
type Planted = (&'static str, fn(&History) -> History, Object, &'static str, [&'static str; 2]);

#[test]
fn each_judge_of_queues_and_sets_that_forgets_something_is_caught() {
    let planted: [Planted; 6] = [
        (
            "forgets the empty dequeue",
            forgets_the_empty_dequeue,
            Object::Queue,
            "0 1..2 enqueue 1\n1 3..4 dequeue =",
            ["violated", "holds"],
        ),
        (
            "forgets the empty dequeue",
            forgets_the_empty_dequeue,
            Object::Queue,
            "0 1..2 enqueue 1\n1 4..5 enqueue 2\n2 7..9 dequeue = 1\n3 3..12 dequeue =\n4 13..14 dequeue = 2",
            ["violated", "holds"],
        ),
        (
            "forgets what is open",
            forgets_what_is_open,
            Object::Queue,
            "0 1..2 enqueue 1\n0 3..4 enqueue 2\n1 5..6 dequeue = 2\n2 1.. dequeue",
            ["holds", "violated"],
        ),
        (
            "forgets what is open",
            forgets_what_is_open,
            Object::Queue,
            "0 1.. enqueue 1\n1 5..6 dequeue = 1",
            ["holds", "violated"],
        ),
        (
            "forgets what was not taken",
            forgets_what_was_not_taken,
            Object::Queue,
            "0 1..2 enqueue 1\n0 3..4 enqueue 2\n1 5..6 dequeue = 2",
            ["violated", "holds"],
        ),
        (
            "forgets what is open",
            forgets_what_is_open,
            Object::Set,
            "0 1.. add 1\n1 5..6 contains 1 = true",
            ["holds", "violated"],
        ),
    ];
    for (name, forgets, object, text, expected) in planted {
        let all = history(text);
        let words = [quick(&all, object).word(), quick(&forgets(&all), object).word()];
        assert_eq!(words, expected, "a judge that {name}, of\n{text}");
    }
}

/// What the quick judge, the search and, of short ones, the twin say, also at the end of time.
pub(crate) fn agrees<S: Specification>(
    spec: &S,
    history: &History,
    object: Object,
) -> Result<(), TestCaseError> {
    shifted::histories(history).iter().try_for_each(|history| agrees_as_it_is(spec, history, object))
}

fn agrees_as_it_is<S: Specification>(
    spec: &S,
    history: &History,
    object: Object,
) -> Result<(), TestCaseError> {
    let shown =
        || history.operations().iter().map(|operation| format!("{operation:?}\n")).collect::<String>();
    let quick = quick(history, object);
    let search = Linearizable::judge_as(spec, history, &mut patience());
    prop_assert_eq!(quick.word(), search.word(), "{:?}\n{:?}\n{}", quick, search, shown());
    if history.operations().len() <= 7 {
        let ops = orders::of_history(spec, history).expect("all are operations of it");
        let twin = orders::is_explained(spec, &ops, Rule::Linearizable);
        prop_assert_eq!(quick.word(), if twin { "holds" } else { "violated" }, "{:?}\n{}", quick, shown());
    }
    if let Finding::Violated(anomaly) = quick {
        let mut kept: Vec<_> = anomaly.transactions.clone();
        kept.sort_unstable();
        let kept = kept.iter().map(|id| history.operations()[id.index()].clone()).collect();
        let alone = Linearizable::judge_as(spec, &History::new(kept), &mut patience());
        prop_assert_eq!(alone.word(), "violated", "no evidence: {:?} of\n{}", anomaly, shown());
    }
    Ok(())
}

/// A history in which each operation takes effect at a moment within, but for one that is as `wrong` says: `word` makes the
/// call and what it shows at its moment, told whether it is the wrong one.
pub(crate) fn played(drawn: &[Drawn], wrong: usize, mut word: impl FnMut(u8, u8, bool) -> String) -> History {
    let mut now = [0_u64; 4];
    let mut spans: Vec<(u64, usize, u64, Option<u64>, u8, u8)> = Vec::new();
    let mut sessions = [0, 1, 2, 3];
    for (whose, gap, length, kind, value, moment) in drawn {
        let whose = usize::from(whose % 4);
        let (gap, length) = (u64::from(gap % 4) + 1, u64::from(length % 16));
        let invoked = now[whose] + gap;
        let at = invoked + u64::from(*moment) % (length + 1);
        let is_open = value % 16 == 15;
        now[whose] = if is_open { invoked } else { invoked + length };
        spans.push((at, sessions[whose], invoked, (!is_open).then_some(invoked + length), *kind, *value));
        sessions[whose] += if is_open { 4 } else { 0 };
    }
    spans.sort_unstable();
    let mut lines: Vec<(u64, String)> = Vec::new();
    for (nth, (_, session, invoked, returned, kind, value)) in spans.into_iter().enumerate() {
        let said = word(kind, value, nth == wrong);
        let line = match returned {
            Some(returned) => format!("{session} {invoked}..{returned} {said}"),
            None => format!("{session} {invoked}.. {}", said.split(" =").next().unwrap_or_default()),
        };
        lines.push((invoked, line));
    }
    lines.sort();
    history(&lines.into_iter().map(|(_, line)| line).collect::<Vec<_>>().join("\n"))
}

fn a_queue(drawn: &[Drawn], wrong: usize) -> History {
    let mut held = VecDeque::new();
    let mut next = 0;
    played(drawn, wrong, |kind, value, is_wrong| match kind % 2 {
        0 => {
            held.push_back(next);
            next += 1;
            format!("enqueue {}", next - 1)
        }
        _ if is_wrong && value % 3 == 0 => "dequeue =".to_owned(),
        _ => {
            let place = if is_wrong { usize::from(value % 3) } else { 0 };
            held.remove(place).map_or("dequeue =".to_owned(), |first| format!("dequeue = {first}"))
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn queues_are_judged_as_the_twin_does(drawn in proptest::collection::vec(any::<Drawn>(), 1..7)) {
        let put = RefCell::new(0..);
        let history = from_drawn(&drawn, |kind, _, answer| match kind % 5 {
            0..=1 => format!("enqueue {}", put.borrow_mut().next().unwrap_or_default()),
            2 => "dequeue =".to_owned(),
            _ => format!("dequeue = {}", answer % 4),
        });
        agrees(&Queue, &history, Object::Queue)?;
    }

    #[test]
    fn long_queues_are_judged_as_the_search_does(
        drawn in proptest::collection::vec(any::<Drawn>(), 5..18), wrong in 0..24_usize,
    ) {
        agrees(&Queue, &a_queue(&drawn, wrong), Object::Queue)?;
    }

    #[test]
    fn sets_are_judged_as_the_twin_does(drawn in proptest::collection::vec(any::<Drawn>(), 1..7), whole in any::<bool>()) {
        let told = |answer: u8| ["", "", " = true", " = false"][usize::from(answer % 4)];
        let put = RefCell::new(0..);
        let history = from_drawn(&drawn, |kind, value, answer| match (kind % 4, whole) {
            (0, _) => format!("add s {}{}", put.borrow_mut().next().unwrap_or_default(), told(answer)),
            (1, false) => format!("remove s {}{}", value % 2, told(answer)),
            (2 | 3, false) => format!("contains s {} = {}", value % 2, answer % 2 == 0),
            _ => format!("read s = {}", ["", "0", "1", "0 1", "0 1 2", "2"][usize::from(answer % 6)]),
        });
        agrees(&Set, &history, Object::Set)?;
    }

    #[test]
    fn lists_are_judged_as_the_twin_does(drawn in proptest::collection::vec(any::<Drawn>(), 1..7)) {
        let put = RefCell::new(0..);
        let history = from_drawn(&drawn, |kind, _, answer| match kind % 2 {
            0 => format!("append x {}", put.borrow_mut().next().unwrap_or_default()),
            _ => format!("read x = {}", ["", "0", "1", "0 1", "1 0", "1 0 2"][usize::from(answer % 6)]),
        });
        agrees(&List, &history, Object::List)?;
    }
}

#[test]
fn long_histories_of_values_that_come_once_end_with_a_verdict_and_in_few_steps() {
    let steps = |history: &History, object: Object| {
        let linearizable = models::find("linearizable").expect("it is there");
        let budget = Budget { steps_max: 40 * history.operations().len() as u64, ..Budget::default() };
        let recorded = Recorded::from(history).with_object(object);
        linearizable.judge(&recorded, &mut Patience::new(budget)).word()
    };
    let mut luck = 1_u64;
    let mut draw = || {
        // The constants of Knuth's MMIX generator; wrapping is what a linear congruence does.
        luck = luck.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (luck >> 33) as u8
    };
    let drawn: Vec<Drawn> =
        (0..20_000).map(|_| (draw(), draw(), draw(), draw(), draw() & 7, draw())).collect();
    assert_eq!(steps(&a_queue(&drawn, usize::MAX), Object::Queue), "holds");
    assert_eq!(steps(&a_queue(&drawn, 15_000), Object::Queue), "violated");
}

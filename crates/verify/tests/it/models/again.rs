//! Queues and sets to which values are put again, and of which somebody took nobody knows what, are judged as the twin does.

use std::collections::{BTreeSet, VecDeque};

use constellation_trace::History;
use constellation_verify::Budget;
use constellation_verify::models::{self, Finding, Object, Patience, Queue, Recorded, Set};
use expect_test::expect;
use proptest::prelude::*;

use super::objects::{Drawn, from_drawn, history};
use super::once::{agrees, played};
use super::random::Luck;

/// A queue of few values; some who took something were not told what, as `is_told` says.
fn a_queue(drawn: &[Drawn], wrong: usize, values: usize, is_told: bool) -> History {
    let mut held = VecDeque::new();
    let mut next = 0;
    played(drawn, wrong, |kind, value, is_wrong| match kind % 2 {
        0 => {
            next += 1 + usize::from(value % 3);
            held.push_back(next % values);
            format!("enqueue {}", next % values)
        }
        _ if is_wrong && value % 3 == 0 => "dequeue =".to_owned(),
        _ => {
            let place = if is_wrong { usize::from(value % 3) } else { 0 };
            let first = held.remove(place);
            match first {
                _ if !is_told && value % 5 == 0 => "dequeue".to_owned(),
                Some(first) => format!("dequeue = {first}"),
                None => "dequeue =".to_owned(),
            }
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn queues_of_two_values_are_judged_as_the_twin_does(
        drawn in proptest::collection::vec(any::<Drawn>(), 3..8), is_told in any::<bool>(),
    ) {
        let history = from_drawn(&drawn, |kind, value, answer| match kind % 5 {
            0..=1 => format!("enqueue {}", value % 2),
            2 if is_told || answer % 4 == 0 => "dequeue =".to_owned(),
            2 => "dequeue".to_owned(),
            _ => format!("dequeue = {}", answer % 2),
        });
        agrees(&Queue, &history, Object::Queue)?;
    }

    #[test]
    fn long_queues_of_few_values_are_judged_as_the_search_does(
        drawn in proptest::collection::vec(any::<Drawn>(), 5..18), wrong in 0..24_usize, values in 1..5_usize, is_told in any::<bool>(),
    ) {
        agrees(&Queue, &a_queue(&drawn, wrong, values, is_told), Object::Queue)?;
    }

    #[test]
    fn sets_to_which_values_are_added_again_are_judged_as_the_twin_does(
        drawn in proptest::collection::vec(any::<Drawn>(), 3..8), whole in any::<bool>(),
    ) {
        let told = |answer: u8| ["", "", " = true", " = false"][usize::from(answer % 4)];
        let history = from_drawn(&drawn, |kind, value, answer| match (kind % 4, whole) {
            (0, _) => format!("add s {}{}", value % 2, told(answer)),
            (1, _) => format!("remove s {}{}", value % 2, told(answer)),
            (2, false) => format!("contains s {} = {}", value % 2, answer % 2 == 0),
            _ => format!("read s = {}", ["", "0", "1", "0 1"][usize::from(answer % 4)]),
        });
        agrees(&Set, &history, Object::Set)?;
    }
}

/// Waves of so many operations, all of a wave at once, each at a moment within; `word` makes them in that order.
fn waves(luck: &mut Luck, wide: usize, count: usize, mut word: impl FnMut(&mut Luck) -> String) -> History {
    let mut lines = Vec::new();
    for wave in 0..count {
        let start = wave * 10 * wide;
        for nth in 0..wide {
            let moment = start + wide + nth;
            let (before, after) = (nth + luck.below(wide), wide - nth + luck.below(wide));
            lines.push((moment - before, moment + after, word(luck)));
        }
    }
    let mut over: Vec<usize> = Vec::new();
    lines.sort();
    let lines = lines.into_iter().map(|(invoked, returned, said)| {
        let session = over.iter().position(|over| *over < invoked).unwrap_or(over.len());
        over.resize(over.len().max(session + 1), 0);
        over[session] = returned;
        format!("{session} {invoked}..{returned} {said}")
    });
    history(&lines.collect::<Vec<_>>().join("\n"))
}

/// What is said in so many steps, of which a search of all orders of a wave takes many more.
fn judged(history: &History, object: Object, steps_max: u64) -> Finding {
    let linearizable = models::find("linearizable").expect("it is there");
    let mut patience = Patience::new(Budget { steps_max, ..Budget::default() });
    linearizable.judge(&Recorded::from(history).with_object(object), &mut patience)
}

#[test]
fn queues_of_few_values_at_which_twenty_are_at_once_are_decided() {
    let mut counts = [0, 0];
    for (seed, wide, values) in (0..16).flat_map(|seed| [(seed, 10, 3), (seed, 20, 8)]) {
        let mut held = VecDeque::new();
        let is_right = seed % 3 == 0;
        let luck = &mut Luck::new(seed);
        let mut left = 70;
        let history = waves(luck, wide, 100 / wide, |luck| {
            left -= 1;
            if luck.below(9) < 5 {
                let value = luck.below(values);
                held.push_back(value);
                return format!("enqueue {value}");
            }
            let taken = held.pop_front();
            match taken {
                _ if left == 0 && !is_right => format!("dequeue = {}", luck.below(values)),
                _ if seed % 2 == 0 && luck.below(8) == 0 => "dequeue".to_owned(),
                Some(taken) => format!("dequeue = {taken}"),
                None => "dequeue =".to_owned(),
            }
        });
        let found = judged(&history, Object::Queue, 1 << 22);
        assert!(found.word() != "unknown", "{seed}, {wide} at once, {values} values: {found:?}");
        assert!(!is_right || found == Finding::Holds, "{seed}: {found:?}");
        counts[usize::from(found == Finding::Holds)] += 1;
    }
    assert!(counts[0] > 5, "{counts:?} are wrong and right");
}

/// A set of few values, and what is wrong of it at the end, if anything; the whole is looked at where `is_whole` says so.
fn a_set(luck: &mut Luck, wide: usize, is_right: bool, is_whole: bool) -> History {
    let mut held = BTreeSet::new();
    let mut left = 100 / wide * wide;
    waves(luck, wide, 100 / wide, |luck| {
        left -= 1;
        let value = luck.below(4);
        let has = held.contains(&value) ^ (left == 0 && !is_right);
        match luck.below(8) {
            0..3 => {
                held.insert(value);
                if luck.below(2) == 0 {
                    format!("add s {value}")
                } else {
                    format!("add s {value} = {}", !has)
                }
            }
            3..5 => {
                held.remove(&value);
                if luck.below(2) == 0 {
                    format!("remove s {value}")
                } else {
                    format!("remove s {value} = {has}")
                }
            }
            5 if is_whole => {
                let all: Vec<String> = held.iter().map(usize::to_string).collect();
                format!("read s = {}", all.join(" "))
            }
            _ => format!("contains s {value} = {has}"),
        }
    })
}

#[test]
fn sets_of_few_values_at_which_twenty_are_at_once_are_decided() {
    let mut counts = [0, 0];
    for (seed, wide, is_whole) in
        (0..20).flat_map(|seed| [(seed, 10, false), (seed, 20, false), (seed, 10, true)])
    {
        let is_right = seed % 3 == 0;
        let history = a_set(&mut Luck::new(seed), wide, is_right, is_whole);
        let found = judged(&history, Object::Set, 1 << 22);
        assert!(found.word() != "unknown", "{seed}, {wide} at once, whole {is_whole}: {found:?}");
        assert!(!is_right || found == Finding::Holds, "{seed}: {found:?}");
        counts[usize::from(found == Finding::Holds)] += 1;
    }
    assert!(counts[0] > 5, "{counts:?} are wrong and right");
}

#[test]
fn one_removal_does_not_have_every_look_at_the_whole_looked_at_for_every_value() {
    let mut held = String::new();
    let mut lines: Vec<String> = Vec::new();
    for nth in 0..400 {
        held += &format!(" {nth}");
        let at = nth * 4 + 1;
        lines.push(format!("0 {at}..{} add s {nth}", at + 1));
        lines.push(format!("0 {}..{} read s ={held}", at + 2, at + 3));
    }
    lines.push("0 5000..5001 remove s 0".to_owned());
    let history = history(&lines.join("\n"));
    let recorded = Recorded::from(&history).with_object(Object::Set);
    let linearizable = models::find("linearizable").expect("it is there");
    let mut patience = Patience::new(Budget::default());
    assert_eq!(linearizable.judge(&recorded, &mut patience), Finding::Holds);
    // One step for each value and operation would be 320,000.
    assert!(patience.steps() < 100_000, "{} steps", patience.steps());
}

/// So many values of two kinds, put one after the other and then all taken at once, in order.
fn all_at_once(count: usize) -> History {
    let put = (0..count).map(|nth| format!("0 {}..{} enqueue {}", 3 * nth + 1, 3 * nth + 2, nth % 2));
    let taken = (0..count).map(|nth| {
        let begin = 3 * count + nth;
        format!("{} {begin}..{} dequeue = {}", nth + 1, begin + 2 * count, nth % 2)
    });
    history(&put.chain(taken).collect::<Vec<_>>().join("\n"))
}

#[test]
fn those_who_take_something_at_once_are_not_passed_for_each_that_begins() {
    let history = all_at_once(2_000);
    let linearizable = models::find("linearizable").expect("it is there");
    let mut patience = Patience::new(Budget::default());
    let recorded = Recorded::from(&history).with_object(Object::Queue);
    assert_eq!(linearizable.judge(&recorded, &mut patience), Finding::Holds);
    // A list of all that are under way for each would be 2,000,000.
    assert!(patience.steps() < 500_000, "{} steps", patience.steps());
}

#[test]
fn what_is_tried_of_a_queue_takes_no_more_memory_than_allowed() {
    // Each may have taken any of those that were put at once, and all that is known of that is kept.
    let put = (0..300).map(|nth| format!("{nth} 1..10 enqueue {}", nth % 2));
    let taken = (0..300).map(|nth| format!("{nth} {}..{} dequeue = {}", 20 + nth, 1000 - nth, nth % 2));
    let history = history(&put.chain(taken).collect::<Vec<_>>().join("\n"));
    let judged = |bytes_max: u64| {
        let linearizable = models::find("linearizable").expect("it is there");
        let mut patience = Patience::new(Budget { bytes_max, steps_max: 3_000_000, ..Budget::default() });
        linearizable.judge(&Recorded::from(&history).with_object(Object::Queue), &mut patience)
    };
    assert_eq!(judged(1 << 30), Finding::Holds);
    let Finding::Unknown(limit) = judged(400_000) else { panic!("it fits") };
    assert!(limit.to_string().contains("400000"), "{limit}");
}

#[test]
fn a_queue_from_which_many_take_at_once_is_left_when_patience_ends() {
    // So many that each could not be passed for each other before the first step.
    let history = all_at_once(60_000);
    let linearizable = models::find("linearizable").expect("it is there");
    let mut patience = Patience::new(Budget { steps_max: 300_000, ..Budget::default() });
    let recorded = Recorded::from(&history).with_object(Object::Queue);
    let finding = linearizable.judge(&recorded, &mut patience);
    assert_eq!(finding.word(), "unknown", "{finding:?}");
}

#[test]
fn the_cost_that_is_told_speaks_of_values_that_come_again_and_of_texts() {
    let linearizable = models::find("linearizable").expect("it is there");
    expect![[r#"
        O(n log n) for registers, queues, sets and lists whose values come once;
        for queues and sets whose values come again exponential in how many of one value are under way at once;
        else, as for texts, in the concurrency between quiet times"#]].assert_eq(&linearizable.about().cost.replace("; ", ";\n"));
}

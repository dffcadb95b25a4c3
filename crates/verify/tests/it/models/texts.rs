//! Texts judged by a tree of what was shown, and verdicts without evidence.

use constellation_trace::{Call, Completion, History, Sessions, TransactionId};
use constellation_verify::Budget;
use constellation_verify::models::{self, Finding, Linearizable, Model, Object, Patience, Recorded, Text};
use proptest::prelude::*;

use super::objects::{Drawn, from_drawn, history, patience};

/// Pieces that are all appended at once, then, after a text was put in their place and others at once behind that, a read.
fn crowd(shown: &str) -> History {
    let pieces = |from: u32| {
        (from..from + 12).map(move |piece| {
            let begin = 1 + 100 * u64::from(from > 12);
            format!("{piece} {begin}..{} append x {piece}", begin + 50)
        })
    };
    let put = "40 60..70 write x 40".to_owned();
    let read = format!("41 200..210 read x = {shown}");
    history(&pieces(0).chain([put]).chain(pieces(20)).chain([read]).collect::<Vec<_>>().join("\n"))
}

#[test]
fn pieces_appended_at_once_are_tried_only_in_the_order_that_is_shown() {
    let shown = "40 31 20 30 21 29 22 28 23 27 24 26 25";
    for (shown, expected) in [(shown.to_owned(), "holds"), (format!("{shown} 3"), "violated")] {
        let history = crowd(&shown);
        let recorded = Recorded::from(&history);
        let few = Budget { steps_max: 20_000, ..Budget::default() };
        let finding = Linearizable.judge(&recorded, &mut Patience::new(few).without_evidence());
        assert_eq!(finding.word(), expected, "{finding:?}");
    }
}

#[test]
fn without_evidence_a_violation_is_found_in_fewer_steps_and_names_all_that_was_searched() {
    let mut lines: Vec<String> =
        (0..30).map(|nth| format!("0 {}..{} set x {nth} {}", nth * 10 + 5, nth * 10 + 9, nth + 1)).collect();
    lines.insert(0, "0 1..2 write x 0".to_owned());
    lines.push("1 500..501 read x = 7".to_owned());
    let history = history(&lines.join("\n"));
    let recorded = Recorded::from(&history);
    let [mut brief, mut whole] = [patience().without_evidence(), patience()];
    let [verdict, explained] =
        [&mut brief, &mut whole].map(|patience| Linearizable.judge(&recorded, patience));
    let (Finding::Violated(verdict), Finding::Violated(explained)) = (&verdict, &explained) else {
        panic!("{verdict:?}, {explained:?}");
    };
    assert!(brief.steps() * 4 < whole.steps(), "{} and {} steps", brief.steps(), whole.steps());
    assert_eq!((verdict.transactions.len(), explained.transactions.len()), (32, 10), "{explained:?}");
    assert_eq!(
        verdict.found,
        "no order of these 32 that respects their times explains them (some of them may have no part in it)"
    );
}

#[test]
fn of_the_parts_of_a_violation_only_the_smallest_is_explained() {
    let sessions =
        Sessions::sketch("a a(x,1) r(y,[]) r(x,[1])\nb a(y,1) r(x,[]) r(y,[1])").expect("it is one");
    let recorded = Recorded::from(&sessions);
    let model = models::find("sequential").expect("it is there");
    // All of it, as somebody found who does not look closely.
    let finding = model.judge(&recorded, &mut patience().without_evidence());
    let Finding::Violated(anomaly) = finding else { panic!("{finding:?}") };
    let mut patience = patience();
    let smallest = models::minimal(model, &recorded, &anomaly, &mut patience).expect("there are some");
    assert!(smallest.anomaly.dead_end.is_some(), "{smallest:?}");
    assert_eq!((anomaly.transactions.len(), smallest.ids.len()), (6, 4));
    // With what shows each part that was tried it would be 1,601.
    assert!(patience.steps() < 1_500, "{} steps", patience.steps());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_tree_agrees_with_the_search_of_whole_texts(
        drawn in proptest::collection::vec(any::<Drawn>(), 4..16),
        pieces in 2_u8..12,
    ) {
        // Reads mostly show what a run of one order would have held.
        let mut held: Vec<String> = Vec::new();
        let words: Vec<String> = drawn.iter().map(|(_, _, _, kind, value, answer)| {
            let piece = (value % pieces).to_string();
            match kind % 5 {
                0 | 1 => {
                    held.push(piece.clone());
                    format!("append x {piece}")
                }
                2 if answer % 3 == 0 => {
                    held = vec![piece.clone()];
                    format!("write x {piece}")
                }
                _ if answer % 7 == 0 => format!("read x = {} {piece}", held.join(" ")),
                _ => format!("read x = {}", held.join(" ")),
            }
        }).collect();
        let words = words.into_iter().chain(["write x 99".to_owned()]);
        let drawn: Vec<Drawn> = drawn.into_iter().chain([(0, 0, 0, 0, 0, 0)]).collect();
        // Times come from the draw, words in its order.
        let words = std::cell::RefCell::new(words);
        let history = from_drawn(&drawn, |_, _, _| words.borrow_mut().next().unwrap_or_default());
        let whole = Linearizable::judge_as(&Text, &history, &mut patience());
        let recorded = Recorded::from(&history).with_object(Object::Text);
        let tree = Linearizable.judge(&recorded, &mut patience());
        prop_assert_eq!(tree.word(), whole.word(), "{:?}", history);
    }
}

#[test]
fn what_a_history_becomes_is_no_longer_than_patience_lasts() {
    let lines = (0..50_000).map(|nth| format!("0 {}..{} write x {nth}\n", nth * 2 + 1, nth * 2 + 2));
    let history = history(&lines.collect::<String>());
    for model in ["linearizable", "sequential"] {
        let mut patience = Patience::new(Budget { steps_max: 10_000, ..Budget::default() });
        let model = models::find(model).expect("it is there");
        let finding = model.judge(&Recorded::from(&history), &mut patience);
        assert_eq!(finding.word(), "unknown", "{finding:?}");
        assert!(patience.steps() <= 11_000, "{} steps", patience.steps());
    }
}

#[test]
fn what_is_shown_of_a_text_again_takes_no_more_memory() {
    let mut held = " 999".to_owned();
    let mut lines = vec!["0 1..2 write x 999".to_owned()];
    for nth in 0..300 {
        held += &format!(" {nth}");
        let at = nth * 4 + 3;
        lines.push(format!("0 {at}..{} append x {nth}", at + 1));
        lines.push(format!("0 {}..{} read x ={held}", at + 2, at + 3));
    }
    let history = history(&lines.join("\n"));
    let recorded = Recorded::from(&history).with_object(Object::Text);
    // 45,450 pieces are shown, of 301 nodes.
    let mut patience = Patience::new(Budget { bytes_max: 130_000, ..Budget::default() });
    assert_eq!(Linearizable.judge(&recorded, &mut patience), Finding::Holds);
}

#[test]
fn texts_of_which_there_is_no_room_for_a_tree_are_searched_as_they_stand() {
    let all = (0..300).map(|nth| {
        let at = nth * 4 + 1;
        format!("0 {at}..{} write x {nth}\n0 {}..{} read x = {nth}\n", at + 1, at + 2, at + 3)
    });
    let history = history(&(all.collect::<String>() + "0 2000..2001 append x 9"));
    let mut patience = Patience::new(Budget { bytes_max: 60_000, ..Budget::default() });
    let recorded = Recorded::from(&history).with_object(Object::Text);
    assert_eq!(Linearizable.judge(&recorded, &mut patience), Finding::Holds);
}

#[test]
fn an_empty_piece_is_nothing_of_a_text_whatever_else_is_done_to_it() {
    let check = |lines: &str, expected: &str| {
        // `-` is what is empty.
        let mut operations = history(lines).operations().to_vec();
        for operation in &mut operations {
            if let Call::Write { value, .. } | Call::Append { value, .. } = &mut operation.call {
                *value = value.replace('-', "");
            }
            if let Some((_, Completion::Shows(shown))) = &mut operation.completed {
                shown.iter_mut().for_each(|piece| *piece = piece.replace('-', ""));
            }
        }
        let history = History::new(operations);
        let sessions = Sessions::of(&history).expect("reads and writes");
        for recorded in [Recorded::from(&history), Recorded::from(&sessions).with_history(&history)] {
            let recorded = recorded.with_object(Object::Text);
            for model in ["linearizable", "sequential"] {
                let model = models::find(model).expect("it is there");
                let finding = model.judge(&recorded, &mut patience());
                assert_eq!(finding.word(), expected, "{lines}: {finding:?}");
                let Finding::Violated(anomaly) = finding else { continue };
                let smallest = models::minimal(model, &recorded, &anomaly, &mut patience());
                assert!(smallest.is_none_or(|smallest| smallest.ids == [TransactionId::new(1)]), "{lines}");
            }
        }
    };
    check("0 1..2 write x -\n0 3..4 read x =\n0 5..6 read x = -", "holds");
    check("0 1..2 append x -\n0 3..4 read x =\n0 5..6 read x = -", "holds");
    check("0 1..2 read x = -\n0 3..4 read x =", "holds");
    check("0 1..2 append x -\n0 3..4 read x = 7\n0 5..6 read x = -", "violated");
}

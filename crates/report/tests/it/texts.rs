//! Drawings of small runs as text, letter by letter.

use constellation_report::text::{self, Letters};
use constellation_report::{Caption, Picture};
use constellation_trace::{
    Action, Entry, Judgement, Loss, MessageId, Nemesis, NodeId, Proof, Trace, TrueTime, is_obeyed, sketch,
};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use crate::pages::violated;
use crate::random;

fn drawn(trace: &Trace, judgements: &[Judgement], columns: usize, letters: Letters) -> String {
    let picture = Picture::new(trace, judgements, Caption::default());
    text::draw(&picture, columns, letters).iter().map(|line| format!("{line}\n")).collect()
}

fn check(trace: &Trace, judgements: &[Judgement], expected: Expect) {
    let text = drawn(trace, judgements, 100, Letters::Unicode);
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    expected.assert_eq(&text);
}

fn event(trace: &Trace, word: &str) -> constellation_trace::EventId {
    sketch::find(trace, word).expect("in the sketch")
}

fn chain(trace: &Trace, words: &[&str]) -> Proof {
    Proof::Chain(words.iter().map(|word| trace.witness(event(trace, word))).collect())
}

/// Two messages of which the later arrives first: the first is sent to one who tells a third.
fn overtaken() -> Trace {
    sketch::parse("pacific  a! b! z\nindian   b? c!\natlantic  c? d a? e").expect("a sketch")
}

#[test]
fn what_happened_before_and_was_delivered_after_is_seen() {
    let trace = overtaken();
    let proof = chain(&trace, &["a!", "b!", "b?", "c!", "c?"]);
    let judgements = [violated(&trace, &["c?", "a?"], proof)];
    check(
        &trace,
        &judgements,
        expect![[r#"
            pacific   ●e0───●e1──────────────────────────
                      │     ┗━m1━━▼
            indian    ├───────────○e3───●e4──────────────
                      │                 ┗━m2━━┓
                      └─────────────m0────────▼─────▼
            atlantic  ────────────────────────○e5!──○e7!─  ← e5 before e7
                      ● sends  ○ delivers  ━ proves it  ! shows it  not to scale
                      e0 happened before e5
        "#]],
    );
}

#[test]
fn of_two_that_are_concurrent_neither_came_first() {
    let trace = sketch::parse("pacific  a m! b n! z\nindian   c m? d\natlantic  q CRASH RESTART y")
        .expect("a sketch");
    let proof = Proof::NoChain { one: event(&trace, "b"), other: event(&trace, "d") };
    check(
        &trace,
        &[violated(&trace, &["a", "b", "d"], proof)],
        expect![[r#"
            pacific  ▏e0!──●e1───▏e2!─────────────  ← e0 before e2
                           └────m0─────▼
            indian   ──────────────────○e6───▏e7!─
                     ● sends  ○ delivers  ▏ local  ! shows it  not to scale
                     neither e2 nor e7 came first: they are concurrent
        "#]],
    );
}

#[test]
fn a_run_of_which_nothing_is_wrong_is_drawn_from_its_beginning() {
    let mut trace = sketch::parse("pacific  a m! b n! z\nindian   c m? d n?\natlantic  q CRASH RESTART y")
        .expect("a sketch");
    let nodes: Vec<_> = (0..3).map(NodeId::new).collect();
    let partition = Nemesis::Partition { group_a: vec![nodes[0]], group_b: vec![nodes[1], nodes[2]] };
    let at = trace.events().last().expect("there are some").at;
    trace.record_nemesis(at, Nemesis::Lose(MessageId::new(1), Loss::QueueFull)).expect("it is sent");
    trace.record_nemesis(at, partition).expect("they are nodes");
    check(
        &trace,
        &[],
        expect![[r#"
                                                       partition: pacific | indian, atlantic ├╌┤
            pacific   ▏e0───●e1───▏e2───●e3───▏e4──────────────────────────────────────────────────
                            └───────────┼─m0──────────────┐
                                        ├─────────────m1──┼───────────┐
                                        └╌m1╌✗ lost       ▼           ▼
            indian    ──────────────────────────────▏e5───○e6───▏e7───○e8──────────────────────────

            atlantic  ──────────────────────────────────────────────────────▏e9───✕e10  ↻e11──▏e12─
                      ● sends  ○ delivers  ▏ local  ✕ crashes  ↻ restarts  not to scale
                      m1 is lost: the queue of the link is full
        "#]],
    );
}

#[test]
fn in_plain_ascii_nothing_else_is_printed_whatever_a_node_is_called() {
    let trace = sketch::parse("päcific  a m! b n! z\nindian   c m? d").expect("a sketch");
    let proof = Proof::NoChain { one: event(&trace, "b"), other: event(&trace, "d") };
    let text = drawn(&trace, &[violated(&trace, &["b", "d"], proof)], 60, Letters::Ascii);
    assert!(text.is_ascii(), "{text}");
    expect![[r#"
        p\u{e4}cific  |e2!-------

        indian        ------|e7!-
                      | local  ! shows it  not to scale
                      neither e2 nor e7 came first: they are
                      concurrent
    "#]]
    .assert_eq(&text);
}

#[test]
fn what_has_no_room_is_left_out_and_that_is_said() {
    let words: Vec<String> = (0..30).map(|nth| format!("m{nth}!")).collect();
    let told: Vec<String> = (0..30).map(|nth| format!("m{nth}?")).collect();
    let trace = sketch::parse(&format!("pacific {} a\nindian {} b", words.join(" "), told.join(" ")))
        .expect("a sketch");
    let text = drawn(&trace, &[], 60, Letters::Unicode);
    assert!(text.lines().all(|line| line.chars().count() <= 60), "{text}");
    assert!(text.contains(" events from the beginning are not drawn"), "{text}");
}

#[test]
fn whatever_a_node_is_called_no_line_is_obeyed_or_too_wide() {
    let wild = ["\u{1b}[31mred", "\u{202e}krad", "\u{5317}\u{6975}", "__proto__", &"x".repeat(1 << 16)];
    let mut trace = Trace::new(wild).expect("different names");
    let mut sent = None;
    for nth in (0..5).map(NodeId::new) {
        let action = sent.map_or(Action::Local, Action::Receive);
        let sends = [NodeId::new((nth.number() + 1) % 5)];
        let at = TrueTime::from_ns(u64::from(nth.number()));
        let event =
            trace.record(Entry { sends: &sends, ..Entry::new(nth, at, action) }).expect("it was sent");
        sent = trace.event(event).sends.iter().next();
    }
    let parted = Nemesis::Partition { group_a: vec![NodeId::new(4)], group_b: vec![NodeId::new(1)] };
    trace.record_nemesis(TrueTime::from_ns(4), parted).expect("they are nodes");
    for (letters, columns) in [(Letters::Unicode, 100), (Letters::Ascii, 100), (Letters::Unicode, 40)] {
        let text = drawn(&trace, &[], columns, letters);
        assert!(text.lines().count() > 5 && !text.replace('\n', "").contains(is_obeyed), "{text}");
        assert!(text.lines().all(|line| unicode_width::UnicodeWidthStr::width(line) <= columns), "{text}");
    }
}

#[test]
fn letters_that_join_are_measured_together() {
    // A heart is one column wide, and two with the sign behind it that asks for colours.
    let hearts = "\u{2764}\u{fe0f}".repeat(40);
    let families = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}".repeat(40);
    let marks = format!("e{}", "\u{301}".repeat(1 << 16)).repeat(2);
    for name in [hearts, families, marks] {
        let mut trace = Trace::new([&*name, "b"]).expect("different names");
        let [one, other] = [0, 1].map(NodeId::new);
        for nth in 0..6 {
            let entry = Entry::new([one, other][nth % 2], TrueTime::from_ns(nth as u64), Action::Local);
            trace.record(entry).expect("a node");
        }
        let parted = Nemesis::Partition { group_a: vec![one], group_b: vec![other] };
        trace.record_nemesis(TrueTime::from_ns(4), parted).expect("they are nodes");
        for columns in 40..80 {
            let text = drawn(&trace, &[], columns, Letters::Unicode);
            let widest = text.lines().map(unicode_width::UnicodeWidthStr::width).max();
            assert!(widest.is_some_and(|widest| widest <= columns), "{columns}:\n{text}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_run_is_drawn_in_the_columns_that_there_are(trace in random::traces(), columns in 40_usize..120) {
        for letters in [Letters::Unicode, Letters::Ascii] {
            let text = drawn(&trace, &[], columns, letters);
            prop_assert!(letters == Letters::Unicode || text.is_ascii());
            for line in text.lines() {
                prop_assert!(unicode_width::UnicodeWidthStr::width(line) <= columns, "{line}");
            }
        }
    }
}

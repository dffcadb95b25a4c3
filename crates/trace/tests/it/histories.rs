//! What clients saw is recorded as it can have been, and gathered into a history.

use constellation_trace::{Action, Call, Completion, Entry, History, NodeId, Trace, TraceError, TrueTime};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use crate::random;

/// Records what a text says of two clients, a millisecond apart, and tells their history: `a+3` is the beginning of
/// operation 3 at the first client, `a-3` its end, `a?3` the end of waiting for it, `a!` a crash and a restart.
fn check(text: &str, expected: Expect) {
    let mut trace = Trace::new(["a", "b"]).expect("two names");
    for (ms, word) in (1..).zip(text.split_whitespace()) {
        if let Err(error) = record(&mut trace, ms, word) {
            return expected.assert_eq(&format!("{word}: {error}"));
        }
    }
    let history = History::of(&trace);
    let mut told = String::new();
    for operation in history.operations() {
        let ms = |at: TrueTime| at.ns() / 1_000_000;
        let process = trace.process_name(operation.process);
        told += &format!("{} {process} {}: {}", operation.session, ms(operation.invoked.at), operation.call);
        if let Some((moment, completion)) = &operation.completed {
            told += &format!(", {} {completion}", ms(moment.at));
        }
        let returned = operation.returned_at().is_some();
        assert_eq!(operation.is_open(), !returned);
        told += if returned { "\n" } else { ", open\n" };
    }
    expected.assert_eq(&told);
}

fn record(trace: &mut Trace, ms: u64, word: &str) -> Result<(), TraceError> {
    let node = trace.node(&word[..1]).expect("a or b");
    let at = TrueTime::from_ns(ms * 1_000_000);
    let number = word[2..].parse().unwrap_or(0);
    let call = Call::Add { key: "k".to_owned(), amount: i64::from(number) };
    let unknown = Completion::Unknown { reason: "no reply".to_owned() };
    let action = match &word[1..2] {
        "+" => Action::Invoke { number, call: &call },
        "-" => Action::Complete { number, completion: &Completion::Done },
        "?" => Action::Complete { number, completion: &unknown },
        _ => {
            trace.record(Entry::new(node, at, Action::Crash))?;
            Action::Restart(None)
        }
    };
    let before = trace.clone();
    trace.record(Entry::new(node, at, action)).map(|_| ()).inspect_err(|_| assert_eq!(*trace, before))
}

#[test]
fn one_after_the_other_is_one_session() {
    check(
        "a+0 a-0 a+1 b+0 b-0 a-1 b+1",
        expect![[r#"
        0 a 1: add 0 to k, 2 done
        0 a 3: add 1 to k, 6 done
        1 b 4: add 0 to k, 5 done
        1 b 7: add 1 to k, open
    "#]],
    );
}

#[test]
fn what_overlaps_is_in_sessions_of_its_own() {
    check(
        "a+0 a+1 a+2 a-1 a+3 a-0 a-3 a+4 a-2 a-4",
        expect![[r#"
        0 a 1: add 0 to k, 6 done
        1 a 2: add 1 to k, 4 done
        2 a 3: add 2 to k, 9 done
        1 a 5: add 3 to k, 7 done
        1 a 8: add 4 to k, 10 done
    "#]],
    );
}

#[test]
fn nothing_follows_an_operation_of_which_nobody_knows_the_end() {
    check(
        "a+0 a-0 a+1 a?1 a+2 a-2",
        expect![[r#"
        0 a 1: add 0 to k, 2 done
        0 a 3: add 1 to k, 4 unknown: no reply, open
        1 a 5: add 2 to k, 6 done
    "#]],
    );
}

#[test]
fn a_client_that_crashes_leaves_its_operations_open() {
    check(
        "a+0 a+1 a-0 a! a+0 a-0",
        expect![[r#"
        0 a 1: add 0 to k, 3 done
        1 a 2: add 1 to k, open
        2 a#1 5: add 0 to k, 6 done
    "#]],
    );
    check("a+0 a! a-0", expect!["a-0: operation 0 ends at a process that never began it"]);
}

#[test]
fn an_operation_begins_once_and_ends_at_most_once_where_it_began() {
    check("a-0", expect!["a-0: operation 0 ends at a process that never began it"]);
    check("a+0 a+0", expect!["a+0: operation 0 is begun twice"]);
    check("a+0 a-0 a+0", expect!["a+0: operation 0 is begun twice"]);
    check("a+0 b-0", expect!["b-0: operation 0 ends at a process that never began it"]);
    check("a+0 a-0 a-0", expect!["a-0: operation 0 ends twice"]);
    check("a+0 a?0 a-0", expect!["a-0: operation 0 ends twice"]);
}

#[test]
fn operations_are_told_in_a_few_words() {
    let text = |text: &str| text.to_owned();
    let calls = [
        Call::Read { key: text("mode") },
        Call::Write { key: text("mode"), value: text("safe") },
        Call::CompareAndSet { key: text("mode"), expected: text("safe"), value: text("nominal") },
        Call::Add { key: text("fuel"), amount: -3 },
        Call::Append { key: text("log"), value: text("burn") },
        Call::Other { name: text("dance"), argument: text("tango\n") },
    ];
    let ends = [
        Completion::Done,
        Completion::Shows(Vec::new()),
        Completion::Shows(vec![text("a"), text("b")]),
        Completion::Failed { reason: text("no such key") },
        Completion::Unknown { reason: text("no reply") },
    ];
    let mut trace = Trace::new(["a"]).expect("one name");
    let mut entry =
        |action| trace.record(Entry::new(NodeId::new(0), TrueTime::default(), action)).map(|_| ());
    for (number, call) in (0..).zip(&calls) {
        entry(Action::Invoke { number, call }).expect("each has a number of its own");
    }
    for (number, completion) in (0..).zip(&ends) {
        entry(Action::Complete { number, completion }).expect("each was begun");
    }
    let told: Vec<_> = trace.event_ids().map(|event| trace.describe(event)).collect();
    expect![[r#"
        invokes 0: read mode
        invokes 1: write mode = "safe"
        invokes 2: set mode = "nominal" if it is "safe"
        invokes 3: add -3 to fuel
        invokes 4: append "burn" to log
        invokes 5: dance tango\n
        completes 0: done
        completes 1: shows nothing
        completes 2: shows "a" | "b"
        completes 3: failed: no such key
        completes 4: unknown: no reply"#]]
    .assert_eq(&told.join("\n"));
    let counts = History::of(&trace).counts();
    assert_eq!((counts.invoked, counts.done, counts.failed, counts.open), (6, 3, 1, 2));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    /// The obvious twin of the sessions: no two operations of one overlap, and nothing comes after an open one.
    #[test]
    fn a_session_does_one_thing_at_a_time(trace in random::traces()) {
        let history = History::of(&trace);
        prop_assert_eq!(history.operations().len(), trace.invocations().len());
        for (nth, later) in history.operations().iter().enumerate() {
            for earlier in &history.operations()[..nth] {
                if earlier.session == later.session {
                    prop_assert_eq!(earlier.process, later.process);
                    let (ended, completion) = earlier.completed.as_ref().expect("it is over");
                    prop_assert!(completion.is_certain() && ended.event < later.invoked.event);
                }
            }
        }
        let counts = history.counts();
        prop_assert_eq!(counts.invoked, counts.done + counts.failed + counts.open);
    }
}

//! What foreign histories write, put in and answer: kept as it is said, or refused where it would be a guess.

use constellation_trace::format::histories::{Content, read_any};
use expect_test::{Expect, expect};

/// Each operation with its end, or the sessions, or what is wrong.
fn check(text: &str, expected: Expect) {
    expected.assert_eq(&match read_any(text.as_bytes()) {
        Err(error) => error.to_string(),
        Ok(imported) => match &imported.content {
            Content::Operations(history) => {
                let end = |operation: &constellation_trace::Operation| match &operation.completed {
                    None => "open".to_owned(),
                    Some((_, completion)) => completion.to_string(),
                };
                let lines = history.operations().iter();
                let lines = lines.map(|operation| format!("{} → {}", operation.call, end(operation)));
                lines.collect::<Vec<_>>().join("\n")
            }
            Content::Transactions(sessions) => sessions.to_string(),
            _ => panic!("one or the other"),
        },
    });
}

/// Records of one process: a type, what is done and with what.
fn records(lines: &[(&str, &str, &str)]) -> String {
    let record = |(kind, name, value): &(&str, &str, &str)| {
        format!("{{:process 0, :type :{kind}, :f :{name}, :value {value}}}\n")
    };
    lines.iter().map(record).collect()
}

#[test]
fn nil_that_is_written_is_refused_with_its_place() {
    for (name, value) in [
        ("write", "nil"),
        ("append", "[k nil]"),
        ("cas", "[1 nil]"),
        ("enqueue", "nil"),
        ("txn", "[[:w x nil]]"),
        ("txn", "[[:append x nil]]"),
    ] {
        let error = read_any(records(&[("invoke", name, value)]).as_bytes()).unwrap_err().to_string();
        let told = "nil is written here, which reads cannot tell from nothing yet; write a value of its own for what is deleted";
        assert!(error.starts_with("line 1, column ") && error.ends_with(told), "{name} {value}: {error}");
    }
}

#[test]
fn a_compare_and_set_that_expects_nil_puts_if_absent() {
    let text =
        records(&[("invoke", "cas", "[nil 1]"), ("ok", "cas", "[nil 1]"), ("invoke", "cas", "[7 [nil 2]]")]);
    check(
        &text,
        expect![[r#"
        put-if-absent x 1 → done
        put-if-absent 7 2 → open"#]],
    );
    let imported = read_any(text.as_bytes()).unwrap();
    expect!["p0  {r(x,nil) w(x,1)}@1..2  {r(7,nil) w(7,2)}?@3.."]
        .assert_eq(&imported.reads_and_writes().unwrap().to_string());
}

#[test]
fn a_failed_compare_and_set_tells_what_it_found_only_without_an_error() {
    let text = "0\t:invoke\t:cas\t[1 2]\n0\t:fail\t:cas\t[1 2]\n0\t:invoke\t:cas\t[1 2]\n0\t:fail\t:cas\t:unavailable\n\
                0\t:invoke\t:cas\t[1 2]\n0\t:fail\t:cas\t[1 2]\t:timed-out\n0\t:invoke\t:cas\t[nil 2]\n0\t:fail\t:cas\tnil\n";
    check(
        text,
        expect![[r#"
        set x = "2" if it is "1" → failed: [1 2]
        write x = "2" → failed: :unavailable
        write x = "2" → failed: :timed-out
        write x = "2" → failed: nil"#]],
    );
}

#[test]
fn a_queue_that_gives_nil_was_empty() {
    check(
        &records(&[
            ("invoke", "enqueue", "1"),
            ("ok", "enqueue", "1"),
            ("invoke", "dequeue", "nil"),
            ("ok", "dequeue", "nil"),
        ]),
        expect![[r#"
            enqueue 1 → done
            dequeue  → shows nothing"#]],
    );
}

#[test]
fn sets_counters_and_queues_may_have_keys() {
    check(
        &records(&[
            ("invoke", "add", "[7 3]"),
            ("ok", "add", "[7 3]"),
            ("invoke", "contains", "[7 3]"),
            ("ok", "contains", "[7 true]"),
            ("invoke", "read", "[7 nil]"),
            ("ok", "read", "[7 #{3}]"),
        ]),
        expect![[r#"
            add 7 3 → done
            contains 7 3 → shows "true"
            read 7 → shows "3""#]],
    );
    check(
        &records(&[
            ("invoke", "add", "[7 3]"),
            ("ok", "add", "[7 3]"),
            ("invoke", "read", "[7 nil]"),
            ("ok", "read", "[7 3]"),
        ]),
        expect![[r#"
            add 3 to 7 → done
            read 7 → shows "3""#]],
    );
    check(
        &records(&[
            ("invoke", "enqueue", "[7 3]"),
            ("ok", "enqueue", "[7 3]"),
            ("invoke", "dequeue", "[7 nil]"),
            ("ok", "dequeue", "[7 3]"),
            ("invoke", "dequeue", "[7 nil]"),
            ("ok", "dequeue", "[7 nil]"),
        ]),
        expect![[r#"
            enqueue 7 3 → done
            dequeue 7  → shows "3"
            dequeue 7  → shows nothing"#]],
    );
    check(
        &records(&[("invoke", "enqueue", "3"), ("ok", "enqueue", "3"), ("invoke", "dequeue", "[7 nil]")]),
        expect![
            "line 1, column 1: this stands without a key where others are of independent keys; write [key value], and [key nil] to ask"
        ],
    );
}

#[test]
fn what_is_asked_for_one_value_is_a_set() {
    for (name, answer) in [("contains", "false"), ("remove", "true")] {
        let text = records(&[
            ("invoke", "add", "3"),
            ("ok", "add", "3"),
            ("invoke", name, "3"),
            ("ok", name, answer),
        ]);
        let imported = read_any(text.as_bytes()).unwrap();
        let calls =
            imported.history().unwrap().operations().iter().map(|operation| operation.call.to_string());
        assert_eq!(calls.collect::<Vec<_>>(), ["add x 3".to_owned(), format!("{name} x 3")]);
    }
}

#[test]
fn an_amount_that_is_too_large_is_refused_with_its_place() {
    check(
        &records(&[("invoke", "add", "99999999999999999999")]),
        expect![
            "line 1, column 1: 99999999999999999999 is added to a counter and is no whole number of 64 bits; if it is a set, a read must show it as a collection"
        ],
    );
}

#[test]
fn an_end_without_a_value_keeps_what_was_to_be_written() {
    check(&records(&[("invoke", "txn", "[[:w x 1]]"), ("ok", "txn", "nil")]), expect!["p0  w(x,1)@1..2"]);
    check(
        &records(&[("invoke", "write", "1"), ("ok", "write", "nil")]),
        expect![[r#"write x = "1" → done"#]],
    );
}

#[test]
fn an_end_that_wrote_something_else_is_refused_with_its_place() {
    check(
        &records(&[("invoke", "write", "1"), ("ok", "write", "2")]),
        expect![
            "line 2, column 1: this ends with other writes than it began with on line 1; which of the two was written cannot be known: an end repeats them, or is nil"
        ],
    );
    check(
        &records(&[("invoke", "txn", "[[:w x 1]]"), ("ok", "txn", "[[:w x 2]]")]),
        expect![
            "line 2, column 1: this ends with other writes than it began with on line 1; which of the two was written cannot be known: an end repeats them, or is nil"
        ],
    );
}

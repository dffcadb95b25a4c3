//! What foreign histories write, put in and answer: kept as it is said, or refused where it would be a guess.

use constellation_trace::format::histories::{Content, HistoryFormat, read, read_any};
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

#[test]
fn a_zero_is_taken_for_the_initial_value_or_a_written_one_only_where_that_is_told() {
    for (text, expected) in [
        // Nobody writes it.
        ("r(0,0,1,1)\nw(0,5,2,2)\n", "s1  r(0,nil)\ns2  w(0,5)"),
        // The transaction that sets all to 0 is written down.
        ("w(0,0,9,1)\nw(1,0,9,1)\nr(0,0,1,2)\nw(0,5,1,3)\n", "s9  {w(0,0) w(1,0)}\ns1  r(0,0)  w(0,5)"),
        // It wrote it itself.
        ("w(0,5,1,1)\nw(0,0,1,2)\nr(0,0,1,2)\n", "s1  w(0,5)  {w(0,0) r(0,0)}"),
    ] {
        let imported = read_any(text.as_bytes()).unwrap();
        let sessions = imported.reads_and_writes().unwrap().to_string();
        assert_eq!((sessions.as_str(), imported.unclear), (expected, None), "{text}");
    }
    for text in ["r(0,0,1,1)\nw(1,2,1,1)\nw(0,0,2,2)\n", "r 0 0\nw 1 2\n=====\nw 0 0\n"] {
        let imported = read_any(text.as_bytes()).unwrap();
        let unclear = imported.unclear.unwrap();
        assert_eq!(
            unclear.to_string(),
            "whether a 0 that is read in the transaction of line 1 was written",
            "{text}"
        );
        let shown = |imported: &constellation_trace::format::histories::Imported| {
            let sessions = imported.reads_and_writes().unwrap();
            sessions.show(sessions.ids().find(|id| sessions.accesses(*id).len() < 3).unwrap())
        };
        let shown: Vec<String> = std::iter::once(&imported).chain(&imported.readings).map(shown).collect();
        assert_eq!(shown, ["w(1,2)", "{r(0,nil) w(1,2)}", "{r(0,0) w(1,2)}"], "{text}");
    }
}

#[test]
fn each_key_of_transactions_is_a_list_or_a_register_for_itself() {
    let text = "\
{:process 0, :type :ok, :f :txn, :value [[:append l 1] [:w x 5]]}
{:process 1, :type :ok, :f :txn, :value [[:r l [1]] [:r x 5]]}
{:process 2, :type :ok, :f :txn, :value [[:r x nil] [:r l nil]]}
";
    check(
        text,
        expect![[r#"
        p0  {a(l,1) w(x,5)}
        p1  {r(l,[1]) r(x,5)}
        p2  {r(x,nil) r(l,[])}"#]],
    );
}

#[test]
fn a_read_is_marked_as_final_in_the_way_of_its_format() {
    for (text, expected) in [
        (records(&[("invoke", "read", "nil, :final? true"), ("ok", "read", "1")]), "p0  r(x,1)*@1..2"),
        (records(&[("invoke", "read", "nil"), ("ok", "read", "1, :final? true")]), "p0  r(x,1)*@1..2"),
        (records(&[("invoke", "read", "nil"), ("ok", "read", "1, :final? false")]), "p0  r(x,1)@1..2"),
        (records(&[("invoke", "final-read", "nil"), ("ok", "final-read", "1")]), "p0  r(x,1)*@1..2"),
        (
            records(&[("invoke", "txn", "[[:r x nil]], :final? true"), ("ok", "txn", "[[:r x 1]]")]),
            "p0  r(x,1)*@1..2",
        ),
        (records(&[("ok", "txn", "[[:r x 1]], :final? true")]), "p0  r(x,1)*"),
        ("0 :invoke :read :final\n0 :ok :read 1\n".to_owned(), "p0  r(x,1)*@1..2"),
        (
            "{:process 0, :type :invoke, :f :get, :key \"x\", :final? true}\n{:process 0, :type :ok, :f :get, :key \"x\", :value \"1\"}"
                .to_owned(),
            "p0  r(x,1)*@1..2",
        ),
        ("a  {r(x,1) r(y,2)}*\n".to_owned(), "a  {r(x,1) r(y,2)}*"),
    ] {
        let sessions = read_any(text.as_bytes()).unwrap().reads_and_writes().unwrap().into_owned();
        assert_eq!(sessions.to_string(), expected, "{text}");
        let all: Vec<_> = sessions.ids().collect();
        assert_eq!(sessions.sub(&all).to_string(), expected, "a part keeps its marks");
    }
}

#[test]
fn an_append_of_nothing_is_left_out_and_all_else_stays_on_its_line() {
    let record = |kind: &str, what: &str| format!("{{:process 0, :type :{kind}, :key \"k\", {what}}}\n");
    let both = |what: &str, shown: &str| record("invoke", what) + &record("ok", shown);
    let [x, nothing] = ["x", ""].map(|value| format!(":f :append, :value \"{value}\""));
    let get = both(":f :get, :final? true, :value nil", ":f :get, :value \"x\"");
    let text = both(&x, &x) + &both(&nothing, &nothing) + &get;
    let imported = read(text.as_bytes(), HistoryFormat::KeyValue).expect("it is well written");
    assert_eq!([0, 1, 2].map(|place| imported.line(place)), [Some(1), Some(5), None]);
    assert!(imported.unclear.is_none(), "{imported:?}");
    let sessions = imported.reads_and_writes().expect("these are reads and appends");
    let finals = sessions.ids().map(|id| sessions.is_final(id)).collect::<Vec<_>>();
    assert_eq!(finals, [false, true]);
}

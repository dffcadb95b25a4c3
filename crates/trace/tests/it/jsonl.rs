//! Our own format: what is written is read again, and nothing else is.

use std::process::{Command, Stdio};

use constellation_trace::format::jsonl;
use constellation_trace::{Trace, sketch};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use crate::random;

const HEADER: &str = r#"{"schema":"constellation/trace/1","nodes":["pacific","atlantic"]}"#;

/// Reads lines after the usual header and shows the error with what it underlines.
pub(crate) fn check(lines: &str, expected: Expect) {
    check_text(&format!("{HEADER}\n{lines}\n"), expected);
}

fn check_text(text: &str, expected: Expect) {
    let told = match jsonl::read(text.as_bytes()) {
        Ok(trace) => format!("read {} events", trace.events().len()),
        Err(error) => {
            let under = error.text.chars().skip((error.place.column - error.text_column) as usize);
            let under: String = under.take(error.place.width as usize).collect();
            format!("{error}\n^ {under}")
        }
    };
    expected.assert_eq(&told);
}

#[test]
fn every_kind_of_line_has_its_form() {
    let text = r#"{"schema":"constellation/trace/1","nodes":["pacific","atlantic"],"scenario":"all \"kinds\"","seed":"9007199254740993","resolver":"wall-lww"}
{"event":0,"node":"pacific","at_ns":0,"do":"local","sends":{"0":"atlantic","1":"atlantic"},"label":"pull\n","claims":{"wall_ns":"1773462719428000000","lamport":9007199254740992,"hybrid":{"physical_ns":7,"logical":2},"vector":{"atlantic":1,"pacific":2}}}
{"nemesis":"partition","at_ns":1,"group_a":["pacific"],"group_b":["atlantic"]}
{"nemesis":"cut","at_ns":1,"sources":["pacific"],"targets":[]}
{"nemesis":"hold","at_ns":2,"message":0}
{"nemesis":"duplicate","at_ns":2,"message":0}
{"nemesis":"lose","at_ns":2,"message":1}
{"nemesis":"lose","at_ns":2,"message":1,"why":"checksum"}
{"nemesis":"lose","at_ns":2,"message":1,"why":"unreadable"}
{"nemesis":"lose","at_ns":2,"message":1,"why":"too_long"}
{"nemesis":"lose","at_ns":2,"message":1,"why":"queue_full"}
{"nemesis":"lose","at_ns":2,"message":1,"why":"no_contact"}
{"nemesis":"corrupt","at_ns":2,"message":0}
{"nemesis":"corrupt","at_ns":2,"message":0,"how":4294967295}
{"nemesis":"wait","at_ns":2,"message":0,"until_ns":2,"why":"queue"}
{"nemesis":"wait","at_ns":2,"message":0,"until_ns":"9007199254740993","why":"link"}
{"nemesis":"step","at_ns":3,"node":"atlantic","by_ns":-600000000}
{"nemesis":"step","at_ns":3,"node":"atlantic","by_ns":"-9223372036854775808"}
{"nemesis":"pause","at_ns":3,"node":"atlantic","for_ns":5}
{"nemesis":"suspend","at_ns":3,"node":"atlantic","for_ns":6}
{"nemesis":"slow","at_ns":3,"node":"atlantic","for_ns":7}
{"nemesis":"join","at_ns":3,"node":"atlantic"}
{"nemesis":"leave","at_ns":3,"node":"atlantic"}
{"nemesis":"slew","at_ns":3,"node":"atlantic","by_ns":-8,"for_ns":9}
{"nemesis":"leap","at_ns":3,"node":"atlantic","for_ns":0}
{"nemesis":"freeze","at_ns":3,"node":"atlantic","for_ns":10}
{"nemesis":"set","at_ns":3,"node":"atlantic","to_ns":"1773462719428000000"}
{"nemesis":"disk_full","at_ns":3,"node":"atlantic"}
{"nemesis":"tear","at_ns":3,"node":"atlantic","eighths":7}
{"nemesis":"tear","at_ns":3,"node":"atlantic","eighths":0,"lost":2}
{"nemesis":"rot","at_ns":3,"node":"atlantic","bit":11}
{"event":1,"node":"atlantic","at_ns":3,"do":"persist"}
{"event":2,"node":"atlantic","at_ns":4,"do":"crash"}
{"event":3,"node":"atlantic","at_ns":5,"do":"restart","from":1}
{"event":4,"node":"pacific","at_ns":5,"do":"crash"}
{"event":5,"node":"pacific","at_ns":5,"do":"restart","claims":{"vector":{}}}
{"nemesis":"in_flight","at_ns":6,"message":1}
{"nemesis":"heal","at_ns":6}
{"event":6,"node":"atlantic","at_ns":7,"do":"receive","message":0}
{"event":7,"node":"atlantic","at_ns":8,"do":"write","key":"MSS-17","update":"a1","saw":["p1","p2"]}
{"event":8,"node":"atlantic","at_ns":9,"do":"read","key":"MSS-17","shows":[]}
{"event":9,"node":"pacific","at_ns":9,"do":"invoke","operation":0,"call":"read","key":"MSS-17"}
{"event":10,"node":"pacific","at_ns":9,"do":"invoke","operation":7,"call":"write","key":"MSS-17","value":"yaw"}
{"event":11,"node":"pacific","at_ns":9,"do":"invoke","operation":4294967295,"call":"compare_and_set","key":"k","expected":"","value":"b"}
{"event":12,"node":"pacific","at_ns":9,"do":"invoke","operation":2,"call":"add","key":"k","amount":"-9223372036854775808"}
{"event":13,"node":"pacific","at_ns":9,"do":"invoke","operation":3,"call":"append","key":"k","value":"b"}
{"event":14,"node":"pacific","at_ns":9,"do":"invoke","operation":4,"call":"other","name":"dance","argument":"tango"}
{"event":15,"node":"pacific","at_ns":10,"do":"complete","operation":0,"result":"shows","shows":["a","b"]}
{"event":16,"node":"pacific","at_ns":10,"do":"complete","operation":7,"result":"done"}
{"event":17,"node":"pacific","at_ns":10,"do":"complete","operation":2,"result":"failed","reason":"no number"}
{"event":18,"node":"pacific","at_ns":10,"do":"complete","operation":3,"result":"unknown","reason":"no reply","label":"gives up"}
"#;
    let trace = jsonl::read(text.as_bytes()).expect("every line is right");
    assert_eq!(jsonl::to_string(&trace), text);
    assert_eq!(trace.nemesis().len(), 31);
}

/// The numbers of texts follow their first appearance, here that of `b`; the bytes must not.
#[test]
fn a_vector_is_written_by_name() {
    let header = r#"{"schema":"constellation/trace/1","nodes":["b"]}"#;
    let first = r#"{"event":0,"node":"b","at_ns":0,"do":"local","claims":{"vector":{"b":1}}}"#;
    let second = r#"{"event":1,"node":"b","at_ns":0,"do":"local","claims":{"vector":{"a":7,"b":2,"c":1}}}"#;
    let text = format!("{header}\n{first}\n{second}\n");
    let trace = jsonl::read(text.as_bytes()).expect("every line is right");
    assert_eq!(jsonl::to_string(&trace), text);
}

#[test]
fn blanks_and_the_order_of_keys_do_not_matter() {
    let loose = format!(
        "{HEADER}\r\n {{ \"do\" : \"local\", \"at_ns\": \"5\", \"node\": \"pa\\u0063ific\", \"event\" : 0 }}\n"
    );
    let trace = jsonl::read(loose.as_bytes()).expect("it means the same");
    assert_eq!(
        jsonl::to_string(&trace).lines().last(),
        Some(r#"{"event":0,"node":"pacific","at_ns":5,"do":"local"}"#)
    );
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_text() {
    let trace = jsonl::read(format!("\u{feff}{HEADER}\n").as_bytes()).expect("it means the same");
    assert_eq!(jsonl::to_string(&trace), format!("{HEADER}\n"));
}

#[test]
fn nothing_is_earlier_than_its_cause_and_no_name_is_ambiguous() {
    check(
        r#"{"event":0,"node":"pacific","at_ns":9000,"do":"local","sends":{"0":"atlantic"}}
{"event":1,"node":"atlantic","at_ns":8000,"do":"receive","message":0}"#,
        expect![[r#"
            line 3, column 68: this cannot have happened: it is at `atlantic` 1000 ns before its cause e0; true time runs forward from a cause to its effect, whatever clocks show
            ^ 0"#]],
    );
    check_text(
        "{\"schema\":\"constellation/trace/1\",\"nodes\":[\"a\",\"a#1\"]}\n",
        expect![[r#"
        line 1, column 43: this cannot have happened: node `a#1` is named as the restarted process of another node would be; leave out the `#` and the number, which count the restarts of a node
        ^ ["a","a#1"]"#]],
    );
}

#[test]
fn a_header_must_be_one_of_ours() {
    check_text(
        "",
        expect![[r#"
        line 1, column 1: expected the header, found the end of the file
        ^ "#]],
    );
    check_text(
        "\n",
        expect![[r#"
        line 1, column 1: expected an object, found the end of the line
        ^ "#]],
    );
    check_text(
        HEADER,
        expect![[r#"
        line 1, column 66: the last line does not end; the recorder may have been stopped while writing: remove that line to read the rest
        ^ "#]],
    );
    check_text(
        "{\"schema\":\"constellation/trace/2\",\"nodes\":[]}\n",
        expect![[r#"
        line 1, column 11: unknown schema `constellation/trace/2`; this version reads constellation/trace/1
        ^ "constellation/trace/2""#]],
    );
    check_text(
        "{\"schema\":\"constellation/trace/1\"}\n",
        expect![[r#"
        line 1, column 34: the key `nodes` is missing
        ^ }"#]],
    );
    check_text(
        "{\"schema\":\"constellation/trace/1\",\"nodes\":[\"a\",\"a\"]}\n",
        expect![[r#"
        line 1, column 43: this cannot have happened: node `a` is named twice; each needs a name of its own
        ^ ["a","a"]"#]],
    );
    check_text(
        "{\"schema\":\"constellation/trace/1\",\"nodes\":[],\"seed\":1}\n",
        expect![[r#"
        line 1, column 54: the key `scenario` is missing
        ^ }"#]],
    );
    check_text(
        "{\"schema\":\"constellation/trace/1\",\"nodes\":[],\"resolver\":\"siblings\"}\n",
        expect![[r#"
        line 1, column 67: the key `scenario` is missing
        ^ }"#]],
    );
}

#[test]
fn what_is_not_understood_is_refused_where_it_stands() {
    check(
        r#"{"event":0,"noed":"pacific","at_ns":0,"do":"local"}"#,
        expect![[r#"
        line 2, column 12: unknown key `noed`; did you mean `node`?
        ^ "noed""#]],
    );
    check(
        r#"{"event":0,"node":"pasific","at_ns":0,"do":"local"}"#,
        expect![[r#"
        line 2, column 19: unknown node `pasific`; did you mean `pacific`?
        ^ "pasific""#]],
    );
    check(
        r#"{"event":0,"node":"pacific","at_ns":0,"do":"recieve","message":0}"#,
        expect![[r#"
        line 2, column 44: unknown word `recieve`, known are local, receive, persist, crash, restart, write, read, invoke, complete; did you mean `receive`?
        ^ "recieve""#]],
    );
    check(
        r#"{"event":0,"node":"pacific","at_ns":0,"do":"local","colour":"red"}"#,
        expect![[r#"
        line 2, column 52: unknown key `colour`; remove it, or read the trace with the version that wrote it
        ^ "colour""#]],
    );
    check(
        r#"{"event":0,"node":"pacific","at_ns":0,"do":"local","message":3}"#,
        expect![[r#"
        line 2, column 62: the key `message` means nothing in a line of `local`
        ^ 3"#]],
    );
    check(
        r#"{"event":0,"node":"pacific","at_ns":0}"#,
        expect![[r#"
        line 2, column 38: the key `do` is missing
        ^ }"#]],
    );
    check(
        r#"{"event":0,"node":"pacific","node":"atlantic","at_ns":0,"do":"local"}"#,
        expect![[r#"
        line 2, column 29: the key `node` stands twice
        ^ "node""#]],
    );
}

#[test]
fn a_number_is_whole_and_exact() {
    check(
        r#"{"event":0,"node":"pacific","at_ns":1.5,"do":"local"}"#,
        expect![[r#"
        line 2, column 37: expected a whole number, found `1.5`
        ^ 1.5"#]],
    );
    check(
        r#"{"event":0,"node":"pacific","at_ns":-1,"do":"local"}"#,
        expect![[r#"
        line 2, column 37: expected a whole number, found `-1`
        ^ -1"#]],
    );
    check(
        r#"{"event":0,"node":"pacific","at_ns":9007199254740993,"do":"local"}"#,
        expect![[r#"
        line 2, column 37: expected a string of digits, since many readers round numbers above 2^53, found the number 9007199254740993
        ^ 9007199254740993"#]],
    );
    check(
        r#"{"event":0,"node":"pacific","at_ns":"18446744073709551616","do":"local"}"#,
        expect![[r#"
        line 2, column 37: expected a whole number, found `"18446744073709551616"`
        ^ "18446744073709551616""#]],
    );
}

#[test]
fn a_line_is_one_object_and_nothing_else() {
    check(
        r#"{"event":0,"node":null,"at_ns":0,"do":"local"}"#,
        expect![[r#"
        line 2, column 19: expected a string, found `null`
        ^ null"#]],
    );
    check(
        r#"{"event":0,"node":"pacific","at_ns":0,"do":"local"} {}"#,
        expect![[r#"
        line 2, column 53: expected the end of the line, found an object
        ^ {"#]],
    );
    check(
        r#"{"event":0,"node":"pacific","at_ns":0,"do":"local""#,
        expect![[r#"
        line 2, column 51: expected `,` or `}`, found the end of the line
        ^ "#]],
    );
    check(
        "",
        expect![[r#"
        line 2, column 1: expected an object, found the end of the line
        ^ "#]],
    );
    check(
        "[1]",
        expect![[r#"
        line 2, column 1: expected an object, found an array
        ^ ["#]],
    );
    check(
        r#"{"event":0,"node":"pa\ud800","at_ns":0,"do":"local"}"#,
        expect![[r#"
        line 2, column 22: expected `\u` with four hexadecimal digits that make a character, found `\ud800`
        ^ \ud800"#]],
    );
    check(
        r#"{"nemesis":"partition","at_ns":0,"group_a":["pacific"],"group_b":["atlantis"]}"#,
        expect![[r#"
        line 2, column 66: unknown node `atlantis`; did you mean `atlantic`?
        ^ ["atlantis"]"#]],
    );
    check(
        r#"{"nemesis":"quake","at_ns":0}"#,
        expect![[r#"
            line 2, column 12: unknown word `quake`, known are partition, cut, heal, hold, lose, duplicate, in_flight, step, pause, suspend, slow, join, leave, slew, leap, freeze, set, disk_full, tear, rot, corrupt, wait
            ^ "quake""#]],
    );
}

#[test]
fn claims_are_read_as_strictly() {
    let claims = |claims: &str, expected| {
        check(
            &format!(r#"{{"event":0,"node":"pacific","at_ns":0,"do":"local","claims":{claims}}}"#),
            expected,
        );
    };
    claims(
        r#"{"lamprot":1}"#,
        expect![[r#"
        line 2, column 62: unknown key `lamprot`; did you mean `lamport`?
        ^ "lamprot""#]],
    );
    claims(
        r#"{"lamport":1,"lamport":2}"#,
        expect![[r#"
        line 2, column 74: the key `lamport` stands twice
        ^ "lamport""#]],
    );
    claims(
        r#"{"vector":{"b":1,"a":1,"b":2}}"#,
        expect![[r#"
        line 2, column 84: the key `b` stands twice
        ^ "b""#]],
    );
    claims(
        r#"{"hybrid":{"physical_ns":1}}"#,
        expect![[r#"
        line 2, column 87: the key `logical` is missing
        ^ }"#]],
    );
    claims(
        r#"{"hybrid":{"physical_ns":1,"logical":4294967296}}"#,
        expect![[r#"
        line 2, column 98: expected a number below 2^32, found 4294967296
        ^ 4294967296"#]],
    );
    claims(r#"{"vector":{"b":0}}"#, expect!["read 1 events"]);
}

#[test]
fn what_cannot_have_happened_is_refused_by_name() {
    check(
        r#"{"event":1,"node":"pacific","at_ns":0,"do":"local"}"#,
        expect![[r#"
        line 2, column 10: the next event has number 0, this one has 1; numbers start at 0 and leave none out, so that a lost line is noticed
        ^ 1"#]],
    );
    check(
        r#"{"event":0,"node":"pacific","at_ns":0,"do":"local","sends":{"1":"atlantic"}}"#,
        expect![[r#"
        line 2, column 61: the next message has number 0, this one has 1; numbers start at 0 and leave none out, so that a lost line is noticed
        ^ "1""#]],
    );
    check(
        r#"{"event":0,"node":"pacific","at_ns":0,"do":"receive","message":0}"#,
        expect![[r#"
        line 2, column 64: this cannot have happened: message m0 was never sent before; a line before this one may be missing
        ^ 0"#]],
    );
    check(
        r#"{"event":0,"node":"pacific","at_ns":0,"do":"receive","message":4294967296}"#,
        expect![[r#"
        line 2, column 64: expected a number below 2^32, found 4294967296
        ^ 4294967296"#]],
    );
    check(
        r#"{"event":0,"node":"pacific","at_ns":0,"do":"restart"}"#,
        expect![[r#"
        line 2, column 44: this cannot have happened: `pacific` restarts without having crashed; a line before this one may be missing
        ^ "restart""#]],
    );
    check(
        r#"{"nemesis":"lose","at_ns":0,"message":0}"#,
        expect![[r#"
        line 2, column 39: this cannot have happened: message m0 was never sent before; a line before this one may be missing
        ^ 0"#]],
    );
    let wrong_address = r#"{"event":0,"node":"pacific","at_ns":0,"do":"local","sends":{"0":"atlantic"}}
{"event":1,"node":"pacific","at_ns":0,"do":"receive","message":0}"#;
    check(
        wrong_address,
        expect![[r#"
        line 3, column 64: this cannot have happened: message m0 was sent to `atlantic` but arrives at `pacific`; a line before this one may be missing
        ^ 0"#]],
    );
}

#[test]
fn a_line_that_is_cut_or_no_text_or_endless_is_told() {
    check_text(
        &format!("{HEADER}\n{{\"event\":0,\"no"),
        expect![[r#"
        line 2, column 15: the last line does not end; the recorder may have been stopped while writing: remove that line to read the rest
        ^ "#]],
    );
    let mut bytes = format!("{HEADER}\n{{\"event\":0,\"label\":\"").into_bytes();
    bytes.extend([0xff, b'"', b'}', b'\n']);
    let error = jsonl::read(&bytes).expect_err("0xff is in no text");
    expect!["line 2, column 21: these bytes are not UTF-8 text; convert the text to UTF-8"]
        .assert_eq(&error.to_string());

    let endless = vec![b' '; jsonl::LINE_BYTES_MAX + 10];
    expect!["line 1, column 16777217: this line is longer than 16777216 bytes; split the text"]
        .assert_eq(&jsonl::read(&endless).expect_err("it is too long").to_string());
    assert!(jsonl::read(&b"[".repeat(1_000_000)).is_err(), "nesting is not followed");
}

#[test]
fn a_long_line_is_shown_around_its_fault() {
    let label = "x".repeat(1000);
    let text = format!("{HEADER}\n{{\"event\":0,\"label\":\"{label}\",\"nude\":1}}\n");
    let error = jsonl::read(text.as_bytes()).expect_err("there is no such key");
    assert_eq!(error.place.column, 1023);
    let shown: String = error.text.chars().skip((error.place.column - error.text_column) as usize).collect();
    assert_eq!(shown, "\"nude\":1}");
}

/// The digest is that of the common tool, where there is one.
#[test]
fn sha256sum_gives_the_same_digest() {
    let trace = sketch::parse("pacific a m! b=1,2\nindian c m? d").expect("it can be read");
    expect!["2ef697d46c06008db679c1d4f6e708ed636991da1b55fdea960b2bc757dec0bf"]
        .assert_eq(&jsonl::digest(&trace).to_string());
    let spawned = Command::new("sha256sum").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = spawned else { return };
    jsonl::write(&trace, child.stdin.take().expect("it was piped")).expect("the tool reads all");
    let output = child.wait_with_output().expect("the tool ends");
    let sum = String::from_utf8_lossy(&output.stdout).split_whitespace().next().map(str::to_owned);
    assert_eq!(sum, Some(jsonl::digest(&trace).to_string()));
}

#[test]
fn an_error_of_the_output_is_returned() {
    let trace = sketch::parse("pacific a").expect("it can be read");
    let mut small = [0_u8; 10];
    assert!(jsonl::write(&trace, &mut small[..]).is_err());
}

fn written(trace: &Trace) -> Vec<u8> {
    let mut bytes = Vec::new();
    jsonl::write(trace, &mut bytes).expect("memory takes everything");
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_again(trace in random::traces()) {
        let bytes = written(&trace);
        let again = jsonl::read(&bytes).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(&again, &trace);
        prop_assert_eq!(written(&again), &bytes[..]);
        prop_assert_eq!(jsonl::to_string(&trace).into_bytes(), bytes);
        for line in jsonl::to_string(&trace).lines() {
            prop_assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{}", line);
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _outcome = jsonl::read(&bytes);
        let _outcome = jsonl::read(&[HEADER.as_bytes(), b"\n", &bytes, b"\n"].concat());
    }

    #[test]
    fn a_changed_trace_is_refused_or_is_another_trace(
        trace in random::traces(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = written(&trace);
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Ok(read) = jsonl::read(&bytes) {
            let again = jsonl::read(&written(&read)).map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(again, read);
        }
    }
}

#[test]
fn an_operation_that_is_not_understood_is_refused_where_it_stands() {
    let begin =
        r#"{"event":0,"node":"pacific","at_ns":0,"do":"invoke","operation":5,"call":"read","key":"k"}"#;
    check(
        r#"{"event":0,"node":"pacific","at_ns":0,"do":"invoke","operation":5,"call":"raed","key":"k"}"#,
        expect![[r#"
            line 2, column 74: unknown word `raed`, known are read, write, compare_and_set, add, append, other; did you mean `read`?
            ^ "raed""#]],
    );
    check(
        r#"{"event":0,"node":"pacific","at_ns":0,"do":"invoke","operation":5,"call":"write","key":"k"}"#,
        expect![[r#"
            line 2, column 91: the key `value` is missing
            ^ }"#]],
    );
    check(
        r#"{"event":0,"node":"pacific","at_ns":0,"do":"invoke","operation":5,"call":"read","key":"k","value":"v"}"#,
        expect![[r#"
            line 2, column 99: the key `value` means nothing in a line of `invoke`
            ^ "v""#]],
    );
    check(
        r#"{"event":0,"node":"pacific","at_ns":0,"do":"invoke","operation":4294967296,"call":"read","key":"k"}"#,
        expect![[r#"
            line 2, column 65: expected a number below 2^32, found 4294967296
            ^ 4294967296"#]],
    );
    check(
        &format!(
            "{begin}\n{}",
            r#"{"event":1,"node":"pacific","at_ns":0,"do":"complete","operation":5,"result":"ok"}"#
        ),
        expect![[r#"
            line 3, column 78: unknown word `ok`, known are done, shows, failed, unknown
            ^ "ok""#]],
    );
    check(
        &format!(
            "{begin}\n{}",
            r#"{"event":1,"node":"atlantic","at_ns":0,"do":"complete","operation":5,"result":"done"}"#
        ),
        expect![[r#"
            line 3, column 68: this cannot have happened: operation 5 ends at a process that never began it; an operation begins once, and ends at most once, at one process
            ^ 5"#]],
    );
    check(
        &format!("{begin}\n{}", begin.replace("\"event\":0", "\"event\":1")),
        expect![[r#"
            line 3, column 65: this cannot have happened: operation 5 is begun twice; an operation begins once, and ends at most once, at one process
            ^ 5"#]],
    );
}

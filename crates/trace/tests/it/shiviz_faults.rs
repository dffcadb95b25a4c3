//! What is wrong with somebody else's log is told where it stands, and nothing is guessed that would hide an event.

use constellation_trace::format::shiviz::{self, LAYOUTS, Options};
use expect_test::{Expect, expect};

use crate::shiviz::{check, check_with, complain};

/// Reads a log of one event at `a` with this clock.
fn clock(clock: &str, expected: Expect) {
    check(&format!("x\na {clock}\n"), expected);
}

#[test]
fn a_counter_is_a_whole_number_and_stands_once() {
    clock(
        r#"{"a":"1"}"#,
        expect![[r#"
        recognised as ShiViz
        execution ``
          ✗ a line 2, column 8: a number is expected here, `"1"` stands there (3)"#]],
    );
    clock(
        r#"{"a":1, "a":2}"#,
        expect![[r#"
        recognised as ShiViz
        execution ``
          ✗ a line 2, column 11: each host once is expected here, `a` a second time stands there (3)"#]],
    );
    clock(
        r#"{"a":1.5}"#,
        expect![[r#"
        recognised as ShiViz
        execution ``
          ✗ a line 2, column 8: a whole number is expected here, `1.5` stands there (3)"#]],
    );
    clock(
        r#"{"a":1e0}"#,
        expect![[r#"
        recognised as ShiViz
        execution ``
          ✗ a line 2, column 8: a whole number is expected here, `1e0` stands there (3)"#]],
    );
    clock(
        r#"{"a":-1}"#,
        expect![[r#"
        recognised as ShiViz
        execution ``
          ✗ a line 2, column 8: a counter that is not negative is expected here, `-1` stands there (2)"#]],
    );
    clock(
        r#"{"a":null}"#,
        expect![[r#"
            recognised as ShiViz
            execution ``
              ✗ a line 2, column 8: a whole number is expected here, `null` stands there (4)"#]],
    );
    clock(
        r#"{"a":9223372036854775808}"#,
        expect![[r#"
        recognised as ShiViz
        execution ``
          ✗ a line 2, column 8: a counter below 2^63 is expected here, `9223372036854775808` stands there (19)"#]],
    );
    clock(
        r#"{"a":9223372036854775807}"#,
        expect![[r#"
        recognised as ShiViz
        execution ``
           2:3 a {a:9223372036854775807} "x""#]],
    );
}

#[test]
fn a_clock_that_does_not_count_its_own_host_can_be_read() {
    clock(
        r#"{"b":1}"#,
        expect![[r#"
            recognised as ShiViz
            execution ``
               2:3 a {b:1} "x""#]],
    );
    clock(
        r#"{"a":0, "b":1}"#,
        expect![[r#"
            recognised as ShiViz
            execution ``
               2:3 a {b:1} "x"
              zeros Zeros { count: 1, first_line: 2 }"#]],
    );
    clock(
        r#"{}"#,
        expect![[r#"
            recognised as ShiViz
            execution ``
               2:3 a {} "x""#]],
    );
}

#[test]
fn a_clock_is_an_object() {
    clock(
        r#"{"a":1,}"#,
        expect![[r#"
        recognised as ShiViz
        execution ``
          ✗ a line 2, column 10: a key in double quotes is expected here, `}` stands there (1)"#]],
    );
    clock(
        r#"{a:1}"#,
        expect![[r#"
        recognised as ShiViz
        execution ``
          ✗ a line 2, column 4: a key in double quotes is expected here, `a` stands there (1)"#]],
    );
    clock(
        r#"{"a":01}"#,
        expect![[r#"
            recognised as ShiViz
            execution ``
              ✗ a line 2, column 8: a whole number is expected here, `01` stands there (2)"#]],
    );
    clock(
        r#"{"a":{"b":1}}"#,
        expect![[r#"
            recognised as ShiViz
            execution ``
              ✗ a line 2, column 8: a whole number is expected here, an object stands there (1)"#]],
    );
    clock(
        r#"{"a":1} trailing}"#,
        expect![[r#"
            recognised as ShiViz
            execution ``
              ✗ a line 2, column 11: the end of the clock is expected here, `trailing` stands there (8)"#]],
    );
    clock(
        r#"{\"a\":1, \"b\":-2}"#,
        expect![[r#"
        recognised as ShiViz
        execution ``
          ✗ a line 2, column 19: a counter that is not negative is expected here, `-2` stands there (2)"#]],
    );
    clock(
        r#"{"a":1, "ü":true}"#,
        expect![[r#"
            recognised as ShiViz
            execution ``
              ✗ a line 2, column 15: a whole number is expected here, `true` stands there (4)"#]],
    );
    check(
        "x\n {\"a\":1}\n",
        expect![[r#"
        recognised as ShiViz
        execution ``
          ✗  line 2, column 2: a host name before the clock is expected here, none stands there (7)"#]],
    );
}

#[test]
fn zeros_are_left_out_and_counted() {
    check(
        "x\na {\"a\":1}\ny\na {\"a\":2, \"b\":0, \"c\":0}\n",
        expect![[r#"
        recognised as ShiViz
        execution ``
           2:3 a {a:1} "x"
           4:3 a {a:2} "y"
          zeros Zeros { count: 2, first_line: 4 }"#]],
    );
}

#[test]
fn a_log_that_holds_nothing_is_told_so() {
    check(
        "",
        expect![[r#"
        line 1, column 1: the log is empty; an event is two lines: what happened, then `host {"host":1}`
        ^ "#]],
    );
    check(
        "  \n\n",
        expect![[r#"
        line 1, column 1: the log is empty; an event is two lines: what happened, then `host {"host":1}`
        ^ "#]],
    );
    check(
        "hello\nworld\n",
        expect![[r#"
            line 1, column 1: no known layout of an event is found in this text; give the expression that fits an event of this log as its parser
            ^ hello"#]],
    );
    check(
        "{\"schema\": 1}\n",
        expect![[r#"
            line 1, column 1: no known layout of an event is found in this text; give the expression that fits an event of this log as its parser
            ^ {"schema": 1}"#]],
    );
    check(
        "(?<host>.*) (?<event>.*) (?<clock>{.*})\n\n\nnothing here\n",
        expect![[r#"
            line 4, column 1: no event matches the parser expression `(?<host>.*) (?<event>.*) (?<clock>{.*})`; give the expression that fits an event of this log as its parser
            ^ nothing here"#]],
    );
}

#[test]
fn an_expression_that_cannot_be_used_is_told_why() {
    let parser = |parser: &str, expected: Expect| {
        check_with("x\na {\"a\":1}\n", Options::default().with_parser(parser), expected);
    };
    parser(
        r"(?<event>.*)\n(?<host>\S*)",
        expect![[r#"
        line 1, column 1: the parser expression has no group `(?<clock>…)`; event, host and clock are required, other groups become fields
        ^ (?<event>.*)\n(?<host>\S*)"#]],
    );
    parser(
        r"(?<event>.*)\n(?=x)(?<host>\S*) (?<clock>{.*})",
        expect![[r#"
        line 1, column 15: the parser expression has a look-ahead, `(?=`, which is not supported; describe what is to match, not what surrounds it
        ^ (?="#]],
    );
    parser(
        r"(?<!x)(?<event>.*)\n(?<host>\S*) (?<clock>{.*})",
        expect![[r#"
        line 1, column 1: the parser expression has a look-behind, `(?<!`, which is not supported; describe what is to match, not what surrounds it
        ^ (?<!"#]],
    );
    parser(
        r"(?<event>(a)\1)\n(?<host>\S*) (?<clock>{.*})",
        expect![[r#"
        line 1, column 13: the parser expression has a back-reference, `\1`, which is not supported; describe what is to match, not what surrounds it
        ^ \1"#]],
    );
    parser(
        r"(?<event>.*)\k<event>(?<host>\S*) (?<clock>{.*})",
        expect![[r#"
        line 1, column 13: the parser expression has a back-reference, `\k<`, which is not supported; describe what is to match, not what surrounds it
        ^ \k<"#]],
    );
}

#[test]
fn an_expression_that_is_none_is_told_why() {
    let parser = |parser: &str, expected: Expect| {
        check_with("x\na {\"a\":1}\n", Options::default().with_parser(parser), expected);
    };
    parser(
        r"(?<event>.*\n(?<host>\S*) (?<clock>{.*})",
        expect![[r#"
        line 1, column 1: the parser expression is not valid: unclosed group
        ^ (?<event>.*\n(?<host>\S*) (?<clock>{.*})"#]],
    );
    parser(
        r"(?<event>(.{500}){500})\n(?<host>\S*) (?<clock>{.*})",
        expect![[r#"
        line 1, column 1: the parser expression is not valid: it is too large once its repetitions are written out
        ^ (?<event>(.{500}){500})\n(?<host>\S*) (?<clock>{.*})"#]],
    );
    parser(
        &"(".repeat(5000),
        expect![[r#"
        line 1, column 1: the parser expression is not valid: it is longer than 4096 bytes
        ^ (((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((("#]],
    );
    parser(
        &"(".repeat(500),
        expect![[r#"
        line 1, column 1: the parser expression is not valid: unclosed group
        ^ (((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((("#]],
    );
    check(
        "(?<event>.*) (?<host>(?!y)) (?<clock>.)\n\nx\n",
        expect![[r#"
        line 1, column 22: the parser expression has a look-ahead, `(?!`, which is not supported; describe what is to match, not what surrounds it
        ^ (?!"#]],
    );
    check(
        "(?<event>.*) (?<host>.*) (?<clock>.)\n[z-a]\nx\n",
        expect![[r#"
        line 2, column 1: the delimiter expression is not valid: invalid character class range, the start must be <= the end
        ^ [z-a]"#]],
    );
}

#[test]
fn two_executions_may_not_share_a_label() {
    check(
        "=== run ===\nx\na {\"a\":1}\n\n=== run ===\ny\na {\"a\":1}\n",
        expect![[r#"
        line 5, column 1: a second execution is labelled `run`, the first begins at line 1; give each execution a label of its own
        ^ === run ==="#]],
    );
    check(
        "before\na {\"a\":1}\n=== run ===\ny\na {\"a\":1}\n=== empty ===\n",
        expect![[r#"
        recognised as ShiViz
        execution ``
           2:3 a {a:1} "before"
        execution `run`
           5:3 a {a:1} "y"
        execution `empty`"#]],
    );
}

#[test]
fn bytes_that_are_no_text_are_told_where() {
    let error = shiviz::read(b"one\ntwo \xfe {\n", &Options::default()).expect_err("0xfe is in no text");
    expect![[r#"
        line 2, column 5: these bytes are not UTF-8 text; convert the text to UTF-8
        ^ �"#]]
    .assert_eq(&complain(&error));
}

/// An expression that looks to the end of the text for each event makes reading quadratic.
#[test]
fn an_expression_that_looks_too_far_is_refused() {
    let header = r"(?<event>.*)\n(?<host>\S*) (?<clock>{.*})(?:[\s\S]{0,50}[\s\S]*Z)?";
    let log = |events: usize| {
        let events: String = (1..=events).map(|own| format!("x\na {{\"a\":{own}}}\n")).collect();
        format!("{header}\n\n{events}")
    };
    let small = shiviz::read(log(100).as_bytes(), &Options::default()).expect("it is soon read");
    assert_eq!(small.executions[0].events().len(), 100);
    check(
        &log(20_000),
        expect![[r#"
        line 1, column 1: the parser expression looks at more than 19773568 bytes to read this text; let it stop at the end of its event: `.` ends with the line, `[\s\S]` only with the text
        ^ (?<event>.*)\n(?<host>\S*) (?<clock>{.*})(?:[\s\S]{0,50}[\s\S]*Z)?"#]],
    );
    let delimiter = Options::default().with_delimiter(r"^=== (?<trace>.*) ===$(?:[\s\S]*Z)?");
    let runs: String = (0..20_000).map(|run| format!("=== {run} ===\n")).collect();
    check_with(
        &(runs + "x\na {\"a\":1}"),
        delimiter,
        expect![[r#"
        line 1, column 1: the delimiter expression looks at more than 17209664 bytes to read this text; let it stop at the end of its event: `.` ends with the line, `[\s\S]` only with the text
        ^ ^=== (?<trace>.*) ===$(?:[\s\S]*Z)?"#]],
    );
    // One that could look far and seldom does is none of these.
    let patient = Options::default()
        .with_parser(r"(?<event>[^{}]*?)\s+(?<host>\S*)\s*(?<clock>\{[^}]*\})\s*")
        .with_delimiter(r"^=+[^a]*?=$");
    let text: String = (1..=20_000).map(|own| format!("one\ntwo\na {{\"a\":{own}}}\n")).collect();
    let log = shiviz::read(text.as_bytes(), &patient).expect("each search ends with its event");
    assert_eq!(log.executions[0].events().len(), 20_000);
}

#[test]
fn a_layout_that_would_pass_over_a_clock_is_not_guessed() {
    // Text behind each clock, which the layouts of two lines do not have: two of four events would be missed.
    check(
        "a {\"a\":1} boot\nb {\"b\":1} boot\na {\"a\":2} send\nb {\"a\":2,\"b\":2} recv\n",
        expect![[r#"
        recognised as one-line events
        execution ``
           1:3 a {a:1} "boot"
           2:3 b {b:1} "boot"
           3:3 a {a:2} "send"
           4:3 b {a:2 b:2} "recv""#]],
    );
    // No text at all: every second clock would be the text of the other.
    check(
        "a {\"a\":1}\nb {\"b\":1}\na {\"a\":2}\nb {\"a\":2,\"b\":2}\n",
        expect![[r#"
            line 1, column 1: the log looks like ShiViz, in which this host and its clock would be missed; give the expression that fits an event of this log as its parser
            ^ a {"a":1}"#]],
    );
    check(
        "a {\"a\":1} boot\nb {\"b\":1}\nboot\n",
        expect![[r#"
            line 1, column 1: the log looks like ShiViz, in which this host and its clock would be missed; give the expression that fits an event of this log as its parser
            ^ a {"a":1} boot"#]],
    );
    check(
        "boot\na {\"a\":1}\nb { \"b\" : 1 }\nc {\\\"c\\\":1}\n",
        expect![[r#"
            line 3, column 1: the log looks like ShiViz, in which this host and its clock would be missed; give the expression that fits an event of this log as its parser
            ^ b { "b" : 1 }"#]],
    );
    check(
        "17 boot\na {\"a\":1}\n19 a {\"a\":2} 21 go\n",
        expect![[r#"
            line 3, column 1: the log looks like TSViz, in which this host and its clock would be missed; give the expression that fits an event of this log as its parser
            ^ 19 a {"a":2} 21 go"#]],
    );
    // A text with braces is no clock, and an expression that was given is believed.
    check(
        "boot {x}\na {\"a\":1}\nsee {\"x\":\"y\"}\n",
        expect![[r#"
        recognised as ShiViz
        execution ``
           2:3 a {a:1} "boot {x}"
        unmatched 1 [(3, "see {\"x\":\"y\"}")]"#]],
    );
    let given = Options::default().with_parser(LAYOUTS[1].1);
    check_with(
        "a {\"a\":1}\nb {\"b\":1}\n",
        given,
        expect![[r#"
        as given
        execution ``
           2:3 b {b:1} "a {\"a\":1}""#]],
    );
}

#[test]
fn what_no_clock_counts_is_not_guessed_to_be_a_host() {
    check(
        "INFO {\"a\":1} boot\nINFO {\"b\":1} boot\n",
        expect![[r#"
        line 1, column 1: the log looks like one-line events, but what stands before its clocks is in none of them; give the expression that fits an event of this log as its parser
        ^ INFO {"a":1} boot"#]],
    );
    check(
        "INFO {\"a\":1} boot\n",
        expect![[r#"
        recognised as one-line events
        execution ``
           1:6 INFO {a:1} "boot""#]],
    );
}

#[test]
fn a_clock_that_is_missed_far_behind_the_beginning_is_found_too() {
    let events: String = (1..=9000).map(|own| format!("x\na {{\"a\":{own}}}\n")).collect();
    check(
        &format!("{events}a {{\"a\":9001}} boot\n"),
        expect![[r#"
            line 18001, column 1: the log looks like ShiViz, in which this host and its clock would be missed; give the expression that fits an event of this log as its parser
            ^ a {"a":9001} boot"#]],
    );
    let preamble = "nothing to see\n".repeat(9000);
    let log = shiviz::read(format!("{preamble}x\na {{\"a\":1}}\n").as_bytes(), &Options::default());
    assert_eq!(log.expect("there is an event at the end").unmatched.count, 9000);
}

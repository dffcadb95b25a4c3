//! `constellation check`: somebody else's log, sound or not, readable or not.

#![allow(clippy::too_many_lines, reason = "a table of inputs and outputs is read in one piece")]

use std::fs;
use std::path::Path;

use expect_test::{Expect, expect};

use crate::command::{Bench, shown, text};

/// Judges `log` with these flags.
fn check(log: &str, flags: &[&str], expected: Expect) {
    let bench = Bench::new(&[("my.log", log.as_bytes())]);
    bench.check(&[&["check", "my.log"], flags].concat(), expected);
}

pub(crate) const SOUND: &str =
    "pacific {\"pacific\":1}\nask\natlantic {\"atlantic\":1, \"pacific\":1}\nanswer\n";

#[test]
fn the_demonstration_logs_end_as_their_readme_says() {
    let check = |name: &str, expected: Expect| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../logs").join(name);
        let bytes = fs::read(path).expect("it ships");
        Bench::new(&[(name, &bytes)]).check(&["check", name], expected);
    };
    check(
        "handover.log",
        expect![[r#"
        exit 0
        --- out
        handover.log · layout: recognised as GoVector
        8 events, 3 nodes, 3 messages
        ✓ holds    each clock is the join of its causes plus its own event"#]],
    );
    check(
        "forgotten-tick.log",
        expect![[r#"
        exit 1
        --- out
        forgotten-tick.log · layout: recognised as GoVector
        6 events, 2 nodes, 3 messages
        ✗ violated each clock is the join of its causes plus its own event
          forgotten-tick.log:7:7
            found     two events count `relay` 1: this one and that in line 5
            expected  each event of a host to have a counter of its own
            see       forgotten-tick.log:5:7
            hint: two processes share a name, or an event was logged without a tick: with GoVector, one log per process"#]],
    );
    check(
        "three-passes.log",
        expect![[r#"
        exit 0
        --- out
        three-passes.log · layout: from the first lines of the file
        execution first pass
        4 events, 2 nodes, 1 message
        ✓ holds    each clock is the join of its causes plus its own event
        execution second pass: nobody talks
        2 events, 2 nodes, 0 messages
        ✓ holds    each clock is the join of its causes plus its own event
        execution third pass: there and back
        4 events, 3 nodes, 2 messages
        ✓ holds    each clock is the join of its causes plus its own event"#]],
    );
}

#[test]
fn a_sound_log_holds() {
    check(
        SOUND,
        &[],
        expect![[r#"
            exit 0
            --- out
            my.log · layout: recognised as GoVector
            2 events, 2 nodes, 1 message
            ✓ holds    each clock is the join of its causes plus its own event"#]],
    );
    let shiviz = "ask\npacific {\"pacific\":1}\nanswer\natlantic {\"atlantic\":1, \"pacific\":1}\n";
    check(
        &format!("(?<event>.*)\\n(?<host>\\S*) (?<clock>{{.*}})\n\n{shiviz}"),
        &[],
        expect![[r#"
            exit 0
            --- out
            my.log · layout: from the first lines of the file
            2 events, 2 nodes, 1 message
            ✓ holds    each clock is the join of its causes plus its own event"#]],
    );
    check(
        shiviz,
        &["--parser", "(?<event>.*)\\n(?<host>\\S*) (?<clock>{.*})"],
        expect![[r#"
            exit 0
            --- out
            my.log · layout: as given
            2 events, 2 nodes, 1 message
            ✓ holds    each clock is the join of its causes plus its own event"#]],
    );
}

#[test]
fn a_log_of_one_line_an_event_is_read_whole() {
    check(
        "a {\"a\":1} boot\nb {\"b\":1} boot\na {\"a\":2} send\nb {\"a\":2,\"b\":2} recv\n",
        &[],
        expect![[r#"
            exit 0
            --- out
            my.log · layout: recognised as one-line events
            4 events, 2 nodes, 1 message
            ✓ holds    each clock is the join of its causes plus its own event"#]],
    );
}

#[test]
fn a_layout_that_is_not_known_is_told_what_to_type() {
    let log = "at 4:12 a {\"a\":1} boot\nat 4:13 b {\"b\":1} boot\n";
    check(
        log,
        &[],
        expect![[r#"
        exit 2
        --- talk
        error: no known layout of an event is found in this text
         --> my.log:1:1
          |
        1 | at 4:12 a {"a":1} boot
          | ^^^^^^^^^^^^^^^^^^^^^^
        help: say how an event looks, such as
              constellation check my.log --parser '(?<host>\S+) (?<clock>\{.*?\}) ?(?<event>.*)'
        (tried: TSViz, ShiViz, GoVector, one-line events, JSON Lines; logs/README.md shows each of them)"#]],
    );
    let bench = Bench::new(&[("my.log", log.as_bytes())]);
    let output = bench.run(&["check", "my.log"], b"");
    let typed = text(&output.stderr).split("--parser '").nth(1).and_then(|rest| rest.split('\'').next());
    bench.check(
        &["check", "my.log", "--parser", typed.expect("an expression is shown")],
        expect![[r#"
        exit 0
        --- out
        my.log · layout: as given
        2 events, 2 nodes, 0 messages
        ✓ holds    each clock is the join of its causes plus its own event
        · 2 lines matched by no pattern, which is no failure; the first:
            1: at 4:12
            2: at 4:13"#]],
    );
    check(
        "a {\"a\":1}\nb {\"b\":1}\n",
        &[],
        expect![[r#"
        exit 2
        --- talk
        error: the log looks like ShiViz, in which this host and its clock would be missed
         --> my.log:1:1
          |
        1 | a {"a":1}
          | ^^^^^^^^^
        help: say how an event looks, such as
              constellation check my.log --parser '(?<host>\S+) (?<clock>\{.*?\}) ?(?<event>.*)'
        (tried: TSViz, ShiViz, GoVector, one-line events, JSON Lines; logs/README.md shows each of them)"#]],
    );
    check(
        "x\n",
        &["--parser", "(?<event>y)(?<host>z)(?<clock>z)"],
        expect![[r#"
        exit 2
        --- talk
        error: no event matches the parser expression `(?<event>y)(?<host>z)(?<clock>z)`
         --> my.log:1:1
          |
        1 | x
          | ^
        help: an expression such as '(?<host>\S+) (?<clock>\{.*?\}) ?(?<event>.*)' finds `host {"host":1} what happened`"#]],
    );
}

#[test]
fn each_fault_is_told_with_its_line() {
    check(
        "pacific {\"pacific\":2}\nstarts late\n",
        &[],
        expect![[r#"
        exit 1
        --- out
        my.log · layout: recognised as GoVector
        1 event, 1 node, 0 messages
        ✗ violated each clock is the join of its causes plus its own event
          my.log:1:9
            found     `pacific` starts at 2
            expected  the first event of a host to count 1
            hint: a log may have been cut, or two processes wrote one file: with GoVector, one log per process"#]],
    );
    check(
        "pacific {\"pacific\":1}\na\npacific {\"pacific\":3}\nb\n",
        &[],
        expect![[r#"
        exit 1
        --- out
        my.log · layout: recognised as GoVector
        2 events, 1 node, 0 messages
        ✗ violated each clock is the join of its causes plus its own event
          my.log:3:9
            found     `pacific` 3 follows `pacific` 1 (line 1)
            expected  `pacific` 2 next
            see       my.log:1:9
            hint: each event adds 1: a line is missing, or one event ticked more than once"#]],
    );
    check(
        "pacific {\"pacific\":1}\na\npacific {\"pacific\":1}\nb\n",
        &[],
        expect![[r#"
        exit 1
        --- out
        my.log · layout: recognised as GoVector
        2 events, 1 node, 0 messages
        ✗ violated each clock is the join of its causes plus its own event
          my.log:3:9
            found     two events count `pacific` 1: this one and that in line 1
            expected  each event of a host to have a counter of its own
            see       my.log:1:9
            hint: two processes share a name, or an event was logged without a tick: with GoVector, one log per process"#]],
    );
    check(
        "pacific {\"atlantic\":1}\na\n",
        &[],
        expect![[r#"
            exit 1
            --- out
            my.log · layout: recognised as GoVector
            1 event, 1 node, 0 messages
            ✗ violated each clock is the join of its causes plus its own event
              my.log:1:9
                found     `pacific` counts no event of its own
                expected  each clock to count the event that it stamps
                hint: tick the clock first, then log the event
              my.log:1:9
                found     `pacific` 0 has seen `atlantic` 1, of which there is no event
                expected  only hosts that are in the log
                hint: the log of that host is missing, or its name is spelt in two ways"#]],
    );
    check(
        "pacific {\"pacific\":1, \"moon\":4}\na\n",
        &[],
        expect![[r#"
        exit 1
        --- out
        my.log · layout: recognised as GoVector
        1 event, 1 node, 0 messages
        ✗ violated each clock is the join of its causes plus its own event
          my.log:1:9
            found     `pacific` 1 has seen `moon` 4, of which there is no event
            expected  only hosts that are in the log
            hint: the log of that host is missing, or its name is spelt in two ways"#]],
    );
    check(
        "a {\"a\":1}\nx\nb {\"b\":1, \"a\":1}\ny\nb {\"b\":2}\nforgets\n",
        &[],
        expect![[r#"
            exit 1
            --- out
            my.log · layout: recognised as GoVector
            3 events, 2 nodes, 1 message
            ✗ violated each clock is the join of its causes plus its own event
              my.log:5:3
                found     `b` 2 has no entry for `a`, after `b` 1 (line 3) had `a` 1
                expected  `a` 1 or more
                see       my.log:3:3
                hint: a clock never forgets: a merge takes the larger of two counters"#]],
    );
    check(
        "a {\"a\":1}\nx\nb {\"b\":1, \"a\":1}\ny\nc {\"c\":1, \"b\":1}\nforgets a\n",
        &[],
        expect![[r#"
            exit 1
            --- out
            my.log · layout: recognised as GoVector
            3 events, 3 nodes, 1 message
            ✗ violated each clock is the join of its causes plus its own event
              my.log:5:3
                found     `c` 1 has seen `b` 1 (line 3), which had seen `a` 1, but it has no entry for `a`
                expected  `a` 1 or more
                see       my.log:3:3
                hint: a receive merges and then ticks: it merges every counter of the message, not only the sender's"#]],
    );
    check(
        "a {\"a\":1, \"b\":1}\nx\nb {\"b\":1, \"a\":1}\ny\n",
        &[],
        expect![[r#"
        exit 1
        --- out
        my.log · layout: recognised as GoVector
        2 events, 2 nodes, 2 messages
        ✗ violated each clock is the join of its causes plus its own event
          my.log:1:3
            found     `a` 1 (line 1) has seen `b` 1 (line 3), which has seen `a` 1 (line 1)
            expected  causes before their effects
            see       my.log:3:3
            see       my.log:1:3
            hint: nothing is a cause of its own cause: a stamp was changed, or taken from a clock that had gone on"#]],
    );
    check(
        "a {\"a\":1.5}\nx\n",
        &[],
        expect![[r#"
            exit 1
            --- out
            my.log · layout: recognised as GoVector
            1 event, 1 node, 0 messages
            ✗ violated each clock is the join of its causes plus its own event
              my.log:1:8
                found     `1.5`
                expected  a whole number
                hint: a clock counts events, and there is no half of one"#]],
    );
}

#[test]
fn text_that_no_pattern_matches_is_counted_and_shown() {
    check(
        &format!("{SOUND}\n\nthe machine was \u{1b}[31mhot\n"),
        &[],
        expect![[r#"
            exit 0
            --- out
            my.log · layout: recognised as GoVector
            2 events, 2 nodes, 1 message
            ✓ holds    each clock is the join of its causes plus its own event
            · 1 line matched by no pattern, which is no failure; the first:
                7: the machine was \u{1b}[31mhot"#]],
    );
}

#[test]
fn several_executions_are_judged_one_by_one() {
    let log = "=== good ===\npacific {\"pacific\":1}\nask\n=== bad ===\npacific {\"pacific\":2}\nask\n";
    check(
        log,
        &["--delimiter", "^=== (?<trace>.*) ===$"],
        expect![[r#"
        exit 1
        --- out
        my.log · layout: recognised as GoVector
        execution good
        1 event, 1 node, 0 messages
        ✓ holds    each clock is the join of its causes plus its own event
        execution bad
        1 event, 1 node, 0 messages
        ✗ violated each clock is the join of its causes plus its own event
          my.log:5:9
            found     `pacific` starts at 2
            expected  the first event of a host to count 1
            hint: a log may have been cut, or two processes wrote one file: with GoVector, one log per process"#]],
    );
}

#[test]
fn what_cannot_be_read_is_underlined() {
    check(
        "",
        &[],
        expect![[r#"
        exit 2
        --- talk
        error: the log is empty
         --> my.log:1:1
        help: an event is two lines: what happened, then `host {"host":1}`"#]],
    );
    check(
        "hello\n",
        &[],
        expect![[r#"
            exit 2
            --- talk
            error: no known layout of an event is found in this text
             --> my.log:1:1
              |
            1 | hello
              | ^^^^^
            help: say how an event looks, such as
                  constellation check my.log --parser '(?<host>\S+) (?<clock>\{.*?\}) ?(?<event>.*)'
            (tried: TSViz, ShiViz, GoVector, one-line events, JSON Lines; logs/README.md shows each of them)"#]],
    );
    check(
        SOUND,
        &["--parser", "(?<event>.*"],
        expect![[r#"
        exit 2
        --- talk
        error: the parser expression is not valid: unclosed group
         --> --parser:1:1
          |
        1 | (?<event>.*
          | ^^^^^^^^^^^"#]],
    );
    check(
        SOUND,
        &["--parser", "(?<event>.*)"],
        expect![[r#"
        exit 2
        --- talk
        error: the parser expression has no group `(?<host>…)`
         --> --parser:1:1
          |
        1 | (?<event>.*)
          | ^^^^^^^^^^^^
        help: event, host and clock are required, other groups become fields"#]],
    );
    check(
        SOUND,
        &["--parser", "(?<=x)(?<event>.*)(?<host>.)(?<clock>.)"],
        expect![[r#"
        exit 2
        --- talk
        error: the parser expression has a look-behind, `(?<=`, which is not supported
         --> --parser:1:1
          |
        1 | (?<=x)(?<event>.*)(?<host>.)(?<clock>.)
          | ^^^^
        help: describe what is to match, not what surrounds it"#]],
    );
    check(
        "{\"schema\":\"constellation/trace/1\",\"nodes\":[\"a\"],\"what\":1}\n",
        &[],
        expect![[r#"
        exit 2
        --- talk
        error: unknown key `what`
         --> my.log:1:49
          |
        1 | {"schema":"constellation/trace/1","nodes":["a"],"what":1}
          |                                                 ^^^^^^
        help: remove it, or read the trace with the version that wrote it"#]],
    );
    check(
        "{\"schema\":\"constellation/trace/9\",\"nodes\":[\"a\"]}\n",
        &[],
        expect![[r#"
        exit 2
        --- talk
        error: unknown schema `constellation/trace/9`
         --> my.log:1:11
          |
        1 | {"schema":"constellation/trace/9","nodes":["a"]}
          |           ^^^^^^^^^^^^^^^^^^^^^^^
        help: this version reads constellation/trace/1"#]],
    );
}

#[test]
fn a_log_that_is_not_there_or_no_text_is_refused() {
    let bench = Bench::new(&[
        ("latin.log", b"pacific {\"pacific\":1}\n\xb0\n"),
        ("wide.log", b"p\0a\0c\0"),
        ("empty.img", &[0; 9]),
    ]);
    bench.check(
        &["check", "missing.log"],
        expect![[r#"
        exit 2
        --- talk
        error: cannot read `missing.log`: No such file or directory (os error 2)"#]],
    );
    bench.check(
        &["check", "latin.log"],
        expect![[r#"
        exit 2
        --- talk
        error: these bytes are not UTF-8 text
         --> latin.log:2:1
          |
        2 | �
          | ^
        help: convert the text to UTF-8"#]],
    );
    bench.check(
        &["check", "wide.log"],
        expect![[r#"
        exit 2
        --- talk
        error: `wide.log` is not UTF-8 text: byte 1 of it is 0
        help: a log is a text file; one in UTF-16 must be converted first"#]],
    );
    bench.check(
        &["report", "empty.img", "-o", "it.html"],
        expect![[r#"
        exit 2
        --- talk
        error: `empty.img` is not UTF-8 text: byte 0 of it is 0
        help: a log is a text file; one in UTF-16 must be converted first"#]],
    );
}

#[test]
fn standard_input_is_a_log_too() {
    let output = Bench::new(&[]).run(&["check", "-"], SOUND.as_bytes());
    expect![[r#"
        exit 0
        --- out
        standard input · layout: recognised as GoVector
        2 events, 2 nodes, 1 message
        ✓ holds    each clock is the join of its causes plus its own event"#]]
    .assert_eq(&shown(&output));
}

#[test]
fn json_says_what_the_text_says_under_a_schema() {
    let log = format!("{SOUND}pacific {{\"pacific\":3}}\nthree\n");
    let output = Bench::new(&[("my.log", log.as_bytes())]).run(&["check", "my.log", "--json"], b"");
    assert_eq!(output.status.code(), Some(1));
    expect![[r#"
        {
          "schema": "constellation/check/1",
          "log": "my.log",
          "format": "govector",
          "parser": "^(?:(?<timestamp>\\d+) )?(?<host>\\S*) (?<clock>\\{.*\\})[ \\t]*\\n(?<event>.*)$",
          "delimiter": null,
          "executions": [
            {
              "execution": "",
              "origin": null,
              "events": 3,
              "nodes": 2,
              "messages": 1,
              "promises": [
                {
                  "promise": "each clock is the join of its causes plus its own event",
                  "verdict": "violated",
                  "scope": "3 events at 2 hosts",
                  "expected": "`pacific` 2 next",
                  "found": "line 5: `pacific` 3 follows `pacific` 1 (line 1)",
                  "events": [],
                  "proof": {
                    "kind": "rule",
                    "rule": "each event adds 1: a line is missing, or one event ticked more than once"
                  },
                  "steps": [],
                  "notes": [],
                  "text": "expected  `pacific` 2 next\nfound     line 5: `pacific` 3 follows `pacific` 1 (line 1)\nproof     each event adds 1: a line is missing, or one event ticked more than once"
                }
              ],
              "faults": [
                {
                  "line": 5,
                  "column": 9,
                  "found": "`pacific` 3 follows `pacific` 1 (line 1)",
                  "expected": "`pacific` 2 next",
                  "hint": "each event adds 1: a line is missing, or one event ticked more than once",
                  "see": [
                    1
                  ]
                }
              ],
              "faults_total": 1,
              "notes": []
            }
          ],
          "unmatched": {
            "lines": 0,
            "first": []
          },
          "exit_code": 1
        }
    "#]]
    .assert_eq(text(&output.stdout));
}

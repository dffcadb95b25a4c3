//! Logs of others: every layout in use is recognised or described.

use constellation_trace::format::shiviz::{self, Options};
use constellation_trace::format::{Format, FormatError, detect};
use constellation_trace::log::Log;
use expect_test::{Expect, expect};
use proptest::prelude::*;

pub(crate) fn check(text: &str, expected: Expect) {
    check_with(text, Options::default(), expected);
}

pub(crate) fn check_with(text: &str, options: Options<'_>, expected: Expect) {
    expected.assert_eq(
        &shiviz::read(text.as_bytes(), &options).map_or_else(|error| complain(&error), |log| show(&log)),
    );
}

pub(crate) fn complain(error: &FormatError) -> String {
    let under = error.text.chars().skip((error.place.column - error.text_column) as usize);
    let under: String = under.take(error.place.width as usize).collect();
    format!("{error}\n^ {under}")
}

fn show(log: &Log) -> String {
    let mut out = format!("{}", log.layout.source);
    for execution in &log.executions {
        out.push_str(&format!("\nexecution `{}`", execution.label()));
        for event in execution.events() {
            let host = execution.host_name(event.host);
            out.push_str(&format!("\n  {:>2}:{} {host}", event.place.line, event.place.column));
            out.push_str(&format!(" {} {:?}", execution.show_clock(*event), execution.text(*event)));
            for (name, value) in execution.fields(*event) {
                out.push_str(&format!(" {name}={value:?}"));
            }
        }
        for unreadable in execution.unreadable() {
            out.push_str(&format!("\n  ✗ {} {unreadable} ({})", unreadable.host, unreadable.place.width));
        }
        if execution.zeros().count > 0 {
            out.push_str(&format!("\n  zeros {:?}", execution.zeros()));
        }
    }
    if log.unmatched.count > 0 {
        out.push_str(&format!("\nunmatched {} {:?}", log.unmatched.count, log.unmatched.first));
    }
    out
}

#[test]
fn the_default_layout_is_recognised() {
    check(
        "pull telemetry\npacific {\"pacific\":1}\n\nanswer\nmss_23 {\"mss_23\": 1, \"pacific\": 1}",
        expect![[r#"
        recognised as ShiViz
        execution ``
           2:9 pacific {pacific:1} "pull telemetry"
           5:8 mss_23 {mss_23:1 pacific:1} "answer""#]],
    );
}

#[test]
fn govectors_layout_is_recognised_with_and_without_times() {
    let text = "pacific {\"pacific\":1}\nInitialization Complete\npacific {\"pacific\":2}\nSend pull\n";
    check(
        text,
        expect![[r#"
        recognised as GoVector
        execution ``
           1:9 pacific {pacific:1} "Initialization Complete"
           3:9 pacific {pacific:2} "Send pull""#]],
    );
    let timed = "1700000000000000001 pacific {\"pacific\":1}\nstart\n1700000000000000002 pacific {\"pacific\":2}\nsend {x}\n";
    check(
        timed,
        expect![[r#"
        recognised as GoVector
        execution ``
           1:29 pacific {pacific:1} "start" timestamp="1700000000000000001"
           3:29 pacific {pacific:2} "send {x}" timestamp="1700000000000000002""#]],
    );
    let runs = "=== Execution #Wed Mar 14 04:12:00 UTC 2026  ===\npacific {\"pacific\":1}\nstart\n=== Execution #Wed Mar 14 04:13:00 UTC 2026  ===\npacific {\"pacific\":1}\nstart again\n";
    check(
        runs,
        expect![[r#"
        recognised as GoVector
        execution `Execution #Wed Mar 14 04:12:00 UTC 2026`
           2:9 pacific {pacific:1} "start"
        execution `Execution #Wed Mar 14 04:13:00 UTC 2026`
           5:9 pacific {pacific:1} "start again""#]],
    );
}

#[test]
fn tsvizs_layout_is_recognised() {
    check(
        "17 pull\npacific {\"pacific\":1}\n19 answer\nmss {\"mss\":1,\"pacific\":1}\n",
        expect![[r#"
        recognised as TSViz
        execution ``
           2:9 pacific {pacific:1} "pull" timestamp="17"
           4:5 mss {mss:1 pacific:1} "answer" timestamp="19""#]],
    );
}

#[test]
fn a_line_an_event_is_recognised() {
    check(
        "a {\"a\":1} boot\nb {\"b\":1} boot {x}\n\na {\"a\":2, \"b\":1} send\n",
        expect![[r#"
        recognised as one-line events
        execution ``
           1:3 a {a:1} "boot"
           2:3 b {b:1} "boot {x}"
           4:3 a {a:2 b:1} "send""#]],
    );
    check(
        "1700000000 10.0.0.1:8080 {\"10.0.0.1:8080\":1} boot\n",
        expect![[r#"
        recognised as one-line events
        execution ``
           1:26 10.0.0.1:8080 {10.0.0.1:8080:1} "boot" timestamp="1700000000""#]],
    );
    check(
        "a: {\"a\":1} boot\na: {\"a\":2}\x20\n",
        expect![[r#"
        recognised as one-line events
        execution ``
           1:4 a {a:1} "boot"
           2:4 a {a:2} """#]],
    );
}

#[test]
fn json_lines_are_recognised() {
    check(
        "{\"host\":\"a\",\"clock\":{\"a\":1},\"event\":\"say \\\"hello\\\"\"}\n{ \"host\": \"b\", \"clock\": {\"b\": 1, \"a\": 1}, \"event\": \"\" }\n",
        expect![[r#"
            recognised as JSON Lines
            execution ``
               1:21 a {a:1} "say \\\"hello\\\""
               2:25 b {a:1 b:1} """#]],
    );
}

#[test]
fn a_header_names_parser_and_delimiter() {
    let header = |parser: &str, delimiter: &str, log: &str| format!("{parser}\n{delimiter}\n{log}");
    let govector = r"(?<host>\S*) (?<clock>{.*})\n(?<event>.*)";
    check(
        &header(govector, "", "pacific {\"pacific\":1}\nstart\n"),
        expect![[r#"
        from the first lines of the file
        execution ``
           3:9 pacific {pacific:1} "start""#]],
    );
    let two = "=== first ===\nx\na {\"a\":1}\n=== second ===\ny\nb {\"b\":1}\n";
    check(
        &header(r"(?<event>.*)\n(?<host>\S*) (?<clock>{.*})", "^=== (?<trace>.*) ===$", two),
        expect![[r#"
        from the first lines of the file
        execution `first`
           5:3 a {a:1} "x"
        execution `second`
           8:3 b {b:1} "y""#]],
    );
    check(
        &header("", "^=== (?<trace>.*) ===$", two),
        expect![[r#"
        from the first lines of the file
        execution `first`
           5:3 a {a:1} "x"
        execution `second`
           8:3 b {b:1} "y""#]],
    );
    check(
        &header("", "", "x\na {\"a\":1}\n"),
        expect![[r#"
        from the first lines of the file
        execution ``
           4:3 a {a:1} "x""#]],
    );
    let timestamped = r"(?<timestamp>(\d*)) (?<event>.*)\n(?<host>\w*) (?<clock>.*)";
    check(
        &header(timestamped, "", "17 pull\npacific {\"pacific\":1}\n"),
        expect![[r#"
        from the first lines of the file
        execution ``
           4:9 pacific {pacific:1} "pull" timestamp="17""#]],
    );
}

#[test]
fn every_expression_seen_in_the_wild_is_understood() {
    let check = |parser: &str, log: &str, expected| check(&format!("{parser}\n\n{log}"), expected);
    check(
        r"(?<ip>(\d{1,3}\.){3}\d{1,3}) (?<date>(\d{1,2}/){2}\d{4} (\d{2}:){2}\d{2} (AM|PM)) (?<action>(INFO|GET|POST)) (?<event>.*)\n(?<host>\w*) (?<clock>.*)",
        "10.0.0.7 3/14/2026 04:12:00 AM GET /attitude\npacific {\"pacific\":1}\n",
        expect![[r#"
            from the first lines of the file
            execution ``
               4:9 pacific {pacific:1} "/attitude" ip="10.0.0.7" date="3/14/2026 04:12:00 AM" action="GET""#]],
    );
    check(
        r"\[\w+\] \[(?<date>([^ ]+ [^ ]+))\] [^ ]+ \[akka://Broadcast/user/(?<host>\w+)\] (?<clock>.*\}) (?<event>.*)",
        "[INFO] [03/14/2026 04:12:00.500] [Broadcast-dispatcher-3] [akka://Broadcast/user/relay1] {\"relay1\":1} hold m4\n",
        expect![[r#"
            from the first lines of the file
            execution ``
               3:90 relay1 {relay1:1} "hold m4" date="03/14/2026 04:12:00.500""#]],
    );
    check(
        r"\[(?<date>\d{4}-\d{2}-\d{2} (\d{2}:){2}\d{2},\d{3}) (?<path>\S*)\] (?<priority>(INFO|WARN)) (?<event>.*)\n(?<host>\S*) (?<clock>{.*})",
        "[2026-03-14 04:12:00,012 catalog.store] WARN sibling kept\nindian_ocean {\"indian_ocean\":1}\n",
        expect![[r#"
            from the first lines of the file
            execution ``
               4:14 indian_ocean {indian_ocean:1} "sibling kept" date="2026-03-14 04:12:00,012" path="catalog.store" priority="WARN""#]],
    );
    check(
        r#"^State [0-9]+: <(?<event>\w*) .*>\n\/\\ Host = (?<host>.*)\n\/\\ Clock = "(?<clock>.*)"\n\/\\ active = (?<active>.*)\n\/\\ color = (?<color>.*)\n\/\\ counter = (?<counter>.*)"#,
        "State 2: <PassToken line 61, col 3 of module Ring>\n/\\ Host = n1\n/\\ Clock = \"{\\\"n1\\\":1}\"\n/\\ active = TRUE\n/\\ color = \"white\"\n/\\ counter = 0\n",
        expect![[r#"
            from the first lines of the file
            execution ``
               5:13 n1 {n1:1} "PassToken" active="TRUE" color="\"white\"" counter="0""#]],
    );
}

#[test]
fn the_caller_knows_better_than_the_file() {
    let options =
        Options::default().with_parser(r"(?<host>\w+)/(?<clock>\{.*\}): (?<event>.*)").with_delimiter("^-+$");
    check_with(
        "a/{\"a\":1}: one\n---\na/{\"a\":1}: other\n",
        options,
        expect![[r#"
        as given
        execution ``
           1:3 a {a:1} "one"
        execution `execution 2`
           3:3 a {a:1} "other""#]],
    );
    let options = Options::default().with_parser(r"(?<event>.*) @ (?<host>\w+) (?<clock>{.*})");
    check_with(
        "(?<host>x)(?<clock>y)(?<event>z)\n\none @ a {\"a\":1}\n",
        options,
        expect![[r#"
        as given
        execution ``
           3:9 a {a:1} "one""#]],
    );
}

#[test]
fn windows_line_ends_and_marks_do_not_matter() {
    check(
        "\u{feff}one\r\na {\"a\":1}\r\ntwo\r\na {\"a\":2}\r\n",
        expect![[r#"
        recognised as ShiViz
        execution ``
           2:3 a {a:1} "one"
           4:3 a {a:2} "two""#]],
    );
}

#[test]
fn names_of_objects_in_other_languages_are_just_names() {
    check(
        "x\n__proto__ {\"__proto__\":1}\ny\nconstructor {\"constructor\":1,\"__proto__\":1}\n",
        expect![[r#"
        recognised as ShiViz
        execution ``
           2:11 __proto__ {__proto__:1} "x"
           4:13 constructor {__proto__:1 constructor:1} "y""#]],
    );
}

#[test]
fn text_that_is_no_event_is_counted_and_shown() {
    check(
        "junk\nmore junk\nx\na {\"a\":1}\ngarbage in between\ny\na {\"a\":2}\norphan\n",
        expect![[r#"
        recognised as ShiViz
        execution ``
           4:3 a {a:1} "x"
           7:3 a {a:2} "y"
        unmatched 4 [(1, "junk"), (2, "more junk"), (5, "garbage in between"), (8, "orphan")]"#]],
    );
    let options = Options::default().with_parser(r"(?<event>)(?<host>\w+)/(?<clock>{[^}]*})");
    check_with(
        "a/{\"a\":1}; a/{\"a\":2}; a/{\"a\":3}.\n.\n",
        options,
        expect![[r#"
        as given
        execution ``
           1:3 a {a:1} ""
           1:14 a {a:2} ""
           1:25 a {a:3} ""
        unmatched 2 [(1, ";"), (2, ".")]"#]],
    );
    let many = format!("x\na {{\"a\":1}}\n{}", "leaked\n".repeat(1000));
    let log = shiviz::read(many.as_bytes(), &Options::default()).expect("there is an event");
    assert_eq!((log.unmatched.count, log.unmatched.first.len()), (1000, 5));
}

#[test]
fn expressions_mean_what_they_mean_in_javascript() {
    let matches = |host: &str, text: &str| {
        let parser = format!("^(?<event>e)(?<host>{host}) (?<clock>{{.*}})$");
        let text = format!("e{text} {{\"{}\":1}}\n", text.replace('\\', "\\\\").replace('"', "\\\""));
        shiviz::read(text.as_bytes(), &Options::default().with_parser(&parser)).is_ok()
    };
    assert!(
        matches(r"{x}", "{x}") && matches("x{2}", "xx") && matches("x{2,}", "xxx") && !matches("x{2}", "x")
    );
    assert!(matches("x{,2}", "x{,2}") && matches("{", "{") && matches("}]", "}]") && matches("x{a}", "x{a}"));
    assert!(
        matches(r"[\w-.]+", "a-b.c")
            && matches("[[]", "[")
            && matches("[a&&b]+", "&ab")
            && matches("[a--b]+", "a-b")
    );
    assert!(
        matches(r"\d+", "12") && !matches(r"\d+", "١٢") && !matches(r"\w+", "ü") && matches(r"[\D]+", "ab")
    );
    assert!(matches(r"\/\-\_\<\>", "/-_<>") && matches(r"\a\z\e", "aze") && matches(r"\u0041\x42", "AB"));
    assert!(matches("[^]", "x") && !matches("[]", "x") && matches(r"[\]]", "]") && matches("[~~a]+", "~a"));
    assert!(matches(r"a\b-\bb\b", "a-b") && matches("(?:a|b)+?", "ab") && matches(r"\p{2}", "pp"));
}

#[test]
fn our_own_format_is_told_from_others() {
    assert_eq!(detect(b"\xef\xbb\xbf{ \"schema\" : \"x\"}"), Format::Jsonl);
    assert_eq!(detect(b"{\"nodes\":[\"a\",{\"b\":-1e9}],\"seed\":7 , \"schema\":\"x\"}\n"), Format::Jsonl);
    // Cut short behind the key: our reader will say what is wrong.
    assert_eq!(detect(b"{\"seed\":7,\"schema\""), Format::Shiviz);
    assert_eq!(detect(b"{\"seed\":7,\"schema\":"), Format::Jsonl);
    for other in [
        r#"{"a":1}"#,
        r#"{"a":{"schema":1}}"#,
        r#"{"a":"schema"}"#,
        r#"{"a":1 "schema":2}"#,
        r#"{"a":[1,{"b":"\"}, "schema"]}"#,
        "{\"a\":1}\n{\"schema\":1}",
        "x {\"schema\":1}",
        "{\"\u{0}\":1,\"schema\":1}",
    ] {
        assert_eq!(detect(other.as_bytes()), Format::Shiviz, "{other}");
    }
    let deep = format!("{{\"a\":{},\"schema\":1}}", "[".repeat(100_000) + &"]".repeat(100_000));
    assert_eq!(detect(deep.as_bytes()), Format::Jsonl);
    assert_eq!(detect(b""), Format::Shiviz);
}

const VALID: &str = "(?<event>.*)\\n(?<host>\\S*) (?<clock>{.*})\n^=== (?<trace>.*) ===$\n=== a ===\nx\na {\"a\":1}\ny\nb {\"a\":1, \"b\":1}\n=== b ===\nz\nb {\"b\":1}\n";

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_the_reader_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        parser in "[(?<>a-z)\\\\\\[\\]{}0-9^$.*+|-]{0,30}",
    ) {
        let _outcome = shiviz::read(&bytes, &Options::default());
        let grouped = format!("(?<event>{parser})(?<host>x?)(?<clock>.*)");
        for options in [Options::default().with_parser(&parser), Options::default().with_parser(&grouped).with_delimiter(&parser)] {
            let _outcome = shiviz::read(&bytes, &options);
            let _outcome = shiviz::read(VALID.as_bytes(), &options);
        }
    }

    #[test]
    fn a_changed_log_is_read_or_refused_and_never_dropped_in_silence(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
    ) {
        let mut bytes = VALID.as_bytes().to_vec();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let _outcome = shiviz::read(&bytes, &Options::default());
    }

    #[test]
    fn each_line_is_part_of_an_event_or_counted(kinds in proptest::collection::vec(0..3_u8, 1..40)) {
        let (mut text, mut events, mut others) = (String::new(), 0, 0);
        for kind in kinds {
            match kind {
                0 => {
                    events += 1;
                    text.push_str(&format!("x\na {{\"a\":{events}}}\n"));
                }
                1 => text.push_str("\n \n"),
                _ => {
                    others += 1;
                    text.push_str("lost words\n.\n");
                }
            }
        }
        match shiviz::read(text.as_bytes(), &Options::default().with_parser(r"^(?<event>x)\n(?<host>a) (?<clock>{.*})")) {
            Ok(log) => {
                prop_assert_eq!(log.executions[0].events().len(), events);
                prop_assert_eq!(log.unmatched.count, 2 * others);
                for event in log.executions[0].events() {
                    let line = text.lines().nth(event.place.line as usize - 1).unwrap_or("");
                    prop_assert!(line.starts_with("a {"), "{}", line);
                }
            }
            Err(_) => prop_assert_eq!(events, 0),
        }
    }
}

//! A log of another system is drawn as far as it goes, and what is wrong in it is the evidence.

#![allow(clippy::too_many_lines, reason = "a table of inputs and outputs is read in one piece")]

use std::fs;
use std::path::Path;

use expect_test::expect;

use crate::command::{Bench, text};
use crate::drawing::{facts, read};

fn shipped(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../logs").join(name)).expect("it ships")
}

#[test]
fn a_sound_log_is_drawn_and_what_it_does_not_tell_is_said() {
    let bench = Bench::new(&[("handover.log", &shipped("handover.log"))]);
    bench.check(&["report", "handover.log", "-o", "it.html", "--svg", "it.svg"], expect![[r#"
        exit 0
        --- out
        ✓ holds    each clock is the join of its causes plus its own event
        What was promised holds: each clock is the join of its causes plus its own event.
        · not known: when anything happened: an event stands one step after the last of its causes
        · not known: what was sent: an arrow leads from an event that a clock newly names, and there are as few as explain the clocks; a message that told nothing new has none
        written: it.html
        written: it.svg"#]]);
    let page = facts(&read(&bench, "it.html"));
    assert_eq!(page["counts"]["events"], 8);
    assert_eq!(page["unknown"].as_array().expect("a list").len(), 2);
    assert_eq!(page["title"], "handover.log");
    // The same is drawn by the command that judges.
    bench.run(&["check", "handover.log", "--html", "check.html", "--svg", "check.svg"], b"");
    assert_eq!(read(&bench, "check.html"), read(&bench, "it.html"));
    assert_eq!(read(&bench, "check.svg"), read(&bench, "it.svg"));
}

#[test]
fn what_is_wrong_in_a_log_is_the_evidence_and_the_sentence() {
    let ring = "a1\na {\"a\":1}\na2\na {\"a\":2,\"b\":2}\nb1\nb {\"b\":1,\"a\":2}\nb2\nb {\"b\":2,\"a\":2}\nc\nc {\"c\":2}\n";
    let bench = Bench::new(&[("ring.log", ring.as_bytes())]);
    bench.check(&["report", "ring.log", "-o", "it.html", "--svg", "it.svg"], expect![[r#"
        exit 1
        --- out
        ✗ violated each clock is the join of its causes plus its own event
        line 4: `a` 2 (line 4) has seen `b` 2 (line 8), which comes after `b` 1 (line 6), which has seen `a` 2 (line 4); 1 more clock is wrong.
        · not known: which clock is wrong of those that lead round: 1 arrow that would close a circle is not drawn
        · not known: when anything happened: an event stands one step after the last of its causes
        · not known: what was sent: an arrow leads from an event that a clock newly names, and there are as few as explain the clocks; a message that told nothing new has none
        written: it.html
        written: it.svg"#]]);
    let page = facts(&read(&bench, "it.html"));
    let judged = &page["judgements"][0];
    assert_eq!((&judged["word"], &judged["events"]), (&"violated".into(), &serde_json::json!([2, 4, 3])));
    expect![[r#"["line 10: `c` starts at 2"]"#]].assert_eq(&judged["notes"].to_string());
    let (svg, terminal) = (read(&bench, "it.svg"), bench.run(&["check", "ring.log"], b""));
    assert!([2, 3, 4].iter().all(|event| svg.contains(&format!("data-event=\"{event}\""))));
    let found = judged["found"].as_str().expect("a text");
    let found = found.strip_prefix("line 4: ").and_then(|found| found.split("; ").next()).expect("it is");
    assert!(text(&terminal.stdout).contains(found), "{found}");
}

#[test]
fn one_execution_of_several_is_drawn() {
    let bench = Bench::new(&[("passes.log", &shipped("three-passes.log"))]);
    let drawn = |flags: &[&str]| {
        let output = bench.run(&[&["report", "passes.log", "-o", "it.html"], flags].concat(), b"");
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let page = facts(&read(&bench, "it.html"));
        format!("{} · {} · {}", page["title"], page["counts"]["events"], page["remarks"])
    };
    expect![[
        r#""passes.log · execution first pass" · 4 · ["the log has 3 executions, of which this is one"]"#
    ]]
    .assert_eq(&drawn(&[]));
    expect![[r#""passes.log · execution third pass: there and back" · 4 · ["the log has 3 executions, of which this is one"]"#]].assert_eq(&drawn(&["--execution", "third pass: there and back"]));
    bench.check(
        &["report", "passes.log", "-o", "it.html", "--execution", "fourth"],
        expect![[r#"
        exit 2
        --- talk
        error: `passes.log` has no execution `fourth`
        help: it has `first pass`, `second pass: nobody talks`, `third pass: there and back`"#]],
    );
    bench.run(&["run", "conjunction", "--trace", "it.jsonl"], b"");
    bench.check(
        &["check", "it.jsonl", "--execution", "first"],
        expect![[r#"
        exit 2
        --- talk
        error: `it.jsonl` is a trace of this program, which --execution cannot choose from
        help: leave it out"#]],
    );
}

/// TLC counts the states of one behaviour, at whatever host each changes something.
#[test]
fn an_export_of_tlc_is_said_to_be_a_total_order_and_never_that_nothing_is_concurrent() {
    let hosts = ["w1", "w2", "w3"];
    let mut counts = [0; 3];
    let mut log = String::new();
    for state in 0..24 {
        let host = [0, 1, 1, 2, 0][state % 5];
        counts[host] += 1;
        let clock = hosts.iter().zip(counts).filter(|(_, count)| *count > 0);
        let clock: Vec<String> = clock.map(|(host, count)| format!("\\\"{host}\\\":{count}")).collect();
        log.push_str(&format!("state {state}\n{} {{{}}}\n", hosts[host], clock.join(",")));
    }
    let bench = Bench::new(&[("tlc.log", log.as_bytes())]);
    bench.check(&["check", "tlc.log", "--html", "it.html"], expect![[r#"
        exit 0
        --- out
        tlc.log · layout: recognised as ShiViz
        24 events, 3 nodes, 14 messages
        ✓ holds    each clock is the join of its causes plus its own event
        · this log is a total order by construction, or looks like one: each clock is one tick above that of the event before it, at whatever host, as TLC's module ShiViz writes the states of one behaviour; which of its events are concurrent it does not say"#]]);
    let unknown = facts(&read(&bench, "it.html"))["unknown"].to_string();
    assert!(unknown.contains("this log is a total order by construction"), "{unknown}");
}

#[test]
fn a_log_of_another_system_is_exported_but_not_as_a_trace_of_ours() {
    let bench = Bench::new(&[("handover.log", &shipped("handover.log"))]);
    bench.check(&["export", "handover.log", "--to", "mermaid"], expect![[r#"
        exit 0
        --- out
        sequenceDiagram
          participant n0 as pacific
          participant n1 as indian_ocean
          participant n2 as atlantic
          Note over n0: e0 pass window opens over the horizon
          Note over n1: e1 antenna points at MSS-23
          Note over n2: e2 storage is ready
          Note over n0: e3 hand over MSS-23 to indian_ocean
          n0-->>n1: e3 is before e4, clock
          Note over n1: e4 take over MSS-23
          Note over n1: e5 confirm to pacific and atlantic
          n1-->>n0: e5 is before e6, clock
          Note over n0: e6 MSS-23 is off my list
          n1-->>n2: e5 is before e7, clock
          Note over n2: e7 store the pass of MSS-23
        --- talk
        left out: the verdict
        not known: when anything happened: an event stands one step after the last of its causes
        not known: what was sent: an arrow leads from an event that a clock newly names, and there are as few as explain the clocks; a message that told nothing new has none"#]]);
    bench.check(&["export", "handover.log", "--to", "jsonl"], expect![[r#"
        exit 2
        --- talk
        error: `handover.log` is a log of another system, whose arrows are no messages: a trace of this program has no place for them
        help: the other forms keep them"#]]);
    bench.run(&["export", "handover.log", "--to", "shiviz", "-o", "again.log"], b"");
    assert_eq!(bench.run(&["check", "again.log"], b"").status.code(), Some(0));
}

#[test]
fn spans_are_judged_and_drawn_with_the_orders_that_are_sure() {
    let bench = Bench::new(&[("pass.json", &shipped("pass.otlp.json"))]);
    bench.check(&["check", "pass.json"], expect![[r#"
        exit 0
        --- out
        pass.json · spans of services, OTLP-JSON
        6 spans, 4 services, 6 orders
        ✓ holds    no span is a cause of itself  (6 spans at 4 services, 6 orders)
        ✓ holds    one offset for each service's clock puts every cause before its effect  (4 pairs of services that order spans)
        · clock skew: of 1 span of `satellite (mss-23)` that `relay` caused, 1 begins before its cause; explained if the clock of `satellite (mss-23)` is at least 50 ms behind
        · not known: how two spans of one service stand, unless one began the other: they may run side by side
        · not known: which of a span and its parent ends first: a parent may end before what it began
        · not known: which of a span and one that it links to began first: a link may be added until its span ends
        · not known: when anything truly happened: times are those of each service's own clock, moved on by the least offset that puts causes first where one does not: `satellite (mss-23)` by 50 ms"#]]);
    bench.check(&["report", "pass.json", "-o", "it.html", "--svg", "it.svg"], expect![[r#"
        exit 0
        --- out
        ✓ holds    no span is a cause of itself
        All 2 promises hold; but by the clocks `read telemetry` of `satellite (mss-23)` began 50 ms before its cause.
        · clock skew: of 1 span of `satellite (mss-23)` that `relay` caused, 1 begins before its cause; explained if the clock of `satellite (mss-23)` is at least 50 ms behind
        · not known: how two spans of one service stand, unless one began the other: they may run side by side
        · not known: which of a span and its parent ends first: a parent may end before what it began
        · not known: which of a span and one that it links to began first: a link may be added until its span ends
        · not known: when anything truly happened: times are those of each service's own clock, moved on by the least offset that puts causes first where one does not: `satellite (mss-23)` by 50 ms
        written: it.html
        written: it.svg"#]]);
    let drawn = read(&bench, "it.svg");
    let bars = drawn.lines().filter(|line| line.starts_with("<path class=\"c-bar\""));
    assert_eq!(bars.count(), 6, "each span lasts: {drawn}");
    for text in
        ["e0 pull telemetry of MSS-23", "satellite (mss-23)", "+0.140000s to +0.480000s", "read telemetry"]
    {
        assert!(drawn.contains(&format!(">{text}</text>")), "{text}: {drawn}");
    }
    let page = facts(&read(&bench, "it.html"));
    let said = page["sentence"].as_str().expect("it is a text").to_owned();
    assert!(said.ends_with("began 50 ms before its cause."), "{said}");
    assert_eq!([&page["counts"]["events"], &page["counts"]["nodes"]], [12, 4]);
    expect![[r#"["clock skew: of 1 span of `satellite (mss-23)` that `relay` caused, 1 begins before its cause; explained if the clock of `satellite (mss-23)` is at least 50 ms behind"]"#]].assert_eq(&page["remarks"].to_string());
    bench.check(&["export", "pass.json", "--to", "mermaid"], expect![[r#"
        exit 0
        --- out
        sequenceDiagram
          participant n0 as station (pacific)
          participant n1 as relay
          participant n2 as satellite (mss-23)
          participant n3 as archive
          Note over n0: e0 pull telemetry of MSS-23 #183; station (pacific): pull telemetry of MSS-23 00000000…
          n0-->>n0: e0 is before e1, parent
          Note over n0: e1 ask the relay #183; station (pacific): ask the relay 0000000000000011
          n0-->>n1: e1 is before e2, parent
          Note over n1: e2 forward #183; relay: forward 0000000000000020
          n1-->>n2: e2 is before e3, parent
          Note over n2: e3 read telemetry #183; satellite (mss-23): read telemetry 0000000000000030
          n1-->>n1: e2 is before e4, parent
          Note over n1: e4 note the pass #183; relay: note the pass 0000000000000021
          Note over n2: e5 ends #183; satellite (mss-23): read telemetry 0000000000000030
          Note over n1: e6 ends #183; relay: forward 0000000000000020
          Note over n0: e7 ends #183; station (pacific): ask the relay 0000000000000011
          Note over n0: e8 ends #183; station (pacific): pull telemetry of MSS-23 0000000000000010
          Note over n1: e9 ends #183; relay: note the pass 0000000000000021
          Note over n3: e10 store #183; archive: store 0000000000000040
          n2-->>n3: e3 is before e11, link
          n1-->>n3: e4 is before e11, link
          Note over n3: e11 ends #183; archive: store 0000000000000040
        --- talk
        left out: the verdict
        not known: how two spans of one service stand, unless one began the other: they may run side by side
        not known: which of a span and its parent ends first: a parent may end before what it began
        not known: which of a span and one that it links to began first: a link may be added until its span ends
        not known: when anything truly happened: times are those of each service's own clock, moved on by the least offset that puts causes first where one does not: `satellite (mss-23)` by 50 ms"#]]);
    bench.run(&["export", "pass.json", "--to", "shiviz", "-o", "pass.log"], b"");
    assert_eq!(bench.run(&["check", "pass.log"], b"").status.code(), Some(0));
    let json: serde_json::Value =
        serde_json::from_slice(&bench.run(&["check", "pass.json", "--json"], b"").stdout).expect("JSON");
    assert_eq!((&json["format"], &json["exit_code"]), (&"otlp-json".into(), &0.into()));
    assert_eq!(json["executions"][0]["notes"], page["remarks"]);
    assert_eq!(json["executions"][0]["unknown"], page["unknown"]);
    bench.check(
        &["check", "pass.json", "--execution", "x"],
        expect![[r#"
        exit 2
        --- talk
        error: `pass.json` holds the spans of services, which --execution cannot choose from
        help: leave it out"#]],
    );
}

#[test]
fn clocks_that_no_offset_puts_right_are_violated() {
    // The archive's clock is set back while it stores what the satellite read.
    let text = String::from_utf8(shipped("pass.otlp.json")).expect("text");
    let broken = text.replace("1773460802300000000", "1773460801300000000");
    let bench =
        Bench::new(&[("pass.json", broken.as_bytes()), ("cut.json", &text.as_bytes()[..text.len() / 2])]);
    bench.check(&["check", "pass.json", "--html", "it.html", "--svg", "it.svg"], expect![[r#"
        exit 1
        --- out
        pass.json · spans of services, OTLP-JSON
        6 spans, 4 services, 6 orders
        ✓ holds    no span is a cause of itself  (6 spans at 4 services, 6 orders)
        ✗ violated one offset for each service's clock puts every cause before its effect  (4 pairs of services that order spans)
            expected  a span to begin before it ends
            found     `store` at `archive` (line 139) ended 700 ms before it began, by the same clock
            events    e10  archive: store 0000000000000040  +2.000000s  store  wall 2026-03-14T04:00:02.000Z
            proof     the clock of the service was set back meanwhile
        · clock skew: of 1 span of `satellite (mss-23)` that `relay` caused, 1 begins before its cause; explained if the clock of `satellite (mss-23)` is at least 50 ms behind
        · not known: how two spans of one service stand, unless one began the other: they may run side by side
        · not known: which of a span and its parent ends first: a parent may end before what it began
        · not known: which of a span and one that it links to began first: a link may be added until its span ends
        · not known: when anything truly happened: times are those of each service's own clock, and no offsets put all causes first, so that some spans are drawn where their cause is"#]]);
    let page = facts(&read(&bench, "it.html"));
    assert_eq!(page["verdict"]["word"], "violated");
    assert!(page["sentence"].as_str().expect("a text").contains("ended 700 ms before it began"));
    let event = &page["judgements"][1]["events"][0];
    assert!(read(&bench, "it.svg").contains(&format!("data-event=\"{event}\"")), "{event}");
    bench.check(
        &["check", "cut.json"],
        expect![[r#"
        exit 2
        --- talk
        error: expected `"` at the end of the string, found the end of the text
          --> cut.json:76:39
           |
        76 |        "parentSpanId": "00000000000000
           |                                       ^"#]],
    );
}

/// An estimate that is called the truth is believed.
#[test]
fn a_page_says_which_kind_of_time_it_has_and_nobody_where_its_file_stood() {
    let logs = [
        ("far/handover.log", shipped("handover.log")),
        ("far/pass.otlp.json", shipped("pass.otlp.json")),
        ("far/untold.jsonl", b"{\"schema\":\"constellation/trace/1\",\"nodes\":[\"a\"]}\n".to_vec()),
    ];
    let bench = Bench::new(&[]);
    fs::create_dir(bench.path().join("far")).expect("there is room for it");
    for (name, bytes) in &logs {
        fs::write(bench.path().join(name), bytes).expect("there is room for it");
    }
    bench.run(&["run", "mss-17", "--trace", "far/mss-17.jsonl", "--html", "run.html"], b"");
    let mut told = format!("run: {}\n", facts(&read(&bench, "run.html"))["times"]);
    for name in ["far/mss-17.jsonl", "far/handover.log", "far/pass.otlp.json", "far/untold.jsonl"] {
        let output = bench.run(&["report", name, "-o", "it.html"], b"");
        assert!(bench.path().join("it.html").exists(), "{name}: {}", text(&output.stderr));
        let page = facts(&read(&bench, "it.html"));
        told.push_str(&format!("{name}: {} {}\n", page["times"], page["title"]));
    }
    expect![[r#"
        run: "simulated"
        far/mss-17.jsonl: "simulated" "mss-17 · two updates within 80 ms, one wall clock 600 ms ahead"
        far/handover.log: "untimed" "handover.log"
        far/pass.otlp.json: "estimated" "pass.otlp.json"
        far/untold.jsonl: "recorded" "untold.jsonl"
    "#]]
    .assert_eq(&told);
}

#[test]
fn what_is_read_is_not_written_over() {
    let log = shipped("handover.log");
    let bench = Bench::new(&[("sound.log", &log)]);
    let all: [&[&str]; 4] = [
        &["report", "sound.log", "-o", "./sound.log"],
        &["report", "sound.log", "-o", "it.html", "--svg", "sound.log"],
        &["check", "sound.log", "--html", "sound.log"],
        &["export", "sound.log", "--to", "shiviz", "-o", "sound.log"],
    ];
    for arguments in all {
        let output = bench.run(arguments, b"");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {told}");
        assert!(told.contains("sound.log` would be written over, and it is read\nhelp: "), "{told}");
        assert!(read(&bench, "sound.log").as_bytes() == log, "{arguments:?}");
    }
}

//! What is drawn in a terminal says what page, picture and JSON say, and can be plain ASCII.

#![allow(clippy::too_many_lines, reason = "a table of inputs and outputs is read in one piece")]

use std::fs;

use expect_test::{Expect, expect};
use serde_json::Value;

use crate::command::{Bench, text};

/// The drawings in what is printed, each with the blanks before it left out.
fn drawings(printed: &str) -> Vec<String> {
    let mut drawings: Vec<String> = Vec::new();
    let mut is_within = false;
    for line in printed.lines() {
        let (title, drawn) = line.split_at_checked(14).unwrap_or((line, ""));
        match title.trim() {
            "drawn" => drawings.push(format!("{drawn}\n")),
            "" if is_within => drawings.last_mut().expect("one begins").extend([drawn, "\n"]),
            _ => {}
        }
        is_within = title.trim() == "drawn" || (is_within && title.trim().is_empty());
    }
    drawings
}

fn check(args: &[&str], expected: Expect) {
    let output = Bench::new(&[]).run(&[&["--color", "never"], args].concat(), b"");
    let printed = text(&output.stdout);
    let drawings = drawings(printed);
    assert!(
        drawings.iter().flat_map(|drawing| drawing.lines()).all(|line| line.chars().count() <= 86),
        "{printed}"
    );
    expected.assert_eq(&drawings.join("\n"));
}

#[test]
fn the_evidence_of_each_incident_is_drawn() {
    check(
        &["run", "mss-17", "--resolver", "wall-lww"],
        expect![[r#"
        pacific       ▏e15!─●e16────────────────────
                            └────m3─────▼
        indian_ocean  ────────────▏e17!─○e22──▏e23!─  ← e17 before e23
                      ● sends  ○ delivers  ▏ local  ! shows it  not to scale
                      neither e15 nor e17 came first: they are concurrent

        pacific       ▏e15!─●e16──────────────▏e36!─────────────  ← e15 before e36
                            ├────m3─────▼
        indian_ocean  ──────┼───────────○e22────────▏e37!───────
                            └─m4──▼
        atlantic      ────────────○e19────────────────────▏e38!─
                      ● sends  ○ delivers  ▏ local  ! shows it  not to scale
                      e15 happened before e36
    "#]],
    );
    check(
        &["run", "mss-23", "--retry", "blind", "--world", "lost-reply"],
        expect![[r#"
        pacific  ●e5!────────────────────●e10!─────────────  ← e5 before e10
                 └─m2──┐                 └─m4──┐
                       ▼           ┌╌m3╌✗ lost ▼
        mss-23   ──────○e6───▏e8!──●e9─────────○e11──▏e13!─  ← e8 before e13
                 ● sends  ○ delivers  ▏ local  ! shows it  not to scale
    "#]],
    );
    check(
        &["run", "antarctic", "--policy", "last-write-wins"],
        expect![[r#"
        indian_ocean       ────────────────────○e427─▏e428!─●e429─────────
                                        ┌─m248─▲            └╌m254╌✗ lost
                                  ┌╌m155╌✗ lost
        antarctic          ▏e294!─●e295─┼─────────────────────────────────
                                        │
        indian_ocean-crew  ─────────────●e426!────────────────────────────
                           ● sends  ○ delivers  ▏ local  ! shows it  not to scale
                           neither e428 nor e294 came first: they are concurrent
                           m155 is lost: the link is down
                           m254 is lost: the link is down
    "#]],
    );
}

#[test]
fn what_a_hunt_finds_is_drawn() {
    check(
        &["hunt", "lossy-relay", "--progress", "never"],
        expect![[r#"
        pacific   ▏e4!──●e5───▏e23!───────  ← e4 before e23
                        └╌m1╌✗ lost
        atlantic  ──────────────────▏e25!─
                  ● sends  ▏ local  ! shows it  not to scale
                  neither e4 nor e25 came first: they are concurrent
    "#]],
    );
    check(
        &["hunt", "specimen:broadcast/unbuffered", "--progress", "never"],
        expect![[r#"
        pacific   ●e0!──●e3!─────────────  ← e0 before e3
                        └─m2──▼
        atlantic  ────────────○e4───▏e5!─
                  ● sends  ○ delivers  ▏ local  ! shows it  not to scale
                  e0 happened before e3
    "#]],
    );
    check(
        &["hunt", "specimen:election/forgotten-vote", "--progress", "never"],
        expect![[r#"
        pacific   ●e0!────────────○●e5─○e8─●e9!─────────✕e15 ↻e16!─────○e18─●e19!────────────
                  │   ┌────m2─────▲    ▲   └╌m8╌✗ lost           ┌─m10─▲    └─m12─┐
                  │   │       ┌───m5───┘                         │                ▼
        atlantic  ├───●e1!────┼────────────────✕e12 ↻e14─────────●e17!────────────○e21─●e22!─
                  └──m1───▼   │
        indian    ────────○e3─●e4!───────────────────────────────────────────────────────────
                  ● sends  ○ delivers  ✕ crashes  ↻ restarts  ! shows it  not to scale
                  m8 is lost: atlantic is down
    "#]],
    );
}

#[test]
fn nothing_is_drawn_of_what_holds_nor_to_a_script() {
    check(&["run", "conjunction"], expect![[r#""#]]);
    check(&["run", "mss-17", "--resolver", "wall-lww", "--json"], expect![[r#""#]]);
}

#[test]
fn terminal_page_picture_and_json_say_the_same_of_one_trace() {
    let bench = Bench::new(&[]);
    bench.run(&["run", "mss-17", "--resolver", "wall-lww", "--trace", "it.jsonl"], b"");
    let drawn =
        bench.run(&["check", "it.jsonl", "--html", "it.html", "--svg", "it.svg", "--color", "never"], b"");
    let plain = bench.run(&["check", "it.jsonl", "--ascii", "--color", "never"], b"");
    let json: Value =
        serde_json::from_slice(&bench.run(&["check", "it.jsonl", "--json"], b"").stdout).expect("JSON");
    let read = |name: &str| fs::read_to_string(bench.path().join(name)).expect("it was written");
    let (svg, html) = (read("it.svg"), read("it.html"));
    let promises = json["executions"][0]["promises"].as_array().expect("a list");
    let violated: Vec<&Value> = promises.iter().filter(|promise| promise["verdict"] == "violated").collect();
    let (drawings, plain) = (drawings(text(&drawn.stdout)), drawings(text(&plain.stdout)));
    assert_eq!((drawings.len(), plain.len()), (violated.len(), violated.len()));
    assert!(html.contains("data-verdict=\"violated\"") && svg.contains("data-verdict=\"violated\""));
    for (nth, promise) in violated.iter().enumerate() {
        let events = promise["events"].as_array().expect("a list");
        for event in events.iter().map(|shown| &shown["event"]) {
            let shown = format!("e{event}!");
            assert!(
                drawings[nth].contains(&shown) && plain[nth].contains(&shown),
                "{shown}\n{}",
                drawings[nth]
            );
            assert!(nth > 0 || svg.contains(&format!("data-event=\"{event}\"")), "{event}");
        }
        let marked = drawings[nth].matches('!').count() - drawings[nth].matches("! shows it").count();
        assert_eq!(marked, events.len(), "{}", drawings[nth]);
    }
}

#[test]
fn in_plain_ascii_all_that_is_printed_is_ascii() {
    let wild = "title = \"s\u{fc}d\"\nend = \"1s\"\nnodes = [\"s\u{fc}dpol\", \"\u{5317}\"]\n";
    let history = include_str!("../../../../histories/README.md");
    let files = [("wild.toml", wild.as_bytes()), ("it.md", history.as_bytes())];
    let bench = Bench::new(&files);
    let commands: &[&[&str]] = &[
        &["run", "mss-17", "--resolver", "wall-lww"],
        &["run", "mss-17", "--resolver", "all"],
        &["run", "mss-17", "--json"],
        &["run", "wild.toml"],
        &["run", "antarctic"],
        &["hunt", "lossy-relay", "--progress", "never"],
        &["hunt", "specimen:broadcast/fifo", "--progress", "always"],
        &["explore", "conjunction"],
        &["scenarios"],
        &["specimens"],
        &["models"],
        &["models", "linearizable", "serializable"],
        &["claims", "it.md"],
        &["run", "--help"],
        &["judge", "--help"],
        &["rnu"],
        &["run", "s\u{fc}d.toml"],
    ];
    for args in commands {
        let output = bench.run(&[&["--ascii"], *args].concat(), b"");
        let printed = [output.stdout, output.stderr].concat();
        let told = text(&printed);
        assert!(!told.is_empty(), "{args:?}");
        let foreign: Vec<&str> = told.lines().filter(|line| !line.is_ascii()).collect();
        assert!(foreign.is_empty(), "{args:?}: {foreign:?}");
    }
    let said = bench.run(&["--ascii", "run", "wild.toml"], b"");
    assert!(text(&said.stdout).contains("s\\u{fc}dpol"), "{}", text(&said.stdout));
}

#[cfg(feature = "tui")]
#[test]
fn a_screen_without_a_terminal_says_what_to_do_instead() {
    expect![[r#"
        exit 2
        --- talk
        error: `constellation tui` is walked by keys, and here is no terminal
        help: `constellation report RUN.jsonl -o run.html` writes a page, `constellation check RUN.jsonl` prints what is judged"#]].assert_eq(&crate::command::shown(&Bench::new(&[]).run(&["tui", "it.jsonl"], b"")));
}

#[test]
fn json_says_the_same_in_ascii() {
    let bench = Bench::new(&[]);
    let args = ["run", "mss-17", "--resolver", "wall-lww", "--json"];
    let whole = bench.run(&args, b"").stdout;
    let plain = bench.run(&[&args[..], &["--ascii"]].concat(), b"").stdout;
    assert!(plain.is_ascii());
    let value = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).expect("JSON");
    assert_eq!(value(&whole), value(&plain));
}

#[test]
fn what_goes_to_a_pipe_is_the_same_in_every_locale() {
    let args = ["run", "mss-17", "--resolver", "wall-lww"];
    let bench = Bench::new(&[]);
    let (one, other) = (bench.run_with(&args, b"", &[("LC_ALL", "C")]), bench.run(&args, b""));
    assert_eq!(one.stdout, other.stdout);
}

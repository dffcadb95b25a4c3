//! A flag that would do nothing is refused with what to do, and what cannot be written is no success.

use std::fs::File;
use std::process::{Command, Output};

use expect_test::{Expect, expect};

use crate::command::{Bench, shown, text};

/// What is said of a run with these, which is refused before anything is done.
fn check(bench: &Bench, args: &[&str], expected: Expect) {
    let output = bench.run(args, b"");
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""), "{args:?}");
    // What follows is how it is called.
    let told = text(&output.stderr).split("\n\nUsage:").next().unwrap_or_default();
    expected.assert_eq(told.trim_end());
}

/// A trace of a run, and logs with a line or two.
fn bench() -> Bench {
    let log = b"a {\"a\":1}\nfirst\n=== other ===\na {\"a\":1}\nagain\n";
    let history = b"a  w(x,1)\nb  r(x)=1\n";
    let bench = Bench::new(&[("it.log", log), ("one.sketch", history), ("other.sketch", history)]);
    let output = bench.run(&["run", "conjunction", "--trace", "it.jsonl"], b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    bench
}

#[test]
fn what_says_how_text_is_printed_is_refused_where_none_is() {
    let bench = bench();
    for args in [&["run", "conjunction"][..], &["live", "conjunction"], &["replay", "x", "conjunction"]] {
        check(
            &bench,
            &[args, &["--timeline", "all", "--json"]].concat(),
            expect![[r#"
                error: --json prints no timeline
                help: leave out --timeline; --trace FILE writes all that happened"#]],
        );
    }
    check(
        &bench,
        &["run", "mss-17", "--resolver", "all", "--timeline", "all"],
        expect![[r#"
            error: --timeline wants one run, but --resolver all makes several
            help: choose one resolver"#]],
    );
    check(
        &bench,
        &["judge", "one.sketch", "--json", "--evidence", "sketch"],
        expect![[r#"
            error: --evidence: table, sketch and history are of text, and --json has all that shows a violation
            help: leave them out"#]],
    );
    check(
        &bench,
        &["judge", "one.sketch", "other.sketch", "--evidence", "all"],
        expect![[r#"
            error: --evidence has no room where each history has a line
            help: name one file, or add --html FILE or --json for all"#]],
    );
}

#[test]
fn what_is_of_one_study_is_refused_of_another() {
    let bench = Bench::new(&[]);
    check(
        &bench,
        &["hunt", "mss-23", "--groups", "4,2,1"],
        expect![[r#"
            error: `mss-23` takes no --groups
            help: leave it out; it is for `antarctic`"#]],
    );
    check(
        &bench,
        &["hunt", "antarctic", "--retry", "blind"],
        expect![[r#"
            error: `antarctic` takes no --retry
            help: leave it out; it is for `mss-23`"#]],
    );
}

#[test]
fn an_execution_is_chosen_only_where_there_are_several_and_one_is_drawn() {
    let bench = bench();
    for args in [&["report", "it.jsonl", "-o", "it.html"][..], &["export", "it.jsonl", "--to", "markdown"]] {
        check(
            &bench,
            &[args, &["--execution", "other"]].concat(),
            expect![[r#"
                error: `it.jsonl` is a trace of this program, which --execution cannot choose from
                help: leave it out"#]],
        );
    }
    check(
        &bench,
        &["check", "it.log", "--delimiter", "^=== (?<trace>.*) ===$", "--execution", "other"],
        expect![[r#"
            error: --execution says which one is drawn, and nothing is drawn
            help: add --html or --svg; every execution of a log is judged"#]],
    );
    assert!(!bench.path().join("it.html").exists());
}

#[test]
fn what_is_asked_of_findings_is_refused_where_a_page_is_asked_for() {
    let bench = bench();
    let pages: [&[&str]; 2] = [&["audit", "--rules"], &["claims", "--terms"]];
    for page in pages {
        let output = bench.run(&[page, &["--deny-from", "info"]].concat(), b"");
        assert_eq!(output.status.code(), Some(2), "{page:?}: {}", shown(&output));
        let told = text(&output.stderr);
        assert!(told.contains("'--deny-from <LEVEL>'") && told.contains("cannot be used with"), "{told}");
    }
    let refused: [&[&str]; 4] = [&["--tests"], &["--info"], &["--config", "x"], &["--jobs", "1"]];
    for flag in refused {
        let output = bench.run(&[&["audit", "--clippy-toml"], flag].concat(), b"");
        assert_eq!(output.status.code(), Some(2), "{flag:?}: {}", shown(&output));
    }
    check(
        &bench,
        &["run", "antarctic", "--model", "linearizable", "--pass", "30s"],
        expect![[r#"
            error: --pass is of the election of a coordinator, in which no client asks for anything that --model could judge
            help: leave out one of the two"#]],
    );
}

#[test]
fn what_is_exported_in_ascii_is_ascii_and_the_same_to_whoever_reads_it() {
    let bench = bench();
    let named = "nodes = [\"s\u{fc}d\", \"n\"]\nend = \"1s\"\n\
        steps = [{ at = \"0s\", do = \"submit\", node = \"s\u{fc}d\", key = \"k\", value = \"v\" }]\n";
    std::fs::write(bench.path().join("named.toml"), named).expect("the folder is ours");
    let run = bench.run(&["run", "named.toml", "--trace", "named.jsonl"], b"");
    assert_eq!(run.status.code(), Some(0), "{}", shown(&run));
    for form in ["markdown", "mermaid", "jsonl", "svg"] {
        let output = bench.run(&["export", "named.jsonl", "--to", form, "--ascii"], b"");
        assert_eq!(output.status.code(), Some(0), "{form}: {}", shown(&output));
        assert!(text(&output.stdout).is_ascii(), "{form}: {}", text(&output.stdout));
        if form == "jsonl" {
            let again = bench.run(&["export", "-", "--to", "jsonl"], &output.stdout);
            let trace = std::fs::read(bench.path().join("named.jsonl")).expect("it was written");
            assert_eq!(again.stdout, trace, "it is the same trace");
        }
    }
    check(
        &bench,
        &["export", "named.jsonl", "--to", "shiviz", "--ascii"],
        expect![[r#"
            error: a log for ShiViz has no other way to write the letters of this run that are not ASCII
            help: leave out --ascii, or write it to a file with -o"#]],
    );
    let plain = bench.run(&["export", "it.jsonl", "--to", "shiviz", "--ascii"], b"");
    assert_eq!(plain.status.code(), Some(0), "{}", shown(&plain));
}

/// A run whose standard output takes nothing.
#[cfg(target_os = "linux")]
fn into_a_full_disk(args: &[&str]) -> Output {
    let full = File::options().write(true).open("/dev/full").expect("Linux has it");
    let mut command = Command::new(env!("CARGO_BIN_EXE_constellation"));
    command.args(args).env("TERM", "dumb").stdout(full).output().expect("it can be run")
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_printed_is_no_success_even_if_it_is_help() {
    let all: [&[&str]; 6] = [
        &["--help"],
        &["--version"],
        &["run", "--help"],
        &["run", "--help", "--ascii"],
        &["completions", "bash"],
        &["scenarios", "--json"],
    ];
    for args in all {
        let output = into_a_full_disk(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", shown(&output));
        let told = text(&output.stderr);
        assert!(told.starts_with("error: cannot write to standard output: "), "{args:?}: {told}");
    }
    // What was typed is wrong, and that is told where it can be.
    let output = into_a_full_disk(&["rnu"]);
    assert!(text(&output.stderr).starts_with("error: unrecognized subcommand"), "{}", shown(&output));
}

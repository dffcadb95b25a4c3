//! A run for other tools: each form says what it leaves out, and what `check` reads again has the same order of events.

use std::fs;
use std::path::Path;

use expect_test::{expect, expect_file};

use crate::command::{Bench, text};

/// Runs that are exported: what is typed, and what their files are called.
const RUNS: [(&[&str], &str); 4] = [
    (&["mss-17", "--resolver", "wall-lww"], "mss-17"),
    (&["mss-23", "--retry", "blind", "--world", "lost-reply"], "mss-23"),
    (&["antarctic", "--policy", "last-write-wins"], "antarctic"),
    (&["specimen:cache/stale-fill"], "specimen"),
];

fn read(bench: &Bench, name: &str) -> String {
    fs::read_to_string(bench.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn what_is_exported_for_shiviz_is_sound_when_it_is_checked() {
    for (args, name) in RUNS {
        let bench = Bench::new(&[]);
        let run = bench.run(&[&["run", "--trace", "it.jsonl"], args].concat(), b"");
        assert_eq!(text(&run.stderr), "", "{name}");
        let exported = bench.run(&["export", "it.jsonl", "--to", "shiviz", "-o", "it.log"], b"");
        assert_eq!((exported.status.code(), text(&exported.stdout)), (Some(0), ""), "{name}");
        let checked = bench.run(&["check", "it.log", "--json"], b"");
        assert_eq!(checked.status.code(), Some(0), "{name}: {}", text(&checked.stdout));
        let events = read(&bench, "it.jsonl").lines().filter(|line| line.starts_with("{\"event\":")).count();
        assert!(text(&checked.stdout).contains(&format!("\"events\": {events},")), "{name}: {events} events");
    }
}

#[test]
fn each_form_of_an_incident_is_what_is_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/exporting");
    for (args, name) in RUNS {
        let bench = Bench::new(&[]);
        bench.run(&[&["run", "--trace", "it.jsonl"], args].concat(), b"");
        let mut talk = String::new();
        for (form, end) in [("shiviz", "log"), ("mermaid", "mmd"), ("markdown", "md")] {
            if (name, form) == ("antarctic", "shiviz") {
                continue; // Half a megabyte, of which nobody reads the difference.
            }
            let output = bench.run(&["export", "it.jsonl", "--to", form], b"");
            assert_eq!(output.status.code(), Some(0), "{name} {form}");
            expect_file![folder.join(format!("{name}.{end}"))].assert_eq(text(&output.stdout));
            talk.push_str(&format!("{form}\n{}", text(&output.stderr)));
        }
        expect_file![folder.join(format!("{name}.talk"))].assert_eq(&talk);
    }
}

#[test]
fn a_trace_is_exported_as_the_very_bytes_that_it_is_and_a_picture_as_it_is_drawn() {
    let bench = Bench::new(&[]);
    bench.run(&["run", "conjunction", "--trace", "it.jsonl"], b"");
    let output = bench.run(&["export", "it.jsonl", "--to", "jsonl"], b"");
    assert_eq!(text(&output.stdout), read(&bench, "it.jsonl"));
    bench.check(&["export", "it.jsonl", "--to", "svg", "-o", "it.svg"], expect!["exit 0"]);
    bench.run(&["report", "it.jsonl", "--svg", "report.svg"], b"");
    assert_eq!(read(&bench, "it.svg"), read(&bench, "report.svg"));
}

#[test]
fn what_cannot_be_exported_is_refused() {
    let bench = Bench::new(&[("log.txt", b"pull\npacific {\"pacific\":1}\n")]);
    bench.run(&["run", "conjunction", "--trace", "it.jsonl"], b"");
    bench.check(
        &["export", "it.jsonl", "--to", "pdf"],
        expect![[r#"
        exit 2
        --- talk
        error: invalid value 'pdf' for '--to <FORMAT>'
          [possible values: shiviz, mermaid, markdown, jsonl, svg]

        For more information, try '--help'."#]],
    );
    bench.check(
        &["export", "it.jsonl"],
        expect![[r#"
        exit 2
        --- talk
        error: the following required arguments were not provided:
          --to <FORMAT>

        Usage: constellation export --to <FORMAT> <TRACE>

        For more information, try '--help'."#]],
    );
    bench.check(
        &["export", "it.jsonl", "--to", "svg", "-o", "no/such/folder"],
        expect![[r#"
        exit 2
        --- talk
        error: cannot write `no/such/folder`: No such file or directory (os error 2)"#]],
    );
}

//! Findings that are known: `audit --baseline`.

use std::fs;

use expect_test::expect;
use serde_json::Value;

use crate::command::{Bench, text};

const JOIN: &str = "fn join(peer: &str) -> std::io::Result<std::net::TcpStream> {
    std::net::TcpStream::connect(peer)
}
";

const KNOWN: [&str; 3] = ["audit", "--baseline", "known.json"];

/// A folder in which what `join.rs` does is known.
fn bench() -> Bench {
    let bench = Bench::new(&[("join.rs", JOIN.as_bytes())]);
    let output = bench.run(&[&KNOWN[..], &["--write-baseline"]].concat(), b"");
    assert_eq!(text(&output.stdout), "1 finding written to `known.json`\n", "{}", text(&output.stderr));
    assert_eq!(output.status.code(), Some(0));
    bench
}

fn write(bench: &Bench, name: &str, code: &str) {
    fs::write(bench.path().join(name), code).expect("the folder is ours");
}

/// How many findings are new, known, and gone.
fn counted(bench: &Bench, args: &[&str]) -> (usize, u64, usize) {
    let output = bench.run(&[&KNOWN[..], &["--json"], args].concat(), b"");
    let found: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let count = |list: &Value| list.as_array().map_or(usize::MAX, Vec::len);
    let known = found["baseline"]["known"].as_u64().expect("it is a number");
    let counted = (count(&found["findings"]), known, count(&found["baseline"]["gone"]));
    assert_eq!(output.status.code(), Some(i32::from(counted.0 > 0)));
    counted
}

#[test]
fn what_is_known_is_written_for_readers() {
    let bench = bench();
    let written = fs::read_to_string(bench.path().join("known.json")).expect("it is there");
    expect![[r#"
        {
          "schema": "constellation/audit-baseline/1",
          "findings": [
            {
              "file": "join.rs",
              "rule": "reliable::connect-no-timeout",
              "within": "join",
              "text": "std::net::TcpStream::connect(peer)",
              "is_test": false,
              "count": 1,
              "fingerprint": "fd480053d5afa98df21bd00cdfd7e4ff"
            }
          ]
        }
    "#]]
    .assert_eq(&written);
    assert_eq!(bench.names(), ["join.rs", "known.json"], "nothing is left beside it");
    bench.check(
        &KNOWN,
        expect![[r#"
            exit 0
            --- out
            fallacy                     looked at  found  suppressed
            the network is reliable             1      0           0
            latency is zero                     1      0           0
            bandwidth is infinite               0      0           0
            the network is secure               0      0           0
            topology does not change            0      0           0
            there is one administrator          0      0           0
            transport cost is zero              2      0           0
            the network is homogeneous          0      0           0
            one clock for all                   0      0           0
            1 file, 3 lines
            · 1 finding known to the baseline"#]],
    );
}

#[test]
fn moved_code_stays_known() {
    let bench = bench();
    assert_eq!(counted(&bench, &[]), (0, 1, 0));
    write(&bench, "join.rs", &format!("// A comment.\n\nfn first() {{}}\n\n{JOIN}"));
    assert_eq!(counted(&bench, &[]), (0, 1, 0), "lines below others");
    let other = "fn join(peer: &str) -> Stream {\n    std::net::TcpStream::connect( // soon\n        peer,\n    )\n}\n";
    write(&bench, "join.rs", other);
    assert_eq!(counted(&bench, &[]), (0, 1, 0), "in another layout");
    fs::rename(bench.path().join("join.rs"), bench.path().join("peer.rs")).expect("it is there");
    assert_eq!(counted(&bench, &[]), (0, 1, 0), "in another file");
    write(&bench, "peer.rs", &JOIN.replace("fn join", "fn dial"));
    assert_eq!(counted(&bench, &[]), (1, 0, 1), "in another function it is another");
}

#[test]
fn a_second_copy_of_what_is_known_is_new() {
    let bench = bench();
    let twice = JOIN.replace("\n}", "?;\n    std::net::TcpStream::connect(peer)\n}");
    write(&bench, "join.rs", &twice);
    assert_eq!(counted(&bench, &[]), (1, 1, 0), "in the same function");
    write(&bench, "join.rs", JOIN);
    // Its name is before that of the one that is known.
    write(&bench, "again.rs", JOIN);
    let output = bench.run(&KNOWN, b"");
    assert!(text(&output.stdout).contains("--> again.rs:2:5"), "{}", text(&output.stdout));
    assert!(!text(&output.stdout).contains("--> join.rs"), "{}", text(&output.stdout));
    assert_eq!(counted(&bench, &[]), (1, 1, 0), "in another file");
}

#[test]
fn what_is_known_and_not_found_any_more_is_told() {
    let bench = bench();
    write(&bench, "join.rs", "fn main() {}\n");
    bench.check(
        &KNOWN,
        expect![[r#"
        exit 0
        --- out
        fallacy                     looked at  found  suppressed
        the network is reliable             0      0           0
        latency is zero                     0      0           0
        bandwidth is infinite               0      0           0
        the network is secure               0      0           0
        topology does not change            0      0           0
        there is one administrator          0      0           0
        transport cost is zero              0      0           0
        the network is homogeneous          0      0           0
        one clock for all                   0      0           0
        1 file, 1 line
        · 0 findings known to the baseline
        in the baseline and not found any more: write it anew with --write-baseline
          join.rs reliable::connect-no-timeout in `join`"#]],
    );
    let output = bench.run(&[&KNOWN[..], &["--write-baseline"]].concat(), b"");
    assert_eq!(text(&output.stdout), "0 findings written to `known.json`\n");
    assert_eq!(counted(&bench, &[]), (0, 0, 0));
}

#[test]
fn of_what_was_not_looked_at_nothing_is_told_and_nothing_lost() {
    let bench = bench();
    write(&bench, "main.rs", "fn main() {}\n");
    assert_eq!(counted(&bench, &["main.rs"]), (0, 0, 0));
    bench.run(&[&KNOWN[..], &["--write-baseline", "main.rs"]].concat(), b"");
    assert_eq!(counted(&bench, &[]), (0, 1, 0));
    // Nor of tests.
    write(
        &bench,
        "join.rs",
        &format!("{JOIN}#[cfg(test)]\nmod tests {{\n{}}}\n", JOIN.replace("fn join", "fn dial")),
    );
    bench.run(&[&KNOWN[..], &["--write-baseline", "--tests"]].concat(), b"");
    assert_eq!(counted(&bench, &["--tests"]), (0, 2, 0));
    assert_eq!(counted(&bench, &[]), (0, 1, 0));
    bench.run(&[&KNOWN[..], &["--write-baseline"]].concat(), b"");
    assert_eq!(counted(&bench, &["--tests"]), (0, 2, 0));
}

#[test]
fn it_matters_not_where_the_audit_is_called() {
    let bench = bench();
    fs::create_dir(bench.path().join("src")).expect("the folder is ours");
    write(&bench, "src/join.rs", JOIN);
    bench.run(&[&KNOWN[..], &["--write-baseline"]].concat(), b"");
    let whole = bench.path().canonicalize().expect("it is there").display().to_string();
    let known = format!("{whole}/known.json");
    let output = Bench::new(&[]).run(&["audit", "--json", &whole, "--baseline", &known], b"");
    let found: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!((&found["baseline"]["known"], output.status.code()), (&2.into(), Some(0)));
    assert_eq!(counted(&bench, &["./src/../src"]), (0, 1, 0));
}

#[test]
fn in_sarif_what_is_known_is_suppressed() {
    let bench = bench();
    write(&bench, "again.rs", JOIN);
    let output = bench.run(&[&KNOWN[..], &["--format", "sarif"]].concat(), b"");
    let log: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let results = log["runs"][0]["results"].as_array().expect("there are some");
    let states: Vec<_> = results
        .iter()
        .map(|result| (result["baselineState"].as_str(), result["suppressions"][0]["kind"].as_str()))
        .collect();
    assert_eq!(states, [(Some("new"), None), (Some("unchanged"), Some("external"))]);
    assert_eq!(results[0]["partialFingerprints"], results[1]["partialFingerprints"]);
}

#[test]
fn a_baseline_that_cannot_be_used_is_refused() {
    let told = |text: &str| {
        let bench = Bench::new(&[("join.rs", JOIN.as_bytes()), ("known.json", text.as_bytes())]);
        let output = bench.run(&KNOWN, b"");
        assert_eq!(output.status.code(), Some(2));
        crate::command::text(&output.stderr).trim_end().to_owned()
    };
    let head = "{\"schema\": \"constellation/audit-baseline/1\"";
    let entry = "\"file\": \"a\", \"rule\": \"b\", \"within\": \"\", \"text\": \"\", \"is_test\": false";
    let all = [
        told("{"),
        told("{\"schema\": \"x\"}"),
        told(&format!("{head}}}")),
        told(&format!("{head}, \"findings\": [{{}}]}}")),
        told(&format!("{head}, \"findings\": [{{{entry}, \"count\": 1, \"fingerprint\": \"12\"}}]}}")),
    ];
    expect![[r#"
        error: `known.json` is not JSON: EOF while parsing an object at line 1 column 1
        error: `known.json` is no baseline: its `schema` is "x", not "constellation/audit-baseline/1"
        error: `known.json` has no list `findings`
        error: `known.json`: finding 1: `count` should be a number from 1 to 1000000
        error: `known.json`: finding 1: a fingerprint has 32 hexadecimal digits"#]]
    .assert_eq(&all.join("\n"));
    Bench::new(&[("main.rs", b"fn main() {}")]).check(
        &KNOWN,
        expect![[r#"
        exit 2
        --- talk
        error: there is no baseline `known.json`
        help: `--write-baseline` writes what is found today into it"#]],
    );
    Bench::new(&[]).check(
        &["audit", "--write-baseline"],
        expect![[r#"
        exit 2
        --- talk
        error: the following required arguments were not provided:
          --baseline <FILE>

        Usage: constellation audit --baseline <FILE> --write-baseline [PATH]...

        For more information, try '--help'."#]],
    );
    let broken = Bench::new(&[("broken.rs", b"fn a( {}")]);
    broken.check(&[&KNOWN[..], &["--write-baseline"]].concat(), expect![[r#"
        exit 2
        --- talk
        error: nothing is written, since not everything could be audited: broken.rs:1: it does not parse: a bracket or a quote has no other half
        help: name it in `.auditignore` if that is meant"#]]);
    assert_eq!(broken.names(), ["broken.rs"]);
}

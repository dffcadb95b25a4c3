//! `constellation judge` of many histories, within a budget, and for scripts.

#![allow(clippy::too_many_lines, reason = "a table of inputs and outputs is read in one piece")]

use std::fs;
use std::path::Path;
use std::process::Command;

use expect_test::expect;

use crate::command::{Bench, text};
use crate::judging::{CAUSES, check_shipped, check_text};

#[test]
fn a_budget_counts_long_texts() {
    let record = |nth: usize, kind: &str| {
        let value = format!("{nth}{}", "x".repeat(100_000));
        format!("{{:process 0, :type :{kind}, :f :write, :value \"{value}\"}}\n")
    };
    let history = (0..50).map(|nth| record(nth, "invoke") + &record(nth, "ok")).collect::<String>();
    let bench = Bench::new(&[("long", history.as_bytes())]);
    for (budget, code) in [("2MB", 3), ("1GB", 0)] {
        let output = bench.run(&["judge", "long", "--model", "linearizable", "--budget", budget], b"");
        assert_eq!(output.status.code(), Some(code), "{budget}: {}", text(&output.stdout));
    }
}

#[test]
fn a_budget_that_ends_is_unknown() {
    check_text(
        CAUSES,
        &["--budget", "3steps"],
        expect![[r#"
            exit 3
            --- out
            mine · a sketch
            5 transactions in 3 sessions
            ? unknown  causal  whoever sees an effect sees its causes
                none wrong among the 4 explored, within the bound: 3 steps in all"#]],
    );
    check_text(
        CAUSES,
        &["--budget", "10B"],
        expect![[r#"
            exit 3
            --- out
            mine · a sketch
            read no further than byte 61
            ? unknown  causal  whoever sees an effect sees its causes
                judging needs 140 bytes of memory, 10 are allowed"#]],
    );
    check_text(
        CAUSES,
        &["--budget", "0kB"],
        expect![[r#"
            exit 3
            --- out
            mine · a sketch
            read no further than byte 61
            ? unknown  causal  whoever sees an effect sees its causes
                judging needs 140 bytes of memory, 0 are allowed"#]],
    );
    let long: String =
        (0..1_000).map(|nth| format!("w(0,{0},1,{0})\nr(0,{0},2,9{0:04})\n", nth + 2)).collect();
    check_text(
        &long,
        &["--budget", "0s"],
        expect![[r#"
            exit 3
            --- out
            mine · text of Plume
            read no further than byte 16049
            ? unknown  causal  whoever sees an effect sees its causes
                none wrong among the 0 explored, within the bound: 0ns in all"#]],
    );
}

/// A history of so many transactions, as the first of 400 bytes each.
fn wide(lines: usize) -> String {
    (0..lines).map(|nth| format!("{:399}\n", format!("w({},{nth},{},{nth})", nth % 100, nth % 10))).collect()
}

#[test]
fn a_text_needs_no_memory_but_for_what_is_read_of_it() {
    check_text(
        &wide(30_000),
        &["--budget", "8MB"],
        expect![[r#"
        exit 0
        --- out
        mine · text of Plume
        30000 transactions in 10 sessions
        ✓ holds    causal  whoever sees an effect sees its causes"#]],
    );
    check_text(
        &wide(30_000),
        &["--budget", "200kB"],
        expect![[r#"
            exit 3
            --- out
            mine · text of Plume
            read no further than byte 2866800
            ? unknown  causal  whoever sees an effect sees its causes
                judging needs 229024 bytes of memory, 200000 are allowed"#]],
    );
    let output = Bench::new(&[])
        .run(&["judge", "-", "--model", "causal", "--budget", "200kB"], wide(30_000).as_bytes());
    expect![[r#"
        standard input · text of Plume
        read no further than byte 2866800
        ? unknown  causal  whoever sees an effect sees its causes
            judging needs 229024 bytes of memory, 200000 are allowed
    "#]]
    .assert_eq(text(&output.stdout));
}

#[test]
fn histories_are_judged_one_by_one_and_the_worst_exit_code_counts() {
    let bench = Bench::new(&[
        ("good.sketch", b"pacific w(x,1)\n"),
        ("bad.sketch", CAUSES.as_bytes()),
        ("README.md", b"# About these\n"),
        (".hidden", b"pacific w(x,1)\n"),
    ]);
    let models = ["--model", "causal,pram", "--progress", "never"];
    bench.check(
        &[&["judge", "."][..], &models].concat(),
        expect![[r#"
            exit 1
            --- out
            ✗ violated ./bad.sketch   fails causal · holds pram
            ✓ holds    ./good.sketch  holds causal, pram
            2 histories: 1 hold, 1 violated
            · passed over: 1 file without a history"#]],
    );
    bench.check(
        &[&["judge", "good.sketch", "good.sketch"][..], &models].concat(),
        expect![[r#"
        exit 0
        --- out
        ✓ holds    good.sketch  holds causal, pram
        ✓ holds    good.sketch  holds causal, pram
        2 histories: 2 hold"#]],
    );
    bench.check(
        &[&["judge", "good.sketch", "README.md", "bad.sketch"][..], &models].concat(),
        expect![[r#"
            exit 2
            --- out
            ✓ holds    good.sketch  holds causal, pram
            ! unusable README.md    line 1: this looks like no history in a format that is known
            ✗ violated bad.sketch   fails causal · holds pram
            3 histories: 1 hold, 1 violated, 1 unusable"#]],
    );
    let one = bench.run(&[&["judge", ".", "--jobs", "1", "--json"][..], &models].concat(), b"");
    let many = bench.run(&[&["judge", ".", "--jobs", "8", "--json"][..], &models].concat(), b"");
    assert_eq!(text(&one.stdout), text(&many.stdout), "threads change nothing");
}

#[test]
fn json_says_what_the_text_says_under_a_schema() {
    check_shipped(
        "causes.blocks",
        &["--model", "causal,pram", "--json"],
        expect![[r#"
            exit 1
            --- out
            {
              "schema": "constellation/judge/1",
              "histories": [
                {
                  "history": "causes.blocks",
                  "format": "blocks",
                  "noun": "transaction",
                  "count": 5,
                  "bytes_read": null,
                  "sessions": 3,
                  "failed": 0,
                  "open": 0,
                  "unsaid": 0,
                  "unclear": 0,
                  "skipped": 0,
                  "failed_cas": "nothing",
                  "models": [
                    {
                      "model": "causal",
                      "verdict": "violated",
                      "decided_by": null,
                      "limit": null,
                      "found": "s2 r(0,nil) reads as 0 the initial value, which s0 w(0,5) in its past had overwritten",
                      "evidence": {
                        "expected": "whoever sees an effect sees its causes",
                        "found": "s2 r(0,nil) reads as 0 the initial value, which s0 w(0,5) in its past had overwritten",
                        "events": [
                          {
                            "place": "line 1",
                            "line": 1,
                            "session": "s0",
                            "what": "w(0,5)",
                            "begun": null,
                            "ended": null,
                            "when": null
                          },
                          {
                            "place": "line 3",
                            "line": 3,
                            "session": "s1",
                            "what": "r(0,5)",
                            "begun": null,
                            "ended": null,
                            "when": null
                          },
                          {
                            "place": "line 5",
                            "line": 5,
                            "session": "s1",
                            "what": "w(1,6)",
                            "begun": null,
                            "ended": null,
                            "when": null
                          },
                          {
                            "place": "line 7",
                            "line": 7,
                            "session": "s2",
                            "what": "r(1,6)",
                            "begun": null,
                            "ended": null,
                            "when": null
                          },
                          {
                            "place": "line 9",
                            "line": 9,
                            "session": "s2",
                            "what": "r(0,nil)",
                            "begun": null,
                            "ended": null,
                            "when": null
                          }
                        ],
                        "cycle": [
                          {
                            "from": {
                              "place": "line 1",
                              "line": 1,
                              "session": "s0",
                              "what": "w(0,5)",
                              "begun": null,
                              "ended": null,
                              "when": null
                            },
                            "to": {
                              "place": "line 3",
                              "line": 3,
                              "session": "s1",
                              "what": "r(0,5)",
                              "begun": null,
                              "ended": null,
                              "when": null
                            },
                            "why": "its 0 is read"
                          },
                          {
                            "from": {
                              "place": "line 3",
                              "line": 3,
                              "session": "s1",
                              "what": "r(0,5)",
                              "begun": null,
                              "ended": null,
                              "when": null
                            },
                            "to": {
                              "place": "line 5",
                              "line": 5,
                              "session": "s1",
                              "what": "w(1,6)",
                              "begun": null,
                              "ended": null,
                              "when": null
                            },
                            "why": "the same session"
                          },
                          {
                            "from": {
                              "place": "line 5",
                              "line": 5,
                              "session": "s1",
                              "what": "w(1,6)",
                              "begun": null,
                              "ended": null,
                              "when": null
                            },
                            "to": {
                              "place": "line 7",
                              "line": 7,
                              "session": "s2",
                              "what": "r(1,6)",
                              "begun": null,
                              "ended": null,
                              "when": null
                            },
                            "why": "its 1 is read"
                          },
                          {
                            "from": {
                              "place": "line 7",
                              "line": 7,
                              "session": "s2",
                              "what": "r(1,6)",
                              "begun": null,
                              "ended": null,
                              "when": null
                            },
                            "to": {
                              "place": "line 9",
                              "line": 9,
                              "session": "s2",
                              "what": "r(0,nil)",
                              "begun": null,
                              "ended": null,
                              "when": null
                            },
                            "why": "the same session"
                          },
                          {
                            "from": {
                              "place": "line 9",
                              "line": 9,
                              "session": "s2",
                              "what": "r(0,nil)",
                              "begun": null,
                              "ended": null,
                              "when": null
                            },
                            "to": {
                              "place": "line 1",
                              "line": 1,
                              "session": "s0",
                              "what": "w(0,5)",
                              "begun": null,
                              "ended": null,
                              "when": null
                            },
                            "why": "it reads an older 0"
                          }
                        ],
                        "rule": null,
                        "order": [],
                        "start": null,
                        "sketch": [
                          "s0  w(0,5)",
                          "s1          r(0,5)  w(1,6)",
                          "s2                          r(1,6)  r(0,nil)"
                        ],
                        "history": "s0  w(0,5)\ns1  r(0,5)  w(1,6)\ns2  r(1,6)  r(0,nil)",
                        "history_flags": "",
                        "notes": []
                      }
                    },
                    {
                      "model": "pram",
                      "verdict": "holds",
                      "decided_by": null,
                      "limit": null,
                      "found": null,
                      "evidence": null
                    }
                  ],
                  "unfit": [],
                  "strongest": [
                    "pram"
                  ],
                  "weakest": [
                    "causal"
                  ],
                  "separations": [
                    {
                      "name": "effect without its cause",
                      "allowed": "pram",
                      "forbidden": "causal",
                      "sentence": "each session's writes are seen in their order, but not what one session learnt from another"
                    }
                  ],
                  "error": null,
                  "exit_code": 1
                }
              ],
              "passed_over": 0,
              "exit_code": 1
            }"#]],
    );
}

/// The table of the README names every file of its folder, and its sketch can be judged.
#[test]
fn the_readme_of_histories_names_them_all_and_its_sketch_is_one() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../histories");
    let readme = fs::read_to_string(folder.join("README.md")).expect("there is one");
    for entry in fs::read_dir(&folder).expect("there is one") {
        let name = entry.expect("it is readable").file_name().to_string_lossy().into_owned();
        assert!(name == "README.md" || readme.contains(&format!("]({name})")), "{name} is not in the table");
    }
    for target in readme.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert!(folder.join(target).exists(), "no `{target}`");
    }
    let sketch = readme.split("```text\n").nth(1).and_then(|rest| rest.split("```").next());
    let sketch = sketch.expect("it shows one");
    let output = Bench::new(&[("mine", sketch.as_bytes())]).run(&["judge", "mine", "--model", "causal"], b"");
    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
    for line in readme.lines().filter_map(|line| line.strip_prefix("constellation ")) {
        let line = line.split('#').next().unwrap_or(line);
        let args: Vec<&str> = line.split_whitespace().collect();
        let folder = folder.join("..");
        let output =
            Command::new(env!("CARGO_BIN_EXE_constellation")).args(&args).current_dir(folder).output();
        let output = output.expect("it was built for this test");
        assert_ne!(output.status.code(), Some(2), "{line}: {}", text(&output.stderr));
    }
}

#[test]
fn what_judges_it_again_reads_it_as_it_was_read() {
    let history = "pacific w(x,1)@1..2\nindian {r(x,1) w(x,2)}!@3..4\n";
    let bench = Bench::new(&[("mine", history.as_bytes())]);
    let replay = |flags: &str| {
        let output = bench.run(&flags.split(' ').collect::<Vec<_>>(), b"");
        let line = text(&output.stdout).lines().find(|line| line.contains("replay"));
        line.expect("there is a violation").trim().to_owned()
    };
    let given = "judge mine --model linearizable --format sketch --object register --failed-cas mismatch";
    expect!["replay    constellation judge mine --model linearizable --format sketch --object register --failed-cas mismatch"]
        .assert_eq(&replay(given));
    expect!["replay    constellation judge mine --model linearizable --failed-cas mismatch"]
        .assert_eq(&replay("judge mine --failed-cas mismatch"));
}

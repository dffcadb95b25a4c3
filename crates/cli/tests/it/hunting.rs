//! `constellation hunt` and `constellation replay`: what is found can be pasted back, edited, and is never misread.

use std::fs;

use expect_test::expect;
use serde_json::Value;

use crate::command::{Bench, check, text};

#[test]
fn a_hunt_ends_at_the_first_seed_that_breaks_a_promise() {
    check(
        &["hunt", "lossy-relay"],
        expect![[r#"
        exit 1
        --- out
        lossy-relay · 4 seeds, 117 events

        ✗ violated replicas converge  (1 key at 4 nodes)
            expected  pacific and atlantic show the same under mss-23/mode in the end
            found     atlantic lacks pacific:1: at pacific atlantic:1 and pacific:1 are shown, at atlantic atlantic:1 is shown
            events    e4   pacific   +1.000000s  submit mss-23/mode = "safe" as pacific:1                   lamport 1  vector {pacific:1}  wall 2026-03-14T05:10:01.000Z
                      e23  pacific   +6.160000s  show mss-23/mode: atlantic:1 "nominal" | pacific:1 "safe"  wall 2026-03-14T05:10:06.160Z
                      e25  atlantic  +6.160000s  show mss-23/mode: atlantic:1 "nominal"                     wall 2026-03-14T05:10:06.160Z
            proof     no chain of messages leads from e4 to e25, nor back
            steps     1. loss pacific -> atlantic #0 = 1 of 2
            notes     all else is as in the calm run: least latency, nothing lost, nothing twice
            replay    constellation replay 'tape=1,version=0.1.0,scenario=lossy-relay,hash=57bed820e6b77ab7,seed=4,loss:pacific:atlantic:0=1/2' lossy-relay
        · seed 4; made smaller in 15 runs, from 6 deviations to 1"#]],
    );
}

#[test]
fn a_hunt_that_finds_nothing_says_so() {
    check(
        &["hunt", "conjunction", "--seeds", "20"],
        expect![[r#"
            exit 0
            --- out
            conjunction · 20 seeds, 820 events
            no promise was seen broken"#]],
    );
}

#[test]
fn a_hunt_for_no_seed_or_with_all_resolvers_is_refused() {
    check(
        &["hunt", "conjunction", "--seeds", "0"],
        expect![[r#"
        exit 2
        --- talk
        error: invalid value '0' for '--seeds <N>': number would be zero for non-zero type

        For more information, try '--help'."#]],
    );
    check(
        &["hunt", "conjunction", "--resolver", "all"],
        expect![[r#"
        exit 2
        --- talk
        error: `--resolver all` compares runs, which only `run` does
        help: choose one resolver"#]],
    );
}

#[test]
fn a_run_without_an_end_is_unknown_to_a_hunt_too() {
    let endless = "nodes = [\"a\", \"b\"]\nend = \"2h\"\nanti_entropy = \"1ms\"\n\
                   steps = [{ at = \"0s\", do = \"submit\", node = \"a\", key = \"k\", value = \"v\" }]\n";
    let bench = Bench::new(&[("endless.toml", endless.as_bytes())]);
    bench.check(
        &["hunt", "endless.toml", "--seeds", "1"],
        expect![[r#"
        exit 3
        --- out
        endless · 1 seed, 999970 events
        no promise was seen broken
        · 1 run could not be judged in full"#]],
    );
}

#[test]
fn what_is_found_does_not_depend_on_the_jobs() {
    let hunt = |jobs| {
        let output = Bench::new(&[])
            .run(&["hunt", "lossy-relay", "--seeds", "400", "--all", "--jobs", jobs, "--json"], b"");
        assert_eq!(output.status.code(), Some(1));
        text(&output.stdout).to_owned()
    };
    assert_eq!(hunt("1"), hunt("5"));
}

#[test]
fn a_kept_tape_and_its_line_replay_to_the_kept_trace() {
    let bench = Bench::new(&[]);
    let output = bench.run(&["hunt", "lossy-relay", "--keep", "kept", "--json"], b"");
    let found: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!(found["schema"], "constellation/hunt/1");
    let finding = &found["findings"][0];
    let line = finding["tape"].as_str().expect("a tape is a text");
    let kept = fs::read(bench.path().join("kept/seed-4-1.jsonl")).expect("the trace was kept");
    for tape in [line, "kept/seed-4-1.tape"] {
        let replayed = bench.run(&["replay", tape, "lossy-relay", "--trace", "again.jsonl", "--json"], b"");
        assert_eq!(replayed.status.code(), Some(1), "{}", text(&replayed.stderr));
        let replayed: Value = serde_json::from_slice(&replayed.stdout).expect("it is JSON");
        assert_eq!(replayed["trace_sha256"], finding["trace_sha256"]);
        assert_eq!(replayed["leftovers"], Value::Array(Vec::new()));
        assert_eq!(fs::read(bench.path().join("again.jsonl")).expect("it was written"), kept);
    }
}

#[test]
fn a_tape_that_does_not_fit_is_refused_and_says_why() {
    let bench = Bench::new(&[("torn.tape", b"constellation tape 1\nversion 0.1.0\nscenario mss-17\n")]);
    bench.check(&["replay", "torn.tape", "mss-17"], expect![[r#"
        exit 2
        --- talk
        error: `torn.tape`: line 3, column 16: expected `hash`, found the end of the line; lines are like `seed 17` and `latency pacific -> atlantic #3 = 17 of 1000`"#]]);
    bench.check(
        &["replay", "nothing", "mss-17"],
        expect![[r#"
        exit 2
        --- talk
        error: `nothing` is no tape: neither a file nor a line that begins with `tape=`"#]],
    );
    let elsewhere = "tape=1,version=0.1.0,scenario=conjunction,hash=00,seed=1";
    bench.check(
        &["replay", elsewhere, "mss-17"],
        expect![[r#"
        exit 2
        --- talk
        error: the tape was recorded in scenario conjunction, this is scenario mss-17
        help: a tape means something only in the scenario, with the resolver and nodes, that it is of"#]],
    );
    let unknown = "tape=1,version=0.1.0,scenario=mss-17,hash=00,seed=1,loss:pacifc:atlantic:0=1/2";
    bench.check(&["replay", unknown, "mss-17"], expect![[r#"
        exit 2
        --- talk
        error: the tape: line 1, column 58: unknown node `pacifc`, did you mean `pacific`?; the nodes are pacific, indian_ocean, atlantic, antarctic"#]]);
}

#[test]
fn an_answer_that_nothing_asks_for_is_reported() {
    let bench = Bench::new(&[]);
    let output = bench.run(&["hunt", "lossy-relay", "--json"], b"");
    let found: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let line = found["findings"][0]["tape"].as_str().expect("a tape is a text");
    let edited = format!("{},loss:pacific:atlantic:900=1/2", line);
    let output = bench.run(&["replay", &edited, "lossy-relay"], b"");
    let last: Vec<_> = text(&output.stdout).lines().rev().take(1).collect();
    expect![
        "· not used: loss pacific -> atlantic #900 = 1 of 2: this was not asked, so the answer was not used"
    ]
    .assert_eq(&last.join("\n"));
}

//! The Antarctic storm on the command line: what is refused, and what a script is told.

#![allow(clippy::too_many_lines, reason = "a table of inputs and outputs is read in one piece")]

use expect_test::{Expect, expect};
use serde_json::Value;

use crate::command::{Bench, check, text};

#[test]
fn what_is_no_policy_no_group_or_no_pass_is_refused_with_what_to_do() {
    let refused =
        |flag: &str, value: &str, expected: Expect| check(&["run", "antarctic", flag, value], expected);
    refused(
        "--policy",
        "maj",
        expect![[r#"
        exit 2
        --- talk
        error: no policy is called `maj`
        help: did you mean `majority`?"#]],
    );
    refused(
        "--policy",
        "raft",
        expect![[r#"
        exit 2
        --- talk
        error: no policy is called `raft`
        help: one of last-write-wins, siblings, majority, leader, all"#]],
    );
    refused(
        "--groups",
        "4,2",
        expect![[r#"
        exit 2
        --- talk
        error: --groups: the groups have 6 stations together, but there are 7
        help: count every station in one group, as in `--groups 4,2,1`"#]],
    );
    refused(
        "--groups",
        "4,two,1",
        expect![[r#"
        exit 2
        --- talk
        error: --groups: `two` is no size of a group, which is a whole number from 1 to 7
        help: so many stations in each group, with commas between, as in `--groups 4,2,1`"#]],
    );
    refused(
        "--groups",
        "0,7",
        expect![[r#"
        exit 2
        --- talk
        error: --groups: `0` is no size of a group, which is a whole number from 1 to 7
        help: so many stations in each group, with commas between, as in `--groups 4,2,1`"#]],
    );
    refused(
        "--pass",
        "soon",
        expect![[r#"
        exit 2
        --- talk
        error: --pass: `soon` is no time
        help: a number and a unit, such as 90s or 2min"#]],
    );
    refused(
        "--pass",
        "0s",
        expect![[r#"
        exit 2
        --- talk
        error: --pass: a pass of no length is no pass
        help: say how long satellites are overhead, as in `--pass 90s`"#]],
    );
    refused(
        "--pass",
        "6min",
        expect![[r#"
        exit 2
        --- talk
        error: --pass: a pass of 360s would last beyond the storm; it begins at 300s, so it can last 300s
        help: say 300s or less"#]],
    );
    refused(
        "--retry",
        "blind",
        expect![[r#"
            exit 2
            --- talk
            error: `antarctic` takes no --retry, which is of mss-23
            help: leave it out; beside --seed and --json there are --policy, --groups, --pass, --timeline, --trace, --html, --svg, --png, --model"#]],
    );
    refused(
        "--step",
        "at=1s,do=heal",
        expect![[r#"
            exit 2
            --- talk
            error: `antarctic` takes no --step: it is several runs side by side, written in code
            help: leave it out; beside --seed and --json there are --policy, --groups, --pass, --timeline, --trace, --html, --svg, --png, --model"#]],
    );
    check(
        &["run", "conjunction", "--policy", "majority"],
        expect![[r#"
        exit 2
        --- talk
        error: `conjunction` takes no --policy
        help: leave it out; it is for `constellation run antarctic`"#]],
    );
    check(
        &["run", "mss-23", "--groups", "4,2,1"],
        expect![[r#"
            exit 2
            --- talk
            error: `mss-23` takes no --groups, which is of antarctic
            help: leave it out; beside --seed and --json there are --retry, --world, --timeline, --trace, --html, --svg, --png"#]],
    );
}

/// What a script is told.
fn json(args: &[&str]) -> Value {
    let output = Bench::new(&[]).run(&[&["run", "antarctic", "--json"], args].concat(), b"");
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

#[test]
fn the_run_of_one_policy_can_be_kept_and_looked_at() {
    let bench = Bench::new(&[]);
    let told = bench.run(&["run", "antarctic", "--trace", "storm.jsonl", "--timeline", "all"], b"");
    let told = text(&told.stdout);
    assert!(told.contains("reconcile(tasman:2) -> CONCURRENT"), "{told}");
    bench.check(
        &["check", "storm.jsonl"],
        expect![[r#"
        exit 0
        --- out
        storm.jsonl · a trace of this program
        scenario antarctic · seed 1 · resolver siblings
        1618 events, 14 nodes, 860 messages
        ✓ holds    vector stamps tell before, after and concurrent exactly  (659526 pairs, 100.0 % decided)
        ✓ holds    each vector stamp is the join of its causes and one tick  (1149 vectors)
        ✓ holds    lamport stamps never contradict happens-before  (659526 pairs, 0.4 % decided)
        ✓ holds    no update is lost: a read shows all it knows that nothing supersedes  (147 reads)
        ✓ holds    every update survives or is superseded  (15 updates of 5 keys)
        ✓ holds    no stale sibling is shown  (147 reads)
        ✓ holds    nothing is shown out of thin air  (147 reads, 15 writes)
        ✓ holds    replicas converge  (5 keys at 7 nodes)
        ✓ holds    every message arrives unless the world lost it  (860 messages, 300 lost)"#]],
    );
    for flag in [["--trace", "storm.jsonl"], ["--timeline", "all"]] {
        let refused = bench.run(&[&["run", "antarctic", "--policy", "all"], &flag[..]].concat(), b"");
        let expected =
            format!("{} wants one run, but --policy all makes several\nhelp: choose one policy", flag[0]);
        assert!(text(&refused.stderr).contains(&expected), "{}", text(&refused.stderr));
    }
}

#[test]
fn a_script_is_told_every_write_and_every_vote() {
    let told = json(&["--policy", "last-write-wins"]);
    assert_eq!(told["schema"], "constellation/antarctic/1");
    assert_eq!((&told["exit_code"], &told["scenario"]), (&Value::from(1), &Value::from("antarctic")));
    assert!(
        told["title"].as_str().is_some_and(|title| title.starts_with("both relays lost")),
        "{}",
        told["title"]
    );
    let trial = &told["trials"][0];
    let lost = trial["writes"].as_array().expect("a list").iter().filter(|write| write["fate"] == "lost");
    let lost: Vec<String> = lost.map(|write| format!("{} {}", write["station"], write["value"])).collect();
    expect![[r#"
        "pacific" "yaw +2.0"
        "indian_ocean" "yaw +2.5"
        "arctic" "safe"
        "tasman" "yaw -1.5"
        "arctic" "nominal, watched""#]]
    .assert_eq(&lost.join("\n"));
    expect![[r#"
        {
          "kept": 5,
          "reconciled by machine": 5,
          "left to people": 0,
          "lost": 5,
          "refused": 0,
          "unknown": 0
        }"#]]
    .assert_eq(&format!("{:#}", trial["fates"]));
    expect![[r#"
        [
          {
            "term": 1,
            "votes": [
              {
                "candidate": "antarctic",
                "voters": [
                  "antarctic"
                ]
              },
              {
                "candidate": "pacific",
                "voters": [
                  "pacific",
                  "indian_ocean",
                  "atlantic",
                  "arctic"
                ]
              },
              {
                "candidate": "tasman",
                "voters": [
                  "tasman",
                  "drake"
                ]
              }
            ],
            "coordinators": [
              "pacific"
            ]
          }
        ]"#]]
    .assert_eq(&format!("{:#}", told["election"]["terms"]));
    expect![[r#"
        [
          {
            "promise": "no term has two coordinators",
            "verdict": "holds",
            "scope": "1 term"
          },
          {
            "promise": "a coordinator is elected before the window closes",
            "verdict": "holds",
            "scope": "pacific in term 1, 2.177 s after it opened"
          }
        ]"#]]
    .assert_eq(&format!("{:#}", told["election"]["promises"]));
}

#[test]
fn a_script_compares_four_policies_in_one_object() {
    let told = json(&["--policy", "all"]);
    let trials = told["trials"].as_array().expect("a list").iter();
    let told = trials.map(|trial| {
        let cell = |key: &str| trial[key].to_string();
        format!(
            "{} {} {} {}",
            cell("policy"),
            cell("accepted"),
            cell("exit_code"),
            cell("waited_other_max_ns")
        )
    });
    expect![[r#"
        "last-write-wins" 15 1 null
        "siblings" 15 0 null
        "majority" 9 0 "10003613612"
        "leader" 9 0 "30000000000""#]]
    .assert_eq(&told.collect::<Vec<_>>().join("\n"));
}

#[test]
fn the_command_that_is_printed_does_the_same_again() {
    let bench = Bench::new(&[]);
    let args =
        ["run", "antarctic", "--policy", "leader", "--groups", "1,2,4", "--pass", "1.5min", "--seed", "9"];
    let first = bench.run(&args, b"");
    let printed = text(&first.stdout).to_owned();
    let (_, replay) = printed.split_once("replay: constellation ").expect("it is printed");
    let words: Vec<&str> = replay.lines().next().unwrap_or_default().split(' ').collect();
    assert_eq!(text(&bench.run(&words, b"").stdout), printed);
}

#[test]
fn luck_breaks_nothing_where_no_clock_decides() {
    let hunt = |policy: &str, seeds: &str| {
        let output = Bench::new(&[]).run(&["hunt", "antarctic", "--policy", policy, "--seeds", seeds], b"");
        let told = text(&output.stdout).to_owned();
        format!("exit {:?}: {}", output.status.code(), told.lines().take(2).collect::<Vec<_>>().join(", "))
    };
    let told = [("siblings", "3"), ("majority", "20"), ("leader", "20"), ("election", "100")];
    expect![[r#"
        exit Some(0): antarctic/siblings · 3 seeds, 4748 events, no promise was seen broken
        exit Some(0): antarctic/majority · 20 seeds, 71910 events, no promise was seen broken
        exit Some(0): antarctic/leader · 20 seeds, 28359 events, no promise was seen broken
        exit Some(0): antarctic/election · 100 seeds, 25935 events, no promise was seen broken"#]]
    .assert_eq(&told.map(|(policy, seeds)| hunt(policy, seeds)).join("\n"));
}

#[test]
fn what_hunting_the_storm_does_not_take_is_refused() {
    check(
        &["hunt", "antarctic", "--policy", "all"],
        expect![[r#"
        exit 2
        --- talk
        error: no --policy of `antarctic` is called `all`
        help: one of last-write-wins, siblings, majority, leader, election"#]],
    );
    check(
        &["hunt", "antarctic", "--groups", "7,1"],
        expect![[r#"
        exit 2
        --- talk
        error: --groups: the groups have 8 stations together, but there are 7
        help: count every station in one group, as in `--groups 4,2,1`"#]],
    );
    check(
        &["hunt", "antarctic", "--faults", "loss=5%"],
        expect![[r#"
        exit 2
        --- talk
        error: `antarctic` has nodes, steps and faults of its own
        help: leave out --resolver, --nodes, --end, --wall, --step and --faults"#]],
    );
    check(
        &["hunt", "conjunction", "--policy", "leader"],
        expect![[r#"
        exit 2
        --- talk
        error: `conjunction` takes no --policy
        help: leave it out; it is for `antarctic`"#]],
    );
    check(
        &["replay", "tape=1", "mss-23", "--groups", "7"],
        expect![[r#"
        exit 2
        --- talk
        error: `mss-23` takes no --groups
        help: leave it out; it is for `antarctic`"#]],
    );
    check(
        &["explore", "antarctic"],
        expect![[r#"
        exit 2
        --- talk
        error: `antarctic` is several runs side by side, written in code: there is no file of it
        help: `constellation run antarctic` makes these runs and judges them"#]],
    );
}

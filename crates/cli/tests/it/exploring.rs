//! `constellation explore`: every order of arrivals, what bounded it, and the smallest run that breaks a promise.

use std::fs;

use expect_test::expect;
use serde_json::Value;

use crate::command::{Bench, check, text};

#[test]
fn one_message_lost_breaks_the_relay_and_the_steps_say_which() {
    check(
        &["explore", "lossy-relay"],
        expect![[r#"
            exit 1
            --- out
            lossy-relay · 13 runs, 73 arrivals

            ✗ violated replicas converge  (1 key at 4 nodes)
                expected  pacific and indian_ocean show the same under mss-23/mode in the end
                found     indian_ocean lacks pacific:1: at pacific pacific:1 is shown, at indian_ocean nothing is shown
                events    e4   pacific       +0.001000s  submit mss-23/mode = "safe" as pacific:1  lamport 1  vector {pacific:1}
                          e12  pacific       +0.004000s  show mss-23/mode: pacific:1 "safe"
                          e13  indian_ocean  +0.005000s  show mss-23/mode: nothing
                proof     no chain of messages leads from e4 to e13, nor back
                drawn     pacific       ▏e4!──●e5───▏e12!───────  ← e4 before e12
                                              └╌m0╌✗ lost
                          indian_ocean  ──────────────────▏e13!─
                                        ● sends  ▏ local  ! shows it  not to scale
                                        neither e4 nor e13 came first: they are concurrent
                steps     1. the network loses pacific's message 1 to indian_ocean
                          2. pacific accepts mss-23/mode = "safe"
                notes     then all that is under way arrives in the order of sending, and every node shows every key
                          not needed: 1 of 2 requests of clients
                          each of its requests is needed, and no fewer steps break it
                replay    constellation explore lossy-relay
            · ended at the first violation: ordered links, at most 1 lost, 0 doubled, 0 timers
            · times and latencies play no part: clients may ask at any time, and whatever is under way may arrive next"#]],
    );
}

#[test]
fn what_holds_in_every_order_holds() {
    check(
        &["explore", "conjunction"],
        expect![[r#"
        exit 0
        --- out
        conjunction · 588 runs, 2931 arrivals

        ✓ holds    vector stamps tell before, after and concurrent exactly  (588 runs)
        ✓ holds    each vector stamp is the join of its causes and one tick  (588 runs)
        ✓ holds    lamport stamps never contradict happens-before  (588 runs)
        ✓ holds    no update is lost: a read shows all it knows that nothing supersedes  (588 runs)
        ✓ holds    every update survives or is superseded  (588 runs)
        ✓ holds    no stale sibling is shown  (588 runs)
        ✓ holds    nothing is shown out of thin air  (588 runs)
        ✓ holds    replicas converge  (588 runs)
        ✓ holds    every message arrives unless the world lost it  (588 runs)
        ✓ holds    each link delivers in the order of sending  (588 runs)
        · complete: ordered links, at most 0 lost, 0 doubled, 0 timers
        · times and latencies play no part: clients may ask at any time, and whatever is under way may arrive next
        · partitions and cuts play no part: what they hold is late, and any message may be late anyhow"#]],
    );
}

#[test]
fn bounds_that_leave_something_out_make_it_unknown() {
    check(
        &["explore", "conjunction", "--budget", "100", "--nodes", "pacific,indian_ocean,atlantic,antarctic"],
        expect![[r#"
            exit 3
            --- out
            conjunction · 17 runs, 100 arrivals

            ? unknown  vector stamps tell before, after and concurrent exactly  (17 runs)
            ? unknown  each vector stamp is the join of its causes and one tick  (17 runs)
            ? unknown  lamport stamps never contradict happens-before  (17 runs)
            ? unknown  no update is lost: a read shows all it knows that nothing supersedes  (17 runs)
            ? unknown  every update survives or is superseded  (17 runs)
            ? unknown  no stale sibling is shown  (17 runs)
            ? unknown  nothing is shown out of thin air  (17 runs)
            ? unknown  replicas converge  (17 runs)
            ? unknown  every message arrives unless the world lost it  (17 runs)
            ? unknown  each link delivers in the order of sending  (17 runs)
            · none was wrong, but not all were looked at: at most 100 arrivals in all; ordered links, at most 0 lost, 0 doubled, 0 timers
            · times and latencies play no part: clients may ask at any time, and whatever is under way may arrive next
            · partitions and cuts play no part: what they hold is late, and any message may be late anyhow"#]],
    );
    check(
        &["explore", "conjunction", "--depth", "5", "--trace", "none.jsonl"],
        expect![[r#"
            exit 3
            --- out
            conjunction · 4 runs, 17 arrivals

            ? unknown  vector stamps tell before, after and concurrent exactly  (4 runs)
            ? unknown  each vector stamp is the join of its causes and one tick  (4 runs)
            ? unknown  lamport stamps never contradict happens-before  (4 runs)
            ? unknown  no update is lost: a read shows all it knows that nothing supersedes  (4 runs)
            ? unknown  every update survives or is superseded  (0 runs)
            ? unknown  no stale sibling is shown  (4 runs)
            ? unknown  nothing is shown out of thin air  (4 runs)
            ? unknown  replicas converge  (0 runs)
            ? unknown  every message arrives unless the world lost it  (0 runs)
            ? unknown  each link delivers in the order of sending  (4 runs)
            · none was wrong, but not all were looked at: at most 5 arrivals a run; ordered links, at most 0 lost, 0 doubled, 0 timers
            · 4 runs cut before the end, and judged for safety alone
            · times and latencies play no part: clients may ask at any time, and whatever is under way may arrive next
            · partitions and cuts play no part: what they hold is late, and any message may be late anyhow
            · no trace: nothing was broken, so there is no `none.jsonl`"#]],
    );
}

#[test]
fn the_command_that_is_printed_finds_the_same_again() {
    let bench = Bench::new(&[]);
    let args = ["explore", "conjunction", "--resolver", "lamport-lww", "--duplicates", "1", "--depth", "6"];
    let found = bench.run(&args, b"");
    let line = text(&found.stdout).lines().find_map(|line| line.trim().strip_prefix("replay "));
    let words: Vec<_> = line.expect("it is violated").split_whitespace().collect();
    expect!["constellation explore conjunction --resolver lamport-lww --duplicates 1 --depth 6"]
        .assert_eq(&words.join(" "));
    let again = bench.run(&words[1..], b"");
    assert_eq!((again.status.code(), again.stdout), (Some(1), found.stdout));
}

#[test]
fn the_trace_of_what_is_found_is_that_of_the_evidence_and_can_be_checked() {
    let bench = Bench::new(&[]);
    let output = bench.run(&["explore", "lossy-relay", "--json", "--trace", "found.jsonl"], b"");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let mut found: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let promise = found["promises"][0].take();
    assert_eq!((&promise["promise"], &promise["verdict"]), (&"replicas converge".into(), &"violated".into()));
    found["promises"] = Value::Null;
    found["version"] = Value::Null;
    expect![[r#"
        {
          "schema": "constellation/explore/1",
          "version": null,
          "scenario": "lossy-relay",
          "resolver": "siblings",
          "bounds": {
            "losses": 1,
            "duplicates": 0,
            "timers": 0,
            "depth": 10000,
            "budget": 100000
          },
          "runs": 13,
          "cut": 0,
          "arrivals": 73,
          "is_complete": false,
          "bounded_by": "the first violation",
          "left_out": [
            "times and latencies play no part: clients may ask at any time, and whatever is under way may arrive next"
          ],
          "promises": null,
          "trace_sha256": "e8f1e66082530cd6e195e5d1b415d9c0285867464980bba1a415aa89f2a10ddb",
          "exit_code": 1,
          "given": {
            "nodes": null,
            "end": null,
            "walls": [],
            "steps": [],
            "faults": null
          }
        }"#]].assert_eq(&serde_json::to_string_pretty(&found).expect("it is JSON"));
    let trace = fs::read_to_string(bench.path().join("found.jsonl")).expect("it was written");
    let shown = promise["events"].as_array().expect("a list").iter().map(|event| &event["event"]);
    assert!(shown.clone().count() > 1 && shown.map(Value::as_u64).all(|event| event.is_some()), "{promise}");
    assert!(trace.contains("\"lose\""), "{trace}");
    let checked = bench.run(&["check", "found.jsonl"], b"");
    assert_eq!(checked.status.code(), Some(1), "{}", text(&checked.stdout));
    assert!(text(&checked.stdout).contains("violated replicas converge"), "{}", text(&checked.stdout));
}

#[test]
fn bounds_that_are_no_numbers_are_refused() {
    for (flag, value) in [("--depth", "0"), ("--budget", "0"), ("--losses", "-1"), ("--timers", "many")] {
        let output = Bench::new(&[]).run(&["explore", "conjunction", &format!("{flag}={value}")], b"");
        assert_eq!(output.status.code(), Some(2), "{flag} {value}");
        let told = format!("invalid value '{value}' for '{flag} <N>'");
        assert!(text(&output.stderr).contains(&told), "{}", text(&output.stderr));
    }
}

#[test]
fn a_step_that_no_order_has_is_shown_where_it_stands() {
    let crash = "nodes = [\"a\", \"b\"]\nend = \"9s\"\n\n[[steps]]\nat = \"2s\"\ndo = \"restart\"\nnode = \"a\"\n\n\
                 [[steps]]\nat = \"1s\"\ndo = \"crash\"\nnode = \"a\"\n";
    let bench = Bench::new(&[("crash.toml", crash.as_bytes())]);
    bench.check(
        &["explore", "crash.toml"],
        expect![[r#"
        exit 2
        --- talk
        error: this step cannot be explored: only requests, and messages that are late or lost
         --> crash.toml:9:1
          |
        9 | [[steps]]
          | ^^^^^^^^^
          |
        help: leave it out, or let `hunt` try seeds"#]],
    );
    check(
        &["explore", "mss-17", "--resolver", "wall-lww"],
        expect![[r#"
        exit 2
        --- talk
        error: the resolver asks wall clocks, which stand still where only the order is explored
        help: explore it with another resolver, or let `hunt` try seeds"#]],
    );
    check(
        &["explore", "mss-17", "--resolver", "all"],
        expect![[r#"
        exit 2
        --- talk
        error: `--resolver all` compares runs, which only `run` does
        help: choose one resolver"#]],
    );
    check(
        &["explore", "conjunctoin"],
        expect![[r#"
        exit 2
        --- talk
        error: no scenario is called `conjunctoin`
        help: did you mean `conjunction`?"#]],
    );
}

#[test]
fn a_fault_that_no_order_has_is_shown_where_it_stands() {
    let text = "nodes = [\"a\", \"b\"]\nend = \"9s\"\n\n[link]\nloss = \"1%\"\ncorrupt_unseen = \"1%\"\n";
    let machines = "nodes = [\"a\", \"b\"]\nend = \"9s\"\n\n[machine]\ndown = \"1s\"\n\n[[machines]]\nnode = \"a\"\n\n\
                    [[machines]]\nnode = \"b\"\ncrash = \"20%\"\n";
    let bench = Bench::new(&[("altered.toml", text.as_bytes()), ("struck.toml", machines.as_bytes())]);
    bench.check(&["explore", "altered.toml"], expect![[r#"
        exit 2
        --- talk
        error: `corrupt_unseen` alters messages, but here what arrives is what was sent: only the order is explored
         --> altered.toml:6:18
          |
        6 | corrupt_unseen = "1%"
          |                  ^^^^
          |
        help: leave it out, with all that has odds by `--faults none`, or let `hunt` try seeds"#]]);
    bench.check(
        &["explore", "struck.toml"],
        expect![[r#"
        exit 2
        --- talk
        error: `crash` strikes machines, but here none is struck: only the order is explored
          --> struck.toml:12:9
           |
        12 | crash = "20%"
           |         ^^^^^
           |
        help: leave it out, with all that has odds by `--faults none`, or let `hunt` try seeds"#]],
    );
    bench.check(
        &["explore", "conjunction", "--faults", "loss=1%, crash_after = 1%"],
        expect![[r#"
        exit 2
        --- talk
        error: `crash_after` strikes machines, but here none is struck: only the order is explored
         --> --faults:1:10
          |
        1 | loss=1%, crash_after = 1%
          |          ^^^^^^^^^^^
          |
        help: leave it out, with all that has odds by `--faults none`, or let `hunt` try seeds"#]],
    );
    bench.check(
        &["explore", "conjunction", "--faults", "size_max=1B"],
        expect![[r#"
        exit 2
        --- talk
        error: without any luck this loses 9 messages, more than the 1 that may be lost here
        help: explore with `--losses 9`, or let `hunt` try seeds"#]],
    );
}

#[test]
fn a_trace_that_was_not_written_is_told() {
    let bench = Bench::new(&[("old.jsonl", b"what another run left")]);
    let told = |args: &[&str]| {
        let output = bench.run(&[&["explore", "conjunction", "--trace"], args].concat(), b"");
        assert_eq!(output.status.code(), Some(0));
        let last = text(&output.stdout).lines().last().unwrap_or_default().to_owned();
        format!("{last}\n{}", text(&output.stderr))
    };
    expect![[r#"
        · no trace: nothing was broken, so there is no `new.jsonl`
        · no trace: nothing was broken; the `old.jsonl` that is there is of another run
        }
        no trace: nothing was broken; the `old.jsonl` that is there is of another run
    "#]]
    .assert_eq(&[&["new.jsonl"][..], &["old.jsonl"], &["old.jsonl", "--json"]].map(told).concat());
    assert_eq!(bench.names(), ["old.jsonl"]);
}

#[test]
fn an_exploration_in_a_pipe_tells_how_far_it_is_if_it_is_asked_to() {
    let told = |when| {
        let output = Bench::new(&[]).run(&["explore", "lossy-relay", "--progress", when], b"");
        text(&output.stderr).to_owned()
    };
    expect![[r#"
        exploring: 100000 arrivals at most
        exploring: 1 run, 8 arrivals of 100000 at most
    "#]]
    .assert_eq(&told("always"));
    assert_eq!((told("auto"), told("never")), (String::new(), String::new()));
}

#[cfg(unix)]
#[test]
fn an_exploration_that_is_interrupted_says_what_was_looked_at() {
    let long = "nodes = [\"a\", \"b\", \"c\", \"d\"]\nend = \"60s\"\nanti_entropy = \"1s\"\n\
                steps = [{ at = \"0s\", do = \"submit\", node = \"a\", key = \"k\", value = \"v\" }]\n";
    let bench = Bench::new(&[("long.toml", long.as_bytes())]);
    let args = ["explore", "long.toml", "--timers", "6", "--budget", "4000000000"];
    let mut exploring = crate::hunting::Hunting::command(&bench, &args);
    assert_eq!(exploring.line(), "exploring: 4000000000 arrivals at most\n");
    let line = exploring.line();
    assert!(line.starts_with("exploring: 1 run, "), "{line}");
    exploring.interrupt();
    let (code, found) = exploring.end();
    assert_eq!(code, Some(3), "{found}");
    assert!(found.contains("\n? unknown  replicas converge  ("), "{found}");
    assert!(
        found.contains("\n· none was wrong, but not all were looked at: ended by Ctrl-C; ordered links"),
        "{found}"
    );
}

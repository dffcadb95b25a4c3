//! The smallest schedule found for a violation: it holds the cause, nothing else, and is found in bounded time.

use constellation_lab::{Run, Scenario};
use constellation_trace::Verdict;
use expect_test::{Expect, expect};

/// Runs a scenario of two or three stations: the steps and notes of every violation.
fn check(text: &str, expected: Expect) {
    let run = run(text);
    let mut told = Vec::new();
    for judgement in &run.judgements {
        if let Verdict::Violated(evidence) = &judgement.verdict {
            told.push(format!("{}: {}", judgement.promise, evidence.found));
            told.extend(evidence.steps.iter().map(|step| format!("  {step}")));
            told.extend(evidence.notes.iter().map(|note| format!("  · {note}")));
        }
    }
    expected.assert_eq(&told.join("\n"));
}

fn run(text: &str) -> Run {
    let scenario = Scenario::parse("small", text).expect("the file is documented");
    Run::of(&scenario, scenario.seed, "").expect("it can be run")
}

#[test]
fn two_failures_of_one_promise_are_not_mixed() {
    check(
        r#"
        nodes = ["pacific", "atlantic"]
        end = "9s"
        resolver = "wall-lww"
        link = { latency = "20ms" }
        steps = [
            { at = "1s", do = "submit", node = "pacific", key = "orbit", value = "low" },
            { at = "1s", do = "submit", node = "atlantic", key = "orbit", value = "high" },
            { at = "5s", do = "submit", node = "pacific", key = "attitude", value = "yaw" },
            { at = "5s", do = "submit", node = "atlantic", key = "attitude", value = "roll" },
        ]
        "#,
        expect![[r#"
            no update is lost: a read shows all it knows that nothing supersedes: atlantic:1 is lost: pacific:1 displaced it silently, though the two were written concurrently; 7 more reads are wrong
              every message takes 20ms
              +1.000000s  pacific accepts orbit = "low"
              +1.000000s  atlantic accepts orbit = "high"
            every update survives or is superseded: atlantic:1 is gone: at pacific pacific:1 is shown, at atlantic pacific:1 is shown; 1 more update is wrong
              every message takes 20ms
              +1.000000s  pacific accepts orbit = "low"
              +1.000000s  atlantic accepts orbit = "high""#]],
    );
}

#[test]
fn the_link_that_loses_is_told() {
    check(
        r#"
        nodes = ["pacific", "atlantic"]
        end = "9s"
        link = { latency = "1s..3s", loss = "62.5%", duplicate = "10%", order = "free" }
        steps = [
            { at = "1s", do = "submit", node = "pacific", key = "orbit", value = "low" },
            { at = "2s", do = "partition", between = ["pacific", "atlantic"] },
            { at = "3s", do = "heal" },
            { at = "4s", do = "submit", node = "pacific", key = "orbit", value = "high" },
        ]
        "#,
        expect![[r#"
            replicas converge: atlantic lacks pacific:2: at pacific pacific:2 is shown, at atlantic nothing is shown
              every message takes 1s, is lost in 62.5 % of cases
              +4.000000s  pacific accepts orbit = "high"
              · not needed: any of the spread of latencies, the duplicates, the overtaking, the partition"#]],
    );
}

#[test]
fn the_disk_that_is_lost_is_told() {
    check(
        r#"
        nodes = ["pacific", "atlantic"]
        end = "9s"
        link = { latency = "20ms..80ms" }
        walls = [{ node = "atlantic", ahead = "2s" }]
        steps = [
            { at = "1s", do = "cut", from = "pacific", to = "atlantic" },
            { at = "1s", do = "submit", node = "atlantic", key = "orbit", value = "low" },
            { at = "2s", do = "heal" },
            { at = "3s", do = "crash", node = "pacific" },
            { at = "4s", do = "restart", node = "pacific", disk = "lost" },
            { at = "5s", do = "crash", node = "atlantic" },
            { at = "6s", do = "restart", node = "atlantic" },
        ]
        "#,
        expect![[r#"
            replicas converge: pacific lacks atlantic:1: at pacific nothing is shown, at atlantic atlantic:1 is shown
              every message takes 20ms
              +1.000000s  atlantic accepts orbit = "low"
              +3.000000s  pacific crashes
              +4.000000s  pacific restarts, its disk lost
              · not needed: any of the lie of atlantic's wall clock, the spread of latencies, the cut"#]],
    );
}

#[test]
fn a_rule_for_some_links_is_told_as_a_whole() {
    let text = r#"
        nodes = ["pacific", "atlantic"]
        end = "20s"
        resolver = "lamport-lww"
        anti_entropy = "2s"
        [[links]]
        from = "pacific"
        to = "atlantic"
        latency = "1s..2s"
        order = "free"
        [[steps]]
        at = "1s"
        do = "submit"
        node = "pacific"
        key = "orbit"
        value = "low"
        [[steps]]
        at = "1.5s"
        do = "submit"
        node = "atlantic"
        key = "orbit"
        value = "high"
    "#;
    check(
        text,
        expect![[r#"
        no update is lost: a read shows all it knows that nothing supersedes: atlantic:1 is lost: pacific:1 displaced it silently, though the two were written concurrently; 3 more reads are wrong
          every message from pacific to atlantic takes 1s to 2s, may overtake others
          every other message takes 20ms
          +1.000000s  pacific accepts orbit = "low"
          +1.500000s  atlantic accepts orbit = "high"
          · not needed: any of the spread of latencies, the offers of everything
        every update survives or is superseded: atlantic:1 is gone: at pacific pacific:1 is shown, at atlantic pacific:1 is shown
          every message from pacific to atlantic takes 1s to 2s, may overtake others
          every other message takes 20ms
          +1.000000s  pacific accepts orbit = "low"
          +1.500000s  atlantic accepts orbit = "high"
          · not needed: any of the spread of latencies, the offers of everything"#]],
    );
}

/// A hundred updates of one key by ten stations, the last two of them concurrent.
fn crowd() -> String {
    let nodes: Vec<String> = (0..10).map(|node| format!("n{node}")).collect();
    let mut text = format!(
        "nodes = {nodes:?}\nend = \"60s\"\nresolver = \"lamport-lww\"\nlink = {{ latency = \"20ms\" }}\n"
    );
    for nth in 0..100 {
        let (at_ms, node) = if nth == 99 { (98 * 120, 0) } else { (nth * 120, nth % 10) };
        text.push_str(&format!(
            "[[steps]]\nat = \"{at_ms}ms\"\ndo = \"submit\"\nnode = \"n{node}\"\nkey = \"k\"\nvalue = \"{nth}\"\n"
        ));
    }
    text
}

#[test]
fn of_many_updates_two_are_left() {
    let run = run(&crowd());
    let violated = run.judgements.iter().find_map(|judgement| match &judgement.verdict {
        Verdict::Violated(evidence) => Some(evidence),
        _ => None,
    });
    let evidence = violated.expect("the last two are concurrent, and one is lost");
    expect![[r#"
        every message takes 20ms
        +11.760000s  n8 accepts k = "98"
        +11.760000s  n0 accepts k = "99"
    "#]]
    .assert_eq(&format!("{}\n{}", evidence.steps.join("\n"), evidence.notes.join("\n")));
}

#[test]
fn a_run_without_an_end_is_unknown_and_names_the_node() {
    // A thousand timers a second and node, with nothing to offer; the more nodes, the fewer events are allowed.
    let nodes: Vec<_> = (0..1_000).map(|node| format!("\"n{node}\"")).collect();
    let run = run(&format!("nodes = [{}]\nend = \"600s\"\nanti_entropy = \"1ms\"", nodes.join(", ")));
    assert_eq!(run.exit_code(), 3);
    let judged = run.judgements.iter().map(|judgement| match &judgement.verdict {
        Verdict::Unknown(limit) => format!("{}: {limit}", judgement.promise),
        verdict => format!("{}: {}", judgement.promise, verdict.word()),
    });
    expect![[r#"
        each link delivers in the order of sending: holds
        the run comes to its end: what comes after 33554 events, the most allowed, at +0.033000s, lastly at n554, is not recorded"#]].assert_eq(&judged.collect::<Vec<_>>().join("\n"));
    assert_eq!(run.trace.origin().map(|origin| origin.scenario.as_str()), Some("small"));
}

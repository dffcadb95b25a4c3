//! Each kind of fault that a scenario file knows: what it does to a run, and which promises it breaks.

use constellation_lab::{Run, Scenario};
use constellation_trace::{Kind, Nemesis, Verdict};
use expect_test::{Expect, expect};

/// Four updates by three stations of one key, two of them concurrent.
pub(crate) const BASE: &str = r#"
nodes = ["pacific", "indian_ocean", "atlantic"]
end = "20s"
epoch = 2026-03-14T04:11:50Z
seed = 3

[[steps]]
at = "1s"
do = "submit"
node = "pacific"
key = "attitude"
value = "nadir"

[[steps]]
at = "3s"
do = "submit"
node = "indian_ocean"
key = "attitude"
value = "yaw"

[[steps]]
at = "3.001s"
do = "submit"
node = "atlantic"
key = "attitude"
value = "pitch"

[[steps]]
at = "9s"
do = "submit"
node = "pacific"
key = "attitude"
value = "roll"
"#;

/// Runs the base with `before` above its steps and `after` below them: what the world did, and what does not hold.
pub(crate) fn check(before: &str, after: &str, expected: Expect) {
    let text = BASE.replacen("seed = 3\n", &format!("seed = 3\n{before}\n"), 1) + after;
    let scenario = Scenario::parse("fault", &text).expect("the file is documented");
    let run = Run::of(&scenario, scenario.seed, "").expect("it is short");
    expected.assert_eq(&(world(&run) + &verdicts(&run)));
}

fn world(run: &Run) -> String {
    let nemesis = |is_kind: fn(&Nemesis) -> bool| {
        run.trace.nemesis().iter().filter(|entry| is_kind(&entry.nemesis)).count()
    };
    let events =
        |is_kind: fn(&Kind) -> bool| run.trace.events().iter().filter(|event| is_kind(&event.kind)).count();
    let counts = [
        ("sent", run.trace.messages().len()),
        ("received", events(|kind| matches!(kind, Kind::Receive(_)))),
        ("lost", nemesis(|nemesis| matches!(nemesis, Nemesis::Lose(..)))),
        ("duplicated", nemesis(|nemesis| matches!(nemesis, Nemesis::Duplicate(_)))),
        ("corrupted", nemesis(|nemesis| matches!(nemesis, Nemesis::Corrupt { .. }))),
        ("delayed", nemesis(|nemesis| matches!(nemesis, Nemesis::Wait { .. }))),
        ("held", nemesis(|nemesis| matches!(nemesis, Nemesis::Hold(_)))),
        ("healed", nemesis(|nemesis| matches!(nemesis, Nemesis::Heal))),
        ("restarted", events(|kind| matches!(kind, Kind::Restart { .. }))),
    ];
    let counts = counts.iter().filter(|(_, count)| *count > 0);
    counts.map(|(what, count)| format!("{count} {what}")).collect::<Vec<_>>().join(", ") + "\n"
}

pub(crate) fn verdicts(run: &Run) -> String {
    let mut lines = vec![format!("exit {}", run.exit_code())];
    for judgement in &run.judgements {
        match &judgement.verdict {
            Verdict::Holds => {}
            Verdict::Violated(evidence) => lines.push(format!("✗ {}: {}", judgement.promise, evidence.found)),
            Verdict::Unknown(limit) => lines.push(format!("? {}: {limit}", judgement.promise)),
        }
    }
    lines.extend(run.remarks.iter().map(|remark| format!("· {remark}")));
    lines.join("\n")
}

#[test]
fn without_faults_every_promise_holds() {
    check(
        "",
        "",
        expect![[r#"
        8 sent, 8 received
        exit 0"#]],
    );
}

#[test]
fn what_is_lost_makes_replicas_differ() {
    check(
        "link = { loss = \"40%\" }",
        "",
        expect![[r#"
        8 sent, 6 received, 2 lost
        exit 1
        ✗ replicas converge: atlantic lacks pacific:2: at pacific pacific:2 is shown, at atlantic atlantic:1 is shown"#]],
    );
}

#[test]
fn offering_everything_heals_what_was_lost() {
    check(
        "anti_entropy = \"1s\"\nlink = { loss = \"40%\" }",
        "",
        expect![[r#"
            84 sent, 53 received, 31 lost
            exit 0"#]],
    );
}

#[test]
fn what_arrives_twice_changes_nothing() {
    check(
        "link = { duplicate = \"100%\" }",
        "",
        expect![[r#"
        8 sent, 16 received, 8 duplicated
        exit 0"#]],
    );
}

#[test]
fn what_overtakes_changes_nothing() {
    check(
        "link = { latency = \"1ms..7s\", order = \"free\" }",
        "",
        expect![[r#"
        8 sent, 8 received
        exit 0"#]],
    );
}

#[test]
fn links_that_are_slower_than_the_rest_make_more_updates_concurrent() {
    check(
        "[[links]]\nfrom = \"atlantic\"\nto = [\"pacific\", \"indian_ocean\"]\nlatency = \"8s\"",
        "",
        expect![[r#"
            8 sent, 8 received
            exit 0"#]],
    );
}

#[test]
fn a_cut_holds_one_direction() {
    check(
        "",
        "[[steps]]\nat = \"2s\"\ndo = \"cut\"\nfrom = \"atlantic\"\nto = \"pacific\"\n\
         [[steps]]\nat = \"12s\"\ndo = \"heal\"",
        expect![[r#"
            8 sent, 8 received, 1 held, 1 healed
            exit 0"#]],
    );
}

#[test]
fn a_partition_that_nobody_heals_is_healed_at_the_end() {
    check(
        "",
        "[[steps]]\nat = \"2s\"\ndo = \"partition\"\nbetween = [\"pacific\", [\"atlantic\", \"indian_ocean\"]]",
        expect![[r#"
            8 sent, 8 received, 4 held, 1 healed
            exit 0"#]],
    );
}

const CRASH: &str = "[[steps]]\nat = \"3.5s\"\ndo = \"crash\"\nnode = \"indian_ocean\"\n";

#[test]
fn a_crash_that_nobody_ends_is_ended_at_the_end_but_news_are_lost() {
    check(
        "",
        CRASH,
        expect![[r#"
        8 sent, 7 received, 1 lost, 1 restarted
        exit 1
        ✗ replicas converge: indian_ocean lacks pacific:2: at pacific pacific:2 is shown, at indian_ocean atlantic:1 and indian_ocean:1 are shown"#]],
    );
}

#[test]
fn a_station_remembers_what_its_disk_kept() {
    let restart = "[[steps]]\nat = \"4s\"\ndo = \"restart\"\nnode = \"indian_ocean\"\n";
    check(
        "",
        &format!("{CRASH}{restart}"),
        expect![[r#"
        8 sent, 8 received, 1 restarted
        exit 0"#]],
    );
}

#[test]
fn a_station_whose_disk_is_lost_knows_nothing_until_it_is_told() {
    let restart = "[[steps]]\nat = \"10s\"\ndo = \"restart\"\nnode = \"indian_ocean\"\ndisk = \"lost\"\n";
    check(
        "",
        &format!("{CRASH}{restart}"),
        expect![[r#"
        8 sent, 7 received, 1 lost, 1 restarted
        exit 1
        ✗ replicas converge: indian_ocean lacks pacific:2: at pacific pacific:2 is shown, at indian_ocean nothing is shown"#]],
    );
    check(
        "anti_entropy = \"1s\"",
        &format!("{CRASH}{restart}"),
        expect![[r#"
        77 sent, 70 received, 7 lost, 1 restarted
        exit 0"#]],
    );
}

#[test]
fn a_station_does_not_know_what_will_break() {
    let crash = "[[steps]]\nat = \"15s\"\ndo = \"crash\"\nnode = \"pacific\"\n\
                 [[steps]]\nat = \"16s\"\ndo = \"restart\"\nnode = \"pacific\"\ndisk = \"lost\"\n";
    let [calm, doomed] = ["", crash].map(|steps| {
        let scenario = Scenario::parse("fault", &format!("{BASE}{steps}")).expect("it is documented");
        let run = Run::of(&scenario, scenario.seed, "").expect("it is short");
        let before = run.trace.event_ids().filter(|event| run.trace.event(*event).at.ns() < 15_000_000_000);
        before.map(|event| run.trace.describe(event)).collect::<Vec<_>>()
    });
    assert_eq!(calm, doomed);
}

#[test]
fn a_restart_is_told_once_with_the_new_name() {
    let restart = "[[steps]]\nat = \"4s\"\ndo = \"restart\"\nnode = \"indian_ocean\"\n";
    let told = |disk: &str| {
        let text = format!("{BASE}{CRASH}{restart}{disk}");
        let scenario = Scenario::parse("fault", &text).expect("it is documented");
        let trace = Run::of(&scenario, scenario.seed, "").expect("it is short").trace;
        let at = |event| trace.event(event).at.ns();
        let told: Vec<_> = trace.event_ids().filter(|event| at(*event) == 4_000_000_000).collect();
        told.into_iter().map(|event| trace.describe(event)).collect::<Vec<_>>().join("\n")
    };
    expect!["restarts as indian_ocean#1 from the state of e23"].assert_eq(&told(""));
    expect!["restarts as indian_ocean#1 and remembers nothing"].assert_eq(&told("disk = \"lost\"\n"));
}

#[test]
fn a_wall_clock_that_lies_breaks_no_promise() {
    check(
        "[[walls]]\nnode = \"pacific\"\nahead = \"-2s\"",
        "",
        expect![[r#"
            8 sent, 8 received
            exit 0
            · the wall clock of pacific is up to 2000 ms behind the truth
            · whoever orders by wall clocks is wrong: e12 after or concurrent with e15: the wall clock excludes that one event caused the other; 26 more pairs are wrong"#]],
    );
    check(
        "[[walls]]\nnode = \"pacific\"\ndrift = \"400000ppm\"",
        "",
        expect![[r#"
            8 sent, 8 received
            exit 0
            · the wall clock of pacific is up to 8064 ms ahead of the truth
            · whoever orders by wall clocks is wrong: e4 after or concurrent with e5: the wall clock excludes that one event caused the other; 23 more pairs are wrong"#]],
    );
    check(
        "",
        "[[steps]]\nat = \"5s\"\ndo = \"step-wall\"\nnode = \"indian_ocean\"\nby = \"-1h\"",
        expect![[r#"
            8 sent, 8 received
            exit 0
            · the wall clock of indian_ocean is up to 3600000 ms behind the truth
            · whoever orders by wall clocks is wrong: e28 after or concurrent with e29: the wall clock excludes that one event caused the other; 103 more pairs are wrong"#]],
    );
}

#[test]
fn a_wall_clock_that_lies_breaks_a_promise_of_the_resolver_that_trusts_it() {
    check(
        "resolver = \"wall-lww\"\n[[walls]]\nnode = \"pacific\"\nahead = \"-1min\"",
        "",
        expect![[r#"
            8 sent, 8 received
            exit 1
            ✗ no update is lost: a read shows all it knows that nothing supersedes: indian_ocean:1 is lost: atlantic:1 displaced it silently, though the two were written concurrently; 7 more reads are wrong
            ✗ every update survives or is superseded: indian_ocean:1 is gone: at pacific atlantic:1 is shown, at indian_ocean atlantic:1 is shown, at atlantic atlantic:1 is shown; 1 more update is wrong
            ✗ no stale sibling is shown: it still shows atlantic:1; 4 more reads are wrong
            · the wall clock of pacific is up to 60000 ms behind the truth
            · whoever orders by wall clocks is wrong: e12 after or concurrent with e15: the wall clock excludes that one event caused the other; 89 more pairs are wrong"#]],
    );
}

#[test]
fn a_slow_oscillator_offers_late_but_in_time() {
    check(
        "anti_entropy = \"1s\"\nlink = { loss = \"70%\" }\nwalls = [{ node = \"atlantic\", drift = \"-500000ppm\" }]",
        "",
        expect![[r#"
            71 sent, 31 received, 40 lost
            exit 0
            · the wall clock of atlantic is up to 13320 ms behind the truth
            · whoever orders by wall clocks is wrong: e31 after or concurrent with e32: the wall clock excludes that one event caused the other; 452 more pairs are wrong"#]],
    );
}

#[test]
fn a_run_with_more_pairs_than_may_be_judged_ends_unknown() {
    check(
        "anti_entropy = \"10ms\"",
        "",
        expect![[r#"
        5909 sent, 5909 received
        exit 3
        ? lamport stamps never contradict happens-before: none wrong among the 4000000 pairs judged, of 69779391"#]],
    );
}

/// Indian Ocean has heard of Pacific's update, Atlantic only of Indian Ocean's, to another key.
const AROUND: &str = r#"
nodes = ["pacific", "indian_ocean", "atlantic"]
end = "9s"
steps = [
    { at = "0s", do = "cut", from = "pacific", to = "atlantic" },
    { at = "1s", do = "submit", node = "pacific", key = "orbit", value = "low" },
    { at = "2s", do = "submit", node = "indian_ocean", key = "attitude", value = "nadir" },
    { at = "3s", do = "read", node = "atlantic", key = "orbit" },
"#;

fn check_around(more: &str, expected: Expect) {
    let scenario = Scenario::parse("around", &format!("{AROUND}{more}]")).expect("it is documented");
    let run = Run::of(&scenario, 1, "").expect("it is short");
    let label = |event| run.trace.label(event).to_owned();
    let shown = run.trace.event_ids().map(label).filter(|label| label.starts_with("show orbit"));
    expected.assert_eq(&format!("{}\n{}", shown.collect::<Vec<_>>().join("\n"), verdicts(&run)));
}

#[test]
fn nobody_sees_an_effect_without_its_cause() {
    check_around(
        "",
        expect![[r#"
            show orbit: pacific:1 "low"
            show orbit: pacific:1 "low"
            show orbit: pacific:1 "low"
            show orbit: pacific:1 "low"
            exit 0"#]],
    );
}

#[test]
fn a_station_that_has_forgotten_is_told_the_causes_again() {
    let forgets = r#"
        { at = "3.5s", do = "submit", node = "atlantic", key = "attitude", value = "roll" },
        { at = "4s", do = "crash", node = "atlantic" },
        { at = "5s", do = "restart", node = "atlantic", disk = "lost" },
        { at = "6s", do = "submit", node = "indian_ocean", key = "attitude", value = "yaw" },
        { at = "7s", do = "read", node = "atlantic", key = "orbit" },
    "#;
    check_around(
        forgets,
        expect![[r#"
            show orbit: pacific:1 "low"
            show orbit: pacific:1 "low"
            show orbit: pacific:1 "low"
            show orbit: pacific:1 "low"
            show orbit: pacific:1 "low"
            exit 0"#]],
    );
}

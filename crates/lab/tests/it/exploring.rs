//! Every order of arrivals is run and judged: what no seed shows is found, and what holds was looked at in full.

use std::sync::Arc;

use constellation_fabric::Sequence;
use constellation_fabric::node::{Step, StepAct};
use constellation_lab::explore::{Bounds, Explored, explore, explore_with};
use constellation_lab::hunt::Go;
use constellation_lab::promises::judge_trace;
use constellation_lab::station::{Message, Rules};
use constellation_lab::{Resolver, Scenario, Station, incidents, simulate_with};
use constellation_trace::format::jsonl;
use constellation_trace::{NodeId, Verdict};
use expect_test::{Expect, expect};

use crate::planted::{Broken, Moment};

fn shipped(name: &str) -> Scenario {
    incidents::find(name).expect("it ships").scenario()
}

pub(crate) fn parse(steps: &str) -> Scenario {
    let text = format!("nodes = [\"pacific\", \"atlantic\"]\nend = \"9s\"\n{steps}");
    Scenario::parse("mine", &text).expect("it is sound")
}

/// A second apart, so that with links of 20 to 80 ms the second update always saw the first.
const TWO_UPDATES: &str = "steps = [
    { at = \"1s\", do = \"submit\", node = \"pacific\", key = \"mode\", value = \"safe\" },
    { at = \"2s\", do = \"submit\", node = \"atlantic\", key = \"mode\", value = \"nominal\" },
    { at = \"3s\", do = \"read\", node = \"pacific\", key = \"mode\" },
]";

/// The usual bounds, changed.
fn bounds(scenario: &Scenario, change: impl FnOnce(&mut Bounds)) -> Bounds {
    let mut bounds = Bounds::of(scenario);
    change(&mut bounds);
    bounds
}

pub(crate) fn explored(scenario: &Scenario, change: impl FnOnce(&mut Bounds)) -> Explored {
    explore(scenario, bounds(scenario, change), &mut |_| Go::On).expect("it can be explored")
}

/// What was found, in full where something is broken, else each outcome with the promises that have it.
fn told(explored: &Explored) -> String {
    let Explored { runs, cut, deliveries, .. } = explored;
    let mut told = format!("exit {}: {runs} runs, {cut} cut, {deliveries} arrivals", explored.exit_code());
    let mut latest = String::new();
    for judgement in &explored.judgements {
        let outcome = match &judgement.verdict {
            Verdict::Violated(evidence) => format!("{}\n{evidence}", judgement.promise),
            Verdict::Unknown(limit) => format!("unknown in {}: {limit}", judgement.scope),
            Verdict::Holds => format!("holds in {}", judgement.scope),
        };
        if outcome != latest {
            told.push_str(&format!("\n{outcome}"));
        }
        latest = outcome;
    }
    told
}

fn check(explored: &Explored, expected: Expect) {
    expected.assert_eq(&told(explored));
}

/// Explores with broken stations, once it is clear that none of many seeds shows anything wrong with them.
fn check_unseen<F>(scenario: &Scenario, change: impl FnOnce(&mut Bounds), tamper: F, expected: Expect)
where
    F: FnMut(&Moment<'_>, Step<Message>) -> Option<Step<Message>> + Clone,
{
    for seed in 0..200 {
        let trace = simulate_with(scenario, seed, |rules, me| broken(rules, me, &tamper)).expect("it runs");
        let judged = judge_trace(&trace);
        assert!(
            judged.iter().all(|judgement| judgement.verdict == Verdict::Holds),
            "seed {seed} shows it too: {judged:#?}"
        );
    }
    let node = |rules: &Arc<Rules>, me| broken(rules, me, &tamper);
    let found = explore_with(scenario, bounds(scenario, change), node, &mut |_| Go::On);
    check(&found.expect("it can be explored"), expected);
}

fn broken<F: Clone>(rules: &Arc<Rules>, me: NodeId, tamper: &F) -> Broken<F> {
    Broken { station: Station::new(Arc::clone(rules), me), tamper: tamper.clone() }
}

/// Shows only the latest of several siblings.
fn keep_the_last(_: &Moment<'_>, mut step: Step<Message>) -> Option<Step<Message>> {
    if let StepAct::Read { shows, .. } = &mut step.act {
        *shows = shows.pop().into_iter().collect();
    }
    Some(step)
}

#[test]
fn a_last_write_that_wins_is_found_though_no_seed_writes_two_at_once() {
    check_unseen(
        &parse(TWO_UPDATES),
        |_| {},
        keep_the_last,
        expect![[r#"
            exit 1: 1 runs, 0 cut, 5 arrivals
            no update is lost: a read shows all it knows that nothing supersedes
            expected  atlantic shows atlantic:1 under mode: it is known there and not superseded
            found     atlantic:1 is lost: pacific:1 displaced it silently, though the two were written concurrently
            events    e2  pacific   +0.001000s  submit mode = "safe" as pacific:1                                            lamport 1  vector {pacific:1}
                      e4  atlantic  +0.002000s  submit mode = "nominal" as atlantic:1                                        lamport 1  vector {atlantic:1}
                      e7  atlantic  +0.003000s  reconcile(pacific:1) -> CONCURRENT: atlantic:1 "nominal" | pacific:1 "safe"
            proof     no chain of messages leads from e4 to e2, nor back
            steps     1. pacific accepts mode = "safe"
                      2. atlantic accepts mode = "nominal"
                      3. atlantic receives pacific's message 1
            notes     not needed: 1 of 3 requests of clients
                      each of its requests is needed, and no fewer steps break it"#]],
    );
}

#[test]
fn a_station_that_shows_nothing_after_a_second_copy_is_found_where_a_message_may_come_twice() {
    let forget = |moment: &Moment<'_>, mut step: Step<Message>| {
        if let (true, StepAct::Read { shows, .. }) = (moment.label.contains("DUPLICATE"), &mut step.act) {
            shows.clear();
        }
        Some(step)
    };
    let scenario = parse(TWO_UPDATES);
    check_unseen(
        &scenario,
        |bounds| bounds.duplicates_max = 1,
        forget,
        expect![[r#"
            exit 1: 6 runs, 0 cut, 27 arrivals
            no update is lost: a read shows all it knows that nothing supersedes
            expected  atlantic shows pacific:1 under mode: it is known there and not superseded
            found     pacific:1 is lost: nothing is shown
            events    e2  pacific   +0.001000s  submit mode = "safe" as pacific:1                    lamport 1  vector {pacific:1}
                      e8  atlantic  +0.003000s  reconcile(pacific:1) -> DUPLICATE: pacific:1 "safe"
            proof     e2  pacific   +0.001000s  submit mode = "safe" as pacific:1                    lamport 1  vector {pacific:1}
                      e3  pacific   +0.001000s  tell the others of pacific:1
                      e4  atlantic  +0.002000s  receive pacific:1 from pacific                       lamport 2  vector {atlantic:1 pacific:1}
                      e8  atlantic  +0.003000s  reconcile(pacific:1) -> DUPLICATE: pacific:1 "safe"
            steps     1. the network doubles pacific's message 1 to atlantic
                      2. pacific accepts mode = "safe"
                      3. atlantic receives pacific's message 1
                      4. atlantic receives pacific's message 1 again
            notes     not needed: 2 of 3 requests of clients
                      each of its requests is needed, and no fewer steps break it"#]],
    );
    let node = |rules: &Arc<Rules>, me| broken(rules, me, &forget);
    let found = explore_with(&scenario, Bounds::of(&scenario), node, &mut |_| Go::On);
    check(
        &found.expect("it can be explored"),
        expect![[r#"
        exit 0: 5 runs, 0 cut, 21 arrivals
        holds in 5 runs"#]],
    );
}

#[test]
fn replicas_that_differ_only_in_the_end_are_found_there() {
    // What came while it was writing itself is never shown again, by anybody.
    let hide = |moment: &Moment<'_>, mut step: Step<Message>| {
        if let (true, StepAct::Read { shows, .. }) = (moment.label.starts_with("show"), &mut step.act) {
            // One alone stays, whoever wrote it.
            let is_alone = shows.len() == 1;
            shows.retain(|update| is_alone || update.starts_with("pacific"));
        }
        Some(step)
    };
    check_unseen(
        &parse(TWO_UPDATES),
        |_| {},
        hide,
        expect![[r#"
            exit 1: 1 runs, 0 cut, 5 arrivals
            no update is lost: a read shows all it knows that nothing supersedes
            expected  pacific shows atlantic:1 under mode: it is known there and not superseded
            found     atlantic:1 is lost: pacific:1 displaced it silently, though the two were written concurrently; 1 more read is wrong
            events    e2   pacific   +0.001000s  submit mode = "safe" as pacific:1                   lamport 1  vector {pacific:1}
                      e4   atlantic  +0.002000s  submit mode = "nominal" as atlantic:1               lamport 1  vector {atlantic:1}
                      e12  pacific   +0.005000s  show mode: atlantic:1 "nominal" | pacific:1 "safe"
            proof     no chain of messages leads from e4 to e2, nor back
            notes     no step is needed: all that is under way arrives in the order of sending, and every node shows every key
                      not needed: 1 of 3 requests of clients
                      each of its requests is needed, and no fewer steps break it"#]],
    );
}

#[test]
fn one_lost_message_is_all_it_takes_and_no_order_matters() {
    let found = explored(&shipped("lossy-relay"), |_| {});
    check(
        &found,
        expect![[r#"
            exit 1: 13 runs, 0 cut, 73 arrivals
            replicas converge
            expected  pacific and indian_ocean show the same under mss-23/mode in the end
            found     indian_ocean lacks pacific:1: at pacific pacific:1 is shown, at indian_ocean nothing is shown
            events    e4   pacific       +0.001000s  submit mss-23/mode = "safe" as pacific:1  lamport 1  vector {pacific:1}
                      e12  pacific       +0.004000s  show mss-23/mode: pacific:1 "safe"
                      e13  indian_ocean  +0.005000s  show mss-23/mode: nothing
            proof     no chain of messages leads from e4 to e13, nor back
            steps     1. the network loses pacific's message 1 to indian_ocean
                      2. pacific accepts mss-23/mode = "safe"
            notes     then all that is under way arrives in the order of sending, and every node shows every key
                      not needed: 1 of 2 requests of clients
                      each of its requests is needed, and no fewer steps break it"#]],
    );
    expect![[r#"
        ordered links, at most 1 lost, 0 doubled, 0 timers
        times and latencies play no part: clients may ask at any time, and whatever is under way may arrive next"#]].assert_eq(&format!("{}\n{}", found.network, found.left_out.join("\n")));
}

#[test]
fn what_one_message_lost_breaks_is_mended_by_stations_that_say_again_what_they_hold() {
    let mut scenario = shipped("lossy-relay");
    scenario.anti_entropy = Some(std::time::Duration::from_secs(1));
    check(
        &explored(&scenario, |bounds| bounds.losses_max = 2),
        expect![[r#"
        exit 3: 112 runs, 0 cut, 557 arrivals
        unknown in 112 runs: none wrong among the 112 explored, within the bound: at most 0 timers of a run run out"#]],
    );
    check(
        &explored(&scenario, |bounds| bounds.timers_max = 1),
        expect![[r#"
        exit 3: 976 runs, 0 cut, 5821 arrivals
        unknown in 976 runs: none wrong among the 976 explored, within the bound: at most 1 timer of a run runs out"#]],
    );
}

/// Each station that is asked may hear of the others before or after that, but not all of them after each other: for
/// three that are asked and one that is not, 98 of 216 ways, times 6.
#[test]
fn everything_is_looked_at_and_counted() {
    check(
        &explored(&shipped("conjunction"), |_| {}),
        expect![[r#"
        exit 0: 588 runs, 0 cut, 2931 arrivals
        holds in 588 runs"#]],
    );
    check(
        &explored(&shipped("lossy-relay"), |bounds| bounds.losses_max = 0),
        expect![[r#"
        exit 0: 12 runs, 0 cut, 66 arrivals
        holds in 12 runs"#]],
    );
    check(
        &explored(&parse(TWO_UPDATES), |bounds| bounds.duplicates_max = 1),
        expect![[r#"
        exit 0: 21 runs, 0 cut, 91 arrivals
        holds in 21 runs"#]],
    );
    // Three messages of one link, in each of their orders or in one.
    let free = many_updates(3, "\"atlantic\"");
    check(
        &explored(&free, |_| {}),
        expect![[r#"
        exit 0: 6 runs, 0 cut, 18 arrivals
        holds in 6 runs"#]],
    );
    let mut kept = free;
    kept.link.sequence = Sequence::Ordered;
    check(
        &explored(&kept, |_| {}),
        expect![[r#"
        exit 0: 1 runs, 0 cut, 6 arrivals
        holds in 1 run"#]],
    );
}

#[test]
fn of_links_that_differ_each_is_explored_as_it_is() {
    let text = r#"
        nodes = ["pacific", "atlantic", "indian_ocean"]
        end = "9s"
        links = [
            { from = "pacific", to = ["atlantic", "indian_ocean"], order = "free" },
            { from = "pacific", to = "indian_ocean", order = "kept" },
        ]
        steps = [
            { at = "1s", do = "submit", node = "pacific", key = "k", value = "1" },
            { at = "2s", do = "submit", node = "pacific", key = "k", value = "2" },
            { at = "3s", do = "submit", node = "pacific", key = "k", value = "3" },
        ]
    "#;
    let found = explored(&Scenario::parse("mixed", text).expect("it is sound"), |_| {});
    // Three messages to atlantic in any order, times three to the Indian Ocean in one.
    check(
        &found,
        expect![[r#"
        exit 0: 6 runs, 0 cut, 31 arrivals
        holds in 6 runs"#]],
    );
    expect!["ordered links but 1, at most 0 lost, 0 doubled, 0 timers"].assert_eq(&found.network);
}

/// Stations with or without a fault: if any seed shows something broken, so does some order, and the other way round.
#[test]
fn what_a_seed_finds_is_found() {
    type Tamper = fn(&Moment<'_>, Step<Message>) -> Option<Step<Message>>;
    let tampers: [Tamper; 5] = [
        |_, step| Some(step),
        keep_the_last,
        |moment, step| (!moment.label.contains("CONCURRENT")).then_some(step),
        |moment, mut step| {
            step.sends.retain(|_| !moment.label.contains("atlantic:1"));
            Some(step)
        },
        |moment, mut step| {
            if let (true, StepAct::Read { shows, .. }) = (moment.label.contains("STALE"), &mut step.act) {
                shows.push("pacific:1".to_owned());
            }
            Some(step)
        },
    ];
    let mut scenario = parse(
        "link = { latency = \"1ms..4s\", order = \"free\" }\nsteps = [
            { at = \"1s\", do = \"submit\", node = \"pacific\", key = \"k\", value = \"1\" },
            { at = \"2s\", do = \"submit\", node = \"atlantic\", key = \"k\", value = \"2\" },
            { at = \"3s\", do = \"submit\", node = \"pacific\", key = \"k\", value = \"3\" },
        ]",
    );
    let mut told = Vec::new();
    for resolver in [Resolver::Siblings, Resolver::LamportLww] {
        scenario.resolver = resolver;
        for tamper in &tampers {
            let node = |rules: &Arc<Rules>, me| broken(rules, me, tamper);
            let is_broken = |seed: &u64| {
                let trace = simulate_with(&scenario, *seed, node).expect("it runs");
                judge_trace(&trace).iter().any(|judged| matches!(judged.verdict, Verdict::Violated(_)))
            };
            let seed = (0..300).find(is_broken);
            let found = explore_with(&scenario, Bounds::of(&scenario), node, &mut |_| Go::On);
            let found = found.expect("it can be explored");
            assert_eq!(found.exit_code(), u8::from(seed.is_some()), "{resolver:?}, seed {seed:?}: {found:?}");
            told.push((seed, found.runs));
        }
    }
    expect!["[(None, 11), (Some(0), 1), (None, 11), (Some(0), 1), (Some(0), 2), (Some(0), 1), (Some(0), 1), (Some(0), 1), (Some(0), 1), (Some(0), 1)]"].assert_eq(&format!("{told:?}"));
}

#[test]
fn what_was_not_looked_at_is_unknown() {
    let scenario = shipped("conjunction");
    check(
        &explored(&scenario, |bounds| bounds.deliveries_max = 100),
        expect![[r#"
        exit 3: 17 runs, 0 cut, 100 arrivals
        unknown in 17 runs: none wrong among the 17 explored, within the bound: at most 100 arrivals in all"#]],
    );
    // Of a run that is cut nobody knows how it ends.
    let found = explored(&scenario, |bounds| bounds.depth_max = 5);
    check(
        &found,
        expect![[r#"
            exit 3: 4 runs, 4 cut, 17 arrivals
            unknown in 4 runs: none wrong among the 4 explored, within the bound: at most 5 arrivals a run
            unknown in 0 runs: none wrong among the 0 explored, within the bound: at most 5 arrivals a run
            unknown in 4 runs: none wrong among the 4 explored, within the bound: at most 5 arrivals a run
            unknown in 0 runs: none wrong among the 0 explored, within the bound: at most 5 arrivals a run
            unknown in 4 runs: none wrong among the 4 explored, within the bound: at most 5 arrivals a run"#]],
    );
    let convergence = found.judgements.iter().find(|judgement| judgement.promise == "replicas converge");
    let convergence = convergence.map(|judgement| (&*judgement.scope, judgement.verdict.word()));
    assert_eq!(convergence, Some(("0 runs", "unknown")));
    // Nobody has read anything yet, which is the fault of the bound.
    check(
        &explored(&scenario, |bounds| bounds.depth_max = 1),
        expect![[r#"
            exit 3: 1 runs, 1 cut, 1 arrivals
            unknown in 1 run: none wrong among the 1 explored, within the bound: at most 1 arrivals a run
            unknown in 0 runs: none wrong among the 0 explored, within the bound: at most 1 arrivals a run
            unknown in 1 run: none wrong among the 1 explored, within the bound: at most 1 arrivals a run
            unknown in 0 runs: none wrong among the 0 explored, within the bound: at most 1 arrivals a run
            unknown in 1 run: none wrong among the 1 explored, within the bound: at most 1 arrivals a run"#]],
    );
}

/// Not one run comes to its end, so nothing was judged: of everything that is promised it must be said.
#[test]
fn what_no_run_was_judged_for_is_unknown() {
    let scenario = shipped("conjunction");
    let told_each = |found: &Explored| {
        let line = |judgement: &constellation_trace::Judgement| {
            format!("{} in {}: {}", judgement.verdict.word(), judgement.scope, judgement.promise)
        };
        let lines: Vec<_> = found.judgements.iter().map(line).collect();
        format!("exit {}: {} runs\n{}", found.exit_code(), found.runs, lines.join("\n"))
    };
    let found = explored(&scenario, |bounds| bounds.deliveries_max = 2);
    expect![[r#"
        exit 3: 0 runs
        unknown in 0 runs: vector stamps tell before, after and concurrent exactly
        unknown in 0 runs: each vector stamp is the join of its causes and one tick
        unknown in 0 runs: lamport stamps never contradict happens-before
        unknown in 0 runs: no update is lost: a read shows all it knows that nothing supersedes
        unknown in 0 runs: every update survives or is superseded
        unknown in 0 runs: no stale sibling is shown
        unknown in 0 runs: nothing is shown out of thin air
        unknown in 0 runs: replicas converge
        unknown in 0 runs: every message arrives unless the world lost it
        unknown in 0 runs: each link delivers in the order of sending"#]]
    .assert_eq(&told_each(&found));
    let found = explored(&scenario, |bounds| bounds.depth_max = 1);
    expect![[r#"
        exit 3: 1 runs
        unknown in 1 run: vector stamps tell before, after and concurrent exactly
        unknown in 1 run: each vector stamp is the join of its causes and one tick
        unknown in 1 run: lamport stamps never contradict happens-before
        unknown in 1 run: no update is lost: a read shows all it knows that nothing supersedes
        unknown in 0 runs: every update survives or is superseded
        unknown in 1 run: no stale sibling is shown
        unknown in 1 run: nothing is shown out of thin air
        unknown in 0 runs: replicas converge
        unknown in 0 runs: every message arrives unless the world lost it
        unknown in 1 run: each link delivers in the order of sending"#]]
    .assert_eq(&told_each(&found));
    // Nothing is asked, but messages still arrive, in the one run that there is.
    let found = explored(&parse(""), |_| {});
    expect![[r#"
        exit 0: 1 runs
        holds in 1 run: every message arrives unless the world lost it
        holds in 1 run: each link delivers in the order of sending"#]]
    .assert_eq(&told_each(&found));
}

#[test]
fn what_whoever_waits_stops_is_unknown() {
    let scenario = shipped("conjunction");
    let stop = |so_far: constellation_lab::explore::Progress| if so_far.runs < 3 { Go::On } else { Go::Stop };
    let found = explore(&scenario, Bounds::of(&scenario), &mut { stop }).expect("it can be explored");
    check(
        &found,
        expect![[r#"
        exit 3: 3 runs, 0 cut, 22 arrivals
        unknown in 3 runs: none wrong among the 3 explored, within the bound: stopped by whoever looked"#]],
    );
    // What is broken by then is found.
    let relay = shipped("lossy-relay");
    let found = explore(&relay, Bounds::of(&relay), &mut |so_far| {
        if so_far.runs < 13 { Go::On } else { Go::Stop }
    });
    assert_eq!(found.map(|found| found.exit_code()), Ok(1));
}

#[test]
fn a_run_that_is_cut_is_judged_for_safety() {
    let mut scenario = shipped("conjunction");
    scenario.resolver = Resolver::LamportLww;
    check(
        &explored(&scenario, |bounds| bounds.depth_max = 5),
        expect![[r#"
            exit 1: 1 runs, 1 cut, 5 arrivals
            no update is lost: a read shows all it knows that nothing supersedes
            expected  pacific shows atlantic:1 under mss-17/attitude: it is known there and not superseded
            found     atlantic:1 is lost: pacific:1 displaced it silently, though the two were written concurrently
            events    e4  atlantic  +0.001000s  submit mss-17/attitude = "nadir" as atlantic:1                                                       lamport 1  vector {atlantic:1}
                      e6  pacific   +0.002000s  submit mss-17/attitude = "yaw +2.0" as pacific:1                                                     lamport 1  vector {pacific:1}
                      e9  pacific   +0.003000s  reconcile(atlantic:1) -> DISCARDED: lamport 1 = 1, pacific > atlantic by name: pacific:1 "yaw +2.0"
            proof     no chain of messages leads from e4 to e6, nor back
            steps     1. atlantic accepts mss-17/attitude = "nadir"
                      2. pacific accepts mss-17/attitude = "yaw +2.0"
                      3. pacific receives atlantic's message 1
            notes     not needed: 1 of 3 requests of clients
                      each of its requests is needed, and no fewer steps break it"#]],
    );
}

/// Pacific updates so many keys; `others` are further nodes.
fn many_updates(count: u32, others: &str) -> Scenario {
    let step = |second| {
        format!(
            "{{ at = \"{second}s\", do = \"submit\", node = \"pacific\", key = \"k{second}\", value = \"v\" }}"
        )
    };
    let steps: Vec<String> = (1..=count).map(step).collect();
    let text = format!(
        "nodes = [\"pacific\", {others}]\nend = \"9s\"\nlink = {{ order = \"free\" }}\nsteps = [{}]",
        steps.join(", ")
    );
    Scenario::parse("many", &text).expect("it is sound")
}

/// Explores with stations that show nothing of this update when it comes.
fn hiding(scenario: &Scenario, update: &'static str) -> Explored {
    let hide = |moment: &Moment<'_>, mut step: Step<Message>| {
        if let (true, StepAct::Read { shows, .. }) = (moment.label.contains(update), &mut step.act) {
            shows.clear();
        }
        Some(step)
    };
    let node = |rules: &Arc<Rules>, me| broken(rules, me, &hide);
    explore_with(scenario, Bounds::of(scenario), node, &mut |_| Go::On).expect("it can be explored")
}

#[test]
fn a_message_that_overtakes_others_is_the_shortest_way() {
    check(
        &hiding(&many_updates(3, "\"atlantic\""), "reconcile(pacific:3)"),
        expect![[r#"
        exit 1: 1 runs, 0 cut, 6 arrivals
        no update is lost: a read shows all it knows that nothing supersedes
        expected  atlantic shows pacific:3 under k3: it is known there and not superseded
        found     pacific:3 is lost: nothing is shown
        events    e6  pacific   +0.003000s  submit k3 = "v" as pacific:3                    lamport 3  vector {pacific:3}
                  e9  atlantic  +0.004000s  reconcile(pacific:3) -> ADOPTED: pacific:3 "v"
        proof     e6  pacific   +0.003000s  submit k3 = "v" as pacific:3                              lamport 3  vector {pacific:3}
                  e7  pacific   +0.003000s  tell the others of pacific:3
                  e8  atlantic  +0.004000s  receive pacific:3, with 2 more of its keys, from pacific  lamport 4  vector {atlantic:1 pacific:3}
                  e9  atlantic  +0.004000s  reconcile(pacific:3) -> ADOPTED: pacific:3 "v"
        steps     1. pacific accepts k1 = "v"
                  2. pacific accepts k2 = "v"
                  3. pacific accepts k3 = "v"
                  4. atlantic receives pacific's message 3
        notes     each of its requests is needed, and no fewer steps break it"#]],
    );
}

#[test]
fn a_long_violation_says_that_a_shorter_one_was_not_looked_for_in_full() {
    let mut scenario = many_updates(7, "\"atlantic\", \"indian_ocean\", \"antarctic\"");
    check(
        &hiding(&scenario, "reconcile(pacific:7)"),
        expect![[r#"
        exit 1: 1 runs, 0 cut, 28 arrivals
        no update is lost: a read shows all it knows that nothing supersedes
        expected  atlantic shows pacific:7 under k7: it is known there and not superseded
        found     pacific:7 is lost: nothing is shown
        events    e16  pacific   +0.007000s  submit k7 = "v" as pacific:7                    lamport 7  vector {pacific:7}
                  e19  atlantic  +0.008000s  reconcile(pacific:7) -> ADOPTED: pacific:7 "v"
        proof     e16  pacific   +0.007000s  submit k7 = "v" as pacific:7                              lamport 7  vector {pacific:7}
                  e17  pacific   +0.007000s  tell the others of pacific:7
                  e18  atlantic  +0.008000s  receive pacific:7, with 6 more of its keys, from pacific  lamport 8  vector {atlantic:1 pacific:7}
                  e19  atlantic  +0.008000s  reconcile(pacific:7) -> ADOPTED: pacific:7 "v"
        steps     1. pacific accepts k1 = "v"
                  2. pacific accepts k2 = "v"
                  3. pacific accepts k3 = "v"
                  4. pacific accepts k4 = "v"
                  5. pacific accepts k5 = "v"
                  6. pacific accepts k6 = "v"
                  7. pacific accepts k7 = "v"
                  8. atlantic receives pacific's message 19
        notes     no fewer steps break it with these requests; whether each is needed was not looked at in full"#]],
    );
    scenario = many_updates(6, "\"atlantic\", \"b\", \"c\", \"d\", \"e\"");
    scenario.link.sequence = Sequence::Ordered;
    let told = told(&hiding(&scenario, "reconcile(pacific:6)"));
    let notes: Vec<&str> = told.lines().skip_while(|line| !line.starts_with("notes")).collect();
    expect!["notes     fewer steps may break it too: the search for them was cut short"]
        .assert_eq(&notes.join("\n"));
}

#[test]
fn the_trace_of_a_violation_shows_it_to_whoever_reads_it() {
    let found = explored(&shipped("lossy-relay"), |_| {});
    let trace = found.trace.as_ref().expect("it is violated");
    let again = explored(&shipped("lossy-relay"), |_| {});
    assert_eq!(jsonl::digest(trace), jsonl::digest(again.trace.as_ref().expect("it is violated again")));
    assert_eq!(told(&found), told(&again));
    let mut bytes = Vec::new();
    jsonl::write(trace, &mut bytes).expect("a Vec takes everything");
    let read = jsonl::read(&bytes[..]).expect("it was written by us");
    let broken: Vec<_> = judge_trace(&read)
        .into_iter()
        .filter(|judgement| matches!(judgement.verdict, Verdict::Violated(_)))
        .map(|judgement| judgement.promise)
        .collect();
    assert_eq!(broken, ["replicas converge"]);
}

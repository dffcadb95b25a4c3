//! A hunt finds the seed that breaks a promise, and says what of it matters.

use std::sync::Arc;

use constellation_fabric::node::{Step, StepAct};
use constellation_fabric::{Effects, Input, Node, Now};
use constellation_lab::hunt::{
    Coverage, Ended, Finding, Go, Hunt, Hunted, Luck, Until, deviations, hunt, hunt_with, provenance,
};
use constellation_lab::promises::Phase;
use constellation_lab::station::{Message, Request};
use constellation_lab::{Scenario, Station, incidents, play};
use constellation_sim::Tape;
use constellation_trace::format::jsonl;
use constellation_trace::{Names, NodeId};
use expect_test::{Expect, expect};

fn lossy() -> Scenario {
    incidents::find("lossy-relay").expect("it ships").scenario()
}

fn seeds(count: u64, until: Until) -> Hunt<'static> {
    let mut hunt = Hunt::new(1, count);
    hunt.until = until;
    hunt
}

fn hunted(scenario: &Scenario, count: u64, until: Until) -> Hunted {
    hunted_as(scenario, &seeds(count, until), &mut |_| Go::On)
}

fn hunted_as(scenario: &Scenario, plan: &Hunt, progress: &mut dyn FnMut(&Hunted) -> Go) -> Hunted {
    let provenance = provenance(scenario, 0).expect("the calm run ends");
    hunt(scenario, plan, &provenance, progress).expect("every seed can be run")
}

fn check(hunted: &Hunted, expected: Expect) {
    expected.assert_eq(&told(hunted));
}

fn told(hunted: &Hunted) -> String {
    let mut told = format!("{} seeds\n", hunted.seeds);
    for finding in &hunted.findings {
        let (promise, seeds) = (&finding.judgement.promise, finding.seeds_total);
        told += &format!("{promise} ({:?}): {seeds} seeds, {} ways\n", finding.phase, finding.ways());
        told += &deviations(&finding.tape).iter().map(|line| format!("  {line}\n")).collect::<String>();
    }
    told
}

fn reached(coverage: &Coverage) -> String {
    let kinds: Vec<_> = coverage.kinds().map(|(topic, runs)| format!("{topic} {runs}")).collect();
    format!("{}; {} behaviours, {} states", kinds.join(", "), coverage.behaviours(), coverage.states())
}

#[test]
fn one_lost_message_is_all_it_takes() {
    check(
        &hunted(&lossy(), 300, Until::FirstFinding),
        expect![[r#"
            4 seeds
            replicas converge (Convergence): 1 seeds, 1 ways
              loss pacific -> atlantic #0 = 1 of 2
        "#]],
    );
}

#[test]
fn a_hunt_over_all_seeds_groups_what_comes_down_to_the_same() {
    check(
        &hunted(&lossy(), 300, Until::AllSeeds),
        expect![[r#"
            300 seeds
            replicas converge (Convergence): 40 seeds, 1 ways
              loss pacific -> atlantic #0 = 1 of 2
        "#]],
    );
}

#[test]
fn findings_that_differ_in_which_message_is_lost_are_one() {
    // With one latency for all, a run of one loss is as small as it can be, whichever message that is.
    let scenario = lossy().with_faults("latency=20ms").expect("it is documented");
    let hunted = hunted(&scenario, 300, Until::AllSeeds);
    check(
        &hunted,
        expect![[r#"
            300 seeds
            replicas converge (Convergence): 40 seeds, 1 ways
              loss pacific -> atlantic #0 = 1 of 2
        "#]],
    );
}

#[test]
fn nothing_is_found_where_stations_say_again_what_they_hold() {
    let mut scenario = lossy();
    scenario.anti_entropy = Some(std::time::Duration::from_secs(1));
    check(
        &hunted(&scenario, 200, Until::AllSeeds),
        expect![[r#"
        200 seeds
    "#]],
    );
}

#[test]
fn what_is_found_does_not_depend_on_the_number_of_cores() {
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("one thread can be had");
    let many = rayon::ThreadPoolBuilder::new().num_threads(7).build().expect("seven threads can be had");
    for until in [Until::AllSeeds, Until::FirstFinding] {
        let one = alone.install(|| hunted(&lossy(), 300, until));
        let seven = many.install(|| hunted(&lossy(), 300, until));
        assert_eq!(told(&one), told(&seven));
        assert_eq!(one.coverage, seven.coverage);
        assert!(!one.findings.is_empty());
    }
}

#[test]
fn a_tape_replays_to_the_same_bytes() {
    let scenario = lossy();
    let hunted = hunted(&scenario, 300, Until::FirstFinding);
    let finding = &hunted.findings[0];
    let names = Names::from_iter(&scenario.nodes);
    let tape = Tape::parse_line(&finding.tape.line(), &names).expect("a tape reads what it writes");
    assert!(tape.to_string().len() < 1024, "a small failure is a small text");
    let replayed = play(&scenario, tape.provenance().seed, tape.player()).expect("it ran before");
    assert_eq!(jsonl::digest(&replayed), jsonl::digest(&finding.trace));
}

#[test]
fn a_hunt_that_is_stopped_leaves_what_was_found_until_then() {
    let plan = seeds(u64::MAX - 1, Until::AllSeeds);
    let mut shown = Vec::new();
    let stopped = hunted_as(&lossy(), &plan, &mut |hunted| {
        shown.push(hunted.seeds);
        if hunted.findings.is_empty() { Go::On } else { Go::Stop }
    });
    assert_eq!(stopped.ended, Ended::Stopped);
    assert_eq!(shown, [16], "the fourth seed breaks it, and the first batch is finished");
    let planned = hunted(&lossy(), stopped.seeds, Until::AllSeeds);
    assert_eq!(planned.ended, Ended::AllSeeds);
    assert_eq!(told(&stopped), told(&planned));
    assert_eq!(stopped.coverage, planned.coverage);
}

#[test]
fn a_hunt_tells_what_it_reached() {
    let first = hunted(&lossy(), 300, Until::FirstFinding);
    assert_eq!(first.ended, Ended::FirstFinding);
    expect!["latency 4, loss 1; 2 behaviours, 31 states"].assert_eq(&reached(&first.coverage));
    let all = hunted(&lossy(), 300, Until::AllSeeds);
    expect!["latency 300, loss 59; 14 behaviours, 61 states"].assert_eq(&reached(&all.coverage));
    let quiet = lossy().with_faults("none").expect("it is a word of ours");
    expect!["latency 300; 1 behaviours, 30 states"]
        .assert_eq(&reached(&hunted(&quiet, 300, Until::AllSeeds).coverage));
}

#[test]
fn a_swarm_leaves_kinds_of_luck_out_and_finds_the_same() {
    let mut plan = seeds(300, Until::AllSeeds);
    plan.luck = Luck::Swarm;
    let swarm = hunted_as(&lossy(), &plan, &mut |_| Go::On);
    check(
        &swarm,
        expect![[r#"
            300 seeds
            replicas converge (Convergence): 29 seeds, 1 ways
              loss pacific -> atlantic #0 = 1 of 2
        "#]],
    );
    expect!["latency 222, loss 43; 11 behaviours, 61 states"].assert_eq(&reached(&swarm.coverage));
}

/// A station that says nothing again: it is safe, and what it does not say again is missing in the end.
struct Terse(Station);

impl Node for Terse {
    type Message = Message;
    type Request = Request;

    fn on(&mut self, now: Now, input: Input<Message, Request>, effects: &mut Effects<Message>) {
        let is_offer = matches!(input, Input::Timer(_));
        let is_message = matches!(input, Input::Message { .. });
        let mut right = if is_message { Effects::receiving() } else { Effects::new() };
        self.0.on(now, input, &mut right);
        let (steps, timers) = right.into_parts();
        steps.into_iter().for_each(|step| carry_over(step, is_offer, effects));
        timers.into_iter().for_each(|set| effects.set_timer(set.timer, set.after));
    }
}

/// Does the step again, but for what it sends if that `is_offer`; the driver has begun a receive itself.
fn carry_over(step: Step<Message>, is_offer: bool, effects: &mut Effects<Message>) {
    match step.act {
        StepAct::Local => effects.event(step.label.clone()),
        StepAct::Persist(state) => effects.persist(state),
        StepAct::Write { key, update, saw } => effects.write(key, update, saw),
        StepAct::Read { key, shows } => effects.read(key, shows),
        _ => {}
    }
    effects.label(step.label);
    step.claims.into_iter().for_each(|claim| effects.claim(claim));
    let sends = step.sends.into_iter().filter(|_| !is_offer);
    sends.for_each(|(to, message)| effects.send(to, message));
}

#[test]
fn a_protocol_that_is_safe_but_does_not_converge_is_found_out_in_the_second_phase() {
    let mut scenario = lossy();
    scenario.anti_entropy = Some(std::time::Duration::from_secs(1));
    let provenance = provenance(&scenario, 0).expect("the calm run ends");
    let plan = seeds(200, Until::AllSeeds);
    let hunted = hunt_with(&scenario, &plan, &provenance, &mut |_| Go::On, |rules, me| {
        Terse(Station::new(Arc::clone(rules), me))
    });
    let hunted = hunted.expect("every seed can be run");
    check(
        &hunted,
        expect![[r#"
        200 seeds
        replicas converge (Convergence): 29 seeds, 1 ways
          loss pacific -> atlantic #0 = 1 of 2
    "#]],
    );
    assert!(hunted.findings.iter().all(|finding| finding.phase == Phase::Convergence));
}

/// A station that now and then, when a message comes at an odd time, sends to a node that there is none of.
struct Astray(Station);

impl Node for Astray {
    type Message = Message;
    type Request = Request;

    fn on(&mut self, now: Now, input: Input<Message, Request>, effects: &mut Effects<Message>) {
        let strays = match &input {
            Input::Message { message, .. } if now.wall.ns().is_multiple_of(97) => Some(message.clone()),
            _ => None,
        };
        self.0.on(now, input, effects);
        if let Some(message) = strays {
            effects.event("goes astray");
            effects.send(NodeId::new(99), message);
        }
    }
}

#[test]
fn a_seed_that_cannot_be_run_ends_the_hunt_and_leaves_what_was_found() {
    let scenario = lossy();
    let provenance = provenance(&scenario, 0).expect("the calm run ends");
    let astray = |rules: &Arc<_>, me| Astray(Station::new(Arc::clone(rules), me));
    let plan = seeds(300, Until::AllSeeds);
    let hunted = hunt_with(&scenario, &plan, &provenance, &mut |_| Go::On, astray);
    let hunted = hunted.expect("something was found before");
    check(
        &hunted,
        expect![[r#"
        11 seeds
        replicas converge (Convergence): 1 seeds, 1 ways
          loss pacific -> atlantic #0 = 1 of 2
    "#]],
    );
    assert_eq!(hunted.ended, Ended::Stopped);
    let error = hunted.error.expect("a seed could not be run").to_string();
    expect!["seed 12: the scenario cannot be run to its end: at +1.062642s node number 2 does what cannot be: there is no node number 99"].assert_eq(&error);

    let quiet = scenario.with_faults("none").expect("it is a word of ours");
    let error = hunt_with(&quiet, &plan, &provenance, &mut |_| Go::On, astray);
    expect!["seed 12: the scenario cannot be run to its end: at +1.062642s node number 2 does what cannot be: there is no node number 99"].assert_eq(&error.expect_err("nothing was found before").to_string());
}

#[test]
fn safety_is_judged_throughout_and_convergence_after_the_faults() {
    let mut scenario = incidents::find("mss-17").expect("it ships").scenario();
    scenario.resolver = constellation_lab::Resolver::WallLww;
    check(
        &hunted(&scenario, 20, Until::FirstFinding),
        expect![[r#"
        1 seeds
        no update is lost: a read shows all it knows that nothing supersedes (Safety): 1 seeds, 1 ways
        every update survives or is superseded (Convergence): 1 seeds, 1 ways
    "#]],
    );
}

#[test]
fn a_finding_of_many_seeds_keeps_the_first_of_them() {
    let scenario = lossy().with_faults("loss=60%").expect("it is documented");
    let hunted = hunted(&scenario, 1_200, Until::AllSeeds);
    let finding = &hunted.findings[0];
    assert_eq!(finding.seeds.len(), Finding::SEEDS_MAX);
    assert!(finding.seeds_total > 1_000, "{}", finding.seeds_total);
    assert!(finding.seeds.is_sorted());
}

/// `c` loses its disk and nobody tells it again, whatever the luck; one message in five is lost besides.
const MASKED: &str = r#"
nodes = ["a", "b", "c"]
end = "10s"
link = { loss = "20%" }
steps = [
    { at = "1s", do = "submit", node = "a", key = "kept", value = "v" },
    { at = "2s", do = "crash", node = "c" },
    { at = "3s", do = "restart", node = "c", disk = "lost" },
]
"#;

#[test]
fn what_needs_no_luck_does_not_hide_what_does() {
    let scenario = Scenario::parse("masked", MASKED).expect("it is documented");
    check(
        &hunted(&scenario, 200, Until::AllSeeds),
        expect![[r#"
        200 seeds
        replicas converge (Convergence): 43 seeds, 1 ways
          loss a -> b #0 = 1 of 2
        replicas converge (Convergence): 157 seeds, 1 ways
    "#]],
    );
}

#[test]
fn a_hunt_that_is_over_has_tried_one_seed_and_says_what_it_found_as_it_is() {
    let mut plan = seeds(1_000, Until::AllSeeds);
    plan.first = 4;
    plan.is_over = &|| true;
    let hunted = hunted_as(&lossy(), &plan, &mut |_| Go::On);
    assert_eq!((hunted.seeds, hunted.ended, hunted.findings.len()), (1, Ended::Stopped, 1));
    let judgement = hunted.findings[0].judgement.verdict.clone();
    let constellation_trace::Verdict::Violated(evidence) = judgement else { panic!("it is violated") };
    assert_eq!(evidence.notes.last().map(String::as_str), Some("not made smaller: the hunt was ended"));
}

#[test]
fn the_last_seed_can_be_hunted() {
    let mut plan = seeds(5, Until::AllSeeds);
    plan.first = u64::MAX - 1;
    let hunted = hunted_as(&lossy(), &plan, &mut |_| Go::On);
    assert_eq!((hunted.seeds, hunted.ended), (2, Ended::AllSeeds));
}

#[test]
fn the_digest_of_a_scenario_changes_with_both_ends_of_each_range() {
    let digest = |faults: &str| {
        let scenario = lossy().with_faults(faults).expect("it is documented");
        provenance(&scenario, 1).expect("it runs").scenario_hash
    };
    let machines = "crash=20%,pause=20%,wall_step=20%";
    let first = digest(&format!("{machines},down=1s..5s,pause_for=1s..3s,wall_step_by=-2s..500ms"));
    for other in [
        "down=4s..5s,pause_for=1s..3s,wall_step_by=-2s..500ms",
        "down=1s..4s,pause_for=1s..3s,wall_step_by=-2s..500ms",
        "down=1s..5s,pause_for=2s..3s,wall_step_by=-2s..500ms",
        "down=1s..5s,pause_for=1s..3s,wall_step_by=-2s..400ms",
    ] {
        assert_ne!(digest(&format!("{machines},{other}")), first, "{other}");
    }
}

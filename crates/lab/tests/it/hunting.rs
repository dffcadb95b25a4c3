//! A hunt finds the seed that breaks a promise, and says what of it matters.

use constellation_lab::hunt::{Hunted, Until, deviations, hunt, provenance};
use constellation_lab::{Scenario, incidents, play};
use constellation_sim::Tape;
use constellation_trace::Names;
use constellation_trace::format::jsonl;
use expect_test::{Expect, expect};

fn lossy() -> Scenario {
    incidents::find("lossy-relay").expect("it ships").scenario()
}

fn hunted(scenario: &Scenario, seeds: u64, until: Until) -> Hunted {
    let provenance = provenance(scenario, 0).expect("the calm run ends");
    hunt(scenario, 1..seeds + 1, until, &provenance, &mut |_| {}).expect("every seed can be run")
}

fn check(hunted: &Hunted, expected: Expect) {
    let mut told = format!("{} seeds\n", hunted.seeds);
    for finding in &hunted.findings {
        told += &format!("{}: {} seeds\n", finding.judgement.promise, finding.seeds.len());
        told += &deviations(&finding.tape).iter().map(|line| format!("  {line}\n")).collect::<String>();
    }
    expected.assert_eq(&told);
}

#[test]
fn one_lost_message_is_all_it_takes() {
    check(
        &hunted(&lossy(), 300, Until::FirstFinding),
        expect![[r#"
        4 seeds
        replicas converge: 1 seeds
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
        replicas converge: 40 seeds
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
    let told = |hunted: &Hunted| {
        let tapes = hunted.findings.iter().map(|finding| finding.tape.line());
        tapes.collect::<Vec<_>>()
    };
    let one = alone.install(|| hunted(&lossy(), 300, Until::AllSeeds));
    let seven = many.install(|| hunted(&lossy(), 300, Until::AllSeeds));
    assert_eq!(told(&one), told(&seven));
    assert!(!one.findings.is_empty());
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

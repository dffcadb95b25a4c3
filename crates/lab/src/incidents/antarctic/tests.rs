//! Planted mistakes in the stations of the policies, each of which a judge must find and name.

use std::iter;

use std::time::Duration;

use constellation_fabric::Node;
use constellation_sim::clients::Service;
use constellation_sim::{Act, Disk, Plan, Seeded, Setup};
use constellation_trace::{Judgement, NodeId, Trace, TrueTime, Verdict};
use constellation_verify::Order;
use expect_test::{Expect, expect};

use super::copies;
use super::groups::stations;
use super::leader::{Follower, Habit};
use super::majority::{Majority, Mistake};
use super::promises::{Promise, budget};
use super::trial::{Played, healed};
use super::world::{Luck, Scene, at};
use super::{Groups, Policy};
use crate::resolver::Resolver;
use crate::station::Request;

/// What a promise comes to in a storm over these groups, among these stations.
fn judge<S: Service<Request = Request>>(
    promise: Promise,
    groups: &str,
    policy: Policy,
    station: impl Fn(NodeId) -> S,
) -> Judgement {
    let scene = Scene::new(Groups::parse(groups).expect("they are groups"));
    let played = Played { scene: &scene, seed: 1, name: policy.name() };
    let trace = played.with(&mut Seeded::new(1), station).expect("it has an end");
    let order = Order::of(&trace, &budget()).expect("it is short");
    promise.judge(&order, healed(&scene))
}

/// Expected and found, in two lines; the word of the verdict where nothing is violated.
fn check<S: Service<Request = Request> + Node>(
    promise: Promise,
    groups: &str,
    policy: Policy,
    station: impl Fn(NodeId) -> S,
    expected: Expect,
) {
    expected.assert_eq(&told(&judge(promise, groups, policy, station).verdict));
}

fn told(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Violated(evidence) => format!("{}\n{}", evidence.expected, evidence.found),
        other => other.word().to_owned(),
    }
}

#[test]
fn three_of_seven_for_a_majority_let_two_sides_accept() {
    let three = |me| Majority::new(me, Mistake::Quorum(3));
    check(
        Promise::OneSideAccepts,
        "4,3",
        Policy::Majority,
        three,
        expect![[r#"
            of pacific:2 and antarctic:2, both acknowledged under mss-17/attitude, one saw the other
            neither did: pacific accepted the one, and antarctic the other"#]],
    );
    check(
        Promise::NothingAcknowledgedIsLost,
        "4,3",
        Policy::Majority,
        three,
        expect![[r#"
            mss-17/attitude = "yaw +2.5" (indian_ocean:3), which indian_ocean acknowledged, is shown in the end, or an update that saw it
            it is lost: tasman:3 is shown in its place, though tasman:3 had not seen indian_ocean:3; so is pacific's mss-17/attitude = "yaw +2.0", arctic's mss-23/mode = "safe""#]],
    );
    check(
        Promise::NoStaleRead,
        "4,3",
        Policy::Majority,
        three,
        expect![[r#"
            tasman-crew is shown pacific:2 under mss-17/attitude, or what superseded it
            it is shown "nadir", though pacific:2 was acknowledged before it asked"#]],
    );
}

/// What is done to a run with all stations in one group, beside what their crews ask.
type Planned = fn(Plan<Request>) -> Plan<Request>;

const PACIFIC: NodeId = NodeId::new(0);
const ATLANTIC: NodeId = NodeId::new(1);
const INDIAN_OCEAN: NodeId = NodeId::new(2);
const TASMAN: NodeId = NodeId::new(4);
const DRAKE: NodeId = NodeId::new(5);

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn pause(node: NodeId, from_ms: u64, until_ms: u64) -> (TrueTime, Act<Request>) {
    (at(ms(from_ms)), Act::Pause { node, lasts: ms(until_ms - from_ms) })
}

/// Pacific asks what the others hold of the attitude; four of them stand still, so that too few answer; it restarts, and
/// its third task is again to ask, now about the mode; then the four answer what they were asked first.
fn late_answers(plan: Plan<Request>) -> Plan<Request> {
    let still = stations().skip(3).map(|station| pause(station, 249_900, 252_900));
    let plan = still.fold(plan, |plan, (at, act)| plan.at(at, act));
    plan.at(at(ms(250_500)), Act::Crash { node: PACIFIC })
        .at(at(ms(251_000)), Act::Restart { node: PACIFIC, disk: Disk::Kept })
}

/// Indian Ocean is promised enough for an update, and stands still. So does tasman, which three stations do not hear, and
/// which drake among others promises a later ballot. Drake restarts. Indian Ocean goes on, and then tasman.
fn drake_restarts_after_a_promise(plan: Plan<Request>) -> Plan<Request> {
    let still = [pause(INDIAN_OCEAN, 258_020, 267_500), pause(TASMAN, 266_020, 270_000)];
    let plan = still.into_iter().fold(plan, |plan, (at, act)| plan.at(at, act));
    let (group_a, group_b) = (vec![TASMAN], stations().take(3).collect());
    plan.at(at(ms(260_000)), Act::Partition { group_a, group_b })
        .at(at(ms(266_200)), Act::Crash { node: DRAKE })
        .at(at(ms(266_400)), Act::Restart { node: DRAKE, disk: Disk::Kept })
        .at(at(ms(280_000)), Act::Heal)
}

/// Pacific is promised enough for an update, and then is cut off from all but atlantic, so that those two alone have it.
/// Indian Ocean asks while two others stand still, and so hears of it; tasman asks later while atlantic does, and so need
/// not.
fn one_hears_of_it_and_the_next_does_not(plan: Plan<Request>) -> Plan<Request> {
    let still = [(TASMAN, 137_900, 139_000), (DRAKE, 137_900, 139_000), (ATLANTIC, 145_900, 147_000)];
    let plan = still.into_iter().fold(plan, |plan, (station, from_ms, until_ms)| {
        let (at, act) = pause(station, from_ms, until_ms);
        plan.at(at, act)
    });
    let (group_a, group_b) = (vec![PACIFIC], stations().skip(2).collect());
    plan.at(at(ms(130_065)), Act::Partition { group_a, group_b }).at(at(ms(170_000)), Act::Heal)
}

/// What the promises of a majority come to in a planned run, among stations that make this mistake; what holds is left
/// out.
fn planned(planned: Planned, mistake: Mistake) -> String {
    let scene = Scene::new(Groups::parse("7").expect("they are groups"));
    let played = Played { scene: &scene, seed: 1, name: Policy::Majority.name() };
    let setup = scene.setup();
    let setup = Setup { plan: planned(setup.plan), ..setup };
    let trace = played.with_setup(setup, &mut Seeded::new(1), |me| Majority::new(me, mistake));
    let trace = trace.expect("it has an end");
    let order = Order::of(&trace, &budget()).expect("it is short");
    let judgements =
        Promise::of(Policy::Majority).iter().map(|promise| promise.judge(&order, healed(&scene)));
    let broken = judgements.filter(|judgement| judgement.verdict != Verdict::Holds);
    let lines = broken.map(|judgement| format!("{}\n{}", judgement.promise, told(&judgement.verdict)));
    lines.collect::<Vec<_>>().join("\n\n")
}

#[test]
fn an_answer_to_a_task_of_an_earlier_life_counts_for_no_other() {
    assert_eq!(planned(late_answers, Mistake::None), "");
    expect![[r#"
        no acknowledged update is lost
        mss-23/mode = "nominal" (tasman:1), which tasman acknowledged, is shown in the end, or an update that saw it
        it is lost: arctic:7 is shown in its place, though arctic:7 had not seen tasman:1

        one side accepts: of two acknowledged updates of a key one saw the other
        of tasman:1 and arctic:3, both acknowledged under mss-23/mode, one saw the other
        neither did: tasman accepted the one, and arctic the other

        no read misses what was acknowledged, or shown to another, before it began
        arctic-crew is shown tasman:1 under mss-23/mode, or what superseded it
        it is shown "safe", though tasman:1 was acknowledged before it asked

        nothing is shown out of thin air
        an update that arctic accepts under mss-23/mode saw only what was written
        arctic:3 says that it saw antarctic:2, which nobody wrote"#]].assert_eq(&planned(late_answers, Mistake::TasksReused));
}

#[test]
fn a_promise_that_is_forgotten_on_restart_lets_two_sides_accept() {
    assert_eq!(planned(drake_restarts_after_a_promise, Mistake::None), "");
    expect![[r#"
        no acknowledged update is lost
        mss-17/attitude = "yaw +2.5" (indian_ocean:3), which indian_ocean acknowledged, is shown in the end, or an update that saw it
        it is lost: tasman:3 is shown in its place, though tasman:3 had not seen indian_ocean:3

        one side accepts: of two acknowledged updates of a key one saw the other
        of indian_ocean:3 and tasman:3, both acknowledged under mss-17/attitude, one saw the other
        neither did: indian_ocean accepted the one, and tasman the other

        no read misses what was acknowledged, or shown to another, before it began
        indian_ocean-crew is shown indian_ocean:3 under mss-17/attitude, or what superseded it
        it is shown "yaw -1.5", though indian_ocean:3 was acknowledged before it asked"#]].assert_eq(&planned(drake_restarts_after_a_promise, Mistake::PromiseForgotten));
}

#[test]
fn a_read_that_does_not_write_back_shows_what_the_next_one_misses() {
    assert_eq!(planned(one_hears_of_it_and_the_next_does_not, Mistake::None), "");
    expect![[r#"
        no read misses what was acknowledged, or shown to another, before it began
        tasman-crew is shown pacific:2 under mss-17/attitude, or what superseded it
        it is shown "nadir", though indian_ocean-crew was shown pacific:2 before it asked"#]]
    .assert_eq(&planned(one_hears_of_it_and_the_next_does_not, Mistake::NoReadBack));
}

/// The rough storm with this seed, among stations that make this mistake.
fn rough(groups: &str, seed: u64, mistake: Mistake) -> (Scene, Trace) {
    let scene = Scene { luck: Luck::Rough, ..Scene::new(Groups::parse(groups).expect("they are groups")) };
    let played = Played { scene: &scene, seed, name: Policy::Majority.name() };
    let trace = played.with(&mut Seeded::new(seed), |me| Majority::new(me, mistake)).expect("it has an end");
    (scene, trace)
}

/// In how many seeds luck must find a mistake.
const SEEDS: u64 = 20;

/// The first of so many seeds that breaks a promise of a majority, and which one.
fn first_broken(groups: &str, seeds: u64, mistake: Mistake) -> String {
    let mut broken = (1..=seeds).filter_map(|seed| {
        let (scene, trace) = rough(groups, seed, mistake);
        let order = Order::of(&trace, &budget()).expect("it is short");
        let mut promises = Promise::of(Policy::Majority).iter();
        let is_broken = |promise: &&Promise| {
            matches!(promise.judge(&order, healed(&scene)).verdict, Verdict::Violated(_))
        };
        promises.find(is_broken).map(|promise| format!("seed {seed}: not so: {}", promise.sentence()))
    });
    broken.next().unwrap_or_else(|| format!("none in {seeds}"))
}

#[test]
fn luck_finds_tasks_that_are_numbered_anew_in_a_few_seeds_and_else_nothing() {
    // A promise that is forgotten harms only if two write one key at a time, and a read that does not write back only if
    // the next one finds others: both are left to planned runs.
    let of =
        |mistake| ["4,2,1", "7"].map(|groups| format!("{groups}: {}", first_broken(groups, SEEDS, mistake)));
    let told = [Mistake::TasksReused, Mistake::None].map(|mistake| of(mistake).join("\n"));
    expect![[r#"
        4,2,1: seed 4: not so: no acknowledged update is lost
        7: seed 1: not so: no acknowledged update is lost

        4,2,1: none in 20
        7: none in 20"#]]
    .assert_eq(&told.join("\n\n"));
}

#[test]
fn who_reads_at_home_misses_what_the_leader_acknowledged() {
    let at_home = |me| Follower::new(me, Habit::ReadHere);
    check(
        Promise::NoStaleRead,
        "4,2,1",
        Policy::Leader,
        at_home,
        expect![[r#"
            atlantic-crew is shown pacific:1 under mss-17/attitude, or what superseded it
            it is shown nothing, though pacific:1 was acknowledged before it asked"#]],
    );
}

#[test]
fn who_refuses_and_passes_it_on_later_has_lied() {
    let keeper = |me| Follower::new(me, Habit::KeepRefused);
    check(
        Promise::NothingRefusedTakesEffect,
        "4,2,1",
        Policy::Leader,
        keeper,
        expect![[r#"
        mss-17/attitude = "sun-point" (pacific:8) has no effect: antarctic refused it
        pacific shows it all the same"#]],
    );
}

#[test]
fn without_anti_entropy_what_the_storm_took_never_comes() {
    let mute = copies::stations(Resolver::Siblings, None);
    check(
        Promise::ReplicasConverge,
        "4,2,1",
        Policy::Siblings,
        mute,
        expect![[r#"
        pacific and tasman show the same under mss-17/attitude in the end
        pacific lacks tasman:2: at pacific antarctic:1 and indian_ocean:1 are shown, at tasman antarctic:1 and indian_ocean:1 and tasman:2 are shown; 1 more key is wrong"#]],
    );
}

#[test]
fn siblings_stand_where_a_majority_would_have_refused() {
    let everybody = copies::stations(Resolver::Siblings, Some(copies::ANTI_ENTROPY));
    check(
        Promise::OneSideAccepts,
        "4,2,1",
        Policy::Siblings,
        everybody,
        expect![[r#"
            of pacific:2 and antarctic:1, both acknowledged under mss-17/attitude, one saw the other
            neither did: pacific accepted the one, and antarctic the other"#]],
    );
}

#[test]
fn the_stations_as_they_are_keep_what_their_policy_promises_whoever_hears_whom() {
    // All ways to part seven stations in their order: a cut after each of the first six, or none.
    for cuts in 0..64_u32 {
        let ends = (1..7).filter(|place| cuts >> (place - 1) & 1 == 1).chain(iter::once(7));
        let sizes = ends.scan(0, |begin, end| Some(end - std::mem::replace(begin, end)));
        let groups = sizes.map(|size: usize| size.to_string()).collect::<Vec<_>>().join(",");
        for policy in [Policy::Siblings, Policy::Majority, Policy::Leader] {
            let trial =
                super::Trial::of(policy, &Groups::parse(&groups).expect("they are groups"), cuts.into(), "");
            let trial = trial.expect("it has an end");
            for judgement in &trial.judgements {
                let word = judgement.verdict.word();
                assert_eq!(word, "holds", "{}, {groups}: {}", policy.name(), judgement.promise);
            }
        }
    }
}

//! Planted mistakes in the stations of the policies, each of which a judge must find and name.

use std::iter;

use constellation_fabric::Node;
use constellation_sim::Seeded;
use constellation_sim::clients::Service;
use constellation_trace::{Judgement, NodeId, Verdict};
use constellation_verify::Order;
use expect_test::{Expect, expect};

use super::copies;
use super::leader::{Follower, Habit};
use super::majority::Majority;
use super::promises::{Promise, budget};
use super::trial::{Played, healed};
use super::world::Scene;
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
    let verdict = judge(promise, groups, policy, station).verdict;
    let told = match &verdict {
        Verdict::Violated(evidence) => format!("{}\n{}", evidence.expected, evidence.found),
        other => other.word().to_owned(),
    };
    expected.assert_eq(&told);
}

#[test]
fn three_of_seven_for_a_majority_let_two_sides_accept() {
    let three = |me| Majority::new(me, 3);
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
        it is lost: tasman:3 is shown in its place, though tasman:3 had not seen indian_ocean:3; so is arctic's mss-23/mode = "safe""#]],
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
    // A third of the ways to part seven stations in their order: a cut after each of the first six, or none.
    for cuts in (0..64_u32).step_by(3) {
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

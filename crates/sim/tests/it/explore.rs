//! What an explorer of all orders promises: nothing missed, nothing twice, and what it left out is said.

use std::collections::BTreeSet;

use constellation_fabric::{Effects, Input, Node, Now, Sequence, Timer};
use constellation_sim::WorldError;
use constellation_sim::explore::{
    Bound, Ending, Exploration, Extent, Histories, Letter, Reduction, Run, Schedule, Scope, Source, Visit,
    explore, explore_by, survey,
};
use constellation_trace::{NodeId, TraceError, Verdict};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use crate::models::{Cast, Model, Role, broadcast, read_then_write, two_phase, whim};
use crate::probe::tell;

const PACIFIC: NodeId = NodeId::new(0);

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_protocol_each_reduction_sees_each_trace_once(
        seed: u64,
        nodes in 1..4_usize,
        requests in prop::collection::vec(0..3_u32, 0..3),
        (losses_max, duplicates_max, timers_max) in (0..2_u32, 0..2_u32, 0..3_u32),
        is_ordered: bool,
        exceptions in prop::collection::vec((0..3_u32, 0..3_u32), 0..3),
    ) {
        let cast = whim(seed, nodes);
        let sequence = if is_ordered { Sequence::Ordered } else { Sequence::Unordered };
        let few = u32::try_from(nodes).expect("few");
        let link = |(source, target)| (NodeId::new(source % few), NodeId::new(target % few));
        let exceptions = exceptions.into_iter().map(link).collect();
        let requests = requests.into_iter().map(|node| (NodeId::new(node % few), ())).collect();
        let deliveries_max = 1_000;
        let scope =
            Scope { losses_max, duplicates_max, timers_max, sequence, exceptions, requests, deliveries_max, ..cast.scope() };
        let (by_length, surveyed) = surveyed(&cast, &scope);
        // The others need no more than sleep sets, and those no more than this.
        if surveyed.extent != Extent::Bounded(Bound::Deliveries(deliveries_max)) {
            let scope = Scope { deliveries_max: 100_000, ..scope };
            for reduction in [Reduction::SleepSets, Reduction::SourceSets] {
                let (seen, found) = explored(&cast, &scope, reduction);
                prop_assert_eq!(&found.extent, &surveyed.extent);
                prop_assert_eq!(seen.len() as u64, found.visited, "{:?} shows one twice", reduction);
                prop_assert!(seen == by_length, "{:?} misses a trace, or invents one", reduction);
            }
            let scope = Scope { deliveries_max: 5_000, ..scope };
            let (seen, found) = explored(&cast, &scope, Reduction::None);
            prop_assert!(found.extent == Extent::Bounded(Bound::Deliveries(5_000)) || seen == by_length, "plain differs");
        }
    }

    #[test]
    fn a_replayed_schedule_ends_as_the_run_that_it_is_of(seed: u64, is_ordered: bool) {
        let cast = whim(seed, 3);
        let sequence = if is_ordered { Sequence::Ordered } else { Sequence::Unordered };
        let scope = Scope { losses_max: 1, duplicates_max: 1, timers_max: 1, sequence, deliveries_max: 300, ..cast.scope() };
        let mut runs = Vec::new();
        let _ = explore(&scope, |id| cast.node(id), |run| {
            runs.push((run.schedule(), run.nodes().to_vec()));
            Visit::Fine
        }).expect("a whim sends to nodes that are there");
        let ends: BTreeSet<_> = runs.iter().map(|(_, nodes)| nodes).collect();
        for (schedule, _) in &runs {
            let trace = schedule.replay(&scope, |id| cast.node(id)).expect("it is of this scope");
            let again = schedule.replay(&scope, |id| cast.node(id)).expect("it still is");
            prop_assert!(trace == again, "the same schedule, the same trace");
            let received = trace.events().iter().filter(|event| {
                matches!(event.kind, constellation_trace::Kind::Receive(_))
            });
            let messages = schedule.arrivals.iter().filter(|letter| letter.source != Source::Timer);
            prop_assert_eq!(received.count(), messages.count());
        }
        prop_assert!(ends.len() <= runs.len());
    }
}

fn explored(cast: &Cast, scope: &Scope<()>, reduction: Reduction) -> (BTreeSet<Histories>, Exploration) {
    let mut seen = BTreeSet::new();
    let found = explore_by(
        scope,
        reduction,
        |id| cast.node(id),
        |run| {
            seen.insert(run.histories());
            Visit::Fine
        },
    );
    (seen, found.expect("the models send to nodes that are there"))
}

fn surveyed(cast: &Cast, scope: &Scope<()>) -> (BTreeSet<Histories>, Exploration) {
    let mut seen = BTreeSet::new();
    let found = survey(
        scope,
        |id| cast.node(id),
        |run| run.histories(),
        |run| {
            if run.is_finished() {
                seen.insert(run.histories());
            }
            Visit::Fine
        },
    );
    (seen, found.expect("the models send to nodes that are there"))
}

/// Says who voted, and whether the coordinator told all to commit.
fn is_committed_without_a_vote(run: Run<'_, Model>) -> Visit {
    let voted = |node: NodeId| run.arrivals_at(PACIFIC).any(|letter| letter.source == Source::Node(node));
    let missing = (1..).map(NodeId::new).take(run.nodes().len() - 1).find(|node| !voted(*node));
    match (run.nodes()[0].role(), missing) {
        (Role::Coordinator { yes, .. }, Some(node)) if *yes as usize == run.nodes().len() - 1 => {
            Visit::Broken(format!("commits without the vote of node{}", node.number()))
        }
        _ => Visit::Fine,
    }
}

#[test]
fn a_vote_that_arrives_twice_commits_without_the_other_voter() {
    let cast = two_phase(2);
    let scope = Scope { duplicates_max: 1, losses_max: 1, ..cast.scope() };
    let found = survey(&scope, |id| cast.node(id), |run| run.state(), is_committed_without_a_vote)
        .expect("the models send to nodes that are there");
    let judgement = found.judge("nobody commits before all have voted", &scope);
    let Verdict::Violated(evidence) = &judgement.verdict else { panic!("{judgement:?}") };
    expect![[r#"
        expected  nobody commits before all have voted
        found     commits without the vote of node2
        proof     whatever is under way may arrive next
        steps     1. the network doubles node1's message 1 to node0
                  2. node1 receives node0's message 1
                  3. node0 receives node1's message 1
                  4. node0 receives node1's message 1 again"#]]
    .assert_eq(&evidence.to_string());
    // A survey finds a shortest one: among all shorter runs, one by one, there is none.
    let shorter = Scope { depth_max: 2, ..scope.clone() };
    let factory = |id| cast.node(id);
    let plain = explore_by(&shorter, Reduction::None, factory, is_committed_without_a_vote);
    let plain = plain.expect("the models send to nodes that are there");
    assert_eq!((plain.violation, plain.extent), (None, Extent::Bounded(Bound::Depth(2))));
    let violation = found.violation.expect("it is violated");
    let trace = violation.schedule.replay(&scope, |id| cast.node(id)).expect("it is of this scope");
    expect![[r#"
        0.000ms node0 sends m0 to node1, m1 to node2
        1.000ms node1 receives m0 from node0, sends m2 to node0
        2.000ms node0 receives m2 from node1
        2.000ms * duplicate m2
        3.000ms node0 receives m2 from node1, sends m3 to node1, m4 to node2
        3.000ms * m1 is under way
        3.000ms * m3 is under way
        3.000ms * m4 is under way
    "#]]
    .assert_eq(&tell(&trace));
}

#[test]
fn without_copies_nobody_commits_too_early() {
    let cast = two_phase(3);
    let scope = Scope { losses_max: 2, ..cast.scope() };
    let found = survey(&scope, |id| cast.node(id), |run| run.state(), is_committed_without_a_vote)
        .expect("the models send to nodes that are there");
    let judgement = found.judge("nobody commits before all have voted", &scope);
    expect![[r#"
        holds
        207 visited, 528 arrivals; unordered links, at most 2 lost, 0 doubled, 0 timers"#]]
    .assert_eq(&format!("{}\n{}", judgement.verdict.word(), judgement.scope));
}

#[test]
fn an_update_is_lost_in_some_order_and_the_orders_say_in_which() {
    let cast = read_then_write(2);
    let mut sums = BTreeSet::new();
    let found = explore(
        &cast.scope(),
        |id| cast.node(id),
        |run| {
            sums.insert(run.nodes()[0].role().clone());
            Visit::Fine
        },
    );
    assert_eq!(found.expect("no node is missing").extent, Extent::Complete);
    assert_eq!(sums.into_iter().collect::<Vec<_>>(), [Role::Register(1), Role::Register(2)]);
    let found = explore(
        &cast.scope(),
        |id| cast.node(id),
        |run| match run.nodes()[0].role() {
            Role::Register(2) => Visit::Fine,
            role => Visit::Broken(format!("two clients added one each, but it is {role:?}")),
        },
    );
    let violation = found.expect("no node is missing").violation.expect("one update can be lost");
    check_steps(
        &violation.schedule,
        &cast.scope().names,
        expect![[r#"
        node0 receives node1's message 1
        node1 receives node0's message 1
        node0 receives node2's message 1
        node2 receives node0's message 2
        node0 receives node1's message 2
        node0 receives node2's message 2"#]],
    );
}

fn check_steps(schedule: &Schedule, names: &[String], expected: Expect) {
    expected.assert_eq(&schedule.steps(names).join("\n"));
}

/// Every bound, and how the exploration tells of it.
#[test]
fn what_was_not_looked_at_is_never_called_complete() {
    let cast = broadcast(3, 1);
    let check = |scope: Scope<()>, seen: fn(u64) -> Visit, bound: Bound, expected: Expect| {
        let mut runs = 0;
        let found = explore(
            &scope,
            |id| cast.node(id),
            |_| {
                runs += 1;
                seen(runs)
            },
        );
        let found = found.expect("no node is missing");
        assert_eq!((found.visited, &found.extent), (runs, &Extent::Bounded(bound)));
        let judgement = found.judge("anything", &scope);
        let Verdict::Unknown(limit) = &judgement.verdict else { panic!("{judgement:?}") };
        expected.assert_eq(&format!("{limit}\n{}", judgement.scope));
    };
    let fine = |_| Visit::Fine;
    check(
        Scope { deliveries_max: 10, ..cast.scope() },
        fine,
        Bound::Deliveries(10),
        expect![[r#"
        none wrong among the 2 explored, within the bound: at most 10 arrivals in all
        2 visited, 10 arrivals; unordered links, at most 0 lost, 0 doubled, 0 timers"#]],
    );
    check(
        Scope { depth_max: 5, ..cast.scope() },
        fine,
        Bound::Depth(5),
        expect![[r#"
        none wrong among the 4 explored, within the bound: at most 5 arrivals a run
        4 visited, 16 arrivals; unordered links, at most 0 lost, 0 doubled, 0 timers"#]],
    );
    let enough = |runs| if runs == 3 { Visit::Enough } else { Visit::Fine };
    check(
        cast.scope(),
        enough,
        Bound::Stopped,
        expect![[r#"
        none wrong among the 3 explored, within the bound: stopped by whoever looked
        3 visited, 15 arrivals; unordered links, at most 0 lost, 0 doubled, 0 timers"#]],
    );
}

#[test]
fn exactly_enough_is_complete() {
    let cast = broadcast(3, 1);
    let scope = Scope { deliveries_max: 43, depth_max: 6, ..cast.scope() };
    assert_eq!(explored(&cast, &scope, Reduction::SourceSets).1.extent, Extent::Complete);
    let scope = Scope { deliveries_max: 42, depth_max: 6, ..cast.scope() };
    let bounded = Extent::Bounded(Bound::Deliveries(42));
    assert_eq!(explored(&cast, &scope, Reduction::SourceSets).1.extent, bounded);
    let nobody: Scope<()> = Scope::new(Vec::<String>::new());
    let found = explore(&nobody, |id| cast.node(id), |_| Visit::Fine).expect("nobody does nothing wrong");
    assert_eq!((found.visited, found.deliveries, found.extent), (1, 0, Extent::Complete));
}

/// Sends itself one more each time, or wakes itself, or sends to nobody.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Odd {
    Endless(u64),
    Waking,
    Shouting,
}

impl Node for Odd {
    type Message = u64;
    type Request = ();

    fn on(&mut self, _now: Now, input: Input<u64, ()>, effects: &mut Effects<u64>) {
        match (self, input) {
            (Odd::Endless(_), Input::Start) => effects.send(PACIFIC, 0),
            (Odd::Endless(own), Input::Message { message, .. }) => {
                *own = message;
                effects.send(PACIFIC, message + 1);
            }
            (Odd::Waking, Input::Start) => {
                effects.set_timer(Timer(0), std::time::Duration::from_secs(1));
            }
            (Odd::Shouting, Input::Request(())) => effects.send(NodeId::new(7), 0),
            _ => {}
        }
    }
}

#[test]
fn a_run_without_end_is_cut_and_needs_no_stack() {
    let scope = Scope { depth_max: 200_000, ..Scope::new(["pacific"]) };
    let mut last = 0;
    let found = explore(
        &scope,
        |_| Odd::Endless(0),
        |run| {
            assert!(!run.is_finished());
            if let Odd::Endless(own) = run.nodes()[0] {
                last = own;
            }
            Visit::Fine
        },
    );
    let found = found.expect("it is sent to a node that is there");
    assert_eq!((last, found.cut, found.extent), (199_999, 1, Extent::Bounded(Bound::Depth(200_000))));
}

#[test]
fn a_timer_that_may_not_run_out_leaves_the_exploration_incomplete() {
    let scope: Scope<()> = Scope::new(["pacific"]);
    let found = explore(&scope, |_| Odd::Waking, |_| Visit::Fine).expect("it sends nothing");
    assert_eq!(found.extent, Extent::Bounded(Bound::Timers(0)));
    let found = survey(&scope, |_| Odd::Waking, |run| run.histories(), |_| Visit::Fine);
    assert_eq!(found.expect("it sends nothing").extent, Extent::Bounded(Bound::Timers(0)));
}

/// The ground asks the thruster to fire, and asks again when it has waited long enough.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Burn {
    Ground { confirmed: bool },
    Thruster { fired: u32 },
}

impl Node for Burn {
    type Message = ();
    type Request = ();

    fn on(&mut self, _now: Now, input: Input<(), ()>, effects: &mut Effects<()>) {
        match (self, input) {
            (Burn::Ground { confirmed: false }, Input::Start | Input::Timer(_)) => {
                effects.label("asks");
                effects.send(NodeId::new(1), ());
                effects.set_timer(Timer(0), std::time::Duration::from_secs(1));
            }
            (Burn::Ground { confirmed }, Input::Message { .. }) => *confirmed = true,
            (Burn::Thruster { fired }, Input::Message { from, .. }) => {
                *fired += 1;
                effects.send(from, ());
            }
            _ => {}
        }
    }
}

#[test]
fn a_retry_that_waits_for_no_proof_fires_the_thruster_twice() {
    let factory = |node| match node {
        PACIFIC => Burn::Ground { confirmed: false },
        _ => Burn::Thruster { fired: 0 },
    };
    let fires_once = |run: Run<'_, Burn>| match run.nodes()[1] {
        Burn::Thruster { fired: 2.. } => Visit::Broken("it fires twice".to_owned()),
        _ => Visit::Fine,
    };
    let scope = Scope { timers_max: 1, ..Scope::new(["pacific", "mss_23"]) };
    let found = survey(&scope, factory, |run| run.state(), fires_once).expect("both are there");
    let schedule = found.violation.expect("it is asked twice").schedule;
    check_steps(
        &schedule,
        &scope.names,
        expect![[r#"
        mss_23 receives pacific's message 1
        the timer that pacific sets as its number 1 runs out
        mss_23 receives pacific's message 2"#]],
    );
    let trace = schedule.replay(&scope, factory).expect("it is of this scope");
    expect![[r#"
        0.000ms pacific asks
        1.000ms mss_23 receives m0 from pacific, sends m1 to pacific
        2.000ms pacific asks
        3.000ms mss_23 receives m2 from pacific, sends m3 to pacific
        3.000ms * m1 is under way
        3.000ms * m3 is under way
    "#]]
    .assert_eq(&tell(&trace));
    let explored = explore(&scope, factory, fires_once).expect("both are there");
    assert_eq!(explored.violation.expect("it is asked twice").found, "it fires twice");
    let patient = Scope { timers_max: 0, ..scope };
    let found = explore(&patient, factory, fires_once).expect("both are there");
    assert_eq!((found.violation, found.extent), (None, Extent::Bounded(Bound::Timers(0))));
}

#[test]
fn an_ending_brings_what_is_under_way_lets_timers_run_out_and_loses_nothing_more() {
    let factory = |node| match node {
        PACIFIC => Burn::Ground { confirmed: false },
        _ => Burn::Thruster { fired: 0 },
    };
    let scope = Scope::new(["pacific", "mss_23"]);
    let lost = Letter { source: Source::Node(PACIFIC), nth: 0, target: NodeId::new(1) };
    let schedule = Schedule { lost: vec![lost], ..Schedule::default() };
    let ending = Ending { timer_rounds: 2, requests: Vec::new() };
    let trace = schedule.replay_to_end(&scope, &ending, factory).expect("it comes to its end");
    // The timer runs out, which asks again and sets it anew; in the second round it finds the burn confirmed.
    expect![[r#"
        0.000ms pacific asks
        0.000ms * lose m0
        1.000ms pacific asks
        2.000ms mss_23 receives m1 from pacific, sends m2 to pacific
        3.000ms pacific receives m2 from mss_23
    "#]]
    .assert_eq(&tell(&trace));
}

#[test]
fn an_ending_without_end_is_refused() {
    let scope = Scope { requests: vec![(PACIFIC, ())], depth_max: 7, ..Scope::new(["pacific", "atlantic"]) };
    let ending = Ending { timer_rounds: 0, requests: Vec::new() };
    let error =
        Schedule::default().replay_to_end(&scope, &ending, |me| Rally { me }).expect_err("it goes on");
    expect!["more than 7 events, the most allowed, at +0.007000s, lastly at node number 1"]
        .assert_eq(&error.to_string());
}

/// Says once more whatever it hears, to the other one.
#[derive(Clone)]
struct Rally {
    me: NodeId,
}

impl Node for Rally {
    type Message = ();
    type Request = ();

    fn on(&mut self, _now: Now, input: Input<(), ()>, effects: &mut Effects<()>) {
        if !matches!(input, Input::Start) {
            effects.send(NodeId::new(1 - self.me.number()), ());
        }
    }
}

#[test]
fn whoever_looks_is_told_how_many_arrivals_were_executed() {
    let cast = broadcast(3, 1);
    let mut told = Vec::new();
    let found = explore(
        &cast.scope(),
        |id| cast.node(id),
        |run| {
            told.push(run.deliveries());
            Visit::Fine
        },
    );
    let found = found.expect("the models send to nodes that are there");
    assert_eq!((told.first(), told.len()), (Some(&6), 8));
    assert!(told.is_sorted() && told.last() <= Some(&found.deliveries), "{told:?}");
}

#[test]
fn a_scope_that_contradicts_itself_is_refused() {
    let check = |scope: Scope<()>, expected: Expect| {
        let factory = |_| Odd::Shouting;
        let error = explore(&scope, factory, |_| Visit::Fine).expect_err("it is wrong");
        let surveyed = survey(&scope, factory, |run| run.histories(), |_| Visit::Fine);
        assert_eq!(surveyed.expect_err("it is wrong"), error);
        expected.assert_eq(&error.to_string());
    };
    check(
        Scope::new(["pacific", "pacific"]),
        expect!["the nodes cannot be named so: node `pacific` is named twice"],
    );
    check(
        Scope { requests: vec![(NodeId::new(1), ())], ..Scope::new(["pacific"]) },
        expect!["act 0 of the plan names node number 1, which the run does not have"],
    );
    check(
        Scope { requests: vec![(PACIFIC, ())], ..Scope::new(["pacific"]) },
        expect!["at +0.001000s node number 0 does what cannot be: there is no node number 7"],
    );
    let nowhere = vec![(PACIFIC, PACIFIC), (PACIFIC, NodeId::new(1))];
    check(
        Scope { exceptions: nowhere, ..Scope::new(["pacific"]) },
        expect!["a link of the scope ends at node number 1, which the run does not have"],
    );
    let error = WorldError::Names(TraceError::DuplicateNode("pacific".into()));
    assert_eq!(Schedule::default().replay(&Scope::new(["pacific"; 2]), |_| Odd::Waking), Err(error));
}

#[test]
fn a_schedule_of_other_nodes_is_refused() {
    let cast = broadcast(2, 1);
    let letter = Letter { source: Source::Node(NodeId::new(1)), nth: 1, target: PACIFIC };
    let schedule = Schedule { arrivals: vec![Letter { nth: 0, ..letter }, letter], ..Schedule::default() };
    let error = schedule.replay(&cast.scope(), |id| cast.node(id)).expect_err("each sends one");
    expect!["arrival 1 of the schedule is message 1 of node number 1 at node number 0, which is not under way then"].assert_eq(&error.to_string());
}

/// Two messages on each of six links: each node hears four, in 6 ways if its links keep the order, in 24 if they do not,
/// and in 12 if one of two does.
#[test]
fn each_link_keeps_its_order_or_not() {
    let count = |sequence, exceptions: &[(u32, u32)]| {
        let cast = broadcast(3, 2);
        let link = |(source, target): &(u32, u32)| (NodeId::new(*source), NodeId::new(*target));
        let exceptions = exceptions.iter().map(link).collect();
        let scope = Scope { sequence, exceptions, ..cast.scope() };
        let found = explore(&scope, |id| cast.node(id), |_| Visit::Fine).expect("all are there");
        (found.visited, scope.to_string())
    };
    assert_eq!(count(Sequence::Ordered, &[]).0, 6 * 6 * 6);
    let (traces, told) = count(Sequence::Ordered, &[(0, 1), (1, 2), (0, 2)]);
    assert_eq!(traces, 6 * 12 * 24);
    expect!["ordered links but 3, at most 0 lost, 0 doubled, 0 timers"].assert_eq(&told);
    assert_eq!(count(Sequence::Unordered, &[(0, 1), (1, 2), (0, 2), (2, 1), (1, 0)]).0, 12 * 6 * 6);
}

#[test]
fn requests_of_one_node_keep_their_order_and_those_of_two_do_not() {
    let count = |nodes: [u32; 3]| {
        let requests = nodes.map(|node| (NodeId::new(node), ())).to_vec();
        let scope = Scope { requests, ..Scope::new(["pacific", "atlantic"]) };
        let silent = |_| Odd::Waking;
        let orders = explore_by(&scope, Reduction::None, silent, |_| Visit::Fine);
        let traces = explore(&scope, silent, |_| Visit::Fine);
        [orders, traces].map(|found| found.expect("it sends nothing").visited)
    };
    assert_eq!(count([0, 0, 0]), [1, 1]);
    assert_eq!(count([0, 1, 0]), [3, 1]);
}

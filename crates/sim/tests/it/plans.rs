//! Plans that cannot be carried out are refused; the order of writing down is not the order of happening.

use std::time::Duration;

use constellation_fabric::{Calm, Link, Network, Odds, Sequence};
use constellation_sim::{Act, Disk, Leap, Plan, PlanError, Seeded, Setup, WorldError};
use constellation_trace::{NodeId, WallTime};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use crate::gossip::{self, Memory};
use crate::probe::{ATLANTIC, Ask, PACIFIC, ask, link, ms, quiet, run, tell};

fn check_refused(plan: Plan<Ask>, expected: Expect) {
    match run(quiet(plan), Calm) {
        Err(WorldError::Plan(error)) => expected.assert_eq(&error.to_string()),
        other => panic!("a plan that cannot be carried out gave {other:?}"),
    }
}

#[test]
fn a_plan_that_cannot_be_carried_out_is_refused() {
    let (nobody, crash) = (NodeId::new(2), |node| Act::Crash { node });
    let restart = |node| Act::Restart { node, disk: Disk::Kept };
    let plan = || Plan::new().at(ms(1), ask(PACIFIC, Ask::Add(1)));
    check_refused(
        plan().at(ms(2), crash(nobody)),
        expect!["act 1 of the plan names node number 2, which the run does not have"],
    );
    let partition = Act::Partition { group_a: vec![PACIFIC], group_b: vec![ATLANTIC, nobody] };
    check_refused(
        plan().at(ms(2), partition),
        expect!["act 1 of the plan names node number 2, which the run does not have"],
    );
    check_refused(
        plan().at(ms(2), Act::Cut { sources: vec![], targets: vec![PACIFIC] }),
        expect!["act 1 of the plan cuts links, but names nobody on one side"],
    );
    check_refused(
        plan().at(ms(1_001), Act::Heal),
        expect!["act 1 of the plan comes at +1.001000s, after the end of such acts at +1.000000s"],
    );
    check_refused(
        plan().at(ms(2), crash(PACIFIC)).at(ms(3), crash(PACIFIC)),
        expect!["act 2 of the plan crashes node number 0, which is down already"],
    );
    check_refused(
        plan().at(ms(2), restart(PACIFIC)),
        expect!["act 1 of the plan restarts node number 0, which has not crashed"],
    );
    // By time, not by the order of writing down: the restart comes before the crash.
    check_refused(
        plan().at(ms(3), crash(PACIFIC)).at(ms(2), restart(PACIFIC)),
        expect!["act 2 of the plan restarts node number 0, which has not crashed"],
    );
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table of inputs and outputs is read in one piece")]
fn a_plan_for_machines_that_cannot_be_carried_out_is_refused() {
    let (node, lasts) = (PACIFIC, Duration::from_millis(10));
    let at = |at, act| Plan::new().at(ms(at), act);
    let restart = Act::Restart { node, disk: Disk::Kept };
    let no_time = Duration::ZERO;
    check_refused(
        at(1, Act::Pause { node, lasts: no_time }),
        expect!["act 0 of the plan does nothing: a time or a size in it is 0"],
    );
    check_refused(
        at(1, Act::Slow { node, each: no_time, lasts }),
        expect!["act 0 of the plan does nothing: a time or a size in it is 0"],
    );
    check_refused(
        at(1, Act::SlewWall { node, by_ns: 0, lasts }),
        expect!["act 0 of the plan does nothing: a time or a size in it is 0"],
    );
    check_refused(
        at(1, Act::LeapSecond { node, leap: Leap::Smeared(no_time) }),
        expect!["act 0 of the plan does nothing: a time or a size in it is 0"],
    );
    check_refused(
        at(991, Act::Suspend { node, lasts }),
        expect!["act 0 of the plan lasts until +1.001000s, beyond the end of all faults at +1.000000s"],
    );
    check_refused(
        at(1, Act::SlewWall { node, by_ns: -10_000_000, lasts }),
        expect![
            "act 0 of the plan slews a wall clock by -10000000 ns in 10ms, which takes more time than that"
        ],
    );
    check_refused(
        at(1, Act::LeapSecond { node, leap: Leap::Smeared(lasts) }),
        expect![
            "act 0 of the plan slews a wall clock by -1000000000 ns in 10ms, which takes more time than that"
        ],
    );
    check_refused(
        at(1, Act::Pause { node, lasts }).at(ms(10), Act::Pause { node, lasts }),
        expect!["act 1 of the plan does to node number 0 what an earlier one does until +0.011000s"],
    );
    check_refused(
        at(1, Act::FreezeWall { node, lasts }).at(ms(10), Act::FreezeWall { node, lasts }),
        expect!["act 1 of the plan does to node number 0 what an earlier one does until +0.011000s"],
    );
    check_refused(
        at(1, Act::Crash { node }).at(ms(2), Act::Pause { node, lasts }),
        expect!["act 1 of the plan stops the process of node number 0, which is down"],
    );
    check_refused(
        at(1, Act::CrashAfter { node }).at(ms(2), Act::Crash { node }),
        expect!["act 1 of the plan crashes node number 0, which is down already"],
    );
    check_refused(
        at(9, Act::Join { node }).at(ms(2), Act::RotDisk { node, bit: 0 }),
        expect!["act 1 of the plan concerns node number 0, which has not joined yet"],
    );
    check_refused(
        at(9, Act::Join { node }).at(ms(10), Act::Join { node }),
        expect!["act 1 of the plan lets node number 0 join a second time"],
    );
    check_refused(
        at(1, Act::Leave { node }).at(ms(2), Act::Crash { node }),
        expect!["act 1 of the plan concerns node number 0, which has left"],
    );
    check_refused(
        at(1, Act::Leave { node }).at(ms(2), Act::Join { node }),
        expect!["act 0 of the plan concerns node number 0, which has not joined yet"],
    );
    check_refused(
        at(1, Act::Leave { node }).at(ms(2), Act::Leave { node }),
        expect!["act 1 of the plan concerns node number 0, which has left"],
    );
    check_refused(
        at(1, Act::SetWall { node: NodeId::new(2), wall: WallTime::from_ns(0) }),
        expect!["act 0 of the plan names node number 2, which the run does not have"],
    );
    // One after the other, or of two kinds, or of two nodes, they are all right; so is a client who asks in vain.
    let sound = [
        at(1, Act::Pause { node, lasts }).at(ms(11), Act::Pause { node, lasts }),
        at(1, Act::Pause { node, lasts }).at(ms(2), Act::Suspend { node, lasts }),
        at(1, Act::Pause { node, lasts }).at(ms(2), Act::Pause { node: ATLANTIC, lasts }),
        at(1, Act::SlewWall { node, by_ns: 5, lasts }).at(ms(2), Act::SlewWall { node, by_ns: 5, lasts }),
        at(1, Act::Pause { node, lasts })
            .at(ms(2), Act::Crash { node })
            .at(ms(3), restart.clone())
            .at(ms(4), Act::Pause { node, lasts }),
        at(1, Act::CrashBefore { node }).at(ms(3), restart),
        at(1, Act::Leave { node }).at(ms(2), ask(node, Ask::Add(1))),
        at(9, Act::Join { node }).at(ms(2), ask(node, Ask::Add(1))),
    ];
    for plan in sound {
        assert_eq!(plan.check(2, ms(1_000), Duration::ZERO), Ok(()), "{plan:?}");
        assert!(run(quiet(plan), Calm).is_ok());
    }
}

#[test]
fn a_plan_may_be_written_down_in_any_order_and_reach_to_the_very_end() {
    let restart = Act::Restart { node: PACIFIC, disk: Disk::Kept };
    let plan =
        Plan::<Ask>::new().at(ms(9), restart).at(ms(8), Act::Crash { node: PACIFIC }).at(ms(10), Act::Heal);
    assert_eq!(plan.check(2, ms(10), Duration::ZERO), Ok(()));
    assert_eq!(plan.check(0, ms(10), Duration::ZERO), Err(PlanError::UnknownNode { act: 0, node: PACIFIC }));
}

#[test]
fn in_the_grace_clients_may_ask_and_all_may_heal_but_nothing_breaks() {
    let grace = Duration::from_millis(10);
    let check = |act: Act<Ask>, late_by: u64| {
        let crash = Act::Crash { node: ATLANTIC };
        Plan::new().at(ms(1), crash).at(ms(20 + late_by), act).check(2, ms(20), grace).map_err(|error| {
            match error {
                PlanError::AfterEnd { end, .. } => end,
                error => panic!("another fault: {error}"),
            }
        })
    };
    let group = || vec![PACIFIC];
    let mends = || [ask(PACIFIC, Ask::Add(1)), Act::Heal, Act::Restart { node: ATLANTIC, disk: Disk::Kept }];
    let breaks = || {
        [
            Act::Partition { group_a: group(), group_b: group() },
            Act::Cut { sources: group(), targets: group() },
            Act::Crash { node: PACIFIC },
            Act::StepWall { node: PACIFIC, by_ns: 1 },
        ]
    };
    for act in mends() {
        assert_eq!(check(act.clone(), 10), Ok(()), "{act:?}");
        assert_eq!(check(act.clone(), 11), Err(ms(30)), "{act:?}");
    }
    for act in breaks() {
        assert_eq!(check(act.clone(), 0), Ok(()), "{act:?}");
        assert_eq!(check(act.clone(), 1), Err(ms(20)), "{act:?}");
    }
}

#[test]
fn at_one_time_links_come_before_nodes_and_the_plan_before_messages() {
    let plan = Plan::new()
        .at(ms(10), ask(ATLANTIC, Ask::Add(1)))
        .at(ms(10), ask(PACIFIC, Ask::Send(ATLANTIC, vec![1])))
        .at(ms(10), Act::Cut { sources: vec![PACIFIC], targets: vec![ATLANTIC] });
    let outcome = run(quiet(plan), Calm).expect("a sound plan");
    expect![[r#"
        10.000ms * pacific -/-> atlantic
        10.000ms pacific says 1
        10.000ms * hold m0
        10.000ms atlantic has 1
    "#]]
    .assert_eq(&tell(&outcome.trace));
}

/// Eight acts at one time, two for each of four nodes, put down in this order.
fn told(order: &[(u32, u8)]) -> String {
    let mut plan = Plan::new();
    for &(node, number) in order {
        let to = NodeId::new((node + 1) % 4);
        plan.add(ms(10), ask(NodeId::new(node), Ask::Send(to, vec![number])));
    }
    let names = ["pacific", "indian_ocean", "atlantic", "antarctic"];
    let network = Network::new(Link { sequence: Sequence::Unordered, ..link(1) });
    let setup = Setup { network, plan, ..Setup::new(names, ms(1_000)) };
    tell(&run(setup, Seeded::new(5)).expect("a sound plan").trace)
}

const EIGHT: [(u32, u8); 8] = [(0, 1), (0, 2), (1, 3), (1, 4), (2, 5), (2, 6), (3, 7), (3, 8)];

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_writing_down_acts_of_different_nodes_changes_nothing(
        mut order in Just(EIGHT.to_vec()).prop_shuffle(),
    ) {
        // Shuffle the nodes against each other, but leave each node's own acts in order.
        for node in 0..4 {
            let places: Vec<_> = (0..8).filter(|place| order[*place].0 == node).collect();
            for (place, act) in places.into_iter().zip(EIGHT.iter().filter(|act| act.0 == node)) {
                order[place] = *act;
            }
        }
        prop_assert_eq!(told(&order), told(&EIGHT));
    }
}

#[test]
fn the_order_of_acts_of_one_node_does_matter() {
    let mut order = EIGHT;
    order.swap(0, 1);
    assert_ne!(told(&order), told(&EIGHT), "else the property above could not fail");
}

/// Faults on four nodes at tens of milliseconds; crashed nodes restart, and all heals at the end.
fn faults() -> impl Strategy<Value = Plan<u64>> {
    let act = (0..40_u64, 0..6_u8, 0..4_u32, 1..4_u32);
    prop::collection::vec(act, 0..25).prop_map(|mut acts| {
        acts.sort_by_key(|act| act.0);
        let mut plan = Plan::new();
        let mut is_down = [false; 4];
        for (nth, (tens, kind, node, other)) in (0..).zip(acts) {
            let (node, other) = (NodeId::new(node), NodeId::new((node + other) % 4));
            let down = is_down[node.index()];
            let act = match kind {
                0 => Act::Partition { group_a: vec![node], group_b: vec![other] },
                1 => Act::Cut { sources: vec![node, other], targets: (0..4).map(NodeId::new).collect() },
                2 => Act::Heal,
                3 => Act::StepWall { node, by_ns: -1_000_000_000 },
                4 if down => Act::Restart { node, disk: Disk::Kept },
                4 => Act::Crash { node },
                _ => Act::Request { node, request: nth },
            };
            is_down[node.index()] ^= kind == 4;
            plan.add(ms(tens * 10), act);
        }
        for node in (0..4).map(NodeId::new).filter(|node| is_down[node.index()]) {
            plan.add(ms(500), Act::Restart { node, disk: Disk::Kept });
        }
        plan.at(ms(500), Act::Heal)
    })
}

fn check_converges(plan: Plan<u64>, link: Link, seed: u64, memory: Memory) -> Result<(), String> {
    let names = ["pacific", "indian_ocean", "atlantic", "antarctic"];
    let network = Network::new(link);
    let grace = Duration::from_secs(1);
    let setup = Setup { network, plan, grace, ..Setup::new(names, ms(500)) };
    let outcome = gossip::run(setup, seed, memory).map_err(|error| error.to_string())?;
    let accepted: Vec<_> =
        outcome.trace.writes().iter().map(|write| outcome.trace.text(write.update)).collect();
    for (node, name) in outcome.nodes.iter().zip(names) {
        let known = &node.as_ref().ok_or(format!("{name} is down"))?.known;
        let missing =
            accepted.iter().find(|update| !known.keys().any(|known| format!("u{known}") == **update));
        if let Some(missing) = missing {
            return Err(format!("{name} never learns of {missing}"));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn after_any_faults_everything_heals_and_nothing_accepted_is_lost(plan in faults(), seed: u64) {
        prop_assert_eq!(check_converges(plan, gossip::bad_link(), seed, Memory::Persisted), Ok(()));
    }
}

#[test]
fn a_node_that_does_not_persist_what_it_accepts_is_caught() {
    // Until the end every message is lost, so that nobody else could remember.
    let deaf = Link { loss: Odds::ALWAYS, ..gossip::bad_link() };
    let pacific = NodeId::new(0);
    let plan = |disk| {
        Plan::new()
            .at(ms(10), Act::Request { node: pacific, request: 7 })
            .at(ms(20), Act::Crash { node: pacific })
            .at(ms(500), Act::Restart { node: pacific, disk })
    };
    let forgotten = || Err("pacific never learns of u7".to_owned());
    assert_eq!(check_converges(plan(Disk::Kept), deaf, 1, Memory::Persisted), Ok(()));
    assert_eq!(check_converges(plan(Disk::Kept), deaf, 1, Memory::Volatile), forgotten());
    assert_eq!(check_converges(plan(Disk::Lost), deaf, 1, Memory::Persisted), forgotten());
}

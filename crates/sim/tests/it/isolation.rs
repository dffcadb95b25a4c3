//! Nodes that luck cuts off now and then, and two that a plan cuts off from each other alone.

use std::time::Duration;

use constellation_fabric::{Calm, Isolation, Network};
use constellation_sim::{Act, Plan, Seeded, Setup, World, Worlds};
use constellation_trace::format::jsonl;
use constellation_trace::{Nemesis, NodeId, Wait};
use expect_test::expect;

use crate::gossip::{Gossip, Memory};
use crate::links::{everything_limited, often, over};
use crate::probe::{Ask, ask, check, check_by, link, ms};

/// Nodes that are cut off for the first 20 of each 40 ms, at times.
fn isolating(ppm: u32) -> Isolation {
    Isolation { period: Duration::from_millis(40), down: Duration::from_millis(20), odds: often(ppm) }
}

#[test]
fn an_isolation_alone_holds_what_is_sent_from_or_to_a_node_and_calm_nobody_is_cut_off() {
    let mut setup = over(link(1));
    setup.network.set_isolation(isolating(500_000)).expect("sound");
    check(
        setup.clone(),
        1,
        expect![[r#"
        10.000ms pacific says 1
        10.000ms * m0 waits for the partition until 20.000ms
        10.000ms pacific says 2
        10.000ms * m1 waits for the partition until 20.000ms
        10.000ms pacific says 3
        10.000ms * m2 waits for the partition until 20.000ms
        21.000ms atlantic hears 1
        21.000ms atlantic hears 2
        21.000ms atlantic hears 3
    "#]],
    );
    let calm = || {
        expect![[r#"
        10.000ms pacific says 1
        10.000ms pacific says 2
        10.000ms pacific says 3
        11.000ms atlantic hears 1
        11.000ms atlantic hears 2
        11.000ms atlantic hears 3
    "#]]
    };
    check_by(setup, Calm, calm());
    check_by(over(link(1)), Calm, calm());
}

#[test]
fn a_seed_among_many_does_what_it_does_alone_where_nodes_are_cut_off() {
    let isolated = || {
        let mut setup = everything_limited();
        setup.network.set_isolation(isolating(200_000)).expect("sound");
        setup
    };
    let gossips = || |node| Gossip::new(node, 4, Memory::Persisted);
    let mut worlds = Worlds::new(isolated(), gossips()).expect("the scenario is sound");
    let mut held = 0;
    for seed in (0..20).chain((0..20).rev()) {
        let one = World::new(isolated(), Seeded::new(seed), gossips()).and_then(World::run);
        let one = one.expect("the scenario is sound");
        let many = worlds.run(Seeded::new(seed)).expect("the scenario is sound");
        assert_eq!((one.digest, one.counts), (many.digest(), many.counts()), "seed {seed}");
        let waits = |nemesis: &Nemesis| matches!(nemesis, Nemesis::Wait { why: Wait::Partition, .. });
        held += one.trace.nemesis().iter().filter(|entry| waits(&entry.nemesis)).count();
        let again = jsonl::read(jsonl::to_string(&one.trace).as_bytes());
        assert_eq!(again.as_ref(), Ok(&one.trace), "seed {seed}");
    }
    assert!(held > 100, "else it says less than it seems to: {held}");
}

#[test]
fn a_partial_partition_alone_separates_two_that_both_reach_a_third() {
    let [pacific, atlantic, antarctic] = [0, 1, 2].map(NodeId::new);
    let plan = Plan::new()
        .at(ms(5), Act::Partition { group_a: vec![pacific], group_b: vec![atlantic] })
        .at(ms(10), ask(pacific, Ask::Send(atlantic, vec![1])))
        .at(ms(11), ask(pacific, Ask::Send(antarctic, vec![2])))
        .at(ms(12), ask(antarctic, Ask::Send(atlantic, vec![3])))
        .at(ms(13), ask(atlantic, Ask::Send(antarctic, vec![4])))
        .at(ms(14), ask(atlantic, Ask::Send(pacific, vec![5])))
        .at(ms(50), Act::Heal);
    let names = ["pacific", "atlantic", "antarctic"];
    let setup = Setup { network: Network::new(link(1)), plan, ..Setup::new(names, ms(1_000)) };
    check(
        setup,
        1,
        expect![[r#"
        5.000ms * pacific | atlantic
        10.000ms pacific says 1
        10.000ms * hold m0
        11.000ms pacific says 2
        12.000ms antarctic says 3
        12.000ms antarctic hears 2
        13.000ms atlantic says 4
        13.000ms atlantic hears 3
        14.000ms atlantic says 5
        14.000ms * hold m4
        14.000ms antarctic hears 4
        50.000ms * heal
        51.000ms pacific hears 5
        51.000ms atlantic hears 1
    "#]],
    );
}

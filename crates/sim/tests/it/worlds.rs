//! Many runs of one setup are the runs that worlds of their own make.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use constellation_fabric::{Calm, Effects, Input, Node, Now, Odds, Timer};
use constellation_sim::{Act, Disk, Faults, Leap, Plan, Seeded, Setup, Span, World, WorldError, Worlds};
use constellation_trace::{Call, Completion, NodeId, TrueTime, WallTime};
use expect_test::expect;

use crate::gossip::{Gossip, Memory, SEED, everything, ms, run};

fn gossips() -> impl FnMut(NodeId) -> Gossip {
    |node| Gossip::new(node, 4, Memory::Persisted)
}

/// What each node knows at the end.
fn known<'a>(nodes: impl Iterator<Item = Option<&'a Gossip>>) -> Vec<Option<BTreeMap<u64, u64>>> {
    nodes.map(|node| node.map(|node| node.known.clone())).collect()
}

#[test]
fn a_seed_among_many_does_what_it_does_alone() {
    let mut worlds = Worlds::new(everything(), gossips()).expect("the scenario is sound");
    // Backwards and twice, so that what a seed leaves behind would reach others than before.
    for seed in (0..40).chain((0..40).rev()) {
        let one = run(everything(), seed, Memory::Persisted).expect("the scenario is sound");
        let many = worlds.run(Seeded::new(seed)).expect("the scenario is sound");
        assert_eq!(one.digest, many.digest(), "seed {seed}");
        assert_eq!(one.counts, many.counts(), "seed {seed}");
        assert_eq!((one.ending, one.last), (many.ending(), many.last()), "seed {seed}");
        assert_eq!(known(one.nodes.iter().map(Option::as_ref)), known(many.nodes()), "seed {seed}");
        assert_eq!(one.trace.events().len(), many.events() as usize, "seed {seed}");
    }
}

/// [`everything`], and machines on which everything goes wrong as well, by luck and by plan.
fn everything_and_machines() -> Setup<u64> {
    let mut setup = everything();
    let often = |ppm| Odds::ppm(ppm).expect("below a million");
    let span = Span { min: Duration::from_millis(1), max: Duration::from_millis(150) };
    for machine in &mut setup.machines[1..] {
        machine.faults = Faults {
            crash_before: often(10_000),
            crash_after: often(10_000),
            down: span,
            amnesia: often(300_000),
            pause: often(20_000),
            pause_time: span,
            suspend: often(20_000),
            suspend_time: span,
            slow: Span { min: Duration::ZERO, max: Duration::from_micros(500) },
            wall_step: often(20_000),
            wall_step_min_ns: -5_000_000,
            wall_step_max_ns: 5_000_000,
            disk_bytes: Some(40),
            disk_full: often(50_000),
            unsynced: often(500_000),
            bit_rot: Odds::NEVER,
            ..Faults::NONE
        };
    }
    let [pacific, indian, atlantic, antarctic] = [0, 1, 2, 3].map(NodeId::new);
    let lasts = Duration::from_millis(120);
    let acts = [
        (40, Act::Join { node: antarctic }),
        (150, Act::Pause { node: pacific, lasts }),
        (200, Act::Suspend { node: indian, lasts }),
        (250, Act::Slow { node: pacific, each: Duration::from_millis(4), lasts }),
        (260, Act::SlewWall { node: pacific, by_ns: 7_000_000, lasts }),
        (270, Act::LeapSecond { node: atlantic, leap: Leap::Repeated }),
        (280, Act::FreezeWall { node: pacific, lasts }),
        (290, Act::SetWall { node: indian, wall: WallTime::from_ns(77) }),
        (420, Act::RotDisk { node: pacific, bit: 99 }),
        (800, Act::CrashAfter { node: pacific }),
        (1_000, Act::Restart { node: pacific, disk: Disk::Kept }),
        (1_010, Act::CrashBefore { node: pacific }),
        (1_050, Act::Restart { node: pacific, disk: Disk::Kept }),
        (1_900, Act::Leave { node: atlantic }),
    ];
    acts.into_iter().for_each(|(at, act)| setup.plan.add(ms(at), act));
    setup
}

#[test]
fn a_seed_among_many_does_what_it_does_alone_on_the_worst_machines() {
    let mut worlds = Worlds::new(everything_and_machines(), gossips()).expect("the scenario is sound");
    let mut kinds = BTreeSet::new();
    for seed in (0..40).chain((0..40).rev()) {
        let one = World::new(everything_and_machines(), Seeded::new(seed), gossips()).and_then(World::run);
        let one = one.expect("the scenario is sound");
        let many = worlds.run(Seeded::new(seed)).expect("the scenario is sound");
        assert_eq!(one.digest, many.digest(), "seed {seed}");
        assert_eq!(one.counts, many.counts(), "seed {seed}");
        assert_eq!((one.ending, one.last), (many.ending(), many.last()), "seed {seed}");
        assert_eq!(known(one.nodes.iter().map(Option::as_ref)), known(many.nodes()), "seed {seed}");
        assert_eq!(one.trace.events().len(), many.events() as usize, "seed {seed}");
        let text = constellation_trace::format::jsonl::to_string(&one.trace);
        kinds.extend(
            text.lines().filter_map(|line| {
                line.strip_prefix("{\"nemesis\":\"")?.split('"').next().map(str::to_owned)
            }),
        );
    }
    // Else the digests say less than they seem to.
    let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
    expect!["cut disk_full duplicate freeze heal hold in_flight join leap leave lose partition pause rot set slew slow step suspend"].assert_eq(&kinds.join(" "));
}

#[test]
fn the_digest_is_the_same_everywhere() {
    // In debug and release, on every machine; it may change with a version, which the changelog then says.
    let outcome = run(everything(), SEED, Memory::Persisted).expect("the scenario is sound");
    expect!["a6b915dab4344693"].assert_eq(&outcome.digest.to_string());
    let outcome = World::new(everything_and_machines(), Seeded::new(SEED), gossips()).and_then(World::run);
    let outcome = outcome.expect("the scenario is sound");
    expect!["225b482e168a7e41"].assert_eq(&outcome.digest.to_string());
    expect!["f044d8d7991ec48f31c78c26c8a07a5a9715b8931acf22c919c71094f930e757"]
        .assert_eq(&constellation_trace::format::jsonl::digest(&outcome.trace).to_string());
}

#[test]
fn seeds_have_digests_of_their_own() {
    let mut worlds = Worlds::new(everything(), gossips()).expect("the scenario is sound");
    let digests: BTreeSet<_> =
        (0..500).map(|seed| worlds.run(Seeded::new(seed)).expect("the scenario is sound").digest()).collect();
    assert_eq!(digests.len(), 500);
}

/// Sends a message after as long as it is asked to, to node 0 if the number is even.
struct Late(u64);

impl Node for Late {
    type Message = ();
    type Request = u64;

    fn on(&mut self, _now: Now, input: Input<(), u64>, effects: &mut Effects<()>) {
        match input {
            Input::Request(ns) => {
                self.0 = ns;
                effects.set_timer(Timer(0), Duration::from_nanos(ns));
            }
            Input::Timer(_) => effects.send(NodeId::new(u32::try_from(self.0 % 2).expect("small")), ()),
            _ => {}
        }
    }
}

#[test]
fn one_nanosecond_and_one_address_change_the_digest() {
    let digest = |ns: u64| {
        let plan = Plan::new().at(ms(1), Act::Request { node: NodeId::new(1), request: ns });
        let setup = Setup { plan, ..Setup::new(["a", "b"], ms(10)) };
        let mut worlds = Worlds::new(setup, |_| Late(0)).expect("a sound setup");
        worlds.run(Seeded::new(1)).expect("a sound setup").digest()
    };
    assert_eq!(digest(1_000), digest(1_000));
    assert_ne!(digest(1_000), digest(1_002), "later by two nanoseconds");
    assert_ne!(digest(1_000), digest(1_001), "to another node, one nanosecond later");
}

#[test]
fn a_run_that_fails_leaves_nothing_behind() {
    let fault = |setup: &mut Setup<u64>| setup.events_max = 60;
    let mut setup = everything();
    fault(&mut setup);
    let mut worlds = Worlds::new(setup, gossips()).expect("the scenario is sound");
    let error = worlds.run(Seeded::new(1)).map(|run| run.counts());
    assert!(matches!(error, Err(WorldError::EventsMax { events_max: 60, so_far: None, .. })), "{error:?}");
    let mut alone = everything();
    fault(&mut alone);
    let mut alone =
        World::new(alone, Seeded::new(1), gossips()).and_then(World::run).map(|outcome| outcome.counts);
    if let Err(WorldError::EventsMax { so_far, .. }) = &mut alone {
        let so_far = so_far.take().expect("a world has a trace");
        assert!(so_far.events().len() >= 60, "{so_far:?}");
    }
    assert_eq!(error, alone, "and fails as it does alone, which alone tells what happened until then");
    let again = worlds.run(Seeded::new(1)).map(|run| run.counts());
    assert_eq!(error, again, "and fails so each time");
}

#[test]
fn nobody_is_sent_to_who_is_not_there_with_or_without_a_trace() {
    struct Lost;
    impl Node for Lost {
        type Message = ();
        type Request = ();
        fn on(&mut self, _now: Now, _input: Input<(), ()>, effects: &mut Effects<()>) {
            effects.send(NodeId::new(9), ());
        }
    }
    let setup = || Setup::new(["a"], TrueTime::from_ns(5));
    let mut worlds = Worlds::new(setup(), |_| Lost).expect("a sound setup");
    let many = worlds.run(Seeded::new(1)).map(|run| run.counts());
    let alone =
        World::new(setup(), Seeded::new(1), |_| Lost).and_then(World::run).map(|outcome| outcome.counts);
    assert!(matches!(many, Err(WorldError::Node { .. })), "{many:?}");
    assert_eq!(many, alone);
}

#[test]
fn an_operation_is_begun_and_ended_once_with_or_without_a_trace() {
    /// Begins and ends these operations, in this order, at its start and at each restart.
    #[derive(Clone)]
    struct Client(&'static [(char, u32)]);
    impl Node for Client {
        type Message = ();
        type Request = ();
        fn on(&mut self, _now: Now, _input: Input<(), ()>, effects: &mut Effects<()>) {
            for (what, number) in self.0 {
                match what {
                    'b' => effects.invoke(*number, Call::Read { key: "mode".into() }),
                    _ => effects.complete(*number, Completion::Done),
                }
            }
        }
    }
    let check = |acts, expected: &str| {
        let plan = Plan::new()
            .at(ms(1), Act::Crash { node: NodeId::new(0) })
            .at(ms(2), Act::Restart { node: NodeId::new(0), disk: Disk::Kept });
        let setup = Setup { plan, ..Setup::new(["a", "b"], ms(5)) };
        let mut worlds = Worlds::new(setup.clone(), |_| Client(acts)).expect("a sound setup");
        let alone = World::new(setup, Calm, |_| Client(acts)).and_then(World::run);
        let alone = alone.map(|outcome| (outcome.digest, outcome.counts));
        for _ in 0..2 {
            let many = worlds.run(Calm).map(|run| (run.digest(), run.counts()));
            assert_eq!(many, alone, "{acts:?}");
            assert_eq!(many.err().map_or("fine".to_owned(), |error| error.to_string()), expected);
        }
    };
    check(&[('b', 7), ('b', 8), ('e', 7), ('e', 8)], "fine");
    check(
        &[('b', 7), ('b', 7)],
        "at +0.000000s node number 0 does what cannot be: operation 7 is begun twice",
    );
    check(
        &[('b', 7), ('e', 7), ('e', 7)],
        "at +0.000000s node number 0 does what cannot be: operation 7 ends twice",
    );
    check(
        &[('b', 7), ('e', 8)],
        "at +0.000000s node number 0 does what cannot be: operation 8 ends at a process that never began it",
    );
}

#[test]
fn labels_and_claims_are_dropped_where_nobody_records_them() {
    /// Makes its label only for whoever records it.
    struct Talker(u32);
    impl Node for Talker {
        type Message = ();
        type Request = ();
        fn on(&mut self, _now: Now, _input: Input<(), ()>, effects: &mut Effects<()>) {
            self.0 += u32::from(effects.is_recorded());
            effects.event("");
        }
    }
    let setup = || Setup::new(["a"], TrueTime::from_ns(5));
    let mut worlds = Worlds::new(setup(), |_| Talker(0)).expect("a sound setup");
    let many = worlds.run(Seeded::new(1)).expect("a sound setup");
    let alone =
        World::new(setup(), Seeded::new(1), |_| Talker(0)).and_then(World::run).expect("a sound setup");
    assert_eq!(many.node(NodeId::new(0)).map(|node| node.0), Some(0));
    assert_eq!(alone.nodes[0].as_ref().map(|node| node.0), Some(1));
    assert_eq!(many.digest(), alone.digest);
    assert!(many.node(NodeId::new(7)).is_none());
}

//! Hitting a bound is an answer, not a hang; a node that does the impossible is named; the end is the end.

use std::collections::BTreeSet;
use std::time::Duration;

use constellation_fabric::{
    Calm, Choices, Effects, Input, Link, Network, Node, Now, Odds, Options, Parcel, Question, Timer,
};
use constellation_sim::{Act, Disk, Ending, Outcome, Plan, Seeded, Setup, WallClaims, World, WorldError};
use constellation_trace::{
    Claim, ClaimKind, ClaimRef, Kind, Loss, MessageId, Nemesis, NodeId, TrueTime, WallTime,
};
use expect_test::{Expect, expect};

use crate::gossip::bad_link;
use crate::links::over;
use crate::probe::{ATLANTIC, Ask, PACIFIC, Probe, ask, check_by, link, ms, quiet, run, tell, three_words};

/// A node that is one function.
struct Acts<A>(A);

impl<A: FnMut(Input<(), ()>, &mut Effects<()>)> Node for Acts<A> {
    type Message = ();
    type Request = ();

    fn on(&mut self, _now: Now, input: Input<(), ()>, effects: &mut Effects<()>) {
        (self.0)(input, effects);
    }
}

fn act_alone(
    events_max: u32,
    acts: fn(Input<(), ()>, &mut Effects<()>),
) -> Result<Outcome<impl Node>, WorldError> {
    let setup = Setup { events_max, ..Setup::new(["pacific"], ms(1_000)) };
    World::new(setup, Calm, |_| Acts(acts))?.run()
}

fn check_refused<N>(outcome: Result<Outcome<N>, WorldError>, expected: Expect) {
    match outcome {
        Err(error) => expected.assert_eq(&error.to_string()),
        Ok(outcome) => panic!("it should have failed, but: {:?}", outcome.trace),
    }
}

const MYSELF: NodeId = NodeId::new(0);

#[test]
fn a_node_that_tells_itself_something_for_ever_is_stopped() {
    check_refused(
        act_alone(100, |_, effects| effects.send(MYSELF, ())),
        expect!["more than 100 events, the most allowed, at +0.000000s, lastly at node number 0"],
    );
}

#[test]
fn a_node_whose_timer_takes_no_time_is_stopped_though_it_leaves_no_event() {
    check_refused(
        act_alone(100, |_, effects| effects.set_timer(Timer(0), Duration::ZERO)),
        expect!["more than 100 events, the most allowed, at +0.000000s, lastly at node number 0"],
    );
}

#[test]
fn a_node_that_does_too_much_at_once_is_stopped() {
    check_refused(
        act_alone(100, |_, effects| (0..101).for_each(|_| effects.event("again"))),
        expect!["more than 100 events, the most allowed, at +0.000000s, lastly at node number 0"],
    );
}

#[test]
fn what_is_allowed_to_the_last_is_allowed() {
    let outcome = act_alone(100, |_, effects| (0..100).for_each(|_| effects.event("again")));
    assert_eq!(outcome.map(|outcome| outcome.trace.events().len()), Ok(100));
}

#[test]
fn a_node_that_does_what_cannot_be_is_named() {
    check_refused(
        act_alone(100, |_, effects| effects.send(NodeId::new(1), ())),
        expect!["at +0.000000s node number 0 does what cannot be: there is no node number 1"],
    );
    let claims_twice = |_: Input<(), ()>, effects: &mut Effects<()>| {
        effects.claim(Claim::Lamport(1));
        effects.claim(Claim::Lamport(2));
    };
    check_refused(
        act_alone(100, claims_twice),
        expect!["at +0.000000s node number 0 does what cannot be: two lamport claims for one event"],
    );
    let writes_twice = |_: Input<(), ()>, effects: &mut Effects<()>| {
        effects.write("mss-17", "u1", Vec::new());
        effects.write("mss-17", "u1", Vec::new());
    };
    check_refused(
        act_alone(100, writes_twice),
        expect!["at +0.000000s node number 0 does what cannot be: update `u1` of `mss-17` is written twice"],
    );
    check_refused(
        act_alone(100, |_, effects| *effects = Effects::receiving()),
        expect![
            "at +0.000000s the effects of node number 0 hold a receive that is not the first step after a message"
        ],
    );
}

#[test]
fn a_message_that_is_refused_never_arrived() {
    let refuses = |input: Input<(), ()>, effects: &mut Effects<()>| match input {
        Input::Start => effects.send(MYSELF, ()),
        _ => {
            effects.refuse();
            effects.event("refuses");
        }
    };
    let outcome = act_alone(100, refuses).expect("a refusal is no failure of the run");
    assert_eq!((outcome.counts.delivered, outcome.counts.lost), (0, 1));
    assert!(outcome.trace.events().iter().all(|event| !matches!(event.kind, Kind::Receive(_))));
    assert_eq!(outcome.trace.nemesis()[0].nemesis, Nemesis::Lose(MessageId::new(0), Loss::Plain));
}

#[test]
fn a_setup_that_contradicts_itself_is_refused() {
    let twice = Setup::<Ask>::new(["pacific", "pacific"], ms(1));
    check_refused(run(twice, Calm), expect!["the nodes cannot be named so: node `pacific` is named twice"]);

    let mut network = Network::new(Link::INSTANT);
    network.cut(&[PACIFIC], &[ATLANTIC]);
    let parcel = Parcel { message: MessageId::new(0), source: PACIFIC, target: ATLANTIC, bytes: 0 };
    network.send(parcel, ms(0), &mut Calm).expect("one message may wait");
    check_refused(
        run(Setup { network, ..three_words() }, Calm),
        expect!["the network already holds 1 messages of another run; begin with an unused one"],
    );
}

#[test]
fn a_network_that_can_hold_no_more_ends_the_run() {
    let mut setup = three_words();
    setup.network.set_held_max(2);
    setup.plan.add(ms(5), Act::Cut { sources: vec![PACIFIC], targets: vec![ATLANTIC] });
    check_refused(
        run(setup, Calm),
        expect![
            "at +0.010000s node number 0 cannot send: the link is cut and 2 messages already wait for the heal, the most allowed"
        ],
    );
}

#[test]
fn an_empty_world_is_quiet() {
    let outcome = run(Setup::new([""; 0], ms(0)), Calm).expect("nobody does nothing");
    assert_eq!((outcome.ending, outcome.last), (Ending::Quiet, ms(0)));
}

#[test]
fn from_the_end_on_links_are_calm() {
    // Tells itself something when its timer runs out, over a link that loses everything.
    let told = |after_ms| {
        let network = Network::new(Link { loss: Odds::ALWAYS, ..bad_link() });
        let setup = Setup { network, grace: Duration::from_millis(90), ..Setup::new(["pacific"], ms(10)) };
        let acts = move |input: Input<(), ()>, effects: &mut Effects<()>| match input {
            Input::Start => effects.set_timer(Timer(0), Duration::from_millis(after_ms)),
            Input::Timer(_) => effects.send(MYSELF, ()),
            _ => {}
        };
        let outcome = World::new(setup, Seeded::new(1), |_| Acts(acts)).and_then(World::run);
        outcome.map(|outcome| (outcome.counts.lost, outcome.counts.delivered, outcome.last))
    };
    assert_eq!(told(9), Ok((1, 0, ms(9))), "before the end it is lost");
    assert_eq!(told(10), Ok((0, 1, ms(12))), "at the end it arrives after the least latency");
    assert_eq!(told(11), Ok((0, 1, ms(13))), "and after it as well");
}

#[test]
fn the_grace_lets_arrive_what_is_under_way() {
    let slow = || Network::new(Link { latency_min: Duration::from_millis(50), ..link(50) });
    let stopped = Setup { network: slow(), end: ms(20), ..three_words() };
    let outcome = run(stopped, Calm).expect("a sound setup");
    assert_eq!((outcome.ending, outcome.counts.in_flight, outcome.last), (Ending::TimeUp, 3, ms(10)));
    expect![[r#"
        10.000ms pacific says 1
        10.000ms pacific says 2
        10.000ms pacific says 3
        20.000ms * m0 is under way
        20.000ms * m1 is under way
        20.000ms * m2 is under way
    "#]]
    .assert_eq(&tell(&outcome.trace));

    let settled = Setup { network: slow(), end: ms(20), grace: Duration::from_millis(40), ..three_words() };
    let outcome = run(settled, Calm).expect("a sound setup");
    assert_eq!((outcome.ending, outcome.counts.delivered, outcome.last), (Ending::Quiet, 3, ms(60)));
}

/// Of each message the trace says whether it arrived, was lost, waits for a heal or is still on its way.
#[test]
fn no_message_is_left_without_a_fate() {
    let (mut in_flight, mut second_copies) = (0, 0);
    for seed in 0..40 {
        let words = Ask::Send(ATLANTIC, (0..20).collect());
        let plan = Plan::new()
            .at(ms(10), ask(PACIFIC, words.clone()))
            .at(ms(60), Act::Cut { sources: vec![PACIFIC], targets: vec![ATLANTIC] })
            .at(ms(90), ask(PACIFIC, words))
            .at(ms(70), Act::Crash { node: ATLANTIC })
            .at(ms(80), Act::Restart { node: ATLANTIC, disk: Disk::Kept });
        let setup = Setup { network: Network::new(bad_link()), end: ms(120), ..quiet(plan) };
        let Outcome { trace, counts, .. } = run(setup, Seeded::new(seed)).expect("a sound setup");
        let mut fates = vec![0; trace.messages().len()];
        let arrived: BTreeSet<_> = trace
            .events()
            .iter()
            .filter_map(|event| match event.kind {
                Kind::Receive(message) => Some(message),
                _ => None,
            })
            .collect();
        arrived.iter().for_each(|message| fates[message.index()] += 1);
        let mut told = 0;
        for entry in trace.nemesis() {
            match entry.nemesis {
                Nemesis::InFlight(message) => {
                    assert_eq!(entry.at, ms(120));
                    fates[message.index()] += 1;
                    told += 1;
                }
                Nemesis::Lose(message, _) | Nemesis::Hold(message) => fates[message.index()] += 1,
                _ => {}
            }
        }
        assert_eq!(fates, vec![1; fates.len()], "seed {seed}");
        in_flight += told;
        second_copies += counts.in_flight - told;
    }
    assert!(in_flight > 0 && second_copies > 0, "{in_flight} messages and {second_copies} other copies");
}

#[test]
fn what_no_heal_released_still_waits_at_the_end() {
    let mut setup = three_words();
    setup.plan.add(ms(5), Act::Cut { sources: vec![PACIFIC], targets: vec![ATLANTIC] });
    let outcome = run(setup, Calm).expect("a sound setup");
    let counts = outcome.counts;
    assert_eq!((outcome.ending, counts.held, counts.waiting, counts.delivered), (Ending::Quiet, 3, 3, 0));
}

#[test]
fn every_event_says_what_the_wall_showed_unless_its_node_did() {
    let wall_claims = WallClaims::Recorded;
    let mut setup = Setup { epoch: WallTime::from_ns(7), wall_claims, ..Setup::new(["pacific"], ms(9)) };
    setup.plan.add(ms(1), Act::Crash { node: MYSELF });
    setup.plan.add(ms(2), Act::Restart { node: MYSELF, disk: Disk::Kept });
    let acts = |_: Input<(), ()>, effects: &mut Effects<()>| {
        effects.claim(Claim::Wall(WallTime::from_ns(5)));
        effects.event("says no time");
    };
    let outcome = World::new(setup, Calm, |_| Acts(acts)).and_then(World::run).expect("a sound setup");
    let walls: Vec<_> = outcome.trace.claims(ClaimKind::Wall).map(|(_, claim)| claim).collect();
    // Start, then its own claim and the world's; crash; restart; and once more.
    let expected = [5, 7, 1_000_007, 2_000_007, 5, 2_000_007].map(|ns| ClaimRef::Wall(WallTime::from_ns(ns)));
    assert_eq!(walls, expected);
}

#[test]
fn idle_time_costs_nothing_and_many_nodes_cost_what_they_do() {
    let hour = TrueTime::from_ns(3_600_000_000_000);
    let plan = Plan::new().at(hour, ask(PACIFIC, Ask::Add(1)));
    let names = (0..5_000).map(|nth| format!("station-{nth}"));
    // The starts and the one request, an hour later: a world that ticked would need more.
    let setup = Setup { plan, events_max: 5_001, ..Setup::new(names, hour) };
    let outcome =
        World::new(setup, Calm, |_| Probe::default()).and_then(World::run).expect("within the bound");
    assert_eq!((outcome.last, outcome.trace.events().len()), (hour, 1));
}

#[test]
fn timers_at_the_end_of_time_neither_wrap_nor_fire() {
    let end = TrueTime::from_ns(u64::MAX - 1);
    let plan = Plan::new().at(end, ask(PACIFIC, Ask::Wake(Timer(0), Duration::MAX)));
    let outcome = run(Setup { end, ..quiet(plan) }, Calm).expect("a sound setup");
    assert_eq!((outcome.ending, outcome.last), (Ending::TimeUp, end));
}

#[test]
fn what_is_sent_at_the_end_is_asked_nothing_and_is_not_lost() {
    /// Whoever asks it something asks too late.
    struct Closed;
    impl Choices for Closed {
        fn choose(&mut self, question: Question, _options: Options) -> u32 {
            panic!("{question:?} is asked at the end, when luck is over")
        }
    }
    let link = Link { loss: Odds::ALWAYS, duplicate: Odds::ALWAYS, corrupt_seen: Odds::ALWAYS, ..link(9) };
    let mut setup = over(link);
    setup.plan = Plan::new().at(setup.end, ask(PACIFIC, Ask::Send(ATLANTIC, vec![1])));
    setup.grace = Duration::from_millis(50);
    check_by(
        setup,
        Closed,
        expect![[r#"
        1000.000ms pacific says 1
        1001.000ms atlantic hears 1
    "#]],
    );
}

#[test]
fn nobody_asks_how_long_a_message_is_where_no_link_does() {
    /// Sends what must not be weighed.
    struct Weightless;
    impl Node for Weightless {
        type Message = ();
        type Request = ();
        fn on(&mut self, _now: Now, input: Input<(), ()>, effects: &mut Effects<()>) {
            if let Input::Start = input {
                effects.send(NodeId::new(0), ());
            }
        }
        fn wire_bytes(_message: &()) -> u32 {
            panic!("somebody asks")
        }
    }
    let run = |link: Link| {
        let setup = Setup { network: Network::new(link), ..Setup::new(["a", "b"], ms(9)) };
        World::new(setup, Calm, |_| Weightless).and_then(World::run).map(|outcome| outcome.counts.delivered)
    };
    assert_eq!(
        run(Link {
            corrupt_seen: Odds::ppm(1).expect("at most a million"),
            corrupt_unseen: Odds::ppm(1).expect("at most a million"),
            ..link(1)
        }),
        Ok(2)
    );
}

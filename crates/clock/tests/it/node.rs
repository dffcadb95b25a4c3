//! A node absorbs what its peers can honestly have sent, refuses the rest without moving a clock, and comes back from a
//! crash as somebody else.

use std::collections::BTreeMap;
use std::sync::Arc;

use constellation_clock::bytes::{Limits, Wire};
use constellation_clock::{
    Clock, ClusterNode, DottedClock, DriftPolicy, Durability, Envelope, Error, Event, HybridClock, Identity,
    InjectedClock, MessageBus, NamedLamport, Ordering, REMOTE_MAX, Refusal, Replica, Sent, VectorStamp,
};
use constellation_fabric::{Calm, Effects, Input, Link, Network, Node, Now, Odds, Sequence};
use constellation_sim::{Act, Disk, Outcome, Plan, Seeded, Setup, World};
use constellation_trace::{
    ClaimKind, ClaimRef, Nemesis, NodeId, Relation, Relations, Trace, TrueTime, VectorRef, Verdict,
};
use constellation_verify::{Budget, Order, claims, delivery};
use expect_test::{Expect, expect};
use proptest::prelude::*;

const STATIONS: [&str; 3] = ["pacific", "indian_ocean", "atlantic"];

fn bus() -> Arc<MessageBus> {
    Arc::new(MessageBus::recording(STATIONS.map(String::from).to_vec()))
}

fn node(bus: &Arc<MessageBus>, id: &str) -> ClusterNode {
    ClusterNode::new(id.to_owned(), bus.clone())
}

fn payloads<C: InjectedClock>(node: &ClusterNode<C>) -> Vec<String> {
    payloads_of(node.events())
}

fn payloads_of<'a>(events: impl Iterator<Item = &'a Event>) -> Vec<String> {
    events.map(|event| String::from_utf8_lossy(&event.payload).into_owned()).collect()
}

/// Each promise about a recorded run, with the word for its verdict and the evidence if it is broken.
pub(crate) fn judged(trace: &Trace) -> Vec<(String, String)> {
    let order = Order::of(trace, &Budget::default()).expect("a small trace");
    let vector = |vector: VectorRef<'_>| {
        VectorStamp::from_entries(vector.iter().map(|(name, counter)| (trace.text(name), counter)))
            .expect("a trace holds no name twice")
    };
    let relations = |one: ClaimRef<'_>, other: ClaimRef<'_>| match (one, other) {
        (ClaimRef::Vector(one), ClaimRef::Vector(other)) => {
            use constellation_clock::ExactStamp;
            Relations::of([match vector(one).compare(&vector(other)) {
                Ordering::Before => Relation::Before,
                Ordering::After => Relation::After,
                Ordering::Equal => Relation::Equal,
                Ordering::Concurrent => Relation::Concurrent,
            }])
        }
        (ClaimRef::Lamport(one), ClaimRef::Lamport(other)) => by_time(one.cmp(&other)),
        (
            ClaimRef::Hybrid { physical_ns: one, logical },
            ClaimRef::Hybrid { physical_ns: other, logical: others },
        ) => by_time((one, logical).cmp(&(other, others))),
        _ => Relations::ANY,
    };
    let mut judgements = vec![delivery::every_message_arrives(&order), delivery::links_keep_order(&order)];
    for kind in [ClaimKind::Lamport, ClaimKind::Vector, ClaimKind::Hybrid] {
        if trace.claims(kind).next().is_some() {
            judgements.push(claims::judge(&order, kind, &Budget::default(), relations));
        }
    }
    let shown = |verdict: &Verdict| match verdict {
        Verdict::Violated(evidence) => format!("violated\n{evidence}"),
        other => other.word().to_owned(),
    };
    judgements.iter().map(|judgement| (judgement.promise.clone(), shown(&judgement.verdict))).collect()
}

fn by_time(order: std::cmp::Ordering) -> Relations {
    Relations::of(match order {
        std::cmp::Ordering::Less => [Relation::Before, Relation::Concurrent],
        std::cmp::Ordering::Equal => [Relation::Equal, Relation::Concurrent],
        std::cmp::Ordering::Greater => [Relation::After, Relation::Concurrent],
    })
}

pub(crate) fn assert_holds(trace: &Trace) {
    for (promise, verdict) in judged(trace) {
        assert_eq!(verdict, "holds", "{promise}");
    }
}

/// An envelope as an honest pacific would send it for its first event.
fn first_of_pacific() -> Envelope<VectorStamp> {
    let mut effects = Effects::new();
    let pacific = NodeId::new(0);
    let mut replica = Replica::new(STATIONS, pacific, Durability::Volatile, |identity, _| dotted(identity));
    replica.submit(b"x".to_vec(), &mut effects);
    effects.steps()[0].sends[0].1.clone()
}

fn dotted(identity: &Identity) -> DottedClock {
    DottedClock::new(identity.as_str())
}

fn vector(entries: &[(&str, u64)]) -> VectorStamp {
    VectorStamp::from_entries(entries.iter().copied()).expect("no name twice")
}

/// Why atlantic, which has submitted one event, refuses these bytes of pacific's; nothing of it may have changed.
async fn refusal_of(forged: Vec<u8>) -> String {
    let bus = bus();
    let mut atlantic = node(&bus, "atlantic");
    atlantic.submit(b"own".to_vec()).await;
    bus.send("pacific", "atlantic", forged).await.expect("the bus does not look");
    let before = format!("{:?}", atlantic.replica());
    assert!(atlantic.step().await);
    assert_eq!((atlantic.refused(), payloads(&atlantic)), (1, vec!["own".to_owned()]));
    assert_eq!(format!("{:?}", atlantic.replica()), before.replace("refused: 0", "refused: 1"));
    atlantic.last_refused().expect("it was refused").refusal.to_string()
}

/// The honest envelope, changed.
fn forge(change: impl Fn(&mut Envelope<VectorStamp>)) -> Vec<u8> {
    let mut forged = first_of_pacific();
    change(&mut forged);
    forged.encode()
}

#[tokio::test]
async fn garbled_and_foreign_messages_are_refused_and_move_no_clock() {
    let check = async |forged, expected: Expect| expected.assert_eq(&refusal_of(forged).await);
    check(Vec::new(), expect!["no envelope: malformed input at byte 0: it ends too early"]).await;
    check(
        b"telemetry".to_vec(),
        expect![
            "no envelope: malformed input at byte 0: expected a Envelope, which begins with 34, found 116"
        ],
    )
    .await;
    check(
        forge(|forged| forged.origin = Identity::from("indian_ocean")),
        expect!["it speaks for indian_ocean, who did not send it"],
    )
    .await;
    check(
        forge(|forged| forged.vector = vector(&[("pacific", 1), ("moon", 1)])),
        expect!["it counts events of moon, a stranger"],
    )
    .await;
    check(
        forge(|forged| forged.vector = vector(&[("indian_ocean", 1)])),
        expect!["its vector does not count the event of pacific itself"],
    )
    .await;
    let honest = first_of_pacific().encode();
    let other_clock = Envelope::<<NamedLamport as Clock>::Message>::decode(&honest, &Limits::STANDARD);
    assert!(matches!(other_clock, Err(Error::Malformed(_))), "another clock's message is not misread");
}

#[tokio::test]
async fn stamps_that_no_honest_clock_gives_are_refused_and_move_no_clock() {
    let check = async |forged, expected: Expect| expected.assert_eq(&refusal_of(forged).await);
    check(
        forge(|forged| forged.lamport = u64::MAX),
        expect!["lamport time 18446744073709551615 where its vector allows 1 to 1"],
    )
    .await;
    check(
        forge(|forged| {
            forged.lamport = REMOTE_MAX + 1;
            forged.vector = vector(&[("pacific", REMOTE_MAX + 1)]);
        }),
        expect!["pacific is at time 8070450532247928832, more than the lead of 1099511627776 ahead of our 1"],
    )
    .await;
    check(
        forge(|forged| {
            forged.lamport = 3;
            forged.vector = vector(&[("pacific", 1), ("atlantic", 2)]);
        }),
        expect!["somebody counted to 2 as atlantic, which is us, at 1"],
    )
    .await;
    let lives: Vec<_> = (1..=4_096).map(|life| (format!("pacific#{life}"), 1)).collect();
    let crowd = VectorStamp::from_entries(lives.iter().map(|(life, count)| (life.as_str(), *count)));
    check(
        forge(|forged| {
            forged.origin = Identity::from("pacific#1");
            forged.vector = crowd.clone().expect("no name twice");
        }),
        expect!["it would bring our vector to 4096 later lives of pacific, at most 64 are heard of"],
    )
    .await;
}

#[tokio::test]
async fn a_second_owner_of_ones_own_name_is_found_out() {
    let bus = bus();
    let (mut pacific, mut atlantic) = (node(&bus, "pacific"), node(&bus, "atlantic"));
    pacific.submit(b"x".to_vec()).await;
    atlantic.submit(b"own".to_vec()).await;
    atlantic.drain().await;
    // Atlantic has counted to 2, and its second event was a receipt: somebody else says it was an update.
    let mut forged = first_of_pacific();
    forged.origin = Identity::from("atlantic");
    (forged.lamport, forged.vector, forged.message) = (2, vector(&[("atlantic", 2)]), Sent::Nothing);
    bus.send("atlantic", "atlantic", forged.encode()).await.expect("the bus does not look");
    assert!(atlantic.step().await);
    let refusal = &atlantic.last_refused().expect("it was refused").refusal;
    expect!["somebody counted to 2 as atlantic, which is us, at 2"].assert_eq(&refusal.to_string());
    assert_eq!(payloads(&atlantic), ["own", "x"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_envelope_is_exactly_its_bytes_and_no_bytes_break_a_node(
        place in 0..60_usize, byte in any::<u8>(), cut in 0..60_usize, noise in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let honest = first_of_pacific();
        prop_assert_eq!(Envelope::decode(&honest.encode(), &Limits::STANDARD), Ok(honest.clone()));
        let mut spoilt = honest.encode();
        let length = spoilt.len();
        spoilt[place % length] = byte;
        for bytes in [spoilt, honest.encode()[..cut % length].to_vec(), noise] {
            if let Ok(envelope) = Envelope::<VectorStamp>::decode(&bytes, &Limits::STANDARD) {
                prop_assert_eq!(envelope.encode(), bytes);
                let mut replica =
                    Replica::new(STATIONS, NodeId::new(2), Durability::Volatile, |identity, _| dotted(identity));
                let _ = replica.receive(NodeId::new(0), envelope, &mut Effects::receiving());
                prop_assert!(replica.lamport() <= (1 << 40) + 1, "no leap");
            }
        }
    }
}

#[tokio::test]
async fn a_duplicate_is_an_event_but_no_second_update() {
    let bus = bus();
    let mut atlantic = node(&bus, "atlantic");
    for _ in 0..3 {
        bus.send("pacific", "atlantic", first_of_pacific().encode()).await.expect("open");
    }
    assert_eq!(atlantic.drain().await, 3);
    assert_eq!(payloads(&atlantic), ["x"]);
    assert_eq!((atlantic.replica().lamport(), atlantic.replica().vector().own()), (4, 3));
}

#[tokio::test]
async fn what_the_bus_does_not_take_waits_in_order_for_the_heal() {
    let bus = Arc::new(MessageBus::recording(STATIONS.map(String::from).to_vec()).with_held_max(1));
    let (mut pacific, mut atlantic) = (node(&bus, "pacific"), node(&bus, "atlantic"));
    bus.partition(&["pacific"], &["atlantic"]);
    for number in 0..4 {
        pacific.submit(vec![b'0' + number]).await;
    }
    assert_eq!((bus.held(), pacific.undelivered()), (1, 3));
    // Of 8 messages one is held, three wait at pacific, and nobody took the four for the Indian Ocean.
    let trace = bus.trace().expect("it records");
    let under_way = trace.nemesis().iter().filter(|entry| matches!(entry.nemesis, Nemesis::InFlight(_)));
    assert_eq!((trace.messages().len(), under_way.count()), (8, 7));
    let arrives = judged(&trace).into_iter().find(|(promise, _)| promise.starts_with("every message"));
    assert_eq!(arrives.map(|(_, verdict)| verdict).as_deref(), Some("unknown"), "the heal may come");
    let refused = pacific.try_submit(b"no".to_vec()).await.expect_err("what is earlier still waits");
    assert_eq!(refused, Refusal::Bus(Error::HoldFull { held_max: 1 }));
    assert_eq!(pacific.events().len(), 4, "and nothing was submitted");

    // The heal wakes a node that does nothing but run.
    let both = async {
        tokio::select! {
            biased; // Otherwise the order of polling is drawn by lot, and pacific might not have its turn.
            () = pacific.run() => {}
            () = async {
                bus.heal();
                tokio::task::yield_now().await;
                atlantic.drain().await;
            } => {}
        }
    };
    both.await;
    assert_eq!(pacific.undelivered(), 0);
    atlantic.drain().await;
    assert_eq!(payloads(&atlantic), ["0", "1", "2", "3"]);
    node(&bus, "indian_ocean").drain().await;
    assert_holds(&bus.trace().expect("it records"));
    assert!(pacific.try_submit(b"yes".to_vec()).await.is_ok());
}

#[tokio::test]
async fn nothing_is_submitted_where_nothing_can_be_sent_unless_one_insists() {
    let bus = bus();
    let mut stray = node(&bus, "artic");
    let refused = stray.try_submit(Vec::new()).await.expect_err("no such node");
    expect!["there is no node `artic` on the bus"].assert_eq(&refused.to_string());
    assert!(ClusterNode::try_new("artic".into(), bus.clone()).is_err());
    assert_eq!(stray.submit(b"alone".to_vec()).await.lamport, 1);
    stray.run().await; // Nothing will ever come, and it does not wait for it.

    let mut pacific = node(&bus, "pacific");
    bus.close();
    assert_eq!(pacific.try_submit(Vec::new()).await, Err(Refusal::Bus(Error::BusClosed)));
    pacific.submit(b"kept".to_vec()).await;
    assert_eq!(pacific.undelivered(), 2);
}

#[tokio::test]
async fn running_can_be_cancelled_between_any_two_messages() {
    let bus = bus();
    let (mut pacific, mut atlantic) = (node(&bus, "pacific"), node(&bus, "atlantic"));
    for number in 0..20_u8 {
        tokio::select! {
            biased;
            () = async {
                for _ in 0..number % 4 {
                    tokio::task::yield_now().await;
                }
            } => {}
            () = atlantic.run() => {}
        }
        pacific.submit(vec![number]).await;
    }
    bus.close();
    let running = tokio::spawn(async move {
        atlantic.run().await;
        atlantic.events().map(|event| event.payload[0]).collect::<Vec<_>>()
    });
    assert_eq!(running.await.expect("no panic"), (0..20).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_second_life_on_the_bus_is_a_new_incarnation() {
    let bus = bus();
    let mut atlantic = node(&bus, "atlantic");
    node(&bus, "pacific").submit(b"before".to_vec()).await;
    let mut reborn = node(&bus, "pacific");
    let event = reborn.submit(b"after".to_vec()).await;
    assert_eq!((event.origin.as_str(), event.counter(), event.lamport), ("pacific#1", 1, 1));
    assert_eq!(atlantic.drain().await, 2);
    assert_eq!(payloads(&atlantic), ["before", "after"]);
    node(&bus, "indian_ocean").drain().await;
    assert_holds(&bus.trace().expect("it records"));
}

#[tokio::test]
async fn an_event_is_shown_the_same_every_time() {
    let event: Event = node(&bus(), "pacific").submit(b"roll\n2".to_vec()).await;
    expect![[r#"Event { origin: "pacific", lamport: 1, vector: {"pacific": 1}, payload: b"roll\n2" }"#]]
        .assert_eq(&format!("{event:?}"));
}

/// Three stations submit now and then over lossy links, and atlantic crashes and comes back.
fn crash_and_restart<C: InjectedClock + 'static>(
    seed: u64,
    durability: Durability,
    disk: Disk,
    birth: fn(&Identity, &constellation_clock::WallDial) -> C,
) -> Outcome<Replica<C>> {
    let at = |ms: u64| TrueTime::from_ns(ms * 1_000_000);
    let mut plan = Plan::new();
    for step in 0..12 {
        for node in 0..3 {
            let request = format!("{node}.{step}").into_bytes();
            plan.add(at(10 + step * 20 + node * 3), Act::Request { node: NodeId::new(node as u32), request });
        }
    }
    let atlantic = NodeId::new(2);
    plan.add(at(85), Act::Crash { node: atlantic });
    // Its wall clock comes back behind what the first life has stamped already, but within the drift bound.
    plan.add(at(100), Act::StepWall { node: atlantic, by_ns: -60_000_000 });
    plan.add(at(125), Act::Restart { node: atlantic, disk });
    let link = Link {
        latency_min: std::time::Duration::from_millis(1),
        latency_max: std::time::Duration::from_millis(30),
        loss: Odds::ppm(50_000).expect("less than a million"),
        duplicate: Odds::ppm(100_000).expect("less than a million"),
        sequence: Sequence::Unordered,
        ..Link::INSTANT
    };
    let mut setup = Setup::new(STATIONS, at(300));
    setup.network = Network::new(link);
    setup.plan = plan;
    setup.grace = std::time::Duration::from_millis(100);
    let factory = move |node| Replica::new(STATIONS, node, durability, birth);
    World::new(setup, Seeded::new(seed), factory).and_then(World::run).expect("nothing is impossible here")
}

fn hybrid_by_dial(identity: &Identity, dial: &constellation_clock::WallDial) -> impl InjectedClock + use<> {
    let dial = dial.clone();
    HybridClock::new(identity.clone(), DriftPolicy::STANDARD, move || dial.read())
}

#[test]
fn a_replica_that_crashes_comes_back_with_its_log_and_all_clocks_stay_sound() {
    for seed in 0..20 {
        let outcome = crash_and_restart(seed, Durability::EveryEvent, Disk::Kept, hybrid_by_dial);
        let restarted = outcome.nodes[2].as_ref().expect("it is up");
        assert_eq!(restarted.identity().as_str(), "atlantic#1");
        let lives: Vec<_> = restarted.events().map(|event| event.origin.clone()).collect();
        assert!(lives.contains(&"atlantic".to_owned()), "seed {seed}: it remembers its first life");
        assert!(lives.contains(&"atlantic#1".to_owned()), "seed {seed}");
        assert_eq!(restarted.refused(), 0, "seed {seed}: {:?}", restarted.last_refused());
        check_run(seed, &outcome);
    }
}

#[test]
fn a_replica_that_forgets_everything_never_takes_an_old_name_for_a_new_event() {
    for seed in 0..20 {
        for (durability, disk) in [(Durability::Volatile, Disk::Kept), (Durability::EveryEvent, Disk::Lost)] {
            let outcome = crash_and_restart(seed, durability, disk, |identity, _| dotted(identity));
            check_run(seed, &outcome);
        }
    }
}

/// All claims are sound, and no two events of the run have one name.
fn check_run<C: InjectedClock>(seed: u64, outcome: &Outcome<Replica<C>>) {
    for (promise, verdict) in judged(&outcome.trace).iter().filter(|(promise, _)| promise.contains("claims"))
    {
        assert_eq!(verdict, "holds", "seed {seed}: {promise}");
    }
    assert_eq!(
        names_are_unique(outcome.nodes.iter().flatten().flat_map(Replica::events)),
        Ok(()),
        "seed {seed}"
    );
}

fn names_are_unique<'a>(events: impl Iterator<Item = &'a Event>) -> Result<(), String> {
    let mut names = BTreeMap::new();
    for event in events {
        let name = (event.origin.as_str(), event.counter());
        let other: &mut &Event = names.entry(name).or_insert(event);
        if *other != event {
            return Err(format!("{} {} names {other:?} and {event:?}", name.0, name.1));
        }
    }
    Ok(())
}

/// A replica that comes back from a crash as if nothing had been.
struct Unaware(Replica<DottedClock>);

impl Node for Unaware {
    type Message = Envelope<VectorStamp>;
    type Request = Vec<u8>;

    fn on(
        &mut self,
        now: Now,
        input: Input<Envelope<VectorStamp>, Vec<u8>>,
        effects: &mut Effects<Envelope<VectorStamp>>,
    ) {
        let input = if matches!(input, Input::Restart { .. }) { Input::Start } else { input };
        self.0.on(now, input, effects);
    }
}

#[test]
fn a_replica_that_counts_from_one_again_under_its_old_name_is_caught() {
    let at = |ms: u64| TrueTime::from_ns(ms * 1_000_000);
    let [pacific, atlantic] = [0, 2].map(NodeId::new);
    let submit = |request: &str| Act::Request { node: pacific, request: request.as_bytes().to_vec() };
    let mut setup = Setup::new(STATIONS, at(10));
    setup.plan = Plan::new()
        .at(at(1), submit("before"))
        .at(at(2), Act::Crash { node: pacific })
        .at(at(3), Act::Restart { node: pacific, disk: Disk::Lost })
        .at(at(4), submit("after"));
    let factory =
        |node| Unaware(Replica::new(STATIONS, node, Durability::Volatile, |identity, _| dotted(identity)));
    let outcome = World::new(setup, Calm, factory).and_then(World::run).expect("a calm run");
    let nodes = outcome.nodes.iter().flatten();
    expect![[r#"pacific 1 names Event { origin: "pacific", lamport: 1, vector: {"pacific": 1}, payload: b"after" } and Event { origin: "pacific", lamport: 1, vector: {"pacific": 1}, payload: b"before" }"#]]
        .assert_eq(&names_are_unique(nodes.flat_map(|node| node.0.events())).expect_err("one name twice"));
    let known = outcome.nodes[atlantic.index()].as_ref().map(|node| payloads_of(node.0.events()));
    assert_eq!(
        known.as_deref(),
        Some(&["before".to_owned()][..]),
        "the second is taken for a duplicate: lost"
    );
    let vector = judged(&outcome.trace).into_iter().find(|(promise, _)| promise.starts_with("vector"));
    expect![[r#"
        violated
        expected  e2 concurrent with e5
        found     e2 after e5: the vector clock orders two concurrent events; 2 more pairs are wrong
        events    e2  atlantic   +0.001000s  receives m1 from pacific  lamport 2  vector {atlantic:1 pacific:1}
                  e5  pacific#1  +0.004000s  submits                   lamport 1  vector {pacific:1}
        proof     no chain of messages leads from e2 to e5, nor back"#]].assert_eq(&vector.expect("vectors were claimed").1);
}

#[test]
fn a_state_that_is_torn_foreign_or_none_is_forgotten_and_told() {
    let replica = |node| {
        Replica::new(STATIONS, NodeId::new(node), Durability::EveryEvent, |identity, _| dotted(identity))
    };
    let state_of = |node| {
        let mut effects = Effects::new();
        replica(node).submit(b"x".to_vec(), &mut effects);
        let (steps, _) = effects.into_parts();
        let state = steps.into_iter().find_map(|step| match step.act {
            constellation_fabric::StepAct::Persist(state) => Some(state),
            _ => None,
        });
        state.expect("it persists every event")
    };
    let check = |state: Vec<u8>, expected: Expect| {
        let (mut restarted, mut effects) = (replica(0), Effects::new());
        restarted.on(Now::ZERO, Input::Restart { state: Some(state), incarnation: 1 }, &mut effects);
        let told: Vec<_> = effects.steps().iter().map(|step| step.label.clone()).collect();
        expected.assert_eq(&format!("{}{}", restarted.events().len(), told.join("")));
        assert_eq!(restarted.identity().as_str(), "pacific#1");
    };
    let whole = state_of(0);
    check(whole.clone(), expect!["1"]);
    check(
        state_of(1),
        expect![
            "0forgets its earlier lives: no state of an earlier life: the checkpoint belongs to indian_ocean, not to pacific#1"
        ],
    );
    check(
        Vec::new(),
        expect![
            "0forgets its earlier lives: no state of an earlier life: malformed input at byte 0: it ends too early"
        ],
    );
    for end in 0..whole.len() {
        let (mut restarted, mut effects) = (replica(0), Effects::new());
        let state = Some(whole[..end].to_vec());
        restarted.on(Now::ZERO, Input::Restart { state, incarnation: 1 }, &mut effects);
        assert_eq!((restarted.refused(), restarted.events().len()), (1, 0), "torn after {end} bytes");
    }
}

#[test]
fn calm_is_the_seedless_run() {
    // The simulator's calm run of the same replicas loses nothing: every event reaches every living node.
    let mut setup = Setup::new(STATIONS, TrueTime::from_ns(1_000));
    setup.plan =
        Plan::new().at(TrueTime::from_ns(1), Act::Request { node: NodeId::new(0), request: b"x".to_vec() });
    let factory = |node| Replica::new(STATIONS, node, Durability::Volatile, |identity, _| dotted(identity));
    let outcome = World::new(setup, Calm, factory).and_then(World::run).expect("a calm run");
    assert!(outcome.nodes.iter().flatten().all(|node| node.events().len() == 1));
    assert_holds(&outcome.trace);
    assert_eq!(first_of_pacific().vector.encode(), vector(&[("pacific", 1)]).encode());
}

//! A name on the bus has one living owner; what he has to say waits in order, costs nothing while it waits, and is never
//! said to be sent when it is not.

use std::cell::Cell;
use std::sync::Arc;

use constellation_clock::bytes::{Kind, Limits, Reader, Wire, Writer};
use constellation_clock::{
    Clock, ClusterNode, DottedClock, Durability, Error, Group, Identity, InjectedClock, LamportStamp,
    MessageBus, NamedLamport, Refusal, Replica, VectorStamp,
};
use constellation_fabric::Effects;
use constellation_trace::{Nemesis, NodeId};
use expect_test::expect;

use crate::node::assert_holds;

const STATIONS: [&str; 3] = ["pacific", "indian_ocean", "atlantic"];

fn bus() -> Arc<MessageBus> {
    Arc::new(MessageBus::recording(STATIONS.map(String::from).to_vec()))
}

fn node(bus: &Arc<MessageBus>, id: &str) -> ClusterNode {
    ClusterNode::new(id.to_owned(), bus.clone())
}

fn payloads<C: InjectedClock>(node: &ClusterNode<C>) -> Vec<String> {
    node.events().map(|event| String::from_utf8_lossy(&event.payload).into_owned()).collect()
}

#[tokio::test]
async fn a_name_that_reads_as_a_later_life_is_refused_before_it_can_collide() {
    let names = || vec!["p".to_owned(), "p#1".to_owned(), "a".to_owned()];
    let refused = MessageBus::try_new(names()).expect_err("p#1 is the second life of p");
    expect![[r#"the name "p#1" would be read as incarnation 1 of another node"#]]
        .assert_eq(&refused.to_string());
    let bus = Arc::new(MessageBus::new(names()));
    for _ in 0..2 {
        assert_eq!(bus.send("p", "a", Vec::new()).await, Err(refused.clone()));
        bus.partition(&["p"], &["a"]);
        bus.heal(); // No heal makes the name a better one.
    }
    assert!(matches!(ClusterNode::try_new("p#1".into(), bus.clone()), Err(Error::AmbiguousName { .. })));
    let mut honest = node(&bus, "p");
    assert_eq!(honest.try_submit(b"x".to_vec()).await, Err(Refusal::Bus(refused)));
}

#[tokio::test]
async fn a_second_owner_of_a_living_name_is_refused_and_nothing_is_recorded_of_him() {
    let bus = bus();
    let mut first = node(&bus, "atlantic");
    let in_use = Error::NameInUse { name: "atlantic".to_owned() };
    assert_eq!(ClusterNode::try_new("atlantic".into(), bus.clone()).err(), Some(in_use.clone()));
    let mut second = node(&bus, "atlantic");
    assert_eq!((first.error(), second.error()), (None, Some(&in_use)));
    second.submit(b"y".to_vec()).await;
    assert_eq!(second.try_submit(b"z".to_vec()).await, Err(Refusal::Bus(in_use)));
    assert_eq!((payloads(&second), second.undelivered()), (vec!["y".to_owned()], 2));

    let mut pacific = node(&bus, "pacific");
    for number in 0..4 {
        pacific.submit(vec![b'0' + number]).await;
        second.run().await; // It has nothing to do, and takes nothing away.
    }
    assert_eq!((second.drain().await, first.drain().await), (0, 4));
    assert_eq!(payloads(&first), ["0", "1", "2", "3"]);
    first.submit(b"x".to_vec()).await;
    pacific.drain().await;
    node(&bus, "indian_ocean").drain().await;
    let trace = bus.trace().expect("it records");
    assert_holds(&trace);
    assert_eq!(trace.processes().len(), 3, "no life ended, and none began");

    // Once the first is gone the name is free, for its next life.
    drop(first);
    assert_eq!(node(&bus, "atlantic").identity().as_str(), "atlantic#1");
    assert_eq!(second.identity().as_str(), "atlantic", "who was refused stays so");
    assert!(second.error().is_some());
}

#[tokio::test]
async fn who_has_no_place_on_the_bus_counts_what_it_cannot_send() {
    let bus = bus();
    let mut stray = node(&bus, "pacifc");
    stray.submit(b"x".to_vec()).await;
    stray.run().await;
    assert_eq!((stray.events().len(), stray.undelivered()), (1, 3), "none of the three has heard of it");
    let told = stray.error().expect("it is misspelt").to_string();
    expect!["there is no node `pacifc` on the bus; did you mean `pacific`?"].assert_eq(&told);
    assert_eq!(bus.recv("atlantc").await, None);
    let told = bus.try_recv("atlantc").await.expect_err("it is misspelt").to_string();
    expect!["there is no node `atlantc` on the bus; did you mean `atlantic`?"].assert_eq(&told);
    bus.send("pacific", "atlantic", b"x".to_vec()).await.expect("open");
    assert_eq!(
        bus.try_recv("atlantic").await.map(|found| found.map(|one| one.payload)),
        Ok(Some(b"x".to_vec()))
    );
    bus.close();
    assert_eq!(bus.try_recv("atlantic").await, Ok(None));
}

#[test]
fn a_replica_whose_number_is_no_nodes_is_refused() {
    let birth = |identity: &Identity, _: &_| DottedClock::new(identity.as_str());
    let refused = Replica::try_new(STATIONS, NodeId::new(7), Durability::Volatile, birth).err();
    expect!["there is no node number 7, only 3 from 0 up"].assert_eq(&refused.expect("three").to_string());
    let refused = Replica::try_new(["p", "p#1"], NodeId::new(0), Durability::Volatile, birth).err();
    assert!(matches!(refused, Some(Error::AmbiguousName { .. })));
    assert!(Replica::try_new(STATIONS, NodeId::new(2), Durability::Volatile, birth).is_ok());
    // The other way gives a node without a name, whom nobody believes, and no panic.
    let mut nobody = Replica::new(STATIONS, NodeId::new(7), Durability::Volatile, birth);
    let mut effects = Effects::new();
    nobody.submit(b"x".to_vec(), &mut effects);
    let envelope = effects.steps()[0].sends[0].1.clone();
    let mut peer = Replica::new(STATIONS, NodeId::new(0), Durability::Volatile, birth);
    let refused = peer.receive(NodeId::new(7), envelope, &mut Effects::receiving());
    expect!["it counts events of , a stranger"].assert_eq(&refused.expect_err("who is that?").to_string());
}

thread_local! {
    /// How many messages were put into bytes on this thread.
    static WRITTEN: Cell<u32> = const { Cell::new(0) };
    /// How many were read with the names of a group.
    static GROUPED: Cell<u32> = const { Cell::new(0) };
}

/// A message that counts how often it is put into bytes.
#[derive(Clone, Debug)]
struct Counted(LamportStamp);

impl Wire for Counted {
    const KIND: Kind = Kind::LamportStamp;

    fn write(&self, writer: &mut Writer) {
        WRITTEN.set(WRITTEN.get() + 1);
        self.0.write(writer);
    }

    fn read(reader: &mut Reader<'_>, limits: &Limits, group: Option<&Group>) -> Result<Counted, Error> {
        GROUPED.set(GROUPED.get() + u32::from(group.is_some()));
        LamportStamp::read(reader, limits, group).map(Counted)
    }
}

struct Counting(NamedLamport);

impl Clock for Counting {
    type Stamp = LamportStamp;
    type Message = Counted;
    type Error = Error;

    fn event(&mut self) -> Result<LamportStamp, Error> {
        self.0.event()
    }

    fn send(&mut self) -> Result<(LamportStamp, Counted), Error> {
        self.0.send().map(|(stamp, message)| (stamp, Counted(message)))
    }

    fn receive(&mut self, message: &Counted) -> Result<LamportStamp, Error> {
        self.0.receive(&message.0)
    }
}

impl InjectedClock for Counting {}

#[tokio::test]
async fn what_waits_costs_no_work_until_it_can_be_sent() {
    let bus = Arc::new(MessageBus::recording(STATIONS.map(String::from).to_vec()).with_held_max(1));
    let counting = |identity: &Identity| Counting(NamedLamport::new(identity.clone()));
    let mut pacific = ClusterNode::with_birth("pacific".to_owned(), bus.clone(), counting);
    bus.partition(&["pacific"], &["atlantic"]);
    for number in 0..200_u8 {
        pacific.submit(vec![number]).await;
    }
    assert_eq!(pacific.undelivered(), 199);
    assert_eq!(WRITTEN.take(), 200, "once for indian_ocean each, the first of them for atlantic too");
    bus.heal();
    assert_eq!(pacific.drain().await, 0); // It is told of the heal.
    assert_eq!((pacific.undelivered(), WRITTEN.take()), (0, 199));
    for id in ["indian_ocean", "atlantic"] {
        let mut peer = ClusterNode::with_birth(id.to_owned(), bus.clone(), counting);
        assert_eq!(peer.drain().await, 200);
        assert!(peer.events().map(|event| event.payload[0]).eq(0..200), "in order");
    }
    assert_holds(&bus.trace().expect("it records"));
}

#[tokio::test]
async fn messages_are_read_with_the_names_that_a_node_has_and_later_lives_join_them() {
    let bus = bus();
    let counting = |identity: &Identity| Counting(NamedLamport::new(identity.clone()));
    let mut atlantic = ClusterNode::with_birth("atlantic".to_owned(), bus.clone(), counting);
    let mut shares = Vec::new();
    for _life in 0..3 {
        let mut pacific = ClusterNode::with_birth("pacific".to_owned(), bus.clone(), counting);
        for _ in 0..5 {
            pacific.submit(b"x".to_vec()).await;
        }
        GROUPED.take();
        assert_eq!(atlantic.drain().await, 5);
        shares.push(GROUPED.take());
    }
    assert_eq!(shares, [5, 4, 4], "the first message of a new life brings its name");
    assert_eq!(atlantic.events().len(), 15);
}

#[tokio::test]
async fn an_event_is_not_made_unless_the_bus_takes_it_for_everybody() {
    for (held_max, is_made) in [(0, false), (1, false), (2, true)] {
        let bus =
            Arc::new(MessageBus::recording(STATIONS.map(String::from).to_vec()).with_held_max(held_max));
        let mut pacific = node(&bus, "pacific");
        bus.partition(&["pacific"], &["atlantic", "indian_ocean"]);
        let before = format!("{:?}", pacific.replica());
        let made = pacific.try_submit(b"x".to_vec()).await;
        assert_eq!((made.is_ok(), pacific.undelivered()), (is_made, 0), "room for {held_max}");
        assert_eq!(format!("{:?}", pacific.replica()) == before, !is_made, "all or nothing");
        assert_eq!(bus.held(), if is_made { 2 } else { 0 });
    }
}

#[tokio::test]
async fn what_a_node_takes_to_its_grave_is_lost_and_said_to_be() {
    let bus = Arc::new(MessageBus::recording(STATIONS.map(String::from).to_vec()).with_held_max(1));
    let mut pacific = node(&bus, "pacific");
    bus.partition(&["pacific"], &["atlantic"]);
    for number in 0..3_u8 {
        pacific.submit(vec![number]).await;
    }
    let told = |bus: &MessageBus| {
        let trace = bus.trace().expect("it records");
        let lost = trace.nemesis().iter().filter(|entry| matches!(entry.nemesis, Nemesis::Lose(..))).count();
        let flying = trace.nemesis().iter().filter(|entry| matches!(entry.nemesis, Nemesis::InFlight(_)));
        (lost, flying.count())
    };
    assert_eq!(
        (pacific.undelivered(), told(&bus)),
        (2, (0, 3 + 2)),
        "three for indian_ocean, two not yet taken"
    );
    drop(pacific);
    assert_eq!(told(&bus), (2, 3));
}

/// An envelope of pacific's, as far as it says; with nothing of a clock.
fn forged(origin: &str, vector: &[(String, u64)]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.varint(Kind::Envelope as u64);
    writer.text(origin);
    writer.varint(1);
    let entries = vector.iter().map(|(name, counter)| (name.as_str(), *counter));
    VectorStamp::from_entries(entries).expect("no name twice").write(&mut writer);
    writer.varint(0);
    writer.into_bytes()
}

#[tokio::test]
async fn a_crowd_of_forged_lives_makes_nobody_deaf() {
    let bus = bus();
    let (mut atlantic, mut indian_ocean) = (node(&bus, "atlantic"), node(&bus, "indian_ocean"));
    let lives = |count: u32| (1..=count).map(|life| (format!("pacific#{life}"), 1)).collect::<Vec<_>>();
    for count in [4_095, 65] {
        bus.send("pacific", "atlantic", forged("pacific#1", &lives(count))).await.expect("open");
    }
    assert_eq!(atlantic.drain().await, 2);
    let refused = atlantic.last_refused().expect("both were").refusal.to_string();
    expect!["it would bring our vector to 65 later lives of pacific, at most 64 are heard of"]
        .assert_eq(&refused);
    bus.send("pacific", "atlantic", forged("pacific#1", &lives(64))).await.expect("open");
    indian_ocean.submit(b"honest".to_vec()).await;
    atlantic.drain().await;
    assert_eq!((payloads(&atlantic), atlantic.refused()), (vec![String::new(), "honest".to_owned()], 2));
}

#[tokio::test]
async fn however_full_a_vector_is_the_first_life_of_a_member_has_its_place() {
    let bus = bus();
    let limits = Limits { entries_max: 8, ..Limits::STANDARD };
    let [mut atlantic, mut indian_ocean] =
        ["atlantic", "indian_ocean"].map(|id| node(&bus, id).with_limits(limits));
    for life in 1..8 {
        let origin = format!("pacific#{life}");
        bus.send("pacific", "atlantic", forged(&origin, &[(origin.clone(), 1)])).await.expect("open");
    }
    atlantic.drain().await;
    assert_eq!((atlantic.events().len(), atlantic.refused()), (5, 2), "three places are kept");
    expect!["it would bring our vector to 9 entries, at most 8 are allowed"]
        .assert_eq(&atlantic.last_refused().expect("two were").refusal.to_string());
    indian_ocean.submit(b"honest".to_vec()).await;
    atlantic.drain().await;
    assert_eq!(payloads(&atlantic).last().map(String::as_str), Some("honest"));
    atlantic.submit(b"own".to_vec()).await;
    indian_ocean.drain().await;
    assert_eq!((indian_ocean.refused(), indian_ocean.events().len()), (0, 2));
}

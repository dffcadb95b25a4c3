//! The same node on the asynchronous bus: its steps, its timers, and who refuses what.

use std::sync::Arc;
use std::time::Duration;

use constellation_clock::{Error, MessageBus};
use constellation_fabric::{Effects, Input, Node, Now, Timer};
use constellation_live::bus::{BusError, Gone, attach};
use constellation_live::{Clocks, WireNode};
use constellation_trace::{Trace, Verdict};
use constellation_verify::{Budget, Order, delivery};
use expect_test::{Expect, expect};

use crate::beacon::{Ask, Beacon};
use crate::told::told;

fn bus() -> Arc<MessageBus> {
    Arc::new(MessageBus::recording(vec!["pacific".into(), "atlantic".into()]))
}

/// Lets everybody work until nothing is left to do but to wait.
async fn settle() {
    tokio::time::sleep(Duration::from_secs(1)).await;
}

/// The run of two beacons on a bus, of which Pacific repeats what it tells twice.
async fn run(act: impl AsyncFnOnce(&MessageBus, &dyn Fn(Ask))) -> Trace {
    let bus = bus();
    let (pacific, ask) = attach(&bus, "pacific", Beacon::new([1], 2), Clocks::machine()).expect("it is free");
    let (atlantic, _) = attach(&bus, "atlantic", Beacon::new([0], 0), Clocks::machine()).expect("it is free");
    let world = async {
        settle().await;
        act(&bus, &|what| ask.request(what).expect("it runs")).await;
        settle().await;
        bus.close();
    };
    let (pacific, atlantic, ()) = tokio::join!(pacific.run(), atlantic.run(), world);
    pacific.expect("nothing is refused");
    atlantic.expect("nothing is refused");
    bus.trace().expect("all of it can be recorded")
}

fn check(trace: &Trace, expected: Expect) {
    expected.assert_eq(&told(trace));
    let budget = Budget::default();
    let order = Order::of(trace, &budget).expect("it is short");
    assert_eq!(delivery::links_keep_order(&order).verdict, Verdict::Holds);
}

#[tokio::test(start_paused = true)]
async fn steps_of_a_node_are_events_of_the_bus_and_its_timers_run_out() {
    let trace = run(async |_, ask| ask(Ask::Add(5))).await;
    check(
        &trace,
        expect![[r#"
            e0 pacific online
            e1 atlantic online
            e2 pacific adds 5
            e3 pacific Persist m0! tells 5
            e4 atlantic m0? hears 5
            e5 atlantic Persist
            e6 pacific m1! tells again
            e7 atlantic m1? hears 5
            e8 pacific m2! tells again
            e9 atlantic m2? hears 5"#]],
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_partition_holds_arrives_after_the_heal() {
    let trace = run(async |bus, ask| {
        bus.partition(&["pacific"], &["atlantic"]);
        ask(Ask::Add(5));
        settle().await;
        bus.heal();
    })
    .await;
    check(
        &trace,
        expect![[r#"
            e0 pacific online
            e1 atlantic online
              ~ Partition { group_a: [NodeId(0)], group_b: [NodeId(1)] }
            e2 pacific adds 5
            e3 pacific Persist m0! tells 5
              ~ Hold(MessageId(0))
            e4 pacific m1! tells again
              ~ Hold(MessageId(1))
            e5 pacific m2! tells again
              ~ Hold(MessageId(2))
              ~ Heal
            e6 atlantic m0? hears 5
            e7 atlantic Persist
            e8 atlantic m1? hears 5
            e9 atlantic m2? hears 5"#]],
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_no_message_is_refused_and_lost() {
    let trace = run(async |bus, _| {
        bus.send("atlantic", "pacific", b"garbage".to_vec()).await.expect("the bus does not look");
    })
    .await;
    check(
        &trace,
        expect![[r#"
            e0 pacific online
            e1 atlantic online
            e2 atlantic m0!
            e3 pacific refuses m0: its 7 bytes are no message
              ~ Lose(MessageId(0), Plain)"#]],
    );
}

#[tokio::test(start_paused = true)]
async fn what_the_node_refuses_is_lost() {
    let trace = run(async |bus, ask| {
        ask(Ask::Add(9));
        settle().await;
        bus.send("atlantic", "pacific", Beacon::encode(&4)).await.expect("the bus does not look");
    })
    .await;
    let told = told(&trace);
    let end: Vec<&str> = told.lines().rev().take(3).collect();
    expect![[r#"
          ~ Lose(MessageId(3), Plain)
        e11 pacific refuses 4
        e10 atlantic m3!"#]]
    .assert_eq(&end.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn who_takes_the_place_of_another_is_its_next_life_and_remembers_nothing() {
    let bus = bus();
    let (first, ask) = attach(&bus, "pacific", Beacon::new([1], 0), Clocks::machine()).expect("it is free");
    let taken = attach(&bus, "pacific", Beacon::new([1], 0), Clocks::machine());
    assert_eq!(taken.err(), Some(Error::NameInUse { name: "pacific".into() }));
    ask.request(Ask::Add(5)).expect("it is yet to run");
    ask.stop().expect("it is yet to run");
    assert_eq!(first.run().await.expect("nothing is refused").count, 5);
    assert_eq!(ask.request(Ask::Show), Err(Gone));
    assert_eq!(Gone.to_string(), "the node runs no more");

    let (second, ask) = attach(&bus, "pacific", Beacon::new([1], 0), Clocks::machine()).expect("it is free");
    ask.leave().expect("it is yet to run");
    second.run().await.expect("nothing is refused");
    expect![[r#"
        e0 pacific online
        e1 pacific adds 5
        e2 pacific Persist m0! tells 5
        e3 pacific Crash
        e4 pacific#1 Restart { from: None }
        e5 pacific#1 remembers 0
        e6 pacific#1 leaves
          ~ InFlight(MessageId(0))"#]]
    .assert_eq(&told(&bus.trace().expect("all of it can be recorded")));
}

#[tokio::test(start_paused = true)]
async fn who_is_not_on_the_bus_is_told_who_is_near() {
    let error =
        attach(&bus(), "pasific", Beacon::new([1], 0), Clocks::machine()).expect_err("a typing mistake");
    assert_eq!(error.to_string(), "there is no node `pasific` on the bus; did you mean `pacific`?");
}

#[tokio::test(start_paused = true)]
async fn a_message_to_a_node_that_is_not_on_the_bus_ends_the_node() {
    let bus = bus();
    let (node, ask) = attach(&bus, "pacific", Beacon::new([9], 0), Clocks::machine()).expect("it is free");
    ask.request(Ask::Add(5)).expect("it is yet to run");
    let error = node.run().await.expect_err("there are two nodes");
    assert_eq!(error.to_string(), "there is no node `number 9` on the bus");
}

/// Has a timer that has always run out, until it is asked to rest.
struct Restless {
    timers: u32,
    is_at_rest: bool,
}

impl Node for Restless {
    type Message = u64;
    type Request = ();

    fn on(&mut self, _now: Now, input: Input<u64, ()>, effects: &mut Effects<u64>) {
        match input {
            Input::Request(()) => self.is_at_rest = true,
            Input::Timer(_) => self.timers += 1,
            _ => {}
        }
        if !self.is_at_rest && self.timers < 10_000 {
            effects.set_timer(Timer(0), Duration::ZERO);
        }
    }
}

impl WireNode for Restless {
    fn encode(message: &u64) -> Vec<u8> {
        Beacon::encode(message)
    }

    fn decode(bytes: &[u8]) -> Option<u64> {
        Beacon::decode(bytes)
    }
}

#[tokio::test(start_paused = true)]
async fn a_node_whose_timers_never_end_hears_what_it_is_asked() {
    let bus = bus();
    let restless = Restless { timers: 0, is_at_rest: false };
    let (node, ask) = attach(&bus, "pacific", restless, Clocks::machine()).expect("it is free");
    ask.request(()).expect("it is yet to run");
    ask.stop().expect("it is yet to run");
    let node = node.run().await.expect("nothing is refused");
    assert!(node.is_at_rest && node.timers < 10, "{} timers", node.timers);
}

/// Says that it received something when it starts.
struct Liar;

impl Node for Liar {
    type Message = u64;
    type Request = ();

    fn on(&mut self, _now: Now, _input: Input<u64, ()>, effects: &mut Effects<u64>) {
        effects.take_over(&mut Effects::receiving(), |message| message);
    }
}

impl WireNode for Liar {
    fn encode(message: &u64) -> Vec<u8> {
        Beacon::encode(message)
    }

    fn decode(bytes: &[u8]) -> Option<u64> {
        Beacon::decode(bytes)
    }
}

#[tokio::test(start_paused = true)]
async fn a_node_that_receives_what_was_never_sent_is_ended() {
    let bus = bus();
    let (node, _) = attach(&bus, "pacific", Liar, Clocks::machine()).expect("it is free");
    let error = node.run().await.err().expect("nobody sent it anything");
    assert_eq!(error, BusError::Receive);
    assert_eq!(error.to_string(), "the node receives something where there was no message");
    assert!(bus.trace().expect("nothing happened").events().is_empty());
}

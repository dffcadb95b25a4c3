//! The same station on the asynchronous message bus, and its run before the same judges.

use std::sync::Arc;
use std::time::Duration;

use constellation_clock::MessageBus;
use constellation_lab::promises::judge_trace;
use constellation_lab::station::{DiskSync, Request, Rules};
use constellation_lab::{Resolver, Station};
use constellation_live::bus::attach;
use constellation_live::{Clocks, WireNode};
use constellation_trace::{Judgement, NodeId, Trace};
use expect_test::{Expect, expect};

const NODES: [&str; 3] = ["pacific", "indian_ocean", "atlantic"];

/// Two stations update one key while the bus holds what they tell each other.
async fn conjunction(resolver: Resolver) -> Trace {
    let nodes: Vec<String> = NODES.map(str::to_owned).to_vec();
    let bus = Arc::new(MessageBus::recording(nodes.clone()));
    let rules = Rules { nodes, resolver, anti_entropy: Some(Duration::from_secs(1)), sync: DiskSync::Always };
    let rules = Arc::new(rules);
    let station = |place: u32, name: &str| {
        let station = Station::new(Arc::clone(&rules), NodeId::new(place));
        attach(&bus, name, station, Clocks::machine()).expect("the name is on the bus, and free")
    };
    let [(pacific, ask_pacific), (indian_ocean, ask_indian_ocean), (atlantic, ask_atlantic)] =
        [(0, NODES[0]), (1, NODES[1]), (2, NODES[2])].map(|(place, name)| station(place, name));
    let key = || "mss-17/attitude".to_owned();
    let submit = |value: &str| Request::Submit { key: key(), value: value.to_owned() };
    let world = async {
        let rest = async || tokio::time::sleep(Duration::from_secs(10)).await;
        bus.partition(&["pacific", "atlantic"], &["indian_ocean"]);
        ask_pacific.request(submit("yaw +2.0")).expect("it runs");
        ask_indian_ocean.request(submit("yaw -1.5")).expect("it runs");
        rest().await;
        bus.heal();
        rest().await;
        for ask in [&ask_pacific, &ask_indian_ocean, &ask_atlantic] {
            ask.request(Request::Rest).expect("it runs");
            ask.request(Request::Read { key: key() }).expect("it runs");
        }
        rest().await;
        bus.close();
    };
    let ran = tokio::join!(pacific.run(), indian_ocean.run(), atlantic.run(), world);
    let (Ok(_), Ok(_), Ok(_), ()) = ran else { panic!("the bus takes all that they send") };
    bus.trace().expect("all of it can be recorded")
}

fn check(trace: &Trace, expected: Expect) {
    let judged = |judgement: &Judgement| format!("{:<8} {}\n", judgement.verdict.word(), judgement.promise);
    expected.assert_eq(&judge_trace(trace).iter().map(judged).collect::<String>());
}

#[tokio::test(start_paused = true)]
async fn the_station_that_was_simulated_keeps_its_promises_on_the_bus() {
    check(
        &conjunction(Resolver::Siblings).await,
        expect![[r#"
            holds    vector stamps tell before, after and concurrent exactly
            holds    each vector stamp is the join of its causes and one tick
            holds    lamport stamps never contradict happens-before
            holds    no update is lost: a read shows all it knows that nothing supersedes
            holds    every update survives or is superseded
            holds    no stale sibling is shown
            holds    nothing is shown out of thin air
            holds    replicas converge
            holds    every message arrives unless the world lost it
        "#]],
    );
}

/// The planted bug is the same as in a simulation, and the same judge finds it.
#[tokio::test(start_paused = true)]
async fn the_last_write_by_lamport_time_loses_an_update_on_the_bus_too() {
    check(
        &conjunction(Resolver::LamportLww).await,
        expect![[r#"
            holds    vector stamps tell before, after and concurrent exactly
            holds    each vector stamp is the join of its causes and one tick
            holds    lamport stamps never contradict happens-before
            violated no update is lost: a read shows all it knows that nothing supersedes
            violated every update survives or is superseded
            holds    no stale sibling is shown
            holds    nothing is shown out of thin air
            holds    replicas converge
            holds    every message arrives unless the world lost it
        "#]],
    );
}

/// No real time is in such a trace: under time that moves by itself it is the same each time.
#[tokio::test(start_paused = true)]
async fn a_run_on_the_bus_is_the_same_each_time_where_time_moves_by_itself() {
    assert_eq!(conjunction(Resolver::Siblings).await, conjunction(Resolver::Siblings).await);
}

#[test]
fn bytes_that_are_no_message_of_a_station_are_nothing() {
    for bytes in [&b""[..], b"\x00", &[0xff; 32]] {
        assert!(Station::decode(bytes).is_none(), "{bytes:?}");
    }
}

//! The four stations of the course, over the bus, through the partition of the Antarctic relay.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use constellation_clock::bytes::Limits;
use constellation_clock::{
    Catalog, ClusterNode, Context, DottedClock, DriftPolicy, Event, HybridClock, Identity, InjectedClock,
    MessageBus, NamedLamport, Ordering, PhysicalTime, Reconciled, Update, VectorClock,
};
use tokio::time::{self, Instant};

use crate::node::assert_holds;

const STATIONS: [&str; 4] = ["pacific", "indian_ocean", "atlantic", "antarctic"];
/// With the relay down, antarctic is cut off, and so are the halves of the world that met through it.
const SIDE_A: [&str; 2] = ["pacific", "antarctic"];
const SIDE_B: [&str; 2] = ["indian_ocean", "atlantic"];

fn bus() -> Arc<MessageBus> {
    Arc::new(MessageBus::recording(STATIONS.map(String::from).to_vec()))
}

fn stations(bus: &Arc<MessageBus>) -> [ClusterNode; 4] {
    STATIONS.map(|id| ClusterNode::new(id.to_owned(), bus.clone()))
}

/// An event by its name, with everything in it.
fn by_name<'a>(events: impl Iterator<Item = &'a Event>) -> BTreeMap<(String, u64), String> {
    events.map(|event| ((event.origin.clone(), event.counter()), format!("{event:?}"))).collect()
}

#[tokio::test]
async fn partition_holds_then_delivers() {
    let bus = bus();
    let [mut pacific, mut indian_ocean, mut atlantic, mut antarctic] = stations(&bus);
    bus.partition(&SIDE_A, &SIDE_B);
    let first = pacific.submit(b"MSS-17 roll 2".to_vec()).await;
    let second = pacific.submit(b"MSS-17 roll 3".to_vec()).await;

    assert_eq!(antarctic.drain().await, 2, "its own side hears at once");
    assert_eq!(indian_ocean.drain().await + atlantic.drain().await, 0, "the other side hears nothing");
    assert_eq!(bus.held(), 4, "and nothing is lost");

    bus.heal();
    for node in [&mut indian_ocean, &mut atlantic] {
        assert_eq!(node.drain().await, 2);
        assert!(node.events().eq([&first, &second]), "in the order of sending");
    }
    assert_holds(&bus.trace().expect("it records"));
}

/// Pacific and Indian Ocean update one key while they are cut off; says what each made of the other's update.
async fn concurrent_updates(first: &str) -> [(String, Reconciled<Vec<u8>>, Vec<Vec<u8>>); 2] {
    let bus = MessageBus::new(STATIONS.map(String::from).to_vec());
    bus.partition(&SIDE_A, &SIDE_B);
    let names = ["pacific", "indian_ocean"];
    let mut catalogs = names.map(Catalog::<Vec<u8>>::new);
    let order = if first == "pacific" { [0, 1] } else { [1, 0] };
    for at in order {
        let value = format!("roll by {}", names[at]).into_bytes();
        let context = catalogs[at].get("MSS-17").context;
        let update = catalogs[at].put("MSS-17", value, &context).expect("one owner a name");
        bus.send(names[at], names[1 - at], update.encode()).await.expect("it is held");
    }
    bus.heal();
    let mut outcome = Vec::new();
    for at in [0, 1] {
        let message = bus.recv(names[at]).await.expect("the heal delivers it");
        let update = Update::decode(&message.payload, &Limits::STANDARD).expect("it was encoded");
        let reconciled = catalogs[at].reconcile(&update).expect("one owner a name");
        outcome.push((reconciled.to_string(), reconciled, catalogs[at].get("MSS-17").values));
    }
    outcome.try_into().expect("two stations")
}

#[tokio::test]
async fn no_silent_winner() {
    let [ours, theirs] = ["pacific", "indian_ocean"].map(|name| format!("roll by {name}").into_bytes());
    for first in ["pacific", "indian_ocean"] {
        let [pacific, indian_ocean] = concurrent_updates(first).await;
        assert_eq!(pacific.0, "CONCURRENT");
        let (held, arrived) = (vec![ours.clone()], vec![theirs.clone()]);
        assert_eq!(pacific.1, Reconciled::Concurrent { held: held.clone(), arrived: arrived.clone() });
        assert_eq!(indian_ocean.0, "CONCURRENT");
        assert_eq!(indian_ocean.1, Reconciled::Concurrent { held: arrived, arrived: held });
        assert_eq!(pacific.2, indian_ocean.2, "both show both");
        assert_eq!(pacific.2.len(), 2);
    }

    // A third station that hears of both, whichever comes first, sees the conflict at the second.
    let mut writers = ["pacific", "indian_ocean"].map(Catalog::new);
    let [one, other] =
        [0, 1].map(|at| writers[at].put("MSS-17", at, &Context::default()).expect("one owner"));
    for updates in [[&one, &other], [&other, &one]] {
        let mut antarctic = Catalog::new("antarctic");
        let words = updates.map(|update| antarctic.reconcile(update).expect("one owner").to_string());
        assert_eq!(words, ["ADOPTED", "CONCURRENT"]);
    }
}

/// Runs a station for as long as the bus is open, submitting `count` events, one every `pause`.
async fn live(mut node: ClusterNode, count: u32, pause: Duration) -> ClusterNode {
    let mut ticks = time::interval_at(Instant::now() + pause, pause);
    let mut left = count;
    loop {
        tokio::select! {
            biased;
            _ = ticks.tick(), if left > 0 => {
                node.submit(format!("{} {left}", node.id()).into_bytes()).await;
                left -= 1;
            }
            () = node.run() => return node,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn recovery_converges() {
    let bus = bus();
    let began = Instant::now();
    let nodes = stations(&bus).map(|node| tokio::spawn(live(node, 10, Duration::from_millis(450))));
    bus.partition(&SIDE_A, &SIDE_B);
    time::sleep(Duration::from_secs(5)).await;
    assert_eq!(bus.held(), 2 * 20 * 2, "20 events on each side, each held for two stations");
    bus.heal();
    time::sleep(Duration::from_secs(1)).await;
    bus.close();
    assert_eq!(began.elapsed(), Duration::from_secs(6), "in virtual time");

    let mut sets = Vec::new();
    for node in nodes {
        let node = node.await.expect("a station does not panic");
        assert_eq!((node.events().len(), node.refused(), node.undelivered()), (40, 0, 0));
        sets.push(by_name(node.events()));
    }
    assert_eq!(sets[0].len(), 40);
    assert!(sets.iter().all(|set| *set == sets[0]), "the same set of events on every node");
    assert_holds(&bus.trace().expect("it records"));
}

/// What a run shows of everything but the injected clock.
#[derive(Debug, Eq, PartialEq)]
struct Shown {
    events: Vec<String>,
    handled: Vec<usize>,
    causality: Vec<String>,
}

/// One schedule, whatever the clock: updates, a partition, updates on both sides, a heal.
async fn schedule<C: InjectedClock>(birth: impl Fn(&Identity) -> C) -> Shown {
    let bus = bus();
    let mut nodes = STATIONS.map(|id| ClusterNode::with_birth(id.to_owned(), bus.clone(), &birth));
    let mut handled = Vec::new();
    for round in 0..6 {
        match round {
            2 => drop(bus.partition(&SIDE_A, &SIDE_B)),
            4 => bus.heal(),
            _ => {}
        }
        for (at, node) in nodes.iter_mut().enumerate() {
            if (at + round) % 3 != 0 {
                node.submit(format!("{round}.{at}").into_bytes()).await;
            }
            handled.push(node.drain().await);
        }
    }
    for node in &mut nodes {
        handled.push(node.drain().await);
    }
    let trace = bus.trace().expect("it records");
    assert_holds(&trace);
    let causality = trace.event_ids().map(|event| {
        let claims = trace
            .claims_of(event)
            .filter(|claim| !matches!(claim, constellation_trace::ClaimRef::Hybrid { .. }));
        claims.map(|claim| trace.show_claim(claim)).collect::<Vec<_>>().join(" ")
    });
    Shown {
        events: nodes.iter().flat_map(ClusterNode::events).map(|event| format!("{event:?}")).collect(),
        handled,
        causality: causality.collect(),
    }
}

#[tokio::test]
async fn injected_clock_changes_nothing() {
    let dotted = schedule(|identity| DottedClock::new(identity.as_str())).await;
    assert_eq!(dotted.events.len(), 4 * 16);
    assert_eq!(schedule(|identity| VectorClock::new(identity.as_str())).await, dotted);
    assert_eq!(schedule(|identity| NamedLamport::new(identity.clone())).await, dotted);
    let hybrid = schedule(|identity| {
        // Walls that disagree, and one that goes back; all within the bound.
        let start = identity.as_str().len() as u64;
        let mut step = start;
        HybridClock::new(identity.clone(), DriftPolicy::STANDARD, move || {
            step = if step > start + 5 { start } else { step + 1 };
            Ok(PhysicalTime::from_ns(step))
        })
    });
    assert_eq!(hybrid.await, dotted);
}

#[tokio::test]
async fn concurrent_events_are_told_from_ordered_ones() {
    let bus = bus();
    let [mut pacific, mut indian_ocean, ..] = stations(&bus);
    bus.partition(&SIDE_A, &SIDE_B);
    pacific.submit(b"a".to_vec()).await;
    indian_ocean.submit(b"b".to_vec()).await;
    bus.heal();
    assert_eq!(pacific.drain().await, 1);
    let after = pacific.submit(b"c".to_vec()).await;
    let stamps: Vec<_> = pacific.replica().log().iter().map(|logged| logged.stamp.clone()).collect();
    let stamps: Vec<_> = stamps.into_iter().map(|stamp| stamp.expect("a dotted clock never fails")).collect();
    use constellation_clock::ExactStamp;
    assert_eq!(stamps[0].compare(&stamps[2]), Ordering::Before);
    let names: BTreeSet<_> = after.entries().into_keys().collect();
    assert_eq!(names, BTreeSet::from(["indian_ocean", "pacific"]));
    let shown: Vec<_> = pacific.events().map(|event| event.entries()).collect();
    assert!(!shown[0].contains_key("indian_ocean") && !shown[1].contains_key("pacific"), "concurrent");
}

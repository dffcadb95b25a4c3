//! An injected clock changes nothing: what it refuses is heard all the same, and it never claims more than it knows.

use std::fmt::Debug;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use constellation_clock::bytes::Limits;
use constellation_clock::lease::{Leased, MemoryStore};
use constellation_clock::{
    Clock, ClusterNode, DriftPolicy, Durability, Envelope, Error, HybridClock, HybridStamp, Identity,
    InjectedClock, MessageBus, PhysicalTime, Refusal, Replica, WallDial, WallUnreadable,
};
use constellation_fabric::{Effects, Input, Link, Network, Node, Now, Odds, Sequence, StepAct};
use constellation_sim::{Act, Disk, Outcome, Plan, Seeded, Setup, Wall, World};
use constellation_trace::{Claim, ClaimKind, Elapsed, NodeId, Trace, TrueTime, WallTime};
use expect_test::expect;

use crate::node::{assert_holds, judged};

const STATIONS: [&str; 3] = ["pacific", "indian_ocean", "atlantic"];
const MS: u64 = 1_000_000;

fn bus() -> Arc<MessageBus> {
    Arc::new(MessageBus::recording(STATIONS.map(String::from).to_vec()))
}

/// A station with a hybrid clock whose wall shows so many milliseconds; 0 is unreadable.
fn station(
    bus: &Arc<MessageBus>,
    id: &str,
    wall_ms: u64,
) -> (ClusterNode<impl InjectedClock + Debug>, Arc<AtomicU64>) {
    let wall = Arc::new(AtomicU64::new(wall_ms));
    let read = wall.clone();
    let node = ClusterNode::with_birth(id.to_owned(), bus.clone(), move |identity| {
        HybridClock::new(identity.clone(), DriftPolicy::STANDARD, move || match read.load(Relaxed) {
            0 => Err(WallUnreadable),
            ms => Ok(PhysicalTime::from_ns(ms * MS)),
        })
    });
    (node, wall)
}

/// For each event in a node's log, what it says and whether the injected clock stamped it.
fn log<C: InjectedClock>(node: &ClusterNode<C>) -> Vec<String> {
    let log = node.replica().log().iter();
    log.map(|logged| {
        let payload = String::from_utf8_lossy(&logged.event.payload);
        format!("{payload}{}", if logged.stamp.is_some() { " stamped" } else { "" })
    })
    .collect()
}

fn behind<C: InjectedClock>(node: &ClusterNode<C>) -> Vec<String> {
    let entries = node.replica().behind().entries();
    entries.map(|(identity, absorbed)| format!("{identity} after {absorbed}")).collect()
}

#[tokio::test]
async fn a_stamp_beyond_the_drift_bound_is_refused_by_the_clock_and_heard_by_the_node() {
    let bus = bus();
    let (mut pacific, _) = station(&bus, "pacific", 100_000);
    let (mut atlantic, _) = station(&bus, "atlantic", 10_000);
    pacific.submit(b"roll 2".to_vec()).await;
    assert_eq!(atlantic.drain().await, 1);
    assert_eq!((atlantic.refused(), atlantic.replica().clock_refused()), (0, 1));
    let refused = atlantic.replica().last_clock_refused().expect("90 s are too many");
    assert_eq!(refused.from, "pacific");
    expect!["pacific is at 100000000000 ns, 90000000000 ns ahead of our wall clock at 10000000000 ns; the bound is 500000000 ns"]
        .assert_eq(&refused.refusal.to_string());
    assert_eq!(atlantic.replica().lamport(), 2, "the node's own clocks have learnt");

    // What atlantic does next comes after an event whose stamp its clock does not know, so it claims none.
    atlantic.submit(b"roll 3".to_vec()).await;
    assert_eq!(log(&atlantic), ["roll 2", "roll 3"]);
    assert_eq!(behind(&atlantic), ["pacific after 0"]);
    assert_eq!(pacific.drain().await, 1);
    assert_eq!(log(&pacific), ["roll 2 stamped", "roll 3 stamped"], "to pacific its own event is no news");
    station(&bus, "indian_ocean", 10_000).0.drain().await;
    assert_holds(&bus.trace().expect("it records"));
}

#[tokio::test]
async fn an_update_that_comes_while_the_wall_cannot_be_read_is_not_lost() {
    let bus = bus();
    let (mut pacific, _) = station(&bus, "pacific", 7);
    let (mut atlantic, wall) = station(&bus, "atlantic", 0);
    pacific.submit(b"1".to_vec()).await;
    atlantic.drain().await;
    wall.store(7, Relaxed);
    atlantic.submit(b"own".to_vec()).await;
    pacific.submit(b"2".to_vec()).await;
    atlantic.drain().await;
    assert_eq!(log(&atlantic), ["1", "own", "2 stamped"], "and the next message makes up for it");
    assert_eq!(atlantic.replica().clock_refused(), 1);
    station(&bus, "indian_ocean", 7).0.drain().await;
    pacific.drain().await;
    assert_holds(&bus.trace().expect("it records"));
}

#[tokio::test]
async fn an_event_without_a_stamp_hides_no_earlier_one() {
    let bus = bus();
    let (mut pacific, wall) = station(&bus, "pacific", 100_400);
    let (mut atlantic, _) = station(&bus, "atlantic", 100_000);
    bus.partition(&["pacific"], &["atlantic"]);
    pacific.submit(b"1".to_vec()).await;
    wall.store(0, Relaxed);
    pacific.submit(b"2".to_vec()).await;
    bus.heal();
    // The first is lost, the second comes without a stamp; but the first is in its past, 400 ms ahead of atlantic.
    drop(bus.recv("atlantic").await);
    atlantic.drain().await;
    atlantic.submit(b"3".to_vec()).await;
    assert_eq!(log(&atlantic), ["2", "3"]);
    for (promise, verdict) in judged(&bus.trace().expect("it records")) {
        assert!(verdict == "holds" || !promise.contains("claims"), "{promise}: {verdict}");
    }
}

#[tokio::test]
async fn whoever_knows_the_rest_brings_it() {
    let bus = bus();
    let (mut pacific, _) = station(&bus, "pacific", 10_600);
    let (mut indian_ocean, _) = station(&bus, "indian_ocean", 10_300);
    let (mut atlantic, wall) = station(&bus, "atlantic", 10_000);
    pacific.submit(b"p".to_vec()).await;
    for node in [&mut atlantic, &mut indian_ocean] {
        node.drain().await;
    }
    assert_eq!(behind(&atlantic), ["pacific after 0"]);
    assert!(behind(&indian_ocean).is_empty());
    // The word goes round that atlantic lacks something, and stops where somebody has it.
    atlantic.submit(b"a".to_vec()).await;
    indian_ocean.drain().await;
    assert!(behind(&indian_ocean).is_empty());
    wall.store(10_400, Relaxed);
    indian_ocean.submit(b"i".to_vec()).await; // It, not pacific.
    atlantic.drain().await;
    assert!(behind(&atlantic).is_empty());
    assert_eq!(log(&atlantic), ["p", "a", "i stamped"]);
    pacific.drain().await;
    assert_holds(&bus.trace().expect("it records"));
}

#[tokio::test]
async fn a_forged_clock_message_moves_no_clock_and_loses_no_event() {
    let bus = bus();
    let (mut atlantic, _) = station(&bus, "atlantic", 10_000);
    let mut effects = Effects::new();
    let mut pacific = Replica::new(STATIONS, NodeId::new(0), Durability::Volatile, |identity, _| {
        let ahead = || Ok(PhysicalTime::from_ns(1 << 62));
        HybridClock::new(identity.clone(), DriftPolicy::STANDARD, ahead)
    });
    pacific.submit(b"x".to_vec(), &mut effects);
    bus.send("pacific", "atlantic", effects.steps()[0].sends[0].1.encode()).await.expect("open");
    let before = format!("{:?}", atlantic.replica().clock());
    assert_eq!(atlantic.drain().await, 1);
    assert_eq!(format!("{:?}", atlantic.replica().clock()), before);
    assert_eq!((atlantic.events().len(), atlantic.replica().clock_refused()), (1, 1));
}

fn by_dial(identity: &Identity, dial: &WallDial) -> impl InjectedClock<Stamp = HybridStamp> + use<> {
    let dial = dial.clone();
    HybridClock::new(identity.clone(), DriftPolicy::STANDARD, move || dial.read())
}

/// The same, under a lease of 100 ms that is lost with the life: only the saved message can tell the next.
fn leased_by_dial(identity: &Identity, dial: &WallDial) -> impl InjectedClock<Stamp = HybridStamp> + use<> {
    let dial = dial.clone();
    let clock = HybridClock::new(identity.clone(), DriftPolicy::STANDARD, move || dial.read());
    let block = NonZeroU64::new(100 * MS).expect("not zero");
    Leased::start(clock, MemoryStore::default(), block).expect("its store is new")
}

fn at(seconds: u64) -> Now {
    Now { wall: WallTime::from_ns(seconds * 1_000 * MS), elapsed: Elapsed::from_ns(0) }
}

fn persisted<M>(effects: Effects<M>) -> Option<Vec<u8>> {
    effects.into_parts().0.into_iter().rev().find_map(|step| match step.act {
        StepAct::Persist(state) => Some(state),
        _ => None,
    })
}

fn a_wall_that_goes_back<C>(birth: fn(&Identity, &WallDial) -> C)
where
    C: InjectedClock<Stamp = HybridStamp> + 'static,
{
    let replica = || Replica::new(STATIONS, NodeId::new(0), Durability::EveryEvent, birth);
    let (mut first, mut effects) = (replica(), Effects::new());
    first.on(at(100), Input::Request(b"x".to_vec()), &mut effects);
    let before = first.log()[0].stamp.clone().expect("stamped");
    let state = persisted(effects);

    let (mut second, mut effects) = (replica(), Effects::new());
    second.on(at(50), Input::Restart { state, incarnation: 1 }, &mut effects);
    assert_eq!((second.refused(), second.events().len()), (0, 1), "{:?}", second.last_refused());
    second.on(at(51), Input::Request(b"y".to_vec()), &mut effects);
    let after = second.log()[1].stamp.clone().expect("stamped");
    assert!(before < after, "{before:?} and then {after:?}");
}

#[test]
fn a_restart_continues_its_own_clock_however_far_the_wall_went_back() {
    a_wall_that_goes_back(by_dial);
    a_wall_that_goes_back(leased_by_dial);
}

/// A clock that cannot take up what its earlier life knew.
struct Stubborn(HybridClock<fn() -> Result<PhysicalTime, WallUnreadable>>);

impl Clock for Stubborn {
    type Stamp = HybridStamp;
    type Message = HybridStamp;
    type Error = Error;

    fn event(&mut self) -> Result<HybridStamp, Error> {
        self.0.event()
    }

    fn send(&mut self) -> Result<(HybridStamp, HybridStamp), Error> {
        self.0.send()
    }

    fn receive(&mut self, message: &HybridStamp) -> Result<HybridStamp, Error> {
        self.0.receive(message)
    }
}

impl InjectedClock for Stubborn {
    fn resume(&mut self, _: &HybridStamp) -> Result<(), Error> {
        Err(Error::WallUnreadable(WallUnreadable))
    }
}

#[test]
fn a_restart_takes_up_everything_or_nothing() {
    let birth = |identity: &Identity, _: &WallDial| {
        let wall: fn() -> _ = || Ok(PhysicalTime::from_ns(7));
        Stubborn(HybridClock::new(identity.clone(), DriftPolicy::STANDARD, wall))
    };
    let replica = || Replica::new(STATIONS, NodeId::new(0), Durability::EveryEvent, birth);
    let (mut first, mut effects) = (replica(), Effects::new());
    first.submit(b"x".to_vec(), &mut effects);
    let (mut second, state) = (replica(), persisted(effects));
    let mut effects = Effects::new();
    second.on(at(50), Input::Restart { state, incarnation: 1 }, &mut effects);
    expect!["forgets its earlier lives: the wall clock cannot be read"].assert_eq(&effects.steps()[0].label);
    assert_eq!((second.events().len(), second.lamport(), second.vector().entries().count()), (0, 0, 0));
    assert!(matches!(second.last_refused().map(|refused| &refused.refusal), Some(Refusal::Clock(_))));
}

/// Three stations whose walls are up to a second apart and step about, over lossy links, while one restarts.
fn walls_that_disagree<C: InjectedClock + 'static>(
    seed: u64,
    birth: fn(&Identity, &WallDial) -> C,
) -> Outcome<Replica<C>> {
    let ms = |ms: u64| TrueTime::from_ns(ms * MS);
    let node = |number: u64| NodeId::new(u32::try_from(number % 3).expect("below 3"));
    let mut plan = Plan::new();
    for step in 0..30 {
        let request = step.to_string().into_bytes();
        plan.add(ms(10 + step * 40), Act::Request { node: node(step * (seed + 1) / 2), request });
    }
    for step in 0..6_u64 {
        let by_ns = (i64::try_from((seed * 7 + step * 5) % 11).expect("small") - 5) * 150_000_000;
        plan.add(ms(100 + step * 190), Act::StepWall { node: node(seed + step), by_ns });
    }
    plan.add(ms(500), Act::Crash { node: node(seed) });
    plan.add(ms(620), Act::Restart { node: node(seed), disk: Disk::Kept });
    let mut setup = Setup::new(STATIONS, ms(1_300));
    for (machine, seconds) in setup.machines.iter_mut().zip([100_000, 100_400, 99_500]) {
        machine.wall = Wall { offset_ns: seconds * 1_000_000, ..Wall::TRUE };
    }
    let link = Link {
        latency_min: std::time::Duration::from_millis(1),
        latency_max: std::time::Duration::from_millis(60),
        loss: Odds::ppm(100_000).expect("less than a million"),
        duplicate: Odds::ppm(100_000).expect("less than a million"),
        sequence: Sequence::Unordered,
        ..Link::INSTANT
    };
    (setup.network, setup.plan) = (Network::new(link), plan);
    let factory = move |node| Replica::new(STATIONS, node, Durability::EveryEvent, birth);
    World::new(setup, Seeded::new(seed), factory).and_then(World::run).expect("nothing is impossible here")
}

fn broken_claims(trace: &Trace) -> Vec<String> {
    let judged = judged(trace).into_iter().filter(|(promise, _)| promise.contains("claims"));
    judged.filter(|(_, verdict)| verdict != "holds").map(|judged| format!("{judged:?}")).collect()
}

#[test]
fn what_is_claimed_is_sound_whatever_the_walls_show_and_the_rest_is_not_claimed() {
    let (mut refused, mut claimed, mut unclaimed) = (0, 0, 0);
    for seed in 0..40 {
        let outcome = walls_that_disagree(seed, by_dial);
        assert_eq!(broken_claims(&outcome.trace), Vec::<String>::new(), "seed {seed}");
        let nodes = || outcome.nodes.iter().flatten();
        assert!(nodes().all(|node| node.refused() == 0), "seed {seed}: no wall clock costs an event");
        refused += nodes().map(Replica::clock_refused).sum::<u64>();
        let claims = outcome.trace.claims(ClaimKind::Hybrid).count();
        claimed += claims;
        unclaimed += outcome.trace.claims(ClaimKind::Vector).count() - claims;
    }
    assert!(refused > 100 && claimed > 1_000 && unclaimed > 100, "{refused} {claimed} {unclaimed}");
}

/// A clock that swallows its refusals: what it does not take it does not tell of.
struct Swallowing<C>(C);

impl<C: InjectedClock> Clock for Swallowing<C> {
    type Stamp = C::Stamp;
    type Message = C::Message;
    type Error = C::Error;

    fn event(&mut self) -> Result<C::Stamp, C::Error> {
        self.0.event()
    }

    fn send(&mut self) -> Result<(C::Stamp, C::Message), C::Error> {
        self.0.send()
    }

    fn receive(&mut self, message: &C::Message) -> Result<C::Stamp, C::Error> {
        self.0.receive(message).or_else(|_| self.0.event())
    }
}

impl<C: InjectedClock> InjectedClock for Swallowing<C> {
    fn claim(stamp: &C::Stamp) -> Option<Claim> {
        C::claim(stamp)
    }

    fn resume(&mut self, message: &C::Message) -> Result<(), C::Error> {
        self.0.resume(message)
    }
}

#[test]
fn a_clock_that_swallows_its_refusals_is_caught() {
    let caught = (0..40).filter(|seed| {
        let outcome = walls_that_disagree(*seed, |identity, dial| Swallowing(by_dial(identity, dial)));
        broken_claims(&outcome.trace).iter().any(|broken| broken.contains("the hybrid clock"))
    });
    assert!(caught.count() > 20);
}

#[test]
fn what_a_clock_lacks_has_one_canonical_form() {
    let hybrid = |wall_ms: u64| {
        move |identity: &Identity, _: &WallDial| {
            let wall = move || Ok(PhysicalTime::from_ns(wall_ms * MS));
            HybridClock::new(identity.clone(), DriftPolicy::STANDARD, wall)
        }
    };
    let [mut pacific, mut atlantic] = [(0, 9_000), (2, 1)].map(|(node, wall_ms)| {
        Replica::new(STATIONS, NodeId::new(node), Durability::Volatile, hybrid(wall_ms))
    });
    let mut effects = Effects::new();
    pacific.submit(b"x".to_vec(), &mut effects);
    let sent = effects.steps()[0].sends[0].1.clone();
    atlantic.receive(NodeId::new(0), sent, &mut Effects::receiving()).expect("honest");
    let mut effects = Effects::new();
    atlantic.submit(b"y".to_vec(), &mut effects);
    let envelope = effects.steps()[0].sends[0].1.clone();
    let bytes = envelope.encode();
    assert_eq!(Envelope::decode(&bytes, &Limits::STANDARD), Ok(envelope));
    let mut others = 0;
    // Every other byte in every place is refused, or stands for something else that is written just so.
    for place in 0..bytes.len() {
        for byte in 0..=u8::MAX {
            let mut spoilt = bytes.clone();
            spoilt[place] = byte;
            if let Ok(envelope) = Envelope::<HybridStamp>::decode(&spoilt, &Limits::STANDARD) {
                assert_eq!(envelope.encode(), spoilt);
                others += u32::from(spoilt != bytes);
            }
        }
    }
    assert!(others > 0, "some do stand for something else");
}

//! The bus holds what crosses a partition, loses nothing, reorders nothing, and never fails in silence.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use constellation_clock::{Error, Message, MessageBus, PartitionOutcome};
use constellation_trace::{MessageId, Nemesis, Trace, Verdict};
use constellation_verify::{Budget, Order, delivery};
use expect_test::{Expect, expect};

const STATIONS: [&str; 4] = ["pacific", "indian_ocean", "atlantic", "antarctic"];

fn stations() -> Vec<String> {
    STATIONS.map(String::from).to_vec()
}

/// What a future has to say at once: nothing here ever has to wait for long.
fn now<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

fn send(bus: &MessageBus, from: &str, to: &str, text: &str) -> Result<(), Error> {
    now(bus.send(from, to, text.as_bytes().to_vec())).expect("sending never waits")
}

/// Everything that waits for `node` now, as texts.
fn arrivals(bus: &MessageBus, node: &str) -> Vec<String> {
    std::iter::from_fn(|| now(bus.recv(node)).flatten()).map(|message| text(&message)).collect()
}

fn text(message: &Message) -> String {
    format!("{} says {}", message.from, String::from_utf8_lossy(&message.payload))
}

#[test]
fn any_two_groups_can_be_cut_also_overlapping_ones_and_in_one_direction() {
    let check = |cut: &dyn Fn(&MessageBus), expected: Expect| {
        let bus = MessageBus::new(stations());
        cut(&bus);
        for (from, to) in STATIONS.iter().flat_map(|from| STATIONS.iter().map(move |to| (from, to))) {
            send(&bus, from, to, "x").expect("taken");
        }
        let held: Vec<_> = STATIONS
            .iter()
            .map(|to| {
                let through: Vec<_> =
                    arrivals(&bus, to).iter().map(|text| text.replace(" says x", "")).collect();
                format!("{to} <- {}", through.join(" "))
            })
            .collect();
        expected.assert_eq(&held.join("\n"));
        bus.heal();
        let late: usize = STATIONS.iter().map(|to| arrivals(&bus, to).len()).sum();
        let early: usize = held.iter().map(|line| line.split_whitespace().count() - 2).sum();
        assert_eq!(late + early, 16, "a heal delivers everything that was held");
        assert_eq!(bus.held(), 0);
    };
    check(
        &|bus| {
            bus.partition(&["pacific"], &["indian_ocean", "atlantic"]);
        },
        expect![[r#"
            pacific <- pacific antarctic
            indian_ocean <- indian_ocean atlantic antarctic
            atlantic <- indian_ocean atlantic antarctic
            antarctic <- pacific indian_ocean atlantic antarctic"#]],
    );
    check(
        &|bus| {
            bus.partition(&["pacific", "atlantic"], &["atlantic", "antarctic"]);
        },
        expect![[r#"
            pacific <- pacific indian_ocean
            indian_ocean <- pacific indian_ocean atlantic antarctic
            atlantic <- indian_ocean atlantic
            antarctic <- indian_ocean antarctic"#]],
    );
    check(
        &|bus| bus.cut(&["pacific"], &["atlantic"]).expect("both are there"),
        expect![[r#"
            pacific <- pacific indian_ocean atlantic antarctic
            indian_ocean <- pacific indian_ocean atlantic antarctic
            atlantic <- indian_ocean atlantic antarctic
            antarctic <- pacific indian_ocean atlantic antarctic"#]],
    );
    check(
        &|bus| {
            bus.partition(&["pacific"], &["atlantic"]);
            bus.partition(&["antarctic"], &["atlantic"]);
        },
        expect![[r#"
            pacific <- pacific indian_ocean antarctic
            indian_ocean <- pacific indian_ocean atlantic antarctic
            atlantic <- indian_ocean atlantic
            antarctic <- pacific indian_ocean antarctic"#]],
    );
}

#[test]
fn a_misspelt_name_is_an_error_that_names_the_nearest() {
    let bus = MessageBus::new(stations());
    let told = |error: Result<(), Error>| error.expect_err("unknown").to_string();
    expect!["there is no node `pasific` on the bus; did you mean `pacific`?"]
        .assert_eq(&told(send(&bus, "pacific", "pasific", "x")));
    expect!["there is no node `moon` on the bus"].assert_eq(&told(send(&bus, "moon", "pacific", "x")));
    expect!["there is no node `antartic` on the bus; did you mean `antarctic`?"]
        .assert_eq(&told(bus.cut(&["pacific"], &["antartic"])));
    assert_eq!(now(bus.recv("moon")), Some(None), "nobody will ever send there");
    let twice = MessageBus::try_new(vec!["pacific".into(), "pacific".into()]).expect_err("named twice");
    expect!["node `pacific` is named twice"].assert_eq(&twice.to_string());
    assert_eq!(MessageBus::new(vec!["pacific".into(), "pacific".into()]).nodes().len(), 1);
}

#[test]
fn a_refused_partition_is_not_silent() {
    let bus = MessageBus::new(stations());
    let refused = bus.partition(&["pacific"], &["atlantik"]);
    let PartitionOutcome::Refused(error) = refused else { panic!("there is no atlantik") };
    assert_eq!(send(&bus, "pacific", "antarctic", "x"), Err(error.clone()), "not even elsewhere");
    assert_eq!(bus.cut(&["pacific"], &["antarctic"]), Ok(()));
    assert_eq!(
        send(&bus, "pacific", "antarctic", "x"),
        Err(error),
        "a cut is not the partition that was meant"
    );
    assert_eq!(bus.partition(&["pacific"], &["atlantic"]), PartitionOutcome::InForce);
    assert_eq!(send(&bus, "pacific", "atlantic", "x"), Ok(()));

    bus.partition(&["nowhere"], &[]);
    bus.heal();
    assert_eq!(send(&bus, "pacific", "atlantic", "y"), Ok(()));
    assert!(bus.try_partition(&["nowhere"], &[]).is_err());
    assert_eq!(send(&bus, "pacific", "atlantic", "z"), Ok(()), "who looks at the result needs no reminder");
    assert_eq!(arrivals(&bus, "atlantic"), ["pacific says x", "pacific says y", "pacific says z"]);
}

#[test]
fn a_full_hold_is_an_error_to_the_sender_and_loses_nothing() {
    let bus = MessageBus::new(stations()).with_held_max(2);
    bus.partition(&["pacific"], &["atlantic"]);
    let results = ["a", "b", "c"].map(|text| send(&bus, "pacific", "atlantic", text));
    assert_eq!(results, [Ok(()), Ok(()), Err(Error::HoldFull { held_max: 2 })]);
    let told = results[2].as_ref().expect_err("it was full").to_string();
    expect!["the link is cut and 2 messages already wait for the heal, the most allowed"].assert_eq(&told);
    assert_eq!(send(&bus, "pacific", "antarctic", "d"), Ok(()), "what is not held needs no room");
    bus.heal();
    assert_eq!(arrivals(&bus, "atlantic"), ["pacific says a", "pacific says b"]);
}

#[test]
fn a_closed_bus_gives_out_what_is_left_and_takes_no_more() {
    let bus = MessageBus::new(stations());
    send(&bus, "pacific", "atlantic", "x").expect("open");
    let mut waiting = pin!(bus.recv("antarctic"));
    let mut context = Context::from_waker(Waker::noop());
    assert!(waiting.as_mut().poll(&mut context).is_pending());
    bus.close();
    assert_eq!(waiting.poll(&mut context), Poll::Ready(None), "who waits is told");
    assert_eq!(send(&bus, "pacific", "atlantic", "y"), Err(Error::BusClosed));
    assert_eq!(arrivals(&bus, "atlantic"), ["pacific says x"]);
    assert_eq!(now(bus.recv("atlantic")), Some(None));
}

#[test]
fn a_receiver_that_is_cancelled_at_any_moment_loses_no_message() {
    let bus = MessageBus::new(stations());
    let mut context = Context::from_waker(Waker::noop());
    {
        let mut cancelled = pin!(bus.recv("atlantic"));
        assert!(cancelled.as_mut().poll(&mut context).is_pending());
        let mut patient = pin!(bus.recv("atlantic"));
        assert!(patient.as_mut().poll(&mut context).is_pending());
        send(&bus, "pacific", "atlantic", "x").expect("open");
        // The first in line was woken for it, and is dropped without looking.
    }
    assert_eq!(arrivals(&bus, "atlantic"), ["pacific says x"]);
}

#[tokio::test]
async fn a_wake_up_meant_for_a_cancelled_receiver_reaches_the_next() {
    let bus = Arc::new(MessageBus::new(stations()));
    let patient = tokio::spawn({
        let bus = bus.clone();
        async move { bus.recv("atlantic").await }
    });
    let hasty = tokio::spawn({
        let bus = bus.clone();
        async move { bus.recv("atlantic").await }
    });
    tokio::task::yield_now().await;
    send(&bus, "pacific", "atlantic", "x").expect("open");
    hasty.abort();
    let got = match hasty.await {
        Ok(message) => message,
        Err(_) => patient.await.expect("it was not aborted"),
    };
    assert_eq!(got.map(|message| text(&message)).as_deref(), Some("pacific says x"));
}

#[tokio::test]
async fn several_receivers_of_one_node_share_its_messages() {
    let bus = Arc::new(MessageBus::new(stations()));
    let receivers: Vec<_> = (0..8)
        .map(|_| {
            let bus = bus.clone();
            tokio::spawn(async move {
                let mut count = 0;
                while bus.recv("atlantic").await.is_some() {
                    count += 1;
                    tokio::task::yield_now().await;
                }
                count
            })
        })
        .collect();
    for burst in 0..50_usize {
        for nth in 0..burst % 5 {
            bus.send("pacific", "atlantic", vec![0; nth]).await.expect("open");
        }
        tokio::task::yield_now().await;
    }
    bus.close();
    let mut total = 0;
    for receiver in receivers {
        total += receiver.await.expect("it does not panic");
    }
    assert_eq!(total, (0..50).map(|burst| burst % 5).sum::<usize>());
}

#[test]
fn real_threads_lose_and_reorder_nothing_while_partitions_come_and_go() {
    let bus = MessageBus::new(stations());
    let senders = ["pacific", "indian_ocean", "antarctic"];
    const COUNT: u32 = 2_000;
    let arrived = std::thread::scope(|scope| {
        for from in senders {
            let bus = &bus;
            scope.spawn(move || {
                for number in 0..COUNT {
                    send(bus, from, "atlantic", &number.to_string()).expect("there is room for all");
                }
            });
        }
        scope.spawn(|| {
            for _ in 0..200 {
                bus.partition(&["atlantic"], &senders);
                std::thread::yield_now();
                bus.heal();
            }
        });
        let mut next: BTreeMap<String, u32> = BTreeMap::new();
        let mut arrived = 0;
        while arrived < COUNT * 3 {
            let Some(Some(message)) = now(bus.recv("atlantic")) else {
                std::thread::yield_now();
                continue;
            };
            let expected = next.entry(message.from.clone()).or_default();
            assert_eq!(
                String::from_utf8_lossy(&message.payload),
                expected.to_string(),
                "of {}",
                message.from
            );
            *expected += 1;
            arrived += 1;
        }
        arrived
    });
    assert_eq!(arrived, COUNT * 3);
    assert_eq!(bus.held(), 0);
}

#[test]
fn what_happens_on_a_recording_bus_can_be_judged() {
    let bus = MessageBus::recording(stations());
    send(&bus, "pacific", "atlantic", "a").expect("open");
    let queued = bus.trace().expect("it records");
    bus.partition(&["pacific"], &["atlantic"]);
    send(&bus, "pacific", "atlantic", "b").expect("held");
    assert_eq!(arrivals(&bus, "atlantic"), ["pacific says a"]);
    let early = bus.trace().expect("it records");
    bus.heal();
    assert_eq!(arrivals(&bus, "atlantic"), ["pacific says b"]);
    let trace = bus.trace().expect("it records");
    let judge = |trace: &Trace| {
        let order = Order::of(trace, &Budget::default()).expect("a small trace");
        [delivery::every_message_arrives(&order).verdict, delivery::links_keep_order(&order).verdict]
    };
    assert_eq!(judge(&trace), [Verdict::Holds, Verdict::Holds]);
    assert_eq!(judge(&early)[0].word(), "unknown", "it may still be healed");
    assert_eq!(judge(&queued), [Verdict::Holds, Verdict::Holds], "nobody has looked yet");
    assert_eq!(queued.nemesis()[0].nemesis, Nemesis::InFlight(MessageId::new(0)));
    assert_eq!(trace.events().len(), 4);
    let told: Vec<_> = trace.nemesis().iter().map(|entry| entry.nemesis.clone()).collect();
    assert!(matches!(told[..], [Nemesis::Partition { .. }, Nemesis::Hold(_), Nemesis::Heal]), "{told:?}");
    expect!["nothing recorded: make the bus with MessageBus::recording"]
        .assert_eq(&MessageBus::new(stations()).trace().expect_err("it does not").to_string());
}

#[test]
fn partition_is_a_statement_and_the_bus_can_be_shown() {
    #![deny(unused_must_use)]
    let bus = Arc::new(MessageBus::new(stations()));
    bus.partition(&["pacific"], &["atlantic"]);
    bus.heal();
    expect![[r#"MessageBus { nodes: ["pacific", "indian_ocean", "atlantic", "antarctic"], held: 0, .. }"#]]
        .assert_eq(&format!("{bus:?}"));
}

/// Anything that carries numbers from one node to another over a link that can be cut.
trait Courier {
    fn send(&mut self, number: u32);
    fn partition(&mut self);
    fn heal(&mut self);
    fn arrivals(&mut self) -> Vec<u32>;
}

impl Courier for MessageBus {
    fn send(&mut self, number: u32) {
        send(self, "pacific", "atlantic", &number.to_string()).expect("there is room");
    }

    fn partition(&mut self) {
        MessageBus::partition(self, &["pacific"], &["atlantic"]);
    }

    fn heal(&mut self) {
        MessageBus::heal(self);
    }

    fn arrivals(&mut self) -> Vec<u32> {
        let texts = arrivals(self, "atlantic");
        texts.iter().map(|text| text.replace("pacific says ", "").parse().expect("a number")).collect()
    }
}

/// Whether a courier holds what crosses a partition, and delivers it in order after the heal.
fn check(courier: &mut impl Courier) -> Result<(), String> {
    courier.send(0);
    courier.partition();
    (1..4).for_each(|number| courier.send(number));
    let early = courier.arrivals();
    if early != [0] {
        return Err(format!("during the partition {early:?} arrived, expected [0]"));
    }
    courier.heal();
    courier.send(4);
    let late = courier.arrivals();
    if late != [1, 2, 3, 4] {
        return Err(format!("after the heal {late:?} arrived, expected [1, 2, 3, 4]"));
    }
    Ok(())
}

/// A courier with something wrong at the heal.
struct Broken {
    is_cut: bool,
    held: Vec<u32>,
    inbox: Vec<u32>,
    at_heal: fn(Vec<u32>) -> Vec<u32>,
    holds: fn(u32) -> bool,
}

impl Broken {
    fn new(at_heal: fn(Vec<u32>) -> Vec<u32>, holds: fn(u32) -> bool) -> Broken {
        Broken { is_cut: false, held: Vec::new(), inbox: Vec::new(), at_heal, holds }
    }
}

impl Courier for Broken {
    fn send(&mut self, number: u32) {
        let is_held = self.is_cut && (self.holds)(number);
        if is_held { self.held.push(number) } else { self.inbox.push(number) }
    }

    fn partition(&mut self) {
        self.is_cut = true;
    }

    fn heal(&mut self) {
        self.is_cut = false;
        self.inbox.extend((self.at_heal)(std::mem::take(&mut self.held)));
    }

    fn arrivals(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.inbox)
    }
}

#[test]
fn buses_that_drop_reorder_double_or_leak_are_caught() {
    assert_eq!(check(&mut MessageBus::new(stations())), Ok(()));
    assert_eq!(check(&mut Broken::new(|held| held, |_| true)), Ok(()), "nothing is wrong with this one yet");
    let caught = |mut broken: Broken, expected: Expect| {
        expected.assert_eq(&check(&mut broken).expect_err("it is broken"));
    };
    let always = |_| true;
    caught(Broken::new(|_| Vec::new(), always), expect!["after the heal [4] arrived, expected [1, 2, 3, 4]"]);
    caught(
        Broken::new(|held| held.into_iter().rev().collect(), always),
        expect!["after the heal [3, 2, 1, 4] arrived, expected [1, 2, 3, 4]"],
    );
    caught(
        Broken::new(|held| held.repeat(2), always),
        expect!["after the heal [1, 2, 3, 1, 2, 3, 4] arrived, expected [1, 2, 3, 4]"],
    );
    caught(
        Broken::new(|held| held, |number| number != 2),
        expect!["during the partition [0, 2] arrived, expected [0]"],
    );
}

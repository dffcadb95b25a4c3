//! What clients see of a service, and what can be told from that alone.

mod refused;
mod register;
mod store;
mod waits;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use constellation_fabric::{Calm, Choices, Link, Network, Odds, Sequence, StepAct};
use constellation_fabric::{Effects, Input, Node, Now};
use constellation_sim::clients::{Client, Identity, Pace, Party, Retry, Workload};
use constellation_sim::explore::{Extent, Scope, Visit, explore};
use constellation_sim::{Act, Disk, Outcome, Plan, Seeded, Setup, World, Worlds};
use constellation_trace::{Call, Completion, History, NodeId, Trace, TrueTime};
use expect_test::expect;
use proptest::prelude::*;

use store::{Care, Message, Store};

const STORE: NodeId = NodeId::new(0);
const SPARE: NodeId = NodeId::new(1);
const GROUND: NodeId = NodeId::new(2);

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn at(n: u64) -> TrueTime {
    TrueTime::from_ns(n * 1_000_000)
}

fn add(amount: i64) -> Call {
    Call::Add { key: "fuel".to_owned(), amount }
}

fn read() -> Call {
    Call::Read { key: "fuel".to_owned() }
}

/// A store that takes this long for each request, over links of 10 ms, and a client on the ground.
struct Scene {
    care: Care,
    takes: Duration,
    setup: Setup<()>,
    workload: Workload,
}

impl Scene {
    fn new(pace: Pace, retry: Retry, calls: Vec<Call>) -> Scene {
        let link = Link { latency_min: ms(10), latency_max: ms(10), ..Link::INSTANT };
        let setup =
            Setup { network: Network::new(link), ..Setup::new(["store", "spare", "ground"], at(10_000)) };
        let workload = Workload::new([STORE], pace, retry, calls);
        Scene { care: Care::Full, takes: Duration::ZERO, setup, workload }
    }

    fn one_add() -> Scene {
        Scene::new(Pace::Closed { think: ms(100) }, Retry::times(0, ms(200)), vec![add(1)])
    }

    fn link(mut self, source: NodeId, target: NodeId, link: Link) -> Scene {
        self.setup.network.set_link(source, target, link);
        self
    }

    fn plan(mut self, plan: Plan<()>) -> Scene {
        self.setup.plan = plan;
        self
    }

    fn factory(&self) -> impl FnMut(NodeId) -> Party<Store> + use<> {
        let (care, takes, workload) = (self.care, self.takes, Arc::new(self.workload.clone()));
        move |node| match node {
            GROUND => Party::Client(Client::new(node, Arc::clone(&workload))),
            _ => Party::Server(Store::new(care, takes)),
        }
    }

    fn run(&self, choices: impl Choices) -> Outcome<Party<Store>> {
        let world = World::new(self.setup.clone(), choices, self.factory()).expect("a sound setup");
        world.run().expect("it comes to its end")
    }

    /// What the client saw, and what the store holds in the end.
    fn seen(&self, choices: impl Choices) -> (String, i64) {
        let outcome = self.run(choices);
        let holds = outcome.nodes[STORE.index()].as_ref().and_then(Party::server).map_or(-1, Store::fuel);
        (tell(&History::of(&outcome.trace)), holds)
    }
}

/// An operation a line: when it began, and when and how it ended.
fn tell(history: &History) -> String {
    let mut told = String::new();
    for operation in history.operations() {
        let ms = |at: TrueTime| at.ns() / 1_000_000;
        told += &format!("{} {}", ms(operation.invoked.at), operation.call);
        if let Some((moment, completion)) = &operation.completed {
            told += &format!(" -> {} {completion}", ms(moment.at));
        }
        told += "\n";
    }
    told
}

/// What no history of a counter may show: a last number below what was acknowledged, or above what was asked.
fn fault(history: &History) -> Option<String> {
    let (mut acknowledged, mut open, mut shown) = (0, 0, None);
    for operation in history.operations() {
        match (&operation.call, &operation.completed) {
            (Call::Add { amount, .. }, Some((_, Completion::Done))) => acknowledged += amount,
            (Call::Add { amount, .. }, _) if operation.is_open() => open += amount,
            (Call::Read { .. }, Some((_, Completion::Shows(values)))) => {
                shown = values.first().and_then(|value| value.parse::<i64>().ok());
            }
            _ => {}
        }
    }
    let shown = shown?;
    let is_possible = (acknowledged..=acknowledged + open).contains(&shown);
    (!is_possible).then(|| format!("shows {shown}, but {acknowledged} were acknowledged and {open} are open"))
}

#[test]
fn with_nothing_amiss_every_operation_ends() {
    let calls = vec![add(1), add(2), read()];
    let scene = Scene::new(Pace::Closed { think: ms(100) }, Retry::NEVER, calls);
    let (seen, holds) = scene.seen(Seeded::new(1));
    expect![[r#"
        0 add 1 to fuel -> 20 done
        120 add 2 to fuel -> 140 done
        240 read fuel -> 260 shows "3"
    "#]]
    .assert_eq(&seen);
    assert_eq!(holds, 3);
}

/// The four ways in which a reply does not come, and what each leaves behind.
fn silences() -> [(&'static str, Scene); 4] {
    let lost = Link { loss: Odds::ALWAYS, latency_min: ms(10), latency_max: ms(10), ..Link::INSTANT };
    let slow = Link { latency_min: ms(10), latency_max: ms(60_000), ..Link::INSTANT };
    let crash = Plan::new().at(at(5), Act::Crash { node: STORE });
    [
        ("the request is lost", Scene::one_add().link(GROUND, STORE, lost)),
        ("the reply is lost", Scene::one_add().link(STORE, GROUND, lost)),
        ("the store crashes", Scene::one_add().plan(crash)),
        ("the link is slow", Scene::one_add().link(GROUND, STORE, slow)),
    ]
}

#[test]
fn a_lost_request_a_lost_reply_a_crash_and_a_slow_link_are_one_symptom() {
    let mut left = String::new();
    for (what, scene) in silences() {
        let (seen, holds) = scene.seen(Seeded::new(1));
        assert_eq!(seen, "0 add 1 to fuel -> 200 unknown: no reply in time\n", "{what}");
        let holds = if holds < 0 { "nothing, it is down".to_owned() } else { holds.to_string() };
        left += &format!("{what}: the store holds {holds}\n");
    }
    expect![[r#"
        the request is lost: the store holds 0
        the reply is lost: the store holds 1
        the store crashes: the store holds nothing, it is down
        the link is slow: the store holds 0
    "#]]
    .assert_eq(&left);
}

#[test]
fn calm_no_reply_is_missing() {
    let (calm, _) = Scene::one_add().seen(Calm);
    for (what, scene) in silences() {
        if what != "the store crashes" {
            assert_eq!(scene.seen(Calm), (calm.clone(), 1), "{what}");
        }
    }
    expect![[r#"
           0 add 1 to fuel -> 20 done
    "#]]
    .assert_eq(&calm);
}

#[test]
fn a_client_asks_again_and_waits_longer_each_time() {
    let lost = Link { loss: Odds::ALWAYS, ..Link::INSTANT };
    let mut scene = Scene::one_add().link(GROUND, STORE, lost);
    scene.workload.retry = Retry::times(3, ms(50));
    scene.workload.retry.backoff = ms(10);
    let trace = scene.run(Seeded::new(1)).trace;
    expect![[r#"
        0 invokes 0: add 1 to fuel, sends m0 to store > store
        60 asks again for 0, retry 1 of 3 > store
        130 asks again for 0, retry 2 of 3 > store
        220 asks again for 0, retry 3 of 3 > store
        270 completes 0: unknown: no reply in time, nor to 3 retries
    "#]]
    .assert_eq(&timeline(&trace));
    assert_eq!(scene.workload.retry.longest(), ms(4 * 50 + 10 + 20 + 40));
}

#[test]
fn a_client_that_is_not_answered_turns_to_the_next_server() {
    let lost = Link { loss: Odds::ALWAYS, ..Link::INSTANT };
    let mut scene = Scene::one_add().link(GROUND, STORE, lost);
    scene.workload.servers = vec![STORE, SPARE];
    scene.workload.retry = Retry::times(1, ms(50));
    scene.workload.calls = vec![add(1), read()];
    // The second operation begins where the first was answered.
    expect![[r#"
        0 invokes 0: add 1 to fuel, sends m0 to store > store
        50 asks again for 0, retry 1 of 1 > spare
        70 hears of 0: done
        70 completes 0: done
        170 invokes 1: read fuel, sends m3 to spare > spare
        190 hears of 1: shows "1"
        190 completes 1: shows "1"
    "#]]
    .assert_eq(&timeline(&scene.run(Seeded::new(1)).trace));
    // Where nobody asks again, the next operation does.
    scene.workload.retry = Retry::times(0, ms(50));
    expect![[r#"
        0 add 1 to fuel -> 50 unknown: no reply in time
        150 read fuel -> 170 shows "0"
    "#]]
    .assert_eq(&scene.seen(Seeded::new(1)).0);
}

#[test]
fn a_client_without_a_server_waits_in_vain_and_one_without_calls_does_nothing() {
    let mut scene = Scene::one_add();
    scene.workload.servers.clear();
    expect![[r#"
           0 add 1 to fuel -> 200 unknown: no reply in time
    "#]]
    .assert_eq(&scene.seen(Seeded::new(1)).0);
    scene.workload.calls.clear();
    expect![""].assert_eq(&scene.seen(Seeded::new(1)).0);
}

#[test]
fn no_operation_begins_once_the_time_is_up() {
    let mut scene = Scene::new(Pace::Open { every: ms(10) }, Retry::NEVER, vec![read(); 9]);
    (scene.workload.begin, scene.workload.until) = (ms(5), ms(35));
    expect![[r#"
        5 read fuel -> 25 shows "0"
        15 read fuel -> 35 shows "0"
        25 read fuel -> 45 shows "0"
    "#]]
    .assert_eq(&scene.seen(Seeded::new(1)).0);
}

#[test]
fn a_client_that_crashes_leaves_its_operations_open_and_does_not_come_back() {
    let plan = Plan::new()
        .at(at(15), Act::Crash { node: GROUND })
        .at(at(50), Act::Restart { node: GROUND, disk: Disk::Kept });
    let scene = Scene::new(Pace::Open { every: ms(10) }, Retry::NEVER, vec![add(1); 9]).plan(plan);
    let (seen, holds) = scene.seen(Seeded::new(1));
    expect![[r#"
        0 add 1 to fuel
        10 add 1 to fuel
    "#]]
    .assert_eq(&seen);
    assert_eq!(holds, 2, "what it asked was done nevertheless");
}

/// For each operation how long it took, in milliseconds.
fn waits(scene: &Scene) -> String {
    let history = History::of(&scene.run(Seeded::new(1)).trace);
    let wait = |operation: &constellation_trace::Operation| {
        let returned = operation.returned_at().expect("nothing is lost");
        returned.since(operation.invoked.at).as_millis().to_string()
    };
    history.operations().iter().map(wait).collect::<Vec<_>>().join(" ")
}

#[test]
fn an_open_loop_piles_up_at_a_slow_server_and_a_closed_one_hides_it() {
    let calls = vec![add(1); 8];
    let mut open = Scene::new(Pace::Open { every: ms(10) }, Retry::NEVER, calls.clone());
    let mut closed = Scene::new(Pace::Closed { think: ms(10) }, Retry::NEVER, calls);
    // At a fast server there is no difference.
    expect!["20 20 20 20 20 20 20 20"].assert_eq(&waits(&open));
    expect!["20 20 20 20 20 20 20 20"].assert_eq(&waits(&closed));
    (open.takes, closed.takes) = (ms(30), ms(30));
    expect!["50 70 90 110 130 150 170 190"].assert_eq(&waits(&open));
    expect!["50 50 50 50 50 50 50 50"].assert_eq(&waits(&closed));
    // And with a time-out the open loop gives up on requests that are carried out all the same.
    open.workload.retry = Retry::times(0, ms(100));
    let (seen, holds) = open.seen(Seeded::new(1));
    expect![[r#"
        0 add 1 to fuel -> 50 done
        10 add 1 to fuel -> 80 done
        20 add 1 to fuel -> 110 done
        30 add 1 to fuel -> 130 unknown: no reply in time
        40 add 1 to fuel -> 140 unknown: no reply in time
        50 add 1 to fuel -> 150 unknown: no reply in time
        60 add 1 to fuel -> 160 unknown: no reply in time
        70 add 1 to fuel -> 170 unknown: no reply in time
    "#]]
    .assert_eq(&seen);
    assert_eq!(holds, 8);
}

/// A reply takes longer than the client waits, so that one retry is under way when it comes.
fn impatient() -> Scene {
    let mut scene =
        Scene::new(Pace::Closed { think: ms(100) }, Retry::times(2, ms(15)), vec![add(1), add(1), read()]);
    scene.workload.retry.identity = Identity::Kept;
    scene
}

fn judged(scene: &Scene) -> String {
    let history = History::of(&scene.run(Seeded::new(1)).trace);
    fault(&history).unwrap_or_else(|| "nothing is wrong".to_owned())
}

#[test]
fn a_server_that_does_not_know_a_retry_adds_twice() {
    expect!["nothing is wrong"].assert_eq(&judged(&impatient()));
    let careless = Scene { care: Care::ForgetsNames, ..impatient() };
    expect!["shows 4, but 2 were acknowledged and 0 are open"].assert_eq(&judged(&careless));
    // A retry by another name is another request, and the most careful server adds twice.
    let mut renewed = impatient();
    renewed.workload.retry.identity = Identity::Renewed;
    expect!["shows 4, but 2 were acknowledged and 0 are open"].assert_eq(&judged(&renewed));
    // Without a retry no care is needed.
    let mut patient = careless;
    patient.workload.retry = Retry::NEVER;
    expect!["nothing is wrong"].assert_eq(&judged(&patient));
}

#[test]
fn a_server_that_acknowledges_before_it_persists_loses_what_it_acknowledged() {
    let calls = vec![add(1), add(1), read()];
    let plan = |scene: Scene| {
        scene.plan(
            Plan::new()
                .at(at(140), Act::Crash { node: STORE })
                .at(at(170), Act::Restart { node: STORE, disk: Disk::Kept }),
        )
    };
    let scene = || Scene::new(Pace::Closed { think: ms(100) }, Retry::NEVER, calls.clone());
    expect!["nothing is wrong"].assert_eq(&judged(&plan(scene())));
    let hasty = || Scene { care: Care::PersistsLater, ..scene() };
    expect!["shows 1, but 2 were acknowledged and 0 are open"].assert_eq(&judged(&plan(hasty())));
    // Without the crash nobody can tell.
    expect!["nothing is wrong"].assert_eq(&judged(&hasty()));
}

/// A client that takes silence for failure.
struct Rash(Party<Store>);

impl Node for Rash {
    type Message = Message;
    type Request = ();

    fn on(&mut self, now: Now, input: Input<Message, ()>, effects: &mut Effects<Message>) {
        self.0.on(now, input, effects);
        for step in effects.steps_mut() {
            if let StepAct::Complete { completion: completion @ Completion::Unknown { .. }, .. } =
                &mut step.act
            {
                *completion = Completion::Failed { reason: "no reply in time".to_owned() };
            }
        }
    }
}

#[test]
fn a_client_that_calls_silence_a_failure_is_found_out() {
    // The reply to the first waits at a cut link for longer than the client does.
    let plan = Plan::new()
        .at(at(5), Act::Cut { sources: vec![STORE], targets: vec![GROUND] })
        .at(at(150), Act::Heal);
    let mut scene = Scene::one_add().plan(plan);
    scene.workload.calls = vec![add(1), read()];
    scene.workload.retry.timeout = ms(100);
    let mut right = scene.factory();
    let world = World::new(scene.setup.clone(), Seeded::new(1), |node| Rash(right(node)));
    let outcome = world.expect("a sound setup").run().expect("it comes to its end");
    expect![[r#"Some("shows 1, but 0 were acknowledged and 0 are open")"#]]
        .assert_eq(&format!("{:?}", fault(&History::of(&outcome.trace))));
    expect!["nothing is wrong"].assert_eq(&judged(&scene));
}

/// Everything that the client did, in its words.
fn timeline(trace: &Trace) -> String {
    let mut told = String::new();
    for event in trace.event_ids().filter(|event| trace.node_of(*event) == GROUND) {
        let recorded = trace.event(event);
        let to: Vec<_> =
            recorded.sends.iter().map(|message| trace.node_name(trace.message(message).to)).collect();
        let to = if to.is_empty() { String::new() } else { format!(" > {}", to.join(" ")) };
        told += &format!("{} {}{to}\n", recorded.at.ns() / 1_000_000, trace.describe(event));
    }
    told
}

/// Links that lose, delay, duplicate and overtake, and a store that crashes.
fn storm(care: Care) -> Scene {
    let often = Odds::ppm(150_000).expect("below a million");
    let late = Link { latency_min: ms(1), latency_max: ms(40), ..Link::INSTANT };
    let bad = Link { loss: often, duplicate: often, sequence: Sequence::Unordered, ..late };
    let calls = (1..=12).map(add).chain([read()]).collect();
    let plan = Plan::new()
        .at(at(120), Act::Crash { node: STORE })
        .at(at(160), Act::Restart { node: STORE, disk: Disk::Kept });
    let mut scene = Scene::new(Pace::Closed { think: ms(50) }, Retry::times(5, ms(30)), calls).plan(plan);
    scene.setup.network = Network::new(bad);
    Scene { care, ..scene }
}

#[test]
fn a_careful_store_keeps_its_word_in_any_storm_and_no_other_does() {
    let found = |care| {
        let scene = storm(care);
        let faults = (0..300).filter_map(|seed| fault(&History::of(&scene.run(Seeded::new(seed)).trace)));
        faults.collect::<Vec<_>>()
    };
    assert_eq!(found(Care::Full), [""; 0]);
    for care in [Care::ForgetsNames, Care::PersistsLater] {
        let found = found(care);
        assert!(found.len() > 10, "{care:?} breaks its word in many seeds: {found:?}");
    }
}

#[test]
fn a_seed_with_clients_does_among_many_what_it_does_alone() {
    let scene = storm(Care::Full);
    let mut worlds = Worlds::new(scene.setup.clone(), scene.factory()).expect("a sound setup");
    for seed in (0..40).chain((0..40).rev()) {
        let alone = scene.run(Seeded::new(seed));
        let among = worlds.run(Seeded::new(seed)).expect("it comes to its end");
        assert_eq!(alone.digest, among.digest(), "seed {seed}");
        assert_eq!(alone.trace.events().len(), among.events() as usize, "seed {seed}");
    }
}

#[test]
fn how_an_operation_ended_is_in_the_digest() {
    let digest = |reading: bool| {
        let mut scene = Scene::one_add();
        scene.workload.calls = vec![if reading { read() } else { add(1) }];
        // Persisting is an event of its own, which would tell the two apart.
        scene.care = Care::PersistsLater;
        scene.setup.end = at(25);
        scene.run(Calm).digest
    };
    assert_ne!(digest(true), digest(false), "one shows a number, the other is done, at the same times");
}

/// Every order in which requests, replies and time-outs can come: what is wrong in any.
fn explored(care: Care) -> (Extent, BTreeSet<String>) {
    let pace = Pace::Closed { think: Duration::ZERO };
    let workload = Arc::new(Workload::new([STORE], pace, Retry::times(1, ms(100)), vec![add(1), read()]));
    let factory = |node| match node {
        STORE => Party::Server(Store::new(care, Duration::ZERO)),
        _ => Party::Client(Client::new(node, Arc::clone(&workload))),
    };
    // Two operations, each asked twice: the client can wait in vain four times.
    let scope = Scope { timers_max: 4, ..Scope::new(["store", "ground"]) };
    let mut faults = BTreeSet::new();
    let found = explore(&scope, factory, |run| {
        let trace = run.schedule().replay(&scope, factory).expect("it is of this scope");
        faults.extend(fault(&History::of(&trace)));
        Visit::Fine
    });
    (found.expect("a sound scope").extent, faults)
}

#[test]
fn a_retry_in_every_order_is_harmless_to_a_store_that_knows_it_and_to_no_other() {
    assert_eq!(explored(Care::Full), (Extent::Complete, BTreeSet::new()));
    let (extent, faults) = explored(Care::ForgetsNames);
    assert_eq!(extent, Extent::Complete);
    expect![[r#"
        shows 2, but 0 were acknowledged and 1 are open
        shows 2, but 1 were acknowledged and 0 are open"#]]
    .assert_eq(&faults.into_iter().collect::<Vec<_>>().join("\n"));
}

/// What a random client is like.
fn workloads() -> impl Strategy<Value = Workload> {
    let pace = prop_oneof![
        (0..60_u64).prop_map(|think| Pace::Closed { think: ms(think) }),
        (0..60_u64).prop_map(|every| Pace::Open { every: ms(every) }),
    ];
    let retry = (0..4_u32, 0..80_u64, 0..30_u64, any::<bool>());
    (pace, retry, 0..8_usize, 0..50_u64, 1..3_usize).prop_map(
        |(pace, (retries_max, timeout, backoff, is_kept), count, begin, servers)| {
            let mut retry = Retry::times(retries_max, ms(timeout));
            retry.backoff = ms(backoff);
            retry.identity = if is_kept { Identity::Kept } else { Identity::Renewed };
            let servers = [STORE, SPARE].into_iter().take(servers);
            let mut workload = Workload::new(servers, pace, retry, vec![add(1); count]);
            (workload.begin, workload.until) = (ms(begin), ms(400));
            workload
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_its_workload_a_client_keeps_to_it(workload in workloads(), seed in any::<u64>()) {
        let scene = Scene { workload: workload.clone(), ..storm(Care::Full) };
        let trace = scene.run(Seeded::new(seed)).trace;
        let history = History::of(&trace);
        let operations = history.operations();
        prop_assert!(operations.len() <= workload.calls.len());
        for operation in operations {
            let (ended, completion) = operation.completed.as_ref().expect("it gives up in the end");
            let took = ended.at.since(operation.invoked.at);
            prop_assert!(took <= workload.retry.longest(), "{took:?}");
            // It gives up only when it has waited for all that it may.
            prop_assert!(completion.is_certain() || took == workload.retry.longest(), "{took:?}");
            prop_assert!(operation.invoked.at < at(400) && operation.invoked.at >= at(0).saturating_add(workload.begin));
        }
        for pair in operations.windows(2) {
            let ended = pair[0].completed.as_ref().map(|(moment, _)| moment.at);
            let began = pair[1].invoked.at;
            match workload.pace {
                Pace::Open { every } => prop_assert_eq!(began.since(pair[0].invoked.at), every),
                Pace::Closed { think } => {
                    prop_assert_eq!(Some(began), ended.map(|ended| ended.saturating_add(think)));
                }
            }
        }
        let asks = trace.event_ids().filter(|event| trace.node_of(*event) == GROUND);
        let asks: usize = asks.map(|event| trace.event(event).sends.len()).sum();
        prop_assert!(asks <= operations.len() * (workload.retry.retries_max as usize + 1));
    }
}

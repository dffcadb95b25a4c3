//! What a client may believe of a refusal when it has asked more than once.

use constellation_fabric::{Options, Question, Topic};
use constellation_sim::clients::Service;
use constellation_trace::Operation;

use super::register::{Register, is_linearizable};
use super::*;

/// The other client.
const DECK: NodeId = NodeId::new(3);

fn set(expected: u32, value: u32) -> Call {
    Call::CompareAndSet { key: "fuel".to_owned(), expected: expected.to_string(), value: value.to_string() }
}

/// A client that takes the refusal of one try for that of the operation.
struct Hasty<S>(Party<S>);

impl<S: Service> Node for Hasty<S> {
    type Message = S::Message;
    type Request = S::Request;

    fn on(&mut self, now: Now, input: Input<S::Message, S::Request>, effects: &mut Effects<S::Message>) {
        self.0.on(now, input, effects);
        for step in effects.steps_mut() {
            let StepAct::Complete { completion, .. } = &mut step.act else { continue };
            if let Completion::Unknown { reason } = completion
                && reason.starts_with("a try was refused")
            {
                *completion = Completion::Failed { reason: reason.clone() };
            }
        }
    }
}

/// A leader, a follower, and what one or two clients ask of them.
struct Setting {
    setup: Setup<()>,
    workload: Workload,
    other_calls: Vec<Call>,
}

impl Setting {
    fn new(identity: Identity, calls: Vec<Call>) -> Setting {
        let link = Link {
            latency_min: ms(10),
            latency_max: ms(10),
            loss: Odds::ppm(1).expect("few"),
            ..Link::INSTANT
        };
        let names = ["leader", "follower", "ground", "deck"];
        let setup = Setup { network: Network::new(link), ..Setup::new(names, at(10_000)) };
        let mut retry = Retry::times(1, ms(50));
        retry.identity = identity;
        let workload = Workload::new([STORE], Pace::Closed { think: ms(100) }, retry, calls);
        Setting { setup, workload, other_calls: Vec::new() }
    }

    fn party<const REMEMBERS: bool>(
        &self,
    ) -> impl FnMut(NodeId) -> Party<Register<REMEMBERS>> + use<REMEMBERS> {
        let mut other = self.workload.clone();
        other.calls.clone_from(&self.other_calls);
        let (workload, other) = (Arc::new(self.workload.clone()), Arc::new(other));
        move |node| match node {
            STORE => Party::Server(Register::leader()),
            SPARE => Party::Server(Register::Follower),
            DECK => Party::Client(Client::new(node, Arc::clone(&other))),
            _ => Party::Client(Client::new(node, Arc::clone(&workload))),
        }
    }

    fn seen<const REMEMBERS: bool>(&self, choices: impl Choices) -> History {
        let world =
            World::new(self.setup.clone(), choices, self.party::<REMEMBERS>()).expect("a sound setup");
        History::of(&world.run().expect("it comes to its end").trace)
    }

    fn seen_by_hasty<const REMEMBERS: bool>(&self, choices: impl Choices) -> History {
        let mut party = self.party::<REMEMBERS>();
        let world = World::new(self.setup.clone(), choices, move |node| Hasty(party(node)));
        History::of(&world.expect("a sound setup").run().expect("it comes to its end").trace)
    }
}

/// Loses the first so many messages of the leader to the ground, and nothing else.
#[derive(Clone, Copy)]
struct LosesReplies(u64);

impl Choices for LosesReplies {
    fn choose(&mut self, question: Question, _options: Options) -> u32 {
        let is_reply = (question.source, question.target) == (STORE, GROUND) && question.nth < self.0;
        u32::from(question.topic == Topic::Loss && is_reply)
    }
}

#[test]
fn a_retry_that_is_refused_says_nothing_of_the_try_whose_reply_was_lost() {
    for identity in [Identity::Kept, Identity::Renewed] {
        let setting = Setting::new(identity, vec![set(0, 1), read()]);
        let history = setting.seen::<false>(LosesReplies(1));
        expect![[r#"
            0 set fuel = "1" if it is "0" -> 100 unknown: a try was refused, but another may have taken effect: it is another
            200 read fuel -> 220 shows "1"
        "#]]
        .assert_eq(&tell(&history));
        assert!(is_linearizable(&history), "{identity:?}");
        assert!(!is_linearizable(&setting.seen_by_hasty::<false>(LosesReplies(1))), "{identity:?}");
    }
    // Who knows the name answers as before.
    let setting = Setting::new(Identity::Kept, vec![set(0, 1), read()]);
    expect![[r#"
        0 set fuel = "1" if it is "0" -> 70 done
        170 read fuel -> 190 shows "1"
    "#]]
    .assert_eq(&tell(&setting.seen::<true>(LosesReplies(1))));
}

#[test]
fn a_follower_that_refuses_says_nothing_of_the_request_that_the_leader_will_get() {
    let plan = Plan::new()
        .at(at(0), Act::Cut { sources: vec![GROUND], targets: vec![STORE] })
        .at(at(105), Act::Heal);
    for identity in [Identity::Kept, Identity::Renewed] {
        let mut setting = Setting::new(identity, vec![set(0, 1), read()]);
        setting.workload.servers = vec![STORE, SPARE];
        setting.setup.plan = plan.clone();
        for history in [setting.seen::<false>(Calm), setting.seen::<true>(Calm)] {
            expect![[r#"
                0 set fuel = "1" if it is "0" -> 100 unknown: a try was refused, but another may have taken effect: not the leader
                200 read fuel -> 220 shows "1"
            "#]].assert_eq(&tell(&history));
            assert!(is_linearizable(&history), "{identity:?}");
        }
        for history in [setting.seen_by_hasty::<false>(Calm), setting.seen_by_hasty::<true>(Calm)] {
            assert!(!is_linearizable(&history), "{identity:?}");
        }
    }
}

#[test]
fn what_every_try_was_refused_has_failed() {
    // The first request is held up for 25 ms, so that its reply comes while the second is under way.
    let plan =
        Plan::new().at(at(0), Act::Cut { sources: vec![GROUND], targets: vec![STORE] }).at(at(15), Act::Heal);
    let late = |identity| {
        let mut setting = Setting::new(identity, vec![set(7, 8)]);
        setting.workload.retry.timeout = ms(30);
        setting.setup.plan = plan.clone();
        setting
    };
    let mut renewed = late(Identity::Renewed);
    expect![[r#"
        0 set fuel = "8" if it is "7" -> 50 failed: it is another
    "#]]
    .assert_eq(&tell(&renewed.seen::<false>(Calm)));
    // By one name, only a memory tells that the reply to the first is also that to the second.
    let kept = late(Identity::Kept);
    expect![[r#"
        0 set fuel = "8" if it is "7" -> 35 failed: it is another
    "#]]
    .assert_eq(&tell(&kept.seen::<true>(Calm)));
    expect![[r#"
        0 set fuel = "8" if it is "7" -> 60 unknown: a try was refused, but another may have taken effect: it is another
    "#]].assert_eq(&tell(&kept.seen::<false>(Calm)));
    // And where each of two was asked once, nothing need be told apart.
    let mut both = late(Identity::Kept);
    both.workload.servers = vec![STORE, SPARE];
    expect![[r#"
        0 set fuel = "8" if it is "7" -> 50 failed: not the leader
    "#]]
    .assert_eq(&tell(&both.seen::<false>(Calm)));
    // Not so where one was asked twice by one name: which of the two it refused nobody knows.
    both.setup.network.set_link(SPARE, GROUND, Link { loss: Odds::ALWAYS, ..Link::INSTANT });
    both.workload.retry.retries_max = 3;
    expect![[r#"
        0 set fuel = "8" if it is "7" -> 120 unknown: a try was refused, but another may have taken effect: it is another
    "#]].assert_eq(&tell(&both.seen::<false>(Seeded::new(1))));
    // A try that was lost is never refused.
    renewed.setup.plan = Plan::new();
    expect![[r#"
        0 set fuel = "8" if it is "7" -> 60 unknown: a try was refused, but another may have taken effect: it is another
    "#]].assert_eq(&tell(&renewed.seen::<false>(LosesReplies(1))));
}

#[test]
fn the_label_of_a_refusal_says_that_it_is_not_the_last_word() {
    let setting = Setting::new(Identity::Renewed, vec![set(0, 1)]);
    let world =
        World::new(setting.setup.clone(), LosesReplies(1), setting.party::<false>()).expect("a sound setup");
    expect![[r#"
        0 invokes 0: set fuel = "1" if it is "0", sends m0 to leader > leader
        50 asks again for 0, retry 1 of 1 > leader
        70 hears of 0, of which another try may take effect: failed: it is another
        100 completes 0: unknown: a try was refused, but another may have taken effect: it is another
    "#]]
    .assert_eq(&timeline(&world.run().expect("it comes to its end").trace));
}

/// Two clients that set a register higher and higher, over links that lose, delay and reorder. No value comes back, so
/// that a request that is carried out twice takes effect once.
fn rivals(identity: Identity) -> Setting {
    let mut setting = Setting::new(identity, vec![set(0, 1), read(), set(2, 3), read()]);
    setting.other_calls = vec![set(1, 2), read(), set(3, 4), read()];
    setting.workload.servers = vec![STORE, SPARE];
    setting.workload.retry.retries_max = 2;
    setting.workload.pace = Pace::Closed { think: ms(10) };
    let loss = Odds::ppm(200_000).expect("below a million");
    let late = Link { latency_min: ms(1), latency_max: ms(80), ..Link::INSTANT };
    setting.setup.network = Network::new(Link { loss, sequence: Sequence::Unordered, ..late });
    setting
}

#[test]
fn no_history_of_a_register_is_beyond_explanation_but_for_a_hasty_client() {
    let has_failed =
        |operation: &Operation| matches!(operation.completed, Some((_, Completion::Failed { .. })));
    let (mut failed, mut wrong) = (0, 0);
    for identity in [Identity::Kept, Identity::Renewed] {
        let setting = rivals(identity);
        for seed in 0..400 {
            for history in [setting.seen::<false>(Seeded::new(seed)), setting.seen::<true>(Seeded::new(seed))]
            {
                assert!(is_linearizable(&history), "{identity:?}, seed {seed}:\n{}", tell(&history));
                failed += history.operations().iter().filter(|operation| has_failed(operation)).count();
            }
            wrong += usize::from(!is_linearizable(&setting.seen_by_hasty::<false>(Seeded::new(seed))));
        }
    }
    expect!["1181 operations failed, 357 histories of hasty clients are wrong"]
        .assert_eq(&format!("{failed} operations failed, {wrong} histories of hasty clients are wrong"));
}

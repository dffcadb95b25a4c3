//! What links do to messages beside time and plain loss: each kind alone changes what happens, and without it nothing
//! does.

use std::num::{NonZeroU32, NonZeroU64};
use std::time::Duration;

use constellation_fabric::{
    Calm, Choices, Contacts, Flap, Link, Network, Odds, Options, Outside, Pass, Question, Sequence, Topic,
};
use constellation_sim::choices::{Bounds, Coverage, Odometer};
use constellation_sim::{Plan, Player, Recorder, Seeded, Setup, World, Worlds};
use constellation_trace::format::jsonl;
use constellation_trace::{Nemesis, NodeId, TrueTime};
use expect_test::expect;

use crate::gossip::{Gossip, Memory, SEED, bad_link, everything};
use crate::probe::{
    ATLANTIC, Ask, PACIFIC, Probe, ask, check, check_by, link, ms, quiet, run, tell, three_words,
};

pub(crate) fn over(link: Link) -> Setup<Ask> {
    Setup { network: Network::new(link), ..three_words() }
}

fn in_contacts(link: Link, contacts: Contacts) -> Setup<Ask> {
    let mut setup = over(link);
    setup.network.set_default(link, Some(contacts));
    setup
}

pub(crate) fn often(ppm: u32) -> Odds {
    Odds::ppm(ppm).expect("at most a million")
}

fn pass(start: u64, end: u64) -> Pass {
    Pass { start: ms(start), end: ms(end), rate: None }
}

/// Down for the first 20 of each 40 ms, at times.
fn flapping(outside: Outside) -> Contacts {
    let flap =
        Flap { period: Duration::from_millis(40), down: Duration::from_millis(20), odds: often(500_000) };
    Contacts::new(outside).with_flap(flap).expect("shorter than its period")
}

#[test]
fn calm_no_link_corrupts_or_flaps() {
    let worst = Link { corrupt_seen: often(900_000), corrupt_unseen: often(900_000), ..link(1) };
    let setups = [
        over(worst),
        in_contacts(worst, flapping(Outside::Hold)),
        in_contacts(worst, flapping(Outside::Lose)),
    ];
    let harmless = run(three_words(), Calm).map(|outcome| (tell(&outcome.trace), outcome.counts));
    for setup in setups {
        assert_eq!(run(setup, Calm).map(|outcome| (tell(&outcome.trace), outcome.counts)), harmless);
    }
    check_by(
        over(worst),
        Calm,
        expect![[r#"
        10.000ms pacific says 1
        10.000ms pacific says 2
        10.000ms pacific says 3
        11.000ms atlantic hears 1
        11.000ms atlantic hears 2
        11.000ms atlantic hears 3
    "#]],
    );
}

#[test]
fn corruption_that_a_checksum_sees_alone_loses() {
    check(
        over(Link { corrupt_seen: often(500_000), ..link(1) }),
        2,
        expect![[r#"
        10.000ms pacific says 1
        10.000ms pacific says 2
        10.000ms * lose m1: checksum
        10.000ms pacific says 3
        11.000ms atlantic hears 1
        11.000ms atlantic hears 3
    "#]],
    );
}

#[test]
fn corruption_that_no_checksum_sees_alone_makes_another_message_or_one_that_nobody_can_read() {
    check(
        over(Link { corrupt_unseen: often(500_000), ..link(1) }),
        6,
        expect![[r#"
        10.000ms pacific says 1
        10.000ms * corrupt m0
        10.000ms pacific says 2
        10.000ms pacific says 3
        10.000ms * lose m2: unreadable
        11.000ms atlantic hears 17
        11.000ms atlantic hears 2
    "#]],
    );
}

/// The first word is corrupted in this way.
struct How(u32);

impl Choices for How {
    fn choose(&mut self, question: Question, _options: Options) -> u32 {
        match (question.topic, question.nth) {
            (Topic::CorruptUnseen, 0) => 1,
            (Topic::CorruptHow, 0) => self.0,
            _ => 0,
        }
    }
}

#[test]
fn two_ways_of_corruption_are_two_runs_for_digest_and_trace() {
    let corrupted = |how| {
        let outcome = run(over(Link { corrupt_unseen: often(500_000), ..link(1) }), How(how));
        let outcome = outcome.expect("a sound setup");
        (outcome.digest, jsonl::to_string(&outcome.trace))
    };
    let [none, one, other] = [0, 1, 3].map(corrupted);
    assert!(one.1.contains(r#"{"nemesis":"corrupt","at_ns":10000000,"message":0,"how":1}"#), "{}", one.1);
    assert_ne!(one.0, other.0);
    assert_ne!(one.0, none.0);
    assert_ne!(none.0, other.0);
}

#[test]
fn both_copies_of_a_message_are_corrupted_alike() {
    let link = Link { corrupt_unseen: Odds::ALWAYS, duplicate: Odds::ALWAYS, ..link(1) };
    check(
        over(link),
        1,
        expect![[r#"
        10.000ms pacific says 1
        10.000ms * corrupt m0
        10.000ms * duplicate m0
        10.000ms pacific says 2
        10.000ms * corrupt m1
        10.000ms * duplicate m1
        10.000ms pacific says 3
        10.000ms * corrupt m2
        10.000ms * duplicate m2
        11.000ms atlantic hears 3
        11.000ms atlantic hears 3
        11.000ms atlantic hears 66
        11.000ms atlantic hears 66
        11.000ms atlantic hears 19
        11.000ms atlantic hears 19
    "#]],
    );
}

#[test]
fn a_rate_alone_makes_messages_go_out_one_after_the_other() {
    // 100 bytes a second: the numbers take 10, 20 and 30 ms.
    check(
        over(Link { rate: NonZeroU64::new(100), queue_bytes_max: 1_000, ..link(1) }),
        1,
        expect![[r#"
        10.000ms pacific says 1
        10.000ms pacific says 2
        10.000ms * m1 waits for the queue until 20.000ms
        10.000ms pacific says 3
        10.000ms * m2 waits for the queue until 40.000ms
        21.000ms atlantic hears 1
        41.000ms atlantic hears 2
        71.000ms atlantic hears 3
    "#]],
    );
}

#[test]
fn a_queue_that_is_full_alone_loses() {
    check(
        over(Link { rate: NonZeroU64::new(100), queue_bytes_max: 4, ..link(1) }),
        1,
        expect![[r#"
        10.000ms pacific says 1
        10.000ms pacific says 2
        10.000ms * m1 waits for the queue until 20.000ms
        10.000ms pacific says 3
        10.000ms * lose m2: queue_full
        21.000ms atlantic hears 1
        41.000ms atlantic hears 2
    "#]],
    );
}

#[test]
fn a_size_alone_loses_what_is_longer() {
    check(
        over(Link { size_max: NonZeroU32::new(2), ..link(1) }),
        1,
        expect![[r#"
        10.000ms pacific says 1
        10.000ms pacific says 2
        10.000ms pacific says 3
        10.000ms * lose m2: too_long
        11.000ms atlantic hears 1
        11.000ms atlantic hears 2
    "#]],
    );
}

#[test]
fn a_pass_alone_decides_when_messages_go_out() {
    let contacts = Contacts::new(Outside::Hold).with_passes([pass(30, 50)]).expect("one pass");
    check(
        in_contacts(link(1), contacts),
        1,
        expect![[r#"
        10.000ms pacific says 1
        10.000ms * m0 waits for the link until 30.000ms
        10.000ms pacific says 2
        10.000ms * m1 waits for the link until 30.000ms
        10.000ms pacific says 3
        10.000ms * m2 waits for the link until 30.000ms
        31.000ms atlantic hears 1
        31.000ms atlantic hears 2
        31.000ms atlantic hears 3
    "#]],
    );
    let contacts = Contacts::new(Outside::Lose).with_passes([pass(30, 50)]).expect("one pass");
    check(
        in_contacts(link(1), contacts),
        1,
        expect![[r#"
        10.000ms pacific says 1
        10.000ms * lose m0: no_contact
        10.000ms pacific says 2
        10.000ms * lose m1: no_contact
        10.000ms pacific says 3
        10.000ms * lose m2: no_contact
    "#]],
    );
    let contacts = Contacts::new(Outside::Lose).with_passes([pass(5, 50)]).expect("one pass");
    check(
        in_contacts(link(1), contacts),
        1,
        expect![[r#"
        10.000ms pacific says 1
        10.000ms pacific says 2
        10.000ms pacific says 3
        11.000ms atlantic hears 1
        11.000ms atlantic hears 2
        11.000ms atlantic hears 3
    "#]],
    );
}

#[test]
fn what_does_not_fit_into_a_pass_goes_out_in_the_next() {
    // 10, 20 and 30 ms at 100 bytes a second; the second pass is ten times as fast.
    let fast = Pass { rate: NonZeroU64::new(1_000), ..pass(100, 120) };
    let contacts = Contacts::new(Outside::Hold).with_passes([pass(0, 45), fast]).expect("two passes");
    check(
        in_contacts(Link { rate: NonZeroU64::new(100), queue_bytes_max: 1_000, ..link(1) }, contacts),
        1,
        expect![[r#"
        10.000ms pacific says 1
        10.000ms pacific says 2
        10.000ms * m1 waits for the queue until 20.000ms
        10.000ms pacific says 3
        10.000ms * m2 waits for the link until 100.000ms
        21.000ms atlantic hears 1
        41.000ms atlantic hears 2
        104.000ms atlantic hears 3
    "#]],
    );
}

#[test]
fn a_flap_alone_holds_or_loses_what_meets_it() {
    check(
        in_contacts(link(1), flapping(Outside::Hold)),
        1,
        expect![[r#"
        10.000ms pacific says 1
        10.000ms * m0 waits for the link until 20.000ms
        10.000ms pacific says 2
        10.000ms * m1 waits for the link until 20.000ms
        10.000ms pacific says 3
        10.000ms * m2 waits for the link until 20.000ms
        21.000ms atlantic hears 1
        21.000ms atlantic hears 2
        21.000ms atlantic hears 3
    "#]],
    );
    check(
        in_contacts(link(1), flapping(Outside::Lose)),
        1,
        expect![[r#"
        10.000ms pacific says 1
        10.000ms * lose m0: no_contact
        10.000ms pacific says 2
        10.000ms * lose m1: no_contact
        10.000ms pacific says 3
        10.000ms * lose m2: no_contact
    "#]],
    );
    // Another seed, another weather.
    check(
        in_contacts(link(1), flapping(Outside::Lose)),
        3,
        expect![[r#"
        10.000ms pacific says 1
        10.000ms pacific says 2
        10.000ms pacific says 3
        11.000ms atlantic hears 1
        11.000ms atlantic hears 2
        11.000ms atlantic hears 3
    "#]],
    );
}

#[test]
fn limits_of_one_direction_leave_the_way_back_alone() {
    let mut setup = quiet(
        Plan::new()
            .at(ms(10), ask(PACIFIC, Ask::Send(ATLANTIC, vec![1, 2])))
            .at(ms(10), ask(ATLANTIC, Ask::Send(PACIFIC, vec![3, 4]))),
    );
    setup.network.set_link(
        PACIFIC,
        ATLANTIC,
        Link { rate: NonZeroU64::new(100), queue_bytes_max: 1_000, ..link(1) },
    );
    check(
        setup,
        1,
        expect![[r#"
        10.000ms pacific says 1
        10.000ms pacific says 2
        10.000ms * m1 waits for the queue until 20.000ms
        10.000ms atlantic says 3
        10.000ms atlantic says 4
        11.000ms pacific hears 3
        11.000ms pacific hears 4
        21.000ms atlantic hears 1
        41.000ms atlantic hears 2
    "#]],
    );
}

#[test]
fn at_the_end_links_have_no_limits_and_what_waits_goes_out() {
    let contacts = Contacts::new(Outside::Hold).with_passes([pass(20, 35)]).expect("one pass");
    let link = Link {
        corrupt_seen: Odds::ALWAYS,
        size_max: NonZeroU32::new(4),
        rate: NonZeroU64::new(100),
        queue_bytes_max: 1_000,
        ..link(1)
    };
    let mut setup = in_contacts(Link { corrupt_seen: Odds::NEVER, ..link }, contacts.clone());
    (setup.end, setup.grace) = (ms(60), Duration::from_millis(50));
    check(
        setup.clone(),
        1,
        expect![[r#"
        10.000ms pacific says 1
        10.000ms * m0 waits for the link until 20.000ms
        10.000ms pacific says 2
        10.000ms * m1 waits for the link until 60.000ms
        10.000ms pacific says 3
        10.000ms * m2 waits for the link until 60.000ms
        31.000ms atlantic hears 1
        61.000ms atlantic hears 2
        61.000ms atlantic hears 3
    "#]],
    );
    // A message that is sent after the end meets no limit at all.
    setup.network.set_default(link, Some(contacts));
    setup.plan = Plan::new().at(ms(70), ask(PACIFIC, Ask::Send(ATLANTIC, vec![9, 8])));
    check(
        setup,
        1,
        expect![[r#"
        70.000ms pacific says 9
        70.000ms pacific says 8
        71.000ms atlantic hears 9
        71.000ms atlantic hears 8
    "#]],
    );
}

/// [`everything`], and links that do all that links can do: some corrupt, some carry little, some are up now and then.
pub(crate) fn everything_limited() -> Setup<u64> {
    let [pacific, indian, atlantic, antarctic] = [0, 1, 2, 3].map(NodeId::new);
    let mut setup = everything();
    let flap =
        Flap { period: Duration::from_millis(60), down: Duration::from_millis(25), odds: often(300_000) };
    let corrupting = Link { corrupt_seen: often(100_000), corrupt_unseen: often(100_000), ..bad_link() };
    let flapping = Contacts::new(Outside::Lose).with_flap(flap).expect("shorter than its period");
    setup.network.set_default(corrupting, Some(flapping));
    let slow =
        Link { rate: NonZeroU64::new(400), queue_bytes_max: 60, size_max: NonZeroU32::new(32), ..bad_link() };
    setup.network.set_link(pacific, indian, Link { sequence: Sequence::Ordered, ..slow });
    setup.network.set_link(atlantic, antarctic, slow);
    let fast = Pass { rate: NonZeroU64::new(4_000), ..pass(1_000, 1_200) };
    let passes = Contacts::new(Outside::Hold).with_passes([pass(100, 300), pass(500, 700), fast]);
    let passes = passes.and_then(|passes| passes.with_flap(flap)).expect("sound");
    setup.network.set_contacts(atlantic, antarctic, passes);
    setup
}

#[test]
fn a_seed_among_many_does_what_it_does_alone_over_links_with_limits() {
    let gossips = || |node| Gossip::new(node, 4, Memory::Persisted);
    let mut worlds = Worlds::new(everything_limited(), gossips()).expect("the scenario is sound");
    let mut told = std::collections::BTreeMap::new();
    for seed in (0..40).chain((0..40).rev()) {
        let one = World::new(everything_limited(), Seeded::new(seed), gossips()).and_then(World::run);
        let one = one.expect("the scenario is sound");
        let many = worlds.run(Seeded::new(seed)).expect("the scenario is sound");
        assert_eq!((one.digest, one.counts), (many.digest(), many.counts()), "seed {seed}");
        assert_eq!((one.ending, one.last), (many.ending(), many.last()), "seed {seed}");
        for entry in one.trace.nemesis() {
            let what = match entry.nemesis {
                Nemesis::Lose(_, why) => why.name(),
                Nemesis::Wait { why, .. } => why.name(),
                Nemesis::Corrupt { .. } => "corrupt",
                _ => continue,
            };
            *told.entry(what).or_insert(0_u32) += 1;
        }
    }
    // Else it says less than it seems to.
    let all = [
        "checksum",
        "corrupt",
        "link",
        "no_contact",
        "plain",
        "queue",
        "queue_full",
        "too_long",
        "unreadable",
    ];
    assert_eq!(told.keys().copied().collect::<Vec<_>>(), all, "{told:?}");
}

#[test]
fn the_digest_of_links_with_limits_is_the_same_everywhere() {
    // In debug and release, on every machine; it may change with a version, which the changelog then says.
    let mut worlds = Worlds::new(everything_limited(), |node| Gossip::new(node, 4, Memory::Persisted))
        .expect("the scenario is sound");
    let run = worlds.run(Seeded::new(SEED)).expect("the scenario is sound");
    expect!["85487c3b9a66243c"].assert_eq(&run.digest().to_string());
}

#[test]
fn what_links_do_is_played_again_from_its_answers_alone() {
    for seed in 0..20 {
        let world = |choices: &mut dyn Choices| {
            let world =
                World::new(everything_limited(), choices, |node| Gossip::new(node, 4, Memory::Persisted));
            jsonl::to_string(&world.and_then(World::run).expect("the scenario is sound").trace)
        };
        let mut recorder = Recorder::new(Seeded::new(seed));
        let recorded = world(&mut recorder);
        let answers = recorder.into_answers();
        let mut player = Player::new(&answers);
        assert_eq!(world(&mut player), recorded, "seed {seed}");
        assert_eq!(player.leftovers(), [], "seed {seed}");
        let topics = [Topic::CorruptSeen, Topic::CorruptUnseen, Topic::CorruptHow, Topic::Flap];
        for topic in topics {
            assert!(answers.iter().any(|answer| answer.question().topic == topic), "seed {seed}: no {topic}");
        }
    }
}

#[test]
fn every_combination_of_corruption_and_flaps_is_tried() {
    let link = Link { corrupt_seen: often(1), corrupt_unseen: often(1), ..link(1) };
    let bounds = Bounds { levels_max: NonZeroU32::new(2).expect("not 0"), ..Bounds::default() };
    let mut odometer = Odometer::new(bounds);
    let mut outcomes = std::collections::BTreeSet::new();
    while odometer.advance() {
        let mut setup = in_contacts(link, flapping(Outside::Lose));
        setup.plan = Plan::new().at(ms(10), ask(PACIFIC, Ask::Send(ATLANTIC, vec![1])));
        let outcome = run(setup, &mut odometer).expect("the setup is sound");
        outcomes.insert(tell(&outcome.trace));
    }
    // The flap; or not, and the checksum; or not, and of what nothing sees the first and the last bit; or nothing.
    assert_eq!(odometer.coverage().to_string(), "5 runs, bounded by the number of levels");
    assert!(matches!(odometer.coverage(), Coverage::Bounded { runs: 5, .. }));
    assert_eq!(outcomes.len(), 5);
}

/// Answers what it is told about one topic, and 0 about the rest.
struct Only(Topic, u32);

impl Choices for Only {
    fn choose(&mut self, question: Question, _options: Options) -> u32 {
        if question.topic == self.0 { self.1 } else { 0 }
    }
}

#[test]
fn with_no_limits_no_question_is_asked_of_them() {
    struct Forbidding;
    impl Choices for Forbidding {
        fn choose(&mut self, question: Question, _options: Options) -> u32 {
            let is_old = [Topic::Latency, Topic::Loss, Topic::Duplicate, Topic::DuplicateLatency]
                .contains(&question.topic);
            assert!(is_old, "{question:?}");
            0
        }
    }
    let link = Link {
        loss: often(1),
        duplicate: often(1),
        rate: NonZeroU64::new(1_000),
        queue_bytes_max: 1_000,
        ..link(9)
    };
    run(over(link), Forbidding).expect("the setup is sound");
}

#[test]
fn a_message_that_waits_beyond_the_end_of_the_run_is_in_flight() {
    let contacts = Contacts::new(Outside::Hold).with_passes([pass(2_000, 3_000)]).expect("one pass");
    let mut setup = in_contacts(
        Link { latency_min: Duration::from_secs(2), latency_max: Duration::from_secs(2), ..link(1) },
        contacts,
    );
    setup.grace = Duration::from_millis(500);
    check_by(
        setup,
        Only(Topic::Loss, 0),
        expect![[r#"
        10.000ms pacific says 1
        10.000ms * m0 waits for the link until 1000.000ms
        10.000ms pacific says 2
        10.000ms * m1 waits for the link until 1000.000ms
        10.000ms pacific says 3
        10.000ms * m2 waits for the link until 1000.000ms
        1500.000ms * m0 is under way
        1500.000ms * m1 is under way
        1500.000ms * m2 is under way
    "#]],
    );
}

#[test]
fn the_digest_tells_how_long_a_message_waits_and_why_it_is_lost() {
    let digest = |setup: Setup<Ask>| {
        let mut worlds = Worlds::new(setup, |_| Probe::default()).expect("the setup is sound");
        worlds.run(Calm).expect("the setup is sound").digest()
    };
    let until = |start: TrueTime| {
        let pass = Pass { start, end: ms(900), rate: None };
        in_contacts(link(1), Contacts::new(Outside::Hold).with_passes([pass]).expect("one pass"))
    };
    assert_eq!(digest(until(ms(20))), digest(until(ms(20))));
    assert_ne!(digest(until(ms(20))), digest(until(ms(20).saturating_add(Duration::from_nanos(1)))));
    // All three are lost at once, for one reason or the other.
    let too_long = over(Link { size_max: NonZeroU32::new(1), ..link(1) });
    let queue_full = over(Link { rate: NonZeroU64::new(1), queue_bytes_max: 0, ..link(1) });
    let [one, other] = [too_long, queue_full].map(|mut setup| {
        setup.plan = Plan::new().at(ms(10), ask(PACIFIC, Ask::Send(ATLANTIC, vec![1, 2])));
        digest(setup)
    });
    assert_ne!(one, other);
}

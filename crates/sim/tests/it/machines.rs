//! What luck and plans do to processes that live: stops and slowness, and the end of all faults.

use std::time::Duration;

use constellation_fabric::{Calm, Choices, Link, Network, Odds, Options, Question, Timer, Topic};
use constellation_sim::{Act, Disk, Faults, Plan, Setup, Span};
use constellation_trace::NodeId;
use expect_test::{Expect, expect};

use crate::probe::{ATLANTIC, Ask, PACIFIC, ask, check_by, link, ms, quiet, run, tell};

/// Answers these questions about Atlantic so, and all others with 0.
pub(crate) struct Only<const COUNT: usize>(pub(crate) [(Topic, u64, u32); COUNT]);

impl<const COUNT: usize> Choices for Only<COUNT> {
    fn choose(&mut self, question: Question, _options: Options) -> u32 {
        let Question { topic, source, target, nth } = question;
        let found = self.0.iter().find(|(asked, number, _)| (*asked, *number) == (topic, nth));
        if topic.number() < 20 {
            return 0;
        }
        assert_eq!((source, target), (ATLANTIC, ATLANTIC), "{question:?} is about a machine without faults");
        found.map_or(0, |(_, _, answer)| *answer)
    }
}

pub(crate) fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// Whatever luck may do, it may do at any time.
pub(crate) fn worst() -> Faults {
    let often = Odds::ppm(500_000).expect("below a million");
    let span = Span { min: millis(20), max: millis(1_019) };
    Faults {
        crash_before: often,
        crash_after: often,
        down: span,
        amnesia: often,
        pause: often,
        pause_time: span,
        suspend: often,
        suspend_time: span,
        slow: Span { min: Duration::ZERO, max: millis(999) },
        wall_step: often,
        wall_step_min_ns: -1_000_000,
        wall_step_max_ns: 1_000_000,
        wall_freeze: often,
        wall_freeze_time: span,
        wall_year: often,
        disk_bytes: Some(100),
        disk_full: often,
        unsynced: often,
        bit_rot: often,
    }
}

pub(crate) fn at_atlantic(faults: Faults, plan: Plan<Ask>) -> Setup<Ask> {
    let mut setup = quiet(plan);
    setup.machines[ATLANTIC.index()].faults = faults;
    setup
}

/// Pacific says 1, 2 and 3 at 10, 20 and 30 ms; Atlantic writes down 5 at 15 ms, and answers at 40 ms.
pub(crate) fn story() -> Plan<Ask> {
    let says = |number| ask(PACIFIC, Ask::Send(ATLANTIC, vec![number]));
    Plan::new()
        .at(ms(10), says(1))
        .at(ms(15), ask(ATLANTIC, Ask::Keep(5)))
        .at(ms(20), says(2))
        .at(ms(30), says(3))
        .at(ms(40), ask(ATLANTIC, Ask::Send(PACIFIC, vec![4])))
}

pub(crate) fn check<const COUNT: usize>(answers: [(Topic, u64, u32); COUNT], expected: Expect) {
    check_by(at_atlantic(worst(), story()), Only(answers), expected);
}

#[test]
fn calm_nothing_goes_wrong_on_the_worst_machine() {
    check(
        [],
        expect![[r#"
        10.000ms pacific says 1
        11.000ms atlantic hears 1
        15.000ms atlantic persists its state
        20.000ms pacific says 2
        21.000ms atlantic hears 2
        30.000ms pacific says 3
        31.000ms atlantic hears 3
        40.000ms atlantic says 4
        41.000ms pacific hears 4
    "#]],
    );
    let told = |setup: Setup<Ask>| run(setup, Calm).map(|outcome| (tell(&outcome.trace), outcome.counts));
    assert_eq!(told(at_atlantic(worst(), story())), told(quiet(story())));
}

#[test]
fn a_pause_makes_inputs_wait_in_order_and_time_goes_on() {
    check(
        [(Topic::Pause, 1, 1)],
        expect![[r#"
        10.000ms pacific says 1
        11.000ms * pause atlantic for 20000000 ns
        20.000ms pacific says 2
        30.000ms pacific says 3
        31.000ms atlantic hears 1
        31.000ms atlantic persists its state
        31.000ms atlantic hears 2
        31.000ms atlantic hears 3
        40.000ms atlantic says 4
        41.000ms pacific hears 4
    "#]],
    );
}

/// A timer of 30 ms is set at 10 ms; at 20 ms Atlantic stops for 50 ms.
fn stopped(topic: Topic) -> (Setup<Ask>, Only<2>) {
    let time = if topic == Topic::Pause { Topic::PauseTime } else { Topic::SuspendTime };
    let plan = Plan::new()
        .at(ms(10), ask(ATLANTIC, Ask::Wake(Timer(1), millis(30))))
        .at(ms(10), ask(ATLANTIC, Ask::Wake(Timer(2), millis(90))))
        .at(ms(20), ask(ATLANTIC, Ask::Add(1)));
    (at_atlantic(worst(), plan), Only([(topic, 3, 1), (time, 3, 30)]))
}

#[test]
fn in_a_pause_timers_run_out_and_are_heard_of_late() {
    let (setup, luck) = stopped(Topic::Pause);
    check_by(
        setup,
        luck,
        expect![[r#"
        20.000ms * pause atlantic for 50000000 ns
        70.000ms atlantic has 1
        70.000ms atlantic timer 1 at 70ms
        100.000ms atlantic timer 2 at 100ms
    "#]],
    );
}

#[test]
fn in_a_suspension_the_monotonic_clock_stands_still_and_timers_run_out_later() {
    let (setup, luck) = stopped(Topic::Suspend);
    check_by(
        setup,
        luck,
        expect![[r#"
        20.000ms * suspend atlantic for 50000000 ns
        70.000ms atlantic has 1
        90.000ms atlantic timer 1 at 40ms
        150.000ms atlantic timer 2 at 100ms
    "#]],
    );
}

#[test]
fn a_slow_node_works_on_one_input_after_the_other() {
    check(
        [(Topic::Slow, 1, 12), (Topic::Slow, 2, 7)],
        expect![[r#"
        10.000ms pacific says 1
        11.000ms * atlantic works for 12000000 ns
        20.000ms pacific says 2
        23.000ms atlantic hears 1
        23.000ms * atlantic works for 7000000 ns
        30.000ms pacific says 3
        30.000ms atlantic persists its state
        30.000ms atlantic hears 2
        31.000ms atlantic hears 3
        40.000ms atlantic says 4
        41.000ms pacific hears 4
    "#]],
    );
}

#[test]
fn a_timer_that_waits_and_is_set_anew_does_not_run_out() {
    let wake = |after| ask(ATLANTIC, Ask::Wake(Timer(1), millis(after)));
    let plan = Plan::new()
        .at(ms(10), wake(5))
        .at(ms(12), Act::Pause { node: ATLANTIC, lasts: millis(10) })
        // It runs out at 15 ms, behind this request, which sets it anew.
        .at(ms(14), wake(50));
    check_by(
        quiet(plan),
        Calm,
        expect![[r#"
        12.000ms * pause atlantic for 10000000 ns
        72.000ms atlantic timer 1 at 72ms
    "#]],
    );
}

#[test]
fn a_jump_of_the_wall_clock_by_luck_is_in_the_trace() {
    check(
        [(Topic::WallStep, 2, 1), (Topic::WallStepSize, 2, 1)],
        expect![[r#"
        10.000ms pacific says 1
        11.000ms atlantic hears 1
        15.000ms * step atlantic by -2000 ns
        15.000ms atlantic persists its state
        20.000ms pacific says 2
        21.000ms atlantic hears 2
        30.000ms pacific says 3
        31.000ms atlantic hears 3
        40.000ms atlantic says 4
        41.000ms pacific hears 4
    "#]],
    );
}

#[test]
fn a_stop_by_plan_is_as_one_by_luck() {
    let plan = |act| story().at(ms(12), act);
    check_by(
        quiet(plan(Act::Pause { node: ATLANTIC, lasts: millis(10) })),
        Calm,
        expect![[r#"
        10.000ms pacific says 1
        11.000ms atlantic hears 1
        12.000ms * pause atlantic for 10000000 ns
        20.000ms pacific says 2
        22.000ms atlantic persists its state
        22.000ms atlantic hears 2
        30.000ms pacific says 3
        31.000ms atlantic hears 3
        40.000ms atlantic says 4
        41.000ms pacific hears 4
    "#]],
    );
    let slow = Act::Slow { node: ATLANTIC, each: millis(3), lasts: millis(10) };
    check_by(
        quiet(plan(slow)),
        Calm,
        expect![[r#"
        10.000ms pacific says 1
        11.000ms atlantic hears 1
        15.000ms * atlantic works for 3000000 ns
        18.000ms atlantic persists its state
        20.000ms pacific says 2
        21.000ms * atlantic works for 3000000 ns
        24.000ms atlantic hears 2
        30.000ms pacific says 3
        31.000ms atlantic hears 3
        40.000ms atlantic says 4
        41.000ms pacific hears 4
    "#]],
    );
    let (mut setup, _) = stopped(Topic::Pause);
    setup.plan.add(ms(15), Act::Suspend { node: ATLANTIC, lasts: millis(50) });
    check_by(
        setup,
        Calm,
        expect![[r#"
        15.000ms * suspend atlantic for 50000000 ns
        65.000ms atlantic has 1
        90.000ms atlantic timer 1 at 40ms
        150.000ms atlantic timer 2 at 100ms
    "#]],
    );
}

#[test]
fn a_pause_in_the_midst_of_work_draws_it_out() {
    let plan = Plan::new()
        .at(ms(10), Act::Slow { node: ATLANTIC, each: millis(10), lasts: millis(5) })
        .at(ms(12), ask(ATLANTIC, Ask::Add(1)))
        .at(ms(15), Act::Pause { node: ATLANTIC, lasts: millis(20) });
    // Three of ten milliseconds are done before, seven after.
    check_by(
        quiet(plan),
        Calm,
        expect![[r#"
        12.000ms * atlantic works for 10000000 ns
        15.000ms * pause atlantic for 20000000 ns
        42.000ms atlantic has 1
    "#]],
    );
}

#[test]
fn a_crash_ends_a_stop_and_loses_what_waits() {
    let plan = story()
        .at(ms(12), Act::Pause { node: ATLANTIC, lasts: millis(200) })
        .at(ms(25), Act::Crash { node: ATLANTIC })
        .at(ms(28), Act::Restart { node: ATLANTIC, disk: Disk::Kept });
    check_by(
        quiet(plan),
        Calm,
        expect![[r#"
        10.000ms pacific says 1
        11.000ms atlantic hears 1
        12.000ms * pause atlantic for 200000000 ns
        20.000ms pacific says 2
        25.000ms atlantic crashes
        25.000ms * lose m1
        28.000ms atlantic#1 restarts as atlantic#1 and remembers nothing
        28.000ms atlantic#1 finds nothing on disk, has 0 in life 1
        30.000ms pacific says 3
        31.000ms atlantic#1 hears 3
        40.000ms atlantic#1 says 4
        41.000ms pacific hears 4
    "#]],
    );
}

#[test]
fn at_the_end_of_faults_everything_goes_on() {
    let mut setup = at_atlantic(worst(), story());
    setup.end = ms(25);
    setup.grace = millis(100);
    let long = 999;
    for (luck, what) in [
        ([(Topic::CrashBefore, 2, 1), (Topic::Down, 2, long)], "down"),
        ([(Topic::Pause, 2, 1), (Topic::PauseTime, 2, long)], "paused"),
        ([(Topic::Suspend, 2, 1), (Topic::SuspendTime, 2, long)], "suspended"),
        ([(Topic::Slow, 2, long), (Topic::Slow, 3, long)], "slow"),
    ] {
        let outcome = run(setup.clone(), Only(luck)).expect("a sound setup");
        let told = tell(&outcome.trace);
        assert!(told.contains("25.000ms atlantic"), "{what} until the end of faults:\n{told}");
        assert!(told.contains("31.000ms atlantic") && told.contains("hears 3"), "{what} no longer:\n{told}");
    }
}

/// Answers every question with its last answer, which is seldom the harmless one.
struct Unlucky;

impl Choices for Unlucky {
    fn choose(&mut self, _question: Question, options: Options) -> u32 {
        options.count().get() - 1
    }
}

#[test]
fn at_the_very_end_luck_is_over_for_machines_and_for_what_a_heal_lets_go() {
    let faults = Faults { unsynced: Odds::ALWAYS, ..Faults::NONE };
    let plan = Plan::new()
        .at(ms(10), ask(ATLANTIC, Ask::Store(2, 8)))
        .at(ms(1_000), Act::Crash { node: ATLANTIC })
        .at(ms(1_010), Act::Restart { node: ATLANTIC, disk: Disk::Kept });
    let late = |plan, faults| Setup { grace: millis(100), ..at_atlantic(faults, plan) };
    check_by(
        late(plan, faults),
        Unlucky,
        expect![[r#"
            10.000ms atlantic persists its state
            1000.000ms atlantic crashes
            1010.000ms atlantic#1 restarts as atlantic#1 from the state of e0
            1010.000ms atlantic#1 finds [2, 2, 2, 2, 2, 2, 2, 2] on disk, has 0 in life 1
        "#]],
    );
    let plan = Plan::new()
        .at(ms(990), Act::CrashBefore { node: ATLANTIC })
        .at(ms(1_000), ask(ATLANTIC, Ask::Add(1)))
        .at(ms(1_010), ask(ATLANTIC, Ask::Add(1)));
    check_by(
        late(plan, Faults::NONE),
        Unlucky,
        expect![[r#"
            1000.000ms atlantic has 1
            1010.000ms atlantic has 2
        "#]],
    );
    let plan = Plan::new()
        .at(ms(10), Act::Cut { sources: vec![PACIFIC], targets: vec![ATLANTIC] })
        .at(ms(20), ask(PACIFIC, Ask::Send(ATLANTIC, vec![7])))
        .at(ms(1_000), Act::Heal);
    let lossy = Link { loss: Odds::ppm(1).expect("a millionth"), ..link(50) };
    check_by(
        Setup { network: Network::new(lossy), ..late(plan, Faults::NONE) },
        Unlucky,
        expect![[r#"
            10.000ms * pacific -/-> atlantic
            20.000ms pacific says 7
            20.000ms * hold m0
            1000.000ms * heal
            1001.000ms atlantic hears 7
        "#]],
    );
}

#[test]
fn however_often_luck_strikes_a_run_ends() {
    let always = Faults {
        crash_before: Odds::ALWAYS,
        down: Span::exactly(Duration::from_micros(100)),
        ..Faults::NONE
    };
    let outcome = run(at_atlantic(always, story()), Calm).expect("calm, nothing strikes");
    assert_eq!(outcome.trace.processes().len(), 2);
    let outcome =
        run(at_atlantic(always, story()), constellation_sim::Seeded::new(1)).expect("it ends at the end");
    assert!(outcome.trace.processes().len() > 9_000, "{} lives", outcome.trace.processes().len());
    assert!(outcome.nodes.iter().all(Option::is_some), "and lives then");
}

#[test]
fn faults_that_make_no_sense_are_refused() {
    let check = |faults: Faults, expected: Expect| {
        let error = run(at_atlantic(faults, Plan::new()), Calm).expect_err("they make no sense");
        expected.assert_eq(&error.to_string());
    };
    let backwards = Span { min: millis(2), max: millis(1) };
    check(
        Faults { down: backwards, ..Faults::NONE },
        expect!["the machine of node number 1: `down` is at least 2ms but at most 1ms"],
    );
    check(
        Faults { slow: backwards, ..Faults::NONE },
        expect!["the machine of node number 1: `slow` is at least 2ms but at most 1ms"],
    );
    check(
        Faults { pause: Odds::ALWAYS, ..Faults::NONE },
        expect!["the machine of node number 1: `pause` may happen, but takes no time"],
    );
    check(
        Faults { suspend: Odds::ALWAYS, ..Faults::NONE },
        expect!["the machine of node number 1: `suspend` may happen, but takes no time"],
    );
    check(
        Faults { wall_freeze: Odds::ALWAYS, ..Faults::NONE },
        expect!["the machine of node number 1: `wall_freeze` may happen, but takes no time"],
    );
    check(
        Faults { wall_freeze_time: backwards, ..Faults::NONE },
        expect!["the machine of node number 1: `wall_freeze_time` is at least 2ms but at most 1ms"],
    );
    check(
        Faults { wall_step: Odds::ALWAYS, ..Faults::NONE },
        expect!["the machine of node number 1: the wall clock may jump, but by no time"],
    );
    check(
        Faults { wall_step_min_ns: 2, wall_step_max_ns: 1, ..Faults::NONE },
        expect!["the machine of node number 1: the wall clock jumps at least 2 ns but at most 1 ns"],
    );
}

#[test]
fn messages_of_an_ordered_link_stay_in_order_whatever_stops_their_receiver() {
    for seed in 0..60 {
        let mut plan = Plan::new();
        for number in 0..40 {
            plan.add(ms(10 + 7 * u64::from(number)), ask(PACIFIC, Ask::Send(ATLANTIC, vec![number, number])));
        }
        let stops = Faults { crash_before: Odds::NEVER, crash_after: Odds::NEVER, ..worst() };
        let network = Network::new(link(30));
        let setup = Setup { network, ..at_atlantic(stops, plan) };
        let outcome = run(setup, constellation_sim::Seeded::new(seed)).expect("a sound setup");
        let heard: Vec<u32> = outcome
            .trace
            .event_ids()
            .filter_map(|event| outcome.trace.describe(event).strip_prefix("hears ")?.parse().ok())
            .collect();
        assert_eq!(heard.len(), 80, "seed {seed}");
        assert!(heard.is_sorted(), "seed {seed}: {heard:?}");
    }
}

#[test]
fn only_machines_with_faults_are_asked_about() {
    // `Only` refuses a question about any other.
    let mut setup = quiet(story());
    setup.machines[NodeId::new(1).index()].faults = worst();
    assert!(run(setup, Only([])).is_ok());
}

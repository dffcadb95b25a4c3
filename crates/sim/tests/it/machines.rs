//! What luck and plans do to processes: crashes before and after the work, stops, slowness, joining and leaving.

use std::time::Duration;

use constellation_fabric::{Calm, Choices, Network, Odds, Options, Question, Timer, Topic};
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
fn story() -> Plan<Ask> {
    let says = |number| ask(PACIFIC, Ask::Send(ATLANTIC, vec![number]));
    Plan::new()
        .at(ms(10), says(1))
        .at(ms(15), ask(ATLANTIC, Ask::Keep(5)))
        .at(ms(20), says(2))
        .at(ms(30), says(3))
        .at(ms(40), ask(ATLANTIC, Ask::Send(PACIFIC, vec![4])))
}

fn check<const COUNT: usize>(answers: [(Topic, u64, u32); COUNT], expected: Expect) {
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
fn a_crash_before_the_work_loses_the_input_and_the_node_comes_back() {
    // Input 0 is the start.
    check(
        [(Topic::CrashBefore, 3, 1)],
        expect![[r#"
        10.000ms pacific says 1
        11.000ms atlantic hears 1
        15.000ms atlantic persists its state
        20.000ms pacific says 2
        21.000ms atlantic crashes
        21.000ms * lose m1
        30.000ms pacific says 3
        31.000ms * lose m2
        41.000ms atlantic#1 restarts as atlantic#1 from the state of e2
        41.000ms atlantic#1 finds 5 on disk, has 0 in life 1
    "#]],
    );
    check(
        [(Topic::CrashBefore, 3, 1), (Topic::Down, 3, 5)],
        expect![[r#"
        10.000ms pacific says 1
        11.000ms atlantic hears 1
        15.000ms atlantic persists its state
        20.000ms pacific says 2
        21.000ms atlantic crashes
        21.000ms * lose m1
        30.000ms pacific says 3
        31.000ms * lose m2
        46.000ms atlantic#1 restarts as atlantic#1 from the state of e2
        46.000ms atlantic#1 finds 5 on disk, has 0 in life 1
    "#]],
    );
    check(
        [(Topic::CrashBefore, 3, 1), (Topic::Amnesia, 3, 1)],
        expect![[r#"
        10.000ms pacific says 1
        11.000ms atlantic hears 1
        15.000ms atlantic persists its state
        20.000ms pacific says 2
        21.000ms atlantic crashes
        21.000ms * lose m1
        30.000ms pacific says 3
        31.000ms * lose m2
        41.000ms atlantic#1 restarts as atlantic#1 and remembers nothing
        41.000ms atlantic#1 finds nothing on disk, has 0 in life 1
    "#]],
    );
    check(
        [(Topic::CrashBefore, 0, 1)],
        expect![[r#"
        0.000ms atlantic crashes
        10.000ms pacific says 1
        11.000ms * lose m0
        20.000ms pacific says 2
        20.000ms atlantic#1 restarts as atlantic#1 and remembers nothing
        20.000ms atlantic#1 finds nothing on disk, has 0 in life 1
        21.000ms atlantic#1 hears 2
        30.000ms pacific says 3
        31.000ms atlantic#1 hears 3
        40.000ms atlantic#1 says 4
        41.000ms pacific hears 4
    "#]],
    );
}

#[test]
fn a_node_may_crash_again_before_it_has_read_its_disk() {
    check(
        [(Topic::CrashBefore, 3, 1), (Topic::CrashBefore, 4, 1)],
        expect![[r#"
        10.000ms pacific says 1
        11.000ms atlantic hears 1
        15.000ms atlantic persists its state
        20.000ms pacific says 2
        21.000ms atlantic crashes
        21.000ms * lose m1
        30.000ms pacific says 3
        31.000ms * lose m2
        41.000ms atlantic#1 restarts as atlantic#1 and remembers nothing
        41.000ms atlantic#1 crashes
        61.000ms atlantic#2 restarts as atlantic#2 from the state of e2
        61.000ms atlantic#2 finds 5 on disk, has 0 in life 2
    "#]],
    );
}

#[test]
fn a_crash_after_the_work_keeps_what_was_persisted_and_lets_nothing_leave() {
    check(
        [(Topic::CrashAfter, 2, 1)],
        expect![[r#"
        10.000ms pacific says 1
        11.000ms atlantic hears 1
        15.000ms atlantic persists its state
        15.000ms atlantic crashes
        20.000ms pacific says 2
        21.000ms * lose m1
        30.000ms pacific says 3
        31.000ms * lose m2
        35.000ms atlantic#1 restarts as atlantic#1 from the state of e2
        35.000ms atlantic#1 finds 5 on disk, has 0 in life 1
        40.000ms atlantic#1 says 4
        41.000ms pacific hears 4
    "#]],
    );
    check(
        [(Topic::CrashAfter, 5, 1)],
        expect![[r#"
        10.000ms pacific says 1
        11.000ms atlantic hears 1
        15.000ms atlantic persists its state
        20.000ms pacific says 2
        21.000ms atlantic hears 2
        30.000ms pacific says 3
        31.000ms atlantic hears 3
        40.000ms atlantic says 4
        40.000ms atlantic crashes
        60.000ms atlantic#1 restarts as atlantic#1 from the state of e2
        60.000ms atlantic#1 finds 5 on disk, has 0 in life 1
    "#]],
    );
}

#[test]
fn a_crash_after_the_work_sets_no_timer() {
    let wake = || Plan::new().at(ms(10), ask(ATLANTIC, Ask::Wake(Timer(1), millis(5))));
    check_by(
        at_atlantic(worst(), wake()),
        Only([(Topic::CrashAfter, 1, 1)]),
        expect![[r#"
        10.000ms atlantic crashes
        30.000ms atlantic#1 restarts as atlantic#1 and remembers nothing
        30.000ms atlantic#1 finds nothing on disk, has 0 in life 1
    "#]],
    );
    check_by(
        at_atlantic(worst(), wake()),
        Calm,
        expect![[r#"
        15.000ms atlantic timer 1 at 15ms
    "#]],
    );
}

#[test]
fn a_request_at_which_a_node_crashes_is_counted_as_lost() {
    let lost = |answers: [(Topic, u64, u32); 1]| {
        let outcome = run(at_atlantic(worst(), story()), Only(answers)).expect("a sound setup");
        outcome.counts.requests_lost
    };
    assert_eq!(lost([(Topic::CrashBefore, 2, 1)]), 1);
    assert_eq!(lost([(Topic::CrashAfter, 2, 1)]), 0, "it was heard");
    assert_eq!(lost([(Topic::CrashBefore, 3, 1)]), 1, "Atlantic is still down when the next one comes");
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
fn a_planned_crash_at_the_next_input_waits_for_it() {
    let restart = Act::Restart { node: ATLANTIC, disk: Disk::Kept };
    let plan = |act| story().at(ms(16), act).at(ms(25), restart.clone());
    check_by(
        quiet(plan(Act::CrashBefore { node: ATLANTIC })),
        Calm,
        expect![[r#"
        10.000ms pacific says 1
        11.000ms atlantic hears 1
        15.000ms atlantic persists its state
        20.000ms pacific says 2
        21.000ms atlantic crashes
        21.000ms * lose m1
        25.000ms atlantic#1 restarts as atlantic#1 from the state of e2
        25.000ms atlantic#1 finds 5 on disk, has 0 in life 1
        30.000ms pacific says 3
        31.000ms atlantic#1 hears 3
        40.000ms atlantic#1 says 4
        41.000ms pacific hears 4
    "#]],
    );
    check_by(
        quiet(plan(Act::CrashAfter { node: ATLANTIC })),
        Calm,
        expect![[r#"
        10.000ms pacific says 1
        11.000ms atlantic hears 1
        15.000ms atlantic persists its state
        20.000ms pacific says 2
        21.000ms atlantic hears 2
        21.000ms atlantic crashes
        25.000ms atlantic#1 restarts as atlantic#1 from the state of e2
        25.000ms atlantic#1 finds 5 on disk, has 0 in life 1
        30.000ms pacific says 3
        31.000ms atlantic#1 hears 3
        40.000ms atlantic#1 says 4
        41.000ms pacific hears 4
    "#]],
    );
    // No input comes before the restart, so nothing happens.
    let plan = story().at(ms(50), Act::CrashBefore { node: ATLANTIC }).at(ms(60), restart);
    let told = |plan| run(quiet(plan), Calm).map(|outcome| tell(&outcome.trace));
    assert_eq!(
        told(plan.at(ms(70), ask(ATLANTIC, Ask::Add(0)))),
        told(story().at(ms(70), ask(ATLANTIC, Ask::Add(0))))
    );
}

#[test]
fn a_node_that_joins_is_not_there_before() {
    check_by(
        quiet(story().at(ms(18), Act::Join { node: ATLANTIC })),
        Calm,
        expect![[r#"
        10.000ms pacific says 1
        11.000ms * lose m0
        18.000ms * atlantic joins
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
fn a_node_that_leaves_says_goodbye_and_is_gone() {
    let plan = |at| {
        Plan::new()
            .at(ms(5), ask(ATLANTIC, Ask::Send(PACIFIC, vec![7])))
            .at(ms(10), ask(PACIFIC, Ask::Wake(Timer(1), millis(10))))
            .at(at, Act::Leave { node: PACIFIC })
            .at(ms(16), ask(ATLANTIC, Ask::Send(PACIFIC, vec![8])))
    };
    check_by(
        quiet(plan(ms(12))),
        Calm,
        expect![[r#"
        5.000ms atlantic says 7
        6.000ms pacific hears 7
        12.000ms pacific says goodbye
        12.000ms * pacific leaves
        13.000ms atlantic hears 99
        16.000ms atlantic says 8
        17.000ms * lose m2
    "#]],
    );
    let outcome = run(quiet(plan(ms(12))), Calm).expect("a sound setup");
    assert!(outcome.nodes[PACIFIC.index()].is_none());
    // It works off what waits first.
    let paused = plan(ms(12)).at(ms(5), Act::Pause { node: PACIFIC, lasts: millis(30) });
    check_by(
        quiet(paused),
        Calm,
        expect![[r#"
        5.000ms * pause pacific for 30000000 ns
        5.000ms atlantic says 7
        16.000ms atlantic says 8
        35.000ms pacific hears 7
        35.000ms pacific says goodbye
        35.000ms * pacific leaves
        35.000ms * lose m1
        36.000ms atlantic hears 99
    "#]],
    );
}

#[test]
fn who_leaves_while_down_is_gone_without_a_word() {
    let plan = || {
        Plan::new()
            .at(ms(10), Act::Crash { node: ATLANTIC })
            .at(ms(12), Act::Leave { node: ATLANTIC })
            .at(ms(16), ask(PACIFIC, Ask::Send(ATLANTIC, vec![8])))
    };
    check_by(
        quiet(plan()),
        Calm,
        expect![[r#"
        10.000ms atlantic crashes
        12.000ms * atlantic leaves
        16.000ms pacific says 8
        17.000ms * lose m0
    "#]],
    );
    // By luck: it would have come back at 31 ms.
    let plan = story().at(ms(25), Act::Leave { node: ATLANTIC });
    check_by(
        at_atlantic(worst(), plan),
        Only([(Topic::CrashBefore, 2, 1)]),
        expect![[r#"
        10.000ms pacific says 1
        11.000ms atlantic hears 1
        15.000ms atlantic crashes
        20.000ms pacific says 2
        21.000ms * lose m1
        25.000ms * atlantic leaves
        30.000ms pacific says 3
        31.000ms * lose m2
    "#]],
    );
}

#[test]
fn a_planned_crash_of_a_node_that_is_down_by_luck_keeps_it_down_until_its_restart() {
    let plan = story()
        .at(ms(13), Act::Crash { node: ATLANTIC })
        .at(ms(50), Act::Restart { node: ATLANTIC, disk: Disk::Kept });
    check_by(
        at_atlantic(worst(), plan),
        Only([(Topic::CrashBefore, 1, 1)]),
        expect![[r#"
        10.000ms pacific says 1
        11.000ms atlantic crashes
        11.000ms * lose m0
        20.000ms pacific says 2
        21.000ms * lose m1
        30.000ms pacific says 3
        31.000ms * lose m2
        50.000ms atlantic#1 restarts as atlantic#1 and remembers nothing
        50.000ms atlantic#1 finds nothing on disk, has 0 in life 1
    "#]],
    );
}

#[test]
fn a_planned_restart_finds_a_node_up_that_luck_has_brought_back() {
    // Down from 11 ms by luck; the plan crashes it at 35 ms, when it is up again, and all is as planned.
    let plan = story()
        .at(ms(35), Act::Crash { node: ATLANTIC })
        .at(ms(36), Act::Restart { node: ATLANTIC, disk: Disk::Lost });
    check_by(
        at_atlantic(worst(), plan),
        Only([(Topic::CrashBefore, 1, 1)]),
        expect![[r#"
        10.000ms pacific says 1
        11.000ms atlantic crashes
        11.000ms * lose m0
        20.000ms pacific says 2
        21.000ms * lose m1
        30.000ms pacific says 3
        31.000ms atlantic#1 restarts as atlantic#1 and remembers nothing
        31.000ms atlantic#1 finds nothing on disk, has 0 in life 1
        31.000ms atlantic#1 hears 3
        35.000ms atlantic#1 crashes
        36.000ms atlantic#2 restarts as atlantic#2 and remembers nothing
        36.000ms atlantic#2 finds nothing on disk, has 0 in life 2
        40.000ms atlantic#2 says 4
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

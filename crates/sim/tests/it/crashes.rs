//! How luck and plans end and begin processes: crashes before and after the work, joining and leaving.

use constellation_fabric::{Calm, Timer, Topic};
use constellation_sim::{Act, Disk, Plan};
use expect_test::expect;

use crate::machines::{Only, at_atlantic, check, millis, story, worst};
use crate::probe::{ATLANTIC, Ask, PACIFIC, ask, check_by, ms, quiet, run, tell};

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
}

#[test]
fn a_node_may_crash_before_it_has_started() {
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

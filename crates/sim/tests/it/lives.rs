//! Crashes, restarts and timers: what a node remembers, and what it cannot.

use std::time::Duration;

use constellation_fabric::{Calm, Link, Network, Odds, Timer};
use constellation_sim::{Act, Disk, Plan, Setup};
use expect_test::expect;

use crate::probe::{ATLANTIC, Ask, PACIFIC, ask, check, link, ms, quiet, run};

fn crash_between(disk: Disk) -> Plan<Ask> {
    Plan::new()
        .at(ms(10), ask(ATLANTIC, Ask::Keep(5)))
        .at(ms(20), ask(ATLANTIC, Ask::Add(2)))
        .at(ms(30), Act::Crash { node: ATLANTIC })
        .at(ms(50), Act::Restart { node: ATLANTIC, disk })
        .at(ms(60), ask(ATLANTIC, Ask::Add(1)))
}

#[test]
fn a_restart_with_disk_remembers_what_was_persisted_and_nothing_else() {
    check(
        quiet(crash_between(Disk::Kept)),
        1,
        expect![[r#"
            10.000ms atlantic persists its state
            20.000ms atlantic has 7
            30.000ms atlantic crashes
            50.000ms atlantic#1 restarts as atlantic#1 from the state of e0
            50.000ms atlantic#1 finds 5 on disk, has 0 in life 1
            60.000ms atlantic#1 has 6
        "#]],
    );
}

#[test]
fn a_restart_without_disk_remembers_nothing() {
    check(
        quiet(crash_between(Disk::Lost)),
        1,
        expect![[r#"
            10.000ms atlantic persists its state
            20.000ms atlantic has 7
            30.000ms atlantic crashes
            50.000ms atlantic#1 restarts as atlantic#1 and remembers nothing
            50.000ms atlantic#1 finds nothing on disk, has 0 in life 1
            60.000ms atlantic#1 has 1
        "#]],
    );
}

#[test]
fn a_lost_disk_stays_lost() {
    let plan = crash_between(Disk::Lost)
        .at(ms(70), Act::Crash { node: ATLANTIC })
        .at(ms(80), Act::Restart { node: ATLANTIC, disk: Disk::Kept });
    let outcome = run(quiet(plan), Calm).expect("a sound plan");
    let last = outcome.trace.event_ids().last().expect("it restarts");
    assert_eq!(outcome.trace.describe(last), "finds nothing on disk, has 0 in life 2");
}

#[test]
fn a_disk_outlives_several_crashes() {
    let plan = crash_between(Disk::Kept)
        .at(ms(70), Act::Crash { node: ATLANTIC })
        .at(ms(80), Act::Restart { node: ATLANTIC, disk: Disk::Kept });
    let outcome = run(quiet(plan), Calm).expect("a sound plan");
    let last = outcome.trace.event_ids().last().expect("it restarts");
    assert_eq!(outcome.trace.describe(last), "finds 5 on disk, has 0 in life 2");
}

#[test]
fn what_arrives_while_a_node_is_down_is_lost_and_what_arrives_later_is_not() {
    // Each message takes 5 ms; Atlantic is down from 10 to 20 ms.
    let says = |number| ask(PACIFIC, Ask::Send(ATLANTIC, vec![number]));
    let slow = Link { latency_min: Duration::from_millis(5), ..link(5) };
    let plan = Plan::new()
        .at(ms(4), says(1))
        .at(ms(7), says(2))
        .at(ms(10), Act::Crash { node: ATLANTIC })
        .at(ms(17), says(3))
        .at(ms(20), Act::Restart { node: ATLANTIC, disk: Disk::Kept });
    check(
        Setup { network: Network::new(slow), ..quiet(plan) },
        1,
        expect![[r#"
            4.000ms pacific says 1
            7.000ms pacific says 2
            9.000ms atlantic hears 1
            10.000ms atlantic crashes
            12.000ms * lose m1
            17.000ms pacific says 3
            20.000ms atlantic#1 restarts as atlantic#1 and remembers nothing
            20.000ms atlantic#1 finds nothing on disk, has 0 in life 1
            22.000ms atlantic#1 hears 3
        "#]],
    );
}

#[test]
fn what_a_node_sent_before_its_crash_goes_on() {
    let plan = Plan::new()
        .at(ms(10), ask(PACIFIC, Ask::Send(ATLANTIC, vec![1])))
        .at(ms(10), Act::Crash { node: PACIFIC });
    check(
        quiet(plan),
        1,
        expect![[r#"
        10.000ms pacific says 1
        10.000ms pacific crashes
        11.000ms atlantic hears 1
    "#]],
    );
}

#[test]
fn a_crash_at_the_moment_of_an_arrival_comes_first() {
    let plan = Plan::new()
        .at(ms(10), ask(PACIFIC, Ask::Send(ATLANTIC, vec![1])))
        .at(ms(11), Act::Crash { node: ATLANTIC });
    check(
        quiet(plan),
        1,
        expect![[r#"
        10.000ms pacific says 1
        11.000ms atlantic crashes
        11.000ms * lose m0
    "#]],
    );
}

#[test]
fn a_message_is_lost_for_good_only_when_its_last_copy_is() {
    let twice = |crash, restart| {
        let plan = Plan::new()
            .at(ms(10), ask(PACIFIC, Ask::Send(ATLANTIC, vec![1])))
            .at(crash, Act::Crash { node: ATLANTIC })
            .at(restart, Act::Restart { node: ATLANTIC, disk: Disk::Kept });
        let link = Link { duplicate: Odds::ALWAYS, ..link(9) };
        Setup { network: Network::new(link), ..quiet(plan) }
    };
    // Under this seed the copies arrive at 16.045 and at 16.581 ms.
    let between = ms(16).saturating_add(Duration::from_micros(300));
    check(
        twice(ms(10), ms(900)),
        3,
        expect![[r#"
            10.000ms pacific says 1
            10.000ms * duplicate m0
            10.000ms atlantic crashes
            16.581ms * lose m0
            900.000ms atlantic#1 restarts as atlantic#1 and remembers nothing
            900.000ms atlantic#1 finds nothing on disk, has 0 in life 1
        "#]],
    );
    check(
        twice(ms(10), between),
        3,
        expect![[r#"
            10.000ms pacific says 1
            10.000ms * duplicate m0
            10.000ms atlantic crashes
            16.300ms atlantic#1 restarts as atlantic#1 and remembers nothing
            16.300ms atlantic#1 finds nothing on disk, has 0 in life 1
            16.581ms atlantic#1 hears 1
        "#]],
    );
    check(
        twice(between, ms(900)),
        3,
        expect![[r#"
            10.000ms pacific says 1
            10.000ms * duplicate m0
            16.045ms atlantic hears 1
            16.300ms atlantic crashes
            900.000ms atlantic#1 restarts as atlantic#1 and remembers nothing
            900.000ms atlantic#1 finds nothing on disk, has 0 in life 1
        "#]],
    );
}

#[test]
fn a_request_to_a_node_that_is_down_is_counted_and_leaves_no_event() {
    let plan = Plan::new().at(ms(10), Act::Crash { node: PACIFIC }).at(ms(20), ask(PACIFIC, Ask::Add(1)));
    let outcome = run(quiet(plan), Calm).expect("a sound plan");
    assert_eq!((outcome.counts.requests_lost, outcome.trace.events().len()), (1, 1));
    assert!(outcome.nodes[PACIFIC.index()].is_none(), "it is still down");
}

fn wake(timer: u32, after_ms: u64) -> Act<Ask> {
    ask(PACIFIC, Ask::Wake(Timer(timer), Duration::from_millis(after_ms)))
}

#[test]
fn a_timer_that_is_set_again_runs_out_once_and_at_the_new_time() {
    let plan = Plan::new()
        .at(ms(10), wake(1, 50))
        .at(ms(20), wake(1, 10))
        .at(ms(20), wake(2, 40))
        .at(ms(25), wake(2, 70));
    check(
        quiet(plan),
        1,
        expect![[r#"
        30.000ms pacific timer 1 at 30ms
        95.000ms pacific timer 2 at 95ms
    "#]],
    );
}

#[test]
fn the_timers_of_a_process_die_with_it_and_its_successor_counts_from_zero() {
    let plan = Plan::new()
        .at(ms(10), wake(1, 90))
        .at(ms(20), Act::Crash { node: PACIFIC })
        .at(ms(30), Act::Restart { node: PACIFIC, disk: Disk::Kept })
        .at(ms(40), wake(1, 100));
    check(
        quiet(plan),
        1,
        expect![[r#"
            20.000ms pacific crashes
            30.000ms pacific#1 restarts as pacific#1 and remembers nothing
            30.000ms pacific#1 finds nothing on disk, has 0 in life 1
            140.000ms pacific#1 timer 1 at 110ms
        "#]],
    );
}

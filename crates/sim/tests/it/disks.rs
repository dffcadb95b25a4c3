//! Disks: what is not synced may be lost or torn, there may be no room, and bits rot.

use constellation_fabric::{Calm, Odds, Topic};
use constellation_sim::{Act, Disk, Faults, Plan};
use expect_test::expect;

use crate::machines::{Only, at_atlantic, worst};
use crate::probe::{ATLANTIC, Ask, PACIFIC, ask, check_by, ms, quiet, run, tell};

/// Atlantic persists 5, then stores eight times 7, and crashes; with a sync in between or without.
fn stores(syncs: &[u64]) -> Plan<Ask> {
    let mut plan = Plan::new()
        .at(ms(10), ask(ATLANTIC, Ask::Keep(5)))
        .at(ms(20), ask(ATLANTIC, Ask::Store(2, 8)))
        .at(ms(30), Act::Crash { node: ATLANTIC })
        .at(ms(40), Act::Restart { node: ATLANTIC, disk: Disk::Kept });
    for at in syncs {
        plan.add(ms(*at), ask(ATLANTIC, Ask::Sync(PACIFIC)));
    }
    plan
}

#[test]
fn what_was_not_synced_may_survive_a_crash() {
    check_by(
        at_atlantic(worst(), stores(&[])),
        Calm,
        expect![[r#"
        10.000ms atlantic persists its state
        20.000ms atlantic persists its state
        30.000ms atlantic crashes
        40.000ms atlantic#1 restarts as atlantic#1 from the state of e1
        40.000ms atlantic#1 finds [7, 7, 7, 7, 7, 7, 7, 7] on disk, has 0 in life 1
    "#]],
    );
    let told = |setup| run(setup, Calm).map(|outcome| tell(&outcome.trace));
    assert_eq!(told(at_atlantic(worst(), stores(&[]))), told(quiet(stores(&[]))));
}

#[test]
fn what_was_not_synced_may_be_lost_or_torn_in_a_crash() {
    // Inputs 0 to 2 have begun before the crash.
    let check = |torn, expected| {
        check_by(
            at_atlantic(worst(), stores(&[])),
            Only([(Topic::Unsynced, 3, 1), (Topic::Torn, 3, torn)]),
            expected,
        );
    };
    check(
        0,
        expect![[r#"
        10.000ms atlantic persists its state
        20.000ms atlantic persists its state
        30.000ms atlantic crashes
        30.000ms * 7 eighths left at atlantic
        40.000ms atlantic#1 restarts as atlantic#1 from the state of e1
        40.000ms atlantic#1 finds [7, 7, 7, 7, 7, 7, 7] on disk, has 0 in life 1
    "#]],
    );
    check(
        3,
        expect![[r#"
        10.000ms atlantic persists its state
        20.000ms atlantic persists its state
        30.000ms atlantic crashes
        30.000ms * 4 eighths left at atlantic
        40.000ms atlantic#1 restarts as atlantic#1 from the state of e1
        40.000ms atlantic#1 finds [7, 7, 7, 7] on disk, has 0 in life 1
    "#]],
    );
    check(
        7,
        expect![[r#"
        10.000ms atlantic persists its state
        20.000ms atlantic persists its state
        30.000ms atlantic crashes
        30.000ms * 0 eighths left at atlantic
        40.000ms atlantic#1 restarts as atlantic#1 from the state of e0
        40.000ms atlantic#1 finds 5 on disk, has 0 in life 1
    "#]],
    );
}

#[test]
fn what_was_synced_is_safe() {
    let luck = Only([(Topic::Unsynced, 4, 1), (Topic::Torn, 4, 7)]);
    check_by(
        at_atlantic(worst(), stores(&[25])),
        luck,
        expect![[r#"
        10.000ms atlantic persists its state
        20.000ms atlantic persists its state
        25.000ms atlantic syncs its disk
        26.000ms pacific hears 7
        30.000ms atlantic crashes
        40.000ms atlantic#1 restarts as atlantic#1 from the state of e1
        40.000ms atlantic#1 finds [7, 7, 7, 7, 7, 7, 7, 7] on disk, has 0 in life 1
    "#]],
    );
}

#[test]
fn a_write_that_finds_no_room_undoes_its_input_and_the_node_is_told() {
    let plan = || {
        Plan::new()
            .at(ms(10), ask(ATLANTIC, Ask::Keep(5)))
            .at(ms(20), ask(ATLANTIC, Ask::Keep(2)))
            .at(ms(30), Act::Crash { node: ATLANTIC })
            .at(ms(40), Act::Restart { node: ATLANTIC, disk: Disk::Kept })
    };
    check_by(
        at_atlantic(worst(), plan()),
        Only([(Topic::DiskFull, 1, 1)]),
        expect![[r#"
        10.000ms atlantic persists its state
        20.000ms * the disk of atlantic is full
        20.000ms atlantic its disk is full, has 7
        30.000ms atlantic crashes
        40.000ms atlantic#1 restarts as atlantic#1 from the state of e0
        40.000ms atlantic#1 finds 5 on disk, has 0 in life 1
    "#]],
    );
    let told = |setup| run(setup, Calm).map(|outcome| tell(&outcome.trace));
    assert_eq!(told(at_atlantic(worst(), plan())), told(quiet(plan())), "calm there is room");
}

#[test]
fn a_disk_takes_so_many_bytes_and_no_more() {
    let plan = |bytes| Plan::new().at(ms(10), ask(ATLANTIC, Ask::Store(3, bytes)));
    let small = Faults { disk_bytes: Some(4), ..Faults::NONE };
    check_by(
        at_atlantic(small, plan(4)),
        Calm,
        expect![[r#"
        10.000ms atlantic persists its state
    "#]],
    );
    check_by(
        at_atlantic(small, plan(5)),
        Calm,
        expect![[r#"
        10.000ms * the disk of atlantic is full
        10.000ms atlantic its disk is full, has 3
    "#]],
    );
    let mut late = at_atlantic(small, Plan::new().at(ms(1_001), ask(ATLANTIC, Ask::Store(3, 5))));
    late.grace = crate::machines::millis(10);
    check_by(
        late,
        Calm,
        expect![[r#"
        1001.000ms atlantic persists its state
    "#]],
    );
}

#[test]
fn a_bit_rots_between_a_crash_and_the_restart() {
    // Input 3 is the restart.
    let luck = || Only([(Topic::BitRot, 3, 1), (Topic::BitRotPlace, 3, 1)]);
    let plan = || {
        Plan::new()
            .at(ms(10), ask(ATLANTIC, Ask::Add(1)))
            .at(ms(20), ask(ATLANTIC, Ask::Keep(5)))
            .at(ms(30), Act::Crash { node: ATLANTIC })
            .at(ms(40), Act::Restart { node: ATLANTIC, disk: Disk::Kept })
    };
    check_by(
        at_atlantic(worst(), plan()),
        luck(),
        expect![[r#"
            10.000ms atlantic has 1
            20.000ms atlantic persists its state
            30.000ms atlantic crashes
            40.000ms * bit 1 of atlantic rots
            40.000ms atlantic#1 restarts as atlantic#1 and remembers nothing
            40.000ms atlantic#1 finds 4 on disk, has 0 in life 1
        "#]],
    );
    let told = |setup| run(setup, Calm).map(|outcome| tell(&outcome.trace));
    assert_eq!(told(at_atlantic(worst(), plan())), told(quiet(plan())), "calm nothing rots");
    check_by(
        quiet(plan().at(ms(35), Act::RotDisk { node: ATLANTIC, bit: 8 + 3 })),
        Calm,
        expect![[r#"
        10.000ms atlantic has 1
        20.000ms atlantic persists its state
        30.000ms atlantic crashes
        35.000ms * bit 3 of atlantic rots
        40.000ms atlantic#1 restarts as atlantic#1 from the state of e1
        40.000ms atlantic#1 finds 14 on disk, has 0 in life 1
    "#]],
    );
}

#[test]
fn of_an_empty_disk_nothing_is_lost_and_nothing_rots() {
    let plan = Plan::new()
        .at(ms(5), Act::RotDisk { node: ATLANTIC, bit: 3 })
        .at(ms(30), Act::Crash { node: ATLANTIC })
        .at(ms(40), Act::Restart { node: ATLANTIC, disk: Disk::Kept });
    let always = Faults { unsynced: Odds::ALWAYS, bit_rot: Odds::ALWAYS, ..Faults::NONE };
    check_by(
        at_atlantic(always, plan),
        constellation_sim::Seeded::new(1),
        expect![[r#"
        30.000ms atlantic crashes
        40.000ms atlantic#1 restarts as atlantic#1 and remembers nothing
        40.000ms atlantic#1 finds nothing on disk, has 0 in life 1
    "#]],
    );
}

//! Disks: what is not synced may be lost or torn, there may be no room, and bits rot.

use std::time::Duration;

use constellation_fabric::{Calm, Choices, Effects, Input, Node, Now, Odds, Topic};
use constellation_sim::choices::shrink::shrink;
use constellation_sim::explore::{Letter, Schedule, Scope, Source};
use constellation_sim::{Act, Disk, Faults, Observed, Plan, Recorder, Seeded, Setup, Span, World};
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
fn of_several_writes_without_a_sync_a_crash_leaves_any_number() {
    let plan = || {
        Plan::new()
            .at(ms(10), ask(ATLANTIC, Ask::Keep(5)))
            .at(ms(20), ask(ATLANTIC, Ask::Store(1, 8)))
            .at(ms(21), ask(ATLANTIC, Ask::Store(1, 8)))
            .at(ms(22), ask(ATLANTIC, Ask::Store(1, 8)))
            .at(ms(30), Act::Crash { node: ATLANTIC })
            .at(ms(40), Act::Restart { node: ATLANTIC, disk: Disk::Kept })
    };
    let found = |lost, torn| {
        let luck = Only([(Topic::Unsynced, 5, 1), (Topic::UnsyncedWrites, 5, lost), (Topic::Torn, 5, torn)]);
        let told = tell(&run(at_atlantic(worst(), plan()), luck).expect("a sound setup").trace);
        told.lines().skip(5).collect::<Vec<_>>().join("\n") + "\n"
    };
    expect![[r#"
        30.000ms * 4 eighths left at atlantic
        40.000ms atlantic#1 restarts as atlantic#1 from the state of e3
        40.000ms atlantic#1 finds [8, 8, 8, 8, 7, 7, 7, 7] on disk, has 0 in life 1
    "#]]
    .assert_eq(&found(0, 3));
    expect![[r#"
        30.000ms * 1 writes lost, 0 eighths left at atlantic
        40.000ms atlantic#1 restarts as atlantic#1 from the state of e1
        40.000ms atlantic#1 finds [6, 6, 6, 6, 6, 6, 6, 6] on disk, has 0 in life 1
    "#]]
    .assert_eq(&found(1, 7));
    expect![[r#"
        30.000ms * 2 writes lost, 0 eighths left at atlantic
        40.000ms atlantic#1 restarts as atlantic#1 from the state of e0
        40.000ms atlantic#1 finds 5 on disk, has 0 in life 1
    "#]]
    .assert_eq(&found(2, 7));
    let told = |setup| run(setup, Calm).map(|outcome| tell(&outcome.trace));
    assert_eq!(told(at_atlantic(worst(), plan())), told(quiet(plan())), "calm nothing is lost");
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

/// Writes its last words down, and speaks on whenever it is given anything more.
struct Talkative;

impl Node for Talkative {
    type Message = ();
    type Request = ();

    fn on(&mut self, _now: Now, input: Input<(), ()>, effects: &mut Effects<()>) {
        match input {
            Input::Leave => effects.persist(b"goodbye".to_vec()),
            Input::DiskFull => effects.event("is told more"),
            _ => {}
        }
    }
}

#[test]
fn after_leaving_nothing_follows_not_even_that_the_disk_is_full() {
    let plan = Plan::new().at(ms(10), Act::Leave { node: ATLANTIC });
    let mut setup = Setup { plan, ..Setup::new(["pacific", "atlantic"], ms(100)) };
    setup.machines[ATLANTIC.index()].faults = Faults { disk_bytes: Some(3), ..Faults::NONE };
    let trace = World::new(setup, Calm, |_| Talkative).and_then(World::run).expect("a sound setup").trace;
    expect![[r#"
        10.000ms * the disk of atlantic is full
        10.000ms * atlantic leaves
    "#]]
    .assert_eq(&tell(&trace));
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

/// Promises a number once, to whoever asks; on disk before it says so, or only thereafter.
struct Promiser {
    promised: Option<u8>,
    order: Order,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Order {
    SyncsFirst,
    TellsFirst,
}

impl Node for Promiser {
    type Message = u8;
    type Request = u8;

    fn on(&mut self, _now: Now, input: Input<u8, u8>, effects: &mut Effects<u8>) {
        match input {
            Input::Restart { state, .. } => {
                self.promised = state.and_then(|state| state.first().copied());
            }
            Input::Request(number) if self.promised.is_none() => {
                self.promised = Some(number);
                effects.store(vec![number]);
                if self.order == Order::SyncsFirst {
                    effects.sync();
                }
                effects.label(format!("promises {number}"));
                effects.send(PACIFIC, number);
            }
            Input::Message { message, .. } => effects.label(format!("is promised {message}")),
            _ => {}
        }
    }
}

/// Atlantic is asked twice, with a crash in between: under which of a hundred seeds it makes two promises, and how the
/// first of those runs is made small.
fn promises_twice(order: Order) -> Option<String> {
    let plan = Plan::new()
        .at(ms(10), Act::Request { node: ATLANTIC, request: 1 })
        .at(ms(20), Act::Crash { node: ATLANTIC })
        .at(ms(30), Act::Restart { node: ATLANTIC, disk: Disk::Kept })
        .at(ms(40), Act::Request { node: ATLANTIC, request: 2 });
    let mut setup = Setup { plan, ..Setup::new(["pacific", "atlantic"], ms(100)) };
    // A disk that is lost, or rots, may take what was synced as well.
    let brief = Span { min: Duration::from_millis(1), max: Duration::from_millis(3) };
    let often = Odds::ppm(200_000).expect("below a million");
    setup.machines[ATLANTIC.index()].faults = Faults {
        crash_before: often,
        crash_after: often,
        down: brief,
        pause: often,
        pause_time: brief,
        unsynced: often,
        ..Faults::NONE
    };
    let promises = |choices: &mut dyn Choices| {
        let world = World::new(setup.clone(), choices, |_| Promiser { promised: None, order });
        let trace = world.and_then(World::run).expect("a sound setup").trace;
        let heard = trace.event_ids().filter(|event| trace.describe(*event).starts_with("is promised"));
        let mut heard: Vec<String> = heard.map(|event| trace.describe(event)).collect();
        heard.dedup();
        (heard.len(), trace.events().len() as u64)
    };
    (0..100).find_map(|seed| {
        let mut recorder = Recorder::new(Seeded::new(seed));
        if promises(&mut recorder).0 < 2 {
            return None;
        }
        let shrunk = shrink(&recorder.into_answers(), 1_000, |mut choices| match promises(&mut choices) {
            (2.., events) => Observed::Violated { events },
            _ => Observed::Holds,
        });
        let answers = shrunk.expect("it repeats").answers;
        let shown = answers.iter().map(|answer| {
            let question = answer.question();
            format!("{} #{}", question.topic, question.nth)
        });
        Some(shown.collect::<Vec<_>>().join(", "))
    })
}

#[test]
fn a_node_that_tells_before_it_syncs_is_caught_and_one_that_syncs_first_is_not() {
    expect!["unsynced #2"].assert_eq(&promises_twice(Order::TellsFirst).expect("it is caught"));
    assert_eq!(promises_twice(Order::SyncsFirst), None);
}

#[test]
fn for_an_explorer_what_is_stored_is_as_good_as_persisted() {
    let scope = Scope { requests: vec![(ATLANTIC, 1)], ..Scope::new(["pacific", "atlantic"]) };
    let schedule = Schedule {
        arrivals: vec![
            Letter { source: Source::Client, nth: 0, target: ATLANTIC },
            Letter { source: Source::Node(ATLANTIC), nth: 0, target: PACIFIC },
        ],
        ..Schedule::default()
    };
    let factory = |_| Promiser { promised: None, order: Order::SyncsFirst };
    let trace = schedule.replay(&scope, factory).expect("it is under way");
    expect![[r#"
        1.000ms atlantic persists its state
        1.000ms atlantic promises 1
        2.000ms pacific is promised 1
    "#]]
    .assert_eq(&tell(&trace));
}

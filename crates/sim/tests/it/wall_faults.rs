//! What plans do to wall clocks: slews, leap seconds, freezes and wrong years; time-outs never notice.

use std::time::Duration;

use constellation_fabric::{Calm, Choices, Timer, Topic};
use constellation_sim::{Act, Drift, Leap, Plan, Setup, WallClaims};
use constellation_trace::{ClaimKind, ClaimRef, NodeId, TrueTime, WallTime};
use expect_test::{Expect, expect};

use crate::machines::{Only, at_atlantic, millis, worst};
use crate::probe::{ATLANTIC, Ask, PACIFIC, ask, check_by, ms, quiet, run};

/// Pacific says what its wall clock shows every 100 ms, and sets a timer for 300 ms at the start.
fn check(act: Act<Ask>, expected: Expect) {
    let mut plan = Plan::new().at(ms(150), act);
    plan.add(ms(0), ask(PACIFIC, Ask::Wake(Timer(1), millis(300))));
    for nth in 1..6 {
        plan.add(ms(nth * 100), ask(PACIFIC, Ask::Add(1)));
    }
    let epoch = WallTime::midnight(2026, 6, 30).expect("a day");
    let setup = Setup { wall_claims: WallClaims::Recorded, epoch, ..quiet(plan) };
    check_by(setup, Calm, expected);
}

const NODE: NodeId = PACIFIC;

#[test]
fn a_slew_gains_little_by_little() {
    check(
        Act::SlewWall { node: NODE, by_ns: 60_000_000, lasts: millis(200) },
        expect![[r#"
        100.000ms pacific has 1 [2026-06-30T00:00:00.100Z]
        150.000ms * slew pacific by 60000000 ns in 200000000 ns
        200.000ms pacific has 2 [2026-06-30T00:00:00.215Z]
        300.000ms pacific has 3 [2026-06-30T00:00:00.345Z]
        300.000ms pacific timer 1 at 300ms [2026-06-30T00:00:00.345Z]
        400.000ms pacific has 4 [2026-06-30T00:00:00.460Z]
        500.000ms pacific has 5 [2026-06-30T00:00:00.560Z]
    "#]],
    );
    check(
        Act::SlewWall { node: NODE, by_ns: -60_000_000, lasts: millis(200) },
        expect![[r#"
        100.000ms pacific has 1 [2026-06-30T00:00:00.100Z]
        150.000ms * slew pacific by -60000000 ns in 200000000 ns
        200.000ms pacific has 2 [2026-06-30T00:00:00.185Z]
        300.000ms pacific has 3 [2026-06-30T00:00:00.255Z]
        300.000ms pacific timer 1 at 300ms [2026-06-30T00:00:00.255Z]
        400.000ms pacific has 4 [2026-06-30T00:00:00.340Z]
        500.000ms pacific has 5 [2026-06-30T00:00:00.440Z]
    "#]],
    );
}

#[test]
fn a_leap_second_is_shown_twice_or_smeared() {
    check(
        Act::LeapSecond { node: NODE, leap: Leap::Repeated },
        expect![[r#"
        100.000ms pacific has 1 [2026-06-30T00:00:00.100Z]
        150.000ms * leap pacific in 0 ns
        200.000ms pacific has 2 [2026-06-29T23:59:59.200Z]
        300.000ms pacific has 3 [2026-06-29T23:59:59.300Z]
        300.000ms pacific timer 1 at 300ms [2026-06-29T23:59:59.300Z]
        400.000ms pacific has 4 [2026-06-29T23:59:59.400Z]
        500.000ms pacific has 5 [2026-06-29T23:59:59.500Z]
    "#]],
    );
    let mut plan = Plan::new();
    let leap = Leap::Smeared(Duration::from_secs(10));
    plan.add(ms(1_000), Act::LeapSecond { node: NODE, leap });
    for nth in [500, 1_000, 6_000, 11_000, 12_000] {
        plan.add(ms(nth), ask(PACIFIC, Ask::Add(1)));
    }
    let setup = Setup { wall_claims: WallClaims::Recorded, end: ms(20_000), ..quiet(plan) };
    check_by(
        setup,
        Calm,
        expect![[r#"
        500.000ms pacific has 1 [00:00:00.500Z]
        1000.000ms * leap pacific in 10000000000 ns
        1000.000ms pacific has 2 [00:00:01.000Z]
        6000.000ms pacific has 3 [00:00:05.500Z]
        11000.000ms pacific has 4 [00:00:10.000Z]
        12000.000ms pacific has 5 [00:00:11.000Z]
    "#]],
    );
}

#[test]
fn a_frozen_clock_stands_still_and_goes_on_late() {
    check(
        Act::FreezeWall { node: NODE, lasts: millis(200) },
        expect![[r#"
        100.000ms pacific has 1 [2026-06-30T00:00:00.100Z]
        150.000ms * freeze pacific for 200000000 ns
        200.000ms pacific has 2 [2026-06-30T00:00:00.150Z]
        300.000ms pacific has 3 [2026-06-30T00:00:00.150Z]
        300.000ms pacific timer 1 at 300ms [2026-06-30T00:00:00.150Z]
        400.000ms pacific has 4 [2026-06-30T00:00:00.200Z]
        500.000ms pacific has 5 [2026-06-30T00:00:00.300Z]
    "#]],
    );
}

#[test]
fn a_clock_may_be_set_to_a_wrong_year() {
    let wall = WallTime::midnight(1980, 1, 6).expect("a day");
    check(
        Act::SetWall { node: NODE, wall },
        expect![[r#"
        100.000ms pacific has 1 [2026-06-30T00:00:00.100Z]
        150.000ms * set pacific to 1980-01-06T00:00:00.000Z
        200.000ms pacific has 2 [1980-01-06T00:00:00.050Z]
        300.000ms pacific has 3 [1980-01-06T00:00:00.150Z]
        300.000ms pacific timer 1 at 300ms [1980-01-06T00:00:00.150Z]
        400.000ms pacific has 4 [1980-01-06T00:00:00.250Z]
        500.000ms pacific has 5 [1980-01-06T00:00:00.350Z]
    "#]],
    );
}

/// Atlantic, on the worst machine, says what its wall clock shows every 100 ms.
fn check_luck(luck: impl Choices, expected: Expect) {
    let mut plan = Plan::new();
    for nth in 1..6 {
        plan.add(ms(nth * 100), ask(ATLANTIC, Ask::Add(1)));
    }
    let epoch = WallTime::midnight(2026, 6, 30).expect("a day");
    let setup = Setup { wall_claims: WallClaims::Recorded, epoch, ..at_atlantic(worst(), plan) };
    check_by(setup, luck, expected);
}

#[test]
fn calm_no_wall_clock_freezes_or_changes_its_year() {
    check_luck(
        Only([]),
        expect![[r#"
        100.000ms atlantic has 1 [2026-06-30T00:00:00.100Z]
        200.000ms atlantic has 2 [2026-06-30T00:00:00.200Z]
        300.000ms atlantic has 3 [2026-06-30T00:00:00.300Z]
        400.000ms atlantic has 4 [2026-06-30T00:00:00.400Z]
        500.000ms atlantic has 5 [2026-06-30T00:00:00.500Z]
    "#]],
    );
}

#[test]
fn a_wall_clock_may_freeze_by_luck() {
    check_luck(
        Only([(Topic::WallFreeze, 2, 1), (Topic::WallFreezeTime, 2, 130)]),
        expect![[r#"
        100.000ms atlantic has 1 [2026-06-30T00:00:00.100Z]
        200.000ms * freeze atlantic for 150000000 ns
        200.000ms atlantic has 2 [2026-06-30T00:00:00.200Z]
        300.000ms atlantic has 3 [2026-06-30T00:00:00.200Z]
        400.000ms atlantic has 4 [2026-06-30T00:00:00.250Z]
        500.000ms atlantic has 5 [2026-06-30T00:00:00.350Z]
    "#]],
    );
    // Until the end of all faults at most.
    check_luck(
        Only([(Topic::WallFreeze, 4, 1), (Topic::WallFreezeTime, 4, 999)]),
        expect![[r#"
            100.000ms atlantic has 1 [2026-06-30T00:00:00.100Z]
            200.000ms atlantic has 2 [2026-06-30T00:00:00.200Z]
            300.000ms atlantic has 3 [2026-06-30T00:00:00.300Z]
            400.000ms * freeze atlantic for 600000000 ns
            400.000ms atlantic has 4 [2026-06-30T00:00:00.400Z]
            500.000ms atlantic has 5 [2026-06-30T00:00:00.400Z]
        "#]],
    );
}

#[test]
fn a_wall_clock_may_be_a_year_off_by_luck() {
    check_luck(
        Only([(Topic::WallYear, 2, 1)]),
        expect![[r#"
        100.000ms atlantic has 1 [2026-06-30T00:00:00.100Z]
        200.000ms * step atlantic by 31536000000000000 ns
        200.000ms atlantic has 2 [2027-06-30T00:00:00.200Z]
        300.000ms atlantic has 3 [2027-06-30T00:00:00.300Z]
        400.000ms atlantic has 4 [2027-06-30T00:00:00.400Z]
        500.000ms atlantic has 5 [2027-06-30T00:00:00.500Z]
    "#]],
    );
    check_luck(
        Only([(Topic::WallYear, 2, 1), (Topic::WallYearBack, 2, 1)]),
        expect![[r#"
        100.000ms atlantic has 1 [2026-06-30T00:00:00.100Z]
        200.000ms * step atlantic by -31536000000000000 ns
        200.000ms atlantic has 2 [2025-06-30T00:00:00.200Z]
        300.000ms atlantic has 3 [2025-06-30T00:00:00.300Z]
        400.000ms atlantic has 4 [2025-06-30T00:00:00.400Z]
        500.000ms atlantic has 5 [2025-06-30T00:00:00.500Z]
    "#]],
    );
}

/// Pacific shows its wall clock at every nanosecond while this is planned for it.
fn goes_forward(plan: Plan<Ask>, drift: i32) -> bool {
    let mut setup = quiet(plan);
    setup.machines[0].wall.drift = Drift::ppb(drift).expect("a drift");
    (0..2_000).for_each(|ns| setup.plan.add(TrueTime::from_ns(ns), ask(PACIFIC, Ask::Add(0))));
    setup.wall_claims = WallClaims::Recorded;
    setup.epoch = WallTime::midnight(2026, 6, 30).expect("a day");
    let trace = run(setup, Calm).expect("a sound setup").trace;
    let shown = trace.claims(ClaimKind::Wall).map(|(_, claim)| match claim {
        ClaimRef::Wall(wall) => wall.ns(),
        other => panic!("it is no wall clock: {other:?}"),
    });
    let shown: Vec<u64> = shown.collect();
    // A nanosecond less for each slew under way is what a cut may cost.
    shown.windows(2).all(|pair| pair[1] + 3 >= pair[0]) && shown.first() < shown.last()
}

#[test]
fn slews_that_overlap_are_refused_where_a_wall_clock_would_run_backwards() {
    let slew = |by_ns| Act::SlewWall { node: PACIFIC, by_ns, lasts: Duration::from_nanos(1_000) };
    let slews = |each: &[i64]| {
        let at = |nth: usize| TrueTime::from_ns(nth as u64 * 300);
        each.iter().enumerate().fold(Plan::new(), |plan, (nth, by_ns)| plan.at(at(nth), slew(*by_ns)))
    };
    let refused = |each: &[i64], drift| {
        let checked = slews(each).check_slews(|_| Drift::ppb(drift).expect("a drift"));
        checked.err().map(|error| error.to_string())
    };
    let told = |act| {
        Some(format!(
            "act {act} of the plan slews the wall clock of node number 0, which then runs backwards by the slews \
             under way and its drift"
        ))
    };
    assert_eq!(refused(&[-600, -399], 0), None);
    assert_eq!(refused(&[-600, -400], 0), told(1));
    assert_eq!(refused(&[-600, 500, -400], 0), told(2), "what is gained does not make up for it");
    assert_eq!(refused(&[-400, -300, -298, -1], 0), None);
    assert_eq!(refused(&[-400, -300, -300], 0), told(2));
    assert_eq!(refused(&[-999], 0), None);
    assert_eq!(refused(&[-999], -1_000_000), told(0));
    assert_eq!(refused(&[-500], -499_999_999), None);
    assert_eq!(refused(&[-500, 100, 100, 0, -900], 0), None, "one has ended before the other begins");
    assert!(goes_forward(slews(&[-600, -399]), 0) && goes_forward(slews(&[-400, -300, -299]), 500));
    // Asked of every world, with the drift of its machines.
    let mut setup = quiet(slews(&[-600]));
    setup.machines[0].wall.drift = Drift::ppb(-400_000_000).expect("a drift");
    assert_eq!(run(setup, Calm).map(|_| ()).map_err(|error| error.to_string()).err(), told(0));
}

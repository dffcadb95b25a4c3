//! What plans do to wall clocks: slews, leap seconds, freezes and wrong years; time-outs never notice.

use std::time::Duration;

use constellation_fabric::{Calm, Timer};
use constellation_sim::{Act, Leap, Plan, Setup, WallClaims};
use constellation_trace::{NodeId, WallTime};
use expect_test::{Expect, expect};

use crate::machines::millis;
use crate::probe::{Ask, PACIFIC, ask, check_by, ms, quiet};

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

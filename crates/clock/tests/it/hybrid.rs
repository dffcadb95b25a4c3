//! Hybrid clocks whose wall stands still, goes back, leaps, fails, or belongs to somebody eight hours ahead.

use std::cell::Cell;
use std::rc::Rc;

use constellation_clock::{
    Ahead, CEILING, Clock, DriftPolicy, Error, HybridClock, HybridStamp, HybridTime, PhysicalTime,
    REMOTE_MAX, WallUnreadable,
};
use expect_test::{Expect, expect};

/// A wall that the test sets; `None` cannot be read.
#[derive(Clone, Default)]
struct Wall(Rc<Cell<Option<u64>>>);

impl Wall {
    fn set(&self, ns: u64) {
        self.0.set(Some(ns));
    }
}

fn clock(policy: DriftPolicy) -> (Wall, HybridClock<impl FnMut() -> Result<PhysicalTime, WallUnreadable>>) {
    let wall = Wall::default();
    let read = wall.clone();
    let clock = HybridClock::new("pacific", policy, move || {
        read.0.get().map(PhysicalTime::from_ns).ok_or(WallUnreadable)
    });
    (wall, clock)
}

fn at(ns: u64, logical: u32, node: &str) -> HybridStamp {
    HybridStamp::new(HybridTime::new(PhysicalTime::from_ns(ns), logical).expect("below the ceiling"), node)
}

/// Plays readings of the wall, `!` for a failing one, and prints the times that come of them.
fn check(policy: DriftPolicy, readings: &[Option<u64>], expected: Expect) {
    let (wall, mut clock) = clock(policy);
    let mut lines = String::new();
    let mut last = HybridTime::ZERO;
    for reading in readings {
        wall.0.set(*reading);
        match clock.now() {
            Ok(time) => {
                assert!(time > last, "{time} after {last}");
                last = time;
                lines += &format!("{time}\n");
            }
            Err(error) => {
                assert_eq!(clock.current(), last);
                lines += &format!("{error}\n");
            }
        }
    }
    expected.assert_eq(&lines);
}

#[test]
fn frozen_wall_leaves_the_counting_to_the_counter() {
    check(
        DriftPolicy::STANDARD,
        &[Some(7); 3],
        expect![[r#"
        7 ns + 0
        7 ns + 1
        7 ns + 2
    "#]],
    );
}

#[test]
fn wall_that_goes_back_is_outwaited() {
    check(
        DriftPolicy::STANDARD,
        &[Some(100), Some(40), Some(0), Some(101)],
        expect![[r#"
        100 ns + 0
        100 ns + 1
        100 ns + 2
        101 ns + 0
    "#]],
    );
}

const YEAR_NS: u64 = 31_557_600_000_000_000;

#[test]
fn wall_that_leaps_a_year_is_followed_or_refused_as_the_policy_says() {
    let leap = [Some(5), Some(5 + YEAR_NS), Some(6)];
    check(
        DriftPolicy::STANDARD,
        &leap,
        expect![[r#"
        5 ns + 0
        31557600000000005 ns + 0
        31557600000000005 ns + 1
    "#]],
    );
    let strict = DriftPolicy { local: Ahead::Within { ns: 1_000_000_000 }, ..DriftPolicy::STANDARD };
    check(
        strict,
        &leap,
        expect![[r#"
        5 ns + 0
        our wall clock leapt from 5 ns to 31557600000000005 ns; the bound is 1000000000 ns
        6 ns + 0
    "#]],
    );
}

#[test]
fn leap_is_accepted_once_somebody_says_so() {
    let strict = DriftPolicy { local: Ahead::Within { ns: 10 }, ..DriftPolicy::STANDARD };
    let (wall, mut clock) = clock(strict);
    wall.set(5);
    clock.now().expect("the first reading is no leap");
    wall.set(1000);
    assert!(matches!(clock.now(), Err(Error::WallLeapt { .. })));
    clock.accept_wall();
    assert_eq!(clock.now().map(HybridTime::physical), Ok(PhysicalTime::from_ns(1000)));
}

#[test]
fn wall_that_cannot_be_read_is_an_error_and_not_a_guess() {
    check(
        DriftPolicy::STANDARD,
        &[Some(5), None, Some(REMOTE_MAX + 1), Some(6)],
        expect![[r#"
        5 ns + 0
        the wall clock cannot be read
        the wall clock cannot be read
        6 ns + 0
    "#]],
    );
}

#[test]
fn receipt_takes_the_largest_of_three_and_counts_on_from_it() {
    let check = |wall_ns: u64, own: (u64, u32), message: (u64, u32), expected: Expect| {
        let (wall, mut clock) = clock(DriftPolicy { remote: Ahead::Unbounded, local: Ahead::Unbounded });
        wall.set(own.0);
        for _ in 0..=own.1 {
            clock.now().expect("the wall can be read");
        }
        wall.set(wall_ns);
        let stamp = clock.receive(&at(message.0, message.1, "atlantic")).expect("nothing is bounded");
        expected.assert_eq(&stamp.time().to_string());
    };
    check(9, (5, 0), (7, 3), expect!["9 ns + 0"]); // the wall is ahead
    check(1, (7, 5), (5, 9), expect!["7 ns + 6"]); // we are
    check(1, (5, 9), (7, 5), expect!["7 ns + 6"]); // they are
    check(1, (7, 2), (7, 5), expect!["7 ns + 6"]); // a tie: the larger counter decides
    check(7, (7, 5), (7, 2), expect!["7 ns + 6"]); // a tie of all three
    check(1, (1, 0), (7, u32::MAX), expect!["8 ns + 0"]); // a full counter carries
}

#[test]
fn stamp_beyond_the_drift_bound_is_refused_by_name_and_leaves_no_trace() {
    let (wall, mut clock) = clock(DriftPolicy::STANDARD);
    wall.set(1_000_000_000);
    clock.now().expect("the wall can be read");
    let before = format!("{clock:?}");
    let refused = clock.receive(&at(1_500_000_001, 0, "indian_ocean")).expect_err("1 ns beyond the bound");
    expect!["indian_ocean is at 1500000001 ns, 500000001 ns ahead of our wall clock at 1000000000 ns; the bound is 500000000 ns"]
        .assert_eq(&refused.to_string());
    assert_eq!(format!("{clock:?}"), before);
    clock.receive(&at(1_500_000_000, 0, "indian_ocean")).expect("the bound itself is allowed");
}

#[test]
fn message_from_long_ago_is_never_refused() {
    let (wall, mut clock) = clock(DriftPolicy::STANDARD);
    wall.set(10 * YEAR_NS);
    assert!(clock.receive(&at(1, 0, "antarctic")).is_ok());
}

#[test]
fn sending_is_never_refused_however_far_ahead_we_were_pulled() {
    let (wall, mut clock) = clock(DriftPolicy { remote: Ahead::Unbounded, local: Ahead::Unbounded });
    wall.set(1);
    clock.receive(&at(YEAR_NS, 0, "fast")).expect("nothing is bounded");
    assert!(clock.send().is_ok());
}

#[test]
fn unbounded_policy_still_refuses_what_would_use_up_the_clock() {
    let (wall, mut clock) = clock(DriftPolicy { remote: Ahead::Unbounded, local: Ahead::Unbounded });
    wall.set(1);
    let refused = clock.receive(&at(CEILING, u32::MAX, "forger"));
    assert!(matches!(refused, Err(Error::RemoteBeyondCeiling { remote: CEILING, .. })), "{refused:?}");
    assert_eq!(clock.current(), HybridTime::ZERO);
    clock.receive(&at(REMOTE_MAX, u32::MAX, "forger")).expect("admitted");
    assert!(clock.now().is_ok(), "and there is room after it");
}

#[test]
fn exhausted_hybrid_clock_says_so_and_stays() {
    use constellation_clock::lease::Resumable;
    let (wall, mut clock) = clock(DriftPolicy::STANDARD);
    wall.set(1);
    clock.skip_to(u64::MAX);
    assert!(clock.is_exhausted());
    expect!["the clock of pacific stands at its ceiling 9223372036854775807"]
        .assert_eq(&clock.now().expect_err("exhausted").to_string());
}

#[test]
fn second_owner_of_a_name_is_found_out() {
    let (wall, mut clock) = clock(DriftPolicy::STANDARD);
    wall.set(100);
    clock.now().expect("the wall can be read");
    clock.receive(&at(100, 0, "pacific")).expect("an echo of our own");
    let refused = clock.receive(&at(100, 2, "pacific")).expect_err("we have not been there");
    expect!["somebody reached 100 ns + 2 as pacific, which is us, at 100 ns + 1"]
        .assert_eq(&refused.to_string());
}

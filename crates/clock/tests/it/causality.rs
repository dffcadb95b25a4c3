//! The three laws that the course names, each under its name.

use constellation_clock::{LamportClock, Ordering, VectorClock};
use proptest::prelude::*;

/// A tick, or the observation of a value.
fn steps() -> impl Strategy<Value = Vec<Option<u64>>> {
    let near_the_end = u64::MAX - 40..=u64::MAX;
    let value = prop_oneof![0..100_u64, any::<u64>(), near_the_end, (1_u64 << 63) - 9..=(1 << 63) + 9];
    prop::collection::vec(prop::option::of(value), 0..40)
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(500))]

    /// Over any sequence of `tick` and `observe` the values strictly increase, until the clock says that it is exhausted.
    #[test]
    fn monotonic_causality(steps in steps(), start in prop_oneof![Just(0_u64), any::<u64>()]) {
        let clock = LamportClock::starting_at(start);
        let mut previous = start;
        for step in steps {
            let was_exhausted = clock.is_exhausted();
            let value = step.map_or_else(|| clock.tick(), |incoming| clock.observe(incoming));
            // The slow obvious twin.
            prop_assert_eq!(value, previous.max(step.unwrap_or(0)).saturating_add(1));
            prop_assert!(value > previous || was_exhausted);
            prop_assert!(step.is_none_or(|incoming| value > incoming || clock.is_exhausted()));
            prop_assert_eq!(clock.current(), value);
            previous = value;
        }
    }

    /// Two vector clocks that advance independently from a shared state are concurrent.
    #[test]
    fn concurrency_detection(shared in 0..5_u32, own in 1..9_u32, other in 1..9_u32) {
        let mut seed = VectorClock::new("atlantic");
        (0..shared).for_each(|_| seed.tick());
        let (mut x, mut y) = (VectorClock::new("pacific"), VectorClock::new("indian_ocean"));
        x.merge(&seed);
        y.merge(&seed);
        prop_assert_eq!(x.compare(&y), Ordering::Equal);
        (0..own).for_each(|_| x.tick());
        (0..other).for_each(|_| y.tick());
        prop_assert_eq!(x.compare(&y), Ordering::Concurrent);
        prop_assert_eq!(y.compare(&x), Ordering::Concurrent);
    }

    /// After Y receives X's message and merges, Y's clock dominates X's clock at the send.
    #[test]
    fn causal_precedence(before in 0..9_u32, elsewhere in 0..9_u32, after in 0..9_u32) {
        let (mut x, mut y) = (VectorClock::new("x"), VectorClock::new("y"));
        (0..before).for_each(|_| x.tick());
        (0..elsewhere).for_each(|_| y.tick());
        x.tick();
        let at_send = x.clone();
        (0..after).for_each(|_| x.tick());
        y.merge(&at_send);
        y.tick();
        prop_assert_eq!(at_send.compare(&y), Ordering::Before);
        prop_assert_eq!(y.compare(&at_send), Ordering::After);
        let relation = if after == 0 { Ordering::Before } else { Ordering::Concurrent };
        prop_assert_eq!(x.compare(&y), relation, "x went on without y");
    }
}

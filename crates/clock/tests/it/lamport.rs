//! Lamport clocks at their ceiling, between threads, and before forged messages.

use constellation_clock::lease::Resumable;
use constellation_clock::{
    CEILING, Clock, Error, Identity, LEAD_MAX, LamportClock, LamportStamp, NamedLamport, REMOTE_MAX,
};
use expect_test::{Expect, expect};

#[test]
fn exhausted_clock_repeats_its_last_value_and_says_so() {
    let clock = LamportClock::new();
    assert_eq!(clock.observe(u64::MAX - 2), u64::MAX - 1);
    assert!(!clock.is_exhausted());
    assert_eq!(clock.tick(), u64::MAX);
    assert!(clock.is_exhausted());
    assert_eq!((clock.tick(), clock.observe(7), clock.current()), (u64::MAX, u64::MAX, u64::MAX));
    assert_eq!(clock.try_tick(), Err(Error::Exhausted { node: None, ceiling: u64::MAX }));
    assert_eq!(clock.try_observe(7), Err(Error::Exhausted { node: None, ceiling: u64::MAX }));
}

#[test]
fn clock_crosses_from_one_word_to_the_other_without_a_gap() {
    let clock = LamportClock::starting_at((1 << 63) - 3);
    let values: Vec<u64> = (0..5).map(|_| clock.tick()).collect();
    let expected: Vec<u64> = (0..5).map(|step| (1 << 63) - 2 + step).collect();
    assert_eq!(values, expected);
}

#[test]
fn no_thread_sees_the_time_stand_still_or_go_back() {
    const STEPS: u64 = 20_000;
    let clock = LamportClock::new();
    let mut all: Vec<u64> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4_u64)
            .map(|worker| {
                let clock = &clock;
                scope.spawn(move || {
                    let step = |step| {
                        if step % 3 == worker % 3 { clock.observe(step * worker) } else { clock.tick() }
                    };
                    let values: Vec<u64> = (0..STEPS).map(step).collect();
                    assert!(values.windows(2).all(|pair| pair[0] < pair[1]), "worker {worker}");
                    values
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("no worker panics")).collect()
    });
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len() as u64, 4 * STEPS, "no value was given out twice");
}

#[test]
fn forged_maximum_racing_with_ticks_never_wraps_the_clock() {
    for _ in 0..200 {
        let clock = LamportClock::new();
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let values: Vec<u64> = (0..200).map(|_| clock.tick()).collect();
                    assert!(values.windows(2).all(|pair| pair[0] < pair[1] || pair[0] == u64::MAX));
                });
            }
            scope.spawn(|| assert_eq!(clock.observe(u64::MAX), u64::MAX));
        });
        assert_eq!(clock.current(), u64::MAX);
        assert!(clock.is_exhausted());
    }
}

#[test]
fn refused_messages_are_named_and_leave_the_clock_alone() {
    let check = |time: u64, sender: &str, expected: Expect| {
        let mut clock = NamedLamport::new("pacific").with_lead_max(1000);
        for _ in 0..5 {
            clock.event().expect("there is room");
        }
        let message = LamportStamp::new(time, sender).expect("below the ceiling");
        let outcome = match clock.receive(&message) {
            Ok(stamp) => format!("time {}", stamp.time()),
            Err(error) => {
                assert_eq!(clock.current(), 5);
                error.to_string()
            }
        };
        expected.assert_eq(&outcome);
    };
    check(3, "atlantic", expect!["time 6"]);
    check(1005, "atlantic", expect!["time 1006"]);
    check(1006, "atlantic", expect!["atlantic is at time 1006, more than the lead of 1000 ahead of our 5"]);
    check(
        CEILING,
        "atlantic",
        expect!["atlantic claims counter 9223372036854775807, above the admitted 8070450532247928831"],
    );
    check(5, "pacific", expect!["time 6"]); // An echo of our own.
    check(6, "pacific", expect!["somebody counted to 6 as pacific, which is us, at 5"]);
}

#[test]
fn forged_time_near_the_ceiling_silences_nobody() {
    let (mut pacific, mut atlantic) = (NamedLamport::new("pacific"), NamedLamport::new("atlantic"));
    let forged = LamportStamp::new(REMOTE_MAX, "forger").expect("below the ceiling");
    let refused = pacific.receive(&forged).expect_err("nobody counts so far while we count to nothing");
    expect!["forger is at time 8070450532247928831, more than the lead of 1099511627776 ahead of our 0"]
        .assert_eq(&refused.to_string());
    let (sent, message) = pacific.send().expect("there is room");
    assert!(atlantic.receive(&message).is_ok_and(|received| received > sent), "and is heard");
}

#[test]
fn forger_within_the_lead_can_still_part_a_clock_from_the_others() {
    let (mut pacific, mut atlantic) = (NamedLamport::new("pacific"), NamedLamport::new("atlantic"));
    let forged = LamportStamp::new(LEAD_MAX, "forger").expect("below the ceiling");
    pacific.receive(&forged).expect("within the lead");
    let (_, message) = pacific.send().expect("there is room");
    assert!(matches!(atlantic.receive(&message), Err(Error::LeadExceeded { .. })), "what the docs admit");
}

#[test]
fn largest_admitted_message_leaves_room_to_go_on() {
    let mut clock = NamedLamport::new("pacific").with_lead_max(CEILING);
    let forged = LamportStamp::new(REMOTE_MAX, "forger").expect("below the ceiling");
    assert_eq!(clock.receive(&forged).map(|stamp| stamp.time()), Ok(REMOTE_MAX + 1));
    assert_eq!(clock.event().map(|stamp| stamp.time()), Ok(REMOTE_MAX + 2));
}

#[test]
fn named_clock_refuses_events_at_its_ceiling() {
    let mut clock = NamedLamport::new("pacific");
    clock.skip_to(CEILING - 1);
    assert_eq!(clock.event().map(|stamp| stamp.time()), Ok(CEILING));
    assert!(clock.is_exhausted());
    let exhausted = Error::Exhausted { node: Some(Identity::from("pacific")), ceiling: CEILING };
    assert_eq!(clock.event(), Err(exhausted.clone()));
    assert_eq!(clock.send(), Err(exhausted));
    assert_eq!(clock.current(), CEILING);
}

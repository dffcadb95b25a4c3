//! The course's clocks, typed as a reader of the course would type them.

use std::collections::HashMap;
use std::sync::Arc;

use constellation_clock::{LamportClock, Ordering, VectorClock};

#[test]
fn lamport_clock_works_as_the_course_writes_it() {
    let clock = LamportClock::new();
    let first: u64 = clock.tick();
    let second: u64 = clock.observe(41);
    let now: u64 = clock.current();
    assert_eq!((first, second, now), (1, 42, 42));

    // Behind an Arc and from another thread, since every method takes `&self`.
    let shared = Arc::new(LamportClock::new());
    let other = Arc::clone(&shared);
    std::thread::spawn(move || other.tick()).join().expect("the thread does not panic");
    assert_eq!(shared.current(), 1);
}

#[test]
fn vector_clock_works_as_the_course_writes_it() {
    let node_id: String = "pacific".to_string();
    let mut pacific = VectorClock::new(&node_id);
    let mut atlantic = VectorClock::new("atlantic");
    pacific.tick();
    atlantic.tick();
    let relation: Ordering = pacific.compare(&atlantic);
    assert_eq!(relation, Ordering::Concurrent);
    atlantic.merge(&pacific);
    atlantic.tick();
    assert_eq!(pacific.compare(&atlantic), Ordering::Before);
    assert_eq!(atlantic.compare(&pacific), Ordering::After);
    assert_eq!(atlantic.compare(&atlantic.clone()), Ordering::Equal);
    let snapshot: HashMap<String, u64> = atlantic.snapshot();
    assert_eq!(snapshot, HashMap::from([("pacific".to_string(), 1), ("atlantic".to_string(), 2)]));
    match relation {
        Ordering::Before | Ordering::After | Ordering::Equal => unreachable!("they are concurrent"),
        Ordering::Concurrent => {} // And there is no fifth: the match is complete without a wildcard.
    }
}

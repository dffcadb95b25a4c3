//! Restarts: no stamp twice, one write a block, and no checkpoint believed that should not be.

use std::collections::BTreeSet;
use std::num::NonZeroU64;

use constellation_clock::lease::{
    Checkpoint, CheckpointFault, Leased, MemoryStore, Resumable, Store, StoreFault,
};
use constellation_clock::{
    CEILING, Clock, DriftPolicy, Error, HybridClock, Identity, LamportStamp, NamedLamport, PhysicalTime,
    VectorClock,
};
use expect_test::{Expect, expect};
use proptest::prelude::*;

fn block(size: u64) -> NonZeroU64 {
    NonZeroU64::new(size).expect("not zero")
}

/// Runs lives of so many events each, every one ending in a crash, and names the first stamp that came twice or went back.
fn first_repetition<C>(lives: &[u32], mut live: impl FnMut(usize) -> C) -> Option<String>
where
    C: Clock<Stamp = LamportStamp, Error = Error>,
{
    let mut issued = BTreeSet::new();
    for (life, events) in lives.iter().enumerate() {
        let mut clock = live(life);
        for _ in 0..*events {
            let stamp = clock.event().expect("the store is sound");
            if issued.last().is_some_and(|last| stamp <= *last) {
                return Some(format!("life {life} repeats time {}", stamp.time()));
            }
            issued.insert(stamp);
        }
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn crashes_at_any_point_repeat_no_stamp_and_cost_one_write_a_block(
        lives in prop::collection::vec(0..40_u32, 1..8),
        size in 1..20_u64,
    ) {
        let mut store = MemoryStore::default();
        let mut writes_allowed = 1;
        // Each life starts from the store that the last one left behind.
        let mut issued = BTreeSet::new();
        for (life, events) in lives.iter().enumerate() {
            let fresh = NamedLamport::new("pacific");
            let mut clock = if life == 0 {
                Leased::start(fresh, &mut store, block(size))
            } else {
                Leased::resume(fresh, &mut store, block(size))
            }.expect("the store is sound");
            for _ in 0..*events {
                let stamp = clock.event().expect("the store is sound");
                prop_assert!(issued.last().is_none_or(|last| *last < stamp), "life {life} repeats {stamp:?}");
                issued.insert(stamp);
            }
            writes_allowed += u64::from(*events).div_ceil(size);
        }
        prop_assert!(store.writes <= writes_allowed, "{} writes, {writes_allowed} allowed", store.writes);
    }
}

#[test]
fn clock_that_starts_from_zero_repeats_itself_and_is_caught() {
    let found = first_repetition(&[3, 1], |_| NamedLamport::new("pacific"));
    expect!["life 1 repeats time 1"].assert_eq(&found.expect("a planted bug"));
}

#[test]
fn clock_that_saves_where_it_is_instead_of_where_it_may_go_is_caught() {
    // Saved every third event: the two after the last save come again.
    let found = first_repetition(&[5, 1], |life| {
        let mut clock = NamedLamport::new("pacific");
        clock.skip_to(if life == 0 { 0 } else { 3 });
        clock
    });
    expect!["life 1 repeats time 4"].assert_eq(&found.expect("a planted bug"));
}

/// A store that shows something else than was written.
struct Treacherous {
    records: Vec<Vec<u8>>,
    shows: fn(&[Vec<u8>]) -> Option<Vec<u8>>,
}

impl Store for Treacherous {
    fn load(&mut self) -> Result<Option<Vec<u8>>, StoreFault> {
        Ok((self.shows)(&self.records))
    }

    fn store(&mut self, record: &[u8]) -> Result<(), StoreFault> {
        self.records.push(record.to_vec());
        Ok(())
    }
}

#[test]
fn record_that_changed_behind_our_back_stops_the_clock() {
    let check = |shows: fn(&[Vec<u8>]) -> Option<Vec<u8>>, expected: Expect| {
        let store = Treacherous { records: Vec::new(), shows };
        let mut clock =
            Leased::start(NamedLamport::new("pacific"), store, block(2)).expect("nothing is on record");
        let mut outcome = String::from("nothing noticed");
        for _ in 0..9 {
            let before = clock.clock().current();
            if let Err(error) = clock.event() {
                assert_eq!(clock.clock().current(), before, "a refused event leaves the clock alone");
                outcome = format!("after {before}: {error}");
                break;
            }
        }
        expected.assert_eq(&outcome);
    };
    let honest = |records: &[Vec<u8>]| records.last().cloned();
    check(honest, expect!["nothing noticed"]);
    // A write that is lost, or a backup restored under the running node.
    check(
        |records| records.first().cloned(),
        expect!["after 5: the checkpoint says 2, but 5 was recorded before"],
    );
    check(
        |records| (records.len() < 2).then(|| records.last().cloned()).flatten(),
        expect!["after 5: there is no checkpoint to resume from"],
    );
    check(|records| (!records.is_empty()).then(Vec::new), expect!["after 2: the checkpoint is empty"]);
    check(
        |records| records.last().map(|record| record[..9].to_vec()),
        expect!["after 2: the checkpoint is torn"],
    );
    let foreign = |records: &[Vec<u8>]| {
        (!records.is_empty()).then(|| Checkpoint::new(Identity::from("atlantic"), 2).encode())
    };
    check(foreign, expect!["after 2: the checkpoint belongs to atlantic, not to pacific"]);
    let second_owner = |records: &[Vec<u8>]| {
        (!records.is_empty()).then(|| Checkpoint::new(Identity::from("pacific"), 77).encode())
    };
    check(second_owner, expect!["after 2: the checkpoint says 77, but we wrote 2: our identity is in use"]);
}

#[test]
fn unusable_checkpoint_is_named_and_never_taken_for_zero() {
    let check = |record: Option<Vec<u8>>, expected: Expect| {
        let store = MemoryStore { record, writes: 0 };
        let resumed = Leased::resume_from_at_least(NamedLamport::new("pacific"), store, block(5), 10);
        expected.assert_eq(&match resumed {
            Ok(leased) => format!("resumes above {}", leased.bound()),
            Err(error) => error.to_string(),
        });
    };
    let record = |name: &str, bound| Checkpoint::new(Identity::from(name), bound).encode();
    check(Some(record("pacific", 10)), expect!["resumes above 10"]);
    check(None, expect!["there is no checkpoint to resume from"]);
    check(Some(Vec::new()), expect!["the checkpoint is empty"]);
    check(Some(vec![0; 40]), expect!["the checkpoint is torn"]);
    check(Some(record("pacific", 9)), expect!["the checkpoint says 9, but 10 was recorded before"]);
    check(Some(record("pacific#1", 99)), expect!["the checkpoint belongs to pacific#1, not to pacific"]);
}

#[test]
fn every_torn_or_flipped_record_is_noticed() {
    let record = Checkpoint::new(Identity::from("pacific#3"), 123_456).encode();
    assert_eq!(Checkpoint::decode(&record), Ok(Checkpoint::new(Identity::from("pacific#3"), 123_456)));
    for length in 1..record.len() {
        assert_eq!(Checkpoint::decode(&record[..length]), Err(CheckpointFault::Torn), "{length} bytes");
    }
    for (position, bit) in (0..record.len()).flat_map(|position| (0..8).map(move |bit| (position, bit))) {
        let mut flipped = record.clone();
        flipped[position] ^= 1 << bit;
        assert_eq!(Checkpoint::decode(&flipped), Err(CheckpointFault::Torn), "byte {position} bit {bit}");
    }
}

#[test]
fn first_life_is_refused_where_there_was_one_before() {
    let mut store = MemoryStore::default();
    Leased::start(NamedLamport::new("pacific"), &mut store, block(5)).expect("nothing is on record");
    let again = Leased::start(NamedLamport::new("pacific"), &mut store, block(5)).expect_err("it has lived");
    expect!["there is a checkpoint of pacific already, so this is no first life"]
        .assert_eq(&again.to_string());
}

/// A store whose writes fail when it is told so, perhaps after tearing the record.
#[derive(Default)]
struct Failing {
    inner: MemoryStore,
    fails: bool,
}

impl Store for Failing {
    fn load(&mut self) -> Result<Option<Vec<u8>>, StoreFault> {
        self.inner.load()
    }

    fn store(&mut self, record: &[u8]) -> Result<(), StoreFault> {
        if self.fails {
            self.inner.record = Some(record[..3].to_vec());
            return Err(StoreFault { reason: "disk full".into() });
        }
        self.inner.store(record)
    }
}

#[test]
fn failed_write_issues_no_stamp_and_the_clock_goes_on_when_the_disk_does() {
    let mut store = Failing::default();
    Leased::start(NamedLamport::new("pacific"), &mut store, block(1)).expect("nothing is on record");
    store.fails = true;
    let mut clock = Leased::resume(NamedLamport::new("pacific"), &mut store, block(1)).expect("sound");
    for _ in 0..2 {
        expect!["the store failed: disk full"].assert_eq(&clock.event().expect_err("no lease").to_string());
        assert_eq!(clock.clock().current(), 1);
    }
    let message = LamportStamp::new(50, "atlantic").expect("valid");
    assert!(clock.receive(&message).is_err());
    assert_eq!(clock.clock().current(), 1, "nothing of the message was absorbed");
}

#[test]
fn message_from_beyond_the_lease_is_covered_before_its_receipt_is_stamped() {
    let mut store = MemoryStore::default();
    let mut clock = Leased::start(NamedLamport::new("pacific"), &mut store, block(10)).expect("sound");
    let stamp = clock.receive(&LamportStamp::new(5000, "atlantic").expect("valid")).expect("honest");
    assert!(stamp.time() <= clock.bound());
    let mut clock = Leased::resume(NamedLamport::new("pacific"), &mut store, block(10)).expect("sound");
    assert!(clock.event().expect("sound") > stamp);
}

#[test]
fn hybrid_clock_resumes_above_its_lease_though_its_wall_went_back() {
    let clock =
        |ns| HybridClock::new("pacific", DriftPolicy::STANDARD, move || Ok(PhysicalTime::from_ns(ns)));
    let mut store = MemoryStore::default();
    let mut first = Leased::start(clock(1_000_000), &mut store, block(500)).expect("sound");
    let last = (0..100).map(|_| first.event().expect("sound")).last().expect("a hundred");
    assert_eq!(first.bound(), 1_000_500);
    assert_eq!(store.writes, 2, "the first lease and the first event's");
    let mut second = Leased::resume(clock(3), &mut store, block(500)).expect("sound");
    assert!(second.event().expect("sound") > last);
}

#[test]
fn lease_at_the_ceiling_ends_in_exhaustion() {
    let mut clock = NamedLamport::new("pacific");
    clock.skip_to(CEILING - 2);
    let mut clock = Leased::start(clock, MemoryStore::default(), block(100)).expect("sound");
    assert_eq!(clock.bound(), CEILING);
    assert!(clock.event().is_ok() && clock.event().is_ok());
    assert!(matches!(clock.event(), Err(Error::Exhausted { .. })));
}

#[test]
fn vector_clock_comes_back_as_a_new_incarnation_or_not_at_all() {
    let mut store = MemoryStore::default();
    assert!(VectorClock::next_life(&mut store, "pacific").is_err(), "nothing to come back to");
    let mut lives = vec![VectorClock::first_life(&mut store, "pacific").expect("nothing is on record")];
    assert!(VectorClock::first_life(&mut store, "pacific").is_err(), "it has lived");
    for _ in 0..3 {
        lives.push(VectorClock::next_life(&mut store, "pacific").expect("sound"));
    }
    let names: Vec<String> = lives.iter().map(|clock| clock.node().to_string()).collect();
    assert_eq!(names, ["pacific", "pacific#1", "pacific#2", "pacific#3"]);
    expect!["the checkpoint belongs to pacific#3, not to atlantic"]
        .assert_eq(&VectorClock::next_life(&mut store, "atlantic").expect_err("foreign").to_string());
}

#[test]
fn identity_is_its_text() {
    let check = |text: &str, name: &str, incarnation: u32| {
        let identity = Identity::from(text);
        assert_eq!((identity.name(), identity.incarnation()), (name, incarnation), "{text}");
        assert_eq!(Identity::new(name, incarnation).as_ref().map(Identity::as_str), Ok(text));
    };
    check("pacific", "pacific", 0);
    check("pacific#1", "pacific", 1);
    check("pacific#4294967295", "pacific", u32::MAX);
    check("pacific#4294967296", "pacific#4294967296", 0);
    check("pacific#0", "pacific#0", 0);
    check("pacific#+1", "pacific#+1", 0);
    check("a#2#3", "a#2", 3);
    check("#1", "", 1);
    check("", "", 0);
    assert!(Identity::new("a#2", 0).is_err());
    assert!(Identity::new("pacific", u32::MAX).and_then(|last| last.next_incarnation()).is_err());
}

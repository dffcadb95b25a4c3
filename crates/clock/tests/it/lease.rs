//! Restarts: no stamp twice, one write a block, and no checkpoint believed that should not be.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::num::NonZeroU64;
use std::rc::Rc;

use constellation_clock::lease::{
    Checkpoint, CheckpointFault, Leased, MemoryStore, Resumable, Store, StoreFault,
};
use constellation_clock::{
    Ahead, CEILING, Clock, DriftPolicy, Error, ExactStamp, HybridClock, Identity, LamportStamp, NamedLamport,
    Ordering, PhysicalTime, VectorClock,
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

#[test]
fn clock_under_a_lease_repeats_nothing_and_a_store_that_regresses_is_caught() {
    let live = |store: &Shared, life| {
        let clock = NamedLamport::new("pacific");
        let leased = if life == 0 {
            Leased::start(clock, store.clone(), block(2))
        } else {
            Leased::resume(clock, store.clone(), block(2))
        };
        leased.expect("the record can be read")
    };
    let sound = Shared::default();
    assert_eq!(first_repetition(&[5, 1, 0, 7, 2], |life| live(&sound, life)), None);

    // The backup of the first lease comes back with the restart.
    let (restored, mut backup) = (Shared::default(), None);
    let found = first_repetition(&[5, 1], |life| {
        if life > 0 {
            restored.record.borrow_mut().clone_from(&backup);
        }
        let leased = live(&restored, life);
        backup.clone_from(&restored.record.borrow());
        leased
    });
    expect!["life 1 repeats time 3"].assert_eq(&found.expect("a planted bug"));
    // Whoever knows how far the first life came is not taken in.
    let warned = Leased::resume_from_at_least(
        NamedLamport::new("pacific"),
        Shared { record: Rc::new(RefCell::new(backup)), ..Shared::default() },
        block(2),
        5,
    );
    expect!["the checkpoint says 2, but 5 was recorded before"]
        .assert_eq(&warned.expect_err("5 were issued").to_string());
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

/// A store that two owners can see, and whose writes can fail before or after they reach it, or halfway.
#[derive(Clone, Debug, Default)]
struct Shared {
    record: Rc<RefCell<Option<Vec<u8>>>>,
    fate: Rc<Cell<Fate>>,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Fate {
    #[default]
    Written,
    FailsBefore,
    FailsAfter,
    Tears,
}

impl Store for Shared {
    fn load(&mut self) -> Result<Option<Vec<u8>>, StoreFault> {
        Ok(self.record.borrow().clone())
    }

    fn store(&mut self, record: &[u8]) -> Result<(), StoreFault> {
        match self.fate.get() {
            Fate::Written | Fate::FailsAfter => *self.record.borrow_mut() = Some(record.to_vec()),
            Fate::Tears => *self.record.borrow_mut() = Some(record[..record.len() / 2].to_vec()),
            Fate::FailsBefore => {}
        }
        if self.fate.get() == Fate::Written {
            return Ok(());
        }
        Err(StoreFault { reason: "timeout".into() })
    }
}

impl Shared {
    fn failing(&self, fate: Fate) -> Shared {
        self.fate.set(fate);
        self.clone()
    }

    /// The same record through another door, whose writes do not fail.
    fn sound(&self) -> Shared {
        Shared { record: Rc::clone(&self.record), fate: Rc::default() }
    }
}

/// A clock that has used up its first lease of ten and then failed to write the next one.
fn stranded(store: &Shared, fate: Fate) -> Leased<NamedLamport, Shared> {
    let mut clock = Leased::start(NamedLamport::new("pacific"), store.clone(), block(10)).expect("sound");
    (0..10).for_each(|_| assert!(clock.event().is_ok()));
    store.failing(fate);
    expect!["the store failed: timeout"].assert_eq(&clock.event().expect_err("no lease").to_string());
    store.fate.set(Fate::Written);
    clock
}

#[test]
fn clock_whose_write_failed_goes_on_alone() {
    let check = |fate, expected: Expect| {
        let store = Shared::default();
        let mut clock = stranded(&store, fate);
        let times: Vec<u64> = (0..3).map(|_| clock.event().expect("sound").time()).collect();
        expected.assert_eq(&format!("{times:?} of {}", clock.bound()));
        drop(clock);
        let mut next = Leased::resume(NamedLamport::new("pacific"), store, block(10)).expect("sound");
        assert!(next.event().is_ok_and(|stamp| Some(&stamp.time()) > times.last()));
    };
    check(Fate::FailsBefore, expect!["[11, 12, 13] of 21"]);
    check(Fate::Tears, expect!["[11, 12, 13] of 21"]);
    check(Fate::FailsAfter, expect!["[22, 23, 24] of 32"]); // 11 to 21 may be somebody else's.
}

#[test]
fn two_live_owners_share_no_stamp_though_a_write_of_the_first_failed() {
    let check = |fate, expected: Expect| {
        let store = Shared::default();
        let mut first = stranded(&store, fate);
        // A supervisor takes the first one for dead.
        let second = Leased::resume(NamedLamport::new("pacific"), store.sound(), block(10));
        let mut issued = BTreeSet::new();
        let (mut lines, mut last) = (String::new(), "");
        // Of several stamps in a row from one owner the first is told.
        let mut note = |who: &'static str, outcome: Result<LamportStamp, Error>| {
            match outcome {
                Ok(stamp) => {
                    if who != last {
                        lines += &format!("{who}: {}\n", stamp.time());
                    }
                    assert!(issued.insert(stamp), "{lines}");
                }
                Err(error) => lines += &format!("{who}: {error}\n"),
            }
            last = who;
        };
        match second {
            Err(error) => note("second", Err(error)),
            Ok(mut second) => {
                note("second", second.event());
                note("first", first.event());
                note("first", first.event());
                (0..11).for_each(|_| note("second", second.event()));
            }
        }
        note("first", first.event());
        expected.assert_eq(&lines);
    };
    check(
        Fate::FailsBefore,
        expect![[r#"
            second: 11
            first: 22
            second: 12
            second: the checkpoint says 32, but we wrote 21: our identity is in use
            first: 24
        "#]],
    );
    check(
        Fate::FailsAfter,
        expect![[r#"
            second: 22
            first: the checkpoint says 32, but we wrote 10: our identity is in use
            first: the checkpoint says 32, but we wrote 10: our identity is in use
            second: 23
            first: the checkpoint says 43, but we wrote 10: our identity is in use
        "#]],
    );
    check(
        Fate::Tears,
        expect![[r#"
            second: the checkpoint is torn
            first: 11
        "#]],
    );
}

#[test]
fn record_of_a_second_owner_is_noticed_after_a_failed_write_too() {
    let check = |record: Option<Vec<u8>>, expected: Expect| {
        let store = Shared::default();
        let mut clock = stranded(&store, Fate::FailsBefore);
        *store.record.borrow_mut() = record;
        let refused = clock.event().expect_err("nobody knows what was issued");
        assert_eq!(clock.clock().current(), 10);
        expected.assert_eq(&refused.to_string());
    };
    let record = |name: &str, bound| Some(Checkpoint::new(Identity::from(name), bound).encode());
    check(record("pacific", 9), expect!["the checkpoint says 9, but 10 was recorded before"]);
    check(record("pacific", 22), expect!["the checkpoint says 22, but we wrote 10: our identity is in use"]);
    check(record("atlantic", 10), expect!["the checkpoint belongs to atlantic, not to pacific"]);
    check(None, expect!["there is no checkpoint to resume from"]);
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
fn lease_longer_than_its_peers_admit_is_refused_and_the_longest_one_is_not() {
    const WALL_NS: u64 = 10_000_000_000;
    let clock = |name| HybridClock::new(name, DriftPolicy::STANDARD, || Ok(PhysicalTime::from_ns(WALL_NS)));
    let check = |block_ns, expected: Expect| {
        let store = Shared::default();
        let start = Leased::start(clock("pacific"), store.clone(), block(block_ns));
        let outcome = start.and_then(|mut first| {
            first.event()?;
            // A crash and a restart, all within a nanosecond.
            let (_, message) = Leased::resume(clock("pacific"), store, block(block_ns))?.send()?;
            clock("atlantic").receive(&message)
        });
        expected.assert_eq(&outcome.map_or_else(|error| error.to_string(), |stamp| stamp.time().to_string()));
    };
    check(
        60_000_000_000,
        expect![
            "a lease of 60000000000 a block puts a restarted clock further ahead than its peers admit; at most 499999999"
        ],
    );
    check(
        500_000_000,
        expect![
            "a lease of 500000000 a block puts a restarted clock further ahead than its peers admit; at most 499999999"
        ],
    );
    check(499_999_999, expect!["10500000000 ns + 1"]);
    let trusting = DriftPolicy { remote: Ahead::Unbounded, local: Ahead::Unbounded };
    let trusting = HybridClock::new("pacific", trusting, || Ok(PhysicalTime::from_ns(WALL_NS)));
    assert!(Leased::start(trusting, MemoryStore::default(), block(u64::MAX)).is_ok());
    let refused = Leased::resume(clock("pacific"), MemoryStore::default(), block(u64::MAX));
    assert!(matches!(refused, Err(Error::BlockTooLong { .. })));
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
    let names: Vec<String> = lives.iter().map(|clock| clock.identity().to_string()).collect();
    assert_eq!(names, ["pacific", "pacific#1", "pacific#2", "pacific#3"]);
    expect!["the checkpoint belongs to pacific#3, not to atlantic"]
        .assert_eq(&VectorClock::next_life(&mut store, "atlantic").expect_err("foreign").to_string());
}

#[test]
fn restored_backup_repeats_a_life_unless_somebody_remembers_it() {
    let mut store = MemoryStore::default();
    VectorClock::first_life(&mut store, "pacific").expect("nothing is on record");
    let backup = store.record.clone();
    let mut lived = VectorClock::next_life(&mut store, "pacific").expect("sound");
    let issued = lived.event().expect("there is room");

    store.record.clone_from(&backup);
    let mut trusting = VectorClock::next_life(&mut store, "pacific").expect("the record looks sound");
    assert_eq!(trusting.event(), Ok(issued.clone()), "the trap that is documented");

    store.record = backup;
    let mut asking = VectorClock::next_life_after(&mut store, "pacific", 1).expect("sound");
    assert_eq!(asking.event().map(|stamp| stamp.compare(&issued)), Ok(Ordering::Concurrent));
    // Where the record knows more than the others, the record counts.
    let next = VectorClock::next_life_after(&mut store, "pacific", 0).expect("sound");
    assert_eq!(next.identity().as_str(), "pacific#3");
    assert!(VectorClock::next_life_after(&mut store, "pacific", u32::MAX).is_err(), "there is no later one");
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

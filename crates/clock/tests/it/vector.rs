//! Vector stamps against their slow obvious twin, a sorted map; and the corners where published clocks went wrong.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use constellation_clock::bytes::Wire;
use constellation_clock::{
    CEILING, Clock, DottedClock, Error, ExactStamp, Group, Identity, Ordering, VectorClock, VectorStamp,
};
use expect_test::expect;
use proptest::prelude::*;

type Twin = BTreeMap<String, u64>;

fn stamp(twin: &Twin) -> VectorStamp {
    VectorStamp::from_entries(twin.iter().map(|(name, counter)| (name.as_str(), *counter)))
        .expect("no name twice, nothing above the ceiling")
}

/// The definition, word by word.
fn slow_compare(left: &Twin, right: &Twin) -> Ordering {
    let covered = |of: &Twin, by: &Twin| {
        of.iter().all(|(name, counter)| *counter <= by.get(name).copied().unwrap_or(0))
    };
    match (covered(left, right), covered(right, left)) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Before,
        (false, true) => Ordering::After,
        (false, false) => Ordering::Concurrent,
    }
}

fn slow_merge(left: &Twin, right: &Twin) -> Twin {
    let mut merged = left.clone();
    for (name, counter) in right {
        let entry = merged.entry(name.clone()).or_default();
        *entry = (*entry).max(*counter);
    }
    merged
}

fn hash(stamp: &VectorStamp) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(stamp)
}

/// Everything that two stamps can be asked, against the twins.
fn check(left: &Twin, right: &Twin) {
    let (a, b) = (stamp(left), stamp(right));
    let relation = slow_compare(left, right);
    assert_eq!(a.compare(&b), relation, "{left:?} {right:?}");
    assert_eq!(a.partial_cmp(&b), relation.to_partial());
    let is_equal = relation == Ordering::Equal;
    assert_eq!(a == b, is_equal);
    assert_eq!(a.encode() == b.encode(), is_equal, "equal clocks, equal bytes");
    assert!(!is_equal || hash(&a) == hash(&b), "equal clocks, equal hashes");
    // Merged once through foreign tables, once through the table of all.
    let group = Group::new(left.keys().chain(right.keys()).map(String::as_str));
    let mut in_group = group.origin();
    in_group.merge(&a);
    assert_eq!(in_group, a);
    assert_eq!(in_group.compare(&b), relation);
    in_group.merge(&b);
    let mut merged = a.clone();
    merged.merge(&b);
    let expected: Vec<(String, u64)> =
        slow_merge(left, right).into_iter().filter(|entry| entry.1 > 0).collect();
    for merged in [merged, in_group] {
        let entries: Vec<(String, u64)> =
            merged.entries().map(|(identity, counter)| (identity.to_string(), counter)).collect();
        assert_eq!(entries, expected);
    }
    assert_eq!(a, stamp(left), "merging a copy leaves the original alone");
}

#[test]
fn every_small_stamp_behaves_as_its_twin() {
    // Each of three names: missing, zero, one or two.
    let twins: Vec<Twin> = (0..64)
        .map(|code| {
            let digits = [("a", code % 4), ("b", code / 4 % 4), ("c", code / 16)];
            digits
                .iter()
                .filter_map(|(name, digit)| Some((name.to_string(), u64::checked_sub(*digit, 1)?)))
                .collect()
        })
        .collect();
    for left in &twins {
        twins.iter().for_each(|right| check(left, right));
    }
}

fn twins() -> impl Strategy<Value = Twin> {
    let counter = prop_oneof![0..4_u64, Just(CEILING), Just(CEILING - 1), 0..=CEILING];
    prop::collection::btree_map("[a-z]{1,2}", counter, 0..80)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_stamp_behaves_as_its_twin(left in twins(), right in twins()) {
        check(&left, &right);
        check(&left, &slow_merge(&left, &right));
        check(&left, &left);
    }
}

#[test]
fn explicit_zero_is_no_entry() {
    let mut pacific = Group::new(["pacific", "atlantic"]).clock("pacific").expect("a member");
    let mut alone = VectorClock::new("pacific");
    pacific.tick();
    alone.tick();
    assert_eq!(pacific.compare(&alone), Ordering::Equal);
    assert!(pacific.entries().eq(alone.entries()));
    assert_eq!(pacific.stamp().encode(), alone.stamp().encode());
}

#[test]
fn length_says_nothing_about_descent() {
    // DistributedClocks/GoVector#68 took the longer one for the later.
    let short = VectorStamp::from_entries([("a", 1), ("b", 1)]).expect("valid");
    let long = VectorStamp::from_entries([("b", 1), ("c", 1), ("d", 1)]).expect("valid");
    assert_eq!(short.compare(&long), Ordering::Concurrent);
}

#[test]
fn clock_at_its_ceiling_stays_there_and_says_so() {
    let mut clock = VectorClock::new("pacific");
    clock.merge_stamp(&VectorStamp::from_entries([("pacific", CEILING - 1)]).expect("valid"));
    clock.tick();
    assert!(clock.is_exhausted());
    clock.tick();
    assert_eq!(clock.own(), CEILING);
    let exhausted = Error::Exhausted { node: Some(Identity::from("pacific")), ceiling: CEILING };
    assert_eq!(clock.try_tick(), Err(exhausted.clone()));
    assert_eq!(clock.receive(&VectorStamp::default()), Err(exhausted));
}

#[test]
fn counters_of_others_at_their_ceiling_freeze_nobody() {
    let mut clock = VectorClock::new("pacific");
    let forged = VectorStamp::from_entries([("forger", CEILING)]).expect("valid");
    clock.receive(&forged).expect("the forger uses up only its own counter");
    assert_eq!(clock.event().map(|stamp| stamp.get("pacific")), Ok(2));
    assert!(VectorStamp::from_entries([("forger", CEILING + 1)]).is_err());
}

#[test]
fn node_that_lost_its_memory_is_found_out_by_the_first_message_that_remembers() {
    let (mut pacific, mut atlantic) = (VectorClock::new("pacific"), VectorClock::new("atlantic"));
    let (_, message) = pacific.send().expect("there is room");
    atlantic.receive(&message).expect("honest");
    let (_, reply) = atlantic.send().expect("there is room");

    let mut amnesiac = VectorClock::new("pacific");
    let refused = amnesiac.receive(&reply).expect_err("it remembers more of us than we do");
    expect!["somebody counted to 1 as pacific, which is us, at 0"].assert_eq(&refused.to_string());
    assert_eq!(amnesiac, VectorClock::new("pacific"), "and nothing was absorbed");
    assert_eq!(amnesiac.try_merge(&atlantic), Err(refused));

    // The infallible merge joins, and keeps the evidence.
    amnesiac.merge(&atlantic);
    assert!(amnesiac.is_impersonated());
    expect!["Some(Impersonation { own: 0, seen: 1 })"].assert_eq(&format!("{:?}", amnesiac.impersonation()));
    assert_eq!(amnesiac.compare(&atlantic), Ordering::Equal);
    assert!(!atlantic.is_impersonated());
}

#[test]
fn clocks_made_alone_end_up_with_one_table_and_one_meaning() {
    let mut clocks: Vec<VectorClock> = ["d", "b", "a", "c"].map(VectorClock::new).into();
    for round in 0..12 {
        let (_, message) = clocks[round % 4].send().expect("there is room");
        for receiver in (0..4).filter(|receiver| *receiver != round % 4) {
            clocks[receiver].receive(&message).expect("honest");
        }
    }
    let owners: Vec<String> =
        clocks.iter().map(|clock| format!("{} at {}", clock.identity(), clock.own())).collect();
    assert_eq!(owners, ["d at 12", "b at 12", "a at 12", "c at 12"]);
}

#[test]
fn stamp_does_not_change_when_its_clock_moves_on() {
    for members in [2_u32, 8, 9, 300] {
        let names: Vec<String> = (0..members).map(|member| format!("node{member:03}")).collect();
        let group = Group::new(names.iter().map(String::as_str));
        let mut clock = group.clock("node000").expect("a member");
        let mut other = group.clock("node001").expect("a member");
        let first = clock.event().expect("there is room");
        let (_, message) = other.send().expect("there is room");
        let second = clock.receive(&message).expect("honest");
        expect!["{node000:1} {node000:2, node001:1}"].assert_eq(&format!("{first} {second}"));
    }
}

#[test]
fn dotted_stamps_compare_as_vectors_do_within_one_table_and_across() {
    let group = Group::new(["a", "b", "c"]);
    let mut clocks = [group.dotted("a").expect("a member"), DottedClock::new("b"), DottedClock::new("c")];
    let mut stamps = Vec::new();
    for round in 0..30 {
        let (stamp, message) = clocks[round % 3].send().expect("there is room");
        stamps.push(stamp);
        stamps.push(clocks[(round * round + 1 + round) % 3].receive(&message).expect("honest or an echo"));
    }
    for (left, right) in stamps.iter().flat_map(|left| stamps.iter().map(move |right| (left, right))) {
        assert_eq!(left.compare(right), left.vector().compare(right.vector()), "{left} {right}");
        assert_eq!(left.linear_cmp(right).is_lt(), right.linear_cmp(left).is_gt());
        assert!(left.compare(right) != Ordering::Before || left.linear_cmp(right).is_lt());
    }
}

//! The binary forms: canonical, bounded, and refused with a reason otherwise.

use constellation_clock::bytes::{Limits, Wire};
use constellation_clock::laws::{self, Outcome};
use constellation_clock::{
    CEILING, Catalog, Context, DottedStamp, Error, ExactStamp, Group, HybridStamp, HybridTime, LamportStamp,
    Ordering, PhysicalTime, Update, VectorStamp,
};
use expect_test::{Expect, expect};
use proptest::prelude::*;

fn assert_holds(outcome: &Outcome) {
    assert!(matches!(outcome, Outcome::Holds { .. }), "{outcome}");
}

fn vector(entries: &[(&str, u64)]) -> VectorStamp {
    VectorStamp::from_entries(entries.iter().copied()).expect("valid")
}

#[test]
fn every_kind_survives_the_wire_and_nothing_else_does() {
    let lamport = |time, node| LamportStamp::new(time, node).expect("valid");
    assert_holds(&laws::check_wire(
        &[lamport(0, ""), lamport(127, "a"), lamport(128, "é"), lamport(CEILING, "pacific#2")],
        &Limits::STANDARD,
    ));
    let hybrid = |ns, logical| {
        HybridStamp::new(HybridTime::new(PhysicalTime::from_ns(ns), logical).expect("valid"), "pacific")
    };
    assert_holds(&laws::check_wire(
        &[hybrid(0, 0), hybrid(1_700_000_000_000_000_000, 3), hybrid(CEILING, u32::MAX)],
        &Limits::STANDARD,
    ));
    let vectors = [vector(&[]), vector(&[("", 1)]), vector(&[("a", 1), ("b", 0), ("c", CEILING)])];
    assert_holds(&laws::check_wire(&vectors, &Limits::STANDARD));
    let dotted = |node| DottedStamp::new(node, vector(&[("a", 1), ("b", 300), ("c", 0)])).expect("counted");
    assert_holds(&laws::check_wire(&[dotted("a"), dotted("b")], &Limits::STANDARD));
}

#[test]
fn equal_stamps_have_equal_bytes_and_equal_hashes_however_they_were_made() {
    let mut merged = vector(&[("b", 2)]);
    merged.merge(&vector(&[("a", 1), ("c", 0)]));
    let group = Group::new(["a", "b", "x"]);
    let grouped = VectorStamp::decode_in(&merged.encode(), &Limits::STANDARD, &group).expect("members");
    let vectors = [vector(&[("a", 1), ("b", 2)]), vector(&[("b", 2), ("z", 0), ("a", 1)]), merged, grouped];
    let dotted = vectors.clone().map(|vector| DottedStamp::new("b", vector).expect("counted"));
    for outcome in [
        laws::check_wire(&vectors, &Limits::STANDARD),
        laws::check_hash(&vectors),
        laws::check_wire(&dotted, &Limits::STANDARD),
        laws::check_hash(&dotted),
    ] {
        assert_holds(&outcome);
    }
}

#[test]
fn contradictory_dots_are_never_equal_for_one_operator_and_not_for_another() {
    // Each is in the other's past: it decodes, and no honest clocks say so.
    let both = vector(&[("x", 1), ("y", 1)]);
    let stamp = |node| DottedStamp::new(node, both.clone()).expect("counted");
    let (x, y) =
        (stamp("x"), DottedStamp::decode(&stamp("y").encode(), &Limits::STANDARD).expect("canonical"));
    assert_eq!((x.compare(&y), x.partial_cmp(&y), x == y), (Ordering::Concurrent, None, false));
    assert_eq!((y.compare(&x), y.partial_cmp(&x), y == x), (Ordering::Concurrent, None, false));
    assert_eq!((x.compare(&x.clone()), x == x.clone()), (Ordering::Equal, true));
}

#[test]
fn write_that_is_held_but_not_seen_is_refused_as_that() {
    let mut catalog = Catalog::new("pacific");
    let update = catalog.put("k", vec![7_u8], &Context::default()).expect("there is room");
    let bytes = update.encode();
    // One byte at a time, each one too many: one of them is the held write's number.
    let refusals: Vec<String> = (0..bytes.len())
        .filter_map(|position| {
            let mut damaged = bytes.clone();
            damaged[position] = damaged[position].wrapping_add(1);
            Update::decode(&damaged, &Limits::STANDARD).err().map(|error| error.to_string())
        })
        .filter(|text| text.contains("is held"))
        .collect();
    expect!["malformed input at byte 16: write 2 of a node is held, and only 1 are seen"]
        .assert_eq(&refusals.join("\n"));
}

#[test]
fn malformed_input_is_refused_with_place_and_reason() {
    let limits = Limits { entries_max: 4, name_bytes_max: 8 };
    let check = |bytes: &[u8], expected: Expect| {
        expected.assert_eq(&match VectorStamp::decode(bytes, &limits) {
            Ok(stamp) => {
                assert_eq!(stamp.encode(), bytes);
                stamp.to_string()
            }
            Err(error) => error.to_string(),
        });
    };
    check(&[2, 2, 1, b'a', 1, 1, b'b', 2], expect!["{a:1, b:2}"]);
    check(&[2, 0], expect!["{}"]);
    check(&[], expect!["malformed input at byte 0: it ends too early"]);
    check(
        &[1, 0],
        expect!["malformed input at byte 0: expected a VectorStamp, which begins with 2, found 1"],
    );
    check(&[2, 2, 1, b'a', 1], expect!["malformed input at byte 2: at least 4 bytes promised, 3 left"]);
    check(&[2, 1, 1, b'a'], expect!["malformed input at byte 4: it ends too early"]);
    check(&[2, 1, 1, b'a', 0x81], expect!["malformed input at byte 5: it ends too early"]);
    check(&[2, 0, 0], expect!["malformed input at byte 2: it goes on after its end, bytes left over: 1"]);
    check(&[2, 2, 1, b'a', 1, 1, b'a', 2], expect!["malformed input at byte 7: a name comes twice"]);
    check(&[2, 2, 1, b'b', 1, 1, b'a', 2], expect!["malformed input at byte 7: names are not sorted"]);
    check(&[2, 1, 1, b'a', 0], expect!["malformed input at byte 5: an entry is zero"]);
    check(
        &[2, 1, 1, b'a', 0x81, 0],
        expect!["malformed input at byte 6: an integer is longer than necessary"],
    );
    check(
        &[2, 1, 1, b'a', 255, 255, 255, 255, 255, 255, 255, 255, 255, 1],
        expect!["malformed input at byte 14: counter 18446744073709551615 exceeds its ceiling"],
    );
    check(
        &[2, 1, 1, b'a', 255, 255, 255, 255, 255, 255, 255, 255, 255, 2],
        expect!["malformed input at byte 14: an integer exceeds 64 bits"],
    );
    check(&[2, 1, 1, 0xff, 1], expect!["malformed input at byte 3: a name is not UTF-8"]);
    check(
        &[2, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        expect!["malformed input at byte 2: 5 entries, at most 4 are allowed"],
    );
    check(
        &[2, 1, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
        expect!["malformed input at byte 3: a name of 9 bytes, at most 8 are allowed"],
    );
    check(&[2, 1, 8, b'a', 1], expect!["malformed input at byte 3: at least 8 bytes promised, 2 left"]);
}

#[test]
fn promise_of_a_billion_entries_costs_nothing() {
    let unlimited = Limits { entries_max: u32::MAX, name_bytes_max: u32::MAX };
    let refused = VectorStamp::decode(&[2, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, b'a', 1], &unlimited);
    expect!["malformed input at byte 6: at least 8589934590 bytes promised, 3 left"]
        .assert_eq(&refused.expect_err("9 bytes hold no billion entries").to_string());
    let refused = LamportStamp::decode(&[1, 0, 0xff, 0xff, 0xff, 0xff, 0x0f, b'a'], &unlimited);
    expect!["malformed input at byte 7: at least 4294967295 bytes promised, 1 left"]
        .assert_eq(&refused.expect_err("nor a name of 4 GiB").to_string());
}

#[test]
fn group_decodes_its_members_and_refuses_strangers() {
    let group = Group::new(["a", "b", "c"]);
    let stamp = vector(&[("a", 3), ("c", 1)]);
    let decoded = VectorStamp::decode_in(&stamp.encode(), &Limits::STANDARD, &group).expect("members");
    assert_eq!(decoded, stamp);
    assert_eq!(decoded.compare(&group.origin()), Ordering::After);
    let stranger = VectorStamp::decode_in(&vector(&[("x", 1)]).encode(), &Limits::STANDARD, &group);
    assert_eq!(stranger, Err(Error::NotMember { name: "x".into() }));
    let dotted = DottedStamp::new("c", stamp).expect("counted");
    assert_eq!(DottedStamp::decode_in(&dotted.encode(), &Limits::STANDARD, &group), Ok(dotted));
}

#[test]
fn group_decoder_refuses_what_the_plain_one_refuses() {
    let group = Group::new(["a", "b", "c", "d", "e", "f", "g", "h", "i"]);
    let check = |bytes: &[u8], expected: Expect| {
        let plain = VectorStamp::decode(bytes, &Limits::STANDARD);
        assert_eq!(VectorStamp::decode_in(bytes, &Limits::STANDARD, &group), plain);
        expected.assert_eq(&plain.map_or_else(|error| error.to_string(), |stamp| stamp.to_string()));
    };
    check(&[2, 3, 1, b'a', 1, 1, b'c', 2, 1, b'i', 3], expect!["{a:1, c:2, i:3}"]);
    check(&[2, 2, 1, b'b', 1, 1, b'b', 2], expect!["malformed input at byte 7: a name comes twice"]);
    check(&[2, 2, 1, b'c', 1, 1, b'b', 2], expect!["malformed input at byte 7: names are not sorted"]);
    check(&[2, 2, 1, b'i', 1, 1, b'a', 2], expect!["malformed input at byte 7: names are not sorted"]);
    check(&[2, 1, 1, b'i', 0], expect!["malformed input at byte 5: an entry is zero"]);
    check(&[2, 0], expect!["{}"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// What decodes, whatever it is, encodes to the very bytes it came from.
    #[test]
    fn arbitrary_bytes_are_canonical_or_refused(
        kind in 1..5_u8,
        rest in prop::collection::vec(prop_oneof![0..4_u8, Just(b'a'), Just(b'b'), any::<u8>()], 0..24),
    ) {
        let bytes = [&[kind][..], &rest].concat();
        let limits = Limits { entries_max: 5, name_bytes_max: 9 };
        if let Ok(stamp) = LamportStamp::decode(&bytes, &limits) { prop_assert_eq!(stamp.encode(), bytes.clone()); }
        if let Ok(stamp) = VectorStamp::decode(&bytes, &limits) { prop_assert_eq!(stamp.encode(), bytes.clone()); }
        if let Ok(stamp) = DottedStamp::decode(&bytes, &limits) { prop_assert_eq!(stamp.encode(), bytes.clone()); }
        if let Ok(stamp) = HybridStamp::decode(&bytes, &limits) { prop_assert_eq!(stamp.encode(), bytes.clone()); }
    }
}

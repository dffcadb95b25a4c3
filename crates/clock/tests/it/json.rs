//! The JSON forms: one text for each clock, and no counter lost to readers with 53 bits.

use constellation_clock::bytes::Limits;
use constellation_clock::json::{Json, NUMBER_MAX};
use constellation_clock::{
    CEILING, DottedStamp, HybridStamp, HybridTime, LamportStamp, PhysicalTime, VectorStamp,
};
use expect_test::{Expect, expect};
use proptest::prelude::*;

fn check<T: Json + PartialEq + std::fmt::Debug>(value: T, expected: Expect) {
    let text = value.to_json();
    expected.assert_eq(&text);
    assert_eq!(T::from_json(&text, &Limits::STANDARD), Ok(value));
}

#[test]
fn every_kind_has_one_json_text() {
    let vector =
        VectorStamp::from_entries([("pacific#2", 1), ("a\"\n", CEILING), ("zero", 0)]).expect("valid");
    check(vector.clone(), expect![[r#"{"a\"\n":"9223372036854775807","pacific#2":1}"#]]);
    check(
        DottedStamp::new("pacific#2", vector).expect("counted"),
        expect![[r#"{"node":"pacific#2","vector":{"a\"\n":"9223372036854775807","pacific#2":1}}"#]],
    );
    check(
        LamportStamp::new(NUMBER_MAX, "pacific").expect("valid"),
        expect![[r#"{"time":9007199254740992,"node":"pacific"}"#]],
    );
    check(
        LamportStamp::new(NUMBER_MAX + 1, "pacific").expect("valid"),
        expect![[r#"{"time":"9007199254740993","node":"pacific"}"#]],
    );
    let time = HybridTime::new(PhysicalTime::from_ns(1_700_000_000_000_000_000), 3).expect("valid");
    check(
        HybridStamp::new(time, "pacific"),
        expect![[r#"{"physical":"1700000000000000000","logical":3,"node":"pacific"}"#]],
    );
}

#[test]
fn other_texts_for_the_same_are_refused_and_the_right_one_named() {
    let check = |text: &str, expected: Expect| {
        let refused = VectorStamp::from_json(text, &Limits { entries_max: 2, name_bytes_max: 8 });
        expected.assert_eq(&refused.expect_err("not canonical").to_string());
    };
    check(r#"{"b":1,"a":1}"#, expect![[r#"malformed text: the canonical text is {"a":1,"b":1}"#]]);
    check(r#"{"a":1,"a":1}"#, expect![[r#"malformed text: the canonical text is {"a":1}"#]]);
    check(r#"{"a":0}"#, expect!["malformed text: the canonical text is {}"]);
    check(r#"{"a":1.0}"#, expect!["malformed text: expected an integer of 64 bits"]);
    check(r#"{"a":-1}"#, expect!["malformed text: expected an integer of 64 bits"]);
    check(r#"{"a":"1"}"#, expect![[r#"malformed text: the canonical text is {"a":1}"#]]);
    check(
        r#"{"a":9007199254740993}"#,
        expect![[r#"malformed text: the canonical text is {"a":"9007199254740993"}"#]],
    );
    check(
        r#"{"a":"9223372036854775808"}"#,
        expect!["a claims counter 9223372036854775808, above the admitted 9223372036854775807"],
    );
    check(r#"{"a":1} "#, expect![[r#"malformed text: the canonical text is {"a":1}"#]]);
    check(r#"{"\u0061":1}"#, expect![[r#"malformed text: the canonical text is {"a":1}"#]]);
    check(r#"["a"]"#, expect!["malformed text: expected an object"]);
    check("{", expect!["malformed text: expected JSON"]);
    check(r#"{"a":1,"b":1,"c":1}"#, expect!["malformed input at byte 0: 3 entries, at most 2 are allowed"]);
    check(
        r#"{"123456789":1}"#,
        expect!["malformed input at byte 0: a name of 9 bytes, at most 8 are allowed"],
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_vector_survives_its_json(entries in prop::collection::btree_map(".{0,6}", 0..=CEILING, 0..9)) {
        let stamp = VectorStamp::from_entries(entries.iter().map(|(name, counter)| (name.as_str(), *counter)))
            .expect("valid");
        let back = VectorStamp::from_json(&stamp.to_json(), &Limits::STANDARD);
        prop_assert_eq!(back, Ok(stamp));
    }
}

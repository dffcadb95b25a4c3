//! What the world did is read as strictly as what happened at nodes.

use expect_test::{Expect, expect};

use crate::jsonl::check;

#[test]
fn what_the_world_did_to_a_node_is_read_as_strictly() {
    check(
        r#"{"nemesis":"tear","at_ns":0,"node":"pacific","eighths":8}"#,
        expect![[r#"
        line 2, column 56: expected a number from 0 to 7, found 8
        ^ 8"#]],
    );
    check(
        r#"{"nemesis":"pause","at_ns":0,"node":"pacific"}"#,
        expect![[r#"
        line 2, column 46: the key `for_ns` is missing
        ^ }"#]],
    );
    check(
        r#"{"nemesis":"pause","at_ns":0,"node":"pacific","for_ns":-1}"#,
        expect![[r#"
        line 2, column 56: expected a whole number, found `-1`
        ^ -1"#]],
    );
    check(
        r#"{"nemesis":"leave","at_ns":0,"node":"pacific","for_ns":1}"#,
        expect![[r#"
        line 2, column 56: the key `for_ns` means nothing in a line of `leave`
        ^ 1"#]],
    );
}

/// Checks a line after message 0 was sent.
fn after(line: &str, expected: Expect) {
    let sent = r#"{"event":0,"node":"pacific","at_ns":5,"do":"local","sends":{"0":"atlantic"}}"#;
    check(&format!("{sent}\n{line}"), expected);
}

#[test]
fn what_the_world_did_to_a_message_is_read_as_strictly() {
    after(
        r#"{"nemesis":"lose","at_ns":5,"message":0,"why":"checksun"}"#,
        expect![[r#"
        line 3, column 47: unknown word `checksun`, known are checksum, unreadable, too_long, queue_full, no_contact; did you mean `checksum`?
        ^ "checksun""#]],
    );
    after(
        r#"{"nemesis":"lose","at_ns":5,"message":0,"why":"plain"}"#,
        expect![[r#"
        line 3, column 47: unknown word `plain`, known are checksum, unreadable, too_long, queue_full, no_contact
        ^ "plain""#]],
    );
    after(
        r#"{"nemesis":"hold","at_ns":5,"message":0,"why":"link"}"#,
        expect![[r#"
        line 3, column 47: the key `why` means nothing in a line of `hold`
        ^ "link""#]],
    );
    after(
        r#"{"nemesis":"wait","at_ns":5,"message":0,"until_ns":6,"why":"rain"}"#,
        expect![[r#"
            line 3, column 60: unknown word `rain`, known are queue, link, partition
            ^ "rain""#]],
    );
    after(
        r#"{"nemesis":"wait","at_ns":5,"message":0,"until_ns":6}"#,
        expect![[r#"
        line 3, column 53: the key `why` is missing
        ^ }"#]],
    );
    after(
        r#"{"nemesis":"wait","at_ns":5,"message":0,"why":"link"}"#,
        expect![[r#"
        line 3, column 53: the key `until_ns` is missing
        ^ }"#]],
    );
    after(
        r#"{"nemesis":"wait","at_ns":5,"message":0,"until_ns":4,"why":"link"}"#,
        expect![[r#"
        line 3, column 39: this cannot have happened: message m0 waits at +0.000000s until +0.000000s, which is past; true time runs forward: a wait ends at its beginning or later
        ^ 0"#]],
    );
}

#[test]
fn the_way_in_which_a_message_was_corrupted_is_read_as_strictly() {
    after(
        r#"{"nemesis":"corrupt","at_ns":5,"message":1}"#,
        expect![[r#"
        line 3, column 42: this cannot have happened: message m1 was never sent before; a line before this one may be missing
        ^ 1"#]],
    );
    after(
        r#"{"nemesis":"corrupt","at_ns":5,"message":0,"how":4294967296}"#,
        expect![[r#"
            line 3, column 50: expected a number below 2^32, found 4294967296
            ^ 4294967296"#]],
    );
    after(
        r#"{"nemesis":"hold","at_ns":5,"message":0,"how":1}"#,
        expect![[r#"
            line 3, column 47: the key `how` means nothing in a line of `hold`
            ^ 1"#]],
    );
}

//! Every refusal of a client.

#![allow(clippy::too_many_lines, reason = "a table of inputs and outputs is read in one piece")]

use expect_test::{Expect, expect};

use crate::refusals::check_more;

/// A client that is accepted, with `lines` in place of those with the same keys, or added.
fn check(lines: &str, expected: Expect) {
    let mut client = vec![
        "name = \"ground\"".to_owned(),
        "stations = \"pacific\"".to_owned(),
        "loop = \"closed\"".to_owned(),
        "operations = 3".to_owned(),
        "keys = \"mode\"".to_owned(),
    ];
    for line in lines.lines() {
        let key = line.split(' ').next().unwrap_or_default();
        client.retain(|known| !known.starts_with(key));
        client.push(line.to_owned());
    }
    check_more(&format!("[[clients]]\n{}", client.join("\n")), expected);
}

#[test]
fn a_client_that_is_right_is_accepted() {
    check("", expect!["accepted: 2 nodes, 0 steps"]);
    check(
        "loop = \"open\"\nevery = \"3s\"\nbegin = \"1s\"\noperations = 3",
        expect!["accepted: 2 nodes, 0 steps"],
    );
}

#[test]
fn a_client_is_a_node_of_its_own() {
    check(
        "name = \"pacific\"",
        expect![[r#"
        8:8 `pacific` names a node or another client already (a client is a node of its own, with links of its own)
        "pacific""#]],
    );
    check(
        "name = \"my client\"",
        expect![[r#"
        8:8 `my client` cannot name a node (1 to 64 letters, digits, `_`, `-` and `.`)
        "my client""#]],
    );
    check(
        "stations = \"pasific\"",
        expect![[r#"
        8:12 there is no node `pasific` (did you mean `pacific`?)
        "pasific""#]],
    );
    check(
        "stations = []",
        expect![[r#"
        8:12 a client asks at least one station
        []"#]],
    );
    check(
        "stations = \"ground\"",
        expect![[r#"
        8:12 there is no node `ground` (one of `pacific`, `atlantic`)
        "ground""#]],
    );
    check_more(
        "clients = [{ name = \"ground\", stations = \"pacific\", loop = \"closed\", operations = 1, keys = \"k\" },\n\
         { name = \"ground\" }]",
        expect![[r#"
            4:10 `ground` names a node or another client already (a client is a node of its own, with links of its own)
            "ground""#]],
    );
    // Nobody crashes it, or looks something up at it.
    check_more(
        "clients = [{ name = \"ground\", stations = \"pacific\", loop = \"closed\", operations = 1, keys = \"k\" }]\n\
         steps = [{ at = \"1s\", do = \"crash\", node = \"ground\" }]",
        expect![[r#"
            4:44 `ground` is a client, and here only a station can stand (one of `pacific`, `atlantic`)
            "ground""#]],
    );
    // But its links are cut like any other.
    check_more(
        "clients = [{ name = \"ground\", stations = \"pacific\", loop = \"closed\", operations = 1, keys = \"k\" }]\n\
         steps = [{ at = \"1s\", do = \"cut\", from = \"ground\", to = \"grond\" }]",
        expect![[r#"
            4:57 there is no node `grond` (did you mean `ground`?)
            "grond""#]],
    );
}

#[test]
fn a_client_has_a_pace() {
    check(
        "loop = \"ajar\"",
        expect![[r#"
        8:8 `ajar` is no value of `loop` (one of `open`, `closed`)
        "ajar""#]],
    );
    check(
        "loop = \"open\"",
        expect![[r#"
        3:1 `every` is missing in [[clients]]
        [[clients]]"#]],
    );
    check(
        "loop = \"open\"\nevery = \"0s\"",
        expect![[r#"
        9:9 an open loop begins an operation every so often, not all of them at once
        "0s""#]],
    );
    check(
        "loop = \"open\"\nevery = \"1s\"\nthink = \"1s\"",
        expect![[r#"
        10:9 who begins operations in an open loop does not think between them (leave `think` out, or say loop = "closed")
        "1s""#]],
    );
    check(
        "every = \"1s\"",
        expect![[r#"
        9:9 in a closed loop an operation begins when the last one has ended, not every so often (leave `every` out, or say loop = "open")
        "1s""#]],
    );
    check(
        "think = \"-1s\"",
        expect![[r#"
        9:9 `-1s` is not a duration such as "250ms"
        "-1s""#]],
    );
}

#[test]
fn a_client_asks_something_and_not_too_much() {
    check(
        "operations = 0",
        expect![[r#"
        8:14 a client begins 1 to 10000 operations
        0"#]],
    );
    check(
        "operations = 10001",
        expect![[r#"
        8:14 a client begins 1 to 10000 operations
        10001"#]],
    );
    check(
        "operations = -1",
        expect![[r#"
        8:14 `operations` should be a whole number, 1 to 10000
        -1"#]],
    );
    check(
        "keys = []",
        expect![[r#"
        8:8 a client asks for at least one key
        []"#]],
    );
    check(
        "keys = [\"mode\", \"\"]",
        expect![[r#"
        8:17 a key has 1 to 255 bytes
        """#]],
    );
    check(
        "reads = \"101%\"",
        expect![[r#"
        9:9 `101%` is not a share such as "50%", at most 100%
        "101%""#]],
    );
    check(
        "reads = 0.5",
        expect![[r#"
        9:9 `reads` should be a share such as "50%", at most 100%, not a float
        0.5"#]],
    );
}

#[test]
fn a_plan_is_not_longer_than_its_run() {
    check(
        "begin = \"10s\"",
        expect![[r#"
            9:9 an operation would begin at +10.000000s, when the run has ended at +9.000000s (make `end` later, or let fewer operations begin, or earlier)
            "10s""#]],
    );
    check(
        "loop = \"open\"\nevery = \"5s\"",
        expect![[r#"
            6:14 an operation would begin at +10.000000s, when the run has ended at +9.000000s (make `end` later, or let fewer operations begin, or earlier)
            3"#]],
    );
}

#[test]
fn a_client_waits_for_a_while_and_not_for_ever() {
    check(
        "timeout = \"0s\"",
        expect![[r#"
        9:11 a client that waits for no time never hears a reply
        "0s""#]],
    );
    check(
        "retries = 101",
        expect![[r#"
        9:11 a client asks again at most 100 times
        101"#]],
    );
    check(
        "timeout = \"2h\"",
        expect![[r#"
        9:11 an operation of this client could take more than an hour until it gives up (fewer retries, or a shorter time-out or backoff; each backoff is twice the one before)
        "2h""#]],
    );
    check(
        "retries = 20\nbackoff = \"1s\"",
        expect![[r#"
        10:11 an operation of this client could take more than an hour until it gives up (fewer retries, or a shorter time-out or backoff; each backoff is twice the one before)
        "1s""#]],
    );
    // From the 33rd on no wait is longer than that one, but they are many.
    check(
        "retries = 100\nbackoff = \"20ns\"",
        expect![[r#"
        10:11 an operation of this client could take more than an hour until it gives up (fewer retries, or a shorter time-out or backoff; each backoff is twice the one before)
        "20ns""#]],
    );
    check("retries = 60\nbackoff = \"20ns\"", expect!["accepted: 2 nodes, 0 steps"]);
    check(
        "identity = \"keept\"",
        expect![[r#"
        9:12 `keept` is no value of `identity` (did you mean `kept`?)
        "keept""#]],
    );
}

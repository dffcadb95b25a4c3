//! Every refusal of a step that could not happen: who it names, and who is there at its time.

#![allow(clippy::too_many_lines, reason = "a table of inputs and outputs is read in one piece")]

use expect_test::expect;

use crate::refusals::check_more;

#[test]
fn a_partition_is_between_two_groups_with_somebody_in_each() {
    check_more(
        "[[steps]]\nat = \"1s\"\ndo = \"partition\"\nbetween = [[\"pacific\"]]",
        expect![[r#"
        6:11 a partition is between two groups (such as [["pacific"], ["indian_ocean", "antarctic"]])
        [["pacific"]]"#]],
    );
    check_more(
        "[[steps]]\nat = \"1s\"\ndo = \"partition\"\nbetween = [[\"pacific\"], [\"atlantic\"], []]",
        expect![[r#"
            6:11 a partition is between two groups (such as [["pacific"], ["indian_ocean", "antarctic"]])
            [["pacific"], ["atlantic"], []]"#]],
    );
    check_more(
        "[[steps]]\nat = \"1s\"\ndo = \"partition\"\nbetween = [[\"pacific\"], []]",
        expect![[r#"
        6:25 a group names at least one node
        []"#]],
    );
    check_more(
        "[[steps]]\nat = \"1s\"\ndo = \"partition\"\nbetween = \"pacific\"",
        expect![[r#"
        6:11 `between` should be a list, not a string
        "pacific""#]],
    );
    check_more(
        "[[steps]]\nat = \"1s\"\ndo = \"partition\"\nbetween = [[\"pacific\"], [\"pacific\"]]",
        expect![[r#"
            6:11 this names one node on both sides, so it cuts no link
            [["pacific"], ["pacific"]]"#]],
    );
    check_more(
        "[[steps]]\nat = \"1s\"\ndo = \"cut\"\nfrom = []\nto = \"pacific\"",
        expect![[r#"
        6:8 a group names at least one node
        []"#]],
    );
    check_more(
        "[[steps]]\nat = \"1s\"\ndo = \"cut\"\nfrom = \"pacific\"\nto = \"pacific\"",
        expect![[r#"
        7:6 this names one node on both sides, so it cuts no link
        "pacific""#]],
    );
}

#[test]
fn steps_happen_to_those_who_are_there() {
    check_more(
        "[[steps]]\nat = \"9.000000001s\"\ndo = \"heal\"",
        expect![[r#"
        4:6 this step is at +9.000000s, after the end of the run at +9.000000s (make `end` later, or the step earlier)
        "9.000000001s""#]],
    );
    check_more("[[steps]]\nat = \"9s\"\ndo = \"heal\"", expect!["accepted: 2 nodes, 1 steps"]);
    let crash = "[[steps]]\nat = \"1s\"\ndo = \"crash\"\nnode = \"pacific\"\n";
    check_more(
        &format!("{crash}{crash}"),
        expect![[r#"
        7:1 `pacific` crashes at +1.000000s but is down already
        [[steps]]"#]],
    );
    check_more(
        "[[steps]]\nat = \"1s\"\ndo = \"restart\"\nnode = \"pacific\"",
        expect![[r#"
        3:1 `pacific` restarts at +1.000000s but has not crashed
        [[steps]]"#]],
    );
    check_more(
        &format!("[[steps]]\nat = \"2s\"\ndo = \"read\"\nnode = \"pacific\"\nkey = \"k\"\n{crash}"),
        expect![[r#"
            3:1 a client turns to `pacific` at +2.000000s, while it is down
            [[steps]]"#]],
    );
    check_more(
        &format!(
            "{crash}[[steps]]\nat = \"2s\"\ndo = \"submit\"\nnode = \"pacific\"\nkey = \"k\"\nvalue = \"v\""
        ),
        expect![[r#"
            7:1 a client turns to `pacific` at +2.000000s, while it is down
            [[steps]]"#]],
    );
    check_more(
        &format!("{crash}[[steps]]\nat = \"2s\"\ndo = \"restart\"\nnode = \"pacific\"\ndisk = \"gone\""),
        expect![[r#"
            11:8 `gone` is no value of `disk` (one of `kept`, `lost`)
            "gone""#]],
    );
    check_more(
        &format!("{crash}[[steps]]\nat = \"1s\"\ndo = \"restart\"\nnode = \"pacific\"\n{crash}"),
        expect!["accepted: 2 nodes, 3 steps"],
    );
}

#[test]
fn a_wall_clock_is_described_once() {
    check_more(
        "[[walls]]\nnode = \"pacific\"\nahead = \"1s\"\n[[walls]]\nnode = \"pacific\"\ndrift = \"1ppm\"",
        expect![[r#"
            7:8 the wall clock of `pacific` is described twice
            "pacific""#]],
    );
}

#[test]
fn a_machine_is_there_and_does_one_thing_at_a_time() {
    let step = |at: &str, verb: &str, more: &str| {
        format!("[[steps]]\nat = \"{at}\"\ndo = \"{verb}\"\nnode = \"pacific\"\n{more}\n")
    };
    let both = |one: String, other: String| one + &other;
    check_more(
        &step("1s", "pause", "for = \"0s\""),
        expect![[r#"
            3:1 this step does nothing: a time or a size in it is 0
            [[steps]]"#]],
    );
    check_more(
        &step("1s", "pause", "for = \"soon\""),
        expect![[r#"
        7:7 `soon` is not a duration such as "1.5s"
        "soon""#]],
    );
    check_more(
        &step("1s", "pause", ""),
        expect![[r#"
        3:1 `for` is missing in a step
        [[steps]]"#]],
    );
    check_more(
        &step("1s", "slow", "for = \"1s\""),
        expect![[r#"
        3:1 `each` is missing in a step
        [[steps]]"#]],
    );
    check_more(
        &step("1s", "slow", "for = \"1s\"\neach = \"0s\""),
        expect![[r#"
            3:1 this step does nothing: a time or a size in it is 0
            [[steps]]"#]],
    );
    check_more(
        &step("8s", "suspend", "for = \"1001ms\""),
        expect![[r#"
        3:1 this step lasts until +9.001000s, beyond the end of the run at +9.000000s (make `end` later, or the step earlier or shorter)
        [[steps]]"#]],
    );
    check_more(&step("8s", "suspend", "for = \"1s\""), expect!["accepted: 2 nodes, 1 steps"]);
    check_more(
        &both(step("1s", "pause", "for = \"3s\""), step("2s", "pause", "for = \"1s\"")),
        expect![[r#"
            8:1 an earlier step does the same to `pacific` until +4.000000s
            [[steps]]"#]],
    );
    check_more(
        &both(step("1s", "crash", ""), step("2s", "pause", "for = \"1s\"")),
        expect![[r#"
        8:1 `pacific` is to stop at +2.000000s but is down
        [[steps]]"#]],
    );
    check_more(
        &both(step("1s", "crash-before", ""), step("2s", "crash-after", "")),
        expect![[r#"
        8:1 `pacific` crashes at +2.000000s but is down already
        [[steps]]"#]],
    );
    check_more(
        &both(step("1s", "crash-before", ""), step("2s", "restart", "")),
        expect!["accepted: 2 nodes, 2 steps"],
    );
    check_more(
        &both(step("5s", "join", ""), step("2s", "read", "key = \"k\"")),
        expect![[r#"
        8:1 a client turns to `pacific` at +2.000000s, before it joins
        [[steps]]"#]],
    );
    check_more(
        &both(step("5s", "join", ""), step("2s", "crash", "")),
        expect![[r#"
        8:1 `pacific` has not joined yet at +2.000000s
        [[steps]]"#]],
    );
    check_more(
        &both(step("5s", "join", ""), step("6s", "join", "")),
        expect![[r#"
        8:1 `pacific` joins a second time at +6.000000s
        [[steps]]"#]],
    );
    check_more(
        &both(step("5s", "leave", ""), step("6s", "read", "key = \"k\"")),
        expect![[r#"
        8:1 a client turns to `pacific` at +6.000000s, after it has left
        [[steps]]"#]],
    );
    check_more(
        &both(step("5s", "leave", ""), step("6s", "rot-disk", "")),
        expect![[r#"
        8:1 `pacific` has left before +6.000000s
        [[steps]]"#]],
    );
    check_more(
        &step("1s", "slew-wall", "by = \"-1s\"\nfor = \"1s\""),
        expect![[r#"
        3:1 the wall clock of `pacific` would run backwards, or leap ahead (less than the time that it takes; `step-wall` jumps)
        [[steps]]"#]],
    );
    let slews = step("1s", "slew-wall", "by = \"-400ms\"\nfor = \"1s\"").repeat(2);
    check_more(&slews, expect!["accepted: 2 nodes, 2 steps"]);
    check_more(
        &format!("[[walls]]\nnode = \"pacific\"\ndrift = \"-200000ppm\"\n{slews}"),
        expect![[r#"
        12:1 the wall clock of `pacific` would run backwards by its slews and its drift together (what overlaps adds up; `step-wall` jumps)
        [[steps]]"#]],
    );
    check_more(
        &step("1s", "slew-wall", "by = \"-500ms\"\nfor = \"1s\"").repeat(2),
        expect![[r#"
        9:1 the wall clock of `pacific` would run backwards by its slews and its drift together (what overlaps adds up; `step-wall` jumps)
        [[steps]]"#]],
    );
    check_more(
        &step("1s", "slew-wall", "by = \"0s\"\nfor = \"1s\""),
        expect![[r#"
            3:1 this step does nothing: a time or a size in it is 0
            [[steps]]"#]],
    );
    check_more(
        &step("1s", "leap-second", "smear = \"500ms\""),
        expect![[r#"
        3:1 the wall clock of `pacific` would run backwards, or leap ahead (less than the time that it takes; `step-wall` jumps)
        [[steps]]"#]],
    );
    check_more(
        &step("1s", "leap-second", "smear = true"),
        expect![[r#"
        7:9 `smear` should be a duration such as "1.5s", not a boolean
        true"#]],
    );
    check_more(
        &step("1s", "set-wall", "to = \"1980\""),
        expect![[r#"
        7:6 `to` should be a date and time in UTC, from 1970 to 2500, such as 2026-03-14T04:11:50Z, without quotes
        "1980""#]],
    );
    check_more(
        &step("1s", "set-wall", "to = 1969-01-01T00:00:00Z"),
        expect![[r#"
        7:6 `1969-01-01T00:00:00Z` is not a date and time in UTC, from 1970 to 2500, such as 2026-03-14T04:11:50Z
        1969-01-01T00:00:00Z"#]],
    );
    check_more(
        &step("1s", "rot-disk", "bit = -1"),
        expect![[r#"
        7:7 `bit` should be a whole number, 0 to 2^64 - 1
        -1"#]],
    );
    check_more(
        &step("1s", "freeze-wall", "for = \"1s\"\nuntil = \"2s\""),
        expect![[r#"
        8:1 unknown key `until` in a step (one of `at`, `do`, `node`, `for`)
        until"#]],
    );
    check_more(
        "[[steps]]\nat = \"1s\"\ndo = \"leave\"\nnode = \"pasific\"",
        expect![[r#"
        6:8 there is no node `pasific` (did you mean `pacific`?)
        "pasific""#]],
    );
}

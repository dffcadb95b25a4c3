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

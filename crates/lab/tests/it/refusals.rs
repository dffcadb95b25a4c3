//! Every refusal of a scenario file: where it points, what it says, and what it advises.

#![allow(clippy::too_many_lines, reason = "a table of inputs and outputs is read in one piece")]

use constellation_lab::scenario::Instead;
use constellation_lab::{Scenario, ScenarioError};
use expect_test::{Expect, expect};

/// The least that a file must say.
const LEAST: &str = "nodes = [\"pacific\", \"atlantic\"]\nend = \"9s\"\n";

/// Reads a file that must be refused, and shows the refusal: `line:column message (help)` and the text it points at.
pub(crate) fn check(toml: &str, expected: Expect) {
    let shown = match Scenario::parse("mine", toml) {
        Ok(scenario) => format!("accepted: {} nodes, {} steps", scenario.nodes.len(), scenario.steps.len()),
        Err(error) => show(toml, &error),
    };
    expected.assert_eq(&shown);
}

/// The same for a file that begins with the least it must say, so that lines count from 3.
pub(crate) fn check_more(toml: &str, expected: Expect) {
    check(&format!("{LEAST}{toml}"), expected);
}

fn show(text: &str, error: &ScenarioError) -> String {
    let (line, column) = error.line_and_column(text);
    let pointed = text.get(error.span.clone()).expect("a span lies between two characters of the text");
    format!("{line}:{column} {error}\n{pointed}")
}

#[test]
fn a_file_says_at_least_who_and_how_long() {
    check(
        "",
        expect![[r#"
        1:1 `nodes` is missing in the file
    "#]],
    );
    check(
        "nodes = [\"pacific\"]",
        expect![[r#"
        1:20 `end` is missing in the file
    "#]],
    );
    check(
        "end = \"1s\"",
        expect![[r#"
        1:11 `nodes` is missing in the file
    "#]],
    );
    check(LEAST, expect!["accepted: 2 nodes, 0 steps"]);
}

#[test]
fn what_is_no_toml_is_refused_where_it_stops_being_some() {
    check(
        "nodes = [\"pacific\"",
        expect![[r#"
        1:19 unclosed array, expected `]`
    "#]],
    );
    check(
        "nodes = [\"pacific\"]\nnodes = [\"atlantic\"]",
        expect![[r#"
        2:1 duplicate key
        nodes"#]],
    );
    check(
        "end = \"9s\nnodes = []",
        expect![[r#"
        1:10 invalid basic string, expected `"`
    "#]],
    );
    check(
        "{\"nodes\": []}",
        expect![[r#"
        1:1 invalid key-value pair, expected key
    "#]],
    );
    check(
        "°",
        expect![[r#"
        1:2 key with no value, expected `=`
    "#]],
    );
}

#[test]
fn nodes_have_plain_names_that_differ() {
    check(
        "end = \"9s\"\nnodes = []",
        expect![[r#"
        2:9 a scenario has at least one node
        []"#]],
    );
    check(
        "end = \"9s\"\nnodes = 4",
        expect![[r#"
        2:9 `nodes` should be a list, not an integer
        4"#]],
    );
    check(
        "end = \"9s\"\nnodes = [\"pacific\", 4]",
        expect![[r#"
        2:21 `nodes` should be a text in quotes, not an integer
        4"#]],
    );
    check(
        "end = \"9s\"\nnodes = [\"pacific\", \"pacific\"]",
        expect![[r#"
        2:21 node `pacific` is named twice
        "pacific""#]],
    );
    check(
        "end = \"9s\"\nnodes = [\"\"]",
        expect![[r#"
        2:10 `` cannot name a node (1 to 64 letters, digits, `_`, `-` and `.`)
        """#]],
    );
    check(
        "end = \"9s\"\nnodes = [\"pacific ocean\"]",
        expect![[r#"
        2:10 `pacific ocean` cannot name a node (1 to 64 letters, digits, `_`, `-` and `.`)
        "pacific ocean""#]],
    );
    check(
        "end = \"9s\"\nnodes = [\"pacific#1\"]",
        expect![[r#"
        2:10 `pacific#1` cannot name a node (1 to 64 letters, digits, `_`, `-` and `.`)
        "pacific#1""#]],
    );
    check(
        "end = \"9s\"\nnodes = [\"pa\\u001bcific\"]",
        expect![[r#"
        2:10 `pa\u{1b}cific` cannot name a node (1 to 64 letters, digits, `_`, `-` and `.`)
        "pa\u001bcific""#]],
    );
    let long = "a".repeat(65);
    check(
        &format!("end = \"9s\"\nnodes = [\"{long}\"]"),
        expect![[r#"
        2:10 `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa` cannot name a node (1 to 64 letters, digits, `_`, `-` and `.`)
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa""#]],
    );
    let crowd: Vec<_> = (0..1_001).map(|number| format!("\"n{number}\"")).collect();
    let error = Scenario::parse("mine", &format!("end = \"9s\"\nnodes = [{}]", crowd.join(",")));
    expect!["a scenario has at most 1000 nodes"]
        .assert_eq(&error.expect_err("that is one too many").to_string());
}

#[test]
fn an_unknown_key_is_refused_at_every_level() {
    check_more(
        "nods = []",
        expect![[r#"
        3:1 unknown key `nods` in the file (did you mean `nodes`?)
        nods"#]],
    );
    check_more(
        "completely_different = 1",
        expect![[r#"
            3:1 unknown key `completely_different` in the file (one of `title`, `nodes`, `epoch`, `end`, `seed`, `resolver`, `anti_entropy`, `link`, `links`, `walls`, `steps`, `machine`, `machines`, `clients`, `sync`, `isolation`)
            completely_different"#]],
    );
    check_more(
        "[link]\nlatencey = \"1s\"",
        expect![[r#"
        4:1 unknown key `latencey` in [link] (did you mean `latency`?)
        latencey"#]],
    );
    check_more(
        "[link]\nfrom = \"pacific\"",
        expect![[r#"
            4:1 unknown key `from` in [link] (one of `latency`, `loss`, `duplicate`, `order`, `corrupt`, `corrupt_unseen`, `size_max`, `rate`, `queue`, `windows`, `flap`, `outside`, `spread`)
            from"#]],
    );
    check_more(
        "[[links]]\nfrom = \"pacific\"\nto = \"atlantic\"\nlos = \"1%\"",
        expect![[r#"
        6:1 unknown key `los` in [[links]] (did you mean `loss`?)
        los"#]],
    );
    check_more(
        "[[walls]]\nnode = \"pacific\"\nahed = \"1s\"",
        expect![[r#"
        5:1 unknown key `ahed` in [[walls]] (did you mean `ahead`?)
        ahed"#]],
    );
    check_more(
        "[[steps]]\nat = \"1s\"\ndo = \"heal\"\nnode = \"pacific\"",
        expect![[r#"
        6:1 unknown key `node` in a step (one of `at`, `do`)
        node"#]],
    );
    check_more(
        "[[steps]]\nat = \"1s\"\ndo = \"submit\"\nnode = \"pacific\"\nkey = \"k\"\nvlaue = \"v\"",
        expect![[r#"
            8:1 unknown key `vlaue` in a step (did you mean `value`?)
            vlaue"#]],
    );
    for (verb, keys) in [
        ("read", "node = \"pacific\"\nkey = \"k\""),
        ("partition", "between = [[\"pacific\"], [\"atlantic\"]]"),
        ("cut", "from = \"pacific\"\nto = \"atlantic\""),
        ("crash", "node = \"pacific\""),
        ("restart", "node = \"pacific\"\ndisk = \"kept\""),
        ("step-wall", "node = \"pacific\"\nby = \"1s\""),
    ] {
        let text = format!("{LEAST}[[steps]]\nat = \"1s\"\ndo = \"{verb}\"\n{keys}\nextra = 1\n");
        let error = Scenario::parse("mine", &text).expect_err("`extra` means nothing");
        assert_eq!(error.message, "unknown key `extra` in a step", "{verb}");
        assert_eq!(&text[error.span], "extra", "{verb}");
    }
}

#[test]
fn an_unknown_node_is_refused_wherever_one_is_named() {
    check_more(
        "[[links]]\nfrom = \"pasific\"\nto = \"atlantic\"",
        expect![[r#"
        4:8 there is no node `pasific` (did you mean `pacific`?)
        "pasific""#]],
    );
    check_more(
        "[[links]]\nfrom = \"pacific\"\nto = [\"atlantic\", \"moon\"]",
        expect![[r#"
        5:19 there is no node `moon` (one of `pacific`, `atlantic`)
        "moon""#]],
    );
    check_more(
        "[[walls]]\nnode = \"pasific\"",
        expect![[r#"
        4:8 there is no node `pasific` (did you mean `pacific`?)
        "pasific""#]],
    );
    for step in [
        "do = \"submit\"\nnode = \"pasific\"\nkey = \"k\"\nvalue = \"v\"",
        "do = \"read\"\nnode = \"pasific\"\nkey = \"k\"",
        "do = \"partition\"\nbetween = [[\"pasific\"], [\"atlantic\"]]",
        "do = \"partition\"\nbetween = [[\"atlantic\"], [\"pasific\"]]",
        "do = \"cut\"\nfrom = \"pasific\"\nto = \"atlantic\"",
        "do = \"cut\"\nfrom = \"atlantic\"\nto = \"pasific\"",
        "do = \"crash\"\nnode = \"pasific\"",
        "do = \"restart\"\nnode = \"pasific\"",
        "do = \"step-wall\"\nnode = \"pasific\"\nby = \"1s\"",
    ] {
        let text = format!("{LEAST}[[steps]]\nat = \"1s\"\n{step}\n");
        let error = Scenario::parse("mine", &text).expect_err("there is no such node");
        assert_eq!(error.to_string(), "there is no node `pasific` (did you mean `pacific`?)", "{step}");
        assert_eq!(&text[error.span], "\"pasific\"", "{step}");
    }
}

#[test]
fn a_value_of_the_wrong_kind_is_refused_by_its_name() {
    check_more(
        "title = 4",
        expect![[r#"
        3:9 `title` should be a text in quotes, not an integer
        4"#]],
    );
    check_more(
        "seed = \"seven\"",
        expect![[r#"
        3:8 `seed` should be a whole number, 0 to 2^64 - 1, not a string
        "seven""#]],
    );
    check_more(
        "seed = -1",
        expect![[r#"
        3:8 `seed` should be a whole number, 0 to 2^64 - 1
        -1"#]],
    );
    check_more(
        "seed = 18446744073709551616",
        expect![[r#"
        3:8 `seed` should be a whole number, 0 to 2^64 - 1
        18446744073709551616"#]],
    );
    check_more(
        "seed = 1.5",
        expect![[r#"
        3:8 `seed` should be a whole number, 0 to 2^64 - 1, not a float
        1.5"#]],
    );
    check_more("seed = 0xffff_ffff_ffff_ffff", expect!["accepted: 2 nodes, 0 steps"]);
    check_more(
        "resolver = \"sibling\"",
        expect![[r#"
        3:12 `sibling` is no value of `resolver` (did you mean `siblings`?)
        "sibling""#]],
    );
    check_more(
        "resolver = 1",
        expect![[r#"
        3:12 `resolver` should be a text in quotes, not an integer
        1"#]],
    );
    check_more(
        "link = \"fast\"",
        expect![[r#"
        3:8 `link` should be a table, not a string
        "fast""#]],
    );
    check_more(
        "[links]\nfrom = \"pacific\"",
        expect![[r#"
        3:1 `links` should be a list, not a table
        [links]"#]],
    );
    check_more(
        "walls = [1]",
        expect![[r#"
        3:10 `walls` should be a table, not an integer
        1"#]],
    );
    check_more(
        "steps = \"none\"",
        expect![[r#"
        3:9 `steps` should be a list, not a string
        "none""#]],
    );
    check_more(
        "[[steps]]\nat = 1\ndo = \"heal\"",
        expect![[r#"
        4:6 `at` should be a duration such as "1.5s", not an integer
        1"#]],
    );
    check_more(
        "[[steps]]\nat = \"1s\"\ndo = true",
        expect![[r#"
        5:6 `do` should be a text in quotes, not a boolean
        true"#]],
    );
    check_more(
        "[[steps]]\nat = \"1s\"\ndo = \"explode\"",
        expect![[r#"
            5:6 there is no step `explode` (one of `submit`, `read`, `partition`, `cut`, `heal`, `crash`, `restart`, `step-wall`, `slew-wall`, `leap-second`, `freeze-wall`, `set-wall`, `crash-before`, `crash-after`, `pause`, `suspend`, `slow`, `join`, `leave`, `rot-disk`)
            "explode""#]],
    );
    check_more(
        "[[steps]]\nat = \"1s\"\ndo = \"submti\"",
        expect![[r#"
        5:6 there is no step `submti` (did you mean `submit`?)
        "submti""#]],
    );
    check_more(
        "[[steps]]\nat = \"1s\"\ndo = \"submit\"\nnode = \"pacific\"\nkey = 7\nvalue = \"v\"",
        expect![[r#"
            7:7 `key` should be a text in quotes, not an integer
            7"#]],
    );
    check_more(
        "[[steps]]\nat = \"1s\"\ndo = \"submit\"\nnode = \"pacific\"\nkey = \"\"\nvalue = \"v\"",
        expect![[r#"
            7:7 a key has 1 to 255 bytes
            """#]],
    );
    check_more(
        "[link]\norder = \"none\"",
        expect![[r#"
        4:9 `none` is no value of `order` (one of `kept`, `free`)
        "none""#]],
    );
}

#[test]
fn a_missing_key_is_told_with_the_place_where_it_is_missing() {
    check_more(
        "[[steps]]\ndo = \"heal\"",
        expect![[r#"
        3:1 `at` is missing in a step
        [[steps]]"#]],
    );
    check_more(
        "[[steps]]\nat = \"1s\"",
        expect![[r#"
        3:1 `do` is missing in a step
        [[steps]]"#]],
    );
    check_more(
        "[[steps]]\nat = \"1s\"\ndo = \"crash\"",
        expect![[r#"
        3:1 `node` is missing in a step
        [[steps]]"#]],
    );
    check_more(
        "[[steps]]\nat = \"1s\"\ndo = \"partition\"",
        expect![[r#"
        3:1 `between` is missing in a step
        [[steps]]"#]],
    );
    check_more(
        "[[links]]\nto = \"pacific\"",
        expect![[r#"
        3:1 `from` is missing in [[links]]
        [[links]]"#]],
    );
    check_more(
        "[[walls]]\nahead = \"1s\"",
        expect![[r#"
        3:1 `node` is missing in [[walls]]
        [[walls]]"#]],
    );
}

#[test]
fn a_file_is_no_longer_than_it_may_be() {
    let long = format!("{LEAST}# {}", "°".repeat(3 << 20));
    check(
        &long,
        expect![[r#"
        1:1 a scenario file has at most 4194304 bytes
    "#]],
    );
    let steps = format!("{LEAST}steps = [{}]", "{at='1s',do='heal'},".repeat(100_001));
    let error = Scenario::parse("mine", &steps).expect_err("that is one too many");
    expect!["a scenario has at most 100000 steps"].assert_eq(&error.to_string());
}

#[test]
fn nodes_given_from_outside_replace_those_of_the_file() {
    let text = format!("{LEAST}[[walls]]\nnode = \"pacific\"");
    let check_nodes = |nodes: &[&str], expected: Expect| {
        let nodes: Vec<_> = nodes.iter().map(|name| (*name).to_owned()).collect();
        let shown = match Scenario::parse_with("mine", &text, Instead::nodes(&nodes)) {
            Ok(scenario) => scenario.nodes.join(" "),
            Err(error) => show(&text, &error),
        };
        expected.assert_eq(&shown);
    };
    check_nodes(&["pacific", "moon"], expect!["pacific moon"]);
    check_nodes(
        &["moon"],
        expect![[r#"
        4:8 there is no node `pacific` (one of `moon`)
        "pacific""#]],
    );
    check_nodes(
        &["pacific", "pacific"],
        expect![[r#"
        1:9 node `pacific` is named twice
        ["pacific", "atlantic"]"#]],
    );
    check_nodes(
        &[""],
        expect![[r#"
        1:9 `` cannot name a node (1 to 64 letters, digits, `_`, `-` and `.`)
        ["pacific", "atlantic"]"#]],
    );
    check_nodes(
        &[],
        expect![[r#"
        1:9 a scenario has at least one node
        ["pacific", "atlantic"]"#]],
    );
}

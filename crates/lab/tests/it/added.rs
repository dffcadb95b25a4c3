//! Steps and wall clocks that a command line adds: read as the file's own, together with them, and refused with their place.

use constellation_lab::hunt::provenance;
use constellation_lab::{Scenario, ScenarioError, simulate};
use constellation_trace::{Kind, Nemesis};
use expect_test::{Expect, expect};

const FILE: &str = r#"
nodes = ["a", "b"]
end = "10s"
steps = [
    { at = "5s", do = "crash", node = "a" },
    { at = "1s", do = "submit", node = "a", key = "k", value = "v" },
    { at = "6s", do = "restart", node = "a" },
]
walls = [{ node = "a", ahead = "1s" }, { node = "b", drift = "20ppm" }]
"#;

fn scenario() -> Scenario {
    Scenario::parse("mine", FILE).expect("it is documented")
}

/// What is refused, with the place underlined in its line.
fn underlined(given: &str, error: &ScenarioError) -> String {
    let (line, column) = error.line_and_column(given);
    let line = given.lines().nth(line - 1).unwrap_or_default();
    let width = given[error.span.clone()].chars().count().max(1);
    format!("|{line}\n|{}{}\n{error}\n", " ".repeat(column - 1), "^".repeat(width))
}

fn check_steps(lists: &[&str], expected: Expect) {
    let shown = lists.iter().map(|steps| match scenario().with_steps(steps) {
        Ok(_) => format!("|{steps}\nis accepted\n"),
        Err(error) => underlined(steps, &error),
    });
    expected.assert_eq(&shown.collect::<String>());
}

#[test]
fn an_added_step_is_the_step_that_the_file_would_have() {
    let written = r#"{ at = "2s", do = "partition", between = [["a"], ["b"]] },
        { at = "1s", do = "submit", node = "b", key = "7", value = "[yaw, +2" },
        { at = "2s", do = "set-wall", node = "b", to = 2031-01-01T00:00:00Z },
        { at = "3s", do = "rot-disk", node = "b", bit = 70 },
        { at = "3s", do = "cut", from = ["a"], to = "b" },
    ]
    walls"#;
    let file = Scenario::parse("mine", &FILE.replace("]\nwalls", written)).expect("it is documented");
    let added = scenario()
        .with_steps(
            "at=2s,do=partition,between=[[\"a\"],[\"b\"]]\n at = 1s , do = submit,node=b,key=7,value=\"[yaw, +2\"\n\
             at=2s,do=set-wall,node=b,to=2031-01-01T00:00:00Z\nat=3s,do=rot-disk,node=b,bit=70\n\
             at=3s,do=cut,from=[\"a\"],to=b",
        )
        .expect("it is the same");
    assert_eq!(added, file);
}

#[test]
fn an_added_crash_happens_and_changes_the_digest_that_tapes_are_of() {
    let added = scenario().with_steps("at=2s,do=crash,node=b\nat=3s,do=restart,node=b").expect("b is up");
    let crashes = |scenario: &Scenario| {
        let trace = simulate(scenario, 1).expect("it is short");
        trace.events().iter().filter(|event| event.kind == Kind::Crash).count()
    };
    assert_eq!((crashes(&scenario()), crashes(&added)), (1, 2));
    let digest = |scenario: &Scenario| provenance(scenario, 1).expect("it is short").scenario_hash;
    assert_ne!(digest(&scenario()), digest(&added));
}

#[test]
fn an_added_step_is_refused_with_its_place() {
    check_steps(
        &[
            "",
            "at=2s",
            "at=2s,do=crash",
            "at=2s,do=crash,node=c",
            "at=2s,do=crush,node=a",
            "at=2s,do=crash,node=a,disk=lost",
            "at=2s,do=crash,node=a,at=3s",
        ],
        expect![[r#"
            |
            |^
            a KEY=VALUE is missing (such as `at=2s,do=crash,node=pacific`)
            |at=2s
            |^^^^^
            `do` is missing in a step
            |at=2s,do=crash
            |^^^^^^^^^^^^^^
            `node` is missing in a step
            |at=2s,do=crash,node=c
            |                    ^
            there is no node `c` (one of `a`, `b`)
            |at=2s,do=crush,node=a
            |         ^^^^^
            there is no step `crush` (did you mean `crash`?)
            |at=2s,do=crash,node=a,disk=lost
            |                      ^^^^
            unknown key `disk` in a step (one of `at`, `do`, `node`)
            |at=2s,do=crash,node=a,at=3s
            |                      ^^
            `at` is given twice
        "#]],
    );
}

#[test]
fn a_value_of_an_added_step_is_refused_with_its_place() {
    check_steps(
        &[
            "at=11s,do=heal",
            "at=2,do=heal",
            "at=2s,do=heal,",
            "at=2s,do=partition,between=[[\"a\"],[\"c\"]]",
            "at=2s,do=partition,between=[[\"a\"]",
            "at=2s,do=partition,between=a|b",
            "at=2s,do=submit,node=a,key=,value=x",
            "at=2s,do=set-wall,node=a,to=2031-99-01",
            "at=2s,do=heal\nat=3s,do=\"heal",
        ],
        expect![[r#"
            |at=11s,do=heal
            |   ^^^
            this step is at +11.000000s, after the end of the run at +10.000000s (make `end` later, or the step earlier)
            |at=2,do=heal
            |   ^
            `at` should be a duration such as "1.5s", not an integer
            |at=2s,do=heal,
            |              ^
            a KEY=VALUE is missing (such as `at=2s,do=crash,node=pacific`)
            |at=2s,do=partition,between=[["a"],["c"]]
            |                                   ^^^
            there is no node `c` (one of `a`, `b`)
            |at=2s,do=partition,between=[["a"]
            |                                 ^
            unclosed array, expected `]`
            |at=2s,do=partition,between=a|b
            |                           ^^^
            `between` should be a list, not a string
            |at=2s,do=submit,node=a,key=,value=x
            |                           ^
            a key has 1 to 255 bytes
            |at=2s,do=set-wall,node=a,to=2031-99-01
            |                            ^^^^^^^^^^
            invalid date, expected month between 01 and 12
            |at=3s,do="heal
            |              ^
            invalid basic string, expected `"`
        "#]],
    );
}

#[test]
fn added_steps_are_checked_together_with_the_scenarios_own() {
    check_steps(
        &[
            "at=5.5s,do=crash,node=a",
            "at=2s,do=heal\nat=4s,do=crash,node=a\nat=3s,do=heal",
            "at=0s,do=crash,node=a\nat=7s,do=crash,node=a",
            "at=4s,do=restart,node=a\nat=3s,do=crash,node=a",
            "at=0.5s,do=crash,node=a\nat=0.6s,do=leave,node=b",
            "at=2s,do=pause,node=b,for=3s\nat=3s,do=pause,node=b,for=1s",
            "at=9s,do=pause,node=b,for=3s",
        ],
        expect![[r#"
            |at=5.5s,do=crash,node=a
            |^^^^^^^^^^^^^^^^^^^^^^^
            `a` crashes at +5.500000s but is down already
            |at=4s,do=crash,node=a
            |^^^^^^^^^^^^^^^^^^^^^
            with this step, `a` crashes at +5.000000s but is down already
            |at=0s,do=crash,node=a
            |^^^^^^^^^^^^^^^^^^^^^
            with this step, a client turns to `a` at +1.000000s, while it is down
            |at=4s,do=restart,node=a
            at=3s,do=crash,node=a
            is accepted
            |at=0.5s,do=crash,node=a
            |^^^^^^^^^^^^^^^^^^^^^^^
            with this step, a client turns to `a` at +1.000000s, while it is down
            |at=3s,do=pause,node=b,for=1s
            |^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            an earlier step does the same to `b` until +5.000000s
            |at=9s,do=pause,node=b,for=3s
            |^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            this step lasts until +12.000000s, beyond the end of the run at +10.000000s (make `end` later, or the step earlier or shorter)
        "#]],
    );
}

#[test]
fn an_added_wall_clock_counts_instead_of_the_files() {
    let walls = "node=a,ahead=-2s,drift=5ppm";
    let file = FILE.replace(
        "{ node = \"a\", ahead = \"1s\" }, { node = \"b\", drift = \"20ppm\" }",
        "{ node = \"b\", drift = \"20ppm\" }, { node = \"a\", ahead = \"-2s\", drift = \"5ppm\" }",
    );
    let added = scenario().with_walls(walls).expect("it is documented");
    assert_eq!(added, Scenario::parse("mine", &file).expect("it is documented"));
    let refused = ["node=a\nnode=a,drift=5ppm", "ahead=1s", "node=a,behind=1s", "node=a,drift=5"];
    let refused = refused.map(|walls| {
        let error = scenario().with_walls(walls).expect_err("it is refused");
        underlined(walls, &error)
    });
    expect![[r#"
        |node=a,drift=5ppm
        |     ^
        the wall clock of `a` is described twice
        |ahead=1s
        |^^^^^^^^
        `node` is missing in [[walls]]
        |node=a,behind=1s
        |       ^^^^^^
        unknown key `behind` in [[walls]] (one of `node`, `ahead`, `drift`)
        |node=a,drift=5
        |             ^
        `drift` should be a drift such as "20ppm", between -500000ppm and 500000ppm, not an integer
    "#]]
    .assert_eq(&refused.concat());
}

#[test]
fn each_step_is_found_where_it_was_written() {
    let steps = "at=5s,do=heal\nat=1s,do=read,node=b,key=k\nat=10s,do=heal\nat=0s,do=heal";
    let added = scenario().with_steps(steps).expect("it is documented");
    let shown = (0..=added.steps.len()).map(|step| {
        let own = added.step_span(FILE, step).map(|span| &FILE[span]);
        let given = added.added_step_span(steps, step).map(|span| &steps[span]);
        format!("{} | {}\n", own.unwrap_or("-"), given.unwrap_or("-"))
    });
    expect![[r#"
        - | at=0s,do=heal
        { at = "1s", do = "submit", node = "a", key = "k", value = "v" } | -
        - | at=1s,do=read,node=b,key=k
        { at = "5s", do = "crash", node = "a" } | -
        - | at=5s,do=heal
        { at = "6s", do = "restart", node = "a" } | -
        - | at=10s,do=heal
        - | -
    "#]]
    .assert_eq(&shown.collect::<String>());
    let healed = simulate(&added, 1).expect("it is short");
    assert!(healed.nemesis().iter().any(|entry| entry.nemesis == Nemesis::Heal));
}

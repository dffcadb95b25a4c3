//! What `scenarios/README.md` documents is what is accepted: no key more, none less.

use std::collections::BTreeSet;

use constellation_lab::{Run, Scenario, incidents};

const README: &str = include_str!("../../../../scenarios/README.md");

const LEAST: &str = "nodes = [\"pacific\", \"atlantic\"]\nend = \"9s\"\n";

/// Every key and every verb, each in a way that differs from its default.
const EVERYTHING: &str = include_str!("../everything.toml");

#[test]
fn every_documented_key_is_accepted_and_every_accepted_one_documented() {
    let check = |section: &str, accepted: &str| {
        assert_eq!(documented(section), advised(accepted), "the keys under `## {section}`");
    };
    check("The file", "unheard_of_altogether = 1");
    check("Links", "[link]\nunheard_of_altogether = 1");
    check("Wall clocks", "[[walls]]\nunheard_of_altogether = 1");
    check("Machines", "[[machines]]\nunheard_of_altogether = 1");
    check("Steps", "[[steps]]\nat = \"1s\"\ndo = \"unheard_of_altogether\"");
    check("Clients", "[[clients]]\nunheard_of_altogether = 1");
}

#[test]
fn every_documented_key_of_a_step_is_accepted_and_every_accepted_one_documented() {
    for row in rows("Steps") {
        let mut documented: BTreeSet<String> = names(&row[1]).chain(["at".into(), "do".into()]).collect();
        documented.retain(|name| !name.contains(' ') || name.starts_with("between"));
        let documented: BTreeSet<_> =
            documented.iter().map(|name| name.split(' ').next().unwrap_or_default().to_owned()).collect();
        let verb = names(&row[0]).next().expect("the first cell names the verb");
        let step = format!("[[steps]]\nat = \"1s\"\ndo = \"{verb}\"\nunheard_of_altogether = 1");
        assert_eq!(documented, advised(&step), "the keys of `{verb}`");
    }
}

#[test]
fn every_documented_resolver_is_accepted_and_every_accepted_one_documented() {
    let row = rows("The file").into_iter().find(|row| row[0].contains("resolver")).expect("it is documented");
    assert_eq!(names(&row[1]).collect::<BTreeSet<_>>(), advised("resolver = \"unheard_of_altogether\""));
}

#[test]
fn a_file_that_says_all_that_can_be_said_is_read_and_run() {
    let scenario = Scenario::parse("everything", EVERYTHING).expect("everything in it is documented");
    let run = Run::of(&scenario, scenario.seed, "").expect("it can be run");
    assert_eq!(run.judgements.len(), 9, "links that may reorder are not promised to keep their order");
    for section in ["The file", "Links", "Wall clocks", "Machines", "Steps", "Clients"] {
        for name in documented(section) {
            assert!(EVERYTHING.contains(&*name), "`{name}` is documented but not in this file");
        }
    }
}

#[test]
fn the_smallest_documented_file_runs_and_keeps_all_promises() {
    let text = README.split("```toml").nth(1).and_then(|rest| rest.split("```").next());
    let scenario = Scenario::parse("smallest", text.expect("the first example")).expect("it is documented");
    assert_eq!(Run::of(&scenario, scenario.seed, "").map(|run| run.exit_code()), Ok(0));
}

#[test]
fn every_documented_file_is_read_and_run() {
    for text in README.split("```toml").skip(1).filter_map(|rest| rest.split("```").next()) {
        let scenario = Scenario::parse("documented", text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert!(Run::of(&scenario, scenario.seed, "").is_ok(), "{text}");
    }
}

#[test]
fn every_documented_promise_is_judged() {
    let scenario = incidents::find("conjunction").expect("it ships").scenario();
    let run = Run::of(&scenario, 1, "").expect("it can be run");
    assert_eq!(rows("What is promised").len(), run.judgements.len());
}

#[test]
fn every_shipped_scenario_is_read_under_its_own_name() {
    for incident in incidents::INCIDENTS {
        let scenario = incident.scenario();
        assert_eq!(scenario.name, incident.name);
        assert!(!scenario.title.is_empty(), "{}: a title helps to choose", incident.name);
    }
}

/// The names in the first column of the table in this section; `[link]` and `[[steps]]` without their brackets.
fn documented(section: &str) -> BTreeSet<String> {
    rows(section).iter().flat_map(|row| names(&row[0]).collect::<Vec<_>>()).collect()
}

/// The rows of the first table in this section, without its head.
fn rows(section: &str) -> Vec<Vec<String>> {
    let start = README.split_once(&format!("## {section}\n")).expect("the section is there").1;
    let text = start.split("\n## ").next().unwrap_or(start);
    let lines =
        text.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    lines.skip(2).map(cells).collect()
}

/// What stands between backticks.
fn names(cell: &str) -> impl Iterator<Item = String> {
    let quoted = cell.split('`').skip(1).step_by(2);
    quoted.map(|name| name.trim_matches(['[', ']']).to_owned()).collect::<Vec<_>>().into_iter()
}

/// What the refusal of a wrong name says is accepted there.
fn advised(wrong: &str) -> BTreeSet<String> {
    let error = Scenario::parse("mine", &format!("{LEAST}{wrong}\n")).expect_err("nobody heard of it");
    assert!(error.help.starts_with("one of "), "{error}");
    names(&error.help).collect()
}

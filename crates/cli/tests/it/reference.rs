//! The table of faults in `scenarios/README.md`: each can be typed as it stands, and is told as it says.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use constellation_fabric::Topic;

use crate::command::{Bench, text};

/// Nobody turns to pacific, so that it may be down; a disk is not waited for, so that a crash may harm it.
const SCENARIO: &str = r#"
nodes = ["pacific", "atlantic", "antarctic"]
end = "8s"
sync = "never"
steps = [
    { at = "100ms", do = "submit", node = "atlantic", key = "k", value = "1" },
    { at = "500ms", do = "submit", node = "atlantic", key = "k", value = "2" },
    { at = "600ms", do = "submit", node = "antarctic", key = "k", value = "3" },
    { at = "700ms", do = "submit", node = "atlantic", key = "k", value = "4" },
    { at = "800ms", do = "submit", node = "atlantic", key = "k", value = "5" },
    { at = "3s", do = "heal" },
    { at = "4s", do = "submit", node = "antarctic", key = "k", value = "6" },
    { at = "5s", do = "submit", node = "atlantic", key = "k", value = "7" },
]
"#;

/// One fault: what stands in backquotes in each column.
struct Row {
    fault: String,
    luck: Vec<String>,
    steps: Vec<String>,
    topics: Vec<String>,
    told: Vec<String>,
}

fn rows() -> Vec<Row> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/README.md");
    let readme = fs::read_to_string(path).expect("there is one");
    let (_, section) = readme.split_once("\n## Every fault\n").expect("the section is there");
    let section = section.split("\n## ").next().expect("there is a first piece");
    let lines = section.lines().filter(|line| line.starts_with("| ")).skip(2);
    let quoted = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    lines
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
            let [fault, luck, steps, topics, told] = cells[..] else { panic!("five columns: {line}") };
            let fault = fault.trim().to_owned();
            Row {
                fault,
                luck: quoted(luck),
                steps: quoted(steps),
                topics: quoted(topics),
                told: quoted(told),
            }
        })
        .collect()
}

#[test]
fn every_topic_of_luck_has_its_row() {
    let told: BTreeSet<String> = rows().into_iter().flat_map(|row| row.topics).collect();
    let known: BTreeSet<String> = Topic::ALL.iter().map(|topic| topic.name().to_owned()).collect();
    assert_eq!(told, known);
}

/// A step of a row, with what it needs before or beside it to mean something.
fn step(step: &str) -> Vec<String> {
    let at = if step.contains("do=join") { "1ms" } else { "300ms" };
    let is_of_links = step.contains("partition") || step.contains("do=cut");
    let node = if is_of_links { "" } else { ",node=pacific" };
    let step = format!("at={at},{step}{node}");
    // Only what is down restarts, and only what restarts reads its disk.
    let needs_crash = step.contains("do=restart") || step.contains("do=rot-disk");
    let before = needs_crash.then(|| "at=290ms,do=crash,node=pacific".to_owned());
    before.into_iter().chain([step]).collect()
}

#[test]
fn each_fault_can_be_typed_and_is_told_as_its_row_says() {
    let bench = Bench::new(&[("mine.toml", SCENARIO.as_bytes())]);
    for row in rows() {
        let luck = row.luck.iter().filter(|luck| luck.contains('='));
        let mut typed: Vec<Vec<String>> =
            luck.map(|luck| vec!["--faults".to_owned(), luck.clone()]).collect();
        for given in &row.steps {
            typed.push(step(given).into_iter().flat_map(|step| ["--step".to_owned(), step]).collect());
        }
        if row.luck.iter().any(|luck| luck == "--wall") {
            typed.push(vec!["--wall".to_owned(), "node=atlantic,ahead=600ms".to_owned()]);
        }
        let mut printed: Vec<String> = Vec::new();
        for flags in &typed {
            let printed_here = printed.len();
            for seed in ["1", "2", "3", "4", "5", "6"] {
                let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
                let args = [&["run", "mine.toml", "--seed", seed], &flags[..]].concat();
                let output = bench.run(&args, b"");
                assert_ne!(output.status.code(), Some(2), "{args:?}: {}", text(&output.stderr));
                printed.extend(text(&output.stdout).lines().map(str::to_owned));
                let is_told = |told: &String| printed[printed_here..].iter().any(|line| says(line, told));
                if row.told.iter().all(is_told) {
                    break;
                }
            }
            let is_told = |told: &String| printed[printed_here..].iter().any(|line| says(line, told));
            assert!(
                row.told.iter().any(is_told),
                "{}: {flags:?} is told by none of {:?}",
                row.fault,
                row.told
            );
        }
        for told in &row.told {
            assert!(printed.iter().any(|line| says(line, told)), "{}: nothing says `{told}`", row.fault);
        }
    }
}

/// Whether a line says this, where `…` stands for anything.
fn says(line: &str, told: &str) -> bool {
    let mut rest = line;
    told.split('…').map(str::trim).all(|piece| {
        rest.split_once(piece).is_some_and(|(_, behind)| {
            rest = behind;
            true
        })
    })
}

#[test]
fn what_a_line_does_not_say_is_found_out() {
    assert!(
        says("the disk of a is full: no", "the disk of … is full") && says("it stops for 1s", "stops for")
    );
    assert!(!says("is full: the disk of a", "the disk of … is full") && !says("it sleeps", "stops for"));
}

//! The whole output of each shipped scenario, which stands beside it and ends in the digest of its trace.

use std::fs;
use std::path::{Path, PathBuf};

use constellation_lab::incidents::{INCIDENTS, STUDIES};
use expect_test::expect_file;

use crate::command::{Bench, text};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios")
}

#[test]
fn each_timeline_beside_its_scenario_is_what_is_printed() {
    for incident in INCIDENTS {
        let output = Bench::new(&[]).run(&["run", incident.name, "--color", "never"], b"");
        assert_eq!(output.status.code(), Some(0), "{}: {}", incident.name, text(&output.stderr));
        let timeline = text(&output.stdout);
        expect_file![folder().join(format!("{}.timeline", incident.name))].assert_eq(timeline);
        let last = timeline.lines().last().unwrap_or_default();
        assert!(last.starts_with("trace sha256 "), "{}: the last line is the digest: {last}", incident.name);
    }
}

/// The settings of the incidents: what is typed, how it ends, and the name of the timeline. Studies have no file.
const SETTINGS: &[(&[&str], i32, &str)] = &[
    (&["mss-17", "--resolver", "wall-lww"], 1, "mss-17-wall-lww.timeline"),
    (&["mss-17", "--resolver", "lamport-lww"], 1, "mss-17-lamport-lww.timeline"),
    (&["mss-17", "--resolver", "all"], 1, "mss-17-all.timeline"),
    (&["mss-23"], 0, "mss-23.timeline"),
    (&["mss-23", "--retry", "none"], 0, "mss-23-none.timeline"),
    (&["mss-23", "--retry", "blind"], 1, "mss-23-blind.timeline"),
    (&["antarctic"], 0, "antarctic.timeline"),
    (&["antarctic", "--policy", "last-write-wins"], 1, "antarctic-last-write-wins.timeline"),
    (&["antarctic", "--policy", "majority"], 0, "antarctic-majority.timeline"),
    (&["antarctic", "--policy", "leader"], 0, "antarctic-leader.timeline"),
    (&["antarctic", "--policy", "all"], 1, "antarctic-all.timeline"),
    (&["antarctic", "--groups", "3,2,2"], 3, "antarctic-no-majority.timeline"),
    (&["antarctic", "--pass", "2s"], 3, "antarctic-short-pass.timeline"),
];

#[test]
fn each_setting_of_an_incident_prints_its_timeline() {
    for (args, code, timeline) in SETTINGS {
        let output = Bench::new(&[]).run(&[&["run", "--color", "never"], *args].concat(), b"");
        assert_eq!(output.status.code(), Some(*code), "{args:?}: {}", text(&output.stderr));
        expect_file![folder().join(timeline)].assert_eq(text(&output.stdout));
    }
}

#[test]
fn each_study_has_a_timeline_of_its_usual_setting() {
    for study in STUDIES {
        let is_usual = |(args, _, _): &&(&[&str], i32, &str)| **args == [study.name];
        assert!(SETTINGS.iter().any(|setting| is_usual(&setting)), "{}", study.name);
    }
}

#[test]
fn each_scenario_in_the_folder_ships_and_has_its_timeline() {
    let entries = fs::read_dir(folder()).expect("the folder is there");
    let names =
        entries.map(|entry| entry.expect("it is readable").file_name().to_string_lossy().into_owned());
    let mut names: Vec<_> = names.filter(|name| name != "README.md").collect();
    names.sort();
    let mut expected: Vec<_> = INCIDENTS
        .iter()
        .flat_map(|one| ["timeline", "toml"].map(|end| format!("{}.{end}", one.name)))
        .chain(SETTINGS.iter().map(|(_, _, timeline)| (*timeline).to_owned()))
        .collect();
    expected.sort();
    assert_eq!(names, expected);
}

#[test]
fn a_scenario_runs_alike_by_name_and_by_file() {
    for incident in INCIDENTS {
        let file = format!("{}.toml", incident.name);
        let bench = Bench::new(&[(&file, incident.text.as_bytes())]);
        let digest = |scenario: &str| {
            let output = bench.run(&["run", scenario], b"");
            text(&output.stdout).lines().last().unwrap_or_default().to_owned()
        };
        assert_eq!(digest(incident.name), digest(&file));
    }
}

//! The whole output of each shipped scenario, which stands beside it and ends in the digest of its trace.

use std::fs;
use std::path::{Path, PathBuf};

use constellation_lab::incidents::INCIDENTS;
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

//! The same version, scenario and seed give the same bytes: in any order within one process, and in fresh ones elsewhere.

use std::fs;

use constellation_lab::{Scenario, simulate};
use constellation_trace::format::jsonl;

use crate::command::Bench;

/// All that a scenario can say, so that every kind of fault has its part.
const EVERYTHING: &str = include_str!("../../../lab/tests/everything.toml");

/// No order of its own, so that what one seed left behind would reach others than in ascending order.
const SHUFFLED: [u64; 12] = [7, 3, 11, 0, 9, 1, u64::MAX, 5, 10, 2, 8, 4];

fn text(scenario: &Scenario, seed: u64) -> String {
    jsonl::to_string(&simulate(scenario, seed).expect("it can be run"))
}

/// The first line in which two traces differ, for whoever must find out why.
fn first_difference(one: &str, other: &str) -> Option<String> {
    let lines = (1..).zip(one.lines().zip(other.lines()));
    let differ = lines.into_iter().find(|(_, (one, other))| one != other);
    let differ = differ.map(|(number, (one, other))| format!("line {number}:\n{one}\n{other}"));
    differ.or_else(|| (one != other).then(|| format!("{} bytes and {}", one.len(), other.len())))
}

#[test]
fn seeds_in_any_order_and_in_fresh_processes_give_the_same_bytes() {
    let scenario = Scenario::parse("everything", EVERYTHING).expect("everything in it is documented");
    let shuffled = SHUFFLED.map(|seed| (seed, text(&scenario, seed)));
    for (seed, first) in shuffled.iter().rev() {
        assert_eq!(first_difference(first, &text(&scenario, *seed)), None, "seed {seed} a second time");
    }
    let bench = Bench::new(&[("everything.toml", EVERYTHING.as_bytes())]);
    let elsewhere = [("TZ", "Antarctica/Troll"), ("LANG", "tr_TR.UTF-8"), ("RAYON_NUM_THREADS", "3")];
    for (seed, first) in &shuffled[..6] {
        let seed = seed.to_string();
        let args = ["run", "everything.toml", "--seed", &seed, "--trace", "out.jsonl", "--json"];
        let output = bench.run_with(&args, b"", &elsewhere);
        assert!(
            matches!(output.status.code(), Some(0 | 1 | 3)),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let written = fs::read_to_string(bench.path().join("out.jsonl")).expect("it was written");
        assert_eq!(first_difference(first, &written), None, "seed {seed} in a process of its own");
    }
}

#[test]
fn a_difference_is_told_by_the_first_event_that_differs() {
    // Else the test above could not fail, or would not say where to look.
    let scenario = Scenario::parse("everything", EVERYTHING).expect("everything in it is documented");
    // The first line names the seed.
    let [one, other] = [1, 2]
        .map(|seed| text(&scenario, seed))
        .map(|text| text.split_once('\n').map(|two| two.1.to_owned()));
    let (one, other) = (one.expect("it has lines"), other.expect("it has lines"));
    let told = first_difference(&one, &other).expect("they have other luck");
    assert!(told.starts_with("line ") && told.contains("{\"event\":"), "{told}");
}

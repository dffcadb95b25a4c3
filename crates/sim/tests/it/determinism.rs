//! The same seed gives the same bytes: twice here, in another order, in another process, in another profile.

use std::env;
use std::process::Command;

use constellation_trace::format::jsonl;

use crate::gossip::{Memory, SEED, digest, everything, run};

/// What `examples/digest.rs` prints, whatever the profile and the machine.
const GOLDEN: &str = "a9fa91e4acbf35b0c62df92bc43f6789dabcc0226a6564c08881216de4bd1ad2";

fn text(seed: u64) -> String {
    jsonl::to_string(&run(everything(), seed, Memory::Persisted).expect("the scenario is sound").trace)
}

/// Says where two texts first differ.
fn compare(one: &str, other: &str) -> Result<(), String> {
    let mut lines = (1..).zip(one.lines().zip(other.lines()));
    match lines.find(|(_, (one, other))| one != other) {
        Some((number, (one, other))) => Err(format!("line {number} is\n{one}\nand then\n{other}")),
        None if one == other => Ok(()),
        None => Err(format!("one has {} bytes, the other {}", one.len(), other.len())),
    }
}

#[test]
fn same_seed_same_bytes() {
    let first: Vec<_> = (0..20).map(|seed| (seed, text(seed))).collect();
    // Backwards, so that what a seed leaves behind would reach other seeds than before.
    for (seed, first) in first.iter().rev() {
        assert_eq!(compare(first, &text(*seed)), Ok(()), "seed {seed}");
    }
}

#[test]
fn another_seed_gives_other_bytes() {
    // Else the test above could not fail.
    assert!(compare(&text(1), &text(2)).is_err());
}

#[test]
fn the_digest_is_the_golden_one() {
    // CI runs this test under --release too: debug and release, and every machine, have one digest.
    assert_eq!(digest(SEED), GOLDEN);
}

#[test]
fn another_process_in_another_environment_gives_the_same_bytes() {
    let own = env::current_exe().expect("a test is a program");
    let golden = "determinism::the_digest_is_the_golden_one";
    let output = Command::new(own)
        .args([golden, "--exact", "--test-threads=1"])
        .env_clear()
        .env("TZ", "Antarctica/Troll")
        .env("LANG", "tr_TR.UTF-8")
        .current_dir("/")
        .output()
        .expect("what runs now can be run again");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}");
    assert!(told.contains("1 passed"), "the golden test was not found: {told}");
}

#[test]
fn everything_goes_wrong_in_the_scenario() {
    // Else the digest says less than it seems to.
    let outcome = run(everything(), SEED, Memory::Persisted).expect("the scenario is sound");
    let counts = outcome.counts;
    for (what, count) in [
        ("duplicated", counts.duplicated),
        ("lost", counts.lost),
        ("held", counts.held),
        ("requests lost", counts.requests_lost),
        ("restarts", outcome.trace.processes().len() as u64 - 4),
    ] {
        assert!(count > 0, "no {what} in {counts:?}");
    }
    assert!(outcome.nodes.iter().flatten().all(|node| node.known.len() >= 3), "and yet they talk");
}

//! The example as a stranger runs it: two processes, two logs, one judgement.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Output};

/// `two_processes`, which `cargo test` has built beside this test.
fn example() -> PathBuf {
    let test = env::current_exe().expect("this test has a path");
    let folder =
        test.parent().and_then(|deps| deps.parent()).expect("tests are built in a folder of their own");
    let path = folder.join("examples").join(format!("two_processes{}", env::consts::EXE_SUFFIX));
    assert!(path.exists(), "{}: `cargo test` builds it, and so does `cargo test --examples`", path.display());
    path
}

fn run(how: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    Command::new(example()).arg(folder.path()).args(how).output().expect("it can be run")
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn two_processes_that_record_themselves_hold() {
    let output = run(&[]);
    let told = told(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(
        told.starts_with(
            "30 events, 12 messages\nholds vector stamps tell before, after and concurrent exactly\n"
        ),
        "{told}"
    );
    assert!(!told.contains('·') && !told.contains("violated"), "{told}");
}

#[test]
fn a_receive_that_does_not_merge_is_caught() {
    let output = run(&["--broken"]);
    let told = told(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    // Which task asks first the scheduler says, so that only the numbers of the first question are sure.
    for line in [
        "violated vector stamps tell before, after and concurrent exactly\n",
        "the vector clock does not see that one event caused the other",
        "violated each vector stamp is the join of its causes and one tick\n",
        "found     vector {server:1}: client is 0, though news of ",
        "violated lamport stamps never contradict happens-before\n",
        ": the lamport clock ",
        "holds every message arrives unless the world lost it\n",
    ] {
        assert!(told.contains(line), "`{line}` is missing in\n{told}");
    }
}

#[test]
fn a_process_that_is_killed_leaves_what_others_have_heard_of() {
    let output = run(&["--kill"]);
    let told = told(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.starts_with("30 events, 12 messages\n"), "{told}");
    assert!(told.contains("· the log of `server` was not closed: it was killed, or still runs\n"), "{told}");
}

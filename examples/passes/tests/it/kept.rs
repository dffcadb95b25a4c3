//! What is kept of runs: a tape that once broke a promise, and a trace as a file.

use std::fs;
use std::path::Path;

use constellation_lab::trace::format::jsonl;
use expect_test::expect;

use crate::world::booking;

#[test]
fn a_late_cancellation_frees_nobody_elses_window() {
    let tape =
        "tape=1,version=0.1.0,scenario=passes,hash=9034bd36e67cac98,seed=1,loss:scheduler:pacific:1=1/2";
    booking().survives(tape).unwrap();
}

#[test]
fn a_tape_that_no_longer_fits_says_so() {
    let tape = "tape=1,version=0.1.0,scenario=passes,hash=0,seed=1,loss:scheduler:pacific:7=1/2";
    let stale = booking().survives(tape).unwrap_err();
    expect![[r#"
        the tape breaks nothing, but no longer says what it said: the protocol or its world has changed. Hunt again, and drop the tape or paste the one that is found
          loss scheduler -> pacific #7 = 1 of 2: this was not asked, so the answer was not used"#]]
    .assert_eq(&stale.to_string());
}

#[test]
fn a_run_can_be_kept_as_a_file() {
    let trace = booking().run(1).unwrap();
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("passes.jsonl");
    jsonl::write(&trace, fs::File::create(&path).unwrap()).unwrap();
    assert_eq!(jsonl::read(&fs::read(path).unwrap()).unwrap(), trace);
}

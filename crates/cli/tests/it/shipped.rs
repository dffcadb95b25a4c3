//! What each shipped scenario teaches is so: by the flags that its file names.

use constellation_lab::incidents;
use serde_json::Value;

use crate::command::{Bench, text};

fn printed(args: &[&str]) -> String {
    let output = Bench::new(&[]).run(args, b"");
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout).to_owned()
}

/// When the satellite hears an update of pacific first.
fn heard(timeline: &str, update: &str) -> String {
    let mut lines = timeline.lines().filter(|line| line.contains("  satellite  reconcile("));
    let line = lines.find(|line| line.contains(&format!(" {update} "))).unwrap_or_default();
    line.split_whitespace().next().unwrap_or("never").to_owned()
}

#[test]
fn a_narrow_pass_makes_the_command_wait_that_matters() {
    let narrow = printed(&["run", "narrow-pass"]);
    assert_eq!(heard(&narrow, "pacific:3"), "never", "the queue has no room for it");
    assert_eq!(heard(&narrow, "pacific:4"), "30.444s");
    for told in
        ["waits for the link until", "waits behind others until", "is lost: the queue of the link is full"]
    {
        assert!(narrow.contains(told), "{told}: {narrow}");
    }
    let wide = printed(&["run", "narrow-pass", "--faults", "rate=none,queue=none"]);
    assert_eq!(heard(&wide, "pacific:3"), "8.008s");
    assert!(!wide.contains("the queue of the link") && !wide.contains("waits behind"));
    let patient = printed(&["run", "narrow-pass", "--faults", "queue=none"]);
    assert_eq!(heard(&patient, "pacific:3"), "28.727s", "room to wait does not make the link faster");
}

#[test]
fn a_hasty_disk_forgets_what_it_accepted_where_only_it_knew() {
    let bench = Bench::new(&[]);
    let output = bench.run(&["hunt", "hasty-disk", "--json"], b"");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let hunted: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let finding = &hunted["findings"][0];
    assert_eq!(finding["judgement"]["promise"], "every update survives or is superseded");
    let tape = finding["tape"].as_str().expect("it is a line");
    let answers =
        tape.split(",seed=").nth(1).and_then(|tape| tape.split_once(',')).map(|(_, answers)| answers);
    assert_eq!(answers, Some("crash-after:atlantic:atlantic:4=1/2,unsynced:atlantic:atlantic:5=1/2"));

    let file = incidents::find("hasty-disk").expect("it ships").text.replace("\"never\"", "\"always\"");
    let output = Bench::new(&[("careful.toml", file.as_bytes())])
        .run(&["hunt", "careful.toml", "--seeds", "500"], b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
}

//! How much of a run is told, and whom a message did not find.

use expect_test::expect;

use crate::command::{Bench, text};

const ABSENT: &str = r#"
nodes = ["here", "there"]
end = "10s"
link = { latency = "20ms" }
steps = [
    { at = "1s", do = "submit", node = "here", key = "k", value = "1" },
    { at = "2s", do = "join", node = "there" },
    { at = "3s", do = "submit", node = "here", key = "k", value = "2" },
    { at = "4s", do = "crash", node = "there" },
    { at = "5s", do = "submit", node = "here", key = "k", value = "3" },
    { at = "6s", do = "restart", node = "there" },
    { at = "7s", do = "pause", node = "there", for = "123456789ns" },
    { at = "8s", do = "leave", node = "there" },
    { at = "9s", do = "submit", node = "here", key = "k", value = "4" },
]
"#;

const LONG: &str = r#"
nodes = ["a", "b"]
end = "100s"
anti_entropy = "1s"
steps = [{ at = "1s", do = "submit", node = "a", key = "k", value = "v" }]
"#;

/// The timeline alone: what stands between the title and the verdicts.
fn timeline(file: &str, flags: &[&str]) -> String {
    let bench = Bench::new(&[("mine.toml", file.as_bytes())]);
    let output = bench.run(&[&["run", "mine.toml"], flags].concat(), b"");
    assert_eq!(text(&output.stderr), "");
    let printed = text(&output.stdout);
    let (_, printed) = printed.split_once("\n\n").expect("a title stands above");
    printed.split("✓").next().unwrap_or_default().to_owned()
}

#[test]
fn faults_alone_are_told_with_whom_a_message_did_not_find() {
    // A line that is not indented, so that the others keep their indentation.
    let told = format!("faults\n{}", timeline(ABSENT, &["--timeline", "faults"]));
    expect![[r#"
        faults
            1.020s                m0 from here to there (e2: tell the others of here:1) is lost: there has not joined yet
            2.000s       ═══════  there joins
            4.000s  e9   there    crashes
            5.020s                m2 from here to there (e11: tell the others of here:3) is lost: there is down
            6.000s  e12  there#1  restarts as there#1 from the state of e8
            7.000s       ═══════  there stops for 123.457ms
            8.000s       ═══════  there is gone for good
            9.020s                m4 from here to there (e16: tell the others of here:4) is lost: there has left

    "#]]
    .assert_eq(&told);
    let calm = timeline(LONG, &["--timeline", "faults"]);
    expect![[r#"
        · the world did nothing, and no node crashed

    "#]]
    .assert_eq(&calm);
}

#[test]
fn no_timeline_leaves_the_verdicts_under_the_title() {
    assert_eq!(timeline(ABSENT, &["--timeline", "none"]), "");
}

#[test]
fn a_long_timeline_loses_its_middle_unless_all_of_it_is_asked_for() {
    let all = timeline(LONG, &["--timeline", "all"]);
    let all: Vec<&str> = all.lines().collect();
    let shown = timeline(LONG, &[]);
    let shown: Vec<&str> = shown.lines().collect();
    expect![
        "· 222 lines are left out: --timeline all prints them, --timeline faults only what the world did"
    ]
    .assert_eq(shown[100]);
    assert_eq!(shown[..100], all[..100]);
    // Below the last hundred: what is said of events that are not shown, and an empty line.
    assert_eq!(shown[101..], all[all.len() - 102..]);
    let number: Option<usize> = shown[100].split(' ').nth(1).and_then(|number| number.parse().ok());
    assert_eq!(number, Some(all.len() - 202));
    let short = timeline(ABSENT, &[]);
    assert_eq!(short, timeline(ABSENT, &["--timeline", "all"]), "a short one is whole");
}

//! What is several runs is drawn one by one, and what is drawn elsewhere than by `run`.

use std::fs;

use expect_test::expect;
use serde_json::Value;

use crate::command::{Bench, text};

fn facts(bench: &Bench, name: &str) -> Value {
    let page = fs::read_to_string(bench.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let (_, rest) = page.split_once("id=\"facts\">").expect("a page has its facts");
    let (line, _) = rest.split_once("</script>").expect("a script ends");
    serde_json::from_str(line).expect("facts are JSON")
}

#[test]
fn each_world_of_a_study_has_a_page_as_if_it_were_alone() {
    let bench = Bench::new(&[]);
    let output =
        bench.run(&["run", "mss-23", "--retry", "blind", "--html", "it.html", "--svg", "it.svg"], b"");
    expect![[r#"
        drawn: `it-lost-request.html`, `it-lost-request.svg`, `it-lost-reply.html`, `it-lost-reply.svg`, `it-crash-before.html`, `it-crash-before.svg`, `it-crash-after.html`, `it-crash-after.svg`, `it-slow-node.html`, `it-slow-node.svg`, `it-partition.html`, `it-partition.svg`
    "#]].assert_eq(text(&output.stderr));
    let alone = ["run", "mss-23", "--retry", "blind", "--world", "lost-reply", "--html", "alone.html"];
    bench.run(&alone, b"");
    let read = |name: &str| fs::read_to_string(bench.path().join(name)).expect("it was written");
    assert_eq!(read("it-lost-reply.html"), read("alone.html"));
    assert_eq!(facts(&bench, "it-lost-reply.html")["verdict"]["word"], "violated");
    assert_eq!(facts(&bench, "it-lost-request.html")["verdict"]["word"], "holds");
}

#[test]
fn each_policy_and_each_resolver_has_a_page_too() {
    let bench = Bench::new(&[]);
    let output = bench.run(&["run", "antarctic", "--policy", "all", "--html", "storm.html"], b"");
    expect![[r#"
        drawn: `storm-last-write-wins.html`, `storm-siblings.html`, `storm-majority.html`, `storm-leader.html`
    "#]]
    .assert_eq(text(&output.stderr));
    let output = bench.run(&["run", "mss-17", "--resolver", "all", "--html", "pages.html", "--json"], b"");
    expect![[r#"
        drawn: `pages-siblings.html`, `pages-wall-lww.html`, `pages-lamport-lww.html`
    "#]]
    .assert_eq(text(&output.stderr));
    assert_eq!(facts(&bench, "pages-wall-lww.html")["verdict"]["word"], "violated");
    assert_eq!(facts(&bench, "pages-siblings.html")["verdict"]["word"], "holds");
    bench.check(
        &["run", "mss-17", "--resolver", "all", "--trace", "it.jsonl", "--html", "it.html"],
        expect![[r#"
            exit 2
            --- talk
            error: --trace wants one run, but --resolver all makes several
            help: choose one resolver"#]],
    );
}

#[test]
fn what_is_found_of_specimens_is_drawn() {
    let bench = Bench::new(&[]);
    let output = bench.run(&["specimens", "cache", "--hunt", "50", "--html", "it.html"], b"");
    expect![[r#"
        drawn: `it-cache-stale-fill.html`, `it-cache-deletes-first.html`
    "#]]
    .assert_eq(text(&output.stderr));
    let drawn = facts(&bench, "it-cache-stale-fill.html");
    assert_eq!(drawn["verdict"]["word"], "violated");
    let replay = drawn["replay"].as_str().expect("a text");
    let tape = replay.strip_prefix("constellation replay '").and_then(|rest| rest.split_once("' "));
    let (tape, specimen) = tape.expect("it is a tape, quoted, and a name");
    let again = bench.run(&["replay", tape, specimen], b"");
    assert_eq!(again.status.code(), Some(1), "{replay}");
    bench.check(
        &["specimens", "cache", "--svg", "it.svg"],
        expect![[r#"
        exit 2
        --- talk
        error: --svg draws what a hunt finds
        help: add --hunt SEEDS; of one run: `constellation run specimen:NAME/VARIANT --svg FILE`"#]],
    );
}

#[test]
fn the_storm_is_a_band_of_the_groups_that_hear_each_other() {
    let bench = Bench::new(&[]);
    bench.run(&["run", "antarctic", "--groups", "3,3,1", "--html", "it.html", "--svg", "it.svg"], b"");
    bench.run(
        &["hunt", "antarctic", "--policy", "last-write-wins", "--seeds", "1", "--html", "found.html"],
        b"",
    );
    for page in ["it.html", "found.html"] {
        let world = facts(&bench, page)["world"].as_array().expect("a list").clone();
        assert_eq!(
            world
                .iter()
                .filter(|doing| doing["text"].as_str().is_some_and(|text| text.starts_with("both relays")))
                .count(),
            1
        );
    }
    let world = &facts(&bench, "it.html")["world"];
    let storm: Vec<&Value> =
        world.as_array().expect("a list").iter().filter(|doing| doing["kind"] == "partition").collect();
    expect![[r#"[{"at_ns":"60000000000","until_ns":"600000000000","kind":"partition","nodes":[0,1,2,3,4,5,6,7,8,9,10,11,12,13],"groups":[[0,7,1,8,2,9],[3,10,4,11,5,12],[6,13]],"text":"both relays are lost: pacific, atlantic, indian_ocean | arctic, tasman, drake | antarctic"}]"#]].assert_eq(&serde_json::to_string(&storm).expect("it was JSON"));
}

#[test]
fn the_smallest_order_in_which_it_breaks_is_drawn() {
    let bench = Bench::new(&[]);
    let broken = ["explore", "lossy-relay", "--html", "it.html", "--svg", "it.svg"];
    assert_eq!(bench.run(&broken, b"").status.code(), Some(1));
    let drawn = facts(&bench, "it.html");
    expect!["lossy-relay · the smallest run that breaks it"]
        .assert_eq(drawn["title"].as_str().expect("a text"));
    expect!["indian_ocean lacks pacific:1: at pacific pacific:1 is shown, at indian_ocean nothing is shown."]
        .assert_eq(drawn["sentence"].as_str().expect("a text"));
    expect!["constellation explore lossy-relay"].assert_eq(drawn["replay"].as_str().expect("a text"));
    let output = bench.run(&["explore", "conjunction", "--budget", "100", "--html", "none.html"], b"");
    expect![[r#"
        nothing was broken, so --html has nothing to draw
    "#]]
    .assert_eq(text(&output.stderr));
    assert_eq!(bench.names(), ["it.html", "it.svg"]);
}

#[test]
fn a_live_run_is_drawn_and_says_that_nothing_makes_it_again() {
    let bench = Bench::new(&[]);
    let output = bench.run(&["live", "mss-17", "--speed", "100", "--html", "it.html"], b"");
    assert_eq!(text(&output.stderr), "");
    let drawn = facts(&bench, "it.html");
    assert_eq!(drawn["replay"], "");
    let remarks = drawn["remarks"].as_array().expect("a list");
    let told = remarks.iter().filter_map(Value::as_str).find(|remark| remark.starts_with("a live run"));
    expect!["a live run: real time decided when; the same happens to its links by `constellation live mss-17 --seed 1 --speed 100`"].assert_eq(told.unwrap_or_default());
}

#[cfg(not(feature = "png"))]
#[test]
fn a_program_without_pixels_says_how_to_get_them() {
    let bench = Bench::new(&[]);
    bench.check(
        &["run", "mss-17", "--png", "it.png", "--svg", "it.svg"],
        expect![[r#"
        exit 2
        --- talk
        error: this program was built without --png
        help: `cargo install --path crates/cli --features png` builds it with; --svg draws the same"#]],
    );
    assert_eq!(bench.names(), Vec::<String>::new());
}

#[cfg(feature = "png")]
#[test]
fn a_picture_in_pixels_is_written_beside_the_others() {
    let bench = Bench::new(&[]);
    bench.run(&["run", "mss-17", "--png", "it.png", "--trace", "it.jsonl"], b"");
    bench.run(&["report", "it.jsonl", "--png", "again.png"], b"");
    let read = |name: &str| fs::read(bench.path().join(name)).expect("it was written");
    assert!(read("it.png").starts_with(b"\x89PNG\r\n"));
    assert!(read("again.png").len() > 10_000);
}

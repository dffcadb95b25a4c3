//! `constellation sweep`: a table, data for a plot, and an object for scripts, all of the same numbers.

use std::fs;
use std::path::Path;

use expect_test::{expect, expect_file};
use serde_json::Value;

use crate::command::{Bench, check, text};

const SMALL: [&str; 6] = ["sweep", "mss-17", "--points", "5", "--pairs", "40"];

#[test]
fn a_sweep_shows_at_which_error_wall_clocks_begin_to_lose_updates() {
    check(
        &SMALL,
        expect![[r#"
            exit 0
            --- out
            mss-17 · the wall clock of pacific is wrong, all others are right; 40 pairs of updates

            ordered: the later update had seen the earlier one, and is meant to replace it
            concurrent: neither had seen the other; last write wins keeps one of them all the same

                 clock    ordered pairs:  concurrent pairs:  and that is  pairs that    hybrid time   messages that
                 ahead  the later update     one of the two    the later     vectors   ahead of its      a guard of
                    by           is lost         is dropped       one in   get wrong  wall clock by  500 ms refuses
                  0 ms           0 of 22           18 of 18            0           0           0 ms         0 of 80
                500 ms           0 of 22           18 of 18            4           0           0 ms         0 of 80
               1000 ms           0 of 22           18 of 18            8           0           0 ms         0 of 80
               1500 ms           2 of 22           18 of 18           10           0         309 ms         0 of 80  ██
               2000 ms           7 of 22           18 of 18           10           0         809 ms        40 of 80  ███████

            ✓ holds    vector stamps tell before, after and concurrent exactly  (160 events at each of 5 errors)
            ✓ holds    each vector stamp is the join of its causes and one tick  (160 events at each of 5 errors)
            ✓ holds    lamport stamps never contradict happens-before  (160 events at each of 5 errors)
            ✓ holds    hybrid stamps never contradict happens-before  (160 events at each of 5 errors)
            ✓ holds    vector and lamport stamps are the same whatever the wall clock shows  (160 events at each of 5 errors)
            ✓ holds    no hybrid time is further ahead of its wall clock than wall clocks are apart  (160 events at each of 5 errors)
            ✓ holds    no hybrid time is further ahead of its wall clock than its guard allows  (160 events at each of 5 errors)

            · wall clocks begin to lose updates that had seen what they replace at an error of 1500 ms: the later one in 2 of 22 ordered pairs, none at 1000 ms, 7 at 2000 ms; another station replaces an update of pacific after 1270 ms at the earliest
            · of two concurrent updates last write wins drops one without a word, by any clock: in 18 of 18 pairs; the error decides only which: at 1500 ms it is the later one in 10
            · hybrid clocks put all 22 ordered pairs right at every error; they get 809 ms ahead of their own wall clock, never more than the error (Kulkarni et al. 2014)
            · a hybrid clock with a guard of 500 ms refuses messages from an error of 2000 ms on: 40 of 80
            · vectors tell all 40 pairs rightly and are the same at every error; Lamport times are, too, but they put 9 of 18 concurrent pairs in an order that there is not

            see what the scenario makes of it: constellation run mss-17 --resolver all --wall 'node=pacific,ahead=1500ms'
            a clock that is behind: constellation sweep mss-17 --node pacific --error=-2s..0s
            a plot: the same with --svg FILE or --html FILE; data for one of your own: --csv FILE
            seed 1 · replay: constellation sweep mss-17 --node pacific --error=0s..2s --points 5 --pairs 40 --seed 1"#]],
    );
}

#[test]
fn data_for_a_plot_is_whole_numbers_under_their_names() {
    let bench = Bench::new(&[]);
    let output = bench.run(&[&SMALL[..], &["--csv", "sweep.csv"]].concat(), b"");
    assert_eq!(output.status.code(), Some(0));
    let csv = fs::read_to_string(bench.path().join("sweep.csv")).expect("it was written");
    expect![[r#"
        error_ns,ordered,wall_reversed,later_lost,hybrid_reversed,vectors_wrong,concurrent,dropped,dropped_later,lamport_orders,hybrid_ahead_ns,messages,guard_refused,guarded_ahead_ns
        0,22,0,0,0,0,18,18,0,9,0,80,0,0
        500000000,22,0,0,0,0,18,18,4,9,0,80,0,0
        1000000000,22,0,0,0,0,18,18,8,9,0,80,0,0
        1500000000,22,2,2,0,0,18,18,10,9,309879880,80,0,309879880
        2000000000,22,7,7,0,0,18,18,10,9,809879880,80,40,0
    "#]].assert_eq(&csv);
}

#[test]
fn the_plot_of_a_sweep_stands_in_the_docs_and_says_what_the_table_says() {
    let bench = Bench::new(&[]);
    let output = bench.run(&["sweep", "mss-17", "--svg", "it.svg", "--html", "it.html", "--json"], b"");
    assert_eq!(text(&output.stderr), "");
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/pictures/mss-17-sweep.svg");
    let read = |name: &str| fs::read_to_string(bench.path().join(name)).expect("it was written");
    let (svg, html) = (read("it.svg"), read("it.html"));
    expect_file![docs].assert_eq(&svg);
    let json: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    for point in json["points"].as_array().expect("it is a list") {
        let number = |name: &str| point[name].as_u64().expect("it is whole");
        let ms = number("error_ns") / 1_000_000;
        let lost = format!("{} of {} ordered pairs: {ms}, ", number("later_lost"), number("ordered"));
        let dropped =
            format!("{} of {} concurrent pairs: {ms}, 100", number("dropped"), number("concurrent"));
        let vectors = format!("{} of 120 pairs: {ms}, 0", number("vectors_wrong"));
        for told in [lost, dropped, vectors] {
            assert!(svg.contains(&told), "{told}");
            assert_eq!(html.matches(&told).count(), 2, "for wide and for narrow screens: {told}");
        }
    }
    for told in ["losses begin between 1200 ms and 1300 ms", "in mss-17 it is 600 ms ahead"] {
        assert!(svg.contains(told), "{told}");
    }
    assert!(html.contains("data-verdict=\"holds\"") && !html.contains("<script"));
}

#[test]
fn the_object_for_scripts_says_what_the_data_for_a_plot_says() {
    let bench = Bench::new(&[]);
    let output = bench.run(&[&SMALL[..], &["--json", "--csv", "sweep.csv"]].concat(), b"");
    let json: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!(json["schema"], "constellation/sweep/1");
    assert_eq!((&json["exit_code"], output.status.code()), (&Value::from(0), Some(0)));
    assert_eq!(json["promises"].as_array().map(Vec::len), Some(7));
    expect![[r#"
        ordered_loss_begins: {"ahead":{"error_ns":1500000000,"none_at_ns":1000000000},"behind":null}
        replaced_soonest_ns: {"after_the_node":1270500000,"by_the_node":51000000}
        guard_refuses_from_ns: 2000000000
        replay: "constellation sweep mss-17 --node pacific --error=0s..2s --points 5 --pairs 40 --seed 1"
    "#]]
    .assert_eq(
        &["ordered_loss_begins", "replaced_soonest_ns", "guard_refuses_from_ns", "replay"]
            .map(|key| format!("{key}: {}\n", json[key]))
            .concat(),
    );
    let csv = fs::read_to_string(bench.path().join("sweep.csv")).expect("it was written");
    let mut lines = csv.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let names = lines.next().expect("there is a first line");
    let points = json["points"].as_array().expect("it is a list");
    assert_eq!(points.len(), lines.clone().count());
    for (point, numbers) in points.iter().zip(lines) {
        for (name, number) in names.iter().zip(numbers) {
            assert_eq!(point[name].to_string(), number, "{name}");
        }
    }
}

#[test]
fn the_printed_command_makes_the_same_sweep_again() {
    let file = fs::read("../../scenarios/mss-17.toml").expect("it ships");
    let bench = Bench::new(&[("mine.toml", &file)]);
    let typed =
        ["sweep", "mine.toml", "--node", "atlantic", "--error", "-90ms..0ms", "--points", "4", "--seed", "7"];
    let first = bench.run(&typed, b"");
    let printed = text(&first.stdout);
    let replay = printed.lines().last().and_then(|line| line.split_once("replay: constellation "));
    let replay = replay.expect("the last line says how").1;
    let again = bench.run(&replay.split(' ').collect::<Vec<_>>(), b"");
    assert_eq!(text(&again.stdout), printed, "{replay}");
    assert_eq!(first.status.code(), Some(0));
}

#[test]
fn the_command_to_type_next_can_be_typed() {
    let bench = Bench::new(&[]);
    let output = bench.run(&SMALL, b"");
    let next = text(&output.stdout).lines().find_map(|line| line.split_once(": constellation run "));
    let next = next.expect("it is said").1.replace('\'', "");
    let output = bench.run(&[&["run"], &next.split(' ').collect::<Vec<_>>()[..]].concat(), b"");
    assert_eq!(output.status.code(), Some(1), "the last write wins: {}", text(&output.stderr));
}

#[test]
fn a_sweep_that_makes_no_sense_is_refused_and_writes_nothing() {
    let bench = Bench::new(&[
        ("alone.toml", b"nodes = [\"pacific\"]\nend = \"1s\""),
        ("early.toml", b"nodes = [\"pacific\", \"atlantic\"]\nend = \"1s\""),
    ]);
    let told = |args: &[&str]| {
        let output = bench.run(&[&["sweep"], args, &["--csv", "sweep.csv"]].concat(), b"");
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let lines = text(&output.stderr).lines().filter(|line| !line.is_empty());
        args.join(" ") + "\n" + &lines.map(|line| format!("    {line}\n")).collect::<String>()
    };
    let refusals = [
        told(&["--node", "pasific"]),
        told(&["--error", "2s..1s"]),
        told(&["--error", "2s..two"]),
        told(&["--error", "0s..2h"]),
        told(&["--points", "1"]),
        told(&["--pairs", "701"]),
        told(&["--points", "200", "--pairs", "700"]),
        told(&["alone.toml"]),
        told(&["early.toml", "--error", "-1s..0s"]),
        told(&["mss17"]),
    ];
    expect![[r#"
        --node pasific
            error: the scenario has no node `pasific`
            help: did you mean `pacific`?
        --error 2s..1s
            error: the errors go from 2000 ms down to 1000 ms
            help: write the smaller one first, such as `-2s..0s`
        --error 2s..two
            error: invalid value '2s..two' for '--error <FROM..TO>': two durations, such as 0s..2s or -200ms..200ms, or a single one
            For more information, try '--help'.
        --error 0s..2h
            error: an error of 7200000 ms is no error of a clock any more
            help: at most an hour, ahead or behind
        --points 1
            error: a range of errors is swept in 2 to 201 points, not in 1
            help: a single error, such as `600ms`, is one point
        --pairs 701
            error: a run has 2 to 700 pairs of updates, not 701
            help: more could not be judged to the last pair of events
        --points 200 --pairs 700
            error: 200 errors with 700 pairs each are 140000 pairs, more than 20000
            help: at most 100 pairs with so many errors
        alone.toml
            error: a pair of updates needs two stations, and the scenario has one
            help: choose a scenario with two nodes or more
        early.toml --error -1s..0s
            error: the run begins at 00:00:00.000Z, and a clock 1000 ms behind would show a time before 1970
            help: give the scenario an `epoch` of this century, such as 2026-03-14T04:11:55Z
        mss17
            error: no scenario is called `mss17`
            help: did you mean `mss-17`?
    "#]].assert_eq(&refusals.concat());
    assert_eq!(bench.names(), ["alone.toml", "early.toml"]);
    let output = bench.run(&[&SMALL[..], &["--csv", "nowhere/sweep.csv"]].concat(), b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("cannot write `nowhere/sweep.csv`"), "{}", text(&output.stderr));
}

#[test]
fn what_wall_clocks_lose_is_no_violation() {
    let output = Bench::new(&[]).run(&["sweep", "--help"], b"");
    assert!(
        text(&output.stdout).contains("what wall clocks lose is measured, not"),
        "{}",
        text(&output.stdout)
    );
}

/// The sentences that a sweep of mss-17 closes with.
fn sentences(args: &[&str]) -> String {
    let output = Bench::new(&[]).run(&[&["sweep", "mss-17"], args].concat(), b"");
    let told: Vec<&str> = text(&output.stdout).lines().filter(|line| line.starts_with("· ")).collect();
    told.join("\n")
}

#[test]
fn a_sweep_speaks_of_each_side_that_it_tried_and_of_no_pairs_that_it_did_not_make() {
    expect![[r#"
        · wall clocks begin to lose updates that had seen what they replace at an error of 2000 ms: the later one in 7 of 22 ordered pairs, none at 1000 ms; another station replaces an update of pacific after 1270 ms at the earliest
        · wall clocks begin to lose updates that had seen what they replace at an error of -1000 ms: the later one in 12 of 22 ordered pairs, none at 0 ms; pacific replaces an update of another station after 51 ms at the earliest
        · of two concurrent updates last write wins drops one without a word, by any clock: in 18 of 18 pairs; the error decides only which: at 2000 ms it is the later one in 10
        · hybrid clocks put all 22 ordered pairs right at every error; they get 1959 ms ahead of their own wall clock, never more than the error (Kulkarni et al. 2014)
        · a hybrid clock with a guard of 500 ms refuses messages from an error of -1000 ms on: 40 of 80
        · vectors tell all 40 pairs rightly and are the same at every error; Lamport times are, too, but they put 9 of 18 concurrent pairs in an order that there is not"#]].assert_eq(&sentences(&["--error=-2s..2s", "--points", "5", "--pairs", "40"]));
    expect![[r#"
        · wall clocks lose no update that had seen what it replaces, in 22 ordered pairs, at any error up to -20 ms; pacific replaces an update of another station after 51 ms at the earliest
        · of two concurrent updates last write wins drops one without a word, by any clock: in 18 of 18 pairs; the error decides only which: at -20 ms it is the later one in 3
        · hybrid clocks put all 22 ordered pairs right at every error; they get 0 ms ahead of their own wall clock, never more than the error (Kulkarni et al. 2014)
        · a hybrid clock with a guard of 500 ms refuses none at these errors
        · vectors tell all 40 pairs rightly and are the same at every error; Lamport times are, too, but they put 9 of 18 concurrent pairs in an order that there is not"#]].assert_eq(&sentences(&["--error=-20ms..0s", "--points", "2", "--pairs", "40"]));
    expect![[r#"
        · wall clocks begin to lose updates that had seen what they replace at an error of 2000 ms: the later one in 1 of 2 ordered pairs, none at 0 ms; another station replaces an update of pacific after 1210 ms at the earliest
        · hybrid clocks put all 2 ordered pairs right at every error; they get 805 ms ahead of their own wall clock, never more than the error (Kulkarni et al. 2014)
        · a hybrid clock with a guard of 500 ms refuses messages from an error of 2000 ms on: 2 of 4
        · vectors tell all 2 pairs rightly and are the same at every error; Lamport times are, too"#]].assert_eq(&sentences(&["--points", "2", "--pairs", "2"]));
}

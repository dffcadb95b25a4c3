//! What a store must be is read from a text, and held against what was measured.

use std::time::Duration;

use constellation_lab::placement::client::{Answer, Ask, Kind};
use constellation_lab::placement::protocol::{CUT_AT, Condition, Fate, Round, Way};
use constellation_lab::placement::record::{Asked, Phase, Record};
use constellation_lab::placement::requirements::{Fulfilled, Requirement};
use constellation_lab::placement::{Placement, placed as placed_from};
use expect_test::{Expect, expect};

use crate::shared::measured as placed;

/// Each thing that is not as it must be: what, what instead, and how many operations show it.
fn told(placement: &Placement, requirement: &Requirement) -> String {
    match requirement.check(placement) {
        Fulfilled::Yes => "met".to_owned(),
        Fulfilled::AsFarAs(what) => format!("met as far as {what}"),
        Fulfilled::Unknown(what) => format!("unknown: {what}"),
        Fulfilled::No(breaches) => {
            let told = breaches.iter().map(|breach| {
                let shown = breach.shown.as_ref().map_or_else(String::new, |shown| {
                    format!("; {} while {}", shown.operations.len(), shown.condition)
                });
                format!("{}: {}{shown}", breach.wanted, breach.found)
            });
            told.collect::<Vec<_>>().join("\n")
        }
    }
}

fn check(placement: &Placement, requirement: &Requirement, expected: &Expect) {
    expected.assert_eq(&told(placement, requirement));
}

fn words(text: &str) -> Requirement {
    Requirement::parse(text).expect("it is right")
}

#[test]
fn a_cell_or_half_of_one_is_met_or_not() {
    let placement = placed("quorum:r=1,w=1");
    for met in ["PA", "EL", "PA/EL", " PA/EL "] {
        let requirement = Requirement::cell(met).expect("it is one");
        assert_eq!(requirement.check(&placement), Fulfilled::Yes, "{met}");
    }
    let cell = |text| Requirement::cell(text).expect("it is one");
    check(
        &placement,
        &cell("PC/EC"),
        &expect![[r#"
            PC in a partition: acknowledged writes: 0 of 6696 are gone, and 675 a site does not show; 7 while pacific is cut off with losses
            EC without a partition: what it answers is not linearizable; 2 while every link takes 5 ms"#]],
    );
    let placement = placed("quorum:r=2,w=2,repair=before");
    check(
        &placement,
        &cell("PA/EL"),
        &expect![[r#"
            PA in a partition: pacific answers 0 of 38 reads that begin 1500.0 ms after the cut, while pacific is cut off; 1 while pacific is cut off
            EL without a partition: what it answers is linearizable, and a write at indian takes 1.00 round trips; 1 while indian is slow"#]],
    );
    check(&placement, &cell("P-"), &expect!["P– in a partition: it is PC"]);
}

#[test]
fn what_is_no_cell_is_none() {
    for wrong in ["", "P", "CA", "PA/", "/EL", "pa", "PC/EC/EL", "P?"] {
        assert_eq!(Requirement::cell(wrong), None, "{wrong}");
    }
}

/// A line for each requirement, and for each thing that is not so.
fn check_all(placement: &Placement, requirements: &[&str], expected: &Expect) {
    let told = requirements.iter().map(|text| format!("{text}: {}\n", told(placement, &words(text))));
    expected.assert_eq(&told.collect::<String>());
}

#[test]
fn each_word_is_held_against_the_measurement() {
    let requirements = [
        "read.partition = 'stale'",
        "read.partition = 'answer'",
        "read.partition = 'refuse'",
        "read.stale_max = '10s'",
        "read.stale_max = '50ms'",
        "read.refused_max = '0s'",
        "read.latency_max = '1ms'",
        "write.partition = 'answer'",
        "write.partition = 'refuse'",
        "write.latency_max = '1.00rt'",
        "write.latency_max = '0.99rt'",
        "write.latency_max = '100ms'",
        "write.refused_max = '1s'",
        // It is silent to the end of the cut, and a longer one would show it to be silent for longer.
        "write.refused_max = '3s'",
        "write.refused_max = '1h'",
    ];
    check_all(
        &placed("leader:sync=none,reads=anywhere"),
        &requirements,
        &expect![[r#"
            read.partition = 'stale': met
            read.partition = 'answer': reads show nothing stale in a partition: a read shows what had been replaced 3953.2 ms before; 2 while pacific is cut off with losses
            read.partition = 'refuse': reads show nothing stale in a partition: a read shows what had been replaced 3953.2 ms before; 2 while pacific is cut off with losses
            read.stale_max = '10s': met as far as a cut of 4 s shows: in a longer one reads show what was replaced longer before
            read.stale_max = '50ms': reads show nothing that was replaced more than 50.0 ms before: a read shows what had been replaced 3953.2 ms before; 2 while pacific is cut off with losses
            read.refused_max = '0s': met
            read.latency_max = '1ms': met
            write.partition = 'answer': writes are answered in a partition: while pacific is cut off, atlantic answers 0 of 38; 1 while pacific is cut off
            write.partition = 'refuse': writes are refused rather than lost: 68 of 429 that a client had built on what it read were overwritten by one that had not seen them; 8 while pacific is cut off
            write.latency_max = '1.00rt': met
            write.latency_max = '0.99rt': a write takes at most 0.99 round trips: at indian it takes 1.00 round trips; 1 while pacific is slow
            write.latency_max = '100ms': a write takes at most 100.0 ms: one takes 120.4 ms; 1 while pacific is slow
            write.refused_max = '1s': writes are without an answer for at most 1000.0 ms: while indian is cut off with losses, indian does not answer them before it heals; 1 while indian is cut off with losses
            write.refused_max = '3s': unknown: how long a site leaves them without an answer when it is cut off for longer
            write.refused_max = '1h': unknown: how long a site leaves them without an answer when it is cut off for longer
        "#]],
    );
    // Nothing that it shows is stale in the cut, and so in none.
    check(&placed("quorum:r=2,w=2"), &words("read.stale_max = '10s'"), &expect!["met"]);
}

#[test]
fn a_write_that_is_lost_after_a_fail_over_is_shown() {
    let requirements = ["write.lost = 'never'", "write.partition = 'refuse'", "write.refused_max = '600ms'"];
    check_all(
        &placed("leader:sync=none,failover=majority"),
        &requirements,
        &expect![[r#"
            write.lost = 'never': no acknowledged write is lost: 18 of 4837 are gone, and 3 of 669 that a client had built on what it read were overwritten by one that had not seen them; 7 while pacific is cut off
            write.partition = 'refuse': writes are refused rather than lost: 18 of 4837 are gone, and 3 of 669 that a client had built on what it read were overwritten by one that had not seen them; 7 while pacific is cut off
            write.refused_max = '600ms': writes are without an answer for at most 600.0 ms: while indian is cut off with losses, indian does not answer them before it heals; 1 while indian is cut off with losses
        "#]],
    );
}

#[test]
fn a_write_that_is_overwritten_by_a_client_that_had_not_seen_it_is_shown() {
    let requirements = ["write.lost = 'never'", "write.partition = 'refuse'"];
    check_all(
        &placed("multi-leader:conflicts=lww"),
        &requirements,
        &expect![[r#"
            write.lost = 'never': no acknowledged write is lost: 392 of 1296 that a client had built on what it read were overwritten by one that had not seen them; 8 while pacific is cut off
            write.partition = 'refuse': writes are refused rather than lost: 392 of 1296 that a client had built on what it read were overwritten by one that had not seen them; 8 while pacific is cut off
        "#]],
    );
    check_all(
        &placed("multi-leader:conflicts=siblings"),
        &requirements,
        &expect![[r#"
        write.lost = 'never': met
        write.partition = 'refuse': met
    "#]],
    );
}

/// What is made of a round in which pacific is cut off and these are all that was asked: key `k`, one client at each site.
fn of_a_cut(asked: impl IntoIterator<Item = (usize, Phase, Ask, u64, Option<(u64, Answer)>)>) -> Placement {
    let ms = Duration::from_millis;
    let asked = asked.into_iter().map(|(site, phase, ask, begun, ended)| Asked {
        site,
        client: 0,
        ask,
        begun: ms(begun),
        ended: ended.map(|(at, answer)| (ms(at), answer)),
        phase,
    });
    let condition = Condition::Cut { site: 0, way: Way::Both, fate: Fate::Held };
    let record = Record { round: Round::new(3, condition), asked: asked.collect() };
    placed_from("a store".to_owned(), 7, vec![record])
}

#[test]
fn old_after_new_is_not_fresh_though_the_new_one_is_still_being_written() {
    let shows = |values: Option<u64>| Answer::shows(values);
    let write = |value, begun, ended| (0, Phase::Traffic, Ask::write("k", value), begun, ended);
    let read = |site, shown, begun| {
        (site, Phase::Traffic, Ask::read("k"), begun, Some((begun + 10, shows(Some(shown)))))
    };
    let first = write(1, 100, Some((110, Answer::DONE)));
    let second = write(2, 700, None);
    check_all(
        &of_a_cut([first.clone(), second.clone(), read(1, 2, 800), read(2, 1, 900)]),
        &["read.partition = 'answer'", "read.partition = 'refuse'", "read.partition = 'stale'"],
        &expect![[r#"
            read.partition = 'answer': reads show nothing old after new in a partition: indian-0 r(k,1) reads as k that of pacific-0 w(k,1), which pacific-0 w(k,2)? had overwritten before it began; 4 while pacific is cut off
            read.partition = 'refuse': reads show nothing old after new in a partition: indian-0 r(k,1) reads as k that of pacific-0 w(k,1), which pacific-0 w(k,2)? had overwritten before it began; 4 while pacific is cut off
            read.partition = 'stale': met
        "#]],
    );
    check_all(
        &of_a_cut([first, second, read(1, 1, 800), read(2, 2, 900)]),
        &["read.partition = 'answer'", "read.partition = 'refuse'"],
        &expect![[r#"
            read.partition = 'answer': met
            read.partition = 'refuse': met
        "#]],
    );
}

#[test]
fn what_is_never_shown_at_a_site_is_older_than_any_time() {
    let write =
        |value, begun| (0, Phase::Traffic, Ask::write("k", value), begun, Some((begun + 10, Answer::DONE)));
    let read = |site, shown: u64, begun| {
        (site, Phase::ReadBack, Ask::read("k"), begun, Some((begun + 10, Answer::shows([shown]))))
    };
    let writes = [write(1, 100), write(2, 700)];
    let never = writes.clone().into_iter().chain([read(1, 1, 7600), read(1, 1, 7900), read(2, 2, 7600)]);
    let again = writes.clone().into_iter().chain([read(1, 1, 7600), read(1, 2, 7900), read(2, 2, 7600)]);
    let fresh = writes.into_iter().chain([read(1, 2, 7600), read(2, 2, 7600)]);
    let required = ["read.stale_max = '10s'"];
    check_all(
        &of_a_cut(never),
        &required,
        &expect![[r#"
        read.stale_max = '10s': reads show nothing that was replaced more than 10000.0 ms before: a read long after every cut shows what had been replaced 7190.0 ms before, and so do all later ones, unless the key is read or written again; 3 while pacific is cut off
    "#]],
    );
    check_all(
        &of_a_cut(again),
        &required,
        &expect![[r#"
        read.stale_max = '10s': reads show nothing that was replaced more than 10000.0 ms before: a read long after every cut shows what had been replaced 6890.0 ms before, and so do all later ones, unless the key is read or written again; 3 while pacific is cut off
    "#]],
    );
    check_all(
        &of_a_cut(fresh),
        &required,
        &expect![[r#"
        read.stale_max = '10s': met
    "#]],
    );
}

#[test]
fn whoever_is_without_an_answer_when_the_time_is_over_is_shown_though_it_asked_before() {
    let Placement { store, seed, mut records, .. } = Placement::clone(&placed("quorum:r=1,w=1"));
    let cut = records.iter_mut().find(|record| !record.round.is_normal()).expect("there is a cut");
    let is_it = |asked: &&mut Asked| {
        asked.site == 0 && asked.ask.kind() == Kind::Write && asked.begun < CUT_AT + Duration::from_secs(1)
    };
    cut.asked.iter_mut().rfind(is_it).expect("it writes all the time").ended = None;
    check_all(
        &placed_from(store, seed, records),
        &["write.refused_max = '900ms'", "write.refused_max = '1s'", "write.refused_max = '1100ms'"],
        &expect![[r#"
            write.refused_max = '900ms': writes are without an answer for at most 900.0 ms: while pacific is cut off, pacific answers them again after 1019.9 ms; 1 while pacific is cut off
            write.refused_max = '1s': writes are without an answer for at most 1000.0 ms: while pacific is cut off, pacific answers them again after 1019.9 ms; 1 while pacific is cut off
            write.refused_max = '1100ms': met
        "#]],
    );
}

#[test]
fn the_file_that_shows_how_requirements_are_written_is_read() {
    let text = include_str!("../../../../placement/requirements.toml");
    check(
        &placed("multi-leader:conflicts=siblings"),
        &words(text),
        &expect![
            "met as far as a cut of 4 s shows: in a longer one reads show what was replaced longer before"
        ],
    );
}

#[test]
fn a_wrong_text_is_refused_at_its_place() {
    let refused = [
        (
            "",
            expect![[
                r#"1:1: nothing is required (say something under `[read]` or `[write]`, such as `partition = "answer"`)"#
            ]],
        ),
        (
            "[read]",
            expect![[
                r#"1:7: nothing is required (say something under `[read]` or `[write]`, such as `partition = "answer"`)"#
            ]],
        ),
        ("[reed]", expect!["1:2: unknown key `reed` in the file (did you mean `read`?)"]),
        (
            "[read]\nstale = '1s'",
            expect![
                "2:1: unknown key `stale` in [read] (one of `partition`, `stale_max`, `latency_max`, `refused_max`)"
            ],
        ),
        (
            "[write]\nstale_max = '1s'",
            expect![
                "2:1: unknown key `stale_max` in [write] (one of `partition`, `latency_max`, `refused_max`, `lost`)"
            ],
        ),
        (
            "[read]\npartition = 'anser'",
            expect!["2:13: `anser` is no value of `partition` (did you mean `answer`?)"],
        ),
        (
            "[write]\npartition = 'stale'",
            expect!["2:13: `stale` is no value of `partition` (one of `answer`, `refuse`)"],
        ),
        ("[read]\npartition = true", expect!["2:13: `partition` should be a text in quotes, not a boolean"]),
        (
            "[read]\nstale_max = 200",
            expect![[r#"2:13: `stale_max` should be a time such as "200ms", not an integer"#]],
        ),
        ("[read]\nstale_max = '200'", expect![[r#"2:13: `200` is not a time such as "200ms""#]]),
        (
            "[read]\nlatency_max = '1.555rt'",
            expect![[r#"2:15: `1.555rt` is not a time such as "120ms", or round trips such as "1.5rt""#]],
        ),
        (
            "[read]\nlatency_max = '-1rt'",
            expect![[r#"2:15: `-1rt` is not a time such as "120ms", or round trips such as "1.5rt""#]],
        ),
        ("[write]\nlost = 'seldom'", expect!["2:8: `seldom` is no value of `lost` (one of `never`)"]),
        ("[write]\nlost = ", expect!["2:8: string values must be quoted, expected literal string"]),
    ];
    for (text, expected) in refused {
        let error = Requirement::parse(text).expect_err("it is wrong");
        let (line, column) = error.line_and_column(text);
        expected.assert_eq(&format!("{line}:{column}: {error}"));
    }
    let long = format!("#{}", "x".repeat(Requirement::TEXT_MAX));
    let error = Requirement::parse(&long).expect_err("it is too long");
    expect!["requirements have at most 65536 bytes"].assert_eq(&error.to_string());
}

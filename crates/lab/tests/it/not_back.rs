//! Sites that do not answer again after a cut are seen: a store that is silent says nothing wrong.

use std::fmt::Write;
use std::time::Duration;

use constellation_lab::placement::client::Kind;
use constellation_lab::placement::measure::Answers;
use constellation_lab::placement::protocol::{CUT_AT, Condition, HEAL_AT};
use constellation_lab::placement::record::{Asked, Phase, Record};
use constellation_lab::placement::requirements::{Fulfilled, Requirement};
use constellation_lab::placement::{Placement, placed, told};
use expect_test::{Expect, expect};

use crate::shared::{SEED, measured, named, records};

/// How many in a row a site may leave without an answer until no more is read back there.
const GIVEN_UP_AFTER: usize = 3;

/// The placement of a store whose site that is cut off never answers again from then on what `is_silent` says.
fn dead(store: &str, from: Duration, is_silent: impl Fn(&Asked) -> bool) -> Placement {
    let mut records = records(store, |_| true);
    for record in &mut records {
        if let Condition::Cut { site, .. } = record.round.condition {
            silence(record, |asked| asked.site == site && asked.begun >= from && is_silent(asked));
        }
    }
    placed(store.to_owned(), SEED, records)
}

fn silence(record: &mut Record, is_silent: impl Fn(&Asked) -> bool) {
    let mut read_back = 0;
    record.asked.retain_mut(|asked| {
        if !is_silent(asked) {
            return true;
        }
        asked.ended = None;
        read_back += usize::from(asked.phase == Phase::ReadBack);
        asked.phase != Phase::ReadBack || read_back <= GIVEN_UP_AFTER
    });
}

fn check(placement: &Placement, required: &[&str], expected: &Expect) {
    let mut text = format!("{} {}\n", placement.cell, told::partition(placement));
    let Placement { lost, .. } = placement;
    writeln!(text, "{} of {} not read at every site", lost.unread_partly, lost.of).expect("a text takes all");
    for wanted in required {
        let requirement = Requirement::cell(wanted).or_else(|| Requirement::parse(wanted).ok());
        let told = match requirement.expect("it is right").check(placement) {
            Fulfilled::Yes => "met".to_owned(),
            Fulfilled::AsFarAs(what) => format!("met as far as {what}"),
            Fulfilled::Unknown(what) => format!("unknown: {what}"),
            Fulfilled::No(breaches) => {
                let Some(shown) = &breaches[0].shown else { panic!("it is shown: {breaches:?}") };
                let record = &placement.records[shown.round];
                let shown = shown.operations.iter().map(|place| told::operation(&record.asked[*place]));
                format!("{}\n  {}", breaches[0].found, shown.collect::<Vec<_>>().join("\n  "))
            }
        };
        writeln!(text, "{wanted}: {told}").expect("a text takes all");
    }
    expected.assert_eq(&text);
}

#[test]
fn a_site_that_is_dead_from_the_cut_on_is_not_told_as_one_that_came_back() {
    check(
        &dead("consensus:reads=log", CUT_AT, |_| true),
        &["PC", "read.refused_max = '1h'", "write.lost = 'never'"],
        &expect![[r#"
            P?/EC Whichever site is cut off, it answers neither reads nor writes; the others answer again 573.3 ms after the cut at the latest; even when the cut has healed, it answers neither reads nor writes; what is answered is linearizable, and none of 4117 acknowledged writes was lost, 4117 could not be read back at every site.
            4117 of 4117 not read at every site
            PC: unknown: what the store keeps in a partition
            read.refused_max = '1h': after a cut in which pacific is cut off, pacific answers 0 of 17 that begin 1000.0 ms after the heal or later
              5612.2 ms  pacific's client 1 reads own-2-114, silent to the end
            write.lost = 'never': unknown: what became of acknowledged writes that could not be read back at every site
        "#]],
    );
}

#[test]
fn a_site_that_is_silent_from_the_heal_on_is_not_available() {
    check(
        &dead("multi-leader:conflicts=lww", HEAL_AT, |asked| asked.ask.kind() == Kind::Write),
        &["PA", "write.refused_max = '10s'", "read.refused_max = '10s'"],
        &expect![[r#"
            P?/EL Whichever site is cut off, every site goes on answering reads and writes; even when the cut has healed, it answers no writes; 1562 of 5412 reads showed what had been replaced, up to 4293.2 ms before, and none of 6204 acknowledged writes was lost, and 392 of 1224 that a client had built on what it read were overwritten by one that had not seen them, and causal-convergence held without a cut and does not hold with one, nor do causal and pram.
            0 of 6204 not read at every site
            PA: unknown: what the store keeps in a partition
            write.refused_max = '10s': after a cut in which pacific is cut off, pacific answers 0 of 10 that begin 1000.0 ms after the heal or later
              5619.9 ms  pacific's client 0 writes own-0-140 = 421, silent to the end
            read.refused_max = '10s': met
        "#]],
    );
}

#[test]
fn every_store_answers_again_after_every_cut() {
    for store in named() {
        let placement = measured(&store.to_string());
        let not_back: Vec<&Answers> = placement.answers.iter().filter(|row| !row.is_back()).collect();
        assert!(not_back.is_empty(), "{store}: {not_back:?}");
    }
}

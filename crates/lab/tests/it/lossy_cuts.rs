//! Cuts that lose what is sent over them: whoever does not send it again, or read it, stays behind.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use constellation_lab::placement::client::{Answer, Kind};
use constellation_lab::placement::judged::{self, Consistency};
use constellation_lab::placement::protocol::{Condition, Fate, HEAL_AT, Round, Way};
use constellation_lab::placement::record::{Asked, Phase, Record};
use constellation_lab::placement::{Placement, STORES, Store, placed, told};
use expect_test::expect;

use crate::placement::not_linearizable_if;
use crate::shared::{SEED, measured, records};

/// What was recorded in the rounds in which messages are lost.
fn lossy(store: &Store, seed: u64) -> Vec<Record> {
    let rounds = Round::all(store.sites).into_iter().filter(|round| round.fate == Fate::Lost);
    rounds.map(|round| store.run(&round, seed).expect("it runs")).collect()
}

fn parsed(store: &str) -> Store {
    store.parse().expect("it is in the table")
}

#[test]
fn what_a_cut_has_lost_is_missing_only_where_nobody_sends_it_again() {
    let mut table = String::new();
    let named = STORES.iter().flat_map(|info| info.named.iter().map(|set| format!("{}:{set}", info.name)));
    let also =
        ["quorum:n=3,r=2,w=2,repair=after", "quorum:n=2,r=1,w=1,repair=after,sloppy=on"].map(String::from);
    for store in named.filter(|name| !name.contains("sites=5")).chain(also) {
        let records = records(&store, |record| record.round.fate == Fate::Lost);
        let unread = records.iter().flat_map(|record| &record.asked).filter(|asked| is_unread(asked)).count();
        assert_eq!(unread, 0, "{store}: {unread} reads long after the heal have no answer");
        let Placement { lost, .. } = placed(store.clone(), SEED, records);
        assert_eq!(lost.unread, 0, "{store}");
        if lost.missed() + lost.late > 0 {
            let (count, of) = (lost.count, lost.of);
            writeln!(
                table,
                "{count} lost, {} missing, {} until read, of {of}  {store}",
                lost.partly, lost.late
            )
            .expect("a text takes all");
        }
    }
    expect![[r#"
        6 lost, 0 missing, 0 until read, of 1211  leader:sync=none,reads=leader,failover=majority
        0 lost, 675 missing, 0 until read, of 1674  quorum:n=3,r=1,w=1,repair=off
        0 lost, 0 missing, 597 until read, of 1674  quorum:n=3,r=1,w=1,repair=after
        14 lost, 0 missing, 4 until read, of 1137  quorum:n=3,r=2,w=2,repair=before,skew=200ms
        0 lost, 429 missing, 0 until read, of 1403  quorum:n=2,r=1,w=1,repair=off
        39 lost, 0 missing, 0 until read, of 1674  multi-leader:conflicts=lww,skew=200ms
    "#]]
    .assert_eq(&table);
}

#[test]
fn what_a_site_does_not_show_it_is_asked_again_and_again() {
    let round = Round::new(3, Condition::Cut { site: 0, way: Way::Both, fate: Fate::Lost });
    let record = parsed("quorum:n=3,r=2,w=1,repair=off").run(&round, 7).expect("it runs");
    let mut reads: BTreeMap<(usize, &str), Vec<&Asked>> = BTreeMap::new();
    for asked in record.asked.iter().filter(|asked| asked.phase == Phase::ReadBack) {
        reads.entry((asked.site, &asked.ask.key)).or_default().push(asked);
    }
    let is_nothing = |asked: &Asked| asked.done().is_some_and(|(_, shown)| shown.is_none());
    let mut is_luck = false;
    for ((_, key), reads) in &reads {
        let times = if is_nothing(reads[0]) || !key.starts_with("own") { 4 } else { 1 };
        assert_eq!(reads.len(), times, "{key}");
        let rests = reads.windows(2).map(|two| two[1].begun - two[0].done().expect("it answers").0);
        assert!(rests.into_iter().all(|rest| rest >= Duration::from_millis(200)), "{key}: {reads:?}");
        is_luck |= reads.windows(2).any(|two| !is_nothing(two[0]) && is_nothing(two[1]));
    }
    assert!(is_luck, "a read of two of three replicas shows by luck what one of them has");
}

#[test]
fn a_sentence_turns_once_at_the_most() {
    for store in ["quorum:r=1,w=2,repair=after", "quorum:r=1,w=1,repair=after", "quorum:r=2,w=1"] {
        let told = told::partition(&measured(store));
        assert!(told.matches(" but ").count() <= 1, "{told}");
        println!("{told}");
    }
}

fn is_unread(asked: &Asked) -> bool {
    asked.phase == Phase::ReadBack && asked.done().is_none()
}

#[test]
fn readers_that_write_nothing_back_let_later_ones_see_less() {
    for seed in 0..5 {
        for repair in ["off", "after"] {
            let store = parsed(&format!("quorum:n=3,r=2,w=2,repair={repair}"));
            let mut records = lossy(&store, seed);
            // Of the keys that are written once, which are read right after the heal.
            for record in &mut records {
                record.asked.retain(|asked| asked.ask.key.starts_with("own"));
            }
            let numbered: Vec<(usize, &Record)> = records.iter().enumerate().collect();
            let Consistency::Violated(violation) = judged::linearizable(&numbered) else {
                panic!("{store}, seed {seed}: a reader writes nothing back");
            };
            // A write of which nobody knows, a read that shows it, and a later one that does not.
            let record = &records[violation.round];
            let shows: Vec<&Asked> = violation.operations.iter().map(|place| &record.asked[*place]).collect();
            let [write, first, second] = shows[..] else { panic!("{store}, seed {seed}: {shows:?}") };
            assert_eq!((write.ask.kind(), write.done()), (Kind::Write, None), "{store}, seed {seed}");
            let Some((first_ended, Some(shown))) = first.done() else { panic!("{first:?}") };
            assert_eq!((Some(shown), true), (write.written(), first.begun > HEAL_AT), "{store}, seed {seed}");
            let Some((_, None)) = second.done() else { panic!("{second:?}") };
            assert!(first_ended < second.begun && first.site != second.site, "{store}, seed {seed}");
        }
        let store = parsed("quorum:n=3,r=2,w=2,repair=before");
        let records = lossy(&store, seed);
        let numbered: Vec<(usize, &Record)> = records.iter().enumerate().collect();
        assert_eq!(judged::linearizable(&numbered), Consistency::Holds, "{store}, seed {seed}");
        // Not for want of writes that some replicas have and others not.
        let is_found =
            |asked: &Asked| matches!(&asked.ended, Some((_, Answer::Ok(shown))) if !shown.is_empty());
        let is_open = |key: &str, record: &Record| {
            record
                .asked
                .iter()
                .any(|asked| asked.written().is_some() && asked.ask.key == key && asked.done().is_none())
        };
        let found = records.iter().any(|record| {
            let mut reads = record.asked.iter().filter(|asked| asked.begun > HEAL_AT && is_found(asked));
            reads.any(|read| read.ask.key.starts_with("own") && is_open(&read.ask.key, record))
        });
        assert!(found, "seed {seed}");
    }
}

#[test]
fn whoever_promises_one_register_keeps_it_however_messages_are_lost() {
    let stores = [
        "leader:sync=none,reads=leader",
        "leader:sync=one,reads=leader,failover=majority",
        "leader:sync=all,reads=leader",
        "quorum:n=3,r=2,w=2,repair=before",
        "quorum:n=3,r=3,w=1,repair=off",
        "consensus:reads=log",
        "consensus:reads=lease",
        "chain:reads=tail",
        "chain:reads=craq",
        "chain:reads=tail,failover=majority",
        "chain:reads=craq,failover=majority",
    ];
    for store in stores {
        assert_eq!(not_linearizable_if(Fate::Lost, store, 20), Vec::<u64>::new(), "{store}");
    }
    expect!["[0, 1, 2]"]
        .assert_eq(&format!("{:?}", not_linearizable_if(Fate::Lost, "quorum:n=3,r=2,w=2,repair=off", 20)));
}

#[test]
fn a_cut_that_loses_is_told_from_one_that_holds() {
    let told: Vec<String> = Round::all(3)
        .iter()
        .filter(|round| matches!(round.condition, Condition::Cut { site: 0, .. }))
        .map(|round| round.condition.to_string())
        .collect();
    assert_eq!(
        told,
        [
            "pacific is cut off",
            "pacific is not heard",
            "pacific hears nobody",
            "pacific is cut off with losses"
        ]
    );
}

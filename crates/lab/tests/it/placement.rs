//! Stores are placed where their settings put them, by what they do.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::rc::Rc;
use std::time::Duration;

use constellation_lab::placement::cell::{Cell, InPartition};
use constellation_lab::placement::client::{Answer, Client};
use constellation_lab::placement::judged::{self, Consistency};
use constellation_lab::placement::protocol::{
    CUT_AT, Condition, Cutting, Event, Fate, HEAL_AT, Orders, Round, Tester, Way,
};
use constellation_lab::placement::record::{Phase, Record};
use constellation_lab::placement::requirements::{Fulfilled, Requirement};
use constellation_lab::placement::stores::SettingError;
use constellation_lab::placement::trade::Trade;
use constellation_lab::placement::{Elsewhere, Lost, Overwritten, Placement, Store, place, placed, told};
use expect_test::{Expect, expect};

use crate::shared::{SEED, measured, named};

/// Cell, sentences, strongest models and what shows the violations.
fn shown(placement: &Placement) -> String {
    let mut text = format!("{} {}\n", placement.cell, placement.store);
    let mut line = |line: String| writeln!(text, "{line}").expect("a text takes all");
    line(told::partition(placement));
    line(told::otherwise(placement));
    told::other_cuts(placement).into_iter().for_each(&mut line);
    told::splits(placement).into_iter().for_each(&mut line);
    let (normal, cut) = placement.strongest();
    line(format!("strongest: {}; else {}", told::models(&cut), told::models(&normal)));
    for consistency in [&placement.in_partition, &placement.normal] {
        if let Consistency::Violated(violation) = consistency {
            line(format!("  {}: {}", violation.condition, violation.found));
            for shows in told::evidence(&placement.records[violation.round], violation) {
                line(format!("  {shows}"));
            }
        }
    }
    text
}

pub(crate) fn check(store: &str, expected: Expect) {
    expected.assert_eq(&shown(&measured(store)));
}

#[test]
fn a_leader_that_alone_is_read_is_consistent_in_both() {
    check(
        "leader:sync=none,reads=leader",
        expect![[r#"
            PC/EC leader:sync=none,reads=leader,failover=off
            Where pacific is cut off, the others answer neither reads nor writes; where atlantic or indian is cut off, it answers neither reads nor writes; what is answered is linearizable, and none of 4513 acknowledged writes was lost.
            A read takes 0.00 round trips at pacific, 1.00 at atlantic and indian, and a write 0.00 round trips at pacific, 1.00 at atlantic and indian; every read shows the latest write, with one slow site, too.
            strongest: linearizable and eventual-convergence; else linearizable and eventual-convergence
        "#]],
    );
    check(
        "leader:sync=all,reads=leader",
        expect![[r#"
            PC/EC leader:sync=all,reads=leader,failover=off
            Where pacific is cut off, the others answer neither reads nor writes, and it answers no writes; where atlantic or indian is cut off, it answers neither reads nor writes, and the others answer no writes; what is answered is linearizable, and none of 2820 acknowledged writes was lost.
            A read takes 0.00 round trips at pacific, 1.00 at atlantic and indian, and a write 1.00 round trips at pacific, 2.00 at atlantic and indian; every read shows the latest write, with one slow site, too.
            strongest: linearizable (eventual-convergence: unknown); else linearizable and eventual-convergence
        "#]],
    );
}

#[test]
fn followers_that_are_read_show_what_has_been_replaced() {
    check(
        "leader:sync=none,reads=anywhere",
        expect![[r#"
            PC/EL leader:sync=none,reads=anywhere,failover=off
            Where pacific is cut off, the others answer no writes; where atlantic or indian is cut off, it answers no writes; what is answered keeps causal-convergence and pram, as without a cut, but not how old a read may be: 59.4 ms without, 3953.2 ms with one (926 of 5724 reads); none of 4520 acknowledged writes was lost, and 68 of 429 that a client had built on what it read were overwritten by one that had not seen them.
            A read takes 0.00 round trips, and a write 0.00 round trips at pacific, 1.00 at atlantic and indian; 1572 of 8928 reads showed what had been replaced, up to 59.4 ms before.
            strongest: sequential; else sequential
              pacific is cut off: indian-4 r(shared-0,41) reads as shared-0 that of atlantic-0 w(shared-0,41), which pacific-0 w(shared-0,46) had overwritten before it began
              546.6 ms  atlantic's client 0 writes shared-0 = 41, done at 567.1 ms
              619.9 ms  pacific's client 0 writes shared-0 = 46, done at 620.0 ms
              733.3 ms  indian's client 4 reads shared-0, shown 41 at 733.4 ms
              every link takes 5 ms: indian-0 r(turn-1,nil) reads as turn-1 the initial value, which pacific-0 w(turn-1,1) had overwritten before it began
              500.0 ms  pacific's client 0 writes turn-1 = 1, done at 500.1 ms
              504.9 ms  indian's client 0 reads turn-1, shown nothing at 505.0 ms
        "#]],
    );
    check(
        "leader:sync=one,reads=anywhere",
        expect![[r#"
            PC/EL leader:sync=one,reads=anywhere,failover=off
            Where pacific is cut off, no site answers writes; where atlantic or indian is cut off, it answers no writes; what is answered keeps causal-convergence and pram, as without a cut, but not how old a read may be: 39.6 ms without, 3932.8 ms with one (453 of 5796 reads); none of 4165 acknowledged writes was lost, and 58 of 393 that a client had built on what it read were overwritten by one that had not seen them.
            A read takes 0.00 round trips, and a write 1.00 round trips at pacific, 2.00 at atlantic and indian; 491 of 13886 reads showed what had been replaced, up to 39.6 ms before.
            strongest: sequential; else sequential
              atlantic is cut off: atlantic-4 r(shared-0,41) reads as shared-0 that of atlantic-1 w(shared-0,41), which indian-0 w(shared-0,45) had overwritten before it began
              546.6 ms  atlantic's client 1 writes shared-0 = 41, done at 587.2 ms
              593.3 ms  indian's client 0 writes shared-0 = 45, done at 633.8 ms
              726.6 ms  atlantic's client 4 reads shared-0, shown 41 at 726.7 ms
              every link takes 5 ms: pacific-1 r(turn-1,nil) reads as turn-1 the initial value, which pacific-0 w(turn-1,1) had overwritten before it began
              500.0 ms  pacific's client 0 writes turn-1 = 1, done at 510.3 ms
              505.4 ms  atlantic's client 1 reads turn-1, shown 1 at 505.5 ms
              510.2 ms  pacific's client 1 reads turn-1, shown nothing at 510.3 ms
        "#]],
    );
    check(
        "leader:sync=all,reads=anywhere",
        expect![[r#"
            PC/EL leader:sync=all,reads=anywhere,failover=off
            Whichever site is cut off, no site answers writes; what is answered keeps causal-convergence and pram, as without a cut; none of 2825 acknowledged writes was lost.
            A read takes 0.00 round trips, and a write 1.00 round trips at pacific, 2.00 at atlantic and indian; reads go back to what others no longer see: pacific-1 r(turn-1,nil) reads as turn-1 the initial value, which pacific-0 w(turn-1,1) had overwritten before it began.
            strongest: sequential (eventual-convergence: unknown); else sequential and eventual-convergence
              atlantic is cut off: atlantic-4 r(shared-0,41) reads as shared-0 that of atlantic-1 w(shared-0,41), which pacific-0 w(shared-0,46)? had overwritten before it began
              546.6 ms  atlantic's client 1 writes shared-0 = 41, done at 587.3 ms
              619.9 ms  pacific's client 0 writes shared-0 = 46, silent until 1619.9 ms: no answer within 1 s
              653.3 ms  indian's client 2 reads shared-0, shown 46 at 653.4 ms
              726.6 ms  atlantic's client 4 reads shared-0, shown 41 at 726.7 ms
              every link takes 5 ms: pacific-1 r(turn-1,nil) reads as turn-1 the initial value, which pacific-0 w(turn-1,1) had overwritten before it began
              500.0 ms  pacific's client 0 writes turn-1 = 1, done at 510.3 ms
              505.4 ms  atlantic's client 1 reads turn-1, shown 1 at 505.5 ms
              510.2 ms  pacific's client 1 reads turn-1, shown nothing at 510.3 ms
        "#]],
    );
}

#[test]
fn a_leader_that_is_replaced_loses_what_its_follower_had_not_been_sent() {
    check(
        "leader:sync=none,reads=leader,failover=majority",
        expect![[r#"
            P–/EC leader:sync=none,reads=leader,failover=majority
            Whichever site is cut off, it answers neither reads nor writes; the others answer again 553.3 ms after the cut at the latest; 96 of 4509 reads showed what had been replaced, up to 5233.2 ms before, and 18 of 4837 acknowledged writes were lost, and 3 of 669 that a client had built on what it read were overwritten by one that had not seen them.
            A read takes 0.00 round trips at pacific, 1.00 at atlantic and indian, and a write 0.00 round trips at pacific, 1.00 at atlantic and indian; every read shows the latest write, with one slow site, too.
            Whichever site hears nobody, it answers neither reads nor writes; the others answer again 1013.3 ms after the cut at the latest.
            strongest: monotonic-writes and writes-follow-reads and strong-convergence; else linearizable and eventual-convergence
              pacific is cut off: pacific-0 r(shared-0,41) reads as shared-0 that of atlantic-1 w(shared-0,41), which pacific-0 w(shared-0,46) had overwritten before it began
              546.6 ms  atlantic's client 1 writes shared-0 = 41, done at 567.0 ms
              619.9 ms  pacific's client 0 writes shared-0 = 46, done at 620.0 ms
              14372.5 ms  pacific's client 0 reads shared-0, shown 41 at 14392.8 ms
        "#]],
    );
    check(
        "leader:sync=one,reads=leader,failover=majority",
        expect![[r#"
            PC/EC leader:sync=one,reads=leader,failover=majority
            Whichever site is cut off, it answers neither reads nor writes; the others answer again 553.3 ms after the cut at the latest; what is answered is linearizable, and none of 4746 acknowledged writes was lost.
            A read takes 0.00 round trips at pacific, 1.00 at atlantic and indian, and a write 1.00 round trips at pacific, 2.00 at atlantic and indian; every read shows the latest write, with one slow site, too.
            Whichever site hears nobody, it answers neither reads nor writes; the others answer again 1013.3 ms after the cut at the latest.
            strongest: linearizable (eventual-convergence: unknown); else linearizable and eventual-convergence
        "#]],
    );
}

#[test]
fn a_quorum_of_one_goes_on_everywhere() {
    check(
        "quorum:r=1,w=1",
        expect![[r#"
            PA/EL quorum:n=3,r=1,w=1,repair=off,sloppy=off
            Whichever site is cut off, every site goes on answering reads and writes; 1676 of 5412 reads showed what had been replaced, up to 5253.2 ms before, and none of 6696 acknowledged writes was lost, though 675 were not shown at every site 3000.0 ms after the heal, and 294 of 1296 that a client had built on what it read were overwritten by one that had not seen them, and causal-convergence held without a cut and does not hold with one, nor do causal and pram.
            A read takes 0.00 round trips, and a write 0.00 round trips; 2356 of 3510 reads showed what had been replaced, up to 59.4 ms before.
            strongest: read-your-writes and monotonic-reads and monotonic-writes and writes-follow-reads; else sequential
              pacific is cut off: indian-0 r(shared-0,45) reads as shared-0 that of indian-0 w(shared-0,45), which pacific-0 w(shared-0,46) had overwritten before it began
              593.3 ms  indian's client 0 writes shared-0 = 45, done at 593.4 ms
              619.9 ms  pacific's client 0 writes shared-0 = 46, done at 620.0 ms
              653.3 ms  indian's client 0 reads shared-0, shown 45 at 653.4 ms
              every link takes 5 ms: indian-0 r(turn-1,nil) reads as turn-1 the initial value, which pacific-0 w(turn-1,1) had overwritten before it began
              500.0 ms  pacific's client 0 writes turn-1 = 1, done at 500.1 ms
              504.9 ms  indian's client 0 reads turn-1, shown nothing at 505.0 ms
        "#]],
    );
}

#[test]
fn quorums_that_meet_give_up_the_site_that_is_cut_off() {
    check(
        "quorum:r=2,w=2",
        expect![[r#"
            P–/EC quorum:n=3,r=2,w=2,repair=off,sloppy=off
            Whichever site is cut off, it answers neither reads nor writes; what is answered is not linearizable (atlantic-0 r(shared-1,117) reads as shared-1 that of indian-1 w(shared-1,117), which pacific-50 w(shared-1,118)? had overwritten before it began), and none of 4859 acknowledged writes was lost.
            A read takes 1.00 round trips, and a write 1.00 round trips; every read shows the latest write, with one slow site, too.
            strongest: causal and read-your-writes and monotonic-writes and writes-follow-reads (eventual-convergence: unknown); else linearizable and eventual-convergence
              pacific is cut off with losses: atlantic-0 r(shared-1,117) reads as shared-1 that of indian-1 w(shared-1,117), which pacific-50 w(shared-1,118)? had overwritten before it began
              1553.3 ms  indian's client 1 writes shared-1 = 117, done at 1573.6 ms
              1579.9 ms  pacific's client 50 writes shared-1 = 118, silent until 2579.9 ms: no answer within 1 s
              12482.0 ms  pacific's client 0 reads shared-1, shown 118 at 12502.2 ms
              13993.5 ms  atlantic's client 0 reads shared-1, shown 117 at 14013.7 ms
        "#]],
    );
    check(
        "quorum:r=2,w=2,repair=before",
        expect![[r#"
            PC/EC quorum:n=3,r=2,w=2,repair=before,sloppy=off
            Whichever site is cut off, it answers neither reads nor writes; what is answered is linearizable, and none of 4859 acknowledged writes was lost.
            A read takes 1.00 round trips, and a write 1.00 round trips; every read shows the latest write, with one slow site, too.
            strongest: linearizable and eventual-convergence; else linearizable and eventual-convergence
        "#]],
    );
    check(
        "quorum:sites=5,n=5,r=3,w=3",
        expect![[r#"
            P–/EC quorum:n=5,r=3,w=3,repair=off,sloppy=off,sites=5
            Whichever site is cut off, it answers neither reads nor writes; what is answered is not linearizable (antarctic-0 r(own-0-108,nil) reads as own-0-108 the initial value, which pacific-38.4 w(own-0-108,541)? had overwritten before it began), and none of 16325 acknowledged writes was lost.
            A read takes 1.00 round trips, and a write 1.00 round trips; every read shows the latest write, with one slow site, too.
            Where pacific and atlantic, or arctic and antarctic, are cut off from the others, the two answer neither reads nor writes, and the others go on answering reads and writes.
            strongest: read-your-writes and monotonic-writes and writes-follow-reads (eventual-convergence: unknown); else linearizable and eventual-convergence
              pacific is cut off with losses: antarctic-0 r(own-0-108,nil) reads as own-0-108 the initial value, which pacific-38.4 w(own-0-108,541)? had overwritten before it began
              4340.0 ms  pacific's client 38 writes own-0-108 = 541, silent until 5340.0 ms: no answer within 1 s
              5106.7 ms  pacific's client 0 reads own-0-108, shown 541 at 5126.9 ms
              5187.7 ms  antarctic's client 0 reads own-0-108, shown nothing at 5208.0 ms
        "#]],
    );
}

#[test]
fn a_quorum_of_all_writers_or_all_readers() {
    check(
        "quorum:r=1,w=3",
        expect![[r#"
            PC/EL quorum:n=3,r=1,w=3,repair=off,sloppy=off
            Whichever site is cut off, no site answers writes; what is answered keeps causal-convergence and pram, as without a cut; none of 2742 acknowledged writes was lost.
            A read takes 0.00 round trips, and a write 1.00 round trips; reads go back to what others no longer see: indian-1 r(turn-1,nil) reads as turn-1 the initial value, which pacific-0 w(turn-1,1) had overwritten before it began.
            strongest: causal-convergence and causal-memory (eventual-convergence: unknown); else sequential and eventual-convergence
              pacific is cut off: pacific-3 r(shared-0,46) reads as shared-0 that of pacific-0 w(shared-0,46)?, which indian-0 w(shared-0,45)? had overwritten before it began
              593.3 ms  indian's client 0 writes shared-0 = 45, silent until 1593.3 ms: no answer within 1 s
              619.9 ms  pacific's client 0 writes shared-0 = 46, silent until 1619.9 ms: no answer within 1 s
              639.9 ms  pacific's client 1 reads shared-0, shown 46 at 640.0 ms
              653.3 ms  indian's client 2 reads shared-0, shown 45 at 653.4 ms
              719.9 ms  pacific's client 3 reads shared-0, shown 46 at 720.0 ms
              every link takes 5 ms: indian-1 r(turn-1,nil) reads as turn-1 the initial value, which pacific-0 w(turn-1,1) had overwritten before it began
              500.0 ms  pacific's client 0 writes turn-1 = 1, done at 510.3 ms
              500.0 ms  pacific's client 1 reads turn-1, shown 1 at 500.1 ms
              504.8 ms  indian's client 1 reads turn-1, shown nothing at 504.9 ms
        "#]],
    );
    check(
        "quorum:r=3,w=1",
        expect![[r#"
            PC/EC quorum:n=3,r=3,w=1,repair=off,sloppy=off
            Whichever site is cut off, no site answers reads; what is answered is linearizable, and none of 5688 acknowledged writes was lost.
            A read takes 1.00 round trips, and a write 0.00 round trips; every read shows the latest write, with one slow site, too.
            strongest: linearizable and eventual-convergence; else linearizable and eventual-convergence
        "#]],
    );
}

#[test]
fn a_majority_log_gives_up_the_site_that_is_cut_off() {
    check(
        "consensus:reads=log",
        expect![[r#"
            PC/EC consensus:reads=log
            Whichever site is cut off, it answers neither reads nor writes; the others answer again 573.3 ms after the cut at the latest; what is answered is linearizable, and none of 4661 acknowledged writes was lost.
            A read takes 1.00 round trips at pacific, 2.00 at atlantic and indian, and a write 1.00 round trips at pacific, 2.00 at atlantic and indian; every read shows the latest write, with one slow site, too.
            Whichever site hears nobody, it answers neither reads nor writes; the others answer again 833.3 ms after the cut at the latest.
            strongest: linearizable (eventual-convergence: unknown); else linearizable and eventual-convergence
        "#]],
    );
    check(
        "consensus:reads=lease",
        expect![[r#"
            PC/EC consensus:reads=lease
            Whichever site is cut off, it answers neither reads nor writes; the others answer again 573.3 ms after the cut at the latest; what is answered is linearizable, and none of 4720 acknowledged writes was lost.
            A read takes 0.00 round trips at pacific, 1.00 at atlantic and indian, and a write 1.00 round trips at pacific, 2.00 at atlantic and indian; every read shows the latest write, with one slow site, too.
            Whichever site hears nobody, it answers neither reads nor writes; the others answer again 833.3 ms after the cut at the latest.
            strongest: linearizable (eventual-convergence: unknown); else linearizable and eventual-convergence
        "#]],
    );
    check(
        "consensus:reads=anywhere",
        expect![[r#"
            PC/EL consensus:reads=anywhere
            Whichever site is cut off, it answers no writes; the others answer again 553.3 ms after the cut at the latest; what is answered keeps monotonic-reads, monotonic-writes and writes-follow-reads, as without a cut, but not how old a read may be: 99.6 ms without, 4012.9 ms with one (1072 of 5778 reads); none of 4743 acknowledged writes was lost, and 19 of 638 that a client had built on what it read were overwritten by one that had not seen them.
            A read takes 0.00 round trips, and a write 1.00 round trips at pacific, 2.00 at atlantic and indian; 5129 of 17374 reads showed what had been replaced, up to 99.6 ms before.
            Whichever site hears nobody, it answers no writes; the others answer again 833.3 ms after the cut at the latest.
            strongest: monotonic-reads and monotonic-writes and writes-follow-reads; else monotonic-reads and monotonic-writes and writes-follow-reads
              pacific is cut off: indian-13 r(own-0-14,nil) reads as own-0-14 the initial value, which pacific-0 w(own-0-14,43) had overwritten before it began
              579.9 ms  pacific's client 0 writes own-0-14 = 43, done at 600.3 ms
              1093.3 ms  indian's client 13 reads own-0-14, shown nothing at 1093.4 ms
              every link takes 5 ms: indian-0 r(turn-1,nil) reads as turn-1 the initial value, which pacific-0 w(turn-1,1) had overwritten before it began
              500.0 ms  pacific's client 0 writes turn-1 = 1, done at 510.2 ms
              554.6 ms  indian's client 0 reads turn-1, shown nothing at 554.7 ms
        "#]],
    );
}

/// Draws numbers below what it is given.
pub(crate) fn lots(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut lots = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    // Xorshift (Marsaglia 2003): as good as any to choose a site and a time.
    move |bound| {
        lots ^= lots << 13;
        lots ^= lots >> 7;
        lots ^= lots << 17;
        lots % bound
    }
}

/// A round with cuts by luck, of which several may be in force at once, as long as it is told to be.
fn struck(seed: u64, sites: usize) -> Round {
    let mut below = lots(seed);
    let mut round = Round::new(sites, Condition::Busy);
    let mut at = CUT_AT;
    while at < HEAL_AT - Duration::from_millis(200) {
        let site = below(sites as u64) as usize;
        let other = (site + 1 + below(sites as u64 - 1) as usize) % sites;
        let link = |source, target| Cutting::Link { source, target };
        round.cuts.extend(match below(6) {
            0 | 1 => vec![(at, Cutting::Heal)],
            2 => vec![(at, link(site, other)), (at, link(other, site))],
            3 => vec![(at, link(site, other))],
            _ => {
                let way = [Way::Both, Way::From, Way::To][below(3) as usize];
                vec![(at, Cutting::Cut { site, way })]
            }
        });
        at += Duration::from_millis(50 + below(600));
    }
    round.cuts.push((HEAL_AT, Cutting::Heal));
    round
}

/// The first seeds of so many with which a store, cut by luck, is not linearizable.
pub(crate) fn not_linearizable(store: &str, seeds: u64) -> Vec<u64> {
    not_linearizable_if(Fate::Held, store, seeds)
}

/// The same where what is sent over a link that is cut has this fate.
pub(crate) fn not_linearizable_if(fate: Fate, store: &str, seeds: u64) -> Vec<u64> {
    not_linearizable_in(|seed, sites| Round { fate, ..struck(seed, sites) }, store, seeds)
}

/// The same in the round that is made of a seed and so many sites.
pub(crate) fn not_linearizable_in(round: impl Fn(u64, usize) -> Round, store: &str, seeds: u64) -> Vec<u64> {
    let store: Store = store.parse().expect("it is in the table");
    let is_wrong = |seed: &u64| {
        let record = store.run(&round(*seed, store.sites), *seed).expect("it runs");
        match judged::linearizable(&[(0, &record)]) {
            Consistency::Holds => false,
            Consistency::Violated(_) => true,
            Consistency::Unknown(limit) => panic!("{store}, seed {seed}: {limit}"),
        }
    };
    (0..seeds).filter(is_wrong).take(3).collect()
}

#[test]
fn a_majority_log_is_linearizable_however_it_is_cut() {
    assert!(not_linearizable("consensus:reads=log", 100).is_empty());
    assert!(not_linearizable("consensus:reads=lease", 100).is_empty());
    assert!(not_linearizable("consensus:reads=lease,sites=5", 30).is_empty());
}

#[test]
fn cuts_by_luck_find_what_a_fail_over_loses() {
    expect!["[4, 7, 22] [0, 1, 2]"].assert_eq(&format!(
        "{:?} {:?}",
        not_linearizable("leader:sync=none,reads=leader,failover=majority", 30),
        not_linearizable("consensus:reads=anywhere", 20),
    ));
}

/// The same placement from only some of what was recorded.
fn from(store: &str, keep: impl Fn(&Record) -> Option<Record>) -> Placement {
    let whole = measured(store);
    placed(whole.store.clone(), whole.seed, whole.records.iter().filter_map(keep).collect())
}

#[test]
fn without_a_slow_site_one_acknowledgement_hides_the_lag_of_the_other() {
    let store = "leader:sync=one,reads=anywhere";
    let forgetful = from(store, |record| {
        (!matches!(record.round.condition, Condition::Slow { .. })).then(|| record.clone())
    });
    let whole = measured(store);
    let told = |placement: &Placement| {
        format!("{} {:?}", placement.stale_normal.count, placement.stale_normal.age_max)
    };
    expect!["with: 491 39.601ms; without: 0 0ns"].assert_eq(&format!(
        "with: {}; without: {}",
        told(&whole),
        told(&forgetful)
    ));
}

#[test]
fn without_reading_back_no_acknowledged_write_is_missed() {
    let store = "leader:sync=none,reads=leader,failover=majority";
    let forgetful = from(store, |record| {
        let mut record = record.clone();
        record.asked.retain(|asked| asked.phase == Phase::Traffic);
        Some(record)
    });
    let whole = measured(store);
    let told = |placement: &Placement| format!("{:?}\n{}\n", placement.lost, told::partition(placement));
    expect![[r#"
        Lost { count: 18, partly: 0, late: 0, of: 4837, unread: 0, unread_partly: 0 }
        Whichever site is cut off, it answers neither reads nor writes; the others answer again 553.3 ms after the cut at the latest; 96 of 4509 reads showed what had been replaced, up to 5233.2 ms before, and 18 of 4837 acknowledged writes were lost, and 3 of 669 that a client had built on what it read were overwritten by one that had not seen them.
        Lost { count: 0, partly: 0, late: 0, of: 0, unread: 4168, unread_partly: 0 }
        Whichever site is cut off, it answers neither reads nor writes; the others answer again 553.3 ms after the cut at the latest; 96 of 4509 reads showed what had been replaced, up to 5233.2 ms before, and 4168 acknowledged writes could be read back at no site.
    "#]].assert_eq(&format!("{}{}", told(&whole), told(&forgetful)));
}

#[test]
fn a_store_that_does_nothing_is_in_no_cell() {
    // As if it had not answered a single write.
    let silent = from("quorum:r=2,w=2", |record| {
        let mut record = record.clone();
        record
            .asked
            .iter_mut()
            .filter(|asked| asked.written().is_some())
            .for_each(|asked| asked.ended = None);
        record.asked.retain(|asked| asked.written().is_some());
        Some(record)
    });
    expect![[r#"
        P?/E?
        Whichever site is cut off, no site answers writes; even when the cut has healed, no site answers writes; nothing wrong was seen, but no write was acknowledged.
        A read takes nobody knows how long, and a write nobody knows how long; but pacific did only 0 of 0 reads, so nobody can tell what the others are worth."#]].assert_eq(&format!("{}\n{}\n{}", silent.cell, told::partition(&silent), told::otherwise(&silent)));
}

#[test]
fn of_a_store_that_is_silent_when_it_is_read_back_nobody_can_tell() {
    let silent = from("quorum:r=2,w=2", |record| {
        let mut record = record.clone();
        let back = record.asked.iter_mut().filter(|asked| asked.phase == Phase::ReadBack);
        back.for_each(|asked| asked.ended = None);
        Some(record)
    });
    assert!(silent.lost.unread > 0);
    let told = |text| {
        let requirement = Requirement::parse(text).or_else(|_| Requirement::cell(text).ok_or("no cell"));
        match requirement.expect("it is right").check(&silent) {
            Fulfilled::Yes => "met".to_owned(),
            Fulfilled::AsFarAs(what) => format!("met as far as {what}"),
            Fulfilled::No(breaches) => format!("{}: {}", breaches[0].wanted, breaches[0].found),
            Fulfilled::Unknown(what) => format!("unknown: {what}"),
        }
    };
    let wanted = ["PA", "PC", "PC/EC", "EC", "write.lost = 'never'", "write.partition = 'refuse'"];
    let required = wanted.map(|text| format!("{text}: {}\n", told(text)));
    expect![[r#"
        P–/E?
        Whichever site is cut off, it answers neither reads nor writes; even when the cut has healed, every site answers only some reads (10 of 324 to 328); what is answered is not linearizable (atlantic-0 r(own-0-106,nil) reads as own-0-106 the initial value, which pacific-31.4 w(own-0-106,319)? had overwritten before it began), and 4859 acknowledged writes could be read back at no site.
        PA: PA in a partition: pacific answers 0 of 38 reads that begin 1500.0 ms after the cut, while pacific is cut off
        PC: PC in a partition: linearizable holds without a cut, and no longer with one
        PC/EC: PC in a partition: linearizable holds without a cut, and no longer with one
        EC: unknown: what the store prefers without a partition
        write.lost = 'never': unknown: what became of acknowledged writes that could not be read back at every site
        write.partition = 'refuse': unknown: what became of acknowledged writes that could not be read back at every site
    "#]].assert_eq(&format!("{}\n{}\n{}", silent.cell, told::partition(&silent), required.concat()));
}

#[test]
fn a_store_alone_is_set_as_one_of_its_settings_with_a_name() {
    for info in constellation_lab::placement::STORES {
        let store: Store = info.name.parse().expect("it is in the table");
        let named = info.named.iter().map(|named| format!("{}:{named}", info.name).parse());
        assert!(named.into_iter().any(|named| named == Ok(store.clone())), "{store}");
    }
}

#[test]
fn a_cell_that_is_not_known_is_no_other_cell() {
    let store: Store = "crdt".parse().expect("it is in the table");
    let known = measured("crdt").cell;
    let cell = Cell { partition: InPartition::Unknown, ..known };
    let other =
        Elsewhere { setting: "gossip=1s".to_owned(), store: store.clone(), cell, trade: Trade::default() };
    expect!["With gossip=1s nobody can tell where it lives (P?/EL)."]
        .assert_eq(&told::elsewhere(&store, &[other]).concat());
}

/// A map that every site reaches at once, whatever is cut.
#[derive(Clone, Default)]
struct Shared(Rc<RefCell<BTreeMap<String, u64>>>);

impl Client for Shared {
    fn write(&mut self, key: &str, value: u64, _: &[u64]) -> Answer {
        self.0.borrow_mut().insert(key.to_owned(), value);
        Answer::DONE
    }

    fn read(&mut self, key: &str) -> Answer {
        Answer::shows(self.0.borrow().get(key).copied())
    }
}

/// Another driver than the simulated one: clients that block, for a microsecond each.
fn driven(round: &Round, clients: &mut [Shared]) -> Record {
    let (mut tester, mut now) = (Tester::new(round), Duration::ZERO);
    let mut orders = tester.on(now, Event::Begin);
    while !tester.is_over() {
        let mut wake_at = orders.wake_at;
        for order in std::mem::take(&mut orders.asks) {
            now += Duration::from_micros(1);
            let answer = clients[order.site].ask(&order.ask);
            let Orders { asks, wake_at: later } =
                tester.on(now, Event::Answered { number: order.number, answer });
            orders.asks.extend(asks);
            wake_at = later;
        }
        if orders.asks.is_empty() && !tester.is_over() {
            now = now.max(wake_at.expect("it waits for something"));
            orders = tester.on(now, Event::Woken);
        }
    }
    tester.into_record()
}

#[test]
fn a_cell_in_doubt_does_not_make_of_cuts_that_silenced_sites_none() {
    let mut placement = Placement::clone(&measured("leader:sync=none,reads=leader"));
    let known = told::partition(&placement);
    placement.cell.partition = InPartition::Unknown;
    assert_eq!(told::partition(&placement), known);
}

#[test]
fn a_store_that_no_cut_reaches_is_in_no_cell() {
    let mut clients = [(); 3].map(|()| Shared::default());
    let map = clients[0].clone();
    clients.fill(map.clone());
    let rounds = Round::all(3).into_iter().map(|round| {
        map.0.borrow_mut().clear();
        driven(&round, &mut clients)
    });
    let placement = placed("a map".to_owned(), SEED, rounds.collect());
    expect![[r#"
        P?/EC a map
        Whichever site is cut off, every site goes on answering reads and writes; nothing wrong was seen, so the cuts did not reach the store.
        A read takes 0.00 round trips, and a write 0.00 round trips; every read shows the latest write, with one slow site, too.
        strongest: linearizable and eventual-convergence; else linearizable and eventual-convergence
    "#]].assert_eq(&shown(&placement));
}

#[test]
fn the_same_seed_gives_the_same_placement() {
    let store: Store = "quorum:r=1,w=1".parse().expect("it is in the table");
    let again = |seed| place(&store, seed).expect("it runs");
    let (one, other) = (measured("quorum:r=1,w=1"), again(SEED));
    assert_eq!(one.records, other.records);
    assert_eq!(told::partition(&one), told::partition(&other));
    assert_ne!(one.records, again(SEED + 1).records);
}

#[test]
fn settings_that_a_store_does_not_have_are_refused() {
    let wrong = [
        "leder",
        "leader:sink=all",
        "leader:sync=some",
        "leader:sync",
        "leader:sync=one,sync=all",
        "quorum:r=4,w=1",
        "quorum:n=1",
        "quorum:n=5",
        "quorum:sites=4",
        "",
    ];
    let told = wrong.map(|text| {
        let error: SettingError = text.parse::<Store>().expect_err("it is wrong");
        format!("{text}: {error}\n")
    });
    expect![[r#"
        leder: there is no store "leder"; did you mean leader?
        leader:sink=all: store leader has no setting "sink"; there are sync, reads, failover, sites
        leader:sync=some: store leader: sync cannot be "some", only none, one, all
        leader:sync: store leader: "sync" is not of the form setting=value
        leader:sync=one,sync=all: store leader: "sync=all" sets it twice
        quorum:r=4,w=1: store quorum: r cannot be "4", only 1, 2, 3, because n=3
        quorum:n=1: store quorum: r cannot be "2", only 1, because n=1, and r is 2 unless it is set
        quorum:n=5: store quorum: n cannot be "5", only 1, 2, 3, because 4 and 5 need sites=5
        quorum:sites=4: store quorum: sites cannot be "4", only 3, 5
        : there is no store ""; there are leader, quorum, consensus, multi-leader, chain, crdt
    "#]]
    .assert_eq(&told.concat());
}

#[test]
fn a_store_is_told_as_it_is_read() {
    for store in named() {
        assert_eq!(store.to_string().parse(), Ok(store.clone()), "{store}");
    }
}

#[test]
fn stores_of_which_other_numbers_are_told_are_not_alike() {
    let quiet = placed("quorum:r=1".to_owned(), 1, Vec::new());
    assert!(quiet.is_alike(&quiet.clone()));
    for overwritten in
        [Overwritten { of: 9, ..Overwritten::default() }, Overwritten { count: 1, of: 9, first: None }]
    {
        let other = Placement { overwritten, ..quiet.clone() };
        assert!(!quiet.is_alike(&other), "{:?}", other.overwritten);
    }
    let lost = Lost { late: 1, ..Lost::default() };
    assert!(!quiet.is_alike(&Placement { lost, ..quiet.clone() }));
}

//! Stores are placed where their settings put them, by what they do.

use std::fmt::Write;

use constellation_lab::placement::{Placement, Store, place, told};
use expect_test::{Expect, expect};

/// The seed of the goldens.
const SEED: u64 = 7;

fn placed(store: &str, seed: u64) -> Placement {
    let store: Store = store.parse().expect("it is in the table");
    place(&store, seed).expect("it runs")
}

fn check(store: &str, expected: &Expect) {
    let placement = placed(store, SEED);
    let mut text = format!("{} {}\n", placement.cell, placement.store);
    for line in [told::partition(&placement), told::otherwise(&placement)] {
        writeln!(text, "{line}").expect("a text takes all");
    }
    let strongest =
        |judged: &[&str]| if judged.is_empty() { "nothing".to_owned() } else { judged.join(", ") };
    let (cut, normal) =
        (strongest(&placement.in_partition.strongest), strongest(&placement.normal.strongest));
    writeln!(text, "strongest: {cut}; else {normal}").expect("a text takes all");
    expected.assert_eq(&text);
}

#[test]
fn a_leader_that_is_read_alone_is_consistent_in_both() {
    check(
        "leader:sync=none,reads=leader",
        &expect![[r#"
        PC/EC leader:sync=none,reads=leader
        With pacific cut off, atlantic and indian answer neither reads nor writes; with atlantic cut off, atlantic answers neither reads nor writes; with indian cut off, indian answers neither reads nor writes; what is answered is linearizable.
        A read takes 0.00 to 1.00 round trips and a write 0.00 to 1.00 round trips; every read shows the latest write, with a slow site, too.
        strongest: linearizable; else linearizable
    "#]],
    );
    check(
        "leader:sync=all,reads=leader",
        &expect![[r#"
        PC/EC leader:sync=all,reads=leader
        With pacific cut off, atlantic and indian answer neither reads nor writes, and pacific answers no writes; with atlantic cut off, atlantic answers neither reads nor writes, and pacific and indian answer no writes; with indian cut off, indian answers neither reads nor writes, and pacific and atlantic answer no writes; what is answered is linearizable.
        A read takes 0.00 to 1.00 round trips and a write 1.00 to 2.00 round trips; every read shows the latest write, with a slow site, too.
        strongest: linearizable; else linearizable
    "#]],
    );
}

#[test]
fn followers_that_are_read_show_what_has_been_replaced() {
    check(
        "leader:sync=none,reads=anywhere",
        &expect![[r#"
        P–/EL leader:sync=none,reads=anywhere
        With pacific cut off, atlantic and indian answer no writes; with atlantic cut off, atlantic answers no writes; with indian cut off, indian answers no writes; 264 of 1353 reads showed what had been replaced up to 2193.2 ms before.
        A read takes 0.00 round trips and a write 0.00 to 1.00 round trips; 1572 of 8471 reads showed what had been replaced, up to 59.4 ms before.
        strongest: nothing; else sequential
    "#]],
    );
    check(
        "leader:sync=one,reads=anywhere",
        &expect![[r#"
        P–/EL leader:sync=one,reads=anywhere
        With pacific cut off, pacific, atlantic and indian answer no writes; with atlantic cut off, atlantic answers no writes; with indian cut off, indian answers no writes; 148 of 1353 reads showed what had been replaced up to 2172.9 ms before.
        A read takes 0.00 round trips and a write 1.00 to 2.00 round trips; 491 of 13429 reads showed what had been replaced, up to 39.6 ms before.
        strongest: nothing; else sequential
    "#]],
    );
    check(
        "leader:sync=all,reads=anywhere",
        &expect![[r#"
        P–/EL leader:sync=all,reads=anywhere
        Whichever site is cut off, no site answers writes; what is answered is not linearizable: s12 r(shared-0,41) reads as shared-0 that of s4 w(shared-0,41), which s0 w(shared-0,46)? had overwritten before it began.
        A read takes 0.00 round trips and a write 1.00 to 2.00 round trips; what they show is not linearizable: s1 r(turn-1,nil) reads as turn-1 the initial value, which s0 w(turn-1,1) had overwritten before it began.
        strongest: sequential; else sequential
    "#]],
    );
}

#[test]
fn a_quorum_of_one_goes_on_everywhere() {
    check(
        "quorum:r=1,w=1",
        &expect![[r#"
        PA/EL quorum:n=3,r=1,w=1,repair=off
        Whichever site is cut off, every site goes on answering reads and writes; 393 of 1353 reads showed what had been replaced up to 2646.5 ms before.
        A read takes 0.00 round trips and a write 0.00 round trips; 2331 of 3059 reads showed what had been replaced, up to 59.4 ms before.
        strongest: nothing; else sequential
    "#]],
    );
}

#[test]
fn quorums_that_meet_give_up_the_site_that_is_cut_off() {
    check(
        "quorum:r=2,w=2",
        &expect![[r#"
        PC/EC quorum:n=3,r=2,w=2,repair=off
        Whichever site is cut off, it answers neither reads nor writes and the others go on; what is answered is linearizable.
        A read takes 1.00 round trips and a write 1.00 round trips; every read shows the latest write, with a slow site, too.
        strongest: linearizable; else linearizable
    "#]],
    );
    check(
        "quorum:r=2,w=2,repair=before",
        &expect![[r#"
        PC/EC quorum:n=3,r=2,w=2,repair=before
        Whichever site is cut off, it answers neither reads nor writes and the others go on; what is answered is linearizable.
        A read takes 1.00 round trips and a write 1.00 round trips; every read shows the latest write, with a slow site, too.
        strongest: linearizable; else linearizable
    "#]],
    );
}

#[test]
fn a_quorum_of_all_writers_or_all_readers() {
    check(
        "quorum:r=1,w=3",
        &expect![[r#"
        P–/EL quorum:n=3,r=1,w=3,repair=off
        Whichever site is cut off, no site answers writes; what is answered is not linearizable: s10 r(shared-0,46) reads as shared-0 that of s0 w(shared-0,46)?, which s2 w(shared-0,45)? had overwritten before it began.
        A read takes 0.00 round trips and a write 1.00 round trips; what they show is not linearizable: s3 r(turn-1,nil) reads as turn-1 the initial value, which s0 w(turn-1,1) had overwritten before it began.
        strongest: sequential; else sequential
    "#]],
    );
    check(
        "quorum:r=3,w=1",
        &expect![[r#"
        PC/EC quorum:n=3,r=3,w=1,repair=off
        Whichever site is cut off, no site answers reads; what is answered is linearizable.
        A read takes 1.00 round trips and a write 0.00 round trips; every read shows the latest write, with a slow site, too.
        strongest: linearizable; else linearizable
    "#]],
    );
}

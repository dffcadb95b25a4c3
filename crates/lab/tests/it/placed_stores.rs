//! Stores that take writes at every site, and chains, are placed by what they do.

use constellation_lab::placement::{Store, elsewhere, told};
use expect_test::{Expect, expect};

use crate::placement::{check, not_linearizable};
use crate::shared::measured;

#[test]
fn the_last_write_wins_over_later_ones_where_clocks_are_wrong() {
    check(
        "multi-leader:conflicts=lww",
        expect![[r#"
            PA/EL multi-leader:conflicts=lww,skew=0ms
            Whichever site is cut off, every site goes on answering reads and writes; 1602 of 5412 reads showed what had been replaced, up to 4293.2 ms before, and none of 6696 acknowledged writes was lost, and 392 of 1296 that a client had built on what it read were overwritten by one that had not seen them, and causal-convergence held without a cut and does not hold with one, nor do causal and pram.
            A read takes 0.00 round trips, and a write 0.00 round trips; 2357 of 3511 reads showed what had been replaced, up to 59.4 ms before.
            strongest: read-your-writes and monotonic-reads and monotonic-writes and writes-follow-reads and eventual-convergence; else sequential
              pacific is cut off: indian-0 r(shared-0,45) reads as shared-0 that of indian-0 w(shared-0,45), which pacific-0 w(shared-0,46) had overwritten before it began
              593.3 ms  indian's client 0 writes shared-0 = 45, done at 593.4 ms
              619.9 ms  pacific's client 0 writes shared-0 = 46, done at 620.0 ms
              653.3 ms  indian's client 0 reads shared-0, shown 45 at 653.4 ms
              every link takes 5 ms: indian-0 r(turn-1,nil) reads as turn-1 the initial value, which pacific-0 w(turn-1,1) had overwritten before it began
              500.0 ms  pacific's client 0 writes turn-1 = 1, done at 500.1 ms
              504.9 ms  indian's client 0 reads turn-1, shown nothing at 505.0 ms
        "#]],
    );
    check(
        "multi-leader:conflicts=lww,skew=200ms",
        expect![[r#"
            PA/EL multi-leader:conflicts=lww,skew=200ms
            Whichever site is cut off, every site goes on answering reads and writes; 2400 of 5412 reads showed what had been replaced, up to 4293.2 ms before, and 156 of 6696 acknowledged writes were lost, and 456 of 1224 that a client had built on what it read were overwritten by one that had not seen them.
            A read takes 0.00 round trips, and a write 0.00 round trips; 83225 of 84191 reads showed what had been replaced, up to 1499.4 ms before, though it waits for as much as with right clocks: one of its clocks is wrong.
            strongest: read-your-writes and monotonic-reads and monotonic-writes and writes-follow-reads and eventual-convergence; else read-your-writes and monotonic-reads and monotonic-writes and writes-follow-reads and strong-convergence
              pacific is cut off: pacific-0 r(shared-0,41) reads as shared-0 that of atlantic-0 w(shared-0,41), which atlantic-0 w(shared-0,50) had overwritten before it began
              546.6 ms  atlantic's client 0 writes shared-0 = 41, done at 546.7 ms
              666.6 ms  atlantic's client 0 writes shared-0 = 50, done at 666.7 ms
              719.9 ms  pacific's client 0 reads shared-0, shown 41 at 720.0 ms
              every link takes 5 ms: indian-0 r(turn-1,nil) reads as turn-1 the initial value, which pacific-0 w(turn-1,1) had overwritten before it began
              500.0 ms  pacific's client 0 writes turn-1 = 1, done at 500.1 ms
              504.9 ms  indian's client 0 reads turn-1, shown nothing at 505.0 ms
        "#]],
    );
}

#[test]
fn siblings_lose_nothing_however_wrong_the_clocks_are() {
    check(
        "multi-leader:conflicts=siblings,skew=200ms",
        expect![[r#"
            PA/EL multi-leader:conflicts=siblings,skew=200ms
            Whichever site is cut off, every site goes on answering reads and writes; 1602 of 5412 reads showed what had been replaced, up to 4293.2 ms before, and none of 6696 acknowledged writes was lost, and causal-convergence held without a cut and does not hold with one, nor do causal and pram.
            A read takes 0.00 round trips, and a write 0.00 round trips; 2357 of 3511 reads showed what had been replaced, up to 59.4 ms before, though it waits for as much as with right clocks: one of its clocks is wrong.
            strongest: read-your-writes and monotonic-reads and monotonic-writes and writes-follow-reads and eventual-convergence; else sequential
              pacific is cut off: indian-0 r(shared-0,45) reads as shared-0 that of indian-0 w(shared-0,45), which pacific-0 w(shared-0,46) had overwritten before it began
              593.3 ms  indian's client 0 writes shared-0 = 45, done at 593.4 ms
              619.9 ms  pacific's client 0 writes shared-0 = 46, done at 620.0 ms
              653.3 ms  indian's client 0 reads shared-0, shown 45 beside 14 others at 653.4 ms
              every link takes 5 ms: indian-0 r(turn-1,nil) reads as turn-1 the initial value, which pacific-0 w(turn-1,1) had overwritten before it began
              500.0 ms  pacific's client 0 writes turn-1 = 1, done at 500.1 ms
              504.9 ms  indian's client 0 reads turn-1, shown nothing at 505.0 ms
        "#]],
    );
}

#[test]
fn a_chain_gives_up_all_writes_whoever_is_cut_off() {
    check(
        "chain:reads=tail",
        expect![[r#"
            PC/EC chain:reads=tail,failover=off
            Where pacific or atlantic is cut off, it answers neither reads nor writes, and the others answer no writes; where indian is cut off, the others answer neither reads nor writes, and it answers no writes; what is answered is linearizable, and none of 2764 acknowledged writes was lost.
            A read takes 0.00 round trips at indian, 1.00 at pacific and atlantic, and a write 1.50 round trips at pacific and indian, 2.00 at atlantic; every read shows the latest write, with one slow site, too.
            strongest: linearizable (eventual-convergence: unknown); else linearizable and eventual-convergence
        "#]],
    );
    check(
        "chain:reads=craq",
        expect![[r#"
            PC/EC chain:reads=craq,failover=off
            Where pacific or atlantic is cut off, it answers no writes and only some reads (16 to 31 of 37 to 38), and the others answer no writes; where indian is cut off, the others answer no writes and only some reads (21 of 37 to 38), and it answers no writes; what is answered is linearizable, and none of 2777 acknowledged writes was lost.
            A read takes 0.00 round trips at indian, 0.00 to 1.00 at pacific and atlantic, and a write 1.50 round trips at pacific and indian, 2.00 at atlantic; every read shows the latest write, with one slow site, too.
            Where pacific or atlantic is not heard, it answers no writes and only some reads (21 of 37 to 38), and the others answer no writes; where indian is not heard, the others answer no writes and only some reads (21 of 37 to 38), and it answers no writes.
            Where pacific is cut off with losses, it answers no writes and only some reads (19 of 38), and the others answer no writes; where atlantic is cut off with losses, no site answers writes; where indian is cut off with losses, the others answer no writes and only some reads (21 of 37 to 38), and it answers no writes.
            strongest: linearizable (eventual-convergence: unknown); else linearizable and eventual-convergence
        "#]],
    );
}

#[test]
fn a_chain_that_is_read_anywhere_shows_what_is_not_committed() {
    check(
        "chain:reads=any",
        expect![[r#"
            PC/EL chain:reads=any,failover=off
            Whichever site is cut off, no site answers writes; what is answered keeps causal-convergence and pram, as without a cut; none of 2777 acknowledged writes was lost.
            A read takes 0.00 round trips, and a write 1.50 round trips at pacific and indian, 2.00 at atlantic; reads go back to what others no longer see: indian-1 r(turn-1,nil) reads as turn-1 the initial value, which pacific-0 w(turn-1,1) had overwritten before it began.
            strongest: sequential (eventual-convergence: unknown); else sequential and eventual-convergence
              pacific is cut off: indian-4 r(shared-0,41) reads as shared-0 that of atlantic-1 w(shared-0,41), which pacific-1 w(shared-0,46)? had overwritten before it began
              546.6 ms  atlantic's client 1 writes shared-0 = 41, done at 587.1 ms
              619.9 ms  pacific's client 1 writes shared-0 = 46, silent until 1619.9 ms: no answer within 1 s
              719.9 ms  pacific's client 4 reads shared-0, shown 46 at 720.0 ms
              733.3 ms  indian's client 4 reads shared-0, shown 41 at 733.4 ms
              every link takes 5 ms: indian-1 r(turn-1,nil) reads as turn-1 the initial value, which pacific-0 w(turn-1,1) had overwritten before it began
              500.0 ms  pacific's client 0 writes turn-1 = 1, done at 515.3 ms
              500.0 ms  pacific's client 1 reads turn-1, shown 1 at 500.1 ms
              509.6 ms  indian's client 1 reads turn-1, shown nothing at 509.7 ms
        "#]],
    );
}

#[test]
fn a_chain_without_the_site_that_is_cut_off_goes_on() {
    check(
        "chain:reads=tail,failover=majority",
        expect![[r#"
            PC/EC chain:reads=tail,failover=majority
            Whichever site is cut off, it answers neither reads nor writes; the others answer again 459.9 ms after the cut at the latest; what is answered is linearizable, and none of 3995 acknowledged writes was lost.
            A read takes 0.00 round trips at indian, 1.00 at pacific and atlantic, and a write 1.50 round trips at pacific and indian, 2.00 at atlantic; every read shows the latest write, with one slow site, too.
            Where pacific or atlantic hears nobody, it answers neither reads nor writes, and the others answer no writes; where indian hears nobody, no site answers reads or writes.
            strongest: linearizable (eventual-convergence: unknown); else linearizable and eventual-convergence
        "#]],
    );
    check(
        "chain:reads=craq,failover=majority",
        expect![[r#"
            PC/EC chain:reads=craq,failover=majority
            Whichever site is cut off, it answers neither reads nor writes; the others answer again 459.9 ms after the cut at the latest; what is answered is linearizable, and none of 4017 acknowledged writes was lost.
            A read takes 0.00 round trips at indian, 0.00 to 1.00 at pacific and atlantic, and a write 1.50 round trips at pacific and indian, 2.00 at atlantic; every read shows the latest write, with one slow site, too.
            Where pacific or atlantic hears nobody, it answers neither reads nor writes, and the others answer no writes; where indian hears nobody, it answers neither reads nor writes, and the others answer no writes and only some reads (21 of 37 to 38).
            strongest: linearizable (eventual-convergence: unknown); else linearizable and eventual-convergence
        "#]],
    );
    check(
        "chain:reads=tail,failover=majority,sites=5",
        expect![[r#"
            PC/EC chain:reads=tail,failover=majority,sites=5
            Whichever site is cut off, it answers neither reads nor writes; the others answer again 460.0 ms after the cut at the latest; what is answered is linearizable, and none of 13049 acknowledged writes was lost.
            A read takes 0.00 round trips at antarctic, 1.00 at pacific, atlantic, indian and arctic, and a write 2.50 round trips at pacific and antarctic, 3.00 at atlantic, indian and arctic; every read shows the latest write, with one slow site, too.
            Where pacific, atlantic, indian or arctic hears nobody, it answers neither reads nor writes, and the others answer no writes; where antarctic hears nobody, no site answers reads or writes.
            Where pacific and atlantic are cut off from the others, the two answer neither reads nor writes, and the others answer again 456.0 ms after the cut at the latest.
            Where arctic and antarctic are cut off from the others, the two answer neither reads nor writes, and the others answer again 460.0 ms after the cut at the latest.
            strongest: linearizable (eventual-convergence: unknown); else linearizable and eventual-convergence
        "#]],
    );
}

#[test]
fn a_chain_is_linearizable_however_it_is_cut() {
    for reads in ["tail", "craq"] {
        assert!(not_linearizable(&format!("chain:reads={reads}"), 50).is_empty(), "{reads}, fixed");
        let mastered = format!("chain:reads={reads},failover=majority");
        assert!(not_linearizable(&mastered, 200).is_empty(), "{mastered}");
        assert!(not_linearizable(&format!("{mastered},sites=5"), 50).is_empty(), "{mastered}, five sites");
    }
}

#[test]
fn states_that_are_merged_lose_nothing() {
    check(
        "crdt:gossip=20ms",
        expect![[r#"
            PA/EL crdt:gossip=20ms
            Whichever site is cut off, every site goes on answering reads and writes; 2178 of 5412 reads showed what had been replaced, up to 3973.2 ms before, and none of 6696 acknowledged writes was lost, and pram held without a cut and does not hold with one.
            A read takes 0.00 round trips, and a write 0.00 round trips; 3978 of 5060 reads showed what had been replaced, up to 79.3 ms before.
            strongest: causal-convergence and eventual-convergence; else sequential
              pacific is cut off: indian-0 r(shared-0,45) reads as shared-0 that of indian-0 w(shared-0,45), which pacific-0 w(shared-0,46) had overwritten before it began
              593.3 ms  indian's client 0 writes shared-0 = 45, done at 593.4 ms
              619.9 ms  pacific's client 0 writes shared-0 = 46, done at 620.0 ms
              653.3 ms  indian's client 0 reads shared-0, shown 45 beside 14 others at 653.4 ms
              every link takes 5 ms: indian-0 r(turn-1,nil) reads as turn-1 the initial value, which pacific-0 w(turn-1,1) had overwritten before it began
              500.0 ms  pacific's client 0 writes turn-1 = 1, done at 500.1 ms
              524.7 ms  indian's client 0 reads turn-1, shown nothing at 524.8 ms
        "#]],
    );
    check(
        "crdt:gossip=200ms",
        expect![[r#"
            PA/EL crdt:gossip=200ms
            Whichever site is cut off, every site goes on answering reads and writes; 2622 of 5412 reads showed what had been replaced, up to 3973.2 ms before, and none of 6696 acknowledged writes was lost, and pram held without a cut and does not hold with one.
            A read takes 0.00 round trips, and a write 0.00 round trips; 20647 of 21680 reads showed what had been replaced, up to 199.2 ms before.
            strongest: causal-convergence and eventual-convergence; else causal-convergence and causal-memory
              pacific is cut off: indian-0 r(shared-0,45) reads as shared-0 that of indian-0 w(shared-0,45), which pacific-0 w(shared-0,46) had overwritten before it began
              593.3 ms  indian's client 0 writes shared-0 = 45, done at 593.4 ms
              619.9 ms  pacific's client 0 writes shared-0 = 46, done at 620.0 ms
              653.3 ms  indian's client 0 reads shared-0, shown 45 beside 13 others at 653.4 ms
              every link takes 5 ms: indian-0 r(turn-1,nil) reads as turn-1 the initial value, which pacific-0 w(turn-1,1) had overwritten before it began
              500.0 ms  pacific's client 0 writes turn-1 = 1, done at 500.1 ms
              604.5 ms  indian's client 0 reads turn-1, shown nothing at 604.6 ms
        "#]],
    );
}

#[test]
fn whoever_stands_in_for_a_replica_lets_the_majority_go_on_and_quorums_miss_each_other() {
    check(
        "quorum:n=2,r=2,w=2",
        expect![[r#"
            PC/EC quorum:n=2,r=2,w=2,repair=off,sloppy=off
            Whichever site is cut off, it answers neither reads nor writes, and the others answer only some reads (6 to 22 of 37 to 38) and only some writes (3 to 20 of 37 to 38); what is answered is linearizable, and none of 3396 acknowledged writes was lost.
            A read takes 1.00 round trips, and a write 1.00 round trips; every read shows the latest write, with one slow site, too.
            strongest: linearizable (eventual-convergence: unknown); else linearizable and eventual-convergence
        "#]],
    );
    // Two of three sites always have one in common, two of five not.
    check(
        "quorum:n=2,r=2,w=2,sloppy=on",
        expect![[r#"
            PC/EC quorum:n=2,r=2,w=2,repair=off,sloppy=on
            Whichever site is cut off, it answers neither reads nor writes; what is answered is linearizable, and none of 4836 acknowledged writes was lost.
            A read takes 1.00 round trips, and a write 1.00 round trips; every read shows the latest write, with one slow site, too.
            strongest: linearizable (eventual-convergence: unknown); else linearizable and eventual-convergence
        "#]],
    );
    check(
        "quorum:n=2,r=2,w=2,sites=5",
        expect![[r#"
            PC/EC quorum:n=2,r=2,w=2,repair=off,sloppy=off,sites=5
            Where pacific, atlantic, arctic or antarctic is cut off, it answers neither reads nor writes, and the others answer only some reads (16 to 30 of 37) and only some writes (18 to 26 of 38); where indian is cut off, it answers neither reads nor writes, and pacific and arctic answer only some reads (35 to 36 of 37) and only some writes (24 to 28 of 38), and atlantic and antarctic answer only some writes (26 to 27 of 38); what is answered is linearizable, and none of 12987 acknowledged writes was lost.
            A read takes 1.00 round trips, and a write 1.00 round trips; every read shows the latest write, with one slow site, too.
            Where pacific, atlantic, arctic or antarctic is not heard, it answers neither reads nor writes, and the others answer only some reads (16 to 33 of 37) and only some writes (18 to 26 of 38); where indian is not heard, it answers neither reads nor writes, and pacific and arctic answer only some reads (35 to 36 of 37) and only some writes (24 to 28 of 38), and atlantic and antarctic answer only some writes (26 to 27 of 38).
            Whichever site hears nobody, it answers neither reads nor writes, and the others answer only some reads (16 to 35 of 37) and only some writes (18 to 28 of 38).
            Whichever site is cut off with losses, it answers neither reads nor writes, and the others answer only some reads (17 to 36 of 37) and only some writes (18 to 28 of 38).
            Where pacific and atlantic are cut off from the others, every site answers only some reads (8 to 19 of 37) and only some writes (8 to 15 of 38).
            Where arctic and antarctic are cut off from the others, every site answers only some reads (9 to 15 of 37) and only some writes (7 to 14 of 38).
            strongest: linearizable (eventual-convergence: unknown); else linearizable and eventual-convergence
        "#]],
    );
    check(
        "quorum:n=2,r=2,w=2,sloppy=on,sites=5",
        expect![[r#"
            P–/EC quorum:n=2,r=2,w=2,repair=off,sloppy=on,sites=5
            Whichever site is cut off, it answers neither reads nor writes; 189 of 16220 reads showed what had been replaced, up to 3843.6 ms before, and none of 16229 acknowledged writes was lost, and 34 of 1547 that a client had built on what it read were overwritten by one that had not seen them.
            A read takes 1.00 round trips, and a write 1.00 round trips; every read shows the latest write, with one slow site, too.
            Where pacific and atlantic are cut off from the others, every site answers only some reads (22 to 31 of 37) and only some writes (24 to 28 of 38).
            Where arctic and antarctic are cut off from the others, every site answers only some reads (12 to 36 of 37) and only some writes (18 to 32 of 38).
            strongest: monotonic-reads and monotonic-writes and writes-follow-reads; else linearizable and eventual-convergence
              pacific is cut off: pacific-10.4 r(own-4-15,nil) reads as own-4-15 the initial value, which antarctic-1 w(own-4-15,80) had overwritten before it began
              636.0 ms  antarctic's client 1 writes own-4-15 = 80, done at 656.3 ms
              3800.0 ms  pacific's client 10 reads own-4-15, shown nothing at 4620.4 ms
        "#]],
    );
}

#[test]
fn whoever_stands_in_for_a_replica_lets_every_site_go_on() {
    check(
        "quorum:n=2,r=1,w=1",
        expect![[r#"
            P–/EL quorum:n=2,r=1,w=1,repair=off,sloppy=off
            Whichever site is cut off, it answers only some reads (18 to 31 of 37 to 38) and only some writes (21 to 31 of 37 to 38); 1160 of 5341 reads showed what had been replaced, up to 5253.2 ms before, and none of 5750 acknowledged writes was lost, though 429 were not shown at every site 3000.0 ms after the heal, and 70 of 678 that a client had built on what it read were overwritten by one that had not seen them, and causal-convergence held without a cut and does not hold with one, nor do causal, pram, read-your-writes and monotonic-reads.
            A read takes 0.00 to 1.00 round trips, and a write 0.00 to 1.00 round trips; 992 of 4463 reads showed what had been replaced, up to 59.4 ms before.
            strongest: monotonic-writes and writes-follow-reads; else sequential
              pacific is cut off: indian-0 r(shared-0,45) reads as shared-0 that of indian-0 w(shared-0,45), which pacific-0 w(shared-0,46) had overwritten before it began
              593.3 ms  indian's client 0 writes shared-0 = 45, done at 593.4 ms
              619.9 ms  pacific's client 0 writes shared-0 = 46, done at 620.0 ms
              653.3 ms  indian's client 0 reads shared-0, shown 45 at 653.4 ms
              every link takes 5 ms: indian-0 r(turn-1,nil) reads as turn-1 the initial value, which pacific-0 w(turn-1,1) had overwritten before it began
              500.0 ms  pacific's client 0 writes turn-1 = 1, done at 500.1 ms
              504.9 ms  indian's client 0 reads turn-1, shown nothing at 505.0 ms
        "#]],
    );
    check(
        "quorum:n=2,r=1,w=1,sloppy=on",
        expect![[r#"
            PA/EL quorum:n=2,r=1,w=1,repair=off,sloppy=on
            Whichever site is cut off, every site goes on answering reads and writes; 1330 of 5520 reads showed what had been replaced, up to 4293.2 ms before, and none of 6378 acknowledged writes was lost, and 286 of 978 that a client had built on what it read were overwritten by one that had not seen them, and causal-convergence held without a cut and does not hold with one, nor do causal, pram, read-your-writes and monotonic-reads.
            A read takes 0.00 to 1.00 round trips, and a write 0.00 to 1.00 round trips; 992 of 4463 reads showed what had been replaced, up to 59.4 ms before.
            strongest: monotonic-writes and writes-follow-reads; else sequential
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

fn check_elsewhere(store: &str, expected: Expect) {
    let here = measured(store);
    let store: Store = store.parse().expect("it is in the table");
    let others = elsewhere(&here, &store).expect("they run");
    expected.assert_eq(&format!("{} {store}\n{}\n", here.cell, told::elsewhere(&store, &others).join("\n")));
}

#[test]
fn what_would_have_to_be_set_otherwise_is_measured_with_what_it_gains_and_costs() {
    check_elsewhere(
        "leader:sync=one,reads=anywhere",
        expect![[r#"
            PC/EL leader:sync=one,reads=anywhere,failover=off
            With reads=leader it lives in PC/EC; gained: no read is stale in normal operation (here 491 of 13886 reads), no read is stale with a cut (here 453 of 5796 reads), what is answered in normal operation is linearizable (here not), what is answered with a cut is linearizable (here not), no write is overwritten unseen (here 58 of 393 writes); paid: a read takes 0.67 round trips on average at best (here 0.00), 55 % of reads are answered with a cut (here 100 %).
        "#]],
    );
    check_elsewhere(
        "chain:reads=tail",
        expect![[r#"
            PC/EC chain:reads=tail,failover=off
            With reads=any it lives in PC/EL; gained: a read takes 0.00 round trips on average at best (here 0.67), 100 % of reads are answered with a cut (here 55 %); paid: what is answered in normal operation is not linearizable (here it is), what is answered with a cut is not linearizable (here it is).
        "#]],
    );
    check_elsewhere(
        "quorum:n=3,r=1,w=1",
        expect![[r#"
            PA/EL quorum:n=3,r=1,w=1,repair=off,sloppy=off
            With n=2 it lives in P–/EL; paid: a read takes 0.33 round trips on average at best (here 0.00), a write takes 0.34 round trips on average at best (here 0.00), 89 % of reads are answered with a cut (here 100 %), 88 % of writes are answered with a cut (here 100 %).
            With r=2 it lives in P–/EL; gained: no write is overwritten unseen (here 294 of 1296 writes); paid: a read takes 1.00 round trips on average at best (here 0.00), 66 % of reads are answered with a cut (here 100 %).
            With w=2 it lives in P–/EL; paid: a write takes 1.00 round trips on average at best (here 0.00), 66 % of writes are answered with a cut (here 100 %).
            With n=1 it lives in PC/EC; gained: no read is stale in normal operation (here 2356 of 3510 reads), no read is stale with a cut (here 1676 of 5412 reads), what is answered in normal operation is linearizable (here not), what is answered with a cut is linearizable (here not), no acknowledged write is lost at a site (here 675 of 6696 acknowledged writes), no write is overwritten unseen (here 294 of 1296 writes); paid: a read takes 0.67 round trips on average at best (here 0.00), a write takes 0.67 round trips on average at best (here 0.00), 52 % of reads are answered with a cut (here 100 %), 54 % of writes are answered with a cut (here 100 %).
            With r=3 it lives in PC/EC; gained: no read is stale in normal operation (here 2356 of 3510 reads), no read is stale with a cut (here 1676 of 5412 reads), what is answered in normal operation is linearizable (here not), what is answered with a cut is linearizable (here not), no acknowledged write is lost at a site (here 675 of 6696 acknowledged writes), no write is overwritten unseen (here 294 of 1296 writes); paid: a read takes 1.00 round trips on average at best (here 0.00), 0 % of reads are answered with a cut (here 100 %).
            With w=3 it lives in PC/EL; gained: no read is stale in normal operation (here 2356 of 3510 reads), no read is stale with a cut (here 1676 of 5412 reads), no acknowledged write is lost at a site (here 675 of 6696 acknowledged writes), no write is overwritten unseen (here 294 of 1296 writes); paid: a write takes 1.00 round trips on average at best (here 0.00), 0 % of writes are answered with a cut (here 100 %).
            With sites=5 it lives in P–/EL; paid: a read takes 0.40 round trips on average at best (here 0.00), a write takes 0.40 round trips on average at best (here 0.00), 91 % of reads are answered with a cut (here 100 %), 91 % of writes are answered with a cut (here 100 %).
        "#]],
    );
    check_elsewhere(
        "crdt",
        expect![[r#"
        PA/EL crdt:gossip=20ms
        No one setting moves it to another cell; to be consistent, sites would have to hear of most others before they answer: quorum, or consensus.
    "#]],
    );
}

//! No store keeps both promises: for each the search finds the lost messages with which it breaks one.

use std::fmt::Write;

use constellation_lab::placement::cap::{Cap, Promise, Smallest, cap, cap_within};
use constellation_lab::placement::cell::Otherwise;
use constellation_lab::placement::{STORES, Store, place};
use constellation_trace::Nemesis;
use expect_test::expect;

fn stores() -> impl Iterator<Item = Store> {
    let named = |info: &'static constellation_lab::placement::stores::StoreInfo| {
        info.named.iter().map(|settings| format!("{}:{settings}", info.name))
    };
    STORES.iter().flat_map(named).map(|store| store.parse().expect("it is in the table"))
}

fn found(store: &str) -> Cap {
    cap(&store.parse().expect("it is in the table")).expect("it runs")
}

#[test]
fn every_store_breaks_one_of_the_two_promises_when_messages_are_lost() {
    let mut table = String::new();
    for store in stores() {
        let found = cap(&store).expect("it runs");
        let broken = found.with_losses.as_ref().expect("no store has both");
        // Who gossips sends too many messages for all sets of them to be tried.
        assert!(broken.smallest == Smallest::OfAll || broken.lost.len() > 3, "{store}");
        // What is said to be lost is lost, and nothing else.
        let is_lost = |nemesis: &Nemesis| matches!(nemesis, Nemesis::Lose(..));
        let lost = broken.trace.nemesis().iter().filter(|entry| is_lost(&entry.nemesis)).count();
        assert_eq!(lost, broken.lost.len(), "{store}");
        // Whoever sends again is not better off if the link carries nothing.
        assert!(found.with_a_cut.is_some(), "{store}");
        let promise = match broken.promise {
            Promise::Available { .. } => "answers",
            Promise::Consistent(_) => "linearizable",
        };
        let without = if found.without_loss.is_some() { ", also without any" } else { "" };
        writeln!(table, "{promise:<13}{} lost  {store}{without}", broken.lost.len())
            .expect("a text takes all");
    }
    expect![[r#"
        answers      1 lost  leader:sync=none,reads=leader,failover=off
        linearizable 1 lost  leader:sync=none,reads=anywhere,failover=off, also without any
        answers      1 lost  leader:sync=one,reads=leader,failover=off
        linearizable 1 lost  leader:sync=one,reads=anywhere,failover=off
        answers      1 lost  leader:sync=all,reads=leader,failover=off
        answers      1 lost  leader:sync=all,reads=anywhere,failover=off
        answers      1 lost  leader:sync=none,reads=leader,failover=majority
        answers      1 lost  leader:sync=one,reads=leader,failover=majority
        linearizable 1 lost  quorum:n=3,r=1,w=1,repair=off,sloppy=off, also without any
        linearizable 1 lost  quorum:n=3,r=1,w=1,repair=after,sloppy=off, also without any
        answers      1 lost  quorum:n=3,r=1,w=3,repair=off,sloppy=off
        answers      2 lost  quorum:n=3,r=2,w=2,repair=off,sloppy=off
        answers      2 lost  quorum:n=3,r=2,w=2,repair=before,sloppy=off
        answers      2 lost  quorum:n=3,r=2,w=2,repair=before,sloppy=off,skew=200ms
        answers      1 lost  quorum:n=3,r=3,w=1,repair=off,sloppy=off
        linearizable 1 lost  quorum:n=2,r=1,w=1,repair=off,sloppy=off, also without any
        linearizable 1 lost  quorum:n=2,r=1,w=1,repair=off,sloppy=on, also without any
        answers      1 lost  quorum:n=2,r=2,w=2,repair=off,sloppy=off
        answers      2 lost  quorum:n=2,r=2,w=2,repair=off,sloppy=on
        answers      2 lost  quorum:n=2,r=2,w=2,repair=off,sloppy=on,sites=5
        answers      1 lost  consensus:reads=log
        answers      1 lost  consensus:reads=lease
        answers      1 lost  consensus:reads=anywhere, also without any
        linearizable 1 lost  multi-leader:conflicts=lww,skew=0ms, also without any
        linearizable 1 lost  multi-leader:conflicts=lww,skew=200ms, also without any
        linearizable 1 lost  multi-leader:conflicts=siblings,skew=200ms, also without any
        answers      1 lost  chain:reads=tail,failover=off
        answers      1 lost  chain:reads=any,failover=off
        answers      1 lost  chain:reads=craq,failover=off
        answers      1 lost  chain:reads=tail,failover=majority
        answers      1 lost  chain:reads=craq,failover=majority
        linearizable 27 lost  crdt:gossip=20ms, also without any
        linearizable 1 lost  crdt:gossip=200ms, also without any
    "#]]
    .assert_eq(&table);
}

#[test]
fn with_no_message_lost_a_consistent_store_keeps_both_promises() {
    for store in stores() {
        let placed = place(&store, 1).expect("it runs");
        if placed.cell.otherwise == Otherwise::Consistency {
            let found = cap(&store).expect("it runs");
            assert!(found.without_loss.is_none(), "{}", found.told());
        }
    }
}

#[test]
fn what_is_lost_and_what_comes_of_it_is_told_in_a_sentence() {
    expect!["if 1 message each from pacific to atlantic and indian are lost, the write at pacific is not answered, though pacific runs"].assert_eq(&found("quorum:r=2,w=2").told());
    expect!["if 1 message from pacific to atlantic is lost, a read at atlantic does not show, 300.0 ms after its acknowledgement, the write at pacific"].assert_eq(&found("quorum:r=1,w=1").told());
    expect!["if 1 message from atlantic to pacific is lost, the read at atlantic is not answered, though atlantic runs"].assert_eq(&found("leader:sync=none,reads=leader").told());
    let cut = found("consensus:reads=log").with_a_cut.expect("no store has both");
    expect!["if no message from pacific or indian arrives at atlantic, the read at atlantic is not answered, though atlantic runs"].assert_eq(&cut.told());
    let cut = found("quorum:r=1,w=1").with_a_cut.expect("no store has both");
    expect!["if no message from pacific or indian arrives at atlantic, a read at atlantic does not show, 300.0 ms after its acknowledgement, the write at pacific"].assert_eq(&cut.told());
    let without_loss = found("quorum:r=1,w=1").without_loss.expect("it is wrong right after a write");
    expect!["with no message lost, a read at atlantic does not show, right after its acknowledgement, the write at pacific"].assert_eq(&without_loss.told());
    // Nobody is refused by a leader that knows it is one; a site without a leader says so.
    expect!["if 1 message from atlantic to pacific is lost, the read at atlantic is not answered, though atlantic runs"].assert_eq(&found("leader:sync=one,failover=majority").told());
}

#[test]
fn a_search_that_is_cut_short_loses_all_that_crosses_a_cut_and_delivers_what_it_can() {
    for (store, fewest) in [("quorum:r=2,w=2", 2), ("consensus:reads=log", 1), ("leader:sync=all", 1)] {
        let store: Store = store.parse().expect("it is in the table");
        let found = cap_within(&store, 0).expect("it runs");
        let broken = found.with_losses.expect("no store has both");
        assert_eq!(broken.smallest, Smallest::OfItsKind, "{store}");
        assert_eq!(broken.lost.len(), fewest, "{store}: {}", broken.told());
    }
}

#[test]
fn the_same_store_is_broken_alike_every_time() {
    let told = || {
        let found = found("consensus:reads=anywhere");
        let broken = found.with_losses.expect("no store has both");
        (found.runs, broken.told(), broken.lost, constellation_trace::format::jsonl::to_string(&broken.trace))
    };
    assert_eq!(told(), told());
}

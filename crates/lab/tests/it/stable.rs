//! Every setting with a name is placed alike whatever the luck: same cell, and both sentences in the same words.

use constellation_lab::placement::stability::{Found, Stability, stability};
use constellation_lab::placement::{Store, place};
use expect_test::expect;
use rayon::prelude::*;

use crate::shared::{measured, named};

/// Of each store one setting, with fail-over, a lease or stand-ins where it has them: there luck decides the most. Whoever is
/// shown old values for long reads on and on, and takes too long for twenty seeds here; `--example stability` takes all.
const BY_TWENTY: [&str; 6] = [
    "leader:sync=none,reads=leader,failover=majority",
    "quorum:n=2,r=2,w=2,repair=off,sloppy=on",
    "consensus:reads=lease",
    "multi-leader:conflicts=siblings,skew=200ms",
    "chain:reads=tail,failover=majority",
    "crdt:gossip=20ms",
];

/// One line for each that is not placed alike, and the words that differ.
fn differences(found: impl IntoIterator<Item = Stability>) -> String {
    let mut told = String::new();
    for stability in found {
        let store = &stability.store;
        assert!(stability.is_of_one_cell(), "{store} is in more than one cell: {}", seen(&stability));
        if !stability.is_in_the_same_words() {
            told.push_str(&format!("{store}{}\n", seen(&stability)));
        }
    }
    told
}

fn seen(stability: &Stability) -> String {
    let of = |Found { cell, words: [partition, otherwise], seeds }: &Found| {
        format!("\n  {cell} with {} seeds, first {}\n    {partition}\n    {otherwise}", seeds.len(), seeds[0])
    };
    stability.found.iter().map(of).collect()
}

#[test]
fn a_setting_of_each_store_is_placed_alike_by_twenty_seeds() {
    let stores = BY_TWENTY.into_iter().map(|text| text.parse().expect("it is in the table"));
    let found = stores.map(|store| stability(&store, 0..20).expect("it runs"));
    assert_eq!(differences(found), "");
}

#[test]
fn every_setting_with_a_name_is_placed_alike_by_two_seeds() {
    let others: Vec<Store> = named().filter(|store| !BY_TWENTY.contains(&&*store.to_string())).collect();
    // On all cores; one of the two is measured already, or will be.
    let found = others.par_iter().map(|store| {
        let other = place(store, 1).expect("it runs");
        Stability::of(store, [&*measured(&store.to_string()), &other])
    });
    expect![[r#"
        quorum:n=3,r=2,w=2,repair=off,sloppy=off
          P–/EC with 1 seeds, first 7
            Whichever site is cut off, it answers neither reads nor writes; what is answered is not linearizable (atlantic-# r(shared-#,#) reads as shared-# that of indian-# w(shared-#,#), which pacific-# w(shared-#,#)? had overwritten before it began), and none of # acknowledged writes was lost.
            A read takes # round trips, and a write # round trips; every read shows the latest write, with one slow site, too.
          P–/EC with 1 seeds, first 1
            Whichever site is cut off, it answers neither reads nor writes; what is answered is not linearizable (indian-# r(shared-#,#) reads as shared-# that of indian-# w(shared-#,#), which pacific-# w(shared-#,#)? had overwritten before it began), and none of # acknowledged writes was lost.
            A read takes # round trips, and a write # round trips; every read shows the latest write, with one slow site, too.
    "#]]
    .assert_eq(&differences(found.collect::<Vec<_>>()));
}

//! Every setting with a name is placed alike whatever the luck: same cell, and both sentences in the same words.

use constellation_lab::placement::stability::{Found, Stability, stability};
use constellation_lab::placement::{STORES, Store};
use expect_test::{Expect, expect};

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
fn differences(stores: impl Iterator<Item = Store>, seeds: u64) -> String {
    let mut told = String::new();
    for store in stores {
        let stability = stability(&store, 0..seeds).expect("it runs");
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

fn check(stores: impl Iterator<Item = Store>, seeds: u64, expected: Expect) {
    expected.assert_eq(&differences(stores, seeds));
}

#[test]
fn a_setting_of_each_store_is_placed_alike_by_twenty_seeds() {
    let stores = BY_TWENTY.into_iter().map(|text| text.parse().expect("it is in the table"));
    check(stores, 20, expect![[""]]);
}

#[test]
fn every_setting_with_a_name_is_placed_alike_by_three_seeds() {
    let all = STORES.iter().flat_map(|info| info.stores());
    let others = all.filter(|store| !BY_TWENTY.contains(&&*store.to_string()));
    check(
        others,
        3,
        expect![[r#"
        quorum:n=3,r=2,w=2,repair=off,sloppy=off
          P–/EC with 2 seeds, first 0
            Whichever site is cut off, it answers neither reads nor writes; what is answered is not linearizable (atlantic-# r(shared-#,#) reads as shared-# that of indian-# w(shared-#,#), which pacific-# w(shared-#,#)? had overwritten before it began), and none of # acknowledged writes was lost.
            A read takes # round trips, and a write # round trips; every read shows the latest write, with one slow site, too.
          P–/EC with 1 seeds, first 1
            Whichever site is cut off, it answers neither reads nor writes; what is answered is not linearizable (indian-# r(shared-#,#) reads as shared-# that of indian-# w(shared-#,#), which pacific-# w(shared-#,#)? had overwritten before it began), and none of # acknowledged writes was lost.
            A read takes # round trips, and a write # round trips; every read shows the latest write, with one slow site, too.
    "#]],
    );
}

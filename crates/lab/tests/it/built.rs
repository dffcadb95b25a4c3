//! Clients that write over what they read tell stores apart that look alike to whoever writes blindly.

use std::collections::BTreeMap;

use constellation_lab::placement::Store;
use constellation_lab::placement::client::{Answer, Kind};
use constellation_lab::placement::measure::built;
use constellation_lab::placement::protocol::{Condition, Fate, Round, Way};
use constellation_lab::placement::record::{Asked, Phase, Record};

/// The round in which a site is cut off both ways.
fn cut_off(store: &str, site: usize, seed: u64) -> Record {
    let store: Store = store.parse().expect("it is in the table");
    let round = Round::new(store.sites, Condition::Cut { site, way: Way::Both, fate: Fate::Held });
    store.run(&round, seed).expect("it runs")
}

/// How many writes were overwritten unseen while these sites were cut off, and of how many.
fn overwritten(store: &str, sites: &[usize], seed: u64) -> (usize, usize) {
    let built = sites.iter().flat_map(|site| built(&cut_off(store, *site, seed)));
    built.fold((0, 0), |(count, of), built| (count + usize::from(built.overwritten_by.is_some()), of + 1))
}

#[test]
fn a_linearizable_store_overwrites_nothing_that_a_client_had_not_seen() {
    let stores = [
        "consensus:reads=log",
        "consensus:reads=lease",
        "leader:sync=all,reads=leader",
        "leader:sync=one,failover=majority",
    ];
    for store in stores {
        for seed in 0..20 {
            let (count, of) = overwritten(store, &[0, 1, 2], seed);
            assert_eq!(count, 0, "{store} with seed {seed}, of {of}");
            assert!(of > 30, "{store} with seed {seed}: {of} writes show little");
        }
    }
}

#[test]
fn where_the_last_write_wins_or_a_leader_forgets_writes_are_overwritten_unseen() {
    let stores = [
        "multi-leader:conflicts=lww,skew=0ms",
        "multi-leader:conflicts=lww,skew=200ms",
        "quorum:r=1,w=1",
        "leader:sync=none,failover=majority",
    ];
    for store in stores {
        for seed in 0..20 {
            let (count, of) = overwritten(store, &[0], seed);
            assert!(count > 0, "{store} with seed {seed}: none of {of}");
        }
    }
}

#[test]
fn where_siblings_are_kept_nothing_is_overwritten_unseen() {
    for store in ["multi-leader:conflicts=siblings,skew=200ms", "crdt:gossip=20ms", "crdt:gossip=200ms"] {
        for seed in 0..20 {
            let (count, of) = overwritten(store, &[0], seed);
            assert_eq!(count, 0, "{store} with seed {seed}, of {of}");
        }
    }
}

#[test]
fn siblings_are_shown_and_the_next_writer_replaces_them_so_that_they_stay_few() {
    for store in ["multi-leader:conflicts=siblings", "crdt:gossip=200ms"] {
        let record = cut_off(store, 0, 7);
        let most = |is_it: fn(&&Asked) -> bool| {
            record.asked.iter().filter(is_it).map(|asked| asked.shown().len()).max()
        };
        let in_turns = most(|asked| asked.phase == Phase::Turns);
        assert_eq!(in_turns, Some(2), "{store}: one for each side of the cut");
        // Whoever writes blindly replaces nothing; a shared key is written twenty times.
        assert!(most(|_| true) <= Some(20), "{store}: {:?}", most(|_| true));
        let over = record.asked.iter().map(|asked| asked.ask.over.len()).max();
        assert_eq!(over, in_turns, "{store}: what was shown is replaced");
    }
}

#[test]
fn turns_are_taken_one_after_the_other_by_each_site_in_order() {
    for store in [
        "consensus:reads=log",
        "multi-leader:conflicts=siblings",
        "chain:failover=majority",
        "quorum:sites=5",
    ] {
        let record = cut_off(store, 1, 3);
        let mut keys: BTreeMap<&str, Vec<&Asked>> = BTreeMap::new();
        for asked in record.asked.iter().filter(|asked| asked.phase == Phase::Turns) {
            keys.entry(asked.ask.key.as_str()).or_default().push(asked);
        }
        assert!(keys.len() >= 2 * record.round.sites, "{store}: {} keys", keys.len());
        for (key, asked) in keys {
            let writes =
                asked.iter().filter(|asked| asked.written().is_some() && asked.done().is_some()).count();
            assert!(writes <= 2 * record.round.sites, "{store}, {key}: {writes} writes");
            for both in asked.windows(2) {
                check_next(store, key, both[0], both[1], record.round.sites);
            }
        }
    }
}

/// That of two operations of a group the second may come after the first.
fn check_next(store: &str, key: &str, first: &Asked, next: &Asked, sites: usize) {
    let (ended, answer) = first.ended.as_ref().expect("it is over");
    let is_at_next = next.site == (first.site + 1) % sites;
    let is_right = match (first.ask.kind(), answer, next.ask.kind()) {
        // The same client, at once.
        (Kind::Read, Answer::Ok(shown), Kind::Write) => {
            next.site == first.site && next.begun == *ended && next.ask.over == *shown
        }
        (Kind::Read, Answer::Refused(_) | Answer::Unknown(_), Kind::Read) => {
            is_at_next && next.begun > *ended
        }
        // Of a write of which nobody knows nothing comes after.
        (Kind::Write, Answer::Ok(_) | Answer::Refused(_), Kind::Read) => is_at_next && next.begun > *ended,
        _ => false,
    };
    assert!(is_right, "{store}, {key}: {first:?}, then {next:?}");
}

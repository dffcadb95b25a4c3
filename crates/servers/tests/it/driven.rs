//! The driver of rounds, on a stand on which time passes at once.

use std::collections::BTreeSet;
use std::time::Duration;

use constellation_lab::placement::client::Kind;
use constellation_lab::placement::protocol::{Condition, Round};
use constellation_lab::placement::record::Record;
use constellation_lab::placement::{Placement, STORES, Store, measure, place, placed};
use constellation_servers::adapter::Nonsense;
use constellation_servers::clients::{Fault, Which, Wrong};
use constellation_servers::drive::{Ended, Happened, drive};
use constellation_servers::rounds::{Effort, rounds};

use crate::imagined::Imagined;

fn record(store: &Store, round: &Round) -> Record {
    let driven = drive(round, &mut Imagined::of(store), "r1-", 0);
    assert_eq!((driven.ended, driven.faults), (Ended::Whole, vec![]), "{store} while {}", round.condition);
    driven.record
}

fn driven(store: &Store, effort: Effort) -> Placement {
    let records = rounds(store.sites, effort).iter().map(|round| record(store, round)).collect();
    placed(store.to_string(), 1, records)
}

#[test]
fn a_store_that_is_driven_lives_where_it_lives_in_the_simulator() {
    let mut differing = Vec::new();
    for store in STORES.iter().filter_map(|info| info.stores().next()) {
        let (here, there) = (driven(&store, Effort::Whole), place(&store, 1).expect("it is simulated"));
        if here.cell != there.cell {
            differing.push(format!("{store}: {} and {}", here.cell, there.cell));
        }
        for (row, other) in here.trips.iter().zip(&there.trips) {
            let [driven, simulated] =
                [row.trips, other.trips].map(|trips| trips.map_or(-1_000, |trips| trips.0));
            assert!(driven.abs_diff(simulated) <= 4, "{store}: {row:?} and {other:?}");
        }
    }
    assert!(differing.is_empty(), "{differing:#?}");
}

#[test]
fn with_half_the_rounds_a_store_lives_in_the_same_cell() {
    for store in
        ["quorum:n=3,r=1,w=1,repair=off", "leader:sync=all,reads=leader", "multi-leader:conflicts=siblings"]
    {
        let store: Store = store.parse().expect("it is one");
        assert_eq!(
            driven(&store, Effort::Quick).cell,
            place(&store, 1).expect("it is simulated").cell,
            "{store}"
        );
    }
}

#[test]
fn no_key_and_no_number_of_a_round_was_used_before_it() {
    let store: Store = "leader:sync=all,reads=leader".parse().expect("it is one");
    let round = Round::new(3, Condition::Busy);
    let mut stand = Imagined::of(&store);
    let first = drive(&round, &mut stand, "r1-", 0);
    let before: BTreeSet<String> = stand.keys.drain(..).collect();
    let asked = u64::try_from(first.record.asked.len()).expect("few are asked");
    let second = drive(&round, &mut stand, "r2-", asked);
    assert_eq!((first.ended, second.ended), (Ended::Whole, Ended::Whole));
    assert!(stand.keys.iter().all(|key| key.starts_with("r2-") && !before.contains(key)));
    // A store that has stood for a while answers as one that begins.
    let latency = |record: &Record| measure::latency(record, 1, Kind::Read);
    assert_eq!(latency(&first.record), latency(&second.record));
}

#[test]
fn a_round_ends_with_an_adapter_that_misbehaves() {
    let store: Store = "leader:sync=all,reads=leader".parse().expect("it is one");
    let fault = Fault { adapter: Which { site: 1, nth: 0 }, what: Wrong::Nonsense(Nonsense::Long) };
    let mut stand = Imagined::of(&store);
    stand.instead = Some((Duration::from_secs(2), Happened::Failed(fault.clone())));
    let driven = drive(&Round::new(3, Condition::Busy), &mut stand, "", 0);
    assert_eq!((driven.ended, driven.faults), (Ended::Failed, vec![fault]));
    assert!(!driven.record.asked.is_empty(), "what was asked is kept");
}

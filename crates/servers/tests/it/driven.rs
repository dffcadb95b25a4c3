//! The driver of rounds, on a stand on which time passes at once.

use std::collections::BTreeSet;
use std::time::Duration;

use constellation_lab::placement::client::Kind;
use constellation_lab::placement::downtime::Downtime;
use constellation_lab::placement::judged::Consistency;
use constellation_lab::placement::protocol::{Condition, Pace, Round};
use constellation_lab::placement::record::Record;
use constellation_lab::placement::{Placement, STORES, Store, measure, place, placed, told};
use constellation_servers::adapter::Nonsense;
use constellation_servers::clients::{Fault, Which, Wrong};
use constellation_servers::down::{Downed, kill_leader};
use constellation_servers::drive::{Amiss, Ended, Happened, drive};
use constellation_servers::rounds::{Effort, rounds};

use crate::imagined::{Imagined, Left};

fn record(store: &Store, round: &Round) -> Record {
    let driven = drive(round, &mut Imagined::of(store), "r1-", 0);
    assert_eq!((driven.ended, driven.amiss), (Ended::Whole, None), "{store} while {}", round.condition);
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

/// What is told of a store of which whoever leads is killed.
fn killed(store: &str, left: Left) -> (Option<usize>, Downtime, Vec<String>) {
    let store: Store = store.parse().expect("it is one");
    let mut stand = Imagined::of(&store);
    stand.left = left;
    let Downed { leader, driven } = kill_leader(&mut stand, (store.sites, Pace::SIMULATED), ("d-", 1));
    assert_eq!((driven.ended, driven.amiss), (Ended::Whole, None), "{store}");
    let downtime = Downtime::of(&driven.record, &["linearizable"]).expect("a server was down");
    let told = told::downtime(&downtime, &driven.record, leader.is_some());
    (leader, downtime, told)
}

#[test]
fn a_leader_that_acknowledges_before_anything_is_on_a_disk_is_told_as_losing() {
    let store = "leader:sync=none,reads=leader,failover=off";
    let (leader, kept, told) = killed(store, Left::All);
    assert_eq!((leader, kept.site), (Some(0), 0));
    assert!(kept.lost.of > 0 && kept.lost.missed() == 0 && kept.gone.is_empty(), "{told:#?}");
    assert_eq!(kept.models, [("linearizable", Consistency::Holds)], "{told:#?}");
    let (leader, lost, told) = killed(store, Left::Nothing);
    assert_eq!(leader, Some(0));
    assert!(lost.lost.count > 0, "{told:#?}");
    assert_eq!(lost.gone.len(), lost.lost.count, "each with its times");
    assert!(matches!(lost.models[..], [("linearizable", Consistency::Violated(_))]), "{told:#?}");
    assert!(told.iter().any(|line| line.contains("was acknowledged")), "{told:#?}");
}

#[test]
fn of_quorums_nobody_leads_and_the_others_go_on() {
    let (leader, downtime, told) = killed("quorum:n=3,r=2,w=2", Left::All);
    assert_eq!((leader, downtime.site), (None, 0));
    for row in &downtime.down {
        assert_eq!(row.again == Some(Duration::ZERO), row.site != 0, "{row:?}: {told:#?}");
    }
    assert!(downtime.back.iter().all(|row| row.again == Some(Duration::ZERO)), "{told:#?}");
    assert_eq!((downtime.lost.missed(), downtime.gone.len()), (0, 0), "{told:#?}");
}

#[test]
fn a_round_ends_with_an_adapter_that_misbehaves() {
    let store: Store = "leader:sync=all,reads=leader".parse().expect("it is one");
    let fault = Fault { adapter: Which { site: 1, nth: 0 }, what: Wrong::Nonsense(Nonsense::Long) };
    let mut stand = Imagined::of(&store);
    stand.instead = Some((Duration::from_secs(2), Happened::Failed(fault.clone())));
    let driven = drive(&Round::new(3, Condition::Busy), &mut stand, "", 0);
    assert_eq!((driven.ended, driven.amiss), (Ended::Failed, Some(Amiss::Adapter(fault))));
    assert!(!driven.record.asked.is_empty(), "what was asked is kept");
}

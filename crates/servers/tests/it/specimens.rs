//! Simulated stores as real processes: they live where they live in the simulator.

use std::sync::atomic::AtomicBool;
use std::thread;

use constellation_lab::placement::protocol::{Pace, Round};
use constellation_lab::placement::record::Record;
use constellation_lab::placement::{Placement, Store, place, placed};
use constellation_servers::drive::{Ended, drive};
use constellation_servers::rounds::{Effort, rounds};
use constellation_servers::server::Server as _;
use constellation_servers::servers::specimen::Specimen;
use constellation_servers::stand::{Running, Wanted};

use crate::ground::{program, testbed};

fn record(store: &Store, round: &Round) -> Option<Record> {
    let (testbed, server, stop) = (testbed()?, Specimen(store.clone()), AtomicBool::new(false));
    let info = server.info();
    let program = program();
    let wanted =
        Wanted { server: &server, info: &info, mode: &info.modes[0], program: &program, stop: &stop };
    let mut running = Running::start(&testbed, wanted).unwrap_or_else(|error| panic!("{store}: {error:?}"));
    let first_id = running.next_id();
    let driven = drive(round, &mut running, "r1-", first_id);
    assert_eq!((driven.ended, driven.amiss), (Ended::Whole, None), "{store} while {}", round.condition);
    Some(driven.record)
}

/// Each round on a testbed of its own, all at once: cells do not depend on how fast anything is.
fn driven(store: &Store) -> Option<Placement> {
    // Fewer read back than by itself: those of all rounds do so at once here, and each waits for a second at most.
    let gentle = |round: Round| Round { pace: Pace { readers: 6, ..round.pace }, ..round };
    let rounds: Vec<Round> = rounds(3, Effort::Quick).into_iter().map(gentle).collect();
    let records = thread::scope(|scope| {
        let begun: Vec<_> = rounds.iter().map(|round| scope.spawn(|| record(store, round))).collect();
        let ended = begun.into_iter().map(|round| round.join().expect("no round panics"));
        ended.collect::<Option<Vec<Record>>>()
    });
    Some(placed(store.to_string(), 0, records?))
}

fn check(store: &str, cell: &str) {
    let store: Store = store.parse().expect("it is one");
    let simulated = place(&store, 1).expect("it is simulated").cell.to_string();
    let Some(placement) = driven(&store) else { return };
    assert_eq!(
        (placement.cell.to_string(), simulated),
        (cell.to_owned(), cell.to_owned()),
        "{store}: {placement:?}"
    );
}

#[test]
fn quorums_of_one_as_processes_are_available_and_fast() {
    check("quorum:r=1,w=1", "PA/EL");
}

#[test]
fn a_leader_that_waits_for_all_as_processes_is_consistent() {
    check("leader:sync=all,reads=leader", "PC/EC");
}

#[test]
fn siblings_as_processes_are_available_and_fast() {
    check("multi-leader:conflicts=siblings", "PA/EL");
}

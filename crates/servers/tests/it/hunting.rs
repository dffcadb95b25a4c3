//! Hunting simulated stores as real processes: what they break is found, and what they keep is not.

use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

use constellation_lab::placement::Store;
use constellation_servers::hunt::judged::Claim;
use constellation_servers::hunt::rounds::{Hunt, Hunted, Schedules, hunt};
use constellation_servers::hunt::trial::Pace;
use constellation_servers::server::Server as _;
use constellation_servers::servers::specimen::Specimen;
use constellation_verify::models::Linearizable;

use crate::field;
use crate::ground::{program, testbed};

/// Hunts a store for as many rounds as fit into that time, one at least.
fn hunted(store: &str, claim: Claim, time: Duration, tries: u32) -> Hunted {
    let store: Store = store.parse().expect("it is one");
    let (server, stop) = (Specimen(store), AtomicBool::new(false));
    let mode = server.info().modes.remove(0);
    let schedules = Schedules::Seeds { from: 1, kinds: server.survives(&mode) };
    let [faults, heals, converges] = [4, 5, 5].map(Duration::from_secs);
    let pace = Pace { faults, heals, converges };
    let program = program();
    let hunted = hunt(
        &Hunt { server: &server, mode, claim, schedules, pace, time, tries, program, stop: &stop },
        |_| {},
    );
    hunted.unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn quorums_that_do_not_meet_are_found_out_and_consensus_is_not() {
    if testbed().is_none() {
        return;
    }
    let claim = Claim::Model(&Linearizable);
    let (weak, strong) = thread::scope(|scope| {
        let weak = scope.spawn(|| hunted("quorum:r=1,w=1", claim, Duration::from_secs(20), 1));
        // A second round begins, unless the machine is very busy.
        let strong = scope.spawn(|| hunted("consensus", claim, Duration::from_secs(11), 1));
        (weak.join().expect("no hunt panics"), strong.join().expect("no hunt panics"))
    });
    let found = weak.finding.expect("whoever asks one of three is shown what is old");
    assert_eq!(found.violation.model, Some("linearizable"));
    assert!(!found.violation.operations.is_empty());
    assert_eq!(found.again.tries, 1);
    assert!(strong.finding.is_none(), "{:?}", strong.finding);
    assert!(strong.rounds >= 1 && strong.answered > 0, "{strong:?}");
    assert_eq!(strong.unknown, (0, vec![]));
}

#[test]
fn a_store_that_claims_no_model_is_judged_by_what_is_left() {
    if testbed().is_none() {
        return;
    }
    let hunted = hunted("crdt", Claim::Eventually, Duration::ZERO, 0);
    assert!(hunted.finding.is_none(), "{:?}", hunted.finding);
    assert_eq!((hunted.rounds, hunted.unknown), (1, (0, vec![])));
}

#[test]
fn where_time_passes_at_once_a_hunt_finds_the_same_as_in_real_time() {
    let claim = Claim::Model(&Linearizable);
    let weak = field::hunted("quorum:r=1,w=1", claim, Duration::from_secs(600), |_| {});
    let found = weak.finding.expect("whoever asks one of three is shown what is old");
    assert_eq!(found.violation.model, Some("linearizable"));
    // There nothing but the schedule decides.
    assert_eq!((found.again.tries, found.again.violated), (3, 3));

    let mut before = Vec::new();
    let strong =
        field::hunted("consensus", claim, Duration::from_secs(120), |operations| before.push(operations));
    assert!(strong.finding.is_none(), "{:?}", strong.finding);
    assert_eq!((strong.rounds, strong.unknown), (before.len() as u64, (0, vec![])));
    assert!(strong.rounds > 5 && before.is_sorted() && strong.operations > before[5], "{before:?}");
}

//! Killing whoever leads, with real processes: a store that acknowledges what is on no disk is told as losing it.

use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

use constellation_lab::placement::downtime::Downtime;
use constellation_lab::placement::own::OwnStore;
use constellation_lab::placement::protocol::Pace;
use constellation_lab::placement::told;
use constellation_servers::down::{Downed, kill_leader};
use constellation_servers::drive::Ended;
use constellation_servers::server::Server as _;
use constellation_servers::servers::own::Own;
use constellation_servers::stand::{Running, Wanted};

use crate::ground::{program, testbed};

/// Of a store that is there again as soon as it is begun.
const PACE: Pace = Pace {
    asked_until: Duration::from_millis(5_600),
    turns_until: Duration::from_millis(4_700),
    back: Duration::from_millis(500),
    read_back_at: Duration::from_millis(6_800),
    readers: 8,
    ..Pace::SIMULATED
};

/// Three processes, of which all clients ask the one at site 1.
fn store() -> Own {
    let program = program();
    let text = format!(
        r#"
        name = "small"
        start = [{program:?}, "store", "{{address}}:7200", "{{folder}}/kept", "{{mode}}"]
        adapter = [{program:?}, "store-client", "{{address.1}}:7200"]

        [[modes]]
        name = "kept"
        says = "what is acknowledged is in a file"

        [[modes]]
        name = "lost"
        says = "what is acknowledged is in memory alone"
        "#
    );
    let store = OwnStore::parse(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    Own::new(store, program.parent().expect("it is in a folder").to_owned())
}

/// What became of the store in this mode, and what is told of it.
fn killed(mode: &str) -> Option<(Downtime, String)> {
    let (testbed, server, stop) = (testbed()?, store(), AtomicBool::new(false));
    let info = server.info();
    let (mode, program) = (info.mode(mode).expect("it is one"), program());
    let wanted = Wanted { server: &server, info: &info, mode, program: &program, stop: &stop };
    let mut running = Running::start(&testbed, wanted).unwrap_or_else(|error| panic!("{error}"));
    let first_id = running.next_id();
    let Downed { leader, driven } = kill_leader(&mut running, (3, PACE), ("d-", first_id));
    assert_eq!((driven.ended, driven.amiss), (Ended::Whole, None));
    assert_eq!(leader, Some(1), "whoever is near to itself leads");
    let downtime = Downtime::of(&driven.record, &["linearizable"]).expect("a server was down");
    let told = told::downtime(&downtime, &driven.record, true).join("\n");
    Some((downtime, told))
}

#[test]
fn a_store_that_keeps_what_it_acknowledges_loses_nothing_and_one_that_does_not_is_told() {
    assert!(PACE.is_sound());
    let (kept, lost) = thread::scope(|scope| {
        let [kept, lost] = ["kept", "lost"].map(|mode| scope.spawn(move || killed(mode)));
        (kept.join().expect("no round panics"), lost.join().expect("no round panics"))
    });
    let (Some((kept, told_kept)), Some((lost, told_lost))) = (kept, lost) else { return };
    assert!(kept.lost.of > 0 && kept.lost.missed() == 0 && kept.gone.is_empty(), "{told_kept}");
    // The clients of all sites ask the one that was down, and are answered once it is back.
    assert!(kept.down.iter().all(|row| row.again.is_none() && row.refused > 0), "{told_kept}");
    assert!(kept.back.iter().all(|row| row.again.is_some()), "{told_kept}");
    assert!(lost.lost.count > 0 && lost.gone.len() == lost.lost.count, "{told_lost}");
    assert!(told_lost.contains("was acknowledged") && !told_kept.contains("was acknowledged"), "{told_lost}");
}

//! Where namespaces are refused: TCP proxies on the loopback, and what they cannot do is said.

use std::io::Read;
use std::net::TcpStream;
use std::time::Duration;

use constellation_fabric::{Link, Odds};
use constellation_sim::Seeded;
use constellation_testbed::{Disk, Exit, Joined, Mode, Options, Pretend, Process, Said, Signal, Testbed};

use crate::bench::{PATIENCE, PORT, line, options, start};

fn latency(ms: u64) -> Link {
    let latency = Duration::from_millis(ms);
    Link { latency_min: latency, latency_max: latency, ..Link::INSTANT }
}

/// A testbed on a machine that has no namespaces.
fn refused(mut options: Options) -> Testbed {
    options.pretend = Pretend::NoNamespaces;
    let testbed = Testbed::open(options).expect("the loopback is there");
    assert_eq!(testbed.joined(), Joined::Proxies);
    testbed
}

/// A server at site 1, and a client of it at site 0.
fn talking(testbed: &Testbed) -> (Process, Process) {
    let server = start(testbed.site(1), "server", ["tcp-echo", &testbed.address(1, 1).to_string()]);
    assert_eq!(line(&server), "ready");
    let client = start(testbed.site(0), "client", ["talk", &testbed.address(0, 1).to_string()]);
    assert_eq!(line(&client), "connected");
    (server, client)
}

fn round_trip(client: &Process) -> Duration {
    client.write_line("hello").expect("it is there");
    let line = line(client);
    let nanos = line.strip_suffix(" hello").and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(nanos.unwrap_or_else(|| panic!("{line}")))
}

#[test]
fn without_namespaces_proxies_join_sites_and_say_what_they_cannot_do() {
    let testbed = refused(options(3, latency(30)));
    let (_server, client) = talking(&testbed);
    let trips: Vec<Duration> = (0..5).map(|_| round_trip(&client)).collect();
    assert!(trips.iter().all(|trip| *trip >= Duration::from_millis(60)), "{trips:?}");
    assert!(trips.iter().any(|trip| *trip <= Duration::from_millis(150)), "{trips:?}");
    let limits = testbed.limits();
    let names = |word| limits.iter().any(|limit: &&str| limit.contains(word));
    assert!(names("UDP is not carried, nothing is duplicated"), "{limits:?}");
    assert!(names("a cut holds what is sent"), "{limits:?}");
    assert_eq!([testbed.counts(0, 1).sent, testbed.counts(1, 0).sent], [5, 5]);
    assert_eq!(testbed.counts(0, 2).sent, 0);
}

#[test]
fn a_cut_behind_a_proxy_holds_until_it_is_healed() {
    let testbed = refused(options(2, Link::INSTANT));
    let (_server, client) = talking(&testbed);
    round_trip(&client);
    testbed
        .network(|network| network.cut(&[testbed.site(1).node()], &[testbed.site(0).node()]))
        .expect("a cut");
    client.write_line("hello").expect("it is there");
    assert_eq!(client.read_line(Duration::from_millis(200)), Said::Nothing);
    // The way there is open: the server has it, and its answer waits.
    let begun = testbed.now();
    while testbed.counts(0, 1).carried < 2 && testbed.now().since(begun) < PATIENCE {
        std::thread::park_timeout(Duration::from_millis(1));
    }
    assert_eq!(testbed.counts(0, 1).carried, 2);
    let late = start(testbed.site(0), "late", ["talk", &testbed.address(0, 1).to_string()]);
    late.write_line("hello").expect("it is there");
    testbed.heal();
    assert!(line(&client).ends_with(" hello"));
    assert_eq!(line(&late), "connected");
    assert!(line(&late).ends_with(" hello"));
}

#[test]
fn a_loss_behind_a_proxy_is_the_wait_for_a_retransmission() {
    let mut options = options(2, Link { loss: Odds::ppm(300_000).expect("less than all"), ..Link::INSTANT });
    options.choices = Box::new(Seeded::new(1));
    let testbed = refused(options);
    let (_server, client) = talking(&testbed);
    let trips: Vec<Duration> = (0..6).map(|_| round_trip(&client)).collect();
    let lost = testbed.total().lost;
    let waited: Duration = trips.iter().sum();
    assert!(lost > 0 && waited >= Duration::from_millis(200 * lost), "{lost} lost, {trips:?}");
}

#[test]
fn where_nobody_listens_a_connection_behind_a_proxy_ends_and_is_forgotten() {
    let testbed = refused(options(2, Link::INSTANT));
    // More than there may be at once.
    for nth in 0..1_100 {
        let at = (testbed.address(0, 1), PORT).into();
        let mut stream = TcpStream::connect_timeout(&at, PATIENCE).expect("the proxy listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("it is a socket");
        let read = stream.read(&mut [0]);
        let is_timeout = |error: &std::io::Error| error.kind() == std::io::ErrorKind::WouldBlock;
        assert!(!read.as_ref().is_err_and(is_timeout) && !matches!(read, Ok(1)), "{nth}: {read:?}");
    }
    let (_server, client) = talking(&testbed);
    round_trip(&client);
}

#[test]
fn a_cut_behind_a_proxy_holds_the_end_of_a_connection() {
    let testbed = refused(options(2, Link::INSTANT));
    let (server, client) = talking(&testbed);
    round_trip(&client);
    testbed
        .network(|network| network.cut(&[testbed.site(1).node()], &[testbed.site(0).node()]))
        .expect("a cut");
    server.kill().expect("it ends");
    client.write_line("hello").expect("it is there");
    assert_eq!(client.wait(Duration::from_millis(200)), None, "nobody can have told it");
    testbed.heal();
    assert!(client.wait(PATIENCE).is_some(), "it hears that the server is gone");
}

#[test]
fn processes_on_the_machine_itself_are_killed_and_paused_as_well() {
    let mut options = options(1, Link::INSTANT);
    options.mode = Mode::Proxies;
    let testbed = Testbed::open(options).expect("the loopback is there");
    let mut store = start(testbed.site(0), "store", ["store"]);
    let write = |store: &Process| store.write_line("a value").map(|()| line(store)).expect("it is there");
    assert_eq!(write(&store), "1");
    store.signal(Signal::Pause).expect("the site is there");
    store.write_line("later").expect("the site is there");
    assert_eq!(store.read_line(Duration::from_millis(100)), Said::Nothing);
    store.signal(Signal::Resume).expect("the site is there");
    assert_eq!(line(&store), "2");
    store.restart(Disk::Kept).expect("it starts again");
    assert_eq!(write(&store), "3");
    testbed.site(0).power_off().expect("the site is there");
    assert_eq!(store.wait(PATIENCE).expect("it ends").exit, Exit::Signal(9));
    // What does not exist is known only by what the process that was to become it says.
    let none = start(testbed.site(0), "none", ["no such servant"]);
    assert_eq!(none.wait(PATIENCE).expect("it ends").exit, Exit::Status(1));
}

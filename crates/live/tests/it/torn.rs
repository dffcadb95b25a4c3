//! Processes that end in the middle of an input: what is on their disks is in the record, and nothing else of it.

use std::io;
use std::time::Duration;

use constellation_live::frame::{FRAME_BYTES_MAX, Frames, write_frame};
use constellation_live::process::{Welcome, serve};
use constellation_live::{Act, Launch, Ticket};
use constellation_trace::{Kind, Trace};
use tokio::net::{TcpListener, TcpStream};

use crate::beacon::{Ask, Beacon};
use crate::tasks::{Beacons, CALM, Task, at_ms, node, setup, whole};
use crate::told::{count, lives};

/// The first process of pacific ends when this is said for the so-manieth time, and is not heard.
#[derive(Clone, Copy, Debug)]
enum Cut {
    /// By the hub, that it knows of a write.
    Written(u32),
    /// By the process, that it is done with an input.
    Done(u32),
    /// By the hub, that it is to end at its next input; and the line is not cut, but nothing is heard on it any more.
    Armed,
}

/// What the hub and a process say begins with a byte that tells what it is; these are looked for.
const SAYS_WRITTEN: u8 = 2;
const SAYS_DONE: u8 = 2;
const SAYS_ARM_BEFORE: u8 = 5;

/// Beacons of two; what the first process of pacific says goes through somebody who cuts the line.
struct Torn {
    cut: Cut,
    inner: Beacons,
}

impl Launch for Torn {
    type Process = Task;

    fn launch(&mut self, ticket: &Ticket) -> io::Result<Task> {
        if (ticket.node(), ticket.incarnation()) != (node(0), 0) {
            return self.inner.launch(ticket);
        }
        let door = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        door.set_nonblocking(true)?;
        let line = ticket.to_string();
        let (hub, rest) = line.split_once(' ').expect("it begins with the address");
        let (hub, ours) = (hub.to_owned(), format!("{} {rest}", door.local_addr()?));
        let ours: Ticket = ours.parse().expect("it differs in the address only");
        let cut = self.cut;
        Ok(Task(tokio::spawn(async move {
            let make = |_: Welcome<'_>| Ok(Beacon::new([1], 0));
            let door = TcpListener::from_std(door).expect("it is a socket");
            // Whoever of the two ends first takes the other with it, wherever that is.
            tokio::select! {
                _ = serve::<Beacon>(&ours, make) => {}
                () = pass_on(&door, &hub, cut) => {}
            }
        })))
    }
}

/// Passes on what the hub and the process say, until the line is to be cut.
async fn pass_on(door: &TcpListener, hub: &str, cut: Cut) {
    let (inside, _) = door.accept().await.expect("the process comes");
    let outside = TcpStream::connect(hub).await.expect("the hub is there");
    for stream in [&inside, &outside] {
        stream.set_nodelay(true).expect("it is a socket");
    }
    let (reports, mut orders_out) = inside.into_split();
    let (orders, mut reports_out) = outside.into_split();
    let (mut reports, mut orders) =
        (Frames::new(reports, FRAME_BYTES_MAX), Frames::new(orders, FRAME_BYTES_MAX));
    let hello = reports.next().await.expect("it can be read").expect("it says hello");
    write_frame(&mut reports_out, &hello).await.expect("the hub listens");
    let mut heard = 0;
    loop {
        let (is_report, said) = tokio::select! {
            report = reports.next() => (true, report),
            order = orders.next() => (false, order),
        };
        let Ok(Some(said)) = said else { return };
        let (what, most) = match cut {
            Cut::Written(nth) => ((false, SAYS_WRITTEN), nth),
            Cut::Done(nth) => ((true, SAYS_DONE), nth),
            Cut::Armed => ((false, SAYS_ARM_BEFORE), 1),
        };
        heard += u32::from((is_report, said[0]) == what);
        if heard == most {
            match cut {
                Cut::Armed => std::future::pending().await,
                Cut::Written(_) | Cut::Done(_) => return,
            }
        }
        let out = if is_report { &mut reports_out } else { &mut orders_out };
        if write_frame(out, &said).await.is_err() {
            return;
        }
    }
}

/// What becomes of a request to pacific, of two nodes.
async fn torn(ask: Ask, cut: Cut) -> Trace {
    let (mut setup, _folder) = setup(2);
    setup.plan = vec![(at_ms(50), Act::Request { node: node(0), request: ask })];
    let live = whole(setup, CALM, Torn { cut, inner: Beacons { count: 2, repeats: 0 } }).await;
    assert_eq!(live.remarks, ["the process of pacific ended by itself"]);
    live.trace
}

fn counts<const N: usize>(trace: &Trace, labels: [&str; N]) -> [usize; N] {
    labels.map(|label| count(trace, label))
}

#[tokio::test]
async fn nothing_leaves_before_the_write_that_it_hangs_on_is_on_disk() {
    let trace = torn(Ask::Add(5), Cut::Written(1)).await;
    assert_eq!(lives(&trace), [Kind::Crash, Kind::Restart { from: None }]);
    assert_eq!(counts(&trace, ["adds 5", "tells 5", "hears 5", "is at 0"]), [0, 0, 0, 2]);
}

#[tokio::test]
async fn who_ends_once_it_has_written_did_its_work_and_told_nobody() {
    // The first that it is done with is its start.
    let trace = torn(Ask::Add(5), Cut::Done(2)).await;
    assert!(matches!(lives(&trace)[..], [Kind::Crash, Kind::Restart { from: Some(_) }]), "{trace:?}");
    assert_eq!(counts(&trace, ["adds 5", "tells 5", "hears 5", "remembers 5"]), [1, 1, 0, 1]);
    assert_eq!(counts(&trace, ["is at 5", "is at 0"]), [1, 1]);
}

#[tokio::test]
async fn of_two_writes_the_one_that_is_there_stands_with_what_was_before_it() {
    let trace = torn(Ask::Twice, Cut::Written(2)).await;
    assert!(matches!(lives(&trace)[..], [Kind::Crash, Kind::Restart { from: Some(_) }]), "{trace:?}");
    assert_eq!(counts(&trace, ["adds one", "tells 1", "adds another", "tells 2"]), [1, 1, 0, 0]);
    assert_eq!(counts(&trace, ["hears 1", "remembers 1"]), [0, 1]);
}

/// As if it was stopped from outside, or worked for ever: it cannot say that it will not end.
#[tokio::test]
async fn who_does_not_answer_at_the_end_is_killed_and_begins_again() {
    let (mut setup, _folder) = setup(1);
    setup.patience.grace = Duration::from_millis(300);
    setup.plan = vec![(at_ms(50), Act::CrashBefore { node: node(0) })];
    let live = whole(setup, CALM, Torn { cut: Cut::Armed, inner: Beacons { count: 1, repeats: 0 } }).await;
    assert_eq!(lives(&live.trace)[..2], [Kind::Crash, Kind::Restart { from: None }]);
    // On a busy machine the next one may be slow, too.
    assert!(!live.remarks.is_empty());
    assert!(
        live.remarks.iter().all(|told| told.contains("the process of pacific was killed: it did not answer")
            || told.contains("not all was done")),
        "{:?}",
        live.remarks
    );
}

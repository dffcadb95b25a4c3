//! What stands in the way of a run is an error that says so, and no verdict on the nodes.

use std::ffi::OsStr;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use constellation_live::frame::FRAME_BYTES_MAX;
use constellation_live::{Act, Launch, LiveError, Setup, Ticket};

use crate::beacon::Ask;
use crate::tasks::{Beacons, CALM, Task, at_ms, node, run, setup};

const ONE: Beacons = Beacons { count: 1, repeats: 0 };

/// No process begins as it should.
struct Broken(fn() -> io::Result<Task>);

impl Launch for Broken {
    type Process = Task;

    fn launch(&mut self, _ticket: &Ticket) -> io::Result<Task> {
        (self.0)()
    }
}

async fn refused(change: impl FnOnce(&mut Setup<Ask>), launcher: Broken) -> String {
    let (mut setup, _folder) = setup(1);
    change(&mut setup);
    run(setup, CALM, launcher).await.expect_err("it cannot begin").to_string()
}

#[tokio::test]
async fn a_process_that_does_not_come_is_told_by_name() {
    let unknown = refused(|_| {}, Broken(|| Err(io::Error::other("no such program")))).await;
    assert_eq!(unknown, "cannot begin the process of pacific: no such program");
    let gone = refused(|_| {}, Broken(|| Ok(Task(tokio::spawn(async {}))))).await;
    assert_eq!(gone, "the process of pacific ended before it said hello");
    let silent = Broken(|| Ok(Task(tokio::spawn(std::future::pending()))));
    let silent = refused(|setup| setup.patience.hello = Duration::ZERO, silent).await;
    assert_eq!(silent, "the process of pacific said no hello for 0 s");
}

#[tokio::test]
async fn a_plan_for_a_node_that_is_not_there_is_refused() {
    let (mut setup, _folder) = setup(1);
    setup.plan = vec![(at_ms(50), Act::Crash { node: node(7) })];
    let refused = run(setup, CALM, ONE).await;
    assert!(matches!(refused, Err(LiveError::Setup(_))), "{refused:?}");
}

#[tokio::test]
async fn a_node_joins_once() {
    let twice = refused_of(|setup| {
        setup.plan = [50, 60].map(|ms| (at_ms(ms), Act::Join { node: node(0) })).to_vec();
    });
    assert_eq!(twice.await, "pacific is to join twice, and a node joins once");
}

/// Its folder is removed once it is launched.
struct Diskless(PathBuf);

impl Launch for Diskless {
    type Process = Task;

    fn launch(&mut self, ticket: &Ticket) -> io::Result<Task> {
        std::fs::remove_dir_all(&self.0)?;
        ONE.clone().launch(ticket)
    }
}

#[tokio::test]
async fn a_disk_that_fails_is_no_crash_of_the_node() {
    let (mut setup, folder) = setup(1);
    setup.plan = vec![(at_ms(50), Act::Request { node: node(0), request: Ask::Add(5) })];
    let failed = run(setup, CALM, Diskless(folder.path().to_owned())).await.expect_err("there is no disk");
    let told = failed.to_string();
    let expected = "the process of pacific cannot go on, through no fault of the node: the disk fails: ";
    assert!(told.starts_with(expected), "{told}");
}

#[tokio::test]
async fn what_is_too_long_to_be_told_is_no_crash_of_the_node() {
    let (mut setup, _folder) = setup(1);
    setup.plan = vec![(at_ms(50), Act::Request { node: node(0), request: Ask::Shout })];
    let told = run(setup, CALM, ONE).await.expect_err("it does not fit").to_string();
    let expected = "the process of pacific cannot go on, through no fault of the node: what goes to the hub or comes from it does not fit: a frame of ";
    assert!(told.starts_with(expected), "{told}");
    let told = refused_of(|setup| setup.setup = vec![0; FRAME_BYTES_MAX]).await;
    let expected = "the process of pacific cannot be told what happens to it: a frame of ";
    assert!(told.starts_with(expected), "{told}");
}

async fn refused_of(change: impl FnOnce(&mut Setup<Ask>)) -> String {
    let (mut setup, _folder) = setup(1);
    change(&mut setup);
    run(setup, CALM, ONE).await.expect_err("it cannot be").to_string()
}

#[tokio::test]
async fn a_folder_that_is_none_is_refused_before_anything_begins() {
    let missing = refused_of(|setup| setup.folder = setup.folder.join("missing")).await;
    assert!(missing.starts_with("the nodes cannot have their disks in the folder `"), "{missing}");
    assert!(missing.ends_with("missing`: it is not there, or is no folder"), "{missing}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_whose_name_is_no_text_is_refused() {
    let name: &OsStr = std::os::unix::ffi::OsStrExt::from_bytes(b"disks-\xff");
    let refused = refused_of(|setup| {
        setup.folder.push(name);
        std::fs::create_dir(&setup.folder).expect("there is room");
    });
    let refused = refused.await;
    assert!(refused.ends_with("disks-\u{fffd}`: its name is no text in UTF-8"), "{refused}");
}

//! Processes that are tasks of the test: real sockets on the loopback, and no program to be built.

use std::io;
use std::num::NonZeroU32;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use constellation_fabric::{Choices, Options, Question, Topic};
use constellation_live::hub;
use constellation_live::process::{Welcome, serve};
use constellation_live::{Ended, Launch, Live, LiveError, Process, Setup, Ticket};
use constellation_trace::{NodeId, TrueTime};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::beacon::{Ask, Beacon};

/// Each process is a task in which a beacon tells all others, and repeats that so often.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beacons {
    pub(crate) count: u32,
    pub(crate) repeats: u32,
}

/// A task as a process; dropped, it ends.
#[derive(Debug)]
pub(crate) struct Task(pub(crate) JoinHandle<()>);

impl Launch for Beacons {
    type Process = Task;

    fn launch(&mut self, ticket: &Ticket) -> io::Result<Task> {
        let (ticket, Beacons { count, repeats }) = (ticket.clone(), *self);
        Ok(Task(tokio::spawn(async move {
            let make = |welcome: Welcome<'_>| {
                let others = (0..count).filter(|node| *node != welcome.node.number());
                Ok(Beacon::new(others, repeats))
            };
            // The hub says of whom it hears no more.
            let _ = serve::<Beacon>(&ticket, make).await;
        })))
    }
}

impl Process for Task {
    fn kill(&mut self) -> io::Result<()> {
        self.0.abort();
        Ok(())
    }

    fn pause(&mut self) -> io::Result<()> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "a task cannot be stopped"))
    }

    fn resume(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn has_ended(&mut self) -> bool {
        self.0.is_finished()
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Says yes to some questions, by their names, and takes the harmless answer to all others: the same under any timing.
pub(crate) struct Yes(pub(crate) fn(Topic, u64) -> bool);

impl Choices for Yes {
    fn choose(&mut self, question: Question, options: Options) -> u32 {
        u32::from(matches!(options, Options::Chance(_)) && (self.0)(question.topic, question.nth))
    }
}

pub(crate) const CALM: Yes = Yes(|_, _| false);

pub(crate) const fn at_ms(ms: u64) -> TrueTime {
    TrueTime::from_ns(ms * 1_000_000)
}

pub(crate) const fn node(number: u32) -> NodeId {
    NodeId::new(number)
}

/// A run of so many nodes that lasts 400 ms, ten times as fast as the machine, and at whose end everybody shows how far it
/// is; with the folder of its disks.
pub(crate) fn setup(count: u32) -> (Setup<Ask>, TempDir) {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let names = ["pacific", "atlantic", "indian_ocean"].into_iter().take(count as usize);
    let mut setup = Setup::new(names, at_ms(400), folder.path());
    setup.speed = NonZeroU32::new(10).expect("10 is not 0");
    setup.closing.settle = Duration::from_millis(50);
    setup.closing.rounds = vec![(0..count).map(|number| (node(number), Ask::Show)).collect()];
    (setup, folder)
}

/// Runs it.
pub(crate) async fn run<L: Launch>(
    setup: Setup<Ask>,
    mut choices: Yes,
    launcher: L,
) -> Result<Live, LiveError> {
    hub::run::<Beacon, L>(setup, &mut choices, launcher, &AtomicBool::new(false)).await
}

/// Runs it, which comes to its end.
pub(crate) async fn whole<L: Launch>(setup: Setup<Ask>, choices: Yes, launcher: L) -> Live {
    let live = run(setup, choices, launcher).await.expect("nothing stands in the way");
    assert_eq!(live.ended, Ended::Whole);
    live
}

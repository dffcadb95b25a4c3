//! The line of a testbed to one of its sites, and who hears what comes back on it.

use std::collections::BTreeMap;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use constellation_trace::TrueTime;

use crate::error::TestbedError;
use crate::process::Heard;
use crate::protocol::{Order, Report, read_frame, write_frame};

/// The line to one site.
#[derive(Debug)]
pub(crate) struct Line {
    /// The number of the site, from 0.
    pub(crate) site: usize,
    /// The folder of the run.
    pub(crate) testbed: PathBuf,
    stream: UnixStream,
    /// Orders are written one after the other.
    writing: Mutex<()>,
    hearers: Mutex<BTreeMap<u32, Arc<Heard>>>,
    processes: AtomicU32,
    is_gone: AtomicBool,
    /// When the testbed began.
    start_ns: u64,
}

impl Line {
    pub(crate) fn new(site: usize, testbed: PathBuf, stream: UnixStream, start_ns: u64) -> Line {
        Line {
            site,
            testbed,
            stream,
            writing: Mutex::new(()),
            hearers: Mutex::default(),
            processes: AtomicU32::new(0),
            is_gone: AtomicBool::new(false),
            start_ns,
        }
    }

    /// A number that no process of the site had.
    pub(crate) fn number(&self) -> u32 {
        self.processes.fetch_add(1, Ordering::Relaxed)
    }

    /// The socket, before anybody attends to it.
    pub(crate) const fn stream(&self) -> &UnixStream {
        &self.stream
    }

    /// From now on what is told of this process is kept.
    pub(crate) fn listen(&self, process: u32) -> Arc<Heard> {
        let heard = Arc::new(Heard::default());
        self.hearers().insert(process, Arc::clone(&heard));
        if self.is_gone() {
            heard.end();
        }
        heard
    }

    /// What is told of this process is heard by nobody any more.
    pub(crate) fn forget(&self, process: u32) {
        self.hearers().remove(&process);
    }

    pub(crate) fn tell(&self, order: &Order) -> Result<(), TestbedError> {
        let frame = order.encode();
        if frame.len() > crate::protocol::FRAME_BYTES_MAX {
            let error = std::io::Error::other("it is longer than a megabyte");
            return Err(TestbedError::Io { what: "what a site is told", error });
        }
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        write_frame(&self.stream, &frame).map_err(|_| TestbedError::SiteGone { site: self.site })
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.is_gone.load(Ordering::Acquire)
    }

    /// When that was, for the testbed.
    pub(crate) fn time(&self, at_ns: u64) -> TrueTime {
        TrueTime::from_ns(at_ns.saturating_sub(self.start_ns))
    }

    /// Passes on what the site tells, until it is gone.
    pub(crate) fn attend(&self) {
        while let Ok(Some(frame)) = read_frame(&self.stream) {
            let Some(report) = Report::decode(&frame) else { break };
            let process = match &report {
                Report::Started { process, .. }
                | Report::NotStarted { process, .. }
                | Report::Line { process, .. }
                | Report::OutputEnded { process, .. }
                | Report::Ended { process, .. } => *process,
                Report::Ready { .. } => continue,
            };
            let heard = self.hearers().get(&process).cloned();
            if let Some(heard) = heard {
                heard.hear(report, |at_ns| self.time(at_ns));
            }
        }
        self.is_gone.store(true, Ordering::Release);
        for heard in self.hearers().values() {
            heard.end();
        }
    }

    /// Has the site end.
    pub(crate) fn close(&self) {
        let _ = self.stream.shutdown(std::net::Shutdown::Both);
    }

    fn hearers(&self) -> MutexGuard<'_, BTreeMap<u32, Arc<Heard>>> {
        self.hearers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

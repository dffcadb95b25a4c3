//! One process: its clocks, its log, and the lock before both.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use constellation_clock::VectorStamp;

use crate::clocks::{Clocks, OwnClocks, Stamp};
use crate::header::{Header, Sent, named};
use crate::layer::RecorderLayer;
use crate::log::{Did, Line, Log, Sink};

/// One process as it is seen in a trace: all that is recorded through this, or through clones of it, has one order.
///
/// See the [crate](crate#what-a-process-is) for what that order means where tasks run side by side.
#[derive(Clone)]
pub struct Recorder(Arc<Shared>);

/// How much was recorded, and what was not.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Counts {
    /// Events that stand in the log.
    pub events: u64,
    /// Events that could not be written, or came after the log was closed.
    pub dropped: u64,
    /// Of the events: receives of messages that nobody had recorded, of which the log says only that something came.
    pub causeless: u64,
    /// Of the events: receives whose header no honest peer can have sent, told as if they had none.
    pub refused: u64,
}

struct Shared {
    process: String,
    began: Instant,
    inner: Mutex<Inner>,
}

struct Inner {
    clocks: Box<dyn Clocks>,
    /// The vector of the last event: whom this process has heard of.
    known: VectorStamp,
    log: Log,
    counts: Counts,
}

/// The longest label that is written, in bytes; the rest is cut off.
const LABEL_BYTES_MAX: usize = 256;

impl Recorder {
    /// How long a log becomes at most unless another length is chosen: 1 GiB, which is what `constellation join` reads.
    pub const BYTES_MAX: u64 = 1 << 30;

    /// Begins the log of the process called `process` in a new file.
    ///
    /// No two processes of a run have one name, nor does one that restarts have that of its former life: put the machine or
    /// the process id into it. Names are letters, digits, `.`, `_`, `-` and `/`, 64 bytes at most.
    ///
    /// # Errors
    /// Those of the file system, `AlreadyExists` for a file that is there (it may be somebody's evidence), and `InvalidInput`
    /// for a name that no process can have. A service that goes on without a recorder needs no change: nothing is recorded.
    pub fn create(path: &Path, process: &str) -> io::Result<Recorder> {
        Recorder::create_with(path, process, Recorder::BYTES_MAX, Box::new(OwnClocks::new(process)))
    }

    /// As [`create`](Self::create), with another bound for the log's bytes, and with these clocks.
    ///
    /// # Errors
    /// As for [`create`](Self::create), and `InvalidInput` for less than 1024 bytes.
    pub fn create_with(
        path: &Path,
        process: &str,
        bytes_max: u64,
        clocks: Box<dyn Clocks>,
    ) -> io::Result<Recorder> {
        const BYTES_MIN: u64 = 1024;
        let unfit = |reason: String| io::Error::new(io::ErrorKind::InvalidInput, reason);
        named(process).map_err(|error| unfit(error.to_string()))?;
        if bytes_max < BYTES_MIN {
            return Err(unfit(format!("a log of {bytes_max} bytes at most, but it needs {BYTES_MIN}")));
        }
        let file = File::options().write(true).create_new(true).open(path)?;
        Recorder::begin(Box::new(file), process, bytes_max, clocks)
    }

    pub(crate) fn begin(
        sink: Box<dyn Sink>,
        process: &str,
        bytes_max: u64,
        clocks: Box<dyn Clocks>,
    ) -> io::Result<Recorder> {
        // A clock before 1970 gives a run that begins in 1970, which moves nothing but the picture. Both clocks are read at
        // once, since the times of this process are told apart from those of others by the two.
        let (wall_ns, began) = (wall_ns().unwrap_or(0), Instant::now());
        let log = Log::begin(sink, bytes_max, process, wall_ns)?;
        let inner = Inner { clocks, known: VectorStamp::default(), log, counts: Counts::default() };
        let process = process.to_owned();
        Ok(Recorder(Arc::new(Shared { process, began, inner: Mutex::new(inner) })))
    }

    /// A layer that records, through this, the spans and events that say so by their fields.
    #[must_use]
    pub fn layer(&self) -> RecorderLayer {
        RecorderLayer::new(self.clone())
    }

    /// The name of this process.
    #[must_use]
    pub fn process(&self) -> &str {
        &self.0.process
    }

    /// Records that something happened here, called `label`.
    pub fn local(&self, label: &str) {
        self.0.record(Did::Local, label);
    }

    /// Records that a message goes out to `to`, as far as that is known: a process, an address, or an empty text. What it
    /// returns must travel with the message. A message that goes to several is one event and one header.
    #[must_use = "without its header the message has no cause where it arrives"]
    pub fn send(&self, to: &str, label: &str) -> Header {
        let to = cut(to, Header::NAME_BYTES_MAX);
        self.0.record(Did::Send { to }, label).map_or_else(Header::none, Header::of)
    }

    /// Records that the message arrived which came with this header; each time that it does.
    pub fn receive(&self, header: &Header, label: &str) {
        self.0.receive(header, label);
    }

    /// Closes the log. What is recorded afterwards is dropped, and counted.
    ///
    /// The last clone to go closes it as well; but a layer of a subscriber that is set globally never goes.
    pub fn close(&self) {
        self.0.close();
    }

    /// How much was recorded so far, and what was not.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.0.lock().counts
    }
}

impl Shared {
    /// Whoever panicked with the lock in hand left it as it was before or after an event.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn elapsed_ns(&self) -> u64 {
        // Saturating: 584 years after it began.
        u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn record(&self, did: Did<'_>, label: &str) -> Option<Sent> {
        let mut inner = self.lock();
        if !inner.log.is_open() {
            inner.counts.dropped += 1;
            return None;
        }
        let Ok(stamp) = inner.clocks.event() else {
            inner.counts.dropped += 1;
            return None;
        };
        self.write(&mut inner, did, label, stamp)
    }

    fn receive(&self, header: &Header, label: &str) {
        let Some(sent) = header.sent() else {
            if self.record(Did::Local, label).is_some() {
                self.lock().counts.causeless += 1;
            }
            return;
        };
        let mut inner = self.lock();
        if !inner.log.is_open() {
            inner.counts.dropped += 1;
            return;
        }
        let has_room = inner.has_room(&sent.stamp.vector);
        let Some(stamp) = has_room.then(|| inner.clocks.receive(&sent.stamp).ok()).flatten() else {
            drop(inner);
            let told = format!("{} (its header is refused)", cut(label, LABEL_BYTES_MAX / 2));
            if self.record(Did::Local, &told).is_some() {
                self.lock().counts.refused += 1;
            }
            return;
        };
        let did = Did::Receive { sender: &sent.process, sent: sent.event };
        self.write(&mut inner, did, label, stamp);
    }

    /// Writes an event that has its stamp; what a header needs to say of it, if it stands in the log.
    fn write(&self, inner: &mut Inner, did: Did<'_>, label: &str, stamp: Stamp) -> Option<Sent> {
        if !travels(&stamp.vector) {
            inner.counts.dropped += 1;
            return None;
        }
        let event = inner.counts.events;
        let label = cut(label, LABEL_BYTES_MAX);
        let at_ns = self.elapsed_ns();
        let line = Line { event, at_ns, did, label, stamp: &stamp, wall_ns: wall_ns() };
        if !inner.log.event(&line) {
            inner.counts.dropped += 1;
            return None;
        }
        inner.counts.events += 1;
        inner.known.clone_from(&stamp.vector);
        Some(Sent { process: self.process.clone(), event, stamp })
    }

    fn close(&self) {
        let mut inner = self.lock();
        // Not before: an event that was under way would come after the end, and nobody reads such a log.
        let ended_ns = self.elapsed_ns();
        let dropped = inner.counts.dropped;
        inner.log.end(ended_ns, dropped);
    }
}

impl Inner {
    /// Whether a clock that learns this names no more processes than a header may: strangers cannot make it grow.
    fn has_room(&self, sent: &VectorStamp) -> bool {
        let is_new = |name: &str| self.known.get(name) == 0;
        let more = sent.entries().filter(|(name, _)| is_new(name.as_str())).count();
        self.known.entries().count().saturating_add(more) < Header::ENTRIES_MAX
    }
}

/// Whether a vector can stand in a header and in a line of the log: clocks of one's own may name anybody, and a line break in a
/// name would end a header of HTTP.
fn travels(vector: &VectorStamp) -> bool {
    vector.entries().count() <= Header::ENTRIES_MAX
        && vector.entries().all(|(name, _)| named(name.as_str()).is_ok())
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.close();
    }
}

fn wall_ns() -> Option<u64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    u64::try_from(since.as_nanos()).ok()
}

/// The beginning of a text, so many bytes at most and whole letters.
pub(crate) fn cut(text: &str, bytes_max: usize) -> &str {
    let end = (0..=bytes_max.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

#[cfg(test)]
mod tests;

//! Spans by a clock that does not step, and wall times used as such.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

fn measured(work: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    work();
    begun.elapsed()
}

fn age(path: &Path) -> io::Result<Duration> {
    let written = fs::metadata(path)?.modified()?;
    written.elapsed().map_err(io::Error::other)
}

fn stamp() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn is_old(message: &Message) -> bool {
    let sent: SystemTime = message.sent_at;
    SystemTime::now().duration_since(sent).is_ok_and(|age| age > Duration::from_secs(60))
}

struct Timer {
    started_at: Instant,
}

impl Timer {
    fn took(&self) -> Duration {
        self.started_at.elapsed()
    }
}

/// How long a token is good, which the calendar says.
fn valid_for(valid_until: SystemTime) -> Duration {
    valid_until.duration_since(SystemTime::now()).unwrap_or_default()
}

struct Segment {
    last_modified: SystemTime,
}

impl Segment {
    fn age(&self) -> Option<Duration> {
        self.last_modified.elapsed().ok()
    }
}

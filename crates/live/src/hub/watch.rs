//! Showing the record, now and then, to whoever watches a run while it lasts.

use std::time::Duration;

use constellation_trace::Trace;
use tokio::time::Instant;

/// Somebody who watches.
pub(super) struct Watch<'w> {
    show: &'w mut dyn FnMut(&Trace),
    /// Before this the record is not shown again.
    due: Instant,
    /// How many events there were when it was shown last.
    seen: usize,
}

impl<'w> Watch<'w> {
    pub(super) fn new(show: &'w mut dyn FnMut(&Trace)) -> Watch<'w> {
        Watch { show, due: Instant::now(), seen: 0 }
    }

    /// Shows the record if there is more of it than there was, and if it is time: a watcher who takes long is shown it less
    /// often, so that the run does not wait for him.
    pub(super) fn look(&mut self, trace: &Trace) {
        /// How often, at most.
        const INTERVAL: Duration = Duration::from_millis(250);
        /// So many times as long as watching takes, nobody watches.
        const REST: u32 = 20;
        let start = Instant::now();
        if trace.events().len() == self.seen || start < self.due {
            return;
        }
        (self.show)(trace);
        self.seen = trace.events().len();
        self.due = Instant::now() + INTERVAL.max(start.elapsed().saturating_mul(REST));
    }
}

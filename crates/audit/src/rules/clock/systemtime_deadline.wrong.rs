//! Deadlines on the wall.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};

struct Lease {
    until: SystemTime,
    next_beat: DateTime<Utc>,
}

impl Lease {
    fn take(length: Duration) -> Lease {
        Lease { until: SystemTime::now() + length, next_beat: Utc::now() } //~ clock::systemtime-deadline
    }

    fn is_held(&self) -> bool {
        SystemTime::now() < self.until //~ clock::systemtime-deadline
    }

    fn beat(&mut self, pause: chrono::Duration) {
        if Utc::now() >= self.next_beat { //~ clock::systemtime-deadline
            self.next_beat = Utc::now() + pause; //~ clock::systemtime-deadline
        }
    }
}

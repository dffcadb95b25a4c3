//! Durations by the calendar.

use chrono::{DateTime, Utc};
use time::OffsetDateTime;

struct Round {
    started: DateTime<Utc>,
    last_reply: DateTime<Utc>,
}

impl Round {
    fn new() -> Round {
        Round { started: Utc::now(), last_reply: Utc::now() }
    }

    fn took(&self) -> chrono::Duration {
        Utc::now().signed_duration_since(self.started) //~ clock::utc-elapsed
    }

    fn is_silent(&self) -> bool {
        Utc::now() - self.last_reply > LIMIT //~ clock::utc-elapsed
    }
}

fn measured(work: impl FnOnce()) -> time::Duration {
    let begun = OffsetDateTime::now_utc();
    work();
    let ended = OffsetDateTime::now_utc();
    ended - begun //~ clock::utc-elapsed
}

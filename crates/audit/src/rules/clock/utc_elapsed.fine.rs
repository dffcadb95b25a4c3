//! Ages of things from elsewhere, and looks back.

use std::time::Instant;

use chrono::{DateTime, Duration, Utc};

struct Token {
    issued_at: DateTime<Utc>,
    last_modified: DateTime<Utc>,
}

fn is_fresh(token: &Token) -> bool {
    Utc::now() - token.issued_at < Duration::hours(1) && Utc::now() - token.last_modified < Duration::days(1)
}

fn cutoff() -> DateTime<Utc> {
    Utc::now() - Duration::hours(1)
}

fn measured(work: impl FnOnce()) -> std::time::Duration {
    let begun = Instant::now();
    work();
    Instant::now() - begun
}

//! Spans, and moments that are asked for with care.

use std::time::{Duration, Instant};

fn took(begun: Instant) -> Duration {
    Instant::now() - begun
}

fn cutoff(limit: Duration) -> Option<Instant> {
    Instant::now().checked_sub(limit)
}

fn left(limit: Duration, took: Duration) -> Duration {
    limit - took
}

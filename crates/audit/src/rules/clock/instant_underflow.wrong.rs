//! Moments before the first.

use std::time::{Duration, Instant};

const HOUR: Duration = Duration::from_secs(3_600);

fn cutoff() -> Instant {
    Instant::now() - HOUR //~ clock::instant-underflow
}

fn is_old(seen: Instant, limit: Duration) -> bool {
    let now = tokio::time::Instant::now();
    seen < (now - limit).into_std() //~ clock::instant-underflow
}

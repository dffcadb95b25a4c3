//! Moments that stay where they are, and times that may leave.

use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct Grant {
    holder: u64,
    valid_for: Duration,
    granted_at: SystemTime,
    #[serde(skip, default = "Instant::now")]
    asked: Instant,
}

struct Timer {
    started_at: Instant,
}

mod music {
    #[derive(serde::Serialize)]
    pub struct Instant {
        pub bar: u32,
    }

    #[derive(serde::Serialize)]
    pub struct Note {
        pub at: Instant,
    }
}

/// Another type is written.
#[derive(Serialize)]
#[serde(into = "WrittenAvailability")]
enum Availability {
    WarmingUp(Instant),
    Offline,
}

/// What is read is how long from now.
#[derive(Deserialize)]
struct RetryInfo {
    #[serde(rename = "retry_delay_ms", deserialize_with = "milliseconds_from_now")]
    retry_at: Instant,
}

//! Moments for people, and numbers that are counted.

use std::time::{SystemTime, UNIX_EPOCH};

use chrono::Utc;

fn entry(text: String) -> Entry {
    let id_created_at = Utc::now().timestamp_millis();
    Entry { created_at: Utc::now().timestamp(), text, id_created_at }
}

fn epoch() -> u64 {
    let epoch = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    epoch
}

fn next(counter: &mut u64) -> u64 {
    *counter += 1;
    let id = *counter;
    id
}

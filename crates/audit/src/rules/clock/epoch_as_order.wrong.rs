//! Numbers by the wall clock.

use std::time::{SystemTime, UNIX_EPOCH};

use chrono::Utc;

fn propose(value: Vec<u8>) -> Proposal {
    Proposal { ballot: Utc::now().timestamp_millis() as u64, value } //~ clock::epoch-as-order
}

fn next() -> u128 {
    let request_id = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos()); //~ clock::epoch-as-order
    request_id
}

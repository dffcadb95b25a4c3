//! Leases, and how long they hold.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
pub struct LeaseGrant {
    pub holder: u64,
    #[serde(with = "serde_millis")]
    pub expires: Instant, //~ clock::instant-serialised
}

pub struct Lease {
    granted_at: SystemTime,
    deadline: SystemTime,
    renewed: DateTime<Utc>,
}

impl Lease {
    pub fn new(length: Duration) -> Lease {
        let deadline = SystemTime::now() + length; //~ clock::systemtime-deadline
        Lease { granted_at: SystemTime::now(), deadline, renewed: Utc::now() }
    }

    pub fn is_held(&self) -> bool {
        SystemTime::now() < self.deadline //~ clock::systemtime-deadline
    }

    pub fn extend(&mut self, length: Duration) {
        self.deadline = SystemTime::now() + length; //~ clock::systemtime-deadline
    }
}

pub struct Election {
    started: SystemTime,
    last_heartbeat: DateTime<Utc>,
}

impl Election {
    pub fn is_due(&self) -> bool {
        self.started.elapsed().unwrap_or_default() > ELECTION_TIMEOUT //~ clock::systemtime-elapsed
    }

    pub fn has_lapsed(&self) -> bool {
        Utc::now() - self.last_heartbeat > chrono::Duration::seconds(5) //~ clock::utc-elapsed
    }

    pub fn is_recent(&self, window: Duration) -> bool {
        self.started > SystemTime::now() - window //~ clock::systemtime-deadline (missed: a look back, which is right for logs)
    }
}

pub fn next_id() -> u64 {
    let id = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos() as u64; //~ clock::epoch-as-order
    id
}

pub fn propose(value: Vec<u8>) -> Proposal {
    Proposal { ballot: Utc::now().timestamp_millis() as u64, value } //~ clock::epoch-as-order
}

pub fn cutoff() -> Instant {
    Instant::now() - Duration::from_secs(3_600) //~ clock::instant-underflow
}

pub fn stale(window: Duration) -> impl Fn(Instant) -> bool {
    move |seen| seen < Instant::now() - window //~ clock::instant-underflow
}

//! Two copies of a thing become one.

use std::time::SystemTime;

use chrono::Utc;
use time::OffsetDateTime;

pub struct Register {
    value: Vec<u8>,
    updated_at: SystemTime,
}

impl Register {
    pub fn merge(&mut self, other: Register) {
        if other.updated_at > self.updated_at { //~ clock::lww-wallclock
            *self = other;
        }
    }
}

pub fn resolve(versions: Vec<Version>) -> Option<Version> {
    versions.into_iter().max_by_key(|version| version.timestamp) //~ clock::lww-wallclock
}

pub fn winner<'a>(local: &'a Row, remote: &'a Row) -> &'a Row {
    if local.modified_at >= remote.modified_at { local } else { remote } //~ clock::lww-wallclock
}

pub fn reconcile(ours: &mut Document, theirs: Document) {
    match ours.timestamp.cmp(&theirs.timestamp) { //~ clock::lww-wallclock
        std::cmp::Ordering::Less => *ours = theirs,
        _ => {}
    }
}

pub async fn timed(job: Job) -> Report {
    let began = Utc::now();
    let result = job.run().await;
    let took = Utc::now().signed_duration_since(began); //~ clock::utc-elapsed
    Report { result, took }
}

pub fn measured(work: impl FnOnce()) -> time::Duration {
    let begun = OffsetDateTime::now_utc();
    work();
    OffsetDateTime::now_utc() - begun //~ clock::utc-elapsed
}

pub fn request_time(handle: impl FnOnce()) -> u128 {
    let start = SystemTime::now();
    handle();
    SystemTime::now().duration_since(start).unwrap().as_millis() //~ clock::systemtime-elapsed
}

pub fn wait_for(ready: impl Fn() -> bool, limit: std::time::Duration) -> bool {
    let until = SystemTime::now() + limit; //~ clock::systemtime-deadline
    while !ready() {
        if SystemTime::now() >= until { //~ clock::systemtime-deadline
            return false;
        }
        std::thread::sleep(POLL);
    }
    true
}

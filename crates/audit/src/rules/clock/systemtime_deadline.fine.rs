//! What the calendar decides, and deadlines by a clock that only goes forward.

use std::time::{Duration, Instant, SystemTime};

struct Certificate {
    not_after: SystemTime,
}

fn is_over(certificate: &Certificate) -> bool {
    SystemTime::now() > certificate.not_after
}

fn cookie(length: Duration) -> Cookie {
    let until = SystemTime::now() + length;
    Cookie::new().expires(until)
}

fn wait(limit: Duration, is_ready: impl Fn() -> bool) -> bool {
    let deadline = Instant::now() + limit;
    while !is_ready() {
        if Instant::now() >= deadline {
            return false;
        }
    }
    true
}

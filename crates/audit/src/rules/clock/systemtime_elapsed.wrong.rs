//! Spans by wall clocks.

use std::time::{Duration, SystemTime};

struct Round {
    started_at: SystemTime,
}

impl Round {
    fn took(&self) -> Duration {
        self.started_at.elapsed().unwrap_or_default() //~ clock::systemtime-elapsed
    }

    fn has_lasted(&self, limit: Duration) -> bool {
        SystemTime::now().duration_since(self.started_at).is_ok_and(|took| took > limit) //~ clock::systemtime-elapsed
    }
}

fn measured(work: impl FnOnce()) -> Duration {
    let begun = SystemTime::now();
    work();
    begun.elapsed().expect("time goes on") //~ clock::systemtime-elapsed
}

fn waited(request: &Request) -> Duration {
    SystemTime::now().duration_since(request.started_at).unwrap() //~ clock::systemtime-elapsed
}

struct Request {
    started_at: SystemTime,
}

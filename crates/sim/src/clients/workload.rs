//! What a client asks, how fast, and what it does when no reply comes: all of it decided beforehand.

use std::time::Duration;

use constellation_trace::{Call, NodeId};

/// What a client does: a plan, since a node draws no lots; the only luck is in the links and in the faults.
///
/// Whatever it holds, the client does something sensible: with no server its requests go nowhere, with no calls it
/// does nothing, and a time-out of zero is over before any reply.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Workload {
    /// Whom it asks: the first, and when a reply does not come in time the next, then the first again.
    pub servers: Vec<NodeId>,
    /// When the first operation begins, after the start of the client.
    pub begin: Duration,
    /// From when on no operation begins, after the start of the client.
    pub until: Duration,
    /// When the next operation begins.
    pub pace: Pace,
    /// What becomes of a request that nobody answers.
    pub retry: Retry,
    /// What is asked, in this order; of more than 2^32 - 2 the rest is left out.
    pub calls: Vec<Call>,
}

impl Workload {
    /// Begins at once and ends with the calls.
    pub fn new(
        servers: impl IntoIterator<Item = NodeId>,
        pace: Pace,
        retry: Retry,
        calls: Vec<Call>,
    ) -> Workload {
        let servers = servers.into_iter().collect();
        Workload { servers, begin: Duration::ZERO, until: Duration::MAX, pace, retry, calls }
    }
}

/// When the next operation begins.
///
/// The difference shows when the service is slow. A closed loop then asks less, and does not see how long those would
/// have waited who did not get to ask (*coordinated omission*); an open one goes on asking, and requests pile up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pace {
    /// Open loop: one begins every so often, whatever became of the others. When each is due was decided at the start of
    /// the client; one that is overdue, since its machine stood still or is slow, begins as soon as the client acts.
    Open {
        /// How often.
        every: Duration,
    },
    /// Closed loop: one begins some time after the last has ended.
    Closed {
        /// How long after.
        think: Duration,
    },
}

/// What becomes of a request that nobody answers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Retry {
    /// How long the client waits for the reply to each try.
    pub timeout: Duration,
    /// How often it asks again before it gives up, and the operation stays open.
    pub retries_max: u32,
    /// How long it waits before the first retry; twice as long before the second, and so on until the 33rd, which is
    /// 2^32 - 1 times as long, and so is each later one.
    pub backoff: Duration,
    /// Whether the server can tell a retry from another request.
    pub identity: Identity,
}

impl Retry {
    /// It waits for a second and gives up.
    pub const NEVER: Retry = Retry::times(0, Duration::from_secs(1));

    /// It waits for `timeout` each time, asks again at once and up to `retries_max` times, always by the same name.
    pub const fn times(retries_max: u32, timeout: Duration) -> Retry {
        Retry { timeout, retries_max, backoff: Duration::ZERO, identity: Identity::Kept }
    }

    /// How long one operation can take at most, by the client's clock; the end of time if that is sooner. O(1).
    pub const fn longest(&self) -> Duration {
        // 1 + 2 + 4 + … is one less than the next doubling; the 33rd wait is as long as the 32 before it together, and so
        // is each later one.
        let (factor, times) = match self.retries_max {
            0 => (0, 0),
            few @ 1..=32 => (u32::MAX >> (32 - few), 1),
            many => (u32::MAX, many - 31),
        };
        let backoffs = self.backoff.saturating_mul(factor).saturating_mul(times);
        let last = self.timeout;
        self.timeout.saturating_mul(self.retries_max).saturating_add(last).saturating_add(backoffs)
    }

    /// How long to wait before a retry, of which there were `earlier` before: 2^32 - 1 times the first at most.
    pub(super) fn backoff_before(&self, earlier: u32) -> Duration {
        // Saturating: a wait until the end of time is one that nobody sees the end of.
        self.backoff.saturating_mul(1_u32.checked_shl(earlier).unwrap_or(u32::MAX))
    }
}

/// Whether the server can tell a retry from another request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Identity {
    /// It can: every try of an operation has one name (an idempotence key).
    Kept,
    /// It cannot: each try has a name of its own, and may be carried out beside the others.
    Renewed,
}

impl Identity {
    /// Which try its name says it is.
    pub(super) const fn attempt(self, attempt: u32) -> u32 {
        match self {
            Identity::Kept => 0,
            Identity::Renewed => attempt,
        }
    }
}

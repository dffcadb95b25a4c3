//! An update as the course knows it: who made it, when by two clocks, and what it says.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::vector::VectorStamp;

/// One event that a cluster node submitted, the same on every node that learns of it.
///
/// Not to be confused with a trace's event, which is anything that happens at a node, a receive included.
#[derive(Clone, Eq, PartialEq)]
#[allow(clippy::disallowed_types, reason = "the course fixes this type")]
pub struct Event {
    /// The identity of the node that submitted it: its name, with `#` and the incarnation after a restart.
    pub origin: String,
    /// Its Lamport time.
    pub lamport: u64,
    /// Its vector time; the origin's own entry counts it.
    pub vector: std::collections::HashMap<String, u64>,
    /// What was submitted.
    pub payload: Vec<u8>,
}

impl Event {
    pub(super) fn new(origin: &str, lamport: u64, vector: &VectorStamp, payload: Vec<u8>) -> Event {
        let entries = vector.entries().map(|(identity, counter)| (String::from(identity.as_str()), counter));
        Event { origin: String::from(origin), lamport, vector: entries.collect(), payload }
    }

    /// The vector time, sorted by name.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "sorted in the same line")]
    pub fn entries(&self) -> BTreeMap<&str, u64> {
        self.vector.iter().map(|(name, counter)| (name.as_str(), *counter)).collect()
    }

    /// The number of this event at its origin: with the origin, its name in the whole cluster.
    #[must_use]
    pub fn counter(&self) -> u64 {
        self.vector.get(&self.origin).copied().unwrap_or(0)
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("Event");
        debug.field("origin", &self.origin).field("lamport", &self.lamport).field("vector", &self.entries());
        debug.field("payload", &format_args!("b\"{}\"", self.payload.escape_ascii())).finish()
    }
}

//! Which tries of an operation were refused, and whether that is each of them, so that it will never take effect.

use std::collections::BTreeSet;

use constellation_trace::NodeId;

use super::Memory;
use super::workload::{Identity, Workload};

/// What a client was told of the tries of one operation.
#[derive(Clone, Debug, Default)]
pub(super) struct Refusals {
    /// The attempt in the name of the request, and who refused it.
    by: BTreeSet<(u32, NodeId)>,
    /// The reason of the latest.
    pub(super) reason: String,
}

/// The tries of one operation so far: each asks the server after that of the try before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tries {
    /// Whom the first one asked, a place in the workload.
    pub(super) first: usize,
    /// The number of the latest, from 0.
    pub(super) latest: u32,
}

impl Refusals {
    pub(super) fn add(&mut self, attempt: u32, from: NodeId, reason: &str) {
        self.by.insert((attempt, from));
        reason.clone_into(&mut self.reason);
    }

    /// Whether no try can have taken effect, nor ever will. O(tries or servers, × the logarithm of either).
    pub(super) fn are_all(&self, tries: Tries, workload: &Workload, memory: Memory) -> bool {
        match workload.retry.identity {
            // Each try has a name of its own, whoever was asked.
            Identity::Renewed => (0..=tries.latest).all(|attempt| self.is_refused(attempt)),
            Identity::Kept => self.is_refused_by_all(tries, &workload.servers, memory),
        }
    }

    fn is_refused(&self, attempt: u32) -> bool {
        let (first, last) = (NodeId::new(0), NodeId::new(u32::MAX));
        self.by.range((attempt, first)..=(attempt, last)).next().is_some()
    }

    /// All tries have one name, so that whoever was asked more than once may have refused only one of them: that a link
    /// may double the reply is why counting does not help.
    fn is_refused_by_all(&self, tries: Tries, servers: &[NodeId], memory: Memory) -> bool {
        let count = tries.latest as usize + 1;
        let places = (0..count.min(servers.len())).map(|nth| (tries.first + nth) % servers.len());
        let asked: BTreeSet<NodeId> = places.map(|place| servers[place]).collect();
        let is_sure = match memory {
            Memory::Lasting => !asked.is_empty(),
            Memory::None => asked.len() == count,
        };
        is_sure && asked.iter().all(|server| self.by.contains(&(0, *server)))
    }
}

//! What a key holds where several sites take writes at once: every write that nobody who had seen it has replaced.

use std::collections::BTreeMap;

use constellation_trace::NodeId;

/// The values of a key that stand beside each other, each named by the site that took it and its number there: a dotted
/// version vector set (Preguiça and others 2010), which is also the state of a multi-value register (Shapiro and others
/// 2011, specification 10).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Versions {
    /// Of each site, how many of its writes are known, whether they still stand or not.
    seen: BTreeMap<NodeId, u64>,
    stand: BTreeMap<(NodeId, u64), u64>,
}

impl Versions {
    /// A write at a site by a client that has seen all that stands there, and replaces it.
    pub(super) fn replace(&mut self, site: NodeId, value: u64) {
        let count = self.seen.entry(site).or_insert(0);
        // Cannot wrap: a site takes far fewer writes.
        *count += 1;
        self.stand = BTreeMap::from([((site, *count), value)]);
    }

    /// The least upper bound of both: what stands in one is gone only if the other has seen it and it does not stand there.
    /// In whatever order and however often states are merged, the same comes of it.
    pub(super) fn merge(&mut self, other: &Versions) {
        let is_new = |seen: &BTreeMap<NodeId, u64>, (site, count): (NodeId, u64)| {
            seen.get(&site).is_none_or(|seen| *seen < count)
        };
        self.stand.retain(|dot, _| other.stand.contains_key(dot) || is_new(&other.seen, *dot));
        let missed = other.stand.iter().filter(|(dot, _)| is_new(&self.seen, **dot));
        self.stand.extend(missed.map(|(dot, value)| (*dot, *value)));
        for (site, count) in &other.seen {
            let seen = self.seen.entry(*site).or_insert(0);
            *seen = (*seen).max(*count);
        }
    }

    /// The greatest of what stands there: what a client makes of siblings.
    pub(super) fn greatest(&self) -> Option<u64> {
        self.stand.values().copied().max()
    }

    /// Whether values stand there that differ.
    pub(super) fn are_siblings(&self) -> bool {
        self.stand.values().min() != self.stand.values().max()
    }

    /// Forgets all but the greatest without having replaced it, as only a wrong merge does.
    #[cfg(test)]
    pub(super) fn forget(&mut self) {
        self.stand.pop_last();
    }
}

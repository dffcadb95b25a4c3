//! What a key holds where several sites take writes at once: every write that nobody who had seen it has replaced.

use std::collections::BTreeMap;

use constellation_live::bytes::{Reader, Writer};
use constellation_trace::NodeId;

use super::coded::{Coded, coded};

/// The values of a key that stand beside each other, each named by the site that took it and its number there: a dotted
/// version vector set (Preguiça and others 2010), which is also the state of a multi-value register (Shapiro and others
/// 2011, specification 10).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Versions {
    /// Of each site, how many of its writes are known, whether they still stand or not.
    seen: BTreeMap<NodeId, u64>,
    stand: BTreeMap<(NodeId, u64), u64>,
}

coded!(struct Versions { seen, stand });

impl Versions {
    /// A write at a site by a client that was shown these values there: it replaces them, and nothing that the site has
    /// heard of since. One by a client that was shown nothing stands beside all others, as in Riak, so that there are as
    /// many siblings as clients that write blindly make.
    pub(super) fn write(&mut self, site: NodeId, value: u64, over: &[u64]) {
        let count = self.seen.entry(site).or_insert(0);
        // Cannot wrap: a site takes far fewer writes.
        *count += 1;
        self.stand.retain(|_, other| !over.contains(other));
        self.stand.insert((site, *count), value);
    }

    /// The least upper bound of both: what stands in one is gone only if the other has seen it and it does not stand there.
    /// In whatever order and however often states are merged, the same comes of it. Says whether anything came of it.
    pub(super) fn merge(&mut self, other: &Versions) -> bool {
        let is_new = |seen: &BTreeMap<NodeId, u64>, (site, count): (NodeId, u64)| {
            seen.get(&site).is_none_or(|seen| *seen < count)
        };
        let stood = self.stand.len();
        self.stand.retain(|dot, _| other.stand.contains_key(dot) || is_new(&other.seen, *dot));
        let mut is_changed = self.stand.len() < stood;
        for (dot, value) in other.stand.iter().filter(|(dot, _)| is_new(&self.seen, **dot)) {
            is_changed |= self.stand.insert(*dot, *value) != Some(*value);
        }
        for (site, count) in &other.seen {
            if self.seen.get(site).is_none_or(|seen| seen < count) {
                self.seen.insert(*site, *count);
                is_changed = true;
            }
        }
        is_changed
    }

    /// What stands there.
    pub(super) fn shown(&self) -> impl Iterator<Item = u64> {
        self.stand.values().copied()
    }

    /// Forgets all but the greatest without having replaced it, as only a wrong merge does.
    #[cfg(test)]
    pub(super) fn forget(&mut self) {
        self.stand.pop_last();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands there, in order.
    fn shown(versions: &Versions) -> Vec<u64> {
        let mut shown: Vec<u64> = versions.shown().collect();
        shown.sort_unstable();
        shown
    }

    #[test]
    fn a_write_replaces_what_its_client_was_shown_and_nothing_that_came_since() {
        let [here, there] = [0, 1].map(NodeId::new);
        let (mut one, mut other) = (Versions::default(), Versions::default());
        one.write(here, 1, &[]);
        other.merge(&one);
        // Both clients were shown 1.
        one.write(here, 2, &[1]);
        other.write(there, 3, &[1]);
        one.merge(&other);
        assert_eq!(shown(&one), [2, 3]);
        // One of them is asked again, and had been shown 2.
        one.write(here, 4, &[2]);
        assert_eq!(shown(&one), [3, 4]);
        one.write(here, 5, &[3, 4]);
        other.merge(&one);
        assert_eq!((shown(&one), &one), (vec![5], &other));
    }

    /// Of all pairs of states of which one may have heard of the other.
    #[test]
    fn whether_a_merge_changes_anything_is_what_comparing_before_and_after_says() {
        let sites = [0, 1, 2].map(NodeId::new);
        let mut states = vec![Versions::default()];
        for (nth, value) in (1..=12).enumerate() {
            let mut next = states[nth / 2].clone();
            next.merge(&states[nth]);
            let over: Vec<u64> = next.shown().take(nth % 3).collect();
            next.write(sites[nth % 3], value, &over);
            states.push(next);
            let mut forgetful = states[nth].clone();
            forgetful.forget();
            states.push(forgetful);
        }
        let mut counts = [0, 0];
        for (one, other) in states.iter().flat_map(|one| states.iter().map(move |other| (one, other))) {
            let mut merged = one.clone();
            let is_changed = merged.merge(other);
            assert_eq!(is_changed, merged != *one, "{one:?} and {other:?}");
            counts[usize::from(is_changed)] += 1;
        }
        assert!(counts.iter().all(|count| *count > 50), "{counts:?} change nothing and something");
    }

    #[test]
    fn whoever_writes_blindly_replaces_nothing() {
        let mut versions = Versions::default();
        (1..=3).for_each(|value| versions.write(NodeId::new(0), value, &[]));
        assert_eq!(shown(&versions), [1, 2, 3]);
    }
}

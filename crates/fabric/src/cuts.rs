//! Which links are cut: groups of nodes that do not reach others, each different cut once.

use std::fmt;

use constellation_trace::NodeId;

/// The cuts in force. Those that ended keep their memory for later ones, so that a run that cuts like another
/// allocates nothing.
#[derive(Default)]
pub(crate) struct Cuts {
    /// The first `in_force` of them are, in ascending order and each different one once, so that repeating a partition
    /// costs nothing.
    all: Vec<Cut>,
    in_force: usize,
    /// How often they changed.
    changes: Changes,
}

/// How often the cuts in force changed: what was found out after so many changes holds until the next.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Changes(u32);

/// What was found out about one link: whether a cut lay on it, and after how many changes. To begin with, none did.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Finding(u32);

impl Changes {
    /// The next number. Saturating: after two billion changes nothing that was found out is believed any more.
    const fn count(&mut self) {
        self.0 = self.0.saturating_add(1);
    }
}

impl Finding {
    const CHANGES_MAX: u32 = u32::MAX >> 1;

    fn of(changes: Changes, is_cut: bool) -> Finding {
        Finding(changes.0 << 1 | u32::from(is_cut))
    }

    fn holds_after(self, changes: Changes) -> bool {
        changes.0 < Finding::CHANGES_MAX && self.0 >> 1 == changes.0
    }

    const fn is_cut(self) -> bool {
        self.0 & 1 == 1
    }
}

/// Groups sorted without repetition, so that equal cuts are equal and a node is found by halving.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
struct Cut {
    sources: Vec<NodeId>,
    targets: Vec<NodeId>,
}

impl Cuts {
    pub(crate) const fn new() -> Cuts {
        Cuts { all: Vec::new(), in_force: 0, changes: Changes(0) }
    }

    /// Cuts the links from each source to each target; a cut from or to nobody is none.
    pub(crate) fn add(&mut self, sources: &[NodeId], targets: &[NodeId]) {
        if sources.is_empty() || targets.is_empty() {
            return;
        }
        if self.all.len() == self.in_force {
            self.all.push(Cut::default());
        }
        let (in_force, spare) = self.all.split_at_mut(self.in_force);
        let cut = &mut spare[0];
        for (group, nodes) in [(&mut cut.sources, sources), (&mut cut.targets, targets)] {
            group.clear();
            group.extend_from_slice(nodes);
            group.sort_unstable();
            group.dedup();
        }
        if let Err(place) = in_force.binary_search(cut) {
            self.all[place..=self.in_force].rotate_right(1);
            self.in_force += 1;
            self.changes.count();
        }
    }

    /// Whether there are any.
    #[inline]
    pub(crate) const fn are_any(&self) -> bool {
        self.in_force > 0
    }

    /// As [`Cuts::sever`], but looks only once for each link until the cuts change; `finding` is what is remembered of it.
    pub(crate) fn sever_again(&self, source: NodeId, target: NodeId, finding: &mut Finding) -> bool {
        if !finding.holds_after(self.changes) {
            *finding = Finding::of(self.changes, self.sever(source, target));
        }
        finding.is_cut()
    }

    /// Whether one of them lies between these two. Costs two binary searches for each different cut in force.
    #[inline]
    pub(crate) fn sever(&self, source: NodeId, target: NodeId) -> bool {
        self.in_force().iter().any(|cut| cut.severs(source, target))
    }

    /// Ends them all.
    pub(crate) const fn end(&mut self) {
        if self.in_force > 0 {
            self.in_force = 0;
            self.changes.count();
        }
    }

    #[inline]
    fn in_force(&self) -> &[Cut] {
        &self.all[..self.in_force]
    }
}

impl Cut {
    fn severs(&self, source: NodeId, target: NodeId) -> bool {
        self.sources.binary_search(&source).is_ok() && self.targets.binary_search(&target).is_ok()
    }
}

impl Clone for Cuts {
    fn clone(&self) -> Cuts {
        Cuts { all: self.in_force().to_vec(), in_force: self.in_force, changes: self.changes }
    }

    /// Keeps what memory it has.
    fn clone_from(&mut self, source: &Cuts) {
        self.end();
        for cut in source.in_force() {
            self.add(&cut.sources, &cut.targets);
        }
        // The ways of the traffic are those of the source as well.
        self.changes = source.changes;
    }
}

impl fmt::Debug for Cuts {
    /// Those in force: the others are nothing but memory.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.in_force()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Sources and targets, in any order and with repetition.
    fn cut() -> impl Strategy<Value = (Vec<NodeId>, Vec<NodeId>)> {
        let group = || prop::collection::vec((0..4_u32).prop_map(NodeId::new), 0..4);
        (group(), group())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn cuts_sever_what_a_set_of_pairs_says_whatever_was_cut_before(
            before in prop::collection::vec(cut(), 0..6),
            start in prop::collection::vec(cut(), 0..4),
            after in prop::collection::vec(cut(), 0..12),
        ) {
            let (mut cuts, mut of_start) = (Cuts::new(), Cuts::new());
            before.iter().for_each(|(sources, targets)| cuts.add(sources, targets));
            start.iter().for_each(|(sources, targets)| of_start.add(sources, targets));
            cuts.clone_from(&of_start);
            let pairs = || (0..16).map(|pair| (NodeId::new(pair / 4), NodeId::new(pair % 4)));
            let mut findings = [Finding::default(); 16];
            for (sources, targets) in &after {
                cuts.add(sources, targets);
                for ((source, target), finding) in pairs().zip(&mut findings) {
                    prop_assert_eq!(cuts.sever_again(source, target, finding), cuts.sever(source, target));
                }
            }

            let of_pairs = |(sources, targets): &(Vec<NodeId>, Vec<NodeId>)| -> Vec<(NodeId, NodeId)> {
                sources.iter().flat_map(|source| targets.iter().map(|target| (*source, *target))).collect()
            };
            let twin: BTreeSet<_> = start.iter().chain(&after).flat_map(of_pairs).collect();
            for (source, target) in pairs() {
                prop_assert_eq!(cuts.sever(source, target), twin.contains(&(source, target)));
            }
            prop_assert!(cuts.in_force().is_sorted_by(|a, b| a < b), "{:?}", cuts);
            cuts.end();
            for ((source, target), finding) in pairs().zip(&mut findings) {
                prop_assert!(!cuts.sever_again(source, target, finding), "a heal ends them all");
            }
        }
    }
}

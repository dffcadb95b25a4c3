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
}

/// Groups sorted without repetition, so that equal cuts are equal and a node is found by halving.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
struct Cut {
    sources: Vec<NodeId>,
    targets: Vec<NodeId>,
}

impl Cuts {
    pub(crate) const fn new() -> Cuts {
        Cuts { all: Vec::new(), in_force: 0 }
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
        }
    }

    /// Whether one of them lies between these two. Costs two binary searches for each different cut in force.
    #[inline]
    pub(crate) fn sever(&self, source: NodeId, target: NodeId) -> bool {
        self.in_force().iter().any(|cut| cut.severs(source, target))
    }

    /// Ends them all.
    pub(crate) const fn end(&mut self) {
        self.in_force = 0;
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
        Cuts { all: self.in_force().to_vec(), in_force: self.in_force }
    }

    /// Keeps what memory it has.
    fn clone_from(&mut self, source: &Cuts) {
        self.end();
        for cut in source.in_force() {
            self.add(&cut.sources, &cut.targets);
        }
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
            after.iter().for_each(|(sources, targets)| cuts.add(sources, targets));

            let of_pairs = |(sources, targets): &(Vec<NodeId>, Vec<NodeId>)| -> Vec<(NodeId, NodeId)> {
                sources.iter().flat_map(|source| targets.iter().map(|target| (*source, *target))).collect()
            };
            let twin: BTreeSet<_> = start.iter().chain(&after).flat_map(of_pairs).collect();
            for (source, target) in (0..16).map(|pair| (NodeId::new(pair / 4), NodeId::new(pair % 4))) {
                prop_assert_eq!(cuts.sever(source, target), twin.contains(&(source, target)));
            }
            prop_assert!(cuts.in_force().is_sorted_by(|a, b| a < b), "{:?}", cuts);
        }
    }
}

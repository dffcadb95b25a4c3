//! Nodes that are alike: what differs only in which of them is which, is one.

use constellation_trace::NodeId;

/// A way to rename nodes: each to one, no two to the same.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Renaming {
    /// The new name of each node that has one; the rest keep theirs.
    names: Vec<(NodeId, NodeId)>,
}

impl Renaming {
    /// The most nodes that [`Renaming::all`] takes for alike: 8, in 40,320 ways.
    pub const ALIKE_MAX: usize = 8;

    /// All ways to rename these nodes among each other, the one that changes nothing first.
    ///
    /// `None` when a node is given twice, or when there are more than [`Renaming::ALIKE_MAX`].
    ///
    /// ```
    /// use constellation_sim::explore::Renaming;
    /// use constellation_trace::NodeId;
    ///
    /// let [first, second, third] = [1, 2, 3].map(NodeId::new);
    /// let all = Renaming::all(&[first, third]).expect("two different nodes");
    /// assert_eq!(all.len(), 2);
    /// assert_eq!([first, second, third].map(|node| all[1].of(node)), [third, second, first]);
    /// ```
    pub fn all(alike: &[NodeId]) -> Option<Vec<Renaming>> {
        let is_twice = (1..alike.len()).any(|nth| alike[..nth].contains(&alike[nth]));
        if is_twice || alike.len() > Self::ALIKE_MAX {
            return None;
        }
        let mut all = vec![Vec::new()];
        for &node in alike {
            let further = |begun: Vec<(NodeId, NodeId)>| {
                let is_free = |new: &&NodeId| begun.iter().all(|(_, taken)| taken != *new);
                let free = alike.iter().filter(is_free);
                free.map(|new| [&begun[..], &[(node, *new)]].concat()).collect::<Vec<_>>()
            };
            all = all.into_iter().flat_map(further).collect();
        }
        Some(all.into_iter().map(|names| Renaming { names }).collect())
    }

    /// What this node is called instead.
    pub fn of(&self, node: NodeId) -> NodeId {
        self.names.iter().find(|(old, _)| *old == node).map_or(node, |(_, new)| *new)
    }
}

/// What may hold names of nodes, and can be told with others.
pub trait Rename {
    /// The same with each node called [`Renaming::of`] it, wherever it occurs in it.
    #[must_use]
    fn renamed(&self, renaming: &Renaming) -> Self;
}

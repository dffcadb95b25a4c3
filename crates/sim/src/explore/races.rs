//! Which earlier arrival could have come later than the newest one, and what must then be tried instead.

use constellation_trace::NodeId;

use super::system::NONE;

/// Who happened before whom in the run so far, for the search of races.
///
/// Two arrivals depend on each other exactly when they are at one node. So an arrival can race only with the one
/// before it at its node, and only if nothing that led to its being sent came after that one.
#[derive(Clone, Debug)]
pub(super) struct Races {
    nodes: usize,
    /// For each step of the run as many numbers as nodes: how many arrivals at each it follows from, itself too.
    known: Vec<u32>,
    /// For each step the step before it at its node, or [`NONE`].
    previous: Vec<u32>,
    /// For each node its latest step, or [`NONE`].
    latest: Vec<u32>,
    /// For each node the number of the last question during which it was met.
    met: Vec<u64>,
    questions: u64,
}

impl Races {
    pub(super) fn new(nodes: usize) -> Races {
        Races {
            nodes,
            known: Vec::new(),
            previous: Vec::new(),
            latest: vec![NONE; nodes],
            met: vec![0; nodes],
            questions: 0,
        }
    }

    /// A message arrives at `target` as the next step; the step `cause`, or none, sent it.
    pub(super) fn push(&mut self, target: NodeId, cause: u32) {
        let step = self.previous.len();
        let row = step * self.nodes;
        let previous = self.latest[target.index()];
        self.known.resize(row + self.nodes, 0);
        for source in [previous, cause].into_iter().filter(|source| *source != NONE) {
            let (earlier, own) = self.known.split_at_mut(row);
            let from = source as usize * self.nodes;
            for (own, other) in own.iter_mut().zip(&earlier[from..]) {
                *own = (*own).max(*other);
            }
        }
        // Cannot wrap: a run has fewer than 2^32 steps.
        self.known[row + target.index()] += 1;
        self.previous.push(previous);
        self.latest[target.index()] = u32::try_from(step).expect("a run has fewer than 2^32 steps");
    }

    /// Takes back the newest step, which was at `target`.
    pub(super) fn pop(&mut self, target: NodeId) {
        let previous = self.previous.pop().expect("each step that is taken back was pushed");
        self.latest[target.index()] = previous;
        self.known.truncate(self.previous.len() * self.nodes);
    }

    /// The step before `step` at the same node.
    pub(super) fn previous(&self, step: usize) -> Option<usize> {
        let previous = self.previous[step];
        (previous != NONE).then_some(previous as usize)
    }

    /// Whether `step`, at `node`, is the step `later` or led to it.
    pub(super) fn leads_to(&self, step: usize, node: NodeId, later: usize) -> bool {
        let count = |of: usize| self.known[of * self.nodes + node.index()];
        count(later) >= count(step)
    }

    /// Forgets which nodes were met.
    pub(super) fn meet_nobody(&mut self) {
        self.questions += 1;
    }

    /// Whether this node is met for the first time.
    pub(super) fn meet(&mut self, node: NodeId) -> bool {
        std::mem::replace(&mut self.met[node.index()], self.questions) != self.questions
    }
}

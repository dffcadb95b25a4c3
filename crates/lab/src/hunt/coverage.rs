//! How much of what can happen a hunt has seen: kinds of luck, states of nodes, and ways in which runs went.

use std::collections::{BTreeMap, BTreeSet};

use constellation_fabric::Topic;
use constellation_sim::Answers;

use super::shape::Shape;

/// What the runs of a hunt reached.
///
/// A *state* is what a node has been through until one of its events: what it did, in its order, and of each message
/// the state in which it was sent. A protocol is a function of its inputs, so that nodes in one such state hold the same,
/// but for what clocks show: times take no part. A *behaviour* is the state of each process at the end of a run: two runs
/// of one behaviour are the same up to times, and up to the order of what is concurrent (Mazurkiewicz 1977).
///
/// Both are told apart by 64-bit digests, of which [`Coverage::SHAPES_MAX`] each are kept, in about 40 MB together; a
/// collision, one in some ten million hunts that keep so many, would count one too few.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Coverage {
    kinds: BTreeMap<Topic, u64>,
    states: BTreeSet<u64>,
    behaviours: BTreeSet<u64>,
}

impl Coverage {
    /// How many states, and how many behaviours, are told apart; when there are so many, there may be more.
    pub const SHAPES_MAX: usize = 1 << 20;

    /// The kinds of luck that occurred, in the order of topics, each with the number of runs in which it did: in which a
    /// question of that topic was answered otherwise than in the calm run.
    pub fn kinds(&self) -> impl ExactSizeIterator<Item = (Topic, u64)> + '_ {
        self.kinds.iter().map(|(topic, runs)| (*topic, *runs))
    }

    /// How many different states nodes were in; at least so many if it is [`Coverage::SHAPES_MAX`].
    pub fn states(&self) -> usize {
        self.states.len()
    }

    /// How many different ways runs went; at least so many if it is [`Coverage::SHAPES_MAX`].
    pub fn behaviours(&self) -> usize {
        self.behaviours.len()
    }

    /// What a run reached that is not here yet; can be done on another core.
    pub(super) fn news(&self, shape: Shape, answers: &Answers) -> News {
        let mut states: Vec<u64> = shape.states;
        states.retain(|state| !self.states.contains(state));
        let mut kinds: Vec<Topic> = answers.iter().map(|answer| answer.question().topic).collect();
        // Answers are in the order of their questions, and those in that of their topics.
        kinds.dedup();
        News { kinds, states, behaviour: shape.behaviour }
    }

    pub(super) fn add(&mut self, news: News) {
        for topic in news.kinds {
            *self.kinds.entry(topic).or_default() += 1;
        }
        for (known, new) in [(&mut self.states, news.states), (&mut self.behaviours, vec![news.behaviour])] {
            let room = Coverage::SHAPES_MAX - known.len();
            known.extend(new.into_iter().take(room));
        }
    }
}

/// What one run adds.
pub(super) struct News {
    /// Ascending, each once.
    kinds: Vec<Topic>,
    states: Vec<u64>,
    behaviour: u64,
}

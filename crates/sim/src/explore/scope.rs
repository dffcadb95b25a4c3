//! What is explored, and how far: the nodes, what their clients ask, what the network may do, and the bounds.

use std::fmt;

use constellation_fabric::Sequence;
use constellation_trace::{Names, NodeId, TraceError};

use crate::error::WorldError;
use crate::plan::PlanError;

/// What is explored, and how far.
///
/// Time plays no part: both clocks of every node show 0 at every moment, and whatever is under way may arrive next.
/// No node crashes. A clone of a node must share nothing with it that can change.
#[derive(Clone, Debug)]
pub struct Scope<R> {
    /// The names of the nodes, in the order of their ids. All start before anything arrives.
    pub names: Vec<String>,
    /// What clients ask, of whom. A request arrives at any time after the start, but requests to one node arrive
    /// in this order, on any network; none is lost or doubled.
    pub requests: Vec<(NodeId, R)>,
    /// Whether the messages of one link may overtake each other.
    pub sequence: Sequence,
    /// The links of which the contrary is so, from the first to the second node.
    pub exceptions: Vec<(NodeId, NodeId)>,
    /// How many messages of a run the network may lose.
    pub losses_max: u32,
    /// How many messages of a run the network may deliver twice: the second copy comes at any time after the
    /// first, also on an ordered link.
    pub duplicates_max: u32,
    /// How many timers of a run may run out, each at any time after it was set, unless it is set anew before.
    /// A protocol that sets more is not explored completely.
    pub timers_max: u32,
    /// After how many arrivals a run is cut.
    pub depth_max: u32,
    /// How many arrivals may be executed in all; [`survey`](super::survey) counts losses with them.
    pub deliveries_max: u64,
}

impl<R> Scope<R> {
    /// What [`Scope::depth_max`] is unless said otherwise.
    pub const DEPTH_MAX: u32 = 10_000;

    /// What [`Scope::deliveries_max`] is unless said otherwise: some seconds of work.
    pub const DELIVERIES_MAX: u64 = 10_000_000;

    /// These nodes, nothing asked, an unordered network without faults, and the usual bounds.
    pub fn new(names: impl IntoIterator<Item: Into<String>>) -> Scope<R> {
        Scope {
            names: names.into_iter().map(Into::into).collect(),
            requests: Vec::new(),
            sequence: Sequence::Unordered,
            exceptions: Vec::new(),
            losses_max: 0,
            duplicates_max: 0,
            timers_max: 0,
            depth_max: Self::DEPTH_MAX,
            deliveries_max: Self::DELIVERIES_MAX,
        }
    }

    /// Whether the messages of this link may overtake each other.
    pub(super) fn sequence_of(&self, source: NodeId, target: NodeId) -> Sequence {
        match (self.sequence, self.exceptions.contains(&(source, target))) {
            (Sequence::Ordered, false) | (Sequence::Unordered, true) => Sequence::Ordered,
            (Sequence::Unordered, false) | (Sequence::Ordered, true) => Sequence::Unordered,
        }
    }

    /// Refuses names that no trace could hold, requests to nobody, and links of nobody.
    pub(super) fn check(&self) -> Result<(), WorldError> {
        let mut names = Names::new();
        for name in &self.names {
            let count = names.len();
            if names.intern(name).is_none_or(|number| number as usize != count) {
                return Err(WorldError::Names(TraceError::DuplicateNode(name.clone())));
            }
        }
        for (act, (node, _)) in self.requests.iter().enumerate() {
            if node.index() >= self.names.len() {
                return Err(PlanError::UnknownNode { act, node: *node }.into());
            }
        }
        let mut ends = self.exceptions.iter().flat_map(|(source, target)| [source, target]);
        match ends.find(|node| node.index() >= self.names.len()) {
            Some(node) => Err(WorldError::NoLink { node: *node }),
            None => Ok(()),
        }
    }
}

/// What a network may do here, for whoever reads a verdict: `unordered links, at most 1 lost, 0 doubled, 0 timers`.
impl<R> fmt::Display for Scope<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let links = match self.sequence {
            Sequence::Ordered => "ordered",
            Sequence::Unordered => "unordered",
        };
        let Scope { losses_max, duplicates_max, timers_max, .. } = self;
        let timers = if *timers_max == 1 { "timer" } else { "timers" };
        write!(f, "{links} links")?;
        if !self.exceptions.is_empty() {
            write!(f, " but {}", self.exceptions.len())?;
        }
        write!(f, ", at most {losses_max} lost, {duplicates_max} doubled, {timers_max} {timers}")
    }
}

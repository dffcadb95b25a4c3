//! What orders two events though no message joins them, and which nodes share a lane: what a log tells that is no run of ours.

use std::fmt;

use constellation_trace::{EventId, NodeId, Trace};

/// An order of two events that neither their process nor a message makes: somebody else's log tells it, by clocks, or by
/// naming the one as the cause of the other.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Edge {
    /// The event that is before.
    pub from: EventId,
    /// The event that is after; in the trace it is recorded later, so that edges make no cycle.
    pub to: EventId,
    /// What it is, in a word: `parent`, `link`, `clock`.
    pub why: String,
}

/// Nodes that are drawn on one lane: each is a chain of events of its own, and of two of them nothing is known but what
/// messages and edges tell.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Lane {
    /// What it is called.
    pub name: String,
    /// Its nodes; a node is on one lane.
    pub nodes: Vec<NodeId>,
}

/// Why a picture cannot be drawn so.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum PictureError {
    /// An edge joins an event that the trace does not have.
    UnknownEvent {
        /// The event.
        event: EventId,
        /// How many events there are.
        events: usize,
    },
    /// An edge leads to an event that is not recorded after the one from which it leads: edges that may lead backwards may
    /// make a cycle, in which everything is before itself.
    Backward {
        /// From here.
        from: EventId,
        /// To here.
        to: EventId,
    },
    /// A lane has a node that the trace does not have.
    UnknownNode {
        /// The lane.
        lane: String,
        /// The node.
        node: NodeId,
    },
    /// A node is on two lanes, or twice on one.
    TwoLanes(String),
    /// A node is on no lane.
    NoLane(String),
}

impl fmt::Display for PictureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PictureError::UnknownEvent { event, events } => {
                write!(f, "an edge joins {event}, and the trace has {events} events")
            }
            PictureError::Backward { from, to } => write!(
                f,
                "an edge leads from {from} to {to}, which is not recorded after it: events must be recorded causes first"
            ),
            PictureError::UnknownNode { lane, node } => {
                write!(f, "the lane `{lane}` has the node {}, and the trace has not", node.number())
            }
            PictureError::TwoLanes(node) => write!(f, "the node `{node}` is on two lanes"),
            PictureError::NoLane(node) => write!(f, "the node `{node}` is on no lane"),
        }
    }
}

impl std::error::Error for PictureError {}

/// Edges in the order of where they lead, each once. O(n log n).
pub(crate) fn sorted(trace: &Trace, mut edges: Vec<Edge>) -> Result<Vec<Edge>, PictureError> {
    let events = trace.events().len();
    for Edge { from, to, .. } in &edges {
        if let Some(event) = [*from, *to].into_iter().find(|event| event.index() >= events) {
            return Err(PictureError::UnknownEvent { event, events });
        }
        if from >= to {
            return Err(PictureError::Backward { from: *from, to: *to });
        }
    }
    edges
        .sort_unstable_by(|one, other| (one.to, one.from, &one.why).cmp(&(other.to, other.from, &other.why)));
    edges.dedup();
    Ok(edges)
}

/// On which lane each node of a trace is drawn.
#[derive(Clone, Debug)]
pub(crate) struct Lanes {
    names: Vec<String>,
    /// The first node of each lane.
    firsts: Vec<NodeId>,
    /// The lane of each node.
    of: Vec<u32>,
}

impl Lanes {
    pub(crate) fn new(trace: &Trace, lanes: Vec<Lane>) -> Result<Lanes, PictureError> {
        let mut of: Vec<Option<u32>> = vec![None; trace.nodes().len()];
        let (mut names, mut firsts) = (Vec::new(), Vec::new());
        for (number, lane) in (0..).zip(lanes) {
            for node in &lane.nodes {
                match of.get_mut(node.index()) {
                    None => return Err(PictureError::UnknownNode { lane: lane.name, node: *node }),
                    Some(Some(_)) => return Err(PictureError::TwoLanes(trace.node_name(*node).to_owned())),
                    Some(free) => *free = Some(number),
                }
            }
            // A lane of nothing has nothing to draw, but keeps its place.
            firsts.push(lane.nodes.first().copied().unwrap_or(NodeId::new(u32::MAX)));
            names.push(lane.name);
        }
        let missing = of.iter().position(Option::is_none);
        if let Some(name) = missing.and_then(|place| trace.nodes().iter().nth(place)) {
            return Err(PictureError::NoLane(name.to_owned()));
        }
        Ok(Lanes { names, firsts, of: of.into_iter().flatten().collect() })
    }

    pub(crate) fn of(&self, node: NodeId) -> u32 {
        self.of[node.index()]
    }

    pub(crate) fn first(&self, node: NodeId) -> NodeId {
        self.firsts[self.of(node) as usize]
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }
}

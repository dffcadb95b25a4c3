//! How what arrives is known in every order in which it is sent: by its sender, and as the how-many-th of it.

use constellation_trace::NodeId;

/// A message, a request of a client or the end of a timer, known by who sent or set it and how many before it.
///
/// In two runs in which a node has seen the same, its messages have the same names, whatever happened elsewhere.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Letter {
    /// Who sent it.
    pub source: Source,
    /// The how-many-th of its sender, from 0, whoever the others were for; for a timer, the how-many-th setting of
    /// any timer at its node.
    pub nth: u32,
    /// To whom.
    pub target: NodeId,
}

/// Who sends a [`Letter`].
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Source {
    /// The clients, all together: their requests are numbered as they stand in the scope.
    Client,
    /// A node.
    Node(NodeId),
    /// A timer of the node at which it arrives.
    Timer,
}

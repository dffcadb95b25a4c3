//! How a message is known in every order in which it is sent: by its sender, and as the how-many-th of it.

use constellation_trace::NodeId;

/// A message, or a request of a client, known by who sent it and how many it had sent before.
///
/// In two runs in which a node has seen the same, its messages have the same names, whatever happened elsewhere.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Letter {
    /// Who sent it.
    pub source: Source,
    /// The how-many-th of its sender, from 0, whoever the others were for.
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
}

//! What the sites of a quorum say to each other, and what they hold.

use constellation_trace::NodeId;

/// When a value was written, by whom, and which of the writes of one time: later ones are greater.
pub(super) type Stamp = (u64, NodeId, u32);
/// What a replica holds under a key; nothing is older than anything.
pub(super) type Held = Option<(Stamp, u64)>;

/// What sites say to each other; each answer says of which task of its coordinator.
#[derive(Clone, Debug)]
pub(in crate::placement::stores) enum Message {
    /// To a stand-in: to hold this for that replica, which it says it has stored.
    Hold { task: u32, key: String, owner: NodeId, held: Held },
    /// To the replica: what was held for it.
    Hand { key: String, held: (Stamp, u64) },
    /// That it was taken, so that nobody need hold it any more.
    Handed { key: String, held: (Stamp, u64) },
    /// To a replica: to keep this unless it has something newer, be it a write or a repair.
    Store { task: u32, key: String, held: Held },
    /// That it has that, or something newer.
    Stored { task: u32 },
    /// To a replica, or to whoever stands in: to show what it holds.
    Fetch { task: u32, key: String },
    /// What it holds.
    Fetched { task: u32, held: Held },
}

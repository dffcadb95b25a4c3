//! Who may write while the network is in parts, decided before it is.

/// Who may write while the network is in parts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Policy {
    /// Every station accepts every write, and of two updates of a key the one with the later wall time is kept.
    LastWriteWins,
    /// Every station accepts every write; afterwards stations offer each other all they hold, and updates of which neither
    /// saw the other stand side by side until somebody decides.
    Siblings,
    /// A write is acknowledged once most of all stations have it; who cannot reach so many refuses it, unless some may have
    /// it already: then nobody knows.
    Majority,
    /// Pacific alone accepts writes; the others pass them on to it, and refuse them when they do not hear of it. Of a write
    /// that was passed on and is not answered nobody knows.
    Leader,
}

impl Policy {
    /// Each policy with what it is called on the command line, in the order in which they are compared.
    pub const NAMES: [(&str, Policy); 4] = [
        ("last-write-wins", Policy::LastWriteWins),
        ("siblings", Policy::Siblings),
        ("majority", Policy::Majority),
        ("leader", Policy::Leader),
    ];

    /// What it is called on the command line.
    pub fn name(self) -> &'static str {
        let own = Policy::NAMES.iter().find(|(_, policy)| *policy == self);
        own.map_or("", |(name, _)| name)
    }

    /// The rule, in a line.
    pub const fn rule(self) -> &'static str {
        match self {
            Policy::LastWriteWins => {
                "every station accepts every write; of two updates the one with the later wall time is kept"
            }
            Policy::Siblings => {
                "every station accepts every write; of two updates of which neither saw the other both stand until somebody decides"
            }
            Policy::Majority => {
                "a write is acknowledged once four of the seven stations have it; else it is refused, or nobody knows"
            }
            Policy::Leader => {
                "pacific alone accepts writes; the others pass them on; what they cannot pass on is refused, or nobody knows"
            }
        }
    }

    /// What must be so before a write is acknowledged, and what that costs, in a line.
    pub const fn price(self) -> &'static str {
        match self {
            Policy::LastWriteWins => {
                "acknowledged once it is on the disk of the station that was asked: no waiting, and nobody is told whose update is displaced"
            }
            Policy::Siblings => {
                "acknowledged once it is on the disk of the station that was asked: no waiting, but people may have to choose"
            }
            Policy::Majority => {
                "acknowledged once it is on four disks: two round trips, and who is with fewer than three others cannot write"
            }
            Policy::Leader => {
                "acknowledged once it is on the disk of pacific: one round trip, nobody writes without it, and what the others \
                 have not yet heard of is lost with that disk"
            }
        }
    }
}

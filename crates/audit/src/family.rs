//! The eight fallacies of distributed computing, and the ninth, of clocks.

use std::fmt;

/// What a rule is about.
///
/// The eight are Peter Deutsch's and James Gosling's (Sun Microsystems, 1991 to 1997). Clocks are ours.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Family {
    /// The network is reliable.
    Reliable,
    /// Latency is zero.
    Latency,
    /// Bandwidth is infinite.
    Bandwidth,
    /// The network is secure.
    Secure,
    /// Topology does not change.
    Topology,
    /// There is one administrator.
    Admin,
    /// Transport cost is zero.
    Cost,
    /// The network is homogeneous.
    Homogeneous,
    /// A clock says what another clock says, or said.
    Clock,
    /// No fallacy of the code: what is wrong with the comments that speak to the audit.
    Audit,
    /// No fallacy of code: a word in prose that promises something.
    Claim,
    /// No fallacy of code: two promises in prose that cannot both be kept.
    Contradiction,
}

impl Family {
    /// The eight fallacies and clocks, in the order in which they are counted.
    pub const ALL: [Family; 9] = [
        Family::Reliable,
        Family::Latency,
        Family::Bandwidth,
        Family::Secure,
        Family::Topology,
        Family::Admin,
        Family::Cost,
        Family::Homogeneous,
        Family::Clock,
    ];

    /// What is found in prose, then what is wrong with the comments that speak of it.
    pub const PROSE: [Family; 3] = [Family::Contradiction, Family::Claim, Family::Audit];

    /// All that is found in code, with what is no fallacy of it behind.
    pub fn every() -> impl Iterator<Item = Family> {
        Family::ALL.into_iter().chain([Family::Audit])
    }

    /// How rules of it are called before the `::`.
    pub fn name(self) -> &'static str {
        match self {
            Family::Reliable => "reliable",
            Family::Latency => "latency",
            Family::Bandwidth => "bandwidth",
            Family::Secure => "secure",
            Family::Topology => "topology",
            Family::Admin => "admin",
            Family::Cost => "cost",
            Family::Homogeneous => "homogeneous",
            Family::Clock => "clock",
            Family::Audit => "audit",
            Family::Claim => "claim",
            Family::Contradiction => "contradiction",
        }
    }

    /// The fallacy, as it is believed.
    pub fn title(self) -> &'static str {
        match self {
            Family::Reliable => "the network is reliable",
            Family::Latency => "latency is zero",
            Family::Bandwidth => "bandwidth is infinite",
            Family::Secure => "the network is secure",
            Family::Topology => "topology does not change",
            Family::Admin => "there is one administrator",
            Family::Cost => "transport cost is zero",
            Family::Homogeneous => "the network is homogeneous",
            Family::Clock => "one clock for all",
            Family::Audit => "comments to the audit",
            Family::Claim => "a word says what is promised",
            Family::Contradiction => "all promises at once",
        }
    }

    /// One sentence on what is true instead.
    pub fn truth(self) -> &'static str {
        match self {
            Family::Reliable => {
                "a message, its reply or the other side may be lost at any moment, and nobody says so"
            }
            Family::Latency => "each round trip takes time, and a loop of them takes the sum",
            Family::Bandwidth => "a stranger can send more than there is room for",
            Family::Secure => "whoever is on the way can read, change and imitate what is sent in clear",
            Family::Topology => "nodes come, go and change their addresses while the program runs",
            Family::Admin => "others configure, upgrade and restart the other side, at another time",
            Family::Cost => "connections, handshakes and system calls are paid for each time",
            Family::Homogeneous => "the other side has another word size, byte order, library and version",
            Family::Clock => "wall clocks step and differ, and monotonic clocks mean nothing elsewhere",
            Family::Audit => "an exception is worth its reason, and ends with it",
            Family::Claim => "a promise has an object, a setting, and failures under which it holds",
            Family::Contradiction => "some promises exclude each other, whoever makes them",
        }
    }

    /// The family that is called so.
    pub fn find(name: &str) -> Option<Family> {
        Family::every().find(|family| family.name() == name)
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

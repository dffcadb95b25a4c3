//! The scenarios that ship with the program, each a file that a reader can copy and change, and the studies, which are
//! several runs side by side.

pub mod antarctic;
pub mod mss23;

use crate::scenario::Scenario;

/// A scenario that ships.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Incident {
    /// What it is called on the command line.
    pub name: &'static str,
    /// The text of its file.
    pub text: &'static str,
}

/// All of them, in the order in which they are listed.
pub const INCIDENTS: [Incident; 5] = [
    Incident { name: "conjunction", text: include_str!("../../../scenarios/conjunction.toml") },
    Incident { name: "mss-17", text: include_str!("../../../scenarios/mss-17.toml") },
    Incident { name: "lossy-relay", text: include_str!("../../../scenarios/lossy-relay.toml") },
    Incident { name: "narrow-pass", text: include_str!("../../../scenarios/narrow-pass.toml") },
    Incident { name: "hasty-disk", text: include_str!("../../../scenarios/hasty-disk.toml") },
];

/// The one of this name.
pub fn find(name: &str) -> Option<Incident> {
    INCIDENTS.into_iter().find(|incident| incident.name == name)
}

/// An incident that is seen as several runs side by side, so it is written in code and not in a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Study {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What it is, in a line.
    pub title: &'static str,
}

/// All of them, in the order in which they are listed, after [`INCIDENTS`].
pub const STUDIES: &[Study] = &[
    Study { name: "mss-23", title: "48 s without an answer: six worlds that look the same to the client" },
    Study {
        name: "antarctic",
        title: "both relays lost for nine minutes: who may write meanwhile, and who coordinates",
    },
];

/// The study of this name.
pub fn study(name: &str) -> Option<Study> {
    STUDIES.iter().copied().find(|study| study.name == name)
}

impl Incident {
    /// The scenario that its text describes.
    pub fn scenario(self) -> Scenario {
        Scenario::parse(self.name, self.text).expect("a test reads every scenario that ships")
    }
}

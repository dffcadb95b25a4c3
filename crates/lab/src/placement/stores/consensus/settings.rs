//! What can be set of a majority log.

use crate::placement::stores::setting::{Given, Setting, SettingError, name_of, names};

/// How a majority log is set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Consensus {
    /// What a read takes.
    pub reads: LogReads,
}

/// What a read takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LogReads {
    /// A place in the log, as a write does.
    Log,
    /// The leader's word, while its lease lasts.
    Lease,
    /// The word of the client's own site, of as much of the log as it knows to be agreed on.
    Anywhere,
}

impl LogReads {
    const NAMES: [(&'static str, LogReads); 3] =
        [("log", LogReads::Log), ("lease", LogReads::Lease), ("anywhere", LogReads::Anywhere)];
}

/// What can be set.
pub(in crate::placement::stores) const SETTINGS: &[Setting] = &[Setting {
    key: "reads",
    values: &names(&LogReads::NAMES),
    says: "whether a read takes a place in the log, the word of a leader with a lease, or that of any site",
}];

impl Consensus {
    pub(in crate::placement::stores) fn read(given: &Given<'_>) -> Result<Consensus, SettingError> {
        Ok(Consensus { reads: given.one_of("reads", &LogReads::NAMES)? })
    }

    pub(in crate::placement::stores) fn settings(self) -> String {
        format!("reads={}", name_of(&LogReads::NAMES, &self.reads))
    }
}

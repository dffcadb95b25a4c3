//! What can be set of a single leader.

use crate::placement::stores::setting::{Given, Setting, SettingError, name_of, names};

/// How a single leader is set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Leader {
    /// For whom it waits before it acknowledges.
    pub sync: WaitsFor,
    /// Who answers reads.
    pub reads: Reads,
    /// Whether another takes over from a leader that is not heard of.
    pub failover: FailOver,
}

/// For which followers a leader waits before it shows and acknowledges a write.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WaitsFor {
    /// For none: asynchronous replication.
    Nobody,
    /// For the first of them: semi-synchronous.
    First,
    /// For all of them: synchronous.
    All,
}

/// Who answers reads.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reads {
    /// The leader, wherever the client is.
    Leader,
    /// The client's own site, with what it has been sent so far.
    Anywhere,
}

/// Whether another takes over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FailOver {
    /// Nobody does: what the leader holds is never contradicted.
    Off,
    /// The follower that has the most does, if most sites have not heard of the leader; what it has not been sent is gone. A
    /// leader that most sites do not answer resigns.
    Majority,
}

impl WaitsFor {
    const NAMES: [(&'static str, WaitsFor); 3] =
        [("none", WaitsFor::Nobody), ("one", WaitsFor::First), ("all", WaitsFor::All)];
}

impl Reads {
    const NAMES: [(&'static str, Reads); 2] = [("leader", Reads::Leader), ("anywhere", Reads::Anywhere)];
}

impl FailOver {
    const NAMES: [(&'static str, FailOver); 2] = [("off", FailOver::Off), ("majority", FailOver::Majority)];
}

/// What can be set.
pub(in crate::placement::stores) const SETTINGS: &[Setting] = &[
    Setting {
        key: "sync",
        values: &names(&WaitsFor::NAMES),
        says: "for which followers the leader waits before it acknowledges",
    },
    Setting { key: "reads", values: &names(&Reads::NAMES), says: "who answers reads" },
    Setting {
        key: "failover",
        values: &names(&FailOver::NAMES),
        says: "whether a follower takes over from a leader of which most sites do not hear",
    },
];

impl Leader {
    pub(in crate::placement::stores) fn read(given: &Given<'_>) -> Result<Leader, SettingError> {
        Ok(Leader {
            sync: given.one_of("sync", &WaitsFor::NAMES)?,
            reads: given.one_of("reads", &Reads::NAMES)?,
            failover: given.one_of("failover", &FailOver::NAMES)?,
        })
    }

    pub(in crate::placement::stores) fn settings(self) -> String {
        let sync = name_of(&WaitsFor::NAMES, &self.sync);
        let reads = name_of(&Reads::NAMES, &self.reads);
        let failover = name_of(&FailOver::NAMES, &self.failover);
        format!("sync={sync},reads={reads},failover={failover}")
    }
}

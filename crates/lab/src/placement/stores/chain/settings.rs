//! What can be set of a chain.

use crate::placement::stores::setting::{Given, Setting, SettingError, name_of, names};

/// How a chain is set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Chain {
    /// Who answers reads.
    pub reads: ChainReads,
    /// Whether sites are taken out of it.
    pub failover: Master,
}

/// Whether a site that is not heard of is taken out of a chain.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Master {
    /// It is not: no write gets past it.
    Off,
    /// Most sites agree on a chain without it, and on one with it when it is heard of again.
    Majority,
}

/// Who answers reads of a chain.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ChainReads {
    /// The tail, wherever the client is: all that it holds is committed.
    Tail,
    /// The client's own site, with the last write that passed it, committed or not.
    Any,
    /// The client's own site; where that knows of a write which it does not know to be committed, it asks the tail which one
    /// is (CRAQ: Terrace and Freedman 2009).
    Apportioned,
}

impl Master {
    const NAMES: [(&'static str, Master); 2] = [("off", Master::Off), ("majority", Master::Majority)];
}

impl ChainReads {
    const NAMES: [(&'static str, ChainReads); 3] =
        [("tail", ChainReads::Tail), ("any", ChainReads::Any), ("craq", ChainReads::Apportioned)];
}

/// What can be set.
pub(in crate::placement::stores) const SETTINGS: &[Setting] = &[
    Setting {
        key: "reads",
        values: &names(&ChainReads::NAMES),
        says: "who answers reads: the tail, any site, or any site that asks the tail where it must",
    },
    Setting {
        key: "failover",
        values: &names(&Master::NAMES),
        says: "whether most sites go on with a chain without a site that they do not hear of",
    },
];

impl Chain {
    pub(in crate::placement::stores) fn read(given: &Given<'_>) -> Result<Chain, SettingError> {
        Ok(Chain {
            reads: given.one_of("reads", &ChainReads::NAMES)?,
            failover: given.one_of("failover", &Master::NAMES)?,
        })
    }

    pub(in crate::placement::stores) fn settings(self) -> String {
        let reads = name_of(&ChainReads::NAMES, &self.reads);
        let failover = name_of(&Master::NAMES, &self.failover);
        format!("reads={reads},failover={failover}")
    }
}

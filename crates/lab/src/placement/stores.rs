//! The stores that can be placed: small, whole, and set by a text such as `leader:sync=all,reads=anywhere`.

mod consensus;
mod leader;
mod quorum;
mod setting;

use std::fmt;
use std::str::FromStr;

pub use consensus::{Consensus, LogReads};
pub use leader::{FailOver, Leader, Reads, WaitsFor};
pub use quorum::{Quorum, Repair};
pub use setting::{Setting, SettingError};

use super::PlaceError;
use super::protocol::Round;
use super::record::Record;
use super::simulated::{self, Luck, Played};
use setting::Given;

/// A store and how it is set.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Store {
    /// At how many sites it is.
    pub sites: usize,
    /// Which, and how it is set.
    pub design: Design,
}

/// Which store, and how it is set.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Design {
    /// A single leader.
    Leader(Leader),
    /// Quorums of N, R and W.
    Quorum(Quorum),
    /// A log that a majority agrees on.
    Consensus(Consensus),
}

/// A kind of store as tables name it.
#[derive(Clone, Copy, Debug)]
pub struct StoreInfo {
    /// What it is called.
    pub name: &'static str,
    /// What it is, as a sentence without its full stop that begins in lower case.
    pub says: &'static str,
    /// What can be set.
    pub settings: &'static [Setting],
    /// The settings that are worth a place in the matrix, as they are written.
    pub named: &'static [&'static str],
    read: fn(&Given<'_>) -> Result<Design, SettingError>,
}

/// Every store.
pub const STORES: &[StoreInfo] = &[
    StoreInfo {
        name: "leader",
        says: "a single leader takes all writes and sends them to its followers in order",
        settings: leader::SETTINGS,
        named: &[
            "sync=none,reads=leader",
            "sync=none,reads=anywhere",
            "sync=one,reads=leader",
            "sync=one,reads=anywhere",
            "sync=all,reads=leader",
            "sync=all,reads=anywhere",
            "sync=none,reads=leader,failover=majority",
            "sync=one,reads=leader,failover=majority",
        ],
        read: |given| Leader::read(given).map(Design::Leader),
    },
    StoreInfo {
        name: "quorum",
        says: "a write waits for W of N replicas, a read for R; the newest by the wall clock of its writer wins",
        settings: quorum::SETTINGS,
        named: &[
            "n=3,r=1,w=1,repair=off",
            "n=3,r=1,w=1,repair=after",
            "n=3,r=1,w=3,repair=off",
            "n=3,r=2,w=2,repair=off",
            "n=3,r=2,w=2,repair=before",
            "n=3,r=3,w=1,repair=off",
        ],
        read: |given| Quorum::read(given).map(Design::Quorum),
    },
    StoreInfo {
        name: "consensus",
        says: "a majority agrees on a log, entry by entry, under a leader that it elects (Raft)",
        settings: consensus::SETTINGS,
        named: &["reads=log", "reads=lease", "reads=anywhere"],
        read: |given| Consensus::read(given).map(Design::Consensus),
    },
];

/// At how many sites a store is unless it is said.
pub const SITES: usize = 3;

/// What can be set of every store.
pub const OF_ALL: Setting =
    Setting { key: "sites", values: &["3", "5"], says: "at how many sites the store is" };

impl FromStr for Store {
    type Err = SettingError;

    /// A name, and behind a colon what is set otherwise than by itself: `quorum:r=1,w=1`.
    fn from_str(text: &str) -> Result<Store, SettingError> {
        let (name, settings) = text.split_once(':').unwrap_or((text, ""));
        let Some(info) = STORES.iter().find(|info| info.name == name.trim()) else {
            let known = STORES.iter().map(|info| info.name).collect();
            return Err(SettingError::Store { name: name.trim().to_owned(), known });
        };
        let given = Given::parse(info.name, info.settings, settings)?;
        Ok(Store { sites: given.sites as usize, design: (info.read)(&given)? })
    }
}

impl fmt::Display for Store {
    /// As it is written, with every setting: `leader:sync=all,reads=anywhere`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.design {
            Design::Leader(leader) => write!(f, "leader:{}", leader.settings())?,
            Design::Quorum(quorum) => write!(f, "quorum:{}", quorum.settings())?,
            Design::Consensus(consensus) => write!(f, "consensus:{}", consensus.settings())?,
        }
        if self.sites == SITES { Ok(()) } else { write!(f, ",sites={}", self.sites) }
    }
}

impl Store {
    /// The stores that are set otherwise in one thing, each with that.
    pub fn neighbours(&self) -> Vec<(String, Store)> {
        let text = self.to_string();
        let (name, settings) = text.split_once(':').expect("a store is told with its settings");
        let pairs: Vec<(&str, &str)> = settings.split(',').filter_map(|pair| pair.split_once('=')).collect();
        let known = STORES.iter().find(|info| info.name == name).map_or(&[][..], |info| info.settings);
        let mut all = Vec::new();
        for (place, (key, value)) in pairs.iter().enumerate() {
            let setting = known.iter().find(|setting| setting.key == *key);
            for other in
                setting.map_or(&[][..], |setting| setting.values).iter().filter(|other| *other != value)
            {
                let told = |(at, (key, value)): (usize, &(&str, &str))| {
                    format!("{key}={}", if at == place { other } else { value })
                };
                let settings: Vec<String> = pairs.iter().enumerate().map(told).collect();
                // What cannot be set so is no neighbour.
                if let Ok(store) = format!("{name}:{}", settings.join(",")).parse() {
                    all.push((format!("{key}={other}"), store));
                }
            }
        }
        all
    }

    /// One round of it in the simulator.
    ///
    /// # Errors
    /// [`PlaceError::Run`] if the world cannot be run, [`PlaceError::Unfinished`] if the round does not end.
    pub fn run(&self, round: &Round, seed: u64) -> Result<Record, PlaceError> {
        self.play(round, Luck::Seed(seed)).map(|played| played.record)
    }

    /// As [`Store::run`], with any luck.
    pub(super) fn play(&self, round: &Round, seed: Luck<'_>) -> Result<Played, PlaceError> {
        match &self.design {
            Design::Leader(set) => {
                simulated::run(round, seed, &[], |sites| leader::Replica::new(*set, sites))
            }
            Design::Quorum(set) => {
                simulated::run(round, seed, &[], |sites| quorum::Replica::new(*set, sites))
            }
            Design::Consensus(set) => {
                simulated::run(round, seed, &[], |sites| consensus::Replica::new(*set, sites))
            }
        }
    }
}

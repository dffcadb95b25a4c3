//! The stores that can be placed: small, whole, and set by a text such as `leader:sync=all,reads=anywhere`.

mod chain;
pub(super) mod coded;
mod consensus;
mod crdt;
mod leader;
mod multi_leader;
mod quorum;
mod setting;
mod versions;
mod waiting;

use std::fmt;
use std::str::FromStr;

use constellation_trace::NodeId;

pub use chain::{Chain, ChainReads, Master};
pub use consensus::{Consensus, LogReads};
pub use crdt::Crdt;
pub use leader::{FailOver, Leader, Reads, WaitsFor};
pub use multi_leader::{Conflicts, MultiLeader};
pub use quorum::{Quorum, Repair, Sloppy};
pub use setting::{Setting, SettingError};

use super::PlaceError;
use super::hosted::{Host, Hosted};
use super::protocol::Round;
use super::record::Record;
use super::simulated::{self, Luck, Played, Sites};
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
    /// Leaders everywhere.
    MultiLeader(MultiLeader),
    /// A chain from head to tail.
    Chain(Chain),
    /// Replicated data types that converge.
    Crdt(Crdt),
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
    /// What another design would have to do that it does not, for the cells that no setting reaches: without a full stop.
    pub toward: &'static str,
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
        toward: "to be available everywhere, followers would have to take writes that the leader does not know of: multi-leader",
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
            "n=3,r=2,w=2,repair=before,skew=200ms",
            "n=3,r=3,w=1,repair=off",
            "n=2,r=1,w=1,repair=off",
            "n=2,r=1,w=1,repair=off,sloppy=on",
            "n=2,r=2,w=2,repair=off",
            "n=2,r=2,w=2,repair=off,sloppy=on",
            "n=2,r=2,w=2,repair=off,sloppy=on,sites=5",
        ],
        toward: "to be available and lose nothing to clocks, replicas would have to keep what does not know of each other: crdt",
        read: |given| Quorum::read(given).map(Design::Quorum),
    },
    StoreInfo {
        name: "consensus",
        says: "a majority agrees on a log, entry by entry, under a leader that it elects (Raft)",
        settings: consensus::SETTINGS,
        named: &["reads=log", "reads=lease", "reads=anywhere"],
        toward: "to be available everywhere, sites would have to answer without a majority: multi-leader, or crdt",
        read: |given| Consensus::read(given).map(Design::Consensus),
    },
    StoreInfo {
        name: "multi-leader",
        says: "every site takes writes and tells the others afterwards",
        settings: multi_leader::SETTINGS,
        named: &["conflicts=lww", "conflicts=lww,skew=200ms", "conflicts=siblings,skew=200ms"],
        toward: "to be consistent, sites would have to hear of most others before they answer: quorum, or consensus",
        read: |given| MultiLeader::read(given).map(Design::MultiLeader),
    },
    StoreInfo {
        name: "chain",
        says: "writes go from the head of a chain to its tail, and what has reached that is committed",
        settings: chain::SETTINGS,
        named: &[
            "reads=tail",
            "reads=any",
            "reads=craq",
            "reads=tail,failover=majority",
            "reads=craq,failover=majority",
        ],
        toward: "to be available everywhere, sites would have to take writes without the head: multi-leader, or crdt",
        read: |given| Chain::read(given).map(Design::Chain),
    },
    StoreInfo {
        name: "crdt",
        says: "every site takes writes into multi-value registers, whose states are gossiped and merged without loss",
        settings: crdt::SETTINGS,
        named: &["gossip=20ms", "gossip=200ms"],
        toward: "to be consistent, sites would have to hear of most others before they answer: quorum, or consensus",
        read: |given| Crdt::read(given).map(Design::Crdt),
    },
];

impl StoreInfo {
    /// The stores that the settings with a name make, in their order.
    pub fn stores(&self) -> impl Iterator<Item = Store> {
        self.named.iter().map(|settings| {
            let store = format!("{}:{settings}", self.name).parse();
            store.expect("a setting with a name is one that the store has")
        })
    }
}

/// At how many sites a store is unless it is said.
pub const SITES: usize = 3;

/// What can be set of every store.
pub const OF_ALL: Setting =
    Setting { key: "sites", values: &["3", "5"], says: "at how many sites the store is" };

impl Design {
    /// What it is called in the table, and every setting.
    fn told(&self) -> (&'static str, String) {
        match self {
            Design::Leader(set) => ("leader", set.settings()),
            Design::Quorum(set) => ("quorum", set.settings()),
            Design::Consensus(set) => ("consensus", set.settings()),
            Design::MultiLeader(set) => ("multi-leader", set.settings()),
            Design::Chain(set) => ("chain", set.settings()),
            Design::Crdt(set) => ("crdt", set.settings()),
        }
    }
}

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
        let (name, settings) = self.design.told();
        write!(f, "{name}:{settings}")?;
        if self.sites == SITES { Ok(()) } else { write!(f, ",sites={}", self.sites) }
    }
}

/// A store that is set otherwise in one thing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Neighbour {
    /// What is set otherwise: `sync=all`.
    pub setting: String,
    /// The store that it makes.
    pub store: Store,
    /// How far away the value is: a number by the difference, another in steps in the list of values.
    pub steps: usize,
}

impl Store {
    /// The stores that are set otherwise in one thing, be it the number of sites, the nearest first; nothing that cannot be
    /// set so.
    pub fn neighbours(&self) -> Vec<Neighbour> {
        let text = self.to_string();
        let (name, settings) = text.split_once(':').expect("a store is told with its settings");
        let pairs: Vec<(&str, &str)> = settings.split(',').filter_map(|pair| pair.split_once('=')).collect();
        let mut all = Vec::new();
        for (place, (key, value)) in pairs.iter().enumerate() {
            let Some(Setting { values, .. }) =
                self.info().settings.iter().find(|setting| setting.key == *key)
            else {
                continue;
            };
            let here = values.iter().position(|other| other == value).unwrap_or_default();
            for (there, other) in values.iter().enumerate().filter(|(there, _)| *there != here) {
                let told = |(at, (key, value)): (usize, &(&str, &str))| {
                    format!("{key}={}", if at == place { other } else { value })
                };
                let settings: Vec<String> = pairs.iter().enumerate().map(told).collect();
                if let Ok(store) = format!("{name}:{}", settings.join(",")).parse() {
                    let steps = match (value.parse::<usize>(), other.parse::<usize>()) {
                        (Ok(value), Ok(other)) => value.abs_diff(other),
                        _ => here.abs_diff(there),
                    };
                    all.push(Neighbour { setting: format!("{key}={other}"), store, steps });
                }
            }
        }
        let others = OF_ALL.values.iter().filter_map(|sites| Some((sites, sites.parse::<usize>().ok()?)));
        for (sites, count) in others.filter(|(_, count)| *count != self.sites) {
            // Not every setting can be at every number of sites.
            if let Ok(store) = format!("{name}:{},{}={sites}", self.design.told().1, OF_ALL.key).parse() {
                let setting = format!("{}={sites}", OF_ALL.key);
                all.push(Neighbour { setting, store, steps: count.abs_diff(self.sites) });
            }
        }
        // Stable: the order of the settings where the steps are as many.
        all.sort_by_key(|neighbour: &Neighbour| neighbour.steps);
        all
    }

    /// What another design would have to do, for the cells that no setting reaches.
    pub fn toward(&self) -> &'static str {
        self.info().toward
    }

    /// What tables say of stores of its design.
    fn info(&self) -> &'static StoreInfo {
        let (name, _) = self.design.told();
        STORES.iter().find(|info| info.name == name).expect("every design is in the table")
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
                simulated::run(round, seed, &set.walls(), |sites| quorum::Replica::new(*set, sites))
            }
            Design::Consensus(set) => {
                simulated::run(round, seed, &[], |sites| consensus::Replica::new(*set, sites))
            }
            Design::MultiLeader(set) => {
                simulated::run(round, seed, &set.walls(), |sites| multi_leader::Replica::new(*set, sites))
            }
            Design::Chain(set) => simulated::run(round, seed, &[], |sites| chain::Replica::new(*set, sites)),
            Design::Crdt(set) => simulated::run(round, seed, &[], |sites| crdt::Replica::new(*set, sites)),
        }
    }
}

impl Store {
    /// One of its sites, from 0, for a driver with real sockets and real time.
    pub fn hosted(&self, site: u32) -> Box<dyn Hosted> {
        let count = u32::try_from(self.sites).expect("sites are few");
        let sites = Sites { me: NodeId::new(site), count };
        match self.design.clone() {
            Design::Leader(set) => Box::new(Host::new(sites, |sites| leader::Replica::new(set, sites))),
            Design::Quorum(set) => Box::new(Host::new(sites, |sites| quorum::Replica::new(set, sites))),
            Design::Consensus(set) => Box::new(Host::new(sites, |sites| consensus::Replica::new(set, sites))),
            Design::MultiLeader(set) => {
                Box::new(Host::new(sites, |sites| multi_leader::Replica::new(set, sites)))
            }
            Design::Chain(set) => Box::new(Host::new(sites, |sites| chain::Replica::new(set, sites))),
            Design::Crdt(set) => Box::new(Host::new(sites, |sites| crdt::Replica::new(set, sites))),
        }
    }

    /// How far the wall clock of a site is ahead of the true time, in nanoseconds.
    pub fn wall_ahead_ns(&self, site: usize) -> i64 {
        let walls = match &self.design {
            Design::Quorum(set) => set.walls(),
            Design::MultiLeader(set) => set.walls(),
            _ => return 0,
        };
        walls.get(site).map_or(0, |wall| wall.offset_ns)
    }
}

#[cfg(test)]
mod tests;

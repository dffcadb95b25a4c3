//! Every site takes writes and tells the others afterwards; of writes that do not know of each other the latest by the wall
//! clocks wins and the others are silently gone, or all stay as siblings until a client has made one of them.
//!
//! As long as the clocks are right, what wins is also the last in time, and a client that only writes misses nothing that a
//! single register would have kept. With one clock ahead, its old writes win over new ones of the others, also over those
//! whose writer had read the old one: these were acknowledged, and are lost. Siblings ask no clock.

use std::collections::BTreeMap;
use std::time::Duration;

use constellation_fabric::{Effects, Input, Node, Now};
use constellation_sim::Wall;
use constellation_trace::{NodeId, WallTime};

use super::setting::{Given, Setting, SettingError, name_of, names};
use super::versions::Versions;
use crate::placement::client::{Answer, Ask, What};
use crate::placement::simulated::{Sites, Wire, answer};

/// How a multi-leader store is set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MultiLeader {
    /// What becomes of writes that do not know of each other.
    pub conflicts: Conflicts,
    /// How far the wall clock of the second site is ahead of the others.
    pub skew: Duration,
}

/// What becomes of writes under one key that do not know of each other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Conflicts {
    /// The one with the latest wall clock wins, also over one that knows of it: acknowledged writes are gone, and nobody is
    /// told.
    LastWriteWins,
    /// All stay (dotted version vectors; Preguiça and others 2010). A client that reads several makes the greatest of them,
    /// and writes that back, which replaces those that it saw and no others.
    Siblings,
}

impl Conflicts {
    const NAMES: [(&'static str, Conflicts); 2] =
        [("lww", Conflicts::LastWriteWins), ("siblings", Conflicts::Siblings)];
}

/// What can be set.
pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        key: "conflicts",
        values: &names(&Conflicts::NAMES),
        says: "whether of concurrent writes the last by the wall clock wins, or all stay until a client has seen them",
    },
    Setting {
        key: "skew",
        values: &["0ms", "200ms"],
        says: "how far the wall clock of the second site is ahead of the others",
    },
];

impl MultiLeader {
    pub(super) fn read(given: &Given<'_>) -> Result<MultiLeader, SettingError> {
        let conflicts = given.one_of("conflicts", &Conflicts::NAMES)?;
        Ok(MultiLeader { conflicts, skew: given.duration("skew")? })
    }

    pub(super) fn settings(self) -> String {
        let conflicts = name_of(&Conflicts::NAMES, &self.conflicts);
        format!("conflicts={conflicts},skew={}ms", self.skew.as_millis())
    }

    /// The wall clocks of the sites, in order.
    pub(super) fn walls(self) -> [Wall; 2] {
        let offset_ns = i64::try_from(self.skew.as_nanos()).expect("its values are milliseconds");
        [Wall::TRUE, Wall { offset_ns, ..Wall::TRUE }]
    }
}

/// What a site holds under a key.
#[derive(Clone, Debug)]
pub(super) enum Register {
    /// The latest write that it knows of: when, where, which of that site's, and what.
    Last((WallTime, NodeId, u64), u64),
    /// Each that nobody who had seen it has replaced.
    All(Versions),
}

impl Register {
    /// Takes what another site holds.
    fn merge(&mut self, other: Register) {
        match (self, other) {
            (Register::Last(at, value), Register::Last(at_other, value_other)) if at_other > *at => {
                (*at, *value) = (at_other, value_other);
            }
            (Register::All(versions), Register::All(other)) => versions.merge(&other),
            _ => {}
        }
    }

    fn shown(&self) -> Option<u64> {
        match self {
            Register::Last(_, value) => Some(*value),
            Register::All(versions) => versions.greatest(),
        }
    }
}

/// To the other sites: what this one holds under a key since a write there.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) key: String,
    pub(super) register: Register,
}

/// One site.
#[derive(Clone, Debug)]
pub(super) struct Replica {
    set: MultiLeader,
    sites: Sites,
    holds: BTreeMap<String, Register>,
    taken: u64,
}

impl Replica {
    pub(super) fn new(set: MultiLeader, sites: Sites) -> Replica {
        Replica { set, sites, holds: BTreeMap::new(), taken: 0 }
    }

    /// A write of a client that has seen what this site holds.
    fn write(&mut self, now: Now, key: String, value: u64, effects: &mut Effects<Wire<Message>>) {
        self.taken += 1;
        let register = match (self.set.conflicts, self.holds.get(&key)) {
            (Conflicts::LastWriteWins, _) => Register::Last((now.wall, self.sites.me, self.taken), value),
            (Conflicts::Siblings, held) => {
                let mut versions = match held {
                    Some(Register::All(versions)) => versions.clone(),
                    _ => Versions::default(),
                };
                versions.replace(self.sites.me, value);
                Register::All(versions)
            }
        };
        for other in self.sites.others() {
            effects.send(other, Wire::Peer(Message { key: key.clone(), register: register.clone() }));
        }
        self.take(key, register);
    }

    fn take(&mut self, key: String, register: Register) {
        match self.holds.get_mut(&key) {
            Some(held) => held.merge(register),
            None => drop(self.holds.insert(key, register)),
        }
    }

    /// What a client is shown, which makes one of siblings.
    fn show(&mut self, now: Now, key: &str, effects: &mut Effects<Wire<Message>>) -> Option<u64> {
        let register = self.holds.get(key)?;
        let shown = register.shown();
        if let (Register::All(versions), Some(greatest)) = (register, shown)
            && versions.are_siblings()
        {
            self.write(now, key.to_owned(), greatest, effects);
        }
        shown
    }
}

impl Node for Replica {
    type Message = Wire<Message>;
    type Request = ();

    fn on(&mut self, now: Now, input: Input<Wire<Message>, ()>, effects: &mut Effects<Wire<Message>>) {
        match input {
            Input::Message { from, message: Wire::Ask { number, ask: Ask { key, what } } } => {
                let shown = match what {
                    What::Read => self.show(now, &key, effects),
                    What::Write(value) => {
                        self.write(now, key, value, effects);
                        None
                    }
                };
                answer((from, number), Answer::Ok(shown), effects);
            }
            Input::Message { message: Wire::Peer(Message { key, register }), .. } => self.take(key, register),
            _ => {}
        }
    }
}

//! Every site takes writes and tells the others afterwards; of writes that do not know of each other the latest by the wall
//! clocks wins and the others are silently gone, or all stay as siblings until a client that has seen them writes over them.
//!
//! As long as the clocks are right, what wins is also the last in time, and a client that only writes misses nothing that a
//! single register would have kept. A client that writes what it makes of what it read misses all that others made
//! meanwhile and that its write replaces unseen. With one clock ahead, its old writes win over new ones of the others, also
//! over those whose writer had read the old one: these were acknowledged, and are lost. Siblings ask no clock.

use std::collections::BTreeMap;
use std::time::Duration;

use constellation_fabric::{Effects, Input, Node, Now, Timer};
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
    /// All stay (dotted version vectors; Preguiça and others 2010), and are shown to whoever reads. The next write of that
    /// client replaces those that it was shown, and no others; a blind one, none.
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
        says: "whether of concurrent writes the last by the wall clock wins, or all stay until a client that has seen them writes",
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
            (Register::All(versions), Register::All(other)) => {
                versions.merge(&other);
            }
            _ => {}
        }
    }

    fn shown(&self) -> Vec<u64> {
        match self {
            Register::Last(_, value) => vec![*value],
            Register::All(versions) => versions.shown().collect(),
        }
    }
}

/// How often a site says again what another has not said to have taken: more than the way there and back to a slow site.
const RESEND: Duration = Duration::from_millis(500);
const RESEND_TIMER: Timer = Timer(0);

/// What sites say to each other.
#[derive(Clone, Debug)]
pub(super) enum Message {
    /// What this one holds under a key since a write there, the how-manieth.
    Hold { number: u64, key: String, register: Register },
    /// It was taken.
    Taken { number: u64 },
}

/// One site.
#[derive(Clone, Debug)]
pub(super) struct Replica {
    set: MultiLeader,
    sites: Sites,
    holds: BTreeMap<String, Register>,
    taken: u64,
    /// Of each other site the writes that it has not said to have taken, with their keys; and how many there were at the last
    /// look.
    sent: BTreeMap<NodeId, BTreeMap<u64, String>>,
    due: u64,
}

impl Replica {
    pub(super) fn new(set: MultiLeader, sites: Sites) -> Replica {
        let sent = sites.others().map(|other| (other, BTreeMap::new())).collect();
        Replica { set, sites, holds: BTreeMap::new(), taken: 0, sent, due: 0 }
    }

    /// What was not taken since the last look may be lost.
    fn resend(&mut self, effects: &mut Effects<Wire<Message>>) {
        effects.set_timer(RESEND_TIMER, RESEND);
        let due = std::mem::replace(&mut self.due, self.taken);
        for (other, sent) in &self.sent {
            for (number, key) in sent.range(..=due) {
                let (number, register) = (*number, self.holds[key].clone());
                effects.send(*other, Wire::Peer(Message::Hold { number, key: key.clone(), register }));
            }
        }
    }

    /// A write of a client that was shown `over`.
    fn write(
        &mut self,
        now: Now,
        key: String,
        (value, over): (u64, &[u64]),
        effects: &mut Effects<Wire<Message>>,
    ) {
        self.taken += 1;
        let register = match (self.set.conflicts, self.holds.get(&key)) {
            (Conflicts::LastWriteWins, _) => Register::Last((now.wall, self.sites.me, self.taken), value),
            (Conflicts::Siblings, held) => {
                let mut versions = match held {
                    Some(Register::All(versions)) => versions.clone(),
                    _ => Versions::default(),
                };
                versions.write(self.sites.me, value, over);
                Register::All(versions)
            }
        };
        let number = self.taken;
        for (other, sent) in &mut self.sent {
            sent.insert(number, key.clone());
            let hold = Message::Hold { number, key: key.clone(), register: register.clone() };
            effects.send(*other, Wire::Peer(hold));
        }
        self.take(key, register);
    }

    fn take(&mut self, key: String, register: Register) {
        match self.holds.get_mut(&key) {
            Some(held) => held.merge(register),
            None => drop(self.holds.insert(key, register)),
        }
    }
}

impl Node for Replica {
    type Message = Wire<Message>;
    type Request = ();

    fn on(&mut self, now: Now, input: Input<Wire<Message>, ()>, effects: &mut Effects<Wire<Message>>) {
        match input {
            Input::Message { from, message: Wire::Ask { number, ask: Ask { key, what, over } } } => {
                let shown = match what {
                    What::Read => self.holds.get(&key).map_or_else(Vec::new, Register::shown),
                    What::Write(value) => {
                        self.write(now, key, (value, &over), effects);
                        Vec::new()
                    }
                };
                answer((from, number), Answer::shows(shown), effects);
            }
            Input::Start | Input::Timer(RESEND_TIMER) => self.resend(effects),
            Input::Message { from, message: Wire::Peer(Message::Hold { number, key, register }) } => {
                self.take(key, register);
                effects.send(from, Wire::Peer(Message::Taken { number }));
            }
            Input::Message { from, message: Wire::Peer(Message::Taken { number }) } => {
                if let Some(sent) = self.sent.get_mut(&from) {
                    sent.remove(&number);
                }
            }
            _ => {}
        }
    }
}

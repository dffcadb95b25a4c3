//! Any site coordinates: a write waits for W of the N replicas of its key, a read asks all and waits for R (Dynamo; DeCandia
//! and others 2007). The newest version, by the wall clock of who coordinated the write, wins.

use std::collections::{BTreeMap, BTreeSet};

use constellation_fabric::{Effects, Input, Node, Now};
use constellation_trace::NodeId;

use super::setting::{Given, Setting, SettingError};
use crate::placement::client::{Answer, Ask, What};
use crate::placement::simulated::{Sites, Wire, answer};

/// How a quorum is set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Quorum {
    /// How many replicas a key has, from 1 to the number of sites.
    pub n: u32,
    /// How many of them a read waits for, from 1 to `n`.
    pub r: u32,
    /// How many of them a write waits for, from 1 to `n`.
    pub w: u32,
    /// What a read does with replicas that showed it something older.
    pub repair: Repair,
}

/// What a read does with replicas that are behind.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Repair {
    /// Nothing.
    Off,
    /// It sends them the newest version, and waits for nothing.
    After,
    /// It sends them the newest version, and shows it when W of them have it (Attiya, Bar-Noy and Dolev 1995).
    Before,
}

/// What can be set.
pub(super) const SETTINGS: &[Setting] = &[
    Setting { key: "n", values: &["3", "1", "2", "4", "5"], says: "how many replicas a key has" },
    Setting { key: "r", values: &["2", "1", "3", "4", "5"], says: "how many replicas a read waits for" },
    Setting { key: "w", values: &["2", "1", "3", "4", "5"], says: "how many replicas a write waits for" },
    Setting {
        key: "repair",
        values: &["off", "after", "before"],
        says: "whether a read brings replicas up to date that are behind, and before or after it answers",
    },
];

impl Quorum {
    pub(super) fn read(given: &Given<'_>) -> Result<Quorum, SettingError> {
        let [n, r, w] = [given.number("n")?, given.number("r")?, given.number("w")?];
        given.check("n", n, given.sites)?;
        given.check("r", r, n)?;
        given.check("w", w, n)?;
        let repair = match given.choice("repair")? {
            0 => Repair::Off,
            1 => Repair::After,
            _ => Repair::Before,
        };
        Ok(Quorum { n, r, w, repair })
    }

    pub(super) fn settings(self) -> String {
        let Quorum { n, r, w, repair } = self;
        let repair = match repair {
            Repair::Off => "off",
            Repair::After => "after",
            Repair::Before => "before",
        };
        format!("n={n},r={r},w={w},repair={repair}")
    }
}

/// When a value was written, by whom, and which of the writes of one time: later ones are greater.
type Stamp = (u64, NodeId, u32);
/// What a replica holds under a key; nothing is older than anything.
type Held = Option<(Stamp, u64)>;

/// What sites say to each other.
#[derive(Clone, Debug)]
pub(super) enum Message {
    Store { task: u32, key: String, held: Held },
    Stored { task: u32 },
    Fetch { task: u32, key: String },
    Fetched { task: u32, held: Held },
}

/// What a site coordinates for a client.
#[derive(Clone, Debug)]
struct Task {
    client: (NodeId, u32),
    key: String,
    stage: Stage,
}

#[derive(Clone, Debug)]
enum Stage {
    /// A write, or the repair before an answer: who has it, and what the client is told.
    Storing { by: BTreeSet<NodeId>, told: Option<u64> },
    /// A read: what was shown by whom.
    Fetching { by: BTreeMap<NodeId, Held> },
}

/// One site.
#[derive(Clone, Debug)]
pub(super) struct Replica {
    set: Quorum,
    sites: Sites,
    holds: BTreeMap<String, (Stamp, u64)>,
    tasks: BTreeMap<u32, Task>,
    begun: u32,
}

impl Replica {
    pub(super) fn new(set: Quorum, sites: Sites) -> Replica {
        Replica { set, sites, holds: BTreeMap::new(), tasks: BTreeMap::new(), begun: 0 }
    }

    /// The sites that hold a key: as many as are set, from one on that depends on the key.
    fn replicas(&self, key: &str) -> Vec<NodeId> {
        let first = key.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
        let count = self.sites.count;
        (0..self.set.n).map(|nth| NodeId::new((first % count + nth) % count)).collect()
    }

    fn coordinate(
        &mut self,
        now: Now,
        client: (NodeId, u32),
        ask: Ask,
        effects: &mut Effects<Wire<Message>>,
    ) {
        self.begun += 1;
        let task = self.begun;
        let (stage, message) = match ask.what {
            What::Write(value) => {
                let stamp = (now.wall.ns(), self.sites.me, task);
                let stage = Stage::Storing { by: BTreeSet::new(), told: None };
                (stage, Message::Store { task, key: ask.key.clone(), held: Some((stamp, value)) })
            }
            What::Read => {
                let stage = Stage::Fetching { by: BTreeMap::new() };
                (stage, Message::Fetch { task, key: ask.key.clone() })
            }
        };
        self.tasks.insert(task, Task { client, key: ask.key, stage });
        self.tell_replicas(task, message, effects);
    }

    /// To each replica of the task's key, this site included.
    fn tell_replicas(&mut self, task: u32, message: Message, effects: &mut Effects<Wire<Message>>) {
        let Some(key) = self.tasks.get(&task).map(|task| task.key.clone()) else { return };
        for replica in self.replicas(&key) {
            if replica == self.sites.me {
                self.hear(replica, message.clone(), effects);
            } else {
                effects.send(replica, Wire::Peer(message.clone()));
            }
        }
    }

    fn say(&mut self, to: NodeId, message: Message, effects: &mut Effects<Wire<Message>>) {
        if to == self.sites.me {
            self.hear(to, message, effects);
        } else {
            effects.send(to, Wire::Peer(message));
        }
    }

    fn hear(&mut self, from: NodeId, message: Message, effects: &mut Effects<Wire<Message>>) {
        match message {
            Message::Store { task, key, held } => {
                if held > self.holds.get(&key).copied()
                    && let Some(held) = held
                {
                    self.holds.insert(key, held);
                }
                self.say(from, Message::Stored { task }, effects);
            }
            Message::Fetch { task, key } => {
                let held = self.holds.get(&key).copied();
                self.say(from, Message::Fetched { task, held }, effects);
            }
            Message::Stored { task } => self.stored(from, task, effects),
            Message::Fetched { task, held } => self.fetched(from, task, held, effects),
        }
    }

    fn stored(&mut self, from: NodeId, task: u32, effects: &mut Effects<Wire<Message>>) {
        let Some(Task { client, stage: Stage::Storing { by, told }, .. }) = self.tasks.get_mut(&task) else {
            return;
        };
        by.insert(from);
        if by.len() >= self.set.w as usize {
            answer(*client, Answer::Ok(*told), effects);
            self.tasks.remove(&task);
        }
    }

    fn fetched(&mut self, from: NodeId, task: u32, held: Held, effects: &mut Effects<Wire<Message>>) {
        let Some(Task { client, key, stage: Stage::Fetching { by } }) = self.tasks.get_mut(&task) else {
            return;
        };
        by.insert(from, held);
        if by.len() < self.set.r as usize {
            return;
        }
        let newest = by.values().copied().max().flatten();
        let (client, key, told) = (*client, key.clone(), newest.map(|(_, value)| value));
        let behind: Vec<NodeId> =
            by.iter().filter(|(_, held)| **held < newest).map(|(site, _)| *site).collect();
        let upto_date: BTreeSet<NodeId> =
            by.iter().filter(|(_, held)| **held == newest).map(|(site, _)| *site).collect();
        let store = Message::Store { task, key: key.clone(), held: newest };
        self.tasks.remove(&task);
        if self.set.repair == Repair::Before && upto_date.len() < self.set.w as usize {
            let stage = Stage::Storing { by: upto_date, told };
            self.tasks.insert(task, Task { client, key, stage });
            return self.tell_replicas(task, store, effects);
        }
        answer(client, Answer::Ok(told), effects);
        if self.set.repair == Repair::After {
            for site in behind {
                self.say(site, store.clone(), effects);
            }
        }
    }
}

impl Node for Replica {
    type Message = Wire<Message>;
    type Request = ();

    fn on(&mut self, now: Now, input: Input<Wire<Message>, ()>, effects: &mut Effects<Wire<Message>>) {
        match input {
            Input::Message { from, message: Wire::Ask { number, ask } } => {
                self.coordinate(now, (from, number), ask, effects);
            }
            Input::Message { from, message: Wire::Peer(message) } => self.hear(from, message, effects),
            _ => {}
        }
    }
}

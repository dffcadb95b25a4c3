//! A single leader takes all writes and sends them to its followers in order; what it waits for, and who may be read, is set.

use std::collections::BTreeMap;

use constellation_fabric::{Effects, Input, Node, Now};
use constellation_trace::NodeId;

use super::setting::{Given, Setting, SettingError};
use crate::placement::client::{Answer, Ask, What};
use crate::placement::simulated::{Sites, Wire, answer};

/// How a single leader is set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Leader {
    /// For whom it waits before it acknowledges.
    pub sync: WaitsFor,
    /// Who answers reads.
    pub reads: Reads,
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

/// What can be set.
pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        key: "sync",
        values: &["none", "one", "all"],
        says: "for which followers the leader waits before it acknowledges",
    },
    Setting { key: "reads", values: &["leader", "anywhere"], says: "who answers reads" },
];

impl Leader {
    pub(super) fn read(given: &Given<'_>) -> Result<Leader, SettingError> {
        let sync = match given.choice("sync")? {
            0 => WaitsFor::Nobody,
            1 => WaitsFor::First,
            _ => WaitsFor::All,
        };
        let reads = if given.choice("reads")? == 0 { Reads::Leader } else { Reads::Anywhere };
        Ok(Leader { sync, reads })
    }

    pub(super) fn settings(self) -> String {
        let sync = match self.sync {
            WaitsFor::Nobody => "none",
            WaitsFor::First => "one",
            WaitsFor::All => "all",
        };
        let reads = match self.reads {
            Reads::Leader => "leader",
            Reads::Anywhere => "anywhere",
        };
        format!("sync={sync},reads={reads}")
    }
}

/// Site 0 leads, always: nobody takes over, so what it holds is never contradicted.
const LEADER: NodeId = NodeId::new(0);

/// What sites say to each other.
#[derive(Clone, Debug)]
pub(super) enum Message {
    /// To the leader, for a client elsewhere.
    Forward { number: u32, client: NodeId, ask: Ask },
    /// What the leader answers it.
    Answered { number: u32, client: NodeId, answer: Answer },
    /// The write of this number, counted from 1; links keep the order.
    Append { write: u64, key: String, value: u64 },
    /// A follower has all writes up to this one.
    Appended { write: u64 },
}

/// Who waits for an answer: a client of a site.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    site: NodeId,
    client: NodeId,
    number: u32,
}

/// One site.
#[derive(Clone, Debug)]
pub(super) struct Replica {
    set: Leader,
    sites: Sites,
    /// What a read shows.
    holds: BTreeMap<String, u64>,
    /// At the leader: how many writes there were, those that wait for followers, and how far each follower is.
    written: u64,
    waiting: BTreeMap<u64, (Waiting, String, u64)>,
    appended: BTreeMap<NodeId, u64>,
}

impl Replica {
    pub(super) fn new(set: Leader, sites: Sites) -> Replica {
        let appended = sites.others().map(|follower| (follower, 0)).collect();
        let (holds, waiting) = (BTreeMap::new(), BTreeMap::new());
        Replica { set, sites, holds, written: 0, waiting, appended }
    }

    /// At the leader.
    fn lead(&mut self, waiting: Waiting, ask: Ask, effects: &mut Effects<Wire<Message>>) {
        match ask.what {
            What::Read => self.reply(waiting, Answer::Ok(self.holds.get(&ask.key).copied()), effects),
            What::Write(value) => {
                self.written += 1;
                for follower in self.sites.others() {
                    let append = Message::Append { write: self.written, key: ask.key.clone(), value };
                    effects.send(follower, Wire::Peer(append));
                }
                self.waiting.insert(self.written, (waiting, ask.key, value));
                self.acknowledge(effects);
            }
        }
    }

    /// Shows and acknowledges what enough followers have, in order.
    fn acknowledge(&mut self, effects: &mut Effects<Wire<Message>>) {
        let has = self.appended.values().copied();
        let ready = match self.set.sync {
            WaitsFor::Nobody => Some(self.written),
            WaitsFor::First => has.max(),
            WaitsFor::All => has.min(),
        };
        while let Some(first) = self.waiting.first_entry()
            && ready.is_none_or(|ready| *first.key() <= ready)
        {
            let (waiting, key, value) = first.remove();
            self.holds.insert(key, value);
            self.reply(waiting, Answer::Ok(None), effects);
        }
    }

    fn reply(&self, waiting: Waiting, told: Answer, effects: &mut Effects<Wire<Message>>) {
        let Waiting { site, client, number } = waiting;
        if site == self.sites.me {
            answer((client, number), told, effects);
        } else {
            effects.send(site, Wire::Peer(Message::Answered { number, client, answer: told }));
        }
    }
}

impl Node for Replica {
    type Message = Wire<Message>;
    type Request = ();

    fn on(&mut self, _now: Now, input: Input<Wire<Message>, ()>, effects: &mut Effects<Wire<Message>>) {
        let Input::Message { from, message } = input else { return };
        match message {
            Wire::Ask { number, ask } => {
                let is_local = ask.what == What::Read && self.set.reads == Reads::Anywhere;
                if is_local {
                    answer((from, number), Answer::Ok(self.holds.get(&ask.key).copied()), effects);
                } else if self.sites.me == LEADER {
                    self.lead(Waiting { site: LEADER, client: from, number }, ask, effects);
                } else {
                    effects.send(LEADER, Wire::Peer(Message::Forward { number, client: from, ask }));
                }
            }
            Wire::Peer(Message::Forward { number, client, ask }) => {
                self.lead(Waiting { site: from, client, number }, ask, effects);
            }
            Wire::Peer(Message::Answered { number, client, answer: told }) => {
                answer((client, number), told, effects);
            }
            Wire::Peer(Message::Append { write, key, value }) => {
                self.holds.insert(key, value);
                effects.send(from, Wire::Peer(Message::Appended { write }));
            }
            Wire::Peer(Message::Appended { write }) => {
                self.appended.insert(from, write);
                self.acknowledge(effects);
            }
            Wire::Answer { .. } => {}
        }
    }
}

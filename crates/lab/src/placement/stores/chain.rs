//! Sites in a chain: the head takes the writes, each site passes them on to the next, and what has reached the tail is
//! committed (van Renesse and Schneider 2004); who is read, and whether sites are taken out of it, is set.

mod master;

use std::collections::BTreeMap;
use std::time::Duration;

use constellation_fabric::{Effects, Input, Node, Now, Timer};
use constellation_trace::{Elapsed, NodeId};

use self::master::{Epoch, Membership, Sealed, State, TICK};
use super::setting::{Given, Setting, SettingError, name_of, names};
use super::waiting::Waiting;
use crate::placement::client::{Answer, Ask, What};
use crate::placement::simulated::{Sites, Wire};

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
pub(super) const SETTINGS: &[Setting] = &[
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
    pub(super) fn read(given: &Given<'_>) -> Result<Chain, SettingError> {
        Ok(Chain {
            reads: given.one_of("reads", &ChainReads::NAMES)?,
            failover: given.one_of("failover", &Master::NAMES)?,
        })
    }

    pub(super) fn settings(self) -> String {
        let reads = name_of(&ChainReads::NAMES, &self.reads);
        let failover = name_of(&Master::NAMES, &self.failover);
        format!("reads={reads},failover={failover}")
    }
}

/// How often a site looks whether what it passed on is committed, and passes it on once more: more than the way there and back
/// of a chain with a slow site.
const RESEND: Duration = Duration::from_millis(500);
const RESEND_TIMER: Timer = Timer(1);

/// What sites say to each other. Links keep the order, and may lose messages. What is of a chain is not taken by a site that is in another.
#[derive(Clone, Debug)]
pub(super) enum Message {
    /// To the head, or of a read to the tail, for a client elsewhere.
    Forward {
        waiting: Waiting,
        ask: Ask,
    },
    /// To the client's site.
    Answered {
        waiting: Waiting,
        told: Answer,
    },
    /// Down the chain: the write of this number.
    Update {
        epoch: Epoch,
        number: u64,
        waiting: Waiting,
        key: String,
        value: u64,
    },
    /// Up the chain: the tail has all writes up to this one, which was to this key.
    Committed {
        epoch: Epoch,
        number: u64,
        key: Option<String>,
    },
    /// To the tail: which write to a key is the last that is committed? And its answer.
    Which {
        epoch: Epoch,
        waiting: Waiting,
        key: String,
    },
    Last {
        epoch: Epoch,
        waiting: Waiting,
        key: String,
        number: u64,
    },
    /// A site is there, in that chain; and the promise not to go on without it for a while.
    Beat {
        epoch: Epoch,
        counted: u64,
        sent: Elapsed,
    },
    Promise {
        epoch: Epoch,
        sent: Elapsed,
    },
    /// To leave any chain before this one; and what was held there.
    Seal {
        epoch: Epoch,
    },
    Sealed {
        epoch: Epoch,
        sealed: Sealed,
    },
    /// Down the new chain.
    Install {
        epoch: Epoch,
        members: Vec<NodeId>,
        state: State,
    },
}

/// One site.
#[derive(Clone, Debug)]
pub(super) struct Replica {
    set: Chain,
    sites: Sites,
    chain: Membership,
    /// Of each key the writes from the last one on that is known to be committed, by number.
    holds: BTreeMap<String, BTreeMap<u64, u64>>,
    /// The last write that passed, counted by the head from 1.
    last: u64,
    /// All writes up to this one are known to be committed.
    committed: u64,
    /// What it passed on and does not know to be committed (the paper's Sent); and the last of it at the last look.
    sent: BTreeMap<u64, (Waiting, String, u64)>,
    due: u64,
}

impl Replica {
    pub(super) fn new(set: Chain, sites: Sites) -> Replica {
        let chain = Membership::new(sites);
        Replica {
            set,
            sites,
            chain,
            holds: BTreeMap::new(),
            last: 0,
            committed: 0,
            sent: BTreeMap::new(),
            due: 0,
        }
    }

    /// Of a client here.
    fn ask(&mut self, now: Elapsed, waiting: Waiting, ask: Ask, effects: &mut Effects<Wire<Message>>) {
        let to = match (ask.what, self.set.reads) {
            (What::Write(_), _) => self.chain.head(),
            (What::Read, ChainReads::Tail) => self.chain.tail(),
            (What::Read, ChainReads::Any | ChainReads::Apportioned) => self.sites.me,
        };
        let is_apart = self.set.failover == Master::Majority && !self.chain.is_current(now);
        if to == self.sites.me {
            self.serve(now, waiting, ask, effects);
        } else if is_apart {
            self.refuse(waiting, effects);
        } else {
            effects.send(to, Wire::Peer(Message::Forward { waiting, ask }));
        }
    }

    /// At the head, or at the tail, or wherever reads are answered.
    fn serve(&mut self, now: Elapsed, waiting: Waiting, ask: Ask, effects: &mut Effects<Wire<Message>>) {
        let me = self.sites.me;
        let is_current = self.set.failover == Master::Off || self.chain.is_current(now);
        match ask.what {
            What::Write(value) if me == self.chain.head() && is_current => {
                self.update(self.last + 1, waiting, ask.key, value, effects);
            }
            What::Read if self.set.reads != ChainReads::Tail || me == self.chain.tail() => {
                self.show(now, waiting, ask.key, effects);
            }
            _ => self.refuse(waiting, effects),
        }
    }

    /// Takes a write and passes it on; the tail commits it.
    fn update(
        &mut self,
        number: u64,
        waiting: Waiting,
        key: String,
        value: u64,
        effects: &mut Effects<Wire<Message>>,
    ) {
        self.last = number;
        self.holds.entry(key.clone()).or_default().insert(number, value);
        let Some(next) = self.chain.next() else {
            self.commit(number, Some(key), effects);
            return self.reply(waiting, Answer::DONE, effects);
        };
        let epoch = self.chain.epoch;
        self.sent.insert(number, (waiting, key.clone(), value));
        effects.send(next, Wire::Peer(Message::Update { epoch, number, waiting, key, value }));
    }

    /// What it passed on before the last look and does not know to be committed may be lost, or the word that it is.
    fn resend(&mut self, effects: &mut Effects<Wire<Message>>) {
        effects.set_timer(RESEND_TIMER, RESEND);
        let due = std::mem::replace(&mut self.due, self.last);
        let Some(next) = self.chain.next().filter(|_| self.committed < due) else { return };
        for (number, (waiting, key, value)) in &self.sent {
            let (epoch, number, waiting, value) = (self.chain.epoch, *number, *waiting, *value);
            let update = Message::Update { epoch, number, waiting, key: key.clone(), value };
            effects.send(next, Wire::Peer(update));
        }
    }

    /// A write that is passed on to this site: the next, or one that it has, and that may be known to be committed here.
    fn take(
        &mut self,
        from: NodeId,
        number: u64,
        (waiting, key, value): (Waiting, String, u64),
        effects: &mut Effects<Wire<Message>>,
    ) {
        if number == self.last + 1 {
            self.update(number, waiting, key, value, effects);
        } else if number <= self.committed {
            let (epoch, number) = (self.chain.epoch, self.committed);
            effects.send(from, Wire::Peer(Message::Committed { epoch, number, key: None }));
        }
    }

    /// All writes up to this one are committed: older ones to its key are of no use any more.
    fn commit(&mut self, number: u64, key: Option<String>, effects: &mut Effects<Wire<Message>>) {
        self.committed = number;
        self.sent = self.sent.split_off(&(number + 1));
        if let Some(writes) = key.as_ref().and_then(|key| self.holds.get_mut(key)) {
            *writes = writes.split_off(&number);
        }
        if let Some(before) = self.chain.before() {
            let epoch = self.chain.epoch;
            effects.send(before, Wire::Peer(Message::Committed { epoch, number, key }));
        }
    }

    fn show(&self, now: Elapsed, waiting: Waiting, key: String, effects: &mut Effects<Wire<Message>>) {
        let last = self.holds.get(&key).and_then(|writes| writes.last_key_value());
        match last {
            _ if !self.may_show(now) => self.refuse(waiting, effects),
            Some((number, _)) if self.set.reads == ChainReads::Apportioned && *number > self.committed => {
                let epoch = self.chain.epoch;
                effects.send(self.chain.tail(), Wire::Peer(Message::Which { epoch, waiting, key }));
            }
            _ => self.reply(waiting, Answer::shows(last.map(|(_, value)| *value)), effects),
        }
    }

    /// Shows the last write that is committed as far as the tail says, or as this site knows, which may be more by now.
    fn show_committed(&self, waiting: Waiting, key: &str, number: u64, effects: &mut Effects<Wire<Message>>) {
        let upto = number.max(self.committed);
        let shown = self.holds.get(key).and_then(|writes| writes.range(..=upto).next_back());
        self.reply(waiting, Answer::shows(shown.map(|(_, value)| *value)), effects);
    }

    fn refuse(&self, waiting: Waiting, effects: &mut Effects<Wire<Message>>) {
        self.reply(waiting, Answer::Refused("not in the chain".to_owned()), effects);
    }

    fn reply(&self, waiting: Waiting, told: Answer, effects: &mut Effects<Wire<Message>>) {
        waiting.reply(self.sites.me, told, |waiting, told| Message::Answered { waiting, told }, effects);
    }

    fn hear(&mut self, now: Elapsed, from: NodeId, message: Message, effects: &mut Effects<Wire<Message>>) {
        match message {
            Message::Forward { waiting, ask } => self.serve(now, waiting, ask, effects),
            Message::Answered { waiting, told } => self.reply(waiting, told, effects),
            Message::Update { epoch, number, waiting, key, value } if self.chain.is_in(epoch) => {
                self.take(from, number, (waiting, key, value), effects);
            }
            Message::Committed { epoch, number, key }
                if self.chain.is_in(epoch) && number > self.committed =>
            {
                self.commit(number, key, effects);
            }
            Message::Which { epoch, waiting, key } if self.chain.is_in(epoch) && self.may_show(now) => {
                let last = self.holds.get(&key).and_then(|writes| writes.last_key_value());
                let number = last.map_or(0, |(number, _)| *number);
                effects.send(from, Wire::Peer(Message::Last { epoch, waiting, key, number }));
            }
            Message::Last { epoch, waiting, key, number } if self.chain.is_in(epoch) => {
                self.show_committed(waiting, &key, number, effects);
            }
            message => self.hear_of_chain(now, from, message, effects),
        }
    }
}

impl Node for Replica {
    type Message = Wire<Message>;
    type Request = ();

    fn on(&mut self, now: Now, input: Input<Wire<Message>, ()>, effects: &mut Effects<Wire<Message>>) {
        let now = now.elapsed;
        match input {
            Input::Start => {
                self.resend(effects);
                if self.set.failover == Master::Majority {
                    self.tick(now, effects);
                }
            }
            Input::Timer(RESEND_TIMER) => self.resend(effects),
            Input::Timer(TICK) => self.tick(now, effects),
            Input::Message { from, message: Wire::Ask { number, ask } } => {
                self.ask(now, Waiting::at(self.sites.me, (from, number)), ask, effects);
            }
            Input::Message { from, message: Wire::Peer(message) } => self.hear(now, from, message, effects),
            _ => {}
        }
    }
}

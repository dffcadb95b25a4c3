//! Sites in a chain: the head takes the writes, each site passes them on to the next, and what has reached the tail is
//! committed (van Renesse and Schneider 2004); who is read, and whether sites are taken out of it, is set.

mod master;
mod membership;
mod message;
mod resend;
mod settings;

use std::collections::BTreeMap;

use constellation_fabric::{Effects, Input, Node, Now};
use constellation_trace::{Elapsed, NodeId};

use self::master::TICK;
use self::membership::Membership;
pub(super) use self::message::Message;
use self::resend::RESEND_TIMER;
pub(super) use self::settings::SETTINGS;
pub use self::settings::{Chain, ChainReads, Master};
use super::waiting::Waiting;
use crate::placement::client::{Answer, Ask, What};
use crate::placement::simulated::{Sites, Wire};

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

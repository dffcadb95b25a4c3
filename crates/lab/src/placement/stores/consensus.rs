//! A log that a majority agrees on, entry by entry, under a leader that it elects: Raft (Ongaro and Ousterhout 2014), with what
//! reads take set.
//!
//! Besides the paper's rules a site that hears of a leader elects no other (its section 6; Ongaro 2014, section 9.6: pre-vote),
//! so that one that was cut off disturbs nobody when it comes back, and a leader can know for a while that it is the only
//! one: its lease. Sites do not crash here, so nothing is written to disk. Links deliver each message once at most.

mod election;
mod log;
mod message;
mod reads;
mod settings;

use std::collections::{BTreeMap, BTreeSet};

use constellation_fabric::{Effects, Input, Node, Now};
use constellation_trace::{Elapsed, NodeId};

use self::election::{BEAT, TICK};
pub(super) use self::message::Message;
use self::message::{Ballot, Entry};
pub(super) use self::settings::SETTINGS;
pub use self::settings::{Consensus, LogReads};
use super::waiting::Waiting;
use crate::placement::client::Answer;
use crate::placement::simulated::{Sites, Wire};

/// What a site does at present.
#[derive(Clone, Debug)]
enum Role {
    Follows,
    Stands { ballot: Ballot, term: u64, by: BTreeSet<NodeId> },
    Leads(Leads),
}

/// What only a leader knows.
#[derive(Clone, Debug)]
struct Leads {
    others: BTreeMap<NodeId, Other>,
    /// By place in the log.
    waiting: BTreeMap<usize, Waiting>,
    since: Elapsed,
}

/// What a leader knows of another site.
#[derive(Clone, Copy, Debug)]
struct Other {
    /// How much of the log it was sent, and has for sure.
    sent: usize,
    has: usize,
    /// When the leader said the latest of what the other has answered.
    answered: Elapsed,
}

/// One site.
#[derive(Clone, Debug)]
pub(super) struct Replica {
    set: Consensus,
    sites: Sites,
    term: u64,
    voted: Option<NodeId>,
    role: Role,
    leader: Option<NodeId>,
    /// When it heard of a leader, if it ever did.
    heard: Option<Elapsed>,
    /// When it stands if it does not hear of one, and how often it has.
    stands_at: Elapsed,
    stood: u32,
    log: Vec<Entry>,
    /// How much of the log is agreed on; of that, what keys hold.
    agreed: usize,
    holds: BTreeMap<String, u64>,
}

impl Replica {
    pub(super) fn new(set: Consensus, sites: Sites) -> Replica {
        // At the very beginning there is no leader to wait for; the first site stands first.
        let stands_at = Elapsed::from_ns(0).saturating_add(BEAT * 4 * sites.me.number());
        Replica {
            set,
            sites,
            term: 0,
            voted: None,
            role: Role::Follows,
            leader: None,
            heard: None,
            stands_at,
            stood: 0,
            log: Vec::new(),
            agreed: 0,
            holds: BTreeMap::new(),
        }
    }

    fn majority(&self) -> usize {
        self.sites.majority() as usize
    }

    fn say(&self, to: NodeId, message: Message, effects: &mut Effects<Wire<Message>>) {
        effects.send(to, Wire::Peer(message));
    }

    fn reply(&self, waiting: Waiting, told: Answer, effects: &mut Effects<Wire<Message>>) {
        waiting.reply(self.sites.me, told, |waiting, told| Message::Answered { waiting, told }, effects);
    }

    fn hear(&mut self, now: Elapsed, from: NodeId, message: Message, effects: &mut Effects<Wire<Message>>) {
        match message {
            Message::Forward { waiting, ask } => self.lead(now, waiting, ask, effects),
            Message::Answered { waiting, told } => self.reply(waiting, told, effects),
            Message::Elect { ballot, term, end } => self.elect(now, (from, ballot, term), end, effects),
            Message::Elected { ballot, term } => {
                if let Role::Stands { ballot: mine, term: standing, by } = &mut self.role
                    && (*mine, *standing) == (ballot, term)
                {
                    by.insert(from);
                    self.count(now, effects);
                }
            }
            Message::Append { term, .. } if term < self.term => {
                self.say(from, Message::Outdated { term: self.term }, effects);
            }
            Message::Append { term, after, entries, agreed, sent } => {
                self.enter(term);
                (self.role, self.leader, self.heard) = (Role::Follows, Some(from), Some(now));
                self.wait(now);
                self.append(from, (after, entries, agreed), sent, effects);
            }
            Message::Appended { term, length, sent } => self.heed(from, term, (length, sent), None, effects),
            Message::Missing { term, length, sent } => {
                self.heed(from, term, (0, sent), Some(length), effects);
            }
            Message::Outdated { term } => self.enter(term),
        }
    }
}

impl Node for Replica {
    type Message = Wire<Message>;
    type Request = ();

    fn on(&mut self, now: Now, input: Input<Wire<Message>, ()>, effects: &mut Effects<Wire<Message>>) {
        let now = now.elapsed;
        match input {
            Input::Start | Input::Timer(TICK) => self.tick(now, effects),
            Input::Message { from, message: Wire::Ask { number, ask } } => {
                self.ask(now, (from, number), ask, effects);
            }
            Input::Message { from, message: Wire::Peer(message) } => self.hear(now, from, message, effects),
            _ => {}
        }
    }
}

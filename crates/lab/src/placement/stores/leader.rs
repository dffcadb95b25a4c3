//! A single leader takes all writes and sends them to its followers in order; what it waits for, who may
//! be read and who takes over is set.

mod message;
mod resend;
mod settings;
mod takeover;

use std::collections::BTreeMap;

use constellation_fabric::{Effects, Input, Node, Now};
use constellation_trace::{Elapsed, NodeId};

pub(super) use self::message::Message;
use self::message::Place;
use self::resend::RESEND_TIMER;
pub(super) use self::settings::SETTINGS;
pub use self::settings::{FailOver, Leader, Reads, WaitsFor};
use self::takeover::TICK;
use super::waiting::Waiting;
use crate::placement::client::{Answer, Ask, What};
use crate::placement::simulated::{Sites, Wire};

/// One site.
#[derive(Clone, Debug)]
pub(super) struct Replica {
    set: Leader,
    sites: Sites,
    /// What a read shows, and at a follower the last write in it.
    holds: BTreeMap<String, u64>,
    last: Place,
    /// At a follower: whether it knows that it has missed a write.
    is_behind: bool,
    term: u64,
    /// Who leads the term, as far as this site knows.
    leader: Option<NodeId>,
    /// The term that it would lead, and who is for that. Its own term waits until it does: else one that was cut off for
    /// long would follow nobody.
    standing: Option<u64>,
    /// Since when each is for that.
    votes: BTreeMap<NodeId, Elapsed>,
    /// For whom it is in its term, and what the other's clock was when it first asked.
    voted: Option<(NodeId, Elapsed)>,
    /// When each other site was heard of, at the leader when it sent what they answered; at a follower only the leader
    /// matters.
    heard: BTreeMap<NodeId, Elapsed>,
    /// At the leader: the writes that wait for followers, and how far each follower is.
    waiting: BTreeMap<Place, (Waiting, String, u64)>,
    appended: BTreeMap<NodeId, Place>,
    /// Up to where followers should be by the next look.
    due: Place,
}

impl Replica {
    pub(super) fn new(set: Leader, sites: Sites) -> Replica {
        let appended = sites.others().map(|follower| (follower, (0, 0))).collect();
        let heard = sites.others().map(|other| (other, Elapsed::from_ns(0))).collect();
        let (leader, term, last, standing) = (Some(NodeId::new(0)), 0, (0, 0), None);
        let (holds, waiting, votes) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Replica {
            set,
            sites,
            holds,
            last,
            is_behind: false,
            term,
            leader,
            standing,
            votes,
            voted: None,
            heard,
            waiting,
            appended,
            due: (0, 0),
        }
    }

    fn leads(&self) -> bool {
        self.leader == Some(self.sites.me)
    }

    fn tell_others(&self, message: &Message, effects: &mut Effects<Wire<Message>>) {
        for other in self.sites.others() {
            effects.send(other, Wire::Peer(message.clone()));
        }
    }

    /// To whoever leads, or nobody.
    fn ask(&mut self, client: (NodeId, u32), ask: Ask, effects: &mut Effects<Wire<Message>>) {
        let waiting = Waiting::at(self.sites.me, client);
        match self.leader {
            _ if ask.what == What::Read && self.set.reads == Reads::Anywhere => {
                self.show(waiting, &ask, effects)
            }
            Some(leader) if leader != self.sites.me => {
                effects.send(leader, Wire::Peer(Message::Forward { waiting, ask }));
            }
            _ => self.lead(waiting, ask, effects),
        }
    }

    /// At the leader; whoever is none refuses.
    fn lead(&mut self, waiting: Waiting, ask: Ask, effects: &mut Effects<Wire<Message>>) {
        match ask.what {
            _ if !self.leads() => self.reply(waiting, Answer::Refused("no leader".to_owned()), effects),
            What::Read => self.show(waiting, &ask, effects),
            What::Write(value) => {
                self.last = (self.term, self.last.1 + 1);
                self.tell_others(&Message::Append { at: self.last, key: ask.key.clone(), value }, effects);
                self.waiting.insert(self.last, (waiting, ask.key, value));
                self.acknowledge(effects);
            }
        }
    }

    /// Shows and acknowledges what enough followers have, in order.
    fn acknowledge(&mut self, effects: &mut Effects<Wire<Message>>) {
        let has = self.appended.values().copied();
        let ready = match self.set.sync {
            WaitsFor::Nobody => Some(self.last),
            WaitsFor::First => has.max(),
            WaitsFor::All => has.min(),
        };
        while let Some(first) = self.waiting.first_entry()
            && ready.is_none_or(|ready| *first.key() <= ready)
        {
            let (waiting, key, value) = first.remove();
            self.holds.insert(key, value);
            self.reply(waiting, Answer::DONE, effects);
        }
    }

    fn show(&self, waiting: Waiting, ask: &Ask, effects: &mut Effects<Wire<Message>>) {
        self.reply(waiting, Answer::shows(self.holds.get(&ask.key).copied()), effects);
    }

    fn reply(&self, waiting: Waiting, told: Answer, effects: &mut Effects<Wire<Message>>) {
        waiting.reply(self.sites.me, told, |waiting, told| Message::Answered { waiting, told }, effects);
    }

    fn hear(&mut self, now: Elapsed, from: NodeId, message: Message, effects: &mut Effects<Wire<Message>>) {
        match message {
            Message::Forward { waiting, ask } => self.lead(waiting, ask, effects),
            // As if one connection carried both: what is acknowledged here is shown here.
            Message::Answered { .. } if self.is_behind && self.set.reads == Reads::Anywhere => {}
            Message::Answered { waiting, told } => self.reply(waiting, told, effects),
            Message::Append { at, key, value } if !self.is_old(at.0) => {
                self.append(from, (at, key, value), effects);
            }
            Message::Missing if self.leads() => self.send_all(from, effects),
            Message::Appended { at } if self.leads() && at.0 == self.term => {
                self.appended.insert(from, at);
                self.acknowledge(effects);
            }
            Message::Beat { term, sent } if !self.is_old(term) => {
                (self.leader, _) = (Some(from), self.heard.insert(from, now));
                effects.send(from, Wire::Peer(Message::Heard { term, sent }));
            }
            // Whoever was voted into a newer term would follow nobody, so the leader of the others has to follow it there. That
            // it is there is news: nobody stands against it meanwhile.
            Message::Beat { .. } => {
                if !self.leads() {
                    self.heard.insert(from, now);
                }
                effects.send(from, Wire::Peer(Message::Outdated { term: self.term }));
            }
            // Since it was sent, and not since the answer is here: whoever answered may have voted for another since.
            Message::Heard { term, sent } if self.leads() && term == self.term => {
                let since = self.heard.entry(from).or_insert(sent);
                *since = sent.max(*since);
            }
            Message::Stand { term, last, sent } => self.vote(now, (from, term, last), sent, effects),
            Message::Vote { term, sent } => self.count(now, (from, term), sent, effects),
            Message::Outdated { term } => self.outdated(now, term, effects),
            Message::Lead { at, holds } if !self.is_old(at.0) && at >= self.last => {
                (self.leader, self.holds, self.last, self.is_behind) = (Some(from), holds, at, false);
                self.heard.insert(from, now);
                effects.send(from, Wire::Peer(Message::Appended { at }));
            }
            _ => {}
        }
    }
}

impl Node for Replica {
    type Message = Wire<Message>;
    type Request = ();

    fn on(&mut self, now: Now, input: Input<Wire<Message>, ()>, effects: &mut Effects<Wire<Message>>) {
        match input {
            Input::Start => {
                self.resend(effects);
                if self.set.failover == FailOver::Majority {
                    self.tick(now.elapsed, effects);
                }
            }
            Input::Timer(RESEND_TIMER) => self.resend(effects),
            Input::Timer(TICK) => self.tick(now.elapsed, effects),
            Input::Message { from, message: Wire::Ask { number, ask } } => {
                self.ask((from, number), ask, effects)
            }
            Input::Message { from, message: Wire::Peer(message) } => {
                self.hear(now.elapsed, from, message, effects)
            }
            _ => {}
        }
    }
}

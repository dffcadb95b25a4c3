//! A single leader takes all writes and sends them to its followers in order; what it waits for, who may
//! be read and who takes over is set.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use constellation_fabric::{Effects, Input, Node, Now, Timer};
use constellation_trace::{Elapsed, NodeId};

use super::setting::{Given, Setting, SettingError, name_of, names};
use super::waiting::Waiting;
use crate::placement::client::{Answer, Ask, What};
use crate::placement::simulated::{Sites, Wire};

/// How a single leader is set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Leader {
    /// For whom it waits before it acknowledges.
    pub sync: WaitsFor,
    /// Who answers reads.
    pub reads: Reads,
    /// Whether another takes over from a leader that is not heard of.
    pub failover: FailOver,
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

/// Whether another takes over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FailOver {
    /// Nobody does: what the leader holds is never contradicted.
    Off,
    /// The follower that has the most does, if most sites have not heard of the leader; what it has not been sent is gone. A
    /// leader that most sites do not answer resigns.
    Majority,
}

impl WaitsFor {
    const NAMES: [(&'static str, WaitsFor); 3] =
        [("none", WaitsFor::Nobody), ("one", WaitsFor::First), ("all", WaitsFor::All)];
}

impl Reads {
    const NAMES: [(&'static str, Reads); 2] = [("leader", Reads::Leader), ("anywhere", Reads::Anywhere)];
}

impl FailOver {
    const NAMES: [(&'static str, FailOver); 2] = [("off", FailOver::Off), ("majority", FailOver::Majority)];
}

/// What can be set.
pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        key: "sync",
        values: &names(&WaitsFor::NAMES),
        says: "for which followers the leader waits before it acknowledges",
    },
    Setting { key: "reads", values: &names(&Reads::NAMES), says: "who answers reads" },
    Setting {
        key: "failover",
        values: &names(&FailOver::NAMES),
        says: "whether a follower takes over from a leader of which most sites do not hear",
    },
];

impl Leader {
    pub(super) fn read(given: &Given<'_>) -> Result<Leader, SettingError> {
        Ok(Leader {
            sync: given.one_of("sync", &WaitsFor::NAMES)?,
            reads: given.one_of("reads", &Reads::NAMES)?,
            failover: given.one_of("failover", &FailOver::NAMES)?,
        })
    }

    pub(super) fn settings(self) -> String {
        let sync = name_of(&WaitsFor::NAMES, &self.sync);
        let reads = name_of(&Reads::NAMES, &self.reads);
        let failover = name_of(&FailOver::NAMES, &self.failover);
        format!("sync={sync},reads={reads},failover={failover}")
    }
}

/// How often a leader that may be replaced is to be heard of.
const BEAT: Duration = Duration::from_millis(50);
/// How long one is not heard of before a follower takes it for gone, and it resigns if it hears of too few.
const PATIENCE: Duration = Duration::from_millis(300);
const TICK: Timer = Timer(0);
/// How often a leader looks which followers have not come further, and sends them all that it holds: more than the way there
/// and back to a slow site.
const RESEND: Duration = Duration::from_millis(500);
const RESEND_TIMER: Timer = Timer(1);

/// What sites say to each other. Links keep the order, and may lose messages.
#[derive(Clone, Debug)]
pub(super) enum Message {
    /// To the leader, for a client elsewhere.
    Forward {
        waiting: Waiting,
        ask: Ask,
    },
    /// What the leader answers it.
    Answered {
        waiting: Waiting,
        told: Answer,
    },
    /// A write of the leader of this term.
    Append {
        at: Place,
        key: String,
        value: u64,
    },
    /// A follower has all writes up to this one.
    Appended {
        at: Place,
    },
    /// A follower has missed some.
    Missing,
    /// The leader of this term is there, and its follower.
    Beat {
        term: u64,
    },
    Heard {
        term: u64,
    },
    /// Of one who would lead this term and holds so much; and of one who has not heard of another leader.
    Stand {
        term: u64,
        last: Place,
    },
    Vote {
        term: u64,
    },
    /// Of a new leader, and of one whose follower has missed something: all that it holds, in place of whatever a follower
    /// held.
    Lead {
        at: Place,
        holds: BTreeMap<String, u64>,
    },
}

/// The place of a write: its term, and its number there.
type Place = (u64, u64);

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
    votes: BTreeSet<NodeId>,
    /// When each other site was heard of; at a follower only the leader matters.
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
        let (holds, waiting, votes) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
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

    /// Takes the next write of the leader; behind a gap nothing.
    fn append(
        &mut self,
        from: NodeId,
        (at, key, value): (Place, String, u64),
        effects: &mut Effects<Wire<Message>>,
    ) {
        if at == (self.last.0, self.last.1 + 1) {
            self.holds.insert(key, value);
            self.last = at;
            effects.send(from, Wire::Peer(Message::Appended { at }));
        } else if at > self.last && !std::mem::replace(&mut self.is_behind, true) {
            effects.send(from, Wire::Peer(Message::Missing));
        }
    }

    /// Followers that have not come as far as this site was at the last look have missed something.
    fn resend(&mut self, effects: &mut Effects<Wire<Message>>) {
        effects.set_timer(RESEND_TIMER, RESEND);
        let due = std::mem::replace(&mut self.due, self.last);
        if !self.leads() || due.0 < self.term {
            return;
        }
        for (follower, _) in self.appended.iter().filter(|(_, appended)| **appended < due) {
            self.send_all(*follower, effects);
        }
    }

    /// Whether it was shown here or not: a follower has it all.
    fn send_all(&self, follower: NodeId, effects: &mut Effects<Wire<Message>>) {
        let (mut holds, at) = (self.holds.clone(), self.last);
        holds.extend(self.waiting.values().map(|(_, key, value)| (key.clone(), *value)));
        effects.send(follower, Wire::Peer(Message::Lead { at, holds }));
    }

    fn show(&self, waiting: Waiting, ask: &Ask, effects: &mut Effects<Wire<Message>>) {
        self.reply(waiting, Answer::shows(self.holds.get(&ask.key).copied()), effects);
    }

    fn reply(&self, waiting: Waiting, told: Answer, effects: &mut Effects<Wire<Message>>) {
        waiting.reply(self.sites.me, told, |waiting, told| Message::Answered { waiting, told }, effects);
    }

    /// What there is to do now and then.
    fn tick(&mut self, now: Elapsed, effects: &mut Effects<Wire<Message>>) {
        effects.set_timer(TICK, BEAT);
        let silence = |since: &Elapsed| now.since(*since);
        if self.leads() {
            let near = self.heard.values().filter(|since| silence(since) <= PATIENCE).count() + 1;
            if near < self.sites.majority() as usize {
                // Whoever waits will never know.
                (self.leader, self.waiting) = (None, BTreeMap::new());
            }
            return self.tell_others(&Message::Beat { term: self.term }, effects);
        }
        // One after the other, so that seldom two stand at once.
        let turn = BEAT * 2 * (self.sites.me.number() + 1);
        let heard = self.leader.map_or_else(|| self.heard.values().max(), |leader| self.heard.get(&leader));
        if heard.is_none_or(|since| silence(since) > PATIENCE + turn) {
            let term = self.term + 1;
            (self.standing, self.leader, self.votes) = (Some(term), None, BTreeSet::from([self.sites.me]));
            self.tell_others(&Message::Stand { term, last: self.last }, effects);
        }
    }

    /// Whether what comes of this term is news of old; a newer one has no leader yet.
    fn is_old(&mut self, term: u64) -> bool {
        if term > self.term {
            (self.term, self.leader, self.standing, self.waiting) = (term, None, None, BTreeMap::new());
        }
        term < self.term
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
            Message::Beat { term } if !self.is_old(term) => {
                (self.leader, _) = (Some(from), self.heard.insert(from, now));
                effects.send(from, Wire::Peer(Message::Heard { term }));
            }
            Message::Heard { term } if term == self.term => drop(self.heard.insert(from, now)),
            Message::Stand { term, last } => self.vote(now, (from, term, last), effects),
            Message::Vote { term } if self.standing == Some(term) => {
                self.votes.insert(from);
                if self.votes.len() >= self.sites.majority() as usize {
                    self.is_old(term);
                    self.take_over(now, effects);
                }
            }
            Message::Lead { at, holds } if !self.is_old(at.0) && at >= self.last => {
                (self.leader, self.holds, self.last, self.is_behind) = (Some(from), holds, at, false);
                self.heard.insert(from, now);
                effects.send(from, Wire::Peer(Message::Appended { at }));
            }
            _ => {}
        }
    }

    /// For one who would lead, unless this site has more, or leads, or has heard of the leader lately.
    fn vote(
        &mut self,
        now: Elapsed,
        (from, term, last): (NodeId, u64, Place),
        effects: &mut Effects<Wire<Message>>,
    ) {
        let since = self.leader.and_then(|leader| self.heard.get(&leader));
        let is_led = self.leads() || since.is_some_and(|since| now.since(*since) <= PATIENCE);
        if !is_led && term > self.term && last >= self.last {
            self.is_old(term);
            effects.send(from, Wire::Peer(Message::Vote { term }));
        }
    }

    fn take_over(&mut self, now: Elapsed, effects: &mut Effects<Wire<Message>>) {
        (self.leader, self.last) = (Some(self.sites.me), (self.term, 0));
        for (other, since) in &mut self.heard {
            (*since, _) = (now, self.appended.insert(*other, (0, 0)));
        }
        self.tell_others(&Message::Lead { at: self.last, holds: self.holds.clone() }, effects);
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

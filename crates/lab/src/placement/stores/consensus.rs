//! A log that a majority agrees on, entry by entry, under a leader that it elects: Raft (Ongaro and Ousterhout 2014), with what
//! reads take set.
//!
//! Besides the paper's rules a site that hears of a leader elects no other (its section 6; Ongaro 2014, section 9.6: pre-vote),
//! so that one that was cut off disturbs nobody when it comes back, and a leader can know for a while that it is the only
//! one: its lease. Sites do not crash here, so nothing is written to disk. Links deliver each message once at most.

mod reads;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use constellation_fabric::{Effects, Input, Node, Now, Timer};
use constellation_trace::{Elapsed, NodeId};

use super::setting::{Given, Setting, SettingError, name_of, names};
use super::waiting::Waiting;
use crate::placement::client::{Answer, Ask, What};
use crate::placement::simulated::{Sites, Wire};

/// How a majority log is set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Consensus {
    /// What a read takes.
    pub reads: LogReads,
}

/// What a read takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LogReads {
    /// A place in the log, as a write does.
    Log,
    /// The leader's word, while its lease lasts.
    Lease,
    /// The word of the client's own site, of as much of the log as it knows to be agreed on.
    Anywhere,
}

impl LogReads {
    const NAMES: [(&'static str, LogReads); 3] =
        [("log", LogReads::Log), ("lease", LogReads::Lease), ("anywhere", LogReads::Anywhere)];
}

/// What can be set.
pub(super) const SETTINGS: &[Setting] = &[Setting {
    key: "reads",
    values: &names(&LogReads::NAMES),
    says: "whether a read takes a place in the log, the word of a leader with a lease, or that of any site",
}];

impl Consensus {
    pub(super) fn read(given: &Given<'_>) -> Result<Consensus, SettingError> {
        Ok(Consensus { reads: given.one_of("reads", &LogReads::NAMES)? })
    }

    pub(super) fn settings(self) -> String {
        format!("reads={}", name_of(&LogReads::NAMES, &self.reads))
    }
}

/// How often a leader is to be heard of.
const BEAT: Duration = Duration::from_millis(50);
/// How long a site that heard of a leader elects no other, and how long a leader goes on that a majority does not answer.
const PATIENCE: Duration = Duration::from_millis(300);
const TICK: Timer = Timer(0);

/// How much of a log there is: its length, and the term of its last entry.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct End {
    term: u64,
    length: usize,
}

/// What sites say to each other.
#[derive(Clone, Debug)]
pub(super) enum Message {
    /// To the leader, for a client elsewhere; and what it answers.
    Forward {
        waiting: Waiting,
        ask: Ask,
    },
    Answered {
        waiting: Waiting,
        told: Answer,
    },
    /// Would you elect me for this term; or: do.
    Elect {
        ballot: Ballot,
        term: u64,
        end: End,
    },
    Elected {
        ballot: Ballot,
        term: u64,
    },
    /// From the leader of a term: what follows in its log after `after`, and how much is agreed on.
    Append {
        term: u64,
        after: End,
        entries: Vec<Entry>,
        agreed: usize,
        sent: Elapsed,
    },
    /// The log up to here is the leader's; it said so then.
    Appended {
        term: u64,
        length: usize,
        sent: Elapsed,
    },
    /// It does not follow: no more than this may be the leader's.
    Missing {
        term: u64,
        length: usize,
        sent: Elapsed,
    },
    /// There is a newer term.
    Outdated {
        term: u64,
    },
}

/// Whether an election is only asked about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Ballot {
    /// It is: nobody's term changes by it.
    Poll,
    /// It is not.
    Vote,
}

/// What all are to do, in the order of the log.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    term: u64,
    /// `None` for what a leader begins its term with.
    ask: Option<Ask>,
}

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

    fn end(&self) -> End {
        self.end_at(self.log.len())
    }

    /// The end of the first so many entries.
    fn end_at(&self, length: usize) -> End {
        let term = length.checked_sub(1).and_then(|last| self.log.get(last)).map_or(0, |entry| entry.term);
        End { term, length }
    }

    fn majority(&self) -> usize {
        self.sites.majority() as usize
    }

    fn say(&self, to: NodeId, message: Message, effects: &mut Effects<Wire<Message>>) {
        effects.send(to, Wire::Peer(message));
    }

    /// Whether it elects nobody, as it has a leader, or leads.
    fn is_led(&self, now: Elapsed) -> bool {
        let heard_lately = self.heard.is_some_and(|heard| now.since(heard) < PATIENCE);
        matches!(self.role, Role::Leads(_)) || heard_lately
    }

    /// A newer term than its own has no leader yet that it knows.
    fn enter(&mut self, term: u64) {
        if term > self.term {
            (self.term, self.voted, self.leader, self.role) = (term, None, None, Role::Follows);
        }
    }

    /// Waits for a leader, longer than it binds itself to the last; in turns, so that seldom two stand at once.
    fn wait(&mut self, now: Elapsed) {
        let turn = (self.sites.me.number() + self.stood) % self.sites.count;
        self.stands_at = now.saturating_add(PATIENCE + BEAT * (1 + 2 * turn));
    }

    fn tick(&mut self, now: Elapsed, effects: &mut Effects<Wire<Message>>) {
        effects.set_timer(TICK, BEAT);
        if let Role::Leads(leads) = &self.role {
            let near =
                leads.others.values().filter(|other| now.since(other.answered.max(leads.since)) < PATIENCE);
            if near.count() + 1 < self.majority() {
                // Whoever waits will never know.
                (self.role, self.leader) = (Role::Follows, None);
                return self.wait(now);
            }
            return self.spread(now, effects);
        }
        if now >= self.stands_at {
            self.stood += 1;
            self.leader = None;
            self.wait(now);
            self.stand(now, (Ballot::Poll, self.term + 1), effects);
        }
    }

    fn stand(&mut self, now: Elapsed, (ballot, term): (Ballot, u64), effects: &mut Effects<Wire<Message>>) {
        self.role = Role::Stands { ballot, term, by: BTreeSet::from([self.sites.me]) };
        for other in self.sites.others() {
            self.say(other, Message::Elect { ballot, term, end: self.end() }, effects);
        }
        self.count(now, effects);
    }

    /// Goes on from a poll to the vote, and from that to leading.
    fn count(&mut self, now: Elapsed, effects: &mut Effects<Wire<Message>>) {
        let Role::Stands { ballot, term, by } = &self.role else { return };
        if by.len() < self.majority() {
            return;
        }
        let term = *term;
        match ballot {
            Ballot::Poll => {
                (self.term, self.voted) = (term, Some(self.sites.me));
                self.stand(now, (Ballot::Vote, term), effects);
            }
            Ballot::Vote => {
                let other = Other { sent: self.log.len(), has: 0, answered: Elapsed::from_ns(0) };
                let others = self.sites.others().map(|site| (site, other)).collect();
                self.role = Role::Leads(Leads { others, waiting: BTreeMap::new(), since: now });
                self.leader = Some(self.sites.me);
                // Only what is of its own term is agreed on by counting (section 5.4.2), so it begins with something.
                self.log.push(Entry { term, ask: None });
                self.spread(now, effects);
            }
        }
    }

    /// Sends each other site what it was not sent yet, and the word that there is a leader.
    fn spread(&mut self, now: Elapsed, effects: &mut Effects<Wire<Message>>) {
        let length = self.log.len();
        let Role::Leads(leads) = &mut self.role else { return };
        let sent: Vec<(NodeId, usize)> = leads
            .others
            .iter_mut()
            .map(|(site, other)| (*site, std::mem::replace(&mut other.sent, length)))
            .collect();
        for (site, sent) in sent {
            let (after, entries) = (self.end_at(sent), self.log[sent..].to_vec());
            let append = Message::Append { term: self.term, after, entries, agreed: self.agreed, sent: now };
            self.say(site, append, effects);
        }
    }

    /// What more than half of the sites have of this term is agreed on.
    fn agree(&mut self, effects: &mut Effects<Wire<Message>>) {
        let Role::Leads(leads) = &self.role else { return };
        let mut has: Vec<usize> =
            leads.others.values().map(|other| other.has).chain([self.log.len()]).collect();
        has.sort_unstable();
        let most = has[has.len() - self.majority()];
        if most > self.agreed && self.end_at(most).term == self.term {
            self.apply(most, effects);
        }
    }

    /// Does what is agreed on, and answers whoever waits for it here.
    fn apply(&mut self, agreed: usize, effects: &mut Effects<Wire<Message>>) {
        while self.agreed < agreed {
            let place = self.agreed;
            self.agreed += 1;
            let Some(ask) = &self.log[place].ask else { continue };
            let shown = match ask.what {
                What::Read => self.holds.get(&ask.key).copied(),
                What::Write(value) => {
                    self.holds.insert(ask.key.clone(), value);
                    None
                }
            };
            if let Role::Leads(leads) = &mut self.role
                && let Some(waiting) = leads.waiting.remove(&place)
            {
                self.reply(waiting, Answer::shows(shown), effects);
            }
        }
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

    /// One vote in each term, for one whose log is no older (section 5.4.1); a poll costs none.
    fn elect(
        &mut self,
        now: Elapsed,
        (from, ballot, term): (NodeId, Ballot, u64),
        end: End,
        effects: &mut Effects<Wire<Message>>,
    ) {
        let mine = self.end();
        let is_older = (end.term, end.length) < (mine.term, mine.length);
        if self.is_led(now) || term < self.term || is_older {
            return;
        }
        if ballot == Ballot::Vote {
            self.enter(term);
            if self.voted.is_some_and(|voted| voted != from) {
                return;
            }
            self.voted = Some(from);
            self.wait(now);
        }
        self.say(from, Message::Elected { ballot, term }, effects);
    }

    /// What a leader sent, if it follows on what is here: anything else behind that was never agreed on.
    fn append(
        &mut self,
        from: NodeId,
        (after, entries, agreed): (End, Vec<Entry>, usize),
        sent: Elapsed,
        effects: &mut Effects<Wire<Message>>,
    ) {
        if self.end_at(after.length) != after || after.length > self.log.len() {
            // What is agreed on is the leader's for sure.
            let missing = Message::Missing { term: self.term, length: self.agreed, sent };
            return self.say(from, missing, effects);
        }
        for (nth, entry) in entries.iter().enumerate() {
            let place = after.length + nth;
            if self.log.get(place).is_some_and(|mine| mine.term != entry.term) {
                assert!(place >= self.agreed, "what is agreed on is never replaced");
                self.log.truncate(place);
            }
            if place == self.log.len() {
                self.log.push(entry.clone());
            }
        }
        let length = after.length + entries.len();
        self.apply(agreed.min(length), effects);
        self.say(from, Message::Appended { term: self.term, length, sent }, effects);
    }

    /// At the leader: another site has so much, or has to be sent all from a place on.
    fn heed(
        &mut self,
        from: NodeId,
        term: u64,
        (length, sent): (usize, Elapsed),
        again_from: Option<usize>,
        effects: &mut Effects<Wire<Message>>,
    ) {
        let Role::Leads(leads) = &mut self.role else { return };
        let Some(other) = leads.others.get_mut(&from).filter(|_| term == self.term) else { return };
        other.answered = other.answered.max(sent);
        other.has = other.has.max(length);
        if let Some(place) = again_from {
            // It goes out with the next beat.
            other.sent = other.has.max(place).min(other.sent);
        }
        self.agree(effects);
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

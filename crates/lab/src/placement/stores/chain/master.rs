//! Who is in the chain: a majority of the sites seals the old one and installs another, so that there is never more than one
//! that answers.
//!
//! The paper leaves this to a master that is always there; here the sites are one together, as in vertical Paxos (Lamport,
//! Malkhi and Zhou 2009). A write is acknowledged when all of a chain have it, and each of its sites keeps it when it is
//! sealed, so whichever of them are in the next majority, it is known there. A site answers reads only as long as a majority
//! has lately promised not to go on without it. A site that is heard and hears nobody keeps the others from doing so.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use constellation_fabric::{Effects, Timer};
use constellation_trace::{Elapsed, NodeId};

use super::{ChainReads, Master, Message, Replica};
use crate::placement::simulated::{Sites, Wire};

/// How often sites tell each other that they are there.
const BEAT: Duration = Duration::from_millis(50);
/// How long a site that is not heard of counts as there, and a promise not to go on without it holds.
const PATIENCE: Duration = Duration::from_millis(300);
pub(super) const TICK: Timer = Timer(0);

/// Which chain: later ones are greater. Who makes one counts on from those it knows.
pub(super) type Epoch = (u64, NodeId);

/// What a site holds when it is sealed, or begins a chain with.
#[derive(Clone, Debug)]
pub(in crate::placement::stores) struct State {
    last: u64,
    holds: BTreeMap<String, (u64, u64)>,
}

/// What a site says when it is sealed.
#[derive(Clone, Debug)]
pub(in crate::placement::stores) struct Sealed {
    /// The chain that it was in.
    epoch: Epoch,
    state: State,
    /// For how long it has promised which site not to go on without it.
    promised: BTreeMap<NodeId, Duration>,
}

/// What a site knows of who is in the chain.
#[derive(Clone, Debug)]
pub(super) struct Membership {
    sites: Sites,
    /// The chain that it is or was in, in the order of the sites from head to tail.
    pub(super) epoch: Epoch,
    members: Vec<NodeId>,
    /// No earlier chain than this has its word any more.
    sealed: Epoch,
    sealed_at: Elapsed,
    /// The greatest count of an epoch that it has heard of.
    counted: u64,
    /// When each other site was heard of; and when this one sent what the other answered with a promise in this epoch.
    heard: BTreeMap<NodeId, Elapsed>,
    promised: BTreeMap<NodeId, Elapsed>,
    /// What its chain began with: the next site may not have heard of it.
    begun: Option<State>,
    /// Of the chain that it would make itself: who is sealed, and since when that is known.
    sealing: BTreeMap<NodeId, (Elapsed, Sealed)>,
}

impl Membership {
    pub(super) fn new(sites: Sites) -> Membership {
        let (first, start) = ((0, NodeId::new(0)), Elapsed::from_ns(0));
        Membership {
            sites,
            epoch: first,
            members: sites.all().collect(),
            sealed: first,
            sealed_at: start,
            counted: 0,
            heard: sites.others().map(|other| (other, start)).collect(),
            promised: BTreeMap::new(),
            begun: None,
            sealing: BTreeMap::new(),
        }
    }

    pub(super) fn head(&self) -> NodeId {
        self.members[0]
    }

    pub(super) fn tail(&self) -> NodeId {
        self.members[self.members.len() - 1]
    }

    pub(super) fn next(&self) -> Option<NodeId> {
        self.members.iter().copied().find(|site| *site > self.sites.me)
    }

    pub(super) fn before(&self) -> Option<NodeId> {
        self.members.iter().copied().rfind(|site| *site < self.sites.me)
    }

    /// Whether this site takes part in that chain.
    pub(super) fn is_in(&self, epoch: Epoch) -> bool {
        epoch == self.epoch && epoch == self.sealed
    }

    /// Whether it takes part in one, and a majority has promised not to go on without it.
    pub(super) fn is_current(&self, now: Elapsed) -> bool {
        let lasting = self.promised.values().filter(|since| now.since(**since) < PATIENCE).count();
        self.is_in(self.epoch) && self.is_majority(lasting + 1)
    }

    /// The sites that are there, this one included.
    fn near(&self, now: Elapsed) -> BTreeSet<NodeId> {
        let heard = self.heard.iter().filter(|(_, since)| now.since(**since) <= PATIENCE);
        heard.map(|(site, _)| *site).chain([self.sites.me]).collect()
    }

    fn is_majority(&self, count: usize) -> bool {
        count >= self.sites.majority() as usize
    }

    /// Whether this site is to make another chain.
    fn is_to_seal(&self, now: Elapsed) -> bool {
        let near = self.near(now);
        // Others may have gone on without it, and the word to leave its chain may be lost.
        let is_past = self.counted > self.epoch.0;
        let is_other = !near.iter().eq(&self.members) || !self.is_in(self.epoch) || is_past;
        let is_first = near.first() == Some(&self.sites.me);
        is_other && is_first && self.is_majority(near.len()) && now.since(self.sealed_at) > PATIENCE
    }

    /// Whether the next chain may begin: a majority is sealed, and all that are there are or were given time, and no promise
    /// holds to a site that is not among them. Without the first, one that hears of nobody would go on alone.
    fn is_sealed(&self, now: Elapsed) -> bool {
        let is_all = self.near(now).iter().eq(self.sealing.keys()) || now.since(self.sealed_at) > PATIENCE;
        let mut promises = self.sealing.values().flat_map(|(at, Sealed { promised, .. })| {
            promised.iter().map(move |(to, lasts)| (to, now.since(*at) <= *lasts))
        });
        is_all
            && self.is_majority(self.sealing.len())
            && !promises.any(|(to, holds)| holds && !self.sealing.contains_key(to))
    }
}

impl Replica {
    /// What there is to do now and then.
    pub(super) fn tick(&mut self, now: Elapsed, effects: &mut Effects<Wire<Message>>) {
        effects.set_timer(TICK, BEAT);
        let (epoch, counted) = (self.chain.epoch, self.chain.counted);
        self.tell_others(&Message::Beat { epoch, counted, sent: now }, effects);
        if !self.chain.sealing.is_empty() && self.chain.is_sealed(now) {
            self.begin_chain(effects);
        } else if self.chain.is_to_seal(now) {
            let epoch = (self.chain.counted + 1, self.sites.me);
            let sealed = self.seal(now, epoch);
            self.chain.sealing = BTreeMap::from([(self.sites.me, (now, sealed))]);
            self.tell_others(&Message::Seal { epoch }, effects);
        }
    }

    fn tell_others(&self, message: &Message, effects: &mut Effects<Wire<Message>>) {
        for other in self.sites.others() {
            effects.send(other, Wire::Peer(message.clone()));
        }
    }

    /// What sites say of who is in the chain.
    pub(super) fn hear_of_chain(
        &mut self,
        now: Elapsed,
        from: NodeId,
        message: Message,
        effects: &mut Effects<Wire<Message>>,
    ) {
        match message {
            Message::Beat { epoch, counted, sent } => {
                self.chain.counted = self.chain.counted.max(counted);
                self.chain.heard.insert(from, now);
                if self.chain.is_in(epoch) {
                    effects.send(from, Wire::Peer(Message::Promise { epoch, sent }));
                } else if self.chain.next() == Some(from) && self.chain.is_in(self.chain.epoch) {
                    self.pass_on(from, effects);
                }
            }
            Message::Promise { epoch, sent } if self.chain.is_in(epoch) => {
                self.chain.promised.insert(from, sent);
            }
            Message::Seal { epoch } if epoch > self.chain.sealed => {
                let sealed = self.seal(now, epoch);
                effects.send(from, Wire::Peer(Message::Sealed { epoch, sealed }));
            }
            Message::Sealed { epoch, sealed }
                if epoch == self.chain.sealed && !self.chain.sealing.is_empty() =>
            {
                self.chain.sealing.insert(from, (now, sealed));
                if self.chain.is_sealed(now) {
                    self.begin_chain(effects);
                }
            }
            Message::Install { epoch, members, state }
                if epoch == self.chain.sealed && !self.chain.is_in(epoch) =>
            {
                self.install(epoch, members, state, effects);
            }
            _ => {}
        }
    }

    /// Leaves its chain for the one that is to come, and says what it holds.
    fn seal(&mut self, now: Elapsed, epoch: Epoch) -> Sealed {
        self.chain.counted = self.chain.counted.max(epoch.0);
        (self.chain.sealed, self.chain.sealed_at) = (epoch, now);
        self.chain.sealing.clear();
        let lasts = |since: &Elapsed| PATIENCE.saturating_sub(now.since(*since));
        let promised = self.chain.heard.iter().map(|(site, since)| (*site, lasts(since))).collect();
        let newest = |writes: &BTreeMap<u64, u64>| writes.last_key_value().map(|(at, value)| (*at, *value));
        let holds = self.holds.iter().filter_map(|(key, writes)| Some((key.clone(), newest(writes)?)));
        let state = State { last: self.last, holds: holds.collect() };
        Sealed { epoch: self.chain.epoch, state, promised }
    }

    /// The next chain begins, at its head, with what the latest one held.
    fn begin_chain(&mut self, effects: &mut Effects<Wire<Message>>) {
        let sealing = std::mem::take(&mut self.chain.sealing);
        let members: Vec<NodeId> = sealing.keys().copied().collect();
        let sealed = sealing.into_values().map(|(_, sealed)| sealed);
        let latest = sealed.max_by_key(|sealed| (sealed.epoch, sealed.state.last));
        let state = latest.expect("this site is sealed").state;
        self.install(self.chain.sealed, members, state, effects);
    }

    /// Takes part in a chain from now on. This goes from head to tail as the writes do, so that none comes sooner.
    fn install(
        &mut self,
        epoch: Epoch,
        members: Vec<NodeId>,
        state: State,
        effects: &mut Effects<Wire<Message>>,
    ) {
        (self.chain.epoch, self.chain.members) = (epoch, members.clone());
        self.chain.promised.clear();
        (self.last, self.committed, self.due) = (state.last, 0, 0);
        self.sent.clear();
        let held = state.holds.iter();
        self.holds = held.map(|(key, (at, value))| (key.clone(), BTreeMap::from([(*at, *value)]))).collect();
        self.chain.begun = Some(state);
        match self.chain.next() {
            Some(next) => self.pass_on(next, effects),
            None => self.commit(self.last, None, effects),
        }
    }

    /// The next site is to take part, too.
    fn pass_on(&self, next: NodeId, effects: &mut Effects<Wire<Message>>) {
        let Some(state) = self.chain.begun.clone() else { return };
        let (epoch, members) = (self.chain.epoch, self.chain.members.clone());
        effects.send(next, Wire::Peer(Message::Install { epoch, members, state }));
    }

    /// Whether what this site holds may be shown, now.
    pub(super) fn may_show(&self, now: Elapsed) -> bool {
        let is_fixed = self.set.failover == Master::Off;
        is_fixed || self.set.reads == ChainReads::Any || self.chain.is_current(now)
    }
}

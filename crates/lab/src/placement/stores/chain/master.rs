//! Who is in the chain: a majority of the sites seals the old one and installs another, so that there is never more than one
//! that answers.
//!
//! The paper leaves this to a master that is always there; here the sites are one together, as in vertical Paxos (Lamport,
//! Malkhi and Zhou 2009). A write is acknowledged when all of a chain have it, and each of its sites keeps it when it is
//! sealed, so whichever of them are in the next majority, it is known there. A site answers reads only as long as a majority
//! has lately promised not to go on without it. A site that is heard and hears nobody keeps the others from doing so.

use std::collections::BTreeMap;
use std::time::Duration;

use constellation_fabric::{Effects, Timer};
use constellation_trace::{Elapsed, NodeId};

use super::message::{Epoch, Message, Sealed, State};
use super::{ChainReads, Master, Replica};
use crate::placement::simulated::Wire;

/// How often sites tell each other that they are there.
const BEAT: Duration = Duration::from_millis(50);
/// How long a site that is not heard of counts as there, and a promise not to go on without it holds.
pub(super) const PATIENCE: Duration = Duration::from_millis(300);
pub(super) const TICK: Timer = Timer(0);

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

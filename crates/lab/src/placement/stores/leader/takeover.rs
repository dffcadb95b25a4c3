//! Who leads when the leader is not heard of: the follower that has the most, if most sites miss it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use constellation_fabric::{Effects, Timer};
use constellation_trace::{Elapsed, NodeId};

use super::Replica;
use super::message::{Message, Place};
use crate::placement::simulated::Wire;

/// How often a leader that may be replaced is to be heard of.
const BEAT: Duration = Duration::from_millis(50);
/// How long one is not heard of before a follower takes it for gone, and it resigns if too few have answered what it sent
/// since.
const PATIENCE: Duration = Duration::from_millis(300);
pub(super) const TICK: Timer = Timer(0);

impl Replica {
    /// What there is to do now and then.
    pub(super) fn tick(&mut self, now: Elapsed, effects: &mut Effects<Wire<Message>>) {
        effects.set_timer(TICK, BEAT);
        let silence = |since: &Elapsed| now.since(*since);
        if self.leads() {
            let near = self.heard.values().filter(|since| silence(since) <= PATIENCE).count() + 1;
            if near < self.sites.majority() as usize {
                // Whoever waits will never know.
                (self.leader, self.waiting) = (None, BTreeMap::new());
            }
            return self.tell_others(&Message::Beat { term: self.term, sent: now }, effects);
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
    pub(super) fn is_old(&mut self, term: u64) -> bool {
        if term > self.term {
            (self.term, self.leader, self.standing, self.waiting) = (term, None, None, BTreeMap::new());
        }
        term < self.term
    }

    /// For one who would lead, unless this site has more, or leads, or has heard of the leader lately.
    pub(super) fn vote(
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

    pub(super) fn take_over(&mut self, now: Elapsed, effects: &mut Effects<Wire<Message>>) {
        (self.leader, self.last) = (Some(self.sites.me), (self.term, 0));
        for (other, since) in &mut self.heard {
            (*since, _) = (now, self.appended.insert(*other, (0, 0)));
        }
        self.tell_others(&Message::Lead { at: self.last, holds: self.holds.clone() }, effects);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::placement::simulated::Sites;
    use crate::placement::stores::leader::{FailOver, Leader, Reads, WaitsFor};

    #[test]
    fn an_answer_to_an_old_beat_gives_no_new_right_to_lead() {
        let set = Leader { sync: WaitsFor::First, reads: Reads::Leader, failover: FailOver::Majority };
        let leads = |sent: u64, now: u64| {
            let at = |ms: u64| Elapsed::from_ns(ms * 1_000_000);
            let mut leader = Replica::new(set, Sites { me: NodeId::new(0), count: 3 });
            let mut effects = Effects::new();
            let heard = Message::Heard { term: 0, sent: at(sent) };
            leader.hear(at(now), NodeId::new(1), heard, &mut effects);
            leader.tick(at(now), &mut effects);
            leader.leads()
        };
        assert!(leads(900, 1_000));
        // It was held for long, and arrives right now.
        assert!(!leads(600, 1_000));
    }
}

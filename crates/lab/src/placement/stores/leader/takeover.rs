//! Who leads when the leader is not heard of: the follower that has the most, if most sites miss it.

use std::collections::BTreeMap;
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
/// How long a site that heard of a leader is for no other: the leader looks only now and then whether it has to resign.
const BOUND: Duration = PATIENCE.saturating_add(BEAT);
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
            self.stand(now, effects);
        }
    }

    /// Asks to lead the next term.
    fn stand(&mut self, now: Elapsed, effects: &mut Effects<Wire<Message>>) {
        let term = self.term + 1;
        // One who was for it a moment ago still is.
        let is_again = self.standing == Some(term);
        self.votes.retain(|_, since| is_again && now.since(*since) <= PATIENCE);
        (self.standing, self.leader) = (Some(term), None);
        self.tell_others(&Message::Stand { term, last: self.last, sent: now }, effects);
    }

    /// Whoever leads an older term than this, or would, stands again for a later one. What it shows it keeps, and with that
    /// all that was acknowledged; of what waits nobody knows.
    pub(super) fn outdated(&mut self, now: Elapsed, term: u64, effects: &mut Effects<Wire<Message>>) {
        if (self.leads() || self.standing.is_some()) && term > self.term {
            self.is_old(term);
            self.stand(now, effects);
        }
    }

    /// Whether what comes of this term is news of old; a newer one has no leader yet.
    pub(super) fn is_old(&mut self, term: u64) -> bool {
        if term > self.term {
            (self.term, self.leader, self.standing, self.voted) = (term, None, None, None);
            self.waiting = BTreeMap::new();
        }
        term < self.term
    }

    /// For one who would lead, unless this site has more, or leads, or has lately heard of another who leads, or is for another
    /// since lately: the one that it follows no longer leads if it stands. Of a term that is over whoever would lead it has to
    /// hear, or it stands for ever.
    pub(super) fn vote(
        &mut self,
        now: Elapsed,
        (from, term, last): (NodeId, u64, Place),
        sent: Elapsed,
        effects: &mut Effects<Wire<Message>>,
    ) {
        let bound_to = self.leader.or(self.voted.map(|(voted, _)| voted));
        let is_bound = bound_to.is_some_and(|other| other != from && self.has_heard(other, now));
        if is_bound || self.leads() || last < self.last {
            return;
        }
        let is_over = self.is_old(term) || self.leader.is_some();
        let first = match self.voted {
            _ if is_over => None,
            None => {
                (self.voted, _) = (Some((from, sent)), self.heard.insert(from, now));
                Some(sent)
            }
            // The first vote may have been lost. Said again it binds no longer, else whoever hears nobody would bind for ever.
            Some((voted, first)) => (voted == from && self.has_heard(from, now)).then_some(first),
        };
        let told = first.map_or(Message::Outdated { term: self.term }, |sent| Message::Vote { term, sent });
        effects.send(from, Wire::Peer(told));
    }

    fn has_heard(&self, other: NodeId, now: Elapsed) -> bool {
        self.heard.get(&other).is_some_and(|since| now.since(*since) <= BOUND)
    }

    /// Since it asked, and not since the answer is here: whoever was for it may be for another since.
    pub(super) fn count(
        &mut self,
        now: Elapsed,
        (from, term): (NodeId, u64),
        sent: Elapsed,
        effects: &mut Effects<Wire<Message>>,
    ) {
        if self.standing != Some(term) || now.since(sent) > PATIENCE {
            return;
        }
        self.votes.insert(from, sent);
        if self.votes.len() + 1 >= self.sites.majority() as usize {
            self.is_old(term);
            self.take_over(effects);
        }
    }

    fn take_over(&mut self, effects: &mut Effects<Wire<Message>>) {
        (self.leader, self.last) = (Some(self.sites.me), (self.term, 0));
        self.voted = Some((self.sites.me, Elapsed::from_ns(0)));
        let votes = std::mem::take(&mut self.votes);
        for (other, since) in &mut self.heard {
            // Nothing was heard at 0 of whoever is not for it.
            *since = votes.get(other).copied().unwrap_or(Elapsed::from_ns(0));
            self.appended.insert(*other, (0, 0));
        }
        self.tell_others(&Message::Lead { at: self.last, holds: self.holds.clone() }, effects);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::placement::simulated::Sites;
    use crate::placement::stores::leader::{FailOver, Leader, Reads, WaitsFor};

    const SET: Leader = Leader { sync: WaitsFor::First, reads: Reads::Leader, failover: FailOver::Majority };

    fn at(ms: u64) -> Elapsed {
        Elapsed::from_ns(ms * 1_000_000)
    }

    fn site(number: u32) -> Replica {
        Replica::new(SET, Sites { me: NodeId::new(number), count: 3 })
    }

    /// What a site sends another when it hears this.
    fn told(site: &mut Replica, now: u64, from: u32, message: Message) -> Vec<String> {
        let mut effects = Effects::new();
        site.hear(at(now), NodeId::new(from), message, &mut effects);
        let sends = effects.steps_mut().iter().flat_map(|step| &step.sends);
        sends.map(|(to, wire)| format!("to {}: {wire:?}", to.number())).collect()
    }

    #[test]
    fn an_answer_to_an_old_beat_gives_no_new_right_to_lead() {
        let leads = |sent: u64, now: u64| {
            let mut leader = site(0);
            told(&mut leader, now, 1, Message::Heard { term: 0, sent: at(sent) });
            leader.tick(at(now), &mut Effects::new());
            leader.leads()
        };
        assert!(leads(900, 1_000));
        // It was held for long, and arrives right now.
        assert!(!leads(600, 1_000));
    }

    #[test]
    fn a_vote_that_was_held_for_long_gives_no_right_to_lead() {
        let leads = |sent: u64, now: u64| {
            let mut other = site(1);
            other.tick(at(600), &mut Effects::new());
            told(&mut other, now, 2, Message::Vote { term: 1, sent: at(sent) });
            other.leads()
        };
        assert!(leads(600, 620));
        assert!(!leads(600, 1_000));
    }

    #[test]
    fn a_leader_of_an_older_term_is_told_and_stands_again_with_all_that_it_has_acknowledged() {
        let (mut leader, mut follower, mut parted) = (site(0), site(1), site(2));
        let append = Message::Append { at: (0, 1), key: "k".to_owned(), value: 7 };
        leader.last = (0, 1);
        leader.holds.insert("k".to_owned(), 7);
        told(&mut follower, 100, 0, append);
        told(&mut follower, 100, 0, Message::Beat { term: 0, sent: at(90) });
        // One that was voted into a newer term.
        parted.is_old(4);
        let outdated = told(&mut parted, 110, 0, Message::Beat { term: 0, sent: at(100) });
        assert_eq!(outdated, ["to 0: Peer(Outdated { term: 4 })"]);
        let stands = told(&mut leader, 120, 2, Message::Outdated { term: 4 });
        assert_eq!(stands.len(), 2, "{stands:?}");
        assert!(stands[0].starts_with("to 1: Peer(Stand { term: 5, last: (0, 1)"), "{stands:?}");
        // Another would be none that the follower is for: it has heard of the leader lately.
        let stand = || Message::Stand { term: 5, last: (0, 1), sent: at(120) };
        assert_eq!(told(&mut follower, 130, 2, stand()), Vec::<String>::new());
        assert!(told(&mut follower, 130, 0, stand())[0].contains("Vote { term: 5"));
        let leads = told(&mut leader, 140, 1, Message::Vote { term: 5, sent: at(120) });
        assert!(leads[0].contains("Lead { at: (5, 0), holds: {\"k\": 7} }"), "{leads:?}");
    }

    #[test]
    fn a_site_has_one_vote_in_each_term_and_says_so_to_whoever_stands_in_one_that_is_over() {
        let mut voter = site(2);
        let mut stand = |now: u64, from: u32, term: u64| {
            told(&mut voter, now, from, Message::Stand { term, last: (0, 0), sent: at(990) }).concat()
        };
        assert!(stand(1_000, 0, 3).contains("Vote { term: 3"));
        assert!(stand(1_350, 0, 3).contains("Vote { term: 3"), "the first may have been lost");
        assert_eq!(stand(1_701, 1, 3), "to 1: Peer(Outdated { term: 3 })");
        assert_eq!(stand(1_701, 1, 2), "to 1: Peer(Outdated { term: 3 })");
        assert!(stand(1_701, 1, 4).contains("Vote { term: 4"));
    }

    #[test]
    fn a_vote_binds_as_long_as_whoever_got_it_may_lead_by_it_unheard_and_not_longer() {
        let stand = |term, sent| Message::Stand { term, last: (0, 0), sent: at(sent) };
        let voted_for_another = |now: u64| {
            let mut voter = site(2);
            told(&mut voter, 1_000, 0, stand(3, 990));
            // The one hears nobody, and asks again.
            let again = told(&mut voter, 1_300, 0, stand(3, 1_290));
            assert!(again[0].contains("Vote { term: 3, sent: Elapsed(990"), "{again:?}");
            told(&mut voter, now, 1, stand(4, now))
        };
        assert_eq!(voted_for_another(1_350), Vec::<String>::new());
        assert!(voted_for_another(1_351)[0].contains("Vote { term: 4"));
        // What the first vote gave is over; for another the one has to stand in another term.
        let mut voter = site(2);
        told(&mut voter, 1_000, 0, stand(3, 990));
        assert_eq!(told(&mut voter, 1_351, 0, stand(3, 1_340)), ["to 0: Peer(Outdated { term: 3 })"]);
        assert!(told(&mut voter, 1_360, 0, stand(4, 1_355))[0].contains("Vote { term: 4"));
    }

    #[test]
    fn a_leader_that_has_resigned_votes_for_no_other_in_the_term_that_it_led() {
        let mut leader = site(0);
        leader.stand(at(600), &mut Effects::new());
        told(&mut leader, 610, 1, Message::Vote { term: 1, sent: at(600) });
        assert!(leader.leads());
        leader.tick(at(1_000), &mut Effects::new());
        assert!(!leader.leads());
        let stand = |term| Message::Stand { term, last: (1, 0), sent: at(1_000) };
        assert_eq!(told(&mut leader, 1_010, 2, stand(1)), ["to 2: Peer(Outdated { term: 1 })"]);
        assert!(told(&mut leader, 1_010, 2, stand(2))[0].contains("Vote { term: 2"));
    }
}

//! Who leads: a site that hears of no leader asks the others whether they would elect it, and then to (sections 5.2 and 5.4.1).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use constellation_fabric::{Effects, Timer};
use constellation_trace::{Elapsed, NodeId};

use super::message::{Ballot, End, Entry, Message};
use super::{Leads, Other, Replica, Role};
use crate::placement::simulated::Wire;

/// How often a leader is to be heard of.
pub(super) const BEAT: Duration = Duration::from_millis(50);
/// How long a site that heard of a leader elects no other, and how long a leader goes on that a majority does not answer.
pub(super) const PATIENCE: Duration = Duration::from_millis(300);
pub(super) const TICK: Timer = Timer(0);

impl Replica {
    /// Whether it elects nobody, as it has a leader, or leads.
    fn is_led(&self, now: Elapsed) -> bool {
        let heard_lately = self.heard.is_some_and(|heard| now.since(heard) < PATIENCE);
        matches!(self.role, Role::Leads(_)) || heard_lately
    }

    /// A newer term than its own has no leader yet that it knows.
    pub(super) fn enter(&mut self, term: u64) {
        if term > self.term {
            (self.term, self.voted, self.leader, self.role) = (term, None, None, Role::Follows);
        }
    }

    /// Waits for a leader, longer than it binds itself to the last; in turns, so that seldom two stand at once.
    pub(super) fn wait(&mut self, now: Elapsed) {
        let turn = (self.sites.me.number() + self.stood) % self.sites.count;
        self.stands_at = now.saturating_add(PATIENCE + BEAT * (1 + 2 * turn));
    }

    pub(super) fn tick(&mut self, now: Elapsed, effects: &mut Effects<Wire<Message>>) {
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
    pub(super) fn count(&mut self, now: Elapsed, effects: &mut Effects<Wire<Message>>) {
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

    /// One vote in each term, for one whose log is no older (section 5.4.1); a poll costs none.
    pub(super) fn elect(
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
}

//! What clients ask of a site, and what a read takes: a place in the log, a lease, or nothing.

use std::time::Duration;

use constellation_fabric::Effects;
use constellation_trace::{Elapsed, NodeId};

use super::election::PATIENCE;
use super::message::{Entry, Message};
use super::{LogReads, Replica, Role, Waiting};
use crate::placement::client::{Answer, Ask, What};
use crate::placement::simulated::Wire;

/// How long nobody else can lead, from when a majority was told that there is a leader: less than a site binds itself to one,
/// as their clocks do not go at the same speed.
const LEASE: Duration = PATIENCE.saturating_sub(Duration::from_millis(50));

impl Replica {
    /// To whoever leads, or nobody.
    pub(super) fn ask(
        &mut self,
        now: Elapsed,
        client: (NodeId, u32),
        ask: Ask,
        effects: &mut Effects<Wire<Message>>,
    ) {
        let waiting = Waiting::at(self.sites.me, client);
        match self.leader {
            _ if ask.what == What::Read && self.set.reads == LogReads::Anywhere => {
                self.show(waiting, &ask, effects);
            }
            Some(leader) if leader != self.sites.me => {
                self.say(leader, Message::Forward { waiting, ask }, effects);
            }
            _ => self.lead(now, waiting, ask, effects),
        }
    }

    /// At the leader; whoever is none refuses.
    pub(super) fn lead(
        &mut self,
        now: Elapsed,
        waiting: Waiting,
        ask: Ask,
        effects: &mut Effects<Wire<Message>>,
    ) {
        let (has_lease, place) = (self.has_lease(now), self.log.len());
        let Role::Leads(leads) = &mut self.role else {
            return self.reply(waiting, Answer::Refused("no leader".to_owned()), effects);
        };
        if ask.what == What::Read && self.set.reads == LogReads::Lease && has_lease {
            return self.show(waiting, &ask, effects);
        }
        // Without a lease, a read takes its place in the log.
        leads.waiting.insert(place, waiting);
        self.log.push(Entry { term: self.term, ask: Some(ask) });
        self.spread(now, effects);
    }

    /// Whether nobody else can lead now, and it knows all that was agreed on before its term.
    fn has_lease(&self, now: Elapsed) -> bool {
        let Role::Leads(leads) = &self.role else { return false };
        let lately = leads.others.values().filter(|other| now.since(other.answered) < LEASE);
        // Nothing was said at 0, which stands for no answer.
        let said = lately.filter(|other| other.answered >= leads.since);
        said.count() + 1 >= self.majority() && self.end_at(self.agreed).term == self.term
    }

    fn show(&self, waiting: Waiting, ask: &Ask, effects: &mut Effects<Wire<Message>>) {
        self.reply(waiting, Answer::shows(self.holds.get(&ask.key).copied()), effects);
    }
}

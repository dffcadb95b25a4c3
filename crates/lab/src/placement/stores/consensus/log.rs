//! What a leader sends the others of its log, when that is agreed on, and what is done then (sections 5.3 and 5.4.2).

use constellation_fabric::Effects;
use constellation_trace::{Elapsed, NodeId};

use super::message::{End, Entry, Message};
use super::{Replica, Role};
use crate::placement::client::{Answer, What};
use crate::placement::simulated::Wire;

impl Replica {
    pub(super) fn end(&self) -> End {
        self.end_at(self.log.len())
    }

    /// The end of the first so many entries.
    pub(super) fn end_at(&self, length: usize) -> End {
        let term = length.checked_sub(1).and_then(|last| self.log.get(last)).map_or(0, |entry| entry.term);
        End { term, length }
    }

    /// Sends each other site what it was not sent yet, and the word that there is a leader.
    pub(super) fn spread(&mut self, now: Elapsed, effects: &mut Effects<Wire<Message>>) {
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

    /// What a leader sent, if it follows on what is here: anything else behind that was never agreed on.
    pub(super) fn append(
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
    pub(super) fn heed(
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

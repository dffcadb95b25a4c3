//! The search for a wrong answer, where the first promise to be broken is another one: one write, then one reader or two.
//!
//! One reader is not enough where a write that nobody was told the end of has reached some replicas only: it may be done or
//! not, so that a read may show it or not. But what one reader was shown every later one has to be shown, which is why in a
//! register that several may read readers have to write (Attiya, Bar-Noy and Dolev 1995).

use std::collections::BTreeSet;

use constellation_trace::EventId;

use super::search::{Ahead, Made, Search, Sent, broken, these};
use super::{Message, Promise, SETTLED, Smallest, Wrong, joined};
use crate::placement::PlaceError;
use crate::placement::protocol::{Condition, Round};

impl Search<'_> {
    /// Runs with fewer lost messages first, and of those that lose as many the ones with one reader. Only messages are lost
    /// that a chain of messages joins to the operations: what sites tell each other besides says nothing of the key.
    pub(super) fn wrong(&mut self) -> Result<Wrong, PlaceError> {
        let limit = self.runs.saturating_add(self.wrong_max);
        let none = |rounds: Vec<Round>| rounds.into_iter().map(Ahead::without_loss).collect();
        let mut ahead: [Vec<Ahead>; 2] = [none(self.rounds(SETTLED)), none(self.rounds_of_two())];
        for lost_next in 0.. {
            for of_these in &mut ahead {
                let mut further = Vec::new();
                for Ahead { round, lost } in std::mem::take(of_these) {
                    // Without a loss all are made.
                    if lost_next > 0 && self.runs >= limit {
                        return Ok(Wrong::NotFound { lost_max: Some(lost_next - 1) });
                    }
                    let made = self.make(&round, &these(&lost))?;
                    further.extend(joined_after(&made, &lost).map(|more| Ahead::with(&round, &lost, more)));
                    if let Some(promise @ Promise::Consistent(_)) = made.wrong() {
                        let found = broken(&round, lost, Smallest::OfAll, promise, made.played);
                        return Ok(Wrong::Found(Box::new(found)));
                    }
                }
                *of_these = further;
            }
            if ahead.iter().all(Vec::is_empty) {
                // No run sends anything more that could be lost.
                break;
            }
        }
        Ok(Wrong::NotFound { lost_max: None })
    }

    /// Each site writes, and each two others, or one of them the same, read one after the other.
    fn rounds_of_two(&self) -> Vec<Round> {
        let sites = self.store.sites;
        let all = (0..sites).flat_map(|writer| (0..sites).map(move |first| (writer, first)));
        let all = all.flat_map(|(writer, first)| (0..sites).map(move |second| (writer, [first, second])));
        let apart = all.filter(|(_, [first, second])| first != second);
        let condition = |(writer, readers)| Condition::Readers { writer, readers, rest: SETTLED };
        apart.map(|of| Round::new(sites, condition(of))).collect()
    }
}

/// What may be lost as well as these, and has to do with the operations.
fn joined_after<'a>(made: &'a Made, lost: &[Message]) -> impl Iterator<Item = &'a Sent> {
    let events: BTreeSet<EventId> = joined(&made.played.trace, made.played.record.round.sites);
    made.after(lost).iter().filter(move |sent| events.contains(&sent.by))
}

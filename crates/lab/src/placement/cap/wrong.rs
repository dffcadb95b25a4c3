//! The search for a wrong answer, where the first promise to be broken is another one: one write, then one reader or two.
//!
//! One reader is not enough where a write that nobody was told the end of has reached some replicas only: it may be done or
//! not, so that a read may show it or not. But what one reader was shown every later one has to be shown, which is why in a
//! register that several may read readers have to write (Attiya, Bar-Noy and Dolev 1995).

use std::collections::BTreeSet;

use constellation_trace::EventId;

use super::search::{Made, Search, broken, these};
use super::{Message, Promise, SETTLED, Smallest, Wrong, joined};
use crate::placement::PlaceError;
use crate::placement::protocol::{Condition, Round};

/// What is still to be run with so many messages lost.
type Ahead = Vec<(Round, Vec<Message>)>;

impl Search<'_> {
    /// Runs with fewer lost messages first, and of those that lose as many the ones with one reader. Only messages are lost
    /// that a chain of messages joins to the operations: what sites tell each other besides says nothing of the key.
    pub(super) fn wrong(&mut self) -> Result<Wrong, PlaceError> {
        let limit = self.runs.saturating_add(self.wrong_max);
        let none = |rounds: Vec<Round>| rounds.into_iter().map(|round| (round, Vec::new())).collect();
        let mut ahead: [Ahead; 2] = [none(self.rounds(SETTLED)), none(self.rounds_of_two())];
        for lost_next in 0.. {
            for of_these in &mut ahead {
                let mut further = Vec::new();
                for (round, lost) in std::mem::take(of_these) {
                    // Without a loss all are made.
                    if lost_next > 0 && self.runs >= limit {
                        return Ok(Wrong::NotFound { lost_max: Some(lost_next - 1) });
                    }
                    let made = self.make(&round, &these(&lost))?;
                    let later = later(&made, &lost);
                    if let Some(promise @ Promise::Consistent(_)) = made.wrong() {
                        let found = broken(&round, lost, Smallest::OfAll, promise, made.played);
                        return Ok(Wrong::Found(Box::new(found)));
                    }
                    further.extend(
                        later.into_iter().map(|more| {
                            (round.clone(), lost.iter().copied().chain([more]).collect::<Vec<_>>())
                        }),
                    );
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

/// What may be lost as well: what was sent after the last that is lost, as up to there the run is the same, so that each set
/// is lost once.
fn later(made: &Made, lost: &[Message]) -> Vec<Message> {
    let events: BTreeSet<EventId> = joined(&made.played.trace, made.played.record.round.sites);
    let from = lost.last().and_then(|last| made.sent.iter().position(|sent| sent.message == *last));
    let later = made.sent.get(from.map_or(0, |from| from + 1)..).unwrap_or_default();
    later.iter().filter(|sent| events.contains(&sent.by)).map(|sent| sent.message).collect()
}

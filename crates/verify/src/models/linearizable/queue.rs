//! Queues into which each value is put once: judged by what must not be, without a search.

mod pairs;

use std::collections::{BTreeMap, BTreeSet};

use constellation_trace::Limit;
use pairs::Pairs;

use super::STEPS_FIRST;
use super::known::Known;
use crate::models::items::Source;
use crate::models::objects::QueueOperation;
use crate::models::patience::Patience;
use crate::models::search::{Item, When};

/// What became of one value, by times.
#[derive(Clone, Copy, Debug)]
struct Life {
    /// The operation that put it there.
    enqueue: u32,
    /// The operation that took it, if anybody was told so.
    dequeue: Option<u32>,
    /// When it began to be put, and by when it was there for sure.
    begun: u64,
    there: When,
    /// From when on it may have been taken, and by when it was for sure; [`When::Never`] if it is left.
    leaving: When,
    left: When,
}

/// Judges a queue into which no value is put twice. O(n log n).
///
/// There is an order exactly if nothing is taken that was not put before it or that was taken already; no value is taken
/// while one is left that was there before it came; and no dequeue finds nothing while at each of its moments some value
/// was there (Henzinger, Sezgin and Vafeiadis 2013, section 4).
///
/// A dequeue that is open may have taken any value. Those that began first are best given to the values that were there
/// first, as far as they go: it does no harm to have taken one more of what is still there, it does less the earlier it
/// came, and whoever takes the later of two can take the earlier as well. An enqueue that is open counts if its value is
/// taken. Where a value is put twice, or a dequeue that is over was not told what it took, who took what is searched: see
/// [`Pairs`].
pub(super) fn judge(
    items: &[Item<QueueOperation>],
    _: Source<'_>,
    patience: &mut Patience<'_>,
) -> Result<Known, Limit> {
    patience.step(items.len() as u64)?;
    patience.afford(items.len(), 2 * size_of::<Life>())?;
    patience.release(items.len(), 2 * size_of::<Life>());
    let mut lives: BTreeMap<u32, Life> = BTreeMap::new();
    for (nth, item) in (0..).zip(items) {
        match item.operation {
            QueueOperation::Take => return again(items, patience),
            QueueOperation::Enqueue(value) if lives.insert(value, Life::of(nth, item)).is_some() => {
                return again(items, patience);
            }
            _ => {}
        }
    }
    let mut lost: Vec<u32> = Vec::new();
    let mut empty: Vec<u32> = Vec::new();
    for (nth, item) in (0..).zip(items) {
        let value = match item.operation {
            QueueOperation::Dequeue(value) => value,
            QueueOperation::Lose => {
                lost.push(nth);
                continue;
            }
            QueueOperation::Empty => {
                empty.push(nth);
                continue;
            }
            _ => continue,
        };
        let Some(life) = lives.get_mut(&value) else { return Ok(Known::Wrong(vec![nth])) };
        if let Some(other) = life.dequeue {
            return Ok(wrong([life.enqueue, other, nth]));
        }
        if item.returned < life.begun {
            return Ok(wrong([life.enqueue, nth]));
        }
        life.dequeue = Some(nth);
        [life.leaving, life.left] = [item.invoked, item.returned].map(When::At);
    }
    let mut lives: Vec<Life> =
        lives.into_values().filter(|life| life.dequeue.is_some() || life.there < When::Never).collect();
    lives.sort_unstable_by_key(|life| (life.there, life.enqueue));
    lost.sort_unstable_by_key(|nth| items[*nth as usize].invoked);
    let left = lives.iter_mut().filter(|life| life.dequeue.is_none());
    for (life, taker) in left.zip(&lost) {
        life.leaving = When::At(items[*taker as usize].invoked);
    }
    let found = overtaken(&lives).or_else(|| missed(&lives, items, &empty));
    Ok(match found {
        None => Known::Holds,
        Some(found) if lost.is_empty() => wrong(found),
        // Which values an open dequeue is not enough for depends on all that are left.
        Some(_) => Known::Wrong((0..).zip(items).map(|(nth, _)| nth).collect()),
    })
}

/// How many steps may be spent on who took what, at most; then a search of all may still find an order.
const STEPS_PAIRING: u64 = 1 << 28;

/// Judges a queue into which a value is put again, or of which somebody took nobody knows what.
fn again(items: &[Item<QueueOperation>], patience: &mut Patience<'_>) -> Result<Known, Limit> {
    patience.step(items.len() as u64)?;
    if let Some(known) = beyond(items) {
        return Ok(known);
    }
    patience.afford(items.len(), Pairs::BYTES)?;
    let found = patience.within(STEPS_PAIRING, |patience| {
        let Some(until) = Pairs::new(items).stuck_at(patience)? else { return Ok(Known::Holds) };
        // What began later mostly has no part in it.
        let begun = (0..).zip(items).filter(|(_, item)| item.invoked <= until);
        let (places, held): (Vec<u32>, Vec<_>) = begun.map(|(nth, item)| (nth, item.clone())).unzip();
        let is_enough = held.len() == items.len() || Pairs::new(&held).stuck_at(patience)?.is_some();
        let all = || (0..).zip(items).map(|(nth, _)| nth).collect();
        let places = if is_enough { places } else { all() };
        if !patience.wants_evidence() {
            return Ok(Known::Wrong(places));
        }
        Ok(Known::Wrong(patience.within(STEPS_FIRST, |patience| without_pairs(items, places, patience))))
    });
    patience.release(items.len(), Pairs::BYTES);
    match found {
        // If it was not this bound that ended it, it ends here.
        Err(Limit::Explored { .. } | Limit::Memory { .. }) => patience.step(0).map(|()| Known::Nothing),
        found => found,
    }
}

/// Who put and who took a value that was taken more often than it was put.
fn beyond(items: &[Item<QueueOperation>]) -> Option<Known> {
    let values = concerned(items, (0..).zip(items).map(|(nth, _)| nth));
    values.into_values().find(|value| value.put.len() < value.taken.len()).map(|value| wrong(value.places()))
}

/// Leaves out values as long as what is left has no order, many at a time at first: only those that are taken as often as
/// they are put by whoever knows it. Nobody else took them, so whatever has an order has one without them too.
fn without_pairs(
    items: &[Item<QueueOperation>],
    mut places: Vec<u32>,
    patience: &mut Patience<'_>,
) -> Vec<u32> {
    let values = concerned(items, places.iter().copied());
    let paired = values.into_values().filter(|value| value.put.len() == value.taken.len());
    let mut paired: Vec<Vec<u32>> = paired.map(|value| value.places().collect()).collect();
    let mut size = paired.len().div_ceil(2);
    while size > 0 {
        let mut start = 0;
        while start < paired.len() {
            let end = (start + size).min(paired.len());
            let leaving: BTreeSet<u32> = paired[start..end].iter().flatten().copied().collect();
            let left: Vec<u32> = places.iter().copied().filter(|nth| !leaving.contains(nth)).collect();
            let held: Vec<_> = left.iter().map(|nth| items[*nth as usize].clone()).collect();
            match Pairs::new(&held).stuck_at(patience) {
                Ok(None) => start = end,
                Ok(Some(_)) => {
                    places = left;
                    paired.drain(start..end);
                }
                Err(_) => return places,
            }
        }
        size /= 2;
    }
    places
}

/// Who put a value, and who took it and was told so.
#[derive(Default)]
struct Concerned {
    put: Vec<u32>,
    taken: Vec<u32>,
}

impl Concerned {
    fn places(self) -> impl Iterator<Item = u32> {
        self.put.into_iter().chain(self.taken)
    }
}

/// The same of each value.
fn concerned(items: &[Item<QueueOperation>], places: impl Iterator<Item = u32>) -> BTreeMap<u32, Concerned> {
    let mut values: BTreeMap<u32, Concerned> = BTreeMap::new();
    for nth in places {
        match items[nth as usize].operation {
            QueueOperation::Enqueue(value) => values.entry(value).or_default().put.push(nth),
            QueueOperation::Dequeue(value) => values.entry(value).or_default().taken.push(nth),
            QueueOperation::Empty | QueueOperation::Take | QueueOperation::Lose => {}
        }
    }
    values
}

impl Life {
    fn of(enqueue: u32, item: &Item<QueueOperation>) -> Life {
        Life {
            enqueue,
            dequeue: None,
            begun: item.invoked,
            there: item.over(),
            leaving: When::Never,
            left: When::Never,
        }
    }

    /// All that is known of it.
    fn operations(&self) -> impl Iterator<Item = u32> + use<> {
        [Some(self.enqueue), self.dequeue].into_iter().flatten()
    }
}

fn wrong(places: impl IntoIterator<Item = u32>) -> Known {
    let mut places: Vec<u32> = places.into_iter().collect();
    places.sort_unstable();
    Known::Wrong(places)
}

/// Two values of which the first was there before the second came, and still when that was gone. They stand by when they
/// were there.
fn overtaken(lives: &[Life]) -> Option<Vec<u32>> {
    let mut later: Vec<&Life> = lives.iter().filter(|life| life.left < When::Never).collect();
    later.sort_unstable_by_key(|life| life.begun);
    let mut there = lives.iter();
    let mut next = there.next();
    let mut last: Option<&Life> = None;
    for life in later {
        while let Some(before) = next.filter(|before| before.there < When::At(life.begun)) {
            if last.is_none_or(|last| last.leaving < before.leaving) {
                last = Some(before);
            }
            next = there.next();
        }
        if let Some(first) = last.filter(|first| life.left < first.leaving) {
            return Some(first.operations().chain(life.operations()).collect());
        }
    }
    None
}

/// A dequeue that found nothing, and values of which at each of its moments one was there for sure.
fn missed(lives: &[Life], items: &[Item<QueueOperation>], empty: &[u32]) -> Option<Vec<u32>> {
    // A value is there for sure between the end of its enqueue and the beginning of its dequeue. Neither bound is within, so
    // that two of which one ends where the other begins leave a gap.
    let held: Vec<&Life> = lives.iter().filter(|life| life.there < life.leaving).collect();
    let mut spans: Vec<(When, When)> = Vec::new();
    for life in &held {
        match spans.last_mut().filter(|span| life.there < span.1) {
            Some(span) => span.1 = span.1.max(life.leaving),
            None => spans.push((life.there, life.leaving)),
        }
    }
    let covers = |nth: &u32| {
        let item = &items[*nth as usize];
        let place = spans.partition_point(|span| span.0 < When::At(item.invoked));
        spans[..place].last().is_some_and(|span| When::At(item.returned) < span.1)
    };
    let found = *empty.iter().find(|nth| covers(nth))?;
    let [mut at, end] = [items[found as usize].invoked, items[found as usize].returned].map(When::At);
    let mut shown = vec![found];
    // Of those that are there by then, the one that is there longest.
    while at <= end {
        let there = held.iter().take_while(|life| life.there < at);
        let longest = there.max_by_key(|life| life.leaving).filter(|life| life.leaving > at)?;
        shown.extend(longest.operations());
        at = longest.leaving;
    }
    Some(shown)
}

//! How far an order can be made, and why nothing can come next: the dead end of a few operations that have no order.

use std::collections::BTreeSet;

use constellation_trace::TransactionId;

use super::visited::States;
use super::{Item, Times};
use crate::models::finding::{Blocked, DeadEnd, Placed};
use crate::models::patience::Patience;
use crate::models::specification::Specification;

/// More operations have a dead end that nobody would read.
const ITEMS_MAX: usize = 24;

/// The longest beginning of an order of these items, the first that is found of those, and what keeps each of the others
/// from coming next. `None` of too many items, or where `patience` ends.
///
/// Goes through all beginnings, each set of items with the same states once.
pub(in crate::models) fn dead_end<S: Specification>(
    specification: &S,
    items: &[Item<S::Operation>],
    times: Times,
    patience: &mut Patience<'_>,
) -> Option<DeadEnd> {
    if items.len() > ITEMS_MAX {
        return None;
    }
    let mut states = States::new();
    let first = states.number(specification.init(), |state| specification.bytes(state));
    // Of all objects that there are these items are of few.
    let items = &with_few_parts(items);
    let parts = items.iter().map(|item| item.part + 1).max().unwrap_or(0) as usize;
    let begun =
        Beginning { order: Vec::new(), taken: 0, states: vec![first; parts], left_by: vec![None; parts] };
    let mut met: BTreeSet<(u32, Vec<u32>)> = BTreeSet::new();
    let mut best = begun.clone();
    let mut open = vec![begun];
    while let Some(here) = open.pop() {
        patience.step(1).ok()?;
        if !met.insert((here.taken, here.states.clone())) {
            continue;
        }
        if here.certain(items) > best.certain(items) {
            best = here.clone();
        }
        // Those that begin first are tried first, so they are pushed last.
        for nth in (0..items.len()).rev() {
            if here.has(nth) || here.blocked(items, times, nth).is_some() {
                continue;
            }
            let part = items[nth].part as usize;
            let before = here.states[part];
            let Some(state) = specification.step(states.get(before), &items[nth].operation) else { continue };
            let state = states.number(state, |state| specification.bytes(state));
            if items[nth].is_open() && state == before {
                continue;
            }
            let mut next = here.clone();
            next.order.push(nth);
            next.taken |= 1 << nth;
            if state != before {
                next.states[part] = state;
                next.left_by[part] = Some(items[nth].id);
            }
            open.push(next);
        }
    }
    Some(best.told(items, times))
}

/// The same items, whose objects are numbered from 0 without gaps.
fn with_few_parts<O: Clone>(items: &[Item<O>]) -> Vec<Item<O>> {
    let parts: BTreeSet<u32> = items.iter().map(|item| item.part).collect();
    let place = |part: u32| parts.range(..part).count() as u32;
    items.iter().map(|item| Item { part: place(item.part), ..item.clone() }).collect()
}

/// The first operations of an order.
#[derive(Clone)]
struct Beginning {
    order: Vec<usize>,
    /// Which of the items these are, a bit each.
    taken: u32,
    /// The state of each object.
    states: Vec<u32>,
    /// Which operation left it so.
    left_by: Vec<Option<TransactionId>>,
}

impl Beginning {
    fn has(&self, nth: usize) -> bool {
        self.taken & 1 << nth != 0
    }

    fn certain<O>(&self, items: &[Item<O>]) -> usize {
        self.order.iter().filter(|nth| !items[**nth].is_open()).count()
    }

    /// What must be before an item and is not there, as sessions and times tell.
    fn blocked<O>(&self, items: &[Item<O>], times: Times, nth: usize) -> Option<Blocked> {
        let item = &items[nth];
        let certain = |other: usize| !self.has(other) && !items[other].is_open();
        let same = |other: &usize| items[*other].session == item.session;
        if let Some(before) = (0..nth).find(|other| same(other) && certain(*other)) {
            return Some(Blocked::Session(items[before].id));
        }
        // An open one is at once or never: not after a later one of its session.
        if item.is_open() && (nth + 1..items.len()).any(|other| same(&other) && self.has(other)) {
            return Some(Blocked::Session(item.id));
        }
        let is_over = |other: &usize| certain(*other) && items[*other].returned < item.invoked;
        let over = (0..items.len()).find(|other| times == Times::Kept && is_over(other));
        over.map(|other| Blocked::RealTime(items[other].id))
    }

    fn told<O>(&self, items: &[Item<O>], times: Times) -> DeadEnd {
        let left = (0..items.len()).filter(|nth| !self.has(*nth) && !items[*nth].is_open());
        let stuck = left.map(|nth| {
            let object = || Blocked::Object(self.left_by[items[nth].part as usize]);
            (items[nth].id, self.blocked(items, times, nth).unwrap_or_else(object))
        });
        let stuck = stuck.collect();
        DeadEnd { order: self.order.iter().map(|nth| Placed::Whole(items[*nth].id)).collect(), stuck }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;
    use crate::models::objects::{Register, RegisterOperation};
    use crate::models::search::Fate;

    #[test]
    fn of_how_many_objects_there_are_a_dead_end_takes_no_notice() {
        let item = |nth: u32, part, operation| Item {
            id: TransactionId::new(nth),
            session: 0,
            invoked: u64::from(2 * nth),
            returned: u64::from(2 * nth + 1),
            fate: Fate::Certain,
            part,
            operation,
        };
        let items = [
            item(0, u32::MAX, RegisterOperation::Write(1)),
            item(1, 7, RegisterOperation::Write(1)),
            item(2, u32::MAX, RegisterOperation::Read(2)),
        ];
        let mut patience = Patience::new(Budget::default());
        let end = dead_end(&Register::default(), &items, Times::Kept, &mut patience).expect("they are few");
        let lines = end.lines(|id| id.to_string());
        assert_eq!(lines, ["at best t0, t1", "then not t2, since its object is as t0 left it"]);
    }
}

//! The smallest part of a history that still has no order.

use std::collections::BTreeMap;

use constellation_trace::{Limit, TransactionId};

use super::Item;
use crate::models::finding::Anomaly;
use crate::models::specification::{Bonds, Specification};

/// What is left of items that have no order.
pub(in crate::models) struct Shrunk<O> {
    /// The items.
    pub(in crate::models) items: Vec<Item<O>>,
    /// Whether it was looked at each of them that without it there is an order, or that it cannot be left out.
    pub(in crate::models) is_smallest: bool,
}

/// Leaves out items as long as what is left has no order, many at a time at first (Zeller and Hildebrandt 2002).
///
/// Whoever sees a value leaves with the last who makes it: else that nobody made it would be the reason. What changes the
/// state in a way that [`Specification::bonds`] does not tell stays. `is_explained` judges what is left; where it cannot,
/// this ends.
pub(in crate::models) fn shrink<S: Specification>(
    specification: &S,
    items: Vec<Item<S::Operation>>,
    mut is_explained: impl FnMut(&[Item<S::Operation>]) -> Result<bool, Limit>,
) -> Shrunk<S::Operation> {
    let mut items = items;
    let mut size = items.len().div_ceil(2);
    while size > 0 {
        let mut start = 0;
        let mut has_changed = false;
        while start < items.len() {
            let smaller = without(specification, &items, start, start + size);
            if smaller.len() == items.len() || smaller.is_empty() {
                start += size;
                continue;
            }
            match is_explained(&smaller) {
                Ok(true) => start += size,
                Ok(false) => {
                    items = smaller;
                    has_changed = true;
                }
                Err(_) => return Shrunk { items, is_smallest: false },
            }
        }
        // What could not be left out before may be able to now.
        size = if size == 1 && has_changed { 1 } else { size / 2 };
    }
    Shrunk { items, is_smallest: true }
}

/// The items without those from `start` up to `end`, nor those that see what nobody makes any more. O(n log n).
fn without<S: Specification>(
    specification: &S,
    items: &[Item<S::Operation>],
    start: usize,
    end: usize,
) -> Vec<Item<S::Operation>> {
    let bonds: Vec<Option<Bonds>> = items.iter().map(|item| bonds_of(specification, item)).collect();
    // Who makes and who sees each value of each object.
    let mut makers: BTreeMap<(u32, u64), usize> = BTreeMap::new();
    let mut seers: BTreeMap<(u32, u64), Vec<usize>> = BTreeMap::new();
    for (nth, (item, bonds)) in items.iter().zip(&bonds).enumerate() {
        let Some(bonds) = bonds else { continue };
        bonds.made.into_iter().for_each(|value| *makers.entry((item.part, value)).or_default() += 1);
        bonds.seen.iter().for_each(|value| seers.entry((item.part, *value)).or_default().push(nth));
    }
    let mut is_left = vec![true; items.len()];
    let mut leaving: Vec<usize> = (start..end.min(items.len())).collect();
    while let Some(nth) = leaving.pop() {
        let Some(bonds) = bonds[nth].as_ref().filter(|_| is_left[nth]) else { continue };
        is_left[nth] = false;
        let Some(value) = bonds.made.map(|value| (items[nth].part, value)) else { continue };
        let left = makers.get_mut(&value).expect("this one made it");
        *left -= 1;
        if *left == 0 {
            leaving.extend(seers.remove(&value).unwrap_or_default());
        }
    }
    let kept = items.iter().zip(is_left).filter(|(_, is_left)| *is_left);
    kept.map(|(item, _)| item.clone()).collect()
}

/// How an item hangs together with others; `None` if it has to stay.
fn bonds_of<S: Specification>(specification: &S, item: &Item<S::Operation>) -> Option<Bonds> {
    let is_pure = specification.is_pure(&item.operation);
    specification.bonds(&item.operation).or_else(|| is_pure.then(Bonds::default))
}

impl<O> Shrunk<O> {
    /// That no order of them that respects `what` is as it should be; `beyond` is said of several, and `name` names one.
    pub(in crate::models) fn found(
        &self,
        what: &str,
        beyond: &str,
        name: impl Fn(TransactionId) -> String,
    ) -> Anomaly {
        let rest = if self.is_smallest { "" } else { " (some of them may have no part in it)" };
        let found = match &self.items[..] {
            [one] => format!("no order explains {}", name(one.id)),
            these => {
                let count = these.len();
                format!("no order of these {count} that respects {what} explains them{rest}{beyond}")
            }
        };
        Anomaly::plain(found, self.items.iter().map(|item| item.id))
    }
}

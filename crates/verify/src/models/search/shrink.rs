//! The smallest part of a history that still has no order.

use constellation_trace::{Limit, TransactionId};

use super::{Item, Times};
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
/// Only so that whatever has an order has one without them too, by [`Specification::bonds`]: whoever sees what an item made
/// leaves with it, even if others made the same, unless time says that it was another's. Else what is left would be wrong for
/// a reason that the whole is not.
/// `is_explained` judges what is left; where it cannot, this ends.
pub(in crate::models) fn shrink<S: Specification>(
    specification: &S,
    items: Vec<Item<S::Operation>>,
    times: Times,
    mut is_explained: impl FnMut(&[Item<S::Operation>]) -> Result<bool, Limit>,
) -> Shrunk<S::Operation> {
    let tied = Tied::of(specification, &items, times);
    let only = |kept: &[u32]| kept.iter().map(|nth| items[*nth as usize].clone()).collect::<Vec<_>>();
    let mut kept: Vec<u32> = (0..).zip(&items).map(|(nth, _)| nth).collect();
    let mut size = items.len().div_ceil(2);
    while size > 0 {
        let mut start = 0;
        let mut has_changed = false;
        while start < kept.len() {
            let end = (start + size).min(kept.len());
            let smaller = tied.without(&kept, start..end);
            if smaller.len() == kept.len() || smaller.is_empty() {
                start = end;
                continue;
            }
            match is_explained(&only(&smaller)) {
                Ok(true) => start = end,
                Ok(false) => {
                    kept = smaller;
                    has_changed = true;
                }
                Err(_) => return Shrunk { items: only(&kept), is_smallest: false },
            }
        }
        // What could not be left out before may be able to now.
        size = if size == 1 && has_changed { 1 } else { size / 2 };
    }
    Shrunk { items: only(&kept), is_smallest: true }
}

/// How items hang together.
struct Tied {
    times: Times,
    nodes: Vec<Node>,
    /// Which items make, and which see, each value of each object.
    makers: Vec<Vec<u32>>,
    seers: Vec<Vec<u32>>,
    /// Whether it is there at first.
    is_initial: Vec<bool>,
}

struct Node {
    part: u32,
    /// Which of the values that the object holds it concerns, if it is one.
    place: Option<u64>,
    invoked: u64,
    deadline: u64,
    /// What was over before this was gone when it was done, of an object that shows one value: then began the last of those
    /// who make anything and were over before this began.
    covered: u64,
    /// Whether it may be left out at all.
    may_leave: bool,
    /// What it makes, by number.
    made: Option<u32>,
    missed: Option<Missed>,
}

/// The value that an item saw not to be there.
#[derive(Clone, Copy)]
enum Missed {
    /// It was there at first.
    Initial(Option<u32>),
    /// Only those who make it put it there; nobody does where there is no number.
    Made(Option<u32>),
}

impl Tied {
    /// O(n log n) for all that is seen.
    fn of<S: Specification>(specification: &S, items: &[Item<S::Operation>], times: Times) -> Tied {
        let bonds: Vec<Option<Bonds>> =
            items.iter().map(|item| specification.bonds(&item.operation)).collect();
        let mut values: Vec<(u32, u64)> = items
            .iter()
            .zip(&bonds)
            .filter_map(|(item, bonds)| Some((item.part, bonds.as_ref()?.made?)))
            .collect();
        values.sort_unstable();
        values.dedup();
        let number = |part: u32, value: u64| values.binary_search(&(part, value)).ok().map(|nth| nth as u32);
        // Of an object of which anything is not known, only what changes nothing may leave.
        let mut dark: Vec<u32> = items
            .iter()
            .zip(&bonds)
            .filter(|(_, bonds)| bonds.is_none())
            .map(|(item, _)| item.part)
            .collect();
        dark.sort_unstable();
        dark.dedup();
        let initial = specification.shown(&specification.init());
        // An object that shows one value holds one.
        let place = |bonds: &Bonds| bonds.place.or(initial.map(|_| 0));
        let covers = covers(items, &bonds, place);
        let mut makers = vec![Vec::new(); values.len()];
        let mut seers = vec![Vec::new(); values.len()];
        let mut nodes = Vec::with_capacity(items.len());
        for ((nth, item), bonds) in (0..).zip(items).zip(bonds) {
            let bonds = bonds.unwrap_or_default();
            let made = bonds.made.and_then(|value| number(item.part, value));
            made.into_iter().for_each(|value| makers[value as usize].push(nth));
            let seen = bonds.seen.iter().filter_map(|value| number(item.part, *value));
            seen.for_each(|value| seers[value as usize].push(nth));
            if let Some(from) = bonds.seen_from {
                let first = values.partition_point(|value| *value < (item.part, from));
                let of_part = values[first..].iter().take_while(|(part, _)| *part == item.part).count();
                seers[first..first + of_part].iter_mut().for_each(|seers| seers.push(nth));
            }
            let place = place(&bonds);
            let is_known = dark.binary_search(&item.part).is_err();
            nodes.push(Node {
                part: item.part,
                place,
                invoked: item.invoked,
                deadline: item.deadline(),
                covered: place.map_or(0, |place| covered(&covers, (item.part, place), item.invoked)),
                may_leave: is_known || specification.is_pure(&item.operation),
                made,
                missed: bonds.missed.map(|value| match number(item.part, value) {
                    number if initial == Some(value) => Missed::Initial(number),
                    number => Missed::Made(number),
                }),
            });
        }
        let is_initial = values.iter().map(|(_, value)| specification.is_initial(*value)).collect();
        Tied { times, nodes, makers, seers, is_initial }
    }

    /// What is kept without those in `range`, and without those that cannot be without them.
    fn without(&self, kept: &[u32], range: std::ops::Range<usize>) -> Vec<u32> {
        let mut is_kept = vec![false; self.nodes.len()];
        kept.iter().for_each(|nth| is_kept[*nth as usize] = true);
        let mut leaving: Vec<u32> =
            kept[range].iter().copied().filter(|nth| self.nodes[*nth as usize].may_leave).collect();
        let mut gone: Vec<u32> = Vec::new();
        while let Some(nth) = leaving.pop() {
            if !std::mem::replace(&mut is_kept[nth as usize], false) {
                continue;
            }
            if let Some(value) = self.nodes[nth as usize].made {
                gone.push(nth);
                // Without any maker, that there is none would be the reason.
                let is_last = !self.is_initial[value as usize] && !self.is_made(value, &is_kept);
                let seers = self.seers[value as usize].iter().copied();
                leaving.extend(
                    seers.filter(|seer| is_kept[*seer as usize] && (is_last || !self.is_apart(nth, *seer))),
                );
            }
        }
        let missing = self.no_longer_missing(kept, &is_kept, &gone);
        missing.into_iter().for_each(|nth| is_kept[nth as usize] = false);
        kept.iter().copied().filter(|nth| is_kept[*nth as usize]).collect()
    }

    fn is_made(&self, value: u32, is_kept: &[bool]) -> bool {
        self.makers[value as usize].iter().any(|nth| is_kept[*nth as usize])
    }

    /// Whether what the one made was not there when the other saw something: it came later, or something else came between.
    fn is_apart(&self, maker: u32, seer: u32) -> bool {
        let [maker, seer] = [maker, seer].map(|nth| &self.nodes[nth as usize]);
        // What an object shows of several values may have been made by several, some of them later.
        let is_same = maker.place.is_some() && maker.place == seer.place;
        is_same
            && self.times == Times::Kept
            && (maker.deadline < seer.covered || maker.invoked > seer.deadline)
    }

    /// Those that saw a value not to be there, which may be there without what one of the gone had made.
    fn no_longer_missing(&self, kept: &[u32], is_kept: &[bool], gone: &[u32]) -> Vec<u32> {
        let missing = kept.iter().copied().filter(|seer| {
            let node = &self.nodes[*seer as usize];
            let (can_be, value) = match node.missed.filter(|_| is_kept[*seer as usize]) {
                Some(Missed::Initial(value)) => (true, value),
                Some(Missed::Made(value)) => (value.is_some_and(|value| self.is_made(value, is_kept)), value),
                None => (false, None),
            };
            let hid = |maker: &u32| {
                let other = &self.nodes[*maker as usize];
                other.part == node.part && other.made != value && !self.is_apart(*maker, *seer)
            };
            can_be && gone.iter().any(hid)
        });
        missing.collect()
    }
}

/// Who makes anything: of which object and value there, when it was over, and when it began.
type Cover = ((u32, u64), u64, u64);

/// Of each value that an object holds, by the ends of those who make anything, when the last that was over by then began.
fn covers<O>(
    items: &[Item<O>],
    bonds: &[Option<Bonds>],
    place: impl Fn(&Bonds) -> Option<u64>,
) -> Vec<Cover> {
    let made = |(item, bonds): (&Item<O>, &Option<Bonds>)| {
        let bonds = bonds.as_ref().filter(|bonds| bonds.made.is_some())?;
        Some(((item.part, place(bonds)?), item.deadline(), item.invoked))
    };
    let mut covers: Vec<Cover> = items.iter().zip(bonds).filter_map(made).collect();
    covers.sort_unstable();
    for nth in 1..covers.len() {
        let before = covers[nth - 1];
        if before.0 == covers[nth].0 {
            covers[nth].2 = covers[nth].2.max(before.2);
        }
    }
    covers
}

fn covered(covers: &[Cover], place: (u32, u64), begun: u64) -> u64 {
    let end = covers.partition_point(|(other, over, _)| (*other, *over) < (place, begun));
    covers[..end].last().filter(|(other, ..)| *other == place).map_or(0, |(.., last)| *last)
}

impl<O> Shrunk<O> {
    /// What has no order, as it is.
    pub(in crate::models) const fn not(items: Vec<Item<O>>) -> Shrunk<O> {
        Shrunk { items, is_smallest: false }
    }

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

//! Sets: judged value by value, or by what was shown of the whole, without a search of the whole.

use std::collections::{BTreeMap, BTreeSet};

use constellation_trace::Limit;

use super::known::Known;
use super::rows::{Clash, Rows};
use crate::models::finding::Anomaly;
use crate::models::items::Source;
use crate::models::objects::{Set, SetOperation};
use crate::models::patience::Patience;
use crate::models::search::{Item, When, stuck_at};

/// Judges a set value by value, since without looks at the whole those have nothing to do with each other, or, where nothing
/// is removed and added once, by the looks at the whole. O(n log n), and once over all that is shown; a value that is added
/// again is searched, which is exponential in how many of that value are under way at once.
///
/// Where something is removed and the whole is looked at, all is searched. If that takes long, a look at the whole is one at
/// each value: if one of them has no order there is none. That each has one says nothing. O(n log n) for each value.
pub(super) fn judge(
    items: &[Item<SetOperation>],
    source: Source<'_>,
    patience: &mut Patience<'_>,
) -> Result<Known, Limit> {
    patience.step(items.len() as u64)?;
    let is_read = |item: &Item<SetOperation>| matches!(item.operation, SetOperation::Read(_));
    let is_whole = items.iter().any(is_read);
    if is_whole {
        match grown(items, source, patience)? {
            Known::Nothing => {}
            known => return Ok(known),
        }
    }
    let mut values: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (nth, item) in (0..).zip(items) {
        match &item.operation {
            SetOperation::Add(value, _)
            | SetOperation::Remove(value, _)
            | SetOperation::Contains(value, _) => values.entry(*value).or_default().push(nth),
            SetOperation::Read(shown) => {
                for value in shown {
                    values.entry(*value).or_default();
                }
            }
        }
    }
    if is_whole {
        return match searched(items, STEPS_FIRST, patience)? {
            Some(true) => Ok(Known::Holds),
            // A search comes to it again, and shows by what.
            Some(false) => Ok(Known::Nothing),
            None => looks(items, values.into_keys(), patience),
        };
    }
    let mut hard = Vec::new();
    for places in values.into_values() {
        match element(items, &places) {
            Some(true) => {}
            Some(false) => return Ok(Known::Wrong(places)),
            None => match searched(&at(items, &places), STEPS_FIRST, patience)? {
                Some(true) => {}
                Some(false) => return Ok(Known::Wrong(places)),
                None => hard.push(places),
            },
        }
    }
    for places in hard {
        match searched(&at(items, &places), STEPS_EACH, patience)? {
            Some(true) => {}
            Some(false) => return Ok(Known::Wrong(places)),
            None => return Ok(Known::Nothing),
        }
    }
    Ok(Known::Holds)
}

/// How many steps each value has before all others have had theirs, and how many then.
const STEPS_FIRST: u64 = 1 << 20;
const STEPS_EACH: u64 = 1 << 28;

fn at(items: &[Item<SetOperation>], places: &[u32]) -> Vec<Item<SetOperation>> {
    places.iter().map(|nth| items[*nth as usize].clone()).collect()
}

/// Whether these have an order, by a search of so many steps; `None` if those were not enough.
fn searched(
    items: &[Item<SetOperation>],
    steps: u64,
    patience: &mut Patience<'_>,
) -> Result<Option<bool>, Limit> {
    match patience.within(steps, |patience| stuck_at(&Set, items, patience)) {
        Ok(stuck) => Ok(Some(stuck.is_none())),
        // If it was not this bound that ended it, it ends here.
        Err(_) => patience.step(0).map(|()| None),
    }
}

/// Whether looks at the whole agree with what happened to each value, taken alone.
fn looks(
    items: &[Item<SetOperation>],
    values: impl Iterator<Item = u32>,
    patience: &mut Patience<'_>,
) -> Result<Known, Limit> {
    for value in values {
        // A little more for a look, which is searched for the value.
        patience.step(items.iter().map(|item| 1 + shown(&item.operation).map_or(0, ilog)).sum())?;
        let of_value = items.iter().filter_map(|item| {
            let operation = match &item.operation {
                SetOperation::Read(shown) => SetOperation::Contains(value, shown.contains(&value)),
                SetOperation::Add(other, _)
                | SetOperation::Remove(other, _)
                | SetOperation::Contains(other, _)
                    if *other != value =>
                {
                    return None;
                }
                own => own.clone(),
            };
            // Not as a copy of the whole, which would be made for every value.
            let Item { id, session, invoked, returned, fate, part, .. } = *item;
            Some(Item { id, session, invoked, returned, fate, part, operation })
        });
        let of_value: Vec<_> = of_value.collect();
        let places: Vec<u32> = (0..).zip(&of_value).map(|(nth, _)| nth).collect();
        let is_explained = match element(&of_value, &places) {
            None => searched(&of_value, STEPS_FIRST, patience)?,
            known => known,
        };
        if is_explained == Some(false) {
            // What a look shows besides must have been added, and stays.
            return Ok(Known::Wrong((0..).zip(items).map(|(nth, _)| nth).collect()));
        }
    }
    Ok(Known::Nothing)
}

/// Whether there is an order of all that concerns one value; `None` if it is added twice.
///
/// It is absent, then there from the addition on, then absent from the first removal after that on, if there is any. The
/// shorter it was there, the more others find it absent: so it came as late and went as early as those allow that found it.
fn element(items: &[Item<SetOperation>], places: &[u32]) -> Option<bool> {
    let all = || places.iter().map(|nth| &items[*nth as usize]);
    let mut added = None;
    for item in all().filter(|item| matches!(item.operation, SetOperation::Add(..))) {
        if added.replace(item).is_some() {
            return None;
        }
    }
    let seen = |item: &&Item<SetOperation>| {
        matches!(item.operation, SetOperation::Contains(_, true) | SetOperation::Remove(_, Some(true)))
    };
    let Some(added) = added else { return Some(!all().any(|item| seen(&item))) };
    if matches!(added.operation, SetOperation::Add(_, Some(false))) {
        return Some(false);
    }
    if added.is_open() && !all().any(|item| seen(&item)) {
        return Some(true);
    }
    let seen_by = all().filter(seen).map(|item| When::At(item.returned)).min();
    let came = seen_by.unwrap_or(When::Never).min(added.over());
    if came < When::At(added.invoked) {
        return Some(false);
    }
    let is_shown = |item: &&Item<SetOperation>| matches!(item.operation, SetOperation::Contains(_, true));
    let shown = all().filter(is_shown).map(|item| item.invoked).max().unwrap_or(0).max(added.invoked);
    let removed = all().filter(|item| matches!(item.operation, SetOperation::Remove(_, Some(true)))).count();
    let told = if removed == 0 { None } else { Some(true) };
    let goes = all()
        .filter(|item| matches!(&item.operation, SetOperation::Remove(_, answer) if *answer == told))
        .map(|item| (When::At(item.invoked.max(shown)), item.over()))
        .filter(|(goes, latest)| goes <= latest)
        .map(|(goes, _)| goes)
        .min();
    let gone = match (removed, goes) {
        (0, goes) => goes.unwrap_or(When::Never),
        (1, Some(goes)) => goes,
        _ => return Some(false),
    };
    // Whoever found it absent, or did not say what it found, is outside; if it went as it came there is no inside.
    let is_outside = |item: &Item<SetOperation>| match item.operation {
        SetOperation::Contains(_, false) | SetOperation::Remove(_, None | Some(false)) if !item.is_open() => {
            came >= gone || When::At(item.invoked) <= came || When::At(item.returned) >= gone
        }
        _ => true,
    };
    Some(all().all(is_outside))
}

/// Judges a set that only grows and is looked at as a whole: what is shown must grow, and with it there is an order of all
/// unless time says otherwise.
fn grown(
    items: &[Item<SetOperation>],
    source: Source<'_>,
    patience: &mut Patience<'_>,
) -> Result<Known, Limit> {
    let mut grown = Grown { items, source, adds: BTreeMap::new() };
    let mut reads: Vec<(u32, &BTreeSet<u32>)> = Vec::new();
    for (nth, item) in (0..).zip(items) {
        match &item.operation {
            SetOperation::Add(value, None | Some(true)) if grown.adds.insert(*value, nth).is_none() => {}
            SetOperation::Read(shown) => {
                patience.step(shown.len() as u64)?;
                reads.push((nth, shown));
            }
            _ => return Ok(Known::Nothing),
        }
    }
    reads.sort_by_key(|(nth, shown)| (shown.len(), *nth));
    Ok(match grown.rows(&reads) {
        Ok(rows) => rows.clash().map_or(Known::Holds, |clash| Known::Found(grown.clash(clash))),
        Err(anomaly) => Known::Found(anomaly),
    })
}

/// A set that only grows, with who adds each value.
struct Grown<'i> {
    items: &'i [Item<SetOperation>],
    source: Source<'i>,
    adds: BTreeMap<u32, u32>,
}

impl Grown<'_> {
    /// What comes before what, as reads tell, which rise.
    fn rows(&self, reads: &[(u32, &BTreeSet<u32>)]) -> Result<Rows, Anomaly> {
        let mut rows = Rows::new(self.items.len());
        let nothing = BTreeSet::new();
        let mut before: (Option<u32>, &BTreeSet<u32>) = (None, &nothing);
        let mut row = 0;
        for (read, shown) in reads {
            for value in shown.difference(before.1) {
                let Some(add) = self.adds.get(value) else {
                    let why = format!("{} shows what nobody added", self.name(*read));
                    return Err(self.found(why, &[*read]));
                };
                if let (Some(lost), Some(other)) = (before.1.difference(shown).next(), before.0) {
                    return Err(self.contradiction([*read, other], [*add, self.adds[lost]]));
                }
                rows.put(*add, row + 2, self.span(*add));
            }
            if shown.len() > before.1.len() {
                row += 2;
            }
            rows.put(*read, row + 1, self.span(*read));
            before = (Some(*read), shown);
        }
        // What is open and was never shown need not have been.
        for add in self.adds.values().filter(|nth| !self.items[**nth as usize].is_open()) {
            if !rows.is_put(*add) {
                rows.put(*add, u64::MAX, self.span(*add));
            }
        }
        Ok(rows)
    }

    /// Of two reads each shows what the other misses.
    fn contradiction(&self, [read, other]: [u32; 2], [shown, lost]: [u32; 2]) -> Anomaly {
        let [one, two] = [read, other].map(|nth| self.name(nth));
        let [added, missed] = [shown, lost].map(|nth| self.name(nth));
        let why = format!("{one} shows {added} and misses {missed}, {two} the other way round");
        self.found(why, &[lost, shown, other, read])
    }

    /// Why two operations clash.
    fn clash(&self, [early, late]: [u32; 2]) -> Anomaly {
        let shown = |nth: u32| shown(&self.items[nth as usize].operation);
        let clash = Clash { early: self.name(early), late: self.name(late) };
        match (shown(early), shown(late)) {
            (None, Some(_)) => self.found(clash.missed(), &[early, late]),
            (Some(_), None) => self.found(clash.foreseen(), &[early, late]),
            (Some(more), Some(less)) => {
                let add = self.adds[more.difference(less).next().expect("it shows more")];
                self.found(clash.forgotten(&self.name(add)), &[add, early, late])
            }
            (None, None) => {
                let value =
                    |nth: u32| self.adds.iter().find(|(_, add)| **add == nth).map(|(value, _)| *value);
                let [early_value, late_value] =
                    [early, late].map(value).map(|value| value.expect("it is added"));
                let tells = |set: &BTreeSet<u32>| set.contains(&late_value) && !set.contains(&early_value);
                let mut places = (0..).zip(self.items).map(|(nth, _)| nth);
                let read =
                    places.find(|nth| shown(*nth).is_some_and(tells)).expect("a read tells them apart");
                self.found(clash.overtaken(&self.name(read)), &[early, late, read])
            }
        }
    }

    fn span(&self, nth: u32) -> (u64, u64) {
        let item = &self.items[nth as usize];
        (item.invoked, item.deadline())
    }

    fn name(&self, nth: u32) -> String {
        self.source.name(self.items[nth as usize].id)
    }

    fn found(&self, why: String, places: &[u32]) -> Anomaly {
        Anomaly::plain(why, places.iter().map(|nth| self.items[*nth as usize].id))
    }
}

/// About how many comparisons find a value in it.
fn ilog(shown: &BTreeSet<u32>) -> u64 {
    u64::from(shown.len().checked_ilog2().unwrap_or(0))
}

/// What is shown of the whole.
fn shown(operation: &SetOperation) -> Option<&BTreeSet<u32>> {
    if let SetOperation::Read(shown) = operation { Some(shown) } else { None }
}

//! What few operations show of an object that is a sum: all others come to a number, and that is enough.
//!
//! Of a counter no addition can be left out, since the sum would be wrong for want of it; nor, where many are under way at any
//! time, of a mutex any operation. But what they add can be counted without any order: what was over before an operation
//! began is before it, what began after it ended is not, and of what was under way meanwhile each is or is not.

mod loose;
mod pairs;
mod shrink;
mod tally;
mod windows;

use std::collections::BTreeMap;

use constellation_trace::{Limit, TransactionId};

pub(super) use self::loose::Loose;
pub(super) use self::shrink::shrunk;
use self::tally::{Side, Tally};
use super::finding::{Anomaly, Start};
use super::patience::Patience;
use super::search::{Item, Times};
use super::specification::{Specification, Sum};

/// Operations that nothing explains after what all others come to.
pub(super) struct Beyond {
    pub(super) ids: Vec<TransactionId>,
    pub(super) start: Start,
}

/// An operation on an object that is a sum.
#[derive(Clone, Copy, Debug)]
struct Summed {
    id: TransactionId,
    session: u32,
    invoked: u64,
    returned: u64,
    is_open: bool,
    sum: Sum,
}

impl Summed {
    /// All items, if each of them is of a sum.
    fn of<'i, S: Specification>(
        specification: &S,
        items: impl IntoIterator<Item = &'i Item<S::Operation>>,
    ) -> Option<Vec<Summed>>
    where
        S::Operation: 'i,
    {
        let summed = |item: &Item<S::Operation>| {
            let sum = specification.sum(&item.operation)?;
            let Item { id, session, invoked, .. } = *item;
            Some(Summed { id, session, invoked, returned: item.deadline(), is_open: item.is_open(), sum })
        };
        items.into_iter().map(summed).collect()
    }

    /// What the object must be before it, if anything.
    fn needs(&self) -> Option<i128> {
        let to = self.sum.to.filter(|_| !self.is_open)?;
        to.checked_sub(i128::from(self.sum.adds))
    }
}

/// How many bytes are held for each operation while it is looked at.
const BYTES_EACH: usize = 400;

/// An operation before which its object cannot be what it has to be, whatever the order, or after which it cannot be anything:
/// the first that is over. `None` also where operations do not add up to anything.
///
/// O(n log n).
///
/// # Errors
/// [`Limit`] at the end of `patience`; where there is no room to look, there is nothing.
pub(super) fn beyond<S: Specification>(
    specification: &S,
    items: &[Item<S::Operation>],
    times: Times,
    patience: &mut Patience<'_>,
) -> Result<Option<Beyond>, Limit> {
    // Most objects are no sums.
    if items.iter().all(|item| specification.sum(&item.operation).is_none()) {
        return Ok(None);
    }
    patience.step(items.len() as u64)?;
    if patience.afford(items.len(), BYTES_EACH).is_err() {
        return Ok(None);
    }
    patience.release(items.len(), BYTES_EACH);
    let mut parts = BTreeMap::<u32, Vec<&Item<S::Operation>>>::new();
    items.iter().for_each(|item| parts.entry(item.part).or_default().push(item));
    let all = parts.into_values().filter_map(|part| Summed::of(specification, part));
    Ok(match times {
        Times::Kept => all.filter_map(|all| by_times(&all)).next(),
        Times::Ignored => all.filter_map(|all| by_sessions(&all)).next(),
    })
}

/// As times tell.
fn by_times(all: &[Summed]) -> Option<Beyond> {
    let tally = Tally::of(all);
    let wrong = all.iter().filter(|one| !one.is_open).filter_map(|one| {
        let start = by_range(one, &tally).or_else(|| by_value(one, &tally))?;
        Some((one.returned, one.id, start))
    });
    let (_, id, start) = wrong.min_by_key(|(returned, id, _)| (*returned, *id))?;
    Some(Beyond { ids: vec![id], start })
}

/// That the object cannot be what an operation needs: from what was over and what was under way.
fn by_value(one: &Summed, tally: &Tally) -> Option<Start> {
    let needs = one.needs()?;
    let (sure, begun) = (tally.over_before(one.invoked), tally.begun_by(one.returned) - Side::of(one));
    let may = begun - sure;
    let start = out_of_reach(needs, sure.net(), may, |sure, may| {
        let meanwhile = may.told("under way meanwhile");
        format!("what was over before it began adds {sure}{meanwhile}")
    })?;
    let Some([(least, low), (most, high)]) = one.sum.range else { return Some(start) };
    let [ups, downs] = tally.what;
    let (over, under_way, holds, sum) = if needs > start.sum {
        let counts = (format!("{} {downs}", sure.downs), format!("{} {ups}", begun.ups));
        (counts.0, counts.1, low, least)
    } else {
        let counts = (format!("{} {ups}", sure.ups), format!("{} {downs}", begun.downs));
        (counts.0, counts.1, high, most)
    };
    let because = format!(
        "when it began {over} were over, and when it ended no more than {under_way} had begun besides"
    );
    Some(Start { holds: holds.to_owned(), sum, because })
}

/// Why a sum of what is sure and any part of what may be is not `needs`, if it is too much or too little.
fn out_of_reach(
    needs: i128,
    sure: i128,
    may: Side,
    because: impl FnOnce(i128, Side) -> String,
) -> Option<Start> {
    let (least, most) = (sure + may.down, sure + may.up);
    let (holds, sum) = match needs {
        _ if least == most && needs != least => (least.to_string(), least),
        _ if needs < least => (format!("at least {least}"), least),
        _ if needs > most => (format!("at most {most}"), most),
        _ => return None,
    };
    Some(Start { holds, sum, because: because(sure, may) })
}

/// That the object is more than it can be, or less, when an operation has ended.
fn by_range(one: &Summed, tally: &Tally) -> Option<Start> {
    let [(least, low), (most, high)] = one.sum.range?;
    let (over, begun) = (tally.over_by(one.returned), tally.begun_by(one.returned));
    let is_up = one.sum.adds > 0;
    let is_beyond =
        if is_up { over.up + begun.down > most } else { one.sum.adds < 0 && over.down + begun.up < least };
    let [ups, downs] = tally.what;
    let counts = if is_up {
        format!("{} {ups} were over and {} {downs} had begun", over.ups, begun.downs)
    } else {
        format!("{} {downs} were over and {} {ups} had begun", over.downs, begun.ups)
    };
    let (holds, sum) = if is_up { (high, most) } else { (low, least) };
    let because = format!("when it ended {counts}");
    is_beyond.then(|| Start { holds: holds.to_owned(), sum, because })
}

/// The same as far as sessions alone tell.
fn by_sessions(all: &[Summed]) -> Option<Beyond> {
    let total = all.iter().map(Side::of).fold(Side::default(), |sum, next| sum + next);
    if let Some(beyond) = by_total(all, total) {
        return Some(beyond);
    }
    let mut own = BTreeMap::<u32, Side>::new();
    for one in all {
        *own.entry(one.session).or_default() += Side::of(one);
    }
    // What is before each in its session: what certainly was, and what may have been.
    let mut before = BTreeMap::<u32, [Side; 2]>::new();
    for one in all {
        let [sure, open] = before.entry(one.session).or_default();
        let may = total - own[&one.session] + *open;
        let start = one.needs().and_then(|needs| {
            let start = out_of_reach(needs, sure.net(), may, |sure, may| {
                let others = may.told("with no place in its session");
                format!("what is before it in its session adds {sure}{others}")
            })?;
            Some(in_range(one, needs > start.sum, start, [*sure, may], tally::names(all)))
        });
        if let Some(start) = start {
            return Some(Beyond { ids: vec![one.id], start });
        }
        *(if one.is_open { open } else { sure }) += Side::of(one);
    }
    None
}

/// The same in the words of an object that has a least and a most.
fn in_range(one: &Summed, is_low: bool, start: Start, [sure, may]: [Side; 2], what: [&str; 2]) -> Start {
    let Some([(least, low), (most, high)]) = one.sum.range else { return start };
    let ([ups, downs], all) = (what, sure + may);
    let (holds, sum, because) = if is_low {
        let because = format!(
            "its session has {} {downs} before it, and {} {ups} there are at most",
            sure.downs, all.ups
        );
        (low, least, because)
    } else {
        let because = format!(
            "its session has {} {ups} before it, and {} {downs} there are at most",
            sure.ups, all.downs
        );
        (high, most, because)
    };
    Start { holds: holds.to_owned(), sum, because }
}

/// That in the end the object is more than it can be, or less.
fn by_total(all: &[Summed], total: Side) -> Option<Beyond> {
    let [(least, low), (most, high)] = all.first()?.sum.range?;
    let certain = all.iter().filter(|one| !one.is_open).map(Side::of);
    let certain = certain.fold(Side::default(), |sum, next| sum + next);
    let [ups, downs] = tally::names(all);
    let (is_sign, holds, sum, because): (fn(i64) -> bool, _, _, _) = if certain.up + total.down > most {
        let because =
            format!("in all there are {} {ups} and no more than {} {downs}", certain.ups, total.downs);
        (|adds| adds > 0, high, most, because)
    } else if certain.down + total.up < least {
        let because =
            format!("in all there are {} {downs} and no more than {} {ups}", certain.downs, total.ups);
        (|adds| adds < 0, low, least, because)
    } else {
        return None;
    };
    let last = all.iter().rev().find(|one| !one.is_open && is_sign(one.sum.adds))?;
    Some(Beyond { ids: vec![last.id], start: Start { holds: holds.to_owned(), sum, because } })
}

/// Whether all of them are of sums.
pub(super) fn are_all<S: Specification>(specification: &S, items: &[Item<S::Operation>]) -> bool {
    items.iter().all(|item| specification.sum(&item.operation).is_some())
}

/// The same of operations of one object that have no order, though each can be what it has to be: by what lies between two of
/// them, or between two moments.
///
/// Of those that take too long, nothing: O(n³).
pub(super) fn between<S: Specification>(
    specification: &S,
    items: &[Item<S::Operation>],
    times: Times,
) -> Option<Beyond> {
    let one = items.first()?.part;
    let all = Summed::of(specification, items).filter(|_| items.iter().all(|item| item.part == one))?;
    let windows = || if times == Times::Kept { windows::between(&all) } else { None };
    windows().or_else(|| pairs::apart(&all, times))
}

impl Beyond {
    /// That from what all others come to nothing explains them.
    pub(super) fn found(self, name: impl Fn(TransactionId) -> String) -> Anomaly {
        let Start { holds, because, .. } = &self.start;
        let what = match &self.ids[..] {
            [one] => name(*one),
            these => these.iter().map(|id| name(*id)).collect::<Vec<_>>().join(" and "),
        };
        let found = format!("from {holds} on no order explains {what}: {because}");
        Anomaly::plain(found, self.ids).starting(Some(self.start))
    }
}

//! The fewest values of a sum that no order explains, when all that is over before them is one number.

use constellation_trace::{Limit, TransactionId};

use super::Summed;
use super::loose::LooseOperation;
use crate::models::finding::{Anomaly, Start};
use crate::models::objects::CounterOperation;
use crate::models::search::{Fate, Item, Times};
use crate::models::specification::Specification;

/// Operations of a counter that have no order after what all others come to.
pub(in crate::models) struct Few {
    /// Their values are counted from where they begin.
    pub(in crate::models) items: Vec<Item<CounterOperation>>,
    pub(in crate::models) start: Option<Start>,
    /// What else there is, of which it does not matter how much it adds.
    loose: Vec<Item<LooseOperation>>,
    pub(in crate::models) is_smallest: bool,
}

/// Leaves out what operations saw as long as what is left has no order; what they add stays, unless it is before all that is
/// left, which then begins with it, or after. `None` if all of them together have an order, or that cannot be judged.
pub(in crate::models) fn shrunk<S: Specification>(
    specification: &S,
    items: &[Item<S::Operation>],
    times: Times,
    mut is_explained: impl FnMut(&[Item<CounterOperation>]) -> Result<bool, Limit>,
) -> Option<Few> {
    let all = Summed::of(specification, items)?;
    let mut kept: Vec<usize> = (0..all.len()).filter(|nth| all[*nth].needs().is_some()).collect();
    let mut best = Few::of(&all, &kept, times);
    if is_explained(&best.items).unwrap_or(true) {
        return None;
    }
    let mut size = kept.len().div_ceil(2);
    while size > 0 {
        let (mut start, mut has_changed) = (0, false);
        while start < kept.len() {
            let end = (start + size).min(kept.len());
            let fewer: Vec<usize> = kept[..start].iter().chain(&kept[end..]).copied().collect();
            let few = Few::of(&all, &fewer, times);
            let is_wrong = !fewer.is_empty()
                && match is_explained(&few.items) {
                    Ok(is_explained) => !is_explained,
                    Err(_) => return Some(Few { is_smallest: false, ..best }),
                };
            if is_wrong {
                (kept, best, has_changed) = (fewer, few, true);
            } else {
                start = end;
            }
        }
        size = if size == 1 && has_changed { 1 } else { size / 2 };
    }
    Some(best)
}

impl Few {
    /// What those of `kept` saw, and what all others add that may be among them.
    fn of(all: &[Summed], kept: &[usize], times: Times) -> Few {
        let around = Around::of(all, kept, times);
        let (mut before, mut count, mut items) = (0, 0_usize, Vec::new());
        for (nth, one) in all.iter().enumerate() {
            let is_kept = kept.binary_search(&nth).is_ok();
            if !is_kept && one.sum.adds == 0 || around.is_after(nth, one) {
                continue;
            }
            if !is_kept && around.is_before(nth, one) {
                before += i128::from(one.sum.adds);
                count += 1;
                continue;
            }
            let to = one.sum.to.filter(|_| is_kept);
            items.push(item(one, to));
        }
        items.iter_mut().for_each(|item| item.operation = shifted(item.operation, before));
        let which = match times {
            Times::Kept => "over before these began",
            Times::Ignored => "before these in their session",
        };
        let because = match count {
            1 => format!("the one that was {which} adds {before}"),
            count => format!("the {count} that were {which} add {before}"),
        };
        let start = (count > 0).then(|| Start { holds: before.to_string(), sum: before, because });
        Few { items, start, loose: Vec::new(), is_smallest: true }
    }

    /// The same without additions of which it does not matter how much they add, if only none of those that add takes away, and
    /// the other way round. `is_explained` judges what is left together with them.
    pub(in crate::models) fn loosened(
        mut self,
        mut is_explained: impl FnMut(&[Item<LooseOperation>]) -> Result<bool, Limit>,
    ) -> Few {
        let adds = |item: &Item<CounterOperation>| matches!(item.operation, CounterOperation::Add(_));
        let mut size = self.items.iter().filter(|item| adds(item)).count().div_ceil(2);
        while size > 0 {
            let mut start = 0;
            loop {
                let plain = (0..self.items.len()).filter(|nth| adds(&self.items[*nth]));
                let gone: Vec<usize> = plain.skip(start).take(size).collect();
                if gone.is_empty() {
                    break;
                }
                let fewer = self.without(&gone);
                match is_explained(&fewer.together()) {
                    Ok(true) => start += gone.len(),
                    Ok(false) => self = fewer,
                    Err(_) => return Few { is_smallest: false, ..self },
                }
            }
            size /= 2;
        }
        self
    }

    /// The same, but of these it does not matter what they add.
    fn without(&self, gone: &[usize]) -> Few {
        let is_gone = |nth: &usize| gone.binary_search(nth).is_ok();
        let loose = gone.iter().map(|nth| {
            let is_less = matches!(self.items[*nth].operation, CounterOperation::Add(..0));
            let operation = if is_less { LooseOperation::Less } else { LooseOperation::More };
            with(&self.items[*nth], operation)
        });
        let loose = self.loose.iter().cloned().chain(loose).collect();
        let items = (0..self.items.len()).filter(|nth| !is_gone(nth)).map(|nth| self.items[nth].clone());
        Few { items: items.collect(), start: self.start.clone(), loose, is_smallest: self.is_smallest }
    }

    /// All that there is, in its order.
    fn together(&self) -> Vec<Item<LooseOperation>> {
        let known = self.items.iter().map(|item| with(item, LooseOperation::Known(item.operation)));
        let mut all: Vec<_> = known.chain(self.loose.iter().cloned()).collect();
        all.sort_by_key(|item| item.id);
        all
    }

    /// How many others there are, and what is supposed of them.
    fn others(&self) -> String {
        let mores = self.loose.iter().filter(|item| item.operation == LooseOperation::More).count();
        let what = match (mores, self.loose.len() - mores) {
            (0, 0) => return String::new(),
            (1, 0) => "the one other adds, if it only adds".to_owned(),
            (0, 1) => "the one other takes away, if it only takes away".to_owned(),
            (mores, 0) => format!("the {mores} others add, if they only add"),
            (0, lesses) => format!("the {lesses} others take away, if they only take away"),
            (mores, lesses) => {
                format!("others add or take away, if {mores} only add and {lesses} only take away")
            }
        };
        format!(", however much {what}")
    }

    /// That from what all others come to nothing explains them.
    pub(in crate::models) fn found(&self, what: &str, name: impl Fn(TransactionId) -> String) -> Anomaly {
        let rest = if self.is_smallest { "" } else { " (some of them may have no part in it)" };
        let these = match &self.items[..] {
            [one] => format!("no order explains {}", name(one.id)),
            these => format!("no order of these {} that respects {what} explains them{rest}", these.len()),
        };
        let found = match &self.start {
            Some(Start { holds, because, .. }) => {
                format!("from {holds} on {these}{}: {because}", self.others())
            }
            None => format!("{these}{}", self.others()),
        };
        // What saw a sum first: it tells where the start is.
        let (sums, others): (Vec<_>, Vec<_>) =
            self.items.iter().partition(|item| !matches!(item.operation, CounterOperation::Add(_)));
        let ids = sums.into_iter().chain(others).map(|item| item.id);
        Anomaly::plain(found, ids).starting(self.start.clone())
    }
}

fn with<O, P>(item: &Item<O>, operation: P) -> Item<P> {
    let Item { id, session, invoked, returned, fate, part, .. } = *item;
    Item { id, session, invoked, returned, fate, part, operation }
}

fn item(one: &Summed, to: Option<i128>) -> Item<CounterOperation> {
    let Summed { id, session, invoked, returned, is_open, sum } = *one;
    let operation = match (sum.adds, to) {
        (0, Some(to)) => CounterOperation::Read(to),
        (adds, Some(to)) => CounterOperation::AddTo(adds, to),
        (adds, None) => CounterOperation::Add(adds),
    };
    let fate = if is_open { Fate::Open } else { Fate::Certain };
    Item { id, session, invoked, returned, fate, part: 0, operation }
}

/// The same where what it begins with counts as 0. What saturates is nowhere near a sum of 64 bits each.
fn shifted(operation: CounterOperation, before: i128) -> CounterOperation {
    match operation {
        CounterOperation::Read(to) => CounterOperation::Read(to.saturating_sub(before)),
        CounterOperation::AddTo(adds, to) => CounterOperation::AddTo(adds, to.saturating_sub(before)),
        add @ CounterOperation::Add(_) => add,
    }
}

/// Where those are that are kept.
struct Around {
    times: Times,
    /// When the first of them began, and the last was over.
    span: (u64, u64),
    /// Their session, and the places of the first and the last, where all are of one.
    session: Option<(u32, usize, usize)>,
}

impl Around {
    fn of(all: &[Summed], kept: &[usize], times: Times) -> Around {
        let these = || kept.iter().map(|nth| &all[*nth]);
        let first = these().map(|one| one.invoked).min().unwrap_or(0);
        let last = these().map(|one| one.returned).max().unwrap_or(u64::MAX);
        let session = match kept {
            [low, .., high] => Some((all[*low].session, *low, *high)),
            [one] => Some((all[*one].session, *one, *one)),
            [] => None,
        };
        let session = session.filter(|(session, ..)| these().all(|one| one.session == *session));
        Around { times, span: (first, last), session }
    }

    /// Whether it certainly was before all of them.
    fn is_before(&self, nth: usize, one: &Summed) -> bool {
        let is_earlier = self.session.is_some_and(|(session, low, _)| one.session == session && nth < low);
        !one.is_open && (is_earlier || self.times == Times::Kept && one.returned < self.span.0)
    }

    /// Whether it was after all of them, if it was.
    fn is_after(&self, nth: usize, one: &Summed) -> bool {
        let is_later = self.session.is_some_and(|(session, _, high)| one.session == session && nth > high);
        is_later || self.times == Times::Kept && one.invoked > self.span.1
    }
}

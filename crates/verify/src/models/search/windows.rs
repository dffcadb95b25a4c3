//! A search from one quiet time to the next, so that only what is between them has to be held.

use std::collections::BTreeMap;

use constellation_trace::Limit;

use super::{Item, RealTime};
use crate::models::patience::Patience;
use crate::models::specification::Specification;

/// In which states an object may be at a quiet time, and which open items have been by then or never will.
pub(in crate::models) type Starts<T> = Vec<(T, Vec<u32>)>;

/// How many certain items a window has at least, unless nothing follows: a search has to be made ready for each.
const ITEMS_MIN: usize = 128;
/// How many steps may be taken for each item of a window to find all ends of it.
const STEPS_EACH: u64 = 256;
/// How many ends a window may have.
const ENDS_MAX: usize = 1 << 12;

/// Whether there is an order of all items of one object: `None` if there is, else the item that none comes beyond.
///
/// At a quiet time, when nothing certain is under way, all that matters of what was before is in which states the object may be
/// and which open operations are left. So windows between such times are searched one after the other, each for all its ends,
/// and then forgotten. Where a window has too many ends it is searched together with the next ones, up to the last, of which
/// any end will do: that is the whole search again.
///
/// # Errors
/// [`Limit`] at the end of `patience`.
pub(in crate::models) fn stuck_at<S: Specification>(
    specification: &S,
    items: &[Item<S::Operation>],
    patience: &mut Patience<'_>,
) -> Result<Option<u32>, Limit> {
    let cuts = Cuts::of(items);
    if cuts.windows.len() <= 1 {
        let starts = [specification.init()];
        let mut search = RealTime::new(specification, items, &starts, patience)?;
        return Ok(if search.next_end(patience)? { None } else { Some(search.dead_end()) });
    }
    let mut starts = vec![(specification.init(), Vec::new())];
    let mut open = Vec::new();
    let mut at = 0;
    while at < cuts.windows.len() {
        let mut size = 1;
        loop {
            let end = (at + size).min(cuts.windows.len());
            let places = cuts.places(items, at..end, &open);
            let held: Vec<_> = places.iter().map(|nth| items[*nth as usize].clone()).collect();
            let local = |nth: &u32| places.binary_search(nth).ok().map(|place| place as u32);
            let begin: Starts<S::State> = starts
                .iter()
                .map(|(state, gone)| (state.clone(), gone.iter().filter_map(local).collect()))
                .collect();
            if end == cuts.windows.len() {
                let found = ends_of(specification, &held, &begin, 1, patience)?;
                return Ok(if found.ends.is_empty() { Some(places[found.dead_end as usize]) } else { None });
            }
            let bound = STEPS_EACH * held.len() as u64;
            let found =
                patience.within(bound, |patience| ends_of(specification, &held, &begin, ENDS_MAX, patience));
            match found {
                Ok(found) if found.ends.is_empty() => return Ok(Some(places[found.dead_end as usize])),
                Ok(found) if found.is_all => {
                    (starts, open) = carried(found.ends, &places);
                    at = end;
                    break;
                }
                Ok(_) | Err(_) => {
                    // If it was not this bound that ended it, it ends here.
                    patience.step(0)?;
                    size *= 2;
                }
            }
        }
    }
    Ok(None)
}

/// What a window hands on: its ends in places of the whole, and the open items that are left in any of them.
fn carried<T>(ends: Starts<T>, places: &[u32]) -> (Starts<T>, Vec<u32>) {
    let mut open: Vec<u32> =
        ends.iter().flat_map(|(_, open)| open).map(|nth| places[*nth as usize]).collect();
    open.sort_unstable();
    open.dedup();
    let starts = ends.into_iter().map(|(state, left)| {
        let left: Vec<u32> = left.iter().map(|nth| places[*nth as usize]).collect();
        (state, open.iter().copied().filter(|nth| left.binary_search(nth).is_err()).collect())
    });
    (starts.collect(), open)
}

/// The ends of a window.
pub(in crate::models) struct Ends<T> {
    /// In which states the object may be after all that is certain, and which open items may still be.
    pub(in crate::models) ends: Starts<T>,
    /// Whether there are no others.
    pub(in crate::models) is_all: bool,
    /// The item that no order came beyond, if there is no end.
    pub(in crate::models) dead_end: u32,
}

/// The first `ends_max` ends of items that begin in any of these states.
///
/// # Errors
/// [`Limit`] at the end of `patience`.
pub(in crate::models) fn ends_of<S: Specification>(
    specification: &S,
    items: &[Item<S::Operation>],
    starts: &[(S::State, Vec<u32>)],
    ends_max: usize,
    patience: &mut Patience<'_>,
) -> Result<Ends<S::State>, Limit> {
    let states: Vec<S::State> = starts.iter().map(|(state, _)| state.clone()).collect();
    let mut search = RealTime::new(specification, items, &states, patience)?;
    let mut ends = Vec::new();
    let mut bytes = 0;
    for (state, gone) in starts {
        search.restart(state.clone(), gone);
        while search.next_end(patience)? {
            if ends.len() == ends_max {
                return Ok(Ends { ends, is_all: false, dead_end: 0 });
            }
            let mut open: Vec<u32> = search.still_open().collect();
            open.sort_unstable();
            bytes += size_of::<(S::State, Vec<u32>)>() + open.len() * 4 + specification.bytes(search.state());
            patience.afford(bytes, 1)?;
            patience.release(bytes, 1);
            ends.push((search.state().clone(), open));
            if ends_max == 1 {
                return Ok(Ends { ends, is_all: false, dead_end: 0 });
            }
        }
    }
    let dead_end = if ends.is_empty() { search.dead_end() } else { 0 };
    Ok(Ends { ends, is_all: true, dead_end })
}

/// Where a history of one object can be cut.
struct Cuts {
    /// The certain items of each window, by place in the order of their beginnings, and when the last of them was over.
    windows: Vec<(Vec<u32>, u64)>,
    /// The open items, by when they began.
    open: Vec<u32>,
}

impl Cuts {
    /// O(items × log items). None where it is short, or where the order of a session is not that of its times.
    fn of<O>(items: &[Item<O>]) -> Cuts {
        if items.len() < 2 * ITEMS_MIN {
            return Cuts { windows: Vec::new(), open: Vec::new() };
        }
        let (mut open, certain): (Vec<u32>, Vec<u32>) =
            (0..items.len() as u32).partition(|nth| items[*nth as usize].is_open());
        open.sort_by_key(|nth| items[*nth as usize].invoked);
        let mut windows = between_quiet_times(items, certain, ITEMS_MIN);
        if windows.len() > 1 && !is_in_order(items, &windows) {
            windows.clear();
        }
        Cuts { windows, open }
    }

    /// The items of these windows, with the open ones that may be there: those that are left, and those that began meanwhile.
    fn places<O>(&self, items: &[Item<O>], range: std::ops::Range<usize>, open: &[u32]) -> Vec<u32> {
        let before = range.start.checked_sub(1).map(|window| self.windows[window].1);
        let last = self.windows[range.end - 1].1;
        let until = |time: u64| self.open.partition_point(|nth| items[*nth as usize].invoked <= time);
        let begun = &self.open[before.map_or(0, until)..until(last)];
        let certain = self.windows[range].iter().flat_map(|(window, _)| window.iter().copied());
        let mut places: Vec<u32> = certain.chain(begun.iter().copied()).chain(open.iter().copied()).collect();
        places.sort_unstable();
        places
    }
}

/// These items, none of them open, from one quiet time to the next where there are at least so many: each window in the order
/// of beginnings, with when the last of it was over.
pub(in crate::models) fn between_quiet_times<O>(
    items: &[Item<O>],
    mut certain: Vec<u32>,
    items_min: usize,
) -> Vec<(Vec<u32>, u64)> {
    certain.sort_by_key(|nth| items[*nth as usize].invoked);
    let mut windows: Vec<(Vec<u32>, u64)> = Vec::new();
    for nth in certain {
        let item = &items[nth as usize];
        match windows.last_mut() {
            Some((window, over)) if window.len() < items_min || *over >= item.invoked => {
                window.push(nth);
                *over = item.returned.max(*over);
            }
            _ => windows.push((vec![nth], item.returned)),
        }
    }
    windows
}

/// Whether no item of a session is in an earlier window than one before it.
fn is_in_order<O>(items: &[Item<O>], windows: &[(Vec<u32>, u64)]) -> bool {
    let mut last = BTreeMap::new();
    items.iter().all(|item| {
        let window = windows.partition_point(|(_, over)| *over < item.invoked);
        last.insert(item.session, window).is_none_or(|before| before <= window)
    })
}

//! What the searches for an order have in common: operations that were read once, and objects that they are tried on.

mod dead_end;
mod real_time;
mod shrink;
mod visited;
mod walk;
mod windows;

use std::collections::BTreeMap;

use constellation_trace::{Limit, Transaction, TransactionId};

pub(super) use dead_end::dead_end;
pub(super) use real_time::RealTime;
pub(super) use shrink::{Shrunk, shrink};
use visited::{States, Visited};
pub(super) use walk::{Times, Walk};
pub(super) use windows::{Ends, between_quiet_times, ends_of, stuck_at};

use super::patience::Patience;
use super::specification::Specification;

/// No item, value or entry.
const NONE: u32 = u32::MAX;

/// An operation as a search handles it.
#[derive(Clone, Debug)]
pub(super) struct Item<O> {
    /// What it is called outside.
    pub(super) id: TransactionId,
    /// Whose it is. The items of a session stand in its order.
    pub(super) session: u32,
    /// When it began.
    pub(super) invoked: u64,
    /// When its client knew its end; [`Transaction::NEVER`] if it is open.
    pub(super) returned: u64,
    /// Whether it took effect.
    pub(super) fate: Fate,
    /// Which of several independent objects it is of, from 0.
    pub(super) part: u32,
    /// What it did.
    pub(super) operation: O,
}

/// A time, or after all of them: what ends at [`Transaction::NEVER`] is over before what never ends.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum When {
    /// Then.
    At(u64),
    /// At none.
    Never,
}

/// Whether an operation took effect.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fate {
    /// It did.
    Certain,
    /// It may, at any time after it began, but not after a later one of its session.
    Open,
}

impl<O> Item<O> {
    /// Whether it need not happen.
    pub(super) fn is_open(&self) -> bool {
        self.fate == Fate::Open
    }

    /// By when it was over for sure.
    pub(super) fn over(&self) -> When {
        if self.is_open() { When::Never } else { When::At(self.returned) }
    }

    /// The same as a number, which does not tell the last time of all from never.
    pub(super) fn deadline(&self) -> u64 {
        if self.is_open() { Transaction::NEVER } else { self.returned }
    }
}

/// How an item came to be taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum How {
    /// There may be others instead.
    Chosen,
    /// Nothing is lost by taking it, so no other need be tried.
    Free,
}

/// One object while orders are tried: its states by number, and who still waits to see which value.
struct Tried<'s, S: Specification> {
    specification: &'s S,
    states: States<S::State>,
    /// The value that each state shows, by number; [`NONE`] if nobody waits for it, or it may come back.
    shown: Vec<u32>,
    /// The values that certain operations see and that are made at most once, by number.
    values: BTreeMap<u64, u32>,
    /// The values that operations make, in order.
    made: Vec<u64>,
    /// How many certain operations are still to see each.
    waiting: Vec<u32>,
}

impl<'s, S: Specification> Tried<'s, S> {
    /// The object of these items, which begins in any of these states; the first is number 0.
    fn new<'i>(
        specification: &'s S,
        items: impl Iterator<Item = &'i Item<S::Operation>> + Clone,
        starts: &[S::State],
    ) -> Tried<'s, S>
    where
        S::Operation: 'i,
    {
        let mut shown: Vec<u64> = starts.iter().filter_map(|state| specification.shown(state)).collect();
        shown.sort_unstable();
        shown.dedup();
        let (values, made) =
            if shown.is_empty() { Default::default() } else { once(specification, &shown, items) };
        let mut tried = Tried {
            specification,
            states: States::new(),
            shown: Vec::new(),
            waiting: vec![0; values.len()],
            values,
            made,
        };
        for state in starts {
            tried.number(state.clone());
        }
        tried
    }

    fn number(&mut self, state: S::State) -> u32 {
        let number = self.states.number(state, |state| self.specification.bytes(state));
        if number as usize == self.shown.len() {
            let shown = self.specification.shown(self.states.get(number));
            self.shown.push(shown.and_then(|value| self.values.get(&value).copied()).unwrap_or(NONE));
        }
        number
    }

    /// The number of a state to begin in. If others make the value that it shows, that may come back.
    fn begin(&mut self, state: S::State) -> u32 {
        let value = self.specification.shown(&state).filter(|value| self.made.binary_search(value).is_ok());
        if let Some(gone) = value.and_then(|value| self.values.remove(&value)) {
            self.shown.iter_mut().filter(|shown| **shown == gone).for_each(|shown| *shown = NONE);
        }
        self.number(state)
    }

    /// The value that an item waits to see, which is from now on counted.
    fn expect(&mut self, item: &Item<S::Operation>) -> u32 {
        let sees = sees(self.specification, item);
        let value = sees.and_then(|value| self.values.get(&value).copied()).unwrap_or(NONE);
        if value != NONE {
            self.waiting[value as usize] += 1;
        }
        value
    }

    /// The state after an operation, which waits to see the value `sees`; `None` if it cannot happen here, or if nothing
    /// can come of it: it puts an end to a value that others are still to see.
    fn step(&mut self, state: u32, operation: &S::Operation, sees: u32) -> Option<u32> {
        let next = self.specification.step(self.states.get(state), operation)?;
        if next == *self.states.get(state) {
            return Some(state);
        }
        let next = self.number(next);
        let shown = self.shown[state as usize];
        if shown != NONE && shown != self.shown[next as usize] {
            let others = self.waiting[shown as usize] - u32::from(sees == shown);
            if others > 0 {
                return None;
            }
        }
        Some(next)
    }

    fn took(&mut self, sees: u32) {
        if sees != NONE {
            self.waiting[sees as usize] -= 1;
        }
    }

    fn gave_back(&mut self, sees: u32) {
        if sees != NONE {
            self.waiting[sees as usize] += 1;
        }
    }
}

/// The value that a certain operation sees, if it is a single one.
fn sees<S: Specification>(specification: &S, item: &Item<S::Operation>) -> Option<u64> {
    if item.is_open() { None } else { specification.sees(&item.operation) }
}

/// The values that certain operations see and that nobody makes twice, by number; being there at first is being made. And all
/// that operations make, in order.
fn once<'i, S: Specification>(
    specification: &S,
    initial: &[u64],
    items: impl Iterator<Item = &'i Item<S::Operation>> + Clone,
) -> (BTreeMap<u64, u32>, Vec<u64>)
where
    S::Operation: 'i,
{
    let mut own: Vec<u64> = Vec::with_capacity(items.clone().count());
    own.extend(items.clone().filter_map(|item| specification.makes(&item.operation)));
    own.sort_unstable();
    let mut seen: Vec<u64> = Vec::with_capacity(own.capacity());
    seen.extend(items.filter_map(|item| sees(specification, item)));
    seen.sort_unstable();
    seen.dedup();
    let is_twice = |value: u64| {
        let start = own.partition_point(|other| *other < value);
        let made = own[start..].iter().take(2).filter(|other| **other == value).count();
        made + usize::from(initial.binary_search(&value).is_ok()) > 1
    };
    seen.retain(|value| !is_twice(*value));
    (seen.into_iter().zip(0..).collect(), own)
}

/// How many bytes a search holds for each item besides the item itself: its places in the line and on the stack, at worst
/// while the stack grows.
const BYTES_EACH: usize = 150;

/// How many bytes a search holds of its items, for which there is room. They are not entered, since the search is gone
/// before the next begins; [`enter`] counts them in.
fn room<O>(items: &[Item<O>], patience: &mut Patience<'_>) -> Result<u64, Limit> {
    let size = size_of::<Item<O>>() + BYTES_EACH;
    patience.afford(items.len(), size)?;
    patience.release(items.len(), size);
    Ok((items.len() as u64).saturating_mul(size as u64))
}

/// Enters a configuration, and tells whether it is new; `besides` is what is held besides those that were met and what
/// is entered.
fn enter(visited: &mut Visited, row: &[u32], besides: u64, patience: &Patience<'_>) -> Result<bool, Limit> {
    let allowed = patience.budget().bytes_max;
    if visited.bytes_next().saturating_add(besides).saturating_add(patience.bytes()) > allowed {
        return Err(Limit::Explored {
            visited: patience.steps(),
            bound: format!("{allowed} bytes of memory"),
        });
    }
    Ok(visited.insert(row))
}

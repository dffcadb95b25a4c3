//! The numbers of a vector clock, and the two loops that everything else waits for.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::CEILING;
use crate::ordering::Entries;

/// Up to so many counters lie in the stamp itself: copying 64 bytes is cheaper than counting references.
pub(crate) const INLINE_MAX: usize = 8;

/// Up to so many are copied with the stamp: copying a kilobyte is no dearer than counting references to it, and then the
/// clock never has to ask whether a stamp of it is still alive.
pub(crate) const OWNED_MAX: usize = 128;

/// Entries per block in [`scan`]: enough to fill vector registers, few enough to stop early.
const BLOCK: usize = 64;

/// One counter for each member of a table, each at most [`CEILING`].
///
/// Small and middling ones are copied with each stamp. Large ones are shared until somebody writes: a stamp costs a
/// reference, and the copy is made only if the stamp is still alive when its clock moves on.
#[derive(Debug)]
pub(crate) enum Counters {
    /// For tables of at most [`INLINE_MAX`] members; the rest is zero and stays so.
    Inline([u64; INLINE_MAX]),
    /// For larger tables; exactly as long as the table.
    Large(Large),
}

/// Counters that do not lie in the stamp itself. Apart, so that small clocks do not pay for the question which it is.
#[derive(Clone, Debug)]
pub(crate) enum Large {
    /// At most [`OWNED_MAX`].
    Owned(Box<[u64]>),
    /// More.
    Shared(Arc<[u64]>),
}

impl Clone for Counters {
    #[inline]
    fn clone(&self) -> Counters {
        match self {
            Counters::Inline(cells) => Counters::Inline(*cells),
            Counters::Large(large) => Counters::Large(large.clone()),
        }
    }
}

impl Counters {
    /// The counters given, one a member.
    pub(crate) fn new(values: &[u64]) -> Counters {
        if values.len() > INLINE_MAX {
            return Counters::Large(Large::new(values));
        }
        let mut cells = [0; INLINE_MAX];
        for (cell, value) in cells.iter_mut().zip(values) {
            *cell = *value;
        }
        Counters::Inline(cells)
    }

    /// As many zeros as the table has members.
    pub(crate) fn zero(members: usize) -> Counters {
        if members > INLINE_MAX {
            return Counters::Large(Large::new(&alloc::vec![0; members]));
        }
        Counters::Inline([0; INLINE_MAX])
    }

    /// The counters, perhaps followed by zeros that belong to nobody.
    #[inline]
    pub(crate) fn as_slice(&self) -> &[u64] {
        match self {
            Counters::Inline(cells) => cells,
            Counters::Large(Large::Owned(cells)) => cells,
            Counters::Large(Large::Shared(cells)) => cells,
        }
    }

    /// As [`Self::as_slice`], to write to; copied first if somebody else holds them.
    #[inline]
    pub(crate) fn as_mut(&mut self) -> &mut [u64] {
        match self {
            Counters::Inline(cells) => cells,
            Counters::Large(large) => large.as_mut(),
        }
    }

    /// The counter of the member at `index`; 0 where there is none.
    #[inline]
    pub(crate) fn get(&self, index: u32) -> u64 {
        self.as_slice().get(index as usize).copied().unwrap_or(0)
    }

    /// One more for the member at `index`, up to [`CEILING`], and what it then is.
    #[inline]
    pub(crate) fn increment(&mut self, index: u32) -> u64 {
        increment(self.as_mut(), index)
    }

    /// [`Self::merge`], then [`Self::increment`].
    #[inline]
    pub(crate) fn merge_and_increment(&mut self, other: &Counters, index: u32) {
        if let (Counters::Inline(ours), Counters::Inline(theirs)) = (&mut *self, other) {
            raise_all(ours, theirs);
            increment(ours, index);
            return;
        }
        self.merge(other);
        self.increment(index);
    }

    /// Raises the member at `index` to at least `value`.
    pub(crate) fn raise(&mut self, index: u32, value: u64) {
        if self.get(index) < value
            && let Some(cell) = self.as_mut().get_mut(index as usize)
        {
            *cell = value;
        }
    }

    /// The larger of each pair. Both belong to one table.
    #[inline]
    pub(crate) fn merge(&mut self, other: &Counters) {
        match (&mut *self, other) {
            (Counters::Inline(ours), Counters::Inline(theirs)) => raise_all(ours, theirs),
            (Counters::Large(ours), Counters::Large(theirs)) => ours.merge(theirs),
            // Not reached for one table, but if it were, the answer would still be right.
            (_, theirs) => {
                let pairs = self.as_slice().iter().zip(theirs.as_slice());
                let values: Vec<u64> = pairs.map(|(a, b)| larger(*a, *b)).collect();
                *self = Counters::new(&values);
            }
        }
    }

    /// Which way the entries differ. Both belong to one table.
    #[inline]
    pub(crate) fn scan(&self, other: &Counters) -> Entries {
        match (self, other) {
            (Counters::Inline(ours), Counters::Inline(theirs)) => scan_block(ours, theirs).entries(),
            (Counters::Large(Large::Shared(ours)), Counters::Large(Large::Shared(theirs)))
                if Arc::ptr_eq(ours, theirs) =>
            {
                Entries::default()
            }
            _ => scan(self.as_slice(), other.as_slice()),
        }
    }
}

impl Large {
    fn new(values: &[u64]) -> Large {
        if values.len() > OWNED_MAX {
            Large::Shared(Arc::from(values))
        } else {
            Large::Owned(Box::from(values))
        }
    }

    fn as_mut(&mut self) -> &mut [u64] {
        match self {
            Large::Owned(cells) => cells,
            Large::Shared(cells) => Arc::make_mut(cells),
        }
    }

    fn merge(&mut self, other: &Large) {
        match (self, other) {
            (Large::Shared(ours), Large::Shared(theirs)) => {
                if Arc::ptr_eq(ours, theirs) {
                    return;
                }
                match Arc::get_mut(ours) {
                    Some(ours) => raise_all(ours, theirs),
                    // Somebody still holds our last stamp: one pass builds the copy and merges it.
                    None => *ours = ours.iter().zip(theirs.iter()).map(|(a, b)| larger(*a, *b)).collect(),
                }
            }
            (ours, Large::Owned(theirs)) => raise_all(ours.as_mut(), theirs),
            (ours, Large::Shared(theirs)) => raise_all(ours.as_mut(), theirs),
        }
    }
}

#[inline]
fn increment(cells: &mut [u64], index: u32) -> u64 {
    match cells.get_mut(index as usize) {
        Some(cell) => {
            // Saturating at the ceiling: the caller reports exhaustion, and the sign trick needs the top bit free.
            *cell = (*cell).saturating_add(1).min(CEILING);
            *cell
        }
        None => 0,
    }
}

/// The sign trick: counters are below 2^63, so `a - b` has its top bit set exactly if `a < b`. Two subtractions and two
/// ors a lane, no branch: the compiler turns it into SIMD on any target, where comparing `u64` has no SSE2 instruction.
#[derive(Clone, Copy, Default)]
struct Signs {
    behind: u64,
    ahead: u64,
}

impl Signs {
    #[inline]
    fn entries(self) -> Entries {
        Entries { behind: self.behind >> 63 == 1, ahead: self.ahead >> 63 == 1 }
    }
}

#[inline]
fn scan_block(ours: &[u64], theirs: &[u64]) -> Signs {
    let mut signs = Signs::default();
    for (a, b) in ours.iter().zip(theirs) {
        signs.behind |= a.wrapping_sub(*b); // Wrapping on purpose: its top bit is the answer.
        signs.ahead |= b.wrapping_sub(*a);
    }
    signs
}

fn scan(ours: &[u64], theirs: &[u64]) -> Entries {
    let mut signs = Signs::default();
    for (ours, theirs) in ours.chunks(BLOCK).zip(theirs.chunks(BLOCK)) {
        let block = scan_block(ours, theirs);
        signs.behind |= block.behind;
        signs.ahead |= block.ahead;
        if (signs.behind & signs.ahead) >> 63 == 1 {
            break; // Concurrent: nothing further on can change that.
        }
    }
    signs.entries()
}

/// `max` without a comparison, for the same reason. Negating the sign bit gives the mask in one instruction less than
/// subtracting one from it would: 0.6 of the time under SSE2, which has no arithmetic shift of 64 bits.
#[inline]
fn larger(a: u64, b: u64) -> u64 {
    let difference = a.wrapping_sub(b);
    let is_behind = (difference >> 63).wrapping_neg(); // All ones if a < b, all zeros otherwise.
    a.wrapping_sub(difference & is_behind)
}

#[inline]
fn raise_all(ours: &mut [u64], theirs: &[u64]) {
    for (a, b) in ours.iter_mut().zip(theirs) {
        *a = larger(*a, *b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROBES: [u64; 6] = [0, 1, 2, CEILING - 1, CEILING, 1 << 62];

    #[test]
    fn branch_free_maximum_equals_the_plain_one_up_to_the_ceiling() {
        for (a, b) in PROBES.iter().flat_map(|a| PROBES.iter().map(move |b| (*a, *b))) {
            assert_eq!(larger(a, b), a.max(b), "{a} {b}");
        }
    }

    #[test]
    fn branch_free_scan_equals_the_plain_one_wherever_the_difference_lies() {
        for members in [1, 7, 8, 9, 63, 64, 65, 128, 129, 200] {
            for (place, a, b) in (0..members).flat_map(|place| {
                PROBES.iter().flat_map(move |a| PROBES.iter().map(move |b| (place, *a, *b)))
            }) {
                let (mut ours, mut theirs) = (alloc::vec![3; members], alloc::vec![3; members]);
                (ours[place], theirs[place]) = (a, b);
                let found = Counters::new(&ours).scan(&Counters::new(&theirs));
                assert_eq!((found.behind, found.ahead), (a < b, a > b), "{members} {place} {a} {b}");
            }
        }
    }
}

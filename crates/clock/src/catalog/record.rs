//! What is known of one key: the values not superseded, and every write heard of.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::Reconciled;
use crate::bytes::{Fault, Limits};
use crate::clock::ExactStamp;
use crate::dotted::Dot;
use crate::ordering::Ordering;
use crate::vector::VectorStamp;

/// Invariant: `seen` covers every sibling's dot; a dot that it covers and that is no sibling's was superseded.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Record<V> {
    pub(super) siblings: BTreeMap<Dot, V>,
    pub(super) seen: VectorStamp,
}

impl<V> Default for Record<V> {
    fn default() -> Record<V> {
        Record { siblings: BTreeMap::new(), seen: VectorStamp::default() }
    }
}

impl<V: Clone + Eq> Record<V> {
    /// The write for which the two have different values.
    pub(super) fn contradiction<'a>(&self, theirs: &'a Record<V>) -> Option<&'a Dot> {
        let differs = |(dot, value): &(&Dot, &V)| self.siblings.get(dot).is_some_and(|held| held != *value);
        theirs.siblings.iter().find(differs).map(|(dot, _)| dot)
    }

    /// The names of the siblings that `seen` does not cover.
    pub(super) fn unseen_by(&self, seen: &VectorStamp) -> impl Iterator<Item = &Dot> {
        self.siblings.keys().filter(|dot| !covers(seen, dot))
    }

    /// What a decoder would say against both records together.
    pub(super) fn fault_with(&self, theirs: &Record<V>, key: &str, limits: &Limits) -> Option<Fault> {
        let mut seen = self.seen.clone();
        seen.merge(&theirs.seen);
        let kept = self.siblings.keys().filter(|dot| theirs.siblings.contains_key(dot));
        let siblings =
            kept.count() + self.unseen_by(&theirs.seen).count() + theirs.unseen_by(&self.seen).count();
        fault(key, &seen, siblings, limits)
    }

    /// Learns what `theirs` knows.
    pub(super) fn absorb(&mut self, theirs: &Record<V>) -> Reconciled<V> {
        match theirs.seen.compare(&self.seen) {
            Ordering::Equal => return Reconciled::Duplicate,
            // They know of no write that we do not: whatever they hold we hold, or know to be superseded.
            Ordering::Before => return Reconciled::Stale,
            Ordering::After | Ordering::Concurrent => {}
        }
        let is_superseded = |dot: &Dot| covers(&theirs.seen, dot) && !theirs.siblings.contains_key(dot);
        let (lost, held): (Vec<_>, Vec<_>) =
            core::mem::take(&mut self.siblings).into_iter().partition(|(dot, _)| is_superseded(dot));
        let is_new = |dot: &Dot| !covers(&self.seen, dot);
        let arrived: Vec<_> = theirs.siblings.iter().filter(|(dot, _)| is_new(dot)).collect();

        let values = |siblings: &[(Dot, V)]| siblings.iter().map(|sibling| sibling.1.clone()).collect();
        let reconciled = match (held.len(), arrived.len()) {
            (_, 0) => Reconciled::Stale,
            (0, 1) => Reconciled::Adopted { superseded: values(&lost) },
            _ => Reconciled::Concurrent {
                held: values(&held),
                arrived: arrived.iter().map(|sibling| sibling.1.clone()).collect(),
            },
        };
        let arrived = arrived.into_iter().map(|(dot, value)| (dot.clone(), value.clone()));
        self.siblings = held.into_iter().chain(arrived).collect();
        self.seen.merge(&theirs.seen);
        reconciled
    }
}

/// Whether the write named `dot` is among those of `seen`.
pub(super) fn covers(seen: &VectorStamp, dot: &Dot) -> bool {
    dot.counter <= seen.get(dot.node.as_str())
}

/// What a decoder would say against a record of so many siblings that has seen these writes.
pub(super) fn fault(key: &str, seen: &VectorStamp, siblings: usize, limits: &Limits) -> Option<Fault> {
    let Limits { entries_max, name_bytes_max } = *limits;
    let texts = core::iter::once(key).chain(seen.entries().map(|(identity, _)| identity.as_str()));
    let longest = texts.map(str::len).max().unwrap_or(0) as u64;
    if longest > u64::from(name_bytes_max) {
        return Some(Fault::NameTooLong { bytes: longest, name_bytes_max });
    }
    let count = seen.entries().count().max(siblings) as u64;
    (count > u64::from(entries_max)).then_some(Fault::TooManyEntries { count, entries_max })
}

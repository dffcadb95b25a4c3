//! What is to happen, in order: the one place where ties are broken.

use std::cmp::{self, Reverse};
use std::collections::BinaryHeap;

use constellation_trace::{NodeId, TrueTime};

/// What is to happen and has not yet, ordered by [`Key`]. Adding and taking cost O(log n).
#[derive(Debug)]
pub(crate) struct Agenda<T> {
    heap: BinaryHeap<Reverse<Item<T>>>,
    next_sequence: u64,
}

/// When and where something happens, and the rule for ties: **time, then place, then sequence**.
///
/// At one time the world acts first, then the nodes in the order of their ids; what happens at one place at one
/// time happens in the order in which it was put on the agenda. So the order in which things for *different*
/// places are added changes nothing.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Key {
    // The order of these fields is the rule.
    pub(crate) at: TrueTime,
    pub(crate) place: Place,
    pub(crate) sequence: u64,
}

/// Where something happens. The order of the variants is part of the rule.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Place {
    World,
    Node(NodeId),
}

impl<T> Agenda<T> {
    pub(crate) const fn new() -> Agenda<T> {
        Agenda { heap: BinaryHeap::new(), next_sequence: 0 }
    }

    /// Adds what is to happen and returns its sequence, which no other item of this agenda has.
    pub(crate) fn add(&mut self, at: TrueTime, place: Place, what: T) -> u64 {
        let sequence = self.next_sequence;
        // Cannot wrap: at a billion a second, 2^64 take 584 years.
        self.next_sequence += 1;
        self.heap.push(Reverse(Item { key: Key { at, place, sequence }, what }));
        sequence
    }

    /// Takes what happens next, unless that is after `until`.
    pub(crate) fn take(&mut self, until: TrueTime) -> Option<(Key, T)> {
        if self.heap.peek()?.0.key.at > until {
            return None;
        }
        self.heap.pop().map(|Reverse(item)| (item.key, item.what))
    }

    /// What is left, in no particular order.
    pub(crate) fn left(&self) -> impl Iterator<Item = (Key, &T)> {
        self.heap.iter().map(|Reverse(item)| (item.key, &item.what))
    }
}

/// Ordered by its key alone; no two keys of an agenda are equal.
#[derive(Debug)]
struct Item<T> {
    key: Key,
    what: T,
}

impl<T> Ord for Item<T> {
    fn cmp(&self, other: &Item<T>) -> cmp::Ordering {
        self.key.cmp(&other.key)
    }
}

impl<T> PartialOrd for Item<T> {
    fn partial_cmp(&self, other: &Item<T>) -> Option<cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Item<T> {
    fn eq(&self, other: &Item<T>) -> bool {
        self.key == other.key
    }
}

impl<T> Eq for Item<T> {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const END: TrueTime = TrueTime::from_ns(u64::MAX);

    fn place(number: u32) -> Place {
        number.checked_sub(1).map_or(Place::World, |node| Place::Node(NodeId::new(node)))
    }

    fn drain(items: &[(u64, u32, u32)]) -> Vec<(u64, u32, u32)> {
        let mut agenda = Agenda::new();
        for &item in items {
            agenda.add(TrueTime::from_ns(item.0), place(item.1), item);
        }
        std::iter::from_fn(|| agenda.take(END)).map(|(_, item)| item).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_agenda_is_a_stable_sort_by_time_and_place(
            items in prop::collection::vec((0..4_u64, 0..4_u32, any::<u32>()), 0..40),
        ) {
            let mut twin = items.clone();
            twin.sort_by_key(|item| (item.0, item.1));
            prop_assert_eq!(drain(&items), twin);
        }

        #[test]
        fn the_order_of_adding_for_different_places_changes_nothing(
            (items, shuffled) in Just((0..4_u32).flat_map(|place| (0..3).map(move |time| (time, place, 0))).collect::<Vec<_>>())
                .prop_flat_map(|items| (Just(items.clone()), Just(items).prop_shuffle())),
        ) {
            prop_assert_eq!(drain(&items), drain(&shuffled));
        }
    }

    #[test]
    fn nothing_is_taken_before_its_time() {
        let mut agenda = Agenda::new();
        agenda.add(TrueTime::from_ns(5), Place::World, "late");
        assert_eq!(agenda.take(TrueTime::from_ns(4)).map(|taken| taken.1), None);
        assert_eq!(agenda.left().count(), 1);
        assert_eq!(agenda.take(TrueTime::from_ns(5)).map(|taken| taken.1), Some("late"));
    }
}

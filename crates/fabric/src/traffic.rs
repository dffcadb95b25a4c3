//! What has passed over each directed link: a table that is only ever asked about one link.

use std::num::NonZeroU32;

use constellation_trace::{NodeId, TrueTime};

use crate::cuts::Finding;

/// What is known of the links over which something was sent. Finding one costs O(1).
///
/// A hash table with linear probing (Knuth, volume 3, section 6.4, algorithm L). Nothing ever walks through it, so
/// that the order of its slots, which is the same on every machine anyway, reaches nobody. A sorted map, which stood
/// here before, took a quarter of the time of a run.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    /// None, or a power of two of them, at least half of which are empty.
    slots: Vec<Option<Way>>,
    count: usize,
}

/// What has passed over one directed link.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    ends: u64,
    /// How many messages were sent over it.
    pub(crate) sent: u64,
    /// When the latest of them arrives.
    pub(crate) last_arrival: TrueTime,
    /// Which kind of link it is; not 0, which leaves room for the emptiness of a slot.
    pub(crate) kind: NonZeroU32,
    /// Its lane, once something was sent while it had limits.
    pub(crate) lane: Option<NonZeroU32>,
    /// Whether a cut lies on it.
    pub(crate) cut: Finding,
}

impl Traffic {
    pub(crate) const fn new() -> Traffic {
        Traffic { slots: Vec::new(), count: 0 }
    }

    /// The way from `source` to `target`; when nothing was sent over it yet, it is of the kind that `kind` tells.
    #[inline(always)]
    pub(crate) fn way(
        &mut self,
        source: NodeId,
        target: NodeId,
        kind: impl FnOnce() -> NonZeroU32,
    ) -> &mut Way {
        let ends = ends(source, target);
        let mut place = self.first_place(ends);
        // Most ways are where they are looked for first.
        if !matches!(self.slots.get(place), Some(Some(way)) if way.ends == ends) {
            place = self.way_elsewhere(ends, kind);
        }
        self.slots[place].as_mut().expect("it was there, or entered just now")
    }

    /// The slot of a way that is not where it was looked for first; it is entered if there was none.
    #[inline(never)]
    fn way_elsewhere(&mut self, ends: u64, kind: impl FnOnce() -> NonZeroU32) -> usize {
        match self.find(ends) {
            Some(place) if self.slots[place].is_some() => place,
            _ => self.begin(ends, kind()),
        }
    }

    #[cold]
    fn begin(&mut self, ends: u64, kind: NonZeroU32) -> usize {
        if (self.count + 1) * 2 > self.slots.len() {
            self.grow();
        }
        self.insert(Way {
            ends,
            sent: 0,
            last_arrival: TrueTime::default(),
            kind,
            lane: None,
            cut: Finding::default(),
        })
    }

    /// Makes a way that is known already another kind of link.
    pub(crate) fn set_kind(&mut self, source: NodeId, target: NodeId, kind: NonZeroU32) {
        if let Some(Some(way)) = self.find(ends(source, target)).map(|place| &mut self.slots[place]) {
            way.kind = kind;
        }
    }

    /// The slot where a way is looked for first; whatever, in a table without slots.
    #[inline]
    fn first_place(&self, ends: u64) -> usize {
        // Fibonacci hashing: the upper half of the product depends on every bit of both ends.
        (ends.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize & self.slots.len().wrapping_sub(1)
    }

    /// The slot of this way, or the empty one where it belongs; `None` in a table without slots.
    #[inline]
    fn find(&self, ends: u64) -> Option<usize> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut place = self.first_place(ends);
        while self.slots[place].as_ref().is_some_and(|way| way.ends != ends) {
            place = (place + 1) & mask;
        }
        Some(place)
    }

    fn grow(&mut self) {
        const SLOTS_MIN: usize = 16;
        let doubled = vec![None; (self.slots.len() * 2).max(SLOTS_MIN)];
        let old = std::mem::replace(&mut self.slots, doubled);
        self.count = 0;
        for way in old.into_iter().flatten() {
            self.insert(way);
        }
    }

    fn insert(&mut self, way: Way) -> usize {
        let place = self.find(way.ends).expect("the caller made room");
        self.slots[place] = Some(way);
        self.count += 1;
        place
    }
}

impl Clone for Traffic {
    fn clone(&self) -> Traffic {
        Traffic { slots: self.slots.clone(), count: self.count }
    }

    /// Keeps the slots that it has, if they are enough: a run that begins like another needs no new ones.
    fn clone_from(&mut self, source: &Traffic) {
        if self.slots.len() < source.slots.len() {
            *self = source.clone();
            return;
        }
        self.slots.fill(None);
        self.count = 0;
        for way in source.slots.iter().flatten() {
            self.insert(*way);
        }
    }
}

const fn ends(source: NodeId, target: NodeId) -> u64 {
    (source.number() as u64) << 32 | target.number() as u64
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// Counts one message for each pair of ends and tells how many there were before.
    fn pass(traffic: &mut Traffic, (source, target): (u32, u32)) -> u64 {
        let way = traffic.way(NodeId::new(source), NodeId::new(target), || NonZeroU32::MIN);
        way.sent += 1;
        way.sent - 1
    }

    /// Ends that share bits, so that they meet in the table, and any others.
    fn ends() -> impl Strategy<Value = (u32, u32)> {
        prop_oneof![(0..5_u32, 0..5_u32), (any::<u32>(), 0..3_u32), (0..60_u32).prop_map(|n| (n << 26, n))]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_table_counts_as_a_sorted_map_does(
            before in prop::collection::vec(ends(), 0..80),
            after in prop::collection::vec(ends(), 0..200),
        ) {
            let (mut traffic, mut start) = (Traffic::new(), Traffic::new());
            before.iter().for_each(|ends| { pass(&mut traffic, *ends); });
            after.iter().take(9).for_each(|ends| { pass(&mut start, *ends); });
            // Whatever was there, it is as the one that it is made from.
            traffic.clone_from(&start);
            let mut twin: BTreeMap<(u32, u32), u64> = BTreeMap::new();
            after.iter().take(9).for_each(|ends| *twin.entry(*ends).or_default() += 1);
            for ends in after {
                let sent = twin.entry(ends).or_default();
                prop_assert_eq!(pass(&mut traffic, ends), *sent);
                *sent += 1;
            }
            prop_assert_eq!(traffic.count, twin.len());
        }
    }
}

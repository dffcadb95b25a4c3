//! What is to happen, in order: the one place where ties are broken.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint;

use constellation_trace::{NodeId, TrueTime};

use crate::wheel::{NONE, Wheel};

/// What is to happen and has not yet, ordered by [`Key`]. Adding, taking and cancelling cost O(1) as long as few
/// things fall into one tick, and O(log k) where k do.
///
/// A hierarchy of timing wheels (Varghese and Lauck 1987, scheme 7), each turn of which is one slot of the next
/// above; together they reach to the end of time. Slots only sort roughly: times keep their nanoseconds, and what
/// falls into one slot of the lowest wheel is put in order when its turn comes. That order is [`Key`]'s, so the
/// wheels have no say in what happens first. A binary heap costs O(log n) for n things ahead, most of it in waiting
/// for memory; measured in `benches/world.rs`.
#[derive(Debug)]
pub(crate) struct Agenda<T> {
    items: Vec<Item<T>>,
    /// The first of the items that hold nothing, which are linked by [`Item::next`].
    free: u32,
    /// Up to which tick the items have left the wheels; whatever is not later is in `sorted` or in `late`.
    tick: u64,
    lowest: Wheel,
    /// The wheels above the lowest, as far as any was needed.
    upper: Vec<Wheel>,
    /// How many items are in those.
    above: usize,
    /// No slot of those begins before this tick.
    above_tick: u64,
    /// What was in the slot of `tick` when its turn came, the first to happen last. Where those are few, they stay in the
    /// slot, and the first is looked for each time.
    sorted: Vec<(Key, u32)>,
    /// What was added for `tick`, or a time before it, since.
    late: BinaryHeap<Reverse<(Key, u32)>>,
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

/// Where something happens: the world first, then the nodes in the order of their ids, which is part of the rule.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Place(u32);

impl Place {
    pub(crate) const WORLD: Place = Place(0);

    pub(crate) const fn node(node: NodeId) -> Place {
        // Cannot wrap: a trace numbers nodes with 32 bits, so the last has a number below that.
        Place(node.number() + 1)
    }

    /// The node, unless it is the world.
    pub(crate) fn as_node(self) -> Option<NodeId> {
        self.0.checked_sub(1).map(NodeId::new)
    }
}

/// What was added, for whoever may want to cancel it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Ticket {
    index: u32,
    /// No other item of this agenda has it, so a ticket never means a later tenant of its place.
    sequence: u64,
}

/// The parts of the key stand apart, so that with a small message it is 64 bytes, a line of most caches.
#[derive(Debug)]
struct Item<T> {
    at: TrueTime,
    sequence: u64,
    place: Place,
    /// `None` when it was cancelled, or when nobody has the place.
    what: Option<T>,
    next: u32,
    previous: u32,
    home: Home,
}

impl<T> Item<T> {
    const fn key(&self) -> Key {
        Key { at: self.at, place: self.place, sequence: self.sequence }
    }
}

/// In which list an item is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Home {
    /// In that of a slot of a wheel, so that it can be taken out of the middle.
    Slot { level: u8, slot: u16 },
    /// In `sorted` or `late`, which a cancelled item leaves in its turn.
    Due,
}

/// A tick of the lowest wheel is 2^12 ns: shorter ones would leave most slots empty, longer ones leave more to sort.
const TICK_BITS: u32 = 12;

impl<T> Agenda<T> {
    pub(crate) fn new() -> Agenda<T> {
        Agenda {
            items: Vec::new(),
            free: NONE,
            tick: 0,
            lowest: Wheel::new(),
            upper: Vec::new(),
            above: 0,
            above_tick: u64::MAX,
            sorted: Vec::new(),
            late: BinaryHeap::new(),
            next_sequence: 0,
        }
    }

    /// As new, but for the memory, which is kept.
    pub(crate) fn clear(&mut self) {
        self.items.clear();
        self.free = NONE;
        self.tick = 0;
        self.lowest.clear();
        self.upper.iter_mut().for_each(Wheel::clear);
        self.above = 0;
        self.above_tick = u64::MAX;
        self.sorted.clear();
        self.late.clear();
        self.next_sequence = 0;
    }

    /// Adds what is to happen.
    #[inline(always)]
    pub(crate) fn add(&mut self, at: TrueTime, place: Place, what: T) -> Ticket {
        let sequence = self.next_sequence;
        // Cannot wrap: at a billion a second, 2^64 take 584 years.
        self.next_sequence += 1;
        if self.free == NONE {
            self.add_place();
        }
        let index = self.free;
        self.free = self.items[index as usize].next;
        let (home, next) = self.house(index, Key { at, place, sequence });
        self.items[index as usize] =
            Item { at, sequence, place, what: Some(what), next, previous: NONE, home };
        Ticket { index, sequence }
    }

    /// Makes room for one more item, which is then the first of the free ones.
    #[cold]
    fn add_place(&mut self) {
        let index = u32::try_from(self.items.len()).ok().filter(|index| *index != NONE);
        self.free = index.expect("memory ends before 2^32 items do");
        let (at, place, sequence) = (TrueTime::default(), Place::WORLD, 0);
        self.items.push(Item {
            at,
            sequence,
            place,
            what: None,
            next: NONE,
            previous: NONE,
            home: Home::Due,
        });
    }

    /// Enters an item, whose place is taken but not yet written, at the head of the list to which it belongs as long as
    /// nothing happened after `tick`; returns which that is, and the item that it comes before.
    #[inline(always)]
    fn house(&mut self, index: u32, key: Key) -> (Home, u32) {
        let tick = key.at.ns() >> TICK_BITS;
        if tick <= self.tick {
            self.late.push(Reverse((key, index)));
            return (Home::Due, NONE);
        }
        let (level, slot, next) = if tick - self.tick < Wheel::SLOTS {
            let slot = Wheel::slot(tick, 0);
            (0, slot, self.lowest.replace_first(slot, index))
        } else {
            self.house_above(index, tick)
        };
        // Whether anything else is in the slot is as good as chance, so there is no branch: where nothing is, the write
        // goes to the item itself, which its writer then does over.
        let after = hint::select_unpredictable(next == NONE, index, next);
        self.items[after as usize].previous = index;
        (Home::Slot { level, slot }, next)
    }

    /// The same for what the lowest wheel does not reach.
    fn house_above(&mut self, index: u32, tick: u64) -> (u8, u16, u32) {
        // The first wheel that reaches so far; the highest reaches everywhere.
        let mut level = 1;
        while Wheel::unit(tick, level) - Wheel::unit(self.tick, level) >= Wheel::SLOTS {
            level += 1;
        }
        while self.upper.len() < usize::from(level) {
            self.upper.push(Wheel::new());
        }
        self.above += 1;
        self.above_tick = self.above_tick.min(Wheel::start(Wheel::unit(tick, level), level));
        let slot = Wheel::slot(tick, level);
        (level, slot, self.upper[usize::from(level) - 1].replace_first(slot, index))
    }

    /// Takes what happens next, unless that is after `until`.
    #[inline(always)]
    pub(crate) fn take(&mut self, until: TrueTime) -> Option<(Key, T)> {
        loop {
            while self.sorted.is_empty() && self.late.is_empty() {
                let (tick, is_lowest) = self.next_tick()?;
                if tick > until.ns() >> TICK_BITS {
                    return None;
                }
                self.tick = tick;
                if is_lowest && let Some(index) = self.take_of_few() {
                    let item = &mut self.items[index as usize];
                    if item.at > until {
                        item.home = Home::Due;
                        self.sorted.push((item.key(), index));
                        return None;
                    }
                    let (key, what) = (item.key(), item.what.take());
                    // As `release` does, but the item is at hand.
                    item.next = self.free;
                    self.free = index;
                    // What was cancelled in a slot has left it, so there is something.
                    return what.map(|what| (key, what));
                }
                self.empty_slots();
            }
            if self.lowest.first(Wheel::slot(self.tick, 0)) != NONE {
                // What was added for this tick meanwhile may come before what is left in its slot.
                self.empty_slots();
            }
            let (key, index) = self.take_due(until)?;
            let what = self.items[index as usize].what.take();
            self.release(index);
            if let Some(what) = what {
                return Some((key, what));
            }
        }
    }

    /// Takes the first of `sorted` and `late`, unless that is after `until`.
    fn take_due(&mut self, until: TrueTime) -> Option<(Key, u32)> {
        let sorted = self.sorted.last();
        let late = self.late.peek().map(|Reverse(late)| late);
        let is_sorted_first = match (sorted, late) {
            (Some(sorted), Some(late)) => sorted < late,
            (sorted, _) => sorted.is_some(),
        };
        let first = if is_sorted_first { sorted } else { late };
        if first?.0.at > until {
            None
        } else if is_sorted_first {
            self.sorted.pop()
        } else {
            self.late.pop().map(|Reverse(late)| late)
        }
    }

    /// Takes off the agenda what was added for this ticket, if it is still there.
    pub(crate) fn cancel(&mut self, ticket: Ticket) {
        let Some(item) = self.items.get_mut(ticket.index as usize) else { return };
        if item.sequence != ticket.sequence || item.what.is_none() {
            return;
        }
        item.what = None;
        let Home::Slot { level, slot } = item.home else { return };
        self.above -= usize::from(level > 0);
        self.unlink(ticket.index, level, slot);
        self.release(ticket.index);
    }

    /// Takes an item out of the list of its slot.
    fn unlink(&mut self, index: u32, level: u8, slot: u16) {
        let Item { previous, next, .. } = self.items[index as usize];
        if next != NONE {
            self.items[next as usize].previous = previous;
        }
        if previous != NONE {
            self.items[previous as usize].next = next;
        } else if let Some(wheel) = self.wheel(level) {
            wheel.take_first(slot);
            if next != NONE {
                wheel.replace_first(slot, next);
            }
        }
    }

    /// When and where what was added for this ticket happens, if it is still there.
    pub(crate) fn key(&self, ticket: Ticket) -> Option<Key> {
        let item = self.items.get(ticket.index as usize)?;
        (item.sequence == ticket.sequence && item.what.is_some()).then(|| item.key())
    }

    /// The wheel of a level, if any was needed that high.
    fn wheel(&mut self, level: u8) -> Option<&mut Wheel> {
        match level.checked_sub(1) {
            None => Some(&mut self.lowest),
            Some(above) => self.upper.get_mut(usize::from(above)),
        }
    }

    /// What is left, in no particular order.
    pub(crate) fn left(&self) -> impl Iterator<Item = (Key, &T)> {
        self.items.iter().filter_map(|item| item.what.as_ref().map(|what| (item.key(), what)))
    }

    /// Makes the place of an item free for another.
    fn release(&mut self, index: u32) {
        self.items[index as usize].next = self.free;
        self.free = index;
    }

    /// The first tick from `tick` on at which a slot begins that holds anything, and whether that is one of the lowest
    /// wheel alone.
    #[inline(always)]
    fn next_tick(&mut self) -> Option<(u64, bool)> {
        match self.lowest.next(self.tick) {
            Some(tick) if tick < self.above_tick => Some((tick, true)),
            lowest => self.next_tick_above(lowest),
        }
    }

    /// The same where a slot of a higher wheel may begin no later than `lowest`, the first of the lowest.
    #[inline(never)]
    fn next_tick_above(&mut self, lowest: Option<u64>) -> Option<(u64, bool)> {
        let above = (1..).zip(&self.upper).filter_map(|(level, wheel)| {
            wheel.next(Wheel::unit(self.tick, level)).map(|unit| Wheel::start(unit, level))
        });
        let above = above.min();
        // Greater than any tick, since a tick is more than a nanosecond.
        self.above_tick = above.unwrap_or(u64::MAX);
        let is_lowest = lowest.is_some_and(|lowest| lowest < self.above_tick);
        if is_lowest { lowest } else { above }.map(|tick| (tick, is_lowest))
    }

    /// Takes the first of what is in the slot of `tick` of the lowest wheel, if that is one item, as most often, or a few.
    #[inline(always)]
    fn take_of_few(&mut self) -> Option<u32> {
        let slot = Wheel::slot(self.tick, 0);
        let index = self.lowest.first(slot);
        if self.items[index as usize].next != NONE {
            return self.take_least(slot, index);
        }
        self.lowest.take_first(slot);
        Some(index)
    }

    /// The same for a slot that begins with this item; `None` if there are more than a few.
    #[inline(never)]
    fn take_least(&mut self, slot: u16, first: u32) -> Option<u32> {
        /// So many are looked through for the first of them sooner than sorted.
        const FEW: u32 = 4;
        let (mut least, mut key) = (first, self.items[first as usize].key());
        let mut index = self.items[first as usize].next;
        for _ in 1..FEW {
            let item = &self.items[index as usize];
            if item.key() < key {
                (least, key) = (index, item.key());
            }
            index = item.next;
            if index == NONE {
                self.unlink(least, 0, slot);
                return Some(least);
            }
        }
        None
    }

    /// Takes out of the wheels what is in the slots that begin at `tick`.
    fn empty_slots(&mut self) {
        // From the top, since what leaves a higher wheel may belong before what is in a lower one. A slot of a higher
        // wheel is filled here only if it begins at this very tick: else its turn would have come before.
        if self.above > 0 {
            for level in (1..Wheel::LEVELS).rev() {
                self.empty_slot(level, Wheel::slot(self.tick, level));
            }
        }
        self.empty_slot(0, Wheel::slot(self.tick, 0));
        match &mut self.sorted[..] {
            [] | [_] => {}
            [one, two] => {
                if one < two {
                    std::mem::swap(one, two);
                }
            }
            many => many.sort_unstable_by_key(|(key, _)| Reverse(*key)),
        }
    }

    fn empty_slot(&mut self, level: u8, slot: u16) {
        let Some(wheel) = self.wheel(level) else { return };
        let mut index = wheel.take_first(slot);
        while index != NONE {
            let (key, following) = {
                let item = &self.items[index as usize];
                (item.key(), item.next)
            };
            let (home, next) = if level == 0 {
                self.sorted.push((key, index));
                (Home::Due, NONE)
            } else {
                self.above -= 1;
                self.house(index, key)
            };
            let item = &mut self.items[index as usize];
            (item.home, item.next, item.previous) = (home, next, NONE);
            index = following;
        }
    }
}

#[cfg(test)]
mod tests;

//! What is to happen, in order: the one place where ties are broken.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

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
    /// What was in the slot of `tick` when its turn came, the first to happen last.
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
        let key = Key { at, place, sequence };
        let index = self.free;
        if index != NONE {
            self.free = self.items[index as usize].next;
            let (home, next) = self.house(index, key);
            self.items[index as usize] =
                Item { at, sequence, place, what: Some(what), next, previous: NONE, home };
            return Ticket { index, sequence };
        }
        let index = u32::try_from(self.items.len()).ok().filter(|index| *index != NONE);
        let index = index.expect("memory ends before 2^32 items do");
        let (home, next) = self.house(index, key);
        self.items.push(Item { at, sequence, place, what: Some(what), next, previous: NONE, home });
        Ticket { index, sequence }
    }

    /// Enters an item at the head of the list to which it belongs as long as nothing happened after `tick`; returns
    /// which that is, and the item that it comes before.
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
        if next != NONE {
            self.items[next as usize].previous = index;
        }
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
        let slot = Wheel::slot(tick, level);
        (level, slot, self.upper[usize::from(level) - 1].replace_first(slot, index))
    }

    /// Takes what happens next, unless that is after `until`.
    #[inline(always)]
    pub(crate) fn take(&mut self, until: TrueTime) -> Option<(Key, T)> {
        loop {
            while self.sorted.is_empty() && self.late.is_empty() {
                let tick = self.next_tick()?;
                if tick > until.ns() >> TICK_BITS {
                    return None;
                }
                self.tick = tick;
                if let Some(index) = self.take_only() {
                    let item = &mut self.items[index as usize];
                    if item.at > until {
                        item.home = Home::Due;
                        self.sorted.push((item.key(), index));
                        return None;
                    }
                    let (key, what) = (item.key(), item.what.take());
                    self.release(index);
                    // What was cancelled in a slot has left it, so there is something.
                    return what.map(|what| (key, what));
                }
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
        let (home, previous, next) = (item.home, item.previous, item.next);
        let Home::Slot { level, slot } = home else { return };
        self.above -= usize::from(level > 0);
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
        self.release(ticket.index);
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

    /// The first tick after `tick` at which a slot begins that holds anything.
    #[inline(always)]
    fn next_tick(&self) -> Option<u64> {
        let lowest = self.lowest.next(self.tick);
        if self.above == 0 {
            return lowest;
        }
        let above = (1..).zip(&self.upper).filter_map(|(level, wheel)| {
            wheel.next(Wheel::unit(self.tick, level)).map(|unit| Wheel::start(unit, level))
        });
        above.chain(lowest).min()
    }

    /// Takes out of the wheels what begins at `tick` if that is a single item of the lowest, the most common case.
    #[inline]
    fn take_only(&mut self) -> Option<u32> {
        let slot = Wheel::slot(self.tick, 0);
        let index = self.lowest.first(slot);
        if self.above > 0 || self.items[index as usize].next != NONE {
            return None;
        }
        self.lowest.take_first(slot);
        Some(index)
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

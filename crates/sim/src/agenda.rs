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
    /// From the lowest on, as far as any was needed.
    wheels: Vec<Wheel>,
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

/// Where something happens. The order of the variants is part of the rule.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Place {
    World,
    Node(NodeId),
}

/// What was added, for whoever may want to cancel it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Ticket {
    index: u32,
    /// No other item of this agenda has it, so a ticket never means a later tenant of its place.
    sequence: u64,
}

#[derive(Debug)]
struct Item<T> {
    key: Key,
    /// `None` when it was cancelled, or when nobody has the place.
    what: Option<T>,
    next: u32,
    previous: u32,
    home: Home,
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
    pub(crate) const fn new() -> Agenda<T> {
        Agenda {
            items: Vec::new(),
            free: NONE,
            tick: 0,
            wheels: Vec::new(),
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
        self.wheels.iter_mut().for_each(Wheel::clear);
        self.sorted.clear();
        self.late.clear();
        self.next_sequence = 0;
    }

    /// Adds what is to happen.
    pub(crate) fn add(&mut self, at: TrueTime, place: Place, what: T) -> Ticket {
        let sequence = self.next_sequence;
        // Cannot wrap: at a billion a second, 2^64 take 584 years.
        self.next_sequence += 1;
        let key = Key { at, place, sequence };
        let item = Item { key, what: Some(what), next: NONE, previous: NONE, home: Home::Due };
        let index = if self.free == NONE {
            let index = u32::try_from(self.items.len()).ok().filter(|index| *index != NONE);
            self.items.push(item);
            index.expect("memory ends before 2^32 items do")
        } else {
            let index = self.free;
            self.free = self.items[index as usize].next;
            self.items[index as usize] = item;
            index
        };
        self.put(index, key);
        Ticket { index, sequence }
    }

    /// Takes what happens next, unless that is after `until`.
    pub(crate) fn take(&mut self, until: TrueTime) -> Option<(Key, T)> {
        loop {
            let (key, index, is_late) = self.first_due()?;
            if key.at > until {
                return None;
            }
            if is_late {
                self.late.pop();
            } else {
                self.sorted.pop();
            }
            let what = self.items[index as usize].what.take();
            self.release(index);
            if let Some(what) = what {
                return Some((key, what));
            }
        }
    }

    /// Takes off the agenda what was added for this ticket, if it is still there.
    pub(crate) fn cancel(&mut self, ticket: Ticket) {
        let Some(item) = self.items.get_mut(ticket.index as usize) else { return };
        if item.key.sequence != ticket.sequence || item.what.is_none() {
            return;
        }
        item.what = None;
        let (home, previous, next) = (item.home, item.previous, item.next);
        let Home::Slot { level, slot } = home else { return };
        if next != NONE {
            self.items[next as usize].previous = previous;
        }
        if previous == NONE {
            self.wheels[usize::from(level)].set_first(slot, next);
        } else {
            self.items[previous as usize].next = next;
        }
        self.release(ticket.index);
    }

    /// What is left, in no particular order.
    pub(crate) fn left(&self) -> impl Iterator<Item = (Key, &T)> {
        self.items.iter().filter_map(|item| item.what.as_ref().map(|what| (item.key, what)))
    }

    /// Makes the place of an item free for another.
    fn release(&mut self, index: u32) {
        self.items[index as usize].next = self.free;
        self.free = index;
    }

    /// Enters an item into the list to which it belongs as long as nothing happened after `tick`.
    fn put(&mut self, index: u32, key: Key) {
        let tick = key.at.ns() >> TICK_BITS;
        if tick <= self.tick {
            self.items[index as usize].home = Home::Due;
            self.late.push(Reverse((key, index)));
            return;
        }
        // The lowest wheel that reaches so far; the highest reaches everywhere.
        let mut level = 0;
        while Wheel::unit(tick, level) - Wheel::unit(self.tick, level) >= Wheel::SLOTS {
            level += 1;
        }
        while self.wheels.len() <= usize::from(level) {
            self.wheels.push(Wheel::new());
        }
        let slot = Wheel::slot(tick, level);
        let next = self.wheels[usize::from(level)].first(slot);
        if next != NONE {
            self.items[next as usize].previous = index;
        }
        let item = &mut self.items[index as usize];
        (item.next, item.previous, item.home) = (next, NONE, Home::Slot { level, slot });
        self.wheels[usize::from(level)].set_first(slot, index);
    }

    /// The key and place of what comes next, and whether it is in `late`.
    fn first_due(&mut self) -> Option<(Key, u32, bool)> {
        while self.sorted.is_empty() && self.late.is_empty() {
            if !self.turn() {
                return None;
            }
        }
        let sorted = self.sorted.last().copied();
        let late = self.late.peek().map(|Reverse(late)| *late);
        match (sorted, late) {
            (Some((key, index)), None) => Some((key, index, false)),
            (None, Some((key, index))) => Some((key, index, true)),
            (Some(sorted), Some(late)) if sorted < late => Some((sorted.0, sorted.1, false)),
            (_, late) => late.map(|(key, index)| (key, index, true)),
        }
    }

    /// Turns the wheels to the next slot that holds anything; false when none does.
    fn turn(&mut self) -> bool {
        let starts = (0..).zip(&self.wheels).filter_map(|(level, wheel)| {
            wheel.next(Wheel::unit(self.tick, level)).map(|unit| Wheel::start(unit, level))
        });
        let Some(tick) = starts.min() else { return false };
        self.tick = tick;
        // From the top, since what leaves a higher wheel may belong before what is in a lower one. A slot of a higher
        // wheel is filled here only if it begins at this very tick: else its turn would have come before.
        for level in (0..Wheel::LEVELS).rev() {
            self.empty_slot(level, Wheel::slot(tick, level));
        }
        self.sorted.sort_unstable_by_key(|(key, _)| Reverse(*key));
        true
    }

    fn empty_slot(&mut self, level: u8, slot: u16) {
        let Some(wheel) = self.wheels.get_mut(usize::from(level)) else { return };
        let mut index = wheel.first(slot);
        if index == NONE {
            return;
        }
        wheel.set_first(slot, NONE);
        while index != NONE {
            let item = &mut self.items[index as usize];
            let (key, next) = (item.key, item.next);
            if level == 0 {
                item.home = Home::Due;
                self.sorted.push((key, index));
            } else {
                self.put(index, key);
            }
            index = next;
        }
    }
}

#[cfg(test)]
mod tests;

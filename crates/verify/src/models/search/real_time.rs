//! The search for a linearization: an order of the operations that the object explains and that respects real time.

use constellation_trace::Limit;

use super::{Fate, How, Item, NONE, Tried, Visited, enter, room};
use crate::models::patience::Patience;
use crate::models::specification::Specification;

/// A search through the orders of the operations of one object (Wing and Gong 1993), which never enters a configuration
/// twice (Lowe 2017).
///
/// Beginnings and ends stand in a line by time. What may come next are the operations that begin before the first end that
/// is left, since nothing that is left was over before them. An operation that comes next leaves the line, and returns to
/// it when nothing came of that. Pure operations come as soon as they can, which costs no choice; open ones after all
/// others were tried, and only where they change something.
///
/// A configuration is the first end that is left, the state, and who of those under way then has been. All others that
/// began before have been. Each operation has a slot that no other has at the same time, and a bit that says whether an odd
/// number of those who had the slot have been: since the earlier ones have, that is whether the present one has. So a row
/// of bits as wide as the history is concurrent is exact, and no hash stands for what was met.
pub(in crate::models) struct RealTime<'s, S: Specification> {
    items: &'s [Item<S::Operation>],
    tried: Tried<'s, S>,
    /// For each item the value that it waits to see.
    sees: Vec<u32>,
    line: Line,
    /// The open items, by when they began.
    open: Vec<u32>,
    /// For each item one that is tried before it, since it does the same and is no less urgent; empty until it is worth while.
    alike: Vec<u32>,
    /// How often it turned back.
    turns: u32,
    /// Configurations with so many items on the stack, or fewer, are not among those met yet: the way until it first turned
    /// back, which is mostly all of it. They are entered when nothing came of them.
    unmet: usize,
    /// The item before in its session.
    previous: Vec<u32>,
    /// Whether an item has been, or will never.
    is_decided: Vec<bool>,
    slots: Vec<u32>,
    bits: Vec<u32>,
    visited: Visited,
    /// The bytes that its items take.
    room: u64,
    row: Vec<u32>,
    stack: Vec<Frame>,
    state: u32,
    from: Place,
    progress: Progress,
    /// The end in the line that no order came beyond, by its entry.
    furthest: u32,
}

/// How often a search turns back before it looks which items do the same: many never do, and that takes time.
const TURNS_BLIND: u32 = 64;

/// An item that has been, and what was before.
struct Frame {
    item: u32,
    state: u32,
    /// How many open ones of its session before it will never be.
    dropped: u32,
    how: How,
}

/// Where to look for the next item.
#[derive(Clone, Copy)]
enum Place {
    /// At this entry of the line.
    Line(u32),
    /// At this place among the open ones.
    Open(u32),
}

/// Whether the search has begun, and whether it stands at an end.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Progress {
    New,
    Under,
    AtEnd,
}

impl<'s, S: Specification> RealTime<'s, S> {
    /// A search from the first of these states; [`RealTime::restart`] goes on to the others. Of one object:
    /// [`Item::part`] is not looked at. O(items × log items).
    ///
    /// # Errors
    /// [`Limit`] where the items alone need more memory than allowed.
    pub(in crate::models) fn new(
        specification: &'s S,
        items: &'s [Item<S::Operation>],
        starts: &[S::State],
        patience: &mut Patience<'_>,
    ) -> Result<RealTime<'s, S>, Limit> {
        patience.step(items.len() as u64)?;
        let room = room(items, patience)?;
        let mut tried = Tried::new(specification, items.iter(), starts);
        let sees = items.iter().map(|item| tried.expect(item)).collect();
        let line = Line::of(items);
        let (slots, count) = line.slots(items);
        let words = count.div_ceil(32) as usize;
        let previous = previous(items);
        let mut open: Vec<u32> =
            (0..).zip(items).filter(|(_, item)| item.is_open()).map(|(nth, _)| nth).collect();
        open.sort_by_key(|nth| items[*nth as usize].invoked);
        Ok(RealTime {
            items,
            tried,
            sees,
            from: Place::Line(line.next(0)),
            line,
            alike: Vec::new(),
            turns: 0,
            unmet: 0,
            open,
            previous,
            is_decided: vec![false; items.len()],
            slots,
            bits: vec![0; words],
            room,
            visited: Visited::new(2 + words, items.len()),
            row: Vec::with_capacity(2 + words),
            stack: Vec::with_capacity(items.len()),
            state: 0,
            progress: Progress::New,
            furthest: 0,
        })
    }

    /// The same without looking ahead: it goes on until an operation cannot be, not only until one could not be any more.
    /// Slower, and with a dead end that is easier to understand.
    pub(in crate::models) fn without_foresight(mut self) -> RealTime<'s, S> {
        self.sees.fill(NONE);
        self.tried.waiting.fill(0);
        self
    }

    /// Begins again from another state, with what was met still known: what came of it then would come of it now.
    pub(in crate::models) fn restart(&mut self, state: S::State, taken: &[u32]) {
        while self.back() {}
        self.is_decided.fill(false);
        self.bits.fill(0);
        self.state = self.tried.begin(state);
        taken.iter().for_each(|item| self.decide(*item));
        self.from = Place::Line(self.line.next(0));
        self.progress = Progress::New;
    }

    /// Goes on to the next configuration in which all that is certain has been, and that was not met before; false if there
    /// is none. The cost is exponential in how concurrent the operations are, and bounded by `patience`.
    ///
    /// # Errors
    /// [`Limit::Explored`] at its end.
    pub(in crate::models) fn next_end(&mut self, patience: &mut Patience<'_>) -> Result<bool, Limit> {
        let mut can_go_on = match self.progress {
            Progress::New => {
                self.take_free(patience)?;
                self.enter(patience)? || self.back()
            }
            Progress::Under => true,
            Progress::AtEnd => self.leave(patience)?,
        };
        self.progress = Progress::Under;
        while can_go_on {
            if self.line.is_empty() {
                self.progress = Progress::AtEnd;
                return Ok(true);
            }
            can_go_on = match self.choose(patience)? {
                Some((item, next)) => {
                    self.take(item, next, How::Chosen);
                    self.take_free(patience)?;
                    self.enter(patience)? || self.back()
                }
                None => {
                    self.furthest = self.furthest.max(self.line.first_return());
                    self.leave(patience)?
                }
            };
        }
        Ok(false)
    }

    /// The state at the end where [`RealTime::next_end`] stands.
    pub(in crate::models) fn state(&self) -> &S::State {
        self.tried.states.get(self.state)
    }

    /// The open items that may still be there.
    pub(in crate::models) fn still_open(&self) -> impl Iterator<Item = u32> + '_ {
        self.open.iter().copied().filter(|item| !self.is_decided[*item as usize])
    }

    /// The item that no order could come beyond.
    pub(in crate::models) fn dead_end(&self) -> u32 {
        self.line.entries[self.furthest as usize].item
    }

    /// The next item that can be, and the state after it.
    fn choose(&mut self, patience: &mut Patience<'_>) -> Result<Option<(u32, u32)>, Limit> {
        let start = match self.from {
            Place::Open(start) => start,
            Place::Line(mut entry) => {
                while !self.line.is_return(entry) {
                    patience.step(1)?;
                    let item = self.line.entries[entry as usize].item;
                    if !self.has_urgent(item)
                        && let Some(next) = self.after(item)
                    {
                        return Ok(Some((item, next)));
                    }
                    entry = self.line.next(entry);
                }
                0
            }
        };
        let horizon = self.line.entries[self.line.first_return() as usize].time;
        for place in start as usize..self.open.len() {
            let item = self.open[place];
            if self.items[item as usize].invoked > horizon {
                break;
            }
            if self.is_decided[item as usize] || self.has_urgent(item) {
                continue;
            }
            patience.step(1)?;
            if let Some(next) = self.after(item).filter(|next| *next != self.state) {
                return Ok(Some((item, next)));
            }
        }
        Ok(None)
    }

    /// Whether another that does the same is to be tried before it.
    fn has_urgent(&self, item: u32) -> bool {
        let alike = self.alike.get(item as usize).copied().unwrap_or(NONE);
        alike != NONE && !self.is_decided[alike as usize]
    }

    /// The state after an item, if its session lets it come next and it can be here.
    fn after(&mut self, item: u32) -> Option<u32> {
        let mut before = self.previous[item as usize];
        while before != NONE && self.items[before as usize].is_open() {
            before = self.previous[before as usize];
        }
        if before != NONE && !self.is_decided[before as usize] {
            return None;
        }
        self.tried.step(self.state, &self.items[item as usize].operation, self.sees[item as usize])
    }

    /// Takes all pure items that can be here. Whoever can be explained with one of them later can be with it now.
    fn take_free(&mut self, patience: &mut Patience<'_>) -> Result<(), Limit> {
        let mut entry = self.line.next(0);
        while entry != 0 && !self.line.is_return(entry) {
            patience.step(1)?;
            let item = self.line.entries[entry as usize].item;
            let before = self.line.entries[entry as usize].previous;
            let is_pure = self.tried.specification.is_pure(&self.items[item as usize].operation);
            entry = if is_pure && self.drops_none(item) && self.after(item).is_some() {
                self.take(item, self.state, How::Free);
                self.line.next(before)
            } else {
                self.line.next(entry)
            };
        }
        Ok(())
    }

    /// Whether no open item of its session will never be once this has been.
    fn drops_none(&self, item: u32) -> bool {
        let before = self.previous[item as usize];
        before == NONE || self.is_decided[before as usize] || !self.items[before as usize].is_open()
    }

    fn take(&mut self, item: u32, next: u32, how: How) {
        let mut dropped = 0;
        let mut before = self.previous[item as usize];
        while before != NONE && self.items[before as usize].is_open() && !self.is_decided[before as usize] {
            self.decide(before);
            dropped += 1;
            before = self.previous[before as usize];
        }
        self.decide(item);
        if self.items[item as usize].fate == Fate::Certain {
            self.line.lift(item);
        }
        self.tried.took(self.sees[item as usize]);
        self.stack.push(Frame { item, state: self.state, dropped, how });
        self.state = next;
        self.from = Place::Line(self.line.next(0));
    }

    /// Turns back from a configuration of which all came that can come.
    fn leave(&mut self, patience: &Patience<'_>) -> Result<bool, Limit> {
        if self.stack.len() <= self.unmet {
            self.meet(patience)?;
        }
        Ok(self.back())
    }

    /// Turns back to the last choice, after what was chosen there; false if there is none.
    fn back(&mut self) -> bool {
        self.turns = self.turns.saturating_add(1);
        if self.turns == TURNS_BLIND {
            // What was tried until now was only more than need be.
            self.alike = alike(self.items, &self.previous);
        }
        while let Some(frame) = self.stack.pop() {
            let item = frame.item;
            self.state = frame.state;
            self.tried.gave_back(self.sees[item as usize]);
            let is_certain = self.items[item as usize].fate == Fate::Certain;
            if is_certain {
                self.line.put_back(item);
            }
            self.decide(item);
            let mut before = item;
            for _ in 0..frame.dropped {
                before = self.previous[before as usize];
                self.decide(before);
            }
            if frame.how == How::Chosen {
                self.from = if is_certain {
                    Place::Line(self.line.next(self.line.ends[item as usize][Side::Invoke as usize]))
                } else {
                    let place = self.open.iter().position(|open| *open == item);
                    Place::Open(place.expect("it was taken from there") as u32 + 1)
                };
                self.unmet = self.unmet.min(self.stack.len());
                return true;
            }
        }
        self.unmet = 0;
        false
    }

    /// An item has been, or has not after all.
    fn decide(&mut self, item: u32) {
        self.is_decided[item as usize] ^= true;
        let slot = self.slots[item as usize];
        self.bits[slot as usize / 32] ^= 1 << (slot % 32);
    }

    /// Enters a configuration, and tells whether it was not met before.
    fn enter(&mut self, patience: &Patience<'_>) -> Result<bool, Limit> {
        if self.turns == 0 {
            self.unmet = self.stack.len();
            return Ok(true);
        }
        self.meet(patience)
    }

    fn meet(&mut self, patience: &Patience<'_>) -> Result<bool, Limit> {
        self.row.clear();
        self.row.extend([self.line.first_return(), self.state]);
        self.row.extend(&self.bits);
        enter(&mut self.visited, &self.row, self.room + self.tried.states.bytes_next(), patience)
    }
}

/// Beginnings and ends of what is certain, by time; what touches is concurrent, so beginnings come first. Entry 0 is
/// before the first and after the last.
struct Line {
    entries: Vec<Entry>,
    /// Where each item begins and ends; 0 if it is open.
    ends: Vec<[u32; 2]>,
}

/// A beginning or an end.
struct Entry {
    next: u32,
    previous: u32,
    /// Whose it is.
    item: u32,
    side: Side,
    time: u64,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Side {
    Invoke,
    Return,
}

impl Line {
    fn of<O>(items: &[Item<O>]) -> Line {
        // A time and an item as one number, which is compared in less time than a pair.
        let mut begins: Vec<u128> = Vec::with_capacity(items.len());
        let mut returns: Vec<u128> = Vec::with_capacity(items.len());
        for (nth, item) in (0_u32..).zip(items).filter(|(_, item)| !item.is_open()) {
            begins.push(u128::from(item.invoked) << 32 | u128::from(nth));
            returns.push(u128::from(item.returned) << 32 | u128::from(nth));
        }
        let pair = |packed: u128| ((packed >> 32) as u64, packed as u32);
        sort(&mut begins);
        sort(&mut returns);
        let count = u32::try_from(begins.len() + returns.len());
        let count = count.expect("operations have numbers of 32 bits, and memory is less");
        let mut entries = Vec::with_capacity(count as usize + 1);
        entries.push(Entry { next: 1, previous: count, item: NONE, side: Side::Invoke, time: 0 });
        let mut ends = vec![[0; 2]; items.len()];
        let mut push = |time, item, side| {
            let entry = entries.len() as u32;
            ends[item as usize][side as usize] = entry;
            entries.push(Entry { next: entry + 1, previous: entry - 1, item, side, time });
        };
        let mut begun = begins.into_iter().map(pair).peekable();
        for (end, item) in returns.into_iter().map(pair) {
            while let Some((begin, item)) = begun.next_if(|(begin, _)| *begin <= end) {
                push(begin, item, Side::Invoke);
            }
            push(end, item, Side::Return);
        }
        entries[count as usize].next = 0;
        Line { entries, ends }
    }

    /// A slot for each item that no other has while it is under way, and how many there are.
    fn slots<O>(&self, items: &[Item<O>]) -> (Vec<u32>, u32) {
        let mut slots = vec![NONE; items.len()];
        let (mut free, mut count) = (Vec::new(), 0);
        let mut fresh = || {
            count += 1;
            count - 1
        };
        for (nth, _) in items.iter().enumerate().filter(|(_, item)| item.is_open()) {
            slots[nth] = fresh();
        }
        for entry in &self.entries[1..] {
            let item = entry.item as usize;
            if entry.side == Side::Return {
                free.push(slots[item]);
            } else {
                slots[item] = free.pop().unwrap_or_else(&mut fresh);
            }
        }
        (slots, count)
    }

    fn is_empty(&self) -> bool {
        self.next(0) == 0
    }

    fn next(&self, entry: u32) -> u32 {
        self.entries[entry as usize].next
    }

    fn is_return(&self, entry: u32) -> bool {
        self.entries[entry as usize].side == Side::Return
    }

    /// The entry of the first end that is left; beyond the last entry if none is.
    fn first_return(&self) -> u32 {
        let mut entry = self.next(0);
        while entry != 0 && !self.is_return(entry) {
            entry = self.next(entry);
        }
        if entry == 0 { self.entries.len() as u32 } else { entry }
    }

    fn lift(&mut self, item: u32) {
        for entry in self.ends[item as usize] {
            let Entry { previous, next, .. } = self.entries[entry as usize];
            self.entries[previous as usize].next = next;
            self.entries[next as usize].previous = previous;
        }
    }

    /// Undoes the last lift that is not undone; each entry still knows where it was.
    fn put_back(&mut self, item: u32) {
        for entry in self.ends[item as usize].into_iter().rev() {
            let Entry { previous, next, .. } = self.entries[entry as usize];
            self.entries[previous as usize].next = entry;
            self.entries[next as usize].previous = entry;
        }
    }
}

/// Sorts what mostly is nearly in order: by insertion, unless that moves too many. O(n log n).
fn sort(numbers: &mut [u128]) {
    let mut moves = 8 * numbers.len();
    for nth in 1..numbers.len() {
        let number = numbers[nth];
        let mut place = nth;
        while place > 0 && numbers[place - 1] > number {
            numbers[place] = numbers[place - 1];
            place -= 1;
        }
        numbers[place] = number;
        moves = moves.saturating_sub(nth - place);
        if moves == 0 {
            numbers.sort_unstable();
            return;
        }
    }
}

/// For each item the one before it in its session.
fn previous<O>(items: &[Item<O>]) -> Vec<u32> {
    let sessions = items.iter().map(|item| item.session).max().map_or(0, |last| last as usize + 1);
    if sessions <= 8 * items.len() {
        let mut last = vec![NONE; sessions];
        return (0..)
            .zip(items)
            .map(|(nth, item)| std::mem::replace(&mut last[item.session as usize], nth))
            .collect();
    }
    let mut last = std::collections::BTreeMap::new();
    (0..).zip(items).map(|(nth, item)| last.insert(item.session, nth).unwrap_or(NONE)).collect()
}

/// For each item another that does the same, that begins no later and has to end no later: it may take the place of the item
/// in any order, and the item its place, so the item need not be tried before it. Only where time alone bounds both: what is
/// before and after them in their sessions does not touch them.
fn alike<O: Ord>(items: &[Item<O>], previous: &[u32]) -> Vec<u32> {
    let mut is_bound = vec![false; items.len()];
    for (nth, before) in (0..items.len()).zip(previous).filter(|(_, before)| **before != NONE) {
        if items[*before as usize].deadline() >= items[nth].invoked {
            is_bound[nth] = true;
            is_bound[*before as usize] = true;
        }
    }
    let mut order: Vec<u32> =
        (0..).zip(is_bound).filter(|(_, is_bound)| !is_bound).map(|(nth, _)| nth).collect();
    let item = |nth: u32| &items[nth as usize];
    order.sort_unstable_by(|one, other| {
        let key = |nth: u32| (item(nth).invoked, item(nth).over(), nth);
        item(*one).operation.cmp(&item(*other).operation).then_with(|| key(*one).cmp(&key(*other)))
    });
    let mut alike = vec![NONE; items.len()];
    // Those that may come before what follows, with deadlines that rise.
    let mut earlier: Vec<u32> = Vec::new();
    for nth in order {
        let can_be_before = |other: &u32| {
            item(*other).operation == item(nth).operation && item(*other).over() <= item(nth).over()
        };
        while earlier.last().is_some_and(|other| !can_be_before(other)) {
            earlier.pop();
        }
        alike[nth as usize] = earlier.last().copied().unwrap_or(NONE);
        earlier.push(nth);
    }
    alike
}

//! Which configurations of a search were met before: exact, deterministic, in as much memory as is said.

use std::hash::{Hash, Hasher};

/// A set of rows of numbers, all of one width, the first of which is never 0.
///
/// A table of our own, since the standard one draws its seed from the operating system and holds each row apart: this
/// one is a single array with open addressing, at most 3/4 full.
pub(super) struct Visited {
    width: usize,
    rows_min: usize,
    rows: Vec<u32>,
    count: usize,
}

/// How many rows a table has at first.
const ROWS_MIN: usize = 16;
/// And how many it has at most before it holds any.
const ROWS_EXPECTED_MAX: usize = 256;

impl Visited {
    /// A set of rows of this width, of which about so many are expected.
    pub(super) fn new(width: usize, expected: usize) -> Visited {
        assert!(width > 0, "a configuration says something");
        let rows = (expected + expected / 2).next_power_of_two().clamp(ROWS_MIN, ROWS_EXPECTED_MAX);
        Visited { width, rows_min: rows * width, rows: Vec::new(), count: 0 }
    }

    /// How many bytes it takes, and how many it will have taken after the next insertion, while both tables are there.
    pub(super) fn bytes_next(&self) -> u64 {
        let now = (self.rows.len() as u64).saturating_mul(4);
        if self.is_full() { now.saturating_mul(3).max((self.rows_min * 4) as u64) } else { now }
    }

    fn is_full(&self) -> bool {
        self.count * 4 >= self.rows.len() / self.width * 3
    }

    /// Enters a row; false if it was there. O(width) on average.
    pub(super) fn insert(&mut self, row: &[u32]) -> bool {
        assert!(row.len() == self.width && row[0] != 0, "{row:?} is no row of width {}", self.width);
        if self.is_full() {
            self.grow();
        }
        let place = self.place(row);
        let held = &mut self.rows[place..place + self.width];
        if held[0] != 0 {
            return false;
        }
        held.copy_from_slice(row);
        self.count += 1;
        true
    }

    /// Where the row is, or the free place where it belongs.
    fn place(&self, row: &[u32]) -> usize {
        let mask = self.rows.len() / self.width - 1;
        let mut mix = Mix::default();
        row.iter().for_each(|word| mix.write_u32(*word));
        let mut slot = mix.finish() as usize & mask;
        loop {
            let place = slot * self.width;
            let held = &self.rows[place..place + self.width];
            // Rows are short: a call to compare them would take longer.
            if held[0] == 0 || held.iter().eq(row) {
                return place;
            }
            slot = (slot + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let rows = self.rows.len().saturating_mul(2).max(self.rows_min);
        let old = std::mem::replace(&mut self.rows, vec![0; rows]);
        for row in old.chunks_exact(self.width).filter(|row| row[0] != 0) {
            let place = self.place(row);
            self.rows[place..place + self.width].copy_from_slice(row);
        }
    }
}

/// States that were met, each once, by number.
pub(super) struct States<T> {
    held: Vec<T>,
    /// Numbers plus 1 by hash; 0 is free.
    slots: Vec<u32>,
    bytes: u64,
}

impl<T: Eq + Hash> States<T> {
    pub(super) fn new() -> States<T> {
        States { held: Vec::new(), slots: vec![0; ROWS_MIN], bytes: 0 }
    }

    pub(super) fn get(&self, number: u32) -> &T {
        &self.held[number as usize]
    }

    /// How many bytes they take, and will have taken after the next is new, while both tables are there; those on the heap
    /// as they were told.
    pub(super) fn bytes_next(&self) -> u64 {
        let growing = |is_full: bool| if is_full { 3 } else { 1 };
        let held = self.held.capacity() * size_of::<T>() * growing(self.held.len() == self.held.capacity());
        let slots = self.slots.len() * size_of::<u32>() * growing(self.is_full());
        self.bytes.saturating_add((held + slots) as u64)
    }

    fn is_full(&self) -> bool {
        self.held.len() * 4 >= self.slots.len() * 3
    }

    /// The number of a state, and whether it is new. `bytes` says how much it takes on the heap.
    pub(super) fn number(&mut self, state: T, bytes: impl FnOnce(&T) -> usize) -> u32 {
        if self.is_full() {
            let slots = self.slots.len() * 2;
            self.slots = vec![0; slots];
            for (number, state) in (1..).zip(&self.held) {
                let free = Self::slot(&self.slots, &self.held, state);
                self.slots[free] = number;
            }
        }
        let slot = Self::slot(&self.slots, &self.held, &state);
        if self.slots[slot] == 0 {
            self.bytes = self.bytes.saturating_add(bytes(&state) as u64);
            self.held.push(state);
            self.slots[slot] =
                u32::try_from(self.held.len()).expect("2^32 states take more memory than there is");
        }
        self.slots[slot] - 1
    }

    fn slot(slots: &[u32], held: &[T], state: &T) -> usize {
        let mut mix = Mix::default();
        state.hash(&mut mix);
        let mask = slots.len() - 1;
        let mut slot = mix.finish() as usize & mask;
        while slots[slot] != 0 && held[slots[slot] as usize - 1] != *state {
            slot = (slot + 1) & mask;
        }
        slot
    }
}

/// A hash that is the same in every run: words are multiplied in, and mixed at the end as SplitMix64 does (Steele, Lea and
/// Flood 2014). Nothing depends on its values but how long a search takes.
#[derive(Default)]
struct Mix(u64);

impl Hasher for Mix {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }

    // What tells variants of an enum apart; it would come in bytes.
    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

//! What is before what, as one bit a pair.

use constellation_trace::Limit;

use crate::models::graph::{Arrow, Outgoing};
use crate::models::patience::Patience;

/// The transitive closure of arrows. n²/8 bytes.
#[derive(Debug, Default)]
pub(super) struct Reach {
    words: usize,
    bits: Vec<u64>,
    /// Where each node stands in some order that keeps the arrows.
    positions: Vec<u32>,
}

impl Reach {
    /// Nothing is before anything.
    pub(super) fn new(count: usize, patience: &mut Patience<'_>) -> Result<Reach, Limit> {
        let words = count.div_ceil(64);
        patience.afford(words.saturating_mul(count), size_of::<u64>())?;
        Ok(Reach { words, bits: vec![0; words * count], positions: vec![0; count] })
    }

    /// It is no longer needed.
    pub(super) fn release(&self, patience: &mut Patience<'_>) {
        patience.release(self.bits.len(), size_of::<u64>());
    }

    /// Whether one is before the other.
    #[inline]
    pub(super) fn has(&self, one: u32, other: u32) -> bool {
        self.positions[one as usize] < self.positions[other as usize]
            && self.bits[other as usize * self.words + one as usize / 64] >> (one % 64) & 1 == 1
    }

    /// Where a node stands in some order that keeps the arrows.
    #[inline]
    pub(super) fn position(&self, node: u32) -> u32 {
        self.positions[node as usize]
    }

    /// Computes it anew from arrows that `order` keeps. O(n × arrows that no others imply / 64).
    pub(super) fn close(
        &mut self,
        order: &[u32],
        arrows: &[Arrow],
        patience: &mut Patience<'_>,
    ) -> Result<(), Limit> {
        let incoming = Outgoing::of(order.len(), arrows, |arrow| arrow.to);
        (0_u32..).zip(order).for_each(|(position, node)| self.positions[*node as usize] = position);
        self.bits.fill(0);
        let mut sources: Vec<u32> = Vec::new();
        for &node in order {
            sources.clear();
            sources.extend(incoming.at(node).iter().map(|place| arrows[*place as usize].from));
            // The latest first: it mostly implies the others.
            sources.sort_unstable_by_key(|source| u32::MAX - self.positions[*source as usize]);
            let start = node as usize * self.words;
            for &source in &sources {
                let (word, bit) = (source as usize / 64, 1_u64 << (source % 64));
                if self.bits[start + word] & bit != 0 {
                    continue;
                }
                patience.step(1 + self.words as u64 / 16)?;
                let from = source as usize * self.words;
                if from < start {
                    let (low, high) = self.bits.split_at_mut(start);
                    join(&mut high[..self.words], &low[from..from + self.words]);
                } else {
                    let (low, high) = self.bits.split_at_mut(from);
                    join(&mut low[start..start + self.words], &high[..self.words]);
                }
                self.bits[start + word] |= bit;
            }
        }
        Ok(())
    }
}

fn join(into: &mut [u64], from: &[u64]) {
    into.iter_mut().zip(from).for_each(|(into, from)| *into |= from);
}

/// What an entry of a log takes.
const LOGGED: usize = size_of::<(usize, u64)>();

/// The same while it grows by one arrow at a time, with a log by which it shrinks again.
#[derive(Debug)]
pub(super) struct Live {
    words: usize,
    /// For each node what is before it, and what is after it.
    before: Vec<u64>,
    after: Vec<u64>,
    /// Which word of `before` got which bits.
    log: Vec<(usize, u64)>,
    /// How much of that is counted in.
    logged: usize,
    /// Room to work in.
    late: Vec<u32>,
}

impl Live {
    /// A copy that can grow. O(n²) at worst, n²/4 bytes.
    pub(super) fn of(reach: &Reach, count: usize, patience: &mut Patience<'_>) -> Result<Live, Limit> {
        let words = reach.words;
        patience.afford(2 * words * count, size_of::<u64>())?;
        let before = reach.bits.clone();
        let mut after = vec![0; before.len()];
        for node in 0..count {
            patience.step(words as u64)?;
            let bit = 1 << (node % 64);
            let row = &before[node * words..(node + 1) * words];
            each_bit(row.iter().copied(), |early| after[early as usize * words + node / 64] |= bit);
        }
        Ok(Live { words, before, after, log: Vec::new(), logged: 0, late: Vec::new() })
    }

    /// Whether one is before the other.
    #[inline]
    pub(super) fn has(&self, one: u32, other: u32) -> bool {
        self.before[other as usize * self.words + one as usize / 64] >> (one % 64) & 1 == 1
    }

    /// It is no longer needed.
    pub(super) fn release(&self, patience: &mut Patience<'_>) {
        patience.release(2 * self.before.len(), size_of::<u64>());
        patience.release(self.logged, LOGGED);
    }

    /// How much has been written down.
    pub(super) fn log(&self) -> usize {
        self.log.len()
    }

    /// Puts one before the other, and all before the one before all after the other; `news` gets the pairs that are new.
    /// Whether there is no cycle.
    pub(super) fn add(
        &mut self,
        one: u32,
        other: u32,
        news: &mut Vec<(u32, u32)>,
        patience: &mut Patience<'_>,
    ) -> Result<bool, Limit> {
        if one == other || self.has(other, one) {
            return Ok(false);
        }
        if self.has(one, other) {
            return Ok(true);
        }
        let words = self.words;
        let (one_start, other_start) = (one as usize * words, other as usize * words);
        let mut late = std::mem::take(&mut self.late);
        late.clear();
        late.push(other);
        // Whoever is after the one already knows all that is before it.
        let fresh = (0..words).map(|word| self.after[other_start + word] & !self.after[one_start + word]);
        each_bit(fresh, |node| late.push(node));
        patience.step((late.len() * words) as u64 / 16)?;
        for &node in &late {
            let start = node as usize * words;
            let (word_of, bit_of) = (node as usize / 64, 1_u64 << (node % 64));
            for word in 0..words {
                let mut bits = self.before[one_start + word];
                if word == one as usize / 64 {
                    bits |= 1 << (one % 64);
                }
                let fresh = bits & !self.before[start + word];
                if fresh == 0 {
                    continue;
                }
                self.before[start + word] |= fresh;
                self.log.push((start + word, fresh));
                each_bit_of(word, fresh, |early| {
                    self.after[early as usize * words + word_of] |= bit_of;
                    news.push((early, node));
                });
            }
        }
        self.late = late;
        if self.log.len() > self.logged {
            patience.afford(self.log.len() - self.logged, LOGGED)?;
            self.logged = self.log.len();
        }
        Ok(true)
    }

    /// Takes back what was written down since.
    pub(super) fn undo(&mut self, log: usize) {
        let words = self.words;
        while self.log.len() > log {
            let (place, fresh) = self.log.pop().expect("it is longer");
            self.before[place] &= !fresh;
            let node = place / words;
            let (word_of, bit_of) = (node / 64, 1_u64 << (node % 64));
            each_bit_of(place % words, fresh, |early| {
                self.after[early as usize * words + word_of] &= !bit_of;
            });
        }
    }
}

fn each_bit(words: impl Iterator<Item = u64>, mut then: impl FnMut(u32)) {
    words.enumerate().for_each(|(word, bits)| each_bit_of(word, bits, &mut then));
}

fn each_bit_of(word: usize, mut bits: u64, mut then: impl FnMut(u32)) {
    while bits != 0 {
        // Cannot wrap: there are less than 2^32 nodes.
        then(word as u32 * 64 + bits.trailing_zeros());
        bits &= bits - 1;
    }
}

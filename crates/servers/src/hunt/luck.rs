//! Luck out of a seed: equal seeds give equal numbers on every machine.

use constellation_fabric::{Choices, Odds, Options, Question};

/// A row of numbers that a seed decides.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Luck(u64);

impl Luck {
    /// The luck of a seed; every number is a good one, 0 too.
    pub const fn of(seed: u64) -> Luck {
        Luck(mixed(seed, 0))
    }

    /// Luck of its own for whatever has this name: the same, whatever was drawn before.
    pub const fn named(self, name: u64) -> Luck {
        Luck(mixed(self.0, name))
    }

    /// The next number, below `count`; each is as likely as the other up to `count` parts in 2^64. 0 where `count` is 0.
    pub const fn below(&mut self, count: u64) -> u64 {
        self.0 = mixed(self.0, 1);
        scaled(self.0, count)
    }

    /// The next number from `first` to `last`; `first` where that is not the smaller one.
    pub const fn within(&mut self, first: u64, last: u64) -> u64 {
        first + self.below(last.saturating_sub(first).saturating_add(1))
    }

    /// One of these.
    ///
    /// # Panics
    /// If there is none.
    pub fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        assert!(!all.is_empty(), "nothing can be drawn from nothing");
        all[usize::try_from(self.below(all.len() as u64)).unwrap_or(0)]
    }
}

/// As the luck of a network: a hash of the question's name.
impl Choices for Luck {
    fn choose(&mut self, question: Question, options: Options) -> u32 {
        let ends = u64::from(question.source.number()) << 32 | u64::from(question.target.number());
        // Topics are told apart by their words, whose bytes will stay.
        let topic = question.topic.name().bytes().fold(0, |name, byte| mixed(name, u64::from(byte)));
        let Luck(hash) = self.named(topic).named(ends).named(question.nth);
        let below = |count: u32| u32::try_from(scaled(hash, count.into())).unwrap_or(0);
        match options {
            Options::Uniform(count) => below(count.get()),
            Options::Chance(odds) => u32::from(below(Odds::ALWAYS.per_million()) < odds.per_million()),
        }
    }
}

/// Takes one more word in, with the finalizer of SplitMix64 (Steele, Lea and Flood 2014), a bijection of the word.
const fn mixed(state: u64, word: u64) -> u64 {
    // The odd constant is 2^64 over the golden ratio; wrapping is what makes it a bijection.
    let mut bits = (state ^ word).wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// The upper part of a hash, as a number below `count` (Lemire 2019).
const fn scaled(hash: u64, count: u64) -> u64 {
    // Cannot be cut: the product is below count × 2^64.
    ((hash as u128 * count as u128) >> 64) as u64
}

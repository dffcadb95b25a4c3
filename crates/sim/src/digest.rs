//! A number that stands for all that happened in a run, so that two runs are compared without keeping either.

use std::fmt;

/// The digest of a run: equal runs have equal digests, on every machine and in every build.
///
/// It covers what happened, to whom and when: each event with its process, kind and true time, which message it
/// received and how many it sent, and what the world did to links, messages and clocks. Labels, claims and the texts
/// of reads and writes are no part of it, so that it is the same whether or not anybody records them. Two runs that
/// differ in one word of that have different digests; of runs that differ in more, one pair in 2^64 has not, unless
/// somebody looked for it. A later version of this crate may digest otherwise.
///
/// Each word goes in by rotating, xor and an odd factor, a bijection of the state and of the word; the end is the
/// finalizer of SplitMix64 (Steele, Lea and Flood 2014).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Digest(u64);

impl Digest {
    /// As a number.
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Digest {
    /// Sixteen hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A digest while there is more to come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Digester(u64);

impl Digester {
    pub(crate) const fn new() -> Digester {
        Digester(0x243f_6a88_85a3_08d3)
    }

    #[inline]
    pub(crate) const fn absorb(&mut self, word: u64) {
        // Wrapping is what makes it a bijection. The factor is 2^64 over the golden ratio.
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    pub(crate) const fn finish(self) -> Digest {
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Digest(bits ^ (bits >> 31))
    }
}

//! Luck out of a seed: a keyed hash of the question's name, so that answers belong to names, not to positions.

use constellation_fabric::{Choices, Odds, Options, Question};

/// Answers every question by a hash of the seed and the question's name.
///
/// It has no state that moves: what was asked before, and how often, changes nothing, so a run that asks one
/// question more answers all the others as before. Equal seeds answer alike on every machine; a later version
/// of this crate may answer otherwise.
///
/// The hash absorbs the name in three words with the finalizer of SplitMix64 (Steele, Lea and Flood 2014;
/// constants: Stafford's thirteenth variant), and scales by multiplying and keeping the upper half (Lemire 2019).
/// Without rejection some answers are more likely than others, by less than 2^-32 in all: one run in four
/// billion could tell. It is no secret: whoever sees answers may guess the seed.
///
/// ```
/// use std::num::NonZeroU32;
/// use constellation_fabric::{Choices, Options, Question, Topic};
/// use constellation_sim::Seeded;
/// use constellation_trace::NodeId;
///
/// let question = |nth| Question { topic: Topic::Latency, source: NodeId::new(0), target: NodeId::new(1), nth };
/// let hundred = Options::Uniform(NonZeroU32::new(100).expect("100 is not 0"));
/// let mut seeded = Seeded::new(42);
/// let first = seeded.choose(question(0), hundred);
/// seeded.choose(question(1), hundred);
/// assert_eq!(seeded.choose(question(0), hundred), first);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Seeded {
    /// The seed after mixing: neighbouring seeds share no bits here beyond chance.
    key: u64,
    /// What the hash is after each of the first topics, by number, which need not be mixed in again each time.
    topics: [u64; TOPICS],
}

/// The topics that most messages ask about have the numbers 1 to 4; what has a higher one is hashed in full.
const TOPICS: usize = 5;

impl Seeded {
    /// The luck of this seed; every number is a good one, 0 too.
    pub const fn new(seed: u64) -> Seeded {
        let key = absorb(0, seed);
        let mut topics = [0; TOPICS];
        let mut number = 0;
        while number < TOPICS {
            topics[number] = absorb(key, number as u64);
            number += 1;
        }
        Seeded { key, topics }
    }

    #[inline]
    const fn hash(&self, question: Question) -> u64 {
        let topic = question.topic.number();
        let after_topic =
            if topic < TOPICS as u64 { self.topics[topic as usize] } else { absorb(self.key, topic) };
        let ends = (question.source.number() as u64) << 32 | question.target.number() as u64;
        absorb(absorb(after_topic, ends), question.nth)
    }
}

impl Choices for Seeded {
    #[inline]
    fn choose(&mut self, question: Question, options: Options) -> u32 {
        let hash = self.hash(question);
        match options {
            Options::Uniform(count) => below(count.get(), hash),
            Options::Chance(odds) => u32::from(below(Odds::ALWAYS.per_million(), hash) < odds.per_million()),
        }
    }
}

/// Takes one more word into the hash. For a given state it is a bijection of the word, so two names that differ
/// in one word never fall together.
const fn absorb(state: u64, word: u64) -> u64 {
    // The odd constant is 2^64 over the golden ratio: it keeps state 0 and word 0 from staying 0. Wrapping is
    // what makes it a bijection.
    let mut bits = (state ^ word).wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// A number below `count`, each as likely as the other up to `count` parts in 2^64.
const fn below(count: u32, hash: u64) -> u32 {
    // Cannot be cut: the product is below count × 2^64.
    ((hash as u128 * count as u128) >> 64) as u32
}

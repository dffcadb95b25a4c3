//! Some kinds of luck and not others: each seed its own selection, since all faults at once hide what some find.

use constellation_fabric::{Choices, Odds, Options, Question, Topic};
use constellation_trace::NodeId;

use super::seeded::Seeded;

/// Asks another chooser about some topics, and answers 0 to all others.
///
/// Of a swarm of seeds each turns on its own random selection of kinds of faults (Groce, Zhang, Eide, Chen and
/// Regehr 2012). Where all are on, one kind often ends runs before another can show anything.
///
/// ```
/// use constellation_fabric::Topic;
/// use constellation_sim::{Seeded, choices::Swarm};
///
/// let swarm = Swarm::among(&[Topic::Loss, Topic::Duplicate], 42, Seeded::new(42));
/// assert!(swarm.topics().contains(&Topic::Latency), "what is not among these is always on");
/// let only_late = Swarm::of(&[Topic::Latency], Seeded::new(42));
/// assert_eq!(only_late.topics(), [Topic::Latency]);
/// ```
#[derive(Clone, Debug)]
pub struct Swarm<C> {
    inner: C,
    /// Ascending.
    topics: Vec<Topic>,
}

impl<C> Swarm<C> {
    /// A selection out of these kinds by a seed; every other topic stays on. If none would be on, all are.
    ///
    /// Whether a kind is on depends on the seed and its own name alone, so that a later kind changes no selection of
    /// the others. Hand in what a run asks of its own accord, and what is asked only after something went wrong, such
    /// as the time of a second copy, follows by itself.
    ///
    /// ```
    /// use constellation_fabric::Topic;
    /// use constellation_sim::{Seeded, choices::Swarm};
    ///
    /// let kinds = [Topic::Latency, Topic::Loss];
    /// let swarms: Vec<_> = (0..32).map(|seed| Swarm::among(&kinds, seed, Seeded::new(seed))).collect();
    /// assert!(swarms.iter().all(|swarm| swarm.topics().contains(&Topic::DuplicateLatency)));
    /// assert!(swarms.iter().any(|swarm| !swarm.topics().contains(&Topic::Loss)));
    /// ```
    pub fn among(kinds: &[Topic], seed: u64, inner: C) -> Swarm<C> {
        // No world has a node of this number, so that no question of a run is answered here.
        let nobody = NodeId::new(u32::MAX);
        let half = Odds::ppm(500_000).expect("it is below a million");
        let mut coin = Seeded::new(seed);
        let mut is_on = |topic| {
            let question = Question { topic, source: nobody, target: nobody, nth: 0 };
            coin.choose(question, Options::Chance(half)) != 0
        };
        let off: Vec<Topic> = kinds.iter().copied().filter(|topic| !is_on(*topic)).collect();
        let is_any_on = kinds.iter().any(|topic| !off.contains(topic));
        let on = Topic::ALL.iter().copied().filter(|topic| !is_any_on || !off.contains(topic));
        Swarm::of(&on.collect::<Vec<_>>(), inner)
    }

    /// This selection.
    pub fn of(topics: &[Topic], inner: C) -> Swarm<C> {
        let mut topics = topics.to_vec();
        topics.sort_unstable();
        topics.dedup();
        Swarm { inner, topics }
    }

    /// What is on, in order.
    pub fn topics(&self) -> &[Topic] {
        &self.topics
    }
}

impl<C: Choices> Choices for Swarm<C> {
    fn choose(&mut self, question: Question, options: Options) -> u32 {
        if self.topics.contains(&question.topic) { self.inner.choose(question, options) } else { 0 }
    }
}

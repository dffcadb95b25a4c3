//! Notes what another chooser answers, so that the run can be played again without it.

use constellation_fabric::{Choices, Options, Question};

use super::answers::{Answer, Answers};

/// Answers as another chooser does, and notes every answer that is not 0.
///
/// An answer beyond the last possible one is brought down to that, here as on links, so that what is noted is
/// what happened. It holds 32 bytes for each deviation.
///
/// ```
/// use std::num::NonZeroU32;
/// use constellation_fabric::{Choices, Options, Question, Topic};
/// use constellation_sim::{Recorder, Seeded};
/// use constellation_trace::NodeId;
///
/// let question = Question { topic: Topic::Latency, source: NodeId::new(0), target: NodeId::new(1), nth: 0 };
/// let thousand = Options::Uniform(NonZeroU32::new(1_000).expect("1000 is not 0"));
/// let mut recorder = Recorder::new(Seeded::new(7));
/// let answer = recorder.choose(question, thousand);
/// let answers = recorder.into_answers();
/// assert_eq!(answers.get(question).map(|noted| noted.value()), Some(answer));
/// ```
#[derive(Clone, Debug)]
pub struct Recorder<C> {
    inner: C,
    noted: Vec<Answer>,
}

/// Room for a run of about a hundred events, so that it need not grow there.
const ROOM: usize = 128;

impl<C> Recorder<C> {
    /// Nothing noted yet.
    pub fn new(inner: C) -> Recorder<C> {
        Recorder { inner, noted: Vec::with_capacity(ROOM) }
    }

    /// The deviations so far. Costs O(n log n) for n of them, which nobody pays during the run.
    pub fn into_answers(self) -> Answers {
        self.noted.into_iter().collect()
    }
}

impl<C: Choices> Choices for Recorder<C> {
    #[inline]
    fn choose(&mut self, question: Question, options: Options) -> u32 {
        let count = options.count();
        let value = self.inner.choose(question, options).min(count.get() - 1);
        if let Some(answer) = Answer::new(question, value, count) {
            if self.noted.len() == self.noted.capacity() {
                self.grow();
            }
            self.noted.push(answer);
        }
        value
    }
}

impl<C> Recorder<C> {
    /// Makes room for four times as many: memory that nobody has touched yet costs less than moving what is there.
    #[cold]
    fn grow(&mut self) {
        self.noted.reserve_exact(self.noted.len().saturating_mul(3).max(ROOM));
    }
}

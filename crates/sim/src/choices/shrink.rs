//! The smallest way in which a run still goes wrong: fewest deviations first, then fewest events, then smallest.
//!
//! How well that goes, as `cargo run --release -p constellation-sim --example shrink_table` prints it:
//!
#![doc = include_str!("../../shrinking.md")]

use std::fmt;
use std::num::NonZeroU32;

use constellation_fabric::{Choices, Question};

use super::answers::{Answer, Answers};

mod bench;
mod bundles;
mod moves;
mod passes;

use bench::Bench;

/// What a caller saw of one run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Observed {
    /// The promise in question was kept; whatever else went wrong does not count.
    Holds,
    /// The promise in question was broken.
    Violated {
        /// How many events there were until then, the breaking one included.
        events: u64,
    },
}

/// A failing run that was made as small as could be found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Shrunk {
    /// What still deviates from the calm run. All of it is asked for, and all in range.
    pub answers: Answers,
    /// How many events there are until the promise is broken.
    pub events: u64,
    /// What it took.
    pub effort: Effort,
    /// Why it ended.
    pub ended: Ended,
}

/// What it took to make a run smaller.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Effort {
    /// How many runs, with the first and the last.
    pub runs: u32,
    /// How many more would have been needed but were known.
    pub known: u32,
    /// How many made the result smaller.
    pub steps: u32,
    /// The deviations of the run that was handed in, without those that nothing asked for.
    pub deviations_before: u32,
    /// The events of the run that was handed in.
    pub events_before: u64,
}

/// Why shrinking ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ended {
    /// No pass makes it smaller.
    Settled,
    /// No more runs were allowed; more might make it smaller.
    RunsMax,
}

/// Why a run could not be made smaller.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ShrinkError {
    /// The run that was handed in does not break the promise: it is another promise, or not the same code.
    Holds,
    /// The result, run once more, was something else: the run depends on more than its answers.
    Unrepeatable {
        /// What it was first.
        first: Observed,
        /// What it was then.
        then: Observed,
    },
}

impl fmt::Display for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Observed::Holds => f.write_str("kept"),
            Observed::Violated { events } => write!(f, "broken after {events} events"),
        }
    }
}

impl fmt::Display for ShrinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ShrinkError::Holds => f.write_str(
                "the run to be made smaller keeps the promise; hand in the answers of a run that breaks it",
            ),
            ShrinkError::Unrepeatable { first, then } => write!(
                f,
                "the promise is {first}, and {then} in a second run of the same answers; look for luck, time or \
                 state that the run takes from elsewhere"
            ),
        }
    }
}

impl std::error::Error for ShrinkError {}

/// How many runs are usually allowed: fifty times what usually is needed, and more than any of the bugs above took.
pub const RUNS_MAX: u32 = 2_000;

/// Makes a failing run as small as can be found: fewest deviations from the calm run, then fewest events until
/// the promise is broken, then the smallest sum of answers.
///
/// `run` plays one run with the choices that it is given, and says what became of the one promise in question.
/// At most `runs_max` runs are played, at least two. Equal arguments, equal result; every result was played
/// once more before it is returned.
///
/// The passes where a run asks few questions: the calm run; each question alone, at its most; leaving out halves,
/// quarters and so on of the deviations (after Zeller and Hildebrandt 2002); each two questions. Then, as long as it
/// helps: raising answers to their most, so that what they delay falls out, and trading one or two deviations for
/// another. At last lowering each answer by bisection, and moving answers to other questions, where less may do or the
/// end comes sooner. Without trades, times stick in local minima: an alarm that rings too early can hide behind two late
/// messages, neither of which can be left out.
///
/// Where questions are many, as with faults of machines, of which each input asks several, most of these trades are in
/// vain. There the run is cut from both ends by bisection before deviations are left out; then only what is near the
/// deviations, or like them, takes their place: all of them some inputs earlier, one less and the others a little
/// elsewhere, other nodes, a message lost for a crash, one pause for three losses. A crash moves together with what comes
/// of it, since nobody asks how long a node is down that does not crash.
///
/// Of two failures of one size, the one whose deviations come first in order is the smaller.
///
/// # Errors
/// [`ShrinkError::Holds`], [`ShrinkError::Unrepeatable`].
///
/// ```
/// use std::num::NonZeroU32;
/// use constellation_fabric::{Options, Question, Topic};
/// use constellation_sim::choices::shrink::{Observed, RUNS_MAX, shrink};
/// use constellation_sim::{Recorder, Seeded};
/// use constellation_trace::NodeId;
///
/// let thousand = NonZeroU32::new(1_000).expect("1000 is not 0");
/// let mut run = |choices: &mut dyn constellation_fabric::Choices| {
///     let ends = (NodeId::new(0), NodeId::new(1));
///     let mut latency = |nth| {
///         let question = Question { topic: Topic::Latency, source: ends.0, target: ends.1, nth };
///         choices.choose(question, Options::Uniform(thousand))
///     };
///     let latencies: Vec<u32> = (0..20).map(&mut latency).collect();
///     // Goes wrong when the eighth message takes 300 ms more than the ninth.
///     if latencies[7] >= latencies[8] + 300 { Observed::Violated { events: 9 } } else { Observed::Holds }
/// };
/// let mut recorder = (1..).map(|seed| {
///     let mut recorder = Recorder::new(Seeded::new(seed));
///     (run(&mut recorder), recorder)
/// });
/// let (_, recorder) = recorder.find(|(observed, _)| *observed != Observed::Holds).expect("one of them fails");
/// let shrunk = shrink(&recorder.into_answers(), RUNS_MAX, &mut run)?;
/// assert_eq!((shrunk.answers.len(), shrunk.answers.sum()), (1, 300));
/// # Ok::<(), constellation_sim::choices::shrink::ShrinkError>(())
/// ```
pub fn shrink(
    start: &Answers,
    runs_max: u32,
    run: impl FnMut(&mut dyn Choices) -> Observed,
) -> Result<Shrunk, ShrinkError> {
    let mut bench = Bench::new(run, runs_max);
    let Some(first) = bench.play(start) else { return Err(ShrinkError::Holds) };
    let before = first.size();
    let mut found = Found { best: first, steps: 0 };
    passes::all(&mut bench, &mut found);

    let Found { best, steps } = found;
    let then = bench.replay(&best.answers);
    let first = Observed::Violated { events: best.events };
    if then != first {
        return Err(ShrinkError::Unrepeatable { first, then });
    }
    let effort = Effort {
        runs: bench.runs(),
        known: bench.known(),
        steps,
        // Cannot be cut: a tape has at most 2^20 answers.
        deviations_before: u32::try_from(before.deviations).unwrap_or(u32::MAX),
        events_before: before.events,
    };
    let ended = if bench.is_spent() { Ended::RunsMax } else { Ended::Settled };
    Ok(Shrunk { answers: best.answers, events: best.events, effort, ended })
}

/// A run that breaks the promise.
#[derive(Clone, Debug)]
struct Failure {
    /// The deviations that were asked for.
    answers: Answers,
    events: u64,
    /// Every question that was asked, ascending, with the number of its answers.
    asked: Vec<(Question, NonZeroU32)>,
    /// The same questions in the order in which they were asked.
    order: Vec<Question>,
}

/// What makes one failure smaller than another, in this order.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Size {
    deviations: usize,
    events: u64,
    sum: u64,
}

impl Failure {
    fn size(&self) -> Size {
        Size { deviations: self.answers.len(), events: self.events, sum: self.answers.sum() }
    }

    /// Of two of one size the one whose deviations come first in order is smaller, so that there is always a least.
    fn is_smaller(&self, other: &Failure) -> bool {
        (self.size(), &self.answers) < (other.size(), &other.answers)
    }

    /// How many answers a question had; `None` if it was not asked.
    fn count(&self, question: Question) -> Option<NonZeroU32> {
        let place = self.asked.binary_search_by_key(&question, |(asked, _)| *asked);
        place.ok().map(|place| self.asked[place].1)
    }

    /// The deviations in the order in which they were asked for.
    fn in_order(&self) -> Vec<Answer> {
        self.order.iter().filter_map(|question| self.answers.get(*question)).collect()
    }
}

/// The smallest failure so far.
struct Found {
    best: Failure,
    steps: u32,
}

impl Found {
    /// Takes `failure` if it is smaller; whether it was.
    fn take(&mut self, failure: Option<Failure>) -> bool {
        match failure {
            Some(failure) if failure.is_smaller(&self.best) => {
                self.best = failure;
                self.steps += 1;
                true
            }
            _ => false,
        }
    }
}

/// The most that can be answered to a question, if it is more than 0.
fn top((question, count): (Question, NonZeroU32)) -> Option<Answer> {
    Answer::new(question, count.get() - 1, count)
}

//! Every combination of answers, one after the other, as far as the bounds allow.

use std::fmt;
use std::num::NonZeroU32;

use constellation_fabric::{Choices, Options, Question};

use super::answers::{Answer, Answers};

/// Goes through every combination of answers to the questions that runs really ask.
///
/// Questions form a tree: what is asked depends on what was answered. The first run is the calm one; from run to
/// run the last answer that can be raised is, and what comes after it begins at 0 again. So each path of the
/// tree is taken once, always in the same order, as long as equal answers lead to equal questions.
///
/// ```
/// use std::num::NonZeroU32;
/// use constellation_fabric::{Choices, Options, Question, Topic};
/// use constellation_sim::choices::{Bounds, Coverage, Odometer};
/// use constellation_trace::NodeId;
///
/// let two = Options::Uniform(NonZeroU32::new(2).expect("2 is not 0"));
/// let question = |topic| Question { topic, source: NodeId::new(0), target: NodeId::new(1), nth: 0 };
/// let mut odometer = Odometer::new(Bounds::default());
/// let mut runs = Vec::new();
/// while odometer.advance() {
///     // Whether a message comes twice is asked only if it is not lost.
///     let is_lost = odometer.choose(question(Topic::Loss), two);
///     let copies = if is_lost == 1 { 0 } else { 1 + odometer.choose(question(Topic::Duplicate), two) };
///     runs.push(copies);
/// }
/// assert_eq!(runs, [1, 2, 0]);
/// assert_eq!(odometer.coverage(), Coverage::Complete { runs: 3 });
/// ```
#[derive(Clone, Debug)]
pub struct Odometer {
    bounds: Bounds,
    /// The answers of the run, in the order of asking, as far as they may move.
    digits: Vec<Digit>,
    /// How many of them were asked for in this run.
    asked: usize,
    deviations: u32,
    runs: u64,
    bounded: Bounded,
    stray: Option<(Question, Option<Question>)>,
    is_done: bool,
}

/// How far an [`Odometer`] goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Bounds {
    /// How many runs.
    pub runs_max: u64,
    /// How many questions of a run, the first ones; later ones are answered 0.
    pub questions_max: u32,
    /// How many answers of a run may be other than 0.
    pub deviations_max: u32,
    /// How many answers of a question are tried, spread evenly with the first and the last; at least 2.
    pub levels_max: NonZeroU32,
}

impl Default for Bounds {
    /// A million runs, and nothing else left out.
    fn default() -> Bounds {
        Bounds {
            runs_max: 1_000_000,
            questions_max: u32::MAX,
            deviations_max: u32::MAX,
            levels_max: NonZeroU32::MAX,
        }
    }
}

/// What was left out, and why.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Bounded {
    /// Further runs, because [`Bounds::runs_max`] were made.
    pub by_runs: bool,
    /// Other answers to later questions than [`Bounds::questions_max`].
    pub by_questions: bool,
    /// More deviations in one run than [`Bounds::deviations_max`].
    pub by_deviations: bool,
    /// Answers between those that [`Bounds::levels_max`] picks.
    pub by_levels: bool,
}

/// How much of the combinations was seen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Coverage {
    /// There is still something to do.
    Running {
        /// How many runs there were.
        runs: u64,
    },
    /// Every combination.
    Complete {
        /// How many runs there were.
        runs: u64,
    },
    /// Every combination within the bounds, unless it is the number of runs that ended it; but there are others.
    Bounded {
        /// How many runs there were.
        runs: u64,
        /// What was left out.
        by: Bounded,
    },
    /// Nothing is known: equal answers led to another question than before, so runs depend on something else.
    Strayed {
        /// How many runs there were.
        runs: u64,
        /// What was asked before.
        before: Question,
        /// What was asked in its place; `None` where the run ended.
        then: Option<Question>,
    },
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Coverage::Running { runs } => write!(f, "{runs} runs so far"),
            Coverage::Complete { runs } => write!(f, "complete, {runs} runs"),
            Coverage::Bounded { runs, by } => {
                write!(f, "{runs} runs, bounded by the number of ")?;
                let bounds = [
                    (by.by_runs, "runs"),
                    (by.by_questions, "questions"),
                    (by.by_deviations, "deviations"),
                    (by.by_levels, "levels"),
                ];
                let names: Vec<_> =
                    bounds.iter().filter(|(is_in, _)| *is_in).map(|(_, name)| *name).collect();
                f.write_str(&names.join(", "))
            }
            Coverage::Strayed { runs, .. } => {
                write!(
                    f,
                    "{runs} runs, the last of which asked otherwise than before: they are not repeatable"
                )
            }
        }
    }
}

/// One question of the run, and which of its answers is tried.
#[derive(Clone, Copy, Debug)]
struct Digit {
    question: Question,
    count: NonZeroU32,
    /// From 0 to one below [`Digit::levels`].
    level: u32,
}

impl Digit {
    fn levels(&self, bounds: Bounds) -> u32 {
        self.count.get().min(bounds.levels_max.get().max(2))
    }

    fn value(&self, bounds: Bounds) -> u32 {
        let (most, steps) = (self.count.get() - 1, self.levels(bounds).saturating_sub(1).max(1));
        // At most `most`, which is a u32, since the level is at most the number of steps.
        let value = u64::from(self.level) * u64::from(most) / u64::from(steps);
        u32::try_from(value).expect("below the number of answers")
    }
}

impl Odometer {
    /// Before the first run.
    pub const fn new(bounds: Bounds) -> Odometer {
        Odometer {
            bounds,
            digits: Vec::new(),
            asked: 0,
            deviations: 0,
            runs: 0,
            bounded: Bounded { by_runs: false, by_questions: false, by_deviations: false, by_levels: false },
            stray: None,
            is_done: false,
        }
    }

    /// Goes on to the next combination; whether there is one. To be called before each run, the first included.
    pub fn advance(&mut self) -> bool {
        if self.is_done || (self.runs > 0 && !self.turn()) {
            self.is_done = true;
            return false;
        }
        if self.runs >= self.bounds.runs_max {
            self.bounded.by_runs = true;
            self.is_done = true;
            return false;
        }
        self.runs += 1;
        self.asked = 0;
        true
    }

    /// The deviations of the run at hand.
    pub fn answers(&self) -> Answers {
        let asked = self.digits.iter().take(self.asked);
        asked.filter_map(|digit| Answer::new(digit.question, digit.value(self.bounds), digit.count)).collect()
    }

    /// How much was seen.
    pub fn coverage(&self) -> Coverage {
        let runs = self.runs;
        if let Some((before, then)) = self.stray {
            return Coverage::Strayed { runs, before, then };
        }
        if !self.is_done {
            return Coverage::Running { runs };
        }
        if self.bounded == Bounded::default() {
            return Coverage::Complete { runs };
        }
        Coverage::Bounded { runs, by: self.bounded }
    }

    /// Raises the last digit that can be raised, and forgets those after it.
    fn turn(&mut self) -> bool {
        if self.digits.len() > self.asked {
            // Fewer questions than the same answers led to before.
            let before = self.digits[self.asked].question;
            self.stray.get_or_insert((before, None));
        }
        if self.stray.is_some() {
            return false;
        }
        while let Some(mut digit) = self.digits.pop() {
            let was_calm = digit.level == 0;
            let can_rise = digit.level + 1 < digit.levels(self.bounds);
            let may_deviate = !was_calm || self.deviations < self.bounds.deviations_max;
            if can_rise && may_deviate {
                digit.level += 1;
                self.deviations += u32::from(was_calm);
                self.digits.push(digit);
                return true;
            }
            self.bounded.by_deviations |= can_rise;
            self.deviations -= u32::from(!was_calm);
        }
        false
    }
}

impl Choices for Odometer {
    fn choose(&mut self, question: Question, options: Options) -> u32 {
        let count = options.count();
        // What has one answer is no digit.
        if self.stray.is_some() || count.get() == 1 {
            return 0;
        }
        if let Some(digit) = self.digits.get(self.asked) {
            if (digit.question, digit.count) != (question, count) {
                self.stray = Some((digit.question, Some(question)));
                return 0;
            }
            self.asked += 1;
            return digit.value(self.bounds);
        }
        if self.asked >= self.bounds.questions_max as usize {
            self.bounded.by_questions = true;
            return 0;
        }
        let digit = Digit { question, count, level: 0 };
        self.bounded.by_levels |= digit.levels(self.bounds) < count.get();
        self.digits.push(digit);
        self.asked += 1;
        0
    }
}

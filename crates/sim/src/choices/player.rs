//! Plays deviations again, and says which of them no longer fit the run.

use std::fmt;
use std::num::NonZeroU32;

use constellation_fabric::{Choices, Options, Question};
use constellation_trace::Names;

use super::answers::{Answer, Answers};

/// Answers from a set of deviations, and 0 to every question that is not among them.
///
/// Answers belong to the names of questions. One whose question is not asked any more, because the code or the
/// scenario changed, is never given to another question; [`Player::leftovers`] reports it.
#[derive(Clone, Debug)]
pub struct Player<'a> {
    answers: &'a Answers,
    fates: Vec<Fate>,
}

/// What became of an answer so far.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fate {
    NotAsked,
    Given,
    Leftover(Why),
}

/// An answer that does not fit the run that was just played.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Leftover {
    /// The answer.
    pub answer: Answer,
    /// What is wrong with it.
    pub why: Why,
}

/// Why an answer does not fit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Why {
    /// Its question was not asked.
    NeverAsked,
    /// Its question has so few answers now that this one is none of them; 0 was answered.
    OutOfRange {
        /// How many it has now.
        count: NonZeroU32,
    },
    /// Its question has another number of answers now; this one was given, but may mean something else.
    OtherCount {
        /// How many it has now.
        count: NonZeroU32,
    },
}

impl Leftover {
    /// What does not fit, and how, as a line for people.
    pub fn show<'a>(&'a self, names: &'a Names) -> impl fmt::Display + 'a {
        Shown { leftover: self, names }
    }
}

struct Shown<'a> {
    leftover: &'a Leftover,
    names: &'a Names,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.leftover.answer.show(self.names))?;
        match self.leftover.why {
            Why::NeverAsked => f.write_str("this was not asked, so the answer was not used"),
            Why::OutOfRange { count } => write!(f, "there are only {count} answers now, so 0 was answered"),
            Why::OtherCount { count } => {
                write!(f, "there are {count} answers now; it was used, but may mean something else")
            }
        }
    }
}

impl<'a> Player<'a> {
    /// Nothing asked yet.
    pub fn new(answers: &'a Answers) -> Player<'a> {
        Player { answers, fates: vec![Fate::NotAsked; answers.len()] }
    }

    /// The answers that do not fit the run so far, in the order of their questions; none after a faithful replay.
    pub fn leftovers(&self) -> Vec<Leftover> {
        let pairs = self.answers.iter().zip(&self.fates);
        let leftovers = pairs.filter_map(|(answer, fate)| match *fate {
            Fate::Given => None,
            Fate::NotAsked => Some(Leftover { answer, why: Why::NeverAsked }),
            Fate::Leftover(why) => Some(Leftover { answer, why }),
        });
        leftovers.collect()
    }
}

impl Choices for Player<'_> {
    fn choose(&mut self, question: Question, options: Options) -> u32 {
        let Ok(place) = self.answers.place(question) else { return 0 };
        let (answer, count) = (self.answers.as_slice()[place], options.count());
        let (fate, value) = if answer.count() == count {
            (Fate::Given, answer.value())
        } else if answer.value() < count.get() {
            (Fate::Leftover(Why::OtherCount { count }), answer.value())
        } else {
            (Fate::Leftover(Why::OutOfRange { count }), 0)
        };
        self.fates[place] = fate;
        value
    }
}

//! Why a tape cannot be read or made, where, and what to do about it.

use std::fmt;

use constellation_trace::NodeId;
use constellation_trace::log::Place;

use super::Tape;

/// Why a tape cannot be read or made.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct TapeError {
    /// Where in the text; line 1, column 1, width 0 when it is the tape as a whole.
    pub place: Place,
    /// What is wrong.
    pub problem: TapeProblem,
}

/// What is wrong with a tape.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum TapeProblem {
    /// The text has more than [`Tape::TEXT_MAX`] bytes.
    TextTooLong,
    /// A word has more than [`Tape::WORD_MAX`] bytes as it is written.
    WordTooLong,
    /// There are more than [`Tape::ANSWERS_MAX`] answers.
    TooManyAnswers,
    /// An answer is about a node that has no name.
    UnnamedNode(NodeId),
    /// Something else should stand here.
    Unexpected {
        /// What should.
        expected: &'static str,
        /// What does, cut to what a line of text can show; `the end of the line` for nothing.
        found: String,
    },
    /// A number is too large, or written in an unusual way.
    Number {
        /// The number as it stands there, cut to what a line of text can show.
        found: String,
        /// The largest that may.
        max: u64,
    },
    /// A topic that this version does not know.
    UnknownTopic {
        /// The topic.
        topic: String,
        /// The known one that it may have been meant to be.
        nearest: Option<&'static str>,
        /// The known ones.
        known: String,
    },
    /// A node that the scenario does not have.
    UnknownNode {
        /// The name.
        name: String,
        /// The one that it may have been meant to be.
        nearest: Option<String>,
        /// The names of the scenario, cut to what a line of text can show.
        known: String,
    },
    /// An answer of 0.
    Calm,
    /// An answer that its question does not have.
    OutOfRange {
        /// How many it has.
        count: u64,
    },
    /// A question that stands twice.
    Duplicate {
        /// In which line, or as the how-many-th item of a one-line tape, it stands first.
        first: u32,
    },
    /// Another format than this version knows.
    UnknownFormat(String),
    /// A backslash or percent sign in front of what it cannot stand in front of.
    BadEscape,
    /// A quoted word does not end.
    OpenQuote,
}

impl TapeError {
    pub(super) const fn new(place: Place, problem: TapeProblem) -> TapeError {
        TapeError { place, problem }
    }

    pub(super) const fn whole(problem: TapeProblem) -> TapeError {
        TapeError { place: Place { line: 1, column: 1, width: 0 }, problem }
    }

    /// What to do about it, as a sentence without a full stop.
    pub fn help(&self) -> String {
        match &self.problem {
            TapeProblem::TextTooLong => format!("a tape has at most {} bytes", Tape::TEXT_MAX),
            TapeProblem::WordTooLong => format!("a word has at most {} bytes", Tape::WORD_MAX),
            TapeProblem::TooManyAnswers => {
                format!("a tape has at most {} answers: make the run smaller first", Tape::ANSWERS_MAX)
            }
            TapeProblem::UnnamedNode(_) => "give every node of the run a name".to_owned(),
            TapeProblem::Unexpected { .. } => {
                "lines are like `seed 17` and `latency pacific -> atlantic #3 = 17 of 1000`".to_owned()
            }
            TapeProblem::Number { max, .. } => {
                format!("write a whole number from 0 to {max}, with digits alone and no 0 in front")
            }
            TapeProblem::UnknownTopic { known, .. } => format!("the topics are {known}"),
            TapeProblem::UnknownNode { known, .. } => format!("the nodes are {known}"),
            TapeProblem::Calm => "every question that is not on the tape is answered 0: remove it".to_owned(),
            TapeProblem::OutOfRange { count: 0 | 1 } => {
                "what can be answered with 0 alone is no question: remove it".to_owned()
            }
            TapeProblem::OutOfRange { count } => format!("the answers are 1 to {}", count - 1),
            TapeProblem::Duplicate { .. } => "keep one of the two".to_owned(),
            TapeProblem::UnknownFormat(_) => "this version reads format 1".to_owned(),
            TapeProblem::BadEscape => {
                "in quotes write `\\\\`, `\\\"` or `\\u{…}`; in a one-line tape `%` and two hexadecimal digits"
                    .to_owned()
            }
            TapeProblem::OpenQuote => "end it with `\"` on the same line, then a space".to_owned(),
        }
    }
}

impl fmt::Display for TapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.width > 0 || self.place.column > 1 || self.place.line > 1 {
            write!(f, "{}: ", self.place)?;
        }
        write!(f, "{}; {}", self.problem, self.help())
    }
}

impl fmt::Display for TapeProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TapeProblem::TextTooLong => f.write_str("the tape is too long"),
            TapeProblem::WordTooLong => f.write_str("this word is too long"),
            TapeProblem::TooManyAnswers => f.write_str("the tape has too many answers"),
            TapeProblem::UnnamedNode(node) => write!(f, "node number {} has no name", node.number()),
            TapeProblem::Unexpected { expected, found } => write!(f, "expected {expected}, found {found}"),
            TapeProblem::Number { found, .. } => write!(f, "`{found}` is not a number that can stand here"),
            TapeProblem::UnknownTopic { topic, nearest, .. } => {
                write!(f, "unknown topic `{topic}`")?;
                write_nearest(f, *nearest)
            }
            TapeProblem::UnknownNode { name, nearest, .. } => {
                write!(f, "unknown node `{name}`")?;
                write_nearest(f, nearest.as_deref())
            }
            TapeProblem::Calm => f.write_str("an answer of 0 is no deviation"),
            TapeProblem::OutOfRange { count } => write!(f, "the question has only {count} answers"),
            TapeProblem::Duplicate { first } => {
                write!(f, "this question is already answered, in line or item {first}")
            }
            TapeProblem::UnknownFormat(found) => write!(f, "unknown format `{found}`"),
            TapeProblem::BadEscape => f.write_str("this escapes nothing"),
            TapeProblem::OpenQuote => f.write_str("this quoted word does not end"),
        }
    }
}

impl std::error::Error for TapeError {}

fn write_nearest(f: &mut fmt::Formatter<'_>, nearest: Option<&str>) -> fmt::Result {
    nearest.map_or(Ok(()), |nearest| write!(f, ", did you mean `{nearest}`?"))
}

//! What deviates from the calm run: the answers that are not 0, each under the name of its question.

use std::num::NonZeroU32;
use std::{fmt, iter, slice};

use constellation_fabric::Question;
use constellation_trace::Names;

/// One answer that is not 0: a deviation from the calm run.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Answer {
    question: Question,
    value: NonZeroU32,
    count: NonZeroU32,
}

impl Answer {
    /// The answer `value` of `count` possible ones; `None` unless 0 < `value` < `count`.
    pub fn new(question: Question, value: u32, count: NonZeroU32) -> Option<Answer> {
        let value = NonZeroU32::new(value).filter(|value| *value < count)?;
        Some(Answer { question, value, count })
    }

    /// What it answers.
    pub const fn question(&self) -> Question {
        self.question
    }

    /// The answer, at least 1.
    pub const fn value(&self) -> u32 {
        self.value.get()
    }

    /// How many answers the question had, counting 0; more than the answer.
    pub const fn count(&self) -> NonZeroU32 {
        self.count
    }

    /// The answer as a tape writes it: `latency pacific -> atlantic #3 = 17 of 1000`. A node without a name in
    /// `names` is written as its number.
    pub fn show<'a>(&'a self, names: &'a Names) -> impl fmt::Display + 'a {
        Shown { answer: self, names }
    }
}

struct Shown<'a> {
    answer: &'a Answer,
    names: &'a Names,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Answer { question, value, count } = self.answer;
        let name = |number: u32| match self.names.text(number) {
            Some(name) => quote(name),
            None => number.to_string(),
        };
        let (source, target) = (name(question.source.number()), name(question.target.number()));
        write!(f, "{} {source} -> {target} #{} = {value} of {count}", question.topic, question.nth)
    }
}

/// `text` as one word: bare where it is made of plain letters, else in quotes.
pub(crate) fn quote(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            _ if character.is_control() => quoted.push_str(&format!("\\u{{{:x}}}", u32::from(character))),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a text means the same bare as in quotes.
pub(crate) fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_plain_byte)
}

pub(crate) const fn is_plain_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// A set of deviations, at most one for each question, in the order of questions: the calm run when it is empty.
///
/// ```
/// use std::num::NonZeroU32;
/// use constellation_fabric::{Question, Topic};
/// use constellation_sim::choices::{Answer, Answers};
/// use constellation_trace::NodeId;
///
/// let question = Question { topic: Topic::Latency, source: NodeId::new(0), target: NodeId::new(1), nth: 3 };
/// let thousand = NonZeroU32::new(1_000).expect("1000 is not 0");
/// assert_eq!(Answer::new(question, 0, thousand), None, "0 is no deviation");
/// let mut answers: Answers = Answer::new(question, 17, thousand).into_iter().collect();
/// assert_eq!((answers.len(), answers.sum()), (1, 17));
/// answers.remove(question);
/// assert!(answers.is_empty());
/// ```
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Answers {
    /// Ascending by question, no question twice.
    sorted: Vec<Answer>,
}

impl Answers {
    /// No deviation: the calm run.
    pub const fn new() -> Answers {
        Answers { sorted: Vec::new() }
    }

    /// Adds a deviation, in place of another answer to its question. Costs O(n) moves.
    pub fn set(&mut self, answer: Answer) {
        match self.place(answer.question) {
            Ok(place) => self.sorted[place] = answer,
            Err(place) => self.sorted.insert(place, answer),
        }
    }

    /// Answers `question` with 0 again; returns what stood there.
    pub fn remove(&mut self, question: Question) -> Option<Answer> {
        self.place(question).ok().map(|place| self.sorted.remove(place))
    }

    /// The deviation under the name of `question`. Costs O(log n).
    pub fn get(&self, question: Question) -> Option<Answer> {
        self.place(question).ok().map(|place| self.sorted[place])
    }

    /// The deviations in the order of their questions.
    pub fn as_slice(&self) -> &[Answer] {
        &self.sorted
    }

    /// The deviations in the order of their questions.
    pub fn iter(&self) -> iter::Copied<slice::Iter<'_, Answer>> {
        self.sorted.iter().copied()
    }

    /// How many deviations there are.
    pub const fn len(&self) -> usize {
        self.sorted.len()
    }

    /// Whether it is the calm run.
    pub const fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// All answers added up; at the end of the numbers it stays there, and only orders of size depend on it.
    pub fn sum(&self) -> u64 {
        self.iter().fold(0, |sum: u64, answer| sum.saturating_add(u64::from(answer.value())))
    }

    /// Where the answer to `question` is, or where it would be.
    pub(crate) fn place(&self, question: Question) -> Result<usize, usize> {
        self.sorted.binary_search_by_key(&question, Answer::question)
    }
}

impl FromIterator<Answer> for Answers {
    /// Collects deviations in any order; of two answers to one question the later stays.
    fn from_iter<I: IntoIterator<Item = Answer>>(answers: I) -> Answers {
        let mut sorted: Vec<Answer> = answers.into_iter().collect();
        // Stable, so that the later of two comes later.
        sorted.sort_by_key(Answer::question);
        sorted.dedup_by(|later, kept| {
            let is_same = later.question == kept.question;
            if is_same {
                *kept = *later;
            }
            is_same
        });
        Answers { sorted }
    }
}

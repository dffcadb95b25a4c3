//! A run in a few lines: the answers that were not 0, and where they come from; people read and edit it.

use std::fmt;

use constellation_trace::Names;

use super::answers::{Answer, Answers, is_plain_byte, quote};
use super::player::Player;

mod error;
mod lexer;
mod reader;

pub use error::{TapeError, TapeProblem};

/// The deviations of one run from the calm one, with the names of its nodes and where it comes from.
///
/// Two ways to write it, both canonical: equal tapes, equal bytes, and back.
/// As a text, one answer a line; blank lines, lines that begin with `#`, and more spaces may be added by hand:
///
/// ```text
/// constellation tape 1
/// version 0.1.0
/// scenario mss-17
/// hash 3f2a
/// seed 17
/// latency pacific -> atlantic #3 = 17 of 1000
/// ```
///
/// And as one word that a shell takes as it is, by [`Tape::line`]:
/// `tape=1,version=0.1.0,scenario=mss-17,hash=3f2a,seed=17,latency:pacific:atlantic:3=17/1000`.
///
/// ```
/// use constellation_sim::Tape;
/// use constellation_trace::Names;
///
/// let names: Names = ["pacific", "atlantic"].into_iter().collect();
/// let text = "constellation tape 1\nversion 0.1.0\nscenario mss-17\nhash 3f2a\nseed 17\n\
///             latency pacific -> atlantic #3 = 17 of 1000\n";
/// let tape = Tape::parse(text, &names)?;
/// assert_eq!(tape.to_string(), text);
/// assert_eq!(Tape::parse_line(&tape.line(), &names)?, tape);
///
/// let typo = Tape::parse(&text.replace("pacific ->", "pasific ->"), &names).unwrap_err();
/// assert_eq!(
///     typo.to_string(),
///     "line 6, column 9: unknown node `pasific`, did you mean `pacific`?; the nodes are pacific, atlantic"
/// );
/// # Ok::<(), constellation_sim::choices::TapeError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tape {
    provenance: Provenance,
    names: Names,
    answers: Answers,
}

/// Where a tape comes from. A tape replays as long as its scenario is the same; the seed is for the record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Provenance {
    /// The version of this crate.
    pub version: String,
    /// What the scenario is called.
    pub scenario: String,
    /// A digest of the scenario, as the caller takes it.
    pub scenario_hash: String,
    /// The seed from which the run, or the run that was made smaller, came.
    pub seed: u64,
}

/// In what a tape is not of here and now.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Mismatch {
    /// Another version of this crate wrote it.
    Version {
        /// Which.
        tape: String,
        /// Which one reads it.
        here: String,
    },
    /// It was recorded in a scenario of another name.
    Scenario {
        /// Its name.
        tape: String,
        /// The name here.
        here: String,
    },
    /// The scenario was another one then.
    ScenarioHash {
        /// Its digest.
        tape: String,
        /// The digest here.
        here: String,
    },
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mismatch::Version { tape, here } => {
                write!(f, "the tape was written by version {tape}, this is version {here}")
            }
            Mismatch::Scenario { tape, here } => {
                write!(f, "the tape was recorded in scenario {tape}, this is scenario {here}")
            }
            Mismatch::ScenarioHash { tape, here } => {
                write!(f, "the scenario has changed since: its digest was {tape}, now it is {here}")
            }
        }
    }
}

impl Provenance {
    /// This version of this crate, and these.
    pub fn new(scenario: impl Into<String>, scenario_hash: impl Into<String>, seed: u64) -> Provenance {
        Provenance {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: scenario.into(),
            scenario_hash: scenario_hash.into(),
            seed,
        }
    }

    /// In what a tape of this provenance differs from `here`; the seed does not count.
    pub fn mismatches(&self, here: &Provenance) -> Vec<Mismatch> {
        let differ = |tape: &String, here: &String| (tape != here).then(|| (tape.clone(), here.clone()));
        let mut found = Vec::new();
        found.extend(
            differ(&self.version, &here.version).map(|(tape, here)| Mismatch::Version { tape, here }),
        );
        found.extend(
            differ(&self.scenario, &here.scenario).map(|(tape, here)| Mismatch::Scenario { tape, here }),
        );
        found.extend(
            differ(&self.scenario_hash, &here.scenario_hash)
                .map(|(tape, here)| Mismatch::ScenarioHash { tape, here }),
        );
        found
    }
}

impl Tape {
    /// The most answers of a tape. One that needs more was not made smaller, and nobody will read it.
    pub const ANSWERS_MAX: usize = 1 << 20;
    /// The longest text of a tape that is read, in bytes.
    pub const TEXT_MAX: usize = 64 << 20;
    /// The longest name or other word in it, in bytes as it is written.
    pub const WORD_MAX: usize = 1_024;

    /// A tape of these answers.
    ///
    /// # Errors
    /// [`TapeProblem::TooManyAnswers`]; [`TapeProblem::UnnamedNode`] where an answer is about a node that `names`
    /// does not hold; [`TapeProblem::WordTooLong`] where a text would not be read again.
    pub fn new(provenance: Provenance, names: Names, answers: Answers) -> Result<Tape, TapeError> {
        if answers.len() > Tape::ANSWERS_MAX {
            return Err(TapeError::whole(TapeProblem::TooManyAnswers));
        }
        for question in answers.iter().map(|answer| answer.question()) {
            for node in [question.source, question.target] {
                let Some(name) = names.text(node.number()) else {
                    return Err(TapeError::whole(TapeProblem::UnnamedNode(node)));
                };
                check_word(name)?;
            }
        }
        check_word(&provenance.version)?;
        check_word(&provenance.scenario)?;
        check_word(&provenance.scenario_hash)?;
        Ok(Tape { provenance, names, answers })
    }

    /// Reads the text of a tape whose nodes have these names.
    ///
    /// # Errors
    /// The first thing that is wrong, with its line and column, and what to do: an unknown topic or node, an
    /// answer of 0 or out of range, a question that stands twice, something too long. The order of the answers is no
    /// matter; they are written in one.
    pub fn parse(text: &str, names: &Names) -> Result<Tape, TapeError> {
        reader::read(lexer::lines(text)?, names)
    }

    /// Reads a tape that is one word, as [`Tape::line`] writes it.
    ///
    /// # Errors
    /// As [`Tape::parse`]; the line is always the first.
    pub fn parse_line(line: &str, names: &Names) -> Result<Tape, TapeError> {
        reader::read(lexer::items(line)?, names)
    }

    /// Where it comes from.
    pub const fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// The names of the nodes.
    pub const fn names(&self) -> &Names {
        &self.names
    }

    /// The answers.
    pub const fn answers(&self) -> &Answers {
        &self.answers
    }

    /// A chooser that plays it.
    pub fn player(&self) -> Player<'_> {
        Player::new(&self.answers)
    }

    /// The tape as one word of ASCII letters, digits and `_ - . = , : / %`, which no shell takes apart.
    pub fn line(&self) -> String {
        let Provenance { version, scenario, scenario_hash, seed } = &self.provenance;
        let mut line = format!(
            "tape=1,version={},scenario={},hash={},seed={seed}",
            escape(version),
            escape(scenario),
            escape(scenario_hash)
        );
        for answer in self.answers.iter() {
            line.push(',');
            line.push_str(&self.item(answer));
        }
        line
    }

    fn item(&self, answer: Answer) -> String {
        let question = answer.question();
        let name = |node: constellation_trace::NodeId| {
            escape(self.names.text(node.number()).expect("new refuses an answer about a node without name"))
        };
        let (source, target) = (name(question.source), name(question.target));
        format!("{}:{source}:{target}:{}={}/{}", question.topic, question.nth, answer.value(), answer.count())
    }
}

impl fmt::Display for Tape {
    /// The text, one answer a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Provenance { version, scenario, scenario_hash, seed } = &self.provenance;
        writeln!(f, "constellation tape 1\nversion {}\nscenario {}", quote(version), quote(scenario))?;
        writeln!(f, "hash {}\nseed {seed}", quote(scenario_hash))?;
        self.answers.iter().try_for_each(|answer| writeln!(f, "{}", answer.show(&self.names)))
    }
}

/// Refuses a text that would not be read again.
fn check_word(word: &str) -> Result<(), TapeError> {
    // Escaped is never shorter than quoted, but for a control character: 8 bytes at most, for at least 3.
    if escape(word).len().max(quote(word).len()) <= Tape::WORD_MAX {
        return Ok(());
    }
    Err(TapeError::whole(TapeProblem::WordTooLong))
}

/// `text` with every byte that is not plain as `%` and two hexadecimal digits.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if is_plain_byte(byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02x}"));
        }
    }
    escaped
}

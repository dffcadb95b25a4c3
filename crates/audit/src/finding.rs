//! What is found, and how much it counts.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::str::FromStr;

use crate::fingerprint::Fingerprint;
use crate::rule::Rule;
use crate::source::Lines;

/// How much a finding counts: set by how often the rule was right on code that nobody wrote for it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Level {
    /// Worth a look, and often right as it is; shown where it is asked for.
    Info,
    /// Meant to be right nine times in ten on code that nobody wrote for it.
    Warn,
    /// Nobody means this.
    Deny,
}

impl Level {
    /// All of them, the least first.
    pub const ALL: [Level; 3] = [Level::Info, Level::Warn, Level::Deny];

    /// How it is called.
    pub fn name(self) -> &'static str {
        match self {
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Deny => "deny",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Level, String> {
        Level::ALL
            .into_iter()
            .find(|level| level.name() == text)
            .ok_or_else(|| "info, warn or deny".to_owned())
    }
}

/// One place at which code may rely on a fallacy.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Finding {
    /// By which rule.
    pub rule: &'static Rule,
    /// How much it counts here; never more than the rule does.
    pub level: Level,
    /// Whether it is in test code.
    pub setting: Setting,
    /// In which file, as it was named or found.
    pub path: PathBuf,
    /// Where in the file, in bytes.
    pub span: Range<usize>,
    /// The line in which it begins, from 1.
    pub line: usize,
    /// The column at which it begins, in characters from 1.
    pub column: usize,
    /// The line in which it ends.
    pub line_end: usize,
    /// The column behind its end.
    pub column_end: usize,
    /// One sentence: why here.
    pub here: String,
    /// The function around it; empty outside of any.
    pub within: String,
    /// By what it is found again when the code around it has moved.
    pub fingerprint: Fingerprint,
    /// The lines that it is in.
    pub excerpt: Excerpt,
    /// The other place without which it were none, if there is one.
    pub beside: Option<Beside>,
}

/// Another place in the same file that makes a finding one.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Beside {
    /// Where in the file, in bytes.
    pub span: Range<usize>,
    /// The line in which it begins, from 1.
    pub line: usize,
    /// The column at which it begins, in characters from 1.
    pub column: usize,
    /// The line in which it ends.
    pub line_end: usize,
    /// The column behind its end.
    pub column_end: usize,
    /// What stands there, in some words.
    pub here: String,
    /// The lines that it is in.
    pub excerpt: Excerpt,
}

/// What kind of code something is in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Setting {
    /// Code that is shipped.
    Shipped,
    /// A test, a benchmark, an example.
    Test,
}

/// The lines of a file that a finding is in.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Excerpt {
    /// Whole lines; empty if they are too long to be shown.
    pub text: String,
    /// Where the finding is in that text, in bytes.
    pub span: Range<usize>,
}

impl Excerpt {
    /// The longest excerpt, in bytes.
    const BYTES_MAX: usize = 4_096;

    pub(crate) fn of(whole: &Lines<'_>, span: &Range<usize>) -> Excerpt {
        let lines = whole.whole(span);
        if lines.len() > Excerpt::BYTES_MAX {
            return Excerpt { text: String::new(), span: 0..0 };
        }
        let text = whole.text[lines.clone()].to_owned();
        Excerpt { text, span: span.start - lines.start..span.end - lines.start }
    }
}

/// A file or a folder that could not be audited.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub struct NotAudited {
    /// Which one.
    pub path: PathBuf,
    /// The line of it because of which, if it is one.
    pub line: Option<usize>,
    /// Why.
    pub reason: String,
}

impl fmt::Display for NotAudited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

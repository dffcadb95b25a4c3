//! Why sessions are not what they should be: refused, not readable, or not to be had from a history.

use std::fmt;

use crate::words::one_line;

/// Why a transaction was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SessionsError {
    /// No session has this number.
    Session(u32),
    /// No key has this number.
    Key(u32),
    /// No table holds a value with these bits, or it is a list where none can be, or none where one must be.
    Value(u64),
    /// It ends before it begins.
    Backwards {
        /// When it begins.
        invoked: u64,
        /// When it ends.
        returned: u64,
    },
    /// It begins before the transaction of the same session before it is over.
    Overlaps {
        /// When it begins.
        invoked: u64,
        /// When the one before is over.
        over: u64,
    },
    /// There are 2^32 of something.
    Full,
}

impl fmt::Display for SessionsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SessionsError::Session(number) => write!(f, "no session has the number {number}"),
            SessionsError::Key(number) => write!(f, "no key has the number {number}"),
            SessionsError::Value(bits) => write!(f, "no table holds the value {bits:#x}"),
            SessionsError::Backwards { invoked, returned } => {
                write!(f, "a transaction that begins at {invoked} cannot end at {returned}")
            }
            SessionsError::Overlaps { invoked, over } => {
                write!(
                    f,
                    "a transaction begins at {invoked}, but the one before it in the session is over at {over} only"
                )
            }
            SessionsError::Full => f.write_str("more than 2^32 transactions, accesses or names"),
        }
    }
}

impl std::error::Error for SessionsError {}

/// Why a history is no sessions of reads and writes.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Unfit {
    /// This operation neither reads nor writes nor appends.
    Operation {
        /// Its place in the history.
        place: usize,
        /// What was asked.
        call: String,
    },
    /// A read shows several values under a key that nobody appends to: siblings are no register.
    Siblings {
        /// Its place in the history.
        place: usize,
        /// What was asked.
        call: String,
        /// How many it shows.
        count: usize,
    },
    /// A key is both written and appended to, this operation being the one too many.
    Mixed {
        /// Its place in the history.
        place: usize,
        /// What was asked.
        call: String,
    },
    /// The sessions refused it.
    Refused {
        /// Its place in the history.
        place: usize,
        /// Why.
        error: SessionsError,
    },
    /// Somebody said that it is enough, after so many operations.
    Stopped {
        /// How many were looked at.
        place: usize,
    },
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unfit::Operation { place, call } => {
                write!(f, "operation {place} (`{}`) is neither a read nor a write", one_line(call))
            }
            Unfit::Siblings { place, call, count } => {
                write!(
                    f,
                    "operation {place} (`{}`) shows {count} values, and a register holds one",
                    one_line(call)
                )
            }
            Unfit::Mixed { place, call } => {
                let call = one_line(call);
                write!(f, "operation {place} (`{call}`) writes to a key that others append to")
            }
            Unfit::Refused { place, error } => write!(f, "operation {place}: {error}"),
            Unfit::Stopped { place } => write!(f, "nobody waited for more than {place} operations"),
        }
    }
}

impl std::error::Error for Unfit {}

/// Why a sketch of sessions cannot be read.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum NotationError {
    /// This is no access or transaction.
    Word {
        /// The line, from 1.
        line: usize,
        /// What stands there.
        word: String,
    },
    /// A line does not begin with the name of a session.
    Name {
        /// The line, from 1.
        line: usize,
        /// What it begins with.
        word: String,
    },
    /// A second line for one session.
    Twice {
        /// The line, from 1.
        line: usize,
        /// The session.
        session: String,
    },
    /// Some transactions have times and some have none.
    Untimed {
        /// The line of the first of those that differ from the one before, from 1.
        line: usize,
        /// That one.
        word: String,
    },
    /// The sessions refused the transaction.
    Refused {
        /// The line, from 1.
        line: usize,
        /// The transaction, or the name of the session.
        word: String,
        /// Why.
        error: SessionsError,
    },
}

impl NotationError {
    /// The line, from 1.
    pub const fn line(&self) -> usize {
        match self {
            NotationError::Word { line, .. }
            | NotationError::Name { line, .. }
            | NotationError::Twice { line, .. }
            | NotationError::Untimed { line, .. }
            | NotationError::Refused { line, .. } => *line,
        }
    }

    /// What is wrong on it, as it stands there.
    pub fn word(&self) -> &str {
        match self {
            NotationError::Word { word, .. }
            | NotationError::Name { word, .. }
            | NotationError::Untimed { word, .. }
            | NotationError::Refused { word, .. } => word,
            NotationError::Twice { session, .. } => session,
        }
    }
}

impl fmt::Display for NotationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotationError::Word { line, word } => {
                let word = one_line(word);
                write!(
                    f,
                    "line {line}: `{word}` is no access: write r(x,1), w(x,1), a(x,1) or r(x,[1,2]), several in {{…}}"
                )
            }
            NotationError::Name { line, word } => {
                let word = one_line(word);
                write!(
                    f,
                    "line {line}: `{word}` is no name of a session, which stands first: `pacific r(x,1)`"
                )
            }
            NotationError::Twice { line, session } => {
                write!(f, "line {line}: the session `{}` has a line already", one_line(session))
            }
            NotationError::Untimed { line, .. } => {
                write!(
                    f,
                    "line {line}: either all transactions have times or none has: add `@3..5`, or leave it out"
                )
            }
            NotationError::Refused { line, error, .. } => write!(f, "line {line}: {error}"),
        }
    }
}

impl std::error::Error for NotationError {}

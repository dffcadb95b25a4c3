//! What cannot be said of a history, whatever its format.

use std::fmt;

use crate::sessions::{NotationError, SessionsError};
use crate::words::one_line;

/// What is wrong with a history that is well written.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// It looks like no format that is known.
    Unrecognised,
    /// There is no operation of a client in it.
    Nothing,
    /// A process begins something while it is at something else.
    Busy {
        /// Who.
        process: String,
        /// Where the first began.
        line: u32,
    },
    /// A process ends what it never began.
    NeverBegun {
        /// Who.
        process: String,
    },
    /// A process ends something else than it began.
    OtherEnd {
        /// Who.
        process: String,
        /// What it began.
        begun: String,
        /// Where.
        line: u32,
        /// What it ends.
        ended: String,
    },
    /// The `:index` of a record is not above that of the one before it.
    IndexBack {
        /// That of the one before.
        before: u64,
        /// Its own.
        index: u64,
    },
    /// The `:time` of a record is less than that of the one before it.
    TimeBack {
        /// That of the one before.
        before: i64,
        /// Its own.
        time: i64,
    },
    /// A record has two values under one key.
    TwoKeys {
        /// The key, without its colon.
        key: String,
    },
    /// Nil is written, or put into an object.
    NilWritten,
    /// An end says that something else was written than its beginning.
    OtherWritten {
        /// Where it began.
        line: u32,
    },
    /// What is added to a counter is no whole number of 64 bits.
    NoAmount {
        /// What is added.
        amount: String,
    },
    /// It has no key where others have one.
    NoKey,
    /// Single operations and transactions in one history.
    Mixed,
    /// A transaction goes on after its session began another, or in another session.
    GoesOn {
        /// Its name.
        transaction: String,
    },
    /// The sessions refused a transaction.
    Refused(SessionsError),
    /// A sketch that cannot be read.
    Notation(NotationError),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Unrecognised => f.write_str("this looks like no history in a format that is known"),
            Fault::Nothing => f.write_str("no operation of a client is found in this text"),
            Fault::Busy { process, line } => {
                write!(
                    f,
                    "process {} begins this before what it began on line {line} ended",
                    one_line(process)
                )
            }
            Fault::NeverBegun { process } => {
                write!(f, "process {} ends what it never began", one_line(process))
            }
            Fault::OtherEnd { process, begun, line, ended } => {
                let [process, begun, ended] = [process, begun, ended].map(|text| one_line(text));
                write!(f, "process {process} began `{begun}` on line {line} and ends `{ended}`")
            }
            Fault::IndexBack { before, index } => {
                write!(f, "a record with `:index {index}` stands behind one with `:index {before}`")
            }
            Fault::TimeBack { before, time } => {
                write!(f, "a record of `:time {time}` stands behind one of `:time {before}`")
            }
            Fault::TwoKeys { key } => write!(f, "a record has `:{}` twice", one_line(key)),
            Fault::NilWritten => f.write_str("nil is written here, which reads cannot tell from nothing yet"),
            Fault::OtherWritten { line } => {
                write!(f, "this ends with other writes than it began with on line {line}")
            }
            Fault::NoAmount { amount } => {
                write!(f, "{} is added to a counter and is no whole number of 64 bits", one_line(amount))
            }
            Fault::NoKey => f.write_str("this stands without a key where others are of independent keys"),
            Fault::Mixed => f.write_str("transactions and single operations in one history"),
            Fault::GoesOn { transaction } => {
                write!(
                    f,
                    "transaction {} goes on after another began in its session, or in another session",
                    one_line(transaction)
                )
            }
            Fault::Refused(error) => error.fmt(f),
            // The place stands before it already.
            Fault::Notation(error) => {
                let text = error.to_string();
                f.write_str(text.split_once(": ").map_or(&text, |(_, what)| what))
            }
        }
    }
}

impl Fault {
    pub(crate) const fn help(&self) -> &'static str {
        match self {
            Fault::Unrecognised => "name the format: trace, edn, log, key-value, plume, blocks or sketch",
            Fault::Nothing => "is it a history in another format, or a run without clients?",
            Fault::Busy { .. } => {
                "an end may be missing before it: `:info` is one, of which nobody knows more"
            }
            Fault::NeverBegun { .. } => "its `:invoke` may be missing, or two histories are in one file",
            Fault::OtherEnd { .. } => "a line between the two may be missing",
            Fault::IndexBack { .. } => {
                "the order of records is taken for that of time: sort them by `:index`"
            }
            Fault::TimeBack { .. } => {
                "the order of records is taken for that of time: sort them by `:time`, or leave it out"
            }
            Fault::TwoKeys { .. } => "which of the two is meant cannot be known",
            Fault::NilWritten => "write a value of its own for what is deleted",
            Fault::OtherWritten { .. } => {
                "which of the two was written cannot be known: an end repeats them, or is nil"
            }
            Fault::NoAmount { .. } => "if it is a set, a read must show it as a collection",
            Fault::NoKey => "write [key value], and [key nil] to ask",
            Fault::Mixed => "split the history",
            Fault::GoesOn { .. } => "all that a transaction does stands together within its session",
            Fault::Refused(_) | Fault::Notation(_) => "",
        }
    }
}

//! How a store is reached: a client writes a key or reads it, and is told that it worked, that it did not, or nothing.

use std::fmt;

/// What a client asks of a store at its site.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ask {
    /// Under which key.
    pub key: String,
    /// What.
    pub what: What,
    /// Of a write, what its client was shown under the key before it, at the same site: the write is to replace these and
    /// nothing else, where a store can tell (the *context* of Dynamo and Riak). Nothing where a client writes blindly, or
    /// was shown nothing.
    pub over: Vec<u64>,
}

/// To write or to read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum What {
    /// To put this value, which is written once in a round, in the place of whatever the key holds.
    Write(u64),
    /// To be shown what the key holds.
    Read,
}

/// Of which kind an operation is: what tables have rows for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// It reads.
    Read,
    /// It writes.
    Write,
}

/// What a client is told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answer {
    /// It was done. A read shows these, all of them where the store keeps siblings; none where the key holds nothing. A
    /// write shows nothing.
    Ok(Vec<u64>),
    /// It took no effect and never will, for this reason.
    Refused(String),
    /// Nobody knows whether it took effect, or still will, for this reason.
    Unknown(String),
}

/// A blocking client of one site, as a driver with real servers has them; it waits no longer than
/// [`TIMEOUT`](super::protocol::TIMEOUT).
pub trait Client {
    /// Writes a value over what this client was last shown under the key, `over`; a server that names it by a token of its
    /// own is given that back.
    fn write(&mut self, key: &str, value: u64, over: &[u64]) -> Answer;

    /// Reads a value, or all siblings.
    fn read(&mut self, key: &str) -> Answer;

    /// Whichever of the two is asked.
    fn ask(&mut self, ask: &Ask) -> Answer {
        match ask.what {
            What::Write(value) => self.write(&ask.key, value, &ask.over),
            What::Read => self.read(&ask.key),
        }
    }
}

impl Ask {
    /// To read a key.
    pub fn read(key: impl Into<String>) -> Ask {
        Ask { key: key.into(), what: What::Read, over: Vec::new() }
    }

    /// To write a value under a key, whatever that holds.
    pub fn write(key: impl Into<String>, value: u64) -> Ask {
        Ask::write_over(key, value, Vec::new())
    }

    /// To write a value under a key, over what its client was shown there.
    pub fn write_over(key: impl Into<String>, value: u64, over: Vec<u64>) -> Ask {
        Ask { key: key.into(), what: What::Write(value), over }
    }

    /// Whether it reads or writes.
    pub const fn kind(&self) -> Kind {
        match self.what {
            What::Write(_) => Kind::Write,
            What::Read => Kind::Read,
        }
    }
}

impl Answer {
    /// That a read was done and shows these, in ascending order.
    pub fn shows(values: impl IntoIterator<Item = u64>) -> Answer {
        let mut values: Vec<u64> = values.into_iter().collect();
        values.sort_unstable();
        Answer::Ok(values)
    }

    /// That a write was done.
    pub const DONE: Answer = Answer::Ok(Vec::new());
}

impl Kind {
    /// Reads, then writes.
    pub const ALL: [Kind; 2] = [Kind::Read, Kind::Write];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Read => "read",
            Kind::Write => "write",
        })
    }
}

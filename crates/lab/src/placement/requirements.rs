//! What a store must be to be used for something, in a cell or in words of one's own, and what shows that it is not.
//!
//! ```
//! use constellation_lab::placement::requirements::{Fulfilled, Requirement};
//! use constellation_lab::placement::{Store, place};
//!
//! let store: Store = "quorum:r=1,w=1".parse()?;
//! let wanted = Requirement::cell("PC").expect("it is half of a cell");
//! let Fulfilled::No(breaches) = wanted.check(&place(&store, 1)?) else { panic!("it is PA") };
//! assert_eq!(breaches[0].wanted, "PC in a partition");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod check;
mod reader;

use std::fmt;
use std::time::Duration;

use super::Placement;
use super::cell::{Cell, InPartition, Otherwise};
use super::measure::Trips;
use super::protocol::Condition;
use crate::scenario::ScenarioError;

/// What a store must be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Requirement {
    /// In this cell, or in this half of the matrix.
    Cell {
        /// What it must keep in a partition; `None`: whatever.
        partition: Option<InPartition>,
        /// What it must prefer else; `None`: whatever.
        otherwise: Option<Otherwise>,
    },
    /// What its reads and writes must do.
    Words(Box<Words>),
}

/// What reads and writes must do; where nothing is said, nothing is asked.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Words {
    /// What reads must do in a partition.
    pub reads: Option<ReadsInPartition>,
    /// What writes must do in a partition.
    pub writes: Option<WritesInPartition>,
    /// How long ago what a read shows may have been replaced, at most. Nothing may be stale that is read back at the end, however
    /// short that has been so: it stays, unless the key is read or written again.
    pub stale_max: Option<Duration>,
    /// How long a read may take without a cut.
    pub read_latency_max: Option<Latency>,
    /// How long a write may take without a cut.
    pub write_latency_max: Option<Latency>,
    /// How long a site may leave reads without an answer, from a cut on.
    pub reads_refused_max: Option<Duration>,
    /// How long a site may leave writes without an answer, from a cut on.
    pub writes_refused_max: Option<Duration>,
    /// That no acknowledged write is lost, nor overwritten by a client that had not seen it.
    pub is_nothing_lost: bool,
}

/// What reads must do in a partition.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ReadsInPartition {
    /// Every site answers, and nothing that it shows is stale, nor older than what another client had been shown before.
    Answer,
    /// Every site answers; what it shows may be stale.
    Stale,
    /// Nothing stale is shown, nor anything older than what another client had been shown before; a site may refuse instead,
    /// or be silent.
    Refuse,
}

/// What writes must do in a partition.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WritesInPartition {
    /// Every site acknowledges.
    Answer,
    /// What is acknowledged is kept, and not overwritten unseen; a site may refuse instead, or be silent.
    Refuse,
}

/// How long something may take.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Latency {
    /// So many round trips.
    Trips(Trips),
    /// So long, in every round without a cut, those with a slow site among them.
    Time(Duration),
}

/// Whether a store is what it must be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Fulfilled {
    /// It is, as far as was measured.
    Yes,
    /// It is, as far as this: whoever wants to know more must cut for longer.
    AsFarAs(String),
    /// It is not, and this shows it; never empty.
    No(Vec<Breach>),
    /// Nothing shows that it is not, but of this nobody can tell.
    Unknown(String),
}

/// One thing that a store does otherwise than it must.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Breach {
    /// What it must do.
    pub wanted: String,
    /// What it did.
    pub found: String,
    /// The schedule that shows it.
    pub shown: Option<Schedule>,
}

/// A few operations of a round, and how the network was.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Schedule {
    /// Which round, by its place among the records.
    pub round: usize,
    /// How the network was.
    pub condition: Condition,
    /// The operations, by their places in the record, in the order of asking.
    pub operations: Vec<usize>,
    /// What is wrong with them.
    pub shows: Shows,
}

/// What operations show.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Shows {
    /// They alone are not linearizable.
    NotLinearizable,
    /// Each by itself does what must not be.
    Themselves,
}

impl Requirement {
    /// A cell such as `PC/EC`, or half of one: `PA`, `PC`, `P-`, `EL`, `EC`. `None` for another text.
    pub fn cell(text: &str) -> Option<Requirement> {
        let text = text.trim().replace('–', "-");
        let whole = Cell::parse(&text).map(|cell| (Some(cell.partition), Some(cell.otherwise)));
        let half = || {
            Cell::NAMES.into_iter().find_map(|(name, cell)| match name.split_once('/')? {
                (partition, _) if partition == text => Some((Some(cell.partition), None)),
                (_, otherwise) if otherwise == text => Some((None, Some(cell.otherwise))),
                _ => None,
            })
        };
        let (partition, otherwise) = whole.or_else(half)?;
        Some(Requirement::Cell { partition, otherwise })
    }

    /// Reads the text of a file; `placement/requirements.toml` says what each key means.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place in the text and what to do about it.
    pub fn parse(text: &str) -> Result<Requirement, ScenarioError> {
        reader::read(text).map(|words| Requirement::Words(Box::new(words)))
    }

    /// The longest text of a file, in bytes.
    pub const TEXT_MAX: usize = 1 << 16;

    /// Whether a store that was measured is so.
    pub fn check(&self, placement: &Placement) -> Fulfilled {
        check::check(self, placement)
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Latency::Trips(trips) => write!(f, "{trips} round trips"),
            Latency::Time(time) => f.write_str(&super::told::ms(*time)),
        }
    }
}

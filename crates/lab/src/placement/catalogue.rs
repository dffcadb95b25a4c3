//! Where well-known systems are *declared* to live on the PACELC matrix, for each setting and version, with sources.
//!
//! Nothing here was measured: a cell is what a document or a paper promises. The file that ships,
//! `placement/catalogue.toml`, says at its top what each key means.

mod reader;

use std::fmt;

use constellation_trace::ids::nearest;

use crate::scenario::ScenarioError;

/// Declared systems, in the order of their file.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Catalogue {
    /// The systems; no two have one name.
    pub systems: Vec<System>,
}

/// A data system, with what is declared of it.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct System {
    /// What it is called on the command line: small letters, digits, `-` and `.`.
    pub name: String,
    /// What it calls itself.
    pub title: String,
    /// What is declared, for each setting; at least one.
    pub settings: Vec<Declared>,
}

/// What is declared of a system under one setting.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Declared {
    /// How it is configured and asked, such as `reads and writes at ONE`.
    pub setting: String,
    /// Of which versions it is declared.
    pub version: String,
    /// Where it lives then.
    pub place: Place,
    /// Whose placement it is, such as `Abadi 2012`; `None` where the cell is read from the sources by this catalogue.
    pub by: Option<String>,
    /// One sentence on what it does in a partition, without a full stop.
    pub partition: String,
    /// One sentence on what it does in normal operation, without a full stop.
    pub normal: String,
    /// What a hasty reader gets wrong.
    pub caveat: Option<String>,
    /// Where it says so; at least one.
    pub sources: Vec<Source>,
}

/// A document or a paper.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Source {
    /// Its author and title.
    pub title: String,
    /// Where it is to be found: begins with `https://` or `http://`.
    pub address: String,
    /// The date or the version of what is cited.
    pub date: String,
}

/// A cell, or on what the cell depends.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Place {
    /// This cell.
    Cell(DeclaredCell),
    /// It depends on this.
    Depends(String),
}

/// A cell of the matrix, as it is declared: what is kept in a partition, and what else.
///
/// ```
/// use constellation_lab::placement::catalogue::{DeclaredCell, Else, InPartition};
///
/// let cell = DeclaredCell::parse("PA/EL").expect("it is one");
/// assert_eq!((cell.partition, cell.normal), (InPartition::Available, Else::Latency));
/// assert_eq!(DeclaredCell::parse("P-/EC").expect("it is one").to_string(), "P–/EC");
/// assert_eq!(DeclaredCell::parse("CA"), None);
/// ```
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct DeclaredCell {
    /// What is kept in a partition.
    pub partition: InPartition,
    /// What is kept without one.
    pub normal: Else,
}

/// What is kept in a partition.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum InPartition {
    /// Availability: every request that reaches a running node is answered.
    Available,
    /// Consistency: what is answered is linearizable, and nothing that was acknowledged is lost.
    Consistent,
    /// Neither, for all requests.
    Neither,
}

/// What is kept without a partition.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Else {
    /// Latency: reads and writes are not linearizable.
    Latency,
    /// Consistency: they are.
    Consistent,
}

/// The text of the file that ships.
const SHIPPED: &str = include_str!("../../../../placement/catalogue.toml");

impl Catalogue {
    /// The longest text of a catalogue, in bytes.
    pub const TEXT_MAX: usize = 1 << 20;

    /// The catalogue that ships. Parses its text, in about a millisecond.
    ///
    /// ```
    /// use constellation_lab::placement::catalogue::Catalogue;
    ///
    /// let catalogue = Catalogue::shipped();
    /// let cassandra = catalogue.find("cassandra").expect("it is in it");
    /// assert_eq!(cassandra.settings[0].place.to_string(), "PA/EL");
    /// ```
    pub fn shipped() -> Catalogue {
        Catalogue::parse(SHIPPED).expect("a test reads the catalogue that ships")
    }

    /// Reads the text of a catalogue, such as one of your own.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place in the text and what to do about it: what is no TOML, an unknown
    /// key, a missing one, a text that is too long or not on one line, a name or a setting that is there twice, a
    /// source that nobody describes or cites.
    pub fn parse(text: &str) -> Result<Catalogue, ScenarioError> {
        reader::read(text)
    }

    /// The system of this name, in whatever case.
    pub fn find(&self, name: &str) -> Option<&System> {
        self.systems.iter().find(|system| system.name.eq_ignore_ascii_case(name))
    }

    /// The name that `wrong` was most likely meant to be, or `None` if none is near.
    pub fn nearest(&self, wrong: &str) -> Option<&str> {
        nearest(wrong, self.systems.iter().map(|system| &*system.name))
    }
}

impl DeclaredCell {
    /// The cells, with how they are written in a file.
    pub const NAMES: [(&str, DeclaredCell); 6] = [
        ("PA/EL", DeclaredCell { partition: InPartition::Available, normal: Else::Latency }),
        ("PA/EC", DeclaredCell { partition: InPartition::Available, normal: Else::Consistent }),
        ("PC/EL", DeclaredCell { partition: InPartition::Consistent, normal: Else::Latency }),
        ("PC/EC", DeclaredCell { partition: InPartition::Consistent, normal: Else::Consistent }),
        ("P-/EL", DeclaredCell { partition: InPartition::Neither, normal: Else::Latency }),
        ("P-/EC", DeclaredCell { partition: InPartition::Neither, normal: Else::Consistent }),
    ];

    /// The cell that is written so; `P-` may be written with a hyphen or a dash.
    pub fn parse(text: &str) -> Option<DeclaredCell> {
        let text = text.replace('–', "-");
        DeclaredCell::NAMES.into_iter().find(|(name, _)| *name == text).map(|(_, cell)| cell)
    }
}

impl fmt::Display for DeclaredCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.partition {
            InPartition::Available => "PA/",
            InPartition::Consistent => "PC/",
            InPartition::Neither => "P–/",
        })?;
        f.write_str(match self.normal {
            Else::Latency => "EL",
            Else::Consistent => "EC",
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Cell(cell) => cell.fmt(f),
            Place::Depends(_) => f.write_str("depends"),
        }
    }
}

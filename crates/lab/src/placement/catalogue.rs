//! Where well-known systems are *declared* to live on the PACELC matrix, for each setting and version, with sources.
//!
//! Nothing here was measured: a cell is what a document or a paper promises. The file that ships,
//! `placement/catalogue.toml`, says at its top what each key means.

mod reader;

use std::fmt;

use constellation_trace::ids::nearest;

use super::cell::Cell;
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
    /// Where Abadi (2012) places it, if that is another cell than `place`.
    pub abadi: Option<Cell>,
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
    Cell(Cell),
    /// It depends on this.
    Depends(String),
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
    /// key, a missing one, a text that is too long or not on one line, the name of a [store](super::STORES), a
    /// name or a setting that is there twice, a source that nobody describes or cites.
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

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Cell(cell) => cell.fmt(f),
            Place::Depends(_) => f.write_str("depends"),
        }
    }
}

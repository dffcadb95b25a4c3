//! A store of the user's own, as a file describes it: the commands that start each site, and the program that is its client.
//!
//! ```
//! use constellation_lab::placement::own::OwnStore;
//!
//! let text = r#"
//! name = "kept"
//! start = ["kept-server", "--listen", "{address}:7000", "--peers", "{address.0},{address.1},{address.2}"]
//! adapter = ["python3", "adapter.py", "{address}:7000"]
//! "#;
//! let store = OwnStore::parse(text)?;
//! assert_eq!((store.name.as_str(), store.modes.len()), ("kept", 1));
//! # Ok::<(), constellation_lab::scenario::ScenarioError>(())
//! ```

mod reader;

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use crate::scenario::ScenarioError;

/// How many sites a real store is placed at.
pub const SITES: usize = 3;

/// A store of the user's own.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct OwnStore {
    /// What it is called: small letters, digits and `-`.
    pub name: String,
    /// What it calls itself.
    pub title: String,
    /// The command of which the first line says the version; none where nothing says it.
    pub version: Vec<String>,
    /// The settings in which it can be placed, at least one.
    pub modes: Vec<OwnMode>,
    /// Whether each round begins with servers begun anew, and not only with keys that were never used.
    pub is_begun_anew: bool,
    /// How long it may take until each site answers.
    pub ready_within: Duration,
    /// The TCP ports at which sites are reached, for machines on which they are joined by proxies.
    pub ports: Vec<u16>,
    /// What is done at each site.
    pub sites: [OwnSite; SITES],
    /// The client of a site.
    pub adapter: OwnCommand,
}

/// A setting of it.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct OwnMode {
    /// What it is called: small letters, digits and `-`.
    pub name: String,
    /// What it means.
    pub says: String,
    /// The consistency model that it claims, as `constellation models` calls it.
    pub model: Option<String>,
}

/// What is done at a site.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct OwnSite {
    /// Commands that run to their end, one after the other.
    pub prepare: Vec<OwnCommand>,
    /// Commands that go on, at least one.
    pub start: Vec<OwnCommand>,
}

/// A program and its arguments, with slots in them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OwnCommand {
    words: Vec<Vec<Part>>,
}

/// Of a word of a command.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Part {
    Text(String),
    Slot(Slot),
}

/// What only whoever has the sites can say.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Slot {
    /// The number of the site, from 0.
    Site,
    /// The name of the site.
    Name,
    /// The folder of the site, in which all that it keeps should be.
    Folder,
    /// The folder of the file.
    Here,
    /// The name of the mode.
    Mode,
    /// The address at which this site listens.
    Address,
    /// The address at which that site is reached from this one.
    AddressOf(usize),
}

/// What stands in the slots at one site.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// The number of the site, from 0.
    pub site: usize,
    /// The name of the site.
    pub name: &'a str,
    /// The folder of the site.
    pub folder: &'a Path,
    /// The folder of the file.
    pub here: &'a Path,
    /// The name of the mode.
    pub mode: &'a str,
    /// Where each site is reached from this one; its own, where it is to listen.
    pub addresses: &'a [IpAddr; SITES],
}

impl OwnStore {
    /// The longest file that is read, in bytes.
    pub const TEXT_MAX: usize = 64 << 10;

    /// What a file describes.
    ///
    /// # Errors
    /// [`ScenarioError`] with the place, where it cannot be used.
    pub fn parse(text: &str) -> Result<OwnStore, ScenarioError> {
        reader::read(text)
    }
}

impl OwnCommand {
    /// The program and its arguments at a site. A program with a `/` in it that is no whole path is in the folder of the file.
    pub fn filled(&self, around: &Surroundings<'_>) -> Vec<String> {
        let word = |parts: &Vec<Part>| parts.iter().map(|part| part.filled(around)).collect();
        let mut words: Vec<String> = self.words.iter().map(word).collect();
        if let Some(program) = words.first_mut()
            && program.contains('/')
        {
            // A whole path stays what it is.
            *program = around.here.join(&*program).display().to_string();
        }
        words
    }

    /// The program, where there is no slot in its name.
    pub fn program(&self) -> Option<&str> {
        match self.words.first().map(Vec::as_slice) {
            Some([Part::Text(program)]) => Some(program),
            _ => None,
        }
    }
}

impl Part {
    fn filled(&self, around: &Surroundings<'_>) -> String {
        match self {
            Part::Text(text) => text.clone(),
            Part::Slot(Slot::Site) => around.site.to_string(),
            Part::Slot(Slot::Name) => around.name.to_owned(),
            Part::Slot(Slot::Folder) => around.folder.display().to_string(),
            Part::Slot(Slot::Here) => around.here.display().to_string(),
            Part::Slot(Slot::Mode) => around.mode.to_owned(),
            Part::Slot(Slot::Address) => around.addresses[around.site].to_string(),
            Part::Slot(Slot::AddressOf(site)) => around.addresses[*site].to_string(),
        }
    }
}

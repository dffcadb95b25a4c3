//! Which versions of libraries the audited code is built with, as the nearest `Cargo.lock` above it says.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::knowledge::Knowledge;
use crate::own::Own;

/// Three numbers.
pub(crate) type Version = [u64; 3];

/// The version of each library, by name; of several the newest.
pub(crate) type Versions = BTreeMap<String, Version>;

/// What is known of libraries in each folder.
pub(crate) struct Locks<'a> {
    own: &'a Own,
    known: Vec<Knowledge>,
    by_folder: BTreeMap<PathBuf, usize>,
}

/// The longest `Cargo.lock` that is read, in bytes.
const BYTES_MAX: u64 = 16 << 20;

impl<'a> Locks<'a> {
    /// For these files, and with what a user says of functions of their own. Each `Cargo.lock` is read once.
    pub(crate) fn of<'f>(files: impl Iterator<Item = &'f Path>, own: &'a Own) -> Locks<'a> {
        let mut locks = Locks { own, known: Vec::new(), by_folder: BTreeMap::new() };
        // The first is of code that has none.
        locks.add(&Versions::new());
        for file in files {
            if let Some(folder) = folder_of(file) {
                locks.learn(&folder);
            }
        }
        locks
    }

    /// What is known where this file is.
    pub(crate) fn known(&self, file: &Path) -> &Knowledge {
        let known = folder_of(file).and_then(|folder| self.by_folder.get(&folder).copied());
        &self.known[known.unwrap_or(0)]
    }

    fn add(&mut self, versions: &Versions) -> usize {
        let mut knowledge = Knowledge::of(versions);
        self.own.teach(&mut knowledge);
        self.known.push(knowledge);
        self.known.len() - 1
    }

    fn learn(&mut self, folder: &Path) -> usize {
        if let Some(known) = self.by_folder.get(folder) {
            return *known;
        }
        let known = match (read(&folder.join("Cargo.lock")), folder.parent()) {
            (Some(text), _) => self.add(&versions(&text)),
            (None, Some(above)) => self.learn(above),
            (None, None) => 0,
        };
        self.by_folder.insert(folder.to_owned(), known);
        known
    }
}

fn folder_of(file: &Path) -> Option<PathBuf> {
    std::path::absolute(file).ok()?.parent().map(Path::to_owned)
}

fn read(path: &Path) -> Option<String> {
    let mut text = String::new();
    // A pipe of that name would be waited for.
    let is_file = std::fs::metadata(path).is_ok_and(|about| about.is_file());
    let file = is_file.then(|| File::open(path).ok())??;
    file.take(BYTES_MAX).read_to_string(&mut text).ok()?;
    Some(text)
}

/// What the file says, which is written by a machine: a line with the name, and one with the version below it.
fn versions(text: &str) -> Versions {
    let mut versions = Versions::new();
    let mut name = "";
    for line in text.lines() {
        let value = |key: &str| line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"');
        if let Some(found) = value("name") {
            name = found;
        } else if let Some(version) = value("version") {
            let version = parse(version);
            let known = versions.entry(name.to_owned()).or_default();
            *known = version.max(*known);
        }
    }
    versions
}

/// `1.2.3-beta` is 1.2.3, and `1` is 1.0.0.
pub(crate) fn parse(text: &str) -> Version {
    let mut version = [0; 3];
    let numbers = text.split(['.', '-', '+']);
    for (place, number) in version.iter_mut().zip(numbers) {
        *place = number.parse().unwrap_or(0);
    }
    version
}

#[cfg(test)]
mod tests {
    use super::{parse, versions};

    #[test]
    fn a_lock_names_each_library_with_its_newest_version() {
        let text = "version = 4\n\n[[package]]\nname = \"redis\"\nversion = \"0.27.6\"\n\n[[package]]\nname = \"redis\"\n\
                    version = \"1.8.1\"\nsource = \"…\"\n\n[[package]]\nname = \"redis\"\nversion = \"1.0.0-rc.1\"\n";
        assert_eq!(versions(text)["redis"], [1, 8, 1]);
        assert_eq!(parse("2"), [2, 0, 0]);
        assert!(parse("0.9") < parse("0.10.1"));
    }
}

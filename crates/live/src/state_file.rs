//! What a node keeps over a crash: one file, replaced as a whole, that says which write it holds.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::bytes::{Reader, Writer};
use crate::protocol::Tag;

/// The disk of one node, as its process uses it.
///
/// A write goes to another file that then takes the place of the first, so that a process that is killed at any moment
/// leaves one write whole, this or the one before. What the machine itself loses when its power fails is not shown here.
#[derive(Debug)]
pub(crate) struct StateFile {
    path: PathBuf,
    incarnation: u32,
    writes: u64,
    /// Which write it holds.
    latest: Option<Tag>,
}

/// What a disk holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Kept {
    /// Which write this was.
    pub(crate) tag: Tag,
    /// Which was there before.
    pub(crate) before: Option<Tag>,
    pub(crate) state: Vec<u8>,
}

/// Whether a write waits for the disk.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Waits {
    Yes,
    No,
}

impl StateFile {
    /// That of a node in this folder, for a process that is its how-many-th.
    pub(crate) fn new(folder: &Path, node: u32, incarnation: u32) -> StateFile {
        StateFile { path: path(folder, node), incarnation, writes: 0, latest: None }
    }

    /// What it holds; `None` for nothing.
    pub(crate) fn read(&mut self) -> io::Result<Option<Kept>> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let kept = Kept::decode(&bytes)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "somebody else wrote to the disk"))?;
        self.latest = Some(kept.tag);
        Ok(Some(kept))
    }

    /// The name of the next write.
    pub(crate) fn next(&mut self) -> Tag {
        // Cannot wrap: nobody writes 2^64 times.
        self.writes += 1;
        Tag { incarnation: self.incarnation, number: self.writes }
    }

    /// Replaces what it holds.
    pub(crate) fn write(&mut self, tag: Tag, state: Vec<u8>, waits: Waits) -> io::Result<()> {
        let kept = Kept { tag, before: self.latest, state };
        let aside = self.path.with_extension("new");
        let mut file = File::create(&aside)?;
        file.write_all(&kept.encode())?;
        if waits == Waits::Yes {
            file.sync_data()?;
        }
        fs::rename(&aside, &self.path)?;
        self.latest = Some(tag);
        Ok(())
    }

    /// Waits until what it holds would outlive the machine.
    pub(crate) fn sync(&self) -> io::Result<()> {
        match File::open(&self.path) {
            Ok(file) => file.sync_data(),
            // Nothing was ever written, so nothing can be lost.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl Kept {
    fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        self.tag.write(&mut writer);
        writer.maybe(self.before, |writer, tag| tag.write(writer));
        let mut bytes = writer.into_bytes();
        bytes.extend_from_slice(&self.state);
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Kept> {
        let mut reader = Reader::new(bytes);
        let (tag, before) = (Tag::read(&mut reader)?, reader.maybe(Tag::read)?);
        Some(Kept { tag, before, state: reader.rest().to_vec() })
    }
}

/// Where the disk of a node is.
fn path(folder: &Path, node: u32) -> PathBuf {
    folder.join(format!("node-{node}.state"))
}

/// Which write the disk of a node holds, for whoever looks at it from outside; `None` for none.
pub(crate) fn holds(folder: &Path, node: u32) -> io::Result<Option<Tag>> {
    // The incarnation is only for the names of writes.
    Ok(StateFile::new(folder, node, 0).read()?.map(|kept| kept.tag))
}

/// The disk of a node is lost.
pub(crate) fn wipe(folder: &Path, node: u32) -> io::Result<()> {
    match fs::remove_file(path(folder, node)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(incarnation: u32, number: u64) -> Tag {
        Tag { incarnation, number }
    }

    #[test]
    fn the_next_life_reads_the_last_write_and_knows_the_one_before() {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let mut first = StateFile::new(folder.path(), 3, 0);
        assert_eq!(first.read().expect("nothing is there"), None);
        first.sync().expect("nothing is to be waited for");
        for state in [&b"one"[..], b"two"] {
            let tag = first.next();
            first.write(tag, state.to_vec(), Waits::Yes).expect("there is room");
        }
        // Told, but killed before it was written.
        assert_eq!(first.next(), tag(0, 3));

        let mut second = StateFile::new(folder.path(), 3, 1);
        let kept = Kept { tag: tag(0, 2), before: Some(tag(0, 1)), state: b"two".to_vec() };
        assert_eq!(second.read().expect("it is there"), Some(kept));
        let next = second.next();
        second.write(next, Vec::new(), Waits::No).expect("there is room");
        second.sync().expect("it is there");
        let kept = Kept { tag: tag(1, 1), before: Some(tag(0, 2)), state: Vec::new() };
        assert_eq!(StateFile::new(folder.path(), 3, 2).read().expect("it is there"), Some(kept));

        wipe(folder.path(), 3).expect("it is ours");
        wipe(folder.path(), 3).expect("it is lost already");
        assert_eq!(StateFile::new(folder.path(), 3, 3).read().expect("nothing is there"), None);
    }

    #[test]
    fn what_somebody_else_wrote_is_an_error() {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        fs::write(path(folder.path(), 0), b"short").expect("it is ours");
        let refused = StateFile::new(folder.path(), 0, 0).read().map_err(|error| error.to_string());
        assert_eq!(refused, Err("somebody else wrote to the disk".to_owned()));
    }
}

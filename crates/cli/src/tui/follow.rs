//! Following what another command writes: a trace that is written anew and again, or a folder of findings.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use constellation_trace::Trace;
use constellation_trace::format::jsonl;

/// A file or folder that is looked at again and again.
pub(crate) struct Follower {
    path: PathBuf,
    /// What was read last: which file, of which time and length.
    seen: Option<Stamp>,
}

#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Stamp {
    time: SystemTime,
    path: PathBuf,
    bytes: u64,
}

/// What a look found.
pub(crate) enum Look {
    /// Nothing that was not there before.
    Same,
    /// A trace, and the file that it is from.
    New(Box<Trace>, PathBuf),
    /// Something that is no trace, and why.
    Unreadable(String),
}

impl Follower {
    pub(crate) fn new(path: &Path) -> Follower {
        Follower { path: path.to_owned(), seen: None }
    }

    /// Reads the trace if it is not as it was; of a folder the one that was written last. What is not there yet is waited for.
    pub(crate) fn look(&mut self) -> Look {
        let newest = match newest(&self.path) {
            Ok(Some(newest)) => newest,
            Ok(None) => return Look::Same,
            Err(error) => return Look::Unreadable(format!("{}: {error}", self.path.display())),
        };
        if self.seen.as_ref() == Some(&newest) {
            return Look::Same;
        }
        let read = fs::read(&newest.path);
        let path = newest.path.clone();
        self.seen = Some(newest);
        match read.map(|bytes| jsonl::read(&bytes)) {
            Ok(Ok(trace)) => Look::New(Box::new(trace), path),
            Ok(Err(error)) => Look::Unreadable(format!("{}: {}", path.display(), error.problem)),
            // It went away between two looks.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Look::Same,
            Err(error) => Look::Unreadable(format!("{}: {error}", path.display())),
        }
    }
}

fn newest(path: &Path) -> io::Result<Option<Stamp>> {
    let data = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        data => data?,
    };
    let stamp =
        |path: PathBuf, data: &fs::Metadata| Ok(Stamp { time: data.modified()?, path, bytes: data.len() });
    if !data.is_dir() {
        return stamp(path.to_owned(), &data).map(Some);
    }
    let mut newest: Option<Stamp> = None;
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        if path.extension().is_none_or(|ending| ending != "jsonl") {
            continue;
        }
        let Ok(data) = fs::metadata(&path) else { continue };
        newest = newest.max(Some(stamp(path, &data)?));
    }
    Ok(newest)
}

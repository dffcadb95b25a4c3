//! Which files are meant: those that are named, and those of folders that look like a history.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use constellation_trace::format::histories::detect;

use crate::file::{STANDARD_INPUT, name_of};

/// The files to judge.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) paths: Vec<PathBuf>,
    /// Files of folders that look like no history.
    pub(super) passed_over: u64,
}

/// Folders within folders are looked into so deep.
const DEPTH_MAX: u32 = 16;

/// The files that these paths mean, those of a folder by name.
pub(super) fn of(paths: &[PathBuf]) -> anyhow::Result<Files> {
    let mut files = Files::default();
    for path in paths {
        if path.as_os_str() != STANDARD_INPUT && path.is_dir() {
            let before = files.paths.len();
            files.enter(path, 0)?;
            if files.paths.len() == before {
                bail!(
                    "the folder {} holds no history\nhelp: `constellation judge FILE` says of one file why",
                    name_of(path)
                );
            }
        } else {
            files.paths.push(path.clone());
        }
    }
    Ok(files)
}

impl Files {
    fn enter(&mut self, folder: &Path, depth: u32) -> anyhow::Result<()> {
        let context = || format!("cannot read the folder {}", name_of(folder));
        if depth > DEPTH_MAX {
            bail!("{} is more than {DEPTH_MAX} folders deep", name_of(folder));
        }
        let mut entries =
            fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>).with_context(context)?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            let kind = entry.file_type().with_context(context)?;
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            // A link to a folder may lead back to where it stands.
            if kind.is_dir() {
                self.enter(&path, depth + 1)?;
            } else if path.is_file() {
                if is_history(&path)? {
                    self.paths.push(path);
                } else {
                    self.passed_over += 1;
                }
            }
        }
        Ok(())
    }
}

/// Whether the beginning of a file looks like a history.
fn is_history(path: &Path) -> anyhow::Result<bool> {
    const SEEN_MAX: u64 = 1 << 16;
    let mut seen = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(SEEN_MAX).read_to_end(&mut seen));
    read.with_context(|| format!("cannot read {}", name_of(path)))?;
    Ok(detect(&seen).is_some())
}

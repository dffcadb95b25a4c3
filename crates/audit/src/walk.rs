//! Which files there are below what the user named: of some kinds, not ignored, each once, in order.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use crate::Error;
use crate::finding::NotAudited;
use crate::tested;

/// A file with its place.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Candidate {
    /// As it is named or found.
    pub(crate) path: PathBuf,
    /// Whether it holds test code by its place.
    pub(crate) is_test: bool,
}

/// What is not to be audited, as `.gitignore` would say it.
pub(crate) const IGNORE_FILE: &str = ".auditignore";

/// The files below these paths whose names end so, in the order of their names, and what could not be read. A file that is
/// named itself may end as it likes.
pub(crate) fn walk(
    paths: &[PathBuf],
    extensions: &[&str],
) -> Result<(Vec<Candidate>, Vec<NotAudited>), Error> {
    let (mut found, mut failed) = (BTreeSet::new(), BTreeSet::new());
    for root in paths {
        let about = fs::metadata(root).map_err(|error| Error::Unreadable { path: root.clone(), error })?;
        if about.is_dir() {
            walk_folder(root, extensions, &mut found, &mut failed);
        } else if about.is_file() {
            found.insert(Candidate { path: tidy(root), is_test: tested::is_place(root, Path::new("")) });
        } else {
            failed.insert(not(tidy(root), NO_FILE));
        }
    }
    Ok((without_twins(found), failed.into_iter().collect()))
}

/// Whether a file whose name ends so is below these paths, ignored and hidden ones among them: asked where none was found, to
/// say why. Takes time in proportion to what is there.
pub fn is_any_hidden(paths: &[PathBuf], extensions: &[&str]) -> bool {
    let is_wanted = |entry: ignore::DirEntry| {
        let extension = entry.path().extension().and_then(|extension| extension.to_str());
        extension.is_some_and(|extension| extensions.contains(&extension)) && entry.path().is_file()
    };
    let mut walks =
        paths.iter().map(|root| WalkBuilder::new(root).standard_filters(false).follow_links(true).build());
    walks.any(|mut walk| walk.any(|entry| entry.is_ok_and(is_wanted)))
}

const NO_FILE: &str = "it is no file, but a device, a pipe or a socket";

fn walk_folder(
    root: &Path,
    extensions: &[&str],
    found: &mut BTreeSet<Candidate>,
    failed: &mut BTreeSet<NotAudited>,
) {
    let is_wanted = |path: &Path| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        extension.is_some_and(|extension| extensions.contains(&extension))
    };
    let walk = WalkBuilder::new(root)
        .follow_links(true)
        .require_git(false)
        .add_custom_ignore_filename(IGNORE_FILE)
        .filter_entry(|entry| !(entry.file_name() == "target" && entry.path().join("CACHEDIR.TAG").is_file()))
        .build();
    for entry in walk {
        match entry {
            Ok(entry) => {
                if let Some(partial) = entry.error() {
                    failed.insert(refused(root, partial));
                }
                let is_wanted = is_wanted(entry.path());
                let Some(kind) = entry.file_type().filter(|kind| is_wanted && !kind.is_dir()) else {
                    continue;
                };
                if kind.is_file() {
                    let below = entry.path().strip_prefix(root).unwrap_or(entry.path());
                    let is_test = tested::is_place(root, below);
                    found.insert(Candidate { path: tidy(entry.path()), is_test });
                } else {
                    failed.insert(not(tidy(entry.path()), NO_FILE));
                }
            }
            Err(error) => {
                // A link to nowhere that nobody would read is nobody's business.
                let failure = refused(root, &error);
                let is_dangling = fs::symlink_metadata(&failure.path).is_ok_and(|about| about.is_symlink())
                    && fs::metadata(&failure.path)
                        .is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound);
                if !is_dangling || is_wanted(&failure.path) {
                    failed.insert(failure);
                }
            }
        }
    }
}

/// What the walk could not do, in words of ours.
fn refused(root: &Path, error: &ignore::Error) -> NotAudited {
    match error {
        ignore::Error::Loop { ancestor, child } => {
            let reason =
                format!("it is a link to the folder `{}` that it stands in", tidy(ancestor).display());
            not(tidy(child), &reason)
        }
        ignore::Error::WithPath { path, err } => {
            let inner = refused(path, err);
            if matches!(**err, ignore::Error::Loop { .. }) { inner } else { not(tidy(path), &inner.reason) }
        }
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            refused(root, err)
        }
        ignore::Error::Io(error) => not(tidy(root), &system_text(error)),
        other => not(tidy(root), &other.to_string()),
    }
}

/// What the system says, without the number that it has for it.
pub(crate) fn system_text(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text
        .rsplit_once(": ")
        .filter(|(_, last)| last.contains("(os error"))
        .map_or(&*text, |(_, last)| last);
    let text = text.split_once(" (os error").map_or(text, |(said, _)| said);
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_lowercase().chain(letters).collect())
}

fn not(path: PathBuf, reason: &str) -> NotAudited {
    NotAudited { path, line: None, reason: reason.to_owned() }
}

/// Without `./` before it.
fn tidy(path: &Path) -> PathBuf {
    path.strip_prefix("./").unwrap_or(path).to_owned()
}

/// Leaves out files that are reached by a link as well as by their own name, or were named twice.
fn without_twins(found: BTreeSet<Candidate>) -> Vec<Candidate> {
    let mut seen = BTreeSet::new();
    let (own, linked): (Vec<_>, Vec<_>) =
        found.into_iter().map(|file| (fs::canonicalize(&file.path), file)).partition(|(real, file)| {
            real.as_ref().is_ok_and(|real| real.ends_with(&file.path) || *real == file.path)
        });
    let all = own.into_iter().chain(linked);
    let mut kept: Vec<Candidate> = all
        .filter(|(real, _)| real.as_ref().map_or(true, |real| seen.insert(real.clone())))
        .map(|(_, file)| file)
        .collect();
    kept.sort();
    kept
}

//! How files are called in reports: seen from the folder that the audit was called in, with slashes.

use std::path::{Component, Path, PathBuf};

use constellation_audit::seen_from;

/// A path as it is seen from the current folder, if it is below it.
pub(super) fn seen(path: &Path) -> PathBuf {
    seen_from(Path::new("."), path)
}

/// A path from the root on, with `.` and `..` resolved as they are written.
pub(super) fn whole(path: &Path) -> PathBuf {
    let mut whole = PathBuf::new();
    for part in std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).components() {
        match part {
            Component::ParentDir => drop(whole.pop()),
            part => whole.push(part),
        }
    }
    whole
}

/// A path with slashes, whatever the system has between its folders.
pub(super) fn slashed(path: &Path) -> String {
    let path = path.display().to_string();
    if cfg!(windows) { path.replace('\\', "/") } else { path }
}

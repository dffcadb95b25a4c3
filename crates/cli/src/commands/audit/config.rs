//! `constellation.toml`: what a project says to the audit.

use std::path::{Path, PathBuf};

use constellation_audit::Own;
use constellation_lab::words::one_line;

use crate::file::{Kind, read_text};
use crate::source::Excerpt;

const CONFIG: Kind = Kind { what: "a configuration", bytes_max: 1 << 20 };

/// What the file says that was named, or the nearest one called `constellation.toml` from the current folder up.
pub(super) fn own(named: Option<&Path>) -> anyhow::Result<Own> {
    let Some(path) = named.map(Path::to_owned).or_else(nearest) else { return Ok(Own::default()) };
    let text = read_text(&path, CONFIG)?;
    Own::parse(&text).map_err(|error| {
        let path = one_line(&path.display().to_string()).into_owned();
        Excerpt { path, text, span: error.span, message: error.message, help: error.help }.into()
    })
}

fn nearest() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    let found =
        here.ancestors().map(|folder| folder.join("constellation.toml")).find(|path| path.is_file())?;
    // As a reader calls it who stands here.
    Some(found.strip_prefix(&here).map(Path::to_owned).unwrap_or(found))
}

//! What is written of a violation: its schedule, what clients saw, and the smallest part that shows it.

use std::path::{Path, PathBuf};

use constellation_lab::placement::written::{trace, trace_of};
use constellation_servers::hunt::rounds::Found;
use constellation_trace::format::jsonl;

use crate::file::write_whole;

/// Where it stands.
pub(super) struct Kept {
    pub(super) schedule: PathBuf,
    pub(super) history: PathBuf,
    pub(super) smallest: PathBuf,
}

/// Writes it, each file whole or not at all.
pub(super) fn write(folder: &Path, name: &str, found: &Found) -> anyhow::Result<Kept> {
    let name = name.replace([':', ',', '/'], "-").replace('=', "");
    let path = |ending: &str| folder.join(format!("{name}-seed-{}.{ending}", found.schedule.seed));
    let kept = Kept { schedule: path("schedule"), history: path("jsonl"), smallest: path("smallest.jsonl") };
    write_whole(&kept.schedule, |out| write!(out, "{}", found.schedule))?;
    let whole = trace(&found.record)?;
    write_whole(&kept.history, |out| jsonl::write(&whole, out))?;
    let part = trace_of(&found.record, &found.violation.operations)?;
    write_whole(&kept.smallest, |out| jsonl::write(&part, out))?;
    Ok(kept)
}

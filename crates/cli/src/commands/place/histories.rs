//! What clients of each round asked and saw, a file a round, as JSON Lines that `constellation judge` reads.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use constellation_lab::placement::Placement;
use constellation_lab::placement::protocol::Condition;
use constellation_lab::placement::record::Record;
use constellation_lab::placement::written::trace;
use constellation_trace::format::jsonl;

use crate::args::Place;
use crate::file::{make_folder, write_whole};
use crate::printer::{Printer, count, faint};
use crate::target::quoted;

/// Finds out whether they can be written, before anything is measured.
pub(super) fn prepare(arguments: &Place) -> anyhow::Result<()> {
    arguments.history.as_deref().map_or(Ok(()), make_folder)
}

/// The rounds of a placement, and what their files are called by.
pub(super) struct Rounds<'a> {
    pub(super) name: String,
    pub(super) records: Vec<&'a Record>,
}

impl<'a> Rounds<'a> {
    /// Those of a store that was measured once, by its name.
    pub(super) fn of(placement: &'a Placement) -> Rounds<'a> {
        Rounds { name: placement.store.clone(), records: placement.records.iter().collect() }
    }
}

/// Writes them, if it is asked for.
pub(super) fn write(arguments: &Place, all: &[Rounds<'_>]) -> anyhow::Result<()> {
    let Some(folder) = &arguments.history else { return Ok(()) };
    for rounds in all {
        for (name, record) in files(rounds) {
            let trace = trace(record)?;
            write_whole(&folder.join(name), |out| jsonl::write(&trace, out))?;
        }
    }
    Ok(())
}

/// What is written of a placement: the name of each file, and the round that stands in it.
fn files<'a>(rounds: &'a Rounds<'_>) -> impl Iterator<Item = (String, &'a Record)> {
    rounds.records.iter().map(|record| (file(&rounds.name, &record.round.condition), *record))
}

/// `quorum-n3-r1-w1-repairoff-pacific-is-cut-off.jsonl`.
fn file(store: &str, condition: &Condition) -> String {
    let store = store.replace([':', ',', '/'], "-").replace('=', "");
    format!("{store}-{}.jsonl", condition.to_string().replace(' ', "-"))
}

/// How many were written, and what to do with them.
pub(super) fn tell(arguments: &Place, all: &[Rounds<'_>], printer: &mut Printer) -> anyhow::Result<()> {
    let Some(folder) = &arguments.history else { return Ok(()) };
    let ours: BTreeSet<String> = all.iter().flat_map(files).map(|(name, _)| name).collect();
    let (files, others) = (ours.len(), others(folder, &ours)?);
    let folder = quoted(&folder.display().to_string());
    printer.line("")?;
    printer.line(faint(&format!(
        "· wrote {} into {folder}; judge them: constellation judge {folder} --model linearizable",
        count(files as u64, "file")
    )))?;
    if others == 0 {
        return Ok(());
    }
    let others = count(others, "other file");
    printer.line(faint(&format!("· {others} of histories stood there before, judged with them")))
}

/// How many files in a folder have a history's name and are none of ours.
fn others(folder: &Path, ours: &BTreeSet<String>) -> anyhow::Result<u64> {
    let context = || format!("cannot list the folder `{}`", folder.display());
    let mut others = 0;
    for entry in fs::read_dir(folder).with_context(context)? {
        let name = entry.with_context(context)?.file_name();
        let name = name.to_string_lossy();
        others += u64::from(name.ends_with(".jsonl") && !ours.contains(&*name));
    }
    Ok(others)
}

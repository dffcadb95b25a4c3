//! What clients of each round asked and saw, a file a round, as JSON Lines that `constellation judge` reads.

use constellation_lab::placement::protocol::Condition;
use constellation_lab::placement::written::trace;
use constellation_trace::format::jsonl;

use super::measured::Measured;
use crate::args::Place;
use crate::file::{make_folder, write_whole};
use crate::printer::{Printer, count, faint};
use crate::target::quoted;

/// Finds out whether they can be written, before anything is measured.
pub(super) fn prepare(arguments: &Place) -> anyhow::Result<()> {
    arguments.history.as_deref().map_or(Ok(()), make_folder)
}

/// Writes them, if it is asked for.
pub(super) fn write(arguments: &Place, all: &[Measured]) -> anyhow::Result<()> {
    let Some(folder) = &arguments.history else { return Ok(()) };
    for measured in all {
        for record in &measured.placement.records {
            let path = folder.join(file(measured, &record.round.condition));
            let trace = trace(record)?;
            write_whole(&path, |out| jsonl::write(&trace, out))?;
        }
    }
    Ok(())
}

/// `quorum-n3-r1-w1-repairoff-pacific-is-cut-off.jsonl`.
fn file(measured: &Measured, condition: &Condition) -> String {
    let store = measured.store.to_string().replace([':', ','], "-").replace('=', "");
    format!("{store}-{}.jsonl", condition.to_string().replace(' ', "-"))
}

/// How many were written, and what to do with them.
pub(super) fn tell(arguments: &Place, all: &[Measured], printer: &mut Printer) -> anyhow::Result<()> {
    let Some(folder) = &arguments.history else { return Ok(()) };
    let files: usize = all.iter().map(|measured| measured.placement.records.len()).sum();
    let folder = quoted(&folder.display().to_string());
    printer.line("")?;
    printer.line(faint(&format!(
        "· wrote {} into {folder}; judge them: constellation judge {folder} --model linearizable",
        count(files as u64, "file")
    )))
}

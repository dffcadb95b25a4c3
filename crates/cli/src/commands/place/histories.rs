//! What clients of each round asked and saw, a file a round, as JSON Lines that `constellation judge` reads.

use std::path::Path;

use constellation_lab::placement::SITE_NAMES;
use constellation_lab::placement::protocol::Condition;
use constellation_lab::placement::written::trace;
use constellation_trace::format::jsonl;

use super::measured::Measured;
use crate::file::write_whole;
use crate::printer::{Printer, count, faint};
use crate::target::quoted;

pub(super) fn write(folder: &Path, all: &[Measured]) -> anyhow::Result<()> {
    for measured in all {
        for record in &measured.placement.records {
            let path = folder.join(file(measured, &record.round.condition));
            let trace = trace(record)?;
            write_whole(&path, |out| jsonl::write(&trace, out))?;
        }
    }
    Ok(())
}

/// `quorum-n3-r1-w1-repairoff-cut-pacific.jsonl`.
fn file(measured: &Measured, condition: &Condition) -> String {
    let store = measured.store.to_string().replace([':', ','], "-").replace('=', "");
    let condition = match condition {
        Condition::Alike { delay } => format!("alike-{}ms", delay.as_millis()),
        Condition::Slow { site } => format!("slow-{}", SITE_NAMES[*site]),
        Condition::Cut { site } => format!("cut-{}", SITE_NAMES[*site]),
    };
    format!("{store}-{condition}.jsonl")
}

/// How many were written, and what to do with them.
pub(super) fn tell(folder: &Path, all: &[Measured], printer: &mut Printer) -> anyhow::Result<()> {
    let files: usize = all.iter().map(|measured| measured.placement.records.len()).sum();
    let folder = quoted(&folder.display().to_string());
    printer.line("")?;
    printer.line(faint(&format!(
        "· wrote {} into {folder}; judge them: constellation judge {folder} --model linearizable",
        count(files as u64, "file")
    )))
}

//! How all that was measured for real is told: each mode once, and where its runs differ each cell.

use constellation_servers::place::RealPlacement;
use constellation_servers::rounds::{Effort, read_back};

use super::super::histories::Rounds;
use super::super::told::{folded_behind, legend_of};
use super::down;
use super::listed::not_installed;
use super::measured::{Failed, Measured, Run};
use super::targets::NotInstalled;
use super::told;
use crate::printer::{Printer, VIOLATED, faint, outcome, strong};

/// All modes, and the servers that are not installed.
pub(super) fn print(all: &[Measured], missing: &[NotInstalled], printer: &mut Printer) -> anyhow::Result<()> {
    for measured in all {
        if measured.wanted > 1 {
            agreement(measured, printer)?;
        }
        for run in measured.first_of_cells() {
            told::print(run, printer)?;
            printer.line("")?;
        }
        failures(measured, printer)?;
    }
    not_begun(all, printer)?;
    for line in not_there(missing) {
        printer.line(faint(&line))?;
    }
    let effort = all.iter().find_map(|measured| measured.runs.first());
    legend_of(read_back(effort.map_or(Effort::Whole, |run| run.real.effort)), printer)
}

/// The modes to which it did not come before the user had had enough.
fn not_begun(all: &[Measured], printer: &mut Printer) -> anyhow::Result<()> {
    let names: Vec<&str> = all.iter().filter(|one| one.is_not_begun()).map(|one| &*one.name).collect();
    if names.is_empty() {
        return Ok(());
    }
    let line = format!("not begun before the interrupt: {}", names.join(", "));
    folded_behind(0, &line).iter().try_for_each(|line| printer.line(faint(line)))
}

/// In how many runs a mode lives where, and what each took.
fn agreement(measured: &Measured, printer: &mut Printer) -> anyhow::Result<()> {
    let Measured { name, runs, .. } = measured;
    printer.line(format!("{}  {}", strong(&measured.agreed().told()), strong(name)))?;
    for Run { nth, real, .. } in runs {
        let RealPlacement { placement, doubts, took, .. } = real;
        let doubts = if doubts.is_empty() { "" } else { ", something in doubt" };
        printer.line(faint(&format!(
            "  run {nth}  {} in {} s{doubts}",
            placement.cell,
            told::seconds(*took)
        )))?;
    }
    printer.line("")
}

/// The runs that could not be begun, a line each.
pub(super) fn failures(measured: &Measured, printer: &mut Printer) -> anyhow::Result<()> {
    let Measured { name, wanted, failed, .. } = measured;
    for Failed { nth, error } in failed {
        let run = if *wanted > 1 { format!(" in run {nth}") } else { String::new() };
        let mark = outcome(VIOLATED, "!", "unusable");
        printer.line(format!("{mark} {}  could not be measured{run}: {error}", strong(name)))?;
    }
    if failed.is_empty() { Ok(()) } else { printer.line("") }
}

/// The servers that are not installed, a line each: "nats: `nats-server` is not installed".
pub(super) fn not_there(missing: &[NotInstalled]) -> Vec<String> {
    missing.iter().map(|one| format!("{}: {}", one.server, not_installed(&one.missing))).collect()
}

/// The rounds of each run, and what their files are called by; those of which a server was killed in among them.
pub(super) fn rounds<'m>(all: &'m [Measured]) -> Vec<Rounds<'m>> {
    let name = |measured: &Measured, nth: u32| match measured.wanted {
        1 => measured.name.clone(),
        _ => format!("{}-run-{nth}", measured.name),
    };
    let of_run = |measured: &'m Measured| {
        measured.runs.iter().map(move |Run { nth, real, .. }| Rounds {
            name: name(measured, *nth),
            records: real.placement.records.iter().chain(down::record(real)).collect(),
        })
    };
    all.iter().flat_map(of_run).collect()
}

//! `constellation place --all`: every setting that has a name is measured, and the matrix drawn.

use constellation_lab::placement::cell::{Cell, InPartition, Otherwise};
use constellation_lab::placement::{STORES, Store};

use super::alike::{Alike, alike};
use super::histories::Rounds;
use super::measured::{self, Depth, Measured};
use super::targets::Targets;
use super::told::legend;
use super::{histories, json, page, plotted};
use crate::args::Place;
use crate::printer::{Printer, faint, strong};

pub(super) fn run(arguments: &Place, targets: &Targets<'_>, printer: &mut Printer) -> anyhow::Result<u8> {
    targets.only_stores("--all measures stores")?;
    histories::prepare(arguments)?;
    let measured = measured::measure(&chosen(targets)?, Depth::Cell, arguments, printer)?;
    let rounds: Vec<_> = measured.iter().map(|measured| Rounds::of(&measured.placement)).collect();
    histories::write(arguments, &rounds)?;
    plotted::draw(arguments, &plotted::Of::simulated(arguments, &measured, &[]))?;
    let code = if measured.iter().all(Measured::is_known) { 0 } else { 3 };
    if arguments.json {
        printer.json(&json::of(&measured, &[], code))?;
    } else if arguments.table {
        page::print(&measured, printer)?;
    } else {
        draw(&measured, printer)?;
        histories::tell(arguments, &rounds, printer)?;
    }
    Ok(code)
}

/// Every setting that has a name, of every store or of those that were named without a setting; and those with one.
fn chosen(targets: &Targets<'_>) -> anyhow::Result<Vec<Store>> {
    let mut all: Vec<Store> = Vec::new();
    for info in STORES.iter().filter(|info| targets.stores.is_empty() || targets.bare.contains(&info.name)) {
        for settings in info.named {
            all.push(format!("{}:{settings}", info.name).parse()?);
        }
    }
    for store in &targets.stores {
        // How a store is set by itself is among its settings with a name, so that a name alone adds nothing.
        if !all.contains(store) {
            all.push(store.clone());
        }
    }
    Ok(all)
}

/// The rows of the matrix and its columns.
pub(super) const ROWS: [InPartition; 3] =
    [InPartition::Availability, InPartition::Consistency, InPartition::Neither];
pub(super) const COLUMNS: [Otherwise; 2] = [Otherwise::Latency, Otherwise::Consistency];

/// The stores of a cell; those that are alike stand in one line.
pub(super) fn stores_in(cell: Cell, alike: &[Alike<'_>]) -> Vec<String> {
    let of = alike.iter().filter(|alike| alike.placement.cell == cell);
    of.flat_map(|alike| alike.names.clone()).collect()
}

/// How wide a column is; with the names of the rows and two lines between, the matrix is less than 100 columns wide.
const WIDTH: usize = 45;

fn draw(measured: &[Measured], printer: &mut Printer) -> anyhow::Result<()> {
    let line = |name: &str, left: &str, right: &str| {
        let pad = " ".repeat(WIDTH.saturating_sub(left.chars().count()));
        format!("{name} │ {left}{pad} │ {right}").trim_end().to_owned()
    };
    let rule = format!("{}┼{}┼{}", "─".repeat(3), "─".repeat(WIDTH + 2), "─".repeat(WIDTH + 1));
    printer.line(line("  ", "EL: not linearizable", "EC: linearizable"))?;
    let alike = alike(measured.iter().map(|measured| &measured.placement));
    for partition in ROWS {
        printer.line(&rule)?;
        let [left, right] = COLUMNS.map(|otherwise| {
            let stores = stores_in(Cell { partition, otherwise }, &alike);
            stores.iter().flat_map(|store| folded(store)).collect::<Vec<_>>()
        });
        for nth in 0..left.len().max(right.len()).max(1) {
            let name = if nth == 0 { partition.to_string() } else { "  ".to_owned() };
            let cell = |lines: &[String]| lines.get(nth).cloned().unwrap_or_default();
            let text = line(&name, &cell(&left), &cell(&right));
            printer.line(if nth == 0 { text.replacen(&name, &strong(&name), 1) } else { text })?;
        }
    }
    printer.line("")?;
    for unknown in measured.iter().filter(|measured| !measured.is_known()) {
        printer.line(format!("{}  {}: nobody can tell", unknown.placement.cell, unknown.placement.store))?;
    }
    let seed = measured.first().map_or(0, |measured| measured.placement.seed);
    printer.line(faint(&format!(
        "measured with seed {seed}; `constellation place STORE:SETTINGS` says why one is where it is"
    )))?;
    legend(printer)
}

/// A text in lines that fit into a column, broken behind commas.
fn folded(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for part in text.split_inclusive(',') {
        let line = lines.last_mut().expect("there is always one");
        if !line.is_empty() && line.chars().count() + part.chars().count() > WIDTH {
            lines.push(format!("  {part}"));
        } else {
            line.push_str(part);
        }
    }
    lines
}

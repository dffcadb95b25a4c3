//! `constellation place`: where a data system lives on the PACELC matrix, measured, or as it is declared.

mod alike;
mod all;
mod capped;
mod declared;
pub(super) mod evidence;
mod histories;
mod json;
mod listed;
mod measured;
mod page;
mod plotted;
pub(super) mod real;
mod required;
mod tables;
mod targets;
pub(super) mod told;

use std::path::Path;

use constellation_lab::ScenarioError;
use constellation_lab::placement::catalogue::Catalogue;
use constellation_lab::words::one_line;

use self::histories::Rounds;
use self::measured::Depth;
use self::targets::Targets;
use crate::args::Place;
use crate::file::{Kind, read_text};
use crate::printer::Printer;
use crate::target::excerpt;

const CATALOGUE: Kind = Kind { what: "a catalogue", bytes_max: Catalogue::TEXT_MAX as u64 };

const SCHEMA: &str = "constellation/place/1";

pub(crate) fn run(arguments: &Place, printer: &mut Printer) -> anyhow::Result<u8> {
    let catalogue = match &arguments.catalogue {
        None => Catalogue::shipped(),
        Some(path) => load(path, CATALOGUE, Catalogue::parse)?,
    };
    if arguments.real {
        return real::run(arguments, &catalogue, printer);
    }
    let targets = Targets::of(&arguments.targets, &catalogue)?;
    plotted::prepare(arguments)?;
    if arguments.all {
        return all::run(arguments, &targets, printer);
    }
    if arguments.cap {
        return capped::run(arguments, &targets, printer);
    }
    if let Some(wanted) = &arguments.require {
        return required::run(arguments, wanted, &targets, printer);
    }
    if arguments.targets.is_empty() {
        let systems: Vec<_> = catalogue.systems.iter().collect();
        plotted::draw(arguments, &plotted::Of::simulated(arguments, &[], &systems))?;
        return listed::run(arguments, &catalogue, printer);
    }
    if arguments.history.is_some() {
        targets.only_stores("--history writes what clients of a store saw")?;
    }
    show(arguments, &targets, printer)
}

/// What was measured of each store, and what is declared of each system.
fn show(arguments: &Place, targets: &Targets<'_>, printer: &mut Printer) -> anyhow::Result<u8> {
    histories::prepare(arguments)?;
    let measured = measured::measure(&targets.stores, Depth::Whole, arguments, printer)?;
    let rounds: Vec<_> = measured.iter().map(|measured| Rounds::of(&measured.placement)).collect();
    histories::write(arguments, &rounds)?;
    plotted::draw(arguments, &plotted::Of::simulated(arguments, &measured, &targets.systems))?;
    let code = if measured.iter().all(|measured| measured.is_known()) { 0 } else { 3 };
    if arguments.json {
        printer.json(&json::of(&measured, &targets.systems, code))?;
        return Ok(code);
    }
    let mut is_first = true;
    let mut part = |printer: &mut Printer| {
        if std::mem::replace(&mut is_first, false) { Ok(()) } else { printer.line("") }
    };
    for measured in &measured {
        part(printer)?;
        told::print(measured, printer)?;
    }
    for system in &targets.systems {
        part(printer)?;
        declared::print(system, printer)?;
    }
    part(printer)?;
    told::legend(printer)?;
    histories::tell(arguments, &rounds, printer)?;
    Ok(code)
}

/// What a file of the user's says; a fault in it is shown where it is.
fn load<T>(path: &Path, kind: Kind, parse: fn(&str) -> Result<T, ScenarioError>) -> anyhow::Result<T> {
    let text = read_text(path, kind)?;
    parse(&text)
        .map_err(|error| excerpt(one_line(&path.display().to_string()).into_owned(), text, error).into())
}

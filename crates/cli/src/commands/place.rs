//! `constellation place`: where a data system lives on the PACELC matrix, as far as it is declared.

mod declared;

use std::path::Path;

use anyhow::bail;
use constellation_lab::placement::catalogue::{Catalogue, System};
use constellation_lab::words::one_line;
use serde_json::json;

use crate::args::Place;
use crate::file::{Kind, read_text};
use crate::printer::Printer;
use crate::target::excerpt;

const CATALOGUE: Kind = Kind { what: "a catalogue", bytes_max: Catalogue::TEXT_MAX as u64 };

const SCHEMA: &str = "constellation/place/1";

pub(crate) fn run(arguments: &Place, printer: &mut Printer) -> anyhow::Result<u8> {
    let catalogue = match &arguments.catalogue {
        None => Catalogue::shipped(),
        Some(path) => load(path)?,
    };
    let chosen = arguments.system.as_deref().map(|name| find(&catalogue, name)).transpose()?;
    if arguments.json {
        let systems = chosen.map_or(&catalogue.systems[..], std::slice::from_ref);
        let systems: Vec<_> = systems.iter().map(declared::json).collect();
        printer.json(&json!({"schema": SCHEMA, "basis": "declared", "systems": systems}))?;
        return Ok(0);
    }
    match chosen {
        Some(system) => declared::print(system, printer)?,
        None => declared::list(&catalogue, printer)?,
    }
    Ok(0)
}

fn load(path: &Path) -> anyhow::Result<Catalogue> {
    let text = read_text(path, CATALOGUE)?;
    Catalogue::parse(&text)
        .map_err(|error| excerpt(one_line(&path.display().to_string()).into_owned(), text, error).into())
}

fn find<'c>(catalogue: &'c Catalogue, name: &str) -> anyhow::Result<&'c System> {
    if let Some(system) = catalogue.find(name) {
        return Ok(system);
    }
    let advice = match catalogue.nearest(name) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`constellation place` lists those that are declared".to_owned(),
    };
    bail!("no system is called `{}`\nhelp: {advice}", one_line(name));
}

//! How a declared placement is shown: each cell with its sentences and sources, and always as declared.

use constellation_lab::placement::catalogue::{Catalogue, Declared, Place, Source, System};
use serde_json::{Value, json};

use super::told::{folded_behind, legend, titled};
use crate::printer::{Printer, faint, strong};

/// What a reader must never forget.
const DECLARED: &str = "declared, not measured";

/// The width of a cell and of `depends`, with a gap.
const CELL_WIDTH: usize = 9;

/// One system, with all that is declared of it.
pub(super) fn print(system: &System, printer: &mut Printer) -> anyhow::Result<()> {
    printer.line(format!("{}: {DECLARED}", strong(&system.title)))?;
    for declared in &system.settings {
        printer.line("")?;
        setting(declared, printer)?;
    }
    Ok(())
}

fn setting(declared: &Declared, printer: &mut Printer) -> anyhow::Result<()> {
    let Declared { setting, version, place, by, abadi, partition, normal, caveat, sources, .. } = declared;
    let cell = place.to_string();
    let gap = |taken: usize| " ".repeat(CELL_WIDTH.saturating_sub(taken));
    for (nth, line) in folded_behind(CELL_WIDTH, &format!("{setting} · {version}")).iter().enumerate() {
        printer.line(match nth {
            0 => format!("{}{}{line}", strong(&cell), gap(cell.chars().count())),
            _ => format!("{}{line}", gap(0)),
        })?;
    }
    let depends = match place {
        Place::Depends(on) => Some(on),
        _ => None,
    };
    let abadi = abadi.map(|cell| cell.to_string());
    let by = by.as_deref().unwrap_or("this catalogue, from what the sources say");
    let told = [
        ("depends on", depends.map(String::as_str)),
        ("partition", Some(partition)),
        ("normal", Some(normal)),
        ("caveat", caveat.as_deref()),
        ("placed by", Some(by)),
        ("Abadi 2012", abadi.as_deref()),
    ];
    for (what, text) in told {
        if let Some(text) = text {
            titled(what, text, printer)?;
        }
    }
    for Source { title, address, date, .. } in sources {
        titled("source", &format!("{title} ({date})"), printer)?;
        printer.line(faint(&format!("             {address}")))?;
    }
    Ok(())
}

/// All systems, each with its cells.
pub(super) fn list(catalogue: &Catalogue, printer: &mut Printer) -> anyhow::Result<()> {
    let systems = &catalogue.systems;
    let width = systems.iter().map(|system| system.name.len()).max().unwrap_or(0);
    for System { name, settings, .. } in systems {
        let mut cells: Vec<String> = Vec::new();
        for cell in settings.iter().map(|declared| declared.place.to_string()) {
            if !cells.contains(&cell) {
                cells.push(cell);
            }
        }
        printer.line(format!("{}  {}", strong(&format!("{name:<width$}")), cells.join("  ")))?;
    }
    printer.line(faint(&format!(
        "{DECLARED}; `constellation place NAME` says for which settings, and who says so"
    )))?;
    legend(printer)
}

/// What is declared of a system, for a script.
pub(super) fn json(system: &System) -> Value {
    let settings: Vec<_> = system.settings.iter().map(setting_json).collect();
    json!({"name": system.name, "title": system.title, "settings": settings})
}

fn setting_json(declared: &Declared) -> Value {
    let (cell, depends) = match &declared.place {
        Place::Cell(cell) => (Some(cell.to_string()), None),
        Place::Depends(on) => (None, Some(on)),
        _ => (None, None),
    };
    let sources: Vec<_> = declared
        .sources
        .iter()
        .map(|source| json!({"title": source.title, "address": source.address, "date": source.date}))
        .collect();
    json!({
        "setting": declared.setting,
        "version": declared.version,
        "cell": cell,
        "depends": depends,
        "by": declared.by,
        "abadi": declared.abadi.map(|cell| cell.to_string()),
        "partition": declared.partition,
        "normal": declared.normal,
        "caveat": declared.caveat,
        "sources": sources,
    })
}

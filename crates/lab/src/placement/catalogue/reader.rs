//! How a catalogue is read: every key is known or refused, every source is described and cited.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::{Catalogue, Declared, Place, Source, System};
use crate::placement::STORES;
use crate::placement::cell::Cell;
use crate::scenario::reader::{Field, Result, ScenarioError, Section, advice, document};
use crate::words::one_line;

/// The most systems of a catalogue.
const SYSTEMS_MAX: usize = 1_000;
/// The most settings of a system.
const SETTINGS_MAX: usize = 100;
/// The most sources of a setting.
const SOURCES_MAX: usize = 16;
/// The longest text of one key, in characters.
const LETTERS_MAX: usize = 500;

const SETTING_KEYS: [&str; 10] =
    ["setting", "version", "cell", "depends", "by", "abadi", "partition", "normal", "caveat", "sources"];

/// What stands instead of a cell where there is no single one.
const DEPENDS: &str = "depends";

/// The described sources, each with the place of its description, and the names of those that are cited.
struct Sources<'a> {
    described: BTreeMap<&'a str, (Source, Range<usize>)>,
    cited: BTreeSet<&'a str>,
}

pub(super) fn read(text: &str) -> Result<Catalogue> {
    let document = document(text, Catalogue::TEXT_MAX, "a catalogue has")?;
    let file = Section::of_file(&document, text);
    file.only(&["sources", "systems"])?;
    let mut sources = read_sources(&file.require("sources")?)?;
    let field = file.require("systems")?;
    let mut systems: Vec<System> = Vec::new();
    for section in &bounded(&field, field.sections("a system")?, SYSTEMS_MAX, "systems in a catalogue")? {
        let system = read_system(section, &mut sources)?;
        if STORES.iter().any(|store| store.name == system.name) {
            let message = format!("`{}` is the name of a store that is measured", system.name);
            return Err(section.require("name")?.refuse(message).help("give the system another name"));
        }
        if systems.iter().any(|other| other.name == system.name) {
            let message = format!("system `{}` is described twice", system.name);
            return Err(section.require("name")?.refuse(message));
        }
        systems.push(system);
    }
    // Nobody would see what no setting cites; a reader looks for the first of these in the text.
    let uncited = sources.described.iter().filter(|(name, _)| !sources.cited.contains(*name));
    if let Some((name, (_, span))) = uncited.min_by_key(|(_, (_, span))| span.start) {
        let error = ScenarioError::new(span.clone(), format!("no setting cites the source `{name}`"));
        return Err(error.help("cite it in the `sources` of a setting, or leave it out"));
    }
    Ok(Catalogue { systems })
}

/// What the table `[sources]` describes.
fn read_sources<'a>(field: &Field<'a>) -> Result<Sources<'a>> {
    let mut described = BTreeMap::new();
    for field in field.section("[sources]")?.fields() {
        let section = field.section("a source")?;
        section.only(&["title", "address", "date"])?;
        let source = Source {
            title: line(&section.require("title")?)?,
            address: read_address(&section.require("address")?)?,
            date: line(&section.require("date")?)?,
        };
        described.insert(field.key, (source, field.span));
    }
    Ok(Sources { described, cited: BTreeSet::new() })
}

fn read_address(field: &Field<'_>) -> Result<String> {
    let address = line(field)?;
    let is_address = address.starts_with("https://") || address.starts_with("http://");
    if is_address && !address.contains(' ') {
        return Ok(address);
    }
    let message = format!("`{address}` is not an address such as \"https://doi.org/10.1109/MC.2012.33\"");
    Err(field.refuse(message))
}

fn read_system<'a>(section: &Section<'a>, sources: &mut Sources<'a>) -> Result<System> {
    section.only(&["name", "title", "settings"])?;
    let name = section.require("name")?;
    let name =
        name.parsed("a name of small letters, digits, `-` and `.`, such as \"cassandra\"", read_name)?;
    let title = line(&section.require("title")?)?;
    let field = section.require("settings")?;
    let mut settings: Vec<Declared> = Vec::new();
    for section in &bounded(&field, field.sections("a setting")?, SETTINGS_MAX, "settings of a system")? {
        let declared = read_setting(section, sources)?;
        let Declared { setting, version, .. } = &declared;
        if settings.iter().any(|other| (&other.setting, &other.version) == (setting, version)) {
            let message = format!("`{setting}` of version `{version}` is declared twice");
            return Err(section.require("setting")?.refuse(message));
        }
        settings.push(declared);
    }
    Ok(System { name, title, settings })
}

fn read_name(text: &str) -> Option<String> {
    let is_plain =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-.".contains(letter);
    let is_name = (1..=64).contains(&text.len()) && text.chars().all(is_plain);
    is_name.then(|| text.to_owned())
}

fn read_setting<'a>(section: &Section<'a>, sources: &mut Sources<'a>) -> Result<Declared> {
    section.only(&SETTING_KEYS)?;
    let place = read_place(section)?;
    Ok(Declared {
        setting: line(&section.require("setting")?)?,
        version: line(&section.require("version")?)?,
        abadi: section.get("abadi").map(|field| read_abadi(&field, &place)).transpose()?,
        place,
        by: section.get("by").map(|field| line(&field)).transpose()?,
        partition: sentence(&section.require("partition")?)?,
        normal: sentence(&section.require("normal")?)?,
        caveat: section.get("caveat").map(|field| sentence(&field)).transpose()?,
        sources: read_cited(&section.require("sources")?, sources)?,
    })
}

fn read_place(section: &Section<'_>) -> Result<Place> {
    let cell = section.require("cell")?;
    let text = cell.text()?;
    match (text, section.get(DEPENDS)) {
        (DEPENDS, Some(field)) => sentence(&field).map(Place::Depends),
        (DEPENDS, None) => Err(cell
            .refuse("the cell depends, and `depends` is missing")
            .help("say on what, as in `depends = \"whether somebody promotes a standby\"`")),
        (_, Some(field)) => Err(field.refuse("`depends` goes only with `cell = \"depends\"`")),
        (_, None) => Cell::parse(text).map(Place::Cell).ok_or_else(|| no_cell(&cell, text, Some(DEPENDS))),
    }
}

/// Where Abadi places what lives in this `place`.
fn read_abadi(field: &Field<'_>, place: &Place) -> Result<Cell> {
    let text = field.text()?;
    let cell = Cell::parse(text).ok_or_else(|| no_cell(field, text, None))?;
    if *place == Place::Cell(cell) {
        return Err(field
            .refuse(format!("`abadi` goes only with another cell than {cell}"))
            .help("leave it out, and say `by = \"Abadi 2012\"`"));
    }
    Ok(cell)
}

fn no_cell(field: &Field<'_>, text: &str, other: Option<&'static str>) -> ScenarioError {
    let known = Cell::NAMES.iter().map(|(name, _)| *name).chain(other);
    field.refuse(format!("`{text}` is no cell")).help(advice(text, known))
}

fn read_cited<'a>(field: &Field<'a>, sources: &mut Sources<'a>) -> Result<Vec<Source>> {
    let mut cited = Vec::new();
    for (name, span) in bounded(field, field.texts()?, SOURCES_MAX, "sources of a setting")? {
        let Some((source, _)) = sources.described.get(name) else {
            return Err(ScenarioError::new(span, format!("no source is called `{name}`"))
                .help(advice(name, sources.described.keys().copied())));
        };
        if cited.contains(source) {
            return Err(ScenarioError::new(span, format!("source `{name}` is cited twice")));
        }
        cited.push(source.clone());
        sources.cited.insert(name);
    }
    Ok(cited)
}

/// A text that stands on one line and does nothing to the terminal that shows it.
fn line(field: &Field<'_>) -> Result<String> {
    let text = field.text()?;
    let fault = if text.trim().is_empty() {
        "says nothing".to_owned()
    } else if text.chars().count() > LETTERS_MAX {
        format!("has more than {LETTERS_MAX} characters")
    } else if one_line(text) != text {
        "should stand on one line, without control characters".to_owned()
    } else {
        return Ok(text.to_owned());
    };
    Err(field.refuse(format!("`{}` {fault}", field.key)))
}

/// A line after which ours can go on.
fn sentence(field: &Field<'_>) -> Result<String> {
    let text = line(field)?;
    if text.ends_with('.') {
        return Err(field.refuse(format!("`{}` should end without a full stop", field.key)));
    }
    Ok(text)
}

/// The items of a list, if there is one and there are not too many.
fn bounded<T>(field: &Field<'_>, items: Vec<T>, items_max: usize, what: &str) -> Result<Vec<T>> {
    match items.len() {
        0 => Err(field.refuse(format!("`{}` is empty", field.key))),
        count if count > items_max => Err(field.refuse(format!("there are at most {items_max} {what}"))),
        _ => Ok(items),
    }
}

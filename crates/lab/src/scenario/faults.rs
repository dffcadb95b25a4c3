//! Other faults than the file's, as one writes them on a command line: `loss=5%,duplicate=1%`, or `none`.

use std::ops::Range;

use toml::de::DeTable;

use super::Scenario;
use super::links::{LINK_KEYS, read_link};
use super::machines::{MACHINE_KEYS, read_faults};
use super::reader::{Result, ScenarioError, Section, advice};

/// Whether what has odds may happen at all.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Chances {
    /// With the odds that are written down.
    AsWritten,
    /// Never, whatever the odds: what is left to luck is how long things take.
    Never,
}

/// A table of the file whose keys can stand on a command line, and how it is read over what a scenario has.
struct Table {
    /// What it is called in messages.
    what: &'static str,
    keys: &'static [&'static str],
    read: fn(&mut Scenario, &Section<'_>) -> Result<()>,
}

/// The tables. Each key is in one of them only.
const TABLES: [Table; 2] = [
    Table { what: "[link]", keys: &LINK_KEYS, read: read_links },
    Table { what: "[machine]", keys: &MACHINE_KEYS, read: read_machines },
];

/// The default link and every rule: each keeps what is not said.
fn read_links(scenario: &mut Scenario, section: &Section<'_>) -> Result<()> {
    let Scenario { link, contacts, links, end, .. } = scenario;
    (*link, *contacts) = read_link(section, *link, contacts.as_ref(), *end)?;
    for rule in links {
        (rule.link, rule.contacts) = read_link(section, rule.link, rule.contacts.as_ref(), *end)?;
    }
    Ok(())
}

/// The default machine and every rule, likewise.
fn read_machines(scenario: &mut Scenario, section: &Section<'_>) -> Result<()> {
    scenario.machine = read_faults(section, scenario.machine)?;
    for rule in &mut scenario.machines {
        rule.faults = read_faults(section, rule.faults)?;
    }
    Ok(())
}

impl Scenario {
    /// This scenario with other faults: `KEY=VALUE` with the keys and values of the file's tables, joined by commas, such
    /// as `loss=5%,latency=20ms..80ms`; or `none`, so that nothing that has odds ever happens.
    ///
    /// A key counts for all: for the default and for every rule that differs from it. A value stands without quotes; one
    /// that is a list or a table in TOML is written as it is there.
    ///
    /// # Errors
    /// What is wrong, as in a file, with its place in `faults`: what is no `KEY=VALUE`, an unknown key, one given twice, a
    /// value that its table refuses, `none` beside something else.
    ///
    /// ```
    /// use constellation_lab::incidents;
    ///
    /// let scenario = incidents::find("lossy-relay").expect("it ships").scenario();
    /// let worse = scenario.with_faults("loss=20%,duplicate=1%").unwrap();
    /// assert_eq!(worse.link.loss.per_million(), 200_000);
    ///
    /// let refused = scenario.with_faults("loss=20%,dupliate=1%").unwrap_err();
    /// assert_eq!(refused.to_string(), "there is no fault `dupliate` (did you mean `duplicate`?)");
    /// assert_eq!(refused.span, 9..17);
    /// ```
    pub fn with_faults(&self, faults: &str) -> std::result::Result<Scenario, ScenarioError> {
        let mut scenario = self.clone();
        if faults.trim() == NONE {
            scenario.chances = Chances::Never;
            return Ok(scenario);
        }
        let settings = settings(faults)?;
        for table in &TABLES {
            let own = settings.iter().filter(|setting| table.keys.contains(&setting.key));
            let written = Written::of(own);
            if written.is_empty() {
                continue;
            }
            written.read(table, &mut scenario).map_err(|error| written.place(error))?;
        }
        Ok(scenario)
    }
}

const NONE: &str = "none";

/// One `KEY=VALUE`, with the places of both.
struct Setting<'f> {
    key: &'f str,
    key_span: Range<usize>,
    value: &'f str,
    value_span: Range<usize>,
}

/// Takes the text apart; every key is known, and there is one at least.
fn settings(faults: &str) -> Result<Vec<Setting<'_>>> {
    let mut settings: Vec<Setting<'_>> = Vec::new();
    for span in parts(faults) {
        let setting = setting(faults, span)?;
        if settings.iter().any(|other| other.key == setting.key) {
            return Err(ScenarioError::new(setting.key_span, format!("`{}` is given twice", setting.key)));
        }
        settings.push(setting);
    }
    Ok(settings)
}

fn setting(faults: &str, span: Range<usize>) -> Result<Setting<'_>> {
    let part = &faults[span.clone()];
    let trimmed = |piece: &str, start: usize| {
        let start = start + (piece.len() - piece.trim_start().len());
        start..start + piece.trim().len()
    };
    let Some((key, value)) = part.split_once('=') else {
        let span = trimmed(part, span.start);
        if &faults[span.clone()] == NONE {
            return Err(ScenarioError::new(span, "`none` stands alone").help("leave it out, or all else"));
        }
        let help = "such as `loss=5%,duplicate=1%`; `none` switches all chances off";
        let message = match part.trim() {
            "" => "a KEY=VALUE is missing".to_owned(),
            part => format!("`{part}` is no KEY=VALUE"),
        };
        return Err(ScenarioError::new(span, message).help(help));
    };
    let key_span = trimmed(key, span.start);
    let value_span = trimmed(value, span.start + key.len() + 1);
    let (key, value) = (key.trim(), value.trim());
    let known = TABLES.iter().flat_map(|table| table.keys.iter().copied());
    if !known.clone().any(|known| known == key) {
        if key == NONE {
            return Err(ScenarioError::new(key_span, "`none` takes no value"));
        }
        return Err(
            ScenarioError::new(key_span, format!("there is no fault `{key}`")).help(advice(key, known))
        );
    }
    Ok(Setting { key, key_span, value, value_span })
}

/// What stands between commas, but for those within brackets or quotes.
fn parts(faults: &str) -> Vec<Range<usize>> {
    let (mut parts, mut start) = (Vec::new(), 0);
    // Saturating: a bracket too many is for the reader of TOML to refuse.
    let (mut depth, mut quote) = (0_u32, None);
    for (place, letter) in faults.char_indices() {
        match (quote, letter) {
            (Some(open), _) if open == letter => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(letter),
            (None, '[' | '{') => depth = depth.saturating_add(1),
            (None, ']' | '}') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                parts.push(start..place);
                start = place + 1;
            }
            _ => {}
        }
    }
    parts.push(start..faults.len());
    parts
}

/// Settings as the text of a table, and which piece of it stands for which of the command line.
struct Written {
    text: String,
    /// In the text, and on the command line.
    places: Vec<(Range<usize>, Range<usize>)>,
}

impl Written {
    fn of<'s, 'f: 's>(settings: impl Iterator<Item = &'s Setting<'f>>) -> Written {
        let (mut text, mut places) = (String::new(), Vec::new());
        for setting in settings {
            let start = text.len();
            text.push_str(setting.key);
            places.push((start..text.len(), setting.key_span.clone()));
            text.push('=');
            let start = text.len();
            text.push_str(&as_toml(setting.value));
            places.push((start..text.len(), setting.value_span.clone()));
            text.push('\n');
        }
        Written { text, places }
    }

    fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    fn read(&self, table: &Table, scenario: &mut Scenario) -> Result<()> {
        let document = DeTable::parse(&self.text).map_err(|error| {
            ScenarioError::new(error.span().unwrap_or(0..self.text.len()), error.message())
        })?;
        let section = Section::new(document.get_ref(), 0..self.text.len(), table.what);
        section.only(table.keys)?;
        (table.read)(scenario, &section)
    }

    /// The error with its place on the command line.
    fn place(&self, mut error: ScenarioError) -> ScenarioError {
        let at = |(text, _): &&(Range<usize>, Range<usize>)| text.end >= error.span.start;
        let place = self.places.iter().find(at).or(self.places.last());
        error.span = place.map_or(0..0, |(_, place)| place.clone());
        error
    }
}

/// A value as TOML: what is a list, a table, a number or in quotes as it is, all else in quotes.
fn as_toml(value: &str) -> String {
    let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    if is_number || value.starts_with(['[', '{', '"', '\'']) || ["true", "false"].contains(&value) {
        return value.to_owned();
    }
    let mut quoted = String::from("\"");
    for letter in value.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            _ if letter.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(letter))),
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

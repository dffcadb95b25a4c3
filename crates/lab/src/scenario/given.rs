//! A table of a scenario file as one writes it on a command line: `at=2s,do=crash,node=pacific`.

use std::ops::Range;

use toml::de::DeTable;

use super::reader::{Result, ScenarioError, Section};

/// One `KEY=VALUE`, with the places of both.
pub(super) struct Setting<'g> {
    pub(super) key: &'g str,
    pub(super) key_span: Range<usize>,
    value: &'g str,
    value_span: Range<usize>,
}

/// Takes a piece of what is given apart; there is one setting at least, and no key twice. `help` says how it should look.
pub(super) fn settings<'g>(given: &'g str, piece: Range<usize>, help: &str) -> Result<Vec<Setting<'g>>> {
    let mut settings: Vec<Setting<'_>> = Vec::new();
    for span in parts(given, piece) {
        let setting = setting(given, span).map_err(|error| error.help(help))?;
        if settings.iter().any(|other| other.key == setting.key) {
            return Err(ScenarioError::new(setting.key_span, format!("`{}` is given twice", setting.key)));
        }
        settings.push(setting);
    }
    Ok(settings)
}

/// The place of a part without the spaces around it.
pub(super) fn trimmed(given: &str, span: Range<usize>) -> Range<usize> {
    let part = &given[span.clone()];
    let start = span.start + (part.len() - part.trim_start().len());
    start..start + part.trim().len()
}

fn setting(given: &str, span: Range<usize>) -> Result<Setting<'_>> {
    let part = &given[span.clone()];
    let Some((key, _)) = part.split_once('=') else {
        let message = match part.trim() {
            "" => "a KEY=VALUE is missing".to_owned(),
            part => format!("`{part}` is no KEY=VALUE"),
        };
        return Err(ScenarioError::new(trimmed(given, span), message));
    };
    let middle = span.start + key.len();
    let (key_span, value_span) = (trimmed(given, span.start..middle), trimmed(given, middle + 1..span.end));
    Ok(Setting { key: &given[key_span.clone()], key_span, value: &given[value_span.clone()], value_span })
}

/// What stands between commas, but for those within brackets or quotes.
pub(super) fn parts(given: &str, piece: Range<usize>) -> Vec<Range<usize>> {
    let (mut parts, mut start) = (Vec::new(), piece.start);
    // Saturating: a bracket too many is for the reader of TOML to refuse.
    let (mut depth, mut quote) = (0_u32, None);
    for (place, letter) in given[piece.clone()].char_indices() {
        let place = piece.start + place;
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
    parts.push(start..piece.end);
    parts
}

/// Reads settings as the table that they would be in the file, called `what` in messages; an error has its place in what
/// is given.
pub(super) fn read<'s, 'g: 's, T>(
    settings: impl IntoIterator<Item = &'s Setting<'g>>,
    what: &'static str,
    read: impl FnOnce(&Section<'_>) -> Result<T>,
) -> Result<T> {
    let written = Written::of(settings);
    let table = DeTable::parse(&written.text)
        .map_err(|error| ScenarioError::new(error.span().unwrap_or(written.whole()), error.message()));
    let outcome = table.and_then(|table| read(&Section::new(table.get_ref(), written.whole(), what)));
    outcome.map_err(|error| written.place(error))
}

/// Settings as the text of a table, and which piece of it stands for which of what is given.
struct Written {
    text: String,
    /// In the text, and in what is given.
    places: Vec<(Range<usize>, Range<usize>)>,
}

impl Written {
    fn of<'s, 'g: 's>(settings: impl IntoIterator<Item = &'s Setting<'g>>) -> Written {
        let (mut text, mut places) = (String::new(), Vec::new());
        for setting in settings {
            let start = text.len();
            text.push_str(setting.key);
            places.push((start..text.len(), setting.key_span.clone()));
            text.push('=');
            let start = text.len();
            text.push_str(&as_toml(setting));
            places.push((start..text.len(), setting.value_span.clone()));
            text.push('\n');
        }
        Written { text, places }
    }

    const fn whole(&self) -> Range<usize> {
        0..self.text.len()
    }

    /// The error with its place in what is given.
    fn place(&self, mut error: ScenarioError) -> ScenarioError {
        let span = error.span.clone();
        error.span = match self.places.iter().find(|(text, _)| text.end >= span.start).or(self.places.last())
        {
            _ if span == self.whole() => self.all(),
            // Written as it was given: then the place within is known, too.
            Some((text, given)) if text.len() == given.len() && span.end <= text.end => {
                given.start + span.start.saturating_sub(text.start)..given.end - (text.end - span.end)
            }
            Some((_, given)) => given.clone(),
            None => 0..0,
        };
        error
    }

    /// From the first key to the last value.
    fn all(&self) -> Range<usize> {
        let start = self.places.first().map_or(0, |(_, given)| given.start);
        start..self.places.last().map_or(start, |(_, given)| given.end)
    }
}

/// Keys whose value is a text, even one that looks like a number.
const TEXTS: [&str; 5] = ["node", "key", "value", "from", "to"];

/// A value as TOML: what is a list, a table, a number, a date or in quotes as it is, all else in quotes.
fn as_toml(setting: &Setting<'_>) -> String {
    let (key, value) = (setting.key, setting.value);
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_text = TEXTS.contains(&key);
    let is_literal = is_digits(value) || ["true", "false"].contains(&value);
    // Only a wall clock is set `to` a date.
    let is_date = key == "to" && value.split_once('-').is_some_and(|(year, _)| is_digits(year));
    let is_list = value.starts_with(['[', '{']) && !["key", "value"].contains(&key);
    if value.starts_with(['"', '\'']) || is_list || is_date || (is_literal && !is_text) {
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

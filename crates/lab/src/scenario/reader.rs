//! How a scenario file is read: every key is known or refused, and every refusal points at its text.

use std::fmt;
use std::ops::Range;

use constellation_trace::ids::nearest;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::words::one_line;

/// Why a scenario file, or another file that is read as one is, cannot be used, with the place in its text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ScenarioError {
    /// What is wrong, in one line.
    pub message: String,
    /// Where, as byte offsets into the text; empty at the end of the text when something is missing.
    pub span: Range<usize>,
    /// What to do about it; empty when there is no better advice than the message.
    pub help: String,
}

impl ScenarioError {
    pub(crate) fn new(span: Range<usize>, message: impl Into<String>) -> ScenarioError {
        // What the file says is quoted in messages, so it is made harmless here once.
        let message = one_line(&message.into()).into_owned();
        ScenarioError { message, span, help: String::new() }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> ScenarioError {
        self.help = help.into();
        self
    }

    /// The line and the column of the place in `text`, both from 1; columns count characters.
    pub fn line_and_column(&self, text: &str) -> (usize, usize) {
        let before = text.get(..self.span.start).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if self.help.is_empty() { Ok(()) } else { write!(f, " ({})", self.help) }
    }
}

impl std::error::Error for ScenarioError {}

pub(crate) type Result<T> = std::result::Result<T, ScenarioError>;

/// Advice that names the nearest of `known`, or else all of them while they fit in a line.
pub(crate) fn advice<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    const SHOWN_MAX: usize = 32;
    if let Some(near) = nearest(wrong, known.clone()) {
        return format!("did you mean `{near}`?");
    }
    let names: Vec<_> = known.into_iter().map(|name| format!("`{name}`")).collect();
    if names.len() > SHOWN_MAX {
        return format!("one of {} names, such as {}", names.len(), names[..3].join(", "));
    }
    format!("one of {}", names.join(", "))
}

/// What a file holds, unless it is longer than so many bytes, of which `has` says whose most they are: `a catalogue has`.
pub(crate) fn document<'a>(text: &'a str, bytes_max: usize, has: &str) -> Result<Spanned<DeTable<'a>>> {
    if text.len() > bytes_max {
        return Err(ScenarioError::new(0..0, format!("{has} at most {bytes_max} bytes")));
    }
    DeTable::parse(text)
        .map_err(|error| ScenarioError::new(error.span().unwrap_or(text.len()..text.len()), error.message()))
}

/// One table of the file, with the place where it stands.
pub(crate) struct Section<'a> {
    table: &'a DeTable<'a>,
    span: Range<usize>,
    /// What it is called in messages: `the file`, `[link]`, `a step`.
    what: &'static str,
}

/// One value of the file, with the key that it is under.
pub(crate) struct Field<'a> {
    pub(crate) key: &'a str,
    pub(crate) value: &'a DeValue<'a>,
    pub(crate) span: Range<usize>,
}

impl<'a> Section<'a> {
    /// The whole file, in which what is missing is missing at its end.
    pub(crate) fn of_file(document: &'a Spanned<DeTable<'a>>, text: &str) -> Section<'a> {
        Section::new(document.get_ref(), text.len()..text.len(), "the file")
    }

    pub(crate) const fn new(table: &'a DeTable<'a>, span: Range<usize>, what: &'static str) -> Section<'a> {
        Section { table, span, what }
    }

    /// Refuses any key that is not among `known`.
    pub(crate) fn only(&self, known: &[&str]) -> Result<()> {
        // The table sorts its keys by name; a reader looks for the first wrong one in the text.
        let unknown = self.table.keys().filter(|key| !known.contains(&&**key.get_ref()));
        match unknown.min_by_key(|key| key.span().start) {
            None => Ok(()),
            Some(key) => Err(ScenarioError::new(
                key.span(),
                format!("unknown key `{}` in {}", key.get_ref(), self.what),
            )
            .help(advice(key.get_ref(), known.iter().copied()))),
        }
    }

    pub(crate) fn get(&self, key: &'static str) -> Option<Field<'a>> {
        let value = self.table.get(key)?;
        Some(Field { key, value: value.get_ref(), span: value.span() })
    }

    /// All that is in it, for a table whose keys are names of the user's own.
    pub(crate) fn fields(&self) -> impl Iterator<Item = Field<'a>> + use<'a> {
        self.table.iter().map(|(key, value)| Field {
            key: key.get_ref(),
            value: value.get_ref(),
            span: value.span(),
        })
    }

    pub(crate) fn require(&self, key: &'static str) -> Result<Field<'a>> {
        self.get(key).ok_or_else(|| {
            ScenarioError::new(self.span.clone(), format!("`{key}` is missing in {}", self.what))
        })
    }

    pub(crate) fn span(&self) -> Range<usize> {
        self.span.clone()
    }
}

impl<'a> Field<'a> {
    pub(crate) fn refuse(&self, message: impl Into<String>) -> ScenarioError {
        ScenarioError::new(self.span.clone(), message)
    }

    fn wrong_type(&self, wanted: &str) -> ScenarioError {
        let found = self.value.type_str();
        let article = if found.starts_with(['a', 'i']) { "an" } else { "a" };
        self.refuse(format!("`{}` should be {wanted}, not {article} {found}", self.key))
    }

    pub(crate) fn text(&self) -> Result<&'a str> {
        self.value.as_str().ok_or_else(|| self.wrong_type("a text in quotes"))
    }

    /// A text that `read` understands; `wanted` says what that would be, with an example.
    pub(crate) fn parsed<T>(&self, wanted: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<T> {
        let text = self.value.as_str().ok_or_else(|| self.wrong_type(wanted))?;
        read(text).ok_or_else(|| self.refuse(format!("`{text}` is not {wanted}")))
    }

    pub(crate) fn integer(&self, wanted: &str) -> Result<u64> {
        let DeValue::Integer(integer) = self.value else { return Err(self.wrong_type(wanted)) };
        u64::from_str_radix(integer.as_str(), integer.radix())
            .map_err(|_| self.refuse(format!("`{}` should be {wanted}", self.key)))
    }

    /// A text that is one of `known`.
    pub(crate) fn one_of<T: Copy>(&self, known: &[(&str, T)]) -> Result<T> {
        let text = self.text()?;
        let found = known.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
        found.ok_or_else(|| {
            let what = match self.key {
                "do" => format!("there is no step `{text}`"),
                key => format!("`{text}` is no value of `{key}`"),
            };
            self.refuse(what).help(advice(text, known.iter().map(|(name, _)| *name)))
        })
    }

    pub(crate) fn section(&self, what: &'static str) -> Result<Section<'a>> {
        let table = self.value.as_table().ok_or_else(|| self.wrong_type("a table"))?;
        Ok(Section::new(table, self.span.clone(), what))
    }

    pub(crate) fn sections(&self, what: &'static str) -> Result<Vec<Section<'a>>> {
        self.elements()?.iter().map(|element| element.section(what)).collect()
    }

    pub(crate) fn elements(&self) -> Result<Vec<Field<'a>>> {
        let array = self.value.as_array().ok_or_else(|| self.wrong_type("a list"))?;
        let field = |value: &'a Spanned<DeValue<'a>>| Field {
            key: self.key,
            value: value.get_ref(),
            span: value.span(),
        };
        Ok(array.iter().map(field).collect())
    }

    /// One text, or a list of texts, each with its place.
    pub(crate) fn texts(&self) -> Result<Vec<(&'a str, Range<usize>)>> {
        if self.value.is_str() {
            return Ok(vec![(self.text()?, self.span.clone())]);
        }
        self.elements()?.iter().map(|element| Ok((element.text()?, element.span.clone()))).collect()
    }
}

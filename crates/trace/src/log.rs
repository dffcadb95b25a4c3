//! Somebody else's log as plain data: events at hosts with the vector clocks that stood beside them.
//!
//! Nothing here is believed: whether the clocks could have come from a real execution is for a judge to say.
//! The readers of such logs are in the module `format`, behind the feature `formats`.
//!
//! ```
//! use constellation_trace::log::{Execution, LogEntry, Place};
//!
//! let mut execution = Execution::new("");
//! let place = Place { line: 1, column: 9, width: 13 };
//! let clock = [("pacific", 1)];
//! execution.push(LogEntry { clock: &clock, text: "pull", ..LogEntry::new("pacific", place) })?;
//! let event = execution.events()[0];
//! assert_eq!((execution.host_name(event.host), execution.text(event)), ("pacific", "pull"));
//! assert_eq!(execution.show_clock(event), "{pacific:1}");
//! # Ok::<(), constellation_trace::log::LogFull>(())
//! ```

use std::fmt;
use std::ops::Range;

use crate::ids::{Names, Symbol};

/// A whole log: one execution or several, and what could not be made sense of.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Log {
    /// The executions, in the order of the file; their labels differ.
    pub executions: Vec<Execution>,
    /// The text that no pattern matched; ShiViz would skip it in silence.
    pub unmatched: Unmatched,
    /// How the text was taken apart.
    pub layout: Layout,
}

impl Log {
    /// A log of these parts.
    pub fn new(executions: Vec<Execution>, unmatched: Unmatched, layout: Layout) -> Log {
        Log { executions, unmatched, layout }
    }
}

/// How a log was taken apart.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Layout {
    /// The expression that finds an event, as it was written.
    pub parser: String,
    /// The expression that parts executions, as it was written.
    pub delimiter: Option<String>,
    /// Who said so.
    pub source: LayoutSource,
}

impl Layout {
    /// A layout of these parts.
    pub fn new(parser: String, delimiter: Option<String>, source: LayoutSource) -> Layout {
        Layout { parser, delimiter, source }
    }
}

/// Who said how a log is to be taken apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum LayoutSource {
    /// The caller.
    Given,
    /// The first two lines of the file.
    Header,
    /// The look of the text: the layout with this name leaves the least of it over.
    Detected(&'static str),
}

impl fmt::Display for LayoutSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LayoutSource::Given => f.write_str("as given"),
            LayoutSource::Header => f.write_str("from the first lines of the file"),
            LayoutSource::Detected(name) => write!(f, "recognised as {name}"),
        }
    }
}

/// Lines that hold text which is part of no event.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Unmatched {
    /// How many lines.
    pub count: u64,
    /// The first of them with their numbers; long ones are cut.
    pub first: Vec<(u32, String)>,
}

impl Unmatched {
    /// How many lines are kept to be shown.
    pub const SHOWN_MAX: usize = 5;
    /// After how many characters a kept line is cut.
    pub const CHARACTERS_MAX: usize = 200;

    /// Counts a line, and keeps it if it is one of the first.
    pub fn add(&mut self, line: u32, text: &str) {
        // Saturating: a count of lines cannot reach 2^64.
        self.count = self.count.saturating_add(1);
        if self.first.len() < Unmatched::SHOWN_MAX {
            self.first.push((line, text.chars().take(Unmatched::CHARACTERS_MAX).collect()));
        }
    }
}

/// Where something stands in a text.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Place {
    /// The line, counted from 1.
    pub line: u32,
    /// The character within the line, counted from 1.
    pub column: u32,
    /// How many characters it is long.
    pub width: u32,
}

impl fmt::Display for Place {
    /// `line 3, column 14`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// One execution of a log: the events of its hosts, in the order of their lines, which is no order of events.
///
/// An event costs 40 bytes and its text, 12 more for each entry of its clock, and 8 for each field and its text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Execution {
    label: String,
    hosts: Names,
    events: Vec<LogEvent>,
    /// All clocks laid end to end, each in ascending order of its names, without zeros.
    names: Vec<Symbol>,
    counters: Vec<u64>,
    texts: String,
    field_names: Names,
    /// Which field, and where it ends in `texts`; a field starts where the one before it ends.
    fields: Vec<(u32, u32)>,
    unreadable: Vec<Unreadable>,
    zeros: Zeros,
}

/// One event of a log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LogEvent {
    /// At which host; index into [`Execution::hosts`].
    pub host: Symbol,
    /// Where its clock stands.
    pub place: Place,
    clock_start: u32,
    clock_len: u32,
    text_start: u32,
    text_len: u32,
    fields_start: u32,
    fields_len: u32,
}

/// An event as it is handed to [`Execution::push`].
#[derive(Clone, Copy, Debug)]
pub struct LogEntry<'a> {
    /// At which host.
    pub host: &'a str,
    /// Where its clock stands.
    pub place: Place,
    /// The entries of its clock, each name once; zeros are left out and counted.
    pub clock: &'a [(&'a str, u64)],
    /// What the log says happened.
    pub text: &'a str,
    /// Whatever else the log says of it, by name.
    pub fields: &'a [(&'a str, &'a str)],
}

impl<'a> LogEntry<'a> {
    /// An event without clock, text and fields.
    pub const fn new(host: &'a str, place: Place) -> LogEntry<'a> {
        LogEntry { host, place, clock: &[], text: "", fields: &[] }
    }
}

/// A clock that could not be read; its event is not among [`Execution::events`].
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Unreadable {
    /// Where the wrong part stands.
    pub place: Place,
    /// At which host.
    pub host: String,
    /// The wrong part, cut when it is long.
    pub found: String,
    /// What should stand there.
    pub expected: String,
    /// What to do about it.
    pub hint: &'static str,
}

impl Unreadable {
    /// A clock that could not be read.
    pub fn new(place: Place, host: &str, found: String, expected: String, hint: &'static str) -> Unreadable {
        Unreadable { place, host: host.to_owned(), found, expected, hint }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} is expected here, {} stands there", self.place, self.expected, self.found)
    }
}

/// Entries of clocks that were zero and left out, since a zero means the same as nothing.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Zeros {
    /// How many.
    pub count: u64,
    /// The line of the first.
    pub first_line: u32,
}

impl Execution {
    /// An execution without events.
    pub fn new(label: impl Into<String>) -> Execution {
        Execution {
            label: label.into(),
            hosts: Names::new(),
            events: Vec::new(),
            names: Vec::new(),
            counters: Vec::new(),
            texts: String::new(),
            field_names: Names::new(),
            fields: Vec::new(),
            unreadable: Vec::new(),
            zeros: Zeros::default(),
        }
    }

    /// Appends an event.
    ///
    /// Of a name that stands twice in the clock the larger counter is kept; readers refuse such a clock before.
    ///
    /// # Errors
    /// [`LogFull`] when 32 bits cannot number what it holds; the execution keeps its events as they were.
    pub fn push(&mut self, entry: LogEntry<'_>) -> Result<(), LogFull> {
        let host = self.intern(entry.host)?;
        let mut clock = Vec::with_capacity(entry.clock.len());
        let mut zeros = self.zeros;
        for (name, counter) in entry.clock {
            if *counter == 0 {
                zeros.first_line = if zeros.count == 0 { entry.place.line } else { zeros.first_line };
                // Saturating: there are fewer than 2^64 characters in the text.
                zeros.count = zeros.count.saturating_add(1);
            } else {
                clock.push((self.intern(name)?, *counter));
            }
        }
        clock.sort_unstable_by_key(|(name, counter)| (*name, u64::MAX - *counter));
        clock.dedup_by_key(|(name, _)| *name);
        let text_len: usize = entry.fields.iter().map(|(_, value)| value.len()).sum();
        number(self.texts.len().saturating_add(entry.text.len()).saturating_add(text_len))?;
        number(self.names.len().saturating_add(clock.len()))?;
        number(self.fields.len().saturating_add(entry.fields.len()))?;
        number(self.events.len().saturating_add(1))?;

        let event = LogEvent {
            host,
            place: entry.place,
            clock_start: number(self.names.len())?,
            clock_len: number(clock.len())?,
            text_start: number(self.texts.len())?,
            text_len: number(entry.text.len())?,
            fields_start: number(self.fields.len())?,
            fields_len: number(entry.fields.len())?,
        };
        self.zeros = zeros;
        self.names.extend(clock.iter().map(|entry| entry.0));
        self.counters.extend(clock.iter().map(|entry| entry.1));
        self.texts.push_str(entry.text);
        for (name, value) in entry.fields {
            let name = self.field_names.intern(name).ok_or(LogFull)?;
            self.texts.push_str(value);
            self.fields.push((name, number(self.texts.len())?));
        }
        self.events.push(event);
        Ok(())
    }

    /// Appends a clock that could not be read.
    pub fn push_unreadable(&mut self, unreadable: Unreadable) {
        self.unreadable.push(unreadable);
    }

    /// Its name; empty for what stands before the first delimiter.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Every name that stands before a clock or in one, in the order of appearance.
    pub fn hosts(&self) -> &Names {
        &self.hosts
    }

    /// The name of a host.
    pub fn host_name(&self, host: Symbol) -> &str {
        self.hosts.text(host.number()).expect("a Symbol comes from the table of its execution")
    }

    /// The events whose clocks could be read, in the order of their lines.
    pub fn events(&self) -> &[LogEvent] {
        &self.events
    }

    /// The clocks that could not be read, in the order of their lines.
    pub fn unreadable(&self) -> &[Unreadable] {
        &self.unreadable
    }

    /// The zero entries that were left out.
    pub fn zeros(&self) -> Zeros {
        self.zeros
    }

    /// The clock of an event: names and counters, ascending by name's number, none of them zero.
    pub fn clock(&self, event: LogEvent) -> impl ExactSizeIterator<Item = (Symbol, u64)> {
        let range = range(event.clock_start, event.clock_len);
        self.names[range.clone()].iter().copied().zip(self.counters[range].iter().copied())
    }

    /// One entry of the clock of an event; zero when it is missing. O(log n).
    pub fn counter(&self, event: LogEvent, host: Symbol) -> u64 {
        let range = range(event.clock_start, event.clock_len);
        let names = &self.names[range.clone()];
        names.binary_search(&host).map_or(0, |place| self.counters[range][place])
    }

    /// The clock of an event as it is printed: `{atlantic:1 pacific:2}`, by name.
    pub fn show_clock(&self, event: LogEvent) -> String {
        let mut entries: Vec<_> =
            self.clock(event).map(|(name, counter)| (self.host_name(name), counter)).collect();
        entries.sort_unstable();
        let entries: Vec<_> = entries.iter().map(|(name, counter)| format!("{name}:{counter}")).collect();
        format!("{{{}}}", entries.join(" "))
    }

    /// What the log says happened.
    pub fn text(&self, event: LogEvent) -> &str {
        &self.texts[range(event.text_start, event.text_len)]
    }

    /// Whatever else the log says of an event: names and values.
    pub fn fields(&self, event: LogEvent) -> impl Iterator<Item = (&str, &str)> {
        // Cannot wrap: push refuses more text than 32 bits can number.
        let mut start = event.text_start + event.text_len;
        self.fields[range(event.fields_start, event.fields_len)].iter().map(move |&(name, end)| {
            let value = &self.texts[start as usize..end as usize];
            start = end;
            (self.field_names.text(name).expect("the name was entered with the field"), value)
        })
    }

    fn intern(&mut self, name: &str) -> Result<Symbol, LogFull> {
        self.hosts.intern(name).map(Symbol::new).ok_or(LogFull)
    }
}

/// More events, entries or text than 32 bits can number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LogFull;

impl fmt::Display for LogFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the log holds more than 32 bits can number")
    }
}

impl std::error::Error for LogFull {}

fn number(count: usize) -> Result<u32, LogFull> {
    u32::try_from(count).map_err(|_| LogFull)
}

fn range(start: u32, len: u32) -> Range<usize> {
    start as usize..start as usize + len as usize
}

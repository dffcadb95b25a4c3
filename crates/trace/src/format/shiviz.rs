//! Logs with vector clocks, as ShiViz, GoVector and TSViz write them, or as an expression takes them apart.
//!
//! An event is found by a regular expression with the named groups `event`, `host` and `clock`; any other named
//! group becomes a field. A clock is a JSON object of counters. The expression comes from, in this order:
//!
//! 1. the caller ([`Options`]);
//! 2. the first line of the file, if it has the three groups or is blank (then it is ShiViz's default); the
//!    second line is then the delimiter of executions, or blank;
//! 3. the look of the text: the one of [`LAYOUTS`] that leaves the least of it over, with `=== label ===` as
//!    delimiter if there is such a line. A guess must pass over no clock: where a line that is part of no event, or
//!    the text of an event, begins with a host and a clock, the log is refused, since every event that is missed makes
//!    sound clocks look wrong. So is one of several events in which no clock counts its own host.
//!
//! Expressions are those of JavaScript, matched line by line as by its flags `g` and `m`. A `{` that repeats
//! nothing is itself, as there. What linear-time matching does not have (look-around, back-references) is refused
//! by name. The expression of a first line has to match whole lines, as in ShiViz.
//!
//! Stricter than ShiViz, which accepts all of these: two equal keys in a clock, counters as strings; text that no
//! event matches is counted and shown. Also refused: what is no whole number from 0 to 2^63 - 1. A zero means the
//! same as nothing, so it is left out and counted. A clock that does not count its own host can be read; a judge will
//! find it wrong.
//! `\"` instead of `"`, which TLC writes, is read. Lines may end in CR LF, the text may begin with a byte order mark.

mod clock;
mod cursor;
mod layout;
mod pattern;
mod sight;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use regex::CaptureLocations;

use self::cursor::Cursor;
use self::layout::Chosen;
pub use self::layout::LAYOUTS;
use self::pattern::Pattern;
use self::sight::Sight;
use super::{FormatError, Problem};
use crate::log::{Execution, Layout, LayoutSource, Log, LogEntry, LogFull, Place, Unmatched, Unreadable};

/// How a log is to be taken apart, as far as the caller knows better than the file.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Options<'a> {
    /// The expression that finds an event.
    pub parser: Option<&'a str>,
    /// The expression that parts executions; its group `trace` is their label.
    pub delimiter: Option<&'a str>,
}

impl<'a> Options<'a> {
    /// The same with this parser.
    #[must_use]
    pub const fn with_parser(self, parser: &'a str) -> Options<'a> {
        Options { parser: Some(parser), ..self }
    }

    /// The same with this delimiter.
    #[must_use]
    pub const fn with_delimiter(self, delimiter: &'a str) -> Options<'a> {
        Options { delimiter: Some(delimiter), ..self }
    }
}

/// Reads a log; any bytes at all give a log or an error.
///
/// In time linear in the length of the text: a search looks no further than it must, and the searches of an expression
/// from outside may look at 64 bytes for each byte of the text, 16 MiB where that is more. One that looks to the end
/// of the text for each event, as `[\s\S]*` does, is refused on a large log.
///
/// A clock that cannot be read is no error but part of the log ([`Execution::unreadable`]): it is a fault of what
/// was logged, for a judge to report with the others.
///
/// # Errors
/// [`FormatError`] for bytes that are no text, an expression that cannot be used or looks too far, a log without any
/// event, and two executions with one label.
///
/// ```
/// use constellation_trace::format::shiviz::{Options, read};
///
/// let log = read(b"send\npacific {\"pacific\":1}\nreceive\natlantic {\"atlantic\":1, \"pacific\":1}\n", &Options::default())?;
/// let execution = &log.executions[0];
/// assert_eq!(execution.events().len(), 2);
/// assert_eq!(execution.show_clock(execution.events()[1]), "{atlantic:1 pacific:1}");
/// # Ok::<(), constellation_trace::format::FormatError>(())
/// ```
pub fn read(bytes: &[u8], options: &Options<'_>) -> Result<Log, FormatError> {
    let text = decode(bytes)?;
    if text.trim().is_empty() {
        return Err(FormatError::whole(Problem::Empty));
    }
    let chosen = layout::choose(&text, options)?;
    let parser = Parser::new(&chosen)?;
    let sight = Sight::of("parser", &chosen.parser, &text);
    let mut reader = Reader {
        text: &text,
        parser,
        sight,
        guessed: match chosen.origin {
            LayoutSource::Detected(name) => Some(name),
            _ => None,
        },
        cursor: Cursor::new(&text),
        unmatched: Unmatched::default(),
        last_unmatched: 0,
        executions: Vec::new(),
        labels: BTreeMap::new(),
    };
    reader.cursor.advance(chosen.body);
    reader.executions(&chosen)?;
    let has_events =
        |execution: &Execution| !execution.events().is_empty() || !execution.unreadable().is_empty();
    if !reader.executions.iter().any(has_events) {
        let (line, first) = text[chosen.body..]
            .lines()
            .enumerate()
            .find(|(_, line)| !line.trim().is_empty())
            .map_or((0, ""), |(line, first)| (line, first));
        let line = super::narrow(layout::line_of(&text, chosen.body) as usize + line);
        let problem = Problem::NoEvent { parser: chosen.parser.source.clone() };
        return Err(FormatError::new(line, first, 0..first.len(), problem));
    }
    reader.know_hosts()?;
    let layout =
        Layout::new(chosen.parser.source, chosen.delimiter.map(|delimiter| delimiter.source), chosen.origin);
    Ok(Log::new(reader.executions, reader.unmatched, layout))
}

/// The bytes as text: without byte order mark, lines ended by `\n` alone.
pub(super) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, FormatError> {
    if u32::try_from(bytes.len()).is_err() {
        return Err(FormatError::whole(Problem::TooLong));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let valid = &bytes[..error.valid_up_to()];
        let line_start = valid.iter().rposition(|byte| *byte == b'\n').map_or(0, |place| place + 1);
        let line = valid.iter().filter(|byte| **byte == b'\n').count() + 1;
        let rest = &bytes[line_start..];
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let column = valid.len() - line_start;
        let shown = String::from_utf8_lossy(&rest[..end]);
        FormatError::new(
            super::narrow(line),
            &shown,
            column..column + '\u{fffd}'.len_utf8(),
            Problem::NotUtf8,
        )
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    Ok(if text.contains("\r\n") { Cow::Owned(text.replace("\r\n", "\n")) } else { Cow::Borrowed(text) })
}

/// The parser with the places of its groups.
struct Parser {
    pattern: Pattern,
    event: usize,
    host: usize,
    clock: usize,
    fields: Vec<(usize, String)>,
}

impl Parser {
    fn new(chosen: &Chosen) -> Result<Parser, FormatError> {
        let pattern = chosen.parser.clone();
        let names: Vec<Option<String>> =
            pattern.regex.capture_names().map(|name| name.map(str::to_owned)).collect();
        let find = |wanted: &'static str| {
            names.iter().position(|name| name.as_deref() == Some(wanted)).ok_or_else(|| {
                let source = &chosen.parser.source;
                FormatError::new(chosen.parser.line, source, 0..source.len(), Problem::MissingGroup(wanted))
            })
        };
        let (event, host, clock) = (find("event")?, find("host")?, find("clock")?);
        let is_field = |name: &String| !["event", "host", "clock"].contains(&name.as_str());
        let fields = names.iter().cloned().enumerate();
        let fields =
            fields.filter_map(|(place, name)| name.filter(is_field).map(|name| (place, name))).collect();
        Ok(Parser { pattern, event, host, clock, fields })
    }
}

struct Reader<'t> {
    text: &'t str,
    parser: Parser,
    /// How far the searches may still look.
    sight: Sight,
    /// The layout, if nobody said that it is this one.
    guessed: Option<&'static str>,
    cursor: Cursor<'t>,
    unmatched: Unmatched,
    /// The last line that was counted as unmatched.
    last_unmatched: u32,
    executions: Vec<Execution>,
    /// The line at which the execution with a label begins.
    labels: BTreeMap<String, u32>,
}

impl Reader<'_> {
    fn executions(&mut self, chosen: &Chosen) -> Result<(), FormatError> {
        let text = self.text;
        let mut start = chosen.body;
        let mut label: Option<String> = None;
        if let Some(delimiter) = &chosen.delimiter {
            let mut sight = Sight::of("delimiter", delimiter, text);
            let mut searched = chosen.body;
            loop {
                sight.look(text, searched)?;
                let Some(found) = delimiter.regex.captures_at(text, searched) else { break };
                let whole = found.get(0).expect("a match has a group 0");
                self.execution(label, start..whole.start())?;
                start = whole.end();
                let name = found.name("trace").map(|name| name.as_str().trim().to_owned());
                label = Some(name.unwrap_or_else(|| format!("execution {}", self.executions.len() + 1)));
                searched = beyond(text, whole.range());
                if searched > text.len() {
                    break;
                }
            }
        }
        self.execution(label, start..text.len())
    }

    /// Reads one execution; without a label it is what stands before the first delimiter, if anything does.
    fn execution(&mut self, label: Option<String>, segment: Range<usize>) -> Result<(), FormatError> {
        if label.is_none() && self.text[segment.clone()].trim().is_empty() {
            return Ok(());
        }
        let label = label.unwrap_or_default();
        let line = self.cursor.advance(segment.start).line;
        if let Some(&first_line) = self.labels.get(&label) {
            let start = self.text[..segment.start].rfind('\n').map_or(0, |place| place + 1);
            let shown = self.text[start..].lines().next().unwrap_or("");
            let problem = Problem::DuplicateExecution { label, first_line };
            return Err(FormatError::new(line, shown, 0..shown.len(), problem));
        }
        self.labels.insert(label.clone(), line);
        let mut execution = Execution::new(label);
        self.events(segment, &mut execution)?;
        self.executions.push(execution);
        Ok(())
    }

    fn events(&mut self, segment: Range<usize>, execution: &mut Execution) -> Result<(), FormatError> {
        let base = segment.start;
        let text = &self.text[segment];
        let mut groups = self.parser.pattern.regex.capture_locations();
        let (mut searched, mut used) = (0, 0);
        while searched <= text.len() {
            self.sight.look(text, searched)?;
            let regex = &self.parser.pattern.regex;
            let Some(whole) = regex.captures_read_at(&mut groups, text, searched) else { break };
            self.left_over(base + used..base + whole.start())?;
            self.see_whole(&groups, base)?;
            self.event(text, base, &groups, execution)
                .map_err(|LogFull| FormatError::whole(Problem::TooLong))?;
            used = whole.end();
            searched = beyond(text, whole.range());
        }
        self.left_over(base + used..base + text.len())
    }

    fn event(
        &mut self,
        text: &str,
        base: usize,
        groups: &CaptureLocations,
        execution: &mut Execution,
    ) -> Result<(), LogFull> {
        let group = |place: usize| groups.get(place).map_or("", |(start, end)| &text[start..end]);
        let host = group(self.parser.host);
        let written = group(self.parser.clock);
        let clock_start = groups.get(self.parser.clock).or(groups.get(0)).map_or(0, |(start, _)| start);
        self.cursor.advance(base + clock_start);
        let at = |span: Range<usize>| {
            let mut start = self.cursor.clone();
            start.advance(base + clock_start + span.start);
            let width = text[clock_start + span.start..clock_start + span.end].chars().count();
            Place { line: start.line, column: start.column, width: super::narrow(width) }
        };
        let entries = match clock::read(written, host) {
            Ok(entries) => entries,
            Err(flaw) => {
                let place = at(flaw.span);
                execution.push_unreadable(Unreadable::new(place, host, flaw.found, flaw.expected, flaw.hint));
                return Ok(());
            }
        };
        let clock: Vec<(&str, u64)> = entries.iter().map(|(name, counter)| (&**name, *counter)).collect();
        let fields: Vec<(&str, &str)> = self
            .parser
            .fields
            .iter()
            .filter_map(|(place, name)| groups.get(*place).map(|(start, end)| (&**name, &text[start..end])))
            .collect();
        let place = at(0..written.len());
        let text = group(self.parser.event);
        execution.push(LogEntry { clock: &clock, text, fields: &fields, ..LogEntry::new(host, place) })
    }

    /// Refuses a guessed layout in which no event has a host that its clock counts: then it is no host.
    fn know_hosts(&self) -> Result<(), FormatError> {
        let Some(layout) = self.guessed else { return Ok(()) };
        let counts_own = |execution: &Execution| {
            execution.events().iter().any(|event| execution.counter(*event, event.host) > 0)
        };
        let events: usize = self.executions.iter().map(|execution| execution.events().len()).sum();
        // One event without its own counter is a fault like others, for a judge to tell.
        if events < 2 || self.executions.iter().any(counts_own) {
            return Ok(());
        }
        let first = self.executions.iter().find_map(|execution| execution.events().first());
        let line = first.map_or(1, |event| event.place.line);
        let shown = self.text.lines().nth(line.saturating_sub(1) as usize).unwrap_or("");
        Err(FormatError::new(line, shown, 0..shown.len(), Problem::NoHosts { layout }))
    }

    /// Counts the lines of what lies between two events.
    fn left_over(&mut self, range: Range<usize>) -> Result<(), FormatError> {
        let mut at = range.start;
        for piece in self.text[range].split_inclusive('\n') {
            if !piece.trim().is_empty() {
                let line = self.cursor.advance(at).line;
                // One line may hold several events with text between them; it is one line that is not all used.
                if line > self.last_unmatched {
                    self.unmatched.add(line, piece.trim_end());
                    self.last_unmatched = line;
                }
                self.pass_over(piece, at)?;
            }
            at += piece.len();
        }
        Ok(())
    }

    /// The text of an event must not be an event itself.
    fn see_whole(&self, groups: &CaptureLocations, base: usize) -> Result<(), FormatError> {
        let Some((start, end)) = groups.get(self.parser.event) else { return Ok(()) };
        let (start, end) = (base + start, base + end);
        self.pass_over(&self.text[start..end], start)
    }

    /// Refuses a guessed layout that would pass over a clock in this text, which stands at this byte.
    fn pass_over(&self, text: &str, at: usize) -> Result<(), FormatError> {
        let Some(layout) = self.guessed.filter(|_| layout::has_clock(text)) else { return Ok(()) };
        let shown = text.trim_end();
        let line = layout::line_of(self.text, at);
        Err(FormatError::new(line, shown, 0..shown.len(), Problem::MissedClock { layout }))
    }
}

/// Where to search on after a match, which may lie beyond the end: an empty one must not be found again.
fn beyond(text: &str, found: Range<usize>) -> usize {
    if found.is_empty() {
        found.end + text[found.end..].chars().next().map_or(1, char::len_utf8)
    } else {
        found.end
    }
}

//! Reads one clock, and says which part of it no clock can have.

use std::borrow::Cow;
use std::ops::Range;

use super::super::json::{Flaw, Scanner, cut};

/// The largest counter of any clock: above it, the difference of two counters has no sign.
const COUNTER_MAX: u64 = (1 << 63) - 1;

/// What is wrong with a clock.
#[derive(Debug)]
pub(super) struct ClockFlaw {
    /// The bytes of the clock.
    pub(super) span: Range<usize>,
    pub(super) expected: String,
    pub(super) found: String,
    pub(super) hint: &'static str,
}

/// The scanner speaks of lines, of which a clock is a part.
fn of_clock(text: &str) -> String {
    if text == "the end of the line" { "the end of the clock".to_owned() } else { text.to_owned() }
}

impl From<Flaw> for ClockFlaw {
    fn from(flaw: Flaw) -> ClockFlaw {
        ClockFlaw {
            span: flaw.span,
            expected: of_clock(flaw.expected),
            found: of_clock(&flaw.found),
            hint: "a clock is a JSON object: {\"pacific\":3, \"atlantic\":1}",
        }
    }
}

type Entries<'a> = Vec<(Cow<'a, str>, u64)>;

/// Reads the clock of an event at `host`.
pub(super) fn read<'a>(text: &'a str, host: &str) -> Result<Entries<'a>, ClockFlaw> {
    let whole = 0..text.len();
    if host.is_empty() {
        let hint = "each event names the host at which it happened, before its clock";
        let (expected, found) = ("a host name before the clock".to_owned(), "none".to_owned());
        return Err(ClockFlaw { span: whole, expected, found, hint });
    }
    if is_escaped(text) { read_escaped(text) } else { read_plain(text) }
}

/// TLC writes a clock as one of its own strings, with a backslash before each quote.
fn is_escaped(text: &str) -> bool {
    text.trim_start().strip_prefix('{').is_some_and(|rest| rest.trim_start().starts_with("\\\""))
}

fn read_escaped(text: &str) -> Result<Entries<'static>, ClockFlaw> {
    let plain = text.replace("\\\"", "\"");
    match read_plain(&plain) {
        Ok(entries) => {
            Ok(entries.into_iter().map(|(name, counter)| (Cow::Owned(name.into_owned()), counter)).collect())
        }
        Err(flaw) => {
            // Each quote before a byte took one more byte in the text.
            let quotes = |end: usize| plain.bytes().take(end).filter(|byte| *byte == b'"').count();
            let start = flaw.span.start + quotes(flaw.span.start);
            let end = flaw.span.end + quotes(flaw.span.end);
            Err(ClockFlaw { span: start..end.min(text.len()), ..flaw })
        }
    }
}

fn read_plain(text: &str) -> Result<Entries<'_>, ClockFlaw> {
    let mut scanner = Scanner::new(text);
    let mut entries: Entries<'_> = Vec::new();
    let mut spans: Vec<Range<usize>> = Vec::new();
    scanner.object("an object of counters", |scanner, key, span| {
        let counter = read_counter(scanner, text)?;
        entries.push((key, counter));
        spans.push(span);
        Ok::<(), ClockFlaw>(())
    })?;
    scanner.finish()?;
    if entries.windows(2).all(|pair| pair[0].0 < pair[1].0) {
        return Ok(entries);
    }
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by(|one, other| entries[*one].0.cmp(&entries[*other].0));
    let twice =
        order.windows(2).filter(|pair| entries[pair[0]].0 == entries[pair[1]].0).map(|pair| pair[1]).min();
    match twice {
        None => Ok(entries),
        Some(place) => Err(ClockFlaw {
            span: spans[place].clone(),
            expected: "each host once".to_owned(),
            found: format!("`{}` a second time", cut(&entries[place].0)),
            hint: "most readers of JSON keep the last of two equal keys and drop the other in silence",
        }),
    }
}

fn read_counter(scanner: &mut Scanner<'_>, text: &str) -> Result<u64, ClockFlaw> {
    let start = scanner.position();
    let flaw = |span: Range<usize>, expected: &str, hint| ClockFlaw {
        found: format!("`{}`", cut(&text[span.clone()])),
        span,
        expected: expected.to_owned(),
        hint,
    };
    if scanner.peek() == Some(b'"') {
        scanner.string("a counter")?;
        let hint = "counters are numbers: write 1, not \"1\", which some readers compare as text";
        return Err(flaw(scanner.span_since(start), "a number", hint));
    }
    let digits = scanner.number("a whole number")?;
    let span = scanner.span_since(start);
    if digits.starts_with('-') {
        return Err(flaw(
            span,
            "a counter that is not negative",
            "a clock counts events: none is 0 or no entry",
        ));
    }
    if digits.contains(['.', 'e', 'E']) {
        return Err(flaw(span, "a whole number", "a clock counts events, and there is no half of one"));
    }
    match digits.parse().ok().filter(|counter| *counter <= COUNTER_MAX) {
        Some(counter) => Ok(counter),
        None => Err(flaw(
            span,
            "a counter below 2^63",
            "a counter starts at 1 and rises by 1: this one was not counted",
        )),
    }
}

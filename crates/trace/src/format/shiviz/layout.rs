//! Finds out how a log is to be taken apart: as the caller says, as the file says, or as it looks.

use std::ops::Range;

use super::super::{FormatError, Problem};
use super::Options;
use super::pattern::{self, Pattern};
use crate::log::LayoutSource;

/// ShiViz's own layout, which a blank first line stands for: what happened, then host and clock.
pub(super) const SHIVIZ: &str = r"(?<event>.*)\n(?<host>\S*) (?<clock>{.*})";
/// The usual delimiter; GoVector ends its label with two blanks.
pub(super) const EXECUTIONS: &str = r"^=== (?<trace>.*) ===$";

/// The layouts that are recognised, each with its parser. Of two that leave the same over, the earlier is taken: each
/// line of TSViz is one of ShiViz, too. They match whole lines: a clock with text behind it is another layout's.
pub const LAYOUTS: [(&str, &str); 5] = [
    ("TSViz", r"^(?<timestamp>\d+) (?<event>.*)\n(?<host>\S*) (?<clock>\{.*\})[ \t]*$"),
    ("ShiViz", r"^(?<event>.*)\n(?<host>\S*) (?<clock>\{.*\})[ \t]*$"),
    // With `UseTimestamps` there is a time in front.
    ("GoVector", r"^(?:(?<timestamp>\d+) )?(?<host>\S*) (?<clock>\{.*\})[ \t]*\n(?<event>.*)$"),
    ("one-line events", r"^(?:(?<timestamp>\d+) )?(?<host>\S+?):? (?<clock>\{.*?\}) (?<event>.*)$"),
    (
        "JSON Lines",
        r#"^\{ *"host": *"(?<host>[^"\\]*)", *"clock": *(?<clock>\{[^}]*\}), *"event": *"(?<event>.*)" *\}[ \t]*$"#,
    ),
];

/// Whether it is an expression of ours, which looks no further than its event.
pub(super) fn is_known(source: &str) -> bool {
    source == EXECUTIONS || source == SHIVIZ || LAYOUTS.iter().any(|(_, known)| *known == source)
}

/// Whether a line begins as an event does, with a host and a clock: text that nobody should pass over in a layout that
/// was only guessed.
pub(super) fn has_clock(line: &str) -> bool {
    let mut rest = line.trim_start();
    // The clock stands behind the host, or behind a time and the host.
    for _ in 0..2 {
        let Some((_, behind)) = rest.split_once(' ') else { return false };
        if starts_with_counter(behind) {
            return true;
        }
        rest = behind;
    }
    false
}

/// Whether this begins as a clock does: `{"pacific":1`, with blanks anywhere, or with TLC's backslashes.
fn starts_with_counter(text: &str) -> bool {
    let Some(inside) = text.strip_prefix('{') else { return false };
    let inside = inside.trim_start();
    let Some(name) = inside.strip_prefix('"').or_else(|| inside.strip_prefix("\\\"")) else { return false };
    let Some((_, counter)) = name.split_once('"') else { return false };
    let Some(counter) = counter.trim_start().strip_prefix(':') else { return false };
    counter.trim_start().starts_with(|letter: char| letter.is_ascii_digit())
}

/// How the log will be taken apart.
pub(super) struct Chosen {
    pub(super) parser: Pattern,
    pub(super) delimiter: Option<Pattern>,
    pub(super) origin: LayoutSource,
    /// At which byte the log itself begins.
    pub(super) body: usize,
}

pub(super) fn choose(text: &str, options: &Options<'_>) -> Result<Chosen, FormatError> {
    let header = Header::find(text);
    let body = header.as_ref().map_or(0, |header| header.body);
    let delimiter = match (options.delimiter, &header) {
        (Some(given), _) => Some(pattern::compile("delimiter", given, 1, false)?),
        (None, Some(header)) if !text[header.delimiter.clone()].is_empty() => {
            Some(pattern::compile("delimiter", &text[header.delimiter.clone()], 2, true)?)
        }
        (None, Some(_)) => None,
        (None, None) => {
            let usual = pattern::compile("delimiter", EXECUTIONS, 1, false)?;
            Some(usual).filter(|usual| options.parser.is_none() && usual.regex.is_match(text))
        }
    };
    if let Some(given) = options.parser {
        let parser = pattern::compile("parser", given, 1, false)?;
        return Ok(Chosen { parser, delimiter, origin: LayoutSource::Given, body });
    }
    if let Some(header) = header {
        let written = &text[header.parser];
        let written = if written.is_empty() { SHIVIZ } else { written };
        let parser = pattern::compile("parser", written, 1, true)?;
        return Ok(Chosen { parser, delimiter, origin: LayoutSource::Header, body });
    }
    let (name, parser) = recognise(text)?;
    Ok(Chosen { parser, delimiter, origin: LayoutSource::Detected(name), body })
}

/// The line of a byte, counted from 1.
pub(super) fn line_of(text: &str, at: usize) -> u32 {
    super::super::narrow(text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1)
}

/// The two lines with which ShiViz's files begin.
struct Header {
    parser: Range<usize>,
    delimiter: Range<usize>,
    body: usize,
}

impl Header {
    fn find(text: &str) -> Option<Header> {
        let first_end = text.find('\n')?;
        let rest = first_end + 1;
        let second_end = text[rest..].find('\n').map_or(text.len(), |len| rest + len);
        let (first, second) = (&text[..first_end], &text[rest..second_end]);
        let has_groups =
            ["(?<event>", "(?<host>", "(?<clock>"].iter().filter(|group| first.contains(**group)).count();
        // A blank first line alone could be anybody's; with a blank or a delimiter below it, it is a header.
        let is_blank_header =
            first.trim().is_empty() && (second.trim().is_empty() || second.contains("(?<trace>"));
        if has_groups < 2 && !is_blank_header {
            return None;
        }
        let trim = |range: Range<usize>| {
            if text[range.clone()].trim().is_empty() { range.start..range.start } else { range }
        };
        Some(Header {
            parser: trim(0..first_end),
            delimiter: trim(rest..second_end),
            body: (second_end + 1).min(text.len()),
        })
    }
}

/// The known layout that leaves the fewest lines of the beginning over, above all of those with a clock.
fn recognise(text: &str) -> Result<(&'static str, Pattern), FormatError> {
    const LOOKED_AT: usize = 1 << 16;
    let end = super::super::floor(text, LOOKED_AT);
    let end = if end == text.len() { end } else { text[..end].rfind('\n').map_or(end, |place| place + 1) };
    // Whatever stands before the first event may be long.
    for looked_at in [end, text.len()] {
        if let Some(best) = best_layout(&text[..looked_at])? {
            return Ok(best);
        }
    }
    let (place, line) = (0..).zip(text.lines()).find(|(_, line)| !line.trim().is_empty()).unwrap_or((0, ""));
    let line_number = super::super::narrow(place + 1);
    Err(FormatError::new(line_number, line, 0..line.len(), Problem::UnknownLayout))
}

fn best_layout(text: &str) -> Result<Option<(&'static str, Pattern)>, FormatError> {
    let is_event = |line: &&str| !(line.starts_with("=== ") && line.ends_with(" ==="));
    let sample: String = text.lines().filter(is_event).flat_map(|line| [line, "\n"]).collect();
    let mut best: Option<(LeftOver, &'static str, Pattern)> = None;
    for (name, source) in LAYOUTS {
        let parser = pattern::compile("parser", source, 1, false)?;
        let left = left_over(&sample, &parser);
        if left.is_some_and(|left| best.as_ref().is_none_or(|(least, ..)| left < *least)) {
            best = left.map(|left| (left, name, parser));
        }
    }
    Ok(best.map(|(_, name, parser)| (name, parser)))
}

/// What a parser makes no sense of; less is better, field by field.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
struct LeftOver {
    /// Clocks that it passes over.
    clocks: usize,
    /// Lines that are part of no event.
    lines: usize,
}

/// `None` when the parser finds no event at all.
fn left_over(sample: &str, parser: &Pattern) -> Option<LeftOver> {
    let mut left = LeftOver { clocks: 0, lines: 0 };
    let mut used = 0;
    let mut is_found = false;
    let pass_over = |text: &str, left: &mut LeftOver| {
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            left.lines += 1;
            left.clocks += usize::from(has_clock(line));
        }
    };
    for groups in parser.regex.captures_iter(sample) {
        let found = groups.get(0).expect("a match has a group 0");
        pass_over(&sample[used..found.start()], &mut left);
        left.clocks += usize::from(groups.name("event").is_some_and(|event| has_clock(event.as_str())));
        used = found.end();
        is_found = true;
    }
    pass_over(&sample[used..], &mut left);
    is_found.then_some(left)
}

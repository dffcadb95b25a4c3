//! Finds out how a log is to be taken apart: as the caller says, as the file says, or as it looks.

use std::ops::Range;

use super::super::FormatError;
use super::Options;
use super::pattern::{self, Pattern};
use crate::log::LayoutSource;

/// ShiViz's own layout: what happened, then host and clock.
pub(super) const SHIVIZ: &str = r"(?<event>.*)\n(?<host>\S*) (?<clock>{.*})";
/// GoVector's: process and clock, then what happened; with `UseTimestamps` there is a time in front.
pub(super) const GOVECTOR: &str = r"(?:(?<timestamp>\d+) )?(?<host>\S*) (?<clock>{.*})\n(?<event>.*)";
/// TSViz's: a time and what happened, then host and clock.
pub(super) const TSVIZ: &str = r"(?<timestamp>\d+) (?<event>.*)\n(?<host>\S*) (?<clock>{.*})";
/// The usual delimiter; GoVector ends its label with two blanks.
pub(super) const EXECUTIONS: &str = r"^=== (?<trace>.*) ===$";

/// Of two that leave the same over, the earlier: each line of TSViz is one of ShiViz, too.
const KNOWN: [(&str, &str); 3] = [("TSViz", TSVIZ), ("ShiViz", SHIVIZ), ("GoVector", GOVECTOR)];

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

/// The known layout that leaves the fewest lines of the beginning over.
fn recognise(text: &str) -> Result<(&'static str, Pattern), FormatError> {
    const LOOKED_AT: usize = 1 << 16;
    let end = super::super::floor(text, LOOKED_AT);
    let end = if end == text.len() { end } else { text[..end].rfind('\n').map_or(end, |place| place + 1) };
    let is_event = |line: &&str| !(line.starts_with("=== ") && line.ends_with(" ==="));
    let sample: String = text[..end].lines().filter(is_event).flat_map(|line| [line, "\n"]).collect();
    let mut best: Option<(usize, &'static str, Pattern)> = None;
    for (name, source) in KNOWN {
        let parser = pattern::compile("parser", source, 1, false)?;
        let left = left_over(&sample, &parser);
        if left.is_some_and(|left| best.as_ref().is_none_or(|(least, ..)| left < *least)) {
            best = left.map(|left| (left, name, parser));
        }
    }
    match best {
        Some((_, name, parser)) => Ok((name, parser)),
        // Nothing fits; the reader will say so, of the layout that most logs have.
        None => Ok(("ShiViz", pattern::compile("parser", SHIVIZ, 1, false)?)),
    }
}

/// How many lines a parser leaves over; `None` when it finds no event at all.
fn left_over(sample: &str, parser: &Pattern) -> Option<usize> {
    let (mut used, mut lines) = (0, 0);
    let mut is_found = false;
    let count = |text: &str| text.lines().filter(|line| !line.trim().is_empty()).count();
    for found in parser.regex.find_iter(sample) {
        lines += count(&sample[used..found.start()]);
        used = found.end();
        is_found = true;
    }
    is_found.then(|| lines + count(&sample[used..]))
}

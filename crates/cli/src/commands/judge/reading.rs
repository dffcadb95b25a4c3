//! How a history is read within its budget: what is too long for it is not read to its end.

use std::fs;
use std::io::{self, BufReader, Read};
use std::path::Path;

use anyhow::Context as _;
use constellation_trace::format::FormatError;
use constellation_trace::format::histories::{
    Content, HistoryFormat, Imported, Progress, beginning, detect, read_from, read_trace, unrecognised,
};
use constellation_trace::{History, Kind, Limit, Operation, Sessions, Trace};
use indicatif::ProgressBar;

use super::allowance::Allowance;
use super::history::Asked;
use super::initial::settled;
use crate::commands::check::unreadable;
use crate::file::{STANDARD_INPUT, name_of};
use crate::printer::count;
use crate::target::quoted;

/// A history, or why it was not read.
pub(super) enum Reading {
    Done(Box<Imported>),
    /// After so many bytes.
    Ended {
        format: HistoryFormat,
        limit: Limit,
        bytes: u64,
    },
}

/// Bytes of a file that are read at once.
const PIECE: usize = 1 << 16;

/// Reads a history, in the format that is asked for or the one that it looks like.
pub(super) fn reading(
    path: &Path,
    asked: &Asked,
    allowance: &mut Allowance<'_>,
    bar: &ProgressBar,
) -> anyhow::Result<Reading> {
    let name = name_of(path);
    let context = || format!("cannot read {name}");
    let (mut source, length): (Box<dyn Read>, _) = if path.as_os_str() == STANDARD_INPUT {
        (Box::new(io::stdin().lock()), None)
    } else {
        let file = fs::File::open(path).with_context(context)?;
        // A pipe or a device has no length.
        let length = file.metadata().ok().filter(fs::Metadata::is_file).map(|found| found.len());
        (Box::new(file), length)
    };
    let beginning = beginning(&mut source).with_context(context)?;
    let wrong = |error: &FormatError| {
        let name = name.trim_matches('`');
        unlike(name, &beginning).unwrap_or_else(|| unreadable(name, error, error.help()))
    };
    let Some(format) = asked.format.or_else(|| detect(&beginning)) else {
        return Err(wrong(&unrecognised(&beginning)));
    };
    let input = Read::chain(&beginning[..], BufReader::with_capacity(PIECE, source));
    let mut watcher = Watcher { allowance, bar, length, read: Progress::default(), shown: 0, limit: None };
    let imported = match format {
        HistoryFormat::Trace => match read_trace(input, &mut |read| watcher.is_enough(read)) {
            Ok(trace) => {
                let imported = Imported::of_trace(&trace);
                if imported.history().is_some_and(|history| history.operations().is_empty()) {
                    return Err(without_operations(name.trim_matches('`'), &trace));
                }
                Ok(imported)
            }
            Err(error) => Err(error),
        },
        _ => read_from(input, format, &mut |read| watcher.is_enough(read)),
    };
    let (read, limit) = (watcher.read, watcher.limit);
    if let Some(limit) = limit {
        return Ok(Reading::Ended { format, limit, bytes: read.bytes });
    }
    let imported = imported.map_err(|error| wrong(&error))?;
    let imported = match &asked.initial {
        None => imported,
        Some(initial) => settled(imported, initial)?,
    };
    allowance.release(read.held);
    let limit = allowance.hold(size_of_content(&imported.content)).err().or_else(|| allowance.over());
    bar.set_message("judging");
    Ok(match limit {
        None => Reading::Done(Box::new(imported)),
        Some(limit) => Reading::Ended { format, limit, bytes: read.bytes },
    })
}

/// Who watches that no more is read than is allowed, and shows how far it is.
struct Watcher<'a, 'c> {
    allowance: &'a mut Allowance<'c>,
    bar: &'a ProgressBar,
    /// How long the text is, if that is known.
    length: Option<u64>,
    /// What was told last; so much is held by the allowance.
    read: Progress,
    /// How many bytes were read when that was last shown.
    shown: u64,
    /// Why no more is read.
    limit: Option<Limit>,
}

impl Watcher<'_, '_> {
    fn is_enough(&mut self, read: &Progress) -> bool {
        /// Bytes between two messages.
        const BYTES_BETWEEN: u64 = 1 << 20;
        // What is held may have become less by what was joined.
        self.allowance.release(self.read.held);
        self.limit = self.allowance.hold(read.held).err().or_else(|| self.allowance.over());
        self.read = *read;
        if read.bytes >= self.shown.saturating_add(BYTES_BETWEEN) {
            self.shown = read.bytes;
            let of = self.length.map(|length| format!(" of {}", length / 1_000_000)).unwrap_or_default();
            self.bar.set_message(format!("reading: {}{of} MB", read.bytes / 1_000_000));
        }
        self.limit.is_some()
    }
}

/// What a file of ours is that is no history, by its beginning, and where one comes from.
fn unlike(name: &str, beginning: &[u8]) -> Option<anyhow::Error> {
    let shown = quoted(name);
    if beginning.starts_with(b"constellation tape ") {
        return Some(anyhow::Error::msg(format!(
            "`{name}` is a tape, which says how a run went and not what clients saw\nhelp: `constellation replay {shown} SCENARIO --trace out.jsonl` writes that, and `constellation judge out.jsonl` judges it"
        )));
    }
    if beginning.starts_with(b"violated ") && beginning.windows(10).any(|part| part == b"\nexpected ") {
        return Some(anyhow::Error::msg(format!(
            "`{name}` tells of a finding of `hunt`, and is no history\nhelp: the trace of its run stands beside it, as .jsonl"
        )));
    }
    None
}

/// What a trace is in which no client did anything, and where a history comes from.
fn without_operations(name: &str, trace: &Trace) -> anyhow::Error {
    let shown = quoted(name);
    let count_of = |is_it: fn(&Kind) -> bool| {
        trace.event_ids().filter(|event| is_it(&trace.event(*event).kind)).count() as u64
    };
    let writes = count_of(|kind| matches!(kind, Kind::Write(_)));
    let reads = count_of(|kind| matches!(kind, Kind::Read(_)));
    let seen = match (writes, reads) {
        (0, 0) => String::new(),
        _ => {
            let (writes, reads) = (count(writes, "update"), count(reads, "read"));
            format!(": its {writes} and {reads} are those of stations themselves")
        }
    };
    anyhow::Error::msg(format!(
        "the trace `{name}` has no operation of a client{seen}\nhelp: with `[[clients]]` in its scenario (scenarios/README.md shows how) a run records what they saw; `constellation check {shown}` judges what there is by its promises"
    ))
}

/// About how many bytes are held of what was read, the tables of names apart but for long ones.
fn size_of_content(content: &Content) -> u64 {
    let size = match content {
        Content::Operations(history) => size_of_history(history),
        Content::Transactions(sessions) => size_of_sessions(sessions),
        _ => 0,
    };
    size as u64
}

/// 16 bytes an access, 48 a transaction with its line, and long texts.
pub(super) fn size_of_sessions(sessions: &Sessions) -> usize {
    sessions.accesses_total() * 16 + sessions.len() * 48 + sessions.long_bytes()
}

fn size_of_history(history: &History) -> usize {
    // What an allocator takes for two texts an operation besides them.
    const TEXTS: usize = 48;
    let texts = history.operations().iter().map(Operation::text_bytes).sum::<usize>();
    history.operations().len() * (size_of::<Operation>() + TEXTS) + texts
}

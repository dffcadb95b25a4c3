//! How a history is read within its budget: what is too long for it is not read to its end.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context as _, bail};
use constellation_trace::format::histories::{
    Content, Fault, HistoryFormat, Imported, detect, read_any, read_until,
};
use constellation_trace::format::{FormatError, Problem, jsonl};
use constellation_trace::{History, Kind, Limit, Operation, Sessions};

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
    Ended { format: HistoryFormat, limit: Limit },
}

/// The longest history: the readers count its bytes in 32 bits.
const BYTES_MAX: u64 = u32::MAX as u64;

/// Bytes between two looks at what is left.
const BYTES_BETWEEN: usize = 1 << 20;

/// Reads a history, in the format that is asked for or the one that it looks like.
pub(super) fn reading(path: &Path, asked: &Asked, allowance: &mut Allowance<'_>) -> anyhow::Result<Reading> {
    let given = asked.format;
    let name = name_of(path);
    let context = || format!("cannot read {name}");
    let (bytes, ended) = if path.as_os_str() == STANDARD_INPUT {
        bytes(&name, io::stdin().lock(), allowance).with_context(context)?
    } else {
        bytes(&name, fs::File::open(path).with_context(context)?, allowance).with_context(context)?
    };
    let unread = |limit, bytes: &[u8]| {
        let format = given.or_else(|| detect(bytes));
        format.map(|format| Reading::Ended { format, limit })
    };
    if let Some(limit) = ended
        && let Some(ended) = unread(limit, &bytes)
    {
        return Ok(ended);
    }
    let imported = match given.or_else(|| detect(&bytes)) {
        Some(format) => read_until(&bytes, format, &mut || allowance.over().is_some()),
        // What is wrong is told by whoever reads it.
        None => read_any(&bytes),
    };
    if let Err(FormatError { problem: Problem::Stopped, .. }) = &imported
        && let Some(limit) = allowance.over()
        && let Some(ended) = unread(limit, &bytes)
    {
        return Ok(ended);
    }
    let imported = imported.map_err(|error| {
        let name = name.trim_matches('`');
        unlike(name, &bytes, &error).unwrap_or_else(|| unreadable(name, &error, error.help()))
    })?;
    let imported = match &asked.initial {
        None => imported,
        Some(initial) => settled(imported, initial)?,
    };
    let limit = allowance.hold(size_of_content(&imported.content)).err().or_else(|| allowance.over());
    allowance.release(bytes.len() as u64);
    Ok(match limit {
        None => Reading::Done(Box::new(imported)),
        Some(limit) => Reading::Ended { format: imported.format, limit },
    })
}

/// What a file of ours is that is no history, and where one comes from.
fn unlike(name: &str, bytes: &[u8], error: &FormatError) -> Option<anyhow::Error> {
    let shown = quoted(name);
    if bytes.starts_with(b"constellation tape ") {
        return Some(anyhow::Error::msg(format!(
            "`{name}` is a tape, which says how a run went and not what clients saw\nhelp: `constellation replay {shown} SCENARIO --trace out.jsonl` writes that, and `constellation judge out.jsonl` judges it"
        )));
    }
    if bytes.starts_with(b"violated ") && bytes.windows(10).any(|part| part == b"\nexpected ") {
        return Some(anyhow::Error::msg(format!(
            "`{name}` tells of a finding of `hunt`, and is no history\nhelp: the trace of its run stands beside it, as .jsonl"
        )));
    }
    if error.problem != Problem::History(Fault::Nothing) {
        return None;
    }
    let trace = jsonl::read(bytes).ok()?;
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
    Some(anyhow::Error::msg(format!(
        "the trace `{name}` has no operation of a client{seen}\nhelp: with `[[clients]]` in its scenario (scenarios/README.md shows how) a run records what they saw; `constellation check {shown}` judges what there is by its promises"
    )))
}

/// All that there is, held by the allowance; or as much as it allows, and why no more.
fn bytes(
    name: &str,
    mut source: impl Read,
    allowance: &mut Allowance<'_>,
) -> anyhow::Result<(Vec<u8>, Option<Limit>)> {
    let mut bytes = Vec::new();
    loop {
        let before = bytes.len();
        source.by_ref().take(BYTES_BETWEEN as u64).read_to_end(&mut bytes)?;
        let count = (bytes.len() - before) as u64;
        if count == 0 {
            return Ok((bytes, None));
        }
        if bytes.len() as u64 > BYTES_MAX {
            bail!("{name} is too long: a history has at most {BYTES_MAX} bytes");
        }
        if let Some(limit) = allowance.hold(count).err().or_else(|| allowance.over()) {
            return Ok((bytes, Some(limit)));
        }
    }
}

/// About how many bytes are held of what was read, the tables of names apart.
fn size_of_content(content: &Content) -> u64 {
    let size = match content {
        Content::Operations(history) => size_of_history(history),
        Content::Transactions(sessions) => size_of_sessions(sessions),
        _ => 0,
    };
    size as u64
}

/// 16 bytes an access, and 48 a transaction with its line.
pub(super) fn size_of_sessions(sessions: &Sessions) -> usize {
    sessions.accesses_total() * 16 + sessions.len() * 48
}

fn size_of_history(history: &History) -> usize {
    // Two texts an operation, most of them short.
    const TEXTS: usize = 48;
    history.operations().len() * (size_of::<Operation>() + TEXTS)
}

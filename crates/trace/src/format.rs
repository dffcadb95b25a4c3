//! How runs are written down: our own JSON Lines, and the logs of others; each error says where and what to do.
//!
//! | module | what it reads |
//! | --- | --- |
//! | [`jsonl`] | our own traces; also writes them, and takes the digest of their bytes; joins the [parts](jsonl::parts) of one |
//! | [`otlp`] | spans of services, as OpenTelemetry writes them in JSON |
//! | [`shiviz`] | logs with vector clocks: ShiViz, GoVector, TSViz, a line an event, whatever an expression finds |
//! | [`histories`] | what clients of other systems saw: Jepsen, Porcupine, Plume and our own sketches |
//!
//! [`detect`] tells which of the first three a text is, [`histories::detect`] which kind of history. No reader panics on any
//! bytes, or recurses deeper than it says. Each holds what it has read (see [`crate::Trace`], [`crate::log::Execution`] and
//! [`crate::Sessions`] for the bytes of an event or an access); beside it, [`jsonl`] holds one line, [`histories`] one line or
//! record, and [`shiviz`] the whole text.

use std::fmt;

use crate::claim::ClaimKind;
use crate::log::Place;
use crate::trace::TraceError;

mod edn;
pub mod histories;
mod json;
pub mod jsonl;
pub mod otlp;
pub mod shiviz;

/// Which reader a text is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Format {
    /// [`jsonl`]: its first line is a JSON object with a `schema`.
    Jsonl,
    /// [`otlp`]: it begins with a JSON object that has the key `resourceSpans`.
    Otlp,
    /// [`shiviz`]: everything else.
    Shiviz,
}

/// Tells by its first line which reader a text is for: an object with the key `schema` is a header of ours, of
/// whatever version, wherever the key stands; one with `resourceSpans`, over however many lines, is OTLP-JSON. O(length).
///
/// ```
/// use constellation_trace::format::{Format, detect};
/// assert_eq!(detect(b"{\"schema\":\"constellation/trace/1\",\"nodes\":[]}\n"), Format::Jsonl);
/// assert_eq!(detect(b"{\"nodes\":[],\"schema\":\"constellation/trace/2\"}\n"), Format::Jsonl);
/// assert_eq!(detect(b"{\n  \"resourceSpans\": []\n}\n"), Format::Otlp);
/// assert_eq!(detect(b"pull\npacific {\"pacific\":1}\n"), Format::Shiviz);
/// ```
pub fn detect(bytes: &[u8]) -> Format {
    let without_mark = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let line = without_mark.trim_ascii_start().split(|byte| *byte == b'\n').next().unwrap_or(&[]);
    // What is no UTF-8 is replaced, and no key of ours.
    if json::has_key(&String::from_utf8_lossy(line), "schema") {
        Format::Jsonl
    } else if otlp::is_otlp(bytes) {
        Format::Otlp
    } else {
        Format::Shiviz
    }
}

/// Why a text could not be read, and where.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct FormatError {
    /// Where in the text; line 1, column 1, width 0 when it is the text as a whole.
    pub place: Place,
    /// That line, to be underlined; a window around the place when the line is long.
    pub text: String,
    /// The column of the line at which `text` begins: 1 unless the line is long.
    pub text_column: u32,
    /// What is wrong.
    pub problem: Problem,
}

impl FormatError {
    /// What to do about it, as a sentence without a full stop; empty when that is plain.
    pub fn help(&self) -> &'static str {
        self.problem.help()
    }

    /// An error at bytes `start..end` of a line, with the line cut to what a terminal can show.
    fn new(line: u32, text: &str, span: std::ops::Range<usize>, problem: Problem) -> FormatError {
        FormatError::within(line, (0, text), span, problem)
    }

    /// The same of a part of a line before which it has so many characters: enough of them are in the part to be shown.
    fn within(
        line: u32,
        (before, text): (usize, &str),
        span: std::ops::Range<usize>,
        problem: Problem,
    ) -> FormatError {
        const BEFORE: usize = 60;
        const SHOWN: usize = 160;
        let start = floor(text, span.start);
        let end = floor(text, span.end.max(start));
        let column = before + text[..start].chars().count();
        let width = text[start..end].chars().count();
        let skipped = if column + width > SHOWN { column.saturating_sub(BEFORE) } else { 0 }.max(before);
        FormatError {
            place: Place { line, column: narrow(column + 1), width: narrow(width) },
            text: text.chars().skip(skipped - before).take(SHOWN).collect(),
            text_column: narrow(skipped + 1),
            problem,
        }
    }

    /// An error of the text as a whole.
    fn whole(problem: Problem) -> FormatError {
        FormatError::new(1, "", 0..0, problem)
    }
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)?;
        if self.help().is_empty() { Ok(()) } else { write!(f, "; {}", self.help()) }
    }
}

impl std::error::Error for FormatError {}

/// What is wrong with a text.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Problem {
    /// The system could not read it.
    Io(String),
    /// It is not text.
    NotUtf8,
    /// A line is longer than the reader allows.
    LineTooLong {
        /// How many bytes are allowed.
        bytes_max: u64,
    },
    /// The text is longer than 32 bits can number.
    TooLong,
    /// Whoever reads it wants no more of it.
    Stopped,
    /// The last line does not end.
    CutShort,
    /// Something else should stand here.
    Unexpected {
        /// What should.
        expected: &'static str,
        /// What does.
        found: String,
    },
    /// The first line names a format that this version does not know.
    UnknownSchema(String),
    /// A key that this version does not know.
    UnknownKey {
        /// The key.
        key: String,
        /// The known one that it may have been meant to be.
        nearest: Option<&'static str>,
    },
    /// A key that stands twice.
    DuplicateKey(String),
    /// A key that must be there.
    MissingKey(&'static str),
    /// A key that means nothing in this kind of line.
    ForeignKey {
        /// The key.
        key: &'static str,
        /// What the line is about.
        of: String,
    },
    /// A word where only some are known.
    UnknownWord {
        /// The word.
        word: String,
        /// The known ones.
        known: &'static [&'static str],
        /// The one that it may have been meant to be.
        nearest: Option<&'static str>,
    },
    /// A node that the first line does not name.
    UnknownNode {
        /// The name.
        name: String,
        /// The named one that it may have been meant to be.
        nearest: Option<String>,
    },
    /// A number that must follow the one before it.
    OutOfOrder {
        /// `event` or `message`.
        what: &'static str,
        /// Which number is next.
        expected: u64,
        /// Which number stands there.
        found: u64,
    },
    /// What cannot have happened.
    Impossible {
        /// As the trace refused it.
        error: TraceError,
        /// The same with names instead of numbers.
        explained: String,
    },
    /// A regular expression that cannot be used.
    BadPattern {
        /// `parser` or `delimiter`.
        which: &'static str,
        /// Why.
        reason: String,
    },
    /// A regular expression with a construct that linear-time matching does not have.
    UnsupportedPattern {
        /// `parser` or `delimiter`.
        which: &'static str,
        /// The construct: `a look-ahead`.
        construct: &'static str,
        /// How it is written: `(?=`.
        written: String,
    },
    /// A parser expression without one of the three groups that every event needs.
    MissingGroup(&'static str),
    /// A regular expression that looks so far ahead, so often, that reading would not end in a reasonable time.
    FarSighted {
        /// `parser` or `delimiter`.
        which: &'static str,
        /// How many bytes it may look at in all.
        bytes_max: u64,
    },
    /// There is no text.
    Empty,
    /// The parser finds no event in the text.
    NoEvent {
        /// The parser, as it was written.
        parser: String,
    },
    /// It is in none of [`shiviz::LAYOUTS`].
    UnknownLayout,
    /// It looks like one of [`shiviz::LAYOUTS`], in which this clock would be passed over.
    MissedClock {
        /// The name of the layout.
        layout: &'static str,
    },
    /// It looks like one of [`shiviz::LAYOUTS`], but there no clock counts an event of its own host.
    NoHosts {
        /// The name of the layout.
        layout: &'static str,
    },
    /// Collections stand in one another deeper than the reader goes.
    NestedTooDeep {
        /// How deep it goes.
        depth_max: u32,
    },
    /// One record has more parts than the reader holds.
    TooManyForms {
        /// How many it holds.
        forms_max: u32,
    },
    /// One record, or what is commented out before it, is longer than the reader allows.
    RecordTooLong {
        /// How many bytes are allowed.
        bytes_max: u64,
    },
    /// What cannot be said of a history.
    History(histories::Fault),
    /// A message that one part of a trace receives, and no part sends.
    Unsent {
        /// Who is said to have sent it.
        sender: String,
        /// Why it cannot have.
        reason: jsonl::parts::Unsent,
    },
    /// Each of these waits for a message that a later one of them sends.
    Circle(String),
    /// So many parts that the reader does not take them.
    TooManyParts {
        /// How many it takes.
        parts_max: u32,
    },
    /// Two spans that differ have one number.
    DuplicateSpan {
        /// The number.
        id: String,
        /// The line at which the first begins.
        first_line: u32,
    },
    /// Two executions have one label.
    DuplicateExecution {
        /// The label.
        label: String,
        /// The line at which the first begins.
        first_line: u32,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Io(reason) => write!(f, "reading failed: {reason}"),
            Problem::NotUtf8 => f.write_str("these bytes are not UTF-8 text"),
            Problem::LineTooLong { bytes_max } => write!(f, "this line is longer than {bytes_max} bytes"),
            Problem::TooLong => f.write_str("the text is longer than 4 GiB"),
            Problem::Stopped => f.write_str("reading was stopped"),
            Problem::CutShort => f.write_str("the last line does not end"),
            Problem::Unexpected { expected, found } => write!(f, "expected {expected}, found {found}"),
            Problem::UnknownSchema(found) => write!(f, "unknown schema `{found}`"),
            Problem::UnknownKey { key, nearest } => {
                write!(f, "unknown key `{key}`")?;
                write_nearest(f, *nearest)
            }
            Problem::DuplicateKey(key) => write!(f, "the key `{key}` stands twice"),
            Problem::MissingKey(key) => write!(f, "the key `{key}` is missing"),
            Problem::ForeignKey { key, of } => write!(f, "the key `{key}` means nothing in a line of {of}"),
            Problem::UnknownWord { word, known, nearest } => {
                write!(f, "unknown word `{word}`, known are {}", known.join(", "))?;
                write_nearest(f, *nearest)
            }
            Problem::UnknownNode { name, nearest } => {
                write!(f, "unknown node `{name}`")?;
                write_nearest(f, nearest.as_deref())
            }
            Problem::OutOfOrder { what, expected, found } => {
                write!(f, "the next {what} has number {expected}, this one has {found}")
            }
            Problem::Impossible { explained, .. } => write!(f, "this cannot have happened: {explained}"),
            Problem::BadPattern { .. }
            | Problem::UnsupportedPattern { .. }
            | Problem::MissingGroup(_)
            | Problem::FarSighted { .. } => self.of_patterns(f),
            Problem::Empty => f.write_str("the log is empty"),
            Problem::NoEvent { parser } => write!(f, "no event matches the parser expression `{parser}`"),
            Problem::UnknownLayout => f.write_str("no known layout of an event is found in this text"),
            Problem::MissedClock { layout } => {
                write!(f, "the log looks like {layout}, in which this host and its clock would be missed")
            }
            Problem::NoHosts { layout } => {
                write!(f, "the log looks like {layout}, but what stands before its clocks is in none of them")
            }
            Problem::NestedTooDeep { depth_max } => {
                write!(f, "more than {depth_max} collections in one another")
            }
            Problem::TooManyForms { forms_max } => write!(f, "a record has more than {forms_max} parts"),
            Problem::RecordTooLong { bytes_max } => {
                write!(f, "the record that begins here is longer than {bytes_max} bytes")
            }
            Problem::History(fault) => fault.fmt(f),
            Problem::Unsent { .. } | Problem::Circle(_) | Problem::TooManyParts { .. } => self.of_parts(f),
            Problem::DuplicateSpan { id, first_line } => twice(f, "another span has the id", id, *first_line),
            Problem::DuplicateExecution { label, first_line } => {
                twice(f, "a second execution is labelled", label, *first_line)
            }
        }
    }
}

impl Problem {
    fn of_patterns(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::BadPattern { which, reason } => {
                write!(f, "the {which} expression is not valid: {reason}")
            }
            Problem::UnsupportedPattern { which, construct, written } => {
                write!(f, "the {which} expression has {construct}, `{written}`, which is not supported")
            }
            Problem::MissingGroup(group) => write!(f, "the parser expression has no group `(?<{group}>…)`"),
            Problem::FarSighted { which, bytes_max } => {
                write!(f, "the {which} expression looks at more than {bytes_max} bytes to read this text")
            }
            _ => Ok(()),
        }
    }

    fn of_parts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Unsent { sender, reason } => write!(f, "this was never sent: {}", reason.told(sender)),
            Problem::Circle(waits) => write!(f, "this arrives before it is sent: {waits}"),
            Problem::TooManyParts { parts_max } => write!(f, "more than {parts_max} parts of one trace"),
            _ => Ok(()),
        }
    }

    fn help(&self) -> &'static str {
        match self {
            Problem::NotUtf8 => "convert the text to UTF-8",
            Problem::CutShort => {
                "the recorder may have been stopped while writing: remove that line to read the rest"
            }
            Problem::UnknownSchema(found) if found == jsonl::parts::SCHEMA => {
                "it is the log of one process: `constellation join` makes a trace of it and those of the others"
            }
            Problem::UnknownSchema(found) if found == jsonl::SCHEMA => {
                "it is a whole trace, which needs no joining: `constellation report` draws it"
            }
            Problem::UnknownSchema(_) => "this version reads constellation/trace/1",
            Problem::UnknownKey { nearest: None, .. } => {
                "remove it, or read the trace with the version that wrote it"
            }
            Problem::OutOfOrder { .. } => {
                "numbers start at 0 and leave none out, so that a lost line is noticed"
            }
            Problem::Impossible {
                error: TraceError::DuplicateNode(_) | TraceError::DuplicateUpdate { .. },
                ..
            } => "each needs a name of its own",
            Problem::Impossible { error: TraceError::AmbiguousNode(_), .. } => {
                "leave out the `#` and the number, which count the restarts of a node"
            }
            Problem::Impossible { error: TraceError::BeforeCause { .. }, .. } => {
                "true time runs forward from a cause to its effect, whatever clocks show"
            }
            Problem::Impossible { error: TraceError::WaitOver { .. }, .. } => {
                "true time runs forward: a wait ends at its beginning or later"
            }
            Problem::Impossible { error: TraceError::Operation { .. }, .. } => {
                "an operation begins once, and ends at most once, at one process"
            }
            Problem::Impossible { .. } => "a line before this one may be missing",
            Problem::UnsupportedPattern { .. } => "describe what is to match, not what surrounds it",
            Problem::MissingGroup(_) => "event, host and clock are required, other groups become fields",
            Problem::FarSighted { .. } => {
                "let it stop at the end of its event: `.` ends with the line, `[\\s\\S]` only with the text"
            }
            Problem::Empty => "an event is two lines: what happened, then `host {\"host\":1}`",
            Problem::NoEvent { .. }
            | Problem::UnknownLayout
            | Problem::MissedClock { .. }
            | Problem::NoHosts { .. } => "give the expression that fits an event of this log as its parser",
            Problem::DuplicateSpan { .. } => {
                "leave out the one that is wrong: which of them others mean nobody can tell"
            }
            Problem::DuplicateExecution { .. } => "give each execution a label of its own",
            Problem::TooLong | Problem::LineTooLong { .. } => "split the text",
            Problem::RecordTooLong { .. } => "is what closes it missing, a bracket or a quote?",
            Problem::History(fault) => fault.help(),
            Problem::Unsent { reason, .. } => reason.help(),
            Problem::Circle(_) => "one of the logs is of another run, or was changed",
            Problem::TooManyParts { .. } => "join those of fewer processes",
            _ => "",
        }
    }
}

impl From<TraceError> for Problem {
    fn from(error: TraceError) -> Problem {
        match error {
            TraceError::DuplicateEntry(name) => Problem::DuplicateKey(name),
            TraceError::DuplicateClaim(kind) => Problem::DuplicateKey(claim_key(kind).to_owned()),
            other => Problem::Impossible { explained: other.to_string(), error: other },
        }
    }
}

/// The key under which a claim stands in our own format.
const fn claim_key(kind: ClaimKind) -> &'static str {
    match kind {
        ClaimKind::Lamport => "lamport",
        ClaimKind::Vector => "vector",
        ClaimKind::Hybrid => "hybrid",
        ClaimKind::Wall => "wall_ns",
    }
}

fn twice(f: &mut fmt::Formatter<'_>, what: &str, name: &str, first_line: u32) -> fmt::Result {
    write!(f, "{what} `{name}`, the first begins at line {first_line}")
}

fn write_nearest(f: &mut fmt::Formatter<'_>, nearest: Option<&str>) -> fmt::Result {
    nearest.map_or(Ok(()), |nearest| write!(f, "; did you mean `{nearest}`?"))
}

/// A count of lines or characters; stays at the end rather than wrap, where it is only shown.
fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The start of the character that holds this byte, or the end of the text.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

//! The log that each process of a real service writes of itself, and how the logs of all of them make one trace.
//!
//! Nobody in a running service sees the whole of it. So each process writes what happened to it, in its own order, and a
//! message carries who sent it and at which of its events. [`join`] puts the parts together: program order and messages are
//! all that it believes, and what the clocks said it hands on as claims, to be judged.
//!
//! ```text
//! {"schema":"constellation/part/1","process":"client","began_ns":"1790000000000000000"}
//! {"event":0,"at_ns":52000,"do":"send","to":"server","label":"asks","claims":{"lamport":1,"vector":{"client":1}}}
//! {"event":1,"at_ns":910000,"do":"receive","sender":"server","sent":1,"claims":{"lamport":4,"vector":{"client":2,"server":2}}}
//! {"ended_ns":920000,"dropped":0}
//! ```
//!
//! | key | in | value |
//! | --- | --- | --- |
//! | `schema` | first line | `"constellation/part/1"` |
//! | `process` | first line | whose log this is; each process has a name of its own |
//! | `began_ns` | first line | what its wall clock showed when it began, in nanoseconds since the Unix epoch |
//! | `event` | event | its number: 0 for the first, no gaps |
//! | `at_ns` | event | time since it began, by a clock that never goes back |
//! | `do` | event | `local`, `send` or `receive` |
//! | `to` | `send` | to whom, as far as the sender knows; missing: it does not |
//! | `sender`, `sent` | `receive` | the process that sent it, and at which of its events |
//! | `label` | event | what to call it; missing: nothing |
//! | `claims` | event | what its clocks said, as in a [trace](super) |
//! | `ended_ns` | last line | when the log was closed, as `at_ns`; without this line the process was killed, or still runs |
//! | `dropped` | last line | how many events could not be written |
//!
//! A part is read as strictly as a trace: what is not understood is refused, with the line and column. Only a last line that
//! does not end is left out, and that is said: the process was killed while it wrote, before anybody heard of that event.

mod join;

use std::borrow::Cow;
use std::fmt;

use super::super::{FormatError, Problem};
use super::fields::{Fields, Found, Value};
use super::read::{Fault, as_text, header_fields, unknown_word};
use crate::claim::Claim;
use crate::trace::Trace;

/// The name and version of this format, as the first line gives it.
pub const SCHEMA: &str = "constellation/part/1";

/// The longest line that is read: 64 KiB.
pub const LINE_BYTES_MAX: usize = 1 << 16;

/// How many parts one trace may have.
pub const PARTS_MAX: u32 = 1024;

/// Names of receivers of which there is no part, and which each have a lane of their own; the rest share one.
pub const STRANGERS_MAX: usize = 16;

const HEADER_KEYS: &[&str] = &["schema", "process", "began_ns"];
const BODY_KEYS: &[&str] =
    &["event", "at_ns", "do", "to", "sender", "sent", "label", "claims", "ended_ns", "dropped"];
const ACTIONS: &[&str] = &["local", "send", "receive"];

/// One trace that was put together, and what its reader ought to know of the parts.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Joined {
    /// What happened. Its times are those of the processes' own clocks, moved forward where a message would else arrive before
    /// it was sent; of the wall clocks' truth nothing is known, so it has no [epoch](Trace::epoch).
    pub trace: Trace,
    /// What to know of it, a sentence each: which log was not closed, what was dropped, which wall clocks
    /// disagree by a millisecond or more.
    pub notes: Vec<String>,
    /// That wall clocks disagree, and by how much at least, in a clause; `None` where it is less than a millisecond.
    pub warning: Option<String>,
}

/// Why parts make no trace.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct JoinError {
    /// Which of the parts, counted from 0.
    pub part: usize,
    /// What is wrong in it, and where.
    pub error: Box<FormatError>,
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "part {}, {}", self.part, self.error)
    }
}

impl std::error::Error for JoinError {}

/// Why a process cannot have sent a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Unsent {
    /// There is no part of that process.
    NoPart,
    /// Its part has no such event.
    NoEvent {
        /// Which.
        event: u64,
        /// How many it has.
        events: u64,
    },
    /// It did something else at that event.
    NoSend {
        /// Which.
        event: u64,
    },
}

impl Unsent {
    pub(in super::super) fn told(self, sender: &str) -> String {
        match self {
            Unsent::NoPart => format!("there is no log of `{sender}`"),
            Unsent::NoEvent { event, events } => {
                format!("`{sender}` has no event {event}, its log holds {events}")
            }
            Unsent::NoSend { event } => format!("event {event} of `{sender}` is no send"),
        }
    }

    pub(in super::super) const fn help(self) -> &'static str {
        match self {
            Unsent::NoPart => "name its log, too",
            Unsent::NoEvent { .. } => "is its log whole, and of the same run?",
            Unsent::NoSend { .. } => "are both logs of the same run?",
        }
    }
}

/// Puts together what processes wrote of themselves; the order of the parts does not matter.
///
/// Events of different processes that neither message nor program order orders come in the order of their times, which
/// decides nothing but where they are drawn. O(events × log parts) in time; about 200 bytes an event beside the trace.
///
/// # Errors
/// [`JoinError`] for the first part that cannot be read, a process with two parts, a message that nobody sent, and messages
/// that wait for each other in a circle.
///
/// ```
/// use constellation_trace::format::jsonl::parts;
///
/// let client = r#"{"schema":"constellation/part/1","process":"client","began_ns":13000010}
/// {"event":0,"at_ns":5,"do":"send","to":"server","label":"asks"}
/// {"ended_ns":9,"dropped":0}
/// "#;
/// let server = r#"{"schema":"constellation/part/1","process":"server","began_ns":990}
/// {"event":0,"at_ns":2,"do":"receive","sender":"client","sent":0}
/// "#;
/// let joined = parts::join(&[client.as_bytes(), server.as_bytes()])?;
/// assert_eq!(joined.trace.messages().len(), 1);
/// assert_eq!(joined.notes, [
///     "the log of `server` was not closed: it was killed, or still runs",
///     "the times of `server` are moved forward by up to 12 ms, or a message would arrive before it was sent: wall clocks disagree by so much at least",
/// ]);
/// # Ok::<(), parts::JoinError>(())
/// ```
pub fn join(parts: &[&[u8]]) -> Result<Joined, JoinError> {
    if parts.len() > PARTS_MAX as usize {
        let error = FormatError::whole(Problem::TooManyParts { parts_max: PARTS_MAX });
        return Err(JoinError { part: PARTS_MAX as usize, error: Box::new(error) });
    }
    let mut read = Vec::with_capacity(parts.len());
    for (part, bytes) in parts.iter().enumerate() {
        read.push(Part::read(bytes).map_err(|error| JoinError { part, error: Box::new(error) })?);
    }
    join::join(parts, &read)
}

/// What one process wrote of itself.
struct Part {
    process: String,
    began_ns: u64,
    events: Vec<Happened>,
    /// Whether the log was closed, and how many events it says were dropped.
    dropped: Option<u64>,
    /// Whether the last line does not end.
    is_cut: bool,
}

/// One event of a process; its number is its place.
struct Happened {
    at_ns: u64,
    did: Did,
    label: String,
    claims: Vec<Claim>,
}

enum Did {
    Local,
    Send { to: Option<String> },
    Receive { sender: String, sent: u64 },
}

impl Part {
    fn read(bytes: &[u8]) -> Result<Part, FormatError> {
        let mut lines = Lines { rest: bytes, number: 0 };
        let Some((number, line)) = lines.next()? else {
            let problem = Problem::Unexpected { expected: "the first line", found: "nothing".to_owned() };
            return Err(FormatError::whole(problem));
        };
        let mut part = Part::header(line).map_err(|fault| fault.at(number, line))?;
        loop {
            match lines.next() {
                Ok(None) => return Ok(part),
                Ok(Some((number, line))) => part.line(line).map_err(|fault| fault.at(number, line))?,
                // Its message did not leave before the line was written, so that nobody has heard of it.
                Err(error) if error.problem == Problem::CutShort => {
                    part.is_cut = true;
                    return Ok(part);
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn header(line: &str) -> Result<Part, Fault> {
        let mut fields = header_fields(line, HEADER_KEYS, SCHEMA)?;
        let process = fields.text("process")?.value.into_owned();
        let began_ns = fields.number("began_ns")?.value;
        Ok(Part { process, began_ns, events: Vec::new(), dropped: None, is_cut: false })
    }

    fn line(&mut self, line: &str) -> Result<(), Fault> {
        let mut fields = Fields::read(line, BODY_KEYS)?;
        if self.dropped.is_some() {
            return Err(unexpected(0..line.len(), "the end of the log, which was closed", "another line"));
        }
        if fields.has("ended_ns") {
            let ended = fields.number("ended_ns")?;
            self.admit_time(&ended)?;
            self.dropped = Some(fields.number("dropped")?.value);
            return fields.finish("ended_ns");
        }
        let number = fields.number("event")?;
        let expected = self.events.len() as u64;
        if number.value != expected {
            let problem = Problem::OutOfOrder { what: "event", expected, found: number.value };
            return Err(Fault { span: number.span, problem });
        }
        let at = fields.number("at_ns")?;
        self.admit_time(&at)?;
        let word = fields.text("do")?;
        let did = match &*word.value {
            "local" => Did::Local,
            "send" => Did::Send { to: optional_text(&mut fields, "to").map(Cow::into_owned) },
            "receive" => {
                let sender = fields.text("sender")?.value.into_owned();
                Did::Receive { sender, sent: fields.number("sent")?.value }
            }
            _ => return Err(unknown_word(word, ACTIONS)),
        };
        let label = optional_text(&mut fields, "label").unwrap_or_default().into_owned();
        let claims = fields.claims();
        fields.finish(&word.value)?;
        self.events.push(Happened { at_ns: at.value, did, label, claims });
        Ok(())
    }

    /// A clock that never goes back did not go back.
    fn admit_time(&self, at: &Found<u64>) -> Result<(), Fault> {
        let before = self.events.last().map_or(0, |event| event.at_ns);
        if at.value < before {
            let found = format!("{} after {before}", at.value);
            return Err(unexpected(
                at.span.clone(),
                "a time that is not before that of the line above",
                &found,
            ));
        }
        Ok(())
    }
}

fn unexpected(span: std::ops::Range<usize>, expected: &'static str, found: &str) -> Fault {
    Fault { span, problem: Problem::Unexpected { expected, found: found.to_owned() } }
}

fn optional_text<'a>(fields: &mut Fields<'a>, key: &'static str) -> Option<Cow<'a, str>> {
    match fields.take(key) {
        Some(Found { value: Value::Text(text), .. }) => Some(text),
        _ => None,
    }
}

/// The lines of a part, with their numbers.
struct Lines<'a> {
    rest: &'a [u8],
    number: u32,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Result<Option<(u32, &'a str)>, FormatError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        // Saturating: that many lines are more than a trace holds anyway.
        self.number = self.number.saturating_add(1);
        let within = &self.rest[..self.rest.len().min(LINE_BYTES_MAX)];
        let Some(end) = within.iter().position(|byte| *byte == b'\n') else {
            let problem = match within.len() < LINE_BYTES_MAX {
                true => Problem::CutShort,
                false => Problem::LineTooLong { bytes_max: LINE_BYTES_MAX as u64 },
            };
            let text = String::from_utf8_lossy(within);
            return Err(FormatError::new(self.number, &text, text.len()..text.len(), problem));
        };
        let line = as_text(&within[..end], self.number)?;
        self.rest = &self.rest[end + 1..];
        Ok(Some((self.number, line)))
    }
}

/// The text of a line that was read before, counted from 1.
fn line_at(bytes: &[u8], number: usize) -> &str {
    let line = bytes.split(|byte| *byte == b'\n').nth(number.saturating_sub(1)).unwrap_or_default();
    std::str::from_utf8(line).unwrap_or_default()
}

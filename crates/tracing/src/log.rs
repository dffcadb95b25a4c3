//! The file that a process writes of itself: whole lines, each there before anybody hears of its event.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};

use crate::clocks::Stamp;

/// What an event did.
pub(crate) enum Did<'a> {
    Local,
    Send { to: &'a str },
    Receive { sender: &'a str, sent: u64 },
}

/// One event as it is written.
pub(crate) struct Line<'a> {
    pub(crate) event: u64,
    pub(crate) at_ns: u64,
    pub(crate) did: Did<'a>,
    pub(crate) label: &'a str,
    pub(crate) stamp: &'a Stamp,
    /// What the wall clock showed, if it can be read as a time since 1970.
    pub(crate) wall_ns: Option<u64>,
}

/// Where lines go.
pub(crate) trait Sink: Send {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Takes back what stands behind so many bytes.
    fn cut(&mut self, bytes: u64) -> io::Result<()>;
}

impl Sink for File {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn cut(&mut self, bytes: u64) -> io::Result<()> {
        self.set_len(bytes)?;
        self.seek(SeekFrom::Start(bytes)).map(drop)
    }
}

/// What keeps a log from taking another line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Open,
    /// A line could not be written, or there is no more room; the log may still be closed.
    Full,
    /// Nothing more may be written.
    Closed,
}

pub(crate) struct Log {
    sink: Box<dyn Sink>,
    bytes: u64,
    bytes_max: u64,
    state: State,
    /// The line being written; its memory is used again.
    line: String,
}

/// Room for the line that closes a log.
const LAST_BYTES: u64 = 64;

impl Log {
    /// A log with its first line.
    pub(crate) fn begin(
        sink: Box<dyn Sink>,
        bytes_max: u64,
        process: &str,
        began_ns: u64,
    ) -> io::Result<Log> {
        let mut log = Log { sink, bytes: 0, bytes_max, state: State::Open, line: String::new() };
        log.line.push_str("{\"schema\":\"constellation/part/1\",\"process\":");
        push_text(&mut log.line, process);
        log.line.push_str(",\"began_ns\":");
        push_number(&mut log.line, began_ns);
        log.write()?;
        Ok(log)
    }

    pub(crate) fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Writes an event; whether it stands there. After the first that does not, none does.
    pub(crate) fn event(&mut self, event: &Line<'_>) -> bool {
        if self.state != State::Open {
            return false;
        }
        self.line.clear();
        self.line.push_str("{\"event\":");
        push_number(&mut self.line, event.event);
        self.line.push_str(",\"at_ns\":");
        push_number(&mut self.line, event.at_ns);
        self.did(&event.did);
        if !event.label.is_empty() {
            self.line.push_str(",\"label\":");
            push_text(&mut self.line, event.label);
        }
        self.claims(event);
        let is_written = self.bytes.saturating_add(self.line.len() as u64) < self.bytes_max - LAST_BYTES;
        if is_written && self.write().is_ok() {
            return true;
        }
        if self.state == State::Open {
            self.state = State::Full;
        }
        false
    }

    fn did(&mut self, did: &Did<'_>) {
        match did {
            Did::Local => self.line.push_str(",\"do\":\"local\""),
            Did::Send { to } => {
                self.line.push_str(",\"do\":\"send\"");
                if !to.is_empty() {
                    self.line.push_str(",\"to\":");
                    push_text(&mut self.line, to);
                }
            }
            Did::Receive { sender, sent } => {
                self.line.push_str(",\"do\":\"receive\",\"sender\":");
                push_text(&mut self.line, sender);
                self.line.push_str(",\"sent\":");
                push_number(&mut self.line, *sent);
            }
        }
    }

    fn claims(&mut self, event: &Line<'_>) {
        self.line.push_str(",\"claims\":{\"lamport\":");
        push_number(&mut self.line, event.stamp.lamport);
        self.line.push_str(",\"vector\":{");
        for (nth, (name, counter)) in event.stamp.vector.entries().enumerate() {
            if nth > 0 {
                self.line.push(',');
            }
            push_text(&mut self.line, name.as_str());
            self.line.push(':');
            push_number(&mut self.line, counter);
        }
        self.line.push('}');
        if let Some(wall_ns) = event.wall_ns {
            self.line.push_str(",\"wall_ns\":");
            push_number(&mut self.line, wall_ns);
        }
        self.line.push('}');
    }

    /// Writes the last line; once.
    pub(crate) fn end(&mut self, ended_ns: u64, dropped: u64) {
        if self.state == State::Closed {
            return;
        }
        self.line.clear();
        self.line.push_str("{\"ended_ns\":");
        push_number(&mut self.line, ended_ns);
        self.line.push_str(",\"dropped\":");
        push_number(&mut self.line, dropped);
        // Whoever reads the log is told that it was not closed.
        let _ = self.write();
        self.state = State::Closed;
    }

    /// Ends the line and writes it, or leaves the log as it was.
    fn write(&mut self) -> io::Result<()> {
        self.line.push_str("}\n");
        if let Err(error) = self.sink.put(self.line.as_bytes()) {
            // If that fails, too, the last line is half a line, which whoever reads it leaves out; as long as it is the last.
            if self.sink.cut(self.bytes).is_err() {
                self.state = State::Closed;
            }
            return Err(error);
        }
        self.bytes += self.line.len() as u64;
        Ok(())
    }
}

/// The largest number that every reader of JSON holds exactly; larger ones are written as strings.
const EXACT_MAX: u64 = 1 << 53;

fn push_number(out: &mut String, number: u64) {
    let quote = if number > EXACT_MAX { "\"" } else { "" };
    // Into memory nothing fails.
    let _ = write!(out, "{quote}{number}{quote}");
}

fn push_text(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            control if control < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

//! What travels with a message: who sent it, at which of its events, and what its clocks said.

use std::fmt;
use std::str::FromStr;

use constellation_clock::VectorStamp;

use crate::clocks::Stamp;

/// What travels with a message, as a short text that fits a header of HTTP, a field of a frame, a key of a map.
///
/// The text is `1;PROCESS;EVENT;LAMPORT;NAME=COUNT,…`, in ASCII without blanks: the version, the process that sends and at
/// which of its events, and the stamps of that event, names in order. What was not recorded has the empty text: it says nothing
/// of its cause, and whoever receives it records that alone.
///
/// ```
/// use constellation_tracing::Header;
///
/// let header: Header = "1;client;16;40;client=17,server=3".parse()?;
/// assert_eq!(header.process(), Some("client"));
/// assert_eq!(header.to_string(), "1;client;16;40;client=17,server=3");
/// assert!("".parse::<Header>()?.is_none());
/// let error = "1;client;16;40;client=x".parse::<Header>().unwrap_err();
/// assert_eq!(error.to_string(), "the vector has no counter where `client=x` stands");
/// # Ok::<(), constellation_tracing::HeaderError>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Header(Option<Box<Sent>>);

/// A message that was recorded.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Sent {
    pub(crate) process: String,
    pub(crate) event: u64,
    pub(crate) stamp: Stamp,
}

impl Header {
    /// The longest text of a header that is read, in bytes.
    pub const BYTES_MAX: usize = 1 << 15;
    /// How many processes a vector may name.
    pub const ENTRIES_MAX: usize = 256;
    /// The longest name of a process, in bytes.
    pub const NAME_BYTES_MAX: usize = 64;

    /// The header of a message that was not recorded.
    #[must_use]
    pub const fn none() -> Header {
        Header(None)
    }

    pub(crate) fn of(sent: Sent) -> Header {
        Header(Some(Box::new(sent)))
    }

    /// Whether it says nothing, since nothing was recorded.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// Who sent the message.
    #[must_use]
    pub fn process(&self) -> Option<&str> {
        self.0.as_ref().map(|sent| &*sent.process)
    }

    pub(crate) fn sent(&self) -> Option<&Sent> {
        self.0.as_deref()
    }
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(sent) = &self.0 else { return Ok(()) };
        write!(f, "1;{};{};{};", sent.process, sent.event, sent.stamp.lamport)?;
        for (nth, (name, counter)) in sent.stamp.vector.entries().enumerate() {
            let comma = if nth > 0 { "," } else { "" };
            write!(f, "{comma}{name}={counter}")?;
        }
        Ok(())
    }
}

/// Why a text is no header. It comes from somebody else, so nothing of it is trusted.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum HeaderError {
    /// Longer than [`Header::BYTES_MAX`].
    TooLong {
        /// How many bytes it has.
        bytes: usize,
    },
    /// It does not have the five parts of version 1.
    Shape,
    /// A process cannot be called so.
    Name(String),
    /// A number that is none.
    Number(&'static str, String),
    /// The vector names too many processes, one of them twice, or counts further than a clock can.
    Vector(String),
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeaderError::TooLong { bytes } => {
                write!(f, "a header of {bytes} bytes, at most {} are read", Header::BYTES_MAX)
            }
            HeaderError::Shape => f.write_str("not `1;PROCESS;EVENT;LAMPORT;NAME=COUNT,…`"),
            HeaderError::Name(name) => write!(
                f,
                "`{name}` is no name of a process: 1 to {} letters, digits and `.`, `_`, `-`, `/`",
                Header::NAME_BYTES_MAX
            ),
            HeaderError::Number(what, found) => write!(f, "the {what} where `{found}` stands"),
            HeaderError::Vector(why) => write!(f, "no vector: {why}"),
        }
    }
}

impl std::error::Error for HeaderError {}

impl FromStr for Header {
    type Err = HeaderError;

    fn from_str(text: &str) -> Result<Header, HeaderError> {
        if text.is_empty() {
            return Ok(Header::none());
        }
        if text.len() > Header::BYTES_MAX {
            return Err(HeaderError::TooLong { bytes: text.len() });
        }
        let parts: Vec<&str> = text.split(';').collect();
        let ["1", process, event, lamport, vector] = parts[..] else { return Err(HeaderError::Shape) };
        let process = named(process)?.to_owned();
        let event = number(event, "event has no number")?;
        let lamport = number(lamport, "Lamport clock has no time")?;
        let mut entries = Vec::new();
        for entry in vector.split(',').filter(|entry| !entry.is_empty()) {
            let no_counter = || HeaderError::Number("vector has no counter", cut(entry));
            let (name, counter) = entry.split_once('=').ok_or_else(no_counter)?;
            entries.push((named(name)?, whole(counter).ok_or_else(no_counter)?));
        }
        if entries.len() > Header::ENTRIES_MAX {
            let why =
                format!("it names {} processes, at most {} are read", entries.len(), Header::ENTRIES_MAX);
            return Err(HeaderError::Vector(why));
        }
        let vector =
            VectorStamp::from_entries(entries).map_err(|error| HeaderError::Vector(error.to_string()))?;
        Ok(Header::of(Sent { process, event, stamp: Stamp { lamport, vector } }))
    }
}

/// A name that a process may have: in a header it needs no escape, and in a trace it means no restart.
pub(crate) fn named(name: &str) -> Result<&str, HeaderError> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte);
    let is_name = (1..=Header::NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(is_plain);
    if is_name { Ok(name) } else { Err(HeaderError::Name(cut(name))) }
}

fn number(text: &str, what: &'static str) -> Result<u64, HeaderError> {
    whole(text).ok_or_else(|| HeaderError::Number(what, cut(text)))
}

/// Digits, and nothing else.
fn whole(text: &str) -> Option<u64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// The beginning of what somebody else wrote, on one line.
fn cut(text: &str) -> String {
    text.chars().take(40).map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

//! What a testbed and the process that keeps a site tell each other: frames of a bounded length over one socket.
//!
//! Both ends are the same binary, so there are no versions. What cannot be read ends the site.

use std::io::{self, Read, Write};

/// No frame is longer, in bytes; one line of an adapter is much shorter.
pub(crate) const FRAME_BYTES_MAX: usize = 1 << 20;

/// What a site is told.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Order {
    Spawn(Spawn),
    Signal {
        process: u32,
        signal: Signal,
    },
    Input {
        process: u32,
        bytes: Vec<u8>,
    },
    EndInput {
        process: u32,
    },
    /// Everything at the site ends at once, except what keeps it.
    PowerOff,
}

/// A program to start.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Spawn {
    pub(crate) process: u32,
    pub(crate) program: Vec<u8>,
    pub(crate) arguments: Vec<Vec<u8>>,
    pub(crate) environment: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) folder: Vec<u8>,
    pub(crate) log: Vec<u8>,
    /// How many bytes a second its output may have; `None` if it goes to the log.
    pub(crate) lines: Option<u64>,
    pub(crate) user: User,
}

/// As whom a program runs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum User {
    /// As who started the testbed; where that is not root, the program believes to be root all the same.
    Same,
    /// As somebody who is not root, and believes so: some servers (PostgreSQL) refuse to be root. Its files are those of
    /// who started the testbed.
    NotRoot,
}

/// What a process can be sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Signal {
    /// `SIGKILL`, to it and to all its descendants: what the process has not written is gone.
    Kill,
    /// `SIGSTOP`, to it and to all its descendants.
    Pause,
    /// `SIGCONT`, to it and to all its descendants.
    Resume,
    /// `SIGTERM`, to it alone, as an operator would.
    Terminate,
    /// `SIGINT`, to it alone, which some servers (PostgreSQL) take for *stop fast*.
    Interrupt,
}

/// What a site tells.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Report {
    Ready { tree: Tree },
    Started { process: u32, pid: u32 },
    NotStarted { process: u32, reason: Vec<u8> },
    Line { process: u32, at_ns: u64, bytes: Vec<u8> },
    OutputEnded { process: u32, why: OutputEnd },
    Ended { process: u32, at_ns: u64, exit: Exit },
}

/// Whether a site can find the descendants of a process.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Tree {
    Seen,
    GroupsOnly,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Exit {
    /// By itself, with this status.
    Status(u8),
    /// By this signal.
    Signal(u8),
}

/// Why nothing more is read from a process.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum OutputEnd {
    /// It closed its output, or ended.
    Closed,
    /// It said a line that is longer than [`LINE_BYTES_MAX`](crate::LINE_BYTES_MAX).
    LineTooLong,
    /// It said more in a second than it may, or faster than it was listened to.
    Flood,
    /// It does not read what it is told.
    InputStuck,
}

impl Order {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut frame = Writer::default();
        match self {
            Order::Spawn(spawn) => {
                frame.byte(0).number(u64::from(spawn.process)).bytes(&spawn.program);
                frame.list(&spawn.arguments, |frame, argument| frame.bytes(argument));
                frame.list(&spawn.environment, |frame, (name, value)| frame.bytes(name).bytes(value));
                frame.bytes(&spawn.folder).bytes(&spawn.log);
                frame.number(spawn.lines.map_or(0, |most| most.saturating_add(1)));
                frame.byte(u8::from(spawn.user == User::NotRoot));
            }
            Order::Signal { process, signal } => {
                let place = SIGNALS.iter().position(|one| one == signal).unwrap_or_default();
                frame.byte(1).number(u64::from(*process)).number(place as u64);
            }
            Order::Input { process, bytes } => {
                frame.byte(2).number(u64::from(*process)).bytes(bytes);
            }
            Order::EndInput { process } => {
                frame.byte(3).number(u64::from(*process));
            }
            Order::PowerOff => {
                frame.byte(4);
            }
        }
        frame.0
    }

    pub(crate) fn decode(frame: &[u8]) -> Option<Order> {
        let mut frame = Reader(frame);
        Some(match frame.byte()? {
            0 => Order::Spawn(Spawn {
                process: frame.short()?,
                program: frame.bytes()?,
                arguments: frame.list(Reader::bytes)?,
                environment: frame.list(|frame| Some((frame.bytes()?, frame.bytes()?)))?,
                folder: frame.bytes()?,
                log: frame.bytes()?,
                lines: frame.number()?.checked_sub(1),
                user: if frame.byte()? == 1 { User::NotRoot } else { User::Same },
            }),
            1 => {
                let process = frame.short()?;
                let place = usize::try_from(frame.number()?).ok()?;
                Order::Signal { process, signal: *SIGNALS.get(place)? }
            }
            2 => Order::Input { process: frame.short()?, bytes: frame.bytes()? },
            3 => Order::EndInput { process: frame.short()? },
            4 => Order::PowerOff,
            _ => return None,
        })
    }
}

const SIGNALS: [Signal; 5] =
    [Signal::Kill, Signal::Pause, Signal::Resume, Signal::Terminate, Signal::Interrupt];
const ENDS: [OutputEnd; 4] =
    [OutputEnd::Closed, OutputEnd::LineTooLong, OutputEnd::Flood, OutputEnd::InputStuck];

impl Report {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut frame = Writer::default();
        match self {
            Report::Ready { tree } => {
                frame.byte(0).byte(u8::from(*tree == Tree::Seen));
            }
            Report::Started { process, pid } => {
                frame.byte(1).number(u64::from(*process)).number(u64::from(*pid));
            }
            Report::NotStarted { process, reason } => {
                frame.byte(2).number(u64::from(*process)).bytes(reason);
            }
            Report::Line { process, at_ns, bytes } => {
                frame.byte(3).number(u64::from(*process)).number(*at_ns).bytes(bytes);
            }
            Report::OutputEnded { process, why } => {
                let place = ENDS.iter().position(|one| one == why).unwrap_or_default();
                frame.byte(4).number(u64::from(*process)).number(place as u64);
            }
            Report::Ended { process, at_ns, exit } => {
                let (kind, number) = match exit {
                    Exit::Status(status) => (0, *status),
                    Exit::Signal(signal) => (1, *signal),
                };
                frame.byte(5).number(u64::from(*process)).number(*at_ns).byte(kind).byte(number);
            }
        }
        frame.0
    }

    pub(crate) fn decode(frame: &[u8]) -> Option<Report> {
        let mut frame = Reader(frame);
        Some(match frame.byte()? {
            0 => Report::Ready { tree: if frame.byte()? == 1 { Tree::Seen } else { Tree::GroupsOnly } },
            1 => Report::Started { process: frame.short()?, pid: frame.short()? },
            2 => Report::NotStarted { process: frame.short()?, reason: frame.bytes()? },
            3 => Report::Line { process: frame.short()?, at_ns: frame.number()?, bytes: frame.bytes()? },
            4 => {
                let process = frame.short()?;
                let place = usize::try_from(frame.number()?).ok()?;
                Report::OutputEnded { process, why: *ENDS.get(place)? }
            }
            5 => {
                let (process, at_ns) = (frame.short()?, frame.number()?);
                let exit = match (frame.byte()?, frame.byte()?) {
                    (0, status) => Exit::Status(status),
                    (_, signal) => Exit::Signal(signal),
                };
                Report::Ended { process, at_ns, exit }
            }
            _ => return None,
        })
    }
}

/// Writes one frame: its length in four bytes, then it.
pub(crate) fn write_frame(mut to: impl Write, frame: &[u8]) -> io::Result<()> {
    if frame.len() > FRAME_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the frame is longer than any may be"));
    }
    let length = u32::try_from(frame.len()).map_err(io::Error::other)?;
    let mut whole = length.to_le_bytes().to_vec();
    whole.extend_from_slice(frame);
    to.write_all(&whole)
}

/// Reads one frame; `None` if the other end closed the line before it.
pub(crate) fn read_frame(mut from: impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match from.read_exact(&mut length) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let length = u32::from_le_bytes(length) as usize;
    if length > FRAME_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a frame is longer than any may be"));
    }
    let mut frame = vec![0; length];
    from.read_exact(&mut frame)?;
    Ok(Some(frame))
}

#[derive(Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn byte(&mut self, byte: u8) -> &mut Writer {
        self.0.push(byte);
        self
    }

    fn number(&mut self, number: u64) -> &mut Writer {
        self.0.extend_from_slice(&number.to_le_bytes());
        self
    }

    fn bytes(&mut self, bytes: &[u8]) -> &mut Writer {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    fn list<T>(&mut self, items: &[T], each: impl for<'w> Fn(&'w mut Writer, &T) -> &'w mut Writer) {
        self.number(items.len() as u64);
        for item in items {
            each(self, item);
        }
    }
}

struct Reader<'f>(&'f [u8]);

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*number))
    }

    fn short(&mut self) -> Option<u32> {
        u32::try_from(self.number()?).ok()
    }

    fn bytes(&mut self) -> Option<Vec<u8>> {
        let length = usize::try_from(self.number()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes.to_vec())
    }

    fn list<T>(&mut self, each: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        // Each item is at least eight bytes, so a wrong length ends the reading before it takes memory.
        let count = self.number()?;
        (0..count).map(|_| each(self)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orders() -> Vec<Order> {
        let spawn = |lines, user| {
            Order::Spawn(Spawn {
                process: 7,
                program: b"/bin/server".to_vec(),
                arguments: vec![b"--at".to_vec(), Vec::new()],
                environment: vec![(b"HOME".to_vec(), b"/nowhere".to_vec())],
                folder: b"/data".to_vec(),
                log: b"/log".to_vec(),
                lines,
                user,
            })
        };
        let mut orders = vec![
            spawn(None, User::Same),
            spawn(Some(0), User::NotRoot),
            Order::Input { process: u32::MAX, bytes: b"a line\n".to_vec() },
            Order::EndInput { process: 0 },
            Order::PowerOff,
        ];
        orders.extend(SIGNALS.map(|signal| Order::Signal { process: 3, signal }));
        orders
    }

    fn reports() -> Vec<Report> {
        let mut reports = vec![
            Report::Ready { tree: Tree::Seen },
            Report::Ready { tree: Tree::GroupsOnly },
            Report::Started { process: 1, pid: 2 },
            Report::NotStarted { process: 1, reason: b"no such file".to_vec() },
            Report::Line { process: 1, at_ns: u64::MAX, bytes: vec![0xff, 0] },
            Report::Ended { process: 1, at_ns: 5, exit: Exit::Status(255) },
            Report::Ended { process: 1, at_ns: 5, exit: Exit::Signal(9) },
        ];
        reports.extend(ENDS.map(|why| Report::OutputEnded { process: 4, why }));
        reports
    }

    #[test]
    fn what_is_told_is_what_is_heard() {
        for order in orders() {
            assert_eq!(Order::decode(&order.encode()), Some(order));
        }
        for report in reports() {
            assert_eq!(Report::decode(&report.encode()), Some(report));
        }
    }

    #[test]
    fn what_is_cut_short_is_nothing() {
        for frame in orders().iter().map(Order::encode) {
            assert!((0..frame.len()).all(|length| Order::decode(&frame[..length]).is_none()), "{frame:?}");
        }
        for frame in reports().iter().map(Report::encode) {
            assert!((0..frame.len()).all(|length| Report::decode(&frame[..length]).is_none()), "{frame:?}");
        }
    }

    #[test]
    fn a_frame_has_an_end_and_no_frame_is_too_long() {
        let mut line = Vec::new();
        write_frame(&mut line, b"one").expect("it fits");
        write_frame(&mut line, b"").expect("it fits");
        assert!(write_frame(&mut line, &vec![0; FRAME_BYTES_MAX + 1]).is_err());
        let mut line = &line[..];
        assert_eq!(read_frame(&mut line).ok().flatten().as_deref(), Some(&b"one"[..]));
        assert_eq!(read_frame(&mut line).ok().flatten().as_deref(), Some(&b""[..]));
        assert!(matches!(read_frame(&mut line), Ok(None)));
        assert!(read_frame(&[0xff; 8][..]).is_err());
    }
}

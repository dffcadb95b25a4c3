//! The protocol of NATS, as far as asks and replies need it: lines over TCP, with payloads of known length.
//!
//! Its client crates bring TLS and two hundred crates with them; this is what they would say on the wire.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use crate::adapters::answers::Deadline;

/// The longest line of a server, in bytes; the first, which introduces it, has some hundreds.
const LINE_MAX: u64 = 64 << 10;
/// The longest payload that is taken, in bytes: ours hold one number, or a message with it.
const PAYLOAD_MAX: usize = 1 << 20;

/// A connection on which one thing is asked at a time.
#[derive(Debug)]
pub(super) struct Wire {
    stream: BufReader<TcpStream>,
    /// Where replies come to; unlike that of any other client, as its local address is.
    inbox: String,
    /// Of the last ask; each has an inbox of its own, so that no late reply is taken for another.
    number: u64,
}

/// What came into the inbox.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Reply {
    /// The status in its headers, such as 404, where it has one.
    pub(super) status: Option<u16>,
    /// The rest.
    pub(super) payload: Vec<u8>,
}

impl Wire {
    /// Connects, and waits until the server has taken what it was told.
    pub(super) fn connect(server: SocketAddr, deadline: Deadline) -> io::Result<Wire> {
        let stream = TcpStream::connect_timeout(&server, deadline.left())?;
        stream.set_nodelay(true)?;
        let inbox = format!("inbox.{}", stream.local_addr()?.to_string().replace(['.', ':', '[', ']'], "-"));
        let mut wire = Wire { stream: BufReader::new(stream), inbox, number: 0 };
        if !wire.line(deadline)?.starts_with("INFO ") {
            return Err(io::Error::other("whoever listens there is no NATS server"));
        }
        // With `no_responders` the server says at once that nobody is there to answer.
        let hello = format!(
            "CONNECT {{\"verbose\":false,\"pedantic\":false,\"headers\":true,\"no_responders\":true,\
             \"lang\":\"rust\",\"version\":\"0\",\"protocol\":1}}\r\nSUB {}.* 1\r\nPING\r\n",
            wire.inbox
        );
        wire.say(hello.as_bytes(), deadline)?;
        loop {
            let line = wire.line(deadline)?;
            if line == "PONG" {
                return Ok(wire);
            }
            wire.heed(&line, deadline)?;
        }
    }

    /// Publishes to a subject, and waits for the reply.
    pub(super) fn ask(&mut self, subject: &str, payload: &[u8], deadline: Deadline) -> io::Result<Reply> {
        self.number += 1;
        let inbox = format!("{}.{}", self.inbox, self.number);
        let mut sent = format!("PUB {subject} {inbox} {}\r\n", payload.len()).into_bytes();
        sent.extend_from_slice(payload);
        sent.extend_from_slice(b"\r\n");
        self.say(&sent, deadline)?;
        loop {
            let line = self.line(deadline)?;
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            // MSG subject id [reply] bytes; HMSG subject id [reply] bytes-of-headers bytes.
            let (headers, whole) = match words[..] {
                ["MSG", .., whole] if words.len() >= 4 => ("0", whole),
                ["HMSG", .., headers, whole] if words.len() >= 5 => (headers, whole),
                _ => {
                    self.heed(&line, deadline)?;
                    continue;
                }
            };
            let reply = self.body(headers, whole, deadline)?;
            if words[1] == inbox {
                return Ok(reply);
            }
        }
    }

    /// What is neither a message nor its answer.
    fn heed(&mut self, line: &str, deadline: Deadline) -> io::Result<()> {
        match line {
            "PING" => self.say(b"PONG\r\n", deadline),
            error if error.starts_with("-ERR") => Err(io::Error::other(error.to_owned())),
            // PONG, +OK, and INFO, which tells of other servers: none of ours.
            _ => Ok(()),
        }
    }

    fn body(&mut self, headers: &str, whole: &str, deadline: Deadline) -> io::Result<Reply> {
        let wrong = || io::Error::other("a message without a length that can be");
        let headers: usize = headers.parse().map_err(|_| wrong())?;
        let whole: usize = whole.parse().map_err(|_| wrong())?;
        if headers > whole || whole > PAYLOAD_MAX {
            return Err(wrong());
        }
        let mut bytes = vec![0; whole + 2];
        self.stream.get_ref().set_read_timeout(Some(deadline.left()))?;
        self.stream.read_exact(&mut bytes)?;
        bytes.truncate(whole);
        let payload = bytes.split_off(headers);
        let status = std::str::from_utf8(&bytes).ok().and_then(|text| text.strip_prefix("NATS/1.0 "));
        let status = status.and_then(|text| text.get(..3)).and_then(|status| status.parse().ok());
        Ok(Reply { status, payload })
    }

    fn say(&mut self, bytes: &[u8], deadline: Deadline) -> io::Result<()> {
        let stream = self.stream.get_mut();
        stream.set_write_timeout(Some(deadline.left()))?;
        stream.write_all(bytes)
    }

    /// The next line, without its end.
    fn line(&mut self, deadline: Deadline) -> io::Result<String> {
        if deadline.is_over() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.stream.get_ref().set_read_timeout(Some(deadline.left()))?;
        let mut line = String::new();
        (&mut self.stream).take(LINE_MAX).read_line(&mut line)?;
        match line.strip_suffix("\r\n") {
            Some(line) => Ok(line.to_owned()),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

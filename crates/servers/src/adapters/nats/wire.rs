//! The protocol of NATS, as far as asks and replies need it: lines over TCP, with payloads of known length.
//!
//! Its client crates bring TLS and two hundred crates with them; this is what they would say on the wire.

use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpStream};

use crate::adapters::answers::Deadline;

/// The longest line of a server, in bytes; the first, which introduces it, has some hundreds.
const LINE_MAX: u64 = 64 << 10;
/// The longest payload that is taken, in bytes: ours hold one number, or a message with it.
const PAYLOAD_MAX: usize = 1 << 20;

/// A connection on which one thing is asked at a time.
#[derive(Debug)]
pub(super) struct Wire {
    stream: BufReader<Timed>,
    /// Where replies come to; unlike that of any other client, as its local address is.
    inbox: String,
    /// Of the last ask; each has an inbox of its own, so that no late reply is taken for another.
    number: u64,
}

/// A connection that is read until a time, however slowly a server says something.
#[derive(Debug)]
struct Timed {
    stream: TcpStream,
    deadline: Deadline,
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.deadline.is_over() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(Some(self.deadline.left()))?;
        self.stream.read(buffer)
    }
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
        let mut wire = Wire { stream: BufReader::new(Timed { stream, deadline }), inbox, number: 0 };
        if !wire.line()?.starts_with("INFO ") {
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
            let line = wire.line()?;
            if line == "PONG" {
                return Ok(wire);
            }
            wire.heed(&line, deadline)?;
        }
    }

    /// Publishes to a subject, and waits for the reply.
    pub(super) fn ask(&mut self, subject: &str, payload: &[u8], deadline: Deadline) -> io::Result<Reply> {
        self.number += 1;
        self.stream.get_mut().deadline = deadline;
        let inbox = format!("{}.{}", self.inbox, self.number);
        let mut sent = format!("PUB {subject} {inbox} {}\r\n", payload.len()).into_bytes();
        sent.extend_from_slice(payload);
        sent.extend_from_slice(b"\r\n");
        self.say(&sent, deadline)?;
        loop {
            let line = self.line()?;
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
            let reply = self.body(headers, whole)?;
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

    fn body(&mut self, headers: &str, whole: &str) -> io::Result<Reply> {
        let wrong = || io::Error::other("a message without a length that can be");
        let headers: usize = headers.parse().map_err(|_| wrong())?;
        let whole: usize = whole.parse().map_err(|_| wrong())?;
        if headers > whole || whole > PAYLOAD_MAX {
            return Err(wrong());
        }
        let mut bytes = vec![0; whole + 2];
        self.stream.read_exact(&mut bytes)?;
        bytes.truncate(whole);
        let payload = bytes.split_off(headers);
        let status = std::str::from_utf8(&bytes).ok().and_then(|text| text.strip_prefix("NATS/1.0 "));
        let status = status.and_then(|text| text.get(..3)).and_then(|status| status.parse().ok());
        Ok(Reply { status, payload })
    }

    fn say(&mut self, bytes: &[u8], deadline: Deadline) -> io::Result<()> {
        let stream = &mut self.stream.get_mut().stream;
        stream.set_write_timeout(Some(deadline.left()))?;
        stream.write_all(bytes)
    }

    /// The next line, without its end.
    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        (&mut self.stream).take(LINE_MAX).read_line(&mut line)?;
        match line.strip_suffix("\r\n") {
            Some(line) => Ok(line.to_owned()),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};
    use std::sync::mpsc::{RecvTimeoutError, channel};
    use std::thread;
    use std::time::Duration;

    use super::*;

    /// What is made of a server that greets properly and answers an ask so, and then goes on a byte at a time, or ends.
    fn asked(answer: &'static str, goes_on: bool) -> io::Result<Reply> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let server = listener.local_addr()?;
        let (done, is_done) = channel::<()>();
        let serving = thread::spawn(move || -> io::Result<()> {
            let (mut stream, _) = listener.accept()?;
            let mut lines = BufReader::new(stream.try_clone()?).lines();
            stream.write_all(b"INFO {}\r\n")?;
            while lines.next().transpose()?.is_some_and(|line| line != "PING") {}
            stream.write_all(b"PONG\r\n")?;
            let asked = lines.next().transpose()?.unwrap_or_default();
            lines.next().transpose()?;
            let inbox = asked.split(' ').nth(2).unwrap_or_default();
            stream.write_all(answer.replace("INBOX", inbox).as_bytes())?;
            let pause = Duration::from_millis(20);
            while goes_on && is_done.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                stream.write_all(b"x")?;
            }
            Ok(())
        });
        let deadline = Deadline::new();
        let reply = Wire::connect(server, deadline).and_then(|mut wire| wire.ask("ask", b"7", deadline));
        // Whoever serves ends with this, or with its connection.
        drop(done);
        let _ = serving.join().expect("it does not panic");
        reply
    }

    #[test]
    fn a_server_is_believed_within_bounds_and_waited_for_until_a_time() {
        let reply = |status, payload: &[u8]| Reply { status, payload: payload.to_vec() };
        let good = [
            ("MSG INBOX 1 2\r\nok\r\n", reply(None, b"ok")),
            ("PING\r\nMSG other 1 1\r\nx\r\nMSG INBOX 1 to 0\r\n\r\n", reply(None, b"")),
            ("HMSG INBOX 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n", reply(Some(503), b"")),
            ("HMSG INBOX 1 3 5\r\n\u{fe}.ok\r\n", reply(None, b"ok")),
        ];
        for (answer, expected) in good {
            assert_eq!(asked(answer, false).map_err(|error| error.to_string()), Ok(expected), "{answer}");
        }
        let bad = [
            ("MSG INBOX 1 -2\r\nok\r\n", "a message without a length that can be"),
            ("MSG INBOX 1 99999999999999999999\r\n", "a message without a length that can be"),
            ("MSG INBOX 1 2000000\r\n", "a message without a length that can be"),
            ("HMSG INBOX 1 9 2\r\nok\r\n", "a message without a length that can be"),
            ("-ERR 'no'\r\n", "-ERR 'no'"),
            ("MSG INBOX 1 20\r\nok", "failed to fill whole buffer"),
            ("MSG", "unexpected end of file"),
        ];
        for (answer, expected) in bad {
            let said = asked(answer, false).map_err(|error| error.to_string());
            assert_eq!(said, Err(expected.to_owned()), "{answer}");
        }
        for endless in ["", "MSG INBOX 1 1000000\r\n"] {
            let kind = asked(endless, true).map_err(|error| error.kind());
            let is_late = matches!(kind, Err(io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock));
            assert!(is_late, "{endless}: {kind:?}");
        }
    }
}

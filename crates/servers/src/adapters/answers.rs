//! What the answers of a server mean: refused, or unknown, and how long they are waited for.
//!
//! *Refused* says that a write took no effect and never will. So only two things are told as refused: what was never sent,
//! and what a server rejects before it does anything. All else of which no good answer came is *unknown*: the time ran out,
//! the connection broke after sending, or the server has written and could not have it confirmed. Each adapter says beside
//! each answer why it is the one or the other.

use std::fmt;
use std::io;
use std::time::{Duration, Instant};

use constellation_lab::placement::client::Answer;

/// How long a client waits for an answer: less than [`TIMEOUT`](constellation_lab::placement::protocol::TIMEOUT), after
/// which nobody listens to what it says.
pub(super) const PATIENCE: Duration = Duration::from_millis(900);

/// What is told of what did not come in its time; the system says that a resource is temporarily unavailable.
pub(super) const TIMED_OUT: &str = "timed out";

/// An error of a connection, in words.
pub(super) fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => TIMED_OUT.to_owned(),
        io::ErrorKind::UnexpectedEof => "the connection was closed".to_owned(),
        _ => error.to_string(),
    }
}

/// Why there is no good answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Failed {
    /// It took no effect: it was not sent, or was rejected before anything was done.
    Refused(String),
    /// It may have taken effect, or still may.
    Unknown(String),
}

impl Failed {
    /// What was never sent has no effect.
    pub(super) fn unsent(whom: impl fmt::Display, why: impl fmt::Display) -> Failed {
        Failed::Refused(format!("could not connect to {whom}: {why}"))
    }

    /// What was sent may have arrived, whatever became of the connection afterwards.
    pub(super) fn sent(whom: impl fmt::Display, why: impl fmt::Display) -> Failed {
        Failed::Unknown(format!("no answer from {whom}: {why}"))
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failed::Refused(reason) | Failed::Unknown(reason) => f.write_str(reason),
        }
    }
}

impl From<Failed> for Answer {
    fn from(failed: Failed) -> Answer {
        match failed {
            Failed::Refused(reason) => Answer::Refused(reason),
            Failed::Unknown(reason) => Answer::Unknown(reason),
        }
    }
}

/// That a write was done, or not.
pub(super) fn written(done: Result<(), Failed>) -> Answer {
    done.map_or_else(Answer::from, |()| Answer::DONE)
}

/// What a read showed, or that it was not done.
pub(super) fn shown(found: Result<Option<String>, Failed>) -> Answer {
    let text = match found {
        Ok(None) => return Answer::Ok(Vec::new()),
        Ok(Some(text)) => text,
        Err(failed) => return failed.into(),
    };
    match text.parse() {
        Ok(value) => Answer::Ok(vec![value]),
        Err(_) => {
            let start: String = text.chars().take(40).collect();
            Answer::Unknown(format!("the key holds {start:?}, which is no number that a client writes"))
        }
    }
}

/// When an operation that begins now is given up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(Instant);

impl Deadline {
    pub(super) fn new() -> Deadline {
        Deadline(Instant::now() + PATIENCE)
    }

    /// The same, or so long from now if that is sooner.
    pub(super) fn within(self, most: Duration) -> Deadline {
        Deadline(self.0.min(Instant::now() + most))
    }

    /// What is left, and never nothing: sockets take no time-out of 0, and what is over shows in a moment.
    pub(super) fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now()).max(Duration::from_millis(1))
    }

    pub(super) fn is_over(self) -> bool {
        self.0 <= Instant::now()
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::{Failed, in_words, shown, written};
    use constellation_lab::placement::client::Answer;

    #[test]
    fn what_was_not_sent_is_refused_and_what_was_sent_is_unknown() {
        let unsent = written(Err(Failed::unsent("10.77.1.1:6379", "connection refused")));
        assert_eq!(
            unsent,
            Answer::Refused("could not connect to 10.77.1.1:6379: connection refused".to_owned())
        );
        let sent = written(Err(Failed::sent("10.77.1.1:6379", "timed out")));
        assert_eq!(sent, Answer::Unknown("no answer from 10.77.1.1:6379: timed out".to_owned()));
    }

    #[test]
    fn time_that_is_over_is_told_as_that() {
        let table = [
            (io::ErrorKind::WouldBlock.into(), "timed out"),
            (io::ErrorKind::TimedOut.into(), "timed out"),
            (io::ErrorKind::UnexpectedEof.into(), "the connection was closed"),
            (
                io::Error::other("whoever listens there is no NATS server"),
                "whoever listens there is no NATS server",
            ),
        ];
        for (error, expected) in table {
            assert_eq!(in_words(&error), expected);
        }
    }

    #[test]
    fn a_key_that_holds_what_nobody_wrote_shows_nothing() {
        assert_eq!(shown(Ok(Some("7".to_owned()))), Answer::Ok(vec![7]));
        assert_eq!(shown(Ok(None)), Answer::Ok(vec![]));
        let strange = "the key holds \"\\u{1b}[2J\", which is no number that a client writes";
        assert_eq!(shown(Ok(Some("\u{1b}[2J".to_owned()))), Answer::Unknown(strange.to_owned()));
    }
}

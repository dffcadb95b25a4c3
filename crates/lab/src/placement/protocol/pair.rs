//! One write at one site, and after it one read at another, or two, one after the other.

use std::collections::VecDeque;
use std::time::Duration;

use super::{Desk, SOON, TIMEOUT};
use crate::placement::client::Ask;
use crate::placement::record::Phase;

/// When it is written: a store has had time to do what it does at its start.
pub const PAIR_AT: Duration = Duration::from_millis(1_000);

/// How long a round with so many reads takes at most.
pub(super) fn longest(rest: Duration, reads: u32) -> Duration {
    PAIR_AT + TIMEOUT + rest + (SOON + TIMEOUT) * reads + SOON
}

/// What is asked.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    writer: usize,
    /// Who is still to read.
    readers: VecDeque<usize>,
    is_alone: bool,
    /// The last client that read; 0 has written.
    clients: u32,
    rest: Duration,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    /// The write begins then.
    Waiting(Duration),
    Writing,
    /// The read begins then.
    Resting(Duration),
    Reading,
    Over,
}

impl Pair {
    pub(super) fn new(writer: usize, readers: &[usize], rest: Duration) -> Pair {
        let (is_alone, readers) = (readers.len() == 1, readers.iter().copied().collect());
        Pair { writer, readers, is_alone, clients: 0, rest, stage: Stage::Waiting(PAIR_AT) }
    }

    pub(super) fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    pub(super) fn on(&mut self, ended: Option<u32>, desk: &mut Desk) {
        self.stage = match (self.stage, ended) {
            (Stage::Waiting(at), _) if at <= desk.now => {
                let value = desk.value();
                desk.ask(self.writer, 0, Ask::write("x", value), Phase::Traffic);
                Stage::Writing
            }
            // One reader alone may be shown a write that nobody knows the end of, or not.
            (Stage::Writing, Some(write)) if self.is_alone && desk.asked(write).done().is_none() => {
                Stage::Over
            }
            (Stage::Writing, Some(_)) => Stage::Resting(desk.now + SOON + self.rest),
            (Stage::Resting(at), _) if at <= desk.now => match self.readers.pop_front() {
                // Another client than those before it, also at the same site.
                Some(reader) => {
                    self.clients += 1;
                    desk.ask(reader, self.clients, Ask::read("x"), Phase::Traffic);
                    Stage::Reading
                }
                None => Stage::Over,
            },
            (Stage::Reading, Some(_)) if self.readers.is_empty() => Stage::Over,
            (Stage::Reading, Some(_)) => Stage::Resting(desk.now + SOON),
            (stage, _) => stage,
        };
        if let Stage::Waiting(at) | Stage::Resting(at) = self.stage {
            desk.wake(at);
        }
    }
}

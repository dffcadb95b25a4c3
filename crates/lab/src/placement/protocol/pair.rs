//! One write at one site, and after its acknowledgement one read at another.

use std::time::Duration;

use super::{Desk, SOON, TIMEOUT};
use crate::placement::client::Ask;
use crate::placement::record::Phase;

/// When it is written: a store has had time to do what it does at its start.
pub const PAIR_AT: Duration = Duration::from_millis(1_000);

/// How long a round takes at most.
pub(super) fn longest(rest: Duration) -> Duration {
    PAIR_AT + TIMEOUT + SOON + rest + TIMEOUT + SOON
}

/// What is asked.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    writer: usize,
    reader: usize,
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
    pub(super) const fn new(writer: usize, reader: usize, rest: Duration) -> Pair {
        Pair { writer, reader, rest, stage: Stage::Waiting(PAIR_AT) }
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
            // A write that nobody knows the end of leaves nothing to be read.
            (Stage::Writing, Some(write)) if desk.asked(write).done().is_none() => Stage::Over,
            (Stage::Writing, Some(_)) => Stage::Resting(desk.now + SOON + self.rest),
            (Stage::Resting(at), _) if at <= desk.now => {
                desk.ask(self.reader, 1, Ask::read("x"), Phase::Traffic);
                Stage::Reading
            }
            (Stage::Reading, Some(_)) => Stage::Over,
            (stage, _) => stage,
        };
        if let Stage::Waiting(at) | Stage::Resting(at) = self.stage {
            desk.wake(at);
        }
    }
}

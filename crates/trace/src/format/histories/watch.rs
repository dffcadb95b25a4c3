//! Somebody watches a reader, and may say that it is enough.

use super::super::{FormatError, Problem};

/// How far a reader is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// How many bytes of the text were read; a line end is one.
    pub bytes: u64,
    /// About how many bytes are held of what was read of them, the tables of names apart but for long ones; of a trace, which is longer as a
    /// text, those of the text.
    pub held: u64,
}

/// Who watches a reader of lines or records.
pub(super) struct Watch<'w> {
    is_enough: &'w mut dyn FnMut(&Progress) -> bool,
    steps: u64,
    /// Steps of other work since it was last told of.
    worked: u64,
    /// How many bytes were read when that was last told of.
    reached: u64,
}

/// So many steps of work on what was read take about as long as reading so many bytes.
const WORK_BETWEEN: u64 = 1 << 16;

impl<'w> Watch<'w> {
    pub(super) fn new(is_enough: &'w mut dyn FnMut(&Progress) -> bool) -> Watch<'w> {
        Watch { is_enough, steps: 0, worked: 0, reached: 0 }
    }

    /// A line or a record more, of which every 1,024th is told of.
    pub(super) fn step(&mut self, progress: impl FnOnce() -> Progress) -> Result<(), FormatError> {
        // Cannot wrap: a line or a record each.
        self.steps += 1;
        if self.steps.is_multiple_of(1024) { self.tell(&progress()) } else { Ok(()) }
    }

    /// So many bytes of the text were read; told of when they are 65,536 more than at the last time that this told of.
    pub(super) fn reach(&mut self, bytes: u64, held: impl FnOnce() -> u64) -> Result<(), FormatError> {
        if bytes.saturating_sub(self.reached) < WORK_BETWEEN {
            return Ok(());
        }
        self.reached = bytes;
        self.tell(&Progress { bytes, held: held() })
    }

    /// So many steps of work on what was read, a byte looked at each; told of every 65,536th.
    pub(super) fn work(&mut self, steps: u64, progress: &Progress) -> Result<(), FormatError> {
        self.worked = self.worked.saturating_add(steps);
        if self.worked < WORK_BETWEEN {
            return Ok(());
        }
        self.worked = 0;
        self.tell(progress)
    }

    /// Tells how far it is.
    pub(super) fn tell(&mut self, progress: &Progress) -> Result<(), FormatError> {
        if (self.is_enough)(progress) { Err(FormatError::whole(Problem::Stopped)) } else { Ok(()) }
    }
}

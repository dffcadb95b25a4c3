//! A trace is read piece by piece, and somebody is asked before each whether that is enough.

use std::io::{self, BufRead, Read};

use super::super::{FormatError, Problem, jsonl};
use crate::trace::Trace;

/// Bytes between two questions.
const PIECE: usize = 1 << 16;

/// Reads a trace unless `stop` says that it is enough.
///
/// # Errors
/// Those of the format, and [`Problem::Stopped`].
pub(super) fn read(bytes: &[u8], stop: &mut dyn FnMut() -> bool) -> Result<Trace, FormatError> {
    jsonl::read_from(Asking { left: bytes, asked_at: bytes.len(), stop }).map_err(|error| {
        match error.problem {
            // Bytes in memory can always be read, so it was said.
            Problem::Io(_) => FormatError::whole(Problem::Stopped),
            _ => error,
        }
    })
}

struct Asking<'b, 's> {
    left: &'b [u8],
    /// How many bytes were left when it was last asked.
    asked_at: usize,
    stop: &'s mut dyn FnMut() -> bool,
}

impl BufRead for Asking<'_, '_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.asked_at - self.left.len() >= PIECE {
            self.asked_at = self.left.len();
            if (self.stop)() {
                return Err(io::Error::other("it is enough"));
            }
        }
        Ok(&self.left[..self.left.len().min(PIECE)])
    }

    fn consume(&mut self, count: usize) {
        self.left = &self.left[count..];
    }
}

impl Read for Asking<'_, '_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(into)?;
        self.consume(count);
        Ok(count)
    }
}

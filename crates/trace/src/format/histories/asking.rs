//! A trace is read piece by piece, and who watches is told before each.

use std::io::{self, BufRead, Read};

use super::super::{FormatError, jsonl};
use super::watch::{Progress, Watch};
use crate::trace::Trace;

/// Bytes between two looks.
const PIECE: usize = 1 << 16;

/// Reads a trace unless who watches says that it is enough.
///
/// # Errors
/// Those of the format, and [`Problem::Stopped`](super::super::Problem::Stopped).
pub(super) fn read(input: &mut dyn BufRead, watch: &mut Watch<'_>) -> Result<Trace, FormatError> {
    let mut asking = Asking { input, bytes: 0, told_at: 0, watch, stopped: None };
    let read = jsonl::read_from(&mut asking);
    let Asking { bytes, stopped, .. } = asking;
    if let Some(stopped) = stopped {
        return Err(stopped);
    }
    let trace = read?;
    watch.tell(&Progress { bytes, held: bytes })?;
    Ok(trace)
}

struct Asking<'i, 'w, 's> {
    input: &'i mut dyn BufRead,
    bytes: u64,
    /// How many bytes were read when it was last told.
    told_at: u64,
    watch: &'w mut Watch<'s>,
    stopped: Option<FormatError>,
}

impl BufRead for Asking<'_, '_, '_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.bytes - self.told_at >= PIECE as u64 {
            self.told_at = self.bytes;
            let progress = Progress { bytes: self.bytes, held: self.bytes };
            if let Err(stopped) = self.watch.tell(&progress) {
                self.stopped = Some(stopped);
                return Err(io::Error::other("it is enough"));
            }
        }
        let piece = self.input.fill_buf()?;
        Ok(&piece[..piece.len().min(PIECE)])
    }

    fn consume(&mut self, count: usize) {
        self.input.consume(count);
        self.bytes += count as u64;
    }
}

impl Read for Asking<'_, '_, '_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(into)?;
        self.consume(count);
        Ok(count)
    }
}

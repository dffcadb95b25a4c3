//! How messages are told apart on a stream: each stands behind its length, which is bounded before it is believed.

use std::fmt;
use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// The most bytes of one frame, 16 MiB. Whoever announces more is cut off.
pub const FRAME_BYTES_MAX: usize = 1 << 24;

/// Why a stream of frames ended other than between two of them.
#[derive(Debug)]
#[non_exhaustive]
pub enum FrameError {
    /// The stream failed.
    Io(io::Error),
    /// A frame is said to be longer than the most allowed.
    TooLong {
        /// How long, in bytes.
        bytes: u64,
    },
    /// The stream ended in the middle of a frame.
    Truncated,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FrameError::Io(error) => error.fmt(f),
            FrameError::TooLong { bytes } => {
                write!(f, "a frame of {bytes} bytes, and {FRAME_BYTES_MAX} are the most allowed")
            }
            FrameError::Truncated => f.write_str("the stream ends in the middle of a frame"),
        }
    }
}

impl std::error::Error for FrameError {}

impl From<io::Error> for FrameError {
    fn from(error: io::Error) -> FrameError {
        FrameError::Io(error)
    }
}

/// Reads frames from a stream. What it has read of the next one it keeps, so that waiting may be broken off.
#[derive(Debug)]
pub struct Frames<R> {
    stream: R,
    buffer: Vec<u8>,
    /// Where in the buffer the next frame begins.
    begin: usize,
    bytes_max: usize,
}

const HEAD: usize = 4;

impl<R: AsyncRead + Unpin> Frames<R> {
    /// The frames of a stream, each of so many bytes at most.
    pub const fn new(stream: R, bytes_max: usize) -> Frames<R> {
        Frames { stream, buffer: Vec::new(), begin: 0, bytes_max }
    }

    /// From now on frames may be so long.
    pub const fn set_bytes_max(&mut self, bytes_max: usize) {
        self.bytes_max = bytes_max;
    }

    /// The next frame; `None` when the stream ends after a whole one. Safe to cancel. Memory grows with what has come,
    /// not with what is announced.
    ///
    /// # Errors
    /// [`FrameError`]; nothing can be read after it.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, FrameError> {
        loop {
            if let Some(frame) = self.take()? {
                return Ok(Some(frame));
            }
            if self.begin > 0 {
                self.buffer.drain(..self.begin);
                self.begin = 0;
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return if self.buffer.is_empty() { Ok(None) } else { Err(FrameError::Truncated) };
            }
        }
    }

    /// The next frame, if all of it is there.
    fn take(&mut self) -> Result<Option<Vec<u8>>, FrameError> {
        let there = self.buffer.get(self.begin..).unwrap_or_default();
        let Some((head, rest)) = there.split_first_chunk::<HEAD>() else { return Ok(None) };
        let length = u32::from_le_bytes(*head);
        let bytes = usize::try_from(length).ok().filter(|bytes| *bytes <= self.bytes_max);
        let bytes = bytes.ok_or(FrameError::TooLong { bytes: u64::from(length) })?;
        let Some(frame) = rest.get(..bytes) else { return Ok(None) };
        let frame = frame.to_vec();
        self.begin += HEAD + bytes;
        Ok(Some(frame))
    }
}

/// A frame as it stands on a stream.
///
/// # Errors
/// [`FrameError::TooLong`].
pub fn framed(bytes: &[u8]) -> Result<Vec<u8>, FrameError> {
    let too_long = || FrameError::TooLong { bytes: bytes.len() as u64 };
    if bytes.len() > FRAME_BYTES_MAX {
        return Err(too_long());
    }
    let length = u32::try_from(bytes.len()).map_err(|_| too_long())?;
    let mut frame = Vec::with_capacity(HEAD + bytes.len());
    frame.extend_from_slice(&length.to_le_bytes());
    frame.extend_from_slice(bytes);
    Ok(frame)
}

/// Writes a frame.
///
/// # Errors
/// [`FrameError::TooLong`], and then nothing was written; [`FrameError::Io`].
pub async fn write_frame(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> Result<(), FrameError> {
    stream.write_all(&framed(bytes)?).await?;
    Ok(())
}

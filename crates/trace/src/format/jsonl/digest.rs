//! The digest of a trace: SHA-256 of its canonical bytes, so that `sha256sum out.jsonl` gives the same.

use std::fmt;

use sha2::{Digest as _, Sha256};

use super::write::write_lines;
use crate::trace::Trace;

/// The SHA-256 of the canonical bytes of a trace; printed as 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The 32 bytes.
    pub const fn bytes(self) -> [u8; 32] {
        self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Sums up a trace: two traces have the same digest only if they have the same bytes.
///
/// Costs as much as writing them, and the memory of one line.
///
/// ```
/// use constellation_trace::{format::jsonl, sketch};
///
/// let trace = sketch::parse("pacific m!\nindian m?").expect("a sketch that can be read");
/// let again = jsonl::read(jsonl::to_string(&trace).as_bytes())?;
/// assert_eq!(jsonl::digest(&trace), jsonl::digest(&again));
/// # Ok::<(), constellation_trace::format::FormatError>(())
/// ```
pub fn digest(trace: &Trace) -> Digest {
    let mut hasher = Sha256::new();
    write_lines(trace, |line| {
        hasher.update(line);
        Ok(())
    })
    .expect("only the sink can fail, and a hasher takes everything");
    Digest(hasher.finalize().into())
}

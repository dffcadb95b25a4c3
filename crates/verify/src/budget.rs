//! How much a judge may spend before it must say that it could not tell.

/// Bounds on the work of a judge; hitting one is an answer (`Unknown`), never a hang.
///
/// A budget changes no verdict into its opposite: a larger one only turns `Unknown` into something else.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Budget {
    /// Bytes that one table may take; [`crate::Order`] needs 4 (processes + 1) for each event.
    pub bytes_max: u64,
    /// Pairs that one judge may compare: of claims, or of a read and a write. No judge compares more.
    pub pairs_max: u64,
    /// Steps that one judge of a [model](crate::models) may take: an access looked at, an entry of a clock joined, a
    /// state of a search.
    pub steps_max: u64,
}

impl Default for Budget {
    /// 1 GiB, 4 million pairs: every pair of some 2,800 events, and 2^34 steps: some minutes.
    fn default() -> Budget {
        Budget { bytes_max: 1 << 30, pairs_max: 4_000_000, steps_max: 1 << 34 }
    }
}

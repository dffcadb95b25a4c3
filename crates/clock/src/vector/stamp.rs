//! What a vector clock knows: how many events of each node lie in its past.

use alloc::vec::Vec;
use core::cmp;
use core::fmt;
use core::hash::{Hash, Hasher};

use super::counters::Counters;
use super::table::{SharedTable, pairs};
use crate::CEILING;
use crate::clock::{ExactStamp, Stamp};
use crate::error::Error;
use crate::identity::Identity;
use crate::ordering::{Entries, Ordering, Possible};

/// How many events of each node have been seen: the label of an event under a vector clock, and what it sends.
///
/// It is a function from identities to counts, nothing else. An entry that is zero and an entry that is missing are the
/// same entry: in comparison, in `==`, in `Hash` and in bytes.
///
/// Cost: a clone copies 64 bytes up to 8 nodes and one reference above. Comparing and merging is one branch-free
/// pass over the counters where both stamps come from one [`Group`](crate::Group) or have gossiped; otherwise names are
/// aligned first, once.
///
/// ```
/// use constellation_clock::{ExactStamp, Ordering, VectorStamp};
///
/// let x = VectorStamp::from_entries([("pacific", 2), ("atlantic", 0)])?;
/// let y = VectorStamp::from_entries([("pacific", 2)])?;
/// assert_eq!(x, y); // comparing by length would call one of them later
/// let z = VectorStamp::from_entries([("atlantic", 1)])?;
/// assert_eq!(x.compare(&z), Ordering::Concurrent);
/// assert_eq!(x.partial_cmp(&z), None);
/// # Ok::<(), constellation_clock::Error>(())
/// ```
#[derive(Clone)]
pub struct VectorStamp {
    table: SharedTable,
    counters: Counters,
}

impl VectorStamp {
    /// The stamp with these entries, in any order; all others are zero.
    ///
    /// # Errors
    /// [`Error::DuplicateEntry`] if a name comes twice, [`Error::RemoteBeyondCeiling`] for a counter above [`CEILING`].
    pub fn from_entries<I, N>(entries: I) -> Result<VectorStamp, Error>
    where
        I: IntoIterator<Item = (N, u64)>,
        N: Into<Identity>,
    {
        let mut entries: Vec<(Identity, u64)> =
            entries.into_iter().map(|(name, counter)| (name.into(), counter)).collect();
        entries.sort_unstable_by(|left, right| left.0.cmp(&right.0));
        for (position, (identity, counter)) in entries.iter().enumerate() {
            if position > 0 && entries.get(position - 1).is_some_and(|previous| previous.0 == *identity) {
                return Err(Error::DuplicateEntry { identity: identity.clone() });
            }
            if *counter > CEILING {
                let sender = Some(identity.clone());
                return Err(Error::RemoteBeyondCeiling { sender, remote: *counter, admitted_max: CEILING });
            }
        }
        let counters: Vec<u64> = entries.iter().map(|entry| entry.1).collect();
        let members = entries.into_iter().map(|entry| entry.0).collect();
        Ok(VectorStamp { table: SharedTable::new(members), counters: Counters::new(&counters) })
    }

    /// How many events of `name` have been seen; 0 for a stranger. Costs a binary search.
    #[must_use]
    pub fn get(&self, name: &str) -> u64 {
        self.table.position(name).map_or(0, |index| self.counters.get(index))
    }

    /// The entries that are not zero, sorted by name.
    pub fn entries(&self) -> impl Iterator<Item = (&Identity, u64)> {
        self.cells().filter(|cell| cell.1 > 0)
    }

    /// Learns everything that `other` knows: entry by entry the larger one. Commutative, associative, idempotent.
    pub fn merge(&mut self, other: &VectorStamp) {
        if !self.is_aligned_with(other) {
            return self.merge_by_name(other);
        }
        self.counters.merge(&other.counters);
        // Two tables of equal content: both sides move to the same one.
        if !self.has_table_of(other) && self.table.prefers(&other.table) {
            self.table = other.table.clone();
        }
    }

    /// Merges and then counts one event of the member at `index` of our table; where both share it, in one pass.
    #[inline]
    pub(crate) fn absorb(&mut self, other: &VectorStamp, index: u32) {
        self.counters.merge_and_increment(&other.counters, index);
    }

    pub(crate) fn over(table: SharedTable, counters: Counters) -> VectorStamp {
        VectorStamp { table, counters }
    }

    /// Every member of the table with its counter, zero or not.
    pub(crate) fn cells(&self) -> impl Iterator<Item = (&Identity, u64)> {
        self.table.members().iter().zip(self.counters.as_slice().iter().copied())
    }

    #[inline]
    pub(crate) fn table(&self) -> &SharedTable {
        &self.table
    }

    /// The counter of the member at `index` of our own table.
    #[inline]
    pub(crate) fn at(&self, index: u32) -> u64 {
        self.counters.get(index)
    }

    #[inline]
    pub(crate) fn increment(&mut self, index: u32) -> u64 {
        self.counters.increment(index)
    }

    #[inline]
    pub(crate) fn has_table_of(&self, other: &VectorStamp) -> bool {
        self.table.is_same(&other.table)
    }

    #[inline]
    fn is_aligned_with(&self, other: &VectorStamp) -> bool {
        self.has_table_of(other) || *self.table == *other.table
    }

    #[cold]
    fn merge_by_name(&mut self, other: &VectorStamp) {
        let union = pairs(self, other).count();
        if union == self.table.members().len() {
            for (identity, counter) in other.entries() {
                if let Some(index) = self.table.position(identity.as_str()) {
                    self.counters.raise(index, counter);
                }
            }
            return;
        }
        let merged: Vec<u64> = pairs(self, other).map(|pair| pair.left.max(pair.right)).collect();
        let table = if union == other.table.members().len() {
            other.table.clone()
        } else {
            SharedTable::new(pairs(self, other).map(|pair| pair.identity.clone()).collect())
        };
        *self = VectorStamp { table, counters: Counters::new(&merged) };
    }

    #[cold]
    fn compare_by_name(&self, other: &VectorStamp) -> Ordering {
        let entries = pairs(self, other).fold(Entries::default(), |entries, pair| Entries {
            behind: entries.behind | (pair.left < pair.right),
            ahead: entries.ahead | (pair.left > pair.right),
        });
        Ordering::from_entries(entries)
    }
}

impl ExactStamp for VectorStamp {
    #[inline]
    fn compare(&self, other: &VectorStamp) -> Ordering {
        if self.is_aligned_with(other) {
            return Ordering::from_entries(self.counters.scan(&other.counters));
        }
        self.compare_by_name(other)
    }
}

impl Stamp for VectorStamp {
    fn possible(&self, other: &VectorStamp) -> Possible {
        Possible::from(self.compare(other))
    }
}

/// The stamp of knowing nothing: before everything that ever happened.
impl Default for VectorStamp {
    fn default() -> VectorStamp {
        VectorStamp { table: SharedTable::new(Vec::new()), counters: Counters::zero(0) }
    }
}

impl PartialEq for VectorStamp {
    fn eq(&self, other: &VectorStamp) -> bool {
        self.compare(other) == Ordering::Equal
    }
}

impl Eq for VectorStamp {}

impl PartialOrd for VectorStamp {
    fn partial_cmp(&self, other: &VectorStamp) -> Option<cmp::Ordering> {
        self.compare(other).to_partial()
    }
}

impl Hash for VectorStamp {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Not the zeros: equal stamps must hash alike.
        for entry in self.entries() {
            entry.hash(state);
        }
        state.write_u8(0xff);
    }
}

impl fmt::Debug for VectorStamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// `{atlantic:1, pacific:2}`
impl fmt::Display for VectorStamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("{")?;
        for (position, (identity, counter)) in self.entries().enumerate() {
            let separator = if position > 0 { ", " } else { "" };
            write!(formatter, "{separator}{identity}:{counter}")?;
        }
        formatter.write_str("}")
    }
}

//! Names, once for a whole cluster: which counter belongs to whom.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::VectorClock;
use super::counters::Counters;
use super::stamp::VectorStamp;
use crate::dotted::DottedClock;
use crate::error::Error;
use crate::identity::Identity;

/// Sorted identities without repetition. The position of a name is private to the table: the name is the identity.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Table {
    members: Box<[Identity]>,
}

impl Table {
    /// The table of these members, in whatever order and number they come.
    pub(crate) fn new(mut members: Vec<Identity>) -> Table {
        members.sort_unstable();
        members.dedup();
        Table { members: members.into_boxed_slice() }
    }

    /// The members, sorted.
    #[inline]
    pub(crate) fn members(&self) -> &[Identity] {
        &self.members
    }

    /// Where the counter of `name` stands.
    pub(crate) fn position(&self, name: &str) -> Option<u32> {
        let found = self.members.binary_search_by(|member| member.as_str().cmp(name)).ok()?;
        u32::try_from(found).ok()
    }
}

/// A table, shared by all clocks and stamps that were made with it.
#[derive(Clone, Debug)]
pub(crate) enum SharedTable {
    /// Freed with the last stamp that uses it; each stamp costs two operations on its reference count.
    Counted(Arc<Table>),
    /// Never freed; a stamp costs nothing.
    Forever(&'static Table),
}

impl SharedTable {
    pub(crate) fn new(members: Vec<Identity>) -> SharedTable {
        SharedTable::Counted(Arc::new(Table::new(members)))
    }

    /// Whether both are one and the same table, without looking into it.
    #[inline]
    pub(crate) fn is_same(&self, other: &SharedTable) -> bool {
        core::ptr::eq::<Table>(&**self, &**other)
    }

    /// Which of two tables with equal members everybody moves to, so that gossip ends with a single one: one that costs
    /// nothing, and among equals the one at the lower address. No result depends on it, only how fast it comes.
    pub(crate) fn prefers(&self, other: &SharedTable) -> bool {
        match (self, other) {
            (SharedTable::Counted(_), SharedTable::Forever(_)) => true,
            (SharedTable::Forever(_), SharedTable::Counted(_)) => false,
            _ => core::ptr::from_ref::<Table>(other) < core::ptr::from_ref::<Table>(self),
        }
    }
}

impl core::ops::Deref for SharedTable {
    type Target = Table;

    #[inline]
    fn deref(&self) -> &Table {
        match self {
            SharedTable::Counted(table) => table,
            SharedTable::Forever(table) => table,
        }
    }
}

/// One step through two sorted tables at once.
pub(crate) struct Pair<'a> {
    /// Whose entry it is.
    pub(crate) identity: &'a Identity,
    /// Its counter on the left, 0 where the left has none.
    pub(crate) left: u64,
    /// Its counter on the right, 0 where the right has none.
    pub(crate) right: u64,
}

/// Walks the union of two stamps' names in order. A missing entry is zero: that is what it means.
pub(crate) fn pairs<'a>(left: &'a VectorStamp, right: &'a VectorStamp) -> impl Iterator<Item = Pair<'a>> {
    let mut lefts = left.cells().peekable();
    let mut rights = right.cells().peekable();
    core::iter::from_fn(move || {
        let order = match (lefts.peek(), rights.peek()) {
            (Some((left, _)), Some((right, _))) => left.cmp(right),
            (Some(_), None) => core::cmp::Ordering::Less,
            (None, Some(_)) => core::cmp::Ordering::Greater,
            (None, None) => return None,
        };
        let left = if order.is_le() { lefts.next() } else { None };
        let right = if order.is_ge() { rights.next() } else { None };
        let (identity, _) = left.or(right)?;
        Some(Pair { identity, left: left.map_or(0, |cell| cell.1), right: right.map_or(0, |cell| cell.1) })
    })
}

/// The members of a cluster that are known in advance, sharing one table of names.
///
/// Clocks from one group compare and merge without ever looking at a name. Nothing else depends on it: clocks that were
/// made alone mean the same, and their tables converge as they gossip.
///
/// ```
/// use constellation_clock::{Group, Ordering};
///
/// let group = Group::new(["pacific", "indian_ocean", "atlantic", "antarctic"]);
/// let mut pacific = group.clock("pacific")?;
/// let mut atlantic = group.clock("atlantic")?;
/// pacific.tick();
/// atlantic.tick();
/// assert_eq!(pacific.compare(&atlantic), Ordering::Concurrent);
/// assert!(group.clock("arctic").is_err());
/// # Ok::<(), constellation_clock::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Group {
    table: SharedTable,
}

impl Group {
    /// The group of these members. It is a set: order does not matter, a name given twice is one member.
    pub fn new<I>(members: I) -> Group
    where
        I: IntoIterator,
        I::Item: Into<Identity>,
    {
        Group { table: SharedTable::new(members.into_iter().map(Into::into).collect()) }
    }

    /// The same, keeping its table until the program ends: for the one cluster that a program serves. Stamps then carry no
    /// reference count, which makes small clocks about twice as fast. Each call leaks the names once.
    ///
    /// ```
    /// use constellation_clock::Group;
    ///
    /// assert_eq!(Group::forever(["b", "a"]).members().len(), 2);
    /// ```
    pub fn forever<I>(members: I) -> Group
    where
        I: IntoIterator,
        I::Item: Into<Identity>,
    {
        let table = Table::new(members.into_iter().map(Into::into).collect());
        Group { table: SharedTable::Forever(Box::leak(Box::new(table))) }
    }

    /// The members, sorted by name.
    #[must_use]
    pub fn members(&self) -> &[Identity] {
        self.table.members()
    }

    /// A vector clock for the member called `name`, with nothing counted. To be asked for once a member: two clocks under
    /// one name are two owners of one entry.
    ///
    /// # Errors
    /// [`Error::NotMember`].
    pub fn clock(&self, name: &str) -> Result<VectorClock, Error> {
        let me = self.table.position(name).ok_or_else(|| Error::NotMember { name: String::from(name) })?;
        Ok(VectorClock::at(self.origin(), me))
    }

    /// A dotted clock for the member called `name`.
    ///
    /// # Errors
    /// [`Error::NotMember`].
    pub fn dotted(&self, name: &str) -> Result<DottedClock, Error> {
        self.clock(name).map(DottedClock::from)
    }

    /// The stamp of knowing nothing, over this group's table.
    #[must_use]
    pub fn origin(&self) -> VectorStamp {
        VectorStamp::over(self.table.clone(), Counters::zero(self.table.members().len()))
    }

    /// Everybody who has a place in the table of `stamp`.
    #[cfg(feature = "bus")]
    pub(crate) fn of(stamp: &VectorStamp) -> Group {
        Group { table: stamp.table().clone() }
    }

    pub(crate) fn table(&self) -> &SharedTable {
        &self.table
    }
}

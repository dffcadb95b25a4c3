//! How two events can stand to each other, and what a clock leaves possible when it cannot tell.

use core::fmt;
use core::ops::BitOr;

/// How one event stands to another under happened-before (Lamport 1978).
///
/// `a.compare(&b) == Before` reads "a is before b". There is no fifth case, and concurrency is a finding of its
/// own: it is never a `None`, never a tie. Not to be confused with [`core::cmp::Ordering`], which has no word for it.
///
/// ```
/// use constellation_clock::Ordering;
///
/// assert_eq!(Ordering::Before.reversed(), Ordering::After);
/// assert_eq!(Ordering::Concurrent.reversed(), Ordering::Concurrent);
/// assert_eq!(Ordering::Concurrent.to_string(), "CONCURRENT");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Ordering {
    /// The first happened before the second: a chain of messages could have carried its effect there.
    Before,
    /// The second happened before the first.
    After,
    /// They are the same event, or the same knowledge.
    Equal,
    /// Neither happened before the other: neither could have known of the other, and neither "wins".
    Concurrent,
}

impl Ordering {
    /// Every relation, in the order of declaration.
    pub const ALL: [Ordering; 4] = [Ordering::Before, Ordering::After, Ordering::Equal, Ordering::Concurrent];

    /// The same relation seen from the other event.
    #[must_use]
    pub const fn reversed(self) -> Ordering {
        match self {
            Ordering::Before => Ordering::After,
            Ordering::After => Ordering::Before,
            Ordering::Equal => Ordering::Equal,
            Ordering::Concurrent => Ordering::Concurrent,
        }
    }

    /// The relation as `PartialOrd` puts it: concurrency becomes `None`, the one place where it does.
    #[must_use]
    pub const fn to_partial(self) -> Option<core::cmp::Ordering> {
        match self {
            Ordering::Before => Some(core::cmp::Ordering::Less),
            Ordering::After => Some(core::cmp::Ordering::Greater),
            Ordering::Equal => Some(core::cmp::Ordering::Equal),
            Ordering::Concurrent => None,
        }
    }

    /// From "some entry of mine is behind" and "some entry of mine is ahead".
    pub(crate) const fn from_entries(entries: Entries) -> Ordering {
        match entries {
            Entries { behind: false, ahead: false } => Ordering::Equal,
            Entries { behind: true, ahead: false } => Ordering::Before,
            Entries { behind: false, ahead: true } => Ordering::After,
            Entries { behind: true, ahead: true } => Ordering::Concurrent,
        }
    }
}

impl fmt::Display for Ordering {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Ordering::Before => "BEFORE",
            Ordering::After => "AFTER",
            Ordering::Equal => "EQUAL",
            Ordering::Concurrent => "CONCURRENT",
        })
    }
}

/// What a pass over two vectors found out about the first one.
#[derive(Clone, Copy, Default)]
pub(crate) struct Entries {
    /// Some entry is smaller than its counterpart.
    pub(crate) behind: bool,
    /// Some entry is larger than its counterpart.
    pub(crate) ahead: bool,
}

/// The set of relations that two stamps do *not* exclude; what every clock can say truthfully.
///
/// A Lamport stamp smaller than another leaves `{BEFORE, CONCURRENT}`: the later event did not cause the earlier,
/// and more it cannot know. An exact clock leaves exactly one relation. The empty set never comes from a sound clock.
///
/// Use this where any clock may be plugged in; use [`Ordering`] where the clock is known to be exact.
///
/// ```
/// use constellation_clock::{Ordering, Possible};
///
/// let doubtful = Possible::BEFORE | Possible::CONCURRENT;
/// assert!(doubtful.contains(Ordering::Concurrent));
/// assert_eq!(doubtful.single(), None); // the trap: "smaller" does not mean "before"
/// assert_eq!(doubtful.reversed(), Possible::AFTER | Possible::CONCURRENT);
/// assert_eq!(doubtful.to_string(), "{BEFORE, CONCURRENT}");
/// ```
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct Possible(u8);

impl Possible {
    /// Nothing is possible: only an unsound clock says so.
    pub const NONE: Possible = Possible(0);
    /// Only [`Ordering::Before`].
    pub const BEFORE: Possible = Possible(1);
    /// Only [`Ordering::After`].
    pub const AFTER: Possible = Possible(2);
    /// Only [`Ordering::Equal`].
    pub const EQUAL: Possible = Possible(4);
    /// Only [`Ordering::Concurrent`].
    pub const CONCURRENT: Possible = Possible(8);
    /// Nothing is excluded: true of any two stamps, and worth nothing.
    pub const ANY: Possible = Possible(15);

    /// Whether `relation` is not excluded.
    #[must_use]
    pub fn contains(self, relation: Ordering) -> bool {
        self.0 & Possible::from(relation).0 != 0
    }

    /// The one relation left, if there is just one.
    #[must_use]
    pub fn single(self) -> Option<Ordering> {
        Ordering::ALL.into_iter().find(|&relation| Possible::from(relation) == self)
    }

    /// The same set seen from the other stamp.
    #[must_use]
    pub fn reversed(self) -> Possible {
        self.iter().fold(Possible::NONE, |set, relation| set | Possible::from(relation.reversed()))
    }

    /// The relations left, in the order of declaration.
    pub fn iter(self) -> impl Iterator<Item = Ordering> {
        Ordering::ALL.into_iter().filter(move |&relation| self.contains(relation))
    }
}

impl From<Ordering> for Possible {
    fn from(relation: Ordering) -> Possible {
        match relation {
            Ordering::Before => Possible::BEFORE,
            Ordering::After => Possible::AFTER,
            Ordering::Equal => Possible::EQUAL,
            Ordering::Concurrent => Possible::CONCURRENT,
        }
    }
}

impl BitOr for Possible {
    type Output = Possible;

    fn bitor(self, other: Possible) -> Possible {
        Possible(self.0 | other.0)
    }
}

impl fmt::Display for Possible {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("{")?;
        for (position, relation) in self.iter().enumerate() {
            if position > 0 {
                formatter.write_str(", ")?;
            }
            write!(formatter, "{relation}")?;
        }
        formatter.write_str("}")
    }
}

impl fmt::Debug for Possible {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

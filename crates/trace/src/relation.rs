//! How two events stand to each other, and the set of answers that a clock does not exclude.

use std::fmt;

/// How one event stands to another under happens-before (Lamport 1978).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Relation {
    /// The first happened before the second: a chain of messages could have carried news of it there.
    Before,
    /// The second happened before the first.
    After,
    /// They are one event.
    Equal,
    /// Neither could know of the other.
    Concurrent,
}

impl Relation {
    /// The four relations, in the order in which they are printed.
    pub const ALL: [Relation; 4] = [Relation::Before, Relation::After, Relation::Equal, Relation::Concurrent];

    /// The relation seen from the other event.
    pub const fn reverse(self) -> Relation {
        match self {
            Relation::Before => Relation::After,
            Relation::After => Relation::Before,
            same => same,
        }
    }

    /// The relation as an infix sign: `<`, `>`, `=` or `||`.
    pub const fn sign(self) -> &'static str {
        match self {
            Relation::Before => "<",
            Relation::After => ">",
            Relation::Equal => "=",
            Relation::Concurrent => "||",
        }
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Relation::Before => "before",
            Relation::After => "after",
            Relation::Equal => "equal",
            Relation::Concurrent => "concurrent",
        })
    }
}

/// A set of relations: what a pair of claims leaves possible.
///
/// A clock that claims too little is sound but weak; one whose set lacks the true relation is wrong.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Relations(u8);

impl Relations {
    /// No relation: what two claims say that cannot both be true.
    pub const NONE: Relations = Relations(0);
    /// Any relation: what a clock says that says nothing.
    pub const ANY: Relations = Relations(0b1111);

    /// The set of just these.
    pub fn of(relations: impl IntoIterator<Item = Relation>) -> Relations {
        relations
            .into_iter()
            .fold(Relations::NONE, |set, relation| Relations(set.0 | Relations::bit(relation)))
    }

    /// Whether `relation` is in the set.
    pub const fn contains(self, relation: Relation) -> bool {
        self.0 & Relations::bit(relation) != 0
    }

    /// The members, in the order of [`Relation::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Relation> {
        Relation::ALL.into_iter().filter(move |relation| self.contains(*relation))
    }

    /// The one member, when there is just one: a certain answer.
    pub fn single(self) -> Option<Relation> {
        let mut members = self.iter();
        members.next().filter(|_| members.next().is_none())
    }

    const fn bit(relation: Relation) -> u8 {
        match relation {
            Relation::Before => 1,
            Relation::After => 2,
            Relation::Equal => 4,
            Relation::Concurrent => 8,
        }
    }
}

impl From<Relation> for Relations {
    fn from(relation: Relation) -> Relations {
        Relations(Relations::bit(relation))
    }
}

impl fmt::Display for Relations {
    /// `before or concurrent`; `nothing` for the empty set.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Relations::NONE {
            return f.write_str("nothing");
        }
        for (nth, relation) in self.iter().enumerate() {
            let separator = if nth == 0 { "" } else { " or " };
            write!(f, "{separator}{relation}")?;
        }
        Ok(())
    }
}

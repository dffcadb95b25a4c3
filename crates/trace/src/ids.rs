//! How nodes, processes, messages, events and texts are named: small integers, each with a table behind it.

use std::collections::BTreeMap;
use std::fmt;

macro_rules! small_integer {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(u32);

        impl $name {
            /// The id with this index; whoever makes one by hand vouches that it exists.
            pub const fn new(index: u32) -> $name {
                $name(index)
            }

            /// The index as a number, as formats write it.
            pub const fn number(self) -> u32 {
                self.0
            }

            /// The index into the table that this id belongs to.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

small_integer! {
    /// An address on the network. It outlives crashes; the life between two crashes is a [`Process`].
    NodeId
}
small_integer! {
    /// A [`Process`] of a trace, in order of appearance. Program order is order within one process.
    ProcessId
}
small_integer! {
    /// A message, numbered in the order of sending. Duplicated deliveries carry one id.
    MessageId
}
small_integer! {
    /// An event. The order of ids is the order of recording, nothing more: it does not order events of two nodes.
    EventId
}
small_integer! {
    /// A text that a trace holds once: a label, a key, a clock's name for a process.
    Symbol
}

small_integer! {
    /// A key of [`Sessions`](crate::Sessions): what is read and written under one name.
    Key
}
small_integer! {
    /// A transaction of [`Sessions`](crate::Sessions), in the order of recording, which orders those of one session only.
    TransactionId
}

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "t{}", self.0)
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m{}", self.0)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "e{}", self.0)
    }
}

/// One life of a node: from its start, or from a restart, to its crash.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Process {
    /// Whose life it is.
    pub node: NodeId,
    /// 0 for the first life; one more after each restart.
    pub incarnation: u32,
}

/// A table that gives each distinct text a number, in order of first appearance.
///
/// Looking up costs O(log n) comparisons; each text is held twice.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Names {
    texts: Vec<Box<str>>,
    numbers: BTreeMap<Box<str>, u32>,
    /// How long the long texts are together.
    length: usize,
}

impl Names {
    /// Up to so many bytes a text takes little more than its place in the table.
    const SHORT: usize = 32;

    /// An empty table.
    pub fn new() -> Names {
        Names::default()
    }

    /// The number of `text`, entering it if it is new; `None` when 2^32 texts are held.
    pub fn intern(&mut self, text: &str) -> Option<u32> {
        if let Some(&number) = self.numbers.get(text) {
            return Some(number);
        }
        let number = u32::try_from(self.texts.len()).ok()?;
        self.texts.push(text.into());
        self.numbers.insert(text.into(), number);
        if text.len() > Names::SHORT {
            // Cannot wrap: they are held.
            self.length += text.len();
        }
        Some(number)
    }

    /// The number of `text`, if it is held.
    pub fn find(&self, text: &str) -> Option<u32> {
        self.numbers.get(text).copied()
    }

    /// The text with this number, if there is one.
    pub fn text(&self, number: u32) -> Option<&str> {
        self.texts.get(number as usize).map(|text| &**text)
    }

    /// How many texts are held.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// How many bytes those texts take that are longer than 32 bytes, each of them held twice. O(1).
    pub const fn long_bytes(&self) -> usize {
        self.length.saturating_mul(2)
    }

    /// Whether no text is held.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// The texts in the order of their numbers.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.texts.iter().map(|text| &**text)
    }

    /// The held text that `wrong` was most likely meant to be, or `None` if nothing is near.
    pub fn nearest(&self, wrong: &str) -> Option<&str> {
        nearest(wrong, self.iter())
    }
}

impl<T: AsRef<str>> FromIterator<T> for Names {
    /// Collects the distinct texts; a repeated one keeps its first number.
    fn from_iter<I: IntoIterator<Item = T>>(texts: I) -> Names {
        let mut names = Names::new();
        for text in texts {
            names.intern(text.as_ref()).expect("fewer than 2^32 texts fit in memory as an iterator");
        }
        names
    }
}

/// The one of `candidates` that `wrong` was most likely meant to be, or `None` if nothing is near.
///
/// Near means at most a third of the letters changed (Damerau 1964, optimal string alignment), case aside, of a short
/// text one, and never all; of two equally near ones the first wins. Cost: O(length²) a candidate.
///
/// ```
/// use constellation_trace::ids::nearest;
/// assert_eq!(nearest("pasific", ["atlantic", "pacific"]), Some("pacific"));
/// assert_eq!(nearest("moon", ["atlantic", "pacific"]), None);
/// ```
pub fn nearest<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// Longer texts are no typing mistake, and quadratic work on hostile input would be one of ours.
    const LENGTH_MAX: usize = 100;
    if wrong.len() > LENGTH_MAX {
        return None;
    }
    let wrong = wrong.to_lowercase();
    let length = wrong.chars().count();
    // Of `a` and `b` neither was meant to be the other: nothing of one is left in the other.
    let is_near = |distance: usize, candidate: &str| {
        distance * 3 <= candidate.len().max(3) && (distance < length || distance < candidate.chars().count())
    };
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= LENGTH_MAX)
        .map(|candidate| (strsim::osa_distance(&wrong, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance == 0 || is_near(*distance, candidate))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

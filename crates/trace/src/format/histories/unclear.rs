//! Reads of which the text does not say what they show, because one of several meanings fits it.

use std::fmt;

/// What a history leaves open of its reads.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Unclear {
    /// How many reads have several meanings.
    pub reads: u64,
    /// On which line the first of them shows something, or the transaction of it begins.
    pub line: u32,
    /// What is to be doubted of that one.
    pub doubt: Doubt,
}

/// Why a read has several meanings.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Doubt {
    /// The text that it shows can be put together from what was appended in several ways.
    Parted,
    /// It shows the empty text, which somebody wrote and which also stands for nothing.
    Empty,
    /// It shows a 0, which somebody writes and which also is the initial value.
    Initial,
}

impl fmt::Display for Unclear {
    /// What is not recorded: `how the text that line 6 shows was put together`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.line;
        match self.doubt {
            Doubt::Parted => write!(f, "how the text that line {line} shows was put together"),
            Doubt::Empty => write!(f, "whether the empty text that line {line} shows was written"),
            Doubt::Initial => {
                write!(f, "whether a 0 that is read in the transaction of line {line} was written")
            }
        }
    }
}

/// The meanings of the reads that have several: two for each, or none if there are too many.
#[derive(Debug)]
pub(super) struct Readings<T> {
    pub(super) unclear: Option<Unclear>,
    /// By the place of the read.
    ways: Option<Vec<(usize, [T; 2])>>,
}

impl<T> Default for Readings<T> {
    fn default() -> Readings<T> {
        Readings { unclear: None, ways: Some(Vec::new()) }
    }
}

impl<T> Readings<T> {
    /// Enters a read that has several meanings.
    pub(super) fn doubt(&mut self, doubt: Doubt, line: u32, place: usize, ways: Option<[T; 2]>) {
        let unclear = self.unclear.get_or_insert(Unclear { reads: 0, line, doubt });
        // Cannot wrap: a read each.
        unclear.reads += 1;
        match (ways, &mut self.ways) {
            (Some(ways), Some(all)) => all.push((place, ways)),
            _ => self.ways = None,
        }
    }

    /// Two meanings of the whole: all first ones, and all second ones; none if a read has too many.
    pub(super) fn two(self) -> Option<[Vec<(usize, T)>; 2]> {
        let (first, second) =
            self.ways?.into_iter().map(|(place, [one, other])| ((place, one), (place, other))).unzip();
        Some([first, second])
    }
}

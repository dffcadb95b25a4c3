//! Whether a store is placed alike whatever its luck: a cell that the next seed moves says more of the measure than of the
//! store.

use std::ops::Range;

use rayon::prelude::*;

use super::cell::Cell;
use super::{PlaceError, Placement, Store, place, told};

/// What a store is placed as, over several seeds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stability {
    /// The store, with every setting.
    pub store: Store,
    /// Each placement that was found, the most frequent first, then the one of the first seed.
    pub found: Vec<Found>,
}

/// One placement, and with which seeds it was found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Found {
    /// The cell.
    pub cell: Cell,
    /// What is said of partition, and of normal operation, as [`words`] of the two sentences.
    pub words: [String; 2],
    /// The seeds, in order.
    pub seeds: Vec<u64>,
}

impl Found {
    fn of(placement: &Placement) -> Found {
        let sentences = [told::partition(placement), told::otherwise(placement)];
        let words = sentences.map(|sentence| words(&sentence));
        Found { cell: placement.cell, words, seeds: vec![placement.seed] }
    }
}

impl Stability {
    /// What a store is placed as, by placements of it with several seeds, in their order.
    pub fn of<'a>(store: &Store, placements: impl IntoIterator<Item = &'a Placement>) -> Stability {
        Stability::of_each(store, placements.into_iter().map(Found::of))
    }

    fn of_each(store: &Store, each: impl IntoIterator<Item = Found>) -> Stability {
        let mut found: Vec<Found> = Vec::new();
        for one in each {
            match found.iter_mut().find(|found| found.cell == one.cell && found.words == one.words) {
                Some(alike) => alike.seeds.extend(one.seeds),
                None => found.push(one),
            }
        }
        // Stable: of those that are as frequent the first seed's is first.
        found.sort_by_key(|found| std::cmp::Reverse(found.seeds.len()));
        Stability { store: store.clone(), found }
    }

    /// Whether every seed gives the same cell.
    pub fn is_of_one_cell(&self) -> bool {
        self.found.windows(2).all(|two| two[0].cell == two[1].cell)
    }

    /// Whether every seed gives the same cell and both sentences in the same words.
    pub const fn is_in_the_same_words(&self) -> bool {
        self.found.len() <= 1
    }
}

/// Places a store with each of these seeds, on all cores; costs as much as [`place`] for each.
///
/// # Errors
/// [`PlaceError`], the one of the first seed that has one.
pub fn stability(store: &Store, seeds: Range<u64>) -> Result<Stability, PlaceError> {
    let placed = seeds.into_par_iter().map(|seed| Ok(Found::of(&place(store, seed)?)));
    Ok(Stability::of_each(store, placed.collect::<Result<Vec<_>, _>>()?))
}

/// A sentence without its numbers: each is `#`, and so is each range of two.
///
/// ```
/// use constellation_lab::placement::stability::words;
///
/// assert_eq!(words("6 to 22 of 38 reads, up to 59.4 ms before"), "# of # reads, up to # ms before");
/// ```
pub fn words(sentence: &str) -> String {
    let mut text = String::with_capacity(sentence.len());
    let mut letters = sentence.chars().peekable();
    while let Some(letter) = letters.next() {
        let is_point = letter == '.' && letters.peek().is_some_and(char::is_ascii_digit);
        let is_in_number = letter.is_ascii_digit() || is_point && text.ends_with('#');
        match is_in_number {
            true if text.ends_with('#') => {}
            true => text.push('#'),
            false => text.push(letter),
        }
    }
    text.replace("# to #", "#")
}

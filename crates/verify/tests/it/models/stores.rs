//! Second twins, for histories too large for axioms: stores that do one thing after the other, as long as all fits.

use std::collections::BTreeSet;

use constellation_trace::{Key, Sessions};

use super::axioms::{Keeps, Pairs, World};

/// What a store has done: which transactions have begun and committed, and who wrote each key last.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct State {
    begun: u32,
    committed: u32,
    held: Vec<Option<usize>>,
}

/// Whether a store can run all, where beginning and commit are one moment or not, and with or without the rule that of two
/// writers of a key one begins after the other committed.
struct Store<'w> {
    world: &'w World<'w>,
    kept: Pairs,
    is_split: bool,
    is_exclusive: bool,
    tried: BTreeSet<State>,
}

impl Store<'_> {
    fn keys(&self, place: usize) -> impl Iterator<Item = usize> + '_ {
        let keys = 0..self.world.sessions.keys().len();
        keys.filter(move |key| self.world.writes(place, Key::new(u32::try_from(*key).expect("few"))))
    }

    fn runs(&mut self, state: &State) -> bool {
        let count = self.world.ids.len();
        if state.committed.count_ones() as usize == count {
            return true;
        }
        if !self.tried.insert(state.clone()) {
            return false;
        }
        (0..count).any(|place| {
            let next = self.begin(state, place).or_else(|| self.commit(state, place));
            next.is_some_and(|next| self.runs(&next))
        })
    }

    fn begin(&self, state: &State, place: usize) -> Option<State> {
        let has = |mask: u32, place: usize| mask >> place & 1 == 1;
        let mut earlier = self.kept.iter().filter(|(_, other)| *other == place);
        let is_free = !has(state.begun, place) && earlier.all(|(one, _)| has(state.committed, *one));
        let mut reads = self.world.reads[place].iter();
        if !is_free || !reads.all(|(key, source)| state.held[key.index()] == *source) {
            return None;
        }
        let next = State { begun: state.begun | 1 << place, ..state.clone() };
        if self.is_split { Some(next) } else { self.commit(&next, place) }
    }

    fn commit(&self, state: &State, place: usize) -> Option<State> {
        let is_open = |place: usize| state.begun >> place & 1 == 1 && state.committed >> place & 1 == 0;
        if !is_open(place) {
            return None;
        }
        let mut others = (0..self.world.ids.len()).filter(|other| *other != place && is_open(*other));
        let own: BTreeSet<usize> = self.keys(place).collect();
        if self.is_exclusive && others.any(|other| self.keys(other).any(|key| own.contains(&key))) {
            return None;
        }
        let mut next = State { committed: state.committed | 1 << place, ..state.clone() };
        own.into_iter().for_each(|key| next.held[key] = Some(place));
        Some(next)
    }
}

fn can_run(sessions: &Sessions, keeps: Keeps, is_split: bool, is_exclusive: bool) -> bool {
    World::any(sessions, |world| {
        let kept = keeps.pairs(world);
        let mut store = Store { world, kept, is_split, is_exclusive, tried: BTreeSet::new() };
        store.runs(&State { begun: 0, committed: 0, held: vec![None; sessions.keys().len()] })
    })
}

/// A store that runs one transaction after the other.
pub(crate) fn serial(sessions: &Sessions, keeps: Keeps) -> bool {
    can_run(sessions, keeps, false, false)
}

/// A store that reads from snapshots and lets the first committer win.
pub(crate) fn snapshots(sessions: &Sessions, keeps: Keeps) -> bool {
    can_run(sessions, keeps, true, true)
}

/// A store that reads from snapshots and lets everybody commit.
pub(crate) fn prefixes(sessions: &Sessions) -> bool {
    can_run(sessions, Keeps::Sessions, true, false)
}

//! Which messages are lost, which arrive twice, and which timers run out, decided before a run: what orders are then
//! explored under.

use std::collections::BTreeSet;

use super::letter::{Letter, Source};
use super::scope::Scope;

/// The messages that the network loses or delivers twice in a run, none of them in both, and the settings of timers
/// that run out.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Faults {
    /// Known by (sender, how-many-th), sorted.
    lost: BTreeSet<Name>,
    doubled: BTreeSet<Name>,
    run_out: BTreeSet<Name>,
}

/// A node's number, and the how-many-th of its messages or settings of timers.
type Name = (u32, u32);

impl Faults {
    pub(super) fn of(
        lost: impl IntoIterator<Item = Letter>,
        doubled: impl IntoIterator<Item = Letter>,
        arrivals: impl IntoIterator<Item = Letter>,
    ) -> Faults {
        let names = |letters: &mut dyn Iterator<Item = Letter>| letters.filter_map(name).collect();
        Faults {
            lost: names(&mut lost.into_iter()),
            doubled: names(&mut doubled.into_iter()),
            run_out: arrivals.into_iter().filter_map(setting).collect(),
        }
    }

    pub(super) fn lets_run_out(&self, letter: Letter) -> bool {
        !self.run_out.is_empty() && setting(letter).is_some_and(|name| self.run_out.contains(&name))
    }

    /// Whether no more timers may run out than do.
    pub(super) fn run_out_all_that_may<R>(&self, scope: &Scope<R>) -> bool {
        self.run_out.len() >= scope.timers_max as usize
    }

    pub(super) fn loses(&self, letter: Letter) -> bool {
        !self.lost.is_empty() && name(letter).is_some_and(|name| self.lost.contains(&name))
    }

    pub(super) fn doubles(&self, letter: Letter) -> bool {
        !self.doubled.is_empty() && name(letter).is_some_and(|name| self.doubled.contains(&name))
    }

    pub(super) fn len(&self) -> usize {
        self.lost.len() + self.doubled.len() + self.run_out.len()
    }

    /// These faults and one more, for each one more that the bounds allow; `most` says how many messages each node
    /// sends, and how many timers it sets.
    pub(super) fn with_one_more<R>(&self, scope: &Scope<R>, most: &Tally) -> Vec<Faults> {
        let has_room = |names: &BTreeSet<Name>, most: u32| names.len() < most as usize;
        let mut more = Vec::new();
        for name in names(&most.set).filter(|name| !self.run_out.contains(name)) {
            if has_room(&self.run_out, scope.timers_max) {
                let mut faults = self.clone();
                faults.run_out.insert(name);
                more.push(faults);
            }
        }
        for name in names(&most.sent) {
            if self.lost.contains(&name) || self.doubled.contains(&name) {
                continue;
            }
            if has_room(&self.lost, scope.losses_max) {
                let mut faults = self.clone();
                faults.lost.insert(name);
                more.push(faults);
            }
            if has_room(&self.doubled, scope.duplicates_max) {
                let mut faults = self.clone();
                faults.doubled.insert(name);
                more.push(faults);
            }
        }
        more
    }
}

/// How many messages each node sent, and how many timers it set.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Tally {
    pub(super) sent: Vec<u32>,
    pub(super) set: Vec<u32>,
}

impl Tally {
    /// Whichever is more, of each.
    pub(super) fn grow(&mut self, other: &Tally) {
        let pairs = self.sent.iter_mut().zip(&other.sent).chain(self.set.iter_mut().zip(&other.set));
        pairs.for_each(|(most, count)| *most = (*most).max(*count));
    }
}

fn names(counts: &[u32]) -> impl Iterator<Item = Name> {
    (0..).zip(counts).flat_map(|(node, count)| (0..*count).map(move |nth| (node, nth)))
}

fn setting(letter: Letter) -> Option<Name> {
    (letter.source == Source::Timer).then_some((letter.target.number(), letter.nth))
}

/// Requests of clients have none: no fault touches them.
fn name(letter: Letter) -> Option<Name> {
    match letter.source {
        Source::Node(node) => Some((node.number(), letter.nth)),
        Source::Client | Source::Timer => None,
    }
}

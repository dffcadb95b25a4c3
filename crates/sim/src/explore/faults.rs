//! Which messages are lost and which arrive twice, decided before a run: what orders are then explored under.

use std::collections::BTreeSet;

use super::letter::{Letter, Source};

/// The messages that the network loses or delivers twice in a run; no message is in both.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Faults {
    /// Known by (sender, how-many-th), sorted.
    lost: BTreeSet<Name>,
    doubled: BTreeSet<Name>,
}

/// A node's number, and the how-many-th of its messages.
type Name = (u32, u32);

impl Faults {
    pub(super) fn of(
        lost: impl IntoIterator<Item = Letter>,
        doubled: impl IntoIterator<Item = Letter>,
    ) -> Faults {
        let names = |letters: &mut dyn Iterator<Item = Letter>| letters.filter_map(name).collect();
        Faults { lost: names(&mut lost.into_iter()), doubled: names(&mut doubled.into_iter()) }
    }

    pub(super) fn loses(&self, letter: Letter) -> bool {
        !self.lost.is_empty() && name(letter).is_some_and(|name| self.lost.contains(&name))
    }

    pub(super) fn doubles(&self, letter: Letter) -> bool {
        !self.doubled.is_empty() && name(letter).is_some_and(|name| self.doubled.contains(&name))
    }

    pub(super) fn len(&self) -> usize {
        self.lost.len() + self.doubled.len()
    }

    /// These faults and one more, for each one more that the bounds allow; `sent` says how many each node sends.
    pub(super) fn with_one_more(&self, losses_max: u32, duplicates_max: u32, sent: &[u32]) -> Vec<Faults> {
        let has_room = |names: &BTreeSet<Name>, most: u32| names.len() < most as usize;
        let mut more = Vec::new();
        for name in (0..).zip(sent).flat_map(|(node, count)| (0..*count).map(move |nth| (node, nth))) {
            if self.lost.contains(&name) || self.doubled.contains(&name) {
                continue;
            }
            if has_room(&self.lost, losses_max) {
                let mut faults = self.clone();
                faults.lost.insert(name);
                more.push(faults);
            }
            if has_room(&self.doubled, duplicates_max) {
                let mut faults = self.clone();
                faults.doubled.insert(name);
                more.push(faults);
            }
        }
        more
    }
}

/// Requests of clients have none: no fault touches them.
fn name(letter: Letter) -> Option<Name> {
    match letter.source {
        Source::Node(node) => Some((node.number(), letter.nth)),
        Source::Client => None,
    }
}

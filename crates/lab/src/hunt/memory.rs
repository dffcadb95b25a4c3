//! What a hunt remembers of runs that were judged, so that their like need be neither judged nor made small again.

use std::collections::{BTreeMap, BTreeSet};

use super::Coverage;
use super::ground::Tried;
use crate::promises::Phase;
use crate::subject::PromiseId;

/// What the judges said of runs, and what violations came down to, by [`super::shape::Shape::judged`].
///
/// No more runs are remembered than [`Coverage::SHAPES_MAX`]. That two runs which differ are taken for one, and a
/// violation so goes unseen, has a chance of one in 2^64 for each pair of them.
#[derive(Default)]
pub(super) struct Memory {
    verdicts: BTreeMap<u64, Verdicts>,
    findings: BTreeMap<(u64, PromiseId), Option<usize>>,
}

/// What the judges said of a run.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Verdicts {
    pub(super) broken: Vec<Broken>,
    /// Why not everything could be judged, if it could not.
    pub(super) unknown: Option<String>,
}

/// A promise that a run breaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Broken {
    pub(super) promise: PromiseId,
    pub(super) phase: Phase,
    /// What shows it, as a digest; looked at closely only where the calm run breaks the promise, too.
    pub(super) evidence: u64,
}

impl Memory {
    /// What was said of a run like this one.
    pub(super) fn verdicts(&self, judged: Option<u64>) -> Option<&Verdicts> {
        self.verdicts.get(&judged?)
    }

    /// Remembers what was said of this run.
    pub(super) fn add(&mut self, tried: &Tried) {
        if let (Some(judged), true) = (tried.judged, self.verdicts.len() < Coverage::SHAPES_MAX) {
            self.verdicts.entry(judged).or_insert_with(|| tried.verdicts.clone());
        }
    }

    /// The violations of these runs, in their order, each with whether it is to be made small: the first of its like is.
    pub(super) fn sort<'t>(&self, tried: &'t [Tried]) -> Vec<Violation<'t>> {
        let has_room = self.findings.len() < Coverage::SHAPES_MAX;
        let mut first = BTreeSet::new();
        let all =
            tried.iter().flat_map(|tried| tried.verdicts.broken.iter().map(move |broken| (tried, *broken)));
        let violation = |(tried, broken): (&'t Tried, Broken)| {
            let key = tried.judged.filter(|_| has_room).map(|judged| (judged, broken.promise));
            let is_new = key.is_none_or(|key| !self.findings.contains_key(&key) && first.insert(key));
            Violation { tried, broken, key, is_new }
        };
        all.map(violation).collect()
    }

    /// Remembers what a violation came down to: the finding with this number, or nothing that can be shown.
    pub(super) fn came_to(&mut self, violation: &Violation<'_>, finding: Option<usize>) {
        if let Some(key) = violation.key {
            self.findings.insert(key, finding);
        }
    }

    /// What the violation of which this is the like came down to.
    pub(super) fn finding(&self, violation: &Violation<'_>) -> Option<usize> {
        self.findings.get(&violation.key?).copied().flatten()
    }
}

/// A promise that one of the runs at hand breaks.
pub(super) struct Violation<'t> {
    pub(super) tried: &'t Tried,
    pub(super) broken: Broken,
    key: Option<(u64, PromiseId)>,
    /// Whether none of its like came before.
    pub(super) is_new: bool,
}

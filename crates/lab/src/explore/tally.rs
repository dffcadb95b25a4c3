//! What came of each promise in the runs judged so far.

use constellation_sim::explore::Extent;
use constellation_trace::{Judgement, Limit, Verdict};

use super::Until;
use crate::promises::{Judged, Phase, Promise};

/// What came of each promise in the runs judged so far.
#[derive(Default)]
pub(super) struct Tally {
    runs: u64,
    outcomes: Vec<Outcome>,
}

struct Outcome {
    /// As its judgement calls it.
    promise: String,
    /// In how many runs it was judged.
    runs: u64,
    /// Why it could not be told in one of them.
    open: Option<Limit>,
}

impl Tally {
    /// Nothing was judged yet of what `calm`, the verdict on one of the runs, is about.
    pub(super) fn of(calm: Judged) -> Tally {
        let outcome = |judgement: Judgement| Outcome { promise: judgement.promise, runs: 0, open: None };
        Tally { runs: 0, outcomes: calm.judgements.into_iter().map(outcome).collect() }
    }

    pub(super) const fn runs(&self) -> u64 {
        self.runs
    }

    /// Enters what a judge said of one run; returns the first promise that is broken in it.
    pub(super) fn enter(&mut self, judged: Judged, until: Until) -> Option<Promise> {
        self.runs += 1;
        let is_judged = |promise: Option<&Promise>| {
            until == Until::TheEnd || promise.is_none_or(|promise| promise.phase() == Phase::Safety)
        };
        // A run that is too large for its judge has a judgement, but no promises.
        for (place, judgement) in judged.judgements.into_iter().enumerate() {
            let promise = judged.promises.get(place);
            if !is_judged(promise) {
                continue;
            }
            if let (Verdict::Violated(_), Some(promise)) = (&judgement.verdict, promise) {
                return Some(*promise);
            }
            self.note(judgement, until);
        }
        None
    }

    fn note(&mut self, judgement: Judgement, until: Until) {
        let same = |outcome: &&mut Outcome| outcome.promise == judgement.promise;
        let open = match judgement.verdict {
            // That a run which was cut does not tell is the fault of the bound, which is told.
            Verdict::Unknown(limit) if until == Until::TheEnd => Some(limit),
            _ => None,
        };
        match self.outcomes.iter_mut().find(same) {
            Some(outcome) => {
                outcome.runs += 1;
                outcome.open = outcome.open.take().or(open);
            }
            None => self.outcomes.push(Outcome { promise: judgement.promise, runs: 1, open }),
        }
    }

    /// The verdicts where nothing is broken: a promise holds if it does in every run, and every run was looked at, which
    /// were some.
    pub(super) fn judgements(self, extent: &Extent) -> Vec<Judgement> {
        let judgement = |outcome: Outcome| {
            let verdict = match (outcome.open, extent) {
                (Some(limit), _) => Verdict::Unknown(limit),
                (None, Extent::Complete) if outcome.runs > 0 => Verdict::Holds,
                (None, Extent::Bounded(bound)) => {
                    Verdict::Unknown(Limit::Explored { visited: outcome.runs, bound: bound.to_string() })
                }
                (None, _) => {
                    Verdict::Unknown(Limit::Explored { visited: outcome.runs, bound: "unknown".to_owned() })
                }
            };
            let plural = if outcome.runs == 1 { "" } else { "s" };
            Judgement { promise: outcome.promise, verdict, scope: format!("{} run{plural}", outcome.runs) }
        };
        self.outcomes.into_iter().map(judgement).collect()
    }
}

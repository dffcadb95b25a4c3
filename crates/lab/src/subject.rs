//! What can be hunted: whatever runs with given luck and is judged by its trace.

use std::collections::BTreeSet;

use constellation_fabric::Choices;
use constellation_trace::{History, Judgement, Names, Trace};

use crate::promises::Phase;
use crate::simulate::RunError;

/// Something that runs with given luck and is judged by its trace: a scenario, or a protocol of your own
/// ([`Case`](crate::Case)).
///
/// Equal answers must give equal runs, and equal traces equal rulings, or nothing that is found can be made small.
pub trait Subject: Sync {
    /// The names of its nodes, clients among them, in the order of their ids: those that tapes speak of.
    fn nodes(&self) -> Names;

    /// One run. `seed` is for the record alone; all luck comes from `choices`.
    ///
    /// # Errors
    /// [`RunError`] when the run has no end, or is none at all.
    fn play(&self, seed: u64, choices: &mut dyn Choices) -> Result<Trace, RunError>;

    /// How many requests of clients are planned that can each be left out, numbered from 0; none where that is not known.
    fn requests(&self) -> u32 {
        0
    }

    /// As [`Subject::play`], but those requests are left out; what there is no request for says nothing.
    ///
    /// # Errors
    /// As [`Subject::play`].
    fn play_without(
        &self,
        _left_out: &BTreeSet<u32>,
        seed: u64,
        choices: &mut dyn Choices,
    ) -> Result<Trace, RunError> {
        self.play(seed, choices)
    }

    /// The verdict on each promise that this trace can be held to.
    fn judge(&self, trace: &Trace) -> Vec<Ruling>;

    /// The verdict on one promise; `None` if the trace cannot be held to it.
    fn judge_one(&self, promise: PromiseId, trace: &Trace) -> Option<Judgement> {
        self.judge(trace).into_iter().find(|ruling| ruling.promise == promise).map(|ruling| ruling.judgement)
    }

    /// As [`Subject::judge`], but only whether each promise is kept counts: what shows a violation need not be small. Hunts ask
    /// it of each seed, and look closely at those violations that they keep.
    fn glance(&self, trace: &Trace) -> Vec<Ruling> {
        self.judge(trace)
    }

    /// What clients of a run saw, as models of consistency judge it; for a subject whose clients are shown something else
    /// than nothing where nobody has written, without that.
    fn history(&self, trace: &Trace) -> History {
        History::of(trace)
    }

    /// What the judges look at.
    fn sight(&self) -> Sight {
        Sight::Everything
    }
}

/// Which promise of a [`Subject`]; equal numbers mean the same promise in all of its runs.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct PromiseId(pub u32);

/// A verdict on one promise.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ruling {
    /// Which promise.
    pub promise: PromiseId,
    /// When it must hold.
    pub phase: Phase,
    /// What was found.
    pub judgement: Judgement,
}

/// What the judges of a [`Subject`] look at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sight {
    /// All that is in a trace: each run must be judged.
    Everything,
    /// All but the times, the labels and what wall clocks showed, as the judges of scenarios do: runs that are alike in the
    /// rest have the same verdicts, and need not be judged again.
    NoTimes,
}

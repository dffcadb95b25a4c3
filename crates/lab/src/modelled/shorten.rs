//! What clients need not ask for a violation to be the same: schedule and history are made small together.

use std::collections::BTreeSet;

use constellation_sim::{Player, Tape};
use constellation_trace::{Judgement, Trace, Verdict};

use super::{Modelled, Remembered};
use crate::hunt::{Finding, explain};
use crate::subject::{PromiseId, Subject as _};

/// So many runs may be tried for one finding, with so many events together.
const RUNS_MAX: u32 = 400;
const EVENTS_MAX: usize = 20_000_000;

impl Modelled<'_> {
    /// Leaves out of the small run of a finding the requests of clients without which the same operations violate the model,
    /// under the same luck, all of which is still asked for. The tape then names what is left out. A finding of which nothing
    /// can go stays as it is.
    ///
    /// Requests go in ever smaller groups, the last first, as in delta debugging (Zeller and Hildebrandt 2002). `is_over` is
    /// asked before each of at most 400 runs; what is left out by then stays so.
    pub fn shorten(&self, finding: &mut Finding, is_over: &(dyn Fn() -> bool + Sync)) {
        let model = self.models().iter().position(|model| model.about().name == finding.judgement.promise);
        let Some(place) = model.and_then(|place| u32::try_from(place).ok()) else { return };
        let Some(wanted) = shown(&finding.judgement) else { return };
        let search =
            Search { held: self, tape: &finding.tape, model: PromiseId(place), wanted, runs: 0, events: 0 };
        let Some(Shorter { left_out, mut judgement, trace }) = search.shorten(is_over) else { return };
        let (own, mut remembered) = Remembered::of(finding.tape.provenance());
        let (count, all) = (left_out.len(), self.subject.requests());
        remembered.models.clone_from(&self.models);
        remembered.left_out = left_out;
        let (names, answers) = (finding.tape.names().clone(), finding.tape.answers().clone());
        // What has no room on a tape stays.
        let Ok(tape) = Tape::new(remembered.enter(own), names, answers) else { return };
        explain(&mut judgement, &tape, &trace);
        if let Verdict::Violated(evidence) = &mut judgement.verdict {
            evidence.notes.insert(
                1,
                format!("{count} of {all} requests of clients are left out: they make no difference"),
            );
        }
        (finding.tape, finding.judgement, finding.trace) = (tape, judgement, trace);
    }
}

/// A run without some requests, which violates the model all the same.
struct Shorter {
    left_out: BTreeSet<u32>,
    judgement: Judgement,
    trace: Trace,
}

struct Search<'s> {
    held: &'s Modelled<'s>,
    tape: &'s Tape,
    model: PromiseId,
    wanted: BTreeSet<(String, String)>,
    runs: u32,
    events: usize,
}

impl Search<'_> {
    fn shorten(mut self, is_over: &dyn Fn() -> bool) -> Option<Shorter> {
        let mut kept: Vec<u32> = (0..self.held.subject.requests()).collect();
        let mut best: Option<Shorter> = None;
        let mut size = kept.len().div_ceil(2);
        while size > 0 {
            let (mut end, mut has_shrunk) = (kept.len(), false);
            while end > 0 {
                if self.runs >= RUNS_MAX || self.events >= EVENTS_MAX || is_over() {
                    return best;
                }
                let start = end.saturating_sub(size);
                let mut left_out = best.as_ref().map(|best| best.left_out.clone()).unwrap_or_default();
                left_out.extend(&kept[start..end]);
                if let Some(shorter) = self.without(left_out) {
                    kept.drain(start..end);
                    (best, has_shrunk) = (Some(shorter), true);
                }
                end = start;
            }
            // At size 1 the round is repeated until it finds nothing; that is bounded by the runs.
            size = if size == 1 && has_shrunk { 1 } else { size / 2 };
        }
        best
    }

    /// The run without these, if it is the same violation.
    fn without(&mut self, left_out: BTreeSet<u32>) -> Option<Shorter> {
        self.runs += 1;
        let mut player = Player::new(self.tape.answers());
        let seed = self.tape.provenance().seed;
        let trace = self.held.subject.play_without(&left_out, seed, &mut player).ok()?;
        // Cannot overflow: a run has at most 2^32 events, and they are bounded.
        self.events += trace.events().len();
        if !player.leftovers().is_empty() {
            return None;
        }
        let judgement = self.held.judge_one(self.model, &trace)?;
        (shown(&judgement)? == self.wanted).then_some(Shorter { left_out, judgement, trace })
    }
}

/// The operations that show a violation, whenever they begin.
fn shown(judgement: &Judgement) -> Option<BTreeSet<(String, String)>> {
    let Verdict::Violated(evidence) = &judgement.verdict else { return None };
    Some(evidence.events.iter().map(|seen| (seen.process.clone(), seen.what.clone())).collect())
}

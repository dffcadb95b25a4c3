//! From a scenario to a verdict: simulate, judge, and look for the smallest schedule that still fails.

use std::fmt;

use constellation_sim::Tape;
use constellation_sim::choices::Leftover;
use constellation_trace::{EventId, Judgement, Limit, Trace, Verdict};

use crate::hunt::explain;
use crate::modelled::Modelled;
use crate::prefix::prefix;
use crate::promises::{self, Phase};
use crate::scenario::Scenario;
use crate::shrink::{Broken, shrink};
use crate::simulate::{RunError, play, simulate};
use crate::subject::Subject as _;

/// A run that was simulated and judged.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Run {
    /// What was run.
    pub scenario: Scenario,
    /// The seed of all that could have gone otherwise.
    pub seed: u64,
    /// What happened.
    pub trace: Trace,
    /// What was promised, and what came of it.
    pub judgements: Vec<Judgement>,
    /// What nobody promised but a reader should know, one line each.
    pub remarks: Vec<String>,
}

/// What is promised of every run, and unknown of one that is cut short.
pub(crate) const COMES_TO_ITS_END: &str = "the run comes to its end";

/// A run that is not so long.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NoSuchEvent {
    /// The event that was asked for.
    pub event: EventId,
    /// How many events there are.
    pub events: usize,
}

impl fmt::Display for NoSuchEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.events {
            0 => write!(f, "there is no {}: nothing happens in this run", self.event),
            events => write!(f, "there is no {}: the last event of this run is e{}", self.event, events - 1),
        }
    }
}

impl std::error::Error for NoSuchEvent {}

impl Run {
    /// Simulates `scenario` with `seed`, judges the trace, and looks for a small schedule that still fails for each
    /// violation. A run that is longer than allowed is unknown.
    ///
    /// `replay` is the command that does the same again, for the evidence.
    ///
    /// # Errors
    /// [`RunError`] when the scenario cannot be run to its end.
    pub fn of(scenario: &Scenario, seed: u64, replay: &str) -> Result<Run, RunError> {
        let trace = match simulate(scenario, seed) {
            Ok(trace) => trace,
            Err(error) => return Run::cut_short(scenario, seed, error),
        };
        let promises::Judged { promises, mut judgements, remarks } = promises::judge(scenario, &trace);
        for (promise, judgement) in promises.iter().zip(&mut judgements) {
            if let Verdict::Violated(evidence) = &mut judgement.verdict {
                let shrunk = shrink(scenario, seed, Broken::Promise(*promise), &trace, evidence);
                (evidence.steps, evidence.notes) = (shrunk.steps, shrunk.notes);
                replay.clone_into(&mut evidence.replay);
            }
        }
        Ok(Run { scenario: scenario.clone(), seed, trace, judgements, remarks })
    }

    /// As [`Run::of`], but held to models in place of what it promises: `held` is the scenario, held to them.
    ///
    /// Of what clients ask, too, as little is left as still violates a model; what shows it is the smallest part of what
    /// they saw in the whole run.
    ///
    /// # Errors
    /// As [`Run::of`].
    pub fn held_to(
        scenario: &Scenario,
        held: &Modelled<'_>,
        seed: u64,
        replay: &str,
    ) -> Result<Run, RunError> {
        let trace = match simulate(scenario, seed) {
            Ok(trace) => trace,
            Err(error) => {
                let mut run = Run::cut_short(scenario, seed, error)?;
                run.hold_to(held);
                return Ok(run);
            }
        };
        let (mut judgements, remarks) = (Vec::new(), promises::operations(&trace).into_iter().collect());
        for ruling in held.judge(&trace) {
            let mut judgement = ruling.judgement;
            if let Verdict::Violated(evidence) = &mut judgement.verdict {
                let broken = Broken::Model(held, ruling.promise);
                let shrunk = shrink(scenario, seed, broken, &trace, evidence);
                evidence.steps = shrunk.steps;
                evidence.notes.splice(0..0, shrunk.notes);
                replay.clone_into(&mut evidence.replay);
            }
            judgements.push(judgement);
        }
        Ok(Run { scenario: scenario.clone(), seed, trace, judgements, remarks })
    }

    /// Judges it by models in place of what was promised, as it was recorded: nothing is made smaller but what shows a
    /// violation. Of a run that came to no end, what models say of the end is left out.
    pub fn hold_to(&mut self, held: &Modelled<'_>) {
        let ended = self.judgements.iter().find(|judgement| judgement.promise == COMES_TO_ITS_END).cloned();
        let rulings = held.judge(&self.trace).into_iter();
        let rulings = rulings.filter(|ruling| ended.is_none() || ruling.phase == Phase::Safety);
        self.judgements = rulings.map(|ruling| ruling.judgement).collect();
        self.judgements.extend(ended);
    }

    /// Runs `scenario` as `tape` says that it went, and judges it; also returns what of the tape nothing asked for.
    ///
    /// `replay` is the command that does the same again, for the evidence.
    ///
    /// # Errors
    /// [`RunError`] when the scenario cannot be run to its end.
    pub fn of_tape(scenario: &Scenario, tape: &Tape, replay: &str) -> Result<(Run, Vec<Leftover>), RunError> {
        let seed = tape.provenance().seed;
        let mut player = tape.player();
        let trace = match play(scenario, seed, &mut player) {
            Ok(trace) => trace,
            Err(error) => return Ok((Run::cut_short(scenario, seed, error)?, player.leftovers())),
        };
        let promises::Judged { mut judgements, remarks, .. } = promises::judge(scenario, &trace);
        for judgement in &mut judgements {
            explain(judgement, tape, &trace);
            if let Verdict::Violated(evidence) = &mut judgement.verdict {
                replay.clone_into(&mut evidence.replay);
            }
        }
        Ok((Run { scenario: scenario.clone(), seed, trace, judgements, remarks }, player.leftovers()))
    }

    /// The run until one of its events, and no further. Safety is judged of what is left; convergence is unknown, since it
    /// is demanded of the whole. Until its last event it is the whole.
    ///
    /// # Errors
    /// [`NoSuchEvent`] when the run has no such event.
    pub fn until(&self, last: EventId) -> Result<Run, NoSuchEvent> {
        if last.index() >= self.trace.events().len() {
            return Err(NoSuchEvent { event: last, events: self.trace.events().len() });
        }
        if last.index() + 1 == self.trace.events().len() {
            return Ok(self.clone());
        }
        let trace = prefix(&self.trace, last);
        let promises::Judged { promises, mut judgements, remarks } = promises::judge(&self.scenario, &trace);
        for (promise, judgement) in promises.iter().zip(&mut judgements) {
            if promise.phase() == Phase::Convergence {
                judgement.verdict =
                    Verdict::Unknown(Limit::NotRecorded(format!("what comes after {last} is")));
                judgement.scope.clear();
            }
            let whole = self.judgements.iter().find(|whole| whole.promise == judgement.promise);
            if let (Verdict::Violated(evidence), Some(Judgement { verdict: Verdict::Violated(whole), .. })) =
                (&mut judgement.verdict, whole)
            {
                evidence.steps.clone_from(&whole.steps);
                evidence.meanings.clone_from(&whole.meanings);
                evidence.notes.clone_from(&whole.notes);
                evidence.replay.clone_from(&whole.replay);
            }
        }
        Ok(Run { scenario: self.scenario.clone(), seed: self.seed, trace, judgements, remarks })
    }

    /// A run without an end: what there is of it keeps safety or breaks it; whatever is promised of the end is unknown.
    fn cut_short(scenario: &Scenario, seed: u64, error: RunError) -> Result<Run, RunError> {
        let RunError::TooLong { so_far: trace, node, at, events_max } = error else { return Err(error) };
        let last = node.map_or(String::new(), |node| format!(", lastly at {node}"));
        let what = format!("what comes after {events_max} events, the most allowed, at {at}{last}, is");
        let verdict = Verdict::Unknown(Limit::NotRecorded(what));
        let promise = COMES_TO_ITS_END.to_owned();
        let promises::Judged { promises, judgements, remarks } = promises::judge(scenario, &trace);
        let judged = promises.into_iter().zip(judgements);
        let safety = judged.filter(|(promise, _)| promise.phase() == Phase::Safety);
        let mut judgements: Vec<_> = safety.map(|(_, judgement)| judgement).collect();
        judgements.push(Judgement { promise, verdict, scope: String::new() });
        Ok(Run { scenario: scenario.clone(), seed, trace: *trace, judgements, remarks })
    }

    /// The exit code for all promises together: 0 holds, 1 violated, 3 unknown.
    pub fn exit_code(&self) -> u8 {
        Judgement::exit_code(&self.judgements)
    }
}

//! A subject that is held to consistency models: what its clients saw is judged, instead of what it promises itself.

mod remembered;
mod shorten;

use std::collections::BTreeSet;
use std::fmt;

use constellation_fabric::{Calm, Choices};
use constellation_trace::format::histories::{Content, FailedCas, Imported};
use constellation_trace::sessions::Unfit;
use constellation_trace::{
    Evidence, History, Judgement, Limit, Names, Operation, Proof, Sessions, Trace, TransactionId, Verdict,
};
use constellation_verify::Budget;
use constellation_verify::models::{
    Anomaly, EventualConvergence, FailedSet, Finding, Model, Patience, Recorded, minimal, verdict,
};

pub use remembered::Remembered;

use crate::promises::Phase;
use crate::simulate::RunError;
use crate::subject::{PromiseId, Ruling, Sight, Subject};

/// What judging one run by one model may take, and once more making a violation small: so a hunt goes on where a search has
/// no end in sight, and counts the run as not judged. No time is in it, so that all machines find the same.
const BUDGET: Budget = Budget { bytes_max: 1 << 28, pairs_max: 0, steps_max: 1 << 22 };

/// So many operations are shown even if none could be left out.
const WHOLE_MAX: usize = 20;

/// A subject that promises models in place of what it promises itself.
///
/// It runs as the subject does, so a tape of one is played by the other. A model is a promise in all that hunts do: a
/// violation is made small by its verdict, and what shows it is the smallest part of what the clients of the small run saw.
///
/// ```
/// use constellation_lab::hunt::{Go, Hunt, hunt_subject, provenance_of};
/// use constellation_lab::verify::models;
/// use constellation_lab::{Modelled, Specimen};
///
/// let specimen = Specimen::find("quorum-register/read-one").expect("it ships");
/// let linearizable = models::find("linearizable").expect("it is in the table");
/// let modelled = Modelled::new(specimen.subject(), &[linearizable])?;
/// let provenance = provenance_of(&modelled, "read-one", 1)?;
/// let hunted = hunt_subject(&modelled, &Hunt::new(1, 1_000), &provenance, &mut |_| Go::On)?;
/// assert_eq!(hunted.findings[0].judgement.promise, "linearizable");
/// assert_eq!(hunted.findings[0].tape.answers().len(), 1, "one lost or late message is enough");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Modelled<'s> {
    subject: Box<dyn Subject + 's>,
    models: Vec<&'static dyn Model>,
    /// Which requests of clients are not made.
    left_out: BTreeSet<u32>,
}

/// How what clients saw violates a model.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Violation<'v> {
    /// The model.
    pub model: &'static dyn Model,
    /// What they saw.
    pub seen: &'v Imported,
    /// The same, as the judge looked at it.
    pub recorded: &'v Recorded<'v>,
    /// What is wrong, in the whole of it.
    pub anomaly: &'v Anomaly,
}

/// Why a subject cannot be held to models.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ModelledError {
    /// No model is named, so nothing can be violated.
    NoModel,
    /// Its calm run cannot be made.
    Run(RunError),
    /// In its calm run no client begins an operation, so there is nothing to judge.
    NoOperations,
    /// A model does not speak of such operations.
    Unfit {
        /// Which model, by name.
        model: &'static str,
        /// Why.
        why: String,
    },
}

impl fmt::Display for ModelledError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ModelledError::NoModel => f.write_str("no model is named, so nothing can be violated"),
            ModelledError::Run(error) => write!(f, "the calm run, in which nothing goes wrong: {error}"),
            ModelledError::NoOperations => {
                f.write_str("no client records an operation, so no model can be judged")
            }
            ModelledError::Unfit { model, why } => {
                write!(f, "{model} does not fit what clients do: {why}")
            }
        }
    }
}

impl std::error::Error for ModelledError {}

impl<'s> Modelled<'s> {
    /// `subject`, promising these models. Its calm run is made and judged, so that what can never be judged is told at once.
    ///
    /// # Errors
    /// [`ModelledError`].
    pub fn new(
        subject: Box<dyn Subject + 's>,
        models: &[&'static dyn Model],
    ) -> Result<Modelled<'s>, ModelledError> {
        if models.is_empty() {
            return Err(ModelledError::NoModel);
        }
        let calm = match subject.play(0, &mut Calm) {
            Ok(trace) => trace,
            Err(RunError::TooLong { so_far, .. }) => *so_far,
            Err(error) => return Err(ModelledError::Run(error)),
        };
        let modelled = Modelled { subject, models: models.to_vec(), left_out: BTreeSet::new() };
        if modelled.subject.history(&calm).operations().is_empty() {
            return Err(ModelledError::NoOperations);
        }
        let seen = modelled.seen(&calm);
        for model in models {
            if let Verdict::Unknown(Limit::Unfit(why)) = verdict_on(*model, &seen, Closely::No) {
                return Err(ModelledError::Unfit { model: model.about().name, why });
            }
        }
        Ok(modelled)
    }

    /// The same without these requests of clients.
    #[must_use]
    pub fn without(mut self, left_out: BTreeSet<u32>) -> Modelled<'s> {
        self.left_out = left_out;
        self
    }

    /// Which requests of clients are not made.
    pub const fn left_out(&self) -> &BTreeSet<u32> {
        &self.left_out
    }

    /// The models, in the order in which they were named.
    pub fn models(&self) -> &[&'static dyn Model] {
        &self.models
    }

    /// What clients of a run saw, sessions named for their clients.
    pub fn seen(&self, trace: &Trace) -> Imported {
        let mut seen = Imported::of_trace(trace);
        seen.content = Content::Operations(self.subject.history(trace));
        seen
    }

    /// Shows `look` how a run violates the model of this name, with the patience that judges of runs have; `None` if it does
    /// not, as far as can be told.
    pub fn look<T>(
        &self,
        model: &str,
        trace: &Trace,
        look: impl FnOnce(Violation<'_>, &mut Patience<'_>) -> T,
    ) -> Option<T> {
        let model = *self.models.iter().find(|known| known.about().name == model)?;
        let seen = self.seen(trace);
        let sessions = seen.reads_and_writes();
        let recorded = recorded(&seen, sessions.as_deref().ok());
        match model.judge(&recorded, &mut Patience::new(BUDGET)) {
            Finding::Violated(anomaly) => {
                let violation = Violation { model, seen: &seen, recorded: &recorded, anomaly: &anomaly };
                Some(look(violation, &mut Patience::new(BUDGET)))
            }
            _ => None,
        }
    }

    fn rulings(&self, trace: &Trace, closely: Closely) -> Vec<Ruling> {
        let seen = self.seen(trace);
        (0..self.models.len()).map(|place| self.ruling(place, &seen, closely)).collect()
    }

    fn ruling(&self, place: usize, seen: &Imported, closely: Closely) -> Ruling {
        let model = self.models[place];
        let promise = PromiseId(u32::try_from(place).expect("there are few models"));
        let about = model.about();
        let is_of_the_end = about.name == EventualConvergence.about().name;
        let phase = if is_of_the_end { Phase::Convergence } else { Phase::Safety };
        let count = seen.history().map_or(0, |history| history.operations().len());
        let scope = format!("{count} operation{}", if count == 1 { "" } else { "s" });
        let judgement =
            Judgement { promise: about.name.to_owned(), verdict: verdict_on(model, seen, closely), scope };
        Ruling { promise, phase, judgement }
    }
}

impl fmt::Debug for Modelled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.models.iter().map(|model| model.about().name).collect();
        write!(f, "Modelled({})", names.join(", "))
    }
}

impl Subject for Modelled<'_> {
    fn nodes(&self) -> Names {
        self.subject.nodes()
    }

    fn play(&self, seed: u64, choices: &mut dyn Choices) -> Result<Trace, RunError> {
        if self.left_out.is_empty() {
            return self.subject.play(seed, choices);
        }
        self.subject.play_without(&self.left_out, seed, choices)
    }

    fn requests(&self) -> u32 {
        self.subject.requests()
    }

    fn play_without(
        &self,
        left_out: &BTreeSet<u32>,
        seed: u64,
        choices: &mut dyn Choices,
    ) -> Result<Trace, RunError> {
        let all = self.left_out.union(left_out).copied().collect();
        self.subject.play_without(&all, seed, choices)
    }

    fn judge(&self, trace: &Trace) -> Vec<Ruling> {
        self.rulings(trace, Closely::Yes)
    }

    fn glance(&self, trace: &Trace) -> Vec<Ruling> {
        self.rulings(trace, Closely::No)
    }

    fn judge_one(&self, promise: PromiseId, trace: &Trace) -> Option<Judgement> {
        let place = promise.0 as usize;
        (place < self.models.len()).then(|| self.ruling(place, &self.seen(trace), Closely::Yes).judgement)
    }

    fn history(&self, trace: &Trace) -> History {
        self.subject.history(trace)
    }

    /// Models of real time look at times.
    fn sight(&self) -> Sight {
        Sight::Everything
    }
}

/// Whether a violation is looked at for the smallest part that shows it.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Closely {
    Yes,
    No,
}

/// The verdict of a model on what clients saw, shown by the smallest part of it that violates the model if that is asked.
fn verdict_on(model: &dyn Model, seen: &Imported, closely: Closely) -> Verdict {
    let sessions = seen.reads_and_writes();
    let recorded = recorded(seen, sessions.as_deref().ok());
    let mut patience = match closely {
        Closely::Yes => Patience::new(BUDGET),
        Closely::No => Patience::new(BUDGET).without_evidence(),
    };
    let found = match model.judge(&recorded, &mut patience) {
        Finding::Unknown(Limit::Unfit(why)) => {
            Finding::Unknown(Limit::Unfit(unfit(why, &recorded, sessions.as_ref().err())))
        }
        Finding::Violated(anomaly) if closely == Closely::Yes => {
            Finding::Violated(smallest(model, &recorded, anomaly))
        }
        other => other,
    };
    let mut verdict = verdict(model.about(), &recorded, found);
    if let Verdict::Violated(evidence) = &mut verdict {
        put_in_order(evidence, seen);
    }
    verdict
}

/// A history as judges of models take it: its reads and writes, if it is made of some, and the operations behind them, if
/// there are any. A failed compare-and-set says what its format has it say.
pub fn recorded<'r>(seen: &'r Imported, sessions: Option<&'r Sessions>) -> Recorded<'r> {
    let recorded = sessions.map_or_else(Recorded::default, Recorded::from);
    let recorded = seen.history().map_or(recorded, |history| recorded.with_history(history));
    recorded.with_failed_set(failed_set(seen.format.failed_cas()))
}

/// What judges make of a failed compare-and-set that says this.
pub const fn failed_set(said: FailedCas) -> FailedSet {
    match said {
        FailedCas::Mismatch => FailedSet::AssertsMismatch,
        FailedCas::Nothing => FailedSet::DidNotHappen,
    }
}

/// Why a model does not fit, in full: that these are no reads and writes says less than `foreign`, which operation is none.
pub fn unfit(why: String, recorded: &Recorded<'_>, foreign: Option<&Unfit>) -> String {
    match foreign {
        Some(foreign) if recorded.registers().err() == Some(Limit::Unfit(why.clone())) => foreign.to_string(),
        _ => why,
    }
}

/// What is left of a violation when all that can go is left out, in the numbers of the whole.
fn smallest(model: &dyn Model, recorded: &Recorded<'_>, anomaly: Anomaly) -> Anomaly {
    let smallest = minimal(model, recorded, &anomaly, &mut Patience::new(BUDGET));
    let (Some(smallest), Some(whole)) = (smallest, recorded.sessions) else { return anomaly };
    let ids: Vec<TransactionId> = smallest.ids;
    let is_small = ids.len() < whole.len() || ids.len() <= WHOLE_MAX;
    let anomaly = smallest.anomaly.renumbered(&ids);
    if is_small { anomaly.naming(ids) } else { anomaly }
}

/// Operations in the order in which they began, each with its session.
fn put_in_order(evidence: &mut Evidence, seen: &Imported) {
    let operations: &[Operation] = seen.history().map(History::operations).unwrap_or_default();
    let links = match &mut evidence.proof {
        Proof::Cycle(links) => &mut links[..],
        _ => &mut [],
    };
    let linked = links.iter_mut().flat_map(|link| [&mut link.from, &mut link.to]);
    for witness in evidence.events.iter_mut().chain(linked) {
        let place = operations.binary_search_by_key(&witness.event, |operation| operation.invoked.event);
        let session = place.ok().and_then(|place| seen.sessions.text(operations[place].session));
        if let Some(session) = session {
            session.clone_into(&mut witness.process);
        }
    }
    evidence.events.sort_by_key(|witness| witness.event);
}

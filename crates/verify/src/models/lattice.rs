//! Which models imply which: what a verdict on one says of others, and where the line runs between those that hold and those that fail.

use std::cmp;
use std::collections::BTreeSet;

use constellation_trace::Outcome;

use super::{About, FailedSet, Finding, Model, Object, Recorded, RegisterOperation, find};

/// Whether a history that satisfies the one satisfies the other, directly or by way of others. A model implies itself.
/// O(models).
///
/// ```
/// use constellation_verify::models::{find, implies};
/// let [convergence, causal] = ["causal-convergence", "causal"].map(|name| find(name).unwrap().about());
/// assert!(implies(convergence, causal) && !implies(causal, convergence));
/// ```
pub fn implies(stronger: &About, weaker: &About) -> bool {
    implied(stronger).contains(weaker.name)
}

/// The names of all that a model implies, its own among them.
fn implied(about: &About) -> BTreeSet<&'static str> {
    let mut known = BTreeSet::from([about.name]);
    let mut open = vec![about.implies];
    while let Some(names) = open.pop() {
        for name in names {
            if known.insert(name)
                && let Ok(model) = find(name)
            {
                open.push(model.about().implies);
            }
        }
    }
    known
}

/// The models in an order in which each stands before those that it implies, those that imply most first; else they stay as
/// they stand. Each once.
pub fn strongest_first(models: &[&'static dyn Model]) -> Vec<&'static dyn Model> {
    let mut ranked: Vec<&'static dyn Model> = Vec::new();
    for model in models {
        if !ranked.iter().any(|other| other.about().name == model.about().name) {
            ranked.push(*model);
        }
    }
    // Whatever is implied by the second is implied by the first, which implies itself besides.
    ranked.sort_by_cached_key(|model| cmp::Reverse(implied(model.about()).len()));
    ranked
}

/// What a judge found of a model, or what the findings on others say of it.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The model.
    pub about: &'static About,
    /// What its judge found.
    pub finding: Finding,
    /// Where its judge could not tell: the model whose finding decides it.
    pub decided_by: Option<&'static About>,
    /// What it is decided to.
    decided: Known,
}

/// What is known of a model.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Known {
    /// It holds.
    Holds,
    /// It does not.
    Fails,
    /// Nobody can tell.
    Nothing,
}

impl Judged {
    /// What a judge found.
    pub const fn new(about: &'static About, finding: Finding) -> Judged {
        Judged { about, finding, decided_by: None, decided: Known::Nothing }
    }

    /// What is known of the model after all.
    pub fn known(&self) -> Known {
        match &self.finding {
            Finding::Holds => Known::Holds,
            Finding::Violated(_) => Known::Fails,
            Finding::Unknown(_) => self.decided,
        }
    }
}

/// Decides by the findings on others what no judge could tell: a model holds where one that implies it does, and fails where
/// one that it implies does.
pub fn conclude(judged: &mut [Judged]) {
    let sure: Vec<(&'static About, Known)> = judged
        .iter()
        .map(|judged| (judged.about, judged.known()))
        .filter(|(_, known)| *known != Known::Nothing)
        .collect();
    for one in judged.iter_mut().filter(|one| one.known() == Known::Nothing) {
        let decides = |(other, known): &&(&'static About, Known)| match known {
            Known::Holds => implies(other, one.about),
            _ => implies(one.about, other),
        };
        if let Some((other, known)) = sure.iter().find(decides) {
            (one.decided_by, one.decided) = (Some(*other), *known);
        }
    }
}

/// Models that are the same where every transaction is a single operation on a register.
const SAME_IF_SINGLE: [[&str; 2]; 2] =
    [["linearizable", "strict-serializable"], ["sequential", "session-serializable"]];

/// As [`conclude`]; and where all that was recorded are single operations on registers, what is known of linearizability is
/// known of strict serializability, and what is known of sequential consistency of session serializability; and the other
/// way round. O(models² + accesses).
///
/// A compare-and-set is a single operation. If a failed one says that its value did not match, this says nothing, since a
/// transaction that was aborted says nothing.
pub fn conclude_from(judged: &mut [Judged], recorded: &Recorded<'_>) {
    conclude(judged);
    if !is_single(recorded) {
        return;
    }
    for pair in SAME_IF_SINGLE {
        for [one, other] in [pair, [pair[1], pair[0]]] {
            let sure = judged.iter().find(|row| row.about.name == one && row.known() != Known::Nothing);
            let Some((about, known)) = sure.map(|row| (row.about, row.known())) else { continue };
            let open = |row: &&mut Judged| row.about.name == other && row.known() == Known::Nothing;
            for row in judged.iter_mut().filter(open) {
                (row.decided_by, row.decided) = (Some(about), known);
            }
        }
    }
    conclude(judged);
}

/// Whether every transaction is a single operation on a register, of which those that failed say nothing.
fn is_single(recorded: &Recorded<'_>) -> bool {
    let is_register = matches!(recorded.object, None | Some(Object::Register));
    let Some(sessions) = recorded.sessions.filter(|_| is_register) else { return false };
    let is_told = recorded.failed_set == FailedSet::AssertsMismatch;
    sessions.ids().all(|id| {
        let accesses = sessions.accesses(id);
        let is_single = accesses.is_empty() || RegisterOperation::of(accesses).is_some();
        is_single && !(is_told && sessions.transaction(id).outcome == Outcome::Aborted)
    })
}

/// Where the line runs.
#[derive(Clone, Debug, Default)]
pub struct Border {
    /// The strongest that hold: no other that holds implies one of them.
    pub strongest: Vec<&'static About>,
    /// The weakest that fail: they imply no other that fails.
    pub weakest: Vec<&'static About>,
}

impl Border {
    /// The border among these.
    pub fn of(judged: &[Judged]) -> Border {
        let all = |wanted: Known| -> Vec<&'static About> {
            judged.iter().filter(|one| one.known() == wanted).map(|one| one.about).collect()
        };
        let (holds, fails) = (all(Known::Holds), all(Known::Fails));
        let is_below = |about: &About, other: &About| other.name != about.name && implies(other, about);
        let is_topmost = |about: &&&About| !holds.iter().any(|other| is_below(about, other));
        let is_lowest = |about: &&&About| !fails.iter().any(|other| is_below(other, about));
        Border {
            strongest: holds.iter().filter(is_topmost).copied().collect(),
            weakest: fails.iter().filter(is_lowest).copied().collect(),
        }
    }
}

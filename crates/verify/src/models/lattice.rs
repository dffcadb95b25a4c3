//! Which models imply which: what a verdict on one says of others, and where the line runs between those that hold and those that fail.

use std::cmp;
use std::collections::BTreeSet;

use super::{About, Finding, Model, find};

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
        Judged { about, finding, decided_by: None }
    }

    /// What is known of the model after all.
    pub fn known(&self) -> Known {
        match (&self.finding, self.decided_by) {
            (Finding::Holds, _) => Known::Holds,
            (Finding::Violated(_), _) => Known::Fails,
            (Finding::Unknown(_), None) => Known::Nothing,
            // What implies it holds, or what it implies fails.
            (Finding::Unknown(_), Some(other)) if implies(other, self.about) => Known::Holds,
            (Finding::Unknown(_), Some(_)) => Known::Fails,
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
        one.decided_by = sure.iter().find(decides).map(|(other, _)| *other);
    }
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

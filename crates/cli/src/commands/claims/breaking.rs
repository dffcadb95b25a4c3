//! The shortest history that breaks what a term promises: one that a weaker model allows, judged on the spot.

use constellation_audit::prose::Term;
use constellation_verify::models::{self, Model, Separation, implies, strongest_first};

/// A history that breaks a model.
#[derive(Clone, Copy)]
pub(super) struct Breaking {
    /// The strongest of the models that allow the history.
    pub(super) allows: &'static dyn Model,
    pub(super) forbids: &'static dyn Model,
    pub(super) separation: &'static Separation,
}

/// The model that a term names.
pub(super) fn model(term: &Term) -> Option<&'static dyn Model> {
    models::all().iter().copied().find(|model| Some(model.about().name) == term.model)
}

/// The history of the fewest reads and writes, of all that are known to break what a term promises.
pub(super) fn shortest(term: &Term) -> Option<Breaking> {
    let forbids = model(term)?;
    let weaker = strongest_first(models::all());
    let weaker = weaker.into_iter().filter(|other| !implies(other.about(), forbids.about()));
    // Of the levels of SQL serializable implies each, though a model of a level may ask for the order of a session, too.
    let is_level = forbids.about().name == "read-committed";
    let known = weaker.filter_map(|allows| {
        let separation = Separation::between(allows, forbids)?;
        if is_level && separation.allowed == "serializable" {
            return None;
        }
        Some(Breaking { allows, forbids, separation })
    });
    // Of several as short, one that a model of the same kind allows, and that is famous for telling these two apart.
    known.min_by_key(|breaking| {
        let is_famous = breaking.separation.allowed == breaking.allows.about().name
            && breaking.separation.forbidden == forbids.about().name;
        let is_alike = breaking.allows.about().judges == forbids.about().judges;
        (accesses(breaking.separation), !is_alike, !is_famous)
    })
}

/// What must be said beside a history, where it alone would mislead.
pub(super) fn caveat(breaking: &Breaking) -> Option<&'static str> {
    match breaking.forbids.about().name {
        "eventual-convergence" => Some(
            "It is judged as if nothing came after it: no history breaks this promise for as long as it may go on, and a \
             stale read that is not the last one never breaks it",
        ),
        "monotonic-writes" => Some(
            "It breaks it since a transaction is known as a whole; of single writes, w(x,1) w(y,1) of one session are seen \
             against it by a transaction that reads y = 1 and x = nil, and not by two reads, which two replicas may answer",
        ),
        _ => None,
    }
}

/// The command that shows it.
pub(super) fn command(breaking: &Breaking) -> String {
    format!("constellation models {} {}", breaking.allows.about().name, breaking.forbids.about().name)
}

fn accesses(separation: &Separation) -> usize {
    separation.sketch.matches('(').count()
}

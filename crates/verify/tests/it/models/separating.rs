//! The smallest histories that separate two models, found by trying all.

use std::collections::BTreeSet;

use constellation_trace::{Sessions, TransactionId};
use constellation_verify::models::{self, Among, Finding, SEPARATIONS};

use super::all_twins::{TWINS, can_be_asked, judged};
use super::enumerated::{Grain, Plan, every};
use super::twin::World;

/// What is looked for: a history that the first model allows and the second forbids, among some.
pub(crate) type Sought = (&'static str, &'static str, Among);

/// All neighbours in the order of models, and all that are famous, but for those that are asked of two histories.
pub(crate) fn sought() -> BTreeSet<Sought> {
    let neighbours = models::all().iter().flat_map(|model| {
        let above = model.about();
        above.implies.iter().map(|below| (*below, above.name, Among::All))
    });
    let famous = SEPARATIONS.iter().filter(|famous| famous.apart.is_empty());
    neighbours.chain(famous.map(|famous| (famous.allowed, famous.forbidden, famous.among))).collect()
}

/// Whether a history that the second model forbids is among them.
pub(crate) fn is_among((_, forbids, among): Sought, sessions: &Sessions) -> bool {
    match among {
        Among::Shape(shape) => match judged(forbids, sessions) {
            Finding::Violated(anomaly) => shape.is_of(sessions, &anomaly),
            _ => false,
        },
        Among::Operations => sessions.ids().all(|id| sessions.accesses(id).len() == 1),
        Among::Plain => {
            let is_alone = sessions.lines().iter().all(|line| line.len() == 1);
            is_alone && sessions.ids().all(|id| touches_once(sessions, id))
        }
        Among::Acyclic => World::any(sessions, |world| world.causes().is_some()),
        _ => true,
    }
}

fn touches_once(sessions: &Sessions, id: TransactionId) -> bool {
    let keys: BTreeSet<_> = sessions.accesses(id).iter().map(|access| access.key).collect();
    keys.len() == sessions.accesses(id).len()
}

/// The models that keep real time.
const TIMED: [&str; 4] =
    ["linearizable", "eventual-convergence", "strict-serializable", "strong-snapshot-isolation"];

/// Whether only histories with times can separate the two.
fn is_timed((allows, forbids, _): &Sought) -> bool {
    TIMED.contains(allows) || TIMED.contains(forbids)
}

/// What was tried, and what was found.
#[derive(Debug, Default)]
pub(crate) struct Tried {
    /// How many histories.
    pub(crate) histories: u64,
    /// The first for each that was sought.
    pub(crate) found: Vec<(Sought, Sessions)>,
}

/// Tries every history of so many accesses for all that is `open`, and takes away what is found.
///
/// # Panics
/// If a judge says that a history separates two models, and a twin that it does not.
pub(crate) fn separate(accesses: u8, open: &mut BTreeSet<Sought>) -> Tried {
    let mut tried = Tried::default();
    let mut timed: BTreeSet<Sought> = open.iter().copied().filter(is_timed).collect();
    open.retain(|sought| !is_timed(sought));
    let is_single = open.iter().chain(&timed).all(|(.., among)| *among == Among::Operations);
    let grain = if is_single { Grain::Operations } else { Grain::Transactions };
    every(accesses, grain, &mut |plan: &Plan<'_>| {
        if !open.is_empty() {
            one(&plan.untimed(), open, &mut tried);
        }
        if !timed.is_empty() {
            plan.timed(&[], &mut |sessions| one(sessions, &mut timed, &mut tried));
        }
    });
    open.append(&mut timed);
    tried
}

fn one(sessions: &Sessions, open: &mut BTreeSet<Sought>, tried: &mut Tried) {
    tried.histories += 1;
    let (mut allowing, mut forbidding) = (BTreeSet::new(), BTreeSet::new());
    for (allows, ..) in open.iter() {
        if !allowing.contains(allows)
            && can_be_asked(allows, sessions)
            && judged(allows, sessions) == Finding::Holds
        {
            allowing.insert(*allows);
        }
    }
    for (_, forbids, _) in open.iter().filter(|(allows, ..)| allowing.contains(allows)) {
        let is_new = !forbidding.contains(forbids) && can_be_asked(forbids, sessions);
        if is_new && matches!(judged(forbids, sessions), Finding::Violated(_)) {
            forbidding.insert(*forbids);
        }
    }
    open.retain(|sought @ (allows, forbids, among)| {
        let is_found = allowing.contains(allows)
            && forbidding.contains(forbids)
            && is_among((*allows, *forbids, *among), sessions);
        if is_found {
            for (model, holds) in [(allows, true), (forbids, false)] {
                let twin = TWINS.iter().find(|(name, _)| name == model).map(|(_, twin)| twin(sessions));
                assert!(twin.is_none_or(|twin| twin == holds), "{model}: the twin disagrees of\n{sessions}");
            }
            tried.found.push((*sought, sessions.clone()));
        }
        !is_found
    });
}

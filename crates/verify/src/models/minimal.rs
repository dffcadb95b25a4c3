//! The smallest part of a history that a model still cannot explain.

use std::collections::BTreeMap;

use constellation_trace::{Access, Act, Key, Limit, Sessions, TransactionId, Value};

use super::{Anomaly, Finding, Model, Parts, Patience, Recorded};

/// A part of a history that violates a model, and no part of which does; where [`Parts::ProveNothing`], one that has the same
/// violation as the whole, and no part of which has.
#[derive(Clone, Debug)]
pub struct Minimal {
    /// The part.
    pub sessions: Sessions,
    /// For each of its transactions which one it was.
    pub ids: Vec<TransactionId>,
    /// What is wrong with it, in its numbers; [`Anomaly::renumbered`] by `ids` gives those of the whole.
    pub anomaly: Anomaly,
    /// What ended the search before it was done; then there may be a smaller part.
    pub limit: Option<Limit>,
}

/// The smallest part of the recorded sessions that is found to violate `model`: without any further read or write it would
/// not. `None` if there are no sessions. What else is recorded, such as what a failed compare-and-set says, holds for the
/// parts as well; but for the history, of which there is no part.
///
/// Begins with the transactions of `anomaly` if they are enough, else with everything, and removes halves, quarters, and
/// at last one at a time: transactions first, then single accesses of what is left. A read goes with the write that it
/// shows, since else it would be out of thin air. Where a part proves nothing ([`Model::parts`]) it must be found to violate
/// the model by the very words of `anomaly`, and transactions stay whole: so it is an example of what is wrong with the whole,
/// and can be judged by itself. Where reads and writes alone do not fit the model, or no such part is found, what `anomaly`
/// names is left, and not judged again.
///
/// Costs as many judgements as O(size × log size) of the smallest part, more where `anomaly` does not suffice.
///
/// # Panics
/// If `anomaly` names transactions that are not there.
pub fn minimal(
    model: &dyn Model,
    recorded: &Recorded<'_>,
    anomaly: &Anomaly,
    patience: &mut Patience<'_>,
) -> Option<Minimal> {
    let sessions = recorded.sessions?;
    let same = (model.parts() == Parts::ProveNothing).then_some(&*anomaly.found);
    let recorded = Recorded { sessions: None, history: None, ..*recorded };
    let (limit, fit) = (None, Fit::Fits);
    let needs = BTreeMap::new();
    let mut search = Search { model, recorded, sessions, same, needs, patience, limit, fit };
    let all: Vec<TransactionId> = sessions.ids().collect();
    let shown = search.whole(&anomaly.transactions);
    search.learn(&shown);
    let whole = search.whole(&all);
    let found = search.judged(&shown).or_else(|| {
        search.learn(&whole);
        search.judged(&whole)
    });
    let Some(mut best) = found else {
        if search.fit == Fit::Never || same.is_some() {
            return Some(named(sessions, anomaly));
        }
        // What cannot even be judged again stays as it is.
        let (sessions, anomaly) = (sessions.sub(&all), anomaly.clone());
        return Some(Minimal { sessions, ids: all, anomaly, limit: search.limit });
    };
    search.shrink(&mut best, |part| part.iter().map(|(id, _)| (*id, None)).collect());
    if same.is_none() {
        search.shrink(&mut best, |part| {
            part.iter().flat_map(|(id, places)| places.iter().map(|place| (*id, Some(*place)))).collect()
        });
    }
    let Found { part, anomaly } = best;
    let ids = part.iter().map(|(id, _)| *id).collect();
    Some(Minimal { sessions: sessions.narrowed(&part), ids, anomaly, limit: search.limit })
}

/// What a violation names, and nothing else.
fn named(sessions: &Sessions, anomaly: &Anomaly) -> Minimal {
    let mut ids = anomaly.transactions.clone();
    ids.sort_unstable();
    ids.dedup();
    // The other way round: where each stands now.
    let mut places = vec![TransactionId::new(0); sessions.len()];
    for (place, id) in (0..).map(TransactionId::new).zip(&ids) {
        places[id.index()] = place;
    }
    Minimal { sessions: sessions.sub(&ids), anomaly: anomaly.clone().renumbered(&places), ids, limit: None }
}

/// Of some transactions some accesses, by place.
type Part = Vec<(TransactionId, Vec<usize>)>;

/// A transaction, or one of its accesses.
type Piece = (TransactionId, Option<usize>);

/// A part that violates the model, and how.
struct Found {
    part: Part,
    anomaly: Anomaly,
}

/// Whether the model says anything of reads and writes alone.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Fit {
    Fits,
    Never,
}

struct Search<'s, 'm, 'p> {
    model: &'m dyn Model,
    /// What is recorded besides sessions.
    recorded: Recorded<'s>,
    sessions: &'s Sessions,
    /// What must be found, where any other violation says nothing.
    same: Option<&'m str>,
    /// How many writes there are in all of each value that the search has to do with.
    needs: BTreeMap<(Key, Value), usize>,
    patience: &'m mut Patience<'p>,
    limit: Option<Limit>,
    fit: Fit,
}

impl Search<'_, '_, '_> {
    fn whole(&self, ids: &[TransactionId]) -> Part {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter().map(|id| (id, (0..self.sessions.accesses(id).len()).collect())).collect()
    }

    /// Counts the writes of what a part reads, in the whole history.
    fn learn(&mut self, part: &Part) {
        let sessions = self.sessions;
        let read =
            part.iter().flat_map(|(id, _)| sessions.accesses(*id)).flat_map(|access| shows(sessions, access));
        self.needs = read.map(|shown| (shown, 0)).collect();
        let written = sessions.ids().flat_map(|id| sessions.accesses(id)).filter(|access| is_write(access));
        for access in written {
            if let Some(count) = self.needs.get_mut(&(access.key, access.value)) {
                *count += 1;
            }
        }
    }

    /// The part without reads of which a write is missing, and without transactions of which nothing is left.
    fn supported(&self, part: &Part) -> Part {
        let mut written: BTreeMap<(Key, Value), usize> = BTreeMap::new();
        for (id, places) in part {
            let accesses = places.iter().map(|place| &self.sessions.accesses(*id)[*place]);
            for access in accesses.filter(|access| is_write(access)) {
                *written.entry((access.key, access.value)).or_default() += 1;
            }
        }
        let is_kept = |access: &Access| {
            let mut shown = shows(self.sessions, access);
            shown.all(|shown| {
                written.get(&shown).copied().unwrap_or(0) == self.needs.get(&shown).copied().unwrap_or(0)
            })
        };
        let kept = part.iter().map(|(id, places)| {
            let places = places.iter().filter(|place| is_kept(&self.sessions.accesses(*id)[**place]));
            (*id, places.copied().collect::<Vec<_>>())
        });
        kept.filter(|(_, places)| !places.is_empty()).collect()
    }

    /// The supported part and what is wrong with it, if the model finds anything.
    fn judged(&mut self, part: &Part) -> Option<Found> {
        if self.limit.is_some() {
            return None;
        }
        let size: usize = part.iter().map(|(_, places)| places.len()).sum();
        if let Err(limit) = self.patience.step(size as u64) {
            self.limit = Some(limit);
            return None;
        }
        let part = self.supported(part);
        let sessions = self.sessions.narrowed(&part);
        let recorded = Recorded { sessions: Some(&sessions), ..self.recorded };
        let finding = self.model.judge(&recorded, self.patience);
        self.limit = self.patience.step(1).err();
        match finding {
            Finding::Violated(anomaly) => {
                self.same.is_none_or(|same| anomaly.found == same).then_some(Found { part, anomaly })
            }
            Finding::Unknown(Limit::Unfit(_)) => {
                self.fit = Fit::Never;
                None
            }
            Finding::Holds | Finding::Unknown(_) => None,
        }
    }

    /// Removes pieces as long as what is left violates the model: many at once first, then fewer.
    fn shrink(&mut self, best: &mut Found, pieces: impl Fn(&Part) -> Vec<Piece>) {
        let mut size = pieces(&best.part).len().div_ceil(2);
        while size > 0 {
            let mut has_shrunk = false;
            let mut start = 0;
            loop {
                let all = pieces(&best.part);
                if start >= all.len() || self.limit.is_some() {
                    break;
                }
                let end = (start + size).min(all.len());
                match self.judged(&without(&best.part, &all[start..end])) {
                    // What stands here now was behind what is gone.
                    Some(found) => (*best, has_shrunk) = (found, true),
                    None => start = end,
                }
            }
            if self.limit.is_some() {
                break;
            }
            // At one at a time all must have been tried without effect.
            if size > 1 || !has_shrunk {
                size /= 2;
            }
        }
    }
}

/// The part without some of its pieces, which are in its order: by numbers, then by places.
fn without(part: &Part, gone: &[Piece]) -> Part {
    let is_gone = |piece: Piece| gone.binary_search(&piece).is_ok();
    let is_kept = |id: TransactionId, place: usize| !is_gone((id, None)) && !is_gone((id, Some(place)));
    let kept = part.iter().map(|(id, places)| {
        (*id, places.iter().copied().filter(|place| is_kept(*id, *place)).collect::<Vec<_>>())
    });
    kept.filter(|(_, places)| !places.is_empty()).collect()
}

const fn is_write(access: &Access) -> bool {
    matches!(access.act, Act::Write | Act::Append)
}

/// The values that a read shows; none for a write. That of nothing needs no write.
fn shows<'s>(sessions: &'s Sessions, access: &'s Access) -> impl Iterator<Item = (Key, Value)> + 's {
    let one = (access.act == Act::Read && access.value != Value::NOTHING).then_some(access.value);
    let list = if access.act == Act::ReadList { sessions.list(access.value) } else { &[] };
    one.into_iter().chain(list.iter().copied()).map(|value| (access.key, value))
}

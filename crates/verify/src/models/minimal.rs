//! The smallest part of a history that a model still cannot explain.

mod support;

use std::collections::BTreeSet;

use constellation_trace::{Access, Act, Key, Limit, Sessions, TransactionId, Value};

use self::support::{Support, shows};
use super::{Anomaly, Finding, Model, Object, Parts, Patience, Recorded};

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
    /// How many values the lists that it shows have lost, with those who appended them.
    pub cut: usize,
    /// What ended the search before it was done; then there may be a smaller part.
    pub limit: Option<Limit>,
}

/// The smallest part of the recorded sessions that is found to violate `model`: without any further read or write it would
/// not. `None` if there are no sessions. What else is recorded, such as what a failed compare-and-set says, holds for the
/// parts as well; but for the history, of which there is no part.
///
/// Begins with the transactions of `anomaly` if they are enough, then with those that they read from besides, else with
/// everything, and removes halves, quarters, and at last one at a time: transactions first, then single accesses of what is
/// left. A read goes with the write that it shows, since else it would be out of thin air; so does what a failed
/// compare-and-set says, with what hid the value that it expected. Of a list that is only appended to, single values are cut
/// out of all that is shown, and who appended them is left out: that the list is as long as it is, is then no reason. Where a
/// part proves nothing ([`Model::parts`]) it must be found to violate the model by the very words of `anomaly`, and
/// transactions stay whole: so it is an example of what is wrong with the whole, and can be judged by itself. Where reads and
/// writes alone do not fit the model, or no such part is found, what `anomaly` names is left, and not judged again.
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
    if recorded.object == Some(Object::Text) && recorded.history.is_some() {
        // Reads and writes alone would be judged as if an empty piece were one.
        return Some(named(sessions, anomaly));
    }
    let same = (model.parts() == Parts::ProveNothing).then_some(&*anomaly.found);
    let recorded = Recorded { sessions: None, history: None, ..*recorded };
    let (limit, fit) = (None, Fit::Fits);
    let support = Support::new(sessions, model.parts(), recorded.failed_set);
    let mut search = Search { model, recorded, sessions, same, support, patience, limit, fit };
    let Some(mut best) = search.first(&anomaly.transactions) else {
        if search.fit == Fit::Never || same.is_some() {
            return Some(named(sessions, anomaly));
        }
        // What cannot even be judged again stays as it is.
        let ids: Vec<TransactionId> = sessions.ids().collect();
        let (sessions, anomaly) = (sessions.sub(&ids), anomaly.clone());
        return Some(Minimal { sessions, ids, anomaly, cut: 0, limit: search.limit });
    };
    if same.is_none() {
        search.cut(&mut best);
    }
    search.shrink(&mut best, |part| part.kept.iter().map(|(id, _)| (*id, None)).collect(), Part::without);
    if same.is_none() {
        let accesses = |part: &Part| {
            let pieces = part.kept.iter().flat_map(|(id, places)| places.iter().map(|one| (*id, Some(*one))));
            pieces.collect()
        };
        search.shrink(&mut best, accesses, Part::without);
    }
    search.explain(&mut best);
    let Found { part, anomaly, .. } = best;
    let ids = part.kept.iter().map(|(id, _)| *id).collect();
    Some(Minimal {
        sessions: part.made(sessions),
        ids,
        anomaly,
        cut: part.lost(sessions),
        limit: search.limit,
    })
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
    Minimal {
        sessions: sessions.sub(&ids),
        anomaly: anomaly.clone().renumbered(&places),
        ids,
        cut: 0,
        limit: None,
    }
}

/// Of some transactions some accesses, by place, and what is cut out of the lists that are shown and appended to.
#[derive(Clone, Debug, Default)]
struct Part {
    /// By numbers.
    kept: Vec<(TransactionId, Vec<usize>)>,
    cut: BTreeSet<(Key, Value)>,
}

/// A transaction, or one of its accesses.
type Piece = (TransactionId, Option<usize>);

/// A part that violates the model, and how.
struct Found {
    part: Part,
    anomaly: Anomaly,
    /// Whether the anomaly has more evidence than is told.
    is_brief: bool,
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
    /// What the parts that the search has to do with need.
    support: Support<'s>,
    patience: &'m mut Patience<'p>,
    limit: Option<Limit>,
    fit: Fit,
}

impl Search<'_, '_, '_> {
    /// What is known to violate the model: what is named, with who wrote what it reads if need be, or else all.
    fn first(&mut self, named: &[TransactionId]) -> Option<Found> {
        let mut shown = Part::of(self.sessions, named.to_vec());
        self.support.learn(&shown);
        let with_writers = self.support.with_writers(&shown);
        if self.same.is_none() {
            shown.cut = self.support.foreign(&shown);
        }
        let is_more = with_writers.kept.len() > shown.kept.len();
        self.judged(shown)
            .or_else(|| {
                self.support.learn(&with_writers);
                if is_more && self.same.is_none() { self.judged(with_writers) } else { None }
            })
            .or_else(|| {
                let all = Part::of(self.sessions, self.sessions.ids().collect());
                self.support.learn(&all);
                self.judged(all)
            })
    }

    /// The supported part and what is wrong with it, if the model finds anything.
    fn judged(&mut self, part: Part) -> Option<Found> {
        if self.limit.is_some() {
            return None;
        }
        let size = part.kept.iter().map(|(_, places)| places.len() as u64).sum::<u64>();
        if let Err(limit) = self.patience.step(size.max(self.support.cost(&part))) {
            self.limit = Some(limit);
            return None;
        }
        let part = self.support.supported(part);
        let sessions = part.made(self.sessions);
        let recorded = Recorded { sessions: Some(&sessions), ..self.recorded };
        let judge = |patience: &mut Patience<'_>| self.model.judge(&recorded, patience);
        let (finding, is_brief) = match self.same {
            // In what words it is wrong, only its evidence may say.
            Some(_) => (judge(self.patience), false),
            None => self.patience.told_briefly(judge),
        };
        self.limit = self.patience.step(1).err();
        match finding {
            Finding::Violated(anomaly) => self
                .same
                .is_none_or(|same| anomaly.found == same)
                .then_some(Found { part, anomaly, is_brief }),
            Finding::Unknown(Limit::Unfit(_)) => {
                self.fit = Fit::Never;
                None
            }
            Finding::Holds | Finding::Unknown(_) => None,
        }
    }

    /// Says of what is left how it is wrong, which was not asked of what was tried.
    fn explain(&mut self, best: &mut Found) {
        if !best.is_brief || self.limit.is_some() || !self.patience.wants_evidence() {
            return;
        }
        let sessions = best.part.made(self.sessions);
        let recorded = Recorded { sessions: Some(&sessions), ..self.recorded };
        // Where there is no time left, that it is wrong is known all the same.
        if let Finding::Violated(anomaly) = self.model.judge(&recorded, self.patience) {
            best.anomaly = anomaly;
        }
    }

    /// Cuts values out of lists as long as what is left violates the model.
    fn cut(&mut self, best: &mut Found) {
        let cuttable = self.support.cuttable(&best.part);
        let pieces = |part: &Part| cuttable.difference(&part.cut).copied().collect();
        self.shrink(best, pieces, |part, gone| Part {
            cut: part.cut.iter().chain(gone).copied().collect(),
            ..part.clone()
        });
    }

    /// Removes pieces as long as what is left violates the model: many at once first, then fewer.
    fn shrink<P>(
        &mut self,
        best: &mut Found,
        pieces: impl Fn(&Part) -> Vec<P>,
        without: impl Fn(&Part, &[P]) -> Part,
    ) {
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
                match self.judged(without(&best.part, &all[start..end])) {
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

impl Part {
    /// These transactions, whole.
    fn of(sessions: &Sessions, mut ids: Vec<TransactionId>) -> Part {
        ids.sort_unstable();
        ids.dedup();
        let whole = |id: TransactionId| (id, (0..sessions.accesses(id).len()).collect());
        Part { kept: ids.into_iter().map(whole).collect(), cut: BTreeSet::new() }
    }

    /// The part without some of its pieces, which are in its order: by numbers, then by places.
    fn without(&self, gone: &[Piece]) -> Part {
        let is_gone = |piece: Piece| gone.binary_search(&piece).is_ok();
        let is_kept = |id: TransactionId, place: usize| !is_gone((id, None)) && !is_gone((id, Some(place)));
        let kept = self.kept.iter().map(|(id, places)| {
            (*id, places.iter().copied().filter(|place| is_kept(*id, *place)).collect::<Vec<_>>())
        });
        Part { kept: kept.filter(|(_, places)| !places.is_empty()).collect(), cut: self.cut.clone() }
    }

    /// Whether an access is there.
    fn has(&self, (id, place): (TransactionId, usize)) -> bool {
        let found = self.kept.binary_search_by_key(&id, |(id, _)| *id);
        found.is_ok_and(|nth| self.kept[nth].1.contains(&place))
    }

    fn accesses<'p>(&'p self, sessions: &'p Sessions) -> impl Iterator<Item = &'p Access> {
        let places = self.kept.iter().flat_map(|(id, places)| places.iter().map(move |place| (*id, *place)));
        places.map(|(id, place)| &sessions.accesses(id)[place])
    }

    /// As sessions of its own.
    fn made(&self, sessions: &Sessions) -> Sessions {
        if self.cut.is_empty() {
            return sessions.narrowed(&self.kept);
        }
        let mut made = sessions.sub(&[]);
        for (id, places) in &self.kept {
            let accesses = places.iter().filter_map(|place| {
                let access = sessions.accesses(*id)[*place];
                let is_cut = |value: &Value| self.cut.contains(&(access.key, *value));
                match access.act {
                    Act::Append if is_cut(&access.value) => None,
                    Act::ReadList => {
                        let list = sessions.list(access.value);
                        let left: Vec<Value> = list.iter().copied().filter(|value| !is_cut(value)).collect();
                        let held = made.hold_list(&left).expect("as few as there were");
                        Some(Access { value: held, ..access })
                    }
                    _ => Some(access),
                }
            });
            let accesses: Vec<Access> = accesses.collect();
            let pushed = made.push(sessions.transaction(*id), &accesses);
            pushed.expect("what was in order with more between is in order without");
        }
        made
    }

    /// How many values are cut out of the lists that it shows.
    fn lost(&self, sessions: &Sessions) -> usize {
        let lists = self.accesses(sessions).filter(|access| access.act == Act::ReadList);
        lists.flat_map(|access| shows(sessions, access)).filter(|shown| self.cut.contains(shown)).count()
    }
}

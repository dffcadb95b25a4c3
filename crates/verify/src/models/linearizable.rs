//! Linearizability: each operation takes effect at one moment between its beginning and its end.

mod known;
mod lists;
mod queue;
mod quiet;
mod rows;
mod set;
mod stream;
mod texts;
mod zones;

use std::collections::BTreeMap;

use constellation_trace::{History, Key, Limit, Outcome, Sessions, Timing, Transaction};
use known::{Known, Quick, never};
pub use stream::{Stream, StreamError};

use super::asked::{Asked, Kinds, ask};
use super::finding::{Anomaly, Finding, Stop};
use super::items::{self, Source};
use super::objects::{Cell, Counter, FailedSet, Object, Queue, Set, Text, Visit};
use super::patience::Patience;
use super::search::{Fate, Item, RealTime, Shrunk, Times, dead_end, shrink, stuck_at};
use super::sequential::walk;
use super::specification::Specification;
use super::sums::Loose;
use super::{About, Judges, Model, Parts, Recorded, sums};

/// Linearizability: there is one order of all operations which the objects explain and which has each operation before
/// those that began after it was over, and those of a session as they stand there.
///
/// It is local: a history is linearizable if the operations on each object are, so each key is judged alone (Herlihy and
/// Wing 1990). An operation that is open may take effect at any time after it began, or never. Registers to which no value
/// is written twice, and that are only read and written, are judged in O(n log n) (Gibbons and Korach 1997); so are queues,
/// sets and lists to which none is added twice. Where a value is added to a queue or set again, or somebody took from a queue
/// nobody knows what, the cost is exponential in how many that may be of one value are under way at once. What remains, as
/// texts and sets from which something is removed and that are read as a whole, is judged by a search whose cost is
/// exponential in how concurrent it is (Wing and Gong 1993, Lowe 2017), from one quiet time to the next.
///
/// Sessions are judged as registers and lists, a history as the objects that it speaks of: see [`Object::guess`]. Where only
/// a history is given, transaction n of the finding is operation n.
#[derive(Clone, Copy, Debug)]
pub struct Linearizable;

static LINEARIZABLE: About = About {
    name: "linearizable",
    sentence: "each operation takes effect at one moment between its beginning and its end",
    source: "Herlihy and Wing, Linearizability: A Correctness Condition for Concurrent Objects (TOPLAS 1990)",
    cost: "O(n log n) for registers, queues, sets and lists whose values come once; for queues and sets whose values come again exponential in how many of one value are under way at once; else, as for texts, in the concurrency between quiet times",
    judges: Judges::Operations,
    implies: &["sequential"],
};

impl Model for Linearizable {
    fn about(&self) -> &'static About {
        &LINEARIZABLE
    }

    fn judge(&self, recorded: &Recorded<'_>, patience: &mut Patience<'_>) -> Finding {
        patience.begin();
        ask(recorded, &mut Judge { failed_set: recorded.failed_set, patience }).into()
    }

    fn parts(&self) -> Parts {
        Parts::ProveByTime
    }
}

impl Linearizable {
    /// Judges a history of objects of your own, each [partition](Specification::partition) alone. Transaction n of the
    /// finding is operation n of the history.
    pub fn judge_as<S: Specification>(
        specification: &S,
        history: &History,
        patience: &mut Patience<'_>,
    ) -> Finding {
        let items = items::of_history(specification, history, |call| Some(specification.partition(call)));
        let judged = items.map_err(Stop::from);
        let source = Source::History(history);
        judged.and_then(|items| all(Ways { specification, quick: never, source }, items, patience)).into()
    }
}

struct Judge<'p, 'a> {
    failed_set: FailedSet,
    patience: &'p mut Patience<'a>,
}

impl Asked for Judge<'_, '_> {
    fn step(&mut self, steps: u64) -> Result<(), Limit> {
        self.patience.step(steps)
    }

    fn sessions(&mut self, sessions: &Sessions) -> Result<(), Stop> {
        if sessions.timing() == Timing::None && !sessions.is_empty() {
            return Err(Limit::NotRecorded("when operations began and ended is".to_owned()).into());
        }
        self.keys(sessions)?;
        let is_sufficient = match strict(sessions, self.failed_set, self.patience)? {
            Strict::Same => true,
            Strict::Is(strict) => self.keys(&strict).is_ok(),
            Strict::None => false,
        };
        if is_sufficient {
            return Ok(());
        }
        let items = items::of_sessions(sessions, self.failed_set, |_| true)?;
        together(&Cell, items, Source::Sessions(sessions), self.patience)
    }

    fn history(&mut self, history: &History, kinds: &Kinds<'_>) -> Result<(), Stop> {
        let mut unknown = None;
        for object in kinds.objects() {
            let mut visitor = OfObject { object, history, kinds, patience: &mut *self.patience };
            let judged = match object {
                Object::Queue => visitor.judge(&Queue, known::QUEUE),
                Object::Set => visitor.judge(&Set, known::SET),
                Object::Text => visitor.judge(&Text, known::TEXT),
                _ => object.visit(self.failed_set, &mut visitor),
            };
            match judged {
                Err(Stop::Unknown(limit)) => drop(unknown.get_or_insert(limit)),
                result => result?,
            }
        }
        unknown.map_or(Ok(()), |limit| Err(limit.into()))
    }
}

impl Judge<'_, '_> {
    /// Each key alone.
    fn keys(&mut self, sessions: &Sessions) -> Result<(), Stop> {
        let mut is_zoned = zoned(sessions, self.failed_set, self.patience)?;
        if is_zoned.contains(&true) {
            for key in zones::judge(sessions, &is_zoned, self.patience)? {
                is_zoned[key.index()] = false;
            }
        }
        let mut is_listed = listed(sessions, self.patience)?;
        for key in lists::judge(sessions, &is_listed, self.patience)? {
            is_listed[key.index()] = false;
        }
        if is_zoned.iter().zip(&is_listed).all(|(is_zoned, is_listed)| *is_zoned || *is_listed) {
            return Ok(());
        }
        let is_searched = |key: Key| !is_zoned[key.index()] && !is_listed[key.index()];
        let items = items::of_sessions(sessions, self.failed_set, is_searched)?;
        let ways = Ways { specification: &Cell, quick: never, source: Source::Sessions(sessions) };
        each(ways, items, self.patience)
    }
}

/// All objects of one kind.
struct OfObject<'o, 'p, 'a> {
    object: Object,
    history: &'o History,
    kinds: &'o Kinds<'o>,
    patience: &'p mut Patience<'a>,
}

impl Visit for OfObject<'_, '_, '_> {
    type Result = Result<(), Stop>;

    fn visit<S: Specification>(&mut self, specification: &S) -> Result<(), Stop> {
        self.judge(specification, never)
    }
}

impl OfObject<'_, '_, '_> {
    fn judge<S: Specification>(&mut self, specification: &S, quick: Quick<S::Operation>) -> Result<(), Stop> {
        let part = |call| self.kinds.part(self.object, call);
        let items = items::of_history(specification, self.history, part)?;
        let source = Source::History(self.history);
        all(Ways { specification, quick, source }, items, self.patience)
    }
}

/// How objects of one kind are judged.
struct Ways<'s, S: Specification> {
    specification: &'s S,
    /// What is tried before a search.
    quick: Quick<S::Operation>,
    source: Source<'s>,
}

impl<S: Specification> Clone for Ways<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: Specification> Copy for Ways<'_, S> {}

/// Which keys are lists that what was shown can judge, unless a value was appended twice: nothing but single values are
/// appended, and all is read.
fn listed(sessions: &Sessions, patience: &mut Patience<'_>) -> Result<Vec<bool>, Limit> {
    patience.step(sessions.len() as u64)?;
    let mut is_listed = vec![true; sessions.keys().len()];
    for id in sessions.ids() {
        let accesses = sessions.accesses(id);
        if !matches!(accesses, [one] if one.act.is_of_list()) {
            accesses.iter().for_each(|access| is_listed[access.key.index()] = false);
        }
    }
    Ok(is_listed)
}

/// Which keys are registers that can be judged by zones, unless a read shows what two writes wrote: nothing but single reads
/// and writes is done to them.
fn zoned(
    sessions: &Sessions,
    failed_set: FailedSet,
    patience: &mut Patience<'_>,
) -> Result<Vec<bool>, Limit> {
    patience.step(sessions.len() as u64)?;
    let mut is_zoned = vec![true; sessions.keys().len()];
    for id in sessions.ids() {
        let is_single = matches!(sessions.accesses(id), [one] if !one.act.is_of_list());
        if !is_single && let Some((key, _)) = items::of_transaction(sessions, id, failed_set)? {
            is_zoned[key.index()] = false;
        }
    }
    Ok(is_zoned)
}

/// Times that order a session's own operations too, which touch where one ends at the very time at which the next begins.
enum Strict<T> {
    /// They do.
    Same,
    /// With these they do, if what touches counts as ordered.
    Is(T),
    /// Times cannot tell: an operation takes no time, one follows an open one, or they cannot be doubled.
    None,
}

/// Where a session orders what times do not, keys cannot be judged alone: that each has an order is necessary only. That
/// each has one even if all that touches is ordered is sufficient.
fn strict(
    sessions: &Sessions,
    failed_set: FailedSet,
    patience: &mut Patience<'_>,
) -> Result<Strict<Sessions>, Limit> {
    patience.step(sessions.len() as u64)?;
    let transactions = || {
        let all = sessions.ids().map(|id| (id, sessions.transaction(id)));
        // A failed compare-and-set that says something has its place in the session, too.
        let is_told = failed_set == FailedSet::AssertsMismatch;
        all.filter(move |(_, transaction)| is_told || transaction.outcome != Outcome::Aborted)
    };
    let times = transactions().map(|(_, transaction)| {
        let is_open = transaction.outcome == Outcome::Unknown;
        let returned = if is_open { Transaction::NEVER } else { transaction.returned };
        (transaction.session, transaction.invoked, returned)
    });
    // In columns, since there may be millions: sessions have numbers without gaps.
    let mut over = vec![None; sessions.sessions().len()];
    Ok(match touching(times, |session, returned| over[session as usize].replace(returned)) {
        Touching::No => Strict::Same,
        Touching::Beyond => Strict::None,
        Touching::Yes => {
            // For as long as it is judged; nothing else is held then.
            patience.afford(sessions.len(), 48)?;
            let mut strict = sessions.sub(&[]);
            for (id, transaction) in sessions.ids().map(|id| (id, sessions.transaction(id))) {
                let (invoked, returned) = apart(transaction.invoked, transaction.returned);
                let pushed =
                    strict.push(Transaction { invoked, returned, ..transaction }, sessions.accesses(id));
                if pushed.is_err() {
                    return Ok(Strict::None);
                }
            }
            Strict::Is(strict)
        }
    })
}

/// The same for items.
fn strict_items<O: Clone>(items: &[Item<O>]) -> Strict<Vec<Item<O>>> {
    let mut over = BTreeMap::new();
    let times = items.iter().map(|item| (item.session, item.invoked, item.returned));
    match touching(times, |session, returned| over.insert(session, returned)) {
        Touching::No => Strict::Same,
        Touching::Beyond => Strict::None,
        Touching::Yes => Strict::Is(
            items
                .iter()
                .map(|item| {
                    let (invoked, returned) = apart(item.invoked, item.returned);
                    Item { invoked, returned, ..item.clone() }
                })
                .collect(),
        ),
    }
}

/// Whether operations of one session touch.
enum Touching {
    No,
    Yes,
    Beyond,
}

/// From the session, beginning and end of each; `over` notes the end of a session's last, and tells that of the one before.
fn touching(
    times: impl Iterator<Item = (u32, u64, u64)>,
    mut over: impl FnMut(u32, u64) -> Option<u64>,
) -> Touching {
    let (mut touch, mut is_beyond) = (false, false);
    for (session, invoked, returned) in times {
        if let Some(before) = over(session, returned) {
            if before > invoked {
                return Touching::Beyond;
            }
            touch |= before == invoked;
        }
        let is_late = invoked >= LATE || returned >= LATE && returned != Transaction::NEVER;
        is_beyond |= invoked == returned || is_late;
    }
    match (touch, is_beyond) {
        (false, _) => Touching::No,
        (true, false) => Touching::Yes,
        (true, true) => Touching::Beyond,
    }
}

/// From this time on [`apart`] has no room, and would make concurrent what is not.
const LATE: u64 = u64::MAX / 2;

/// Times at which what touched is apart. Saturating: what never ends still never does, and nothing else is [`LATE`], but for
/// what has failed and is not looked at.
fn apart(invoked: u64, returned: u64) -> (u64, u64) {
    (invoked.saturating_mul(2).saturating_add(1), returned.saturating_mul(2))
}

/// Judges objects that are all of one kind.
fn all<S: Specification>(
    ways: Ways<'_, S>,
    items: Vec<Item<S::Operation>>,
    patience: &mut Patience<'_>,
) -> Result<(), Stop> {
    each(ways, items.clone(), patience)?;
    let is_sufficient = match strict_items(&items) {
        Strict::Same => true,
        Strict::Is(strict) => each(ways, strict, patience).is_ok(),
        Strict::None => false,
    };
    if is_sufficient { Ok(()) } else { together(ways.specification, items, ways.source, patience) }
}

/// Judges all objects together: only where sessions order what times do not.
fn together<S: Specification>(
    specification: &S,
    items: Vec<Item<S::Operation>>,
    source: Source<'_>,
    patience: &mut Patience<'_>,
) -> Result<(), Stop> {
    walk(specification, items, Times::Kept, source, patience)
}

/// How many steps each object has before all others have had theirs.
const STEPS_FIRST: u64 = 1 << 20;

/// Judges each object alone: first all of them with little patience, so that one that is hard does not hide that another is
/// wrong, then those that were too hard.
fn each<S: Specification>(
    ways: Ways<'_, S>,
    items: Vec<Item<S::Operation>>,
    patience: &mut Patience<'_>,
) -> Result<(), Stop> {
    let mut hard = Vec::new();
    for items in parted(items::weakened(ways.specification, items, patience)) {
        match (ways.quick)(&items, ways.source, patience)? {
            Known::Holds => continue,
            Known::Found(anomaly) => return Err(anomaly.into()),
            Known::Wrong(places) => return Err(told(ways, &items, &places, patience).into()),
            Known::Nothing => {}
        }
        match patience.within(STEPS_FIRST, |patience| one(ways, &items, patience)) {
            Err(Stop::Unknown(_)) => hard.push(items),
            result => result?,
        }
    }
    let mut unknown = None;
    for items in hard {
        match one(ways, &items, patience) {
            Err(Stop::Unknown(limit)) => drop(unknown.get_or_insert(limit)),
            result => result?,
        }
    }
    unknown.map_or(Ok(()), |limit| Err(limit.into()))
}

/// The items of each object.
fn parted<O>(items: Vec<Item<O>>) -> Vec<Vec<Item<O>>> {
    if items.windows(2).all(|two| two[0].part == two[1].part) {
        return vec![items];
    }
    let mut parts: Vec<Vec<Item<O>>> = Vec::new();
    for item in items {
        let part = item.part as usize;
        if parts.len() <= part {
            parts.resize_with(part + 1, Vec::new);
        }
        parts[part].push(item);
    }
    parts
}

/// Why there is no order of these items of one object, as its quick judge found.
fn told<S: Specification>(
    ways: Ways<'_, S>,
    items: &[Item<S::Operation>],
    places: &[u32],
    patience: &mut Patience<'_>,
) -> Anomaly {
    let wrong: Vec<_> = places.iter().map(|nth| items[*nth as usize].clone()).collect();
    if !patience.wants_evidence() {
        return Shrunk::not(wrong).found(TIMES, "", |id| ways.source.name(id));
    }
    patience.within(STEPS_FIRST, |patience| {
        let shrunk = shrink(ways.specification, wrong, Times::Kept, |items| {
            match (ways.quick)(items, ways.source, patience)? {
                Known::Holds => Ok(true),
                Known::Wrong(_) | Known::Found(_) => Ok(false),
                Known::Nothing => Ok(stuck_at(ways.specification, items, patience)?.is_none()),
            }
        });
        evidence(ways, &shrunk, patience)
    })
}

/// Evidence of more operations is tried to be told by the sums of most of them.
pub(super) const FEW: usize = 10;

/// Judges one object, by sums, and by search.
fn one<S: Specification>(
    ways: Ways<'_, S>,
    items: &[Item<S::Operation>],
    patience: &mut Patience<'_>,
) -> Result<(), Stop> {
    let specification = ways.specification;
    let beyond = sums::beyond(specification, items, Times::Kept, patience)?;
    let steps = patience.steps();
    let last = match &beyond {
        None => stuck_at(specification, items, patience)?,
        // Known to be wrong; a search shows it better if it comes to an end.
        Some(_) => {
            patience.within(STEPS_KNOWN, |patience| stuck_at(specification, items, patience)).unwrap_or(None)
        }
    };
    let Some(last) = last else {
        return beyond.map_or(Ok(()), |beyond| Err(beyond.found(|id| ways.source.name(id)).into()));
    };
    let horizon = items[last as usize].returned;
    if !patience.wants_evidence() {
        let searched = Shrunk::not(items.to_vec());
        return Err(searched.found(TIMES, "", |id| ways.source.name(id)).into());
    }
    let steps = (patience.steps() - steps).saturating_mul(4).max(STEPS_FIRST);
    // Sums show it by few as well.
    let is_sum = sums::are_all(specification, items);
    let shrunk = patience.within(if is_sum { STEPS_KNOWN } else { steps }, |patience| {
        // What began after the end that no order came beyond mostly has no part in it.
        let prefix = until(specification, items, horizon);
        let is_enough = matches!(stuck_at(specification, &prefix, patience), Ok(Some(_)));
        let wrong = if is_enough { prefix } else { items.to_vec() };
        let detours = quiet::without_detours(specification, wrong, patience);
        shrink(specification, detours, Times::Kept, |items| {
            Ok(stuck_at(specification, items, patience)?.is_none())
        })
    });
    let by_sums = if shrunk.items.len() <= FEW {
        None
    } else {
        let beyond = beyond.or_else(|| sums::between(specification, items, Times::Kept));
        let beyond = beyond.map(|beyond| beyond.found(|id| ways.source.name(id)));
        beyond.or_else(|| patience.within(steps, |patience| fewer(ways, items, shrunk.items.len(), patience)))
    };
    let found = || patience.within(steps, |patience| evidence(ways, &shrunk, patience));
    Err(by_sums.unwrap_or_else(found).into())
}

/// How many steps are spent on a search where it is known what it will find.
pub(super) const STEPS_KNOWN: u64 = 1 << 16;

/// Evidence of fewer operations than so many, which begins with the sum of the others.
fn fewer<S: Specification>(
    ways: Ways<'_, S>,
    items: &[Item<S::Operation>],
    count: usize,
    patience: &mut Patience<'_>,
) -> Option<Anomaly> {
    let few = sums::shrunk(ways.specification, items, Times::Kept, |items| {
        Ok(stuck_at(&Counter, items, patience)?.is_none())
    })?;
    let few = few.loosened(|items| Ok(stuck_at(&Loose, items, patience)?.is_none()));
    let found = few.found("their times", |id| ways.source.name(id));
    let dead_end = dead_end(&Counter, &few.items, Times::Kept, patience);
    (few.items.len() < count).then(|| found.stuck(dead_end))
}

/// What orders respect.
const TIMES: &str = "their times";

/// Of how many operations at most it is said beyond which one no order comes, which takes one more search.
const DEAD_END_MAX: usize = 100;

/// What is left of items without an order, with the one that none comes beyond.
fn evidence<S: Specification>(
    ways: Ways<'_, S>,
    shrunk: &Shrunk<S::Operation>,
    patience: &mut Patience<'_>,
) -> Anomaly {
    let starts = [ways.specification.init()];
    let furthest = |patience: &mut Patience<'_>| {
        let search = RealTime::new(ways.specification, &shrunk.items, &starts, patience)?;
        let mut search = search.without_foresight();
        search.next_end(patience)?;
        Ok::<_, Limit>(search.dead_end() as usize)
    };
    let furthest = if shrunk.items.len() <= DEAD_END_MAX { furthest(patience).ok() } else { None };
    let name = furthest.map(|item| ways.source.name(shrunk.items[item].id));
    let beyond = name.map_or_else(String::new, |name| format!("; none gets further than {name}"));
    let found = shrunk.found(TIMES, &beyond, |id| ways.source.name(id));
    found.stuck(dead_end(ways.specification, &shrunk.items, Times::Kept, patience))
}

/// What began by then. What was over only later may have needed what began later, so it is open.
fn until<S: Specification>(
    specification: &S,
    items: &[Item<S::Operation>],
    horizon: u64,
) -> Vec<Item<S::Operation>> {
    let begun = items.iter().filter(|item| item.invoked <= horizon);
    let cut = begun.map(|item| match item.returned <= horizon {
        true => item.clone(),
        false => Item { returned: Transaction::NEVER, fate: Fate::Open, ..item.clone() },
    });
    cut.filter(|item| !item.is_open() || !specification.is_pure(&item.operation)).collect()
}

//! Sequential consistency: all see one order, in which everybody's own operations stand as they were done.

use constellation_trace::{History, Limit, Sessions};

use super::asked::{Asked, Kinds, ask};
use super::causal_convergence::CausalConvergence;
use super::finding::{Anomaly, Finding, Stop};
use super::items::{self, Source};
use super::linearizable::{FEW, STEPS_KNOWN};
use super::objects::{
    Cell, CellOperation, Counter, FailedSet, Mixed, MixedOperation, Object, RegisterOperation, Visit,
};
use super::patience::Patience;
use super::search::{Item, Shrunk, Times, Walk, dead_end, shrink};
use super::serializable::Serializable;
use super::specification::Specification;
use super::sums::Loose;
use super::views::CausalMemory;
use super::weakness::Weakness;
use super::{About, Judges, Model, Recorded, sums};

/// Sequential consistency: there is one order of all operations which the objects explain and which has those of each
/// session as they stand there; time does not matter.
///
/// It is not local: each object alone may have an order, and all together none. So the search is over all of them at once, and
/// its cost is exponential in the number of sessions. What is not even causally convergent, or a causal
/// memory, is found before; and of registers alone so is mostly what holds, by what their reads say of the order of writes.
///
/// What is judged is as for [`Linearizable`](super::Linearizable).
#[derive(Clone, Copy, Debug)]
pub struct Sequential;

static SEQUENTIAL: About = About {
    name: "sequential",
    sentence: "all see one order, in which everybody's own operations stand as they were done",
    source: "Lamport, How to Make a Multiprocessor Computer That Correctly Executes Multiprocess Programs (1979)",
    cost: "that of causal memory where it is not even that, else O(n^k) at worst",
    judges: Judges::Operations,
    implies: &["causal-convergence", "causal-memory"],
};

impl Model for Sequential {
    fn about(&self) -> &'static About {
        &SEQUENTIAL
    }

    fn judge(&self, recorded: &Recorded<'_>, patience: &mut Patience<'_>) -> Finding {
        patience.begin();
        ask(recorded, &mut Judge { failed_set: recorded.failed_set, patience }).into()
    }
}

impl Sequential {
    /// Judges a history of objects of your own. Transaction n of the finding is operation n of the history.
    pub fn judge_as<S: Specification>(
        specification: &S,
        history: &History,
        patience: &mut Patience<'_>,
    ) -> Finding {
        let items = items::of_history(specification, history, |call| Some(specification.partition(call)));
        let source = Source::History(history);
        let judged = items.map_err(Stop::from);
        judged.and_then(|items| walk(specification, items, Times::Ignored, source, patience)).into()
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
        let items = items::of_sessions(sessions, self.failed_set, |_| true)?;
        self.check_weaker(&CausalConvergence, sessions)?;
        let known =
            are_like_transactions(&items, self.patience).then(|| as_transactions(sessions, self.patience));
        if let Some(Finding::Holds) = known {
            return Ok(());
        }
        self.check_weaker(&CausalMemory, sessions)?;
        self.patience.begin();
        let source = Source::Sessions(sessions);
        let walked = |patience: &mut Patience<'_>| walk(&Cell, items, Times::Ignored, source, patience);
        let Some(Finding::Violated(anomaly)) = known else { return walked(self.patience) };
        // A search shows it better if it comes to an end.
        match self.patience.within(STEPS_KNOWN, walked) {
            Err(Stop::Unknown(_)) => Err(anomaly.into()),
            walked => walked,
        }
    }

    fn history(&mut self, history: &History, kinds: &Kinds<'_>) -> Result<(), Stop> {
        let source = Source::History(history);
        let [object] = kinds.objects()[..] else {
            let (mixed, items) = several(history, kinds, self.failed_set)?;
            return walk(&mixed, items, Times::Ignored, source, self.patience);
        };
        object.visit(self.failed_set, &mut OfObject { object, history, kinds, patience: self.patience })
    }
}

/// Whether these are sequentially consistent if and only if they are session-serializable as transactions: reads, writes and
/// compare-and-sets of registers, of which an open one that nobody saw can be left out of any order.
fn are_like_transactions(items: &[Item<CellOperation>], patience: &Patience<'_>) -> bool {
    let is_register = |item: &Item<CellOperation>| {
        let mismatch = matches!(item.operation, CellOperation::Register(RegisterOperation::Mismatch(_)));
        matches!(item.operation, CellOperation::Register(_)) && !mismatch
    };
    // Each forgets something else of the same name.
    patience.forgets(Weakness::Nothing) && items.iter().all(is_register)
}

/// Judges them as transactions of one operation, by what their reads say of the order of writes, with half of what is left:
/// a search along many sessions, as there are where clients begin another with each answer that they do not get, does not see
/// that much.
fn as_transactions(sessions: &Sessions, patience: &mut Patience<'_>) -> Finding {
    patience.begin();
    let half = patience.budget().steps_max.saturating_sub(patience.steps()) / 2;
    patience.within(half, |patience| {
        let judge =
            |patience: &mut Patience<'_>| Serializable::SESSION.judge(&Recorded::from(sessions), patience);
        patience.told_briefly(judge).0
    })
}

impl Judge<'_, '_> {
    /// What violates a weaker model violates this one.
    fn check_weaker(&mut self, weaker: &dyn Model, sessions: &Sessions) -> Result<(), Anomaly> {
        match weaker.judge(&Recorded::from(sessions), self.patience) {
            Finding::Violated(anomaly) => Err(anomaly),
            Finding::Holds | Finding::Unknown(_) => Ok(()),
        }
    }
}

/// The operations on objects of several kinds, which one order has to explain.
fn several(
    history: &History,
    kinds: &Kinds<'_>,
    failed_set: FailedSet,
) -> Result<(Mixed, Vec<Item<MixedOperation>>), Limit> {
    let mut items = Vec::new();
    let mut parts = 0;
    for object in kinds.objects() {
        let read =
            items::of_history(&Mixed::new(object, failed_set), history, |call| kinds.part(object, call))?;
        let count = read.iter().map(|item| item.part + 1).max().unwrap_or(0);
        items.extend(read.into_iter().map(|item| Item { part: parts + item.part, ..item }));
        // Cannot wrap: there are as few as operations.
        parts += count;
    }
    items.sort_by_key(|item| item.id);
    Ok((Mixed::new(Object::Register, failed_set), items))
}

struct OfObject<'o, 'p, 'a> {
    object: Object,
    history: &'o History,
    kinds: &'o Kinds<'o>,
    patience: &'p mut Patience<'a>,
}

impl Visit for OfObject<'_, '_, '_> {
    type Result = Result<(), Stop>;

    fn visit<S: Specification>(&mut self, specification: &S) -> Result<(), Stop> {
        let part = |call| self.kinds.part(self.object, call);
        let items = items::of_history(specification, self.history, part)?;
        walk(specification, items, Times::Ignored, Source::History(self.history), self.patience)
    }
}

/// How many steps may be spent on making evidence small, if the search itself took fewer.
const STEPS_SHRINKING: u64 = 1 << 20;

/// Judges all objects together, by sums and by a search for one order of all.
pub(super) fn walk<S: Specification>(
    specification: &S,
    items: Vec<Item<S::Operation>>,
    times: Times,
    source: Source<'_>,
    patience: &mut Patience<'_>,
) -> Result<(), Stop> {
    let items = items::weakened(specification, items, patience);
    let beyond = sums::beyond(specification, &items, times, patience)?;
    let steps = patience.steps();
    let explained =
        |patience: &mut Patience<'_>| Walk::new(specification, &items, times, patience)?.explains(patience);
    let is_explained = match &beyond {
        None => explained(patience)?,
        // Known to be wrong; a search shows it better if it comes to an end.
        Some(_) => patience.within(STEPS_KNOWN, explained).unwrap_or(true),
    };
    if is_explained {
        return beyond.map_or(Ok(()), |beyond| Err(beyond.found(|id| source.name(id)).into()));
    }
    let name = |id| source.name(id);
    if !patience.wants_evidence() {
        return Err(Shrunk::not(items).found(respects(times), "", name).into());
    }
    let steps = (patience.steps() - steps).saturating_mul(4).max(STEPS_SHRINKING);
    let shrunk = patience.within(steps, |patience| {
        shrink(specification, items, times, |items| {
            Walk::new(specification, items, times, patience)?.explains(patience)
        })
    });
    if shrunk.items.len() > FEW {
        if let Some(beyond) = beyond.or_else(|| sums::between(specification, &shrunk.items, times)) {
            return Err(beyond.found(|id| source.name(id)).into());
        }
        if let Some(found) =
            patience.within(steps, |patience| fewer(specification, &shrunk, times, source, patience))
        {
            return Err(found.into());
        }
    }
    let found = shrunk.found(respects(times), "", name);
    let dead_end = patience.within(steps, |patience| dead_end(specification, &shrunk.items, times, patience));
    Err(found.stuck(dead_end).into())
}

/// What an order must respect.
const fn respects(times: Times) -> &'static str {
    match times {
        Times::Kept => "their times and sessions",
        Times::Ignored => "their sessions",
    }
}

/// Evidence of fewer operations on one object than are left, which begins with the sum of the others.
fn fewer<S: Specification>(
    specification: &S,
    shrunk: &Shrunk<S::Operation>,
    times: Times,
    source: Source<'_>,
    patience: &mut Patience<'_>,
) -> Option<Anomaly> {
    let one = shrunk.items.first()?.part;
    if shrunk.items.iter().any(|item| item.part != one) {
        return None;
    }
    let few = sums::shrunk(specification, &shrunk.items, times, |items| {
        Walk::new(&Counter, items, times, patience)?.explains(patience)
    })?;
    let few = few.loosened(|items| Walk::new(&Loose, items, times, patience)?.explains(patience));
    let found = few.found(respects(times), |id| source.name(id));
    let dead_end = dead_end(&Counter, &few.items, times, patience);
    (few.items.len() < shrunk.items.len()).then(|| found.stuck(dead_end))
}

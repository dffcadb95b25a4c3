//! What a run promises: each promise is judged from the trace alone, by a comparison that is handed in.

use std::cmp;

use constellation_clock::{ExactStamp, Group, Identity, Ordering, VectorStamp};
use constellation_trace::{
    ClaimKind, ClaimRef, EventId, History, HistoryCounts, Judgement, Limit, ProcessId, Relation, Relations,
    Trace, Verdict, WallTime,
};
use constellation_verify::{Budget, Order, catalog, claims, delivery};

use crate::scenario::Scenario;
use crate::subject::PromiseId;

/// When a promise must hold.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Phase {
    /// Throughout, whatever goes wrong.
    Safety,
    /// In the end: once nothing goes wrong any more, everything is mended, and all had the time that it needs.
    Convergence,
}

/// Something that a run promises, judged by itself.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Promise {
    VectorsAreExact,
    VectorsAreJoins,
    LamportFollowsCauses,
    HybridFollowsCauses,
    NoLostUpdate,
    EveryUpdateSurvives,
    NoStaleSibling,
    NoThinAir,
    ReplicasConverge,
    MessagesArrive,
    LinksKeepOrder,
}

/// What a judge said of a run.
pub(crate) struct Judged {
    /// What was promised, in the order of the judgements; nothing where the run is too large to be judged.
    pub(crate) promises: Vec<Promise>,
    pub(crate) judgements: Vec<Judgement>,
    pub(crate) remarks: Vec<String>,
}

/// Judges every promise of a run, safety and convergence alike.
pub(crate) fn judge(scenario: &Scenario, trace: &Trace) -> Judged {
    judge_with(scenario, trace, remarks)
}

/// As [`judge`], without a remark: for whoever looks at nothing but the verdicts.
pub(crate) fn judge_only(scenario: &Scenario, trace: &Trace) -> Judged {
    judge_with(scenario, trace, |_, _| Vec::new())
}

fn judge_with(
    scenario: &Scenario,
    trace: &Trace,
    remarks: impl FnOnce(&Order<'_>, &Budget) -> Vec<String>,
) -> Judged {
    let budget = Budget::default();
    let order = match Order::of(trace, &budget) {
        Ok(order) => order,
        Err(limit) => {
            let judgements = vec![too_large(limit)];
            return Judged { promises: Vec::new(), judgements, remarks: Vec::new() };
        }
    };
    let mut promises = promises(trace);
    if scenario.keeps_order() {
        promises.push(Promise::LinksKeepOrder);
    }
    let judgements = promises.iter().map(|promise| promise.judge(&order, &budget)).collect();
    let remarks = operations(trace).into_iter().chain(remarks(&order, &budget)).collect();
    Judged { promises, judgements, remarks }
}

/// Judges what any trace can be held to, whoever recorded it; how its links should behave is not known.
pub fn judge_trace(trace: &Trace) -> Vec<Judgement> {
    let budget = Budget::default();
    match Order::of(trace, &budget) {
        Ok(order) => promises(trace).iter().map(|promise| promise.judge(&order, &budget)).collect(),
        Err(limit) => vec![too_large(limit)],
    }
}

/// As [`judge_trace`], of a run that still goes on: only what must hold throughout, since nothing has come to its end.
pub fn judge_unfinished(trace: &Trace) -> Vec<Judgement> {
    let budget = Budget::default();
    let is_throughout = |promise: &Promise| promise.phase() == Phase::Safety;
    match Order::of(trace, &budget) {
        Ok(order) => {
            let promises = promises(trace).into_iter().filter(is_throughout);
            promises.map(|promise| promise.judge(&order, &budget)).collect()
        }
        Err(limit) => vec![too_large(limit)],
    }
}

fn too_large(limit: Limit) -> Judgement {
    let promise = "the run can be judged".to_owned();
    Judgement { promise, verdict: Verdict::Unknown(limit), scope: String::new() }
}

/// What a trace can be held to: of clocks, that for which there are claims.
fn promises(trace: &Trace) -> Vec<Promise> {
    let mut promises = Vec::new();
    let claimed = |kind| trace.claims(kind).next().is_some();
    if claimed(ClaimKind::Vector) {
        promises.extend([Promise::VectorsAreExact, Promise::VectorsAreJoins]);
    }
    if claimed(ClaimKind::Lamport) {
        promises.push(Promise::LamportFollowsCauses);
    }
    if claimed(ClaimKind::Hybrid) {
        promises.push(Promise::HybridFollowsCauses);
    }
    if !trace.writes().is_empty() || !trace.reads().is_empty() {
        promises.extend([
            Promise::NoLostUpdate,
            Promise::EveryUpdateSurvives,
            Promise::NoStaleSibling,
            Promise::NoThinAir,
            Promise::ReplicasConverge,
        ]);
    }
    promises.push(Promise::MessagesArrive);
    promises
}

impl Promise {
    const ALL: [Promise; 11] = [
        Promise::VectorsAreExact,
        Promise::VectorsAreJoins,
        Promise::LamportFollowsCauses,
        Promise::HybridFollowsCauses,
        Promise::NoLostUpdate,
        Promise::EveryUpdateSurvives,
        Promise::NoStaleSibling,
        Promise::NoThinAir,
        Promise::ReplicasConverge,
        Promise::MessagesArrive,
        Promise::LinksKeepOrder,
    ];

    /// Its number among the promises of scenarios.
    pub(crate) const fn id(self) -> PromiseId {
        PromiseId(self as u32)
    }

    /// The promise with this number.
    pub(crate) fn of(id: PromiseId) -> Option<Promise> {
        Promise::ALL.into_iter().find(|promise| promise.id() == id)
    }

    /// When it must hold.
    pub(crate) const fn phase(self) -> Phase {
        match self {
            Promise::EveryUpdateSurvives | Promise::ReplicasConverge | Promise::MessagesArrive => {
                Phase::Convergence
            }
            Promise::VectorsAreExact
            | Promise::VectorsAreJoins
            | Promise::LamportFollowsCauses
            | Promise::HybridFollowsCauses
            | Promise::NoLostUpdate
            | Promise::NoStaleSibling
            | Promise::NoThinAir
            | Promise::LinksKeepOrder => Phase::Safety,
        }
    }

    /// Whether it is kept.
    pub(crate) fn judge(self, order: &Order<'_>, budget: &Budget) -> Judgement {
        match self {
            Promise::VectorsAreExact => vectors(order, budget),
            Promise::VectorsAreJoins => {
                let promise = "each vector stamp is the join of its causes and one tick".to_owned();
                Judgement { promise, ..claims::structure(order) }
            }
            Promise::LamportFollowsCauses => follows_causes(order, ClaimKind::Lamport, budget),
            Promise::HybridFollowsCauses => follows_causes(order, ClaimKind::Hybrid, budget),
            Promise::NoLostUpdate => catalog::no_lost_update(order, budget),
            Promise::EveryUpdateSurvives => catalog::every_update_survives(order),
            Promise::NoStaleSibling => catalog::no_stale_sibling(order, budget),
            Promise::NoThinAir => catalog::no_thin_air(order),
            Promise::ReplicasConverge => catalog::replicas_converge(order),
            Promise::MessagesArrive => delivery::every_message_arrives(order),
            Promise::LinksKeepOrder => delivery::links_keep_order(order),
        }
    }

    /// How many pairs, of events or of a read and an update, judging it compares at most.
    pub(crate) fn pairs(self, trace: &Trace, budget: &Budget) -> u64 {
        let kind = match self {
            Promise::VectorsAreExact => ClaimKind::Vector,
            Promise::LamportFollowsCauses => ClaimKind::Lamport,
            Promise::HybridFollowsCauses => ClaimKind::Hybrid,
            Promise::NoLostUpdate | Promise::NoStaleSibling => {
                // Saturating: a bound is enough, and the budget is one.
                let pairs = (trace.reads().len() as u64).saturating_mul(trace.writes().len() as u64);
                return pairs.min(budget.pairs_max);
            }
            _ => return 0,
        };
        let claims = trace.claims(kind).count() as u64;
        (claims.saturating_mul(claims) / 2).min(budget.pairs_max)
    }
}

/// Vectors are exact.
fn vectors(order: &Order<'_>, budget: &Budget) -> Judgement {
    let trace = order.trace();
    let stamps = Stamps::of(trace, budget);
    let judged = claims::judge_by_event(order, ClaimKind::Vector, budget, |one, other| match &stamps {
        Some(stamps) => stamps.compare(one.0, other.0),
        None => compare(trace, one.1, other.1),
    });
    Judgement { promise: "vector stamps tell before, after and concurrent exactly".to_owned(), ..judged }
}

/// Other logical clocks never contradict happens-before.
fn follows_causes(order: &Order<'_>, kind: ClaimKind, budget: &Budget) -> Judgement {
    let judged = claims::judge(order, kind, budget, |one, other| compare(order.trace(), one, other));
    Judgement { promise: format!("{kind} stamps never contradict happens-before"), ..judged }
}

/// The vector claims of a trace as stamps of the clock over one table of names: made once, not anew for each pair.
struct Stamps {
    /// By event; `None` where there is no claim, or none that the clock can take.
    stamps: Vec<Option<VectorStamp>>,
}

impl Stamps {
    /// Reads them; `None` if they would need more memory than the budget allows.
    fn of(trace: &Trace, budget: &Budget) -> Option<Stamps> {
        let width = trace.processes().len() as u64;
        let count = trace.claims(ClaimKind::Vector).count() as u64;
        let inline = size_of::<Option<VectorStamp>>() as u64;
        // Saturating: a need beyond 2^64 bytes is beyond any budget that could be met.
        let needed = count.saturating_mul(width).saturating_mul(8);
        if needed.saturating_add(inline.saturating_mul(trace.events().len() as u64)) > budget.bytes_max {
            return None;
        }
        let names = (0..).map(ProcessId::new).take(trace.processes().len());
        let group = Group::new(names.map(|process| Identity::from(&*trace.process_name(process))));
        let mut stamps = vec![None; trace.events().len()];
        for (event, claim) in trace.claims(ClaimKind::Vector) {
            stamps[event.index()] = stamp(trace, claim).map(|stamp| {
                let mut shared = group.origin();
                shared.merge(&stamp);
                shared
            });
        }
        Some(Stamps { stamps })
    }

    fn compare(&self, one: EventId, other: EventId) -> Relations {
        match (&self.stamps[one.index()], &self.stamps[other.index()]) {
            (Some(one), Some(other)) => relation(one.compare(other)).into(),
            _ => Relations::ANY,
        }
    }
}

/// What two claims of one kind do not exclude, by the clocks' own comparison.
pub fn compare(trace: &Trace, one: ClaimRef<'_>, other: ClaimRef<'_>) -> Relations {
    match (one, other) {
        (ClaimRef::Vector(_), ClaimRef::Vector(_)) => match (stamp(trace, one), stamp(trace, other)) {
            (Some(one), Some(other)) => relation(one.compare(&other)).into(),
            _ => Relations::ANY,
        },
        (ClaimRef::Lamport(one), ClaimRef::Lamport(other)) => by_time(one, other),
        (
            ClaimRef::Hybrid { physical_ns, logical },
            ClaimRef::Hybrid { physical_ns: other_ns, logical: other_logical },
        ) => by_time((physical_ns, logical), (other_ns, other_logical)),
        (ClaimRef::Wall(one), ClaimRef::Wall(other)) => naive_wall(one, other),
        _ => Relations::ANY,
    }
}

/// What the clock condition leaves possible of two events: the one before has the lower time, not the other way
/// round; equal times are certain concurrency, since one is never compared with itself.
fn by_time<T: Ord>(one: T, other: T) -> Relations {
    match one.cmp(&other) {
        cmp::Ordering::Less => Relations::of([Relation::Before, Relation::Concurrent]),
        cmp::Ordering::Greater => Relations::of([Relation::After, Relation::Concurrent]),
        cmp::Ordering::Equal => Relation::Concurrent.into(),
    }
}

/// What somebody believes who orders events by wall clocks; equal times say nothing.
fn naive_wall(one: WallTime, other: WallTime) -> Relations {
    match one.cmp(&other) {
        cmp::Ordering::Equal => Relations::ANY,
        unequal => by_time(unequal, cmp::Ordering::Equal),
    }
}

fn relation(ordering: Ordering) -> Relation {
    match ordering {
        Ordering::Before => Relation::Before,
        Ordering::After => Relation::After,
        Ordering::Equal => Relation::Equal,
        Ordering::Concurrent => Relation::Concurrent,
    }
}

fn stamp(trace: &Trace, claim: ClaimRef<'_>) -> Option<VectorStamp> {
    let ClaimRef::Vector(vector) = claim else { return None };
    let entries = vector.iter().map(|(name, counter)| (trace.text(name), counter));
    VectorStamp::from_entries(entries).ok()
}

/// What became of the operations of clients, if there are any.
pub(crate) fn operations(trace: &Trace) -> Option<String> {
    let HistoryCounts { invoked, done, failed, open, .. } = History::of(trace).counts();
    let operations = if invoked == 1 { "1 operation".to_owned() } else { format!("{invoked} operations") };
    (invoked > 0).then(|| format!("clients began {operations}: {done} done, {failed} failed, {open} open"))
}

/// What the wall clocks of the run did, which nobody promised anything of.
fn remarks(order: &Order<'_>, budget: &Budget) -> Vec<String> {
    let trace = order.trace();
    let worst = trace.claims(ClaimKind::Wall).filter_map(|(event, claim)| {
        let ClaimRef::Wall(shown) = claim else { return None };
        Some((trace.wall_lie_ns(event, shown)?, event))
    });
    let Some((lie_ns, event)) = worst.max_by_key(|(lie_ns, event)| (lie_ns.abs(), cmp::Reverse(*event)))
    else {
        return Vec::new();
    };
    if lie_ns.abs() < 1_000_000 {
        return Vec::new();
    }
    let node = trace.node_name(trace.node_of(event));
    let side = if lie_ns > 0 { "ahead of" } else { "behind" };
    let mut remarks =
        vec![format!("the wall clock of {node} is up to {} ms {side} the truth", lie_ns.abs() / 1_000_000)];
    let wall = claims::judge(order, ClaimKind::Wall, budget, |one, other| compare(trace, one, other));
    if let Verdict::Violated(evidence) = wall.verdict {
        remarks.push(format!("whoever orders by wall clocks is wrong: {}", evidence.found));
    }
    remarks
}

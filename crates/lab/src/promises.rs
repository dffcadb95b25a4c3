//! What a run promises: each promise is judged from the trace alone, by a comparison that is handed in.

use std::cmp;

use constellation_clock::{ExactStamp, Ordering, VectorStamp};
use constellation_trace::{
    ClaimKind, ClaimRef, Judgement, Limit, Relation, Relations, Trace, Verdict, WallTime,
};
use constellation_verify::{Budget, Order, catalog, claims, delivery};

use crate::run::keeps_order;
use crate::scenario::Scenario;

/// What a judge said of a run.
pub(crate) struct Judged {
    pub(crate) judgements: Vec<Judgement>,
    pub(crate) remarks: Vec<String>,
}

/// Judges every promise of a run, safety and convergence alike.
pub(crate) fn judge(scenario: &Scenario, trace: &Trace) -> Judged {
    let budget = Budget::default();
    let order = match Order::of(trace, &budget) {
        Ok(order) => order,
        Err(limit) => return Judged { judgements: vec![too_large(limit)], remarks: Vec::new() },
    };
    let mut judgements = promises(&order, &budget);
    if keeps_order(scenario) {
        judgements.push(delivery::links_keep_order(&order));
    }
    Judged { judgements, remarks: remarks(&order, &budget) }
}

/// Judges what any trace can be held to, whoever recorded it; how its links should behave is not known.
pub fn judge_trace(trace: &Trace) -> Vec<Judgement> {
    let budget = Budget::default();
    match Order::of(trace, &budget) {
        Ok(order) => promises(&order, &budget),
        Err(limit) => vec![too_large(limit)],
    }
}

fn too_large(limit: Limit) -> Judgement {
    let promise = "the run can be judged".to_owned();
    Judgement { promise, verdict: Verdict::Unknown(limit), scope: String::new() }
}

fn promises(order: &Order<'_>, budget: &Budget) -> Vec<Judgement> {
    let mut judgements = clocks(order, budget);
    if !order.trace().writes().is_empty() || !order.trace().reads().is_empty() {
        judgements.push(catalog::no_lost_update(order, budget));
        judgements.push(catalog::no_stale_sibling(order, budget));
        judgements.push(catalog::no_thin_air(order));
        judgements.push(catalog::replicas_converge(order));
    }
    judgements.push(delivery::every_message_arrives(order));
    judgements
}

/// What logical clocks promise, for each kind of which there are claims: vectors are exact, the others never
/// contradict happens-before.
fn clocks(order: &Order<'_>, budget: &Budget) -> Vec<Judgement> {
    let kinds = [ClaimKind::Vector, ClaimKind::Lamport, ClaimKind::Hybrid].into_iter();
    let claimed = kinds.filter(|kind| order.trace().claims(*kind).next().is_some());
    let judge = |kind| {
        let judged = claims::judge(order, kind, budget, |one, other| compare(order.trace(), one, other));
        let promise = match kind {
            ClaimKind::Vector => "vector stamps tell before, after and concurrent exactly".to_owned(),
            kind => format!("{kind} stamps never contradict happens-before"),
        };
        Judgement { promise, ..judged }
    };
    claimed.map(judge).collect()
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

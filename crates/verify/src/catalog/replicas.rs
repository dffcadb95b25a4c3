//! Whether all nodes show the same in the end.

use std::collections::{BTreeMap, BTreeSet};

use constellation_trace::{Judgement, Limit, NodeId, Proof, Read, Symbol, Verdict};

use super::{in_order, shows};
use crate::evidence::{Finding, and_more, counted};
use crate::order::{self, Order};
use crate::proof;

/// Judges that the last read of each key is the same at every node.
///
/// The caller sees to it that the last reads come after the heal, when all news has arrived. A node that crashed
/// and never came back is no replica any more. If a node never read a key that some node wrote or read, and all
/// others agree, the answer is [`Limit::NotRecorded`]. The order of siblings does not matter.
///
/// The first key is shown, by the number of its symbol, with the first node that differs from the first one.
///
/// O(events + reads × log + keys × nodes) in time; a reference for each key and node.
pub fn replicas_converge(order: &Order<'_>) -> Judgement {
    let promise = "replicas converge".to_owned();
    let trace = order.trace();
    let keys: BTreeSet<Symbol> = trace
        .reads()
        .iter()
        .map(|read| read.key)
        .chain(trace.writes().iter().map(|write| write.key))
        .collect();
    let last: BTreeMap<(Symbol, NodeId), &Read> =
        trace.reads().iter().map(|read| ((read.key, trace.node_of(read.event)), read)).collect();
    let down = order::down_at_end(trace);
    let nodes: BTreeSet<NodeId> = trace.processes().iter().map(|process| process.node).collect();
    let nodes: Vec<NodeId> = nodes.difference(&down).copied().collect();
    let (mut shown, mut wrong, mut missing) = (None, 0, None);
    for &key in &keys {
        let reads: Vec<&Read> = nodes.iter().filter_map(|node| last.get(&(key, *node)).copied()).collect();
        if let Some(pair) = diverged(&reads) {
            wrong += 1;
            shown.get_or_insert(pair);
        }
        if let Some(node) = nodes.iter().find(|node| !last.contains_key(&(key, **node))) {
            missing.get_or_insert((key, *node));
        }
    }
    let scope = format!("{} at {}", counted(keys.len() as u64, "key"), counted(nodes.len() as u64, "node"));
    let verdict = match (shown, missing) {
        (Some((one, other)), _) => divergence(order, one, other, wrong - 1).violated(order),
        (None, Some((key, node))) => {
            let what = format!("what {} shows under {} is", trace.node_name(node), trace.text(key));
            Verdict::Unknown(Limit::NotRecorded(what))
        }
        (None, None) => Verdict::Holds,
    };
    Judgement { promise, verdict, scope }
}

fn shown_set(read: &Read) -> BTreeSet<Symbol> {
    read.shows.iter().copied().collect()
}

/// The first read and the first that shows something else.
fn diverged<'t>(reads: &[&'t Read]) -> Option<(&'t Read, &'t Read)> {
    let (&first, rest) = reads.split_first()?;
    let expected = shown_set(first);
    rest.iter().find(|read| shown_set(read) != expected).map(|read| (first, *read))
}

fn divergence(order: &Order<'_>, one: &Read, other: &Read, others: u64) -> Finding {
    let trace = order.trace();
    let node = |read: &Read| trace.node_name(trace.node_of(read.event));
    let key = trace.text(one.key);
    let (shown_by_one, shown_by_other) = (shown_set(one), shown_set(other));
    // The two differ, so one of them lacks something that the other shows.
    let lacks = |has: &BTreeSet<Symbol>, lacks: &BTreeSet<Symbol>| has.difference(lacks).next().copied();
    let (poor, update) = match lacks(&shown_by_one, &shown_by_other) {
        Some(update) => (other, Some(update)),
        None => (one, lacks(&shown_by_other, &shown_by_one)),
    };
    let update_name = update.map_or("", |update| trace.text(update));
    let found = format!(
        "{} lacks {update_name}: at {} {}, at {} {}{}",
        node(poor),
        node(one),
        shows(order, one),
        node(other),
        shows(order, other),
        and_more(others, "key")
    );
    let write = update.and_then(|update| trace.write(one.key, update));
    Finding {
        expected: format!("{} and {} show the same under {key} in the end", node(one), node(other)),
        found,
        events: in_order([one.event, other.event].into_iter().chain(write.map(|write| write.event))),
        proof: write.map_or_else(
            || Proof::Rule(format!("nobody wrote {update_name}, yet it is shown")),
            |write| proof::prove(order, write.event, poor.event),
        ),
    }
}

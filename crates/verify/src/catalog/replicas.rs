//! Whether all nodes show the same in the end.

use std::collections::BTreeSet;

use constellation_trace::{Judgement, Proof, Read, Symbol, Verdict};

use super::last::LastReads;
use super::{in_order, shows};
use crate::breach::Breach;
use crate::evidence::{and_more, counted, not_recorded};
use crate::order::Order;
use crate::proof;

/// Judges that the last read of each key is the same at every node.
///
/// A last read is one by the process that lives at the end, after the last write of its key and after the last heal,
/// in the order of recording; what was shown before may still have changed. The caller sees to it that the last reads
/// come when all news has arrived. A node that left, or crashed and never came back, is no replica any more, and a client,
/// which begins operations and neither writes nor reads, never was one.
///
/// If a living node has no last read of a key that some node wrote or read, and all others agree, or if no node lives,
/// the answer is [`Limit::NotRecorded`](constellation_trace::Limit::NotRecorded). The order of siblings does not
/// matter.
///
/// The first key is shown, by the number of its symbol, with the first node that differs from the first one.
///
/// O(events + (reads + writes) × log + keys × nodes) in time; a reference for each key and node.
pub fn replicas_converge(order: &Order<'_>) -> Judgement {
    let promise = "replicas converge".to_owned();
    let trace = order.trace();
    let keys: BTreeSet<Symbol> = trace
        .reads()
        .iter()
        .map(|read| read.key)
        .chain(trace.writes().iter().map(|write| write.key))
        .collect();
    let last = LastReads::of(order);
    let (mut shown, mut wrong, mut open) = (None, 0, None);
    for &key in &keys {
        let reads: Vec<&Read> = last.of_key(key).collect();
        if let Some(pair) = diverged(&reads) {
            wrong += 1;
            shown.get_or_insert(pair);
        }
        if let Some(missing) = last.missing(order, key) {
            open.get_or_insert(missing);
        }
    }
    let nodes = counted(last.nodes().len() as u64, "node");
    let scope = format!("{} at {nodes}", counted(keys.len() as u64, "key"));
    let verdict = match (shown, open) {
        (Some((one, other)), _) => divergence(order, one, other, wrong - 1).violated(order),
        (None, Some(missing)) => not_recorded(&missing),
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

fn divergence(order: &Order<'_>, one: &Read, other: &Read, others: u64) -> Breach {
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
    Breach {
        expected: format!("{} and {} show the same under {key} in the end", node(one), node(other)),
        found,
        events: in_order([one.event, other.event].into_iter().chain(write.map(|write| write.event))),
        proof: write.map_or_else(
            || Proof::Rule(format!("nobody wrote {update_name}, yet it is shown")),
            |write| proof::prove(order, write.event, poor.event),
        ),
    }
}

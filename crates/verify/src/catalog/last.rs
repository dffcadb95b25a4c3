//! What nodes show in the end, as far as somebody looked.

use std::collections::{BTreeMap, BTreeSet};

use constellation_trace::{EventId, Nemesis, NodeId, ProcessId, Read, Symbol, Trace};

use crate::order::{self, Order};

/// For each key and node the last read that tells how things are in the end.
///
/// It must be of the process that lives at the end, and come after the last write of its key and after the last heal:
/// one before shows what may still change.
pub(super) struct LastReads<'t> {
    /// The replicas that live at the end.
    nodes: Vec<NodeId>,
    reads: BTreeMap<(Symbol, NodeId), &'t Read>,
}

impl<'t> LastReads<'t> {
    /// O(events + (reads + writes + operations) × log).
    pub(super) fn of(order: &Order<'t>) -> LastReads<'t> {
        let trace = order.trace();
        let down = order::down_at_end(trace);
        let numbered = (0..).map(ProcessId::new).zip(trace.processes());
        // Of several processes of a node the last stays.
        let last_process: BTreeMap<NodeId, ProcessId> =
            numbered.map(|(process, life)| (life.node, process)).collect();
        let healed = trace.nemesis().iter().rev().find(|entry| entry.nemesis == Nemesis::Heal);
        let events_before_heal = healed.map_or(0, |entry| entry.after_events);
        let last_write: BTreeMap<Symbol, _> =
            trace.writes().iter().map(|write| (write.key, write.event)).collect();
        let is_last = |read: &&Read| {
            let process = trace.event(read.event).process;
            read.event.number() >= events_before_heal
                && last_write.get(&read.key).is_none_or(|write| *write < read.event)
                && last_process.get(&trace.node_of(read.event)) == Some(&process)
        };
        let reads = trace.reads().iter().filter(is_last);
        let reads = reads.map(|read| ((read.key, trace.node_of(read.event)), read));
        let reads = reads.filter(|((_, node), _)| !down.contains(node)).collect();
        let clients = clients(trace);
        let is_replica = |node: &NodeId| !down.contains(node) && !clients.contains(node);
        LastReads { nodes: last_process.into_keys().filter(is_replica).collect(), reads }
    }

    /// The replicas that live at the end.
    pub(super) fn nodes(&self) -> &[NodeId] {
        &self.nodes
    }

    /// What living nodes show under a key, in the order of the nodes.
    pub(super) fn of_key(&self, key: Symbol) -> impl Iterator<Item = &'t Read> {
        self.nodes.iter().filter_map(move |node| self.reads.get(&(key, *node)).copied())
    }

    /// What would have to be known to say what all nodes show under a key, if something is missing.
    pub(super) fn missing(&self, order: &Order<'_>, key: Symbol) -> Option<String> {
        if self.nodes.is_empty() {
            return Some("a node that lives in the end is".to_owned());
        }
        let node = self.nodes.iter().find(|node| !self.reads.contains_key(&(key, **node)))?;
        let (node, key) = (order.trace().node_name(*node), order.trace().text(key));
        Some(format!("what {node} shows under {key} in the end is"))
    }
}

/// The nodes that ask something of others and hold nothing themselves, so that they are no replicas.
fn clients(trace: &Trace) -> BTreeSet<NodeId> {
    let node = |event: EventId| trace.node_of(event);
    let asks = trace.invocations().iter().map(|invocation| node(invocation.event));
    let writes = trace.writes().iter().map(|write| node(write.event));
    let holds: BTreeSet<NodeId> = writes.chain(trace.reads().iter().map(|read| node(read.event))).collect();
    asks.filter(|node| !holds.contains(node)).collect()
}

//! Which nodes are not there in the course of a run, so that it can be said why a message to one is lost.

use std::collections::BTreeMap;

use constellation_trace::{EventId, Kind, MessageId, Nemesis, NodeId, Trace, TrueTime};

/// Who is not there, and why: what is lost at its node has no other reason in a trace.
#[derive(Clone, Debug)]
pub struct Absences(BTreeMap<NodeId, &'static str>);

impl Absences {
    /// As a run begins: whoever joins later is not there yet.
    pub fn begin(trace: &Trace) -> Absences {
        let joins = trace.nemesis().iter().filter_map(|entry| match &entry.nemesis {
            Nemesis::Join { node } => Some((*node, "has not joined yet")),
            _ => None,
        });
        Absences(joins.collect())
    }

    /// What an event changes.
    pub fn see(&mut self, trace: &Trace, event: EventId) {
        match trace.event(event).kind {
            Kind::Crash => {
                self.0.entry(trace.node_of(event)).or_insert("is down");
            }
            Kind::Restart { .. } => {
                self.0.remove(&trace.node_of(event));
            }
            _ => {}
        }
    }

    /// What the world changes.
    pub fn see_world(&mut self, nemesis: &Nemesis) {
        match nemesis {
            Nemesis::Join { node } => {
                self.0.remove(node);
            }
            Nemesis::Leave { node } => {
                self.0.insert(*node, "has left");
            }
            _ => {}
        }
    }

    /// Why a message is lost that nothing else is told of. What is lost when it is sent never came so far as to find nobody there.
    pub fn explain(&self, trace: &Trace, message: MessageId, at: TrueTime) -> Option<String> {
        let sent = trace.message(message);
        let why = self.0.get(&sent.to).filter(|_| trace.event(sent.send).at != at)?;
        Some(format!("{} {why}", trace.node_name(sent.to)))
    }
}

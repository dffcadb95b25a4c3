//! Some operations of a history as one of their own, which can be judged again: a trace of what their clients saw.

use constellation_trace::format::jsonl;
use constellation_trace::{Action, Entry, NodeId, Operation, Trace};

/// The operations as a trace with a node for each session, named by `name`; `None` where a trace cannot hold them.
pub(super) fn alone<'n>(operations: &[&Operation], name: impl Fn(u32) -> &'n str) -> Option<String> {
    let mut sessions: Vec<u32> = operations.iter().map(|operation| operation.session).collect();
    sessions.sort_unstable();
    sessions.dedup();
    let mut trace = Trace::new(sessions.iter().map(|session| name(*session))).ok()?;
    let mut moments = Vec::new();
    for (number, operation) in (0_u32..).zip(operations) {
        let place = sessions.binary_search(&operation.session).ok()?;
        let node = NodeId::new(u32::try_from(place).ok()?);
        moments.push((operation.invoked, node, Action::Invoke { number, call: &operation.call }));
        if let Some((moment, completion)) = &operation.completed {
            moments.push((*moment, node, Action::Complete { number, completion }));
        }
    }
    moments.sort_by_key(|(moment, ..)| (moment.at, moment.event));
    for (moment, node, action) in moments {
        trace.record(Entry::new(node, moment.at, action)).ok()?;
    }
    Some(jsonl::to_string(&trace))
}

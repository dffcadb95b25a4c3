//! Operations as a trace of their own, of what their clients saw: a history the other way round.

use super::Operation;
use crate::event::{Action, Entry};
use crate::ids::NodeId;
use crate::trace::{Trace, TraceError};

impl Trace {
    /// What clients asked and saw, with a node for each session, called as `name` says of its number. By time; what was at
    /// one moment is in the order of the events. O(n log n).
    ///
    /// [`History::of`](crate::History::of) makes the same operations of it again, but for the numbers of sessions.
    ///
    /// # Errors
    /// [`TraceError`] for two sessions of one name, for what no session can have done, and for 2^32 operations.
    pub fn of_operations<'n>(
        operations: &[&Operation],
        name: impl Fn(u32) -> &'n str,
    ) -> Result<Trace, TraceError> {
        let mut sessions: Vec<u32> = operations.iter().map(|operation| operation.session).collect();
        sessions.sort_unstable();
        sessions.dedup();
        let mut trace = Trace::new(sessions.iter().map(|session| name(*session)))?;
        let mut moments = Vec::new();
        for (place, operation) in operations.iter().enumerate() {
            let number = u32::try_from(place).map_err(|_| TraceError::Full)?;
            let node = sessions.binary_search(&operation.session).expect("it is one of them");
            let node = NodeId::new(u32::try_from(node).expect("there are no more sessions than operations"));
            moments.push((operation.invoked, node, Action::Invoke { number, call: &operation.call }));
            if let Some((moment, completion)) = &operation.completed {
                moments.push((*moment, node, Action::Complete { number, completion }));
            }
        }
        moments.sort_by_key(|(moment, ..)| (moment.at, moment.event));
        for (moment, node, action) in moments {
            trace.record(Entry::new(node, moment.at, action))?;
        }
        Ok(trace)
    }
}

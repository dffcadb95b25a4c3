//! A round as a trace: what its clients asked and saw, to be written down, and judged by whoever reads it.

use constellation_trace::event::{Action, Entry};
use constellation_trace::{NodeId, Trace, TraceError, TrueTime};

use super::record::Record;

/// The clients of a round as a trace; each session is a node of it. O(n log n).
///
/// `constellation judge` reads what [`jsonl`](constellation_trace::format::jsonl) writes of it.
///
/// # Errors
/// [`TraceError::Full`] for 2^32 operations or more.
pub fn trace(record: &Record) -> Result<Trace, TraceError> {
    let places: Vec<usize> = (0..record.asked.len()).collect();
    trace_of(record, &places)
}

/// As [`trace`], of these operations alone, given by their places in the record.
///
/// # Errors
/// As [`trace`].
pub fn trace_of(record: &Record, places: &[usize]) -> Result<Trace, TraceError> {
    let (history, names) = (record.history(), record.sessions());
    let operations = || places.iter().filter_map(|place| history.operations().get(*place));
    let mut sessions: Vec<u32> = operations().map(|operation| operation.session).collect();
    sessions.sort_unstable();
    sessions.dedup();
    let name = |session: &u32| names.get(*session as usize).map_or("", String::as_str);
    let mut trace = Trace::new(sessions.iter().map(name))?;
    // By time; at one moment earlier operations come first, and each begins before it ends.
    let mut moments: Vec<(TrueTime, usize, Side)> = Vec::new();
    for (number, operation) in operations().enumerate() {
        moments.push((operation.invoked.at, number, Side::Begin));
        moments.extend(operation.completed.iter().map(|(moment, _)| (moment.at, number, Side::End)));
    }
    moments.sort_unstable();
    let chosen: Vec<_> = operations().collect();
    for (at, place, side) in moments {
        let operation = chosen[place];
        let node = sessions.binary_search(&operation.session).expect("it is one of them");
        let node = NodeId::new(u32::try_from(node).expect("there are fewer sessions than operations"));
        // As many as there are operations, whose places the trace has counted.
        let number = u32::try_from(place).map_err(|_| TraceError::Full)?;
        let action = match (side, &operation.completed) {
            (Side::End, Some((_, completion))) => Action::Complete { number, completion },
            _ => Action::Invoke { number, call: &operation.call },
        };
        trace.record(Entry::new(node, at, action))?;
    }
    Ok(trace)
}

/// Which end of an operation.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Side {
    Begin,
    End,
}

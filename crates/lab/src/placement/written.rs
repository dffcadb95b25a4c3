//! A round as a trace: what its clients asked and saw, to be written down, and judged by whoever reads it.

use constellation_trace::{Operation, Trace, TraceError};

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
    let operations: Vec<&Operation> =
        places.iter().filter_map(|place| history.operations().get(*place)).collect();
    Trace::of_operations(&operations, |session| names.get(session as usize).map_or("", String::as_str))
}

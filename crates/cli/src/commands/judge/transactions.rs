//! Transactions as a trace that can be drawn: each from its beginning to its end, with all that it read and wrote.

use constellation_trace::history::Moment;
use constellation_trace::{
    Call, Completion, EventId, NodeId, Operation, Outcome, ProcessId, Sessions, Timing, Trace, TraceError,
    Transaction, TransactionId, TrueTime,
};

/// What is to be said where no times are recorded.
const UNTIMED: &str = "No times are recorded, but the order in each session: that two transactions stand one below the other \
                       does not say that they were at once.";

/// The trace, and what its reader must be told. O(accesses, and transactions × their logarithm).
pub(super) fn trace(sessions: &Sessions) -> Result<(Trace, Vec<String>), TraceError> {
    let ids: Vec<TransactionId> = sessions.ids().collect();
    let spans = spans(sessions, &ids);
    let mut ends: Vec<(u64, bool, usize)> = Vec::new();
    for (place, (begun, ended)) in spans.iter().enumerate() {
        ends.push((*begun, false, place));
        ends.extend(ended.map(|ended| (ended, true, place)));
    }
    // What touches is concurrent: at one time what begins comes before what ends.
    ends.sort_unstable();
    let mut moments = vec![(None, None); ids.len()];
    for (number, (at, is_end, place)) in ends.into_iter().enumerate() {
        let number = u32::try_from(number).map_err(|_| TraceError::Full)?;
        let moment = Moment { event: EventId::new(number), at: TrueTime::from_ns(at) };
        let (begun, ended) = &mut moments[place];
        *(if is_end { ended } else { begun }) = Some(moment);
    }
    let operations = ids
        .iter()
        .zip(moments)
        .filter_map(|(id, (begun, ended))| Some(operation(sessions, *id, begun?, ended)));
    let operations: Vec<Operation> = operations.collect();
    let operations: Vec<&Operation> = operations.iter().collect();
    let trace =
        Trace::of_operations(&operations, |session| sessions.sessions().text(session).unwrap_or_default())?;
    let remarks = if sessions.timing() == Timing::None { vec![UNTIMED.to_owned()] } else { Vec::new() };
    Ok((trace, remarks))
}

/// When each began, and when it ended if that is known; without recorded times, its place in its session.
fn spans(sessions: &Sessions, ids: &[TransactionId]) -> Vec<(u64, Option<u64>)> {
    let mut places = vec![0_u64; sessions.sessions().len()];
    let span = |id: &TransactionId| {
        let Transaction { session, outcome, invoked, returned } = sessions.transaction(*id);
        if sessions.timing() == Timing::Recorded {
            return (invoked, Some(returned).filter(|returned| *returned != Transaction::NEVER));
        }
        let place = &mut places[session as usize];
        *place += 2;
        (*place - 2, (outcome != Outcome::Unknown).then_some(*place - 1))
    };
    ids.iter().map(span).collect()
}

fn operation(sessions: &Sessions, id: TransactionId, begun: Moment, ended: Option<Moment>) -> Operation {
    let Transaction { session, outcome, .. } = sessions.transaction(id);
    let accesses = sessions.show(id);
    let (name, argument) = accesses.split_once(' ').unwrap_or((&accesses, ""));
    let completion = match outcome {
        Outcome::Committed => Completion::Done,
        Outcome::Aborted => Completion::Failed { reason: "aborted".to_owned() },
        Outcome::Unknown => {
            Completion::Unknown { reason: "nobody knows whether it was committed".to_owned() }
        }
    };
    Operation {
        client: NodeId::new(session),
        process: ProcessId::new(session),
        session,
        call: Call::Other { name: name.to_owned(), argument: argument.to_owned() },
        invoked: begun,
        completed: ended.map(|moment| (moment, completion)),
    }
}

//! A finding in the words in which all verdicts are told.

use constellation_trace::{
    EventId, Evidence, History, Link, Proof, Sessions, TransactionId, TrueTime, Verdict, Witness, one_line,
};

use super::{About, Edge, Finding, Recorded};

/// A finding as a verdict, whose witnesses are the operations.
///
/// Where the sessions were made from a history, a witness is the event that invoked the operation, at its time; elsewhere
/// it carries the number of the transaction, and the time at which that began.
///
/// # Panics
/// If the finding is of another record.
pub fn verdict(about: &About, recorded: &Recorded<'_>, finding: Finding) -> Verdict {
    let anomaly = match finding {
        Finding::Holds => return Verdict::Holds,
        Finding::Unknown(limit) => return Verdict::Unknown(limit),
        Finding::Violated(anomaly) => anomaly,
    };
    let witness = |id: TransactionId| {
        recorded.sessions.map_or_else(|| bare(id), |sessions| witness(sessions, recorded.history, id))
    };
    let why = |edge: &Edge| recorded.sessions.map_or_else(String::new, |sessions| edge.reason(sessions));
    let links = anomaly.edges.iter();
    let links: Vec<Link> =
        links.map(|edge| Link { from: witness(edge.from), to: witness(edge.to), why: why(edge) }).collect();
    let notes = recorded
        .sessions
        .into_iter()
        .flat_map(|sessions| anomaly.grounds.iter().map(|edge| one_line(&edge.show(sessions)).into_owned()));
    Verdict::Violated(Box::new(Evidence {
        expected: about.sentence.to_owned(),
        found: one_line(&anomaly.found).into_owned(),
        events: anomaly.transactions.iter().map(|id| witness(*id)).collect(),
        proof: if links.is_empty() { Proof::Rule(about.source.to_owned()) } else { Proof::Cycle(links) },
        steps: Vec::new(),
        meanings: Vec::new(),
        notes: notes.collect(),
        replay: String::new(),
    }))
}

fn bare(id: TransactionId) -> Witness {
    Witness {
        event: EventId::new(id.number()),
        process: String::new(),
        at: TrueTime::from_ns(0),
        what: id.to_string(),
        stamps: Vec::new(),
    }
}

fn witness(sessions: &Sessions, history: Option<&History>, id: TransactionId) -> Witness {
    let transaction = sessions.transaction(id);
    let operations = history.map(History::operations).unwrap_or_default();
    let operation = sessions.operation(id).and_then(|place| operations.get(place));
    let name = sessions.sessions().text(transaction.session).unwrap_or_default();
    Witness {
        event: operation.map_or(EventId::new(id.number()), |operation| operation.invoked.event),
        process: one_line(name).into_owned(),
        at: operation.map_or(TrueTime::from_ns(transaction.invoked), |operation| operation.invoked.at),
        what: sessions.show(id),
        stamps: Vec::new(),
    }
}

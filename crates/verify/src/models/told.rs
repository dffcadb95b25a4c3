//! A finding in the words in which all verdicts are told.

use constellation_trace::{
    EventId, Evidence, History, Link, Proof, Sessions, Timing, TransactionId, TrueTime, Verdict, Witness,
    one_line,
};

use super::items::show;
use super::{About, Edge, Finding, Recorded};

/// A finding as a verdict, whose witnesses are the operations.
///
/// Where the sessions were made from a history, or there is only a history, a witness is the event that invoked the
/// operation, at its time; elsewhere it carries the number of the transaction, and the time at which that began. How far an
/// order goes, [`Anomaly::dead_end`](super::Anomaly::dead_end), has no place there.
///
/// # Panics
/// If the finding is of another record.
pub fn verdict(about: &About, recorded: &Recorded<'_>, finding: Finding) -> Verdict {
    let anomaly = match finding {
        Finding::Holds => return Verdict::Holds,
        Finding::Unknown(limit) => return Verdict::Unknown(limit),
        Finding::Violated(anomaly) => anomaly,
    };
    let witness = |id: TransactionId| match (recorded.sessions, recorded.history) {
        (Some(sessions), history) => witness(sessions, history, id),
        (None, Some(history)) => witness_of(history, id),
        (None, None) => bare(id),
    };
    // Reasons that need no keys are told by sessions that have none.
    let none = Sessions::new(Timing::None);
    let why = |edge: &Edge| edge.reason(recorded.sessions.unwrap_or(&none));
    let links = anomaly.edges.iter();
    let links: Vec<Link> =
        links.map(|edge| Link { from: witness(edge.from), to: witness(edge.to), why: why(edge) }).collect();
    let note = |edge: &Edge| match recorded.sessions {
        Some(sessions) => one_line(&edge.show(sessions)).into_owned(),
        None => {
            let [from, to] = [edge.from, edge.to].map(&witness);
            format!("{} {} before {} {}: {}", from.process, from.what, to.process, to.what, why(edge))
        }
    };
    let notes = anomaly.grounds.iter().map(note).collect();
    Verdict::Violated(Box::new(Evidence {
        expected: about.sentence.to_owned(),
        found: one_line(&anomaly.found).into_owned(),
        events: anomaly.transactions.iter().map(|id| witness(*id)).collect(),
        proof: if links.is_empty() { Proof::Rule(about.source.to_owned()) } else { Proof::Cycle(links) },
        steps: Vec::new(),
        meanings: Vec::new(),
        notes,
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

fn witness_of(history: &History, id: TransactionId) -> Witness {
    let Some(operation) = history.operations().get(id.index()) else { return bare(id) };
    Witness {
        event: operation.invoked.event,
        process: format!("s{}", operation.session),
        at: operation.invoked.at,
        what: show(operation),
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

//! Causal consistency: whoever sees an effect sees its causes.

use super::finding::{Anomaly, Finding, Stop, Why, key_name, transaction_name};
use super::observed::{INITIAL, Observed, Seen};
use super::past::{Past, edge};
use super::patience::Patience;
use super::writers::{Writer, Writers};
use super::{About, Judges, Model, Recorded};

use constellation_trace::TransactionId;

/// Causal consistency (CC): each transaction alone can be explained by an order of its past.
///
/// The past is the least order with that of sessions and from each write to its reads. Nothing may be in its own past, and
/// no read may show what was overwritten in its past (Bouajjani et al. 2017: the bad patterns CyclicCO, ThinAirRead,
/// WriteCOInitRead, WriteCORead). Two reads of one session may see concurrent writes in two orders: which of them is newer
/// need not be the same for both. [`About::implies`] says what does not follow.
#[derive(Clone, Copy, Debug)]
pub struct Causal;

static CAUSAL: About = About {
    name: "causal",
    sentence: "whoever sees an effect sees its causes",
    source: "Bouajjani, Enea, Guerraoui and Hamza, On Verifying Causal Consistency (POPL 2017), CC",
    cost: "O((n + m) k)",
    judges: Judges::Transactions,
    implies: &[],
};

impl Model for Causal {
    fn about(&self) -> &'static About {
        &CAUSAL
    }

    fn judge(&self, recorded: &Recorded<'_>, patience: &mut Patience<'_>) -> Finding {
        causal(recorded, patience).into()
    }
}

fn causal(recorded: &Recorded<'_>, patience: &mut Patience<'_>) -> Result<(), Stop> {
    let observed = Observed::of(recorded.registers()?, patience)?;
    let past = Past::of(&observed, patience)?;
    let writers = Writers::of(&observed, patience)?;
    let reach = |id, session| past.reach(&observed, id, session);
    writers.visit(&observed, patience, reach, |reader, seen, writer| {
        let is_newer = seen.source == INITIAL || past.has(&observed, seen.source, writer.id);
        if is_newer { Err(overwritten(&observed, &past, reader, seen, writer).into()) } else { Ok(()) }
    })?;
    observed.holds()
}

/// A read shows what a write in its past had overwritten.
pub(super) fn overwritten(
    observed: &Observed<'_>,
    past: &Past,
    reader: u32,
    seen: Seen,
    writer: Writer,
) -> Anomaly {
    let sessions = observed.sessions;
    let [late, writer_name] =
        [reader, writer.id].map(|id| transaction_name(sessions, TransactionId::new(id)));
    let key = key_name(sessions, seen.key);
    let (what, grounds) = match seen.source {
        INITIAL => ("the initial value".to_owned(), Vec::new()),
        source => {
            let name = transaction_name(sessions, TransactionId::new(source));
            (format!("that of {name}"), past.chain(observed, source, writer.id))
        }
    };
    let found = format!("{late} reads as {key} {what}, which {writer_name} in its past had overwritten");
    let mut edges = past.chain(observed, writer.id, reader);
    edges.push(edge(reader, writer.id, Why::ReadBefore { key: seen.key }));
    Anomaly::cycle(found, edges, grounds)
}

//! Causal consistency: whoever sees an effect sees its causes.

mod stream;

use super::elements::{self, Level};
use super::finding::{Anomaly, Finding, Stop, Why, key_name, transaction_name};
use super::forward::{Later, surely_holds};
use super::observed::{INITIAL, Observed, Seen};
use super::past::{Past, edge};
use super::patience::Patience;
use super::sources::{Kept, told_apart};
use super::weakness::Weakness;
use super::writers::{Last, Writers};
use super::{About, Judges, Model, Recorded};

use constellation_trace::TransactionId;
pub use stream::{CausalStream, CausalStreamError};

/// Causal consistency (CC): each transaction alone can be explained by an order of its past.
///
/// The past is the least order with that of sessions and from each write to its reads. Nothing may be in its own past, and
/// no read may show what was overwritten in its past (Bouajjani et al. 2017: the bad patterns CyclicCO, ThinAirRead,
/// WriteCOInitRead, WriteCORead). Two reads of one session may see concurrent writes in two orders: which of them is newer
/// need not be the same for both; so it implies no other model.
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
        elements::judge(recorded, Level::Causal, patience, |recorded, patience| {
            told_apart(recorded, Kept::Sessions, patience, causal)
        })
    }
}

fn causal(recorded: &Recorded<'_>, patience: &mut Patience<'_>) -> Result<(), Stop> {
    let observed = Observed::of(recorded, patience)?;
    if surely_holds(&observed, Later::Concurrent, patience)? {
        return observed.holds();
    }
    let past = Past::of(&observed, patience)?;
    let writers = Writers::of(&observed, patience)?;
    let reach = |id, session| past.reach(&observed, id, session);
    let mut mixed = Mixed { reader: INITIAL, unordered: Vec::new() };
    writers.visit(&observed, patience, reach, |reader, seen, writer, patience| {
        // Nearly always so, and the row of the source is at hand.
        let is_older =
            seen.source != INITIAL && past.reach(&observed, seen.source, writer.session) >= writer.place;
        if is_older || writer.id == seen.source {
            return Ok(());
        }
        if seen.source == INITIAL || past.has(&observed, seen.source, writer.id) {
            if observed.forgets(Weakness::ReadBefore) {
                return Ok(());
            }
            return Err(overwritten(&observed, &past, reader, seen, writer).into());
        }
        if reader != mixed.reader {
            mixed.check(&observed, &past, patience)?;
            mixed.begin(reader);
        }
        mixed.unordered.push((seen, writer.id));
        Ok(())
    })?;
    mixed.check(&observed, &past, patience)?;
    observed.holds()
}

/// A read shows what a write in its past had overwritten.
pub(super) fn overwritten(
    observed: &Observed<'_>,
    past: &Past,
    reader: u32,
    seen: Seen,
    writer: Last,
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

/// A transaction whose reads may each be explained by some order of its past, but not all by one.
struct Mixed {
    reader: u32,
    /// What it read, with a write of the same key in its past that is concurrent to the one it shows, so must be before.
    unordered: Vec<(Seen, u32)>,
}

impl Mixed {
    fn begin(&mut self, reader: u32) {
        self.reader = reader;
        self.unordered.clear();
    }

    /// Whether the writes that the transaction shows are before each other in a circle: each before a write of its past
    /// that is before the next, since the transaction shows the next. Its past is the same whatever is found, so there is
    /// nothing to repeat.
    fn check(&self, observed: &Observed<'_>, past: &Past, patience: &mut Patience<'_>) -> Result<(), Stop> {
        // A circle needs a write before which another one shown is, or is itself.
        let is_none = self.unordered.is_empty() || observed.forgets(Weakness::Written);
        let seen = if is_none { &[] } else { observed.seen(self.reader) };
        let is_before = |one: u32, other: u32| one == other || past.has(observed, one, other);
        let shown =
            |source: u32| seen.iter().any(|seen| seen.source != INITIAL && is_before(seen.source, source));
        let forced: Vec<(Seen, u32)> =
            self.unordered.iter().copied().filter(|(_, early)| shown(*early)).collect();
        patience.step((self.unordered.len() as u64).saturating_mul(seen.len() as u64))?;
        // Backwards from each forced edge to those that end before it begins, until one comes twice.
        let mut path: Vec<usize> = Vec::new();
        let mut is_dead = vec![false; forced.len()];
        for start in 0..forced.len() {
            path.push(start);
            while let Some(&last) = path.last().filter(|last| !is_dead[**last]) {
                patience.step(forced.len() as u64)?;
                let next = (0..forced.len())
                    .find(|next| !is_dead[*next] && is_before(forced[*next].0.source, forced[last].1));
                match next {
                    None => {
                        is_dead[last] = true;
                        path.pop();
                    }
                    Some(next) if path.contains(&next) => {
                        let first = path.iter().position(|known| *known == next).expect("just found");
                        let circle = path[first..].iter().rev().map(|place| forced[*place]);
                        return Err(self.anomaly(observed, past, &circle.collect::<Vec<_>>()).into());
                    }
                    Some(next) => path.push(next),
                }
            }
            path.clear();
        }
        Ok(())
    }

    /// Each forced edge ends at a write that is before the beginning of the next.
    fn anomaly(&self, observed: &Observed<'_>, past: &Past, circle: &[(Seen, u32)]) -> Anomaly {
        let reader = TransactionId::new(self.reader);
        let (mut edges, mut grounds) = (Vec::new(), Vec::new());
        for (nth, (seen, early)) in circle.iter().enumerate() {
            edges.push(edge(*early, seen.source, Why::WrittenBefore { key: seen.key, reader }));
            grounds.extend(past.chain(observed, *early, self.reader));
            let (_, next) = circle[(nth + 1) % circle.len()];
            if next != seen.source {
                edges.extend(past.chain(observed, seen.source, next));
            }
        }
        let name = transaction_name(observed.sessions, reader);
        Anomaly::cycle(format!("no one order of its past explains all that {name} reads"), edges, grounds)
    }
}

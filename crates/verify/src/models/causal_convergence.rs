//! Causal convergence: one order of all writes, in which everybody sees the last one of its past.

use constellation_trace::{Key, Limit, TransactionId};

use super::causal::overwritten;
use super::elements::{self, Level};
use super::finding::{Anomaly, Finding, Stop, Why};
use super::forward::{Later, surely_holds};
use super::front;
use super::observed::{INITIAL, Observed};
use super::past::Past;
use super::patience::Patience;
use super::sources::{Kept, told_apart};
use super::weakness::Weakness;
use super::writers::Writers;
use super::{About, Judges, Model, Recorded};

/// Causal convergence (CCv): causal, and one order of all writes says for every read which write of its past is the last.
///
/// What stores promise that resolve conflicts by a rule (last writer wins) and keep causes: replicas that know the same show
/// the same (Bouajjani et al. 2017, bad pattern CyclicCF). Of transactions it is what Biswas and Enea (2019) call causal
/// consistency. Neither this nor [`CausalMemory`](super::CausalMemory) implies the other: this lets a session's own earlier
/// write win over one that it learns of only later; that lets two sessions disagree for ever.
#[derive(Clone, Copy, Debug)]
pub struct CausalConvergence;

static CAUSAL_CONVERGENCE: About = About {
    name: "causal-convergence",
    sentence: "everybody sees the last write of its past, in one order of all writes",
    source: "Bouajjani, Enea, Guerraoui and Hamza, On Verifying Causal Consistency (POPL 2017), CCv",
    cost: "O((n + m) k)",
    judges: Judges::Transactions,
    implies: &[
        "causal",
        "strong-convergence",
        "read-your-writes",
        "monotonic-reads",
        "monotonic-writes",
        "writes-follow-reads",
    ],
};

impl Model for CausalConvergence {
    fn about(&self) -> &'static About {
        &CAUSAL_CONVERGENCE
    }

    fn judge(&self, recorded: &Recorded<'_>, patience: &mut Patience<'_>) -> Finding {
        elements::judge(recorded, Level::Convergence, patience, |recorded, patience| {
            told_apart(recorded, Kept::Sessions, patience, converges)
        })
    }
}

pub(super) fn converges(recorded: &Recorded<'_>, patience: &mut Patience<'_>) -> Result<(), Stop> {
    let observed = Observed::of(recorded, patience)?;
    converging(&observed, patience)?;
    observed.holds()
}

/// The same, for whom reads are given their writes; a read that was left out is nobody's concern here.
pub(super) fn converging(observed: &Observed<'_>, patience: &mut Patience<'_>) -> Result<(), Stop> {
    if surely_holds(observed, Later::None, patience)? {
        return Ok(());
    }
    let past = Past::of(observed, patience)?;
    let writers = Writers::of(observed, patience)?;
    patience.afford(observed.places.len() + 1, size_of::<u32>())?;
    let mut forced = Forced::new(observed.places.len());
    let reach = |id, session| past.reach(observed, id, session);
    writers.visit(observed, patience, reach, |reader, seen, writer, patience| {
        // What is in the past needs no force: nearly always so, and the row of the source is at hand.
        let is_older =
            seen.source != INITIAL && past.reach(observed, seen.source, writer.session) >= writer.place;
        if is_older || writer.id == seen.source {
            return Ok(());
        }
        if seen.source == INITIAL || past.has(observed, seen.source, writer.id) {
            if observed.forgets(Weakness::ReadBefore) {
                return Ok(());
            }
            return Err(overwritten(observed, &past, reader, seen, writer).into());
        }
        if observed.forgets(Weakness::Written) {
            return Ok(());
        }
        // Of one session the last forces the earlier ones too.
        Ok(forced.add(observed, writer.id, seen.source, patience)?)
    })?;
    let ends = front::ends(observed);
    let forced = forced.sorted();
    let open = |id: u32, done: &[u32]| {
        let read = observed.sources(id).find(|seen| front::is_open(observed, done, seen.source));
        read.map(|seen| (seen.source, Some(seen.key)))
            .or_else(|| forced.open(observed, id, done).map(|id| (id, None)))
    };
    let done = front::advance(observed, &ends, patience, |id, done, patience| {
        patience.step(forced.of(id).len() as u64)?;
        Ok::<_, Limit>(open(id, done).map(|(first, _)| first))
    })?;
    let cycle = front::standstill(observed, &ends, &done, |id| {
        open(id, &done).map(|(first, key)| match key {
            Some(key) => (first, Why::ReadFrom { key }),
            None => (first, reason(observed, &past, &writers, first, id)),
        })
    });
    match cycle {
        None => Ok(()),
        Some(edges) => {
            let grounds = edges.iter().flat_map(|edge| match edge.why {
                Why::WrittenBefore { reader, .. } => {
                    past.chain(observed, edge.from.number(), reader.number())
                }
                _ => Vec::new(),
            });
            let grounds = grounds.collect();
            let found =
                "in any order of all writes each of these is before the next, and the last before the first";
            Err(Anomaly::cycle(found, edges, grounds).into())
        }
    }
}

/// Who reads from `late` with `early` in its past, though both wrote the key: so `early` was written before.
fn reason(observed: &Observed<'_>, past: &Past, writers: &Writers, early: u32, late: u32) -> Why {
    let writes = |key: Key| {
        let runs = writers.runs(key).iter().filter(|run| run.session == observed.owners[early as usize]);
        runs.flat_map(|run| writers.run(*run)).any(|writer| writer.id == early)
    };
    let found = observed.counted().find_map(|reader| {
        let mut seen = observed.seen(reader).iter().filter(|seen| seen.source == late);
        let seen = seen.find(|seen| past.has(observed, early, reader) && writes(seen.key))?;
        Some(Why::WrittenBefore { key: seen.key, reader: TransactionId::new(reader) })
    });
    found.expect("a read forced it")
}

/// For each transaction that is read, how far into which sessions other writes must come before it. 12 bytes for each such
/// session.
struct Forced {
    /// Transaction, session and place there, the last of which alone counts.
    entries: Vec<(u32, u32, u32)>,
    /// How many of them may come until those are dropped that do not count, and how many are counted in.
    next: usize,
    afforded: usize,
    /// Where those of a transaction begin.
    starts: Vec<u32>,
}

/// So many entries are never looked through.
const ENTRIES_FEW: usize = 1024;

impl Forced {
    fn new(count: usize) -> Forced {
        Forced { entries: Vec::new(), next: ENTRIES_FEW, afforded: 0, starts: vec![0; count + 1] }
    }

    /// `early` must come before `late`. O(log entries), amortized.
    fn add(
        &mut self,
        observed: &Observed<'_>,
        early: u32,
        late: u32,
        patience: &mut Patience<'_>,
    ) -> Result<(), Limit> {
        if self.entries.len() == self.next {
            patience.step(self.entries.len() as u64)?;
            self.drop_earlier();
            self.next = (self.entries.len() * 2).max(ENTRIES_FEW);
            let more = self.next.saturating_sub(self.afforded);
            patience.afford(more, size_of::<(u32, u32, u32)>())?;
            self.afforded += more;
            self.entries.reserve_exact(self.next - self.entries.len());
        }
        self.entries.push((late, observed.owners[early as usize], observed.places[early as usize]));
        Ok(())
    }

    /// Of one session only the last counts.
    fn drop_earlier(&mut self) {
        // The latest first, which is kept of equals.
        self.entries.sort_unstable_by_key(|(late, session, place)| (*late, *session, u32::MAX - *place));
        self.entries.dedup_by_key(|(late, session, _)| (*late, *session));
    }

    /// The same with all in its place.
    fn sorted(mut self) -> Forced {
        self.drop_earlier();
        // Cannot wrap: they take 12 bytes each, and memory for 2^32 of them nobody has allowed.
        self.entries.iter().for_each(|(late, ..)| self.starts[*late as usize + 1] += 1);
        (1..self.starts.len()).for_each(|at| self.starts[at] += self.starts[at - 1]);
        self
    }

    fn of(&self, id: u32) -> &[(u32, u32, u32)] {
        &self.entries[self.starts[id as usize] as usize..self.starts[id as usize + 1] as usize]
    }

    /// One that must come before this and is not done, if there is any.
    fn open(&self, observed: &Observed<'_>, id: u32, done: &[u32]) -> Option<u32> {
        let open = self.of(id).iter().find(|(_, session, place)| *place > done[*session as usize])?;
        Some(observed.at(open.1, open.2))
    }
}

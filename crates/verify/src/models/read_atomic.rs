//! Read atomic: whoever sees one write of a transaction sees all of them.

use constellation_trace::{Key, TransactionId};

use super::finding::{Anomaly, Finding, Stop, Why, key_name, transaction_name};
use super::graph::{Arrow, Because, sorted};
use super::lists::{self, Registers};
use super::observed::{Again, INITIAL, Observed, Seen};
use super::past::edge;
use super::patience::Patience;
use super::sources::{Kept, told_apart};
use super::versions::{Wrote, read_arrows, session_arrows};
use super::weakness::Weakness;
use super::{About, Judges, Model, Recorded};

/// Read atomic (RA): no transaction is seen in part, neither one that was read from nor one's own session's earlier ones.
///
/// One order of all transactions, keeping sessions and reads, in which each read shows the last write among those of
/// transactions that were read from or came earlier in the session (Biswas and Enea 2019; RAMP, Bailis et al. 2014, is the
/// same without sessions). So a key that is read twice shows the same. The order of sessions is part of it.
#[derive(Clone, Copy, Debug)]
pub struct ReadAtomic;

static READ_ATOMIC: About = About {
    name: "read-atomic",
    sentence: "whoever sees one write of a transaction sees all of them, and its own session's earlier ones",
    source: "Biswas and Enea, On the Complexity of Checking Transactional Consistency (OOPSLA 2019), RA",
    cost: "O(m^1.5)",
    judges: Judges::Transactions,
    implies: &["read-committed"],
};

impl Model for ReadAtomic {
    fn about(&self) -> &'static About {
        &READ_ATOMIC
    }

    fn judge(&self, recorded: &Recorded<'_>, patience: &mut Patience<'_>) -> Finding {
        lists::told(recorded, told_apart(recorded, Kept::Sessions, patience, atomic)).into()
    }
}

fn atomic(recorded: &Recorded<'_>, patience: &mut Patience<'_>) -> Result<(), Stop> {
    let registers = Registers::of(recorded, patience)?;
    let observed = registers.observed(Again::ShowsTheSame, patience)?;
    let wrote = Wrote::of(&observed);
    let mut arrows: Vec<Arrow> = session_arrows(&observed).chain(read_arrows(&observed)).collect();
    arrows.extend(registers.versions());
    each_known(&observed, &wrote, Known::ByReading, patience, |known| force(&observed, &mut arrows, known))?;
    each_of_session(&observed, &wrote, patience, |known| force(&observed, &mut arrows, known))?;
    acyclic(&observed, &arrows, patience)?;
    observed.holds()
}

/// A reader knows of a transaction that wrote a key of which it reads another's value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fracture {
    pub(super) reader: u32,
    pub(super) known: u32,
    pub(super) seen: Seen,
    /// By which read it knows of it, or by its session.
    pub(super) by: Option<Key>,
}

/// Enters that what a reader knows of was written before what it reads.
pub(super) fn force(
    observed: &Observed<'_>,
    arrows: &mut Vec<Arrow>,
    fracture: Fracture,
) -> Result<(), Stop> {
    let Fracture { reader, known, seen, by } = fracture;
    let dropped = if seen.source == INITIAL { Weakness::ReadBefore } else { Weakness::Written };
    if observed.forgets(dropped) {
        return Ok(());
    }
    if seen.source != INITIAL {
        let because = Because::Written(seen.key, reader);
        arrows.push(Arrow { from: known, to: seen.source, because });
        return Ok(());
    }
    let sessions = observed.sessions;
    let [late, early] = [reader, known].map(|id| transaction_name(sessions, TransactionId::new(id)));
    let key = key_name(sessions, seen.key);
    let found = format!("{late} reads as {key} the initial value, though it knows of {early}");
    let way = by.map_or(Why::Session, |key| Why::ReadFrom { key });
    let edges = vec![edge(known, reader, way), edge(reader, known, Why::ReadBefore { key: seen.key })];
    Err(Anomaly::cycle(found, edges, Vec::new()).into())
}

/// What a transaction knows of others when it reads.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Known {
    /// All that it reads from, before or after.
    ByReading,
    /// All that it has read from before.
    ByReadingBefore,
}

/// Calls `then` for each transaction that is read from and wrote a key of which its reader reads another's value: once a
/// reader, writer and key. O(m^1.5): of what one wrote and the other read, the fewer are looked up among the more.
pub(super) fn each_known(
    observed: &Observed<'_>,
    wrote: &Wrote,
    known: Known,
    patience: &mut Patience<'_>,
    mut then: impl FnMut(Fracture) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let mut last_reader = vec![INITIAL; observed.places.len()];
    let mut by_key: Vec<(Key, usize)> = Vec::new();
    for reader in observed.counted() {
        let seen = observed.seen(reader);
        if seen.len() < 2 {
            continue;
        }
        by_key.clear();
        by_key.extend(seen.iter().enumerate().map(|(place, seen)| (seen.key, place)));
        by_key.sort_unstable();
        for (place, from) in seen.iter().enumerate() {
            if from.source == INITIAL || last_reader[from.source as usize] == reader {
                continue;
            }
            last_reader[from.source as usize] = reader;
            let after = if known == Known::ByReading { 0 } else { place };
            let other = |key: Key| {
                let start = by_key.partition_point(|entry| *entry < (key, after));
                let same = by_key[start..].iter().take_while(|entry| entry.0 == key);
                same.map(|entry| seen[entry.1]).find(|other| other.source != from.source)
            };
            let mut report =
                |other: Seen| then(Fracture { reader, known: from.source, seen: other, by: Some(from.key) });
            let keys = wrote.keys(from.source);
            patience.step(keys.len().min(by_key.len()) as u64 + 1)?;
            if keys.len() <= by_key.len() {
                keys.iter().filter_map(|key| other(*key)).try_for_each(&mut report)?;
            } else {
                let mut groups = by_key.chunk_by(|one, other| one.0 == other.0).map(|group| group[0].0);
                let read = groups.by_ref().filter(|key| keys.binary_search(key).is_ok());
                read.filter_map(other).try_for_each(&mut report)?;
            }
        }
    }
    Ok(())
}

/// Calls `then` for the last that wrote a key earlier in a reader's session, where the reader reads another's value.
fn each_of_session(
    observed: &Observed<'_>,
    wrote: &Wrote,
    patience: &mut Patience<'_>,
    mut then: impl FnMut(Fracture) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let mut last = vec![(u32::MAX, INITIAL); observed.sessions.keys().len()];
    for (session, line) in (0_u32..).zip(&observed.lines) {
        for &reader in line {
            patience.step(1)?;
            for seen in observed.seen(reader) {
                let (owner, known) = last[seen.key.index()];
                if owner == session && known != seen.source {
                    then(Fracture { reader, known, seen: *seen, by: None })?;
                }
            }
            wrote.keys(reader).iter().for_each(|key| last[key.index()] = (session, reader));
        }
    }
    Ok(())
}

/// Whether some order keeps all arrows, of which those between writers may rest on one step to a reader.
pub(super) fn acyclic(
    observed: &Observed<'_>,
    arrows: &[Arrow],
    patience: &mut Patience<'_>,
) -> Result<(), Stop> {
    let Err(cycle) = sorted(observed.places.len(), arrows, patience)? else { return Ok(()) };
    let sessions = observed.sessions;
    let mut grounds = Vec::new();
    for arrow in &cycle {
        let Because::Written(_, reader) = arrow.because else { continue };
        let read = observed.seen(reader).iter().find(|seen| seen.source == arrow.from);
        let why = read.map_or(Why::Session, |seen| Why::ReadFrom { key: seen.key });
        grounds.push(edge(arrow.from, reader, why));
    }
    grounds.dedup();
    let edges = cycle.iter().map(|arrow| arrow.shown(sessions)).collect();
    let found =
        "in any order of all transactions each of these is before the next, and the last before the first";
    Err(Anomaly::cycle(found, edges, grounds).into())
}

//! Reads that several writes explain: where order or time leaves one of them, or few are left in all, each choice is judged.

use std::collections::{BTreeMap, BTreeSet};

use constellation_trace::{Act, Key, Limit, Outcome, Sessions, Timing, Transaction, TransactionId, Value};

use super::Recorded;
use super::finding::{Anomaly, Stop};
use super::observed::{Again, INITIAL, each_ambiguous};
use super::patience::Patience;

/// Which write a read shows, by reader and the place of the read there.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    chosen: BTreeMap<(u32, u32), u32>,
}

impl Sources {
    pub(crate) fn of(&self, reader: TransactionId, nth: u32) -> Option<u32> {
        self.chosen.get(&(reader.number(), nth)).copied()
    }
}

/// What a model keeps, so that a read cannot show what goes against it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kept {
    /// Nothing.
    Nothing,
    /// A session does not read what it had overwritten itself (read your writes).
    OwnWrites,
    /// A session does not read what it writes only later.
    Causes,
    /// Neither: each session reads what it wrote, as it stands there.
    Sessions,
    /// Nor does anybody read what was not begun, or was overwritten before the reader began.
    RealTime,
}

impl Kept {
    const fn has_own_writes(self) -> bool {
        matches!(self, Kept::OwnWrites | Kept::Sessions | Kept::RealTime)
    }

    const fn has_causes(self) -> bool {
        matches!(self, Kept::Causes | Kept::Sessions | Kept::RealTime)
    }
}

/// How many choices are judged at most: those of twelve reads of two writes each.
const CHOICES_MAX: usize = 1 << 12;

/// Judges what was recorded; where reads are left that several writes explain, with each choice of those. It holds if it
/// holds with one of them, and does not if it does with none.
///
/// At most 4,096 choices are judged, so that 12 reads of two writes each are always told apart; reads that only one write is
/// left for are no choice, and may be as many as there are. Several reads of one key in one transaction are one read.
///
/// Of each transaction in a violation whose outcome is unknown somebody is named who read from it, else it would not count.
pub(crate) fn told_apart(
    recorded: &Recorded<'_>,
    kept: Kept,
    patience: &mut Patience<'_>,
    judge: impl Fn(&Recorded<'_>, &mut Patience<'_>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    told_apart_again(recorded, kept, Again::ShowsTheSame, patience, judge)
}

/// [`told_apart`] where a second read of a key may show what `again` says.
pub(crate) fn told_apart_again(
    recorded: &Recorded<'_>,
    kept: Kept,
    again: Again,
    patience: &mut Patience<'_>,
    judge: impl Fn(&Recorded<'_>, &mut Patience<'_>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let judge = |recorded: &Recorded<'_>, patience: &mut Patience<'_>| {
        judge(recorded, patience).map_err(|stop| match stop {
            Stop::Violated(anomaly) => with_readers(anomaly, recorded).into(),
            unknown => unknown,
        })
    };
    let first = judge(recorded, patience);
    let Err(Stop::Unknown(Limit::NotRecorded(_))) = first else { return first };
    let Ok(sessions) = recorded.registers() else { return first };
    let Some((mut sources, open)) = choices(sessions, kept, again, patience)? else { return first };
    if sources.chosen.is_empty() {
        return first;
    }
    // What is chosen stays; what it was chosen by is gone.
    patience.begin();
    let writers: usize = open.iter().map(|open| open.writers.len() + open.places.len()).sum();
    patience.afford(sources.chosen.len() + open.len(), ENTRY)?;
    patience.afford(writers, size_of::<u32>())?;
    let mut digits = vec![0; open.len()];
    let (mut wrong, mut unknown) = (None, None);
    let mut count = 0;
    loop {
        for (open, digit) in open.iter().zip(&digits) {
            for nth in &open.places {
                sources.chosen.insert((open.reader, *nth), open.writers[*digit]);
            }
        }
        count += 1;
        let chosen = Recorded { sources: Some(&sources), ..*recorded };
        match patience.besides(|patience| judge(&chosen, patience)) {
            Ok(()) => return Ok(()),
            Err(Stop::Violated(anomaly)) => drop(wrong.get_or_insert(anomaly)),
            Err(Stop::Unknown(limit)) if patience.is_over() => return Err(limit.into()),
            Err(Stop::Unknown(limit)) => drop(unknown.get_or_insert(limit)),
        }
        let place = (0..open.len()).rev().find(|place| digits[*place] + 1 < open[*place].writers.len());
        let Some(place) = place else { break };
        digits[place] += 1;
        digits[place + 1..].fill(0);
    }
    Err(match (unknown, wrong) {
        (Some(limit), _) => limit.into(),
        (None, Some(anomaly)) => of_all(anomaly, count, &open).into(),
        (None, None) => return first,
    })
}

/// Names, for each transaction in the edges whose outcome is unknown, one that certainly took effect and read from it, if be
/// it through others whose outcome is unknown: without that it would not count. O(accesses) for each of those.
fn with_readers(mut anomaly: Anomaly, recorded: &Recorded<'_>) -> Anomaly {
    let Ok(sessions) = recorded.registers() else { return anomaly };
    let is_unknown = |id: &TransactionId| sessions.transaction(*id).outcome == Outcome::Unknown;
    let ends = anomaly.edges.iter().chain(&anomaly.grounds).flat_map(|edge| [edge.from, edge.to]);
    let unknown: BTreeSet<TransactionId> = ends.filter(is_unknown).collect();
    for id in unknown {
        let known: BTreeSet<TransactionId> = anomaly.transactions.iter().copied().collect();
        // Breadth first, each with the one from which it read.
        let mut found = vec![(id, 0)];
        let mut next = 0;
        while next < found.len() {
            let readers = readers(sessions, recorded.sources, found[next].0);
            let certain = || readers.iter().filter(|reader| !is_unknown(reader));
            if let Some(reader) = certain().find(|reader| known.contains(reader)).or(certain().next()) {
                let mut chain = vec![*reader];
                while next != 0 {
                    chain.push(found[next].0);
                    next = found[next].1;
                }
                anomaly = anomaly.naming(chain);
                break;
            }
            for reader in readers {
                if !found.iter().any(|(id, _)| *id == reader) {
                    found.push((reader, next));
                }
            }
            next += 1;
        }
    }
    anomaly
}

/// Those not aborted that read what a transaction wrote at last.
fn readers(sessions: &Sessions, sources: Option<&Sources>, writer: TransactionId) -> Vec<TransactionId> {
    let mut left: BTreeMap<Key, Value> = BTreeMap::new();
    for access in sessions.accesses(writer).iter().filter(|access| access.act == Act::Write) {
        left.insert(access.key, access.value);
    }
    let reads = |id: &TransactionId| {
        let accesses = sessions.accesses(*id);
        (0_u32..).zip(accesses).any(|(nth, access)| {
            let is_same = access.act == Act::Read && left.get(&access.key) == Some(&access.value);
            let chosen = || sources.and_then(|sources| sources.of(*id, nth));
            let is_own = || {
                let mut before = accesses[..nth as usize].iter();
                before.any(|own| own.act == Act::Write && own.key == access.key)
            };
            is_same && chosen().is_none_or(|source| source == writer.number()) && !is_own()
        })
    };
    let others = sessions.ids().filter(|id| *id != writer);
    others.filter(|id| sessions.transaction(*id).outcome != Outcome::Aborted && reads(id)).collect()
}

/// What is wrong with the first choice, and that the others are no better.
fn of_all(anomaly: Anomaly, count: usize, open: &[Open]) -> Anomaly {
    if count == 1 {
        return anomaly;
    }
    let found = format!(
        "with none of the {count} ways to give reads their writes; with the first: {}",
        anomaly.found
    );
    let named = open.iter().flat_map(|open| {
        let writers = open.writers.iter().filter(|writer| **writer != INITIAL);
        writers.chain([&open.reader]).map(|id| TransactionId::new(*id)).collect::<Vec<_>>()
    });
    Anomaly { found, ..anomaly }.naming(named)
}

/// A read, which may stand in several places of its transaction, and the writes of which it may show any.
struct Open {
    reader: u32,
    key: Key,
    value: Value,
    places: Vec<u32>,
    writers: Vec<u32>,
}

/// The reads that several writes explain: those for which one is left, with that, and the others. `None` if there are too many
/// ways to choose.
fn choices(
    sessions: &Sessions,
    kept: Kept,
    again: Again,
    patience: &mut Patience<'_>,
) -> Result<Option<(Sources, Vec<Open>)>, Stop> {
    let overwritten =
        (kept == Kept::RealTime && sessions.timing() == Timing::Recorded).then(|| Overwritten::of(sessions));
    let mut own = OwnWrites::default();
    let mut sources = Sources::default();
    let mut open: Vec<Open> = Vec::new();
    let mut ways = 1_usize;
    each_ambiguous(sessions, patience, |reader, nth, mut writers, patience| {
        let access = sessions.accesses(reader)[nth as usize];
        let (key, value) = (access.key, access.value);
        patience.afford(1, ENTRY)?;
        // Of one transaction they come one after the other.
        let known = open.iter_mut().rev().take_while(|open| open.reader == reader.number());
        let mut known = known.filter(|open| again == Again::ShowsTheSame && open.key == key);
        if let Some(known) = known.next() {
            sources.chosen.insert((reader.number(), nth), writers[0]);
            // Where the two values differ, that is wrong whatever is chosen.
            if known.value == value {
                known.places.push(nth);
            }
            return Ok(());
        }
        own.advance(sessions, reader, patience)?;
        let before = writers[0];
        writers.retain(|writer| {
            let is_late = kept.has_causes() && is_later(sessions, *writer, reader);
            let is_own = kept.has_own_writes() && own.rules_out(sessions, key, *writer, reader);
            let is_gone =
                overwritten.as_ref().is_some_and(|past| past.rules_out(sessions, key, *writer, reader));
            !is_late && !is_own && !is_gone
        });
        if writers.is_empty() {
            // None will do, which whoever judges finds for any of them.
            writers.push(before);
        }
        sources.chosen.insert((reader.number(), nth), writers[0]);
        if writers.len() > 1 {
            ways = ways.saturating_mul(writers.len());
            if ways <= CHOICES_MAX {
                open.push(Open { reader: reader.number(), key, value, places: vec![nth], writers });
            }
        }
        Ok(())
    })?;
    Ok((ways <= CHOICES_MAX).then_some((sources, open)))
}

/// What an entry of a map takes, with its share of the nodes.
const ENTRY: usize = 24;

/// Whether the reader's own session wrote it, but only later.
fn is_later(sessions: &Sessions, writer: u32, reader: TransactionId) -> bool {
    let session = |id| sessions.transaction(id).session;
    writer != INITIAL && writer > reader.number() && session(TransactionId::new(writer)) == session(reader)
}

/// For each session and key who certainly wrote it last, of those before a reader.
#[derive(Default)]
struct OwnWrites {
    last: BTreeMap<(u32, Key), u32>,
    next: u32,
}

impl OwnWrites {
    /// Takes in all that is recorded before the reader, which must not be before the last one asked for.
    fn advance(
        &mut self,
        sessions: &Sessions,
        reader: TransactionId,
        patience: &mut Patience<'_>,
    ) -> Result<(), Limit> {
        for id in (self.next..reader.number()).map(TransactionId::new) {
            let Transaction { outcome, session, .. } = sessions.transaction(id);
            patience.step(1)?;
            if outcome != Outcome::Committed {
                continue;
            }
            for access in sessions.accesses(id).iter().filter(|access| access.act == Act::Write) {
                if self.last.insert((session, access.key), id.number()).is_none() {
                    patience.afford(1, ENTRY)?;
                }
            }
        }
        self.next = reader.number();
        Ok(())
    }

    /// Whether the reader's session had overwritten what a transaction wrote: its own, or what was there before all.
    fn rules_out(&self, sessions: &Sessions, key: Key, writer: u32, reader: TransactionId) -> bool {
        let session = sessions.transaction(reader).session;
        let Some(last) = self.last.get(&(session, key)) else { return false };
        match writer {
            INITIAL => true,
            writer => sessions.transaction(TransactionId::new(writer)).session == session && writer < *last,
        }
    }
}

/// For each key its committed writers by their ends, each with the latest beginning of those up to it.
pub(crate) struct Overwritten {
    ends: BTreeMap<Key, Vec<(u64, u64)>>,
}

impl Overwritten {
    pub(crate) fn of(sessions: &Sessions) -> Overwritten {
        let mut ends: BTreeMap<Key, Vec<(u64, u64)>> = BTreeMap::new();
        for id in sessions.ids() {
            let Transaction { outcome, invoked, returned, .. } = sessions.transaction(id);
            if outcome == Outcome::Committed && returned != Transaction::NEVER {
                for access in sessions.accesses(id).iter().filter(|access| access.act == Act::Write) {
                    ends.entry(access.key).or_default().push((returned, invoked));
                }
            }
        }
        for ends in ends.values_mut() {
            ends.sort_unstable();
            for nth in 1..ends.len() {
                ends[nth].1 = ends[nth].1.max(ends[nth - 1].1);
            }
        }
        Overwritten { ends }
    }

    /// Whether what a transaction wrote was not begun when the reader was over, or overwritten before the reader began.
    pub(crate) fn rules_out(
        &self,
        sessions: &Sessions,
        key: Key,
        writer: u32,
        reader: TransactionId,
    ) -> bool {
        let reader = sessions.transaction(reader);
        // Nobody knows when one is over whose outcome is not known; the initial value was there before all.
        let is_certain = reader.outcome != Outcome::Unknown;
        let (begin, end) = match writer {
            INITIAL => (0, None),
            writer => {
                let writer = sessions.transaction(TransactionId::new(writer));
                let is_over = writer.outcome == Outcome::Committed && writer.returned != Transaction::NEVER;
                (writer.invoked, Some(if is_over { writer.returned } else { Transaction::NEVER }))
            }
        };
        if is_certain && reader.returned < begin {
            return true;
        }
        let ends = self.ends.get(&key).map_or(&[][..], Vec::as_slice);
        let past = ends.partition_point(|(returned, _)| *returned < reader.invoked);
        let latest = past.checked_sub(1).map(|last| ends[last].1);
        latest.is_some_and(|latest| end.is_none_or(|end| end < latest))
    }
}

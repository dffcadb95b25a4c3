//! What each read knows of, and which writes that forces before the one that it shows.

use std::collections::BTreeMap;

use constellation_trace::{Act, Key, Limit, TransactionId};

use super::order::{Forced, Node};
use super::{Guarantee, Guarantees, Observed, Patience, Stop, Writers};
use crate::models::finding::{key_name, transaction_name};
use crate::models::front;
use crate::models::observed::{INITIAL, Seen};
use crate::models::weakness::Weakness;
use crate::models::writers::Writer;

/// The least knowledge of all reads, as two clock rows each: how far into a session *its own writes* are known, and how
/// far into it *what it read* is known. The writes that a read shows are known besides.
///
/// O(n k), and one entry for each key of each write that a session reads, where what it read is known singly.
pub(super) struct Knowing<'s, 'o> {
    set: Guarantees,
    observed: &'s Observed<'o>,
    writers: &'s Writers,
    width: usize,
    /// For each transaction what its session's reads up to it knew of: `width` entries for writes, then as many for reads.
    told: Vec<u32>,
    read: Read,
    /// The last write of each session, as far as the pass has come.
    last: Vec<u32>,
}

impl<'s, 'o> Knowing<'s, 'o> {
    pub(super) fn of(
        set: Guarantees,
        observed: &'s Observed<'o>,
        writers: &'s Writers,
        patience: &mut Patience<'_>,
    ) -> Result<Knowing<'s, 'o>, Limit> {
        let width = observed.lines.len();
        let size = observed.places.len().saturating_mul(width * 2);
        patience.afford(size, size_of::<u32>())?;
        // With monotonic writes what is read is known with all before it, so as a write.
        let is_single = !set.has(Guarantee::MonotonicWrites)
            && (set.has(Guarantee::MonotonicReads) || set.has(Guarantee::WritesFollowReads));
        let read = if is_single { Read::of(observed, patience)? } else { Read::default() };
        Ok(Knowing { set, observed, writers, width, told: vec![0; size], read, last: vec![INITIAL; width] })
    }

    /// For every read the writes that must be before the one that it shows.
    pub(super) fn forced(mut self, patience: &mut Patience<'_>) -> Result<Forced, Stop> {
        let observed = self.observed;
        let mut forced = Forced::new(observed, self.read.entries.iter().map(|entry| entry.0).collect());
        for (place, (_, after)) in self.read.entries.iter().enumerate() {
            forced.link(place, *after);
        }
        let mut row = vec![0_u32; self.width * 2];
        let is_ordered = self.set.has(Guarantee::WritesFollowReads);
        let ends = front::ends(observed);
        let waits = |id: u32, done: &[u32]| {
            let mut seen = observed.sources(id).filter(|_| is_ordered);
            seen.find(|seen| front::is_open(observed, done, seen.source)).map(|seen| seen.source)
        };
        let done = front::advance(observed, &ends, patience, |id, done, patience| {
            if let Some(first) = waits(id, done) {
                return Ok::<_, Stop>(Some(first));
            }
            patience.step(self.width as u64 * 2)?;
            self.learn(id, &mut row);
            self.force(id, &row, &mut forced, patience)?;
            Ok(None)
        })?;
        assert_eq!(done, ends, "the past has no cycle, or nobody waits");
        Ok(forced)
    }

    /// What a transaction's reads know of, into `row`, and what is told by its session's writes from there on.
    fn learn(&mut self, id: u32, row: &mut [u32]) {
        let (observed, width) = (self.observed, self.width);
        let (session, place) = (observed.owners[id as usize] as usize, observed.places[id as usize]);
        let start = |id: u32| id as usize * width * 2;
        let before = observed.before(id);
        row.fill(0);
        let follows = self.set.has(Guarantee::WritesFollowReads);
        let told = &self.told;
        let mut join = |from: u32| {
            let told = &told[start(from)..start(from) + width * 2];
            row.iter_mut().zip(told).for_each(|(entry, more)| *entry = (*entry).max(*more));
        };
        if self.set.has(Guarantee::MonotonicReads) {
            before.into_iter().for_each(&mut join);
        }
        let last = self.last[session];
        // Own writes are known, and with them what they rest on.
        let rests_on_own = follows && self.set.has(Guarantee::ReadYourWrites) && last != INITIAL;
        if rests_on_own {
            join(last);
        }
        let sources = observed.sources(id).map(|seen| seen.source);
        if follows {
            sources.for_each(join);
        }
        if rests_on_own {
            row[width + session] = row[width + session].max(observed.places[last as usize]);
        }
        for seen in observed.sources(id) {
            let owner = observed.owners[seen.source as usize] as usize;
            let place = observed.places[seen.source as usize];
            if self.set.has(Guarantee::MonotonicWrites) {
                row[owner] = row[owner].max(place);
            }
            if follows {
                row[width + owner] = row[width + owner].max(place);
            }
        }
        if self.set.has(Guarantee::ReadYourWrites) {
            row[session] = row[session].max(place - 1);
        }
        if self.set.has(Guarantee::MonotonicReads) {
            row[width + session] = row[width + session].max(place);
        }
        let to = start(id);
        let is_reader = !observed.seen(id).is_empty();
        if let Some(before) = before {
            self.told.copy_within(start(before)..start(before) + width * 2, to);
        } else {
            self.told[to..to + width * 2].fill(0);
        }
        if is_reader {
            let told = &mut self.told[to..to + width * 2];
            told.iter_mut().zip(row.iter()).for_each(|(entry, more)| *entry = (*entry).max(*more));
        }
        if observed.writes(id) {
            self.last[session] = id;
        }
    }

    fn force(
        &self,
        id: u32,
        row: &[u32],
        forced: &mut Forced,
        patience: &mut Patience<'_>,
    ) -> Result<(), Stop> {
        let seen = self.observed.seen(id);
        for shown in seen {
            patience.step(self.writers.runs(shown.key).len() as u64 + 1)?;
            for run in self.writers.runs(shown.key) {
                let writers = self.writers.run(*run);
                let count = writers.partition_point(|writer| writer.place <= row[run.session as usize]);
                // Of one session the last forces the earlier ones too.
                let known = writers[..count].last();
                if let Some(writer) = known {
                    self.one(id, *shown, writer.id, forced)?;
                }
            }
            self.singly(id, *shown, &row[self.width..], forced, patience)?;
            // What else it shows is known, too.
            let others = self.observed.sources(id).filter(|other| other.source != shown.source);
            for other in others {
                patience.step(1)?;
                if self.wrote(other.source, shown.key) {
                    self.one(id, *shown, other.source, forced)?;
                }
            }
        }
        Ok(())
    }

    /// What is known since a session read it, write by write.
    fn singly(
        &self,
        id: u32,
        shown: Seen,
        row: &[u32],
        forced: &mut Forced,
        patience: &mut Patience<'_>,
    ) -> Result<(), Stop> {
        for list in self.read.lists(shown.key) {
            let entries = &self.read.places[list.start..list.end];
            let count = entries.partition_point(|place| *place <= row[list.session as usize]);
            let last = list.start + count;
            // Those after the one that is shown stand alone; those before it are one.
            let own = self.read.find.get(&(shown.key, list.session, shown.source));
            let cut = own.copied().filter(|place| *place < last).unwrap_or(last);
            for place in (cut + 1).min(last)..last {
                patience.step(1)?;
                self.one(id, shown, self.read.entries[place].0, forced)?;
            }
            if cut > list.start {
                match shown.source {
                    INITIAL => self.one(id, shown, self.read.entries[cut - 1].0, forced)?,
                    _ if self.observed.forgets(Weakness::Written) => {}
                    source => forced.add(Node::Entry(cut - 1), source, id, shown.key),
                }
            }
        }
        Ok(())
    }

    fn one(&self, reader: u32, shown: Seen, writer: u32, forced: &mut Forced) -> Result<(), Stop> {
        let dropped = if shown.source == INITIAL { Weakness::ReadBefore } else { Weakness::Written };
        if self.observed.forgets(dropped) {
            return Ok(());
        }
        if shown.source == INITIAL {
            let sessions = self.observed.sessions;
            let [late, early] = [reader, writer].map(|id| transaction_name(sessions, TransactionId::new(id)));
            let key = key_name(sessions, shown.key);
            let found = format!("{late} reads as {key} the initial value, but must know of {early}");
            return Err(super::order::stale(self.set, self.observed, found, writer, reader, shown.key).into());
        }
        if writer != shown.source {
            forced.add(Node::Write(writer), shown.source, reader, shown.key);
        }
        Ok(())
    }

    fn wrote(&self, writer: u32, key: Key) -> bool {
        let owner = self.observed.owners[writer as usize];
        let run = self.writers.runs(key).iter().find(|run| run.session == owner);
        let place = |run| {
            self.writers
                .run(run)
                .binary_search_by_key(&self.observed.places[writer as usize], |at: &Writer| at.place)
        };
        run.is_some_and(|run| place(*run).is_ok())
    }
}

/// For each key and session the writes of the key that it read, directly or by another key of the same transaction, each
/// where it was read first.
#[derive(Default)]
struct Read {
    /// The write, and the entry before it in its list.
    entries: Vec<(u32, Option<usize>)>,
    /// The place in the session at which each was read.
    places: Vec<u32>,
    lists: Vec<List>,
    /// Where the lists of each key begin.
    starts: Vec<usize>,
    find: BTreeMap<(Key, u32, u32), usize>,
}

struct List {
    session: u32,
    start: usize,
    end: usize,
}

impl Read {
    fn of(observed: &Observed<'_>, patience: &mut Patience<'_>) -> Result<Read, Limit> {
        let keys = observed.sessions.keys().len();
        let mut found: Vec<(Key, u32, u32, u32)> = Vec::new();
        // Which session read a transaction last, as far as this loop is: one session after the other.
        let mut known = vec![u32::MAX; observed.places.len()];
        for id in observed.counted() {
            let (session, place) = (observed.owners[id as usize], observed.places[id as usize]);
            for seen in observed.sources(id) {
                if std::mem::replace(&mut known[seen.source as usize], session) == session {
                    continue;
                }
                let accesses = observed.sessions.accesses(TransactionId::new(seen.source));
                patience.step(accesses.len() as u64)?;
                let writes = accesses.iter().filter(|access| access.act == Act::Write);
                found.extend(writes.map(|access| (access.key, session, place, seen.source)));
            }
        }
        found.sort_unstable();
        found.dedup();
        patience.afford(found.len(), 128)?;
        let mut read = Read { starts: vec![0; keys + 1], ..Read::default() };
        for (at, (key, session, place, writer)) in found.iter().enumerate() {
            let is_new = at == 0 || (found[at - 1].0, found[at - 1].1) != (*key, *session);
            if is_new {
                read.lists.push(List { session: *session, start: at, end: at });
                read.starts[key.index() + 1] += 1;
            }
            read.entries.push((*writer, if is_new { None } else { Some(at - 1) }));
            read.places.push(*place);
            read.find.insert((*key, *session, *writer), at);
            read.lists.last_mut().expect("just pushed, or before").end = at + 1;
        }
        (0..keys).for_each(|key| read.starts[key + 1] += read.starts[key]);
        Ok(read)
    }

    fn lists(&self, key: Key) -> &[List] {
        match self.starts.get(key.index()..key.index() + 2) {
            Some([start, end]) => &self.lists[*start..*end],
            _ => &[],
        }
    }
}

//! Who read from whom: each read is given the write whose value it shows, before any order is asked for.

use constellation_trace::{Access, Act, Key, Limit, Outcome, Sessions, TransactionId, Value};

use super::Recorded;
use super::finding::{Anomaly, Stop, key_name, transaction_name};
use super::patience::Patience;
use super::sources::Sources;
use super::weakness::Weakness;

/// The source of a read that showed what was there before anybody wrote.
pub(crate) const INITIAL: u32 = u32::MAX;

/// A key that a transaction read before writing it, and whose value it was. Several reads of one are one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// Which key.
    pub(crate) key: Key,
    /// The transaction that wrote it, or [`INITIAL`].
    pub(crate) source: u32,
}

/// Which transactions count, where they stand in their sessions, and from whom they read.
///
/// Committed ones count. One whose outcome is unknown counts if one that counts reads from it, since then it was committed.
/// Otherwise it is as if it had never been: all models that are judged by this only ever ask more of a history with more
/// in it, so what is explained with it is explained without it. That is wrong for a model in which a transaction may
/// *help* another.
#[derive(Debug)]
pub(crate) struct Observed<'a> {
    /// What is judged.
    pub(crate) sessions: &'a Sessions,
    /// For each session the transactions that count, in its order.
    pub(crate) lines: Vec<Vec<u32>>,
    /// For each transaction its place in its session's line, from 1; 0 if it does not count.
    pub(crate) places: Vec<u32>,
    /// The session of each transaction.
    pub(crate) owners: Vec<u32>,
    seen: Vec<Seen>,
    /// Where in `seen` each transaction's reads begin and end.
    ranges: Vec<(u32, u32)>,
    /// A read that several writes explain, which was left out: a violation without it is one with it too.
    pub(crate) ambiguous: Option<Limit>,
    asked: Asked<'a>,
    weakness: Weakness,
}

/// How reads are given their writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    /// What a second read of a key may show.
    pub(crate) again: Again,
    /// For reads that several writes explain the one that is chosen, if any is.
    pub(crate) sources: Option<&'a Sources>,
}

/// What a transaction may see that reads a key again which it has not written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Again {
    /// What it saw before. Several reads of one key are one.
    ShowsTheSame,
    /// Anything. Every read stands for itself, in the order of the transaction.
    MayDiffer,
}

impl<'a> Observed<'a> {
    /// Gives each read its write, where all keys are registers. O(accesses × log of the writes of a key).
    ///
    /// # Errors
    /// A read that no order can explain: of a value that nobody wrote or only an aborted transaction, of one that its
    /// writer overwrote itself, of one that is not what the transaction wrote itself, or of two writers under one key.
    pub(crate) fn of(recorded: &Recorded<'a>, patience: &mut Patience<'_>) -> Result<Observed<'a>, Stop> {
        let sessions = recorded.registers()?;
        let counts = |id| sessions.transaction(id).outcome == Outcome::Committed;
        let asked = Asked { again: Again::ShowsTheSame, sources: recorded.sources };
        Observed::choose(sessions, counts, asked, patience)
    }

    /// As [`Observed::of`], but those count that `counts` says, and whom they read from; not to be asked of aborted ones.
    ///
    /// # Errors
    /// As [`Observed::of`].
    pub(crate) fn choose(
        sessions: &'a Sessions,
        counts: impl Fn(TransactionId) -> bool,
        asked: Asked<'a>,
        patience: &mut Patience<'_>,
    ) -> Result<Observed<'a>, Stop> {
        patience.begin();
        let (keys, count) = (sessions.keys().len(), sessions.len());
        // For each transaction: its place, owner, range and line.
        patience.afford(count, 5 * size_of::<u32>())?;
        patience.afford(keys, size_of::<(u32, Value)>() + 4 * size_of::<u32>())?;
        let written = Written::of(sessions, patience)?;
        let writes = written.entries.len();
        patience.afford(sessions.accesses_total() - writes, size_of::<Seen>())?;
        let is_alone = patience.forgets(Weakness::Sessions);
        let mut observed = Observed {
            sessions,
            lines: vec![Vec::new(); if is_alone { count } else { sessions.sessions().len() }],
            places: vec![0; count],
            owners: sessions
                .ids()
                .map(|id| if is_alone { id.number() } else { sessions.transaction(id).session })
                .collect(),
            seen: Vec::new(),
            ranges: vec![(0, 0); count],
            ambiguous: None,
            asked,
            weakness: patience.weakness(),
        };
        let mut own = Own::new(keys);
        let mut open: Vec<u32> = Vec::new();
        let is_failed = patience.forgets(Weakness::Unknown);
        let has_failed = |id| is_failed && sessions.transaction(id).outcome == Outcome::Unknown;
        for id in sessions.ids().filter(|id| counts(*id) && !has_failed(*id)) {
            // One that was read from before its turn has been looked at.
            if std::mem::replace(&mut observed.places[id.index()], 1) == 1 {
                continue;
            }
            observed.read(id, &written, &mut own, &mut open, patience)?;
            while let Some(needed) = open.pop() {
                observed.read(TransactionId::new(needed), &written, &mut own, &mut open, patience)?;
            }
        }
        // What comes now has its place.
        drop(written);
        for id in sessions.ids() {
            if observed.places[id.index()] == 0 {
                continue;
            }
            let line = &mut observed.lines[observed.owners[id.index()] as usize];
            line.push(id.number());
            observed.places[id.index()] = u32::try_from(line.len()).expect("as few as transactions");
        }
        patience.release(writes, size_of::<Entry>());
        Ok(observed)
    }

    /// What a transaction saw of others; nothing if it does not count.
    pub(crate) fn seen(&self, id: u32) -> &[Seen] {
        let (start, end) = self.ranges[id as usize];
        &self.seen[start as usize..end as usize]
    }

    /// What a transaction saw that others wrote, each of which is before it.
    #[inline]
    pub(crate) fn sources(&self, id: u32) -> impl Iterator<Item = &Seen> {
        let is_dropped = self.forgets(Weakness::Reads);
        self.seen(id).iter().filter(move |seen| seen.source != INITIAL && !is_dropped)
    }

    /// Whether the judge forgets this.
    pub(crate) fn forgets(&self, weakness: Weakness) -> bool {
        self.weakness == weakness
    }

    /// The transaction before this one in its session, if there is one.
    pub(crate) fn before(&self, id: u32) -> Option<u32> {
        let place = self.places[id as usize].checked_sub(2)?;
        Some(self.lines[self.owners[id as usize] as usize][place as usize])
    }

    /// Whether a transaction writes anything.
    pub(crate) fn writes(&self, id: u32) -> bool {
        self.sessions.accesses(TransactionId::new(id)).iter().any(|access| access.act == Act::Write)
    }

    /// The transaction at a place of a session, from 1.
    pub(crate) fn at(&self, session: u32, place: u32) -> u32 {
        self.lines[session as usize][place as usize - 1]
    }

    /// Every transaction that counts, session by session.
    pub(crate) fn counted(&self) -> impl Iterator<Item = u32> + '_ {
        self.lines.iter().flatten().copied()
    }

    /// The answer where nothing is wrong: it holds, unless a read was left out.
    pub(crate) fn holds(self) -> Result<(), Stop> {
        self.ambiguous.map_or(Ok(()), |limit| Err(Stop::Unknown(limit)))
    }

    /// Enters the reads of a transaction that counts, and into `open` those that count because of it.
    fn read(
        &mut self,
        id: TransactionId,
        written: &Written,
        own: &mut Own,
        open: &mut Vec<u32>,
        patience: &mut Patience<'_>,
    ) -> Result<(), Stop> {
        let accesses = self.sessions.accesses(id);
        patience.step(accesses.len() as u64 + 1)?;
        let start = self.seen.len() as u32;
        own.begin(id);
        for (nth, access) in (0_u32..).zip(accesses) {
            if access.act == Act::Write {
                own.write(access);
                continue;
            }
            if let Some(value) = own.written(access.key) {
                if value == access.value {
                    continue;
                }
                return Err(self.wrong(id, access, "after writing another value itself", []).into());
            }
            let source = match written.source(self.sessions, id, access, self.weakness)? {
                Source::Is(INITIAL) if self.forgets(Weakness::InitialValues) => continue,
                Source::Is(source) => source,
                Source::Several(pair) => match self.asked.sources.and_then(|chosen| chosen.of(id, nth)) {
                    Some(source) => source,
                    None => {
                        self.ambiguous.get_or_insert_with(|| several(self.sessions, id, access, pair));
                        continue;
                    }
                },
                Source::Wrong(why, writer) => return Err(self.wrong(id, access, why, writer).into()),
            };
            match own.source(access.key).filter(|_| self.asked.again == Again::ShowsTheSame) {
                Some(other) if other == source => continue,
                Some(other) => {
                    let writers = [other, source].into_iter().filter(|writer| *writer != INITIAL);
                    let writers: Vec<_> = writers.map(TransactionId::new).collect();
                    return Err(self.wrong(id, access, "and another value before", writers).into());
                }
                None => own.see(access.key, source),
            }
            self.seen.push(Seen { key: access.key, source });
            if source != INITIAL && self.places[source as usize] == 0 {
                let outcome = self.sessions.transaction(TransactionId::new(source)).outcome;
                if outcome == Outcome::Unknown {
                    self.places[source as usize] = 1;
                    open.push(source);
                }
            }
        }
        // Cannot wrap: there are at most as many as accesses, of which there are less than 2^32.
        self.ranges[id.index()] = (start, self.seen.len() as u32);
        Ok(())
    }

    fn wrong(
        &self,
        id: TransactionId,
        access: &Access,
        why: &str,
        writers: impl IntoIterator<Item = TransactionId>,
    ) -> Anomaly {
        let [key, value] = [key_name(self.sessions, access.key), self.sessions.show_value(access.value)];
        let reader = transaction_name(self.sessions, id);
        let found = format!("{reader} reads {key} = {value}, {why}");
        Anomaly::plain(found, writers.into_iter().chain([id]))
    }
}

/// Two writes explain a read.
fn several(sessions: &Sessions, reader: TransactionId, access: &Access, pair: [u32; 2]) -> Limit {
    let [key, value] = [key_name(sessions, access.key), sessions.show_value(access.value)];
    let reader = transaction_name(sessions, reader);
    let [one, other] = pair.map(|id| match id {
        INITIAL => "what was there before all".to_owned(),
        id => format!("that of {}", transaction_name(sessions, TransactionId::new(id))),
    });
    Limit::NotRecorded(format!("which value the r({key},{value}) of {reader} shows, {one} or {other}, is"))
}

/// What the transaction in hand wrote and saw, by key; a stamp says whether an entry is its own.
struct Own {
    id: u32,
    written: Vec<(u32, Value)>,
    seen: Vec<(u32, u32)>,
}

impl Own {
    fn new(keys: usize) -> Own {
        Own {
            id: INITIAL,
            written: vec![(INITIAL, Value::NOTHING); keys],
            seen: vec![(INITIAL, INITIAL); keys],
        }
    }

    fn begin(&mut self, id: TransactionId) {
        self.id = id.number();
    }

    fn write(&mut self, access: &Access) {
        self.written[access.key.index()] = (self.id, access.value);
    }

    fn see(&mut self, key: Key, source: u32) {
        self.seen[key.index()] = (self.id, source);
    }

    fn written(&self, key: Key) -> Option<Value> {
        let (id, value) = self.written[key.index()];
        (id == self.id).then_some(value)
    }

    fn source(&self, key: Key) -> Option<u32> {
        let (id, source) = self.seen[key.index()];
        (id == self.id).then_some(source)
    }
}

/// Where the value of a read comes from.
enum Source {
    Is(u32),
    Several([u32; 2]),
    Wrong(&'static str, Option<TransactionId>),
}

/// A value that a transaction wrote to the key in whose group it stands.
#[derive(Clone, Copy)]
struct Entry {
    value: Value,
    writer: u32,
    /// Whether it is the last that this transaction wrote there.
    is_final: bool,
}

/// All writes, grouped by key and sorted by value.
struct Written {
    starts: Vec<u32>,
    entries: Vec<Entry>,
}

impl Written {
    fn of(sessions: &Sessions, patience: &mut Patience<'_>) -> Result<Written, Limit> {
        let keys = sessions.keys().len();
        let mut starts = vec![0_u32; keys + 1];
        let is_write = |access: &&Access| access.act == Act::Write;
        for access in sessions.ids().flat_map(|id| sessions.accesses(id)).filter(is_write) {
            starts[access.key.index() + 1] += 1;
        }
        (0..keys).for_each(|key| starts[key + 1] += starts[key]);
        let total = starts[keys] as usize;
        patience.step(total as u64)?;
        patience.afford(total, size_of::<Entry>())?;
        let mut entries = vec![Entry { value: Value::NOTHING, writer: INITIAL, is_final: false }; total];
        let mut next = starts.clone();
        let mut overwritten = vec![INITIAL; keys];
        for id in sessions.ids() {
            for access in sessions.accesses(id).iter().rev().filter(is_write) {
                let key = access.key.index();
                let is_final = overwritten[key] != id.number();
                overwritten[key] = id.number();
                entries[next[key] as usize] = Entry { value: access.value, writer: id.number(), is_final };
                next[key] += 1;
            }
        }
        for key in 0..keys {
            let group = &mut entries[starts[key] as usize..starts[key + 1] as usize];
            // Values mostly rise as they are recorded, which this sort notices.
            group.sort_by_key(|entry| (entry.value, entry.writer));
            patience.step(group.len() as u64)?;
        }
        Ok(Written { starts, entries })
    }

    /// Whose value a transaction read that it had not written itself before.
    fn source(
        &self,
        sessions: &Sessions,
        reader: TransactionId,
        access: &Access,
        weakness: Weakness,
    ) -> Result<Source, Limit> {
        let key = access.key.index();
        let group = &self.entries[self.starts[key] as usize..self.starts[key + 1] as usize];
        let start = group.partition_point(|entry| entry.value < access.value);
        let same = group[start..].iter().take_while(|entry| entry.value == access.value);
        let mut found = (access.value == Value::NOTHING).then_some(INITIAL);
        let mut wrong = ("which nobody wrote", None);
        for entry in same {
            let writer = TransactionId::new(entry.writer);
            let outcome = sessions.transaction(writer).outcome;
            if writer == reader {
                // What it writes later explains nothing that it reads now.
                wrong = ("which it writes itself only afterwards", None);
            } else if outcome == Outcome::Aborted
                || outcome == Outcome::Unknown && weakness == Weakness::Unknown
            {
                wrong = ("which only an aborted transaction wrote", Some(writer));
            } else if !entry.is_final {
                wrong = ("which its writer overwrote itself before the end", Some(writer));
            } else if let Some(one) = found {
                return Ok(Source::Several([one, entry.writer]));
            } else {
                found = Some(entry.writer);
            }
        }
        Ok(found.map_or(Source::Wrong(wrong.0, wrong.1), Source::Is))
    }

    /// Those of whom a transaction may have read what it had not written itself before.
    fn candidates<'w>(
        &'w self,
        sessions: &'w Sessions,
        reader: TransactionId,
        access: &Access,
    ) -> impl Iterator<Item = u32> + 'w {
        let (key, value) = (access.key.index(), access.value);
        let group = &self.entries[self.starts[key] as usize..self.starts[key + 1] as usize];
        let start = group.partition_point(|entry| entry.value < value);
        let same = group[start..].iter().take_while(move |entry| entry.value == value);
        let counts = move |entry: &&Entry| {
            let writer = TransactionId::new(entry.writer);
            writer != reader && entry.is_final && sessions.transaction(writer).outcome != Outcome::Aborted
        };
        let initial = (value == Value::NOTHING).then_some(INITIAL);
        initial.into_iter().chain(same.filter(counts).map(|entry| entry.writer))
    }
}

/// Calls `then` for each read that several writes explain: with its transaction, its place there and those writes.
/// O(accesses × log of the writes of a key), and once each of several writes.
pub(crate) fn each_ambiguous<'p>(
    sessions: &Sessions,
    patience: &mut Patience<'p>,
    mut then: impl FnMut(TransactionId, u32, Vec<u32>, &mut Patience<'p>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    patience.begin();
    let written = Written::of(sessions, patience)?;
    let mut own = Own::new(sessions.keys().len());
    for id in sessions.ids().filter(|id| sessions.transaction(*id).outcome != Outcome::Aborted) {
        own.begin(id);
        for (nth, access) in (0_u32..).zip(sessions.accesses(id)) {
            patience.step(1)?;
            match access.act {
                Act::Write => own.write(access),
                Act::Read if own.written(access.key).is_none() => {
                    let mut candidates = written.candidates(sessions, id, access);
                    if let (Some(one), Some(two)) = (candidates.next(), candidates.next()) {
                        let all: Vec<u32> = [one, two].into_iter().chain(candidates).collect();
                        patience.step(all.len() as u64)?;
                        then(id, nth, all, patience)?;
                    }
                }
                _ => {}
            }
        }
    }
    Ok(())
}

//! Who wrote what, session by session, and for each read the last writers that it knows of.

use constellation_trace::{Act, Key, Limit, TransactionId};

use super::finding::Stop;
use super::observed::{Observed, Seen};
use super::patience::Patience;

/// For each key the transactions that count and wrote it, by session and in its order.
#[derive(Debug)]
pub(crate) struct Writers {
    entries: Vec<Writer>,
    /// The runs of entries of one key and one session.
    runs: Vec<Run>,
    /// Where each key's runs begin.
    starts: Vec<u32>,
}

/// A transaction that wrote a key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Writer {
    /// Which.
    pub(crate) id: u32,
    /// Its place in its session.
    pub(crate) place: u32,
}

/// The last of a session that wrote a key, as far as a read knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Last {
    /// Which.
    pub(crate) id: u32,
    /// Its place in its session.
    pub(crate) place: u32,
    /// Its session.
    pub(crate) session: u32,
}

/// What one session wrote to one key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// Which session.
    pub(crate) session: u32,
    start: u32,
    end: u32,
}

impl Writers {
    /// Sorts the writes by key and session. O(accesses), at most 24 bytes a write.
    pub(crate) fn of(observed: &Observed<'_>, patience: &mut Patience<'_>) -> Result<Writers, Limit> {
        let keys = observed.sessions.keys().len();
        let mut starts = vec![0_u32; keys + 1];
        let mut last = vec![u32::MAX; keys];
        each_write(observed, &mut last, |key, _| starts[key.index() + 1] += 1);
        (0..keys).for_each(|key| starts[key + 1] += starts[key]);
        let total = starts[keys] as usize;
        // At most as many runs as writes, each with its count while reads are looked at.
        patience.afford(total, size_of::<Writer>() + size_of::<Run>() + size_of::<u32>())?;
        patience.afford(keys, 4 * size_of::<u32>())?;
        patience.step(total as u64)?;
        let mut entries = vec![Writer { id: 0, place: 0 }; total];
        let mut next = starts.clone();
        last.fill(u32::MAX);
        each_write(observed, &mut last, |key, id| {
            let slot = &mut next[key.index()];
            entries[*slot as usize] = Writer { id, place: observed.places[id as usize] };
            *slot += 1;
        });
        let (mut runs, mut run_starts): (Vec<Run>, Vec<u32>) = (Vec::new(), vec![0]);
        for key in 0..keys {
            let mut at = starts[key];
            while at < starts[key + 1] {
                let session = observed.owners[entries[at as usize].id as usize];
                let group = &entries[at as usize..starts[key + 1] as usize];
                let length =
                    group.iter().take_while(|entry| observed.owners[entry.id as usize] == session).count();
                let end = at + u32::try_from(length).expect("as few as accesses");
                runs.push(Run { session, start: at, end });
                at = end;
            }
            run_starts.push(u32::try_from(runs.len()).expect("as few as accesses"));
        }
        Ok(Writers { entries, runs, starts: run_starts })
    }

    /// What each session wrote to a key, for those that did.
    pub(crate) fn runs(&self, key: Key) -> &[Run] {
        &self.runs[self.starts[key.index()] as usize..self.starts[key.index() + 1] as usize]
    }

    /// The writers of a run, in the order of their session.
    pub(crate) fn run(&self, run: Run) -> &[Writer] {
        &self.entries[run.start as usize..run.end as usize]
    }

    /// Calls `visit` for each read that counts, with the last writer of its key in each session that it can know of: whose
    /// place is at most `reach(reader, session)`, which must not fall along the reader's session.
    ///
    /// O(reads × sessions that wrote the key, and writes × sessions): within a session reads look forward only.
    ///
    /// # Errors
    /// The first of `visit`, or of patience.
    pub(crate) fn visit<'p>(
        &self,
        observed: &Observed<'_>,
        patience: &mut Patience<'p>,
        reach: impl Fn(u32, u32) -> u32,
        mut visit: impl FnMut(u32, Seen, Last, &mut Patience<'p>) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let mut known = Vec::new();
        let mut lines = observed.lines.iter();
        lines.try_for_each(|line| self.visit_line(observed, line, &mut known, patience, &reach, &mut visit))
    }

    /// [`Writers::visit`] for the reads of one session. `known` is room to work in, empty at first.
    pub(crate) fn visit_line<'p>(
        &self,
        observed: &Observed<'_>,
        line: &[u32],
        known: &mut Vec<u32>,
        patience: &mut Patience<'p>,
        reach: &impl Fn(u32, u32) -> u32,
        visit: &mut impl FnMut(u32, Seen, Last, &mut Patience<'p>) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        // How many of each run are in reach. All are 0 before and after, and only a few change if few are looked at.
        known.resize(self.runs.len(), 0);
        let is_short = line.len() < self.runs.len() / 8;
        for &id in line {
            for seen in observed.seen(id) {
                let first = self.starts[seen.key.index()] as usize;
                let runs = self.runs(seen.key);
                patience.step(runs.len() as u64)?;
                for (run, known) in runs.iter().zip(&mut known[first..]) {
                    let limit = reach(id, run.session);
                    let writers = self.run(*run);
                    while writers.get(*known as usize).is_some_and(|writer| writer.place <= limit) {
                        *known += 1;
                    }
                    if let Some(last) = known.checked_sub(1) {
                        let Writer { id: last, place } = writers[last as usize];
                        visit(id, *seen, Last { id: last, place, session: run.session }, patience)?;
                    }
                }
            }
        }
        if is_short {
            for seen in line.iter().flat_map(|id| observed.seen(*id)) {
                let range = self.starts[seen.key.index()]..self.starts[seen.key.index() + 1];
                known[range.start as usize..range.end as usize].fill(0);
            }
        } else {
            patience.step(known.len() as u64)?;
            known.fill(0);
        }
        Ok(())
    }
}

/// Each write that counts, session by session, once a transaction and key.
fn each_write(observed: &Observed<'_>, last: &mut [u32], mut then: impl FnMut(Key, u32)) {
    for id in observed.counted() {
        for access in observed.sessions.accesses(TransactionId::new(id)) {
            if access.act == Act::Write && last[access.key.index()] != id {
                last[access.key.index()] = id;
                then(access.key, id);
            }
        }
    }
}

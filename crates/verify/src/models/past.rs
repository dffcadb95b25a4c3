//! What is in whose past, session order and reads alone: one clock row a transaction, shared where nothing is new.

use std::collections::BTreeSet;

use constellation_trace::{Limit, TransactionId};

use super::finding::{Anomaly, Edge, Stop, Why};
use super::front;
use super::observed::Observed;
use super::patience::Patience;

/// The causal past of every transaction that counts: the least order with that of sessions and from each write to its
/// reads, as in vector clocks. A row says for each session how far it is in the past.
///
/// O(n k) time and memory. A transaction that learns nothing new shares the row of the one before it in its session. Where
/// sessions are so many that a bit for each transaction takes less than a number for each session, a row is such bits:
/// O(n arrows / 128) time, n²/16 bytes.
#[derive(Debug)]
pub(crate) struct Past {
    rows: Rows,
    /// Which row each transaction has. In numbers, its own session's entry there is not to be read.
    row_of: Vec<u32>,
}

#[derive(Debug)]
enum Rows {
    /// For each session how far it is known.
    Sessions { width: usize, rows: Vec<u32> },
    /// One bit for each transaction that was done before, by their places in one order that keeps all pasts: the row of the
    /// nth begins where those of all before it end.
    Done { bits: Vec<u64> },
}

/// Up to so many sessions are always told by numbers.
const SESSIONS_FEW: usize = 256;

/// Whether a bit for each transaction takes less than a number for each session.
pub(crate) fn is_of_bits(observed: &Observed<'_>) -> bool {
    observed.lines.len() > (observed.places.len() / 32).max(SESSIONS_FEW)
}

/// Where the row of the nth begins, if each has words for the bits of those before it.
const fn row_start(count: usize) -> usize {
    // Before it are one row of no words, 64 of one, 64 of two, ….
    let Some(before) = count.checked_sub(1) else { return 0 };
    let (full, rest) = (before / 64, before % 64);
    32 * full * (full + 1) + rest * (full + 1)
}

impl Past {
    /// Joins the rows, sources before readers.
    ///
    /// # Errors
    /// A cycle: then something is its own cause.
    pub(crate) fn of(observed: &Observed<'_>, patience: &mut Patience<'_>) -> Result<Past, Stop> {
        let width = observed.lines.len();
        let count = observed.places.len();
        patience.afford(count + width, size_of::<u32>())?;
        let rows = if is_of_bits(observed) {
            let words = row_start(count);
            patience.afford(words, size_of::<u64>())?;
            Rows::Done { bits: Vec::with_capacity(words) }
        } else {
            // Row 0 is that of whoever knows nobody else.
            Rows::Sessions { width, rows: vec![0; width] }
        };
        let mut past = Past { rows, row_of: vec![0; count] };
        let ends = front::ends(observed);
        let mut position = 0;
        let done = front::advance(observed, &ends, patience, |id, done, patience| {
            let open = observed.sources(id).find(|seen| front::is_open(observed, done, seen.source));
            if let Some(seen) = open {
                return Ok::<_, Limit>(Some(seen.source));
            }
            match past.rows {
                Rows::Sessions { .. } => past.enter(observed, id, patience)?,
                Rows::Done { .. } => past.append(observed, id, position, patience)?,
            }
            position += 1;
            Ok(None)
        })?;
        let cycle = front::standstill(observed, &ends, &done, |id| {
            let seen = observed.sources(id).find(|seen| front::is_open(observed, &done, seen.source));
            seen.map(|seen| (seen.source, Why::ReadFrom { key: seen.key }))
        });
        match cycle {
            None => Ok(past),
            Some(edges) => {
                let found = "each of these is a cause of the next, and the last of the first";
                Err(Anomaly::cycle(found, edges, Vec::new()).into())
            }
        }
    }

    /// How far a session is in the past of a transaction, itself excepted: the place of its last one there, or 0.
    // Asked for each read and each session that wrote its key: a call costs as much as the answer.
    #[inline(always)]
    pub(crate) fn reach(&self, observed: &Observed<'_>, id: u32, session: u32) -> u32 {
        if observed.owners[id as usize] == session {
            return observed.places[id as usize] - 1;
        }
        match &self.rows {
            Rows::Sessions { width, rows } => {
                rows[self.row_of[id as usize] as usize * width + session as usize]
            }
            Rows::Done { .. } => self.reach_by_bits(observed, id, session),
        }
    }

    #[inline(never)]
    fn reach_by_bits(&self, observed: &Observed<'_>, id: u32, session: u32) -> u32 {
        let known = observed.lines[session as usize].partition_point(|other| self.is_done(*other, id));
        u32::try_from(known).expect("as few as transactions")
    }

    /// Whether one is in the past of the other.
    #[inline]
    pub(crate) fn has(&self, observed: &Observed<'_>, one: u32, other: u32) -> bool {
        match self.rows {
            Rows::Sessions { .. } => {
                self.reach(observed, other, observed.owners[one as usize]) >= observed.places[one as usize]
            }
            Rows::Done { .. } => self.is_done(one, other),
        }
    }

    /// Whether the bit of one is in the row of the other.
    #[inline]
    fn is_done(&self, one: u32, other: u32) -> bool {
        let Rows::Done { bits } = &self.rows else { return false };
        let [bit, row] = [one, other].map(|id| self.row_of[id as usize] as usize);
        bit < row && bits[row_start(row) + bit / 64] >> (bit % 64) & 1 == 1
    }

    fn enter(&mut self, observed: &Observed<'_>, id: u32, patience: &mut Patience<'_>) -> Result<(), Limit> {
        let Rows::Sessions { width, rows } = &mut self.rows else { return Ok(()) };
        let width = *width;
        let session = observed.owners[id as usize] as usize;
        let before = observed.before(id);
        let mut row = before.map_or(0, |before| self.row_of[before as usize]);
        let mut is_new = false;
        for seen in observed.sources(id) {
            let (owner, place) =
                (observed.owners[seen.source as usize] as usize, observed.places[seen.source as usize]);
            let start = row as usize * width;
            // Rows are closed: who knows this transaction knows all that it knew.
            if owner == session || rows[start + owner] >= place {
                continue;
            }
            if !is_new {
                is_new = true;
                patience.afford(width, size_of::<u32>())?;
                rows.extend_from_within(start..start + width);
                row = u32::try_from(rows.len() / width - 1).expect("at most one row a transaction");
            }
            patience.step(width as u64)?;
            let from = self.row_of[seen.source as usize] as usize * width;
            // A new row is the last.
            let (known, own) = rows.split_at_mut(row as usize * width);
            own.iter_mut().zip(&known[from..from + width]).for_each(|(own, known)| *own = (*own).max(*known));
            own[owner] = place;
        }
        self.row_of[id as usize] = row;
        Ok(())
    }

    /// The same in bits: a row for the next one that is done, from those of the one before it and of whom it read from.
    fn append(
        &mut self,
        observed: &Observed<'_>,
        id: u32,
        position: u32,
        patience: &mut Patience<'_>,
    ) -> Result<(), Limit> {
        let Rows::Done { bits } = &mut self.rows else { return Ok(()) };
        let start = bits.len();
        bits.resize(start + (position as usize).div_ceil(64), 0);
        let (known, own) = bits.split_at_mut(start);
        let sources = observed.sources(id).map(|seen| seen.source);
        for first in observed.before(id).into_iter().chain(sources) {
            let first = self.row_of[first as usize] as usize;
            if own[first / 64] >> (first % 64) & 1 == 1 {
                continue;
            }
            let from = &known[row_start(first)..row_start(first + 1)];
            patience.step(from.len() as u64 / 16 + 1)?;
            own.iter_mut().zip(from).for_each(|(own, known)| *own |= known);
            own[first / 64] |= 1 << (first % 64);
        }
        self.row_of[id as usize] = position;
        Ok(())
    }

    /// A chain of sessions and reads from one transaction to another that has it in its past, with few edges.
    ///
    /// # Panics
    /// If it has not.
    pub(crate) fn chain(&self, observed: &Observed<'_>, one: u32, other: u32) -> Vec<Edge> {
        let home = observed.owners[one as usize];
        // Breadth first, backwards; only the first of each session that knows `one` learnt of it from elsewhere.
        let mut found: Vec<(u32, usize, Why)> = vec![(other, 0, Why::Session)];
        let mut known = BTreeSet::from([other]);
        let mut next = 0;
        loop {
            assert!(next < found.len(), "t{one} is not in the past of t{other}");
            let (id, ..) = found[next];
            let owner = observed.owners[id as usize];
            if id == one || owner == home {
                let mut edges = Vec::new();
                if id != one {
                    edges.push(edge(one, id, Why::Session));
                }
                let mut at = next;
                while at != 0 {
                    let (from, after, why) = found[at].clone();
                    edges.push(edge(from, found[after].0, why));
                    at = after;
                }
                return edges;
            }
            let line = &observed.lines[owner as usize];
            let first = line[line.partition_point(|candidate| !self.has(observed, one, *candidate))];
            if first != id {
                // Each of a session leads there; once will do.
                if known.insert(first) {
                    found.push((first, next, Why::Session));
                }
            } else {
                for seen in observed.sources(id) {
                    let leads = seen.source == one || self.has(observed, one, seen.source);
                    if leads && known.insert(seen.source) {
                        found.push((seen.source, next, Why::ReadFrom { key: seen.key }));
                    }
                }
            }
            next += 1;
        }
    }
}

pub(crate) fn edge(from: u32, to: u32, why: Why) -> Edge {
    Edge { from: TransactionId::new(from), to: TransactionId::new(to), why }
}

//! What is in whose past, session order and reads alone: one clock row a transaction, shared where nothing is new.

use constellation_trace::{Limit, TransactionId};

use super::finding::{Anomaly, Edge, Stop, Why};
use super::front;
use super::observed::Observed;
use super::patience::Patience;

/// The causal past of every transaction that counts: the least order with that of sessions and from each write to its
/// reads, as in vector clocks. A row says for each session how far it is in the past.
///
/// O(n k) time. A transaction that learns nothing new shares the row of the one before it in its session.
#[derive(Debug)]
pub(crate) struct Past {
    width: usize,
    rows: Vec<u32>,
    /// Which row each transaction has. Its own session's entry there is not to be read.
    row_of: Vec<u32>,
}

impl Past {
    /// Joins the rows, sources before readers.
    ///
    /// # Errors
    /// A cycle: then something is its own cause.
    pub(crate) fn of(observed: &Observed<'_>, patience: &mut Patience<'_>) -> Result<Past, Stop> {
        let width = observed.lines.len();
        patience.afford(observed.places.len() + width, size_of::<u32>())?;
        // Row 0 is that of whoever knows nobody else.
        let mut past = Past { width, rows: vec![0; width], row_of: vec![0; observed.places.len()] };
        let ends = front::ends(observed);
        let done = front::advance(observed, &ends, patience, |id, done, patience| {
            let open = observed.sources(id).find(|seen| front::is_open(observed, done, seen.source));
            match open {
                Some(seen) => Ok(Some(seen.source)),
                None => past.enter(observed, id, patience).map(|()| None),
            }
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
    #[inline]
    pub(crate) fn reach(&self, observed: &Observed<'_>, id: u32, session: u32) -> u32 {
        if observed.owners[id as usize] == session {
            observed.places[id as usize] - 1
        } else {
            self.row(id)[session as usize]
        }
    }

    /// How far each session is in the past of a transaction; the entry of its own session means nothing.
    pub(crate) fn row(&self, id: u32) -> &[u32] {
        let start = self.row_of[id as usize] as usize * self.width;
        &self.rows[start..start + self.width]
    }

    /// Whether one is in the past of the other.
    #[inline]
    pub(crate) fn has(&self, observed: &Observed<'_>, one: u32, other: u32) -> bool {
        self.reach(observed, other, observed.owners[one as usize]) >= observed.places[one as usize]
    }

    fn enter(&mut self, observed: &Observed<'_>, id: u32, patience: &mut Patience<'_>) -> Result<(), Limit> {
        let session = observed.owners[id as usize] as usize;
        let before = observed.before(id);
        let mut row = before.map_or(0, |before| self.row_of[before as usize]);
        let mut is_new = false;
        for seen in observed.sources(id) {
            let (owner, place) =
                (observed.owners[seen.source as usize] as usize, observed.places[seen.source as usize]);
            let start = row as usize * self.width;
            // Rows are closed: who knows this transaction knows all that it knew.
            if owner == session || self.rows[start + owner] >= place {
                continue;
            }
            if !is_new {
                is_new = true;
                patience.afford(self.width, size_of::<u32>())?;
                self.rows.extend_from_within(start..start + self.width);
                row = u32::try_from(self.rows.len() / self.width - 1).expect("at most one row a transaction");
            }
            patience.step(self.width as u64)?;
            let (start, from) =
                (row as usize * self.width, self.row_of[seen.source as usize] as usize * self.width);
            for entry in 0..self.width {
                self.rows[start + entry] = self.rows[start + entry].max(self.rows[from + entry]);
            }
            self.rows[start + owner] = place;
        }
        self.row_of[id as usize] = row;
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
                found.push((first, next, Why::Session));
            } else {
                for seen in observed.sources(id) {
                    let is_known = found.iter().any(|(known, ..)| *known == seen.source);
                    if !is_known && (seen.source == one || self.has(observed, one, seen.source)) {
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

//! What is in whose past, session order and reads alone: one clock row a transaction, shared where nothing is new.

use constellation_trace::{Limit, TransactionId};

use super::finding::{Anomaly, Edge, Stop, Why};
use super::observed::{INITIAL, Observed};
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
        // Row 0 is that of whoever knows nobody else.
        let mut past = Past { width, rows: vec![0; width], row_of: vec![0; observed.places.len()] };
        let mut front = Front::new(width);
        while let Some(session) = front.ready.pop() {
            let line = &observed.lines[session];
            while let Some(&id) = line.get(front.done[session] as usize) {
                patience.step(1)?;
                let is_open = |source: u32| {
                    source != INITIAL
                        && front.done[observed.owners[source as usize] as usize]
                            < observed.places[source as usize]
                };
                if let Some(seen) = observed.seen(id).iter().find(|seen| is_open(seen.source)) {
                    let owner = observed.owners[seen.source as usize] as usize;
                    front.waiting[owner].push((observed.places[seen.source as usize], session));
                    break;
                }
                past.enter(observed, session, id, patience)?;
                front.finish(session);
            }
        }
        match observed.lines.iter().zip(&front.done).position(|(line, done)| line.len() > *done as usize) {
            None => Ok(past),
            Some(session) => Err(cycle(observed, &front.done, session).into()),
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

    fn enter(
        &mut self,
        observed: &Observed<'_>,
        session: usize,
        id: u32,
        patience: &mut Patience<'_>,
    ) -> Result<(), Limit> {
        let before =
            observed.places[id as usize].checked_sub(2).map(|place| observed.lines[session][place as usize]);
        let mut row = before.map_or(0, |before| self.row_of[before as usize]);
        let mut is_new = false;
        for seen in observed.seen(id).iter().filter(|seen| seen.source != INITIAL) {
            let (owner, place) =
                (observed.owners[seen.source as usize] as usize, observed.places[seen.source as usize]);
            let start = row as usize * self.width;
            // Rows are closed: who knows this transaction knows all that it knew.
            if owner == session || self.rows[start + owner] >= place {
                continue;
            }
            if !is_new {
                is_new = true;
                patience.afford(self.rows.len() + self.width, size_of::<u32>())?;
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
                for seen in observed.seen(id).iter().filter(|seen| seen.source != INITIAL) {
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

/// How far each session has been looked at, and who waits for whom.
struct Front {
    done: Vec<u32>,
    ready: Vec<usize>,
    /// For each session the places in it that others wait for, and which session does.
    waiting: Vec<Vec<(u32, usize)>>,
}

impl Front {
    fn new(width: usize) -> Front {
        Front { done: vec![0; width], ready: (0..width).rev().collect(), waiting: vec![Vec::new(); width] }
    }

    /// One more of a session is done; whoever waited for it is ready.
    fn finish(&mut self, session: usize) {
        self.done[session] += 1;
        let (done, ready) = (self.done[session], &mut self.ready);
        self.waiting[session].retain(|(place, waits)| {
            let is_over = *place <= done;
            if is_over {
                ready.push(*waits);
            }
            !is_over
        });
    }
}

/// The cycle that a session stands still in: each session's next transaction reads from one that is not done.
fn cycle(observed: &Observed<'_>, done: &[u32], start: usize) -> Anomaly {
    let head = |session: usize| observed.lines[session][done[session] as usize];
    let blocks = |session: usize| {
        let is_open = |source: u32| {
            source != INITIAL
                && done[observed.owners[source as usize] as usize] < observed.places[source as usize]
        };
        let mut seen = observed.seen(head(session)).iter();
        *seen.find(|seen| is_open(seen.source)).expect("a session stands still for a reason")
    };
    let mut path: Vec<usize> = Vec::new();
    let mut session = start;
    while !path.contains(&session) {
        path.push(session);
        session = observed.owners[blocks(session).source as usize] as usize;
    }
    let first = path.iter().position(|known| *known == session).expect("the loop ended there");
    let mut edges = Vec::new();
    // Each reads from the session after it, so the order of causes is backwards.
    for session in path[first..].iter().rev() {
        let seen = blocks(*session);
        let from = head(observed.owners[seen.source as usize] as usize);
        if from != seen.source {
            edges.push(edge(from, seen.source, Why::Session));
        }
        edges.push(edge(seen.source, head(*session), Why::ReadFrom { key: seen.key }));
    }
    Anomaly::cycle("each of these is a cause of the next, and the last of the first", edges, Vec::new())
}

pub(crate) fn edge(from: u32, to: u32, why: Why) -> Edge {
    Edge { from: TransactionId::new(from), to: TransactionId::new(to), why }
}

//! The least order that a session's reads force upon the writes they know of.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use constellation_trace::{Key, Limit, TransactionId, one_line};

use super::{Anomaly, Observed, Patience, Stop, Writers, front};
use crate::models::finding::{Edge, Why, key_name, transaction_name};
use crate::models::observed::{INITIAL, Seen};
use crate::models::past::edge;
use crate::models::weakness::Weakness;
use crate::models::writers::Last;

/// Whose reads order what is before them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// Everybody's: causes are kept.
    Causal,
    /// Those of the session in hand only.
    Sessions,
}

/// For one session at a time the order HB of Bouajjani et al. (2017): sessions and reads, and from each write that is
/// before a read of this session to the one that it shows, as long as there are any.
///
/// One pass joins a clock row for every transaction before the session's last, O(n k), then looks at the session's reads.
/// A pass that forces nothing new is the last. Since reads of one session stand in one order, there is an order of the
/// writes that explains them if and only if none is before itself (POPL 2017, Lemma 4 for CM; for PRAM the same argument).
pub(super) struct Saturation<'s, 'o> {
    observed: &'s Observed<'o>,
    writers: &'s Writers,
    kind: Kind,
    /// Rows of the pass, of which the first is that of whoever knows nobody else, and which of them each transaction has:
    /// that of the one before it in its session, unless it learns something. Its own session's entry there means nothing.
    rows: Vec<u32>,
    row_of: Vec<u32>,
    /// How many entries of rows are counted in.
    afforded: usize,
    /// For each write that is read what must come before it: the last of each session.
    forced: BTreeMap<u32, Vec<Forced>>,
    /// Whether a transaction stands there: nearly none does, and each pass asks for all.
    is_forced: Vec<bool>,
    /// Room to work in.
    known: Vec<u32>,
}

/// A write that must come before another, which `reader` reads though it knows this one.
#[derive(Clone, Copy, Debug)]
struct Forced {
    writer: u32,
    reader: u32,
    key: Key,
    /// The pass that found it: it rests only on those of earlier ones.
    pass: u32,
}

impl<'s, 'o> Saturation<'s, 'o> {
    pub(super) fn new(
        observed: &'s Observed<'o>,
        writers: &'s Writers,
        kind: Kind,
        patience: &mut Patience<'_>,
    ) -> Result<Saturation<'s, 'o>, Limit> {
        let width = observed.lines.len();
        patience.afford(observed.places.len() + width, size_of::<u32>())?;
        Ok(Saturation {
            observed,
            writers,
            kind,
            rows: vec![0; width],
            row_of: vec![0; observed.places.len()],
            afforded: width,
            forced: BTreeMap::new(),
            is_forced: vec![false; observed.places.len()],
            known: Vec::new(),
        })
    }

    /// Whether some order explains what a session read.
    pub(super) fn explain(&mut self, session: usize, patience: &mut Patience<'_>) -> Result<(), Stop> {
        for (late, _) in std::mem::take(&mut self.forced) {
            self.is_forced[late as usize] = false;
        }
        let ends = self.ends(session);
        for pass in 1.. {
            self.join(session, &ends, patience)?;
            if !self.force(session, pass, patience)? {
                break;
            }
        }
        Ok(())
    }

    /// How much of each session the reads of this one can know of.
    fn ends(&self, session: usize) -> Vec<u32> {
        let observed = self.observed;
        let mut ends = vec![0; observed.lines.len()];
        ends[session] = u32::try_from(observed.lines[session].len()).expect("as few as transactions");
        // What is to be looked at, from the sessions' ends backwards.
        let mut looked = vec![0_u32; ends.len()];
        let mut open = VecDeque::from([session]);
        while let Some(owner) = open.pop_front() {
            let from = looked[owner];
            looked[owner] = ends[owner];
            if owner != session && self.kind == Kind::Sessions {
                continue;
            }
            for place in from..ends[owner] {
                for seen in observed.seen(observed.lines[owner][place as usize]) {
                    if seen.source != INITIAL {
                        let of_source = observed.owners[seen.source as usize] as usize;
                        if ends[of_source] < observed.places[seen.source as usize] {
                            ends[of_source] = observed.places[seen.source as usize];
                            open.push_back(of_source);
                        }
                    }
                }
            }
        }
        ends
    }

    /// What a transaction read, if that orders anything for this session.
    fn seen(&self, session: usize, id: u32) -> &'s [Seen] {
        let is_looked_at = self.kind == Kind::Causal || self.observed.owners[id as usize] as usize == session;
        let is_dropped = self.observed.forgets(Weakness::Reads);
        if is_looked_at && !is_dropped { self.observed.seen(id) } else { &[] }
    }

    /// Joins the rows of all that the session can know of.
    fn join(&mut self, session: usize, ends: &[u32], patience: &mut Patience<'_>) -> Result<(), Stop> {
        let observed = self.observed;
        self.rows.truncate(ends.len());
        let done = front::advance(observed, ends, patience, |id, done, patience| {
            if let Some((first, _)) = self.blocker(session, id, done) {
                return Ok::<_, Stop>(Some(first));
            }
            self.enter(session, id, patience)?;
            Ok(None)
        })?;
        let blocker = |id| self.blocker(session, id, &done);
        match front::standstill(observed, ends, &done, blocker) {
            None => Ok(()),
            Some(edges) => Err(self.cycle(session, edges).into()),
        }
    }

    /// Gives a transaction its row, when all that must come before it have theirs.
    fn enter(&mut self, session: usize, id: u32, patience: &mut Patience<'_>) -> Result<(), Limit> {
        let (observed, width) = (self.observed, self.observed.lines.len());
        let home = observed.owners[id as usize];
        let mut row = observed.before(id).map_or(0, |before| self.row_of[before as usize]);
        let mut is_new = false;
        let count = self.seen(session, id).len();
        let forced = self.forced(id).len();
        for nth in 0..count + forced {
            let first = match nth.checked_sub(count) {
                None => self.seen(session, id)[nth].source,
                Some(nth) => self.forced(id)[nth].writer,
            };
            if first == INITIAL || observed.owners[first as usize] == home {
                continue;
            }
            let (owner, place) = (observed.owners[first as usize] as usize, observed.places[first as usize]);
            let start = row as usize * width;
            if self.rows[start + owner] >= place {
                continue;
            }
            if !is_new {
                is_new = true;
                if self.rows.len() + width > self.afforded {
                    patience.afford(width, size_of::<u32>())?;
                    self.afforded += width;
                }
                self.rows.extend_from_within(start..start + width);
                row = u32::try_from(self.rows.len() / width - 1).expect("at most one row a transaction");
            }
            patience.step(width as u64)?;
            let from = self.row_of[first as usize] as usize * width;
            // A new row is the last.
            let (known, own) = self.rows.split_at_mut(row as usize * width);
            own.iter_mut().zip(&known[from..from + width]).for_each(|(own, known)| *own = (*own).max(*known));
            own[owner] = place;
        }
        self.row_of[id as usize] = row;
        Ok(())
    }

    /// What must come before a transaction and is not done, with the reason.
    fn blocker(&self, session: usize, id: u32, done: &[u32]) -> Option<(u32, Why)> {
        let is_open = |first: u32| front::is_open(self.observed, done, first);
        let read = self.seen(session, id).iter().find(|seen| is_open(seen.source));
        read.map(|seen| (seen.source, Why::ReadFrom { key: seen.key })).or_else(|| {
            let forced = self.forced(id).iter().find(|forced| is_open(forced.writer))?;
            Some((forced.writer, forced.why()))
        })
    }

    /// What must come before a transaction because of what the session in hand read.
    fn forced(&self, id: u32) -> &[Forced] {
        let forced = self.is_forced[id as usize].then(|| self.forced.get(&id));
        forced.flatten().map_or(&[], Vec::as_slice)
    }

    /// How far a session is before a transaction, itself excepted.
    fn reach(&self, id: u32, session: u32) -> u32 {
        if self.observed.owners[id as usize] == session {
            self.observed.places[id as usize] - 1
        } else {
            self.rows[self.row_of[id as usize] as usize * self.observed.lines.len() + session as usize]
        }
    }

    fn is_before(&self, one: u32, other: u32) -> bool {
        self.reach(other, self.observed.owners[one as usize]) >= self.observed.places[one as usize]
    }

    /// Looks at the session's reads; whether any of them forces what was not yet.
    fn force(&mut self, session: usize, pass: u32, patience: &mut Patience<'_>) -> Result<bool, Stop> {
        let (observed, line) = (self.observed, &self.observed.lines[session]);
        let mut found: Vec<(u32, Forced)> = Vec::new();
        let mut known = std::mem::take(&mut self.known);
        let reach = |id, other| self.reach(id, other);
        self.writers.visit_line(
            observed,
            line,
            &mut known,
            patience,
            &reach,
            &mut |id, seen, writer, _| {
                found.extend(self.look(session, id, seen, writer, pass)?.map(|forced| (seen.source, forced)));
                Ok(())
            },
        )?;
        self.known = known;
        let is_any = !found.is_empty();
        for (late, forced) in found {
            self.is_forced[late as usize] = true;
            self.forced.entry(late).or_default().push(forced);
        }
        Ok(is_any)
    }

    /// What a read forces of the last writer in a session that is before it.
    fn look(
        &self,
        session: usize,
        reader: u32,
        seen: Seen,
        writer: Last,
        pass: u32,
    ) -> Result<Option<Forced>, Stop> {
        let dropped = if seen.source == INITIAL { Weakness::ReadBefore } else { Weakness::Written };
        if writer.id == seen.source || self.observed.forgets(dropped) {
            return Ok(None);
        }
        if seen.source == INITIAL {
            return Err(self.stale(session, reader, seen.key, writer.id, pass).into());
        }
        let is_known = self.is_before(writer.id, seen.source);
        Ok((!is_known).then_some(Forced { writer: writer.id, reader, key: seen.key, pass }))
    }

    /// The initial value is read though a write is before the read.
    fn stale(&self, session: usize, reader: u32, key: Key, writer: u32, pass: u32) -> Anomaly {
        let sessions = self.observed.sessions;
        let [late, early] = [reader, writer].map(|id| transaction_name(sessions, TransactionId::new(id)));
        let key_name = key_name(sessions, key);
        let found = format!("{late} reads as {key_name} the initial value, but must come after {early}");
        let mut edges = self.chain(session, writer, reader, pass);
        let grounds = self.grounds(session, &edges);
        edges.push(edge(reader, writer, Why::ReadBefore { key }));
        Anomaly::cycle(found, edges, grounds)
    }

    fn cycle(&self, session: usize, edges: Vec<Edge>) -> Anomaly {
        let names = self.observed.sessions.sessions().iter();
        let name =
            names.into_iter().nth(session).map_or_else(String::new, |name| one_line(name).into_owned());
        let found =
            format!("what {name} read puts each of these before the next, and the last before the first");
        let grounds = self.grounds(session, &edges);
        Anomaly::cycle(found, edges, grounds)
    }

    /// For each edge that is forced the chain by which its reader knows the first, and so on for those in the chains.
    fn grounds(&self, session: usize, edges: &[Edge]) -> Vec<Edge> {
        let mut grounds: Vec<Edge> = Vec::new();
        let mut open: VecDeque<Edge> = edges.iter().cloned().collect();
        let mut explained: BTreeSet<(TransactionId, TransactionId)> = BTreeSet::new();
        while let Some(edge) = open.pop_front() {
            let Why::WrittenBefore { reader, .. } = edge.why else { continue };
            if !explained.insert((edge.from, edge.to)) {
                continue;
            }
            let mut forced =
                self.forced(edge.to.number()).iter().filter(|forced| forced.writer == edge.from.number());
            let pass = forced.next().expect("the edge is one of these").pass;
            let chain = self.chain(session, edge.from.number(), reader.number(), pass);
            open.extend(chain.iter().cloned());
            grounds.extend(chain);
        }
        grounds
    }

    /// The shortest chain from one transaction to another, forced edges found before `pass` included.
    fn chain(&self, session: usize, one: u32, other: u32, pass: u32) -> Vec<Edge> {
        let mut after: BTreeMap<u32, Edge> = BTreeMap::new();
        let mut open = VecDeque::from([other]);
        while let Some(id) = open.pop_front() {
            if id == one {
                break;
            }
            let mut reach = |first: u32, why: Why| {
                if first != other && !after.contains_key(&first) {
                    after.insert(first, edge(first, id, why));
                    open.push_back(first);
                }
            };
            if let Some(before) = self.observed.before(id) {
                reach(before, Why::Session);
            }
            for seen in self.seen(session, id).iter().filter(|seen| seen.source != INITIAL) {
                reach(seen.source, Why::ReadFrom { key: seen.key });
            }
            for forced in self.forced(id).iter().filter(|forced| forced.pass < pass) {
                reach(forced.writer, forced.why());
            }
        }
        let mut edges: Vec<Edge> = Vec::new();
        let mut at = one;
        while at != other {
            let next = after.get(&at).expect("a row says that it is before").clone();
            at = next.to.number();
            match edges.last_mut() {
                // Steps within one session are one.
                Some(last) if last.why == Why::Session && next.why == Why::Session => last.to = next.to,
                _ => edges.push(next),
            }
        }
        edges
    }
}

impl Forced {
    fn why(&self) -> Why {
        Why::WrittenBefore { key: self.key, reader: TransactionId::new(self.reader) }
    }
}

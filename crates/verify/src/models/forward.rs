//! Causal histories in one pass: in an order that keeps causes, mostly nobody shows what a later write that it knows of replaced.

use constellation_trace::{Act, Key, Limit, TransactionId};

use super::front;
use super::observed::{INITIAL, Observed, Seen};
use super::past;
use super::patience::Patience;
use super::weakness::Weakness;

/// What is asked of writes that a read knows of and that are later, in the order gone through, than the one it shows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Later {
    /// That they are concurrent to it: causal consistency.
    Concurrent,
    /// That there are none: causal convergence, of which this very order is the proof.
    None,
}

/// Whether a history surely holds; if not, it has to be looked at as a whole, which also tells what is wrong.
///
/// Goes once through the transactions as they were recorded, or if that has reads before their writes, as
/// [`front::advance`] does. Held is what each session knows, and for each key its writes from the first on that somebody
/// is still to read, with what their writers knew: 4 (k² + k w) bytes for k sessions and w writes, besides 4 a transaction.
/// A read looks at the writes after the one it shows. O(m k): if those are too many, the answer is no.
///
/// Of a transaction with several reads no later write may be known, even if concurrent: what it reads could ask for a circle
/// of writes, of which one arrow goes against any order.
///
/// # Errors
/// When there are no steps left.
pub(crate) fn surely_holds(
    observed: &Observed<'_>,
    later: Later,
    patience: &mut Patience<'_>,
) -> Result<bool, Limit> {
    if !observed.forgets(Weakness::Nothing) || past::is_of_bits(observed) {
        return Ok(false);
    }
    let Some(mut window) = Window::of(observed, later, patience) else { return Ok(false) };
    let holds = window.pass(patience);
    patience.release(window.bytes, 1);
    holds
}

/// No row or entry.
const NONE: u32 = u32::MAX;

/// What may still be read.
struct Window<'o> {
    observed: &'o Observed<'o>,
    later: Later,
    width: usize,
    /// How far each session knows each, itself as far as it was gone through: one row a session.
    known: Vec<u32>,
    /// How many reads are still to show what each transaction wrote.
    reads: Vec<u32>,
    /// What the writers of `writes` knew, themselves included.
    rows: Vec<u32>,
    /// How many writes have each row, and the rows that none has.
    holders: Vec<u32>,
    free_rows: Vec<u32>,
    writes: Vec<Write>,
    free_writes: Vec<u32>,
    keys: Vec<Register>,
    /// Whether each transaction was recorded after those that it read from.
    is_in_order: bool,
    /// How many writes may still be looked at.
    looks: u64,
    /// Bytes entered.
    bytes: usize,
}

/// A write of a key, in a list of those in the order gone through.
#[derive(Clone, Copy)]
struct Write {
    id: u32,
    session: u32,
    place: u32,
    /// What its writer knew.
    row: u32,
    older: u32,
    newer: u32,
}

/// The writes of a key, and how many reads are still to show its initial value.
#[derive(Clone, Copy)]
struct Register {
    oldest: u32,
    newest: u32,
    reads: u32,
}

impl<'o> Window<'o> {
    /// Before the first transaction. `None` where memory is short.
    fn of(observed: &'o Observed<'o>, later: Later, patience: &mut Patience<'_>) -> Option<Window<'o>> {
        let (width, count) = (observed.lines.len(), observed.places.len());
        let keys = observed.sessions.keys().len();
        let bytes =
            size_of::<u32>() * width * width + size_of::<u32>() * count + size_of::<Register>() * keys;
        patience.afford(bytes, 1).ok()?;
        let mut reads = vec![0; count];
        let mut registers = vec![Register { oldest: NONE, newest: NONE, reads: 0 }; keys];
        let mut is_in_order = true;
        for id in counted(observed) {
            for seen in observed.seen(id) {
                match seen.source {
                    INITIAL => registers[seen.key.index()].reads += 1,
                    source => {
                        reads[source as usize] += 1;
                        is_in_order &= source < id;
                    }
                }
            }
        }
        Some(Window {
            observed,
            later,
            width,
            known: vec![0; width * width],
            reads,
            rows: Vec::new(),
            holders: Vec::new(),
            free_rows: Vec::new(),
            writes: Vec::new(),
            free_writes: Vec::new(),
            keys: registers,
            is_in_order,
            // As many as the judge of the whole would look at.
            looks: (observed.sessions.accesses_total() as u64).saturating_mul(width.max(8) as u64),
            bytes,
        })
    }

    fn pass(&mut self, patience: &mut Patience<'_>) -> Result<bool, Limit> {
        let observed = self.observed;
        if self.is_in_order {
            for id in counted(observed) {
                patience.step(1)?;
                if !self.take(id, patience)? {
                    return Ok(false);
                }
            }
            return Ok(true);
        }
        let ends = front::ends(observed);
        let mut holds = true;
        let done = front::advance(observed, &ends, patience, |id, done, patience| {
            let open = observed.sources(id).find(|seen| front::is_open(observed, done, seen.source));
            if open.is_none() && holds {
                holds = self.take(id, patience)?;
            }
            Ok::<_, Limit>(open.map(|seen| seen.source))
        })?;
        // Those that wait for each other are a cycle.
        Ok(holds && done == ends)
    }

    /// Goes through the next transaction; whether what it reads is surely right.
    fn take(&mut self, id: u32, patience: &mut Patience<'_>) -> Result<bool, Limit> {
        let (session, place) = (self.observed.owners[id as usize], self.observed.places[id as usize]);
        let seen = self.observed.seen(id);
        let own = session as usize * self.width;
        for seen in seen.iter().filter(|seen| seen.source != INITIAL) {
            let source = seen.source as usize;
            let owner = self.observed.owners[source] as usize;
            // Rows are closed: who knows this transaction knows all that it knew.
            if self.known[own + owner] < self.observed.places[source] {
                patience.step(self.width as u64)?;
                let Some(write) = self.find(*seen) else { return Ok(false) };
                let from = write.row as usize * self.width;
                let row = &self.rows[from..from + self.width];
                let known = &mut self.known[own..own + self.width];
                known.iter_mut().zip(row).for_each(|(known, row)| *known = (*known).max(*row));
            }
        }
        for read in seen {
            if !self.is_right(*read, own, seen.len()) {
                return Ok(false);
            }
        }
        for seen in seen {
            let reads = match seen.source {
                INITIAL => &mut self.keys[seen.key.index()].reads,
                source => &mut self.reads[source as usize],
            };
            *reads -= 1;
            if *reads == 0 {
                self.forget(seen.key);
            }
        }
        self.known[own + session as usize] = place;
        let mut write = Write { id, session, place, row: NONE, older: NONE, newer: NONE };
        for access in self.observed.sessions.accesses(TransactionId::new(id)) {
            if access.act == Act::Write && !self.write(access.key, &mut write, patience) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The write that a read shows, which is held until then; `None` where too many were looked at.
    fn find(&mut self, seen: Seen) -> Option<Write> {
        let mut at = self.keys[seen.key.index()].newest;
        while at != NONE {
            let write = self.writes[at as usize];
            if write.id == seen.source {
                return Some(write);
            }
            self.looks = self.looks.checked_sub(1)?;
            at = write.older;
        }
        None
    }

    /// Whether no write that is after the one shown is in the past of the reader, whose row begins at `own`.
    fn is_right(&mut self, seen: Seen, own: usize, reads: usize) -> bool {
        let mut at = self.keys[seen.key.index()].newest;
        while at != NONE {
            let write = self.writes[at as usize];
            if write.id == seen.source {
                return true;
            }
            let Some(looks) = self.looks.checked_sub(1) else { return false };
            self.looks = looks;
            if self.known[own + write.session as usize] >= write.place {
                let is_fine = self.later == Later::Concurrent && reads == 1 && seen.source != INITIAL;
                if !is_fine || self.knows(write, seen.source) {
                    return false;
                }
            }
            at = write.older;
        }
        // Writes are forgotten only from the oldest on, and not as long as one is still to be read.
        seen.source == INITIAL
    }

    /// Whether a writer knew of a transaction.
    fn knows(&self, write: Write, id: u32) -> bool {
        let row = write.row as usize * self.width;
        self.rows[row + self.observed.owners[id as usize] as usize] >= self.observed.places[id as usize]
    }

    /// Holds a write of a transaction, whose row is made with the first; whether there is memory for it.
    fn write(&mut self, key: Key, write: &mut Write, patience: &mut Patience<'_>) -> bool {
        let newest = self.keys[key.index()].newest;
        if newest != NONE && self.writes[newest as usize].id == write.id {
            return true;
        }
        // Another key may have been what was still to be read of the oldest.
        self.forget(key);
        let Register { newest, reads, .. } = self.keys[key.index()];
        if newest == NONE && reads == 0 && self.reads[write.id as usize] == 0 {
            return true;
        }
        if write.row == NONE && !self.hold(write, patience) {
            return false;
        }
        self.holders[write.row as usize] += 1;
        let write = Write { older: newest, ..*write };
        let at = match self.free_writes.pop() {
            Some(at) => {
                self.writes[at as usize] = write;
                at
            }
            None if !self.afford(2 * size_of::<Write>(), patience) => return false,
            None => {
                self.writes.push(write);
                // Cannot wrap: as few as accesses.
                self.writes.len() as u32 - 1
            }
        };
        match newest {
            NONE => self.keys[key.index()].oldest = at,
            newest => self.writes[newest as usize].newer = at,
        }
        self.keys[key.index()].newest = at;
        true
    }

    /// Makes the row of a writer: what its session knows now. Whether there is memory for it.
    fn hold(&mut self, write: &mut Write, patience: &mut Patience<'_>) -> bool {
        let own = write.session as usize * self.width;
        let known = own..own + self.width;
        if let Some(row) = self.free_rows.pop() {
            let start = row as usize * self.width;
            self.rows[start..start + self.width].copy_from_slice(&self.known[known]);
            write.row = row;
            return true;
        }
        // Vectors grow to twice as much, and another place is kept for when it is free.
        if !self.afford(2 * size_of::<u32>() * (self.width + 2), patience) {
            return false;
        }
        // Cannot wrap: as few as transactions.
        write.row = self.holders.len() as u32;
        self.rows.extend_from_slice(&self.known[known]);
        self.holders.push(0);
        true
    }

    fn afford(&mut self, bytes: usize, patience: &mut Patience<'_>) -> bool {
        let is_there = patience.afford(bytes, 1).is_ok();
        self.bytes += if is_there { bytes } else { 0 };
        is_there
    }

    /// Forgets the writes of a key before the first that somebody is still to read.
    fn forget(&mut self, key: Key) {
        let register = &mut self.keys[key.index()];
        while register.reads == 0 && register.oldest != NONE {
            let write = self.writes[register.oldest as usize];
            if self.reads[write.id as usize] > 0 {
                break;
            }
            self.free_writes.push(register.oldest);
            let holders = &mut self.holders[write.row as usize];
            *holders -= 1;
            if *holders == 0 {
                self.free_rows.push(write.row);
            }
            register.oldest = write.newer;
            match write.newer {
                NONE => register.newest = NONE,
                newer => self.writes[newer as usize].older = NONE,
            }
        }
    }
}

/// The transactions that count, as they were recorded.
fn counted<'o>(observed: &'o Observed<'_>) -> impl Iterator<Item = u32> + use<'o> {
    (0_u32..).zip(&observed.places).filter(|(_, place)| **place != 0).map(|(id, _)| id)
}

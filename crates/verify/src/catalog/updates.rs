//! Which updates of a key are known at an event, and which of those are superseded there.

use std::collections::{BTreeMap, BTreeSet};

use constellation_trace::{Limit, ProcessId, Read, Symbol, Write};

use crate::budget::Budget;
use crate::order::Order;

/// The updates of a trace by key, and from where on each is superseded. 4 bytes for each update and process.
pub(super) struct Updates<'o, 't> {
    order: &'o Order<'t>,
    /// For each key its writes in the order of recording, and the row of the first.
    by_key: BTreeMap<Symbol, Key<'t>>,
    /// For each write, key after key, and each process: the position of the first event of the process that
    /// superseded it.
    superseded_from: Vec<u32>,
    width: usize,
}

struct Key<'t> {
    writes: Vec<&'t Write>,
    first_row: usize,
}

impl<'o, 't> Updates<'o, 't> {
    /// No event of the process superseded it.
    const NEVER: u32 = u32::MAX;

    /// Finds them. O((writes + updates seen) × (processes + log writes)).
    pub(super) fn of(order: &'o Order<'t>, budget: &Budget) -> Result<Updates<'o, 't>, Limit> {
        let trace = order.trace();
        let width = trace.processes().len();
        // Saturating: a need beyond 2^64 bytes is beyond any budget that could be met.
        let needed = (trace.writes().len() as u64).saturating_mul(width as u64).saturating_mul(4);
        if needed > budget.bytes_max {
            return Err(Limit::Memory { needed, allowed: budget.bytes_max });
        }
        let mut by_key: BTreeMap<Symbol, Key<'t>> = BTreeMap::new();
        for write in trace.writes() {
            let key = by_key.entry(write.key).or_insert(Key { writes: Vec::new(), first_row: 0 });
            key.writes.push(write);
        }
        let mut rows = 0;
        for key in by_key.values_mut() {
            key.first_row = rows;
            rows += key.writes.len();
        }
        let superseded_from = vec![Updates::NEVER; rows * width];
        let mut updates = Updates { order, by_key, superseded_from, width };
        for row_of_key in updates.by_key.keys().copied().collect::<Vec<_>>() {
            updates.supersede(row_of_key);
        }
        Ok(updates)
    }

    /// The keys that were written.
    pub(super) fn keys(&self) -> impl Iterator<Item = Symbol> {
        self.by_key.keys().copied()
    }

    /// The updates of a key in the order of recording.
    pub(super) fn of_key(&self, key: Symbol) -> &[&'t Write] {
        self.by_key.get(&key).map_or(&[], |key| &key.writes)
    }

    /// The order that says what is known where.
    pub(super) const fn order(&self) -> &'o Order<'t> {
        self.order
    }

    /// What a read should show.
    pub(super) fn current(&self, read: &Read) -> impl Iterator<Item = &'t Write> {
        self.known(read, Standing::Current)
    }

    /// What a read knows and should not show.
    pub(super) fn superseded(&self, read: &Read) -> impl Iterator<Item = &'t Write> {
        self.known(read, Standing::Superseded)
    }

    /// The update that supersedes `stale` at `read`: the first recorded one that is shown there too, if there is one,
    /// else the first one known.
    pub(super) fn superseder(&self, read: &Read, stale: &Write) -> Option<&'t Write> {
        let mut newer = BTreeSet::from([stale.update]);
        let mut first = None;
        for write in self.of_key(read.key).iter().filter(|write| write.event > stale.event) {
            if write.saw.iter().any(|seen| newer.contains(seen)) {
                newer.insert(write.update);
                if self.order.is_in_past(write.event, read.event) {
                    if read.shows.contains(&write.update) {
                        return Some(write);
                    }
                    first.get_or_insert(*write);
                }
            }
        }
        first
    }

    fn known(&self, read: &Read, wanted: Standing) -> impl Iterator<Item = &'t Write> {
        let past = self.order.past(read.event);
        let first_row = self.by_key.get(&read.key).map_or(0, |key| key.first_row);
        let writes = self.of_key(read.key).iter().zip(first_row..);
        writes.filter_map(move |(write, row)| {
            let from = &self.superseded_from[row * self.width..][..self.width];
            let is_superseded = past.iter().zip(from).any(|(past, from)| from <= past);
            let standing = if is_superseded { Standing::Superseded } else { Standing::Current };
            let is_known = self.order.is_in_past(write.event, read.event);
            (is_known && standing == wanted).then_some(*write)
        })
    }

    /// Fills the rows of one key, latest write first: what supersedes an update supersedes all that it saw, so each
    /// row is final before it is handed on. (An update sees only what was recorded before it.)
    fn supersede(&mut self, key: Symbol) {
        let Key { writes, first_row } = &self.by_key[&key];
        let places: BTreeMap<Symbol, usize> = writes.iter().map(|write| write.update).zip(0..).collect();
        for (place, write) in writes.iter().enumerate().rev() {
            let process: ProcessId = self.order.trace().event(write.event).process;
            let position = self.order.position(write.event);
            for seen in write.saw.iter().filter_map(|seen| places.get(seen)).filter(|seen| **seen < place) {
                let (before, after) = self.superseded_from.split_at_mut((first_row + place) * self.width);
                let seen_row = &mut before[(first_row + seen) * self.width..][..self.width];
                for (seen, newer) in seen_row.iter_mut().zip(&after[..self.width]) {
                    *seen = (*seen).min(*newer);
                }
                seen_row[process.index()] = seen_row[process.index()].min(position);
            }
        }
    }
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Standing {
    Current,
    Superseded,
}

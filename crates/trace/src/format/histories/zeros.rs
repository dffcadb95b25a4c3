//! Whether a 0 that is read was there at first or was written: what columns of numbers say of it, and where they do not.

use std::collections::BTreeSet;

use super::unclear::{Doubt, Unclear};
use crate::ids::{Key, TransactionId};
use crate::sessions::{Access, Act, Outcome, Sessions, Value};

/// The initial value as columns of numbers write it.
const ZERO: Value = Value::number(0).expect("it is below 2^62");

/// Sessions with every 0 settled, as far as can be told.
pub(super) struct Settled {
    pub(super) sessions: Sessions,
    /// Which reads were left out of them, since their 0 may be either.
    pub(super) unclear: Option<Unclear>,
    /// With those reads of what was there at first, and with those of what was written.
    pub(super) readings: Vec<Sessions>,
}

/// Who writes a 0 under a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Writer {
    Nobody,
    /// The first transaction alone, which writes nothing but zeros: the initial one, where it is written down.
    First,
    Somebody,
}

/// A 0 that nobody writes under its key is the initial value; one that the first transaction alone wrote is from there if
/// that one does nothing but write zeros; any other may be either. `lines` tells on which line each transaction begins.
/// O(accesses × log keys), in place unless some read is unclear.
pub(super) fn settle(mut sessions: Sessions, lines: &[u32]) -> Settled {
    let writers = writers(&sessions, lines);
    let mut unclear = None;
    // Of most histories it is known without a look at their reads.
    let is_any_open = writers.contains(&Writer::Somebody);
    for id in sessions.ids().filter(|_| is_any_open) {
        let reads = open_reads(&sessions, &writers, id).len() as u64;
        if reads > 0 {
            let line = lines.get(id.index()).copied().unwrap_or_default();
            let unclear = unclear.get_or_insert(Unclear { reads: 0, line, doubt: Doubt::Initial });
            unclear.reads += reads;
            // Transactions stand in the order of their ends.
            unclear.line = unclear.line.min(line);
        }
    }
    sessions.change_accesses(|access| {
        if is_zero_read(access) && writers[access.key.index()] == Writer::Nobody {
            access.value = Value::NOTHING;
        }
    });
    if unclear.is_none() {
        return Settled { sessions, unclear, readings: Vec::new() };
    }
    let with = |value: Option<Value>| {
        sessions.rewritten(|id| {
            let open = open_reads(&sessions, &writers, id);
            let accesses = sessions.accesses(id).iter().enumerate();
            let kept = accesses.filter_map(|(place, access)| match value {
                _ if open.binary_search(&place).is_err() => Some(*access),
                Some(value) => Some(Access { value, ..*access }),
                None => None,
            });
            kept.collect()
        })
    };
    let readings = vec![with(Some(Value::NOTHING)), with(Some(ZERO))];
    Settled { sessions: with(None), unclear, readings }
}

fn is_zero_read(access: &Access) -> bool {
    access.act == Act::Read && access.value == ZERO
}

/// Who writes a 0, by key.
fn writers(sessions: &Sessions, lines: &[u32]) -> Vec<Writer> {
    let is_zero_write = |access: &Access| access.act == Act::Write && access.value == ZERO;
    let first = sessions.ids().min_by_key(|id| lines.get(id.index()));
    let first = first.filter(|id| {
        sessions.transaction(*id).outcome == Outcome::Committed
            && sessions.accesses(*id).iter().all(is_zero_write)
    });
    let mut writers = vec![Writer::Nobody; sessions.keys().len()];
    for id in sessions.ids() {
        for access in sessions.accesses(id).iter().filter(|access| is_zero_write(access)) {
            let writer = &mut writers[access.key.index()];
            *writer = if first == Some(id) && *writer == Writer::Nobody {
                Writer::First
            } else if first != Some(id) {
                Writer::Somebody
            } else {
                *writer
            };
        }
    }
    writers
}

/// The places of the reads of a transaction that may show either 0, ascending; not those of what it wrote itself.
/// O(accesses × log keys).
fn open_reads(sessions: &Sessions, writers: &[Writer], id: TransactionId) -> Vec<usize> {
    let mut own = BTreeSet::<Key>::new();
    let mut open = Vec::new();
    for (place, access) in sessions.accesses(id).iter().enumerate() {
        if access.act == Act::Write {
            own.insert(access.key);
        } else if is_zero_read(access)
            && writers[access.key.index()] == Writer::Somebody
            && !own.contains(&access.key)
        {
            open.push(place);
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sessions::{Timing, Transaction};

    /// The accesses of each transaction, a letter and a value each, of keys that are numbered.
    fn sessions(transactions: impl Iterator<Item = Vec<(Act, u32, u64)>>) -> (Sessions, Vec<u32>) {
        let mut sessions = Sessions::new(Timing::None);
        let session = sessions.session("s").expect("it is the first");
        let mut lines = Vec::new();
        for accesses in transactions {
            let access = |(act, key, value): (Act, u32, u64)| {
                let key = sessions.key(&key.to_string()).expect("they are few");
                Access { key, act, value: Value::number(value).expect("it is small") }
            };
            let accesses: Vec<Access> = accesses.into_iter().map(access).collect();
            let transaction = Transaction::untimed(session, Outcome::Committed);
            sessions.push(transaction, &accesses).expect("it fits");
            lines.push(lines.len() as u32 + 1);
        }
        (sessions, lines)
    }

    #[test]
    fn many_transactions_of_many_keys_cost_no_more_than_their_accesses() {
        // A look at every key for each transaction would take minutes.
        let (many, lines) = sessions((0..300_000).map(|key| vec![(Act::Write, key, 7)]));
        assert_eq!(settle(many, &lines).unclear, None);
    }

    #[test]
    fn a_transaction_of_many_writes_and_open_reads_costs_no_more_than_its_accesses() {
        const KEYS: u32 = 100_000;
        let zeros = (0..KEYS).map(|key| (Act::Write, key, 0)).collect();
        let fives = (KEYS..2 * KEYS).map(|key| (Act::Write, key, 5));
        let reads = (0..KEYS).map(|key| (Act::Read, key, 0));
        let first = vec![(Act::Write, 2 * KEYS, 5)];
        let (long, lines) = sessions([first, zeros, fives.chain(reads).collect()].into_iter());
        let settled = settle(long, &lines);
        assert_eq!(settled.unclear.map(|unclear| unclear.reads), Some(u64::from(KEYS)));
        assert_eq!(settled.readings.len(), 2);
    }
}

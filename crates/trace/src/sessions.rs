//! What clients read and wrote, as sessions of transactions in columns: what judges of consistency models take.

mod error;
mod gather;
mod notation;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

pub use error::{NotationError, SessionsError, Unfit};

use crate::ids::{Key, Names, TransactionId};

/// What a key held: a number that stands for itself, a text of the table, or nothing.
///
/// A decimal number below 2^62 without leading zeros is a number; any other text is held once, in [`Sessions`].
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Value(u64);

/// Below this a value is a number; from here on it is a text of the table.
const TEXTS: u64 = 1 << 62;
/// From here on it is a list of the table, up to [`Value::NOTHING`].
const LISTS: u64 = 1 << 63;

impl Value {
    /// What every key holds before anybody wrote to it.
    pub const NOTHING: Value = Value(u64::MAX);

    /// The number, if it is one.
    ///
    /// ```
    /// use constellation_trace::Value;
    /// assert_eq!(Value::number(7).and_then(Value::as_number), Some(7));
    /// assert_eq!(Value::number(u64::MAX), None, "numbers end below 2^62");
    /// assert_eq!(Value::NOTHING.as_number(), None);
    /// ```
    pub const fn as_number(self) -> Option<u64> {
        if self.0 < TEXTS { Some(self.0) } else { None }
    }

    /// The value that stands for this number; `None` from 2^62 on.
    pub const fn number(number: u64) -> Option<Value> {
        if number < TEXTS { Some(Value(number)) } else { None }
    }

    /// As sixty-four bits: equal values of one [`Sessions`] have equal bits, and no others have.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// The number that the text is, if it is one in its only form.
    fn canonical(text: &str) -> Option<Value> {
        let is_canonical =
            text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
        text.parse().ok().filter(|_| is_canonical).and_then(Value::number)
    }
}

/// What was done to a key.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Act {
    /// The value was shown.
    Read,
    /// The value was put in place of whatever was there.
    Write,
    /// The value was appended to a list.
    Append,
    /// A list was shown: [`Sessions::list`] tells its values.
    ReadList,
}

impl Act {
    /// Whether only a list has it; a register has the others.
    pub const fn is_of_list(self) -> bool {
        matches!(self, Act::Append | Act::ReadList)
    }
}

/// One read or write of one key. Takes 16 bytes.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Access {
    /// Which key.
    pub key: Key,
    /// What was done.
    pub act: Act,
    /// With what, or showing what.
    pub value: Value,
}

impl Access {
    /// A read that showed this.
    pub const fn read(key: Key, value: Value) -> Access {
        Access { key, act: Act::Read, value }
    }

    /// A write of this.
    pub const fn write(key: Key, value: Value) -> Access {
        Access { key, act: Act::Write, value }
    }
}

/// Whether a transaction took effect, as far as its client knows.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Outcome {
    /// It did.
    Committed,
    /// It did not and never will.
    Aborted,
    /// Nobody knows: it did, did not, or may still.
    Unknown,
}

/// A transaction without its accesses, for which ask [`Sessions::accesses`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Transaction {
    /// Whose it is: the number that [`Sessions::session`] gave.
    pub session: u32,
    /// Whether it took effect.
    pub outcome: Outcome,
    /// When it began, in any unit that all share; 0 where no times are recorded.
    pub invoked: u64,
    /// When its client knew its end; [`Transaction::NEVER`] if it never did, or where no times are recorded.
    pub returned: u64,
}

impl Transaction {
    /// The time of what never happened.
    pub const NEVER: u64 = u64::MAX;

    /// A transaction of which no times are known.
    pub const fn untimed(session: u32, outcome: Outcome) -> Transaction {
        Transaction { session, outcome, invoked: 0, returned: Transaction::NEVER }
    }

    /// Whether it ended before the other began. What touches is concurrent.
    pub const fn is_before(&self, other: &Transaction) -> bool {
        self.returned < other.invoked
    }
}

/// Whether times of transactions are known.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Timing {
    /// Each has its own: real time can be asked for.
    Recorded,
    /// None has: whoever asks for real time must answer *unknown*.
    None,
}

/// Sessions of transactions: who read and wrote what, in which order.
///
/// Valid by construction: keys, values and sessions exist; a session's transactions stand in its order, and where times
/// are recorded they do not overlap. Ten million accesses fit: 16 bytes each, and 12 a transaction, or 28
/// with times.
///
/// Use [`History`](crate::History) for objects with a specification of their own (queues, counters), this for reads and
/// writes, of which several may be one transaction.
///
/// ```
/// use constellation_trace::{Access, Outcome, Sessions, Timing, Transaction};
///
/// let mut sessions = Sessions::new(Timing::None);
/// let (pacific, x) = (sessions.session("pacific")?, sessions.key("x")?);
/// let one = sessions.value("1")?;
/// let write = sessions.push(Transaction::untimed(pacific, Outcome::Committed), &[Access::write(x, one)])?;
/// assert_eq!(sessions.show(write), "w(x,1)");
///
/// // The same in the notation of tests, documents and messages; see `Sessions::sketch`.
/// assert_eq!(Sessions::sketch("pacific  w(x,1)")?.to_string(), sessions.to_string());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sessions {
    timing: Timing,
    names: Arc<Names>,
    keys: Arc<Names>,
    texts: Arc<Names>,
    transactions: Vec<Held>,
    /// When each began and ended; empty if that is not recorded.
    times: Vec<[u64; 2]>,
    accesses: Vec<Access>,
    /// Where each list ends in `listed`.
    lists: Arc<Vec<u32>>,
    listed: Arc<Vec<Value>>,
    /// When the last transaction of each session was over.
    over: Vec<u64>,
    /// Which operation of a history each transaction is; empty if none was asked.
    operations: Vec<u32>,
    /// Those whose reads are marked as the last that matter.
    finals: BTreeSet<TransactionId>,
    unsaid: u64,
}

/// A transaction without its times, and where its accesses end.
#[derive(Clone, Copy, Debug)]
struct Held {
    session: u32,
    end: u32,
    outcome: Outcome,
}

impl Sessions {
    /// None yet.
    pub fn new(timing: Timing) -> Sessions {
        Sessions {
            timing,
            names: Arc::default(),
            keys: Arc::default(),
            texts: Arc::default(),
            transactions: Vec::new(),
            times: Vec::new(),
            accesses: Vec::new(),
            lists: Arc::default(),
            listed: Arc::default(),
            over: Vec::new(),
            operations: Vec::new(),
            finals: BTreeSet::new(),
            unsaid: 0,
        }
    }

    /// The same with other timing, before the first transaction.
    #[cfg(feature = "formats")]
    pub(crate) fn with_timing(self, timing: Timing) -> Sessions {
        assert!(self.is_empty(), "{} transactions have their times already", self.len());
        Sessions { timing, ..self }
    }

    /// The number of the session with this name, which is entered if it is new. O(log sessions).
    ///
    /// # Errors
    /// [`SessionsError::Full`] at 2^32 sessions.
    pub fn session(&mut self, name: &str) -> Result<u32, SessionsError> {
        let number = intern(&mut self.names, name)?;
        self.over.resize(self.names.len(), 0);
        Ok(number)
    }

    /// The key with this name, which is entered if it is new. O(log keys).
    ///
    /// # Errors
    /// [`SessionsError::Full`] at 2^32 keys.
    pub fn key(&mut self, name: &str) -> Result<Key, SessionsError> {
        intern(&mut self.keys, name).map(Key::new)
    }

    /// The value that a text is; a new one is entered if it is no number. O(log texts).
    ///
    /// # Errors
    /// [`SessionsError::Full`] at 2^32 texts.
    pub fn value(&mut self, text: &str) -> Result<Value, SessionsError> {
        match Value::canonical(text) {
            Some(number) => Ok(number),
            None => intern(&mut self.texts, text).map(|place| Value(TEXTS + u64::from(place))),
        }
    }

    /// Holds a list of values that was shown, for an access with [`Act::ReadList`].
    ///
    /// # Errors
    /// [`SessionsError::Full`] at 2^32 lists or values in them, [`SessionsError::Value`] for what is in no table.
    pub fn hold_list(&mut self, values: &[Value]) -> Result<Value, SessionsError> {
        if let Some(wrong) = values.iter().find(|value| !self.has_value(**value)) {
            return Err(SessionsError::Value(wrong.bits()));
        }
        let end = u32::try_from(self.listed.len().saturating_add(values.len()));
        let (end, place) = (end.map_err(|_| SessionsError::Full)?, self.lists.len());
        let place = u32::try_from(place).map_err(|_| SessionsError::Full)?;
        Arc::make_mut(&mut self.listed).extend_from_slice(values);
        Arc::make_mut(&mut self.lists).push(end);
        Ok(Value(LISTS + u64::from(place)))
    }

    /// Appends a transaction to its session. Without recorded times those given are not looked at.
    ///
    /// # Errors
    /// [`SessionsError`] for what no table holds, or times that go backwards; then nothing has changed.
    pub fn push(
        &mut self,
        transaction: Transaction,
        accesses: &[Access],
    ) -> Result<TransactionId, SessionsError> {
        let Some(&over) = self.over.get(transaction.session as usize) else {
            return Err(SessionsError::Session(transaction.session));
        };
        let transaction = match self.timing {
            Timing::Recorded => transaction,
            Timing::None => Transaction::untimed(transaction.session, transaction.outcome),
        };
        let Transaction { invoked, returned, .. } = transaction;
        if returned < invoked {
            return Err(SessionsError::Backwards { invoked, returned });
        }
        if invoked < over {
            return Err(SessionsError::Overlaps { invoked, over });
        }
        accesses.iter().try_for_each(|access| self.check(access))?;
        let end = u32::try_from(self.accesses.len().saturating_add(accesses.len()));
        let end = end.map_err(|_| SessionsError::Full)?;
        let id = u32::try_from(self.transactions.len()).map_err(|_| SessionsError::Full)?;
        self.accesses.extend_from_slice(accesses);
        self.transactions.push(Held { session: transaction.session, end, outcome: transaction.outcome });
        if self.timing == Timing::Recorded {
            self.times.push([invoked, returned]);
        }
        // One whose end is not known bounds nothing but by its beginning.
        let over = if returned == Transaction::NEVER { invoked } else { returned };
        self.over[transaction.session as usize] = over;
        Ok(TransactionId::new(id))
    }

    fn check(&self, access: &Access) -> Result<(), SessionsError> {
        if access.key.index() >= self.keys.len() {
            return Err(SessionsError::Key(access.key.number()));
        }
        let is_held = match access.act {
            Act::ReadList => access.value != Value::NOTHING && self.list_place(access.value).is_some(),
            _ => self.has_value(access.value),
        };
        if is_held { Ok(()) } else { Err(SessionsError::Value(access.value.bits())) }
    }

    fn has_value(&self, value: Value) -> bool {
        match value.bits() {
            bits if bits < TEXTS => true,
            bits if bits < LISTS => bits - TEXTS < self.texts.len() as u64,
            _ => value == Value::NOTHING,
        }
    }

    fn list_place(&self, value: Value) -> Option<usize> {
        let place = usize::try_from(value.bits().checked_sub(LISTS)?).ok()?;
        (place < self.lists.len()).then_some(place)
    }

    /// Marks the reads of a transaction as final: whoever recorded it waited before them until nothing was under way any
    /// more. Where any is marked, only those are final.
    ///
    /// # Panics
    /// If it is none of these.
    pub fn mark_final(&mut self, id: TransactionId) {
        assert!(id.index() < self.len(), "t{} is none of {}", id.number(), self.len());
        self.finals.insert(id);
    }

    /// Whether the reads of a transaction are marked as final.
    pub fn is_final(&self, id: TransactionId) -> bool {
        self.finals.contains(&id)
    }

    /// Whether any transaction is marked so.
    pub fn has_finals(&self) -> bool {
        !self.finals.is_empty()
    }

    /// Whether times are recorded.
    pub const fn timing(&self) -> Timing {
        self.timing
    }

    /// How many transactions there are.
    pub fn len(&self) -> usize {
        self.transactions.len()
    }

    /// Whether there is no transaction.
    pub fn is_empty(&self) -> bool {
        self.transactions.is_empty()
    }

    /// The transactions in the order of recording.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = TransactionId> + ExactSizeIterator + use<> {
        let count = u32::try_from(self.transactions.len()).expect("push refuses more than 32 bits number");
        (0..count).map(TransactionId::new)
    }

    /// A transaction.
    ///
    /// # Panics
    /// If it is none of these.
    pub fn transaction(&self, id: TransactionId) -> Transaction {
        let Held { session, outcome, .. } = self.transactions[id.index()];
        match self.times.get(id.index()) {
            Some(&[invoked, returned]) => Transaction { session, outcome, invoked, returned },
            None => Transaction::untimed(session, outcome),
        }
    }

    /// What a transaction read and wrote, in its order.
    ///
    /// # Panics
    /// If it is none of these.
    pub fn accesses(&self, id: TransactionId) -> &[Access] {
        let start = id.index().checked_sub(1).map_or(0, |before| self.transactions[before].end);
        &self.accesses[start as usize..self.transactions[id.index()].end as usize]
    }

    /// How many reads and writes there are in all.
    pub fn accesses_total(&self) -> usize {
        self.accesses.len()
    }

    /// The values of a list that was shown; empty for what is no list.
    pub fn list(&self, value: Value) -> &[Value] {
        let Some(place) = self.list_place(value) else { return &[] };
        let start = place.checked_sub(1).map_or(0, |before| self.lists[before]);
        &self.listed[start as usize..self.lists[place] as usize]
    }

    /// The names of sessions, by number.
    pub fn sessions(&self) -> &Names {
        &self.names
    }

    /// The names of keys, by number.
    pub fn keys(&self) -> &Names {
        &self.keys
    }

    /// How many bytes the [long](Names::long_bytes) names of sessions and keys and texts of values take. O(1).
    pub fn long_bytes(&self) -> usize {
        self.names.long_bytes() + self.keys.long_bytes() + self.texts.long_bytes()
    }

    /// The transactions of each session, in its order. O(transactions), 4 bytes each.
    pub fn lines(&self) -> Vec<Vec<TransactionId>> {
        let mut lines = vec![Vec::new(); self.names.len()];
        for id in self.ids() {
            lines[self.transaction(id).session as usize].push(id);
        }
        lines
    }

    /// Which operation of the history a transaction is, by its place there; `None` if no history was asked.
    pub fn operation(&self, id: TransactionId) -> Option<usize> {
        self.operations.get(id.index()).map(|place| *place as usize)
    }

    /// How many operations were left out since nothing is known of what they showed.
    pub const fn unsaid(&self) -> u64 {
        self.unsaid
    }

    /// These transactions alone, in the order of recording and numbered anew from 0; sessions, keys and values keep
    /// their numbers. Duplicates count once. O(kept accesses): the tables are shared.
    ///
    /// # Panics
    /// If one is none of these.
    pub fn sub(&self, keep: &[TransactionId]) -> Sessions {
        let mut kept = keep.to_vec();
        kept.sort_unstable();
        kept.dedup();
        let mut sub = self.emptied();
        kept.iter().for_each(|id| sub.take(self, *id, self.accesses(*id)));
        sub
    }

    /// As [`Sessions::sub`], but of each transaction only the accesses at these places, in this order. The transactions
    /// must stand in the order of recording.
    ///
    /// # Panics
    /// If one is none of these, or stands before the one before it.
    pub fn narrowed(&self, keep: &[(TransactionId, Vec<usize>)]) -> Sessions {
        assert!(
            keep.is_sorted_by(|(one, _), (other, _)| one < other),
            "transactions stand in recorded order"
        );
        let mut sub = self.emptied();
        for (id, places) in keep {
            let all = self.accesses(*id);
            let accesses: Vec<Access> = places.iter().map(|place| all[*place]).collect();
            sub.take(self, *id, &accesses);
        }
        sub
    }

    /// Changes every access; what it becomes must be held by these tables.
    #[cfg(feature = "formats")]
    pub(crate) fn change_accesses(&mut self, change: impl FnMut(&mut Access)) {
        self.accesses.iter_mut().for_each(change);
    }

    /// The same transactions with other accesses, which these tables must hold.
    #[cfg(feature = "formats")]
    pub(crate) fn rewritten(&self, mut accesses: impl FnMut(TransactionId) -> Vec<Access>) -> Sessions {
        let mut rewritten = self.emptied();
        self.ids().for_each(|id| rewritten.take(self, id, &accesses(id)));
        rewritten
    }

    /// None of these, with the same tables.
    fn emptied(&self) -> Sessions {
        Sessions {
            names: Arc::clone(&self.names),
            keys: Arc::clone(&self.keys),
            texts: Arc::clone(&self.texts),
            lists: Arc::clone(&self.lists),
            listed: Arc::clone(&self.listed),
            over: vec![0; self.over.len()],
            unsaid: self.unsaid,
            ..Sessions::new(self.timing)
        }
    }

    fn take(&mut self, from: &Sessions, id: TransactionId, accesses: &[Access]) {
        let pushed = self.push(from.transaction(id), accesses);
        let pushed = pushed.expect("what was in order with more between is in order without");
        if from.is_final(id) {
            self.finals.insert(pushed);
        }
        self.operations.extend(from.operations.get(id.index()));
    }

    /// A value as it is written: a number, `nil`, a text, a list.
    pub fn show_value(&self, value: Value) -> String {
        notation::value(self, value)
    }

    /// A transaction in the notation of [`Sessions::sketch`], without its times.
    ///
    /// # Panics
    /// If it is none of these.
    pub fn show(&self, id: TransactionId) -> String {
        notation::transaction(self, id)
    }
}

impl fmt::Display for Sessions {
    /// One line a session that has transactions, as [`Sessions::sketch`] reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        notation::write(self, f)
    }
}

fn intern(names: &mut Arc<Names>, text: &str) -> Result<u32, SessionsError> {
    match names.find(text) {
        Some(number) => Ok(number),
        None => Arc::make_mut(names).intern(text).ok_or(SessionsError::Full),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_and_a_transaction_cost_what_the_documentation_says() {
        assert_eq!((size_of::<Access>(), size_of::<Held>(), size_of::<[u64; 2]>()), (16, 12, 16));
    }
}

//! Linearizability as a history grows, in as much memory as is open at once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use constellation_trace::{Call, Completion, Names, Transaction, TransactionId, one_line};

use crate::models::finding::{Anomaly, Finding};
use crate::models::patience::Patience;
use crate::models::search::{Ends, Fate, Item, ends_of};
use crate::models::specification::{Answer, Specification};

/// Judges operations while they are done: whenever none of an object is under way, all that is over is judged and forgotten
/// but for the states in which the object may be now, and the operations of which nobody will know the end.
///
/// Operations are told in the order in which they begin and end; what ends before another begins is before it.
///
/// ```
/// use constellation_trace::{Call, Completion};
/// use constellation_verify::Budget;
/// use constellation_verify::models::{Patience, Register, Stream};
///
/// let mut patience = Patience::new(Budget::default());
/// let register = Register::default();
/// let mut stream = Stream::new(&register);
/// let [key, value] = ["mode", "safe"].map(str::to_owned);
/// let write = stream.invoke(0, Call::Write { key: key.clone(), value })?;
/// stream.complete(write, Completion::Done, &mut patience)?;
/// assert_eq!(stream.held(), 0, "all is judged, so nothing is held");
///
/// let read = stream.invoke(1, Call::Read { key })?;
/// let finding = stream.complete(read, Completion::Shows(Vec::new()), &mut patience)?;
/// assert_eq!(finding.word(), "violated");
/// # Ok::<(), constellation_verify::models::StreamError>(())
/// ```
#[derive(Debug)]
pub struct Stream<'s, S: Specification> {
    specification: &'s S,
    texts: Names,
    parts: BTreeMap<String, Part<S>>,
    pending: BTreeMap<u32, Pending>,
    /// The sessions that have an operation under way, or one of which nobody will know the end.
    busy: BTreeSet<u32>,
    begun: u32,
    now: u64,
    finding: Finding,
}

/// An operation that is under way.
#[derive(Debug)]
struct Pending {
    session: u32,
    invoked: u64,
    call: Call,
}

/// One object.
struct Part<S: Specification> {
    /// What is not judged, and what stays open, in the order in which it began to be known.
    items: Vec<Item<S::Operation>>,
    /// How many of its operations are under way.
    under_way: usize,
    /// In which states it may be, and which of the open items have then been or never will.
    starts: Vec<(S::State, Vec<u32>)>,
}

impl<S: Specification> fmt::Debug for Part<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part")
            .field("items", &self.items.len())
            .field("under_way", &self.under_way)
            .field("starts", &self.starts.len())
            .finish()
    }
}

impl<'s, S: Specification> Stream<'s, S> {
    /// Nothing has been done yet.
    pub fn new(specification: &'s S) -> Stream<'s, S> {
        Stream {
            specification,
            texts: Names::new(),
            parts: BTreeMap::new(),
            pending: BTreeMap::new(),
            busy: BTreeSet::new(),
            begun: 0,
            now: 0,
            finding: Finding::Holds,
        }
    }

    /// An operation begins; the answer is its number, from 0. O(log of what is held).
    ///
    /// A session does one after the other, and none after one of which nobody will know the end: its client goes on in another.
    ///
    /// # Errors
    /// [`StreamError::Busy`] if it does not, [`StreamError::Full`] after 2^32 - 1 operations; then nothing has begun.
    pub fn invoke(&mut self, session: u32, call: Call) -> Result<u32, StreamError> {
        if self.busy.contains(&session) {
            return Err(StreamError::Busy(session));
        }
        let number = self.begun;
        self.begun = number.checked_add(1).ok_or(StreamError::Full)?;
        // Cannot wrap: each operation takes two ticks of 2^64, and there are at most 2^32.
        self.now += 1;
        self.busy.insert(session);
        let init = || Part {
            items: Vec::new(),
            under_way: 0,
            starts: vec![(self.specification.init(), Vec::new())],
        };
        let part = self.specification.partition(&call).to_owned();
        self.parts.entry(part).or_insert_with(init).under_way += 1;
        self.pending.insert(number, Pending { session, invoked: self.now, call });
        Ok(number)
    }

    /// An operation ends: [`Completion::Unknown`] if nobody will ever know how. The answer is what was found of all that
    /// could be judged so far; [`Finding::Violated`] stays, and transaction n in it is operation n. Where none of the object
    /// is under way any more, what is over is judged, at a cost exponential in how concurrent it was.
    ///
    /// # Errors
    /// [`StreamError`] for an operation that is not under way, or that the specification does not know.
    pub fn complete(
        &mut self,
        number: u32,
        completion: Completion,
        patience: &mut Patience<'_>,
    ) -> Result<&Finding, StreamError> {
        let answer = match &completion {
            Completion::Done => Answer::Done,
            Completion::Shows(shown) => Answer::Shows(shown),
            Completion::Failed { .. } => Answer::Failed,
            _ => Answer::Open,
        };
        let Some(Pending { call, .. }) = self.pending.get(&number) else {
            return Err(StreamError::NotUnderWay(number));
        };
        // Before anything changes, so that an operation that is refused stays under way.
        let read = self.specification.operation(call, answer, &mut self.texts);
        let operation = read.map_err(|why| StreamError::Unfit { number, why })?;
        let Some(Pending { session, invoked, call }) = self.pending.remove(&number) else {
            return Err(StreamError::NotUnderWay(number));
        };
        self.now += 1;
        if answer != Answer::Open {
            self.busy.remove(&session);
        }
        let part =
            self.parts.get_mut(self.specification.partition(&call)).expect("it was entered at the beginning");
        part.under_way -= 1;
        let is_open = answer == Answer::Open;
        if let Some(operation) = operation.filter(|it| !is_open || !self.specification.is_pure(it)) {
            part.items.push(Item {
                id: TransactionId::new(number),
                session,
                invoked,
                returned: if is_open { Transaction::NEVER } else { self.now },
                fate: if is_open { Fate::Open } else { Fate::Certain },
                part: 0,
                operation,
            });
        }
        if part.under_way == 0 {
            match part.settle(self.specification, patience) {
                Ok(()) => {}
                Err(found @ Finding::Unknown(_)) if self.finding == Finding::Holds => self.finding = found,
                Err(found @ Finding::Violated(_)) if !matches!(self.finding, Finding::Violated(_)) => {
                    self.finding = found;
                }
                Err(_) => {}
            }
        }
        Ok(&self.finding)
    }

    /// What was found of all that could be judged so far.
    pub const fn finding(&self) -> &Finding {
        &self.finding
    }

    /// How many operations are held: those under way, those not judged since others are under way, and those of which nobody
    /// will know the end.
    pub fn held(&self) -> usize {
        self.pending.len() + self.parts.values().map(|part| part.items.len()).sum::<usize>()
    }

    /// What is found if nobody will ever know the end of what is still under way.
    ///
    /// # Errors
    /// [`StreamError`] for an operation that the specification does not know.
    pub fn finish(mut self, patience: &mut Patience<'_>) -> Result<Finding, StreamError> {
        let pending: Vec<u32> = self.pending.keys().copied().collect();
        for number in pending {
            self.complete(number, Completion::Unknown { reason: String::new() }, patience)?;
        }
        Ok(self.finding)
    }
}

impl<S: Specification> Part<S> {
    /// Judges all that is over, and forgets it.
    fn settle(&mut self, specification: &S, patience: &mut Patience<'_>) -> Result<(), Finding> {
        if self.starts.is_empty() || self.items.iter().all(Item::is_open) {
            // Of what came after a violation, or after what could not be judged, nothing can be said.
            self.items.retain(|_| !self.starts.is_empty());
            return Ok(());
        }
        let starts = std::mem::take(&mut self.starts);
        let items = std::mem::take(&mut self.items);
        let Ends { ends, dead_end, .. } =
            ends_of(specification, &items, &starts, usize::MAX, patience).map_err(Finding::Unknown)?;
        if ends.is_empty() {
            let last = items[dead_end as usize].id;
            let held = items.iter().filter(|item| item.invoked <= items[dead_end as usize].returned);
            let found =
                format!("no order of what was done by the end of {last} explains it, with what was before");
            return Err(Finding::Violated(Anomaly::plain(found, held.map(|item| item.id))));
        }
        // Only what is open in some of them is worth to be held.
        let is_held: Vec<bool> = (0..)
            .zip(&items)
            .map(|(nth, _)| ends.iter().any(|(_, open)| open.binary_search(&nth).is_ok()))
            .collect();
        let held: Vec<u32> =
            (0..).zip(&is_held).filter(|(_, is_held)| **is_held).map(|(nth, _)| nth).collect();
        self.starts = ends
            .into_iter()
            .map(|(state, open)| {
                let gone = (0..).zip(&held).filter(|(_, nth)| open.binary_search(nth).is_err());
                (state, gone.map(|(place, _)| place).collect())
            })
            .collect();
        self.items =
            items.into_iter().zip(is_held).filter(|(_, is_held)| *is_held).map(|(item, _)| item).collect();
        Ok(())
    }
}

/// Why an operation was refused; then nothing has changed, so that one that is under way still is, and may end in another
/// way.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum StreamError {
    /// No operation with this number is under way.
    NotUnderWay(u32),
    /// This session has an operation under way, or one of which nobody will know the end.
    Busy(u32),
    /// The specification does not know it.
    Unfit {
        /// Its number.
        number: u32,
        /// Why.
        why: String,
    },
    /// There were as many operations as can be numbered.
    Full,
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StreamError::NotUnderWay(number) => write!(f, "operation {number} is not under way"),
            StreamError::Busy(session) => {
                write!(f, "session {session} has an operation that has not ended, or nobody knows how")
            }
            StreamError::Unfit { number, why } => write!(f, "operation {number}: {}", one_line(why)),
            StreamError::Full => f.write_str("there are 2^32 operations, and no more can be numbered"),
        }
    }
}

impl std::error::Error for StreamError {}

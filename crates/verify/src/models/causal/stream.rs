//! Causal consistency as a history grows, in as much memory as what somebody may still read.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use constellation_trace::{Limit, Names, TransactionId, one_line};

use crate::models::finding::{Anomaly, Finding};
use crate::models::patience::Patience;

/// Judges reads and writes of registers by [`Causal`](super::Causal) while they are told: each session's in its order, those
/// of several sessions mixed in any way. What is wrong is told with the operation that makes it so.
///
/// Held are: for each session what it knows of each other (4 k² bytes for k sessions); for each key those writes that some
/// session may still read, with what their writers knew (4 k bytes each); and operations that wait since their session read
/// what nobody has been told to have written yet. A write is forgotten when every session knows of one that overwrote it: so
/// a session that does nothing holds up all, until it is [closed](CausalStream::close). With all sessions knowing of each
/// other before long that are some writes of each key and session; without, it is everything, and the bound of
/// [`Budget::bytes_max`](crate::Budget) makes the finding [`Finding::Unknown`]. Names of keys are held for ever.
///
/// What failed is not told; of what nobody knows whether it was done the writes are, if their session does nothing after.
/// Values of a key must be different as long as they are held.
///
/// Use [`Stream`](super::super::Stream) for linearizability of any object.
///
/// ```
/// use constellation_verify::Budget;
/// use constellation_verify::models::{CausalStream, Patience};
///
/// let mut patience = Patience::new(Budget::default());
/// let mut stream = CausalStream::new(3);
/// stream.write(0, "question", "1", &mut patience)?;
/// // The reader of the answer is told of before its writer: it waits.
/// stream.read(2, "answer", Some("1"), &mut patience)?;
/// stream.read(2, "question", None, &mut patience)?;
/// stream.read(1, "question", Some("1"), &mut patience)?;
/// let finding = stream.write(1, "answer", "1", &mut patience)?;
/// assert_eq!(finding.word(), "violated");
/// # Ok::<(), constellation_verify::models::CausalStreamError>(())
/// ```
#[derive(Debug)]
pub struct CausalStream {
    sessions: Vec<Session>,
    names: Names,
    keys: Vec<Register>,
    /// In which session the write of a value waits.
    waiting: BTreeMap<(u32, String), usize>,
    /// Which sessions wait for a value.
    wanted: BTreeMap<(u32, String), Vec<usize>>,
    told: u32,
    bytes: u64,
    finding: Finding,
}

/// A session as far as it was judged, and what of it waits.
#[derive(Debug)]
struct Session {
    /// How far it knows each session; itself as far as it was judged.
    clock: Vec<u32>,
    waits: VecDeque<Operation>,
    is_closed: bool,
}

#[derive(Clone, Debug)]
struct Operation {
    number: u32,
    key: u32,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Write(String),
    Read(Option<String>),
}

/// The writes of a key that somebody may still read.
#[derive(Debug, Default)]
struct Register {
    writes: Vec<Write>,
    /// Whether one was forgotten: then all know that the initial value was overwritten.
    is_overwritten: bool,
    /// How many writes there may be before it is looked which are to be forgotten.
    next: usize,
}

#[derive(Debug)]
struct Write {
    value: String,
    number: u32,
    session: usize,
    /// What its session knew, itself included.
    clock: Vec<u32>,
}

impl Write {
    /// Whether whoever knows so much knows it.
    fn is_known(&self, clock: &[u32]) -> bool {
        clock[self.session] >= self.clock[self.session]
    }
}

/// Writes of a key that are always held.
const WRITES_FEW: usize = 8;

impl CausalStream {
    /// So many sessions, numbered from 0, of which nothing is known. 4 k² bytes.
    pub fn new(sessions: u32) -> CausalStream {
        let count = sessions as usize;
        let session = || Session { clock: vec![0; count], waits: VecDeque::new(), is_closed: false };
        CausalStream {
            sessions: (0..count).map(|_| session()).collect(),
            names: Names::new(),
            keys: Vec::new(),
            waiting: BTreeMap::new(),
            wanted: BTreeMap::new(),
            told: 0,
            bytes: (count as u64).saturating_mul(count as u64).saturating_mul(4),
            finding: Finding::Holds,
        }
    }

    /// A session wrote. The answer is what was found so far, which stays once it is not [`Finding::Holds`]; transaction n in
    /// it is the nth operation that was told, from 0. O(k + writes held of the key), and now and then the square of that.
    ///
    /// # Errors
    /// [`CausalStreamError`] for a session that there is not, or not any more, and after 2^32 - 1 operations; then nothing
    /// was told.
    pub fn write(
        &mut self,
        session: u32,
        key: &str,
        value: &str,
        patience: &mut Patience<'_>,
    ) -> Result<&Finding, CausalStreamError> {
        self.tell(session, key, What::Write(value.to_owned()), patience)
    }

    /// A session read, and was shown a value or nothing. As [`CausalStream::write`].
    ///
    /// # Errors
    /// As those of [`CausalStream::write`].
    pub fn read(
        &mut self,
        session: u32,
        key: &str,
        shown: Option<&str>,
        patience: &mut Patience<'_>,
    ) -> Result<&Finding, CausalStreamError> {
        self.tell(session, key, What::Read(shown.map(str::to_owned)), patience)
    }

    /// A session will do nothing more, so that nothing need be held for it.
    ///
    /// # Errors
    /// [`CausalStreamError::NoSession`] if there is none with this number.
    pub fn close(&mut self, session: u32) -> Result<(), CausalStreamError> {
        let closed = self.sessions.get_mut(session as usize).ok_or(CausalStreamError::NoSession(session))?;
        closed.is_closed = true;
        Ok(())
    }

    /// What was found so far.
    pub const fn finding(&self) -> &Finding {
        &self.finding
    }

    /// How many writes and waiting operations are held.
    pub fn held(&self) -> usize {
        let writes = self.keys.iter().map(|key| key.writes.len());
        writes.chain(self.sessions.iter().map(|session| session.waits.len())).sum()
    }

    /// What is found if nothing more will be told: a read that still waits shows what nobody wrote, or what was forgotten
    /// since everybody knew that it was overwritten.
    pub fn finish(mut self) -> Finding {
        let waits =
            self.sessions.iter().enumerate().filter_map(|(session, it)| Some((session, it.waits.front()?)));
        if let (Finding::Holds, Some((session, read))) =
            (&self.finding, waits.min_by_key(|(_, read)| read.number))
        {
            let found =
                format!("{}, which nobody wrote, or all had seen overwritten", self.show(session, read));
            self.finding = Finding::Violated(Anomaly::plain(found, [TransactionId::new(read.number)]));
        }
        self.finding
    }

    fn tell(
        &mut self,
        session: u32,
        key: &str,
        what: What,
        patience: &mut Patience<'_>,
    ) -> Result<&Finding, CausalStreamError> {
        let place = session as usize;
        match self.sessions.get(place) {
            None => return Err(CausalStreamError::NoSession(session)),
            Some(session_of) if session_of.is_closed => return Err(CausalStreamError::Closed(session)),
            Some(_) => {}
        }
        let number = self.told;
        self.told = number.checked_add(1).ok_or(CausalStreamError::Full)?;
        if self.finding != Finding::Holds {
            return Ok(&self.finding);
        }
        let key = self.names.intern(key).ok_or(CausalStreamError::Full)?;
        if key as usize == self.keys.len() {
            self.keys.push(Register { next: WRITES_FEW, ..Register::default() });
        }
        let operation = Operation { number, key, what };
        if let Err(finding) = self.take(place, operation, patience) {
            self.finding = finding;
            // Nothing more will be asked.
            self.keys.clear();
            self.sessions.iter_mut().for_each(|session| session.waits.clear());
        }
        Ok(&self.finding)
    }

    /// Judges an operation, or lets it wait; and those that waited for it.
    fn take(
        &mut self,
        session: usize,
        operation: Operation,
        patience: &mut Patience<'_>,
    ) -> Result<(), Finding> {
        self.hold(&operation, patience)?;
        if let What::Write(value) = &operation.what {
            let is_first = self.waiting.insert((operation.key, value.clone()), session).is_none();
            let is_held = self.keys[operation.key as usize].writes.iter().any(|write| write.value == *value);
            if is_held || !is_first {
                let what =
                    format!("which of two writes is read where {} is shown", self.show(session, &operation));
                return Err(Finding::Unknown(Limit::NotRecorded(format!("{what} is"))));
            }
        }
        self.sessions[session].waits.push_back(operation);
        if self.sessions[session].waits.len() > 1 {
            return self.check_circle(session);
        }
        let mut ready = vec![session];
        while let Some(session) = ready.pop() {
            while let Some(operation) = self.sessions[session].waits.front().cloned() {
                patience.step(self.sessions.len() as u64).map_err(Finding::Unknown)?;
                if !self.judge(session, &operation, &mut ready, patience)? {
                    self.check_circle(session)?;
                    break;
                }
                self.sessions[session].waits.pop_front();
                self.bytes -= size_of_operation(&operation);
            }
        }
        Ok(())
    }

    fn hold(&mut self, operation: &Operation, patience: &Patience<'_>) -> Result<(), Finding> {
        self.bytes += size_of_operation(operation);
        let (needed, allowed) = (self.bytes, patience.budget().bytes_max);
        if needed > allowed { Err(Finding::Unknown(Limit::Memory { needed, allowed })) } else { Ok(()) }
    }

    /// Judges the next operation of a session; whether it could be.
    fn judge(
        &mut self,
        session: usize,
        operation: &Operation,
        ready: &mut Vec<usize>,
        patience: &mut Patience<'_>,
    ) -> Result<bool, Finding> {
        let key = operation.key as usize;
        patience.step(self.keys[key].writes.len() as u64).map_err(Finding::Unknown)?;
        match &operation.what {
            What::Write(value) => {
                let clock = &mut self.sessions[session].clock;
                clock[session] += 1;
                self.bytes += size_of_write(value, clock.len());
                let clock = clock.clone();
                self.keys[key].writes.push(Write {
                    value: value.clone(),
                    number: operation.number,
                    session,
                    clock,
                });
                let name = (operation.key, value.clone());
                self.waiting.remove(&name);
                ready.extend(self.wanted.remove(&name).unwrap_or_default());
                self.forget(operation.key, patience)?;
            }
            What::Read(Some(value)) => {
                let register = &self.keys[key];
                let Some(source) = register.writes.iter().find(|write| write.value == *value) else {
                    let waits = self.wanted.entry((operation.key, value.clone())).or_default();
                    if !waits.contains(&session) {
                        waits.push(session);
                    }
                    return Ok(false);
                };
                let clock = &mut self.sessions[session].clock;
                clock.iter_mut().zip(&source.clock).for_each(|(own, known)| *own = (*own).max(*known));
                clock[session] += 1;
                let clock = &self.sessions[session].clock;
                let newer = register.writes.iter().find(|write| {
                    write.number != source.number && write.is_known(clock) && source.is_known(&write.clock)
                });
                if let Some(newer) = newer {
                    return Err(self.overwritten(session, operation, Some(source), newer));
                }
            }
            What::Read(None) => {
                let clock = &mut self.sessions[session].clock;
                clock[session] += 1;
                let (register, clock) = (&self.keys[key], &self.sessions[session].clock);
                if let Some(newer) = register.writes.iter().find(|write| write.is_known(clock)) {
                    return Err(self.overwritten(session, operation, None, newer));
                }
                if register.is_overwritten {
                    let found = format!("{}, which all had seen overwritten", self.show(session, operation));
                    return Err(Finding::Violated(Anomaly::plain(
                        found,
                        [TransactionId::new(operation.number)],
                    )));
                }
            }
        }
        Ok(true)
    }

    /// Forgets the writes of a key that nobody may read any more, now and then.
    fn forget(&mut self, key: u32, patience: &mut Patience<'_>) -> Result<(), Finding> {
        let register = &mut self.keys[key as usize];
        let count = register.writes.len();
        if count < register.next {
            return Ok(());
        }
        let open: Vec<&Session> =
            self.sessions.iter().filter(|session| !session.is_closed || !session.waits.is_empty()).collect();
        patience.step((count * count) as u64 * (1 + open.len() as u64)).map_err(Finding::Unknown)?;
        let writes = &register.writes;
        let is_gone = |write: &Write| {
            let mut newer =
                writes.iter().filter(|newer| newer.number != write.number && write.is_known(&newer.clock));
            // Mostly one of them is known to all.
            let all: Vec<&Write> = newer.by_ref().collect();
            open.iter().all(|session| all.iter().any(|newer| newer.is_known(&session.clock)))
        };
        let gone: Vec<bool> = writes.iter().map(is_gone).collect();
        let mut gone = gone.into_iter();
        let bytes = &mut self.bytes;
        register.writes.retain(|write| {
            let is_gone = gone.next().expect("one for each");
            if is_gone {
                *bytes -= size_of_write(&write.value, write.clock.len());
            }
            !is_gone
        });
        register.is_overwritten |= register.writes.len() < count;
        register.next = (register.writes.len() * 2).max(WRITES_FEW);
        Ok(())
    }

    /// Whether a session waits for one that waits for it, directly or by way of others: then no order is left for them.
    fn check_circle(&self, session: usize) -> Result<(), Finding> {
        let mut at = session;
        let mut heads = Vec::new();
        for _ in 0..self.sessions.len() {
            let Some(head) = self.sessions[at].waits.front() else { return Ok(()) };
            let What::Read(Some(value)) = &head.what else { return Ok(()) };
            heads.push((at, head));
            let Some(next) = self.waiting.get(&(head.key, value.clone())) else { return Ok(()) };
            at = *next;
            if at == session {
                let names: Vec<String> = heads.iter().map(|(at, head)| self.show(*at, head)).collect();
                let found = format!(
                    "each of these shows what was written only after the next, and the last only after the first: {}",
                    names.join("; ")
                );
                let ids = heads.iter().map(|(_, head)| TransactionId::new(head.number));
                return Err(Finding::Violated(Anomaly::plain(found, ids)));
            }
        }
        Ok(())
    }

    fn overwritten(
        &self,
        session: usize,
        read: &Operation,
        source: Option<&Write>,
        newer: &Write,
    ) -> Finding {
        let by = TransactionId::new(newer.number);
        let found = format!(
            "{}, which {by} of session {} in its past had overwritten",
            self.show(session, read),
            newer.session
        );
        let source = source.map(|source| TransactionId::new(source.number));
        Finding::Violated(Anomaly::plain(
            found,
            source.into_iter().chain([by, TransactionId::new(read.number)]),
        ))
    }

    fn show(&self, session: usize, operation: &Operation) -> String {
        let key = one_line(self.names.text(operation.key).unwrap_or_default()).into_owned();
        let id = TransactionId::new(operation.number);
        match &operation.what {
            What::Write(value) => format!("{id} of session {session} writes {key} = {}", one_line(value)),
            What::Read(None) => format!("{id} of session {session} reads as {key} the initial value"),
            What::Read(Some(value)) => format!("{id} of session {session} reads {key} = {}", one_line(value)),
        }
    }
}

/// What a waiting operation takes, about: itself, and its value in three tables.
const fn size_of_operation(operation: &Operation) -> u64 {
    let value = match &operation.what {
        What::Write(value) | What::Read(Some(value)) => value.len(),
        What::Read(None) => 0,
    };
    (size_of::<Operation>() + 2 * size_of::<(u32, String, usize)>() + 3 * value) as u64
}

const fn size_of_write(value: &str, sessions: usize) -> u64 {
    (size_of::<Write>() + value.len() + 4 * sessions) as u64
}

/// Why an operation was not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum CausalStreamError {
    /// There are not so many sessions.
    NoSession(u32),
    /// The session was closed.
    Closed(u32),
    /// There were as many operations or keys as can be numbered.
    Full,
}

impl fmt::Display for CausalStreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CausalStreamError::NoSession(session) => write!(f, "there is no session {session}"),
            CausalStreamError::Closed(session) => {
                write!(f, "session {session} was closed, and does nothing more")
            }
            CausalStreamError::Full => {
                f.write_str("there are 2^32 operations or keys, and no more can be numbered")
            }
        }
    }
}

impl std::error::Error for CausalStreamError {}

//! Transactions as they begin and end: pushed into their sessions when all is read, since only then all ends are known.

use super::fault::Fault;
use super::gather::{Clients, Kind, Knows, Open};
use super::given::Is;
use crate::ids::Key;
use crate::sessions::{Access, Act, Outcome, Sessions, SessionsError, Timing, Transaction, Value};

/// Transactions that are being read.
#[derive(Debug)]
pub(super) struct Transactions {
    /// Holds keys and values from the start; transactions are pushed at the end.
    sessions: Sessions,
    begun: Vec<Begun>,
    accesses: Vec<Access>,
    /// Whether each is known by its end alone.
    are_ends_only: bool,
    /// Keys that are appended to, or shown as lists: by number.
    are_lists: Vec<bool>,
}

/// A transaction, and where its accesses are.
#[derive(Clone, Copy, Debug)]
struct Begun {
    session: u32,
    line: u32,
    is_final: bool,
    outcome: Outcome,
    invoked: u64,
    returned: u64,
    start: u32,
    end: u32,
}

/// What all became.
pub(super) struct Gathered {
    pub(super) sessions: Sessions,
    pub(super) lines: Vec<u32>,
    pub(super) unsaid: u64,
}

impl Default for Transactions {
    fn default() -> Transactions {
        Transactions {
            sessions: Sessions::new(Timing::Recorded),
            begun: Vec::new(),
            accesses: Vec::new(),
            are_ends_only: false,
            are_lists: Vec::new(),
        }
    }
}

impl Transactions {
    /// About how many bytes are held.
    pub(super) fn held(&self) -> u64 {
        (size_of_val(&self.begun[..]) + size_of_val(&self.accesses[..])) as u64
            + super::bytes_of_sessions(&self.sessions)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.begun.is_empty()
    }

    pub(super) fn read_nothing(&mut self, key: &str) -> Result<Access, SessionsError> {
        Ok(Access::read(self.sessions.key(key)?, Value::NOTHING))
    }

    pub(super) fn read(&mut self, key: &str, value: &str) -> Result<Access, SessionsError> {
        Ok(Access::read(self.sessions.key(key)?, self.sessions.value(value)?))
    }

    pub(super) fn read_list(
        &mut self,
        key: &str,
        values: &[Option<String>],
    ) -> Result<Access, SessionsError> {
        let key = self.list(key)?;
        // Nil that is shown is no text that somebody may have appended.
        let value = |text: &Option<String>| {
            text.as_ref().map_or(Ok(Value::NOTHING), |text| self.sessions.value(text))
        };
        let values = values.iter().map(value).collect::<Result<Vec<_>, _>>()?;
        Ok(Access { key, act: Act::ReadList, value: self.sessions.hold_list(&values)? })
    }

    /// The key with this name, which is a list.
    fn list(&mut self, key: &str) -> Result<Key, SessionsError> {
        let key = self.sessions.key(key)?;
        if self.are_lists.len() <= key.index() {
            self.are_lists.resize(key.index() + 1, false);
        }
        self.are_lists[key.index()] = true;
        Ok(key)
    }

    pub(super) fn write(&mut self, key: &str, value: &str) -> Result<Access, SessionsError> {
        Ok(Access::write(self.sessions.key(key)?, self.sessions.value(value)?))
    }

    pub(super) fn append(&mut self, key: &str, value: &str) -> Result<Access, SessionsError> {
        let key = self.list(key)?;
        Ok(Access { key, act: Act::Append, value: self.sessions.value(value)? })
    }

    /// A beginning, unless there were ends without one, or an end, on which line and when; without accesses if it says nothing of them.
    pub(super) fn take(
        &mut self,
        clients: &mut Clients,
        process: u32,
        (kind, line, time): (Kind, u32, u64),
        (accesses, is_final): (Option<Vec<Access>>, Is),
    ) -> Result<(), Fault> {
        if kind != Kind::Invoke && (self.begun.is_empty() || self.are_ends_only) {
            self.are_ends_only = true;
            let session = clients.begin(process, Open { place: 0, line })?;
            clients.end(process, if kind == Kind::Info { Knows::Nothing } else { Knows::Outcome });
            let begun = self.begin(session, line, 0)?;
            self.begun[begun].is_final |= is_final == Is::So;
            return self.end(begun, kind, Transaction::NEVER, accesses);
        }
        if kind == Kind::Invoke {
            let place = u32::try_from(self.begun.len()).map_err(|_| Fault::Refused(SessionsError::Full))?;
            let session = clients.begin(process, Open { place, line })?;
            let begun = self.begin(session, line, time)?;
            self.begun[begun].is_final |= is_final == Is::So;
            // What it will write is known from now on; what it reads is not.
            let writes = accesses.unwrap_or_default().into_iter().filter(is_write).collect();
            return self.hold(begun, writes);
        }
        let open = clients.open(process)?;
        self.begun[open.place as usize].is_final |= is_final == Is::So;
        clients.end(process, if kind == Kind::Info { Knows::Nothing } else { Knows::Outcome });
        self.end(open.place as usize, kind, time, accesses)
    }

    fn begin(&mut self, session: u32, line: u32, invoked: u64) -> Result<usize, Fault> {
        let start = u32::try_from(self.accesses.len()).map_err(|_| Fault::Refused(SessionsError::Full))?;
        let (outcome, returned) = (Outcome::Unknown, Transaction::NEVER);
        self.begun.push(Begun {
            session,
            line,
            is_final: false,
            outcome,
            invoked,
            returned,
            start,
            end: start,
        });
        Ok(self.begun.len() - 1)
    }

    fn hold(&mut self, place: usize, accesses: Vec<Access>) -> Result<(), Fault> {
        let full = |_| Fault::Refused(SessionsError::Full);
        let start = u32::try_from(self.accesses.len()).map_err(full)?;
        self.accesses.extend(accesses);
        let end = u32::try_from(self.accesses.len()).map_err(full)?;
        let begun = &mut self.begun[place];
        (begun.start, begun.end) = (start, end);
        Ok(())
    }

    fn end(
        &mut self,
        place: usize,
        kind: Kind,
        time: u64,
        accesses: Option<Vec<Access>>,
    ) -> Result<(), Fault> {
        let begun = &mut self.begun[place];
        (begun.outcome, begun.returned) = match kind {
            Kind::Invoke | Kind::Ok => (Outcome::Committed, time),
            Kind::Fail => (Outcome::Aborted, time),
            Kind::Info => (Outcome::Unknown, Transaction::NEVER),
        };
        let is_first = begun.start == begun.end;
        // Where nothing is said of it, what it was to write is all that is known.
        let Some(accesses) = accesses else { return Ok(()) };
        if kind == Kind::Ok {
            let written = &self.accesses[begun.start as usize..begun.end as usize];
            if !self.are_ends_only && !accesses.iter().filter(|access| is_write(access)).eq(written) {
                return Err(Fault::OtherWritten { line: begun.line });
            }
            return self.hold(place, accesses);
        }
        if is_first {
            return self.hold(place, accesses.into_iter().filter(is_write).collect());
        }
        Ok(())
    }

    /// All of them, in the order in which they began.
    pub(super) fn finish(self, clients: &mut Clients) -> Result<Gathered, Fault> {
        let timing = if self.are_ends_only { Timing::None } else { Timing::Recorded };
        let mut sessions = self.sessions.with_timing(timing);
        let empty = sessions.hold_list(&[]).map_err(Fault::Refused)?;
        let mut gathered = Gathered { sessions, lines: Vec::new(), unsaid: 0 };
        let mut accesses: Vec<Access> = Vec::new();
        for begun in &self.begun {
            if begun.start == begun.end && begun.outcome != Outcome::Committed {
                gathered.unsaid += 1;
                continue;
            }
            accesses.clear();
            accesses.extend(&self.accesses[begun.start as usize..begun.end as usize]);
            for access in &mut accesses {
                // Of a list nothing is one without values.
                let is_list = self.are_lists.get(access.key.index()) == Some(&true);
                if is_list && access.act == Act::Read && access.value == Value::NOTHING {
                    *access = Access { act: Act::ReadList, value: empty, ..*access };
                }
            }
            let name = clients.sessions.text(begun.session).unwrap_or_default();
            let session = gathered.sessions.session(name).map_err(Fault::Refused)?;
            let Begun { outcome, invoked, returned, .. } = *begun;
            let transaction = Transaction { session, outcome, invoked, returned };
            let id = gathered.sessions.push(transaction, &accesses).map_err(Fault::Refused)?;
            if begun.is_final {
                gathered.sessions.mark_final(id);
            }
            gathered.lines.push(begun.line);
        }
        Ok(gathered)
    }
}

fn is_write(access: &Access) -> bool {
    matches!(access.act, Act::Write | Act::Append)
}

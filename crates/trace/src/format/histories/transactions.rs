//! Transactions as they begin and end: each is pushed into its session when it and all that began before it are over.

use std::collections::VecDeque;
use std::mem;

use super::fault::Fault;
use super::gather::{Clients, Kind, Knows, Open};
use super::given::Is;
use crate::ids::Key;
use crate::sessions::{Access, Act, Outcome, Sessions, SessionsError, Timing, Transaction, Value};

/// Transactions that are being read.
#[derive(Debug)]
pub(super) struct Transactions {
    /// Those that are over, and began before all others.
    sessions: Sessions,
    /// On which line each of them begins.
    lines: Vec<u32>,
    /// How many of them are left out, since nothing is known of what they did.
    unsaid: u64,
    /// The others, in the order in which they began.
    waiting: VecDeque<Begun>,
    /// How many were waiting once.
    passed: u32,
    /// Whether each is known by its end alone.
    are_ends_only: bool,
    /// Keys that are appended to, or shown as lists: by number.
    are_lists: Vec<bool>,
}

/// A transaction that began.
#[derive(Clone, Debug)]
struct Begun {
    session: u32,
    line: u32,
    is_final: bool,
    is_over: bool,
    outcome: Outcome,
    invoked: u64,
    returned: u64,
    accesses: Vec<Access>,
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
            lines: Vec::new(),
            unsaid: 0,
            waiting: VecDeque::new(),
            passed: 0,
            are_ends_only: false,
            are_lists: Vec::new(),
        }
    }
}

impl Transactions {
    /// About how many bytes are held.
    pub(super) fn held(&self) -> u64 {
        // Of those that wait few have more than two accesses.
        let waiting = self.waiting.len() * (size_of::<Begun>() + 2 * size_of::<Access>());
        super::bytes_of_sessions(&self.sessions) + size_of_val(&self.lines[..]) as u64 + waiting as u64
    }

    pub(super) fn is_empty(&self) -> bool {
        self.passed == 0 && self.waiting.is_empty()
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
        let knows = if kind == Kind::Info { Knows::Nothing } else { Knows::Outcome };
        if kind != Kind::Invoke && (self.is_empty() || self.are_ends_only) {
            self.end_alone();
            let session = clients.begin(process, Open { place: 0, line })?;
            clients.end(process, knows);
            let place = self.begin(session, line, 0)?;
            self.at(place).is_final |= is_final == Is::So;
            self.end(place, kind, Transaction::NEVER, accesses)?;
            return self.pass(clients);
        }
        if kind == Kind::Invoke {
            let place = self.next_place()?;
            let session = clients.begin(process, Open { place, line })?;
            self.begin(session, line, time)?;
            let begun = self.at(place);
            begun.is_final |= is_final == Is::So;
            // What it will write is known from now on; what it reads is not.
            begun.accesses = accesses.unwrap_or_default();
            begun.accesses.retain(is_write);
            return Ok(());
        }
        let open = clients.open(process)?;
        self.at(open.place).is_final |= is_final == Is::So;
        clients.end(process, knows);
        self.end(open.place, kind, time, accesses)?;
        self.pass(clients)
    }

    /// From now on each is known by its end alone: there are no times.
    fn end_alone(&mut self) {
        if !self.are_ends_only {
            self.are_ends_only = true;
            let sessions = mem::replace(&mut self.sessions, Sessions::new(Timing::None));
            self.sessions = sessions.with_timing(Timing::None);
        }
    }

    /// The place of the one that begins next.
    fn next_place(&self) -> Result<u32, Fault> {
        let waiting = u32::try_from(self.waiting.len()).ok();
        let place = waiting.and_then(|waiting| self.passed.checked_add(waiting));
        place.ok_or(Fault::Refused(SessionsError::Full))
    }

    /// One that is not over.
    fn at(&mut self, place: u32) -> &mut Begun {
        let begun = place.checked_sub(self.passed).and_then(|place| self.waiting.get_mut(place as usize));
        begun.expect("who is not over waits")
    }

    fn begin(&mut self, session: u32, line: u32, invoked: u64) -> Result<u32, Fault> {
        let place = self.next_place()?;
        self.waiting.push_back(Begun {
            session,
            line,
            is_final: false,
            is_over: false,
            outcome: Outcome::Unknown,
            invoked,
            returned: Transaction::NEVER,
            accesses: Vec::new(),
        });
        Ok(place)
    }

    fn end(&mut self, place: u32, kind: Kind, time: u64, accesses: Option<Vec<Access>>) -> Result<(), Fault> {
        let are_ends_only = self.are_ends_only;
        let begun = self.at(place);
        begun.is_over = true;
        (begun.outcome, begun.returned) = match kind {
            Kind::Invoke | Kind::Ok => (Outcome::Committed, time),
            Kind::Fail => (Outcome::Aborted, time),
            Kind::Info => (Outcome::Unknown, Transaction::NEVER),
        };
        // Where nothing is said of it, what it was to write is all that is known.
        let Some(mut accesses) = accesses else { return Ok(()) };
        if kind == Kind::Ok {
            if !are_ends_only && !accesses.iter().filter(|access| is_write(access)).eq(&begun.accesses) {
                return Err(Fault::OtherWritten { line: begun.line });
            }
            begun.accesses = accesses;
        } else if begun.accesses.is_empty() {
            accesses.retain(is_write);
            begun.accesses = accesses;
        }
        Ok(())
    }

    /// Pushes those that are over, up to the first that is not.
    fn pass(&mut self, clients: &Clients) -> Result<(), Fault> {
        while let Some(begun) = self.waiting.pop_front_if(|begun| begun.is_over) {
            self.push(&begun, clients)?;
        }
        Ok(())
    }

    fn push(&mut self, begun: &Begun, clients: &Clients) -> Result<(), Fault> {
        // Cannot wrap: each had a place.
        self.passed += 1;
        if begun.accesses.is_empty() && begun.outcome != Outcome::Committed {
            self.unsaid += 1;
            return Ok(());
        }
        let name = clients.sessions.text(begun.session).unwrap_or_default();
        let session = self.sessions.session(name).map_err(Fault::Refused)?;
        let &Begun { outcome, invoked, returned, .. } = begun;
        let transaction = Transaction { session, outcome, invoked, returned };
        let id = self.sessions.push(transaction, &begun.accesses).map_err(Fault::Refused)?;
        if begun.is_final {
            self.sessions.mark_final(id);
        }
        self.lines.push(begun.line);
        Ok(())
    }

    /// All of them, in the order in which they began.
    pub(super) fn finish(mut self, clients: &Clients) -> Result<Gathered, Fault> {
        while let Some(begun) = self.waiting.pop_front() {
            self.push(&begun, clients)?;
        }
        let Transactions { mut sessions, lines, unsaid, are_lists, .. } = self;
        let empty = sessions.hold_list(&[]).map_err(Fault::Refused)?;
        sessions.change_accesses(|access| {
            // Of a list nothing is one without values.
            let is_list = are_lists.get(access.key.index()) == Some(&true);
            if is_list && access.act == Act::Read && access.value == Value::NOTHING {
                *access = Access { act: Act::ReadList, value: empty, ..*access };
            }
        });
        Ok(Gathered { sessions, lines, unsaid })
    }
}

fn is_write(access: &Access) -> bool {
    matches!(access.act, Act::Write | Act::Append)
}

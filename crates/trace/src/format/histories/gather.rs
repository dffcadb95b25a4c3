//! Who begins and ends what: the bookkeeping that all formats with beginnings and ends share.

use super::fault::Fault;
use super::intern_life;
use crate::ids::Names;

/// The clients of a history, by the names of their processes.
#[derive(Debug, Default)]
pub(super) struct Clients {
    processes: Names,
    states: Vec<Client>,
    /// The names of sessions.
    pub(super) sessions: Names,
}

#[derive(Debug, Default)]
struct Client {
    /// The session that waits for something to do; none before the first and after one of which nobody knows the end.
    session: Option<u32>,
    /// How many sessions there were.
    lives: u32,
    open: Option<Open>,
}

/// What a client is at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    /// The place of the operation.
    pub(super) place: u32,
    /// Where it begins.
    pub(super) line: u32,
}

impl Clients {
    /// The number of a process.
    pub(super) fn number(&mut self, process: &str) -> u32 {
        let number = self.processes.intern(process).unwrap_or(u32::MAX);
        if self.states.len() < self.processes.len() {
            self.states.push(Client::default());
        }
        number
    }

    /// A process begins something: in which session.
    pub(super) fn begin(&mut self, process: u32, open: Open) -> Result<u32, Fault> {
        let name = self.processes.text(process).unwrap_or_default();
        let client = &mut self.states[process as usize];
        if let Some(before) = client.open {
            return Err(Fault::Busy { process: name.to_owned(), line: before.line });
        }
        client.open = Some(open);
        let session = client.session.unwrap_or_else(|| {
            let life = client.lives;
            // Cannot wrap: a session is begun by a record.
            client.lives += 1;
            intern_life(&mut self.sessions, &format!("p{name}"), life)
        });
        client.session = Some(session);
        Ok(session)
    }

    /// How many bytes long names of processes and sessions take.
    pub(super) fn long_bytes(&self) -> usize {
        self.processes.long_bytes() + self.sessions.long_bytes()
    }

    /// What a process is at.
    pub(super) fn open(&self, process: u32) -> Result<Open, Fault> {
        let open = self.states[process as usize].open;
        open.ok_or_else(|| Fault::NeverBegun { process: self.name(process).to_owned() })
    }

    /// A process ends what it is at; whether it knows how.
    pub(super) fn end(&mut self, process: u32, knows: Knows) {
        let client = &mut self.states[process as usize];
        client.open = None;
        if knows == Knows::Nothing {
            client.session = None;
        }
    }

    pub(super) fn name(&self, process: u32) -> &str {
        self.processes.text(process).unwrap_or_default()
    }
}

/// What a process knows of an end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Knows {
    Outcome,
    Nothing,
}

/// What a record says of an operation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Invoke,
    Ok,
    Fail,
    Info,
}

impl Kind {
    /// The known ones.
    pub(super) const NAMES: &[&str] = &["invoke", "ok", "fail", "info"];

    pub(super) fn named(word: &str) -> Option<Kind> {
        match word {
            "invoke" => Some(Kind::Invoke),
            "ok" => Some(Kind::Ok),
            "fail" => Some(Kind::Fail),
            "info" => Some(Kind::Info),
            _ => None,
        }
    }
}

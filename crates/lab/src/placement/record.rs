//! What was asked in a round and what was answered: all that is measured and judged, whoever drove it.

use std::collections::BTreeMap;
use std::time::Duration;

use constellation_trace::history::Moment;
use constellation_trace::{Call, Completion, EventId, History, NodeId, Operation, ProcessId, TrueTime};

use super::SITE_NAMES;
use super::client::{Answer, Ask, What};
use super::protocol::Round;

/// A round and what came of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Record {
    /// What was done to the network, and who was to ask.
    pub round: Round,
    /// What was asked, in the order of asking.
    pub asked: Vec<Asked>,
}

/// One operation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Asked {
    /// At which site, from 0.
    pub site: usize,
    /// By which client of the site, from 0; each does one thing at a time.
    pub client: u32,
    /// What.
    pub ask: Ask,
    /// When, since the beginning of the round.
    pub begun: Duration,
    /// When it was answered, or given up, and what came of it; `None` where the round was over before that.
    pub ended: Option<(Duration, Answer)>,
    /// Which part of the round it belongs to.
    pub phase: Phase,
}

/// Which part of a round an operation belongs to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Phase {
    /// While the round goes on, whatever became of what was asked before.
    Traffic,
    /// Beside that, by clients that take turns: one reads a key and writes over what it was shown, then the next.
    Turns,
    /// At its end, when every acknowledged key is read at every site.
    ReadBack,
}

impl Asked {
    /// When it was done, and what it showed, of siblings the greatest; `None` if it was not, as far as anybody knows.
    pub fn done(&self) -> Option<(Duration, Option<u64>)> {
        match &self.ended {
            Some((at, Answer::Ok(shown))) => Some((*at, shown.iter().max().copied())),
            _ => None,
        }
    }

    /// All that it showed, siblings as well; nothing if it was not done.
    pub fn shown(&self) -> &[u64] {
        match &self.ended {
            Some((_, Answer::Ok(shown))) => shown,
            _ => &[],
        }
    }

    /// The value that it wrote, if it wrote.
    pub const fn written(&self) -> Option<u64> {
        match self.ask.what {
            What::Write(value) => Some(value),
            What::Read => None,
        }
    }
}

impl Record {
    /// As the judges of models take it. Each client is a session, and another one after an operation of which nobody knows
    /// the end.
    pub fn history(&self) -> History {
        let sessions = self.numbered();
        let operations = (0_u32..).zip(&self.asked).zip(sessions);
        History::new(operations.map(|((number, asked), session)| operation(asked, session, number)).collect())
    }

    /// What the sessions of the history are called, by number: `pacific-0`, and `pacific-0.2` where client 0 goes on after an
    /// operation of which nobody knows the end.
    pub fn sessions(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let mut lives: BTreeMap<(usize, u32), u32> = BTreeMap::new();
        for (asked, session) in self.asked.iter().zip(self.numbered()) {
            if session as usize == names.len() {
                let life = lives.entry((asked.site, asked.client)).or_insert(0);
                *life += 1;
                let name = format!("{}-{}", SITE_NAMES[asked.site], asked.client);
                names.push(if *life == 1 { name } else { format!("{name}.{life}") });
            }
        }
        names
    }

    /// Of each operation the session, numbered in the order of their beginning.
    fn numbered(&self) -> Vec<u32> {
        let mut sessions: BTreeMap<(usize, u32), u32> = BTreeMap::new();
        let mut count = 0;
        let of_each = self.asked.iter().map(|asked| {
            let of = (asked.site, asked.client);
            let session = *sessions.entry(of).or_insert_with(|| {
                count += 1;
                count - 1
            });
            if !matches!(asked.ended, Some((_, Answer::Ok(_) | Answer::Refused(_)))) {
                sessions.remove(&of);
            }
            session
        });
        of_each.collect()
    }
}

/// Operation `number`; its events are numbered by it, as there is no trace behind it.
fn operation(asked: &Asked, session: u32, number: u32) -> Operation {
    let moment = |at: Duration, event: u32| Moment { event: EventId::new(event), at: time(at) };
    let key = asked.ask.key.clone();
    let call = match asked.ask.what {
        What::Write(value) => Call::Write { key, value: value.to_string() },
        What::Read => Call::Read { key },
    };
    let completion = |answer: &Answer| match (answer, asked.ask.what) {
        (Answer::Ok(_), What::Write(_)) => Completion::Done,
        (Answer::Ok(shown), What::Read) => {
            // One register: whoever reads siblings makes the greatest of them.
            Completion::Shows(shown.iter().max().map(u64::to_string).into_iter().collect())
        }
        (Answer::Refused(reason), _) => Completion::Failed { reason: reason.clone() },
        (Answer::Unknown(reason), _) => Completion::Unknown { reason: reason.clone() },
    };
    // Saturating: a round has far fewer operations.
    let first = number.saturating_mul(2);
    let ended = asked.ended.as_ref();
    Operation {
        client: node(asked.site),
        process: ProcessId::new(session),
        session,
        call,
        invoked: moment(asked.begun, first),
        completed: ended.map(|(at, answer)| (moment(*at, first.saturating_add(1)), completion(answer))),
    }
}

/// The node that a site is.
pub(super) fn node(site: usize) -> NodeId {
    NodeId::new(u32::try_from(site).expect("sites are few"))
}

/// A time since the beginning of a round as judges have it.
pub(super) fn time(at: Duration) -> TrueTime {
    TrueTime::from_ns(0).saturating_add(at)
}

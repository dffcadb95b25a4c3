//! What sites that agree on a log say to each other.

use constellation_live::bytes::{Reader, Writer};
use constellation_trace::Elapsed;

use crate::placement::client::{Answer, Ask};
use crate::placement::stores::coded::{Coded, coded};
use crate::placement::stores::waiting::Waiting;

/// How much of a log there is: its length, and the term of its last entry.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(in crate::placement::stores) struct End {
    pub(super) term: u64,
    pub(super) length: usize,
}

/// What sites say to each other.
#[derive(Clone, Debug)]
pub(in crate::placement::stores) enum Message {
    /// To the leader, for a client elsewhere; and what it answers.
    Forward {
        waiting: Waiting,
        ask: Ask,
    },
    Answered {
        waiting: Waiting,
        told: Answer,
    },
    /// Would you elect me for this term; or: do.
    Elect {
        ballot: Ballot,
        term: u64,
        end: End,
    },
    Elected {
        ballot: Ballot,
        term: u64,
    },
    /// From the leader of a term: what follows in its log after `after`, and how much is agreed on.
    Append {
        term: u64,
        after: End,
        entries: Vec<Entry>,
        agreed: usize,
        sent: Elapsed,
    },
    /// The log up to here is the leader's; it said so then.
    Appended {
        term: u64,
        length: usize,
        sent: Elapsed,
    },
    /// It does not follow: no more than this may be the leader's.
    Missing {
        term: u64,
        length: usize,
        sent: Elapsed,
    },
    /// There is a newer term.
    Outdated {
        term: u64,
    },
}

/// Whether an election is only asked about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::placement::stores) enum Ballot {
    /// It is: nobody's term changes by it.
    Poll,
    /// It is not.
    Vote,
}

/// What all are to do, in the order of the log.
#[derive(Clone, Debug)]
pub(in crate::placement::stores) struct Entry {
    pub(super) term: u64,
    /// `None` for what a leader begins its term with.
    pub(super) ask: Option<Ask>,
}

coded!(enum Message {
    0: Forward { waiting: waiting, ask: ask }
    1: Answered { waiting: waiting, told: told }
    2: Elect { ballot: ballot, term: term, end: end }
    3: Elected { ballot: ballot, term: term }
    4: Append { term: term, after: after, entries: entries, agreed: agreed, sent: sent }
    5: Appended { term: term, length: length, sent: sent }
    6: Missing { term: term, length: length, sent: sent }
    7: Outdated { term: term }
});

coded!(struct End { term, length });

coded!(enum Ballot {
    0: Poll {}
    1: Vote {}
});

coded!(struct Entry { term, ask });

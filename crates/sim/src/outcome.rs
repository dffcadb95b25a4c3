//! What came of a run.

use constellation_trace::{Trace, TrueTime};

use crate::digest::Digest;

/// A run that came to its end.
#[derive(Clone, Debug)]
pub struct Outcome<N> {
    /// What happened.
    pub trace: Trace,
    /// The nodes as they were at the end, in the order of their ids; `None` where one was down or had left.
    pub nodes: Vec<Option<N>>,
    /// What became of the messages.
    pub counts: Counts,
    /// Why it ended.
    pub ending: Ending,
    /// When the last thing happened.
    pub last: TrueTime,
    /// A number that stands for all that happened.
    pub digest: Digest,
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ending {
    /// Nothing was left to happen: no message under way, no timer set. Messages may still wait at a cut link.
    Quiet,
    /// The time was up, with something left to happen.
    TimeUp,
}

/// What became of the messages of a run.
///
/// Always `sent + duplicated = delivered + lost + waiting + in_flight`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// How many messages nodes sent.
    pub sent: u64,
    /// How many second copies the network made.
    pub duplicated: u64,
    /// How many messages and second copies reached their node and were let in.
    pub delivered: u64,
    /// How many did not, on a link, or because the node was down, crashed over them, or refused them.
    pub lost: u64,
    /// How many messages were held at a cut link, whatever became of them.
    pub held: u64,
    /// How many still were at the end.
    pub waiting: u64,
    /// How many messages and second copies were on their way at the end. The trace has a
    /// [`constellation_trace::Nemesis::InFlight`] for each message among them of which no copy had arrived.
    pub in_flight: u64,
    /// How many requests of clients came to a node that was down or not there, or that crashed before it worked on them.
    pub requests_lost: u64,
}

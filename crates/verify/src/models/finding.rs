//! What a judge of a model answers: it holds, it does not and this shows it, or nobody could tell.

use std::collections::BTreeSet;

use constellation_trace::history::Moment;
use constellation_trace::{
    Call, Completion, Key, Limit, Operation, Sessions, TransactionId, TrueTime, one_line,
};

/// What a judge of a model found.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
pub enum Finding {
    /// The model explains all that was recorded.
    Holds,
    /// Nothing that the model allows explains it.
    Violated(Anomaly),
    /// The record or the patience did not suffice.
    Unknown(Limit),
}

impl Finding {
    /// The word that stands for it: `holds`, `violated` or `unknown`.
    pub const fn word(&self) -> &'static str {
        match self {
            Finding::Holds => "holds",
            Finding::Violated(_) => "violated",
            Finding::Unknown(_) => "unknown",
        }
    }
}

/// What cannot be explained.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Anomaly {
    /// What is wrong, in one line.
    pub found: String,
    /// The transactions that show it, each once: those of the edges, or those of the dead end.
    pub transactions: Vec<TransactionId>,
    /// The cycle, each edge beginning where the one before ends; empty where no order is in question.
    pub edges: Vec<Edge>,
    /// What the edges rest on that are not plain: chains, one after the other.
    pub grounds: Vec<Edge>,
    /// Where orders were searched: how far one can be made, and why nothing can come next.
    pub dead_end: Option<Box<DeadEnd>>,
    /// In place of all that was before what is shown: what that came to.
    pub start: Option<Box<Start>>,
}

/// What an object holds before the operations that show a violation, because of others that are not shown.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Start {
    /// What it holds, whatever the order: `17`, `at most 22`, `held`.
    pub holds: String,
    /// Why, in numbers that can be counted in the whole history.
    pub because: String,
    /// The same as a number, of an object that is a sum; what is shown is wrong with it, and with all others that it may be.
    pub sum: i128,
}

impl Start {
    /// An operation that leads there, over before those that are shown, which have no order with it either: so they can be
    /// judged by themselves. `shown` are those of [`Anomaly::transactions`] in their order, all of one object. `None` if it
    /// takes none.
    pub fn operation(&self, shown: &[&Operation]) -> Option<Operation> {
        let first = shown.first()?;
        let call = match &first.call {
            _ if self.sum == 0 => return None,
            Call::Add { key, .. } | Call::Read { key } => {
                Call::Add { key: key.clone(), amount: i64::try_from(self.sum).ok()? }
            }
            Call::Other { name, argument } => {
                let name = name.replacen("release", "acquire", 1);
                Call::Other { name, argument: argument.clone() }
            }
            _ => return None,
        };
        let begun = shown.iter().map(|operation| operation.invoked.at.ns()).min()?;
        let event = shown.iter().map(|operation| operation.invoked.event).min()?;
        // Where there is no time before, its session has it first.
        let moment = Moment { event, at: TrueTime::from_ns(begun.saturating_sub(1)) };
        Some(Operation {
            call,
            invoked: moment,
            completed: Some((moment, Completion::Done)),
            ..(*first).clone()
        })
    }
}

/// The longest beginning of an order, and what keeps each of the others from coming next.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct DeadEnd {
    /// The beginning.
    pub order: Vec<Placed>,
    /// What certainly happened and has no place, and why it cannot be next.
    pub stuck: Vec<(TransactionId, Blocked)>,
}

/// What has its place in an order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Placed {
    /// An operation, or a transaction at one moment.
    Whole(TransactionId),
    /// The beginning of a transaction, where it reads; its commit is later.
    Begin(TransactionId),
    /// The commit of a transaction, where it writes.
    Commit(TransactionId),
}

impl Placed {
    /// In a few words: `w(x,1)`, `{r(x,1) w(y,1)} begins`.
    fn told(self, name: impl Fn(TransactionId) -> String) -> String {
        match self {
            Placed::Whole(id) => name(id),
            Placed::Begin(id) => format!("{} begins", name(id)),
            Placed::Commit(id) => format!("{} commits", name(id)),
        }
    }

    fn mapped(self, number: impl Fn(TransactionId) -> Option<TransactionId>) -> Option<Placed> {
        Some(match self {
            Placed::Whole(id) => Placed::Whole(number(id)?),
            Placed::Begin(id) => Placed::Begin(number(id)?),
            Placed::Commit(id) => Placed::Commit(number(id)?),
        })
    }
}

/// Why an operation cannot come next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Blocked {
    /// Its object is not as it must be, but as this operation left it, or as it was at first.
    Object(Option<TransactionId>),
    /// This one of its session must be before it.
    Session(TransactionId),
    /// This one was over before it began.
    RealTime(TransactionId),
    /// It reads what this one writes.
    Awaits(TransactionId),
    /// It reads what was there before this one wrote.
    Overwritten(TransactionId),
    /// A list shows what this one appends before what it appends.
    Listed(TransactionId),
    /// This one committed since it began, and both write one key.
    Late(TransactionId),
}

impl Blocked {
    /// Why, in a few words.
    pub fn reason(self, name: impl Fn(TransactionId) -> String) -> String {
        match self {
            Blocked::Object(None) => "its object is still as it was at first".to_owned(),
            Blocked::Object(Some(id)) => format!("its object is as {} left it", name(id)),
            Blocked::Session(id) => format!("in its session {} is before it", name(id)),
            Blocked::RealTime(id) => format!("{} was over before it began", name(id)),
            Blocked::Awaits(id) => format!("it reads what {} has yet to write", name(id)),
            Blocked::Overwritten(id) => format!("{} has overwritten what it reads", name(id)),
            Blocked::Listed(id) => format!("a list shows what {} appends before that", name(id)),
            Blocked::Late(id) => format!("{} committed since it began, and both write one key", name(id)),
        }
    }
}

impl DeadEnd {
    /// How far it goes, then a line for each that cannot be next.
    pub fn lines(&self, name: impl Fn(TransactionId) -> String) -> Vec<String> {
        let order: Vec<String> = self.order.iter().map(|placed| placed.told(&name)).collect();
        let order = match &order[..] {
            [] => "nothing can be first".to_owned(),
            order => format!("at best {}", order.join(", ")),
        };
        let stuck = self.stuck.iter().map(|(id, blocked)| {
            let then = if self.order.is_empty() { "not" } else { "then not" };
            let what = if self.order.contains(&Placed::Begin(*id)) { "the commit of " } else { "" };
            format!("{then} {what}{}, since {}", name(*id), blocked.reason(&name))
        });
        std::iter::once(order).chain(stuck).collect()
    }

    /// The same with other numbers; `None` if one has none.
    pub(crate) fn mapped(self, number: impl Fn(TransactionId) -> Option<TransactionId>) -> Option<DeadEnd> {
        let order = self.order.into_iter().map(|placed| placed.mapped(&number)).collect::<Option<_>>()?;
        let blocked = |blocked| {
            Some(match blocked {
                Blocked::Object(None) => Blocked::Object(None),
                Blocked::Object(Some(id)) => Blocked::Object(Some(number(id)?)),
                Blocked::Session(id) => Blocked::Session(number(id)?),
                Blocked::RealTime(id) => Blocked::RealTime(number(id)?),
                Blocked::Awaits(id) => Blocked::Awaits(number(id)?),
                Blocked::Overwritten(id) => Blocked::Overwritten(number(id)?),
                Blocked::Listed(id) => Blocked::Listed(number(id)?),
                Blocked::Late(id) => Blocked::Late(number(id)?),
            })
        };
        let stuck = self.stuck.into_iter().map(|(id, why)| Some((number(id)?, blocked(why)?)));
        Some(DeadEnd { order, stuck: stuck.collect::<Option<_>>()? })
    }
}

impl Anomaly {
    /// One in which no order is in question, shown by these transactions.
    pub fn plain(found: impl Into<String>, transactions: impl IntoIterator<Item = TransactionId>) -> Anomaly {
        Anomaly { found: found.into(), ..Anomaly::default() }.naming(transactions)
    }

    /// A cycle, and what its edges rest on.
    pub fn cycle(found: impl Into<String>, edges: Vec<Edge>, grounds: Vec<Edge>) -> Anomaly {
        let ends = edges.iter().chain(&grounds).flat_map(|edge| [edge.from, edge.to]);
        let named = Anomaly::plain(found, ends.collect::<Vec<_>>());
        Anomaly { edges, grounds, ..named }
    }

    /// The same, shown by these transactions besides.
    #[must_use]
    pub fn naming(mut self, transactions: impl IntoIterator<Item = TransactionId>) -> Anomaly {
        // There may be as many as were judged.
        let mut known: BTreeSet<TransactionId> = self.transactions.iter().copied().collect();
        self.transactions.extend(transactions.into_iter().filter(|id| known.insert(*id)));
        self
    }

    /// The same, with how far an order can be made.
    #[must_use]
    pub(crate) fn stuck(self, dead_end: Option<DeadEnd>) -> Anomaly {
        Anomaly { dead_end: dead_end.map(Box::new), ..self }
    }

    /// The same, but what is shown begins with this.
    #[must_use]
    pub(crate) fn starting(self, start: Option<Start>) -> Anomaly {
        Anomaly { start: start.map(Box::new), ..self }
    }

    /// The same with the numbers that the transactions had before: what is number n here was `ids[n]` there.
    ///
    /// # Panics
    /// If a transaction is beyond `ids`.
    #[must_use]
    pub fn renumbered(mut self, ids: &[TransactionId]) -> Anomaly {
        let there = |id: &mut TransactionId| *id = ids[id.index()];
        self.transactions.iter_mut().for_each(there);
        for edge in self.edges.iter_mut().chain(&mut self.grounds) {
            [&mut edge.from, &mut edge.to].into_iter().for_each(there);
            if let Why::WrittenBefore { reader, .. } = &mut edge.why {
                there(reader);
            }
        }
        let dead_end = self.dead_end.take().and_then(|end| end.mapped(|id| Some(ids[id.index()])));
        self.stuck(dead_end)
    }
}

/// One transaction is before another, whatever order is chosen.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Edge {
    /// What is before.
    pub from: TransactionId,
    /// What is after.
    pub to: TransactionId,
    /// Why.
    pub why: Why,
}

/// Why one transaction is before another.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Why {
    /// Their session has them in this order.
    Session,
    /// The second reads what the first wrote.
    ReadFrom {
        /// Under which key.
        key: Key,
    },
    /// The first was over before the second began.
    RealTime,
    /// Both wrote to a key, and `reader`, which knows of both, reads the second.
    WrittenBefore {
        /// Which key.
        key: Key,
        /// Who reads it.
        reader: TransactionId,
    },
    /// The first reads from under a key what is older than the second wrote (an anti-dependency).
    ReadBefore {
        /// Which key.
        key: Key,
    },
    /// A reason of a model's own, in a few words.
    Text(String),
}

impl Edge {
    /// The edge with its reason, in one line: `pacific w(x,1) before pacific w(y,1): the same session`.
    ///
    /// # Panics
    /// If it is of other sessions, as all that shows it.
    pub fn show(&self, sessions: &Sessions) -> String {
        let [from, to] = [self.from, self.to].map(|id| transaction_name(sessions, id));
        format!("{from} before {to}: {}", self.reason(sessions))
    }

    /// Why, in a few words.
    pub fn reason(&self, sessions: &Sessions) -> String {
        let key_name = |key| key_name(sessions, key);
        match &self.why {
            Why::Session => "the same session".to_owned(),
            Why::ReadFrom { key } => format!("its {} is read", key_name(*key)),
            Why::RealTime => "over before the other begins".to_owned(),
            Why::WrittenBefore { key, reader } => {
                let reader = transaction_name(sessions, *reader);
                format!("{reader} knows its {key}, yet reads the other's", key = key_name(*key))
            }
            Why::ReadBefore { key } => format!("it reads an older {}", key_name(*key)),
            Why::Text(text) => one_line(text).into_owned(),
        }
    }
}

/// Why a judge stops before it can say that a model holds.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It does not hold.
    Violated(Anomaly),
    /// Nobody can tell.
    Unknown(Limit),
}

impl From<Limit> for Stop {
    fn from(limit: Limit) -> Stop {
        Stop::Unknown(limit)
    }
}

impl From<Anomaly> for Stop {
    fn from(anomaly: Anomaly) -> Stop {
        Stop::Violated(anomaly)
    }
}

impl From<Result<(), Stop>> for Finding {
    fn from(result: Result<(), Stop>) -> Finding {
        match result {
            Ok(()) => Finding::Holds,
            Err(Stop::Violated(anomaly)) => Finding::Violated(anomaly),
            Err(Stop::Unknown(limit)) => Finding::Unknown(limit),
        }
    }
}

/// Longer transactions are cut here where they stand in a sentence.
const SHOWN_MAX: usize = 60;

/// A transaction as it is called in a sentence: `pacific w(x,1)`.
pub(crate) fn transaction_name(sessions: &Sessions, id: TransactionId) -> String {
    let session = sessions.transaction(id).session;
    let name = one_line(sessions.sessions().text(session).unwrap_or_default()).into_owned();
    let shown = sessions.show(id);
    match shown.char_indices().nth(SHOWN_MAX) {
        None => format!("{name} {shown}"),
        Some((end, _)) => format!("{name} {}…", &shown[..end]),
    }
}

/// A key's name, on one line.
pub(crate) fn key_name(sessions: &Sessions, key: Key) -> String {
    one_line(sessions.keys().text(key.number()).unwrap_or_default()).into_owned()
}

//! What clients saw: each operation with when it was asked for, and when it ended, if it ever did.

mod alone;
mod operations;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

pub(crate) use operations::Operations;
pub use operations::{Invocation, OperationError};

use crate::event::Kind;
use crate::ids::{EventId, NodeId, ProcessId, Symbol};
use crate::time::TrueTime;
use crate::trace::Trace;

/// What a client asks of a service: an operation of a register, a counter or a list under a key, or one of your own.
///
/// `T` is how texts are held: [`String`] in a protocol and a [`History`], [`Symbol`] in a trace.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Call<T = String> {
    /// To be shown what a key holds.
    Read {
        /// Which key.
        key: T,
    },
    /// To put a value in the place of whatever a key holds.
    Write {
        /// Which key.
        key: T,
        /// The new value.
        value: T,
    },
    /// To put a value in the place of an expected one, and to do nothing if the key holds another.
    CompareAndSet {
        /// Which key.
        key: T,
        /// What it must hold.
        expected: T,
        /// The new value.
        value: T,
    },
    /// To add to the number that a key holds; done twice, it counts twice.
    Add {
        /// Which key.
        key: T,
        /// How much; negative takes away.
        amount: i64,
    },
    /// To append a value to the list that a key holds.
    Append {
        /// Which key.
        key: T,
        /// What to append.
        value: T,
    },
    /// Anything else, which only a judge of your own understands.
    Other {
        /// What to do.
        name: T,
        /// With what.
        argument: T,
    },
}

impl Call {
    /// Whether it is a [`Call::Other`] `put-if-absent KEY`: a compare-and-set of a register that expects it to hold nothing.
    pub fn is_put_if_absent(&self) -> bool {
        matches!(self, Call::Other { name, .. } if name.split(' ').next() == Some("put-if-absent"))
    }
}

/// The key of an object that is no register: a set, a counter or a queue.
fn other_key(call: &Call) -> Option<&str> {
    match call {
        Call::Add { key, .. } => Some(key),
        Call::Other { name, .. } if !call.is_put_if_absent() => name.split_once(' ').map(|(_, key)| key),
        _ => None,
    }
}

/// How an operation ended, as far as its client knows.
///
/// Where there is none at all the operation is *open*: it may have taken effect or not, or may still. So it may be
/// after [`Completion::Unknown`], which only says in addition when the client gave up.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Completion<T = String> {
    /// It took effect; nothing was shown.
    Done,
    /// It took effect, and these values were shown: several are siblings or a list, none is nothing.
    Shows(Vec<T>),
    /// It took no effect and never will.
    Failed {
        /// Why, in the words of the service.
        reason: T,
    },
    /// The client waits no longer, and knows nothing.
    Unknown {
        /// Why it gave up.
        reason: T,
    },
}

impl<T> Call<T> {
    /// The key that it concerns; `None` for [`Call::Other`].
    pub const fn key(&self) -> Option<&T> {
        match self {
            Call::Read { key }
            | Call::Write { key, .. }
            | Call::CompareAndSet { key, .. }
            | Call::Add { key, .. }
            | Call::Append { key, .. } => Some(key),
            Call::Other { .. } => None,
        }
    }

    /// The same with other texts, or the first error of `text`.
    ///
    /// # Errors
    /// That of `text`.
    pub fn try_map<'a, U, E>(&'a self, mut text: impl FnMut(&'a T) -> Result<U, E>) -> Result<Call<U>, E> {
        Ok(match self {
            Call::Read { key } => Call::Read { key: text(key)? },
            Call::Write { key, value } => Call::Write { key: text(key)?, value: text(value)? },
            Call::CompareAndSet { key, expected, value } => {
                Call::CompareAndSet { key: text(key)?, expected: text(expected)?, value: text(value)? }
            }
            Call::Add { key, amount } => Call::Add { key: text(key)?, amount: *amount },
            Call::Append { key, value } => Call::Append { key: text(key)?, value: text(value)? },
            Call::Other { name, argument } => Call::Other { name: text(name)?, argument: text(argument)? },
        })
    }
}

impl<T> Completion<T> {
    /// Whether it says for sure what became of the operation: all but [`Completion::Unknown`] do.
    pub const fn is_certain(&self) -> bool {
        !matches!(self, Completion::Unknown { .. })
    }

    /// The same with other texts, or the first error of `text`.
    ///
    /// # Errors
    /// That of `text`.
    pub fn try_map<'a, U, E>(
        &'a self,
        mut text: impl FnMut(&'a T) -> Result<U, E>,
    ) -> Result<Completion<U>, E> {
        Ok(match self {
            Completion::Done => Completion::Done,
            Completion::Shows(values) => {
                Completion::Shows(values.iter().map(text).collect::<Result<_, _>>()?)
            }
            Completion::Failed { reason } => Completion::Failed { reason: text(reason)? },
            Completion::Unknown { reason } => Completion::Unknown { reason: text(reason)? },
        })
    }
}

impl Call {
    /// How many bytes its texts take.
    pub(crate) fn text_bytes(&self) -> usize {
        match self {
            Call::Read { key } | Call::Add { key, .. } => key.len(),
            Call::Write { key, value } | Call::Append { key, value } => key.len() + value.len(),
            Call::CompareAndSet { key, expected, value } => key.len() + expected.len() + value.len(),
            Call::Other { name, argument } => name.len() + argument.len(),
        }
    }
}

impl Completion {
    /// How many bytes its texts take, and the list of them.
    pub(crate) fn text_bytes(&self) -> usize {
        match self {
            Completion::Done => 0,
            Completion::Shows(values) => {
                size_of_val(&values[..]) + values.iter().map(String::len).sum::<usize>()
            }
            Completion::Failed { reason } | Completion::Unknown { reason } => reason.len(),
        }
    }
}

impl<T: fmt::Display> fmt::Display for Call<T> {
    /// In a few words: `write mode = "safe"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Call::Read { key } => write!(f, "read {key}"),
            Call::Write { key, value } => write!(f, "write {key} = \"{value}\""),
            Call::CompareAndSet { key, expected, value } => {
                write!(f, "set {key} = \"{value}\" if it is \"{expected}\"")
            }
            Call::Add { key, amount } => write!(f, "add {amount} to {key}"),
            Call::Append { key, value } => write!(f, "append \"{value}\" to {key}"),
            Call::Other { name, argument } => write!(f, "{name} {argument}"),
        }
    }
}

impl<T: fmt::Display> fmt::Display for Completion<T> {
    /// In a few words: `shows "safe" | "nominal"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Completion::Done => f.write_str("done"),
            Completion::Shows(values) if values.is_empty() => f.write_str("shows nothing"),
            Completion::Shows(values) => {
                for (nth, value) in values.iter().enumerate() {
                    write!(f, "{} \"{value}\"", if nth == 0 { "shows" } else { " |" })?;
                }
                Ok(())
            }
            Completion::Failed { reason } => write!(f, "failed: {reason}"),
            Completion::Unknown { reason } => write!(f, "unknown: {reason}"),
        }
    }
}

/// What the clients of a run saw, and all that may be judged of a service from outside.
///
/// ```
/// use constellation_trace::{Action, Call, Completion, Entry, History, Trace, TrueTime};
///
/// let mut trace = Trace::new(["ground"])?;
/// let ground = trace.node("ground").expect("just named");
/// let read = Call::Read { key: "mode".to_owned() };
/// let mut at = |ms: u64, action| trace.record(Entry::new(ground, TrueTime::from_ns(ms * 1_000_000), action));
/// at(1, Action::Invoke { number: 0, call: &read })?;
/// at(2, Action::Invoke { number: 1, call: &read })?;
/// at(3, Action::Complete { number: 0, completion: &Completion::Shows(vec!["safe".to_owned()]) })?;
///
/// let history = History::of(&trace);
/// let [first, second] = history.operations() else { panic!("two were invoked") };
/// assert_eq!(first.returned_at(), Some(TrueTime::from_ns(3_000_000)));
/// // The second began before the first ended, so nothing orders them; and it never ended.
/// assert_ne!(first.session, second.session);
/// assert!(second.is_open());
/// # Ok::<(), constellation_trace::TraceError>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct History {
    operations: Vec<Operation>,
}

/// One operation of a client.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Operation {
    /// Whose it is.
    pub client: NodeId,
    /// In which life of the client it was begun.
    pub process: ProcessId,
    /// The sequence of operations that it belongs to, numbered from 0 through the whole history. One session has at
    /// most one operation at a time, and none after one of which nobody knows the end: the client goes on in a new
    /// one (as in Jepsen, where it is called a process). An open-loop client has as many as overlap.
    pub session: u32,
    /// What was asked.
    pub call: Call,
    /// When it began.
    pub invoked: Moment,
    /// When and how it ended; `None` if it never did.
    pub completed: Option<(Moment, Completion)>,
}

/// An event and its time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Moment {
    /// The event.
    pub event: EventId,
    /// When it truly was.
    pub at: TrueTime,
}

/// How many operations ended in which way.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct HistoryCounts {
    /// How many were begun: always the sum of the others.
    pub invoked: u64,
    /// How many took effect for sure.
    pub done: u64,
    /// How many failed for sure.
    pub failed: u64,
    /// How many may have taken effect or not.
    pub open: u64,
}

impl Operation {
    /// Whether it may have taken effect or not: it has no end, or an [`Completion::Unknown`] one.
    pub fn is_open(&self) -> bool {
        self.completed.as_ref().is_none_or(|(_, completion)| !completion.is_certain())
    }

    /// How many bytes its texts take, and the list of what it shows. O(values).
    pub fn text_bytes(&self) -> usize {
        let completion = self.completed.as_ref().map(|(_, completion)| completion.text_bytes());
        self.call.text_bytes() + completion.unwrap_or_default()
    }

    /// When its client knew what became of it: before then another operation may take effect before it, after then
    /// none that is invoked later. `None` for an open one.
    pub fn returned_at(&self) -> Option<TrueTime> {
        self.completed.as_ref().filter(|(_, completion)| completion.is_certain()).map(|(moment, _)| moment.at)
    }
}

impl History {
    /// A history written down by hand, or read from elsewhere; the caller vouches for the sessions.
    pub fn new(operations: Vec<Operation>) -> History {
        History { operations }
    }

    /// What the clients of `trace` saw, in the order of invocation. O(events × log of the operations open at once),
    /// and the memory of every text that was asked or shown.
    pub fn of(trace: &Trace) -> History {
        let mut sessions = Sessions::default();
        let mut operations = Vec::with_capacity(trace.invocations().len());
        for (event, recorded) in trace.event_ids().zip(trace.events()) {
            match recorded.kind {
                Kind::Invoke(place) => {
                    let session = sessions.begin(recorded.process);
                    operations.push(operation(trace, &trace.invocations()[place as usize], session));
                }
                Kind::Complete(place) => {
                    let operation: &Operation = &operations[place as usize];
                    let (moment, completion) =
                        operation.completed.as_ref().expect("its completion is recorded");
                    assert_eq!(moment.event, event, "an operation completes once");
                    if completion.is_certain() {
                        sessions.end(recorded.process, operation.session);
                    }
                }
                _ => {}
            }
        }
        History { operations }
    }

    /// The same, but a read of a register that shows `initial` and nothing else shows nothing, and a compare-and-set that
    /// expects it is a `put-if-absent KEY`: where every register holds that before anybody writes, and nobody writes it. A key that is added to is none, nor one of any other [`Call::Other`] than
    /// `put-if-absent KEY`. O(n log n).
    #[must_use]
    pub fn without_initial(mut self, initial: &str) -> History {
        let calls = self.operations.iter().map(|operation| &operation.call);
        let others: BTreeSet<String> = calls.filter_map(other_key).map(str::to_owned).collect();
        for operation in &mut self.operations {
            if let Call::CompareAndSet { key, expected, value } = &operation.call
                && expected == initial
                && !others.contains(key)
            {
                let (name, argument) = (format!("put-if-absent {key}"), value.clone());
                operation.call = Call::Other { name, argument };
            }
            if let (Call::Read { key }, Some((_, Completion::Shows(shown)))) =
                (&operation.call, &mut operation.completed)
                && shown[..] == [initial]
                && !others.contains(key)
            {
                shown.clear();
            }
        }
        self
    }

    /// The operations, in the order of invocation.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// How many ended in which way.
    pub fn counts(&self) -> HistoryCounts {
        let mut counts = HistoryCounts::default();
        for operation in &self.operations {
            counts.invoked += 1;
            match operation.completed.as_ref().map(|(_, completion)| completion) {
                Some(Completion::Done | Completion::Shows(_)) => counts.done += 1,
                Some(Completion::Failed { .. }) => counts.failed += 1,
                Some(Completion::Unknown { .. }) | None => counts.open += 1,
            }
        }
        counts
    }
}

/// An operation as a history holds it, with its texts.
fn operation(trace: &Trace, invocation: &Invocation, session: u32) -> Operation {
    let text = |symbol: &Symbol| Ok::<_, std::convert::Infallible>(trace.text(*symbol).to_owned());
    let moment = |event: EventId| Moment { event, at: trace.event(event).at };
    let Ok(call) = invocation.call.try_map(text);
    let completed = invocation.completed.as_ref().map(|(event, completion)| {
        let Ok(completion) = completion.try_map(text);
        (moment(*event), completion)
    });
    let process = trace.event(invocation.event).process;
    let client = trace.processes()[process.index()].node;
    Operation { client, process, session, call, invoked: moment(invocation.event), completed }
}

/// Which sessions of each process wait for something to do.
#[derive(Default)]
struct Sessions {
    count: u32,
    idle: BTreeMap<ProcessId, Vec<u32>>,
}

impl Sessions {
    /// The session whose operation ended last, or a new one.
    fn begin(&mut self, process: ProcessId) -> u32 {
        self.idle.entry(process).or_default().pop().unwrap_or_else(|| {
            let session = self.count;
            // Cannot wrap: there are at most as many sessions as events.
            self.count += 1;
            session
        })
    }

    fn end(&mut self, process: ProcessId, session: u32) {
        self.idle.entry(process).or_default().push(session);
    }
}

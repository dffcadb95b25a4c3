//! What is kept of a run while it goes on: always its digest, and the trace for whoever wants it.

mod operations;

use constellation_fabric::{Step, StepAct};
use constellation_trace::{
    Action, Completion, Entry, EventId, Loss, MessageId, Nemesis, NodeId, Trace, TraceError, TrueTime, Wait,
};

use self::operations::Operations;
use crate::digest::{Digest, Digester};

/// Numbers events and messages, digests them, and enters them into a trace if there is one.
#[derive(Debug)]
pub(crate) struct Record {
    trace: Option<Trace>,
    digester: Digester,
    events: u32,
    messages: u32,
    nodes: usize,
    /// To whom the step at hand sends; kept so that it need not be allocated for each.
    targets: Vec<NodeId>,
    /// Where there is no trace: what clients have begun, which it would know.
    operations: Operations,
}

impl Record {
    /// For a run of so many nodes; without a trace it takes the same memory however long the run is, but for
    /// what clients have begun and not ended.
    pub(crate) fn new(nodes: usize, trace: Option<Trace>) -> Record {
        Record {
            trace,
            digester: Digester::new(),
            events: 0,
            messages: 0,
            nodes,
            targets: Vec::new(),
            operations: Operations::default(),
        }
    }

    /// As new, and without a trace.
    pub(crate) fn clear(&mut self) {
        self.trace = None;
        self.operations.clear();
        self.digester = Digester::new();
        (self.events, self.messages) = (0, 0);
    }

    /// How many events there are so far.
    #[inline]
    pub(crate) const fn events(&self) -> u32 {
        self.events
    }

    pub(crate) const fn digest(&self) -> Digest {
        self.digester.finish()
    }

    /// Whether it enters into a trace.
    pub(crate) const fn has_trace(&self) -> bool {
        self.trace.is_some()
    }

    /// The trace, which nothing is entered into from now on.
    pub(crate) const fn take_trace(&mut self) -> Option<Trace> {
        self.trace.take()
    }

    /// One step of a node; returns its event and the number of the first message it sent, which the others follow.
    #[inline(always)]
    pub(crate) fn step<M>(
        &mut self,
        node: NodeId,
        at: TrueTime,
        step: &Step<M>,
        received: Option<MessageId>,
    ) -> Result<(EventId, u32), TraceError> {
        let first = self.messages;
        let (kind, received) = match step.act {
            StepAct::Local => (1, None),
            StepAct::Receive => (2, received),
            StepAct::Persist(_) => (3, None),
            StepAct::Write { .. } => (4, None),
            StepAct::Read { .. } => (5, None),
            StepAct::Store(_) => (20, None),
            StepAct::Sync => (21, None),
            StepAct::Invoke { .. } => (INVOKES, None),
            StepAct::Complete { ref completion, .. } => (ended(completion), None),
            ref act => {
                unreachable!("this crate and the effects change together, but {act:?} is not known here")
            }
        };
        if let Some((unknown, _)) = step.sends.iter().find(|(target, _)| target.index() >= self.nodes) {
            return Err(TraceError::UnknownNode(*unknown));
        }
        let sent = u32::try_from(step.sends.len()).map_err(|_| TraceError::Full)?;
        let messages = self.messages.checked_add(sent).ok_or(TraceError::Full)?;
        if let Some(trace) = &mut self.trace {
            trace_step(trace, &mut self.targets, Moment { node, at, received }, step)?;
        } else if kind >= INVOKES {
            self.check_operation(node, &step.act)?;
        }
        self.messages = messages;
        let event = self.next(kind, node, at)?;
        // The number of those sent numbers all later ones, so that their ids need not go in.
        self.digester.absorb(u64::from(received.map_or(u32::MAX, MessageId::number)) << 32 | u64::from(sent));
        Ok((event, first))
    }

    /// What the trace would say of an operation.
    #[inline(never)]
    fn check_operation(&mut self, node: NodeId, act: &StepAct) -> Result<(), TraceError> {
        let (number, checked) = match *act {
            StepAct::Invoke { number, .. } => (number, self.operations.begin(node, number)),
            StepAct::Complete { number, .. } => (number, self.operations.end(node, number)),
            _ => return Ok(()),
        };
        checked.map_err(|error| TraceError::Operation { number, error })
    }

    /// The end or the beginning of a process.
    pub(crate) fn life(&mut self, entry: Entry<'_>) -> Result<(), TraceError> {
        let kind = match entry.action {
            Action::Crash => 6,
            Action::Restart(None) => 7,
            _ => 8,
        };
        if let Some(trace) = &mut self.trace {
            trace.record(entry)?;
        }
        self.operations.forget(entry.node);
        self.next(kind, entry.node, entry.at).map(|_| ())
    }

    /// What happens to one message; the trace gets it from `nemesis`.
    pub(crate) fn message(
        &mut self,
        at: TrueTime,
        message: MessageId,
        nemesis: impl FnOnce(MessageId) -> Nemesis,
    ) -> Result<(), TraceError> {
        let nemesis = nemesis(message);
        // A number that no other kind has, and what is more to be said of it.
        let (kind, more) = match nemesis {
            Nemesis::Hold(_) => (9, None),
            Nemesis::Lose(_, Loss::Plain) => (10, None),
            Nemesis::Duplicate(_) => (11, None),
            Nemesis::Lose(_, why) => (16, Some(number_of(Loss::NAMED, why))),
            Nemesis::Corrupt { how, .. } => (17, Some(u64::from(how))),
            Nemesis::Wait { until, why: Wait::Partition, .. } => (50, Some(until.ns())),
            Nemesis::Wait { until, why, .. } => (18 + number_of(Wait::ALL, why), Some(until.ns())),
            ref other => unreachable!("{other:?} does not happen to a message here"),
        };
        self.digester.absorb(at.ns());
        self.digester.absorb(kind << 32 | u64::from(message.number()));
        more.into_iter().for_each(|word| self.digester.absorb(word));
        self.trace.as_mut().map_or(Ok(()), |trace| trace.record_nemesis(at, nemesis))
    }

    /// Messages that are still under way at the end: for the trace alone, since which ones are follows from what the
    /// digest covers.
    pub(crate) fn in_flight(&mut self, at: TrueTime, mut messages: Vec<MessageId>) -> Result<(), TraceError> {
        let Some(trace) = &mut self.trace else { return Ok(()) };
        // Each once, in the order of sending, whatever the order of the agenda.
        messages.sort_unstable();
        messages.dedup();
        messages.into_iter().try_for_each(|message| trace.record_nemesis(at, Nemesis::InFlight(message)))
    }

    /// What the world does to links or clocks: a number that no other kind has, and words that say the rest.
    pub(crate) fn world(
        &mut self,
        at: TrueTime,
        kind: u64,
        words: impl IntoIterator<Item = u64>,
        nemesis: impl FnOnce() -> Nemesis,
    ) -> Result<(), TraceError> {
        self.digester.absorb(at.ns());
        self.digester.absorb(kind << 32);
        words.into_iter().for_each(|word| self.digester.absorb(word));
        self.trace.as_mut().map_or(Ok(()), |trace| trace.record_nemesis(at, nemesis()))
    }

    /// What the world does to a process, a clock or a disk.
    pub(crate) fn machine(&mut self, at: TrueTime, nemesis: Nemesis) -> Result<(), TraceError> {
        let node = u64::from(nemesis.node().map_or(u32::MAX, NodeId::number));
        let (kind, words) = match nemesis {
            Nemesis::Step { by_ns, .. } => (15, [by_ns.cast_unsigned(), 0]),
            Nemesis::Pause { for_ns, .. } => (22, [for_ns, 0]),
            Nemesis::Suspend { for_ns, .. } => (23, [for_ns, 0]),
            Nemesis::Slow { for_ns, .. } => (24, [for_ns, 0]),
            Nemesis::Join { .. } => (25, [0, 0]),
            Nemesis::Leave { .. } => (26, [0, 0]),
            Nemesis::Slew { by_ns, for_ns, .. } => (27, [by_ns.cast_unsigned(), for_ns]),
            Nemesis::Leap { for_ns, .. } => (28, [for_ns, 0]),
            Nemesis::Freeze { for_ns, .. } => (29, [for_ns, 0]),
            Nemesis::Set { wall, .. } => (30, [wall.ns(), 0]),
            Nemesis::DiskFull { .. } => (31, [0, 0]),
            Nemesis::Tear { lost, left, .. } => (32, [u64::from(left.number()), u64::from(lost)]),
            Nemesis::Rot { bit, .. } => (33, [bit, 0]),
            other => unreachable!("it happens to links or messages: {other:?}"),
        };
        // A jump of a wall clock has been two words for as long as there are digests.
        let count = if kind == 15 { 1 } else { 2 };
        let words = std::iter::once(node).chain(words.into_iter().take(count));
        self.world(at, kind, words, || nemesis)
    }

    #[inline]
    fn next(&mut self, kind: u64, node: NodeId, at: TrueTime) -> Result<EventId, TraceError> {
        let event = EventId::new(self.events);
        self.events = self.events.checked_add(1).ok_or(TraceError::Full)?;
        self.digester.absorb(at.ns());
        self.digester.absorb(kind << 32 | u64::from(node.number()));
        Ok(event)
    }
}

/// The place of one of a few in the list of all.
fn number_of<T: PartialEq>(all: &[T], one: T) -> u64 {
    all.iter().position(|other| *other == one).map_or(u64::MAX, |place| place as u64)
}

/// The kind of the beginning of an operation; the ends have the next ones.
const INVOKES: u64 = 40;

/// The end of an operation; how it ended is part of what happened.
const fn ended(completion: &Completion) -> u64 {
    match completion {
        Completion::Done => 41,
        Completion::Shows(_) => 42,
        Completion::Failed { .. } => 43,
        _ => 44,
    }
}

/// What a step does not know of itself.
struct Moment {
    node: NodeId,
    at: TrueTime,
    received: Option<MessageId>,
}

/// Not in line, so that a run without a trace need not step around it.
#[inline(never)]
fn trace_step<M>(
    trace: &mut Trace,
    targets: &mut Vec<NodeId>,
    Moment { node, at, received }: Moment,
    step: &Step<M>,
) -> Result<(), TraceError> {
    targets.clear();
    for (target, _) in &step.sends {
        targets.push(*target);
    }
    let (sends, label, claims) = (&targets[..], &step.label[..], &step.claims[..]);
    let recorded = match &step.act {
        // By far the most common, and without texts.
        StepAct::Receive => {
            let message = received.expect("only a message's first step receives");
            trace.record(Entry { node, at, action: Action::Receive(message), sends, label, claims })
        }
        act => {
            let texts = texts(act);
            trace.record(Entry { node, at, action: action(act, &texts, received), sends, label, claims })
        }
    };
    recorded.map(|_| ())
}

/// The texts that the action of a step names, for [`action`] to borrow.
pub(crate) fn texts(act: &StepAct) -> Vec<&str> {
    let named = match act {
        StepAct::Write { saw: named, .. } | StepAct::Read { shows: named, .. } => &named[..],
        _ => &[],
    };
    named.iter().map(String::as_str).collect()
}

/// What a step is in a trace; `received` is the message that it takes in, if it is one that does.
pub(crate) fn action<'a>(act: &'a StepAct, texts: &'a [&'a str], received: Option<MessageId>) -> Action<'a> {
    match act {
        StepAct::Local | StepAct::Sync => Action::Local,
        StepAct::Receive => Action::Receive(received.expect("only a message's first step receives")),
        StepAct::Persist(_) | StepAct::Store(_) => Action::Persist,
        StepAct::Write { key, update, .. } => Action::Write { key, update, saw: texts },
        StepAct::Read { key, .. } => Action::Read { key, shows: texts },
        StepAct::Invoke { number, call } => Action::Invoke { number: *number, call },
        StepAct::Complete { number, completion } => Action::Complete { number: *number, completion },
        act => unreachable!("this crate and the effects change together, but {act:?} is not known here"),
    }
}

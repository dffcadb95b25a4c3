//! Happens-before, computed from what a run is made of and from nothing that a clock said of it.

use std::collections::BTreeSet;

use constellation_trace::{EventId, Kind, Limit, Nemesis, NodeId, ProcessId, Relation, Trace};

use crate::budget::Budget;

/// Happens-before over the events of one trace (Lamport 1978), exact, answered in O(1) a question.
///
/// Its edges are program order within a process (not within a node: what a crash forgot has no successor),
/// from the send of a message to each receive of it, and from a persisted state to each restart that read it.
/// Claims take no part.
///
/// One forward pass gives each event a row: how many events of each process are in its past, itself included.
/// (The vector time of Fidge and Mattern, but made by the judge, of every event, and nobody's claim.)
/// It takes 4 bytes for each event and process, and 4 more for each event.
///
/// ```
/// use constellation_trace::{Relation, sketch};
/// use constellation_verify::{Budget, Order};
///
/// let trace = sketch::parse("pacific  a m! b\nindian   c m? d")?;
/// let order = Order::of(&trace, &Budget::default()).expect("six events are few");
/// let event = |word| sketch::find(&trace, word).expect("it stands in the sketch");
/// assert_eq!(order.relation(event("a"), event("d")), Relation::Before);
/// assert_eq!(order.relation(event("b"), event("d")), Relation::Concurrent);
/// # Ok::<(), sketch::SketchError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Order<'t> {
    trace: &'t Trace,
    /// How many processes there are: the length of a row.
    width: usize,
    /// The rows of all events, end to end.
    rows: Vec<u32>,
    /// All events, process after process, each in program order.
    lanes: Vec<EventId>,
    /// Where each process starts in `lanes`, and after the last the length of it.
    starts: Vec<u32>,
}

impl<'t> Order<'t> {
    /// Computes it. O(events × processes) in time and memory.
    ///
    /// # Errors
    /// [`Limit::Memory`] when the rows would take more than `budget.bytes_max`.
    pub fn of(trace: &'t Trace, budget: &Budget) -> Result<Order<'t>, Limit> {
        let (events, width) = (trace.events().len(), trace.processes().len());
        // Saturating: a need beyond 2^64 bytes is beyond any budget that could be met.
        let needed = (events as u64).saturating_mul(width as u64 + 1).saturating_mul(4);
        if needed > budget.bytes_max {
            return Err(Limit::Memory { needed, allowed: budget.bytes_max });
        }
        let (lanes, starts) = lanes(trace);
        Ok(Order { trace, width, rows: rows(trace), lanes, starts })
    }

    /// The trace whose order it is.
    pub const fn trace(&self) -> &'t Trace {
        self.trace
    }

    /// How `one` stands to `other`. O(1).
    pub fn relation(&self, one: EventId, other: EventId) -> Relation {
        if one == other {
            Relation::Equal
        } else if self.is_in_past(one, other) {
            Relation::Before
        } else if self.is_in_past(other, one) {
            Relation::After
        } else {
            Relation::Concurrent
        }
    }

    /// The past of an event as a cut: for each process, in the order of their ids, how many of its first events
    /// happened before `event` or are it.
    pub fn past(&self, event: EventId) -> &[u32] {
        &self.rows[event.index() * self.width..][..self.width]
    }

    /// The how-manieth of its process an event is, from 1. O(1).
    pub fn position(&self, event: EventId) -> u32 {
        self.past(event)[self.trace.event(event).process.index()]
    }

    /// The processes of the trace, in the order of their ids.
    pub fn processes(&self) -> impl Iterator<Item = ProcessId> + use<> {
        let count = u32::try_from(self.width).expect("a trace numbers its processes with 32 bits");
        (0..count).map(ProcessId::new)
    }

    /// The events of one process in program order.
    pub fn lane(&self, process: ProcessId) -> &[EventId] {
        &self.lanes[self.lane_start(process)..self.starts[process.index() + 1] as usize]
    }

    /// The event before this one in its process. O(1).
    pub fn previous(&self, event: EventId) -> Option<EventId> {
        let place = self.position(event).checked_sub(2)?;
        self.lane(self.trace.event(event).process).get(place as usize).copied()
    }

    /// Where a process starts in the numbering of all events, process after process.
    pub(crate) fn lane_start(&self, process: ProcessId) -> usize {
        self.starts[process.index()] as usize
    }

    /// Where an event stands in that numbering.
    pub(crate) fn slot(&self, event: EventId) -> usize {
        self.lane_start(self.trace.event(event).process) + self.position(event) as usize - 1
    }

    /// Whether `one` happened before `other` or is it.
    pub(crate) fn is_in_past(&self, one: EventId, other: EventId) -> bool {
        let process = self.trace.event(one).process.index();
        self.past(one)[process] <= self.past(other)[process]
    }
}

/// A cause of an event outside of its process.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Cause {
    /// The send of the message that it received.
    Message(EventId),
    /// The persisted state from which it restarted.
    State(EventId),
}

impl Cause {
    /// The cause of an event outside of its process, if it has one.
    pub(crate) fn of(trace: &Trace, event: EventId) -> Option<Cause> {
        match trace.event(event).kind {
            Kind::Receive(message) => Some(Cause::Message(trace.message(message).send)),
            Kind::Restart { from } => from.map(Cause::State),
            _ => None,
        }
    }

    /// The event that is the cause.
    pub(crate) const fn event(self) -> EventId {
        match self {
            Cause::Message(event) | Cause::State(event) => event,
        }
    }
}

/// The nodes that have left, or have crashed and not come back by the end of the trace. O(events + nemesis).
pub(crate) fn down_at_end(trace: &Trace) -> BTreeSet<NodeId> {
    let mut down = BTreeSet::new();
    for (event, recorded) in trace.event_ids().zip(trace.events()) {
        match recorded.kind {
            Kind::Crash => down.insert(trace.node_of(event)),
            Kind::Restart { .. } => down.remove(&trace.node_of(event)),
            _ => continue,
        };
    }
    down.extend(trace.nemesis().iter().filter_map(|entry| match entry.nemesis {
        Nemesis::Leave { node } => Some(node),
        _ => None,
    }));
    down
}

/// The rows: each is the join of those of its causes, and one more event of its own process.
fn rows(trace: &Trace) -> Vec<u32> {
    let width = trace.processes().len();
    let mut rows = vec![0; trace.events().len() * width];
    let mut latest: Vec<Option<EventId>> = vec![None; width];
    for (event, recorded) in trace.event_ids().zip(trace.events()) {
        // Every event follows its causes in a trace, so their rows are done.
        let (done, rest) = rows.split_at_mut(event.index() * width);
        let row = &mut rest[..width];
        if let Some(previous) = latest[recorded.process.index()] {
            row.copy_from_slice(&done[previous.index() * width..][..width]);
        }
        if let Some(cause) = Cause::of(trace, event) {
            for (mine, theirs) in row.iter_mut().zip(&done[cause.event().index() * width..]) {
                *mine = (*mine).max(*theirs);
            }
        }
        // Cannot wrap: a trace holds fewer than 2^32 events.
        row[recorded.process.index()] += 1;
        latest[recorded.process.index()] = Some(event);
    }
    rows
}

/// All events process after process, and where each process starts.
fn lanes(trace: &Trace) -> (Vec<EventId>, Vec<u32>) {
    let mut starts = vec![0; trace.processes().len() + 1];
    for event in trace.events() {
        starts[event.process.index() + 1] += 1;
    }
    for process in 1..starts.len() {
        starts[process] += starts[process - 1];
    }
    let mut next = starts.clone();
    let mut lanes = vec![EventId::new(0); trace.events().len()];
    for (event, recorded) in trace.event_ids().zip(trace.events()) {
        let slot = &mut next[recorded.process.index()];
        lanes[*slot as usize] = event;
        *slot += 1;
    }
    (lanes, starts)
}

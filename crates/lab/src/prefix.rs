//! The beginning of a trace as a trace of its own, for whoever looks at how it came to something.

use std::collections::BTreeSet;
use std::convert::Infallible;

use constellation_trace::{
    Action, Call, Claim, ClaimRef, Completion, Entry, EventId, Kind, MessageId, Nemesis, NemesisEntry,
    Symbol, Trace, TraceError,
};

/// What `trace` says until its event `last`, that one included; all of it if there is no such event.
///
/// With it goes what the world did before, and at the very time of the last event, such as losing what that sent. A
/// message that has neither arrived nor is lost or held then is called in flight, since the recording ends there.
/// O(events + claims + messages × log messages).
///
/// ```
/// use constellation_lab::prefix;
/// use constellation_trace::{EventId, Nemesis, sketch};
///
/// let trace = sketch::parse("pacific  a m! b\nindian   c m? d").unwrap();
/// let begun = prefix(&trace, EventId::new(1));
/// assert_eq!(begun.events().len(), 2);
/// assert_eq!(begun.events(), &trace.events()[..2]);
/// let ended: Vec<_> = begun.nemesis().iter().map(|entry| &entry.nemesis).collect();
/// assert!(matches!(ended[..], [] | [Nemesis::InFlight(_)]));
/// ```
pub fn prefix(trace: &Trace, last: EventId) -> Trace {
    copy(trace, last).expect("a trace that could be recorded can be recorded again")
}

fn copy(trace: &Trace, last: EventId) -> Result<Trace, TraceError> {
    let mut begun = Trace::new(trace.nodes().iter())?;
    if let Some(origin) = trace.origin() {
        begun.set_origin(origin.clone());
    }
    if let Some(epoch) = trace.epoch() {
        begun.set_epoch(epoch);
    }
    let mut nemesis = trace.nemesis().iter().peekable();
    let mut told = Told::default();
    let mut end = None;
    for event in trace.event_ids().take_while(|event| *event <= last) {
        while let Some(entry) = nemesis.next_if(|entry| entry.after_events <= event.number()) {
            world(&mut begun, entry, &mut told)?;
        }
        copy_event(trace, event, &mut begun)?;
        if let Kind::Receive(message) = trace.event(event).kind {
            told.ended.insert(message);
        }
        end = Some((event.number() + 1, trace.event(event).at));
    }
    let Some((count, at)) = end else { return Ok(begun) };
    while let Some(entry) = nemesis.next_if(|entry| entry.after_events <= count && entry.at <= at) {
        world(&mut begun, entry, &mut told)?;
    }
    let sent = (0..).map(MessageId::new).take(begun.messages().len());
    let in_flight: Vec<_> = sent.filter(|message| !told.is_told(*message)).collect();
    in_flight.into_iter().try_for_each(|message| begun.record_nemesis(at, Nemesis::InFlight(message)))?;
    Ok(begun)
}

/// The messages of which the trace says where they are.
#[derive(Default)]
struct Told {
    /// Arrived, lost, or in flight for good.
    ended: BTreeSet<MessageId>,
    /// Held until the next heal.
    held: BTreeSet<MessageId>,
}

impl Told {
    fn is_told(&self, message: MessageId) -> bool {
        self.ended.contains(&message) || self.held.contains(&message)
    }
}

fn world(begun: &mut Trace, entry: &NemesisEntry, told: &mut Told) -> Result<(), TraceError> {
    match entry.nemesis {
        Nemesis::Hold(message) => drop(told.held.insert(message)),
        Nemesis::Lose(message, ..) | Nemesis::InFlight(message) => drop(told.ended.insert(message)),
        Nemesis::Heal => told.held.clear(),
        _ => {}
    }
    begun.record_nemesis(entry.at, entry.nemesis.clone())
}

fn copy_event(trace: &Trace, event: EventId, begun: &mut Trace) -> Result<(), TraceError> {
    let recorded = trace.event(event);
    let text = |symbol| trace.text(symbol);
    let operation = Operation::of(trace, recorded.kind);
    let named: Vec<&str> = match recorded.kind {
        Kind::Write(place) => trace.writes()[place as usize].saw.iter().map(|symbol| text(*symbol)).collect(),
        Kind::Read(place) => trace.reads()[place as usize].shows.iter().map(|symbol| text(*symbol)).collect(),
        _ => Vec::new(),
    };
    let action = match recorded.kind {
        Kind::Local => Action::Local,
        Kind::Receive(message) => Action::Receive(message),
        Kind::Persist => Action::Persist,
        Kind::Crash => Action::Crash,
        Kind::Restart { from } => Action::Restart(from),
        Kind::Write(place) => {
            let write = &trace.writes()[place as usize];
            Action::Write { key: text(write.key), update: text(write.update), saw: &named }
        }
        Kind::Read(place) => Action::Read { key: text(trace.reads()[place as usize].key), shows: &named },
        kind => match &operation {
            Some(operation) => operation.action(),
            None => unreachable!("traces and this crate change together, but {kind:?} is not known here"),
        },
    };
    let sends: Vec<_> = recorded.sends.iter().map(|message| trace.message(message).to).collect();
    let claims: Vec<Claim> = trace.claims_of(event).map(|claim| copy_claim(trace, claim)).collect();
    let (node, at, label) = (trace.node_of(event), recorded.at, trace.label(event));
    begun.record(Entry { node, at, action, sends: &sends, label, claims: &claims }).map(|_| ())
}

/// The beginning or the end of a client's operation, with texts of its own.
enum Operation {
    Invoke(u32, Call),
    Complete(u32, Completion),
}

impl Operation {
    fn of(trace: &Trace, kind: Kind) -> Option<Operation> {
        let (Kind::Invoke(place) | Kind::Complete(place)) = kind else { return None };
        let invocation = &trace.invocations()[place as usize];
        let text = |symbol: &Symbol| Ok::<_, Infallible>(trace.text(*symbol).to_owned());
        let (Ok(call), number) = (invocation.call.try_map(text), invocation.number);
        if matches!(kind, Kind::Invoke(_)) {
            return Some(Operation::Invoke(number, call));
        }
        let (_, completion) = invocation.completed.as_ref()?;
        let Ok(completion) = completion.try_map(text);
        Some(Operation::Complete(number, completion))
    }

    const fn action(&self) -> Action<'_> {
        match self {
            Operation::Invoke(number, call) => Action::Invoke { number: *number, call },
            Operation::Complete(number, completion) => Action::Complete { number: *number, completion },
        }
    }
}

fn copy_claim(trace: &Trace, claim: ClaimRef<'_>) -> Claim {
    match claim {
        ClaimRef::Lamport(time) => Claim::Lamport(time),
        ClaimRef::Hybrid { physical_ns, logical } => Claim::Hybrid { physical_ns, logical },
        ClaimRef::Vector(vector) => Claim::Vector(
            vector.iter().map(|(name, counter)| (trace.text(name).to_owned(), counter)).collect(),
        ),
        ClaimRef::Wall(time) => Claim::Wall(time),
        claim => unreachable!("traces and this crate change together, but {claim:?} is not known here"),
    }
}

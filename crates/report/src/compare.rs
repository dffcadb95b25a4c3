//! Two runs side by side: how far they are alike, and where they go apart.

use std::collections::BTreeMap;

use constellation_trace::{EventId, Kind, MessageId, Process, ProcessId, Trace, one_line};

/// How two runs stand to each other, event by event.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Comparison {
    /// How many events are the same in both.
    pub alike: usize,
    /// Where they go apart; `None` when they are the same throughout.
    pub parting: Option<Parting>,
}

/// The earliest event, by true time, that the other run does not have at its place of the same process.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Parting {
    /// In the one run; `None` where its process is over.
    pub one: Option<EventId>,
    /// In the other run.
    pub other: Option<EventId>,
}

impl Parting {
    /// What happens there in words, of the one run and of the other.
    pub fn told(&self, one: &Trace, other: &Trace) -> [String; 2] {
        [(one, self.one), (other, self.other)].map(|(trace, event)| match event {
            Some(event) => {
                let process = one_line(&trace.process_name(trace.event(event).process)).into_owned();
                format!("{event} {process}: {}", trace.describe(event))
            }
            None => "nothing more happens there".to_owned(),
        })
    }
}

/// Compares process by process, by their names, from the beginning: two events are the same if they are of one kind, are
/// called the same, receive the same message and send to the same nodes. A message is the same if it is the same one of the
/// same process. Times may differ. O(events + bytes of texts).
pub fn compare(one: &Trace, other: &Trace) -> Comparison {
    let (left, right) = (Lanes::of(one), Lanes::of(other));
    let mut comparison = Comparison::default();
    let mut earliest = None;
    let mut part = |parting: Parting| {
        let at = |trace: &Trace, event: Option<EventId>| event.map(|event| trace.event(event).at);
        let Some(at) = at(one, parting.one).into_iter().chain(at(other, parting.other)).min() else { return };
        if earliest.is_none_or(|earliest| at < earliest) {
            earliest = Some(at);
            comparison.parting = Some(parting);
        }
    };
    let mut alike = 0;
    for (process, mine) in left.events.iter().enumerate() {
        let name = &left.names[process];
        let theirs = right.numbers.get(name).map_or(&[][..], |number| &right.events[*number]);
        let same = mine
            .iter()
            .zip(theirs)
            .take_while(|(mine, theirs)| Seen::of(one, &left, **mine) == Seen::of(other, &right, **theirs));
        let place = same.count();
        alike += place;
        part(Parting { one: mine.get(place).copied(), other: theirs.get(place).copied() });
    }
    for (process, theirs) in right.events.iter().enumerate() {
        if !left.numbers.contains_key(&right.names[process]) {
            part(Parting { one: None, other: theirs.first().copied() });
        }
    }
    comparison.alike = alike;
    comparison
}

/// The events of each process, and the processes by name.
struct Lanes {
    names: Vec<String>,
    numbers: BTreeMap<String, usize>,
    events: Vec<Vec<EventId>>,
    /// Of each event, which of its process it is.
    places: Vec<usize>,
}

impl Lanes {
    fn of(trace: &Trace) -> Lanes {
        let ids = (0..).map(ProcessId::new).zip(trace.processes());
        let names: Vec<String> = ids.map(|(id, _): (_, &Process)| trace.process_name(id)).collect();
        let mut events = vec![Vec::new(); names.len()];
        let mut places = Vec::with_capacity(trace.events().len());
        for (id, event) in trace.event_ids().zip(trace.events()) {
            let own: &mut Vec<EventId> = &mut events[event.process.index()];
            places.push(own.len());
            own.push(id);
        }
        let numbers = names.iter().cloned().zip(0..).collect();
        Lanes { names, numbers, events, places }
    }
}

/// What is compared of an event.
#[derive(Eq, PartialEq)]
struct Seen<'t> {
    kind: u8,
    label: String,
    /// The process and the place there of the event that sent what is received, and which of its messages it is.
    heard: Option<(&'t str, usize, u32)>,
    targets: Vec<&'t str>,
}

impl<'t> Seen<'t> {
    fn of(trace: &'t Trace, lanes: &'t Lanes, id: EventId) -> Seen<'t> {
        let event = trace.event(id);
        let is_told =
            matches!(event.kind, Kind::Write(_) | Kind::Read(_) | Kind::Invoke(_) | Kind::Complete(_));
        let label = match trace.label(id) {
            "" if is_told => trace.describe(id),
            label => label.to_owned(),
        };
        let origin = |message: MessageId| {
            let send = trace.message(message).send;
            let sender = trace.event(send);
            let first = sender.sends.iter().next().map_or(0, MessageId::number);
            (&*lanes.names[sender.process.index()], lanes.places[send.index()], message.number() - first)
        };
        let heard = match event.kind {
            Kind::Receive(message) => Some(origin(message)),
            _ => None,
        };
        let targets = event.sends.iter().map(|message| trace.node_name(trace.message(message).to)).collect();
        Seen { kind: crate::columns::code(event.kind), label, heard, targets }
    }
}

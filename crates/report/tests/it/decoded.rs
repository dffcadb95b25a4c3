//! A reader of columns, as plain as the layout is written: the twin of the writer.

use constellation_report::Picture;
use constellation_trace::{ClaimKind, ClaimRef, Completion, Kind, ProcessId, one_line};

/// All that columns hold, every reference resolved to what it means.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Decoded {
    pub(crate) nodes: Vec<String>,
    /// Lane and name.
    pub(crate) processes: Vec<(u64, String)>,
    pub(crate) events: Vec<Event>,
    /// Of each message its target.
    pub(crate) messages: Vec<u64>,
    /// From where to where, and what it is.
    pub(crate) edges: Vec<(u64, u64, String)>,
    pub(crate) labels: Vec<(u64, String)>,
    pub(crate) lamport: Vec<(u64, i128)>,
    /// By how much the wall clock was ahead.
    pub(crate) wall: Vec<(u64, i128)>,
    pub(crate) hybrid: Vec<(u64, i128, u64)>,
    pub(crate) vector: Vec<(u64, Vec<(String, u64)>)>,
    /// Code, message, time after the send, why.
    pub(crate) fates: Vec<(u64, u64, i128, String)>,
    /// Begun, ended, call, what it was told.
    pub(crate) operations: Vec<(u64, Option<u64>, String, String)>,
}

#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Event {
    process: u64,
    kind: u64,
    at: i128,
    /// The message received, or the event restarted from.
    cause: Option<u64>,
    sends: u64,
}

struct Reader<'b>(&'b [u8]);

impl Reader<'_> {
    fn number(&mut self) -> u128 {
        let mut number = 0;
        for place in 0.. {
            let (byte, rest) = self.0.split_first().expect("a number ends");
            self.0 = rest;
            number |= u128::from(byte & 0x7f) << (7 * place);
            assert!(place < 10, "ten bytes at most");
            if byte & 0x80 == 0 {
                break;
            }
        }
        number
    }

    fn small(&mut self) -> u64 {
        u64::try_from(self.number()).expect("below 2^64")
    }

    fn signed(&mut self) -> i128 {
        let folded = self.number().cast_signed();
        (folded >> 1) ^ -(folded & 1)
    }

    fn many(&mut self, count: u64) -> Vec<u64> {
        (0..count).map(|_| self.small()).collect()
    }

    /// Events that something is said of.
    fn marked(&mut self) -> Vec<u64> {
        let count = self.small();
        self.rising(count)
    }

    fn rising(&mut self, count: u64) -> Vec<u64> {
        let mut sum = 0;
        (0..count)
            .map(|_| {
                sum += self.small();
                sum
            })
            .collect()
    }
}

/// Reads columns; what is left over, or is not there, is a failure of the test.
pub(crate) fn decode(bytes: &[u8]) -> Decoded {
    let mut reader = Reader(bytes.strip_prefix(b"CSTL").expect("it begins so"));
    assert_eq!(reader.small(), 2, "the version");
    let heads = reader.many(7);
    let [nodes, processes, events, messages, texts, fates, operations] = heads[..] else { panic!() };
    let lengths = reader.many(texts);
    let mut table = Vec::new();
    for length in lengths {
        let (text, rest) = reader.0.split_at(length as usize);
        table.push(String::from_utf8(text.to_vec()).expect("UTF-8"));
        reader.0 = rest;
    }
    let text = |number: u64| table[number as usize].clone();
    let mut decoded =
        Decoded { nodes: reader.many(nodes).into_iter().map(text).collect(), ..Decoded::default() };
    let of = reader.many(processes);
    decoded.processes = of.into_iter().map(|lane| (lane, text(reader.small()))).collect();
    decoded.events = read_events(&mut reader, events);
    decoded.messages = reader.many(messages);
    let edges = reader.marked();
    let back = reader.many(edges.len() as u64);
    decoded.edges = edges.iter().zip(back).map(|(to, back)| (to - back, *to, text(reader.small()))).collect();
    let labels = reader.marked();
    decoded.labels = labels.into_iter().map(|event| (event, text(reader.small()))).collect();
    read_claims(&mut reader, &text, &mut decoded);
    let codes = reader.many(fates);
    let of = reader.rising(fates);
    let after: Vec<i128> = (0..fates).map(|_| reader.signed()).collect();
    let whys = reader.many(fates);
    for (place, code) in codes.into_iter().enumerate() {
        decoded.fates.push((code, of[place], after[place], text(whys[place])));
    }
    let begun = reader.rising(operations);
    let lasts = reader.many(operations);
    let calls = reader.many(operations);
    for (place, begun) in begun.into_iter().enumerate() {
        let ended = (lasts[place] > 0).then(|| begun + lasts[place]);
        decoded.operations.push((begun, ended, text(calls[place]), text(reader.small())));
    }
    assert!(reader.0.is_empty(), "{} bytes are left", reader.0.len());
    decoded
}

fn read_claims(reader: &mut Reader<'_>, text: &dyn Fn(u64) -> String, decoded: &mut Decoded) {
    let mut sum = 0;
    for event in reader.marked() {
        sum += reader.signed();
        decoded.lamport.push((event, sum));
    }
    let mut sums = vec![0; decoded.processes.len()];
    for event in reader.marked() {
        let sum = &mut sums[decoded.events[event as usize].process as usize];
        *sum += reader.signed();
        decoded.wall.push((event, *sum));
    }
    let mut sums = vec![0; decoded.processes.len()];
    let hybrid = reader.marked();
    for event in &hybrid {
        let sum = &mut sums[decoded.events[*event as usize].process as usize];
        *sum += reader.signed();
        decoded.hybrid.push((*event, *sum, 0));
    }
    for place in 0..hybrid.len() {
        decoded.hybrid[place].2 = reader.small();
    }
    for event in reader.marked() {
        let entries = reader.small();
        let entries = (0..entries).map(|_| (text(reader.small()), reader.small())).collect();
        decoded.vector.push((event, entries));
    }
}

fn read_events(reader: &mut Reader<'_>, events: u64) -> Vec<Event> {
    let of = reader.many(events);
    let kinds = reader.many(events);
    let mut at = 0;
    let mut read: Vec<Event> = Vec::new();
    for (process, kind) in of.into_iter().zip(kinds) {
        at += reader.signed();
        read.push(Event { process, kind, at, cause: None, sends: 0 });
    }
    let causes: Vec<Option<u64>> =
        read.iter().map(|event| [1, 4].contains(&event.kind).then(|| reader.small())).collect();
    let mut sent = 0;
    for (place, cause) in causes.into_iter().enumerate() {
        read[place].cause = match (read[place].kind, cause) {
            (1, Some(back)) => Some(sent - 1 - back),
            (4, Some(back)) if back > 0 => Some(place as u64 - back),
            _ => None,
        };
        read[place].sends = reader.small();
        sent += read[place].sends;
    }
    read
}

/// What a reader must find in the columns of a trace, but for fates: taken from the trace event by event.
pub(crate) fn expected(picture: &Picture<'_>) -> Decoded {
    let trace = picture.trace();
    let line = |text: &str| one_line(text).into_owned();
    let names = picture.lane_names();
    let mut decoded = Decoded { nodes: names.into_iter().map(line).collect(), ..Decoded::default() };
    let lane = |node| u64::from(picture.lane(node));
    for (number, process) in (0..).zip(trace.processes()) {
        let name = trace.process_name(ProcessId::new(number));
        decoded.processes.push((lane(process.node), line(&name)));
    }
    decoded.messages = trace.messages().iter().map(|message| lane(message.to)).collect();
    for edge in picture.edges() {
        decoded.edges.push((edge.from.number().into(), edge.to.number().into(), line(&edge.why)));
    }
    let epoch = trace.epoch().map_or(0, |epoch| i128::from(epoch.ns()));
    for id in trace.event_ids() {
        let (event, number) = (trace.event(id), u64::from(id.number()));
        let cause = match event.kind {
            Kind::Receive(message) => Some(u64::from(message.number())),
            Kind::Restart { from } => from.map(|from| u64::from(from.number())),
            _ => None,
        };
        decoded.events.push(Event {
            process: u64::from(event.process.number()),
            kind: u64::from(constellation_report::columns::code(event.kind)),
            at: i128::from(event.at.ns()),
            cause,
            sends: event.sends.len() as u64,
        });
        let is_told = matches!(event.kind, Kind::Write(_) | Kind::Read(_));
        match trace.label(id) {
            "" if is_told => decoded.labels.push((number, trace.describe(id))),
            "" => {}
            label => decoded.labels.push((number, line(label))),
        }
        let lie = |shown: u64| i128::from(shown) - epoch - i128::from(event.at.ns());
        if let Some(ClaimRef::Lamport(time)) = trace.claim(id, ClaimKind::Lamport) {
            decoded.lamport.push((number, i128::from(time)));
        }
        if let Some(ClaimRef::Wall(wall)) = trace.claim(id, ClaimKind::Wall) {
            decoded.wall.push((number, lie(wall.ns())));
        }
        if let Some(ClaimRef::Hybrid { physical_ns, logical }) = trace.claim(id, ClaimKind::Hybrid) {
            decoded.hybrid.push((number, lie(physical_ns), u64::from(logical)));
        }
        if let Some(ClaimRef::Vector(vector)) = trace.claim(id, ClaimKind::Vector) {
            let entries = vector.iter().map(|(name, counter)| (line(trace.text(name)), counter));
            decoded.vector.push((number, entries.collect()));
        }
    }
    for operation in constellation_trace::History::of(trace).operations() {
        let ended = operation.completed.as_ref().map(|(moment, _)| u64::from(moment.event.number()));
        let told = operation.completed.as_ref().map(|(_, told): &(_, Completion)| told.to_string());
        decoded.operations.push((
            u64::from(operation.invoked.event.number()),
            ended,
            line(&operation.call.to_string()),
            line(&told.unwrap_or_default()),
        ));
    }
    decoded
}

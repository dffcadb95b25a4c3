//! A reader of columns, as plain as the layout is written: the twin of the writer.

use constellation_report::Picture;
use constellation_trace::{ClaimKind, ClaimRef, Completion, Kind, ProcessId, Trace, one_line};

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
    /// Sorted by names.
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

    /// Numbers of which the first bytes stand first.
    fn spread(&mut self, count: u64) -> Vec<u128> {
        let mut numbers = vec![0; count as usize];
        let mut open: Vec<usize> = (0..count as usize).collect();
        for place in 0..10 {
            let (bytes, rest) = self.0.split_at(open.len());
            self.0 = rest;
            for (number, byte) in open.iter().zip(bytes) {
                numbers[*number] |= u128::from(byte & 0x7f) << (7 * place);
            }
            open = open
                .into_iter()
                .zip(bytes)
                .filter(|(_, byte)| **byte >= 0x80)
                .map(|(open, _)| open)
                .collect();
        }
        assert!(open.is_empty(), "ten bytes at most");
        numbers
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
    read_causes(&mut reader, &mut decoded);
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
    for event in reader.marked() {
        let known = decoded.known(event as usize);
        decoded.lamport.push((event, known + 1 + reader.signed()));
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
    let claiming = reader.marked();
    for event in &claiming {
        let mut entries: Vec<(String, u64)> = match reader.small().checked_sub(1) {
            Some(entries) => (0..entries).map(|_| (text(reader.small()), reader.small())).collect(),
            None => decoded.counted(*event, &claiming),
        };
        entries.sort_unstable();
        decoded.vector.push((*event, entries));
    }
}

impl Decoded {
    /// The events that lead to an event directly.
    fn causes(&self, event: usize) -> Vec<usize> {
        let own = self.events[event].process;
        let mut causes: Vec<usize> =
            (0..event).rev().find(|before| self.events[*before].process == own).into_iter().collect();
        match (self.events[event].kind, self.events[event].cause) {
            (1, Some(message)) => causes.push(self.sender(message)),
            (4, Some(state)) => causes.push(state as usize),
            _ => {}
        }
        causes.extend(self.edges.iter().filter(|edge| edge.1 as usize == event).map(|edge| edge.0 as usize));
        causes
    }

    fn sender(&self, message: u64) -> usize {
        let mut sent = 0;
        let sends = |event: &Event| {
            sent += event.sends;
            sent > message
        };
        self.events.iter().position(sends).expect("it was sent")
    }

    /// The latest Lamport time that an event can know of before it.
    fn known(&self, event: usize) -> i128 {
        let told = |cause: usize| match self.lamport.iter().find(|claim| claim.0 as usize == cause) {
            Some((_, time)) if *time > (1 << 52) - 2 => 0,
            Some((_, time)) => *time,
            None => self.known(cause),
        };
        self.causes(event).into_iter().map(told).max().unwrap_or(0)
    }

    /// How many of the events that claim a vector are before an event or it, process by process.
    fn counted(&self, event: u64, claiming: &[u64]) -> Vec<(String, u64)> {
        let mut past = std::collections::BTreeSet::from([event as usize]);
        let mut open = vec![event as usize];
        while let Some(event) = open.pop() {
            open.extend(self.causes(event).into_iter().filter(|cause| past.insert(*cause)));
        }
        let mut counts = vec![0; self.processes.len()];
        for event in past.iter().filter(|event| claiming.contains(&(**event as u64))) {
            counts[self.events[*event].process as usize] += 1;
        }
        let named = self.processes.iter().zip(counts).filter(|(_, count)| *count > 0);
        named.map(|((_, name), count)| (name.clone(), count)).collect()
    }
}

fn read_events(reader: &mut Reader<'_>, events: u64) -> Vec<Event> {
    let of = reader.many(events);
    let whats = reader.many(events);
    let mut at = 0;
    let mut read: Vec<Event> = Vec::new();
    for ((process, what), since) in of.into_iter().zip(whats).zip(reader.spread(events)) {
        at += (since >> 1).cast_signed() ^ -(since & 1).cast_signed();
        read.push(Event { process, kind: what % 16, at, cause: None, sends: what / 16 });
    }
    read
}

fn read_causes(reader: &mut Reader<'_>, decoded: &mut Decoded) {
    let mut next = vec![0; decoded.nodes.len()];
    for place in 0..decoded.events.len() {
        let lane = decoded.processes[decoded.events[place].process as usize].0;
        decoded.events[place].cause = match decoded.events[place].kind {
            1 => {
                let next = &mut next[lane as usize];
                let nth = *next + reader.signed();
                *next = (nth + 1).max(*next);
                let to_lane = (0..).zip(&decoded.messages).filter(|(_, target)| **target == lane);
                to_lane.map(|(message, _)| message).nth(usize::try_from(nth).expect("it is one"))
            }
            4 => Some(reader.small()).filter(|back| *back > 0).map(|back| place as u64 - back),
            _ => None,
        };
    }
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
            let mut entries: Vec<(String, u64)> = entries.collect();
            entries.sort_unstable();
            decoded.vector.push((number, entries));
        }
    }
    decoded.operations = operations(trace);
    decoded
}

fn operations(trace: &Trace) -> Vec<(u64, Option<u64>, String, String)> {
    let line = |text: &str| one_line(text).into_owned();
    let mut operations = Vec::new();
    for operation in constellation_trace::History::of(trace).operations() {
        let ended = operation.completed.as_ref().map(|(moment, _)| u64::from(moment.event.number()));
        let told = operation.completed.as_ref().map(|(_, told): &(_, Completion)| told.to_string());
        operations.push((
            u64::from(operation.invoked.event.number()),
            ended,
            line(&operation.call.to_string()),
            line(&told.unwrap_or_default()),
        ));
    }
    operations
}

//! A trace as columns of small numbers: what a page carries instead of a line for each event.
//!
//! After the four bytes `CSTL` everything is an unsigned LEB128 number of at most ten bytes; `z` marks a signed one, folded
//! by zigzag. `Δ` is the difference from the one before in its column, the first from 0.
//!
//! | part | what |
//! | --- | --- |
//! | head | version 2, lanes `N`, processes `P`, events `E`, messages `M`, texts `T`, fates `F`, operations `O` |
//! | texts | `T` lengths in bytes, then the bytes, UTF-8; on one line each, with nothing that a reader obeys |
//! | lanes | `N` × text: the name of a node, or of nodes that share a lane |
//! | processes | `P` × lane, `P` × text: the name |
//! | events | `E` × process; `E` × kind ([`code`]); `E` × `z`Δ time in nanoseconds |
//! | causes | for each receive, in order: messages sent by the events before, less 1, less the message. For each restart, at its place among them: 0 when it remembers nothing, else event less the persist that it read |
//! | messages | `E` × how many the event sends, ids run on; `M` × lane of the target |
//! | edges | orders that no message made, in the order of where they lead: how many, Δ later event, later less earlier event, texts that say what they are |
//! | labels | how many, Δ events, texts. Of a write or a read without a label, what it was |
//! | Lamport | how many, Δ events, `z`Δ value |
//! | wall | how many, Δ events, `z` of how much the lie changed since the claim before of the same process; a lie is what the clock showed, less the epoch (0 when nobody knows it), less the true time |
//! | hybrid | how many, Δ events, `z` likewise of the physical part, logical parts |
//! | vector | how many, Δ events; for each how many entries, and each entry as text of its name and counter |
//! | fates | in order of their messages: `F` × code (1 lost, 2 held, 3 duplicated, 4 corrupted, 5 waits, 6 in flight), `F` × Δ message, `F` × `z` of time less that of the send, `F` × text that says why, empty when there is nothing to say |
//! | operations | `O` × Δ invoking event; `O` × 0 if open, else completing less invoking event; `O` × text of the call; `O` × text of the end, empty for none |

mod texts;

use std::io::{self, Write};

use constellation_trace::{ClaimKind, ClaimRef, EventId, Kind, Trace};

use self::texts::{Texts, labels, operations, processes};
use crate::edge::Edge;
use crate::picture::Picture;
use crate::world::{Fate, fates};

/// The first bytes of the columns.
pub const MAGIC: &[u8; 4] = b"CSTL";

/// The version of this layout.
pub const VERSION: u8 = 2;

/// The byte that stands for a kind of event: 0 local, 1 receive, 2 persist, 3 crash, 4 restart, 5 write, 6 read, 7 invoke,
/// 8 complete. A kind of a later version is 0.
pub const fn code(kind: Kind) -> u8 {
    match kind {
        Kind::Receive(_) => 1,
        Kind::Persist => 2,
        Kind::Crash => 3,
        Kind::Restart { .. } => 4,
        Kind::Write(_) => 5,
        Kind::Read(_) => 6,
        Kind::Invoke(_) => 7,
        Kind::Complete(_) => 8,
        _ => 0,
    }
}

/// Writes the columns of a picture's trace, not yet packed. O(events + claims + bytes of texts), and memory for each distinct
/// text.
///
/// # Errors
/// Those of `out`.
pub fn write(picture: &Picture<'_>, out: &mut dyn Write) -> io::Result<()> {
    let trace = picture.trace();
    let mut texts = Texts::default();
    let nodes: Vec<u32> = picture.lane_names().into_iter().map(|name| texts.enter(name)).collect();
    let processes = processes(trace, &mut texts);
    let edges: Vec<u32> = picture.edges().iter().map(|edge| texts.enter(&edge.why)).collect();
    let labels = labels(trace, &mut texts);
    let names = texts.vector_names(trace);
    let fates = fates(trace);
    let whys: Vec<u32> = fates.iter().map(|fate| texts.enter(&fate.why)).collect();
    let operations = operations(trace, &mut texts);

    let mut numbers = Numbers { bytes: MAGIC.to_vec(), out };
    numbers.put(VERSION)?;
    let heads =
        [nodes.len(), trace.processes().len(), trace.events().len(), trace.messages().len(), texts.len()];
    for head in heads.into_iter().chain([fates.len(), operations.len()]) {
        numbers.count(head)?;
    }
    texts.write(&mut numbers)?;
    for node in nodes {
        numbers.put(node)?;
    }
    for process in trace.processes() {
        numbers.put(picture.lane(process.node))?;
    }
    processes.into_iter().try_for_each(|name| numbers.put(name))?;
    events(trace, &mut numbers)?;
    for message in trace.messages() {
        numbers.put(picture.lane(message.to))?;
    }
    write_edges(picture.edges(), &edges, &mut numbers)?;
    marked(labels.iter().map(|(event, _)| *event), &mut numbers)?;
    for (_, text) in &labels {
        numbers.put(*text)?;
    }
    claims(trace, &names, &mut numbers)?;
    write_fates(trace, (&fates, &whys), &mut numbers)?;
    let mut before = 0;
    for operation in &operations {
        numbers.put(operation.begun - before)?;
        before = operation.begun;
    }
    for operation in &operations {
        numbers.put(operation.ended.map_or(0, |ended| ended - operation.begun))?;
    }
    for operation in &operations {
        numbers.put(operation.call)?;
    }
    for operation in &operations {
        numbers.put(operation.told)?;
    }
    numbers.end()
}

/// What happened at processes, and how many messages each event sends.
fn events(trace: &Trace, numbers: &mut Numbers<'_>) -> io::Result<()> {
    for event in trace.events() {
        numbers.put(event.process.number())?;
    }
    for event in trace.events() {
        numbers.put(code(event.kind))?;
    }
    let mut before = 0;
    for event in trace.events() {
        numbers.signed(i128::from(event.at.ns()) - i128::from(before))?;
        before = event.at.ns();
    }
    // Cannot wrap: a trace has fewer than 2^32 messages, and a cause comes before what it causes.
    let mut sent = 0;
    for (id, event) in trace.event_ids().zip(trace.events()) {
        match event.kind {
            Kind::Receive(message) => numbers.put(sent - 1 - message.number())?,
            Kind::Restart { from: Some(state) } => numbers.put(id.number() - state.number())?,
            Kind::Restart { from: None } => numbers.put(0_u8)?,
            _ => {}
        }
        sent += event.sends.len() as u32;
    }
    for event in trace.events() {
        numbers.count(event.sends.len())?;
    }
    Ok(())
}

/// Orders that no message made; `whys` has the text of each.
fn write_edges(edges: &[Edge], whys: &[u32], numbers: &mut Numbers<'_>) -> io::Result<()> {
    numbers.count(edges.len())?;
    let mut before = 0;
    for edge in edges {
        numbers.put(edge.to.number() - before)?;
        before = edge.to.number();
    }
    for edge in edges {
        numbers.put(edge.to.number() - edge.from.number())?;
    }
    whys.iter().try_for_each(|why| numbers.put(*why))
}

/// How many events these are, and which; they ascend.
fn marked(events: impl Iterator<Item = EventId> + Clone, numbers: &mut Numbers<'_>) -> io::Result<()> {
    numbers.count(events.clone().count())?;
    let mut before = 0;
    for event in events {
        numbers.put(event.number() - before)?;
        before = event.number();
    }
    Ok(())
}

/// The events of which one kind of clock said something.
fn claimed(trace: &Trace, kind: ClaimKind, numbers: &mut Numbers<'_>) -> io::Result<()> {
    numbers.count(trace.claims(kind).count())?;
    let mut before = 0;
    for (event, _) in trace.claims(kind) {
        numbers.put(event.number() - before)?;
        before = event.number();
    }
    Ok(())
}

/// What clocks said; `names` has the text of each name in a vector.
fn claims(trace: &Trace, names: &[u32], numbers: &mut Numbers<'_>) -> io::Result<()> {
    claimed(trace, ClaimKind::Lamport, numbers)?;
    let mut before = 0;
    for (_, claim) in trace.claims(ClaimKind::Lamport) {
        let ClaimRef::Lamport(time) = claim else { continue };
        numbers.signed(i128::from(time) - i128::from(before))?;
        before = time;
    }
    let mut lies = Lies::new(trace);
    claimed(trace, ClaimKind::Wall, numbers)?;
    for (event, claim) in trace.claims(ClaimKind::Wall) {
        let ClaimRef::Wall(wall) = claim else { continue };
        numbers.signed(lies.change_ns(event, wall.ns()))?;
    }
    let mut lies = Lies::new(trace);
    claimed(trace, ClaimKind::Hybrid, numbers)?;
    for (event, claim) in trace.claims(ClaimKind::Hybrid) {
        let ClaimRef::Hybrid { physical_ns, .. } = claim else { continue };
        numbers.signed(lies.change_ns(event, physical_ns))?;
    }
    for (_, claim) in trace.claims(ClaimKind::Hybrid) {
        let ClaimRef::Hybrid { logical, .. } = claim else { continue };
        numbers.put(logical)?;
    }
    claimed(trace, ClaimKind::Vector, numbers)?;
    for (_, claim) in trace.claims(ClaimKind::Vector) {
        let ClaimRef::Vector(vector) = claim else { continue };
        numbers.count(vector.len())?;
        for (name, counter) in vector.iter() {
            numbers.put(names[name.index()])?;
            numbers.put(counter)?;
        }
    }
    Ok(())
}

/// By how much clocks were wrong, process by process: that changes seldom, so it packs to nothing.
struct Lies<'t> {
    trace: &'t Trace,
    epoch_ns: u64,
    latest: Vec<i128>,
}

impl<'t> Lies<'t> {
    fn new(trace: &'t Trace) -> Lies<'t> {
        let epoch_ns = trace.epoch().map_or(0, |epoch| epoch.ns());
        Lies { trace, epoch_ns, latest: vec![0; trace.processes().len()] }
    }

    fn change_ns(&mut self, event: EventId, shown_ns: u64) -> i128 {
        let event = self.trace.event(event);
        let lie = i128::from(shown_ns) - i128::from(self.epoch_ns) - i128::from(event.at.ns());
        lie - std::mem::replace(&mut self.latest[event.process.index()], lie)
    }
}

fn write_fates(trace: &Trace, (fates, whys): (&[Fate], &[u32]), numbers: &mut Numbers<'_>) -> io::Result<()> {
    for fate in fates {
        numbers.put(fate.end as u8)?;
    }
    let mut before = 0;
    for fate in fates {
        numbers.put(fate.message.number() - before)?;
        before = fate.message.number();
    }
    for fate in fates {
        let sent = trace.event(trace.message(fate.message).send).at;
        numbers.signed(i128::from(fate.at.ns()) - i128::from(sent.ns()))?;
    }
    whys.iter().try_for_each(|why| numbers.put(*why))
}

/// Numbers on their way out, some at a time.
struct Numbers<'w> {
    bytes: Vec<u8>,
    out: &'w mut dyn Write,
}

impl Numbers<'_> {
    /// So many bytes are held.
    const HELD: usize = 1 << 16;

    fn put(&mut self, number: impl Into<u128>) -> io::Result<()> {
        let mut left: u128 = number.into();
        while left >= 0x80 {
            // Seven bits at a time, the lowest first.
            self.bytes.push((left & 0x7f) as u8 | 0x80);
            left >>= 7;
        }
        self.bytes.push(left as u8);
        self.flush_if(Numbers::HELD)
    }

    fn signed(&mut self, number: i128) -> io::Result<()> {
        // Of 66 bits at most: a difference of differences of 64 bits.
        self.put(((number << 1) ^ (number >> 127)).cast_unsigned())
    }

    fn count(&mut self, count: usize) -> io::Result<()> {
        self.put(count as u64)
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        self.bytes.extend_from_slice(text.as_bytes());
        self.flush_if(Numbers::HELD)
    }

    fn flush_if(&mut self, held: usize) -> io::Result<()> {
        if self.bytes.len() >= held {
            self.out.write_all(&self.bytes)?;
            self.bytes.clear();
        }
        Ok(())
    }

    fn end(mut self) -> io::Result<()> {
        self.flush_if(1)
    }
}

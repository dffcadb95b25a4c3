//! A trace as columns of small numbers: what a page carries instead of a line for each event.
//!
//! After the four bytes `CSTL` everything is an unsigned LEB128 number of at most ten bytes; `z` marks a signed one, folded
//! by zigzag. `Δ` is the difference from the one before in its column, the first from 0. Numbers that are spread stand first
//! byte by first byte, then the second bytes of those that have one, and so on: low bytes are often random, high ones seldom.
//!
//! | part | what |
//! | --- | --- |
//! | head | version 2, lanes `N`, processes `P`, events `E`, messages `M`, texts `T`, fates `F`, operations `O` |
//! | texts | `T` lengths in bytes, then the bytes, UTF-8; on one line each, with nothing that a reader obeys |
//! | lanes | `N` × text: the name of a node, or of nodes that share a lane |
//! | processes | `P` × lane, `P` × text: the name |
//! | events | `E` × process; `E` × 16 times how many messages it sends, and its kind ([`code`]); `E` × `z`Δ time in nanoseconds, spread. Ids of messages run on |
//! | messages | `M` × lane of the target |
//! | causes | for each receive, in order: `z` of which it is of the messages to its lane, from 0, less the one that follows the furthest of those received there. For each restart, at its place among them: 0 when it remembers nothing, else event less the persist that it read |
//! | edges | orders that no message made, in the order of where they lead: how many, Δ later event, later less earlier event, texts that say what they are |
//! | labels | how many, Δ events, texts. Of a write or a read without a label, what it was |
//! | Lamport | how many, Δ events, `z` value less that of a sound clock: one more than the latest known. Known is what was claimed at the event before in the process, at the sending event of a receive, at the state of a restart and at the earlier event of an edge, and what is known there if nothing was; 0 for nothing, and for a claim above 2^52 − 2, from which a page could not reckon exactly |
//! | wall | how many, Δ events, `z` of how much the lie changed since the claim before of the same process; a lie is what the clock showed, less the epoch (0 when nobody knows it), less the true time |
//! | hybrid | how many, Δ events, `z` likewise of the physical part, logical parts |
//! | vector | how many, Δ events; for each 0 if it is that of a sound clock: of each process, by its name, how many of its events that are before this one or it claim a vector. Else 1 more than its entries, and each entry as text of its name and counter |
//! | fates | in order of their messages: `F` × code (1 lost, 2 held, 3 duplicated, 4 corrupted, 5 waits, 6 in flight), `F` × Δ message, `F` × `z` of time less that of the send, `F` × text that says why, empty when there is nothing to say |
//! | operations | `O` × Δ invoking event; `O` × 0 if open, else completing less invoking event; `O` × text of the call; `O` × text of the end, empty for none |

mod claims;
mod texts;

use std::io::{self, Write};

use constellation_trace::{EventId, Kind, Trace};

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
    messages(picture, &mut numbers)?;
    write_edges(picture.edges(), &edges, &mut numbers)?;
    marked(labels.iter().map(|(event, _)| *event), &mut numbers)?;
    for (_, text) in &labels {
        numbers.put(*text)?;
    }
    claims::write(picture, &names, &mut numbers)?;
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

/// What happened at processes, and when.
fn events(trace: &Trace, numbers: &mut Numbers<'_>) -> io::Result<()> {
    for event in trace.events() {
        numbers.put(event.process.number())?;
    }
    for event in trace.events() {
        numbers.put(16 * event.sends.len() as u64 + u64::from(code(event.kind)))?;
    }
    numbers.spread(|| {
        let mut before = 0;
        trace.events().iter().map(move |event| {
            let since = i128::from(event.at.ns()) - i128::from(before);
            before = event.at.ns();
            folded(since)
        })
    })
}

/// To where messages go, and what receives and restarts come from.
fn messages(picture: &Picture<'_>, numbers: &mut Numbers<'_>) -> io::Result<()> {
    let trace = picture.trace();
    // Of each message, which it is of those to its lane; of each lane, how many there are.
    let mut nth: Vec<u32> = Vec::with_capacity(trace.messages().len());
    let mut sent = vec![0; picture.lane_names().len()];
    for message in trace.messages() {
        let lane = picture.lane(message.to);
        numbers.put(lane)?;
        nth.push(sent[lane as usize]);
        sent[lane as usize] += 1;
    }
    let mut next = vec![0; sent.len()];
    for (id, event) in trace.event_ids().zip(trace.events()) {
        match event.kind {
            Kind::Receive(message) => {
                let next = &mut next[picture.lane(trace.message(message).to) as usize];
                let nth = nth[message.index()];
                numbers.signed(i128::from(nth) - i128::from(*next))?;
                *next = (nth + 1).max(*next);
            }
            Kind::Restart { from: Some(state) } => numbers.put(id.number() - state.number())?,
            Kind::Restart { from: None } => numbers.put(0_u8)?,
            _ => {}
        }
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

/// A signed number as an unsigned one by zigzag; of 66 bits at most: a difference of differences of 64 bits.
fn folded(number: i128) -> u128 {
    ((number << 1) ^ (number >> 127)).cast_unsigned()
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
        self.put(folded(number))
    }

    /// Numbers byte by byte; they are told again for each place.
    fn spread<I: Iterator<Item = u128>>(&mut self, all: impl Fn() -> I) -> io::Result<()> {
        for place in 0.. {
            let mut is_last = true;
            for left in all().map(|number| number >> (7 * place)).filter(|left| place == 0 || *left > 0) {
                let continues = left >= 0x80;
                is_last &= !continues;
                self.bytes.push((left & 0x7f) as u8 | u8::from(continues) << 7);
                self.flush_if(Numbers::HELD)?;
            }
            if is_last {
                break;
            }
        }
        Ok(())
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

//! Writes a trace line by line.

use std::io;

use super::super::json::{push_signed, push_string, push_unsigned};
use super::{LINE_BYTES_MAX, SCHEMA};
use crate::claim::ClaimRef;
use crate::event::Kind;
use crate::ids::{EventId, NodeId, Symbol};
use crate::nemesis::{Loss, Nemesis, NemesisEntry};
use crate::trace::Trace;

/// Writes the canonical bytes of a trace. Holds one line at a time; give it a `BufWriter` for a file.
///
/// # Errors
/// Those of `out`, and `InvalidData` for a line longer than [`LINE_BYTES_MAX`], which no reader would take.
pub fn write(trace: &Trace, mut out: impl io::Write) -> io::Result<()> {
    write_lines(trace, |line| {
        if line.len() > LINE_BYTES_MAX {
            let reason = format!("a line of {} bytes, at most {LINE_BYTES_MAX} are allowed", line.len());
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        }
        out.write_all(line)
    })?;
    out.flush()
}

/// The canonical bytes of a trace as a text.
///
/// ```
/// use constellation_trace::{format::jsonl, sketch};
///
/// let trace = sketch::parse("pacific m!\nindian m?=2").expect("a sketch that can be read");
/// let expected = r#"{"schema":"constellation/trace/1","nodes":["pacific","indian"]}
/// {"event":0,"node":"pacific","at_ns":1000000,"do":"local","sends":{"0":"indian"},"label":"m!"}
/// {"event":1,"node":"indian","at_ns":2000000,"do":"receive","message":0,"label":"m?","claims":{"lamport":2}}
/// "#;
/// assert_eq!(jsonl::to_string(&trace), expected);
/// ```
pub fn to_string(trace: &Trace) -> String {
    let mut text = Vec::new();
    write_lines(trace, |line| {
        text.extend_from_slice(line);
        Ok(())
    })
    .expect("only the sink can fail, and memory takes everything");
    String::from_utf8(text).expect("every line is made of strings")
}

/// Hands the lines to `sink` in order, each with its end.
pub(super) fn write_lines(trace: &Trace, mut sink: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut line = Line { trace, out: String::new(), entries: Vec::new() };
    line.header();
    sink(line.end())?;
    let mut nemesis = trace.nemesis().iter().peekable();
    for event in trace.event_ids() {
        while let Some(entry) = nemesis.next_if(|entry| entry.after_events <= event.number()) {
            line.nemesis(entry);
            sink(line.end())?;
        }
        line.event(event);
        sink(line.end())?;
    }
    for entry in nemesis {
        line.nemesis(entry);
        sink(line.end())?;
    }
    Ok(())
}

/// The line being written; its memory is used again for the next.
pub(super) struct Line<'t> {
    trace: &'t Trace,
    out: String,
    /// The entries of the vector being written.
    entries: Vec<(&'t str, u64)>,
}

impl<'t> Line<'t> {
    /// Ends the line; the next call to anything else begins a new one.
    fn end(&mut self) -> &[u8] {
        self.out.push_str("}\n");
        self.out.as_bytes()
    }

    fn begin(&mut self, key: &str) {
        self.out.clear();
        self.out.push('{');
        self.first_key(key);
    }

    fn first_key(&mut self, key: &str) {
        self.out.push('"');
        self.out.push_str(key);
        self.out.push_str("\":");
    }

    fn key(&mut self, key: &str) {
        self.out.push(',');
        self.first_key(key);
    }

    pub(super) fn text(&mut self, key: &str, text: &str) {
        self.key(key);
        push_string(&mut self.out, text);
    }

    pub(super) fn number(&mut self, key: &str, number: u64) {
        self.key(key);
        push_unsigned(&mut self.out, number);
    }

    pub(super) fn signed(&mut self, key: &str, number: i64) {
        self.key(key);
        push_signed(&mut self.out, number);
    }

    pub(super) fn symbol(&mut self, key: &str, symbol: Symbol) {
        let trace = self.trace;
        self.text(key, trace.text(symbol));
    }

    fn list<'a>(&mut self, key: &str, texts: impl Iterator<Item = &'a str>) {
        self.key(key);
        self.out.push('[');
        for (nth, text) in texts.enumerate() {
            if nth > 0 {
                self.out.push(',');
            }
            push_string(&mut self.out, text);
        }
        self.out.push(']');
    }

    fn node_list(&mut self, key: &str, nodes: &[NodeId]) {
        let trace = self.trace;
        self.list(key, nodes.iter().map(|node| trace.node_name(*node)));
    }

    pub(super) fn symbol_list(&mut self, key: &str, symbols: &[Symbol]) {
        let trace = self.trace;
        self.list(key, symbols.iter().map(|symbol| trace.text(*symbol)));
    }

    fn header(&mut self) {
        self.begin("schema");
        push_string(&mut self.out, SCHEMA);
        self.list("nodes", self.trace.nodes().iter());
        if let Some(epoch) = self.trace.epoch() {
            self.number("epoch_ns", epoch.ns());
        }
        if let Some(origin) = self.trace.origin() {
            self.text("scenario", &origin.scenario);
            self.number("seed", origin.seed);
            if let Some(resolver) = &origin.resolver {
                self.text("resolver", resolver);
            }
        }
    }

    fn event(&mut self, id: EventId) {
        let trace = self.trace;
        let event = trace.event(id);
        self.begin("event");
        push_unsigned(&mut self.out, u64::from(id.number()));
        self.text("node", trace.node_name(trace.node_of(id)));
        self.number("at_ns", event.at.ns());
        self.kind(event.kind);
        if !event.sends.is_empty() {
            self.key("sends");
            for (nth, message) in event.sends.iter().enumerate() {
                self.out.push_str(if nth == 0 { "{\"" } else { ",\"" });
                push_unsigned(&mut self.out, u64::from(message.number()));
                self.out.push_str("\":");
                push_string(&mut self.out, trace.node_name(trace.message(message).to));
            }
            self.out.push('}');
        }
        let label = trace.label(id);
        if !label.is_empty() {
            self.text("label", label);
        }
        self.claims(id);
    }

    fn kind(&mut self, kind: Kind) {
        let trace = self.trace;
        match kind {
            Kind::Local => self.text("do", "local"),
            Kind::Receive(message) => {
                self.text("do", "receive");
                self.number("message", u64::from(message.number()));
            }
            Kind::Persist => self.text("do", "persist"),
            Kind::Crash => self.text("do", "crash"),
            Kind::Restart { from } => {
                self.text("do", "restart");
                if let Some(state) = from {
                    self.number("from", u64::from(state.number()));
                }
            }
            Kind::Write(place) => {
                let write = &trace.writes()[place as usize];
                self.text("do", "write");
                self.text("key", trace.text(write.key));
                self.text("update", trace.text(write.update));
                self.symbol_list("saw", &write.saw);
            }
            Kind::Read(place) => {
                let read = &trace.reads()[place as usize];
                self.text("do", "read");
                self.text("key", trace.text(read.key));
                self.symbol_list("shows", &read.shows);
            }
            Kind::Invoke(place) => self.invoke(&trace.invocations()[place as usize]),
            Kind::Complete(place) => self.complete(&trace.invocations()[place as usize]),
        }
    }

    fn claims(&mut self, id: EventId) {
        let trace = self.trace;
        let mut has_any = false;
        for claim in trace.claims_of(id) {
            if has_any {
                self.out.push(',');
            } else {
                self.key("claims");
                self.out.push('{');
            }
            has_any = true;
            match claim {
                ClaimRef::Lamport(time) => {
                    self.first_key("lamport");
                    push_unsigned(&mut self.out, time);
                }
                ClaimRef::Vector(vector) => {
                    self.first_key("vector");
                    self.entries.clear();
                    self.entries.extend(vector.iter().map(|(name, counter)| (trace.text(name), counter)));
                    self.entries.sort_unstable();
                    self.vector();
                }
                ClaimRef::Hybrid { physical_ns, logical } => {
                    self.first_key("hybrid");
                    self.out.push('{');
                    self.first_key("physical_ns");
                    push_unsigned(&mut self.out, physical_ns);
                    self.number("logical", u64::from(logical));
                    self.out.push('}');
                }
                ClaimRef::Wall(time) => {
                    self.first_key("wall_ns");
                    push_unsigned(&mut self.out, time.ns());
                }
            }
        }
        if has_any {
            self.out.push('}');
        }
    }

    fn vector(&mut self) {
        self.out.push('{');
        for (nth, (name, counter)) in self.entries.iter().enumerate() {
            if nth > 0 {
                self.out.push(',');
            }
            push_string(&mut self.out, name);
            self.out.push(':');
            push_unsigned(&mut self.out, *counter);
        }
        self.out.push('}');
    }

    fn nemesis(&mut self, entry: &NemesisEntry) {
        let word = match &entry.nemesis {
            Nemesis::Partition { .. } => "partition",
            Nemesis::Cut { .. } => "cut",
            Nemesis::Heal => "heal",
            Nemesis::Hold(_) => "hold",
            Nemesis::Lose(..) => "lose",
            Nemesis::Duplicate(_) => "duplicate",
            Nemesis::Corrupt { .. } => "corrupt",
            Nemesis::Wait { .. } => "wait",
            Nemesis::InFlight(_) => "in_flight",
            Nemesis::Step { .. } => "step",
            Nemesis::Pause { .. } => "pause",
            Nemesis::Suspend { .. } => "suspend",
            Nemesis::Slow { .. } => "slow",
            Nemesis::Join { .. } => "join",
            Nemesis::Leave { .. } => "leave",
            Nemesis::Slew { .. } => "slew",
            Nemesis::Leap { .. } => "leap",
            Nemesis::Freeze { .. } => "freeze",
            Nemesis::Set { .. } => "set",
            Nemesis::DiskFull { .. } => "disk_full",
            Nemesis::Tear { .. } => "tear",
            Nemesis::Rot { .. } => "rot",
        };
        self.begin("nemesis");
        push_string(&mut self.out, word);
        self.number("at_ns", entry.at.ns());
        match &entry.nemesis {
            Nemesis::Partition { group_a, group_b } => {
                self.node_list("group_a", group_a);
                self.node_list("group_b", group_b);
            }
            Nemesis::Cut { sources, targets } => {
                self.node_list("sources", sources);
                self.node_list("targets", targets);
            }
            Nemesis::Heal => {}
            Nemesis::Hold(message)
            | Nemesis::Lose(message, Loss::Plain)
            | Nemesis::Duplicate(message)
            | Nemesis::Corrupt { message, how: 0 }
            | Nemesis::InFlight(message) => {
                self.number("message", u64::from(message.number()));
            }
            Nemesis::Corrupt { message, how } => {
                self.number("message", u64::from(message.number()));
                self.number("how", u64::from(*how));
            }
            Nemesis::Lose(message, why) => {
                self.number("message", u64::from(message.number()));
                self.text("why", why.name());
            }
            Nemesis::Wait { message, until, why } => {
                self.number("message", u64::from(message.number()));
                self.number("until_ns", until.ns());
                self.text("why", why.name());
            }
            of_node => self.node_nemesis(of_node),
        }
    }

    /// What the world does to a process, a clock or a disk.
    fn node_nemesis(&mut self, nemesis: &Nemesis) {
        if let Some(node) = nemesis.node() {
            self.text("node", self.trace.node_name(node));
        }
        match nemesis {
            Nemesis::Step { by_ns, .. } => self.signed("by_ns", *by_ns),
            Nemesis::Slew { by_ns, for_ns, .. } => {
                self.signed("by_ns", *by_ns);
                self.number("for_ns", *for_ns);
            }
            Nemesis::Pause { for_ns, .. }
            | Nemesis::Suspend { for_ns, .. }
            | Nemesis::Slow { for_ns, .. }
            | Nemesis::Leap { for_ns, .. }
            | Nemesis::Freeze { for_ns, .. } => self.number("for_ns", *for_ns),
            Nemesis::Set { wall, .. } => self.number("to_ns", wall.ns()),
            Nemesis::Tear { lost, left, .. } => {
                self.number("eighths", u64::from(left.number()));
                if *lost > 0 {
                    self.number("lost", u64::from(*lost));
                }
            }
            Nemesis::Rot { bit, .. } => self.number("bit", *bit),
            _ => {}
        }
    }
}

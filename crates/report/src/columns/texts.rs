//! The texts of a trace, each once: names, labels, what was asked and told, and why messages were lost.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;

use constellation_trace::{ClaimKind, ClaimRef, EventId, Kind, ProcessId, Symbol, Trace, one_line};

use super::Numbers;

/// Texts with their numbers, as a page shows them: on one line, with nothing that a reader obeys.
#[derive(Default)]
pub(super) struct Texts {
    texts: Vec<Box<str>>,
    numbers: BTreeMap<Box<str>, u32>,
    /// The number of each symbol of the trace that was entered.
    symbols: BTreeMap<Symbol, u32>,
}

impl Texts {
    pub(super) fn enter(&mut self, text: &str) -> u32 {
        let text = one_line(text);
        if let Some(number) = self.numbers.get(&*text) {
            return *number;
        }
        // Cannot wrap: each text is told of something of which a trace has fewer than 2^32, in four columns at most, and a
        // machine whose memory holds 2^32 of them has not been built.
        let number = u32::try_from(self.texts.len()).expect("fewer than 2^32 texts fit in memory");
        self.texts.push((&*text).into());
        self.numbers.insert((&*text).into(), number);
        number
    }

    fn symbol(&mut self, trace: &Trace, symbol: Symbol) -> u32 {
        if let Some(number) = self.symbols.get(&symbol) {
            return *number;
        }
        let number = self.enter(trace.text(symbol));
        self.symbols.insert(symbol, number);
        number
    }

    /// For each symbol, up to the last that names something in a vector, its number; 0 for those that do not.
    pub(super) fn vector_names(&mut self, trace: &Trace) -> Vec<u32> {
        let mut names: Vec<Option<u32>> = Vec::new();
        for (_, claim) in trace.claims(ClaimKind::Vector) {
            let ClaimRef::Vector(vector) = claim else { continue };
            for (name, _) in vector.iter() {
                if names.len() <= name.index() {
                    names.resize(name.index() + 1, None);
                }
                if names[name.index()].is_none() {
                    names[name.index()] = Some(self.symbol(trace, name));
                }
            }
        }
        names.into_iter().map(Option::unwrap_or_default).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }

    pub(super) fn write(&self, numbers: &mut Numbers<'_>) -> io::Result<()> {
        for text in &self.texts {
            numbers.count(text.len())?;
        }
        self.texts.iter().try_for_each(|text| numbers.text(text))
    }
}

/// What processes are called.
pub(super) fn processes(trace: &Trace, texts: &mut Texts) -> Vec<u32> {
    let ids = (0..).map(ProcessId::new).take(trace.processes().len());
    ids.map(|process| texts.enter(&trace.process_name(process))).collect()
}

/// What events are called, those that have a name.
pub(super) fn labels(trace: &Trace, texts: &mut Texts) -> Vec<(EventId, u32)> {
    let mut labels = Vec::new();
    for (id, event) in trace.event_ids().zip(trace.events()) {
        let label = trace.label(id);
        if !label.is_empty() {
            labels.push((id, texts.enter(label)));
        } else if matches!(event.kind, Kind::Write(_) | Kind::Read(_)) {
            labels.push((id, texts.enter(&trace.describe(id))));
        }
    }
    labels
}

/// An operation of a client.
pub(super) struct Operation {
    pub(super) begun: u32,
    pub(super) ended: Option<u32>,
    pub(super) call: u32,
    pub(super) told: u32,
}

pub(super) fn operations(trace: &Trace, texts: &mut Texts) -> Vec<Operation> {
    let mut operations = Vec::with_capacity(trace.invocations().len());
    for invocation in trace.invocations() {
        let Ok(call) = invocation.call.try_map(|text| Ok::<_, Infallible>(trace.text(*text)));
        let told = invocation.completed.as_ref().map(|(event, completion)| {
            let Ok(told) = completion.try_map(|text| Ok::<_, Infallible>(trace.text(*text)));
            (event.number(), told.to_string())
        });
        operations.push(Operation {
            begun: invocation.event.number(),
            ended: told.as_ref().map(|(event, _)| *event),
            call: texts.enter(&call.to_string()),
            told: texts.enter(told.as_ref().map_or("", |(_, told)| told)),
        });
    }
    operations
}

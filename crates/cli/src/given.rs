//! A file that somebody gave to be drawn: a trace of ours, or a log of another system, read and judged.

use std::collections::BTreeMap;

use anyhow::bail;
use constellation_lab::promises::judge_trace;
use constellation_lab::words::one_line;
use constellation_report::import::{self, Imported, clocks};
use constellation_report::{Caption, Picture};
use constellation_trace::format::{jsonl, otlp};
use constellation_trace::log::{Execution, Log, Place};
use constellation_trace::{EventId, Judgement, Trace, Verdict, Witness};
use constellation_verify::spans;
use constellation_verify::stamps::{self, Stamps};

use crate::commands::check::unreadable;
use crate::pictures::{Times, Told, beginning, captioned, file_name};
use crate::printer::count;

/// What was read and judged.
pub(crate) struct Given {
    what: What,
    pub(crate) judgements: Vec<Judgement>,
    caption: Caption,
}

enum What {
    Own(Box<Trace>),
    Foreign(Box<Imported>),
}

impl Given {
    /// A trace of this program.
    pub(crate) fn own(name: &str, bytes: &[u8]) -> anyhow::Result<Given> {
        let trace = jsonl::read(bytes).map_err(|error| unreadable(name, &error, error.help()))?;
        let judgements = judge_trace(&trace);
        Ok(Given::of_trace(name, trace, judgements))
    }

    /// A trace of this program that was judged.
    pub(crate) fn of_trace(name: &str, trace: Trace, judgements: Vec<Judgement>) -> Given {
        let begun = beginning(&trace);
        let title = if begun.title.is_empty() { file_name(name) } else { begun.title };
        // Its own word alone would not tell a simulation from a run in real time.
        let times = if begun.replay.is_empty() { Times::Recorded } else { Times::Simulated };
        let told = Told {
            trace: &trace,
            judgements: &judgements,
            title,
            replay: &begun.replay,
            remarks: &[],
            source: begun.source,
            doings: Vec::new(),
            times,
        };
        let caption = captioned(&told);
        Given { what: What::Own(Box::new(trace)), judgements, caption }
    }

    /// One execution of a log of clocks that was judged: the one with this label, else the first in which something is wrong,
    /// else the first.
    pub(crate) fn of_log(
        name: &str,
        log: &Log,
        judged: &[Stamps],
        label: Option<&str>,
    ) -> anyhow::Result<Given> {
        let place = choose(name, log, judged, label)?;
        let (execution, stamps) = (&log.executions[place], &judged[place]);
        let imported = clocks::import(execution)?;
        let judgements = vec![shown(&stamps.judgement, stamps, execution, &imported)];
        let mut caption = Caption::default();
        let label = if execution.label().is_empty() {
            String::new()
        } else {
            format!(" · execution {}", one_line(execution.label()))
        };
        caption.title = format!("{}{label}", file_name(name));
        caption.times = Times::Untimed;
        if log.executions.len() > 1 {
            let all = count(log.executions.len(), "execution");
            caption.remarks.push(format!("the log has {all}, of which this is one"));
        }
        for note in &stamps.notes {
            let is_order = note == stamps::TOTAL_ORDER;
            if is_order { caption.unknown.push(note.clone()) } else { caption.remarks.push(note.clone()) }
        }
        caption.environment = vec![
            ("version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
            ("layout".to_owned(), log.layout.source.to_string()),
            ("parser".to_owned(), log.layout.parser.clone()),
        ];
        Ok(Given { what: What::Foreign(Box::new(imported)), judgements, caption })
    }

    /// Spans of services.
    pub(crate) fn spans(name: &str, bytes: &[u8]) -> anyhow::Result<Given> {
        let read = otlp::read(bytes).map_err(|error| unreadable(name, &error, error.help()))?;
        let judged = spans::judge(&read);
        let imported = import::spans::import(&read, judged.offsets_ns.as_deref())?;
        let mut judgements = judged.judgements;
        for (judgement, shown) in judgements.iter_mut().zip(&judged.shown) {
            if let Verdict::Violated(evidence) = &mut judgement.verdict {
                let events = shown.iter().map(|span| imported.events[*span as usize]);
                evidence.events = witnesses(&imported, events);
            }
        }
        let mut caption = Caption::default();
        caption.title = file_name(name);
        caption.times = Times::Estimated;
        caption.remarks = judged.remarks;
        caption.warning = judged.warning.unwrap_or_default();
        caption.environment = vec![
            ("version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
            ("format".to_owned(), "OTLP-JSON".to_owned()),
        ];
        Ok(Given { what: What::Foreign(Box::new(imported)), judgements, caption })
    }

    /// What is drawn of it.
    pub(crate) fn picture(&self) -> anyhow::Result<Picture<'_>> {
        match &self.what {
            What::Own(trace) => Ok(Picture::new(trace, &self.judgements, self.caption.clone())),
            What::Foreign(imported) => Ok(imported.picture(&self.judgements, self.caption.clone())?),
        }
    }

    /// The trace, if it is one of this program.
    pub(crate) fn own_trace(&self) -> Option<&Trace> {
        match &self.what {
            What::Own(trace) => Some(trace),
            What::Foreign(_) => None,
        }
    }
}

fn choose(name: &str, log: &Log, judged: &[Stamps], label: Option<&str>) -> anyhow::Result<usize> {
    if let Some(label) = label {
        let Some(place) = log.executions.iter().position(|execution| execution.label() == label) else {
            let labels = log.executions.iter().map(|execution| format!("`{}`", one_line(execution.label())));
            let labels: Vec<String> = labels.take(20).collect();
            bail!("`{name}` has no execution `{label}`\nhelp: it has {}", labels.join(", "));
        };
        return Ok(place);
    }
    let is_wrong = |stamps: &Stamps| matches!(stamps.judgement.verdict, Verdict::Violated(_));
    Ok(judged.iter().position(is_wrong).unwrap_or(0))
}

/// The judgement of a log with the events that show it, so that they are drawn.
fn shown(judgement: &Judgement, stamps: &Stamps, execution: &Execution, imported: &Imported) -> Judgement {
    const MORE_MAX: usize = 10;
    let mut judgement = judgement.clone();
    let Verdict::Violated(evidence) = &mut judgement.verdict else { return judgement };
    let place = |place: Place| (place.line, place.column);
    let events: BTreeMap<(u32, u32), EventId> = execution
        .events()
        .iter()
        .zip(&imported.events)
        .map(|(logged, event)| (place(logged.place), *event))
        .collect();
    let mut faults = stamps.faults.iter();
    if let Some(first) = faults.next() {
        let places = std::iter::once(&first.place).chain(&first.related);
        let events = places.filter_map(|at| events.get(&place(*at)).copied());
        evidence.events = witnesses(imported, events);
    }
    for fault in faults.take(MORE_MAX) {
        evidence.notes.push(one_line(&format!("line {}: {}", fault.place.line, fault.found)).into_owned());
    }
    judgement
}

/// Events as evidence shows them, each once.
fn witnesses(imported: &Imported, events: impl Iterator<Item = EventId>) -> Vec<Witness> {
    let mut seen: Vec<EventId> = Vec::new();
    for event in events {
        if !seen.contains(&event) {
            seen.push(event);
        }
    }
    seen.into_iter().map(|event| imported.trace.witness(event)).collect()
}

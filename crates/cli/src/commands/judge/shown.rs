//! What shows a violation: the smallest part of the history that has it, as a table of sessions, and the reasons.

use constellation_lab::words::one_line;
use constellation_trace::format::histories::{HistoryFormat, Imported};
use constellation_trace::format::jsonl;
use constellation_trace::history::Moment;
use constellation_trace::{
    History, Limit, Operation, Outcome, Sessions, Timing, Trace, Transaction, TransactionId, TrueTime,
};
use constellation_verify::models::{
    About, Anomaly, Edge, FailedSet, Model, Patience, Recorded, Start, minimal,
};

use crate::printer::count;

/// A violation, ready to be told.
pub(in crate::commands) struct Shown {
    pub(super) expected: String,
    pub(super) found: String,
    /// What shows it, in the order of the file.
    pub(super) events: Vec<Seen>,
    /// Each before the next, for a reason.
    pub(super) cycle: Vec<Step>,
    /// How far an order can be made, and why nothing can come next.
    pub(super) dead_end: Vec<String>,
    /// What all came to that was before and is not shown, and why.
    pub(super) start: Option<Start>,
    /// The rule that is broken, where no order is in question.
    pub(super) rule: Option<String>,
    pub(super) notes: Vec<String>,
    /// The part as a history of its own, to be judged alone: a sketch where it has reads and writes only, else a trace.
    pub(super) notation: Option<String>,
    /// The flags with which that is to be judged, each with a space before it.
    pub(super) flags: String,
    /// What ended the search for a smaller part, if anything did.
    pub(super) limit: Option<Limit>,
    /// The part and what is wrong with it, where it was made smaller.
    pub(super) smallest: Option<(Sessions, Anomaly)>,
}

/// One operation or transaction.
#[derive(Clone)]
pub(super) struct Seen {
    /// Where it stands, as text: `line 7`, or `e7` of a trace.
    pub(super) place: String,
    pub(super) line: Option<u32>,
    pub(super) session: String,
    /// The number of the session, in the order in which they begin.
    pub(super) column: u32,
    pub(super) what: String,
    /// The place among all: by lines, then by numbers.
    pub(super) order: (Option<u32>, usize),
    /// From when to when, where that is recorded.
    pub(super) span: Option<Span>,
    /// The same as text: `2..5`.
    pub(super) when: Option<String>,
}

/// When something began and ended, in any unit that all share.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub(super) begun: u64,
    /// `None` if nobody knows that it ended.
    pub(super) ended: Option<u64>,
}

/// This is before that, and why.
pub(super) struct Step {
    pub(super) from: Seen,
    pub(super) to: Seen,
    pub(super) why: String,
}

/// What shows the anomaly: of reads and writes the smallest part that still has it.
pub(in crate::commands) fn explain(
    model: &dyn Model,
    imported: &Imported,
    recorded: &Recorded<'_>,
    anomaly: &Anomaly,
    patience: &mut Patience<'_>,
) -> Shown {
    let about = model.about();
    let smallest = minimal(model, recorded, anomaly, patience);
    let (Some(whole), Some(smallest)) = (recorded.sessions, smallest) else {
        let places = Places { imported, recorded, whole: None, part: None, ids: &[], cut: 0 };
        return places.shown(about, anomaly, None);
    };
    // A judge that needs the operations themselves may see nothing in their reads and writes.
    let is_smaller = smallest.sessions.len() < whole.len() || smallest.sessions.len() <= PART_MAX;
    if is_smaller {
        let (part, cut) = (Some(&smallest.sessions), smallest.cut);
        let places = Places { imported, recorded, whole: Some(whole), part, ids: &smallest.ids, cut };
        let shown = places.shown(about, &smallest.anomaly, smallest.limit);
        return Shown { smallest: Some((smallest.sessions, smallest.anomaly)), ..shown };
    }
    let part = Some(whole);
    let places = Places { imported, recorded, whole: Some(whole), part, ids: &[], cut: 0 };
    places.shown(about, anomaly, None)
}

/// So many transactions are shown even if nothing could be left out.
const PART_MAX: usize = 20;

/// How to find what an anomaly names.
struct Places<'a> {
    imported: &'a Imported,
    recorded: &'a Recorded<'a>,
    whole: Option<&'a Sessions>,
    /// The sessions whose numbers the anomaly has.
    part: Option<&'a Sessions>,
    /// For each of them the number in the whole; empty for the whole itself.
    ids: &'a [TransactionId],
    /// How many values its lists have lost.
    cut: usize,
}

impl Places<'_> {
    fn shown(&self, about: &About, anomaly: &Anomaly, limit: Option<Limit>) -> Shown {
        // Without an order in question what is named shows it; else the whole part does, which is the smallest.
        let all: Vec<TransactionId> = match self.part {
            Some(part) if !self.ids.is_empty() => part.ids().collect(),
            _ => anomaly.transactions.clone(),
        };
        let mut events: Vec<Seen> = all.into_iter().map(|id| self.seen(id)).collect();
        events.sort_by_key(|seen| seen.order);
        events.dedup_by_key(|seen| seen.order);
        // Reasons of histories name no keys, so sessions without any suffice.
        let none = Sessions::new(Timing::None);
        let reason = |edge: &Edge| edge.reason(self.part.unwrap_or(&none));
        let step =
            |edge: &Edge| Step { from: self.seen(edge.from), to: self.seen(edge.to), why: reason(edge) };
        let cycle: Vec<Step> = anomaly.edges.iter().map(step).collect();
        let name = |seen: &Seen| format!("{} {}", seen.session, seen.what);
        let note = |edge: &Edge| {
            let Step { from, to, why } = step(edge);
            format!("{} before {}: {why}", name(&from), name(&to))
        };
        let named = |id| {
            let Seen { place, what, .. } = self.seen(id);
            format!("{place} {what}")
        };
        Shown {
            expected: about.sentence.to_owned(),
            found: one_line(&anomaly.found).into_owned(),
            events,
            rule: cycle.is_empty().then(|| about.source.to_owned()),
            cycle,
            dead_end: anomaly.dead_end.iter().flat_map(|end| end.lines(named)).collect(),
            start: anomaly.start.as_deref().cloned(),
            notation: self.notation(anomaly),
            flags: self.flags(),
            notes: anomaly.grounds.iter().map(note).chain(advice(anomaly)).chain(self.cut()).collect(),
            limit,
            smallest: None,
        }
    }

    fn seen(&self, id: TransactionId) -> Seen {
        let there = self.ids.get(id.index()).copied().unwrap_or(id);
        let operations = self.recorded.history.map(History::operations).unwrap_or_default();
        let (what, session, column, place) = match (self.part, self.whole) {
            (Some(part), Some(whole)) => {
                let session = part.transaction(id).session;
                let name = part.sessions().text(session).unwrap_or_default();
                let place = whole.operation(there).unwrap_or(there.index());
                (part.show(id), one_line(name).into_owned(), session, place)
            }
            _ => {
                let operation = operations.get(there.index());
                let what = operation.map(|operation| {
                    let end = operation.completed.as_ref();
                    let end = end.map_or("never ended".to_owned(), |(_, completion)| completion.to_string());
                    format!("{}: {end}", operation.call.to_string().trim_end())
                });
                let session = operation.map_or(0, |operation| operation.session);
                let name = self.imported.sessions.text(session).unwrap_or_default();
                let what = one_line(&what.unwrap_or_default()).into_owned();
                (what, one_line(name).into_owned(), session, there.index())
            }
        };
        let operation = operations.get(place);
        let span = self.span(id, operation);
        let when = span.map(|span| self.when(span, operation));
        let line = self.imported.line(place);
        let event = operation.map(|operation| operation.invoked.event);
        let at = match (line, event, self.imported.format) {
            (Some(line), ..) => format!("line {line}"),
            (None, Some(event), HistoryFormat::Trace) => event.to_string(),
            _ => there.to_string(),
        };
        Seen { place: at, line, session, column, what, order: (line, place), span, when }
    }

    fn span(&self, id: TransactionId, operation: Option<&Operation>) -> Option<Span> {
        if let Some(part) = self.part {
            let Transaction { invoked, returned, .. } = part.transaction(id);
            let ended = (returned != Transaction::NEVER).then_some(returned);
            return (part.timing() == Timing::Recorded).then_some(Span { begun: invoked, ended });
        }
        let ended = |operation: &Operation| operation.returned_at().map(TrueTime::ns);
        operation.map(|operation| Span { begun: operation.invoked.at.ns(), ended: ended(operation) })
    }

    /// Of a trace the time, of other operations the lines, else what a sketch says.
    fn when(&self, Span { begun, ended }: Span, operation: Option<&Operation>) -> String {
        let range = |from: String, to: Option<String>| format!("{from}..{}", to.unwrap_or_default());
        match operation {
            Some(_) if self.imported.format == HistoryFormat::Trace => {
                range(seconds(begun), ended.map(seconds))
            }
            Some(operation) => {
                let line = |moment: &Moment| moment.event.number().to_string();
                let end = operation.completed.as_ref().filter(|_| ended.is_some());
                range(line(&operation.invoked), end.map(|(moment, _)| line(moment)))
            }
            None => range(begun.to_string(), ended.map(|end| end.to_string())),
        }
    }

    /// What is shown as a history of its own: the part, where the notation can hold it, or the operations that are named, after
    /// one that leads to where they begin.
    fn notation(&self, anomaly: &Anomaly) -> Option<String> {
        if let Some(part) = self.part.filter(|_| !self.ids.is_empty()) {
            let text = part.to_string();
            let read = Sessions::sketch(&text).ok()?;
            return (read.to_string() == text).then_some(text);
        }
        let operations = self.recorded.history?.operations();
        let place = |id: &TransactionId| self.whole.map_or(Some(id.index()), |whole| whole.operation(*id));
        let mut places = anomaly.transactions.iter().map(place).collect::<Option<Vec<_>>>()?;
        let named = |places: &[usize]| places.iter().filter_map(|place| operations.get(*place)).collect();
        let shown: Vec<&Operation> = named(&places);
        let first = anomaly.start.as_ref().and_then(|start| start.operation(&shown));
        places.sort_unstable();
        let shown: Vec<&Operation> = named(&places);
        let shown: Vec<&Operation> = first.iter().chain(shown).collect();
        let name = |session| self.imported.sessions.text(session).unwrap_or_default();
        // `None` where a trace cannot hold them.
        Trace::of_operations(&shown, name).ok().map(|trace| jsonl::to_string(&trace))
    }

    /// What must be said besides where that is judged.
    fn flags(&self) -> String {
        let object = self.recorded.object.map(|object| format!(" --object {object}"));
        let is_aborted =
            |part: &Sessions| part.ids().any(|id| part.transaction(id).outcome == Outcome::Aborted);
        let is_told =
            self.recorded.failed_set == FailedSet::AssertsMismatch && self.part.is_none_or(is_aborted);
        let failed = is_told.then(|| " --failed-cas mismatch".to_owned());
        object.into_iter().chain(failed).collect()
    }

    /// That lists are not shown whole, if so it is.
    fn cut(&self) -> Option<String> {
        let values = count(self.cut as u64, "value");
        let says = "left out of the lists that are shown here, as none of them has a part in it";
        (self.cut > 0).then(|| format!("{values} {says}"))
    }
}

/// What else may be the reason of a read out of thin air.
fn advice(anomaly: &Anomaly) -> Option<String> {
    let advice = "if registers hold it at first, --initial VALUE says so";
    anomaly.found.ends_with("which nobody wrote").then(|| advice.to_owned())
}

/// Nanoseconds as seconds, without zeros at the end: `0.5s`.
fn seconds(ns: u64) -> String {
    const SECOND: u64 = 1_000_000_000;
    let rest = format!("{:09}", ns % SECOND);
    let rest = rest.trim_end_matches('0');
    format!("{}{}{rest}s", ns / SECOND, if rest.is_empty() { "" } else { "." })
}

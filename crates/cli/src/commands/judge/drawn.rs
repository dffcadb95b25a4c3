//! A judged history, drawn: a lane a session, a bar an operation, and the evidence of the weakest model that fails.

use constellation_report::{Caption, Picture, svg};
use constellation_trace::format::histories::{Content, Imported};
use constellation_trace::{
    EventId, Evidence, Judgement, Kind, Link, Operation, Proof, Trace, TraceError, Verdict, Witness,
};
use constellation_verify::models::{Finding, Judged, Known};

use super::history::JudgedHistory;
use super::shown::{Seen, Shown, Step};
use super::transactions;
use crate::args::Drawn;
use crate::pictures::{self, Times, Told, file_name};
use crate::target::quoted;

/// A history that can be drawn.
struct Drawable {
    trace: Trace,
    judgements: Vec<Judgement>,
    title: String,
    replay: String,
    remarks: Vec<String>,
    times: Times,
}

/// Draws it as it was asked for.
pub(super) fn draw(drawn: &Drawn, imported: &Imported, judged: &JudgedHistory) -> anyhow::Result<()> {
    let Some(flag) = drawn.flag() else { return Ok(()) };
    let name = &judged.name;
    let Drawable { trace, judgements, title, replay, remarks, times } = drawable(imported, judged)
        .map_err(|error| anyhow::anyhow!("`{name}` cannot be drawn: {error}\nhelp: leave out {flag}"))?;
    let source = String::new();
    let told = Told {
        trace: &trace,
        judgements: &judgements,
        title,
        replay: &replay,
        remarks: &remarks,
        source,
        doings: Vec::new(),
        times,
    };
    let mut caption = pictures::captioned(&told);
    caption.unknown = vec![UNKNOWN.to_owned()];
    pictures::draw_picture(drawn, &Picture::new(&trace, &judgements, caption), None)
}

/// The picture of the evidence, or why there is none.
pub(super) fn picture(imported: &Imported, judged: &JudgedHistory) -> Result<String, TraceError> {
    let Drawable { trace, judgements, title, replay, remarks, times } = drawable(imported, judged)?;
    let mut caption = Caption::default();
    (caption.title, caption.replay, caption.remarks) = (title, replay, remarks);
    (caption.unknown, caption.times) = (vec![UNKNOWN.to_owned()], times);
    Ok(svg::draw(&Picture::new(&trace, &judgements, caption)))
}

fn drawable(imported: &Imported, judged: &JudgedHistory) -> Result<Drawable, TraceError> {
    let name = &judged.name;
    let (trace, count, remarks) = match (&imported.content, imported.history()) {
        (Content::Transactions(sessions), _) => {
            let (trace, remarks) = transactions::trace(sessions)?;
            (trace, sessions.len(), remarks)
        }
        (_, Some(history)) => {
            let operations: Vec<&Operation> = history.operations().iter().collect();
            let session = |session| imported.sessions.text(session).unwrap_or_default();
            (Trace::of_operations(&operations, session)?, operations.len(), Vec::new())
        }
        _ => (Trace::new([""; 0])?, 0, Vec::new()),
    };
    let places = Places::of(&trace, count, imported.history().is_some());
    let mut judgements: Vec<(bool, Judgement)> =
        judged.rows.iter().map(|row| (is_explained(judged, row), places.judgement(judged, row))).collect();
    // The weakest model that fails explains the others; where nothing fails, the strongest comes first.
    judgements.sort_by_key(|(is_explained, _)| !is_explained);
    let judgements: Vec<Judgement> = judgements.into_iter().map(|(_, judgement)| judgement).collect();
    let replay = match &*judged.name {
        "standard input" => String::new(),
        name => format!("constellation judge {}{}", quoted(name), judged.flags),
    };
    // A reader who sees nothing else must not take places for times.
    let (times, untimed) = match remarks.is_empty() {
        true => (Times::Recorded, ""),
        false => (Times::Untimed, ", no times recorded"),
    };
    let title = format!("{} · what clients asked and saw{untimed}", file_name(name));
    Ok(Drawable { trace, judgements, title, replay, remarks, times })
}

/// What a history says nothing of.
const UNKNOWN: &str = "who heard of what: a history tells what clients asked and saw, and no message";

fn shown<'j>(judged: &'j JudgedHistory, row: &Judged) -> Option<&'j Shown> {
    judged.shown.iter().find(|(about, _)| about.name == row.about.name).map(|(_, shown)| shown)
}

fn is_explained(judged: &JudgedHistory, row: &Judged) -> bool {
    shown(judged, row).is_some()
}

/// What a promise is called, what it says, and what is cited for it.
pub(in crate::commands) struct Promised<'p> {
    pub(in crate::commands) name: &'p str,
    pub(in crate::commands) sentence: &'p str,
    pub(in crate::commands) source: &'p str,
}

/// What is wrong with operations of a trace, as a judgement of the whole: `places` are theirs among all, in the order of those
/// that `shown` speaks of. Without it they stand for themselves.
pub(in crate::commands) fn judgement_of(
    trace: &Trace,
    promised: &Promised<'_>,
    (found, places): (&str, &[usize]),
    shown: Option<&Shown>,
) -> Judgement {
    let whole = Places::of(trace, trace.invocations().len(), true);
    let events = places.iter().map(|place| whole.events.get(*place).copied().flatten()).collect();
    let part = Places { events, ..whole };
    let mut evidence = part.evidence((promised.sentence, promised.source), found.to_owned(), shown);
    if shown.is_none() {
        let ends = part.events.iter().flatten().flat_map(|(begun, ended)| [Some(*begun), *ended]);
        evidence.events = ends.flatten().map(|event| trace.witness(event)).collect();
    }
    let verdict = Verdict::Violated(Box::new(evidence));
    Judgement { promise: promised.name.to_owned(), verdict, scope: promised.sentence.to_owned() }
}

/// How it begins when a judge says that there is a circle, and not what it is of.
const CIRCLE: &str = "in any order";

/// A circle in words, unless it is too long for a sentence.
fn circle(cycle: &[Step]) -> Option<String> {
    const STEPS_MAX: usize = 4;
    let first = cycle.first().filter(|_| cycle.len() <= STEPS_MAX)?;
    let name = |seen: &Seen| format!("{} {}", seen.session, seen.what);
    let step = |step: &Step| format!("is before {} ({})", name(&step.to), step.why);
    let steps: Vec<String> = cycle.iter().map(step).collect();
    Some(format!("{} {}", name(&first.from), steps.join(", which ")))
}

/// Where operations are in the trace that is made of them.
struct Places<'t> {
    trace: &'t Trace,
    /// Of each operation, in the order of the history, where it begins and where it ends.
    events: Vec<Option<(EventId, Option<EventId>)>>,
    /// Whether they are single operations, whose end says what they were shown; what a transaction did stands where it begins.
    are_single: bool,
}

impl Places<'_> {
    fn of(trace: &Trace, count: usize, are_single: bool) -> Places<'_> {
        let mut events = vec![None; count];
        for invocation in trace.invocations() {
            let ended = invocation.completed.as_ref().map(|(event, _)| *event);
            if let Some(place) = events.get_mut(invocation.number as usize) {
                *place = Some((invocation.event, ended));
            }
        }
        Places { trace, events, are_single }
    }

    fn judgement(&self, judged: &JudgedHistory, row: &Judged) -> Judgement {
        let verdict = match (row.known(), &row.finding) {
            (Known::Fails, finding) => {
                let found = match finding {
                    Finding::Violated(anomaly) => anomaly.found.clone(),
                    _ => "what it implies does not hold".to_owned(),
                };
                let about = (row.about.sentence, row.about.source);
                Verdict::Violated(Box::new(self.evidence(about, found, shown(judged, row))))
            }
            (Known::Nothing, Finding::Unknown(limit)) => Verdict::Unknown(limit.clone()),
            _ => Verdict::Holds,
        };
        Judgement { promise: row.about.name.to_owned(), verdict, scope: row.about.sentence.to_owned() }
    }

    /// What shows that what was expected is not so, for which the source is the rule where no order is in question.
    fn evidence(&self, (expected, source): (&str, &str), found: String, shown: Option<&Shown>) -> Evidence {
        let cycle = shown.map(|shown| &shown.cycle[..]).unwrap_or_default();
        let links: Vec<Link> = cycle.iter().filter_map(|step| self.link(step)).collect();
        let rule = shown.and_then(|shown| shown.rule.clone()).unwrap_or_else(|| source.to_owned());
        Evidence {
            expected: expected.to_owned(),
            found: circle(cycle).filter(|_| found.starts_with(CIRCLE)).unwrap_or(found),
            events: self.events(&links, shown),
            proof: if links.is_empty() { Proof::Rule(rule) } else { Proof::Cycle(links) },
            steps: Vec::new(),
            meanings: Vec::new(),
            notes: shown.map(|shown| [&shown.dead_end[..], &shown.notes].concat()).unwrap_or_default(),
            replay: String::new(),
        }
    }

    /// What is in a circle comes first, since it is what a reader compares; then the other ends of what shows it.
    fn events(&self, links: &[Link], shown: Option<&Shown>) -> Vec<Witness> {
        let ends = shown.into_iter().flat_map(|shown| &shown.events).flat_map(|seen| self.ends(seen));
        let mut events: Vec<Witness> = Vec::new();
        for witness in links.iter().flat_map(|link| [link.from.clone(), link.to.clone()]).chain(ends) {
            if !events.iter().any(|known| known.event == witness.event) {
                events.push(witness);
            }
        }
        events
    }

    fn link(&self, step: &Step) -> Option<Link> {
        let witness = |seen: &Seen| {
            let (begun, ended) = self.events.get(seen.order.1).copied().flatten()?;
            Some(self.trace.witness(ended.filter(|_| self.are_single).unwrap_or(begun)))
        };
        Some(Link { from: witness(&step.from)?, to: witness(&step.to)?, why: step.why.clone() })
    }

    /// The beginning and the end of an operation.
    fn ends(&self, seen: &Seen) -> Vec<Witness> {
        let Some((begun, ended)) = self.events.get(seen.order.1).copied().flatten() else {
            return Vec::new();
        };
        debug_assert!(matches!(self.trace.event(begun).kind, Kind::Invoke(_)), "an operation begins there");
        [Some(begun), ended].into_iter().flatten().map(|event| self.trace.witness(event)).collect()
    }
}

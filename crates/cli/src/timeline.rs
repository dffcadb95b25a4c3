//! How a run is told in a terminal: one line an event, in virtual time, with what the clocks said.

use std::ops::RangeInclusive;

use anyhow::bail;
use constellation_report::world::{self, Absences};
use constellation_trace::{
    ClaimRef, EventId, Kind, Loss, MessageId, Nemesis, NemesisEntry, Trace, TrueTime, Wait, WallTime,
};

use crate::args;
use crate::printer::{Printer, faint, strong};

/// Refuses a timeline where one JSON object is printed, which has none.
pub(crate) fn check_timeline(shown: args::Timeline, is_json: bool) -> anyhow::Result<()> {
    if is_json && matches!(shown, args::Timeline::All | args::Timeline::Faults) {
        bail!("--json prints no timeline\nhelp: leave out --timeline; --trace FILE writes all that happened");
    }
    Ok(())
}

/// Prints as much of a timeline as is asked for, and an empty line below it.
pub(crate) fn print_timeline(
    trace: &Trace,
    shown: args::Timeline,
    printer: &mut Printer,
) -> anyhow::Result<()> {
    let lines = timeline(trace, shown);
    for line in &lines {
        printer.line(line)?;
    }
    if lines.is_empty() { Ok(()) } else { printer.line("") }
}

/// Prints these events, and what the world did at these times.
pub(crate) fn print_events(
    trace: &Trace,
    events: &[EventId],
    times: RangeInclusive<TrueTime>,
    printer: &mut Printer,
) -> anyhow::Result<()> {
    shortened(lines(trace, events, times)).iter().try_for_each(|line| printer.line(line))
}

/// The lines of a timeline, styled, as much of it as is asked for; none for none. That a state reached the disk is left out,
/// and counted in the last line.
fn timeline(trace: &Trace, shown: args::Timeline) -> Vec<String> {
    let is_fault = |event: &EventId| matches!(trace.event(*event).kind, Kind::Crash | Kind::Restart { .. });
    let is_shown = |event: &EventId| match shown {
        args::Timeline::None => false,
        args::Timeline::Faults => is_fault(event),
        args::Timeline::All | args::Timeline::Auto => !is_quiet(trace, *event),
    };
    let events: Vec<EventId> = trace.event_ids().filter(is_shown).collect();
    match shown {
        args::Timeline::None => Vec::new(),
        args::Timeline::Faults => {
            let lines = lines(trace, &events, ALWAYS);
            if lines.is_empty() {
                vec![faint("· the world did nothing, and no node crashed")]
            } else {
                lines
            }
        }
        args::Timeline::All => {
            lines(trace, &events, ALWAYS).into_iter().chain(quiet(trace, events.len())).collect()
        }
        args::Timeline::Auto => {
            shortened(lines(trace, &events, ALWAYS)).into_iter().chain(quiet(trace, events.len())).collect()
        }
    }
}

const ALWAYS: RangeInclusive<TrueTime> = TrueTime::from_ns(0)..=TrueTime::from_ns(u64::MAX);

/// The lines of these events and of all that the world did at these times.
fn lines(trace: &Trace, events: &[EventId], times: RangeInclusive<TrueTime>) -> Vec<String> {
    let widest = |width: &dyn Fn(&EventId) -> usize| events.iter().map(width).max().unwrap_or(0);
    let text_width = widest(&|event| shown_width(&trace.describe(*event)));
    let columns = Columns {
        id_width: widest(&|event| event.to_string().len()),
        node_width: widest(&|event| shown_width(&process(trace, *event))).min(NODE_WIDTH_MAX),
        text_width: text_width.min(TEXT_WIDTH_MAX),
    };
    let mut lines = Vec::new();
    let mut absences = Absences::begin(trace);
    let mut nemesis = trace.nemesis().iter().filter(|entry| times.contains(&entry.at)).peekable();
    for event in events {
        while let Some(entry) = nemesis.next_if(|entry| entry.after_events <= event.number()) {
            lines.push(columns.nemesis(trace, entry, &mut absences));
        }
        absences.see(trace, *event);
        lines.push(columns.event(trace, *event));
    }
    lines.extend(nemesis.map(|entry| columns.nemesis(trace, entry, &mut absences)));
    lines
}

/// A timeline that is longer than this loses its middle, unless all of it is asked for.
const LINES_MAX: usize = 300;
/// What is left of it at either end.
const LINES_KEPT: usize = 100;

fn shortened(mut lines: Vec<String>) -> Vec<String> {
    if lines.len() > LINES_MAX {
        let left_out = lines.len() - 2 * LINES_KEPT;
        let what = format!(
            "· {left_out} lines are left out: --timeline all prints them, --timeline faults only what the world did"
        );
        lines.splice(LINES_KEPT..LINES_KEPT + left_out, [faint(&what)]);
    }
    lines
}

/// What is said of events that are not shown.
fn quiet(trace: &Trace, shown: usize) -> Option<String> {
    match trace.events().len() - shown {
        0 => None,
        1 => Some(faint("· 1 event is not shown, in which a node persists its state")),
        count => Some(faint(&format!("· {count} events are not shown, in which nodes persist their state"))),
    }
}

/// Beyond this, stamps follow the text instead of standing under each other.
const TEXT_WIDTH_MAX: usize = 64;

/// Beyond this, a name pushes its line aside; a format pads to 65,535 at most.
const NODE_WIDTH_MAX: usize = 64;

struct Columns {
    id_width: usize,
    node_width: usize,
    text_width: usize,
}

impl Columns {
    fn event(&self, trace: &Trace, event: EventId) -> String {
        let recorded = trace.event(event);
        let text = trace.describe(event);
        let padding = " ".repeat(self.text_width.saturating_sub(shown_width(&text)));
        let text = if is_notable(trace, event) { strong(&text) } else { text };
        let stamps = stamps(trace, event);
        let line = format!(
            "{}  {:<id_width$}  {:<node_width$}  {text}",
            time(recorded.at),
            event.to_string(),
            process(trace, event),
            id_width = self.id_width,
            node_width = self.node_width,
        );
        if stamps.is_empty() { line } else { format!("{line}{padding}  {}", faint(&stamps.join("  "))) }
    }

    fn nemesis(&self, trace: &Trace, entry: &NemesisEntry, absences: &mut Absences) -> String {
        let NemesisEntry { at, nemesis, .. } = entry;
        let at = *at;
        absences.see_world(nemesis);
        let (id_width, node_width) = (self.id_width, self.node_width);
        let line = |what: String| format!("{}  {:<id_width$}  {:<node_width$}  {what}", time(at), "", "");
        let world =
            |what: String| strong(&format!("{}  {:<id_width$}  {:═<node_width$}  {what}", time(at), "", ""));
        let message = |id: MessageId, what: &str| line(faint(&format!("{} {what}", told(trace, id))));
        match nemesis {
            Nemesis::Hold(id) => message(*id, "is held"),
            Nemesis::Lose(id, Loss::Plain) => match absences.explain(trace, *id, at) {
                Some(why) => message(*id, &format!("{}: {why}", Loss::Plain)),
                None => message(*id, &Loss::Plain.to_string()),
            },
            Nemesis::Lose(id, why) => message(*id, &why.to_string()),
            Nemesis::Duplicate(id) => message(*id, "will arrive twice"),
            Nemesis::Corrupt { message: id, .. } => {
                message(*id, "will arrive as another: bits flipped, and nothing saw it")
            }
            Nemesis::Wait { message: id, until, why } => {
                let what = match why {
                    Wait::Queue => "waits behind others",
                    Wait::Link => "waits for the link",
                    Wait::Partition => "is held by a partition",
                    _ => "waits",
                };
                message(*id, &format!("{what} until {}", time(*until).trim_start()))
            }
            Nemesis::InFlight(id) => message(*id, "is still on its way"),
            other => match world::told(trace, other) {
                Some(what) => world(what),
                None => world("something else that this version has no words for".to_owned()),
            },
        }
    }
}

fn time(at: TrueTime) -> String {
    let ms = at.ns() / 1_000_000;
    format!("{:>5}.{:03}s", ms / 1_000, ms % 1_000)
}

/// Writes and what the resolver made of them are what a reader follows, and what a client was left in the dark about.
fn is_notable(trace: &Trace, event: EventId) -> bool {
    if let Kind::Complete(place) = trace.event(event).kind {
        let completed = &trace.invocations()[place as usize].completed;
        return completed.as_ref().is_some_and(|(_, completion)| !completion.is_certain());
    }
    matches!(trace.event(event).kind, Kind::Write(_) | Kind::Crash | Kind::Restart { .. })
        || trace.label(event).contains("CONCURRENT")
}

/// A message as a reader knows it: what it carries, by the event that sent it.
fn told(trace: &Trace, id: MessageId) -> String {
    let (sent, to) = (trace.message(id).send, trace.message(id).to);
    let carries = match trace.event(sent).kind {
        Kind::Write(place) => trace.text(trace.writes()[place as usize].update).to_owned(),
        Kind::Invoke(place) => format!("operation {}", trace.invocations()[place as usize].number),
        _ => trace.describe(sent),
    };
    let (from, to) = (trace.node_name(trace.node_of(sent)), trace.node_name(to));
    format!("{id} from {from} to {to} ({sent}: {carries})")
}

/// Where an event is: a node that restarted goes by a new name.
fn process(trace: &Trace, event: EventId) -> String {
    trace.process_name(trace.event(event).process).to_string()
}

/// That a state reached the disk, and nothing else.
fn is_quiet(trace: &Trace, event: EventId) -> bool {
    let recorded = trace.event(event);
    recorded.kind == Kind::Persist && recorded.sends.is_empty() && trace.label(event).is_empty()
}

/// What the logical clocks say of an event; and the wall clock, where it matters.
fn stamps(trace: &Trace, event: EventId) -> Vec<String> {
    let shown = trace.witness(event).stamps;
    let claims = trace.claims_of(event).zip(shown);
    let is_told = |claim: &ClaimRef<'_>| match claim {
        ClaimRef::Wall(time) => tells_wall(trace, event, *time),
        _ => true,
    };
    claims.filter(|(claim, _)| is_told(claim)).map(|(_, shown)| shown).collect()
}

/// Updates, and what became of them, show the wall clock where it chooses between them or where it lies.
fn tells_wall(trace: &Trace, event: EventId, shown: WallTime) -> bool {
    const LIE_NS: u128 = 1_000_000;
    let is_update = match trace.event(event).kind {
        Kind::Write(_) => true,
        Kind::Read(_) => trace.label(event).starts_with("reconcile"),
        _ => false,
    };
    let lies = trace.wall_lie_ns(event, shown).is_some_and(|lie_ns| lie_ns.unsigned_abs() >= LIE_NS);
    let chooses = trace
        .origin()
        .is_some_and(|origin| origin.resolver.as_deref().is_some_and(|name| name.starts_with("wall")));
    is_update && (lies || chooses)
}

fn shown_width(text: &str) -> usize {
    text.chars().count()
}

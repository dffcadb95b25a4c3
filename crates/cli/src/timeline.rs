//! How a run is told in a terminal: one line an event, in virtual time, with what the clocks said.

use std::time::Duration;

use constellation_trace::{
    ClaimRef, EventId, Kind, MessageId, Nemesis, NodeId, Trace, TrueTime, Wait, WallTime,
};

use crate::printer::{faint, strong};

/// The lines of a timeline, styled. Nothing is left out but that a state reached the disk, which the last line counts.
pub(crate) fn timeline(trace: &Trace) -> Vec<String> {
    let shown: Vec<EventId> = trace.event_ids().filter(|event| !is_quiet(trace, *event)).collect();
    let widest = |width: &dyn Fn(&EventId) -> usize| shown.iter().map(width).max().unwrap_or(0);
    let text_width = widest(&|event| shown_width(&trace.describe(*event)));
    let columns = Columns {
        id_width: widest(&|event| event.to_string().len()),
        node_width: widest(&|event| shown_width(&process(trace, *event))),
        text_width: text_width.min(TEXT_WIDTH_MAX),
    };
    let mut lines = Vec::new();
    let mut nemesis = trace.nemesis().iter().peekable();
    for event in &shown {
        while let Some(entry) = nemesis.next_if(|entry| entry.after_events <= event.number()) {
            lines.push(columns.nemesis(trace, entry.at, &entry.nemesis));
        }
        lines.push(columns.event(trace, *event));
    }
    lines.extend(nemesis.map(|entry| columns.nemesis(trace, entry.at, &entry.nemesis)));
    match trace.events().len() - shown.len() {
        0 => {}
        1 => lines.push(faint("· 1 event is not shown, in which a node persists its state")),
        count => {
            lines.push(faint(&format!("· {count} events are not shown, in which nodes persist their state")))
        }
    }
    lines
}

/// Beyond this, stamps follow the text instead of standing under each other.
const TEXT_WIDTH_MAX: usize = 64;

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

    fn nemesis(&self, trace: &Trace, at: TrueTime, nemesis: &Nemesis) -> String {
        let (id_width, node_width) = (self.id_width, self.node_width);
        let line = |what: String| format!("{}  {:<id_width$}  {:<node_width$}  {what}", time(at), "", "");
        let world =
            |what: String| strong(&format!("{}  {:<id_width$}  {:═<node_width$}  {what}", time(at), "", ""));
        let group =
            |nodes: &[NodeId]| nodes.iter().map(|node| trace.node_name(*node)).collect::<Vec<_>>().join(", ");
        let message = |id: MessageId, what: &str| line(faint(&format!("{} {what}", told(trace, id))));
        match nemesis {
            Nemesis::Partition { group_a, group_b } => {
                world(format!("partition: {} | {}", group(group_a), group(group_b)))
            }
            Nemesis::Cut { sources, targets } => {
                world(format!("cut: nothing from {} reaches {}", group(sources), group(targets)))
            }
            Nemesis::Heal => world("heal: every link is whole".to_owned()),
            Nemesis::Hold(id) => message(*id, "is held"),
            Nemesis::Lose(id, why) => message(*id, &why.to_string()),
            Nemesis::Duplicate(id) => message(*id, "will arrive twice"),
            Nemesis::Corrupt(id) => message(*id, "will arrive as another: bits flipped, and nothing saw it"),
            Nemesis::Wait { message: id, until, why } => {
                let what = match why {
                    Wait::Queue => "waits behind others",
                    Wait::Link => "waits for the link",
                    _ => "waits",
                };
                message(*id, &format!("{what} until {}", time(*until).trim_start()))
            }
            Nemesis::InFlight(id) => message(*id, "is still on its way"),
            Nemesis::Step { node, by_ns } => world(format!(
                "the wall clock of {} jumps by {} ms",
                trace.node_name(*node),
                by_ns / 1_000_000
            )),
            other => match of_machine(trace, other) {
                Some(what) => world(what),
                None => world("something else that this version has no words for".to_owned()),
            },
        }
    }
}

/// What the world does to a process, a clock or a disk.
fn of_machine(trace: &Trace, nemesis: &Nemesis) -> Option<String> {
    let node = trace.node_name(nemesis.node()?);
    let time = |ns: u64| format!("{:?}", Duration::from_nanos(ns));
    Some(match nemesis {
        Nemesis::Pause { for_ns, .. } => format!("{node} stops for {}", time(*for_ns)),
        Nemesis::Suspend { for_ns, .. } => format!("the machine of {node} sleeps for {}", time(*for_ns)),
        Nemesis::Slow { for_ns, .. } => format!("{node} works for {} on its next input", time(*for_ns)),
        Nemesis::Join { .. } => format!("{node} joins"),
        Nemesis::Leave { .. } => format!("{node} is gone for good"),
        Nemesis::Slew { by_ns, for_ns, .. } => {
            let does = if *by_ns < 0 { "loses" } else { "gains" };
            let size = time(by_ns.unsigned_abs());
            format!("the wall clock of {node} {does} {size} in {}", time(*for_ns))
        }
        Nemesis::Leap { for_ns: 0, .. } => format!("the wall clock of {node} shows a second twice"),
        Nemesis::Leap { for_ns, .. } => {
            format!("the wall clock of {node} smears a leap second over {}", time(*for_ns))
        }
        Nemesis::Freeze { for_ns, .. } => {
            format!("the wall clock of {node} stands still for {}", time(*for_ns))
        }
        Nemesis::Set { wall, .. } => format!("the wall clock of {node} is set to {wall}"),
        Nemesis::DiskFull { .. } => format!("the disk of {node} is full: nothing of its input happens"),
        Nemesis::Tear { left, .. } if left.number() == 0 => {
            format!("the disk of {node} loses what was not synced")
        }
        Nemesis::Tear { left, .. } => {
            format!("the disk of {node} keeps {} eighths of what was not synced", left.number())
        }
        Nemesis::Rot { bit, .. } => format!("bit {bit} on the disk of {node} flips"),
        _ => return None,
    })
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

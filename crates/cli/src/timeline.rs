//! How a run is told in a terminal: one line an event, in virtual time, with what the clocks said.

use constellation_trace::{ClaimRef, EventId, Kind, Nemesis, NodeId, Trace, TrueTime};

use crate::printer::{faint, strong};

/// The lines of a timeline, styled; what has no label and no meaning to a person is left out by nobody.
pub(crate) fn timeline(trace: &Trace) -> Vec<String> {
    let node_width = trace.nodes().iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let text_width = trace.event_ids().map(|event| shown_width(&trace.describe(event))).max().unwrap_or(0);
    let columns = Columns { node_width, text_width: text_width.min(TEXT_WIDTH_MAX) };
    let mut lines = Vec::new();
    let mut nemesis = trace.nemesis().iter().peekable();
    for event in trace.event_ids() {
        while let Some(entry) = nemesis.next_if(|entry| entry.after_events <= event.number()) {
            lines.push(columns.nemesis(trace, entry.at, &entry.nemesis));
        }
        lines.push(columns.event(trace, event));
    }
    lines.extend(nemesis.map(|entry| columns.nemesis(trace, entry.at, &entry.nemesis)));
    lines
}

/// Beyond this, stamps follow the text instead of standing under each other.
const TEXT_WIDTH_MAX: usize = 64;

struct Columns {
    node_width: usize,
    text_width: usize,
}

impl Columns {
    fn event(&self, trace: &Trace, event: EventId) -> String {
        let recorded = trace.event(event);
        let text = trace.describe(event);
        let padding = " ".repeat(self.text_width.saturating_sub(shown_width(&text)));
        let text = if is_notable(trace, event) { strong(&text) } else { text };
        let stamps: Vec<_> =
            trace.claims_of(event).filter(is_logical).map(|claim| trace.show_claim(claim)).collect();
        let line = format!(
            "{}  {:<node_width$}  {text}{padding}  {}",
            time(recorded.at),
            trace.node_name(trace.node_of(event)),
            faint(&stamps.join("  ")),
            node_width = self.node_width,
        );
        if stamps.is_empty() { line.trim_end_matches(&faint("")).trim_end().to_owned() } else { line }
    }

    fn nemesis(&self, trace: &Trace, at: TrueTime, nemesis: &Nemesis) -> String {
        let node_width = self.node_width;
        let line = |what: String| format!("{}  {:<node_width$}  {what}", time(at), "");
        let world = |what: String| strong(&format!("{}  {:═<node_width$}  {what}", time(at), ""));
        let group =
            |nodes: &[NodeId]| nodes.iter().map(|node| trace.node_name(*node)).collect::<Vec<_>>().join(", ");
        let message = |message| {
            let (sent, to) = (trace.message(message).send, trace.message(message).to);
            let from = trace.node_name(trace.node_of(sent));
            format!("{message} from {from} to {}", trace.node_name(to))
        };
        match nemesis {
            Nemesis::Partition { group_a, group_b } => {
                world(format!("partition: {} | {}", group(group_a), group(group_b)))
            }
            Nemesis::Cut { sources, targets } => {
                world(format!("cut: nothing from {} reaches {}", group(sources), group(targets)))
            }
            Nemesis::Heal => world("heal: every link is whole".to_owned()),
            Nemesis::Hold(id) => line(faint(&format!("{} is held", message(*id)))),
            Nemesis::Lose(id) => line(faint(&format!("{} is lost", message(*id)))),
            Nemesis::Duplicate(id) => line(faint(&format!("{} will arrive twice", message(*id)))),
            Nemesis::Step { node, by_ns } => world(format!(
                "the wall clock of {} jumps by {} ms",
                trace.node_name(*node),
                by_ns / 1_000_000
            )),
            _ => world("something else that this version has no words for".to_owned()),
        }
    }
}

fn time(at: TrueTime) -> String {
    let ms = at.ns() / 1_000_000;
    format!("{:>5}.{:03}s", ms / 1_000, ms % 1_000)
}

/// Writes and what the resolver made of them are what a reader follows.
fn is_notable(trace: &Trace, event: EventId) -> bool {
    matches!(trace.event(event).kind, Kind::Write(_) | Kind::Crash | Kind::Restart { .. })
        || trace.label(event).contains("CONCURRENT")
}

const fn is_logical(claim: &ClaimRef<'_>) -> bool {
    !matches!(claim, ClaimRef::Wall(_))
}

fn shown_width(text: &str) -> usize {
    text.chars().count()
}

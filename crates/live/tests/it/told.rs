//! A trace as text without its times, for goldens that do not depend on them.

use constellation_trace::{Kind, Trace};

/// A line an event, and a line for each thing that the world did.
pub(crate) fn told(trace: &Trace) -> String {
    let mut lines = Vec::new();
    let mut nemesis = trace.nemesis().iter().peekable();
    for (number, (id, event)) in (0..).zip(trace.event_ids().zip(trace.events())) {
        while let Some(entry) = nemesis.next_if(|entry| entry.after_events <= number) {
            lines.push(format!("  ~ {:?}", entry.nemesis));
        }
        let what = match event.kind {
            Kind::Receive(message) => format!(" {message}?"),
            Kind::Local => String::new(),
            kind => format!(" {kind:?}"),
        };
        let sends: String = event.sends.iter().map(|message| format!(" {message}!")).collect();
        let process = trace.process_name(event.process);
        let label = trace.label(id);
        lines.push(format!("{id} {process}{what}{sends} {label}").trim_end().to_owned());
    }
    lines.extend(nemesis.map(|entry| format!("  ~ {:?}", entry.nemesis)));
    lines.join("\n")
}

/// How many events have this label.
pub(crate) fn count(trace: &Trace, label: &str) -> usize {
    trace.event_ids().filter(|event| trace.label(*event) == label).count()
}

/// What became of the processes of a node, in order.
pub(crate) fn lives(trace: &Trace) -> Vec<Kind> {
    let is_life = |kind: &Kind| matches!(kind, Kind::Crash | Kind::Restart { .. });
    trace.events().iter().map(|event| event.kind).filter(is_life).collect()
}

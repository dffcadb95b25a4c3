//! How a violation is told: expected and found, a table with a column a session, the cycle with its reasons, and the command.

use serde_json::{Value, json};

use super::shown::{Seen, Shown, Step};
use crate::printer::Printer;

/// So many columns fit; with more sessions each operation has a line of its own.
const COLUMNS_MAX: usize = 5;
/// What is longer does not fit into a column.
const CELL_MAX: usize = 40;

/// Whether two violations are shown by the same operations.
pub(super) fn is_same(one: &Shown, other: &Shown) -> bool {
    let events =
        |shown: &Shown| shown.events.iter().map(|seen| (seen.order, seen.what.clone())).collect::<Vec<_>>();
    events(one) == events(other)
}

/// Prints a violation; `replay` is the command that judges it again.
pub(super) fn print(shown: &Shown, replay: &str, printer: &mut Printer) -> anyhow::Result<()> {
    let mut lines = vec![format!("expected  {}", shown.expected), format!("found     {}", shown.found)];
    lines.extend(titled("events", table(&shown.events)));
    if let Some(rule) = &shown.rule {
        lines.push(format!("proof     {rule}"));
    }
    lines.extend(titled("proof", shown.cycle.iter().map(|step| step_line(step, &shown.cycle)).collect()));
    lines.extend(titled("notes", notes(shown)));
    if !replay.is_empty() {
        lines.push(format!("replay    {replay}"));
    }
    lines.iter().try_for_each(|line| printer.line(format!("    {}", line.trim_end())))
}

/// What is to be known besides.
fn notes(shown: &Shown) -> Vec<String> {
    let limit = shown.limit.iter().map(|limit| format!("there may be a smaller part: {limit}"));
    shown.notes.iter().cloned().chain(limit).collect()
}

fn titled(title: &str, lines: Vec<String>) -> Vec<String> {
    let line = |(nth, line): (usize, String)| format!("{:<10}{line}", if nth == 0 { title } else { "" });
    lines.into_iter().enumerate().map(line).collect()
}

fn width(texts: impl Iterator<Item = usize>) -> usize {
    texts.max().unwrap_or(0)
}

/// A column a session, a row an operation, in the order of the file.
fn table(events: &[Seen]) -> Vec<String> {
    let places = width(events.iter().map(|seen| seen.place.len()));
    let mut sessions: Vec<(u32, &str)> =
        events.iter().map(|seen| (seen.column, seen.session.as_str())).collect();
    sessions.sort_unstable();
    sessions.dedup();
    let sessions: Vec<&str> = sessions.into_iter().map(|(_, name)| name).collect();
    let is_narrow = events.iter().all(|seen| seen.what.chars().count() <= CELL_MAX);
    if sessions.len() > COLUMNS_MAX || !is_narrow {
        let names = width(events.iter().map(|seen| seen.session.chars().count()));
        let line = |seen: &Seen| format!("{:<places$}  {:<names$}  {}", seen.place, seen.session, seen.what);
        return events.iter().map(line).collect();
    }
    let column = |session: &&str| {
        let cells =
            events.iter().filter(|seen| seen.session == **session).map(|seen| seen.what.chars().count());
        width(cells.chain([session.chars().count()]))
    };
    let widths: Vec<usize> = sessions.iter().map(column).collect();
    let row = |place: &str, cell: &dyn Fn(&str) -> String| {
        let cells =
            sessions.iter().zip(&widths).map(|(session, width)| format!("  {:<width$}", cell(session)));
        format!("{place:<places$}{}", cells.collect::<String>())
    };
    let head = row("", &|session| session.to_owned());
    let rows = events.iter().map(|seen| {
        row(&seen.place, &|session| if seen.session == session { seen.what.clone() } else { String::new() })
    });
    std::iter::once(head).chain(rows).collect()
}

fn step_line(step: &Step, cycle: &[Step]) -> String {
    let text = |step: &Step| {
        let end = |seen: &Seen| format!("{} {}", seen.place, seen.what);
        format!("{} → {}", end(&step.from), end(&step.to))
    };
    let width = width(cycle.iter().map(|step| text(step).chars().count()));
    format!("{:<width$}   {}", text(step), step.why)
}

/// A violation, for a script.
pub(super) fn json(shown: &Shown) -> Value {
    let seen = |seen: &Seen| json!({"place": seen.place, "line": seen.line, "session": seen.session, "what": seen.what});
    let step = |step: &Step| json!({"from": seen(&step.from), "to": seen(&step.to), "why": step.why});
    json!({
        "expected": shown.expected,
        "found": shown.found,
        "events": shown.events.iter().map(seen).collect::<Vec<_>>(),
        "cycle": shown.cycle.iter().map(step).collect::<Vec<_>>(),
        "rule": shown.rule,
        "notes": notes(shown),
    })
}

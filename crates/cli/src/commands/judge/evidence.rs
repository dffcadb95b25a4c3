//! How a violation is told: expected and found, a table with a column a session, the cycle with its reasons, and the command.

use serde_json::{Value, json};

use super::shown::{Seen, Shown, Step};
use super::sketch::draw;
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

/// Up to so many operations are also drawn if nothing else is said.
const DRAWN_MAX: usize = 12;

/// How what shows a violation is printed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(in crate::commands) struct Ways {
    pub(super) table: bool,
    pub(super) sketch: bool,
    pub(super) notation: bool,
}

impl Ways {
    /// Those that were asked for; if none was, a table, and a sketch of what is short.
    fn of(self, shown: &Shown) -> Ways {
        if self != Ways::default() {
            return self;
        }
        Ways { table: true, sketch: shown.events.len() <= DRAWN_MAX, notation: false }
    }
}

/// Prints a violation; `replay` is the command that judges it again.
pub(in crate::commands) fn print(
    shown: &Shown,
    ways: Ways,
    replay: &str,
    printer: &mut Printer,
) -> anyhow::Result<()> {
    let ways = ways.of(shown);
    let mut lines = vec![format!("expected  {}", shown.expected), format!("found     {}", shown.found)];
    if ways.table {
        lines.extend(titled("events", table(&shown.events)));
    }
    if ways.sketch {
        let drawn = draw(&shown.events, &shown.cycle);
        let too_many = || vec![format!("{} operations are too many to be drawn", shown.events.len())];
        lines.extend(titled("sketch", if drawn.is_empty() { too_many() } else { drawn }));
    }
    if ways.notation {
        let text = shown.notation.as_deref();
        let text = text.unwrap_or("no format that can be judged again holds it");
        lines.extend(titled("history", text.lines().map(str::to_owned).collect()));
        if !shown.flags.is_empty() && shown.notation.is_some() {
            lines.push(format!("{:<10}(to be judged with{})", "", shown.flags));
        }
    }
    lines.extend(titled("order", shown.dead_end.clone()));
    if let Some(rule) = &shown.rule {
        lines.push(format!("proof     {rule}"));
    }
    lines.extend(titled("proof", step_lines(&shown.cycle)));
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
    let whens = width(events.iter().map(|seen| seen.when.as_ref().map_or(0, String::len)));
    let gap = if whens == 0 { 0 } else { 2 };
    let when = |seen: &Seen| seen.when.clone().unwrap_or_default();
    let place =
        |seen: &Seen, places: usize| format!("{:<places$}{:gap$}{:<whens$}", seen.place, "", when(seen));
    let places = width(events.iter().map(|seen| seen.place.len()));
    let mut sessions: Vec<(u32, &str)> =
        events.iter().map(|seen| (seen.column, seen.session.as_str())).collect();
    sessions.sort_unstable();
    sessions.dedup();
    let sessions: Vec<&str> = sessions.into_iter().map(|(_, name)| name).collect();
    let is_narrow = events.iter().all(|seen| seen.what.chars().count() <= CELL_MAX);
    if sessions.len() > COLUMNS_MAX || !is_narrow {
        let names = width(events.iter().map(|seen| seen.session.chars().count()));
        let line = |seen: &Seen| format!("{}  {:<names$}  {}", place(seen, places), seen.session, seen.what);
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
        format!("{place}{}", cells.collect::<String>())
    };
    let head = row(&" ".repeat(places + gap + whens), &|session| session.to_owned());
    let rows = events.iter().map(|seen| {
        row(&place(seen, places), &|session| {
            if seen.session == session { seen.what.clone() } else { String::new() }
        })
    });
    std::iter::once(head).chain(rows).collect()
}

fn step_lines(cycle: &[Step]) -> Vec<String> {
    let text = |step: &Step| {
        let end = |seen: &Seen| format!("{} {}", seen.place, seen.what);
        format!("{} → {}", end(&step.from), end(&step.to))
    };
    let width = width(cycle.iter().map(|step| text(step).chars().count()));
    cycle.iter().map(|step| format!("{:<width$}   {}", text(step), step.why)).collect()
}

/// A violation, for a script.
pub(in crate::commands) fn json(shown: &Shown) -> Value {
    let seen = |seen: &Seen| {
        let span = seen.span.map(|span| (span.begun.to_string(), span.ended.map(|end| end.to_string())));
        json!({
            "place": seen.place,
            "line": seen.line,
            "session": seen.session,
            "what": seen.what,
            "begun": span.as_ref().map(|(begun, _)| begun),
            "ended": span.as_ref().and_then(|(_, ended)| ended.as_ref()),
            "when": seen.when,
        })
    };
    let step = |step: &Step| json!({"from": seen(&step.from), "to": seen(&step.to), "why": step.why});
    json!({
        "expected": shown.expected,
        "found": shown.found,
        "events": shown.events.iter().map(seen).collect::<Vec<_>>(),
        "cycle": shown.cycle.iter().map(step).collect::<Vec<_>>(),
        "rule": shown.rule,
        "order": shown.dead_end,
        "start": shown.start.as_ref().map(|start| json!({"holds": start.holds, "because": start.because})),
        "sketch": draw(&shown.events, &shown.cycle),
        "history": shown.notation,
        "history_flags": shown.flags.trim_start(),
        "notes": notes(shown),
    })
}

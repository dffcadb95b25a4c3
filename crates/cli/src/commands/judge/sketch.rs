//! A violation as a drawing in space and time: a row a session, a bar an operation, from when it began to when it ended.

use std::collections::BTreeMap;

use super::shown::{Seen, Step};

/// No line of a sketch is longer.
const WIDTH_MAX: usize = 86;
/// More operations are not drawn: nobody would look at so many rows, and each takes time with all others.
const DRAWN_MAX: usize = 128;
/// Longer names of sessions are cut.
const NAME_MAX: usize = 16;

/// The lines of the drawing; none where it does not fit.
pub(super) fn draw(events: &[Seen], cycle: &[Step]) -> Vec<String> {
    if events.len() > DRAWN_MAX || cycle.len() > DRAWN_MAX {
        return Vec::new();
    }
    let rows = rows(events);
    let full: Vec<String> = events.iter().map(|seen| seen.what.clone()).collect();
    // What is too long has a number, and stands below.
    let short: Vec<String> = (1..=events.len()).map(|nth| nth.to_string()).collect();
    let is_timed = !events.is_empty() && events.iter().all(|seen| seen.span.is_some());
    for labels in [&full, &short] {
        let drawn =
            if is_timed { timed(events, &rows, labels) } else { untimed(events, cycle, &rows, labels) };
        if drawn.iter().all(|line| line.chars().count() <= WIDTH_MAX) {
            let is_short = std::ptr::eq(labels, &short);
            return if is_short { [drawn, legend(events)].concat() } else { drawn };
        }
    }
    Vec::new()
}

fn legend(events: &[Seen]) -> Vec<String> {
    let line = |(nth, seen): (usize, &Seen)| {
        let text = format!("{} is {} {} {}", nth + 1, seen.place, seen.session, seen.what);
        match text.char_indices().nth(WIDTH_MAX - 1) {
            None => text,
            Some((end, _)) => format!("{}…", &text[..end]),
        }
    };
    events.iter().enumerate().map(line).collect()
}

/// The operations of each session in its order, by place among the events.
fn rows(events: &[Seen]) -> Vec<(String, Vec<usize>)> {
    let mut rows: BTreeMap<u32, (String, Vec<usize>)> = BTreeMap::new();
    for (nth, seen) in events.iter().enumerate() {
        rows.entry(seen.column).or_insert_with(|| (name(&seen.session), Vec::new())).1.push(nth);
    }
    let mut rows: Vec<_> = rows.into_values().collect();
    // Operations of a file may be told by their ends; a session has them by their beginnings.
    for (_, line) in &mut rows {
        line.sort_by_key(|nth| events[*nth].span.map(|span| span.begun));
    }
    rows
}

fn name(session: &str) -> String {
    match session.char_indices().nth(NAME_MAX) {
        None => session.to_owned(),
        Some(_) => session.chars().take(NAME_MAX - 1).chain(['…']).collect(),
    }
}

/// The rows with their names before them.
fn named(rows: &[(String, Vec<usize>)], lines: Vec<String>) -> Vec<String> {
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let line = |((name, _), line): (&(String, Vec<usize>), String)| format!("{name:<width$}  {line}");
    rows.iter().zip(lines).map(line).map(|line| line.trim_end().to_owned()).collect()
}

/// Bars as wide as their labels need; all instants in their order, the distances between them say nothing.
fn timed(events: &[Seen], rows: &[(String, Vec<usize>)], labels: &[String]) -> Vec<String> {
    // What touches is concurrent, so at one instant beginnings come before ends.
    let mut instants: Vec<(u64, bool)> = Vec::new();
    let begin = |seen: &Seen| (seen.span.map_or(0, |span| span.begun), false);
    let end = |seen: &Seen| (seen.span.and_then(|span| span.ended).unwrap_or(u64::MAX), true);
    events.iter().for_each(|seen| instants.extend([begin(seen), end(seen)]));
    instants.sort_unstable();
    instants.dedup();
    let place = |instant: (u64, bool)| instants.partition_point(|other| *other < instant);
    let mut columns = vec![0_usize; instants.len()];
    for nth in 0..instants.len() {
        let after = nth.checked_sub(1).map_or(0, |before| columns[before] + 2);
        let room = events.iter().zip(labels).filter(|(seen, _)| place(end(seen)) == nth);
        let room = room.map(|(seen, label)| columns[place(begin(seen))] + label.chars().count() + 3);
        columns[nth] = room.max().unwrap_or(0).max(after);
    }
    let line = |(_, line): &(String, Vec<usize>)| {
        let mut text = String::new();
        let mut at = 0;
        for nth in line {
            let (seen, label) = (&events[*nth], &labels[*nth]);
            // Operations of one session may touch; then the second is drawn behind the first.
            let start = columns[place(begin(seen))].max(at);
            let stop = columns[place(end(seen))].max(start + label.chars().count() + 3);
            text.extend(std::iter::repeat_n(' ', start - at));
            let rest = stop - start - 2 - label.chars().count();
            let is_open = end(seen).0 == u64::MAX;
            let (rule, edge) = if is_open { ('╌', '▷') } else { ('─', '┤') };
            text.extend(["├─", label]);
            text.extend(std::iter::repeat_n(rule, rest));
            text.push(edge);
            at = stop + 1;
        }
        text
    };
    named(rows, rows.iter().map(line).collect())
}

/// Each operation to the right of those that come before it for a reason of the proof, as far as that is no circle.
fn untimed(events: &[Seen], cycle: &[Step], rows: &[(String, Vec<usize>)], labels: &[String]) -> Vec<String> {
    let place = |seen: &Seen| events.iter().position(|other| other.order == seen.order);
    let sessions = rows.iter().flat_map(|(_, line)| line.windows(2).map(|pair| (pair[0], pair[1])));
    let mut arrows: Vec<(usize, usize)> = sessions.collect();
    for step in cycle {
        if let (Some(from), Some(to)) = (place(&step.from), place(&step.to))
            && !leads(&arrows, to, from)
        {
            arrows.push((from, to));
        }
    }
    // As many rounds as the longest chain has arrows.
    let mut depths = vec![0_usize; events.len()];
    for _ in 0..events.len() {
        arrows.iter().for_each(|(from, to)| depths[*to] = depths[*to].max(depths[*from] + 1));
    }
    let count = depths.iter().max().map_or(0, |depth| depth + 1);
    let mut starts = vec![0_usize; count + 1];
    for depth in 0..count {
        let here = labels.iter().zip(&depths).filter(|(_, other)| **other == depth);
        let width = here.map(|(label, _)| label.chars().count()).max().unwrap_or(0);
        starts[depth + 1] = starts[depth] + width + 2;
    }
    let line = |(_, line): &(String, Vec<usize>)| {
        let mut text = String::new();
        for nth in line {
            let start = starts[depths[*nth]];
            text.extend(std::iter::repeat_n(' ', start.saturating_sub(text.chars().count())));
            text.push_str(&labels[*nth]);
        }
        text
    };
    named(rows, rows.iter().map(line).collect())
}

/// Whether arrows lead from one to the other, or it is the same.
fn leads(arrows: &[(usize, usize)], from: usize, to: usize) -> bool {
    let mut met = vec![from];
    let mut next = 0;
    while let Some(&here) = met.get(next) {
        if here == to {
            return true;
        }
        next += 1;
        for (_, after) in arrows.iter().filter(|(before, _)| *before == here) {
            if !met.contains(after) {
                met.push(*after);
            }
        }
    }
    false
}

#[cfg(test)]
mod tests;

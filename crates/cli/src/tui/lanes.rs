//! The lanes: an event a mark, its message a line to where it arrives, and what led to the chosen event and what it led to.

use constellation_trace::{EventId, Kind};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::paint::{Pen, Places, Role};
use super::view::{Cut, Scale, Side, View};

/// Draws the lanes that are seen. O(columns × lanes that are seen × log events).
pub(super) fn draw(view: &View<'_>, places: &Places, pen: &Pen, buffer: &mut Buffer) {
    let drawing = Drawing { view, places, pen };
    for lane in drawing.seen() {
        let y = drawing.row(lane).expect("it is seen");
        let is_own = view.selected().is_some_and(|event| view.trace.node_of(event).index() == lane);
        let role = if is_own { Role::Strong } else { Role::Plain };
        let width = places.names.width.saturating_sub(1);
        pen.text(
            buffer,
            Rect { y, height: 1, width, ..places.names },
            &[(role, view.lanes[lane].name.clone())],
        );
        drawing.line(lane, y, buffer);
    }
    match view.state.scale {
        Scale { many: 1, .. } => drawing.events(buffer),
        _ => drawing.densities(buffer),
    }
}

struct Drawing<'d, 't> {
    view: &'d View<'t>,
    places: &'d Places,
    pen: &'d Pen,
}

impl Drawing<'_, '_> {
    /// The lanes that have a row.
    fn seen(&self) -> std::ops::Range<usize> {
        let rows = usize::from(self.places.lanes.height.div_ceil(self.places.pitch));
        self.view.state.top..self.view.lanes.len().min(self.view.state.top + rows)
    }

    fn row(&self, lane: usize) -> Option<u16> {
        if !self.seen().contains(&lane) {
            return None;
        }
        let nth = u16::try_from(lane - self.view.state.top).ok()?;
        Some(self.places.lanes.y + nth * self.places.pitch)
    }

    /// The first event of a column, and the one behind its last.
    fn range(&self, column: u32) -> (u32, u32) {
        let Scale { wide, many } = self.view.state.scale;
        let first = self.view.state.left.saturating_add(if many > 1 {
            column.saturating_mul(many)
        } else {
            column / wide
        });
        (first, first.saturating_add(many))
    }

    /// The line of a node: past, future and concurrent each with a letter of its own.
    fn line(&self, lane: usize, y: u16, buffer: &mut Buffer) {
        let cuts = self.view.cuts(lane);
        let Scale { wide, .. } = self.view.state.scale;
        let events = u32::try_from(self.view.trace.events().len()).unwrap_or(u32::MAX);
        for column in 0..self.view.state.columns {
            let (first, end) = self.range(column);
            if first >= events {
                return;
            }
            let (letter, role) = self.stretch(&cuts, (first, end), column % wide != 0);
            let x = self.places.lanes.x + u16::try_from(column).unwrap_or(u16::MAX);
            let role = if self.view.state.explained.is_some() { Role::Faint } else { role };
            self.pen.put(buffer, (x, y), letter, role);
        }
    }

    /// What a piece of a line is, from one event to another; `is_behind` the mark of the first.
    fn stretch(&self, cuts: &[Cut], (first, end): (u32, u32), is_behind: bool) -> (char, Role) {
        let beside = (self.pen.letter('┈', '.'), Role::Beside);
        if self.view.order.is_none() {
            return (self.pen.letter('─', '-'), Role::Faint);
        }
        let Some(cut) = cuts.iter().rfind(|cut| cut.first.number() < end) else { return beside };
        let is_over = |last: EventId| last.number() < first || (is_behind && last.number() == first);
        if cut.ends && is_over(cut.last) {
            return (' ', Role::Faint);
        }
        match (cut.past_to, cut.future_from) {
            (_, Some(from)) if from.number() < end => (self.pen.letter('═', '>'), Role::Future),
            (Some(to), _) if !is_over(to) => (self.pen.letter('━', '<'), Role::Past),
            _ => beside,
        }
    }

    /// A column an event, or several: each with its mark and its messages.
    fn events(&self, buffer: &mut Buffer) {
        let trace = self.view.trace;
        let seen = self.view.state.scale.events(self.view.state.columns);
        let first = self.view.state.left;
        let last = u32::try_from(trace.events().len()).unwrap_or(u32::MAX).min(first.saturating_add(seen));
        let events = || (first..last).map(EventId::new);
        if self.view.state.scale.wide > 1 {
            events().for_each(|event| self.message(event, buffer));
        } else if let Some(chosen) = self.view.selected() {
            // So close together that only those of one event can be told apart.
            let own = trace.event(chosen).sends.iter().filter_map(|message| self.view.arrival(message));
            own.chain([chosen]).for_each(|event| self.message(event, buffer));
        }
        events().for_each(|event| self.mark(event, buffer));
    }

    fn role(&self, event: EventId) -> Role {
        if self.view.state.explained.is_some() && !self.view.is_explained(event) {
            return Role::Faint;
        }
        if self.view.shows(event).is_some() {
            return Role::Found;
        }
        match self.view.side(event) {
            Some(Side::Past) => Role::Past,
            Some(Side::Future) => Role::Future,
            Some(Side::Concurrent) => Role::Beside,
            Some(Side::Itself) | None => Role::Plain,
        }
    }

    fn place(&self, event: EventId) -> Option<(u16, u16)> {
        let y = self.row(self.view.trace.node_of(event).index())?;
        let column = u16::try_from(self.view.column(event)?).ok()?;
        Some((self.places.lanes.x + column, y))
    }

    fn mark(&self, event: EventId, buffer: &mut Buffer) {
        let Some((x, y)) = self.place(event) else { return };
        let view = self.view;
        let is_chosen = view.selected() == Some(event);
        let role = self.role(event);
        self.pen.put(buffer, (x, y), self.sign(event), if is_chosen { Role::Chosen } else { role });
        let edge = self.places.lanes.x + self.places.lanes.width;
        let mut behind = String::new();
        if view.shows(event).is_some() {
            behind.push('!');
        }
        if view.trace.event(event).sends.iter().any(|message| view.lost(message).is_some()) {
            behind.push(self.pen.letter('✗', 'x'));
        }
        let wide = usize::try_from(view.state.scale.wide).unwrap_or(1);
        let id = event.to_string();
        if behind.chars().count() + id.len() + 2 <= wide {
            behind.push_str(&id);
        }
        for (next, letter) in (x + 1..edge).zip(behind.chars().take(wide - 1)) {
            self.pen.put(buffer, (next, y), letter, role);
        }
    }

    /// What stands for an event.
    fn sign(&self, event: EventId) -> char {
        let recorded = self.view.trace.event(event);
        let sends = !recorded.sends.is_empty();
        let (unicode, ascii) = match recorded.kind {
            Kind::Crash => ('✕', 'X'),
            Kind::Restart { .. } => ('↻', 'R'),
            Kind::Receive(_) if sends => ('◉', '@'),
            Kind::Receive(_) => ('○', 'o'),
            Kind::Write(_) => ('◆', 'W'),
            Kind::Read(_) => ('◇', 'r'),
            _ if sends => ('●', '*'),
            _ => ('▏', '|'),
        };
        self.pen.letter(unicode, ascii)
    }

    /// The message that arrives at an event: a line from the lane that it comes from, where it arrives.
    fn message(&self, event: EventId, buffer: &mut Buffer) {
        let trace = self.view.trace;
        let Kind::Receive(message) = trace.event(event).kind else { return };
        let send = trace.message(message).send;
        let (from, to) = (trace.node_of(send).index(), trace.node_of(event).index());
        let Some(column) = self.view.column(event).filter(|_| from != to) else { return };
        let x = self.places.lanes.x + u16::try_from(column).unwrap_or(u16::MAX);
        let role = match (self.view.side(send), self.view.side(event)) {
            _ if self.view.state.explained.is_some() => Role::Faint,
            (Some(Side::Past | Side::Itself), Some(Side::Past | Side::Itself)) => Role::Past,
            (Some(Side::Future | Side::Itself), Some(Side::Future)) => Role::Future,
            _ => Role::Beside,
        };
        let seen = self.seen();
        let (top, bottom) = (from.min(to).max(seen.start), from.max(to).min(seen.end.saturating_sub(1)));
        let (Some(first), Some(last)) = (self.row(top), self.row(bottom)) else { return };
        for y in first..=last {
            let lane = usize::from((y - self.places.lanes.y) / self.places.pitch) + self.view.state.top;
            let is_gap = !(y - self.places.lanes.y).is_multiple_of(self.places.pitch);
            let is_last = if from < to { y + 1 == last } else { y == first + 1 };
            let (unicode, ascii) = match (is_gap, lane == from) {
                (true, _) if is_last && seen.contains(&to) => {
                    if from < to {
                        ('▼', 'v')
                    } else {
                        ('▲', '^')
                    }
                }
                (true, _) => ('│', '|'),
                (false, true) => {
                    if from < to {
                        ('┬', '+')
                    } else {
                        ('┴', '+')
                    }
                }
                (false, false) if lane == to => continue,
                (false, false) => ('┼', '|'),
            };
            self.pen.put(buffer, (x, y), self.pen.letter(unicode, ascii), role);
        }
    }

    /// Several events a column: how many there are beside other lanes, in four steps, or the one that there is.
    fn densities(&self, buffer: &mut Buffer) {
        let many = self.view.state.scale.many as usize;
        // Two is as much as each would have if all had the same.
        let share = self.view.lanes.len() * 2;
        for lane in self.seen() {
            let y = self.row(lane).expect("it is seen");
            for column in 0..self.view.state.columns {
                let (first, end) = self.range(column);
                let events = self.view.within(lane, first, end);
                let (Some(one), Some(last)) = (events.first(), events.last()) else { continue };
                let x = self.places.lanes.x + u16::try_from(column).unwrap_or(u16::MAX);
                let letter = match (events.len(), events.len() * share / many) {
                    (1, _) => self.sign(*one),
                    (_, 0) => self.pen.letter('░', '-'),
                    (_, 1) => self.pen.letter('▒', '='),
                    (_, 2) => self.pen.letter('▓', '%'),
                    _ => self.pen.letter('█', '#'),
                };
                let chosen = self.view.selected();
                let has_chosen = chosen.is_some_and(|chosen| events.binary_search(&chosen).is_ok());
                let shown = self.view.evidence.partition_point(|(event, _)| event < one);
                let own = self.view.evidence[shown..].iter().take_while(|(event, _)| event <= last);
                let has_found = own.into_iter().any(|(event, _)| events.binary_search(event).is_ok());
                let (role, other) = (self.role(*one), self.role(*last));
                let role = match (has_chosen, has_found) {
                    (true, _) => Role::Chosen,
                    (_, true) => Role::Found,
                    _ if role == other => role,
                    _ => Role::Plain,
                };
                let letter = if has_found && !has_chosen { '!' } else { letter };
                self.pen.put(buffer, (x, y), letter, role);
            }
        }
    }
}

/// When the events are, as far as there is room; and where the chosen one and the pinned one are.
pub(super) fn axis(view: &View<'_>, area: Rect, names: u16, pen: &Pen, buffer: &mut Buffer) {
    /// A time has at most so many letters before it is cut.
    const TIME: u16 = 16;
    let (left, end) = (area.x + names, area.x + area.width);
    let pointed = [(view.state.pinned, pen.letter('△', '&')), (view.selected(), pen.letter('▲', '^'))];
    let mut taken: Vec<(u16, u16)> = Vec::new();
    for (event, sign) in pointed.into_iter().rev() {
        let Some((event, column)) = event.and_then(|event| Some((event, view.column(event)?))) else {
            continue;
        };
        let x = left + u16::try_from(column).unwrap_or(u16::MAX);
        let id = event.to_string();
        let width = u16::try_from(id.len()).unwrap_or(0) + 1;
        // Near the right edge the words stand before the sign.
        let (x, told) = if x + width <= end {
            (x, format!("{sign}{id}"))
        } else {
            (x.saturating_sub(width - 1), format!("{id}{sign}"))
        };
        if is_free(&taken, (x, x + width)) {
            taken.push((x, x + width));
            pen.text(
                buffer,
                Rect { x, width: width.min(end.saturating_sub(x)), ..area },
                &[(Role::Strong, told)],
            );
        }
    }
    let Scale { wide, many } = view.state.scale;
    let events = u32::try_from(view.trace.events().len()).unwrap_or(u32::MAX);
    let every = u32::from(TIME + 2).div_ceil(wide) * wide;
    for column in (0..view.state.columns).step_by(usize::try_from(every).unwrap_or(1)) {
        let number = view.state.left.saturating_add(if many > 1 {
            column.saturating_mul(many)
        } else {
            column / wide
        });
        let x = left + u16::try_from(column).unwrap_or(u16::MAX);
        let width = TIME.min(end.saturating_sub(x));
        if number < events && is_free(&taken, (x, x + width)) {
            let told = view.trace.event(EventId::new(number)).at.to_string();
            // Half a time would be another time.
            if told.len() <= usize::from(width) {
                pen.text(buffer, Rect { x, width, ..area }, &[(Role::Faint, told)]);
            }
        }
    }
}

fn is_free(taken: &[(u16, u16)], (from, to): (u16, u16)) -> bool {
    taken.iter().all(|(start, end)| to < *start || from > *end)
}

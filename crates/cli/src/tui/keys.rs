//! What each key does.

use constellation_trace::{EventId, Kind, Verdict};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::seek::{self, Sought};
use super::view::{Mode, Scale, Theme, View};

/// Whether to go on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Flow {
    On,
    Quit,
}

/// The keys, each with what it does, as the help shows them.
pub(super) const KEYS: [(&str, &str); 17] = [
    ("← →", "the event before or after, on its lane"),
    ("↑ ↓", "the nearest event on the lane above or below"),
    ("[ ]", "where the message received came from; where the message sent arrives"),
    ("Enter", "keep this event, and compare it to the next one chosen"),
    ("W S", "zoom in, out"),
    ("A D", "left, right"),
    ("F", "bring what is chosen, or the evidence, into view"),
    ("0", "the whole run"),
    ("N, Shift N", "the next or previous event that shows a violation"),
    ("E", "explain: dim all but the evidence, and draw it"),
    ("/", "search; with nothing typed, for the next match"),
    ("", "words, e15, m12, node=, kind=, before:e15 after:e15 concurrent:e15"),
    ("T", "colours for a dark screen, for a light one, none"),
    ("Home End", "the first, the last event"),
    ("Esc", "let go, step by step"),
    ("?", "this"),
    ("Q, Ctrl-C", "leave"),
];

/// Does what a key does.
pub(super) fn press(view: &mut View<'_>, key: KeyEvent) -> Flow {
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return if key.code == KeyCode::Char('c') { Flow::Quit } else { Flow::On };
    }
    match &view.state.mode {
        Mode::Help => view.state.mode = Mode::Walk,
        Mode::Search(_) => typed(view, key.code),
        Mode::Walk => return walk(view, key.code),
    }
    Flow::On
}

fn typed(view: &mut View<'_>, code: KeyCode) {
    /// Longer questions are not read.
    const QUERY_MAX: usize = 200;
    let Mode::Search(text) = &mut view.state.mode else { return };
    match code {
        KeyCode::Char(letter) if text.chars().count() < QUERY_MAX => text.push(letter),
        KeyCode::Backspace => {
            text.pop();
        }
        KeyCode::Esc => view.state.mode = Mode::Walk,
        KeyCode::Enter => {
            if !text.trim().is_empty() {
                view.state.query = text.clone();
                view.state.rest = None;
            }
            view.state.mode = Mode::Walk;
            search(view);
        }
        _ => {}
    }
}

fn search(view: &mut View<'_>) {
    if view.state.query.is_empty() {
        return;
    }
    let rest = view.state.rest.take();
    view.state.told = match seek::next(view, &view.state.query, rest) {
        Err(problem) => problem,
        Ok(Sought::Nothing) => format!("nothing matches {}", view.state.query),
        Ok(Sought::Until(event, rest)) => {
            view.state.rest = Some(rest);
            format!("nothing up to {event} matches {}; / and Enter goes on", view.state.query)
        }
        Ok(Sought::Found(event)) => {
            view.select(event);
            format!("{event} matches {}; / and Enter for the next", view.state.query)
        }
    };
}

fn walk(view: &mut View<'_>, code: KeyCode) -> Flow {
    match code {
        KeyCode::Char('q' | 'Q') => return Flow::Quit,
        KeyCode::Char('?') => view.state.mode = Mode::Help,
        KeyCode::Char('/') => view.state.mode = Mode::Search(String::new()),
        KeyCode::Left => along(view, Way::Back),
        KeyCode::Right => along(view, Way::On),
        KeyCode::Up => across(view, Way::Back),
        KeyCode::Down => across(view, Way::On),
        KeyCode::Home => go(view, view.trace.event_ids().next()),
        KeyCode::End => go(view, last(view)),
        KeyCode::Char('[') => go(view, cause(view)),
        KeyCode::Char(']') => go(view, effect(view)),
        KeyCode::Enter => pin(view),
        KeyCode::Char('w' | 'W') => zoom(view, view.state.scale.closer()),
        KeyCode::Char('s' | 'S') => {
            zoom(view, view.state.scale.farther(view.trace.events().len(), view.state.columns));
        }
        KeyCode::Char('a' | 'A') => pan(view, Way::Back),
        KeyCode::Char('d' | 'D') => pan(view, Way::On),
        KeyCode::Char('f' | 'F') => frame(view),
        KeyCode::Char('0') => whole(view),
        KeyCode::Char('n') => fault(view, Way::On),
        KeyCode::Char('N') => fault(view, Way::Back),
        KeyCode::Char('e' | 'E') => explain(view),
        KeyCode::Char('t' | 'T') => {
            view.state.theme = match view.state.theme {
                Theme::Dark => Theme::Light,
                Theme::Light => Theme::Plain,
                Theme::Plain => Theme::Dark,
            };
        }
        KeyCode::Esc => let_go(view),
        _ => {}
    }
    Flow::On
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Way {
    Back,
    On,
}

fn go(view: &mut View<'_>, event: Option<EventId>) {
    if let Some(event) = event {
        view.select(event);
    }
}

fn along(view: &mut View<'_>, way: Way) {
    let Some(event) = view.selected() else { return };
    let lane = &view.lanes[view.trace.node_of(event).index()].events;
    let place = lane.partition_point(|other| *other < event);
    let next = match way {
        Way::Back => place.checked_sub(1),
        Way::On => Some(place + 1),
    };
    go(view, next.and_then(|next| lane.get(next)).copied());
}

/// The nearest event on the next lane that has any.
fn across(view: &mut View<'_>, way: Way) {
    let Some(event) = view.selected() else { return };
    let own = view.trace.node_of(event).index();
    let mut lanes: Vec<usize> =
        (0..view.lanes.len()).filter(|lane| !view.lanes[*lane].events.is_empty()).collect();
    if way == Way::Back {
        lanes.reverse();
    }
    let next = lanes.iter().skip_while(|lane| **lane != own).nth(1);
    let nearest = next.and_then(|lane| {
        let events = &view.lanes[*lane].events;
        let place = events.partition_point(|other| *other < event);
        let near =
            events.get(place).into_iter().chain(place.checked_sub(1).and_then(|before| events.get(before)));
        near.min_by_key(|other| other.number().abs_diff(event.number())).copied()
    });
    go(view, nearest);
}

fn last(view: &View<'_>) -> Option<EventId> {
    let last = view.trace.events().len().checked_sub(1)?;
    u32::try_from(last).ok().map(EventId::new)
}

/// From where came what happened: the send of the message, or the state that a restart read.
fn cause(view: &View<'_>) -> Option<EventId> {
    match view.trace.event(view.selected()?).kind {
        Kind::Receive(message) => Some(view.trace.message(message).send),
        Kind::Restart { from } => from,
        _ => None,
    }
}

/// Where the first message arrives that was sent.
fn effect(view: &View<'_>) -> Option<EventId> {
    view.trace.event(view.selected()?).sends.iter().find_map(|message| view.arrival(message))
}

fn pin(view: &mut View<'_>) {
    view.state.pinned = if view.state.pinned == view.selected() { None } else { view.selected() };
    view.prove();
}

/// Changes the scale; the chosen event stays where it is seen, else the middle does.
fn zoom(view: &mut View<'_>, scale: Scale) {
    let columns = view.state.columns;
    let seen = view.selected().and_then(|event| Some((event.number(), view.column(event)?)));
    let middle = || (view.state.left.saturating_add(view.state.scale.events(columns) / 2), columns / 2);
    let (fixed, column) = seen.unwrap_or_else(middle);
    view.state.scale = scale;
    view.state.left = fixed.saturating_sub(scale.events(column));
    keep_within(view);
}

fn pan(view: &mut View<'_>, way: Way) {
    let step = (view.state.scale.events(view.state.columns) / 5).max(1);
    view.state.left = match way {
        Way::Back => view.state.left.saturating_sub(step),
        Way::On => view.state.left.saturating_add(step),
    };
    keep_within(view);
}

/// Behind the last event there is nothing to be seen.
fn keep_within(view: &mut View<'_>) {
    let events = u32::try_from(view.trace.events().len()).unwrap_or(u32::MAX);
    let seen = view.state.scale.events(view.state.columns);
    view.state.left = view.state.left.min(events.saturating_sub(seen.min(events) / 2));
}

/// The evidence where it is explained, else the chosen event, with what stands around it.
fn frame(view: &mut View<'_>) {
    let Some(event) = view.selected() else { return };
    let shown = view.state.explained.and_then(|nth| view.judgements.get(nth));
    let mut range = (event, event);
    if let Some(Verdict::Violated(evidence)) = shown.map(|judgement| &judgement.verdict) {
        for witness in &evidence.events {
            range = (range.0.min(witness.event), range.1.max(witness.event));
        }
    }
    let around = if range.0 == range.1 { 12 } else { 2 };
    let first = range.0.number().saturating_sub(around);
    let events = u64::from(range.1.number() - first) + u64::from(around) + 1;
    view.state.scale = Scale::fitting(events, view.state.columns);
    view.state.left = first;
    view.show();
}

fn whole(view: &mut View<'_>) {
    view.state.scale = Scale::fitting(view.trace.events().len() as u64, view.state.columns);
    view.state.left = 0;
}

fn fault(view: &mut View<'_>, way: Way) {
    let Some(event) = view.selected() else { return };
    let after = view.evidence.partition_point(|(other, _)| *other <= event);
    let before = view.evidence.partition_point(|(other, _)| *other < event);
    let next = match way {
        // Behind the last comes the first.
        Way::On => view.evidence.get(after).or(view.evidence.first()),
        Way::Back => before.checked_sub(1).and_then(|nth| view.evidence.get(nth)).or(view.evidence.last()),
    };
    match next.copied() {
        None => view.state.told = "nothing shows a violation".to_owned(),
        Some((event, judgement)) => {
            view.select(event);
            if view.state.explained.is_some() {
                view.state.explained = Some(judgement);
            }
        }
    }
}

fn explain(view: &mut View<'_>) {
    if view.state.explained.take().is_some() {
        return;
    }
    let of_chosen = view.selected().and_then(|event| view.shows(event));
    view.state.explained = of_chosen.or(view.evidence.first().map(|(_, judgement)| *judgement));
    if view.state.explained.is_none() {
        view.state.told = "nothing is violated, so there is nothing to explain".to_owned();
    }
}

fn let_go(view: &mut View<'_>) {
    if view.state.pinned.take().is_some() {
        view.prove();
    } else {
        view.state.explained = None;
        view.state.told.clear();
    }
}

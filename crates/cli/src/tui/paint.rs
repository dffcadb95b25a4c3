//! A screen of a run: bar, sentence, strip, lanes, panel, keys. No more is done for it than what is seen wants.

use constellation_report::text::Letters;
use constellation_report::{Caption, Picture};
use constellation_trace::one_line;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use unicode_width::UnicodeWidthStr as _;

use super::keys::KEYS;
use super::lanes;
use super::panel::{self, Line, lettered};
use super::view::{Mode, Theme, View};
use crate::printer::count;

/// What something means; the colours say nothing that letters do not.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Role {
    Plain,
    Faint,
    Strong,
    Past,
    Future,
    /// It is concurrent.
    Beside,
    Found,
    Holds,
    Chosen,
}

/// How what means this looks.
pub(super) fn style(theme: Theme, role: Role) -> Style {
    let plain = Style::new();
    // Of the 256 colours of terminals those nearest to the ones of the page.
    let coloured = |dark: u8, light: u8| match theme {
        Theme::Dark => plain.fg(Color::Indexed(dark)),
        Theme::Light => plain.fg(Color::Indexed(light)),
        Theme::Plain => plain,
    };
    match role {
        Role::Plain => plain,
        Role::Faint => plain.add_modifier(Modifier::DIM),
        Role::Strong => plain.add_modifier(Modifier::BOLD),
        Role::Past => coloured(75, 25),
        Role::Future => coloured(215, 130),
        Role::Beside => coloured(248, 243),
        Role::Found => coloured(204, 125).add_modifier(Modifier::BOLD),
        Role::Holds => coloured(79, 23),
        Role::Chosen => plain.add_modifier(Modifier::REVERSED),
    }
}

/// Where what stands on a screen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    pub(super) names: Rect,
    pub(super) lanes: Rect,
    axis: Rect,
    panel: Rect,
    keys: Rect,
    /// How many rows a lane has.
    pub(super) pitch: u16,
}

/// Rows of the bar, the sentence and the strip.
const HEAD: u16 = 3;

impl Places {
    pub(super) fn of(view: &View<'_>, area: Rect) -> Places {
        /// From this width on the panel stands at the side.
        const WIDE: u16 = 150;
        const SIDE: u16 = 62;
        let name = view.lanes.iter().take(1_000).map(|lane| lane.name.width()).max().unwrap_or(0);
        let names = u16::try_from(name).unwrap_or(u16::MAX).min(area.width / 4).min(20) + 1;
        let is_wide = area.width >= WIDE;
        let width = if is_wide { area.width - SIDE } else { area.width };
        let below = area.height.saturating_sub(HEAD + 2);
        let panel = if is_wide { 0 } else { (below / 2).min(16) };
        let rows = below - panel;
        let lanes = u16::try_from(view.lanes.len()).unwrap_or(u16::MAX);
        let pitch = if lanes.saturating_mul(2).saturating_sub(1) <= rows { 2 } else { 1 };
        let used = rows.min(lanes.saturating_mul(pitch).saturating_sub(pitch - 1));
        let top = area.y + HEAD;
        let at = |x: u16, y: u16, width: u16, height: u16| Rect { x, y, width, height };
        let axis = at(area.x, top + used, width, 1.min(area.height.saturating_sub(HEAD)));
        let last = area.y + area.height.saturating_sub(1);
        let panel = if is_wide {
            at(area.x + width + 1, top, SIDE - 1, below)
        } else {
            at(area.x, axis.y + 1, area.width, last.saturating_sub(axis.y + 1))
        };
        Places {
            names: at(area.x, top, names.min(width), used),
            lanes: at(area.x + names.min(width), top, width.saturating_sub(names), used),
            axis,
            panel,
            keys: at(area.x, last, area.width, 1.min(area.height)),
            pitch,
        }
    }
}

/// Tells the state how large its window is, so that keys know what is seen.
pub(super) fn fit(view: &mut View<'_>, area: Rect) {
    let places = Places::of(view, area);
    let rows = usize::from(places.lanes.height.div_ceil(places.pitch));
    let columns = u32::from(places.lanes.width);
    if (view.state.columns, view.state.rows) != (columns, rows) {
        view.state.columns = columns;
        view.state.rows = rows;
        view.show();
    }
}

/// Draws a screen.
pub(super) fn draw(view: &View<'_>, area: Rect, buffer: &mut Buffer) {
    /// In less there is no room for a lane.
    const LEAST: (u16, u16) = (30, 8);
    let pen = Pen { theme: view.state.theme, letters: view.letters };
    if area.width < LEAST.0 || area.height < LEAST.1 {
        pen.text(buffer, area, &[(Role::Plain, "the window is too small".to_owned())]);
        return;
    }
    let places = Places::of(view, area);
    head(view, area, &pen, buffer);
    lanes::draw(view, &places, &pen, buffer);
    lanes::axis(view, places.axis, places.names.width, &pen, buffer);
    let lines = match view.state.mode {
        Mode::Help => help(),
        _ => panel::lines(view, usize::from(places.panel.width)),
    };
    rows(&lines, places.panel, &pen, buffer);
    pen.text(buffer, places.keys, &foot(view));
}

/// What writes on a screen.
pub(super) struct Pen {
    pub(super) theme: Theme,
    pub(super) letters: Letters,
}

impl Pen {
    /// Parts of a line from the left edge of an area, as far as it goes.
    pub(super) fn text(&self, buffer: &mut Buffer, area: Rect, parts: &[(Role, String)]) {
        if area.height == 0 || area.width == 0 {
            return;
        }
        let (mut x, end) = (area.x, area.x + area.width);
        for (role, text) in parts {
            let room = usize::from(end.saturating_sub(x));
            let text = lettered(text, self.letters);
            let is_cut = text.width() > room;
            (x, _) = buffer.set_stringn(x, area.y, text, room, style(self.theme, *role));
            if is_cut {
                self.put(buffer, (end - 1, area.y), self.letter('…', '~'), *role);
                return;
            }
        }
    }

    /// One letter.
    pub(super) fn put(&self, buffer: &mut Buffer, (x, y): (u16, u16), letter: char, role: Role) {
        if let Some(cell) = buffer.cell_mut((x, y)) {
            cell.set_char(letter).set_style(Style::reset().patch(style(self.theme, role)));
        }
    }

    pub(super) const fn letter(&self, unicode: char, ascii: char) -> char {
        match self.letters {
            Letters::Unicode => unicode,
            Letters::Ascii => ascii,
        }
    }
}

/// The verdict, the sentence, and where the window stands in the run.
fn head(view: &View<'_>, area: Rect, pen: &Pen, buffer: &mut Buffer) {
    let row = |nth: u16| Rect { y: area.y + nth, height: 1, ..area };
    let picture = Picture::new(view.trace, view.judgements, Caption::default());
    let (glyph, word) = picture.verdict();
    let role = match word {
        "holds" => Role::Holds,
        "violated" => Role::Found,
        _ => Role::Strong,
    };
    let (events, messages) = (view.trace.events().len(), view.trace.messages().len());
    let counts = format!(
        "  {}, {}, {}",
        count(events, "event"),
        count(view.lanes.len(), "node"),
        count(messages, "message")
    );
    let title = format!("  {}", one_line(&view.title));
    pen.text(
        buffer,
        row(0),
        &[(role, format!("{glyph} {word}")), (Role::Strong, title), (Role::Faint, counts)],
    );
    pen.text(buffer, row(1), &[(Role::Plain, one_line(&picture.sentence()).into_owned())]);
    strip(view, row(2), pen, buffer);
}

/// The whole run in a line: the window, and where evidence is.
fn strip(view: &View<'_>, area: Rect, pen: &Pen, buffer: &mut Buffer) {
    let events = (view.trace.events().len() as u64).max(1);
    let width = u64::from(area.width);
    let place = |number: u64| u16::try_from((number * width / events).min(width - 1)).unwrap_or(0);
    let seen = u64::from(view.state.scale.events(view.state.columns));
    let first = u64::from(view.state.left);
    let (from, to) = (place(first), place((first + seen).min(events)));
    for x in 0..area.width {
        let is_seen = (from..=to).contains(&x);
        let letter = if is_seen { pen.letter('━', '=') } else { pen.letter('─', '-') };
        pen.put(buffer, (area.x + x, area.y), letter, if is_seen { Role::Strong } else { Role::Faint });
    }
    for (event, _) in &view.evidence {
        pen.put(
            buffer,
            (area.x + place(u64::from(event.number())), area.y),
            pen.letter('▼', 'v'),
            Role::Found,
        );
    }
}

/// Lines below each other, as many as there is room for; that there are more is said.
fn rows(lines: &[Line], area: Rect, pen: &Pen, buffer: &mut Buffer) {
    let room = usize::from(area.height);
    let shown = if lines.len() > room { room.saturating_sub(1) } else { lines.len() };
    for (nth, line) in (0..).zip(&lines[..shown]) {
        pen.text(buffer, Rect { y: area.y + nth, height: 1, ..area }, line);
    }
    if shown < lines.len() && room > 0 {
        let more = format!("{} lines more: the window is too low for them", lines.len() - shown);
        let y = area.y + area.height - 1;
        pen.text(buffer, Rect { y, height: 1, ..area }, &[(Role::Faint, more)]);
    }
}

fn help() -> Vec<Line> {
    KEYS.iter()
        .map(|(keys, does)| vec![(Role::Strong, format!("{keys:<11}")), (Role::Plain, (*does).to_owned())])
        .collect()
}

fn foot(view: &View<'_>) -> Line {
    match &view.state.mode {
        Mode::Search(text) => vec![
            (Role::Strong, "search: ".to_owned()),
            (Role::Plain, one_line(text).into_owned()),
            (Role::Chosen, " ".to_owned()),
        ],
        Mode::Help => vec![(Role::Faint, "any key goes back".to_owned())],
        Mode::Walk if !view.state.told.is_empty() => {
            vec![(Role::Strong, one_line(&view.state.told).into_owned())]
        }
        Mode::Walk => {
            let keys = "? keys  ← → ↑ ↓ walk  [ ] message  Enter compare  W S zoom  N violation  E explain  / search  Q leave";
            vec![(Role::Faint, keys.to_owned())]
        }
    }
}

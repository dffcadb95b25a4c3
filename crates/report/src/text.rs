//! The picture of the evidence, or of a small run, as lines of text: a row a node, time to the right, arrows between.
//!
//! The same layout as [`svg`](crate::svg), for a terminal, a log and a mail: letters of one width, in box drawing or in plain
//! ASCII. Columns are ordinal, so the distances between them say nothing. What has no room is left out, and that is said.

mod grid;
mod plan;

use std::fmt;

use constellation_trace::{EventId, Kind, Proof, Verdict, one_line};
use unicode_width::UnicodeWidthStr;

use self::grid::{Grid, Weight};
use self::plan::{End, Placed, Plan, Route, Side};
use crate::diagram::{Band, Diagram, Role, Scope};
use crate::picture::Picture;

/// Which letters a drawing is made of.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Letters {
    /// Lines, circles and arrows of Unicode.
    #[default]
    Unicode,
    /// ASCII alone; other letters in names are written out, as `\u{e9}`.
    Ascii,
}

/// What a part of a line means; a reader without colours misses nothing.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Ink {
    /// Nothing but what it says.
    #[default]
    Plain,
    /// It is there to find one's way.
    Faint,
    /// It is a step of what proves the order.
    Proof,
    /// It shows what was found.
    Found,
}

/// A line of a drawing: parts, each with what it means. Printed, it has no space at its end.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Line {
    /// From left to right.
    pub parts: Vec<(Ink, String)>,
}

impl Line {
    fn of(ink: Ink, text: impl Into<String>) -> Line {
        Line { parts: vec![(ink, text.into())] }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line: String = self.parts.iter().map(|(_, text)| text.as_str()).collect();
        f.write_str(line.trim_end())
    }
}

/// A drawing is never narrower than this: in less there is no room for two events with their names.
pub const COLUMNS_MIN: usize = 40;

/// Names of nodes that are wider are cut.
const NAME_MAX: usize = 24;

/// Draws the evidence where there is any, else the run, as much of it as can be read, in so many columns, 40 at least; none
/// where nothing happened. O(events + n² log n) for n events that are drawn.
pub fn draw(picture: &Picture<'_>, columns: usize, letters: Letters) -> Vec<Line> {
    drawn(picture, &diagram(picture), columns, letters)
}

/// As [`draw`], of evidence alone: none where there is none, or where a single event is all of it.
pub fn draw_evidence(picture: &Picture<'_>, columns: usize, letters: Letters) -> Vec<Line> {
    let diagram = diagram(picture);
    if diagram.scope != Scope::Evidence || diagram.marks.len() < 2 {
        return Vec::new();
    }
    drawn(picture, &diagram, columns, letters)
}

fn diagram(picture: &Picture<'_>) -> Diagram {
    // Wide enough that no two marks of different times come to stand at one place.
    const UNITS: u32 = 100_000;
    Diagram::of(picture, Scope::Evidence, UNITS)
}

fn drawn(picture: &Picture<'_>, diagram: &Diagram, columns: usize, letters: Letters) -> Vec<Line> {
    if diagram.marks.is_empty() {
        return Vec::new();
    }
    let name = |lane: &usize| {
        cut(&told(picture.trace().node_name(diagram.lanes[*lane]), letters), NAME_MAX, letters)
    };
    let all: Vec<usize> = (0..diagram.lanes.len()).collect();
    let left = all.iter().map(|lane| name(lane).width()).max().unwrap_or(0) + 2;
    let room = columns.max(COLUMNS_MIN) - left;
    let plan = Plan::of(picture.trace(), diagram, room);
    let names: Vec<String> = plan.lanes.iter().map(name).collect();
    let drawing = Drawing { picture, diagram, plan: &plan, names: &names, left, room, letters };
    let mut lines = drawing.bands();
    lines.extend(drawing.lanes());
    lines.extend(drawing.below());
    lines
}

/// A text of somebody else on one line, in these letters.
fn told(text: &str, letters: Letters) -> String {
    let line = one_line(text);
    match letters {
        Letters::Unicode => line.into_owned(),
        Letters::Ascii => {
            let mut ascii = String::new();
            for letter in line.chars() {
                if letter.is_ascii() { ascii.push(letter) } else { ascii.extend(letter.escape_default()) }
            }
            ascii
        }
    }
}

/// A text in so many columns at most; that its end is left out is seen.
fn cut(text: &str, columns: usize, letters: Letters) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let sign = match (columns, letters) {
        (0, _) => "",
        (_, Letters::Ascii) => "~",
        (_, Letters::Unicode) => "…",
    };
    // Letters that join, such as those of a flag or a family, are together wider or narrower than one by one, so it is whole
    // beginnings that are measured; of letters that take no column only so many are looked at.
    let ends = text.char_indices().map(|(at, letter)| at + letter.len_utf8());
    let ends = std::iter::once(0).chain(ends).take(columns.saturating_mul(LETTERS_A_COLUMN) + 1);
    let fitting = ends.take_while(|end| text[..*end].width() + sign.width() <= columns);
    let end = fitting.last().unwrap_or(0);
    format!("{}{sign}", &text[..end])
}

/// Of a text that is cut no more letters are kept for each column that it may take.
const LETTERS_A_COLUMN: usize = 8;

struct Drawing<'d, 't> {
    picture: &'d Picture<'t>,
    diagram: &'d Diagram,
    plan: &'d Plan,
    names: &'d [String],
    /// How wide the names are, with what parts them from the lanes.
    left: usize,
    /// How wide the rest may be.
    room: usize,
    letters: Letters,
}

impl Drawing<'_, '_> {
    fn letter(&self, unicode: char, ascii: char) -> char {
        if self.letters == Letters::Ascii { ascii } else { unicode }
    }

    /// What the world did to links, above the lanes: a line each.
    fn bands(&self) -> Vec<Line> {
        const BANDS_MAX: usize = 4;
        let mut lines: Vec<Line> =
            self.diagram.bands.iter().take(BANDS_MAX).map(|band| self.band(band)).collect();
        if self.diagram.bands.len() > BANDS_MAX {
            let more = self.diagram.bands.len() - BANDS_MAX;
            lines.push(Line::of(
                Ink::Faint,
                format!("{:left$}and {more} more of the kind", "", left = self.left),
            ));
        }
        lines
    }

    fn band(&self, band: &Band) -> Line {
        let placed = &self.plan.marks;
        let edge = |x: u32| placed.iter().find(|mark| mark.units >= x).map(|mark| mark.x.saturating_sub(1));
        // Both ends of it are within the picture, even where a single mark is wider than that.
        let start_max = self.plan.width.saturating_sub(2).min(self.room - 3);
        let start = edge(band.from).unwrap_or(start_max).min(start_max);
        let end = edge(band.to).unwrap_or(self.plan.width).max(start + 2).min(self.room - 1);
        let rule = self.letter('╌', '.');
        let (open, close) = (self.letter('├', '|'), self.letter('┤', '|'));
        let text = told(&band.text, self.letters);
        let inner = end - start - 1;
        let bar = |inside: &str| {
            let rest = inner - inside.width();
            let rules: String = std::iter::repeat_n(rule, rest).collect();
            let (before, after) = rules.split_at(rules.char_indices().nth(rest / 2).map_or(0, |(at, _)| at));
            format!("{open}{before}{inside}{after}{close}")
        };
        let (behind, before) = (self.room.saturating_sub(end + 2), start.saturating_sub(1));
        let line = if text.width() + 4 <= inner {
            format!("{:start$}{}", "", bar(&format!(" {text} ")))
        } else if text.width() <= behind || behind >= before {
            format!("{:start$}{} {}", "", bar(""), cut(&text, behind, self.letters))
        } else {
            let text = cut(&text, before, self.letters);
            format!("{:>indent$}{text} {}", "", bar(""), indent = before - text.width())
        };
        Line::of(Ink::Faint, format!("{:left$}{line}", "", left = self.left))
    }

    /// The rows of the nodes, and the arrows between them.
    fn lanes(&self) -> Vec<Line> {
        let plan = self.plan;
        // A single mark may be wider than the room is: what is behind that is not shown.
        let mut grid = Grid::new(plan.width.min(self.room), plan.rows());
        for lane in 0..self.names.len() {
            self.lane(lane, &mut grid);
        }
        // What proves it is drawn last, so that it stands above the rest.
        let mut routes: Vec<&Route> = plan.routes.iter().collect();
        routes.sort_by_key(|route| route.weight);
        routes.iter().for_each(|route| self.route(route, &mut grid));
        routes.iter().for_each(|route| self.words(route, &mut grid));
        for mark in &plan.marks {
            self.mark(mark, &mut grid);
        }
        let lines = grid.lines(self.letters).into_iter().enumerate();
        lines.map(|(row, line)| self.with_name(row, line)).collect()
    }

    fn with_name(&self, row: usize, line: Line) -> Line {
        let lane = self.plan.lane_rows.iter().position(|lane_row| *lane_row == row);
        let name = lane.map_or("", |lane| &self.names[lane]);
        let padding = " ".repeat(self.left - name.width());
        let mut parts = vec![(Ink::Plain, format!("{name}{padding}"))];
        parts.extend(line.parts);
        if let Some((first, then)) = lane.and_then(|lane| self.came_first(lane)) {
            let told = format!("  {} {first} before {then}", self.letter('←', '<'));
            if self.left + self.plan.width + told.width() <= self.left + self.room {
                parts.push((Ink::Found, told));
            }
        }
        Line { parts }
    }

    /// In which order the two events of a node happened that show what was found.
    fn came_first(&self, lane: usize) -> Option<(EventId, EventId)> {
        let mut shown = self.plan.marks.iter().filter(|mark| mark.lane == lane && mark.role == Role::Witness);
        let (first, then) = (shown.next()?, shown.next()?);
        // Of more, the list of them says more.
        shown.next().is_none().then_some((first.event, then.event))
    }

    /// The line of a node: as long as there is anything, with what the world did to it.
    fn lane(&self, lane: usize, grid: &mut Grid) {
        let row = self.plan.lane_rows[lane];
        grid.horizontal(row, 0, self.plan.width.saturating_sub(1), Weight::Light, Ink::Faint);
        let edge = |x: u32| self.plan.marks.iter().find(|mark| mark.units >= x).map(|mark| mark.x);
        let spans = self.diagram.spans.iter().map(|span| (span, '~'));
        let spans = spans.chain(self.diagram.absences.iter().map(|span| (span, ' ')));
        for (span, letter) in spans.filter(|(span, _)| span.lane == self.plan.lanes[lane]) {
            let from = edge(span.from).unwrap_or(self.plan.width);
            let to = edge(span.to).filter(|to| *to > from).unwrap_or(self.plan.width);
            (from..to).for_each(|x| grid.put(row, x, letter, Ink::Faint));
        }
    }

    /// A message: down or up from where it is sent, along the gap beside the lane that it goes to, and into it.
    fn route(&self, route: &Route, grid: &mut Grid) {
        let plan = self.plan;
        let (from, row) = (&plan.marks[route.from], plan.row_of(route));
        let (start, weight) = (from.departs_at(), route.weight);
        let ink = if weight == Weight::Heavy { Ink::Proof } else { Ink::Faint };
        grid.vertical(start, plan.lane_rows[from.lane], row, weight, ink);
        match route.to {
            End::Mark(to) => {
                let end = plan.marks[to].x;
                let lane_row = plan.lane_rows[plan.marks[to].lane];
                let (near, head) = match route.side {
                    Side::Above => (lane_row - 1, self.letter('▼', 'v')),
                    Side::Below => (lane_row + 1, self.letter('▲', '^')),
                };
                grid.horizontal(row, start.min(end), start.max(end), weight, ink);
                grid.vertical(end, row, near, weight, ink);
                grid.put(near, end, head, ink);
            }
            End::Lost | End::Open => grid.horizontal(row, start, start + 1, weight, ink),
        }
    }

    /// What a message is called, on its way; and what becomes of it, where it does not arrive.
    fn words(&self, route: &Route, grid: &mut Grid) {
        let (start, row) = (self.plan.marks[route.from].departs_at(), self.plan.row_of(route));
        let ink = if route.weight == Weight::Heavy { Ink::Proof } else { Ink::Faint };
        let sign = match route.to {
            End::Mark(to) => {
                let end = self.plan.marks[to].x;
                let (from, to) = (start.min(end) + 1, start.max(end));
                let middle = (from + to).saturating_sub(route.label.len()) / 2;
                let x = grid.clear(row, (from, to), middle, route.label.len());
                return grid.text(row, x, &route.label, ink);
            }
            End::Lost => format!("{} lost", self.letter('✗', 'x')),
            End::Open => format!("{} on its way", self.letter('▷', '>')),
        };
        let rule = self.letter('╌', '.');
        grid.text(row, start + 2, &format!("{}{rule}{sign}", route.label), ink);
    }

    fn mark(&self, mark: &Placed, grid: &mut Grid) {
        let row = self.plan.lane_rows[mark.lane];
        let ink = if mark.role == Role::Witness { Ink::Found } else { Ink::Plain };
        let (send, receive) = (self.letter('●', '*'), self.letter('○', 'o'));
        let kind = self.picture.trace().event(mark.event).kind;
        let signs: String = match kind {
            Kind::Crash => self.letter('✕', 'X').to_string(),
            Kind::Restart { .. } => self.letter('↻', 'R').to_string(),
            _ if mark.arrives && mark.departs => format!("{receive}{send}"),
            _ if mark.arrives => receive.to_string(),
            _ if mark.departs => send.to_string(),
            _ => self.letter('▏', '|').to_string(),
        };
        grid.text(row, mark.x, &format!("{signs}{}", mark.label), ink);
    }

    /// What is said below the lanes: what the signs mean, the order, who is lost and why, what is not drawn.
    fn below(&self) -> Vec<Line> {
        let mut lines = vec![(Ink::Faint, self.legend())];
        lines.extend(self.order());
        lines.extend(self.losses());
        let drawn = self.plan.marks.len();
        let all = self.diagram.marks.len();
        if drawn < all {
            let columns = self.left + self.room;
            let part =
                if self.diagram.scope == Scope::Evidence { "of the evidence" } else { "from the beginning" };
            let line = format!(
                "{} of {all} events {part} are not drawn: {columns} columns have no room for them",
                all - drawn
            );
            lines.push((Ink::Faint, line));
        }
        lines.into_iter().flat_map(|(ink, text)| self.folded(ink, &text)).collect()
    }

    /// A text below the lanes, in as many lines as it needs; a word that is wider than a line is cut.
    fn folded(&self, ink: Ink, text: &str) -> Vec<Line> {
        let mut lines: Vec<String> = Vec::new();
        for word in text.split_inclusive(' ') {
            match lines.last_mut() {
                Some(line) if line.width() + word.trim_end().width() <= self.room => line.push_str(word),
                _ => lines.push(word.to_owned()),
            }
        }
        let cut = |line: &String| cut(line.trim_end(), self.room, self.letters);
        let indented = |text: String| Line { parts: vec![(Ink::Plain, " ".repeat(self.left)), (ink, text)] };
        lines.iter().map(cut).map(indented).collect()
    }

    /// The signs that occur, each with its meaning.
    fn legend(&self) -> String {
        let has = |is: &dyn Fn(&Placed) -> bool| self.plan.marks.iter().any(is);
        let kind = |mark: &Placed| self.picture.trace().event(mark.event).kind;
        let is_turn = |mark: &Placed| matches!(kind(mark), Kind::Crash | Kind::Restart { .. });
        let signs = [
            (has(&|mark| mark.departs), self.letter('●', '*'), "sends"),
            (has(&|mark| mark.arrives), self.letter('○', 'o'), "delivers"),
            (has(&|mark| !mark.departs && !mark.arrives && !is_turn(mark)), self.letter('▏', '|'), "local"),
            (has(&|mark| kind(mark) == Kind::Crash), self.letter('✕', 'X'), "crashes"),
            (has(&|mark| matches!(kind(mark), Kind::Restart { .. })), self.letter('↻', 'R'), "restarts"),
            (!self.diagram.spans.is_empty(), '~', "stands still"),
            (
                self.plan.routes.iter().any(|route| route.weight == Weight::Heavy),
                self.letter('━', '='),
                "proves it",
            ),
            (has(&|mark| mark.role == Role::Witness), '!', "shows it"),
        ];
        let signs = signs.iter().filter(|(is_there, ..)| *is_there);
        let told = signs.map(|(_, sign, means)| format!("{sign} {means}"));
        told.chain(["not to scale".to_owned()]).collect::<Vec<_>>().join("  ")
    }

    /// Which of the two came first, where the evidence says so.
    fn order(&self) -> Option<(Ink, String)> {
        let worst = self.picture.worst()?;
        let Verdict::Violated(evidence) = &worst.verdict else { return None };
        if self.diagram.scope != Scope::Evidence {
            return None;
        }
        match &evidence.proof {
            Proof::Chain(chain) => {
                let (first, last) = (chain.first()?.event, chain.last()?.event);
                let told = format!("{first} happened before {last}");
                (first != last).then_some((Ink::Proof, told))
            }
            Proof::NoChain { one, other } => {
                Some((Ink::Plain, format!("neither {one} nor {other} came first: they are concurrent")))
            }
            _ => None,
        }
    }

    fn losses(&self) -> Vec<(Ink, String)> {
        const TOLD_MAX: usize = 3;
        let lost =
            self.plan.routes.iter().filter(|route| matches!(route.to, End::Lost) && !route.why.is_empty());
        let line = |route: &Route| {
            (Ink::Faint, format!("{} is lost: {}", route.label, told(&route.why, self.letters)))
        };
        lost.take(TOLD_MAX).map(line).collect()
    }
}

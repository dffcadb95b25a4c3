//! Lanes, marks and arrows of a diagram, drawn.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use constellation_trace::{Kind, NodeId, Trace, one_line};

use super::chains::{Chain, ROW, chains, rows};
use super::words::{cut, width, wrap};
use crate::diagram::{Arrow, Diagram, Head, Join, Mark, Role, Tie};
use crate::page::escape;
use crate::picture::Picture;

/// From the left edge to where the lanes begin.
pub(super) const LEFT: u32 = 160;
/// From where the lanes end to the margin.
pub(super) const RIGHT: u32 = 12;

/// How far lanes are apart.
const LANE: u32 = 76;
/// Of more messages than that none has its id beside it.
const NAMED_MAX: usize = 8;
/// Above the first lane.
const HEAD: u32 = 44;
/// Below the last.
const FOOT: u32 = 60;

/// A place in a picture, in hundredths of a unit: what is drawn is whole numbers, on every machine.
#[derive(Clone, Copy)]
struct Point {
    x: i64,
    y: i64,
}

impl Point {
    /// So far from here to there, in hundredths of a unit.
    fn toward(self, other: Point, far: i64) -> Point {
        let (x, y) = (other.x - self.x, other.y - self.y);
        let length = (x * x + y * y).isqrt().max(1);
        Point { x: self.x + x * far / length, y: self.y + y * far / length }
    }

    /// A place that far left of the way from here to there, at its middle.
    fn aside(self, other: Point, far: i64) -> Point {
        let (x, y) = (other.x - self.x, other.y - self.y);
        let length = (x * x + y * y).isqrt().max(1);
        Point { x: (self.x + other.x) / 2 + y * far / length, y: (self.y + other.y) / 2 - x * far / length }
    }

    /// A place on the curve from here to there, seven tenths of the way.
    fn curved(self, bend: Point, other: Point) -> Point {
        let at = |from: i64, bend: i64, to: i64| (9 * from + 42 * bend + 49 * to) / 100;
        Point { x: at(self.x, bend.x, other.x), y: at(self.y, bend.y, other.y) }
    }
}

impl std::fmt::Display for Point {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let part = |f: &mut std::fmt::Formatter<'_>, hundredths: i64| {
            let sign = if hundredths < 0 { "-" } else { "" };
            let size = hundredths.unsigned_abs();
            match (size / 100, size % 100) {
                (whole, 0) => write!(f, "{sign}{whole}"),
                (whole, rest) => write!(f, "{sign}{whole}.{rest:02}"),
            }
        };
        part(f, self.x)?;
        f.write_str(" ")?;
        part(f, self.y)
    }
}

struct Drawing<'d, 't> {
    picture: &'d Picture<'t>,
    trace: &'t Trace,
    lane_names: Vec<&'d str>,
    diagram: &'d Diagram,
    /// The nodes that share lanes.
    chains: Vec<Chain>,
    /// The rows of those nodes.
    rows: BTreeMap<NodeId, u32>,
    /// How far down the first row of each lane is.
    lines: Vec<u32>,
    top: u32,
    body: &'d mut String,
    /// What stands above all lines.
    above: String,
}

/// Draws the diagram with its upper edge there, and returns how high it is.
pub(super) fn lanes(picture: &Picture<'_>, diagram: &Diagram, top: u32, body: &mut String) -> u32 {
    if diagram.marks.is_empty() {
        return 0;
    }
    let chains = chains(picture, diagram);
    let mut lines = Vec::with_capacity(diagram.lanes.len());
    let mut height = HEAD;
    for rows in rows(&chains, diagram.lanes.len()) {
        lines.push(top + height);
        // Saturating: a picture has at most as many lanes and rows as marks.
        height = height.saturating_add(LANE).saturating_add((rows - 1).saturating_mul(ROW));
    }
    let height = height - LANE + FOOT;
    let mut drawing = Drawing {
        picture,
        trace: picture.trace(),
        lane_names: picture.lane_names(),
        diagram,
        rows: chains.iter().map(|chain| (chain.node, chain.row)).collect(),
        chains,
        lines,
        top,
        body,
        above: String::new(),
    };
    drawing.bands(height);
    drawing.lines();
    for tie in &diagram.ties {
        drawing.tie(tie);
    }
    for join in &diagram.joins {
        drawing.join(join);
    }
    for arrow in &diagram.arrows {
        drawing.arrow(arrow);
    }
    for mark in &diagram.marks {
        drawing.mark(mark);
    }
    for lane in (0..diagram.lanes.len()).filter(|_| !picture.shares_lanes()) {
        drawing.labels(lane);
    }
    drawing.names();
    drawing.numbers();
    let above = std::mem::take(&mut drawing.above);
    drawing.body.push_str(&above);
    drawing.times(top + height);
    height + 4
}

impl Drawing<'_, '_> {
    fn line_y(&self, lane: usize) -> u32 {
        self.lines[lane]
    }

    /// How far down a mark is: in the row of its node.
    fn mark_y(&self, mark: &Mark) -> u32 {
        let row = self.rows.get(&self.trace.node_of(mark.event)).copied().unwrap_or(0);
        self.lines[mark.lane] + row * ROW
    }

    fn place(&self, mark: &Mark) -> Point {
        Point { x: i64::from(LEFT + mark.x) * 100, y: i64::from(self.mark_y(mark)) * 100 }
    }

    fn point(&self, x: u32, lane: usize) -> Point {
        Point { x: i64::from(LEFT + x) * 100, y: i64::from(self.line_y(lane)) * 100 }
    }

    fn push(&mut self, line: &str) {
        self.body.push_str(line);
        self.body.push('\n');
    }

    fn text(&mut self, place: (u32, u32), class: &str, anchor: &str, text: &str) {
        self.push(&text_at(place, class, anchor, text));
    }

    fn text_above(&mut self, place: (u32, u32), class: &str, anchor: &str, text: &str) {
        self.above.push_str(&text_at(place, class, anchor, text));
        self.above.push('\n');
    }

    fn bands(&mut self, height: u32) {
        let mut last_end = 0;
        for band in &self.diagram.bands {
            let (x, wide) = (LEFT + band.from, band.to - band.from);
            let (y, high) = (self.top, height - 20);
            let title = super::told(&band.text);
            self.push(&format!(
                "<rect class=\"c-band\" x=\"{x}\" y=\"{y}\" width=\"{wide}\" height=\"{high}\"><title>{title}</title></rect>"
            ));
            // Bands that lie over each other have one place for a name; the others tell theirs when pointed at.
            if x >= last_end && wide > 60 {
                self.text((x + 6, y + 14), "c-small c-faint", "start", &cut(&band.text, wide - 12, 11));
                last_end = x + wide;
            }
        }
    }

    fn lines(&mut self) {
        let diagram = self.diagram;
        let end = super::WIDTH - super::MARGIN;
        for (lane, node) in diagram.lanes.iter().enumerate() {
            let y = self.line_y(lane);
            let name = one_line(self.lane_names[self.picture.lane(*node) as usize]);
            self.lane_name(y, &name);
            if self.picture.shares_lanes() {
                self.bars(lane);
                continue;
            }
            let mut x = LEFT - 12;
            for gap in diagram.absences.iter().filter(|gap| gap.lane == lane) {
                let (from, to) = (LEFT + gap.from, LEFT + gap.to);
                self.push(&format!("<path class=\"c-line\" d=\"M{x} {y}H{from}\"/>"));
                self.push(&format!("<path class=\"c-gone\" d=\"M{from} {y}H{to}\"/>"));
                x = to;
            }
            self.push(&format!("<path class=\"c-line\" d=\"M{x} {y}H{end}\"/>"));
            for span in diagram.operations.iter().filter(|span| span.lane == lane) {
                let (from, to) = (LEFT + span.from, LEFT + span.to);
                let title = super::told(&span.text);
                self.push(&format!(
                    "<path class=\"c-bar\" d=\"M{from} {y}H{to}\"><title>{title}</title></path>"
                ));
            }
            for span in diagram.spans.iter().filter(|span| span.lane == lane) {
                let (from, to) = (LEFT + span.from, LEFT + span.to);
                let title = super::told(&span.text);
                self.push(&format!(
                    "<path class=\"c-held\" d=\"M{from} {y}H{to}\"><title>{title}</title></path>"
                ));
                let room = (to - from).max(60);
                self.text((from, y + 18), "c-small c-faint c-halo", "start", &cut(&span.text, room, 11));
            }
        }
    }

    /// The name of a lane, in two lines where nodes share it: that of a service is what tells them apart.
    fn lane_name(&mut self, y: u32, name: &str) {
        let room = LEFT - super::MARGIN - 20;
        let lines =
            if self.picture.shares_lanes() { wrap(name, room, 13) } else { vec![cut(name, room, 13)] };
        for (y, line) in (y + 4..).step_by(16).zip(lines.iter().take(2)) {
            self.text((super::MARGIN, y), "c-mid c-ink c-strong", "start", line);
        }
    }

    /// The bars of the nodes that share a lane, from the first event of each to its last.
    fn bars(&mut self, lane: usize) {
        let y = self.line_y(lane);
        let bars: Vec<String> = self
            .chains
            .iter()
            .filter(|chain| chain.lane == lane)
            .map(|chain| {
                let [(_, from), (_, to)] = chain.ends;
                let title = super::told(&chain.name);
                let y = y + chain.row * ROW;
                format!("<path class=\"c-bar\" d=\"M{from} {y}H{to}\"><title>{title}</title></path>")
            })
            .collect();
        bars.iter().for_each(|bar| self.push(bar));
    }

    /// The name of each node that shares its lane, above its bar, and the id of its last event where there is room.
    fn names(&mut self) {
        let mut texts = Vec::new();
        for chain in &self.chains {
            let y = self.line_y(chain.lane) + chain.row * ROW - 13;
            let [(first, _), (last, end)] = chain.ends;
            let x = chain.taken[0] + 6;
            let name = cut(&chain.name, chain.taken[1] - 6 - x, 11);
            let class = if chain.role == Role::Beside {
                "c-small c-ink c-halo"
            } else {
                "c-small c-ink c-strong c-halo"
            };
            let id = last.to_string();
            if last != first && x + width(&name, 11) + 12 + width(&id, 11) <= end {
                texts.push(((end + 2, y), "c-small c-faint c-halo", "end", id));
            }
            texts.push(((x, y), class, "start", name));
        }
        for (place, class, anchor, text) in texts {
            self.text(place, class, anchor, &text);
        }
    }

    fn arrow(&mut self, arrow: &Arrow) {
        let from = &self.diagram.marks[arrow.from];
        let (start, message) = (self.place(from), arrow.message);
        let class = match (arrow.is_proof, arrow.is_copy) {
            (true, _) => "c-proof",
            (false, true) => "c-copy",
            (false, false) => "c-sent",
        };
        let sends = self.trace.describe(from.event);
        let name = |what: &str| format!("<title>{message}{what}: {}</title>", super::told(&sends));
        match arrow.to {
            Head::Mark(to) => {
                let end = self.place(&self.diagram.marks[to]);
                let (start, end) = (start.toward(end, 600), end.toward(start, 700));
                let neck = end.toward(start, 700);
                self.push(&format!(
                    "<g data-message=\"{}\">{}<path class=\"{class}\" d=\"M{start}L{neck}\"/>{}</g>",
                    message.number(),
                    name(if arrow.is_copy { " once more" } else { "" }),
                    head(start, end, if arrow.is_proof { "c-past" } else { "c-beside" })
                ));
                if self.diagram.arrows.len() <= NAMED_MAX {
                    let class = if arrow.is_proof { "c-past" } else { "c-beside" };
                    let middle = start.aside(end, 0);
                    let place = (whole(middle.x), whole(middle.y) + 4);
                    self.text_above(
                        place,
                        &format!("c-small {class} c-halo"),
                        "middle",
                        &message.to_string(),
                    );
                }
            }
            Head::Lost(lane) | Head::Open(lane) => {
                // Near the right edge it turns away from it.
                let room = super::WIDTH - super::MARGIN - 12 - LEFT - from.x;
                let far = self.point(from.x + room.min(90), lane);
                let end = if lane == from.lane { far } else { start.toward(far, 5_000) };
                let start = start.toward(far, 600);
                let (what, sign) = match arrow.to {
                    Head::Lost(_) => (" is lost", cross(end, 400)),
                    _ => (" is on its way", String::new()),
                };
                self.push(&format!(
                    "<g data-message=\"{}\">{}<path class=\"c-lost\" d=\"M{start}L{end}\"/>{sign}</g>",
                    message.number(),
                    name(what)
                ));
                let why = if arrow.why.is_empty() { String::new() } else { format!(": {}", arrow.why) };
                self.beside(end, &format!("{message}{what}{why}"));
            }
        }
    }

    /// An order that no message made: bent, so that it is seen on a lane too.
    fn join(&mut self, join: &Join) {
        let (from, to) = (&self.diagram.marks[join.from], &self.diagram.marks[join.to]);
        let (start, end) = (self.place(from), self.place(to));
        let bend = start.aside(end, if from.lane == to.lane { 2_400 } else { 800 });
        let (start, end) = (start.toward(bend, 600), end.toward(bend, 700));
        let neck = end.toward(bend, 700);
        let what = format!("{} is before {}: {}", from.event, to.event, join.why);
        self.push(&format!(
            "<g data-edge=\"{} {}\"><title>{}</title><path class=\"c-tie\" d=\"M{start}Q{bend} {neck}\"/>{}</g>",
            from.event.number(),
            to.event.number(),
            super::told(&what),
            head(bend, end, "c-beside")
        ));
    }

    /// What a message comes to, beside its end, on the side that has room.
    fn beside(&mut self, end: Point, told: &str) {
        let (x, y, edge) = (whole(end.x), whole(end.y), super::WIDTH - super::MARGIN);
        let class = "c-small c-faint c-halo";
        if x + 10 + width(told, 11) <= edge {
            self.text_above((x + 10, y + 4), class, "start", told);
        } else {
            let room = x.saturating_sub(LEFT + 10);
            self.text_above((x.saturating_sub(10), y + 4), class, "end", &cut(told, room, 11));
        }
    }

    fn tie(&mut self, tie: &Tie) {
        let (from, to) = (&self.diagram.marks[tie.from], &self.diagram.marks[tie.to]);
        let (start, end) = (self.place(from), self.place(to));
        let bend = start.aside(end, if tie.is_step { 3_000 } else { 6_000 });
        let (start, end) = (start.toward(bend, 1_000), end.toward(bend, 1_000));
        if tie.is_step {
            self.push(&format!(
                "<path class=\"c-step\" d=\"M{start}Q{bend} {end}\"/>{}",
                head(bend, end, "c-bad")
            ));
        } else {
            self.push(&format!("<path class=\"c-tie\" d=\"M{start}Q{bend} {end}\"/>"));
        }
    }

    /// The words of ties, above all lines: the number of a step, or that nothing orders the two.
    fn numbers(&mut self) {
        let mut step = 0;
        for tie in &self.diagram.ties {
            let (from, to) = (&self.diagram.marks[tie.from], &self.diagram.marks[tie.to]);
            let (start, end) = (self.place(from), self.place(to));
            // A curve of this kind comes half as far as its bend.
            let middle = if tie.is_step && self.trace.messages().is_empty() {
                // What was done stands in words below each lane, so the number stands nearer to the end.
                start.curved(start.aside(end, 3_000), end)
            } else {
                start.aside(end, if tie.is_step { 1_500 } else { 3_000 })
            };
            let word = if tie.is_step {
                step += 1;
                step.to_string()
            } else {
                tie.text.clone()
            };
            let class = if tie.is_step { "c-small c-bad c-strong c-halo" } else { "c-small c-beside c-halo" };
            self.text((whole(middle.x), whole(middle.y) + 4), class, "middle", &word);
        }
    }

    fn mark(&mut self, mark: &Mark) {
        let event = self.trace.event(mark.event);
        let place = self.place(mark);
        let (x, y) = (LEFT + mark.x, self.mark_y(mark));
        let sends = !event.sends.is_empty();
        let shape = match event.kind {
            Kind::Crash => cross(place, 500),
            Kind::Restart { .. } => {
                format!(
                    "<text x=\"{x}\" y=\"{}\" class=\"c-big c-ink c-halo\" text-anchor=\"middle\">↻</text>",
                    y + 6
                )
            }
            Kind::Receive(_) if sends => format!(
                "<circle class=\"c-open\" cx=\"{x}\" cy=\"{y}\" r=\"5\"/><circle class=\"c-ink\" cx=\"{x}\" cy=\"{y}\" r=\"2\"/>"
            ),
            Kind::Receive(_) => format!("<circle class=\"c-open\" cx=\"{x}\" cy=\"{y}\" r=\"5\"/>"),
            _ if sends => format!("<circle class=\"c-ink\" cx=\"{x}\" cy=\"{y}\" r=\"5\"/>"),
            _ => format!("<rect class=\"c-ink\" x=\"{}\" y=\"{}\" width=\"3\" height=\"14\"/>", x - 1, y - 7),
        };
        let ring = match mark.role {
            Role::Witness => format!("<circle class=\"c-ring\" cx=\"{x}\" cy=\"{y}\" r=\"10\"/>"),
            _ => String::new(),
        };
        let witness = self.trace.witness(mark.event);
        let told = format!("{} {} {}: {}", mark.event, witness.process, witness.at, witness.what);
        self.push(&format!(
            "<g data-event=\"{}\"><title>{}</title>{ring}{shape}</g>",
            mark.event.number(),
            super::told(&told)
        ));
    }

    /// The ids above a lane, and what its witnesses are below it, as far as they do not cover each other.
    fn labels(&mut self, lane: usize) {
        let diagram = self.diagram;
        let mut marks: Vec<&Mark> = diagram.marks.iter().filter(|mark| mark.lane == lane).collect();
        marks.sort_by_key(|mark| std::cmp::Reverse(mark.role));
        let y = self.line_y(lane);
        let mut above: Vec<(u32, u32)> = Vec::new();
        for mark in &marks {
            let id = mark.event.to_string();
            let (x, half) = (LEFT + mark.x, width(&id, 12) / 2 + 2);
            if is_free(&above, x - half, x + half) {
                above.push((x - half, x + half));
                let class =
                    if mark.role == Role::Beside { "c-small c-faint" } else { "c-small c-ink c-strong" };
                self.text((x, y - 14), &format!("{class} c-halo"), "middle", &id);
            }
        }
        let below: Vec<&Mark> = marks.into_iter().filter(|mark| mark.role != Role::Beside).collect();
        let mut rows = [Vec::new(), Vec::new()];
        for (place, mark) in below.iter().enumerate() {
            let told = self.trace.describe(mark.event);
            let wanted = width(&told, 11);
            // In the upper row no words stand below another mark that is still to have its own there.
            let x = LEFT + mark.x;
            let later: Vec<(u32, u32)> =
                below[place + 1..].iter().map(|other| (LEFT + other.x, LEFT + other.x)).collect();
            let upper = Room::of(x, &[&rows[0][..], &later[..]].concat());
            let lower = Room::of(x, &rows[1]);
            let (row, room) =
                if upper.most() >= wanted || upper.most() >= lower.most() { (0, upper) } else { (1, lower) };
            let (size, anchor) = room.side(wanted);
            if size < wanted.min(Room::LEAST) {
                continue;
            }
            let told = cut(&told, size, 11);
            let wide = width(&told, 11);
            let (from, to, x) = if anchor == "start" { (x, x + wide, x - 4) } else { (x - wide, x, x + 4) };
            rows[row].push((from, to));
            let y = y + if row == 0 { 26 } else { 41 };
            self.text((x, y), "c-small c-ink c-halo", anchor, &told);
        }
    }

    /// When the columns are, as many as have room.
    fn times(&mut self, y: u32) {
        let mut end = 0;
        for mark in &self.diagram.marks {
            let told = self.picture.moment(self.trace.event(mark.event).at);
            // A thousandth of a second is enough to find one's way.
            let told = match told
                .strip_suffix("000s")
                .or(told.strip_suffix('s').and_then(|told| told.get(..told.len() - 3)))
            {
                Some(short) if told.starts_with('+') => format!("{short}s"),
                _ => told,
            };
            let (x, half) = (LEFT + mark.x, width(&told, 11) / 2);
            // The last one stays within the picture.
            let x = x.min(super::WIDTH - 4 - half);
            if x.saturating_sub(half) >= end {
                self.text((x, y), "c-small c-faint", "middle", &told);
                end = x + half + 8;
            }
        }
    }
}

/// How much room there is beside a mark for words.
struct Room {
    left: u32,
    right: u32,
}

impl Room {
    /// Less is of no use.
    const LEAST: u32 = 60;

    fn of(x: u32, taken: &[(u32, u32)]) -> Room {
        let end = super::WIDTH - super::MARGIN;
        let right = taken.iter().filter(|(_, to)| *to >= x).map(|(from, _)| *from).min().unwrap_or(end);
        let left =
            taken.iter().filter(|(from, _)| *from <= x).map(|(_, to)| *to).max().unwrap_or(super::MARGIN);
        // Some units between one word and the next.
        Room { left: x.saturating_sub(left + 8), right: right.saturating_sub(x + 8) }
    }

    fn most(&self) -> u32 {
        self.left.max(self.right)
    }

    /// To the right where there is enough room for it, else where there is more.
    fn side(&self, wanted: u32) -> (u32, &'static str) {
        if self.right >= wanted || self.right >= self.left {
            (self.right, "start")
        } else {
            (self.left, "end")
        }
    }
}

fn text_at((x, y): (u32, u32), class: &str, anchor: &str, text: &str) -> String {
    let anchor = if anchor == "start" { String::new() } else { format!(" text-anchor=\"{anchor}\"") };
    format!("<text x=\"{x}\" y=\"{y}\" class=\"{class}\"{anchor}>{}</text>", escape(text))
}

fn is_free(taken: &[(u32, u32)], from: u32, to: u32) -> bool {
    taken.iter().all(|(start, end)| to <= *start || from >= *end)
}

fn whole(hundredths: i64) -> u32 {
    u32::try_from(hundredths / 100).unwrap_or(0)
}

/// The head of an arrow that comes from there and ends here.
fn head(from: Point, end: Point, class: &str) -> String {
    let neck = end.toward(from, 900);
    let (x, y) = (end.x - neck.x, end.y - neck.y);
    let side = |sign: i64| Point { x: neck.x - sign * y * 4 / 9, y: neck.y + sign * x * 4 / 9 };
    format!("<path class=\"{class}\" d=\"M{end}L{}L{}Z\"/>", side(1), side(-1))
}

fn cross(place: Point, size: i64) -> String {
    let corner = |x: i64, y: i64| Point { x: place.x + x * size, y: place.y + y * size };
    let mut path = String::from("<path class=\"c-cross\" d=\"");
    // Writing to a string cannot fail.
    let _ = write!(path, "M{}L{}M{}L{}", corner(-1, -1), corner(1, 1), corner(-1, 1), corner(1, -1));
    path + "\"/>"
}

//! A plot, drawn: heading, keys, the area with its axes, what is in it, and notes.

use std::fmt::Write as _;

use super::axis::{Ends, Scale};
use super::marks::{Hundredths, Mark, Tone};
use super::{Line, Plot, Point, Rule, Series, Width, legend};
use crate::page::escape;
use crate::svg::words::{cut, width, wrap};

/// The style of every plot: a class a meaning, once for light and once for dark.
pub(crate) const STYLE: &str = "\
.p-all{max-width:100%;height:auto;font:12px system-ui,'Segoe UI','DejaVu Sans',sans-serif}\
.p-mono{font-family:ui-monospace,'DejaVu Sans Mono',monospace}.p-big{font-size:16px;font-weight:600}.p-mid{font-size:13px}\
.p-small{font-size:11px}.p-strong{font-weight:600}.p-end{text-anchor:end}.p-middle{text-anchor:middle}\
.p-paper{fill:#fff}.p-ink{fill:#1f2328}.p-faint{fill:#59636e}.p-band{fill:#eaeef2}\
.p-halo{paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}\
.p-grid{fill:none;stroke:#d8dee4;stroke-width:1}.p-axis{fill:none;stroke:#59636e;stroke-width:1.5}\
.p-rule{fill:none;stroke:#59636e;stroke-width:1.5;stroke-dasharray:2 3}\
.p-line{fill:none;stroke-width:2;stroke-linejoin:round}.p-dash{stroke-dasharray:7 4}.p-span{fill:none;stroke-width:1.5}\
.p-hollow{fill:none;stroke-width:2}\
.p-blue{fill:#005a9c}.p-orange{fill:#a84300}.p-red{fill:#b00045}.p-green{fill:#00664b}.p-grey{fill:#59636e}\
.p-l-blue{stroke:#005a9c}.p-l-orange{stroke:#a84300}.p-l-red{stroke:#b00045}.p-l-green{stroke:#00664b}.p-l-grey{stroke:#59636e}\
@media(prefers-color-scheme:dark){\
.p-paper{fill:#0d1117}.p-ink{fill:#e6edf3}.p-faint{fill:#9aa4af}.p-band{fill:#1c2430}.p-halo{stroke:#0d1117}\
.p-grid{stroke:#2a313a}.p-axis,.p-rule{stroke:#9aa4af}\
.p-blue{fill:#6cb6ff}.p-orange{fill:#ff9e5e}.p-red{fill:#ff6b9a}.p-green{fill:#4cc9a4}.p-grey{fill:#9aa4af}\
.p-l-blue{stroke:#6cb6ff}.p-l-orange{stroke:#ff9e5e}.p-l-red{stroke:#ff6b9a}.p-l-green{stroke:#4cc9a4}.p-l-grey{stroke:#9aa4af}}";

/// What is drawn so far, and how far down it goes.
pub(crate) struct Canvas {
    body: String,
    y: u32,
    width: Width,
}

impl Canvas {
    pub(crate) const fn new(width: Width) -> Canvas {
        Canvas { body: String::new(), y: width.margin(), width }
    }

    pub(crate) const fn margin(&self) -> u32 {
        self.width.margin()
    }

    pub(crate) const fn room(&self) -> u32 {
        self.width.room()
    }

    pub(crate) const fn y(&self) -> u32 {
        self.y
    }

    pub(crate) const fn down(&mut self, height: u32) {
        self.y += height;
    }

    /// A text in the line that is there.
    pub(crate) fn words(&mut self, x: u32, class: &str, text: &str) {
        let y = self.y;
        let _ = writeln!(self.body, "<text x=\"{x}\" y=\"{y}\" class=\"{class}\">{}</text>", escape(text));
    }

    /// A text below what is there, in as many lines as it needs.
    pub(crate) fn paragraph(&mut self, class: &str, size: u32, text: &str) {
        for line in wrap(text, self.room(), size) {
            self.down(size + 5);
            self.words(self.margin(), class, &line);
        }
    }

    /// Markup that was made elsewhere.
    pub(crate) fn push(&mut self, markup: &str) {
        self.body.push_str(markup);
        self.body.push('\n');
    }

    /// A line through these places, in hundredths of a unit.
    pub(crate) fn segment(&mut self, places: &[(i64, i64)], line: Line, tone: Tone) {
        let mut path = String::new();
        for (nth, (x, y)) in places.iter().enumerate() {
            let (x, y) = (Hundredths(*x), Hundredths(*y));
            let _ = match (nth, line) {
                (0, _) => write!(path, "M{x} {y}"),
                (_, Line::Step) => write!(path, "H{x}V{y}"),
                _ => write!(path, "L{x} {y}"),
            };
        }
        let dash = if line == Line::Dashed { " p-dash" } else { "" };
        self.push(&format!("<path class=\"p-line{dash} p-l-{}\" d=\"{path}\"/>", tone.name()));
    }

    pub(crate) fn mark(&mut self, mark: Mark, (x, y): (i64, i64), tone: Tone) {
        mark.draw(x, y, tone, &mut self.body);
        self.body.push('\n');
    }
}

/// A heading, and what is shown in a sentence.
pub(crate) fn heading(title: &str, told: &str, canvas: &mut Canvas) {
    for line in wrap(title, canvas.room(), 16) {
        canvas.down(20);
        canvas.words(canvas.margin(), "p-big p-ink", &line);
    }
    if !told.is_empty() {
        canvas.down(4);
        canvas.paragraph("p-mid p-ink", 13, told);
    }
    canvas.down(4);
}

/// The whole picture around what was drawn, with words for those who do not see it.
pub(crate) fn framed(canvas: &Canvas, title: &str, told: &str) -> String {
    let (width, name) = (canvas.width.units(), canvas.width.name());
    let height = canvas.y + canvas.margin();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"p-all\" role=\"img\" aria-label=\"{0}\" data-width=\"{name}\" \
         width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n<title>{0}</title>\n<desc>{1}</desc>\n\
         <rect class=\"p-paper\" width=\"{width}\" height=\"{height}\"/>\n{2}</svg>\n",
        escape(title),
        escape(told),
        canvas.body
    )
}

/// A picture that stands alone has its style in it.
pub(crate) fn alone(svg: &str) -> String {
    svg.replacen("</desc>\n", &format!("</desc>\n<style>{STYLE}</style>\n"), 1)
}

/// Draws a plot for a page, which has its style and says in words what stands above and below it.
pub(super) fn inner(plot: &Plot, width: Width) -> String {
    let mut canvas = Canvas::new(width);
    area(plot, &mut canvas);
    framed(&canvas, &plot.title, &plot.told)
}

fn area(plot: &Plot, canvas: &mut Canvas) {
    legend::draw(&plot.series, canvas);
    canvas.down(10);
    Area::of(plot, canvas).draw(canvas);
}

/// Draws a plot that stands alone.
pub(super) fn plot(plot: &Plot, width: Width) -> String {
    let mut canvas = Canvas::new(width);
    heading(&plot.title, &plot.told, &mut canvas);
    area(plot, &mut canvas);
    for note in &plot.notes {
        canvas.paragraph("p-small p-faint", 11, note);
    }
    alone(&framed(&canvas, &plot.title, &plot.told))
}

/// How high the area is in which numbers stand.
const HEIGHT: u32 = 260;
/// Above the area: what stands over the vertical axis.
const ABOVE: u32 = 26;
/// Below this distance not every number of a line has its mark, in hundredths of a unit.
const CROWDED: i64 = 900;

/// Where numbers stand.
struct Area<'p> {
    plot: &'p Plot,
    x: Scale,
    y: Scale,
    left: u32,
    right: u32,
    /// Of each rule, the lines of its words.
    rules: Vec<(&'p Rule, Vec<String>)>,
    top: u32,
}

impl<'p> Area<'p> {
    fn of(plot: &'p Plot, canvas: &Canvas) -> Area<'p> {
        let points = || plot.series.iter().flat_map(|series| &series.points);
        let rules = || plot.rules.iter().flat_map(|rule| [rule.from, rule.to]);
        let wide = canvas.room() > 500;
        let across = points().map(|point| point.x).chain(rules());
        let x = Scale::of(&plot.x, across, if wide { 10 } else { 5 }, Ends::Measured);
        let up = points().flat_map(|point| {
            let (least, most) = point.span.unwrap_or((point.y, point.y));
            [point.y, least, most]
        });
        let y = Scale::of(&plot.y, up, 6, Ends::Round);
        let label = y.ticks.iter().map(|tick| width(&plot.y.show(*tick), 12)).max().unwrap_or(0);
        let left = canvas.margin() + label + 16;
        // The last number below the axis stands half beside it.
        let right = canvas.margin() + canvas.room() - 18;
        let mut area = Area { plot, x, y, left, right, rules: Vec::new(), top: canvas.y() };
        for rule in &plot.rules {
            let room = area.side(rule).1;
            area.rules.push((rule, wrap(&rule.text, room, 12)));
        }
        // From the right: a line begins at its words, so it crosses none that end farther to the right.
        area.rules.sort_by_key(|(rule, _)| std::cmp::Reverse(rule.from));
        area
    }

    /// Whether the words of a rule stand at its right, and how much room there is.
    fn side(&self, rule: &Rule) -> (bool, u32) {
        let whole = |hundredths: i64| u32::try_from(hundredths / 100).unwrap_or(self.left);
        let before = (whole(self.x_of(rule.from)) - self.left).saturating_sub(10);
        let behind = (self.right - whole(self.x_of(rule.to))).saturating_sub(10);
        (behind >= before || width(&rule.text, 12) <= behind, behind.max(before))
    }

    fn x_of(&self, number: i64) -> i64 {
        i64::from(self.left) * 100 + self.x.place(number, self.right - self.left)
    }

    fn y_of(&self, number: i64) -> i64 {
        i64::from(self.bottom()) * 100 - self.y.place(number, HEIGHT)
    }

    /// How high the words of all rules are.
    fn head(&self) -> u32 {
        let lines = self.rules.iter().map(|(_, lines)| lines.len()).sum::<usize>();
        u32::try_from(lines).unwrap_or(0) * 16 + if lines > 0 { 6 } else { 0 }
    }

    fn bottom(&self) -> u32 {
        self.top + ABOVE + self.head() + HEIGHT
    }

    fn draw(&self, canvas: &mut Canvas) {
        canvas.down(12);
        let label = cut(&self.plot.y.label, canvas.room(), 12);
        canvas.words(canvas.margin(), "p-faint", &label);
        self.bands(canvas);
        self.grid(canvas);
        self.thresholds(canvas);
        // Where two series have spans at one place, those stand beside each other.
        let has_span = |series: &&Series| series.points.iter().any(|point| point.span.is_some());
        let spans = i64::try_from(self.plot.series.iter().filter(has_span).count()).unwrap_or(1);
        let mut nth = 0;
        for series in &self.plot.series {
            let aside = 300 * (2 * nth - (spans - 1));
            nth += i64::from(has_span(&series));
            self.series(series, aside, canvas);
        }
        canvas.y = self.bottom() + 18;
        for tick in &self.x.ticks {
            let at = Hundredths(self.x_of(*tick));
            let shown = self.plot.x.show(*tick);
            let y = canvas.y;
            canvas.push(&format!("<text x=\"{at}\" y=\"{y}\" class=\"p-faint p-middle\">{shown}</text>"));
        }
        canvas.down(18);
        let label = cut(&self.plot.x.label, canvas.room(), 12);
        canvas.words(self.right, "p-faint p-end", &label);
        canvas.down(6);
    }

    fn bands(&self, canvas: &mut Canvas) {
        let (top, height) = (self.top + ABOVE, self.head() + HEIGHT);
        for (rule, _) in self.rules.iter().filter(|(rule, _)| rule.to > rule.from) {
            let (from, to) = (self.x_of(rule.from), self.x_of(rule.to));
            let (x, wide) = (Hundredths(from), Hundredths(to - from));
            canvas.push(&format!(
                "<rect class=\"p-band\" x=\"{x}\" y=\"{top}\" width=\"{wide}\" height=\"{height}\"/>"
            ));
        }
    }

    fn grid(&self, canvas: &mut Canvas) {
        let (left, right, bottom) = (self.left, self.right, self.bottom());
        for tick in &self.y.ticks {
            let y = Hundredths(self.y_of(*tick));
            canvas.push(&format!("<path class=\"p-grid\" d=\"M{left} {y}H{right}\"/>"));
            let (x, base) = (left - 12, Hundredths(self.y_of(*tick) + 400));
            let shown = self.plot.y.show(*tick);
            canvas.push(&format!("<text x=\"{x}\" y=\"{base}\" class=\"p-faint p-end\">{shown}</text>"));
        }
        let ticks: String =
            self.x.ticks.iter().map(|tick| format!("M{} {bottom}v5", Hundredths(self.x_of(*tick)))).collect();
        canvas.push(&format!("<path class=\"p-axis\" d=\"M{left} {bottom}H{right}{ticks}\"/>"));
    }

    /// Each with its words in rows of their own, so that none is written over another.
    fn thresholds(&self, canvas: &mut Canvas) {
        let mut row = self.top + ABOVE + 13;
        for (rule, lines) in &self.rules {
            let (from, to) = (self.x_of(rule.from), self.x_of(rule.to));
            let (is_right, _) = self.side(rule);
            let (x, class) = match is_right {
                true => (to + 600, "p-ink p-halo"),
                false => (from - 600, "p-ink p-halo p-end"),
            };
            if rule.from == rule.to {
                let (at, above, bottom) = (Hundredths(from), row - 11, self.bottom());
                canvas.push(&format!("<path class=\"p-rule\" d=\"M{at} {above}V{bottom}\"/>"));
            }
            for line in lines {
                let (x, line) = (Hundredths(x), escape(line));
                canvas.push(&format!("<text x=\"{x}\" y=\"{row}\" class=\"{class}\">{line}</text>"));
                row += 16;
            }
        }
    }

    fn series(&self, series: &Series, aside: i64, canvas: &mut Canvas) {
        let tone = series.tone;
        let places: Vec<(i64, i64)> =
            series.points.iter().map(|point| (self.x_of(point.x), self.y_of(point.y))).collect();
        if series.line != Line::None && places.len() > 1 {
            canvas.segment(&places, series.line, tone);
        }
        let Some(mark) = series.mark else { return };
        let mut last = None::<i64>;
        for (point, (x, y)) in series.points.iter().zip(places) {
            if matches!(series.line, Line::Straight | Line::Dashed)
                && last.is_some_and(|last| x - last < CROWDED)
            {
                continue;
            }
            last = Some(x);
            if let Some((least, most)) = point.span {
                let (left, middle) = (Hundredths(x + aside - 250), Hundredths(x + aside));
                let (low, high) = (Hundredths(self.y_of(least)), Hundredths(self.y_of(most)));
                canvas.push(&format!(
                    "<path class=\"p-span p-l-{}\" d=\"M{middle} {low}V{high}M{left} {high}h5\"/>",
                    tone.name()
                ));
            }
            canvas.push(&format!("<g><title>{}</title>", escape(&self.told(series, point))));
            canvas.mark(mark, (x, y), tone);
            canvas.push("</g>");
        }
    }

    /// A number in words.
    fn told(&self, series: &Series, point: &Point) -> String {
        let of = if point.told.is_empty() { &series.name } else { &point.told };
        let (x, y) = (self.plot.x.show(point.x), self.plot.y.show(point.y));
        let span = point.span.map_or(String::new(), |(least, most)| {
            format!(" ({} to {})", self.plot.y.show(least), self.plot.y.show(most))
        });
        format!("{of}: {x}, {y}{span}")
    }
}

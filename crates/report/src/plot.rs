//! Plots: numbers as lines and marks in a picture that can stand in a text, as SVG; the same numbers are always the same bytes.
//!
//! Two hundred lines of our own, since no crate that draws plots was found to do what is asked of each picture here: it knows
//! no floating point, so its bytes are the same on every machine; it follows the reader's colour scheme; it says in words
//! what it shows; and its marks differ in shape, as colour alone tells some readers nothing. What a library would add, curves
//! and many kinds of axes, is not needed.
//!
//! All numbers are whole: an axis says how many decimals of them are shown ([`Axis::decimals`]).
//!
//! ```
//! use constellation_report::plot::{Axis, Line, Mark, Plot, Series, Tone, Width};
//!
//! let mut plot = Plot::new("what it takes", Axis::new("round trip, ms", 0), Axis::new("latency, ms", 1));
//! let mut reads = Series::new("reads", Tone::Blue, Line::Straight, Some(Mark::Disc));
//! reads.add(10, 102, "pacific");
//! reads.add(80, 801, "pacific");
//! plot.series.push(reads);
//! let svg = plot.svg(Width::Wide);
//! assert!(svg.contains(">reads<") && svg.contains("pacific: 80, 80.1"));
//! ```

mod axis;
mod drawn;
mod legend;
mod marks;
mod matrix;
mod sheet;

pub use axis::Axis;
pub use marks::{Mark, Tone};
pub use matrix::{Entry, Heading, Matrix};
pub use sheet::{Part, Sheet, Table};

/// How wide a picture is, in units.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Width {
    /// For a text or a screen: 800.
    Wide,
    /// For a screen that is held in a hand: 360, at which letters have the size that they have at 800.
    Narrow,
}

impl Width {
    pub(crate) const fn units(self) -> u32 {
        match self {
            Width::Wide => 800,
            Width::Narrow => 360,
        }
    }

    /// The margin at each side.
    pub(crate) const fn margin(self) -> u32 {
        match self {
            Width::Wide => 16,
            Width::Narrow => 8,
        }
    }

    /// How wide what is between the margins is.
    pub(crate) const fn room(self) -> u32 {
        self.units() - 2 * self.margin()
    }

    /// What its names begin with, where two pictures of one stand on a page.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Width::Wide => "wide",
            Width::Narrow => "narrow",
        }
    }
}

/// Numbers against numbers.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Plot {
    /// What it is called, in a line.
    pub title: String,
    /// What it shows, in a sentence or two: for whoever looks at it, and for whoever cannot.
    pub told: String,
    /// From left to right.
    pub x: Axis,
    /// From below to above.
    pub y: Axis,
    /// What is drawn; of series that meet the last is above.
    pub series: Vec<Series>,
    /// What is to be seen of the horizontal axis itself: thresholds.
    pub rules: Vec<Rule>,
    /// What else is to be known, a line each, below the picture.
    pub notes: Vec<String>,
}

/// Numbers that belong together.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Series {
    /// What they are, in a few words.
    pub name: String,
    /// Their colour.
    pub tone: Tone,
    /// What joins them.
    pub line: Line,
    /// What stands at each; `None` for a line that was not measured, but follows from what was.
    pub mark: Option<Mark>,
    /// The numbers, with ascending `x`.
    pub points: Vec<Point>,
}

/// A number at a number.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Point {
    /// Where from left to right.
    pub x: i64,
    /// How high.
    pub y: i64,
    /// From the least to the greatest that was measured there; `None` where that is the same.
    pub span: Option<(i64, i64)>,
    /// What it is of, or how much of what, in a few words.
    pub told: String,
}

/// What joins the numbers of a series.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Line {
    /// Nothing.
    None,
    /// A straight line from each to the next.
    Straight,
    /// The same, dashed.
    Dashed,
    /// Each counts until the next: the line goes level, then straight up or down.
    Step,
}

/// A place on the horizontal axis, or a stretch of it, with words.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Rule {
    /// Where it is, or where it begins.
    pub from: i64,
    /// Where it ends; the same for a line.
    pub to: i64,
    /// What is there.
    pub text: String,
}

impl Plot {
    /// Without any numbers yet.
    pub fn new(title: &str, x: Axis, y: Axis) -> Plot {
        let (told, series, rules, notes) = (String::new(), Vec::new(), Vec::new(), Vec::new());
        Plot { title: title.to_owned(), told, x, y, series, rules, notes }
    }

    /// Draws it. O(points).
    pub fn svg(&self, width: Width) -> String {
        drawn::plot(self, width)
    }
}

impl Series {
    /// Without any numbers yet.
    pub fn new(name: &str, tone: Tone, line: Line, mark: Option<Mark>) -> Series {
        Series { name: name.to_owned(), tone, line, mark, points: Vec::new() }
    }

    /// One more number, of `told`.
    pub fn add(&mut self, x: i64, y: i64, told: &str) {
        self.points.push(Point { x, y, span: None, told: told.to_owned() });
    }

    /// One more, with the least and the greatest that was measured there.
    pub fn add_span(&mut self, x: i64, y: i64, span: (i64, i64), told: &str) {
        let span = Some(span).filter(|(least, most)| least < most);
        self.points.push(Point { x, y, span, told: told.to_owned() });
    }
}

impl Rule {
    /// From there to there, or at one place.
    pub fn new(from: i64, to: i64, text: &str) -> Rule {
        Rule { from, to, text: text.to_owned() }
    }
}

//! What stands at a number: a shape for whoever sees no colours, and a colour.

use std::fmt::Write as _;

/// A shape. Those that are hollow are larger, so that both can be seen where they meet.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Mark {
    /// ●
    Disc,
    /// ■
    Square,
    /// ▲
    Triangle,
    /// ◆
    Diamond,
    /// ✚
    Plus,
    /// ▬
    Bar,
    /// ○
    Ring,
    /// □
    Frame,
}

impl Mark {
    /// Those that are filled, in the order in which to take them.
    pub const FILLED: [Mark; 6] =
        [Mark::Disc, Mark::Square, Mark::Triangle, Mark::Diamond, Mark::Plus, Mark::Bar];

    const fn is_hollow(self) -> bool {
        matches!(self, Mark::Ring | Mark::Frame)
    }

    /// Draws it around a place that is given in hundredths of a unit.
    pub(super) fn draw(self, x: i64, y: i64, tone: Tone, body: &mut String) {
        let class = match self.is_hollow() {
            true => format!("p-hollow p-l-{}", tone.name()),
            false => format!("p-{}", tone.name()),
        };
        let (x, y) = (Hundredths(x), Hundredths(y));
        let path = match self {
            Mark::Disc => "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0z",
            Mark::Square => "M-4-4h8v8h-8z",
            Mark::Triangle => "M0-5.5l5.5 9.5h-11z",
            Mark::Diamond => "M0-6l6 6l-6 6l-6-6z",
            Mark::Plus => "M-2-6h4v4h4v4h-4v4h-4v-4h-4v-4h4z",
            Mark::Bar => "M-6-2.5h12v5h-12z",
            Mark::Ring => "M-7 0a7 7 0 1 0 14 0a7 7 0 1 0-14 0z",
            Mark::Frame => "M-6.5-6.5h13v13h-13z",
        };
        let _ = write!(body, "<path class=\"{class}\" transform=\"translate({x} {y})\" d=\"{path}\"/>");
    }
}

/// A colour, by its own name since it means nothing but to belong together: each is legible on white and on black, and no two
/// are alike to whoever does not tell red from green, but green and red; so those have different marks as well.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Tone {
    /// What is looked at first.
    Blue,
    /// What is compared with it.
    Orange,
    /// What goes wrong.
    Red,
    /// What goes right.
    Green,
    /// What stands beside.
    Grey,
}

impl Tone {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Tone::Blue => "blue",
            Tone::Orange => "orange",
            Tone::Red => "red",
            Tone::Green => "green",
            Tone::Grey => "grey",
        }
    }
}

/// A length in hundredths of a unit, as it is written: what is drawn is whole numbers, on every machine.
pub(super) struct Hundredths(pub(super) i64);

impl std::fmt::Display for Hundredths {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (size, sign) = (self.0.unsigned_abs(), if self.0 < 0 { "-" } else { "" });
        match (size / 100, size % 100) {
            (whole, 0) => write!(f, "{sign}{whole}"),
            (whole, rest) => write!(f, "{sign}{whole}.{rest:02}"),
        }
    }
}

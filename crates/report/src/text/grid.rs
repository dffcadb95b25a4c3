//! A sheet of letters of one width, on which lines meet in the letters of box drawing.

use super::{Ink, Letters, Line};

/// How a line is drawn.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Weight {
    /// Not at all.
    #[default]
    None,
    /// With gaps.
    Dashed,
    /// As any.
    Light,
    /// As what proves something.
    Heavy,
}

/// What stands at one place: the lines that leave it to each side, or a letter above them.
#[derive(Clone, Copy, Default)]
struct Cell {
    up: Weight,
    down: Weight,
    left: Weight,
    right: Weight,
    letter: Option<char>,
    ink: Ink,
}

/// The sheet.
pub(super) struct Grid {
    rows: Vec<Vec<Cell>>,
}

impl Grid {
    pub(super) fn new(width: usize, rows: usize) -> Grid {
        Grid { rows: vec![vec![Cell::default(); width]; rows] }
    }

    /// The place, if it is on the sheet.
    fn at(&mut self, row: usize, x: usize) -> Option<&mut Cell> {
        self.rows.get_mut(row)?.get_mut(x)
    }

    /// A line along a row, both ends included.
    pub(super) fn horizontal(&mut self, row: usize, from: usize, to: usize, weight: Weight, ink: Ink) {
        for x in from..=to {
            let Some(cell) = self.at(row, x) else { return };
            if x > from {
                cell.left = cell.left.max(weight);
            }
            if x < to {
                cell.right = cell.right.max(weight);
            }
            cell.ink = ink;
        }
    }

    /// A line along a column, both ends included, in either direction.
    pub(super) fn vertical(&mut self, x: usize, from: usize, to: usize, weight: Weight, ink: Ink) {
        let (top, bottom) = (from.min(to), from.max(to));
        for row in top..=bottom {
            let Some(cell) = self.at(row, x) else { return };
            if row > top {
                cell.up = cell.up.max(weight);
            }
            if row < bottom {
                cell.down = cell.down.max(weight);
            }
            cell.ink = ink;
        }
    }

    /// The place nearest to `wanted` in a range of a row where so many letters cover no line across it.
    pub(super) fn clear(
        &self,
        row: usize,
        (from, to): (usize, usize),
        wanted: usize,
        letters: usize,
    ) -> usize {
        let is_clear = |start: &usize| {
            let cells = self.rows.get(row).and_then(|row| row.get(*start..start + letters));
            cells.is_some_and(|cells| {
                cells
                    .iter()
                    .all(|cell| cell.letter.is_none() && cell.up == Weight::None && cell.down == Weight::None)
            })
        };
        let places = (from..=to.saturating_sub(letters)).filter(is_clear);
        places.min_by_key(|start| start.abs_diff(wanted)).unwrap_or(wanted)
    }

    /// A letter above all lines.
    pub(super) fn put(&mut self, row: usize, x: usize, letter: char, ink: Ink) {
        if let Some(cell) = self.at(row, x) {
            cell.letter = Some(letter);
            cell.ink = ink;
        }
    }

    /// Letters of one width from there to the right.
    pub(super) fn text(&mut self, row: usize, x: usize, text: &str, ink: Ink) {
        for (nth, letter) in text.chars().enumerate() {
            self.put(row, x + nth, letter, ink);
        }
    }

    /// The sheet as lines.
    pub(super) fn lines(&self, letters: Letters) -> Vec<Line> {
        let line = |row: &Vec<Cell>| {
            let mut line = Line::default();
            for cell in row {
                let letter = cell.letter.unwrap_or_else(|| match letters {
                    Letters::Unicode => boxed(*cell),
                    Letters::Ascii => ascii(*cell),
                });
                match line.parts.last_mut() {
                    Some((ink, text)) if *ink == cell.ink => text.push(letter),
                    _ => line.parts.push((cell.ink, letter.to_string())),
                }
            }
            line
        };
        self.rows.iter().map(line).collect()
    }
}

/// Which sides lines leave to: up, down, left, right.
fn sides(cell: Cell) -> [bool; 4] {
    [cell.up, cell.down, cell.left, cell.right].map(|weight| weight != Weight::None)
}

fn boxed(cell: Cell) -> char {
    let upright = cell.up.max(cell.down);
    let across = cell.left.max(cell.right);
    let is_heavy = upright.max(across) == Weight::Heavy;
    let one_of = |light: char, heavy: char| if is_heavy { heavy } else { light };
    match sides(cell) {
        [false, false, false, false] => ' ',
        [true, true, true, true] => match (upright == Weight::Heavy, across == Weight::Heavy) {
            (true, true) => '╋',
            (true, false) => '╂',
            (false, true) => '┿',
            (false, false) => '┼',
        },
        [false, false, ..] if across == Weight::Dashed => '╌',
        [.., false, false] if upright == Weight::Dashed => '╎',
        [false, false, ..] => one_of('─', '━'),
        [.., false, false] => one_of('│', '┃'),
        [true, true, false, true] => one_of('├', '┣'),
        [true, true, true, false] => one_of('┤', '┫'),
        [false, true, true, true] => one_of('┬', '┳'),
        [true, false, true, true] => one_of('┴', '┻'),
        [true, false, false, true] => one_of('└', '┗'),
        [true, false, true, false] => one_of('┘', '┛'),
        [false, true, false, true] => one_of('┌', '┏'),
        [false, true, true, false] => one_of('┐', '┓'),
    }
}

fn ascii(cell: Cell) -> char {
    match sides(cell) {
        [false, false, false, false] => ' ',
        [false, false, ..] => match cell.left.max(cell.right) {
            Weight::Heavy => '=',
            Weight::Dashed => '.',
            _ => '-',
        },
        [.., false, false] => match cell.up.max(cell.down) {
            Weight::Dashed => ':',
            _ => '|',
        },
        // One passes over the other.
        [true, true, true, true] => '|',
        _ => '+',
    }
}

//! A matrix: each thing is a mark in its cell, with its name beside it and sentences of its own.

use std::fmt::Write as _;

use super::Width;
use super::drawn::{Canvas, alone, framed, heading};
use super::legend;
use super::marks::{Mark, Tone};
use crate::page::escape;
use crate::svg::words::wrap;

/// Things in the cells of a table of few rows and columns.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Matrix {
    /// What it is called, in a line.
    pub title: String,
    /// What it shows, in a sentence or two.
    pub told: String,
    /// From left to right.
    pub columns: Vec<Heading>,
    /// From above to below.
    pub rows: Vec<Heading>,
    /// What the marks mean.
    pub kinds: Vec<(Mark, String)>,
    /// What is in it.
    pub entries: Vec<Entry>,
    /// What else is to be known, a line each.
    pub notes: Vec<String>,
}

/// What stands over a column, or before a row.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Heading {
    /// In letters: `PA`.
    pub short: String,
    /// In words.
    pub says: String,
}

/// One thing.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Entry {
    /// In which row, from 0.
    pub row: usize,
    /// In which column, from 0.
    pub column: usize,
    /// What it is, for the eye.
    pub mark: Mark,
    /// What it is called where there is little room.
    pub name: String,
    /// What it is called in full.
    pub title: String,
    /// What is said of it: what each sentence is about, and the sentence.
    pub sentences: Vec<(String, String)>,
}

impl Matrix {
    /// Without anything in it yet.
    pub fn new(title: &str, columns: Vec<Heading>, rows: Vec<Heading>) -> Matrix {
        let (kinds, entries, notes) = (Vec::new(), Vec::new(), Vec::new());
        Matrix { title: title.to_owned(), told: String::new(), columns, rows, kinds, entries, notes }
    }

    /// What is in one cell, in order.
    pub(super) fn cell(&self, row: usize, column: usize) -> impl Iterator<Item = (usize, &Entry)> {
        let numbered = self.entries.iter().enumerate();
        numbered.filter(move |(_, entry)| (entry.row, entry.column) == (row, column))
    }

    /// Draws it. O(entries × cells).
    pub fn svg(&self, width: Width) -> String {
        let mut canvas = Canvas::new(width);
        heading(&self.title, &self.told, &mut canvas);
        let kinds = self.kinds.iter().map(|(mark, name)| (*mark, tone(*mark), &**name));
        legend::marks(kinds, &mut canvas);
        canvas.down(12);
        self.grid(&mut canvas);
        for note in &self.notes {
            canvas.paragraph("p-small p-faint", 11, note);
        }
        alone(&framed(&canvas, &self.title, &self.in_words()))
    }

    /// All of it in words, cell by cell.
    fn in_words(&self) -> String {
        let mut words = self.told.clone();
        for (row, head) in self.rows.iter().enumerate() {
            for (column, other) in self.columns.iter().enumerate() {
                let names: Vec<&str> = self.cell(row, column).map(|(_, entry)| &*entry.name).collect();
                let names = if names.is_empty() { "nothing".to_owned() } else { names.join("; ") };
                let _ = write!(words, " {}/{}: {names}.", head.short, other.short);
            }
        }
        words
    }

    fn grid(&self, canvas: &mut Canvas) {
        let left = canvas.margin() + HEAD;
        let count = u32::try_from(self.columns.len().max(1)).unwrap_or(1);
        let wide = (canvas.margin() + canvas.room() - left) / count;
        let top = canvas.y();
        self.heads(left, wide, canvas);
        canvas.down(8);
        let mut lines = format!("M{} {}H{}", canvas.margin(), canvas.y(), left + wide * count);
        for (row, head) in self.rows.iter().enumerate() {
            let y = canvas.y();
            canvas.down(22);
            canvas.words(canvas.margin(), "p-big p-ink", &head.short);
            let mut height = 0;
            for (line, says) in (0_u32..).zip(wrap(&head.says, HEAD - 8, 11)) {
                canvas.push(&format!(
                    "<text x=\"{}\" y=\"{}\" class=\"p-small p-faint\">{}</text>",
                    canvas.margin(),
                    y + 40 + line * 15,
                    escape(&says)
                ));
                height = 40 + line * 15 + 10;
            }
            for column in 0..self.columns.len() {
                let x = left + wide * u32::try_from(column).unwrap_or(0);
                height = height.max(self.entries_at((row, column), (x, y), wide, canvas));
            }
            canvas.down(height.max(44) - 22);
            let _ = write!(lines, "M{} {}H{}", canvas.margin(), canvas.y(), left + wide * count);
        }
        let bottom = canvas.y();
        for column in 0..count {
            let _ = write!(lines, "M{} {top}V{bottom}", left + wide * column);
        }
        canvas.push(&format!("<path class=\"p-grid\" d=\"{lines}\"/>"));
    }

    fn heads(&self, left: u32, wide: u32, canvas: &mut Canvas) {
        let top = canvas.y();
        let mut most = 0;
        for (nth, head) in (0_u32..).zip(&self.columns) {
            let x = left + wide * nth + 10;
            canvas.push(&format!(
                "<text x=\"{x}\" y=\"{}\" class=\"p-big p-ink\">{}</text>",
                top + 18,
                escape(&head.short)
            ));
            for (line, says) in (0_u32..).zip(wrap(&head.says, wide - 16, 11)) {
                let y = top + 36 + line * 15;
                canvas.push(&format!(
                    "<text x=\"{x}\" y=\"{y}\" class=\"p-small p-faint\">{}</text>",
                    escape(&says)
                ));
                most = most.max(y - top);
            }
        }
        canvas.down(most.max(24));
    }

    /// Draws what is in a cell, and returns how high that is.
    fn entries_at(&self, cell: (usize, usize), (x, y): (u32, u32), wide: u32, canvas: &mut Canvas) -> u32 {
        let mut down = 10;
        for (_, entry) in self.cell(cell.0, cell.1) {
            let said: Vec<String> =
                entry.sentences.iter().map(|(about, sentence)| format!("{about}: {sentence}")).collect();
            let told = format!("{}. {}", entry.title, said.join(" "));
            canvas.push(&format!("<g><title>{}</title>", escape(&told)));
            let middle = (i64::from(x + 16) * 100, i64::from(y + down + 8) * 100);
            canvas.mark(entry.mark, middle, tone(entry.mark));
            for line in broken(&entry.name, wide - 36) {
                down += 13;
                canvas.push(&format!(
                    "<text x=\"{}\" y=\"{}\" class=\"p-ink\">{}</text>",
                    x + 29,
                    y + down,
                    escape(&line)
                ));
            }
            canvas.push("</g>");
            down += 6;
        }
        down + 8
    }
}

/// How wide the heads of rows are.
const HEAD: u32 = 118;

/// What is declared and not measured is hollow, and stands back.
pub(super) const fn tone(mark: Mark) -> Tone {
    match mark {
        Mark::Ring | Mark::Frame => Tone::Grey,
        _ => Tone::Blue,
    }
}

/// A name in lines, which may be broken behind a comma.
fn broken(name: &str, room: u32) -> Vec<String> {
    wrap(&name.replace(',', ", "), room, 12)
}

impl Heading {
    /// Letters, and what they say.
    pub fn new(short: &str, says: &str) -> Heading {
        Heading { short: short.to_owned(), says: says.to_owned() }
    }
}

impl Entry {
    /// In that cell, a row and a column from 0.
    pub fn new(cell: (usize, usize), mark: Mark, name: &str, title: &str) -> Entry {
        let (row, column) = cell;
        let (name, title) = (name.to_owned(), title.to_owned());
        Entry { row, column, mark, name, title, sentences: Vec::new() }
    }
}

//! What the marks and lines of a plot mean: names in rows, inside the picture.

use super::drawn::Canvas;
use super::marks::{Mark, Tone};
use super::{Line, Series};
use crate::svg::words::{cut, width};

/// How wide a mark with its line is, and the gap behind it.
const KEY: u32 = 34;
/// Between one name and the next.
const GAP: u32 = 18;
/// How high a row is.
const ROW: u32 = 20;

/// A row of keys and names, and as many more as there must be.
pub(super) fn draw(series: &[Series], canvas: &mut Canvas) {
    let keys = series.iter().map(|series| Key {
        line: series.line,
        mark: series.mark,
        tone: series.tone,
        name: &series.name,
    });
    keys_in_rows(keys, canvas);
}

/// The same for marks alone.
pub(super) fn marks<'n>(marks: impl Iterator<Item = (Mark, Tone, &'n str)>, canvas: &mut Canvas) {
    keys_in_rows(
        marks.map(|(mark, tone, name)| Key { line: Line::None, mark: Some(mark), tone, name }),
        canvas,
    );
}

struct Key<'n> {
    line: Line,
    mark: Option<Mark>,
    tone: Tone,
    name: &'n str,
}

fn keys_in_rows<'n>(keys: impl Iterator<Item = Key<'n>>, canvas: &mut Canvas) {
    let (left, right) = (canvas.margin(), canvas.margin() + canvas.room());
    let mut x = left;
    canvas.down(ROW);
    for key in keys {
        let before = if key.line == Line::None { 16 } else { KEY };
        let name = cut(key.name, canvas.room() - before, 12);
        let wide = before + width(&name, 12);
        if x > left && x + wide > right {
            x = left;
            canvas.down(ROW);
        }
        let y = i64::from(canvas.y()) * 100 - 400;
        let from = i64::from(x) * 100;
        if key.line != Line::None {
            canvas.segment(&[(from, y), (from + 2_600, y)], key.line, key.tone);
        }
        let middle = if key.line == Line::None { from + 600 } else { from + 1_300 };
        if let Some(mark) = key.mark {
            canvas.mark(mark, (middle, y), key.tone);
        }
        canvas.words(x + before, "p-ink", &name);
        x += wide + GAP;
    }
}

//! Where the lines of a text are, whatever is written in it.

use std::ops::Range;

/// A text by its lines.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    pub(crate) text: &'a str,
    /// Where each begins.
    starts: Vec<usize>,
    /// How many characters stand before each so many bytes; nothing if each is one byte.
    characters: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(crate) fn of(text: &'a str) -> Lines<'a> {
        let starts = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let starts = std::iter::once(0).chain(starts).collect();
        Lines { text, starts, characters: characters(text) }
    }

    pub(crate) fn count(&self) -> usize {
        self.text.lines().count()
    }

    /// The line and the column of a byte, both from 1; a column is a character. Takes the same time in a line of any length.
    pub(crate) fn place(&self, at: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= at);
        let column = self.characters_before(at) - self.characters_before(self.starts[line - 1]);
        (line, column + 1)
    }

    fn characters_before(&self, at: usize) -> usize {
        let Some(before) = self.characters.get(at / STRIDE) else { return at };
        let within = &self.text.as_bytes()[at / STRIDE * STRIDE..at];
        before + within.iter().filter(|byte| is_first_of_character(**byte)).count()
    }

    /// From the beginning of the first line of a span to the end of its last.
    pub(crate) fn whole(&self, span: &Range<usize>) -> Range<usize> {
        let start = self.starts[self.place(span.start).0 - 1];
        let next = self.starts.get(self.place(span.end).0);
        start..next.map_or(self.text.len(), |next| next - 1).max(span.end)
    }

    /// Whether only blanks stand before this byte in its line.
    pub(crate) fn is_first(&self, at: usize) -> bool {
        let start = self.starts[self.place(at).0 - 1];
        self.text[start..at].trim().is_empty()
    }
}

/// Characters are counted every so many bytes.
const STRIDE: usize = 1_024;

fn characters(text: &str) -> Vec<usize> {
    if text.is_ascii() {
        return Vec::new();
    }
    let mut before = 0;
    let strides = text.as_bytes().chunks(STRIDE).map(|bytes| {
        let here = before;
        before += bytes.iter().filter(|byte| is_first_of_character(**byte)).count();
        here
    });
    strides.chain([text.chars().count()]).collect()
}

/// All bytes of a character but the first begin with the bits 10.
fn is_first_of_character(byte: u8) -> bool {
    byte & 0xc0 != 0x80
}

//! A text as the audit has it in hand: its bytes, its lines, its comments, and the names in it.

mod lexer;

use std::ops::Range;

pub(crate) use lexer::{CHAIN_MAX, Comment, DEPTH_MAX};
use lexer::{Lexed, lex};

use crate::effort;
use crate::words::same_word;

/// The longest file that is parsed, in bytes.
pub(crate) const BYTES_MAX: usize = 10 << 20;

/// A text, read once.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    pub(crate) text: &'a str,
    /// Where each line begins.
    lines: Vec<usize>,
    lexed: Lexed,
    /// How many characters stand before each so many bytes; nothing if each is one byte.
    characters: Vec<usize>,
    /// How many bytes stand before what the parser sees: a byte order mark, or a line for a shell.
    skipped: usize,
}

impl<'a> Source<'a> {
    pub(crate) fn new(text: &'a str) -> Source<'a> {
        let starts = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(starts).collect();
        Source { text, lines, lexed: lex(text), characters: characters(text), skipped: skipped(text) }
    }

    /// What the parser is given.
    pub(crate) fn code(&self) -> &'a str {
        &self.text[self.skipped..]
    }

    /// Where a span of the parser is in the text.
    pub(crate) fn range(&self, span: proc_macro2::Span) -> Range<usize> {
        let range = span.byte_range();
        range.start + self.skipped..range.end + self.skipped
    }

    pub(crate) fn lines(&self) -> usize {
        self.text.lines().count()
    }

    pub(crate) fn comments(&self) -> &[Comment] {
        &self.lexed.comments
    }

    /// Where it nests deeper than can be parsed.
    pub(crate) fn too_deep(&self) -> Option<usize> {
        self.lexed.too_deep
    }

    /// The line and the column of a byte, both from 1; a column is a character. Takes the same time in a line of any length.
    pub(crate) fn place(&self, at: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|start| *start <= at);
        let column = self.characters_before(at) - self.characters_before(self.lines[line - 1]);
        (line, column + 1)
    }

    fn characters_before(&self, at: usize) -> usize {
        let Some(before) = self.characters.get(at / STRIDE) else { return at };
        let within = &self.text.as_bytes()[at / STRIDE * STRIDE..at];
        before + within.iter().filter(|byte| is_first_of_character(**byte)).count()
    }

    /// From the beginning of the first line of a span to the end of its last.
    pub(crate) fn whole_lines(&self, span: &Range<usize>) -> Range<usize> {
        let start = self.lines[self.place(span.start).0 - 1];
        let next = self.lines.get(self.place(span.end).0);
        start..next.map_or(self.text.len(), |next| next - 1).max(span.end)
    }

    /// Whether only blanks stand before this byte in its line.
    pub(crate) fn is_first_in_line(&self, at: usize) -> bool {
        let start = self.lines[self.place(at).0 - 1];
        self.text[start..at].trim().is_empty()
    }

    /// Whether a name in this span has one of these words, which are small.
    pub(crate) fn mentions(&self, span: &Range<usize>, words: &[&str]) -> bool {
        self.names(span).any(|name| words.iter().any(|word| same_word(name, word)))
    }

    /// Whether this name stands in this span.
    pub(crate) fn has_name(&self, span: &Range<usize>, wanted: &str) -> bool {
        self.names(span).any(|name| name == wanted)
    }

    fn names(&self, span: &Range<usize>) -> impl Iterator<Item = &'a str> {
        self.places(span).map(|(_, name)| name)
    }

    /// The names in a span, each with where it begins.
    pub(crate) fn places(&self, span: &Range<usize>) -> impl Iterator<Item = (usize, &'a str)> {
        let (start, end) = (span.start as u32, span.end as u32);
        let from = self.lexed.names.partition_point(|name| name.start < start);
        let names =
            self.lexed.names[from..].iter().take_while(move |name| name.start < end && effort::spend(1));
        let text = self.text;
        names.map(|name| (name.start as usize, &text[name.start as usize..][..name.length as usize]))
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

fn skipped(text: &str) -> usize {
    const MARK: &str = "\u{feff}";
    let mark = if text.starts_with(MARK) { MARK.len() } else { 0 };
    let code = &text[mark..];
    // `#![…]` is an attribute, with whatever blanks are in it.
    let is_for_shell = code.strip_prefix("#!").is_some_and(|behind| !behind.trim_start().starts_with('['));
    mark + if is_for_shell { code.find('\n').unwrap_or(code.len()) } else { 0 }
}

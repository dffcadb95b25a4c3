//! A text as the audit has it in hand: its bytes, its lines, its comments, and the names in it.

mod lexer;
mod lines;

use std::cell::OnceCell;
use std::ops::Range;

pub(crate) use lexer::{CHAIN_MAX, Comment, DEPTH_MAX};
use lexer::{Lexed, lex};
pub(crate) use lines::Lines;

use crate::effort;
use crate::words::same_word;

/// The longest file that is parsed, in bytes.
pub(crate) const BYTES_MAX: usize = 10 << 20;

/// A text, read once.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    pub(crate) text: &'a str,
    pub(crate) lines: Lines<'a>,
    lexed: Lexed,
    /// Where each name of the text stands, those that are the same together, once that was asked.
    by_name: OnceCell<Vec<Range<usize>>>,
    /// How many bytes stand before what the parser sees: a byte order mark, or a line for a shell.
    skipped: usize,
}

impl<'a> Source<'a> {
    pub(crate) fn new(text: &'a str) -> Source<'a> {
        Source {
            text,
            lines: Lines::of(text),
            lexed: lex(text),
            by_name: OnceCell::new(),
            skipped: skipped(text),
        }
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

    pub(crate) fn comments(&self) -> &[Comment] {
        &self.lexed.comments
    }

    /// Each line of documentation, and each block.
    pub(crate) fn documentation(&self) -> &[Comment] {
        &self.lexed.documentation
    }

    /// Where it nests deeper than can be parsed.
    pub(crate) fn too_deep(&self) -> Option<usize> {
        self.lexed.too_deep
    }

    /// As [`Lines::place`].
    pub(crate) fn place(&self, at: usize) -> (usize, usize) {
        self.lines.place(at)
    }

    /// As [`Lines::whole`].
    pub(crate) fn whole_lines(&self, span: &Range<usize>) -> Range<usize> {
        self.lines.whole(span)
    }

    /// As [`Lines::is_first`].
    pub(crate) fn is_first_in_line(&self, at: usize) -> bool {
        self.lines.is_first(at)
    }

    /// Whether a name in this span has one of these words, which are small.
    pub(crate) fn mentions(&self, span: &Range<usize>, words: &[&str]) -> bool {
        self.names(span).any(|name| words.iter().any(|word| same_word(name, word)))
    }

    /// Whether this name stands in this span. Of all of the text it may be asked at each call.
    pub(crate) fn has_name(&self, span: &Range<usize>, wanted: &str) -> bool {
        if *span == (0..self.text.len()) {
            return !self.named(wanted).is_empty();
        }
        self.names(span).any(|name| name == wanted)
    }

    /// Where this name stands in all of the text, in order.
    pub(crate) fn named(&self, name: &str) -> &[Range<usize>] {
        let text = self.text;
        let by_name = self.by_name.get_or_init(|| {
            let whole = 0..text.len();
            let places = self.places(&whole).map(|(at, name)| at..at + name.len());
            let mut by_name: Vec<Range<usize>> = places.collect();
            by_name.sort_by_key(|place| (&text[place.clone()], place.start));
            by_name
        });
        let from = by_name.partition_point(|place| &text[place.clone()] < name);
        let to = by_name.partition_point(|place| &text[place.clone()] <= name);
        &by_name[from..to]
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

fn skipped(text: &str) -> usize {
    const MARK: &str = "\u{feff}";
    let mark = if text.starts_with(MARK) { MARK.len() } else { 0 };
    let code = &text[mark..];
    // `#![…]` is an attribute, with whatever blanks are in it.
    let is_for_shell = code.strip_prefix("#!").is_some_and(|behind| !behind.trim_start().starts_with('['));
    mark + if is_for_shell { code.find('\n').unwrap_or(code.len()) } else { 0 }
}

//! A document as prose: its paragraphs as plain text, each byte of which knows where it stands in the file.

use std::ops::Range;

/// What kind of text a block is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Paragraph,
    Heading,
    /// An item of a list that is not done: `- [ ]`.
    Open,
    /// A row of a table, its cells divided by `|`.
    Row,
}

/// A paragraph, a heading, an item of a list or a row of a table.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) kind: Kind,
    pub(crate) text: String,
    /// Which parts of the text are code.
    pub(crate) code: Vec<Range<usize>>,
    /// How many headings stand before it: what is below one heading is a section.
    pub(crate) section: usize,
    pieces: Vec<Piece>,
}

/// A part of the text that comes from one place.
#[derive(Debug)]
struct Piece {
    at: usize,
    source: Range<usize>,
    /// Whether it stands there letter by letter.
    is_verbatim: bool,
}

impl Block {
    /// Where a part of the text, which is not empty, stands in the file.
    pub(crate) fn source(&self, span: &Range<usize>) -> Range<usize> {
        let first = self.piece(span.start);
        let last = self.piece(span.end - 1);
        let start =
            if first.is_verbatim { first.source.start + (span.start - first.at) } else { first.source.start };
        let end = if last.is_verbatim { last.source.start + (span.end - last.at) } else { last.source.end };
        start..end.max(start)
    }

    fn piece(&self, at: usize) -> &Piece {
        let number = self.pieces.partition_point(|piece| piece.at <= at);
        &self.pieces[number.saturating_sub(1)]
    }

    pub(crate) fn is_code(&self, span: &Range<usize>) -> bool {
        let from = self.code.partition_point(|code| code.end <= span.start);
        self.code.get(from).is_some_and(|code| code.start < span.end)
    }
}

/// A comment that may speak to the audit.
#[derive(Debug)]
pub(crate) struct Remark {
    pub(crate) span: Range<usize>,
    pub(crate) says: Range<usize>,
}

/// A document in hand.
#[derive(Debug, Default)]
pub(crate) struct Document {
    pub(crate) blocks: Vec<Block>,
    /// The text of each heading, in their order.
    pub(crate) headings: Vec<String>,
    pub(crate) remarks: Vec<Remark>,
}

impl Document {
    /// What the section of a block is called; empty above the first heading.
    pub(crate) fn section(&self, block: &Block) -> &str {
        block.section.checked_sub(1).map_or("", |number| self.headings[number].as_str())
    }
}

/// Puts a document together, piece by piece.
pub(crate) struct Builder<'a> {
    pub(crate) source: &'a str,
    document: Document,
    open: Block,
}

impl<'a> Builder<'a> {
    pub(crate) fn new(source: &'a str) -> Builder<'a> {
        Builder { source, document: Document::default(), open: empty(Kind::Paragraph) }
    }

    /// Ends the block that is open, and begins another.
    pub(crate) fn begin(&mut self, kind: Kind) {
        self.end();
        self.open.kind = kind;
    }

    /// Ends the block that is open; what follows is a paragraph.
    pub(crate) fn end(&mut self) {
        let mut block = std::mem::replace(&mut self.open, empty(Kind::Paragraph));
        if block.text.trim().is_empty() {
            return;
        }
        if block.kind == Kind::Heading {
            self.document.headings.push(block.text.trim().to_owned());
        }
        block.section = self.document.headings.len();
        self.document.blocks.push(block);
    }

    /// Text that stands in the file as it is.
    pub(crate) fn verbatim(&mut self, range: Range<usize>) {
        let text = &self.source[range.clone()];
        self.open.pieces.push(Piece { at: self.open.text.len(), source: range, is_verbatim: true });
        self.open.text.push_str(text);
    }

    /// Text that stands for what is in the file.
    pub(crate) fn instead(&mut self, text: &str, range: Range<usize>) {
        // A soft hyphen says where a word may be divided, and is no part of it.
        if text == "\u{ad}" {
            return;
        }
        if self.source.get(range.clone()) == Some(text) {
            return self.verbatim(range);
        }
        self.open.pieces.push(Piece { at: self.open.text.len(), source: range, is_verbatim: false });
        self.open.text.push_str(text);
    }

    /// A blank for whatever is in the file.
    pub(crate) fn blank(&mut self, at: usize) {
        self.instead(" ", at..at);
    }

    /// What is written from here on is code, until [`Builder::code_end`] is given what this returns.
    pub(crate) fn code_begin(&self) -> usize {
        self.open.text.len()
    }

    pub(crate) fn code_end(&mut self, begun: usize) {
        // A block may have ended meanwhile.
        if begun < self.open.text.len() {
            self.open.code.push(begun..self.open.text.len());
        }
    }

    pub(crate) fn remark(&mut self, remark: Remark) {
        self.document.remarks.push(remark);
    }

    pub(crate) fn done(mut self) -> Document {
        self.end();
        self.document
    }
}

fn empty(kind: Kind) -> Block {
    Block { kind, text: String::new(), code: Vec::new(), section: 0, pieces: Vec::new() }
}

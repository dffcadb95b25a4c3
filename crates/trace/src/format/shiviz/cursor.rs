//! Where one stands in a text, kept up step by step so that asking for each event is not quadratic.

/// A place that only moves forward.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'t> {
    text: &'t str,
    at: usize,
    /// The line, counted from 1.
    pub(super) line: u32,
    /// The character within the line, counted from 1.
    pub(super) column: u32,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str) -> Cursor<'t> {
        Cursor { text, at: 0, line: 1, column: 1 }
    }

    /// Moves to this byte, which is the start of a character; stays where it is if that lies behind it.
    pub(super) fn advance(&mut self, to: usize) -> &Cursor<'t> {
        let passed = self.text.get(self.at..to).unwrap_or("");
        if let Some(last) = passed.rfind('\n') {
            let lines = passed.bytes().filter(|byte| *byte == b'\n').count();
            // Saturating: the text has fewer than 2^32 bytes.
            self.line = self.line.saturating_add(super::super::narrow(lines));
            self.column = super::super::narrow(passed[last + 1..].chars().count() + 1);
        } else {
            self.column = self.column.saturating_add(super::super::narrow(passed.chars().count()));
        }
        self.at = self.at.max(to);
        self
    }
}

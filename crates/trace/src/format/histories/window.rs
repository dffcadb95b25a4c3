//! A text that is read piece by piece: held is a window of it, with as much around as an error shows of its line.

use std::io::{BufRead, ErrorKind};
use std::ops::Range;

use super::super::{FormatError, Problem};

/// The longest line or record that is read: 16 MiB, so that a text without ends is not held as one.
pub const RECORD_BYTES_MAX: usize = 1 << 24;

/// At most so many bytes are taken at once.
const PIECE: usize = 1 << 16;

/// So many bytes before and behind what is read stay in the window: more than an error shows of its line, whatever letters.
const AROUND: usize = 1 << 10;

/// What a text is made of, so that one too long is called by its name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Unit {
    Line,
    Record,
}

/// A text as it comes: UTF-8 without a mark at its beginning, each line end a `\n`.
pub(super) struct Window<'i> {
    input: &'i mut dyn BufRead,
    unit: Unit,
    text: String,
    /// What is before it was read, and stands here only to be shown.
    at: usize,
    /// The line of `at`.
    line: u32,
    /// How many characters the first line of the window has before it.
    column: usize,
    /// Bytes that are no whole character yet, or a `\r` of which is not known what follows.
    rest: Vec<u8>,
    /// How many bytes of text there were, with those of the window.
    bytes: u64,
    is_begun: bool,
    end: End,
}

/// How a text ends, as far as is known.
#[derive(Debug)]
enum End {
    Unknown,
    /// The window holds the last of it.
    Whole,
    NotUtf8,
    Io(String),
}

/// What stands in the window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Page<'w> {
    pub(super) text: &'w str,
    /// What is before it was read.
    pub(super) at: usize,
    /// At most up to here a line or a record may go.
    pub(super) end: usize,
    line: u32,
    column: usize,
    /// Whether nothing will stand behind it.
    is_last: bool,
}

impl Page<'_> {
    /// Whether behind this place stands as much as an error there shows.
    pub(super) fn shows_beyond(&self, place: usize) -> bool {
        self.is_last || self.text.len() - place >= AROUND
    }

    /// The line of a place that is not read yet. O(bytes up to there).
    pub(super) fn line(&self, place: usize) -> u32 {
        let passed = self.text.as_bytes().get(self.at..place).unwrap_or_default();
        self.line.saturating_add(super::super::narrow(newlines(passed)))
    }

    /// An error at bytes of it that are not read yet.
    pub(super) fn error(&self, span: Range<usize>, problem: Problem) -> FormatError {
        let text = self.text;
        let start = super::super::floor(text, span.start);
        let (line_start, column) = match text[..start].rfind('\n') {
            Some(place) => (place + 1, 0),
            None => (0, self.column),
        };
        let line_end = text[start..].find('\n').map_or(text.len(), |place| start + place);
        let end = super::super::floor(text, span.end.max(start)).min(line_end);
        let shown = text[line_start..line_end].trim_end_matches('\r');
        let span = start - line_start..end - line_start;
        FormatError::within(self.line(start), (column, shown), span, problem)
    }
}

impl<'i> Window<'i> {
    pub(super) fn new(input: &'i mut dyn BufRead, unit: Unit) -> Window<'i> {
        Window {
            input,
            unit,
            text: String::new(),
            at: 0,
            line: 1,
            column: 0,
            rest: Vec::new(),
            bytes: 0,
            is_begun: false,
            end: End::Unknown,
        }
    }

    /// What stands in it.
    pub(super) fn page(&self) -> Page<'_> {
        // One byte more, to tell what is just as long as may be.
        let end = super::super::floor(&self.text, self.at.saturating_add(RECORD_BYTES_MAX + 1));
        let is_last = !matches!(self.end, End::Unknown);
        Page { text: &self.text, at: self.at, end, line: self.line, column: self.column, is_last }
    }

    /// How many bytes were read, wherever pieces end; a line end is one.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes - (self.text.len() - self.at) as u64
    }

    /// Whether a page ends where the text does.
    pub(super) fn is_whole(&self) -> bool {
        matches!(self.end, End::Whole) && self.text.len() - self.at <= RECORD_BYTES_MAX + 1
    }

    /// What stands before this place was read.
    pub(super) fn advance(&mut self, to: usize) {
        let passed = &self.text.as_bytes()[self.at..to];
        self.line = self.line.saturating_add(super::super::narrow(newlines(passed)));
        self.at = to;
    }

    /// Where the next line ends, and where the one after it begins; `None` at the end of the text.
    pub(super) fn line_end(&mut self) -> Result<Option<(usize, usize)>, FormatError> {
        loop {
            let page = self.page();
            if let Some(length) = page.text[page.at..page.end].find('\n') {
                let end = page.at + length;
                self.bound(end)?;
                return Ok(Some((end, end + 1)));
            }
            if self.is_whole() {
                let end = self.text.len();
                self.bound(end)?;
                return Ok((end > self.at).then_some((end, end)));
            }
            self.more()?;
        }
    }

    /// The line was read after which the next one begins here.
    pub(super) fn advance_line(&mut self, next: usize) {
        // Saturating: it is only shown.
        self.line = self.line.saturating_add(1);
        self.at = next;
    }

    /// Passes blanks and the comments of EDN, however long. `tell` is told each time before more is taken how many bytes
    /// were read, and may end it.
    pub(super) fn pass_blanks(
        &mut self,
        tell: &mut dyn FnMut(u64) -> Result<(), FormatError>,
    ) -> Result<(), FormatError> {
        let mut is_comment = false;
        loop {
            let rest = &self.text.as_bytes()[self.at..];
            let passed = if is_comment {
                self.text[self.at..].find('\n').inspect(|_| is_comment = false)
            } else {
                let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | 0x0c);
                rest.iter().position(|byte| !is_blank(byte))
            };
            let count = passed.unwrap_or(rest.len());
            self.advance(self.at + count);
            match self.text.as_bytes().get(self.at) {
                Some(b';') => is_comment = true,
                Some(b'\n') => {}
                Some(_) => return Ok(()),
                None if self.is_whole() => return Ok(()),
                None => {
                    tell(self.bytes())?;
                    self.more()?;
                }
            }
        }
    }

    /// That what ends here is no longer than may be.
    pub(super) fn bound(&self, end: usize) -> Result<(), FormatError> {
        if end - self.at <= RECORD_BYTES_MAX { Ok(()) } else { Err(self.too_long()) }
    }

    fn too_long(&self) -> FormatError {
        let bytes_max = RECORD_BYTES_MAX as u64;
        let problem = match self.unit {
            Unit::Line => Problem::LineTooLong { bytes_max },
            Unit::Record => Problem::RecordTooLong { bytes_max },
        };
        self.page().error(self.at..self.at + 1, problem)
    }

    /// Takes more, so that half of what is not read is new: who tries again each time is done in linear time.
    ///
    /// # Errors
    /// That there is no more, or more than may be.
    pub(super) fn more(&mut self) -> Result<(), FormatError> {
        let unread = self.text.len() - self.at;
        if unread > RECORD_BYTES_MAX {
            return Err(self.too_long());
        }
        let wanted = unread + unread.max(1);
        while self.text.len() - self.at < wanted && self.fill() {}
        let is_new = self.text.len() - self.at > unread;
        match &self.end {
            End::NotUtf8 if !is_new => Err(self.not_utf8()),
            End::Io(reason) if !is_new => {
                let end = self.text.len();
                Err(self.page().error(end..end, Problem::Io(reason.clone())))
            }
            _ => Ok(()),
        }
    }

    /// Takes so much that an error at this place shows all that it can.
    pub(super) fn show_beyond(&mut self, place: usize) {
        let wanted = place - self.at + AROUND;
        while self.text.len() - self.at < wanted && self.fill() {}
    }

    /// Takes a piece; false if there is none.
    fn fill(&mut self) -> bool {
        if !matches!(self.end, End::Unknown) {
            return false;
        }
        self.forget();
        let count = loop {
            match self.input.fill_buf() {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.end = End::Io(error.to_string());
                    return false;
                }
                Ok(piece) => {
                    let count = piece.len().min(PIECE);
                    self.rest.extend_from_slice(&piece[..count]);
                    break count;
                }
            }
        };
        self.input.consume(count);
        self.take_text(count == 0);
        true
    }

    /// Makes text of the bytes that were taken, as far as they are.
    fn take_text(&mut self, is_last: bool) {
        let (mut text, is_wrong) = match str::from_utf8(&self.rest) {
            Ok(text) => (text, false),
            Err(error) => {
                let valid = str::from_utf8(&self.rest[..error.valid_up_to()]);
                (valid.unwrap_or_default(), is_last || error.error_len().is_some())
            }
        };
        if !is_last && text.len() == self.rest.len() {
            // Whether a line ends there is not known yet.
            text = text.strip_suffix('\r').unwrap_or(text);
        }
        let count = text.len();
        if !self.is_begun && count > 0 {
            self.is_begun = true;
            // Some editors put a byte order mark in front, which is no part of the text.
            text = text.strip_prefix('\u{feff}').unwrap_or(text);
        }
        let before = self.text.len();
        if text.contains('\r') {
            self.text.push_str(&text.replace("\r\n", "\n"));
        } else {
            self.text.push_str(text);
        }
        self.bytes += (self.text.len() - before) as u64;
        self.rest.drain(..count);
        if is_wrong {
            self.end = End::NotUtf8;
        } else if is_last {
            self.end = End::Whole;
        }
    }

    /// Lets go of what was read and is not shown any more.
    fn forget(&mut self) {
        let gone = self.at.saturating_sub(AROUND);
        if gone < (self.text.len() - self.at).max(AROUND) {
            return;
        }
        let gone = super::super::floor(&self.text, gone);
        let text = &self.text[..gone];
        self.column = match text.rfind('\n') {
            Some(place) => text[place + 1..].chars().count(),
            None => self.column + text.chars().count(),
        };
        self.text.drain(..gone);
        self.at -= gone;
    }

    /// That the bytes behind the window are no text, with what else stands on their line.
    fn not_utf8(&mut self) -> FormatError {
        while self.rest.len() < AROUND && !self.rest.contains(&b'\n') {
            let Ok(piece @ [_, ..]) = self.input.fill_buf() else { break };
            let count = piece.len().min(PIECE);
            self.rest.extend_from_slice(&piece[..count]);
            self.input.consume(count);
        }
        let shown = &self.rest[..self.rest.len().min(AROUND)];
        let line = shown.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let start = self.text.len();
        self.text.push_str(&String::from_utf8_lossy(line));
        self.page().error(start..start + '\u{fffd}'.len_utf8(), Problem::NotUtf8)
    }
}

/// How many lines end in a text.
fn newlines(text: &[u8]) -> usize {
    // Of so few the count fits a byte, and many are counted at once.
    let count = |part: &[u8]| part.iter().map(|byte| u8::from(*byte == b'\n')).sum::<u8>();
    text.chunks(u8::MAX as usize).map(|part| usize::from(count(part))).sum()
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read as _, repeat};

    use super::*;

    #[test]
    fn of_a_long_text_no_more_than_a_window_is_held() {
        for (byte, piece) in [(b'\n', 1 << 20), (b' ', 1 << 20), (b' ', 300)] {
            let mut input = BufReader::with_capacity(piece, repeat(byte).take(1 << 24));
            let mut window = Window::new(&mut input, Unit::Record);
            window.pass_blanks(&mut |_| Ok(())).expect("blanks are text");
            assert!(window.is_whole());
            assert_eq!(window.bytes(), 1 << 24);
            let held = window.text.capacity() + window.rest.capacity();
            assert!(held <= 4 * PIECE, "{held} bytes are held of {byte}");
            let error = window.page().error(window.at..window.at, Problem::Empty);
            let (lines, columns) = if byte == b'\n' { (1 << 24, 0) } else { (0, 1 << 24) };
            assert_eq!((error.place.line, error.place.column), (lines + 1, columns + 1));
        }
    }

    #[test]
    fn a_line_that_does_not_end_is_not_held_for_long() {
        let mut input = BufReader::new(repeat(b'x'));
        let mut window = Window::new(&mut input, Unit::Line);
        let error = window.line_end().expect_err("it never ends");
        assert_eq!(error.problem, Problem::LineTooLong { bytes_max: 1 << 24 });
        assert!(window.text.capacity() <= 4 * RECORD_BYTES_MAX, "{}", window.text.capacity());
    }
}

//! The EDN that histories of others are written in: a reader that knows where it stands, how deep and how much it holds.
//!
//! Only what histories use: tags and metadata are passed over, what they stand before is read. Of a collection the elements
//! are read one by one ([`Reader::open`]), so that no more than one of them is held.

use std::borrow::Cow;
use std::ops::Range;

use super::Problem;

/// Something that was read, and where it stands: bytes of the text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Form<'a> {
    start: u32,
    end: u32,
    pub(super) value: Edn<'a>,
}

/// What was read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Edn<'a> {
    /// `nil`.
    Nil,
    /// Digits, as they stand but for the mark of a large number.
    Number(&'a str),
    /// A text in quotes, or a letter.
    Text(Cow<'a, str>),
    /// A word after a colon, without it.
    Keyword(&'a str),
    /// Any other word, `true` among them.
    Symbol(&'a str),
    /// A list or a vector.
    Sequence(Vec<Form<'a>>),
    /// A set.
    Set(Vec<Form<'a>>),
    /// Keys and values in turn.
    Map(Vec<Form<'a>>),
}

impl<'a> Form<'a> {
    pub(super) fn span(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    pub(super) fn keyword(&self) -> Option<&'a str> {
        match self.value {
            Edn::Keyword(word) => Some(word),
            _ => None,
        }
    }

    /// The elements of a list or a vector.
    pub(super) fn sequence(&self) -> Option<&[Form<'a>]> {
        match &self.value {
            Edn::Sequence(forms) => Some(forms),
            _ => None,
        }
    }
}

/// Where a text is no EDN, and why.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Flaw {
    pub(super) span: Range<usize>,
    pub(super) problem: Problem,
}

impl Flaw {
    pub(super) fn new(span: Range<usize>, expected: &'static str, found: impl Into<String>) -> Flaw {
        Flaw { span, problem: Problem::Unexpected { expected, found: found.into() } }
    }
}

/// Reads forms from left to right.
#[derive(Clone, Debug)]
pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// How many more forms may be held.
    left: u32,
    /// Whether more text might have been read in another way.
    has_met_end: bool,
}

impl<'a> Reader<'a> {
    /// How deep collections may stand in one another; a reader calls itself so often.
    pub(super) const DEPTH_MAX: u32 = 64;
    /// How many forms one element of the outermost collection may have: some hundred MiB.
    pub(super) const FORMS_MAX: u32 = 1 << 22;

    /// The text has fewer than 2^32 bytes.
    pub(super) fn new(text: &'a str) -> Reader<'a> {
        Reader { text, at: 0, left: Reader::FORMS_MAX, has_met_end: false }
    }

    /// As [`Reader::new`], of these bytes of the text alone.
    pub(super) fn within(text: &'a str, start: usize, end: usize) -> Reader<'a> {
        Reader { at: start, ..Reader::new(&text[..end]) }
    }

    /// Whether it came upon the end of the text: what it told then, also of what is wrong, holds of this text alone. All
    /// else it would have told of any text that begins with this one.
    pub(super) fn has_met_end(&self) -> bool {
        self.has_met_end
    }

    /// Where it is.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Passes the bracket that opens a list or a vector, if one is next, and tells which one closes it.
    pub(super) fn open(&mut self) -> Result<Option<u8>, Flaw> {
        let close = match self.peek(0)? {
            Some(b'[') => b']',
            Some(b'(') => b')',
            _ => return Ok(None),
        };
        self.at += 1;
        Ok(Some(close))
    }

    /// Passes the brace that opens a map, with what stands before it, if one is next: keys and values follow in turn.
    pub(super) fn open_map(&mut self) -> Result<bool, Flaw> {
        let at = self.tags(0)?;
        let is_next = self.text.as_bytes().get(at) == Some(&b'{');
        self.at = at + usize::from(is_next);
        Ok(is_next)
    }

    /// Passes this bracket if it is next.
    pub(super) fn close(&mut self, bracket: u8) -> Result<bool, Flaw> {
        let is_next = self.peek(0)? == Some(bracket);
        self.at += usize::from(is_next);
        Ok(is_next)
    }

    /// The next form; `None` at the end of the text.
    pub(super) fn next(&mut self) -> Result<Option<Form<'a>>, Flaw> {
        self.left = Reader::FORMS_MAX;
        if self.peek(0)?.is_none() { Ok(None) } else { self.form(0).map(Some) }
    }

    /// The byte that is read next, with blanks, comments and what is commented out by `#_` passed over.
    fn peek(&mut self, depth: u32) -> Result<Option<u8>, Flaw> {
        loop {
            let rest = &self.text.as_bytes()[self.at..];
            self.has_met_end |= matches!(rest, [] | [b'#']);
            match rest {
                [b' ' | b'\t' | b'\n' | b'\r' | b',' | 0x0c, ..] => self.at += 1,
                [b';', ..] => self.at += rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()),
                [b'#', b'_', ..] => self.pass_unread(depth)?,
                _ => return Ok(rest.first().copied()),
            }
        }
    }

    /// Passes `#_` and the form that it comments out, if that is next.
    pub(super) fn unread(&mut self) -> Result<bool, Flaw> {
        let is_next = self.text[self.at..].starts_with("#_");
        self.has_met_end |= &self.text[self.at..] == "#";
        if is_next {
            self.pass_unread(0)?;
        }
        Ok(is_next)
    }

    fn pass_unread(&mut self, depth: u32) -> Result<(), Flaw> {
        let (start, depth) = (self.at, self.deeper(depth)?);
        self.at += 2;
        if self.peek(depth)?.is_none() {
            return Err(self.missing(start, "a form after `#_`"));
        }
        self.form(depth).map(|_| ())
    }

    fn deeper(&self, depth: u32) -> Result<u32, Flaw> {
        if depth < Reader::DEPTH_MAX {
            return Ok(depth + 1);
        }
        let problem = Problem::NestedTooDeep { depth_max: Reader::DEPTH_MAX };
        Err(Flaw { span: self.at..self.at + 1, problem })
    }

    /// What should be closed or followed by something begins at `start`, and the text is over.
    fn missing(&self, start: usize, expected: &'static str) -> Flaw {
        Flaw::new(start..start + 1, expected, "the end of the text")
    }

    fn form(&mut self, depth: u32) -> Result<Form<'a>, Flaw> {
        let start = self.tags(depth)?;
        let Some(left) = self.left.checked_sub(1) else {
            let problem = Problem::TooManyForms { forms_max: Reader::FORMS_MAX };
            return Err(Flaw { span: start..start + 1, problem });
        };
        self.left = left;
        let first = self.text.as_bytes()[start];
        let value = match first {
            b'[' => Edn::Sequence(self.elements(1, b']', "`]`", depth)?),
            b'(' => Edn::Sequence(self.elements(1, b')', "`)`", depth)?),
            b'{' => self.map(depth)?,
            b'#' => Edn::Set(self.elements(2, b'}', "`}`", depth)?),
            b'"' => Edn::Text(self.string()?),
            b'\\' => Edn::Text(Cow::Borrowed(self.letter())),
            b']' | b')' | b'}' => {
                let found = format!("`{}`", char::from(first));
                return Err(Flaw::new(start..start + 1, "a form", found));
            }
            _ => self.word()?,
        };
        // Cannot wrap: the text has fewer than 2^32 bytes.
        let [start, end] = [start, self.at].map(|at| u32::try_from(at).unwrap_or(u32::MAX));
        Ok(Form { start, end, value })
    }

    /// Passes tags and metadata, and tells where what they stand before begins.
    fn tags(&mut self, depth: u32) -> Result<usize, Flaw> {
        let begin = self.at;
        let mut deep = depth;
        loop {
            let Some(first) = self.peek(depth)? else { return Err(self.missing(begin, "a form")) };
            let second = self.text.as_bytes().get(self.at + 1);
            match (first, second) {
                (b'#', Some(b'{')) => return Ok(self.at),
                (b'#', Some(letter)) if letter.is_ascii_alphabetic() => {
                    // What has a tag may have another: they stand in one another as collections do.
                    deep = self.deeper(deep)?;
                    self.at += 1;
                    self.at += self.word_length();
                }
                (b'#', _) => {
                    let end = self.at + 1;
                    return Err(Flaw::new(self.at..end, "a tag or a set after `#`", "something else"));
                }
                (b'^', _) => {
                    let depth = self.deeper(depth)?;
                    self.at += 1;
                    self.form(depth)?;
                }
                _ => return Ok(self.at),
            }
        }
    }

    fn elements(
        &mut self,
        width: usize,
        close: u8,
        expected: &'static str,
        depth: u32,
    ) -> Result<Vec<Form<'a>>, Flaw> {
        let (start, depth) = (self.at, self.deeper(depth)?);
        self.at += width;
        let mut forms = Vec::new();
        loop {
            match self.peek(depth)? {
                None => return Err(self.missing(start, expected)),
                Some(byte) if byte == close => break,
                Some(_) => forms.push(self.form(depth)?),
            }
        }
        self.at += 1;
        Ok(forms)
    }

    fn map(&mut self, depth: u32) -> Result<Edn<'a>, Flaw> {
        let forms = self.elements(1, b'}', "`}`", depth)?;
        match forms.last() {
            Some(last) if !forms.len().is_multiple_of(2) => {
                Err(Flaw::new(last.span(), "a value for each key of a map", "a key without one"))
            }
            _ => Ok(Edn::Map(forms)),
        }
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Flaw> {
        let start = self.at;
        let inside = &self.text[start + 1..];
        let mut escapes = false;
        let mut end = None;
        let mut bytes = inside.bytes().enumerate();
        while let Some((at, byte)) = bytes.next() {
            match byte {
                b'"' => {
                    end = Some(at);
                    break;
                }
                b'\\' => {
                    escapes = true;
                    bytes.next();
                }
                _ => {}
            }
        }
        let Some(end) = end else {
            self.has_met_end = true;
            return Err(self.missing(start, "`\"` at the end of a text"));
        };
        self.at = start + 1 + end + 1;
        let raw = &inside[..end];
        if !escapes {
            return Ok(Cow::Borrowed(raw));
        }
        let wrong =
            || Flaw::new(start..self.at, "escapes of EDN: \\n, \\t, \\r, \\\\, \\\" or \\u0041", "another");
        unescape(raw).map(Cow::Owned).ok_or_else(wrong)
    }

    /// A letter after a backslash, or its name.
    fn letter(&mut self) -> &'a str {
        let start = self.at + 1;
        let first = self.text[start..].chars().next().map_or(0, char::len_utf8);
        self.at = start + first;
        self.at += self.word_length();
        &self.text[start..self.at]
    }

    /// How long the word is that begins here.
    fn word_length(&mut self) -> usize {
        let is_over = |byte: &u8| {
            matches!(byte, b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'"' | b';' | b',') || *byte <= b' '
        };
        let rest = &self.text.as_bytes()[self.at..];
        let (length, end) = (rest.iter().position(is_over), rest.len());
        self.has_met_end |= length.is_none();
        length.unwrap_or(end)
    }

    fn word(&mut self) -> Result<Edn<'a>, Flaw> {
        let start = self.at;
        let end = start + self.word_length();
        let word = &self.text[start..end];
        self.at += word.len();
        if word.is_empty() {
            // A control character that is no blank: passing it by would loop.
            return Err(Flaw::new(start..start + 1, "a form", "a control character"));
        }
        let digits = word.strip_prefix(['-', '+']).unwrap_or(word);
        Ok(match word.strip_prefix(':') {
            Some(name) => Edn::Keyword(name),
            None if word == "nil" => Edn::Nil,
            None if digits.starts_with(|letter: char| letter.is_ascii_digit()) => {
                Edn::Number(word.strip_suffix(['N', 'M']).unwrap_or(word))
            }
            None => Edn::Symbol(word),
        })
    }
}

fn unescape(raw: &str) -> Option<String> {
    let mut text = String::with_capacity(raw.len());
    let mut letters = raw.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            text.push(letter);
            continue;
        }
        text.push(match letters.next()? {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\u{8}',
            'f' => '\u{c}',
            same @ ('\\' | '"') => same,
            'u' => {
                let digits = letters.as_str().get(..4)?;
                letters = letters.as_str().get(4..)?.chars();
                char::from_u32(u32::from_str_radix(digits, 16).ok()?)?
            }
            _ => return None,
        });
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Form<'_>>, Flaw> {
        let mut reader = Reader::new(text);
        let mut forms = Vec::new();
        while let Some(form) = reader.next()? {
            forms.push(form);
        }
        Ok(forms)
    }

    fn shown(form: &Form<'_>) -> String {
        let all = |forms: &[Form<'_>]| forms.iter().map(shown).collect::<Vec<_>>().join(" ");
        match &form.value {
            Edn::Nil => "nil".to_owned(),
            Edn::Number(word) | Edn::Symbol(word) => (*word).to_owned(),
            Edn::Text(text) => format!("{text:?}"),
            Edn::Keyword(word) => format!(":{word}"),
            Edn::Sequence(forms) => format!("[{}]", all(forms)),
            Edn::Set(forms) => format!("#{{{}}}", all(forms)),
            Edn::Map(forms) => format!("{{{}}}", all(forms)),
        }
    }

    #[test]
    fn what_is_read_is_what_stands_there() {
        for (text, expected) in [
            ("{:process 7, :type :ok}", "{:process 7 :type :ok}"),
            ("(1 -2 3N #{4.5M})", "[1 -2 3 #{4.5}]"),
            ("#jepsen.history.Op{:index 0} #a/b #c [x]", "{:index 0} [x]"),
            ("^{:doc \"d\"} [\\a \\newline] ; a comment\n true", "[\"a\" \"newline\"] true"),
            ("#_ #_ a b [c #_d] #_e", "[c]"),
            (r#""a\"\\\n\u00e9""#, r#""a\"\\\né""#),
        ] {
            let forms = read(text).expect(text);
            assert_eq!(forms.iter().map(shown).collect::<Vec<_>>().join(" "), expected, "{text}");
            for form in &forms {
                assert!(form.span().end <= text.len(), "{text}");
            }
        }
    }

    #[test]
    fn what_is_no_edn_is_refused_at_its_place() {
        for (text, span, problem) in [
            ("[1 2", 0..1, "expected `]`, found the end of the text"),
            ("x }", 2..3, "expected a form, found `}`"),
            ("{:a 1 :b}", 6..8, "expected a value for each key of a map, found a key without one"),
            ("\"abc", 0..1, "expected `\"` at the end of a text, found the end of the text"),
            ("#5", 0..1, "expected a tag or a set after `#`, found something else"),
            ("a #_", 2..3, "expected a form after `#_`, found the end of the text"),
            ("\u{1}", 0..1, "expected a form, found a control character"),
        ] {
            let flaw = read(text).expect_err(text);
            assert_eq!((flaw.span, flaw.problem.to_string().as_str()), (span, problem), "{text}");
        }
    }

    #[test]
    fn a_bomb_of_brackets_is_refused() {
        for bomb in ["[", "{", "#{", "#_", "^", "#a [", "#a "] {
            let flaw = read(&bomb.repeat(1 << 20)).expect_err(bomb);
            assert_eq!(flaw.problem.to_string(), "more than 64 collections in one another", "{bomb}");
        }
    }
}

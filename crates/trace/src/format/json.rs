//! The JSON that our formats need: a scanner that knows where it stands, never recurses and rounds no number.
//!
//! A general reader would take a number twice its size for the same, keep the last of two equal keys and give
//! no column; each of these is a fault that somebody's log had, so this one sees them.

use std::borrow::Cow;
use std::ops::Range;

/// The largest number that every reader of JSON holds exactly; larger ones are written as strings.
pub(crate) const EXACT_MAX: u64 = 1 << 53;

/// A place where something else should stand: bytes of the text, and both descriptions.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Flaw {
    pub(crate) span: Range<usize>,
    pub(crate) expected: &'static str,
    pub(crate) found: String,
}

/// Reads one JSON value from left to right.
#[derive(Clone, Debug)]
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Scanner<'a> {
        Scanner { text, at: 0 }
    }

    /// The byte that is read next, blanks skipped.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.text.as_bytes().get(self.at) {
            self.at += 1;
        }
        self.text.as_bytes().get(self.at).copied()
    }

    /// Where the next value starts.
    pub(crate) fn position(&mut self) -> usize {
        self.peek();
        self.at
    }

    /// What was read since `start`.
    pub(crate) fn span_since(&self, start: usize) -> Range<usize> {
        start..self.at
    }

    pub(crate) fn take(&mut self, byte: u8, expected: &'static str) -> Result<(), Flaw> {
        if self.peek() == Some(byte) {
            self.at += 1;
            return Ok(());
        }
        Err(self.flaw(expected))
    }

    /// Nothing but blanks may follow.
    pub(crate) fn finish(&mut self) -> Result<(), Flaw> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.flaw("the end of the line")),
        }
    }

    /// Reads an object, handing each key with its span to `member`, which reads the value.
    pub(crate) fn object<E: From<Flaw>>(
        &mut self,
        expected: &'static str,
        mut member: impl FnMut(&mut Scanner<'a>, Cow<'a, str>, Range<usize>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.take(b'{', expected)?;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            let start = self.position();
            let key = self.string("a key in double quotes")?;
            let span = self.span_since(start);
            self.take(b':', "`:`")?;
            member(self, key, span)?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(self.flaw("`,` or `}`").into()),
            }
        }
    }

    /// Reads an array, calling `element` where each value starts.
    pub(crate) fn array<E: From<Flaw>>(
        &mut self,
        expected: &'static str,
        mut element: impl FnMut(&mut Scanner<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.take(b'[', expected)?;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            element(self)?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(self.flaw("`,` or `]`").into()),
            }
        }
    }

    /// Reads a string.
    pub(crate) fn string(&mut self, expected: &'static str) -> Result<Cow<'a, str>, Flaw> {
        if self.peek() != Some(b'"') {
            return Err(self.flaw(expected));
        }
        let start = self.at + 1;
        let bytes = self.text.as_bytes();
        let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
        let mut owned: Option<String> = None;
        let mut from = start;
        loop {
            let Some(len) = bytes[from..].iter().position(is_special) else {
                self.at = bytes.len();
                return Err(self.flaw("`\"` at the end of the string"));
            };
            let (plain, special) = (&self.text[from..from + len], from + len);
            match bytes[special] {
                b'"' => {
                    self.at = special + 1;
                    return Ok(match owned {
                        None => Cow::Borrowed(plain),
                        Some(text) => Cow::Owned(text + plain),
                    });
                }
                b'\\' => {
                    self.at = special;
                    let letter = self.escape()?;
                    let text = owned.get_or_insert_default();
                    text.push_str(plain);
                    text.push(letter);
                    from = self.at;
                }
                control => {
                    self.at = special;
                    let found = format!("the control character U+{control:04X}");
                    let span = special..special + 1;
                    return Err(Flaw { span, expected: "an escape such as `\\n`", found });
                }
            }
        }
    }

    /// Reads one escape, from the backslash on.
    fn escape(&mut self) -> Result<char, Flaw> {
        let start = self.at;
        let letter = match self.text.as_bytes().get(start + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => {
                let found = self.text[start..].chars().take(2).collect::<String>();
                let span = start..start + found.len();
                return Err(Flaw { span, expected: "one of JSON's escapes", found: format!("`{found}`") });
            }
        };
        self.at = start + 2;
        Ok(letter)
    }

    /// `\u` and four digits; a character beyond them is two such escapes, a surrogate pair.
    fn unicode_escape(&mut self) -> Result<char, Flaw> {
        let start = self.at;
        let unit = |at: usize| {
            let digits = self.text.get(at..at + 6)?.strip_prefix("\\u")?;
            let are_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            u32::from_str_radix(digits, 16).ok().filter(|_| are_hex)
        };
        let (code, len) = match unit(start) {
            Some(high @ 0xD800..0xDC00) => match unit(start + 6) {
                Some(low @ 0xDC00..0xE000) => (Some(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)), 12),
                _ => (None, 6),
            },
            other => (other, 6),
        };
        let Some(letter) = code.and_then(char::from_u32) else {
            let found = self.text[start..].chars().take(6).collect::<String>();
            let span = start..start + found.len();
            let expected = "`\\u` with four hexadecimal digits that make a character";
            return Err(Flaw { span, expected, found: format!("`{found}`") });
        };
        self.at = start + len;
        Ok(letter)
    }

    /// Reads a number and returns it as it is written.
    pub(crate) fn number(&mut self, expected: &'static str) -> Result<&'a str, Flaw> {
        if !matches!(self.peek(), Some(b'-' | b'0'..=b'9')) {
            return Err(self.flaw(expected));
        }
        let start = self.at;
        let rest = &self.text.as_bytes()[start..];
        let len = rest
            .iter()
            .position(|byte| !matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9'))
            .unwrap_or(rest.len());
        let token = &self.text[start..start + len];
        self.at = start + len;
        if is_number(token) {
            return Ok(token);
        }
        Err(Flaw { span: start..start + len, expected, found: format!("`{}`", cut(token)) })
    }

    /// Reads a whole number that is not negative: digits up to 2^53, or a string of digits.
    pub(crate) fn unsigned(&mut self, expected: &'static str) -> Result<u64, Flaw> {
        let start = self.position();
        let (digits, is_text) = match self.peek() {
            Some(b'"') => (self.string(expected)?, true),
            _ => (Cow::Borrowed(self.number(expected)?), false),
        };
        let span = self.span_since(start);
        let value = whole(&digits).ok_or_else(|| Flaw {
            span: span.clone(),
            expected,
            found: format!("`{}`", cut(&self.text[span.clone()])),
        })?;
        if !is_text && value > EXACT_MAX {
            let expected = "a string of digits, since many readers round numbers above 2^53";
            return Err(Flaw { span, expected, found: format!("the number {digits}") });
        }
        Ok(value)
    }

    /// Like [`Scanner::unsigned`], with a minus sign allowed.
    pub(crate) fn signed(&mut self, expected: &'static str) -> Result<i64, Flaw> {
        let start = self.position();
        let (digits, is_text) = match self.peek() {
            Some(b'"') => (self.string(expected)?, true),
            _ => (Cow::Borrowed(self.number(expected)?), false),
        };
        let span = self.span_since(start);
        let magnitude = digits.strip_prefix('-').unwrap_or(&digits);
        let value = whole(magnitude).filter(|_| *digits != *"-0").and_then(|_| digits.parse::<i64>().ok());
        let value = value.ok_or_else(|| Flaw {
            span: span.clone(),
            expected,
            found: format!("`{}`", cut(&self.text[span.clone()])),
        })?;
        if !is_text && value.unsigned_abs() > EXACT_MAX {
            let expected = "a string of digits, since many readers round numbers above 2^53";
            return Err(Flaw { span, expected, found: format!("the number {digits}") });
        }
        Ok(value)
    }

    /// Passes over a `null`, if one stands here.
    pub(crate) fn null(&mut self) -> bool {
        let start = self.position();
        let rest = &self.text[start..];
        let is_null =
            rest.starts_with("null") && !rest[4..].starts_with(|letter: char| letter.is_alphanumeric());
        self.at += if is_null { 4 } else { 0 };
        is_null
    }

    /// Passes over a value of any kind: brackets are counted, not matched, and words are not looked at.
    pub(crate) fn skip_value(&mut self) -> Result<(), Flaw> {
        let mut depth = 0_u64;
        loop {
            match self.peek() {
                None => return Err(self.flaw("a value")),
                Some(b'"') => drop(self.string("a value")?),
                // Cannot wrap: one step a byte.
                Some(b'{' | b'[') => (depth, self.at) = (depth + 1, self.at + 1),
                Some(b'}' | b']') if depth > 0 => (depth, self.at) = (depth - 1, self.at + 1),
                Some(b',' | b':') if depth > 0 => self.at += 1,
                Some(b'}' | b']' | b',' | b':') => return Err(self.flaw("a value")),
                Some(_) => {
                    let rest = &self.text.as_bytes()[self.at..];
                    let is_end = |byte: &u8| matches!(byte, b',' | b':' | b'{' | b'}' | b'[' | b']' | b'"');
                    // Only what is passed over elsewhere: a form feed that ended a word here would never be passed.
                    let is_end = |byte: &u8| is_end(byte) || matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
                    self.at += rest.iter().position(is_end).unwrap_or(rest.len());
                }
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }

    /// What stands here, where something else should.
    pub(crate) fn flaw(&mut self, expected: &'static str) -> Flaw {
        let start = self.position();
        let rest = &self.text[start..];
        let word_len = rest.bytes().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (found, len) = match rest.chars().next() {
            None => ("the end of the line".to_owned(), 0),
            Some('"') => ("a string".to_owned(), 1),
            Some('{') => ("an object".to_owned(), 1),
            Some('[') => ("an array".to_owned(), 1),
            Some('-' | '0'..='9') => ("a number".to_owned(), word_len.max(1)),
            Some(_) if word_len > 0 => (format!("`{}`", cut(&rest[..word_len])), word_len),
            Some(letter) => (format!("`{}`", letter.escape_debug()), letter.len_utf8()),
        };
        Flaw { span: start..start + len, expected, found }
    }
}

/// Whether a text begins with an object that has this key, as far as it can be read. O(length), without recursion.
pub(crate) fn has_key(text: &str, wanted: &str) -> bool {
    let mut scanner = Scanner::new(text);
    let mut is_found = false;
    // A flaw ends the search: what was found until then counts, and a reader will say what is wrong.
    let _flaw = scanner.object("an object", |scanner, key, _| {
        is_found |= key == wanted;
        if is_found { Err(scanner.flaw("nothing more")) } else { scanner.skip_value() }
    });
    is_found
}

/// Writes a text as a JSON string: everything as it is, but for what JSON demands to be escaped.
pub(crate) fn push_string(out: &mut String, text: &str) {
    out.push('"');
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..0x20 => "",
            _ => continue,
        };
        out.push_str(&text[from..at]);
        if escape.is_empty() {
            out.push_str(&format!("\\u{byte:04x}"));
        } else {
            out.push_str(escape);
        }
        from = at + 1;
    }
    out.push_str(&text[from..]);
    out.push('"');
}

/// Writes a number, as a string when it is above 2^53.
pub(crate) fn push_unsigned(out: &mut String, value: u64) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    let mut rest = value;
    loop {
        start -= 1;
        digits[start] = b'0' + u8::try_from(rest % 10).expect("a remainder of ten is below ten");
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    let quote = if value > EXACT_MAX { "\"" } else { "" };
    out.push_str(quote);
    out.extend(digits[start..].iter().map(|digit| char::from(*digit)));
    out.push_str(quote);
}

/// Writes a number that may be negative, as a string when it is beyond 2^53 either way.
pub(crate) fn push_signed(out: &mut String, value: i64) {
    let quote = if value.unsigned_abs() > EXACT_MAX { "\"" } else { "" };
    out.push_str(&format!("{quote}{value}{quote}"));
}

/// A text as an error shows it: not longer than a line can bear.
pub(crate) fn cut(text: &str) -> String {
    const CHARACTERS_MAX: usize = 40;
    match text.char_indices().nth(CHARACTERS_MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// The value of digits in canonical form: no sign, no leading zero.
fn whole(digits: &str) -> Option<u64> {
    let is_canonical =
        digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    if is_canonical { digits.parse().ok() } else { None }
}

/// Whether a text is a number by the grammar of RFC 8259.
fn is_number(token: &str) -> bool {
    let unsigned = token.strip_prefix('-').unwrap_or(token);
    let (len, mut rest) = after_digits(unsigned);
    if len == 0 || (len > 1 && unsigned.starts_with('0')) {
        return false;
    }
    if let Some(fraction) = rest.strip_prefix('.') {
        let (len, after) = after_digits(fraction);
        if len == 0 {
            return false;
        }
        rest = after;
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let (len, after) = after_digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent));
        return len > 0 && after.is_empty();
    }
    rest.is_empty()
}

/// How many digits a text starts with, and what follows them.
fn after_digits(text: &str) -> (usize, &str) {
    let len = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    (len, text.get(len..).unwrap_or(""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads a text as nothing but a string.
    fn read_string(text: &str) -> Option<String> {
        let mut scanner = Scanner::new(text);
        let value = scanner.string("a string").ok()?.into_owned();
        scanner.finish().ok().map(|()| value)
    }

    #[test]
    fn numbers_are_those_of_the_grammar() {
        let numbers = ["0", "-0", "10", "1.5", "-1.25e+10", "1E5", "1e-05"];
        let others = ["", "-", "01", "1.", ".5", "1e", "1e+", "+1", "1.e5", "--1", "1-1", "1.5.5", "1e5e5"];
        for text in numbers {
            assert!(is_number(text) && serde_json::from_str::<serde_json::Value>(text).is_ok(), "{text}");
        }
        for text in others {
            assert!(!is_number(text) && serde_json::from_str::<serde_json::Value>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_control_character_in_the_place_of_a_value_ends_the_search_for_a_key() {
        for text in ["{\"lk\":{1 \u{c}", "{\"lk\":\u{c},\"schema\":1}", "{\"lk\":[\u{b}\u{0}\u{c}]}"] {
            assert_eq!(has_key(text, "schema"), text.contains("schema"), "{text:?}");
        }
    }

    #[test]
    fn whole_numbers_are_read_exactly_or_refused() {
        let read = |text: &str| Scanner::new(text).unsigned("a whole number").ok();
        assert_eq!(read("9007199254740992"), Some(1 << 53));
        assert_eq!(read("9007199254740993"), None, "as a number it would be rounded elsewhere");
        assert_eq!(read("\"18446744073709551615\""), Some(u64::MAX));
        for text in ["\"18446744073709551616\"", "\"01\"", "\"\"", "\"+1\"", "-1", "1.0", "1e0", "\" 1\""] {
            assert_eq!(read(text), None, "{text}");
        }
        let read = |text: &str| Scanner::new(text).signed("a whole number").ok();
        assert_eq!(read("-9007199254740992"), Some(-(1 << 53)));
        assert_eq!(read("\"-9223372036854775808\""), Some(i64::MIN));
        for text in ["-9007199254740993", "-0", "\"--1\"", "\"9223372036854775808\""] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_string_is_read_by_its_twin_and_from_it(text in any::<String>()) {
            let mut written = String::new();
            push_string(&mut written, &text);
            prop_assert_eq!(serde_json::from_str::<String>(&written).ok(), Some(text.clone()));
            prop_assert_eq!(read_string(&serde_json::to_string(&text).unwrap_or_default()), Some(text));
        }

        #[test]
        fn scanner_and_twin_take_the_same_strings(
            inside in r#"([a"\x07ü]|\\["\\/bfnrtux]|\\u[dD][89a-fA-F][0-9a-f]{2}|\\ud83d\\ude[0-9a-f]{2}|\\u00[0-9a-f]{2}|\\u\+123){0,6}"#,
        ) {
            let text = format!("\"{inside}\"");
            prop_assert_eq!(read_string(&text), serde_json::from_str::<String>(&text).ok(), "{}", text);
        }

        #[test]
        fn scanner_and_twin_take_the_same_numbers(text in "[-+.eE019]{1,6}") {
            // The twin also refuses numbers beyond the range of a float, which these lengths can reach by exponent.
            let is_large = text.to_lowercase().split_once('e').is_some_and(|(_, exponent)| exponent.len() > 2);
            prop_assert!(is_large || is_number(&text) == serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{}", text);
        }

        #[test]
        fn numbers_are_written_as_they_are_read(unsigned in any::<u64>(), signed in any::<i64>()) {
            let mut out = String::new();
            push_unsigned(&mut out, unsigned);
            prop_assert_eq!(Scanner::new(&out).unsigned("").ok(), Some(unsigned));
            out.clear();
            push_signed(&mut out, signed);
            prop_assert_eq!(Scanner::new(&out).signed("").ok(), Some(signed));
        }
    }
}

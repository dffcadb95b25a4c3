//! What a parser throws away or cannot survive: where the comments are, which names are written where, how deep it nests.
//!
//! A Rust parser descends once for each bracket, and for each operator that holds another, such as `!`, `&` or `else if`. A
//! text that nests ten thousand times would end it, and whoever called it; so depth is measured here, before it is called.

use std::ops::Range;

/// How many brackets may stand within one another.
pub(crate) const DEPTH_MAX: usize = 200;

/// How many tokens may hold one another: those of one statement, with those of all statements around it.
pub(crate) const CHAIN_MAX: usize = 8_000;

/// What was seen of a text in one pass.
#[derive(Debug, Default)]
pub(crate) struct Lexed {
    /// In the order of the text; documentation comments are not among them.
    pub(crate) comments: Vec<Comment>,
    /// Each line of documentation, and each block, in the order of the text.
    pub(crate) documentation: Vec<Comment>,
    /// Every identifier and keyword, in the order of the text.
    pub(crate) names: Vec<Name>,
    /// Where it nests deeper than can be parsed, in bytes.
    pub(crate) too_deep: Option<usize>,
}

/// A comment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Comment {
    /// All of it, with its slashes.
    pub(crate) span: Range<usize>,
    /// What it says, without slashes and stars.
    pub(crate) says: Range<usize>,
    /// Where the next token begins that is none; the length of the text if there is none.
    pub(crate) next: usize,
}

/// An identifier or a keyword.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Name {
    pub(crate) start: u32,
    pub(crate) length: u32,
}

/// Reads a text of at most 2^32 - 1 bytes. Takes time and memory in proportion to its length, and no stack.
pub(crate) fn lex(text: &str) -> Lexed {
    let mut lexer =
        Lexer { text: text.as_bytes(), at: 0, lexed: Lexed::default(), open: Vec::new(), chain: 0, outer: 0 };
    lexer.run();
    lexer.lexed
}

struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    lexed: Lexed,
    /// For each open bracket how long the chain was that it stands in.
    open: Vec<usize>,
    /// How many tokens the statement has so far, on this level.
    chain: usize,
    /// How many all chains around have.
    outer: usize,
}

impl Lexer<'_> {
    fn run(&mut self) {
        // Comments whose next token is still to come.
        let mut waiting = 0;
        // Whether a `}` was just read: what follows it may go on with it, or be another statement.
        let mut is_after_brace = false;
        loop {
            let start = self.at;
            let Some(byte) = self.peek(0) else { break };
            if byte.is_ascii_whitespace() {
                self.at += 1;
                continue;
            }
            if byte == b'/' && matches!(self.peek(1), Some(b'/' | b'*')) {
                self.comment();
                continue;
            }
            for comment in &mut self.lexed.comments[waiting..] {
                comment.next = start;
            }
            waiting = self.lexed.comments.len();
            let is_name = is_name_start(byte);
            if is_after_brace && (is_name || byte == b'#') && !self.text[start..].starts_with(b"else") {
                self.chain = 0;
            }
            is_after_brace = byte == b'}';
            self.token(byte);
            self.measure(byte, start);
        }
        let end = self.text.len();
        for comment in &mut self.lexed.comments[waiting..] {
            comment.next = end;
        }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.at + ahead).copied()
    }

    fn measure(&mut self, byte: u8, start: usize) {
        match byte {
            b'(' | b'[' | b'{' => {
                self.open.push(self.chain);
                self.outer += self.chain + 1;
                self.chain = 0;
            }
            b')' | b']' | b'}' => {
                if let Some(chain) = self.open.pop() {
                    self.outer -= chain + 1;
                    self.chain = chain + 1;
                }
            }
            b',' | b';' => self.chain = 0,
            _ => self.chain += 1,
        }
        let is_too_deep = self.open.len() > DEPTH_MAX || self.outer + self.chain > CHAIN_MAX;
        if is_too_deep && self.lexed.too_deep.is_none() {
            self.lexed.too_deep = Some(start);
        }
    }

    fn token(&mut self, byte: u8) {
        match byte {
            b'"' => self.string(),
            b'\'' => self.quote(),
            _ if is_name_start(byte) => self.name(),
            b'0'..=b'9' => self.skip_name(),
            _ => self.at += 1,
        }
    }

    fn skip_name(&mut self) {
        while self.peek(0).is_some_and(is_name_part) {
            self.at += 1;
        }
    }

    /// An identifier, or the prefix of a string.
    fn name(&mut self) {
        let start = self.at;
        self.skip_name();
        match (&self.text[start..self.at], self.peek(0)) {
            (b"r" | b"br" | b"cr", Some(b'"' | b'#')) if self.raw_string() => return,
            (b"b" | b"c", Some(b'"')) => return self.string(),
            (b"b", Some(b'\'')) => return self.quote(),
            // A raw identifier is called what follows.
            (b"r", Some(b'#')) => {
                self.at += 1;
                return self.name_from(self.at);
            }
            _ => {}
        }
        self.push_name(start);
    }

    fn name_from(&mut self, start: usize) {
        self.skip_name();
        self.push_name(start);
    }

    fn push_name(&mut self, start: usize) {
        // The text is shorter than 2^32 bytes.
        let name = Name { start: start as u32, length: (self.at - start) as u32 };
        self.lexed.names.push(name);
    }

    /// Skips `"…"` from its first quote.
    fn string(&mut self) {
        self.at += 1;
        while let Some(byte) = self.peek(0) {
            self.at += 1;
            match byte {
                b'\\' => self.at = (self.at + 1).min(self.text.len()),
                b'"' => return,
                _ => {}
            }
        }
    }

    /// Skips `#"…"#` from its first hash or quote; if it is none, nothing is skipped.
    fn raw_string(&mut self) -> bool {
        let hashes = self.text[self.at..].iter().take_while(|byte| **byte == b'#').count();
        if self.peek(hashes) != Some(b'"') {
            return false;
        }
        self.at += hashes + 1;
        while let Some(byte) = self.peek(0) {
            self.at += 1;
            let behind = &self.text[self.at..];
            if byte == b'"' && behind.iter().take_while(|byte| **byte == b'#').take(hashes).count() == hashes
            {
                self.at += hashes;
                return true;
            }
        }
        true
    }

    /// A character in quotes, or a lifetime, which has one quote.
    fn quote(&mut self) {
        self.at += 1;
        match self.peek(0) {
            Some(b'\\') => {
                self.at = (self.at + 2).min(self.text.len());
                while self.peek(0).is_some_and(|byte| byte != b'\'' && byte != b'\n') {
                    self.at += 1;
                }
                self.at = (self.at + 1).min(self.text.len());
            }
            Some(first) => {
                let width = width(first);
                if self.peek(width) == Some(b'\'') {
                    self.at += width + 1;
                } else {
                    self.skip_name();
                }
            }
            None => {}
        }
    }

    fn comment(&mut self) {
        let start = self.at;
        let is_line = self.peek(1) == Some(b'/');
        if is_line {
            while self.peek(0).is_some_and(|byte| byte != b'\n') {
                self.at += 1;
            }
        } else {
            self.skip_block_comment();
        }
        let span = start..self.at;
        let text = &self.text[span.clone()];
        let third = text.get(2).copied();
        let is_doc = match (is_line, third) {
            (true, Some(b'!')) => true,
            (true, Some(b'/')) => text.get(3) != Some(&b'/'),
            (false, Some(b'!')) => true,
            (false, Some(b'*')) => text.len() > 4 && text.get(3) != Some(&b'*'),
            _ => false,
        };
        let is_closed = !is_line && text.len() >= 4 && text.ends_with(b"*/");
        let end = if is_closed { self.at - 2 } else { self.at };
        if is_doc {
            let says = start + 3..end.max(start + 3);
            self.lexed.documentation.push(Comment { span, says, next: self.at });
        } else {
            self.lexed.comments.push(Comment { span, says: start + 2..end, next: self.at });
        }
    }

    /// Block comments nest.
    fn skip_block_comment(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.peek(0) {
            match (byte, self.peek(1)) {
                (b'/', Some(b'*')) => {
                    depth += 1;
                    self.at += 2;
                }
                (b'*', Some(b'/')) => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return;
                    }
                }
                _ => self.at += 1,
            }
        }
    }
}

fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn is_name_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// How many bytes a character has that begins with this one.
fn width(first: u8) -> usize {
    match first {
        0xf0.. => 4,
        0xe0.. => 3,
        0xc0.. => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::{Lexed, lex};

    fn comments(text: &str) -> Vec<&str> {
        lex(text).comments.into_iter().map(|comment| &text[comment.says]).collect()
    }

    fn names(text: &str) -> Vec<&str> {
        let Lexed { names, .. } = lex(text);
        names.iter().map(|name| &text[name.start as usize..][..name.length as usize]).collect()
    }

    #[test]
    fn what_only_looks_like_a_comment_is_none() {
        for text in [
            "\"// no\"",
            "r\"// no\"",
            "r#\"\"// no\"#",
            "br##\"\"# // no\"##",
            "c\"/* no\"",
            "b\"\\\"// no\"",
            "['\"', '/', '/']",
            "b'\"'",
            "/// a documentation",
            "//! a documentation",
            "/** a documentation */",
            "\"unclosed // no",
            "r#\"unclosed // no\"",
        ] {
            assert!(comments(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn comments_are_found_wherever_they_stand() {
        assert_eq!(comments("a // one\nb /* two /* three */ */ c"), [" one", " two /* three */ "]);
        assert_eq!(comments("'\"' // one\n'a: loop { /* two */ }"), [" one", " two "]);
        assert_eq!(comments("'\\'' // one\n'\\u{1F600}' // two\n'ä'// three"), [" one", " two", " three"]);
        assert_eq!(comments("r#type // one"), [" one"]);
        assert_eq!(comments("//// four slashes\n/***/ /**/ /* open"), ["// four slashes", "*", "", " open"]);
    }

    #[test]
    fn a_comment_knows_the_token_behind_it() {
        let text = "// a\n\n// b\n  let x;";
        let next: Vec<_> = lex(text).comments.iter().map(|comment| &text[comment.next..]).collect();
        assert_eq!(next, ["let x;", "let x;"]);
    }

    #[test]
    fn names_are_those_of_the_code() {
        assert_eq!(
            names("fn r#type<'a>(b: &'a str) { \"no\"; 0xff; b'x' } // no"),
            ["fn", "type", "b", "str"]
        );
    }

    #[test]
    fn what_nests_too_deep_is_seen_and_what_is_merely_long_is_not() {
        let deep = |text: String| lex(&text).too_deep.is_some();
        assert!(deep("(".repeat(10_000)));
        assert!(deep("!".repeat(10_000)));
        assert!(deep("if a {} else ".repeat(10_000)));
        assert!(deep("a.b()".to_owned() + &".b()".repeat(10_000)));
        assert!(deep("Box<".repeat(10_000)));
        assert!(!deep("(".repeat(200)));
        assert!(!deep(format!("[{}]", "1, ".repeat(1_000_000))));
        assert!(!deep("fn a() { b(); }".repeat(100_000)));
        assert!(!deep("match a { b => {} c => {} }\n".repeat(100_000)));
    }
}

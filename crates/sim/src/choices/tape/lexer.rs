//! Takes the two spellings of a tape apart into the same words.

use std::iter::Peekable;
use std::str::CharIndices;

use constellation_trace::log::Place;

use super::Tape;
use super::error::{TapeError, TapeProblem};

/// A word and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) place: Place,
}

/// One line, or one item of a one-line tape: the words that vary, without the punctuation between them.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) words: Vec<Word>,
    /// Which line or item it is, from 1.
    pub(super) number: u32,
    /// Where it ends.
    pub(super) end: Place,
}

/// How many items come before the answers.
pub(super) const HEAD: usize = 5;

/// The punctuation of an answer in a text, by its place among the words: `a b -> c #d = e of f`.
const FIXED: [(usize, &str, &str); 3] = [(2, "->", "`->`"), (5, "=", "`=`"), (7, "of", "`of`")];

/// The lines of a text.
pub(super) fn lines(text: &str) -> Result<Vec<Item>, TapeError> {
    check_length(text)?;
    let mut items = Vec::new();
    for (number, line) in (1..).zip(text.strip_prefix('\u{feff}').unwrap_or(text).lines()) {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let end = Place { line: number, column: narrow(line.chars().count() + 1), width: 0 };
        check_count(items.len(), end)?;
        let mut words = words(line, number)?;
        if items.is_empty() {
            // `constellation tape 1`: here the name of the format is told more fully.
            let first = words.remove(0);
            if first.text != "constellation" {
                return Err(unexpected("`constellation tape 1`", &first));
            }
        } else if items.len() >= HEAD {
            words = answer(words, end)?;
        }
        items.push(Item { words, number, end });
    }
    Ok(items)
}

/// The items of a one-line tape.
pub(super) fn items(line: &str) -> Result<Vec<Item>, TapeError> {
    check_length(line)?;
    let mut items = Vec::new();
    let mut column = 1;
    for (number, item) in (1..).zip(line.trim_end_matches(['\n', '\r']).split(',')) {
        let begin = column;
        let expected = if items.len() < HEAD { "=" } else { ":::=/" };
        let mut separators = expected.chars();
        let mut words = Vec::new();
        let mut rest = item;
        loop {
            let separator = separators.next();
            let (part, tail) = match separator.and_then(|separator| rest.split_once(separator)) {
                Some((part, tail)) => (part, Some(tail)),
                None => (rest, None),
            };
            let width = part.chars().count();
            let place = Place { line: 1, column: narrow(column), width: narrow(width) };
            words.push(Word { text: unescape(part, place)?, place });
            column += width + 1;
            let Some(tail) = tail else { break };
            rest = tail;
        }
        column = begin + item.chars().count() + 1;
        let end = Place { line: 1, column: narrow(column - 1), width: 0 };
        check_count(items.len(), end)?;
        items.push(Item { words, number, end });
    }
    Ok(items)
}

fn check_length(text: &str) -> Result<(), TapeError> {
    if text.len() <= Tape::TEXT_MAX { Ok(()) } else { Err(TapeError::whole(TapeProblem::TextTooLong)) }
}

fn check_count(items: usize, place: Place) -> Result<(), TapeError> {
    if items < HEAD + Tape::ANSWERS_MAX {
        return Ok(());
    }
    Err(TapeError::new(place, TapeProblem::TooManyAnswers))
}

/// The six words of an answer out of the nine of its line.
fn answer(words: Vec<Word>, end: Place) -> Result<Vec<Word>, TapeError> {
    for (place, fixed, expected) in FIXED {
        match words.get(place) {
            Some(word) if word.text == fixed => {}
            Some(word) => return Err(unexpected(expected, word)),
            None => return Err(missing(expected, end)),
        }
    }
    let mut kept = Vec::new();
    for (place, mut word) in words.into_iter().enumerate() {
        if FIXED.iter().any(|(fixed, ..)| *fixed == place) {
            continue;
        }
        if place == 4 {
            word.text = match word.text.strip_prefix('#') {
                Some(number) => number.to_owned(),
                None => return Err(unexpected("a number such as `#3`", &word)),
            };
        }
        kept.push(word);
    }
    Ok(kept)
}

/// An error for a word where another should stand.
pub(super) fn unexpected(expected: &'static str, word: &Word) -> TapeError {
    let found = if word.text.is_empty() { "nothing".to_owned() } else { format!("`{}`", cut(&word.text)) };
    TapeError::new(word.place, TapeProblem::Unexpected { expected, found })
}

/// An error for a line that ends too early.
pub(super) fn missing(expected: &'static str, end: Place) -> TapeError {
    TapeError::new(end, TapeProblem::Unexpected { expected, found: "the end of the line".to_owned() })
}

/// As much of a text as a line of an error can show.
pub(super) fn cut(text: &str) -> String {
    const SHOWN: usize = 60;
    let mut shown: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

pub(super) fn narrow(column: usize) -> u32 {
    u32::try_from(column).expect("no text is longer than 64 MiB")
}

/// The words of a line, between spaces.
fn words(line: &str, number: u32) -> Result<Vec<Word>, TapeError> {
    let mut words = Vec::new();
    let mut column = 1;
    let mut characters = line.char_indices().peekable();
    while let Some(&(start, character)) = characters.peek() {
        if character == ' ' || character == '\t' {
            characters.next();
            column += 1;
            continue;
        }
        let is_quoted = character == '"';
        let end = if is_quoted { quoted_end(&mut characters) } else { bare_end(&mut characters) };
        let end = end.unwrap_or(line.len());
        let raw = &line[start..end];
        let width = raw.chars().count();
        let place = Place { line: number, column: narrow(column), width: narrow(width) };
        if raw.len() > Tape::WORD_MAX {
            return Err(TapeError::new(place, TapeProblem::WordTooLong));
        }
        let text = if is_quoted { unquote(raw, place)? } else { raw.to_owned() };
        words.push(Word { text, place });
        column += width;
    }
    Ok(words)
}

/// Goes on to the next space; where that is, or `None` at the end of the line.
fn bare_end(characters: &mut Peekable<CharIndices<'_>>) -> Option<usize> {
    while let Some(&(at, character)) = characters.peek() {
        if character == ' ' || character == '\t' {
            return Some(at);
        }
        characters.next();
    }
    None
}

/// Goes on to the first space after the closing quote; as above.
fn quoted_end(characters: &mut Peekable<CharIndices<'_>>) -> Option<usize> {
    characters.next();
    while let Some((_, character)) = characters.next() {
        match character {
            '\\' => {
                characters.next();
            }
            '"' => return bare_end(characters),
            _ => {}
        }
    }
    None
}

/// What a quoted word means.
fn unquote(raw: &str, place: Place) -> Result<String, TapeError> {
    let refuse = |problem| Err(TapeError::new(place, problem));
    let mut text = String::new();
    let mut rest = raw.strip_prefix('"').expect("the caller saw the quote");
    loop {
        let Some(stop) = rest.find(['"', '\\']) else { return refuse(TapeProblem::OpenQuote) };
        text.push_str(&rest[..stop]);
        let (mark, tail) = rest[stop..].split_at(1);
        if mark == "\"" {
            return if tail.is_empty() { Ok(text) } else { refuse(TapeProblem::OpenQuote) };
        }
        rest = if let Some(tail) = tail.strip_prefix('"') {
            text.push('"');
            tail
        } else if let Some(tail) = tail.strip_prefix('\\') {
            text.push('\\');
            tail
        } else {
            let code = tail.strip_prefix("u{").and_then(|tail| tail.split_once('}'));
            let character = code.and_then(|(code, _)| {
                let is_number = code.len() <= 6 && code.bytes().all(|byte| byte.is_ascii_hexdigit());
                u32::from_str_radix(code, 16).ok().filter(|_| is_number).and_then(char::from_u32)
            });
            let (Some((_, tail)), Some(character)) = (code, character) else {
                return refuse(TapeProblem::BadEscape);
            };
            text.push(character);
            tail
        };
    }
}

/// What a part of a one-line tape means.
fn unescape(raw: &str, place: Place) -> Result<String, TapeError> {
    let refuse = |problem| Err(TapeError::new(place, problem));
    if raw.len() > Tape::WORD_MAX {
        return refuse(TapeProblem::WordTooLong);
    }
    let mut bytes = Vec::new();
    let mut rest = raw.as_bytes().iter();
    while let Some(&byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|digit| char::from(*digit).to_digit(16));
        let (Some(high), Some(low)) = (digit(), digit()) else { return refuse(TapeProblem::BadEscape) };
        bytes.push(u8::try_from(high * 16 + low).expect("two hexadecimal digits are a byte"));
    }
    String::from_utf8(bytes).or_else(|_| refuse(TapeProblem::BadEscape))
}

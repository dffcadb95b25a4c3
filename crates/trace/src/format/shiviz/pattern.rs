//! Regular expressions as JavaScript writes them, for an engine that matches in linear time.
//!
//! The two dialects differ where a log's author would not look: a `{` that repeats nothing is itself in JavaScript
//! (ECMA-262, annex B.1.2), classes are ASCII, a `[` within a class is itself. So each expression is written anew.

use std::ops::Range;

use regex::{Regex, RegexBuilder};

use super::super::{FormatError, Problem};

/// An expression ready to match.
#[derive(Clone)]
pub(super) struct Pattern {
    pub(super) regex: Regex,
    /// As the engine reads it.
    pub(super) translated: String,
    /// As it was written.
    pub(super) source: String,
    /// The line of the file on which it stands; 1 for one that was given.
    pub(super) line: u32,
}

/// Makes an expression ready; `which` is what it is for, `is_whole` demands that it match whole lines.
pub(super) fn compile(
    which: &'static str,
    source: &str,
    line: u32,
    is_whole: bool,
) -> Result<Pattern, FormatError> {
    const BYTES_MAX: usize = 4 << 20;
    const LENGTH_MAX: usize = 4096;
    let fail = |span: Range<usize>, problem| FormatError::new(line, source, span, problem);
    let bad = |reason: String| fail(0..source.len(), Problem::BadPattern { which, reason });
    if source.len() > LENGTH_MAX {
        return Err(bad(format!("it is longer than {LENGTH_MAX} bytes")));
    }
    let translated = translate(source).map_err(|Unsupported { span, construct }| {
        let written = source[span.clone()].to_owned();
        fail(span, Problem::UnsupportedPattern { which, construct, written })
    })?;
    let translated = if is_whole { format!("^(?:{translated})$") } else { translated };
    let built = RegexBuilder::new(&translated)
        .multi_line(true)
        .size_limit(BYTES_MAX)
        .dfa_size_limit(BYTES_MAX)
        .nest_limit(100)
        .build();
    match built {
        Ok(regex) => Ok(Pattern { regex, translated, source: source.to_owned(), line }),
        Err(regex::Error::CompiledTooBig(_)) => {
            Err(bad("it is too large once its repetitions are written out".to_owned()))
        }
        Err(error) => {
            // The engine draws the expression over several lines; its last line says what is wrong.
            let message = error.to_string();
            let last = message.lines().last().unwrap_or("");
            Err(bad(last.strip_prefix("error: ").unwrap_or(last).to_owned()))
        }
    }
}

#[derive(Debug)]
struct Unsupported {
    span: Range<usize>,
    construct: &'static str,
}

/// Writes an expression of JavaScript as one of the `regex` crate.
fn translate(source: &str) -> Result<String, Unsupported> {
    let mut out = String::with_capacity(source.len() + 16);
    let mut rest = source;
    while let Some(letter) = rest.chars().next() {
        let at = source.len() - rest.len();
        let used = match letter {
            '\\' => escape(rest, at, &mut out, Context::Outside)?,
            '[' => class(rest, at, &mut out)?,
            '(' => group(rest, at, &mut out)?,
            '{' => {
                let len = repetition_len(rest);
                out.push_str(if len == 0 { "\\{" } else { &rest[..len] });
                len.max(1)
            }
            '}' | ']' => {
                out.push('\\');
                out.push(letter);
                1
            }
            _ => {
                out.push(letter);
                letter.len_utf8()
            }
        };
        rest = &rest[used..];
    }
    Ok(out)
}

/// How long `{3}`, `{3,}` or `{3,5}` is; 0 for a brace that is just itself.
fn repetition_len(text: &str) -> usize {
    let Some(inside) = text.strip_prefix('{').and_then(|text| text.split_once('}')).map(|(inside, _)| inside)
    else {
        return 0;
    };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_repetition = match inside.split_once(',') {
        None => is_number(inside),
        Some((least, most)) => is_number(least) && (most.is_empty() || is_number(most)),
    };
    if is_repetition { inside.len() + 2 } else { 0 }
}

fn group(rest: &str, at: usize, out: &mut String) -> Result<usize, Unsupported> {
    for (written, construct) in [
        ("(?=", "a look-ahead"),
        ("(?!", "a look-ahead"),
        ("(?<=", "a look-behind"),
        ("(?<!", "a look-behind"),
    ] {
        if rest.starts_with(written) {
            return Err(Unsupported { span: at..at + written.len(), construct });
        }
    }
    out.push('(');
    Ok(1)
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Context {
    Outside,
    Class,
}

/// Writes one escape and returns its length in the source.
fn escape(rest: &str, at: usize, out: &mut String, context: Context) -> Result<usize, Unsupported> {
    let Some(letter) = rest[1..].chars().next() else {
        out.push('\\');
        return Ok(1);
    };
    let hex = |len: usize| {
        let digits = rest.get(2..2 + len)?;
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        u32::from_str_radix(digits, 16).ok().filter(|_| is_hex)
    };
    let in_class = context == Context::Class;
    let unsupported = |len, construct| Err(Unsupported { span: at..at + len, construct });
    match letter {
        'd' => out.push_str("[0-9]"),
        'D' => out.push_str("[^0-9]"),
        'w' => out.push_str("[0-9A-Za-z_]"),
        'W' => out.push_str("[^0-9A-Za-z_]"),
        's' | 'S' | 't' | 'n' | 'r' | 'v' | 'f' => {
            out.push('\\');
            out.push(letter);
        }
        'b' if in_class => out.push_str("\\x08"),
        'b' => out.push_str("(?-u:\\b)"),
        'B' if !in_class => out.push_str("\\B"),
        '0' => out.push_str("\\x00"),
        '1'..='9' if !in_class => return unsupported(2, "a back-reference"),
        'k' if !in_class && rest.starts_with("\\k<") => return unsupported(3, "a back-reference"),
        'u' | 'x' => {
            let len = if letter == 'u' { 4 } else { 2 };
            let Some(code) = hex(len) else {
                out.push(letter);
                return Ok(2);
            };
            out.push_str(&format!("\\x{{{code:X}}}"));
            return Ok(2 + len);
        }
        'c' if rest[2..].starts_with(|letter: char| letter.is_ascii_alphabetic()) => {
            out.push_str(&format!("\\x{:02X}", rest.as_bytes()[2] % 32));
            return Ok(3);
        }
        // Everything else is itself; a letter must not be escaped, since it would mean something here, nor `<`.
        _ if letter.is_ascii_punctuation() && !matches!(letter, '<' | '>') => {
            out.push('\\');
            out.push(letter);
        }
        _ => out.push(letter),
    }
    Ok(1 + letter.len_utf8())
}

/// Writes one class and returns its length in the source.
fn class(rest: &str, at: usize, out: &mut String) -> Result<usize, Unsupported> {
    // `[]` is empty and `[^]` is everything, where here a `]` in first place would be itself.
    for (written, meaning) in [("[]", "[^\\s\\S]"), ("[^]", "[\\s\\S]")] {
        if rest.starts_with(written) {
            out.push_str(meaning);
            return Ok(written.len());
        }
    }
    out.push('[');
    let mut used = 1;
    if rest[used..].starts_with('^') {
        out.push('^');
        used += 1;
    }
    while let Some(letter) = rest[used..].chars().next() {
        match letter {
            ']' => {
                out.push(']');
                return Ok(used + 1);
            }
            '\\' => {
                let is_set = rest[used + 1..].starts_with(['d', 'D', 'w', 'W', 's', 'S']);
                used += escape(&rest[used..], at + used, out, Context::Class)?;
                // A set begins no range: the `-` in `[\w-.]` is itself.
                if is_set && rest[used..].starts_with('-') {
                    out.push_str("\\-");
                    used += 1;
                }
                continue;
            }
            // A class within a class, and operations of sets, do not exist in JavaScript.
            '[' | '&' | '~' => {
                out.push('\\');
                out.push(letter);
            }
            '-' if rest[used + 1..].starts_with('-') => out.push_str("\\-"),
            _ => out.push(letter),
        }
        used += letter.len_utf8();
    }
    Ok(used)
}

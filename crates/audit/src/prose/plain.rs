//! Plain text as prose: a blank line ends a paragraph, and a line of signs makes a heading of the line above it.

use super::text::{Builder, Document, Kind};

pub(crate) fn read(source: &str) -> Document {
    let mut builder = Builder::new(source);
    let mut at = 0;
    let mut lines = source.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let words = line.trim();
        if words.is_empty() {
            builder.end();
        } else if lines.peek().is_some_and(|below| is_rule(below, words)) {
            builder.begin(Kind::Heading);
            builder.verbatim(at..at + line.len());
            builder.end();
        } else if is_signs(words) {
            builder.end();
        } else {
            if is_item(words) {
                builder.end();
            }
            builder.verbatim(at..at + line.len());
        }
        at += line.len();
    }
    builder.done()
}

/// Whether a line underlines what stands above it.
fn is_rule(line: &str, above: &str) -> bool {
    let line = line.trim();
    is_signs(line) && line.len() >= 3 && line.chars().count() + 3 >= above.chars().count() && !is_signs(above)
}

fn is_signs(line: &str) -> bool {
    line.chars()
        .next()
        .is_some_and(|first| "=-~^*#+".contains(first) && line.chars().all(|sign| sign == first))
}

fn is_item(words: &str) -> bool {
    ["- ", "* ", "+ ", "• "].iter().any(|mark| words.starts_with(mark))
}

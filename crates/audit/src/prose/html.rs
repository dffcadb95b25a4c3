//! HTML as prose: enough of it to tell text from tags, comments, scripts and code (HTML Living Standard, 13.2.5, reduced).
//!
//! No tree is built: what ends a paragraph is known by its name. One pass over the bytes.

use std::ops::Range;

use super::text::{Builder, Document, Kind, Remark};

pub(crate) fn read(source: &str) -> Document {
    let mut builder = Builder::new(source);
    Html::default().take(0..source.len(), &mut builder);
    builder.done()
}

/// What is open where a piece of HTML ends; the next piece goes on from there.
#[derive(Default)]
pub(crate) struct Html {
    /// The element whose text is not shown, or is code of several lines.
    silent: Option<&'static str>,
    /// Where inline code began.
    code: Option<usize>,
}

/// Elements whose text is no prose; what is in one is passed over up to its end.
const SILENT: [&str; 9] =
    ["script", "style", "pre", "svg", "template", "textarea", "title", "math", "noscript"];

const HEADINGS: [&str; 6] = ["h1", "h2", "h3", "h4", "h5", "h6"];

const BLOCKS: [&str; 37] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "br",
    "caption",
    "center",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "head",
    "header",
    "hr",
    "html",
    "li",
    "main",
    "menu",
    "nav",
    "ol",
    "option",
    "p",
    "section",
    "select",
    "summary",
    "table",
    "tbody",
    "tfoot",
    "thead",
    "ul",
];

impl Html {
    pub(crate) fn is_silent(&self) -> bool {
        self.silent.is_some()
    }

    /// Takes a piece of the source.
    pub(crate) fn take(&mut self, range: Range<usize>, builder: &mut Builder<'_>) {
        let source = builder.source;
        let mut at = range.start;
        while at < range.end {
            let rest = &source[at..range.end];
            if let Some(name) = self.silent {
                let Some(end) = end_of(rest, name) else { return };
                self.silent = None;
                at += end;
            } else if rest.starts_with("<!--") {
                at += comment(rest, at, builder);
            } else if is_tag(rest) {
                let length = tag_length(rest);
                self.tag(&rest[..length], at, builder);
                at += length;
            } else {
                at += text(rest, at, builder);
            }
        }
    }

    fn tag(&mut self, tag: &str, at: usize, builder: &mut Builder<'_>) {
        let inner = tag.trim_start_matches('<');
        let (is_end, inner) = inner.strip_prefix('/').map_or((false, inner), |inner| (true, inner));
        let name: String = inner.chars().take_while(char::is_ascii_alphanumeric).take(16).collect();
        let name = name.to_ascii_lowercase();
        if let Some(name) = SILENT.into_iter().find(|silent| *silent == name) {
            if !is_end && !tag.ends_with("/>") {
                self.silent = Some(name);
            }
        } else if HEADINGS.contains(&&*name) {
            if is_end { builder.end() } else { builder.begin(Kind::Heading) }
        } else if name == "tr" {
            if is_end { builder.end() } else { builder.begin(Kind::Row) }
        } else if matches!(&*name, "td" | "th") {
            builder.instead(" | ", at..at);
        } else if name == "br" {
            builder.blank(at);
        } else if matches!(&*name, "code" | "kbd" | "samp" | "tt" | "var") {
            if is_end {
                self.code.take().into_iter().for_each(|begun| builder.code_end(begun));
            } else {
                self.code = Some(builder.code_begin());
            }
        } else if BLOCKS.contains(&&*name) {
            builder.end();
        }
    }
}

/// Whether what begins with `<` is a tag, and no sign for less.
fn is_tag(rest: &str) -> bool {
    let mut letters = rest.bytes();
    letters.next() == Some(b'<')
        && letters.next().is_some_and(|next| next.is_ascii_alphabetic() || matches!(next, b'/' | b'!' | b'?'))
}

/// Up to the `>` that stands in no quotes; a tag that does not end goes on to the end.
fn tag_length(rest: &str) -> usize {
    let mut quote = None;
    for (at, byte) in rest.bytes().enumerate() {
        match quote {
            Some(open) if byte == open => quote = None,
            Some(_) => {}
            None if byte == b'>' => return at + 1,
            None if matches!(byte, b'"' | b'\'') && rest.as_bytes()[at - 1] == b'=' => quote = Some(byte),
            None => {}
        }
    }
    rest.len()
}

/// Where the end tag of an element begins.
fn end_of(rest: &str, name: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(found) = rest[from..].find("</") {
        let at = from + found;
        let behind = &rest.as_bytes()[at + 2..];
        if behind.len() >= name.len() && behind[..name.len()].eq_ignore_ascii_case(name.as_bytes()) {
            return Some(at);
        }
        from = at + 2;
    }
    None
}

fn comment(rest: &str, at: usize, builder: &mut Builder<'_>) -> usize {
    const OPEN: usize = "<!--".len();
    let inner = rest[OPEN..].find("-->");
    let length = inner.map_or(rest.len(), |inner| OPEN + inner + "-->".len());
    let says = at + OPEN..at + inner.map_or(rest.len(), |inner| OPEN + inner);
    builder.remark(Remark { span: at..at + length, says });
    length
}

/// Text up to the next tag, with its entities resolved.
fn text(rest: &str, at: usize, builder: &mut Builder<'_>) -> usize {
    if rest.starts_with('&')
        && let Some((letters, length)) = entity(rest)
    {
        builder.instead(letters, at..at + length);
        return length;
    }
    let first = rest.chars().next().map_or(1, char::len_utf8);
    let length = rest[first..].find(['<', '&']).map_or(rest.len(), |found| first + found);
    builder.verbatim(at..at + length);
    length
}

/// The entities that stand in prose; others stay as they are written.
fn entity(rest: &str) -> Option<(&'static str, usize)> {
    const KNOWN: [(&str, &str); 16] = [
        ("&nbsp;", " "),
        ("&#160;", " "),
        ("&amp;", "&"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&#39;", "'"),
        ("&rsquo;", "’"),
        ("&lsquo;", "‘"),
        ("&ldquo;", "“"),
        ("&rdquo;", "”"),
        ("&mdash;", "—"),
        ("&ndash;", "–"),
        ("&hellip;", "…"),
        ("&shy;", "\u{ad}"),
    ];
    KNOWN.iter().find(|(name, _)| rest.starts_with(name)).map(|(name, letters)| (*letters, name.len()))
}

//! The page: one HTML file that holds a run and what shows it, and asks for nothing from anywhere.
//!
//! What is told stands in it as text before any script runs, and stays where none may. A policy (`Content-Security-Policy`)
//! forbids whatever is not in the file: its script and its styles are named by their SHA-256. Names, labels and keys are
//! somebody else's texts, and are never markup: in HTML and SVG they are escaped, and the script gets them as JSON and as
//! columns, in which there is no `<`.

use std::io::{self, Write};

use constellation_trace::one_line;
use sha2::{Digest as _, Sha256};

use crate::columns;
use crate::facts;
use crate::packed::{encode, pack};
use crate::picture::Picture;
use crate::svg;

/// The page's script: built from the sources in `page/`, and committed.
const SCRIPT: &str = include_str!("../page/report.js");
/// The page's style.
const STYLE: &str = include_str!("../page/report.css");

/// Writes the page. O(events + claims + bytes of texts); it holds the facts, each distinct text of the trace, and no more
/// than a few buffers of the rest.
///
/// # Errors
/// Those of `out`.
pub fn write(picture: &Picture<'_>, out: &mut dyn Write) -> io::Result<()> {
    write_all(picture, None, out)
}

/// Writes the page of a run beside another, to which it is compared: both are drawn, aligned by their messages, and where
/// they go apart is marked. Verdict, sentence and evidence are those of the first. O(what [`write()`] takes, of both).
///
/// # Errors
/// Those of `out`.
pub fn write_beside(picture: &Picture<'_>, other: &Picture<'_>, out: &mut dyn Write) -> io::Result<()> {
    write_all(picture, Some(other), out)
}

fn write_all(picture: &Picture<'_>, other: Option<&Picture<'_>>, out: &mut dyn Write) -> io::Result<()> {
    let (glyph, word) = picture.verdict();
    let title = escape(&one_line(&picture.caption().title));
    let title = if title.is_empty() { "a run".to_owned() } else { title };
    writeln!(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">")?;
    writeln!(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">", policy())?;
    writeln!(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")?;
    writeln!(out, "<meta name=\"color-scheme\" content=\"light dark\">")?;
    writeln!(out, "<meta name=\"referrer\" content=\"no-referrer\">")?;
    writeln!(out, "<title>{glyph} {word} · {title}</title>\n<style>{STYLE}</style>\n</head>\n<body>")?;
    main(picture, &title, out)?;
    without_script(picture, out)?;
    data(picture, "", out)?;
    if let Some(other) = other {
        data(other, "-other", out)?;
    }
    writeln!(out, "<script>{SCRIPT}</script>\n</body>\n</html>")
}

/// What the script reads of a run; `which` is how its elements' ids end.
fn data(picture: &Picture<'_>, which: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<script type=\"application/json\" id=\"facts{which}\">{}</script>", facts::line(picture))?;
    write!(out, "<script type=\"text/plain\" id=\"columns{which}\">")?;
    pack(out, |packed| columns::write(picture, packed))?;
    writeln!(out, "</script>")
}

/// What stands there before the script runs: the verdict, and the sentence.
fn main(picture: &Picture<'_>, title: &str, out: &mut dyn Write) -> io::Result<()> {
    let (glyph, word) = picture.verdict();
    let promise = picture.worst().map_or(String::new(), |worst| escape(&worst.promise));
    let sentence = escape(&picture.sentence());
    writeln!(
        out,
        "<main id=\"app\">\n<header class=\"verdict\" data-verdict=\"{word}\">\n<h1>{title}</h1>\n<p><span class=\"glyph\" \
         aria-hidden=\"true\">{glyph}</span> <strong>{word}</strong> {promise}</p>\n</header>\n<p class=\"sentence\">{sentence}</p>\n\
         </main>"
    )
}

/// What a reader is left with whose browser runs no script.
fn without_script(picture: &Picture<'_>, out: &mut dyn Write) -> io::Result<()> {
    let shown = match picture.verdict().1 {
        "violated" => "this is the evidence alone",
        _ => "this is the run as a picture, as far as it has room",
    };
    writeln!(out, "<noscript>\n<p>Scripts are off: {shown}.</p>")?;
    writeln!(out, "{}\n<ul>", svg::draw(picture).trim_end())?;
    for judgement in picture.judgements() {
        let (glyph, word) = (judgement.verdict.glyph(), judgement.verdict.word());
        writeln!(out, "<li>{glyph} {word}: {}</li>", escape(&judgement.promise))?;
    }
    writeln!(out, "</ul>")?;
    let replay = &picture.caption().replay;
    if !replay.is_empty() {
        writeln!(out, "<p>Replay: <code>{}</code></p>", escape(replay))?;
    }
    writeln!(out, "</noscript>")
}

/// Nothing but what is in the file may run or be shown.
fn policy() -> String {
    let hash = |text: &str| format!("'sha256-{}'", encode(&Sha256::digest(text.as_bytes())));
    format!(
        "default-src 'none'; script-src {}; style-src {} {}; img-src data:; base-uri 'none'; form-action 'none'",
        hash(SCRIPT),
        hash(STYLE),
        hash(svg::STYLE)
    )
}

/// A text as it stands in HTML or SVG, also within quotes; on one line, and without what XML cannot hold.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in one_line(text).chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // No characters, so no XML may hold them.
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            _ => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn script_and_styles_are_the_bytes_that_their_hashes_name() {
        for (text, end) in [(SCRIPT, "</script"), (STYLE, "</style"), (svg::STYLE, "</style")] {
            // A reader of HTML turns `\r\n` into `\n` before it takes the hash, and ends an element at its end tag.
            assert!(!text.contains('\r'), "built with line ends of another system");
            assert!(!text.to_ascii_lowercase().contains(end), "`{end}` would end it early");
            assert!(!text.contains("<!--"), "`<!--` changes how a reader of HTML finds the end of a script");
            assert!(!text.contains('\0'), "a reader of HTML replaces it");
        }
    }
}

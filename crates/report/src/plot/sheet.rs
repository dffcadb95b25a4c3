//! A page of plots: one HTML file without any script, which asks for nothing from anywhere.
//!
//! Pointing at a mark of a matrix, or reaching it by keyboard, shows its sentences; following it leads to them in a table.
//! Beside each plot its numbers stand as a table. A policy forbids whatever is not in the file.

use std::io::{self, Write};

use constellation_trace::one_line;
use sha2::{Digest as _, Sha256};

use super::matrix::tone;
use super::{Mark, Matrix, Plot, Tone, Width, drawn};
use crate::packed::encode;
use crate::page::escape;
use crate::svg;

/// The page's own style.
const STYLE: &str = include_str!("sheet.css");

/// A page.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Sheet {
    /// What it is called, in a line.
    pub title: String,
    /// What was judged: a glyph and a word; `None` where nothing was.
    pub verdict: Option<(&'static str, &'static str)>,
    /// What it shows, in a sentence.
    pub sentence: String,
    /// What is on it, from above to below.
    pub parts: Vec<Part>,
    /// The command that makes the same page again; empty when there is none.
    pub replay: String,
    /// What it was made by.
    pub version: String,
}

/// A part of a page.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Part {
    /// Numbers against numbers, with the numbers as a table.
    Plot(Plot),
    /// A matrix, with its sentences as a table.
    Matrix(Matrix),
    /// A table.
    Table(Table),
    /// A title, and lines below it.
    Lines(String, Vec<String>),
    /// A title, and a picture that [`svg::draw`] made; nothing else.
    Picture(String, String),
}

/// A table: what it shows, what stands over its columns, and its rows.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Table {
    /// What it shows.
    pub caption: String,
    /// What stands over each column.
    pub columns: Vec<String>,
    /// As many cells each as there are columns; the first one names the row.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// Without rows yet.
    pub fn new(caption: &str, columns: &[&str]) -> Table {
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        Table { caption: caption.to_owned(), columns, rows: Vec::new() }
    }
}

impl Sheet {
    /// Writes it. O(what is on it).
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let title = escape(&one_line(&self.title));
        let word = self.verdict.map_or(String::new(), |(glyph, word)| format!("{glyph} {word} · "));
        writeln!(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">")?;
        writeln!(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">", policy())?;
        writeln!(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")?;
        writeln!(out, "<meta name=\"color-scheme\" content=\"light dark\">")?;
        writeln!(out, "<meta name=\"referrer\" content=\"no-referrer\">")?;
        writeln!(
            out,
            "<title>{word}{title}</title>\n<style>{STYLE}</style>\n<style>{}</style>",
            drawn::STYLE
        )?;
        writeln!(out, "</head>\n<body>\n<main>\n<h1>{title}</h1>")?;
        if let Some((glyph, word)) = self.verdict {
            writeln!(
                out,
                "<p class=\"verdict {word}\" data-verdict=\"{word}\"><strong><span aria-hidden=\"true\">{glyph}</span> \
                 {word}</strong></p>"
            )?;
        }
        if !self.sentence.is_empty() {
            writeln!(out, "<p>{}</p>", escape(&self.sentence))?;
        }
        for (nth, part) in self.parts.iter().enumerate() {
            write_part((nth, self), part, out)?;
        }
        if !self.replay.is_empty() {
            writeln!(out, "<h2>Again</h2>\n<p class=\"replay\"><code>{}</code></p>", escape(&self.replay))?;
        }
        writeln!(out, "<p class=\"faint\">{}</p>\n</main>\n</body>\n</html>", escape(&self.version))
    }

    /// What a part is called, unless the page is called so.
    fn write_title(&self, title: &str, out: &mut dyn Write) -> io::Result<()> {
        if title == self.title { Ok(()) } else { writeln!(out, "<h2>{}</h2>", escape(title)) }
    }
}

fn policy() -> String {
    let hash = |text: &str| format!("'sha256-{}'", encode(&Sha256::digest(text.as_bytes())));
    let styles = [STYLE, drawn::STYLE, svg::STYLE].map(hash).join(" ");
    format!("default-src 'none'; style-src {styles}; base-uri 'none'; form-action 'none'")
}

fn write_part((nth, sheet): (usize, &Sheet), part: &Part, out: &mut dyn Write) -> io::Result<()> {
    match part {
        Part::Plot(plot) => {
            sheet.write_title(&plot.title, out)?;
            write_plot(nth, plot, out)
        }
        Part::Matrix(matrix) => {
            sheet.write_title(&matrix.title, out)?;
            write_matrix(nth, matrix, out)
        }
        Part::Table(table) => write_table(nth, "", table, out),
        Part::Lines(title, lines) => {
            writeln!(out, "<h2>{}</h2>", escape(title))?;
            lines.iter().try_for_each(|line| writeln!(out, "<p>{}</p>", escape(line)))
        }
        Part::Picture(title, picture) => {
            writeln!(out, "<h2>{}</h2>", escape(title))?;
            let (open, label) = region(nth, title);
            // Names of one picture must not be those of another.
            let picture =
                ["c-title", "c-desc"].iter().fold(picture.trim_end().to_owned(), |picture, name| {
                    picture.replace(&format!("id=\"{name}\""), &format!("id=\"{name}-{nth}\""))
                });
            let names = format!("aria-labelledby=\"c-title-{nth} c-desc-{nth}\"");
            let picture = picture.replacen("aria-labelledby=\"c-title c-desc\"", &names, 1);
            writeln!(out, "{open} {label}>\n{picture}\n</div>")
        }
    }
}

/// What is wider than the screen is scrolled, by keyboard as well.
fn region(nth: usize, title: &str) -> (String, String) {
    let open = format!("<div class=\"scroll\" id=\"part-{nth}\" tabindex=\"0\" role=\"region\"");
    (open, format!("aria-label=\"{}\"", escape(title)))
}

fn write_plot(nth: usize, plot: &Plot, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<p>{}</p>\n<figure>", escape(&plot.told))?;
    for width in [Width::Wide, Width::Narrow] {
        writeln!(out, "<div class=\"{}\">\n{}</div>", width.name(), drawn::inner(plot, width))?;
    }
    writeln!(out, "</figure>")?;
    plot.notes.iter().try_for_each(|note| writeln!(out, "<p class=\"faint\">{}</p>", escape(note)))?;
    writeln!(out, "<details>\n<summary>The numbers</summary>")?;
    write_table(nth, "numbers", &numbers(plot), out)?;
    writeln!(out, "</details>")
}

/// The numbers of a plot: a row for each place on its horizontal axis, a column for each series that was measured.
fn numbers(plot: &Plot) -> Table {
    let measured = || plot.series.iter().filter(|series| series.mark.is_some());
    let mut places: Vec<i64> =
        measured().flat_map(|series| series.points.iter().map(|point| point.x)).collect();
    places.sort_unstable();
    places.dedup();
    let mut table = Table::new(&format!("{}: {}", plot.title, plot.y.label), &[&plot.x.label]);
    table.columns.extend(measured().map(|series| series.name.clone()));
    for place in places {
        let cells = measured().map(|series| {
            let at = series.points.iter().filter(|point| point.x == place);
            let shown = at.map(|point| {
                let told = if point.told.is_empty() { String::new() } else { format!(" ({})", point.told) };
                format!("{}{told}", plot.y.show(point.y))
            });
            shown.collect::<Vec<_>>().join(", ")
        });
        table.rows.push(std::iter::once(plot.x.show(place)).chain(cells).collect());
    }
    table
}

fn write_table(nth: usize, class: &str, table: &Table, out: &mut dyn Write) -> io::Result<()> {
    let (open, label) = region(nth, &table.caption);
    writeln!(
        out,
        "{open} {label}>\n<table class=\"{class}\">\n<caption>{}</caption>",
        escape(&table.caption)
    )?;
    let heads: String =
        table.columns.iter().map(|column| format!("<th scope=\"col\">{}</th>", escape(column))).collect();
    writeln!(out, "<thead><tr>{heads}</tr></thead>\n<tbody>")?;
    for row in &table.rows {
        let mut cells = row.iter();
        let first =
            cells.next().map_or(String::new(), |cell| format!("<th scope=\"row\">{}</th>", escape(cell)));
        let rest: String = cells.map(|cell| format!("<td>{}</td>", escape(cell))).collect();
        writeln!(out, "<tr>{first}{rest}</tr>")?;
    }
    writeln!(out, "</tbody>\n</table>\n</div>")
}

/// A mark as a picture of its own, for the eye alone.
fn glyph(mark: Mark, tone: Tone) -> String {
    let mut path = String::new();
    mark.draw(800, 800, tone, &mut path);
    format!("<svg width=\"16\" height=\"16\" viewBox=\"0 0 16 16\" aria-hidden=\"true\">{path}</svg>")
}

fn write_matrix(nth: usize, matrix: &Matrix, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<p>{}</p>\n<ul class=\"kinds\">", escape(&matrix.told))?;
    for (mark, name) in &matrix.kinds {
        writeln!(out, "<li>{}{}</li>", glyph(*mark, tone(*mark)), escape(name))?;
    }
    writeln!(
        out,
        "</ul>\n<table class=\"matrix\">\n<colgroup><col>{}</colgroup>",
        "<col>".repeat(matrix.columns.len())
    )?;
    let head = |scope: &str, short: &str, says: &str| {
        format!("<th scope=\"{scope}\"><b>{}</b> <span>{}</span></th>", escape(short), escape(says))
    };
    let heads: String =
        matrix.columns.iter().map(|column| head("col", &column.short, &column.says)).collect();
    writeln!(out, "<thead><tr><td></td>{heads}</tr></thead>\n<tbody>")?;
    for (row, heading) in matrix.rows.iter().enumerate() {
        writeln!(out, "<tr>{}", head("row", &heading.short, &heading.says))?;
        for column in 0..matrix.columns.len() {
            let class = if column + 1 == matrix.columns.len() { "last" } else { "" };
            writeln!(out, "<td class=\"{class}\">")?;
            write_cell(nth, matrix, (row, column), out)?;
            writeln!(out, "</td>")?;
        }
        writeln!(out, "</tr>")?;
    }
    writeln!(out, "</tbody>\n</table>")?;
    matrix.notes.iter().try_for_each(|note| writeln!(out, "<p class=\"faint\">{}</p>", escape(note)))?;
    write_sentences(nth, matrix, out)
}

fn write_cell(nth: usize, matrix: &Matrix, cell: (usize, usize), out: &mut dyn Write) -> io::Result<()> {
    if matrix.cell(cell.0, cell.1).next().is_none() {
        return write!(out, "–");
    }
    writeln!(out, "<ul>")?;
    for (entry, of) in matrix.cell(cell.0, cell.1) {
        let id = format!("{nth}-{entry}");
        let mark = glyph(of.mark, tone(of.mark));
        // A name may be broken behind a comma.
        let name = escape(&of.name).replace(',', ",<wbr>");
        write!(
            out,
            "<li><a class=\"store\" href=\"#of-{id}\" aria-describedby=\"tip-{id}\">{mark}<span>{name}</span></a>\
             <div class=\"tip\" role=\"tooltip\" id=\"tip-{id}\"><p class=\"name\">{}</p>",
            escape(&of.title)
        )?;
        for (about, sentence) in &of.sentences {
            write!(out, "<p><b>{}</b>: {}</p>", escape(about), escape(sentence))?;
        }
        writeln!(out, "</div></li>")?;
    }
    writeln!(out, "</ul>")
}

/// The same as a table, which is where following a mark leads.
fn write_sentences(nth: usize, matrix: &Matrix, out: &mut dyn Write) -> io::Result<()> {
    let mut abouts: Vec<&str> = Vec::new();
    for (about, _) in matrix.entries.iter().flat_map(|entry| &entry.sentences) {
        if !abouts.contains(&&**about) {
            abouts.push(about);
        }
    }
    let caption = format!("{}: what is said of each", matrix.title);
    let (open, label) = region(nth, &caption);
    writeln!(out, "{open} {label}>\n<table>\n<caption>{}</caption>", escape(&caption))?;
    let heads: String =
        abouts.iter().map(|about| format!("<th scope=\"col\">{}</th>", escape(about))).collect();
    writeln!(
        out,
        "<thead><tr><th scope=\"col\">which</th><th scope=\"col\">cell</th>{heads}</tr></thead>\n<tbody>"
    )?;
    for (number, entry) in matrix.entries.iter().enumerate() {
        let cells = abouts.iter().map(|about| {
            let of = entry.sentences.iter().filter(|(of, _)| of == about);
            let said: Vec<String> = of.map(|(_, says)| escape(says)).collect();
            format!("<td>{}</td>", said.join(" "))
        });
        let cells: String = cells.collect();
        let short = |heads: &[super::Heading], at: usize| {
            heads.get(at).map_or(String::new(), |head| escape(&head.short))
        };
        let cell = format!("{}/{}", short(&matrix.rows, entry.row), short(&matrix.columns, entry.column));
        writeln!(
            out,
            "<tr id=\"of-{nth}-{number}\"><th scope=\"row\" class=\"name\">{}</th><td>{cell}</td>{cells}</tr>",
            escape(&entry.title)
        )?;
    }
    writeln!(out, "</tbody>\n</table>\n</div>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_are_the_bytes_that_their_hashes_name() {
        for text in [STYLE, drawn::STYLE] {
            assert!(!text.contains('\r') && !text.contains('\0'), "a reader of HTML would change it");
            assert!(
                !text.to_ascii_lowercase().contains("</style") && !text.contains("<!--"),
                "it would end early"
            );
        }
    }
}

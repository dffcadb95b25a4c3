//! Many judged histories as one page: a row each, and the evidence of the first that are violated as pictures.

use std::path::PathBuf;

use constellation_report::plot::{Part, Sheet, Table};
use constellation_trace::format::histories::Imported;

use super::drawn::picture;
use super::history::JudgedHistory;
use super::several::first_line;
use super::told::names;
use crate::args::Judge;
use crate::pictures;
use crate::target::quoted;

/// Of more violated histories than that no picture is drawn, which is said.
const PICTURES_MAX: usize = 20;

/// The evidence of a history, or why it is not drawn; nothing where there is no evidence.
pub(super) type Drawing = Option<Result<String, String>>;

/// Draws the evidence, if there is any.
pub(super) fn of(imported: &Imported, judged: &JudgedHistory) -> Drawing {
    (judged.exit_code() == 1).then(|| picture(imported, judged).map_err(|error| error.to_string()))
}

/// The page, as far as it is known.
pub(super) struct Several {
    sheet: Sheet,
    table: Table,
    pictures: Vec<Part>,
    /// How many have evidence that is not on the page for want of room.
    left_out: usize,
    /// Why others are not.
    undrawn: Vec<String>,
}

impl Several {
    pub(super) fn new(arguments: &Judge) -> Several {
        let paths: Vec<String> =
            arguments.histories.iter().map(|path| quoted(&path.display().to_string())).collect();
        let replay = format!("constellation judge {}", paths.join(" "));
        let sheet = pictures::sheet("What clients asked and saw, judged", &replay);
        let columns = ["history", "verdict", "the weakest models that fail", "the strongest that hold"];
        let table = Table::new("A row a history", &columns);
        Several { sheet, table, pictures: Vec::new(), left_out: 0, undrawn: Vec::new() }
    }

    /// One more; of one that was not read to its end there is no drawing.
    pub(super) fn add(
        &mut self,
        name: &str,
        judged: &anyhow::Result<JudgedHistory>,
        drawing: Option<Drawing>,
    ) {
        let row = match judged {
            Err(error) => ["! unusable".to_owned(), first_line(error), String::new()],
            Ok(judged) => {
                let (glyph, word) = verdict(judged.exit_code());
                let border = &judged.border;
                [format!("{glyph} {word}"), names(&border.weakest), names(&border.strongest)]
            }
        };
        self.table.rows.push(std::iter::once(name.to_owned()).chain(row).collect());
        match drawing.flatten() {
            None => {}
            Some(Err(why)) => self.undrawn.push(format!("{name} cannot be drawn: {why}")),
            Some(Ok(_)) if self.pictures.len() == PICTURES_MAX => self.left_out += 1,
            Some(Ok(picture)) => self.pictures.push(Part::Picture(name.to_owned(), picture)),
        }
    }

    /// Writes it, if it was asked for.
    pub(super) fn write(self, path: Option<&PathBuf>, tally: &str, code: u8) -> anyhow::Result<()> {
        let Several { mut sheet, table, pictures, left_out, mut undrawn } = self;
        sheet.verdict = Some(verdict(code));
        sheet.sentence = format!("{tally}.");
        sheet.parts.push(Part::Table(table));
        sheet.parts.extend(pictures);
        if left_out > 0 {
            undrawn.push(format!(
                "{left_out} more histories are violated and not drawn here: judge one alone with --html to see it"
            ));
        }
        if !undrawn.is_empty() {
            sheet.parts.push(Part::Lines("What is not drawn".to_owned(), undrawn));
        }
        pictures::write_sheet(path, || sheet)
    }
}

const fn verdict(code: u8) -> (&'static str, &'static str) {
    match code {
        0 => ("✓", "holds"),
        1 => ("✗", "violated"),
        3 => ("?", "unknown"),
        _ => ("!", "unusable"),
    }
}

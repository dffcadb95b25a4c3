//! The page of all specimens, in Markdown: `docs/specimens.md` is what this prints, which a test holds.

use constellation_lab::hunt::{Finding, doings};
use constellation_lab::specimens::{Soundness, Specimen};
use constellation_trace::{Proof, Verdict};

use super::{Row, luck};
use crate::printer::{Printer, count};

/// What stands above the first protocol.
const HEAD: &str = "\
# Specimens: small protocols, right and wrong

Each protocol is one short file that can be read alone: a node, a promise, and a world in which things go
wrong. A wrong variant differs from the right one in one thing that people do. `hunt` looks for a run that breaks the
promise and makes it small; what is left are its *deviations* from the calm run, in which every message takes its least
time and nothing fails.

- **known**: how many deviations the shortest known schedule has that breaks the variant.
- **found**: how many are left of what the hunt found, of how many that the seed had.
- **seeds**: how many seeds it took, from seed 1 on; of a right variant, how many did not break it.
- **✓ right**: argued in its file, and not broken by so many seeds, of what its plan asks and its world does. That is no
  proof: another plan, or a fault that its world has not, is another question.
- **runs**: how many runs it took to make the schedule small.

See one run with `constellation run specimen:NAME/VARIANT`, see it break with `hunt` in place of `run`, read its code with `constellation specimens NAME --source`.
This page is what `constellation specimens --table` prints.";

pub(super) fn print(rows: &[Row], printer: &mut Printer) -> anyhow::Result<()> {
    printer.line(HEAD)?;
    printer.line("")?;
    print_totals(rows, printer)?;
    for of_one in rows.chunk_by(|one, other| one.specimen.name == other.specimen.name) {
        print_protocol(of_one, printer)?;
    }
    Ok(())
}

fn print_totals(rows: &[Row], printer: &mut Printer) -> anyhow::Result<()> {
    let protocols = rows.chunk_by(|one, other| one.specimen.name == other.specimen.name).count();
    let wrong = rows.iter().filter(|row| row.specimen.soundness != Soundness::Right);
    let wrong = wrong.count();
    printer.line(format!(
        "There are {}, with {} and {}.",
        count(protocols as u64, "protocol"),
        count((rows.len() - wrong) as u64, "right variant"),
        count(wrong as u64, "wrong one")
    ))
}

fn print_protocol(rows: &[Row], printer: &mut Printer) -> anyhow::Result<()> {
    let Some(Row { specimen, .. }) = rows.first() else { return Ok(()) };
    let file = specimen.name.replace('-', "_");
    let works = match specimen.works() {
        [] => String::new(),
        works => format!(" After {}.", works.join("; ")),
    };
    printer.line(format!("\n## {}\n", specimen.name))?;
    printer.line(format!("{}{works}\n", specimen.lesson()))?;
    printer.line(format!(
        "Promise: *{}*. In its world: {}. Code: [{file}.rs](../crates/lab/src/specimens/{file}.rs).\n",
        specimen.promise,
        luck(rows)
    ))?;
    printer.line("| variant | | what it does | known | found | seeds | runs |")?;
    printer.line("| --- | --- | --- | --- | --- | --- | --- |")?;
    for row in rows {
        printer.line(line(row))?;
    }
    let found = rows.iter().filter_map(|row| Some((row.specimen, row.hunted.as_ref()?.findings.first()?)));
    for (specimen, finding) in found {
        print_finding(specimen, finding, printer)?;
    }
    Ok(())
}

fn line(row: &Row) -> String {
    let Row { specimen, hunted } = row;
    let (mark, known) = match specimen.soundness {
        Soundness::Right => ("✓ right", String::new()),
        Soundness::Wrong { shortest } => ("✗ wrong", shortest.to_string()),
    };
    let finding = hunted.as_ref().and_then(|hunted| hunted.findings.first());
    let found = finding.map_or(String::new(), |finding| {
        format!("{} of {}", finding.tape.answers().len(), finding.effort.deviations_before)
    });
    let seeds = hunted.as_ref().map_or(String::new(), |hunted| hunted.seeds.to_string());
    let runs = finding.map_or(String::new(), |finding| finding.effort.runs.to_string());
    let cells = [specimen.variant, mark, specimen.does, &known, &found, &seeds, &runs];
    // A bar would end the cell.
    let cells =
        cells.iter().map(|cell| if cell.is_empty() { "–".to_owned() } else { cell.replace('|', "\\|") });
    format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
}

/// What was found, and what of the run made it so.
fn print_finding(specimen: &Specimen, finding: &Finding, printer: &mut Printer) -> anyhow::Result<()> {
    let Verdict::Violated(evidence) = &finding.judgement.verdict else { return Ok(()) };
    let why = match &evidence.proof {
        Proof::Rule(rule) => format!(" Why: {rule}."),
        _ => String::new(),
    };
    printer.line(format!(
        "\n**{}**: expected: {}. Found: {}.{why}\n",
        specimen.variant, evidence.expected, evidence.found
    ))?;
    let told = doings(&finding.tape, &finding.trace);
    if told.is_empty() {
        return printer.line("- The calm run breaks it.");
    }
    told.iter().try_for_each(|told| printer.line(format!("- {}.", told)))
}

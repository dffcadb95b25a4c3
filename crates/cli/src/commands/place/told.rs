//! How a measured store is told: its cell, two sentences, what leads elsewhere, the numbers, and what shows them.

use std::time::Duration;

use constellation_lab::placement::cell::LEGEND;
use constellation_lab::placement::judged::{Consistency, Strongest};
use constellation_lab::placement::{Placement, told};

use super::measured::{Besides, Measured};
use super::{evidence, tables};
use crate::printer::{Printer, faint, folded, strong};

/// How wide a sentence is before it goes on in the next line.
const WIDTH: usize = 100;

pub(super) fn print(measured: &Measured, printer: &mut Printer) -> anyhow::Result<()> {
    let placement = &measured.placement;
    head(placement, &format!("measured with seed {}", placement.seed), printer)?;
    sentences(placement, printer)?;
    if let Some(Besides { strongest, elsewhere }) = &measured.besides {
        for (nth, sentence) in told::elsewhere(&measured.store, elsewhere).iter().enumerate() {
            titled(if nth == 0 { "elsewhere" } else { "" }, sentence, printer)?;
        }
        holds(strongest, printer)?;
    }
    details(placement, printer)
}

/// The cell, the name, and how it was measured.
pub(super) fn head(placement: &Placement, how: &str, printer: &mut Printer) -> anyhow::Result<()> {
    let cell = strong(&placement.cell.to_string());
    printer.line(format!("{cell}  {}  {}", strong(&placement.store), faint(how)))
}

/// What is said of cuts, and of normal operation.
pub(super) fn sentences(placement: &Placement, printer: &mut Printer) -> anyhow::Result<()> {
    titled("partition", &told::partition(placement), printer)?;
    for (nth, sentence) in told::other_cuts(placement).iter().enumerate() {
        titled(if nth == 0 { "other cuts" } else { "" }, sentence, printer)?;
    }
    for (nth, sentence) in told::splits(placement).iter().enumerate() {
        titled(if nth == 0 { "two sites" } else { "" }, sentence, printer)?;
    }
    titled("normal", &told::otherwise(placement), printer)
}

/// Which models hold.
pub(super) fn holds((normal, cut): &(Strongest, Strongest), printer: &mut Printer) -> anyhow::Result<()> {
    let holds = format!("without a cut {}; with one {}", told::models(normal), told::models(cut));
    titled("holds", &holds, printer)
}

/// The numbers under the sentences, and what shows them.
pub(super) fn details(placement: &Placement, printer: &mut Printer) -> anyhow::Result<()> {
    let tables = [
        tables::trips(placement),
        tables::stale(placement),
        tables::cuts(placement),
        tables::lost(placement),
    ];
    for lines in tables {
        printer.line("")?;
        lines.iter().try_for_each(|line| printer.line(format!("  {line}")))?;
    }
    for consistency in [&placement.normal, &placement.in_partition] {
        if let Consistency::Violated(violation) = consistency {
            printer.line("")?;
            let title =
                format!("not linearizable while {}, shown by the fewest operations:", violation.condition);
            printer.line(format!("  {title}"))?;
            evidence::print(placement, violation, printer)?;
        }
    }
    if let Some((round, operations)) = placement.overwritten.shown(&placement.records) {
        let record = &placement.records[round];
        printer.line("")?;
        printer.line(format!("  overwritten unseen while {}:", record.round.condition))?;
        let told = operations.iter().filter_map(|place| record.asked.get(*place)).map(told::operation);
        told.map(|line| format!("  {line}")).try_for_each(|line| printer.line(line))?;
    }
    Ok(())
}

/// What the letters of a cell mean, measured or declared.
pub(super) fn legend(printer: &mut Printer) -> anyhow::Result<()> {
    LEGEND.into_iter().try_for_each(|(letters, says)| printer.line(faint(&format!("{letters:<8}{says}"))))
}

/// As [`legend`], of a placement in which it is looked for what is lost so long after the heal.
pub(super) fn legend_of(read_back: Duration, printer: &mut Printer) -> anyhow::Result<()> {
    LEGEND.into_iter().try_for_each(|(letters, says)| {
        let says = match letters {
            "lost" => {
                let after = told::ms(read_back);
                format!("what a site does not show {after} after the heal, even when it is asked again")
            }
            _ => says.to_owned(),
        };
        printer.line(faint(&format!("{letters:<8}{says}")))
    })
}

/// A title, and a text that stays beside it.
pub(in crate::commands) fn titled(title: &str, text: &str, printer: &mut Printer) -> anyhow::Result<()> {
    for (nth, line) in folded_behind(13, text).iter().enumerate() {
        printer.line(format!("  {:<11}{line}", if nth == 0 { title } else { "" }))?;
    }
    Ok(())
}

/// A text in lines that are as wide as a sentence may be, behind so many blanks.
pub(super) fn folded_behind(indent: usize, text: &str) -> Vec<String> {
    folded(text, WIDTH.saturating_sub(indent))
}

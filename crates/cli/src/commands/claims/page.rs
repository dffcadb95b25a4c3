//! The page of a term, and the list of all.

use constellation_audit::prose::{Term, terms};

use super::super::audit::human::wrapped;
use super::super::audit::page::section;
use super::super::models::direction;
use super::{breaking, contradictions};
use crate::printer::{Printer, faint, strong};

pub(super) fn list(printer: &mut Printer) -> anyhow::Result<()> {
    printer.line(strong("terms"))?;
    let width = terms().iter().map(|term| term.id.len()).max().unwrap_or(0);
    for term in terms() {
        printer.line(format!("  {:<4}  {:<width$}  {}", term.rule.level.name(), term.id, term.promise))?;
    }
    printer.line("")?;
    printer.line(strong("contradictions"))?;
    let width = contradictions().iter().map(|rule| rule.name().len()).max().unwrap_or(0);
    for rule in contradictions() {
        printer.line(format!("  {:<4}  {:<width$}  {}", rule.level.name(), rule.name(), rule.title))?;
    }
    printer.line(faint("`constellation claims --explain TERM` prints the page of one"))
}

pub(super) fn print(term: &Term, printer: &mut Printer) -> anyhow::Result<()> {
    printer.line(format!("{} · {} · {}", strong(term.title), term.rule.level, term.rule.id))?;
    for (title, text) in [("promises", term.promise), ("does not say", term.unsaid)] {
        section(title, printer)?;
        printer.line(format!("  {}", wrapped(text).replace('\n', "\n  ")))?;
    }
    section("ask", printer)?;
    for question in &term.questions {
        printer.line(format!("  · {question}"))?;
    }
    section("write instead", printer)?;
    printer.line(format!("  {}", wrapped(term.rule.page.instead).replace('\n', "\n  ")))?;
    print_model(term, printer)?;
    section("is taken for", printer)?;
    printer.line(format!("  {}", term.alike.join(", ")))?;
    if !term.rule.page.shows.is_empty() {
        section("see it happen", printer)?;
        for line in term.rule.page.shows {
            printer.line(format!("  constellation {line}"))?;
        }
    }
    section("is spelt", printer)?;
    for spelling in &term.spellings {
        printer.line(format!("  {spelling}"))?;
    }
    Ok(())
}

/// The model that it names, and the shortest history that breaks it, judged now.
fn print_model(term: &Term, printer: &mut Printer) -> anyhow::Result<()> {
    section("the model", printer)?;
    let Some(model) = breaking::model(term) else {
        return printer.line("  it names none of `constellation models`, so no history alone breaks it");
    };
    let about = model.about();
    printer.line(format!("  {}: {}", strong(about.name), about.sentence))?;
    printer.line(faint(&format!("  {}", about.source)))?;
    let Some(breaking) = breaking::shortest(term) else { return Ok(()) };
    section("the shortest history that breaks it", printer)?;
    direction(breaking.allows, breaking.forbids, printer)?;
    if let Some(caveat) = breaking::caveat(&breaking) {
        printer.line(format!("  {}", wrapped(caveat).replace('\n', "\n  ")))?;
    }
    printer.line(faint(&format!("`{}` shows it", breaking::command(&breaking))))
}

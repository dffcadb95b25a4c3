//! What documents promise, for whoever reads it: contradictions drawn, claims a line each below their term, and a table.

use std::collections::BTreeMap;

use constellation_audit::prose::{Claim, Claims, Context, Term, terms};
use constellation_audit::{Family, Finding};
use constellation_lab::words::one_line;

use super::super::audit::{Shown, human};
use crate::printer::{Printer, count, faint, folded, strong};

/// How much is told of a claim.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum How {
    /// A line.
    Lines,
    /// Its place drawn, and what to ask.
    Whole,
}

pub(super) fn print(found: &Claims, shown: &Shown, how: How, printer: &mut Printer) -> anyhow::Result<()> {
    let mut of_term: BTreeMap<&str, Vec<&Claim>> = BTreeMap::new();
    for claim in &found.claims {
        of_term.entry(claim.term.id).or_default().push(claim);
    }
    for term in terms() {
        let Some(claims) = of_term.get(term.id) else { continue };
        print_term(term, claims, shown, how, printer)?;
    }
    // What a rule becomes one night is told once.
    let mut told: Vec<&str> = Vec::new();
    for finding in shown.audit.findings.iter().filter(|finding| finding.rule.family != Family::Claim) {
        let is_first = !told.contains(&finding.rule.id);
        told.push(finding.rule.id);
        printer.line(human::drawn(shown.tool, finding, is_first))?;
        printer.line("")?;
    }
    print_table(&of_term, printer)?;
    print_end(found, shown, printer)
}

/// How many columns a place takes, if it is not longer.
const PLACE_WIDTH: usize = 40;

fn print_term(
    term: &Term,
    claims: &[&Claim],
    shown: &Shown,
    how: How,
    printer: &mut Printer,
) -> anyhow::Result<()> {
    printer.line(format!("{}: {}", strong(term.title), term.promise))?;
    let places: Vec<String> = claims.iter().map(|claim| place(claim)).collect();
    // One long path does not push all others aside.
    let width = places.iter().map(|place| place.chars().count()).max().unwrap_or(0).min(PLACE_WIDTH);
    for (claim, place) in claims.iter().zip(&places) {
        let level = finding_of(claim, shown).map_or("", |finding| finding.level.name());
        let padding = " ".repeat(width.saturating_sub(place.chars().count()));
        let name = claim.context.name();
        printer.line(format!("  {level:<4} {name:<9}  {place}{padding}  {}", said(claim)))?;
    }
    if how == How::Whole {
        printer.line(format!("  not said: {}", folded(term.unsaid, 96).join("\n    ")))?;
        for question in &term.questions {
            printer.line(format!("  · {question}"))?;
        }
        printer.line("")?;
        for finding in claims.iter().filter_map(|claim| finding_of(claim, shown)) {
            printer.line(human::drawn(shown.tool, finding, false))?;
            printer.line("")?;
        }
    } else {
        printer.line("")?;
    }
    Ok(())
}

fn finding_of<'a>(claim: &Claim, shown: &'a Shown) -> Option<&'a Finding> {
    let is_of = |finding: &&Finding| {
        finding.span == claim.span && finding.path == claim.path && finding.rule.id == claim.term.rule.id
    };
    shown.audit.findings.iter().find(is_of)
}

fn place(claim: &Claim) -> String {
    format!("{}:{}:{}", one_line(&claim.path.display().to_string()), claim.line, claim.column)
}

/// The words around the term, and those that say in what context it is.
fn said(claim: &Claim) -> String {
    const BEFORE: usize = 28;
    const BEHIND: usize = 40;
    let sentence = &claim.sentence;
    let at = sentence.find(&claim.text).unwrap_or(0);
    let before: Vec<char> = sentence[..at].chars().collect();
    let from = before.len().saturating_sub(BEFORE);
    let behind: Vec<char> = sentence[at..].chars().collect();
    let to = behind.len().min(claim.text.chars().count() + BEHIND);
    let words: String = before[from..].iter().chain(&behind[..to]).collect();
    let (head, tail) = (if from > 0 { "…" } else { "" }, if to < behind.len() { "…" } else { "" });
    let cue = match &claim.context {
        Context::Claimed | Context::Heading => String::new(),
        context => faint(&format!("  [{}]", one_line(context.cue()))),
    };
    format!("{head}{}{tail}{cue}", one_line(&words))
}

const COLUMNS: [&str; 5] = ["claimed", "qualified", "negated", "otherwise", "contradicted"];

fn print_table(of_term: &BTreeMap<&str, Vec<&Claim>>, printer: &mut Printer) -> anyhow::Result<()> {
    let found = || terms().iter().filter_map(|term| Some((term, of_term.get(term.id)?)));
    let Some(width) = found().map(|(term, _)| term.title.chars().count()).max() else { return Ok(()) };
    printer.line(faint(&format!("{:<width$}  {}", "term", COLUMNS.join("  "))))?;
    for (term, claims) in found() {
        let counts = counts(claims);
        let cells = COLUMNS.iter().zip(counts).map(|(column, count)| format!("{count:>0$}", column.len()));
        let row = format!("{:<width$}  {}", term.title, cells.collect::<Vec<_>>().join("  "));
        printer.line(if counts[4] > 0 { strong(&row) } else { row })?;
    }
    Ok(())
}

/// How many are claimed, qualified, negated, told otherwise (quoted, of others, asked, defined, wanted, headings), and how
/// many of them a contradiction speaks of.
pub(super) fn counts(claims: &[&Claim]) -> [usize; 5] {
    let mut counts = [0; 5];
    for claim in claims {
        let column = match claim.context {
            Context::Claimed => 0,
            Context::Qualified(_) => 1,
            Context::Negated(_) => 2,
            _ => 3,
        };
        counts[column] += 1;
        counts[4] += usize::from(claim.is_contradicted);
    }
    counts
}

fn print_end(found: &Claims, shown: &Shown, printer: &mut Printer) -> anyhow::Result<()> {
    let contradictions = shown.audit.findings.iter();
    let contradictions =
        contradictions.filter(|finding| finding.rule.family == Family::Contradiction).count();
    printer.line(format!(
        "{}, {}: {} in words that promise something, {}",
        count(shown.audit.files.len(), "file"),
        count(shown.audit.lines, "line"),
        count(found.claims.len(), "place"),
        count(contradictions, "contradiction")
    ))?;
    let allowed = shown.audit.suppressed.len();
    if allowed > 0 {
        printer.line(faint(&format!("· {} allowed by comments", count(allowed, "finding"))))?;
    }
    human::print_known(shown, printer)?;
    if !found.claims.is_empty() {
        printer.line(faint(
            "· read off the words alone; `constellation claims --explain TERM` tells what to ask, --all draws each",
        ))?;
    }
    human::print_not_audited(shown, printer)
}

//! Findings for whoever reads them: each with its place drawn, then what was looked at, by fallacy.

use std::collections::BTreeSet;

use annotate_snippets::{AnnotationKind, Group, Level as Drawn, Renderer, Snippet};
use constellation_audit::{Audit, Family, Finding, Level, Setting, Unmatched};
use constellation_lab::words::one_line;
use constellation_trace::is_obeyed;

use super::{Shown, Tool, baseline};
use crate::printer::{Printer, count, faint, folded, strong};

pub(crate) fn print(shown: &Shown, printer: &mut Printer) -> anyhow::Result<()> {
    // What a rule becomes one night is told once.
    let mut told = BTreeSet::new();
    for finding in &shown.audit.findings {
        let is_first = told.insert(finding.rule.id);
        printer.line(drawn(shown.tool, finding, is_first))?;
        printer.line("")?;
    }
    print_summary(shown, printer)
}

pub(crate) fn drawn(tool: &Tool, finding: &Finding, is_first: bool) -> String {
    let level = match finding.level {
        Level::Deny => Drawn::ERROR.with_name("deny"),
        Level::Warn => Drawn::WARNING.with_name("warn"),
        Level::Info => Drawn::NOTE.with_name("info"),
    };
    let path = finding.path.display().to_string();
    let path = one_line(&path);
    let text = obeyed_by_nobody(&finding.excerpt.text);
    let mut group = Group::with_title(level.primary_title(finding.rule.title).id(finding.rule.id));
    let here = one_line(&finding.here);
    let mut beside = finding.beside.as_ref();
    if text.is_empty() {
        let place = format!("{path}:{}:{}: {here}", finding.line, finding.column);
        group = group.element(Drawn::NOTE.with_name("at").message(place));
    } else {
        let annotation = AnnotationKind::Primary.span(finding.excerpt.span.clone()).label(&here);
        let snippet = Snippet::source(&text).path(&path).line_start(finding.line).annotation(annotation);
        // Two places on the same lines are drawn as one.
        let is_same =
            finding.beside.as_ref().is_some_and(|beside| beside.excerpt.text == finding.excerpt.text);
        let second = finding.beside.as_ref().filter(|_| is_same);
        let second =
            second.map(|other| AnnotationKind::Context.span(other.excerpt.span.clone()).label(&*other.here));
        group = group.element(snippet.annotations(second));
        beside = beside.filter(|_| !is_same);
    }
    let beside_text = beside.map(|other| obeyed_by_nobody(&other.excerpt.text)).unwrap_or_default();
    if let Some(other) = beside {
        let annotation = AnnotationKind::Context.span(other.excerpt.span.clone()).label(&*other.here);
        let snippet = Snippet::source(&beside_text).path(&path).line_start(other.line);
        group = group.element(snippet.annotation(annotation));
    }
    let incident = wrapped(finding.rule.page.incident);
    let page = format!("`constellation {} --explain {}` tells more", tool.name, finding.rule.id);
    if is_first && !incident.is_empty() {
        group = group.element(Drawn::NOTE.with_name("becomes").message(&incident));
    }
    let instead = wrapped(finding.rule.page.instead);
    if !instead.is_empty() {
        group = group.element(Drawn::HELP.with_name("instead").message(&instead));
    }
    if is_first {
        group = group.element(Drawn::NOTE.message(&page));
    }
    if finding.setting == Setting::Test {
        group = group.element(Drawn::NOTE.message("this is test code, where it may be right"));
    }
    Renderer::styled().render(&[group])
}

/// Code with nothing in it that a terminal obeys; each byte stays in its place.
pub(super) fn obeyed_by_nobody(code: &str) -> String {
    let shown = code.chars().map(|letter| {
        let is_kept = matches!(letter, '\n' | '\t') || !is_obeyed(letter);
        if is_kept { letter.to_string() } else { " ".repeat(letter.len_utf8()) }
    });
    shown.collect()
}

/// Words in lines that a narrow terminal has room for.
pub(crate) fn wrapped(text: &str) -> String {
    const COLUMNS: usize = 96;
    folded(text, COLUMNS).join("\n")
}

fn print_summary(shown: &Shown, printer: &mut Printer) -> anyhow::Result<()> {
    let Audit { files, lines, files_left_out, .. } = &shown.audit;
    let width = Family::ALL.iter().map(|family| family.title().len()).max().unwrap_or(0);
    printer.line(faint(&format!("{:<width$}  looked at  found  suppressed", "fallacy")))?;
    for family in Family::ALL {
        let tally = shown.audit.tallies.get(&family).copied().unwrap_or_default();
        let found = shown.audit.count(family, Level::Info);
        let row = format!(
            "{:<width$}  {:>9}  {found:>5}  {:>10}",
            family.title(),
            tally.looked_at,
            tally.suppressed
        );
        printer.line(if found > 0 { strong(&row) } else { row })?;
    }
    let comments = shown.audit.count(Family::Audit, Level::Info);
    if comments > 0 {
        printer.line(format!("and {} on comments to the audit", count(comments, "finding")))?;
    }
    printer.line(format!("{}, {}", count(files.len(), "file"), count(*lines, "line")))?;
    if shown.hidden > 0 {
        printer.line(faint(&format!("· {} at `info`: --info tells them", count(shown.hidden, "finding"))))?;
    }
    print_known(shown, printer)?;
    if *files_left_out > 0 {
        let left_out = count(*files_left_out, "file");
        printer.line(faint(&format!("· {left_out} of test code left out: --tests looks at them")))?;
    }
    print_unmatched(&shown.audit.own_unmatched, printer)?;
    print_not_audited(shown, printer)
}

/// What of the user's own functions nothing calls, if there is any.
fn print_unmatched(unmatched: &[Unmatched], printer: &mut Printer) -> anyhow::Result<()> {
    if !unmatched.is_empty() {
        printer.line("named in the configuration, and called nowhere in what was audited")?;
    }
    unmatched.iter().try_for_each(|unmatched| printer.line(format!("  {}", one_line(&unmatched.to_string()))))
}

/// What the baseline knows, and what of it is gone.
pub(crate) fn print_known(shown: &Shown, printer: &mut Printer) -> anyhow::Result<()> {
    if let Some(compared) = &shown.baseline {
        let known = count(compared.known.len(), "finding");
        printer.line(faint(&format!("· {known} known to the baseline")))?;
        if !compared.gone.is_empty() {
            printer.line("in the baseline and not found any more: write it anew with --write-baseline")?;
        }
        for gone in &compared.gone {
            printer.line(format!("  {}", baseline::told(gone)))?;
        }
    }
    Ok(())
}

/// What could not be audited, if there is any.
pub(crate) fn print_not_audited(shown: &Shown, printer: &mut Printer) -> anyhow::Result<()> {
    let not_audited = &shown.audit.not_audited;
    if !not_audited.is_empty() {
        printer.line(strong("not audited"))?;
        for failed in not_audited {
            printer.line(format!("  {}", one_line(&failed.to_string())))?;
        }
    }
    Ok(())
}

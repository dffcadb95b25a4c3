//! The page of a rule, and the list of all.

use constellation_audit::{Family, Rule, rules};

use super::Tool;
use super::human::wrapped;
use crate::printer::{Printer, faint, strong};

pub(super) fn list(printer: &mut Printer) -> anyhow::Result<()> {
    let width = rules::every().map(|rule| rule.id.len()).max().unwrap_or(0);
    for family in Family::every() {
        printer.line(strong(family.title()))?;
        for rule in rules::every().filter(|rule| rule.family == family) {
            printer.line(format!("  {:<4}  {:<width$}  {}", rule.level.name(), rule.id, rule.title))?;
        }
    }
    printer.line(faint("`constellation audit --explain RULE` prints the page of one"))
}

pub(crate) fn print(tool: &Tool, rule: &Rule, printer: &mut Printer) -> anyhow::Result<()> {
    let page = &rule.page;
    printer.line(format!("{} · {} · {}", strong(rule.id), rule.level, rule.title))?;
    printer.line(format!("{}: {}", rule.family.title(), rule.family.truth()))?;
    let sections = [
        ("why", page.why, false),
        ("what it becomes", page.incident, false),
        ("instead", page.instead, false),
        ("", page.better, true),
    ];
    for (title, text, is_code) in sections.into_iter().filter(|(_, text, _)| !text.is_empty()) {
        section(title, printer)?;
        let text = if is_code { text.to_owned() } else { wrapped(text) };
        for line in text.lines() {
            printer.line(if is_code { format!("    {line}") } else { format!("  {line}") })?;
        }
    }
    if !page.alike.is_empty() {
        section("what looks like it and is right", printer)?;
        for alike in page.alike {
            printer.line(format!("  · {}", wrapped(alike).replace('\n', "\n    ")))?;
        }
    }
    if !page.allow.is_empty() {
        section("when to allow it", printer)?;
        printer.line(format!("  {}", wrapped(page.allow).replace('\n', "\n  ")))?;
        printer.line(format!("    {}", (tool.allow)(rule.id)))?;
    }
    if !page.unshown.is_empty() {
        section("see it happen", printer)?;
        let unshown = wrapped(&format!("nothing here shows it: {}", page.unshown));
        printer.line(format!("  {}", unshown.replace('\n', "\n  ")))?;
    }
    for (title, lines, before) in
        [("see it happen", page.shows, "constellation "), ("elsewhere", page.links, "")]
    {
        if !lines.is_empty() {
            section(title, printer)?;
        }
        for line in lines {
            printer.line(format!("  {before}{line}"))?;
        }
    }
    Ok(())
}

pub(crate) fn section(title: &str, printer: &mut Printer) -> anyhow::Result<()> {
    printer.line("")?;
    if title.is_empty() { Ok(()) } else { printer.line(strong(title)) }
}

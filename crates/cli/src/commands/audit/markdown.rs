//! The pages of all rules, in Markdown: `docs/audit.md` is what this prints, which a test holds.

use constellation_audit::{Family, Rule, rules};
use constellation_lab::placement::told::capital;

use crate::printer::Printer;

/// What stands above the first rule.
const HEAD: &str = include_str!("head.md");

pub(super) fn print(printer: &mut Printer) -> anyhow::Result<()> {
    printer.line(HEAD.trim_end())?;
    for family in Family::every() {
        printer.line(format!("\n## {}\n\nIn truth {}.", capital(family.title()), family.truth()))?;
        for rule in rules::every().filter(|rule| rule.family == family) {
            printer.line(format!("\n### `{}`\n\n**{}**: {}.\n", rule.id, rule.level, rule.title))?;
            printer.line(page(rule).trim_end())?;
        }
    }
    Ok(())
}

/// What a rule teaches.
pub(crate) fn page(rule: &Rule) -> String {
    let page = &rule.page;
    let mut parts: Vec<String> = Vec::new();
    if !page.why.is_empty() {
        parts.push(page.why.to_owned());
    }
    if !page.incident.is_empty() {
        parts.push(format!("*What it becomes.* {}", page.incident));
    }
    if !page.instead.is_empty() {
        parts.push(format!("*Instead*: {}.", page.instead));
    }
    if !page.better.is_empty() {
        parts.push(format!("```rust\n{}\n```", page.better));
    }
    if !page.alike.is_empty() {
        let alike: String = page.alike.iter().map(|alike| format!("\n- {alike}")).collect();
        parts.push(format!("*What looks like it and is right*:\n{alike}"));
    }
    if !page.allow.is_empty() {
        parts.push(format!("*When to allow it.* {}", page.allow));
    }
    if !page.shows.is_empty() {
        let shows: Vec<String> =
            page.shows.iter().map(|command| format!("`constellation {command}`")).collect();
        parts.push(format!("*See it happen*: {}.", shows.join(", ")));
    }
    if !page.unshown.is_empty() {
        parts.push(format!("*See it happen*: nothing here shows it: {}.", page.unshown));
    }
    if !page.links.is_empty() {
        parts.push(format!("*Elsewhere*: {}.", page.links.join("; ")));
    }
    parts.join("\n\n")
}

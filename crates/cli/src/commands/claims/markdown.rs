//! The pages of all terms, in Markdown: `docs/claims.md` is what this prints, which a test holds.

use constellation_audit::prose::{Term, terms};
use constellation_lab::placement::told::capital;

use super::super::audit::page_of;
use super::{breaking, contradictions};
use crate::printer::Printer;

/// What stands above the first term.
const HEAD: &str = include_str!("head.md");

pub(super) fn print(printer: &mut Printer) -> anyhow::Result<()> {
    printer.line(HEAD.trim_end())?;
    printer.line("\n## What contradicts what")?;
    for rule in contradictions() {
        printer.line(format!("\n### `{}`\n\n**{}**: {}.\n", rule.name(), rule.level, rule.title))?;
        printer.line(page_of(rule).trim_end())?;
    }
    printer.line("\n## The terms")?;
    for term in terms() {
        printer.line(format!("\n### {}\n", capital(term.title)))?;
        printer.line(page(term)?)?;
    }
    Ok(())
}

fn page(term: &Term) -> anyhow::Result<String> {
    let mut parts = vec![
        format!("`{}`, **{}**. It promises: {}.", term.id, term.rule.level, term.promise),
        format!("*It does not say* {}.", term.unsaid),
    ];
    let questions: String = term.questions.iter().map(|question| format!("\n- {question}")).collect();
    parts.push(format!("*Ask*:\n{questions}"));
    parts.push(format!("*Instead*: {}.", term.rule.page.instead));
    if let Some(model) = breaking::model(term) {
        let about = model.about();
        parts.push(format!("*The model* `{}`: {} ({}).", about.name, about.sentence, about.source));
    }
    if let Some(breaking) = breaking::shortest(term) {
        let separation = breaking.separation;
        let history = separation.sessions(breaking.forbids.about())?.to_string();
        parts.push(format!(
            "*The shortest history that breaks it*, “{}”, which {} allows: {}.\n\n```text\n{}\n```\n\n`{}` judges it.{}",
            separation.name,
            breaking.allows.about().name,
            separation.sentence,
            history.trim_end(),
            breaking::command(&breaking),
            breaking::caveat(&breaking).map_or(String::new(), |caveat| format!(" {caveat}."))
        ));
    }
    parts.push(format!("*Is taken for*: {}.", term.alike.join(", ")));
    if !term.rule.page.shows.is_empty() {
        let shows = term.rule.page.shows.iter().map(|command| format!("`constellation {command}`"));
        parts.push(format!("*See it happen*: {}.", shows.collect::<Vec<_>>().join(", ")));
    }
    Ok(parts.join("\n\n"))
}

//! `constellation claims`: what documents promise, in which words, and which of it contradicts itself.

use std::path::Path;

use anyhow::bail;
use constellation_audit::prose::{self, Claims as Found, Term, claims, claims_text, find_rule, find_term};
use constellation_audit::{Family, Level, Rule, Tests};
use constellation_lab::words::one_line;

use super::audit::{
    Shown, Tool, Wanted, baseline, github, junit, no_findings, page as rule_page, refuse_nothing, sarif,
    write_baseline,
};
use crate::args::{AuditFormat, Claims as Arguments};
use crate::file::{Kind, STANDARD_INPUT, read_whole};
use crate::printer::Printer;

mod breaking;
mod human;
mod json;
mod markdown;
mod page;

/// What reads prose.
static PROSE_TOOL: Tool = Tool {
    name: "claims",
    rules: || prose::rules().collect(),
    families: || Family::PROSE.to_vec(),
    allow: |rule| format!("<!-- constellation: allow({rule}, reason = \"…\") -->"),
};

/// The longest text that an editor may send.
const DOCUMENT: Kind = Kind { what: "a document", bytes_max: 10 << 20 };

/// What has a page.
enum Explained {
    Term(&'static Term),
    Rule(&'static Rule),
}

pub(crate) fn run(arguments: &Arguments, printer: &mut Printer) -> anyhow::Result<u8> {
    let format = if arguments.json { AuditFormat::Json } else { arguments.format };
    if let Some(name) = &arguments.explain {
        match (explained(name)?, format) {
            (Explained::Term(term), AuditFormat::Human) => page::print(term, printer)?,
            (Explained::Term(term), AuditFormat::Json) => json::print_terms(&[term], &[], printer)?,
            (Explained::Rule(rule), AuditFormat::Human) => rule_page::print(&PROSE_TOOL, rule, printer)?,
            (Explained::Rule(rule), AuditFormat::Json) => json::print_terms(&[], &[rule], printer)?,
            (_, other) => bail!(no_findings(other)),
        }
        return Ok(0);
    }
    if arguments.terms {
        match format {
            AuditFormat::Human if arguments.table => markdown::print(printer)?,
            AuditFormat::Human => page::list(printer)?,
            AuditFormat::Json => {
                let terms: Vec<&Term> = prose::terms().iter().collect();
                json::print_terms(&terms, &contradictions(), printer)?;
            }
            other => bail!(no_findings(other)),
        }
        return Ok(0);
    }
    let mut found = read(arguments, printer)?;
    let mut compared = None;
    if let Some(file) = &arguments.baseline {
        if arguments.write_baseline {
            return write_baseline(&found.audit, file, Tests::LeaveOut, printer);
        }
        compared = Some(baseline::compare(&mut found.audit, file, Tests::LeaveOut)?);
    }
    // Whoever reads it is told of every claim anyway, in a line.
    let is_all = arguments.info || arguments.all || format == AuditFormat::Human;
    let least = if is_all { Level::Info } else { arguments.deny_from.min(Level::Warn) };
    let audit = std::mem::take(&mut found.audit);
    let shown = Shown::of(&PROSE_TOOL, audit, compared, least, arguments.deny_from);
    match format {
        AuditFormat::Human if arguments.all => human::print(&found, &shown, human::How::Whole, printer)?,
        AuditFormat::Human => human::print(&found, &shown, human::How::Lines, printer)?,
        AuditFormat::Json => json::print(&found, &shown, printer)?,
        AuditFormat::Sarif => sarif::print(&shown, printer)?,
        AuditFormat::Github => github::print(&shown, printer)?,
        AuditFormat::Junit => junit::print(&shown, printer)?,
    }
    Ok(shown.exit_code)
}

fn read(arguments: &Arguments, printer: &Printer) -> anyhow::Result<Found> {
    if let Some(name) = arguments.filename.as_ref().filter(|_| arguments.stdin) {
        let text = read_whole(Path::new(STANDARD_INPUT), DOCUMENT)?;
        return Ok(claims_text(name, &text));
    }
    let progress = printer.progress("reading prose");
    let found = claims(&arguments.paths);
    progress.finish_and_clear();
    let found = found.map_err(|error| anyhow::Error::msg(one_line(&error.to_string()).into_owned()))?;
    let wanted = Wanted { what: "document", extensions: &prose::EXTENSIONS };
    refuse_nothing(&arguments.paths, &found.audit, &wanted)?;
    Ok(found)
}

fn contradictions() -> Vec<&'static Rule> {
    prose::rules().filter(|rule| rule.family == Family::Contradiction).collect()
}

fn explained(name: &str) -> anyhow::Result<Explained> {
    let near_term = match find_term(name) {
        Ok(term) => return Ok(Explained::Term(term)),
        Err(near) => near,
    };
    let near = match find_rule(name) {
        Ok(rule) => return Ok(Explained::Rule(rule)),
        Err(near) => near_term.or(near),
    };
    let advice = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`constellation claims --terms` lists them".to_owned(),
    };
    bail!("no term or contradiction is called `{}`\nhelp: {advice}", one_line(name))
}

//! Claims and terms for scripts.

use std::collections::BTreeMap;

use constellation_audit::Rule;
use constellation_audit::prose::{Claim, Claims, Term, terms};
use serde_json::{Value, json};

use super::super::audit::json::{finding_json, not_audited_json};
use super::super::audit::{Shown, baseline};
use super::breaking;
use super::human::counts;
use crate::printer::Printer;

pub(super) fn print(found: &Claims, shown: &Shown, printer: &mut Printer) -> anyhow::Result<()> {
    let audit = &shown.audit;
    let mut of_term: BTreeMap<&str, Vec<&Claim>> = BTreeMap::new();
    for claim in &found.claims {
        of_term.entry(claim.term.id).or_default().push(claim);
    }
    let summary = terms().iter().filter_map(|term| {
        let [claimed, qualified, negated, otherwise, contradicted] = counts(of_term.get(term.id)?);
        Some(json!({
            "term": term.id,
            "claimed": claimed,
            "qualified": qualified,
            "negated": negated,
            "otherwise": otherwise,
            "contradicted": contradicted,
        }))
    });
    printer.json(&json!({
        "schema": "constellation/claims/1",
        "claims": found.claims.iter().map(claim_json).collect::<Vec<_>>(),
        "findings": audit.findings.iter().map(finding_json).collect::<Vec<_>>(),
        "terms": summary.collect::<Vec<_>>(),
        "files": audit.files.len(),
        "lines": audit.lines,
        "findings_hidden": shown.hidden,
        "findings_suppressed": audit.suppressed.len(),
        "baseline": shown.baseline.as_ref().map(baseline::to_json),
        "not_audited": audit.not_audited.iter().map(not_audited_json).collect::<Vec<_>>(),
        "exit_code": shown.exit_code,
    }))
}

fn claim_json(claim: &Claim) -> Value {
    json!({
        "term": claim.term.id,
        "context": claim.context.name(),
        "cue": claim.context.cue(),
        "file": claim.path.display().to_string(),
        "line": claim.line,
        "column": claim.column,
        "bytes": [claim.span.start, claim.span.end],
        "text": claim.text,
        "sentence": claim.sentence,
        "section": claim.section,
        "is_contradicted": claim.is_contradicted,
    })
}

pub(super) fn print_terms(terms: &[&Term], rules: &[&Rule], printer: &mut Printer) -> anyhow::Result<()> {
    printer.json(&json!({
        "schema": "constellation/claims-terms/1",
        "terms": terms.iter().map(|term| term_json(term)).collect::<Vec<_>>(),
        "contradictions": rules.iter().map(|rule| rule_json(rule)).collect::<Vec<_>>(),
    }))
}

fn term_json(term: &Term) -> Value {
    let breaking = breaking::shortest(term).map(|breaking| {
        json!({
            "name": breaking.separation.name,
            "sentence": breaking.separation.sentence,
            "history": breaking.separation.sketch,
            "allowed": breaking.allows.about().name,
            "forbidden": breaking.forbids.about().name,
        })
    });
    json!({
        "term": term.id,
        "title": term.title,
        "level": term.rule.level.name(),
        "promises": term.promise,
        "does_not_say": term.unsaid,
        "questions": term.questions,
        "instead": term.rule.page.instead,
        "model": term.model,
        "broken_by": breaking,
        "alike": term.alike,
        "spellings": term.spellings,
        "shows": term.rule.page.shows,
    })
}

fn rule_json(rule: &Rule) -> Value {
    let page = &rule.page;
    json!({
        "rule": rule.id,
        "level": rule.level.name(),
        "title": rule.title,
        "why": page.why,
        "incident": page.incident,
        "instead": page.instead,
        "alike": page.alike,
        "allow": page.allow,
        "shows": page.shows,
        "links": page.links,
    })
}

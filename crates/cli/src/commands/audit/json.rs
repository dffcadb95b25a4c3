//! Findings and rules for scripts.

use constellation_audit::{Family, Finding, Level, NotAudited, Rule, Setting, Unmatched};
use serde_json::{Value, json};

use super::{Shown, baseline};
use crate::printer::Printer;

pub(crate) fn print(shown: &Shown, printer: &mut Printer) -> anyhow::Result<()> {
    let audit = &shown.audit;
    let families = Family::ALL.map(|family| {
        let tally = audit.tallies.get(&family).copied().unwrap_or_default();
        json!({
            "family": family.name(),
            "fallacy": family.title(),
            "looked_at": tally.looked_at,
            "found": audit.count(family, Level::Info),
            "suppressed": tally.suppressed,
        })
    });
    printer.json(&json!({
        "schema": "constellation/audit/1",
        "findings": audit.findings.iter().map(finding_json).collect::<Vec<_>>(),
        "families": families,
        "files": audit.files.len(),
        "lines": audit.lines,
        "files_left_out": audit.files_left_out,
        "findings_hidden": shown.hidden,
        "baseline": shown.baseline.as_ref().map(baseline::to_json),
        "not_audited": audit.not_audited.iter().map(not_audited_json).collect::<Vec<_>>(),
        "own_unmatched": audit.own_unmatched.iter().map(own_json).collect::<Vec<_>>(),
        "exit_code": shown.exit_code,
    }))
}

pub(crate) fn finding_json(finding: &Finding) -> Value {
    let mut told = json!({
        "rule": finding.rule.id,
        "level": finding.level.name(),
        "title": finding.rule.title,
        "file": finding.path.display().to_string(),
        "line": finding.line,
        "column": finding.column,
        "line_end": finding.line_end,
        "column_end": finding.column_end,
        "bytes": [finding.span.start, finding.span.end],
        "within": finding.within,
        "fingerprint": finding.fingerprint.to_string(),
        "is_test": finding.setting == Setting::Test,
        "here": finding.here,
        "incident": finding.rule.page.incident,
        "instead": finding.rule.page.instead,
    });
    if let Some(other) = &finding.beside {
        told["beside"] = json!({
            "line": other.line,
            "column": other.column,
            "line_end": other.line_end,
            "column_end": other.column_end,
            "bytes": [other.span.start, other.span.end],
            "here": other.here,
        });
    }
    told
}

pub(crate) fn not_audited_json(failed: &NotAudited) -> Value {
    json!({"file": failed.path.display().to_string(), "line": failed.line, "reason": failed.reason})
}

fn own_json(unmatched: &Unmatched) -> Value {
    json!({"name": unmatched.name, "alike": unmatched.alike})
}

pub(crate) fn print_rules(
    rules: impl Iterator<Item = &'static Rule>,
    printer: &mut Printer,
) -> anyhow::Result<()> {
    let rules: Vec<_> = rules.map(rule_json).collect();
    printer.json(&json!({"schema": "constellation/audit-rules/1", "rules": rules}))
}

fn rule_json(rule: &Rule) -> Value {
    let page = &rule.page;
    json!({
        "rule": rule.id,
        "family": rule.family.name(),
        "level": rule.level.name(),
        "title": rule.title,
        "why": page.why,
        "incident": page.incident,
        "instead": page.instead,
        "better": page.better,
        "alike": page.alike,
        "allow": page.allow,
        "shows": page.shows,
        "unshown": page.unshown,
        "links": page.links,
    })
}

//! Findings in SARIF 2.1.0 (OASIS 2020), which code hosts and editors read.
//!
//! All rules are declared, also those that found nothing. What a comment or the baseline allows is there, marked as suppressed.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use constellation_audit::{Family, Finding, Level, NotAudited, Rule, Setting, Suppressed};
use constellation_lab::words::one_line;
use serde_json::{Value, json};

use super::Shown;
use super::markdown::page;
use super::paths::{seen, slashed, whole};
use crate::printer::Printer;

/// The name under which a code host keeps our fingerprints; another way to make them gets another number.
const FINGERPRINT: &str = "constellationAudit/v1";

pub(crate) fn print(shown: &Shown, printer: &mut Printer) -> anyhow::Result<()> {
    let audit = &shown.audit;
    let rules: Vec<&Rule> = (shown.tool.rules)();
    let number = |finding: &Finding| rules.iter().position(|rule| rule.id == finding.rule.id);
    let result = |finding: &Finding, suppressions: Value| {
        let mut result = result(finding, number(finding), suppressions);
        if shown.baseline.is_some() {
            let is_known = result["suppressions"][0]["kind"] == "external";
            result["baselineState"] = json!(if is_known { "unchanged" } else { "new" });
        }
        result
    };
    let none = audit.findings.iter().map(|finding| result(finding, json!([])));
    let commented =
        audit.suppressed.iter().map(|suppressed| result(&suppressed.finding, commented(suppressed)));
    let known = shown.baseline.iter().flat_map(|compared| &compared.known);
    let known = known.map(|known| result(known, in_baseline()));
    let mut results: Vec<Value> = none.chain(commented).chain(known).collect();
    number_fingerprints(&mut results);
    printer.json(&json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": format!("constellation {}", shown.tool.name),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|rule| rule_json(rule)).collect::<Vec<_>>(),
            }},
            "invocations": [{
                "executionSuccessful": audit.not_audited.is_empty(),
                "exitCode": shown.exit_code,
                "toolExecutionNotifications": audit.not_audited.iter().map(notification).collect::<Vec<_>>(),
            }],
            "originalUriBaseIds": {
                "SRCROOT": {"description": {"text": "the folder that the audit was called in"}},
            },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    }))
}

fn commented(suppressed: &Suppressed) -> Value {
    let reason = one_line(&suppressed.reason);
    let reason = if reason.is_empty() { "no reason is given" } else { &*reason };
    json!([{"kind": "inSource", "justification": reason}])
}

fn in_baseline() -> Value {
    json!([{"kind": "external", "status": "accepted", "justification": "it stands in the baseline"}])
}

/// Puts a number behind each fingerprint: findings of one file that are alike would be taken for one.
fn number_fingerprints(results: &mut [Value]) {
    let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
    for result in results {
        let place = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        let fingerprint = result["partialFingerprints"][FINGERPRINT].as_str().unwrap_or_default().to_owned();
        let number = seen.entry((place.to_string(), fingerprint.clone())).or_default();
        *number += 1;
        result["partialFingerprints"][FINGERPRINT] = json!(format!("{fingerprint}:{number}"));
    }
}

fn rule_json(rule: &Rule) -> Value {
    let help = page(rule);
    let described = if rule.page.why.is_empty() { rule.title } else { rule.page.why };
    json!({
        "id": rule.id,
        "name": rule.name(),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": described},
        "help": {"text": help, "markdown": help},
        "defaultConfiguration": {"level": level(rule.level)},
        "properties": {"fallacy": rule.family.title(), "tags": [rule.family.name()]},
    })
}

fn result(finding: &Finding, number: Option<usize>, suppressions: Value) -> Value {
    let text = format!("{}: {}; {}", finding.rule.title, finding.here, finding.rule.page.instead);
    let mut result = json!({
        "ruleId": finding.rule.id,
        "ruleIndex": number,
        "level": level(finding.level),
        "message": {"text": one_line(&text)},
        "locations": [{
            "physicalLocation": {
                "artifactLocation": location(&finding.path),
                "region": {
                    "startLine": finding.line,
                    "startColumn": finding.column,
                    "endLine": finding.line_end,
                    "endColumn": finding.column_end,
                    "byteOffset": finding.span.start,
                    "byteLength": finding.span.len(),
                },
            },
        }],
        "partialFingerprints": {FINGERPRINT: finding.fingerprint.to_string()},
        "suppressions": suppressions,
    });
    if let Some(other) = &finding.beside {
        result["relatedLocations"] = json!([{
            "id": 1,
            "message": {"text": one_line(&other.here)},
            "physicalLocation": {
                "artifactLocation": location(&finding.path),
                "region": {
                    "startLine": other.line,
                    "startColumn": other.column,
                    "endLine": other.line_end,
                    "endColumn": other.column_end,
                    "byteOffset": other.span.start,
                    "byteLength": other.span.len(),
                },
            },
        }]);
    }
    // What is found in prose stands below a heading, and not in a function.
    if !finding.within.is_empty() && !Family::PROSE.contains(&finding.rule.family) {
        let function = json!([{"name": finding.within, "kind": "function"}]);
        result["locations"][0]["logicalLocations"] = function;
    }
    if finding.setting == Setting::Test {
        result["properties"] = json!({"tags": ["test"]});
    }
    result
}

fn notification(failed: &NotAudited) -> Value {
    let mut place = json!({"artifactLocation": location(&failed.path)});
    if let Some(line) = failed.line {
        place["region"] = json!({"startLine": line});
    }
    json!({
        "level": "error",
        "message": {"text": format!("not audited: {}", one_line(&failed.reason))},
        "locations": [{"physicalLocation": place}],
    })
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Deny => "error",
        Level::Warn => "warning",
        Level::Info => "note",
    }
}

/// Relative to the folder that the audit was called in, if it is below it; else whole, since code hosts refuse `..` below a
/// root.
fn location(path: &Path) -> Value {
    let seen = seen(path);
    if seen.is_absolute() || seen.components().any(|part| part == Component::ParentDir) {
        return json!({"uri": format!("file://{}", uri(&whole(path)))});
    }
    json!({"uri": uri(&seen), "uriBaseId": "SRCROOT"})
}

/// A path with all bytes escaped that are not letters, digits, `-._~` or the slash between folders (RFC 3986).
fn uri(path: &Path) -> String {
    let mut uri = String::new();
    for byte in slashed(path).bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte))
            }
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{location, uri};

    #[test]
    fn a_path_outside_the_folder_is_whole() {
        let here = std::env::current_dir().expect("there is one");
        let above = here.parent().expect("it is in a folder").display().to_string();
        let outside = serde_json::json!({"uri": format!("file://{above}/x%20y.rs")});
        assert_eq!(location(Path::new("../x y.rs")), outside);
        assert_eq!(location(Path::new("src/../../x y.rs")), outside);
        let inside = serde_json::json!({"uri": "x.rs", "uriBaseId": "SRCROOT"});
        assert_eq!(location(Path::new("src/../x.rs")), inside);
        assert_eq!(location(&here.join("x.rs")), inside);
    }

    #[test]
    fn a_path_becomes_an_address() {
        for (path, expected) in [
            ("src/net/peer.rs", "src/net/peer.rs"),
            ("c:d/a b#?%.rs", "c%3Ad/a%20b%23%3F%25.rs"),
            ("grün/\u{1b}.rs", "gr%C3%BCn/%1B.rs"),
        ] {
            assert_eq!(uri(Path::new(path)), expected);
        }
    }
}

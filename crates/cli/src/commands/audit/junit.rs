//! Findings as a report of tests in JUnit's XML: a suite for each fallacy, a case for each finding and each rule without one.

use std::fmt::Write as _;

use constellation_audit::{Family, Finding, Rule};

use super::Shown;
use super::paths::{seen, slashed};
use crate::printer::Printer;

/// The cases of a suite, and how many of them are what.
#[derive(Default)]
struct Suite {
    cases: String,
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

pub(crate) fn print(shown: &Shown, printer: &mut Printer) -> anyhow::Result<()> {
    let mut suites: Vec<(&str, Suite)> = Vec::new();
    for family in (shown.tool.families)() {
        suites.push((family.title(), of_family(shown, family)));
    }
    if !shown.audit.not_audited.is_empty() {
        suites.push(("not audited", not_audited(shown)));
    }
    let sum = |of: fn(&Suite) -> usize| suites.iter().map(|(_, suite)| of(suite)).sum::<usize>();
    printer.xml("<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    printer.xml(format!(
        "<testsuites name=\"constellation {}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\">",
        shown.tool.name,
        sum(|suite| suite.tests),
        sum(|suite| suite.failures),
        sum(|suite| suite.errors),
        sum(|suite| suite.skipped),
    ))?;
    for (name, Suite { cases, tests, failures, errors, skipped }) in &suites {
        printer.xml(format!(
            "  <testsuite name=\"{}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\">",
            escaped(name)
        ))?;
        printer.xml(cases.trim_end_matches('\n'))?;
        printer.xml("  </testsuite>")?;
    }
    printer.xml("</testsuites>")
}

fn of_family(shown: &Shown, family: Family) -> Suite {
    let mut suite = Suite::default();
    for rule in (shown.tool.rules)().into_iter().filter(|rule| rule.family == family) {
        let before = suite.tests;
        for finding in shown.audit.findings.iter().filter(|finding| finding.rule.id == rule.id) {
            let what = if finding.level >= shown.deny_from {
                suite.failures += 1;
                failure(finding)
            } else {
                suite.skipped += 1;
                skipped(&format!("{}: {}", finding.level, finding.here))
            };
            suite.add(rule, &place(finding), &what);
        }
        for allowed in shown.audit.suppressed.iter().filter(|allowed| allowed.finding.rule.id == rule.id) {
            suite.skipped += 1;
            suite.add(rule, &place(&allowed.finding), &skipped(&format!("allowed: {}", allowed.reason)));
        }
        let known = shown.baseline.iter().flat_map(|compared| &compared.known);
        for finding in known.filter(|finding| finding.rule.id == rule.id) {
            suite.skipped += 1;
            suite.add(rule, &place(finding), &skipped("it stands in the baseline"));
        }
        if suite.tests == before {
            suite.add(rule, rule.title, "");
        }
    }
    suite
}

fn not_audited(shown: &Shown) -> Suite {
    let mut suite = Suite::default();
    for failed in &shown.audit.not_audited {
        let path = slashed(&seen(&failed.path));
        let line = failed.line.map_or(String::new(), |line| format!(":{line}"));
        let name = escaped(&format!("{path}{line}"));
        let reason = escaped(&failed.reason);
        suite.tests += 1;
        suite.errors += 1;
        let case = format!(
            "    <testcase classname=\"not audited\" name=\"{name}\"><error message=\"{reason}\"/></testcase>"
        );
        suite.cases.push_str(&case);
        suite.cases.push('\n');
    }
    suite
}

impl Suite {
    fn add(&mut self, rule: &Rule, name: &str, what: &str) {
        self.tests += 1;
        let (rule, name) = (escaped(rule.id), escaped(name));
        let head = format!("    <testcase classname=\"{rule}\" name=\"{name}\"");
        let line = if what.is_empty() { format!("{head}/>") } else { format!("{head}>{what}</testcase>") };
        writeln!(self.cases, "{line}").expect("a text takes it");
    }
}

fn place(finding: &Finding) -> String {
    let path = slashed(&seen(&finding.path));
    format!("{path}:{}:{}", finding.line, finding.column)
}

fn failure(finding: &Finding) -> String {
    let message = escaped(&format!("{}: {}", finding.rule.title, finding.here));
    let page = &finding.rule.page;
    let mut says = finding.excerpt.text.clone();
    if !page.incident.is_empty() {
        says.push_str(&format!("\nbecomes: {}", page.incident));
    }
    says.push_str(&format!("\ninstead: {}", page.instead));
    format!("<failure type=\"{}\" message=\"{message}\">{}</failure>", finding.level, escaped_text(&says))
}

fn skipped(why: &str) -> String {
    format!("<skipped message=\"{}\"/>", escaped(why))
}

/// For an attribute.
fn escaped(text: &str) -> String {
    escaped_text(text).replace('\n', "&#10;").replace('\t', "&#9;")
}

/// Text between tags. What XML 1.0 has no way to write becomes U+FFFD.
fn escaped_text(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\r' => escaped.push_str("&#13;"),
            '\n' | '\t' => escaped.push(letter),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            _ if letter.is_control() => escaped.push('\u{fffd}'),
            _ => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{escaped, escaped_text};

    #[test]
    fn nothing_in_a_text_is_markup() {
        assert_eq!(escaped("<a b=\"c\">&'\n\t"), "&lt;a b=&quot;c&quot;&gt;&amp;&apos;&#10;&#9;");
        assert_eq!(escaped_text("]]>\u{1b}[31m\0\r\n\u{ffff}"), "]]&gt;\u{fffd}[31m\u{fffd}&#13;\n\u{fffd}");
    }
}

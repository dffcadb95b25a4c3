//! Findings as the workflow commands that make GitHub annotate lines.

use constellation_audit::{Beside, Finding, Level};
use constellation_lab::words::one_line;

use super::Shown;
use super::paths::{seen, slashed};
use crate::printer::{Printer, count};

pub(crate) fn print(shown: &Shown, printer: &mut Printer) -> anyhow::Result<()> {
    let audit = &shown.audit;
    for finding in &audit.findings {
        printer.line(annotation(shown.tool.name, finding))?;
    }
    for failed in &audit.not_audited {
        let path = property(&slashed(&seen(&failed.path)));
        let line = failed.line.map_or(String::new(), |line| format!(",line={line}"));
        let reason = data(&one_line(&failed.reason));
        printer.line(format!("::error file={path}{line},title=not audited::{reason}"))?;
    }
    let (found, files) = (count(audit.findings.len(), "finding"), count(audit.files.len(), "file"));
    printer.line(format!("{found} in {files}"))
}

fn annotation(tool: &str, finding: &Finding) -> String {
    let command = match finding.level {
        Level::Deny => "error",
        Level::Warn => "warning",
        Level::Info => "notice",
    };
    let path = property(&slashed(&seen(&finding.path)));
    let Finding { line, line_end, column, column_end, .. } = finding;
    // GitHub takes columns only of a span in one line.
    let columns =
        if line == line_end { format!(",col={column},endColumn={column_end}") } else { String::new() };
    let title = property(&format!("{}: {}", finding.rule.id, finding.rule.title));
    let says = format!(
        "{}{}\ninstead: {}\n`constellation {tool} --explain {}` tells more",
        one_line(&finding.here),
        beside(finding),
        finding.rule.page.instead,
        finding.rule.id
    );
    format!("::{command} file={path},line={line},endLine={line_end}{columns},title={title}::{}", data(&says))
}

/// Where the other place is, which an annotation has none of.
fn beside(finding: &Finding) -> String {
    let told = |other: &Beside| format!("\nline {}: {}", other.line, one_line(&other.here));
    finding.beside.as_ref().map_or(String::new(), told)
}

/// What stands behind the last two colons.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// What stands between commas before them.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{data, property};

    #[test]
    fn nothing_in_a_text_ends_it() {
        assert_eq!(data("100 %\r\n::error::x"), "100 %25%0D%0A::error::x");
        assert_eq!(property("a,line=1::b"), "a%2Cline=1%3A%3Ab");
    }
}

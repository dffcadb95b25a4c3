//! `constellation audit`: which of the eight fallacies some code relies on.

use std::path::Path;

use anyhow::bail;
use constellation_audit::{Audit, Error, Level, Options, Rule, Setting, Tests, audit, audit_text, rules};
use constellation_lab::words::one_line;

use crate::args::{Audit as Arguments, AuditFormat};
use crate::file::{Kind, STANDARD_INPUT, read_whole};
use crate::printer::{Printer, UNUSABLE};

mod human;
mod json;
mod page;

pub(crate) fn run(arguments: &Arguments, printer: &mut Printer) -> anyhow::Result<u8> {
    let format = if arguments.json { AuditFormat::Json } else { arguments.format };
    if let Some(name) = &arguments.explain {
        let rule = find(name)?;
        match format {
            AuditFormat::Human => page::print(rule, printer)?,
            AuditFormat::Json => json::print_rules(std::iter::once(rule), printer)?,
        }
        return Ok(0);
    }
    if arguments.rules {
        match format {
            AuditFormat::Human => page::list(printer)?,
            AuditFormat::Json => json::print_rules(rules::all().chain(rules::on_comments()), printer)?,
        }
        return Ok(0);
    }
    let found = audited(arguments, printer)?;
    let shown = Shown::of(found, arguments);
    match format {
        AuditFormat::Human => human::print(&shown, printer)?,
        AuditFormat::Json => json::print(&shown, printer)?,
    }
    Ok(shown.exit_code)
}

/// What was found, and what of it is told.
struct Shown {
    audit: Audit,
    /// How many findings are not told, for their level.
    hidden: usize,
    exit_code: u8,
}

impl Shown {
    fn of(mut audit: Audit, arguments: &Arguments) -> Shown {
        let is_denied = audit.findings.iter().any(|finding| finding.level >= arguments.deny_from);
        let exit_code = match (audit.not_audited.is_empty(), is_denied) {
            (false, _) => UNUSABLE,
            (true, true) => 1,
            (true, false) => 0,
        };
        let least = if arguments.info { Level::Info } else { arguments.deny_from.min(Level::Warn) };
        let all = audit.findings.len();
        // Whoever asks for tests is told of them.
        audit.findings.retain(|finding| finding.level >= least || finding.setting == Setting::Test);
        Shown { hidden: all - audit.findings.len(), audit, exit_code }
    }
}

fn audited(arguments: &Arguments, printer: &Printer) -> anyhow::Result<Audit> {
    let tests = if arguments.tests { Tests::Include } else { Tests::LeaveOut };
    let mut options = Options::default().with_tests(tests);
    if let Some(jobs) = arguments.jobs {
        options = options.on_threads(jobs);
    }
    if let Some(name) = arguments.filename.as_ref().filter(|_| arguments.stdin) {
        let text = read_whole(Path::new(STANDARD_INPUT), FILE)?;
        return Ok(audit_text(name, &text, &options));
    }
    let progress = printer.progress("reading code");
    let found = audit(&arguments.paths, &options);
    progress.finish_and_clear();
    found.map_err(|error| match &error {
        Error::Unreadable { path, .. } => unreadable(path, &error),
        other => anyhow::Error::msg(other.to_string()),
    })
}

/// The longest text that an editor may send.
const FILE: Kind = Kind { what: "a file", bytes_max: 10 << 20 };

fn unreadable(path: &Path, error: &Error) -> anyhow::Error {
    let is_rule = path.to_str().is_some_and(|name| rules::find(name).is_ok());
    let advice = if is_rule { "\nhelp: that is a rule: `--explain` prints its page" } else { "" };
    anyhow::Error::msg(format!("{}{advice}", one_line(&error.to_string())))
}

fn find(name: &str) -> anyhow::Result<&'static Rule> {
    match rules::find(name) {
        Ok(rule) => Ok(rule),
        Err(near) => {
            let advice = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`constellation audit --rules` lists them".to_owned(),
            };
            bail!("no rule is called `{}`\nhelp: {advice}", one_line(name));
        }
    }
}

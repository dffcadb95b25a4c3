//! `constellation audit`: which of the eight fallacies some code relies on.

use std::path::Path;

use anyhow::bail;
use constellation_audit::{
    Audit, Error, Family, Level, Options, Rule, THREAD, Tests, audit, audit_text, rules,
};
use constellation_lab::words::one_line;

use crate::args::{Audit as Arguments, AuditFormat};
use crate::file::{Kind, STANDARD_INPUT, name_of, read_whole};
use crate::printer::{Printer, count};

pub(super) mod baseline;
mod clippy;
mod config;
mod fix;
pub(super) mod github;
pub(super) mod human;
pub(super) mod json;
pub(super) mod junit;
mod markdown;
mod nothing;
pub(super) mod page;
mod paths;
pub(super) mod sarif;
mod shown;

pub(super) use markdown::page as page_of;
pub(super) use nothing::{Wanted, refuse_nothing};
pub(super) use shown::{Shown, Tool};

pub(crate) fn run(arguments: &Arguments, printer: &mut Printer) -> anyhow::Result<u8> {
    let format = if arguments.json { AuditFormat::Json } else { arguments.format };
    if let Some(name) = &arguments.explain {
        let rule = find(name)?;
        match format {
            AuditFormat::Human => page::print(&CODE_TOOL, rule, printer)?,
            AuditFormat::Json => json::print_rules(std::iter::once(rule), printer)?,
            other => bail!(no_findings(other)),
        }
        return Ok(0);
    }
    if arguments.rules {
        match format {
            AuditFormat::Human if arguments.table => markdown::print(printer)?,
            AuditFormat::Human => page::list(printer)?,
            AuditFormat::Json => json::print_rules(rules::every(), printer)?,
            other => bail!(no_findings(other)),
        }
        return Ok(0);
    }
    if arguments.clippy_toml {
        clippy::print(printer)?;
        return Ok(0);
    }
    leave_panics_to_report();
    let options = options(arguments)?;
    let mut found = audited(arguments, &options, printer)?;
    if arguments.fix {
        let write = if arguments.write { fix::Write::Yes } else { fix::Write::No };
        let mends = fix::run(&found, told_from(arguments), &options, write, printer)?;
        if arguments.write {
            found = audited(arguments, &options, printer)?;
        }
        let left = Shown::of(&CODE_TOOL, found, None, told_from(arguments), arguments.deny_from);
        let told = left.audit.findings.len();
        if told > 0 {
            let when = if arguments.write || mends == 0 { "left" } else { "before that" };
            printer.line(format!("· {} {when}", count(told, "finding")))?;
        }
        human::print_not_audited(&left, printer)?;
        return Ok(left.exit_code);
    }
    let mut compared = None;
    if let Some(file) = &arguments.baseline {
        if arguments.write_baseline {
            return write_baseline(&found, file, tests(arguments), printer);
        }
        compared = Some(baseline::compare(&mut found, file, tests(arguments))?);
    }
    let shown = Shown::of(&CODE_TOOL, found, compared, told_from(arguments), arguments.deny_from);
    match format {
        AuditFormat::Human => human::print(&shown, printer)?,
        AuditFormat::Json => json::print(&shown, printer)?,
        AuditFormat::Sarif => sarif::print(&shown, printer)?,
        AuditFormat::Github => github::print(&shown, printer)?,
        AuditFormat::Junit => junit::print(&shown, printer)?,
    }
    Ok(shown.exit_code)
}

/// A panic over one file is told as a file that is not audited, and not on standard error in the middle of what is told.
fn leave_panics_to_report() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name() != Some(THREAD) {
            hook(panic);
        }
    }));
}

pub(super) fn no_findings(format: AuditFormat) -> String {
    let name = format!("{format:?}").to_lowercase();
    format!("`--format {name}` tells findings, and a page has none\nhelp: leave it out, or ask for `json`")
}

pub(super) fn write_baseline(
    found: &Audit,
    file: &Path,
    tests: Tests,
    printer: &mut Printer,
) -> anyhow::Result<u8> {
    if let Some(failed) = found.not_audited.first() {
        let failed = one_line(&failed.to_string()).into_owned();
        bail!(
            "nothing is written, since not everything could be audited: {failed}\nhelp: name it in `.auditignore` if that is meant"
        );
    }
    let known = baseline::write(found, file, tests)?;
    printer.line(format!("{} written to {}", count(known, "finding"), name_of(file)))?;
    Ok(0)
}

fn tests(arguments: &Arguments) -> Tests {
    if arguments.tests { Tests::Include } else { Tests::LeaveOut }
}

/// What audits code.
static CODE_TOOL: Tool = Tool {
    name: "audit",
    rules: || rules::every().collect(),
    families: || Family::every().collect(),
    allow: |rule| format!("// constellation: allow({rule}, reason = \"…\")"),
};

/// From which level on a finding is told.
fn told_from(arguments: &Arguments) -> Level {
    if arguments.info { Level::Info } else { arguments.deny_from.min(Level::Warn) }
}

fn options(arguments: &Arguments) -> anyhow::Result<Options> {
    let own = config::own(arguments.config.as_deref())?;
    let options = Options::default().with_tests(tests(arguments)).with_own(own);
    Ok(match arguments.jobs {
        Some(jobs) => options.on_threads(jobs),
        None => options,
    })
}

fn audited(arguments: &Arguments, options: &Options, printer: &Printer) -> anyhow::Result<Audit> {
    if let Some(name) = arguments.filename.as_ref().filter(|_| arguments.stdin) {
        let text = read_whole(Path::new(STANDARD_INPUT), CODE)?;
        return Ok(audit_text(name, &text, options));
    }
    let progress = printer.progress("reading code");
    let found = audit(&arguments.paths, options);
    progress.finish_and_clear();
    let found = found.map_err(|error| match &error {
        Error::Unreadable { path, .. } => unreadable(path, &error),
        other => anyhow::Error::msg(other.to_string()),
    })?;
    refuse_nothing(&arguments.paths, &found, &Wanted { what: "Rust file", extensions: &["rs"] })?;
    Ok(found)
}

/// The longest text that an editor may send, and that is mended.
const CODE: Kind = Kind { what: "a file", bytes_max: 10 << 20 };

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

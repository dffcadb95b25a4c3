//! `constellation audit`: which of the eight fallacies some code relies on.

use std::path::Path;

use anyhow::bail;
use constellation_audit::{
    Audit, Compared, Error, Finding, Level, Options, Rule, Setting, THREAD, Tests, audit, audit_text, rules,
};
use constellation_lab::words::one_line;

use crate::args::{Audit as Arguments, AuditFormat};
use crate::file::{Kind, STANDARD_INPUT, name_of, read_whole};
use crate::printer::{Printer, UNUSABLE, count};

mod baseline;
mod clippy;
mod config;
mod fix;
mod github;
mod human;
mod json;
mod junit;
mod markdown;
mod page;
mod paths;
mod sarif;

pub(crate) fn run(arguments: &Arguments, printer: &mut Printer) -> anyhow::Result<u8> {
    let format = if arguments.json { AuditFormat::Json } else { arguments.format };
    if let Some(name) = &arguments.explain {
        let rule = find(name)?;
        match format {
            AuditFormat::Human => page::print(rule, printer)?,
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
        let left = Shown::of(found, None, arguments);
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
            return write_baseline(&found, file, arguments, printer);
        }
        compared = Some(baseline::compare(&mut found, file, tests(arguments))?);
    }
    let shown = Shown::of(found, compared, arguments);
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

fn no_findings(format: AuditFormat) -> String {
    let name = format!("{format:?}").to_lowercase();
    format!("`--format {name}` tells findings, and a page has none\nhelp: leave it out, or ask for `json`")
}

fn write_baseline(
    found: &Audit,
    file: &Path,
    arguments: &Arguments,
    printer: &mut Printer,
) -> anyhow::Result<u8> {
    if let Some(failed) = found.not_audited.first() {
        let failed = one_line(&failed.to_string()).into_owned();
        bail!(
            "nothing is written, since not everything could be audited: {failed}\nhelp: name it in `.auditignore` if that is meant"
        );
    }
    let known = baseline::write(found, file, tests(arguments))?;
    printer.line(format!("{} written to {}", count(known, "finding"), name_of(file)))?;
    Ok(0)
}

fn tests(arguments: &Arguments) -> Tests {
    if arguments.tests { Tests::Include } else { Tests::LeaveOut }
}

/// What was found, and what of it is told.
struct Shown {
    audit: Audit,
    /// How many findings are not told, for their level.
    hidden: usize,
    /// From which level on a finding makes the exit code 1.
    deny_from: Level,
    /// What the baseline knows, if there is one.
    baseline: Option<Compared>,
    exit_code: u8,
}

impl Shown {
    fn of(mut audit: Audit, mut baseline: Option<Compared>, arguments: &Arguments) -> Shown {
        let is_denied = audit.findings.iter().any(|finding| finding.level >= arguments.deny_from);
        let exit_code = match (audit.not_audited.is_empty(), is_denied) {
            (false, _) => UNUSABLE,
            (true, true) => 1,
            (true, false) => 0,
        };
        let least = told_from(arguments);
        let all = audit.findings.len();
        // Whoever asks for tests is told of them.
        let is_told = |finding: &Finding| finding.level >= least || finding.setting == Setting::Test;
        audit.findings.retain(is_told);
        audit.suppressed.retain(|suppressed| is_told(&suppressed.finding));
        if let Some(baseline) = &mut baseline {
            baseline.known.retain(is_told);
        }
        let hidden = all - audit.findings.len();
        Shown { hidden, deny_from: arguments.deny_from, baseline, audit, exit_code }
    }
}

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
    found.map_err(|error| match &error {
        Error::Unreadable { path, .. } => unreadable(path, &error),
        other => anyhow::Error::msg(other.to_string()),
    })
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

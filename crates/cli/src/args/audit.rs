//! What can be typed behind `constellation audit`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use constellation_audit::Level;

use super::values::{parse_jobs, parse_level};

const AUDIT_EXIT_CODES: &str = "\
Exit codes:
  0  nothing was found at `warn` or above, or at the level of --deny-from
  1  something was
  2  the command line cannot be used, a folder has nothing to audit, or not everything could be audited, whatever was found

A finding that is meant is allowed on its line, or above its item or statement:
  // constellation: allow(RULE, reason = \"…\")
What is not to be audited stands in `.auditignore`, written as `.gitignore` is.";

#[derive(Args, Debug)]
#[command(after_help = AUDIT_EXIT_CODES)]
pub(crate) struct Audit {
    /// Rust files, or folders of them; the current folder without any. What `.gitignore` leaves out is left out.
    #[arg(value_name = "PATH", default_value = ".", conflicts_with_all = ["explain", "rules", "stdin", "clippy_toml"])]
    pub(crate) paths: Vec<PathBuf>,
    /// Look at tests, benchmarks and examples as well; what is found there is told, and counts as `info`.
    #[arg(long, conflicts_with_all = ["explain", "rules", "clippy_toml"])]
    pub(crate) tests: bool,
    /// Tell what is found at `info`, too: worth a look, and often right as it is.
    #[arg(long, conflicts_with_all = ["explain", "rules", "clippy_toml"])]
    pub(crate) info: bool,
    /// In which form to tell it.
    #[arg(long, value_enum, default_value_t = AuditFormat::Human, value_name = "FORMAT")]
    pub(crate) format: AuditFormat,
    /// A file of findings that are known, which are not told again, wherever their code has moved since.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["explain", "rules"])]
    pub(crate) baseline: Option<PathBuf>,
    /// Write what is found now into the file of --baseline, whatever its level; what it knows of other files stays.
    #[arg(long, requires = "baseline")]
    pub(crate) write_baseline: bool,
    /// Print one JSON object instead of text, as `--format json`.
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,
    /// From which level on a finding makes the exit code 1: `info`, `warn` or `deny`.
    #[arg(long, default_value = "warn", value_name = "LEVEL", value_parser = parse_level, conflicts_with_all = ["explain", "rules", "clippy_toml"])]
    pub(crate) deny_from: Level,
    /// Print the page of a rule: why, what it becomes, what to write instead, what looks like it and is right.
    #[arg(long, value_name = "RULE", conflicts_with_all = ["rules", "stdin"])]
    pub(crate) explain: Option<String>,
    /// List the rules.
    #[arg(long, conflicts_with = "stdin")]
    pub(crate) rules: bool,
    /// With --rules, print the pages of all of them as one in Markdown (`docs/audit.md`).
    #[arg(long, requires = "rules", conflicts_with = "json")]
    pub(crate) table: bool,
    /// Audit what comes on standard input, as an editor has it.
    #[arg(long, requires = "filename")]
    pub(crate) stdin: bool,
    /// How the file is called that comes on standard input.
    #[arg(long, requires = "stdin", value_name = "F")]
    pub(crate) filename: Option<PathBuf>,
    /// What the project says of its own functions; without it the nearest `constellation.toml` from the current folder up.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["explain", "rules", "clippy_toml"])]
    pub(crate) config: Option<PathBuf>,
    /// Show what a machine can mend, as a difference; nothing is written.
    #[arg(long, conflicts_with_all = ["explain", "rules", "stdin", "format", "json", "baseline"])]
    pub(crate) fix: bool,
    /// With --fix, write the mends into the files.
    #[arg(long, requires = "fix")]
    pub(crate) write: bool,
    /// Print a `clippy.toml` that refuses the calls that are known to be wrong by name.
    #[arg(long, conflicts_with_all = ["explain", "rules", "stdin", "format", "json", "baseline", "fix"])]
    pub(crate) clippy_toml: bool,
    /// On how many cores; by default on all of them. What is found does not depend on it.
    #[arg(long, value_name = "J", value_parser = parse_jobs, conflicts_with_all = ["explain", "rules", "clippy_toml", "stdin"])]
    pub(crate) jobs: Option<NonZeroUsize>,
}

/// In which form findings are told.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum AuditFormat {
    /// For whoever reads it.
    Human,
    /// One JSON object.
    Json,
    /// SARIF 2.1.0, for code hosts and editors.
    Sarif,
    /// Workflow commands that make GitHub annotate lines.
    Github,
    /// A report of tests in JUnit's XML.
    Junit,
}

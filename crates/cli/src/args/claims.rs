//! What can be typed behind `constellation claims`.

use std::path::PathBuf;

use clap::Args;
use constellation_audit::Level;

use super::audit::AuditFormat;
use super::values::parse_level;

const CLAIMS_EXIT_CODES: &str = "\
Exit codes:
  0  nothing was found at `warn` or above, or at the level of --deny-from
  1  something was: a contradiction, or a claim without a condition of a word that says too little by itself
  2  the command line cannot be used, a folder has nothing to read, or not everything could be read, whatever was found

A claim that is meant is allowed on its line, or above its paragraph:
  <!-- constellation: allow(claim::strong-consistency, reason = \"…\") -->
What is not to be read stands in `.auditignore`, written as `.gitignore` is.";

#[derive(Args, Debug)]
#[command(after_help = CLAIMS_EXIT_CODES)]
pub(crate) struct Claims {
    /// Documents: Markdown, HTML, or plain text; or folders of them.
    #[arg(value_name = "FILE", required_unless_present_any = ["explain", "terms", "stdin"], conflicts_with_all = ["explain", "terms", "stdin"])]
    pub(crate) paths: Vec<PathBuf>,
    /// Draw every claim where it stands, with what its word does not say, and all questions.
    #[arg(long, conflicts_with_all = ["explain", "terms"])]
    pub(crate) all: bool,
    /// In the forms for machines, tell what is found at `info`, too: a claim of a word with one meaning, or on a condition.
    #[arg(long, conflicts_with_all = ["explain", "terms"])]
    pub(crate) info: bool,
    /// In which form to tell it.
    #[arg(long, value_enum, default_value_t = AuditFormat::Human, value_name = "FORMAT")]
    pub(crate) format: AuditFormat,
    /// Print one JSON object instead of text, as `--format json`.
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,
    /// A file of findings that are known, which are not told again, wherever their sentence has moved since.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["explain", "terms"])]
    pub(crate) baseline: Option<PathBuf>,
    /// Write what is found now into the file of --baseline, whatever its level; what it knows of other files stays.
    #[arg(long, requires = "baseline")]
    pub(crate) write_baseline: bool,
    /// From which level on a finding makes the exit code 1: `info`, `warn` or `deny`.
    #[arg(long, default_value = "warn", value_name = "LEVEL", value_parser = parse_level, conflicts_with_all = ["explain", "terms"])]
    pub(crate) deny_from: Level,
    /// Print the page of a term, or of a contradiction: what it promises, what it does not say, what to ask, and the shortest
    /// history that breaks it.
    #[arg(long, value_name = "TERM", conflicts_with_all = ["terms", "stdin"])]
    pub(crate) explain: Option<String>,
    /// List the terms and the contradictions.
    #[arg(long, conflicts_with = "stdin")]
    pub(crate) terms: bool,
    /// With --terms, print the pages of all of them as one in Markdown (`docs/claims.md`).
    #[arg(long, requires = "terms", conflicts_with = "json")]
    pub(crate) table: bool,
    /// Read what comes on standard input, as an editor has it.
    #[arg(long, requires = "filename")]
    pub(crate) stdin: bool,
    /// How the document is called that comes on standard input; its ending says how it is written.
    #[arg(long, requires = "stdin", value_name = "F")]
    pub(crate) filename: Option<PathBuf>,
}

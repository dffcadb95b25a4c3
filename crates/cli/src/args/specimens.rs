//! What can be typed behind `constellation specimens`.

use std::num::NonZeroU64;

use clap::Args;

use super::Drawn;

const SPECIMENS_EXIT_CODES: &str = "\
Exit codes:
  0  they are listed; with --hunt or --table, each is what it is said to be, as far as the seeds show
  1  with --hunt or --table, a right one was broken, or a wrong one was not
  2  the command line cannot be used";

#[derive(Args, Debug)]
#[command(after_help = SPECIMENS_EXIT_CODES)]
pub(crate) struct Specimens {
    /// Only this protocol, with what is to be learnt from it, or only this variant of it: `NAME` or `NAME/VARIANT`.
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Hunt each with up to so many seeds, and show what came of it; exit code 1 if one is not what it is said to be.
    #[arg(long, value_name = "SEEDS")]
    pub(crate) hunt: Option<NonZeroU64>,
    /// Hunt each, and print a page in Markdown: what each promises, and how soon and by how little it breaks
    /// (`docs/specimens.md`). Without `--hunt`, wrong variants have 20,000 seeds and right ones 300.
    #[arg(long, conflicts_with = "json")]
    pub(crate) table: bool,
    /// Print the file in which the protocol is written, in Rust.
    #[arg(long, requires = "name", conflicts_with_all = ["hunt", "json", "table"])]
    pub(crate) source: bool,
    #[command(flatten)]
    pub(crate) drawn: Drawn,
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

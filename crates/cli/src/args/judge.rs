//! What can be typed behind `constellation judge` and `constellation models`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use constellation_trace::format::histories::FailedCas;
use constellation_verify::models::Object;

use super::values::{parse_failed_cas, parse_jobs, parse_limit, parse_object};
use super::{Drawn, Progress};

const JUDGE_EXIT_CODES: &str = "\
Exit codes, the worst of all histories, 2 before 1 before 3:
  0  every model that was judged holds
  1  a model is violated
  2  a history or the command line cannot be used
  3  no violation was found, but a judge could not tell";

const JUDGE_SVG: &str = "Write a picture of one history to this file, as SVG: a lane a session, a bar an operation or a \
    transaction; what shows a violation where there is one, else as much as can be read";

const JUDGE_HTML: &str = "Write a page to this file: of one history all of it, with what shows each violation; of several a \
    row each, and what shows it for the first twenty that are violated";

#[derive(Args, Debug)]
#[command(after_help = JUDGE_EXIT_CODES, mut_arg("svg", |svg| svg.help(JUDGE_SVG)), mut_arg("html", |html| html.help(JUDGE_HTML)))]
pub(crate) struct Judge {
    /// Files with a history each, or folders of them; `-` is standard input. `histories/README.md` shows the formats.
    #[arg(required = true, value_name = "HISTORY")]
    pub(crate) histories: Vec<PathBuf>,
    /// Judge these models only (see `constellation models`); one that does not fit the history is then unknown.
    #[arg(long = "model", value_delimiter = ',', value_name = "M,…")]
    pub(crate) models: Vec<String>,
    /// Judge all models that fit the history, as without this flag.
    #[arg(long, conflicts_with = "models")]
    pub(crate) all: bool,
    /// What the operations are of: register, list, counter, set, queue, mutex or text; by default what they look like.
    #[arg(long, value_name = "O", value_parser = parse_object)]
    pub(crate) object: Option<Object>,
    /// What a failed compare-and-set says: `mismatch`, that it found another value than the expected one, or `nothing`, that
    /// it merely did not happen; by default as the format means it, which is told.
    #[arg(long, value_name = "WHAT", value_parser = parse_failed_cas)]
    pub(crate) failed_cas: Option<FailedCas>,
    /// A value that registers hold at first, such as `0`: whoever reads it has read nothing that was written. By default they
    /// hold nothing, `nil`.
    #[arg(long, value_name = "VALUE")]
    pub(crate) initial: Option<String>,
    /// How much each history may take in all, from reading it to making evidence small, such as `10s`, `1GB` of memory, or
    /// `5000steps` of judges; several with commas between. Without a time a verdict depends on no clock.
    #[arg(long, value_delimiter = ',', value_name = "LIMIT,…", value_parser = parse_limit)]
    pub(crate) budget: Vec<Spending>,
    /// In which format the histories are: trace, edn, log, key-value, plume, blocks or sketch; by default as they look.
    #[arg(long, value_name = "F")]
    pub(crate) format: Option<String>,
    /// Which violations to explain, and how: those of the `weakest` models that fail, which the stronger ones share, `all`, or
    /// `none`; as a `table` of sessions, a `sketch` in space and time, or a `history` that can be judged again. Without this
    /// flag those of the weakest, as a table and, up to twelve operations, as a sketch.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "WHICH,HOW,…")]
    pub(crate) evidence: Vec<EvidenceWord>,
    #[command(flatten)]
    pub(crate) drawn: Drawn,
    /// On how many cores several histories are judged; by default on all of them.
    #[arg(long, value_name = "J", value_parser = parse_jobs)]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// Whether to tell on standard error how far it is; `auto` does on a terminal, `always` prints a line a second.
    #[arg(long, value_enum, default_value_t = Progress::Auto, value_name = "WHEN")]
    pub(crate) progress: Progress,
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which violations are explained.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Explained {
    Weakest,
    All,
    None,
}

/// Which violations are explained, or how.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum EvidenceWord {
    Weakest,
    All,
    None,
    Table,
    Sketch,
    History,
}

/// How much a judge may spend.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Spending {
    Time(Duration),
    Bytes(u64),
    Steps(u64),
}

const MODELS_EXIT_CODES: &str = "\
Exit codes:
  0  the models are shown
  2  the command line cannot be used";

#[derive(Args, Debug)]
#[command(after_help = MODELS_EXIT_CODES)]
pub(crate) struct Models {
    /// A model to describe, or two to tell apart.
    #[arg(value_name = "NAME", num_args = 0..=2)]
    pub(crate) names: Vec<String>,
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

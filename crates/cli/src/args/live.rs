//! What can be typed behind `constellation live`.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Args;

use super::values::{parse_seed, parse_speed};
use super::{Drawn, EXIT_CODES, Progress, Target, Timeline};

#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Live {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Judge what clients saw by these consistency models (see `constellation models`) instead of by what is promised.
    #[arg(long = "model", value_name = "MODEL,…", value_delimiter = ',')]
    pub(crate) models: Vec<String>,
    /// The seed of what links do to messages; by default the scenario's own. When everything happens, real time decides.
    #[arg(long, value_name = "N", value_parser = parse_seed)]
    pub(crate) seed: Option<u64>,
    /// How many seconds of the scenario pass in a real one, 1 to 1000.
    #[arg(long, value_name = "X", default_value = "1", value_parser = parse_speed)]
    pub(crate) speed: NonZeroU32,
    /// How much of the timeline to print: `auto` leaves out the middle of a long one, `faults` prints what the world did and
    /// which nodes crashed and restarted.
    #[arg(long, value_enum, default_value_t = Timeline::Auto, value_name = "WHAT")]
    pub(crate) timeline: Timeline,
    /// Write the trace to this file, as JSON Lines; while the run lasts, what there is of it now and then, which
    /// `constellation tui --live FILE` shows.
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) drawn: Drawn,
    /// Whether to tell on standard error that it runs; `auto` does on a terminal, `always` prints a line.
    #[arg(long, value_enum, default_value_t = Progress::Auto, value_name = "WHEN")]
    pub(crate) progress: Progress,
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

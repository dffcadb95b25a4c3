//! What can be typed behind `constellation run` and `constellation replay`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::values::{parse_event, parse_seed};
use super::{Drawn, EXIT_CODES, OR_SPECIMEN, Setting, Target};

#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES, mut_arg("scenario", |scenario| scenario.help(OR_SPECIMEN)))]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Judge what clients saw by these consistency models (see `constellation models`) instead of by what is promised.
    #[arg(long = "model", value_name = "MODEL,…", value_delimiter = ',')]
    pub(crate) models: Vec<String>,
    /// The seed of everything that could go otherwise; by default the scenario's own.
    #[arg(long, value_name = "N", value_parser = parse_seed)]
    pub(crate) seed: Option<u64>,
    /// How much of the timeline to print: `auto`, as without this flag, leaves out the middle of a long one, `faults` prints
    /// what the world did and which nodes crashed and restarted.
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(crate) timeline: Option<Timeline>,
    /// Write the trace to this file, as JSON Lines.
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) drawn: Drawn,
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub(crate) json: bool,
    /// Of `mss-23`: what the client does when no reply comes: `none` gives up, `blind` asks again as if it were the first
    /// time, `keyed` asks again by the same key. `keyed` without this flag.
    #[arg(long, value_name = "HOW")]
    pub(crate) retry: Option<String>,
    /// Of `mss-23`: show this one of its worlds alone, with its timeline.
    #[arg(long, value_name = "WORLD")]
    pub(crate) world: Option<String>,
    /// Of `antarctic`: who may write in the storm: `last-write-wins` and `siblings` let everybody, `majority` needs most of
    /// the stations, `leader` needs pacific; `all` compares the four. `siblings` without this flag.
    #[arg(long, value_name = "POLICY")]
    pub(crate) policy: Option<String>,
    /// Of `antarctic`: how many stations each group has that hear each other in the storm; `4,2,1` without this flag.
    #[arg(long, value_name = "N,…")]
    pub(crate) groups: Option<String>,
    /// Of `antarctic`: how long the pass window is open in which a coordinator is to be elected; `90s` without this flag.
    #[arg(long, value_name = "TIME")]
    pub(crate) pass: Option<String>,
}

/// How much of a timeline to print.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Timeline {
    Auto,
    All,
    Faults,
    None,
}

#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES, mut_arg("scenario", |scenario| scenario.help(OR_SPECIMEN)))]
pub(crate) struct Replay {
    /// A tape: the line that `hunt` prints, or a file that it kept; `-` is standard input.
    pub(crate) tape: String,
    #[command(flatten)]
    pub(crate) target: Target,
    /// Judge what clients saw by these consistency models (see `constellation models`) instead of by what is promised;
    /// of a tape that was found by models, those without this flag.
    #[arg(long = "model", value_name = "MODEL,…", value_delimiter = ',')]
    pub(crate) models: Vec<String>,
    #[command(flatten)]
    pub(crate) setting: Setting,
    /// Show and judge the run until this event and no further, such as `e17`; what is demanded of the end is unknown then.
    #[arg(long, value_name = "EVENT", value_parser = parse_event)]
    pub(crate) until: Option<u32>,
    /// Play a tape of another version, scenario or calm run, too, and say what no longer fits.
    #[arg(long)]
    pub(crate) anyway: bool,
    /// How much of the timeline to print: `auto` leaves out the middle of a long one, `faults` prints what the world did and
    /// which nodes crashed and restarted.
    #[arg(long, value_enum, default_value_t = Timeline::Auto, value_name = "WHAT")]
    pub(crate) timeline: Timeline,
    /// Write the trace to this file, as JSON Lines.
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) drawn: Drawn,
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

//! What can be typed behind `constellation explore`.

use std::num::{NonZeroU32, NonZeroU64};
use std::path::PathBuf;

use clap::Args;

use super::{Drawn, Progress, Target};

const EXPLORE_EXIT_CODES: &str = "\
Exit codes:
  0  every promise holds in every order within the bounds
  1  a promise is violated
  2  the input or the command line cannot be used
  3  no violation was found, but not every order was looked at";

const BUDGET: NonZeroU64 =
    NonZeroU64::new(constellation_lab::explore::Bounds::DELIVERIES_MAX).expect("the usual bound is no 0");

#[derive(Args, Debug)]
#[command(after_help = EXPLORE_EXIT_CODES)]
pub(crate) struct Explore {
    #[command(flatten)]
    pub(crate) target: Target,
    /// How many messages of a run may be lost; by default one if links of the scenario lose any, else none.
    #[arg(long, value_name = "N")]
    pub(crate) losses: Option<u32>,
    /// How many messages of a run may arrive twice; by default one if links of the scenario double any, else none.
    #[arg(long, value_name = "N")]
    pub(crate) duplicates: Option<u32>,
    /// How many timers of a run may run out before its end; stations set them if the scenario has `anti_entropy`.
    #[arg(long, value_name = "N", default_value = "0")]
    pub(crate) timers: u32,
    /// After how many arrivals a run is cut, and judged for safety alone; by default 10,000.
    #[arg(long, value_name = "N")]
    pub(crate) depth: Option<NonZeroU32>,
    /// How many arrivals may be executed in all.
    #[arg(long, value_name = "N", default_value_t = BUDGET)]
    pub(crate) budget: NonZeroU64,
    /// Write the trace of the smallest run that breaks a promise to this file, as JSON Lines.
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) drawn: Drawn,
    /// Whether to tell on standard error how far it is; `auto` does on a terminal, `always` prints a line a second.
    #[arg(long, value_enum, default_value_t = Progress::Auto, value_name = "WHEN")]
    pub(crate) progress: Progress,
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

//! What can be typed behind `constellation sweep`.

use std::path::PathBuf;

use clap::Args;

use super::values::{parse_errors, parse_seed};
use super::{Plotted, Target};

const SWEEP_EXIT_CODES: &str = "\
Exit codes:
  0  logical clocks keep what they promise at every error; what wall clocks lose is measured, not judged
  1  a logical clock breaks what it promises
  2  the input or the command line cannot be used
  3  no violation was found, but not everything could be judged";

#[derive(Args, Debug)]
#[command(after_help = SWEEP_EXIT_CODES)]
pub(crate) struct Sweep {
    /// A shipped scenario, or a file ending in `.toml`: its stations, and how long a message takes between them; nothing
    /// else of it.
    #[arg(default_value = "mss-17")]
    pub(crate) scenario: String,
    /// Whose wall clock is wrong; by default that of the first node of which the scenario says so, or of its first node.
    #[arg(long, value_name = "NAME")]
    pub(crate) node: Option<String>,
    /// From which error to which, such as `0s..2s`, or a single one; the clock is ahead by so much. `--error=-2s..0s` is behind.
    #[arg(long, value_name = "FROM..TO", default_value = "0s..2s", allow_hyphen_values = true, value_parser = parse_errors)]
    pub(crate) error: Errors,
    /// How many errors to try, both ends of the range among them.
    #[arg(long, value_name = "N", default_value = "21")]
    pub(crate) points: u32,
    /// How many pairs of updates to try each error on.
    #[arg(long, value_name = "N", default_value = "120")]
    pub(crate) pairs: u32,
    /// The seed of how long each message takes; by default the scenario's own.
    #[arg(long, value_name = "N", value_parser = parse_seed)]
    pub(crate) seed: Option<u64>,
    /// Write a line for each error to this file, with commas between whole numbers: data for a plot.
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) plotted: Plotted,
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

/// A range of errors with the words for it.
#[derive(Clone, Debug)]
pub(crate) struct Errors {
    pub(crate) text: String,
    pub(crate) range_ns: (i64, i64),
}

impl Sweep {
    /// The scenario, with nothing else than it says.
    pub(crate) fn target(&self) -> Target {
        let (resolver, nodes, faults, end) = (None, None, None, None);
        Target {
            scenario: self.scenario.clone(),
            resolver,
            nodes,
            faults,
            steps: Vec::new(),
            walls: Vec::new(),
            end,
        }
    }
}

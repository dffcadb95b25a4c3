//! What can be typed behind `constellation hunt`.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::values::{parse_hunting_time, parse_jobs, parse_seed, parse_seeds};
use super::{Drawn, Progress, Setting, Target};

const HUNT_EXIT_CODES: &str = "\
Exit codes:
  0  no promise was seen broken under the seeds that were tried; other seeds may break one
  1  a promise is violated
  2  the input or the command line cannot be used; with --real, a server does not run
  3  no violation was found, but not every run could be judged in full, or the hunt was cut short";

/// What is meant; with --real, a server.
const OR_SPECIMEN_OR_SERVER: &str = "The name of a shipped scenario (see `constellation scenarios`), a file ending in `.toml`, or \
    `specimen:NAME/VARIANT` (see `constellation specimens`); with --real, a server of this machine or one mode of it, such as \
    `etcd/serializable` (see `constellation place --real`), or a simulated store, such as `quorum:r=1,w=1`";

/// What `--faults` means of a scenario, and of a server.
const FAULTS: &str = "Other faults than the scenario's, with the keys and values of its tables: `loss=5%,duplicate=1%`; each \
    counts for every link or machine. `none` switches off whatever has odds, which leaves latencies. With --real, which kinds \
    of faults there are: some of cut,isolate,kill,pause,slow,loss,clock, or `none`; by default those that the mode is meant to \
    survive";

#[derive(Args, Debug)]
#[command(after_help = HUNT_EXIT_CODES, mut_arg("scenario", |scenario| scenario.help(OR_SPECIMEN_OR_SERVER)))]
#[command(mut_arg("faults", |faults| faults.help(FAULTS)))]
pub(crate) struct Hunt {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Judge what clients saw by these consistency models (see `constellation models`) instead of by what is promised.
    #[arg(long = "model", value_name = "MODEL,…", value_delimiter = ',')]
    pub(crate) models: Vec<String>,
    #[command(flatten)]
    pub(crate) setting: Setting,
    /// How many seeds to try.
    #[arg(long, value_name = "N", default_value = "10000", value_parser = parse_seeds)]
    pub(crate) seeds: NonZeroU64,
    /// Try seeds for so long, such as `60s`, and finish those that are under way then. The command that tries the same
    /// seeds again is printed. With --real, each mode for so long, a minute by default.
    #[arg(long = "for", value_name = "TIME", conflicts_with = "seeds", value_parser = parse_hunting_time)]
    pub(crate) time: Option<Duration>,
    /// The first seed.
    #[arg(long, value_name = "N", default_value = "1", value_parser = parse_seed)]
    pub(crate) from: u64,
    /// Try all seeds and collect the distinct findings, instead of ending at the first.
    #[arg(long)]
    pub(crate) all: bool,
    /// Let each seed first decide which kinds of luck there are in its run at all: finds what is hidden by a kind that is
    /// frequent, but takes longer for what needs several kinds.
    #[arg(long)]
    pub(crate) swarm: bool,
    /// On how many cores; by default on all of them. What is found does not depend on it.
    #[arg(long, value_name = "J", value_parser = parse_jobs)]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// Start three of a real server, each in a site of its own; cut, kill, pause and slow them down by seeded schedules while
    /// clients write and read; and judge what these saw by the model that the mode claims, or by --model. Where it claims
    /// none: after each heal all sites must come to show the same, and no acknowledged write may be lost.
    #[arg(long, conflicts_with_all = [
        "resolver", "nodes", "steps", "walls", "end", "retry", "policy", "groups", "seeds", "swarm", "jobs",
    ])]
    pub(crate) real: bool,
    /// With --real, how often a schedule that showed a violation is tried again, to tell how often it comes again.
    #[arg(long, value_name = "N", default_value = "10", requires = "real")]
    pub(crate) tries: u32,
    /// With --real, carry out this schedule, as --keep writes it, in each round, instead of those of seeds.
    #[arg(long, value_name = "FILE", requires = "real", conflicts_with_all = ["faults", "from"])]
    pub(crate) schedule: Option<PathBuf>,
    /// With --real, a store of your own, as this file describes it; `place --real` takes it, too.
    #[arg(long, value_name = "FILE", requires = "real")]
    pub(crate) store: Option<PathBuf>,
    /// Write the tape, the trace and the evidence of each finding into this folder; with --real, the schedule, what clients
    /// saw, and the smallest part of it that shows the violation.
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) drawn: Drawn,
    /// Write a plot to this file: with which seed each distinct finding came. As SVG, or where the file ends in `.html` as a
    /// page that shows the evidence of each as well.
    #[arg(long, value_name = "FILE", requires = "all")]
    pub(crate) plot: Option<PathBuf>,
    /// Whether to tell on standard error how far it is; `auto` does on a terminal, `always` prints a line a second.
    #[arg(long, value_enum, default_value_t = Progress::Auto, value_name = "WHEN")]
    pub(crate) progress: Progress,
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

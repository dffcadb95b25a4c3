//! What can be typed behind `constellation place`.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::values::{parse_jobs, parse_runs, parse_seed};
use super::{Plotted, Progress};

const PLACE_EXIT_CODES: &str = "\
Exit codes:
  0  it is measured or shown; with --require, it is as it should be
  1  with --require, a store or server is not as it should be; with --compare, a server is not as it is declared;
     of several runs, one is enough
  2  the input or the command line cannot be used; with --real, a server does not run
  3  a store was measured, and whether it is as it should be, or where it lives, nobody can tell; of several runs,
     no more than half agree on it";

const PLACE_SVG: &str = "Write a picture to this file, as SVG: of one store its latency against round-trip time, else the \
    PACELC matrix with each store or server a mark";

const PLACE_HTML: &str = "Write a page to this file: the PACELC matrix, in which each mark tells its two sentences, and below it \
    the latencies of those that are named; one HTML file that asks for nothing and runs no script";

#[derive(Args, Debug)]
#[command(after_help = PLACE_EXIT_CODES, mut_arg("svg", |svg| svg.help(PLACE_SVG)), mut_arg("html", |html| html.help(PLACE_HTML)))]
#[command(group(ArgGroup::new("measured").args(["targets", "store", "all"]).multiple(true)))]
#[command(group(ArgGroup::new("tabled").args(["all", "real"]).multiple(true)))]
pub(crate) struct Place {
    /// Stores to measure, such as `quorum` or `quorum:r=1,w=1`, or declared systems, such as `cassandra`; without any, all
    /// are listed. With --real, servers of this machine, such as `etcd`, or one mode of one, such as `etcd/serializable`.
    #[arg(value_name = "STORE|SYSTEM")]
    pub(crate) targets: Vec<String>,
    /// Measure every setting that has a name, of every store or of those that are given, and draw the matrix. With --real,
    /// every mode of every server that is installed.
    #[arg(long, conflicts_with_all = ["require", "cap"])]
    pub(crate) all: bool,
    /// Print the matrix and all sentences as a page in Markdown (`docs/placement.md`). With --real, a table with a row for each
    /// mode, which a page can hold.
    #[arg(long, requires = "tabled", conflicts_with_all = ["json", "require"])]
    pub(crate) table: bool,
    /// What the store or server must be: a cell such as `PC/EC`, half of one such as `PA` or `EL`, or a file ending in `.toml` with
    /// your own words for reads and writes; `placement/requirements.toml` shows how it is written.
    #[arg(long, value_name = "CELL|FILE", conflicts_with = "cap")]
    pub(crate) require: Option<String>,
    /// Look for the fewest lost messages with which a write here and a read there leave one of the two without an answer, or
    /// show the wrong one (Gilbert and Lynch 2002).
    #[arg(long, requires = "targets", conflicts_with_all = ["history", "seed"])]
    pub(crate) cap: bool,
    /// Start three of a real server, each in a site of its own, cut and slow down the network between them, and measure
    /// where it lives: in real time, less than three minutes for each mode. A simulated store runs as three processes.
    #[arg(long, conflicts_with_all = ["cap", "seed"])]
    pub(crate) real: bool,
    /// With --real, two delays instead of four, and no cuts in one direction only: in about a minute, with wider
    /// intervals.
    #[arg(long, requires = "real")]
    pub(crate) quick: bool,
    /// With --real, measure each mode so many times, each time with servers and a network of its own, and tell in how many of
    /// them it lives where.
    #[arg(long, value_name = "N", default_value = "1", requires = "real", value_parser = parse_runs)]
    pub(crate) runs: NonZeroU32,
    /// With --real, set what is measured beside what the catalogue declares; a broken promise is exit code 1.
    #[arg(long, requires_all = ["real", "measured"])]
    pub(crate) compare: bool,
    /// With --real, a store of your own, as this file describes it: the commands that start it at each site, and the program
    /// that is its client; `examples/own-store/store.toml` shows how it is written. All its modes are measured, or those that
    /// are named, such as `my-store/fast`.
    #[arg(long, value_name = "FILE", requires = "real")]
    pub(crate) store: Option<PathBuf>,
    /// The seed of how long each message takes.
    #[arg(long, value_name = "N", default_value = "1", value_parser = parse_seed)]
    pub(crate) seed: u64,
    /// Write what the clients of each round asked and saw into this folder, as JSON Lines for `constellation judge`.
    #[arg(long, value_name = "DIR", requires = "measured")]
    pub(crate) history: Option<PathBuf>,
    /// A catalogue of declared systems of your own instead of the one that ships; `placement/catalogue.toml` shows how it is
    /// written.
    #[arg(long, value_name = "FILE")]
    pub(crate) catalogue: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) plotted: Plotted,
    /// On how many cores; by default on all of them. What is measured does not depend on it. With --real, how many runs go on
    /// at once, by default one: where that is too much for the machine, what it was too late for is in doubt.
    #[arg(long, value_name = "J", value_parser = parse_jobs)]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// Whether to tell on standard error how far it is; `auto` does on a terminal, `always` prints a line a second.
    #[arg(long, value_enum, default_value_t = Progress::Auto, value_name = "WHEN")]
    pub(crate) progress: Progress,
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

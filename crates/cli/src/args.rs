//! What can be typed: every command, flag and argument, with the help that is shown for it.

mod audit;
mod check;
mod claims;
mod explore;
mod export;
mod hunt;
mod join;
mod judge;
mod live;
mod place;
mod report;
mod run;
mod specimens;
mod sweep;
#[cfg(feature = "tui")]
mod tui;
mod values;

use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub(crate) use audit::{Audit, AuditFormat};
pub(crate) use check::Check;
pub(crate) use claims::Claims;
pub(crate) use explore::Explore;
pub(crate) use export::{Export, ExportFormat};
pub(crate) use hunt::Hunt;
pub(crate) use join::Join;
pub(crate) use judge::{EvidenceWord, Explained, Judge, Models, Spending};
pub(crate) use live::Live;
pub(crate) use place::Place;
pub(crate) use report::{Drawn, Plotted, Report};
pub(crate) use run::{Replay, Run, Timeline};
pub(crate) use specimens::Specimens;
pub(crate) use sweep::{Errors, Sweep};
#[cfg(feature = "tui")]
pub(crate) use tui::Tui;
use values::parse_end;

const EXIT_CODES: &str = "\
Exit codes:
  0  every promise holds
  1  a promise is violated
  2  the input or the command line cannot be used
  3  no violation was found, but not everything could be judged";

/// What is meant, for the commands that take a specimen as well.
const OR_SPECIMEN: &str = "The name of a shipped scenario (see `constellation scenarios`), a file ending in `.toml`, or \
    `specimen:NAME/VARIANT` (see `constellation specimens`)";

const EXAMPLES: &str = "\
Examples:
  constellation run conjunction                   four stations, a partition, and a verdict
  constellation run mss-17 --resolver all         what three ways to settle a conflict lose
  constellation run mss-23 --retry blind          what it may cost to ask again
  constellation run antarctic --policy all        who may write in a storm, and what that costs
  constellation run mine.toml --seed 7 --trace out.jsonl
  constellation hunt lossy-relay                  which luck breaks it, and what of it matters
  constellation explore conjunction               is there an order of messages in which it breaks?
  constellation sweep mss-17                      at which error does a wall clock begin to lose updates?
  constellation judge history.edn                 which consistency models does what clients saw satisfy?
  constellation models linearizable serializable  what separates two models, on a history that shows it
  constellation place quorum:r=1,w=1              what does this store give up, in a partition and else?
  constellation audit src                         which of the eight fallacies does my code rely on?
  constellation claims README.md                  what does this text promise, and can all of it be kept?
  constellation report out.jsonl -o run.html      see it: one page in which the run explains itself
  constellation export out.jsonl --to markdown    tell it to an issue tracker, or `--to shiviz` to another tool
  constellation join *.part.jsonl --html run.html what did the processes of my own service do to each other?
  constellation check shiviz.log                  are the vector clocks of my own system sound?";

/// Run, judge and explain how events are ordered across machines that cannot agree on the time.
#[derive(Debug, Parser)]
#[command(name = "constellation", version, about, after_help = EXIT_CODES, before_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Whether to colour the output; `auto` does on a terminal unless NO_COLOR is set.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(crate) color: Color,
    /// Print ASCII alone: signs of ours as words and ASCII, other letters of names and values written out, as `\u{e9}`. So it
    /// is without this flag on a terminal whose locale (LC_ALL, LC_CTYPE, LANG) is not of UTF-8.
    #[arg(long, global = true)]
    pub(crate) ascii: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Whether to colour the output.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Simulate a scenario, print its timeline, and judge it.
    Run(Run),
    /// Look for the seeds under which a scenario breaks a promise, and make each finding as small as it can be.
    Hunt(Hunt),
    /// Run a scenario as a tape says that it went, and judge it.
    Replay(Replay),
    /// Draw a trace of this program, or a log of another system, as a page in which the run explains itself: one HTML file.
    Report(Report),
    /// Write a run for another tool: ShiViz, Mermaid, an issue tracker, a text.
    Export(Export),
    /// Put together what the processes of a real service wrote of themselves, judge it, and draw it.
    Join(Join),
    /// Walk a trace of this program on a screen, by keys: lanes, what is before, after and concurrent, clocks against oracle.
    #[cfg(feature = "tui")]
    Tui(Tui),
    /// Run a scenario in every order in which messages can arrive, within bounds, and judge each run.
    Explore(Explore),
    /// Run a scenario with a process for each node and a faulty link layer between them, in real time, and judge it.
    Live(Live),
    /// What each process of a live run is: it is told on its standard input where to go.
    #[command(hide = true)]
    LiveNode,
    /// List the scenarios that ship with this program.
    Scenarios(Scenarios),
    /// List small protocols, right and wrong, that ship with this program: `hunt specimen:NAME/VARIANT` breaks one, `run`
    /// shows one.
    Specimens(Specimens),
    /// Make one wall clock wrong step by step, and measure what ordering by wall clocks loses, and what logical clocks do not.
    Sweep(Sweep),
    /// Judge the stamps in a log that some other system wrote, or the clocks behind the spans of its services.
    Check(Check),
    /// Say which consistency models a history satisfies: what clients of some system, or of a run of ours, saw.
    Judge(Judge),
    /// List the consistency models that can be judged, describe one, or show what separates two.
    Models(Models),
    /// Measure where a store lives on the PACELC matrix: what it gives up in a partition, and what else; or say where a
    /// well-known system is declared to live.
    Place(Place),
    /// Read Rust code for the eight fallacies of distributed computing, and for clocks taken for what they are not.
    Audit(Audit),
    /// Read documents for what they promise: linearizable, exactly once, five nines; and for what contradicts itself.
    Claims(Claims),
    /// Print a completion script for a shell.
    Completions(Completions),
}

/// Which scenario is meant.
#[derive(Args, Clone, Debug)]
pub(crate) struct Target {
    /// The name of a shipped scenario (see `constellation scenarios`), or a file ending in `.toml`.
    pub(crate) scenario: String,
    /// How stations settle two updates of one key: `siblings` keeps what is concurrent; `wall-lww` and
    /// `lamport-lww` keep the last write by a clock. `run` takes `all` as well, and compares them.
    #[arg(long, value_name = "R")]
    pub(crate) resolver: Option<String>,
    /// Run with these nodes instead of the scenario's; those that it names must be among them.
    #[arg(long, value_delimiter = ',', value_name = "NAME,…")]
    pub(crate) nodes: Option<Vec<String>>,
    /// Other faults than the scenario's, with the keys and values of its tables: `loss=5%,duplicate=1%`; each counts for
    /// every link or machine. `none` switches off whatever has odds, which leaves latencies.
    #[arg(long, value_name = "KEY=VALUE,…")]
    pub(crate) faults: Option<String>,
    /// One more step, with the keys and values of the file's `[[steps]]`: `at=2s,do=crash,node=pacific`. A list is written as
    /// there: `at=1s,do=partition,between=[["pacific"],["atlantic"]]`. May be given several times.
    #[arg(long = "step", value_name = "KEY=VALUE,…")]
    pub(crate) steps: Vec<String>,
    /// A wall clock that lies, with the keys and values of the file's `[[walls]]`: `node=pacific,ahead=600ms`. It counts
    /// instead of what the file says of this clock. May be given several times.
    #[arg(long = "wall", value_name = "KEY=VALUE,…")]
    pub(crate) walls: Vec<String>,
    /// How long the run lasts, instead of the scenario's own `end`.
    #[arg(long, value_name = "TIME", value_parser = parse_end)]
    pub(crate) end: Option<End>,
}

/// What is chosen of a study that is hunted or replayed.
#[derive(Args, Clone, Debug)]
pub(crate) struct Setting {
    /// Of `mss-23`: what the client does when no reply comes, as `run` takes it: `none`, `blind` or `keyed`.
    #[arg(long, value_name = "HOW")]
    pub(crate) retry: Option<String>,
    /// Of `antarctic`: who may write in the storm, one policy as `run` takes it; or `election`, the election in it.
    #[arg(long, value_name = "POLICY")]
    pub(crate) policy: Option<String>,
    /// Of `antarctic`: how many stations each group has that hear each other in the storm, as `run` takes it.
    #[arg(long, value_name = "N,…")]
    pub(crate) groups: Option<String>,
}

/// A time with the words for it.
#[derive(Clone, Debug)]
pub(crate) struct End {
    pub(crate) text: String,
    pub(crate) time: Duration,
}

/// Whether to tell how far something is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Progress {
    Auto,
    Always,
    Never,
}

#[derive(Args, Debug)]
pub(crate) struct Scenarios {
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Completions {
    /// For which shell.
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

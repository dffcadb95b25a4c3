//! What can be typed: every command, flag and argument, with the help that is shown for it.

mod audit;
mod claims;
mod place;
mod report;
mod values;

use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use constellation_trace::format::histories::FailedCas;
use constellation_verify::models::Object;

pub(crate) use audit::{Audit, AuditFormat};
pub(crate) use claims::Claims;
pub(crate) use place::Place;
pub(crate) use report::{Drawn, Report};
use values::{
    parse_end, parse_errors, parse_event, parse_failed_cas, parse_jobs, parse_limit, parse_object,
    parse_seed, parse_seeds, parse_speed, parse_time,
};

const EXIT_CODES: &str = "\
Exit codes:
  0  every promise holds
  1  a promise is violated
  2  the input or the command line cannot be used
  3  no violation was found, but not everything could be judged";

const HUNT_EXIT_CODES: &str = "\
Exit codes:
  0  no promise was seen broken under the seeds that were tried; other seeds may break one
  1  a promise is violated
  2  the input or the command line cannot be used
  3  no violation was found, but not every run could be judged in full, or the hunt was cut short";

const SPECIMENS_EXIT_CODES: &str = "\
Exit codes:
  0  they are listed; with --hunt or --table, each is what it is said to be, as far as the seeds show
  1  with --hunt or --table, a right one was broken, or a wrong one was not
  2  the command line cannot be used";

/// What is meant, for the commands that take a specimen as well.
const OR_SPECIMEN: &str = "The name of a shipped scenario (see `constellation scenarios`), a file ending in `.toml`, or \
    `specimen:NAME/VARIANT` (see `constellation specimens`)";

const EXPLORE_EXIT_CODES: &str = "\
Exit codes:
  0  every promise holds in every order within the bounds
  1  a promise is violated
  2  the input or the command line cannot be used
  3  no violation was found, but not every order was looked at";

const SWEEP_EXIT_CODES: &str = "\
Exit codes:
  0  logical clocks keep what they promise at every error; what wall clocks lose is measured, not judged
  1  a logical clock breaks what it promises
  2  the input or the command line cannot be used
  3  no violation was found, but not everything could be judged";

const JUDGE_EXIT_CODES: &str = "\
Exit codes, the worst of all histories, 2 before 1 before 3:
  0  every model that was judged holds
  1  a model is violated
  2  a history or the command line cannot be used
  3  no violation was found, but a judge could not tell";

const MODELS_EXIT_CODES: &str = "\
Exit codes:
  0  the models are shown
  2  the command line cannot be used";

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
  constellation check shiviz.log                  are the vector clocks of my own system sound?";

/// Run, judge and explain how events are ordered across machines that cannot agree on the time.
#[derive(Debug, Parser)]
#[command(name = "constellation", version, about, after_help = EXIT_CODES, before_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Whether to colour the output; `auto` does on a terminal unless NO_COLOR is set.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(crate) color: Color,
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
    /// Draw a trace of this program as a page in which the run explains itself: one HTML file.
    Report(Report),
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
    /// Judge the stamps in a log that some other system wrote.
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

/// A time with the words for it.
#[derive(Clone, Debug)]
pub(crate) struct End {
    pub(crate) text: String,
    pub(crate) time: Duration,
}

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
#[command(after_help = HUNT_EXIT_CODES, mut_arg("scenario", |scenario| scenario.help(OR_SPECIMEN)))]
pub(crate) struct Hunt {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Judge what clients saw by these consistency models (see `constellation models`) instead of by what is promised.
    #[arg(long = "model", value_name = "MODEL,…", value_delimiter = ',')]
    pub(crate) models: Vec<String>,
    /// Of `mss-23`: what the client does when no reply comes, as `run` takes it: `none`, `blind` or `keyed`.
    #[arg(long, value_name = "HOW")]
    pub(crate) retry: Option<String>,
    /// Of `antarctic`: who may write in the storm, one policy as `run` takes it; or `election`, the election in it.
    #[arg(long, value_name = "POLICY")]
    pub(crate) policy: Option<String>,
    /// Of `antarctic`: how many stations each group has that hear each other in the storm, as `run` takes it.
    #[arg(long, value_name = "N,…")]
    pub(crate) groups: Option<String>,
    /// How many seeds to try.
    #[arg(long, value_name = "N", default_value = "10000", value_parser = parse_seeds)]
    pub(crate) seeds: NonZeroU64,
    /// Try seeds for so long, such as `60s`, and finish those that are under way then. The command that tries the same
    /// seeds again is printed.
    #[arg(long = "for", value_name = "TIME", conflicts_with = "seeds", value_parser = parse_time)]
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
    /// Write the tape, the trace and the evidence of each finding into this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) drawn: Drawn,
    /// Whether to tell on standard error how far it is; `auto` does on a terminal, `always` prints a line a second.
    #[arg(long, value_enum, default_value_t = Progress::Auto, value_name = "WHEN")]
    pub(crate) progress: Progress,
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Whether to tell how far something is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Progress {
    Auto,
    Always,
    Never,
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
    /// Of `mss-23`: what the client does when no reply comes, as `run` takes it: `none`, `blind` or `keyed`.
    #[arg(long, value_name = "HOW")]
    pub(crate) retry: Option<String>,
    /// Of `antarctic`: who may write in the storm, one policy as `run` takes it; or `election`, the election in it.
    #[arg(long, value_name = "POLICY")]
    pub(crate) policy: Option<String>,
    /// Of `antarctic`: how many stations each group has that hear each other in the storm, as `run` takes it.
    #[arg(long, value_name = "N,…")]
    pub(crate) groups: Option<String>,
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
    /// Whether to tell on standard error how far it is; `auto` does on a terminal, `always` prints a line a second.
    #[arg(long, value_enum, default_value_t = Progress::Auto, value_name = "WHEN")]
    pub(crate) progress: Progress,
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

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
    /// Write the trace to this file, as JSON Lines.
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    /// Whether to tell on standard error that it runs; `auto` does on a terminal, `always` prints a line.
    #[arg(long, value_enum, default_value_t = Progress::Auto, value_name = "WHEN")]
    pub(crate) progress: Progress,
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

const BUDGET: NonZeroU64 =
    NonZeroU64::new(constellation_lab::explore::Bounds::DELIVERIES_MAX).expect("the usual bound is no 0");

#[derive(Args, Debug)]
pub(crate) struct Scenarios {
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

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
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

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

#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Check {
    /// A log with vector clocks, as ShiViz, GoVector and others write it, or a trace of this program; `-` is standard
    /// input. `logs/README.md` shows what is recognised.
    pub(crate) log: PathBuf,
    /// How one event looks in the log: a regular expression with the groups `event`, `host` and `clock`.
    #[arg(long, value_name = "REGEX")]
    pub(crate) parser: Option<String>,
    /// What stands between two executions in the log: a regular expression; its group `trace` names them.
    #[arg(long, value_name = "REGEX")]
    pub(crate) delimiter: Option<String>,
    #[command(flatten)]
    pub(crate) drawn: Drawn,
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
#[command(after_help = JUDGE_EXIT_CODES)]
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

#[derive(Args, Debug)]
pub(crate) struct Completions {
    /// For which shell.
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

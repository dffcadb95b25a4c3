//! What can be typed behind `constellation check`.

use std::path::PathBuf;

use clap::Args;

use super::{Drawn, EXIT_CODES};

#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Check {
    /// A log with vector clocks, as ShiViz, GoVector and others write it, spans as OpenTelemetry writes them in JSON, or a trace
    /// of this program; `-` is standard input. `logs/README.md` shows what is recognised.
    pub(crate) log: PathBuf,
    /// How one event looks in the log: a regular expression with the groups `event`, `host` and `clock`.
    #[arg(long, value_name = "REGEX")]
    pub(crate) parser: Option<String>,
    /// What stands between two executions in the log: a regular expression; its group `trace` names them.
    #[arg(long, value_name = "REGEX")]
    pub(crate) delimiter: Option<String>,
    /// Which execution of a log is drawn; else the first that is violated, or the first.
    #[arg(long, value_name = "LABEL")]
    pub(crate) execution: Option<String>,
    #[command(flatten)]
    pub(crate) drawn: Drawn,
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

impl Check {
    /// The first flag that only a log of another system can have, and what it does to one.
    pub(crate) fn of_logs_alone(&self) -> Option<(&'static str, &'static str)> {
        let flags =
            [("--delimiter", "take apart", &self.delimiter), ("--execution", "choose from", &self.execution)];
        flags.into_iter().find_map(|(flag, what, given)| given.is_some().then_some((flag, what)))
    }

    /// To read a file as it looks.
    pub(crate) fn plain(log: PathBuf) -> Check {
        Check { log, parser: None, delimiter: None, execution: None, drawn: Drawn::default(), json: false }
    }
}

//! What can be typed behind `constellation join`.

use std::path::PathBuf;

use clap::Args;

use super::{Drawn, EXIT_CODES};

#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Join {
    /// The logs that the processes of one run wrote of themselves, all of them (see `docs/your-own-service.md`).
    #[arg(required = true, value_name = "LOG")]
    pub(crate) logs: Vec<PathBuf>,
    /// Write the one trace that they make to this file, as JSON Lines.
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) drawn: Drawn,
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

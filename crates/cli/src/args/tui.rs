//! What can be typed behind `constellation tui`.

use std::path::PathBuf;

use clap::Args;

const TUI_EXIT_CODES: &str = "\
Exit codes:
  0  what was shown holds, or nothing was shown
  1  a promise is violated in what was shown last
  2  the input or the command line cannot be used, or there is no terminal
  3  no violation was found, but not everything could be judged";

#[derive(Args, Debug)]
#[command(after_help = TUI_EXIT_CODES)]
pub(crate) struct Tui {
    /// A trace of this program, as `--trace` and `hunt --keep` write it. `?` shows the keys.
    pub(crate) trace: PathBuf,
    /// Show what another command writes meanwhile: the file of `live --trace FILE` as it grows, or the newest finding in the
    /// folder of `hunt --keep DIR`. What is not there yet is waited for.
    #[arg(long)]
    pub(crate) live: bool,
}

//! What can be typed behind `constellation export`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

const EXPORT_EXIT_CODES: &str = "\
Exit codes:
  0  it is written, whatever the run is judged to be
  2  the input or the command line cannot be used

What each form keeps and loses: docs/in-and-out.md.";

/// For which tool.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// A log with vector clocks, as ShiViz reads it.
    Shiviz,
    /// A sequence diagram for a text; of a long run the evidence.
    Mermaid,
    /// A text for an issue: verdict, evidence, how to see it again.
    Markdown,
    /// A trace of this program, in its canonical bytes.
    Jsonl,
    /// A picture: the evidence where something is violated, else the run.
    Svg,
}

#[derive(Args, Debug)]
#[command(after_help = EXPORT_EXIT_CODES)]
pub(crate) struct Export {
    /// A trace of this program, as `--trace` and `hunt --keep` write it, or what `report` draws of others; `-` is standard input.
    pub(crate) trace: PathBuf,
    /// Which execution of a log is meant; else the first that is violated, or the first.
    #[arg(long, value_name = "LABEL")]
    pub(crate) execution: Option<String>,
    /// For which tool.
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) to: ExportFormat,
    /// Write it to this file instead of to standard output.
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

//! What can be typed behind `constellation report`, and behind every command that draws what it judged.

use std::path::PathBuf;

use clap::Args;

const REPORT_EXIT_CODES: &str = "\
Exit codes, those of what the trace is judged to be:
  0  every promise holds
  1  a promise is violated
  2  the input or the command line cannot be used
  3  no violation was found, but not everything could be judged";

/// Where to draw what was judged.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Drawn {
    /// Write a page to this file: the run, what shows the verdict, and how to see it again, in one HTML file that asks for
    /// nothing. Of several runs each has a page of its own beside it: `it-NAME.html`.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Write a picture to this file, as SVG: the evidence where something is violated, else the run.
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
    /// Write the same picture to this file, as PNG; only where this program was built with its feature `png`.
    #[arg(long, value_name = "FILE")]
    pub(crate) png: Option<PathBuf>,
}

impl Drawn {
    /// The first flag that is given, if any is.
    pub(crate) fn flag(&self) -> Option<&'static str> {
        let flags = [("--html", &self.html), ("--svg", &self.svg), ("--png", &self.png)];
        flags.into_iter().find_map(|(flag, path)| path.is_some().then_some(flag))
    }

    /// All files that are asked for.
    pub(crate) fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.html.iter().chain(&self.svg).chain(&self.png)
    }

    /// The files of one of several runs: `it.html` becomes `it-NAME.html`.
    pub(crate) fn of_one(&self, name: &str) -> Drawn {
        let named = |path: &PathBuf| {
            let mut file = path.file_stem().unwrap_or_default().to_os_string();
            file.push(format!("-{name}"));
            if let Some(extension) = path.extension() {
                file.push(".");
                file.push(extension);
            }
            path.with_file_name(file)
        };
        let [html, svg, png] = [&self.html, &self.svg, &self.png].map(|path| path.as_ref().map(named));
        Drawn { html, svg, png }
    }
}

/// Where to draw what was measured.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Plotted {
    /// Write a page to this file: plots with their numbers, in one HTML file that asks for nothing and runs no script.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Write a plot to this file, as SVG.
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
}

#[derive(Args, Debug)]
#[command(after_help = REPORT_EXIT_CODES)]
pub(crate) struct Report {
    /// A trace of this program, as `--trace` and `hunt --keep` write it, or a log with vector clocks, as ShiViz, GoVector and
    /// others write it, or spans as OpenTelemetry writes them in JSON; `-` is standard input.
    pub(crate) trace: PathBuf,
    /// Which execution of a log is drawn; else the first that is violated, or the first.
    #[arg(long, value_name = "LABEL")]
    pub(crate) execution: Option<String>,
    /// Write the page to this file.
    #[arg(short = 'o', long = "output", value_name = "FILE", required_unless_present_any = ["svg", "png"])]
    pub(crate) output: Option<PathBuf>,
    /// Write a picture to this file, as SVG: the evidence where something is violated, else the run.
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
    /// Write the same picture to this file, as PNG; only where this program was built with its feature `png`.
    #[arg(long, value_name = "FILE")]
    pub(crate) png: Option<PathBuf>,
    /// Draw this trace below it in the page, such as that of a good run of the same: event by event, message by message, with
    /// a mark where the two go apart.
    #[arg(long, value_name = "TRACE", requires = "output")]
    pub(crate) against: Option<PathBuf>,
}

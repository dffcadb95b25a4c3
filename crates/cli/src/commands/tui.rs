//! `constellation tui`: a trace of this program on a screen that is walked by keys.

use anyhow::bail;
use constellation_lab::promises::judge_trace;
use constellation_trace::format::{Format, detect, jsonl};
use constellation_trace::{Judgement, Trace};

use crate::args::Tui;
use crate::commands::check::{read_log, unreadable};
use crate::printer::Printer;
use crate::tui::{self, Follower, Look, Looks, Shown};

pub(crate) fn run(arguments: &Tui, printer: &mut Printer) -> anyhow::Result<u8> {
    tui::check_terminal()?;
    let looks = Looks { letters: printer.letters(), is_coloured: printer.is_coloured() };
    let mut code = 0;
    if arguments.live {
        let mut follower = Follower::new(&arguments.trace);
        let mut next = || match follower.look() {
            Look::Same => Ok(None),
            Look::Unreadable(why) => {
                bail!("{why}\nhelp: --live follows a trace of this program, or a folder of them")
            }
            Look::New(trace, path) => {
                let shown = judged(*trace, path.display().to_string());
                code = Judgement::exit_code(&shown.judgements);
                Ok(Some(shown))
            }
        };
        tui::show(None, looks, &mut next)?;
        return Ok(code);
    }
    let (name, bytes) = read_log(&arguments.trace)?;
    if detect(&bytes) != Format::Jsonl {
        bail!(
            "`{name}` is no trace of this program\nhelp: `constellation run … --trace FILE` writes a trace; `constellation check` \
             judges logs of other systems"
        );
    }
    let progress = printer.progress("reading and judging");
    let trace = jsonl::read(&bytes).map_err(|error| unreadable(&name, &error, error.help()))?;
    drop(bytes);
    let shown = judged(trace, name);
    progress.finish_and_clear();
    let code = Judgement::exit_code(&shown.judgements);
    tui::show(Some(shown), looks, &mut || Ok(None))?;
    Ok(code)
}

/// A trace with its verdict, called by its scenario where it says which.
fn judged(trace: Trace, name: String) -> Shown {
    let title = trace.origin().map_or(name, |origin| format!("{} seed {}", origin.scenario, origin.seed));
    Shown { judgements: judge_trace(&trace), trace, title }
}

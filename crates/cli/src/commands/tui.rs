//! `constellation tui`: a trace of this program on a screen that is walked by keys.

mod found;

use std::path::Path;

use anyhow::bail;
use constellation_lab::promises::{judge_trace, judge_unfinished};
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
                let shown = followed(*trace, &path);
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
    let shown = judged(trace, &arguments.trace);
    progress.finish_and_clear();
    let code = Judgement::exit_code(&shown.judgements);
    tui::show(Some(shown), looks, &mut || Ok(None))?;
    Ok(code)
}

/// A trace that another command writes. What is recorded does not know its origin before all of it is.
fn followed(trace: Trace, path: &Path) -> Shown {
    if trace.origin().is_some() {
        return judged(trace, path);
    }
    let title = format!("{}, still running: judged by what must hold throughout", path.display());
    Shown { judgements: judge_unfinished(&trace), trace, title }
}

/// A trace with its verdict, called by its scenario where it says which. What a hunt found in it comes first.
fn judged(trace: Trace, path: &Path) -> Shown {
    let title = trace.origin().map(|origin| format!("{} seed {}", origin.scenario, origin.seed));
    let mut judgements = judge_trace(&trace);
    if let Some(found) = found::beside(&trace, path) {
        judgements.retain(|judgement| judgement.promise != found.promise);
        judgements.insert(0, found);
    }
    Shown { judgements, trace, title: title.unwrap_or_else(|| path.display().to_string()) }
}

#[cfg(test)]
mod tests {
    use constellation_trace::sketch;
    use constellation_trace::trace::Origin;

    use super::*;

    #[test]
    fn of_a_run_that_goes_on_only_what_must_hold_throughout_is_judged() {
        let mut trace = sketch::parse("pacific a m!\nindian b").expect("a sketch");
        let shown = followed(trace.clone(), Path::new("it.jsonl"));
        assert_eq!(shown.judgements, []);
        assert!(shown.title.contains("still running"), "{}", shown.title);
        trace.set_origin(Origin { scenario: "mine".to_owned(), seed: 7, resolver: None });
        let shown = followed(trace, Path::new("it.jsonl"));
        assert_eq!(shown.title, "mine seed 7");
        // The message is neither lost nor does it arrive.
        assert_eq!(Judgement::exit_code(&shown.judgements), 1);
    }
}

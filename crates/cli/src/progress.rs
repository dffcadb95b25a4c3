//! What is said on standard error while something lasts.

use std::time::{Duration, Instant};

use indicatif::ProgressBar;

use crate::args;
use crate::printer::Printer;

/// What is said while something lasts: on a terminal one line that changes, in a pipe a line a second if that is wanted.
pub(crate) struct Progress {
    shown: args::Progress,
    bar: ProgressBar,
    /// When a line was last printed.
    last: Option<Instant>,
}

impl Progress {
    /// `what` is under way, such as `hunting`; `aim` says how far that is to go.
    pub(crate) fn begin(
        shown: args::Progress,
        what: &'static str,
        aim: &str,
        printer: &mut Printer,
    ) -> Progress {
        let bar = match shown {
            args::Progress::Auto => printer.progress(what),
            args::Progress::Always | args::Progress::Never => ProgressBar::hidden(),
        };
        if shown == args::Progress::Always {
            printer.tell(&format!("{what}: {aim}"));
        }
        Progress { shown, bar, last: None }
    }

    /// How far it is; `line` is asked only if it is shown.
    pub(crate) fn tell(&mut self, line: impl FnOnce() -> String, printer: &mut Printer) {
        const INTERVAL: Duration = Duration::from_secs(1);
        match self.shown {
            args::Progress::Never => {}
            args::Progress::Auto => self.bar.set_message(line()),
            args::Progress::Always => {
                if self.last.is_none_or(|last| last.elapsed() >= INTERVAL) {
                    self.last = Some(Instant::now());
                    printer.tell(&line());
                }
            }
        }
    }

    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

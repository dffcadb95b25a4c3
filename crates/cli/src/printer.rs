//! Where all output goes: what is found to standard output, talk to standard error, colour only where wanted.

use std::io::{self, Write};
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use anyhow::Context as _;
use constellation_trace::Verdict;
use indicatif::{ProgressBar, ProgressDrawTarget};

use crate::args::Color;

/// The exit code for input or a command line that cannot be used.
pub(crate) const UNUSABLE: u8 = 2;

/// All output of the program. A reader may go away at any time: then nothing more is written, and the program goes on to
/// its exit code, which says what was found.
pub(crate) struct Printer {
    out: AutoStream<io::Stdout>,
    /// Whether somebody still reads what is found.
    is_read: bool,
    talk: AutoStream<io::Stderr>,
}

impl Printer {
    pub(crate) fn new(color: Color) -> Printer {
        let choice = match color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        Printer {
            out: AutoStream::new(io::stdout(), choice),
            is_read: true,
            talk: AutoStream::new(io::stderr(), choice),
        }
    }

    /// One line of what was found; it may be styled.
    pub(crate) fn line(&mut self, line: impl AsRef<str>) -> anyhow::Result<()> {
        self.write(|out| writeln!(out, "{}", line.as_ref()))
    }

    /// Bytes that are the whole output, such as a completion script.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.write(|out| out.write_all(bytes))
    }

    fn write(&mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> anyhow::Result<()> {
        if !self.is_read {
            return Ok(());
        }
        match write(&mut self.out) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.is_read = false,
            outcome => outcome.context("cannot write to standard output")?,
        }
        Ok(())
    }

    /// A JSON object, with a schema name in it, over several lines.
    pub(crate) fn json(&mut self, value: &serde_json::Value) -> anyhow::Result<()> {
        self.line(serde_json::to_string_pretty(value)?)
    }

    /// Why the program ends without a verdict.
    pub(crate) fn error(&mut self, error: &anyhow::Error) {
        let text = match error.downcast_ref::<crate::source::Excerpt>() {
            Some(excerpt) => excerpt.render(self.talk.current_choice() != ColorChoice::Never),
            None => format!("{}error:{:#} {error:#}", ERROR, ERROR),
        };
        // Nobody is left to be told when standard error is closed.
        let _ = writeln!(self.talk, "{text}");
    }

    /// One line about what goes on, whoever reads standard error.
    pub(crate) fn tell(&mut self, line: &str) {
        // Nobody is left to be told when standard error is closed.
        let _ = writeln!(self.talk, "{line}");
    }

    /// Shows that something goes on, if standard error is a terminal and it takes long.
    pub(crate) fn progress(&self, what: &'static str) -> ProgressBar {
        let progress = ProgressBar::new_spinner().with_message(what);
        progress.set_draw_target(ProgressDrawTarget::stderr());
        progress.enable_steady_tick(Duration::from_millis(500));
        progress
    }
}

/// One line to standard error from somewhere that has no printer, such as what a signal calls.
pub(crate) fn tell_now(line: &str) {
    // Nobody is left to be told when standard error is closed.
    let _ = writeln!(io::stderr(), "{line}");
}

const ERROR: Style = AnsiColor::Red.on_default().bold();

/// The glyph and the word of a verdict, coloured; the colour says nothing that the two do not.
pub(crate) fn verdict(verdict: &Verdict) -> String {
    let style = match verdict {
        Verdict::Holds => HOLDS,
        Verdict::Violated(_) => VIOLATED,
        Verdict::Unknown(_) => UNKNOWN,
    };
    outcome(style, verdict.glyph(), verdict.word())
}

/// A glyph and a word of our own, as wide as a verdict.
pub(crate) fn outcome(style: Style, glyph: &str, word: &str) -> String {
    let padding = " ".repeat((VERDICT_WIDTH - 2).saturating_sub(word.len()));
    format!("{style}{glyph} {word}{style:#}{padding}")
}

/// The style of what holds.
pub(crate) const HOLDS: Style = AnsiColor::Green.on_default();
/// The style of what is violated.
pub(crate) const VIOLATED: Style = AnsiColor::Red.on_default().bold();
/// The style of what nobody can tell.
pub(crate) const UNKNOWN: Style = AnsiColor::Yellow.on_default();

/// How many columns a verdict takes.
pub(crate) const VERDICT_WIDTH: usize = 10;

/// Text that matters less.
pub(crate) fn faint(text: &str) -> String {
    let style = Style::new().dimmed();
    format!("{style}{text}{style:#}")
}

/// Text that a reader should find at a glance.
pub(crate) fn strong(text: &str) -> String {
    let style = Style::new().bold();
    format!("{style}{text}{style:#}")
}

/// A number with its noun: `1 event`, `2 events`.
pub(crate) fn count(number: impl TryInto<u64>, noun: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// The words of a text in lines of so many columns; a longer word has a line of its own.
pub(crate) fn folded(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is always one");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() > columns {
            lines.push(word.to_owned());
        } else {
            line.push(' ');
            line.push_str(word);
        }
    }
    lines
}

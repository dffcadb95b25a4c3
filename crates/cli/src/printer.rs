//! Where all output goes: what is found to standard output, talk to standard error, colour only where wanted.

use std::borrow::Cow;
use std::env;
use std::io::{self, IsTerminal as _, Write};
use std::process::ExitCode;
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use anyhow::Context as _;
use constellation_report::text::{Ink, Letters, Line};
use constellation_trace::Verdict;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::args::Color;
use crate::ascii;

/// The exit code for input or a command line that cannot be used.
pub(crate) const UNUSABLE: u8 = 2;

/// All output of the program. A reader may go away at any time: then nothing more is written, and the program goes on to
/// its exit code, which says what was found.
pub(crate) struct Printer {
    out: AutoStream<io::Stdout>,
    /// Whether somebody still reads what is found.
    is_read: bool,
    talk: AutoStream<io::Stderr>,
    /// What is found is printed in these letters.
    letters: Letters,
    /// What is said on standard error is in these.
    talk_letters: Letters,
}

impl Printer {
    /// `is_ascii` where that was asked for; else a terminal decides, and what goes to a pipe or a file is the same everywhere.
    pub(crate) fn new(color: Color, is_ascii: bool) -> Printer {
        let choice = match color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        Printer {
            out: AutoStream::new(io::stdout(), choice),
            is_read: true,
            talk: AutoStream::new(io::stderr(), choice),
            letters: letters(is_ascii || io::stdout().is_terminal() && is_plain_terminal()),
            talk_letters: letters(is_ascii || io::stderr().is_terminal() && is_plain_terminal()),
        }
    }

    /// Whether what is found may have colours.
    #[cfg(feature = "tui")]
    pub(crate) fn is_coloured(&self) -> bool {
        self.out.current_choice() != ColorChoice::Never
    }

    /// In which letters what is found is printed.
    pub(crate) const fn letters(&self) -> Letters {
        self.letters
    }

    /// One line of what was found; it may be styled.
    pub(crate) fn line(&mut self, line: impl AsRef<str>) -> anyhow::Result<()> {
        let line = shown(line.as_ref(), self.letters);
        self.write(|out| writeln!(out, "{line}"))
    }

    /// A line of XML.
    pub(crate) fn xml(&mut self, line: impl AsRef<str>) -> anyhow::Result<()> {
        let line = match self.letters {
            Letters::Ascii => ascii::xml(line.as_ref()),
            Letters::Unicode => Cow::Borrowed(line.as_ref()),
        };
        self.write(|out| writeln!(out, "{line}"))
    }

    /// Bytes that are the whole output, such as a completion script.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.write(|out| out.write_all(bytes))
    }

    fn write(&mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> anyhow::Result<()> {
        if !self.is_read {
            return Ok(());
        }
        // What waits in memory for the end of its line would fail where nobody hears of it.
        match write(&mut self.out).and_then(|()| self.out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.is_read = false,
            outcome => outcome.context("cannot write to standard output")?,
        }
        Ok(())
    }

    /// A JSON object, with a schema name in it, over several lines.
    pub(crate) fn json(&mut self, value: &serde_json::Value) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(value)?;
        let text = match self.letters {
            Letters::Ascii => ascii::json(&text),
            Letters::Unicode => Cow::Owned(text),
        };
        self.write(|out| writeln!(out, "{text}"))
    }

    /// Why the program ends without a verdict.
    pub(crate) fn error(&mut self, error: &anyhow::Error) {
        let text = match error.downcast_ref::<crate::source::Excerpt>() {
            Some(excerpt) => excerpt.render(self.talk.current_choice() != ColorChoice::Never),
            None => format!("{}error:{:#} {error:#}", ERROR, ERROR),
        };
        let text = shown(&text, self.talk_letters);
        // Nobody is left to be told when standard error is closed.
        let _ = writeln!(self.talk, "{text}");
    }

    /// One line about what goes on, whoever reads standard error.
    pub(crate) fn tell(&mut self, line: &str) {
        let line = shown(line, self.talk_letters);
        // Nobody is left to be told when standard error is closed.
        let _ = writeln!(self.talk, "{line}");
    }

    /// Shows that something goes on, if standard error is a terminal and it takes long.
    pub(crate) fn progress(&self, what: &'static str) -> ProgressBar {
        let progress = ProgressBar::new_spinner().with_message(what);
        if self.talk_letters == Letters::Ascii {
            progress.set_style(ProgressStyle::default_spinner().tick_chars("-\\|/ "));
        }
        progress.set_draw_target(ProgressDrawTarget::stderr());
        progress.enable_steady_tick(Duration::from_millis(500));
        progress
    }
}

fn letters(is_ascii: bool) -> Letters {
    if is_ascii { Letters::Ascii } else { Letters::Unicode }
}

/// Whether the locale of a terminal is not of UTF-8.
fn is_plain_terminal() -> bool {
    let said = |name| env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    ascii::is_plain(["LC_ALL", "LC_CTYPE", "LANG"].map(said))
}

fn shown(text: &str, letters: Letters) -> Cow<'_, str> {
    match letters {
        Letters::Ascii => ascii::plain(text),
        Letters::Unicode => Cow::Borrowed(text),
    }
}

/// Prints the help that was asked for, or what is wrong with what was typed, and how to put it right.
pub(crate) fn told(told: &clap::Error) -> ExitCode {
    // It could not be read whole, so the flag is looked for by itself.
    let is_ascii = env::args_os().take_while(|word| word != "--").any(|word| word == "--ascii");
    let code = ExitCode::from(u8::try_from(told.exit_code()).unwrap_or(UNUSABLE));
    let is_plain = match told.use_stderr() {
        true => io::stderr().is_terminal() && is_plain_terminal(),
        false => io::stdout().is_terminal() && is_plain_terminal(),
    };
    let printed = if !is_ascii && !is_plain {
        told.print()
    } else {
        let text = told.render().to_string();
        match told.use_stderr() {
            true => write!(io::stderr(), "{}", ascii::plain(&text)),
            false => write!(io::stdout(), "{}", ascii::plain(&text)),
        }
    };
    match printed.and_then(|()| io::stdout().flush()) {
        // Help that went nowhere is no success, unless its reader left.
        Err(error) if !told.use_stderr() && error.kind() != io::ErrorKind::BrokenPipe => {
            tell_now(&format!("error: cannot write to standard output: {error}"));
            ExitCode::from(UNUSABLE)
        }
        // Nobody is left to be told when standard error is closed.
        _ => code,
    }
}

/// A line of a drawing; the colours say nothing that the letters do not.
pub(crate) fn inked(line: &Line) -> String {
    let mut text = String::new();
    for (ink, part) in &line.parts {
        let style = match ink {
            Ink::Faint => Style::new().dimmed(),
            Ink::Proof => AnsiColor::Blue.on_default().bold(),
            Ink::Found => AnsiColor::Red.on_default().bold(),
            _ => Style::new(),
        };
        text.push_str(&format!("{style}{part}{style:#}"));
    }
    text
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

//! A run on a screen that is walked by keys.
//!
//! What a key does to the state, and how a state looks, are functions of what they are given; only this file touches a
//! terminal.

mod follow;
mod keys;
mod lanes;
mod paint;
mod panel;
mod seek;
mod view;

use std::io::{self, IsTerminal as _, Stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{env, panic, process, thread};

use anyhow::{Context as _, bail};
use constellation_report::text::Letters;
use constellation_trace::{Judgement, Trace};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};

use self::keys::Flow;
use self::view::{State, Theme, View};

pub(crate) use follow::{Follower, Look};

/// A run that is to be looked at.
pub(crate) struct Shown {
    pub(crate) trace: Trace,
    pub(crate) judgements: Vec<Judgement>,
    pub(crate) title: String,
}

/// How it is to look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Looks {
    pub(crate) letters: Letters,
    pub(crate) is_coloured: bool,
}

/// Whether there is a terminal to draw on and to type at.
///
/// # Errors
/// That there is none, and what to do instead.
pub(crate) fn check_terminal() -> anyhow::Result<()> {
    let advice = "`constellation report RUN.jsonl -o run.html` writes a page, `constellation check RUN.jsonl` prints what is \
                  judged";
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        bail!("`constellation tui` is walked by keys, and here is no terminal\nhelp: {advice}");
    }
    // It would print as letters what moves the cursor of others. That is how an editor or a log names what it is.
    if env::var_os("TERM").is_some_and(|term| term == "dumb") {
        bail!(
            "`constellation tui` draws on a screen, and TERM=dumb is a terminal without one\nhelp: {advice}"
        );
    }
    Ok(())
}

/// How often what is followed is looked at, and whether the program was told to end.
const TICK: Duration = Duration::from_millis(250);
/// How long it may take to end once that was told.
const GRACE: Duration = Duration::from_secs(1);
/// What a shell calls a program that a signal ended.
const TOLD_TO_END: i32 = 130;

/// Shows a run until its reader leaves; `next` may have a newer one at any time, in which the reader stands where he stood.
pub(crate) fn show(
    first: Option<Shown>,
    looks: Looks,
    next: &mut dyn FnMut() -> anyhow::Result<Option<Shown>>,
) -> anyhow::Result<()> {
    let told_to_end = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&told_to_end);
    let handler = move || {
        seen.store(true, Ordering::Relaxed);
        // Whoever reads from a terminal that is gone never comes back to look.
        thread::sleep(GRACE);
        restore();
        process::exit(TOLD_TO_END);
    };
    ctrlc::set_handler(handler).context("cannot listen for signals")?;
    let mut screen = Screen::enter()?;
    let mut state = State::default();
    if !looks.is_coloured {
        state.theme = Theme::Plain;
    }
    let mut shown = first;
    loop {
        let newer = match &shown {
            None => screen.wait(next, &told_to_end)?,
            Some(shown) => screen.walk(shown, looks, &mut state, next, &told_to_end)?,
        };
        if newer.is_none() {
            return Ok(());
        }
        shown = newer;
    }
}

/// A terminal that belongs to this program until it is dropped.
struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
}

impl Screen {
    fn enter() -> anyhow::Result<Screen> {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            restore();
            before(info);
        }));
        enable_raw_mode().context("the terminal cannot be read key by key")?;
        let entered = execute!(io::stdout(), EnterAlternateScreen)
            .and_then(|()| Terminal::new(CrosstermBackend::new(io::stdout())));
        match entered {
            Ok(terminal) => Ok(Screen { terminal }),
            Err(error) => {
                restore();
                Err(error).context("the terminal cannot be drawn on")
            }
        }
    }

    /// Says that there is nothing yet, until there is; `None` when the reader leaves.
    fn wait(
        &mut self,
        next: &mut dyn FnMut() -> anyhow::Result<Option<Shown>>,
        told_to_end: &AtomicBool,
    ) -> anyhow::Result<Option<Shown>> {
        loop {
            if let Some(shown) = next()? {
                return Ok(Some(shown));
            }
            self.terminal.draw(|frame| {
                frame.buffer_mut().set_string(
                    0,
                    0,
                    "nothing to be seen yet; Q leaves",
                    ratatui::style::Style::new(),
                );
            })?;
            if told_to_end.load(Ordering::Relaxed) {
                return Ok(None);
            }
            if event::poll(TICK)?
                && let Event::Key(key) = event::read()?
                && (matches!(key.code, KeyCode::Char('q' | 'Q') | KeyCode::Esc)
                    || (key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL)))
            {
                return Ok(None);
            }
        }
    }

    /// Lets the reader walk a run; ends with a newer one, or with none when he leaves.
    fn walk(
        &mut self,
        shown: &Shown,
        looks: Looks,
        state: &mut State,
        next: &mut dyn FnMut() -> anyhow::Result<Option<Shown>>,
        told_to_end: &AtomicBool,
    ) -> anyhow::Result<Option<Shown>> {
        let mut view = View::new(&shown.trace, &shown.judgements, shown.title.clone(), looks.letters);
        view.resume(std::mem::take(state));
        let mut is_changed = true;
        let newer = loop {
            if is_changed {
                self.terminal.draw(|frame| {
                    let area = frame.area();
                    paint::fit(&mut view, area);
                    paint::draw(&view, area, frame.buffer_mut());
                })?;
            }
            is_changed = event::poll(TICK)?;
            if is_changed {
                match event::read()? {
                    Event::Key(key)
                        if key.kind != KeyEventKind::Release && keys::press(&mut view, key) == Flow::Quit =>
                    {
                        break None;
                    }
                    _ => {}
                }
                continue;
            }
            if told_to_end.load(Ordering::Relaxed) {
                break None;
            }
            if let Some(newer) = next()? {
                break Some(newer);
            }
        };
        *state = view.state;
        Ok(newer)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives the terminal back as it was; what fails cannot be told to anybody.
fn restore() {
    let _ = execute!(io::stdout(), LeaveAlternateScreen, ratatui::crossterm::cursor::Show);
    let _ = disable_raw_mode();
}

#[cfg(test)]
mod tests;

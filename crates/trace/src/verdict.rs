//! The three outcomes of a judgement, and what a violation must show to be believed.

use std::borrow::Cow;
use std::fmt;

use crate::ids::EventId;
use crate::time::TrueTime;

/// What a judge found: never a bool, since "I could not tell" is an answer of its own.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
pub enum Verdict {
    /// All that was promised is so, everywhere that the promise reaches.
    Holds,
    /// It is not, and this shows it.
    Violated(Box<Evidence>),
    /// Nothing wrong was found, but not everything was looked at.
    Unknown(Limit),
}

impl Verdict {
    /// The glyph that stands for it: `✓`, `✗` or `?`. Always print [`Verdict::word`] beside it.
    pub const fn glyph(&self) -> &'static str {
        match self {
            Verdict::Holds => "✓",
            Verdict::Violated(_) => "✗",
            Verdict::Unknown(_) => "?",
        }
    }

    /// The word that stands for it: `holds`, `violated` or `unknown`.
    pub const fn word(&self) -> &'static str {
        match self {
            Verdict::Holds => "holds",
            Verdict::Violated(_) => "violated",
            Verdict::Unknown(_) => "unknown",
        }
    }

    /// The exit code of a command that ends with it: 0, 1 or 3 (2 is for input that could not be judged).
    pub const fn exit_code(&self) -> u8 {
        match self {
            Verdict::Holds => 0,
            Verdict::Violated(_) => 1,
            Verdict::Unknown(_) => 3,
        }
    }
}

/// A verdict on one promise.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Judgement {
    /// The promise, as a sentence of a few words.
    pub promise: String,
    /// What was found.
    pub verdict: Verdict,
    /// What was looked at, in a few words; empty when there is nothing to say.
    pub scope: String,
}

impl Judgement {
    /// The exit code for all of them together: violated before unknown before holds. That of none is unknown: nothing was
    /// looked at.
    pub fn exit_code(judgements: &[Judgement]) -> u8 {
        let has = |code| judgements.iter().any(|judgement| judgement.verdict.exit_code() == code);
        if has(1) {
            1
        } else if has(3) || judgements.is_empty() {
            3
        } else {
            0
        }
    }
}

/// Why a judge could not tell.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Limit {
    /// Only some pairs of events were compared.
    Pairs {
        /// How many.
        judged: u64,
        /// Of how many.
        total: u64,
    },
    /// The judgement would need more memory than allowed.
    Memory {
        /// Bytes needed.
        needed: u64,
        /// Bytes allowed.
        allowed: u64,
    },
    /// What would have to be looked at is not in the trace.
    NotRecorded(String),
    /// Not all that can happen was looked at.
    Explored {
        /// How many runs were looked at, or moments of runs.
        visited: u64,
        /// What left the others out, in a few words.
        bound: String,
    },
    /// What the promise takes for granted was not so, in a few words: it promises nothing of this run.
    Premise(String),
    /// The judge does not understand what was recorded; says why, in a few words.
    Unfit(String),
    /// The check of the promise panicked, and said this.
    Panicked(String),
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Limit::Pairs { judged, total } => {
                write!(f, "none wrong among the {judged} pairs judged, of {total}")
            }
            Limit::Memory { needed, allowed } => {
                write!(f, "judging needs {needed} bytes of memory, {allowed} are allowed")
            }
            Limit::NotRecorded(what) => write!(f, "{what} not recorded"),
            Limit::Premise(why) => f.write_str(why),
            Limit::Panicked(text) => write!(f, "its check panicked: {text}"),
            Limit::Explored { visited, bound } => {
                write!(f, "none wrong among the {visited} explored, within the bound: {bound}")
            }
            Limit::Unfit(why) => f.write_str(why),
        }
    }
}

/// What shows a violation, in the order in which a tired reader wants it.
///
/// [`fmt::Display`] prints it: expected and found; the events with nodes, times and stamps; the proof; the
/// smallest schedule found that still fails, and what is to be known of it; the command that replays it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Evidence {
    /// What should be so.
    pub expected: String,
    /// What is so.
    pub found: String,
    /// The events that show it, usually two.
    pub events: Vec<Witness>,
    /// Why the expectation is right.
    pub proof: Proof,
    /// The smallest schedule found that still fails, step by step; empty when nobody looked for one.
    pub steps: Vec<String>,
    /// What each step did in this very run, in plain words, printed below it: as many as there are steps, empty where there
    /// is nothing to add; or none at all.
    pub meanings: Vec<String>,
    /// What is to be known of the steps, one line each: what they do without, how far the search went.
    pub notes: Vec<String>,
    /// The command that replays it; empty when there is none.
    pub replay: String,
}

/// An event as evidence shows it, with everything that clocks said of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Witness {
    /// Which event.
    pub event: EventId,
    /// The name of its process.
    pub process: String,
    /// When it truly was.
    pub at: TrueTime,
    /// What happened, in a few words.
    pub what: String,
    /// What each clock said of it, as printed: `lamport 4`.
    pub stamps: Vec<String>,
}

/// Why one event is before another, or why neither is.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Proof {
    /// The shortest chain of messages from the first event to the last.
    Chain(Vec<Witness>),
    /// No chain of messages leads from one to the other, nor back.
    NoChain {
        /// One event.
        one: EventId,
        /// The other.
        other: EventId,
    },
    /// The rule that was broken, where no order of events is in question.
    Rule(String),
    /// Each of these is before the next for a reason, and the last is before the first: no order has all of it.
    Cycle(Vec<Link>),
}

/// One step of a [`Proof::Cycle`]: this is before that, and why.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Link {
    /// What is before.
    pub from: Witness,
    /// What is after.
    pub to: Witness,
    /// Why, in a few words.
    pub why: String,
}

/// How many steps are printed; all are there for who asks.
const STEPS_SHOWN: usize = 20;

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected  {}\nfound     {}", self.expected, self.found)?;
        write_witnesses(f, "events", &self.events)?;
        match &self.proof {
            Proof::Chain(chain) => write_witnesses(f, "proof", chain)?,
            Proof::NoChain { one, other } => {
                write!(f, "\nproof     no chain of messages leads from {one} to {other}, nor back")?;
            }
            Proof::Rule(rule) => write!(f, "\nproof     {rule}")?,
            Proof::Cycle(links) => write_links(f, links)?,
        }
        for (nth, step) in self.steps.iter().take(STEPS_SHOWN).enumerate() {
            let number = format!("{}. ", nth + 1);
            write!(f, "\n{:<10}{number}{step}", if nth == 0 { "steps" } else { "" })?;
            if let Some(meaning) = self.meanings.get(nth).filter(|meaning| !meaning.is_empty()) {
                write!(f, "\n{:<10}{:<width$}{meaning}", "", "", width = number.len())?;
            }
        }
        if self.steps.len() > STEPS_SHOWN {
            write!(f, "\n{:<10}and {} more", "", self.steps.len() - STEPS_SHOWN)?;
        }
        for (nth, note) in self.notes.iter().enumerate() {
            write!(f, "\n{:<10}{note}", if nth == 0 { "notes" } else { "" })?;
        }
        if !self.replay.is_empty() {
            write!(f, "\nreplay    {}", self.replay)?;
        }
        Ok(())
    }
}

/// A column for what others call things is no wider: a name that is longer pushes its line aside. Far below what a format
/// can pad to, which is 65,535.
const COLUMN_MAX: usize = 64;
/// What happened is told in so many letters, however long a value is.
const WHAT_MAX: usize = 120;

fn write_witnesses(f: &mut fmt::Formatter<'_>, title: &str, witnesses: &[Witness]) -> fmt::Result {
    let width = |of: &dyn Fn(&Witness) -> usize| witnesses.iter().map(of).max().unwrap_or(0);
    let id_width = width(&|witness| witness.event.to_string().len());
    let process_width = width(&|witness| witness.process.chars().count()).min(COLUMN_MAX);
    let at_width = width(&|witness| witness.at.to_string().len());
    let what_width = width(&|witness| shortened(&witness.what).chars().count());
    for (nth, witness) in witnesses.iter().enumerate() {
        let title = if nth == 0 { title } else { "" };
        let (id, at) = (witness.event.to_string(), witness.at.to_string());
        let line = format!(
            "{title:<10}{id:<id_width$}  {:<process_width$}  {at:>at_width$}  {:<what_width$}  {}",
            witness.process,
            shortened(&witness.what),
            witness.stamps.join("  "),
        );
        write!(f, "\n{}", line.trim_end())?;
    }
    Ok(())
}

/// `e0 w(x,1) → e4 r(x,1)   the same session`, one line a link.
fn write_links(f: &mut fmt::Formatter<'_>, links: &[Link]) -> fmt::Result {
    let shown = |witness: &Witness| format!("{} {}", witness.event, shortened(&witness.what));
    let steps = links.iter().map(|link| format!("{} → {}", shown(&link.from), shown(&link.to)));
    let steps: Vec<String> = steps.collect();
    let width = steps.iter().map(|step| step.chars().count()).max().unwrap_or(0);
    for (nth, (step, link)) in steps.iter().zip(links).enumerate() {
        write!(f, "\n{:<10}{step:<width$}   {}", if nth == 0 { "proof" } else { "" }, link.why)?;
    }
    Ok(())
}

/// A text without its end, if it is too long for a line.
fn shortened(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(WHAT_MAX) {
        None => Cow::Borrowed(text),
        Some(_) => {
            let kept = text.chars().take(WHAT_MAX - 1);
            Cow::Owned(kept.chain(['…']).collect())
        }
    }
}

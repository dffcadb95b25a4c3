//! The fixture language: a run in one line per node, for tests, docs and error messages.
//!
//! ```text
//! pacific   a m! b
//! indian    c m? d=7 e=1,2
//! ```
//!
//! The first word of a line names the node; each further word is one event, called by that word. `m!` sends the
//! message `m` to every line that has an `m?`, which receives it; a message that no line receives goes to the
//! next line and is never seen again. `CRASH` and `RESTART` are what they say (a sketched restart remembers
//! nothing). A word may end in claims: `=7` is a Lamport time, `=1,2` a vector with one counter a line.

use std::collections::BTreeMap;
use std::fmt;

use crate::claim::Claim;
use crate::event::{Action, Entry};
use crate::ids::{EventId, MessageId, NodeId};
use crate::time::TrueTime;
use crate::trace::{Trace, TraceError};

/// Reads a sketch into a trace; each event is labelled with its word, without the claim.
///
/// Events are recorded line by line as far as their causes allow, a millisecond of true time apart.
///
/// # Errors
/// [`SketchError`] with the word that cannot be read, is sent twice, or can never happen.
pub fn parse(text: &str) -> Result<Trace, SketchError> {
    let lines = read_lines(text)?;
    let receivers = find_receivers(&lines);
    let mut trace = Trace::new(lines.iter().map(|line| line.node)).map_err(SketchError::Trace)?;
    let mut sent: BTreeMap<(&str, NodeId), MessageId> = BTreeMap::new();
    let mut next = vec![0; lines.len()];
    loop {
        let mut has_moved = false;
        for (place, line) in lines.iter().enumerate() {
            while let Some(word) = line.words.get(next[place]) {
                let node = node_at(place);
                let at = TrueTime::from_ns((trace.events().len() as u64 + 1) * 1_000_000);
                let targets = match word.act {
                    Act::Send(message) => targets(&receivers, message, place, lines.len()),
                    _ => Vec::new(),
                };
                let action = match word.act {
                    Act::Local | Act::Send(_) => Action::Local,
                    Act::Crash => Action::Crash,
                    Act::Restart => Action::Restart(None),
                    Act::Receive(message) => match sent.get(&(message, node)) {
                        Some(id) => Action::Receive(*id),
                        None => break,
                    },
                };
                let claims = word.claim(&lines);
                let entry = Entry {
                    sends: &targets,
                    label: word.name,
                    claims: &claims,
                    ..Entry::new(node, at, action)
                };
                let event = trace.record(entry).map_err(SketchError::Trace)?;
                if let Act::Send(message) = word.act {
                    let ids = trace.event(event).sends.iter();
                    sent.extend(targets.iter().zip(ids).map(|(target, id)| ((message, *target), id)));
                }
                next[place] += 1;
                has_moved = true;
            }
        }
        if !has_moved {
            break;
        }
    }
    let stuck = lines.iter().zip(next).find_map(|(line, place)| line.words.get(place));
    stuck.map_or(Ok(trace), |word| Err(SketchError::NeverHappens(word.name.to_owned())))
}

/// The event that a sketch calls by this word; the first one, where several share it.
pub fn find(trace: &Trace, word: &str) -> Option<EventId> {
    trace.event_ids().find(|event| trace.label(*event) == word)
}

/// Why a sketch cannot be read.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SketchError {
    /// What stands after `=` is neither a number nor one number a line, or no word stands before it.
    Claim(String),
    /// Two words send the same message.
    SentTwice(String),
    /// This word waits for a message that is never sent, or for one that waits for it.
    NeverHappens(String),
    /// The trace refused the event.
    Trace(TraceError),
}

impl fmt::Display for SketchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SketchError::Claim(word) => {
                write!(
                    f,
                    "`{word}`: a claim is a word, `=`, and one number or as many as there are lines, with commas"
                )
            }
            SketchError::SentTwice(word) => write!(f, "`{word}` is sent twice"),
            SketchError::NeverHappens(word) => {
                write!(f, "`{word}` never happens: nobody sends it, or its cause comes after it")
            }
            SketchError::Trace(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for SketchError {}

struct Line<'a> {
    node: &'a str,
    words: Vec<Word<'a>>,
}

struct Word<'a> {
    name: &'a str,
    act: Act<'a>,
    counters: Vec<u64>,
}

#[derive(Clone, Copy)]
enum Act<'a> {
    Local,
    Send(&'a str),
    Receive(&'a str),
    Crash,
    Restart,
}

impl Word<'_> {
    fn claim(&self, lines: &[Line<'_>]) -> Vec<Claim> {
        match self.counters[..] {
            [] => Vec::new(),
            [time] => vec![Claim::Lamport(time)],
            _ => {
                let names = lines.iter().map(|line| line.node.to_owned());
                vec![Claim::Vector(names.zip(self.counters.iter().copied()).collect())]
            }
        }
    }
}

fn read_lines(text: &str) -> Result<Vec<Line<'_>>, SketchError> {
    let mut lines = Vec::new();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        let Some(node) = words.next() else { continue };
        lines.push(Line { node, words: words.map(read_word).collect::<Result<_, _>>()? });
    }
    let is_wrong = |word: &&Word<'_>| word.counters.len() > 1 && word.counters.len() != lines.len();
    if let Some(word) = lines.iter().flat_map(|line| &line.words).find(is_wrong) {
        return Err(SketchError::Claim(word.name.to_owned()));
    }
    let mut sent: Vec<&str> = Vec::new();
    for word in lines.iter().flat_map(|line| &line.words) {
        if let Act::Send(message) = word.act {
            if sent.contains(&message) {
                return Err(SketchError::SentTwice(word.name.to_owned()));
            }
            sent.push(message);
        }
    }
    Ok(lines)
}

fn read_word(word: &str) -> Result<Word<'_>, SketchError> {
    let wrong = || SketchError::Claim(word.to_owned());
    let (name, counters) = match word.split_once('=') {
        None => (word, Vec::new()),
        Some(("", _)) => return Err(wrong()),
        Some((name, claim)) => {
            let counters = claim.split(',').map(|number| number.parse().map_err(|_| wrong()));
            (name, counters.collect::<Result<_, _>>()?)
        }
    };
    let act = match (name.strip_suffix('!'), name.strip_suffix('?')) {
        (Some(message), _) => Act::Send(message),
        (_, Some(message)) => Act::Receive(message),
        _ if name == "CRASH" => Act::Crash,
        _ if name == "RESTART" => Act::Restart,
        _ => Act::Local,
    };
    Ok(Word { name, act, counters })
}

fn node_at(place: usize) -> NodeId {
    NodeId::new(u32::try_from(place).expect("Trace::new refused more lines than 32 bits number"))
}

/// For each message the lines that receive it, each once.
fn find_receivers<'a>(lines: &[Line<'a>]) -> BTreeMap<&'a str, Vec<NodeId>> {
    let mut receivers: BTreeMap<&str, Vec<NodeId>> = BTreeMap::new();
    for (place, line) in lines.iter().enumerate() {
        for word in &line.words {
            if let Act::Receive(message) = word.act {
                let known = receivers.entry(message).or_default();
                if !known.contains(&node_at(place)) {
                    known.push(node_at(place));
                }
            }
        }
    }
    receivers
}

fn targets(
    receivers: &BTreeMap<&str, Vec<NodeId>>,
    message: &str,
    place: usize,
    lines: usize,
) -> Vec<NodeId> {
    receivers.get(message).cloned().unwrap_or_else(|| vec![node_at((place + 1) % lines)])
}

//! What a search asks, and which event answers it.

use constellation_trace::{EventId, Kind, Relation};

use super::view::View;

/// One thing that is asked of an event; all of a search must be so.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Term {
    /// It is told with this in it, whatever the case.
    Word(String),
    Event(u32),
    Message(u32),
    Node(String),
    Kind(String),
    /// It stands so to that event.
    Stands(Relation, u32),
}

const KINDS: [&str; 11] = [
    "local", "send", "receive", "persist", "crash", "restart", "write", "read", "invoke", "complete", "lost",
];

/// Where a search stands that was not over at once: which event is next, and how many are still to be looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Rest {
    next: usize,
    left: usize,
}

/// What came of a search.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Sought {
    Found(EventId),
    Nothing,
    /// Nothing yet, and more has not been looked at.
    Until(EventId, Rest),
}

/// Looks at no more events at once, so that no key takes long.
const EVENTS_MAX: usize = 200_000;

/// The first match behind the chosen event, or else from the beginning; from where an earlier search stands, if one does.
///
/// # Errors
/// What of the question cannot be understood.
pub(super) fn next(view: &View<'_>, query: &str, rest: Option<Rest>) -> Result<Sought, String> {
    let terms: Vec<Term> = query.split_whitespace().map(parse).collect::<Result<_, _>>()?;
    if view.order.is_none() && terms.iter().any(|term| matches!(term, Term::Stands(..))) {
        return Err("the run is too large for before:, after: and concurrent:".to_owned());
    }
    let Some(chosen) = view.selected() else { return Ok(Sought::Nothing) };
    let events = view.trace.events().len();
    let Rest { next, left } = rest.unwrap_or(Rest { next: chosen.index() + 1, left: events });
    let event = |nth: usize| EventId::new(u32::try_from((next + nth) % events).expect("ids have 32 bits"));
    let now = left.min(EVENTS_MAX);
    let found = (0..now).map(event).find(|event| terms.iter().all(|term| holds(view, term, *event)));
    Ok(match found {
        Some(event) => Sought::Found(event),
        None if now == left => Sought::Nothing,
        None => Sought::Until(event(now - 1), Rest { next: (next + now) % events, left: left - now }),
    })
}

fn parse(word: &str) -> Result<Term, String> {
    let number = |text: &str| text.strip_prefix('e').unwrap_or(text).parse::<u32>();
    if let Some((name, event)) = word.split_once(':') {
        let relation = match name {
            "before" => Some(Relation::Before),
            "after" => Some(Relation::After),
            "concurrent" => Some(Relation::Concurrent),
            _ => None,
        };
        if let Some(relation) = relation {
            let event = number(event).map_err(|_| format!("{name}: wants an event, such as {name}:e15"))?;
            return Ok(Term::Stands(relation, event));
        }
    }
    match word.split_once('=') {
        Some(("node", name)) => return Ok(Term::Node(name.to_lowercase())),
        Some(("kind", kind)) if KINDS.contains(&kind) => return Ok(Term::Kind(kind.to_owned())),
        Some(("kind", _)) => return Err(format!("kind= wants one of {}", KINDS.join(", "))),
        _ => {}
    }
    let numbered = |letter: char| word.strip_prefix(letter).and_then(|digits| digits.parse::<u32>().ok());
    Ok(match (numbered('e'), numbered('m')) {
        (Some(event), _) => Term::Event(event),
        (_, Some(message)) => Term::Message(message),
        _ => Term::Word(word.to_lowercase()),
    })
}

fn holds(view: &View<'_>, term: &Term, event: EventId) -> bool {
    let trace = view.trace;
    let recorded = trace.event(event);
    let lane = || &view.lanes[trace.node_of(event).index()];
    match term {
        Term::Event(number) => event.number() == *number,
        Term::Message(number) => {
            let is_it = |message: constellation_trace::MessageId| message.number() == *number;
            matches!(recorded.kind, Kind::Receive(message) if is_it(message))
                || recorded.sends.iter().any(is_it)
        }
        Term::Node(name) => lane().small.contains(name),
        Term::Kind(kind) if kind == "send" => !recorded.sends.is_empty(),
        Term::Kind(kind) if kind == "lost" => {
            recorded.sends.iter().any(|message| view.lost(message).is_some())
        }
        Term::Kind(kind) => *kind == kind_word(recorded.kind),
        Term::Stands(relation, other) => {
            let other = EventId::new(*other);
            let is_there = other.index() < trace.events().len();
            is_there && view.order.as_ref().is_some_and(|order| order.relation(event, other) == *relation)
        }
        Term::Word(word) => {
            let label = trace.label(event);
            // Most have a label, which needs not be put together.
            let is_told = if label.is_empty() {
                trace.describe(event).to_lowercase().contains(word)
            } else {
                has(label, word)
            };
            is_told || lane().small.contains(word)
        }
    }
}

/// Whether a text has a word in it that is given in small letters.
fn has(text: &str, word: &str) -> bool {
    if !word.is_ascii() || !text.is_ascii() {
        return text.to_lowercase().contains(word);
    }
    text.as_bytes().windows(word.len().max(1)).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}

const fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Receive(_) => "receive",
        Kind::Persist => "persist",
        Kind::Crash => "crash",
        Kind::Restart { .. } => "restart",
        Kind::Write(_) => "write",
        Kind::Read(_) => "read",
        Kind::Invoke(_) => "invoke",
        Kind::Complete(_) => "complete",
        _ => "local",
    }
}

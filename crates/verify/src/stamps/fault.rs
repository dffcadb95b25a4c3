//! What can be wrong with a clock, and how it is told.

use constellation_trace::log::{Place, Unreadable};
use constellation_trace::{Symbol, one_line};

use super::Fault;
use super::causes::{Causes, EventNumber};
use super::cycle::Link;

/// Something wrong, before it is put into words.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Wrong {
    /// It has no counter of its own host.
    NoOwn { event: EventNumber },
    /// It is the first of its host and does not count 1.
    Start { event: EventNumber },
    /// Its own counter is not one more than before.
    Gap { event: EventNumber, previous: EventNumber },
    /// Its own counter is that of another event.
    Twice { event: EventNumber, first: EventNumber },
    /// It has seen what is not in the log.
    UnknownEvent { event: EventNumber, host: Symbol, counter: u64 },
    /// It has forgotten what the event before it had seen.
    Back { event: EventNumber, previous: EventNumber, host: Symbol },
    /// It has seen a cause but not what that had seen.
    Lacks { event: EventNumber, cause: EventNumber, host: Symbol },
    /// It is a cause of itself.
    Cycle(Vec<Link>),
}

impl Wrong {
    /// The event that it is told of.
    pub(super) fn event(&self) -> EventNumber {
        match self {
            Wrong::NoOwn { event }
            | Wrong::Start { event }
            | Wrong::Gap { event, .. }
            | Wrong::Twice { event, .. }
            | Wrong::UnknownEvent { event, .. }
            | Wrong::Back { event, .. }
            | Wrong::Lacks { event, .. } => *event,
            Wrong::Cycle(links) => links.first().map_or(0, |link| link.event),
        }
    }

    pub(super) fn tell(&self, causes: &Causes<'_>) -> Fault {
        let (found, expected, hint, related) = match self {
            Wrong::NoOwn { event } => (
                format!("{} counts no event of its own", host_of(causes, *event)),
                "each clock to count the event that it stamps".to_owned(),
                "tick the clock first, then log the event",
                vec![],
            ),
            Wrong::Start { event } => (
                format!("{} starts at {}", host_of(causes, *event), causes.own(*event)),
                "the first event of a host to count 1".to_owned(),
                "a log may have been cut, or two processes wrote one file: with GoVector, one log per process",
                vec![],
            ),
            Wrong::Gap { event, previous } => (
                format!("{} follows {}", name(causes, *event), name_at(causes, *previous)),
                format!("{} {} next", host_of(causes, *event), causes.own(*previous).saturating_add(1)),
                "each event adds 1: a line is missing, or one event ticked more than once",
                vec![*previous],
            ),
            Wrong::Twice { event, first } => (
                format!(
                    "two events count {}: this one and that in line {}",
                    name(causes, *event),
                    causes.place(*first).line
                ),
                "each event of a host to have a counter of its own".to_owned(),
                "two processes share a name, or an event was logged without a tick: with GoVector, one log per process",
                vec![*first],
            ),
            Wrong::UnknownEvent { event, host, counter } => unknown(causes, *event, *host, *counter),
            Wrong::Back { event, previous, host } => (
                format!(
                    "{} {}, after {} had {}",
                    name(causes, *event),
                    has(causes, *event, *host),
                    name_at(causes, *previous),
                    counter(causes, *previous, *host)
                ),
                format!("{} or more", counter(causes, *previous, *host)),
                "a clock never forgets: a merge takes the larger of two counters",
                vec![*previous],
            ),
            Wrong::Lacks { event, cause, host } => (
                format!(
                    "{} has seen {}, which had seen {}, but it {}",
                    name(causes, *event),
                    name_at(causes, *cause),
                    counter(causes, *cause, *host),
                    has(causes, *event, *host)
                ),
                format!("{} or more", counter(causes, *cause, *host)),
                "a receive merges and then ticks: it merges every counter of the message, not only the sender's",
                vec![*cause],
            ),
            Wrong::Cycle(links) => cycle(causes, links),
        };
        let related = related.into_iter().map(|event| causes.place(event)).collect();
        fault(causes.place(self.event()), &found, &expected, hint, related)
    }
}

/// A clock that could not be read, as a fault like the others.
pub(super) fn unreadable(unreadable: &Unreadable) -> Fault {
    fault(unreadable.place, &unreadable.found, &unreadable.expected, unreadable.hint, Vec::new())
}

/// Names of hosts stand in the words, so what a terminal would obey is written out.
fn fault(place: Place, found: &str, expected: &str, hint: &'static str, related: Vec<Place>) -> Fault {
    let [found, expected] = [found, expected].map(|text| one_line(text).into_owned());
    Fault { place, found, expected, hint, related }
}

type Told = (String, String, &'static str, Vec<EventNumber>);

fn unknown(causes: &Causes<'_>, event: EventNumber, host: Symbol, counter: u64) -> Told {
    let log = causes.execution;
    let found = format!("{} has seen `{}` {counter}", name(causes, event), log.host_name(host));
    let Some(&last) = causes.events(host.index()).last() else {
        if causes.has_uncounted(host) {
            let found = format!("{found}, but `{}` counts none of its events", log.host_name(host));
            let hint = "tick the clock first, then log the event";
            return (found, "an event that is in the log".to_owned(), hint, vec![]);
        }
        let names = (0..causes.names()).zip(log.hosts().iter());
        let known = names.filter(|(number, _)| !causes.events(*number).is_empty()).map(|(_, name)| name);
        let nearest = constellation_trace::ids::nearest(log.host_name(host), known);
        let meant = nearest.map_or(String::new(), |nearest| format!("; did you mean `{nearest}`?"));
        let found = format!("{found}, of which there is no event{meant}");
        let hint = "the log of that host is missing, or its name is spelt in two ways";
        return (found, "only hosts that are in the log".to_owned(), hint, vec![]);
    };
    let end = causes.own(last);
    let (found, expected) = if counter > end {
        (format!("{found}, whose last event is {end}"), format!("`{}` {end} or less", log.host_name(host)))
    } else {
        (format!("{found}, which is not in the log"), "an event that is in the log".to_owned())
    };
    (
        found,
        expected,
        "lines of that host are missing, or the counter was not taken from a message",
        vec![last],
    )
}

fn cycle(causes: &Causes<'_>, links: &[Link]) -> Told {
    const LINKS_SHOWN: usize = 8;
    let mut chain = String::new();
    let mut related = Vec::new();
    for (place, link) in links.iter().enumerate().take(LINKS_SHOWN) {
        let start = if place == 0 { name_at(causes, link.event) } else { String::new() };
        chain.push_str(&format!("{start} has seen {}", name_at(causes, link.seen)));
        related.push(link.seen);
        let next = links[(place + 1) % links.len()].event;
        if next != link.seen {
            chain.push_str(&format!(", which comes after {}", name_at(causes, next)));
            related.push(next);
        }
        chain.push_str(if place + 1 == links.len() { "" } else { ", which" });
    }
    if links.len() > LINKS_SHOWN {
        chain.push_str(&format!(" leads back to the first through {} more hosts", links.len() - LINKS_SHOWN));
    }
    let hint =
        "nothing is a cause of its own cause: a stamp was changed, or taken from a clock that had gone on";
    (chain, "causes before their effects".to_owned(), hint, related)
}

fn host_of(causes: &Causes<'_>, event: EventNumber) -> String {
    format!("`{}`", causes.execution.host_name(causes.event(event).host))
}

/// `` `a` 3 ``: the third event of the host a.
fn name(causes: &Causes<'_>, event: EventNumber) -> String {
    format!("{} {}", host_of(causes, event), causes.own(event))
}

fn name_at(causes: &Causes<'_>, event: EventNumber) -> String {
    let Place { line, .. } = causes.place(event);
    format!("{} (line {line})", name(causes, event))
}

fn counter(causes: &Causes<'_>, event: EventNumber, host: Symbol) -> String {
    format!("`{}` {}", causes.execution.host_name(host), causes.execution.counter(causes.event(event), host))
}

fn has(causes: &Causes<'_>, event: EventNumber, host: Symbol) -> String {
    match causes.execution.counter(causes.event(event), host) {
        0 => format!("has no entry for `{}`", causes.execution.host_name(host)),
        _ => format!("has {}", counter(causes, event, host)),
    }
}

//! Finds events that are, by their clocks, causes of themselves.
//!
//! The log is played again: each host may go on as soon as everything that its next event has seen has happened. If all
//! come to their end there is an order that puts causes first; if not, following who waits for whom leads round.

use constellation_trace::Symbol;

use super::causes::{Causes, EventNumber};

/// One link of a cycle: an event, one that it has seen, and after that the link of the latter's host, whose event comes
/// no later there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Link {
    pub(super) event: EventNumber,
    pub(super) seen: EventNumber,
}

/// What came of playing a log again.
pub(super) struct Replayed {
    /// For each event how many happened before it; [`NEVER`] for those that did not happen.
    pub(super) happened: Vec<u32>,
    /// A cycle, if there is one, beginning with the event of the earliest line.
    pub(super) cycle: Option<Vec<Link>>,
}

/// When an event happened that could not.
pub(super) const NEVER: u32 = u32::MAX;

/// Plays a log again. O(events · entries).
pub(super) fn replay(causes: &Causes<'_>) -> Replayed {
    let mut replay = Replay::new(causes);
    while let Some(host) = replay.ready.pop() {
        replay.go_on(host);
    }
    let cycle = find(causes, &replay);
    Replayed { happened: replay.happened, cycle }
}

fn find(causes: &Causes<'_>, replay: &Replay<'_, '_>) -> Option<Vec<Link>> {
    let stuck = (0..causes.names()).find(|host| replay.next[*host] < causes.events(*host).len())?;
    // Whoever is stuck waits for one who is stuck, so after as many steps as there are hosts the walk is in a cycle.
    let follow = |host: usize| causes.event(replay.waits_for[host]).host.index();
    let start = (0..causes.names()).fold(stuck, |host, _| follow(host));
    let mut links = Vec::new();
    let mut host = start;
    loop {
        links.push(Link { event: causes.events(host)[replay.next[host]], seen: replay.waits_for[host] });
        host = follow(host);
        if host == start {
            break;
        }
    }
    let first = (0..links.len()).min_by_key(|place| causes.place(links[*place].event))?;
    links.rotate_left(first);
    Some(links)
}

struct Replay<'c, 'l> {
    causes: &'c Causes<'l>,
    /// For each host how many of its events have happened.
    next: Vec<usize>,
    /// How many entries of the next event's clock are known to have happened.
    entries: Vec<usize>,
    /// For each host the event that its next one waits for.
    waits_for: Vec<EventNumber>,
    /// For each event the first host that waits for it, and for each host the next one that waits for the same.
    first_waiting: Vec<Option<Symbol>>,
    next_waiting: Vec<Option<Symbol>>,
    ready: Vec<usize>,
    /// For each event how many happened before it.
    happened: Vec<u32>,
    count: u32,
}

impl<'c, 'l> Replay<'c, 'l> {
    fn new(causes: &'c Causes<'l>) -> Replay<'c, 'l> {
        let hosts = causes.names();
        Replay {
            causes,
            next: vec![0; hosts],
            entries: vec![0; hosts],
            waits_for: vec![0; hosts],
            first_waiting: vec![None; causes.execution.events().len()],
            next_waiting: vec![None; hosts],
            ready: (0..hosts).rev().collect(),
            happened: vec![NEVER; causes.execution.events().len()],
            count: 0,
        }
    }

    /// Lets events of a host happen until one must wait.
    fn go_on(&mut self, host: usize) {
        while let Some(&event) = self.causes.events(host).get(self.next[host]) {
            let stamped = self.causes.event(event);
            if let Some(cause) = self.missing(event, host) {
                self.waits_for[host] = cause;
                self.next_waiting[host] = self.first_waiting[cause as usize].replace(stamped.host);
                return;
            }
            self.next[host] += 1;
            self.entries[host] = 0;
            self.happened[event as usize] = self.count;
            // Cannot wrap: an execution has fewer than 2^32 events.
            self.count += 1;
            let mut waiting = self.first_waiting[event as usize].take();
            while let Some(other) = waiting {
                self.ready.push(other.index());
                waiting = self.next_waiting[other.index()].take();
            }
        }
    }

    /// The first event that this one has seen and that has not happened; events that do not exist are not waited for.
    fn missing(&mut self, event: EventNumber, host: usize) -> Option<EventNumber> {
        let stamped = self.causes.event(event);
        for (other, counter) in self.causes.execution.clock(stamped).skip(self.entries[host]) {
            if other != stamped.host
                && let Some(rank) = self.causes.rank(other, counter)
                && rank >= self.next[other.index()]
            {
                return Some(self.causes.events(other.index())[rank]);
            }
            self.entries[host] += 1;
        }
        None
    }
}

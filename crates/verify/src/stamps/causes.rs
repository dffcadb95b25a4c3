//! The causes of each event, as its clock names them, and whether the clock is their join.

use std::cmp::Reverse;

use constellation_trace::Symbol;
use constellation_trace::log::{Execution, LogEvent, Place};

use super::fault::Wrong;

/// The number of an event in its execution.
pub(super) type EventNumber = u32;

/// The events of each host in the order of their own counters.
pub(super) struct Causes<'l> {
    pub(super) execution: &'l Execution,
    /// For each name the events of that host, ascending by own counter, each counter once.
    by_host: Vec<Vec<EventNumber>>,
    /// Events whose own counter another event has, too, with that event.
    twice: Vec<(EventNumber, EventNumber)>,
    /// Events without a counter of their own, whose place at their host nobody knows.
    uncounted: Vec<EventNumber>,
    hosts: u64,
}

/// What came of holding each clock against its causes.
pub(super) struct Checked {
    /// Everything wrong but cycles.
    pub(super) wrong: Vec<Wrong>,
    /// The fewest messages that explain the clocks.
    pub(super) messages: u64,
}

impl<'l> Causes<'l> {
    pub(super) fn of(execution: &'l Execution) -> Causes<'l> {
        let mut by_host = vec![Vec::new(); execution.hosts().len()];
        for (number, event) in (0..).zip(execution.events()) {
            by_host[event.host.index()].push(number);
        }
        let hosts = by_host.iter().filter(|events| !events.is_empty()).count() as u64;
        let (twice, uncounted) = (Vec::new(), Vec::new());
        let mut causes = Causes { execution, by_host, twice, uncounted, hosts };
        for host in 0..causes.by_host.len() {
            let mut events = std::mem::take(&mut causes.by_host[host]);
            events.sort_by_key(|event| (causes.own(*event), *event));
            let mut last = None;
            events.retain(|event| {
                let own = causes.own(*event);
                match last {
                    _ if own == 0 => {
                        causes.uncounted.push(*event);
                        false
                    }
                    Some((first, counter)) if counter == own => {
                        causes.twice.push((*event, first));
                        false
                    }
                    _ => {
                        last = Some((*event, own));
                        true
                    }
                }
            });
            causes.by_host[host] = events;
        }
        causes
    }

    /// How many hosts have an event.
    pub(super) const fn hosts(&self) -> u64 {
        self.hosts
    }

    /// Whether a host has an event that does not count itself.
    pub(super) fn has_uncounted(&self, host: Symbol) -> bool {
        self.uncounted.iter().any(|event| self.event(*event).host == host)
    }

    /// How many names there are.
    pub(super) fn names(&self) -> usize {
        self.by_host.len()
    }

    /// The events of a host in the order of their own counters.
    pub(super) fn events(&self, host: usize) -> &[EventNumber] {
        &self.by_host[host]
    }

    pub(super) fn event(&self, event: EventNumber) -> LogEvent {
        self.execution.events()[event as usize]
    }

    pub(super) fn place(&self, event: EventNumber) -> Place {
        self.event(event).place
    }

    /// The counter of an event's own host.
    pub(super) fn own(&self, event: EventNumber) -> u64 {
        let event = self.event(event);
        self.execution.counter(event, event.host)
    }

    /// Which place among the events of its host the one with this own counter has. O(log n), mostly O(1).
    pub(super) fn rank(&self, host: Symbol, counter: u64) -> Option<usize> {
        let events = &self.by_host[host.index()];
        let guess = usize::try_from(counter.saturating_sub(1)).ok();
        let guess = guess.filter(|rank| events.get(*rank).is_some_and(|event| self.own(*event) == counter));
        guess.or_else(|| events.binary_search_by_key(&counter, |event| self.own(*event)).ok())
    }

    /// Whether of any two events one is before the other: their pasts have 1, 2, 3… events.
    ///
    /// Only for clocks that obey the rule, of which the sum is the number of events in the past.
    pub(super) fn are_total(&self) -> bool {
        let sum = |event: &LogEvent| {
            let counters = self.execution.clock(*event).map(|entry| u128::from(entry.1));
            counters.sum::<u128>()
        };
        let mut sums: Vec<u128> = self.execution.events().iter().map(sum).collect();
        sums.sort_unstable();
        self.hosts() > 1 && sums.iter().zip(1..).all(|(sum, expected)| *sum == expected)
    }

    /// Holds each clock against its causes; `happened` says when each event happened, as [`super::cycle::replay`] found.
    pub(super) fn check(&self, happened: &[u32]) -> Checked {
        let mut wrong: Vec<Wrong> =
            self.twice.iter().map(|&(event, first)| Wrong::Twice { event, first }).collect();
        let mut join = Join { counters: vec![0; self.by_host.len()], touched: Vec::new() };
        let mut messages: u64 = 0;
        for events in &self.by_host {
            let mut previous = None;
            for &event in events {
                let (own, before) = (self.own(event), previous.map_or(0, |previous| self.own(previous)));
                // Cannot wrap: events are ascending by own counter.
                match previous {
                    None if own != 1 => wrong.push(Wrong::Start { event }),
                    Some(previous) if own - before != 1 => wrong.push(Wrong::Gap { event, previous }),
                    _ => {}
                }
                match self.check_join(event, previous, happened, &mut join) {
                    Ok(more) => messages = messages.saturating_add(more),
                    Err(found) => wrong.push(found),
                }
                join.clear();
                previous = Some(event);
            }
        }
        for &event in &self.uncounted {
            wrong.push(Wrong::NoOwn { event });
            // What it has seen can be judged, though not what its host had seen before.
            wrong.extend(self.check_join(event, None, happened, &mut join).err());
            join.clear();
        }
        Checked { wrong, messages }
    }

    /// Whether the foreign counters of an event are the join of its causes; if so, from how many messages.
    ///
    /// O(k log k) for k entries, and as much for the clock of each message.
    fn check_join(
        &self,
        event: EventNumber,
        previous: Option<EventNumber>,
        happened: &[u32],
        join: &mut Join,
    ) -> Result<u64, Wrong> {
        let log = self.execution;
        let clock = self.event(event);
        if let Some(previous) = previous {
            join.raise(log.clock(self.event(previous)), clock.host);
            if let Some(host) = self.forgotten(clock, self.event(previous)) {
                return Err(Wrong::Back { event, previous, host });
            }
        }
        let mut risen: Vec<(Symbol, u64, EventNumber)> = Vec::new();
        for (host, counter) in log.clock(clock).filter(|(host, _)| *host != clock.host) {
            if counter > join.counters[host.index()] {
                let rank = self.rank(host, counter).ok_or(Wrong::UnknownEvent { event, host, counter })?;
                risen.push((host, counter, self.by_host[host.index()][rank]));
            }
        }
        // Latest first: no cause that is left has seen one that was taken, so each that is not yet joined sent a message.
        risen.sort_by_key(|(.., cause)| Reverse(happened[*cause as usize]));
        let mut messages: u64 = 0;
        for (host, counter, cause) in risen {
            if counter <= join.counters[host.index()] {
                continue;
            }
            messages = messages.saturating_add(1);
            join.raise(log.clock(self.event(cause)), clock.host);
            let mut seen = log.clock(self.event(cause));
            if let Some((host, _)) =
                seen.find(|(host, counter)| *host != clock.host && log.counter(clock, *host) < *counter)
            {
                return Err(Wrong::Lacks { event, cause, host });
            }
        }
        Ok(messages)
    }

    /// The first foreign host of which `cause` had seen more than `event` has. Both are walked once, side by side.
    fn forgotten(&self, event: LogEvent, cause: LogEvent) -> Option<Symbol> {
        let mut has = self.execution.clock(event).peekable();
        let mut had = self.execution.clock(cause).filter(|(host, _)| *host != event.host);
        had.find_map(|(host, counter)| {
            while has.next_if(|(other, _)| *other < host).is_some() {}
            let known = has.peek().filter(|(other, _)| *other == host).map_or(0, |(_, known)| *known);
            (known < counter).then_some(host)
        })
    }
}

/// A vector under construction: dense, cleared by what was touched.
struct Join {
    counters: Vec<u64>,
    touched: Vec<Symbol>,
}

impl Join {
    fn raise(&mut self, clock: impl Iterator<Item = (Symbol, u64)>, except: Symbol) {
        for (host, counter) in clock.filter(|(host, _)| *host != except) {
            let old = &mut self.counters[host.index()];
            if *old == 0 {
                self.touched.push(host);
            }
            *old = (*old).max(counter);
        }
    }

    fn clear(&mut self) {
        for host in self.touched.drain(..) {
            self.counters[host.index()] = 0;
        }
    }
}

//! The causes of each event, as its clock names them, and whether the clock is their join.

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
    messages: u64,
    wrong: Vec<Wrong>,
}

impl<'l> Causes<'l> {
    pub(super) fn of(execution: &'l Execution) -> Causes<'l> {
        let mut by_host = vec![Vec::new(); execution.hosts().len()];
        for (number, event) in (0..).zip(execution.events()) {
            by_host[event.host.index()].push(number);
        }
        let mut causes = Causes { execution, by_host, twice: Vec::new(), messages: 0, wrong: Vec::new() };
        for host in 0..causes.by_host.len() {
            let mut events = std::mem::take(&mut causes.by_host[host]);
            events.sort_by_key(|event| (causes.own(*event), *event));
            let mut last = None;
            events.retain(|event| {
                let own = causes.own(*event);
                match last {
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
        causes.check();
        causes
    }

    /// Everything wrong but cycles.
    pub(super) fn wrong(&self) -> Vec<Wrong> {
        self.wrong.clone()
    }

    /// The fewest messages that explain the clocks.
    pub(super) const fn messages(&self) -> u64 {
        self.messages
    }

    /// How many hosts have an event.
    pub(super) fn hosts(&self) -> u64 {
        self.by_host.iter().filter(|events| !events.is_empty()).count() as u64
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

    fn check(&mut self) {
        let twice = self.twice.iter().map(|&(event, first)| match self.own(event) {
            0 => Wrong::NoOwn { event },
            _ => Wrong::Twice { event, first },
        });
        let mut wrong: Vec<Wrong> = twice.collect();
        let mut join = Join { counters: vec![0; self.by_host.len()], touched: Vec::new() };
        for host in 0..self.by_host.len() {
            let mut previous = None;
            for &event in &self.by_host[host] {
                let (own, before) = (self.own(event), previous.map_or(0, |previous| self.own(previous)));
                // Cannot wrap: events are ascending by own counter.
                match previous {
                    _ if own == 0 => wrong.push(Wrong::NoOwn { event }),
                    None if own != 1 => wrong.push(Wrong::Start { event }),
                    Some(previous) if own - before != 1 => wrong.push(Wrong::Gap { event, previous }),
                    _ => {}
                }
                match self.check_join(event, previous, &mut join) {
                    Ok(messages) => self.messages = self.messages.saturating_add(messages),
                    Err(found) => wrong.push(found),
                }
                join.clear();
                previous = Some(event);
            }
        }
        self.wrong = wrong;
    }

    /// Whether the foreign counters of an event are the join of its causes; if so, from how many messages.
    fn check_join(
        &self,
        event: EventNumber,
        previous: Option<EventNumber>,
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
        let mut messages: u64 = 0;
        while let Some(&first) = risen.first() {
            // Of all causes left, one that no other has seen: a single pass finds it, since "has seen" is transitive.
            let latest = risen.iter().fold(first, |latest, cause| {
                let has_seen = log.counter(self.event(cause.2), latest.0) >= latest.1;
                if has_seen { *cause } else { latest }
            });
            messages = messages.saturating_add(1);
            join.raise(log.clock(self.event(latest.2)), clock.host);
            if let Some(host) = self.forgotten(clock, self.event(latest.2)) {
                return Err(Wrong::Lacks { event, cause: latest.2, host });
            }
            risen.retain(|(host, counter, _)| *counter > join.counters[host.index()]);
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

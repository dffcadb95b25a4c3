//! A log with vector clocks as a run: a node a host, its events in the order of their own counters, their clocks as claims.
//!
//! Such a log has no messages. An arrow leads to an event from each event of another host that its clock newly names, unless
//! another of these has seen it, too: the fewest arrows that explain the clocks, if they can be explained. Where they cannot,
//! they are drawn as far as they go: an event that does not exist sends no arrow, and where arrows would lead round, those
//! that would close the circle are left out, which is said.
//!
//! There are no times either, so that an event stands a step after the last of its causes.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use constellation_trace::log::{Execution, LogEvent};
use constellation_trace::{Action, Claim, Entry, EventId, NodeId, Symbol, TraceError, TrueTime, WallTime};

use super::{Imported, trace_of};
use crate::edge::Edge;
use crate::export::counted;

/// What a log of clocks alone does not tell.
const NO_TIMES: &str = "when anything happened: an event stands one step after the last of its causes";
const NO_MESSAGES: &str = "what was sent: an arrow leads from an event that a clock newly names, and there are as few as \
                           explain the clocks; a message that told nothing new has none";

/// Makes a run of an execution. O(entries of clocks + n log n), and for each event as many steps more as pairs of hosts are
/// news to it.
///
/// # Errors
/// [`TraceError::Full`] for what 32 bits cannot number.
pub fn import(execution: &Execution) -> Result<Imported, TraceError> {
    let hosts = Hosts::of(execution);
    let order = Order::of(&hosts);
    let mut trace = trace_of(hosts.lanes.iter().map(|lane| execution.host_name(lane.host).to_owned()))?;
    // Causes first, and what is of one step in the order of the lines.
    let mut sorted: Vec<u32> = (0..).take(execution.events().len()).collect();
    sorted.sort_by_key(|event| (order.step[*event as usize], *event));
    let mut events = vec![EventId::new(0); sorted.len()];
    for event in sorted {
        let logged = execution.events()[event as usize];
        let node = hosts.lane_of[logged.host.index()].expect("it has an event");
        let label = label(execution, logged);
        let claims = claims(execution, logged);
        let at = TrueTime::from_ms(u64::from(order.step[event as usize]));
        let entry =
            Entry { label: &label, claims: &claims, ..Entry::new(NodeId::new(node), at, Action::Local) };
        events[event as usize] = trace.record(entry)?;
    }
    let edge = |(from, to): &(u32, u32)| Edge {
        from: events[*from as usize],
        to: events[*to as usize],
        why: "clock".to_owned(),
    };
    let edges = order.arrows.iter().map(edge).collect();
    let mut remarks = Vec::new();
    let mut unknown = Vec::new();
    if order.closing > 0 {
        unknown.push(format!(
            "which clock is wrong of those that lead round: {} that would close a circle {} not drawn",
            counted(order.closing, "arrow"),
            if order.closing == 1 { "is" } else { "are" }
        ));
    }
    let unreadable = execution.unreadable().len();
    if unreadable > 0 {
        remarks.push(format!(
            "{} that cannot be read, of events that are not drawn",
            counted(unreadable, "clock")
        ));
    }
    unknown.extend([NO_TIMES, NO_MESSAGES].map(str::to_owned));
    Ok(Imported { trace, edges, lanes: None, events, remarks, unknown })
}

fn label(execution: &Execution, event: LogEvent) -> String {
    let mut label = execution.text(event).to_owned();
    let fields = execution.fields(event).filter(|(name, value)| wall(name, value).is_none());
    let fields: Vec<String> = fields.map(|(name, value)| format!("{name} {value}")).collect();
    if !fields.is_empty() {
        label.push_str(&format!(" ({})", fields.join(", ")));
    }
    label
}

fn claims(execution: &Execution, event: LogEvent) -> Vec<Claim> {
    let entries = execution.clock(event).map(|(host, count)| (execution.host_name(host).to_owned(), count));
    let mut claims = vec![Claim::Vector(entries.collect())];
    claims.extend(execution.fields(event).find_map(|(name, value)| wall(name, value)).map(Claim::Wall));
    claims
}

/// What a wall clock showed, where the log says so as GoVector does: in nanoseconds since 1970.
fn wall(name: &str, value: &str) -> Option<WallTime> {
    /// In 1973; a smaller number counts something else.
    const NS_MIN: u64 = 100_000_000_000_000_000;
    let ns = value.parse().ok().filter(|ns| name == "timestamp" && *ns >= NS_MIN)?;
    Some(WallTime::from_ns(ns))
}

/// The events of a host, in the order of their own counters, each with that counter.
struct LaneOf {
    host: Symbol,
    events: Vec<u32>,
    counters: Vec<u64>,
}

/// The hosts that have events.
struct Hosts<'l> {
    execution: &'l Execution,
    lanes: Vec<LaneOf>,
    /// For each name its place among the lanes, if it has events.
    lane_of: Vec<Option<u32>>,
}

impl<'l> Hosts<'l> {
    fn of(execution: &'l Execution) -> Hosts<'l> {
        let mut lane_of: Vec<Option<u32>> = vec![None; execution.hosts().len()];
        let mut lanes: Vec<LaneOf> = Vec::new();
        // An event that does not count itself stands behind those that do before it in the log.
        let mut highest: Vec<u64> = Vec::new();
        let mut keys = vec![0_u64; execution.events().len()];
        for (number, event) in (0_u32..).zip(execution.events()) {
            let place = *lane_of[event.host.index()].get_or_insert_with(|| {
                lanes.push(LaneOf { host: event.host, events: Vec::new(), counters: Vec::new() });
                highest.push(0);
                u32::try_from(lanes.len() - 1).expect("there are no more lanes than events")
            }) as usize;
            let own = execution.counter(*event, event.host);
            highest[place] = highest[place].max(own);
            keys[number as usize] = if own == 0 { highest[place] } else { own };
            lanes[place].events.push(number);
        }
        for lane in &mut lanes {
            let own = |event: &u32| execution.counter(execution.events()[*event as usize], lane.host);
            lane.events.sort_by_key(|event| (keys[*event as usize], own(event) == 0, *event));
            lane.counters = lane.events.iter().map(|event| keys[*event as usize]).collect();
        }
        Hosts { execution, lanes, lane_of }
    }

    fn event(&self, event: u32) -> LogEvent {
        self.execution.events()[event as usize]
    }

    /// The first event of a host that has this own counter.
    fn find(&self, host: Symbol, counter: u64) -> Option<u32> {
        let lane = &self.lanes[self.lane_of[host.index()]? as usize];
        // Those that count themselves stand before those that do not.
        let place = lane.counters.partition_point(|own| *own < counter);
        let event = *lane.events.get(place)?;
        (self.execution.counter(self.event(event), host) == counter).then_some(event)
    }

    /// The events of other hosts that a clock newly names, beside that of the event before it at its host.
    fn news(&self, event: u32, previous: Option<u32>) -> Vec<u32> {
        let logged = self.event(event);
        let known = |host| previous.map_or(0, |previous| self.execution.counter(self.event(previous), host));
        let clock = self.execution.clock(logged);
        let news = clock.filter(|(host, counter)| *host != logged.host && *counter > known(*host));
        news.filter_map(|(host, counter)| self.find(host, counter)).collect()
    }
}

/// In which order the events of a log may have happened, and by which arrows.
struct Order {
    /// For each event how many stand before it on the longest way to it, itself included.
    step: Vec<u32>,
    /// From which event to which.
    arrows: Vec<(u32, u32)>,
    /// How many arrows are left out since they would lead round.
    closing: usize,
}

/// What is still to happen.
struct Waiting {
    /// For each event its causes at other hosts.
    news: Vec<Vec<u32>>,
    /// For each event how many of its causes have not happened, the event before it at its host included.
    missing: Vec<u32>,
    /// For each event who waits for it.
    waiting: Vec<Vec<u32>>,
}

impl Order {
    fn of(hosts: &Hosts<'_>) -> Order {
        let count = hosts.execution.events().len();
        let mut waits = Waiting {
            news: vec![Vec::new(); count],
            missing: vec![0; count],
            waiting: vec![Vec::new(); count],
        };
        for lane in &hosts.lanes {
            let mut previous = None;
            for &event in &lane.events {
                let news = hosts.news(event, previous);
                for &cause in news.iter().chain(&previous) {
                    waits.waiting[cause as usize].push(event);
                    waits.missing[event as usize] += 1;
                }
                waits.news[event as usize] = news;
                previous = Some(event);
            }
        }
        let mut order = Order { step: vec![0; count], arrows: Vec::new(), closing: 0 };
        order.play(hosts, waits);
        order
    }

    /// Lets each event happen as soon as its causes have; where none can, the first line of those that wait only for others'
    /// events does without them.
    fn play(&mut self, hosts: &Hosts<'_>, mut waits: Waiting) {
        let ready = |missing: &[u32]| {
            let is_free = |event: &u32| missing[*event as usize] == 0;
            (0..).take(missing.len()).filter(is_free).map(Reverse).collect::<BinaryHeap<_>>()
        };
        let mut ready = ready(&waits.missing);
        let mut next = vec![0; hosts.lanes.len()];
        // Of each host the event that happens next.
        let mut fronts: BTreeSet<u32> =
            hosts.lanes.iter().filter_map(|lane| lane.events.first().copied()).collect();
        loop {
            while let Some(Reverse(event)) = ready.pop() {
                fronts.remove(&event);
                fronts.extend(self.happen(hosts, &mut waits, &mut next, event));
                for after in std::mem::take(&mut waits.waiting[event as usize]) {
                    let missing = &mut waits.missing[after as usize];
                    // One that did without its causes waits for none any more.
                    if *missing > 0 {
                        *missing -= 1;
                        if *missing == 0 {
                            ready.push(Reverse(after));
                        }
                    }
                }
            }
            let Some(&first) = fronts.first() else { return };
            // Those of its causes that have not happened can only do so after it.
            let news = &mut waits.news[first as usize];
            let all = news.len();
            news.retain(|cause| self.step[*cause as usize] > 0);
            self.closing += all - news.len();
            waits.missing[first as usize] = 0;
            ready.push(Reverse(first));
        }
    }

    /// Lets an event happen, and returns the next one of its host.
    fn happen(
        &mut self,
        hosts: &Hosts<'_>,
        waits: &mut Waiting,
        next: &mut [usize],
        event: u32,
    ) -> Option<u32> {
        let lane = hosts.lane_of[hosts.event(event).host.index()].expect("it has an event") as usize;
        let place = next[lane];
        next[lane] += 1;
        let previous = place.checked_sub(1).map(|place| hosts.lanes[lane].events[place]);
        let mut news = std::mem::take(&mut waits.news[event as usize]);
        let latest = news.iter().chain(&previous).map(|cause| self.step[*cause as usize]).max();
        // Cannot wrap: a step an event, at most.
        self.step[event as usize] = latest.unwrap_or(0) + 1;
        // Latest first: none that is left has seen one that was taken.
        news.sort_by_key(|cause| Reverse((self.step[*cause as usize], *cause)));
        let mut is_seen = vec![false; news.len()];
        // A clock names a host once, so that each cause is of another.
        let place_of: BTreeMap<Symbol, usize> =
            news.iter().enumerate().map(|(place, cause)| (hosts.event(*cause).host, place)).collect();
        for (place, &cause) in news.iter().enumerate() {
            if is_seen[place] {
                continue;
            }
            self.arrows.push((cause, event));
            let taken = hosts.event(cause);
            let own = |place: usize| {
                let named = hosts.event(news[place]);
                (named.host, hosts.execution.counter(named, named.host))
            };
            // The shorter of the two lists, since a clock may name thousands.
            let left = place + 1..news.len();
            let clock = hosts.execution.clock(taken);
            if clock.len() < left.len() {
                for (host, counter) in clock {
                    if let Some(&other) = place_of.get(&host) {
                        is_seen[other] |= counter >= own(other).1;
                    }
                }
            } else {
                for other in left {
                    let (host, own) = own(other);
                    is_seen[other] = is_seen[other] || hosts.execution.counter(taken, host) >= own;
                }
            }
        }
        hosts.lanes[lane].events.get(next[lane]).copied()
    }
}

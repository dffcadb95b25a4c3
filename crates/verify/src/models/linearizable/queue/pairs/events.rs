//! What is looked at of a queue in the order of time, and how much of what was before matters there.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What is looked at in the order of time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    pub(super) kind: Kind,
    pub(super) invoked: u64,
    pub(super) returned: u64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// This value was taken, or nobody knows which one. If no later one of its kind lies within it, it comes before them.
    Taken(Option<u32>, Later),
    /// Something may have been taken at any time from now on.
    Lost,
    /// Nothing was there at some moment of what ends here.
    Empty,
    /// So it was if what the event of this number took was nothing.
    Checked(usize),
}

/// Whether one that took the same begins later and is over before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Later {
    Within,
    After,
}

impl Event {
    /// When it is looked at.
    pub(super) fn at(self) -> u64 {
        match self.kind {
            Kind::Taken(..) | Kind::Lost => self.invoked,
            Kind::Empty | Kind::Checked(_) => self.returned,
        }
    }
}

/// Events in the order in which they are looked at: what is empty after all that could have begun to take something by then.
pub(super) fn in_order(mut events: Vec<Event>) -> Vec<Event> {
    let rank = |event: &Event| (event.at(), u8::from(matches!(event.kind, Kind::Empty | Kind::Checked(_))));
    events.sort_by_key(rank);
    // Who took nobody knows what may have found nothing, which the end of it tells.
    let unknown: Vec<(u64, u64)> = events
        .iter()
        .filter(|event| matches!(event.kind, Kind::Taken(None, _)))
        .map(|event| (event.invoked, event.returned))
        .collect();
    events.extend(unknown.iter().map(|(invoked, returned)| Event {
        kind: Kind::Checked(0),
        invoked: *invoked,
        returned: *returned,
    }));
    events.sort_by_key(rank);
    // Those that end at one time stand in the order in which they began, as those do that they are of.
    let mut of: BTreeMap<(u64, u64), Vec<usize>> = BTreeMap::new();
    let mut earliest: BTreeMap<Option<u32>, u64> = BTreeMap::new();
    let mut first = u64::MAX;
    for nth in (0..events.len()).rev() {
        let Event { kind, invoked, returned } = events[nth];
        let Kind::Taken(value, _) = kind else { continue };
        if value.is_none() {
            of.entry((invoked, returned)).or_default().push(nth);
        }
        let least = |value: Option<u32>| earliest.get(&value).copied().unwrap_or(u64::MAX);
        // Whoever took nobody knows what may have taken the same as any.
        let later = match value {
            Some(_) => least(value).min(least(None)),
            None => first,
        };
        let later = if later < returned { Later::Within } else { Later::After };
        events[nth].kind = Kind::Taken(value, later);
        let least = earliest.entry(value).or_insert(u64::MAX);
        *least = (*least).min(returned);
        first = first.min(returned);
    }
    for event in &mut events {
        if let Kind::Checked(taken) = &mut event.kind {
            let places = of.get_mut(&(event.invoked, event.returned)).and_then(Vec::pop);
            *taken = places.expect("each is of one of those");
        }
    }
    events
}

/// How far back it matters at an event what was chosen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Since {
    /// From this event on, and of those
    pub(super) first: usize,
    /// only those that are under way or began after this time.
    pub(super) after: u64,
}

/// O(n log n): only the first of those who are under way is asked for, so whoever is over goes when it is the first.
pub(super) fn since(events: &[Event]) -> Vec<Since> {
    let mut under_way: VecDeque<usize> = VecDeque::new();
    let mut empty: Vec<(u64, u64)> = events
        .iter()
        .filter(|event| matches!(event.kind, Kind::Empty | Kind::Checked(_)))
        .map(|event| (event.invoked, event.returned))
        .collect();
    empty.sort_unstable();
    let mut begun = empty.into_iter().peekable();
    let mut pending: BTreeSet<(u64, u64)> = BTreeSet::new();
    let mut all = Vec::with_capacity(events.len());
    for (nth, event) in events.iter().enumerate() {
        let now = event.at();
        while let Some(next) = begun.next_if(|(invoked, _)| *invoked < now) {
            pending.insert(next);
        }
        while pending.first().is_some_and(|(_, returned)| *returned < now) {
            pending.pop_first();
        }
        while under_way.front().is_some_and(|before| events[*before].returned < now) {
            under_way.pop_front();
        }
        let after = pending.first().map_or(u64::MAX, |(invoked, _)| *invoked);
        let told = events[..nth].partition_point(|event| event.at() <= after);
        let first = under_way.front().copied().unwrap_or(nth).min(told);
        all.push(Since { first, after });
        if matches!(event.kind, Kind::Taken(..)) {
            under_way.push_back(nth);
        }
    }
    all
}

/// For each event how many begin to take something after it while it is under way. O(n log n).
pub(super) fn beginning(events: &[Event]) -> Vec<usize> {
    let mut count = 0;
    let taken = events.iter().map(|event| {
        count += usize::from(matches!(event.kind, Kind::Taken(..)));
        count
    });
    let taken: Vec<usize> = taken.collect();
    let until = |time: u64| events.partition_point(|event| event.at() <= time);
    let all = events.iter().zip(&taken).map(|(event, before)| {
        until(event.returned).checked_sub(1).map_or(0, |last| taken[last].saturating_sub(*before))
    });
    all.collect()
}

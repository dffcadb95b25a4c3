//! Which events have a claim, findable by process and past, and which pairs of them are looked at when not all can be.

use constellation_trace::{ClaimKind, ClaimRef, EventId, ProcessId};

use crate::order::{Cause, Order};

/// The events of a trace that have a claim of one kind. 12 bytes an event.
pub(super) struct Claimed<'o, 't> {
    order: &'o Order<'t>,
    kind: ClaimKind,
    /// In the order of recording.
    events: Vec<EventId>,
    /// Process after process.
    lanes: Vec<EventId>,
    /// How many of the first events, counted process after process, have a claim.
    ranks: Vec<u32>,
}

impl<'o, 't> Claimed<'o, 't> {
    pub(super) fn of(order: &'o Order<'t>, kind: ClaimKind) -> Claimed<'o, 't> {
        let trace = order.trace();
        let events: Vec<EventId> = trace.claims(kind).map(|(event, _)| event).collect();
        let mut ranks = vec![0; trace.events().len() + 1];
        for event in &events {
            ranks[order.slot(*event) + 1] = 1;
        }
        for slot in 1..ranks.len() {
            ranks[slot] += ranks[slot - 1];
        }
        let mut lanes = vec![EventId::new(0); events.len()];
        for event in &events {
            lanes[ranks[order.slot(*event)] as usize] = *event;
        }
        Claimed { order, kind, events, lanes, ranks }
    }

    /// In the order of recording.
    pub(super) fn events(&self) -> &[EventId] {
        &self.events
    }

    pub(super) fn claim(&self, event: EventId) -> ClaimRef<'t> {
        self.order.trace().claim(event, self.kind).expect("only claimed events are asked for")
    }

    /// How many claimed events of `process` happened before `event` or are it.
    pub(super) fn known(&self, event: EventId, process: ProcessId) -> u32 {
        let start = self.order.lane_start(process);
        let past = self.order.past(event)[process.index()] as usize;
        self.ranks[start + past] - self.ranks[start]
    }

    /// The claimed event of `process` with this number, from 1.
    pub(super) fn nth(&self, process: ProcessId, number: u64) -> Option<EventId> {
        let lane = self.lane(process);
        lane.get(usize::try_from(number.checked_sub(1)?).ok()?).copied()
    }

    /// The last claimed event of `process` that happened before `event`.
    fn last_before(&self, event: EventId, process: ProcessId) -> Option<EventId> {
        let is_own = self.order.trace().event(event).process == process;
        let known = self.known(event, process).checked_sub(u32::from(is_own))?;
        self.nth(process, u64::from(known))
    }

    /// The claimed events next before `event`: in its process, and in that of its other cause.
    pub(super) fn neighbours(&self, event: EventId) -> [Option<EventId>; 2] {
        let trace = self.order.trace();
        let own = self.last_before(event, trace.event(event).process);
        let cause = Cause::of(trace, event).map(Cause::event);
        let other = cause.and_then(|cause| {
            let process = trace.event(cause).process;
            self.nth(process, u64::from(self.known(cause, process)))
        });
        [own, other.filter(|other| Some(*other) != own)]
    }

    fn lane(&self, process: ProcessId) -> &[EventId] {
        let start = self.order.lane_start(process);
        let end = start + self.order.lane(process).len();
        &self.lanes[self.ranks[start] as usize..self.ranks[end] as usize]
    }
}

/// How many pairs `count` things make; `count` is below 2^32.
pub(super) fn pairs_of(count: u64) -> u64 {
    // Cannot wrap: the product of two numbers below 2^32 is below 2^64.
    count * count.saturating_sub(1) / 2
}

/// Every pair of places below a count, each once, in an order that spreads any first few evenly over all.
///
/// Steps of the golden ratio of the number of pairs, taken modulo that number (Weyl 1916): no luck is needed.
pub(super) struct Sample {
    total: u64,
    step: u64,
    next: u64,
    left: u64,
}

impl Sample {
    pub(super) fn of(count: usize) -> Sample {
        let total = pairs_of(count as u64);
        let near_golden = u128::from(total) * 618_033_989 / 1_000_000_000;
        let mut step = u64::try_from(near_golden).expect("a part of a u64 is one").max(1);
        // Without a common factor the steps meet each pair once; 1 has none, so this ends, and soon in practice.
        while greatest_common_divisor(step, total) > 1 {
            step -= 1;
        }
        Sample { total, step, next: 0, left: total }
    }

    /// The pair with this number when (0, 1), (0, 2), (1, 2), (0, 3), … are counted from 0.
    fn pair(number: u64) -> (usize, usize) {
        // In 128 bits: eight times a count of pairs may exceed 64.
        let root = (u128::from(number) * 8 + 1).isqrt();
        let later = u64::try_from(root.div_ceil(2)).expect("the root of a u64 times 8 is below 2^34");
        let later = if pairs_of(later) > number { later - 1 } else { later };
        let place = |number: u64| usize::try_from(number).expect("it is a place in a list that is in memory");
        (place(number - pairs_of(later)), place(later))
    }
}

impl Iterator for Sample {
    type Item = (usize, usize);

    fn next(&mut self) -> Option<(usize, usize)> {
        self.left = self.left.checked_sub(1)?;
        let pair = Sample::pair(self.next);
        let next = (u128::from(self.next) + u128::from(self.step)) % u128::from(self.total);
        self.next = u64::try_from(next).expect("a remainder is below its divisor");
        Some(pair)
    }
}

fn greatest_common_divisor(one: u64, other: u64) -> u64 {
    if other == 0 { one } else { greatest_common_divisor(other, one % other) }
}

#[cfg(test)]
mod tests {
    use super::Sample;

    #[test]
    fn a_sample_meets_each_pair_once() {
        for count in 0..40_usize {
            let mut pairs: Vec<_> = Sample::of(count).collect();
            pairs.sort_by_key(|(earlier, later)| (*later, *earlier));
            let all: Vec<_> =
                (0..count).flat_map(|later| (0..later).map(move |earlier| (earlier, later))).collect();
            assert_eq!(pairs, all);
        }
    }

    #[test]
    fn a_sample_of_the_largest_trace_does_not_overflow() {
        let count = u32::MAX as usize;
        let (earlier, later) = Sample::of(count).nth(1000).expect("there are more pairs");
        assert!(earlier < later && later < count, "{earlier} {later}");
        assert_eq!(Sample::pair(super::pairs_of(count as u64) - 1), (count - 2, count - 1));
    }
}

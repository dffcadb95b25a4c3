//! What a link with limits does to a message before it goes out: lets it wait, or does not take it.

use std::collections::VecDeque;
use std::num::{NonZeroU32, NonZeroU64};
use std::time::Duration;

use constellation_trace::{Loss, TrueTime, Wait};

use crate::choices::Odds;
use crate::contacts::{Contacts, Flap, Outside, Pass};
use crate::network::{Link, Rate};

/// What few links have: whatever limits or spoils messages, beside time and plain loss.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Limits {
    pub(crate) corrupt_seen: Odds,
    pub(crate) corrupt_unseen: Odds,
    size_max: Option<NonZeroU32>,
    rate: Option<Rate>,
    contacts: Option<Contacts>,
}

impl Limits {
    const NONE: Limits = Limits {
        corrupt_seen: Odds::NEVER,
        corrupt_unseen: Odds::NEVER,
        size_max: None,
        rate: None,
        contacts: None,
    };

    /// Those of a link, if it has any.
    pub(crate) fn of(link: Link, contacts: Option<Contacts>) -> Option<Limits> {
        let Link { corrupt_seen, corrupt_unseen, size_max, rate, .. } = link;
        let limits = Limits { corrupt_seen, corrupt_unseen, size_max, rate, contacts };
        (limits != Limits::NONE).then_some(limits)
    }

    /// The same, or those of a link without any, in these contacts.
    pub(crate) fn in_contacts(limits: Option<&Limits>, contacts: Contacts) -> Limits {
        let limits = limits.cloned().unwrap_or(Limits::NONE);
        Limits { contacts: Some(contacts), ..limits }
    }

    /// How likely it goes down in a period.
    pub(crate) fn flap_odds(&self) -> Odds {
        self.contacts.as_ref().and_then(Contacts::flap).map_or(Odds::NEVER, |flap| flap.odds)
    }

    /// Whether the length of a message makes a difference.
    pub(crate) fn depend_on_bytes(&self) -> bool {
        let passes = self.contacts.as_ref().and_then(Contacts::passes).unwrap_or_default();
        self.size_max.is_some() || self.rate.is_some() || passes.iter().any(|pass| pass.rate.is_some())
    }

    /// How long so many bytes take to go out in a pass, in nanoseconds.
    fn takes_ns(&self, bytes: u32, pass: Option<Pass>) -> u64 {
        let rate = pass.and_then(|pass| pass.rate).or(self.rate.map(|rate| rate.bytes_per_second));
        rate.map_or(0, |rate| takes_ns(bytes, rate))
    }
}

/// How long so many bytes take, rounded up. Saturating: 584 years are the end of time.
fn takes_ns(bytes: u32, rate: NonZeroU64) -> u64 {
    let second = 1_000_000_000;
    u64::try_from((u128::from(bytes) * second).div_ceil(u128::from(rate.get()))).unwrap_or(u64::MAX)
}

/// What stands in front of one directed link.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    /// When the last of those that the link took is out.
    is_free_at: TrueTime,
    /// When each of those that wait begins to go out, and its bytes; in order.
    queue: VecDeque<(TrueTime, u32)>,
    queued_bytes: u64,
    /// The periods that were asked about, from the present one on, ascending, and whether the link is down in them.
    periods: Vec<(u64, State)>,
}

/// Whether a link goes down in a period.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Up,
    Down,
}

/// When a message goes out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Slot {
    pub(crate) begins: TrueTime,
    pub(crate) is_out: TrueTime,
}

/// How many passes and periods one message looks ahead: what would wait for longer is lost.
pub(crate) const LOOK_AHEAD_MAX: u32 = 1_000;

/// Until when a link has limits.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    pub(crate) now: TrueTime,
    /// When everything heals; at the end of time if never.
    pub(crate) end: TrueTime,
}

impl Lane {
    /// Takes a message of so many bytes, and says when it goes out; or does not take it, and says why.
    ///
    /// `goes_down` answers for a period of the flap whether the link goes down in it. Costs a step for each pass or
    /// period that goes by until the message is out, at most [`LOOK_AHEAD_MAX`].
    pub(crate) fn admit(
        &mut self,
        limits: &Limits,
        bytes: u32,
        span: Span,
        goes_down: impl FnMut(u64) -> bool,
    ) -> Result<(Slot, Option<Wait>), Loss> {
        let Span { now, end } = span;
        if limits.size_max.is_some_and(|size_max| bytes > size_max.get()) {
            return Err(Loss::TooLong);
        }
        self.forget(now, limits);
        // What has no length waits for no other.
        let start = if bytes == 0 { now } else { now.max(self.is_free_at) };
        let slot = self.slot(limits, bytes, Span { now: start, end }, goes_down).ok_or(Loss::NoContact)?;
        let waits = slot.begins > now;
        if let (Some(rate), true) = (limits.rate, waits) {
            // Cannot wrap: at most 2^32 messages of less than 2^32 bytes.
            let queued_bytes = self.queued_bytes + u64::from(bytes);
            if queued_bytes > rate.queue_bytes_max {
                return Err(Loss::QueueFull);
            }
            self.queue.push_back((slot.begins, bytes));
            self.queued_bytes = queued_bytes;
        }
        if bytes > 0 {
            self.is_free_at = slot.is_out;
        }
        // What takes no time is in nobody's way, so where one is told of a queue the link has a rate.
        let is_down = limits.contacts.is_some() && (slot.begins > start || slot.begins == slot.is_out);
        Ok((slot, waits.then_some(if is_down { Wait::Link } else { Wait::Queue })))
    }

    /// Forgets what is past.
    fn forget(&mut self, now: TrueTime, limits: &Limits) {
        while let Some((_, bytes)) = self.queue.pop_front_if(|(begins, _)| *begins <= now) {
            self.queued_bytes -= u64::from(bytes);
        }
        if let Some(flap) = limits.contacts.as_ref().and_then(Contacts::flap) {
            let period = now.ns() / period_ns(flap);
            let past = self.periods.partition_point(|(asked, _)| *asked < period);
            self.periods.drain(..past);
        }
    }

    /// When a message that could begin at `span.now` goes out, if ever; at the end of limits at the latest.
    fn slot(
        &mut self,
        limits: &Limits,
        bytes: u32,
        span: Span,
        mut goes_down: impl FnMut(u64) -> bool,
    ) -> Option<Slot> {
        let Span { now: start, end } = span;
        let Some(contacts) = &limits.contacts else {
            let is_out = after(start, limits.takes_ns(bytes, None)).min(end.max(start));
            return Some(Slot { begins: start, is_out });
        };
        let mut begins = start;
        let mut budget = LOOK_AHEAD_MAX;
        while budget > 0 && (begins == start || contacts.outside() == Outside::Hold) {
            if begins >= end {
                return Some(Slot { begins: end.max(start), is_out: end.max(start) });
            }
            budget -= 1;
            let pass = match contacts.passes() {
                None => None,
                Some(passes) => match next_pass(passes, begins) {
                    Some(pass) if pass.start > begins => {
                        begins = pass.start;
                        continue;
                    }
                    Some(pass) => Some(pass),
                    // No pass is left: what waits goes out when everything heals, if it ever does.
                    None if end.ns() == u64::MAX => return None,
                    None => {
                        begins = end;
                        continue;
                    }
                },
            };
            let is_out = after(begins, limits.takes_ns(bytes, pass)).min(end);
            let flapped = contacts
                .flap()
                .and_then(|flap| self.up_again(flap, begins, is_out, &mut budget, &mut goes_down));
            let passed = pass.map(|pass| pass.end).filter(|pass_end| *pass_end < is_out);
            match flapped.into_iter().chain(passed).min() {
                None => return Some(Slot { begins, is_out }),
                Some(later) => begins = later,
            }
        }
        None
    }

    /// When the link is up again, if a flap takes it down between these two times, or may do so for all that is known.
    fn up_again(
        &mut self,
        flap: Flap,
        begins: TrueTime,
        is_out: TrueTime,
        budget: &mut u32,
        goes_down: &mut impl FnMut(u64) -> bool,
    ) -> Option<TrueTime> {
        let (period_ns, down_ns) = (period_ns(flap), ns(flap.down));
        let first = begins.ns() / period_ns;
        // What begins at the moment at which the message is out does not concern it.
        let last = is_out.ns().saturating_sub(1).max(begins.ns()) / period_ns;
        for period in first..=last {
            // Cannot wrap: `period` is at most that of a time.
            let up_again = (period * period_ns).saturating_add(down_ns);
            if up_again <= begins.ns() {
                continue;
            }
            let is_down = self.is_down(period, goes_down);
            *budget = budget.saturating_sub(1);
            if is_down || *budget == 0 {
                return Some(TrueTime::from_ns(up_again));
            }
        }
        None
    }

    /// Whether the link goes down in a period, which is asked only once.
    fn is_down(&mut self, period: u64, goes_down: &mut impl FnMut(u64) -> bool) -> bool {
        let place = match self.periods.binary_search_by_key(&period, |(asked, _)| *asked) {
            Ok(place) => place,
            Err(place) => {
                let state = if goes_down(period) { State::Down } else { State::Up };
                self.periods.insert(place, (period, state));
                place
            }
        };
        self.periods[place].1 == State::Down
    }

    /// As new, but for the memory.
    pub(crate) fn clear(&mut self) {
        self.is_free_at = TrueTime::default();
        self.queue.clear();
        self.queued_bytes = 0;
        self.periods.clear();
    }
}

impl Clone for Lane {
    fn clone(&self) -> Lane {
        let Lane { is_free_at, queue, queued_bytes, periods } = self;
        Lane {
            is_free_at: *is_free_at,
            queue: queue.clone(),
            queued_bytes: *queued_bytes,
            periods: periods.clone(),
        }
    }

    /// Keeps what memory it has.
    fn clone_from(&mut self, source: &Lane) {
        self.is_free_at = source.is_free_at;
        self.queue.clone_from(&source.queue);
        self.queued_bytes = source.queued_bytes;
        self.periods.clone_from(&source.periods);
    }
}

/// The lanes of those links with limits over which something was sent. What a run no longer needs keeps its memory for
/// the next.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    all: Vec<Lane>,
    in_use: usize,
}

impl Lanes {
    /// A lane of its own for a link, counted from 1.
    pub(crate) fn begin(&mut self) -> NonZeroU32 {
        if self.all.len() == self.in_use {
            self.all.push(Lane::default());
        }
        self.all[self.in_use].clear();
        self.in_use += 1;
        let lane = u32::try_from(self.in_use).ok().and_then(NonZeroU32::new);
        lane.expect("memory ends before 2^32 lanes do")
    }

    pub(crate) fn lane(&mut self, lane: NonZeroU32) -> &mut Lane {
        &mut self.all[lane.get() as usize - 1]
    }
}

impl Clone for Lanes {
    fn clone(&self) -> Lanes {
        Lanes { all: self.all[..self.in_use].to_vec(), in_use: self.in_use }
    }

    /// Keeps what memory it has.
    fn clone_from(&mut self, source: &Lanes) {
        self.in_use = 0;
        for lane in &source.all[..source.in_use] {
            let own = self.begin();
            self.lane(own).clone_from(lane);
        }
    }
}

/// The pass at this time, or else the next.
fn next_pass(passes: &[Pass], at: TrueTime) -> Option<Pass> {
    passes.get(passes.partition_point(|pass| pass.end <= at)).copied()
}

fn after(at: TrueTime, ns: u64) -> TrueTime {
    at.saturating_add(Duration::from_nanos(ns))
}

/// Not 0: a flap is down for a part of its period, and for more than nothing.
fn period_ns(flap: Flap) -> u64 {
    ns(flap.period)
}

/// Saturating: 584 years are the end of time for every clock here.
pub(crate) fn ns(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

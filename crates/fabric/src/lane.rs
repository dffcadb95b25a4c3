//! What a link with limits does to a message before it goes out: lets it wait, or does not take it.

use std::collections::VecDeque;
use std::num::{NonZeroU32, NonZeroU64};
use std::time::Duration;

use constellation_trace::{Loss, TrueTime, Wait};

use crate::choices::Odds;
use crate::contacts::{Contacts, Outside, Pass};
use crate::link::Link;
use crate::periods::{PERIODS_MAX, Periods, period_ns};

/// What few links have: whatever limits or spoils messages, beside time and plain loss.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Limits {
    pub(crate) corrupt_seen: Odds,
    pub(crate) corrupt_unseen: Odds,
    size_max: Option<NonZeroU32>,
    rate: Option<NonZeroU64>,
    queue_bytes_max: u64,
    contacts: Option<Contacts>,
}

impl Limits {
    const NONE: Limits = Limits {
        corrupt_seen: Odds::NEVER,
        corrupt_unseen: Odds::NEVER,
        size_max: None,
        rate: None,
        queue_bytes_max: u64::MAX,
        contacts: None,
    };

    /// Those of a link, if it has any.
    pub(crate) fn of(link: Link, contacts: Option<Contacts>) -> Option<Limits> {
        let Link { corrupt_seen, corrupt_unseen, size_max, rate, queue_bytes_max, .. } = link;
        let limits = Limits { corrupt_seen, corrupt_unseen, size_max, rate, queue_bytes_max, contacts };
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
        let is_bounded = self.size_max.is_some() || self.queue_bytes_max < u64::MAX;
        is_bounded || self.rate.is_some() || passes.iter().any(|pass| pass.rate.is_some())
    }

    /// When a message that could begin at `begins` goes out for all that the passes say; `None` if there is no pass left in
    /// which it would be out.
    fn next_slot(&self, contacts: &Contacts, bytes: u32, begins: TrueTime, end: TrueTime) -> Option<Slot> {
        let Some(passes) = contacts.passes() else {
            return Some(Slot { begins, is_out: after(begins, self.takes_ns(bytes, None)).min(end) });
        };
        let slot = |pass: Pass| {
            let begins = begins.max(pass.start);
            Slot { begins, is_out: after(begins, self.takes_ns(bytes, Some(pass))).min(end) }
        };
        let later = &passes[passes.partition_point(|pass| pass.end <= begins)..];
        let found = later.iter().map(|pass| (slot(*pass), pass.end)).find(|(slot, end)| slot.is_out <= *end);
        found.map(|(slot, _)| slot).filter(|slot| slot.begins < end)
    }

    /// How long so many bytes take to go out in a pass, in nanoseconds.
    fn takes_ns(&self, bytes: u32, pass: Option<Pass>) -> u64 {
        let rate = pass.and_then(|pass| pass.rate).or(self.rate);
        rate.map_or(0, |rate| takes_ns(bytes, rate))
    }
}

/// How long so many bytes take, rounded up. Saturating: 584 years are the end of time.
fn takes_ns(bytes: u32, rate: NonZeroU64) -> u64 {
    let second = 1_000_000_000;
    u64::try_from((u128::from(bytes) * second).div_ceil(u128::from(rate.get()))).unwrap_or(u64::MAX)
}

/// What stands in front of one directed link.
#[derive(Debug)]
pub(crate) struct Lane {
    /// When the last of those that the link took is out.
    is_free_at: TrueTime,
    /// When each of those that wait begins to go out, and its bytes; in order.
    queue: VecDeque<(TrueTime, u32)>,
    queued_bytes: u64,
    /// What one waits for that begins as soon as those before it are out.
    ahead: Wait,
    periods: Periods,
}

/// When a message goes out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Slot {
    pub(crate) begins: TrueTime,
    pub(crate) is_out: TrueTime,
}

/// How often one message waits for a flap to be over: one that would wait more often waits until everything heals.
pub(crate) const WAITS_MAX: u32 = 1_000;

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
    /// `goes_down` answers for a period of the flap whether the link goes down in it. Costs a step for each pass that goes
    /// by until the message is out, and for each period that is asked about, at most [`PERIODS_MAX`].
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
        if waits && limits.queue_bytes_max < u64::MAX {
            // Cannot wrap: at most 2^32 messages of less than 2^32 bytes.
            let queued_bytes = self.queued_bytes + u64::from(bytes);
            if queued_bytes > limits.queue_bytes_max {
                return Err(Loss::QueueFull);
            }
            self.queue.push_back((slot.begins, bytes));
            self.queued_bytes = queued_bytes;
        }
        let why = if slot.begins > start { Wait::Link } else { self.ahead };
        if bytes > 0 {
            self.is_free_at = slot.is_out;
            // What takes no time is in nobody's way: who comes after it waits for what it waits for.
            self.ahead = if slot.is_out > slot.begins { Wait::Queue } else { why };
        }
        Ok((slot, waits.then_some(why)))
    }

    /// Forgets what is past.
    fn forget(&mut self, now: TrueTime, limits: &Limits) {
        while let Some((_, bytes)) = self.queue.pop_front_if(|(begins, _)| *begins <= now) {
            self.queued_bytes -= u64::from(bytes);
        }
        if let Some(flap) = limits.contacts.as_ref().and_then(Contacts::flap) {
            self.periods.forget(now.ns() / period_ns(flap));
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
        if start >= end {
            return Some(Slot { begins: start, is_out: start });
        }
        let mut begins = start;
        let (mut waits_left, mut asks_left) = (WAITS_MAX, PERIODS_MAX);
        while begins < end {
            // When no pass is left, what waits goes out when everything heals.
            let Some(slot) = limits.next_slot(contacts, bytes, begins, end) else { break };
            if slot.begins > start && contacts.outside() == Outside::Lose {
                return None;
            }
            let flap = contacts.flap();
            let down =
                flap.and_then(|flap| self.periods.up_again(flap, slot, &mut asks_left, &mut goes_down));
            let Some(up_again) = down else { return Some(slot) };
            if waits_left == 0 {
                break;
            }
            waits_left -= 1;
            begins = up_again;
        }
        let is_never = end.ns() == u64::MAX || contacts.outside() == Outside::Lose;
        (!is_never).then_some(Slot { begins: end, is_out: end })
    }

    /// As new, but for the memory.
    pub(crate) fn clear(&mut self) {
        self.is_free_at = TrueTime::default();
        self.queue.clear();
        self.queued_bytes = 0;
        self.ahead = Wait::Queue;
        self.periods.clear();
    }
}

impl Default for Lane {
    fn default() -> Lane {
        Lane {
            is_free_at: TrueTime::default(),
            queue: VecDeque::new(),
            queued_bytes: 0,
            ahead: Wait::Queue,
            periods: Periods::default(),
        }
    }
}

impl Clone for Lane {
    fn clone(&self) -> Lane {
        let Lane { is_free_at, queue, queued_bytes, ahead, periods } = self;
        Lane {
            is_free_at: *is_free_at,
            queue: queue.clone(),
            queued_bytes: *queued_bytes,
            ahead: *ahead,
            periods: periods.clone(),
        }
    }

    /// Keeps what memory it has.
    fn clone_from(&mut self, source: &Lane) {
        self.is_free_at = source.is_free_at;
        self.queue.clone_from(&source.queue);
        self.queued_bytes = source.queued_bytes;
        self.ahead = source.ahead;
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

fn after(at: TrueTime, ns: u64) -> TrueTime {
    at.saturating_add(Duration::from_nanos(ns))
}

/// Saturating: 584 years are the end of time for every clock here.
pub(crate) fn ns(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

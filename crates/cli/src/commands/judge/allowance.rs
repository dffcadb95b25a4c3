//! What is left of the budget of one history, which reading it, all judges and the evidence share.

use std::time::Duration;

use constellation_trace::Limit;
use constellation_verify::Budget;
use constellation_verify::models::Patience;

/// What is left of the time, the steps and the memory that one history may take in all.
///
/// It reads no clock of its own: `clock` says how long ago it all began.
pub(super) struct Allowance<'c> {
    budget: Budget,
    time: Option<Duration>,
    clock: &'c dyn Fn() -> Duration,
    /// Steps taken.
    steps: u64,
    /// How much of the time and of the steps is kept for what comes after judging.
    kept: Kept,
}

/// How much of a budget is kept for later.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Kept {
    /// A quarter of it all.
    Quarter,
    /// Nothing.
    Nothing,
}

/// A part of what is left: how much of it was had tells whether more is worth another try.
pub(super) struct Share {
    pub(super) time: Option<Duration>,
    pub(super) steps: u64,
}

impl Share {
    /// Whether there is at least twice as much as another one had.
    pub(super) fn is_twice(&self, other: &Share) -> bool {
        let is_longer = match (self.time, other.time) {
            (Some(time), Some(before)) => time >= before.saturating_mul(2),
            _ => true,
        };
        // Twice of nothing is nothing, which whoever had it would be given for ever.
        is_longer && self.steps > other.steps && self.steps >= other.steps.saturating_mul(2)
    }
}

impl<'c> Allowance<'c> {
    pub(super) fn new(
        budget: Budget,
        time: Option<Duration>,
        clock: &'c dyn Fn() -> Duration,
    ) -> Allowance<'c> {
        Allowance { budget, time, clock, steps: 0, kept: Kept::Nothing }
    }

    /// From now on so much is kept for what comes after judging.
    pub(super) fn keep(&mut self, kept: Kept) {
        self.kept = kept;
    }

    /// How many steps were taken.
    #[cfg(test)]
    pub(super) const fn steps(&self) -> u64 {
        self.steps
    }

    /// Bytes are taken for as long as all this lasts.
    ///
    /// # Errors
    /// [`Limit::Memory`] where there are not so many; then there is nothing left.
    pub(super) fn hold(&mut self, bytes: u64) -> Result<(), Limit> {
        let allowed = self.budget.bytes_max;
        self.budget.bytes_max = allowed.saturating_sub(bytes);
        if bytes > allowed { Err(Limit::Memory { needed: bytes, allowed }) } else { Ok(()) }
    }

    /// So many bytes that were taken are free again.
    pub(super) fn release(&mut self, bytes: u64) {
        self.budget.bytes_max = self.budget.bytes_max.saturating_add(bytes);
    }

    /// Why nothing is left of the time, if so it is.
    pub(super) fn over(&self) -> Option<Limit> {
        let time = self.time.filter(|time| (self.clock)() >= *time)?;
        Some(Limit::Explored { visited: self.steps, bound: time_in_all(time) })
    }

    /// One of so many equal shares of what is left.
    pub(super) fn share(&self, shares: usize) -> Share {
        let shares = u32::try_from(shares).unwrap_or(u32::MAX).max(1);
        let part = match self.kept {
            Kept::Quarter => 4,
            Kept::Nothing => u32::MAX,
        };
        // Saturating: what is overdrawn leaves nothing.
        let time = self.time.map(|time| {
            let left = time.saturating_sub((self.clock)());
            left.saturating_sub(time / part) / shares
        });
        let steps = self.budget.steps_max;
        let left = steps.saturating_sub(self.steps).saturating_sub(steps / u64::from(part));
        Share { time, steps: left / u64::from(shares) }
    }

    /// Lets something be done within a share.
    pub(super) fn within<T>(&mut self, share: &Share, work: impl FnOnce(&mut Patience<'_>) -> T) -> T {
        let budget = Budget { steps_max: share.steps, ..self.budget };
        let begun = (self.clock)();
        let mut is_over = || share.time.is_some_and(|time| (self.clock)().saturating_sub(begun) >= time);
        let mut patience = Patience::until(budget, &mut is_over);
        let result = work(&mut patience);
        self.steps = self.steps.saturating_add(patience.steps());
        result
    }

    /// What ended a judge, in terms of the whole budget instead of its share.
    pub(super) fn told(&self, limit: Limit, share: &Share) -> Limit {
        let Limit::Explored { visited, bound } = limit else { return limit };
        let bound = if bound == "the caller's patience" {
            self.time.map_or(bound, time_in_all)
        } else if bound == format!("{} steps", share.steps) {
            format!("{} steps in all", self.budget.steps_max)
        } else {
            bound
        };
        Limit::Explored { visited, bound }
    }

    /// Whether a limit is one that more of the budget may lift.
    pub(super) fn may_lift(&self, limit: &Limit, share: &Share) -> bool {
        let Limit::Explored { bound, .. } = limit else { return false };
        bound == "the caller's patience" || *bound == format!("{} steps", share.steps)
    }
}

fn time_in_all(time: Duration) -> String {
    format!("{time:?} in all")
}

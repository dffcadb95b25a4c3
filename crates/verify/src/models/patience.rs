//! How long a judge of a model may look, and in how much memory.

use std::fmt;

use constellation_trace::Limit;

use super::weakness::Weakness;
use crate::budget::Budget;

/// How many steps go by between two questions to the caller.
const STEPS_BETWEEN: u64 = 1024;

/// What is left of a judge's budget. One patience may serve several judgements, which then share it.
///
/// ```
/// use constellation_verify::Budget;
/// use constellation_verify::models::Patience;
///
/// let mut asked = 0;
/// let mut stop = || { asked += 1; asked == 3 };
/// let mut patience = Patience::until(Budget::default(), &mut stop);
/// let limit = (0..1_000_000).try_for_each(|_| patience.step(1)).unwrap_err();
/// assert_eq!(limit.to_string(), "none wrong among the 3072 explored, within the bound: the caller's patience");
/// ```
pub struct Patience<'a> {
    budget: Budget,
    stop: Option<&'a mut dyn FnMut() -> bool>,
    steps: u64,
    /// The next step at which something is to be looked at.
    next: u64,
    /// Bytes of the tables of the judgement in hand, and of those that are held besides.
    bytes: u64,
    /// Bytes of tables that are there whatever judgement begins.
    held: u64,
    weakness: Weakness,
    evidence: Evidence,
    /// Whether a violation was left without its evidence.
    is_unexplained: bool,
}

/// Whether violations are to be made small.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Evidence {
    Small,
    Unneeded,
}

impl<'a> Patience<'a> {
    /// As long as the budget lasts.
    pub fn new(budget: Budget) -> Patience<'a> {
        Patience {
            budget,
            stop: None,
            steps: 0,
            next: budget.steps_max.saturating_add(1),
            bytes: 0,
            held: 0,
            weakness: Weakness::Nothing,
            evidence: Evidence::Small,
            is_unexplained: false,
        }
    }

    /// As long as the budget lasts and `stop`, which is asked every 1,024 steps, says no: there the caller looks at a clock,
    /// which no judge does.
    pub fn until(budget: Budget, stop: &'a mut dyn FnMut() -> bool) -> Patience<'a> {
        let next = STEPS_BETWEEN.min(budget.steps_max.saturating_add(1));
        Patience { stop: Some(stop), next, ..Patience::new(budget) }
    }

    /// The same for a judge that forgets something: only for tests of the tests.
    #[doc(hidden)]
    #[must_use]
    pub const fn forgetting(mut self, weakness: Weakness) -> Patience<'a> {
        self.weakness = weakness;
        self
    }

    /// The same for judges that are to tell whether there is a violation, and not by what: one that is found by a search is not
    /// made small, which mostly takes several times as long as the search, and has no dead end. Its anomaly names what was
    /// searched.
    #[must_use]
    pub const fn without_evidence(mut self) -> Patience<'a> {
        self.evidence = Evidence::Unneeded;
        self
    }

    /// Does something that only asks whether there is a violation, as [`Patience::without_evidence`] does for good.
    pub fn briefly<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let wanted = std::mem::replace(&mut self.evidence, Evidence::Unneeded);
        let result = work(self);
        self.evidence = wanted;
        result
    }

    /// Whether a violation is to be made small, asked by a judge that found one.
    pub(crate) fn wants_evidence(&mut self) -> bool {
        self.is_unexplained |= self.evidence == Evidence::Unneeded;
        self.evidence == Evidence::Small
    }

    /// As [`Patience::briefly`]; tells besides whether a violation was found that has more evidence than it was given.
    pub(crate) fn told_briefly<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> (T, bool) {
        let before = std::mem::replace(&mut self.is_unexplained, false);
        let result = self.briefly(work);
        (result, std::mem::replace(&mut self.is_unexplained, before))
    }

    /// What the judge forgets.
    pub(crate) const fn weakness(&self) -> Weakness {
        self.weakness
    }

    /// Whether the judge forgets this.
    pub(crate) fn forgets(&self, weakness: Weakness) -> bool {
        self.weakness == weakness
    }

    /// The bounds.
    pub const fn budget(&self) -> &Budget {
        &self.budget
    }

    /// How many steps were taken.
    pub const fn steps(&self) -> u64 {
        self.steps
    }

    /// Takes `count` steps.
    ///
    /// # Errors
    /// [`Limit::Explored`] with the number of steps taken when they are one too many, or the caller says to stop.
    #[inline]
    pub fn step(&mut self, count: u64) -> Result<(), Limit> {
        // Saturating: whoever takes 2^64 steps at once has certainly taken too many.
        self.steps = self.steps.saturating_add(count);
        if self.steps < self.next { Ok(()) } else { self.look() }
    }

    /// Does something that may take at most so many steps of those that are left; what it leaves is left.
    pub(crate) fn within<T>(&mut self, steps: u64, work: impl FnOnce(&mut Self) -> T) -> T {
        let whole = self.budget.steps_max;
        self.budget.steps_max = whole.min(self.steps.saturating_add(steps));
        self.next = self.next.min(self.budget.steps_max.saturating_add(1));
        let result = work(self);
        self.budget.steps_max = whole;
        // Looking once too often is no harm.
        self.next = self.steps;
        result
    }

    /// Whether no step is left.
    pub(crate) fn is_over(&mut self) -> bool {
        self.steps > self.budget.steps_max || self.stop.as_mut().is_some_and(|stop| stop())
    }

    fn look(&mut self) -> Result<(), Limit> {
        let bound = if self.steps > self.budget.steps_max {
            format!("{} steps", self.budget.steps_max)
        } else if self.stop.as_mut().is_some_and(|stop| stop()) {
            "the caller's patience".to_owned()
        } else {
            let next = self.steps.saturating_add(STEPS_BETWEEN);
            self.next = next.min(self.budget.steps_max.saturating_add(1));
            return Ok(());
        };
        Err(Limit::Explored { visited: self.steps, bound })
    }

    /// A judgement begins: whatever tables there were are gone, but for those that it is made with. Steps go on.
    pub const fn begin(&mut self) {
        self.bytes = self.held;
    }

    /// Judges with the tables that are there now, which stay whatever judgements begin meanwhile.
    pub(crate) fn besides<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let (bytes, held) = (self.bytes, self.held);
        self.held = bytes;
        let result = work(self);
        (self.bytes, self.held) = (bytes, held);
        result
    }

    /// How many bytes are entered.
    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Enters a table of `count` entries of `size` bytes, which is about to be made, besides those of this judgement.
    ///
    /// # Errors
    /// [`Limit::Memory`] if all together would take more than the budget has.
    pub fn afford(&mut self, count: usize, size: usize) -> Result<(), Limit> {
        // Saturating: so much does no machine have.
        let needed = self.bytes.saturating_add((count as u64).saturating_mul(size as u64));
        let allowed = self.budget.bytes_max;
        if needed > allowed {
            return Err(Limit::Memory { needed, allowed });
        }
        self.bytes = needed;
        Ok(())
    }

    /// Takes back a table that was entered and is gone.
    pub const fn release(&mut self, count: usize, size: usize) {
        self.bytes = self.bytes.saturating_sub((count as u64).saturating_mul(size as u64));
    }
}

impl fmt::Debug for Patience<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Patience")
            .field("budget", &self.budget)
            .field("steps", &self.steps)
            .finish_non_exhaustive()
    }
}

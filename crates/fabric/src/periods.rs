//! In which periods of its flap a link is down, as far as anybody asked.

use constellation_trace::TrueTime;

use crate::contacts::Flap;
use crate::lane::{Slot, ns};

/// About how many periods one message asks. A link is up for it in those that are left, so that the time that a message
/// takes to go out is bounded by nothing but its length.
pub(crate) const PERIODS_MAX: u32 = 100_000;

/// How often a link may be known to go from up to down or back from now on. Who looks further ahead finds it up.
const RUNS_MAX: usize = 4_096;

/// What was asked about one link, from the present period on.
#[derive(Debug, Default)]
pub(crate) struct Periods {
    /// Ascending and disjoint; those that touch differ in their state. At most [`RUNS_MAX`].
    runs: Vec<Run>,
}

/// Periods in a row in which the link does the same.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Run {
    first: u64,
    last: u64,
    state: State,
}

/// Whether a link goes down in a period.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Up,
    Down,
}

impl Periods {
    /// When the link is up again, if a flap takes it down before the message is out.
    ///
    /// Each period is asked about only once, and takes one from `asks_left`; where that is spent, or there is no room to
    /// remember an answer, the link is up.
    pub(crate) fn up_again(
        &mut self,
        flap: Flap,
        slot: Slot,
        asks_left: &mut u32,
        goes_down: &mut impl FnMut(u64) -> bool,
    ) -> Option<TrueTime> {
        let (period_ns, down_ns) = (period_ns(flap), ns(flap.down));
        let (begins, is_out) = (slot.begins.ns(), slot.is_out.ns());
        // In the rest of its first period the link is up.
        let mut period = begins / period_ns + u64::from(begins % period_ns >= down_ns);
        // What begins at the moment at which the message is out does not concern it.
        let last = is_out.saturating_sub(1).max(begins) / period_ns;
        while period <= last {
            let place = self.runs.partition_point(|run| run.last < period);
            match self.runs.get(place) {
                Some(Run { first, state: State::Down, .. }) if *first <= period => {
                    // Cannot wrap: `period` is at most that of a time.
                    return Some(TrueTime::from_ns((period * period_ns).saturating_add(down_ns)));
                }
                Some(Run { first, last, state: State::Up }) if *first <= period => period = last + 1,
                next => {
                    if *asks_left == 0 || self.runs.len() == RUNS_MAX {
                        period = next.map_or(last, |next| next.first - 1) + 1;
                        continue;
                    }
                    *asks_left -= 1;
                    let state = if goes_down(period) { State::Down } else { State::Up };
                    self.note(place, period, state);
                }
            }
        }
        None
    }

    /// Notes the state in a period, which belongs between the runs before and from `place` on.
    fn note(&mut self, place: usize, period: u64, state: State) {
        let joins_before = place
            .checked_sub(1)
            .filter(|before| self.runs[*before].state == state && self.runs[*before].last + 1 == period);
        let joins_after =
            self.runs.get(place).is_some_and(|run| run.state == state && run.first == period + 1);
        match (joins_before, joins_after) {
            (Some(before), true) => self.runs[before].last = self.runs.remove(place).last,
            (Some(before), false) => self.runs[before].last = period,
            (None, true) => self.runs[place].first = period,
            (None, false) => self.runs.insert(place, Run { first: period, last: period, state }),
        }
    }

    /// Forgets the periods before this one.
    pub(crate) fn forget(&mut self, present: u64) {
        let past = self.runs.partition_point(|run| run.last < present);
        self.runs.drain(..past);
    }

    pub(crate) fn clear(&mut self) {
        self.runs.clear();
    }
}

impl Clone for Periods {
    fn clone(&self) -> Periods {
        Periods { runs: self.runs.clone() }
    }

    /// Keeps what memory it has.
    fn clone_from(&mut self, source: &Periods) {
        self.runs.clone_from(&source.runs);
    }
}

/// Not 0: a flap is down for a part of its period, and for more than nothing.
pub(crate) fn period_ns(flap: Flap) -> u64 {
    ns(flap.period)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::choices::Odds;

    const FLAP: Flap =
        Flap { period: Duration::from_nanos(10), down: Duration::from_nanos(4), odds: Odds::ALWAYS };

    /// Looks whether the link is down in so many periods from this one on, each by itself.
    fn look(periods: &mut Periods, first: u64, count: u64, goes_down: impl Fn(u64) -> bool) -> u64 {
        let is_down = |period: &u64| {
            let begins = TrueTime::from_ns(period * 10);
            let slot = Slot { begins, is_out: begins };
            periods.up_again(FLAP, slot, &mut 1, &mut |period| goes_down(period)).is_some()
        };
        (first..first + count).filter(is_down).count() as u64
    }

    #[test]
    fn a_calm_link_is_remembered_in_one_piece_however_long_it_is() {
        let mut periods = Periods::default();
        assert_eq!(look(&mut periods, 0, 50_000, |_| false), 0);
        assert_eq!(periods.runs, [Run { first: 0, last: 49_999, state: State::Up }]);
        // And one that goes down again and again up to a bound, until time goes by.
        let mut periods = Periods::default();
        let every_other = |period| period % 2 == 0;
        assert_eq!(look(&mut periods, 0, 50_000, every_other), RUNS_MAX as u64 / 2);
        assert_eq!(periods.runs.len(), RUNS_MAX);
        periods.forget(4_000);
        assert_eq!(periods.runs.len(), RUNS_MAX - 4_000);
        assert_eq!(look(&mut periods, 50_000, 100, every_other), 50);
    }

    #[test]
    fn periods_that_are_asked_about_in_any_order_are_joined() {
        let mut periods = Periods::default();
        for first in [4, 0, 2, 3, 1, 7, 6, 5] {
            look(&mut periods, first, 1, |period| period == 6);
        }
        let run = |first, last, state| Run { first, last, state };
        let expected = [run(0, 5, State::Up), run(6, 6, State::Down), run(7, 7, State::Up)];
        assert_eq!(periods.runs, expected);
    }
}

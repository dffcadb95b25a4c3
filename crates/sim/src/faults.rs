//! What luck may do to a machine: its process, its speed, its wall clock and its disk.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use constellation_fabric::Odds;
use constellation_trace::NodeId;

/// How likely what goes wrong at one machine, and how badly; until [`Setup::end`](crate::Setup::end).
///
/// Whatever strikes a process strikes before or after one of its inputs, and is asked of
/// [`Choices`](constellation_fabric::Choices) by the number of that input at that node: "before the third input at
/// pacific", not "after 41.3 ms". So a schedule of a few such answers means the same in a run that is otherwise a
/// little different. Everything ends with the faults of the run: at the end a node that is down restarts, one that is
/// stopped goes on, and there is room on every disk.
///
/// ```
/// use std::time::Duration;
/// use constellation_fabric::Odds;
/// use constellation_sim::{Faults, Span};
///
/// let fragile = Faults {
///     crash_after: Odds::ppm(1_000).expect("at most a million"),
///     down: Span { min: Duration::from_millis(10), max: Duration::from_secs(5) },
///     ..Faults::NONE
/// };
/// assert_eq!(fragile.check(), Ok(()));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Faults {
    /// How likely the process ends when it is given an input, before it works on it: the input is lost.
    pub crash_before: Odds,
    /// How likely it ends after an input: the work is done and what it persisted stays, but nothing that it sends
    /// leaves, and no timer is set.
    pub crash_after: Odds,
    /// How long it is down after such a crash.
    pub down: Span,
    /// How likely the disk is lost in such a crash.
    pub amnesia: Odds,
    /// How likely the process stops for a time before an input, while its clocks go on. What comes meanwhile waits.
    pub pause: Odds,
    /// For how long it stops.
    pub pause_time: Span,
    /// How likely the machine sleeps for a time before an input: as a pause, but its monotonic clock stands still.
    pub suspend: Odds,
    /// For how long it sleeps.
    pub suspend_time: Span,
    /// How long the work on each input takes; what comes meanwhile waits. The calm run has the least of it.
    pub slow: Span,
    /// How likely the wall clock jumps before an input.
    pub wall_step: Odds,
    /// The least such a jump, in nanoseconds; negative is back. Of jumps in both directions the calm one is the
    /// smallest.
    pub wall_step_min_ns: i64,
    /// The most, in nanoseconds.
    pub wall_step_max_ns: i64,
    /// How likely the wall clock stands still for a time from an input on, and then goes on from there, late.
    pub wall_freeze: Odds,
    /// For how long it stands still.
    pub wall_freeze_time: Span,
    /// How likely the wall clock jumps by 365 days before an input, ahead or back, as one that is set to a wrong year.
    pub wall_year: Odds,
    /// How many bytes the disk takes in one write; more finds no room.
    pub disk_bytes: Option<u64>,
    /// How likely a write finds no room.
    pub disk_full: Odds,
    /// How likely a crash, planned or not, loses what was written and not synced, or its end. Else it stays. Of several
    /// such writes any number is left, in order, the last of them whole or torn. While this is not
    /// [`Odds::NEVER`], a disk holds all that its node writes between two syncs, so that a node that never syncs takes the
    /// memory of all that it ever wrote.
    pub unsynced: Odds,
    /// How likely one bit of what is on the disk has flipped when a restart reads it.
    pub bit_rot: Odds,
}

impl Faults {
    /// Nothing goes wrong.
    pub const NONE: Faults = Faults {
        crash_before: Odds::NEVER,
        crash_after: Odds::NEVER,
        down: Span::NONE,
        amnesia: Odds::NEVER,
        pause: Odds::NEVER,
        pause_time: Span::NONE,
        suspend: Odds::NEVER,
        suspend_time: Span::NONE,
        slow: Span::NONE,
        wall_step: Odds::NEVER,
        wall_step_min_ns: 0,
        wall_step_max_ns: 0,
        wall_freeze: Odds::NEVER,
        wall_freeze_time: Span::NONE,
        wall_year: Odds::NEVER,
        disk_bytes: None,
        disk_full: Odds::NEVER,
        unsynced: Odds::NEVER,
        bit_rot: Odds::NEVER,
    };

    /// Whether anything can go wrong at all: how long or how far it would does not matter then.
    pub fn can_strike(&self) -> bool {
        let odds = [
            self.crash_before,
            self.crash_after,
            self.pause,
            self.suspend,
            self.wall_step,
            self.wall_freeze,
            self.wall_year,
            self.disk_full,
            self.unsynced,
            self.bit_rot,
        ];
        odds.iter().any(|odds| *odds != Odds::NEVER)
            || self.slow.max > Duration::ZERO
            || self.disk_bytes.is_some()
    }

    /// Whether they make sense.
    ///
    /// # Errors
    /// A span that ends before it begins, a stop that takes no time, a jump of no size.
    pub fn check(&self) -> Result<(), FaultsError> {
        let spans = [
            ("down", self.down),
            ("pause_time", self.pause_time),
            ("suspend_time", self.suspend_time),
            ("wall_freeze_time", self.wall_freeze_time),
            ("slow", self.slow),
        ];
        if let Some((what, Span { min, max })) = spans.into_iter().find(|(_, span)| span.min > span.max) {
            return Err(FaultsError::Backwards { what, min, max });
        }
        let stops = [
            ("pause", self.pause, self.pause_time),
            ("suspend", self.suspend, self.suspend_time),
            ("wall_freeze", self.wall_freeze, self.wall_freeze_time),
        ];
        let idle = |odds, span: Span| odds != Odds::NEVER && span.max == Duration::ZERO;
        if let Some((what, ..)) = stops.into_iter().find(|(_, odds, span)| idle(*odds, *span)) {
            return Err(FaultsError::NoTime { what });
        }
        let (min_ns, max_ns) = (self.wall_step_min_ns, self.wall_step_max_ns);
        if min_ns > max_ns {
            return Err(FaultsError::StepsBackwards { min_ns, max_ns });
        }
        if self.wall_step != Odds::NEVER && (min_ns, max_ns) == (0, 0) {
            return Err(FaultsError::NoStep);
        }
        Ok(())
    }

    /// How far the wall clock jumps that is set to a wrong year: 365 days.
    pub(crate) const YEAR_NS: i64 = 365 * 86_400 * 1_000_000_000;

    /// How many answers there are to how far the wall clock jumps.
    pub(crate) const STEP_SIZES: NonZeroU32 = NonZeroU32::new(1_000).expect("it is not 0");

    /// How far the wall clock jumps by this answer: with 0 the least far. Where both directions may be, they take turns,
    /// the sizes growing, and none is 0.
    pub(crate) fn wall_step_ns(&self, answer: u32) -> i64 {
        let (min, max) = (i128::from(self.wall_step_min_ns), i128::from(self.wall_step_max_ns));
        let sizes = i128::from(Faults::STEP_SIZES.get());
        let answer = i128::from(answer).min(sizes - 1);
        let ns = if min >= 0 {
            min + (max - min) * answer / (sizes - 1)
        } else if max <= 0 {
            max + (min - max) * answer / (sizes - 1)
        } else {
            let most = if answer % 2 == 0 { max } else { min };
            let size = most * (answer / 2 + 1) / (sizes / 2);
            if size == 0 { most.signum() } else { size }
        };
        i64::try_from(ns).expect("it lies between two numbers of 64 bits")
    }
}

/// Any time from the least to the most.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Span {
    /// The least.
    pub min: Duration,
    /// The most.
    pub max: Duration,
}

impl Span {
    /// No time.
    pub const NONE: Span = Span::exactly(Duration::ZERO);

    /// This time and no other.
    pub const fn exactly(time: Duration) -> Span {
        Span { min: time, max: time }
    }

    /// How many answers there are to which time of a span it is.
    pub(crate) const ANSWERS: NonZeroU32 = NonZeroU32::new(1_000).expect("it is not 0");

    /// Whether there is anything to ask.
    pub(crate) fn is_open(self) -> bool {
        self.max > self.min
    }

    /// The time of this answer, in nanoseconds: with 0 the least. At most 2^64 - 1.
    pub(crate) fn ns(self, answer: u32) -> u64 {
        let last = u128::from(Span::ANSWERS.get() - 1);
        let more = self.max.saturating_sub(self.min).as_nanos();
        // Cannot overflow: a duration has fewer than 2^94 nanoseconds.
        let ns = self.min.as_nanos() + more * u128::from(answer).min(last) / last;
        u64::try_from(ns).unwrap_or(u64::MAX)
    }
}

/// Why the faults of a machine make no sense.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum FaultsError {
    /// The least of a span is above its most.
    Backwards {
        /// Which span.
        what: &'static str,
        /// The least.
        min: Duration,
        /// The most.
        max: Duration,
    },
    /// Something may happen that would take no time.
    NoTime {
        /// What.
        what: &'static str,
    },
    /// The least jump of the wall clock is above the most.
    StepsBackwards {
        /// The least, in nanoseconds.
        min_ns: i64,
        /// The most, in nanoseconds.
        max_ns: i64,
    },
    /// The wall clock may jump, but by nothing.
    NoStep,
}

impl fmt::Display for FaultsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FaultsError::Backwards { what, min, max } => {
                write!(f, "`{what}` is at least {min:?} but at most {max:?}")
            }
            FaultsError::NoTime { what } => write!(f, "`{what}` may happen, but takes no time"),
            FaultsError::StepsBackwards { min_ns, max_ns } => {
                write!(f, "the wall clock jumps at least {min_ns} ns but at most {max_ns} ns")
            }
            FaultsError::NoStep => f.write_str("the wall clock may jump, but by no time"),
        }
    }
}

impl std::error::Error for FaultsError {}

/// The faults of one machine make no sense.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MachineError {
    /// Whose machine.
    pub node: NodeId,
    /// What is wrong.
    pub error: FaultsError,
}

impl fmt::Display for MachineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the machine of node number {}: {}", self.node.number(), self.error)
    }
}

impl std::error::Error for MachineError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_jump_is_the_smaller_the_lower_its_answer() {
        let check = |min_ns, max_ns, expected: [i64; 4]| {
            let faults = Faults { wall_step_min_ns: min_ns, wall_step_max_ns: max_ns, ..Faults::NONE };
            assert_eq!([0, 1, 998, 999].map(|answer| faults.wall_step_ns(answer)), expected);
        };
        check(-1_000, 2_000, [4, -2, 2_000, -1_000]);
        check(-5, 5, [1, -1, 5, -5]);
        check(999, 1_998, [999, 1_000, 1_997, 1_998]);
        check(-1_998, -999, [-999, -1_000, -1_997, -1_998]);
        check(i64::MIN, i64::MAX, [i64::MAX / 500, i64::MIN / 500, i64::MAX, i64::MIN]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_time_lies_in_its_span_and_grows_with_its_answer(
            min in any::<u64>(), more in any::<u64>(), one in 0..1_000_u32, other in 0..1_000_u32,
        ) {
            let min = Duration::from_nanos(min);
            let span = Span { min, max: min + Duration::from_nanos(more) };
            let ns = |answer| span.ns(answer);
            prop_assert_eq!(u128::from(ns(0)), min.as_nanos());
            prop_assert_eq!(u128::from(ns(999)), span.max.as_nanos().min(u128::from(u64::MAX)));
            prop_assert!(ns(one.min(other)) <= ns(one.max(other)));
        }
    }
}

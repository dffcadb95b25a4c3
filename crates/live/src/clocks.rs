//! What the clocks of the machine show to a node, and how long its timers take.

use std::num::NonZeroU32;
use std::time::{Duration, SystemTime};

use constellation_fabric::Now;
use constellation_trace::{Elapsed, WallTime};
use tokio::time::Instant;

/// The clocks of one node under real time: the monotonic clock begins with it, the wall clock is the machine's.
///
/// Both may be told to go faster, so that ten seconds of a scenario take one, and to be wrong: the wall clock ahead, and
/// the oscillator behind both off by so many parts in a billion.
#[derive(Clone, Copy, Debug)]
pub struct Clocks {
    began: Instant,
    rate: Rate,
    wall: Wall,
}

/// How the wall clock of a node goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Wall {
    /// What the clock of the machine showed when the run began.
    pub machine: WallTime,
    /// What a wall clock that tells the truth shows then.
    pub epoch: WallTime,
    /// How far ahead of that this one is, in nanoseconds; negative is behind.
    pub ahead_ns: i64,
}

/// How fast the clocks of a node go.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rate {
    /// How many seconds pass for it in a second of the machine.
    pub speed: NonZeroU32,
    /// How much faster than that it goes, in parts in a billion; above -1,000,000,000, which would be to stand still.
    pub drift_ppb: i32,
}

const BILLION: i64 = 1_000_000_000;

impl Rate {
    /// As fast as the machine.
    pub const MACHINE: Rate = Rate { speed: NonZeroU32::MIN, drift_ppb: 0 };

    /// Nanoseconds shown in a second of the machine; at least 1, at most 2^63.
    fn shown_ns(self) -> u128 {
        let drifted = BILLION.saturating_add(i64::from(self.drift_ppb)).max(1);
        u128::from(self.speed.get()) * u128::from(drifted.unsigned_abs())
    }

    /// How long such clocks say that a time of the machine lasts, cut to the nanosecond.
    pub(crate) fn shows(self, machine: Duration) -> u64 {
        let shown = machine.as_nanos().saturating_mul(self.shown_ns()) / u128::from(BILLION.unsigned_abs());
        u64::try_from(shown).unwrap_or(u64::MAX)
    }

    /// How long the machine takes for a time of such clocks, rounded up to the nanosecond.
    pub fn lasts(self, shown: Duration) -> Duration {
        let ns =
            shown.as_nanos().saturating_mul(u128::from(BILLION.unsigned_abs())).div_ceil(self.shown_ns());
        Duration::from_nanos(u64::try_from(ns).unwrap_or(u64::MAX))
    }
}

impl Wall {
    /// The wall clock of the machine, as it is.
    pub fn machine() -> Wall {
        let machine = machine_wall();
        Wall { machine, epoch: machine, ahead_ns: 0 }
    }
}

impl Clocks {
    /// The clocks of the machine; the monotonic one begins now.
    pub fn machine() -> Clocks {
        Clocks::new(Rate::MACHINE, Wall::machine())
    }

    /// Clocks that go so; the monotonic one begins now.
    pub fn new(rate: Rate, wall: Wall) -> Clocks {
        Clocks { began: Instant::now(), rate, wall }
    }

    /// The monotonic clock begins now.
    pub(crate) fn begin(&mut self) {
        self.began = Instant::now();
    }

    /// What they show.
    pub fn now(&self) -> Now {
        let elapsed = Elapsed::from_ns(self.rate.shows(self.began.elapsed()));
        // The wall clock of the machine may have been set back meanwhile: that is what wall clocks do.
        let machine = i128::from(machine_wall().ns()) - i128::from(self.wall.machine.ns());
        let gone = Duration::from_nanos(u64::try_from(machine.unsigned_abs()).unwrap_or(u64::MAX));
        let gone = i128::from(self.rate.shows(gone)) * machine.signum();
        let wall = i128::from(self.wall.epoch.ns()) + gone + i128::from(self.wall.ahead_ns);
        let wall = u64::try_from(wall.max(0)).unwrap_or(u64::MAX);
        Now { wall: WallTime::from_ns(wall), elapsed }
    }

    /// The wall clock jumps by so much; negative is back.
    pub fn step_wall(&mut self, by_ns: i64) {
        // Saturating: beyond three hundred years it stays where it is.
        self.wall.ahead_ns = self.wall.ahead_ns.saturating_add(by_ns);
    }

    /// When a timer runs out that is set now.
    pub(crate) fn runs_out(&self, after: Duration) -> Instant {
        const CENTURY: Duration = Duration::from_secs(100 * 366 * 86_400);
        Instant::now() + self.rate.lasts(after).min(CENTURY)
    }
}

/// What the wall clock of the machine shows, from 1970 to 2554.
pub(crate) fn machine_wall() -> WallTime {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    WallTime::from_ns(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(speed: u32, drift_ppb: i32) -> Rate {
        Rate { speed: NonZeroU32::new(speed).expect("not 0"), drift_ppb }
    }

    #[test]
    fn ten_seconds_of_the_run_take_one_and_a_fast_oscillator_shows_more() {
        let second = Duration::from_secs(1);
        assert_eq!(rate(10, 0).shows(second), 10_000_000_000);
        assert_eq!(rate(1, 20_000).shows(second), 1_000_020_000);
        assert_eq!(rate(10, 0).lasts(second), Duration::from_millis(100));
        assert_eq!(rate(1, -500_000_000).lasts(second), Duration::from_secs(2));
        // What would stand still or go back goes as slowly as can be, and no time is too long.
        assert_eq!(rate(1, i32::MIN).shows(second), 1);
        assert_eq!(rate(u32::MAX, i32::MAX).shows(Duration::MAX), u64::MAX);
        assert_eq!(rate(1, i32::MIN).lasts(Duration::MAX), Duration::from_nanos(u64::MAX));
    }

    #[tokio::test(start_paused = true)]
    async fn a_timer_has_run_out_when_the_clock_says_so() {
        let clocks = Clocks::new(rate(10, -300_000_000), Wall::machine());
        let after = Duration::from_millis(1_234);
        tokio::time::sleep_until(clocks.runs_out(after)).await;
        assert!(clocks.now().elapsed.ns() >= 1_234_000_000, "{:?}", clocks.now());
    }

    #[test]
    fn a_wall_clock_begins_at_its_epoch_and_is_as_wrong_as_it_is_told() {
        let machine = machine_wall();
        let wall =
            Wall { machine, epoch: WallTime::from_ns(5_000_000_000_000), ahead_ns: -2_000_000_000_000 };
        let mut clocks = Clocks::new(Rate::MACHINE, wall);
        let hour = 3_600_000_000_000;
        let shown = clocks.now().wall.ns();
        assert!((3_000_000_000_000..3_000_000_000_000 + hour).contains(&shown), "{shown}");
        clocks.step_wall(i64::MIN);
        assert_eq!(clocks.now().wall.ns(), 0, "before 1970 it shows 1970");
    }
}

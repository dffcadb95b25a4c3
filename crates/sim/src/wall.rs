//! How wrong the clocks of a machine are: offset, drift, steps, slews and freezes, in integers alone.

use std::time::Duration;

use constellation_fabric::Now;
use constellation_trace::{Elapsed, TrueTime, WallTime};

/// How the clocks of one machine go.
///
/// One oscillator drives both: a fast machine's wall clock runs ahead *and* its time-outs come early. Offset, steps,
/// slews, leap seconds and freezes concern the wall clock alone.
///
/// ```
/// use constellation_sim::{Drift, Wall};
///
/// // Pacific, whose time service had set it 600 ms ahead, on a quartz that gains 20 ms in a thousand seconds.
/// let pacific = Wall { offset_ns: 600_000_000, drift: Drift::ppb(20_000).expect("far below the limit") };
/// assert_ne!(pacific, Wall::TRUE);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Wall {
    /// How far ahead of the true time the wall clock begins, in nanoseconds; negative is behind.
    pub offset_ns: i64,
    /// How much faster than true time the machine's oscillator is.
    pub drift: Drift,
}

impl Wall {
    /// Always right, but for steps.
    pub const TRUE: Wall = Wall { offset_ns: 0, drift: Drift::NONE };
}

/// How much faster than true time an oscillator is, in parts per billion; negative is slower.
///
/// A wrist watch has some 10,000 (10 ppm, a second a day); quartz in the cold of space more.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Drift(i32);

impl Drift {
    /// As fast as true time.
    pub const NONE: Drift = Drift(0);

    /// This many nanoseconds gained a second; `None` for a billion or more in either direction, since a clock
    /// that stands still or runs backwards is another fault than drift.
    pub const fn ppb(ppb: i32) -> Option<Drift> {
        if ppb.unsigned_abs() < BILLION as u32 { Some(Drift(ppb)) } else { None }
    }

    /// Nanoseconds gained a second, above -1,000,000,000 and below 1,000,000,000.
    pub const fn parts_per_billion(self) -> i32 {
        self.0
    }

    /// How long this oscillator says that `truly_ns` last, cut to the nanosecond. Stays at 2^64 - 1 ns.
    #[inline]
    fn shows(self, truly_ns: u64) -> u64 {
        if self == Drift::NONE {
            return truly_ns;
        }
        // The whole seconds and the rest apart, so that no product needs 128 bits, whose division is slow. The rest
        // is below a second, so its product is below 2 × 10^18.
        let (seconds, rest) = (truly_ns / BILLION, truly_ns % BILLION);
        seconds.saturating_mul(self.rate()).saturating_add(rest * self.rate() / BILLION)
    }

    /// The least true time of which [`Drift::shows`] gives `shown_ns` or more. Stays at 2^64 - 1 ns.
    fn lasts(self, shown_ns: u64) -> u64 {
        if self == Drift::NONE {
            return shown_ns;
        }
        let truly = (u128::from(shown_ns) * u128::from(BILLION)).div_ceil(u128::from(self.rate()));
        u64::try_from(truly).unwrap_or(u64::MAX)
    }

    /// Nanoseconds shown a true second: at least 1, below 2 billion, so products with 64 bits fit in 128.
    #[inline]
    const fn rate(self) -> u64 {
        BILLION.saturating_add_signed(self.0 as i64)
    }
}

const BILLION: u64 = 1_000_000_000;

/// The clocks of one machine while it runs.
#[derive(Clone, Debug)]
pub(crate) struct Clocks {
    wall: Wall,
    /// What a wall clock without fault shows at the start of the run.
    epoch: WallTime,
    /// By how much the wall clock is ahead of how long the oscillator says that the run lasts, but for what follows.
    ahead_ns: i128,
    /// The slews that had not ended when the wall clock was last interfered with, in the order in which they began.
    slews: Vec<Slew>,
    /// The latest freeze, unless it had ended then.
    freeze: Option<Freeze>,
    /// When all of these have ended, and how much they have gained then.
    settled: (TrueTime, i128),
}

/// A time in which a wall clock gains so much, evenly.
#[derive(Clone, Copy, Debug)]
struct Slew {
    from: TrueTime,
    until: TrueTime,
    by_ns: i64,
}

impl Slew {
    /// How much it has gained until `at`, cut towards 0 to the nanosecond.
    fn gained_ns(&self, at: TrueTime) -> i128 {
        // Saturating: before it begins, nothing.
        let gone = at.ns().saturating_sub(self.from.ns());
        let whole = self.until.ns() - self.from.ns();
        // Cannot overflow: a product of a number of 63 bits and one of 64.
        i128::from(self.by_ns) * i128::from(gone.min(whole)) / i128::from(whole.max(1))
    }
}

/// A time in which a wall clock stands still.
#[derive(Clone, Copy, Debug)]
struct Freeze {
    from: TrueTime,
    until: TrueTime,
}

impl Clocks {
    pub(crate) const fn new(wall: Wall, epoch: WallTime) -> Clocks {
        let settled = (TrueTime::from_ns(0), 0);
        let mut clocks = Clocks { wall, epoch, ahead_ns: 0, slews: Vec::new(), freeze: None, settled };
        clocks.ahead_ns = clocks.ahead_at_start();
        clocks
    }

    /// As at the start of the run; the memory is kept.
    pub(crate) fn reset(&mut self) {
        self.ahead_ns = self.ahead_at_start();
        self.slews.clear();
        self.freeze = None;
        self.settled = (TrueTime::default(), 0);
    }

    const fn ahead_at_start(&self) -> i128 {
        self.epoch.ns() as i128 + self.wall.offset_ns as i128
    }

    /// The wall clock jumps.
    pub(crate) const fn step(&mut self, by_ns: i64) {
        // Cannot wrap: fewer than 2^32 jumps of 64 bits each.
        self.ahead_ns += by_ns as i128;
    }

    /// The wall clock is set to show this at `at`.
    pub(crate) fn set(&mut self, at: TrueTime, wall: WallTime) {
        self.ahead_ns += i128::from(wall.ns()) - self.wall_ns(at);
    }

    /// From `at` on for as long, the wall clock gains so much, evenly. `at` is never before that of an earlier call, here
    /// and below. O(slews under way).
    pub(crate) fn slew(&mut self, at: TrueTime, by_ns: i64, lasts: Duration) {
        self.fold(at);
        self.slews.push(Slew { from: at, until: at.saturating_add(lasts), by_ns });
        self.settle();
    }

    /// From `at` on for as long, the wall clock stands still, or longer if it does already. O(slews under way).
    pub(crate) fn freeze(&mut self, at: TrueTime, lasts: Duration) {
        self.fold(at);
        let until = at.saturating_add(lasts);
        let freeze = self.freeze.get_or_insert(Freeze { from: at, until });
        freeze.until = freeze.until.max(until);
        self.settle();
    }

    /// What has ended until `at` is over and done with, so that however much has befallen the clock, only what is under
    /// way is looked at.
    fn fold(&mut self, at: TrueTime) {
        if let Some(freeze) = self.freeze.filter(|freeze| freeze.until <= at) {
            self.ahead_ns -= self.stood_ns(freeze, at);
            self.freeze = None;
        }
        // Of what a slew gains in a freeze nothing is left.
        let until = self.freeze.map_or(at, |freeze| freeze.from);
        let ahead_ns = &mut self.ahead_ns;
        self.slews.retain(|slew| {
            let is_under_way = slew.until > at;
            *ahead_ns += if is_under_way { 0 } else { slew.gained_ns(until) };
            is_under_way
        });
    }

    fn settle(&mut self) {
        let ends = self.slews.iter().map(|slew| slew.until).chain(self.freeze.map(|freeze| freeze.until));
        let end = ends.max().unwrap_or_default();
        self.settled = (end, self.warped_ns(end));
    }

    /// What they show at `at` to a process that began at `began`. A wall clock stays within what it can show.
    #[inline]
    pub(crate) fn now(&self, at: TrueTime, began: TrueTime) -> Now {
        let wall = u64::try_from(self.wall_ns(at).max(0)).unwrap_or(u64::MAX);
        let elapsed = self.wall.drift.shows(at.ns().saturating_sub(began.ns()));
        Now { wall: WallTime::from_ns(wall), elapsed: Elapsed::from_ns(elapsed) }
    }

    #[inline]
    fn wall_ns(&self, at: TrueTime) -> i128 {
        let straight = self.ahead_ns + i128::from(self.wall.drift.shows(at.ns()));
        let (end, warped) = self.settled;
        straight + if at >= end { warped } else { self.warped_ns(at) }
    }

    /// What slews have gained and a freeze has cost until `at`.
    fn warped_ns(&self, at: TrueTime) -> i128 {
        self.slewed_ns(at) - self.freeze.map_or(0, |freeze| self.stood_ns(freeze, at))
    }

    /// How far the clock would have gone until `at` in the time in which it stands still.
    fn stood_ns(&self, freeze: Freeze, at: TrueTime) -> i128 {
        if at <= freeze.from { 0 } else { self.course_ns(at.min(freeze.until)) - self.course_ns(freeze.from) }
    }

    /// How far the clock goes until `at` by its oscillator and its slews.
    fn course_ns(&self, at: TrueTime) -> i128 {
        i128::from(self.wall.drift.shows(at.ns())) + self.slewed_ns(at)
    }

    /// How much slews have gained until `at`, each cut towards 0 to the nanosecond.
    fn slewed_ns(&self, at: TrueTime) -> i128 {
        self.slews.iter().map(|slew| slew.gained_ns(at)).sum()
    }

    /// When a timer runs out that is set at `at` by a process that began at `began`: the first true time at
    /// which its monotonic clock shows `after` more.
    pub(crate) fn runs_out(&self, at: TrueTime, began: TrueTime, after: Duration) -> TrueTime {
        let shows = self.wall.drift.shows(at.ns().saturating_sub(began.ns()));
        let shows = Elapsed::from_ns(shows).saturating_add(after);
        let lasts = self.wall.drift.lasts(shows.ns());
        // Never early, and never before now, however the cuts to a nanosecond fall.
        began.saturating_add(Duration::from_nanos(lasts)).max(at)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EPOCH: WallTime = WallTime::from_ns(1_000_000_000_000);

    fn drift(ppb: i32) -> Drift {
        Drift::ppb(ppb).expect("within the limit")
    }

    #[test]
    fn a_clock_shows_offset_drift_and_steps() {
        let check = |offset_ns, ppb, step_ns, at_ns, expected_ns| {
            let mut clocks = Clocks::new(Wall { offset_ns, drift: drift(ppb) }, EPOCH);
            clocks.step(step_ns);
            let now = clocks.now(TrueTime::from_ns(at_ns), TrueTime::from_ns(0));
            assert_eq!(
                now.wall.ns(),
                expected_ns,
                "offset {offset_ns} drift {ppb} step {step_ns} at {at_ns}"
            );
        };
        check(0, 0, 0, 5, 1_000_000_000_005);
        check(600_000_000, 0, 0, 0, 1_000_600_000_000);
        check(-600_000_000, 0, 0, 0, 999_400_000_000);
        check(0, 20_000, 0, 1_000_000_000_000, 2_000_020_000_000);
        check(0, -20_000, 0, 1_000_000_000_000, 1_999_980_000_000);
        check(0, 0, -7, 5, 999_999_999_998);
        // The ends: no wrap, no panic.
        check(i64::MIN, 0, i64::MIN, 5, 0);
        check(i64::MAX, 999_999_999, i64::MAX, u64::MAX, u64::MAX);
    }

    #[test]
    fn a_clock_that_stands_still_is_no_drift() {
        assert_eq!(Drift::ppb(-1_000_000_000), None);
        assert_eq!(Drift::ppb(1_000_000_000), None);
        assert_eq!(Drift::ppb(i32::MIN), None);
        assert_eq!(Drift::ppb(-999_999_999).map(Drift::parts_per_billion), Some(-999_999_999));
    }

    /// What befalls a wall clock at a time.
    #[derive(Clone, Copy, Debug)]
    enum Blow {
        Step(i64),
        Set(u64),
        Slew(i64, u64),
        Freeze(u64),
    }

    fn blow() -> impl Strategy<Value = Blow> {
        prop_oneof![
            (-3_000..3_000_i64).prop_map(Blow::Step),
            (0..900_000_u64).prop_map(Blow::Set),
            (-300..300_i64, 301..2_000_u64).prop_map(|(by_ns, lasts)| Blow::Slew(by_ns, lasts)),
            (1..2_000_u64).prop_map(Blow::Freeze),
        ]
    }

    /// A wall clock that is carried on nanosecond by nanosecond: what it shows from 0 to `end`.
    fn carried_on(wall: Wall, epoch_ns: i128, blows: &[(u64, Blow)], end: u64) -> Vec<i128> {
        let mut shown = Vec::new();
        let mut now = epoch_ns + i128::from(wall.offset_ns);
        let (mut slews, mut frozen_until): (Vec<(u64, i64, u64)>, u64) = (Vec::new(), 0);
        let total = |slews: &[(u64, i64, u64)], at: u64| -> i128 {
            let gain = |&(from, by_ns, lasts): &(u64, i64, u64)| {
                i128::from(by_ns) * i128::from(at.saturating_sub(from).min(lasts)) / i128::from(lasts)
            };
            slews.iter().map(gain).sum()
        };
        for at in 0..=end {
            if at > 0 {
                let oscillator = i128::from(wall.drift.shows(at)) - i128::from(wall.drift.shows(at - 1));
                let slewed = total(&slews, at) - total(&slews, at - 1);
                // A nanosecond of a freeze is lost with all that it would have brought.
                now += if at <= frozen_until { 0 } else { oscillator + slewed };
            }
            for (_, blow) in blows.iter().filter(|(blow_at, _)| *blow_at == at) {
                match *blow {
                    Blow::Step(by_ns) => now += i128::from(by_ns),
                    Blow::Set(wall_ns) => now = i128::from(wall_ns),
                    Blow::Slew(by_ns, lasts) => slews.push((at, by_ns, lasts)),
                    Blow::Freeze(lasts) => frozen_until = frozen_until.max(at + lasts),
                }
            }
            shown.push(now);
        }
        shown
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_wall_clock_shows_what_one_carried_on_nanosecond_by_nanosecond_shows(
            ppb in -999_999_999..1_000_000_000_i32,
            offset_ns in -2_000..2_000_i64,
            mut blows in prop::collection::vec((0..4_000_u64, blow()), 0..12),
        ) {
            const END: u64 = 5_000;
            blows.sort_by_key(|(at, _)| *at);
            let wall = Wall { offset_ns, drift: drift(ppb) };
            let epoch = WallTime::from_ns(1_000);
            let twin = carried_on(wall, 1_000, &blows, END);
            let (mut clocks, mut next, mut elapsed) = (Clocks::new(wall, epoch), blows.iter().peekable(), 0);
            for (at_ns, shown) in (0..=END).zip(twin) {
                let at = TrueTime::from_ns(at_ns);
                while let Some((_, blow)) = next.next_if(|(blow_at, _)| *blow_at == at_ns) {
                    match *blow {
                        Blow::Step(by_ns) => clocks.step(by_ns),
                        Blow::Set(wall_ns) => clocks.set(at, WallTime::from_ns(wall_ns)),
                        Blow::Slew(by_ns, lasts) => clocks.slew(at, by_ns, Duration::from_nanos(lasts)),
                        Blow::Freeze(lasts) => clocks.freeze(at, Duration::from_nanos(lasts)),
                    }
                }
                let now = clocks.now(at, TrueTime::default());
                prop_assert_eq!(i128::from(now.wall.ns()), shown.max(0), "at {}", at_ns);
                prop_assert!(now.elapsed.ns() >= elapsed, "the monotonic clock goes back at {}", at_ns);
                elapsed = now.elapsed.ns();
            }
            clocks.reset();
            let fresh = Clocks::new(wall, epoch);
            let late = TrueTime::from_ns(END);
            prop_assert_eq!(clocks.now(late, late), fresh.now(late, late), "nothing is left of an earlier run");
        }
    }

    #[test]
    fn what_has_ended_is_not_kept_however_much_befalls_a_clock() {
        let mut clocks = Clocks::new(Wall::TRUE, EPOCH);
        for nth in 0..10_000 {
            let at = TrueTime::from_ns(nth * 1_000);
            clocks.slew(at, 1, Duration::from_nanos(900));
            clocks.freeze(at, Duration::from_nanos(400));
            assert!(clocks.slews.len() <= 2, "{} slews are kept", clocks.slews.len());
        }
        // Of each slew a half comes after the freeze, and is cut to nothing then; of each freeze 400 ns are lost.
        let now = clocks.now(TrueTime::from_ns(20_000_000), TrueTime::default());
        assert_eq!(now.wall.ns(), EPOCH.ns() + 20_000_000 - 10_000 * 400 + 10_000);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_timer_runs_out_at_the_first_moment_at_which_the_clock_shows_it(
            ppb in -999_999_999..1_000_000_000_i32,
            began in 0..1_000_000_u64,
            later in 0..10_000_000_000_u64,
            after in 0..10_000_000_000_u64,
        ) {
            let clocks = Clocks::new(Wall { offset_ns: 0, drift: drift(ppb) }, EPOCH);
            let (began, at) = (TrueTime::from_ns(began), TrueTime::from_ns(began + later));
            let shows = |at| clocks.now(at, began).elapsed.ns();
            let out = clocks.runs_out(at, began, Duration::from_nanos(after));
            prop_assert!(out >= at);
            prop_assert!(shows(out) >= shows(at) + after);
            if out > at {
                prop_assert!(shows(TrueTime::from_ns(out.ns() - 1)) < shows(at) + after);
            }
        }

        #[test]
        fn an_oscillator_shows_what_its_rate_says_to_the_nanosecond(
            ppb in -999_999_999..1_000_000_000_i32,
            truly_ns in prop_oneof![any::<u64>(), 0..100_000_000_000_u64],
        ) {
            let twin = u128::from(truly_ns) * (1_000_000_000 + i128::from(ppb)).unsigned_abs() / 1_000_000_000;
            prop_assert_eq!(drift(ppb).shows(truly_ns), u64::try_from(twin).unwrap_or(u64::MAX));
            prop_assert_eq!(Drift::NONE.shows(truly_ns), truly_ns);
        }

        #[test]
        fn the_monotonic_clock_never_goes_back_whatever_the_wall_does(
            ppb in -999_999_999..1_000_000_000_i32,
            step in any::<i64>(),
            one in any::<u64>(),
            other in any::<u64>(),
        ) {
            let mut clocks = Clocks::new(Wall { offset_ns: 0, drift: drift(ppb) }, EPOCH);
            let earlier = clocks.now(TrueTime::from_ns(one.min(other)), TrueTime::from_ns(0));
            clocks.step(step);
            let later = clocks.now(TrueTime::from_ns(one.max(other)), TrueTime::from_ns(0));
            prop_assert!(earlier.elapsed <= later.elapsed);
        }
    }
}

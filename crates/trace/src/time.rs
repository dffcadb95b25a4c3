//! The three faces of time, kept apart by type: what is true, what a wall shows, and what has passed.
//!
//! They do not convert into one another: a run in which a wall clock lies is exactly one in which
//! treating one as the other gives the wrong answer. A logical stamp is a fourth thing (see [`crate::claim`]).

use std::fmt;
use std::time::Duration;

/// Nanoseconds since the start of a run on the one clock that never lies, which no node can read.
///
/// Only a simulator knows it. A trace recorded outside of one holds the recorder's monotonic time here.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TrueTime(u64);

/// What a node's wall clock shows: nanoseconds since the Unix epoch, as `SystemTime` would give it.
///
/// It drifts, steps in either direction and freezes. Use it to tell people when; never to order the
/// events of two machines, and never to measure how long something took: that is [`Elapsed`].
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct WallTime(u64);

/// Nanoseconds since a node started, as `Instant` would give it: monotonic, and meaningless to any other node.
///
/// Use it for time-outs and durations; never send it, store it or show it as a date: that is [`WallTime`].
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Elapsed(u64);

macro_rules! nanoseconds {
    ($name:ident) => {
        impl $name {
            /// The time this many nanoseconds after its origin.
            pub const fn from_ns(ns: u64) -> $name {
                $name(ns)
            }

            /// Nanoseconds since its origin.
            pub const fn ns(self) -> u64 {
                self.0
            }

            /// This time later by `duration`; stays at the end of time (2^64 - 1 ns, some 584 years) rather than wrap.
            pub fn saturating_add(self, duration: Duration) -> $name {
                // Saturating: a plan may name any duration, and a wrapped one would run before its cause.
                $name(self.0.saturating_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)))
            }

            /// How long after `earlier` this is; zero when it is not after.
            pub const fn since(self, earlier: $name) -> Duration {
                Duration::from_nanos(self.0.saturating_sub(earlier.0))
            }
        }
    };
}

nanoseconds!(TrueTime);
nanoseconds!(WallTime);
nanoseconds!(Elapsed);

impl TrueTime {
    /// The time this many milliseconds after the start; the end of time where 64 bits of nanoseconds do not reach it.
    ///
    /// ```
    /// use constellation_trace::TrueTime;
    /// assert_eq!(TrueTime::from_ms(20), TrueTime::from_ns(20_000_000));
    /// ```
    pub const fn from_ms(ms: u64) -> TrueTime {
        TrueTime(ms.saturating_mul(1_000_000))
    }
}

impl WallTime {
    /// The start of a day of the proleptic Gregorian calendar in UTC.
    ///
    /// `None` for what is no day, and outside of the years 1970 to 2553, which 64 bits of nanoseconds reach.
    ///
    /// ```
    /// use constellation_trace::WallTime;
    /// let day = WallTime::midnight(2026, 3, 14).expect("a day");
    /// assert_eq!(day.to_string(), "2026-03-14T00:00:00.000Z");
    /// assert_eq!(WallTime::midnight(2026, 2, 29), None);
    /// ```
    pub fn midnight(year: u16, month: u8, day: u8) -> Option<WallTime> {
        const DAY_NS: u64 = 86_400 * 1_000_000_000;
        let (year, month, day) = (u64::from(year), u64::from(month), u64::from(day));
        if !(1970..2554).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        // Days are counted by going there and back: few enough, and right if `date` is.
        let days = (year - 1970) * 365 + (month - 1) * 28 + day - 1;
        let days = (days..days + 200).find(|days| date(*days) == (year, month, day))?;
        Some(WallTime(days * DAY_NS))
    }
}

impl fmt::Display for TrueTime {
    /// `+12.345678s`: seconds since the start, to the microsecond, the rest cut.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{}.{:06}s", self.0 / 1_000_000_000, self.0 % 1_000_000_000 / 1_000)
    }
}

impl fmt::Display for WallTime {
    /// `04:11:59.428Z`, with the date in front when it is not the first day of 1970; milliseconds, the rest cut.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0 / 1_000_000_000;
        let (days, second) = (seconds / 86_400, seconds % 86_400);
        if days > 0 {
            let (year, month, day) = date(days);
            write!(f, "{year:04}-{month:02}-{day:02}T")?;
        }
        let millisecond = self.0 % 1_000_000_000 / 1_000_000;
        write!(f, "{:02}:{:02}:{:02}.{millisecond:03}Z", second / 3600, second / 60 % 60, second % 60)
    }
}

/// The proleptic Gregorian date of a day counted from 1970-01-01.
///
/// Years are counted from March in eras of 400 years, so that the leap day comes last and every month has a
/// fixed start (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", 2013).
fn date(days: u64) -> (u64, u64, u64) {
    const ERA_DAYS: u64 = 146_097;
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / ERA_DAYS, shifted % ERA_DAYS);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wall_time_is_shown_as_utc() {
        let check = |seconds: u64, expected: &str| {
            assert_eq!(WallTime::from_ns(seconds * 1_000_000_000 + 428_999_999).to_string(), expected);
        };
        check(4 * 3600 + 11 * 60 + 59, "04:11:59.428Z");
        check(951_782_400, "2000-02-29T00:00:00.428Z");
        check(1_709_251_199, "2024-02-29T23:59:59.428Z");
        check(4_102_444_800, "2100-01-01T00:00:00.428Z");
    }

    #[test]
    fn time_stops_at_its_end_instead_of_wrapping() {
        let late = TrueTime::from_ns(u64::MAX - 1).saturating_add(Duration::from_secs(9));
        assert_eq!(late.ns(), u64::MAX);
        assert_eq!(TrueTime::from_ns(3).since(TrueTime::from_ns(5)), Duration::ZERO);
    }
}

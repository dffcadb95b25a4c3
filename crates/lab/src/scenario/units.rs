//! How durations and chances are written in a scenario file: `80ms`, `1.5s`, `9min`, `2.5%`, `20ppm`.

use std::time::Duration;

use constellation_fabric::Odds;
use constellation_sim::Drift;

/// The units of a duration, longest name first so that `ms` is not read as `m` and `s`.
const UNITS: [(&str, u64); 6] = [
    ("min", 60_000_000_000),
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("h", 3_600_000_000_000),
    ("s", 1_000_000_000),
];

/// A duration such as `80ms`, `1.5s` or `9min`; none of more than 2^63 - 1 nanoseconds (292 years).
pub(super) fn duration(text: &str) -> Option<Duration> {
    let (number, unit_ns) = UNITS.iter().find_map(|(unit, ns)| Some((text.strip_suffix(unit)?, *ns)))?;
    let ns = scaled(number.trim_end(), unit_ns)?;
    i64::try_from(ns).ok()?;
    Some(Duration::from_nanos(ns))
}

/// A duration with an optional sign, in nanoseconds.
pub(super) fn signed_ns(text: &str) -> Option<i64> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let ns = i64::try_from(duration(text)?.as_nanos()).ok()?;
    // Cannot overflow: the magnitude is at most 2^63 - 1.
    Some(sign * ns)
}

/// `20ms..80ms`, or a single duration for both ends.
pub(super) fn duration_range(text: &str) -> Option<(Duration, Duration)> {
    match text.split_once("..") {
        Some((least, most)) => Some((duration(least.trim())?, duration(most.trim())?)),
        None => duration(text).map(|both| (both, both)),
    }
}

/// A chance such as `2.5%` or `300ppm`, to the part in a million.
pub(super) fn odds(text: &str) -> Option<Odds> {
    let ppm = match text.strip_suffix('%') {
        Some(percent) => scaled(percent.trim_end(), 10_000)?,
        None => scaled(text.strip_suffix("ppm")?.trim_end(), 1)?,
    };
    Odds::ppm(u32::try_from(ppm).ok()?)
}

/// The most that a clock gains or loses, in parts of a thousand million: time-outs still end in twice their time.
const DRIFT_PPB_MAX: i32 = 500_000_000;

/// A drift such as `-20ppm` or `1.5ppm`, of half a second a second at most.
pub(super) fn drift(text: &str) -> Option<Drift> {
    let number = text.strip_suffix("ppm")?.trim_end();
    let (sign, number) = match number.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, number.strip_prefix('+').unwrap_or(number)),
    };
    let ppb = i32::try_from(scaled(number, 1_000)?).ok().filter(|ppb| *ppb <= DRIFT_PPB_MAX)?;
    Drift::ppb(sign * ppb)
}

/// `number`, a decimal without sign, times `unit`; `None` when it is none, too large, or finer than 1.
fn scaled(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let whole = whole.parse::<u64>().ok()?.checked_mul(unit)?;
    let mut rest = u128::from(unit);
    let mut part: u128 = 0;
    for digit in fraction.trim_end_matches('0').bytes() {
        if rest % 10 != 0 {
            return None;
        }
        rest /= 10;
        part += u128::from(digit - b'0') * rest;
    }
    whole.checked_add(u64::try_from(part).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_to_the_nanosecond() {
        let check = |text: &str, expected: Option<u64>| {
            assert_eq!(duration(text).map(|read| read.as_nanos()), expected.map(u128::from), "{text}");
        };
        check("80ms", Some(80_000_000));
        check("1.5s", Some(1_500_000_000));
        check("1.000000001s", Some(1_000_000_001));
        check("9min", Some(540_000_000_000));
        check("2 h", Some(7_200_000_000_000));
        check("0ns", Some(0));
        check("0.5ns", None);
        check("-1s", None);
        check("1", None);
        check("s", None);
        check(".5s", None);
        check("1e3s", None);
        check("99999999999999h", None);
    }

    #[test]
    fn chances_and_drifts_are_whole_parts_of_a_million() {
        assert_eq!(odds("2.5%"), Odds::ppm(25_000));
        assert_eq!(odds("300ppm"), Odds::ppm(300));
        assert_eq!(odds("100%"), Some(Odds::ALWAYS));
        assert_eq!(odds("101%"), None);
        assert_eq!(odds("0.00001%"), None);
        assert_eq!(drift("-1.5ppm"), Drift::ppb(-1_500));
        assert_eq!(drift("500000ppm"), Drift::ppb(500_000_000));
        assert_eq!(drift("-500000.001ppm"), None);
        assert_eq!(signed_ns("-300ms"), Some(-300_000_000));
        assert_eq!(signed_ns("--300ms"), None);
    }
}

//! How durations, chances, sizes and rates are written in a scenario file: `80ms`, `9min`, `2.5%`, `16KiB`, `64kB/s`.

use std::num::NonZeroU64;
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
pub fn duration(text: &str) -> Option<Duration> {
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

/// `-2s..0s`, or a single duration for both ends, each with an optional sign; in nanoseconds.
pub fn signed_range_ns(text: &str) -> Option<(i64, i64)> {
    match text.split_once("..") {
        Some((from, to)) => Some((signed_ns(from.trim())?, signed_ns(to.trim())?)),
        None => signed_ns(text).map(|both| (both, both)),
    }
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

/// The units of a size, longest name first so that `KiB` is not read as `B`.
const SIZES: [(&str, u64); 7] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("B", 1),
];

/// A size such as `200B`, `1.5KiB` or `2MB`, in bytes.
pub(super) fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = SIZES.iter().find_map(|(unit, bytes)| Some((text.strip_suffix(unit)?, *bytes)))?;
    scaled(number.trim_end(), unit)
}

/// The units of a rate in bits; the larger ones first.
const BITS: [(&str, u64); 3] = [("kbit/s", 1_000), ("Mbit/s", 1_000_000), ("bit/s", 1)];

/// A rate such as `64KiB/s` or `9600bit/s`, in bytes a second; `None` for none at all, or for a part of a byte.
pub(super) fn rate(text: &str) -> Option<NonZeroU64> {
    let bits = BITS.iter().find_map(|(unit, bits)| Some((text.strip_suffix(unit)?, *bits)));
    let bytes_per_second = match bits {
        Some((number, unit)) => {
            let bits = scaled(number.trim_end(), unit)?;
            if bits % 8 != 0 {
                return None;
            }
            bits / 8
        }
        None => bytes(text.strip_suffix("/s")?)?,
    };
    NonZeroU64::new(bytes_per_second)
}

/// `number`, a decimal without sign, times `unit`; `None` when it is none, too large, or finer than 1.
fn scaled(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let whole = whole.parse::<u64>().ok()?.checked_mul(unit)?;
    // A unit of at most 20 twos leaves nothing whole of a fraction with more digits, and of one with 30 nobody writes
    // more; so nothing below can wrap.
    const DIGITS_MAX: usize = 20;
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > DIGITS_MAX {
        return None;
    }
    let (mut part, mut scale) = (0_u128, 1_u128);
    for digit in fraction.bytes() {
        part = part * 10 + u128::from(digit - b'0');
        scale *= 10;
    }
    let part = part.checked_mul(u128::from(unit)).filter(|part| part % scale == 0)?;
    whole.checked_add(u64::try_from(part / scale).ok()?)
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
        check("1.0000000001s", None);
        check("0.1250h", Some(450_000_000_000));
        check("0.333h", Some(1_198_800_000_000));
        check("1.000000000000000000000000000000000001h", None);
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
    fn sizes_and_rates_are_whole_bytes() {
        let check = |text: &str, expected: Option<u64>| assert_eq!(bytes(text), expected, "{text}");
        check("200B", Some(200));
        check("1.5KiB", Some(1_536));
        check("1.5 kB", Some(1_500));
        check("2MiB", Some(2 << 20));
        check("2MB", Some(2_000_000));
        check("3 GiB", Some(3 << 30));
        check("1.5GB", Some(1_500_000_000));
        check("64KB", None);
        check("99999999999GiB", None);
        check("0B", Some(0));
        check("0.5B", None);
        check("16", None);
        check("1Kib", None);
        check("-1B", None);
        check("18446744073709551615B", Some(u64::MAX));
        check("18446744073709551616B", None);
        let check = |text: &str, expected: Option<u64>| {
            assert_eq!(rate(text).map(NonZeroU64::get), expected, "{text}");
        };
        check("64 KiB/s", Some(65_536));
        check("1B/s", Some(1));
        check("9600bit/s", Some(1_200));
        check("9.6kbit/s", Some(1_200));
        check("1Mbit/s", Some(125_000));
        check("9601bit/s", None);
        check("0B/s", None);
        check("64KiB", None);
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
        assert_eq!(signed_range_ns("-1s .. 0.5s"), Some((-1_000_000_000, 500_000_000)));
        assert_eq!(signed_range_ns("-1ms"), Some((-1_000_000, -1_000_000)));
        assert_eq!(signed_range_ns("0s..1s..2s"), None);
    }
}

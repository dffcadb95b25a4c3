//! How the values of flags are read, and what is said of those that cannot be.

use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::time::Duration;

use constellation_audit::Level;
use constellation_lab::live::SPEED_MAX;
use constellation_lab::scenario::{duration, signed_range_ns};
use constellation_trace::format::histories::FailedCas;
use constellation_verify::models::Object;

use super::{End, Errors, Spending};

/// A seed in decimal, or in hexadecimal after `0x`.
pub(super) fn parse_seed(text: &str) -> Result<u64, String> {
    let parsed = match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    parsed.map_err(|_| "a whole number from 0 to 2^64 - 1, decimal or after 0x".to_owned())
}

/// How many times as fast as the machine.
pub(super) fn parse_speed(text: &str) -> Result<NonZeroU32, String> {
    let speed = text.parse().ok().filter(|speed: &NonZeroU32| speed.get() <= SPEED_MAX);
    speed.ok_or_else(|| format!("a whole number from 1 to {SPEED_MAX}"))
}

/// How many seeds: one at least.
pub(super) fn parse_seeds(text: &str) -> Result<NonZeroU64, String> {
    text.parse().map_err(|_| "a whole number from 1 to 2^64 - 1".to_owned())
}

/// How often a server is measured: each run takes a minute at the least.
pub(super) fn parse_runs(text: &str) -> Result<NonZeroU32, String> {
    const RUNS_MAX: u32 = 100;
    let runs = text.parse().ok().filter(|runs: &NonZeroU32| runs.get() <= RUNS_MAX);
    runs.ok_or_else(|| format!("a whole number from 1 to {RUNS_MAX}"))
}

/// How many threads: more than any machine has cores only cost time and memory.
pub(super) fn parse_jobs(text: &str) -> Result<NonZeroUsize, String> {
    const JOBS_MAX: usize = 1_024;
    let jobs = text.parse().ok().filter(|jobs: &NonZeroUsize| jobs.get() <= JOBS_MAX);
    jobs.ok_or_else(|| {
        format!("a whole number from 1 to {JOBS_MAX}; more than there are cores find nothing sooner")
    })
}

pub(super) fn parse_time(text: &str) -> Result<Duration, String> {
    duration(text).ok_or_else(|| "a number and a unit, such as 90s, 10min or 1.5h".to_owned())
}

/// As [`parse_time`]; minutes may be written as `5m`, too.
pub(super) fn parse_hunting_time(text: &str) -> Result<Duration, String> {
    parse_time(text)
        .or_else(|wanted| text.strip_suffix('m').map_or(Err(wanted), |_| parse_time(&format!("{text}in"))))
}

/// From which level on a finding counts.
pub(super) fn parse_level(text: &str) -> Result<Level, String> {
    text.parse()
}

pub(super) fn parse_object(text: &str) -> Result<Object, String> {
    Object::find(text).map_err(|near| {
        let known = Object::ALL.map(Object::name).join(", ");
        near.map_or(format!("one of {known}"), |near| format!("did you mean `{near}`?"))
    })
}

pub(super) fn parse_failed_cas(text: &str) -> Result<FailedCas, String> {
    let found = FailedCas::NAMES.iter().find(|(name, _)| *name == text);
    found.map(|(_, failed)| *failed).ok_or_else(|| "`mismatch` or `nothing`".to_owned())
}

/// A time, a size or a number of steps.
pub(super) fn parse_limit(text: &str) -> Result<Spending, String> {
    const UNITS: [(&str, u64); 8] = [
        ("steps", 1),
        ("kB", 1_000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        // Last, since the others end with it.
        ("B", 1),
    ];
    let wanted = || "a time, a size or steps, such as 10s, 1GB, 512MiB or 5000steps".to_owned();
    let text = text.trim();
    if let Some((unit, size)) = UNITS.iter().find(|(unit, _)| text.ends_with(unit)) {
        let digits = text.trim_end_matches(unit).trim_end();
        let amount =
            digits.parse().ok().and_then(|count: u64| count.checked_mul(*size)).ok_or_else(wanted)?;
        return Ok(if *unit == "steps" { Spending::Steps(amount) } else { Spending::Bytes(amount) });
    }
    duration(text).map(Spending::Time).ok_or_else(wanted)
}

pub(super) fn parse_end(text: &str) -> Result<End, String> {
    Ok(End { text: text.to_owned(), time: parse_time(text)? })
}

pub(super) fn parse_errors(text: &str) -> Result<Errors, String> {
    let wanted = || "two durations, such as 0s..2s or -200ms..200ms, or a single one".to_owned();
    Ok(Errors { text: text.to_owned(), range_ns: signed_range_ns(text).ok_or_else(wanted)? })
}

/// An event as a timeline names it, or by its number alone.
pub(super) fn parse_event(text: &str) -> Result<u32, String> {
    let digits = text.strip_prefix('e').unwrap_or(text);
    digits.parse().map_err(|_| "an event as the timeline names it, such as e17".to_owned())
}

//! How requirements are read: every key is known or refused.

use std::time::Duration;

use super::{Latency, ReadsInPartition, Requirement, Words, WritesInPartition};
use crate::placement::measure::Trips;
use crate::scenario::duration;
use crate::scenario::reader::{Field, Result, ScenarioError, Section, document};

pub(super) fn read(text: &str) -> Result<Words> {
    let document = document(text, Requirement::TEXT_MAX, "requirements have")?;
    let file = Section::of_file(&document, text);
    file.only(&["read", "write"])?;
    let mut words = Words::default();
    if let Some(field) = file.get("read") {
        let read = field.section("[read]")?;
        read.only(&["partition", "stale_max", "latency_max", "refused_max"])?;
        let known = [
            ("answer", ReadsInPartition::Answer),
            ("stale", ReadsInPartition::Stale),
            ("refuse", ReadsInPartition::Refuse),
        ];
        words.reads = read.get("partition").map(|field| field.one_of(&known)).transpose()?;
        words.stale_max = time(&read, "stale_max")?;
        words.read_latency_max = latency(&read)?;
        words.reads_refused_max = time(&read, "refused_max")?;
    }
    if let Some(field) = file.get("write") {
        let write = field.section("[write]")?;
        write.only(&["partition", "latency_max", "refused_max", "lost"])?;
        let known = [("answer", WritesInPartition::Answer), ("refuse", WritesInPartition::Refuse)];
        words.writes = write.get("partition").map(|field| field.one_of(&known)).transpose()?;
        words.write_latency_max = latency(&write)?;
        words.writes_refused_max = time(&write, "refused_max")?;
        let lost = write.get("lost").map(|field| field.one_of(&[("never", true)])).transpose()?;
        words.is_nothing_lost = lost.unwrap_or(false);
    }
    if words == Words::default() {
        let error = ScenarioError::new(text.len()..text.len(), "nothing is required");
        return Err(error.help("say something under `[read]` or `[write]`, such as `partition = \"answer\"`"));
    }
    Ok(words)
}

fn time(section: &Section<'_>, key: &'static str) -> Result<Option<Duration>> {
    let read = |field: Field<'_>| field.parsed("a time such as \"200ms\"", duration);
    section.get(key).map(read).transpose()
}

fn latency(section: &Section<'_>) -> Result<Option<Latency>> {
    let wanted = "a time such as \"120ms\", or round trips such as \"1.5rt\"";
    let read = |text: &str| match text.strip_suffix("rt") {
        Some(number) => trips(number.trim()).map(Latency::Trips),
        None => duration(text).map(Latency::Time),
    };
    section.get("latency_max").map(|field| field.parsed(wanted, read)).transpose()
}

/// A number with up to two decimals, in hundredths.
fn trips(text: &str) -> Option<Trips> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(rest) || whole.len() > 4 || rest.len() > 2 {
        return None;
    }
    let hundredths: i64 = format!("{rest:0<2}").parse().ok()?;
    Some(Trips(whole.parse::<i64>().ok()? * 100 + hundredths))
}

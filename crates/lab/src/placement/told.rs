//! A placement in two sentences, one for partition and one for normal operation, made of what was measured.

use std::collections::BTreeMap;
use std::time::Duration;

use super::cell::{InPartition, Otherwise};
use super::client::Kind;
use super::judged::Consistency;
use super::measure::{Answers, Trips};
use super::{Lost, Placement, SITE_NAMES, StaleReads};

/// What is to be said of partition.
pub fn partition(placement: &Placement) -> String {
    let who = who_answers(&placement.answers);
    let what = match (&placement.in_partition.linearizable, placement.cell.partition) {
        (Consistency::Holds, InPartition::Unknown) => {
            "nothing wrong was seen, so the cuts did not reach the store".to_owned()
        }
        (Consistency::Holds, _) => "what is answered is linearizable".to_owned(),
        (Consistency::Violated(violation), _) => {
            wrong(&placement.stale_in_partition, &placement.lost, &violation.found)
        }
        (Consistency::Unknown(limit), _) => format!("whether it is linearizable nobody can tell ({limit})"),
    };
    format!("{who}; {what}.")
}

/// What is to be said of normal operation.
pub fn otherwise(placement: &Placement) -> String {
    let trips =
        |kind| range(placement.trips.iter().filter(|row| row.kind == kind).filter_map(|row| row.trips));
    let cost = format!("a read takes {} and a write {}", trips(Kind::Read), trips(Kind::Write));
    let what = match (&placement.normal.linearizable, placement.cell.otherwise) {
        (Consistency::Violated(violation), _) => match &placement.stale_normal {
            StaleReads { count: 0, .. } => {
                format!("what they show is not linearizable: {}", violation.found)
            }
            stale => format!(
                "{} of {} reads showed what had been replaced, up to {} before",
                stale.count,
                stale.of,
                ms(stale.age_max)
            ),
        },
        (Consistency::Unknown(limit), _) => format!("whether it is linearizable nobody can tell ({limit})"),
        (Consistency::Holds, Otherwise::Consistency | Otherwise::Latency | Otherwise::Unknown) => {
            "every read shows the latest write, with a slow site, too".to_owned()
        }
    };
    format!("{}; {what}.", capital(&cost))
}

fn wrong(stale: &StaleReads, lost: &Lost, found: &str) -> String {
    let mut parts = Vec::new();
    if stale.count > 0 {
        let age = ms(stale.age_max);
        parts.push(format!(
            "{} of {} reads showed what had been replaced up to {age} before",
            stale.count, stale.of
        ));
    }
    if lost.count > 0 {
        parts.push(format!("{} of {} acknowledged writes were lost", lost.count, lost.of));
    }
    if parts.is_empty() {
        format!("what is answered is not linearizable: {found}")
    } else {
        parts.join(", and ")
    }
}

/// Who answers what with which site cut off.
fn who_answers(answers: &[Answers]) -> String {
    let gap = answers.iter().filter(|row| row.is_available()).map(|row| row.gap).max().unwrap_or_default();
    let pause = if gap.is_zero() { String::new() } else { format!(" after at most {}", ms(gap)) };
    if answers.iter().all(Answers::is_available) {
        return format!("Whichever site is cut off, every site goes on answering reads and writes{pause}");
    }
    let mut cuts: BTreeMap<usize, Vec<&Answers>> = BTreeMap::new();
    for row in answers.iter().filter(|row| !row.is_available()) {
        cuts.entry(row.cut).or_default().push(row);
    }
    let sites = answers.iter().map(|row| row.cut + 1).max().unwrap_or(0);
    let silent: Vec<(usize, Silent)> =
        cuts.into_iter().map(|(cut, rows)| (cut, silent(cut, &rows))).collect();
    let first = &silent[0].1;
    if silent.len() == sites && silent.iter().all(|(_, other)| other.pattern == first.pattern) {
        let told =
            first.pattern.as_ref().map(|pattern| format!("Whichever site is cut off, {pattern}{pause}"));
        if let Some(told) = told {
            return told;
        }
    }
    let each =
        silent.iter().map(|(cut, silent)| format!("with {} cut off, {}", SITE_NAMES[*cut], silent.words));
    let rest = if silent.len() < sites { "; else all answer" } else { "" };
    capital(&format!("{}{rest}{pause}", each.collect::<Vec<_>>().join("; ")))
}

/// Who is silent with one site cut off.
struct Silent {
    words: String,
    /// In words that name no site; `None` if only some of the others are silent.
    pattern: Option<String>,
}

fn silent(cut: usize, rows: &[&Answers]) -> Silent {
    let mut kinds: BTreeMap<usize, Vec<Kind>> = BTreeMap::new();
    for row in rows {
        kinds.entry(row.site).or_default().push(row.kind);
    }
    let mut alike: BTreeMap<&[Kind], Vec<usize>> = BTreeMap::new();
    for (site, kinds) in &kinds {
        alike.entry(kinds).or_default().push(*site);
    }
    let words = alike.iter().map(|(kinds, sites)| {
        let names: Vec<&str> = sites.iter().map(|site| SITE_NAMES[*site]).collect();
        format!("{} {} {}", listed(&names), verb(names.len()), nothing(kinds))
    });
    let words = words.collect::<Vec<_>>().join(", and ");
    let sites: Vec<usize> = kinds.keys().copied().collect();
    let pattern = match (alike.len(), &sites[..]) {
        (1, [only]) if *only == cut => {
            Some(format!("it answers {} and the others go on", nothing(&kinds[only])))
        }
        (1, all) if all.len() == SITES_SEEN => Some(format!("no site answers {}", or(&kinds[&cut]))),
        _ => None,
    };
    Silent { words, pattern }
}

/// At how many sites it is said that none answers.
const SITES_SEEN: usize = 3;

const fn verb(count: usize) -> &'static str {
    if count == 1 { "answers" } else { "answer" }
}

fn nothing(kinds: &[Kind]) -> &'static str {
    match kinds {
        [Kind::Read] => "no reads",
        [Kind::Write] => "no writes",
        _ => "neither reads nor writes",
    }
}

fn or(kinds: &[Kind]) -> &'static str {
    match kinds {
        [Kind::Read] => "reads",
        [Kind::Write] => "writes",
        _ => "reads or writes",
    }
}

fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn range(trips: impl Iterator<Item = Trips> + Clone) -> String {
    match (trips.clone().min(), trips.max()) {
        (Some(least), Some(most)) if least == most => format!("{least} round trips"),
        (Some(least), Some(most)) => format!("{least} to {most} round trips"),
        _ => "a time that nobody knows".to_owned(),
    }
}

/// A time in milliseconds, to the tenth.
pub(super) fn ms(time: Duration) -> String {
    let tenths = time.as_micros() / 100;
    format!("{}.{} ms", tenths / 10, tenths % 10)
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

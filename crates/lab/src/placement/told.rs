//! A placement in two sentences, one for partition and one for normal operation, made of what was measured.

use std::collections::BTreeMap;
use std::time::Duration;

use super::cell::InPartition;
use super::client::{Answer, Kind, What};
use super::judged::{Consistency, Violation};
use super::measure::{Answers, Served, Trips};
use super::protocol::Way;
use super::record::{Asked, Record};
use super::trade::Trade;
use super::{Elsewhere, Placement, SITE_NAMES, StaleReads, Store};

/// What is to be said of partition.
pub fn partition(placement: &Placement) -> String {
    let who = who_answers(Way::Both, &of_way(&placement.answers, Way::Both));
    let what = match (&placement.in_partition, placement.cell.partition) {
        (Consistency::Holds, InPartition::Unknown) => {
            "nothing wrong was seen, so the cuts did not reach the store".to_owned()
        }
        (Consistency::Holds, _) => format!(
            "what is answered is linearizable, and none of {} acknowledged writes was lost",
            placement.lost.of
        ),
        (Consistency::Violated(_), InPartition::Consistency) => as_before(placement),
        (Consistency::Violated(violation), _) => wrong(placement, &violation.found),
        (Consistency::Unknown(limit), _) => format!("whether that is linearizable nobody can tell ({limit})"),
    };
    format!("{who}; {what}.")
}

/// What is to be said of cuts in one direction: a sentence for each in which others answer, or later, than in a partition. What
/// is answered then is judged with the rest.
pub fn one_way(placement: &Placement) -> Vec<String> {
    let of = |way: Way, words: Way| who_answers(words, &of_way(&placement.answers, way));
    let differs = |way: &Way| of(*way, Way::Both) != of(Way::Both, Way::Both);
    let ways = [Way::From, Way::To].into_iter().filter(differs);
    ways.map(|way| format!("{}.", of(way, way))).collect()
}

fn of_way(answers: &[Answers], way: Way) -> Vec<Answers> {
    answers.iter().filter(|row| row.way == way).copied().collect()
}

/// What is to be said of normal operation.
pub fn otherwise(placement: &Placement) -> String {
    let cost =
        format!("a read takes {}, and a write {}", cost(placement, Kind::Read), cost(placement, Kind::Write));
    let idle: Vec<&Served> = placement.served.iter().filter(|served| !served.is_enough()).collect();
    let what = match (&placement.normal, &placement.stale_normal, idle.first()) {
        (Consistency::Violated(violation), StaleReads { count: 0, .. }, _) => {
            format!("reads go back to what others no longer see: {}", violation.found)
        }
        (Consistency::Violated(_), stale, _) => stale_reads(stale),
        (Consistency::Unknown(limit), ..) => {
            format!("whether what they show is linearizable nobody can tell ({limit})")
        }
        (Consistency::Holds, _, Some(Served { site, kind, asked, done })) => format!(
            "but {} did only {done} of {asked} {kind}s, so nobody can tell what the others are worth",
            SITE_NAMES[*site]
        ),
        (Consistency::Holds, _, None) => {
            "every read shows the latest write, with one slow site, too".to_owned()
        }
    };
    format!("{}; {what}.", capital(&cost))
}

/// What would have to change for the store to live in another cell, a sentence for each setting that does it, the nearest
/// first; where none does, what another design would have to do.
pub fn elsewhere(store: &Store, others: &[Elsewhere]) -> Vec<String> {
    if others.is_empty() {
        return vec![format!("No one setting moves it to another cell; {}.", store.toward())];
    }
    let told = others.iter().map(|Elsewhere { setting, cell, trade: Trade { gains, costs }, .. }| {
        let part = |what: &str, parts: &[String]| match parts {
            [] => String::new(),
            parts => format!("; {what}: {}", parts.join(", ")),
        };
        format!("With {setting} it lives in {cell}{}{}.", part("gained", gains), part("paid", costs))
    });
    told.collect()
}

/// The operations that show that a round is not linearizable, one a line, with their times since its beginning.
pub fn evidence(record: &Record, violation: &Violation) -> Vec<String> {
    violation.operations.iter().map(|place| operation(&record.asked[*place])).collect()
}

/// An operation in one line: `612.0 ms  pacific writes own-0-3 = 12, done at 632.1 ms`.
pub fn operation(asked: &Asked) -> String {
    let what = match asked.ask.what {
        What::Write(value) => format!("writes {} = {value}", asked.ask.key),
        What::Read => format!("reads {}", asked.ask.key),
    };
    let end = match (&asked.ended, asked.ask.what) {
        (None, _) => "not answered".to_owned(),
        (Some((at, Answer::Ok(_))), What::Write(_)) => format!("done at {}", ms(*at)),
        (Some((at, Answer::Ok(Some(value)))), What::Read) => format!("shown {value} at {}", ms(*at)),
        (Some((at, Answer::Ok(None))), What::Read) => format!("shown nothing at {}", ms(*at)),
        (Some((at, Answer::Refused(reason))), _) => format!("refused at {}: {reason}", ms(*at)),
        (Some((at, Answer::Unknown(reason))), _) => format!("unknown at {}: {reason}", ms(*at)),
    };
    format!("{}  {}'s client {} {what}, {end}", ms(asked.begun), SITE_NAMES[asked.site], asked.client)
}

fn stale_reads(stale: &StaleReads) -> String {
    let age = ms(stale.age_max);
    format!("{} of {} reads showed what had been replaced, up to {age} before", stale.count, stale.of)
}

/// A cut makes what is answered no weaker than it was.
fn as_before(placement: &Placement) -> String {
    let models = placement.baseline.models.join(", ");
    let stale = match &placement.stale_in_partition {
        StaleReads { count: 0, .. } => String::new(),
        stale => format!("; {}", stale_reads(stale)),
    };
    let lost = format!("none of {} acknowledged writes was lost", placement.lost.of);
    format!("what is answered promises no less than without a cut ({models}), and {lost}{stale}")
}

/// What is wrong with what is answered.
fn wrong(placement: &Placement, found: &str) -> String {
    let Placement { stale_in_partition: stale, lost, baseline, .. } = placement;
    let mut parts = Vec::new();
    if stale.count > 0 {
        parts.push(stale_reads(stale));
    }
    if lost.count > 0 {
        let were = if lost.count == 1 { "was" } else { "were" };
        parts.push(format!("{} of {} acknowledged writes {were} lost", lost.count, lost.of));
    }
    if lost.partly > 0 {
        parts.push(format!("{} of {} some sites did not have at the end", lost.partly, lost.of));
    }
    if lost.of > 0 && lost.count + lost.partly == 0 {
        parts.push(format!("none of {} acknowledged writes was lost", lost.of));
    }
    match baseline.broken.first() {
        Some(&broken) if broken != "linearizable" => {
            parts.push(format!("{broken} held without a cut and does not hold with one"))
        }
        _ => {}
    }
    if parts.is_empty() {
        format!("what is answered is not linearizable: {found}")
    } else {
        parts.join(", and ")
    }
}

/// Who answers what with which site cut off.
fn who_answers(way: Way, answers: &[Answers]) -> String {
    let is_so = match way {
        Way::Both => "is cut off",
        Way::From => "is not heard",
        Way::To => "hears nobody",
    };
    let gap = answers.iter().filter(|row| row.is_available()).map(|row| row.gap).max().unwrap_or_default();
    if answers.iter().all(Answers::is_available) {
        let pause = if gap.is_zero() { String::new() } else { format!(", {} later at the latest", ms(gap)) };
        return format!("Whichever site {is_so}, every site goes on answering reads and writes{pause}");
    }
    let sites = answers.iter().map(|row| row.cut + 1).max().unwrap_or(0);
    // In the order of the first cut that is told so.
    let mut told: Vec<(String, Vec<usize>)> = Vec::new();
    for cut in 0..sites {
        let words = silence(cut, sites, answers);
        match told.iter_mut().find(|(other, _)| *other == words) {
            Some((_, cuts)) => cuts.push(cut),
            None => told.push((words, vec![cut])),
        }
    }
    let parts = told.iter().map(|(words, cuts)| {
        if cuts.len() == sites {
            return format!("whichever site {is_so}, {words}");
        }
        let names: Vec<&str> = cuts.iter().map(|site| SITE_NAMES[*site]).collect();
        format!("where {} {is_so}, {words}", listed(&names, "or"))
    });
    let pause = if gap.is_zero() {
        String::new()
    } else {
        format!("; the others answer again {} after the cut at the latest", ms(gap))
    };
    capital(&format!("{}{pause}", parts.collect::<Vec<_>>().join("; ")))
}

/// Who is silent with one site cut off, in words that name it only where they must.
fn silence(cut: usize, sites: usize, answers: &[Answers]) -> String {
    let mut kinds: BTreeMap<usize, Vec<Kind>> = BTreeMap::new();
    for row in answers.iter().filter(|row| row.cut == cut && !row.is_available()) {
        kinds.entry(row.site).or_default().push(row.kind);
    }
    let mut alike: BTreeMap<&[Kind], Vec<usize>> = BTreeMap::new();
    for (site, kinds) in &kinds {
        alike.entry(kinds).or_default().push(*site);
    }
    let who = |silent: &[usize]| {
        let has_cut = silent.contains(&cut);
        let names: Vec<&str> =
            silent.iter().filter(|site| **site != cut).map(|site| SITE_NAMES[*site]).collect();
        match (has_cut, silent.len()) {
            (true, 1) => ("it".to_owned(), "answers"),
            (true, all) if all == sites => ("no site".to_owned(), "answers"),
            (false, others) if others + 1 == sites => ("the others".to_owned(), "answer"),
            (true, _) => (format!("it and {}", listed(&names, "and")), "answer"),
            (false, 1) => (names[0].to_owned(), "answers"),
            (false, _) => (listed(&names, "and"), "answer"),
        }
    };
    let parts = alike.iter().map(|(kinds, silent)| {
        let (who, verb) = who(silent);
        let nothing = match (kinds, silent.len() == sites) {
            ([Kind::Read], false) => "no reads",
            ([Kind::Write], false) => "no writes",
            (_, false) => "neither reads nor writes",
            ([Kind::Read], true) => "reads",
            ([Kind::Write], true) => "writes",
            (_, true) => "reads or writes",
        };
        format!("{who} {verb} {nothing}")
    });
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() { "every site answers".to_owned() } else { parts.join(", and ") }
}

fn listed(names: &[&str], word: &str) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} {word} {last}", first.join(", ")),
    }
}

/// How many round trips, site by site where they differ.
fn cost(placement: &Placement, kind: Kind) -> String {
    let mut costs: BTreeMap<Option<Trips>, Vec<&str>> = BTreeMap::new();
    let rows = placement.trips.iter().filter(|row| row.kind == kind);
    for row in rows {
        costs.entry(row.trips).or_default().push(SITE_NAMES[row.site]);
    }
    let told = |trips: &Option<Trips>| match trips {
        Some(trips) => format!("{trips} round trips"),
        None => "nobody knows how long".to_owned(),
    };
    if costs.len() <= 1 {
        return costs.keys().next().map_or_else(String::new, told);
    }
    let each = costs.iter().enumerate().map(|(nth, (trips, sites))| match trips {
        Some(trips) if nth > 0 => format!("{trips} at {}", listed(sites, "and")),
        _ => format!("{} at {}", told(trips), listed(sites, "and")),
    });
    each.collect::<Vec<_>>().join(", ")
}

/// A time in milliseconds, to the tenth.
pub fn ms(time: Duration) -> String {
    let tenths = time.as_micros() / 100;
    format!("{}.{} ms", tenths / 10, tenths % 10)
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

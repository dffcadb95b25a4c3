//! A placement in two sentences, one for partition and one for normal operation, made of what was measured.

mod downtime;
mod splits;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::cell::InPartition;
use super::client::{Answer, Kind, What};
use super::judged::{Consistency, Strongest, Violation};
use super::measure::{Answers, Served, Share, Trips};
use super::protocol::{Fate, READ_BACK, Way};
use super::record::{Asked, Record};
use super::trade::Trade;
use super::{Elsewhere, Lost, Overwritten, Placement, SITE_NAMES, StaleReads, Store};
pub use downtime::downtime;
pub use splits::splits;

/// What is to be said of partition.
pub fn partition(placement: &Placement) -> String {
    let way = (Way::Both, worse(&placement.answers));
    let answers = of_way(&placement.answers, way);
    if answers.iter().all(|row| row.asked == 0) {
        return "No site was cut off for long enough to tell who answers.".to_owned();
    }
    let who = who_answers(&cut_off(way), &answers);
    let is_back = placement.answers.iter().all(Answers::is_back);
    let all_answered = placement.answers.iter().all(|row| row.asked == 0 || row.is_available());
    let what = match (&placement.in_partition, placement.cell.partition) {
        (Consistency::Holds, InPartition::Unknown)
            if is_back && all_answered && placement.lost.is_known() =>
        {
            "nothing wrong was seen, so the cuts did not reach the store".to_owned()
        }
        (Consistency::Holds, InPartition::Unknown) if placement.lost.of == 0 || placement.lost.unread > 0 => {
            format!("nothing wrong was seen, but {}", lost(placement))
        }
        (Consistency::Holds, _) => format!("what is answered is linearizable, and {}", lost(placement)),
        (Consistency::Violated(_), InPartition::Consistency) => as_before(placement),
        (Consistency::Violated(violation), _) => wrong(placement, &violation.found),
        (Consistency::Unknown(limit), _) => {
            format!("whether that is linearizable nobody can tell ({limit}), and {}", lost(placement))
        }
    };
    format!("{who}; {what}.")
}

/// The fate of what is sent over a cut with which the store is not available, if it is with the other one: a cell follows
/// from both.
fn worse(answers: &[Answers]) -> Fate {
    let is_available = |fate: Fate| of_way(answers, (Way::Both, fate)).iter().all(Answers::is_available);
    if is_available(Fate::Held) && !is_available(Fate::Lost) { Fate::Lost } else { Fate::Held }
}

/// What is to be said of cuts in one direction, and of those in both in which messages are held, or lost, whichever
/// [`partition`] does not tell: a sentence for each in which others answer, or later, than in a partition. What is answered
/// then is judged with the rest.
pub fn other_cuts(placement: &Placement) -> Vec<String> {
    let of = |way: (Way, Fate), words: &str| who_answers(words, &of_way(&placement.answers, way));
    let whole = (Way::Both, Fate::Held);
    // Not every driver has all of these.
    let is_there = |way: &(Way, Fate)| !of_way(&placement.answers, *way).is_empty();
    let ways = [(Way::From, Fate::Held), (Way::To, Fate::Held)].into_iter().filter(is_there);
    let mut differing: Vec<_> = ways.filter(|way| of(*way, "") != of(whole, "")).collect();
    let lossy = (Way::Both, Fate::Lost);
    let shares = |way: (Way, Fate)| -> Vec<_> {
        let rows = of_way(&placement.answers, way);
        rows.iter().map(|row| (site_of(row), row.site, row.kind, row.share(), row.back.share())).collect()
    };
    let words =
        |way: (Way, Fate)| if way == whole { "is cut off without losses".to_owned() } else { cut_off(way) };
    match worse(&placement.answers) {
        Fate::Lost if is_there(&whole) => differing.insert(0, whole),
        // How many, and when, is luck there as well as otherwise.
        Fate::Held if is_there(&lossy) && shares(lossy) != shares(whole) => differing.push(lossy),
        Fate::Held | Fate::Lost => {}
    }
    differing.into_iter().map(|way| format!("{}.", of(way, &words(way)))).collect()
}

/// What is said of a site: `is cut off with losses`.
pub(super) fn cut_off((way, fate): (Way, Fate)) -> String {
    let with = if fate == Fate::Lost { " with losses" } else { "" };
    format!("{way}{with}")
}

fn of_way(answers: &[Answers], way: (Way, Fate)) -> Vec<Answers> {
    answers.iter().filter(|row| row.cut().is_some_and(|(_, of, fate)| (of, fate) == way)).copied().collect()
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
        (Consistency::Violated(_), stale, _) => {
            format!("{}{}", stale_reads(stale), of_clocks(&placement.store))
        }
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

/// What a wrong clock has to do with old values: whoever has one waits for the same as with a right one.
fn of_clocks(store: &str) -> &'static str {
    let skew = store.split([':', ',']).find_map(|part| part.strip_prefix("skew="));
    match skew {
        None | Some("0ms") => "",
        Some(_) => ", though it waits for as much as with right clocks: one of its clocks is wrong",
    }
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
        let lives = match cell.is_known() {
            true => format!("it lives in {cell}"),
            false => format!("nobody can tell where it lives ({cell})"),
        };
        format!("With {setting} {lives}{}{}.", part("gained", gains), part("paid", costs))
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
        What::Write(value) if asked.ask.over.is_empty() => format!("writes {} = {value}", asked.ask.key),
        What::Write(value) => {
            format!("writes {} = {value} over {}", asked.ask.key, together(&asked.ask.over))
        }
        What::Read => format!("reads {}", asked.ask.key),
    };
    let end = match (&asked.ended, asked.ask.what) {
        (None, _) => "silent to the end".to_owned(),
        (Some((at, Answer::Ok(_))), What::Write(_)) => format!("done at {}", ms(*at)),
        (Some((at, Answer::Ok(shown))), What::Read) => format!("shown {} at {}", together(shown), ms(*at)),
        (Some((at, Answer::Refused(reason))), _) => format!("refused at {}: {reason}", ms(*at)),
        (Some((at, Answer::Unknown(reason))), _) => format!("silent until {}: {reason}", ms(*at)),
    };
    format!("{}  {}'s client {} {what}, {end}", ms(asked.begun), SITE_NAMES[asked.site], asked.client)
}

/// What a key holds: `nothing`, `3`, `3 and 4`, `9 beside 4 others`.
pub(super) fn together(values: &[u64]) -> String {
    match values {
        [] => "nothing".to_owned(),
        [one] => one.to_string(),
        [one, other] => format!("{one} and {other}"),
        [others @ .., greatest] => format!("{greatest} beside {} others", others.len()),
    }
}

fn stale_reads(stale: &StaleReads) -> String {
    let age = ms(stale.age_max);
    format!("{} of {} reads showed what had been replaced, up to {age} before", stale.count, stale.of)
}

/// Which models hold, and of which nobody can tell: `pram (causal: unknown)`. What is unknown is not shown not to hold.
pub fn models(strongest: &Strongest) -> String {
    let Strongest { holds, unknown } = strongest;
    let holds = if holds.is_empty() { "none shown".to_owned() } else { holds.join(" and ") };
    if unknown.is_empty() { holds } else { format!("{holds} ({}: unknown)", unknown.join(", ")) }
}

/// What became of acknowledged writes.
fn lost(placement: &Placement) -> String {
    let Overwritten { count, of, .. } = placement.overwritten;
    let looked = placement.records.iter().find(|record| !record.round.is_normal());
    let after = looked.map_or(READ_BACK, |record| record.round.pace.read_back());
    let missed = missed(&placement.lost, after, "heal");
    match count {
        0 => missed,
        count => format!("{missed}, and {count} of {of} {}", overwritten(count)),
    }
}

/// What became of so many writes of clients that took turns.
pub(super) fn overwritten(count: usize) -> String {
    let (were, them) = if count == 1 { ("was", "it") } else { ("were", "them") };
    format!("that a client had built on what it read {were} overwritten by one that had not seen {them}")
}

/// What became of acknowledged writes as each site shows them: one that a site has not so long `after` the heal is missed,
/// though others have it. `since` is what ended whatever was amiss: `heal`.
fn missed(lost: &Lost, after: Duration, since: &str) -> String {
    let of = lost.of;
    match (of, lost.unread) {
        (0, 0) => return "no write was acknowledged".to_owned(),
        (0, unread) => return format!("{unread} acknowledged writes could be read back at no site"),
        _ => {}
    }
    let were = |count: usize| if count == 1 { "was" } else { "were" };
    let gone = match lost.count {
        0 => "none".to_owned(),
        count => count.to_string(),
    };
    let gone = format!("{gone} of {of} acknowledged writes {} lost", were(lost.count.max(1)));
    let gone = match lost.unread_partly {
        0 => gone,
        unread => format!("{gone}, {unread} could not be read back at every site"),
    };
    let gone = match lost.unread {
        0 => gone,
        unread => format!("{gone}, {unread} more could be read back at no site"),
    };
    let missing = |count: usize| {
        format!("though {count} {} not shown at every site {} after the {since}", were(count), ms(after))
    };
    let until = "until it was asked again";
    match (lost.partly, lost.late) {
        (0, 0) => gone,
        (partly, 0) => format!("{gone}, {}", missing(partly)),
        (0, late) => format!("{gone}, {} {until}", missing(late)),
        (partly, late) => format!("{gone}, {}, {late} of them {until}", missing(partly + late)),
    }
}

/// Which models the cuts left as they were, and what not: an order says nothing of how old a read may be.
fn as_before(placement: &Placement) -> String {
    let models = placement.baseline.kept();
    let (normal, cut) = (&placement.stale_normal, &placement.stale_in_partition);
    let stale = match cut.count {
        0 => String::new(),
        _ if cut.age_max <= normal.age_max => format!("; {}", stale_reads(cut)),
        count => format!(
            ", but not how old a read may be: {} without, {} with one ({count} of {} reads)",
            if normal.count == 0 { "none is stale".to_owned() } else { ms(normal.age_max) },
            ms(cut.age_max),
            cut.of
        ),
    };
    let lost = lost(placement);
    format!("what is answered keeps {}, as without a cut{stale}; {lost}", listed(&models, "and"))
}

/// What is wrong with what is answered.
fn wrong(placement: &Placement, found: &str) -> String {
    let Placement { stale_in_partition: stale, baseline, .. } = placement;
    let mut parts = Vec::new();
    match stale.count {
        0 => parts.push(format!("what is answered is not linearizable ({found})")),
        _ => parts.push(stale_reads(stale)),
    }
    if placement.lost != Lost::default() {
        parts.push(lost(placement));
    }
    match (baseline.broken.first(), placement.cell.partition) {
        (Some(&broken), _) if broken != "linearizable" => {
            let mut weakest = baseline.broken_weakest();
            weakest.retain(|model| *model != broken);
            let nor = match &weakest[..] {
                [] => String::new(),
                [one] => format!(", nor does {one}"),
                more => format!(", nor do {}", listed(more, "and")),
            };
            parts.push(format!("{broken} held without a cut and does not hold with one{nor}"))
        }
        (None, InPartition::Unknown) if !baseline.unknown.is_empty() => {
            let unknown = listed(&baseline.unknown, "or");
            parts.push(format!("whether {unknown} holds as without a cut nobody can tell"));
        }
        (None, InPartition::Neither) if baseline.is_empty() => {
            parts.push("not even without a cut a model holds that could be kept".to_owned());
        }
        _ => {}
    }
    parts.join(", and ")
}

/// Who answers what with which site cut off, and after the heal.
fn who_answers(way: &str, answers: &[Answers]) -> String {
    let during = who_answers_meanwhile(way, answers);
    match who_is_not_back(answers) {
        Some(not_back) => format!("{during}; {not_back}"),
        None => during,
    }
}

/// Who does not answer again when a cut has healed.
fn who_is_not_back(answers: &[Answers]) -> Option<String> {
    if answers.iter().all(Answers::is_back) {
        return None;
    }
    let after = |row: &Answers| Answers { asked: row.back.asked, done: row.back.done, ..*row };
    let after: Vec<Answers> = answers.iter().map(after).collect();
    let sites = sites(&after);
    let parts = silences_of_cuts(&after).into_iter().filter(|(silences, _)| !silences.is_empty());
    let parts = parts.map(|(silences, cuts)| {
        let words: Vec<String> = silences.iter().map(Silence::told).collect();
        let words = words.join(", and ");
        if cuts.len() == sites {
            return format!("even when the cut has healed, {words}");
        }
        let names: Vec<&str> = cuts.iter().map(|site| SITE_NAMES[*site]).collect();
        format!("even when a cut of {} has healed, {words}", listed(&names, "or"))
    });
    Some(parts.collect::<Vec<_>>().join("; "))
}

/// How many sites were asked.
fn sites(answers: &[Answers]) -> usize {
    answers.iter().map(|row| row.site + 1).max().unwrap_or(0)
}

/// The sites that were cut off for long enough to tell who answers; whoever interrupts a placement leaves some out.
fn cuts(answers: &[Answers]) -> BTreeSet<usize> {
    answers.iter().filter(|row| row.asked > 0).filter_map(site_of).collect()
}

/// With which of these sites cut off something is so: `whichever site`, `where pacific or indian`.
fn wherever(cuts: &[usize], sites: usize) -> String {
    if cuts.len() == sites {
        return "whichever site".to_owned();
    }
    let names: Vec<&str> = cuts.iter().map(|site| SITE_NAMES[*site]).collect();
    format!("where {}", listed(&names, "or"))
}

/// Who does not answer all, and with which sites cut off it is so, in the order of the first of these.
fn silences_of_cuts(answers: &[Answers]) -> Vec<(Vec<Silence>, Vec<usize>)> {
    let sites = sites(answers);
    let mut told: Vec<(Vec<Silence>, Vec<usize>)> = Vec::new();
    for cut in cuts(answers) {
        let found = silences(cut, sites, answers);
        match told.iter_mut().find(|(other, _)| is_alike(other, &found)) {
            Some((other, cuts)) => {
                other.iter_mut().zip(found).for_each(|(other, found)| other.rows.extend(found.rows));
                cuts.push(cut);
            }
            None => told.push((found, vec![cut])),
        }
    }
    told
}

fn who_answers_meanwhile(way: &str, answers: &[Answers]) -> String {
    // Who answers again: a site at which nothing failed after the gap, neither reads nor writes.
    let fails = |of: &Answers| {
        answers.iter().any(|row| (row.condition, row.site) == (of.condition, of.site) && !row.is_available())
    };
    let gap = answers.iter().filter(|row| !fails(row)).map(|row| row.gap).max().unwrap_or_default();
    if answers.iter().all(Answers::is_available) {
        let pause = if gap.is_zero() { String::new() } else { format!(", {} later at the latest", ms(gap)) };
        let cuts: Vec<usize> = cuts(answers).into_iter().collect();
        let wherever = capital(&wherever(&cuts, sites(answers)));
        return format!("{wherever} {way}, every site goes on answering reads and writes{pause}");
    }
    let (sites, told) = (sites(answers), silences_of_cuts(answers));
    let parts = told.iter().map(|(silences, cuts)| {
        let words: Vec<String> = silences.iter().map(Silence::told).collect();
        let words = if words.is_empty() { "every site answers".to_owned() } else { words.join(", and ") };
        format!("{} {way}, {words}", wherever(cuts, sites))
    });
    let pause = if gap.is_zero() {
        String::new()
    } else {
        format!("; the others answer again {} after the cut at the latest", ms(gap))
    };
    capital(&format!("{}{pause}", parts.collect::<Vec<_>>().join("; ")))
}

/// Sites that answer equally little of the same with one site cut off.
struct Silence {
    /// What is not all answered.
    kinds: Vec<(Kind, Share)>,
    /// The sites, in words that name them only where they must.
    who: String,
    verb: &'static str,
    is_every_site: bool,
    /// What each of them answered.
    rows: Vec<Answers>,
}

fn is_alike(one: &[Silence], other: &[Silence]) -> bool {
    let key = |all: &[Silence]| -> Vec<_> {
        all.iter().map(|silence| (silence.kinds.clone(), silence.who.clone())).collect()
    };
    key(one) == key(other)
}

/// The one site that is cut off.
fn site_of(row: &Answers) -> Option<usize> {
    row.cut().map(|(site, ..)| site)
}

/// The sites of which these rows say the same, with what they say of each kind.
fn sites_alike<'a>(rows: impl Iterator<Item = &'a Answers>) -> BTreeMap<Vec<(Kind, Share)>, Vec<usize>> {
    let mut kinds: BTreeMap<usize, Vec<(Kind, Share)>> = BTreeMap::new();
    for row in rows {
        kinds.entry(row.site).or_default().push((row.kind, row.share()));
    }
    let mut alike: BTreeMap<Vec<(Kind, Share)>, Vec<usize>> = BTreeMap::new();
    for (site, kinds) in kinds {
        alike.entry(kinds).or_default().push(site);
    }
    alike
}

/// Who does not answer all with one site cut off.
fn silences(cut: usize, sites: usize, answers: &[Answers]) -> Vec<Silence> {
    let rows = || answers.iter().filter(|row| site_of(row) == Some(cut) && !row.is_available());
    let of_alike = sites_alike(rows()).into_iter().map(|(kinds, silent)| {
        let is_some = kinds.iter().any(|(_, share)| *share == Share::Some);
        let has_cut = silent.contains(&cut);
        let names: Vec<&str> =
            silent.iter().filter(|site| **site != cut).map(|site| SITE_NAMES[*site]).collect();
        let (who, verb) = match (has_cut, silent.len()) {
            (true, 1) => ("it".to_owned(), "answers"),
            (true, all) if all == sites && is_some => ("every site".to_owned(), "answers"),
            (true, all) if all == sites => ("no site".to_owned(), "answers"),
            (false, others) if others + 1 == sites => ("the others".to_owned(), "answer"),
            (true, _) => (format!("it and {}", listed(&names, "and")), "answer"),
            (false, 1) => (names[0].to_owned(), "answers"),
            (false, _) => (listed(&names, "and"), "answer"),
        };
        let rows = rows().filter(|row| silent.contains(&row.site)).copied().collect();
        Silence { kinds, who, verb, is_every_site: silent.len() == sites, rows }
    });
    of_alike.collect()
}

impl Silence {
    fn told(&self) -> String {
        let of = |share: Share| -> Vec<Kind> {
            self.kinds.iter().filter(|(_, of)| *of == share).map(|(kind, _)| *kind).collect()
        };
        let (none, some) = (of(Share::None), of(Share::Some));
        let nothing = match (&none[..], self.is_every_site && some.is_empty()) {
            ([], _) => None,
            ([Kind::Read], false) => Some("no reads"),
            ([Kind::Write], false) => Some("no writes"),
            (_, false) => Some("neither reads nor writes"),
            ([Kind::Read], true) => Some("reads"),
            ([Kind::Write], true) => Some("writes"),
            (_, true) => Some("reads or writes"),
        };
        let some = some.iter().map(|kind| format!("only some {kind}s ({})", self.count(*kind)));
        let parts: Vec<String> = nothing.map(str::to_owned).into_iter().chain(some).collect();
        format!("{} {} {}", self.who, self.verb, parts.join(" and "))
    }

    /// How many of how many each site answered: `12 of 38`, `12 to 14 of 38`.
    fn count(&self, kind: Kind) -> String {
        let range = |of: fn(&Answers) -> usize| {
            let all = || self.rows.iter().filter(|row| row.kind == kind).map(of);
            match (all().min().unwrap_or_default(), all().max().unwrap_or_default()) {
                (least, most) if least == most => least.to_string(),
                (least, most) => format!("{least} to {most}"),
            }
        };
        format!("{} of {}", range(|row| row.done), range(|row| row.asked))
    }
}

/// `pacific, atlantic or indian`, with this word before the last.
pub(super) fn listed(names: &[&str], word: &str) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} {word} {last}", first.join(", ")),
    }
}

/// How many round trips, site by site where they differ.
fn cost(placement: &Placement, kind: Kind) -> String {
    let mut costs: BTreeMap<Option<(Trips, Trips)>, Vec<&str>> = BTreeMap::new();
    let rows = placement.trips.iter().filter(|row| row.kind == kind);
    for row in rows {
        costs.entry(row.trips.zip(row.most())).or_default().push(SITE_NAMES[row.site]);
    }
    let range = |(least, most): &(Trips, Trips)| match least == most {
        true => least.to_string(),
        false => format!("{least} to {most}"),
    };
    let told = |trips: &Option<(Trips, Trips)>| match trips {
        Some(trips) => format!("{} round trips", range(trips)),
        None => "nobody knows how long".to_owned(),
    };
    if costs.len() <= 1 {
        return costs.keys().next().map_or_else(String::new, told);
    }
    let each = costs.iter().enumerate().map(|(nth, (trips, sites))| match trips {
        Some(trips) if nth > 0 => format!("{} at {}", range(trips), listed(sites, "and")),
        _ => format!("{} at {}", told(trips), listed(sites, "and")),
    });
    each.collect::<Vec<_>>().join(", ")
}

/// A time in milliseconds, to the tenth.
pub fn ms(time: Duration) -> String {
    let tenths = time.as_micros() / 100;
    format!("{}.{} ms", tenths / 10, tenths % 10)
}

/// A time in seconds, to the tenth.
pub fn seconds(time: Duration) -> String {
    // Rounded; what fits into a day does not overflow.
    let tenths = (time.as_millis() + 50) / 100;
    format!("{}.{} s", tenths / 10, tenths % 10)
}

/// A text that begins in upper case.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::placement::measure::Back;
    use crate::placement::placed;
    use crate::placement::protocol::Condition;

    #[test]
    fn what_became_of_writes_is_told_as_it_was_seen() {
        let table: [([usize; 6], &str); 7] = [
            ([0; 6], "no write was acknowledged"),
            ([0, 0, 0, 9, 0, 0], "none of 9 acknowledged writes was lost"),
            (
                [2, 3, 0, 9, 0, 0],
                "2 of 9 acknowledged writes were lost, though 3 were not shown at every site 3000.0 ms after the heal",
            ),
            (
                [0, 0, 1, 9, 0, 0],
                "none of 9 acknowledged writes was lost, though 1 was not shown at every site 3000.0 ms after the heal until \
                 it was asked again",
            ),
            (
                [0, 3, 4, 9, 0, 0],
                "none of 9 acknowledged writes was lost, though 7 were not shown at every site 3000.0 ms after the heal, 4 of \
                 them until it was asked again",
            ),
            (
                [0, 0, 0, 9, 2, 5],
                "none of 9 acknowledged writes was lost, 5 could not be read back at every site, 2 more could be read back at no \
                 site",
            ),
            ([0, 0, 0, 0, 4, 0], "4 acknowledged writes could be read back at no site"),
        ];
        for ([count, partly, late, of, unread, unread_partly], expected) in table {
            let lost = Lost { count, partly, late, of, unread, unread_partly };
            assert_eq!(missed(&lost, READ_BACK, "heal"), expected);
        }
    }

    /// Of which cuts is told what, where so many of three reads were answered in cuts that hold and that lose messages.
    fn told(held: usize, lost: usize) -> (String, Vec<String>) {
        let row = |way, fate, done| Answers {
            condition: Condition::Cut { site: 0, way, fate },
            site: 0,
            kind: Kind::Read,
            asked: 3,
            done,
            gap: Duration::ZERO,
            back: Back { asked: 2, done: 2 },
        };
        let held = [Way::Both, Way::From, Way::To].map(|way| row(way, Fate::Held, held));
        let mut placement = placed("planted".to_owned(), 1, Vec::new());
        placement.answers = held.into_iter().chain([row(Way::Both, Fate::Lost, lost)]).collect();
        let partition = partition(&placement);
        let who = partition.split(';').next().unwrap_or_default().to_owned();
        (who, other_cuts(&placement))
    }

    /// What is told of partition of a store that lives there, whose sites answered this of what each was asked.
    fn told_of(cell: InPartition, rows: &[(usize, usize, (usize, usize))]) -> String {
        let row = |(cut, site, (done, asked)): &(usize, usize, (usize, usize))| Answers {
            condition: Condition::Cut { site: *cut, way: Way::Both, fate: Fate::Held },
            site: *site,
            kind: Kind::Read,
            asked: *asked,
            done: *done,
            gap: Duration::ZERO,
            back: Back { asked: 2, done: 2 },
        };
        let mut placement = placed("planted".to_owned(), 1, Vec::new());
        placement.answers = rows.iter().map(row).collect();
        placement.lost = Lost { of: 9, ..Lost::default() };
        placement.cell.partition = cell;
        partition(&placement)
    }

    #[test]
    fn of_cuts_that_were_not_made_nothing_is_told() {
        let nobody = "No site was cut off for long enough to tell who answers.";
        assert_eq!(told_of(InPartition::Unknown, &[]), nobody);
        assert_eq!(told_of(InPartition::Unknown, &[(0, 0, (0, 0)), (0, 1, (0, 0))]), nobody);
        let [all, none, unasked] = [(3, 3), (0, 3), (0, 0)];
        assert_eq!(
            told_of(InPartition::Unknown, &[(0, 0, all), (0, 1, all), (1, 0, unasked), (1, 1, unasked)]),
            "Where pacific is cut off, every site goes on answering reads and writes; nothing wrong was seen, so the cuts did \
             not reach the store."
        );
        // Whoever is silent was cut off, or the machine was too busy; nobody can say that no cut came there.
        assert_eq!(
            told_of(InPartition::Unknown, &[(0, 0, none), (0, 1, all)]),
            "Where pacific is cut off, it answers no reads; what is answered is linearizable, and none of 9 acknowledged writes \
             was lost."
        );
        assert_eq!(
            told_of(InPartition::Consistency, &[(0, 0, none), (0, 1, all), (1, 0, all), (1, 1, none)]),
            "Whichever site is cut off, it answers no reads; what is answered is linearizable, and none of 9 acknowledged writes \
             was lost."
        );
    }

    #[test]
    fn whoever_answers_less_where_messages_are_lost_is_told_by_that() {
        let all = "Whichever site is cut off, every site goes on answering reads and writes".to_owned();
        let some = "Whichever site is cut off, it answers only some reads (2 of 3)".to_owned();
        let lossy = |of: &str| of.replace("cut off", "cut off with losses");
        assert_eq!(told(3, 3), (all.clone(), vec![]));
        assert_eq!(told(2, 2), (some.clone(), vec![]));
        assert_eq!(told(2, 3), (some.clone(), vec![format!("{}.", lossy(&all))]));
        let lossless = all.replace("cut off", "cut off without losses");
        assert_eq!(told(3, 2), (lossy(&some), vec![format!("{lossless}.")]));
    }

    #[test]
    fn only_of_wrong_clocks_it_is_told_that_they_are() {
        for store in ["quorum:n=3,r=2,w=2", "multi-leader:conflicts=lww,skew=0ms", "multi-leader"] {
            assert_eq!(of_clocks(store), "", "{store}");
        }
        for store in ["quorum:n=3,r=2,w=2,skew=200ms", "multi-leader:skew=200ms,conflicts=lww"] {
            assert!(of_clocks(store).contains("clocks is wrong"), "{store}");
        }
    }
}

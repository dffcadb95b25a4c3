//! Whether what was measured is as it must be, and the schedule that shows it where it is not.

use std::time::Duration;

use super::{
    Breach, Fulfilled, Latency, ReadsInPartition, Requirement, Schedule, Shows, Words, WritesInPartition,
};
use crate::placement::cell::{InPartition, Otherwise};
use crate::placement::client::Kind;
use crate::placement::judged::{Consistency, Violation};
use crate::placement::measure::{self, Answers, Share, Stale};
use crate::placement::protocol::{CUT_AT, Condition, FAIL_OVER, HEAL_AT};
use crate::placement::record::{Asked, Record};
use crate::placement::told::{self, ms};
use crate::placement::{Lost, Overwritten, Placement, SITE_NAMES};

/// How far [`CUT`] tells how old a value is shown.
const OLDER: &str = "a cut of 4 s shows: in a longer one reads show what was replaced longer before";

/// How long a site is cut off.
const CUT: Duration = HEAL_AT.saturating_sub(CUT_AT);
const _: () = assert!(CUT.as_millis() == 4_000, "a sentence says that it is 4 s");

pub(super) fn check(requirement: &Requirement, placement: &Placement) -> Fulfilled {
    let (mut breaches, mut unknown, mut as_far) = (Vec::new(), None, None);
    match requirement {
        Requirement::Cell { partition, otherwise } => {
            if let Some(wanted) = partition.filter(|wanted| *wanted != placement.cell.partition) {
                match placement.cell.partition {
                    // What is known of it is enough: something was not answered.
                    InPartition::Unknown
                        if wanted == InPartition::Availability && apart(placement).is_some() =>
                    {
                        breaches.push(of_partition(wanted, placement));
                    }
                    InPartition::Unknown => unknown = Some("what the store keeps in a partition"),
                    _ => breaches.push(of_partition(wanted, placement)),
                }
            }
            if let Some(wanted) = otherwise.filter(|wanted| *wanted != placement.cell.otherwise) {
                match placement.cell.otherwise {
                    Otherwise::Unknown => unknown = Some("what the store prefers without a partition"),
                    _ => breaches.push(of_normal(wanted, placement)),
                }
            }
        }
        Requirement::Words(words) => {
            breaches.extend(of_words(words, placement));
            let latency = [(Kind::Read, words.read_latency_max), (Kind::Write, words.write_latency_max)];
            let asked = |kind| latency.iter().any(|(of, most)| *of == kind && most.is_some());
            // Of a site that does not answer nobody knows how long it takes.
            if placement.served.iter().any(|served| asked(served.kind) && !served.is_enough()) {
                unknown = Some("how long it takes where too little was answered");
            }
            // With a longer cut it would take longer.
            let is_longer = |row: &Answers| {
                let most = match row.kind {
                    Kind::Read => words.reads_refused_max,
                    Kind::Write => words.writes_refused_max,
                };
                !row.is_available() && most.is_some_and(|most| most >= row.gap)
            };
            if placement.answers.iter().any(is_longer) {
                unknown = Some("how long a site leaves them without an answer when it is cut off for longer");
            }
            let is_fresh = matches!(words.reads, Some(ReadsInPartition::Answer | ReadsInPartition::Refuse));
            if is_fresh && matches!(placement.in_partition, Consistency::Unknown(_)) {
                unknown = Some("whether reads show something old after new in a partition");
            }
            if words.stale_max.is_some() && ages_with_the_cut(placement) {
                as_far = Some(OLDER);
            }
            let is_asked = words.is_nothing_lost || words.writes == Some(WritesInPartition::Refuse);
            if is_asked && placement.lost.unread + placement.lost.unread_partly > 0 {
                unknown =
                    Some("what became of acknowledged writes that could not be read back at every site");
            }
        }
    }
    match (unknown, as_far) {
        _ if !breaches.is_empty() => Fulfilled::No(breaches),
        (Some(what), _) => Fulfilled::Unknown(what.to_owned()),
        (None, Some(what)) => Fulfilled::AsFarAs(what.to_owned()),
        (None, None) => Fulfilled::Yes,
    }
}

/// Whether what a site shows gets older for as long as it is cut off: for half a cut or more, and older than without one.
fn ages_with_the_cut(placement: &Placement) -> bool {
    let [normal, cut] = [placement.stale_normal, placement.stale_in_partition].map(|stale| stale.age_max);
    cut > normal && cut >= CUT / 2
}

fn of_partition(wanted: InPartition, placement: &Placement) -> Breach {
    let shown = match wanted {
        InPartition::Availability => apart(placement).and_then(|row| silent(row, placement)),
        InPartition::Consistency if placement.lost.missed() > 0 => lost(placement),
        InPartition::Consistency => violated(&placement.in_partition),
        InPartition::Neither | InPartition::Unknown => None,
    };
    let found = match wanted {
        InPartition::Availability => unanswered(placement),
        InPartition::Consistency => broken(placement),
        InPartition::Neither | InPartition::Unknown => None,
    };
    let found = found.unwrap_or_else(|| format!("it is {}", placement.cell.partition));
    Breach { wanted: format!("{wanted} in a partition"), found, shown }
}

/// What is no longer kept in a partition.
fn broken(placement: &Placement) -> Option<String> {
    if let Some(missed) = missed(placement) {
        return Some(format!("acknowledged writes: {missed}"));
    }
    let broken = &placement.baseline.broken;
    if placement.baseline.is_empty() {
        return Some("not even without a cut a model holds that could be kept".to_owned());
    }
    (!broken.is_empty()).then(|| {
        let verb = if broken.len() == 1 { "holds" } else { "hold" };
        format!("{} {verb} without a cut, and no longer with one", broken.join(", "))
    })
}

/// The first that does not answer all while sites are cut off both ways, on which the cell depends.
fn apart(placement: &Placement) -> Option<&Answers> {
    placement.answers.iter().find(|row| row.condition.is_partition() && !row.is_available())
}

fn unanswered(placement: &Placement) -> Option<String> {
    let row = apart(placement)?;
    let Answers { site, kind, asked, done, .. } = *row;
    let (condition, site) = (row.condition, SITE_NAMES[site]);
    Some(format!(
        "{site} answers {done} of {asked} {kind}s that begin {} after the cut, while {condition}",
        ms(FAIL_OVER)
    ))
}

fn of_normal(wanted: Otherwise, placement: &Placement) -> Breach {
    let (found, shown) = match wanted {
        Otherwise::Consistency => {
            let found = match &placement.normal {
                Consistency::Violated(_) => "what it answers is not linearizable".to_owned(),
                Consistency::Holds | Consistency::Unknown(_) => format!("it is {}", placement.cell.otherwise),
            };
            (found, violated(&placement.normal))
        }
        _ => {
            let most = placement.trips.iter().max_by_key(|row| row.most());
            let cost = most.and_then(|row| Some((row, row.most()?)));
            let told = cost.map(|(row, trips)| {
                format!(
                    "what it answers is linearizable, and a {} at {} takes {trips} round trips",
                    row.kind, SITE_NAMES[row.site]
                )
            });
            let shown =
                most.and_then(|row| slowest(row.kind, Some(row.site), placement)).map(|(_, shown)| shown);
            (told.unwrap_or_else(|| format!("it is {}", placement.cell.otherwise)), shown)
        }
    };
    Breach { wanted: format!("{wanted} without a partition"), found, shown }
}

fn violated(consistency: &Consistency) -> Option<Schedule> {
    let Consistency::Violated(violation) = consistency else { return None };
    let Violation { round, condition, ref operations, .. } = **violation;
    Some(Schedule { round, condition, operations: operations.clone(), shows: Shows::NotLinearizable })
}

fn of_words(words: &Words, placement: &Placement) -> Vec<Breach> {
    let reads = match words.reads {
        None => Vec::new(),
        Some(ReadsInPartition::Answer) => {
            vec![answers(Kind::Read, placement), nothing_old(placement)]
        }
        Some(ReadsInPartition::Stale) => vec![answers(Kind::Read, placement)],
        Some(ReadsInPartition::Refuse) => vec![nothing_old(placement)],
    };
    let writes = match words.writes {
        None => None,
        Some(WritesInPartition::Answer) => answers(Kind::Write, placement),
        Some(WritesInPartition::Refuse) => kept("writes are refused rather than lost", placement),
    };
    let stale = words
        .stale_max
        .and_then(|most| for_ever(most, placement).or_else(|| fresh(most, Where::Everywhere, placement)));
    let latency = [(Kind::Read, words.read_latency_max), (Kind::Write, words.write_latency_max)];
    let latency = latency.into_iter().filter_map(|(kind, most)| in_time(kind, most?, placement));
    let refused = [(Kind::Read, words.reads_refused_max), (Kind::Write, words.writes_refused_max)];
    let refused = refused.into_iter().filter_map(|(kind, most)| answers_again(kind, most?, placement));
    let lost = words.is_nothing_lost.then(|| kept("no acknowledged write is lost", placement)).flatten();
    let all = reads.into_iter().chain([writes, stale]).flatten();
    all.chain(latency).chain(refused).chain(lost).collect()
}

/// That every site answers this kind in every cut, once the time for a fail-over is over.
fn answers(kind: Kind, placement: &Placement) -> Option<Breach> {
    let row = placement.answers.iter().find(|row| row.kind == kind && !row.is_available())?;
    let shown = silent(row, placement)?;
    let (condition, site) = (row.condition, SITE_NAMES[row.site]);
    Some(Breach {
        wanted: format!("{kind}s are answered in a partition"),
        found: format!("while {condition}, {site} answers {} of {}", row.done, row.asked),
        shown: Some(shown),
    })
}

/// The first operation of a row that was not done in its cut, after the time for a fail-over.
fn silent(row: &Answers, placement: &Placement) -> Option<Schedule> {
    let condition = row.condition;
    let (round, record) = of_condition(condition, placement)?;
    let is_it = |asked: &Asked| asked.begun >= CUT_AT + FAIL_OVER && asked.done().is_none();
    let mut during = measure::during_cut(record, row.site, row.kind);
    let (operation, _) = during.find(|(_, asked)| is_it(asked))?;
    Some(Schedule { round, condition, operations: vec![operation], shows: Shows::Themselves })
}

fn of_condition(condition: Condition, placement: &Placement) -> Option<(usize, &Record)> {
    let mut all = placement.records.iter().enumerate();
    all.find(|(_, record)| record.round.condition == condition)
}

/// That nothing is shown in a partition that had been replaced, nor that another client had been shown to be replaced, though
/// whoever wrote the new value was still waiting: then nobody knows how old it is, but it is old after new.
fn nothing_old(placement: &Placement) -> Option<Breach> {
    fresh(Duration::ZERO, Where::InCuts, placement).or_else(|| {
        let Consistency::Violated(violation) = &placement.in_partition else { return None };
        Some(Breach {
            wanted: "reads show nothing old after new in a partition".to_owned(),
            found: violation.found.clone(),
            shown: violated(&placement.in_partition),
        })
    })
}

/// Which rounds are looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Where {
    InCuts,
    Everywhere,
}

/// That nothing shown had been replaced longer ago than this.
fn fresh(most: Duration, place: Where, placement: &Placement) -> Option<Breach> {
    let oldest = oldest(place, measure::stale, placement).filter(|(_, stale)| stale.age > most)?;
    let found = format!("a read shows what had been replaced {} before", ms(oldest.1.age));
    of_stale(most, oldest, found, placement)
}

/// That nothing shown at the end had been replaced: however long that is ago, it will be longer.
fn for_ever(most: Duration, placement: &Placement) -> Option<Breach> {
    let oldest = oldest(Where::Everywhere, measure::stale_at_the_end, placement)?;
    let found = format!(
        "a read long after every cut shows what had been replaced {} before, and so do all later ones, unless the key is \
         read or written again",
        ms(oldest.1.age)
    );
    of_stale(most, oldest, found, placement)
}

/// The first of the oldest, and its round.
fn oldest(
    place: Where,
    stale_of: fn(&Record) -> Vec<Stale>,
    placement: &Placement,
) -> Option<(usize, Stale)> {
    let rounds = placement.records.iter().enumerate();
    let rounds = rounds.filter(|(_, record)| place == Where::Everywhere || !record.round.is_normal());
    let stale =
        rounds.flat_map(|(round, record)| stale_of(record).into_iter().map(move |stale| (round, stale)));
    stale.reduce(|one, other| if other.1.age > one.1.age { other } else { one })
}

fn of_stale(
    most: Duration,
    (round, stale): (usize, Stale),
    found: String,
    placement: &Placement,
) -> Option<Breach> {
    let record = &placement.records[round];
    let (_, shown) = record.asked[stale.read].done()?;
    let written = record.asked.iter().position(|asked| {
        shown.is_some() && asked.ask.key == record.asked[stale.read].ask.key && asked.written() == shown
    });
    let mut operations: Vec<usize> = written.into_iter().chain([stale.write, stale.read]).collect();
    operations.sort_unstable();
    let wanted = if most.is_zero() {
        "reads show nothing stale in a partition".to_owned()
    } else {
        format!("reads show nothing that was replaced more than {} before", ms(most))
    };
    let condition = record.round.condition;
    let shown = Some(Schedule { round, condition, operations, shows: Shows::NotLinearizable });
    Some(Breach { wanted, found, shown })
}

fn in_time(kind: Kind, most: Latency, placement: &Placement) -> Option<Breach> {
    let (found, shown) = match most {
        Latency::Time(most) => {
            let (time, shown) = slowest(kind, None, placement)?;
            (time > most).then(|| (format!("one takes {}", ms(time)), shown))?
        }
        Latency::Trips(most) => {
            let of = placement.trips.iter().filter(|row| row.kind == kind);
            let row = of.max_by_key(|row| row.most())?;
            let trips = row.most().filter(|trips| *trips > most)?;
            let (_, shown) = slowest(kind, Some(row.site), placement)?;
            (format!("at {} it takes {trips} round trips", SITE_NAMES[row.site]), shown)
        }
    };
    Some(Breach { wanted: format!("a {kind} takes at most {most}"), found, shown: Some(shown) })
}

/// The slowest operation of a kind that was done in a round without a cut, in which the links are slow at most.
fn slowest(kind: Kind, site: Option<usize>, placement: &Placement) -> Option<(Duration, Schedule)> {
    let rounds = placement.records.iter().enumerate().filter(|(_, record)| record.round.is_normal());
    let all = rounds.flat_map(|(round, record)| {
        let of = record.asked.iter().enumerate().filter(|(_, asked)| asked.ask.kind() == kind);
        let of = of.filter(|(_, asked)| site.is_none_or(|site| asked.site == site));
        let done = of.filter_map(|(place, asked)| Some((asked.done()?.0.saturating_sub(asked.begun), place)));
        done.map(|(time, place)| (time, round, place)).collect::<Vec<_>>()
    });
    let (time, round, place) = all.reduce(|one, other| if other.0 > one.0 { other } else { one })?;
    let condition = placement.records[round].round.condition;
    Some((time, Schedule { round, condition, operations: vec![place], shows: Shows::Themselves }))
}

/// That every site answers this kind again after the heal.
fn is_back(kind: Kind, wanted: &str, placement: &Placement) -> Option<Breach> {
    let row = placement.answers.iter().find(|row| row.kind == kind && !row.is_back())?;
    let condition = row.condition;
    let (round, record) = of_condition(condition, placement)?;
    let mut all = measure::since_back(record, row.site, kind);
    let (operation, _) = all.find(|(_, asked)| asked.done().is_none())?;
    let found = format!(
        "after a cut in which {condition}, {} answers {} of {} that begin {} after the heal or later",
        SITE_NAMES[row.site],
        row.back.done,
        row.back.asked,
        ms(measure::BACK)
    );
    let (operations, shows) = (vec![operation], Shows::Themselves);
    let shown = Some(Schedule { round, condition, operations, shows });
    Some(Breach { wanted: wanted.to_owned(), found, shown })
}

/// That every site answers this kind again so long after a cut, and after the heal in any case.
fn answers_again(kind: Kind, most: Duration, placement: &Placement) -> Option<Breach> {
    let wanted = format!("{kind}s are without an answer for at most {}", ms(most));
    if let Some(breach) = is_back(kind, &wanted, placement) {
        return Some(breach);
    }
    let of = placement.answers.iter().filter(|row| row.kind == kind && row.gap > most);
    let row = of.max_by_key(|row| row.gap)?;
    let condition = row.condition;
    let (round, record) = of_condition(condition, placement)?;
    let is_it = |asked: &Asked| asked.begun < CUT_AT + row.gap && asked.done().is_none();
    let during = measure::during_cut(record, row.site, kind);
    let silent: Vec<(usize, &Asked)> = during.filter(|(_, asked)| is_it(asked)).collect();
    // The last one, if all began earlier than that: it was without an answer still.
    let later = silent.iter().find(|(_, asked)| asked.begun >= CUT_AT + most);
    let operations = later.or(silent.last()).map(|(operation, _)| *operation).into_iter().collect();
    let site = SITE_NAMES[row.site];
    let found = match row.share() {
        Share::All => format!("while {condition}, {site} answers them again after {}", ms(row.gap)),
        Share::Some => format!("while {condition}, {site} does not answer all of them before it heals"),
        Share::None => format!("while {condition}, {site} does not answer them before it heals"),
    };
    let shown = Some(Schedule { round, condition, operations, shows: Shows::Themselves });
    Some(Breach { wanted, found, shown })
}

fn kept(wanted: &str, placement: &Placement) -> Option<Breach> {
    let (missed, overwritten) = (missed(placement), overwritten(placement));
    let shown = if missed.is_some() { lost(placement) } else { overwriting(placement) };
    let found: Vec<String> = missed.into_iter().chain(overwritten).collect();
    (!found.is_empty()).then(|| Breach { wanted: wanted.to_owned(), found: found.join(", and "), shown })
}

/// How many acknowledged writes were built on what was read, and overwritten unseen: for whoever made them they are lost.
fn overwritten(placement: &Placement) -> Option<String> {
    let Overwritten { count, of, .. } = placement.overwritten;
    (count > 0).then(|| format!("{count} of {of} {}", told::overwritten(count)))
}

/// The first of these, and what it was overwritten by.
fn overwriting(placement: &Placement) -> Option<Schedule> {
    let (round, operations) = placement.overwritten.shown(&placement.records)?;
    let condition = placement.records[round].round.condition;
    Some(Schedule { round, condition, operations, shows: Shows::Themselves })
}

/// How many acknowledged writes are gone, or missing at a site: either is one too many.
fn missed(placement: &Placement) -> Option<String> {
    let Lost { count: gone, partly, of, .. } = placement.lost;
    match (gone, partly) {
        (0, 0) => None,
        (_, 0) => Some(format!("{gone} of {of} are gone")),
        _ => Some(format!("{gone} of {of} are gone, and {partly} a site does not show")),
    }
}

/// The first acknowledged write that is gone, or that a site has not, and who was shown something else.
fn lost(placement: &Placement) -> Option<Schedule> {
    let mut cuts = placement.records.iter().enumerate().filter(|(_, record)| !record.round.is_normal());
    cuts.find_map(|(round, record)| {
        let all = measure::kept(record);
        let gone = all.iter().find(|kept| kept.is_lost());
        let kept = gone.or_else(|| all.iter().find(|kept| !kept.missing.is_empty()))?;
        let operations = [kept.write].into_iter().chain(measure::read_back(record, kept.write)).collect();
        let condition = record.round.condition;
        Some(Schedule { round, condition, operations, shows: Shows::Themselves })
    })
}

//! What is told of a store of which a server was killed.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{capital, listed, missed, ms, overwritten, seconds};
use crate::placement::SITE_NAMES;
use crate::placement::client::Kind;
use crate::placement::downtime::{Downtime, Outage};
use crate::placement::judged::Consistency;
use crate::placement::measure::Gone;
use crate::placement::protocol::{CUT_AT, HEAL_AT};
use crate::placement::record::Record;

/// So many lost writes are told one by one.
const GONE_MAX: usize = 3;

/// What is to be said of it, sentence by sentence; the record is that of the round. `is_leader` says whether the site that was
/// killed led.
pub fn downtime(downtime: &Downtime, record: &Record, is_leader: bool) -> Vec<String> {
    let site = SITE_NAMES[downtime.site];
    let down = seconds(HEAL_AT.saturating_sub(CUT_AT));
    let who = if is_leader {
        format!("{} led, was killed, and was begun again {down} later.", capital(site))
    } else {
        format!("No site was seen to lead: {site} was killed, and begun again {down} later.")
    };
    let meanwhile = format!("Meanwhile {}.", outages(&downtime.down, "after the kill"));
    let back = format!("Once it was back, {}.", outages(&downtime.back, "after the restart"));
    let mut told = vec![who, meanwhile, back, format!("{}.", capital(&lost(downtime)))];
    told.extend(downtime.gone.iter().take(GONE_MAX).filter_map(|gone| gone_at(gone, record)));
    if let Some(more) = downtime.gone.len().checked_sub(GONE_MAX).filter(|more| *more > 0) {
        told.push(format!("So {} {more} more.", if more == 1 { "was" } else { "were" }));
    }
    told.extend(models(downtime));
    told
}

fn lost(downtime: &Downtime) -> String {
    let missed = missed(&downtime.lost, downtime.read_back, "restart");
    match downtime.overwritten.count {
        0 => missed,
        count => format!("{missed}, and {count} of {} {}", downtime.overwritten.of, overwritten(count)),
    }
}

/// Where and when a lost write was acknowledged, shown for the last time, and seen to be gone.
fn gone_at(gone: &Gone, record: &Record) -> Option<String> {
    let write = record.asked.get(gone.write)?;
    let ended = |place: usize| {
        let asked = record.asked.get(place)?;
        Some(format!("at {} {}", SITE_NAMES[asked.site], since_the_kill(asked.done()?.0)))
    };
    let shown = match gone.shown.and_then(ended) {
        Some(shown) => format!("last shown {shown}"),
        None => "never shown".to_owned(),
    };
    let (acknowledged, missed) = (ended(gone.write)?, ended(gone.missed)?);
    let (value, key) = (write.written()?, &write.ask.key);
    Some(format!(
        "The write of {value} to {key} was acknowledged {acknowledged}, {shown}, and gone {missed}."
    ))
}

/// A time of the round: `19.9 ms before the kill`.
fn since_the_kill(at: Duration) -> String {
    match at.checked_sub(CUT_AT) {
        Some(after) => format!("{} after the kill", time(after)),
        None => format!("{} before the kill", time(CUT_AT.saturating_sub(at))),
    }
}

/// Which models held as without a kill.
fn models(downtime: &Downtime) -> Vec<String> {
    let of = |wanted: fn(&Consistency) -> bool| -> Vec<&str> {
        downtime.models.iter().filter(|(_, held)| wanted(held)).map(|(name, _)| *name).collect()
    };
    let held = of(|held| *held == Consistency::Holds);
    let mut told = Vec::new();
    if !held.is_empty() {
        told.push(format!("{} held, as without a kill.", capital(&listed(&held, "and"))));
    }
    for (name, held) in &downtime.models {
        match held {
            Consistency::Holds => {}
            Consistency::Violated(violation) => told.push(format!(
                "{} held without a kill and not with it: {}.",
                capital(name),
                violation.found
            )),
            Consistency::Unknown(limit) => {
                told.push(format!("Whether {name} held as without a kill nobody can tell ({limit})."));
            }
        }
    }
    told
}

/// How much a site answered of one kind, in the order in which it is told.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Answered {
    All,
    Again,
    Some,
    Nothing,
}

impl Answered {
    fn of(outage: &Outage) -> Answered {
        match outage.again {
            Some(Duration::ZERO) => Answered::All,
            Some(_) => Answered::Again,
            None if outage.done() > 0 => Answered::Some,
            None => Answered::Nothing,
        }
    }
}

/// How long something took, no longer than the rounds: in milliseconds where tenths of a second say nothing.
fn time(time: Duration) -> String {
    if time < Duration::from_secs(1) { ms(time) } else { seconds(time) }
}

/// Who answered what, sites of which the same is to be said together.
fn outages(rows: &[Outage], since: &str) -> String {
    let mut sites: BTreeMap<usize, Vec<&Outage>> = BTreeMap::new();
    for row in rows {
        sites.entry(row.site).or_default().push(row);
    }
    let count = sites.len();
    // In the order of the first of them.
    let mut alike: Vec<(Vec<Answered>, Vec<usize>, Vec<&Outage>)> = Vec::new();
    for (site, rows) in sites {
        let answered: Vec<Answered> = rows.iter().map(|row| Answered::of(row)).collect();
        match alike.iter_mut().find(|(other, ..)| *other == answered) {
            Some((_, sites, all)) => {
                sites.push(site);
                all.extend(rows);
            }
            None => alike.push((answered, vec![site], rows)),
        }
    }
    let parts = alike.iter().map(|(answered, sites, rows)| {
        let names: Vec<&str> = sites.iter().map(|site| SITE_NAMES[*site]).collect();
        if sites.len() == count && answered.iter().all(|answered| *answered == Answered::Nothing) {
            return "no site answered anything".to_owned();
        }
        let who = if sites.len() == count { "every site".to_owned() } else { listed(&names, "and") };
        format!("{who} {}", answers(answered, rows, since))
    });
    parts.collect::<Vec<_>>().join("; ")
}

fn answers(answered: &[Answered], rows: &[&Outage], since: &str) -> String {
    match answered {
        [Answered::All, Answered::All] => return "answered all".to_owned(),
        [Answered::Nothing, Answered::Nothing] => return "answered nothing".to_owned(),
        _ => {}
    }
    let of = |kind: Kind| rows.iter().filter(move |row| row.kind == kind);
    let again = |kind| time(of(kind).filter_map(|row| row.again).max().unwrap_or_default());
    if let [Answered::Again, Answered::Again] = answered {
        let [reads, writes] = [Kind::Read, Kind::Write].map(again);
        return format!("answered reads again {reads} and writes {writes} {since}");
    }
    let parts = answered.iter().zip(Kind::ALL).map(|(answered, kind)| match answered {
        Answered::All => format!("all {kind}s"),
        Answered::Again => format!("{kind}s again {} {since}", again(kind)),
        Answered::Some => {
            let (done, asked) =
                of(kind).fold((0, 0), |(done, asked), row| (done + row.done(), asked + row.asked));
            format!("only some {kind}s ({done} of {asked})")
        }
        Answered::Nothing => format!("no {kind}s"),
    });
    format!("answered {}", parts.collect::<Vec<_>>().join(" and "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::placement::client::{Answer, Ask};
    use crate::placement::protocol::{Condition, Round};
    use crate::placement::record::{Asked, Phase};
    use expect_test::{Expect, expect};

    const fn at(since_kill_ms: i64) -> Duration {
        Duration::from_millis(600_u64.saturating_add_signed(since_kill_ms))
    }

    /// Of a client of its own.
    fn asked(site: usize, ask: Ask, begun: i64, ended: i64, answer: Answer, phase: Phase) -> Asked {
        Asked { site, client: 0, ask, begun: at(begun), ended: Some((at(ended), answer)), phase }
    }

    fn check(asked: Vec<Asked>, models: &[&'static str], is_leader: bool, expected: &Expect) {
        let asked = (0..).zip(asked).map(|(client, asked)| Asked { client, ..asked }).collect();
        let record = Record { round: Round::new(3, Condition::Down { site: 0 }), asked };
        let found = Downtime::of(&record, models).expect("a server is down");
        expected.assert_eq(&super::downtime(&found, &record, is_leader).join("\n"));
    }

    /// Each site reads a key that nobody writes, and writes one of its own, every half second; which are answered?
    fn asks(is_done: impl Fn(usize, Kind, i64) -> bool) -> Vec<Asked> {
        let times =
            (-1_i64..12).flat_map(|nth| (0..3).flat_map(move |site| Kind::ALL.map(|kind| (nth, site, kind))));
        let ask = |(nth, site, kind): (i64, usize, Kind)| {
            let (begun, is_write) = (nth * 500, kind == Kind::Write);
            let answer = match (is_done(site, kind, begun), site) {
                (true, _) => Answer::DONE,
                (false, 0) => Answer::Refused("nobody listens".to_owned()),
                (false, _) => Answer::Unknown("silent".to_owned()),
            };
            let ask = if is_write { Ask::write(format!("own-{site}-{nth}"), 7) } else { Ask::read("idle") };
            asked(site, ask, begun, begun + 10, answer, Phase::Traffic)
        };
        times.map(ask).collect()
    }

    #[test]
    fn who_answers_again_and_when_is_told_site_by_site() {
        let of = |site, kind, begun: i64| match (site, kind) {
            (0, _) => !(0..4_500).contains(&begun),
            (1, Kind::Read) => !(0..2_000).contains(&begun),
            (1, Kind::Write) => !(0..1_500).contains(&begun),
            _ => true,
        };
        check(
            asks(of),
            &["linearizable"],
            true,
            &expect![[r#"
                Pacific led, was killed, and was begun again 4.0 s later.
                Meanwhile pacific answered nothing; atlantic answered reads again 2.0 s and writes 1.5 s after the kill; indian answered all.
                Once it was back, pacific answered reads again 500.0 ms and writes 500.0 ms after the restart; atlantic and indian answered all.
                27 acknowledged writes could be read back at no site.
                Linearizable held, as without a kill."#]],
        );
        let of = |site, kind, begun: i64| site > 0 && kind == Kind::Read || begun < 0;
        check(
            asks(of),
            &[],
            false,
            &expect![[r#"
            No site was seen to lead: pacific was killed, and begun again 4.0 s later.
            Meanwhile pacific answered nothing; atlantic and indian answered all reads and no writes.
            Once it was back, pacific answered nothing; atlantic and indian answered all reads and no writes.
            3 acknowledged writes could be read back at no site."#]],
        );
        let of = |site, kind, begun: i64| site != 1 || kind == Kind::Read || begun % 1_000 == 0;
        check(
            asks(of),
            &[],
            false,
            &expect![[r#"
            No site was seen to lead: pacific was killed, and begun again 4.0 s later.
            Meanwhile pacific and indian answered all; atlantic answered all reads and only some writes (3 of 6).
            Once it was back, pacific and indian answered all; atlantic answered all reads and only some writes (2 of 4).
            32 acknowledged writes could be read back at no site."#]],
        );
    }

    #[test]
    fn where_nobody_answers_no_site_is_named() {
        let expected = expect![[r#"
            Pacific led, was killed, and was begun again 4.0 s later.
            Meanwhile no site answered anything.
            Once it was back, no site answered anything.
            3 acknowledged writes could be read back at no site."#]];
        check(asks(|_, _, begun| begun < 0), &[], true, &expected);
    }

    #[test]
    fn a_write_that_is_lost_is_told_with_its_times() {
        let read = |site, begun: i64, shown: &[u64], phase| {
            asked(site, Ask::read("k"), begun, begun + 5, Answer::shows(shown.iter().copied()), phase)
        };
        let mut all = vec![
            asked(0, Ask::write("k", 40), -30, -20, Answer::DONE, Phase::Traffic),
            // A replica that lags is not the end of it.
            read(1, -15, &[], Phase::Traffic),
            read(0, -10, &[40], Phase::Traffic),
            read(1, 2_000, &[], Phase::Traffic),
        ];
        all.extend((0..3).map(|site| read(site, 7_000, &[], Phase::ReadBack)));
        check(
            all,
            &["linearizable", "pram"],
            true,
            &expect![[r#"
                Pacific led, was killed, and was begun again 4.0 s later.
                Meanwhile every site answered all.
                Once it was back, every site answered all.
                1 of 1 acknowledged writes was lost.
                The write of 40 to k was acknowledged at pacific 20.0 ms before the kill, last shown at pacific 5.0 ms before the kill, and gone at atlantic 2.0 s after the kill.
                Pram held, as without a kill.
                Linearizable held without a kill and not with it: indian-6 r(k,nil) reads as k the initial value, which pacific-0 w(k,40) had overwritten before it began."#]],
        );
    }

    #[test]
    fn of_many_lost_writes_some_are_told_one_by_one() {
        let write = |nth: u64| {
            let ask = Ask::write(format!("k{nth}"), 1);
            asked(0, ask, -30, -20, Answer::DONE, Phase::Traffic)
        };
        let read =
            |nth| asked(1, Ask::read(format!("k{nth}")), 7_000, 7_005, Answer::shows([]), Phase::ReadBack);
        let all = (0..5).map(write).chain((0..5).map(read)).collect();
        check(
            all,
            &[],
            true,
            &expect![[r#"
                Pacific led, was killed, and was begun again 4.0 s later.
                Meanwhile every site answered all.
                Once it was back, every site answered all.
                5 of 5 acknowledged writes were lost.
                The write of 1 to k0 was acknowledged at pacific 20.0 ms before the kill, never shown, and gone at atlantic 7.0 s after the kill.
                The write of 1 to k1 was acknowledged at pacific 20.0 ms before the kill, never shown, and gone at atlantic 7.0 s after the kill.
                The write of 1 to k2 was acknowledged at pacific 20.0 ms before the kill, never shown, and gone at atlantic 7.0 s after the kill.
                So were 2 more."#]],
        );
    }
}

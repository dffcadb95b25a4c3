//! From what was asked and answered to numbers: pure functions, the same for simulated stores and real servers.

mod back;
mod built;
mod kept;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::client::Kind;
use super::protocol::{CUT_AT, Condition, FAIL_OVER, Fate, HEAL_AT, TIMEOUT, Way};
use super::record::{Asked, Phase, Record};
pub(super) use back::since_back;
pub use back::{BACK, Back};
pub use built::{Built, built};
pub(super) use kept::read_back;
pub use kept::{Gone, Kept, gone, kept};

/// A number of round trips on the critical path of an operation, in hundredths.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Trips(pub i64);

impl fmt::Display for Trips {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let hundredths = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", hundredths / 100, hundredths % 100)
    }
}

/// The second smallest latency of what was done at a site: queueing makes no operation faster, and the smallest may be luck.
/// `None` if fewer than two were done. O(n log n).
pub fn latency(record: &Record, site: usize, kind: Kind) -> Option<Duration> {
    latencies(record, site, kind).get(1).copied()
}

/// The second greatest.
fn slow(record: &Record, site: usize, kind: Kind) -> Option<Duration> {
    latencies(record, site, kind).into_iter().rev().nth(1)
}

/// How long what was done at a site took, the fastest first.
fn latencies(record: &Record, site: usize, kind: Kind) -> Vec<Duration> {
    let of = record.asked.iter().filter(|asked| asked.site == site && asked.ask.kind() == kind);
    let done = of.filter_map(|asked| asked.done().map(|(at, _)| at.saturating_sub(asked.begun)));
    let mut all: Vec<Duration> = done.collect();
    all.sort_unstable();
    all
}

/// How many round trips an operation takes at a site: the slope of its latency against the round-trip time over the rounds in
/// which all links are alike, by least squares. `None` for fewer than two such rounds. O(n log n).
pub fn trips(records: &[Record], site: usize, kind: Kind) -> Option<Trips> {
    let points = records.iter().filter_map(|record| match record.round.condition {
        Condition::Alike { delay } => Some((micros(delay * 2), micros(latency(record, site, kind)?))),
        _ => None,
    });
    slope(&points.collect::<Vec<_>>()).map(Trips)
}

/// How many round trips an operation takes at a site, where that depends on the key or the moment: on whether the site has a
/// replica of it, or knows of a write to it that is not committed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ByKey {
    /// At best: over all keys, each counted once, with its fastest operation.
    pub mean: Trips,
    /// The most, with the key that takes the most or at a bad moment.
    pub most: Trips,
}

/// Hundredths of a round trip by which two measurements of the same may differ.
pub(super) const NOISE: i64 = 4;

/// What [`trips`] does not tell, as it counts the fastest: of each key its fastest operation, of those the mean, and as the
/// most the slowest of them, or the slowest operation but one if that takes more; the very slowest may be luck. `None` if
/// all take as many. O(n log n).
pub fn by_key(records: &[Record], site: usize, kind: Kind) -> Option<ByKey> {
    let least = trips(records, site, kind)?;
    let (mut means, mut slowest, mut late) = (Vec::new(), Vec::new(), Vec::new());
    for record in records {
        let Condition::Alike { delay } = record.round.condition else { continue };
        let of_keys = fastest_of_keys(record, site, kind);
        let Some(most) = of_keys.iter().copied().max() else { continue };
        let mean = of_keys.iter().sum::<i128>() / of_keys.len() as i128;
        means.push((micros(delay * 2), mean));
        slowest.push((micros(delay * 2), most));
        late.extend(slow(record, site, kind).map(|took| (micros(delay * 2), micros(took))));
    }
    let most = slope(&slowest)?.max(slope(&late)?);
    let (mean, most) = (Trips(slope(&means)?), Trips(most));
    (most.0 - least.0 > NOISE).then_some(ByKey { mean, most })
}

/// How long the fastest operation took at a site with the key that takes longest there; `None` if nothing was done. O(n log n).
pub fn slowest_key(record: &Record, site: usize, kind: Kind) -> Option<Duration> {
    let most = fastest_of_keys(record, site, kind).into_iter().max()?;
    u64::try_from(most).ok().map(Duration::from_micros)
}

/// How long the fastest operation took with each key, in microseconds.
fn fastest_of_keys(record: &Record, site: usize, kind: Kind) -> Vec<i128> {
    let mut fastest: BTreeMap<&str, i128> = BTreeMap::new();
    for asked in record.asked.iter().filter(|asked| asked.site == site && asked.ask.kind() == kind) {
        if let Some((at, _)) = asked.done() {
            let took = micros(at.saturating_sub(asked.begun));
            fastest.entry(&asked.ask.key).and_modify(|least| *least = took.min(*least)).or_insert(took);
        }
    }
    fastest.into_values().collect()
}

/// The slope in hundredths of the line through these points, by least squares, rounded to the nearest.
fn slope(points: &[(i128, i128)]) -> Option<i64> {
    let count = points.len() as i128;
    let sum = |of: fn(&(i128, i128)) -> i128| points.iter().map(of).sum::<i128>();
    let (x, y) = (sum(|(x, _)| *x), sum(|(_, y)| *y));
    let rise = count * sum(|(x, y)| x * y) - x * y;
    let run = count * sum(|(x, _)| x * x) - x * x;
    if run == 0 {
        return None;
    }
    // Rounded away from zero at the half; `run` is positive (Cauchy and Schwarz).
    let half = if rise < 0 { -run / 2 } else { run / 2 };
    i64::try_from((rise * 100 + half) / run).ok()
}

fn micros(time: Duration) -> i128 {
    i128::try_from(time.as_micros()).unwrap_or(i128::MAX)
}

/// How much a site did in a round of what it was asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Served {
    /// Which site.
    pub site: usize,
    /// What.
    pub kind: Kind,
    /// How many were asked for.
    pub asked: usize,
    /// How many of them were done.
    pub done: usize,
}

impl Served {
    /// Whether nearly all was done, nine of ten: what a store does while it starts does not count.
    pub const fn is_enough(&self) -> bool {
        self.asked > 0 && self.done * 10 >= self.asked * 9
    }
}

/// What tables have rows for: each site with each kind of operation.
pub(super) fn rows(sites: usize) -> impl Iterator<Item = (usize, Kind)> {
    (0..sites).flat_map(|site| Kind::ALL.map(|kind| (site, kind)))
}

/// How much each site did in a round. O(n).
pub fn served(record: &Record) -> Vec<Served> {
    rows(record.round.sites)
        .map(|(site, kind)| {
            let of = record.asked.iter().filter(|asked| asked.site == site && asked.ask.kind() == kind);
            let done = of.clone().filter(|asked| asked.done().is_some()).count();
            Served { site, kind, asked: of.count(), done }
        })
        .collect()
}

/// A read that showed less than was known: what it showed had been replaced before it began, by a write that was
/// acknowledged before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stale {
    /// Which operation, by its place in the record.
    pub read: usize,
    /// The first write that replaced what it showed, by its place in the record.
    pub write: usize,
    /// How long the read began after the acknowledgement of that write.
    pub age: Duration,
}

/// The stale reads of a round; what was read back at its end does not count. Real time alone is asked: that two writes
/// overlap excuses either. O(reads · writes) for each key.
pub fn stale(record: &Record) -> Vec<Stale> {
    stale_among(record, is_read_in_traffic)
}

/// The stale reads of what was read back at the end of a round, by which time every site had had time to hear of every write:
/// so it stays, unless the key is read or written again. As [`stale`].
pub fn stale_at_the_end(record: &Record) -> Vec<Stale> {
    stale_among(record, |asked| asked.ask.kind() == Kind::Read && asked.phase == Phase::ReadBack)
}

fn stale_among(record: &Record, is_judged: fn(&Asked) -> bool) -> Vec<Stale> {
    let mut keys: BTreeMap<&str, Vec<(usize, &Asked)>> = BTreeMap::new();
    for (place, asked) in record.asked.iter().enumerate() {
        keys.entry(asked.ask.key.as_str()).or_default().push((place, asked));
    }
    let mut all: Vec<Stale> = keys.values().flat_map(|of_key| stale_of(of_key, is_judged)).collect();
    all.sort_unstable_by_key(|stale| stale.read);
    all
}

/// Whether it reads while the round goes on.
pub(super) fn is_read_in_traffic(asked: &Asked) -> bool {
    asked.ask.kind() == Kind::Read && asked.phase == Phase::Traffic
}

fn stale_of(of_key: &[(usize, &Asked)], is_judged: fn(&Asked) -> bool) -> Vec<Stale> {
    let writes = of_key.iter().filter_map(|(place, asked)| Some((*place, *asked, asked.written()?)));
    // Of a key that is polled there are far more reads.
    let writes: Vec<(usize, &Asked, u64)> = writes.collect();
    let reads = of_key.iter().filter(|(_, asked)| is_judged(asked));
    let judged = reads.filter_map(|(place, read)| {
        let (_, shown) = read.done()?;
        // The end of the write that is shown; the initial value was there before anything.
        let since = match shown {
            None => None,
            Some(value) => {
                let (_, write, _) = writes.iter().find(|(.., written)| *written == value)?;
                // Of an open write nobody knows when it took effect.
                Some(write.done()?.0)
            }
        };
        let newer = writes.iter().filter_map(|(newer, write, _)| {
            let (ended, _) = write.done()?;
            let is_after = since.is_none_or(|since| since < write.begun);
            (is_after && ended < read.begun).then_some((ended, *newer))
        });
        let (ended, write) = newer.min()?;
        Some(Stale { read: *place, write, age: read.begun - ended })
    });
    judged.collect()
}

/// How a site answered while others, or itself, were cut off.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Answers {
    /// Who was cut off, and how.
    pub condition: Condition,
    /// Which site was asked.
    pub site: usize,
    /// What.
    pub kind: Kind,
    /// How many were asked after the time for a fail-over, and early enough to be answered before the heal.
    pub asked: usize,
    /// How many of them were done.
    pub done: usize,
    /// From the cut to the beginning of the first operation from which on all were done; zero where each was. Of a site that
    /// is not available nobody knows whether it would have been over then, had the cut lasted longer.
    pub gap: Duration,
    /// What it answered after the heal.
    pub back: Back,
}

/// How much of what it was asked a site answered.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Share {
    /// Nothing.
    None,
    /// Something, and not all.
    Some,
    /// All, or it was asked nothing.
    All,
}

impl Share {
    const fn of(done: usize, asked: usize) -> Share {
        match done {
            done if done == asked => Share::All,
            0 => Share::None,
            _ => Share::Some,
        }
    }
}

impl Answers {
    /// Which one site was cut off, which way, and what became of what was sent meanwhile; `None` if there were two.
    pub const fn cut(&self) -> Option<(usize, Way, Fate)> {
        match self.condition {
            Condition::Cut { site, way, fate } => Some((site, way, fate)),
            _ => None,
        }
    }

    /// How much was answered once the time for a fail-over was over.
    pub const fn share(&self) -> Share {
        Share::of(self.done, self.asked)
    }

    /// Whether all were answered once the time for a fail-over was over.
    pub const fn is_available(&self) -> bool {
        matches!(self.share(), Share::All)
    }

    /// Whether all were answered again after the heal, once its time to come back was over
    /// ([`Pace::back`](super::protocol::Pace::back)).
    pub const fn is_back(&self) -> bool {
        matches!(self.back.share(), Share::All)
    }
}

/// How each site answered each kind of operation in a round with a cut, or in which a server was down; nothing for another
/// round.
pub fn answers(record: &Record) -> Vec<Answers> {
    if record.round.is_normal() {
        return Vec::new();
    }
    rows(record.round.sites).map(|(site, kind)| answers_of(record, site, kind)).collect()
}

/// From then on what is asked may have no answer before the heal.
const LAST: Duration = HEAL_AT.saturating_sub(TIMEOUT);

/// What was asked of a site from the cut on, and early enough to be answered before it healed, with its place in the record.
pub(super) fn during_cut(record: &Record, site: usize, kind: Kind) -> impl Iterator<Item = (usize, &Asked)> {
    let during = CUT_AT..LAST;
    record.asked.iter().enumerate().filter(move |(_, asked)| {
        (asked.site, asked.ask.kind(), asked.phase) == (site, kind, Phase::Traffic)
            && during.contains(&asked.begun)
    })
}

fn answers_of(record: &Record, site: usize, kind: Kind) -> Answers {
    let during: Vec<&Asked> = during_cut(record, site, kind).map(|(_, asked)| asked).collect();
    let judged = during.iter().filter(|asked| asked.begun >= CUT_AT + FAIL_OVER);
    let done = judged.clone().filter(|asked| asked.done().is_some()).count();
    let silent = during.iter().rposition(|asked| asked.done().is_none());
    // Where the last one is silent, the gap is as long as the cut can tell.
    let gap = silent.map_or(Duration::ZERO, |silent| {
        during.get(silent + 1).map_or(LAST, |next| next.begun).saturating_sub(CUT_AT)
    });
    let back = back::back(record, site, kind);
    Answers { condition: record.round.condition, site, kind, asked: judged.count(), done, gap, back }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::placement::client::{Answer, Ask};
    use crate::placement::protocol::Round;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn record(
        condition: Condition,
        asked: impl IntoIterator<Item = (Ask, u64, Option<u64>, Answer)>,
    ) -> Record {
        let asked = asked.into_iter().map(|(ask, begun, ended, answer)| Asked {
            site: 0,
            client: 0,
            ask,
            begun: ms(begun),
            ended: ended.map(|at| (ms(at), answer)),
            phase: Phase::Traffic,
        });
        Record { round: Round::new(3, condition), asked: asked.collect() }
    }

    #[test]
    fn one_slow_or_lucky_operation_changes_no_slope() {
        let swept = [5, 10, 20, 40].map(|delay| {
            // Two round trips and a millisecond, once by luck less, once far more.
            let took = [4 * delay + 1, 4 * delay + 1, 4 * delay, 900];
            let asks = took.map(|took| (Ask::read("k"), 0, Some(took), Answer::DONE));
            record(Condition::Alike { delay: ms(delay) }, asks)
        });
        assert_eq!(trips(&swept, 0, Kind::Read).map(|trips| trips.to_string()), Some("2.00".to_owned()));
        assert_eq!(trips(&swept[..1], 0, Kind::Read), None, "one point has no slope");
        assert_eq!(Trips(-7).to_string(), "-0.07");
    }

    #[test]
    fn where_keys_differ_the_fastest_tells_too_little() {
        let swept = [5, 10, 20, 40].map(|delay| {
            // Of three keys one has no replica here.
            let of_key = |key: &str, took| (Ask::read(key), 0, Some(took), Answer::DONE);
            let asks = [("a", 1), ("b", 1), ("c", 2 * delay + 1), ("c", 2 * delay + 9)];
            record(Condition::Alike { delay: ms(delay) }, asks.map(|(key, took)| of_key(key, took)))
        });
        assert_eq!(trips(&swept, 0, Kind::Read), Some(Trips(0)));
        assert_eq!(by_key(&swept, 0, Kind::Read), Some(ByKey { mean: Trips(33), most: Trips(100) }));
        let one_key = swept.map(|mut record| {
            record.asked.retain(|asked| asked.ask.key == "c");
            record
        });
        assert_eq!(trips(&one_key, 0, Kind::Read), Some(Trips(100)));
        assert_eq!(by_key(&one_key, 0, Kind::Read), None, "all keys take as many");
    }

    #[test]
    fn what_takes_a_round_trip_now_and_then_is_told_whichever_key_it_is() {
        let swept = |late: usize| {
            [5, 10, 20, 40].map(|delay| {
                // Each key is asked at a good moment, too.
                let took = |nth: usize| if nth < late { 2 * delay + 1 } else { 1 };
                let key = |nth: usize| if nth.is_multiple_of(2) { "a" } else { "b" };
                let asks = (0..20).map(|nth| (Ask::read(key(nth)), 0, Some(took(nth)), Answer::DONE));
                record(Condition::Alike { delay: ms(delay) }, asks)
            })
        };
        let mean = Trips(0);
        assert_eq!(by_key(&swept(2), 0, Kind::Read), Some(ByKey { mean, most: Trips(100) }));
        assert_eq!(by_key(&swept(1), 0, Kind::Read), None, "one may be luck");
    }

    #[test]
    fn a_read_is_stale_only_if_the_order_of_both_writes_and_the_read_is_sure() {
        let write = |value, begun, ended| (Ask::write("k", value), begun, Some(ended), Answer::DONE);
        let read = |shown, begun| (Ask::read("k"), begun, Some(begun + 1), Answer::shows(shown));
        let stale_reads = |asked: Vec<_>| {
            let stale = stale(&record(Condition::Busy, asked));
            stale.iter().map(|stale| (stale.read, stale.write, stale.age)).collect::<Vec<_>>()
        };
        assert_eq!(
            stale_reads(vec![write(1, 0, 10), write(2, 11, 20), read(Some(1), 25)]),
            [(2, 1, ms(5))],
            "replaced for 5 ms"
        );
        assert_eq!(
            stale_reads(vec![write(1, 0, 10), write(2, 9, 20), read(Some(1), 25)]),
            [],
            "they overlap"
        );
        assert_eq!(stale_reads(vec![write(1, 0, 10), write(2, 11, 20), read(Some(1), 20)]), [], "it touches");
        assert_eq!(stale_reads(vec![write(1, 0, 10), read(None, 12)]), [(1, 0, ms(2))], "it was never unset");
    }

    /// A write, what each site showed of its key at the end, in turn, and when.
    fn read_back_at(shown: &[(usize, Option<u64>)]) -> Record {
        let write = |value, begun, ended| (Ask::write("k", value), begun, Some(ended), Answer::DONE);
        let mut record = record(Condition::Busy, [write(1, 0, 10), write(2, 20, 30)]);
        for (nth, (site, shown)) in (0_u64..).zip(shown) {
            record.asked.push(Asked {
                site: *site,
                client: 0,
                ask: Ask::read("k"),
                begun: ms(7600 + nth),
                ended: Some((ms(7601 + nth), Answer::shows(*shown))),
                phase: Phase::ReadBack,
            });
        }
        record
    }

    #[test]
    fn what_a_site_shows_by_luck_is_missing_there_and_not_lost() {
        // Of the second write: the sites that showed it, that did not, and that did when they were asked again.
        type Shown = [(usize, Option<u64>)];
        let table: [(&Shown, [&[usize]; 4], bool); 7] = [
            (&[(0, Some(2)), (1, Some(2)), (2, Some(2))], [&[0, 1, 2], &[], &[], &[]], false),
            (&[(0, Some(1)), (1, None)], [&[], &[0, 1], &[], &[2]], true),
            (&[(0, Some(1)), (0, Some(2)), (0, Some(2))], [&[0], &[], &[0], &[1, 2]], false),
            (&[(0, Some(1)), (0, Some(2)), (0, Some(1))], [&[0], &[0], &[], &[1, 2]], false),
            (&[(0, Some(1)), (0, Some(1)), (0, Some(2))], [&[0], &[0], &[], &[1, 2]], false),
            (&[(0, Some(2)), (0, Some(1)), (0, Some(2))], [&[0], &[0], &[], &[1, 2]], false),
            // It was there, and is gone.
            (&[(0, Some(2)), (0, Some(1)), (0, Some(1))], [&[], &[0], &[], &[1, 2]], true),
        ];
        for (shown, [seen, missing, late, unread], is_lost) in table {
            let all = kept(&read_back_at(shown));
            let of = all.iter().find(|kept| kept.write == 1).expect("it is looked for");
            let found = [&of.seen[..], &of.missing, &of.late, &of.unread];
            assert_eq!((found, of.is_lost()), ([seen, missing, late, unread], is_lost), "{shown:?}");
        }
    }

    #[test]
    fn of_many_reads_at_the_end_those_are_told_that_show_something_else() {
        let shown: Vec<_> = [1, 1, 2, 2, 1, 1, 1].iter().map(|value| (0, Some(*value))).collect();
        // After the two writes.
        assert_eq!(read_back(&read_back_at(&shown), 1), [2, 4, 6, 8]);
    }

    #[test]
    fn what_is_old_at_the_end_is_stale_for_ever_and_counts_not_as_stale_in_traffic() {
        let record = read_back_at(&[(0, Some(1)), (1, Some(2)), (2, None)]);
        let at_the_end: Vec<_> =
            stale_at_the_end(&record).into_iter().map(|stale| (stale.read, stale.age)).collect();
        assert_eq!(at_the_end, [(2, ms(7570)), (4, ms(7592))]);
        assert_eq!(stale(&record), []);
    }

    #[test]
    fn of_siblings_each_has_to_be_there_and_not_the_greatest_alone() {
        let write = |value, over: &[u64], begun| {
            (Ask::write_over("k", value, over.to_vec()), begun, Some(begun + 1), Answer::DONE)
        };
        let missing = |shown: &[&[u64]]| {
            let writes = [write(1, &[], 0), write(2, &[], 10), write(3, &[1], 20)];
            let back = shown
                .iter()
                .map(|shown| (Ask::read("k"), 90, Some(91), Answer::shows(shown.iter().copied())));
            let mut record = record(Condition::Busy, writes.into_iter().chain(back));
            for (site, asked) in record.asked.iter_mut().skip(3).enumerate() {
                (asked.site, asked.phase) = (site, Phase::ReadBack);
            }
            kept(&record).into_iter().map(|kept| (kept.write, kept.missing)).collect::<Vec<_>>()
        };
        let all = |missing_second: Vec<usize>| vec![(0, vec![]), (1, missing_second), (2, vec![])];
        assert_eq!(missing(&[&[2, 3], &[2, 3]]), all(vec![]));
        // The second site has dropped what nobody who had seen it replaced.
        assert_eq!(missing(&[&[2, 3], &[3]]), all(vec![1]));
        // Whoever shows one value alone keeps one register, and there the last write replaces all before it.
        assert_eq!(missing(&[&[3], &[3]]), all(vec![]));
    }

    #[test]
    fn a_gap_ends_with_the_first_operation_from_which_on_all_are_done() {
        let cut = Condition::Cut { site: 0, way: Way::Both, fate: Fate::Held };
        let at = |begun: u64, ended| (Ask::read("k"), begun, ended, Answer::DONE);
        let answers = answers(&record(
            cut,
            [at(650, None), at(700, Some(701)), at(900, None), at(1000, Some(1001)), at(2200, Some(2201))],
        ));
        let [reads, writes, ..] = &answers[..] else { panic!("a read and a write at each site") };
        assert_eq!((reads.asked, reads.done, reads.gap, reads.is_available()), (1, 1, ms(400), true));
        assert_eq!((writes.asked, writes.is_available()), (0, true));
        let share = |asked, done| Answers { asked, done, ..*reads }.share();
        assert_eq!([share(3, 0), share(3, 1), share(3, 3)], [Share::None, Share::Some, Share::All]);
    }
}

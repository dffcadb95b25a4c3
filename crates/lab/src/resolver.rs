//! How a station settles two updates of one key: it keeps what is concurrent, or lets a clock choose.

use std::cmp;
use std::collections::BTreeMap;

use constellation_clock::bytes::{Limits, Reader, Writer};
use constellation_clock::{Catalog, Dot, Error, Reconciled, Update};
use constellation_trace::WallTime;

/// How a station settles two updates of one key.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Resolver {
    /// Keeps every update that nobody superseded; concurrent ones stand side by side until somebody decides.
    Siblings,
    /// Keeps the update with the latest wall time. It loses concurrent updates, and later ones of a slow clock.
    WallLww,
    /// Keeps the update with the highest Lamport time. It loses concurrent updates.
    LamportLww,
}

impl Resolver {
    /// Each resolver with the name that scenario files and the command line know it by.
    pub const NAMES: [(&str, Resolver); 3] = [
        ("siblings", Resolver::Siblings),
        ("wall-lww", Resolver::WallLww),
        ("lamport-lww", Resolver::LamportLww),
    ];

    /// The name of this one.
    pub fn name(self) -> &'static str {
        let own = Resolver::NAMES.iter().find(|(_, resolver)| *resolver == self);
        own.map_or("", |(name, _)| name)
    }
}

/// The clock that chooses, where one does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Arbiter {
    Wall,
    Lamport,
}

/// What a station's clocks show when it accepts an update.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Clocks {
    pub(crate) wall: WallTime,
    pub(crate) lamport: u64,
}

/// News of one key, as one station tells it to another.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum News {
    /// Everything known of the key, under vector causality.
    Siblings(Update<Vec<u8>>),
    /// The one update that an arbiter left of the key.
    Winner(Winner),
}

/// Which of both news are; bytes do not say.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum NewsKind {
    Siblings,
    Winner,
}

/// An update with the rank by which it wins or loses.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Winner {
    key: String,
    rank: Rank,
    value: Vec<u8>,
}

/// Field order is the order of winning: the later time, then the greater name, so that all stations agree.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Rank {
    time: u64,
    node: String,
    nth: u64,
}

impl Rank {
    fn update(&self) -> String {
        format!("{}:{}", self.node, self.nth)
    }
}

impl Arbiter {
    const fn time(self, clocks: Clocks) -> u64 {
        match self {
            Arbiter::Wall => clocks.wall.ns(),
            Arbiter::Lamport => clocks.lamport,
        }
    }

    /// Why one update is kept and the other is not: `lamport 3 = 3, pacific > indian_ocean by name`. Neither is called
    /// newer, for that is what the arbiter cannot know.
    fn why(self, kept: &Rank, other: &Rank) -> String {
        let (clock, times) = match self {
            Arbiter::Wall => ("wall", wall_times(kept.time, other.time)),
            Arbiter::Lamport => ("lamport", [kept.time.to_string(), other.time.to_string()]),
        };
        let [kept_time, other_time] = times;
        if kept.time != other.time {
            return format!("{clock} {kept_time} > {other_time}");
        }
        let tie = format!("{clock} {kept_time} = {other_time}");
        if kept.node == other.node {
            return format!("{tie}, {} > {} by number", kept.update(), other.update());
        }
        format!("{tie}, {} > {} by name", kept.node, other.node)
    }
}

/// Two wall times as shown, without what they share: the date, where it is one; to the nanosecond, where less is one.
fn wall_times(one_ns: u64, other_ns: u64) -> [String; 2] {
    let times = [one_ns, other_ns].map(|ns| WallTime::from_ns(ns).to_string());
    let [one, other] = &times;
    let times = match (one.split_once('T'), other.split_once('T')) {
        (Some((date, one)), Some((other_date, other))) if date == other_date => {
            [one, other].map(str::to_owned)
        }
        _ => times,
    };
    if one_ns == other_ns || times[0] != times[1] {
        return times;
    }
    let [one, other] = times;
    [(one, one_ns), (other, other_ns)].map(|(text, ns)| format!("{text} and {} ns", ns % 1_000_000))
}

/// What a station holds, under one resolver.
#[derive(Clone, Debug)]
pub(crate) enum Holdings {
    Siblings(Catalog<Vec<u8>>),
    Winners { arbiter: Arbiter, node: String, written: u64, winners: BTreeMap<String, Winner> },
}

/// An update that a station accepted.
pub(crate) struct Accepted {
    /// Its name.
    pub(crate) update: String,
    /// The names of those that its client had seen.
    pub(crate) saw: Vec<String>,
    /// What the other stations must be told.
    pub(crate) news: News,
}

/// What news made of a key.
pub(crate) struct Settled {
    /// Which key.
    pub(crate) key: String,
    /// In a few words.
    pub(crate) outcome: String,
    /// Whether anything is otherwise now.
    pub(crate) is_change: bool,
}

impl Holdings {
    pub(crate) fn new(resolver: Resolver, node: &str) -> Holdings {
        let arbiter = match resolver {
            Resolver::Siblings => return Holdings::Siblings(Catalog::new(node)),
            Resolver::WallLww => Arbiter::Wall,
            Resolver::LamportLww => Arbiter::Lamport,
        };
        Holdings::Winners { arbiter, node: node.to_owned(), written: 0, winners: BTreeMap::new() }
    }

    /// Accepts an update from a client that has seen what is shown here.
    pub(crate) fn write(&mut self, key: &str, value: &str, clocks: Clocks) -> Result<Accepted, Error> {
        let saw = self.shown(key).into_iter().map(|(update, _)| update).collect();
        match self {
            Holdings::Siblings(catalog) => {
                let context = catalog.get(key).context;
                let update = catalog.put(key, value.as_bytes().to_vec(), &context)?;
                let name = catalog.latest_write().map(|dot| name_of(&dot)).unwrap_or_default();
                Ok(Accepted { update: name, saw, news: News::Siblings(update) })
            }
            Holdings::Winners { arbiter, node, written, winners } => {
                // Saturating: 2^64 updates of one station do not happen in a run.
                *written = written.saturating_add(1);
                let rank = Rank { time: arbiter.time(clocks), node: node.clone(), nth: *written };
                let update = rank.update();
                let written = Winner { key: key.to_owned(), rank, value: value.as_bytes().to_vec() };
                keep_winner(*arbiter, winners, &written);
                Ok(Accepted { update, saw, news: News::Winner(written) })
            }
        }
    }

    /// Takes news in; news of the other kind of station says nothing to this one.
    pub(crate) fn settle(&mut self, news: &News) -> Result<Settled, Error> {
        match (self, news) {
            (Holdings::Siblings(catalog), News::Siblings(update)) => {
                let reconciled = catalog.reconcile(update)?;
                let is_change =
                    matches!(reconciled, Reconciled::Adopted { .. } | Reconciled::Concurrent { .. });
                let outcome = match reconciled {
                    Reconciled::Stale if is_held(catalog, update) => "DUPLICATE".to_owned(),
                    reconciled => reconciled.to_string(),
                };
                Ok(Settled { key: update.key().to_owned(), outcome, is_change })
            }
            (Holdings::Winners { arbiter, winners, .. }, News::Winner(arrived)) => {
                Ok(keep_winner(*arbiter, winners, arrived))
            }
            (_, news) => {
                let outcome = "IGNORED".to_owned();
                Ok(Settled { key: news.key().to_owned(), outcome, is_change: false })
            }
        }
    }

    /// What is shown under a key: names of updates and their values.
    pub(crate) fn shown(&self, key: &str) -> Vec<(String, String)> {
        match self {
            Holdings::Siblings(catalog) => {
                let reading = catalog.get(key);
                let values = reading.values.iter().map(|value| text_of(value));
                reading.dots.iter().map(name_of).zip(values).collect()
            }
            Holdings::Winners { winners, .. } => {
                let shown = winners.get(key);
                shown.map(|winner| (winner.rank.update(), text_of(&winner.value))).into_iter().collect()
            }
        }
    }

    /// All that is held, as news.
    pub(crate) fn all(&self) -> Vec<News> {
        match self {
            Holdings::Siblings(catalog) => catalog.updates().map(News::Siblings).collect(),
            Holdings::Winners { winners, .. } => winners.values().cloned().map(News::Winner).collect(),
        }
    }

    /// The news that a station of this kind wrote with [`News::encode`].
    pub(crate) fn decode(&self, bytes: &[u8]) -> Result<News, Error> {
        let kind = match self {
            Holdings::Siblings(_) => NewsKind::Siblings,
            Holdings::Winners { .. } => NewsKind::Winner,
        };
        News::decode(kind, bytes)
    }
}

impl News {
    /// Of which kind it is.
    pub(crate) const fn kind(&self) -> NewsKind {
        match self {
            News::Siblings(_) => NewsKind::Siblings,
            News::Winner(_) => NewsKind::Winner,
        }
    }

    /// The news of this kind that [`News::encode`] wrote.
    pub(crate) fn decode(kind: NewsKind, bytes: &[u8]) -> Result<News, Error> {
        let limits = Limits::STANDARD;
        match kind {
            NewsKind::Siblings => Update::decode(bytes, &limits).map(News::Siblings),
            NewsKind::Winner => {
                let mut reader = Reader::new(bytes);
                let key = reader.text(&limits)?.to_owned();
                let time = reader.varint()?;
                let (node, nth) = (reader.text(&limits)?.to_owned(), reader.varint()?);
                let rest = usize::try_from(reader.remaining()).unwrap_or(usize::MAX);
                let value = bytes[bytes.len().saturating_sub(rest)..].to_vec();
                Ok(News::Winner(Winner { key, rank: Rank { time, node, nth }, value }))
            }
        }
    }

    /// The key that it is about.
    pub(crate) fn key(&self) -> &str {
        match self {
            News::Siblings(update) => update.key(),
            News::Winner(winner) => &winner.key,
        }
    }

    /// The names of the updates that it brings.
    pub(crate) fn updates(&self) -> Vec<String> {
        match self {
            News::Siblings(update) => update.dots().map(name_of).collect(),
            News::Winner(winner) => vec![winner.rank.update()],
        }
    }

    /// Its bytes, for the disk of a station with this resolver: they do not say of which kind they are.
    pub(crate) fn encode(&self) -> Vec<u8> {
        match self {
            News::Siblings(update) => update.encode(),
            News::Winner(winner) => {
                let mut writer = Writer::default();
                writer.text(&winner.key);
                writer.varint(winner.rank.time);
                writer.text(&winner.rank.node);
                writer.varint(winner.rank.nth);
                let mut bytes = writer.into_bytes();
                bytes.extend_from_slice(&winner.value);
                bytes
            }
        }
    }
}

/// Whether all that an update brings still stands here, so that none of it was superseded.
fn is_held(catalog: &Catalog<Vec<u8>>, update: &Update<Vec<u8>>) -> bool {
    let held = catalog.get(update.key()).dots;
    update.dots().all(|dot| held.contains(dot))
}

/// Keeps the one of higher rank of what is held and what `arrived`.
fn keep_winner(arbiter: Arbiter, winners: &mut BTreeMap<String, Winner>, arrived: &Winner) -> Settled {
    let (outcome, is_change) = match winners.get(&arrived.key) {
        None => ("ADOPTED".to_owned(), true),
        Some(held) => match held.rank.cmp(&arrived.rank) {
            cmp::Ordering::Equal => ("DUPLICATE".to_owned(), false),
            cmp::Ordering::Greater => {
                (format!("DISCARDED: {}", arbiter.why(&held.rank, &arrived.rank)), false)
            }
            cmp::Ordering::Less => (format!("OVERWRITES: {}", arbiter.why(&arrived.rank, &held.rank)), true),
        },
    };
    if is_change {
        winners.insert(arrived.key.clone(), arrived.clone());
    }
    Settled { key: arrived.key.clone(), outcome, is_change }
}

/// How an update is called: by the process that accepted it, and how many that had accepted.
fn name_of(dot: &Dot) -> String {
    format!("{}:{}", dot.node, dot.counter)
}

fn text_of(value: &[u8]) -> String {
    String::from_utf8_lossy(value).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOCKS: Clocks = Clocks { wall: WallTime::from_ns(1_773_462_719_428_000_000), lamport: 3 };

    fn later(by_ns: u64) -> Clocks {
        Clocks { wall: WallTime::from_ns(CLOCKS.wall.ns() + by_ns), ..CLOCKS }
    }

    /// What Indian Ocean makes of an update of Pacific's, having accepted one itself.
    fn check(resolver: Resolver, held: Clocks, arrived: Clocks, expected: &str) {
        let mut pacific = Holdings::new(resolver, "pacific");
        let mut indian_ocean = Holdings::new(resolver, "indian_ocean");
        let news = pacific.write("attitude", "yaw", arrived).expect("a first update").news;
        indian_ocean.write("attitude", "roll", held).expect("a first update");
        let settled = indian_ocean.settle(&news).expect("it is sound");
        assert_eq!(settled.outcome, expected);
    }

    #[test]
    fn an_arbiter_says_by_what_it_chose() {
        let (wall, lamport) = (Resolver::WallLww, Resolver::LamportLww);
        check(wall, CLOCKS, later(584_000_000), "OVERWRITES: wall 04:32:00.012Z > 04:31:59.428Z");
        check(wall, later(584_000_000), CLOCKS, "DISCARDED: wall 04:32:00.012Z > 04:31:59.428Z");
        check(
            wall,
            CLOCKS,
            later(86_400_000_000_000),
            "OVERWRITES: wall 2026-03-15T04:31:59.428Z > 2026-03-14T04:31:59.428Z",
        );
        check(wall, CLOCKS, later(1), "OVERWRITES: wall 04:31:59.428Z and 1 ns > 04:31:59.428Z and 0 ns");
        let behind = Clocks { lamport: 2, ..CLOCKS };
        check(lamport, CLOCKS, behind, "DISCARDED: lamport 3 > 2");
        check(lamport, CLOCKS, CLOCKS, "OVERWRITES: lamport 3 = 3, pacific > indian_ocean by name");
    }

    #[test]
    fn a_tie_of_one_station_is_settled_by_number() {
        let mut pacific = Holdings::new(Resolver::WallLww, "pacific");
        let mut write = |value| pacific.write("attitude", value, CLOCKS).expect("an update").news;
        let (first, second) = (write("yaw"), write("roll"));
        let mut atlantic = Holdings::new(Resolver::WallLww, "atlantic");
        let outcomes = [&second, &first, &second].map(|news| atlantic.settle(news).map(|told| told.outcome));
        let tie = "DISCARDED: wall 04:31:59.428Z = 04:31:59.428Z, pacific:2 > pacific:1 by number";
        assert_eq!(outcomes, ["ADOPTED", tie, "DUPLICATE"].map(|told| Ok(told.to_owned())));
    }

    #[test]
    fn what_is_still_held_is_a_duplicate_and_what_was_superseded_is_stale() {
        let mut pacific = Holdings::new(Resolver::Siblings, "pacific");
        let mut indian_ocean = Holdings::new(Resolver::Siblings, "indian_ocean");
        let mut atlantic = Holdings::new(Resolver::Siblings, "atlantic");
        let write = |station: &mut Holdings| station.write("k", "v", CLOCKS).expect("an update").news;
        let (ours, theirs) = (write(&mut pacific), write(&mut indian_ocean));
        let mut told = |news| atlantic.settle(news).expect("it is sound").outcome;
        assert_eq!([&ours, &theirs, &ours].map(&mut told), ["ADOPTED", "CONCURRENT", "DUPLICATE"]);
        let newer = write(&mut pacific);
        assert_eq!([&newer, &ours].map(told), ["CONCURRENT", "STALE"]);
    }

    #[test]
    fn a_station_reads_the_disk_of_its_own_kind_whatever_the_bytes_look_like() {
        for (_, resolver) in Resolver::NAMES {
            let mut holdings = Holdings::new(resolver, "pacific");
            for length in [0x21, 0x7f] {
                holdings.write(&"k".repeat(length), "yaw", CLOCKS).expect("an update");
            }
            for news in holdings.all() {
                assert_eq!(holdings.decode(&news.encode()), Ok(news));
            }
        }
    }
}

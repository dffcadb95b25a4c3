//! The search: runs with fewer lost messages first, each set of them once; and if that takes too long, all messages of a cut,
//! of which as many are then delivered as can be.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use constellation_trace::{EventId, NodeId, Trace, TrueTime};

use super::{Broken, Cap, Message, Promise, SETTLED, Smallest, Wrong};
use crate::placement::judged::{self, Consistency};
use crate::placement::protocol::{Condition, PAIR_AT, Round};
use crate::placement::record::{node, time};
use crate::placement::simulated::{Losses, Luck, Played};
use crate::placement::{PlaceError, Store};

pub(super) fn search(store: &Store, runs_max: u32, wrong_max: u32) -> Result<Cap, PlaceError> {
    let mut search = Search { store, runs: 0, runs_max, wrong_max, before: BTreeMap::new() };
    let without_loss = match search.without_loss(Duration::ZERO)? {
        Some(broken) => Some(broken),
        None => search.without_loss(SETTLED)?,
    };
    // One that is wrong even after a long rest needs no loss at all.
    let is_settled = match &without_loss {
        None => true,
        Some(_) => search.without_loss(SETTLED)?.is_none(),
    };
    let (with_losses, with_a_cut) =
        if is_settled { (search.with_losses()?, search.with_a_cut()?) } else { (None, None) };
    let is_wrong =
        |found: &Option<Broken>| matches!(found, Some(Broken { promise: Promise::Consistent(_), .. }));
    let wrong =
        if is_wrong(&without_loss) || is_wrong(&with_losses) { Wrong::Shown } else { search.wrong()? };
    Ok(Cap { store: store.to_string(), without_loss, with_losses, with_a_cut, wrong, runs: search.runs })
}

pub(super) struct Search<'a> {
    pub(super) store: &'a Store,
    pub(super) runs: u32,
    runs_max: u32,
    /// As many runs may look for a wrong answer.
    pub(super) wrong_max: u32,
    /// How many messages each link carries before the write, when nothing is lost yet: in every run as many.
    before: BTreeMap<(NodeId, NodeId), u64>,
}

/// A run, with the messages that could have been lost in it.
pub(super) struct Made {
    pub(super) played: Played,
    /// Those between sites, from the write to the end of the last operation, in the order of sending.
    pub(super) sent: Vec<Sent>,
}

/// A message between sites.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    pub(super) message: Message,
    at: TrueTime,
    /// The event that sends it.
    pub(super) by: EventId,
}

/// What is still to be run: who writes and reads, and what is lost.
pub(super) struct Ahead {
    pub(super) round: Round,
    pub(super) lost: Vec<Message>,
}

impl Ahead {
    pub(super) fn without_loss(round: Round) -> Ahead {
        Ahead { round, lost: Vec::new() }
    }

    /// With one more that is lost.
    pub(super) fn with(round: &Round, lost: &[Message], more: &Sent) -> Ahead {
        Ahead { round: round.clone(), lost: lost.iter().copied().chain([more.message]).collect() }
    }
}

impl Search<'_> {
    /// Each site writes, each other one reads.
    pub(super) fn rounds(&self, rest: Duration) -> Vec<Round> {
        let sites = self.store.sites;
        let pairs = (0..sites).flat_map(|writer| (0..sites).map(move |reader| (writer, reader)));
        let pairs = pairs.filter(|(writer, reader)| writer != reader);
        pairs.map(|(writer, reader)| Round::new(sites, Condition::Pair { writer, reader, rest })).collect()
    }

    fn without_loss(&mut self, rest: Duration) -> Result<Option<Broken>, PlaceError> {
        for round in self.rounds(rest) {
            let made = self.make(&round, &Losses::default())?;
            if let Some(promise) = made.broken() {
                return Ok(Some(broken(&round, Vec::new(), Smallest::OfAll, promise, made.played)));
            }
        }
        Ok(None)
    }

    fn with_losses(&mut self) -> Result<Option<Broken>, PlaceError> {
        let mut ahead: VecDeque<Ahead> = self.rounds(SETTLED).into_iter().map(Ahead::without_loss).collect();
        while let Some(Ahead { round, lost }) = ahead.pop_front() {
            if self.runs >= self.runs_max {
                return self.of_cuts();
            }
            let made = self.make(&round, &these(&lost))?;
            if let Some(promise) = made.broken() {
                return Ok(Some(broken(&round, lost, Smallest::OfAll, promise, made.played)));
            }
            ahead.extend(made.after(&lost).iter().map(|more| Ahead::with(&round, &lost, more)));
        }
        Ok(None)
    }

    /// Everything that crosses a cut is lost, from the write on: the fewest links first.
    fn with_a_cut(&mut self) -> Result<Option<Broken>, PlaceError> {
        let mut cuts = cuts(self.store.sites);
        cuts.sort_by_key(BTreeSet::len);
        for links in cuts {
            for round in self.rounds(SETTLED) {
                let made = self.make(&round, &self.after_the_write(&links))?;
                let Some(promise) = made.broken() else { continue };
                let links: Vec<(usize, usize)> =
                    links.iter().map(|(source, target)| (source.index(), target.index())).collect();
                let is_lost = |sent: &Message| links.contains(&(sent.source, sent.target));
                let lost = made.sent.iter().map(|sent| sent.message).filter(is_lost).collect();
                let broken = broken(&round, lost, Smallest::OfAll, promise, made.played);
                return Ok(Some(Broken { links, ..broken }));
            }
        }
        Ok(None)
    }

    /// Everything that crosses a cut is lost; then as much as possible is not.
    fn of_cuts(&mut self) -> Result<Option<Broken>, PlaceError> {
        let mut found: Vec<(Round, Vec<Message>)> = Vec::new();
        for round in self.rounds(SETTLED) {
            for links in cuts(self.store.sites) {
                let made = self.make(&round, &self.after_the_write(&links))?;
                if made.broken().is_some() {
                    let is_lost = |sent: &Message| links.contains(&(node(sent.source), node(sent.target)));
                    found.push((
                        round.clone(),
                        made.sent.iter().map(|sent| sent.message).filter(is_lost).collect(),
                    ));
                }
            }
        }
        found.sort_by_key(|(_, lost)| lost.len());
        let mut smallest: Option<(Round, Vec<Message>)> = None;
        for (round, lost) in found.into_iter().take(SHRUNK_MAX) {
            let lost = self.shrink(&round, lost)?;
            if smallest.as_ref().is_none_or(|(_, other)| lost.len() < other.len()) {
                smallest = Some((round, lost));
            }
        }
        let Some((round, lost)) = smallest else { return Ok(None) };
        let made = self.make(&round, &these(&lost))?;
        let kind = Smallest::OfItsKind;
        Ok(made.broken().map(|promise| broken(&round, lost, kind, promise, made.played)))
    }

    /// Delivers halves, quarters, and at last single ones of the lost messages, as long as a promise is broken.
    fn shrink(&mut self, round: &Round, mut lost: Vec<Message>) -> Result<Vec<Message>, PlaceError> {
        let mut size = lost.len().div_ceil(2);
        while size > 0 {
            let mut from = 0;
            let before = lost.len();
            while from < lost.len() {
                let to = (from + size).min(lost.len());
                let fewer: Vec<Message> = lost[..from].iter().chain(&lost[to..]).copied().collect();
                if self.make(round, &these(&fewer))?.broken().is_some() {
                    lost = fewer;
                } else {
                    from = to;
                }
            }
            // Single ones until none can be delivered any more.
            if size > 1 || lost.len() == before {
                size /= 2;
            }
        }
        Ok(lost)
    }

    /// All messages of these links are lost that are sent after the write begins.
    fn after_the_write(&self, links: &BTreeSet<(NodeId, NodeId)>) -> Losses {
        let first = |link: &(NodeId, NodeId)| (*link, self.before.get(link).copied().unwrap_or(0));
        Losses { links: links.iter().map(first).collect(), ..Losses::default() }
    }

    pub(super) fn make(&mut self, round: &Round, losses: &Losses) -> Result<Made, PlaceError> {
        self.runs += 1;
        let played = self.store.play(round, Luck::Losing(losses))?;
        let ended = played.record.asked.iter().filter_map(|asked| asked.ended.as_ref()).map(|(at, _)| *at);
        let during = time(PAIR_AT)..time(ended.max().unwrap_or(PAIR_AT));
        let mut sent = Vec::new();
        for one in between(&played.trace, self.store.sites) {
            let Sent { message, at, .. } = one;
            if at < during.start {
                self.before.insert((node(message.source), node(message.target)), message.nth + 1);
            } else if during.contains(&at) {
                sent.push(one);
            }
        }
        Ok(Made { played, sent })
    }
}

impl Made {
    /// What may be lost as well as these: what was sent after the last of them, as up to there the run is the same, so that
    /// each set is lost once.
    pub(super) fn after(&self, lost: &[Message]) -> &[Sent] {
        let from = lost.last().and_then(|last| self.sent.iter().position(|sent| sent.message == *last));
        self.sent.get(from.map_or(0, |from| from + 1)..).unwrap_or_default()
    }

    /// Which promise was broken, if one was.
    fn broken(&self) -> Option<Promise> {
        let record = &self.played.record;
        let operation = record.asked.iter().position(|asked| asked.done().is_none());
        operation.map(|operation| Promise::Available { operation }).or_else(|| self.wrong())
    }

    /// Whether what was answered is wrong, whatever was not.
    pub(super) fn wrong(&self) -> Option<Promise> {
        match judged::linearizable(&[(0, &self.played.record)]) {
            Consistency::Violated(violation) => Some(Promise::Consistent(violation)),
            Consistency::Holds | Consistency::Unknown(_) => None,
        }
    }
}

/// Of how many cuts as much as possible is delivered.
const SHRUNK_MAX: usize = 4;

pub(super) fn broken(
    round: &Round,
    lost: Vec<Message>,
    smallest: Smallest,
    promise: Promise,
    played: Played,
) -> Broken {
    let Played { record, trace } = played;
    Broken { condition: round.condition, lost, links: Vec::new(), smallest, promise, record, trace }
}

pub(super) fn these(lost: &[Message]) -> Losses {
    let name = |lost: &Message| (node(lost.source), node(lost.target), lost.nth);
    Losses { messages: lost.iter().map(name).collect(), ..Losses::default() }
}

/// The messages between sites, in the order of sending.
fn between(trace: &Trace, sites: usize) -> impl Iterator<Item = Sent> {
    let mut counts: BTreeMap<(usize, usize), u64> = BTreeMap::new();
    trace.messages().iter().filter_map(move |message| {
        let (source, target) = (trace.node_of(message.send).index(), message.to.index());
        if source >= sites || target >= sites || source == target {
            return None;
        }
        let count = counts.entry((source, target)).or_default();
        let nth = *count;
        *count += 1;
        let at = trace.event(message.send).at;
        Some(Sent { message: Message { source, target, nth }, at, by: message.send })
    })
}

/// The links that cross a cut, for each way to part the sites: those in one direction, in the other, and in both.
fn cuts(sites: usize) -> Vec<BTreeSet<(NodeId, NodeId)>> {
    let mut all = Vec::new();
    // Site 0 is on one side, so that no two of these part the sites alike.
    for group in 1_u32..1 << (sites - 1) {
        let is_there = |site: usize| site > 0 && group & (1 << (site - 1)) != 0;
        let across = |there: bool| {
            let pairs = (0..sites).flat_map(|source| (0..sites).map(move |target| (source, target)));
            let pairs = pairs
                .filter(move |(source, target)| is_there(*source) == there && is_there(*target) != there);
            pairs.map(|(source, target)| (node(source), node(target))).collect::<BTreeSet<_>>()
        };
        let (back, forth) = (across(true), across(false));
        let both = back.union(&forth).copied().collect();
        all.extend([forth, back, both]);
    }
    all
}

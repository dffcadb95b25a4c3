//! The numbers under the two sentences, row by row: stale reads by condition, and who answered what with which site cut off.

use super::StaleReads;
use super::client::{Answer, Kind};
use super::measure::{self, Answers};
use super::protocol::Condition;
use super::record::Record;

/// Stale reads under one condition.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StaleRow {
    /// How the network was; `None` for all rounds in which the links were alike.
    pub condition: Option<Condition>,
    /// How many reads were stale.
    pub reads: StaleReads,
}

/// What a site did with one kind of operation while a site was cut off: what was begun from the cut on, and early enough to
/// be answered before it healed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CutRow {
    /// How the network was.
    pub condition: Condition,
    /// Which site was asked.
    pub site: usize,
    /// What.
    pub kind: Kind,
    /// How many were done.
    pub done: usize,
    /// How many were refused: they took no effect.
    pub refused: usize,
    /// How many had no answer in time.
    pub unanswered: usize,
}

/// How many reads were stale under each condition, in the order of the rounds. What was read back at the end does not
/// count. As [`measure::stale`] for each record.
pub fn stale_rows(records: &[Record]) -> Vec<StaleRow> {
    let mut rows: Vec<StaleRow> = Vec::new();
    for record in records {
        let condition = match record.round.condition {
            Condition::Alike { .. } => None,
            other => Some(other),
        };
        let reads = stale(record);
        match rows.iter_mut().find(|row| row.condition == condition) {
            Some(row) => row.reads = row.reads.and(reads),
            None => rows.push(StaleRow { condition, reads }),
        }
    }
    rows
}

/// How many reads of a round were stale.
pub(super) fn stale(record: &Record) -> StaleReads {
    let reads = record.asked.iter().filter(|asked| measure::is_read_in_traffic(asked));
    let of = reads.filter(|asked| asked.done().is_some()).count();
    let stale = measure::stale(record);
    let age_max = stale.iter().map(|stale| stale.age).max().unwrap_or_default();
    StaleReads { count: stale.len(), of, age_max }
}

impl StaleRow {
    /// How the network was, in words.
    pub fn network(&self) -> String {
        self.condition.map_or_else(|| "all links alike".to_owned(), |condition| condition.to_string())
    }
}

impl CutRow {
    /// The row of the same site, kind and cut among these.
    pub fn answers<'a>(&self, all: &'a [Answers]) -> Option<&'a Answers> {
        let of = (self.condition, self.site, self.kind);
        all.iter().find(|row| (row.condition, row.site, row.kind) == of)
    }
}

impl StaleReads {
    /// Both together.
    #[must_use]
    pub fn and(self, other: StaleReads) -> StaleReads {
        StaleReads {
            count: self.count + other.count,
            of: self.of + other.of,
            age_max: self.age_max.max(other.age_max),
        }
    }
}

/// What each site did with each kind of operation during each cut, in the order of the rounds. O(n).
pub fn cut_rows(records: &[Record]) -> Vec<CutRow> {
    let cuts = records.iter().filter(|record| !record.round.is_normal());
    cuts.flat_map(|record| {
        measure::rows(record.round.sites).map(move |(site, kind)| cut_row(record, site, kind))
    })
    .collect()
}

fn cut_row(record: &Record, site: usize, kind: Kind) -> CutRow {
    let mut row =
        CutRow { condition: record.round.condition, site, kind, done: 0, refused: 0, unanswered: 0 };
    for (_, asked) in measure::during_cut(record, site, kind) {
        match asked.ended {
            Some((_, Answer::Ok(_))) => row.done += 1,
            Some((_, Answer::Refused(_))) => row.refused += 1,
            Some((_, Answer::Unknown(_))) | None => row.unanswered += 1,
        }
    }
    row
}

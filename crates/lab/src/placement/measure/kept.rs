//! What became of acknowledged writes, as they were read back at the end of a round.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::placement::client::Kind;
use crate::placement::record::{Asked, Phase, Record};

/// What became of an acknowledged write, as it was read back at the end.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Kept {
    /// Which operation, by its place in the record.
    pub write: usize,
    /// The sites that showed it, or what may have replaced it; where one was asked again, then, at least once.
    pub seen: Vec<usize>,
    /// The sites that showed nothing, or what had been acknowledged before it began; where one was asked again, then, at
    /// least once: where it is luck what a site shows, it is seen and missing.
    pub missing: Vec<usize>,
    /// The sites that did so at first, and not once when they were asked again: whether it came there by being read, or by
    /// luck, nobody knows.
    pub late: Vec<usize>,
    /// The sites that did not answer when they were asked for it, or were given up before that.
    pub unread: Vec<usize>,
}

impl Kept {
    /// Whether it is gone: no site that answered has it.
    pub const fn is_lost(&self) -> bool {
        self.seen.is_empty() && !self.missing.is_empty()
    }

    /// Files a site by whether it was missing there, each time that the site was asked.
    fn file(&mut self, site: usize, is_missing: impl Iterator<Item = bool>) {
        let all: Vec<bool> = is_missing.collect();
        let again = if all.len() > 1 { &all[1..] } else { &all };
        if again.contains(&false) {
            self.seen.push(site);
        }
        match (all.first(), again.contains(&true)) {
            (_, true) => self.missing.push(site),
            (Some(true), false) => self.late.push(site),
            _ => {}
        }
    }
}

/// The reads that showed at the end what the key of a write holds, by their places in the record: of each site the first, each
/// that shows something else than the one before, and the last.
pub(in crate::placement) fn read_back(record: &Record, write: usize) -> Vec<usize> {
    let key = &record.asked[write].ask.key;
    let of_key = record.asked.iter().enumerate().filter(|(_, asked)| {
        asked.phase == Phase::ReadBack && asked.ask.key == *key && asked.done().is_some()
    });
    let mut sites: BTreeMap<usize, Vec<(usize, &Asked)>> = BTreeMap::new();
    for (place, asked) in of_key {
        sites.entry(asked.site).or_default().push((place, asked));
    }
    let told = sites.values().flat_map(|reads| {
        let is_told = |nth: usize| {
            nth == 0 || nth + 1 == reads.len() || reads[nth].1.shown() != reads[nth - 1].1.shown()
        };
        (0..reads.len()).filter(move |nth| is_told(*nth)).map(|nth| reads[nth].0)
    });
    let mut told: Vec<usize> = told.collect();
    told.sort_unstable();
    told
}

/// What became of each acknowledged write whose key was read back. O(n log n), and O(reads · writes) for each key.
///
/// Where reads show siblings, a write is replaced only by one whose client had been shown it, or one built on it: each has
/// to be among all that are shown, not the greatest alone, which no client could tell from the others. Elsewhere any write
/// may have replaced it that had not ended before it began.
pub fn kept(record: &Record) -> Vec<Kept> {
    let mut writes: BTreeMap<&str, Vec<(usize, &Asked)>> = BTreeMap::new();
    // What each site showed, in order.
    let mut back: BTreeMap<&str, BTreeMap<usize, Vec<&[u64]>>> = BTreeMap::new();
    for (place, asked) in record.asked.iter().enumerate() {
        let key = asked.ask.key.as_str();
        match (asked.ask.kind(), asked.phase, asked.done()) {
            (Kind::Write, ..) => writes.entry(key).or_default().push((place, asked)),
            (Kind::Read, Phase::ReadBack, Some(_)) => {
                back.entry(key).or_default().entry(asked.site).or_default().push(asked.shown());
            }
            _ => {}
        }
    }
    let has_siblings = record.asked.iter().any(|asked| asked.shown().len() > 1);
    let of_each = writes.iter().flat_map(|(key, of_key)| {
        let back = back.remove(key).unwrap_or_default();
        let of_shown = |shown| if has_siblings { siblings(shown, of_key) } else { last(shown, of_key) };
        let of_site = |(site, reads): (usize, Vec<_>)| (site, reads.into_iter().map(of_shown).collect());
        let back: Vec<(usize, Vec<Shown>)> = back.into_iter().map(of_site).collect();
        let unread = (0..record.round.sites).filter(|site| back.iter().all(|(other, _)| other != site));
        let unread: Vec<usize> = unread.collect();
        let is_looked_for = !back.is_empty();
        let acknowledged = of_key.iter().filter(move |(_, write)| is_looked_for && write.done().is_some());
        acknowledged.map(move |(place, write)| {
            let mut kept = Kept { write: *place, unread: unread.clone(), ..Kept::default() };
            for (site, reads) in &back {
                kept.file(*site, reads.iter().map(|shown| shown.misses(write)));
            }
            kept
        })
    });
    let mut all: Vec<Kept> = of_each.collect();
    all.sort_unstable_by_key(|kept| kept.write);
    all
}

/// When an acknowledged write that is lost was seen to be gone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Gone {
    /// Which operation, by its place in the record.
    pub write: usize,
    /// The last read that showed it, or what may have replaced it, of those that began after it was acknowledged; `None` if
    /// none ever did.
    pub shown: Option<usize>,
    /// The first read that ended after that one and showed neither. No later one did.
    pub missed: usize,
}

/// Each write that is lost ([`Kept::is_lost`]), by all reads of its key, at whichever site. O(n log n), and O(reads · writes)
/// for each key.
pub fn gone(record: &Record) -> Vec<Gone> {
    let has_siblings = record.asked.iter().any(|asked| asked.shown().len() > 1);
    let when = |kept: Kept| {
        let (write, key) = (&record.asked[kept.write], &record.asked[kept.write].ask.key);
        let (acknowledged, _) = write.done()?;
        let of_key = record.asked.iter().enumerate().filter(|(_, asked)| asked.ask.key == *key);
        let (writes, reads): (Vec<_>, Vec<_>) =
            of_key.partition(|(_, asked)| asked.ask.kind() == Kind::Write);
        let done = reads.into_iter().filter(|(_, read)| read.begun >= acknowledged);
        let done = done.filter_map(|(place, read)| Some((read.done()?.0, place, read.shown())));
        let mut done: Vec<(Duration, usize, &[u64])> = done.collect();
        done.sort_unstable();
        let misses = |shown: &[u64]| {
            let shown = if has_siblings { siblings(shown, &writes) } else { last(shown, &writes) };
            shown.misses(write)
        };
        let shown = done.iter().rposition(|(.., shown)| !misses(shown));
        let (_, missed, _) = done.get(shown.map_or(0, |shown| shown + 1))?;
        Some(Gone { write: kept.write, shown: shown.map(|shown| done[shown].1), missed: *missed })
    };
    kept(record).into_iter().filter(Kept::is_lost).filter_map(when).collect()
}

/// What a read showed.
enum Shown {
    /// Nothing.
    Nothing,
    /// These values, and all on which they were built.
    Siblings(BTreeSet<u64>),
    /// A value that was written by then; of an open write nobody knows when it took effect.
    Last(Option<Duration>),
}

impl Shown {
    /// Whether it shows that a write is missing.
    fn misses(&self, write: &Asked) -> bool {
        match self {
            Shown::Nothing => true,
            Shown::Siblings(values) => !stands(write, values),
            // What is shown was there before it, and so has not replaced it.
            Shown::Last(ended) => ended.is_some_and(|ended| ended < write.begun),
        }
    }
}

fn siblings(shown: &[u64], of_key: &[(usize, &Asked)]) -> Shown {
    Shown::Siblings(with_ancestors(shown.iter().copied().collect(), of_key))
}

fn last(shown: &[u64], of_key: &[(usize, &Asked)]) -> Shown {
    let Some(last) = shown.iter().max() else { return Shown::Nothing };
    let of_shown = of_key.iter().find(|(_, write)| write.written() == Some(*last));
    Shown::Last(of_shown.and_then(|(_, write)| write.done()).map(|(ended, _)| ended))
}

/// Whether a write is among these values.
pub(super) fn stands(write: &Asked, values: &BTreeSet<u64>) -> bool {
    write.written().is_some_and(|value| values.contains(&value))
}

/// What a key holds, and all on which that was built, by the writes of the key in the order of asking.
pub(super) fn with_ancestors(shown: BTreeSet<u64>, of_key: &[(usize, &Asked)]) -> BTreeSet<u64> {
    let mut all = shown;
    // A client is shown what was written before: one pass from the last write to the first is enough.
    for (_, write) in of_key.iter().rev() {
        if stands(write, &all) {
            all.extend(&write.ask.over);
        }
    }
    all
}

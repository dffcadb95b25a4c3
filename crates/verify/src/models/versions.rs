//! For judges of transactions: what each read and wrote, and in which order keys were written as far as that is recorded.

use constellation_trace::{Act, Key, Limit, TransactionId};

use super::graph::{Arrow, Because};
use super::observed::Observed;
use super::patience::Patience;
use super::weakness::Weakness;

/// The keys that each transaction that counts wrote, sorted, each once.
#[derive(Debug)]
pub(crate) struct Wrote {
    starts: Vec<u32>,
    keys: Vec<Key>,
}

impl Wrote {
    /// O(accesses × log of those of a transaction), 4 bytes a write.
    pub(crate) fn of(observed: &Observed<'_>) -> Wrote {
        let mut wrote = Wrote { starts: vec![0], keys: Vec::new() };
        for id in observed.sessions.ids() {
            let start = wrote.keys.len();
            if observed.places[id.index()] > 0 {
                let accesses = observed.sessions.accesses(id).iter();
                wrote
                    .keys
                    .extend(accesses.filter(|access| access.act == Act::Write).map(|access| access.key));
                wrote.keys[start..].sort_unstable();
                let mut kept = start;
                for place in start..wrote.keys.len() {
                    if place == start || wrote.keys[place] != wrote.keys[kept - 1] {
                        wrote.keys[kept] = wrote.keys[place];
                        kept += 1;
                    }
                }
                wrote.keys.truncate(kept);
            }
            wrote.starts.push(u32::try_from(wrote.keys.len()).expect("as few as accesses"));
        }
        wrote
    }

    /// How many there are in all.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Where the write of a key by a transaction stands among all.
    ///
    /// # Panics
    /// If it did not write it.
    pub(crate) fn place(&self, id: u32, key: Key) -> usize {
        let place = self.keys(id).binary_search(&key).expect("who is read from has written");
        self.starts[id as usize] as usize + place
    }

    pub(crate) fn keys(&self, id: u32) -> &[Key] {
        &self.keys[self.starts[id as usize] as usize..self.starts[id as usize + 1] as usize]
    }
}

/// An arrow from each transaction that counts to the next of its session.
pub(crate) fn session_arrows<'a>(observed: &'a Observed<'_>) -> impl Iterator<Item = Arrow> + 'a {
    let pairs = observed.lines.iter().flat_map(|line| line.windows(2));
    pairs.map(|pair| Arrow { from: pair[0], to: pair[1], because: Because::Session })
}

/// An arrow from each write to its readers.
pub(crate) fn read_arrows<'a>(observed: &'a Observed<'_>) -> impl Iterator<Item = Arrow> + 'a {
    observed.counted().flat_map(|id| {
        observed.sources(id).map(move |seen| Arrow {
            from: seen.source,
            to: id,
            because: Because::Read(seen.key),
        })
    })
}

/// What real time says of transactions. Where that takes fewer arrows they lead over moments, which are numbered after all
/// transactions: who is over goes to the next moment, that to whoever begins after it and to the moment after it.
#[derive(Debug)]
pub(crate) struct RealTime {
    pub(crate) arrows: Vec<Arrow>,
    /// How many moments there are.
    pub(crate) moments: u32,
}

/// Arrows for each transaction up to which none lead over moments, since nodes cost more.
const ARROWS_EACH: usize = 4;

/// Between transactions that were one after the other in real time the arrows that imply all others of that kind.
/// O(n log n) time, at most 4 n arrows, each entered three times, for those who copy them.
///
/// A transaction whose outcome nobody knows may take effect at any later time, so that it is before nobody.
pub(crate) fn real_time(observed: &Observed<'_>, patience: &mut Patience<'_>) -> Result<RealTime, Limit> {
    if observed.forgets(Weakness::RealTime) {
        return Ok(RealTime { arrows: Vec::new(), moments: 0 });
    }
    let transaction = |id: u32| observed.sessions.transaction(TransactionId::new(id));
    let mut begun: Vec<(u64, u32)> = observed.counted().map(|id| (transaction(id).invoked, id)).collect();
    begun.sort_unstable();
    let is_over = |id: &u32| {
        let outcome = transaction(*id).outcome;
        outcome == constellation_trace::Outcome::Committed
            && transaction(*id).returned != constellation_trace::Transaction::NEVER
    };
    let over = observed.counted().filter(is_over);
    let mut over: Vec<(u64, u64, u32)> =
        over.map(|id| (transaction(id).returned, transaction(id).invoked, id)).collect();
    over.sort_unstable();
    // For each how many are over when it begins, and which of those are not over before another of those begins: the others
    // come before it by that one.
    let mut near: Vec<(u32, std::ops::Range<usize>)> = Vec::with_capacity(begun.len());
    let (mut past, mut latest) = (0, 0);
    for (invoked, to) in begun {
        while over.get(past).is_some_and(|(returned, ..)| *returned < invoked) {
            latest = latest.max(over[past].1);
            past += 1;
        }
        near.push((to, over[..past].partition_point(|(returned, ..)| *returned < latest)..past));
    }
    // Saturating: as many as there are pairs fit in no memory.
    let direct = near.iter().fold(0_usize, |sum, (_, near)| sum.saturating_add(near.len()));
    let is_direct = direct <= near.len().saturating_mul(ARROWS_EACH);
    let most = if is_direct { direct } else { over.len().saturating_add(near.len()).saturating_mul(2) };
    patience.step(most as u64)?;
    patience.afford(most.saturating_mul(3), size_of::<Arrow>())?;
    let arrow = |from, to| Arrow { from, to, because: Because::RealTime };
    let mut time = RealTime { arrows: Vec::new(), moments: 0 };
    if is_direct {
        for (to, near) in near {
            time.arrows.extend(over[near].iter().map(|(_, _, from)| arrow(*from, to)));
        }
        return Ok(time);
    }
    let first = u32::try_from(observed.places.len()).expect("transactions have numbers of 32 bits");
    let mut told = 0;
    for (to, near) in near.into_iter().filter(|(_, near)| near.end > 0) {
        if near.end > told {
            let moment = first + time.moments;
            time.arrows.extend(over[told..near.end].iter().map(|(_, _, from)| arrow(*from, moment)));
            if time.moments > 0 {
                time.arrows.push(arrow(moment - 1, moment));
            }
            time.moments += 1;
            told = near.end;
        }
        time.arrows.push(arrow(first + time.moments - 1, to));
    }
    Ok(time)
}

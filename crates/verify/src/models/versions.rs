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

/// Arrows between transactions that were one after the other in real time, which imply all others of that kind: at most
/// as many for each as there were transactions at its time. O(n log n + arrows), which are n²/4 where half of all begin
/// after the other half is over: each is entered three times, for those who copy them.
///
/// A transaction whose outcome nobody knows may take effect at any later time, so that it is before nobody.
pub(crate) fn real_time_arrows(
    observed: &Observed<'_>,
    patience: &mut Patience<'_>,
) -> Result<Vec<Arrow>, Limit> {
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
    let mut arrows = Vec::new();
    if observed.forgets(Weakness::RealTime) {
        return Ok(arrows);
    }
    let (mut past, mut latest) = (0, 0);
    for (invoked, to) in begun {
        while over.get(past).is_some_and(|(returned, ..)| *returned < invoked) {
            latest = latest.max(over[past].1);
            past += 1;
        }
        // What was over before one began that is over itself comes before it by that one.
        let near = over[..past].iter().rev().take_while(|(returned, ..)| *returned >= latest);
        for (_, _, from) in near {
            patience.step(1)?;
            patience.afford(3, size_of::<Arrow>())?;
            arrows.push(Arrow { from: *from, to, because: Because::RealTime });
        }
    }
    Ok(arrows)
}

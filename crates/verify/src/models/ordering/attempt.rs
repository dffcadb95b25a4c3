//! One attempt at an order, transaction by transaction from what all keys hold: it needs no table of pairs.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use constellation_trace::{Key, Limit, Outcome, Transaction, TransactionId};

use super::{Keeps, Sight};
use crate::models::graph::{Arrow, Outgoing};
use crate::models::observed::{INITIAL, Observed};
use crate::models::patience::Patience;
use crate::models::versions::Wrote;

/// What is to be ordered, and how.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) observed: &'a Observed<'a>,
    pub(super) wrote: &'a Wrote,
    /// What lists show of the order of writes.
    pub(super) versions: &'a [Arrow],
    /// When each transaction likely was.
    pub(super) guesses: &'a [u64],
    pub(super) keeps: Keeps,
    /// [`Sight::Past`] is asked for snapshots, which are stronger.
    pub(super) sight: Sight,
}

/// Whether the first order that offers itself is one; if not, there may be others.
///
/// Of the transactions that may be next the one is next that likely was first: whose session and times let it, whose reads
/// show what is held, and which overwrites nothing that somebody has yet to read. Where none may be, one begins whose commit
/// must wait, if that is allowed. No choice is taken back. O(accesses × log n) where choices wait for few others, 60 bytes a
/// transaction and some 20 a key and a write.
pub(super) fn succeeds(wanted: Wanted<'_>, patience: &mut Patience<'_>) -> Result<bool, Limit> {
    let (count, keys) = (wanted.observed.places.len(), wanted.observed.sessions.keys().len());
    if wanted.guesses.len() < count {
        return Ok(false);
    }
    let writes = wanted.wrote.len();
    let tables = [(count, 80), (keys, 72), (writes, 4), (wanted.versions.len(), 8)];
    tables.iter().try_for_each(|(count, size)| patience.afford(*count, *size))?;
    let found = Attempt::new(wanted).run(patience);
    tables.iter().for_each(|(count, size)| patience.release(*count, *size));
    found
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
    Waits,
    Begun,
    Committed,
}

/// What a transaction must wait for.
enum Blocked {
    /// A commit.
    By(u32),
    /// That what a key holds is read by all others.
    At(Key),
    /// Nothing that comes.
    Forever,
}

/// When it likely was, which it is, and the key that it waited at.
type Next = Reverse<(u64, u32, Option<Key>)>;

struct Attempt<'a> {
    wanted: Wanted<'a>,
    listed: Outgoing,
    phases: Vec<Phase>,
    /// Who wrote what each key holds, and how many have yet to read it.
    current: Vec<u32>,
    unread: Vec<u32>,
    /// Who has begun and will write the key, where nobody else may.
    locks: Vec<u32>,
    /// How many read each write.
    readers: Vec<u32>,
    /// Who waits for a commit, and who for a key.
    waits: Vec<Vec<u32>>,
    waits_at: Vec<BinaryHeap<Reverse<(u64, u32)>>>,
    /// Who waits for a key that it has yet to read itself.
    updates: Vec<Vec<u32>>,
    next: BinaryHeap<Next>,
    /// Who may begin but not commit at once.
    halves: BinaryHeap<Reverse<(u64, u32)>>,
    /// By real time: who is over, and who begins, and how many of either were passed.
    over: Vec<(u64, u32)>,
    begun: Vec<(u64, u32)>,
    passed: usize,
    admitted: usize,
    left: usize,
}

impl<'a> Attempt<'a> {
    fn new(wanted: Wanted<'a>) -> Attempt<'a> {
        let Wanted { observed, wrote, .. } = wanted;
        let (count, keys) = (observed.places.len(), observed.sessions.keys().len());
        let mut attempt = Attempt {
            wanted,
            listed: Outgoing::of(count, wanted.versions, |arrow| arrow.to),
            phases: vec![Phase::Waits; count],
            current: vec![INITIAL; keys],
            unread: vec![0; keys],
            locks: vec![INITIAL; keys],
            readers: vec![0; wrote.len()],
            waits: vec![Vec::new(); count],
            waits_at: vec![BinaryHeap::new(); keys],
            updates: vec![Vec::new(); keys],
            next: BinaryHeap::new(),
            halves: BinaryHeap::new(),
            over: Vec::new(),
            begun: Vec::new(),
            passed: 0,
            admitted: 0,
            left: 0,
        };
        for id in observed.counted() {
            attempt.left += 1;
            for seen in observed.seen(id) {
                match seen.source {
                    INITIAL => attempt.unread[seen.key.index()] += 1,
                    source => attempt.readers[wrote.place(source, seen.key)] += 1,
                }
            }
            let transaction = observed.sessions.transaction(TransactionId::new(id));
            let is_timed = wanted.keeps == Keeps::RealTime;
            attempt.begun.push((if is_timed { transaction.invoked } else { 0 }, id));
            let is_over =
                transaction.outcome == Outcome::Committed && transaction.returned != Transaction::NEVER;
            if is_timed && is_over {
                attempt.over.push((transaction.returned, id));
            }
        }
        attempt.over.sort_unstable();
        attempt.begun.sort_unstable();
        attempt
    }

    fn run(&mut self, patience: &mut Patience<'_>) -> Result<bool, Limit> {
        self.admit();
        loop {
            while let Some(Reverse((_, id, key))) = self.next.pop() {
                let accesses = self.wanted.observed.seen(id).len() + self.wanted.wrote.keys(id).len();
                patience.step(1 + accesses as u64)?;
                if !self.go_on(id) {
                    return Ok(false);
                }
                key.into_iter().for_each(|key| self.wake(key));
            }
            if self.left == 0 {
                return Ok(true);
            }
            // Nobody can do all at once, so somebody must begin.
            loop {
                patience.step(1)?;
                let Some(Reverse((_, id))) = self.halves.pop() else { return Ok(false) };
                if self.phases[id as usize] == Phase::Waits && self.may_begin(id).is_none() {
                    self.begin(id);
                    self.push(id, None);
                    break;
                }
            }
        }
    }

    /// Takes a transaction as far as it may go; whether there is hope for it.
    fn go_on(&mut self, id: u32) -> bool {
        let phase = self.phases[id as usize];
        let mut blocked = None;
        if phase == Phase::Waits {
            blocked = self.may_begin(id);
        }
        let may_begin = blocked.is_none();
        let blocked = blocked.or_else(|| self.may_commit(id));
        match (phase, blocked) {
            (Phase::Committed, _) => return true,
            (_, Some(Blocked::Forever)) => return false,
            (_, Some(Blocked::By(other))) => self.waits[other as usize].push(id),
            (Phase::Waits, Some(Blocked::At(key))) if self.reads(id, key) => {
                self.updates[key.index()].push(id);
            }
            (_, Some(Blocked::At(key))) => {
                self.waits_at[key.index()].push(Reverse((self.wanted.guesses[id as usize], id)));
            }
            (Phase::Waits, None) => {
                self.begin(id);
                self.commit(id);
                return true;
            }
            (Phase::Begun, None) => {
                self.commit(id);
                return true;
            }
        }
        if may_begin && phase == Phase::Waits && self.wanted.sight != Sight::Everything {
            self.halves.push(Reverse((self.wanted.guesses[id as usize], id)));
        }
        true
    }

    fn may_begin(&self, id: u32) -> Option<Blocked> {
        let observed = self.wanted.observed;
        let is_open = |other: &u32| self.phases[*other as usize] != Phase::Committed;
        if self.wanted.keeps != Keeps::Nothing
            && let Some(before) = observed.before(id).filter(is_open)
        {
            return Some(Blocked::By(before));
        }
        let mut other = observed.seen(id).iter().filter(|seen| self.current[seen.key.index()] != seen.source);
        if let Some(seen) = other.next() {
            let awaited = Some(seen.source).filter(|source| *source != INITIAL && is_open(source));
            return Some(awaited.map_or(Blocked::Forever, Blocked::By));
        }
        let mut holders = self.wanted.wrote.keys(id).iter().map(|key| self.locks[key.index()]);
        holders.find(|holder| *holder != INITIAL).map(Blocked::By)
    }

    fn reads(&self, id: u32, key: Key) -> bool {
        self.wanted.observed.seen(id).iter().any(|seen| seen.key == key)
    }

    /// As if the transaction had begun, whether it has or not.
    fn may_commit(&self, id: u32) -> Option<Blocked> {
        let Wanted { wrote, versions, .. } = self.wanted;
        let is_begun = self.phases[id as usize] == Phase::Begun;
        for key in wrote.keys(id) {
            let own = !is_begun && self.reads(id, *key);
            if self.unread[key.index()] > u32::from(own) {
                return Some(Blocked::At(*key));
            }
        }
        let mut listed = self.listed.at(id).iter().map(|place| versions[*place as usize].from);
        listed.find(|from| self.phases[*from as usize] != Phase::Committed).map(Blocked::By)
    }

    fn begin(&mut self, id: u32) {
        self.phases[id as usize] = Phase::Begun;
        for seen in self.wanted.observed.seen(id) {
            self.unread[seen.key.index()] -= 1;
            self.wake(seen.key);
        }
        if self.wanted.sight == Sight::Snapshot || self.wanted.sight == Sight::Past {
            self.wanted.wrote.keys(id).iter().for_each(|key| self.locks[key.index()] = id);
        }
    }

    fn commit(&mut self, id: u32) {
        self.phases[id as usize] = Phase::Committed;
        self.left -= 1;
        for key in self.wanted.wrote.keys(id) {
            self.locks[key.index()] = INITIAL;
            self.current[key.index()] = id;
            self.unread[key.index()] = self.readers[self.wanted.wrote.place(id, *key)];
            self.wake(*key);
        }
        for waits in std::mem::take(&mut self.waits[id as usize]) {
            self.push(waits, None);
        }
        self.admit();
    }

    /// Lets those begin before whose beginning nobody is over who has not committed.
    fn admit(&mut self) {
        let is_committed = |id: u32| self.phases[id as usize] == Phase::Committed;
        while self.over.get(self.passed).is_some_and(|(_, id)| is_committed(*id)) {
            self.passed += 1;
        }
        let bound = self.over.get(self.passed).map_or(u64::MAX, |(returned, _)| *returned);
        while let Some((_, id)) = self.begun.get(self.admitted).filter(|(invoked, _)| *invoked <= bound) {
            self.next.push(Reverse((self.wanted.guesses[*id as usize], *id, None)));
            self.admitted += 1;
        }
    }

    /// Lets one go on that waits at a key, if all have read what it holds; or the last of those.
    fn wake(&mut self, key: Key) {
        match self.unread[key.index()] {
            0 => {
                if let Some(Reverse((_, id))) = self.waits_at[key.index()].pop() {
                    self.push(id, Some(key));
                }
            }
            1 => {
                for id in std::mem::take(&mut self.updates[key.index()]) {
                    self.push(id, None);
                }
            }
            _ => {}
        }
    }

    fn push(&mut self, id: u32, key: Option<Key>) {
        self.next.push(Reverse((self.wanted.guesses[id as usize], id, key)));
    }
}

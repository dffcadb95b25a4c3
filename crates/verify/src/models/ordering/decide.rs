//! Decides what saturation left open, one pair of writers after the other, with all that follows from each at once.

use constellation_trace::{Key, Limit};

use super::reach::Live;
use super::{Problem, Sight};
use crate::models::observed::INITIAL;
use crate::models::patience::Patience;
use crate::models::weakness::Weakness;

/// What the search ended with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Found {
    /// An order.
    Order,
    /// That there is none.
    Nothing,
}

/// Looks for an order of each key's writers with which a saturated problem has no cycle; reads then have no say left.
///
/// Depth first: of two writers of which neither must be first the one that likely was is put first, and what follows is
/// followed (Davis, Logemann and Loveland 1962, with the rules of saturation for unit clauses). At a cycle the last choice
/// that has another way takes it; a pair of which neither way goes is decided first from then on, so that a contradiction is
/// soon one of few pairs. Exponential where that does not suffice; n²/4 bytes, and 16 for each word of bits that was
/// changed on the way.
pub(super) fn search(problem: &Problem<'_>, patience: &mut Patience<'_>) -> Result<Found, Limit> {
    let mut deciding = Deciding::of(problem, patience)?;
    let pairs = deciding.undecided(patience)?;
    let counted = pairs.len();
    let found = deciding.search(pairs, patience)?;
    deciding.live.release(patience);
    patience.release(counted, size_of::<(u32, u32)>());
    Ok(found)
}

/// How often the search begins anew; after that it goes through all cases as they stand.
const RESTARTS_MAX: u32 = 1000;

/// What was decided: how long the log was before, which pair it was, and whether the other way is left.
struct Case {
    log: usize,
    pair: usize,
    other: Other,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Other {
    Left,
    Tried,
}

/// The problem by nodes, and what is decided so far.
struct Deciding<'p> {
    problem: &'p Problem<'p>,
    live: Live,
    /// For each node the keys that are written there, sorted, each with its readers' nodes.
    writes: Vec<Vec<Written>>,
    /// For each node the keys that are read there and the nodes that wrote what was read.
    reads: Vec<Vec<(Key, u32)>>,
}

struct Written {
    key: Key,
    readers: Vec<u32>,
}

impl<'p> Deciding<'p> {
    fn of(problem: &'p Problem<'p>, patience: &mut Patience<'_>) -> Result<Deciding<'p>, Limit> {
        let count = problem.owners.len();
        let live = Live::of(&problem.reach, count, patience)?;
        let mut writes: Vec<Vec<Written>> = (0..count).map(|_| Vec::new()).collect();
        let mut reads = vec![Vec::new(); count];
        // Keys come in their order, so that each node's are sorted.
        for accessed in &problem.keys {
            let key = accessed.key;
            for &writer in &accessed.writers {
                let readers = Vec::new();
                writes[problem.commits[writer as usize] as usize].push(Written { key, readers });
            }
            for read in &accessed.reads {
                let begin = problem.begins[read.reader as usize];
                if read.source == INITIAL {
                    reads[begin as usize].push((key, INITIAL));
                    continue;
                }
                let source = problem.commits[read.source as usize];
                reads[begin as usize].push((key, source));
                let written = writes[source as usize].last_mut().expect("it was read from there");
                written.readers.push(begin);
            }
        }
        Ok(Deciding { problem, live, writes, reads })
    }

    fn search(&mut self, mut pairs: Vec<(u32, u32)>, patience: &mut Patience<'_>) -> Result<Found, Limit> {
        let mut cases: Vec<Case> = Vec::new();
        let (mut next, mut restarts) = (0, 0);
        loop {
            while pairs.get(next).is_some_and(|pair| self.is_decided(*pair)) {
                next += 1;
            }
            patience.step(1)?;
            let Some(&(one, other)) = pairs.get(next) else { return Ok(Found::Order) };
            cases.push(Case { log: self.live.log(), pair: next, other: Other::Left });
            let mut goes = self.decide(one, other, patience)?;
            while !goes {
                let Some(mut case) = cases.pop() else { return Ok(Found::Nothing) };
                self.live.undo(case.log);
                next = case.pair;
                if case.other == Other::Left {
                    let (one, other) = pairs[next];
                    case.other = Other::Tried;
                    cases.push(case);
                    goes = self.decide(other, one, patience)?;
                } else if restarts < RESTARTS_MAX && !cases.is_empty() {
                    // Neither way goes after what was decided before: what is hard is decided first, from the beginning.
                    restarts += 1;
                    pairs[..=next].rotate_right(1);
                    self.live.undo(0);
                    cases.clear();
                    next = 0;
                    goes = true;
                }
            }
        }
    }

    /// The node at which the transaction commits that begins or commits here.
    fn commit(&self, node: u32) -> u32 {
        let next = node + 1;
        let is_begin = self.problem.owners.get(next as usize) == Some(&self.problem.owners[node as usize]);
        if is_begin { next } else { node }
    }

    fn begin(&self, commit: u32) -> u32 {
        let before = commit.checked_sub(1);
        before.filter(|before| self.commit(*before) == commit).unwrap_or(commit)
    }

    /// What must come after the commit of the first of two writers: the beginning of the second, or its commit.
    fn late(&self, commit: u32) -> u32 {
        if self.problem.sight == Sight::Snapshot { self.begin(commit) } else { commit }
    }

    fn is_decided(&self, (one, other): (u32, u32)) -> bool {
        self.live.has(one, self.late(other)) || self.live.has(other, self.late(one))
    }

    /// Pairs of writers of which neither must be first, that first which likely was, and the earlier pairs first.
    fn undecided(&self, patience: &mut Patience<'_>) -> Result<Vec<(u32, u32)>, Limit> {
        let problem = self.problem;
        let place = |commit: u32| {
            let position = problem.reach.position(commit);
            (problem.guess(commit), position)
        };
        let (mut pairs, mut counted) = (Vec::new(), 0);
        for accessed in &problem.keys {
            let mut commits: Vec<u32> =
                accessed.writers.iter().map(|writer| problem.commits[*writer as usize]).collect();
            commits.sort_unstable_by_key(|commit| place(*commit));
            patience.step((commits.len() * commits.len()) as u64 / 2)?;
            for (nth, &other) in commits.iter().enumerate() {
                let open = commits[..nth].iter().filter(|one| !self.is_decided((**one, other)));
                pairs.extend(open.map(|one| (*one, other)));
            }
            patience.afford(pairs.len() - counted, size_of::<(u32, u32)>())?;
            counted = pairs.len();
        }
        pairs.sort_by_key(|(one, other)| (place(*other), u32::MAX - problem.reach.position(*one)));
        pairs.dedup();
        Ok(pairs)
    }

    /// Puts one writer first, with all that follows; whether that goes without a cycle.
    fn decide(&mut self, one: u32, other: u32, patience: &mut Patience<'_>) -> Result<bool, Limit> {
        let late = self.late(other);
        let mut open = vec![(one, late)];
        let mut news = Vec::new();
        while let Some((from, to)) = open.pop() {
            if !self.live.add(from, to, &mut news, patience)? {
                return Ok(false);
            }
            patience.step(news.len() as u64)?;
            for (early, late) in news.drain(..) {
                if !self.follow(early, late, &mut open) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// What follows from one node being before another; whether it can be.
    fn follow(&self, early: u32, late: u32, open: &mut Vec<(u32, u32)>) -> bool {
        let (sight, owners) = (self.problem.sight, &self.problem.owners);
        let forgets = |weakness| self.problem.observed.forgets(weakness);
        if owners[early as usize] == owners[late as usize] {
            return true;
        }
        let wrote = &self.writes[early as usize];
        // What is in sight of a read was written before what it shows.
        for (key, source) in self.reads[late as usize].iter().filter(|_| !wrote.is_empty()) {
            if *source != early && wrote.binary_search_by_key(key, |written| written.key).is_ok() {
                if *source != INITIAL {
                    open.extend((!forgets(Weakness::Written)).then_some((early, *source)));
                } else if !forgets(Weakness::ReadBefore) {
                    return false;
                }
            }
        }
        if !wrote.is_empty() && !self.writes[late as usize].is_empty() && !forgets(Weakness::ReadBefore) {
            // Who reads the earlier of two writes begins before the later one.
            for written in wrote.iter().filter(|written| !written.readers.is_empty()) {
                let same = self.writes[late as usize].binary_search_by_key(&written.key, |other| other.key);
                if same.is_ok() {
                    let readers = written.readers.iter();
                    let readers = readers.filter(|reader| owners[**reader as usize] != owners[late as usize]);
                    // In sight of a past is only what must be: writers of one key.
                    let readers =
                        readers.filter(|reader| sight != Sight::Past || self.problem.share(**reader, late));
                    open.extend(readers.map(|reader| (*reader, late)));
                }
            }
        }
        if sight == Sight::Snapshot && !forgets(Weakness::Conflicts) {
            let commit = self.commit(early);
            let (wrote, writes) = (&self.writes[commit as usize], &self.writes[late as usize]);
            let is_same =
                |written: &Written| writes.binary_search_by_key(&written.key, |other| other.key).is_ok();
            if commit != early && !writes.is_empty() && wrote.iter().any(is_same) {
                open.push((commit, self.begin(late)));
            }
        }
        true
    }
}

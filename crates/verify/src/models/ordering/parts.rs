//! Transactions that have nothing to do with each other are ordered apart.

use super::Keeps;
use crate::models::observed::Observed;
use crate::models::versions::Wrote;

/// The transactions that count, in parts: of two parts no session, where sessions are kept, and no key is the same. Real
/// time joins all.
#[derive(Debug)]
pub(super) struct Parts {
    members: Vec<Vec<u32>>,
    /// For each transaction its part and its place in that.
    places: Vec<(u32, u32)>,
}

impl Parts {
    /// O(accesses), nearly (union and find).
    pub(super) fn of(observed: &Observed<'_>, wrote: &Wrote, keeps: Keeps) -> Parts {
        let count = observed.places.len();
        let keys = observed.sessions.keys().len();
        let mut roots = Roots::new(count + keys);
        let mut first = None;
        for line in &observed.lines {
            for (nth, &id) in line.iter().enumerate() {
                let touched = wrote.keys(id).iter().copied();
                let touched = touched.chain(observed.seen(id).iter().map(|seen| seen.key));
                touched.for_each(|key| roots.join(id as usize, count + key.index()));
                match keeps {
                    Keeps::Nothing => {}
                    Keeps::Sessions if nth == 0 => {}
                    Keeps::Sessions => roots.join(id as usize, line[nth - 1] as usize),
                    Keeps::RealTime => roots.join(id as usize, *first.get_or_insert(id) as usize),
                }
            }
        }
        let mut parts = Parts { members: Vec::new(), places: vec![(u32::MAX, u32::MAX); count] };
        let mut numbers = vec![u32::MAX; count + keys];
        for id in observed.sessions.ids().filter(|id| observed.places[id.index()] > 0) {
            let number = &mut numbers[roots.root(id.index())];
            if *number == u32::MAX {
                *number = u32::try_from(parts.members.len()).expect("as few as transactions");
                parts.members.push(Vec::new());
            }
            let members = &mut parts.members[*number as usize];
            parts.places[id.index()] =
                (*number, u32::try_from(members.len()).expect("as few as transactions"));
            members.push(id.number());
        }
        parts
    }

    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    pub(super) fn members(&self, part: usize) -> &[u32] {
        &self.members[part]
    }

    /// The part of a transaction that counts.
    pub(super) fn part(&self, id: u32) -> usize {
        self.places[id as usize].0 as usize
    }

    /// The place of a transaction in its part.
    pub(super) fn place(&self, id: u32) -> u32 {
        self.places[id as usize].1
    }
}

/// Sets that are joined (Tarjan 1975, with halving of paths).
struct Roots {
    parents: Vec<usize>,
}

impl Roots {
    fn new(count: usize) -> Roots {
        Roots { parents: (0..count).collect() }
    }

    fn root(&mut self, mut one: usize) -> usize {
        while self.parents[one] != one {
            self.parents[one] = self.parents[self.parents[one]];
            one = self.parents[one];
        }
        one
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        self.parents[one.max(other)] = one.min(other);
    }
}

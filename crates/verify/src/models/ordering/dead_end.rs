//! How far an order of a few transactions can be made, and why none of the others can come next.

use std::collections::BTreeSet;

use constellation_trace::TransactionId;

use super::{Problem, Sight};
use crate::models::finding::{Blocked, DeadEnd, Placed};
use crate::models::graph::Because;
use crate::models::observed::INITIAL;
use crate::models::patience::Patience;

/// More transactions have a dead end that nobody would read.
const MEMBERS_MAX: usize = 12;

/// So many beginnings are looked at.
const STEPS_MAX: u64 = 1 << 17;

impl Problem<'_> {
    /// The longest beginning of an order, the first that is found of those, and what keeps each of the others from coming
    /// next. `None` of too many transactions, where no one order is asked for, or where `patience` ends.
    ///
    /// Goes through all beginnings, each set of nodes with the same writes in force once.
    pub(super) fn longest(&self, patience: &mut Patience<'_>) -> Option<DeadEnd> {
        if self.members.len() > MEMBERS_MAX || self.sight == Sight::Past {
            return None;
        }
        let longest = Longest::of(self);
        let best = patience.within(STEPS_MAX, |patience| longest.search(patience))?;
        // Whoever has an order has no dead end.
        if best.commits(self) < self.members.len() { Some(longest.told(&best)) } else { None }
    }
}

struct Longest<'p> {
    problem: &'p Problem<'p>,
    /// For each node those that must come before it, and why; moments of real time are seen through.
    before: Vec<Vec<(u32, Because)>>,
}

/// The first nodes of an order.
#[derive(Clone)]
struct Beginning {
    nodes: Vec<u32>,
    /// Which nodes these are, a bit each: at most two a transaction.
    placed: u32,
    /// Whose write of each key is in force, by place in the members.
    holds: Vec<u32>,
    /// Who may not commit any more, since another one of the same key has committed after it began.
    late: Vec<Option<u32>>,
}

impl Beginning {
    fn has(&self, node: u32) -> bool {
        self.placed & 1 << node != 0
    }

    fn commits(&self, problem: &Problem<'_>) -> usize {
        problem.commits.iter().filter(|commit| self.has(**commit)).count()
    }
}

impl<'p> Longest<'p> {
    fn of(problem: &'p Problem<'p>) -> Longest<'p> {
        let count = problem.commits.last().map_or(0, |last| last + 1);
        let into = |node: u32| {
            let given = problem.arrows.iter().zip(&problem.rounds).filter(|(_, round)| **round == 0);
            given.map(|(arrow, _)| *arrow).filter(move |arrow| arrow.to == node)
        };
        let before = |node: u32| {
            let mut found = Vec::new();
            let mut met = BTreeSet::new();
            let mut open: Vec<_> = into(node).collect();
            while let Some(arrow) = open.pop() {
                if !problem.is_moment(arrow.from) {
                    found.push((arrow.from, arrow.because));
                } else if met.insert(arrow.from) {
                    open.extend(into(arrow.from));
                }
            }
            found.sort_unstable();
            found.dedup();
            found
        };
        Longest { problem, before: (0..count).map(before).collect() }
    }

    fn search(&self, patience: &mut Patience<'_>) -> Option<Beginning> {
        let begun = Beginning {
            nodes: Vec::new(),
            placed: 0,
            holds: vec![INITIAL; self.problem.keys.len()],
            late: vec![None; self.problem.members.len()],
        };
        let mut met = BTreeSet::new();
        let mut best = begun.clone();
        let mut open = vec![begun];
        let length = |one: &Beginning| (one.commits(self.problem), one.nodes.len());
        while let Some(here) = open.pop() {
            patience.step(1).ok()?;
            if !met.insert((here.placed, here.holds.clone(), here.late.clone())) {
                continue;
            }
            if length(&here) > length(&best) {
                best = here.clone();
            }
            // Those that were recorded first are tried first, so they are pushed last.
            for place in (0..self.problem.members.len()).rev() {
                if let Some(node) = self.next(&here, place)
                    && self.blocked(&here, place, node).is_none()
                {
                    open.push(self.with(&here, place, node));
                }
            }
        }
        Some(best)
    }

    /// The node of a transaction that would be next: where it begins, then where it commits.
    fn next(&self, here: &Beginning, place: usize) -> Option<u32> {
        let nodes = [self.problem.begins[place], self.problem.commits[place]];
        nodes.into_iter().find(|node| !here.has(*node))
    }

    fn id(&self, place: u32) -> TransactionId {
        TransactionId::new(self.problem.members[place as usize])
    }

    fn blocked(&self, here: &Beginning, place: usize, node: u32) -> Option<Blocked> {
        let problem = self.problem;
        let missing = self.before[node as usize].iter().find(|(from, _)| !here.has(*from));
        if let Some((from, because)) = missing {
            let id = TransactionId::new(problem.owners[*from as usize]);
            return Some(match because {
                Because::Session => Blocked::Session(id),
                Because::RealTime => Blocked::RealTime(id),
                Because::Listed(_) => Blocked::Listed(id),
                _ => Blocked::Awaits(id),
            });
        }
        if node != problem.begins[place] {
            return here.late[place].map(|other| Blocked::Late(self.id(other)));
        }
        let wrong = problem.keys.iter().zip(&here.holds).find(|(accessed, holds)| {
            let reads = accessed.reads.iter().filter(|read| read.reader as usize == place);
            reads.clone().any(|read| read.source != **holds)
        });
        wrong.map(|(_, holds)| match *holds {
            // Else whom it reads from would be missing.
            INITIAL => Blocked::Object(None),
            holds => Blocked::Overwritten(self.id(holds)),
        })
    }

    fn with(&self, here: &Beginning, place: usize, node: u32) -> Beginning {
        let problem = self.problem;
        let mut next = here.clone();
        next.nodes.push(node);
        next.placed |= 1 << node;
        if node != problem.commits[place] {
            return next;
        }
        // Cannot wrap: there are few members.
        let own = place as u32;
        for (accessed, holds) in problem.keys.iter().zip(&mut next.holds) {
            if !accessed.writers.contains(&own) {
                continue;
            }
            *holds = own;
            for writer in
                accessed.writers.iter().filter(|writer| problem.sight == Sight::Snapshot && **writer != own)
            {
                let [begin, commit] =
                    [&problem.begins, &problem.commits].map(|nodes| nodes[*writer as usize]);
                if here.has(begin) && !here.has(commit) {
                    next.late[*writer as usize].get_or_insert(own);
                }
            }
        }
        next
    }

    fn told(&self, best: &Beginning) -> DeadEnd {
        let problem = self.problem;
        let mut order: Vec<Placed> = Vec::new();
        for node in &best.nodes {
            let id = TransactionId::new(problem.owners[*node as usize]);
            let is_commit = problem.commits.contains(node);
            let is_begin = problem.begins.contains(node);
            match (is_begin, is_commit, order.last()) {
                (true, false, _) => order.push(Placed::Begin(id)),
                (false, true, Some(Placed::Begin(last))) if *last == id => {
                    order.pop();
                    order.push(Placed::Whole(id));
                }
                (false, true, _) => order.push(Placed::Commit(id)),
                _ => order.push(Placed::Whole(id)),
            }
        }
        let stuck = (0..problem.members.len()).filter_map(|place| {
            let node = self.next(best, place)?;
            Some((self.id(place as u32), self.blocked(best, place, node)?))
        });
        let stuck = stuck.collect();
        DeadEnd { order, stuck }
    }
}

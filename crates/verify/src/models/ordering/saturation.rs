//! What follows from reads and from what is known of the order, until nothing new does; and the cycle, with its reasons.

use super::{Accessed, Problem, Read, Sight};
use crate::models::finding::{Anomaly, Edge, Stop};
use crate::models::graph::{Arrow, Because, Outgoing, Search, sorted};
use crate::models::observed::INITIAL;
use crate::models::past::edge;
use crate::models::patience::Patience;
use crate::models::weakness::Weakness;

use constellation_trace::Limit;

/// Whether something is left that the order must decide.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Open {
    /// Every order that keeps the arrows will do.
    Nothing,
    /// Not every one.
    Something,
}

/// Edges that a cycle rests on are told up to here.
const GROUNDS_MAX: usize = 40;

impl Problem<'_> {
    /// Follows what follows. Each round costs O(n × arrows / 64 + reads × writers of a key).
    ///
    /// # Errors
    /// A cycle, with its reasons; or patience.
    pub(super) fn saturate(&mut self, patience: &mut Patience<'_>) -> Result<Open, Stop> {
        loop {
            let order = match sorted(self.owners.len(), &self.arrows, patience)? {
                Ok(order) => order,
                Err(cycle) => return Err(self.told(&cycle, patience)?.into()),
            };
            self.reach.close(&order, &self.arrows, patience)?;
            let mut follows = Follows { arrows: Vec::new(), open: Open::Nothing };
            for accessed in &self.keys {
                self.follow(accessed, &mut follows, patience)?;
            }
            if follows.arrows.is_empty() {
                return Ok(follows.open);
            }
            let round = self.rounds.last().map_or(0, |round| round + 1);
            follows.arrows.into_iter().for_each(|arrow| self.force(arrow, round));
        }
    }

    fn follow(
        &self,
        accessed: &Accessed,
        follows: &mut Follows,
        patience: &mut Patience<'_>,
    ) -> Result<(), Limit> {
        let mut writers = accessed.writers.clone();
        writers.sort_unstable_by_key(|writer| self.reach.position(self.commits[*writer as usize]));
        for read in &accessed.reads {
            patience.step(writers.len() as u64)?;
            match (self.sight, read.source) {
                (Sight::Past, _) => {
                    self.in_sight(accessed, *read, &writers, follows);
                    self.unseen(accessed, *read, &writers, follows);
                }
                (_, INITIAL) => self.first_of_all(accessed, *read, &writers, follows),
                (..) => self.between(accessed, *read, &writers, follows),
            }
        }
        if self.sight == Sight::Snapshot {
            patience.step((writers.len() * writers.len()) as u64 / 2)?;
            self.apart(accessed, &writers, follows);
        }
        if self.sight == Sight::Past && !self.observed.forgets(Weakness::Conflicts) {
            let commits = writers.iter().map(|writer| self.commits[*writer as usize]);
            let commits: Vec<u32> = commits.collect();
            // Sorted by position, so that a chain is one if each is before the next.
            if commits.windows(2).any(|pair| !self.reach.has(pair[0], pair[1])) {
                follows.open = Open::Something;
            }
        }
        Ok(())
    }

    /// Whoever reads the initial value begins before anybody else has written.
    fn first_of_all(&self, accessed: &Accessed, read: Read, writers: &[u32], follows: &mut Follows) {
        let begin = self.begins[read.reader as usize];
        let others = writers.iter().filter(|writer| **writer != read.reader);
        let commits = others.map(|writer| self.commits[*writer as usize]);
        let late: Vec<u32> = commits.filter(|commit| !self.reach.has(begin, *commit)).collect();
        self.after(begin, &late, Because::ReadBefore(accessed.key), follows);
    }

    /// No other writer commits between the source of a read and that.
    fn between(&self, accessed: &Accessed, read: Read, writers: &[u32], follows: &mut Follows) {
        let (reach, begin) = (&self.reach, self.begins[read.reader as usize]);
        let source = self.commits[read.source as usize];
        let (mut early, mut late) = (Vec::new(), Vec::new());
        for &writer in writers.iter().filter(|writer| **writer != read.reader && **writer != read.source) {
            let commit = self.commits[writer as usize];
            if reach.has(commit, source) || reach.has(begin, commit) {
                continue;
            }
            if reach.has(commit, begin) {
                early.push(commit);
            } else if reach.has(source, commit) {
                late.push(commit);
            } else {
                follows.open = Open::Something;
            }
        }
        let reader = self.members[read.reader as usize];
        self.before(&early, source, Because::Written(accessed.key, reader), follows);
        self.after(begin, &late, Because::ReadBefore(accessed.key), follows);
    }

    /// What is in a reader's past was written before what it reads.
    fn in_sight(&self, accessed: &Accessed, read: Read, writers: &[u32], follows: &mut Follows) {
        let (reach, begin) = (&self.reach, self.begins[read.reader as usize]);
        let others = writers.iter().filter(|writer| **writer != read.reader && **writer != read.source);
        let commits = others.map(|writer| self.commits[*writer as usize]);
        let in_sight = commits.filter(|commit| reach.has(*commit, begin));
        if read.source == INITIAL {
            let late: Vec<u32> = in_sight.collect();
            return self.after(begin, &late, Because::ReadBefore(accessed.key), follows);
        }
        let source = self.commits[read.source as usize];
        let early: Vec<u32> = in_sight.filter(|commit| !reach.has(*commit, source)).collect();
        let reader = self.members[read.reader as usize];
        self.before(&early, source, Because::Written(accessed.key, reader), follows);
    }

    /// Of two writers of a key one is in the other's past. So whoever reads what another overwrites, and cannot have seen
    /// it, comes before it if there is a key that both write.
    fn unseen(&self, accessed: &Accessed, read: Read, writers: &[u32], follows: &mut Follows) {
        let (reach, begin) = (&self.reach, self.begins[read.reader as usize]);
        let is_after =
            |commit: u32| read.source == INITIAL || reach.has(self.commits[read.source as usize], commit);
        let others = writers.iter().filter(|writer| **writer != read.reader && **writer != read.source);
        let commits = others.map(|writer| self.commits[*writer as usize]);
        let late = commits
            .filter(|commit| !reach.has(begin, *commit) && is_after(*commit) && self.share(begin, *commit));
        self.after(begin, &late.collect::<Vec<_>>(), Because::Conflict(accessed.key), follows);
    }

    /// Whether there is a key that both write.
    pub(super) fn share(&self, one: u32, other: u32) -> bool {
        let [one, other] = [one, other].map(|node| self.wrote.keys(self.owners[node as usize]));
        one.iter().any(|key| other.binary_search(key).is_ok())
    }

    /// Of two writers of a key one commits before the other begins.
    fn apart(&self, accessed: &Accessed, writers: &[u32], follows: &mut Follows) {
        let reach = &self.reach;
        for (place, &late) in writers.iter().enumerate() {
            let (begin, commit) = (self.begins[late as usize], self.commits[late as usize]);
            let mut early = Vec::new();
            for (other, &writer) in writers.iter().enumerate().filter(|(other, _)| *other != place) {
                let (other_begin, other_commit) =
                    (self.begins[writer as usize], self.commits[writer as usize]);
                if reach.has(other_commit, begin) || reach.has(commit, other_begin) {
                    continue;
                }
                if reach.has(other_begin, commit) {
                    early.push(other_commit);
                } else if other < place && !reach.has(begin, other_commit) {
                    follows.open = Open::Something;
                }
            }
            self.before(&early, begin, Because::Conflict(accessed.key), follows);
        }
    }

    /// `early`, by position, must come before `late`; those that others of them imply are left out.
    fn before(&self, early: &[u32], late: u32, because: Because, follows: &mut Follows) {
        if because.is_dropped(self.observed) {
            return;
        }
        let start = follows.arrows.len();
        for &from in early.iter().rev() {
            let mut kept = follows.arrows[start..].iter();
            if !kept.any(|arrow| self.reach.has(from, arrow.from)) {
                follows.arrows.push(Arrow { from, to: late, because });
            }
        }
    }

    /// `late`, by position, must come after `early`; those that others of them imply are left out.
    fn after(&self, early: u32, late: &[u32], because: Because, follows: &mut Follows) {
        if because.is_dropped(self.observed) {
            return;
        }
        let start = follows.arrows.len();
        for &to in late {
            let mut kept = follows.arrows[start..].iter();
            if !kept.any(|arrow| self.reach.has(arrow.to, to)) {
                follows.arrows.push(Arrow { from: early, to, because });
            }
        }
    }

    /// A cycle as it is told: by transactions, and with what its arrows rest on.
    pub(super) fn told(&self, cycle: &[Arrow], patience: &mut Patience<'_>) -> Result<Anomaly, Limit> {
        let outgoing = Outgoing::of(self.owners.len(), &self.arrows, |arrow| arrow.from);
        let mut search = Search::new(self.owners.len());
        let first = cycle.iter().position(|arrow| !self.is_moment(arrow.from));
        let cycle = [&cycle[first.unwrap_or(0)..], &cycle[..first.unwrap_or(0)]].concat();
        let cycle = self.over_moments(cycle);
        let mut open: Vec<Arrow> = cycle.clone();
        let mut explained: Vec<Arrow> = open.clone();
        let mut grounds: Vec<Edge> = Vec::new();
        let mut next = 0;
        while let Some(&arrow) = open.get(next) {
            next += 1;
            let Some((from, to)) = self.rests_on(arrow) else { continue };
            let place = self.arrows.iter().position(|other| *other == arrow);
            let round = place.map_or(0, |place| self.rounds[place]);
            let is_older = |place: usize| self.rounds[place] < round;
            let path = search.path(from, to, &self.arrows, &outgoing, is_older, patience)?;
            for step in self.over_moments(path.unwrap_or_default()) {
                if explained.contains(&step) || grounds.len() == GROUNDS_MAX {
                    continue;
                }
                explained.push(step);
                open.push(step);
                grounds.extend(self.shown(step));
            }
        }
        let edges: Vec<Edge> = cycle.iter().filter_map(|arrow| self.shown(*arrow)).collect();
        Ok(Anomaly::cycle(self.name(&cycle), edges, grounds))
    }

    /// A path between transactions in which what leads over moments of real time is one arrow.
    fn over_moments(&self, path: Vec<Arrow>) -> Vec<Arrow> {
        let mut short: Vec<Arrow> = Vec::with_capacity(path.len());
        for arrow in path {
            match short.last_mut().filter(|_| self.is_moment(arrow.from)) {
                Some(last) => last.to = arrow.to,
                None => short.push(arrow),
            }
        }
        short
    }

    /// What an arrow rests on: that the one is before the other.
    fn rests_on(&self, arrow: Arrow) -> Option<(u32, u32)> {
        let place = |id: u32| self.members.binary_search(&id).expect("arrows are of members");
        match arrow.because {
            Because::Written(_, reader) => Some((arrow.from, self.begins[place(reader)])),
            Because::ReadBefore(key) => {
                let reader = self.owners[arrow.from as usize];
                let mut seen = self.observed.seen(reader).iter().filter(|seen| seen.key == key);
                let source = seen.find(|seen| seen.source != INITIAL)?.source;
                Some((self.commits[place(source)], arrow.to))
            }
            Because::Conflict(_) => {
                let [early, late] = [arrow.from, arrow.to].map(|node| place(self.owners[node as usize]));
                Some((self.begins[early], self.commits[late]))
            }
            _ => None,
        }
    }

    fn shown(&self, arrow: Arrow) -> Option<Edge> {
        let [from, to] = [arrow.from, arrow.to].map(|node| self.owners[node as usize]);
        (from != to).then(|| edge(from, to, arrow.because.why(self.observed.sessions)))
    }

    /// What a cycle is called: by its name if it has one.
    fn name(&self, cycle: &[Arrow]) -> String {
        let shown: Vec<Because> = cycle
            .iter()
            .filter(|arrow| self.owners[arrow.from as usize] != self.owners[arrow.to as usize])
            .map(|arrow| arrow.because)
            .collect();
        let is_lost = |one: &Because, other: &Because| match (one, other) {
            (Because::Written(key, _) | Because::Conflict(key), Because::ReadBefore(other)) => key == other,
            _ => false,
        };
        let what = match &shown[..] {
            [Because::ReadBefore(one), Because::ReadBefore(other)] if one != other => {
                "write skew: each reads what the other overwrites, so that neither can be the first"
            }
            [Because::ReadBefore(one), Because::ReadBefore(other)] if one == other => {
                "lost update: each overwrites what the other reads, so that neither can be the first"
            }
            [Because::Conflict(one), Because::Conflict(other)] if one == other => {
                "lost update: each overwrites what the other reads, so that neither can be the first"
            }
            [one, other] if is_lost(one, other) || is_lost(other, one) => {
                "lost update: one overwrites what it has not seen"
            }
            _ => "in any order each of these is before the next, and the last before the first",
        };
        what.to_owned()
    }
}

/// What follows in one round.
struct Follows {
    arrows: Vec<Arrow>,
    open: Open,
}

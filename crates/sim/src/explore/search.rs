//! The search through all orders of arrivals, depth first, without recursion.

use constellation_fabric::Node;

use super::exploration::{Bound, Exploration, Violation, Visit};
use super::faults::Tally;
use super::races::Races;
use super::run::Run;
use super::scope::Scope;
use super::system::{NONE, System, Undo, Unwatched};
use super::{Reduction, Slip};
use crate::error::WorldError;

/// A search from one start, with the faults of the run decided.
pub(super) struct Search<'a, N: Node, F> {
    system: System<N>,
    faults: usize,
    reduction: Reduction,
    slip: Slip,
    /// How many timers run out in a run, if no more may.
    timers_max: Option<u32>,
    depth_max: usize,
    deliveries_max: u64,
    races: Races,
    /// One for each step of the run and one for the moment after it; those behind are kept for their memory.
    frames: Vec<Frame<N>>,
    depth: usize,
    starts: Vec<u32>,
    /// How many messages each node sends, and timers it sets, in the run in which they are most.
    most: Tally,
    found: &'a mut Exploration,
    observe: &'a mut F,
}

/// A moment of the run: what is to be tried from here, and what need not.
struct Frame<N> {
    undo: Option<Undo<N>>,
    /// How many messages had been sent.
    posts: usize,
    /// What is tried from here, in order; in the literature a *source set*.
    tries: Vec<u32>,
    tried: usize,
    /// What need not be tried: whatever begins with it was seen elsewhere. In the literature a *sleep set*.
    asleep: Vec<u32>,
}

impl<N> Frame<N> {
    /// Whether what begins with this is tried from here, or was seen elsewhere.
    fn covers(&self, post: u32) -> bool {
        self.tries.contains(&post) || self.asleep.contains(&post)
    }
}

/// Whether the search goes on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Next {
    GoOn,
    Stop,
}

impl<'a, N, F> Search<'a, N, F>
where
    N: Node<Request: Clone> + Clone,
    F: FnMut(Run<'_, N>) -> Visit,
{
    pub(super) fn new(
        scope: &Scope<N::Request>,
        system: System<N>,
        faults: usize,
        (reduction, slip): (Reduction, Slip),
        found: &'a mut Exploration,
        observe: &'a mut F,
    ) -> Search<'a, N, F> {
        let nodes = system.nodes().len();
        let timers_max = system.run_out_all_that_may(scope).then_some(scope.timers_max);
        Search {
            system,
            faults,
            reduction,
            slip,
            timers_max,
            depth_max: scope.depth_max as usize,
            deliveries_max: scope.deliveries_max,
            races: Races::new(nodes),
            frames: Vec::new(),
            depth: 0,
            starts: Vec::new(),
            most: Tally { sent: vec![0; nodes], set: vec![0; nodes] },
            found,
            observe,
        }
    }

    /// Tries everything that must be tried; returns how many messages each node sends and timers it sets at most,
    /// or `None` when the whole exploration ends.
    pub(super) fn run(mut self) -> Result<Option<Tally>, WorldError> {
        if self.arrive_at_moment() == Next::Stop {
            return Ok(None);
        }
        loop {
            let frame = &mut self.frames[self.depth];
            if let Some(&post) = frame.tries.get(frame.tried) {
                frame.tried += 1;
                if self.advance(post)? == Next::Stop {
                    return Ok(None);
                }
            } else if self.depth > 0 {
                self.go_back();
            } else {
                return Ok(Some(self.most));
            }
        }
    }

    fn advance(&mut self, post: u32) -> Result<Next, WorldError> {
        if self.found.deliveries >= self.deliveries_max {
            self.found.bound(Bound::Deliveries(self.deliveries_max));
            return Ok(Next::Stop);
        }
        self.found.deliveries += 1;
        let frame = &mut self.frames[self.depth];
        frame.posts = self.system.posts();
        frame.undo = Some(self.system.prepare_undo(post));
        let cause = self.system.cause(post);
        self.system.deliver(post, self.system.copies(post), &mut Unwatched)?;
        if self.reduction == Reduction::SourceSets {
            self.races.push(self.system.target(post), cause);
            if self.slip != Slip::ScansFinishedRunsOnly {
                self.scan(self.depth);
            }
            self.try_what_was_replaced();
        }
        self.depth += 1;
        Ok(self.arrive_at_moment())
    }

    /// A timer that this arrival replaced could have run out before it, which no run after it shows as a race.
    fn try_what_was_replaced(&mut self) {
        let frame = &mut self.frames[self.depth];
        for post in self.system.replaced() {
            if self.slip != Slip::ForgetsReplacedTimers && !frame.covers(*post) {
                frame.tries.push(*post);
            }
        }
    }

    fn go_back(&mut self) {
        self.depth -= 1;
        let post = self.system.path()[self.depth];
        let frame = &mut self.frames[self.depth];
        self.system.undo(frame.undo.take().expect("an arrival is taken back once"));
        if self.reduction == Reduction::SourceSets {
            self.races.pop(self.system.target(post));
        }
        if self.reduction != Reduction::None && self.slip != Slip::NeverSleeps {
            frame.asleep.push(post);
        }
    }

    /// Decides what is to be tried from here; shows the run if nothing is.
    fn arrive_at_moment(&mut self) -> Next {
        self.open_frame();
        let frame = &mut self.frames[self.depth];
        let is_cut = self.depth >= self.depth_max && !self.system.is_quiet();
        if self.system.is_quiet() || is_cut {
            return self.show(is_cut);
        }
        // In the order of names, which no order of arrivals changes.
        let name = |post: &u32| self.system.letter(*post);
        let awake = self.system.ready().filter(|post| !frame.asleep.contains(post));
        match self.reduction {
            Reduction::None => frame.tries.extend(self.system.ready()),
            Reduction::SleepSets => frame.tries.extend(awake),
            Reduction::SourceSets => frame.tries.extend(awake.min_by_key(name)),
        }
        frame.tries.sort_unstable_by_key(name);
        if frame.tries.is_empty() {
            self.found.blocked += 1;
        }
        Next::GoOn
    }

    fn open_frame(&mut self) {
        if self.frames.len() == self.depth {
            let (tries, asleep) = (Vec::new(), Vec::new());
            self.frames.push(Frame { undo: None, posts: 0, tries, tried: 0, asleep });
        }
        let (earlier, own) = self.frames.split_at_mut(self.depth);
        let own = &mut own[0];
        own.tries.clear();
        own.tried = 0;
        own.asleep.clear();
        let (Some(before), Some(post)) = (earlier.last(), self.system.path().last()) else { return };
        let (system, slip) = (&self.system, self.slip);
        // What depends on the arrival is no longer seen elsewhere: it wakes.
        let sleeps_on = |other: &&u32| match slip {
            Slip::WakesNobody => true,
            Slip::WakesBySender => system.letter(**other).source != system.letter(*post).source,
            _ => system.target(**other) != system.target(*post),
        };
        own.asleep.extend(before.asleep.iter().filter(sleeps_on));
    }

    fn show(&mut self, is_cut: bool) -> Next {
        if self.slip == Slip::ScansFinishedRunsOnly {
            (0..self.depth).for_each(|step| self.scan(step));
        }
        if is_cut {
            self.found.cut += 1;
            self.found.bound(Bound::Depth(u32::try_from(self.depth_max).unwrap_or(u32::MAX)));
        }
        if self.system.faults_met() < self.faults {
            self.found.repeated += 1;
            return Next::GoOn;
        }
        if let Some(timers_max) = self.timers_max.filter(|_| self.system.idle_timers().next().is_some()) {
            self.found.bound(Bound::Timers(timers_max));
        }
        self.most.grow(self.system.tally());
        self.found.visited += 1;
        let run = Run::new(&self.system, self.found.deliveries);
        match (self.observe)(run) {
            Visit::Fine => return Next::GoOn,
            Visit::Broken(found) => {
                self.found.violation = Some(Violation { schedule: run.schedule(), found });
            }
            Visit::Enough => {}
        }
        self.found.bound(Bound::Stopped);
        Next::Stop
    }

    /// Looks whether the arrival of this step could have come before the one before it at its node; if so, makes
    /// sure that an order in which it does is tried.
    ///
    /// This is the step of source-DPOR (Abdulla, Aronis, Jonsson, Sagonas 2014, algorithm 1): `v` is what
    /// came after the earlier arrival without following from it, then the later one; among the *initials* of `v`,
    /// which could come first, one must be in the source set. One that sleeps does as well: it was seen elsewhere.
    fn scan(&mut self, step: usize) {
        let path = self.system.path();
        let (post, target) = (path[step], self.system.target(path[step]));
        let Some(earlier) = self.races.previous(step) else { return };
        let cause = self.system.cause(post);
        let follows = cause != NONE && self.races.leads_to(earlier, target, cause as usize);
        if follows || self.system.ahead(post) == path[earlier] {
            return;
        }
        let posts = self.frames[earlier].posts;
        self.starts.clear();
        self.races.meet_nobody();
        for (between, &one) in path.iter().enumerate().take(step + 1).skip(earlier + 1) {
            if between < step && self.races.leads_to(earlier, target, between) {
                continue;
            }
            let is_first_there = self.races.meet(self.system.target(one));
            if is_first_there && (one as usize) < posts {
                self.starts.push(one);
            }
        }
        if self.slip == Slip::TriesTheLaterOnly {
            self.starts.retain(|start| *start == post);
        }
        let frame = &mut self.frames[earlier];
        if !self.starts.iter().any(|start| frame.covers(*start)) {
            frame.tries.extend(self.starts.first());
        }
    }
}

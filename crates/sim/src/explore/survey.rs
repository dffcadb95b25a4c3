//! The search through all moments of all runs, shortest first.

use std::collections::{BTreeSet, VecDeque};

use constellation_fabric::Node;
use constellation_trace::NodeId;

use super::exploration::{Bound, Exploration, Violation, Visit};
use super::faults::Faults;
use super::letter::Source;
use super::run::Run;
use super::scope::Scope;
use super::system::{Copies, System, Unwatched};
use crate::error::WorldError;

/// Looks at every moment of every run, those with few steps first, where moments with one key are one.
///
/// The schedule of what is found to be broken is a shortest one: no other has fewer arrivals and losses. Unlike
/// [`explore`](super::explore) it shows runs before their end too, so it is for promises about all nodes together
/// at every moment. `key` says when two moments are alike; the same must then be able to follow from both. Three
/// are of use:
///
/// * [`Run::histories`]: always right, merges least;
/// * [`Run::state`]: for nodes that can be compared, merges what was reached in different ways;
/// * [`Run::least_state`]: merges also what differs only in which of several alike nodes is which (symmetry).
///
/// Costs a clone of all nodes and messages for each arrival, and holds each key until the end.
///
/// ```
/// use constellation_sim::explore::{Scope, Visit, survey};
/// # use constellation_fabric::{Effects, Input, Node, Now};
/// # use constellation_trace::NodeId;
/// # #[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
/// # struct Last(u32);
/// # impl Node for Last {
/// #     type Message = u32;
/// #     type Request = u32;
/// #     fn on(&mut self, _now: Now, input: Input<u32, u32>, effects: &mut Effects<u32>) {
/// #         match input {
/// #             Input::Request(n) => (1..=n).for_each(|n| effects.send(NodeId::new(1), n)),
/// #             Input::Message { message, .. } => self.0 = message,
/// #             _ => {}
/// #         }
/// #     }
/// # }
/// // Whoever takes the last arrival for the newest goes back in time.
/// let scope = Scope { requests: vec![(NodeId::new(0), 3)], ..Scope::new(["pacific", "atlantic"]) };
/// let found = survey(&scope, |_| Last(0), |run| run.state(), |run| {
///     let newest = run.arrivals_at(NodeId::new(1)).map(|letter| letter.nth + 1).max();
///     if run.nodes()[1].0 < newest.unwrap_or(0) { Visit::Broken("back in time".into()) } else { Visit::Fine }
/// })?;
/// let steps = found.violation.expect("two arrivals are enough").schedule.steps(&scope.names);
/// assert_eq!(steps, [
///     "pacific receives request 1",
///     "atlantic receives pacific's message 2",
///     "atlantic receives pacific's message 1",
/// ]);
/// # Ok::<(), constellation_sim::WorldError>(())
/// ```
///
/// # Errors
/// [`WorldError::Names`], [`WorldError::Plan`] for a scope that contradicts itself, [`WorldError::Node`] for a node
/// that sends to nobody.
pub fn survey<N, K>(
    scope: &Scope<N::Request>,
    mut factory: impl FnMut(NodeId) -> N,
    mut key: impl FnMut(Run<'_, N>) -> K,
    mut observe: impl FnMut(Run<'_, N>) -> Visit,
) -> Result<Exploration, WorldError>
where
    N: Node<Request: Clone> + Clone,
    K: Ord,
{
    scope.check()?;
    let mut found = Exploration::new();
    let mut seen = BTreeSet::new();
    let mut ahead = VecDeque::new();
    let mut reached = vec![System::new(scope, Faults::default(), &mut factory, &mut Unwatched)?];
    loop {
        for system in reached.drain(..) {
            let run = Run::new(&system, found.deliveries);
            if !seen.insert(key(run)) {
                continue;
            }
            found.visited += 1;
            match observe(run) {
                Visit::Fine => ahead.push_back(system),
                Visit::Broken(reason) => {
                    found.violation = Some(Violation { schedule: run.schedule(), found: reason });
                    found.bound(Bound::Stopped);
                    return Ok(found);
                }
                Visit::Enough => {
                    found.bound(Bound::Stopped);
                    return Ok(found);
                }
            }
        }
        let Some(system) = ahead.pop_front() else { return Ok(found) };
        let has_room = run_out(&system) < scope.timers_max as usize;
        if !has_room && system.idle_timers().next().is_some() {
            found.bound(Bound::Timers(scope.timers_max));
        }
        if system.path().len() >= scope.depth_max as usize {
            if !system.is_quiet() || (has_room && system.idle_timers().next().is_some()) {
                found.cut += 1;
                found.bound(Bound::Depth(scope.depth_max));
            }
            continue;
        }
        if !follow(scope, &system, &mut found, &mut reached)? {
            return Ok(found);
        }
    }
}

/// How many timers ran out.
fn run_out<N: Node>(system: &System<N>) -> usize {
    Run::new(system, 0).arrivals().filter(|letter| letter.source == Source::Timer).count()
}

/// All moments one step later; false when no more steps may be executed.
fn follow<N>(
    scope: &Scope<N::Request>,
    system: &System<N>,
    found: &mut Exploration,
    reached: &mut Vec<System<N>>,
) -> Result<bool, WorldError>
where
    N: Node<Request: Clone> + Clone,
{
    let run = Run::new(system, found.deliveries);
    let can_lose = run.lost().count() < scope.losses_max as usize;
    let can_double = run.doubled().count() < scope.duplicates_max as usize;
    for post in system.under_way() {
        let is_sent_once = system.message(post).is_some() && !system.is_copy(post);
        if can_lose && is_sent_once {
            if !has_left(scope, found) {
                return Ok(false);
            }
            let mut next = system.clone();
            next.lose(post);
            reached.push(next);
        }
    }
    let has_room = run_out(system) < scope.timers_max as usize;
    let timers = system.idle_timers().filter(|_| has_room);
    for post in system.ready().chain(timers) {
        let is_sent_once = system.message(post).is_some() && !system.is_copy(post);
        for copies in [Copies::One, Copies::Two] {
            if copies == Copies::Two && !(can_double && is_sent_once) {
                continue;
            }
            if !has_left(scope, found) {
                return Ok(false);
            }
            let mut next = system.clone();
            next.deliver(post, copies, &mut Unwatched)?;
            reached.push(next);
        }
    }
    Ok(true)
}

/// Counts one step more, if one more may be executed.
fn has_left<R>(scope: &Scope<R>, found: &mut Exploration) -> bool {
    let has_left = found.deliveries < scope.deliveries_max;
    if has_left {
        found.deliveries += 1;
    } else {
        found.bound(Bound::Deliveries(scope.deliveries_max));
    }
    has_left
}

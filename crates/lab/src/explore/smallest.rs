//! A small run that breaks a promise: without requests that are not needed, and of those runs a shortest.

use std::sync::Arc;

use constellation_fabric::Node;
use constellation_sim::WorldError;
use constellation_sim::explore as orders;
use constellation_sim::explore::{Bound, Extent, Schedule, Scope, Source, Visit};
use constellation_trace::{Judgement, NodeId, Trace, Verdict};
use constellation_verify::{Budget, Order};

use super::{Case, Until};
use crate::promises::{Phase, Promise};
use crate::station::{Request, Rules};
use crate::words::one_line;

/// How many arrivals may be executed to see whether one request is needed.
const REQUEST_DELIVERIES_MAX: u64 = 2_000;

/// How many steps may be executed to look for a shortest run.
const SHORTEST_STEPS_MAX: u64 = 5_000;

/// A run that breaks a promise, as small as one was found.
pub(super) struct Smallest {
    /// With its steps.
    pub(super) judgement: Judgement,
    pub(super) trace: Trace,
}

/// A run, as how it is made.
struct Found {
    scope: Scope<Request>,
    schedule: Schedule,
    until: Until,
    /// Whether without any one of the requests no order breaks the promise.
    is_all_needed: bool,
    /// Whether with these requests no run of fewer steps breaks it.
    is_shortest: bool,
}

impl<N, F> Case<'_, F>
where
    N: Node<Request = Request> + Clone,
    F: Fn(&Arc<Rules>, NodeId) -> N,
{
    /// A smaller run that breaks `promise` as that of `schedule` does.
    ///
    /// First requests are left out one by one, from the last, as long as some order of the rest breaks it; then the
    /// shortest beginning of a run is looked for after which it is broken (breadth first, by [`orders::survey`]).
    /// Where the promise is about the end, or breaks only there, a beginning counts if the run breaks it that goes on
    /// without any more losses and with arrivals in the order of sending. Both searches are bounded.
    pub(super) fn smallest(&self, promise: Promise, schedule: &Schedule) -> Result<Smallest, WorldError> {
        let mut found = Found {
            scope: self.scope.clone(),
            schedule: schedule.clone(),
            until: Until::TheEnd,
            is_all_needed: true,
            is_shortest: false,
        };
        self.drop_requests(promise, &mut found)?;
        if self.breaks(promise, &found.scope, &found.schedule, Until::LastArrival)? {
            found.until = Until::LastArrival;
        }
        self.shorten(promise, &mut found)?;
        let trace = self.trace(&found.scope, &found.schedule, found.until)?;
        let mut judgement =
            judge(promise, &trace).expect("the smallest run is one of those that were judged");
        if let Verdict::Violated(evidence) = &mut judgement.verdict {
            evidence.steps = steps(&found);
            evidence.notes = self.notes(&found);
        }
        Ok(Smallest { judgement, trace })
    }

    /// Leaves out requests, as long as there is one without which some order of the others breaks the promise.
    fn drop_requests(&self, promise: Promise, found: &mut Found) -> Result<(), WorldError> {
        let mut place = found.scope.requests.len();
        let mut needed = 0;
        // Until each of those that are left was tried since the last that could go.
        while needed < found.scope.requests.len() {
            place = place.checked_sub(1).unwrap_or(found.scope.requests.len() - 1);
            let mut fewer = found.scope.clone();
            fewer.requests.remove(place);
            fewer.deliveries_max = fewer.deliveries_max.min(REQUEST_DELIVERIES_MAX);
            let mut failed = None;
            let explored = orders::explore(&fewer, self.factory(), |run| {
                let until = if run.is_finished() { Until::TheEnd } else { Until::LastArrival };
                self.look(promise, &fewer, &run.schedule(), until, &mut failed)
            })?;
            failed.map_or(Ok(()), Err)?;
            match explored.violation {
                Some(violation) => {
                    (found.scope.requests, found.schedule) = (fewer.requests, violation.schedule);
                    (needed, found.is_all_needed) = (0, true);
                }
                None => {
                    needed += 1;
                    // The bound on timers is one of what is explored, not of how much of it.
                    let is_all =
                        matches!(explored.extent, Extent::Complete | Extent::Bounded(Bound::Timers(_)));
                    found.is_all_needed &= is_all;
                }
            }
        }
        Ok(())
    }

    /// Looks for a shortest beginning of a run after which the promise is broken.
    fn shorten(&self, promise: Promise, found: &mut Found) -> Result<(), WorldError> {
        let scope = Scope { deliveries_max: SHORTEST_STEPS_MAX, ..found.scope.clone() };
        let until = found.until;
        let mut failed = None;
        let surveyed = orders::survey(
            &scope,
            self.factory(),
            |run| run.histories(),
            |run| self.look(promise, &scope, &run.schedule(), until, &mut failed),
        )?;
        failed.map_or(Ok(()), Err)?;
        if let Some(violation) = surveyed.violation {
            (found.schedule, found.is_shortest) = (violation.schedule, true);
        }
        Ok(())
    }

    fn look(
        &self,
        promise: Promise,
        scope: &Scope<Request>,
        schedule: &Schedule,
        until: Until,
        failed: &mut Option<WorldError>,
    ) -> Visit {
        match self.breaks(promise, scope, schedule, until) {
            Ok(false) => Visit::Fine,
            Ok(true) => Visit::Broken(String::new()),
            Err(error) => {
                *failed = Some(error);
                Visit::Enough
            }
        }
    }

    /// Whether the promise is broken in this run, if it means something there.
    fn breaks(
        &self,
        promise: Promise,
        scope: &Scope<Request>,
        schedule: &Schedule,
        until: Until,
    ) -> Result<bool, WorldError> {
        if until == Until::LastArrival && promise.phase() == Phase::Convergence {
            return Ok(false);
        }
        let trace = self.trace(scope, schedule, until)?;
        let judgement = judge(promise, &trace);
        Ok(judgement.is_some_and(|judgement| matches!(judgement.verdict, Verdict::Violated(_))))
    }

    /// What is to be known of the steps.
    fn notes(&self, found: &Found) -> Vec<String> {
        let mut notes = Vec::new();
        if found.until == Until::TheEnd {
            let all =
                if found.schedule.is_empty() { "no step is needed: all that is" } else { "then all that is" };
            let offers = if self.ending.timer_rounds > 0 { ", stations offer all they hold" } else { "" };
            notes.push(format!(
                "{all} under way arrives in the order of sending{offers}, and every node shows every key"
            ));
        }
        let (all, left) = (self.scope.requests.len(), found.scope.requests.len());
        if left < all {
            notes.push(format!("not needed: {} of {all} requests of clients", all - left));
        }
        let how_small = match (found.is_all_needed, found.is_shortest) {
            (true, true) => "each of its requests is needed, and no fewer steps break it",
            (false, true) => {
                "no fewer steps break it with these requests; whether each is needed was not looked at in full"
            }
            (_, false) => "fewer steps may break it too: the search for them was cut short",
        };
        notes.push(how_small.to_owned());
        notes
    }
}

/// `None` where the run is too large for its judge.
fn judge(promise: Promise, trace: &Trace) -> Option<Judgement> {
    let budget = Budget::default();
    Order::of(trace, &budget).ok().map(|order| promise.judge(&order, &budget))
}

/// What happens, a line each; requests in the words of the scenario.
fn steps(found: &Found) -> Vec<String> {
    let Found { scope, schedule, .. } = found;
    let mut steps = schedule.steps(&scope.names);
    let arrivals = steps.iter_mut().skip(schedule.lost.len() + schedule.doubled.len());
    for (step, letter) in arrivals.zip(&schedule.arrivals) {
        let asked = scope.requests.get(letter.nth as usize);
        let (Source::Client, Some((node, request))) = (letter.source, asked) else { continue };
        let node = &scope.names[node.index()];
        *step = match request {
            Request::Submit { key, value } => {
                format!("{node} accepts {} = \"{}\"", one_line(key), one_line(value))
            }
            Request::Read { key } => format!("{node} shows {}", one_line(key)),
            Request::Rest => format!("{node} offers nothing any more"),
        };
    }
    steps
}

//! Whether an election keeps what it promises, judged by what stations announced and by the contact plan.

use std::collections::BTreeMap;
use std::time::Duration;

use constellation_trace::{EventId, Judgement, Kind, Limit, Trace, Verdict};
use constellation_verify::{Breach, Order};

use super::{Deed, Needs, Orbit, Term, majority};
use crate::incidents::antarctic::STATIONS;
use crate::incidents::antarctic::fate::listed;

/// The promise of safety.
pub(super) const ONE_A_TERM: &str = "no term has two coordinators";
/// The promise of liveness.
const IN_TIME: &str = "a coordinator is elected before the window closes";

/// What stations announced: the labels of their events.
pub(super) struct Announced<'t> {
    trace: &'t Trace,
    votes: Vec<Vote<'t>>,
    /// When who began to coordinate which term.
    coordinators: Vec<(EventId, &'t str, u32)>,
}

/// A vote, as its voter announced it.
#[derive(Clone, Copy)]
struct Vote<'t> {
    event: EventId,
    voter: &'t str,
    candidate: &'t str,
    term: u32,
}

impl<'t> Announced<'t> {
    pub(super) fn of(trace: &'t Trace) -> Announced<'t> {
        let (mut votes, mut coordinators) = (Vec::new(), Vec::new());
        for event in trace.event_ids() {
            let (label, station) = (trace.label(event), trace.node_name(trace.node_of(event)));
            if let Some(rest) = label.strip_prefix("votes for ")
                && let Some((candidate, term)) = rest.split_once(" in term ")
                && let Ok(term) = term.parse()
            {
                votes.push(Vote { event, voter: station, candidate, term });
            }
            let coordinated = label.strip_prefix("coordinates term ").and_then(|rest| rest.split_once(' '));
            if let Some(Ok(term)) = coordinated.map(|(term, _)| term.parse()) {
                coordinators.push((event, station, term));
            }
        }
        Announced { trace, votes, coordinators }
    }

    /// What stations did, in order.
    pub(super) fn deeds(&self) -> Vec<Deed> {
        let is_deed = |label: &str| {
            ["stands in", "votes for", "coordinates"].iter().any(|beginning| label.starts_with(beginning))
        };
        let events = self.trace.event_ids().filter(|event| {
            is_deed(self.trace.label(*event))
                || matches!(self.trace.event(*event).kind, Kind::Crash | Kind::Restart { .. })
        });
        let deed = |event: EventId| Deed {
            at: self.trace.event(event).at,
            event,
            station: self.trace.node_name(self.trace.node_of(event)).to_owned(),
            what: self.trace.describe(event),
        };
        events.map(deed).collect()
    }

    /// The terms in which somebody voted, ascending.
    pub(super) fn terms(&self) -> Vec<Term> {
        let mut terms: BTreeMap<u32, Term> = BTreeMap::new();
        for vote in &self.votes {
            let term = terms.entry(vote.term).or_insert(Term { number: vote.term, ..Term::default() });
            let place = term.votes.iter().position(|(candidate, _)| candidate == vote.candidate);
            let place = place.unwrap_or_else(|| {
                term.votes.push((vote.candidate.to_owned(), Vec::new()));
                term.votes.len() - 1
            });
            term.votes[place].1.push(vote.voter.to_owned());
        }
        for (_, station, number) in &self.coordinators {
            let term = terms.entry(*number).or_insert(Term { number: *number, ..Term::default() });
            // Who restarts with its vote on disk stands in its term again, and wins it again.
            if !term.coordinators.iter().any(|known| known == station) {
                term.coordinators.push((*station).to_owned());
            }
        }
        terms.into_values().collect()
    }

    /// The votes for a candidate in a term, before an event.
    fn for_candidate(&self, candidate: &str, term: u32, before: EventId) -> Vec<Vote<'t>> {
        let votes = self.votes.iter().filter(|vote| (vote.candidate, vote.term) == (candidate, term));
        votes.filter(|vote| vote.event < before).copied().collect()
    }
}

/// Judges that no term has two coordinators.
///
/// # Errors
/// The first second coordinator of a term, with the votes for both.
pub fn one_coordinator_a_term(trace: &Trace) -> Result<(), Breach> {
    let announced = Announced::of(trace);
    for (nth, (event, second, term)) in announced.coordinators.iter().enumerate() {
        let other = announced.coordinators[..nth].iter().find(|(_, other, of)| of == term && other != second);
        if let Some((one, first, _)) = other {
            return Err(two_coordinators(&announced, (*one, first), (*event, second), *term));
        }
    }
    Ok(())
}

fn two_coordinators(
    announced: &Announced<'_>,
    (one, first): (EventId, &str),
    (event, second): (EventId, &str),
    term: u32,
) -> Breach {
    let trace = announced.trace;
    let for_first = announced.for_candidate(first, term, event);
    let for_second = announced.for_candidate(second, term, event);
    let voters = |votes: &[Vote<'_>]| {
        let mut voters: Vec<String> = votes.iter().map(|vote| vote.voter.to_owned()).collect();
        voters.sort();
        voters.dedup();
        voters
    };
    let (by_first, by_second) = (voters(&for_first), voters(&for_second));
    let told = |names: &[String]| match names {
        [] => "nobody".to_owned(),
        names => listed(names.iter().map(String::as_str)),
    };
    let both: Vec<String> = by_first.iter().filter(|voter| by_second.contains(voter)).cloned().collect();
    let (all, majority) = (STATIONS.len(), majority());
    let few = [(first, &by_first), (second, &by_second)].into_iter().find(|(_, by)| by.len() < majority);
    let flaw = match few {
        Some((station, by)) => format!("{station} has {} of {all} votes of this term", by.len()),
        None => format!("{} voted for both", told(&both)),
    };
    let is_forgetting = |restart: &EventId| {
        let is_restart = matches!(trace.event(*restart).kind, Kind::Restart { .. });
        is_restart && both.iter().any(|voter| voter == trace.node_name(trace.node_of(*restart)))
    };
    let restarts = trace.event_ids().filter(|restart| *restart < event).filter(is_forgetting);
    let votes = for_first.iter().chain(&for_second).map(|vote| vote.event);
    let mut events: Vec<_> = votes.chain(restarts).chain([one, event]).collect();
    events.sort();
    events.dedup();
    Breach::new(
        format!("term {term} has one coordinator at most, elected by {majority} of {all} stations"),
        format!(
            "{first} and {second} coordinate it: {} had voted for {first}, {} for {second}; {flaw}",
            told(&by_first),
            told(&by_second)
        ),
    )
    .shown_by(events)
    .by_rule("two majorities of all stations have a station in common, and each has one vote in a term")
}

/// The promise of safety.
pub(super) fn safety(order: &Order<'_>) -> Judgement {
    let verdict = match one_coordinator_a_term(order.trace()) {
        Ok(()) => Verdict::Holds,
        Err(breach) => breach.violated(order),
    };
    let terms = Announced::of(order.trace()).terms().len();
    let scope = format!("{terms} {}", if terms == 1 { "term" } else { "terms" });
    Judgement { promise: ONE_A_TERM.to_owned(), verdict, scope }
}

/// The promise of liveness: a coordinator before the window of the storm closes.
///
/// It is promised if more than half of the stations are in one group, all of them with right clocks, and the window is open
/// for longer than the first of them needs that stands: its place in the first term, in rounds of votes, and one round
/// more. A round is a request and its answer over the slowest link. If so much is not given, nothing is promised, and the
/// answer is unknown.
pub(super) fn in_time(order: &Order<'_>, orbit: &Orbit, needs: &Needs) -> Judgement {
    let trace = order.trace();
    let window = orbit.windows()[0];
    let announced = Announced::of(trace);
    let elected = announced.coordinators.iter().find(|(event, ..)| trace.event(*event).at < window.closes);
    let (mut scope, open) = (String::new(), seconds(orbit.pass()));
    let (first, stands) = (STATIONS[needs.first.0.index()], seconds(needs.first.1));
    let verdict = if let Some((event, station, term)) = elected {
        let after = seconds(trace.event(*event).at.since(window.opens));
        scope = format!("{station} in term {term}, {after} after it opened");
        Verdict::Holds
    } else if needs.connected < needs.majority {
        let Needs { connected, majority, .. } = needs;
        let all = STATIONS.len();
        Verdict::Unknown(Limit::Premise(format!(
            "no majority is connected: {connected} of {all} at most, {majority} are needed"
        )))
    } else if orbit.pass() <= needs.open_min() {
        let round = seconds(needs.round);
        let whole = seconds(needs.open_min());
        let turn = if needs.first.1.is_zero() {
            String::new()
        } else {
            format!(
                ", and {first}, the first of the majority to stand, does so {stands} after it opened: {whole} in all"
            )
        };
        Verdict::Unknown(Limit::Premise(format!(
            "the window was open {open}; one round of votes over these links takes up to {round}{turn}{}",
            late(&announced, orbit)
        )))
    } else if let Some(clock) = &needs.wrong_clock {
        Verdict::Unknown(Limit::Premise(format!(
            "{clock}, and it is one of the {} that hear each other: wall clocks say when to stand{}",
            needs.connected,
            late(&announced, orbit)
        )))
    } else {
        let expected = format!(
            "a coordinator by {}: {} of {} stations, all with right clocks, hear each other for {open}, and {} are enough",
            window.closes,
            needs.connected,
            STATIONS.len(),
            seconds(needs.open_min())
        );
        let votes = announced.votes.iter().filter(|vote| trace.event(vote.event).at < window.closes);
        let found = format!("there is none, after {} votes", votes.clone().count());
        let breach = Breach::new(expected, found).shown_by(votes.map(|vote| vote.event));
        let rule = "with right clocks the first in turn stands alone, and has the votes of a majority that hears it for a round";
        breach.by_rule(rule).violated(order)
    };
    Judgement { promise: IN_TIME.to_owned(), verdict, scope }
}

/// Who was elected too late for this window, since votes that were out when it closed arrive all the same.
fn late(announced: &Announced<'_>, orbit: &Orbit) -> String {
    let [window, next] = orbit.windows();
    let at = |event: &EventId| announced.trace.event(*event).at;
    let late = announced.coordinators.iter().find(|(event, ..)| at(event) < next.opens);
    late.map_or(String::new(), |(event, station, term)| {
        let after = seconds(at(event).since(window.closes));
        format!("; {station} was elected in term {term}, {after} after it closed")
    })
}

/// `2.3 s`; whole seconds without a fraction.
fn seconds(time: Duration) -> String {
    let (whole, ms) = (time.as_secs(), time.subsec_millis());
    if ms == 0 {
        return format!("{whole} s");
    }
    let fraction = format!("{ms:03}");
    format!("{whole}.{} s", fraction.trim_end_matches('0'))
}
